# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "meson devenv" gives is enough to use the library that is not installed. Argument: the build directory."""
import subprocess
import sys

PROGRAM = '''
import gi
gi.require_version("Aiodrive", "1")
from gi.repository import Aiodrive
assert Aiodrive.CancelScope.new(None).get_deadline() == -1
assert issubclass(Aiodrive.EventLoop, __import__("asyncio").AbstractEventLoop)
with open("/proc/self/maps") as maps:
    assert any(line.rstrip().startswith(BUILD, line.find("/")) and "libaiodrive-1" in line for line in maps)
'''

build = sys.argv[1]
program = PROGRAM.replace('BUILD', repr(build))
subprocess.run(['meson', 'devenv', '-C', build, '/usr/bin/python3', '-c', program], check=True)
