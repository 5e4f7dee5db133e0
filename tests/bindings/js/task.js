// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {
    assert, assertEqual, assertRaises, boxed, call, ended, fails, gives, iterateUntil, pending, runTests, settle,
    sleeps, spawn, test
} from './support.js';

test('sleep that blocks', () => {
    const cancellable = new Gio.Cancellable();
    assert(Aiodrive.sleep(1, null));
    cancellable.cancel();
    assertRaises(() => Aiodrive.sleep(3600000, cancellable), Gio.IOErrorEnum.CANCELLED);
});

test('spawn', () => {
    let n = 0;
    const task = spawn(it => {
        n++;
        it.return_boolean(true);
    });
    assertEqual(n, 0);
    Aiodrive.run(task);
    assertEqual(n, 1);
    assert(task.get_completed());
});

test('prime', () => {
    let n = 0;
    const task = Aiodrive.prime(null, it => {
        n++;
        it.return_boolean(true);
    });
    assertEqual(n, 1);
    assert(!task.get_completed());
    Aiodrive.run(task);
});

test('returns', () => {
    for (const [name, content] of [['int', 7], ['boolean', true], ['boolean', false]]) {
        const task = ended(it => it[`return_${name}`](content));
        const leaf = Aiodrive.task_get_leaf(task);
        assertEqual(leaf, task);
        assertEqual(leaf[`propagate_${name}`](), content);
    }
});

test('cancelled', () => {
    const parent = new Gio.Cancellable();
    const task = Aiodrive.spawn(parent, sleeps());
    settle();
    assert(!task.get_completed());
    parent.cancel();
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_get_leaf(task), Gio.IOErrorEnum.CANCELLED);
});

test('starts although cancelled', () => {
    const parent = new Gio.Cancellable();
    let seen = null;
    parent.cancel();
    Aiodrive.run(Aiodrive.spawn(parent, (task, cancellable) => {
        seen = cancellable.is_cancelled();
        task.return_boolean(true);
    }));
    assertEqual(seen, true);
});

test('values', () => {
    for (const [type, content] of [[GObject.TYPE_INT, -3], [GObject.TYPE_STRING, 'grüße'],
        [GObject.TYPE_STRING, null], [GObject.TYPE_INT64, 2 ** 40], [GObject.TYPE_DOUBLE, 0.5],
        [GObject.TYPE_BOOLEAN, true],
        [GObject.TYPE_OBJECT, new Gio.Cancellable()], [GObject.TYPE_OBJECT, null]])
        assertEqual(Aiodrive.task_propagate(ended(gives(content, type))), content);
});

test('guessed values', () => {
    for (const content of [3, 'x', true, new Gio.Cancellable()])
        assertEqual(Aiodrive.task_propagate(ended(task => task.return_value(content))), content);
});

test('error', () => {
    const task = ended(fails('no file'));
    for (let i = 0; i < 3; i++) {
        const error = assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.NOT_FOUND);
        assertEqual(error.message, 'no file');
        assertRaises(() => Aiodrive.task_propagate_result(task), Gio.IOErrorEnum.NOT_FOUND);
    }
});

test('unwrapped twice', () => {
    const task = ended(gives('once'));
    assertEqual(Aiodrive.task_propagate(task), 'once');
    assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.INVALID_ARGUMENT);
});

test('unwrapped while pending', () => {
    const task = spawn(gives('x'));
    for (const name of ['task_get_leaf', 'task_propagate', 'task_propagate_result'])
        assertRaises(() => Aiodrive[name](task), Gio.IOErrorEnum.PENDING);
    assertEqual(Aiodrive.task_dup_error(task), null);
    assertEqual(Aiodrive.task_dup_errors(task), []);
    Aiodrive.run(task);
});

test('errors', () => {
    const messages = task => Aiodrive.task_dup_errors(task).map(error => error.message);
    const good = ended(gives('x'));
    assertEqual(Aiodrive.task_dup_error(good), null);
    assertEqual(messages(good), []);

    const bad = ended(fails('alone'));
    assertEqual(Aiodrive.task_dup_error(bad).message, 'alone');
    assertEqual(messages(bad), ['alone']);

    const several = Aiodrive.wait_all([spawn(fails('one')), spawn(gives('x')), spawn(fails('two'))], null);
    Aiodrive.run(several);
    for (let i = 0; i < 3; i++)
        assertEqual(messages(several), ['one', 'two']);
    assert(Aiodrive.task_dup_errors(several)[0].matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND));
    const error = Aiodrive.task_dup_error(several);
    assert(error instanceof Aiodrive.Error);
    assert(error.matches(Aiodrive.Error, Aiodrive.Error.MULTIPLE));
    assertEqual(Aiodrive.error_quark(), Aiodrive.Error.quark());
    assert(error.message.includes('2 of 3'));
    assertEqual(Aiodrive.error_get_errors(error).map(one => one.message), ['one', 'two']);
    assertEqual(Aiodrive.error_get_errors(Aiodrive.task_dup_error(bad)) ?? [], []);
    assert(!Aiodrive.error_is_cancelled(error));
    assert(Aiodrive.error_is_cancelled(new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, 'gone')));
});

test('a task of others', () => {
    const task = Gio.Task.new(null, new Gio.Cancellable(), null);
    task.return_int(4);
    Aiodrive.run(task);
    assertEqual(Aiodrive.task_propagate_result(task), task);
    assertEqual(Aiodrive.task_get_leaf(task).propagate_int(), 4);
});

