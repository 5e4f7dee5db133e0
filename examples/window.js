#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// A window whose button starts an asynchronous function, and one that cancels it.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';
import System from 'system';

const USAGE = `Usage: window.js [FOLDER]

Counts the files below a folder (the home folder, if none is given) four folders at a time, while the window stays
responsive. Cancel stops all of it; so does closing the window, which waits until it has ended.`;

async function list(folder, cancellable) {
    const files = await Aiodrive.call(folder, 'enumerate_children', 'standard::name,standard::type',
        Gio.FileQueryInfoFlags.NOFOLLOW_SYMLINKS, 0, cancellable);
    try {
        const infos = [];
        for (;;) {
            const some = await Aiodrive.call(files, 'next_files', 100, 0, cancellable);
            if (!some.length)
                return infos;
            infos.push(...some);
        }
    } finally {
        await Aiodrive.call(files, 'close', 0);
    }
}

// All folders are tasks of one group: it ends when the last of them has ended, and cancels all when one fails.
function count(root, onCounted, cancellable) {
    const limiter = Aiodrive.Limiter.new(4);
    return Aiodrive.TaskGroup.open(async group => {
        const visit = folder => group.spawn(async c => {
            let infos;
            try {
                infos = await limiter.acquire(inner => list(folder, inner), c);
            } catch (error) {
                if (folder !== root && error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.PERMISSION_DENIED))
                    return;
                throw error;
            }
            const isFolder = info => info.get_file_type() === Gio.FileType.DIRECTORY;
            infos.filter(isFolder).forEach(info => visit(folder.get_child(info.get_name())));
            onCounted(infos.length);
        });
        visit(root);
    }, cancellable);
}

export class Counter {
    constructor(application, root) {
        this.root = root;
        this.scope = null;
        this.ended = Promise.resolve();

        const box = new Gtk.Box({orientation: Gtk.Orientation.VERTICAL, spacing: 12, margin_top: 24,
            margin_bottom: 24, margin_start: 24, margin_end: 24});
        this.label = new Gtk.Label({label: root.get_parse_name()});
        this.start = Gtk.Button.new_with_label('Count');
        this.cancel = new Gtk.Button({label: 'Cancel', sensitive: false});
        [this.label, this.start, this.cancel].forEach(widget => box.append(widget));

        this.window = new Gtk.ApplicationWindow({application, title: 'Count files', child: box});
        this.start.connect('clicked', () => (this.ended = this.onStart()));
        this.cancel.connect('clicked', () => this.scope?.cancel());
        this.window.connect('close-request', () => this.onClose());
    }

    async onStart() {
        let nFiles = 0;
        this.scope = Aiodrive.CancelScope.new(null);
        this.start.sensitive = false;
        this.cancel.sensitive = true;
        try {
            await count(this.root, n => (this.label.label = `${nFiles += n} files`), this.scope);
            this.label.label = `${nFiles} files in all`;
        } catch (error) {
            this.label.label = this.scope.is_cancelled() ? `Cancelled after ${nFiles} files` : error.message;
        } finally {
            this.start.sensitive = true;
            this.cancel.sensitive = false;
            this.scope = null;
        }
    }

    onClose() {
        if (this.scope === null)
            return false;
        this.scope.cancel();
        this.ended.then(() => this.window.close());
        return true;
    }
}

function main([argument = GLib.get_home_dir()]) {
    if (argument === '--help' || argument === '-h') {
        print(USAGE);
        return 0;
    }
    const root = Gio.File.new_for_commandline_arg(argument);
    const application = new Gtk.Application({flags: Gio.ApplicationFlags.NON_UNIQUE});
    application.connect('activate', () => new Counter(application, root).window.present());
    return application.run([]);
}

// Not where a test imports it.
if (Gio.File.new_for_path(System.programPath).equal(Gio.File.new_for_uri(import.meta.url)))
    System.exit(main(System.programArgs));
