// SPDX-License-Identifier: LGPL-2.1-or-later
import Gio from 'gi://Gio';
import Aiodrive from 'gi://Aiodrive';
import System from 'system';

async function load(name, cancellable) {
    const file = Gio.File.new_for_commandline_arg(name);
    const [bytes] = await Aiodrive.call(file, 'load_bytes', cancellable);
    return bytes;
}

try {
    const [near, far] = ARGV;
    const first = Aiodrive.first_success([c => load(near, c), c => load(far, c)]);
    const [, bytes] = Aiodrive.run(Aiodrive.timeout(first, 2000));
    print(`${bytes.get_size()} bytes`);
} catch (error) {
    printerr(error.message);
    System.exit(1);
}
