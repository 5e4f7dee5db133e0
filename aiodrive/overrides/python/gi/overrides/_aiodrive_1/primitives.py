# SPDX-License-Identifier: LGPL-2.1-or-later
"""Buttons, latches, events and futures."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Generator, Iterator

from gi.repository import Gio, GLib, GObject

from .blocking import block
from .bridge import operation
from .errors import held_error, to_exception
from .raw import Raw, override


def boxed(value: Any) -> GObject.Value:
    """Any object as it is: numbers of any size and None too."""
    return GObject.Value(object, value)


@override
class Button(Raw.Button):
    """A stateless event that wakes all current waiters: `button()` presses it, `await button` waits for that."""

    def __call__(self) -> None:
        """Presses it."""
        self.press()

    async def wait(self) -> None:
        """Waits until it is pressed."""
        await operation(self.wait_async, self.wait_finish)

    def __await__(self) -> Generator[Any, Any, None]:
        return self.wait().__await__()


@override
class Cargo(Raw.Cargo):
    """A button that carries a value: `cargo.send(value)`, `value = await cargo`."""

    def send(self, value: Any) -> None:
        """Sends the value to all current waiters."""
        super().send(boxed(value))

    async def wait(self) -> Any:
        """Waits for the next value."""
        return await operation(self.wait_async, self.wait_finish)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.wait().__await__()


@override
class Latch(Raw.Latch):
    """Is set or not, and both can be awaited. `await latch` waits for the next change, and gives the state."""

    def toggle(self, state: bool) -> None:
        """Sets it or unsets it."""
        self.set_state(state)

    def is_set(self) -> bool:
        """Returns whether it is set."""
        return self.get_state()

    async def wait(self) -> bool:
        """Waits for the next change, and gives the state that it came to."""
        return (await operation(self.wait_async, self.wait_finish))[1]

    async def wait_set(self) -> None:
        """Waits until it is set."""
        await operation(self.wait_set_async, self.wait_set_finish)

    async def wait_unset(self) -> None:
        """Waits until it is not set."""
        await operation(self.wait_unset_async, self.wait_unset_finish)

    def __await__(self) -> Generator[Any, Any, bool]:
        return self.wait().__await__()


@override
class ThreadSafeEvent(Raw.ThreadSafeEvent):
    """asyncio.Event for every thread: `await event.wait()`, and `event.wait_blocking()` outside a coroutine."""

    async def wait(self) -> bool:
        """Waits until it is set."""
        return await operation(self.wait_async, self.wait_finish)

    def wait_blocking(self) -> bool:
        """Blocks the thread until it is set."""
        return block(super().wait, 'wait_blocking()', '"await"')

    def __await__(self) -> Generator[Any, Any, bool]:
        return self.wait().__await__()


@contextlib.contextmanager
def _once() -> Iterator[None]:
    try:
        yield
    except GLib.Error as error:
        if not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.EXISTS):
            raise
        raise asyncio.InvalidStateError(error.message) from None


@override
class ThreadSafeFuture(Raw.ThreadSafeFuture):
    """A value that is set once, from any thread: `value = await future`; every waiter gets it."""

    def set_result(self, value: Any) -> None:
        """Gives the value; asyncio.InvalidStateError if it has been given something before."""
        with _once():
            self.set_value(boxed(value))

    def set_exception(self, exception: BaseException) -> None:
        """Gives an exception instead, to be raised."""
        with _once(), held_error(exception, self) as error:
            self.set_error(error)

    def cancel(self) -> bool:
        """Cancels all waiters; returns whether the future was still pending."""
        try:
            return super().cancel()
        except GLib.Error:
            return False

    def done(self) -> bool:
        """Whether it has been given something."""
        return self.is_done()

    async def wait(self) -> Any:
        """Waits for the value, or raises the exception."""
        return await operation(self.wait_async, self.wait_finish)

    def wait_blocking(self) -> Any:
        """Blocks the thread until there is a value."""
        try:
            return block(super().wait, 'wait_blocking()', '"await"')
        except GLib.Error as error:
            raise to_exception(error) from None

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.wait().__await__()
