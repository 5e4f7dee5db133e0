// SPDX-License-Identifier: LGPL-2.1-or-later
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Soup from 'gi://Soup?version=3.0';
import Aiodrive from 'gi://Aiodrive';
import System from 'system';

async function download(session, uri, cancellable) {
    const message = Soup.Message.new('GET', uri);
    return Aiodrive.call(session, 'send_and_read', message, GLib.PRIORITY_DEFAULT, cancellable);
}

try {
    const session = new Soup.Session();
    const race = Aiodrive.race(ARGV.map(uri => c => download(session, uri, c)));
    const [index, data] = Aiodrive.run(Aiodrive.timeout(race, 2000));
    print(`${data.get_size()} bytes from the ${['near', 'far'][index]}`);
} catch (error) {
    printerr(error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT) ? 'too late' : error.message);
    System.exit(1);
}
