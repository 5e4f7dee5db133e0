# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines in threads of their own."""

from __future__ import annotations

import functools
from typing import Any, Awaitable

from gi.repository import Gio, GObject

from .blocking import block
from .bridge import check_awaitable, current_scope, operation_of_tasks
from .job import Job
from .raw import Raw, override


@override
class BackgroundExecutor(Raw.BackgroundExecutor):
    """A thread that runs coroutines: `async with BackgroundExecutor() as executor: await executor.spawn(job())`.

    A coroutine runs there in a loop of its own thread. The thread ends with the block; outside one it ends after the
    last task, and starts again with the next.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)

    def spawn(self, awaitable: Awaitable, *, name: str | None = None) -> Job:
        """Starts a coroutine in the thread. `async with` what it gives cancels it at the end of that block."""
        check_awaitable(awaitable, 'BackgroundExecutor.spawn()')
        return Job(awaitable, name, functools.partial(super().spawn, current_scope()))

    async def stop(self) -> None:
        """Cancels what runs there, and awaits the end of the thread."""
        await operation_of_tasks(self.stop_async, self.stop_finish)

    def stop_blocking(self) -> None:
        """Cancels what runs there, and blocks until the thread has ended."""
        block(super().stop, 'stop_blocking()', '"await" with stop()')

    async def __aenter__(self) -> BackgroundExecutor:
        self.start()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self.stop()


@override
class ThreadTaskGroup(Raw.ThreadTaskGroup):
    """A TaskGroup whose coroutines run in a thread of its own, which ends with the group."""

    def __init__(self, name: str | None = None, parent: Gio.Cancellable | None = None) -> None:
        GObject.Object.__init__(self, name=name, parent=parent if parent is not None else current_scope())

    def spawn(self, awaitable: Awaitable, *, name: str | None = None) -> Job:
        """Starts a coroutine in the thread of the group."""
        self._check_open(awaitable)
        return Job(awaitable, name, functools.partial(Raw.TaskGroup.spawn, self))

    create_task = spawn
