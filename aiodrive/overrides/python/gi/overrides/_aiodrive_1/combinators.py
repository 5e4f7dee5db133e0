# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several awaitables as one. Each ends only when all that it was given have ended."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from typing import Any, AsyncContextManager, Awaitable, Callable, Iterable, TypeVar, overload

from gi.repository import Gio

from .arguments import MAX_SECONDS, check_number, count, milliseconds
from .bridge import (await_task, check_awaitable, close_refused, current_scope, ensure_future, operation_of_tasks,
                     outcome_of, start, to_task, to_tasks)
from .errors import TIMED_OUT, held_error
from .loop import EventLoop, current_loop
from .raw import Raw

T = TypeVar('T')


def _given(awaitables: tuple) -> Iterable:
    """One after the other, or all in one list."""
    if len(awaitables) == 1 and not inspect.isawaitable(awaitables[0]) and hasattr(awaitables[0], '__iter__'):
        return awaitables[0]
    return awaitables


def _to_some_tasks(awaitables: tuple, where: str) -> list:
    """The first of none never comes."""
    tasks = to_tasks(_given(awaitables), where)
    if not tasks:
        raise ValueError(f'{where} needs at least one awaitable')
    return tasks


async def race(*awaitables: Awaitable[T] | Iterable[Awaitable[T]]) -> tuple[int, T]:
    """Awaits the first that ends, and gives its index and its value, or raises its exception.

    The others are cancelled, and awaited.
    """
    winner, index = await operation_of_tasks(Raw.race_async, Raw.race_finish,
                                             _to_some_tasks(awaitables, 'Aiodrive.race()'))
    return index, outcome_of(winner)


async def first_success(*awaitables: Awaitable[T] | Iterable[Awaitable[T]]) -> tuple[int, T]:
    """Awaits the first that succeeds, and gives its index and its value; the others are cancelled, and awaited.

    If none does, it raises what they raised: one exception as it is, several as an ExceptionGroup.
    """
    winner, index = await operation_of_tasks(Raw.first_success_async, Raw.first_success_finish,
                                             _to_some_tasks(awaitables, 'Aiodrive.first_success()'))
    return index, outcome_of(winner)


async def try_all(*awaitables: Awaitable[T] | Iterable[Awaitable[T]]) -> list[T]:
    """Awaits all, and gives their values in order; when one fails the others are cancelled, and awaited."""
    return [outcome_of(task) for task in
            await operation_of_tasks(Raw.try_all_async, Raw.try_all_finish,
                                     to_tasks(_given(awaitables), 'Aiodrive.try_all()'))]


async def wait_all(*awaitables: Awaitable[T] | Iterable[Awaitable[T]]) -> list[T]:
    """Awaits all, and gives their values in order; what they raised is raised when all have ended."""
    return [outcome_of(task) for task in
            await operation_of_tasks(Raw.wait_all_async, Raw.wait_all_finish,
                                     to_tasks(_given(awaitables), 'Aiodrive.wait_all()'))]


async def shield(awaitable: Awaitable[T]) -> T:
    """Awaits something that is not cancelled with the task that awaits it.

    Unlike asyncio.shield() it waits for the end of it also when the task is cancelled, and raises CancelledError then.
    """
    return outcome_of(await operation_of_tasks(Raw.shield_async, Raw.shield_finish,
                                               to_task(awaitable, where='Aiodrive.shield()')))


async def cancel_task(awaitable: Awaitable) -> None:
    """Cancels a task and awaits its end. What it raises, but for CancelledError, is raised."""
    await operation_of_tasks(Raw.cancel_task_async, Raw.cancel_task_finish,
                             to_task(awaitable, where='Aiodrive.cancel_task()'))


class _Timeout(asyncio.Timeout):
    """asyncio.timeout(), whose exception has the text of all others."""

    async def __aexit__(self, *exc_info: Any) -> bool | None:
        try:
            return await super().__aexit__(*exc_info)
        except TimeoutError as error:
            if not error.args:
                error.args = (TIMED_OUT,)
            raise


@overload
def timeout(delay: float | None) -> AsyncContextManager[asyncio.Timeout]:
    """Limits the time of a block: `async with timeout(0.5): ...`. TimeoutError is raised behind it."""


