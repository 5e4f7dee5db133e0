// SPDX-License-Identifier: LGPL-2.1-or-later
// Locks, their guards, the limiter and the condition.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import System from 'system';

import {assert, assertEqual, assertRaises, assertRefused, call, iterateUntil, pending, runTests, settle, spawn, test}
    from './support.js';

const {CANCELLED, INVALID_ARGUMENT} = Gio.IOErrorEnum;
const {EXCLUSIVE, SHARED, THREAD_SHARED, WEAK_EXCLUSIVE} = Aiodrive.LockMode;
const MODES = {exclusive: EXCLUSIVE, shared: SHARED, thread_shared: THREAD_SHARED, weak_exclusive: WEAK_EXCLUSIVE};

// Begins an asynchronous method; gives a function that waits for it, and finishes it.
function begin(object, name, ...args) {
    const wait = pending(object[`${name}_async`].bind(object), ...args);
    return () => object[`${name}_finish`](wait()[1]);
}

// A guard that nobody released would open its lock when it is collected.
function assertOpen(lock) {
    const guard = lock.try_acquire(EXCLUSIVE);
    assert(guard !== null);
    guard.release();
}

test('modes', () => {
    const lock = Aiodrive.SmartLock.new();
    for (const mode of Object.values(MODES)) {
        for (const get of [
            () => lock.acquire(mode, 0, null),
            () => begin(lock, 'acquire', mode, 0, null)(),
            () => lock.try_acquire(mode),
        ]) {
            const guard = get();
            assert(guard instanceof Aiodrive.LockGuard);
            for (const other of Object.values(MODES)) {
                const second = lock.try_acquire(other);
                assertEqual(second !== null, other === mode && [SHARED, THREAD_SHARED].includes(mode));
                second?.release();
            }
            guard.release();
            guard.release();
            assertOpen(lock);
        }
    }
});

test('order', () => {
    const lock = new Aiodrive.SmartLock();
    let guard = lock.acquire(EXCLUSIVE, 0, null);
    const waits = [0, 0, -1].map(priority => begin(lock, 'acquire', EXCLUSIVE, priority, null));
    for (const i of [2, 0, 1]) {
        guard.release();
        guard = waits[i]();
        assertEqual(lock.try_acquire(EXCLUSIVE), null);
    }
    guard.release();
});

test('collected', () => {
    const lock = Aiodrive.SmartLock.new();
    (() => lock.acquire(EXCLUSIVE, 0, null))();
    const next = begin(lock, 'acquire', EXCLUSIVE, 0, null);
    System.gc();
    next().release();
    assertOpen(lock);
});

// A guard of JavaScript's has a reference of its own: what a script does to the count harms nobody.
test('references', () => {
    const lock = Aiodrive.SmartLock.new();
    const guard = lock.acquire(EXCLUSIVE, 0, null);
    guard.unref();
    guard.ref();
    System.gc();
    assertEqual(lock.try_acquire(EXCLUSIVE), null);
    guard.release();
    assertOpen(lock);
});

test('cancelled', () => {
    const lock = Aiodrive.SmartLock.new();
    const guard = lock.acquire(SHARED, 0, null);
    const cancellable = new Gio.Cancellable();
    const writer = begin(lock, 'acquire', EXCLUSIVE, 0, cancellable);
    const reader = begin(lock, 'acquire', SHARED, 0, null);
    settle();
    cancellable.cancel();
    assertRaises(writer, CANCELLED);
    reader().release();
    assertRaises(() => lock.acquire(EXCLUSIVE, 0, cancellable), CANCELLED);
    assertRaises(() => lock.acquire(EXCLUSIVE, 0, Aiodrive.CancelScope.new_with_timeout(null, 1)), CANCELLED);
    guard.release();
    assertOpen(lock);
});

test('weak', () => {
    const lock = Aiodrive.SmartLock.new();
    const parent = new Gio.Cancellable();
    const guard = lock.acquire(WEAK_EXCLUSIVE, 0, parent);
    const scope = guard.get_scope();
    assertEqual(scope.get_parent(), parent);
    assert(!scope.is_cancelled());
    const next = begin(lock, 'acquire', SHARED, 0, null);
    assert(scope.is_cancelled());
    assert(scope.dup_reason().matches(Aiodrive.Error, Aiodrive.Error.PREEMPTED));
    assert(!parent.is_cancelled());
    guard.release();
    next().release();
});

