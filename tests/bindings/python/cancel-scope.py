# SPDX-License-Identifier: LGPL-2.1-or-later
import unittest

from support import *


class CancelScopeTest(unittest.TestCase):
    def test_is_a_cancellable(self):
        scope = Aiodrive.CancelScope()
        self.assertIsInstance(scope, Gio.Cancellable)
        self.assertIsNone(scope.get_parent())
        self.assertIsNone(scope.ref_task())
        scope.cancel()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            scope.set_error_if_cancelled()
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Gio.File.new_for_path(__file__).load_contents(scope)

    def test_parent(self):
        for parent in Gio.Cancellable(), Aiodrive.CancelScope.new(None):
            scope = Aiodrive.CancelScope.new(parent)
            self.assertIs(scope.get_parent(), parent)
            self.assertIs(scope.props.parent, parent)
            parent.cancel()
            self.assertTrue(scope.is_cancelled())
            self.assertTrue(Aiodrive.CancelScope.new(parent).is_cancelled())

    def test_construct(self):
        top = Aiodrive.CancelScope.new(None)
        below = Aiodrive.CancelScope.new(Aiodrive.CancelScope.new(top))
        below.set_shielded(True)
        below.move_up()
        self.assertIs(below.get_parent(), top)

        parent = Gio.Cancellable()
        scope = GObject.new(Aiodrive.CancelScope, parent=parent, deadline=GLib.get_monotonic_time() + 60000000)
        self.assertIs(scope.props.parent, parent)
        self.assertGreater(scope.get_deadline(), GLib.get_monotonic_time())
        parent.cancel()
        self.assertTrue(scope.is_cancelled())

    def test_task(self):
        seen = []
        task = Aiodrive.prime(None, lambda task, cancellable: seen.append((task, cancellable)))
        scope = task.get_cancellable()
        self.assertEqual(seen.pop(), (task, scope))
        self.assertIs(scope.ref_task(), task)
        task.return_boolean(True)
        Aiodrive.run(task)
        del task
        settle()
        self.assertIsNone(scope.ref_task())

    def test_reason(self):
        parent = Aiodrive.CancelScope.new(None)
        scope = Aiodrive.CancelScope.new(parent)
        self.assertIsNone(scope.dup_reason())
        parent.cancel_with_reason(new_error('the window was closed', Gio.IOErrorEnum.CLOSED))
        for reason in parent.dup_reason(), scope.dup_reason():
            self.assertTrue(reason.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED))
            self.assertEqual(reason.message, 'the window was closed')

    def test_reason_without_error(self):
        scope = Aiodrive.CancelScope.new(None)
        scope.cancel_with_message(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY, 'too much to do')
        self.assertTrue(scope.dup_reason().matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY))
        self.assertEqual(scope.dup_reason().message, 'too much to do')

    def test_deadline(self):
        scope = Aiodrive.CancelScope.new_with_timeout(None, 0)
        iterate_until(scope.is_cancelled)
        self.assertTrue(scope.dup_reason().matches(Gio.io_error_quark(), Gio.IOErrorEnum.TIMED_OUT))

        scope = Aiodrive.CancelScope.new(None)
        notified = []
        GObject.Object.connect(scope, 'notify::deadline', lambda *args: notified.append(scope.get_deadline()))
        self.assertEqual(scope.get_deadline(), -1)
        later = GLib.get_monotonic_time() + 60000000
        scope.set_deadline(later)
        scope.props.deadline = later + 1
        self.assertEqual(notified, [later, later + 1])
        self.assertEqual(scope.props.deadline, later + 1)

        child = Aiodrive.CancelScope(deadline=later + 2)
        self.assertEqual(child.get_effective_deadline(), later + 2)
        child = Aiodrive.CancelScope.new(scope)
        self.assertEqual(child.get_effective_deadline(), later + 1)
        child.set_shielded(True)
        self.assertEqual(child.get_effective_deadline(), -1)

    def test_shielded(self):
        parent = Aiodrive.CancelScope.new(None)
        scope = Aiodrive.CancelScope.new(parent)
        notified = []
        GObject.Object.connect(scope, 'notify::shielded', lambda *args: notified.append(scope.get_shielded()))
        scope.set_shielded(True)
        parent.cancel()
        self.assertFalse(scope.is_cancelled())
        scope.props.shielded = False
        self.assertTrue(scope.is_cancelled())
        self.assertEqual(notified, [True, False])

    def test_leave(self):
        cancelled = new_error('cancelled', Gio.IOErrorEnum.CANCELLED)

        scope = Aiodrive.CancelScope.new(None)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            scope.leave(new_error())
        with Raises(Gio.IOErrorEnum.CANCELLED):
            scope.leave(cancelled)
        scope.cancel()
        self.assertTrue(scope.leave(cancelled))

        scope = Aiodrive.CancelScope.new_with_timeout(None, 0)
        with Raises(Gio.IOErrorEnum.TIMED_OUT):
            scope.leave(cancelled)

    @unittest.skipIf(gi.version_info < (3, 50), 'this PyGObject takes no None for a GError')
    def test_no_error(self):
        scope = Aiodrive.CancelScope.new(None)
        self.assertTrue(scope.leave(None))
        scope.cancel_with_reason(None)
        self.assertTrue(scope.is_cancelled())
        self.assertIsNone(scope.dup_reason())


unittest.main()
