# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exceptions of the handler of SIGINT."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, Callable, Iterator


@contextlib.contextmanager
def ends_with_interrupt(end: Callable[[BaseException], None], callback: Any) -> Iterator[None]:
    """What a handler of SIGINT raises while a main loop waits is raised in a callback of PyGObject's, which prints it
    and goes on: it is given to `end` instead. What it raises below the function with the code `callback` goes its
    way."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler) or \
            handler is signal.default_int_handler:
        yield
        return

    def guard(signum: int, frame: Any) -> None:
        try:
            handler(signum, frame)
        except BaseException as error:
            while frame is not None:
                frame = frame.f_back
                if frame is not None and frame.f_code is callback:
                    raise
            end(error)

    signal.signal(signal.SIGINT, guard)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is guard:
            signal.signal(signal.SIGINT, handler)