// GJS refuses what is no mode before it comes to us.
test('wrong mode', () => {
    const lock = Aiodrive.SmartLock.new();
    for (const wrong of [4, -1]) {
        assertRefused(() => lock.try_acquire(wrong));
        assertRefused(() => lock.acquire(wrong, 0, null));
        assertRefused(() => lock.acquire_async(wrong, 0, null, null));
    }
    assertOpen(lock);
});

test('nesting', () => {
    const lock = Aiodrive.NestableLock.new();
    const seen = [];
    const acquire = (task, cancellable, name, then) => lock.acquire_async(cancellable, (source, result) => {
        const guard = lock.acquire_finish(result);
        seen.push(name);
        then(guard);
    });
    const leaf = name => (task, cancellable) => acquire(task, cancellable, name, guard => {
        guard.release();
        task.return_boolean(true);
    });
    const parent = spawn((task, cancellable) => acquire(task, cancellable, 'parent', guard => {
        const child = Aiodrive.spawn(cancellable, leaf('child'));
        Aiodrive.wait_task_async(child, null, () => {
            guard.release();
            task.return_boolean(true);
        });
    }));
    const stranger = spawn(leaf('stranger'));
    Aiodrive.run(parent);
    Aiodrive.run(stranger);
    assertEqual(seen, ['parent', 'child', 'stranger']);
});

test('limiter', () => {
    const limiter = Aiodrive.Limiter.new(2);
    const seen = [];
    limiter.connect('notify::capacity', () => seen.push(limiter.get_capacity()));
    const guards = [limiter.try_acquire(), limiter.acquire(null)];
    assertEqual(limiter.try_acquire(), null);
    const waits = [0, 1, 2].map(() => begin(limiter, 'acquire', null));
    settle();
    limiter.set_capacity(3);
    guards.push(waits[0]());
    limiter.capacity = 4;
    guards.push(waits[1]());
    assertEqual(limiter.try_acquire(), null);
    guards.pop().release();
    guards.push(waits[2]());
    assertEqual(seen, [3, 4]);
    guards.forEach(guard => guard.release());

    limiter.set_capacity(0);
    assertEqual(limiter.try_acquire(), null);
    assertRaises(() => limiter.acquire(Aiodrive.CancelScope.new_with_timeout(null, 1)), CANCELLED);
    assertRefused(() => Aiodrive.Limiter.new(-1));
});

test('condition', () => {
    const lock = Aiodrive.SmartLock.new();
    const condition = Aiodrive.Condition.new();
    const guards = [], results = [];
    for (let i = 0; i < 4; i++) {
        guards.push(lock.acquire(EXCLUSIVE, 0, null));
        condition.wait_async(guards[i], null, (source, result) => results.push(result));
    }
    let n = 0;
    for (const [wake, count] of [['signal', 1], ['signal', 1], ['broadcast', 2]]) {
        condition[wake]();
        for (let i = 0; i < count; i++) {
            iterateUntil(() => results.length > n);
            assert(condition.wait_finish(results[n]));
            assertEqual(lock.try_acquire(SHARED), null);
            guards[n++].release();
        }
        settle();
        assertEqual(results.length, n);
    }
    condition.signal();
    condition.broadcast();
    assertOpen(lock);
});

test('condition, cancelled', () => {
    const limiter = Aiodrive.Limiter.new(1);
    const condition = new Aiodrive.Condition();
    const guard = limiter.try_acquire();
    const cancellable = new Gio.Cancellable();
    const wait = begin(condition, 'wait', guard, cancellable);
    const other = limiter.try_acquire();
    cancellable.cancel();
    settle();
    other.release();
    assertRaises(wait, CANCELLED);
    assertEqual(limiter.try_acquire(), null);
    guard.release();
    assertRaises(begin(condition, 'wait', guard, null), INVALID_ARGUMENT);
    assertRefused(() => condition.wait_async(null, null, null));
});

runTests();
