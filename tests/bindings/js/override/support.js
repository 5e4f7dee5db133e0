// SPDX-License-Identifier: LGPL-2.1-or-later
// A runner for asynchronous tests; more is in the support.js above.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {assert} from '../support.js';

export {assert, assertEqual, newError, warningsOf} from '../support.js';

const tests = [];

export function test(name, body) {
    tests.push([name, body]);
}

// Time is virtual in a test: a sleep lets everything happen that can happen.
async function runAll() {
    let failed = 0;
    print(`1..${tests.length}`);
    for (const [i, [name, body]] of tests.entries()) {
        const context = Aiodrive.TestContext.new(null);
        try {
            print(`ok ${i + 1} ${name} ${await body() ?? ''}`);
        } catch (error) {
            failed++;
            print(`not ok ${i + 1} ${name}`);
            print(`# ${error}\n${error?.stack}`.replaceAll('\n', '\n# '));
        } finally {
            context.close();
        }
    }
    return failed;
}

export function runTests() {
    const loop = GLib.MainLoop.new(null, false);
    let status = 1;
    runAll().then(failed => {
        status = failed ? 1 : 0;
        loop.quit();
    });
    loop.run();
    System.exit(status);
}

// What a promise fails with.
export async function failure(promise) {
    let value;
    try {
        value = await promise;
    } catch (error) {
        return error;
    }
    throw new Error(`no failure but ${value}`);
}

export async function assertFails(promise, code, domain = Gio.IOErrorEnum) {
    const error = await failure(promise);
    if (!(error instanceof GLib.Error) || !error.matches(domain, code))
        throw error;
    return error;
}

// The message of a JavaScript error has to contain all words.
export async function assertThrows(body, type, ...words) {
    const error = await failure((async () => await body())());
    if (!(error instanceof type))
        throw error;
    for (const word of words)
        assert(error.message.includes(word), `${error.message} lacks ${word}`);
}

// Lets the main loop do what is ready.
export async function settle() {
    for (let i = 0; i < 3; i++)
        await Aiodrive.sleep(0);
}

export const forever = async cancellable => void await Aiodrive.Button.new().wait_async(cancellable);

export const gives = (value, delay = 0) => async cancellable => {
    await Aiodrive.sleep(delay, cancellable);
    return value;
};

export const throws = (error, delay = 0) => async cancellable => {
    await Aiodrive.sleep(delay, cancellable);
    throw error;
};
