# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exceptions: the same objects on the other side, groups, what nobody awaited, and what is refused."""

import logging
import math
import traceback
import warnings

from support import *


def output_of(body):
    """What a program prints on standard error."""
    program = 'from support import *\n' + textwrap.dedent(body)
    environment = {**os.environ, 'PYTHONPATH': os.path.dirname(__file__) + ':' + os.environ.get('PYTHONPATH', ''),
                   'G_DEBUG': ''}
    result = subprocess.run([sys.executable, '-c', program], env=environment, capture_output=True, text=True)
    return result.stderr


class IdentityTest(unittest.TestCase):
    async def test_through_combinators(self):
        for exception in Thrown('x'), ValueError(1), KeyError('ä\0\ud800'), ExceptionGroup('theirs', [Thrown()]):
            for awaitable in (Aiodrive.race(fails(exception)), Aiodrive.try_all(fails(exception), gives(1)),
                              Aiodrive.wait_all(fails(exception, 3)), Aiodrive.shield(fails(exception)),
                              Aiodrive.timeout(FOREVER, fails(exception)), Aiodrive.first_success(fails(exception)),
                              Aiodrive.race(Aiodrive.try_all(Aiodrive.timeout(FOREVER, fails(exception))))):
                with self.assertRaises(type(exception)) as raised:
                    await awaitable
                self.assertIs(raised.exception, exception)

    async def test_through_groups_and_threads(self):
        exception = Thrown()
        async with Aiodrive.BackgroundExecutor() as executor:
            with self.assertRaises(Thrown) as raised:
                await executor.spawn(fails(exception))
            self.assertIs(raised.exception, exception)
        for open_group in Aiodrive.TaskGroup, Aiodrive.ThreadTaskGroup, Aiodrive.Pool.open:
            with self.assertRaises(Thrown) as raised:
                async with open_group() as group:
                    group.spawn(fails(exception))
                    await asyncio.sleep(FOREVER)
            self.assertIs(raised.exception, exception)

    async def test_group(self):
        first, second = Thrown(1), ValueError(2)
        with self.assertRaises(ExceptionGroup) as raised:
            await Aiodrive.wait_all(fails(first), gives(1), fails(second))
        self.assertEqual(raised.exception.exceptions, (first, second))
        with self.assertRaises(ExceptionGroup) as raised:
            async with Aiodrive.TaskGroup() as group:
                group.spawn(fails(second))
                raise first
        self.assertEqual(raised.exception.exceptions, (first, second))

    async def test_errors_of_gio(self):
        path = Gio.File.new_for_path('/nonexistent/file')
        with self.assertRaises(GLib.Error) as raised:
            await Aiodrive.try_all(Aiodrive.call(path.load_contents_async))
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))

    async def test_future(self):
        future = Aiodrive.ThreadSafeFuture()
        waiting = [asyncio.create_task(future.wait()) for _ in range(3)]
        await asyncio.sleep(0)
        exception = KeyError(1)
        future.set_exception(exception)
        for task in waiting:
            with self.assertRaises(KeyError) as raised:
                await task
            self.assertIs(raised.exception, exception)

    async def test_several_of_a_map(self):
        async def job(item):
            try:
                if item == 0:
                    await both.wait()
                else:
                    both.set()
                    await asyncio.sleep(FOREVER)
            finally:
                raise exceptions[item]
        exceptions, both = [Thrown(0), Thrown(1)], asyncio.Event()
        with self.assertRaises(ExceptionGroup) as raised:
            async for _ in Aiodrive.map(job, [0, 1]):
                pass
        self.assertEqual(list(raised.exception.exceptions), exceptions)

    async def test_awaited_again(self):
        """The same exception each time, also when the group has raised it."""
        exception, jobs = Thrown(), []
        with self.assertRaises(Thrown):
            async with Aiodrive.BackgroundExecutor() as executor:
                jobs.append(executor.spawn(fails(exception, 1)))
                await jobs[0]
        for group in Aiodrive.ThreadTaskGroup(), Aiodrive.Pool.open():
            with self.assertRaises(Thrown):
                async with group as spawner:
                    jobs.append(spawner.spawn(fails(exception, 1)))
        for job in jobs * 2:
            gc.collect()
            with self.assertRaises(Thrown) as raised:
                await job
            self.assertIs(raised.exception, exception)
            with self.assertRaises(Thrown) as raised:
                job.result()
            self.assertIs(raised.exception, exception)

    async def test_the_first_counts(self):
        exception = Thrown()
        future = Aiodrive.ThreadSafeFuture()
        future.set_exception(exception)
        with self.assertRaises(asyncio.InvalidStateError):
            future.set_exception(Thrown())
        with self.assertRaises(asyncio.InvalidStateError):
            future.set_result(1)
        queue = Aiodrive.UnorderedQueue()
        for error in exception, Thrown():
            queue.close_with_error(error)
        for use in future.wait, queue.get:
            with self.assertRaises(Thrown) as raised:
                await use()
            self.assertIs(raised.exception, exception)
        for use in future.wait_blocking, functools.partial(queue.put, 1):
            with self.assertRaises(Thrown) as raised:
                await asyncio.to_thread(use)
            self.assertIs(raised.exception, exception)
        with self.assertRaises(Thrown) as raised:
            with Aiodrive.CancelScope() as scope:
                for error in exception, Thrown():
                    scope.cancel_with_reason(error)
                await asyncio.sleep(FOREVER)
        self.assertIs(raised.exception, exception)

    async def test_values(self):
        for value in None, 1 << 100, 'x', [1], object(), False, Gio.Cancellable(), StopIteration:
            self.assertIs((await Aiodrive.try_all(gives(value)))[0], value)
            self.assertIs((await Aiodrive.race(asyncio.create_task(gives(value))))[1], value)


