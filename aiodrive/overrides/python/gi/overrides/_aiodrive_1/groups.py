# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups of tasks."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Awaitable, Self, TypeVar

from gi.repository import Gio, GObject

from .bridge import (check_awaitable, close_refused, current_scope, ensure_future, link, new_operation_scope, new_task,
                     operation_of_tasks)
from .errors import all_of
from .job import Job, name_of
from .raw import Raw, override
from .scopes import Block

T = TypeVar('T')


class GroupBlock:
    """`async with` a group: at the end its tasks are awaited, and what went wrong is raised."""

    async def __aenter__(self) -> Self:
        if hasattr(self, 'block'):
            raise RuntimeError(f'this {type(self).__name__} is that of a block already')
        if self.props.closed:
            raise RuntimeError(f'this {type(self).__name__} has come to its end')
        block = Block(self.get_scope())
        block.enter()
        self.block = block
        return self

    async def __aexit__(self, kind: Any, exception: BaseException | None, trace: Any) -> bool:
        block = self.block
        del self.block
        own = exception
        if block.leave(exception):
            own = None
        elif exception is not None:
            self.cancel()
        trace = failure = None
        try:
            await operation_of_tasks(self.close_async, self.close_finish)
        except BaseException as error:
            failure = error
        failure = all_of([own, failure])
        try:
            if failure is not None and failure is not exception:
                raise failure
            return failure is None
        finally:
            own = exception = failure = None

    async def close(self) -> None:
        """Awaits the tasks of the group, and raises what went wrong."""
        await operation_of_tasks(self.close_async, self.close_finish)

    def _check_open(self, awaitable: Awaitable) -> None:
        check_awaitable(awaitable, f'{type(self).__name__}.spawn()')
        if self.props.closed:
            close_refused([awaitable])
            raise RuntimeError(f'this {type(self).__name__} has come to its end')


@override
class TaskGroup(GroupBlock, Raw.TaskGroup):
    """Tasks that belong together: `async with TaskGroup() as group: task = group.spawn(job())`.

    When one fails the others, and the block, are cancelled. At the end all are awaited, and what they raised is raised:
    one exception as it is, several as an ExceptionGroup.
    """

    def __init__(self, parent: Gio.Cancellable | None = None) -> None:
        super().__init__(parent=parent if parent is not None else current_scope())

    def spawn(self, awaitable: Awaitable[T], *, name: str | None = None) -> asyncio.Future[T]:
        """Starts a coroutine as a task of the group."""
        self._check_open(awaitable)
        future = ensure_future(awaitable, name=name, where=f'{type(self).__name__}.spawn()')
        task = new_task(future, self.get_scope())
        link(future, task)
        self.add(task)
        return future

    create_task = spawn


@override
class TaskInfo(Raw.TaskInfo):
    """The view of a task: `for info in group.get_tasks(): ...`."""

    def get_elapsed(self) -> float:
        """Returns how long the task has run, or did run, in seconds."""
        return super().get_elapsed() / 1e6


# the two that are derived from it have all of that

@override
class AutoTerminatedTaskGroup(Raw.AutoTerminatedTaskGroup):
    """A TaskGroup that cancels what still runs at the end of its block."""


@override
class Pool(Raw.Pool):
    """A group with a plan: `async with Pool.open() as pool: pool.spawn(job())`, or spawn first and `await pool.run()`.

    When one task fails, and when the pool is cancelled, those of the greatest depth are cancelled first, and the
    lesser ones when these have ended.
    """

    def __init__(self, name: str | None = None) -> None:
        GObject.Object.__init__(self, name=name)

    @staticmethod
    def open(name: str | None = None) -> PoolBlock:
        """A pool that runs from the start of an `async with` block, and is closed at the end of it."""
        return PoolBlock(name)

    @staticmethod
    def current() -> Pool | None:
        """The pool that the current task runs in."""
        return Raw.Pool.ref_current(current_scope())

    def spawn(self, awaitable: Awaitable, *, depth: int = 0, name: str | None = None) -> Job:
        """Starts a coroutine as a task of the pool; before run() it is planned."""
        self._check_open(awaitable)
        return Job(awaitable, name, functools.partial(self.spawn_full, name or name_of(awaitable), depth))

    create_task = spawn

    async def __aenter__(self) -> Pool:
        if self.get_status() == Raw.PoolStatus.IDLE:
            raise RuntimeError('this Pool is for run(), which starts its tasks; one for a block is made by Pool.open()')
        return await super().__aenter__()

    async def run(self, *, forever: bool = False) -> None:
        """Runs what was planned, and awaits all tasks; cancelling it cancels them."""
        status = self.get_status()
        if status in (Raw.PoolStatus.RUNNING, Raw.PoolStatus.DONE):
            raise RuntimeError('this Pool runs already' if status == Raw.PoolStatus.RUNNING else
                               'this Pool has come to its end')
        await operation_of_tasks(self.run_async, self.run_finish,
                                 Raw.PoolFlags.FOREVER if forever else Raw.PoolFlags.NONE,
                                 cancellable=new_operation_scope())


class PoolBlock:
    """What Pool.open() gives."""

    def __init__(self, name: str | None) -> None:
        self._name = name
        self._pool: Pool | None = None

    async def __aenter__(self) -> Pool:
        if self._pool is not None:
            raise RuntimeError('this Pool is that of a block already')
        self._pool = Raw.Pool.open(self._name, current_scope())
        return await self._pool.__aenter__()

    async def __aexit__(self, *exc_info: Any) -> bool:
        pool, self._pool = self._pool, None
        return await pool.__aexit__(*exc_info)
