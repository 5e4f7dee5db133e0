# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that were written for the Python package: they need another import, and another run()."""

import time

from support import *

from gi.repository.Aiodrive import BackgroundExecutor, Pool, SmartLock


class PackageTest(unittest.TestCase):
    def setUp(self):
        self.done = []

    async def job1(self):
        self.done.append(1)

    async def job2(self):
        await asyncio.sleep(0)
        self.done.append(2)

    async def test_pool_open(self):
        async with Pool.open() as pool:
            pool.spawn(self.job1())
            pool.spawn(self.job2())
        self.assertEqual(self.done, [1, 2])

    async def test_pool_run(self):
        pool = Pool()
        pool.spawn(self.job1())
        pool.spawn(self.job2())
        await pool.run()
        self.assertEqual(self.done, [1, 2])

    def test_pool_run_without_a_loop(self):
        pool = Pool()
        pool.spawn(self.job1())
        pool.spawn(self.job2())
        Aiodrive.run(pool.run())
        self.assertEqual(self.done, [1, 2])

    @in_real_time
    async def test_background_executor(self):
        n_lines = 0
        async def log_periodically():
            nonlocal n_lines
            while True:
                n_lines += 1
                await asyncio.sleep(0.001)
        async with BackgroundExecutor() as executor:
            async with executor.spawn(log_periodically()):
                deadline = time.monotonic() + 60
                while n_lines < 3 and time.monotonic() < deadline:
                    time.sleep(0.001)   # the main thread is blocked
        self.assertGreaterEqual(n_lines, 3)

    async def test_smart_lock(self):
        lock = SmartLock()
        async with lock.exclusive():
            self.done.append(1)
        async with lock.shared():
            self.done.append(2)
        async with lock.thread_shared():
            self.done.append(3)
        async with lock.weak_exclusive():
            self.done.append(4)
        self.assertEqual(self.done, [1, 2, 3, 4])

    def test_smart_lock_without_a_loop(self):
        lock = SmartLock()
        with lock.exclusive():
            self.done.append(1)
        with lock.shared():
            self.done.append(2)
        with lock.thread_shared():
            self.done.append(3)
        with lock.weak_exclusive():
            self.done.append(4)
        self.assertEqual(self.done, [1, 2, 3, 4])

    def test_interface(self):
        """Each name that the package offers is there, and says what it is."""
        for name in ('AutoTerminatedTaskGroup', 'BackgroundExecutor', 'Button', 'Latch', 'NestableLock',
                     'OrderedQueue', 'ThreadSafeEvent', 'ThreadSafeFuture', 'ThreadTaskGroup', 'UnorderedQueue',
                     'SmartLock', 'Pool', 'TaskGroup', 'cancel_task', 'handle_signal', 'prime', 'race',
                     'repeat_periodically', 'shield', 'timeout', 'try_all', 'wait_all', 'wait_for_signal', 'run',
                     'call', 'map', 'as_completed', 'retry', 'sleep'):
            item = getattr(Aiodrive, name)
            self.assertTrue(item.__module__.startswith('gi.overrides.'), name)
            self.assertTrue(item.__doc__, name)


run_all(PackageTest)
