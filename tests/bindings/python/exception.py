# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the override stands on: exceptions in errors, and a source that is woken."""

import gc
import os
import unittest
import weakref

from support import *


class Thrown(Exception):
    pass


def thrown_task(exception):
    task = Aiodrive.task_new(None)
    code = Aiodrive.exception_hold(GObject.Value(object, exception))
    task.return_error(GLib.Error.new_literal(Aiodrive.exception_quark(), 'thrown', code))
    Aiodrive.exception_release(code)
    return task


class ExceptionTest(unittest.TestCase):
    def test_through_a_task(self):
        exception = Thrown()
        task = thrown_task(exception)
        Aiodrive.run(task)
        for _ in range(3):
            with self.assertRaises(GLib.Error) as raised:
                Aiodrive.task_get_leaf(task)
            error = raised.exception
            self.assertEqual(GLib.quark_from_string(error.domain), Aiodrive.exception_quark())
            self.assertIs(Aiodrive.exception_get(error.code), exception)

    def test_let_go(self):
        exception = Thrown()
        alive = weakref.ref(exception)
        task = thrown_task(exception)
        del exception
        Aiodrive.run(task)
        with self.assertRaises(GLib.Error):
            Aiodrive.task_get_leaf(task)
        gc.collect()
        self.assertIsNotNone(alive())
        del task
        settle()
        gc.collect()
        self.assertIsNone(alive())

    def test_unknown(self):
        self.assertIs(Aiodrive.exception_get(-1), False)


class WakeSourceTest(unittest.TestCase):
    def test_woken(self):
        calls = []
        source = Aiodrive.wake_source_new()
        source.set_callback(lambda *data: calls.append(1) or True)
        source.attach(None)
        settle()
        self.assertEqual(calls, [])
        for i in range(1, 4):
            source.set_ready_time(0)
            settle()
            self.assertEqual(len(calls), i)
        source.set_ready_time(GLib.get_monotonic_time() + 1000)
        iterate_until(lambda: len(calls) == 4)
        source.destroy()

    def test_file(self):
        calls = []
        reader, writer = os.pipe()
        source = Aiodrive.wake_source_new()
        source.set_callback(lambda *data: calls.append(os.read(reader, 1)) or True)
        Aiodrive.wake_source_watch_fd(source, reader, GLib.IOCondition.IN)
        source.attach(None)
        for i in range(1, 4):
            settle()
            os.write(writer, b'x')
            iterate_until(lambda: len(calls) == i)
        source.destroy()
        os.close(reader)
        os.close(writer)


unittest.main()
