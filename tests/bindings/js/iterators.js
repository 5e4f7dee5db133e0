// SPDX-License-Identifier: LGPL-2.1-or-later
// Periodic ticks, tasks as they complete, and maps.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GObject from 'gi://GObject';

import {assert, assertEqual, assertRaises, call, fails, gives, iterateUntil, pending, runTests, sleeps, spawn,
    test} from './support.js';

const {CANCELLED, INVALID_ARGUMENT, NOT_FOUND, PENDING} = Gio.IOErrorEnum;
const {NONE, ORDERED} = Aiodrive.MapFlags;

const beginNext = (iterator, cancellable = null) => pending(iterator.next_async.bind(iterator), cancellable);
const next = iterator => iterator.next_finish(beginNext(iterator)()[1]);

function take(iterator) {
    const [found, item] = next(iterator);
    assert(found, 'there is no item');
    return item;
}

function all(iterator) {
    const items = [];
    for (;;) {
        const [found, item] = next(iterator);
        if (!found)
            return items;
        items.push(item);
    }
}

function close(iterator) {
    const [, result] = call(iterator.close_async.bind(iterator), null);
    assert(iterator.close_finish(result));
}

function queueOf(...values) {
    const queue = new Aiodrive.UnorderedQueue();
    values.forEach(value => queue.put(0, value));
    queue.close();
    return queue;
}

test('ticks', () => {
    const ticks = Aiodrive.repeat_periodically(1);
    assert(ticks instanceof Aiodrive.PeriodicIterator);
    assertEqual([take(ticks), take(ticks), take(ticks)], [0, 1, 2]);
    close(ticks);
    assertEqual(next(ticks), [false, false]);
});

test('waiting for a tick', () => {
    const ticks = Aiodrive.repeat_periodically(3600000);
    const cancellable = new Gio.Cancellable();
    assertEqual(take(ticks), 0);
    const cancelled = beginNext(ticks, cancellable);
    assertRaises(() => next(ticks), PENDING);
    cancellable.cancel();
    assertRaises(() => ticks.next_finish(cancelled()[1]), CANCELLED);
    const closed = beginNext(ticks);
    close(ticks);
    assertEqual(ticks.next_finish(closed()[1]), [false, false]);
});

test('as completed', () => {
    const tasks = [spawn(sleeps(20, 'slow')), spawn(gives('fast')), spawn(fails())];
    const iterator = Aiodrive.as_completed(tasks, null);
    assertEqual(take(iterator), tasks[1]);
    assertEqual(Aiodrive.task_propagate(tasks[1]), 'fast');
    assertEqual(take(iterator), tasks[2]);
    assertRaises(() => Aiodrive.task_propagate(tasks[2]), NOT_FOUND);
    assertEqual(take(iterator), tasks[0]);
    assertEqual(next(iterator), [false, false]);
    assertEqual(next(Aiodrive.as_completed([], null)), [false, false]);
});

test('as completed: cancel, close, refuse', () => {
    const task = spawn(sleeps());
    const cancellable = new Gio.Cancellable();
    assertRaises(() => next(Aiodrive.as_completed([task, task], null)), INVALID_ARGUMENT);
    const iterator = Aiodrive.as_completed([task], null);
    const cancelled = beginNext(iterator, cancellable);
    cancellable.cancel();
    assertRaises(() => iterator.next_finish(cancelled()[1]), CANCELLED);
    assert(!task.get_cancellable().is_cancelled());
    close(iterator);
    assertRaises(() => Aiodrive.task_propagate(task), CANCELLED);
});

test('as completed: add', () => {
    const iterator = Aiodrive.as_completed([spawn(gives('first'))], null);
    assertEqual(Aiodrive.task_propagate(take(iterator)), 'first');
    const task = spawn(gives('second'));
    assert(Aiodrive.as_completed_add(iterator, task));
    assertEqual(take(iterator), task);
    assertEqual(next(iterator), [false, false]);
    assertRaises(() => Aiodrive.as_completed_add(iterator, task), Gio.IOErrorEnum.CLOSED);
});

test('as completed: parent', () => {
    const parent = new Gio.Cancellable();
    const tasks = [spawn(sleeps()), spawn(sleeps())];
    const iterator = Aiodrive.as_completed(tasks, parent);
    parent.cancel();
    const ended = all(iterator);
    assertEqual(ended.length, 2);
    assert(tasks.every(task => ended.includes(task)));
});

test('map', () => {
    const job = (task, cancellable, item) => sleeps(10 - item, `got ${item}`)(task, cancellable);
    assertEqual(all(Aiodrive.map(queueOf(0, 5, 10), 3, ORDERED, null, job)), ['got 0', 'got 5', 'got 10']);
    assertEqual(all(Aiodrive.map(queueOf(0, 5, 10), 3, NONE, null, job)).sort(), ['got 0', 'got 10', 'got 5']);
});

test('map: bound', () => {
    let running = 0, peak = 0;
    const job = (task, cancellable, item) => {
        peak = Math.max(peak, ++running);
        Aiodrive.sleep_async(1, cancellable, () => {
            running--;
            gives(item, GObject.TYPE_INT)(task);
        });
    };
    const numbers = Array.from({length: 10}, (_, i) => i);
    assertEqual(all(Aiodrive.map(queueOf(...numbers), 3, ORDERED, null, job)), numbers);
    assertEqual(peak, 3);
});

test('map: failure', () => {
    const jobs = {good: gives('x'), bad: fails('bad item'), slow: sleeps()};
    const iterator = Aiodrive.map(queueOf('good', 'bad', 'slow'), 3, ORDERED, null,
        (task, cancellable, item) => jobs[item](task, cancellable));
    assertEqual(take(iterator), 'x');
    assertEqual(assertRaises(() => next(iterator), NOT_FOUND).message, 'bad item');
    assertEqual(next(iterator), [false, false]);
    assertRaises(() => next(Aiodrive.map(queueOf(1), 0, ORDERED, null, () => {})), INVALID_ARGUMENT);
});

test('map: close', () => {
    const ticks = Aiodrive.repeat_periodically(0);
    const started = [];
    const iterator = Aiodrive.map(ticks, 2, NONE, null, (task, cancellable, number) => {
        started.push(number);
        sleeps()(task, cancellable);
    });
    const waiting = beginNext(iterator);
    iterateUntil(() => started.length === 2);
    close(iterator);
    assertEqual(started, [0, 1]);
    assertEqual(iterator.next_finish(waiting()[1]), [false, false]);
    assertEqual(next(ticks), [false, false]);
});

runTests();
