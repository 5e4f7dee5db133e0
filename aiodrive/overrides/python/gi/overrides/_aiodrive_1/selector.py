# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file descriptors of an event loop, in a GMainContext."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import weakref
from typing import Any

from gi.repository import GLib

from .raw import Raw


class NoFiles:
    """The selector of a loop that has not watched a file descriptor yet; most loops never do. The first one makes the
    real selector."""

    def __init__(self, loop: asyncio.SelectorEventLoop, source: GLib.Source) -> None:
        self._loop = weakref.ref(loop)
        self._source = source

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        loop = self._loop()
        loop._selector = Selector(self._source)
        loop._has_files = True
        return loop._selector.register(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f'{fileobj!r} is not registered')

    unregister = get_key

    def get_map(self) -> dict:
        return {}

    def close(self) -> None:
        pass


class Selector(selectors.DefaultSelector):
    """The selector that asyncio uses here, for example epoll. Its own file descriptor is ready when one of those in it
    is: the source of the loop watches that one."""

    def __init__(self, source: GLib.Source) -> None:
        super().__init__()
        self._held: list[selectors.SelectorKey] = []
        if not hasattr(self, 'fileno'):
            raise NotImplementedError(f'this system has nothing better than {selectors.DefaultSelector.__name__}, '
                                      'which a GLib.MainContext cannot watch')
        Raw.wake_source_watch_fd(source, self.fileno(), GLib.IOCondition.IN)

    def hold(self, key: selectors.SelectorKey) -> None:
        """Does not watch a file descriptor until release(). Its callback runs a main loop, and deals with it after
        that."""
        if key not in self._held and hasattr(self._selector, 'unregister'):   # not so in kqueue
            with contextlib.suppress(OSError):
                self._selector.unregister(key.fd)
            self._held.append(key)

    def release(self) -> None:
        held, self._held = self._held, []
        for key in held:
            with contextlib.suppress(KeyError, OSError, ValueError):   # it was closed meanwhile
                super().unregister(key.fd)
                super().register(key.fileobj, key.events, key.data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self._held:
            self.release()
        return super().modify(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        if self._held:
            self.release()
        return super().unregister(fileobj)
