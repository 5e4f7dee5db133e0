// SPDX-License-Identifier: LGPL-2.1-or-later
// Groups and pools as blocks, and by hand.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertFails, failure, forever, gives, runTests, settle, test, throws} from './support.js';

const {CANCELLED, CLOSED} = Gio.IOErrorEnum;

const types = ['TaskGroup', 'AutoTerminatedTaskGroup', 'Pool'];

for (const type of types) {
    const {open} = Aiodrive[type];

    test(`${type}: a block`, async () => {
        const seen = [];
        const value = await open(async (group, cancellable) => {
            assert(group instanceof Aiodrive[type]);
            assert(cancellable instanceof Aiodrive.CancelScope);
            const task = group.spawn(gives(['a']));
            seen.push(await task);
            return new Map([[1, 'body']]);
        });
        assertEqual(value.get(1), 'body');
        assertEqual(seen[0], ['a']);
    });

    test(`${type}: a task fails`, async () => {
        const error = new Error('broken');
        const seen = [];
        const outcome = await failure(open(async (group, cancellable) => {
            group.spawn(throws(error));
            group.spawn(c => forever(c).finally(() => seen.push('sibling')));
            await forever(cancellable).finally(() => seen.push('body'));
        }));
        assertEqual(outcome, error);
        assertEqual(seen.sort(), ['body', 'sibling']);
    });

    test(`${type}: the body fails`, async () => {
        const error = new Error('body');
        let cancelled = false;
        assertEqual(await failure(open(async group => {
            group.spawn(c => forever(c).finally(() => (cancelled = true)));
            await settle();
            throw error;
        })), error);
        assert(cancelled);
    });

    test(`${type}: several fail`, async () => {
        const errors = [new Error('one'), new Error('two')];
        const error = await failure(open(async group => {
            errors.forEach(one => group.spawn(async () => {
                throw one;
            }));
        }));
        assertEqual(error.errors, errors);
    });
}

test('cancelled from above', async () => {
    for (const run of [
        (parent, body) => Aiodrive.TaskGroup.open(body, parent),
        (parent, body) => Aiodrive.AutoTerminatedTaskGroup.open(body, parent),
        (parent, body) => Aiodrive.Pool.open(body, {name: 'pool', parent}),
    ]) {
        const parent = new Gio.Cancellable();
        const outcome = failure(run(parent, (group, cancellable) => forever(cancellable)));
        await settle();
        parent.cancel();
        assert((await outcome).matches(Gio.IOErrorEnum, CANCELLED));
    }
});

test('terminated', async () => {
    let cancelled = false;
    assertEqual(await Aiodrive.AutoTerminatedTaskGroup.open(async group => {
        group.spawn(c => forever(c).finally(() => (cancelled = true)));
        await settle();
        return 'done';
    }), 'done');
    assert(cancelled);
});

test('by hand', async () => {
    const group = new Aiodrive.TaskGroup();
    const error = new Error('one');
    const tasks = [group.spawn(gives('x')), group.add(gives('y')), group.add(Aiodrive.spawn(throws(error)))];
    assertEqual(await failure(group.close()), error);
    assertEqual(await tasks[0], 'x');
    assertEqual(await failure(tasks[2]), error);
    assert(group.is_closed());
    await assertFails(group.spawn(gives('late')), CLOSED);
    assertEqual(await failure(group.close_async()), error);
});

test('a plan', async () => {
    const pool = Aiodrive.Pool.new('plan');
    const seen = [];
    const task = pool.spawn(async () => seen.push('a'));
    pool.spawn_full('deep', 1, async () => seen.push('b'));
    await settle();
    assertEqual(seen, []);
    assert(pool.format().includes('deep'));
    await pool.run();
    assertEqual(seen.sort(), ['a', 'b']);
    assert(typeof await task === 'number');
    assertEqual(pool.get_status(), Aiodrive.PoolStatus.DONE);
});

test('a pool that runs for ever', async () => {
    const cancellable = new Gio.Cancellable();
    const pool = new Aiodrive.Pool();
    const running = failure(pool.run_async(true, cancellable));
    await pool.spawn(gives('x'));
    assertEqual(pool.get_status(), Aiodrive.PoolStatus.RUNNING);
    cancellable.cancel();
    assert((await running).matches(Gio.IOErrorEnum, CANCELLED));
});

test('the order of depths', async () => {
    const seen = [];
    const until = name => async cancellable => {
        try {
            await forever(cancellable);
        } finally {
            await Aiodrive.sleep(1);
            seen.push(name);
        }
    };
    const error = new Error('stop');
    assertEqual(await failure(Aiodrive.Pool.open(async pool => {
        pool.spawn_full('shallow', 0, until('shallow'));
        pool.spawn_full('deep', 5, until('deep'));
        await settle();
        throw error;
    })), error);
    assertEqual(seen, ['deep', 'shallow']);
});

test('the pool of a job', async () => {
    await Aiodrive.Pool.open(async (pool, cancellable) => {
        assertEqual(Aiodrive.Pool.ref_current(cancellable), pool);
    });
});

runTests();
