# SPDX-License-Identifier: LGPL-2.1-or-later
"""Wrong arguments are a TypeError or a ValueError, times may be infinite; and what help() shows."""

import inspect
import math
import pydoc
import signal
import tempfile
import warnings
from fractions import Fraction

from support import *

import gi.overrides.Aiodrive as override
from gi.overrides._aiodrive_1.arguments import milliseconds


class WrongTest(unittest.TestCase):
    def refuses(self, exception, pattern, function, *args, **kwargs):
        with self.assertRaisesRegex(exception, pattern):
            function(*args, **kwargs)

    async def fails_to(self, exception, pattern, function, *args):
        with self.assertRaisesRegex(exception, pattern):
            await function(*args)

    async def test_none_of_several(self):
        for function in Aiodrive.race, Aiodrive.first_success:
            for nothing in (), ([],), ({},):
                await self.fails_to(ValueError, f'{function.__name__}.. needs at least one', function, *nothing)
        for function in Aiodrive.try_all, Aiodrive.wait_all:
            self.assertEqual(await function(), [])

    def test_times(self):
        for wrong in 'x', None, [1]:
            self.refuses(TypeError, 'a number of seconds, not ', Aiodrive.repeat_periodically, wrong)
        for wrong in -1, math.inf, math.nan, 1e9:
            self.refuses(ValueError, 'a number of seconds', Aiodrive.repeat_periodically, wrong)
        for function in Aiodrive.timeout, functools.partial(Aiodrive.CancelScope, None):
            for wrong in 'x', [1]:
                self.refuses(TypeError, 'a number of seconds, not ', function, wrong)
            self.refuses(ValueError, 'not nan', function, math.nan)

    def test_numbers(self):
        for make in Aiodrive.Limiter, Aiodrive.Channel, functools.partial(Aiodrive.map, gives, []), \
                Aiodrive.UnorderedQueue().get_many:
            for wrong in 'x', None, 1.5:
                self.refuses(TypeError, 'integer', make, wrong)
            for wrong in -1, 1 << 32:
                self.refuses(ValueError, f'not {wrong}', make, wrong)
        self.refuses(ValueError, 'from 1 ', Aiodrive.map, gives, [], 0)

    def test_iterables(self):
        self.refuses(TypeError, 'a coroutine function, not list', Aiodrive.map, [1], gives)
        self.refuses(TypeError, 'iterate over, not function', Aiodrive.map, gives, gives)
        coroutine = gives(1)
        for wrong in 5, None, gives, coroutine:
            self.refuses(TypeError, f'in a list or the like, not {type(wrong).__name__}', Aiodrive.as_completed, wrong)
        coroutine.close()
        self.refuses(TypeError, 'a coroutine function, not coroutine', Aiodrive.retry, gives(1), 3)
        self.refuses(ValueError, 'from 1 ', Aiodrive.retry, gives, 0)
        self.refuses(TypeError, 'integer', Aiodrive.retry, gives, 'x')
        self.refuses(TypeError, 'isinstance', Aiodrive.retry, gives, 3, on=5)
        self.refuses(TypeError, 'the number of seconds before the awaitable', Aiodrive.timeout, gives(1), 5)

    async def test_items(self):
        queue = Aiodrive.OrderedQueue()
        for wrong in 'x', None, 0.5:
            self.refuses(TypeError, 'integer', queue.put, wrong, 'item')
        self.refuses(ValueError, 'cannot be -1', queue.put, -1, 'item')
        self.assertTrue(queue.is_empty())
        queue.put(1, 'there')
        self.refuses(ValueError, 'an item 1 already', queue.put, 1, 'item')
        queue.put(0, 'first')
        self.assertEqual(list(queue.get_many()), ['first', 'there'])
        self.refuses(ValueError, 'was delivered', queue.put, 0, 'item')
        queue = Aiodrive.OrderedQueue()
        for index in range(3):
            queue.put(index, index)
        self.assertEqual(list(queue.get_many(2)), [0, 1])
        self.assertEqual(list(queue.get_many()), [2])

    async def test_coroutines_of_others(self):
        """A coroutine that has been given to one task is refused to the next, before and after it has begun."""
        async with Aiodrive.TaskGroup() as group, Aiodrive.Pool.open() as pool, \
                   Aiodrive.BackgroundExecutor() as executor:
            planned = Aiodrive.Pool()
            spawns = [Aiodrive.spawn, group.spawn, pool.spawn, planned.spawn, executor.spawn]
            for spawn in spawns:
                coroutine = gives('given')
                task = spawn(coroutine)
                refused = 'belongs to no task'
                if spawn == executor.spawn:
                    refused += '|nobody has awaited'   # its thread may have begun
                for again in *spawns, Aiodrive.prime:
                    self.refuses(RuntimeError, refused, again, coroutine)
                for function in (Aiodrive.race, Aiodrive.try_all, Aiodrive.shield, Aiodrive.cancel_task,
                                 lambda awaitable: anext(Aiodrive.as_completed([awaitable]))):
                    await self.fails_to(RuntimeError, refused, function, coroutine)
                if spawn == planned.spawn:
                    await planned.run()
                self.assertEqual(await task, 'given')
                if spawn != executor.spawn:   # its thread may not have dropped it yet
                    self.refuses(RuntimeError, 'nobody has awaited', Aiodrive.spawn, coroutine)

    async def test_nested_lists(self):
        """What is refused is closed, wherever it was: else a warning says that it was never awaited."""
        def endless():
            items = [gives(0)]
            items.append(items)
            return items
        wrong = [lambda: [gives(1), [gives(2)]], lambda: (gives(1), (gives(2), [gives(3)])),
                 lambda: [[gives(1)], 3], lambda: [{'key': gives(1)}, gives(2)], endless]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            for items in wrong:
                for function in Aiodrive.race, Aiodrive.try_all, Aiodrive.wait_all, Aiodrive.first_success:
                    await self.fails_to(TypeError, 'needs a coroutine', function, items())
            for refuse in Aiodrive.spawn, Aiodrive.prime, Aiodrive.TaskGroup().spawn, Aiodrive.Pool().spawn, \
                    Aiodrive.BackgroundExecutor().spawn:
                self.refuses(TypeError, 'needs a coroutine', refuse, [gives(1)])
            gc.collect()
        self.assertEqual([str(warning.message) for warning in caught], [])

    async def test_signals(self):
        for wrong in 0, signal.SIGKILL, 999:
            with self.assertRaisesRegex(ValueError, 'cannot be handled'):
                with Aiodrive.handle_signal(wrong):
                    pass
            await self.fails_to(ValueError, 'cannot be handled', Aiodrive.wait_for_signal, wrong)
        await self.fails_to(ValueError, 'no signal', Aiodrive.wait_for_signal)
        for wrong in 'x', '2', 2.0, [2]:
            self.refuses(TypeError, 'integer', Aiodrive.handle_signal, wrong)
            await self.fails_to(TypeError, 'integer', Aiodrive.wait_for_signal, wrong)

    async def test_states(self):
        lock = Aiodrive.SmartLock()
        guard = await lock.exclusive()
        guard.release()
        await self.fails_to(RuntimeError, 'not held', Aiodrive.Condition().wait, guard)

        pool = Aiodrive.Pool()
        pool.spawn(gives(1))
        running = asyncio.create_task(pool.run(forever=True))
        await asyncio.sleep(0)
        await self.fails_to(RuntimeError, 'runs already', pool.run)
        await Aiodrive.cancel_task(running)
        await self.fails_to(RuntimeError, 'come to its end', pool.run)

    async def test_blocks(self):
        """Each is entered once at a time, and a pool that nobody runs is not for a block."""
        for block in (Aiodrive.TaskGroup(), Aiodrive.ThreadTaskGroup(), Aiodrive.Pool.open(), Aiodrive.CancelScope(),
                      Aiodrive.handle_signal(signal.SIGUSR1)):
            async with block:
                await self.fails_to(RuntimeError, 'that of a block already', block.__aenter__)
        await self.fails_to(RuntimeError, r'made by Pool.open\(\)', Aiodrive.Pool().__aenter__)
        group = Aiodrive.TaskGroup()
        async with group:
            pass
        await self.fails_to(RuntimeError, 'come to its end', group.__aenter__)
        for block in Aiodrive.Pool.open(), Aiodrive.CancelScope(), Aiodrive.handle_signal(signal.SIGUSR1):
            for _ in range(2):
                async with block:
                    await asyncio.sleep(0)


    async def test_calls(self):
        """Arguments of call() are counted as the caller counts them."""
        file = Gio.File.new_for_path('/dev/null')
        for pattern, function, *args in (
                (r'load_contents_async.. needs no argument, 1 was given', file.load_contents_async, None),
                (r'load_contents_async.. needs no argument, 2 were given', file.load_contents_async, None, print),
                (r'needs 3 arguments .attributes, flags, io_priority., 1 was', file.query_info_async, '*'),
                (r'needs 1 argument .bus_type., 0 were given', Gio.bus_get),
                (r'needs 3 arguments .destination, flags, io_priority., 6 were', file.copy_async, *range(6)),
                (r'load_contents.. is not one: use load_contents_async..', file.load_contents),
                (r'get_path.. is not one$', file.get_path),
                (r'of GIO or of a library like it, not <built-in function print>', print)):
            await self.fails_to(TypeError, pattern, Aiodrive.call, function, *args)

    async def test_calls_with_progress(self):
        """An argument between the cancellable and the callback is given last, or left out."""
        with tempfile.TemporaryDirectory() as folder:
            source, target = (Gio.File.new_for_path(f'{folder}/{name}') for name in ('source', 'target'))
            source.replace_contents(b'contents', None, False, Gio.FileCreateFlags.NONE, None)
            steps = []
            flags = Gio.FileCopyFlags.OVERWRITE
            for args in (target, flags, 0), (target, flags, 0, lambda done, total: steps.append((done, total))):
                self.assertTrue(await Aiodrive.call(source.copy_async, *args))
            self.assertEqual(steps[-1], (8, 8))

    def test_scope(self):
        self.refuses(TypeError, r'not float: a time is CancelScope.timeout=2.0.', Aiodrive.CancelScope, 2.0)
        self.refuses(TypeError, r'not str$', Aiodrive.CancelScope, 'x')


