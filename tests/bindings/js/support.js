// SPDX-License-Identifier: LGPL-2.1-or-later
// What the tests in JavaScript share: a small runner, jobs, and ways to wait for something.

import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

const context = GLib.MainContext.default();
const tests = [];

export function test(name, body) {
    tests.push([name, body]);
}

// Runs the tests one after the other, and reports in the Test Anything Protocol.
export function runTests() {
    let failed = 0;
    print(`1..${tests.length}`);
    tests.forEach(([name, body], i) => {
        try {
            const directive = body() ?? '';
            print(`ok ${i + 1} ${name} ${directive}`);
        } catch (error) {
            failed++;
            print(`not ok ${i + 1} ${name}`);
            print(`# ${error.constructor.name}: ${error.message}\n${error.stack}`.replaceAll('\n', '\n# '));
        }
    });
    System.exit(failed ? 1 : 0);
}

export function assert(condition, message = 'the condition does not hold') {
    if (!condition)
        throw new Error(message);
}

export function assertEqual(actual, expected) {
    const same = Array.isArray(expected)
        ? actual.length === expected.length && expected.every((element, i) => actual[i] === element)
        : actual === expected;
    assert(same, `got ${actual}, expected ${expected}`);
}

// The code is one of Gio.IOErrorEnum unless a domain is given.
export function assertRaises(body, code, domain = Gio.IOErrorEnum) {
    let result;
    try {
        result = body();
    } catch (error) {
        if (!(error instanceof GLib.Error) || !error.matches(domain, code))
            throw error;
        return error;
    }
    throw new Error(`no error but ${result}; ${code} was expected`);
}

// AIODRIVE_START(): an asynchronous method as a task.
export function start(begin, ...args) {
    const task = Aiodrive.task_new(null);
    begin(...args, task.get_cancellable(), (source, result) => Aiodrive.task_complete(source, result, task));
    return task;
}

// What GJS itself refuses.
export function assertRefused(body) {
    let result;
    try {
        result = body();
    } catch (error) {
        assert(!(error instanceof GLib.Error), `${error.message} came from the library`);
        return;
    }
    throw new Error(`not refused, but ${result}`);
}

export function iterateUntil(condition) {
    while (!condition())
        context.iteration(true);
}

export function settle() {
    while (context.iteration(false));
}

// Begins an asynchronous call, waits for it, and gives [source, result].
export function call(begin, ...args) {
    return pending(begin, ...args)();
}

// Begins an asynchronous call; gives a function that waits for it.
export function pending(begin, ...args) {
    let nCalls = 0, got = null;
    begin(...args, (source, result) => {
        nCalls++;
        got = [source, result];
    });
    assertEqual(nCalls, 0);
    return () => {
        iterateUntil(() => nCalls > 0);
        assertEqual(nCalls, 1);
        return got;
    };
}

export function boxed(type, content) {
    const setters = new Map([
        [GObject.TYPE_INT, 'set_int'], [GObject.TYPE_STRING, 'set_string'], [GObject.TYPE_OBJECT, 'set_object'],
        [GObject.TYPE_BOOLEAN, 'set_boolean'], [GObject.TYPE_DOUBLE, 'set_double'], [GObject.TYPE_INT64, 'set_int64'],
    ]);
    const value = new GObject.Value();
    value.init(type);
    value[setters.get(type)](content);
    return value;
}

export function newError(message = 'it went wrong', code = Gio.IOErrorEnum.NOT_FOUND) {
    return new GLib.Error(Gio.IOErrorEnum, code, message);
}

// A job that returns a value.
export function gives(content, type = GObject.TYPE_STRING) {
    return task => task.return_value(boxed(type, content));
}

// A job that returns an error.
export function fails(message, code) {
    return task => task.return_error(newError(message, code));
}

// A job that returns a value later, or that it was cancelled.
export function sleeps(duration = 60000, content = 'slept') {
    return (task, cancellable) => Aiodrive.sleep_async(duration, cancellable, (source, result) => {
        try {
            Aiodrive.sleep_finish(result);
            task.return_value(boxed(GObject.TYPE_STRING, content));
        } catch (error) {
            task.return_error(error);
        }
    });
}

export function spawn(job) {
    return Aiodrive.spawn(null, job);
}

// A task that has ended.
export function ended(job) {
    const task = spawn(job);
    Aiodrive.run(task);
    return task;
}

// Begins a combinator in its two forms, with arguments that are made anew, and calls check with either result.
export function inBothForms(name, makeArgs, check) {
    const task = Aiodrive[name](...makeArgs(), null);
    Aiodrive.run(task);
    check(task);
    const [, result] = call(Aiodrive[`${name}_async`], ...makeArgs(), null);
    check(result);
}

// Runs code in another process, in which criticals are not fatal; gives what was printed there.
export function warningsOf(body) {
    const source = `import * as support from '${import.meta.url}'; Object.assign(globalThis, support);
        const {default: Aiodrive} = await import('gi://Aiodrive?version=1');
        const {default: Gio} = await import('gi://Gio');
        ${body}`;
    const [file, stream] = Gio.File.new_tmp('aiodrive-XXXXXX.js');
    stream.close(null);
    file.replace_contents(source, null, false, Gio.FileCreateFlags.NONE, null);
    const launcher = Gio.SubprocessLauncher.new(Gio.SubprocessFlags.STDOUT_PIPE | Gio.SubprocessFlags.STDERR_MERGE);
    launcher.setenv('G_DEBUG', '', true);
    const child = launcher.spawnv(['gjs', '-m', file.get_path()]);
    const [, printed] = child.communicate_utf8(null, null);
    file.delete(null);
    assert(child.get_successful(), printed);
    return printed;
}
