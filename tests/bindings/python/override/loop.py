# SPDX-License-Identifier: LGPL-2.1-or-later
"""The three ways to run, what asyncio offers inside, and the end of a program."""

import contextvars
import math
import signal
import subprocess
import textwrap
import threading

from support import *


def application_running(body):
    """Runs a coroutine function from the activation of an application, in its main loop."""
    application = Gio.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
    results = []
    async def main():
        try:
            results.append(await body())
        finally:
            application.release()
    def on_activate(application):
        application.hold()
        tasks.append(Aiodrive.spawn(main()))
    tasks = []
    application.connect('activate', on_activate)
    application.run()
    tasks[0].result()
    return results[0]


def main_loop_running(body):
    main_loop = GLib.MainLoop()
    task = Aiodrive.spawn(body())
    task.add_done_callback(lambda task: main_loop.quit())
    main_loop.run()
    return task.result()


def loop_of_pygobject_running(body):
    from gi.events import GLibEventLoopPolicy
    return GLibEventLoopPolicy().get_event_loop().run_until_complete(body())


WAYS = [lambda body: Aiodrive.run(body()), application_running, main_loop_running]
if gi.version_info >= (3, 50):
    WAYS.append(loop_of_pygobject_running)


class EachWay(unittest.TestCase):
    def each_way(self, body):
        return [way(body) for way in WAYS]

    def test_combinators(self):
        async def body():
            index, value = await Aiodrive.race(asyncio.sleep(FOREVER), gives('x', 2))
            first, second = await Aiodrive.try_all([gives(1), gives(2, 3)])
            return index, value, first, second
        for result in self.each_way(body):
            self.assertEqual(result, (1, 'x', 1, 2))

    def test_primitives(self):
        async def body():
            button, latch, queue = Aiodrive.Button(), Aiodrive.Latch(), Aiodrive.UnorderedQueue()
            async def work():
                await button
                latch.set()
                queue.put(1)
                queue.close()
            async with Aiodrive.TaskGroup() as group:
                group.spawn(work())
                await Aiodrive.sleep(0.001)
                button()
                await latch.wait_set()
                return [item async for item in queue]
        for result in self.each_way(body):
            self.assertEqual(result, [1])

    def test_cancelled(self):
        async def body():
            job = Recorder()
            task = asyncio.ensure_future(Aiodrive.race(job(), Aiodrive.Button()))
            await job.began.wait()
            task.cancel()
            await asyncio.wait([task])
            return task.cancelled(), job.ended, job.n_cancelled
        for result in self.each_way(body):
            self.assertEqual(result, (True, True, 1))

    def test_errors(self):
        exception = Thrown()
        async def body():
            try:
                async with Aiodrive.TaskGroup() as group:
                    group.spawn(fails(exception, 1))
                    await asyncio.sleep(FOREVER)
            except Thrown as raised:
                return raised is exception
        for result in self.each_way(body):
            self.assertTrue(result)

    def test_threads(self):
        async def body():
            async def where():
                await asyncio.sleep(0.001)
                return threading.get_ident()
            async with Aiodrive.BackgroundExecutor() as executor:
                return await executor.spawn(where()) != threading.get_ident()
        for result in self.each_way(body):
            self.assertTrue(result)

    def test_prime(self):
        async def body():
            steps = []
            async def job():
                steps.append(asyncio.current_task())
                await asyncio.sleep(0)
                steps.append(asyncio.current_task())
            task = Aiodrive.prime(job(), name='primed')
            self.assertEqual(steps, [task])
            self.assertEqual(task.get_name(), 'primed')
            await task
            return steps == [task, task]
        for result in self.each_way(body):
            self.assertTrue(result)