class TimeTest(unittest.TestCase):
    async def test_infinite(self):
        for delay in math.inf, 1e300, 1e12, 1e9:
            async with Aiodrive.timeout(delay):
                await asyncio.sleep(0.001)
            self.assertEqual(await Aiodrive.timeout(delay, gives(1, 3)), 1)
            with Aiodrive.CancelScope(timeout=delay) as scope:
                await asyncio.sleep(0.001)
            self.assertFalse(scope.is_cancelled())
            sleeping = asyncio.create_task(Aiodrive.sleep(delay))
            await asyncio.sleep(0.001)
            await Aiodrive.cancel_task(sleeping)

    async def test_none_left(self):
        for delay in 0, -1, -math.inf:
            with self.assertRaises(TimeoutError):
                await Aiodrive.timeout(delay, Aiodrive.sleep(FOREVER))
            with self.assertRaises(TimeoutError):
                async with Aiodrive.timeout(delay):
                    await asyncio.sleep(FOREVER)
            with self.assertRaises(TimeoutError):
                with Aiodrive.CancelScope(timeout=delay):
                    await asyncio.sleep(FOREVER)

    def test_short(self):
        """What is less than a millisecond does not become nothing."""
        for seconds, expected in (0, 0), (0.0001, 1), (0.25, 250), (True, 1000), (Fraction(1, 4), 250):
            self.assertEqual(milliseconds(seconds, 'It'), expected)

    async def test_not_a_number(self):
        """It is refused, and the loop goes on."""
        loop = asyncio.get_running_loop()
        with self.assertRaises(ValueError):
            loop.call_at(math.nan, gives)
        await asyncio.sleep(0.001)