class TracebackTest(unittest.TestCase):
    """One that is raised again and again does not grow, and keeps no more than one of those who awaited it."""

    async def each_way(self):
        exception = Thrown()
        task = asyncio.create_task(fails(exception))
        await asyncio.wait([task])
        for combine in (Aiodrive.try_all, Aiodrive.wait_all, Aiodrive.race, Aiodrive.first_success, Aiodrive.shield,
                        functools.partial(Aiodrive.timeout, 1)):
            yield functools.partial(combine, task)
        future, queue, channel = Aiodrive.ThreadSafeFuture(), Aiodrive.UnorderedQueue(), Aiodrive.Channel(1)
        future.set_exception(exception)
        queue.close_with_error(exception)
        channel.close_with_error(exception)
        for wait in future.wait, queue.get, queue.__anext__, channel.receive, functools.partial(channel.send, 1):
            yield wait
        pool = Aiodrive.Pool()
        job = pool.spawn(fails(exception))
        with self.assertRaises(Thrown):
            await pool.run()
        async def result():
            job.result()
        async def wait():
            await job
        yield result
        yield wait
        async with Aiodrive.BackgroundExecutor() as executor:
            job = executor.spawn(fails(exception))
            yield wait
            yield result
        scopes = [Aiodrive.CancelScope() for _ in range(10)]
        for scope in scopes:
            scope.cancel_with_reason(exception)
        async def block():
            with scopes.pop():
                await asyncio.sleep(FOREVER)
        yield block

    async def test_does_not_grow(self):
        async for raise_it in self.each_way():
            lengths = []
            for _ in range(10):
                try:
                    await raise_it()
                except Thrown as exception:
                    lengths.append(len(traceback.extract_tb(exception.__traceback__)))
            self.assertEqual(len(lengths), 10)
            self.assertLessEqual(max(lengths[1:]), lengths[0])

    async def test_keeps_one(self):
        kept = []
        async def wait(raise_it):
            payload = Payload()
            kept.append(weakref.ref(payload))
            with self.assertRaises(Thrown):
                await raise_it()
        async for raise_it in self.each_way():
            kept.clear()
            for _ in range(10):
                await wait(raise_it)
            gc.collect()
            self.assertLessEqual(sum(payload() is not None for payload in kept), 1)


class NotAwaitedTest(unittest.TestCase):
    def test_task(self):
        printed = output_of('''
            async def main():
                Aiodrive.spawn(fails(Thrown('nobody looks')))
                await asyncio.sleep(0.01)
                gc.collect()
            Aiodrive.run(main())
        ''')
        self.assertIn('never retrieved', printed)
        self.assertIn('nobody looks', printed)

    def test_in_a_main_loop(self):
        """The loop that is there for its tasks goes silently when Python does."""
        printed = output_of('''
            async def main():
                try:
                    await fails(Thrown('nobody looks'), 1)
                finally:
                    GLib.idle_add(main_loop.quit)
            main_loop = GLib.MainLoop()
            Aiodrive.spawn(main())
            main_loop.run()
            gc.collect()
        ''')
        self.assertIn('nobody looks', printed)
        self.assertNotIn('Exception ignored', printed)

    def test_loser(self):
        printed = output_of('''
            async def loser():
                try:
                    await asyncio.sleep(FOREVER)
                finally:
                    raise Thrown('a sore loser')
            async def main():
                await Aiodrive.race(gives(1, 3), loser())
            Aiodrive.run(main())
        ''')
        self.assertIn('a sore loser', printed)

    def test_callback(self):
        printed = output_of('''
            async def main():
                asyncio.get_running_loop().call_soon(lambda: 1 / 0)
                await asyncio.sleep(0.01)
            Aiodrive.run(main())
        ''')
        self.assertIn('ZeroDivisionError', printed)

    async def test_handler(self):
        seen = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: seen.append(context['exception']))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.001)
        self.assertEqual([type(exception) for exception in seen], [ZeroDivisionError])


