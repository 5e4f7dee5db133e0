# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the style tests share: a check is a function that yields what is wrong, and its name is the name of the test."""
import pathlib
import re

# The folders of the library, from the lowest layer up.
LAYERS = ['core', 'binding', 'task', 'sync', 'stream', 'group', 'thread', 'program', 'testing']


def run(checks, *args):
    """Runs the checks, and says in TAP how it went."""
    print('TAP version 13')
    print(f'1..{len(checks)}')
    for number, check in enumerate(checks, 1):
        complaints = list(check(*args))
        print('not ok' if complaints else 'ok', number, check.__name__.replace('_', '-'), flush=True)
        for complaint in complaints:
            print('#', complaint)


def headers(root):
    """The headers of the library that are in the source tree, by the path with which they are included."""
    return {path.relative_to(root).as_posix(): path for path in sorted((root / 'aiodrive').rglob('*.h'))}


def public_headers(root):
    return {name: path for name, path in headers(root).items() if not name.endswith('-private.h')}


def code(path):
    """The text of a file of C without its comments."""
    return re.sub(r'/\*.*?\*/|//[^\n]*', '', pathlib.Path(path).read_text(encoding='utf-8'), flags=re.DOTALL)
