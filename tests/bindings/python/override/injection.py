# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every wrapper, cancelled at each step: nothing goes on, nothing is lost, and each await ends once."""

import inspect
import os
import pathlib
import signal

from support import *

HOUR = 3600
EXCLUSIVE = Aiodrive.LockMode.EXCLUSIVE


class InjectionTest(unittest.TestCase):
    def setUp(self):
        self.test = self.enterContext(Aiodrive.TestContext())
        self.n_running = self.n_interrupted = self.n_ended = 0
        self.max_interrupted = 0   # cleanups that something cancels that is cancelled later than its body

    async def child(self, duration=HOUR, value=None):
        """What is to be ended by its end, with a cleanup that waits."""
        self.n_running += 1
        try:
            await Aiodrive.sleep(duration)
            return value
        except asyncio.CancelledError:
            self.n_interrupted += 1
            await asyncio.sleep(0.001)
            self.n_interrupted -= 1
            raise
        finally:
            self.n_running -= 1

    def inject(self, scenario, check=None):
        async def run():
            await scenario()
            self.n_ended += 1
        def check_all():
            self.assertEqual(self.n_running, 0)
            self.assertLessEqual(self.n_interrupted, self.max_interrupted)
            self.n_interrupted = 0
            if check is not None:
                check()
        n_cancelled = self.test.cancel_at_each_step(run, check_all)
        self.assertGreater(n_cancelled, 2)
        self.assertGreater(self.n_ended, 0)

    def inject_together(self, *functions, check=None):
        self.inject(lambda: Aiodrive.try_all(function() for function in functions), check)

    def assert_free(self, guard):
        self.assertIsNotNone(guard, 'it is locked')
        guard.release()


class WaitTest(InjectionTest):
    def test_ready(self):
        lock, counts = Aiodrive.SmartLock(), []
        async def acquire_five_times():
            counts.append(0)
            for _ in range(5):
                async with lock.exclusive():
                    counts[-1] += 1
        self.inject(acquire_five_times)
        self.assertEqual(set(counts), set(range(6)))

    def test_button_and_cargo(self):
        button, cargo, value = Aiodrive.Button(), Aiodrive.Cargo(), object()
        async def wait():
            await button
            self.assertIs(await cargo, value)
        async def press():
            for _ in range(2):
                await Aiodrive.sleep(HOUR)
                button()
                await Aiodrive.sleep(1)
                cargo.send(value)
        self.inject_together(wait, press)

    def test_latch(self):
        latch = Aiodrive.Latch()
        async def wait():
            self.assertTrue(await latch.wait())
            await latch.wait_unset()
        async def turn():
            await Aiodrive.sleep(HOUR)
            latch.set()
            await latch.wait_set()
            await asyncio.sleep(1)
            latch.unset()
        self.inject_together(wait, wait, turn, check=latch.unset)

    def test_event_and_future(self):
        async def scenario():
            event, future, value = Aiodrive.ThreadSafeEvent(), Aiodrive.ThreadSafeFuture(), object()
            async def work():
                await event
                future.set_result(value)
            async def begin():
                await asyncio.sleep(HOUR)
                event.set()
            results = await Aiodrive.try_all(future.wait(), work(), begin())
            self.assertIs(results[0], value)
        self.inject(scenario)

    def test_call(self):
        async def scenario():
            stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b'0123456789'))
            while (await Aiodrive.call(stream.read_bytes_async, 4, GLib.PRIORITY_DEFAULT)).get_size():
                await Aiodrive.sleep(5)
            await Aiodrive.call(stream.close_async, GLib.PRIORITY_DEFAULT)
        self.inject(scenario)

    def test_signals(self):
        async def scenario():
            with Aiodrive.handle_signal(signal.SIGUSR1):
                await self.child()
            await Aiodrive.race(Aiodrive.wait_for_signal(signal.SIGUSR1), self.child())
        self.inject(scenario)

    def test_scope_and_timeouts(self):
        self.max_interrupted = 1
        async def late(limited):
            try:
                await limited
            except TimeoutError:
                return
            self.fail('it was in time')
        async def block(manager):
            async with manager:
                await self.child()
        async def scenario():
            await late(block(Aiodrive.timeout(5)))
            await late(block(Aiodrive.CancelScope(timeout=5)))
            await late(Aiodrive.timeout(5, self.child()))
            async with Aiodrive.timeout(2 * HOUR), Aiodrive.CancelScope() as scope:
                await self.child()
                scope.cancel()
                await self.child()
        self.inject(scenario)


