// SPDX-License-Identifier: LGPL-2.1-or-later
// GJS makes promises of the _async functions, as of those of GIO.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {
    assert, assertEqual, assertRaises, fails, gives, iterateUntil, runTests, sleeps, spawn, test
} from './support.js';

for (const name of ['race', 'first_success', 'try_all', 'wait_all', 'timeout', 'shield', 'cancel_task', 'wait_task',
    'sleep'])
    Gio._promisify(Aiodrive, `${name}_async`);

// Runs an asynchronous function to its end.
function wait(main) {
    let outcome = null;
    main().then(value => (outcome = {value}), error => (outcome = {error}));
    iterateUntil(() => outcome !== null);
    if (outcome.error)
        throw outcome.error;
    return outcome.value;
}

test('race', () => wait(async () => {
    for (const race of ['race_async', 'first_success_async']) {
        const [winner, index] = await Aiodrive[race]([sleeps(), gives('fast')].map(spawn), null);
        assertEqual(index, 1);
        assertEqual(Aiodrive.task_propagate(winner), 'fast');
    }
}));

test('gather', () => wait(async () => {
    for (const gather of ['try_all_async', 'wait_all_async']) {
        const children = await Aiodrive[gather]([gives('a'), sleeps(1, 'b')].map(spawn), null);
        assertEqual(children.map(child => Aiodrive.task_propagate(child)), ['a', 'b']);
    }
}));

test('one task', () => wait(async () => {
    const task = spawn(gives('x'));
    assert(await Aiodrive.wait_task_async(task, null));
    assertEqual(await Aiodrive.timeout_async(task, 60000, null), task);
    assertEqual(await Aiodrive.shield_async(task, null), task);
    assert(await Aiodrive.cancel_task_async(task, null));
    assert(await Aiodrive.sleep_async(1, null));
}));

test('errors', () => {
    const {NOT_FOUND, TIMED_OUT} = Gio.IOErrorEnum;
    assertRaises(() => wait(() => Aiodrive.try_all_async([fails(), sleeps()].map(spawn), null)), NOT_FOUND);
    assertRaises(() => wait(() => Aiodrive.timeout_async(spawn(sleeps()), 1, null)), TIMED_OUT);
});

runTests();
