// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, assertRaises, call, runTests, test} from './support.js';

const HOUR_MS = 3600000;
const HOUR_USEC = HOUR_MS * 1000;

function sleeps(durationMs) {
    return (task, cancellable) => Aiodrive.sleep_async(durationMs, cancellable, (_source, result) => {
        try {
            task.return_boolean(Aiodrive.sleep_finish(result));
        } catch (error) {
            task.return_error(error);
        }
    });
}

function virtualTest(name, body) {
    test(name, () => {
        const context = Aiodrive.TestContext.new(null);
        try {
            body(context);
        } finally {
            context.close();
        }
    });
}

virtualTest('a timeout', context => {
    const began = Aiodrive.get_monotonic_time();
    const task = Aiodrive.timeout(Aiodrive.spawn(null, sleeps(2 * HOUR_MS)), HOUR_MS, null);
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.timeout_finish(task), Gio.IOErrorEnum.TIMED_OUT);
    assertEqual(context.get_elapsed(), HOUR_USEC);
    assertEqual(Aiodrive.get_monotonic_time() - began, HOUR_USEC);
    assert(context.get_context() !== null);
});

virtualTest('everything waits', context => {
    const task = Aiodrive.spawn(null, sleeps(HOUR_MS));
    context.wait_all_blocked();
    const [source, result] = call((cancellable, callback) =>
        context.wait_all_blocked_async(cancellable, callback), null);
    assertEqual(source, context);
    assert(context.wait_all_blocked_finish(result));
    assert(!task.get_completed());
    assertEqual(context.get_elapsed(), 0);
    Aiodrive.run(task);
    assertEqual(context.get_elapsed(), HOUR_USEC);
});

test('made with new', () => {
    const context = new Aiodrive.TestContext();
    assert(context.context !== null);
    assertEqual(context.get_elapsed(), 0);
    context.close();
});

virtualTest('work that is not seen', context => {
    const task = Aiodrive.spawn(null, sleeps(HOUR_MS));
    context.hold();
    const file = Gio.File.new_for_path('/');
    call((cancellable, callback) => file.query_info_async('standard::type', Gio.FileQueryInfoFlags.NONE,
        GLib.PRIORITY_DEFAULT, cancellable, callback), null);
    assertEqual(context.get_elapsed(), 0);
    context.release();
    Aiodrive.run(task);
    assertEqual(context.get_elapsed(), HOUR_USEC);
});

virtualTest('cancelled at each step', context => {
    let nEnded = 0, step = 0;
    const job = (task, cancellable) => Aiodrive.sleep_async(HOUR_MS, cancellable, (_source, result) => {
        nEnded++;
        try {
            task.return_boolean(Aiodrive.sleep_finish(result));
        } catch (error) {
            task.return_error(error);
        }
    });
    while (context.cancel_at_step(step, job))
        step++;
    assert(step > 1);
    assertEqual(nEnded, step + 1);
});

runTests();
