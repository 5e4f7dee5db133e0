// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs, the tasks made of them, and what passes through.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

import {assert, assertEqual, assertFails, failure, forever, gives, newError, runTests, settle, test, throws}
    from './support.js';

const {CANCELLED, INVALID_ARGUMENT, NOT_FOUND} = Gio.IOErrorEnum;

test('a job', async () => {
    let scope;
    const task = Aiodrive.spawn(async function load(cancellable) {
        scope = cancellable;
        return [await Aiodrive.spawn(gives('a')), 'b'];
    });
    assert(task instanceof Gio.Task);
    assertEqual(scope, undefined);
    assertEqual(await task, ['a', 'b']);
    assertEqual(scope, task.get_cancellable());
    assert(scope instanceof Aiodrive.CancelScope);
    assertEqual(scope.ref_task(), task);
    assertEqual(task.get_name(), 'load');
});

test('a job that is no async function', async () => {
    assertEqual(await Aiodrive.spawn(() => 3), 3);
    const error = new Error('at once');
    assertEqual(await failure(Aiodrive.spawn(() => {
        throw error;
    })), error);
});

test('prime starts at once', async () => {
    const seen = [];
    const task = Aiodrive.prime(async () => {
        seen.push('started');
        return 'x';
    });
    assertEqual(seen, ['started']);
    assertEqual(await task, 'x');
});

test('awaited many times', async () => {
    const value = {};
    const task = Aiodrive.spawn(gives(value));
    const all = await Promise.all([task, task, (async () => task)()]);
    assert(all.every(one => one === value));
    assertEqual(await task, value);
    assertEqual(Aiodrive.task_propagate(task), value);

    const failed = Aiodrive.spawn(throws(value));
    for (let i = 0; i < 3; i++)
        assertEqual(await failure(failed), value);
    assertEqual(Aiodrive.task_dup_error(failed), value);
});

test('then, catch, finally', async () => {
    const seen = [];
    const note = name => value => (seen.push(name, value), `${value}!`);
    assertEqual(await Aiodrive.spawn(gives('a')).then(note('then')), 'a!');
    assertEqual(await Aiodrive.spawn(gives('b')).catch(note('catch')), 'b');
    assertEqual(await Aiodrive.spawn(throws('c')).catch(note('catch')), 'c!');
    assertEqual(await Aiodrive.spawn(gives('d')).finally(note('finally')), 'd');
    assertEqual(seen, ['then', 'a', 'catch', 'c', 'finally', undefined]);
});

class Thing {}

// Everything that a job may return: some of it is in a GValue as it is, the rest in a box.
const values = [true, false, 0, -0, 1, -1, 2 ** 31, 2 ** 53, -(2 ** 31) - 1, 0.5, NaN, Infinity, -Infinity, 5n,
    '', 'grüße', 'with \0 inside', '\ud800', undefined, null, [], [1, [2]], {}, {a: 1}, new Map([[1, 2]]), new Date(),
    new Error('e'), new Thing(), () => {}, Symbol('s'), new Uint8Array(3), new Gio.Cancellable(), new GObject.Object(),
    Object.create(null), newError()];

const describe = value => Object.prototype.toString.call(value);

test('values', async () => {
    for (const value of values) {
        assert(Object.is(await Aiodrive.spawn(async () => value), value), describe(value));
        const task = Aiodrive.race([Aiodrive.timeout(async () => value, 60000)]);
        assert(Object.is((await task)[1], value), describe(value));
    }
});

test('values of queues', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    for (const value of values) {
        queue.put(value);
        assert(Object.is(await queue.get_async(), value), describe(value));
        queue.put(value);
        assert(Object.is(queue.try_get()[1], value), describe(value));
        queue.put(value);
        assert(Object.is(queue.get_many()[0], value), describe(value));
    }
});

test('a value with a type', async () => {
    const value = new GObject.Value();
    value.init(GObject.TYPE_INT64);
    value.set_int64(6);
    const queue = new Aiodrive.UnorderedQueue();
    queue.put(value);
    assertEqual(await queue.get_async(), 6);
});

