#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A window whose button starts a coroutine, and one that cancels it.

It counts the files below a folder (the home folder, if none is given) four folders at a time, while the window stays
responsive. Cancel stops all of it; so does closing the window, which waits until it has ended.
"""

import argparse
import asyncio
import sys

import gi

gi.require_version('Aiodrive', '1')
gi.require_version('Gtk', '4.0')
from gi.repository import Aiodrive, Gio, GLib, Gtk

ATTRIBUTES = f'{Gio.FILE_ATTRIBUTE_STANDARD_NAME},{Gio.FILE_ATTRIBUTE_STANDARD_TYPE}'


async def entries(folder):
    files = await Aiodrive.call(folder.enumerate_children_async, ATTRIBUTES,
                                Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, GLib.PRIORITY_DEFAULT)
    try:
        while infos := await Aiodrive.call(files.next_files_async, 100, GLib.PRIORITY_DEFAULT):
            for info in infos:
                yield info
    finally:
        await Aiodrive.call(files.close_async, GLib.PRIORITY_DEFAULT)


async def count(root, on_counted):
    """All folders are tasks of one group: it ends when the last of them has ended, and cancels all when one fails."""
    limiter = Aiodrive.Limiter(4)

    async def visit(folder):
        try:
            async with limiter:
                infos = [info async for info in entries(folder)]
        except GLib.Error as error:
            if folder is root or not error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.PERMISSION_DENIED):
                raise
            return
        for info in infos:
            if info.get_file_type() == Gio.FileType.DIRECTORY:
                group.spawn(visit(folder.get_child(info.get_name())))
        on_counted(len(infos))

    async with Aiodrive.TaskGroup() as group:
        group.spawn(visit(root))


class Counter(Gtk.ApplicationWindow):
    def __init__(self, root, **kwargs):
        super().__init__(title='Count files', **kwargs)
        self.root = root
        self.task: asyncio.Future | None = None
        self.n_files = 0

        self.label = Gtk.Label(label=root.get_parse_name())
        self.start = Gtk.Button(label='Count')
        self.cancel = Gtk.Button(label='Cancel', sensitive=False)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, margin_top=24, margin_bottom=24,
                      margin_start=24, margin_end=24)
        for widget in self.label, self.start, self.cancel:
            box.append(widget)
        self.set_child(box)

        self.start.connect('clicked', self.on_start)
        self.cancel.connect('clicked', lambda button: self.task and self.task.cancel())
        self.connect('close-request', self.on_close_request)

    def on_start(self, button):
        self.task = Aiodrive.spawn(self.on_clicked())

    async def on_clicked(self):
        self.n_files = 0
        self.start.set_sensitive(False)
        self.cancel.set_sensitive(True)
        try:
            await count(self.root, self.on_counted)
            self.label.set_label(f'{self.n_files} files in all')
        except asyncio.CancelledError:
            self.label.set_label(f'Cancelled after {self.n_files} files')
        except GLib.Error as error:
            self.label.set_label(error.message)
        finally:
            self.start.set_sensitive(True)
            self.cancel.set_sensitive(False)
            self.task = None

    def on_counted(self, n_files):
        self.n_files += n_files
        self.label.set_label(f'{self.n_files} files')

    def on_close_request(self, window):
        if self.task is None:
            return False
        self.task.add_done_callback(lambda task: self.close())
        self.task.cancel()
        return True


def main():
    parser = argparse.ArgumentParser(prog='window.py', description=__doc__)
    parser.add_argument('folder', metavar='FOLDER', nargs='?', default=GLib.get_home_dir())
    root = Gio.File.new_for_commandline_arg(parser.parse_args().folder)
    application = Gtk.Application(flags=Gio.ApplicationFlags.NON_UNIQUE)
    application.connect('activate', lambda application: Counter(root, application=application).present())
    return application.run([])


if __name__ == '__main__':
    sys.exit(main())
