# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that block their thread."""

from __future__ import annotations

import _signal   # the functions of signal, without the enumerations that cost ten times as much
import atexit
import contextlib
import os
import signal
import socket
import threading
import types
from typing import Any, Callable, Iterator

from gi.repository import Gio, GLib

from .loop import current_task


_NUMBERS = signal.valid_signals()


class _Watcher:
    """A thread that cancels what blocks the main thread when a signal comes, so that Python can run its handler."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._lock = threading.Lock()   # is held while it cancels: nothing of that goes on when the call has ended
        self._cancellable: Gio.Cancellable | None = None
        self._outer = -1   # what signals woke before
        self._thread = threading.Thread(target=self._run, name='aiodrive-signals', daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while numbers := self._reader.recv(64):
            with self._lock:
                if self._cancellable is not None:
                    self._cancellable.cancel()
                if self._outer != -1:
                    with contextlib.suppress(OSError):
                        os.write(self._outer, numbers)

    def stop(self) -> None:
        """Ends the thread. A daemon thread that wakes while the interpreter is finalized may crash the process."""
        self._writer.close()
        self._thread.join()

    @contextlib.contextmanager
    def watch(self, cancellable: Gio.Cancellable) -> Iterator[None]:
        before = self._cancellable, self._outer
        outer = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        if outer != self._writer.fileno():
            self._outer = outer
        self._cancellable = cancellable
        try:
            yield
        finally:
            try:
                signal.set_wakeup_fd(outer, warn_on_full_buffer=False)
            finally:
                with self._lock:
                    self._cancellable, self._outer = before


_watcher: _Watcher | None = None


def _forget_watcher() -> None:
    """A child process has none of the threads."""
    global _watcher
    _watcher = None


def _stop_watcher() -> None:
    if _watcher is not None:
        _watcher.stop()


os.register_at_fork(after_in_child=_forget_watcher)
atexit.register(_stop_watcher)


class _HandlersHeld:
    """A context in which the handlers of signals raise nothing: `exception` is what they would have raised. PyGObject
    loses what is raised while it makes an exception of the error of a call."""

    def __init__(self) -> None:
        self.exception: BaseException | None = None
        self._held: dict[int, tuple[Callable, Callable]] = {}

    def __enter__(self) -> _HandlersHeld:
        try:
            for number in _NUMBERS:
                if callable(handler := _signal.getsignal(number)):
                    self._held[number] = handler, self._guard(handler)
                    _signal.signal(number, self._held[number][1])
        except BaseException:   # that of a handler which was not held yet
            self.__exit__()
            raise
        return self

    def _guard(self, handler: Callable) -> Callable:
        def guard(number: int, frame: types.FrameType | None) -> None:
            try:
                handler(number, frame)
            except BaseException as exception:
                self.exception = self.exception or exception
        return guard

    def __exit__(self, *exc_info: Any) -> None:
        for number, (handler, guard) in self._held.items():
            if _signal.getsignal(number) is guard:
                _signal.signal(number, handler)


def check_no_coroutine(what: str, instead: str) -> None:
    if current_task() is not None:
        raise RuntimeError(f'{what} would stop all coroutines of this thread: use {instead}')


def _get_watcher() -> _Watcher:
    """While handlers are held: a thread whose start was interrupted would go on unknown, and not be ended at exit."""
    global _watcher
    if _watcher is None:
        _watcher = _Watcher()
    return _watcher


def block(function: Callable[[Gio.Cancellable | None], Any], what: str, instead: str) -> Any:
    """Calls a function that blocks until it is cancelled. In the main thread a signal interrupts it: what its handler
    raises is raised here, else the call goes on."""
    check_no_coroutine(what, instead)
    if threading.current_thread() is not threading.main_thread():
        return function(None)
    while True:
        cancellable = Gio.Cancellable()
        handlers = _HandlersHeld()
        try:
            with handlers, _get_watcher().watch(cancellable):
                if handlers.exception is None:
                    return function(cancellable)
        except GLib.Error:
            if not cancellable.is_cancelled():
                raise
        finally:
            if handlers.exception is not None:
                raise handlers.exception
