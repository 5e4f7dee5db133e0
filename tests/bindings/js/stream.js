// SPDX-License-Identifier: LGPL-2.1-or-later
// Queues and channels.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';
import System from 'system';

import {assert, assertEqual, assertRaises, boxed, call, newError, pending, runTests, settle, test} from './support.js';

const {CANCELLED, CLOSED, EXISTS, INVALID_ARGUMENT, NOT_FOUND} = Gio.IOErrorEnum;

const inBoth = body => () => [Aiodrive.OrderedQueue, Aiodrive.UnorderedQueue].forEach(body);

// Binds the methods that begin and end a call, and waits for it.
function wait(object, name, ...args) {
    const [, result] = call(object[`${name}_async`].bind(object), ...args);
    return object[`${name}_finish`](result);
}

test('values of queues', inBoth(Queue => {
    const queue = Queue.new();
    const cancellable = new Gio.Cancellable();
    [1, 'two', 3.5, true, cancellable, boxed(GObject.TYPE_INT64, 6)].forEach((value, i) => assert(queue.put(i, value)));
    assertEqual(queue.n_items, 6);
    assert(!queue.is_empty());
    assertEqual(wait(queue, 'get', null), 1);
    assertEqual(queue.try_get(), [true, 'two']);
    assertEqual(queue.get_many(2), [3.5, true]);
    assertEqual(queue.get_many(0), [cancellable, 6]);
    assertEqual(queue.get_many(0), []);
    assertEqual(queue.try_get(), [false, false]);
    assert(queue.is_empty());
}));

test('waiting for an item', inBoth(Queue => {
    const queue = new Queue();
    const cancellable = new Gio.Cancellable();
    const [cancelled, first, second] =
        [cancellable, null, null].map(one => pending(queue.get_async.bind(queue), one));
    cancellable.cancel();
    queue.put(0, 'first');
    assertRaises(() => queue.get_finish(cancelled()[1]), CANCELLED);
    assertEqual(queue.get_finish(first()[1]), 'first');
    queue.close();
    assertRaises(() => queue.get_finish(second()[1]), CLOSED);
    assertRaises(() => queue.put(1, 'late'), CLOSED);
    assertRaises(() => queue.try_get(), CLOSED);
}));

test('the number of items', inBoth(Queue => {
    const queue = new Queue();
    const counts = [];
    queue.connect('notify::n-items', () => counts.push(queue.n_items));
    queue.put(0, 'a');
    queue.put(1, 'b');
    queue.try_get();
    assertEqual(counts, [1, 2, 1]);
}));

test('order', () => {
    const queue = new Aiodrive.OrderedQueue();
    [3, 1, 0].forEach(index => queue.put(index, index));
    assertEqual(queue.get_many(0), [0, 1]);
    assertRaises(() => queue.put(0, 'again'), INVALID_ARGUMENT);
    assertRaises(() => queue.put(-1, 'again'), INVALID_ARGUMENT);
    assertRaises(() => queue.put(3, 'again'), EXISTS);
    assertRaises(() => queue.put(2, new GObject.Value()), INVALID_ARGUMENT);
});

// The collector takes what it finds on the stack for references: the last results may be there yet.
test('dropped', inBoth(Queue => {
    const queue = new Queue();
    for (let i = 0; i < 20; i++)
        queue.put(i, i);
    for (let i = 0; i < 20; i++)
        call(queue.get_async.bind(queue), null);
    while (queue.n_items < 10) {
        System.gc();
        settle();
    }
    const back = queue.get_many(10);
    assertEqual(back, [...back].sort((a, b) => a - b));
}));

test('iteration', inBoth(Queue => {
    const queue = new Queue();
    assert(queue instanceof Aiodrive.Queue);
    assert(queue instanceof Aiodrive.AsyncIterator);
    queue.put(0, 'a');
    assertEqual(wait(queue, 'next', null), [true, 'a']);
    assert(wait(queue, 'close', null));
    assertEqual(wait(queue, 'next', null), [false, false]);
}));

test('failed', inBoth(Queue => {
    const queue = new Queue();
    queue.close_with_error(newError('it broke'));
    assertEqual(assertRaises(() => wait(queue, 'next', null), NOT_FOUND).message, 'it broke');
}));

test('channel', () => {
    const channel = Aiodrive.Channel.new(1);
    assertEqual(channel.capacity, 1);
    assert(channel.try_send('a'));
    assert(!channel.try_send('b'));
    const sent = pending(channel.send_async.bind(channel), 'b', null);
    assertEqual(channel.n_items, 1);
    assertEqual(channel.try_receive(), [true, 'a']);
    assert(channel.send_finish(sent()[1]));
    assertEqual(wait(channel, 'receive', null), 'b');
    assertEqual(channel.try_receive(), [false, false]);
});

test('channel, blocking', () => {
    const channel = new Aiodrive.Channel({capacity: 1});
    assert(channel.send('x', null));
    assertRaises(() => channel.send('y', Aiodrive.CancelScope.new_with_timeout(null, 1)), CANCELLED);
    assertEqual(channel.receive(null), 'x');
    assertRaises(() => channel.receive(Aiodrive.CancelScope.new_with_timeout(null, 1)), CANCELLED);
});

test('channel, closed', () => {
    let channel = Aiodrive.Channel.new(1);
    channel.try_send('a');
    const sent = pending(channel.send_async.bind(channel), 'b', null);
    channel.close_send();
    assertRaises(() => channel.send_finish(sent()[1]), CLOSED);
    assertEqual(wait(channel, 'next', null), [true, 'a']);
    assertEqual(wait(channel, 'next', null), [false, false]);

    channel = Aiodrive.Channel.new(1);
    channel.try_send('a');
    channel.close_receive();
    assertRaises(() => channel.try_receive(), CLOSED);

    channel = Aiodrive.Channel.new(1);
    channel.close_with_error(newError());
    assertRaises(() => channel.receive(null), NOT_FOUND);
    assertRaises(() => channel.try_send('x'), NOT_FOUND);
});

runTests();
