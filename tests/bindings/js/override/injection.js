// SPDX-License-Identifier: LGPL-2.1-or-later
// Every wrapper, cancelled at each step: nothing goes on, and nothing is lost. No promise runs this, as in program.js.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, runTests, test} from '../support.js';
import {throws} from './support.js';

const HOUR = 3600000;
const SIGUSR1 = 10;
const {EXCLUSIVE} = Aiodrive.LockMode;

let nRunning = 0;

// What is to be ended by its end, with a cleanup that waits.
const child = (duration = HOUR, value = undefined) => async cancellable => {
    nRunning++;
    try {
        await Aiodrive.sleep(duration, cancellable);
        return value;
    } finally {
        await Aiodrive.sleep(1);
        nRunning--;
    }
};

function scenario(name, job, check = () => {}) {
    test(name, () => {
        const context = Aiodrive.TestContext.new(null);
        let nEnded = 0;
        try {
            const nCancelled = context.cancel_at_each_step(async cancellable => {
                await job(cancellable);
                nEnded++;
            }, () => {
                assertEqual(nRunning, 0);
                check();
            });
            assert(nCancelled > 2, `${nCancelled} steps`);
            assert(nEnded > 0);
        } finally {
            context.close();
        }
    });
}

// Several at once.
const together = (...jobs) => c => Aiodrive.try_all(jobs, c);

function assertFree(guard) {
    assert(guard !== null, 'it is locked');
    guard.release();
}

test('what is there already is a step', () => {
    const context = Aiodrive.TestContext.new(null);
    const lock = new Aiodrive.SmartLock();
    const counts = [];
    context.cancel_at_each_step(async cancellable => {
        counts.push(0);
        for (let i = 0; i < 5; i++) {
            const guard = await lock.exclusive_async(cancellable);
            counts[counts.length - 1]++;
            guard.release();
        }
    });
    context.close();
    assertEqual([...new Set(counts)].sort(), [0, 1, 2, 3, 4, 5]);
});

test('the step of a failure is told', () => {
    const context = Aiodrive.TestContext.new(null);
    const error = new Error('in the cleanup');
    let caught = null;
    try {
        context.cancel_at_each_step(async c => {
            try {
                await Aiodrive.sleep(HOUR, c);
            } catch {
                throw error;
            }
        });
    } catch (thrown) {
        caught = thrown;
    }
    context.close();
    assertEqual(caught.cause, error);
    assert(/^at step \d+: in the cleanup$/.test(caught.message), caught.message);
});

test('what is wrong behind a step is told', () => {
    const context = Aiodrive.TestContext.new(null);
    let here = 1000, there = 0, caught = null;
    try {
        context.cancel_at_each_step(async c => {
            here--;
            await Aiodrive.sleep(HOUR, c);
            there++;
        }, () => assertEqual(here + there, 1000));
    } catch (thrown) {
        caught = thrown;
    }
    context.close();
    assert(/^at step \d+: got 999, expected 1000$/.test(caught?.message), caught?.message);
});

/* What waits */

{
    const button = Aiodrive.Button.new(), cargo = Aiodrive.Cargo.new(), latch = Aiodrive.Latch.new();
    scenario('button, cargo, latch', together(
        c => button.wait_async(c),
        async c => assertEqual((await cargo.wait_async(c)).length, 2),
        async c => assertEqual(await latch.wait_async(c), true),
        c => latch.wait_set_async(c),
        async c => {
            await Aiodrive.sleep(HOUR, c);
            button.press();
            cargo.send([1, 2]);
            latch.set();
            await latch.wait_set_async(c);
            latch.unset();
        },
        async c => {
            await latch.wait_set_async(c);
            await latch.wait_unset_async(c);
        }), () => latch.unset());
}

{
    let event, future;
    const value = new Map();
    scenario('event, future', async c => {
        event = Aiodrive.ThreadSafeEvent.new();
        future = Aiodrive.ThreadSafeFuture.new();
        await together(
            inner => event.wait_async(inner),
            async inner => assertEqual(await future.wait_async(inner), value),
            async inner => {
                await Aiodrive.sleep(HOUR, inner);
                event.set();
                future.set_value(value);
            })(c);
        assertEqual(await future, value);
    });
}

