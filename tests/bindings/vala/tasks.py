# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the example in Vala. Argument: the example."""
import subprocess
import sys

EXAMPLE = sys.argv[1]


def run(*args):
    return subprocess.run([EXAMPLE, *args], text=True, capture_output=True, timeout=1500, check=False)


done = run()
assert (done.returncode, done.stderr) == (0, ''), done
lines = done.stdout.splitlines()
assert sorted(lines[:3]) == ['hare starts', 'snail starts', 'tortoise starts'], lines
assert sorted(lines[3:5]) == [f'{name}: Operation was cancelled' for name in ('snail', 'tortoise')], lines
assert lines[5:] == ['number 1 has won: hare', 'counted to 6 in all'], lines

done = run('--help')
assert done.returncode == 0 and done.stdout.startswith('Usage: '), done
assert run('--nonsense').returncode == 1
