// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertRaises, call, iterateUntil, runTests, test} from './support.js';

test('started and stopped', () => {
    const executor = new Aiodrive.BackgroundExecutor({name: 'stopped'});
    const notified = [];
    assertEqual(executor.name, 'stopped');
    assertEqual(executor.get_name(), 'stopped');
    assertEqual(executor.ref_context(), null);
    executor.connect('notify::running', () => notified.push(executor.running));
    assert(executor.start());
    assert(executor.is_running());
    assert(executor.ref_context() !== null);
    iterateUntil(() => notified.length > 0);
    const [source, result] = call((cancellable, callback) => executor.stop_async(cancellable, callback), null);
    assertEqual(source, executor);
    assert(executor.stop_finish(result));
    assert(!executor.is_running());
    assertEqual(notified, [true, false]);
    assert(executor.stop(null));
});

test('a function of JavaScript', () => {
    const executor = Aiodrive.BackgroundExecutor.new('in JavaScript');
    let nCalls = 0;
    const task = executor.spawn(null, () => nCalls++);
    Aiodrive.run(task);
    const error = assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.NOT_SUPPORTED);
    assertEqual(error.message, 'A JavaScript function cannot run in another thread');
    assertEqual(nCalls, 0);
    assert(!executor.is_running());
});

test('a function of JavaScript in a group', () => {
    const group = Aiodrive.ThreadTaskGroup.new('in JavaScript', null);
    assertEqual(group.name, 'in JavaScript');
    assertEqual(group.get_name(), 'in JavaScript');
    let nCalls = 0;
    const task = group.spawn(() => nCalls++);
    const [, result] = call((cancellable, callback) => group.close_async(cancellable, callback), null);
    const error = assertRaises(() => group.close_finish(result), Gio.IOErrorEnum.NOT_SUPPORTED);
    assertEqual(error.message, 'A JavaScript function cannot run in another thread');
    assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.NOT_SUPPORTED);
    assertEqual(nCalls, 0);
});

test('an empty group', () => {
    const group = new Aiodrive.ThreadTaskGroup();
    assert(group instanceof Aiodrive.TaskGroup);
    const [, result] = call((cancellable, callback) => group.close_async(cancellable, callback), null);
    assert(group.close_finish(result));
});

runTests();
