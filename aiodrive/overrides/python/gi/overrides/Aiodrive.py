# SPDX-License-Identifier: LGPL-2.1-or-later
"""Aiodrive for Python: structured concurrency with coroutines, in a GLib main context.

Times are in seconds. Whatever is awaited can be a coroutine, a task or a future of asyncio, or a Gio.Task.
"""

from ._aiodrive.combinators import cancel_task, first_success, prime, race, shield, spawn, timeout, try_all, wait_all
from ._aiodrive.groups import AutoTerminatedTaskGroup, Pool, TaskGroup
from ._aiodrive.locks import Condition, Limiter, NestableLock, SmartLock
from ._aiodrive.loop import EventLoop
from ._aiodrive.primitives import Button, Cargo, Latch, ThreadSafeEvent, ThreadSafeFuture
from ._aiodrive.program import call, run, sleep
from ._aiodrive.scopes import CancelScope, handle_signal, wait_for_signal
from ._aiodrive.streams import Channel, OrderedQueue, UnorderedQueue, as_completed, map, repeat_periodically
from ._aiodrive.testing import TestContext
from ._aiodrive.threads import BackgroundExecutor, ThreadTaskGroup

__all__ = [
    'AutoTerminatedTaskGroup', 'BackgroundExecutor', 'Button', 'CancelScope', 'Cargo', 'Channel', 'Condition',
    'EventLoop', 'Latch', 'Limiter', 'NestableLock', 'OrderedQueue', 'Pool', 'SmartLock', 'TaskGroup',
    'TestContext', 'ThreadSafeEvent', 'ThreadSafeFuture', 'ThreadTaskGroup', 'UnorderedQueue', 'as_completed',
    'call', 'cancel_task', 'first_success', 'handle_signal', 'map', 'prime', 'race', 'repeat_periodically', 'run',
    'shield', 'sleep', 'spawn', 'timeout', 'try_all', 'wait_all', 'wait_for_signal',
]
