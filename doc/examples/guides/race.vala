// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints:
// near

// begin
// a job: it gives the task its value later, or the error of what it called
async void load (string name, uint milliseconds, Task task, Cancellable? cancellable) {
    try {
        yield Aiodrive.sleep_async (milliseconds, cancellable);
        task.return_value (name);
    } catch (Error error) {
        task.return_error (error.copy ());
    }
}

Task start (string name, uint milliseconds) {
    return Aiodrive.spawn (null, (task, cancellable) => load.begin (name, milliseconds, task, cancellable));
}

async void compare () throws Error {
    int index;
    var winner = yield Aiodrive.race_async ({ start ("near", 1), start ("far", 60000) }, null, out index);
    print ("%s\n", Aiodrive.task_propagate (winner).get_string ());   // now the loser has ended, too
}
// end

int main () {
    var loop = new MainLoop ();
    compare.begin ((source, result) => {
        try {
            compare.end (result);
        } catch (Error error) {
            printerr ("%s\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();
    return 0;
}
