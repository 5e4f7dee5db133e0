# SPDX-License-Identifier: LGPL-2.1-or-later
"""Locks."""

from __future__ import annotations

import asyncio
import functools
import weakref
from typing import Any, Awaitable, Callable, Generator

from gi.repository import Gio, GLib

from .arguments import count, is_invalid_argument
from .blocking import block, check_no_coroutine
from .bridge import new_operation_scope, operation
from .raw import Raw, override
from .scopes import Block


class Acquisition:
    """A lock to acquire: `async with it:` in a coroutine, `with it:` outside one, or `guard = await it`."""

    def __init__(self, acquire: Callable[[], Awaitable[Any]],
                 acquire_blocking: Callable[[Gio.Cancellable | None], Any] | None = None,
                 is_weak: bool = False) -> None:
        self._acquire = acquire
        self._acquire_blocking = acquire_blocking
        self._is_weak = is_weak
        self._guard: Any = None
        self._block: Block | None = None

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._acquire().__await__()

    async def __aenter__(self) -> Any:
        self._check_unused()
        self._guard = await self._acquire()
        if self._is_weak:
            self._block = Block(self._guard.get_scope())
            self._block.enter()
        return self._guard

    async def __aexit__(self, kind: Any, exception: BaseException | None, trace: Any) -> bool:
        block, self._block = self._block, None
        was_preempted = block is not None and block.leave(exception)
        self._release()
        return was_preempted

    def __enter__(self) -> Any:
        if self._acquire_blocking is None:
            raise TypeError('this lock is for coroutines: use "async with"')
        check_no_coroutine('a blocking lock', '"async with"')
        self._check_unused()
        self._guard = block(self._acquire_blocking, 'a blocking lock', '"async with"')
        return self._guard

    def __exit__(self, *exc_info: Any) -> None:
        self._release()

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {"held" if self._guard is not None else "not held"}>'

    def _check_unused(self) -> None:
        if self._guard is not None:
            raise RuntimeError('this is held already: ask the lock again')

    def _release(self) -> None:
        guard, self._guard = self._guard, None
        guard.release()


class LockOfTask:
    """`async with lock:`: a guard for each time that it is entered in a task."""

    def acquire(self) -> Acquisition:
        """Acquires it: `async with lock.acquire():`, or `guard = await lock.acquire()`."""
        return Acquisition(self._acquire)

    async def __aenter__(self) -> Any:
        guard = await self._acquire()
        if not hasattr(self, 'guards'):
            self.guards = weakref.WeakKeyDictionary()
        self.guards.setdefault(asyncio.current_task(), []).append(guard)
        return guard

    async def __aexit__(self, *exc_info: Any) -> None:
        self.guards[asyncio.current_task()].pop().release()


@override
class NestableLock(LockOfTask, Raw.NestableLock):
    """A lock that a task that holds it, and the tasks below that, can acquire again: `async with lock:`."""

    async def _acquire(self) -> Any:
        return await operation(self.acquire_async, self.acquire_finish, cancellable=new_operation_scope())


@override
class Limiter(LockOfTask, Raw.Limiter):
    """A counting semaphore: `async with limiter:`."""

    def __init__(self, capacity: int = 1) -> None:
        super().__init__(capacity=count(capacity, 'Aiodrive.Limiter()', 0))

    def acquire(self) -> Acquisition:
        """Acquires one of its places: `async with`, `await`, or `with` outside a coroutine."""
        return Acquisition(self._acquire, functools.partial(Raw.Limiter.acquire, self))

    async def _acquire(self) -> Any:
        return await operation(self.acquire_async, self.acquire_finish)


@override
class SmartLock(Raw.SmartLock):
    """A lock for coroutines and threads, exclusive or shared: `async with lock.exclusive():`; `with` outside one."""

    def acquire(self, mode: Raw.LockMode = Raw.LockMode.EXCLUSIVE, priority: int = 0) -> Acquisition:
        """Acquires it in some mode; a smaller number of priority goes first."""
        async def acquire() -> Any:
            return await operation(self.acquire_async, self.acquire_finish, mode, priority,
                                   cancellable=new_operation_scope())
        return Acquisition(acquire, functools.partial(Raw.SmartLock.acquire, self, mode, priority),
                           mode == Raw.LockMode.WEAK_EXCLUSIVE)

    def exclusive(self) -> Acquisition:
        """Acquires it alone."""
        return self.acquire(Raw.LockMode.EXCLUSIVE)

    def shared(self) -> Acquisition:
        """Acquires it together with others who share it."""
        return self.acquire(Raw.LockMode.SHARED)

    def thread_shared(self) -> Acquisition:
        """Acquires it together with others of the same thread."""
        return self.acquire(Raw.LockMode.THREAD_SHARED)

    def weak_exclusive(self) -> Acquisition:
        """Acquires it alone, until somebody else asks for it: the block is cancelled then, and what is behind it goes
        on."""
        return self.acquire(Raw.LockMode.WEAK_EXCLUSIVE)


@override
class Condition(Raw.Condition):
    """A condition: `await condition.wait(guard)` releases what the guard holds, waits, and acquires it again."""

    async def wait(self, guard: Any) -> None:
        """Waits until it is signalled."""
        try:
            await operation(self.wait_async, self.wait_finish, guard)
        except GLib.Error as error:
            if not is_invalid_argument(error):
                raise
            raise RuntimeError(error.message) from None
