# SPDX-License-Identifier: LGPL-2.1-or-later
import gc
import threading
import unittest
import weakref

from support import *


class JobTest(unittest.TestCase):
    def test_spawn(self):
        seen = []
        task = Aiodrive.spawn(None, lambda task, cancellable: (seen.append(1), task.return_boolean(True)))
        self.assertEqual(seen, [])
        Aiodrive.run(task)
        self.assertEqual(seen, [1])
        self.assertTrue(task.get_completed())

    def test_prime(self):
        seen = []
        task = Aiodrive.prime(None, lambda task, cancellable: (seen.append(1), task.return_boolean(True)))
        self.assertEqual(seen, [1])
        self.assertFalse(task.get_completed())
        Aiodrive.run(task)

    def test_user_data(self):
        seen = []
        def job(task, cancellable, *data):
            seen.extend(data)
            task.return_boolean(True)
        Aiodrive.run(Aiodrive.spawn(None, job, 1, 'two'))
        self.assertEqual(seen, [1, 'two'])

    def test_returns(self):
        for name, content in ('int', 7), ('boolean', True), ('boolean', False):
            task = ended(lambda task, cancellable: getattr(task, 'return_' + name)(content))
            leaf = Aiodrive.task_get_leaf(task)
            self.assertIs(leaf, task)
            self.assertEqual(getattr(leaf, 'propagate_' + name)(), content)

    def test_cancelled(self):
        parent = Gio.Cancellable()
        task = Aiodrive.spawn(parent, sleeps())
        settle()
        self.assertFalse(task.get_completed())
        parent.cancel()
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_get_leaf(task)

    def test_starts_although_cancelled(self):
        seen = []
        parent = Gio.Cancellable()
        parent.cancel()
        def job(task, cancellable):
            seen.append(cancellable.is_cancelled())
            task.return_boolean(True)
        Aiodrive.run(Aiodrive.spawn(parent, job))
        self.assertEqual(seen, [True])

    def test_releases_the_job(self):
        for start in Aiodrive.spawn, Aiodrive.prime:
            job = gives('x')
            alive = weakref.ref(job)
            task = start(None, job)
            del job
            self.assertIsNotNone(alive())
            Aiodrive.run(task)
            settle()
            gc.collect()
            self.assertIsNone(alive())

    def test_returned_by_a_thread(self):
        def job(task, cancellable):
            threading.Thread(target=lambda: task.return_value(boxed(GObject.TYPE_INT, 3))).start()
        self.assertEqual(Aiodrive.task_propagate(ended(job)), 3)


class PropagateTest(unittest.TestCase):
    def test_values(self):
        for gtype, content in ((GObject.TYPE_INT, -3), (GObject.TYPE_STRING, 'grüße'), (GObject.TYPE_STRING, None),
                               (GObject.TYPE_INT64, 1 << 40), (GObject.TYPE_DOUBLE, 0.5), (GObject.TYPE_BOOLEAN, True),
                               (GObject.TYPE_OBJECT, Gio.Cancellable()), (GObject.TYPE_OBJECT, None),
                               (GObject.TYPE_STRV, ['a', 'b']), (GObject.TYPE_PYOBJECT, {'any': [object]})):
            self.assertEqual(Aiodrive.task_propagate(ended(gives(content, gtype))), content)

    def test_error(self):
        task = ended(fails('no file'))
        for _ in range(3):
            with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
                Aiodrive.task_propagate(task)
            self.assertEqual(raised.error.message, 'no file')
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.task_propagate_result(task)

    def test_twice(self):
        task = ended(gives('once'))
        self.assertEqual(Aiodrive.task_propagate(task), 'once')
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            Aiodrive.task_propagate(task)

    def test_pending(self):
        task = spawn(gives('x'))
        for function in Aiodrive.task_get_leaf, Aiodrive.task_propagate, Aiodrive.task_propagate_result:
            with Raises(Gio.IOErrorEnum.PENDING):
                function(task)
        self.assertIsNone(Aiodrive.task_dup_error(task))
        self.assertEqual(Aiodrive.task_dup_errors(task), [])
        Aiodrive.run(task)

    def test_errors(self):
        task = ended(gives('x'))
        self.assertIsNone(Aiodrive.task_dup_error(task))
        self.assertEqual(Aiodrive.task_dup_errors(task), [])

        task = ended(fails('alone'))
        self.assertEqual(Aiodrive.task_dup_error(task).message, 'alone')
        self.assertEqual([error.message for error in Aiodrive.task_dup_errors(task)], ['alone'])

        several = Aiodrive.wait_all([spawn(fails('one')), spawn(gives('x')), spawn(fails('two'))], None)
        Aiodrive.run(several)
        for _ in range(3):
            errors = Aiodrive.task_dup_errors(several)
            self.assertEqual([error.message for error in errors], ['one', 'two'])
            self.assertTrue(errors[0].matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))
        error = Aiodrive.task_dup_error(several)
        self.assertTrue(error.matches(Aiodrive.Error.quark(), Aiodrive.Error.MULTIPLE))
        self.assertTrue(error.matches(Aiodrive.error_quark(), Aiodrive.Error.MULTIPLE))
        self.assertIn('2 of 3', error.message)
        self.assertFalse(Aiodrive.error_get_errors(error))   # which PyGObject dropped
        self.assertFalse(Aiodrive.error_is_cancelled(error))
        self.assertTrue(Aiodrive.error_is_cancelled(new_error('gone', Gio.IOErrorEnum.CANCELLED)))

    def test_foreign(self):
        task = Gio.Task.new(None, Gio.Cancellable(), None)
        task.return_int(4)
        Aiodrive.run(task)
        self.assertIs(Aiodrive.task_propagate_result(task), task)
        self.assertEqual(Aiodrive.task_get_leaf(task).propagate_int(), 4)


