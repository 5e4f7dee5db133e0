# SPDX-License-Identifier: LGPL-2.1-or-later
"""The library as it is by introspection alone, and the way in which its classes are overridden."""

import inspect

import gi.overrides
from gi.module import get_introspection_module
from gi.repository import GObject

Raw = get_introspection_module('Aiodrive')


def override(cls):
    """Makes a class take the place of the one it is derived from; gi.overrides knows a namespace by its module."""
    cls.__module__ = 'gi.overrides.Aiodrive'
    if '__init__' not in vars(cls) and cls.__init__ is GObject.Object.__init__:
        cls.__signature__ = inspect.Signature()   # for help(), which does not see that of GObject.Object
    return gi.overrides.override(cls)
