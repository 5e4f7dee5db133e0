# SPDX-License-Identifier: LGPL-2.1-or-later
import sys

import gi
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive, Gio


async def load(name):
    file = Gio.File.new_for_commandline_arg(name)
    data, etag = await Aiodrive.call(file.load_bytes_async)
    return data


async def main(near, far):
    async with Aiodrive.timeout(2.0):
        index, data = await Aiodrive.first_success(load(near), load(far))
    print(data.get_size(), 'bytes')


try:
    Aiodrive.run(main(*sys.argv[1:]))
except Exception as error:
    sys.exit(str(error))
