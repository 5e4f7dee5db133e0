# SPDX-License-Identifier: LGPL-2.1-or-later
# What Ruby has of the library, by gobject-introspection alone.
require 'gio2'

module Aiodrive
  loader = GObjectIntrospection::Loader.new(self)
  loader.version = '1'
  loader.load('Aiodrive')
end

FOR_EVER = 3_600_000
$count = 0

def check(name, condition, message = nil)
  $count += 1
  abort("not ok #{$count} #{name}\n# #{message.inspect}") unless condition
  puts "ok #{$count} #{name}"
end

def check_error(name, error, type)
  check(name, error.is_a?(type), error)
end

def text(string)
  GLib::Value.new(GLib::Type::STRING, string)
end

# A job that gives its text after a time, or fails as what it waits for fails.
def gives(string, milliseconds)
  lambda do |task, cancellable|
    Aiodrive.sleep_async(milliseconds, cancellable) do |_, result|
      next Aiodrive.task_complete(nil, result, task) if cancellable.cancelled?

      Aiodrive.sleep_finish(result)
      task.return_value(text(string))
    end
  end
end

FAILS = lambda do |task, _|
  Aiodrive.task_fail(task, Gio.io_error_quark, Gio::IOError::NOT_FOUND.to_i, 'there is none')
end

def spawn_job(job, parent = nil)
  Aiodrive.spawn(parent, &job)
end

def closing(group)
  task = Aiodrive.task_new(nil)
  group.close_async(task.cancellable) { |source, result| Aiodrive.task_complete(source, result, task) }
  task
end

# Waits for a task, and gives what it raises.
def error_of(task)
  Aiodrive.run(task)
  Aiodrive.task_propagate(task)
  nil
rescue Gio::Error => e
  e
end

def test_race
  children = [spawn_job(gives('fast', 1)), spawn_job(gives('slow', FOR_EVER))]
  race = Aiodrive.race(children, nil)
  Aiodrive.run(race)
  check('the index of the winner', Aiodrive.race_finish(race).last.zero?)
  check_error('the loser was cancelled', error_of(children[1]), Gio::IOError::Cancelled)
end

def test_timeout
  task = Aiodrive.timeout(spawn_job(gives('late', FOR_EVER)), 1, nil)
  check_error('a timeout', error_of(task), Gio::IOError::TimedOut)
end

def test_latch
  latch = Aiodrive::Latch.new
  is_set = false
  latch.wait_set_async(nil) { |_, result| is_set = latch.wait_set_finish(result) }
  latch.set
  GLib::MainContext.default.iteration(true) until is_set
  check('a latch', latch.state?)
end

def test_group
  group = Aiodrive::TaskGroup.new
  sibling = group.spawn(&gives('sibling', FOR_EVER))
  group.spawn(&FAILS)
  check_error('a group fails with its child', error_of(closing(group)), Gio::IOError::NotFound)
  check_error('its sibling was cancelled', error_of(sibling), Gio::IOError::Cancelled)
end

def test_queue
  queue = Aiodrive::UnorderedQueue.new
  item = nil
  queue.get_async(nil) { |_, result| item = queue.get_finish(result) }
  queue.put(0, text('first'))
  GLib::MainContext.default.iteration(true) while item.nil?
  check('an item that was waited for', item.value == 'first', item)
  queue.put(0, text('second'))
  queue.put(0, text('third'))
  # the array of get_many() cannot be read
  %w[second third].each do |expected|
    is_there, next_item = queue.try_get
    check('an item that is there', is_there && next_item.value == expected, next_item)
  end
  queue.close
  begin
    queue.put(0, text('late'))
  rescue Gio::Error => e
    check_error('a closed queue', e, Gio::IOError::Closed)
  end
end

def test_cancellation
  parent = Gio::Cancellable.new
  task = spawn_job(gives('never', FOR_EVER), parent)
  parent.cancel
  check_error('a cancelled job', error_of(task), Gio::IOError::Cancelled)
end

# Ruby runs in the threads that it has started itself.
def test_threads
  executor = Aiodrive::BackgroundExecutor.new('in Ruby')
  group = Aiodrive::ThreadTaskGroup.new('in Ruby', nil)
  calls = 0
  [executor.spawn(nil) { calls += 1 }, group.spawn { calls += 1 }].each do |task|
    error = error_of(task)
    check_error('a function in another thread', error, Gio::IOError::NotSupported)
    check('the message', error.message == 'A Ruby function cannot run in another thread', error)
  end
  check_error('its group', error_of(closing(group)), Gio::IOError::NotSupported)
  check('it was not called', calls.zero?)
  check('no thread was started', !executor.running?)
end

test_race
test_timeout
test_latch
test_group
test_queue
test_cancellation
test_threads
puts "1..#{$count}"
