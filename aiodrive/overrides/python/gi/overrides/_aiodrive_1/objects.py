# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals and properties of objects, and coroutines that end with an object."""

from __future__ import annotations

import contextlib
import functools
from typing import Any, Awaitable, Callable, Iterator

from gi.repository import Gio, GLib, GObject

from .arguments import count, is_invalid_argument, milliseconds
from .bridge import check_awaitable, close_refused, current_scope, operation, operation_of_tasks
from .errors import to_exception
from .job import Job, _Start, name_of
from .raw import Raw, override


_ANY = object()


@contextlib.contextmanager
def _known() -> Iterator[None]:
    try:
        yield
    except GLib.Error as error:
        if not is_invalid_argument(error):
            raise to_exception(error) from None
        raise ValueError(error.message) from None


def _check_object(object: Any, where: str) -> None:
    if not isinstance(object, GObject.Object):
        raise TypeError(f'{where} needs a GObject.Object, not {type(object).__name__}')


def _check_signal(object: GObject.Object, signal: str | None, where: str) -> None:
    _check_object(object, where)
    if signal is not None and not GObject.signal_lookup(signal.partition('::')[0], type(object)):
        raise TypeError(f'{where}: {type(object).__name__} has no signal {signal!r}')


def spawn_for_object(object: GObject.Object, awaitable: Awaitable, signal: str | None = None, *,
                     name: str | None = None) -> None:
    """Starts a coroutine that is cancelled when the object is disposed, or emits the signal.

    While it awaits it must not hold the object, which is not disposed otherwise. Its failure is a warning.
    """
    try:
        check_awaitable(awaitable, 'Aiodrive.spawn_for_object()')
        _check_signal(object, signal, 'Aiodrive.spawn_for_object()')
    except BaseException:
        close_refused([awaitable])
        raise
    Raw.spawn_for_object(object, signal, _Start(lambda: None, awaitable, name or name_of(awaitable)))


def connect(object: GObject.Object, signal: str, function: Callable[..., Awaitable]) -> int:
    """Calls a coroutine function at each emission of a signal: `Aiodrive.connect(button, 'clicked', on_clicked)`.

    It gets the arguments of the signal without the object, which it would keep. What it does is cancelled when the
    object is disposed. Gives the id of the handler.
    """
    _check_signal(object, signal, 'Aiodrive.connect()')
    if not callable(function):
        raise TypeError(f'Aiodrive.connect() needs a coroutine function, not {type(function).__name__}')

    def on_emitted(source: GObject.Object, *args: Any) -> None:
        spawn_for_object(source, function(*args))

    return GObject.Object.connect(object, signal, on_emitted)


@override
class Emission(Raw.Emission):
    """The arguments of an emission, without the object; it can be unpacked as a tuple."""

    def __len__(self) -> int:
        return self.get_n_args()

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f'this emission has {len(self)} arguments')
        return self.get_arg(index)

    def __iter__(self) -> Iterator[Any]:
        return map(self.get_arg, range(len(self)))


async def wait_for_emission(object: GObject.Object, signal: str) -> Emission:
    """Awaits the next emission of a signal, and gives its arguments."""
    _check_object(object, 'Aiodrive.wait_for_emission()')
    with _known():
        return await operation(Raw.wait_for_emission_async, Raw.wait_for_emission_finish, object, signal)


async def wait_for_property(object: GObject.Object, property: str, value: Any = _ANY) -> Any:
    """Awaits that a property has a value, or its next change; gives the value."""
    _check_object(object, 'Aiodrive.wait_for_property()')
    pspec = object.find_property(property)
    if pspec is None:
        raise ValueError(f'{type(object).__name__} has no property {property!r}')
    wanted = None if value is _ANY else GObject.Value(pspec.value_type, value)
    with _known():
        return await operation(Raw.wait_for_property_async, Raw.wait_for_property_finish, object, property, wanted)


async def wait_for_fd(fd: Any, condition: GLib.IOCondition) -> GLib.IOCondition:
    """Awaits that a file, or its descriptor, is ready; gives what holds."""
    fd = fd if isinstance(fd, int) else fd.fileno()
    with _known():
        return await operation(Raw.wait_for_fd_async, Raw.wait_for_fd_finish, fd, condition)


def iterate_emissions(object: GObject.Object, signal: str, max_items: int = 100,
                      overflow: Any = Raw.Overflow.DROP_OLDEST) -> Any:
    """The emissions of a signal from now on: `async for emission in Aiodrive.iterate_emissions(object, 'moved')`."""
    _check_object(object, 'Aiodrive.iterate_emissions()')
    with _known():
        return Raw.iterate_emissions(object, signal, count(max_items, 'Aiodrive.iterate_emissions()', 1), overflow)


def iterate_property(object: GObject.Object, property: str) -> Any:
    """The values of a property, from the one that it has now; the latest where several have come."""
    _check_object(object, 'Aiodrive.iterate_property()')
    with _known():
        return Raw.iterate_property(object, property)


@override
class Latest(Raw.Latest):
    """Runs one coroutine at a time: `latest.spawn(search(text))` cancels and awaits the one before.

    With a debounce time, in seconds, a coroutine starts when no other one has come for that long.
    """

    def __init__(self, parent: Gio.Cancellable | None = None, debounce: float = 0.0) -> None:
        super().__init__(parent=parent if parent is not None else current_scope(),
                         debounce_ms=milliseconds(debounce, 'Aiodrive.Latest()'))

    def spawn(self, awaitable: Awaitable, *, name: str | None = None) -> Job:
        """Starts a coroutine when the one before has ended; if another one comes earlier it never starts."""
        check_awaitable(awaitable, 'Latest.spawn()')
        return Job(awaitable, name, functools.partial(super().spawn))

    async def close(self) -> None:
        """Cancels what runs, and awaits it."""
        await operation_of_tasks(self.close_async, self.close_finish)
