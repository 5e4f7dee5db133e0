# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints:
# near
use strict;
use warnings;

# begin
use Glib::Object::Introspection;

Glib::Object::Introspection->setup(basename => 'Gio', version => '2.0', package => 'Gio');
Glib::Object::Introspection->setup(basename => 'Aiodrive', version => '1', package => 'Aiodrive');

# a job: it gives the task its value later, or the error of what it called
sub load {
    my ($name, $milliseconds) = @_;
    return Aiodrive::spawn(undef, sub {
        my ($task, $cancellable) = @_;
        Aiodrive::sleep_async($milliseconds, $cancellable, sub {
            my (undef, $result) = @_;
            return Aiodrive::task_complete(undef, $result, $task) if $cancellable->is_cancelled;
            Aiodrive::sleep_finish($result);
            $task->return_value(Glib::Object::Introspection::GValueWrapper->new('Glib::String', $name));
        });
    });
}

my $race = Aiodrive::race([load('near', 1), load('far', 60000)], undef);
Aiodrive::run($race);   # now the loser has ended, too
print Aiodrive::task_propagate($race), "\n";
# end
