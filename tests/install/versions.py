# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs a made-up second version of the API beside the first, and loads each from Python and from JavaScript.
Arguments: the folder of the Python overrides, that of the JavaScript ones, the GIR, and the library."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PYTHON, JS, GIR, LIBRARY = map(pathlib.Path, sys.argv[1:])
IN_PYTHON = '''
import gi, sys
gi.require_version('Aiodrive', sys.argv[1])
from gi.repository import Aiodrive
print(hasattr(Aiodrive, 'of_two'), hasattr(Aiodrive, 'call'), Aiodrive.MAJOR_VERSION)
'''
IN_JS = '''
imports.gi.versions.Aiodrive = ARGV[0];
const {Aiodrive} = imports.gi;
print('of_two' in Aiodrive, 'call' in Aiodrive, Aiodrive.MAJOR_VERSION);
'''


def output(*command, **env):
    done = subprocess.run(command, env={**os.environ, **env}, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    return f'{done.stdout}ended with {done.returncode}'


class Test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        python = self.folder / 'python/gi/overrides'
        js = self.folder / 'js'
        shutil.copytree(PYTHON / 'gi/overrides', python, ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copytree(JS, js)
        (python / '_aiodrive_2').mkdir()
        (python / '_aiodrive_2/__init__.py').write_text("__all__ = ['of_two']\nof_two = 2\n")
        (js / 'aiodrive_2').mkdir()
        (js / 'aiodrive_2/override.js').write_text('function install(namespace) { namespace.of_two = 2; }\n')

        gir = GIR.read_text(encoding='utf-8')
        self.assertEqual(gir.count(' version="1"'), 1)
        (self.folder / 'Aiodrive-2.gir').write_text(gir.replace(' version="1"', ' version="2"'), encoding='utf-8')
        for version, path in (1, GIR), (2, self.folder / 'Aiodrive-2.gir'):
            done = output('g-ir-compiler', '--shared-library', str(LIBRARY), '-o',
                          str(self.folder / f'Aiodrive-{version}.typelib'), str(path))
            self.assertEqual(done, 'ended with 0')
        self.env = {'GI_TYPELIB_PATH': str(self.folder), 'PYTHONPATH': str(self.folder / 'python'), 'GJS_PATH': str(js),
                    'LD_LIBRARY_PATH': str(LIBRARY.parent)}

    def test_python(self):
        if output('/usr/bin/python3', '-c', 'import gi') != 'ended with 0':
            self.skipTest('there is no PyGObject')
        for version, expected in ('1', 'False True 1'), ('2', 'True False 1'):
            self.assertEqual(output('/usr/bin/python3', '-c', IN_PYTHON, version, **self.env),
                             f'{expected}\nended with 0')

    def test_javascript(self):
        if not shutil.which('gjs'):
            self.skipTest('there is no GJS')
        for version, expected in ('1', 'false true 1'), ('2', 'true false 1'):
            self.assertEqual(output('gjs', '-c', IN_JS, version, **self.env), f'{expected}\nended with 0')


unittest.main(argv=sys.argv[:1], verbosity=2)
