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
    """Waits for a time in seconds."""
    return await asyncio.sleep(delay, result)


def _ask(info: Any, name: str, suffix: str) -> Any:
    """Calls a getter, whose name is longer in PyGObject 3.52 and later."""
    getter = getattr(info, name + suffix, None)
    return (getter if getter is not None else getattr(info, name))()


class _Shape:
    """Where an asynchronous function has its arguments, as Python counts them."""

    def __init__(self, function: Callable) -> None:
        inputs = self._inputs_of(function)
        roles = [role for name, role in inputs]
        self.is_asynchronous = 'AsyncReadyCallback' in roles
        if not self.is_asynchronous:
            return
        end = roles.index('AsyncReadyCallback')
        self.has_cancellable = 'Cancellable' in roles[:end]
        middle = roles.index('Cancellable') if self.has_cancellable else end
        self.names = [name for name, role in inputs[:middle]]
        self.between = [role == 'data' for name, role in inputs[middle + self.has_cancellable:end]]
        self.n_optional = self.between.count(False)

    @staticmethod
    def _inputs_of(function: Callable) -> list[tuple[str, str]]:
        """The names of the arguments, and what is special about them."""
        arguments = [(argument, _ask(argument, 'get_type', '_info')) for argument in function.get_arguments()]
        hidden = {_ask(kind, 'get_array_length', '_index') for argument, kind in arguments} | {
            _ask(argument, 'get_destroy', '_index') for argument, kind in arguments}
        data = {_ask(argument, 'get_closure', '_index') for argument, kind in arguments} - {-1}
        inputs = []
        for i, (argument, kind) in enumerate(arguments):
            if int(argument.get_direction()) == 1 or i in hidden:   # an output
                continue
            name, interface = argument.get_name(), kind.get_interface()
            role = interface.get_name() if interface is not None else 'data' if i in data else ''
            if role == 'Closure' and name.startswith('ready_callback'):   # in GLib 2.82 and later
                role = 'AsyncReadyCallback'
            inputs.append((name, role))
        return inputs

    def check(self, name: str, n_given: int) -> None:
        n_least = len(self.names)
        if n_least <= n_given <= n_least + self.n_optional:
            return
        needed = f'{n_least} argument{"" if n_least == 1 else "s"}' if n_least else 'no argument'
        if n_least:
            needed += f' ({", ".join(self.names)})'
        raise TypeError(f'Aiodrive.call() of {name}() needs {needed}, {n_given} {"was" if n_given == 1 else "were"} '
                        'given: it adds the cancellable and the callback itself')

    def begin(self, function: Callable) -> Callable:
        """The function with its cancellable and its callback last."""
        if self.has_cancellable and not self.between:
            return function

        def begin(*args: Any) -> None:
            *args, cancellable, on_ready = args
            own, extra = args[:len(self.names)], iter(args[len(self.names):])
            function(*own, *([cancellable] if self.has_cancellable else []),
                     *[() if is_data else next(extra, None) for is_data in self.between], on_ready)
        return begin


_shapes: dict[tuple, _Shape] = {}


def _shape_of(function: Callable) -> _Shape:
    container = function.get_container()
    key = function.get_namespace(), container.get_name() if container is not None else None, function.__name__
    shape = _shapes.get(key)
    if shape is None:
        shape = _shapes[key] = _Shape(function)
    return shape


def _check_asynchronous(function: Callable, shape: _Shape) -> None:
    if shape.is_asynchronous:
        return
    name = function.__name__
    hint = f': use {name}_async()' if hasattr(_owner_of(function), name + '_async') else ''
    raise TypeError(f'Aiodrive.call() needs an asynchronous function, and {name}() is not one{hint}')


def _owner_of(function: Callable) -> Any:
    """The class or the namespace that has it."""
    container = function.get_container()
    namespace = importlib.import_module('gi.repository.' + function.get_namespace())
    return namespace if container is None else getattr(namespace, container.get_name())


def _finish_of(function: Callable) -> Callable:
    """The finish function that belongs to an asynchronous one, by its name."""
    name = function.__name__.removesuffix('_async') + '_finish'
    container = function.get_container()
    if container is not None and function.is_method():
        return lambda result: getattr(result.get_source_object(), name)(result)
    return getattr(_owner_of(function), name)


async def call(function: Callable, *args: Any, finish: Callable | None = None) -> Any:
    """Calls an asynchronous function of GIO, or of any library like it, and gives what its finish function gives.

    `contents = await call(file.load_contents_async)`. The arguments are those before the cancellable, which is the
    task's, and the callback; then, if there are any, those between the two, which may be left out. Without `finish`
    that function is found by its name.
    """
    if not hasattr(function, 'get_arguments'):
        if finish is None:
            close_refused([function])
            raise TypeError(f'Aiodrive.call() needs an asynchronous function of GIO or of a library like it, '
                            f'not {function!r}')
        return await operation(function, finish, *args)
    shape = _shape_of(function)
    _check_asynchronous(function, shape)
    shape.check(function.__name__, len(args))
    return await operation(shape.begin(function), finish if finish is not None else _finish_of(function), *args)
