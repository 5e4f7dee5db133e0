# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs an example of the documentation, and compares what it prints with what it says at its head that it prints.
Arguments: the folder of snippets.py, the source of the example, and the command that runs it."""
import subprocess
import sys

sys.path.insert(0, sys.argv[1])
import snippets

expected = snippets.printed(sys.argv[2])
printed = subprocess.run(sys.argv[3:], check=True, stdout=subprocess.PIPE, text=True).stdout
if printed != expected:
    sys.exit(f'It prints\n{printed}and not\n{expected}')
