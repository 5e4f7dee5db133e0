# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pools: tasks with a plan."""

import unittest

from support import *


def close(pool):
    return pool.close_finish(Call(pool.close_async, None).wait())


class PoolTest(unittest.TestCase):
    def test_run(self):
        pool = Aiodrive.Pool.new('main')
        self.assertIsInstance(pool, Aiodrive.TaskGroup)
        self.assertEqual(pool.get_name(), 'main')
        self.assertEqual(pool.props.name, 'main')
        started = []
        task = pool.spawn(lambda task, cancellable: (started.append('a'), gives('a')(task, cancellable)))
        named = pool.spawn_full('b', -3, gives('b'))
        self.assertEqual(named.get_name(), 'b')
        settle()
        self.assertEqual(started, [])
        self.assertEqual(pool.get_status(), Aiodrive.PoolStatus.IDLE)

        statuses = []
        pool.connect('notify::status', lambda pool, pspec: statuses.append(pool.props.status))
        call = Call(pool.run_async, Aiodrive.PoolFlags.NONE, None)
        with Raises(Gio.IOErrorEnum.PENDING):
            again = start(pool.run_async, Aiodrive.PoolFlags.NONE)
            Aiodrive.run(again)
            Aiodrive.task_propagate_result(again)
        self.assertTrue(pool.run_finish(call.wait()))
        self.assertEqual(started, ['a'])
        self.assertEqual(Aiodrive.task_propagate(task), 'a')
        self.assertEqual(Aiodrive.task_propagate(named), 'b')
        self.assertEqual(statuses, [Aiodrive.PoolStatus.RUNNING, Aiodrive.PoolStatus.DONE])

    def test_task(self):
        pool = Aiodrive.Pool(name=None)
        pool.spawn(fails())
        task = start(pool.run_async, Aiodrive.PoolFlags.FOREVER)
        Aiodrive.run(task)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            Aiodrive.task_propagate_result(task)

    def test_planned(self):
        pool = Aiodrive.Pool()
        task = pool.spawn(gives('a'))
        self.assertTrue(close(pool))
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.task_propagate(task)

    def test_open(self):
        parent = Gio.Cancellable()
        pool = Aiodrive.Pool.open(None, parent)
        self.assertEqual(pool.get_status(), Aiodrive.PoolStatus.RUNNING)
        pool.spawn(sleeps())
        settle()
        parent.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            close(pool)

    def test_order(self):
        pool = Aiodrive.Pool.open('order', None)
        ended = []
        for depth in 0, 2, -2, 1:
            task = pool.spawn_full(None, depth, sleeps())
            Aiodrive.wait_task_async(task, None, lambda source, result, depth=depth: ended.append(depth))
        settle()
        pool.cancel()
        self.assertTrue(close(pool))
        self.assertEqual(ended, [2, 1, 0, -2])

    def test_tree(self):
        pool = Aiodrive.Pool.open('outer', None)
        found = []

        def job(task, cancellable):
            found.append(Aiodrive.Pool.ref_current(cancellable))
            inner = Aiodrive.Pool.open('inner', cancellable)
            found.append(Aiodrive.Pool.ref_current(inner.get_scope()))
            found.append(pool.format())
            Call(inner.close_async, None)
            task.return_boolean(True)
        pool.spawn_full('task', 7, job)
        self.assertTrue(close(pool))
        self.assertIs(found[0], pool)
        self.assertEqual(found[1].get_name(), 'inner')
        self.assertRegex(found[2], r'^pool outer: running, \d+\.\d s\n'
                                   r'└─ task task, depth 7: running, \d+\.\d s\n   └─ pool inner: running, ')
        self.assertIsNone(Aiodrive.Pool.ref_current(None))


unittest.main()
