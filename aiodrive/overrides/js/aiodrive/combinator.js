// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
// The combinators: each takes jobs, promises and tasks, and gives a task that can be awaited and nested.

const {Gio} = imports.gi;
const {describe, fromError, fromTaskError, promisify} = imports.aiodrive.value;
const {awaitable, outcomeOf, toTask, toTasks} = imports.aiodrive.task;

function checkTime(name, duration) {
    if (!Number.isInteger(duration) || duration < 0 || duration > 0xffffffff)
        throw new RangeError(`${name}: expected a whole number of milliseconds, got ${describe(duration)}`);
}

function install(Aiodrive) {
    const {race_finish, first_success_finish, try_all_finish, wait_all_finish, cancel_task_finish} = Aiodrive;

    const several = (name, unwrap) => {
        const combine = Aiodrive[name];
        Aiodrive[name] = (children, cancellable = null) =>
            awaitable(combine(toTasks(children, cancellable), cancellable), unwrap);
    };
    const winner = finish => task => {
        const [child, index] = finish(task);
        return [index, outcomeOf(child)];
    };
    several('race', winner(race_finish));
    several('first_success', winner(first_success_finish));
    several('try_all', task => try_all_finish(task).map(outcomeOf));
    several('wait_all', task => wait_all_finish(task).map(outcomeOf));

    const {timeout, timeout_finish, shield, shield_finish, cancel_task} = Aiodrive;
    Aiodrive.timeout = (child, duration, cancellable = null) => {
        checkTime('timeout', duration);
        return awaitable(timeout(toTask(child, cancellable), duration, cancellable),
            task => outcomeOf(timeout_finish(task)));
    };
    Aiodrive.shield = (child, cancellable = null) => awaitable(shield(toTask(child, cancellable), cancellable),
        task => outcomeOf(shield_finish(task)));
    Aiodrive.cancel_task = (task, cancellable = null) => {
        if (!(task instanceof Gio.Task))
            throw new TypeError(`cancel_task: expected a Gio.Task, got ${describe(task)}`);
        return awaitable(cancel_task(task, cancellable), ended => void cancel_task_finish(ended));
    };

    promisify(Aiodrive, 'sleep');
    Aiodrive.sleep = async (duration, cancellable = null) => {
        checkTime('sleep', duration);
        await Aiodrive.sleep_async(duration, cancellable);
    };

    // Waits, and neither takes the value nor throws the failure.
    promisify(Aiodrive, 'wait_task');
    Aiodrive.wait_task = (child, cancellable = null) => Aiodrive.wait_task_async(toTask(child), cancellable);

    const {task_get_error, task_get_errors} = Aiodrive;
    Aiodrive.task_get_error = task => {
        const error = task_get_error(task);
        return error === null ? null : fromTaskError(task, error);
    };
    Aiodrive.task_get_errors = task => task_get_errors(task).map(fromError);
}
