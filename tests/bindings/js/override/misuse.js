// SPDX-License-Identifier: LGPL-2.1-or-later
// Wrong arguments are exceptions that say what was expected, and start nothing; failures that nobody sees are reported.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';

import {assert, assertEqual, assertFails, assertThrows, gives, runTests, settle, test, warningsOf} from './support.js';

const wrongChildren = [null, undefined, 5, 'x', {}, [], new Gio.Cancellable(), Symbol('s')];

test('a wrong child', async () => {
    let started = 0;
    const job = async () => started++;
    for (const wrong of wrongChildren) {
        for (const name of ['race', 'first_success', 'try_all', 'wait_all'])
            await assertThrows(() => Aiodrive[name]([job, wrong]), TypeError, 'expected', 'function', 'got');
        for (const wait of [child => Aiodrive.timeout(child, 5), Aiodrive.shield])
            await assertThrows(() => wait(wrong), TypeError, 'expected', 'function', 'got');
        await assertThrows(() => new Aiodrive.TaskGroup().add(wrong), TypeError, 'expected');
        await assertThrows(() => Aiodrive.cancel_task(wrong), TypeError, 'Gio.Task');
    }
    await settle();
    assertEqual(started, 0);
});

test('wrong children', async () => {
    for (const wrong of [null, undefined, 5, 'text', {}, () => {}, Aiodrive.spawn(gives('x'))]) {
        for (const name of ['race', 'try_all', 'as_completed'])
            await assertThrows(() => Aiodrive[name](wrong), TypeError, 'expected an array', 'got');
    }
});

test('no children', async () => {
    for (const name of ['race', 'first_success'])
        await assertThrows(() => Aiodrive[name]([]), RangeError, name, 'at least one');
});

test('a wrong job', async () => {
    const group = new Aiodrive.TaskGroup();
    const pool = new Aiodrive.Pool();
    for (const wrong of [null, 5, 'x', {}, Promise.resolve()]) {
        for (const start of [Aiodrive.spawn, Aiodrive.prime, job => group.spawn(job), job => pool.spawn(job),
            job => pool.spawn_full('name', 0, job), job => Aiodrive.map(job, []),
            job => Aiodrive.TaskGroup.open(job), job => Aiodrive.Pool.open(job)])
            await assertThrows(() => start(wrong), TypeError, 'expected a function', 'got');
    }
    await group.close();
    await pool.run();
});

test('a wrong parent', async () => {
    const {as_completed, map, Pool, prime, race, shield, spawn, TaskGroup, timeout} = Aiodrive;
    const job = gives('x');
    for (const wrong of [5, 'x', {parent: null}, new GObject.Object()]) {
        for (const use of [parent => spawn(job, parent), parent => prime(job, parent), parent => race([job], parent),
            parent => timeout(job, 5, parent), parent => shield(job, parent), parent => TaskGroup.open(job, parent),
            parent => Pool.open(job, {parent}), parent => map(job, [1], {parent})])
            await assertThrows(() => use(wrong), TypeError, 'expected a Gio.Cancellable or null, got');
        await assertThrows(() => as_completed([job], wrong), Error, '');
    }
});

test('a wrong time', async () => {
    for (const wrong of [-1, 0.5, NaN, 2 ** 32, '1', undefined]) {
        await assertThrows(() => Aiodrive.sleep(wrong), RangeError, 'milliseconds');
        await assertThrows(() => Aiodrive.timeout(gives('x'), wrong), RangeError, 'milliseconds');
        await assertThrows(() => Aiodrive.repeat_periodically(wrong), RangeError, 'milliseconds');
    }
});

test('a wrong call', async () => {
    const file = Gio.File.new_for_path('/');
    for (const [object, name] of [[file, 'no_such_method'], [null, 'load_contents'], [file, 'get_path']])
        await assertThrows(() => Aiodrive.call(object, name), TypeError, 'expected', name);
    for (const args of [['*', 0, 0, null, null], ['*', 0, 0, null, () => {}], ['*', 0, 0, null, 1, 2]])
        await assertThrows(() => Aiodrive.call(file, 'query_info', ...args), TypeError, 'query_info takes 4', 'got');
    await assertThrows(() => Aiodrive.call({load_async() {}, load_finish() {}}, 'load'), TypeError, 'a promise');
    await assertThrows(() => new Aiodrive.Latch().wait_async(null, 5), TypeError, 'call back');
    await assertThrows(() => new Aiodrive.NestableLock().acquire(), TypeError, 'expected a function');
    await assertThrows(() => Aiodrive.map(gives('x'), 5), TypeError, 'AsyncIterator');
});

test('wrong options', async () => {
    const {map, Pool} = Aiodrive;
    const job = gives('x');
    for (const wrong of [3, null, 'x', [], new Gio.Cancellable(), () => {}]) {
        await assertThrows(() => map(job, [1], wrong), TypeError, 'map: expected options', 'max_concurrent', 'got');
        await assertThrows(() => Pool.open(job, wrong), TypeError, 'Pool.open: expected options', 'parent', 'got');
    }
    await assertThrows(() => map(job, [1], {max: 3}), TypeError, 'expected options of', 'got max');
    await assertThrows(() => Pool.open(job, {name: 'x', depth: 1}), TypeError, 'expected options of', 'got depth');
    for (const max_concurrent of [0, -1, 0.5, 'x', null, 2 ** 32])
        await assertThrows(() => map(job, [1], {max_concurrent}), RangeError, 'whole number', 'got');
    await assertThrows(() => map(job, [1], {ordered: 1}), TypeError, 'true or false');
    await assertThrows(() => new Pool().run(new Gio.Cancellable()), TypeError, 'true or false');
});