class AsyncioTest(unittest.TestCase):
    async def test_all_of_it(self):
        self.assertEqual(await asyncio.gather(gives(1), gives(2, 2)), [1, 2])
        queue = asyncio.Queue(1)
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.put('item'))
            self.assertEqual(await queue.get(), 'item')
        event, lock = asyncio.Event(), asyncio.Lock()
        asyncio.get_running_loop().call_later(0.001, event.set)
        async with lock:
            await event.wait()
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(FOREVER)
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(FOREVER), 0.001)
        self.assertNotEqual(await asyncio.to_thread(threading.get_ident), threading.get_ident())

    async def test_names_and_tasks(self):
        async with Aiodrive.TaskGroup() as group:
            task = group.spawn(asyncio.sleep(0.001), name='the name')
            self.assertEqual(task.get_name(), 'the name')
            self.assertEqual(asyncio.all_tasks(), {task, asyncio.current_task()})
            self.assertEqual(group.get_tasks().get_item(0).get_name(), 'the name')

    @unittest.skipUnless(hasattr(asyncio, 'eager_task_factory'), 'from Python 3.12 on')
    async def test_eager_tasks(self):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        self.assertEqual(await Aiodrive.try_all(gives(1), gives(2, 2)), [1, 2])
        self.assertEqual(await Aiodrive.prime(gives(3)), 3)
        async with Aiodrive.Pool.open() as pool:
            jobs = [pool.spawn(gives(i, i)) for i in range(3)]
        self.assertEqual([job.result() for job in jobs], [0, 1, 2])
        self.assertEqual([item async for item in Aiodrive.map(gives, range(3))], [0, 1, 2])

    async def test_contexts(self):
        variable = contextvars.ContextVar('variable', default='default')
        async def job(value):
            before = variable.get()
            variable.set(value)
            await asyncio.sleep(0)
            await Aiodrive.race(gives(1))
            return before, variable.get()
        variable.set('outer')
        self.assertEqual(await Aiodrive.try_all(job(1), job(2)), [('outer', 1), ('outer', 2)])
        self.assertEqual(variable.get(), 'outer')
        # where C begins the coroutine it is that of who has spawned it
        async with Aiodrive.Pool.open() as pool, Aiodrive.BackgroundExecutor() as executor:
            self.assertEqual(await pool.spawn(job(3)), ('outer', 3))
            self.assertEqual(await executor.spawn(job(4)), ('outer', 4))
        async with Aiodrive.ThreadTaskGroup() as group:
            self.assertEqual(await group.spawn(job(5)), ('outer', 5))
        self.assertEqual([pair async for pair in Aiodrive.map(job, [6, 7], 1)], [('outer', 6), ('outer', 7)])
        self.assertEqual(variable.get(), 'outer')

    async def test_timers(self):
        loop = asyncio.get_running_loop()
        order = []
        done = asyncio.Event()
        loop.call_later(0.004, order.append, 'second')
        loop.call_later(0.002, order.append, 'first')
        loop.call_later(0.001, order.append, 'never').cancel()
        loop.call_later(0.006, done.set)
        for _ in range(500):
            loop.call_later(FOREVER, done.set).cancel()
        await done.wait()
        self.assertEqual(order, ['first', 'second'])

    async def test_before_all_time(self):
        loop, called = asyncio.get_running_loop(), []
        for when in 0.0, -math.inf, -1, -1e300:
            loop.call_at(when, called.append, when)
        loop.call_later(-math.inf, called.append, 'later')
        await asyncio.sleep(0.001)
        self.assertEqual(called, [-math.inf, 'later', -1e300, -1, 0.0])

    def test_error_of_the_loop_itself(self):
        """It is reported, or ends run(); the loop goes on."""
        class Broken(Aiodrive.EventLoop):
            is_broken = False
            def _take_timers(self):
                if self.is_broken:
                    self.is_broken = False
                    raise Thrown
                super()._take_timers()
        async def main(loop):
            loop.call_later(0, lambda: None)
            loop.is_broken = True
            await asyncio.sleep(0.001)
            return 'went on'
        loop = Broken()
        with self.assertRaises(Thrown):
            loop.run_until_complete(main(loop))
        self.assertEqual(loop.run_until_complete(gives('went on', 3)), 'went on')
        if left := asyncio.all_tasks(loop):
            loop.run_until_complete(asyncio.wait(left))
        with self.assertLogs('asyncio'):
            loop.is_broken = True
            loop.call_later(0, lambda: None)
            settle()
        self.assertEqual(loop.run_until_complete(gives('went on', 3)), 'went on')
        loop.close()

    def test_generators_are_closed(self):
        closed = []
        async def items(name):
            try:
                while True:
                    yield 1
            finally:
                await asyncio.sleep(0)
                closed.append(name)
        async def main():
            async for _ in items('dropped'):
                break
            gc.collect()
            while not closed:
                await asyncio.sleep(0)
            self.assertEqual(closed, ['dropped'])
            main.kept = items('kept')
            await anext(main.kept)
        Aiodrive.run(main())
        self.assertEqual(closed, ['dropped', 'kept'])

    def test_nothing_outlives_run(self):
        job = Recorder()
        async def main():
            Aiodrive.spawn(job())
            await job.began.wait()
        Aiodrive.run(main())
        self.assertEqual((job.n_cancelled, job.ended), (1, True))


