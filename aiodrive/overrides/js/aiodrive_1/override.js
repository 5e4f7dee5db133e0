// SPDX-License-Identifier: LGPL-2.1-or-later
/* exported install */
/* Aiodrive as JavaScript is written: what waits gives a promise, what is a job is an (async) function.
 *
 *     const [index, page] = await Aiodrive.race([c => load(near, c), c => load(far, c)]);
 *     const all = await Aiodrive.try_all(uris.map(uri => c => load(uri, c)), cancellable);
 *     await Aiodrive.Pool.open(async pool => { pool.spawn(job1); pool.spawn(job2); });
 *     for await (const n of Aiodrive.repeat_periodically(1000, cancellable)) { ... }
 *
 * Names. All are those of the GIR, in its snake_case, as everywhere in GJS; only what the language itself asks for
 * (then, catch, finally, Symbol.asyncIterator) is named by the language. Durations that you give are
 * milliseconds; instants and durations that you get are microseconds, as those of GLib.
 *
 * Jobs. A job is a function that gets a cancellable, an Aiodrive.CancelScope of its own; what it returns or awaits is
 * the value, what it throws is the failure. Pass the cancellable on to what you call. When it is cancelled, what waits
 * fails with Gio.IOErrorEnum.CANCELLED; cleanup in a "finally" may await, without that cancellable.
 *
 * Tasks. Where a task is due, a job, a promise or a Gio.Task will do; the combinators, spawn() and prime() give
 * a Gio.Task that can be awaited, any number of times, and given to another combinator. Of a promise that is not ours
 * only the waiting can be cancelled. A task that fails and that nobody awaits is warned about when it is collected.
 *
 * Calls. Every method NAME_async() gives a promise if it gets no callback; its cancellable may be left out. What blocks
 * the thread wants null for it, as a promise of the same thread could not go on meanwhile.
 *
 * Values and errors. Any value passes through unchanged and identical. So does any error that is thrown; several
 * come out as an AggregateError. A wrong argument is a TypeError or a RangeError. The stack of a call that failed later
 * names the place of the call.
 *
 * Sources. A map takes the items of an iterable, an endless one too, as it has room for them; closing the map cleans up
 * the iterator, and waits for that.
 */

const parts = ['value', 'task', 'combinator', 'stream', 'sync', 'group', 'object', 'program'];

function install(namespace) {
    for (const part of parts)
        imports.aiodrive_1[part].install(namespace);
}
