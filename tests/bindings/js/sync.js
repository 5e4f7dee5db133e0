// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';

import {
    assert, assertEqual, assertRaises, assertRefused, boxed, call, newError, pending, runTests, settle, test
} from './support.js';

const freight = () => boxed(GObject.TYPE_STRING, 'freight');

function newLatchThatIsSet() {
    const latch = Aiodrive.Latch.new();
    latch.set();
    return latch;
}

// How each is made, woken and waited for, and what the wait gives.
const WAITS = [
    [() => new Aiodrive.Button(), button => button.press(), 'wait', true],
    [() => new Aiodrive.Cargo(), cargo => cargo.send(freight()), 'wait', 'freight'],
    [() => new Aiodrive.Latch(), latch => latch.set(), 'wait', [true, true]],
    [() => new Aiodrive.Latch(), latch => latch.set(), 'wait_set', true],
    [newLatchThatIsSet, latch => latch.unset(), 'wait_unset', true],
    [() => new Aiodrive.ThreadSafeEvent(), event => event.set(), 'wait', true],
    [() => new Aiodrive.ThreadSafeFuture(), future => future.set_value(freight()), 'wait', 'freight'],
];

function begin(primitive, wait, cancellable) {
    const end = pending(callback => primitive[`${wait}_async`](cancellable, callback));
    return () => {
        const [source, result] = end();
        assertEqual(source, primitive);
        return primitive[`${wait}_finish`](result);
    };
}

test('woken', () => {
    for (const [make, wake, wait, expected] of WAITS) {
        const primitive = make();
        const ends = [1, 2, 3].map(() => begin(primitive, wait, null));
        settle();
        wake(primitive);
        ends.forEach(end => assertEqual(end(), expected));
    }
});

test('had_error', () => {
    const latch = new Aiodrive.Latch();
    const cancellable = new Gio.Cancellable();
    const ends = [cancellable, null].map(c => pending(callback => latch.wait_async(c, callback)));
    cancellable.cancel();
    latch.set();
    assertEqual(ends.map(end => Aiodrive.result_had_error(end()[1])), [true, false]);
});

test('cancelled', () => {
    for (const [make, wake, wait, expected] of WAITS) {
        const primitive = make();
        const before = new Gio.Cancellable(), whileWaiting = new Gio.Cancellable(), afterwards = new Gio.Cancellable();
        before.cancel();
        const ends = [before, whileWaiting, afterwards].map(cancellable => begin(primitive, wait, cancellable));
        settle();
        whileWaiting.cancel();
        wake(primitive);
        afterwards.cancel();
        assertRaises(ends[0], Gio.IOErrorEnum.CANCELLED);
        assertRaises(ends[1], Gio.IOErrorEnum.CANCELLED);
        assertEqual(ends[2](), expected);
    }
});

test('latch', () => {
    const latch = Aiodrive.Latch.new();
    const notified = [];
    latch.connect('notify::state', () => notified.push(latch.get_state()));
    latch.set();
    latch.set_state(true);
    latch.set_state(false);
    latch.state = true;
    latch.unset();
    assert(!latch.state);
    assertEqual(notified, [true, false, true, false]);
});

test('event', () => {
    const event = Aiodrive.ThreadSafeEvent.new();
    assert(!event.is_set());
    event.set();
    assert(event.is_set());
    assert(event.wait(null));
    event.clear();
    assert(!event.is_set());
    assertRaises(() => event.wait(Aiodrive.CancelScope.new_with_timeout(null, 1)), Gio.IOErrorEnum.CANCELLED);
});

test('remember nothing', () => {
    for (const primitive of [Aiodrive.Button.new(), Aiodrive.Cargo.new()]) {
        const wake = () => primitive.press ? primitive.press() : primitive.send(freight());
        let ended = false;
        wake();
        primitive.wait_async(null, () => (ended = true));
        settle();
        assert(!ended);
        wake();
        settle();
        assert(ended);
    }
});

test('values', () => {
    for (const [type, content] of [[GObject.TYPE_INT64, 2 ** 40], [GObject.TYPE_STRING, null],
        [GObject.TYPE_DOUBLE, 0.5], [GObject.TYPE_OBJECT, new Gio.Cancellable()]]) {
        const cargo = new Aiodrive.Cargo(), future = new Aiodrive.ThreadSafeFuture();
        const ends = [cargo, cargo, future, future].map(primitive => begin(primitive, 'wait', null));
        assert(cargo.send(boxed(type, content)));
        assert(future.set_value(boxed(type, content)));
        ends.forEach(end => assertEqual(end(), content));
        assertEqual(future.wait(null), content);
    }

    // what is no GValue becomes one
    const cargo = new Aiodrive.Cargo();
    const end = begin(cargo, 'wait', null);
    cargo.send('plain');
    assertEqual(end(), 'plain');
});

test('no type', () => {
    const cargo = new Aiodrive.Cargo(), future = new Aiodrive.ThreadSafeFuture();
    for (const send of [value => cargo.send(value), value => future.set_value(value)]) {
        assertRaises(() => send(new GObject.Value()), Gio.IOErrorEnum.INVALID_ARGUMENT);
        assertRefused(() => send());
    }
    assert(!future.is_done());
});

test('once', () => {
    const ways = [
        [future => future.set_value(freight()), null],
        [future => future.set_error(newError('not there')), Gio.IOErrorEnum.NOT_FOUND],
        [future => future.cancel(), Gio.IOErrorEnum.CANCELLED],
    ];
    for (const [first, code] of ways) {
        const future = Aiodrive.ThreadSafeFuture.new();
        const end = begin(future, 'wait', null);
        assert(!future.is_done());
        first(future);
        assert(future.is_done());
        for (const [second] of ways)
            assertRaises(() => second(future), Gio.IOErrorEnum.EXISTS);
        for (const get of [end, () => future.wait(null)]) {
            if (code === null)
                assertEqual(get(), 'freight');
            else
                assertRaises(get, code);
        }
    }
});

test('blocking deadline', () => {
    const future = new Aiodrive.ThreadSafeFuture();
    assertRaises(() => future.wait(Aiodrive.CancelScope.new_with_timeout(null, 1)), Gio.IOErrorEnum.CANCELLED);
    future.set_value(freight());
    assertEqual(future.wait(null), 'freight');
});

test('the waiter keeps what it waits for', () => {
    const [source, result] = call(callback => {
        const button = new Aiodrive.Button();
        button.wait_async(null, callback);
        button.press();
    });
    assert(source.wait_finish(result));
});

runTests();
