# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests: time that is virtual, and coroutines that are cancelled wherever they wait."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
from typing import Any, Awaitable, Callable, Iterator

from gi.repository import Gio, GLib, GObject

from .bridge import check_awaitable, start
from .clock import begin_test, end_test
from .errors import held_error
from .loop import current_loop, current_task, look_at_clock
from .raw import Raw, override

Scenario = Callable[[], Awaitable]


@override
class TestContext(Raw.TestContext):
    """A main context in which time is virtual: `with TestContext() as test: Aiodrive.run(job())`.

    Time stands while there is something to do, and jumps to the next timer when everything waits. That holds for what
    goes by the loop too, asyncio.sleep() and asyncio.timeout() say. Work in other threads or processes is not seen:
    announce it with hold() and release().
    """

    def __new__(cls, context: GLib.MainContext | None = None) -> TestContext:
        return Raw.TestContext.new(context)

    def __init__(self, context: GLib.MainContext | None = None) -> None:
        begin_test(self)
        look_at_clock(self.get_context())

    @classmethod
    def new(cls, context: GLib.MainContext | None = None) -> TestContext:
        return cls(context)

    def get_elapsed(self) -> float:
        """Returns the virtual time since the context was made, in seconds."""
        return super().get_elapsed() / 1e6

    def close(self) -> None:
        """Ends the test: time is the real one again."""
        super().close()
        end_test(self)
        look_at_clock(self.get_context())

    def __enter__(self) -> TestContext:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.close()

    def cancel_at_step(self, step: int, scenario: Scenario) -> bool:
        """Runs the coroutine of a function, and cancels it after `step` iterations of the main context that were not
        idle.

        Gives whether it was cancelled before it had ended. Its exception is raised, if it is not CancelledError; and
        AssertionError if anything goes on when it has ended: if its task is held, a task that it has started is not
        done, or the exception of one was never retrieved.
        """
        if current_task() is not None:
            raise RuntimeError('cancel_at_step() iterates the main context: call it outside of coroutines')
        run = _Run(scenario)
        try:
            was_cancelled = super().cancel_at_step(step, run.begin)
        except GLib.Error as error:
            was_cancelled = run.was_cancelled
            run.problems.append(error.message.partition(': ')[2])
        gc.collect()
        self.wait_all_blocked()
        with _noting(step, was_cancelled):
            run.check()
        return was_cancelled

    def cancel_at_each_step(self, scenario: Scenario, check: Callable[[], Any] | None = None) -> int:
        """Runs what a coroutine function gives again and again, cancelled after 0, 1, 2 ... steps, until it ends
        before that: so it is cancelled at each place where it waits.

            with Aiodrive.TestContext() as test:
                test.cancel_at_each_step(transfer, lambda: self.assertEqual(accounts.total(), 1000))

        After each time `check` is called. A note of the exception says when it was cancelled; see cancel_at_step()
        for what is looked at. Gives how often it was cancelled.
        """
        for step in itertools.count():
            was_cancelled = self.cancel_at_step(step, scenario)
            if check is not None:
                with _noting(step, was_cancelled):
                    check()
            if not was_cancelled:
                return step


@contextlib.contextmanager
def _noting(step: int, was_cancelled: bool) -> Iterator[None]:
    try:
        yield
    except BaseException as exception:
        exception.add_note(f'cancelled after {step} steps' if was_cancelled else f'not cancelled in {step} steps')
        raise


class _Run:
    """A scenario, run once, and what is wrong when it has ended."""

    def __init__(self, scenario: Scenario) -> None:
        self.was_cancelled = False
        self.problems: list[str] = []
        self._scenario = scenario
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handler: Callable | None = None
        self._others: set[asyncio.Task] = set()
        self._exception: BaseException | None = None

    def begin(self, task: Gio.Task, cancellable: Gio.Cancellable, *data: Any) -> None:
        """It is a job for C."""
        self._loop = current_loop()
        self._others = asyncio.all_tasks(self._loop)
        self._handler = self._loop.get_exception_handler()
        self._loop.set_exception_handler(self._on_exception)
        GObject.Object.connect(cancellable, 'cancelled', self._on_cancelled)
        try:
            awaitable = self._scenario()
            check_awaitable(awaitable, 'cancel_at_step()')
        except BaseException as exception:
            self._exception = exception
            with held_error(exception) as error:
                task.return_error(error)
        else:
            start(awaitable, task, where='cancel_at_step()', on_done=self._on_done)

    def _on_cancelled(self, cancellable: Gio.Cancellable) -> None:
        self.was_cancelled = True

    def _on_done(self, future: asyncio.Future) -> None:
        if not future.cancelled():
            self._exception = future.exception()
        future.get_loop().call_soon(gc.collect)   # before C looks what is still held

    def _on_exception(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.problems.append(f'{context.get("message")}: {context.get("exception")!r}')

    def check(self) -> None:
        """Raises what it failed with, or AssertionError if something is left."""
        exception, self._exception = self._exception, None
        if self._loop is not None:
            self._loop.set_exception_handler(self._handler)
            self.problems += [f'{task!r} goes on' for task in asyncio.all_tasks(self._loop) - self._others]
        try:
            if exception is not None:
                raise exception
            if self.problems:
                raise AssertionError('; '.join(self.problems))
        finally:
            exception = None
