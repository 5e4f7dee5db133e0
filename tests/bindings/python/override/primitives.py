# SPDX-License-Identifier: LGPL-2.1-or-later
"""Primitives, locks, queues and iterators."""

import threading

from support import *


class PrimitiveTest(unittest.TestCase):
    async def test_button_and_cargo(self):
        button, cargo = Aiodrive.Button(), Aiodrive.Cargo()
        waiting = [Aiodrive.prime(button.wait()), Aiodrive.prime(cargo.wait()), Aiodrive.prime(cargo.wait())]
        button()
        value = object()
        cargo.send(value)
        self.assertEqual(await Aiodrive.try_all(waiting), [None, value, value])

    async def test_latch(self):
        latch = Aiodrive.Latch()
        waiting = [Aiodrive.prime(latch.wait()), Aiodrive.prime(latch.wait_set()), Aiodrive.prime(latch.wait_unset())]
        latch.set()
        self.assertEqual(await Aiodrive.try_all(waiting), [True, None, None])
        waiting = Aiodrive.prime(latch.wait())
        latch.unset()
        self.assertIs(await waiting, False)
        for state in True, False:
            latch.toggle(state)
            self.assertIs(latch.is_set(), state)

    async def test_event_and_future(self):
        event, future = Aiodrive.ThreadSafeEvent(), Aiodrive.ThreadSafeFuture()
        value = object()
        def work():
            event.wait_blocking()
            future.set_result(value)
        thread = threading.Thread(target=work)
        thread.start()
        event.set()
        await event
        self.assertIs(await future, value)
        self.assertIs(await asyncio.to_thread(future.wait_blocking), value)
        thread.join()
        self.assertTrue(future.done())
        self.assertFalse(future.cancel())
        other = Aiodrive.ThreadSafeFuture()
        self.assertTrue(other.cancel())
        with self.assertRaises(asyncio.CancelledError):
            await other


class LockTest(unittest.TestCase):
    async def test_exclusive(self):
        lock, inside = Aiodrive.SmartLock(), 0
        async def job():
            nonlocal inside
            async with lock.exclusive():
                inside += 1
                self.assertEqual(inside, 1)
                await asyncio.sleep(0)
                inside -= 1
        await Aiodrive.try_all([job() for _ in range(10)])

    async def test_shared(self):
        lock = Aiodrive.SmartLock()
        async with lock.shared(), lock.shared():
            task = Aiodrive.prime(lock.acquire().__aenter__())
            await asyncio.sleep(0.001)
            self.assertFalse(task.done())
        (await task).release()
        async with lock.thread_shared(), lock.thread_shared():
            pass

    async def test_weak(self):
        lock, steps = Aiodrive.SmartLock(), []
        async def weak():
            async with lock.weak_exclusive():
                steps.append('weak')
                await asyncio.sleep(FOREVER)
            steps.append('went on')
        task = asyncio.create_task(weak())
        while not steps:
            await asyncio.sleep(0)
        async with lock.exclusive():
            steps.append('strong')
        await task
        self.assertEqual(sorted(steps), ['strong', 'weak', 'went on'])

    def test_blocking(self):
        lock = Aiodrive.SmartLock()
        for acquire in lock.exclusive, lock.shared, lock.thread_shared, lock.weak_exclusive:
            with acquire() as guard:
                self.assertIsNotNone(guard)

    async def test_blocking_in_a_coroutine(self):
        with self.assertRaisesRegex(RuntimeError, 'async with'):
            with Aiodrive.SmartLock().exclusive():
                pass

    async def test_nestable(self):
        lock = Aiodrive.NestableLock()
        order = []
        async def below():
            async with lock:
                order.append('below')
        async def other():
            async with lock:
                order.append('other')
        began = asyncio.Event()
        async def holder():
            async with lock:
                began.set()
                async with lock:
                    await Aiodrive.try_all(below(), below())
                    async with Aiodrive.TaskGroup() as group:
                        group.spawn(below())
                    await asyncio.sleep(0.002)
                    order.append('holder')
        task = asyncio.create_task(holder())
        await began.wait()
        await Aiodrive.try_all(other(), task)
        self.assertEqual(order, ['below'] * 3 + ['holder', 'other'])

    async def test_limiter_and_condition(self):
        limiter, n_inside, most = Aiodrive.Limiter(2), 0, 0
        async def job():
            nonlocal n_inside, most
            async with limiter:
                n_inside += 1
                most = max(most, n_inside)
                await asyncio.sleep(0)
                n_inside -= 1
        await Aiodrive.wait_all([job() for _ in range(10)])
        self.assertEqual((most, limiter.get_capacity()), (2, 2))

        lock, condition, ready = Aiodrive.SmartLock(), Aiodrive.Condition(), False
        async def wait():
            async with lock.exclusive() as guard:
                while not ready:
                    await condition.wait(guard)
        task = Aiodrive.prime(wait())
        async with lock.exclusive():
            ready = True
            condition.broadcast()
        await task


    async def test_signal_to_a_cancelled_waiter(self):
        """It goes to the next one."""
        lock, condition, items, got = Aiodrive.SmartLock(), Aiodrive.Condition(), [], []
        async def consume(name):
            async with lock.exclusive() as guard:
                while not items:
                    await condition.wait(guard)
                got.append((name, items.pop()))
        first, second = asyncio.create_task(consume('first')), asyncio.create_task(consume('second'))
        await asyncio.sleep(0.001)
        async with lock.exclusive():
            items.append('item')
            condition.signal()
        first.cancel()
        await asyncio.wait([first, second])
        self.assertTrue(first.cancelled())
        self.assertEqual(got, [('second', 'item')])


