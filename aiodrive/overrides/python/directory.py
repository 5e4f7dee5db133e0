# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints where Python looks for overrides below a prefix. Arguments: the prefix, and the folder for a Python of that
prefix. Debian's Python, that of /usr, looks in a folder of /usr/local with its whole version."""
import os
import site
import sys

prefix, default = sys.argv[1:]
own = os.path.join(prefix, 'lib', 'python{}.{}'.format(*sys.version_info), 'dist-packages', 'gi', 'overrides')
looked_at = [os.path.join(folder, 'gi', 'overrides') for folder in site.getsitepackages()]
print(own if own in looked_at and default not in looked_at else default)
