# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thousands of rounds leave neither objects nor memory behind, whether they succeed or fail."""

import gc
import time
import unittest

from support import *


# PyGObject before 3.50 loses 128 bytes with each callback, and every version 32 with each error of a function that has
# a GValue to fill. So a value or a message here is large enough that losing even a few of them shows.
BOUND = 512 if gi.version_info >= (3, 50) else 2048
LARGE = 'x' * 10000


def resident_kilobytes():
    with open('/proc/self/statm') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE') // 1024


@unittest.skipUnless(os.path.exists('/proc/self/statm'), 'there is no /proc to look at')
class LeakTest(unittest.TestCase):
    def setUp(self):
        self.n_alive = 0

    def watch(self, task):
        """Counts a task and its scope as long as they live."""
        for thing in task, task.get_cancellable():
            self.n_alive += 1
            thing.weak_ref(self.gone)

    def gone(self):
        self.n_alive -= 1

    def repeat(self, do_round):
        for i in range(3000):
            do_round()
            if i == 999:
                settle()
                gc.collect()
                begin = resident_kilobytes()
        gc.collect()
        # where GIO uses a thread, that may be the last to let go of a scope
        deadline = time.monotonic() + 10
        while self.n_alive > 0 and time.monotonic() < deadline:
            settle()
            time.sleep(0.001)
        self.assertEqual(self.n_alive, 0)
        self.assertLess(resident_kilobytes() - begin, BOUND)

    def test_race(self):
        def do_round():
            children = [spawn(gives(LARGE)), spawn(sleeps())]
            race = Aiodrive.race(children, None)
            for task in *children, race:
                self.watch(task)
            Aiodrive.run(race)
            self.assertEqual(Aiodrive.task_propagate(race), LARGE)
        self.repeat(do_round)

    def test_race_async(self):
        def do_round():
            children = [spawn(gives(LARGE)), spawn(sleeps())]
            call = Call(Aiodrive.race_async, children, None)
            winner, index = Aiodrive.race_finish(call.wait())
            for task in *children, call.result:
                self.watch(task)
            self.assertEqual(Aiodrive.task_propagate(winner), LARGE)
        self.repeat(do_round)

    def test_errors(self):
        def do_round():
            task = Aiodrive.wait_all([spawn(fails(LARGE)), spawn(fails(LARGE))], None)
            self.watch(task)
            Aiodrive.run(task)
            with Raises(Aiodrive.Error.MULTIPLE, Aiodrive.Error.quark()):
                Aiodrive.task_propagate(task)
            self.assertEqual(len(Aiodrive.task_dup_errors(task)), 2)
            self.assertEqual(Aiodrive.task_dup_error(task).code, Aiodrive.Error.MULTIPLE)
        self.repeat(do_round)

    def test_try_all(self):
        def do_round():
            task = Aiodrive.try_all([spawn(gives(LARGE)), spawn(gives('y'))], None)
            self.watch(task)
            Aiodrive.run(task)
            self.assertEqual([Aiodrive.task_propagate(child) for child in Aiodrive.try_all_finish(task)], [LARGE, 'y'])
        self.repeat(do_round)

    def test_propagate_error(self):
        task = ended(fails(LARGE))
        def do_round():
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                Aiodrive.task_propagate(task)
        self.repeat(do_round)

    def test_start(self):
        file = Gio.File.new_for_path(__file__)
        def do_round():
            task = Aiodrive.task_new(None)
            self.watch(task)
            file.load_contents_async(task.get_cancellable(), Aiodrive.task_complete, task)
            Aiodrive.run(task)
            file.load_contents_finish(Aiodrive.task_propagate_result(task))
        self.repeat(do_round)

    def test_scope(self):
        parent = Aiodrive.CancelScope.new(None)
        def do_round():
            scope = Aiodrive.CancelScope.new_with_timeout(parent, 60000)
            self.n_alive += 1
            scope.weak_ref(self.gone)
            scope.cancel_with_reason(new_error(LARGE))
            self.assertEqual(scope.dup_reason().code, Gio.IOErrorEnum.NOT_FOUND)
            self.assertEqual(scope.dup_reason().code, Gio.IOErrorEnum.NOT_FOUND)
            with Raises(Gio.IOErrorEnum.NOT_FOUND):
                scope.leave(new_error(code=Gio.IOErrorEnum.CANCELLED))
        self.repeat(do_round)


unittest.main()
