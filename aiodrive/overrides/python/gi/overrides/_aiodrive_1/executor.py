# SPDX-License-Identifier: LGPL-2.1-or-later
"""The threads of asyncio.to_thread()."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import warnings
from typing import Any, Callable


class DefaultExecutor:
    """The part of an event loop that calls blocking functions in threads."""

    def __init__(self) -> None:
        super().__init__()
        self._executor: concurrent.futures.Executor | None = None
        self._executor_is_shut_down = False

    def run_in_executor(self, executor, func: Callable, *args: Any) -> asyncio.Future:
        self._check_closed()
        if executor is None:
            if self._executor_is_shut_down:
                raise RuntimeError('Executor shutdown has been called')
            if self._executor is None:
                self._executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix='asyncio')
            executor = self._executor
        return asyncio.wrap_future(executor.submit(func, *args), loop=self)

    def set_default_executor(self, executor: concurrent.futures.ThreadPoolExecutor) -> None:
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError('executor must be ThreadPoolExecutor instance')
        self._executor = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        self._executor_is_shut_down = True
        executor, self._executor = self._executor, None
        if executor is None:
            return
        ended = self.create_future()
        thread = threading.Thread(target=self._shut_down, args=(executor, ended))
        thread.start()
        try:
            with self._held():
                async with asyncio.timeout(timeout):
                    await ended
        except TimeoutError:
            warnings.warn(f'The executor did not finish its threads within {timeout} seconds.', RuntimeWarning,
                          stacklevel=2)
            executor.shutdown(wait=False)
        else:
            thread.join()

    def _shut_down(self, executor: concurrent.futures.Executor, ended: asyncio.Future) -> None:
        executor.shutdown(wait=True)
        if not self._closed:
            self.call_soon_threadsafe(lambda: ended.done() or ended.set_result(None))

    def _close_executor(self) -> None:
        self._executor_is_shut_down = True
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=False)
