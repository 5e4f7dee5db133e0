# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the vapi says that only a compiler sees. Arguments: the source root, the build root, a folder with the vapi, the
command of the C compiler, "--", and programs in Vala."""
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

SOURCE_ROOT, BUILD_ROOT, VAPIS, *rest = sys.argv[1:]
COMPILER, PROGRAMS = rest[:rest.index('--')], rest[rest.index('--') + 1:]
VALAC = ['valac', '--ccode', '--quiet', f'--vapidir={VAPIS}', '--pkg=gio-2.0', '--pkg=aiodrive-1']
CAN_BE_NULL = {
    'GLib.Cancellable': 'new Aiodrive.CancelScope ().parent',
    'string': 'new Aiodrive.Pool (null).name',
}
CANNOT = 'new Aiodrive.TaskGroup ().get_scope ()'


def run(*command, **kwargs):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kwargs)


class Test(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_pointers_of_the_c_code(self):
        flags = shlex.split(run('pkg-config', '--cflags', 'gio-2.0', 'gio-unix-2.0').stdout)
        for program in map(pathlib.Path, PROGRAMS):
            with self.subTest(program=program.name):
                done = run(*VALAC, f'--directory={self.folder}', f'--basedir={program.parent}', program)
                self.assertEqual(done.returncode, 0, done.stdout)
                # an older valac makes a volatile variable for a macro of GLib that takes none
                done = run(*COMPILER, '-fsyntax-only', '-Werror=incompatible-pointer-types', '-Dvolatile=', *flags,
                           f'-I{SOURCE_ROOT}', f'-I{BUILD_ROOT}', self.folder / f'{program.stem}.c')
                self.assertEqual(done.returncode, 0, done.stdout)

    def compile_line(self, line):
        source = self.folder / 'line.vala'
        source.write_text(f'void main () {{ {line} }}\n')
        return run(*VALAC, '--enable-experimental-non-null', f'--directory={self.folder}', f'--basedir={self.folder}',
                   source).stdout

    def test_properties_that_can_be_null(self):
        self.assertEqual(self.compile_line(f'GLib.Cancellable value = {CANNOT}; print ("%p", value);'), '')
        for type_name, expression in CAN_BE_NULL.items():
            with self.subTest(expression=expression):
                self.assertIn(f"Cannot convert from `{type_name}?' to `{type_name}'",
                              self.compile_line(f'{type_name} value = {expression}; print ("%p", value);'))


unittest.main(argv=sys.argv[:1], verbosity=2)
