#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fetches a file over HTTP from several mirrors at once: a race, a timeout for each, and the parts in parallel."""

import argparse
import hashlib
import re
import signal
import sys
from pathlib import Path

import gi

gi.require_version('Aiodrive', '1')
gi.require_version('Soup', '3.0')
from gi.repository import Aiodrive, GLib, Soup


def check(condition, message):
    if not condition:
        raise ValueError(message)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f'{message}: try --help')


def parse():
    parser = Parser(prog='mirrors.py', description=__doc__, epilog='Exit status: 0 if it was fetched and the checksum '
                    'is right, 1 if something failed, 130 if interrupted (Ctrl-C).')
    parser.add_argument('urls', metavar='URL', nargs='*', help='a mirror; all are of the same file')
    parser.add_argument('--output', metavar='FILE', type=Path, help='write the file here')
    parser.add_argument('--parts', metavar='NUMBER', type=int, default=6, help='in how many parts to fetch it (6)')
    parser.add_argument('--sha256', metavar='HEX', help='the checksum that it must have')
    parser.add_argument('--timeout', metavar='MILLISECONDS', type=int, default=5000,
                        help='how long a mirror may take to answer (5000)')
    options = parser.parse_args()
    for url in options.urls:
        check(re.match(r'https?://[^/]', url), f'What is {url}? Try --help')
    check(options.urls, 'No mirrors were given: try --help')
    check(1 <= options.parts <= 32, 'The number of parts is not between 1 and 32')
    check(0 < options.timeout < 2**32, 'The timeout is not a number of milliseconds')
    check(not options.sha256 or re.fullmatch('(?i)[0-9a-f]{64}', options.sha256),
          'A SHA-256 checksum has 64 hexadecimal digits')
    return options


def why(error):
    return getattr(error, 'message', None) or str(error) or type(error).__name__


class Download:
    def __init__(self, options):
        self.options = options
        self.session = Soup.Session(timeout=30, max_conns=(options.parts + 1) * len(options.urls),
                                    max_conns_per_host=options.parts + 1)
        self.session.remove_feature_by_type(Soup.ContentDecoder)

    async def request(self, message):
        """For libsoup "503 Service Unavailable" is an answer like any other."""
        body = await Aiodrive.call(self.session.send_and_read_async, message, GLib.PRIORITY_DEFAULT)
        status = message.props.status_code
        check(200 <= status <= 299, f'{status} {message.props.reason_phrase}')
        return body.get_data() or b''

    async def fetch_length(self, url):
        message = Soup.Message.new('HEAD', url)
        await self.request(message)
        length = message.get_response_headers().get_content_length()
        check(length > 0, 'It does not say how long the file is')
        return length

    async def fetch_range(self, url, begin, end):
        message = Soup.Message.new('GET', url)
        message.get_request_headers().set_range(begin, end - 1)
        body = await self.request(message)
        check(len(body) == end - begin, f'{len(body)} bytes came, {end - begin} were asked for')
        return body

    async def is_good(self, url, length):
        """Each mirror gets its time; a failure stops nobody."""
        try:
            check(await Aiodrive.timeout(self.options.timeout / 1000, self.fetch_length(url)) == length,
                  'it has another file')
        except Exception as error:
            print(f'  {url} is left out: {why(error)}')
            return False
        return True

    async def fetch_part(self, number, good, begin, end):
        """One mirror, and should that fail, all others at once."""
        first = good[number % len(good)]
        others = [url for url in good if url != first]
        try:
            return await self.fetch_range(first, begin, end)
        except (GLib.Error, ValueError) as error:
            if not others:
                raise
            print(f'  part {number + 1}: {first} failed, {why(error)}')
        _, body = await Aiodrive.first_success(self.fetch_range(url, begin, end) for url in others)
        return body

    async def fetch(self):
        urls = self.options.urls
        print('1. Race: who answers first?')
        index, length = await Aiodrive.first_success(self.fetch_length(url) for url in urls)
        print(f'  {urls[index]}: {length} bytes')

        print(f'2. Timeout: do the others answer within {self.options.timeout} ms?')
        answers = await Aiodrive.wait_all(self.is_good(url, length) for url in urls)
        good = [url for url, is_good in zip(urls, answers) if is_good]
        check(good, 'No mirror is left')

        n_parts = min(self.options.parts, length)
        print(f'3. Parts: {n_parts} of them, from {len(good)} mirrors')
        edges = [length * i // n_parts for i in range(n_parts + 1)]
        return await Aiodrive.try_all(self.fetch_part(i, good, edges[i], edges[i + 1]) for i in range(n_parts))


async def main(options):
    with Aiodrive.handle_signal(signal.SIGINT):
        data = b''.join(await Download(options).fetch())
        sha256 = hashlib.sha256(data).hexdigest()
        print(f'4. Checksum\n  SHA-256 {sha256}')
        check(not options.sha256 or options.sha256.lower() == sha256, f'The checksum should be {options.sha256}')
        if options.output:
            options.output.write_bytes(data)


def run():
    try:
        Aiodrive.run(main(parse()))
    except Exception as error:
        for one in error.exceptions if isinstance(error, ExceptionGroup) else [error]:
            print(f'mirrors.py: {why(one)}', file=sys.stderr)
        is_signal = isinstance(error, GLib.Error) and error.matches(Aiodrive.Error.quark(), Aiodrive.Error.SIGNAL)
        return 130 if is_signal else 1
    return 0


sys.exit(run())
