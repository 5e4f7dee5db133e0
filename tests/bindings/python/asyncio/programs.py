# SPDX-License-Identifier: LGPL-2.1-or-later
"""What others have written for asyncio, in a main loop of GLib. What is not installed is skipped."""

import importlib.util
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '../override'))
from support import *


def needs(*names):
    """A decorator: skips a test where modules are missing, and says so."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    return unittest.skipIf(missing, f'{", ".join(missing)} not installed')


def in_real_time(function):
    @functools.wraps(function)
    def test(self):
        Aiodrive.run(function(self))
        with asyncio.Runner(loop_factory=Aiodrive.EventLoop) as runner:
            runner.run(function(self))
    return test


@contextlib.asynccontextmanager
async def http_server():
    """A server of aiohttp; gives its URL."""
    from aiohttp import web

    async def on_get(request):
        await Aiodrive.sleep(0.001)
        return web.Response(text=f'hello {request.match_info["name"]}')

    async def on_post(request):
        return web.Response(body=(await request.read())[::-1])

    application = web.Application(client_max_size=1 << 22)
    application.add_routes([web.get('/{name}', on_get), web.post('/', on_post)])
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        site = web.TCPSite(runner, '127.0.0.1', 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f'http://{host}:{port}/'
    finally:
        await runner.cleanup()


class ProgramsTest(unittest.TestCase):
    @needs('aiohttp')
    @in_real_time
    async def test_aiohttp(self):
        import aiohttp
        async def get(client, url):
            async with client.get(url) as response:
                return await response.text()
        async with http_server() as url, aiohttp.ClientSession() as client:
            self.assertEqual(await Aiodrive.try_all(get(client, url + name) for name in 'abc'),
                             ['hello a', 'hello b', 'hello c'])
            body = os.urandom(1 << 20)
            async with client.post(url, data=body) as response:
                self.assertEqual(await response.read(), body[::-1])
            with self.assertRaises(TimeoutError):
                async with Aiodrive.timeout(0.00001):
                    await get(client, url)
            index, text = await Aiodrive.race(get(client, url + 'first'), Aiodrive.Button())
            self.assertEqual((index, text), (0, 'hello first'))

    @needs('aiohttp', 'httpx')
    @in_real_time
    async def test_httpx(self):
        import httpx
        async with http_server() as url, httpx.AsyncClient(trust_env=False) as client:
            async with Aiodrive.TaskGroup() as group:
                tasks = [group.spawn(client.get(url + name)) for name in 'abc']
            self.assertEqual([task.result().text for task in tasks], ['hello a', 'hello b', 'hello c'])

    @needs('websockets')
    @in_real_time
    async def test_websockets(self):
        import websockets
        async def serve(socket):
            async for message in socket:
                await socket.send(message.upper())
        async with websockets.serve(serve, '127.0.0.1', 0) as server:
            host, port = server.sockets[0].getsockname()
            async with websockets.connect(f'ws://{host}:{port}') as socket:
                for message in 'hello', 'again':
                    await socket.send(message)
                    self.assertEqual(await Aiodrive.timeout(10, socket.recv()), message.upper())

    @needs('dbus_next')
    @unittest.skipUnless(shutil.which('dbus-daemon'), 'dbus-daemon not installed')
    @in_real_time
    async def test_dbus_next(self):
        """Its asynchronous form, on a bus that GIO uses in the same main loop."""
        from dbus_next.aio import MessageBus
        bus = Gio.TestDBus.new(Gio.TestDBusFlags.NONE)
        bus.up()
        try:
            theirs = await MessageBus(bus_address=bus.get_bus_address()).connect()
            ours = await Aiodrive.call(Gio.DBusConnection.new_for_address, bus.get_bus_address(),
                                       Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT |
                                       Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None,
                                       finish=Gio.DBusConnection.new_for_address_finish)
            await theirs.request_name('org.example.Theirs')
            names = await Aiodrive.call(ours.call, 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'ListNames',
                                        None, None, Gio.DBusCallFlags.NONE, -1)
            self.assertIn('org.example.Theirs', names.unpack()[0])
            theirs.disconnect()
            await Aiodrive.call(ours.close)
        finally:
            bus.stop()

    @needs('anyio')
    @in_real_time
    async def test_anyio_around_ours(self):
        import anyio
        results = []
        async def job(number):
            async with Aiodrive.TaskGroup() as group:
                task = group.spawn(gives(number, 3))
            index, value = await Aiodrive.race(asyncio.sleep(FOREVER), anyio.sleep(0.001))
            results.append((task.result(), index))
        async with anyio.create_task_group() as group:
            for number in range(3):
                group.start_soon(job, number)
        self.assertEqual(sorted(results), [(0, 1), (1, 1), (2, 1)])

        recorder = Recorder()
        with anyio.move_on_after(0.01) as scope:
            await Aiodrive.try_all(recorder(), Aiodrive.Button())
        self.assertTrue(scope.cancel_called)
        self.assertEqual((recorder.n_cancelled, recorder.ended), (1, True))

    @needs('anyio')
    @in_real_time
    async def test_ours_around_anyio(self):
        import anyio
        ended = []
        async def job():
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(anyio.sleep, 3600)
                    await anyio.sleep(3600)
            finally:
                ended.append(anyio.get_current_task().name)
        with self.assertRaises(TimeoutError):
            await Aiodrive.timeout(0.01, job())
        async with Aiodrive.TaskGroup() as group:
            group.spawn(job())
            await anyio.sleep(0.001)
            group.cancel()
        self.assertEqual(len(ended), 2)
        with tempfile.TemporaryDirectory() as folder:
            path = anyio.Path(folder) / 'file'
            await path.write_text('text')
            self.assertEqual(await Aiodrive.timeout(10, path.read_text()), 'text')
        self.assertEqual((await anyio.run_process(['echo', 'hello'])).stdout, b'hello\n')

    @needs('pytest', 'pytest_asyncio', 'anyio')
    def test_pytest(self):
        """pytest-asyncio, and the plugin of anyio, with our loop."""
        with tempfile.TemporaryDirectory() as folder:
            with open(f'{folder}/test_it.py', 'w') as file:
                file.write(textwrap.dedent('''
                    import asyncio
                    import anyio
                    import gi
                    import pytest
                    import pytest_asyncio
                    gi.require_version('Aiodrive', '1')
                    from gi.repository import Aiodrive

                    class Policy(asyncio.DefaultEventLoopPolicy):
                        _loop_factory = Aiodrive.EventLoop

                    @pytest.fixture
                    def event_loop():
                        loop = Aiodrive.EventLoop()
                        yield loop
                        loop.close()

                    @pytest.fixture
                    def event_loop_policy():
                        return Policy()

                    @pytest.mark.asyncio
                    async def test_pytest_asyncio():
                        assert isinstance(asyncio.get_running_loop(), Aiodrive.EventLoop)
                        assert await Aiodrive.race(asyncio.sleep(0.001, 'first'), Aiodrive.Button()) == (0, 'first')

                    @pytest.fixture
                    def anyio_backend():
                        if anyio_version < 4:
                            return 'asyncio', {'policy': Policy()}
                        return 'asyncio', {'loop_factory': Aiodrive.EventLoop}

                    from importlib.metadata import version
                    anyio_version = int(version('anyio').split('.')[0])

                    @pytest.mark.anyio
                    async def test_anyio():
                        assert isinstance(asyncio.get_running_loop(), Aiodrive.EventLoop)
                        with anyio.move_on_after(0.001):
                            await Aiodrive.Button()
                '''))
            result = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', folder], text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn('2 passed', result.stdout)


if __name__ == '__main__':
    unittest.main()
