// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install, leave */
// Latches, locks and the like: promises where C calls back, and locks that are held while a function runs.

const {Gio, GLib} = imports.gi;
const {checkBlocks, describe, disposable, fromError, pack, promisify, take, toError} = imports.aiodrive_1.value;

let Aiodrive;

// Runs a body in a scope. That only the scope was cancelled comes out as the reason for it, or not at all without one.
async function leave(scope, body) {
    try {
        return await body(scope);
    } catch (error) {
        if (!(error instanceof GLib.Error) || !error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
            throw error;
        scope.leave(error);
        return undefined;
    }
}

// With a function: holds the lock while that runs; it gets a cancellable and the guard. With a cancellable or null, as
// in C: blocks.
function held(prototype, name, begin = `${name}_async`) {
    const block = prototype[name];

    prototype[name] = function (...args) {
        const [body, cancellable = null] = args;
        if (block && (body === null || body instanceof Gio.Cancellable))
            return block.apply(this, args);
        if (typeof body !== 'function')
            throw new TypeError(`${name}: expected a function that gets a cancellable, got ${describe(body)}; ${
                begin}() gives a promise`);
        return hold(this[begin](cancellable), body);
    };
}

// A mode of a lock as a method, at the default priority.
function installMode(prototype, name, mode) {
    Object.assign(prototype, {
        [name](cancellable) {
            return this.acquire(mode, GLib.PRIORITY_DEFAULT, cancellable);
        },
        [`${name}_async`](cancellable = null, callback = undefined) {
            return this.acquire_async(mode, GLib.PRIORITY_DEFAULT, cancellable, ...callback ? [callback] : []);
        },
        [`${name}_finish`](result) {
            return this.acquire_finish(result);
        },
    });
    held(prototype, name);
}

async function hold(promise, body) {
    const guard = await promise;
    try {
        return await leave(guard.get_scope(), scope => body(scope, guard));
    } finally {
        guard.release();
    }
}

function install(namespace) {
    Aiodrive = namespace;
    const {Button, Cargo, Condition, Latch, Limiter, NestableLock, SmartLock, ThreadSafeEvent} = Aiodrive;
    const itself = guard => guard;

    promisify(Button.prototype, 'wait');
    promisify(Condition.prototype, 'wait');
    promisify(ThreadSafeEvent.prototype, 'wait');
    const {wait} = ThreadSafeEvent.prototype;
    ThreadSafeEvent.prototype.wait = function (cancellable) {
        checkBlocks('wait', cancellable);
        return wait.call(this, cancellable);
    };
    promisify(Latch.prototype, 'wait', ([, state]) => state);
    promisify(Latch.prototype, 'wait_set');
    promisify(Latch.prototype, 'wait_unset');
    Object.assign(Latch.prototype, {
        toggle(state) {
            this.set_state(state);
        },
        is_set() {
            return this.get_state();
        },
    });

    promisify(SmartLock.prototype, 'acquire', itself);
    for (const name of ['exclusive', 'shared', 'thread_shared', 'weak_exclusive'])
        installMode(SmartLock.prototype, name, Aiodrive.LockMode[name.toUpperCase()]);
    for (const type of [Limiter, NestableLock]) {
        promisify(type.prototype, 'acquire', itself);
        held(type.prototype, 'acquire');
    }

    disposable(Aiodrive.LockGuard.prototype, 'dispose', function () {
        this.release();
    });

    promisify(Cargo.prototype, 'wait', take);
    const {send} = Cargo.prototype;
    Cargo.prototype.send = function (value) {
        return send.call(this, pack(value));
    };

    installFuture(Aiodrive.ThreadSafeFuture.prototype);
}

// A future can be awaited.
function installFuture(prototype) {
    const {set_value, set_error, wait} = prototype;

    promisify(prototype, 'wait', take);
    Object.assign(prototype, {
        set_value(value) {
            return set_value.call(this, pack(value));
        },
        set_error(error) {
            return set_error.call(this, toError(error));
        },
        wait(cancellable) {
            checkBlocks('wait', cancellable);
            try {
                return take(wait.call(this, cancellable));
            } catch (error) {
                throw fromError(error);
            }
        },
        then(...callbacks) {
            return this.wait_async().then(...callbacks);
        },
        catch(callback) {
            return this.wait_async().catch(callback);
        },
        finally(callback) {
            return this.wait_async().finally(callback);
        },
    });
}
