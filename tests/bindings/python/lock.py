# SPDX-License-Identifier: LGPL-2.1-or-later
"""Locks, their guards, the limiter and the condition."""

import gc
import threading
import unittest

from support import *

EXCLUSIVE, SHARED = Aiodrive.LockMode.EXCLUSIVE, Aiodrive.LockMode.SHARED
WEAK_EXCLUSIVE = Aiodrive.LockMode.WEAK_EXCLUSIVE
MODES = {name: getattr(Aiodrive.LockMode, name.upper())
         for name in ('exclusive', 'shared', 'thread_shared', 'weak_exclusive')}


def acquired(lock, *args):
    return lock.acquire_finish(Call(lock.acquire_async, *args).wait())


class SmartLockTest(unittest.TestCase):
    def assertOpen(self, lock):
        self.assertIsNotNone(lock.try_acquire(EXCLUSIVE))

    def test_modes(self):
        lock = Aiodrive.SmartLock.new()
        for name, mode in MODES.items():
            guards = [
                lambda: lock.acquire(mode, 0, None),
                lambda: acquired(lock, mode, 0, None),
                lambda: lock.try_acquire(mode),
            ]
            for get in guards:
                guard = get()
                self.assertIsInstance(guard, Aiodrive.LockGuard)
                for other in MODES.values():
                    together = other == mode and name in ('shared', 'thread_shared')
                    self.assertEqual(lock.try_acquire(other) is not None, together)
                guard.release()
                guard.release()
                self.assertOpen(lock)

    def test_order(self):
        lock = Aiodrive.SmartLock()
        guard = lock.acquire(EXCLUSIVE, 0, None)
        calls = [Call(lock.acquire_async, EXCLUSIVE, priority, None) for priority in (0, 0, -1)]
        for i in 2, 0, 1:
            guard.release()
            guard = lock.acquire_finish(calls[i].wait())
            self.assertIsNone(lock.try_acquire(EXCLUSIVE))
        self.assertEqual([call.n_calls for call in calls], [1, 1, 1])

    def test_dropped(self):
        lock = Aiodrive.SmartLock.new()
        guard = lock.acquire(EXCLUSIVE, 0, None)
        again = guard.copy()
        del guard
        gc.collect()
        self.assertIsNone(lock.try_acquire(EXCLUSIVE))
        del again
        gc.collect()
        self.assertOpen(lock)

    def test_references(self):
        """A guard of Python's has a reference of its own: what a script does to the count harms nobody."""
        lock = Aiodrive.SmartLock.new()
        guard = lock.acquire(EXCLUSIVE, 0, None)
        guard.unref()
        self.assertIsNone(lock.try_acquire(EXCLUSIVE))
        guard.ref()
        del guard
        gc.collect()
        self.assertOpen(lock)

    def test_never_unwrapped(self):
        lock = Aiodrive.SmartLock.new()
        call = Call(lock.acquire_async, EXCLUSIVE, 0, None)
        call.wait()
        self.assertIsNone(lock.try_acquire(EXCLUSIVE))
        del call
        gc.collect()
        self.assertOpen(lock)

    def test_cancelled(self):
        lock = Aiodrive.SmartLock.new()
        guard = lock.acquire(SHARED, 0, None)
        cancellable = Gio.Cancellable()
        writer = Call(lock.acquire_async, EXCLUSIVE, 0, cancellable)
        reader = Call(lock.acquire_async, SHARED, 0, None)
        settle()
        self.assertEqual(reader.n_calls, 0)
        cancellable.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            lock.acquire_finish(writer.wait())
        lock.acquire_finish(reader.wait())
        with Raises(Gio.IOErrorEnum.CANCELLED):
            lock.acquire(EXCLUSIVE, 0, cancellable)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            lock.acquire(EXCLUSIVE, 0, Aiodrive.CancelScope.new_with_timeout(None, 1))
        guard.release()

    def test_thread(self):
        lock = Aiodrive.SmartLock.new()
        guard = lock.acquire(EXCLUSIVE, 0, None)
        seen = []
        def block():
            with_guard = lock.acquire(EXCLUSIVE, 0, None)
            seen.append(lock.try_acquire(SHARED))
            del with_guard
        thread = threading.Thread(target=block)
        thread.start()
        guard.release()
        thread.join()
        self.assertEqual(seen, [None])
        self.assertOpen(lock)

    def test_weak(self):
        lock = Aiodrive.SmartLock.new()
        parent = Gio.Cancellable()
        guard = lock.acquire(WEAK_EXCLUSIVE, 0, parent)
        scope = guard.get_scope()
        self.assertEqual(scope.get_parent(), parent)
        self.assertFalse(scope.is_cancelled())
        call = Call(lock.acquire_async, SHARED, 0, None)
        self.assertTrue(scope.is_cancelled())
        self.assertTrue(scope.dup_reason().matches(Aiodrive.Error.quark(), Aiodrive.Error.PREEMPTED))
        self.assertFalse(parent.is_cancelled())
        guard.release()
        self.assertIsInstance(lock.acquire_finish(call.wait()), Aiodrive.LockGuard)

    def test_wrong_mode(self):
        """PyGObject refuses what is no mode before it comes to us."""
        lock = Aiodrive.SmartLock.new()
        for wrong in 9, -1, 'mine', None:
            for function in (lambda: lock.try_acquire(wrong), lambda: lock.acquire(wrong, 0, None),
                             lambda: lock.acquire_async(wrong, 0, None, None)):
                with self.assertRaises((TypeError, ValueError)):
                    function()


