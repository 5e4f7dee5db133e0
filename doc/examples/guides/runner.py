# SPDX-License-Identifier: LGPL-2.1-or-later
# Prints:
# GIO answers: HELLO
import asyncio

import gi
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive, Gio, GLib


# begin
async def shout(reader, writer):
    writer.write((await reader.readline()).upper())
    writer.close()
    await writer.wait_closed()


async def main():
    server = await asyncio.start_server(shout, '127.0.0.1', 0)   # a server of asyncio
    async with server:
        address = Gio.NetworkAddress.new(*server.sockets[0].getsockname())
        connection = await Aiodrive.call(Gio.SocketClient().connect_async, address)   # a client of GIO
        await Aiodrive.call(connection.get_output_stream().write_bytes_async, GLib.Bytes.new(b'hello\n'), 0)
        answer = await Aiodrive.call(connection.get_input_stream().read_bytes_async, 100, 0)
        print('GIO answers:', answer.get_data().decode().strip())


with asyncio.Runner(loop_factory=Aiodrive.EventLoop) as runner:   # or Aiodrive.run(main())
    runner.run(main())
# end
