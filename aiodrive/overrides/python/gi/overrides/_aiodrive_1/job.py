# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines that C runs as jobs."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import types
import weakref
from typing import Any, Awaitable, Callable, Generator

from gi.repository import Gio, GLib

from .bridge import await_task, claim, close_refused, give_up, operation_of_tasks, outcome_of, start
from .raw import Raw


class Job:
    """A task that a pool or a thread runs: `await` it, cancel() it, or `async with` it, which cancels it at the end."""

    def __init__(self, awaitable: Awaitable, name: str | None, spawn: Callable[[Callable], Gio.Task]) -> None:
        """`spawn` makes a task of a job function for C."""
        self._exception: BaseException | None = None
        self._trace: types.TracebackType | None = None
        self.task = spawn(_Start(weakref.ref(self), awaitable, name))
        if self.task.get_name() is None:
            self.task.set_name(name or name_of(awaitable))

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        try:
            return await await_task(self.task)
        except GLib.Error:
            self._raise_own()
            raise

    def _raise_own(self) -> None:
        """Its exception as it was raised, for the error of its task gives that only once."""
        if self._exception is not None:
            raise self._exception.with_traceback(self._trace) from None

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {self.task.get_name()!r} {"done" if self.done() else "pending"}>'

    def cancel(self) -> None:
        """Cancels it; it ends when it has cleaned up."""
        self.task.get_cancellable().cancel()

    def done(self) -> bool:
        """Whether it has ended."""
        return self.task.get_completed()

    def result(self) -> Any:
        """Its value when it has ended; its exception is raised."""
        if not self.done():
            raise asyncio.InvalidStateError('the job has not ended')
        try:
            return outcome_of(self.task)
        except GLib.Error:
            self._raise_own()
            raise

    async def __aenter__(self) -> Job:
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await operation_of_tasks(Raw.cancel_task_async, Raw.cancel_task_finish, self.task)


def name_of(awaitable: Awaitable) -> str | None:
    return getattr(awaitable, '__qualname__', None)


class _Start:
    """A job function for C. What C drops before it was called, for it was refused or cancelled, is closed."""

    def __init__(self, job: weakref.ref[Job], awaitable: Awaitable, name: str | None) -> None:
        self._job = job
        self._context = contextvars.copy_context()
        self._awaitable: Awaitable | None = awaitable
        self._name = name
        claim(awaitable)

    def __call__(self, task: Gio.Task, cancellable: Gio.Cancellable, *data: Any) -> None:
        """It runs where C runs jobs, in the context that spawned it."""
        awaitable, self._awaitable = self._awaitable, None
        give_up(awaitable)
        self._context.run(start, awaitable, task, name=self._name,
                          on_done=functools.partial(_keep_exception, self._job))

    def __del__(self) -> None:
        give_up(self._awaitable)
        close_refused([self._awaitable])


def _keep_exception(job: weakref.ref[Job], future: asyncio.Future) -> None:
    owner = job()
    if owner is not None and not future.cancelled():
        owner._exception = future.exception()
        owner._trace = owner._exception.__traceback__ if owner._exception is not None else None
