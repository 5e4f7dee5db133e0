// SPDX-License-Identifier: LGPL-2.1-or-later
// Clicks in the window of the example: it counts, it is cancelled, it is closed while it counts.
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Gtk from 'gi://Gtk?version=4.0';

import {Counter} from '../../examples/window.js';
import {assert, assertEqual, iterateUntil, runTests, test} from '../bindings/js/support.js';

Gtk.init();

// As many folders as it takes to click before all are seen.
const N_FOLDERS = 400;
const root = Gio.File.new_for_path(GLib.dir_make_tmp('aiodrive-XXXXXX'));
const folders = Array.from({length: N_FOLDERS}, (_, i) => root.get_child(`${i}`));
const files = folders.map(folder => folder.get_child('file'));
folders.forEach(folder => folder.make_directory(null));
files.forEach(file => file.create(Gio.FileCreateFlags.NONE, null).close(null));

function newWindow(folder = root) {
    const counter = new Counter(null, folder);
    counter.window.present();
    return counter;
}

test('counts', () => {
    const counter = newWindow();
    for (let i = 0; i < 2; i++) {
        counter.start.emit('clicked');
        assert(!counter.start.sensitive && counter.cancel.sensitive);
        iterateUntil(() => counter.start.sensitive);
        assertEqual(counter.label.label, `${2 * N_FOLDERS} files in all`);
        assert(!counter.cancel.sensitive);
    }
    counter.window.destroy();
});

test('is cancelled', () => {
    const counter = newWindow();
    counter.start.emit('clicked');
    iterateUntil(() => /^\d+ files$/.test(counter.label.label));
    counter.cancel.emit('clicked');
    iterateUntil(() => counter.start.sensitive);
    const [, n] = counter.label.label.match(/^Cancelled after (\d+) files$/);
    assert(Number(n) < 2 * N_FOLDERS);
    counter.window.destroy();
});

test('says what went wrong', () => {
    const counter = newWindow(root.get_child('nowhere'));
    counter.start.emit('clicked');
    iterateUntil(() => counter.start.sensitive);
    assert(counter.label.label.includes('nowhere'), counter.label.label);
    counter.window.destroy();
});

test('is closed while it counts', () => {
    const counter = newWindow();
    counter.start.emit('clicked');
    iterateUntil(() => /^\d+ files$/.test(counter.label.label));
    counter.window.close();
    assert(counter.window.visible);
    iterateUntil(() => !counter.window.visible);
    assert(counter.label.label.startsWith('Cancelled'), counter.label.label);
});

test('help', () => {
    const example = Gio.File.new_for_uri(import.meta.url).resolve_relative_path('../../../examples/window.js');
    const child = Gio.Subprocess.new(['gjs', '-m', example.get_path(), '--help'], Gio.SubprocessFlags.STDOUT_PIPE);
    const [, printed] = child.communicate_utf8(null, null);
    assert(child.get_successful() && printed.includes('FOLDER'), printed);
});

test('the folders go', () => {
    [...files, ...folders, root].forEach(file => file.delete(null));
});

runTests();
