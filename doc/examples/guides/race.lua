-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Prints:
-- near
local lgi = require 'lgi'
local Aiodrive, GObject = lgi.require('Aiodrive', '1'), lgi.GObject

-- begin
-- a job: it gives the task its value later, or the error of what it called
local function load(name, milliseconds)
  return Aiodrive.spawn(nil, function(task, cancellable)
    Aiodrive.sleep_async(milliseconds, cancellable, function(source, result)
      if cancellable:is_cancelled() then
        Aiodrive.task_complete(source, result, task)
      else
        Aiodrive.sleep_finish(result)
        task:return_value(GObject.Value('gchararray', name))
      end
    end)
  end)
end

local race = Aiodrive.race({load('near', 1), load('far', 60000)}, nil)
Aiodrive.run(race)   -- now the loser has ended, too
print(Aiodrive.task_propagate(race).value)
-- end
