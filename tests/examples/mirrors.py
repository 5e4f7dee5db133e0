# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the example with its own servers, with others, and with bad input. Argument: the example."""
import functools
import hashlib
import http.server
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAM = sys.argv.pop(1)
LINE = re.compile(r'( *)(.*?) +(\d+) +(\d+) \|(.*)\| (.+)')


def run(*args, **kwargs):
    return subprocess.run([PROGRAM, *args], text=True, capture_output=True, timeout=1500, check=False, **kwargs)


def lines_of(output):
    """The lines of the picture: depth, name, start, end, state."""
    found = (LINE.fullmatch(line) for line in output.splitlines())
    return [(len(m[1]) // 2, m[2], int(m[3]), int(m[4]), m[6]) for m in found if m]


def states_of(output, name):
    return [state for _, found, _, _, state in lines_of(output) if re.fullmatch(name, found)]


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Those that are not wanted any more are hung up on."""


class Mirrors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / 'file'
        self.data = random.Random(1).randbytes(1234567)
        self.file.write_bytes(self.data)

    def serve(self):
        """A server that knows nothing of ranges."""
        handler = functools.partial(Handler, directory=self.folder)
        server = Server(('127.0.0.1', 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        return f'http://127.0.0.1:{server.server_port}'

    def assert_fails(self, message, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, r'\Amirrors: .*' + message)
        return done

    def test_right(self):
        done = run()
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertRegex(done.stdout, r'(?m)^  SHA-256 [0-9a-f]{64}: right$')
        self.assertRegex(done.stdout, r'(?m)^  100 %  part \d$')
        self.assertRegex(done.stdout, r'(?m)^(\d+) tasks started, \1 ended\.\n\Z')

    def test_picture(self):
        done = run('--timeout=5000')
        race = states_of(done.stdout, 'HEAD .*')[:4]
        self.assertEqual(race.count('won'), 1, done.stdout)
        self.assertEqual(states_of(done.stdout, 'HEAD stalled'), ['cancelled', 'timed out'], done.stdout)
        self.assertEqual(states_of(done.stdout, 'timeout for stalled'), ['timed out'], done.stdout)
        self.assertEqual(states_of(done.stdout, r'part \d'), ['ended'] * 6, done.stdout)

        n_failed = states_of(done.stdout, 'GET broken').count('failed')
        self.assertGreater(n_failed, 0, done.stdout)
        self.assertEqual(states_of(done.stdout, 'GET .*').count('won'), n_failed, done.stdout)

    def test_one_line_for_each_task(self):
        done = run('--parts=3')
        count = int(re.search(r'(\d+) tasks started', done.stdout)[1])
        self.assertEqual(len(lines_of(done.stdout)), count, done.stdout)

    def test_nobody_ends_before_his_children(self):
        done = run('--parts=12')
        above = {}
        for depth, name, _, end, _ in lines_of(done.stdout):
            above[depth] = end
            if depth > 0:
                self.assertGreaterEqual(above[depth - 1], end, f'{name}\n{done.stdout}')

    def test_local_file(self):
        output = self.folder / 'output'
        checksum = hashlib.sha256(self.data).hexdigest()
        done = run(self.file, f'--output={output}', f'--sha256={checksum.upper()}')
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertIn(f'{checksum}: right', done.stdout)
        self.assertEqual(output.read_bytes(), self.data)

    def test_wrong_checksum(self):
        output = self.folder / 'output'
        done = self.assert_fails('The checksum should be 0{64}', '--sha256=' + '0' * 64, f'--output={output}')
        self.assertIn(': wrong\n', done.stdout)
        self.assertFalse(output.exists())

    def test_more_parts_than_bytes(self):
        self.file.write_bytes(b'abc')
        done = run(self.file)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(len(states_of(done.stdout, r'part \d')), 3)

    def test_urls(self):
        url = self.serve() + '/file'
        missing = self.serve() + '/missing'
        checksum = hashlib.sha256(self.data).hexdigest()
        done = run('--parts=1', f'--sha256={checksum}', missing, 'http://127.0.0.1:1/file', url, url)
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertIn('2 127.0.0.1 is left out: Could not connect', done.stdout)
        self.assertIn('1 127.0.0.1 is left out: 404 Not Found', done.stdout)

    def test_url_without_checksum(self):
        output = self.folder / 'output'
        done = run('--parts=1', f'--output={output}', self.serve() + '/file')
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertIn('not known', done.stdout)
        self.assertEqual(output.read_bytes(), self.data)

    def test_server_without_ranges(self):
        self.assert_fails('Received 1234567 bytes instead of 41152[23]', '--parts=3', self.serve() + '/file')

    def test_no_mirror_answers(self):
        self.assert_fails('404 Not Found', self.serve() + '/missing')

    def test_bad_input(self):
        empty = self.folder / 'empty'
        empty.touch()
        self.assert_fails('number of parts', '--parts=0')
        self.assert_fails('number of parts', '--parts=1000')
        self.assert_fails('timeout', '--timeout=-1')
        self.assert_fails('64 hexadecimal digits', '--sha256=123')
        self.assert_fails('More than one', self.file, empty)
        self.assert_fails('not both', self.file, 'http://localhost/')
        self.assert_fails('', 'http://')
        self.assert_fails('empty', empty)
        self.assert_fails('No such file', self.folder / 'missing')
        self.assert_fails('Is a directory|is a directory|not a regular file', self.folder)
        self.assert_fails('No such file', self.file, '--output', self.folder / 'missing' / 'output')
        self.assert_fails('--nonsense', '--nonsense')

    def test_help(self):
        done = run('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        for word in ('FILE', 'URL', '--output', '--parts', '--sha256', '--timeout', '130'):
            self.assertIn(word, done.stdout)

    def test_bar_on_a_terminal(self):
        terminal, stderr = os.openpty()
        with subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
            os.close(stderr)
            output = process.stdout.read()
        shown = os.read(terminal, 65536).decode()
        os.close(terminal)
        self.assertEqual(process.returncode, 0)
        self.assertRegex(shown, r'(\r  \[#*\.*\] +\d+ %){5}\r  \[#{40}\] 100 %\r\n\Z')
        self.assertNotIn('%', output)


unittest.main()
