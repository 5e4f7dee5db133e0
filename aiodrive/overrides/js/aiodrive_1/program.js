// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// The program: its main loop, its signals, the asynchronous functions of others; and tests of all that.

const {GLib} = imports.gi;
const {callBack, checkCancellable, describe, disposable, fromError, promisify, refusedOf,
    refusing} = imports.aiodrive_1.value;
const {asJob, toTask} = imports.aiodrive_1.task;
const {leave} = imports.aiodrive_1.sync;

// Promises go on only when the code that they called has returned to the main loop.
function checkPromisesGoOn(name) {
    let goesOn = false;
    Promise.resolve().then(() => (goesOn = true));
    for (let i = 0; i < 3 && !goesOn; i++)
        GLib.MainContext.default().iteration(false);
    if (!goesOn)
        throw new Error(`${name}() was called by a promise, for which it would wait for ever: use await there`);
}

// An asynchronous method and its finish function. Gio._promisify() keeps the method of C under another name.
function methodsOf(object, name) {
    const stem = name.replace(/_async$/, '');
    const begin = [`${stem}_async`, stem].map(key => object?.[`_original_${key}`] ?? object?.[key])
        .find(method => typeof method === 'function');
    const finish = object?.[`${stem}_finish`];
    if (!begin || typeof finish !== 'function')
        throw new TypeError(`call: expected the name of an asynchronous method, ${describe(object)} has no ${
            stem}_async() with ${stem}_finish()`);
    return [begin, finish];
}

async function call(object, name, ...args) {
    const [begin, finish] = methodsOf(object, name);
    const nArguments = begin.length - 1;
    if (nArguments < 0)
        return checkPromise(name, begin.apply(object, args));
    if (args.length > nArguments)
        throw new TypeError(`call: ${name} takes ${nArguments} arguments and no callback, got ${args.length}`);

    while (args.length < nArguments)
        args.push(null);
    return callBack(callback => begin.call(object, ...args, callback), result => finish.call(object, result));
}

// What a method gives that was written in JavaScript, and has no callback.
function checkPromise(name, promise) {
    if (typeof promise?.then !== 'function')
        throw new TypeError(`call: expected ${name} to take a callback or give a promise, got ${describe(promise)}`);
    return promise;
}

function checkSignals(name, signums) {
    const wrong = signums.filter(signum => !Number.isInteger(signum));
    if (wrong.length > 0)
        throw new TypeError(`${name}: expected the number of a signal, got ${describe(wrong[0])}`);
}

function installTests(prototype) {
    const {cancel_at_step} = prototype;

    prototype.cancel_at_step = function (step, job) {
        checkPromisesGoOn('cancel_at_step');
        try {
            return cancel_at_step.call(this, step, asJob(job));
        } catch (error) {
            throw fromError(error);
        }
    };

    // Cancels a job after 0, 1, 2 ... steps, until it ends before that: so it is cancelled at each place where it
    // waits. After each time it calls "check". Gives how often the job was cancelled.
    prototype.cancel_at_each_step = function (job, check = () => {}) {
        for (let step = 0; ; step++) {
            try {
                const cancelled = this.cancel_at_step(step, job);
                check();
                if (!cancelled)
                    return step;
            } catch (cause) {
                throw new Error(`at step ${step}: ${cause.message}`, {cause});
            }
        }
    };
}

function install(Aiodrive) {
    const {run, handle_signal} = Aiodrive;

    // Runs the main loop until a job, a promise or a task has ended; gives its value, or throws what it threw.
    Aiodrive.run = main => {
        checkPromisesGoOn('Aiodrive.run');
        const task = toTask(main);
        let outcome = null;
        const end = task.then ? task : Aiodrive.shield(task);
        end.then(value => (outcome = {value}), error => (outcome = {error}));
        run(task);
        while (outcome === null)
            GLib.MainContext.default().iteration(true);
        if ('error' in outcome)
            throw outcome.error;
        return outcome.value;
    };

    // With a function: handles the signal while that runs; it gets a cancellable that the signal cancels.
    Aiodrive.handle_signal = (signum, target, cancellable = null) => {
        checkSignals('handle_signal', [signum]);
        checkCancellable('handle_signal', cancellable);
        const isFunction = typeof target === 'function';
        const scope = isFunction ? Aiodrive.CancelScope.new(cancellable) : target;
        const handler = refusing(() => handle_signal(signum, scope));
        return isFunction ? leave(scope, target).finally(() => handler.release()) : handler;
    };

    promisify(Aiodrive, 'wait_for_signal', signum => signum, ([signums, ...args]) => {
        checkSignals('wait_for_signal', signums);
        return [signums, ...args];
    }, refusedOf);
    Aiodrive.wait_for_signal = (signums, cancellable = null) =>
        Aiodrive.wait_for_signal_async([signums].flat(), cancellable);

    // Any asynchronous method of any object, one that was not promisified too.
    Aiodrive.call = call;

    disposable(Aiodrive.SignalHandler.prototype, 'dispose', function () {
        this.release();
    });
    installTests(Aiodrive.TestContext.prototype);
    disposable(Aiodrive.TestContext.prototype, 'dispose', function () {
        this.close();
    });
}
