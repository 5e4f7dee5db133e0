# SPDX-License-Identifier: LGPL-2.1-or-later
import threading
import unittest

from support import *


def sleep_long(task, cancellable):
    Aiodrive.sleep_async(3600000, cancellable, Aiodrive.task_complete, task)


def new_action():
    return Gio.SimpleAction.new('go', GLib.VariantType('s'))


def activate(action, text='now'):
    action.activate(GLib.Variant('s', text))


class ObjectTest(unittest.TestCase):
    def test_scope(self):
        action = new_action()
        scope = Aiodrive.CancelScope.new_for_object(action, 'activate', None)
        below = Aiodrive.CancelScope.new(scope)
        self.assertIs(below.dup_object(), action)
        activate(action)
        self.assertTrue(below.is_cancelled())

        scope = Aiodrive.CancelScope.new_for_object(action, None, None)
        self.assertFalse(scope.is_cancelled())
        del action
        self.assertTrue(scope.is_cancelled())
        self.assertIsNone(scope.dup_object())

    def test_spawn(self):
        action = new_action()
        started = []

        def job(task, cancellable):
            started.append(cancellable)
            sleep_long(task, cancellable)

        Aiodrive.spawn_for_object(action, None, job)
        settle()
        self.assertIs(started[0].dup_object(), action)
        del action
        self.assertTrue(started[0].is_cancelled())
        settle()

    def test_emission(self):
        action = new_action()
        call = Call(Aiodrive.wait_for_emission_async, action, 'activate', None)
        activate(action, 'here')
        emission = Aiodrive.wait_for_emission_finish(call.wait())
        self.assertIsInstance(emission, Aiodrive.Emission)
        self.assertEqual(emission.get_n_args(), 1)
        self.assertEqual(emission.get_arg(0).unpack(), 'here')
        self.assertIsNone(emission.get_arg(1))

        call = Call(Aiodrive.wait_for_emission_async, action, 'activate', None)
        del action, emission
        with Raises(Gio.IOErrorEnum.CLOSED):
            Aiodrive.wait_for_emission_finish(call.wait())

    def test_blocking(self):
        action = new_action()
        texts, sizes = [], []
        thread = threading.Thread(target=lambda: texts.append(Aiodrive.wait_for_emission(action, 'activate', None)))
        thread.start()
        while thread.is_alive():
            activate(action)
            thread.join(0)
        self.assertEqual(texts[0].get_arg(0).unpack(), 'now')
        self.assertIs(Aiodrive.wait_for_property(action, 'enabled', GObject.Value(bool, True), None), True)

    def test_property(self):
        action = new_action()
        call = Call(Aiodrive.wait_for_property_async, action, 'enabled', GObject.Value(bool, False), None)
        action.set_enabled(False)
        self.assertIs(Aiodrive.wait_for_property_finish(call.wait()), False)
        call = Call(Aiodrive.wait_for_property_async, action, 'colour', None, None)
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            Aiodrive.wait_for_property_finish(call.wait())

    def test_fd(self):
        reader, writer = os.pipe()
        call = Call(Aiodrive.wait_for_fd_async, reader, GLib.IOCondition.IN, None)
        os.write(writer, b'x')
        self.assertEqual(Aiodrive.wait_for_fd_finish(call.wait()), GLib.IOCondition.IN)
        os.close(reader)
        os.close(writer)

    def test_iterators(self):
        action = new_action()
        emissions = Aiodrive.iterate_emissions(action, 'activate', 1, Aiodrive.Overflow.DROP_OLDEST)
        values = Aiodrive.iterate_property(action, 'enabled')
        activate(action, 'a')
        activate(action, 'b')
        self.assertIsInstance(emissions, Aiodrive.ObjectIterator)
        self.assertEqual(emissions.props.n_items, 1)
        del action
        found, emission = emissions.next_finish(Call(emissions.next_async, None).wait())
        self.assertEqual(emission.get_arg(0).unpack(), 'b')
        self.assertEqual(tuple(values.next_finish(Call(values.next_async, None).wait())), (True, True))
        self.assertEqual(tuple(values.next_finish(Call(values.next_async, None).wait())), (False, False))
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            Aiodrive.iterate_emissions(new_action(), 'deactivate', 1, Aiodrive.Overflow.FAIL)

    def test_latest(self):
        latest = Aiodrive.Latest.new(None, 0)
        self.assertEqual(latest.props.debounce_ms, 0)
        started = []

        def job(task, cancellable):
            started.append(task)
            sleep_long(task, cancellable)

        first, second = latest.spawn(job), latest.spawn(job)
        settle()
        self.assertEqual(started, [second])
        self.assertTrue(first.get_completed())
        self.assertTrue(latest.is_busy() and latest.props.busy)
        latest.cancel()
        settle()
        self.assertFalse(latest.is_busy())
        self.assertTrue(latest.close_finish(Call(latest.close_async, None).wait()))

    def test_supervisor(self):
        group = Aiodrive.TaskGroup.new_with_flags(None, Aiodrive.TaskGroupFlags.SUPERVISOR)
        self.assertEqual(group.props.flags, Aiodrive.TaskGroupFlags.SUPERVISOR)
        failed = []
        group.connect('task-failed', lambda group, task, error: failed.append((task, error.message)))

        def fail(task, cancellable):
            task.return_error(GLib.Error.new_literal(Gio.io_error_quark(), 'gone', Gio.IOErrorEnum.NOT_FOUND))

        helper = group.spawn_with_flags(Aiodrive.TaskGroupSpawnFlags.HELPER, sleep_long)
        task = group.spawn(fail)
        settle()
        self.assertEqual(failed, [(task, 'gone')])
        self.assertFalse(helper.get_completed())
        self.assertTrue(group.close_finish(Call(group.close_async, None).wait()))
        self.assertTrue(helper.get_completed())


unittest.main()
