// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// Groups and pools: blocks that end when all their tasks have ended. And what JavaScript cannot have: other threads.

const {Gio, GLib} = imports.gi;
const {checkBoolean, checkCancellable, checkOptions, describe, disposable, promisify} = imports.aiodrive_1.value;
const {asJob, awaitable, started, toTask} = imports.aiodrive_1.task;

let Aiodrive;

// The body is a task of the group: its failure cancels the others, and theirs cancels it.
async function enclose(group, body, spawn) {
    const main = spawn(cancellable => body(group, cancellable));
    await Aiodrive.wait_task(main);
    await group.close();
    return main;
}

function checkBody(type, body) {
    if (typeof body !== 'function')
        throw new TypeError(`${type}.open: expected a function that gets the group and a cancellable, got ${
            describe(body)}`);
}

function openable(name) {
    Aiodrive[name].open = (body, parent = null) => {
        checkBody(name, body);
        checkCancellable(`${name}.open`, parent);
        const group = Aiodrive[name].new(parent);
        return enclose(group, body, job => group.spawn(job));
    };
}

function installGroup(prototype) {
    const {spawn, add, close_async, close_finish} = prototype;

    promisify(prototype, 'close');
    Object.assign(prototype, {
        spawn(job) {
            return awaitable(spawn.call(this, asJob(job)));
        },
        add(child) {
            const task = toTask(child);
            add.call(this, task);
            return task;
        },
        close(cancellable = null) {
            checkCancellable('close', cancellable);
            return started(close_async.bind(this), cancellable, result => void close_finish.call(this, result));
        },
        async close_async(cancellable = null) {
            await this.close(cancellable);
        },
    });
    disposable(prototype, 'asyncDispose', function () {
        return this.close_async();
    });
}

function installPool(Pool) {
    const {new: create, open} = Pool;
    const {run_async, run_finish, spawn_full} = Pool.prototype;
    const {FOREVER, NONE} = Aiodrive.PoolFlags;

    promisify(Pool.prototype, 'run');
    Object.assign(Pool.prototype, {
        spawn_full(name, depth, job) {
            return awaitable(spawn_full.call(this, name, depth, asJob(job)));
        },
        run(forever = false, cancellable = null) {
            checkBoolean('run', forever);
            checkCancellable('run', cancellable);
            return started(run_async.bind(this, forever ? FOREVER : NONE), cancellable,
                result => void run_finish.call(this, result));
        },
        async run_async(...args) {
            await this.run(...args);
        },
    });

    Pool.new = (name = null) => create(name);
    Pool.open = (body, options = {}) => {
        checkBody('Pool', body);
        checkOptions('Pool.open', options, ['name', 'parent']);
        const {name = null, parent = null} = options;
        checkCancellable('Pool.open', parent);
        const pool = open(name, parent);
        return enclose(pool, body, job => pool.spawn_full(null, -1, job));
    };
}

function refuse() {
    throw new GLib.Error(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_SUPPORTED,
        'A JavaScript function cannot run in another thread');
}

function install(namespace) {
    Aiodrive = namespace;
    installGroup(Aiodrive.TaskGroup.prototype);
    openable('TaskGroup');
    openable('AutoTerminatedTaskGroup');
    installPool(Aiodrive.Pool);

    promisify(Aiodrive.BackgroundExecutor.prototype, 'stop');
    disposable(Aiodrive.BackgroundExecutor.prototype, 'asyncDispose', function () {
        return this.stop_async();
    });
    Aiodrive.BackgroundExecutor.prototype.spawn = refuse;
    Aiodrive.ThreadTaskGroup.prototype.spawn = refuse;
    Aiodrive.ThreadTaskGroup.open = refuse;
}
