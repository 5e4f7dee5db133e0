# SPDX-License-Identifier: LGPL-2.1-or-later
"""What asyncio takes for the workloads of the contestants in C; called as those are."""
import asyncio
import gc
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

# The workload, what does it, and the greatest N that makes sense.
WORKLOADS = {
    'event-wake': (event_wake, 100000),
    'cancel-own': (cancel_own, 10000),
    'lock-handoff': (lock_handoff, 100000),
    'lock-alone': (lock_alone, 100000),
    'queue-getters': (queue_getters, 100000),
    'queue-get': (queue_get, 100000),
    'queue-try': (queue_try, 100000),
    'spawn': (spawn, 100000),
    'race': (race, 10000),
    'executor': (executor, 10000),
}


def measure(workload, n):
    """The median of the nanoseconds that an operation takes."""
    func, limit = WORKLOADS[workload]
    samples = []
    total = 0
    asyncio.run(func(Clock(), n))
    while total < MIN_ELAPSED * 1e9:
        clock = Clock()
        gc.collect()
        asyncio.run(func(clock, n))
        total += clock.elapsed
        samples.append(clock.elapsed / n)
    return sorted(samples)[len(samples) // 2]


if sys.argv[1:] == ['--list']:
    for name, (func, limit) in WORKLOADS.items():
        print(name, 'asyncio', limit)
else:
    print(measure(sys.argv[1], int(sys.argv[3])))
