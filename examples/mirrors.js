#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Fetches a file over HTTP from several mirrors at once: a race, a timeout for each, and the parts in parallel.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Soup from 'gi://Soup?version=3.0';
import System from 'system';

const SIGINT = 2;

const USAGE = `Usage: mirrors.js [OPTION...] URL...

Fetches a file over HTTP from several mirrors at once. Give the URLs of the mirrors, all of the same file.

  --output=FILE           write the file here
  --parts=NUMBER          in how many parts to fetch it (6)
  --sha256=HEX            the checksum that it must have
  --timeout=MILLISECONDS  how long a mirror may take to answer (5000)

Exit status: 0 if it was fetched and the checksum is right, 1 if something failed, 130 if interrupted (Ctrl-C).`;

function parse(args) {
    /** @type {{urls: string[], parts: number, timeout: number, output?: string, sha256?: string}} */
    const options = {urls: [], parts: 6, timeout: 5000};
    for (const arg of args) {
        const [, name, value] = arg.match(/^--(output|parts|sha256|timeout)=(.+)$/) ?? [];
        if (name)
            options[name] = name === 'parts' || name === 'timeout' ? Number(value) : value;
        else if (/^https?:\/\/[^/]/.test(arg))
            options.urls.push(arg);
        else
            throw new Error(`What is ${arg}? Try --help`);
    }
    if (!options.urls.length)
        throw new Error('No mirrors were given: try --help');
    if (!(Number.isInteger(options.parts) && options.parts >= 1 && options.parts <= 32))
        throw new Error('The number of parts is not between 1 and 32');
    if (!(Number.isInteger(options.timeout) && options.timeout > 0 && options.timeout < 2 ** 32))
        throw new Error('The timeout is not a number of milliseconds');
    if (options.sha256 && !/^[0-9a-f]{64}$/i.test(options.sha256))
        throw new Error('A SHA-256 checksum has 64 hexadecimal digits');
    return options;
}

// For libsoup "503 Service Unavailable" is an answer like any other.
async function request(session, message, cancellable) {
    const body = await Aiodrive.call(session, 'send_and_read', message, GLib.PRIORITY_DEFAULT, cancellable);
    if (message.status_code < 200 || message.status_code > 299)
        throw new Error(`${message.status_code} ${message.reason_phrase}`);
    return body;
}

async function fetchLength(session, url, cancellable) {
    const message = Soup.Message.new('HEAD', url);
    await request(session, message, cancellable);
    const length = message.response_headers.get_content_length();
    if (length <= 0)
        throw new Error('It does not say how long the file is');
    return length;
}

async function fetchRange(session, url, [begin, end], cancellable) {
    const message = Soup.Message.new('GET', url);
    message.request_headers.set_range(begin, end - 1);
    const body = await request(session, message, cancellable);
    if (body.get_size() !== end - begin)
        throw new Error(`${body.get_size()} bytes came, ${end - begin} were asked for`);
    return body;
}

const why = error => error.message || `${error}`;

// Each mirror gets its time; a failure stops nobody.
async function findGood(session, {urls, timeout}, length, cancellable) {
    const answers = await Aiodrive.wait_all(urls.map(url => async c => {
        try {
            const found = await Aiodrive.timeout(inner => fetchLength(session, url, inner), timeout, c);
            if (found !== length)
                throw new Error('it has another file');
            return url;
        } catch (error) {
            if (!c.is_cancelled())
                print(`  ${url} is left out: ${why(error)}`);
            return null;
        }
    }), cancellable);
    return answers.filter(url => url !== null);
}

// One mirror, and should that fail, all others at once.
async function fetchPart(session, good, number, range, cancellable) {
    const first = good[number % good.length];
    try {
        return await fetchRange(session, first, range, cancellable);
    } catch (error) {
        const others = good.filter(url => url !== first);
        if (cancellable.is_cancelled() || !others.length)
            throw error;
        print(`  part ${number + 1}: ${first} failed, ${why(error)}`);
        const [, body] = await Aiodrive.first_success(
            others.map(url => c => fetchRange(session, url, range, c)), cancellable);
        return body;
    }
}

async function download(options, cancellable) {
    const perHost = options.parts + 1;
    const session = new Soup.Session({
        max_conns: perHost * options.urls.length, max_conns_per_host: perHost, timeout: 30,
    });
    session.remove_feature_by_type(Soup.ContentDecoder.$gtype);

    print('1. Race: who answers first?');
    const [index, length] = await Aiodrive.first_success(
        options.urls.map(url => c => fetchLength(session, url, c)), cancellable);
    print(`  ${options.urls[index]}: ${length} bytes`);

    print(`2. Timeout: do the others answer within ${options.timeout} ms?`);
    const good = await findGood(session, options, length, cancellable);
    if (!good.length)
        throw new Error('No mirror is left');

    const nParts = Math.min(options.parts, length);
    const edge = i => Math.floor(length * i / nParts);
    print(`3. Parts: ${nParts} of them, from ${good.length} mirrors`);
    return Aiodrive.try_all(Array.from({length: nParts}, (_, i) =>
        c => fetchPart(session, good, i, [edge(i), edge(i + 1)], c)), cancellable);
}

async function save(file, parts, cancellable) {
    const stream = await Aiodrive.call(file, 'replace', null, false, Gio.FileCreateFlags.NONE, 0, cancellable);
    for (let part of parts) {
        while (part.get_size() > 0) {
            const n = await Aiodrive.call(stream, 'write_bytes', part, 0, cancellable);
            part = new GLib.Bytes(part.toArray().subarray(n));
        }
    }
    await Aiodrive.call(stream, 'close', 0, cancellable);
}

async function main(cancellable) {
    const options = parse(System.programArgs);
    const parts = await download(options, cancellable);
    const checksum = GLib.Checksum.new(GLib.ChecksumType.SHA256);
    parts.forEach(part => checksum.update(part.toArray()));
    const sha256 = checksum.get_string();
    print(`4. Checksum\n  SHA-256 ${sha256}`);
    if (options.sha256 && options.sha256.toLowerCase() !== sha256)
        throw new Error(`The checksum should be ${options.sha256}`);

    if (options.output)
        await save(Gio.File.new_for_commandline_arg(options.output), parts, cancellable);
}

function run() {
    if (System.programArgs.some(arg => arg === '--help' || arg === '-h')) {
        print(USAGE);
        return 0;
    }
    try {
        Aiodrive.run(() => Aiodrive.handle_signal(SIGINT, main));
        return 0;
    } catch (error) {
        const errors = error instanceof AggregateError ? error.errors : [error];
        errors.forEach(one => printerr(`mirrors.js: ${why(one)}`));
        const interrupted = error instanceof GLib.Error && error.matches(Aiodrive.Error, Aiodrive.Error.SIGNAL);
        return interrupted ? 130 : 1;
    }
}

System.exit(run());
