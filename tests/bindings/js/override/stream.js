// SPDX-License-Identifier: LGPL-2.1-or-later
// "for await" over queues, channels, ticks, maps and tasks.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {
    assert, assertEqual, assertFails, assertThrows, failure, forever, gives, runTests, settle, test, throws
} from './support.js';

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

// one after the other
const ONE = {max_concurrent: 1};

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

test('as_completed takes additions', async () => {
    const completed = Aiodrive.as_completed([gives(1)]);
    const seen = [];
    for await (const task of completed) {
        seen.push(await task);
        if (seen.length < 4)
            completed.add(gives(seen.length + 1, 1));
    }
    assertEqual(seen, [1, 2, 3, 4]);
    const error = await failure((async () => completed.add(gives(1)))());
    assert(error instanceof GLib.Error);
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CLOSED));
    await assertThrows(() => completed.add(5), TypeError, 'expected a function');
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
    const delays = async options => (await all(Aiodrive.map(job, items, options))).map(map => map.get('delay'));
    assertEqual(await delays(), [5, 3, 0]);
    assertEqual(await delays({max_concurrent: 3}), [5, 3, 0]);
    assertEqual((await delays({max_concurrent: 3, ordered: false})).sort(), [0, 3, 5]);
});

test('map of a queue', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    queue.put(undefined);
    queue.close();
    assertEqual(await all(Aiodrive.map(async item => item, queue)), [undefined]);
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
    assertEqual(await all(Aiodrive.map(double, count(3), {max_concurrent: 2})), [0, 2, 4]);
    assertEqual(ended, 1);
    const error = new Error('broken');
    assertEqual(await failure(all(Aiodrive.map(double, count(2, error)))), error);
    assertEqual(ended, 2);
    assertEqual(await failure(all(Aiodrive.map((item, c) => throws(error)(c), count(100), ONE))), error);
    for await (const item of Aiodrive.map(double, count(100))) {
        if (item === 4)
            break;
    }
    assertEqual(ended, 4);
});

// Both are endless; they tell how many items were taken, and whether they have been cleaned up.
function *counting(seen) {
    try {
        for (;;)
            yield seen.taken++;
    } finally {
        seen.cleaned = true;
    }
}

async function *countingSlowly(seen) {
    try {
        for (;;)
            yield seen.taken++;
    } finally {
        await Aiodrive.sleep(5);
        seen.cleaned = true;
    }
}

for (const count of [counting, countingSlowly]) {
    test(`map is lazy: ${count.name}`, async () => {
        const seen = {taken: 0, cleaned: false};
        const mapped = Aiodrive.map(async n => n, count(seen), {max_concurrent: 3});
        await settle();
        assertEqual(seen.taken, 0);
        assertEqual(await mapped.next_async(), [true, 0]);
        await settle();
        assertEqual(seen.taken, 5);   // one was given, three have run, one is next
        await mapped.close_async();
        assert(seen.cleaned);
        assertEqual(await mapped.next_async(), [false, undefined]);
    });

    test(`map waits for its source: ${count.name}`, async () => {
        const seen = {taken: 0, cleaned: false};
        const inner = Aiodrive.map(async n => n * 2, count(seen));
        for await (const n of Aiodrive.map(async m => m + 1, inner)) {
            if (n === 5)
                break;
        }
        assert(seen.cleaned);

        seen.cleaned = false;
        const error = new Error('broken');
        assertEqual(await failure(all(Aiodrive.map(() => Promise.reject(error), count(seen), ONE))), error);
        assert(seen.cleaned);

        seen.cleaned = false;
        await Aiodrive.map(async n => n, count(seen)).close_async();
        assert(!seen.cleaned);   // it was never begun
    });
}

test('map of what is iterated elsewhere', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    queue.put('a');
    for await (const item of Aiodrive.map(async item => item, queue.iterate())) {
        assertEqual(item, 'a');
        break;
    }
    queue.put('b');
    assertEqual(await queue.get_async(), 'b');
});