const file = Gio.File.new_for_uri(import.meta.url);

function start(of, parent = null) {
    const task = Aiodrive.task_new(parent);
    of.load_contents_async(task.get_cancellable(), (source, result) => Aiodrive.task_complete(source, result, task));
    return task;
}

test('a task that fails, and one that ends as another one', () => {
    const failing = spawn(task =>
        Aiodrive.task_fail(task, Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND, 'there is none'));
    Aiodrive.run(failing);
    assertRaises(() => Aiodrive.task_propagate(failing), Gio.IOErrorEnum.NOT_FOUND);

    const standing = spawn(task => {
        const inner = spawn(gives('inner'));
        Aiodrive.wait_task_async(inner, null, () => Aiodrive.task_return_task(task, inner));
    });
    Aiodrive.run(standing);
    assertEqual(Aiodrive.task_propagate(standing), 'inner');
});

test('a wait of the library', () => {
    const queue = new Aiodrive.UnorderedQueue();
    const get = (cancellable = null) => {
        const task = Aiodrive.task_new(null);
        queue.get_async(cancellable, (source, result) => Aiodrive.task_complete(source, result, task));
        return task;
    };
    const scope = Aiodrive.CancelScope.new(null);
    const [gets, cancelled] = [get(), get(scope)];
    scope.cancel();
    queue.put(0, 'item');
    Aiodrive.run(gets);
    const result = Aiodrive.task_propagate_result(gets);
    assert(!(result instanceof Gio.Task));
    assert(!Aiodrive.result_had_error(result));
    assertEqual(queue.get_finish(result), 'item');

    Aiodrive.run(cancelled);
    assertRaises(() => Aiodrive.task_propagate_result(cancelled), Gio.IOErrorEnum.CANCELLED);
});

test('an asynchronous function', () => {
    for (const task of [start(file), Aiodrive.race([start(file)], null)]) {
        Aiodrive.run(task);
        const [ok, contents] = file.load_contents_finish(Aiodrive.task_propagate_result(task));
        assert(ok);
        assert(new TextDecoder().decode(contents).startsWith('// SPDX'));
        assertRaises(() => Aiodrive.task_propagate_result(task), Gio.IOErrorEnum.INVALID_ARGUMENT);
    }
});

test('an asynchronous function, cancelled afterwards', () => {
    const task = start(file);
    Aiodrive.run(task);
    task.get_cancellable().cancel();
    assert(file.load_contents_finish(Aiodrive.task_propagate_result(task))[0]);
});

test('an asynchronous function that fails', () => {
    const task = start(Gio.File.new_for_path('/nowhere/at/all'));
    Aiodrive.run(task);
    assertRaises(() => Aiodrive.task_propagate_result(task), Gio.IOErrorEnum.NOT_FOUND);

    const parent = new Gio.Cancellable();
    parent.cancel();
    const late = start(file, parent);
    Aiodrive.run(late);
    assertRaises(() => Aiodrive.task_propagate_result(late), Gio.IOErrorEnum.CANCELLED);
});

test('a task returned by hand', () => {
    const task = Aiodrive.task_new(null);
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        task.return_value(boxed(GObject.TYPE_INT, 9));
        return GLib.SOURCE_REMOVE;
    });
    Aiodrive.run(task);
    assertEqual(Aiodrive.task_propagate(task), 9);
});

test('wait', () => {
    const task = spawn(fails());
    for (const wait of [1, 2, 3].map(() => pending(Aiodrive.wait_task_async, task, null))) {
        const [source, result] = wait();
        assertEqual(source, null);
        assertEqual(Aiodrive.wait_task_finish(result), task);
    }
    assert(Aiodrive.wait_task_finish(call(Aiodrive.wait_task_async, task, null)[1]));
    assertRaises(() => Aiodrive.task_propagate(task), Gio.IOErrorEnum.NOT_FOUND);
});

test('wait, cancelled', () => {
    const task = spawn(sleeps(0, 'unharmed'));
    const cancellable = new Gio.Cancellable();
    const wait = pending(Aiodrive.wait_task_async, task, cancellable);
    cancellable.cancel();
    assertRaises(() => Aiodrive.wait_task_finish(wait()[1]), Gio.IOErrorEnum.CANCELLED);
    Aiodrive.run(task);
    assertEqual(Aiodrive.task_propagate(task), 'unharmed');
});

test('sleep', () => {
    const begin = GLib.get_monotonic_time();
    assert(Aiodrive.sleep_finish(call(Aiodrive.sleep_async, 20, null)[1]));
    assert(GLib.get_monotonic_time() - begin >= 20000);

    const cancellable = new Gio.Cancellable();
    const sleep = pending(Aiodrive.sleep_async, 4294967295, cancellable);
    settle();
    cancellable.cancel();
    assertRaises(() => Aiodrive.sleep_finish(sleep()[1]), Gio.IOErrorEnum.CANCELLED);
});

test('a nested run', () => {
    assertEqual(Aiodrive.task_propagate(ended(task => {
        const inner = spawn(sleeps(1, 'inner'));
        Aiodrive.run(inner);
        task.return_value(boxed(GObject.TYPE_STRING, Aiodrive.task_propagate(inner)));
    })), 'inner');
});

test('without a callback', () => {
    const task = spawn(fails());
    Aiodrive.wait_task_async(task, null, null);
    iterateUntil(() => task.get_completed());
    settle();
});

runTests();
