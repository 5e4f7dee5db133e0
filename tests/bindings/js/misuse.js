// SPDX-License-Identifier: LGPL-2.1-or-later
// What wrong arguments lead to: an exception, or a critical where only the library can tell. Never a crash.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {
    assert, assertEqual, assertRaises, assertRefused, ended, fails, gives, runTests, settle, spawn, test, warningsOf
} from './support.js';

const {INVALID_ARGUMENT} = Gio.IOErrorEnum;

function assertFails(name, ...args) {
    const task = Aiodrive[name](...args, null);
    Aiodrive.run(task);
    assertRaises(() => Aiodrive[`${name}_finish`](task), INVALID_ARGUMENT);
}

test('no tasks', () => {
    for (const name of ['race', 'first_success']) {
        assertFails(name, []);
        assertRefused(() => Aiodrive[name](null, null));
    }
});

test('wrong tasks', () => {
    const task = ended(gives('x'));
    for (const name of ['race', 'first_success', 'try_all', 'wait_all']) {
        for (const wrong of [[null], [task, null], [undefined], ['x'], [3], [new Gio.Cancellable()], [{}], task, 5])
            assertRefused(() => Aiodrive[name](wrong, null));
    }
});

test('a wrong task', () => {
    for (const name of ['timeout', 'shield', 'cancel_task']) {
        const args = name === 'timeout' ? [5] : [];
        for (const wrong of [null, 'x', new Gio.Cancellable(), []]) {
            assertRefused(() => Aiodrive[name](wrong, ...args, null));
            assertRefused(() => Aiodrive[`${name}_async`](wrong, ...args, null, null));
        }
    }
    for (const name of ['run', 'task_get_leaf', 'task_propagate', 'task_propagate_result', 'task_dup_error',
        'task_dup_errors', 'error_get_errors']) {
        for (const wrong of [null, 'x', new Gio.Cancellable()])
            assertRefused(() => Aiodrive[name](wrong));
    }
    assertRefused(() => Aiodrive.wait_task_async(null, null, null));
});

test('a child without a cancellable of its own', () => {
    const pending = Gio.Task.new(null, null, null);
    assertFails('race', [pending]);
    pending.return_boolean(true);
    Aiodrive.run(pending);
});

test('numbers', () => {
    const task = ended(gives('x'));
    for (const wrong of [-1, 2 ** 32]) {
        assertRefused(() => Aiodrive.sleep_async(wrong, null, null));
        assertRefused(() => Aiodrive.timeout(task, wrong, null));
        assertRefused(() => Aiodrive.CancelScope.new_with_timeout(null, wrong));
    }
    assertRefused(() => Aiodrive.sleep_async('soon', null, null));

    const scope = Aiodrive.CancelScope.new(null);
    scope.set_deadline(-5);
    assertEqual(scope.get_deadline(), -1);
});

test('jobs', () => {
    for (const start of [Aiodrive.spawn, Aiodrive.prime]) {
        for (const wrong of [null, 5, 'x'])
            assertRefused(() => start(null, wrong));
        assertRefused(() => start('x', gives('x')));
    }
});

test('scopes', () => {
    const scope = Aiodrive.CancelScope.new(null);
    for (const wrong of [5, 'x', new Error('of JavaScript')]) {
        assertRefused(() => scope.cancel_with_reason(wrong));
        assertRefused(() => scope.leave(wrong));
    }
    const task = spawn(gives('x'));
    for (const wrong of [5, 'x', task]) {
        assertRefused(() => Aiodrive.CancelScope.new(wrong));
        assertRefused(() => new Aiodrive.CancelScope({parent: wrong}));
    }
    assert(!scope.is_cancelled());
    Aiodrive.run(task);
});

test('unwrapped by hand', () => {
    const printed = warningsOf(`
        const task = ended(gives('x'));
        task.propagate_value();
        assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.INVALID_ARGUMENT);
        const number = ended(task => task.return_int(5));
        assertRaises(() => Aiodrive.task_propagate(number), Gio.IOErrorEnum.INVALID_ARGUMENT);
    `);
    assertEqual(printed.match(/GLib-GIO-CRITICAL/g).length, 2);
});

test('an unwrapped child', () => {
    const task = ended(gives('x'));
    assertEqual(Aiodrive.task_propagate(task), 'x');
    const race = Aiodrive.race([task], null);
    Aiodrive.run(race);
    assertEqual(Aiodrive.race_finish(race), [task, 0]);
    assertRaises(() => Aiodrive.task_propagate(race), INVALID_ARGUMENT);
});

test('a wrong result', () => {
    const names = ['race', 'first_success', 'try_all', 'wait_all', 'timeout', 'shield', 'cancel_task', 'sleep',
        'wait_task'];
    const printed = warningsOf(`
        for (const name of ${JSON.stringify(names)})
            print(Aiodrive[name + '_finish'](ended(gives('x'))));
    `);
    assertEqual(printed.match(/Aiodrive-CRITICAL.*assertion/g).length, names.length);
    for (const name of names)
        assertRefused(() => Aiodrive[`${name}_finish`](null));
});

test('a failure that nobody awaited', () => {
    const printed = warningsOf(`
        const {default: System} = await import('system');
        (() => {
            const task = spawn(fails('nobody looks'));
            iterateUntil(() => task.get_completed());
        })();
        settle();
        System.gc();
    `);
    assert(printed.includes('failed and nobody awaited it: nobody looks'), printed);
});

test('a loser that fails', () => {
    const printed = warningsOf(`
        Aiodrive.run(Aiodrive.race([spawn(gives('x')), spawn(fails('a sore loser'))], null));
    `);
    assert(printed.includes('a sore loser'), printed);
});

runTests();
