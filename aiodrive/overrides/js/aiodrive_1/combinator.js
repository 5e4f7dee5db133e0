// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// The combinators: each takes jobs, promises and tasks, and gives a task that can be awaited and nested.

const {Gio} = imports.gi;
const {checkCancellable, checkCount, checkOptions, checkTime, describe, fromError, promisify} =
    imports.aiodrive_1.value;
const {asJob, awaitable, outcomeOf, toTask, toTasks} = imports.aiodrive_1.task;

function install(Aiodrive) {
    // What C gives is the leaf of the winner; awaiting gives what awaiting the child itself would.
    const standsFor = (task, finish, child) => awaitable(task, ended => {
        finish(ended);
        return outcomeOf(child);
    });

    const {race_finish, first_success_finish, try_all_finish, wait_all_finish} = Aiodrive;
    const several = (name, unwrap, nLeast = 0) => {
        const combine = Aiodrive[name];
        Aiodrive[name] = (children, cancellable = null) => {
            checkCancellable(name, cancellable);
            const tasks = toTasks(children, cancellable);
            if (tasks.length < nLeast)
                throw new RangeError(`${name}: expected at least one function, promise or task`);
            return awaitable(combine(tasks, cancellable), ended => unwrap(ended, tasks));
        };
    };
    const winner = finish => (ended, tasks) => {
        const [, index] = finish(ended);
        return [index, outcomeOf(tasks[index])];
    };
    several('race', winner(race_finish), 1);
    several('first_success', winner(first_success_finish), 1);
    several('try_all', ended => try_all_finish(ended).map(outcomeOf));
    several('wait_all', ended => wait_all_finish(ended).map(outcomeOf));

    const {timeout, timeout_finish, shield, shield_finish, cancel_task, cancel_task_finish} = Aiodrive;
    Aiodrive.timeout = (child, duration, cancellable = null) => {
        checkTime('timeout', duration);
        checkCancellable('timeout', cancellable);
        const task = toTask(child, cancellable);
        return standsFor(timeout(task, duration, cancellable), timeout_finish, task);
    };
    Aiodrive.shield = (child, cancellable = null) => {
        checkCancellable('shield', cancellable);
        const task = toTask(child, cancellable);
        return standsFor(shield(task, cancellable), shield_finish, task);
    };
    Aiodrive.cancel_task = (task, cancellable = null) => {
        if (!(task instanceof Gio.Task))
            throw new TypeError(`cancel_task: expected a Gio.Task, got ${describe(task)}`);
        return awaitable(cancel_task(task, cancellable), ended => void cancel_task_finish(ended));
    };

    // Starts a job again when it has failed, unless "is_final" says of what it threw that this would not help.
    const {retry, task_set_final} = Aiodrive;
    Aiodrive.retry = (job, options = {}) => {
        if (typeof job !== 'function')
            throw new TypeError(`retry: expected a function that gets a cancellable, got ${describe(job)}`);
        checkOptions('retry', options, ['max_tries', 'delay', 'max_delay', 'is_final', 'parent']);
        const {max_tries = 5, delay = 100, max_delay = 10000, is_final = () => false, parent = null} = options;
        checkCount('retry', max_tries);
        checkTime('retry', delay);
        checkTime('retry', max_delay);
        checkCancellable('retry', parent);
        if (typeof is_final !== 'function')
            throw new TypeError(`retry: expected a function that gets what was thrown, got ${describe(is_final)}`);
        const run = asJob(async cancellable => {
            try {
                return await job(cancellable);
            } catch (error) {
                if (is_final(error))
                    task_set_final(cancellable.ref_task());
                throw error;
            }
        });
        return awaitable(retry(parent, max_tries, delay, max_delay, run));
    };

    promisify(Aiodrive, 'sleep');
    Aiodrive.sleep = async (duration, cancellable = null) => {
        checkTime('sleep', duration);
        await Aiodrive.sleep_async(duration, cancellable);
    };

    // Waits, and neither takes the value nor throws the failure.
    promisify(Aiodrive, 'wait_task');
    Aiodrive.wait_task = (child, cancellable = null) => Aiodrive.wait_task_async(toTask(child), cancellable);

    const {task_dup_error, task_dup_errors} = Aiodrive;
    Aiodrive.task_dup_error = task => fromError(task_dup_error(task));
    Aiodrive.task_dup_errors = task => task_dup_errors(task).map(fromError);
}
