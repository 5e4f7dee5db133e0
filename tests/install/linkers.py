# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shared library, linked by each linker that is there: its soname and the versions of its symbols. Arguments: the
static library, the version script, the soname, the flags of pkg-config."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

STATIC, VERSIONS, SONAME, *FLAGS = sys.argv[1:]
LINKERS = [(compiler, linker) for compiler in ('gcc', 'clang') for linker in ('bfd', 'gold', 'lld')]


def run(*command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


class Test(unittest.TestCase):
    def test_linkers(self):
        n_linked = 0
        for compiler, linker in LINKERS:
            if not shutil.which(compiler) or not shutil.which(f'ld.{linker}'):
                print(f'{compiler} with {linker}: not there')
                continue
            with self.subTest(compiler=compiler, linker=linker), tempfile.TemporaryDirectory() as folder:
                library = pathlib.Path(folder, 'library.so')
                done = run(compiler, f'-fuse-ld={linker}', '-shared', '-Wl,--fatal-warnings', '-Wl,--no-undefined',
                           f'-Wl,-soname,{SONAME}', f'-Wl,--version-script={VERSIONS}', '-Wl,--whole-archive', STATIC,
                           '-Wl,--no-whole-archive', '-o', library, *FLAGS)
                self.assertEqual(done.returncode, 0, done.stdout)
                symbols = run('nm', '-D', '--extern-only', '--defined-only', '--format=posix', library).stdout
                # for some linkers a version of symbols is a symbol itself
                symbols = [line.split()[0] for line in symbols.splitlines() if not line.startswith('AIODRIVE_')]
                self.assertIn('aiodrive_run@@AIODRIVE_1.0', symbols)
                self.assertEqual([symbol for symbol in symbols if '@@AIODRIVE_' not in symbol], [])
                self.assertIn(f'[{SONAME}]', run('readelf', '--dynamic', library).stdout)
                n_linked += 1
        self.assertGreater(n_linked, 0)


unittest.main(argv=sys.argv[:1], verbosity=2)
