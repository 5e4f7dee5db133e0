// SPDX-License-Identifier: LGPL-2.1-or-later
// Thousands of rounds leave neither objects nor memory behind, whether they succeed or fail.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import System from 'system';

import {Growth} from './memory.js';
import {
    assert, assertEqual, assertRaises, call, ended, fails, gives, newError, runTests, settle, sleeps, spawn, test
} from './support.js';

// Losing an error of this size would show. GJS 1.74 itself loses what is in a GValue that a function fills.
const MESSAGE = 'x'.repeat(10000);
const VALUE = System.version >= 19000 ? MESSAGE : 'x';
const N_TIMES = 400;
const BOUND = N_TIMES * 128;

function collect() {
    settle();
    System.gc();
    settle();
    System.gc();
}

// A round gives the scopes of its tasks: a scope knows whether its task is alive.
function leakTest(name, doRound) {
    test(name, () => {
        const growth = new Growth();
        let scopes = [];
        for (let i = 1; i <= 8 * N_TIMES; i++) {
            scopes.push(...doRound());
            if (i % 100 > 0)
                continue;
            collect();
            // the collector takes what it finds on the stack for references: the last round may be there yet
            const alive = scopes.filter(scope => scope.ref_task() !== null).length;
            assert(alive < 5, `${alive} of ${scopes.length} tasks are alive`);
            scopes = [];
            if (i % N_TIMES > 0)
                continue;
            collect();
            growth.measure();
        }
        assert(growth.each < BOUND, `${N_TIMES} rounds leave ${growth.each} bytes`);
    });
}

// Not of a race and of its winner: what is known of a task, and so its leaf, lives as long as its scope.
const scopesOf = (...tasks) => tasks.map(task => task.get_cancellable());

leakTest('race', () => {
    const children = [spawn(gives(VALUE)), spawn(sleeps())];
    const race = Aiodrive.race(children, null);
    Aiodrive.run(race);
    assertEqual(Aiodrive.task_propagate(race), VALUE);
    return scopesOf(...children);
});

leakTest('race_async', () => {
    const children = [spawn(gives(VALUE)), spawn(sleeps())];
    const [, result] = call(Aiodrive.race_async, children, null);
    assertEqual(Aiodrive.task_propagate(Aiodrive.race_finish(result)[0]), VALUE);
    return scopesOf(result);
});

leakTest('errors', () => {
    const task = Aiodrive.wait_all([spawn(fails(MESSAGE)), spawn(fails(MESSAGE))], null);
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_propagate(task), Aiodrive.Error.MULTIPLE, Aiodrive.Error);
    assertEqual(Aiodrive.task_dup_errors(task).length, 2);
    assertEqual(Aiodrive.task_dup_error(task).code, Aiodrive.Error.MULTIPLE);
    return scopesOf(task);
});

leakTest('try_all', () => {
    const task = Aiodrive.try_all([spawn(gives(VALUE)), spawn(gives('y'))], null);
    Aiodrive.run(task);
    assertEqual(Aiodrive.try_all_finish(task).map(child => Aiodrive.task_propagate(child)), [VALUE, 'y']);
    return scopesOf(task);
});

const failed = ended(fails(MESSAGE));
leakTest('the error of one task', () => {
    assertRaises(() => Aiodrive.task_propagate(failed), Gio.IOErrorEnum.NOT_FOUND);
    return [];
});

const file = Gio.File.new_for_uri(import.meta.url);
leakTest('an asynchronous function', () => {
    const task = Aiodrive.task_new(null);
    file.load_contents_async(task.get_cancellable(), (source, result) => Aiodrive.task_complete(source, result, task));
    Aiodrive.run(task);
    assert(file.load_contents_finish(Aiodrive.task_propagate_result(task))[0]);
    return scopesOf(task);
});

const parent = Aiodrive.CancelScope.new(null);
leakTest('scopes', () => {
    const scope = Aiodrive.CancelScope.new_with_timeout(parent, 60000);
    scope.cancel_with_reason(newError(MESSAGE));
    assertEqual(scope.dup_reason().code, Gio.IOErrorEnum.NOT_FOUND);
    assertEqual(scope.dup_reason().code, Gio.IOErrorEnum.NOT_FOUND);
    assertRaises(() => scope.leave(newError('', Gio.IOErrorEnum.CANCELLED)), Gio.IOErrorEnum.NOT_FOUND);
    return [];
});

runTests();
