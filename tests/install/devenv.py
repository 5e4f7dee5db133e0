# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson devenv" gives is enough to use the library that is not installed. Arguments: the build directory, and the
command of the compiler."""
import pathlib
import shlex
import subprocess
import sys
import tempfile

PROGRAM = '''
import gi
gi.require_version("Aiodrive", "1")
from gi.repository import Aiodrive
assert Aiodrive.CancelScope.new(None).get_deadline() == -1
assert issubclass(Aiodrive.EventLoop, __import__("asyncio").AbstractEventLoop)
with open("/proc/self/maps") as maps:
    assert any(line.rstrip().startswith(BUILD, line.find("/")) and "libaiodrive-1" in line for line in maps)
'''

build, compiler = sys.argv[1], shlex.join(sys.argv[2:])
program = PROGRAM.replace('BUILD', repr(build))
subprocess.run(['meson', 'devenv', '-C', build, '/usr/bin/python3', '-c', program], check=True)

source = pathlib.Path(__file__).with_name('program.c')
with tempfile.TemporaryDirectory() as folder:
    make = f'{compiler} {shlex.quote(str(source))} -o program $(pkg-config --cflags --libs aiodrive-1) && ./program'
    subprocess.run(['meson', 'devenv', '-C', build, 'sh', '-euc', f'cd {shlex.quote(folder)} && {make}'], check=True)
