// SPDX-License-Identifier: LGPL-2.1-or-later
// Thousands of tasks leave nothing behind: neither what they gave nor what they threw, nor the memory they had.
import Aiodrive from 'gi://Aiodrive?version=1';
import AiodriveTest from 'gi://AiodriveTest?version=1';
import System from 'system';

import {Growth} from '../memory.js';
import {assert, failure, runTests, settle, test} from './support.js';

const N_ROUNDS = 10;
const MAX_ROUNDS = 60;   // the engine compiles what runs often, which takes memory once
const N_BATCHES = 5;
const BATCH = 100;
const BOUND = 16384;   // 32 bytes for each task
const N_ON_STACK = 10;   // the collector takes what it finds on the stack for references
const PATIENCE = 100;

// Nothing that a script makes is to stay: each has a token, which is counted.
class Payload extends Error {
    token = AiodriveTest.token_new();
}

// What is found to be unused may be freed a moment later, in another thread.
async function collect() {
    for (let i = 0; i < 3 || AiodriveTest.count_tokens() >= N_ON_STACK; i++) {
        assert(i < PATIENCE, `${AiodriveTest.count_tokens()} are alive`);
        await settle();
        System.gc();
    }
}

function leakTest(name, batch) {
    test(name, async () => {
        const growth = new Growth();
        for (let round = 0; round < N_ROUNDS || (growth.each >= BOUND && round < MAX_ROUNDS); round++) {
            for (let i = 0; i < N_BATCHES; i++)
                await batch();
            await collect();
            growth.measure();
        }
        assert(growth.each < BOUND, `each round leaves ${growth.each} bytes`);
    });
}

const numbers = Array.from({length: BATCH}, (_, i) => i);

const job = async cancellable => {
    await Aiodrive.sleep(0, cancellable);
    return new Payload();
};

const fail = async () => {
    throw new Payload();
};

leakTest('values', () => Promise.all(numbers.map(() => Aiodrive.spawn(job))));

leakTest('errors', () => Promise.all(numbers.map(() => failure(Aiodrive.spawn(fail)))));

leakTest('errors that are passed on', () => Promise.all(numbers.map(() =>
    failure(Aiodrive.timeout(Aiodrive.wait_all([fail, fail]), 60000)))));

leakTest('combinators', () => Promise.all(numbers.map(() => Aiodrive.timeout(Aiodrive.race([job, job]), 60000))));

leakTest('groups', () => Aiodrive.TaskGroup.open(async group => {
    for (const task of numbers.map(() => group.spawn(job)))
        await task;
}));

leakTest('queues', async () => {
    const queue = new Aiodrive.UnorderedQueue();
    numbers.forEach(() => queue.put(new Payload()));
    for (const _ of numbers)
        assert(await queue.get_async() instanceof Payload);
    numbers.forEach(() => queue.put(new Payload()));
    assert(queue.get_many().length === BATCH);
    numbers.forEach(() => queue.put(new Payload()));
});

leakTest('futures', () => Promise.all(numbers.map(async () => {
    const future = new Aiodrive.ThreadSafeFuture();
    future.set_value(new Payload());
    return await future;
})));

leakTest('locks', async () => {
    const lock = new Aiodrive.SmartLock();
    await Aiodrive.try_all(numbers.map(() => c => lock.exclusive(job, c)));
});

runTests();
