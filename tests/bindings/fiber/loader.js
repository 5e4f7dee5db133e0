// SPDX-License-Identifier: LGPL-2.1-or-later
// An asynchronous method of a C library that is a fiber, awaited in JavaScript. The engine measures its stack, and a
// callback on the stack of a fiber would throw.
import Aiodrive from 'gi://Aiodrive?version=1';
import FiberTest from 'gi://FiberTest?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {assert, assertEqual, failure, runTests, test} from '../js/override/support.js';

const [path] = GLib.filename_from_uri(import.meta.url);
const size = Gio.File.new_for_path(path).load_contents(null)[1].length;

const nest = depth => (depth === 0 ? 0 : 1 + [depth].map(n => nest(n - 1))[0]);

test('await', async () => {
    for (let i = 0; i < 2; i++) {
        const bytes = await Aiodrive.call(new FiberTest.Loader(), 'load', path);
        assertEqual(nest(500), 500);
        assertEqual(bytes.get_size(), size);
    }
});

test('callback', async () => {
    const loader = new FiberTest.Loader();
    const depth = await new Promise((resolve, reject) => loader.load_async(path, null, (_, result) => {
        try {
            assertEqual(loader.load_finish(result).get_size(), size);
            resolve(nest(500));
        } catch (error) {
            reject(error);
        }
    }));
    assertEqual(depth, 500);
});

test('error', async () => {
    const error = await failure(Aiodrive.call(new FiberTest.Loader(), 'load', '/does/not/exist'));
    assert(error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND), error);
});

test('race', async () => {
    const load = file => cancellable => Aiodrive.call(new FiberTest.Loader(), 'load', file, cancellable);
    const [index, bytes] = await Aiodrive.first_success([load('/does/not/exist'), load(path)]);
    assertEqual(index, 1);
    assertEqual(bytes.get_size(), size);
});

runTests();
