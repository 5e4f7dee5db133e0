# SPDX-License-Identifier: LGPL-2.1-or-later
"""Queues, channels and other asynchronous iterators."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import operator
from typing import Any, AsyncIterable, AsyncIterator, Awaitable, Callable, Generic, Iterable, TypeVar

from gi.repository import Gio, GLib

from .arguments import count, is_invalid_argument, milliseconds
from .blocking import block
from .bridge import (check_awaitable, close_refused, current_scope, operation, operation_of_tasks, outcome_of, start,
                     to_tasks)
from .errors import held_error, to_exception
from .loop import current_loop
from .primitives import boxed
from .raw import Raw, override

T = TypeVar('T')
R = TypeVar('R')


async def _next(iterator: Any) -> Any:
    """What the tasks of a map have raised is raised once; a queue that is closed with an error has that for ever."""
    is_of_tasks = not isinstance(iterator, (Raw.Queue, Raw.Channel))
    is_there, value = await operation(iterator.next_async, iterator.next_finish, is_of_tasks=is_of_tasks)
    if not is_there:
        raise StopAsyncIteration
    return value


async def _close(iterator: Any) -> None:
    """Ends it: what it has started is cancelled, and awaited."""
    await operation_of_tasks(iterator.close_async, iterator.close_finish)


# in its place, for the classes of the library that implement it have it as a base already
Raw.AsyncIterator.__aiter__ = lambda self: self
Raw.AsyncIterator.__anext__ = _next
Raw.AsyncIterator.aclose = _close


_NO_ITEM = object()


def _to_exception_of_put(error: GLib.Error) -> BaseException:
    if is_invalid_argument(error) or error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.EXISTS):
        return ValueError(error.message)
    return to_exception(error)


class Queue:
    """What both queues have."""

    def reserve(self) -> Callable[[Any], None]:
        """The next place, as a function that puts an item there."""
        index = getattr(self, 'n_reserved', 0)
        self.n_reserved = index + 1
        return functools.partial(self._put_at, index)

    def _put_at(self, index: int, item: Any) -> None:
        if operator.index(index) < 0:
            raise ValueError(f'an index begins at 0, it cannot be {index}')
        try:
            Raw.Queue.put(self, index, boxed(item))
        except GLib.Error as error:
            raise _to_exception_of_put(error) from None

    def empty(self) -> bool:
        """Whether there is no item in it."""
        return self.is_empty()

    async def get(self) -> Any:
        """Waits for the next item."""
        return await operation(self.get_async, self.get_finish)

    def try_get(self, default: Any = None) -> Any:
        """Gets the next item if it is there."""
        try:
            is_there, item = Raw.Queue.try_get(self)
        except GLib.Error as error:
            raise to_exception(error) from None
        return item if is_there else default

    def get_many(self, max: int = 0) -> list[Any]:
        """Gets the available items, at most `max`; 0 means all."""
        return Raw.Queue.get_many(self, count(max, f'{type(self).__name__}.get_many()', 0))

    def close_with_error(self, exception: BaseException) -> None:
        """Closes it; a wait for more than the present items raises the exception."""
        with held_error(exception, self) as error:
            Raw.Queue.close_with_error(self, error)

    def __len__(self) -> int:
        return self.props.n_items

    def __bool__(self) -> bool:
        return True


@override
class OrderedQueue(Queue, Raw.OrderedQueue):
    """A queue whose items leave it in the order of their indexes: `queue.put(index, item)`, `async for` them."""

    def put(self, index: int, item: Any) -> None:
        """Puts an item at its place; the first is 0."""
        self._put_at(index, item)


@override
class UnorderedQueue(Queue, Raw.UnorderedQueue):
    """A queue, first come first out: `queue.put(item)`, `async for item in queue`."""

    def put(self, index: Any = _NO_ITEM, item: Any = _NO_ITEM) -> None:
        """Puts an item at the end: `put(item)`, or `put(index, item)` as for an OrderedQueue, whatever the index."""
        if item is _NO_ITEM:
            item = index
        if item is _NO_ITEM:
            raise TypeError('UnorderedQueue.put() needs an item')
        self._put_at(0, item)


@override
class Channel(Raw.Channel):
    """A bounded queue with back-pressure: `await channel.send(item)` waits for room, `async for item in channel`."""

    def __init__(self, capacity: int = 1) -> None:
        super().__init__(capacity=count(capacity, 'Aiodrive.Channel()', 0))

    async def send(self, item: Any) -> None:
        """Sends an item, when there is room.

        If the task is cancelled in the moment in which there is room, the item has been sent all the same.
        """
        await operation(self.send_async, self.send_finish, boxed(item))

    def try_send(self, item: Any) -> bool:
        """Sends an item if there is room now."""
        try:
            return super().try_send(boxed(item))
        except GLib.Error as error:
            raise to_exception(error) from None

    def send_blocking(self, item: Any) -> None:
        """Blocks the thread until there is room."""
        try:
            block(functools.partial(super().send, boxed(item)), 'send_blocking()', '"await" with send()')
        except GLib.Error as error:
            raise to_exception(error) from None

    async def receive(self) -> Any:
        """Waits for the next item."""
        return await operation(self.receive_async, self.receive_finish)

    def try_receive(self, default: Any = None) -> Any:
        """Gets the next item if it is there."""
        try:
            is_there, item = super().try_receive()
        except GLib.Error as error:
            raise to_exception(error) from None
        return item if is_there else default

    def receive_blocking(self) -> Any:
        """Blocks the thread until there is an item."""
        try:
            return block(super().receive, 'receive_blocking()', '"await" with receive()')
        except GLib.Error as error:
            raise to_exception(error) from None

    def close_with_error(self, exception: BaseException) -> None:
        """Closes it; a wait for more than the present items raises the exception."""
        with held_error(exception, self) as error:
            super().close_with_error(error)


def repeat_periodically(interval: float) -> AsyncIterator[Any]:
    """Ticks every `interval` seconds: `async for _ in repeat_periodically(1.0): ...`.

    The first round comes at once; the time that a round takes is part of the interval.
    """
    return Raw.repeat_periodically(milliseconds(interval, 'Aiodrive.repeat_periodically()'))


def as_completed(awaitables: Iterable[Awaitable[T]]) -> AsCompleted[T]:
    """Gives the tasks one after the other as they end: `async for task in as_completed(jobs): value = await task`."""
    if inspect.isawaitable(awaitables) or not hasattr(awaitables, '__iter__'):
        close_refused([awaitables])
        raise TypeError(f'Aiodrive.as_completed() needs several awaitables in a list or the like, '
                        f'not {type(awaitables).__name__}')
    return AsCompleted(list(awaitables))


class _Tasks:
    """What an as_completed() and its generator share; the generator must not keep the other, which is dropped when the
    loop is left."""

    def __init__(self, awaitables: list[Awaitable]) -> None:
        self.awaitables = awaitables   # that are still to be started
        self.futures: dict[Gio.Task, Any] = {}
        self.iterator: Any = None
        self.has_ended = False

    def _started(self, awaitables: list[Awaitable]) -> list[Gio.Task]:
        tasks = to_tasks(awaitables, 'Aiodrive.as_completed()')
        for task, awaitable in zip(tasks, awaitables):
            self.futures[task] = getattr(task, 'future', lambda: None)() or awaitable
        return tasks

    def start(self) -> Any:
        awaitables, self.awaitables = self.awaitables, []
        self.iterator = Raw.as_completed(self._started(awaitables), current_scope())
        return self.iterator

    def add(self, awaitable: Awaitable) -> None:
        if self.iterator is None:
            self.awaitables.append(awaitable)
            return
        task, = self._started([awaitable])
        try:
            Raw.as_completed_add(self.iterator, task)
        except GLib.Error as error:
            raise ValueError(error.message) from None


class AsCompleted(Generic[T]):
    """The tasks of as_completed(): `async for` them, and add() more meanwhile."""

    __module__ = 'gi.overrides.Aiodrive'

    def __init__(self, awaitables: list[Awaitable]) -> None:
        self._tasks = _Tasks(awaitables)
        self._generator = _as_completed(self._tasks)

    def add(self, awaitable: Awaitable[T]) -> None:
        """Adds another one, also in reply to the last; not when the loop has ended."""
        try:
            check_awaitable(awaitable, 'as_completed().add()')
            if self._tasks.has_ended:
                raise RuntimeError('as_completed().add() comes too late: the loop has ended')
        except BaseException:
            close_refused([awaitable])
            raise
        self._tasks.add(awaitable)

    def __aiter__(self) -> AsCompleted[T]:
        return self

    def __anext__(self) -> Awaitable[asyncio.Future[T]]:
        return self._generator.__anext__()

    def aclose(self) -> Awaitable[None]:
        """Ends it: what still runs is cancelled, and awaited."""
        return self._generator.aclose()


async def _as_completed(tasks: _Tasks) -> AsyncIterator[asyncio.Future]:
    try:
        iterator = tasks.start()
    except BaseException:
        tasks.has_ended = True
        raise
    try:
        async for task in iterator:
            yield tasks.futures.pop(task)
    finally:
        tasks.has_ended = True
        await iterator.aclose()


class _NotReceived(Exception):
    pass


class _Filler:
    """A task that sends the items of an iterator of Python into a channel, for a map of C."""

    def __init__(self, items: Iterable | AsyncIterable) -> None:
        self.channel = Channel(1)
        self._items = items
        self._receives = True   # what is raised is sent
        self._closes = False    # the cleanup of the source has begun, and must not be cancelled
        self._task = current_loop().create_task(self._fill())

    async def _send(self, item: Any) -> None:
        try:
            await self.channel.send(item)
        except GLib.Error:
            self._receives = False
            raise _NotReceived from None

    async def _send_all(self) -> None:
        if not hasattr(self._items, '__aiter__'):
            for item in self._items:
                await self._send(item)
            return
        iterator = aiter(self._items)
        try:
            async for item in iterator:
                await self._send(item)
        finally:
            self._closes = True
            if hasattr(iterator, 'aclose'):
                await iterator.aclose()

    async def _fill(self) -> None:
        """Sends the items one by one, and behind them what they raise, whatever that is."""
        try:
            await self._send_all()
        except _NotReceived:
            pass
        except BaseException as exception:
            self.channel.close_with_error(exception)
            raise
        self.channel.close_send()

    async def end(self) -> None:
        """Closes the source; what that raises is raised. What the source has raised before was sent."""
        task = self._task
        if task.done() and self._receives:
            task.cancelled() or task.exception()
            return
        if not task.done():
            if not self._closes:
                task.cancel()
            await asyncio.wait([task])
        if not task.cancelled():
            task.result()


def map(function: Callable[[T], Awaitable[R]], items: Iterable[T] | AsyncIterable[T], max_concurrent: int = 10,
        ordered: bool = True) -> AsyncIterator[R]:
    """Gives the results of a coroutine function for each item: `async for page in map(load, addresses, 4): ...`.

    At most `max_concurrent` run at the same time. A failure ends the iteration: the running ones are cancelled and
    awaited.
    """
    if not callable(function):
        close_refused([function])
        raise TypeError(f'Aiodrive.map() needs a coroutine function, not {type(function).__name__}')
    if not hasattr(items, '__iter__') and not hasattr(items, '__aiter__'):
        close_refused([items])
        raise TypeError(f'Aiodrive.map() needs something to iterate over, not {type(items).__name__}')
    return _map(function, items, count(max_concurrent, 'Aiodrive.map()', 1), bool(ordered))


async def _map(function: Callable, items: Iterable | AsyncIterable, max_concurrent: int,
               ordered: bool) -> AsyncIterator:
    def job(task: Any, cancellable: Any, item: Any, *data: Any) -> None:
        context.copy().run(begin, item, task)

    def begin(item: Any, task: Any) -> None:
        try:
            coroutine = function(item)
        except BaseException as exception:
            with held_error(exception) as error:
                task.return_error(error)
        else:
            start(coroutine, task, where='Aiodrive.map()')

    context = contextvars.copy_context()
    filler = None if isinstance(items, Raw.AsyncIterator) else _Filler(items)
    flags = Raw.MapFlags.ORDERED if ordered else Raw.MapFlags.NONE
    results = Raw.map(items if filler is None else filler.channel, max_concurrent, flags, current_scope(), job)
    try:
        async for result in results:
            yield result
    finally:
        try:
            await results.aclose()
        finally:
            if filler is not None:
                await filler.end()
