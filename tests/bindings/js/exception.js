// SPDX-License-Identifier: LGPL-2.1-or-later
// Exceptions in errors, and a source that is woken.
import Aiodrive from 'gi://Aiodrive?version=1';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import { assert, assertEqual, boxed, iterateUntil, runTests, settle, test } from './support.js';

test('exception', () => {
    const code = Aiodrive.exception_hold(boxed(GObject.TYPE_STRING, 'thrown'));
    const task = Aiodrive.task_new(null);
    task.return_error(GLib.Error.new_literal(Aiodrive.exception_quark(), code, 'it was thrown'));
    Aiodrive.exception_release(code);
    Aiodrive.run(task);
    let error = null;
    try {
        Aiodrive.task_get_leaf(task);
    } catch (e) {
        error = e;
    }
    assertEqual(error.code, code);
    assertEqual(Aiodrive.exception_get(error.code), 'thrown');
    assertEqual(Aiodrive.exception_get(-1), false);
});

test('wake source', () => {
    let n = 0;
    const source = Aiodrive.wake_source_new();
    source.set_callback(() => {
        n++;
        return GLib.SOURCE_CONTINUE;
    });
    source.attach(null);
    settle();
    assertEqual(n, 0);
    source.set_ready_time(0);
    iterateUntil(() => n === 1);
    settle();
    assert(n === 1);

    Aiodrive.wake_source_watch_fd(source, 1, GLib.IOCondition.ERR);   // the standard output
    settle();
    Aiodrive.wake_source_watch_fd(source, -1, 0);
    settle();
    assert(n === 1);
    source.destroy();
});

runTests();
