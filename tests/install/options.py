# SPDX-License-Identifier: LGPL-2.1-or-later
"""The options of the build: where things are installed, what contradicts, what else has to build. Arguments: the source
root, and the command of the compiler."""
import concurrent.futures
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE_ROOT, *COMPILER = sys.argv[1:]
PLAIN = ['-Dexamples=disabled', '-Dintrospection=disabled', '-Dvapi=disabled']
LIBRARY = ['--buildtype=plain', '-Dtests=false', *PLAIN]   # without the path of the build for a cache of compilations
CROSS_FILE = '''
[binaries]
c = '{}'
ar = 'ar'
pkgconfig = 'pkg-config'

[host_machine]
system = 'linux'
cpu_family = 'x86_64'
cpu = 'x86_64'
endian = 'little'
'''


def run(*command, **kwargs):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kwargs)


class Test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.build = self.folder / 'build'

    def succeed(self, *command, **kwargs):
        done = run(*command, **kwargs)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def set_up(self, *options, **kwargs):
        shutil.rmtree(self.build, ignore_errors=True)
        return self.succeed('meson', 'setup', self.build, SOURCE_ROOT, '-Dwerror=true', *options, **kwargs)

    def refuse(self, *options):
        shutil.rmtree(self.build, ignore_errors=True)
        done = run('meson', 'setup', self.build, SOURCE_ROOT, '-Dtests=false', '-Dexamples=disabled', *options)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout.replace('\n', ' ')

    def override(self, *options):
        self.set_up('-Dtests=false', '-Dexamples=disabled', '-Dintrospection=enabled', *options)
        installed = json.loads((self.build / 'meson-info/intro-installed.json').read_text())
        place, = (place for place in installed.values() if place.endswith('gi/overrides/Aiodrive.py'))
        return place.removesuffix('/gi/overrides/Aiodrive.py')

    def test_python_overrides(self):
        looked_at = json.loads(self.succeed('/usr/bin/python3', '-c',
                                            'import json, site; print(json.dumps(site.getsitepackages()))'))
        for prefix in '/usr', '/usr/local':
            place = self.override(f'--prefix={prefix}')
            self.assertIn(place, looked_at)
            self.assertRegex(place, f'^{prefix}/lib/python')
        self.assertEqual(self.override('--prefix=/usr', '-Dpython_overrides_dir=lib/own/gi/overrides'), '/usr/lib/own')
        self.assertIn('python_overrides_dir is outside of the prefix',
                      self.refuse('--prefix=/opt/apart', '-Dpython_overrides_dir=/usr/local/gi/overrides'))

    def test_python_overrides_in_a_cross_build(self):
        file = self.folder / 'cross'
        file.write_text(CROSS_FILE.format(COMPILER[-1]))
        self.assertRegex(self.override(f'--cross-file={file}', '--prefix=/usr'), '^/usr/lib/python')

    def test_contradictions(self):
        self.assertIn('the vapi is made of the GIR', self.refuse('-Dintrospection=disabled', '-Dvapi=enabled'))
        self.assertIn('other languages load the shared library',
                      self.refuse('-Ddefault_library=static', '-Dintrospection=enabled'))

        self.assertIn('cannot load a library that is built with -Db_sanitize',
                      self.refuse('-Db_sanitize=address', '-Db_lundef=false', '-Dintrospection=enabled'))

    def test_ignored_options(self):
        for option in 'benchmarks', 'installed_tests':
            self.assertIn(f'-D{option}=true needs -Dtests=true', self.refuse(f'-D{option}=true'))
        self.assertIn('python_overrides_dir is of no use without the introspection',
                      self.refuse('-Dpython_overrides_dir=lib/own', '-Dintrospection=disabled'))

    def test_tests_of_static_libraries(self):
        for kind, has_shared in ('static', False), ('both', True):
            self.set_up(f'-Ddefault_library={kind}', *PLAIN)
            tests = json.loads((self.build / 'meson-info/intro-tests.json').read_text())
            self.assertEqual('unload' in [test['name'] for test in tests], has_shared)

    def test_static_library(self):
        for kind in 'static', 'both':
            prefix = self.folder / kind
            self.set_up(f'--prefix={prefix}', '--libdir=lib', f'-Ddefault_library={kind}', *LIBRARY)
            self.succeed('meson', 'install', '-C', self.build)
            self.assertEqual((prefix / 'lib/libaiodrive-1.so').exists(), kind == 'both')
            library = prefix / 'lib/libaiodrive-1.a'
            flags = shlex.split(self.succeed('pkg-config', '--cflags', '--libs', '--static',
                                             prefix / 'lib/pkgconfig/aiodrive-1.pc'))
            flags = [library if flag == '-laiodrive-1' else flag for flag in flags]
            program = self.folder / 'program'
            self.succeed(*COMPILER, f'{SOURCE_ROOT}/tests/install/program.c', '-o', program, *flags)
            self.succeed(program)

    def test_clang_and_standard_c(self):
        if not shutil.which('clang'):
            self.skipTest('there is no clang')
        native = self.folder / 'native'
        native.write_text("[binaries]\nc = 'clang'\n")
        self.set_up('--native-file', native, '-Dc_std=c11', *PLAIN)
        entries = json.loads((self.build / 'compile_commands.json').read_text())
        # not what the build itself makes
        entries = [entry for entry in entries if (self.build / entry['file']).exists() and
                   '/doc/examples/' not in entry['file']]
        self.assertGreater(len(entries), 100)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as executor:
            done = executor.map(lambda entry: run(*shlex.split(entry['command']), '-fsyntax-only',
                                                  cwd=entry['directory']), entries)
        self.assertEqual([check.stdout for check in done if check.returncode != 0], [])


unittest.main(argv=sys.argv[:1], verbosity=2)
