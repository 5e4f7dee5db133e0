// SPDX-License-Identifier: LGPL-2.1-or-later
// A latch, a race and a group in Vala: all that waits is yielded.

const string USAGE = """Usage: tasks

Three runners wait for a latch, which is set after a moment. Then they race: the others are cancelled when one is
there. In the end a group counts in parallel, and is closed.
""";

async void run_to (string name, Aiodrive.Latch start, uint duration, GLib.Task task, GLib.Cancellable? cancellable) {
    try {
        yield start.wait_set_async (cancellable);
        stdout.printf ("%s starts\n", name);
        yield Aiodrive.sleep_async (duration, cancellable);
        task.return_value (name);
    } catch (GLib.Error error) {
        stdout.printf ("%s: %s\n", name, error.message);
        task.return_error (error.copy ());
    }
}

GLib.Task new_runner (string name, Aiodrive.Latch start, uint duration) {
    return Aiodrive.spawn (null, (task, cancellable) => run_to.begin (name, start, duration, task, cancellable));
}

async void race () throws GLib.Error {
    var start = new Aiodrive.Latch ();
    GLib.Task[] runners = {
        new_runner ("tortoise", start, 60000),
        new_runner ("hare", start, 10),
        new_runner ("snail", start, 120000),
    };

    GLib.Timeout.add (5, () => {
        start.set ();
        return GLib.Source.REMOVE;
    });
    int index;
    var winner = yield Aiodrive.race_async (runners, null, out index);
    stdout.printf ("number %d has won: %s\n", index, Aiodrive.task_propagate (winner).get_string ());
}

async void count (uint number, GLib.Task task, GLib.Cancellable? cancellable) {
    try {
        for (uint i = 1; i <= number; i++) {
            yield Aiodrive.sleep_async (1, cancellable);
            Aiodrive.task_set_progress (task, (double) i / number);
        }
        task.return_value (number);
    } catch (GLib.Error error) {
        task.return_error (error.copy ());
    }
}

async void group () throws GLib.Error {
    var group = new Aiodrive.TaskGroup (null);
    GLib.Task[] tasks = {};
    for (uint number = 1; number <= 3; number++) {
        GLib.Task task;
        var last = number;
        group.spawn (out task, (task, cancellable) => count.begin (last, task, cancellable));
        tasks += task;
    }
    yield group.close_async (null);

    uint sum = 0;
    foreach (var task in tasks)
        sum += Aiodrive.task_propagate (task).get_uint ();
    stdout.printf ("counted to %u in all\n", sum);
}

async void run_all (GLib.Task task) {
    try {
        yield race ();
        yield group ();
        task.return_boolean (true);
    } catch (GLib.Error error) {
        task.return_error (error.copy ());
    }
}

int main (string[] args) {
    if (args.length > 1) {
        stdout.puts (USAGE);
        return args[1] == "--help" ? 0 : 1;
    }

    var task = Aiodrive.prime (null, (task, cancellable) => run_all.begin (task));
    Aiodrive.run (task);
    var error = Aiodrive.task_dup_error (task);
    if (error == null)
        return 0;
    stderr.printf ("tasks: %s\n", error.message);
    return 1;
}
