# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests in Python share: jobs, and ways to wait for something."""

import os
import sys
import traceback

import gi

# the library as it is, without the override
sys.modules['gi.overrides.Aiodrive'] = None
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive, Gio, GLib, GObject


def fail_at_once(*exception):
    """PyGObject only prints what a callback raises; a test must not go on after that."""
    traceback.print_exception(*exception)
    sys.stderr.flush()
    os._exit(1)


sys.excepthook = fail_at_once


def iterate_until(condition):
    while not condition():
        GLib.MainContext.default().iteration(True)


def settle():
    while GLib.MainContext.default().iteration(False):
        pass


class Call:
    """An asynchronous call that was begun: the callback to give it, and what the callback got."""

    def __init__(self, begin, *args):
        self.n_calls = 0
        begin(*args, self.on_ready)

    def on_ready(self, source, result, *user_data):
        self.n_calls += 1
        self.source = source
        self.result = result
        self.user_data = user_data

    def wait(self):
        iterate_until(lambda: self.n_calls > 0)
        assert self.n_calls == 1
        return self.result


def start(begin, *args):
    """AIODRIVE_START(): an asynchronous method as a task."""
    task = Aiodrive.task_new(None)
    begin(*args, task.get_cancellable(), Aiodrive.task_complete, task)
    return task


def boxed(gtype, content):
    value = GObject.Value()
    value.init(gtype)
    value.set_value(content)
    return value


def new_error(message='it went wrong', code=Gio.IOErrorEnum.NOT_FOUND):
    return GLib.Error.new_literal(Gio.io_error_quark(), message, code)


def gives(content, gtype=GObject.TYPE_STRING):
    """A job that returns a value."""
    return lambda task, cancellable: task.return_value(boxed(gtype, content))


def fails(message='it went wrong', code=Gio.IOErrorEnum.NOT_FOUND):
    """A job that returns an error."""
    return lambda task, cancellable: task.return_error(new_error(message, code))


def sleeps(duration_ms=60000, content='slept'):
    """A job that returns a value later, or that it was cancelled."""
    def job(task, cancellable):
        def on_slept(source, result):
            try:
                Aiodrive.sleep_finish(result)
            except GLib.Error as error:
                task.return_error(error)
            else:
                task.return_value(boxed(GObject.TYPE_STRING, content))
        Aiodrive.sleep_async(duration_ms, cancellable, on_slept)
    return job


def spawn(job):
    return Aiodrive.spawn(None, job)


def ended(job):
    """A task that has ended."""
    task = Aiodrive.spawn(None, job)
    Aiodrive.run(task)
    return task


class Raises:
    """A context in which a GLib.Error has to be raised: `with Raises(code) as raised`, `raised.error`."""

    def __init__(self, code, domain=None):
        self.code = code
        self.domain = domain or Gio.io_error_quark()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is None:
            raise AssertionError(f'no error, but {self.code} was expected')
        if not issubclass(kind, GLib.Error):
            return False
        if not error.matches(self.domain, self.code):
            raise AssertionError(f'{error.domain} {error.code} {error.message}, but {self.code} was expected')
        self.error = error
        return True
