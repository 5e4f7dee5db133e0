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


run_all(LeakTest)
