# SPDX-License-Identifier: LGPL-2.1-or-later
"""Blocks of a coroutine that are cancelled by a scope."""

from __future__ import annotations

import asyncio
import contextlib
import operator
from typing import Any, Iterator

from gi.repository import Gio, GLib, GObject

from .arguments import check_number, is_invalid_argument
from .blocks import Shield, cancel_inside
from .bridge import current_scope, enter_scope, leave_scope, operation
from .errors import SignalError, held_error, to_exception
from .loop import current_task
from .raw import Raw, override


# in seconds; what is later comes never
MAX_DELAY = 1e12


class Block(Shield):
    """While it is entered, the current task is cancelled when the scope is."""

    def __init__(self, scope: Gio.Cancellable) -> None:
        super().__init__(scope)
        self._task: asyncio.Task | None = None

    def enter(self) -> None:
        task = current_task()
        if task is None:
            raise RuntimeError('this block has to be in a coroutine that runs as a task')
        self._task = task
        self._n_before = task.cancelling()
        self._was_cancelled = False
        self._entered = enter_scope(self.scope)
        self._begin(task)
        self._handler = GObject.Object.connect(self.scope, 'cancelled', self._on_cancelled)
        if self.scope.is_cancelled():
            self._on_cancelled(self.scope)

    def _on_cancelled(self, scope: Gio.Cancellable) -> None:
        loop = self._task.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._task is not None and not self._was_cancelled:
            self._was_cancelled = cancel_inside(self._task, self, self._cancel)

    def leave(self, exception: BaseException | None) -> bool:
        """Whether it is the scope alone that has cancelled the block."""
        task, self._task = self._task, None
        GObject.Object.disconnect(self.scope, self._handler)
        leave_scope(self._entered)
        self._end(task)
        if not self._was_cancelled:
            return False
        return task.uncancel() <= self._n_before and isinstance(exception, asyncio.CancelledError)


@override
class CancelScope(Raw.CancelScope):
    """A scope, to cancel what a block does: `with CancelScope(timeout=2.0) as scope: ...`.

    When it is cancelled the task gets CancelledError in the block, and goes on after it; a deadline raises
    TimeoutError there, and a reason that is an exception raises that.
    """

    def __new__(cls, parent: Gio.Cancellable | None = None, timeout: float | None = None) -> CancelScope:
        if parent is not None and not isinstance(parent, Gio.Cancellable):
            hint = f': a time is CancelScope(timeout={parent!r})' if isinstance(parent, (int, float)) else ''
            raise TypeError('Aiodrive.CancelScope() needs a Gio.Cancellable as its parent, '
                            f'not {type(parent).__name__}{hint}')
        return Raw.CancelScope.new(parent if parent is not None else current_scope())

    def __init__(self, parent: Gio.Cancellable | None = None, timeout: float | None = None) -> None:
        if timeout is not None:
            check_number(timeout, 'Aiodrive.CancelScope()')
            if timeout < MAX_DELAY:
                self.set_deadline(Raw.get_monotonic_time() + round(max(0, timeout) * 1e6))

    def cancel_with_reason(self, reason: BaseException | GLib.Error) -> None:
        """Cancels it for a reason, which is raised behind the block."""
        with held_error(reason, self) as error:
            super().cancel_with_reason(error)

    def __enter__(self) -> CancelScope:
        if hasattr(self, 'block'):
            raise RuntimeError('this scope is that of a block already')
        block = Block(self)
        block.enter()
        self.block = block
        return self

    def __exit__(self, kind: Any, exception: BaseException | None, trace: Any) -> bool:
        block = self.block
        del self.block
        if not block.leave(exception):
            return False
        return self.end()

    def end(self) -> bool:
        """After a block that was cancelled: its reason is raised."""
        reason = self.dup_reason()
        if reason is None:
            return True
        reason = to_exception(reason)
        try:
            raise reason
        finally:
            reason = None

    async def __aenter__(self) -> CancelScope:
        return self.__enter__()

    async def __aexit__(self, *exc_info: Any) -> bool:
        return self.__exit__(*exc_info)


@contextlib.contextmanager
def _known_signal() -> Iterator[None]:
    try:
        yield
    except GLib.Error as error:
        if not is_invalid_argument(error):
            raise
        raise ValueError(error.message) from None


class handle_signal:
    """A block that a Unix signal cancels: `with handle_signal(signal.SIGINT): ...`.

    Behind it SignalError is raised. After the block the signal does again what it did before.
    """

    def __init__(self, signum: int) -> None:
        self._signum = operator.index(signum)
        self._scope: CancelScope | None = None

    def __enter__(self) -> CancelScope:
        if self._scope is not None:
            raise RuntimeError('this is that of a block already')
        scope = CancelScope()
        with _known_signal():
            self._handler = Raw.handle_signal(self._signum, scope)
        try:
            self._scope = scope.__enter__()
        except BaseException:
            self._handler.release()
            raise
        return scope

    def __exit__(self, *exc_info: Any) -> bool:
        scope, self._scope = self._scope, None
        self._handler.release()
        try:
            return scope.__exit__(*exc_info)
        except SignalError as error:
            error.signum = error.signum or self._signum
            raise

    async def __aenter__(self) -> CancelScope:
        return self.__enter__()

    async def __aexit__(self, *exc_info: Any) -> bool:
        return self.__exit__(*exc_info)


async def wait_for_signal(*signums: int) -> int:
    """Awaits one of these Unix signals, and gives its number."""
    numbers = [operator.index(signum) for signum in signums]
    with _known_signal():
        return await operation(Raw.wait_for_signal_async, Raw.wait_for_signal_finish, numbers)