test('errors', async () => {
    class OwnError extends Error {}
    for (const error of [new Error('e'), new TypeError('t'), new OwnError('o'), 'a string', 5, undefined, null, [], {},
        Symbol('s'), Object.create(null), new AggregateError([new Error('x')], 'several')]) {
        assert(await failure(Aiodrive.spawn(throws(error))) === error, describe(error));
        const race = Aiodrive.shield(Aiodrive.race([Aiodrive.timeout(throws(error), 60000)]));
        assert(await failure(race) === error, describe(error));
    }
});

test('errors of GLib', async () => {
    assertEqual((await assertFails(Aiodrive.spawn(throws(newError('gone'))), NOT_FOUND)).message, 'gone');
});

test('several errors', async () => {
    const errors = [new Error('one'), newError('two'), 'three'];
    const error = await failure(Aiodrive.wait_all(errors.map(one => throws(one))));
    assert(error instanceof AggregateError);
    assertEqual(error.errors.length, 3);
    assertEqual(error.errors[0], errors[0]);
    assertEqual(error.errors[1].message, 'two');
    assertEqual(error.errors[2], 'three');
    assert(error.message.includes('3 of 3'));
});

test('cancelled', async () => {
    const parent = new Gio.Cancellable();
    const task = Aiodrive.spawn(forever, parent);
    await settle();
    parent.cancel();
    await assertFails(task, CANCELLED);
});

test('cleanup may await', async () => {
    const seen = [];
    const task = Aiodrive.spawn(async cancellable => {
        try {
            await forever(cancellable);
        } finally {
            seen.push('cleanup');
            await Aiodrive.sleep(1);
            seen.push('cleaned');
        }
    });
    await settle();
    await Aiodrive.cancel_task(task);
    assertEqual(seen, ['cleanup', 'cleaned']);
    await assertFails(task, CANCELLED);
});

test('an error while it is cancelled', async () => {
    const error = new Error('in cleanup');
    const task = Aiodrive.spawn(async cancellable => {
        await forever(cancellable).catch(() => {
            throw error;
        });
    });
    await settle();
    assertEqual(await failure(Aiodrive.cancel_task(task)), error);
});

test('the reason', async () => {
    const reason = new Error('the window was closed');
    const scope = Aiodrive.CancelScope.new(null);
    const task = Aiodrive.spawn(forever, scope);
    await settle();
    scope.cancel_with_reason(reason);
    await assertFails(task, CANCELLED);
    assertEqual(scope.dup_reason(), reason);
    assertEqual(task.get_cancellable().dup_reason(), reason);
    assertEqual(await failure((async () => scope.leave(newError('', CANCELLED)))()), reason);
});

test('wait_task', async () => {
    const error = new Error('e');
    const task = Aiodrive.spawn(throws(error));
    assertEqual(await Aiodrive.wait_task(task), undefined);
    assertEqual(await failure(task), error);
    const cancellable = new Gio.Cancellable();
    const running = Aiodrive.spawn(gives('x', 5));
    const wait = Aiodrive.wait_task(running, cancellable);
    cancellable.cancel();
    await assertFails(wait, CANCELLED);
    assertEqual(await running, 'x');
});

test('a task of others', async () => {
    const task = Gio.Task.new(null, new Gio.Cancellable(), null);
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        task.return_int(4);
        return GLib.SOURCE_REMOVE;
    });
    assertEqual(task.then, undefined);
    const [index, ended] = await Aiodrive.race([forever, task]);
    assertEqual(index, 1);
    assertEqual(ended.propagate_int(), 4);
});

test('a task returned by hand', async () => {
    const task = Aiodrive.task_new();
    task.return_value(9);
    assertEqual(await task, 9);
});

