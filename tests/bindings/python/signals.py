# SPDX-License-Identifier: LGPL-2.1-or-later
import os
import signal
import subprocess
import threading
import unittest

from support import *

KNOWN = [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH]


def begin(*signums, cancellable=None):
    return Call(Aiodrive.wait_for_signal_async, list(signums), cancellable)


def finish(call):
    return Aiodrive.wait_for_signal_finish(call.wait())


def send(signum):
    os.kill(os.getpid(), signum)


def kill_from_another_process(signum):
    subprocess.run(['sh', '-c', f'kill -{int(signum)} $PPID'], check=True)


def interrupt_is_back():
    """Whether SIGINT does in this process what Python does with it."""
    try:
        send(signal.SIGINT)
        for _ in range(1000):
            pass
    except KeyboardInterrupt:
        return True
    return False


class WaitTest(unittest.TestCase):
    def test_each(self):
        for signum in KNOWN:
            calls = [begin(signum), begin(*KNOWN), begin(signum)]
            settle()
            self.assertEqual([call.n_calls for call in calls], [0, 0, 0])
            send(signum)
            self.assertEqual([finish(call) for call in calls], [signum] * 3)
            self.assertIsNone(calls[0].source)

    def test_from_another_process(self):
        for kill in kill_from_another_process, lambda signum: threading.Thread(target=send, args=(signum,)).start():
            call = begin(signal.SIGTERM)
            kill(signal.SIGTERM)
            self.assertEqual(finish(call), signal.SIGTERM)

    def test_cancelled(self):
        before, while_waiting, afterwards = Gio.Cancellable(), Gio.Cancellable(), Gio.Cancellable()
        before.cancel()
        calls = [begin(signal.SIGUSR1, cancellable=cancellable) for cancellable in (before, while_waiting, afterwards)]
        while_waiting.cancel()
        send(signal.SIGUSR1)
        afterwards.cancel()
        for call in calls[:2]:
            with Raises(Gio.IOErrorEnum.CANCELLED):
                finish(call)
        self.assertEqual(finish(calls[2]), signal.SIGUSR1)

    def test_invalid(self):
        for signums in [], [signal.SIGKILL], [signal.SIGINT, signal.SIGCHLD], [0], [-1]:
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                finish(begin(*signums))
        self.assertTrue(interrupt_is_back())


class HandlerTest(unittest.TestCase):
    def test_cancels(self):
        for kill in send, kill_from_another_process:
            for signum in KNOWN:
                scope = Aiodrive.CancelScope.new(None)
                handler = Aiodrive.handle_signal(signum, scope)
                self.assertIsInstance(handler, Aiodrive.SignalHandler)
                for _ in range(200 if kill is send else 1):
                    kill(signum)
                iterate_until(scope.is_cancelled)
                reason = scope.dup_reason()
                self.assertTrue(reason.matches(Aiodrive.error_quark(), Aiodrive.Error.SIGNAL))
                self.assertEqual(reason.message, f'Cancelled by {signum.name}')
                kill(signum)
                handler.release()
                handler.release()

    def test_ends_a_wait(self):
        scope = Aiodrive.CancelScope.new(None)
        handler = Aiodrive.handle_signal(signal.SIGINT, scope)
        call = Call(Aiodrive.sleep_async, 60000, scope)
        send(signal.SIGINT)
        with Raises(Gio.IOErrorEnum.CANCELLED):
            Aiodrive.sleep_finish(call.wait())
        handler.release()
        self.assertTrue(interrupt_is_back())

    def test_invalid(self):
        for signum in signal.SIGKILL, signal.SIGCHLD, 0, -1:
            with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
                Aiodrive.handle_signal(signum, Aiodrive.CancelScope.new(None))

    def test_dropped(self):
        """It is over with the last reference, and with the last handler or wait what was there before is back."""
        scope = Aiodrive.CancelScope.new(None)
        one, other = (Aiodrive.handle_signal(signal.SIGINT, scope) for _ in range(2))
        call = begin(signal.SIGINT)
        del one
        self.assertFalse(interrupt_is_back())
        self.assertEqual(finish(call), signal.SIGINT)
        self.assertFalse(interrupt_is_back())
        del other
        self.assertTrue(interrupt_is_back())

    def test_own_handler(self):
        came = []
        previous = signal.signal(signal.SIGUSR1, lambda signum, frame: came.append(signum))
        handler = Aiodrive.handle_signal(signal.SIGUSR1, Aiodrive.CancelScope.new(None))
        send(signal.SIGUSR1)
        settle()
        self.assertEqual(came, [])
        handler.release()
        send(signal.SIGUSR1)
        self.assertEqual(came, [signal.SIGUSR1])
        signal.signal(signal.SIGUSR1, previous)


# whoever runs the tests may have it ignored
signal.signal(signal.SIGINT, signal.default_int_handler)
unittest.main()
