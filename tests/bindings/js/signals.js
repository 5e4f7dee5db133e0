// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {
    assert, assertEqual, assertRaises, iterateUntil, pending, runTests, settle, test
} from './support.js';

const SIGHUP = 1, SIGINT = 2, SIGKILL = 9, SIGTERM = 15;
const pid = new Gio.Credentials().get_unix_pid();

function begin(signums, cancellable = null) {
    const end = pending(callback => Aiodrive.wait_for_signal_async(signums, cancellable, callback));
    return () => {
        const [source, result] = end();
        assert(source === null);
        return Aiodrive.wait_for_signal_finish(result);
    };
}

// Sends signals from another process, and waits until it has ended.
function kill(signum, times = 1) {
    const child = Gio.Subprocess.new(['sh', '-c', `for i in $(seq ${times}); do kill -${signum} ${pid}; done`], 0);
    child.wait_check(null);
}

// Whether the signal has a handler.
function isHandled(signum) {
    const [, status] = GLib.file_get_contents('/proc/self/status');
    const [, mask] = /^SigCgt:\s*(\w+)$/m.exec(new TextDecoder().decode(status));
    return Boolean(BigInt(`0x${mask}`) >> BigInt(signum - 1) & 1n);
}

test('wait', () => {
    for (const signum of [SIGHUP, SIGINT, SIGTERM]) {
        const ends = [[signum], [SIGHUP, SIGINT, SIGTERM], [signum]].map(signums => begin(signums));
        assert(isHandled(signum));
        kill(signum);
        ends.forEach(end => assertEqual(end(), signum));
        assert(!isHandled(signum));
    }
});

test('cancelled', () => {
    const before = new Gio.Cancellable(), whileWaiting = new Gio.Cancellable(), afterwards = new Gio.Cancellable();
    before.cancel();
    const ends = [before, whileWaiting, afterwards].map(cancellable => begin([SIGTERM], cancellable));
    whileWaiting.cancel();
    kill(SIGTERM);
    afterwards.cancel();
    assertRaises(ends[0], Gio.IOErrorEnum.CANCELLED);
    assertRaises(ends[1], Gio.IOErrorEnum.CANCELLED);
    assertEqual(ends[2](), SIGTERM);
    assert(!isHandled(SIGTERM));
});

test('invalid', () => {
    for (const signums of [[], [SIGKILL], [SIGINT, 0], [-1]])
        assertRaises(begin(signums), Gio.IOErrorEnum.INVALID_ARGUMENT);
    const scope = new Aiodrive.CancelScope();
    for (const signum of [SIGKILL, 0, -1])
        assertRaises(() => Aiodrive.handle_signal(signum, scope), Gio.IOErrorEnum.INVALID_ARGUMENT);
    assert(!isHandled(SIGINT));
});

test('handler', () => {
    const scope = new Aiodrive.CancelScope();
    const handlers = [1, 2].map(() => Aiodrive.handle_signal(SIGINT, scope));
    assert(handlers[0] instanceof Aiodrive.SignalHandler);
    assert(isHandled(SIGINT));
    kill(SIGINT, 200);
    iterateUntil(() => scope.is_cancelled());
    const reason = scope.dup_reason();
    assert(reason.matches(Aiodrive.Error, Aiodrive.Error.SIGNAL));
    assertEqual(reason.message, 'Cancelled by SIGINT');

    handlers[0].release();
    assert(isHandled(SIGINT));
    kill(SIGINT);
    settle();
    handlers[1].release();
    handlers[1].release();
    assert(!isHandled(SIGINT));
});

runTests();
