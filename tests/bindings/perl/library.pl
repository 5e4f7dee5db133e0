# SPDX-License-Identifier: LGPL-2.1-or-later
# What Perl has of the library, by Glib::Object::Introspection alone.
use strict;
use warnings;

use Glib::Object::Introspection;
use Test::More;

BEGIN {
    Glib::Object::Introspection->setup(basename => 'Gio', version => '2.0', package => 'Gio');
    Glib::Object::Introspection->setup(basename => 'Aiodrive', version => '1', package => 'Aiodrive');
}

sub value { Glib::Object::Introspection::GValueWrapper->new(@_) }

# A job that gives its text after a time, or fails as what it waits for fails.
sub gives {
    my ($text, $milliseconds) = @_;
    return sub {
        my ($task, $cancellable) = @_;
        Aiodrive::sleep_async($milliseconds, $cancellable, sub {
            my (undef, $result) = @_;
            return Aiodrive::task_complete(undef, $result, $task) if $cancellable->is_cancelled;
            Aiodrive::sleep_finish($result);
            $task->return_value(value('Glib::String', $text));
        });
    };
}

sub fails {
    my ($task) = @_;
    Aiodrive::task_fail($task, Gio::io_error_quark(), 1, 'there is none');
}

# AIODRIVE_START (NULL, aiodrive_task_group_close_async, group)
sub closing {
    my ($group) = @_;
    my $task = Aiodrive::task_new(undef);
    $group->close_async($task->get_cancellable, sub { Aiodrive::task_complete($_[0], $_[1], $task) });
    return $task;
}

# Waits for a task, and gives its error.
sub error_of {
    my ($task) = @_;
    Aiodrive::run($task);
    eval { Aiodrive::task_propagate($task) };
    return $@;
}

sub is_error {
    my ($error, $code, $name) = @_;
    ok($error && $error->matches('Gio::IOErrorEnum', $code), $name) or diag($error // 'no error');
}

sub wait_for {
    my ($condition) = @_;
    Glib::MainContext->default->iteration(1) until $condition->();
}

sub test_race {
    my @children = map { Aiodrive::spawn(undef, $_) } gives('fast', 1), gives('slow', 3600000);
    my $race = Aiodrive::race(\@children, undef);
    Aiodrive::run($race);
    is((Aiodrive::race_finish($race))[1], 0, 'the index of the winner');
    is(Aiodrive::task_propagate($race), 'fast', 'its value');
    is_error(error_of($children[1]), 'cancelled', 'the loser was cancelled');
}

sub test_timeout {
    my $task = Aiodrive::timeout(Aiodrive::spawn(undef, gives('late', 3600000)), 1, undef);
    is_error(error_of($task), 'timed-out', 'a timeout');
}

sub test_latch {
    my $latch = Aiodrive::Latch->new;
    my $is_set = 0;
    $latch->wait_set_async(undef, sub { $is_set = eval { $latch->wait_set_finish($_[1]); 1 } });
    $latch->set;
    wait_for(sub { $is_set });
    ok($latch->get_state, 'a latch');
}

sub test_group {
    my $group = Aiodrive::TaskGroup->new;
    my $sibling = $group->spawn(gives('sibling', 3600000));
    $group->spawn(\&fails);
    is_error(error_of(closing($group)), 'not-found', 'a group fails with its child');
    is_error(error_of($sibling), 'cancelled', 'its sibling was cancelled');
}

sub test_queue {
    my $queue = Aiodrive::UnorderedQueue->new;
    my $item;
    $queue->get_async(undef, sub { $item = $queue->get_finish($_[1]) });
    $queue->put(0, value('Glib::String', 'first'));
    wait_for(sub { defined $item });
    is($item, 'first', 'an item that was waited for');
    $queue->put(0, value('Glib::String', $_)) for 'second', 'third';
    is_deeply($queue->get_many(0), ['second', 'third'], 'all items');
    $queue->close;
    eval { $queue->put(0, value('Glib::String', 'late')) };
    is_error($@, 'closed', 'a closed queue');
}

sub test_cancellation {
    my $parent = Gio::Cancellable->new;
    my $task = Aiodrive::spawn($parent, gives('never', 3600000));
    $parent->cancel;
    is_error(error_of($task), 'cancelled', 'a cancelled job');
}

# Perl runs in one thread.
sub test_threads {
    my $executor = Aiodrive::BackgroundExecutor->new('in Perl');
    my $group = Aiodrive::ThreadTaskGroup->new('in Perl', undef);
    my $calls = 0;
    for my $task ($executor->spawn(undef, sub { $calls++ }), $group->spawn(sub { $calls++ })) {
        my $error = error_of($task);
        is_error($error, 'not-supported', 'a function in another thread');
        like($error, qr/^A Perl function cannot run in another thread/, 'the message');
    }
    is_error(error_of(closing($group)), 'not-supported', 'its group');
    is($calls, 0, 'it was not called');
    ok(!$executor->is_running, 'no thread was started');
}

test_race;
test_timeout;
test_latch;
test_group;
test_queue;
test_cancellation;
test_threads;
done_testing;
