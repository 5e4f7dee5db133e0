// SPDX-License-Identifier: LGPL-2.1-or-later
// The combinators take jobs, promises and tasks, and nest.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertFails, failure, forever, gives, runTests, settle, test, throws} from './support.js';

const {CANCELLED, TIMED_OUT} = Gio.IOErrorEnum;

test('race', async () => {
    let cancelled = false;
    const [index, value] = await Aiodrive.race([
        c => forever(c).catch(error => {
            cancelled = true;
            throw error;
        }),
        gives(['fast']),
        Aiodrive.spawn(forever),
    ]);
    assertEqual(index, 1);
    assertEqual(value, ['fast']);
    assert(cancelled);
});

test('race that a failure wins', async () => {
    const error = new Error('lost');
    assertEqual(await failure(Aiodrive.race([throws(error), forever])), error);
});

test('the loser is awaited', async () => {
    const seen = [];
    await Aiodrive.race([gives('x'), async cancellable => {
        try {
            await forever(cancellable);
        } finally {
            await Aiodrive.sleep(2);
            seen.push('cleaned');
        }
    }]);
    assertEqual(seen, ['cleaned']);
});

test('first_success', async () => {
    assertEqual(await Aiodrive.first_success([throws(new Error()), forever, gives('good')]), [2, 'good']);
    const errors = [new Error('one'), new Error('two')];
    const error = await failure(Aiodrive.first_success(errors.map(one => throws(one))));
    assert(error instanceof AggregateError);
    assertEqual(error.errors, errors);
    assertEqual(await failure(Aiodrive.first_success([throws(errors[0])])), errors[0]);
});

test('several of several', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => new Error(name));
    const innermost = Aiodrive.first_success([throws(c), throws(d)]);
    const inner = Aiodrive.timeout(Aiodrive.wait_all([throws(b), innermost]), 60000);
    const outer = Aiodrive.wait_all([throws(a), inner]);
    for (const error of [await failure(outer), Aiodrive.task_dup_error(outer)]) {
        assert(error instanceof AggregateError);
        const [first, second] = error.errors;
        assertEqual(first, a);
        assert(second instanceof AggregateError);
        assertEqual(second.errors[0], b);
        assert(second.errors[1] instanceof AggregateError);
        assertEqual(second.errors[1].errors, [c, d]);
        assert(error.message.includes('2 of 2 tasks failed'));
    }
    assert(Aiodrive.task_dup_errors(outer)[1] instanceof AggregateError);

    const group = new Aiodrive.TaskGroup();
    group.add(Aiodrive.wait_all([throws(a), throws(b)]));
    const closed = await failure(group.close());
    assertEqual(closed.errors, [a, b]);
});

for (const name of ['try_all', 'wait_all']) {
    test(name, async () => {
        const children = new Set([gives('a', 2), Promise.resolve('b'), Aiodrive.spawn(gives('c'))]);
        assertEqual(await Aiodrive[name](children), ['a', 'b', 'c']);
        assertEqual(await Aiodrive[name]([]), []);
    });
}

test('try_all fails', async () => {
    const error = new Error('broken');
    const slow = Aiodrive.spawn(forever);
    assertEqual(await failure(Aiodrive.try_all([slow, throws(error)])), error);
    await assertFails(slow, CANCELLED);
});

test('wait_all fails', async () => {
    const error = new Error('broken');
    const slow = Aiodrive.spawn(gives('slow', 5));
    assertEqual(await failure(Aiodrive.wait_all([slow, throws(error)])), error);
    assertEqual(await slow, 'slow');
});

test('timeout', async () => {
    assertEqual(await Aiodrive.timeout(gives('in time'), 60000), 'in time');
    await assertFails(Aiodrive.timeout(forever, 1), TIMED_OUT);
});

test('shield', async () => {
    const parent = new Gio.Cancellable();
    const task = Aiodrive.spawn(gives('unharmed', 5), parent);
    const shield = Aiodrive.shield(task, parent);
    await settle();
    parent.cancel();
    await assertFails(shield, CANCELLED);
    assertEqual(await task, 'unharmed');
});

test('cancel_task', async () => {
    const task = Aiodrive.spawn(forever);
    await settle();
    assertEqual(await Aiodrive.cancel_task(task), undefined);
    await assertFails(task, CANCELLED);
    assertEqual(await Aiodrive.cancel_task(Aiodrive.spawn(gives('x'))), undefined);
});

test('nested', async () => {
    const value = new Map();
    const first = Aiodrive.first_success([throws(new Error()), gives(value)]);
    const all = Aiodrive.shield(Aiodrive.try_all([gives('a'), first]));
    const outer = Aiodrive.timeout(Aiodrive.race([forever, all]), 60000);
    for (let i = 0; i < 2; i++) {
        const [index, [a, [innerIndex, innerValue]]] = await outer;
        assertEqual([index, a, innerIndex, innerValue], [1, 'a', 1, value]);
    }
    assertEqual(await first, [1, value]);
});

test('cancelled from above', async () => {
    const cancellable = new Gio.Cancellable();
    const makers = [c => Aiodrive.race([forever, forever], c), c => Aiodrive.first_success([forever], c),
        c => Aiodrive.try_all([forever], c), c => Aiodrive.wait_all([forever], c),
        c => Aiodrive.timeout(forever, 60000, c), c => Aiodrive.sleep(60000, c)];
    const waits = makers.map(make => failure(make(cancellable)));
    await settle();
    cancellable.cancel();
    for (const wait of waits)
        assert((await wait).matches(Gio.IOErrorEnum, CANCELLED));
});

test('retry', async () => {
    let n = 0;
    const fail = (tries, error) => async () => {
        if (++n <= tries)
            throw error;
        return ['done', n];
    };
    const error = new Error('busy');
    const fast = {delay: 1, max_delay: 2};
    assertEqual(await Aiodrive.retry(fail(2, error), fast), ['done', 3]);
    n = 0;
    assertEqual(await failure(Aiodrive.retry(fail(9, error), {max_tries: 3, ...fast})), error);
    assertEqual(n, 3);
    n = 0;
    assertEqual(await failure(Aiodrive.retry(fail(9, error), {is_final: e => e === error, ...fast})), error);
    assertEqual(n, 1);
    const cancellable = new Gio.Cancellable();
    const wait = failure(Aiodrive.retry(forever, {parent: cancellable}));
    await settle();
    cancellable.cancel();
    assert((await wait).matches(Gio.IOErrorEnum, CANCELLED));
    for (const options of [{max_tries: 0}, {tries: 3}, {delay: -1}, {is_final: 5}, {parent: 5}]) {
        try {
            Aiodrive.retry(fail(0), options);
        } catch (thrown) {
            assert(thrown instanceof RangeError || thrown instanceof TypeError);
            continue;
        }
        assert(false);
    }
});

test('sleep', async () => {
    assertEqual(await Aiodrive.sleep(1), undefined);
    assertEqual(await Aiodrive.sleep_async(1), undefined);
});

runTests();
