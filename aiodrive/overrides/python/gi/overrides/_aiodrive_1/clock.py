# SPDX-License-Identifier: LGPL-2.1-or-later
"""The time that a loop goes by: the real one, or the virtual one of a test."""

from __future__ import annotations

import contextlib
import math
import time
import weakref
from typing import Iterator

from gi.repository import Gio, GLib, GObject

from .raw import Raw

# a time in seconds is not exact: a timer due within this many microseconds is due
FUZZ = 0.1

# as late as it gets, for a time that is infinite
NEVER = 1 << 62

# those that are not closed
_tests: weakref.WeakSet[Raw.TestContext] = weakref.WeakSet()


class Clock:
    """The part of an event loop that knows the time, and has its source woken at one."""

    is_virtual = False   # in some context at least

    def __init__(self, context: GLib.MainContext) -> None:
        self._context = context
        self._source = Raw.wake_source_new()
        self._alarm: Gio.Cancellable | None = None

    def time(self) -> float:
        return Raw.get_monotonic_time() / 1e6 if Clock.is_virtual else time.monotonic()

    def _set_ready_time(self, due: int) -> None:
        """That of the source is a real one: at a virtual one there is a deadline that wakes it."""
        self._alarm = None
        if due <= 0 or not Clock.is_virtual:
            self._source.set_ready_time(due)
            return
        source = self._source
        source.set_ready_time(-1)
        if due == NEVER:
            return
        self._alarm = Raw.CancelScope.new(None)
        GObject.Object.connect(self._alarm, 'cancelled', lambda scope: source.set_ready_time(0))
        self._alarm.set_deadline(due)

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Virtual time stands while there is work that it cannot see."""
        tests = [test for test in _tests if test.get_context() == self._context]
        for test in tests:
            test.hold()
        try:
            yield
        finally:
            for test in tests:
                test.release()


def begin_test(test: Raw.TestContext) -> None:
    _tests.add(test)
    Clock.is_virtual = True


def end_test(test: Raw.TestContext) -> None:
    _tests.discard(test)
    Clock.is_virtual = bool(_tests)


def to_due(when: float) -> int:
    """The microsecond in which a time in seconds has come; 0 for any in the past of everything."""
    if when <= 0:
        return 0
    return math.ceil(when * 1e6 - FUZZ) if when < NEVER / 1e6 else NEVER
