// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported callBack, checkBlocks, checkBoolean, checkCancellable, checkCount, checkOptions, checkTime, describe,
   disposable, fromError, fromErrorOf, install, messageOf, pack, packed, promisify, refusedOf, refusing, take, toError,
   unpack */
// Values, errors and asynchronous methods: from JavaScript to C and back.

const {Gio, GLib, GObject} = imports.gi;
const System = imports.system;

let Aiodrive, exceptionQuark;

const CONTENT = Symbol('content');

// What a function of C fills for its caller lost a reference before GJS 1.76.
const losesOutValues = System.version < 17600;

// For an error message.
function describe(value) {
    if (value === null || ['undefined', 'boolean', 'number'].includes(typeof value))
        return `${value}`;
    if (typeof value === 'object')
        return `an object of ${value.constructor?.name || 'no class'}`;
    return `a ${typeof value}`;
}

// For "using" (dispose) and "await using" (asyncDispose), where the language has them.
function disposable(owner, kind, dispose) {
    if (Symbol[kind])
        owner[Symbol[kind]] = dispose;
}

function checkTime(name, duration) {
    if (!Number.isInteger(duration) || duration < 0 || duration > 0xffffffff)
        throw new RangeError(`${name}: expected a whole number of milliseconds, got ${describe(duration)}`);
}

function checkCount(name, count) {
    if (!Number.isInteger(count) || count < 1 || count > 0xffffffff)
        throw new RangeError(`${name}: expected a whole number from 1 on, got ${describe(count)}`);
}

function checkBoolean(name, value) {
    if (typeof value !== 'boolean')
        throw new TypeError(`${name}: expected true or false, got ${describe(value)}`);
}

function checkCancellable(name, cancellable) {
    if (cancellable !== null && !(cancellable instanceof Gio.Cancellable))
        throw new TypeError(`${name}: expected a Gio.Cancellable or null, got ${describe(cancellable)}`);
}

// For a method that blocks the thread: who forgot "_async" could wait for ever.
function checkBlocks(name, cancellable) {
    if (cancellable === undefined)
        throw new TypeError(`${name}: expected null or a Gio.Cancellable, to block; ${name}_async() gives a promise`);
    checkCancellable(name, cancellable);
}

// What is given by name. That a name is wrong would not be noticed otherwise.
function checkOptions(name, options, known) {
    const isPlainObject = typeof options === 'object' && options !== null &&
        [Object.prototype, null].includes(Object.getPrototypeOf(options));
    if (!isPlainObject)
        throw new TypeError(`${name}: expected options, {${known.join(', ')}}, got ${describe(options)}`);
    const wrong = Object.keys(options).find(key => !known.includes(key));
    if (wrong !== undefined)
        throw new TypeError(`${name}: expected options of {${known.join(', ')}}, got ${wrong}`);
}

// Whether a GValue that GJS makes of it gives the same again.
function isPlain(value) {
    switch (typeof value) {
    case 'boolean':
        return true;
    case 'number':
        return !Object.is(value, -0);
    case 'string':
        return !/[\0\p{Surrogate}]/u.test(value);
    case 'object':
        return value instanceof GObject.Object || value instanceof GObject.Value;
    default:
        return false;
    }
}

// What is not plain goes in a box: a GObject, whose content GJS frees in its own thread wherever the last reference
// on it is dropped.
function pack(value) {
    if (isPlain(value))
        return value;
    const box = new GObject.Object();
    box[CONTENT] = value;
    return box;
}

function unpack(value) {
    return value instanceof GObject.Object && CONTENT in value ? value[CONTENT] : value;
}

// Unpacks what a function of C has filled for its caller.
function take(value) {
    const content = unpack(value);
    if (losesOutValues && value instanceof GObject.Object)
        value.unref();
    return content;
}

function messageOf(thrown) {
    try {
        return `${thrown instanceof Error || typeof thrown !== 'object' ? String(thrown) : describe(thrown)}`;
    } catch {
        return describe(thrown);
    }
}

// Anything may be thrown: what is no GLib.Error is held for an error of C that stands for it.
function toError(thrown) {
    if (thrown instanceof GLib.Error)
        return thrown;
    const value = new GObject.Value();
    const box = new GObject.Object();
    box[CONTENT] = thrown;
    value.init(GObject.Object.$gtype);
    value.set_object(box);
    const code = Aiodrive.exception_hold(value);
    try {
        return new GLib.Error(exceptionQuark, code, messageOf(thrown).replaceAll('\0', ' '));
    } finally {
        Aiodrive.exception_release(code);
    }
}

