# SPDX-License-Identifier: LGPL-2.1-or-later
"""Periodic ticks, tasks as they complete, and maps."""

import gc
import unittest
import weakref

from support import *


def next_of(iterator, cancellable=None):
    found, item = iterator.next_finish(Call(iterator.next_async, cancellable).wait())
    return item if found else StopIteration


def all_of(iterator):
    items = []
    while (item := next_of(iterator)) is not StopIteration:
        items.append(item)
    return items


def close(iterator):
    return iterator.close_finish(Call(iterator.close_async, None).wait())


def queue_of(*values):
    queue = Aiodrive.UnorderedQueue.new()
    for value in values:
        queue.put(0, value)
    queue.close()
    return queue


class PeriodicTest(unittest.TestCase):
    def test_ticks(self):
        ticks = Aiodrive.repeat_periodically(1)
        self.assertIsInstance(ticks, Aiodrive.PeriodicIterator)
        self.assertIsInstance(ticks, Aiodrive.AsyncIterator)
        self.assertEqual([next_of(ticks) for i in range(3)], [0, 1, 2])
        self.assertTrue(close(ticks))
        self.assertIs(next_of(ticks), StopIteration)

    def test_waiting(self):
        ticks = Aiodrive.repeat_periodically(3600000)
        cancellable = Gio.Cancellable()
        self.assertEqual(next_of(ticks), 0)
        call = Call(ticks.next_async, cancellable)
        with Raises(Gio.IOErrorEnum.PENDING):
            next_of(ticks)
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            ticks.next_finish(call.wait())
        call = Call(ticks.next_async, None)
        close(ticks)
        self.assertEqual(tuple(ticks.next_finish(call.wait())), (False, False))


class AsCompletedTest(unittest.TestCase):
    def test_order(self):
        tasks = [spawn(sleeps(20, 'slow')), spawn(gives('fast')), spawn(fails())]
        iterator = Aiodrive.as_completed(tasks, None)
        self.assertIs(next_of(iterator), tasks[1])
        self.assertEqual(Aiodrive.task_propagate(tasks[1]), 'fast')
        self.assertIs(next_of(iterator), tasks[2])
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate(tasks[2])
        self.assertIs(next_of(iterator), tasks[0])
        self.assertEqual(Aiodrive.task_propagate(tasks[0]), 'slow')
        self.assertIs(next_of(iterator), StopIteration)
        self.assertIs(next_of(Aiodrive.as_completed([], None)), StopIteration)

    def test_cancel(self):
        task = spawn(sleeps())
        iterator = Aiodrive.as_completed([task], None)
        cancellable = Gio.Cancellable()
        call = Call(iterator.next_async, cancellable)
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            iterator.next_finish(call.wait())
        self.assertFalse(task.get_cancellable().is_cancelled())
        self.assertTrue(close(iterator))
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(task)

    def test_parent(self):
        parent = Gio.Cancellable()
        tasks = [spawn(sleeps()), spawn(sleeps())]
        iterator = Aiodrive.as_completed(tasks, parent)
        parent.cancel()
        self.assertEqual(set(all_of(iterator)), set(tasks))

    def test_add(self):
        iterator = Aiodrive.as_completed([spawn(gives('first'))], None)
        self.assertEqual(Aiodrive.task_propagate(next_of(iterator)), 'first')
        task = spawn(gives('second'))
        self.assertTrue(Aiodrive.as_completed_add(iterator, task))
        self.assertIs(next_of(iterator), task)
        self.assertIs(next_of(iterator), StopIteration)
        with Raises(Gio.IOErrorEnum.CLOSED):
            Aiodrive.as_completed_add(iterator, task)

    def test_refused(self):
        task = spawn(sleeps())
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            next_of(Aiodrive.as_completed([task, task], None))
        task.get_cancellable().cancel()
        Aiodrive.run(task)


class MapTest(unittest.TestCase):
    def test_order(self):
        def job(task, cancellable, item):
            sleeps(10 - item, f'got {item}')(task, cancellable)
        for flags in Aiodrive.MapFlags.ORDERED, Aiodrive.MapFlags.NONE:
            ordered = flags == Aiodrive.MapFlags.ORDERED
            iterator = Aiodrive.map(queue_of(0, 5, 10), 3, flags, None, job)
            results = all_of(iterator)
            expected = ['got 0', 'got 5', 'got 10']
            self.assertEqual(results if ordered else sorted(results), expected if ordered else sorted(expected))

    def test_user_data(self):
        iterator = Aiodrive.map(queue_of('a', 'b'), 1, Aiodrive.MapFlags.ORDERED, None,
                                lambda task, cancellable, item, *data: gives(item + ''.join(data))(task, cancellable),
                                'x', 'y')
        self.assertEqual(all_of(iterator), ['axy', 'bxy'])

    def test_bound(self):
        running = []
        peaks = []
        def job(task, cancellable, item):
            running.append(item)
            peaks.append(len(running))
            def on_slept(source, result):
                running.remove(item)
                gives(item, GObject.TYPE_INT)(task, cancellable)
            Aiodrive.sleep_async(1, cancellable, on_slept)
        numbers = all_of(Aiodrive.map(queue_of(*range(10)), 3, Aiodrive.MapFlags.ORDERED, None, job))
        self.assertEqual(numbers, list(range(10)))
        self.assertEqual(max(peaks), 3)

    def test_failure(self):
        jobs = {'good': gives('x'), 'bad': fails('bad item'), 'slow': sleeps()}
        iterator = Aiodrive.map(queue_of('good', 'bad', 'slow'), 3, Aiodrive.MapFlags.ORDERED, None,
                                lambda task, cancellable, item: jobs[item](task, cancellable))
        self.assertEqual(next_of(iterator), 'x')
        with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
            next_of(iterator)
        self.assertEqual(raised.error.message, 'bad item')
        self.assertIs(next_of(iterator), StopIteration)
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            next_of(Aiodrive.map(queue_of(1), 0, Aiodrive.MapFlags.ORDERED, None, lambda *args: None))

    def test_close(self):
        ticks = Aiodrive.repeat_periodically(0)
        cancelled = []
        def job(task, cancellable, number):
            def on_slept(source, result):
                try:
                    Aiodrive.sleep_finish(result)
                except GLib.Error as error:
                    cancelled.append(number)
                    task.return_error(error)
            Aiodrive.sleep_async(60000, cancellable, on_slept)
        iterator = Aiodrive.map(ticks, 2, Aiodrive.MapFlags.NONE, None, job)
        call = Call(iterator.next_async, None)
        settle()
        self.assertTrue(close(iterator))
        self.assertEqual(cancelled, [0, 1])
        self.assertFalse(iterator.next_finish(call.wait())[0])
        self.assertIs(next_of(ticks), StopIteration)

    def test_function_is_freed(self):
        class Job:
            def __call__(self, task, cancellable, item):
                gives('x')(task, cancellable)
        job = Job()
        gone = []
        weakref.finalize(job, gone.append, True)
        iterator = Aiodrive.map(queue_of(1), 1, Aiodrive.MapFlags.ORDERED, None, job)
        del job
        self.assertEqual(all_of(iterator), ['x'])
        settle()
        gc.collect()
        self.assertEqual(gone, [True])


unittest.main()
