// SPDX-License-Identifier: LGPL-2.1-or-later
// "for await" over queues, channels, ticks, maps and tasks.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertFails, failure, forever, gives, runTests, settle, test, throws} from './support.js';

const {CANCELLED, CLOSED} = Gio.IOErrorEnum;

async function all(iterator) {
    const items = [];
    for await (const item of iterator)
        items.push(item);
    return items;
}

for (const type of ['OrderedQueue', 'UnorderedQueue']) {
    test(type, async () => {
        const queue = new Aiodrive[type]();
        const item = [1];
        assertEqual(queue.try_get(), [false, undefined]);
        const waiting = queue.get_async();
        queue.put(0, item);
        assertEqual(await waiting, item);
        queue.put(1, undefined);
        assertEqual(queue.try_get(), [true, undefined]);
        [2, 3, 4].forEach(i => queue.put(i, `${i}`));
        assertEqual(queue.get_many(2), ['2', '3']);
        queue.close();
        assertEqual(await all(queue), ['4']);
        await assertFails(queue.get_async(), CLOSED);
    });

    test(`${type}: an error`, async () => {
        const queue = new Aiodrive[type]();
        const error = new Error('broken');
        queue.close_with_error(error);
        assertEqual(await failure(queue.get_async()), error);
        assertEqual(await failure(all(queue)), error);
        assertEqual(await failure((async () => queue.try_get())()), error);
        assertEqual(await failure((async () => queue.put(0, 'late'))()), error);
    });
}

test('indexes', async () => {
    const ordered = new Aiodrive.OrderedQueue();
    [2, 0, 1].forEach(i => ordered.put(i, i));
    ordered.close();
    assertEqual(await all(ordered), [0, 1, 2]);

    const unordered = new Aiodrive.UnorderedQueue();
    ['a', 'b'].forEach(item => unordered.put(item));
    unordered.close();
    assertEqual(await all(unordered), ['a', 'b']);
});

test('leaving a loop', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    queue.put('a');
    queue.put('b');
    for await (const item of queue) {
        assertEqual(item, 'a');
        break;
    }
    assertEqual(await queue.get_async(), 'b');
});

test('a loop, cancelled', async () => {
    const cancellable = new Gio.Cancellable();
    for (const iterator of [new Aiodrive.UnorderedQueue(), Aiodrive.Channel.new(1),
        Aiodrive.as_completed([forever])]) {
        const loop = failure(all(iterator.iterate(cancellable)));
        await settle();
        cancellable.cancel();
        assert((await loop).matches(Gio.IOErrorEnum, CANCELLED));
    }
});

test('channel', async () => {
    const channel = Aiodrive.Channel.new(1);
    const items = [[0], undefined, new Map()];
    const sending = Aiodrive.spawn(async cancellable => {
        for (const item of items)
            await channel.send_async(item, cancellable);
        channel.close_send();
    });
    const received = [];
    for await (const item of channel)
        received.push(item);
    assertEqual(received, items);
    await sending;
});

test('channel, at once', async () => {
    const channel = Aiodrive.Channel.new(2);
    const item = [1];
    assert(channel.try_send(item));
    channel.send(null, null);
    assert(!channel.try_send(item));
    assertEqual(channel.try_receive(), [true, item]);
    assertEqual(channel.receive(null), null);
    assertEqual(channel.try_receive(), [false, undefined]);
    const waiting = channel.receive_async();
    channel.try_send(item);
    assertEqual(await waiting, item);
    const error = new Error('broken');
    channel.close_with_error(error);
    assertEqual(await failure(channel.receive_async()), error);
    for (const use of [() => channel.receive(null), () => channel.try_receive(), () => channel.send('late', null),
        () => channel.try_send('late')])
        assertEqual(await failure((async () => use())()), error);

    const roomy = Aiodrive.Channel.new(1);
    roomy.send([1], null);
    assertEqual(roomy.receive(null), [1]);
});

