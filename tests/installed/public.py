# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints which of the files include nothing private of the library, and so can be linked with what is installed.
Arguments: the source root, and files below it."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])


def is_public(path):
    for name in re.findall(r'^#include "([^"]+)"', path.read_text('utf-8'), re.MULTILINE):
        if name.endswith(('-private.h', '.c')) or (name.startswith('tests/') and not is_public(root / name)):
            return False
    return True


for name in sys.argv[2:]:
    if is_public(root / name):
        print(name)