class LockTest(InjectionTest):
    def test_smart_lock(self):
        lock = Aiodrive.SmartLock()
        async def hold(acquisition):
            async with acquisition:
                await self.child()
        async def awaits():
            guard = await lock.acquire(EXCLUSIVE, -1)
            try:
                await self.child()
            finally:
                guard.release()
        for mode in lock.exclusive, lock.shared, lock.thread_shared, lock.weak_exclusive:
            self.max_interrupted = int(mode == lock.weak_exclusive)
            with self.subTest(mode.__name__):
                self.inject_together(lambda: hold(mode()), lambda: hold(lock.exclusive()), lambda: hold(mode()), awaits,
                                     check=lambda: self.assert_free(lock.try_acquire(EXCLUSIVE)))

    def test_nestable_lock(self):
        lock = Aiodrive.NestableLock()
        inside = 0
        async def below():
            async with lock:
                await self.child(1)
        async def hold():
            nonlocal inside
            async with lock:
                inside += 1
                self.assertEqual(inside, 1)
                try:
                    async with lock.acquire():
                        await Aiodrive.try_all(below(), below())
                finally:
                    inside -= 1
        self.inject_together(hold, hold, check=lambda: Aiodrive.run(below()))

    def test_limiter(self):
        limiter = Aiodrive.Limiter(2)
        async def hold():
            async with limiter:
                await self.child()
        self.inject_together(hold, hold, hold, hold, check=lambda: self.assert_free(limiter.try_acquire()))

    def test_condition(self):
        lock, condition = Aiodrive.SmartLock(), Aiodrive.Condition()
        async def wait():
            async with lock.exclusive() as guard:
                try:
                    await condition.wait(guard)
                finally:
                    self.assertIsNone(lock.try_acquire(EXCLUSIVE))
        async def signals():
            for _ in range(2):
                await Aiodrive.sleep(HOUR)
                async with lock.exclusive():
                    await Aiodrive.sleep(1)
                    condition.signal()
        self.inject_together(wait, wait, signals, check=lambda: self.assert_free(lock.try_acquire(EXCLUSIVE)))


class StreamTest(InjectionTest):
    def test_channel(self):
        """A send that is cancelled in the moment in which there is room has sent its item."""
        channel = Aiodrive.Channel(1)
        begun, sent, received = [], [], []
        async def send():
            for i in range(4):
                begun.append(i)
                await channel.send(i)
                sent.append(begun.pop())
        async def receive():
            await Aiodrive.sleep(HOUR)
            received.append(await channel.receive())
            async for item in channel:
                received.append(item)
                if item == 3:
                    break
        def check():
            while (item := channel.try_receive()) is not None:
                received.append(item)
            self.assertIn(received, (sent, sent + begun))
            for items in begun, sent, received:
                items.clear()
        self.inject_together(send, receive, check=check)

    def test_queues(self):
        for Queue in Aiodrive.OrderedQueue, Aiodrive.UnorderedQueue:
            queue, put, got = Queue(), [], []
            async def consume():
                got.append(await queue.get())
                async for item in queue:
                    got.append(item)
            async def produce():
                for i in range(4):
                    await Aiodrive.sleep(i % 2 * HOUR)
                    queue.put(i, i)
                    put.append(i)
                queue.close()
            def check():
                nonlocal queue
                got.extend(queue.get_many(0))
                self.assertEqual(got, put)
                put.clear()
                got.clear()
                queue = Queue()
            with self.subTest(Queue.__name__):
                self.inject_together(consume, produce, check=check)

    def test_map(self):
        async def items():
            for item in range(1, 5):
                await Aiodrive.sleep(1)
                yield item
        async def job(item):
            return await self.child(HOUR / item, item)
        async def scenario():
            for source in [1, 2, 3, 4], items():
                for ordered in True, False:
                    results = [result async for result in Aiodrive.map(job, source, 2, ordered)]
                    self.assertEqual(sorted(results), [1, 2, 3, 4] if results else [])
        self.inject(scenario)

    def test_as_completed(self):
        async def scenario():
            jobs = [self.child(HOUR, 1), self.child(1, 2), self.child(5, 3)]
            self.assertEqual([await task async for task in Aiodrive.as_completed(jobs)], [2, 3, 1])
        self.inject(scenario)

    def test_as_completed_with_additions(self):
        async def scenario():
            completed, seen = Aiodrive.as_completed([self.child(HOUR, 0)]), []
            async for task in completed:
                seen.append(await task)
                if seen[-1] < 2:
                    completed.add(self.child(HOUR, seen[-1] + 1))
            self.assertEqual(seen, [0, 1, 2])
        self.inject(scenario)

    def test_repeat_periodically(self):
        async def scenario():
            async for tick in Aiodrive.repeat_periodically(HOUR):
                await Aiodrive.sleep(HOUR / 2)
                if tick == 3:
                    break
        self.inject(scenario)


