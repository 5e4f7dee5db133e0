# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds and tests a project that has this one as a meson subproject. Argument: the source root."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

source_root = pathlib.Path(sys.argv[1])

with tempfile.TemporaryDirectory() as folder:
    project, build = pathlib.Path(folder, 'project'), pathlib.Path(folder, 'build')
    shutil.copytree(source_root / 'tests/install/subproject', project)
    shutil.copy(source_root / 'tests/install/program.c', project)
    (project / 'subprojects').mkdir()
    (project / 'subprojects/aiodrive').symlink_to(source_root)

    # the same as a user would do whose system has no aiodrive
    for command in (['meson', 'setup', '--force-fallback-for=aiodrive-1,aiodrive', build, project],
                    ['meson', 'test', '-C', build]):
        result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        print(result.stdout)
        assert result.returncode == 0, command
    assert list(build.glob('subprojects/aiodrive/aiodrive/libaiodrive-1.so*'))
    # who uses it does not want its tests
    assert not list(build.glob('subprojects/aiodrive/tests'))
