// SPDX-License-Identifier: LGPL-2.1-or-later
// Latches, locks and the like as promises and blocks.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertFails, failure, forever, runTests, settle, test} from './support.js';

const {CANCELLED, NOT_FOUND} = Gio.IOErrorEnum;
const {EXCLUSIVE} = Aiodrive.LockMode;

function assertOpen(lock) {
    const guard = lock.try_acquire(EXCLUSIVE);
    assert(guard !== null, 'the lock is held');
    guard.release();
}

test('button, event', async () => {
    const button = new Aiodrive.Button();
    const pressed = button.wait_async();
    button.press();
    assertEqual(await pressed, undefined);

    const event = new Aiodrive.ThreadSafeEvent();
    const set = event.wait_async();
    event.set();
    await set;
    await event.wait_async();
    event.wait(null);
});

test('latch', async () => {
    const latch = new Aiodrive.Latch();
    const waits = [latch.wait_async(), latch.wait_set_async()];
    latch.set();
    assertEqual(await Promise.all(waits), [true, undefined]);
    const unset = [latch.wait_async(), latch.wait_unset_async()];
    latch.unset();
    assertEqual(await Promise.all(unset), [false, undefined]);
    for (const state of [true, false]) {
        latch.toggle(state);
        assertEqual(latch.is_set(), state);
    }
});

test('cargo', async () => {
    const cargo = new Aiodrive.Cargo();
    const waits = [cargo.wait_async(), cargo.wait_async()];
    const value = [1];
    cargo.send(value);
    assertEqual(await Promise.all(waits), [value, value]);
});

test('cancelled', async () => {
    const cancellable = new Gio.Cancellable();
    const latch = new Aiodrive.Latch();
    const waits = [new Aiodrive.Button(), new Aiodrive.Cargo(), latch, new Aiodrive.ThreadSafeEvent(),
        new Aiodrive.ThreadSafeFuture()].map(one => failure(one.wait_async(cancellable)));
    await settle();
    cancellable.cancel();
    for (const wait of waits)
        assert((await wait).matches(Gio.IOErrorEnum, CANCELLED));
});

test('with a callback', async () => {
    const latch = new Aiodrive.Latch();
    const ended = new Promise(resolve => latch.wait_async(null, (source, result) =>
        resolve([source, latch.wait_finish(result)])));
    latch.set();
    const [source, [ok, state]] = await ended;
    assertEqual(source, latch);
    assert(ok && state);
});

test('future', async () => {
    const future = new Aiodrive.ThreadSafeFuture();
    const value = new Map();
    const waits = [future, future.wait_async(), future.finally(() => {})];
    future.set_value(value);
    assert((await Promise.all(waits)).every(one => one === value));
    assertEqual(future.wait(null), value);

    const failed = new Aiodrive.ThreadSafeFuture();
    const error = new Error('broken');
    failed.set_error(error);
    assertEqual(await failure(failed), error);
    assertEqual(await failed.catch(e => e), error);
    assertEqual(await failure((async () => failed.wait(null))()), error);
});

for (const name of ['exclusive', 'shared', 'thread_shared', 'weak_exclusive']) {
    test(name, async () => {
        const lock = new Aiodrive.SmartLock();
        const value = await lock[name](async (cancellable, guard) => {
            assert(cancellable instanceof Aiodrive.CancelScope);
            assert(guard instanceof Aiodrive.LockGuard);
            assertEqual(lock.try_acquire(EXCLUSIVE), null);
            return ['held'];
        });
        assertEqual(value, ['held']);
        assertOpen(lock);

        const error = new Error('inside');
        assertEqual(await failure(lock[name](() => {
            throw error;
        })), error);
        assertOpen(lock);

        const guard = await lock[`${name}_async`]();
        try {
            assertEqual(lock.try_acquire(EXCLUSIVE), null);
        } finally {
            guard.release();
        }
        lock[name](null).release();
        assertOpen(lock);
    });
}

test('one after the other', async () => {
    const lock = new Aiodrive.SmartLock();
    const seen = [];
    await Aiodrive.try_all(['a', 'b', 'c'].map(name => c => lock.exclusive(async cancellable => {
        seen.push(name);
        await Aiodrive.sleep(1, cancellable);
        seen.push(name);
    }, c)));
    assertEqual(seen, ['a', 'a', 'b', 'b', 'c', 'c']);
});

test('a block, cancelled', async () => {
    const lock = new Aiodrive.SmartLock();
    const parent = new Gio.Cancellable();
    const inside = failure(lock.exclusive(forever, parent));
    const waiting = failure(lock.exclusive(forever, parent));
    await settle();
    parent.cancel();
    for (const wait of [inside, waiting])
        assert((await wait).matches(Gio.IOErrorEnum, CANCELLED));
    assertOpen(lock);
});

test('a weak lock', async () => {
    const lock = new Aiodrive.SmartLock();
    const weak = failure(lock.weak_exclusive(forever));
    await settle();
    assertEqual(await lock.exclusive(() => 'strong'), 'strong');
    assert((await weak).matches(Aiodrive.Error, Aiodrive.Error.PREEMPTED));
});

test('priority', async () => {
    const lock = new Aiodrive.SmartLock();
    const guard = await lock.acquire_async(EXCLUSIVE, 0);
    const seen = [];
    const waits = [0, -1].map(async priority => {
        const mine = await lock.acquire_async(EXCLUSIVE, priority);
        seen.push(priority);
        mine.release();
    });
    guard.release();
    await Promise.all(waits);
    assertEqual(seen, [-1, 0]);
});

test('nesting', async () => {
    const lock = new Aiodrive.NestableLock();
    const seen = [];
    await Aiodrive.try_all([
        c => lock.acquire(async () => {
            seen.push('outer');
            await Aiodrive.spawn(inner => lock.acquire(() => seen.push('inner'), inner), c);
            await Aiodrive.sleep(1);
            seen.push('outer');
        }, c),
        c => lock.acquire(() => seen.push('stranger'), c),
    ]);
    assertEqual(seen, ['outer', 'inner', 'outer', 'stranger']);
    (await lock.acquire_async()).release();
});

test('limiter', async () => {
    const limiter = Aiodrive.Limiter.new(2);
    let running = 0, peak = 0;
    await Aiodrive.try_all(Array.from({length: 6}, () => c => limiter.acquire(async () => {
        peak = Math.max(peak, ++running);
        await Aiodrive.sleep(1);
        running--;
    }, c)));
    assertEqual(peak, 2);
    limiter.acquire(null).release();
});

test('condition', async () => {
    const lock = new Aiodrive.SmartLock();
    const condition = new Aiodrive.Condition();
    let ready = false;
    const waiting = lock.exclusive(async (cancellable, guard) => {
        while (!ready)
            await condition.wait_async(guard, cancellable);
        assertEqual(lock.try_acquire(EXCLUSIVE), null);
        return 'woken';
    });
    await settle();
    await lock.exclusive(() => (ready = true));
    condition.signal();
    assertEqual(await waiting, 'woken');
    assertOpen(lock);
});

test('a file that is not there', async () => {
    const future = new Aiodrive.ThreadSafeFuture();
    const file = Gio.File.new_for_path('/nowhere/at/all');
    await Aiodrive.call(file, 'load_contents').catch(error => future.set_error(error));
    await assertFails(future, NOT_FOUND);
});

runTests();