{
    const lock = Aiodrive.SmartLock.new();
    const preempted = error => {
        if (!error.matches(Aiodrive.Error, Aiodrive.Error.PREEMPTED))
            throw error;
    };
    const locks = name => [c => lock[name](child(), c).catch(preempted), async c => {
        const guard = await lock[`${name}_async`](c);
        try {
            await child()(c);
        } finally {
            guard.release();
        }
    }];
    for (const name of ['exclusive', 'shared', 'thread_shared', 'weak_exclusive'])
        scenario(`smart lock, ${name}`, together(...locks(name), ...locks('exclusive'),
            async c => (await lock.acquire_async(EXCLUSIVE, -1, c)).release()),
        () => assertFree(lock.try_acquire(EXCLUSIVE)));
}

{
    const lock = Aiodrive.NestableLock.new(), limiter = Aiodrive.Limiter.new(1);
    const nested = c => lock.acquire(inner => lock.acquire(child(), inner), c);
    scenario('nestable lock', together(nested, nested, c => lock.acquire(child(), c)));
    scenario('limiter', together(c => limiter.acquire(child(), c), c => limiter.acquire(child(), c)),
        () => assertFree(limiter.try_acquire()));
}

{
    const lock = Aiodrive.SmartLock.new(), condition = Aiodrive.Condition.new();
    scenario('condition', together(
        c => lock.exclusive(async (inner, guard) => {
            try {
                await condition.wait_async(guard, inner);
            } finally {
                assertEqual(lock.try_acquire(EXCLUSIVE), null);
            }
        }, c),
        async c => {
            await Aiodrive.sleep(HOUR, c);
            await lock.exclusive(() => condition.signal(), c);
        }), () => assertFree(lock.try_acquire(EXCLUSIVE)));
}

/* Streams */

{
    const channel = Aiodrive.Channel.new(1);
    let nSent = 0, nReceived = 0;
    scenario('channel', together(
        async c => {
            for (let i = 0; i < 4; i++) {
                await channel.send_async([i], c);
                nSent++;
            }
        },
        async c => {
            await Aiodrive.sleep(HOUR, c);
            await channel.receive_async(c);
            nReceived++;
            for await (const [i] of channel.iterate(c)) {
                nReceived++;
                if (i === 3)
                    break;
            }
        }), () => {
        while (channel.try_receive()[0])
            nReceived++;
        assertEqual(nReceived, nSent);
    });
}

for (const type of ['OrderedQueue', 'UnorderedQueue']) {
    let queue, nPut, nGot;
    scenario(type, c => {
        queue = Aiodrive[type].new();
        nPut = nGot = 0;
        return together(
            async inner => {
                await queue.get_async(inner);
                nGot++;
                for await (const item of queue.iterate(inner)) {
                    assertEqual(item.length, 1);
                    nGot++;
                }
            },
            async inner => {
                for (let i = 0; i < 4; i++) {
                    await Aiodrive.sleep(i % 2 * HOUR, inner);
                    queue.put(i, [i]);
                    nPut++;
                }
                queue.close();
            })(c);
    }, () => {
        assertEqual((queue?.get_many().length ?? 0) + nGot, nPut);
    });
    [nPut, nGot] = [0, 0];
}

for (const ordered of [true, false]) {
    scenario(`map, ${ordered ? 'ordered' : 'unordered'}`, async c => {
        let sum = 0;
        const job = (item, inner) => child(HOUR / item, item)(inner);
        for await (const item of Aiodrive.map(job, [1, 2, 3, 4], {max_concurrent: 2, ordered, parent: c}).iterate(c))
            sum += item;
        assertEqual(sum, 10);
    });
}

scenario('as_completed', async c => {
    let n = 0;
    for await (const task of Aiodrive.as_completed([child(HOUR, 1), child(1, 2), child(5, 3)], c).iterate(c))
        n += await task;
    assertEqual(n, 6);
});

