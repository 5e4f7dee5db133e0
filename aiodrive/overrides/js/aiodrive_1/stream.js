// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install, iterable */
// Queues, channels and iterators: values go in and come out as they are, and "for await" goes over all of them.

const {checkBlocks, checkBoolean, checkCancellable, checkCount, checkOptions, checkTime, describe,
    disposable, fromError, messageOf, pack, packed, promisify, refusing, take, toError,
    unpack} = imports.aiodrive_1.value;
const {asJob, toTask, toTasks} = imports.aiodrive_1.task;

let Aiodrive;

// A loop over an iterator. One that the loop alone has is closed with it, so that nothing goes on behind it; a wait for
// an item of another one is cancelled.
class Iteration {
    constructor(iterator, cancellable, isOwner) {
        const scope = Aiodrive.CancelScope.new(cancellable);
        Object.assign(this, {iterator, scope, isOwner});
    }

    [Symbol.asyncIterator]() {
        return this;
    }

    async next() {
        try {
            const [found, value] = await this.iterator.next_async(this.scope);
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
        else
            this.scope.cancel();
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
    disposable(owner, 'asyncDispose', function () {
        return this.close_async();
    });
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
        return refusing(() => put.call(this, args[0] ?? 0, pack(item)));
    };
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

/* Anything that JavaScript can iterate, as an iterator of C for a map. It reads one item ahead: the channel is full,
 * and the next item is taken when the map has received the one before it.
 *
 * The end of the items closes the channel; a failure closes it with the error, after the items before it. When the map
 * receives no more, the send fails. The iterator cleans up once, however it ends. */
class Source {
    constructor(items) {
        this.iterator = (items[Symbol.asyncIterator] ?? items[Symbol.iterator]).call(items);
        this.channel = Aiodrive.Channel.new(0);
        this.filled = null;
        this.cleaned = null;
    }

    start() {
        this.filled ??= this.fill();
    }

    // an item that is a promise is an item: "for await" would wait for it
    async fill() {
        try {
            for (;;) {
                const {done, value} = await this.iterator.next();
                if (done)
                    break;
                await this.send(value);
            }
            this.cleaned ??= Promise.resolve();
            this.channel.close_send();
        } catch (error) {
            this.cleaned ??= Promise.resolve();
            this.channel.close_with_error(error);
        }
    }

    async send(value) {
        try {
            await this.channel.send_async(value);
        } catch (error) {
            await this.cleanUp();
            throw error;
        }
    }

    cleanUp() {
        this.cleaned ??= Promise.resolve(this.iterator.return?.());
        return this.cleaned;
    }

    async end() {
        this.channel.close_receive();
        await Promise.all([this.cleanUp(), this.filled]);
    }
}

const SOURCE = Symbol('source');

// An iterator of ours has no source, unless it is a map of one.
const noSource = {start() {}, async end() {}};

function toIterator(items) {
    if (typeof items?.next_async === 'function')
        return [items, items[SOURCE] ?? noSource];
    if (typeof (items?.[Symbol.asyncIterator] ?? items?.[Symbol.iterator]) !== 'function')
        throw new TypeError(`map: expected an Aiodrive.AsyncIterator or an iterable, got ${describe(items)}`);
    const source = new Source(items);
    return [source.channel, source];
}

async function waitForBoth(closing, ending) {
    const outcomes = await Promise.allSettled([closing, ending]);
    const errors = outcomes.filter(({status}) => status === 'rejected').map(({reason}) => reason);
    if (errors.length > 1)
        throw new AggregateError(errors, errors.map(messageOf).join('; '));
    if (errors.length > 0)
        throw errors[0];
}

// Lets a map take items from its source from its first wait for a result on.
function feed(results, source) {
    const {next_async, close_async} = results;
    return Object.assign(results, {
        [SOURCE]: source,
        next_async(...args) {
            source.start();
            return next_async.apply(this, args);
        },
        // fails with what the clean-up of the source throws, too
        close_async(...args) {
            const ending = source.end();
            if (args.length > 1)
                return close_async.apply(this, args);
            const both = waitForBoth(close_async.call(this), ending);
            return args[0] ? toTask(both, args[0]).then() : both;
        },
    });
}

function install(namespace) {
    Aiodrive = namespace;
    queue(Aiodrive.OrderedQueue.prototype, true);
    queue(Aiodrive.UnorderedQueue.prototype, false);
    channel(Aiodrive.Channel.prototype);
    iterable(Aiodrive.PeriodicIterator.prototype, true);

    const {map, as_completed, as_completed_add, repeat_periodically} = Aiodrive;
    const {NONE, ORDERED} = Aiodrive.MapFlags;

    Aiodrive.repeat_periodically = (interval, cancellable = null) => {
        checkTime('repeat_periodically', interval);
        const ticks = repeat_periodically(interval);
        ticks[Symbol.asyncIterator] = () => ticks.iterate(cancellable);
        return ticks;
    };

    // The job gets an item, then its cancellable.
    Aiodrive.map = (job, items, options = {}) => {
        if (typeof job !== 'function')
            throw new TypeError(`map: expected a function that gets an item and a cancellable, got ${describe(job)}`);
        checkOptions('map', options, ['max_concurrent', 'ordered', 'parent']);
        const {max_concurrent = 10, ordered = true, parent = null} = options;
        checkCount('map', max_concurrent);
        checkBoolean('map', ordered);
        checkCancellable('map', parent);
        const run = asJob((cancellable, item) => job(unpack(item), cancellable));
        const [iterator, source] = toIterator(items);
        return feed(iterable(map(iterator, max_concurrent, ordered ? ORDERED : NONE, parent, run), true), source);
    };

    // Gives the tasks, not what they end with: await each. add() adds another one meanwhile.
    Aiodrive.as_completed = (children, parent = null) => {
        const iterator = iterable(as_completed(toTasks(children, parent), parent), true);
        iterator.add = child => {
            const [task] = toTasks([child], parent);
            refusing(() => {
                try {
                    as_completed_add(iterator, task);
                } catch (error) {
                    if (task !== child)
                        task.get_cancellable().cancel();
                    throw error;
                }
            });
        };
        return iterator;
    };
}