class RefusedTest(unittest.TestCase):
    async def test_function(self):
        async def job():
            pass
        for use in (Aiodrive.race, Aiodrive.try_all, Aiodrive.shield, Aiodrive.cancel_task, Aiodrive.spawn,
                    Aiodrive.prime, Aiodrive.TaskGroup().spawn, Aiodrive.Pool().spawn,
                    Aiodrive.BackgroundExecutor().spawn, functools.partial(Aiodrive.timeout, 1)):
            for wrong in job, len, 5, 'x':
                with self.assertRaisesRegex(TypeError, 'needs a coroutine, a task or another awaitable, not '):
                    result = use(wrong)
                    if asyncio.iscoroutine(result):
                        await result

    def test_run(self):
        async def job():
            pass
        for wrong in job, 5, None:
            with self.assertRaisesRegex(TypeError, r'Aiodrive.run\(\) needs a coroutine'):
                Aiodrive.run(wrong)

    async def test_run_in_a_coroutine(self):
        with self.assertRaisesRegex(RuntimeError, 'await it'):
            Aiodrive.run(gives(1))

    async def test_coroutine_twice(self):
        coroutine = gives(1)
        await coroutine
        with self.assertRaisesRegex(RuntimeError, 'nobody has awaited'):
            await Aiodrive.try_all(coroutine)

    async def test_coroutine_twice_in_one_call(self):
        for use in Aiodrive.race, Aiodrive.first_success, Aiodrive.try_all, Aiodrive.wait_all:
            job = Recorder()
            coroutine = job()
            with self.assertRaisesRegex(RuntimeError, 'the same coroutine of .* twice'):
                await use(gives(1), coroutine, coroutine)
            await asyncio.sleep(0.001)
            self.assertFalse(job.began.is_set())

    async def test_nothing_is_started_then(self):
        job = Recorder()
        future = asyncio.Future(loop=Aiodrive.EventLoop())
        for wrong, error in (5, TypeError), (future, RuntimeError):
            with self.assertRaises(error):
                await Aiodrive.race(job(), wrong)
            await asyncio.sleep(0.001)
            self.assertFalse(job.began.is_set())

    async def test_what_is_refused_is_closed(self):
        """So nothing is reported as never awaited."""
        async def call(function, *args, **kwargs):
            result = function(*args, **kwargs)
            if hasattr(result, '__aiter__'):
                await anext(result)
            else:
                await result
        async with Aiodrive.TaskGroup() as closed:
            pass
        pool = Aiodrive.Pool()
        refused = [
            (Aiodrive.timeout, 'x', gives(1)), (Aiodrive.timeout, gives(1), 0.5),
            (Aiodrive.timeout, math.nan, gives(1)),
            (Aiodrive.timeout, gives(1)), (Aiodrive.race, gives(1), 5), (Aiodrive.race, [gives(1), 5]),
            (Aiodrive.as_completed, gives(1)), (Aiodrive.as_completed, [gives(1), 5]), (Aiodrive.map, gives(1), []),
            (Aiodrive.map, gives, gives(1)), (Aiodrive.call, gives(1)), (closed.spawn, gives(1)),
            (functools.partial(pool.spawn, depth='x'), gives(1)),
            (functools.partial(pool.spawn, depth=1 << 40), gives(1)),
            (Aiodrive.run, gives(1)),
        ]
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            while refused:
                function, *args = refused.pop()
                with self.assertRaises((TypeError, ValueError, RuntimeError, OverflowError), msg=function):
                    await call(function, *args)
                args = None
                gc.collect()
        self.assertEqual([str(warning.message) for warning in seen if 'never awaited' in str(warning.message)], [])

    @in_real_time
    async def test_what_never_begins_is_closed(self):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            executor = Aiodrive.BackgroundExecutor()
            jobs = [executor.spawn(gives(1)) for _ in range(20)]
            await executor.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await Aiodrive.wait_all(jobs)
            pool = Aiodrive.Pool()
            job = pool.spawn(fails(Thrown()))
            other = pool.spawn(gives(1), depth=1)
            pool.cancel()
            with contextlib.suppress(asyncio.CancelledError, Thrown):
                await pool.run()
            executor = jobs = pool = job = other = None
            gc.collect()
        self.assertEqual([str(warning.message) for warning in seen if 'never awaited' in str(warning.message)], [])

    def test_value_of_another_loop(self):
        async def make():
            return asyncio.get_running_loop().create_future()
        async def use(future):
            await Aiodrive.race(future)
        future = Aiodrive.run(make())
        with self.assertRaisesRegex(RuntimeError, 'of the loop that runs'):
            Aiodrive.run(use(future))

    def test_loop_of_asyncio(self):
        async def use():
            await Aiodrive.Button()
        with self.assertRaisesRegex(RuntimeError, r'GLib.MainContext is needed'):
            asyncio.run(use())

    async def test_job_that_returns_no_awaitable(self):
        with self.assertRaisesRegex(TypeError, 'awaitable, not int'):
            async for _ in Aiodrive.map(lambda item: item, [1]):
                pass

    async def test_closed_group(self):
        async with Aiodrive.TaskGroup() as group:
            pass
        with self.assertRaisesRegex(RuntimeError, 'has come to its end'):
            group.spawn(gives(1))

    async def test_itself(self):
        for wait in Aiodrive.cancel_task, Aiodrive.race, Aiodrive.try_all, Aiodrive.shield:
            with self.assertRaisesRegex(RuntimeError, 'wait for itself'):
                await wait(asyncio.current_task())

    async def test_no_function(self):
        for function in 5, print:
            with self.assertRaisesRegex(TypeError, 'needs an asynchronous function of GIO'):
                await Aiodrive.call(function)

    def test_outside_a_coroutine(self):
        with self.assertRaisesRegex(RuntimeError, 'in a coroutine'):
            with Aiodrive.CancelScope():
                pass


