# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest

from support import *

HOUR_MS = 3600000
HOUR_USEC = HOUR_MS * 1000


class TestContextTest(unittest.TestCase):
    def setUp(self):
        self.test = Aiodrive.TestContext.new(None)

    def tearDown(self):
        self.test.close()

    def test_timeout(self):
        began = Aiodrive.get_monotonic_time()
        slow = Aiodrive.timeout(spawn(sleeps(3 * HOUR_MS)), HOUR_MS, None)
        quick = Aiodrive.timeout(spawn(sleeps(HOUR_MS, 'in time')), 2 * HOUR_MS, None)
        Aiodrive.run(slow)
        self.assertEqual(self.test.get_elapsed(), HOUR_USEC)
        Aiodrive.run(quick)
        with Raises(Gio.IOErrorEnum.TIMED_OUT):
            Aiodrive.task_propagate(slow)
        self.assertEqual(Aiodrive.task_propagate(quick), 'in time')
        self.assertEqual(self.test.get_elapsed(), HOUR_USEC)
        self.assertEqual(Aiodrive.get_monotonic_time() - began, HOUR_USEC)

    def test_wait_all_blocked(self):
        task = spawn(sleeps(HOUR_MS))
        self.test.wait_all_blocked()
        call = Call(self.test.wait_all_blocked_async, None)
        self.assertTrue(self.test.wait_all_blocked_finish(call.wait()))
        self.assertFalse(task.get_completed())
        self.assertEqual(self.test.get_elapsed(), 0)
        Aiodrive.run(task)

    def test_executor(self):
        executor = Aiodrive.BackgroundExecutor()
        Aiodrive.run(executor.spawn(None, sleeps(HOUR_MS)))
        self.assertEqual(self.test.get_elapsed(), HOUR_USEC)
        self.assertTrue(executor.stop(None))

    def test_hold(self):
        """A function of GIO that works in a thread of its own is seen only if it is announced."""
        slow = spawn(sleeps(HOUR_MS))
        self.test.hold()
        call = Call(Gio.File.new_for_path('/').query_info_async, 'standard::type', 0, 0, None)
        call.wait()
        self.assertEqual(self.test.get_elapsed(), 0)
        self.test.release()
        Aiodrive.run(slow)
        self.assertEqual(self.test.get_elapsed(), HOUR_USEC)

    def test_cancel_at_step(self):
        """A lock is open again wherever the job was cancelled."""
        lock = Aiodrive.SmartLock()
        ended = []

        def job(task, cancellable):
            def on_locked(source, result):
                try:
                    guard = lock.acquire_finish(result)
                except GLib.Error as error:
                    end(error)
                    return
                Aiodrive.sleep_async(HOUR_MS, cancellable, on_slept, guard)

            def on_slept(source, result, guard):
                guard.release()
                try:
                    Aiodrive.sleep_finish(result)
                except GLib.Error as error:
                    end(error)
                else:
                    end(None)

            def end(error):
                ended.append(error is None)
                if error is None:
                    task.return_boolean(True)
                else:
                    task.return_error(error)

            lock.acquire_async(Aiodrive.LockMode.EXCLUSIVE, 0, cancellable, on_locked)

        step = 0
        while self.test.cancel_at_step(step, job):
            guard = lock.try_acquire(Aiodrive.LockMode.EXCLUSIVE)
            self.assertIsNotNone(guard)
            guard.release()
            step += 1
        self.assertGreater(step, 2)
        self.assertEqual(len(ended), step + 1)
        self.assertTrue(ended[-1])

        with self.assertRaises(GLib.Error) as raised:
            self.test.cancel_at_step(100, fails('it went wrong'))
        self.assertIn('Not cancelled in 100 steps: it went wrong', raised.exception.message)

    def test_other_context(self):
        context = GLib.MainContext()
        test = Aiodrive.TestContext.new(context)
        self.assertEqual(hash(test.get_context()), hash(context))
        context.push_thread_default()
        Aiodrive.run(spawn(sleeps(HOUR_MS)))
        context.pop_thread_default()
        self.assertEqual(test.get_elapsed(), HOUR_USEC)
        self.assertEqual(self.test.get_elapsed(), 0)
        test.close()

    def test_constructor(self):
        context = GLib.MainContext()
        test = Aiodrive.TestContext(context=context)
        self.assertEqual(hash(test.props.context), hash(context))
        test.close()
        test = Aiodrive.TestContext()
        self.assertEqual(hash(test.get_context()), hash(GLib.MainContext.default()))
        self.assertEqual(test.get_elapsed(), 0)
        test.close()


unittest.main()
