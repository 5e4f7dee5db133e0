# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has mypy check the types of Aiodrive: check.py STUB PROGRAM...

The programs are those of the documentation and the examples; what uses.py says has to be refused is refused. GLib and
GIO have as many types here as that takes."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

stub, *programs = sys.argv[1:]
here = pathlib.Path(__file__).parent
mypy = shutil.which('mypy')
if mypy is None:
    print('mypy is not installed')
    sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    shutil.copytree(here / 'gi', f'{folder}/gi')
    shutil.copy(stub, f'{folder}/gi/repository/Aiodrive.pyi')
    command = [mypy, '--cache-dir', f'{folder}/cache', '--warn-unused-ignores', '--no-error-summary',
               '--python-version', f'{sys.version_info[0]}.{sys.version_info[1]}']
    environment = {**os.environ, 'MYPYPATH': folder}
    status = subprocess.run([*command, '--strict', here / 'uses.py'], env=environment).returncode
    # the stub itself, in which a method may be another one than that of its base class
    status |= subprocess.run([*command, '--disable-error-code', 'override', '--disable-error-code', 'misc',
                              f'{folder}/gi/repository/Aiodrive.pyi'], env=environment).returncode
    status |= subprocess.run([*command, '--check-untyped-defs', '--ignore-missing-imports',
                              *programs], env=environment).returncode
sys.exit(status)
