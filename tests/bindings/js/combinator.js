// SPDX-License-Identifier: LGPL-2.1-or-later
// Each combinator in both of its forms.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {
    assert, assertEqual, assertRaises, call, ended, fails, gives, inBothForms, pending, runTests, settle, sleeps, spawn,
    test
} from './support.js';

const {CANCELLED, INVALID_ARGUMENT, NOT_FOUND, NOT_SUPPORTED, TIMED_OUT} = Gio.IOErrorEnum;
const {MULTIPLE} = Aiodrive.Error;

// Makes the argument of a combinator.
const tasks = (...jobs) => () => [jobs.map(spawn)];
const task = (job, ...more) => () => [spawn(job), ...more];

test('race', () => inBothForms('race', tasks(sleeps(), sleeps(1, 'fast'), sleeps()), result => {
    const [winner, index] = Aiodrive.race_finish(result);
    assertEqual(index, 1);
    assertEqual(winner, Aiodrive.task_get_leaf(result));
    assertEqual(Aiodrive.task_propagate(winner), 'fast');
}));

test('race ends last', () => {
    const children = [gives('first'), sleeps(), sleeps()].map(spawn);
    call(Aiodrive.race_async, children, null);
    assert(children.every(child => child.get_completed()));
    assertRaises(() => Aiodrive.task_propagate(children[2]), CANCELLED);
});

test('race that a failure wins', () => inBothForms('race', tasks(fails('lost'), sleeps()), result => {
    assertEqual(assertRaises(() => Aiodrive.race_finish(result), NOT_FOUND).message, 'lost');
}));

test('race, cancelled', () => {
    const cancellable = new Gio.Cancellable();
    const race = pending(Aiodrive.race_async, [sleeps(), sleeps()].map(spawn), cancellable);
    settle();
    cancellable.cancel();
    assertRaises(() => Aiodrive.race_finish(race()[1]), CANCELLED);
});

test('nested', () => {
    const inner = Aiodrive.first_success([spawn(fails()), spawn(gives('deep'))], null);
    const outer = Aiodrive.timeout(Aiodrive.race([Aiodrive.shield(inner, null), spawn(sleeps())], null), 60000, null);
    Aiodrive.run(outer);
    assertEqual(Aiodrive.task_propagate(outer), 'deep');
});

test('first success', () => inBothForms('first_success', tasks(fails(), sleeps(), gives('good')), result => {
    const [winner, index] = Aiodrive.first_success_finish(result);
    assertEqual(index, 2);
    assertEqual(Aiodrive.task_propagate(winner), 'good');
}));

test('first success, but there is none', () => {
    inBothForms('first_success', tasks(fails('one'), fails('two')), result => {
        assertRaises(() => Aiodrive.first_success_finish(result), MULTIPLE, Aiodrive.Error);
        assertEqual(Aiodrive.task_dup_errors(result).map(error => error.message), ['one', 'two']);
    });
    inBothForms('first_success', tasks(fails()), result => {
        assertRaises(() => Aiodrive.first_success_finish(result), NOT_FOUND);
    });
});

for (const name of ['try_all', 'wait_all']) {
    const finish = Aiodrive[`${name}_finish`];

    test(name, () => inBothForms(name, tasks(sleeps(2, 'a'), gives('b')), result => {
        assertEqual(finish(result).map(child => Aiodrive.task_propagate(child)), ['a', 'b']);
    }));

    test(`${name} of nothing`, () => {
        inBothForms(name, () => [[]], result => assertEqual(finish(result), []));
        inBothForms(name, () => [null], result => assertEqual(finish(result), []));
    });
}

test('try_all fails', () => inBothForms('try_all', tasks(sleeps(), fails(), sleeps()), result => {
    assertRaises(() => Aiodrive.try_all_finish(result), NOT_FOUND);
}));

test('wait_all fails', () => inBothForms('wait_all', tasks(fails('one'), sleeps(5), fails('two')), result => {
    assertRaises(() => Aiodrive.wait_all_finish(result), MULTIPLE, Aiodrive.Error);
}));

