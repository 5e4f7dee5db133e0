// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// Signals and properties of objects, and jobs that end with an object.

const {GObject} = imports.gi;
const {checkCancellable, checkCount, describe, promisify, refusing} = imports.aiodrive_1.value;
const {asJob, awaitable, started} = imports.aiodrive_1.task;
const {iterable} = imports.aiodrive_1.stream;

let Aiodrive;

function checkObject(name, object) {
    if (!(object instanceof GObject.Object))
        throw new TypeError(`${name}: expected a GObject.Object, got ${describe(object)}`);
}

function checkSignal(name, object, signal) {
    checkObject(name, object);
    if (signal !== null && !GObject.signal_lookup(`${signal}`.split('::')[0], object.constructor.$gtype))
        throw new TypeError(`${name}: ${object.constructor.name} has no signal ${signal}`);
}

// A job that gets more arguments after the cancellable.
function bind(job, args) {
    return Object.defineProperty(cancellable => job(cancellable, ...args), 'name', {value: job.name});
}

function installSpawn() {
    const {spawn_for_object} = Aiodrive;

    Aiodrive.spawn_for_object = (object, job, signal = null) => {
        checkSignal('spawn_for_object', object, signal);
        spawn_for_object(object, signal, asJob(job));
    };

    // The job gets the arguments of the signal without the object, which it would keep.
    Aiodrive.connect = (object, signal, job) => {
        checkSignal('connect', object, signal);
        if (typeof job !== 'function')
            throw new TypeError(`connect: expected a function that gets a cancellable, got ${describe(job)}`);
        return object.connect(signal, (source, ...args) => {
            spawn_for_object(source, null, asJob(bind(job, args)));
        });
    };
}

function installEmissions() {
    const {iterate_emissions, iterate_property} = Aiodrive;

    Aiodrive.Emission.prototype[Symbol.iterator] = function* () {
        for (let i = 0; i < this.get_n_args(); i++)
            yield this.get_arg(i);
    };
    iterable(Aiodrive.ObjectIterator.prototype, true);
    promisify(Aiodrive, 'wait_for_emission', emission => emission);
    promisify(Aiodrive, 'wait_for_property', value => value, ([object, property, wanted = null, ...args]) =>
        [object, property, wanted, ...args]);
    promisify(Aiodrive, 'wait_for_fd', condition => condition);

    Aiodrive.iterate_emissions = (object, signal, max_items = 100, overflow = Aiodrive.Overflow.DROP_OLDEST) => {
        checkObject('iterate_emissions', object);
        checkCount('iterate_emissions', max_items);
        return refusing(() => iterate_emissions(object, signal, max_items, overflow));
    };
    Aiodrive.iterate_property = (object, property) => {
        checkObject('iterate_property', object);
        return refusing(() => iterate_property(object, property));
    };
}

function installLatest(prototype) {
    const {spawn, close_async, close_finish} = prototype;

    promisify(prototype, 'close');
    Object.assign(prototype, {
        spawn(job) {
            return awaitable(spawn.call(this, asJob(job)));
        },
        close(cancellable = null) {
            checkCancellable('close', cancellable);
            return started(close_async.bind(this), cancellable, result => void close_finish.call(this, result));
        },
    });
}

function install(namespace) {
    Aiodrive = namespace;
    installSpawn();
    installEmissions();
    installLatest(Aiodrive.Latest.prototype);
}
