# SPDX-License-Identifier: LGPL-2.1-or-later
"""An asynchronous method of a C library that is a fiber, awaited in Python."""

import sys
import unittest

import gi

gi.require_version('Aiodrive', '1')
gi.require_version('FiberTest', '1')

from gi.repository import Aiodrive, FiberTest, Gio, GLib

DEPTH = 400


def nest(depth):
    """Needs a stack that is deeper than that of a fiber would be."""
    return sorted([depth], key=lambda n: 0 if n == 0 else nest(n - 1))


class LoaderTest(unittest.TestCase):
    def test_await(self):
        async def main():
            content = await Aiodrive.call(FiberTest.Loader.new().load_async, __file__)
            nest(DEPTH)
            return content
        with open(__file__, 'rb') as file:
            self.assertEqual(Aiodrive.run(main()).get_data(), file.read())

    def test_callback(self):
        loop = GLib.MainLoop()
        contents = []

        def on_loaded(loader, result):
            nest(DEPTH)
            contents.append(loader.load_finish(result))
            loop.quit()
        for _ in range(2):   # the second one runs on the stack of the first
            FiberTest.Loader.new().load_async(__file__, None, on_loaded)
            loop.run()
        self.assertEqual(len(contents), 2)

    def test_error(self):
        async def main():
            await Aiodrive.call(FiberTest.Loader.new().load_async, '/does/not/exist')
        with self.assertRaises(GLib.Error) as raised:
            Aiodrive.run(main())
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))

    def test_cancelled(self):
        async def main():
            load = Aiodrive.call(FiberTest.Loader.new().load_async, __file__)
            async with Aiodrive.timeout(0):
                await load
        with self.assertRaises(TimeoutError):
            Aiodrive.run(main())

    def test_race(self):
        async def load(path):
            return await Aiodrive.call(FiberTest.Loader.new().load_async, path)

        async def main():
            return await Aiodrive.first_success(load('/does/not/exist'), load(__file__))
        index, content = Aiodrive.run(main())
        self.assertEqual(index, 1)
        self.assertGreater(content.get_size(), 0)


if __name__ == '__main__':
    sys.setrecursionlimit(10000)
    unittest.main()
