# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each combinator in both of its forms."""

import unittest

from support import *


def both_forms(name, *args):
    """Begins a combinator in its two forms, with arguments that are made anew, and waits for the results."""
    task = getattr(Aiodrive, name)(*[make() for make in args], None)
    Aiodrive.run(task)
    yield task
    yield Call(getattr(Aiodrive, name + '_async'), *[make() for make in args], None).wait()


def tasks(*jobs):
    return lambda: [spawn(job) for job in jobs]


class RaceTest(unittest.TestCase):
    def test_winner(self):
        for result in both_forms('race', tasks(sleeps(), sleeps(1, 'fast'), sleeps())):
            winner, index = Aiodrive.race_finish(result)
            self.assertEqual(index, 1)
            self.assertIs(winner, Aiodrive.task_get_leaf(result))
            self.assertEqual(Aiodrive.task_propagate(winner), 'fast')

    def test_ends_last(self):
        children = tasks(gives('first'), sleeps(), sleeps())()
        Call(Aiodrive.race_async, children, None).wait()
        self.assertTrue(all(child.get_completed() for child in children))
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(children[2])

    def test_failure_wins(self):
        for result in both_forms('race', tasks(fails('lost'), sleeps())):
            with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
                Aiodrive.race_finish(result)
            self.assertEqual(raised.error.message, 'lost')

    def test_cancelled(self):
        cancellable = Gio.Cancellable()
        call = Call(Aiodrive.race_async, tasks(sleeps(), sleeps())(), cancellable)
        settle()
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.race_finish(call.wait())

    def test_nested(self):
        inner = Aiodrive.first_success([spawn(fails()), spawn(gives('deep'))], None)
        outer = Aiodrive.timeout(Aiodrive.race([Aiodrive.shield(inner, None), spawn(sleeps())], None), 60000, None)
        Aiodrive.run(outer)
        self.assertEqual(Aiodrive.task_propagate(outer), 'deep')


class FirstSuccessTest(unittest.TestCase):
    def test_winner(self):
        for result in both_forms('first_success', tasks(fails(), sleeps(), gives('good'))):
            winner, index = Aiodrive.first_success_finish(result)
            self.assertEqual(index, 2)
            self.assertEqual(Aiodrive.task_propagate(winner), 'good')

    def test_none(self):
        for result in both_forms('first_success', tasks(fails('one'), fails('two'))):
            with Raises(Aiodrive.Error.MULTIPLE, Aiodrive.Error.quark()):
                Aiodrive.first_success_finish(result)
            self.assertEqual([error.message for error in Aiodrive.task_dup_errors(result)], ['one', 'two'])
        for result in both_forms('first_success', tasks(fails('alone'))):
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.first_success_finish(result)


class GatherTest(unittest.TestCase):
    def test_success(self):
        for name in 'try_all', 'wait_all':
            for result in both_forms(name, tasks(sleeps(2, 'a'), gives('b'))):
                children = getattr(Aiodrive, name + '_finish')(result)
                self.assertEqual([Aiodrive.task_propagate(child) for child in children], ['a', 'b'])

    def test_none(self):
        for name in 'try_all', 'wait_all':
            for nothing in list, lambda: None:
                for result in both_forms(name, nothing):
                    self.assertEqual(getattr(Aiodrive, name + '_finish')(result), [])

    def test_try_all_fails(self):
        for result in both_forms('try_all', tasks(sleeps(), fails('one'), sleeps())):
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.try_all_finish(result)

    def test_wait_all_fails(self):
        for result in both_forms('wait_all', tasks(fails('one'), sleeps(5), fails('two'))):
            with Raises(Aiodrive.Error.MULTIPLE, Aiodrive.Error.quark()):
                Aiodrive.wait_all_finish(result)

    def test_same_task_twice(self):
        task = ended(gives('x'))
        for result in both_forms('try_all', lambda: [task, task]):
            self.assertEqual(Aiodrive.try_all_finish(result), [task, task])

        task = spawn(sleeps())
        for result in both_forms('try_all', lambda: [task, task]):
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                Aiodrive.try_all_finish(result)
        self.assertFalse(task.get_cancellable().is_cancelled())
        Aiodrive.run(Aiodrive.cancel_task(task, None))


