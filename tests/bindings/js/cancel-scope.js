// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assert, assertEqual, assertRaises, iterateUntil, newError, runTests, settle, test} from './support.js';

test('is a cancellable', () => {
    const scope = new Aiodrive.CancelScope();
    assert(scope instanceof Gio.Cancellable);
    assertEqual(scope.get_parent(), null);
    assertEqual(scope.ref_task(), null);
    scope.cancel();
    assertRaises(() => scope.set_error_if_cancelled(), Gio.IOErrorEnum.CANCELLED);
    assertRaises(() => Gio.File.new_for_path('/').query_info('*', 0, scope), Gio.IOErrorEnum.CANCELLED);
});

test('parent', () => {
    for (const parent of [new Gio.Cancellable(), Aiodrive.CancelScope.new(null)]) {
        const scope = Aiodrive.CancelScope.new(parent);
        assertEqual(scope.get_parent(), parent);
        assertEqual(scope.parent, parent);
        parent.cancel();
        assert(scope.is_cancelled());
        assert(Aiodrive.CancelScope.new(parent).is_cancelled());
    }
});

test('move up', () => {
    const top = Aiodrive.CancelScope.new(null);
    const below = Aiodrive.CancelScope.new(Aiodrive.CancelScope.new(top));
    below.set_shielded(true);
    below.move_up();
    assertEqual(below.get_parent(), top);
});

test('construct', () => {
    const parent = new Gio.Cancellable();
    const scope = new Aiodrive.CancelScope({parent, deadline: GLib.get_monotonic_time() + 60000000});
    assertEqual(scope.parent, parent);
    assert(scope.get_deadline() > GLib.get_monotonic_time());
    parent.cancel();
    assert(scope.is_cancelled());
});

test('task', () => {
    let seen = null;
    const task = Aiodrive.prime(null, (...args) => (seen = args));
    const scope = task.get_cancellable();
    assertEqual(seen, [task, scope]);
    assertEqual(scope.ref_task(), task);
    task.return_boolean(true);
    Aiodrive.run(task);
});

test('reason', () => {
    const parent = Aiodrive.CancelScope.new(null);
    const scope = Aiodrive.CancelScope.new(parent);
    assertEqual(scope.dup_reason(), null);
    parent.cancel_with_reason(newError('the window was closed', Gio.IOErrorEnum.CLOSED));
    for (const reason of [parent.dup_reason(), scope.dup_reason()]) {
        assert(reason.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CLOSED));
        assertEqual(reason.message, 'the window was closed');
    }

    const silent = Aiodrive.CancelScope.new(null);
    silent.cancel_with_reason(null);
    assert(silent.is_cancelled());
    assertEqual(silent.dup_reason(), null);
});

test('reason without an error', () => {
    const scope = Aiodrive.CancelScope.new(null);
    scope.cancel_with_message(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY, 'too much to do');
    assert(scope.dup_reason().matches(Gio.IOErrorEnum, Gio.IOErrorEnum.BUSY));
    assertEqual(scope.dup_reason().message, 'too much to do');
});

test('deadline', () => {
    const late = Aiodrive.CancelScope.new_with_timeout(null, 0);
    iterateUntil(() => late.is_cancelled());
    assert(late.dup_reason().matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT));

    const scope = Aiodrive.CancelScope.new(null);
    const notified = [];
    GObject.Object.prototype.connect.call(scope, 'notify::deadline', () => notified.push(scope.get_deadline()));
    assertEqual(scope.get_deadline(), -1);
    const later = GLib.get_monotonic_time() + 60000000;
    scope.set_deadline(later);
    scope.deadline = later + 1;
    assertEqual(notified, [later, later + 1]);
    assertEqual(scope.deadline, later + 1);

    assertEqual(new Aiodrive.CancelScope({deadline: later + 2}).get_effective_deadline(), later + 2);
    const child = Aiodrive.CancelScope.new(scope);
    assertEqual(child.get_effective_deadline(), later + 1);
    child.set_shielded(true);
    assertEqual(child.get_effective_deadline(), -1);
});

test('shielded', () => {
    const parent = Aiodrive.CancelScope.new(null);
    const scope = Aiodrive.CancelScope.new(parent);
    const notified = [];
    GObject.Object.prototype.connect.call(scope, 'notify::shielded', () => notified.push(scope.get_shielded()));
    scope.set_shielded(true);
    parent.cancel();
    assert(!scope.is_cancelled());
    scope.shielded = false;
    assert(scope.is_cancelled());
    assertEqual(notified, [true, false]);
});

test('leave', () => {
    const cancelled = newError('cancelled', Gio.IOErrorEnum.CANCELLED);

    const scope = Aiodrive.CancelScope.new(null);
    assert(scope.leave(null));
    assertRaises(() => scope.leave(newError()), Gio.IOErrorEnum.NOT_FOUND);
    assertRaises(() => scope.leave(cancelled), Gio.IOErrorEnum.CANCELLED);
    scope.cancel();
    assert(scope.leave(cancelled));

    assertRaises(() => Aiodrive.CancelScope.new_with_timeout(null, 0).leave(cancelled), Gio.IOErrorEnum.TIMED_OUT);
    settle();
});

runTests();
