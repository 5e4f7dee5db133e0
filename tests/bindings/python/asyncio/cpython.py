# SPDX-License-Identifier: LGPL-2.1-or-later
"""CPython's own tests of asyncio, on asyncio's loop and on ours: each has to come out alike.

cpython.py MODULE... compares those modules of test.test_asyncio; without a module it compares all that test a loop.
"""

import asyncio
import concurrent.futures
import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import unittest

MODULES = ['test_buffered_proto', 'test_context', 'test_events', 'test_futures', 'test_locks', 'test_pep492',
           'test_queues', 'test_runners', 'test_sendfile', 'test_server', 'test_sock_lowlevel', 'test_ssl',
           'test_sslproto', 'test_streams', 'test_subprocess', 'test_taskgroups', 'test_tasks', 'test_threads',
           'test_timeouts', 'test_unix_events', 'test_waitfor']


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

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(test, error)

    def addExpectedFailure(self, test, error):
        self.outcomes[test.id()] = 'failed as expected'

    def addUnexpectedSuccess(self, test):
        self.outcomes[test.id()] = 'passed unexpectedly'


def use_our_loop():
    import gi
    gi.require_version('Aiodrive', '1')
    from gi.repository import Aiodrive
    from asyncio import unix_events

    class Loop(Aiodrive.EventLoop):
        def __init__(self, selector=None):
            if selector is not None:
                selector.close()   # that of a test which runs with each; ours has its own
            super().__init__()
            # a loop has no file descriptor of its own before the first file; some tests count while there is none yet
            with open('/dev/null') as null, contextlib.suppress(PermissionError):
                self.add_reader(null, print)

    asyncio.EventLoop = asyncio.SelectorEventLoop = unix_events.SelectorEventLoop = Loop
    for policy in '_UnixDefaultEventLoopPolicy', '_DefaultEventLoopPolicy':
        if hasattr(unix_events, policy):
            getattr(unix_events, policy)._loop_factory = Loop


def use_our_loop_in_runners():
    """Its tests have a loop with a selector that never waits."""
    from test.test_asyncio import test_runners

    def new_loop(self):
        loop = asyncio.EventLoop()
        loop.shutdown_ag_run = False
        async def shutdown_asyncgens():
            loop.shutdown_ag_run = True
        loop.shutdown_asyncgens = shutdown_asyncgens
        return loop

    test_runners.BaseTest.new_loop = new_loop


def run_tests(module):
    result = Result()
    unittest.defaultTestLoader.loadTestsFromName(f'test.test_asyncio.{module}').run(result)
    json.dump(result.outcomes, sys.stdout)


def outcomes_on(loop, module):
    # some tests raise from the interpreter's end, or look at what is logged: only the outcomes count
    result = subprocess.run([sys.executable, '-W', 'ignore', __file__, '--on', loop, module], capture_output=True,
                            text=True, env={**os.environ, 'G_DEBUG': '', 'PYTHONASYNCIODEBUG': ''})
    try:
        return json.loads(result.stdout), result.stderr
    except ValueError:
        return {module: f'ended with {result.returncode}'}, result.stderr


def compare(modules):
    if importlib.util.find_spec('test.test_asyncio') is None:
        print("CPython's tests are not installed")
        sys.exit(77)
    modules = [module for module in modules or MODULES if importlib.util.find_spec(f'test.test_asyncio.{module}')]
    n_tests = n_passed = n_different = 0
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        for module in modules:
            (theirs, _), (ours, errors) = executor.map(outcomes_on, ('asyncio', 'ours'), (module, module))
            different = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
            passed = sum(outcome == 'passed' for outcome in ours.values())
            print(f'{module}: {len(theirs)} tests, {passed} passed, {len(different)} different', flush=True)
            for name in different:
                print(f'  {name}: {theirs.get(name)} on asyncio, {ours.get(name)} on ours')
            if different:
                print(errors, file=sys.stderr)
            n_tests += len(theirs)
            n_passed += passed
            n_different += len(different)
    print(f'{n_tests} tests, {n_passed} passed, {n_different} different')
    sys.exit(1 if n_different or not n_passed else 0)


if __name__ == '__main__':
    match sys.argv[1:]:
        case ['--on', 'ours', module]:
            use_our_loop()
            if module == 'test_runners':
                use_our_loop_in_runners()
            run_tests(module)
        case ['--on', 'asyncio', module]:
            run_tests(module)
        case modules:
            compare(modules)