test('right options', async () => {
    const parent = Aiodrive.CancelScope.new(null);
    for (const options of [undefined, {}, {max_concurrent: 3, ordered: false, parent}]) {
        const items = [];
        for await (const item of Aiodrive.map(async one => one * 2, [1, 2], options))
            items.push(item);
        assertEqual(items.sort(), [2, 4]);
    }
    for (const options of [undefined, {}, {name: 'named', parent}, Object.assign(Object.create(null), {name: 'named'})])
        assertEqual(await Aiodrive.Pool.open(pool => pool.get_name(), options), options?.name ?? null);
});

test('a wrong item', async () => {
    const ordered = new Aiodrive.OrderedQueue();
    const unordered = new Aiodrive.UnorderedQueue();
    await assertThrows(() => unordered.put(), TypeError, 'an item');
    for (const wrong of [[], ['item'], ['x', 'item'], [0.5, 'item'], [undefined, 'item']])
        await assertThrows(() => ordered.put(...wrong), TypeError, 'put: expected', 'index');
    for (const wrong of [-1, Number.MIN_SAFE_INTEGER])
        await assertThrows(() => ordered.put(wrong, 'item'), RangeError, 'negative');
    assert(ordered.is_empty() && unordered.is_empty());
    ordered.put(0, 'item');
    await assertThrows(() => ordered.put(0, 'again'), RangeError, 'already');
    assertEqual(await ordered.get_async(), 'item');
    await assertThrows(() => ordered.put(0, 'late'), RangeError, 'delivered');
    assert(ordered.is_empty());
    unordered.put(undefined);
    assertEqual(await unordered.get_async(), undefined);
});

test('a wrong signal', async () => {
    const {handle_signal, wait_for_signal, wait_for_signal_async} = Aiodrive;
    const scope = Aiodrive.CancelScope.new(null);
    for (const target of [gives('x'), scope]) {
        for (const wrong of [0, -1, 9, 1000])
            await assertThrows(() => handle_signal(wrong, target), RangeError, 'signal', `${wrong}`);
        for (const wrong of [undefined, null, 'SIGINT', NaN, 1.5, [2]])
            await assertThrows(() => handle_signal(wrong, target), TypeError, 'the number of a signal', 'got');
    }
    await assertThrows(() => handle_signal(2, 'scope'), Error, '');
    for (const wait of [wait_for_signal, wait_for_signal_async]) {
        for (const wrong of [[0], [2, 9], []])
            await assertThrows(() => wait(wrong), RangeError, 'signal');
        for (const wrong of [[undefined], ['SIGINT'], [2, null]])
            await assertThrows(() => wait(wrong), TypeError, 'the number of a signal', 'got');
    }
});

test('a call that blocks', async () => {
    const {Channel, Limiter, SmartLock, ThreadSafeEvent, ThreadSafeFuture} = Aiodrive;
    const lock = new SmartLock();
    for (const use of [() => new Channel().receive(), () => new Channel().send('x'), () => new ThreadSafeEvent().wait(),
        () => new ThreadSafeFuture().wait(), () => Limiter.new(0).acquire(), () => lock.exclusive(),
        () => lock.shared(), () => lock.thread_shared(), () => lock.weak_exclusive(), () => lock.exclusive('x')])
        await assertThrows(use, TypeError, 'expected', '_async() gives a promise');
    lock.exclusive(null).release();
    lock.shared(new Gio.Cancellable()).release();
});

test('functions in other threads', async () => {
    const executor = new Aiodrive.BackgroundExecutor();
    const group = new Aiodrive.ThreadTaskGroup();
    for (const start of [job => executor.spawn(null, job), job => group.spawn(job),
        job => Aiodrive.ThreadTaskGroup.open(job)]) {
        const error = await assertFails((async () => start(gives('x')))(), Gio.IOErrorEnum.NOT_SUPPORTED);
        assertEqual(error.message, 'A JavaScript function cannot run in another thread');
    }
    assert(!executor.is_running());
    await executor.stop_async();
    await group.close();
});

const warnings = body => warningsOf(`
    const {default: System} = await import('system');
    const rest = () => new Promise(resolve => setTimeout(resolve, 5));
    const wait = (() => {${body}})();
    await rest();
    await wait;
    for (let i = 0; i < 3; i++) {
        await rest();
        System.gc();
    }
`);

test('a failure that nobody awaits', () => {
    for (const start of ['Aiodrive.spawn(job)', 'void Aiodrive.race([job])', 'void Aiodrive.timeout(job, 1000)']) {
        const printed = warnings(`const job = async () => {
            throw new RangeError('nobody looks');
        };
        ${start};`);
        assert(printed.includes('failed and nobody awaited it: RangeError: nobody looks'), printed);
    }
});

test('a failure that somebody awaits', () => {
    const printed = warnings(`
        const job = async () => {
            throw new RangeError('somebody looks');
        };
        return Promise.all([
            Aiodrive.spawn(job).catch(() => {}),
            Aiodrive.race([job]).catch(() => {}),
            Aiodrive.wait_all([job, job]).catch(() => {}),
            Aiodrive.TaskGroup.open(async group => void group.spawn(job)).catch(() => {}),
            Aiodrive.shield(Promise.reject(new Error('x'))).catch(() => {}),
        ]);
    `);
    assertEqual(printed, '');
});

test('a loser that fails', () => {
    const printed = warnings(`
        return Aiodrive.race([async () => 'x', async () => {
            throw new Error('a sore loser');
        }]);
    `);
    assert(printed.includes('a sore loser'), printed);
});

runTests();
