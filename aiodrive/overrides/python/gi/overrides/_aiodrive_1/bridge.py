# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is awaited in Python as a GTask, and what is asynchronous in C as something to await.

Mind the frames: an exception keeps those that it came through, and is itself kept by the error of a task. A frame that
kept the task would close a circle that Python's collector cannot see. So no frame here has a task when it raises.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
import weakref
from typing import Any, Awaitable, Callable, Iterable

from gi.repository import Gio, GLib, GObject

from .blocks import cancel_inside
from .errors import held_error, is_cancelled, is_timed_out, new_cancelled, to_exception
from .loop import EventLoop, current_loop, current_task
from .raw import Raw

# the tasks of futures that are not done
_links: weakref.WeakKeyDictionary[asyncio.Future, _Link] = weakref.WeakKeyDictionary()
# a future and the scope that it works in
_innermost: contextvars.ContextVar = contextvars.ContextVar('aiodrive-scope', default=(None, None))


class _Link:
    """A pending future and the GTask that stands for it: each ends when the other does, or is cancelled."""

    def __init__(self, future: asyncio.Future, task: Gio.Task) -> None:
        self.task: Gio.Task | None = task
        self.scope = task.get_cancellable()
        self.shielded = _shielded_below(self.scope)
        self.is_awaited = False   # else only its scope is of interest
        self._future = future
        self._loop = future.get_loop()
        self._handler = GObject.Object.connect(self.scope, 'cancelled', self._on_scope_cancelled)
        task.future = weakref.ref(future)
        _links[future] = self
        future.add_done_callback(self._on_future_done)
        if self.scope.is_cancelled():
            self._cancel()

    def _on_scope_cancelled(self, scope: Gio.Cancellable) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._future is not None:
            cancel_inside(self._future, None, self._cancel)

    def _on_future_done(self, future: asyncio.Future) -> None:
        del _links[future]
        GObject.Object.disconnect(self.scope, self._handler)
        task, self.task, self._future = self.task, None, None
        self.shielded.move_up()   # what the task has begun and goes on is below what is above the task
        if self.is_awaited:
            _return_outcome(task, future)
        else:
            task.return_error(new_cancelled())


def _return_outcome(task: Gio.Task, future: asyncio.Future) -> None:
    exception = asyncio.CancelledError() if future.cancelled() else future.exception()
    if exception is None:
        task.return_value(GObject.Value(object, future.result()))
    else:
        with held_error(exception, future) as error:
            task.return_error(error)


# weak references on coroutines that belong to a task, which may not have begun yet
_claimed: set[weakref.ref] = set()


def claim(awaitable: Any) -> None:
    """Lets nobody else make a task of a coroutine."""
    if inspect.iscoroutine(awaitable):
        _claimed.add(weakref.ref(awaitable, _claimed.discard))


def give_up(awaitable: Any) -> None:
    """Ends a claim, of one who passes the coroutine on."""
    if inspect.iscoroutine(awaitable):
        _claimed.discard(weakref.ref(awaitable))


def check_awaitable(awaitable: Any, where: str = 'Aiodrive') -> None:
    """Raises for what cannot be awaited, and closes it."""
    try:
        _check_awaitable(awaitable, where)
    except BaseException:
        close_refused([awaitable])
        raise


def _check_awaitable(awaitable: Any, where: str) -> None:
    if inspect.iscoroutine(awaitable):
        if inspect.getcoroutinestate(awaitable) != inspect.CORO_CREATED:
            raise RuntimeError(f'{where} needs a coroutine that nobody has awaited, and {awaitable.__qualname__}() '
                               'has been')
        if weakref.ref(awaitable) in _claimed:
            raise RuntimeError(f'{where} needs a coroutine that belongs to no task, and {awaitable.__qualname__}() '
                               'does already')
    elif isinstance(awaitable, asyncio.Task) and awaitable is current_task():
        raise RuntimeError(f'{where} needs another task than the one that calls it, which would wait for itself')
    elif asyncio.isfuture(awaitable):
        if awaitable.get_loop() is not current_loop():
            raise RuntimeError(f'{where} needs an awaitable of the loop that runs, '
                               f'and {awaitable!r} belongs to another one')
    elif not isinstance(awaitable, Gio.Task) and not inspect.isawaitable(awaitable):
        hint = f': call {awaitable.__qualname__}()' if inspect.iscoroutinefunction(awaitable) else ''
        raise TypeError(f'{where} needs a coroutine, a task or another awaitable, '
                        f'not {type(awaitable).__name__}{hint}')


