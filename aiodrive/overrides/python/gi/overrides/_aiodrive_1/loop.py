# SPDX-License-Identifier: LGPL-2.1-or-later
"""asyncio's event loop, in a GMainContext."""

from __future__ import annotations

import asyncio
import collections
import heapq
import math
import sys
import threading
import weakref
from typing import Any, Callable

from gi._ossighelper import register_sigint_fallback, wakeup_on_signal
from gi.repository import GLib

from .clock import FUZZ, Clock, to_due
from .executor import DefaultExecutor
from .interrupt import ends_with_interrupt
from .report import ExceptionHandler

# those that run, and those that came into being because something was to be done in a context that others iterate
_running: dict[int, list[EventLoop]] = {}
_ambient: weakref.WeakValueDictionary[int, EventLoop] = weakref.WeakValueDictionary()
_kept: list[EventLoop] = []

# so often an iteration of the main context lets go round what makes itself ready again, before others have a turn
MAX_ROUNDS = 4


def thread_default_context() -> GLib.MainContext:
    return GLib.MainContext.get_thread_default() or GLib.MainContext.default()


def is_of_pygobject(loop: asyncio.AbstractEventLoop) -> bool:
    events = sys.modules.get('gi.events')
    return events is not None and isinstance(loop, events.GLibEventLoop)


def look_at_clock(context: GLib.MainContext) -> None:
    """The loops of a context go by another time from now on."""
    ambient = _ambient.get(hash(context))
    for loop in [*_running.get(hash(context), []), *([ambient] if ambient is not None else [])]:
        loop._wake_at(0)


def current_task() -> asyncio.Task | None:
    """Also where no loop runs."""
    loop = asyncio._get_running_loop()
    return asyncio.current_task(loop) if loop is not None else None


def current_loop() -> asyncio.AbstractEventLoop:
    """The loop that runs; outside one the loop of the thread-default context, which is made if there is none.

    In PyGObject 3.50 and later a loop of its own runs with every main loop, and so in its callbacks; there ours goes
    before it if it has been used before.
    """
    loop = asyncio._get_running_loop()
    if loop is not None and is_of_pygobject(loop) and asyncio.current_task(loop) is None:
        loop = _ambient.get(hash(thread_default_context()), loop)
    if loop is not None:
        if not isinstance(loop, EventLoop) and not is_of_pygobject(loop):
            raise RuntimeError(f'a loop that runs a GLib.MainContext is needed, that of Aiodrive.run() or of '
                               f'gi.events, not {type(loop).__name__}')
        return loop

    context = thread_default_context()
    if _running.get(hash(context)):
        return _running[hash(context)][-1]
    loop = _ambient.get(hash(context))
    if loop is None:
        loop = _ambient[hash(context)] = EventLoop()
        if context == GLib.MainContext.default():
            _kept.append(loop)   # others go with the last of their tasks
    return loop


