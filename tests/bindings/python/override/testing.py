# SPDX-License-Identifier: LGPL-2.1-or-later
"""Aiodrive.TestContext: time that is virtual in coroutines too, and what cancelling at each step finds."""

import time

from support import *

HOUR = 3600


class TimeTest(unittest.TestCase):
    def setUp(self):
        self.test = self.enterContext(Aiodrive.TestContext())

    def assert_elapsed(self, hours):
        self.assertEqual(self.test.get_elapsed(), hours * HOUR)

    async def test_sleeps(self):
        for sleep in Aiodrive.sleep, asyncio.sleep:
            began = asyncio.get_running_loop().time()
            await Aiodrive.try_all(sleep(HOUR), sleep(2 * HOUR))
            self.assertAlmostEqual(asyncio.get_running_loop().time() - began, 2 * HOUR, 3)
        self.assert_elapsed(4)

    async def test_order(self):
        order = []
        async def job(delay):
            await asyncio.sleep(delay)
            order.append(delay)
        await Aiodrive.try_all([job(delay) for delay in (3, 1, 2.5, 2, 0, 0.5)])
        self.assertEqual(order, sorted(order))
        self.assertEqual(self.test.get_elapsed(), 3)

    async def test_timeouts(self):
        for awaitable in Aiodrive.Button(), asyncio.sleep(FOREVER * HOUR), asyncio.Event().wait():
            with self.assertRaises(TimeoutError):
                async with Aiodrive.timeout(HOUR):
                    await awaitable
        with self.assertRaises(TimeoutError):
            await Aiodrive.timeout(HOUR, Aiodrive.Button())
        with self.assertRaises(TimeoutError), Aiodrive.CancelScope(timeout=HOUR):
            await asyncio.sleep(FOREVER * HOUR)
        self.assert_elapsed(5)

    async def test_cancelled_timers(self):
        """Time does not go by for what nobody waits for any more."""
        async with Aiodrive.timeout(HOUR):
            await asyncio.sleep(0)
        handle = asyncio.get_running_loop().call_later(2 * HOUR, self.fail)
        sleeping = asyncio.create_task(asyncio.sleep(3 * HOUR))
        await asyncio.sleep(0)
        handle.cancel()
        GLib.idle_add(sleeping.cancel)
        await asyncio.wait([sleeping])
        GLib.timeout_add(1, self.test.release)
        self.test.hold()
        await asyncio.sleep(4 * HOUR)
        self.assert_elapsed(4)

    async def test_infinite(self):
        """Time does not go by for what never comes."""
        endless = asyncio.create_task(asyncio.sleep(float('inf')))
        await asyncio.sleep(HOUR)
        GLib.timeout_add(1, endless.cancel)
        await asyncio.wait([endless])
        self.assert_elapsed(1)

    async def test_busy(self):
        """Time stands while a coroutine only switches, for as long as it may take."""
        sleeping = asyncio.create_task(asyncio.sleep(HOUR))
        end = time.monotonic() + 0.01
        while time.monotonic() < end:
            await asyncio.sleep(0)
        self.assertFalse(sleeping.done())
        self.assert_elapsed(0)
        await sleeping
        self.assert_elapsed(1)

    async def test_executor(self):
        async with Aiodrive.BackgroundExecutor() as executor:
            await Aiodrive.try_all(executor.spawn(asyncio.sleep(HOUR)), asyncio.sleep(HOUR))
        self.assert_elapsed(1)

    async def test_thread(self):
        """What a thread of asyncio does is announced; the end of these threads is not time that goes by."""
        async def work():
            self.test.hold()
            try:
                return await asyncio.to_thread(time.sleep, 0.002)
            finally:
                self.test.release()
        await Aiodrive.timeout(HOUR, work())
        self.assert_elapsed(0)

    async def test_repeat_periodically(self):
        n_rounds = 0
        async for _ in Aiodrive.repeat_periodically(HOUR):
            n_rounds += 1
            await asyncio.sleep(HOUR / 2)
            if n_rounds == 4:
                break
        self.assertEqual(self.test.get_elapsed(), 7 * HOUR / 2)

    def test_begins_and_ends(self):
        """A loop may have timers when the test begins, and when it ends."""
        self.test.close()
        loop = Aiodrive.spawn(asyncio.sleep(0)).get_loop()
        slow = Aiodrive.spawn(asyncio.sleep(HOUR))
        settle()
        with Aiodrive.TestContext.new(None) as test:
            left = Aiodrive.spawn(asyncio.sleep(0.001))
            test.wait_all_blocked()
            self.assertFalse(left.done())
        while not left.done():
            GLib.MainContext.default().iteration(True)
        with Aiodrive.TestContext():
            Aiodrive.run(asyncio.sleep(2 * HOUR))
            while not slow.done():
                GLib.MainContext.default().iteration(True)
        before = time.monotonic()
        self.assertTrue(before <= loop.time() <= time.monotonic())

    def test_other_context(self):
        context = GLib.MainContext()
        context.push_thread_default()
        try:
            with Aiodrive.TestContext() as test:
                Aiodrive.run(asyncio.sleep(HOUR))
                self.assertEqual(test.get_elapsed(), HOUR)
        finally:
            context.pop_thread_default()
        self.assert_elapsed(0)