def close_refused(awaitables: Iterable[Any]) -> None:
    """So that coroutines which never start are not reported as never awaited; also those in lists in the list."""
    left, seen = list(awaitables), set()
    while left:
        awaitable = left.pop()
        if inspect.iscoroutine(awaitable):
            if (inspect.getcoroutinestate(awaitable) == inspect.CORO_CREATED and
                    weakref.ref(awaitable) not in _claimed):
                awaitable.close()
        elif isinstance(awaitable, (list, tuple, set, frozenset, dict)) and id(awaitable) not in seen:
            seen.add(id(awaitable))
            left += [*awaitable, *awaitable.values()] if isinstance(awaitable, dict) else awaitable


async def _await(awaitable: Awaitable) -> Any:
    return await awaitable


def ensure_future(awaitable: Awaitable, *, name: str | None = None, where: str = 'Aiodrive') -> asyncio.Future:
    """A future, or a task for anything else that can be awaited; it belongs to the loop that runs."""
    check_awaitable(awaitable, where)
    if asyncio.isfuture(awaitable):
        return awaitable
    coroutine = awaitable if inspect.iscoroutine(awaitable) else _await(awaitable)
    claim(awaitable)
    try:
        loop = current_loop()
        return loop.create_task(coroutine) if name is None else loop.create_task(coroutine, name=name)
    except BaseException:
        give_up(awaitable)
        close_refused([awaitable, coroutine])
        raise


def link(future: asyncio.Future, task: Gio.Task) -> None:
    """Lets a task of C stand for a future."""
    if future.done():
        task.future = weakref.ref(future)
        _return_outcome(task, future)
    else:
        _Link(future, task).is_awaited = True


def to_task(awaitable: Any, parent: Gio.Cancellable | None = None, where: str = 'Aiodrive') -> Gio.Task:
    """The one way from something awaitable to a GTask."""
    if isinstance(awaitable, Gio.Task):
        return awaitable
    if isinstance(getattr(awaitable, 'task', None), Gio.Task):
        return awaitable.task   # a Job
    future = ensure_future(awaitable, where=where)
    pending = _links.get(future)
    if pending is not None:
        pending.is_awaited = True
        return pending.task
    task = new_task(future, parent if parent is not None else current_scope())
    link(future, task)
    return task


def new_task(future: asyncio.Future, parent: Gio.Cancellable | None) -> Gio.Task:
    loop = future.get_loop()
    if isinstance(loop, EventLoop):
        loop.give_turn()
    task = Raw.task_new(parent)
    if isinstance(future, asyncio.Task):
        task.set_name(future.get_name())
    return task


def to_tasks(awaitables: Iterable[Any], where: str) -> list[Gio.Task]:
    """Either none is started, or all are."""
    awaitables = list(awaitables)
    coroutines = set()
    try:
        for awaitable in awaitables:
            check_awaitable(awaitable, where)
            if inspect.iscoroutine(awaitable):
                if awaitable in coroutines:
                    raise RuntimeError(f'{where} was given the same coroutine of {awaitable.__qualname__}() twice')
                coroutines.add(awaitable)
    except BaseException:
        close_refused(awaitables)
        raise
    return [to_task(awaitable, where=where) for awaitable in awaitables]


def current_scope() -> Gio.Cancellable | None:
    """The scope above everything that the current task starts. It is below the scope of the task, or of the block that
    the task is in, which says whose it is; and shielded from that: cancelling a task is for asyncio, for the task gets
    to know of it once, and can begin and await its cleanup then."""
    current = current_task()
    if current is None:
        return None
    future, scope = _innermost.get()
    if future is not None and future() is current:
        return scope
    pending = _links.get(current) or _Link(current, new_task(current, scope))
    _innermost.set((weakref.ref(current), pending.shielded))
    return pending.shielded


def _shielded_below(scope: Gio.Cancellable) -> Gio.Cancellable:
    """One that was cancelled before would cancel it."""
    shielded = Raw.CancelScope.new(None if scope.is_cancelled() else scope)
    shielded.set_shielded(True)
    return shielded


def enter_scope(scope: Gio.Cancellable) -> tuple[Gio.Cancellable, contextvars.Token]:
    shielded = _shielded_below(scope)
    return shielded, _innermost.set((weakref.ref(asyncio.current_task()), shielded))


