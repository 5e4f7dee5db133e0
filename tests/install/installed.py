# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs into a new prefix, and builds a program against that. Arguments: the source root, the compiler's command."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


def run(*command, **env):
    result = subprocess.run(command, env={**os.environ, **env}, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f'{command} ended with {result.returncode}:\n{result.stdout}')
    return result.stdout.split()


def public_headers():
    names = (path.relative_to(source_root) for path in (source_root / 'aiodrive').rglob('*.h'))
    return {name.as_posix() for name in names if not name.match('*-private.h')} | {'aiodrive/version.h'}


def check_files(prefix):
    include = prefix / 'include/aiodrive-1'
    found = {path.relative_to(include).as_posix() for path in include.rglob('*') if path.is_file()}
    assert found == public_headers(), found ^ public_headers()
    for name in ['lib/libaiodrive-1.so', 'lib/libaiodrive-1.so.0', 'lib/pkgconfig/aiodrive-1.pc',
                 'lib/girepository-1.0/Aiodrive-1.typelib', 'share/gir-1.0/Aiodrive-1.gir',
                 'share/vala/vapi/aiodrive-1.vapi', 'share/vala/vapi/aiodrive-1.deps']:
        assert (prefix / name).is_file(), name
    assert not list(prefix.rglob('*.a'))
    js = source_root / 'aiodrive/overrides/js'
    assert ({path.relative_to(js) for path in js.rglob('*.js')} ==
            {path.relative_to(prefix / 'share/gjs-1.0') for path in (prefix / 'share/gjs-1.0').rglob('*.js')})


def check_headers_stand_alone(cflags):
    for name in public_headers():
        run(*compiler, *cflags, '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
            '-include', name, '-x', 'c', '/dev/null')


source_root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2:]

with tempfile.TemporaryDirectory() as folder:
    prefix, build, program = (str(pathlib.Path(folder, name)) for name in ('prefix', 'build', 'program'))
    run('meson', 'setup', build, str(source_root), f'--prefix={prefix}', '--libdir=lib', '--buildtype=release',
        '-Dtests=false', '-Dexamples=disabled', '-Dintrospection=enabled', '-Dvapi=enabled', '-Dwerror=true')
    run('meson', 'install', '-C', build)
    check_files(pathlib.Path(prefix))

    os.environ['PKG_CONFIG_PATH'] = prefix + '/lib/pkgconfig'
    cflags = run('pkg-config', '--cflags', 'aiodrive-1')
    libs = run('pkg-config', '--libs', 'aiodrive-1')
    check_headers_stand_alone(cflags)
    run(*compiler, *cflags, str(source_root / 'tests/install/program.c'), '-o', program, *libs)
    run(program, LD_LIBRARY_PATH=prefix + '/lib')
    # only where the prefix is that of Python does it look there by itself
    override, = pathlib.Path(prefix).rglob('gi/overrides/Aiodrive.py')
    for python_path, has_override in ('', False), (str(override.parents[2]), True):
        run('/usr/bin/python3', '-c', 'import gi; gi.require_version("Aiodrive", "1"); '
            f'from gi.repository import Aiodrive; assert hasattr(Aiodrive, "EventLoop") == {has_override}',
            LD_LIBRARY_PATH=prefix + '/lib', GI_TYPELIB_PATH=prefix + '/lib/girepository-1.0', PYTHONPATH=python_path)
    if shutil.which('gjs'):
        # the data directories are those of the system, where the prefix is
        run('gjs', '-c', 'imports.gi.versions.Aiodrive = "1";'
            'if (imports.gi.Aiodrive.run(async () => [1])[0] !== 1) throw new Error("without the override");',
            LD_LIBRARY_PATH=prefix + '/lib', GI_TYPELIB_PATH=prefix + '/lib/girepository-1.0', GJS_PATH='',
            XDG_DATA_DIRS=prefix + '/share:/usr/share')