class InjectionTest(unittest.TestCase):
    def setUp(self):
        self.test = self.enterContext(Aiodrive.TestContext())

    def test_each_step(self):
        reached, checked = 0, []
        async def scenario():
            nonlocal reached
            for i in range(1, 4):
                await asyncio.sleep(HOUR)
                reached = i
        n_cancelled = self.test.cancel_at_each_step(scenario, lambda: checked.append(reached))
        self.assertEqual(len(checked), n_cancelled + 1)
        self.assertEqual(checked, sorted(checked))
        self.assertEqual(set(checked), {0, 1, 2, 3})

    def assert_found(self, scenario, exception, message, check=None):
        with self.assertRaisesRegex(exception, message) as raised:
            self.test.cancel_at_each_step(scenario, check)
        self.assertRegex(raised.exception.__notes__[0], r'^(not )?cancelled (after|in) \d+ steps$')

    def test_failure(self):
        async def fails_in_cleanup():
            await asyncio.sleep(HOUR)
            try:
                await asyncio.sleep(HOUR)
            except asyncio.CancelledError:
                raise Thrown('in the cleanup')
        def fails_before():
            raise Thrown('before it begins')
        self.assert_found(fails_in_cleanup, Thrown, 'in the cleanup')
        self.assert_found(fails_before, Thrown, 'before it begins')
        self.assert_found(lambda: 3, TypeError, 'a coroutine')

    def test_task_that_goes_on(self):
        latch = Aiodrive.Latch()
        left = []
        async def forgotten():
            await latch.wait_set()
        async def scenario():
            left.append(asyncio.create_task(forgotten()))
            await asyncio.sleep(HOUR)
            left.pop().cancel()
        self.assert_found(scenario, AssertionError, r'forgotten.* goes on')
        latch.set()
        Aiodrive.run(asyncio.sleep(0))

    def test_exception_that_nobody_retrieves(self):
        async def scenario():
            task = asyncio.create_task(fails(Thrown('of a child'), 3))
            await asyncio.sleep(HOUR)
            with contextlib.suppress(Thrown):
                await task
        self.assert_found(scenario, AssertionError, 'never retrieved.*of a child')

    def test_scope_that_is_held(self):
        kept = []
        async def scenario():
            with Aiodrive.CancelScope() as scope:
                await asyncio.sleep(HOUR)
            kept.append(scope.get_parent())
        self.assert_found(scenario, AssertionError, 'in use')

    def test_what_is_lost(self):
        here, there = 1000, 0
        async def scenario():
            nonlocal here, there
            here -= 1
            await asyncio.sleep(HOUR)
            there += 1
        self.assert_found(scenario, AssertionError, '999 != 1000', lambda: self.assertEqual(here + there, 1000))

    async def test_in_a_coroutine(self):
        with self.assertRaisesRegex(RuntimeError, 'outside of coroutines'):
            self.test.cancel_at_each_step(lambda: asyncio.sleep(0))


run_all(TimeTest, InjectionTest)
