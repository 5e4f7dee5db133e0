// SPDX-License-Identifier: LGPL-2.1-or-later
// Interfaces and classes of the library, implemented in Vala; asynchronous calls without a cancellable.

class Countdown : GLib.Object, Aiodrive.AsyncIterator {
    private int left;

    public Countdown (int from) {
        left = from;
    }

    public async bool next_async (GLib.Cancellable? cancellable, out GLib.Value value) throws GLib.Error {
        value = left;
        return left-- > 0;
    }

    public async bool close_async (GLib.Cancellable? cancellable) throws GLib.Error {
        left = 0;
        return true;
    }
}

class Stack : GLib.Object, Aiodrive.AsyncIterator, Aiodrive.Queue {
    private int[] items = {};
    private GLib.Error? closed = null;

    public uint n_items {
        get { return items.length; }
    }

    public bool is_empty () {
        return items.length == 0;
    }

    public bool put (int64 index, GLib.Value value) throws GLib.Error {
        if (closed != null)
            throw closed.copy ();
        items += value.get_int ();
        return true;
    }

    public bool try_get (out GLib.Value value) throws GLib.Error {
        value = 0;
        if (items.length == 0)
            return false;
        value = items[items.length - 1];
        items = items[0 : items.length - 1];
        return true;
    }

    public async GLib.Value get_async (GLib.Cancellable? cancellable) throws GLib.Error {
        GLib.Value value;
        if (!try_get (out value))
            throw new GLib.IOError.CLOSED ("The stack is empty");
        return value;
    }

    public Aiodrive.Items get_many (uint max) {
        return new Aiodrive.Items ();
    }

    public void close_with_error (GLib.Error error) {
        closed = error.copy ();
    }

    public async bool next_async (GLib.Cancellable? cancellable, out GLib.Value value) throws GLib.Error {
        return try_get (out value);
    }

    public async bool close_async (GLib.Cancellable? cancellable) throws GLib.Error {
        close_with_error (new GLib.IOError.CLOSED ("The stack is closed"));
        return true;
    }
}

async void test_map () throws GLib.Error {
    var doubled = Aiodrive.map (new Countdown (3), 1, Aiodrive.MapFlags.ORDERED, null, (task, cancellable, item) => {
        task.return_value (2 * item.get_int ());
    });
    GLib.Value value;
    int sum = 0;
    while (yield doubled.next_async (null, out value))
        sum += value.get_int ();
    assert (sum == 12);
    yield doubled.close_async ();
}

async void test_queue () throws GLib.Error {
    var stack = new Stack ();
    stack.put (0, 1);
    stack.put (0, 2);
    assert ((yield stack.get_async ()).get_int () == 2);
    yield stack.close_async ();
    try {
        stack.put (0, 3);
        assert_not_reached ();
    } catch (GLib.IOError.CLOSED error) {
    }
    assert (stack.n_items == 1);
}

async void test_no_cancellable () throws GLib.Error {
    var guard = yield new Aiodrive.SmartLock ().acquire_async (Aiodrive.LockMode.EXCLUSIVE, Priority.DEFAULT);
    guard.release ();
    yield Aiodrive.sleep_async (1);
    var family = new Aiodrive.TaskGroup ();
    assert (family.parent == null);
    yield family.close_async ();
    assert (new Aiodrive.CancelScope ().dup_reason () == null);
}

async void run_all () throws GLib.Error {
    yield test_map ();
    yield test_queue ();
    yield test_no_cancellable ();
}

int main () {
    var loop = new GLib.MainLoop ();
    run_all.begin ((source, result) => {
        try {
            run_all.end (result);
        } catch (GLib.Error error) {
            GLib.error ("%s", error.message);
        }
        loop.quit ();
    });
    loop.run ();
    return 0;
}
