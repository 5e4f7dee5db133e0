# SPDX-License-Identifier: LGPL-2.1-or-later
"""asyncio's semantics of cancellation, across the border to C too."""

from support import *


class TaskTest(unittest.TestCase):
    async def test_message_and_count(self):
        button = Aiodrive.Button()
        task = asyncio.create_task(button.wait())
        await asyncio.sleep(0)
        self.assertTrue(task.cancel('the message'))
        self.assertEqual(task.cancelling(), 1)
        with self.assertRaises(asyncio.CancelledError) as raised:
            await task
        self.assertEqual(raised.exception.args, ('the message',))
        self.assertTrue(task.cancelled())

    async def test_uncancel(self):
        async def job():
            try:
                await Aiodrive.Button()
            except asyncio.CancelledError:
                self.assertEqual(asyncio.current_task().uncancel(), 0)
            return 'went on'
        task = asyncio.create_task(job())
        await asyncio.sleep(0)
        task.cancel()
        self.assertEqual(await task, 'went on')
        self.assertEqual(task.cancelling(), 0)

    async def test_arrives_once_and_cleanup_awaits(self):
        steps = []
        async def cleanup():
            for i in range(3):
                await Aiodrive.sleep(0.001)
                steps.append(i)
            await Aiodrive.try_all(gives(1, 3), gives(2, 3))
            async with Aiodrive.SmartLock().exclusive():
                steps.append('locked')
        job = Recorder()
        group = Aiodrive.TaskGroup()
        async with group:
            task = group.spawn(job(cleanup))
            await job.began.wait()
            group.cancel()
        self.assertEqual((job.n_cancelled, steps, task.cancelled()), (1, [0, 1, 2, 'locked'], True))

    async def test_before_its_first_step(self):
        job = Recorder()
        task = Aiodrive.spawn(job())
        task.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())
        self.assertFalse(job.began.is_set())

    async def test_each_cancel_arrives(self):
        n_cancelled = 0
        async def stubborn():
            nonlocal n_cancelled
            while n_cancelled < 3:
                try:
                    await Aiodrive.Button()
                except asyncio.CancelledError:
                    n_cancelled += 1
        task = asyncio.create_task(stubborn())
        for i in range(1, 4):
            await asyncio.sleep(0.001)
            task.cancel()
            while n_cancelled < i:
                await asyncio.sleep(0)
        await task


class CombinatorTest(unittest.TestCase):
    async def test_cancels_and_awaits_the_children(self):
        for combine in Aiodrive.race, Aiodrive.first_success, Aiodrive.try_all, Aiodrive.wait_all:
            jobs = [Recorder(), Recorder()]
            async def cleanup():
                await Aiodrive.sleep(0.002)
            task = asyncio.create_task(combine(*[job(cleanup) for job in jobs]))
            for job in jobs:
                await job.began.wait()
            task.cancel('enough')
            with self.assertRaises(asyncio.CancelledError) as raised:
                await task
            self.assertEqual(raised.exception.args, ('enough',))
            self.assertEqual([(job.n_cancelled, job.ended) for job in jobs], [(1, True)] * 2)

    async def test_error_of_a_cancelled_child(self):
        async def job():
            try:
                await asyncio.sleep(FOREVER)
            finally:
                raise exception
        exception = Thrown()
        task = asyncio.create_task(Aiodrive.try_all(job(), asyncio.sleep(FOREVER)))
        await asyncio.sleep(0.001)
        task.cancel()
        with self.assertRaises(Thrown) as raised:
            await task
        self.assertIs(raised.exception, exception)

    async def test_shield(self):
        job = asyncio.create_task(gives('done', 20))
        task = asyncio.create_task(Aiodrive.shield(job))
        await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(job.result(), 'done')

    async def test_cancel_task(self):
        job = Recorder()
        task = asyncio.create_task(job())
        await job.began.wait()
        await Aiodrive.cancel_task(task)
        self.assertTrue(task.cancelled() and job.ended)
        await Aiodrive.cancel_task(task)

    async def test_cancel_task_that_fails(self):
        async def job():
            try:
                await asyncio.sleep(FOREVER)
            finally:
                raise Thrown
        task = asyncio.create_task(job())
        await asyncio.sleep(0)
        with self.assertRaises(Thrown):
            await Aiodrive.cancel_task(task)


class NothingIsLostTest(unittest.TestCase):
    async def test_item(self):
        """An item that came just before the task was cancelled goes to the next."""
        queue = Aiodrive.UnorderedQueue()
        first = asyncio.create_task(queue.get())
        second = asyncio.create_task(queue.get())
        await asyncio.sleep(0.001)
        queue.put('item')
        first.cancel()
        self.assertEqual(await second, 'item')
        self.assertTrue(first.cancelled())

    async def test_lock(self):
        lock = Aiodrive.SmartLock()
        guard = await lock.exclusive()
        task = asyncio.create_task(lock.acquire().__aenter__())
        await asyncio.sleep(0.001)
        guard.release()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError) as raised:
            await task
        async with lock.exclusive():   # although the exception, and its frames, are still there
            self.assertIsNotNone(raised.exception)


class ScopeTest(unittest.TestCase):
    async def test_block(self):
        with Aiodrive.CancelScope() as scope:
            scope.cancel()
            await asyncio.sleep(FOREVER)
        self.assertEqual(asyncio.current_task().cancelling(), 0)
        await asyncio.sleep(0)

    async def test_reason(self):
        exception = Thrown()
        with self.assertRaises(Thrown) as raised:
            async with Aiodrive.CancelScope() as scope:
                scope.cancel_with_reason(exception)
                await asyncio.sleep(FOREVER)
        self.assertIs(raised.exception, exception)

    async def test_deadline(self):
        with self.assertRaises(TimeoutError):
            with Aiodrive.CancelScope(timeout=0.001):
                await asyncio.sleep(FOREVER)

    async def test_outer_one(self):
        reached = []
        with Aiodrive.CancelScope() as outer:
            with Aiodrive.CancelScope():
                outer.cancel()
                await asyncio.sleep(FOREVER)
            reached.append(1)
            await asyncio.sleep(FOREVER)
        self.assertLessEqual(len(reached), 1)
        await asyncio.sleep(0)
        self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_twice(self):
        with Aiodrive.CancelScope() as scope:
            with self.assertRaisesRegex(RuntimeError, 'already'):
                scope.__enter__()

    async def test_cancelled_too_late(self):
        with Aiodrive.CancelScope() as scope:
            pass
        scope.cancel()
        await asyncio.sleep(0.001)

    async def test_from_another_thread(self):
        with Aiodrive.CancelScope() as scope:
            asyncio.get_running_loop().run_in_executor(None, scope.cancel)
            await asyncio.sleep(FOREVER)

    async def test_timeout(self):
        with self.assertRaises(TimeoutError):
            async with Aiodrive.timeout(0.001):
                await Aiodrive.Button()
        with self.assertRaises(TimeoutError):
            await Aiodrive.timeout(0.001, Aiodrive.Button())
        self.assertEqual(await Aiodrive.timeout(FOREVER, gives(3)), 3)
        self.assertEqual(await Aiodrive.timeout(None, gives(3)), 3)


run_all(TaskTest, CombinatorTest, NothingIsLostTest, ScopeTest)
