# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether programs that were built before still run: check.py [--update] LIBRARY SNAPSHOT

The snapshot says what the library was when it was last updated. What is new is no fault; what is gone or has changed is
one, until somebody decides otherwise with --update. (libabigail)"""

import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile


def update(library, snapshot):
    text = subprocess.run(['abidw', '--no-show-locs', '--no-corpus-path', '--no-comp-dir-path', library],
                          check=True, stdout=subprocess.PIPE)
    pathlib.Path(snapshot).write_bytes(gzip.compress(text.stdout, mtime=0))


def check(library, snapshot):
    with tempfile.NamedTemporaryFile(suffix='.abi') as file:
        file.write(gzip.decompress(pathlib.Path(snapshot).read_bytes()))
        file.flush()
        private = pathlib.Path(__file__).with_name('private.abignore')
        result = subprocess.run(['abidiff', '--no-added-syms', '--suppressions', private, file.name, library])
    if result.returncode:
        print(f'If that is meant: {sys.argv[0]} --update {library} {snapshot}')
    return result.returncode


if not shutil.which('abidiff'):
    sys.exit(77)
if sys.argv[1] == '--update':
    sys.exit(update(*sys.argv[2:]))
sys.exit(check(*sys.argv[1:]))
