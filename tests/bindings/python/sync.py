# SPDX-License-Identifier: LGPL-2.1-or-later
import threading
import unittest

from support import *


def new_latch_that_is_set():
    latch = Aiodrive.Latch.new()
    latch.set()
    return latch


def send(cargo):
    cargo.send(boxed(GObject.TYPE_STRING, 'freight'))


def set_value(future):
    future.set_value(boxed(GObject.TYPE_STRING, 'freight'))


# how each is made, woken and waited for, and what the wait gives
WAITS = [
    (Aiodrive.Button, Aiodrive.Button.press, 'wait', True),
    (Aiodrive.Cargo, send, 'wait', 'freight'),
    (Aiodrive.Latch, Aiodrive.Latch.set, 'wait', (True, True)),
    (Aiodrive.Latch, Aiodrive.Latch.set, 'wait_set', True),
    (new_latch_that_is_set, Aiodrive.Latch.unset, 'wait_unset', True),
    (Aiodrive.ThreadSafeEvent, Aiodrive.ThreadSafeEvent.set, 'wait', True),
    (Aiodrive.ThreadSafeFuture, set_value, 'wait', 'freight'),
]


class WaitTest(unittest.TestCase):
    def test_woken(self):
        for make, wake, wait, expected in WAITS:
            primitive = make()
            calls = [Call(getattr(primitive, wait + '_async'), None) for _ in range(3)]
            settle()
            wake(primitive)
            self.assertEqual([call.n_calls for call in calls], [0, 0, 0])
            for call in calls:
                self.assertEqual(getattr(primitive, wait + '_finish')(call.wait()), expected)
                self.assertIs(call.source, primitive)

    def test_had_error(self):
        latch, cancellable = Aiodrive.Latch.new(), Gio.Cancellable()
        cancelled, woken = Call(latch.wait_async, cancellable), Call(latch.wait_async, None)
        cancellable.cancel()
        latch.set()
        self.assertTrue(Aiodrive.result_had_error(cancelled.wait()))
        self.assertFalse(Aiodrive.result_had_error(woken.wait()))

    def test_woken_from_thread(self):
        for make, wake, wait, expected in WAITS:
            primitive = make()
            call = Call(getattr(primitive, wait + '_async'), None)
            thread = threading.Thread(target=wake, args=(primitive,))
            thread.start()
            self.assertEqual(getattr(primitive, wait + '_finish')(call.wait()), expected)
            thread.join()

    def test_cancelled(self):
        for make, wake, wait, expected in WAITS:
            primitive = make()
            before = Gio.Cancellable()
            before.cancel()
            while_waiting, afterwards = Gio.Cancellable(), Gio.Cancellable()
            calls = [Call(getattr(primitive, wait + '_async'), cancellable)
                     for cancellable in (before, while_waiting, afterwards)]
            settle()
            while_waiting.cancel()
            wake(primitive)
            afterwards.cancel()
            for call in calls[:2]:
                with Raises(Gio.IOErrorEnum.CANCELLED):
                    getattr(primitive, wait + '_finish')(call.wait())
            self.assertEqual(getattr(primitive, wait + '_finish')(calls[2].wait()), expected)


class StateTest(unittest.TestCase):
    def test_latch(self):
        latch = Aiodrive.Latch.new()
        notified = []
        latch.connect('notify::state', lambda *args: notified.append(latch.get_state()))
        latch.set()
        latch.set_state(True)
        latch.set_state(False)
        latch.props.state = True
        latch.unset()
        self.assertFalse(latch.props.state)
        self.assertEqual(notified, [True, False, True, False])

    def test_event(self):
        event = Aiodrive.ThreadSafeEvent.new()
        self.assertFalse(event.is_set())
        event.set()
        self.assertTrue(event.is_set())
        self.assertTrue(event.wait(None))
        event.clear()
        self.assertFalse(event.is_set())

    def test_remember_nothing(self):
        for primitive, wake in (Aiodrive.Button.new(), Aiodrive.Button.press), (Aiodrive.Cargo.new(), send):
            wake(primitive)
            call = Call(primitive.wait_async, None)
            settle()
            self.assertEqual(call.n_calls, 0)
            wake(primitive)
            call.wait()


