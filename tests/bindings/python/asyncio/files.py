# SPDX-License-Identifier: LGPL-2.1-or-later
"""asyncio's files and sockets where GLib runs the main loop, and with it."""

import os
import signal
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../override'))
from support import *



async def echo(reader, writer):
    while data := await reader.read(1000):
        writer.write(data)
        await writer.drain()
    writer.close()


async def exchange():
    """What a client gets back from a server of this process."""
    server = await asyncio.start_server(echo, '127.0.0.1', 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b'hello')
        writer.write_eof()
        data = await reader.read()
        writer.close()
        await writer.wait_closed()
    return data


class FilesTest(unittest.TestCase):
    def test_ways_to_run(self):
        """Aiodrive.run(), asyncio's runner, an application, a thread."""
        self.assertEqual(Aiodrive.run(exchange()), b'hello')
        with asyncio.Runner(loop_factory=Aiodrive.EventLoop) as runner:
            self.assertEqual(runner.run(exchange()), b'hello')

        application, results = Gio.Application(flags=Gio.ApplicationFlags.NON_UNIQUE), []
        async def main():
            results.append(await exchange())
            application.release()
        application.connect('activate', lambda application: (application.hold(),
                                                             results.append(Aiodrive.spawn(main()))))
        application.run()
        self.assertEqual(results[1:], [b'hello'])

        async def in_thread():
            async with Aiodrive.BackgroundExecutor() as executor:
                return await executor.spawn(exchange())
        self.assertEqual(Aiodrive.run(in_thread()), b'hello')

    def test_runner_in_a_thread(self):
        """A thread without a context has one of its own there, while the main thread iterates the default one."""
        results = []
        def run():
            with asyncio.Runner(loop_factory=Aiodrive.EventLoop) as runner:
                results.append(runner.run(exchange()))
                results.append(runner.get_loop()._context == GLib.MainContext.default())
            main_loop.quit()
        main_loop, thread = GLib.MainLoop(), threading.Thread(target=run)
        GLib.idle_add(lambda: thread.start())
        main_loop.run()
        thread.join()
        self.assertEqual(results, [b'hello', False])

    def test_other_sources_have_their_turn(self):
        """A file descriptor that stays ready does not starve sources of a lower priority."""
        async def main():
            loop, counts = asyncio.get_running_loop(), [0, 0]
            def count(index):
                counts[index] += 1
                return GLib.SOURCE_CONTINUE
            reader, writer = socket.socketpair()
            with reader, writer:
                loop.add_writer(writer, count, 0)
                source = GLib.idle_add(count, 1)
                while counts[1] < 5:
                    await asyncio.sleep(0)
                GLib.source_remove(source)
                loop.remove_writer(writer)
            return counts
        counts = Aiodrive.run(main())
        self.assertGreater(counts[0], 5)

    def test_callback_that_runs_a_main_loop(self):
        """It is not called again in there, though its file is still readable, and the others are."""
        async def main():
            loop, calls = asyncio.get_running_loop(), []
            first, second = socket.socketpair(), socket.socketpair()
            main_loop, done = GLib.MainLoop(), asyncio.Event()
            n_iterations = 0
            def count():
                nonlocal n_iterations
                n_iterations += 1
                return GLib.SOURCE_CONTINUE
            def on_first():
                calls.append('first begins')
                source = GLib.idle_add(count)
                second[1].send(b'x')
                main_loop.run()
                GLib.source_remove(source)
                calls.append(first[0].recv(10))
                if len(calls) > 6:
                    done.set()
            def on_second():
                calls.append(second[0].recv(10))
                GLib.timeout_add(5, main_loop.quit)
            loop.add_reader(first[0], on_first)
            loop.add_reader(second[0], on_second)
            first[1].send(b'1')
            while len(calls) < 3:
                await asyncio.sleep(0.001)
            first[1].send(b'2')   # it is watched again
            while len(calls) < 6:
                await asyncio.sleep(0.001)
            for end in *first, *second:
                loop.remove_reader(end)
                end.close()
            return calls
        self.assertEqual(Aiodrive.run(main()), ['first begins', b'x', b'1', 'first begins', b'x', b'2'])

    def test_file_that_its_callback_forgets(self):
        """It removes its reader in the main loop that it runs, closes the file, and another file gets the number."""
        async def main():
            loop, calls = asyncio.get_running_loop(), []
            ours, theirs = socket.socketpair()
            def on_readable():
                calls.append('begins')
                main_loop = GLib.MainLoop()
                def forget():
                    loop.remove_reader(ours)
                    ours.close()
                    main_loop.quit()
                GLib.timeout_add(5, forget)
                main_loop.run()
                calls.append('ends')
            loop.add_reader(ours, on_readable)
            theirs.send(b'x')
            while len(calls) < 2:
                await asyncio.sleep(0.001)
            theirs.close()
            return calls, await exchange()
        self.assertEqual(Aiodrive.run(main()), (['begins', 'ends'], b'hello'))

    def test_no_descriptor_without_need(self):
        """A loop that watches no file has none itself."""
        before = os.listdir('/proc/self/fd')
        loop = Aiodrive.EventLoop()
        self.assertEqual(os.listdir('/proc/self/fd'), before)
        loop.run_until_complete(exchange())
        loop.close()
        self.assertEqual(len(os.listdir('/proc/self/fd')), len(before))

    def test_subprocess(self):
        async def main():
            process = await asyncio.create_subprocess_exec('cat', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            output, _ = await process.communicate(b'through a pipe')
            return output, process.returncode
        self.assertEqual(Aiodrive.run(main()), (b'through a pipe', 0))

    def test_signal_handler(self):
        """Set before the main loop runs or in it; PyGObject has its own pipe for signals in each main loop."""
        received = []
        def on_signal(name, end):
            received.append(name)
            end()
        main_loop = GLib.MainLoop()
        loop = Aiodrive.EventLoop()
        async def main():
            future = loop.create_future()
            loop.add_signal_handler(signal.SIGUSR2, on_signal, 'in the loop', lambda: future.set_result(None))
            os.kill(os.getpid(), signal.SIGUSR2)
            await future
        loop.add_signal_handler(signal.SIGUSR1, on_signal, 'before', main_loop.quit)
        threading.Timer(0.01, os.kill, [os.getpid(), signal.SIGUSR1]).start()
        main_loop.run()
        self.assertEqual(received, ['before'])
        loop.run_until_complete(main())
        self.assertEqual(received, ['before', 'in the loop'])
        self.assertTrue(loop.remove_signal_handler(signal.SIGUSR1))
        self.assertTrue(loop.remove_signal_handler(signal.SIGUSR2))
        self.assertEqual(signal.getsignal(signal.SIGUSR1), signal.SIG_DFL)
        loop.close()
        self.assertEqual(signal.set_wakeup_fd(-1), -1)

    def test_interrupt_after_a_signal_handler(self):
        """The main loop wakes for SIGINT also when the last signal handler was removed."""
        output, errors, status = interrupted('''
            async def main():
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGUSR1, print)
                loop.remove_signal_handler(signal.SIGUSR1)
                print('ready')
                await asyncio.Event().wait()
            try:
                Aiodrive.run(main())
            except KeyboardInterrupt:
                print('interrupted')
        ''')
        self.assertEqual((output, errors, status), ('interrupted\n', '', 0))

    def test_debug_mode(self):
        """Slow callbacks are reported, and calls from other threads refused."""
        async def main():
            loop = asyncio.get_running_loop()
            loop.slow_callback_duration = 0.0
            with self.assertLogs('asyncio', 'WARNING') as logs:
                await asyncio.sleep(0)
            self.assertRegex(logs.output[0], r'Executing <Task .*main.* took \d+\.\d+ seconds')
            loop.slow_callback_duration = 100
            def call():
                with self.assertRaisesRegex(RuntimeError, 'Non-thread-safe operation'):
                    loop.call_soon(print)
                return True
            self.assertTrue(await asyncio.to_thread(call))
            with self.assertRaisesRegex(TypeError, 'coroutines cannot be used with call_soon'):
                loop.call_soon(main)
            return True
        self.assertTrue(Aiodrive.run(main(), debug=True))

    def test_virtual_time(self):
        """What waits for a socket is idle: time goes on. What is there is taken before that."""
        async def main():
            async def silent(reader, writer):
                await reader.read()
                writer.close()
            server = await asyncio.start_server(silent, '127.0.0.1', 0)
            async with server:
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                with self.assertRaises(TimeoutError):
                    async with asyncio.timeout(3600):
                        await reader.read()
                writer.close()
            return await exchange()
        with Aiodrive.TestContext() as test:
            self.assertEqual(Aiodrive.run(main()), b'hello')
            self.assertGreaterEqual(test.get_elapsed(), 3600)


run_all(FilesTest)
