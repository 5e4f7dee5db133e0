// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// Queues, channels and iterators: values go in and come out as they are, and "for await" goes over all of them.

const {checkBlocks, checkBoolean, checkCancellable, checkCount, checkOptions, checkTime, describe, fromError, pack,
    packed, promisify, take, toError, unpack} = imports.aiodrive.value;
const {asJob, toTasks} = imports.aiodrive.task;

let Aiodrive;

// A loop over an iterator. One that the loop alone has is closed with it, so that nothing goes on behind it.
class Iteration {
    constructor(iterator, cancellable, isOwner) {
        Object.assign(this, {iterator, cancellable, isOwner});
    }

    [Symbol.asyncIterator]() {
        return this;
    }

    async next() {
        try {
            const [found, value] = await this.iterator.next_async(this.cancellable);
            return {done: !found, value};
        } catch (error) {
            if (this.isOwner)
                await this.iterator.close_async().catch(() => {});
            throw error;
        }
    }

    async return(value) {
        if (this.isOwner)
            await this.iterator.close_async();
        return {done: true, value};
    }
}

const toItem = ([found, item]) => found ? [true, take(item)] : [false, undefined];

// The methods of an iterator, on a prototype or on one object.
function iterable(owner, isOwner) {
    promisify(owner, 'next', toItem);
    promisify(owner, 'close');
    owner.iterate = function (cancellable = null) {
        return new Iteration(this, cancellable, isOwner);
    };
    owner[Symbol.asyncIterator] = function () {
        return this.iterate();
    };
    return owner;
}

function closable(prototype) {
    const {close_with_error} = prototype;
    prototype.close_with_error = function (error) {
        close_with_error.call(this, toError(error));
    };
}

// A method that does not wait, or blocks: "convert" makes the value of what it gives.
function immediate(prototype, name, convert = value => value) {
    const method = prototype[name];
    prototype[name] = function (...args) {
        try {
            return convert(method.apply(this, args));
        } catch (error) {
            throw fromError(error);
        }
    };
}

// The index may be left out where it does not matter.
function checkItem(args, isOrdered) {
    if (args.length === 0 || isOrdered && args.length < 2)
        throw new TypeError(`put: expected ${isOrdered ? 'an index and ' : ''}an item`);
    if (isOrdered && !Number.isSafeInteger(args[0]))
        throw new TypeError(`put: expected a whole number as index, got ${describe(args[0])}`);
}

function queue(prototype, isOrdered) {
    const {put, get_many} = prototype;
    iterable(prototype, false);
    closable(prototype);
    promisify(prototype, 'get', take);
    immediate(prototype, 'try_get', toItem);
    prototype.put = function (...args) {
        checkItem(args, isOrdered);
        const item = args.pop();
        return put.call(this, args[0] ?? 0, pack(item));
    };
    immediate(prototype, 'put');
    prototype.get_many = function (max = 0) {
        return get_many.call(this, max).map(unpack);
    };
}

function channel(prototype) {
    const {receive, send} = prototype;
    iterable(prototype, false);
    closable(prototype);
    promisify(prototype, 'send', () => undefined, ([item, ...args]) => [pack(item), ...args]);
    promisify(prototype, 'receive', take);
    packed(prototype, 'try_send', 0);
    immediate(prototype, 'try_send');
    immediate(prototype, 'try_receive', toItem);
    Object.assign(prototype, {
        send(item, cancellable) {
            checkBlocks('send', cancellable);
            return send.call(this, pack(item), cancellable);
        },
        receive(cancellable) {
            checkBlocks('receive', cancellable);
            return receive.call(this, cancellable);
        },
    });
    immediate(prototype, 'send');
    immediate(prototype, 'receive', take);
}

function toQueue(items) {
    const all = new Aiodrive.UnorderedQueue();
    for (const item of items)
        all.put(item);
    all.close();
    return all;
}

// It ends when the channel is closed by who receives, which ends the iteration of the items.
async function fill(channel, items) {
    try {
        for await (const item of items)
            await channel.send_async(item);
        channel.close_send();
    } catch (error) {
        channel.close_with_error(error);
    }
}

// An iterator of ours for anything that can be iterated, and what ends it when nobody wants more of it.
function toIterator(items) {
    if (typeof items?.next_async === 'function')
        return [items, () => {}];
    if (typeof items?.[Symbol.iterator] === 'function')
        return [toQueue(items), () => {}];
    if (typeof items?.[Symbol.asyncIterator] !== 'function')
        throw new TypeError(`map: expected an Aiodrive.AsyncIterator or an iterable, got ${describe(items)}`);

    const channel = Aiodrive.Channel.new(1);
    fill(channel, items);
    return [channel, () => channel.close_receive()];
}

function install(namespace) {
    Aiodrive = namespace;
    queue(Aiodrive.OrderedQueue.prototype, true);
    queue(Aiodrive.UnorderedQueue.prototype, false);
    channel(Aiodrive.Channel.prototype);
    iterable(Aiodrive.PeriodicIterator.prototype, true);

    const {map, as_completed, repeat_periodically} = Aiodrive;

    Aiodrive.repeat_periodically = (interval, cancellable = null) => {
        checkTime('repeat_periodically', interval);
        const ticks = repeat_periodically(interval);
        ticks[Symbol.asyncIterator] = () => ticks.iterate(cancellable);
        return ticks;
    };

    // The job gets an item, then its cancellable.
    Aiodrive.map = (items, job, options = {}) => {
        if (typeof job !== 'function')
            throw new TypeError(`map: expected a function that gets an item and a cancellable, got ${describe(job)}`);
        checkOptions('map', options, ['max_concurrent', 'ordered', 'parent']);
        const {max_concurrent = 1, ordered = true, parent = null} = options;
        checkCount('map', max_concurrent);
        checkBoolean('map', ordered);
        checkCancellable('map', parent);
        const run = asJob((cancellable, item) => job(unpack(item), cancellable));
        const [iterator, end] = toIterator(items);
        const results = iterable(map(iterator, max_concurrent, ordered, parent, run), true);
        const {close_async} = results;
        results.close_async = (...args) => {
            end();
            return close_async.apply(results, args);
        };
        return results;
    };

    // Gives the tasks, not what they end with: await each.
    Aiodrive.as_completed = (children, parent = null) =>
        iterable(as_completed(toTasks(children, parent), parent), true);
}
