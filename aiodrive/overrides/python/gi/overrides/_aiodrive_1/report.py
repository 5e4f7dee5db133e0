# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of exceptions that nobody awaited."""

from __future__ import annotations

import logging
from typing import Any, Callable

_logger = logging.getLogger('asyncio')


class ExceptionHandler:
    """The part of an event loop that reports exceptions."""

    def __init__(self) -> None:
        super().__init__()
        self._exception_handler: Callable | None = None

    def get_exception_handler(self):
        return self._exception_handler

    def set_exception_handler(self, handler) -> None:
        if handler is not None and not callable(handler):
            raise TypeError(f'A callable object or None is expected, got {handler!r}')
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        lines = [context.get('message') or 'Unhandled exception in event loop']
        lines += [f'{key}: {value!r}' for key, value in sorted(context.items()) if key not in ('message', 'exception')]
        exception = context.get('exception')
        _logger.error('\n'.join(lines), exc_info=exception if exception is not None else False)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        handler = self._exception_handler
        try:
            if handler is not None:
                handler(self, context)
            else:
                self.default_exception_handler(context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            _logger.error('Exception in the exception handler of the event loop, for: %r', context, exc_info=error)
