# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups of tasks, and the list of them."""

import threading
import unittest

from support import *

GROUPS = Aiodrive.TaskGroup, Aiodrive.AutoTerminatedTaskGroup


def close(group, cancellable=None):
    return group.close_finish(Call(group.close_async, cancellable).wait())


class GroupTest(unittest.TestCase):
    def test_success(self):
        for group_class in GROUPS:
            group = group_class.new(None)
            task = group.spawn(gives('a'))
            self.assertEqual(group.get_n_tasks(), 1)
            self.assertEqual(group.props.n_tasks, 1)
            Aiodrive.run(task)
            self.assertEqual(Aiodrive.task_propagate(task), 'a')
            self.assertFalse(group.is_closed())
            self.assertTrue(close(group))
            self.assertTrue(group.is_closed())
            self.assertTrue(group.props.closed)

    def test_task(self):
        group = Aiodrive.TaskGroup()
        group.spawn(gives('a'))
        task = start(group.close_async)
        Aiodrive.run(task)
        self.assertTrue(group.close_finish(Aiodrive.task_propagate_result(task)))

    def test_failure(self):
        group = Aiodrive.TaskGroup()
        other = group.spawn(sleeps())
        group.spawn(fails())
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            close(group)
        self.assertTrue(other.get_cancellable().is_cancelled())
        self.assertTrue(group.get_scope().is_cancelled())

    def test_several(self):
        group = Aiodrive.TaskGroup()
        group.spawn(fails('a'))
        group.spawn(fails('b'))
        task = start(group.close_async)
        Aiodrive.run(task)
        with Raises(Aiodrive.Error.MULTIPLE, Aiodrive.error_quark()):
            Aiodrive.task_propagate_result(task)
        self.assertEqual([error.message for error in Aiodrive.task_dup_errors(task)], ['a', 'b'])

    def test_cancel(self):
        group = Aiodrive.TaskGroup()
        group.spawn(sleeps())
        group.cancel()
        self.assertTrue(close(group))

        parent = Gio.Cancellable()
        group = Aiodrive.TaskGroup(parent=parent)
        self.assertIs(group.props.parent, parent)
        group.spawn(sleeps())
        call = Call(group.close_async, None)
        parent.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            group.close_finish(call.wait())

    def test_auto_terminated(self):
        group = Aiodrive.AutoTerminatedTaskGroup()
        self.assertIsInstance(group, Aiodrive.TaskGroup)
        group.spawn(sleeps())
        self.assertTrue(close(group))

    def test_add(self):
        group = Aiodrive.TaskGroup()
        self.assertTrue(group.add(spawn(gives('a'))))
        close(group)
        task = ended(gives('b'))
        with Raises(Gio.IOErrorEnum.CLOSED):
            group.add(task)
        task = group.spawn(gives('c'))
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.CLOSED):
            Aiodrive.task_propagate(task)

    def test_thread(self):
        group = Aiodrive.TaskGroup()
        threads = []
        thread = threading.Thread(target=group.spawn, args=(lambda task, cancellable: (
            threads.append(threading.current_thread()), gives('a')(task, cancellable)),))
        thread.start()
        thread.join()
        self.assertEqual(group.get_n_tasks(), 1)
        self.assertTrue(close(group))
        self.assertEqual(threads, [threading.main_thread()])

    def test_closed_in_thread(self):
        group = Aiodrive.TaskGroup()
        group.spawn(gives('a'))
        calls = []
        thread = threading.Thread(target=lambda: calls.append(Call(group.close_async, None)))
        thread.start()
        thread.join()
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            group.close_finish(calls[0].wait())
        self.assertTrue(close(group))

    def test_subclass(self):
        class Group(Aiodrive.TaskGroup):
            pass

        group = Group()
        group.spawn(gives('a'))
        self.assertTrue(close(group))


class ListTest(unittest.TestCase):
    def test_list(self):
        group = Aiodrive.TaskGroup()
        task = group.spawn(sleeps())
        task.set_name('sleeper')
        tasks = group.get_tasks()
        self.assertEqual(tasks.get_item_type(), Aiodrive.TaskInfo.__gtype__)
        changes = []
        tasks.connect('items-changed', lambda tasks, *change: changes.append(change))
        info = tasks[0]
        self.assertEqual(info.get_name(), 'sleeper')
        self.assertEqual(info.props.name, 'sleeper')
        self.assertEqual(info.get_state(), Aiodrive.TaskState.RUNNING)
        self.assertGreaterEqual(info.get_elapsed(), 0)

        seen = []
        info.connect('notify::progress', lambda info, pspec: seen.append(info.get_progress()))
        for fraction in 0.25, 0.5:
            Aiodrive.task_set_progress(task, fraction)
        iterate_until(lambda: seen)
        self.assertEqual(seen, [0.5])
        self.assertEqual(info.props.progress, 0.5)
        self.assertEqual(Aiodrive.task_get_progress(task), 0.5)
        self.assertEqual(Aiodrive.TaskInfo.new(task).get_progress(), 0.5)
        Aiodrive.task_set_file_progress(3, 4, task)
        Aiodrive.task_set_file_progress(5, 0, task)   # the total is not known
        iterate_until(lambda: len(seen) > 1)
        self.assertEqual(seen, [0.5, 0.75])

        info.cancel()
        self.assertTrue(close(group))
        self.assertEqual(changes, [(0, 1, 0)])
        self.assertEqual(len(tasks), 0)
        self.assertEqual(info.props.state, Aiodrive.TaskState.CANCELLED)

    def test_failed(self):
        group = Aiodrive.TaskGroup()
        group.spawn(fails('it broke'))
        info = group.get_tasks()[0]
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            close(group)
        self.assertEqual(info.get_state(), Aiodrive.TaskState.FAILED)
        self.assertEqual(info.get_error_message(), 'it broke')
        self.assertEqual(info.props.error_message, 'it broke')


unittest.main()
