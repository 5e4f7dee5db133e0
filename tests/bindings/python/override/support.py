# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the override share."""

import asyncio
import contextlib
import functools
import gc
import os
import signal
import subprocess
import sys
import textwrap
import unittest
import weakref

import gi

gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive, Gio, GLib, GObject

FOREVER = float('inf')


class Thrown(Exception):
    pass


class Payload:
    pass


async def gives(value, n_rounds=0):
    for _ in range(n_rounds):
        await asyncio.sleep(0)
    return value


async def fails(exception, n_rounds=0):
    for _ in range(n_rounds):
        await asyncio.sleep(0)
    raise exception


class Recorder:
    """A job that waits for ever, and tells what becomes of it."""

    def __init__(self):
        self.began = asyncio.Event()
        self.n_cancelled = 0
        self.ended = False

    async def __call__(self, cleanup=None):
        self.began.set()
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            self.n_cancelled += 1
            if cleanup is not None:
                await cleanup()
            raise
        finally:
            self.ended = True


def run_all(*cases):
    """Runs the coroutine functions of these classes as tests."""
    for case in cases:
        for name, function in list(vars(case).items()):
            if name.startswith('test') and asyncio.iscoroutinefunction(function):
                setattr(case, name, in_loop(function))
    unittest.main()


def in_loop(function):
    """Time is virtual in it: a sleep lets everything happen that can happen."""
    @functools.wraps(function)
    def test(self):
        with Aiodrive.TestContext():
            Aiodrive.run(function(self))
    return test


def in_real_time(function):
    """For what blocks the thread that iterates the main context."""
    @functools.wraps(function)
    def test(self):
        Aiodrive.run(function(self))
    return test


def interrupted(body):
    """The output, the errors and the exit status of a program that gets SIGINT whenever it says that it is ready."""
    program = 'from support import *\nimport signal\n' + textwrap.dedent(body)
    environment = {**os.environ, 'PYTHONPATH': f'{os.path.dirname(__file__)}:{os.environ.get("PYTHONPATH", "")}'}
    process = subprocess.Popen([sys.executable, '-uc', program], env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    for _ in range(body.count("'ready'")):
        assert process.stdout.readline() == 'ready\n'
        process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    return output, errors, process.returncode


def settle():
    while GLib.MainContext.default().iteration(False):
        pass
    gc.collect()


def resident_kilobytes():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE') // 1024
