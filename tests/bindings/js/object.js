// SPDX-License-Identifier: LGPL-2.1-or-later
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assert, assertEqual, assertRaises, call, pending, runTests, settle, test} from './support.js';

const {CLOSED, INVALID_ARGUMENT, NOT_FOUND} = Gio.IOErrorEnum;

// Binds the methods that begin and end a call, and waits for it.
function wait(object, name, ...args) {
    const [, result] = call(object[`${name}_async`].bind(object), ...args);
    return object[`${name}_finish`](result);
}

function sleepLong(task, cancellable) {
    Aiodrive.sleep_async(3600000, cancellable, (source, result) => Aiodrive.task_complete(source, result, task));
}

function newAction() {
    return Gio.SimpleAction.new('go', new GLib.VariantType('s'));
}

function activate(action, text = 'now') {
    action.activate(GLib.Variant.new_string(text));
}

function booleanValue(value) {
    const boxed = new GObject.Value();
    boxed.init(GObject.TYPE_BOOLEAN);
    boxed.set_boolean(value);
    return boxed;
}

test('scope', () => {
    const action = newAction();
    let scope = Aiodrive.CancelScope.new_for_object(action, 'activate', null);
    assertEqual(Aiodrive.CancelScope.new(scope).dup_object(), action);
    activate(action);
    assert(scope.is_cancelled());
    scope = Aiodrive.CancelScope.new_for_object(action, null, null);
    action.run_dispose();
    assert(scope.is_cancelled());
    assertEqual(scope.dup_object(), null);
});

test('spawn for an object', () => {
    const action = newAction();
    const started = [];
    Aiodrive.spawn_for_object(action, null, (task, cancellable) => {
        started.push(cancellable);
        sleepLong(task, cancellable);
    });
    settle();
    assertEqual(started[0].dup_object(), action);
    action.run_dispose();
    assert(started[0].is_cancelled());
    settle();
});

test('emission', () => {
    const action = newAction();
    let ready = pending(Aiodrive.wait_for_emission_async, action, 'activate', null);
    activate(action, 'here');
    const emission = Aiodrive.wait_for_emission_finish(ready()[1]);
    assert(emission instanceof Aiodrive.Emission);
    assertEqual(emission.get_n_args(), 1);
    assertEqual(emission.get_arg(0).deepUnpack(), 'here');
    assertEqual(emission.get_arg(1), null);

    ready = pending(Aiodrive.wait_for_emission_async, action, 'activate', null);
    action.run_dispose();
    assertRaises(() => Aiodrive.wait_for_emission_finish(ready()[1]), CLOSED);
    assertRaises(() => Aiodrive.wait_for_emission(newAction(), 'deactivate', null), INVALID_ARGUMENT);
});

test('property', () => {
    const action = newAction();
    const ready = pending(Aiodrive.wait_for_property_async, action, 'enabled', booleanValue(false), null);
    action.set_enabled(false);
    assertEqual(Aiodrive.wait_for_property_finish(ready()[1]), false);
    assertEqual(Aiodrive.wait_for_property(action, 'enabled', booleanValue(false), null), false);
    const wrong = pending(Aiodrive.wait_for_property_async, action, 'colour', null, null);
    assertRaises(() => Aiodrive.wait_for_property_finish(wrong()[1]), INVALID_ARGUMENT);
});

test('fd', () => {
    const ready = pending(Aiodrive.wait_for_fd_async, 1, GLib.IOCondition.OUT, null);
    assert(Aiodrive.wait_for_fd_finish(ready()[1]) & GLib.IOCondition.OUT);
    const wrong = pending(Aiodrive.wait_for_fd_async, -1, GLib.IOCondition.IN, null);
    assertRaises(() => Aiodrive.wait_for_fd_finish(wrong()[1]), INVALID_ARGUMENT);
});

test('iterators', () => {
    const action = newAction();
    const emissions = Aiodrive.iterate_emissions(action, 'activate', 1, Aiodrive.Overflow.DROP_OLDEST);
    const values = Aiodrive.iterate_property(action, 'enabled');
    activate(action, 'a');
    activate(action, 'b');
    assert(emissions instanceof Aiodrive.ObjectIterator);
    assertEqual(emissions.n_items, 1);
    action.run_dispose();
    const [found, emission] = wait(emissions, 'next', null);
    assert(found);
    assertEqual(emission.get_arg(0).deepUnpack(), 'b');
    assertEqual(wait(values, 'next', null), [true, true]);
    assertEqual(wait(values, 'next', null), [false, false]);
    assertRaises(() => Aiodrive.iterate_emissions(newAction(), 'deactivate', 1, Aiodrive.Overflow.FAIL),
        INVALID_ARGUMENT);
});

test('latest', () => {
    const latest = Aiodrive.Latest.new(null, 0);
    assertEqual(latest.debounce_ms, 0);
    const started = [];
    const job = (task, cancellable) => {
        started.push(task);
        sleepLong(task, cancellable);
    };
    const first = latest.spawn(job);
    const second = latest.spawn(job);
    settle();
    assertEqual(started, [second]);
    assert(first.get_completed());
    assert(latest.is_busy() && latest.busy);
    latest.cancel();
    settle();
    assert(!latest.is_busy());
    assert(wait(latest, 'close', null));
});

test('supervisor', () => {
    const group = Aiodrive.TaskGroup.new_with_flags(null, Aiodrive.TaskGroupFlags.SUPERVISOR);
    assertEqual(group.flags, Aiodrive.TaskGroupFlags.SUPERVISOR);
    const failed = [];
    group.connect('task-failed', (self, task, error) => failed.push(task, error.message));
    const helper = group.spawn_with_flags(Aiodrive.TaskGroupSpawnFlags.HELPER, sleepLong);
    const task = group.spawn(failing => failing.return_error(new GLib.Error(Gio.IOErrorEnum, NOT_FOUND, 'gone')));
    settle();
    assertEqual(failed, [task, 'gone']);
    assert(!helper.get_completed());
    assert(wait(group, 'close', null));
    assert(helper.get_completed());
});

runTests();
