# SPDX-License-Identifier: LGPL-2.1-or-later
"""The blocks that a task is in, and the shields among them."""

from __future__ import annotations

import asyncio
import weakref
from typing import Callable

from gi.repository import Gio, GObject

from .raw import Raw

# from the outermost to the innermost
_blocks: weakref.WeakKeyDictionary[asyncio.Future, list[Shield]] = weakref.WeakKeyDictionary()


class Shield:
    """A block of a task. While its scope is shielded, cancellations from outside the block wait."""

    def __init__(self, scope: Gio.Cancellable) -> None:
        self.scope = scope
        self._waiting: list[Callable[[], None]] = []
        self._shield_handler = 0

    def _begin(self, task: asyncio.Task) -> None:
        _blocks.setdefault(task, []).append(self)

    def _end(self, task: asyncio.Task) -> None:
        blocks = _blocks[task]
        blocks.remove(self)   # the blocks of asynchronous generators may end in any order
        if not blocks:
            del _blocks[task]
        if self._waiting:
            task.get_loop().call_soon(self._let_in)

    def is_shielded(self) -> bool:
        return isinstance(self.scope, Raw.CancelScope) and self.scope.get_shielded()

    def keep_out(self, cancel: Callable[[], None], loop: asyncio.AbstractEventLoop) -> None:
        """Calls `cancel` when the shield has fallen, or the block has ended."""
        def on_changed(*args) -> None:
            if not self.is_shielded() and not loop.is_closed():
                loop.call_soon_threadsafe(self._let_in)

        self._waiting.append(cancel)
        if self._shield_handler == 0:
            self._shield_handler = GObject.Object.connect(self.scope, 'notify::shielded', on_changed)
        on_changed()

    def _let_in(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._shield_handler != 0:
            GObject.Object.disconnect(self.scope, self._shield_handler)
            self._shield_handler = 0
        for cancel in waiting:
            cancel()


def cancel_inside(task: asyncio.Future, block: Shield | None, cancel: Callable[[], None]) -> bool:
    """Cancels a task for one of its blocks, or as a whole. If a shield inside of that keeps it out it gives False, and
    calls `cancel` later."""
    blocks = _blocks.get(task, [])
    for inner in blocks[blocks.index(block) + 1 if block is not None else 0:]:
        if inner.is_shielded():
            inner.keep_out(cancel, task.get_loop())
            return False
    task.cancel()
    return True
