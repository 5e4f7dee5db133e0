# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clicks in the window of the example: it counts, is cancelled, is closed while it counts. Argument: the example."""
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

import gi

try:
    gi.require_version('Gtk', '4.0')
except ValueError:
    sys.exit(77)
from gi.repository import Gio, GLib, Gtk

EXAMPLE = sys.argv.pop(1)
N_FOLDERS = 300   # as many as it takes to click before all are seen

specification = importlib.util.spec_from_file_location('window', EXAMPLE)
window = importlib.util.module_from_spec(specification)
specification.loader.exec_module(window)


class WindowTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for i in range(N_FOLDERS):
            (self.root / str(i)).mkdir()
            (self.root / str(i) / 'file').touch()

    def in_window(self, body, root=None):
        """Runs a generator beside the application; each condition that it yields is waited for."""
        application = Gtk.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
        failures = []

        def go_on(steps, condition=lambda: True):
            try:
                while condition():
                    condition = next(steps)
            except StopIteration:
                application.quit()
                return GLib.SOURCE_REMOVE
            except BaseException as failure:
                failures.append(failure)
                application.quit()
                return GLib.SOURCE_REMOVE
            GLib.timeout_add(1, go_on, steps, condition)
            return GLib.SOURCE_REMOVE

        def on_activate(application):
            counter = window.Counter(Gio.File.new_for_path(str(root or self.root)), application=application)
            counter.present()
            GLib.idle_add(go_on, body(counter))

        application.connect('activate', on_activate)
        application.run([])
        for failure in failures:
            raise failure

    def test_counts(self):
        def body(counter):
            for _ in range(2):
                counter.start.emit('clicked')
                yield lambda: counter.cancel.get_sensitive()
                self.assertFalse(counter.start.get_sensitive())
                yield lambda: counter.task is None
                self.assertEqual(counter.label.get_label(), f'{2 * N_FOLDERS} files in all')
        self.in_window(body)

    def test_cancelled(self):
        def body(counter):
            counter.start.emit('clicked')
            yield lambda: 0 < counter.n_files < 2 * N_FOLDERS
            counter.cancel.emit('clicked')
            yield lambda: counter.task is None
            self.assertRegex(counter.label.get_label(), r'Cancelled after \d+ files')
            self.assertTrue(counter.start.get_sensitive())
        self.in_window(body)

    def test_closed(self):
        tasks = []
        def body(counter):
            counter.start.emit('clicked')
            yield lambda: counter.n_files > 0
            tasks.append(counter.task)
            counter.close()
            yield lambda: False   # the application ends with its last window
        self.in_window(body)
        self.assertTrue(tasks[0].done())

    def test_failure(self):
        def body(counter):
            counter.start.emit('clicked')
            yield lambda: counter.task is None
            self.assertIn('No such file', counter.label.get_label())
        self.in_window(body, self.root / 'missing')

    def test_help(self):
        done = subprocess.run([sys.executable, EXAMPLE, '--help'], text=True, capture_output=True, check=True)
        self.assertIn('FOLDER', done.stdout)


unittest.main()
