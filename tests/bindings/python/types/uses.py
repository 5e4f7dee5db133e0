# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is not run: what a type checker has to accept, and what it has to refuse. An "ignore" that ignores nothing is an
error, too."""

import asyncio
import signal
from typing import assert_type

from gi.repository import Aiodrive, Gio, GLib


async def number() -> int:
    return 1


async def length(text: str) -> int:
    return len(text)


async def uses(file: Gio.File) -> None:
    index, value = await Aiodrive.race(number(), number())
    assert_type(index, int)
    assert_type(value, int)
    assert_type(await Aiodrive.try_all([number(), number()]), list[int])
    assert_type(await Aiodrive.shield(number()), int)
    assert_type(await Aiodrive.timeout(0.5, number()), int)
    async with Aiodrive.timeout(0.5) as limit:
        assert_type(limit, asyncio.Timeout)
    async with Aiodrive.timeout(None):
        pass
    contents = await Aiodrive.call(file.load_contents_async)
    print(contents)

    async with Aiodrive.TaskGroup() as group:
        task = group.spawn(number(), name='number')
        assert_type(task, asyncio.Future[int])
        group.cancel()
    assert_type(task.result(), int)
    async with Aiodrive.Pool.open('pool') as pool:
        job = pool.spawn(number(), depth=1)
        job.cancel()
        print(await job, job.done())
    async with Aiodrive.BackgroundExecutor() as executor:
        print(await executor.spawn(number()))

    async for result in Aiodrive.map(length, ['a', 'b'], 2, ordered=False):
        assert_type(result, int)
    async for future in Aiodrive.as_completed([number()]):
        assert_type(future, asyncio.Future[int])
    async for _ in Aiodrive.repeat_periodically(0.5):
        break
    queue = Aiodrive.UnorderedQueue()
    queue.put('item')
    async for item in queue:
        print(item)
    assert_type(len(queue), int)

    lock = Aiodrive.SmartLock()
    async with lock.exclusive():
        pass
    with lock.shared():
        pass
    with Aiodrive.CancelScope(timeout=2.0) as scope:
        scope.cancel()
        scope.cancel_with_reason(ValueError('reason'))
        assert_type(scope.is_cancelled(), bool)
    try:
        with Aiodrive.handle_signal(signal.SIGINT):
            await Aiodrive.Button()
    except Aiodrive.SignalError as error:
        assert_type(error.signum, int | None)
        print(error.message, error.matches(Aiodrive.Error.quark(), Aiodrive.Error.SIGNAL))
    latch = Aiodrive.Latch()
    assert_type(await latch, bool)
    Aiodrive.spawn(number()).add_done_callback(print)
    loop = Aiodrive.EventLoop()
    assert_type(loop.run_until_complete(number()), int)


def runs() -> None:
    assert_type(Aiodrive.run(number()), int)
    with asyncio.Runner(loop_factory=Aiodrive.EventLoop) as runner:
        runner.run(number())
    with Aiodrive.TestContext() as test:
        assert_type(test.get_elapsed(), float)
    source = Aiodrive.wake_source_new()
    Aiodrive.wake_source_watch_fd(source, 1, GLib.IOCondition.IN)


async def misuses() -> None:
    Aiodrive.no_such_function()  # type: ignore[attr-defined]
    Aiodrive.CancelScope(2.0)  # type: ignore[arg-type]
    Aiodrive.Button().preess()  # type: ignore[attr-defined]
    await Aiodrive.timeout('1', number())  # type: ignore[call-overload]
    await Aiodrive.sleep('1')  # type: ignore[arg-type]
    Aiodrive.run(number)  # type: ignore[arg-type]
    Aiodrive.spawn(number(), 'name')  # type: ignore[misc]
    Aiodrive.map(length, [1, 2])  # type: ignore[arg-type]
    Aiodrive.map([1], length)  # type: ignore[arg-type]
    Aiodrive.handle_signal('SIGINT')  # type: ignore[arg-type]
    Aiodrive.Channel('x')  # type: ignore[arg-type]
    with Aiodrive.TaskGroup():  # type: ignore[attr-defined]
        pass
    text: str = await Aiodrive.Latch()  # type: ignore[assignment]
    print(text)
