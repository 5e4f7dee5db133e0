# SPDX-License-Identifier: LGPL-2.1-or-later
"""Exceptions as errors, and back: a Python exception comes out of a C task as the same object."""

from __future__ import annotations

import asyncio
import signal
import traceback
import weakref

from gi.repository import Gio, GLib, GObject

from .raw import Raw


# of every TimeoutError
TIMED_OUT = 'Operation timed out'


class SignalError(GLib.Error):
    """Raised behind a block of handle_signal() that a Unix signal has cancelled; `signum` is its number. It is the
    GLib.Error that matches Aiodrive.Error.SIGNAL, too."""

    __module__ = 'gi.overrides.Aiodrive'
    signum: int | None = None

    def __repr__(self) -> str:
        return f'Aiodrive.SignalError({self.message!r})'


def is_cancelled(error: GLib.Error) -> bool:
    return error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED)


def new_cancelled() -> GLib.Error:
    return GLib.Error.new_literal(Gio.io_error_quark(), 'Operation was cancelled', Gio.IOErrorEnum.CANCELLED)


class _Held:
    """What an error stands for. An exception keeps the frames that it came through, these may keep the task or the
    queue that keeps the error, and Python's collector cannot see through those: so after it was raised once it is left
    to its owner, that which has failed."""

    def __init__(self, exception: BaseException, owner: object) -> None:
        self._exception: BaseException | None = exception
        self._owner = weakref.ref(owner) if owner is not None else lambda: None
        if owner is not None and not asyncio.isfuture(owner):
            if not hasattr(owner, 'exceptions'):
                owner.exceptions = weakref.WeakKeyDictionary()   # it may be given several, and keep one
            owner.exceptions[self] = exception, exception.__traceback__
            self._exception = None

    def take(self) -> BaseException | None:
        """With the traceback that it had when it was held: raising it again does not make that longer."""
        exception, self._exception = self._exception, None
        owner = self._owner()
        if asyncio.isfuture(owner):
            return _exception_of(owner)
        if exception is not None or owner is None:
            return exception
        exception, trace = owner.exceptions[self]
        return exception.with_traceback(trace)


def _exception_of(future: asyncio.Future) -> BaseException | None:
    """As the future raises it, without this frame."""
    try:
        future.result()
    except BaseException as exception:
        return exception.with_traceback(exception.__traceback__.tb_next)
    return None


class held_error:
    """A context in which there is an error for an exception; what copies it in there keeps the exception."""

    def __init__(self, exception: BaseException, owner: object = None) -> None:
        if not isinstance(exception, BaseException):
            raise TypeError(f'an exception is needed, not {type(exception).__name__}')
        self._exception = exception
        self._owner = owner
        self._code: int | None = None

    def __enter__(self) -> GLib.Error:
        exception, self._exception = self._exception, None
        if isinstance(exception, asyncio.CancelledError):
            return new_cancelled()
        if type(exception) in (GLib.Error, SignalError):
            return exception
        message = ''.join(traceback.format_exception_only(exception)).strip()
        message = message.encode('utf-8', 'replace').replace(b'\0', b'?').decode('utf-8')
        self._code = Raw.exception_hold(GObject.Value(object, _Held(exception, self._owner)))
        return GLib.Error.new_literal(Raw.exception_quark(), message, self._code)

    def __exit__(self, *exc_info: object) -> None:
        if self._code is not None:
            Raw.exception_release(self._code)


def is_timed_out(error: GLib.Error) -> bool:
    return error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT)


def to_exception(error: GLib.Error, result: Gio.AsyncResult | None = None) -> BaseException:
    """What is raised in Python for an error, which is that of the result if there is one."""
    domain = GLib.quark_from_string(error.domain)
    if domain == Raw.exception_quark():
        held = Raw.exception_get(error.code)
        return (held.take() if isinstance(held, _Held) else None) or error
    if error.matches(Raw.Error.quark(), Raw.Error.MULTIPLE) and result is not None:
        return group_of([to_exception(part) for part in Raw.result_dup_errors(result)])
    if is_cancelled(error):
        return asyncio.CancelledError()
    if is_timed_out(error):
        return TimeoutError(error.message)
    if error.matches(Raw.Error.quark(), Raw.Error.SIGNAL):
        return _to_signal_error(error)
    return error


def _to_signal_error(error: GLib.Error) -> SignalError:
    exception = SignalError(error.message, error.domain, error.code)
    name = error.message.rpartition(' ')[2]
    exception.signum = getattr(signal.Signals, name, None)
    return exception


def all_of(exceptions: list[BaseException | None]) -> BaseException | None:
    """Returns what to raise for several exceptions of which some are None: a single one as it is, several as a group,
    CancelledError if there is no other. An exception that arrives by two ways counts once."""
    parts = [part for exception in exceptions if exception is not None
             for part in (exception.exceptions if is_group_of_tasks(exception) else [exception])]
    failures = list({id(part): part for part in parts if not isinstance(part, asyncio.CancelledError)}.values())
    failures = [failure for failure in failures if not is_spent(failure)] or failures[:1]
    return group_of(failures) if failures else parts[0] if parts else None


def is_spent(exception: BaseException) -> bool:
    """Returns whether an error stands for an exception that was raised before, and is gone."""
    return type(exception) is GLib.Error and GLib.quark_from_string(exception.domain) == Raw.exception_quark()


def group_of(exceptions: list[BaseException]) -> BaseException:
    if len(exceptions) == 1:
        return exceptions[0]
    group = BaseExceptionGroup('several tasks failed', exceptions)
    group.is_of_tasks = True
    return group


def is_group_of_tasks(exception: BaseException) -> bool:
    return getattr(exception, 'is_of_tasks', False)