class StartTest(unittest.TestCase):
    def start(self, file, parent=None):
        task = Aiodrive.task_new(parent)
        file.load_contents_async(task.get_cancellable(), Aiodrive.task_complete, task)
        return task

    def test_fail(self):
        def fails_so(task, cancellable):
            Aiodrive.task_fail(task, Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND, 'there is none')
        failing = spawn(fails_so)
        Aiodrive.run(failing)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate(failing)

    def test_return_task(self):
        def stands_for(task, cancellable):
            inner = spawn(gives('inner'))
            Call(lambda callback: Aiodrive.wait_task_async(
                inner, None, lambda source, result: Aiodrive.task_return_task(task, inner)))
        task = spawn(stands_for)
        Aiodrive.run(task)
        self.assertEqual(Aiodrive.task_propagate(task), 'inner')

    def test_own_results(self):
        queue = Aiodrive.UnorderedQueue()
        gets, drops = start(queue.get_async), None
        scope = Aiodrive.CancelScope.new(None)
        cancelled = Aiodrive.task_new(None)
        queue.get_async(scope, Aiodrive.task_complete, cancelled)
        scope.cancel()
        queue.put(0, 'item')
        Aiodrive.run(gets)
        result = Aiodrive.task_propagate_result(gets)
        self.assertNotIsInstance(result, Gio.Task)
        self.assertFalse(Aiodrive.result_had_error(result))
        self.assertEqual(queue.get_finish(result), 'item')

        Aiodrive.run(cancelled)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate_result(cancelled)

        queue.put(1, 'back')
        drops = start(queue.get_async)
        Aiodrive.run(drops)
        self.assertEqual(queue.get_property('n-items'), 0)
        del drops
        settle()
        self.assertEqual(queue.get_property('n-items'), 1)

    def test_success(self):
        file = Gio.File.new_for_path(__file__)
        for task in self.start(file), Aiodrive.race([self.start(file)], None):
            Aiodrive.run(task)
            success, contents, etag = file.load_contents_finish(Aiodrive.task_propagate_result(task))
            self.assertTrue(success)
            self.assertTrue(contents.startswith(b'# SPDX'))
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                Aiodrive.task_propagate_result(task)

    def test_cancelled_afterwards(self):
        file = Gio.File.new_for_path(__file__)
        task = self.start(file)
        Aiodrive.run(task)
        task.get_cancellable().cancel()
        self.assertTrue(file.load_contents_finish(Aiodrive.task_propagate_result(task))[0])

    def test_failure(self):
        task = self.start(Gio.File.new_for_path('/nowhere/at/all'))
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate_result(task)

    def test_cancelled(self):
        parent = Gio.Cancellable()
        parent.cancel()
        task = self.start(Gio.File.new_for_path(__file__), parent)
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate_result(task)

    def test_by_hand(self):
        task = Aiodrive.task_new(None)
        GLib.idle_add(lambda: task.return_value(boxed(GObject.TYPE_INT, 9)))
        Aiodrive.run(task)
        self.assertEqual(Aiodrive.task_propagate(task), 9)


class WaitTest(unittest.TestCase):
    def test_sleep(self):
        cancellable = Gio.Cancellable()
        self.assertTrue(Aiodrive.sleep(1, None))
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.sleep(3600000, cancellable)

    def test_wait_task(self):
        task = spawn(fails())
        calls = [Call(Aiodrive.wait_task_async, task, None) for _ in range(3)]
        for call in calls:
            self.assertIs(Aiodrive.wait_task_finish(call.wait()), task)
            self.assertIsNone(call.source)
        late = Call(Aiodrive.wait_task_async, task, None)
        self.assertEqual(late.n_calls, 0)
        self.assertIs(Aiodrive.wait_task_finish(late.wait()), task)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate(task)

    def test_wait_cancelled(self):
        task = spawn(sleeps(0, 'unharmed'))
        cancellable = Gio.Cancellable()
        call = Call(Aiodrive.wait_task_async, task, cancellable)
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.wait_task_finish(call.wait())
        Aiodrive.run(task)
        self.assertEqual(Aiodrive.task_propagate(task), 'unharmed')

    def test_user_data(self):
        call = Call(lambda callback: Aiodrive.sleep_async(0, None, callback, 1, 'two'))
        call.wait()
        self.assertEqual(call.user_data, (1, 'two'))

    def test_sleep(self):
        begin = GLib.get_monotonic_time()
        self.assertTrue(Aiodrive.sleep_finish(Call(Aiodrive.sleep_async, 20, None).wait()))
        self.assertGreaterEqual(GLib.get_monotonic_time() - begin, 20000)

    def test_sleep_cancelled(self):
        cancellable = Gio.Cancellable()
        call = Call(Aiodrive.sleep_async, 4294967295, cancellable)
        settle()
        cancellable.cancel()
        self.assertEqual(call.n_calls, 0)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.sleep_finish(call.wait())

    def test_nested_run(self):
        def job(task, cancellable):
            inner = spawn(sleeps(1, 'inner'))
            Aiodrive.run(inner)
            task.return_value(boxed(GObject.TYPE_STRING, Aiodrive.task_propagate(inner)))
        self.assertEqual(Aiodrive.task_propagate(ended(job)), 'inner')

    def test_without_callback(self):
        task = spawn(fails())
        Aiodrive.wait_task_async(task, None, None)
        iterate_until(task.get_completed)
        settle()


unittest.main()
