# SPDX-License-Identifier: LGPL-2.1-or-later
"""Queues and channels."""

import threading
import unittest

from support import *

QUEUES = Aiodrive.OrderedQueue, Aiodrive.UnorderedQueue


def next_of(iterator):
    found, item = iterator.next_finish(Call(iterator.next_async, None).wait())
    return item if found else StopIteration


def close(iterator):
    return iterator.close_finish(Call(iterator.close_async, None).wait())


class QueueTest(unittest.TestCase):
    def test_values(self):
        for queue_class in QUEUES:
            queue = queue_class.new()
            values = [1, 'two', 3.0, True, [4, 'four'], Gio.Cancellable()]
            for index, value in enumerate(values):
                self.assertTrue(queue.put(index, value))
            self.assertEqual(queue.props.n_items, len(values))
            self.assertFalse(queue.is_empty())
            self.assertEqual(queue.get_finish(Call(queue.get_async, None).wait()), 1)
            self.assertEqual(tuple(queue.try_get()), (True, 'two'))
            self.assertEqual(queue.get_many(2), [3.0, True])
            self.assertEqual(queue.get_many(0), values[4:])
            self.assertEqual(queue.get_many(0), [])
            self.assertEqual(tuple(queue.try_get()), (False, False))
            self.assertTrue(queue.is_empty())

    def test_waiting(self):
        for queue_class in QUEUES:
            queue = queue_class()
            cancellable = Gio.Cancellable()
            cancelled = Call(queue.get_async, cancellable)
            first, second = Call(queue.get_async, None), Call(queue.get_async, None)
            cancellable.cancel()
            thread = threading.Thread(target=queue.put, args=(0, 'first'))
            thread.start()
            thread.join()
            with Raises(Gio.IOErrorEnum.CANCELLED):
                queue.get_finish(cancelled.wait())
            self.assertEqual(queue.get_finish(first.wait()), 'first')
            queue.close()
            with Raises(Gio.IOErrorEnum.CLOSED):
                queue.get_finish(second.wait())
            with Raises(Gio.IOErrorEnum.CLOSED):
                queue.put(1, 'late')
            with Raises(Gio.IOErrorEnum.CLOSED):
                queue.try_get()

    def test_notify(self):
        for queue_class in QUEUES:
            queue = queue_class()
            counts = []
            queue.connect('notify::n-items', lambda queue, pspec: counts.append(queue.props.n_items))
            queue.put(0, 'a')
            queue.put(1, 'b')
            queue.try_get()
            self.assertEqual(counts, [1, 2, 1])

    def test_order(self):
        queue = Aiodrive.OrderedQueue.new()
        for index in 3, 1, 0:
            queue.put(index, index)
        self.assertEqual(queue.get_many(0), [0, 1])
        for index, code in (0, Gio.IOErrorEnum.INVALID_ARGUMENT), (-1, Gio.IOErrorEnum.INVALID_ARGUMENT), \
                           (3, Gio.IOErrorEnum.EXISTS):
            with Raises(code):
                queue.put(index, 'again')
        with Raises(Gio.IOErrorEnum.INVALID_ARGUMENT):
            queue.put(2, GObject.Value())

    def test_dropped(self):
        for queue_class in QUEUES:
            queue = queue_class()
            queue.put(0, 'a')
            call = Call(queue.get_async, None)
            call.wait()
            self.assertTrue(queue.is_empty())
            del call
            self.assertEqual(tuple(queue.try_get()), (True, 'a'))

    def test_iteration(self):
        for queue_class in QUEUES:
            queue = queue_class()
            self.assertIsInstance(queue, Aiodrive.Queue)
            self.assertIsInstance(queue, Aiodrive.AsyncIterator)
            queue.put(0, 'a')
            self.assertEqual(next_of(queue), 'a')
            self.assertTrue(close(queue))
            self.assertIs(next_of(queue), StopIteration)

    def test_failed(self):
        for queue_class in QUEUES:
            queue = queue_class()
            queue.close_with_error(new_error('it broke'))
            with Raises(Gio.IOErrorEnum.NOT_FOUND) as raised:
                next_of(queue)
            self.assertEqual(raised.error.message, 'it broke')


class ChannelTest(unittest.TestCase):
    def test_bound(self):
        channel = Aiodrive.Channel.new(1)
        self.assertEqual(channel.props.capacity, 1)
        self.assertTrue(channel.try_send('a'))
        self.assertFalse(channel.try_send('b'))
        send = Call(channel.send_async, ['b'], None)
        self.assertEqual(channel.props.n_items, 1)
        self.assertEqual(tuple(channel.try_receive()), (True, 'a'))
        self.assertTrue(channel.send_finish(send.wait()))
        self.assertEqual(channel.receive_finish(Call(channel.receive_async, None).wait()), ['b'])
        self.assertEqual(tuple(channel.try_receive()), (False, False))

    def test_blocking(self):
        channel = Aiodrive.Channel(capacity=0)
        received = []
        thread = threading.Thread(target=lambda: received.append(channel.receive(None)))
        thread.start()
        self.assertTrue(channel.send('x', None))
        thread.join()
        self.assertEqual(received, ['x'])
        with Raises(Gio.IOErrorEnum.CANCELLED):
            channel.send('y', Aiodrive.CancelScope.new_with_timeout(None, 1))
        with Raises(Gio.IOErrorEnum.CANCELLED):
            channel.receive(Aiodrive.CancelScope.new_with_timeout(None, 1))

    def test_close(self):
        channel = Aiodrive.Channel.new(1)
        channel.try_send('a')
        send = Call(channel.send_async, 'b', None)
        channel.close_send()
        with Raises(Gio.IOErrorEnum.CLOSED):
            channel.send_finish(send.wait())
        self.assertEqual(next_of(channel), 'a')
        self.assertIs(next_of(channel), StopIteration)

        channel = Aiodrive.Channel.new(1)
        channel.try_send('a')
        channel.close_receive()
        with Raises(Gio.IOErrorEnum.CLOSED):
            channel.try_receive()

        channel = Aiodrive.Channel.new(1)
        channel.close_with_error(new_error())
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            channel.receive(None)
        with Raises(Gio.IOErrorEnum.NOT_FOUND):
            channel.try_send('x')


unittest.main()