test('repeat_periodically', async () => {
    const ticks = Aiodrive.repeat_periodically(1);
    const seen = [];
    for await (const n of ticks) {
        seen.push(n);
        if (n === 2)
            break;
    }
    assertEqual(seen, [0, 1, 2]);
    assertEqual(await ticks.next_async(), [false, undefined]);

    const cancellable = new Gio.Cancellable();
    const loop = failure((async () => {
        for await (const n of Aiodrive.repeat_periodically(3600000, cancellable))
            assertEqual(n, 0);
    })());
    await settle();
    cancellable.cancel();
    assert((await loop).matches(Gio.IOErrorEnum, CANCELLED));
});

test('as_completed', async () => {
    const error = new Error('broken');
    const seen = [];
    for await (const task of Aiodrive.as_completed([gives('slow', 20), gives('fast'), throws(error, 5)]))
        seen.push(await task.catch(e => e));
    assertEqual(seen, ['fast', error, 'slow']);
});

test('as_completed, left', async () => {
    const slow = Aiodrive.spawn(forever);
    for await (const task of Aiodrive.as_completed([slow, gives('x')])) {
        assertEqual(await task, 'x');
        break;
    }
    await assertFails(slow, CANCELLED);
});

test('map', async () => {
    const items = [[5], [3], [0]];
    const job = async ([delay], cancellable) => {
        await Aiodrive.sleep(delay, cancellable);
        return new Map([['delay', delay]]);
    };
    const delays = async options => (await all(Aiodrive.map(items, job, options))).map(map => map.get('delay'));
    assertEqual(await delays(), [5, 3, 0]);
    assertEqual(await delays({max_concurrent: 3}), [5, 3, 0]);
    assertEqual((await delays({max_concurrent: 3, ordered: false})).sort(), [0, 3, 5]);
});

test('map of a queue', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    queue.put(undefined);
    queue.close();
    assertEqual(await all(Aiodrive.map(queue, async item => item)), [undefined]);
});

test('map of a generator', async () => {
    let ended = 0;
    async function *count(n, error) {
        try {
            for (let i = 0; i < n; i++)
                yield i;
            if (error)
                throw error;
        } finally {
            ended++;
        }
    }
    const double = async i => i * 2;
    assertEqual(await all(Aiodrive.map(count(3), double, {max_concurrent: 2})), [0, 2, 4]);
    assertEqual(ended, 1);
    const error = new Error('broken');
    assertEqual(await failure(all(Aiodrive.map(count(2, error), double))), error);
    assertEqual(ended, 2);
    assertEqual(await failure(all(Aiodrive.map(count(100), (item, c) => throws(error)(c)))), error);
    for await (const item of Aiodrive.map(count(100), double)) {
        if (item === 4)
            break;
    }
    while (ended < 4)
        await settle();
});

test('map fails', async () => {
    const error = new Error('broken');
    const seen = [];
    const mapped = Aiodrive.map([0, 1, 2, 3], async (item, cancellable) => {
        if (item === 1)
            throw error;
        if (item > 1)
            await forever(cancellable).finally(() => seen.push('cancelled'));
        return item;
    }, {max_concurrent: 3});
    const items = [];
    assertEqual(await failure((async () => {
        for await (const item of mapped)
            items.push(item);
    })()), error);
    assertEqual(items, [0]);
    assert(seen.length > 0);
});

test('several jobs of a map fail', async () => {
    const errors = [new Error('first'), new Error('second')];
    const mapped = Aiodrive.map([0, 1], async (item, cancellable) => {
        if (item === 1)
            await forever(cancellable).catch(() => {});
        throw errors[item];
    }, {max_concurrent: 2});
    const failed = await failure(mapped.next_async());
    assert(failed instanceof AggregateError);
    assertEqual(failed.errors[0], errors[0]);
    assertEqual(failed.errors[1], errors[1]);
});

runTests();