scenario('as_completed, with additions', async c => {
    const completed = Aiodrive.as_completed([child(HOUR, 1)], c);
    let n = 0;
    for await (const task of completed.iterate(c)) {
        n += await task;
        if (n < 3)
            completed.add(child(HOUR, 1));
    }
    assertEqual(n, 3);
});

scenario('retry', async c => {
    let n = 0;
    const job = async inner => {
        await child(1)(inner);
        if (++n < 3)
            throw new Error('failed');
        return n;
    };
    assertEqual(await Aiodrive.retry(job, {parent: c}), 3);
});

scenario('repeat_periodically', async c => {
    for await (const tick of Aiodrive.repeat_periodically(HOUR, c)) {
        await Aiodrive.sleep(HOUR / 2, c);
        if (tick === 3)
            break;
    }
});

/* Combinators, groups and pools */

const failed = new Error('failed');

scenario('race', async c => assertEqual((await Aiodrive.race([child(), child(5, 'x'), child()], c))[1], 'x'));
scenario('first_success', async c => {
    try {
        assertEqual((await Aiodrive.first_success([throws(failed, 1), child(5, 'x'), child()], c))[1], 'x');
    } catch (error) {
        if (!c.is_cancelled() || error !== failed)   // a failure comes before the cancellation
            throw error;
    }
});
for (const name of ['try_all', 'wait_all'])
    scenario(name, async c => assertEqual((await Aiodrive[name]([child(1, 'x'), child(5, 'y')], c)).join(), 'x,y'));
scenario('timeout', async c => {
    assertEqual(await Aiodrive.timeout(child(5, 'x'), HOUR, c), 'x');
    await Aiodrive.timeout(child(), 5, c).catch(error => {
        if (!error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT))
            throw error;
    });
});
scenario('shield', c => Aiodrive.shield(Aiodrive.spawn(child()), c));
scenario('cancel_task', async c => {
    const task = Aiodrive.spawn(child(), c);
    try {
        await Aiodrive.sleep(5, c);
    } finally {
        await Aiodrive.cancel_task(task);
    }
});
scenario('a promise of others, and a task', async c => {
    const task = Aiodrive.prime(child(5), c);
    try {
        await Aiodrive.wait_task(task, c);
    } finally {
        await Aiodrive.wait_all([task, child(3)(c)]);
    }
});

for (const name of ['TaskGroup', 'AutoTerminatedTaskGroup']) {
    scenario(name, c => Aiodrive[name].open(async (group, inner) => {
        group.spawn(child());
        group.add(child(5));
        await group.spawn(child(1));
        await Aiodrive.sleep(3, inner);
    }, c));
}
scenario('Pool.open', c => Aiodrive.Pool.open(async (pool, inner) => {
    pool.spawn(child());
    pool.spawn_full('deep', 2, child());
    await Aiodrive.sleep(3, inner);
    pool.spawn(child());
}, {parent: c}));
scenario('Pool.run', async c => {
    const pool = Aiodrive.Pool.new();
    pool.spawn(child());
    pool.spawn_full('deep', 2, child(5));
    await pool.run(false, c);
});

/* The program */

scenario('signals', async c => {
    await Aiodrive.handle_signal(SIGUSR1, child(), c);
    await Aiodrive.race([inner => Aiodrive.wait_for_signal(SIGUSR1, inner), child()], c);
});
scenario('an executor ends', async c => {
    const executor = Aiodrive.BackgroundExecutor.new(null);
    executor.start();
    try {
        await Aiodrive.sleep(5, c);
    } finally {
        await executor.stop_async();
    }
});
scenario('call', async c => {
    const stream = new Gio.MemoryInputStream();
    stream.add_bytes(new TextEncoder().encode('0123456789'));
    while ((await Aiodrive.call(stream, 'read_bytes', 4, 0, c)).get_size() > 0)
        await Aiodrive.sleep(5, c);
    await Aiodrive.call(stream, 'close', 0, c);
});

runTests();
