# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library as it is by introspection alone, and the way in which its classes are overridden."""

import gi.overrides
from gi.module import get_introspection_module

Raw = get_introspection_module('Aiodrive')


def override(cls):
    """Makes a class take the place of the one it is derived from; gi.overrides knows a namespace by its module."""
    cls.__module__ = 'gi.overrides.Aiodrive'
    return gi.overrides.override(cls)