test('map of an iterator that fails', async () => {
    const error = new Error('broken');
    const fails = body => ({[Symbol.iterator]: () => body});
    const first = {done: false, value: 'first'};
    const throwing = () => {
        throw error;
    };
    let steps = 0;
    const job = async item => item;
    const seen = [];
    assertEqual(await failure((async () => {
        for await (const item of Aiodrive.map(job, fails({next: () => steps++ ? throwing() : first})))
            seen.push(item);
    })()), error);
    assertEqual(seen, ['first']);
    const unclean = Aiodrive.map(job, fails({next: () => first, return: throwing}));
    await unclean.next_async();
    assertEqual(await failure(unclean.close_async()), error);
});

test('the source of a map fails while jobs run', async () => {
    const error = new Error('broken');
    const queue = new Aiodrive.UnorderedQueue();
    queue.put('first');
    queue.put('second');
    queue.close_with_error(error);
    function *fails() {
        yield* ['first', 'second'];
        throw error;
    }
    for (const source of [queue, fails()]) {
        const seen = [];
        assertEqual(await failure((async () => {
            for await (const item of Aiodrive.map((item, c) => gives(item, 20)(c), source, {max_concurrent: 3}))
                seen.push(item);
        })()), error);
        assertEqual(seen, ['first', 'second']);
    }
});

test('closing a map, cancelled', async () => {
    const cleaned = new Aiodrive.Latch();
    async function *count() {
        try {
            yield 1;
        } finally {
            await cleaned.wait_set_async();
        }
    }
    const mapped = Aiodrive.map(async item => item, count());
    await mapped.next_async();
    const cancellable = new Gio.Cancellable();
    const closing = mapped.close_async(cancellable);
    await settle();
    cancellable.cancel();
    await assertFails(closing, CANCELLED);
    const again = mapped.close_async(null);
    cleaned.set();
    assertEqual(await again, undefined);
});

test('map of promises', async () => {
    const promises = [Promise.resolve('a'), Aiodrive.spawn(gives('b'))];
    const seen = [];
    await all(Aiodrive.map(item => void seen.push(item), promises));
    assertEqual(seen, promises);
});

test('map fails', async () => {
    const error = new Error('broken');
    const seen = [];
    const mapped = Aiodrive.map(async (item, cancellable) => {
        if (item === 1)
            throw error;
        if (item > 1)
            await forever(cancellable).finally(() => seen.push('cancelled'));
        return item;
    }, [0, 1, 2, 3], {max_concurrent: 3});
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
    const mapped = Aiodrive.map(async (item, cancellable) => {
        if (item === 1)
            await forever(cancellable).catch(() => {});
        throw errors[item];
    }, [0, 1], {max_concurrent: 2});
    const failed = await failure(mapped.next_async());
    assert(failed instanceof AggregateError);
    assertEqual(failed.errors[0], errors[0]);
    assertEqual(failed.errors[1], errors[1]);
});

test('map: ten at once by default', async () => {
    let running = 0, most = 0;
    const results = await all(Aiodrive.map(async (n, c) => {
        most = Math.max(most, ++running);
        await Aiodrive.sleep(1, c);
        running--;
        return n;
    }, Array.from({length: 30}, (_, n) => n)));
    assertEqual(results.length, 30);
    assertEqual(most, 10);
});

test('using and await using', async () => {
    if (!Symbol.dispose || !Symbol.asyncDispose)
        return;   // before GJS 1.86 or so
    const lock = new Aiodrive.SmartLock();
    const guard = await lock.exclusive_async();
    guard[Symbol.dispose]();
    (await Aiodrive.timeout(lock.exclusive_async(), 1000)).release();

    let ended = false;
    const group = new Aiodrive.TaskGroup();
    group.spawn(async c => {
        await Aiodrive.sleep(1, c);
        ended = true;
    });
    await group[Symbol.asyncDispose]();
    assert(ended);

    const mapped = Aiodrive.map(async n => n, [1, 2, 3]);
    await mapped.next_async();
    await mapped[Symbol.asyncDispose]();
    assertEqual(await mapped.next_async(), [false, undefined]);
});


runTests();