class NestedTest(unittest.TestCase):
    async def test_run_in_a_callback(self):
        results = []
        done = asyncio.Event()
        loop = asyncio.get_running_loop()
        def on_idle():
            results.append(Aiodrive.run(gives(3, 3)))
            loop.call_soon_threadsafe(done.set)
            return GLib.SOURCE_REMOVE
        GLib.idle_add(on_idle)
        await done.wait()
        self.assertEqual(results, [3])

    def test_before_a_main_loop_and_in_its_callbacks(self):
        main_loop, tasks = GLib.MainLoop(), [Aiodrive.spawn(gives('first', 3))]
        async def second():
            return await tasks[0], await Aiodrive.race(tasks[0])
        def on_idle():
            tasks.append(Aiodrive.spawn(second()))
            tasks[1].add_done_callback(lambda task: main_loop.quit())
            return GLib.SOURCE_REMOVE
        GLib.idle_add(on_idle)
        main_loop.run()
        self.assertEqual(tasks[1].result(), ('first', (0, 'first')))

    async def test_main_loop_in_a_coroutine(self):
        """A modal dialog: everything goes on meanwhile."""
        main_loop = GLib.MainLoop()
        async def other():
            for _ in range(3):
                await asyncio.sleep(0.001)
            current.append(asyncio.current_task())
            main_loop.quit()
        current = []
        task = asyncio.create_task(other())
        main_loop.run()
        self.assertEqual(current, [task])
        self.assertTrue(asyncio.current_task() is not task)
        await task

    async def test_first_to_end(self):
        """However many rounds one iteration of the main context lets go round."""
        for first in range(6):
            for later in range(first + 1, first + 6):
                self.assertEqual(await Aiodrive.race(gives('later', later), gives('first', first)), (1, 'first'))

    async def test_callbacks_have_their_turn(self):
        turns = []
        GLib.idle_add(lambda: turns.append(1) or GLib.SOURCE_REMOVE)
        while not turns:
            await asyncio.sleep(0)

    async def test_takes_turns_with_primitives(self):
        """The others have their turn while a coroutine uses a primitive again and again."""
        lock, turns = Aiodrive.SmartLock(), []
        source = GLib.idle_add(lambda: turns.append(1) or GLib.SOURCE_CONTINUE, priority=GLib.PRIORITY_HIGH_IDLE + 20)
        while len(turns) < 5:
            async with lock.exclusive():
                pass
        GLib.source_remove(source)

    def test_many_contexts(self):
        async def job():
            await Aiodrive.sleep(0.001)
            return (await Aiodrive.race(gives(threading.get_ident(), 3)))[1]
        results = []
        def in_thread(has_context):
            context = GLib.MainContext.new()
            if has_context:
                context.push_thread_default()
            results.append(Aiodrive.run(job()) == threading.get_ident())
            if has_context:
                context.pop_thread_default()
        threads = [threading.Thread(target=in_thread, args=[i % 2 == 0]) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 4)


