# SPDX-License-Identifier: LGPL-2.1-or-later
"""The override for so many seconds: tasks, groups, threads, locks and streams at once, some of them cancelled. At the
end there are no more objects, threads and files than after the first tenth. Argument: the seconds."""

import asyncio
import collections
import gc
import os
import random
import sys
import time

import gi

gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive, GLib

FOREVER = 1000.0
BOUND = 4096   # kB: for the caches of Python
# kB with each scenario: PyGObject before 3.50 loses 128 bytes with each callback that it gives to C
LOST = 0 if gi.version_info >= (3, 50) else 2


class Thrown(Exception):
    pass


async def gives(value):
    await asyncio.sleep(0)
    return value


async def fails():
    await asyncio.sleep(0)
    raise Thrown


async def combinators():
    assert await Aiodrive.race(gives('a'), asyncio.sleep(FOREVER)) == (0, 'a')
    assert await Aiodrive.try_all(gives(1), gives(2)) == [1, 2]
    try:
        await Aiodrive.try_all(fails(), asyncio.sleep(FOREVER))
    except Thrown:
        return
    assert False


async def groups():
    async with Aiodrive.TaskGroup() as group:
        tasks = [group.spawn(gives(i)) for i in range(10)]
    assert [await task for task in tasks] == list(range(10))
    async with Aiodrive.Pool.open() as pool:
        pool.spawn(gives(1))


async def executors():
    async with Aiodrive.BackgroundExecutor() as executor:
        assert await Aiodrive.try_all(executor.spawn(gives(1)), executor.spawn(gives(2))) == [1, 2]


async def locks():
    lock = Aiodrive.SmartLock()
    holders = 0

    async def hold():
        nonlocal holders
        async with lock.exclusive():
            holders += 1
            assert holders == 1
            await asyncio.sleep(0)
            holders -= 1

    await Aiodrive.try_all(hold() for _ in range(5))


async def streams():
    channel = Aiodrive.Channel(2)

    async def send():
        for i in range(10):
            await channel.send(i)
        channel.close_send()

    async with Aiodrive.TaskGroup() as group:
        group.spawn(send())
        assert [item async for item in channel] == list(range(10))
    assert [item async for item in Aiodrive.map(gives, range(10), 3)] == list(range(10))


async def timeouts():
    try:
        async with Aiodrive.timeout(0.001):
            await Aiodrive.Button().wait()
    except TimeoutError:
        return
    assert False


SCENARIOS = [combinators, groups, executors, locks, streams, timeouts]
counts = collections.Counter()


async def work(end):
    """One after the other; now and then one is cancelled at some place."""
    while time.monotonic() < end:
        scenario = random.choice(SCENARIOS)
        task = asyncio.ensure_future(scenario())
        if random.random() < 0.2:
            for _ in range(random.randrange(8)):
                await asyncio.sleep(0)
            task.cancel()
        try:
            await task
            counts['done'] += 1
        except asyncio.CancelledError:
            counts['cancelled'] += 1


def at_rest():
    for _ in range(3):
        while GLib.MainContext.default().iteration(False):
            pass
        gc.collect()
    with open('/proc/self/statm') as statm:
        kilobytes = int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE') // 1024
    return len(gc.get_objects()), len(os.listdir('/proc/self/task')), len(os.listdir('/proc/self/fd')), kilobytes


async def soak(seconds):
    end = time.monotonic() + seconds
    await Aiodrive.try_all(work(end) for _ in range(4))


seconds = float(sys.argv[1])
Aiodrive.run(soak(seconds / 10))
before = at_rest()
Aiodrive.run(soak(seconds * 0.9))
after = at_rest()
for when, values in ('after a tenth', before), ('at the end', after):
    print('{}: {} objects, {} threads, {} files, {} kB'.format(when, *values))
print(f'{counts["done"]} done, {counts["cancelled"]} cancelled')
bound = BOUND + LOST * counts.total()
no_more = all(now <= then for now, then in zip(after[1:3], before[1:3])) and after[0] <= before[0] + 100
sys.exit(0 if no_more and after[3] <= before[3] + bound else 1)