class NestableLockTest(unittest.TestCase):
    def test_nesting(self):
        lock = Aiodrive.NestableLock.new()
        seen = []
        def acquire(task, cancellable, name, then):
            def on_acquired(lock, result):
                guard = lock.acquire_finish(result)
                seen.append(name)
                then(task, cancellable, guard)
            lock.acquire_async(cancellable, on_acquired)
        def end(task, cancellable, guard):
            task.return_boolean(True)
        def call_child(task, cancellable, guard):
            child = Aiodrive.spawn(cancellable, lambda task, cancellable: acquire(task, cancellable, 'child', end))
            def on_ended(source, result):
                guard.release()
                task.return_boolean(True)
            Aiodrive.wait_task_async(child, None, on_ended)
        parent = spawn(lambda task, cancellable: acquire(task, cancellable, 'parent', call_child))
        stranger = spawn(lambda task, cancellable: acquire(task, cancellable, 'stranger', end))
        Aiodrive.run(parent)
        Aiodrive.run(stranger)
        self.assertEqual(seen, ['parent', 'child', 'stranger'])

    def test_no_task(self):
        lock = Aiodrive.NestableLock()
        guard = acquired(lock, None)
        call = Call(lock.acquire_async, None)
        settle()
        self.assertEqual(call.n_calls, 0)
        guard.release()
        lock.acquire_finish(call.wait()).release()


class LimiterTest(unittest.TestCase):
    def test_capacity(self):
        limiter = Aiodrive.Limiter.new(2)
        seen = []
        limiter.connect('notify::capacity', lambda limiter, spec: seen.append(limiter.get_capacity()))
        guards = [limiter.try_acquire(), limiter.acquire(None)]
        self.assertIsNone(limiter.try_acquire())
        calls = [Call(limiter.acquire_async, None) for _ in range(3)]
        settle()
        self.assertEqual([call.n_calls for call in calls], [0, 0, 0])
        limiter.set_capacity(3)
        guards.append(limiter.acquire_finish(calls[0].wait()))
        limiter.props.capacity = 4
        guards.append(limiter.acquire_finish(calls[1].wait()))
        guards.pop().release()
        guards.append(limiter.acquire_finish(calls[2].wait()))
        self.assertEqual(seen, [3, 4])
        self.assertEqual(limiter.props.capacity, 4)

    def test_zero(self):
        limiter = Aiodrive.Limiter.new(0)
        self.assertIsNone(limiter.try_acquire())
        with Raises(Gio.IOErrorEnum.CANCELLED):
            limiter.acquire(Aiodrive.CancelScope.new_with_timeout(None, 1))

    def test_wrong_capacity(self):
        for wrong in -1, 1 << 32:
            with self.assertRaises(OverflowError):
                Aiodrive.Limiter.new(wrong)
            with self.assertRaises(OverflowError):
                Aiodrive.Limiter.new(1).set_capacity(wrong)


class ConditionTest(unittest.TestCase):
    def test_wait(self):
        lock = Aiodrive.SmartLock.new()
        condition = Aiodrive.Condition.new()
        guards, calls = [], []
        for _ in range(4):
            guards.append(lock.acquire(EXCLUSIVE, 0, None))
            calls.append(Call(condition.wait_async, guards[-1], None))
        for wake, expected in (condition.signal, [0]), (condition.signal, [1]), (condition.broadcast, [2, 3]):
            wake()
            for i in expected:
                self.assertTrue(condition.wait_finish(calls[i].wait()))
                self.assertIsNone(lock.try_acquire(SHARED))
                guards[i].release()
            settle()
            self.assertEqual(sum(call.n_calls for call in calls), expected[-1] + 1)
        self.assertIsNotNone(lock.try_acquire(EXCLUSIVE))

    def test_cancelled(self):
        limiter = Aiodrive.Limiter.new(1)
        condition = Aiodrive.Condition()
        guard = limiter.try_acquire()
        cancellable = Gio.Cancellable()
        call = Call(condition.wait_async, guard, cancellable)
        other = limiter.try_acquire()
        cancellable.cancel()
        settle()
        self.assertEqual(call.n_calls, 0)
        other.release()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            condition.wait_finish(call.wait())
        self.assertIsNone(limiter.try_acquire())
        guard.release()

    def test_not_held(self):
        lock = Aiodrive.SmartLock.new()
        condition = Aiodrive.Condition.new()
        guard = lock.acquire(EXCLUSIVE, 0, None)
        guard.release()
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            condition.wait_finish(Call(condition.wait_async, guard, None).wait())
        for wrong in None, lock, 'x':
            with self.assertRaises(TypeError):
                condition.wait_async(wrong, None, None)


unittest.main()
