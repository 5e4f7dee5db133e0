#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window with a web server in it: GTK, aiohttp and Aiodrive in one process, one thread and one main loop.

The server counts its visitors, and shows them in the window; its page can be opened in a browser. The button visits it
ten times, four at a time. Closing the window ends what runs.
"""

import argparse
import sys

import aiohttp
import gi
from aiohttp import web

gi.require_version('Aiodrive', '1')
gi.require_version('Gtk', '4.0')
from gi.repository import Aiodrive, Gio, Gtk


class Visits(Gtk.ApplicationWindow):
    """The window, and all that runs in it."""

    def __init__(self, port: int, **kwargs):
        super().__init__(title='Visits', **kwargs)
        self.port = port
        self.url = ''
        self.n_visits = 0
        self.visit = Aiodrive.Button()

        self.label = Gtk.Label(label='Starting')
        self.button = Gtk.Button(label='Visit', sensitive=False)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, margin_top=24, margin_bottom=24,
                      margin_start=24, margin_end=24)
        box.append(self.label)
        box.append(self.button)
        self.set_child(box)

        self.button.connect('clicked', lambda button: self.visit())
        self.connect('close-request', self.on_close_request)
        self.task = Aiodrive.spawn(self.run(), name='visits')

    async def run(self) -> None:
        """Serves until it is cancelled."""
        application = web.Application()
        application.router.add_get('/', self.on_get)
        runner = web.AppRunner(application)
        try:
            await runner.setup()
            await web.TCPSite(runner, '127.0.0.1', self.port).start()
            self.url = 'http://{}:{}/'.format(*runner.addresses[0])
            self.label.set_label(f'Serving {self.url}')
            self.button.set_sensitive(True)
            await self.visit_when_clicked()
        except OSError as error:
            self.label.set_label(str(error))
        finally:
            await runner.cleanup()

    async def on_get(self, request: web.Request) -> web.Response:
        self.n_visits += 1
        self.label.set_label(f'Visitor {self.n_visits}')
        return web.Response(text=f'You are visitor {self.n_visits}.\n')

    async def visit_when_clicked(self) -> None:
        async with aiohttp.ClientSession() as client:
            async def get(number: int) -> str:
                async with client.get(self.url) as response:
                    return await response.text()

            while True:
                await self.visit
                self.button.set_sensitive(False)
                async for answer in Aiodrive.map(get, range(10), 4):
                    print(answer, end='')
                self.button.set_sensitive(True)

    def on_close_request(self, window: Gtk.Window) -> bool:
        if self.task.done():
            return False
        self.task.add_done_callback(lambda task: self.close())
        self.task.cancel()
        return True


def main() -> int:
    parser = argparse.ArgumentParser(prog='visits.py', description=__doc__)
    parser.add_argument('--port', type=int, default=0, help='the port of the server (a free one)')
    port = parser.parse_args().port
    application = Gtk.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
    application.connect('activate', lambda application: Visits(port, application=application).present())
    return application.run([])


if __name__ == '__main__':
    sys.exit(main())
