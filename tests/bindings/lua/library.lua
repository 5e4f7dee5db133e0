-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What Lua has of the library, by lgi alone.
local lgi = require 'lgi'
local Aiodrive, Gio, GLib, GObject = lgi.require('Aiodrive', '1'), lgi.Gio, lgi.GLib, lgi.GObject

local FOR_EVER = 3600000
local count = 0

local function check(name, condition, message)
  count = count + 1
  print((condition and 'ok ' or 'not ok ') .. count .. ' ' .. name)
  if not condition then
    print('# ' .. tostring(message))
    os.exit(1)
  end
end

local function check_error(name, err, code)
  check(name, err and err:matches(Gio.IOErrorEnum, code), err)
end

local function text(string)
  return GObject.Value('gchararray', string)
end

-- A job that gives its text after a time, or fails as what it waits for fails.
local function gives(string, milliseconds)
  return function(task, cancellable)
    Aiodrive.sleep_async(milliseconds, cancellable, function(source, result)
      if cancellable:is_cancelled() then
        Aiodrive.task_complete(source, result, task)
      else
        Aiodrive.sleep_finish(result)
        task:return_value(text(string))
      end
    end)
  end
end

local function fails(task)
  Aiodrive.task_fail(task, Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND, 'there is none')
end

-- AIODRIVE_START (NULL, aiodrive_task_group_close_async, group)
local function closing(group)
  local task = Aiodrive.task_new(nil)
  group:close_async(task:get_cancellable(), function(source, result)
    Aiodrive.task_complete(source, result, task)
  end)
  return task
end

-- Waits for a task, and gives its error.
local function error_of(task)
  Aiodrive.run(task)
  return Aiodrive.task_dup_error(task)
end

local function wait_for(condition)
  while not condition() do
    GLib.MainContext.default():iteration(true)
  end
end

local function test_race()
  local fast, slow = Aiodrive.spawn(nil, gives('fast', 1)), Aiodrive.spawn(nil, gives('slow', FOR_EVER))
  local race = Aiodrive.race({fast, slow}, nil)
  Aiodrive.run(race)
  check('the value of the winner', Aiodrive.task_propagate(race).value == 'fast')
  check_error('the loser was cancelled', error_of(slow), 'CANCELLED')
end

local function test_timeout()
  local task = Aiodrive.timeout(Aiodrive.spawn(nil, gives('late', FOR_EVER)), 1, nil)
  check_error('a timeout', error_of(task), 'TIMED_OUT')
end

local function test_latch()
  local latch = Aiodrive.Latch.new()
  local is_set = false
  latch:wait_set_async(nil, function(_, result) is_set = latch:wait_set_finish(result) end)
  latch:set()
  wait_for(function() return is_set end)
  check('a latch', latch:get_state())
end

local function test_group()
  local group = Aiodrive.TaskGroup.new(nil)
  local sibling = group:spawn(gives('sibling', FOR_EVER))
  group:spawn(fails)
  check_error('a group fails with its child', error_of(closing(group)), 'NOT_FOUND')
  check_error('its sibling was cancelled', error_of(sibling), 'CANCELLED')
end

local function test_queue()
  local queue = Aiodrive.UnorderedQueue.new()
  local item
  queue:get_async(nil, function(_, result) item = queue:get_finish(result) end)
  queue:put(0, text('first'))
  wait_for(function() return item end)
  check('an item that was waited for', item.value == 'first', item)
  queue:put(0, text('second'))
  queue:put(0, text('third'))
  -- lgi cannot read the array of get_many()
  for _, expected in ipairs { 'second', 'third' } do
    local next_item = queue:try_get()
    check('an item that is there', next_item.value == expected, next_item)
  end
  queue:close()
  local _, err = queue:put(0, text('late'))
  check_error('a closed queue', err, 'CLOSED')
end

local function test_cancellation()
  local parent = Gio.Cancellable.new()
  local task = Aiodrive.spawn(parent, gives('never', FOR_EVER))
  parent:cancel()
  check_error('a cancelled job', error_of(task), 'CANCELLED')
end

-- lgi takes its lock before it calls a function, in whatever thread.
local function test_threads()
  local executor = Aiodrive.BackgroundExecutor.new('in Lua')
  local thread
  local task = executor:spawn(nil, function(inner)
    thread = GLib.Thread.self()
    inner:return_value(text('from there'))
  end)
  Aiodrive.run(task)
  check('a value of another thread', Aiodrive.task_propagate(task).value == 'from there')
  check('it was another thread', thread ~= GLib.Thread.self())
  check('its end', executor:stop(nil))
end

test_race()
test_timeout()
test_latch()
test_group()
test_queue()
test_cancellation()
test_threads()
print('1..' .. count)
