# SPDX-License-Identifier: LGPL-2.1-or-later
import sys

import gi
gi.require_version('Aiodrive', '1')
gi.require_version('Soup', '3.0')
from gi.repository import Aiodrive, GLib, Soup


async def download(session, uri):
    message = Soup.Message.new('GET', uri)
    return await Aiodrive.call(session.send_and_read_async, message, GLib.PRIORITY_DEFAULT)


async def main(near, far):
    session = Soup.Session()
    async with Aiodrive.timeout(2.0):
        index, data = await Aiodrive.race(download(session, near), download(session, far))
    print(data.get_size(), 'bytes from the', ('near', 'far')[index])


try:
    Aiodrive.run(main(*sys.argv[1:]))
except TimeoutError:
    sys.exit('too late')
