# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether programs that were built before still run: check.py [--update] LIBRARY HEADERS SNAPSHOT

The snapshot says what the library was when it was last updated. What is new is no fault; what is gone or has changed is
one, until somebody decides otherwise with --update. (libabigail)"""

import gzip
import pathlib
import shutil
import subprocess
import sys
import tempfile


def update(library, headers, snapshot):
    text = subprocess.run(['abidw', '--headers-dir', headers, '--drop-private-types', '--no-show-locs',
                           '--no-corpus-path', '--no-comp-dir-path', library], check=True, stdout=subprocess.PIPE)
    pathlib.Path(snapshot).write_bytes(gzip.compress(text.stdout, mtime=0))


def check(library, headers, snapshot):
    with tempfile.NamedTemporaryFile(suffix='.abi') as file:
        file.write(gzip.decompress(pathlib.Path(snapshot).read_bytes()))
        file.flush()
        result = subprocess.run(['abidiff', '--no-added-syms', '--headers-dir2', headers, '--drop-private-types',
                                 file.name, library])
    if result.returncode:
        print(f'If that is meant: {sys.argv[0]} --update {library} {headers} {snapshot}')
    return result.returncode


if not shutil.which('abidiff'):
    sys.exit(77)
if sys.argv[1] == '--update':
    sys.exit(update(*sys.argv[2:]))
sys.exit(check(*sys.argv[1:]))