@overload
def timeout(delay: float | None, awaitable: Awaitable[T]) -> Awaitable[T]:
    """Limits the time of an awaitable: `await timeout(0.5, job())`. It is cancelled and awaited, and TimeoutError is
    raised."""


def timeout(delay: float | None, awaitable: Awaitable[T] | None = None) -> Any:
    """Limits the time of a block: `async with timeout(0.5): ...`; or of an awaitable: `await timeout(0.5, job())`.

    What takes longer is cancelled and awaited, and TimeoutError is raised.
    """
    try:
        if inspect.isawaitable(delay):
            raise TypeError('Aiodrive.timeout() needs the number of seconds before the awaitable')
        if awaitable is not None:
            check_awaitable(awaitable, 'Aiodrive.timeout()')
        if delay is not None:
            check_number(delay, 'Aiodrive.timeout()')
    except BaseException:
        close_refused([delay, awaitable])
        raise
    if awaitable is None:
        return _Timeout(asyncio.get_running_loop().time() + delay if delay is not None else None)
    return _timeout(delay, awaitable)


async def _timeout(delay: float | None, awaitable: Awaitable[T]) -> T:
    if delay is None or delay > MAX_SECONDS:
        async with timeout(delay):
            return await awaitable
    duration = milliseconds(max(0, delay), 'Aiodrive.timeout()')
    return outcome_of(await operation_of_tasks(Raw.timeout_async, Raw.timeout_finish, to_task(awaitable), duration))


def retry(function: Callable[[], Awaitable[T]], max_tries: int, delay: float = 0.1, max_delay: float = 10, *,
          on: type[BaseException] | tuple[type[BaseException], ...] = Exception) -> Awaitable[T]:
    """Awaits what a coroutine function gives, and calls it again when that raises: `await retry(load, 5)`.

    Before the next try it waits a random time, up to a bound in seconds that doubles from `delay` to `max_delay`. Only
    exceptions that are `on` are tried again. The last one is raised. `await timeout(60, retry(...))` limits the time of
    all tries together.
    """
    if not callable(function):
        close_refused([function])
        raise TypeError(f'Aiodrive.retry() needs a coroutine function, not {type(function).__name__}')
    isinstance(None, on)   # raises TypeError
    return _retry(function, count(max_tries, 'Aiodrive.retry()', 1), milliseconds(delay, 'Aiodrive.retry()'),
                  milliseconds(max_delay, 'Aiodrive.retry()'), on)


def _mark_final(task: Gio.Task, on: Any, future: asyncio.Future) -> None:
    if not future.cancelled() and future.exception() is not None and not isinstance(future.exception(), on):
        Raw.task_set_final(task)


async def _retry(function: Callable, max_tries: int, delay: int, max_delay: int, on: Any) -> Any:
    def job(task: Gio.Task, cancellable: Gio.Cancellable, *data: Any) -> None:
        context.copy().run(begin, task)

    def begin(task: Gio.Task) -> None:
        try:
            coroutine = function()
        except BaseException as exception:
            if not isinstance(exception, on):
                Raw.task_set_final(task)
            with held_error(exception) as error:
                task.return_error(error)
        else:
            start(coroutine, task, where='Aiodrive.retry()', on_done=functools.partial(_mark_final, task, on))

    context = contextvars.copy_context()
    return await await_task(Raw.retry(current_scope(), max_tries, delay, max_delay, job))


def spawn(awaitable: Awaitable[T], *, name: str | None = None) -> asyncio.Future[T]:
    """Starts a coroutine as a task in the thread-default main context, also where no coroutine runs: in a callback."""
    return ensure_future(awaitable, name=name, where='Aiodrive.spawn()')


def prime(awaitable: Awaitable[T], *, name: str | None = None) -> asyncio.Future[T]:
    """Starts a coroutine as a task, and runs it to its first wait before it returns."""
    check_awaitable(awaitable, 'Aiodrive.prime()')
    if asyncio.isfuture(awaitable) or not inspect.iscoroutine(awaitable):
        return ensure_future(awaitable, name=name, where='Aiodrive.prime()')
    loop = current_loop()
    if isinstance(loop, EventLoop):
        return loop.prime(awaitable, name=name)
    return asyncio.Task(awaitable, loop=loop, name=name, eager_start=True)
