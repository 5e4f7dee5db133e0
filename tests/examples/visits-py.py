# SPDX-License-Identifier: LGPL-2.1-or-later
"""Visits the window with a server in it: by its button, and from another process; then closes it while it is being
visited. Argument: the example."""
import importlib.util
import subprocess
import sys
import unittest

import gi

try:
    gi.require_version('Aiodrive', '1')
    gi.require_version('Gtk', '4.0')
    import aiohttp
except (ImportError, ValueError) as missing:
    print(f'skipped: {missing}')
    sys.exit(77)
from gi.repository import Aiodrive, Gio, GLib, Gtk

EXAMPLE = sys.argv.pop(1)
specification = importlib.util.spec_from_file_location('visits', EXAMPLE)
visits = importlib.util.module_from_spec(specification)
specification.loader.exec_module(visits)


class VisitsTest(unittest.TestCase):
    def in_window(self, body):
        """Runs a coroutine function beside the application; it gets the window."""
        application = Gtk.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
        tasks, windows = [], []

        async def run(window):
            try:
                await Aiodrive.timeout(60, body(window))
            finally:
                window.close()   # the application ends with its last window

        def on_activate(application):
            windows.append(visits.Visits(0, application=application))
            windows[0].present()
            tasks.append(Aiodrive.spawn(run(windows[0])))

        application.connect('activate', on_activate)
        application.run([])
        tasks[0].result()
        self.assertTrue(windows[0].task.done())
        return windows[0]

    async def until(self, condition):
        while not condition():
            await Aiodrive.sleep(0.001)

    def test_visits(self):
        async def body(window):
            await self.until(lambda: window.button.get_sensitive())
            for n_visits in 10, 20:
                window.button.emit('clicked')
                await self.until(lambda: window.n_visits == n_visits and window.button.get_sensitive())
            program = f'import urllib.request; print(urllib.request.urlopen("{window.url}").read().decode())'
            process = Gio.Subprocess.new([sys.executable, '-c', program], Gio.SubprocessFlags.STDOUT_PIPE)
            _, output, _ = await Aiodrive.call(process.communicate_utf8_async, None)
            self.assertEqual(output.strip(), 'You are visitor 21.')
            self.assertEqual(window.label.get_label(), 'Visitor 21')
        self.in_window(body)

    def test_closed_while_it_is_visited(self):
        async def body(window):
            await self.until(lambda: window.button.get_sensitive())
            window.button.emit('clicked')
            await self.until(lambda: window.n_visits > 0)
        self.assertTrue(self.in_window(body).task.cancelled())

    def test_port_in_use(self):
        async def body(window):
            await self.until(lambda: window.button.get_sensitive())
            second = visits.Visits(int(window.url.split(':')[-1].strip('/')))
            await self.until(lambda: second.task.done())
            self.assertIn('in use', second.label.get_label())
        self.in_window(body)

    def test_help(self):
        done = subprocess.run([sys.executable, EXAMPLE, '--help'], text=True, capture_output=True, check=True)
        self.assertIn('--port', done.stdout)


unittest.main()
