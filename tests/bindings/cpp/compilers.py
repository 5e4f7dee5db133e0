# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds programs in C++ with each compiler that is there, and runs them. Arguments: the source root, the build root,
the shared library, "--", the programs."""
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, f'{sys.argv[1]}/doc')
import snippets

SOURCE_ROOT, BUILD_ROOT, LIBRARY, _, *PROGRAMS = sys.argv[1:]
COMPILERS = [compiler for compiler in ('g++', 'clang++') if shutil.which(compiler)]
STRICT = ['-std=c++17', '-Wall', '-Wextra', '-Wpedantic', '-Werror']


def run(*command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


class Test(unittest.TestCase):
    def test_compilers(self):
        flags = shlex.split(run('pkg-config', '--cflags', '--libs', 'gio-2.0').stdout)
        library = pathlib.Path(LIBRARY).resolve()
        # warnings about GLib's own headers are not ours
        flags = [flag.replace('-I', '-isystem') for flag in flags]
        for compiler in COMPILERS:
            for source in PROGRAMS:
                with self.subTest(compiler=compiler, source=source), tempfile.TemporaryDirectory() as folder:
                    program = pathlib.Path(folder, 'program')
                    done = run(compiler, *STRICT, f'-I{SOURCE_ROOT}', f'-I{BUILD_ROOT}', source, '-o', program, library,
                               f'-Wl,-rpath,{library.parent}', *flags)
                    self.assertEqual(done.returncode, 0, done.stdout)
                    done = run(program)
                    self.assertEqual(done.returncode, 0, done.stdout)
                    if '/doc/examples/' in source:
                        self.assertEqual(done.stdout, snippets.printed(source))


if not COMPILERS:
    print('there is no compiler of C++')
    sys.exit(77)
unittest.main(argv=sys.argv[:1], verbosity=2)
