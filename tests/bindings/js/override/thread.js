// SPDX-License-Identifier: LGPL-2.1-or-later
// Values and errors whose last reference another thread drops are freed all the same, and in the thread of JavaScript.
import Aiodrive from 'gi://Aiodrive?version=1';
import AiodriveTest from 'gi://AiodriveTest?version=1';
import GLib from 'gi://GLib';
import System from 'system';

import {assert, runTests, settle, test} from './support.js';

const N_ROUNDS = 600;
const N_ITEMS = 20;
const BOUND = 16384;   // the nursery of the collector may grow once; what is to go is 24 MB

function residentKilobytes() {
    const [, contents] = GLib.file_get_contents('/proc/self/statm');
    return Number(new TextDecoder().decode(contents).split(' ')[1]) * 4;
}

class Payload extends Error {
    numbers = new Array(500).fill(0.5);
}

const holders = {
    queue(payload) {
        const queue = new Aiodrive.UnorderedQueue();
        queue.put(payload);
        return queue;
    },
    'an error of a queue'(payload) {
        const queue = new Aiodrive.UnorderedQueue();
        queue.close_with_error(payload);
        return queue;
    },
    future(payload) {
        const future = new Aiodrive.ThreadSafeFuture();
        future.set_value(payload);
        return future;
    },
    'the reason of a scope'(payload) {
        const scope = Aiodrive.CancelScope.new(null);
        scope.cancel_with_reason(payload);
        return scope;
    },
};

for (const [name, hold] of Object.entries(holders)) {
    test(name, async () => {
        let begin;
        for (let i = 0; i < N_ROUNDS; i++) {
            (() => {
                for (let j = 0; j < N_ITEMS; j++)
                    AiodriveTest.keep(hold(new Payload()));
            })();
            System.gc();
            AiodriveTest.drop_in_thread();
            await settle();
            System.gc();
            if (i === N_ROUNDS / 2)
                begin = residentKilobytes();
        }
        const grown = residentKilobytes() - begin;
        assert(grown < BOUND, `grown by ${grown} kB`);
    });
}

test('a value that came back', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    const payload = new Payload();
    queue.put(payload);
    assert(await queue.get_async() === payload);
    AiodriveTest.keep(queue);
    AiodriveTest.drop_in_thread();
    System.gc();
    assert(payload.numbers.length === 500);
});

runTests();
