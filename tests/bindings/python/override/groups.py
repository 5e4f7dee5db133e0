# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups, pools and threads."""

import threading

from support import *


class GroupTest(unittest.TestCase):
    async def test_info(self):
        async with Aiodrive.TaskGroup() as group:
            group.spawn(Aiodrive.sleep(0.01))
            info = group.get_tasks().get_item(0)
        self.assertTrue(0 < info.get_elapsed() < 60)

    async def test_values(self):
        async with Aiodrive.TaskGroup() as group:
            tasks = [group.spawn(gives(i, i)) for i in range(5)]
            self.assertEqual(group.get_n_tasks(), 5)
        self.assertEqual([task.result() for task in tasks], [0, 1, 2, 3, 4])

    async def test_one_fails(self):
        job = Recorder()
        with self.assertRaises(Thrown):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(job())
                await job.began.wait()
                group.spawn(fails(Thrown(), 2))
                await asyncio.sleep(FOREVER)
        self.assertTrue(job.ended)
        self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_block_fails(self):
        job = Recorder()
        with self.assertRaises(Thrown):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(job())
                await job.began.wait()
                raise Thrown
        self.assertTrue(job.ended)

    async def test_cancelled_from_outside(self):
        async def main(block):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(job())
                await block
        for block in asyncio.sleep(FOREVER), asyncio.sleep(0):   # while the block runs, and while the group is closed
            job = Recorder()
            task = asyncio.create_task(main(block))
            await job.began.wait()
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual((job.n_cancelled, job.ended), (1, True))

    async def test_auto_terminated(self):
        job = Recorder()
        async with Aiodrive.AutoTerminatedTaskGroup() as group:
            group.spawn(job())
            await job.began.wait()
        self.assertTrue(job.ended)

    async def test_task_of_a_group_spawns(self):
        async def job(depth):
            if depth > 0:
                group.spawn(job(depth - 1))
            done.append(depth)
        done = []
        async with Aiodrive.TaskGroup() as group:
            group.spawn(job(5))
        self.assertEqual(done, [5, 4, 3, 2, 1, 0])


class PoolTest(unittest.TestCase):
    async def test_planned(self):
        order = []
        async def job(name):
            order.append((name, Aiodrive.Pool.current() is pool))
        pool = Aiodrive.Pool('the pool')
        pool.spawn(job(1))
        pool.spawn(job(2), name='second')
        await asyncio.sleep(0.001)
        self.assertEqual(order, [])
        self.assertIn('second', pool.format())
        await pool.run()
        self.assertEqual(order, [(1, True), (2, True)])

    async def test_open(self):
        async with Aiodrive.Pool.open() as pool:
            first, second = pool.spawn(gives(1)), pool.spawn(gives(2, 3))
        self.assertEqual((await first, await second, await first), (1, 2, 1))

    async def test_depth(self):
        order = []
        async def job(name):
            try:
                await asyncio.sleep(FOREVER)
            finally:
                await asyncio.sleep(0.001)
                order.append(name)
        with self.assertRaises(Thrown):
            async with Aiodrive.Pool.open() as pool:
                for depth in 1, 3, 2:
                    pool.spawn(job(depth), depth=depth)
                await asyncio.sleep(0.001)
                raise Thrown
        self.assertEqual(order, [3, 2, 1])

    async def test_run_is_cancelled(self):
        job = Recorder()
        pool = Aiodrive.Pool()
        pool.spawn(job())
        task = asyncio.create_task(pool.run(forever=True))
        await job.began.wait()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertTrue(job.ended)

    async def test_job_is_cancelled(self):
        job = Recorder()
        async with Aiodrive.Pool.open() as pool:
            async with pool.spawn(job()):
                await job.began.wait()
            self.assertTrue(job.ended)


class ThreadTest(unittest.TestCase):
    async def test_executor(self):
        async def where():
            await asyncio.sleep(0.001)
            return threading.get_ident()
        async with Aiodrive.BackgroundExecutor('worker') as executor:
            first, second = await Aiodrive.try_all(executor.spawn(where()), executor.spawn(where()))
            self.assertTrue(executor.is_running())
        self.assertEqual(first, second)
        self.assertNotEqual(first, threading.get_ident())
        self.assertFalse(executor.is_running())

    async def test_life_of_a_task(self):
        began, ended = Aiodrive.ThreadSafeEvent(), []
        async def job():
            try:
                began.set()
                await Aiodrive.Button()
            finally:
                await Aiodrive.sleep(0.001)
                ended.append(1)
        executor = Aiodrive.BackgroundExecutor()
        async with executor.spawn(job()):
            await began
        self.assertEqual(ended, [1])

    async def test_cancelled_by_who_awaits(self):
        began, ended = Aiodrive.ThreadSafeEvent(), []
        async def job():
            try:
                began.set()
                await asyncio.sleep(FOREVER)
            finally:
                ended.append(1)
        async with Aiodrive.BackgroundExecutor() as executor:
            task = asyncio.ensure_future(executor.spawn(job()))
            await began
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            self.assertEqual(ended, [1])

    async def test_group(self):
        async def where():
            await asyncio.sleep(0.001)
            return threading.get_ident()
        async with Aiodrive.ThreadTaskGroup() as group:
            first, second = group.spawn(where()), group.spawn(where())
            self.assertEqual(await first, await second)
        self.assertNotEqual(await first, threading.get_ident())

    async def test_lock_between_threads(self):
        lock, n_inside = Aiodrive.SmartLock(), 0
        async def job():
            nonlocal n_inside
            for _ in range(100):
                async with lock.exclusive():
                    n_inside += 1
                    assert n_inside == 1
                    await asyncio.sleep(0)
                    n_inside -= 1
        async with Aiodrive.BackgroundExecutor() as one, Aiodrive.BackgroundExecutor() as other:
            await Aiodrive.try_all(one.spawn(job()), other.spawn(job()), job())


run_all(GroupTest, PoolTest, ThreadTest)
