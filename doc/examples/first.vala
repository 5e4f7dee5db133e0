// SPDX-License-Identifier: LGPL-2.1-or-later
// Loads a file from the first of two places that has it, within two seconds. Arguments: the places.

async void load (string name, Task task, Cancellable? cancellable) {
    try {
        var bytes = yield File.new_for_commandline_arg (name).load_bytes_async (cancellable, null);
        task.return_value (bytes.length);
    } catch (Error error) {
        task.return_error (error.copy ());
    }
}

Task start (string name) {
    return Aiodrive.spawn (null, (task, cancellable) => load.begin (name, task, cancellable));
}

int main (string[] args) {
    var first = Aiodrive.first_success ({ start (args[1]), start (args[2]) }, null);
    var limited = Aiodrive.timeout (first, 2000, null);
    Aiodrive.run (limited);

    try {
        print ("%d bytes\n", Aiodrive.task_propagate (limited).get_int ());
        return 0;
    } catch (Error error) {
        printerr ("%s\n", error.message);
        return 1;
    }
}
