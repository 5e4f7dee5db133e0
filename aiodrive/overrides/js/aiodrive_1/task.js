// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported asJob, awaitable, install, outcomeOf, spawn, started, toTask, toTasks */
// Jobs and tasks: from a function or a promise to a Gio.Task, and from that to a promise.

const {Gio, GLib} = imports.gi;
const {checkCancellable, describe, fromError, fromErrorOf, pack, take, toError} = imports.aiodrive_1.value;

let Aiodrive, start, propagate, create;

const VALUE = Symbol('value');
const UNWRAP = Symbol('unwrap');
const THROWN = Symbol('thrown');
const SITE = Symbol('site');

// A job as C calls it; more that C gives comes after the cancellable.
function asJob(job) {
    if (typeof job !== 'function')
        throw new TypeError(`expected a function that gets a cancellable, got ${describe(job)}`);

    return (task, cancellable, ...args) => {
        if (job.name)
            task.set_name(job.name);
        // what the job throws before it first waits is its failure too
        new Promise(resolve => resolve(job(cancellable, ...args))).then(value => {
            task[VALUE] = value;
            task.return_value(pack(value));
        }).catch(error => {
            task[THROWN] = error;
            task.return_error(toError(error));
        });
    };
}

function isOurs(task) {
    const scope = task.get_cancellable();
    return scope instanceof Aiodrive.CancelScope && scope.ref_task() === task;
}

// The value of a task that has ended; throws what it failed with. It can be asked for again and again. A task of others
// is its own value, for the finish function that belongs to it.
function valueOf(task) {
    const leaf = Aiodrive.task_get_leaf(task);
    if (!(VALUE in leaf))
        leaf[VALUE] = isOurs(leaf) ? take(propagate(leaf)) : leaf;
    return leaf[VALUE];
}

// What awaiting a task gives, once it has ended.
function outcomeOf(task) {
    return (task[UNWRAP] ?? valueOf)(task);
}

// What is thrown for the error of a task. One that the job has thrown comes out as it was, with its stack; for another
// one the stack names the place where the task was made.
function errorOf(task, error) {
    return task[THROWN] instanceof GLib.Error ? task[THROWN] : fromErrorOf(task[SITE], error);
}

function toPromise(task) {
    return new Promise((resolve, reject) => Aiodrive.wait_task_async(task, null, () => {
        try {
            resolve(outcomeOf(task));
        } catch (error) {
            reject(errorOf(task, error));
        }
    }));
}

const thenable = {
    then(...callbacks) {
        return toPromise(this).then(...callbacks);
    },
    catch(callback) {
        return this.then(undefined, callback);
    },
    finally(callback) {
        return toPromise(this).finally(callback);
    },
};

// Lets a task be awaited. Not all of Gio.Task: others resolve promises with their tasks, and expect them.
function awaitable(task, unwrap = valueOf) {
    return Object.assign(task, thenable, {[UNWRAP]: unwrap, [SITE]: new Error()});
}

// An asynchronous function as a task: "begin" gets the cancellable and the callback, "finish" the result, once.
function started(begin, cancellable, finish) {
    const task = create(cancellable);
    begin(task.get_cancellable(), (source, result) => Aiodrive.task_complete(source, result, task));
    let result = null;
    return awaitable(task, ended => finish(result ??= Aiodrive.task_propagate_result(ended)));
}

function spawn(job, parent = null, begin = start.spawn) {
    return awaitable(begin(parent, asJob(job)));
}

// Of a promise that others made only the waiting can be cancelled; its maker has its failure then. One that is not of
// the language may begin its work whenever it is awaited: it is awaited once.
function waitFor(child) {
    const promise = Promise.resolve(child);
    const settled = new Aiodrive.Latch();
    const set = () => settled.set();
    promise.then(set, set);
    return async cancellable => {
        await settled.wait_set_async(cancellable);
        return promise;
    };
}

function check(child) {
    if (typeof child !== 'function' && typeof child?.then !== 'function' && !(child instanceof Gio.Task))
        throw new TypeError(`expected a function that gets a cancellable, a promise or a Gio.Task, got ${
            describe(child)}`);
}

// The conversion of whatever can be a child of a combinator.
function toTask(child, parent = null) {
    check(child);
    if (child instanceof Gio.Task)
        return child;
    return spawn(typeof child === 'function' ? child : waitFor(child), parent);
}

// All or none: nothing is started if one of them is wrong.
function toTasks(children, parent = null) {
    if (typeof children?.[Symbol.iterator] !== 'function' || typeof children === 'string')
        throw new TypeError(`expected an array of functions, promises or tasks, got ${describe(children)}`);
    const all = [...children];
    all.forEach(check);
    return all.map(child => toTask(child, parent));
}

function install(namespace) {
    Aiodrive = namespace;
    start = {spawn: Aiodrive.spawn, prime: Aiodrive.prime};
    propagate = Aiodrive.task_propagate;

    for (const name of ['spawn', 'prime']) {
        Aiodrive[name] = (job, parent = null) => {
            checkCancellable(name, parent);
            return spawn(job, parent, start[name]);
        };
    }

    create = Aiodrive.task_new;
    Aiodrive.task_new = (parent = null) => awaitable(create(parent));
    Aiodrive.task_propagate = task => {
        try {
            return valueOf(task);
        } catch (error) {
            throw fromError(error);
        }
    };
}
