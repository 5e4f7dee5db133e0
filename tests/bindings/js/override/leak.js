// SPDX-License-Identifier: LGPL-2.1-or-later
// 100,000 tasks leave nothing behind: neither what they gave nor what they threw, nor the memory they had.
import Aiodrive from 'gi://Aiodrive?version=1';
import GLib from 'gi://GLib';
import System from 'system';

import {assert, failure, runTests, settle, test} from './support.js';

const N_ROUNDS = 10;
const BATCH = 100;
const BOUND = 4096;

function residentKilobytes() {
    const [, contents] = GLib.file_get_contents('/proc/self/statm');
    return Number(new TextDecoder().decode(contents).split(' ')[1]) * 4;
}

async function collect() {
    for (let i = 0; i < 3; i++) {
        await settle();
        System.gc();
    }
}

// Of what a batch makes nothing is to stay: each round would leave megabytes.
function leakTest(name, nBatches, batch) {
    test(name, async () => {
        if (!GLib.file_test('/proc/self/statm', GLib.FileTest.EXISTS))
            return '# SKIP there is no /proc to look at';

        let begin;
        for (let round = 0; round < N_ROUNDS; round++) {
            for (let i = 0; i < nBatches; i++) {
                await batch();
                if (i % 10 === 9)
                    System.gc();
            }
            await collect();
            if (round === 2)
                begin = residentKilobytes();
        }
        const grown = residentKilobytes() - begin;
        assert(grown < BOUND, `grown by ${grown} kB`);
        return '';
    });
}

const numbers = Array.from({length: BATCH}, (_, i) => i);

// 2 kB that are no value of C's.
class Payload extends Error {
    numbers = new Array(250).fill(0.5);
}

const job = async cancellable => {
    await Aiodrive.sleep(0, cancellable);
    return new Payload();
};

const fail = async () => {
    throw new Payload();
};

leakTest('values', 100, () => Promise.all(numbers.map(() => Aiodrive.spawn(job))));

leakTest('errors', 20, () => Promise.all(numbers.map(() => failure(Aiodrive.spawn(fail)))));

leakTest('errors that are passed on', 10, () => Promise.all(numbers.map(() =>
    failure(Aiodrive.timeout(Aiodrive.wait_all([fail, fail]), 60000)))));

leakTest('combinators', 10, () => Promise.all(numbers.map(() => Aiodrive.timeout(Aiodrive.race([job, job]), 60000))));

leakTest('groups', 10, () => Aiodrive.TaskGroup.open(async group => {
    for (const task of numbers.map(() => group.spawn(job)))
        await task;
}));

leakTest('queues', 10, async () => {
    const queue = new Aiodrive.UnorderedQueue();
    numbers.forEach(() => queue.put(new Payload()));
    for (const _ of numbers)
        assert(await queue.get_async() instanceof Payload);
    numbers.forEach(() => queue.put(new Payload()));
    assert(queue.get_many().length === BATCH);
    numbers.forEach(() => queue.put(new Payload()));
});

leakTest('futures', 10, () => Promise.all(numbers.map(async () => {
    const future = new Aiodrive.ThreadSafeFuture();
    future.set_value(new Payload());
    return await future;
})));

leakTest('locks', 10, async () => {
    const lock = new Aiodrive.SmartLock();
    await Aiodrive.try_all(numbers.map(() => c => lock.exclusive(job, c)));
});

runTests();
