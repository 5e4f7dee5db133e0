# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the table of the README says of asyncio. Each test has the path of ours in that row as its name."""
import asyncio
import threading
import unittest


class Work:
    """What goes on, until it may end."""

    def __init__(self):
        self.go_on = asyncio.Event()
        self.ended = False

    async def run(self):
        await self.go_on.wait()
        self.ended = True


async def fail():
    raise OSError('broken')


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


class Table(unittest.IsolatedAsyncioTestCase):
    async def assert_it_goes_on(self, work):
        await settle()
        self.assertFalse(work.ended)
        work.go_on.set()
        await settle()
        self.assertTrue(work.ended)

    async def test_task_race_losers_awaited(self):
        loser = Work()
        tasks = [asyncio.create_task(asyncio.sleep(0)), asyncio.create_task(loser.run())]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self.assertEqual(pending, {tasks[1]})
        await self.assert_it_goes_on(loser)

    async def test_task_gather_first_failure(self):
        sibling = Work()
        with self.assertRaises(OSError):
            await asyncio.gather(fail(), sibling.run())
        await self.assert_it_goes_on(sibling)

    @unittest.skipUnless(hasattr(asyncio, 'TaskGroup'), 'Python 3.11')
    async def test_group_task_group_cancel_while_closing(self):
        go_on, ended = asyncio.Event(), []

        async def clean_up():
            try:
                await asyncio.Event().wait()
            finally:
                await go_on.wait()
                ended.append(True)

        async def close():
            async with asyncio.TaskGroup() as group:
                group.create_task(clean_up())

        closing = asyncio.create_task(close())
        await settle()
        closing.cancel()
        await settle()
        self.assertFalse(closing.done())
        go_on.set()
        with self.assertRaises(asyncio.CancelledError):
            await closing
        self.assertTrue(ended)

    async def test_task_shield_call_cancelled(self):
        work = Work()

        async def wait():
            await asyncio.shield(work.run())

        waiting = asyncio.create_task(wait())
        await settle()
        waiting.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await waiting
        await self.assert_it_goes_on(work)

    async def test_core_cancel_scope_reason_shielded(self):
        waiting = asyncio.create_task(asyncio.Event().wait())
        await settle()
        waiting.cancel('closed')
        with self.assertRaises(asyncio.CancelledError) as raised:
            await waiting
        self.assertEqual(raised.exception.args, ('closed',))

    async def test_stream_channel_cancel_after_wake(self):
        queue = asyncio.Queue()
        getter = asyncio.create_task(queue.get())
        await settle()
        queue.put_nowait('item')
        getter.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await getter
        self.assertEqual(queue.get_nowait(), 'item')

    async def test_task_wait_order(self):
        event, order = asyncio.Event(), []

        async def wait(name):
            await event.wait()
            order.append(name)

        waits = [asyncio.create_task(wait(name)) for name in range(3)]
        await settle()
        event.set()
        await asyncio.gather(*waits)
        self.assertEqual(order, [0, 1, 2])

    async def test_task_wait_many(self):
        task = asyncio.create_task(Work().run())

        async def wait():
            await task

        waits = [asyncio.create_task(wait()) for _ in range(2)]
        await settle()
        waits[0].cancel()
        for waiting in waits:
            with self.assertRaises(asyncio.CancelledError):
                await waiting
        self.assertTrue(task.cancelled())

    async def test_task_wait_contexts(self):
        task = asyncio.create_task(asyncio.Event().wait())
        raised = []

        async def wait():
            await task

        def run():
            try:
                asyncio.run(wait())
            except RuntimeError as error:
                raised.append(str(error))

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        self.assertIn('attached to a different loop', raised[0])
        task.cancel()

    async def test_task_record_unawaited(self):
        said = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))
        task = asyncio.create_task(fail(), name='worker')
        await settle()
        del task
        self.assertIn('worker', repr(said[0]['future']))


if __name__ == '__main__':
    unittest.main()