class CombinatorTest(InjectionTest):
    async def fail_soon(self):
        await self.child(1)
        raise Thrown

    def test_retry(self):
        async def scenario():
            n_tries = 0
            async def job():
                nonlocal n_tries
                n_tries += 1
                await self.child(1)
                if n_tries < 3:
                    raise Thrown
                return n_tries
            self.assertEqual(await Aiodrive.retry(job, 5), 3)
        self.inject(scenario)

    def test_race(self):
        async def scenario():
            self.assertEqual(await Aiodrive.race(self.child(), self.child(5, 'x'), self.child()), (1, 'x'))
        self.inject(scenario)

    def test_first_success(self):
        async def scenario():
            try:
                result = await Aiodrive.first_success(self.fail_soon(), self.child(5, 'x'), self.child())
            except Thrown:
                result = None   # a failure comes before the cancellation
            self.assertIn(result, ((1, 'x'), None))
        self.inject(scenario)

    def test_gather(self):
        async def scenario():
            for combine in Aiodrive.try_all, Aiodrive.wait_all:
                self.assertEqual(await combine(self.child(5, 'x'), self.child(HOUR, 'y')), ['x', 'y'])
                with self.assertRaises(Thrown):
                    await combine(self.fail_soon(), self.child(3))
        self.inject(scenario)

    def test_shield_and_cancel(self):
        async def scenario():
            await Aiodrive.shield(self.child())
            for begin in Aiodrive.prime, Aiodrive.spawn:
                task = begin(self.child())
                try:
                    await Aiodrive.sleep(5)
                finally:
                    await Aiodrive.cancel_task(task)
        self.inject(scenario)


class GroupTest(InjectionTest):
    def test_groups(self):
        async def scenario(Group):
            group = Group()
            group.spawn(self.child())
            await group.close()
            async with Group() as group:
                group.spawn(self.child())
                await group.spawn(self.child(1))
                await Aiodrive.sleep(3)
                group.create_task(self.child(2))
        for Group in Aiodrive.TaskGroup, Aiodrive.AutoTerminatedTaskGroup:
            with self.subTest(Group.__name__):
                self.inject(lambda: scenario(Group))

    def test_of_asyncio(self):
        async def scenario():
            async with asyncio.TaskGroup() as group:
                group.create_task(self.child())
                await group.create_task(self.child(1))
                await asyncio.wait_for(self.child(3), HOUR)
            queue = asyncio.Queue(1)
            async with asyncio.TaskGroup() as group:
                for i in range(3):
                    group.create_task(queue.put(i))
                for i in range(3):
                    await queue.get()
        self.inject(scenario)

    def test_pool(self):
        async def scenario():
            async with Aiodrive.Pool.open() as pool:
                pool.spawn(self.child())
                pool.spawn(self.child(), depth=2)
                await Aiodrive.sleep(3)
                pool.spawn(self.child())
            pool = Aiodrive.Pool()
            pool.spawn(self.child())
            pool.spawn(self.child(5), depth=1)
            await pool.run()
        self.inject(scenario)

    def test_executor(self):
        async def there():
            await asyncio.sleep(HOUR)
            return 'there'
        async def scenario():
            async with Aiodrive.BackgroundExecutor() as executor:
                self.assertEqual(await executor.spawn(there()), 'there')
                async with executor.spawn(there()):
                    await Aiodrive.sleep(5)
                await executor.stop()
        self.inject(scenario)

    def test_thread_group(self):
        async def there():
            await asyncio.sleep(HOUR)
        async def scenario():
            async with Aiodrive.ThreadTaskGroup() as group:
                group.spawn(there())
                await group.spawn(there())
        self.inject(scenario)


