// SPDX-License-Identifier: LGPL-2.1-or-later
// A program without a main loop of its own, and signals. No runner: Aiodrive.run() cannot be called by a promise.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, runTests, test} from '../support.js';
import {assertFails, failure, forever, gives, throws} from './support.js';

const SIGUSR1 = 10;
const SIGUSR2 = 12;
const kill = signum => Gio.Subprocess.new(['sh', '-c', `kill -${signum} $PPID`], Gio.SubprocessFlags.NONE).wait(null);

function thrown(body) {
    try {
        body();
    } catch (error) {
        return error;
    }
    throw new Error('nothing was thrown');
}

test('run', () => {
    const value = new Map();
    assertEqual(Aiodrive.run(gives(value)), value);
    assertEqual(Aiodrive.run(Aiodrive.spawn(gives(value))), value);
    assertEqual(Aiodrive.run(Promise.resolve(value)), value);
    assertEqual(Aiodrive.run(Aiodrive.race([forever, gives('x')]))[1], 'x');
    assertEqual(Aiodrive.run(() => 5), 5);
});

test('run fails', () => {
    const error = new Error('broken');
    assertEqual(thrown(() => Aiodrive.run(throws(error))), error);
    assert(thrown(() => Aiodrive.run(5)) instanceof TypeError);
});

test('run, nested in a callback', () => {
    const seen = [];
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        seen.push(Aiodrive.run(gives('inner')));
        return GLib.SOURCE_REMOVE;
    });
    Aiodrive.run(async () => {
        while (!seen.length)
            await Aiodrive.sleep(1);
    });
    assertEqual(seen, ['inner']);
});

test('run, called by a promise', () => {
    const error = Aiodrive.run(async () => {
        await Aiodrive.sleep(0);
        return failure((async () => Aiodrive.run(gives('x')))());
    });
    assert(error.message.includes('use await there'), error.message);
});

test('handle_signal', () => Aiodrive.run(async () => {
    const error = await failure(Aiodrive.handle_signal(SIGUSR1, async cancellable => {
        kill(SIGUSR1);
        await forever(cancellable);
    }));
    assert(error.matches(Aiodrive.Error, Aiodrive.Error.SIGNAL), `${error}`);
    assertEqual(await Aiodrive.handle_signal(SIGUSR1, async () => 'quiet'), 'quiet');

    const scope = Aiodrive.CancelScope.new(null);
    const handler = Aiodrive.handle_signal(SIGUSR1, scope);
    kill(SIGUSR1);
    await assertFails(forever(scope), Gio.IOErrorEnum.CANCELLED);
    handler.release();
}));

test('wait_for_signal', () => Aiodrive.run(async () => {
    for (const signums of [SIGUSR2, [SIGUSR1, SIGUSR2]]) {
        const waiting = Aiodrive.wait_for_signal(signums);
        kill(SIGUSR2);
        assertEqual(await waiting, SIGUSR2);
    }
    const cancellable = new Gio.Cancellable();
    const waiting = Aiodrive.wait_for_signal([SIGUSR1], cancellable);
    cancellable.cancel();
    await assertFails(waiting, Gio.IOErrorEnum.CANCELLED);
}));

runTests();
