# SPDX-License-Identifier: LGPL-2.1-or-later
"""Arguments, as C wants them; wrong ones are a TypeError or a ValueError, as everywhere in Python."""

from __future__ import annotations

import operator
from typing import Any

from gi.repository import Gio, GLib

MAX_UINT = 0xffffffff
MAX_SECONDS = MAX_UINT / 1000


def milliseconds(seconds: float, where: str) -> int:
    """A time that is not 0 is not rounded to it."""
    check_number(seconds, where)
    if not 0 <= seconds <= MAX_SECONDS:
        raise ValueError(f'{where} needs a number of seconds from 0 to {int(MAX_SECONDS)}, not {seconds}')
    return max(round(float(seconds) * 1000), 1 if seconds > 0 else 0)


def check_number(seconds: Any, where: str) -> None:
    if not hasattr(seconds, '__float__'):
        raise TypeError(f'{where} needs a number of seconds, not {type(seconds).__name__}')
    if seconds != seconds:
        raise ValueError(f'{where} needs a number of seconds, not {seconds}')


def count(number: int, where: str, least: int) -> int:
    number = operator.index(number)
    if not least <= number <= MAX_UINT:
        raise ValueError(f'{where} needs a number from {least} to {MAX_UINT}, not {number}')
    return number


def is_invalid_argument(error: GLib.Error) -> bool:
    return error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.INVALID_ARGUMENT)
