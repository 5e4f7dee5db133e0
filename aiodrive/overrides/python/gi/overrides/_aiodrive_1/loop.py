# SPDX-License-Identifier: LGPL-2.1-or-later
"""asyncio's event loop, in a GMainContext."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
import signal
import sys
import threading
import time
import weakref
from asyncio.base_events import _format_handle
from typing import Any, Callable

import gi._ossighelper
from gi._ossighelper import register_sigint_fallback, wakeup_on_signal
from gi.repository import GLib

from .clock import FUZZ, Clock, to_due
from .interrupt import ends_with_interrupt
from .selector import NoFiles

# the running loops, and those created for a callback in a context that other code iterates
_running: dict[int, list[EventLoop]] = {}
_ambient: weakref.WeakValueDictionary[int, EventLoop] = weakref.WeakValueDictionary()
_kept: list[EventLoop] = []

_logger = logging.getLogger('asyncio')

# so often, and so long in seconds, an iteration of the main context lets go round what makes itself ready again, before
# other sources have a turn
MAX_ROUNDS = 16
MAX_DURATION = 0.0005


def thread_default_context() -> GLib.MainContext:
    return GLib.MainContext.get_thread_default() or GLib.MainContext.default()


def context_of_new_loop() -> GLib.MainContext:
    """The thread-default one. The default context is that of the main thread: in another thread without a context a
    loop has one of its own, which is thread-default while the loop runs."""
    context = GLib.MainContext.get_thread_default()
    if context is not None:
        return context
    context = GLib.MainContext.default()
    if threading.current_thread() is threading.main_thread() or context.is_owner():
        return context
    return GLib.MainContext.new()


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
        loop = _ambient[hash(context)] = EventLoop(context)
        if context == GLib.MainContext.default():
            _kept.append(loop)   # others go with the last of their tasks
    return loop


class EventLoop(Clock, asyncio.SelectorEventLoop):
    """asyncio's event loop, in a GLib.MainContext: `asyncio.Runner(loop_factory=Aiodrive.EventLoop)`.

    Without an argument the context is that which is thread-default where the loop is made. The loop runs whenever the
    context is iterated, by Aiodrive.run(), a GLib.MainLoop, or the run() of an application. While its callbacks run it
    is asyncio's running loop. All of asyncio works in it: streams, servers, TLS, datagrams, pipes, subprocesses, signal
    handlers.
    """

    def __init__(self, context: GLib.MainContext | None = None) -> None:
        # the ready time of the source, in microseconds, as far as this thread knows; and what that is taken to be, for
        # a drain sets it in the end
        self._ready_time = self._due = -1
        self._n_drains = 0   # nested ones count
        self._is_short = False   # the drain that runs ends with this round
        self._main_loops: list[GLib.MainLoop] = []
        self._outer_handles: list[asyncio.Handle | None] = []   # those that run main loops
        self._has_files = False
        self._ssock = self._csock = None
        self._fatal: BaseException | None = None
        Clock.__init__(self, context if context is not None else context_of_new_loop())
        super(Clock, self).__init__(NoFiles(self, self._source))
        itself = weakref.ref(self)
        self._source.set_callback(lambda *data: (loop := itself()) is not None and loop._on_wake())
        self._source.attach(self._context)

    def __del__(self, is_finalizing=sys.is_finalizing) -> None:
        if not getattr(self, '_closed', True) and not is_finalizing():
            self.close()

    # Its callbacks

    def call_soon(self, callback: Callable, *args: Any, context=None) -> asyncio.Handle:
        if self._closed:
            self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, 'call_soon')
        handle = asyncio.Handle(callback, args, self, context)
        if handle._source_traceback:
            del handle._source_traceback[-1]
        self._ready.append(handle)
        if self._due != 0:
            self._wake_at(0)
        return handle

    def call_at(self, when: float, callback: Callable, *args: Any, context=None) -> asyncio.TimerHandle:
        if when is None:
            raise TypeError('when cannot be None')
        if when != when:
            raise ValueError('a time is needed, not NaN')
        if self._closed:
            self._check_closed()
        if self._debug:
            self._check_thread()
            self._check_callback(callback, 'call_at')
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if handle._source_traceback:
            del handle._source_traceback[-1]
        heapq.heappush(self._scheduled, handle)
        handle._scheduled = True
        if self._due != 0:
            self._wake_at(to_due(when))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if not handle._scheduled:
            return
        self._timer_cancelled_count += 1
        if self._timer_cancelled_count > 100 and self._timer_cancelled_count > len(self._scheduled) // 2:
            self._scheduled = [timer for timer in self._scheduled if not timer._cancelled and timer is not handle]
            heapq.heapify(self._scheduled)
            self._timer_cancelled_count = 0
        if Clock.is_virtual:
            self._wake_at(0)   # time is not to go by for it

    def _write_to_self(self) -> None:
        """It is called in any thread."""
        self._source.set_ready_time(0)

    def _wake_at(self, due: int) -> None:
        if self._due == -1 or due < self._due:
            self._due = self._ready_time = due
            self._set_ready_time(due)

    def _take_timers(self) -> None:
        """What is due goes to what is ready."""
        now = self.time() + FUZZ / 1e6
        while self._scheduled and (self._scheduled[0]._cancelled or self._scheduled[0]._when <= now):
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False
            if timer._cancelled:
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(timer)

    def _take_files(self) -> None:
        """Moves the callbacks of ready file descriptors to the ready queue. What a callback that runs a main loop has
        not dealt with yet is for that callback."""
        events = self._selector.select(0)
        if self._outer_handles:
            for key, mask in events:
                if key.data[0] in self._outer_handles or key.data[1] in self._outer_handles:
                    self._selector.hold(key)
                else:
                    self._process_events([(key, mask)])
        elif events:
            self._process_events(events)

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
        It may be nested. The source calls it at once in a main loop that a callback runs: so there is no need to wake
        that before each callback."""
        self._ready_time = -1
        self._due = 0
        self._alarm = None
        self._is_short = False
        is_nested = self._n_drains > 0
        entered = self._enter()
        try:
            if is_nested:
                self._outer_handles.append(self._current_handle)
                self._run_ready()   # what the outer one has taken, before it is taken again
            self._run_rounds()
        finally:
            if is_nested:
                self._current_handle = self._outer_handles.pop()
                if self._has_files:
                    self._selector.release()
            self._leave(*entered)
            if not self._closed:
                self._rearm()

    def _run_rounds(self) -> None:
        until = 0.0
        for n_rounds in range(MAX_ROUNDS):
            if self._has_files and (n_rounds % 2 == 0 or not self._ready):
                self._take_files()
            if self._scheduled:
                self._take_timers()
            if not self._ready:
                break
            self._run_ready()
            if self._is_short or self._stopping or self._closed:
                break
            if until == 0.0:
                until = time.monotonic() + MAX_DURATION
            elif time.monotonic() > until:
                break

    def give_turn(self) -> None:
        """Lets other sources have a turn behind this round. For code that creates a GTask: one returned in the
        iteration that created it calls back later than one returned in the next."""
        self._is_short = True

    def _run_ready(self) -> None:
        ready = self._ready
        for _ in range(len(ready)):
            if not ready or self._closed:
                break
            handle = ready.popleft()
            if not handle._cancelled:
                self._current_handle = handle
                self._run(handle)
                self._current_handle = handle = None   # not to be kept by this frame

    def _run(self, handle: asyncio.Handle) -> None:
        try:
            if self._debug:
                self._run_and_time(handle)
            else:
                handle._run()
        except (SystemExit, KeyboardInterrupt) as error:
            if isinstance(error, SystemExit) and not self._main_loops and \
                    threading.current_thread() is threading.main_thread():
                raise
            self._on_raised(error)

    def _run_and_time(self, handle: asyncio.Handle) -> None:
        started_at = time.monotonic()
        handle._run()
        elapsed = time.monotonic() - started_at
        if elapsed >= self.slow_callback_duration:
            _logger.warning('Executing %s took %.3f seconds', _format_handle(handle), elapsed)

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
        while self._scheduled and self._scheduled[0]._cancelled:
            heapq.heappop(self._scheduled)._scheduled = False
            self._timer_cancelled_count -= 1
        due = 0 if self._ready else to_due(self._scheduled[0]._when) if self._scheduled else -1
        self._due = due
        if due != self._ready_time:
            self._ready_time = due
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
        sys.set_asyncgen_hooks(firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook)
        asyncio._set_running_loop(self)
        if self._debug and self._n_drains == 0:
            self._thread_id = threading.get_ident()
            self._set_coroutine_origin_tracking(True)
        self._n_drains += 1
        return outer, task, hooks

    def _leave(self, outer: asyncio.AbstractEventLoop | None, task: asyncio.Task | None, hooks) -> None:
        self._n_drains -= 1
        if self._n_drains == 0:
            self._thread_id = None
            if self._coroutine_origin_tracking_enabled:
                self._set_coroutine_origin_tracking(False)
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
        with self._in_context():
            if self._stopping:
                self._stopping = False
                self._write_to_self()   # for a main loop that a callback runs
                self._drain()
            else:
                self._run_main_loop()
        if self._fatal is not None:
            fatal, self._fatal = self._fatal, None
            raise fatal

    @contextlib.contextmanager
    def _in_context(self):
        """The context is thread-default while the loop runs."""
        if thread_default_context() == self._context:
            yield
            return
        if GLib.MainContext.get_thread_default() is not None or self._context == GLib.MainContext.default():
            raise RuntimeError('the event loop belongs to another GLib.MainContext than the thread-default one')
        self._context.push_thread_default()
        try:
            yield
        finally:
            self._context.pop_thread_default()

    def _run_main_loop(self) -> None:
        stack = _running.setdefault(hash(self._context), [])
        stack.append(self)
        main_loop = GLib.MainLoop.new(self._context, False)
        self._main_loops.append(main_loop)
        try:
            # as GLib.MainLoop.run() does, which in PyGObject 3.50 and later would run a loop of its own with it
            with contextlib.ExitStack() as contexts:
                with contextlib.suppress(ValueError):   # an interpreter that is embedded may not set handlers
                    contexts.enter_context(register_sigint_fallback(main_loop.quit))
                contexts.enter_context(wakeup_on_signal())
                contexts.enter_context(ends_with_interrupt(self._end, EventLoop._run.__code__))
                super(GLib.MainLoop, main_loop).run()
        finally:
            self._main_loops.pop()
            stack.remove(self)
            if not stack:
                del _running[hash(self._context)]
            self._stopping = False

    def run_until_complete(self, future):
        self._check_closed()
        if self.is_running():
            raise RuntimeError('This event loop is already running')
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

    def close(self) -> None:
        is_open = not self._closed
        super().close()
        if is_open:
            self._alarm = None
            self._source.destroy()

    # Its signals. A handler that asyncio sets does nothing, and the number arrives in a pipe that only one loop of a
    # process can have: PyGObject takes it over in each main loop that it runs.

    def _make_self_pipe(self) -> None:
        self._internal_fds += 1   # the source of the context serves instead

    def _close_self_pipe(self) -> None:
        if self._ssock is not None:
            if threading.current_thread() is threading.main_thread():
                outer = signal.set_wakeup_fd(-1)
                if outer != self._csock.fileno():
                    signal.set_wakeup_fd(outer)
            super()._close_self_pipe()
        self._internal_fds = 0

    def add_signal_handler(self, sig: int, callback: Callable, *args: Any) -> None:
        if self._ssock is None and not self._closed:
            super()._make_self_pipe()
        super().add_signal_handler(sig, callback, *args)
        signal.signal(sig, self._on_signal)
        signal.siginterrupt(sig, False)

    def remove_signal_handler(self, sig: int) -> bool:
        is_removed = super().remove_signal_handler(sig)
        if is_removed and gi._ossighelper._wakeup_fd_is_active and self._csock is not None:
            signal.set_wakeup_fd(self._csock.fileno())   # the main loop goes on, and other handlers need it
        return is_removed

    def _on_signal(self, number: int, frame: Any) -> None:
        self._handle_signal(number)

    def _process_self_data(self, data: bytes) -> None:
        """The pipe has woken the thread, for Python to call the handler."""

    # Its futures, tasks and threads

    def create_task(self, coro, **kwargs) -> asyncio.Task:
        if self._task_factory is None:
            self._check_closed()
            task = asyncio.Task(coro, loop=self, **kwargs)
            if task._source_traceback:
                del task._source_traceback[-1]
            return task
        if asyncio._get_running_loop() is self:
            return super().create_task(coro, **kwargs)
        entered = self._enter()   # an eager task runs at once, also in a callback of C
        try:
            return super().create_task(coro, **kwargs)
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

    async def shutdown_default_executor(self, *args: Any) -> None:
        with self._held():
            await super().shutdown_default_executor(*args)
