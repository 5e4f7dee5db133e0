# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints how many tests passed and how many failed, from the log of "meson test": the subtests of a program that
speaks TAP, and a program that does not as one. A test that was skipped is neither."""
import json
import re
import sys

passed = failed = 0
with open(sys.argv[1], encoding='utf-8') as log:
    for program in map(json.loads, log):
        output = program.get('stdout') or ''
        skipped = re.findall(r'^ok\b.*# SKIP', output, re.MULTILINE | re.IGNORECASE)
        n_ok = len(re.findall(r'^ok\b', output, re.MULTILINE)) - len(skipped)
        n_not_ok = len(re.findall(r'^not ok\b', output, re.MULTILINE))
        good = program['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
        if good and not n_ok and not skipped:
            n_ok = int(program['result'] != 'SKIP')
        if not good:
            n_not_ok = max(n_not_ok, 1)
        passed += n_ok
        failed += n_not_ok
print(passed, failed)
