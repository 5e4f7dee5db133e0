# SPDX-License-Identifier: LGPL-2.1-or-later
"""What wrong arguments lead to: an exception, or a critical where only the library can tell. Never a crash."""

import subprocess
import textwrap
import unittest

from support import *


def warnings_of(code):
    """Runs code in another process, in which criticals are not fatal; gives what was printed."""
    process = subprocess.run([sys.executable, '-B', '-c', 'from support import *\n' + textwrap.dedent(code)],
                             cwd=os.path.dirname(os.path.abspath(__file__)), env=dict(os.environ, G_DEBUG=''),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1500)
    assert process.returncode == 0, process.stdout
    return process.stdout


class ArgumentTest(unittest.TestCase):
    def fails(self, code, function, finish, *args):
        task = function(*args, None)
        Aiodrive.run(task)
        with Raises(code):
            finish(task)

    def test_no_tasks(self):
        for name in 'race', 'first_success':
            function, finish = getattr(Aiodrive, name), getattr(Aiodrive, name + '_finish')
            self.fails(Gio.IOErrorEnum.INVALID_ARGUMENT, function, finish, [])
            with self.assertRaises(TypeError):
                function(None, None)

    def test_wrong_tasks(self):
        task = ended(gives('x'))
        for name in 'race', 'first_success', 'try_all', 'wait_all':
            function, finish = getattr(Aiodrive, name), getattr(Aiodrive, name + '_finish')
            self.fails(Gio.IOErrorEnum.INVALID_ARGUMENT, function, finish, [None])
            self.fails(Gio.IOErrorEnum.INVALID_ARGUMENT, function, finish, [task, None])
            for wrong in ['x'], [3], [Gio.Cancellable()], [task, object()], task, 5:
                with self.assertRaises(TypeError):
                    function(wrong, None)

    def test_wrong_task(self):
        for name in 'timeout', 'shield', 'cancel_task':
            args = [5] if name == 'timeout' else []
            for wrong in None, 'x', Gio.Cancellable(), []:
                with self.assertRaises(TypeError):
                    getattr(Aiodrive, name)(wrong, *args, None)
                with self.assertRaises(TypeError):
                    getattr(Aiodrive, name + '_async')(wrong, *args, None, None)
        for name in ('run', 'task_get_leaf', 'task_propagate', 'task_propagate_result', 'task_dup_error',
                     'task_dup_errors', 'error_get_errors'):
            for wrong in None, 'x', Gio.Cancellable():
                with self.assertRaises(TypeError):
                    getattr(Aiodrive, name)(wrong)
        with self.assertRaises(TypeError):
            Aiodrive.wait_task_async(None, None, None)

    def test_child_without_a_cancellable_of_its_own(self):
        pending = Gio.Task.new(None, None, None)
        self.fails(Gio.IOErrorEnum.INVALID_ARGUMENT, Aiodrive.race, Aiodrive.race_finish, [pending])
        pending.return_boolean(True)
        Aiodrive.run(pending)

    def test_numbers(self):
        task = ended(gives('x'))
        for wrong in -1, 1 << 32:
            with self.assertRaises(OverflowError):
                Aiodrive.sleep_async(wrong, None, None)
            with self.assertRaises(OverflowError):
                Aiodrive.timeout(task, wrong, None)
            with self.assertRaises(OverflowError):
                Aiodrive.CancelScope.new_with_timeout(None, wrong)
        with self.assertRaises(TypeError):
            Aiodrive.sleep_async('soon', None, None)

        scope = Aiodrive.CancelScope.new(None)
        scope.set_deadline(-5)
        self.assertEqual(scope.get_deadline(), -1)

    def test_jobs(self):
        for start in Aiodrive.spawn, Aiodrive.prime:
            for wrong in None, 5, 'x':
                with self.assertRaises(TypeError):
                    start(None, wrong)
            with self.assertRaises(TypeError):
                start('x', gives('x'))

    def test_scopes(self):
        scope = Aiodrive.CancelScope.new(None)
        for wrong in 5, 'x', ValueError():
            with self.assertRaises(TypeError):
                scope.cancel_with_reason(wrong)
            with self.assertRaises(TypeError):
                scope.leave(wrong)
        for wrong in 5, 'x', spawn(gives('x')):
            with self.assertRaises(TypeError):
                Aiodrive.CancelScope.new(wrong)
            with self.assertRaises(TypeError):
                GObject.new(Aiodrive.CancelScope, parent=wrong)
        self.assertFalse(scope.is_cancelled())
        settle()


