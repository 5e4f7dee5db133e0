# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each C and C++ compiler that is there takes the headers, and the macros, with every warning. Arguments: the source
root, the build root, the folder of the shared library, the flags of pkg-config."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE_ROOT, BUILD_ROOT, LIBRARY, *FLAGS = sys.argv[1:]
COMPILERS = [('gcc', 'c', 'gnu11'), ('clang', 'c', 'gnu11'), ('g++', 'c++', 'c++17'), ('clang++', 'c++', 'c++17')]
PROGRAM = pathlib.Path(SOURCE_ROOT, 'tests/install/pedantic.c')


def run(*command, **env):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, **env})


class Test(unittest.TestCase):
    def test_compilers(self):
        n_compiled = 0
        for compiler, language, standard in COMPILERS:
            if not shutil.which(compiler):
                print(f'{compiler}: not there')
                continue
            with self.subTest(compiler=compiler), tempfile.TemporaryDirectory() as folder:
                program = pathlib.Path(folder, 'program')
                # GLib's own headers are those of the system
                flags = [flag.replace('-I', '-isystem', 1) for flag in FLAGS]
                done = run(compiler, '-x', language, f'-std={standard}', '-Wall', '-Wextra', '-Wpedantic', '-Werror',
                           '-Wno-unused-parameter', f'-I{SOURCE_ROOT}', f'-I{BUILD_ROOT}', PROGRAM, '-x', 'none',
                           '-o', program, f'-L{LIBRARY}', '-laiodrive-1', *flags)
                self.assertEqual(done.returncode, 0, done.stdout)
                done = run(program, LD_LIBRARY_PATH=LIBRARY)
                self.assertEqual(done.returncode, 0, done.stdout)
                n_compiled += 1
        self.assertGreater(n_compiled, 0)


unittest.main(argv=sys.argv[:1], verbosity=2)