class StreamTest(unittest.TestCase):
    async def test_ordered(self):
        queue = Aiodrive.OrderedQueue()
        async def read():
            return [item async for item in queue]
        reading = Aiodrive.prime(read())
        put_first, put_second = queue.reserve(), queue.reserve()
        put_second(None)
        queue.put(2, 'c')
        self.assertEqual(len(queue), 2)
        put_first(1 << 80)
        queue.close()
        self.assertEqual(await reading, [1 << 80, None, 'c'])

    async def test_unordered(self):
        queue = Aiodrive.UnorderedQueue()
        self.assertEqual(queue.try_get('nothing'), 'nothing')
        waiting = Aiodrive.prime(queue.get())
        for item in 'abc':
            queue.put(item)
        self.assertEqual(await waiting, 'a')
        self.assertEqual(queue.try_get(), 'b')
        self.assertEqual(list(queue.get_many(0)), ['c'])

    async def test_same_interface(self):
        for queue in Aiodrive.OrderedQueue(), Aiodrive.UnorderedQueue():
            self.assertTrue(queue.empty())
            queue.put(0, 'a')
            queue.put(1, None)
            self.assertFalse(queue.empty())
            self.assertEqual([await queue.get(), await queue.get()], ['a', None])
        queue.put(item='b')
        self.assertEqual(await queue.get(), 'b')
        with self.assertRaises(TypeError):
            queue.put()

    async def test_channel(self):
        channel = Aiodrive.Channel(1)
        async def produce():
            for i in range(20):
                await channel.send(i)
            channel.close_send()
        async with Aiodrive.TaskGroup() as group:
            group.spawn(produce())
            self.assertEqual([item async for item in channel], list(range(20)))

    async def test_map(self):
        n_running = most = 0
        async def job(item):
            nonlocal n_running, most
            n_running += 1
            most = max(most, n_running)
            await asyncio.sleep(0.0001 * (item % 3))
            n_running -= 1
            return item * 2
        async def items():
            for i in range(12):
                yield i
        expected = [i * 2 for i in range(12)]
        for source in range(12), items():
            self.assertEqual([result async for result in Aiodrive.map(job, source, 3)], expected)
        self.assertEqual(sorted([result async for result in Aiodrive.map(job, range(12), 3, ordered=False)]), expected)
        self.assertLessEqual(most, 3)

    async def test_map_that_fails(self):
        exception = Thrown()
        async def job(item):
            if item == 3:
                raise exception
            return item
        results = []
        with self.assertRaises(Thrown) as raised:
            async for result in Aiodrive.map(job, range(1000), 2):
                results.append(result)
        self.assertIs(raised.exception, exception)
        self.assertEqual(results, [0, 1, 2])

    async def test_map_of_a_source_that_fails(self):
        """Whatever a source raises is raised behind what it gave before, and not taken for the end."""
        class Other(BaseException):
            pass
        def fails_late(error):
            yield 1
            yield 2
            raise error
        async def fails_late_too(error):
            for item in fails_late(error):
                yield item
        async def cancelled():
            task = asyncio.create_task(asyncio.sleep(FOREVER))
            task.cancel()
            yield 1
            yield 2
            await task
        errors = [Thrown(), GLib.Error('no more'), TimeoutError('late'), Other(), asyncio.CancelledError()]
        sources = [(error, fails(error)) for error in errors for fails in (fails_late, fails_late_too)]
        for error, source in [*sources, (asyncio.CancelledError(), cancelled())]:
            results = []
            with self.assertRaises(type(error)):
                async for result in Aiodrive.map(gives, source, 2):
                    results.append(result)
            self.assertEqual(results, [1, 2])
        self.assertEqual(asyncio.current_task().cancelling(), 0)

    async def test_map_of_a_source_that_fails_while_jobs_run(self):
        """Those of earlier items go on, and their results come first."""
        def fails_late(error):
            yield 1
            yield 2
            raise error
        def closed(queue, error):
            queue.put(1)
            queue.put(2)
            queue.close_with_error(error)
            return queue
        for ordered in True, False:
            for error in Thrown(), GLib.Error('no more'):
                for source in fails_late(error), closed(Aiodrive.UnorderedQueue(), error):
                    results = []
                    with self.assertRaises(type(error)):
                        async for result in Aiodrive.map(lambda item: gives(item, 20), source, 3, ordered):
                            results.append(result)
                    self.assertEqual(results, [1, 2])

    async def test_map_closes_its_source(self):
        """And waits until it is closed, also when it is closed while the source waits."""
        steps = []
        class Items:
            def __aiter__(self):
                return items(0)
        async def items(n_rounds):
            try:
                for i in range(1000):
                    await gives(None, n_rounds)
                    yield i
                await asyncio.sleep(FOREVER)
            finally:
                await asyncio.sleep(0.001)
                steps.append('closed')
        async def waits():
            yield 0
            try:
                await asyncio.sleep(FOREVER)
            finally:
                await asyncio.sleep(0.001)
                steps.append('closed')
        for source in items(0), items(2), Items(), waits():
            results = Aiodrive.map(gives, source, 2)
            self.assertEqual(await anext(results), 0)
            await results.aclose()
            self.assertEqual(steps.pop(), 'closed')

    async def test_map_of_a_source_that_cannot_be_closed(self):
        async def items():
            try:
                while True:
                    yield 1
            finally:
                raise Thrown
        results = Aiodrive.map(gives, items(), 2)
        await anext(results)
        with self.assertRaises(Thrown):
            await results.aclose()

    async def test_map_that_is_left(self):
        job = Recorder()
        results = Aiodrive.map(lambda item: gives(item) if item == 0 else job(), range(5), 2)
        self.assertEqual(await anext(results), 0)
        await job.began.wait()
        await results.aclose()
        self.assertTrue(job.ended)

    async def test_as_completed(self):
        exception = Thrown()
        results = []
        async for task in Aiodrive.as_completed([gives('slow', 9), fails(exception, 4), gives('fast')]):
            try:
                results.append(await task)
            except Thrown as raised:
                results.append(raised)
        self.assertEqual(results, ['fast', exception, 'slow'])

    async def test_as_completed_gives_tasks(self):
        """Those that it was given, and those of coroutines, which nobody else keeps."""
        task = asyncio.create_task(gives('task'))
        async with Aiodrive.BackgroundExecutor() as executor:
            job = executor.spawn(gives('job'))
            await job
            given = []
            async for ended in Aiodrive.as_completed([gives('coroutine', 5), task, job]):
                gc.collect()
                given.append((ended.result(), type(ended)))
        self.assertEqual(sorted(result for result, kind in given), ['coroutine', 'job', 'task'])
        self.assertEqual({kind for result, kind in given}, {asyncio.Task, type(job)})

    async def test_as_completed_takes_additions(self):
        """A crawl, and a hedged request: each starts another one while it runs."""
        async def visit(n):
            await asyncio.sleep(0)
            return n
        completed, seen = Aiodrive.as_completed([visit(1)]), []
        completed.add(visit(2))
        async for task in completed:
            seen.append(await task)
            if seen[-1] < 10:
                completed.add(visit(seen[-1] + 2))
        self.assertEqual(seen, list(range(1, 12)))
        with self.assertRaisesRegex(RuntimeError, 'too late'):
            completed.add(visit(1))
        with self.assertRaises(TypeError):
            completed.add(5)

    async def test_as_completed_with_additions_that_is_left(self):
        first, added = Recorder(), Recorder()
        completed = Aiodrive.as_completed([gives(1), first()])
        self.assertEqual(await (await anext(completed)), 1)
        completed.add(added())
        await added.began.wait()
        await completed.aclose()
        self.assertTrue(first.ended and added.ended)
        with self.assertRaisesRegex(RuntimeError, 'too late'):
            completed.add(gives(1))

    async def test_repeat_periodically(self):
        clock, n_rounds = asyncio.get_running_loop().time, 0
        begin = clock()
        async for _ in Aiodrive.repeat_periodically(0.002):
            n_rounds += 1
            if n_rounds == 4:
                break
        self.assertAlmostEqual(clock() - begin, 0.006, 5)


