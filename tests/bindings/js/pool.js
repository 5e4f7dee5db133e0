// SPDX-License-Identifier: LGPL-2.1-or-later
// Pools: tasks with a plan.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertRaises, call, fails, gives, iterateUntil, pending, runTests, sleeps, start, test}
    from './support.js';

const {CANCELLED, NOT_FOUND, PENDING} = Gio.IOErrorEnum;
const {DONE, IDLE, RUNNING} = Aiodrive.PoolStatus;
const {FOREVER, NONE} = Aiodrive.PoolFlags;

function close(pool) {
    const [, result] = call(pool.close_async.bind(pool), null);
    return pool.close_finish(result);
}

test('run', () => {
    const pool = Aiodrive.Pool.new('main');
    assert(pool instanceof Aiodrive.TaskGroup);
    assertEqual(pool.get_name(), 'main');
    assertEqual(pool.name, 'main');
    const task = pool.spawn(gives('a'));
    const named = pool.spawn_full('b', -3, gives('b'));
    assertEqual(named.get_name(), 'b');
    assertEqual(pool.get_status(), IDLE);

    const statuses = [];
    pool.connect('notify::status', () => statuses.push(pool.status));
    const ran = pending(pool.run_async.bind(pool), NONE, null);
    const again = start(pool.run_async.bind(pool), NONE);
    Aiodrive.run(again);
    assertRaises(() => Aiodrive.task_propagate_result(again), PENDING);
    iterateUntil(() => pool.get_status() === DONE);
    assert(pool.run_finish(ran()[1]));
    assertEqual(Aiodrive.task_propagate(task), 'a');
    assertEqual(Aiodrive.task_propagate(named), 'b');
    assertEqual(statuses, [RUNNING, DONE]);
});

test('run as a task', () => {
    const pool = new Aiodrive.Pool();
    pool.spawn(fails());
    const task = start(pool.run_async.bind(pool), FOREVER);
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_propagate_result(task), NOT_FOUND);
});

test('planned', () => {
    const pool = new Aiodrive.Pool({name: 'planned'});
    const task = pool.spawn(gives('a'));
    assert(close(pool));
    assertRaises(() => Aiodrive.task_propagate(task), CANCELLED);
});

test('open', () => {
    const parent = new Gio.Cancellable();
    const pool = Aiodrive.Pool.open(null, parent);
    assertEqual(pool.get_status(), RUNNING);
    pool.spawn(sleeps());
    parent.cancel();
    assertRaises(() => close(pool), CANCELLED);
});

test('order', () => {
    const pool = Aiodrive.Pool.open('order', null);
    const ended = [];
    [0, 2, -2, 1].forEach(depth =>
        Aiodrive.wait_task_async(pool.spawn_full(null, depth, sleeps()), null, () => ended.push(depth)));
    pool.cancel();
    assert(close(pool));
    assertEqual(ended, [2, 1, 0, -2]);
});

test('tree', () => {
    const pool = Aiodrive.Pool.open('outer', null);
    pool.spawn_full('task', 7, sleeps());
    const inner = Aiodrive.Pool.open('inner', pool.get_scope());
    assertEqual(Aiodrive.Pool.ref_current(inner.get_scope()), inner);
    assertEqual(Aiodrive.Pool.ref_current(pool.get_scope()), pool);
    assertEqual(Aiodrive.Pool.ref_current(null), null);
    assert(/^pool outer: running, .*\n├─ task task, depth 7: running, .*\n└─ pool inner: running/.test(pool.format()));
    assert(close(inner));
    pool.cancel();
    assert(close(pool));
});

runTests();
