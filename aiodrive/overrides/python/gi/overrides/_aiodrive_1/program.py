# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program: its main coroutine, and any asynchronous function of GIO."""

from __future__ import annotations

import asyncio
import importlib
import inspect
from typing import Any, Awaitable, Callable, TypeVar

from .bridge import check_awaitable, close_refused, operation
from .loop import EventLoop

T = TypeVar('T')


async def _await(awaitable: Awaitable[T]) -> T:
    return await awaitable


def run(main: Awaitable[T], *, debug: bool | None = None) -> T:
    """Runs a coroutine, and the thread-default main context until it has ended: asyncio.run() for users of GLib.

    What is left in the end is cancelled and awaited. A KeyboardInterrupt cancels the coroutine, and is raised when it
    has ended. It may be called in a callback of a main loop, but not in a coroutine.
    """
    outer = asyncio._get_running_loop()
    try:
        if outer is not None and asyncio.current_task(outer) is not None:
            raise RuntimeError('Aiodrive.run() cannot be called in a coroutine: await it')
        check_awaitable(main, 'Aiodrive.run()')
    except BaseException:
        close_refused([main])
        raise
    asyncio._set_running_loop(None)
    try:
        with asyncio.Runner(debug=debug, loop_factory=EventLoop) as runner:
            return runner.run(main if inspect.iscoroutine(main) else _await(main))
    finally:
        asyncio._set_running_loop(outer)


async def sleep(delay: float, result: T = None) -> T:
    """Waits so many seconds."""
    return await asyncio.sleep(delay, result)


def _finish_of(function: Callable) -> Callable:
    """The finish function that belongs to an asynchronous one, by its name."""
    if not hasattr(function, 'get_namespace'):
        close_refused([function])
        raise TypeError(f'Aiodrive.call() needs an asynchronous function of GIO or of a library like it, '
                        f'not {function!r}')
    name = function.__name__.removesuffix('_async') + '_finish'
    container = function.get_container()
    if container is not None and function.is_method():
        return lambda result: getattr(result.get_source_object(), name)(result)
    owner = importlib.import_module('gi.repository.' + function.get_namespace())
    return getattr(owner if container is None else getattr(owner, container.get_name()), name)


async def call(function: Callable, *args: Any, finish: Callable | None = None) -> Any:
    """Calls an asynchronous function of GIO, or of any library like it, and gives what its finish function gives.

    `contents = await call(file.load_contents_async)`. The arguments are those before the cancellable, which is the
    task's, and the callback. Without `finish` that function is found by its name.
    """
    return await operation(function, finish if finish is not None else _finish_of(function), *args)
