# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints where PyGObject looks for overrides below a prefix. Argument: the prefix."""
import os
import site
import sys

sys.path.pop(0)   # our own folder, where gi is no PyGObject
prefix = sys.argv[1]
folders = [os.path.join(folder, 'gi', 'overrides') for folder in site.getsitepackages()]
try:
    import gi
    folders.insert(0, gi._overridesdir)
except ImportError:
    pass
elsewhere = os.path.join(prefix, 'lib', 'python{}.{}'.format(*sys.version_info), 'site-packages', 'gi', 'overrides')
print(next((folder for folder in folders if folder.startswith(prefix + os.sep)), elsewhere))
