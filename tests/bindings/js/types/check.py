# SPDX-License-Identifier: LGPL-2.1-or-later
"""Has TypeScript check the types of Aiodrive: check.py TYPES SCRIPT...

What uses.ts says has to be refused is refused; the scripts are those of the documentation and the examples. npm fetches
the compiler, in $AIODRIVE_NPM if that is set."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

types, *scripts = sys.argv[1:]
here = pathlib.Path(__file__).parent


def find_compiler(folder):
    compiler = pathlib.Path(folder) / 'node_modules/.bin/tsc'
    if not compiler.exists():
        subprocess.run(['npm', 'install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, 'typescript@5'],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return compiler if compiler.exists() else None


def check(compiler):
    command = [compiler, '--noEmit', '--strict', '--target', 'esnext', '--module', 'esnext', '--moduleResolution',
               'bundler', '--lib', 'esnext', '--typeRoots', here, here / 'gjs.d.ts', types]
    status = subprocess.run([*command, here / 'uses.ts']).returncode
    # the parameters of functions in JavaScript have no types
    return status | subprocess.run([*command, '--allowJs', '--checkJs', '--noImplicitAny', 'false',
                                    '--useUnknownInCatchVariables', 'false', *scripts]).returncode


with tempfile.TemporaryDirectory() as temporary:
    compiler = find_compiler(os.environ.get('AIODRIVE_NPM', temporary)) if shutil.which('npm') else None
    if compiler is None:
        print('There is no npm, or it cannot fetch the compiler of TypeScript')
        sys.exit(77)
    sys.exit(check(compiler))