def leave_scope(entered: tuple[Gio.Cancellable, contextvars.Token]) -> None:
    shielded, token = entered
    shielded.move_up()
    try:
        _innermost.reset(token)
    except ValueError:
        pass   # an asynchronous generator is closed in another context


def new_operation_scope() -> Gio.Cancellable:
    """For a call that asks whose it is."""
    return Raw.CancelScope.new(current_scope())


class _Operation(asyncio.Future):
    """An asynchronous function of C. Being cancelled, it ends when that has ended."""

    def __init__(self, cancellable: Gio.Cancellable) -> None:
        super().__init__(loop=current_loop())
        self.cancellable = cancellable
        self.is_cancelled = False
        self.message: Any = None

    def cancel(self, msg: Any = None) -> bool:
        if self.done():
            return False
        self.is_cancelled = True
        self.message = msg
        self.cancellable.cancel()
        return True

    def on_ready(self, source: Any, result: Gio.AsyncResult, *data: Any) -> None:
        if not self.done() and not self.get_loop().is_closed():
            self.set_result(result)


async def operation(begin: Callable, finish: Callable, *args: Any, cancellable: Gio.Cancellable | None = None,
                    is_of_tasks: bool = False) -> Any:
    """The one way from an asynchronous function of C to Python.

    A task that is cancelled while it waits gets CancelledError: a result of that moment is not unwrapped, so that it
    goes back, nor is an error. But what tasks have raised meanwhile is raised, as everywhere in asyncio.
    """
    future = _Operation(cancellable or Gio.Cancellable())
    result = exception = None
    try:
        begin(*args, future.cancellable, future.on_ready)
        result = await future
        if not future.is_cancelled or is_of_tasks and Raw.result_had_error(result):
            value = finish(result)
    except GLib.Error as error:
        if not future.is_cancelled or not is_cancelled(error) and not is_timed_out(error):
            exception = to_exception(error, result)
    finally:
        if not future.done():
            future.cancellable.cancel()   # the coroutine was closed
        was_cancelled, message = future.is_cancelled, future.message
        begin = finish = args = future = result = cancellable = None
    if was_cancelled and exception is None:
        raise asyncio.CancelledError(*([] if message is None else [message]))
    if exception is not None:
        try:
            raise exception
        finally:
            exception = None
    return value


operation_of_tasks = functools.partial(operation, is_of_tasks=True)


def outcome_of(task: Gio.Task) -> Any:
    """The value of a task that has ended; its error is raised."""
    try:
        # first, for PyGObject loses 32 bytes with each error of a function that has a GValue to fill
        leaf = Raw.task_get_leaf(task)
    except GLib.Error as error:
        exception = to_exception(error, task)
    else:
        future = getattr(leaf, 'future', lambda: None)()
        if future is not None:
            return future.result()
        if not hasattr(leaf, 'value'):
            leaf.value = Raw.task_propagate(leaf)   # which can be done once, and awaiting as often as one likes
        return leaf.value
    finally:
        task = leaf = None
    try:
        raise exception
    finally:
        exception = None


async def await_task(task: Gio.Task) -> Any:
    """Who awaits a task and is cancelled cancels it and awaits its end, as in asyncio."""
    cancellable = task.get_cancellable()
    future = getattr(task, 'future', lambda: None)()
    if future is not None and future is not asyncio.current_task() and future.get_loop() is current_loop():
        task = cancellable = None
        return await future
    try:
        if cancellable is None or task.get_completed():
            ended = await operation_of_tasks(Raw.wait_task_async, Raw.wait_task_finish, task)
        else:
            ended, = await operation_of_tasks(Raw.try_all_async, Raw.try_all_finish, [task])
    finally:
        task = cancellable = None
    return outcome_of(ended)


Gio.Task.__await__ = lambda self: await_task(self).__await__()


def start(awaitable: Awaitable, task: Gio.Task, *, name: str | None = None, where: str = 'Aiodrive',
          on_done: Callable[[asyncio.Future], Any] | None = None) -> None:
    """The one way from a task that C has made for a job to the coroutine that is the job."""
    try:
        future = ensure_future(awaitable, name=name, where=where)
        if on_done is not None:
            future.add_done_callback(on_done)   # before who awaits the task gets to know
        link(future, task)
    except BaseException as exception:
        with held_error(exception) as error:
            task.return_error(error)