class CallTest(unittest.TestCase):
    async def test_methods_and_functions(self):
        file = Gio.File.new_for_path(__file__)
        for call in Aiodrive.call(file.load_contents_async), Aiodrive.call(file.load_contents_async,
                                                                            finish=file.load_contents_finish):
            self.assertIn(b'test_methods_and_functions', (await call)[1])
        stream = await Aiodrive.call(file.read_async, GLib.PRIORITY_DEFAULT)
        self.assertTrue((await Aiodrive.call(stream.read_bytes_async, 4, GLib.PRIORITY_DEFAULT)).get_data())
        with self.assertRaises(GLib.Error):
            await Aiodrive.call(Gio.DBusConnection.new_for_address, 'nowhere:', 0, None,
                                finish=Gio.DBusConnection.new_for_address_finish)
        with self.assertRaises(GLib.Error):
            await Aiodrive.call(Gio.DBusConnection.new_for_address, 'nowhere:', 0, None)
        with self.assertRaisesRegex(TypeError, 'asynchronous function'):
            await Aiodrive.call(len)

    async def test_cancelled(self):
        process = Gio.Subprocess.new(['sleep', '1000'], Gio.SubprocessFlags.NONE)
        with self.assertRaises(TimeoutError):
            await Aiodrive.timeout(0.002, Aiodrive.call(process.wait_async))
        process.force_exit()
        await Aiodrive.call(process.wait_async)
        self.assertTrue(process.get_if_signaled())

    async def test_tasks_of_c(self):
        def job(task, cancellable):
            task.return_value(GObject.Value(object, 'of C'))
        raw = Gio.Task.new(None, Gio.Cancellable(), None)
        GLib.idle_add(lambda: raw.return_value(GObject.Value(object, [1])))
        self.assertEqual(await Aiodrive.race(raw), (0, [1]))
        self.assertEqual(await raw, [1])


run_all(PrimitiveTest, LockTest, StreamTest, CallTest)