class TextTest(unittest.TestCase):
    async def test_timeouts(self):
        """All have the same text."""
        async def in_timeout():
            async with Aiodrive.timeout(0.01):
                await asyncio.sleep(FOREVER)
        async def in_scope():
            with Aiodrive.CancelScope(timeout=0.01):
                await asyncio.sleep(FOREVER)
        async def long():
            async with Aiodrive.timeout(1e9):
                await Aiodrive.timeout(0.01, asyncio.sleep(FOREVER))
        for job in in_timeout, in_scope, long, lambda: Aiodrive.timeout(0.01, asyncio.sleep(FOREVER)):
            with self.assertRaisesRegex(TimeoutError, '^Operation timed out$'):
                await job()

    async def test_closed(self):
        """It says what is closed."""
        for queue, text in ((Aiodrive.UnorderedQueue(), 'The queue is closed'),
                            (Aiodrive.OrderedQueue(), 'The ordered queue is closed')):
            queue.close()
            with self.assertRaises(GLib.Error) as raised:
                await queue.get()
            self.assertEqual(raised.exception.message, text)
            with self.assertRaises(GLib.Error) as raised:
                queue.put(0, 'item')
            self.assertEqual(raised.exception.message, text)
        channel = Aiodrive.Channel(1)
        channel.close_send()
        for function in channel.receive, functools.partial(channel.send, 1):
            with self.assertRaises(GLib.Error) as raised:
                await function()
            self.assertEqual(raised.exception.message, 'The channel is closed')

    async def test_signal(self):
        """It is an exception of its own, and the GLib.Error that it was."""
        async def job():
            with Aiodrive.handle_signal(signal.SIGUSR1):
                os.kill(os.getpid(), signal.SIGUSR1)
                await asyncio.sleep(FOREVER)
        async def in_group():
            async with Aiodrive.TaskGroup() as group:
                group.spawn(job())
        async def in_race():
            await Aiodrive.race(job(), asyncio.sleep(FOREVER))
        for function in job, in_group, in_race:
            with self.assertRaisesRegex(Aiodrive.SignalError, 'Cancelled by SIGUSR1') as raised:
                await function()
            self.assertIsInstance(raised.exception, GLib.Error)
            self.assertTrue(raised.exception.matches(Aiodrive.Error.quark(), Aiodrive.Error.SIGNAL))
            self.assertEqual(raised.exception.signum, signal.SIGUSR1)
            self.assertEqual(repr(raised.exception), "Aiodrive.SignalError('Cancelled by SIGUSR1')")


run_all(TextTest, IdentityTest, TracebackTest, NotAwaitedTest, RefusedTest)