class EventLoop(Clock, DefaultExecutor, ExceptionHandler, asyncio.AbstractEventLoop):
    """An event loop of asyncio in the main context that is thread-default where it is made.

    It runs whenever the context is iterated, by whoever does that: Aiodrive.run(), a GLib.MainLoop, the run() of an
    application. While its callbacks run it is asyncio's running loop. What needs sockets or processes of asyncio is
    not there: GIO has its own.
    """

    def __init__(self) -> None:
        super().__init__(thread_default_context())
        self._ready: collections.deque[asyncio.Handle] = collections.deque()
        self._timers: list[asyncio.TimerHandle] = []
        self._n_cancelled_timers = 0
        self._due = -1       # the ready time of the source, in microseconds, as far as this thread knows
        self._n_drains = 0   # nested ones count
        self._is_short = False   # the drain that runs ends with this round
        self._main_loops: list[GLib.MainLoop] = []
        self._stopping = False
        self._closed = False
        self._debug = False
        self._fatal: BaseException | None = None
        self._task_factory: Callable[..., asyncio.Task] | None = None
        self._generators: weakref.WeakSet = weakref.WeakSet()
        itself = weakref.ref(self)
        self._source.set_callback(lambda *data: (loop := itself()) is not None and loop._on_wake())
        self._source.attach(self._context)

    def __del__(self, is_finalizing=sys.is_finalizing) -> None:
        if not self._closed and not is_finalizing():
            self.close()

    # Its callbacks

    def call_soon(self, callback: Callable, *args: Any, context=None) -> asyncio.Handle:
        if self._closed:
            self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        if self._due != 0:
            self._wake_at(0)
        return handle

    def call_soon_threadsafe(self, callback: Callable, *args: Any, context=None) -> asyncio.Handle:
        self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        self._source.set_ready_time(0)
        return handle

    def call_later(self, delay: float, callback: Callable, *args: Any, context=None) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Callable, *args: Any, context=None) -> asyncio.TimerHandle:
        self._check_closed()
        if math.isnan(when):
            raise ValueError('a time is needed, not NaN')
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        handle._scheduled = True
        heapq.heappush(self._timers, handle)
        self._wake_at(to_due(when))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        self._n_cancelled_timers += 1
        if self._n_cancelled_timers > 100 and self._n_cancelled_timers > len(self._timers) // 2:
            self._timers = [timer for timer in self._timers if not timer._cancelled]
            heapq.heapify(self._timers)
            self._n_cancelled_timers = 0
        if Clock.is_virtual:
            self._wake_at(0)   # time is not to go by for it

    def _wake_at(self, due: int) -> None:
        if self._due == -1 or due < self._due:
            self._due = due
            self._set_ready_time(due)

    def _take_timers(self) -> None:
        """What is due goes to what is ready."""
        now = self.time() + FUZZ / 1e6
        while self._timers and (self._timers[0]._cancelled or self._timers[0]._when <= now):
            timer = heapq.heappop(self._timers)
            timer._scheduled = False
            if timer._cancelled:
                self._n_cancelled_timers -= 1
            else:
                self._ready.append(timer)

    def _on_wake(self) -> bool:
        """A callback of PyGObject's that raises anything is never called again."""
        try:
            self._drain()
        except SystemExit:
            raise   # PyGObject ends the process
        except BaseException as error:
            self._on_raised(error)
        return not self._closed

    def _drain(self) -> None:
        """Runs what is ready now; what that makes ready is for the next iteration, or for this one while it is short.
        It may be nested."""
        self._due = -1
        self._alarm = None
        self._is_short = False
        n_rounds = 0
        entered = self._enter()
        try:
            while n_rounds == 0 or (n_rounds < MAX_ROUNDS and self._ready and not self._is_short and
                                    not self._stopping and not self._closed):
                n_rounds += 1
                if self._timers:
                    self._take_timers()
                self._run_ready()
        finally:
            self._leave(*entered)
            if not self._closed:
                self._rearm()

    def give_turn(self) -> None:
        """Lets other sources have a turn behind this round. It is for who makes a GTask: one that is returned in the
        iteration in which it was made is called back later than one that is returned in the next."""
        self._is_short = True

    def _run_ready(self) -> None:
        ready = self._ready
        for _ in range(len(ready)):
            if not ready or self._closed:
                break
            handle = ready.popleft()
            if ready and self._due != 0:
                self._wake_at(0)   # for a main loop that the callback may run
            if not handle._cancelled:
                self._run(handle)
                handle = None   # not to be kept by this frame

    def _run(self, handle: asyncio.Handle) -> None:
        try:
            handle._run()
        except (SystemExit, KeyboardInterrupt) as error:
            if isinstance(error, SystemExit) and not self._main_loops and \
                    threading.current_thread() is threading.main_thread():
                raise
            self._on_raised(error)

    def _on_raised(self, error: BaseException) -> None:
        if self._main_loops:
            self._end(error)
        else:
            self.call_exception_handler({'message': 'Raised where there is no Aiodrive.run() to end',
                                         'exception': error})

    def _end(self, error: BaseException) -> None:
        """Has run_forever() raise it."""
        self._fatal = error
        self.stop()

    def _rearm(self) -> None:
        while self._timers and self._timers[0]._cancelled:
            heapq.heappop(self._timers)._scheduled = False
            self._n_cancelled_timers -= 1
        due = 0 if self._ready else to_due(self._timers[0]._when) if self._timers else -1
        if due != self._due:
            self._due = due
            self._set_ready_time(due)
            if due != 0 and self._ready:   # another thread came in between
                self._wake_at(0)

    def _enter(self) -> tuple:
        """Becomes the running loop. A task that runs a main loop is not the current one of what happens in there."""
        outer = asyncio._get_running_loop()
        task = asyncio.current_task(outer) if outer is not None else None
        if task is not None:
            asyncio._leave_task(outer, task)
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(firstiter=self._generators.add, finalizer=self._close_generator)
        asyncio._set_running_loop(self)
        self._n_drains += 1
        return outer, task, hooks

    def _leave(self, outer: asyncio.AbstractEventLoop | None, task: asyncio.Task | None, hooks) -> None:
        self._n_drains -= 1
        asyncio._set_running_loop(outer)
        sys.set_asyncgen_hooks(*hooks)
        if task is not None:
            asyncio._enter_task(outer, task)

    # Running it

    def run_forever(self) -> None:
        self._check_closed()
        if self.is_running() or asyncio._get_running_loop() is not None:
            raise RuntimeError('This event loop is already running' if self.is_running() else
                               'Cannot run the event loop while another loop is running')
        if thread_default_context() != self._context:
            raise RuntimeError('the event loop belongs to another GLib.MainContext than the thread-default one')
        if self._stopping:
            self._stopping = False
            self._drain()
            return

        stack = _running.setdefault(hash(self._context), [])
        stack.append(self)
        main_loop = GLib.MainLoop.new(self._context, False)
        self._main_loops.append(main_loop)
        try:
            # as GLib.MainLoop.run() does, which in PyGObject 3.50 and later would run a loop of its own with it
            with register_sigint_fallback(main_loop.quit), wakeup_on_signal(), \
                    ends_with_interrupt(self._end, EventLoop._run.__code__):
                super(GLib.MainLoop, main_loop).run()
        finally:
            self._main_loops.pop()
            stack.remove(self)
            self._stopping = False
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal

    def run_until_complete(self, future):
        self._check_closed()
        is_new = not asyncio.isfuture(future)
        future = asyncio.ensure_future(future, loop=self)
        if is_new:
            future._log_destroy_pending = False
        future.add_done_callback(self._stop_after)
        try:
            self.run_forever()
        except BaseException:
            if is_new and future.done() and not future.cancelled():
                future.exception()   # it is raised here
            raise
        finally:
            future.remove_done_callback(self._stop_after)
        if not future.done():
            raise RuntimeError('Event loop stopped before Future completed.')
        return future.result()

    def _stop_after(self, future: asyncio.Future) -> None:
        if future.cancelled() or not isinstance(future.exception(), (SystemExit, KeyboardInterrupt)):
            self.stop()

    def stop(self) -> None:
        self._stopping = True
        for main_loop in self._main_loops:
            main_loop.quit()

    def is_running(self) -> bool:
        return bool(self._main_loops) or self._n_drains > 0

    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        if self._n_drains > 0 or self._main_loops:
            raise RuntimeError('Cannot close a running event loop')
        if self._closed:
            return
        self._closed = True
        self._ready.clear()
        self._timers.clear()
        self._alarm = None
        self._source.destroy()
        self._close_executor()

    def _check_closed(self) -> None:
        if self._closed:
            raise RuntimeError('Event loop is closed')

    # Its futures, tasks and generators

    def create_future(self) -> asyncio.Future:
        return asyncio.Future(loop=self)

    def create_task(self, coro, **kwargs) -> asyncio.Task:
        self._check_closed()
        if self._task_factory is None:
            return asyncio.Task(coro, loop=self, **kwargs)
        if asyncio._get_running_loop() is self:
            return self._task_factory(self, coro, **kwargs)
        entered = self._enter()   # an eager task runs at once, also in a callback of C
        try:
            return self._task_factory(self, coro, **kwargs)
        finally:
            self._leave(*entered)

    def prime(self, coro, **kwargs) -> asyncio.Task:
        """A task that has taken its first step."""
        n_ready = len(self._ready)
        task = self.create_task(coro, **kwargs)
        if len(self._ready) > n_ready:   # an eager one has taken it already
            step = self._ready.pop()
            entered = self._enter()
            try:
                self._run(step)
            finally:
                self._leave(*entered)
        return task

    def set_task_factory(self, factory) -> None:
        if factory is not None and not callable(factory):
            raise TypeError('the task factory must be a callable or None')
        self._task_factory = factory

    def get_task_factory(self):
        return self._task_factory

    def _close_generator(self, generator) -> None:
        self._generators.discard(generator)
        if not self._closed:
            self.call_soon_threadsafe(self.create_task, generator.aclose())

    async def shutdown_asyncgens(self) -> None:
        generators = list(self._generators)
        self._generators.clear()
        results = await asyncio.gather(*[generator.aclose() for generator in generators], return_exceptions=True)
        for generator, result in zip(generators, results):
            if isinstance(result, Exception):
                self.call_exception_handler({'message': f'an error occurred during closing of {generator!r}',
                                             'exception': result, 'asyncgen': generator})

    def get_debug(self) -> bool:
        return self._debug

    def set_debug(self, enabled: bool) -> None:
        self._debug = enabled

    def __repr__(self) -> str:
        return f'<{type(self).__name__} running={self.is_running()} closed={self._closed} debug={self._debug}>'