class Halves(GObject.Object, Aiodrive.AsyncIterator):
    """An iterator that lacks all of its functions."""


class InterfaceTest(unittest.TestCase):
    def test_not_implemented(self):
        for iterator in Halves(), Aiodrive.map(Halves(), 1, False, None, gives('x')):
            done = []
            Aiodrive.AsyncIterator.next_async(iterator, None, lambda _source, result: done.append(result))
            iterate_until(lambda: done)
            with self.assertRaises(GLib.Error) as raised:
                Aiodrive.AsyncIterator.next_finish(iterator, done[0])
            self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED))
            Aiodrive.AsyncIterator.close_async(iterator, None, lambda _source, result: done.append(result))
            iterate_until(lambda: len(done) == 2)
            self.assertTrue(Aiodrive.AsyncIterator.close_finish(iterator, done[1]))


class UnwrappingTest(unittest.TestCase):
    def test_taken_by_hand(self):
        task = ended(gives('x'))
        task.propagate_value()
        printed = warnings_of('''
            task = ended(gives('x'))
            task.propagate_value()
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                Aiodrive.task_propagate(task)
        ''')
        self.assertIn('GLib-GIO-CRITICAL', printed)

    def test_no_value(self):
        printed = warnings_of('''
            task = ended(lambda task, cancellable: task.return_int(5))
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                Aiodrive.task_propagate(task)
        ''')
        self.assertIn('GLib-GIO-CRITICAL', printed)

    def test_unwrapped_child(self):
        task = ended(gives('x'))
        self.assertEqual(Aiodrive.task_propagate(task), 'x')
        race = Aiodrive.race([task], None)
        Aiodrive.run(race)
        self.assertIs(Aiodrive.race_finish(race)[0], task)
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            Aiodrive.task_propagate(race)

    def test_error_taken_by_hand(self):
        printed = warnings_of('''
            task = Gio.Task.new(None, Gio.Cancellable(), None)
            task.return_error(new_error())
            iterate_until(task.get_completed)
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                task.propagate_boolean()
            with Raises(Gio.IOErrorEnum.FAILED):
                Aiodrive.task_get_leaf(task)
        ''')
        self.assertIn('GLib-GIO-CRITICAL', printed)


class FinishTest(unittest.TestCase):
    def test_wrong_result(self):
        for name in ('race', 'first_success', 'try_all', 'wait_all', 'timeout', 'shield', 'cancel_task', 'sleep',
                     'wait_task'):
            printed = warnings_of(f'''
                print(Aiodrive.{name}_finish(ended(gives('x'))))
            ''')
            self.assertIn('Aiodrive-CRITICAL', printed)
            self.assertIn('assertion', printed)
            with self.assertRaises(TypeError):
                getattr(Aiodrive, name + '_finish')(None)

    def test_result_of_another(self):
        printed = warnings_of('''
            race = Aiodrive.race([spawn(gives('x'))], None)
            Aiodrive.run(race)
            assert Aiodrive.first_success_finish(race) == (None, -1)
        ''')
        self.assertIn('Aiodrive-CRITICAL', printed)


class NeverSilentTest(unittest.TestCase):
    def test_not_awaited(self):
        printed = warnings_of('''
            task = spawn(fails('nobody looks'))
            task.set_name('the job')
            iterate_until(task.get_completed)
            settle()
            del task
        ''')
        self.assertIn('Aiodrive-WARNING', printed)
        self.assertIn('Task the job failed and nobody awaited it: nobody looks', printed)

    def test_loser(self):
        printed = warnings_of('''
            Aiodrive.run(Aiodrive.race([spawn(gives('x')), spawn(fails('a sore loser'))], None))
        ''')
        self.assertIn('a sore loser', printed)


if __name__ == '__main__':
    unittest.main()
