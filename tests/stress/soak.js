// SPDX-License-Identifier: LGPL-2.1-or-later
// The override for so many seconds: tasks, groups, locks and streams at once, some of them cancelled. At the end there
// are no more threads and files than after the first tenth, and no more memory. Argument: the seconds.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const BOUND = 16384;   // kB: the engine keeps some of what it had

const {CANCELLED, TIMED_OUT} = Gio.IOErrorEnum;

function assert(condition) {
    if (!condition)
        throw new Error('the condition does not hold');
}

const gives = value => async cancellable => {
    await Aiodrive.sleep(0, cancellable);
    return value;
};
const forever = cancellable => Aiodrive.sleep(3600000, cancellable);
const numbers = Array.from({length: 10}, (_, i) => i);
const same = (a, b) => a.length === b.length && a.every((one, i) => one === b[i]);

async function combinators(cancellable) {
    assert(same(await Aiodrive.race([gives('a'), forever], cancellable), [0, 'a']));
    assert(same(await Aiodrive.try_all([gives(1), gives(2)], cancellable), [1, 2]));
    const failing = () => Promise.reject(new RangeError());
    const error = await Aiodrive.try_all([failing, forever], cancellable).catch(e => e);
    assert(error instanceof RangeError || cancellable.is_cancelled());
}

async function groups(cancellable) {
    await Aiodrive.TaskGroup.open(async group => {
        const tasks = numbers.map(i => group.spawn(gives(i)));
        for (const [i, task] of tasks.entries())
            assert(await task === i);
    }, cancellable);
    await Aiodrive.Pool.open(pool => {
        pool.spawn(gives(1)).catch(() => {});
    }, {parent: cancellable});
}

async function locks(cancellable) {
    const lock = new Aiodrive.SmartLock();
    let holders = 0;
    await Aiodrive.try_all(numbers.map(() => inner => lock.exclusive(async () => {
        assert(++holders === 1);
        await Aiodrive.sleep(0);
        holders--;
    }, inner)), cancellable);
}

async function streams(cancellable) {
    const queue = new Aiodrive.UnorderedQueue();
    const items = [];
    numbers.forEach(i => queue.put(i));
    queue.close();
    for await (const item of queue)
        items.push(item);
    assert(same(items, numbers));
    await Aiodrive.sleep(0, cancellable);
}

async function timeouts(cancellable) {
    const error = await Aiodrive.timeout(forever, 1, cancellable).catch(e => e);
    assert(error.matches(Gio.IOErrorEnum, TIMED_OUT) || cancellable.is_cancelled());
}

const scenarios = [combinators, groups, locks, streams, timeouts];
const counts = {done: 0, cancelled: 0};

// One after the other; now and then one is cancelled at some place.
async function work(end) {
    while (GLib.get_monotonic_time() < end) {
        const scenario = scenarios[Math.floor(Math.random() * scenarios.length)];
        const scope = Aiodrive.CancelScope.new(null);
        const task = Aiodrive.spawn(scenario, scope);
        if (Math.random() < 0.2) {
            for (let i = Math.floor(Math.random() * 8); i > 0; i--)
                await Aiodrive.sleep(0);
            scope.cancel();
        }
        try {
            await task;
            counts.done++;
        } catch (error) {
            if (!(error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, CANCELLED)))
                throw error;
            counts.cancelled++;
        }
        if ((counts.done + counts.cancelled) % 100 === 0)
            System.gc();   // the engine does not see the memory of C
    }
}

function countEntries(path) {
    const children = Gio.File.new_for_path(path).enumerate_children('standard::name', 0, null);
    let n = 0;
    while (children.next_file(null) !== null)
        n++;
    children.close(null);
    return n;
}

async function atRest() {
    for (let i = 0; i < 5; i++) {
        await Aiodrive.sleep(1);
        System.gc();
    }
    const [, contents] = GLib.file_get_contents('/proc/self/statm');
    return {
        threads: countEntries('/proc/self/task'),
        files: countEntries('/proc/self/fd'),
        kilobytes: Number(new TextDecoder().decode(contents).split(' ')[1]) * 4,
    };
}

async function soak(seconds) {
    const end = GLib.get_monotonic_time() + seconds * 1000000;
    await Promise.all(Array.from({length: 4}, () => work(end)));
    return await atRest();
}

const seconds = Number(ARGV[0]);
const loop = GLib.MainLoop.new(null, false);
let before, after;
soak(seconds / 10).then(async rest => {
    before = rest;
    after = await soak(seconds * 0.9);
}).catch(logError).finally(() => loop.quit());
loop.run();

if (after) {
    print(`after a tenth: ${before.threads} threads, ${before.files} files, ${before.kilobytes} kB`);
    print(`at the end: ${after.threads} threads, ${after.files} files, ${after.kilobytes} kB`);
    print(`${counts.done} done, ${counts.cancelled} cancelled`);
}
System.exit(after && after.threads <= before.threads && after.files <= before.files &&
    after.kilobytes <= before.kilobytes + BOUND ? 0 : 1);