test('a promise', async () => {
    assertEqual(await Aiodrive.timeout(Promise.resolve([1]), 60000).then(value => value[0]), 1);
    const error = new Error('rejected');
    assertEqual(await failure(Aiodrive.shield(Promise.reject(error))), error);
    let resolve;
    const pending = new Promise(r => (resolve = r));
    await assertFails(Aiodrive.timeout(pending, 1), Gio.IOErrorEnum.TIMED_OUT);
    resolve('late');
    assertEqual(await pending, 'late');
});

test('call', async () => {
    const file = Gio.File.new_for_uri(import.meta.url);
    for (const name of ['load_contents', 'load_contents_async']) {
        const [ok, contents] = await Aiodrive.call(file, name);
        assert(ok && new TextDecoder().decode(contents).startsWith('// SPDX'));
    }
    const cancellable = new Gio.Cancellable();
    cancellable.cancel();
    await assertFails(Aiodrive.call(file, 'load_contents', cancellable), CANCELLED);
    const info = await Aiodrive.call(file, 'query_info', 'standard::size', Gio.FileQueryInfoFlags.NONE, 0);
    assert(info.get_size() > 0);
});

test('call, after Gio._promisify()', async () => {
    class Promised extends GObject.Object {
        static {
            GObject.registerClass(this);
        }

        load_async(suffix, cancellable, callback) {
            this.cancellable = cancellable;
            GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
                callback(this, `loaded ${suffix}`);
                return GLib.SOURCE_REMOVE;
            });
        }

        load_finish(result) {
            return result;
        }
    }

    Gio._promisify(Promised.prototype, 'load_async');
    const object = new Promised();
    assertEqual(await Aiodrive.call(object, 'load', 'x'), 'loaded x');
    assertEqual(object.cancellable, null);
    assertEqual(await object.load_async('y', null), 'loaded y');
});

test('call of a method of the library', async () => {
    const latch = new Aiodrive.Latch();
    const waiting = Aiodrive.call(latch, 'wait_set');
    latch.set();
    await waiting;
    await Aiodrive.call(new Aiodrive.TaskGroup(), 'close');
});

test('a thenable is awaited once', async () => {
    for (const use of [Aiodrive.shield, child => Aiodrive.timeout(child, 60000), child => Aiodrive.wait_all([child]),
        Aiodrive.wait_task]) {
        let calls = 0;
        const thenable = {
            then(resolve) {
                calls++;
                resolve('x');
            },
        };
        await use(thenable);
        assertEqual(calls, 1);
    }
});

// Each fails later; the caller has a name that is in its stack alone.
const failing = [
    cancellable => Aiodrive.sleep(1, cancellable),
    cancellable => new Aiodrive.Latch().wait_set_async(cancellable),
    cancellable => Aiodrive.call(Gio.File.new_for_path('/'), 'load_contents', cancellable),
    cancellable => Aiodrive.race([forever], cancellable),
    cancellable => Aiodrive.wait_all([forever, gives('x')], cancellable),
    () => Aiodrive.wait_for_signal(9),
];

test('the stack of a failure has its caller', async () => {
    for (const start of failing) {
        const cancellable = new Gio.Cancellable();
        const promise = (function theCaller() {
            return start(cancellable);
        })();
        cancellable.cancel();
        const {stack} = await failure(promise);
        assertEqual(stack.split('theCaller@').length, 2);
    }
});

test('the stack of a failure has its job', async () => {
    const task = Aiodrive.spawn(async function theJob() {
        await Aiodrive.call(Gio.File.new_for_path('/'), 'load_contents');
    });
    for (let i = 0; i < 3; i++) {
        const {stack} = await failure(task);
        assertEqual(stack.split('theJob@').length, 2);
    }
    const error = new Error('its own');
    const {stack} = error;
    await failure(Aiodrive.shield(Aiodrive.spawn(throws(error))));
    assertEqual(error.stack, stack);
});

test('an error of no job', async () => {
    await assertFails(Aiodrive.race([Gio.Task.new(null, null, null)]), INVALID_ARGUMENT);
});

runTests();
