# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints:
# near

# begin
require 'gio2'

module Aiodrive
  loader = GObjectIntrospection::Loader.new(self)
  loader.version = '1'
  loader.load('Aiodrive')
end

# a job: it gives the task its value later, or the error of what it called
def load_later(name, milliseconds)
  Aiodrive.spawn(nil) do |task, cancellable|
    Aiodrive.sleep_async(milliseconds, cancellable) do |_, result|
      next Aiodrive.task_complete(nil, result, task) if cancellable.cancelled?

      Aiodrive.sleep_finish(result)
      task.return_value(GLib::Value.new(GLib::Type::STRING, name))
    end
  end
end

race = Aiodrive.race([load_later('near', 1), load_later('far', 60_000)], nil)
Aiodrive.run(race)   # now the loser has ended, too
_, index = Aiodrive.race_finish(race)
puts %w[near far][index]
# end
