// SPDX-License-Identifier: LGPL-2.1-or-later
// The generated vapi: jobs, combinators that are yielded, errors with their domains.

GLib.Task spawn_value (int number, uint delay_ms = 0) {
    return Aiodrive.spawn (null, (task, cancellable) => {
        give_later.begin (task, cancellable, number, delay_ms);
    });
}

async void give_later (GLib.Task task, GLib.Cancellable? cancellable, int number, uint delay_ms) {
    try {
        yield Aiodrive.sleep_async (delay_ms, cancellable);
        task.return_value (number);
    } catch (GLib.Error error) {
        task.return_error (error.copy ());
    }
}

GLib.Task spawn_failure (string message) {
    return Aiodrive.spawn (null, (task, cancellable) => {
        task.return_error (new GLib.IOError.NOT_FOUND (message));
    });
}

async void test_race () throws GLib.Error {
    GLib.Task[] tasks = { spawn_value (1, 60000), spawn_value (2) };
    int index;
    var winner = yield Aiodrive.race_async (tasks, null, out index);
    assert (index == 1 && winner == tasks[1]);
    assert (Aiodrive.task_propagate (winner).get_int () == 2);
    assert (tasks[0].get_completed ());

    winner = yield Aiodrive.first_success_async ({ spawn_failure ("no"), spawn_value (3) }, null, out index);
    assert (index == 1);
    assert (Aiodrive.task_propagate (winner).get_int () == 3);
}

async void test_gather () throws GLib.Error {
    var children = yield Aiodrive.try_all_async ({ spawn_value (1, 1), spawn_value (2) }, null);
    assert (children.length == 2);
    assert (Aiodrive.task_propagate (children[0]).get_int () == 1);
    children = yield Aiodrive.wait_all_async (null, null);
    assert (children.length == 0);

    var both = Aiodrive.wait_all ({ spawn_failure ("one"), spawn_failure ("two") });
    try {
        yield Aiodrive.wait_task_async (both, null);
        Aiodrive.task_get_leaf (both);
        assert_not_reached ();
    } catch (Aiodrive.Error.MULTIPLE error) {
        var errors = Aiodrive.task_dup_errors (both);
        assert (errors.length == 2 && errors[1].message == "two");
    }
}

async void test_one_task () throws GLib.Error {
    var task = spawn_value (4);
    assert ((yield Aiodrive.shield_async (task, null)) == task);
    assert ((yield Aiodrive.timeout_async (task, 60000, null)) == task);
    assert (yield Aiodrive.cancel_task_async (task, null));
    assert (Aiodrive.task_dup_error (task) == null);
    try {
        yield Aiodrive.timeout_async (spawn_value (5, 60000), 1, null);
        assert_not_reached ();
    } catch (GLib.IOError.TIMED_OUT error) {
    }
}

async void test_start () throws GLib.Error {
    var file = GLib.File.new_for_path ("/");
    var task = Aiodrive.task_new ();
    file.query_info_async.begin ("*", GLib.FileQueryInfoFlags.NONE, GLib.Priority.DEFAULT, task.get_cancellable (),
                                 (source, result) => Aiodrive.task_complete (source, result, task));
    yield Aiodrive.wait_task_async (task, null);
    var info = file.query_info_async.end (Aiodrive.task_propagate_result (task));
    assert (info.get_file_type () == GLib.FileType.DIRECTORY);
}

async void test_scope () throws GLib.Error {
    var scope = new Aiodrive.CancelScope.with_timeout (null, 1);
    try {
        yield Aiodrive.sleep_async (60000, scope);
        assert_not_reached ();
    } catch (GLib.IOError.CANCELLED error) {
        try {
            scope.leave (error);
            assert_not_reached ();
        } catch (GLib.IOError.TIMED_OUT reason) {
            assert (scope.dup_reason ().message == reason.message);
        }
    }
}

async void test_timeout () throws GLib.Error {
    var task = spawn_value (1, 60000);
    try {
        yield Aiodrive.timeout_async (task, 1);
        assert_not_reached ();
    } catch (GLib.IOError.TIMED_OUT error) {
        assert (task.get_completed ());
    }
}

async void test_latch () throws GLib.Error {
    var latch = new Aiodrive.Latch ();
    Aiodrive.spawn (null, (task, cancellable) => {
        latch.set ();
        task.return_boolean (true);
    });
    yield latch.wait_set_async ();
    assert (latch.state);
}

async void test_group () throws GLib.Error {
    var group = new Aiodrive.TaskGroup ();
    GLib.Task sibling, failing;
    group.spawn (out sibling, (task, cancellable) => give_later.begin (task, cancellable, 1, 60000));
    group.spawn (out failing, (task, cancellable) => task.return_error (new GLib.IOError.NOT_FOUND ("no")));
    try {
        yield group.close_async ();
        assert_not_reached ();
    } catch (GLib.IOError.NOT_FOUND error) {
        assert (Aiodrive.task_dup_error (sibling) is GLib.IOError.CANCELLED);
    }
}

async void test_queue () throws GLib.Error {
    var queue = new Aiodrive.UnorderedQueue ();
    Aiodrive.spawn (null, (task, cancellable) => {
        try {
            queue.put (0, "first");
            task.return_boolean (true);
        } catch (GLib.Error error) {
            task.return_error (error.copy ());
        }
    });
    assert ((yield queue.get_async ()).get_string () == "first");
    queue.close ();
    try {
        queue.put (0, "late");
        assert_not_reached ();
    } catch (GLib.IOError.CLOSED error) {
    }
}

async void test_cancellation () throws GLib.Error {
    var parent = new GLib.Cancellable ();
    var task = Aiodrive.spawn (parent, (task, cancellable) => give_later.begin (task, cancellable, 1, 60000));
    parent.cancel ();
    try {
        yield Aiodrive.wait_task_async (task);
        Aiodrive.task_propagate (task);
        assert_not_reached ();
    } catch (GLib.IOError.CANCELLED error) {
    }
}

async void test_threads () throws GLib.Error {
    var executor = new Aiodrive.BackgroundExecutor ("in Vala");
    void *thread = null;
    GLib.Task task;
    executor.spawn (out task, null, (inner, cancellable) => {
        thread = GLib.Thread.self<void*> ();
        inner.return_value ("from there");
    });
    yield Aiodrive.wait_task_async (task);
    assert (Aiodrive.task_propagate (task).get_string () == "from there");
    assert (thread != null && thread != GLib.Thread.self<void*> ());
    yield executor.stop_async ();
}

void test_get_many () throws GLib.Error {
    var queue = new Aiodrive.UnorderedQueue ();
    for (int i = 0; i < 3; i++)
        queue.put (0, "item %d".printf (i));
    var first = queue.get_many (1);
    assert (first.length == 1);
    foreach (var item in first.steal ())
        assert (item.get_string () == "item 0");
    var others = queue.get_many (0).steal ();
    assert (others.length == 2);
    assert (others[0].get_string () == "item 1" && others[1].get_string () == "item 2");
    assert (queue.get_many (0).length == 0);
}

async void test_all (GLib.Task task) {
    try {
        yield test_race ();
        yield test_gather ();
        yield test_one_task ();
        yield test_start ();
        yield test_scope ();
        yield test_timeout ();
        yield test_latch ();
        yield test_group ();
        yield test_queue ();
        yield test_cancellation ();
        yield test_threads ();
        test_get_many ();
    } catch (GLib.Error error) {
        GLib.error ("%s", error.message);
    }
    task.return_boolean (true);
}

void main () {
    Aiodrive.run (Aiodrive.prime (null, (task, cancellable) => test_all.begin (task)));
}
