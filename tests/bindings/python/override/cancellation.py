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


    async def test_while_a_timeout_waits_for_cleanup(self):
        """The task is not to go on after a TimeoutError: it was cancelled."""
        cleaning = asyncio.Event()
        async def stubborn():
            try:
                await asyncio.sleep(FOREVER)
            finally:
                cleaning.set()
                await asyncio.sleep(0.1)
        async def tries_again():
            while True:
                with contextlib.suppress(TimeoutError):
                    await Aiodrive.timeout(0.05, stubborn())
        task = asyncio.create_task(tries_again())
        await cleaning.wait()
        task.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())

    async def test_while_a_call_fails(self):
        """An error of something that is no task does not hide that the task was cancelled."""
        for close in (lambda queue: queue.close(), lambda queue: queue.close_with_error(Thrown())):
            queue = Aiodrive.UnorderedQueue()
            async def tries_again():
                while True:
                    with contextlib.suppress(GLib.Error, Thrown):
                        await queue.get()
            task = asyncio.create_task(tries_again())
            await asyncio.sleep(0.001)
            close(queue)
            task.cancel()
            await asyncio.wait([task])
            self.assertTrue(task.cancelled())


class RetryTest(unittest.TestCase):
    def job(self, n_failures, exception):
        self.n_tries = 0
        async def job():
            self.n_tries += 1
            await asyncio.sleep(0)
            if self.n_tries <= n_failures:
                raise exception
            return self.n_tries
        return job

    async def test_success(self):
        self.assertEqual(await Aiodrive.retry(self.job(2, Thrown()), 5), 3)

    async def test_the_last_exception_is_raised(self):
        exception = Thrown()
        with self.assertRaises(Thrown) as raised:
            await Aiodrive.retry(self.job(9, exception), 3, delay=0.5, max_delay=1)
        self.assertIs(raised.exception, exception)
        self.assertEqual(self.n_tries, 3)

    async def test_what_is_tried_again(self):
        with self.assertRaises(Thrown):
            await Aiodrive.retry(self.job(9, Thrown()), 3, on=OSError)
        self.assertEqual(self.n_tries, 1)
        self.assertEqual(await Aiodrive.retry(self.job(2, Thrown()), 5, on=(OSError, Thrown)), 3)
        def raises():
            raise Thrown
        with self.assertRaises(Thrown):
            await Aiodrive.retry(raises, 3, on=OSError)

    async def test_cancelled(self):
        for job in self.job(99, Thrown()), Recorder():
            task = asyncio.create_task(Aiodrive.retry(job, 99, 60, 60))
            for _ in range(20):
                await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
            if isinstance(job, Recorder):
                self.assertEqual((job.n_cancelled, job.ended), (1, True))

    async def test_budget(self):
        with self.assertRaises(TimeoutError):
            await Aiodrive.timeout(60, Aiodrive.retry(self.job(1 << 40, Thrown()), 1 << 30, 1, 1))


class ShieldTest(unittest.TestCase):
    """A shielded scope protects its block from all that is around it."""

    async def save(self):
        with Aiodrive.CancelScope() as inner:
            inner.set_shielded(True)
            await asyncio.sleep(0.01)
            await Aiodrive.try_all(Aiodrive.sleep(0.01))
            self.saved.append(1)

    def setUp(self):
        self.saved = []

    async def test_scope(self):
        with Aiodrive.CancelScope() as outer:
            asyncio.get_running_loop().call_later(0.001, outer.cancel)
            await self.save()
            await asyncio.sleep(FOREVER)
        self.assertEqual((self.saved, asyncio.current_task().cancelling()), ([1], 0))

    async def test_cancelled_before(self):
        with Aiodrive.CancelScope() as outer:
            outer.cancel()
            await self.save()
            await asyncio.sleep(FOREVER)
        self.assertEqual(self.saved, [1])

    async def test_deadline(self):
        with self.assertRaises(TimeoutError), Aiodrive.CancelScope(timeout=0.001):
            await self.save()
            await asyncio.sleep(FOREVER)
        self.assertEqual(self.saved, [1])

    async def test_task_and_body_of_a_group(self):
        async def fail():
            await asyncio.sleep(0.001)
            raise Thrown
        with self.assertRaises(Thrown):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(self.save())
                group.spawn(fail())
                await self.save()
        self.assertEqual(self.saved, [1, 1])

    async def test_job_of_a_pool(self):
        pool = Aiodrive.Pool()
        pool.spawn(self.save())
        pool.spawn(fails(Thrown(), 5))
        with self.assertRaises(Thrown):
            await pool.run()
        self.assertEqual(self.saved, [1])

    async def test_shield_that_falls(self):
        """The block is cancelled then, from whichever thread."""
        for thread in False, True:
            reached = []
            with Aiodrive.CancelScope() as outer:
                with Aiodrive.CancelScope() as inner:
                    inner.set_shielded(True)
                    outer.cancel()
                    await asyncio.sleep(0.001)
                    reached.append(1)
                    if thread:
                        asyncio.get_running_loop().run_in_executor(None, inner.set_shielded, False)
                    else:
                        inner.set_shielded(False)
                    await asyncio.sleep(FOREVER)
                reached.append(2)
                await asyncio.sleep(FOREVER)
            self.assertEqual(reached[0], 1)
            self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_several(self):
        """A cancellation waits for each shield inside of its own block, and for none outside."""
        reached = []
        with Aiodrive.CancelScope() as outer:
            with Aiodrive.CancelScope() as first:
                first.set_shielded(True)
                with Aiodrive.CancelScope() as middle:
                    with Aiodrive.CancelScope() as second:
                        second.set_shielded(True)
                        outer.cancel()
                        middle.cancel()
                        await asyncio.sleep(0.001)
                        reached.append('second')
                    await asyncio.sleep(FOREVER)
                await asyncio.sleep(0.001)
                reached.append('first')
            await asyncio.sleep(FOREVER)
        self.assertEqual(reached, ['second', 'first'])

    async def test_own_cancellation(self):
        """A shield does not protect from the scope itself, nor from task.cancel()."""
        with Aiodrive.CancelScope() as scope:
            scope.set_shielded(True)
            scope.cancel()
            await asyncio.sleep(FOREVER)
        job = Recorder()
        async def shielded():
            with Aiodrive.CancelScope() as scope:
                scope.set_shielded(True)
                await job()
        task = asyncio.create_task(shielded())
        await job.began.wait()
        task.cancel()
        await asyncio.wait([task])
        self.assertTrue(task.cancelled())


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


run_all(TaskTest, CombinatorTest, ShieldTest, NothingIsLostTest, ScopeTest)
