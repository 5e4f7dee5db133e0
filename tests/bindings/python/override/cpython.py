# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPython's own tests of task groups and queues, on asyncio's loop and on ours: each has to come out alike."""

import asyncio
import json
import os
import subprocess
import sys
import unittest

MODULES = ['test.test_asyncio.test_taskgroups', 'test.test_asyncio.test_queues']


class Result(unittest.TestResult):
    """The outcome of each test by its name; what is raised counts by its type."""

    def __init__(self):
        super().__init__()
        self.outcomes = {}

    def addSuccess(self, test):
        self.outcomes.setdefault(test.id(), 'passed')

    def addSkip(self, test, reason):
        self.outcomes[test.id()] = f'skipped: {reason}'

    def addFailure(self, test, error):
        print(test.id(), self._exc_info_to_string(error, test), file=sys.stderr)
        self.outcomes[test.id()] = f'failed: {error[0].__name__}'

    addError = addFailure

    def addExpectedFailure(self, test, error):
        self.outcomes[test.id()] = 'failed as expected'

    def addUnexpectedSuccess(self, test):
        self.outcomes[test.id()] = 'passed unexpectedly'


def use_our_loop():
    import gi
    gi.require_version('Aiodrive', '1')
    from gi.repository import Aiodrive
    asyncio.EventLoop = Aiodrive.EventLoop
    asyncio.events.new_event_loop = asyncio.new_event_loop = Aiodrive.EventLoop


def run_tests():
    result = Result()
    unittest.defaultTestLoader.loadTestsFromNames(MODULES).run(result)
    json.dump(result.outcomes, sys.stdout)


def outcomes_on(loop):
    result = subprocess.run([sys.executable, '-W', 'ignore', __file__, loop], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, 'G_DEBUG': ''})
    return json.loads(result.stdout)


def compare():
    try:
        __import__('test.test_asyncio')
    except ImportError:
        print("CPython's tests are not installed")
        sys.exit(77)
    theirs, ours = outcomes_on('asyncio'), outcomes_on('ours')
    different = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    for name in different:
        print(f'{name}: {theirs.get(name)} on asyncio, {ours.get(name)} on ours')
    passed = sum(outcome == 'passed' for outcome in ours.values())
    print(f'{len(theirs)} tests, {passed} passed, {len(different)} different')
    sys.exit(1 if different or passed < 50 else 0)


if __name__ == '__main__':
    match sys.argv[1:]:
        case ['ours']:
            use_our_loop()
            run_tests()
        case ['asyncio']:
            run_tests()
        case _:
            compare()