class InterruptTest(unittest.TestCase):
    def test_keyboard_interrupt(self):
        output, errors, status = interrupted('''
            async def main():
                try:
                    print('ready')
                    await Aiodrive.Button()
                finally:
                    await Aiodrive.sleep(0.001)
                    print('cleaned up')
            try:
                Aiodrive.run(main())
            except KeyboardInterrupt:
                print('interrupted')
        ''')
        self.assertEqual((output, errors, status), ('cleaned up\ninterrupted\n', '', 0))

    def test_in_a_thread(self):
        """It comes to who awaits it, and the loop of the thread goes on."""
        for exception in KeyboardInterrupt, SystemExit:
            seen = []
            async def use(executor):
                with self.assertRaises(exception):
                    await executor.spawn(fails(exception()))
                seen.append(await executor.spawn(gives(1, 3)))
            async def main():
                async with Aiodrive.BackgroundExecutor() as executor:
                    await use(executor)
            with self.assertLogs('asyncio'):
                Aiodrive.run(main())
            self.assertEqual(seen, [1])

    def test_in_a_main_loop(self):
        """Where nobody awaits it, it is reported, and the other coroutines go on; SystemExit ends the program."""
        program = '''
            async def main():
                asyncio.get_running_loop().call_soon(wrong)
                await asyncio.sleep(0.01)
                print('went on')
                main_loop.quit()
            def wrong():
                raise {}
            main_loop = GLib.MainLoop()
            task = Aiodrive.spawn(main())
            main_loop.run()
        '''
        output, errors, status = interrupted(program.format('KeyboardInterrupt'))
        self.assertEqual((output, status), ('went on\n', 0))
        self.assertIn('KeyboardInterrupt', errors)
        self.assertEqual(interrupted(program.format('SystemExit(3)')), ('', '', 3))

    def test_second_interrupt(self):
        """It is for those whom the first could not end: the main loop waits, or a coroutine does not let go."""
        for first, second in (('await Aiodrive.Button()', 'await Aiodrive.Button()'),
                              ('while not asyncio.current_task().cancelling(): pass', 'while True: pass')):
            output, errors, status = interrupted(f'''
                async def main():
                    try:
                        print('ready')
                        {first}
                    finally:
                        print('ready')
                        {second}
                try:
                    Aiodrive.run(main())
                except KeyboardInterrupt:
                    print('interrupted')
            ''')
            self.assertEqual((output, errors, status), ('interrupted\n', '', 0))

    def test_handle_signal(self):
        output, errors, status = interrupted('''
            async def main():
                try:
                    with Aiodrive.handle_signal(signal.SIGINT):
                        print('ready')
                        await Aiodrive.Button()
                except GLib.Error as error:
                    print(error.matches(Aiodrive.Error.quark(), Aiodrive.Error.SIGNAL))
                await Aiodrive.sleep(0.001)
            Aiodrive.run(main())
        ''')
        self.assertEqual((output, errors, status), ('True\n', '', 0))

    def test_wait_for_signal(self):
        output, errors, status = interrupted('''
            async def main():
                waiting = Aiodrive.prime(Aiodrive.wait_for_signal(signal.SIGINT, signal.SIGTERM))
                print('ready')
                print(await waiting == signal.SIGINT)
            Aiodrive.run(main())
        ''')
        self.assertEqual((output, errors, status), ('True\n', '', 0))

    def test_exit(self):
        async def main():
            sys.exit(3)
        with self.assertRaises(SystemExit):
            Aiodrive.run(main())


run_all(EachWay, AsyncioTest, NestedTest, InterruptTest)
