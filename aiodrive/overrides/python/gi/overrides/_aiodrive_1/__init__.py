# SPDX-License-Identifier: LGPL-2.1-or-later
"""Aiodrive for Python: structured concurrency with coroutines, in a GLib main context.

Times are in seconds. Whatever is awaited can be a coroutine, a task or a future of asyncio, or a Gio.Task.
"""

from .combinators import cancel_task, first_success, prime, race, retry, shield, spawn, timeout, try_all, wait_all
from .errors import SignalError
from .groups import AutoTerminatedTaskGroup, Pool, TaskGroup, TaskInfo
from .locks import Condition, Limiter, NestableLock, SmartLock
from .loop import EventLoop
from .objects import (Emission, Latest, connect, iterate_emissions, iterate_property, spawn_for_object,
                      wait_for_emission, wait_for_fd, wait_for_property)
from .primitives import Button, Cargo, Latch, ThreadSafeEvent, ThreadSafeFuture
from .program import call, run, sleep
from .scopes import CancelScope, handle_signal, wait_for_signal
from .streams import Channel, OrderedQueue, UnorderedQueue, as_completed, map, repeat_periodically
from .testing import TestContext
from .threads import BackgroundExecutor, ThreadTaskGroup

__all__ = [
    'AutoTerminatedTaskGroup', 'BackgroundExecutor', 'Button', 'CancelScope', 'Cargo', 'Channel', 'Condition',
    'Emission', 'EventLoop', 'Latch', 'Latest', 'Limiter', 'NestableLock', 'OrderedQueue', 'Pool', 'SignalError',
    'SmartLock', 'TaskGroup', 'TaskInfo', 'TestContext', 'ThreadSafeEvent', 'ThreadSafeFuture', 'ThreadTaskGroup',
    'UnorderedQueue', 'as_completed', 'call', 'cancel_task', 'connect', 'first_success', 'handle_signal',
    'iterate_emissions', 'iterate_property', 'map', 'prime', 'race', 'repeat_periodically', 'retry', 'run',
    'shield', 'sleep', 'spawn', 'spawn_for_object', 'timeout', 'try_all', 'wait_all', 'wait_for_emission',
    'wait_for_fd', 'wait_for_property', 'wait_for_signal',
]
