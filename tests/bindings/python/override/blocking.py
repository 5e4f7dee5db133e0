# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that block their thread: a signal interrupts them, and none of them is for a coroutine."""

import threading

from support import *

# each of them waits for ever
CALLS = {
    'event': 'Aiodrive.ThreadSafeEvent().wait_blocking()',
    'future': 'Aiodrive.ThreadSafeFuture().wait_blocking()',
    'send': 'Aiodrive.Channel(0).send_blocking(1)',
    'receive': 'Aiodrive.Channel(1).receive_blocking()',
    'lock': 'use(held(Aiodrive.SmartLock()).exclusive())',
    'shared lock': 'use(held(Aiodrive.SmartLock()).shared())',
    'limiter': 'use(Aiodrive.Limiter(0).acquire())',
    'executor': 'stuck.executor.stop_blocking()',
}

HELPERS = '''
import asyncio, threading
def use(acquisition):
    with acquisition:
        pass
def held(lock):
    held.block = lock.exclusive()
    held.block.__enter__()
    return lock
def stuck():
    executor = Aiodrive.BackgroundExecutor()
    began = threading.Event()
    async def job():
        began.set()
        while stuck.waits:
            try:
                await asyncio.sleep(0.001)
            except asyncio.CancelledError:
                pass
    stuck.executor, stuck.job = executor, executor.spawn(job())
    began.wait()
stuck.waits = True
'''


class BlockingTest(unittest.TestCase):
    def test_interrupt(self):
        for name, call in CALLS.items():
            with self.subTest(name):
                output, errors, status = interrupted(HELPERS + f'''
                    {'stuck()' if name == 'executor' else ''}
                    try:
                        print('ready')
                        {call}
                    except KeyboardInterrupt:
                        print('interrupted')
                    stuck.waits = False
                    if hasattr(stuck, 'executor'):
                        stuck.executor.stop_blocking()
                '''.replace(' ' * 20, ''))
                self.assertEqual((output, errors, status), ('interrupted\n', '', 0))

    def test_interrupt_at_the_start(self):
        """A signal that comes while the watching thread starts is not lost, nor is the thread."""
        output, errors, status = interrupted('''
            import threading
            start = threading._start_new_thread
            def interrupts(*args):
                started = start(*args)
                signal.raise_signal(signal.SIGINT)
                return started
            threading._start_new_thread = interrupts
            try:
                Aiodrive.ThreadSafeEvent().wait_blocking()
            except KeyboardInterrupt:
                print('interrupted')
            event = Aiodrive.ThreadSafeEvent()
            event.set()
            event.wait_blocking()
            print([thread.name for thread in threading.enumerate()].count('aiodrive-signals'))
        ''')
        self.assertEqual((output, errors, status), ('interrupted\n1\n', '', 0))

    def test_handler_that_goes_on(self):
        """What waits goes on waiting, and gets what it waits for."""
        output, errors, status = interrupted('''
            channel = Aiodrive.Channel(2)
            def handler(number, frame):
                print('handled')
                channel.try_send('an item')
            signal.signal(signal.SIGINT, handler)
            print('ready')
            print(channel.receive_blocking())
        ''')
        self.assertEqual((output, errors, status), ('handled\nan item\n', '', 0))

    def test_after_fork(self):
        """A child process is interrupted too."""
        output, errors, status = interrupted('''
            event = Aiodrive.ThreadSafeEvent()
            event.set()
            event.wait_blocking()
            child = os.fork()
            if child == 0:
                try:
                    os.kill(os.getpid(), signal.SIGINT)
                    Aiodrive.ThreadSafeEvent().wait_blocking()
                except KeyboardInterrupt:
                    os._exit(5)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        ''')
        self.assertEqual((output, errors, status), ('5\n', '', 0))

    @in_real_time
    async def test_in_a_coroutine(self):
        names = {}
        exec('from support import *\n' + HELPERS, names)
        names['stuck'].waits = False
        names['stuck']()
        for name, call in CALLS.items():
            with self.subTest(name), self.assertRaisesRegex(RuntimeError, 'would stop all coroutines'):
                try:
                    exec(call, names)
                finally:
                    await asyncio.sleep(0)
        await names['stuck'].executor.stop()

    @in_real_time
    async def test_in_a_thread(self):
        event, channel = Aiodrive.ThreadSafeEvent(), Aiodrive.Channel(1)
        waits = [asyncio.to_thread(event.wait_blocking), asyncio.to_thread(channel.receive_blocking)]
        event.set()
        self.assertEqual((await asyncio.gather(asyncio.to_thread(channel.send_blocking, 1), *waits))[1:], [True, 1])

    def test_values_and_errors(self):
        future = Aiodrive.ThreadSafeFuture()
        threading.Thread(target=future.set_result, args=['value']).start()
        self.assertEqual(future.wait_blocking(), 'value')
        future = Aiodrive.ThreadSafeFuture()
        future.cancel()
        with self.assertRaises(asyncio.CancelledError):
            future.wait_blocking()
        future = Aiodrive.ThreadSafeFuture()
        future.set_exception(Thrown())
        with self.assertRaises(Thrown):
            future.wait_blocking()


if __name__ == '__main__':
    unittest.main()
