# SPDX-License-Identifier: LGPL-2.1-or-later
"""What asyncio takes for the workloads of the contestants in C, and what the loops that run coroutines take; called as
the contestants are."""
import asyncio
import gc
import importlib.util
import sys
import time

MIN_ELAPSED = 0.03


class Clock:
    """Measures what is done in its block, as the CPU time of the process."""

    def __enter__(self):
        self.began = time.process_time_ns()

    def __exit__(self, *args):
        self.elapsed = time.process_time_ns() - self.began


async def all_started(tasks):
    await asyncio.sleep(0)
    return asyncio.gather(*tasks, return_exceptions=True)


async def event_wake(clock, n):
    event = asyncio.Event()
    ended = await all_started([asyncio.ensure_future(event.wait()) for i in range(n)])
    with clock:
        event.set()
        await ended


async def cancel_own(clock, n):
    event = asyncio.Event()
    tasks = [asyncio.ensure_future(event.wait()) for i in range(n)]
    ended = await all_started(tasks)
    with clock:
        for task in tasks:
            task.cancel()
        await ended


async def lock_handoff(clock, n):
    lock = asyncio.Lock()

    async def lock_once():
        async with lock:
            pass

    await lock.acquire()
    ended = await all_started([asyncio.ensure_future(lock_once()) for i in range(n)])
    with clock:
        lock.release()
        await ended


async def lock_alone(clock, n):
    lock = asyncio.Lock()
    with clock:
        for i in range(n):
            async with lock:
                pass


async def queue_getters(clock, n):
    queue = asyncio.Queue()
    ended = await all_started([asyncio.ensure_future(queue.get()) for i in range(n)])
    with clock:
        for i in range(n):
            queue.put_nowait(i)
        await ended


async def queue_get(clock, n):
    queue = asyncio.Queue()
    for i in range(n):
        queue.put_nowait(i)
    with clock:
        for i in range(n):
            await queue.get()


async def queue_try(clock, n):
    queue = asyncio.Queue()
    with clock:
        for i in range(n):
            queue.put_nowait(i)
            queue.get_nowait()


async def spawn(clock, n):
    event = asyncio.Event()
    n_started = 0

    async def job():
        nonlocal n_started
        n_started += 1
        if n_started == n:
            event.set()
        await event.wait()

    with clock:
        await asyncio.gather(*[asyncio.ensure_future(job()) for i in range(n)])


async def race(clock, n):
    never = asyncio.Event()
    with clock:
        for i in range(n):
            go = asyncio.Event()
            tasks = [asyncio.ensure_future(go.wait()), asyncio.ensure_future(never.wait())]
            await asyncio.sleep(0)
            go.set()
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()
            await asyncio.wait(pending)


async def executor(clock, n):
    loop = asyncio.get_running_loop()
    with clock:
        for i in range(n):
            await loop.run_in_executor(None, int)


async def switch(clock, n):
    """Control goes to the loop and comes back."""
    with clock:
        for i in range(n):
            await asyncio.sleep(0)


async def task(clock, n):
    with clock:
        for i in range(n):
            await asyncio.ensure_future(nothing())


async def nothing():
    pass


async def gather(clock, n):
    with clock:
        for i in range(n // 10):
            await asyncio.gather(*[nothing() for j in range(10)])


async def group(clock, n):
    with clock:
        for i in range(n // 10):
            async with asyncio.TaskGroup() as tasks:
                for j in range(10):
                    tasks.create_task(nothing())


async def timers(clock, n):
    """All due soon, in 100 different moments."""
    loop, done, n_left = asyncio.get_running_loop(), asyncio.Event(), n

    def on_due():
        nonlocal n_left
        n_left -= 1
        if n_left == 0:
            done.set()

    with clock:
        now = loop.time()
        for i in range(n):
            loop.call_at(now + i % 100 * 1e-5, on_due)
        await done.wait()


async def time_limit(clock, n):
    """A timer that is set and cancelled around a switch."""
    with clock:
        for i in range(n):
            async with asyncio.timeout(60):
                await asyncio.sleep(0)


async def exchange(clock, n, size):
    """Client and server are streams of one loop."""
    async def serve(reader, writer):
        for i in range(n):
            writer.write(await reader.readexactly(size))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, '127.0.0.1', 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        data = b'x' * size
        with clock:
            for i in range(n):
                writer.write(data)
                await writer.drain()
                await reader.readexactly(size)
        writer.close()
        await writer.wait_closed()


async def exchange_small(clock, n):
    await exchange(clock, n, 64)


async def exchange_large(clock, n):
    await exchange(clock, n, 65536)


def run_asyncio(coroutine):
    asyncio.run(coroutine)


def run_aiodrive(coroutine):
    from gi.repository import Aiodrive
    Aiodrive.run(coroutine)


def run_pygobject(coroutine):
    """In PyGObject's own loop, from 3.50 on."""
    from gi.events import GLibEventLoopPolicy
    with GLibEventLoopPolicy():
        asyncio.get_event_loop_policy().get_event_loop().run_until_complete(coroutine)


# The greatest N that makes sense, and in which loops.
WORKLOADS = {
    'event-wake': (event_wake, 100000, 'asyncio'),
    'cancel-own': (cancel_own, 10000, 'asyncio'),
    'lock-handoff': (lock_handoff, 100000, 'asyncio'),
    'lock-alone': (lock_alone, 100000, 'asyncio'),
    'queue-getters': (queue_getters, 100000, 'asyncio'),
    'queue-get': (queue_get, 100000, 'asyncio'),
    'queue-try': (queue_try, 100000, 'asyncio'),
    'spawn': (spawn, 100000, 'asyncio'),
    'race': (race, 10000, 'asyncio'),
    'executor': (executor, 10000, 'asyncio'),
    'python-switch': (switch, 10000, 'asyncio aiodrive pygobject'),
    'python-task': (task, 10000, 'asyncio aiodrive pygobject'),
    'python-gather': (gather, 10000, 'asyncio aiodrive pygobject'),
    'python-group': (group, 10000, 'asyncio aiodrive pygobject'),
    'python-timers': (timers, 10000, 'asyncio aiodrive pygobject'),
    'python-timeout': (time_limit, 10000, 'asyncio aiodrive pygobject'),
    'python-exchange-64': (exchange_small, 1000, 'asyncio aiodrive'),
    'python-exchange-64k': (exchange_large, 1000, 'asyncio aiodrive'),
}
LOOPS = {'asyncio': run_asyncio, 'aiodrive': run_aiodrive, 'pygobject': run_pygobject}


def is_there(loop):
    if loop == 'asyncio':
        return True
    try:
        import gi
        gi.require_version('Aiodrive', '1')
        return loop == 'aiodrive' or importlib.util.find_spec('gi.events') is not None
    except (ImportError, ValueError):
        return False


def measure(workload, loop, n):
    """The median of the nanoseconds that an operation takes."""
    func, limit, loops = WORKLOADS[workload]
    samples = []
    total = 0
    LOOPS[loop](func(Clock(), n))
    while total < MIN_ELAPSED * 1e9:
        clock = Clock()
        gc.collect()
        LOOPS[loop](func(clock, n))
        total += clock.elapsed
        samples.append(clock.elapsed / n)
    return sorted(samples)[len(samples) // 2]


if sys.argv[1:] == ['--list']:
    for name, (func, limit, loops) in WORKLOADS.items():
        for loop in filter(is_there, loops.split()):
            print(name, loop, limit)
else:
    print(measure(sys.argv[1], sys.argv[2], int(sys.argv[3])))
