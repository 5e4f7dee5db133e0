// SPDX-License-Identifier: LGPL-2.1-or-later
// Groups of tasks, and the list of them.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';

import {assert, assertEqual, assertRaises, call, ended, fails, gives, iterateUntil, pending, runTests, sleeps, spawn,
    start, test} from './support.js';

const {CANCELLED, CLOSED, NOT_FOUND} = Gio.IOErrorEnum;

function close(group, cancellable = null) {
    const [, result] = call(group.close_async.bind(group), cancellable);
    return group.close_finish(result);
}

test('success', () => [Aiodrive.TaskGroup, Aiodrive.AutoTerminatedTaskGroup].forEach(Group => {
    const group = Group.new(null);
    const task = group.spawn(gives('a'));
    assertEqual(group.get_n_tasks(), 1);
    assertEqual(group.n_tasks, 1);
    Aiodrive.run(task);
    assertEqual(Aiodrive.task_propagate(task), 'a');
    assert(!group.is_closed());
    assert(close(group));
    assert(group.is_closed());
    assert(group.closed);
}));

test('closing as a task', () => {
    const group = new Aiodrive.TaskGroup();
    group.spawn(gives('a'));
    const task = start(group.close_async.bind(group));
    Aiodrive.run(task);
    assert(group.close_finish(Aiodrive.task_propagate_result(task)));
});

test('failure', () => {
    const group = new Aiodrive.TaskGroup();
    const other = group.spawn(sleeps());
    group.spawn(fails());
    assertRaises(() => close(group), NOT_FOUND);
    assert(other.get_cancellable().is_cancelled());
    assert(group.get_scope().is_cancelled());
});

test('several failures', () => {
    const group = new Aiodrive.TaskGroup();
    group.spawn(fails('a'));
    group.spawn(fails('b'));
    const task = start(group.close_async.bind(group));
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_propagate_result(task), Aiodrive.Error.MULTIPLE, Aiodrive.Error);
    assertEqual(Aiodrive.task_dup_errors(task).map(error => error.message), ['a', 'b']);
});

test('cancelled', () => {
    let group = new Aiodrive.TaskGroup();
    group.spawn(sleeps());
    group.cancel();
    assert(close(group));

    const parent = new Gio.Cancellable();
    group = new Aiodrive.TaskGroup({parent});
    assertEqual(group.parent, parent);
    group.spawn(sleeps());
    const closed = pending(group.close_async.bind(group), null);
    parent.cancel();
    assertRaises(() => group.close_finish(closed()[1]), CANCELLED);
});

test('terminated', () => {
    const group = new Aiodrive.AutoTerminatedTaskGroup();
    assert(group instanceof Aiodrive.TaskGroup);
    group.spawn(sleeps());
    assert(close(group));
});

test('added', () => {
    const group = new Aiodrive.TaskGroup();
    assert(group.add(spawn(gives('a'))));
    close(group);
    const late = ended(gives('b'));
    assertRaises(() => group.add(late), CLOSED);
    const task = group.spawn(gives('c'));
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_propagate(task), CLOSED);
});

test('list', () => {
    const group = new Aiodrive.TaskGroup();
    const task = group.spawn(sleeps());
    task.set_name('sleeper');
    const tasks = group.get_tasks();
    assertEqual(tasks.get_item_type(), Aiodrive.TaskInfo.$gtype);
    const changes = [];
    tasks.connect('items-changed', (_, ...change) => changes.push(...change));
    const info = tasks.get_item(0);
    assertEqual(info.get_name(), 'sleeper');
    assertEqual(info.name, 'sleeper');
    assertEqual(info.get_state(), Aiodrive.TaskState.RUNNING);
    assert(info.get_elapsed() >= 0);

    const seen = [];
    info.connect('notify::progress', () => seen.push(info.get_progress()));
    [0.25, 0.5].forEach(fraction => Aiodrive.task_set_progress(task, fraction));
    iterateUntil(() => seen.length > 0);
    assertEqual(seen, [0.5]);
    assertEqual(info.progress, 0.5);
    assertEqual(Aiodrive.task_get_progress(task), 0.5);
    assertEqual(Aiodrive.TaskInfo.new(task).get_progress(), 0.5);
    Aiodrive.task_set_file_progress(3, 4, task);
    Aiodrive.task_set_file_progress(5, 0, task);   // the total is not known
    iterateUntil(() => seen.length > 1);
    assertEqual(seen, [0.5, 0.75]);

    info.cancel();
    assert(close(group));
    assertEqual(changes, [0, 1, 0]);
    assertEqual(tasks.get_n_items(), 0);
    assertEqual(info.state, Aiodrive.TaskState.CANCELLED);
});

test('list, failed', () => {
    const group = new Aiodrive.TaskGroup();
    group.spawn(fails('it broke'));
    const info = group.get_tasks().get_item(0);
    assertRaises(() => close(group), NOT_FOUND);
    assertEqual(info.get_state(), Aiodrive.TaskState.FAILED);
    assertEqual(info.get_error_message(), 'it broke');
    assertEqual(info.error_message, 'it broke');
});

runTests();