function fromException(error) {
    const box = Aiodrive.exception_get(error.code);
    return box instanceof GObject.Object && CONTENT in box ? take(box) : error;
}

// What is thrown for an error of C. One that was made of several may be so of others that were.
function fromError(error) {
    if (!(error instanceof GLib.Error))
        return error;
    if (error.domain === exceptionQuark)
        return fromException(error);
    const several = Aiodrive.error_get_errors(error) ?? [];
    return several.length > 0 ? new AggregateError(several.map(fromError), error.message) : error;
}

// The same for a call that failed later: its stack names the place of the call, as that of GJS's own promises does.
// "site" is an Error made there. An exception keeps the stack that it was thrown with.
function fromErrorOf(site, error) {
    const thrown = fromError(error);
    if (error instanceof GLib.Error && error.domain !== exceptionQuark)
        thrown.stack = `${thrown.stack ?? ''}### Promise created here: ###\n${site.stack}`;
    return thrown;
}

// What is thrown for an error of C that refuses an argument; undefined for another one. "site" is an Error made by the
// call.
function refusalOf(site, error) {
    const {INVALID_ARGUMENT, EXISTS} = Gio.IOErrorEnum;
    if (!(error instanceof GLib.Error) ||
        ![INVALID_ARGUMENT, EXISTS].some(code => error.matches(Gio.IOErrorEnum, code)))
        return undefined;
    return Object.assign(new RangeError(error.message), {stack: site.stack});
}

// For a method whose arguments C checks, later or at once.
function refusedOf(site, error) {
    return refusalOf(site, error) ?? fromErrorOf(site, error);
}

function refusing(body) {
    const site = new Error();
    try {
        return body();
    } catch (error) {
        throw refusalOf(site, error) ?? fromError(error);
    }
}

// The promise of a call: "begin" gets the callback, "finish" the result.
function callBack(begin, finish, toThrown = fromErrorOf) {
    const site = new Error();
    return new Promise((resolve, reject) => begin((source, result) => {
        try {
            resolve(finish(result));
        } catch (error) {
            reject(toThrown(site, error));
        }
    }));
}

// Gives an asynchronous method a promise where it is called without a callback. "convert" makes the value of what the
// finish function gives, "prepare" makes the arguments before the cancellable, "toThrown" what is thrown.
function promisify(owner, name, convert = () => undefined, prepare = args => args, toThrown = fromErrorOf) {
    const begin = owner[`${name}_async`], finish = owner[`${name}_finish`];
    const nArguments = begin.length - 1;

    owner[`${name}_async`] = function (...given) {
        const args = prepare(given);
        if (typeof args[nArguments] === 'function')
            return begin.apply(this, args);
        if (args.length > nArguments)
            throw new TypeError(`${name}_async: expected a function to call back, got ${describe(args[nArguments])}`);
        if (args.length === nArguments - 1)
            args.push(null);
        args[nArguments - 1] ??= null;
        return callBack(callback => begin.call(this, ...args, callback),
            result => convert(finish.call(this, result)), toThrown);
    };
    // Aiodrive.call() and Gio._promisify() read it
    Object.defineProperty(owner[`${name}_async`], 'length', {value: begin.length});
}

// Packs the argument at that place of a method.
function packed(owner, name, index) {
    const method = owner[name];

    owner[name] = function (...args) {
        if (index < args.length)
            args[index] = pack(args[index]);
        return method.apply(this, args);
    };
}

function install(namespace) {
    Aiodrive = namespace;
    exceptionQuark = Aiodrive.exception_quark();

    const {CancelScope} = Aiodrive;
    const {cancel_with_reason, dup_reason, leave} = CancelScope.prototype;
    CancelScope.prototype.cancel_with_reason = function (reason = null) {
        cancel_with_reason.call(this, reason === null ? null : toError(reason));
    };
    CancelScope.prototype.dup_reason = function () {
        return fromError(dup_reason.call(this));
    };
    CancelScope.prototype.leave = function (error = null) {
        try {
            return leave.call(this, error === null ? null : toError(error));
        } catch (reason) {
            throw fromError(reason);
        }
    };
}
