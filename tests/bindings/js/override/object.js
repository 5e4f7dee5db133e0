// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs that end with an object, its signals and properties, and the latest only.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, assertFails, failure, runTests, test, throws} from './support.js';

const {CANCELLED, INVALID_ARGUMENT} = Gio.IOErrorEnum;

function newAction() {
    return Gio.SimpleAction.new('go', new GLib.VariantType('s'));
}

function activate(action, text = 'now') {
    action.activate(GLib.Variant.new_string(text));
}

test('connect', async () => {
    const action = newAction();
    const log = [];
    Aiodrive.connect(action, 'activate', async (cancellable, text) => {
        log.push(text.deepUnpack());
        await Aiodrive.sleep_async(3600000, cancellable).catch(() => log.push('ended'));
    });
    activate(action, 'here');
    await Aiodrive.sleep_async(1);
    assertEqual(log, ['here']);
    action.run_dispose();
    await Aiodrive.sleep_async(1);
    assertEqual(log, ['here', 'ended']);
});

test('spawn for an object', async () => {
    const action = newAction();
    let ended = false;
    Aiodrive.spawn_for_object(action, cancellable =>
        Aiodrive.sleep_async(3600000, cancellable).finally(() => (ended = true)), 'notify::enabled');
    await Aiodrive.sleep_async(1);
    assert(!ended);
    action.set_enabled(false);
    await Aiodrive.sleep_async(1);
    assert(ended);
});

test('wrong arguments', () => {
    const action = newAction();
    for (const call of [
        () => Aiodrive.connect(action, 'clicked', () => {}),
        () => Aiodrive.connect(action, 'activate', null),
        () => Aiodrive.spawn_for_object(action, () => {}, 'clicked'),
        () => Aiodrive.spawn_for_object({}, () => {}),
    ]) {
        let thrown = null;
        try {
            call();
        } catch (error) {
            thrown = error;
        }
        assert(thrown instanceof TypeError);
    }
});

test('waits', async () => {
    const action = newAction();
    const emitted = Aiodrive.wait_for_emission_async(action, 'activate');
    const disabled = Aiodrive.wait_for_property_async(action, 'enabled', false);
    const changed = Aiodrive.wait_for_property_async(action, 'enabled');
    activate(action, 'here');
    action.set_enabled(false);
    assertEqual([...await emitted].map(text => text.deepUnpack()), ['here']);
    assertEqual(await disabled, false);
    assertEqual(await changed, false);
    assert(await Aiodrive.wait_for_fd_async(1, GLib.IOCondition.OUT) & GLib.IOCondition.OUT);
    await assertFails(Aiodrive.wait_for_emission_async(action, 'clicked'), INVALID_ARGUMENT);
});

test('iterators', async () => {
    const action = newAction();
    const emissions = Aiodrive.iterate_emissions(action, 'activate');
    const values = Aiodrive.iterate_property(action, 'enabled');
    activate(action, 'a');
    activate(action, 'b');
    action.run_dispose();
    const texts = [];
    for await (const [text] of emissions)
        texts.push(text.deepUnpack());
    assertEqual(texts, ['a', 'b']);
    for await (const value of values)
        assertEqual(value, true);
});

test('latest', async () => {
    const latest = Aiodrive.Latest.new(null, 200);
    const started = [];
    const tasks = [1, 2, 3].map(i => latest.spawn(() => {
        started.push(i);
        return i;
    }));
    assert(latest.busy);
    assertEqual(await tasks[2], 3);
    assertEqual(started, [3]);
    await assertFails(tasks[0], CANCELLED);
    await assertFails(tasks[1], CANCELLED);
    await latest.close();
    assert(!latest.busy);
});

runTests();
