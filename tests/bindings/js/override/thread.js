// SPDX-License-Identifier: LGPL-2.1-or-later
// Values and errors whose last reference another thread drops are freed all the same, and in the thread of JavaScript.
import Aiodrive from 'gi://Aiodrive?version=1';
import AiodriveTest from 'gi://AiodriveTest?version=1';
import System from 'system';

import {assert, runTests, settle, test} from './support.js';

const N_ROUNDS = 50;
const N_ITEMS = 20;
const N_ON_STACK = 10;   // the collector takes what it finds on the stack for references
const PATIENCE = 100;

class Payload extends Error {
    token = AiodriveTest.token_new();
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
        for (let i = 0; i < N_ROUNDS; i++) {
            (() => {
                for (let j = 0; j < N_ITEMS; j++)
                    AiodriveTest.keep(hold(new Payload()));
            })();
            System.gc();
            AiodriveTest.drop_in_thread();
            await settle();
            System.gc();
        }
        for (let i = 0; i < PATIENCE && AiodriveTest.count_tokens() >= N_ON_STACK; i++) {
            await settle();
            System.gc();
        }
        assert(AiodriveTest.count_tokens() < N_ON_STACK, `${AiodriveTest.count_tokens()} are alive`);
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
    assert(AiodriveTest.count_tokens() > 0 && payload.token !== null);
});

runTests();
