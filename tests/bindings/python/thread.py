# SPDX-License-Identifier: LGPL-2.1-or-later
import threading
import unittest

from support import *


def stop(executor):
    assert executor.stop(None)


class BackgroundExecutorTest(unittest.TestCase):
    def test_runs_there(self):
        executor = Aiodrive.BackgroundExecutor.new('in Python')
        threads = []

        def on_slept(source, result, task):
            Aiodrive.sleep_finish(result)
            threads.append(threading.get_ident())
            task.return_value(boxed(GObject.TYPE_STRING, 'freight'))

        def job(task, cancellable):
            threads.append(threading.get_ident())
            self.assertEqual(task.get_context(), executor.ref_context())
            Aiodrive.sleep_async(1, cancellable, on_slept, task)

        task = executor.spawn(None, job)
        Aiodrive.run(task)
        self.assertEqual(Aiodrive.task_propagate(task), 'freight')
        self.assertEqual(threads[0], threads[1])
        self.assertNotEqual(threads[0], threading.get_ident())
        stop(executor)
        self.assertIsNone(executor.ref_context())

    def test_fails(self):
        executor = Aiodrive.BackgroundExecutor()
        task = executor.spawn(None, fails('it went wrong there'))
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate(task)
        stop(executor)

    def test_stopped(self):
        executor = Aiodrive.BackgroundExecutor(name='stopped')
        self.assertEqual((executor.props.name, executor.get_name()), ('stopped', 'stopped'))
        notified = []
        executor.connect('notify::running', lambda *args: notified.append(executor.props.running))
        self.assertTrue(executor.start())
        self.assertTrue(executor.is_running())
        iterate_until(lambda: notified)

        def job(task, cancellable):
            Aiodrive.sleep_async(100000, cancellable, on_slept, task)

        def on_slept(source, result, task):
            try:
                Aiodrive.sleep_finish(result)
            except GLib.Error as error:
                task.return_error(error)

        task = executor.spawn(None, job)
        call = Call(executor.stop_async, None)
        self.assertTrue(executor.stop_finish(call.wait()))
        self.assertFalse(executor.is_running())
        self.assertEqual(notified, [True, False])
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(task)

    def test_main_thread_blocked(self):
        """Stopping lets the interpreter go, so that a job in Python can end."""
        executor = Aiodrive.BackgroundExecutor()
        began = threading.Event()

        def job(task, cancellable):
            began.set()
            while not cancellable.is_cancelled():
                pass
            task.return_value(boxed(GObject.TYPE_STRING, 'freight'))

        task = executor.spawn(None, job)
        began.wait()
        stop(executor)
        Aiodrive.run(task)
        self.assertEqual(Aiodrive.task_propagate(task), 'freight')


class ThreadTaskGroupTest(unittest.TestCase):
    def test_runs_there(self):
        group = Aiodrive.ThreadTaskGroup.new('in Python', None)
        self.assertEqual((group.props.name, group.get_name()), ('in Python', 'in Python'))
        threads = set()

        def job(task, cancellable):
            def on_slept(source, result):
                Aiodrive.sleep_finish(result)
                threads.add(threading.get_ident())
                task.return_value(boxed(GObject.TYPE_STRING, 'freight'))

            threads.add(threading.get_ident())
            Aiodrive.sleep_async(1, cancellable, on_slept)

        tasks = [group.spawn(job) for _ in range(3)]
        self.assertEqual(group.get_n_tasks(), 3)
        self.assertTrue(group.close_finish(Call(group.close_async, None).wait()))
        self.assertEqual([Aiodrive.task_propagate(task) for task in tasks], ['freight'] * 3)
        self.assertEqual(len(threads), 1)
        self.assertNotIn(threading.get_ident(), threads)

    def test_main_thread_blocked(self):
        group = Aiodrive.ThreadTaskGroup()
        ended = threading.Event()

        def job(task, cancellable):
            gives('freight')(task, cancellable)
            ended.set()

        group.spawn(job)
        ended.wait()
        self.assertTrue(group.close_finish(Call(group.close_async, None).wait()))

    def test_fails(self):
        group = Aiodrive.ThreadTaskGroup()
        other = group.spawn(sleeps())
        group.spawn(fails('it went wrong there'))
        closing = start(group.close_async)
        Aiodrive.run(closing)
        with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
            Aiodrive.task_propagate_result(closing)
        self.assertEqual(raised.error.message, 'it went wrong there')
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(other)

    def test_spawned_in_job(self):
        group = Aiodrive.ThreadTaskGroup()
        threads = []

        def job(task, cancellable):
            threads.append(threading.get_ident())
            if len(threads) < 5:
                group.spawn(job)
            task.return_value(boxed(GObject.TYPE_STRING, 'freight'))

        group.spawn(job)
        self.assertTrue(group.close_finish(Call(group.close_async, None).wait()))
        self.assertEqual(threads, threads[:1] * 5)


unittest.main()
