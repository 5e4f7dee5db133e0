# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints:
# loaded a
# loaded b
# the lock is free again
# tick 0
# tick 1
# too late
import asyncio

import gi
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive

# begin
lock = Aiodrive.SmartLock()


async def load(name):
    async with lock.exclusive():
        await asyncio.sleep(0.01)   # what asyncio has works here, too
        print('loaded', name)


async def main():
    async with Aiodrive.TaskGroup() as group:   # if one fails the others are cancelled
        group.spawn(load('a'))
        group.spawn(load('b'))
    print('the lock is free again')             # and both tasks have ended

    async for tick in Aiodrive.repeat_periodically(0.01):
        print('tick', tick)
        if tick == 1:
            break

    try:
        await Aiodrive.timeout(0.01, Aiodrive.sleep(60))
    except TimeoutError:
        print('too late')


Aiodrive.run(main())
# end