class ChildrenTest(unittest.TestCase):
    def test_children(self):
        children = [spawn(gives('x')), spawn(fails()), spawn(gives('y'))]
        task = Aiodrive.wait_all(children, None)
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.wait_all_finish(task)
        self.assertEqual(Aiodrive.task_dup_children(task), children)
        self.assertEqual(Aiodrive.task_ref_failed_child(task), children[1])
        self.assertEqual([error.message for error in Aiodrive.result_dup_errors(task)], ['it went wrong'])
        self.assertEqual(Aiodrive.task_propagate(children[2]), 'y')
        self.assertEqual(Aiodrive.task_dup_children(children[0]), [])
        self.assertIsNone(Aiodrive.task_ref_failed_child(children[0]))


class TimeoutTest(unittest.TestCase):
    def test_in_time(self):
        for result in both_forms('timeout', lambda: spawn(sleeps(1, 'in time')), lambda: 60000):
            self.assertEqual(Aiodrive.task_propagate(Aiodrive.timeout_finish(result)), 'in time')

    def test_late(self):
        for result in both_forms('timeout', lambda: spawn(sleeps()), lambda: 1):
            with Raises(Gio.IOErrorEnum.TIMED_OUT):
                Aiodrive.timeout_finish(result)

    def test_fails(self):
        for result in both_forms('timeout', lambda: spawn(fails()), lambda: 4294967295):
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.timeout_finish(result)


class ShieldTest(unittest.TestCase):
    def test_success(self):
        for result in both_forms('shield', lambda: spawn(gives('safe'))):
            self.assertEqual(Aiodrive.task_propagate(Aiodrive.shield_finish(result)), 'safe')

    def test_cancelled(self):
        parent = Gio.Cancellable()
        task = Aiodrive.spawn(parent, sleeps(5, 'unharmed'))
        call = Call(Aiodrive.shield_async, task, parent)
        settle()
        parent.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.shield_finish(call.wait())
        self.assertEqual(Aiodrive.task_propagate(task), 'unharmed')

    def test_foreign(self):
        task = Gio.Task.new(None, Gio.Cancellable(), None)
        for result in both_forms('shield', lambda: task):
            with Raises(Gio.IOErrorEnum.NOT_SUPPORTED):
                Aiodrive.shield_finish(result)
        task.return_boolean(True)
        Aiodrive.run(task)


class RetryTest(unittest.TestCase):
    def retry(self, n_failures, max_tries, last=0):
        n_tries = 0
        def job(task, cancellable):
            nonlocal n_tries
            n_tries += 1
            if n_tries == last:
                Aiodrive.task_set_final(task)
            (fails(f'try {n_tries}') if n_tries <= n_failures else gives(f'try {n_tries}'))(task, cancellable)
        task = Aiodrive.retry(None, max_tries, 0, 0, job)
        Aiodrive.run(task)
        self.assertLessEqual(n_tries, max_tries)
        return task

    def test_success(self):
        self.assertEqual(Aiodrive.task_propagate(self.retry(2, 5)), 'try 3')

    def test_fails(self):
        for task, message in (self.retry(9, 3), 'try 3'), (self.retry(9, 5, last=2), 'try 2'):
            with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
                Aiodrive.task_propagate(task)
            self.assertEqual(raised.error.message, message)

    def test_no_tries(self):
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            Aiodrive.task_propagate(self.retry(0, 0))


class CancelTaskTest(unittest.TestCase):
    def test_success(self):
        for job in sleeps(), gives('x'):
            for result in both_forms('cancel_task', lambda: spawn(job)):
                self.assertTrue(Aiodrive.cancel_task_finish(result))

    def test_fails(self):
        for result in both_forms('cancel_task', lambda: spawn(fails())):
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.cancel_task_finish(result)

    def test_itself_cancelled(self):
        cancellable = Gio.Cancellable()
        cancellable.cancel()
        call = Call(Aiodrive.cancel_task_async, spawn(sleeps()), cancellable)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.cancel_task_finish(call.wait())


unittest.main()
