# SPDX-License-Identifier: LGPL-2.1-or-later
"""PyGObject from 3.50 on awaits the _async functions by itself, in asyncio on its own event loop."""

import asyncio

from support import *

if gi.version_info < (3, 50):
    sys.exit(77)

import unittest

from gi.events import GLibEventLoopPolicy


def run(coroutine):
    loop = GLibEventLoopPolicy().get_event_loop()
    return loop.run_until_complete(coroutine)


class AwaitableTest(unittest.TestCase):
    def test_race(self):
        async def main():
            return await Aiodrive.race_async([spawn(sleeps()), spawn(gives('fast'))])
        winner, index = run(main())
        self.assertEqual((Aiodrive.task_propagate(winner), index), ('fast', 1))

    def test_first_success(self):
        async def main():
            return await Aiodrive.first_success_async([spawn(fails()), spawn(gives('good'))])
        winner, index = run(main())
        self.assertEqual((Aiodrive.task_propagate(winner), index), ('good', 1))

    def test_gather(self):
        async def main():
            return [Aiodrive.task_propagate(child)
                    for gather in (Aiodrive.try_all_async, Aiodrive.wait_all_async)
                    for child in await gather([spawn(gives('a')), spawn(sleeps(1, 'b'))])]
        self.assertEqual(run(main()), ['a', 'b', 'a', 'b'])

    def test_one_task(self):
        async def main():
            task = spawn(gives('x'))
            self.assertIs(await Aiodrive.timeout_async(task, 60000), task)
            self.assertIs(await Aiodrive.shield_async(task), task)
            self.assertTrue(await Aiodrive.cancel_task_async(task))
            self.assertTrue(await Aiodrive.sleep_async(1))
            return Aiodrive.task_propagate(task)
        self.assertEqual(run(main()), 'x')

    def test_wait_task(self):
        async def main():
            task = spawn(gives('x'))
            self.assertIs(await Aiodrive.wait_task_async(task), task)
        run(main())

    def test_errors(self):
        async def main():
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                await Aiodrive.try_all_async([spawn(fails()), spawn(sleeps())])
            with Raises(Gio.IOErrorEnum.TIMED_OUT):
                await Aiodrive.timeout_async(spawn(sleeps()), 1)
            with Raises(Aiodrive.Error.MULTIPLE, Aiodrive.Error.quark()):
                await Aiodrive.wait_all_async([spawn(fails()), spawn(fails())])
        run(main())

    def test_cancelled(self):
        child = spawn(sleeps())
        async def wait():
            await Aiodrive.race_async([child])
        async def main():
            task = asyncio.ensure_future(wait())
            await asyncio.sleep(0)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task
        run(main())
        Aiodrive.run(child)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(child)


unittest.main()