class ValueTest(unittest.TestCase):
    def test_values(self):
        for gtype, content in ((GObject.TYPE_INT64, 1 << 40), (GObject.TYPE_STRING, None),
                               (GObject.TYPE_STRV, ['a', 'b']), (GObject.TYPE_OBJECT, Gio.Cancellable()),
                               (GObject.TYPE_PYOBJECT, {'any': [object]})):
            cargo, future = Aiodrive.Cargo(), Aiodrive.ThreadSafeFuture()
            calls = [Call(primitive.wait_async, None) for primitive in (cargo, cargo, future, future)]
            self.assertTrue(cargo.send(boxed(gtype, content)))
            self.assertTrue(future.set_value(boxed(gtype, content)))
            for call in calls:
                self.assertEqual(call.wait() and call.source.wait_finish(call.result), content)
            self.assertEqual(future.wait(None), content)

    def test_plain(self):
        """What is no GValue becomes one."""
        cargo = Aiodrive.Cargo()
        call = Call(cargo.wait_async, None)
        cargo.send('plain')
        self.assertEqual(cargo.wait_finish(call.wait()), 'plain')

    def test_kept(self):
        button = Aiodrive.Button()
        call = Call(button.wait_async, None)
        button.press()
        del button
        self.assertTrue(call.wait() and call.source.wait_finish(call.result))

    def test_no_type(self):
        future = Aiodrive.ThreadSafeFuture()
        for function in Aiodrive.Cargo().send, future.set_value:
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                function(GObject.Value())
            with self.assertRaises(TypeError):
                function()
        self.assertFalse(future.is_done())

    def test_once(self):
        ways = (set_value, lambda future: future.set_error(new_error('not there')), Aiodrive.ThreadSafeFuture.cancel)
        codes = (None, Gio.IOErrorEnum.NOT_FOUND, Gio.IOErrorEnum.CANCELLED)
        for first, code in zip(ways, codes):
            future = Aiodrive.ThreadSafeFuture.new()
            call = Call(future.wait_async, None)
            self.assertFalse(future.is_done())
            first(future)
            self.assertTrue(future.is_done())
            for second in ways:
                with Raises(Gio.IOErrorEnum.EXISTS):
                    second(future)
            call.wait()
            for get in lambda: future.wait_finish(call.result), lambda: future.wait(None):
                if code is None:
                    self.assertEqual(get(), 'freight')
                else:
                    with Raises(code):
                        get()


class BlockTest(unittest.TestCase):
    """What blocks lets the other threads of Python run."""

    def block(self, primitive, wake):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(primitive.wait(None)))
        thread.start()
        wake(primitive)
        thread.join()
        return seen.pop()

    def test_woken(self):
        self.assertTrue(self.block(Aiodrive.ThreadSafeEvent(), Aiodrive.ThreadSafeEvent.set))
        self.assertEqual(self.block(Aiodrive.ThreadSafeFuture(), set_value), 'freight')

    def test_deadline(self):
        for primitive in Aiodrive.ThreadSafeEvent(), Aiodrive.ThreadSafeFuture():
            with Raises(Gio.IOErrorEnum.CANCELLED):
                primitive.wait(Aiodrive.CancelScope.new_with_timeout(None, 1))

    def test_cancelled_from_thread(self):
        for primitive in Aiodrive.ThreadSafeEvent(), Aiodrive.ThreadSafeFuture():
            cancellable = Gio.Cancellable()
            thread = threading.Thread(target=cancellable.cancel)
            thread.start()
            with Raises(Gio.IOErrorEnum.CANCELLED):
                primitive.wait(cancellable)
            thread.join()


unittest.main()