test('the same task twice', () => {
    const done = ended(gives('x'));
    inBothForms('try_all', () => [[done, done]], result => assertEqual(Aiodrive.try_all_finish(result), [done, done]));

    const running = spawn(sleeps());
    inBothForms('try_all', () => [[running, running]], result => {
        assertRaises(() => Aiodrive.try_all_finish(result), INVALID_ARGUMENT);
    });
    assert(!running.get_cancellable().is_cancelled());
    Aiodrive.run(Aiodrive.cancel_task(running, null));
});

test('timeout', () => {
    inBothForms('timeout', task(sleeps(1, 'in time'), 60000), result => {
        assertEqual(Aiodrive.task_propagate(Aiodrive.timeout_finish(result)), 'in time');
    });
    inBothForms('timeout', task(sleeps(), 1), result => {
        assertRaises(() => Aiodrive.timeout_finish(result), TIMED_OUT);
    });
    inBothForms('timeout', task(fails(), 4294967295), result => {
        assertRaises(() => Aiodrive.timeout_finish(result), NOT_FOUND);
    });
});

test('shield', () => inBothForms('shield', task(gives('safe')), result => {
    assertEqual(Aiodrive.task_propagate(Aiodrive.shield_finish(result)), 'safe');
}));

test('shield, cancelled', () => {
    const parent = new Gio.Cancellable();
    const shielded = Aiodrive.spawn(parent, sleeps(5, 'unharmed'));
    const shield = pending(Aiodrive.shield_async, shielded, parent);
    settle();
    parent.cancel();
    assertRaises(() => Aiodrive.shield_finish(shield()[1]), CANCELLED);
    assertEqual(Aiodrive.task_propagate(shielded), 'unharmed');
});

test('shield of a task of others', () => {
    const other = Gio.Task.new(null, new Gio.Cancellable(), null);
    inBothForms('shield', () => [other], result => {
        assertRaises(() => Aiodrive.shield_finish(result), NOT_SUPPORTED);
    });
    other.return_boolean(true);
    Aiodrive.run(other);
});

function retry(nFailures, maxTries, last = 0) {
    let n = 0;
    const task = Aiodrive.retry(null, maxTries, 0, 0, (self, cancellable) => {
        n++;
        if (n === last)
            Aiodrive.task_set_final(self);
        (n <= nFailures ? fails(`try ${n}`) : gives(`try ${n}`))(self, cancellable);
    });
    Aiodrive.run(task);
    return task;
}

test('retry', () => {
    assertEqual(Aiodrive.task_propagate(retry(2, 5)), 'try 3');
    assertEqual(assertRaises(() => Aiodrive.task_propagate(retry(9, 3)), NOT_FOUND).message, 'try 3');
    assertEqual(assertRaises(() => Aiodrive.task_propagate(retry(9, 5, 2)), NOT_FOUND).message, 'try 2');
    assertRaises(() => Aiodrive.task_propagate(retry(0, 0)), INVALID_ARGUMENT);
});

test('children', () => {
    const children = [spawn(gives('x')), spawn(fails()), spawn(gives('y'))];
    const all = Aiodrive.wait_all(children, null);
    Aiodrive.run(all);
    assertRaises(() => Aiodrive.wait_all_finish(all), NOT_FOUND);
    assertEqual(Aiodrive.task_dup_children(all), children);
    assertEqual(Aiodrive.task_ref_failed_child(all), children[1]);
    assertEqual(Aiodrive.result_dup_errors(all).length, 1);
    assertEqual(Aiodrive.task_propagate(children[2]), 'y');
    assertEqual(Aiodrive.task_dup_children(children[0]), []);
    assertEqual(Aiodrive.task_ref_failed_child(children[0]), null);
});

test('cancel_task', () => {
    for (const job of [sleeps(), gives('x')])
        inBothForms('cancel_task', task(job), result => assert(Aiodrive.cancel_task_finish(result)));
    inBothForms('cancel_task', task(fails()), result => {
        assertRaises(() => Aiodrive.cancel_task_finish(result), NOT_FOUND);
    });

    const cancellable = new Gio.Cancellable();
    cancellable.cancel();
    const [, result] = call(Aiodrive.cancel_task_async, spawn(sleeps()), cancellable);
    assertRaises(() => Aiodrive.cancel_task_finish(result), CANCELLED);
});

runTests();