class ObjectTest(InjectionTest):
    def new_action(self):
        return Gio.SimpleAction.new('go', GLib.VariantType('s'))

    async def activate_later(self, action):
        await asyncio.sleep(1)
        action.activate(GLib.Variant('s', 'now'))

    def test_emission(self):
        async def scenario():
            action = self.new_action()
            async def receive():
                text, = await Aiodrive.wait_for_emission(action, 'activate')
                self.assertEqual(text.unpack(), 'now')
            await Aiodrive.try_all([receive(), self.activate_later(action)])
        self.inject(scenario)

    def test_property(self):
        async def scenario():
            action = self.new_action()
            async def disable():
                await asyncio.sleep(1)
                action.set_enabled(False)
            await Aiodrive.try_all([Aiodrive.wait_for_property(action, 'enabled', False), disable()])
        self.inject(scenario)

    def test_iterations(self):
        async def scenario():
            action = self.new_action()
            emissions = Aiodrive.iterate_emissions(action, 'activate')
            values = Aiodrive.iterate_property(action, 'enabled')
            async def receive():
                async for text, in emissions:
                    self.assertEqual(text.unpack(), 'now')
                    break
                async for enabled in values:
                    self.assertTrue(enabled)
                    break
            await Aiodrive.try_all([receive(), self.activate_later(action)])
        self.inject(scenario)

    def test_fd(self):
        async def scenario():
            here, there = os.pipe()
            try:
                async def write():
                    await asyncio.sleep(1)
                    os.write(there, b'x')
                await Aiodrive.try_all([Aiodrive.wait_for_fd(here, GLib.IOCondition.IN), write()])
            finally:
                os.close(here)
                os.close(there)
        self.inject(scenario)

    def test_started_for_an_object(self):
        async def scenario():
            action = self.new_action()
            ended = asyncio.Event()
            async def on_activated(text):
                await asyncio.sleep(1)
                ended.set()
            Aiodrive.connect(action, 'activate', on_activated)
            Aiodrive.spawn_for_object(action, asyncio.sleep(HOUR))
            await self.activate_later(action)
            await ended.wait()
        self.inject(scenario)

    def test_latest(self):
        async def scenario():
            latest = Aiodrive.Latest(debounce=0.1)
            try:
                first = latest.spawn(asyncio.sleep(HOUR))
                await asyncio.sleep(1)
                await latest.spawn(asyncio.sleep(1))
                self.assertTrue(first.done())
            finally:
                await latest.close()
        self.inject(scenario)


class CompleteTest(unittest.TestCase):
    """What can be awaited, and what is called for that, is in here."""

    def setUp(self):
        self.source = pathlib.Path(__file__).read_text()
        self.names = set(sys.modules['gi.overrides.Aiodrive'].__all__)
        self.names -= {'Emission', 'EventLoop', 'SignalError', 'TaskInfo'}

    def test_names(self):
        self.assertEqual({name for name in self.names if f'Aiodrive.{name}' not in self.source}, set())

    def test_methods(self):
        classes = [getattr(Aiodrive, name) for name in self.names if inspect.isclass(getattr(Aiodrive, name))]
        methods = {name for cls in classes for base in inspect.getmro(cls) if base.__module__.startswith('gi.overrides')
                   for name, function in vars(base).items() if inspect.iscoroutinefunction(function)}
        self.assertEqual({name for name in methods if name[0] != '_' and f'.{name}(' not in self.source}, set())


unittest.main()
