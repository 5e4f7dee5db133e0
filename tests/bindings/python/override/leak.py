# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hundred thousand tasks leave nothing behind, whether they succeed, fail or are cancelled."""

from support import *

N_TASKS = 100000
# PyGObject before 3.50 loses 128 bytes with each callback that it gives to C; tasks need none, operations one
LOST = 0 if gi.version_info >= (3, 50) else 160


async def in_rounds(do_round, n_rounds, n_callbacks_each=0):
    """Memory after the first tenth against that at the end."""
    for i in range(n_rounds):
        await do_round()
        if i == n_rounds // 10:
            await asyncio.sleep(0)
            gc.collect()
            begin = resident_kilobytes()
    await asyncio.sleep(0)
    gc.collect()
    return resident_kilobytes() - begin - n_rounds * n_callbacks_each * LOST // 1024


@unittest.skipUnless(os.path.exists('/proc/self/statm'), 'there is no /proc to look at')
class LeakTest(unittest.TestCase):
    def setUp(self):
        self.alive = weakref.WeakSet()

    def payload(self):
        payload = Payload()
        self.alive.add(payload)
        return payload

    def thrown(self):
        exception = Thrown('x' * 1000)
        exception.payload = self.payload()
        return exception

    def assertGone(self):
        settle()
        self.assertEqual(len(self.alive), 0)

    async def test_tasks(self):
        async def do_round():
            async with Aiodrive.TaskGroup() as group:
                for _ in range(100):
                    group.spawn(gives(self.payload()))
        grown = await in_rounds(do_round, N_TASKS // 100, 1)
        self.assertLess(grown, 2048)
        await asyncio.sleep(0)
        self.assertGone()

    async def test_plain_tasks(self):
        async def do_round():
            await asyncio.gather(*[gives(self.payload()) for _ in range(100)])
        self.assertLess(await in_rounds(do_round, N_TASKS // 100), 1024)
        self.assertGone()

    async def test_combinators(self):
        async def do_round():
            await Aiodrive.race(gives(self.payload()), asyncio.sleep(FOREVER))
            await Aiodrive.try_all(gives(self.payload()), gives(self.payload()))
        self.assertLess(await in_rounds(do_round, 3000, 2), 2048)
        await asyncio.sleep(0)
        self.assertGone()

    async def test_failures(self):
        async def do_round():
            exception = self.thrown()
            with self.assertRaises(Thrown) as raised:
                await Aiodrive.try_all(fails(exception), asyncio.sleep(FOREVER))
            assert raised.exception is exception
            with self.assertRaises(Thrown):
                async with Aiodrive.TaskGroup() as group:
                    group.spawn(fails(self.thrown()))
                    await asyncio.sleep(FOREVER)
            with self.assertRaises(ExceptionGroup):
                await Aiodrive.wait_all(fails(self.thrown()), fails(self.thrown()))
            with self.assertRaises(Thrown):
                async with Aiodrive.Pool.open() as pool:
                    job = pool.spawn(fails(self.thrown()))
                    await job
        self.assertLess(await in_rounds(do_round, 2000, 4), 3072)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.assertGone()

    async def test_queues_that_failed(self):
        async def use(queue):
            async for item in queue:
                pass
        async def do_round():
            queue = Aiodrive.UnorderedQueue()
            queue.put(self.payload())
            queue.close_with_error(self.thrown())
            with self.assertRaises(Thrown):
                await use(queue)
        self.assertLess(await in_rounds(do_round, 2000, 2), 3072)
        await asyncio.sleep(0)
        self.assertGone()

    async def test_cancelled(self):
        async def do_round():
            tasks = [asyncio.ensure_future(Aiodrive.Button().wait()) for _ in range(10)]
            tasks.append(asyncio.ensure_future(Aiodrive.race(asyncio.sleep(FOREVER, self.payload()))))
            await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        self.assertLess(await in_rounds(do_round, 500, 11), 2048)
        await asyncio.sleep(0)
        self.assertGone()


def scopes_above():
    """How many scopes there are above what the current task begins."""
    scope, n_scopes = Aiodrive.CancelScope().get_parent(), 0
    while scope is not None:
        scope, n_scopes = scope.get_parent(), n_scopes + 1
    return n_scopes


class SuccessorTest(unittest.TestCase):
    """A task that starts its successor leaves nothing above that, however it does it, and whichever ends first."""

    async def generations(self, step, n_generations=2000):
        """Has `await step(successor)` begin the next generation, at most ten of them at once."""
        ended = asyncio.get_running_loop().create_future()
        room = asyncio.Semaphore(10)
        most = 0
        async def one(i):
            nonlocal most
            if i == n_generations:
                ended.set_result(None)
                return
            async with room:
                most = max(most, scopes_above())
                await step(lambda: one(i + 1))
        Aiodrive.spawn(one(0))
        await ended
        self.assertLess(most, 80)

    async def test_one_after_the_other(self):
        for begin in Aiodrive.spawn, asyncio.create_task, lambda coroutine: asyncio.get_running_loop().call_later(
                0, asyncio.ensure_future, coroutine):
            async def step(successor):
                begin(successor())
            await self.generations(step)

    async def test_overlapping(self):
        async def step(successor):
            Aiodrive.spawn(successor())
            await gives(None, 5)
        await self.generations(step)

    async def test_in_blocks(self):
        async def in_scope(successor):
            async with Aiodrive.CancelScope():
                Aiodrive.spawn(successor())
                await gives(None, 3)
        async def in_lock(successor):
            async with lock:
                Aiodrive.spawn(successor())
                await gives(None, 3)
        async def in_group(successor):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(gives(None))
                Aiodrive.spawn(successor())
        async def in_pool(successor):
            async with Aiodrive.Pool.open() as pool:
                pool.spawn(gives(None))
                Aiodrive.spawn(successor())
        lock = Aiodrive.NestableLock()
        for step in in_scope, in_lock, in_group, in_pool:
            await self.generations(step, 500)

    async def test_by_members(self):
        async def begins(coroutine):
            Aiodrive.spawn(coroutine)
            await gives(None, 2)
        async def in_group(successor):
            async with Aiodrive.TaskGroup() as group:
                group.spawn(begins(successor()))
        async def in_pool(successor):
            async with Aiodrive.Pool.open() as pool:
                pool.spawn(begins(successor()), depth=2)
        for step in in_group, in_pool:
            await self.generations(step, 500)

    async def test_exceptions(self):
        """Nor does what they raise and catch grow."""
        most = 0
        async def step(successor):
            nonlocal most
            try:
                await Aiodrive.try_all(fails(Thrown()), asyncio.sleep(FOREVER))
            except Thrown as exception:
                trace, context, n_parts = exception.__traceback__, exception, 0
                while trace is not None:
                    trace, n_parts = trace.tb_next, n_parts + 1
                while context is not None:
                    context, n_parts = context.__context__, n_parts + 1
                most = max(most, n_parts)
                Aiodrive.spawn(successor())
                await gives(None, 2)
        await self.generations(step, 500)
        self.assertLess(most, 20)

    async def test_belongs_to_whom_goes_on(self):
        """A task whose predecessor has ended is below what was above that."""
        lock = Aiodrive.NestableLock()
        async def begins():
            async def outlives():
                await predecessor
                async with lock:
                    done.set_result(Aiodrive.Pool.current())
            self.assertIs(Aiodrive.Pool.current(), pool)
            Aiodrive.spawn(outlives())
        async def job():
            nonlocal predecessor
            async with lock:
                predecessor = Aiodrive.spawn(begins())
                return await done
        predecessor = None
        done = asyncio.get_running_loop().create_future()
        async with Aiodrive.Pool.open() as pool:
            self.assertIs(await pool.spawn(job()), pool)


run_all(LeakTest, SuccessorTest)
