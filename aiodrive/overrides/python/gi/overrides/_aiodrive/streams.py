# SPDX-License-Identifier: LGPL-2.1-or-later
"""Queues, channels and other asynchronous iterators."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import operator
from typing import Any, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable

from gi.repository import GLib

from .arguments import count, milliseconds
from .bridge import current_scope, operation, outcome_of, start, to_tasks
from .errors import held_error, to_exception
from .loop import current_loop
from .primitives import boxed
from .raw import Raw, override


async def _next(iterator: Any) -> Any:
    is_there, value = await operation(iterator.next_async, iterator.next_finish)
    if not is_there:
        raise StopAsyncIteration
    return value


async def _close(iterator: Any) -> None:
    """Ends it: what it has started is cancelled, and awaited."""
    await operation(iterator.close_async, iterator.close_finish)


# in its place, for the classes of the library that implement it have it as a base already
Raw.AsyncIterator.__aiter__ = lambda self: self
Raw.AsyncIterator.__anext__ = _next
Raw.AsyncIterator.aclose = _close


_NO_ITEM = object()


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
            raise to_exception(error) from None

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
        """Gets the items that are there, so many at most; 0 is for all."""
        return Raw.Queue.get_many(self, count(max, f'{type(self).__name__}.get_many()', 0))

    def close_with_error(self, exception: BaseException) -> None:
        """Closes it; who waits for more than is there gets the exception."""
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
    """A queue with room for so many: `await channel.send(item)` waits for it, `async for item in channel`."""

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
            super().send(boxed(item), None)
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
            return super().receive(None)
        except GLib.Error as error:
            raise to_exception(error) from None

    def close_with_error(self, exception: BaseException) -> None:
        """Closes it; who waits for more than is there gets the exception."""
        with held_error(exception, self) as error:
            super().close_with_error(error)


def repeat_periodically(interval: float) -> AsyncIterator[Any]:
    """Goes round every so many seconds: `async for _ in repeat_periodically(1.0): ...`.

    The first round comes at once; the time that a round takes is part of the interval.
    """
    return Raw.repeat_periodically(milliseconds(interval, 'Aiodrive.repeat_periodically()'))


def as_completed(awaitables: Iterable[Awaitable]) -> AsyncIterator[asyncio.Future]:
    """Gives the tasks one after the other as they end: `async for task in as_completed(jobs): value = await task`."""
    if inspect.isawaitable(awaitables) or not hasattr(awaitables, '__iter__'):
        raise TypeError(f'Aiodrive.as_completed() needs several awaitables in a list or the like, '
                        f'not {type(awaitables).__name__}')
    return _as_completed(list(awaitables))


async def _as_completed(awaitables: list[Awaitable]) -> AsyncIterator[asyncio.Future]:
    tasks = to_tasks(awaitables, 'Aiodrive.as_completed()')
    futures = {task: getattr(task, 'future', lambda: None)() or awaitable for task, awaitable in zip(tasks, awaitables)}
    iterator = Raw.as_completed(tasks, current_scope())
    del awaitables, tasks
    try:
        async for task in iterator:
            yield futures[task]
    finally:
        await iterator.aclose()


def _as_source(items: Iterable | AsyncIterable) -> tuple[Any, asyncio.Task | None]:
    """An iterator of C for any in Python, and the task that fills it."""
    if isinstance(items, Raw.AsyncIterator):
        return items, None
    channel = Channel(1)
    return channel, current_loop().create_task(_fill(channel, items))


async def _fill(channel: Channel, items: Iterable | AsyncIterable) -> None:
    try:
        if hasattr(items, '__aiter__'):
            async for item in items:
                await channel.send(item)
        else:
            for item in items:
                await channel.send(item)
    except GLib.Error:
        channel.close_send()   # nobody receives any more
    except Exception as exception:
        channel.close_with_error(exception)
    else:
        channel.close_send()


def map(function: Callable[[Any], Awaitable], items: Iterable | AsyncIterable, max_concurrent: int = 10,
              ordered: bool = True) -> AsyncIterator:
    """Gives the results of a coroutine function for each item: `async for page in map(load, addresses, 4): ...`.

    So many run at once. One that fails ends it all: those that run are cancelled and awaited.
    """
    if not callable(function):
        raise TypeError(f'Aiodrive.map() needs a coroutine function, not {type(function).__name__}')
    if not hasattr(items, '__iter__') and not hasattr(items, '__aiter__'):
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
    source, filler = _as_source(items)
    results = Raw.map(source, max_concurrent, ordered, current_scope(), job)
    try:
        async for result in results:
            yield result
    finally:
        try:
            await results.aclose()
        finally:
            if filler is not None:
                filler.cancel()
                await asyncio.wait([filler])