class HelpTest(unittest.TestCase):
    def test_names(self):
        for name in override.__all__:
            item = getattr(Aiodrive, name)
            self.assertRegex(inspect.getdoc(item), r'\A\S.{20,}', name)
            inspect.signature(item)
            self.assertIn(name, pydoc.plain(pydoc.render_doc(item)))

    def test_module(self):
        self.assertIn('structured concurrency with coroutines', pydoc.plain(pydoc.render_doc(Aiodrive)))

    def test_classes(self):
        parameters = {name: list(inspect.signature(item).parameters) for name in override.__all__
                      if inspect.isclass(item := getattr(Aiodrive, name))}
        self.assertEqual(parameters['Latch'], [])
        self.assertEqual(parameters['UnorderedQueue'], [])
        self.assertEqual(parameters['Limiter'], ['capacity'])
        self.assertEqual(parameters['Pool'], ['name'])
        self.assertEqual(parameters['AutoTerminatedTaskGroup'], ['parent'])
        self.assertEqual(parameters['CancelScope'], ['parent', 'timeout'])

    def test_methods(self):
        """What the override adds says what it does."""
        seen = 0
        for name in set(override.__all__) - {'EventLoop'}:
            item = getattr(Aiodrive, name)
            for method, function in inspect.getmembers(item, inspect.isfunction) if inspect.isclass(item) else ():
                if not method.startswith('_') and function.__module__.startswith('gi.overrides._aiodrive_1'):
                    self.assertTrue(function.__doc__, f'{name}.{method}')
                    seen += 1
        self.assertGreater(seen, 50)

    async def test_reprs(self):
        lock = Aiodrive.SmartLock()
        self.assertIn('Aiodrive.SmartLock', repr(lock))
        async with Aiodrive.Pool.open() as pool:
            job = pool.spawn(gives(1), name='named')
            self.assertEqual(repr(job), "<Job 'named' pending>")
        self.assertEqual(repr(job), "<Job 'named' done>")
        acquisition = lock.exclusive()
        self.assertEqual(repr(acquisition), '<Acquisition not held>')
        async with acquisition:
            self.assertEqual(repr(acquisition), '<Acquisition held>')


run_all(WrongTest, TimeTest, HelpTest)
