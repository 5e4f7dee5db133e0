# SPDX-License-Identifier: LGPL-2.1-or-later
"""Aiodrive for Python, in the version of the namespace that was asked for.

The same file with every version of the API: the override itself is in a package for each version of the namespace.
"""

import importlib
import sys

from ..module import get_introspection_module

_override = importlib.import_module(f'gi.overrides._aiodrive_{get_introspection_module("Aiodrive")._version}')
__doc__ = _override.__doc__
sys.modules['gi.repository.Aiodrive'].__doc__ = __doc__   # for help()
__all__ = _override.__all__
globals().update({name: getattr(_override, name) for name in __all__})
