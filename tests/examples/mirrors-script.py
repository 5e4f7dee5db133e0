# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the mirror race as a script against servers of its own. Arguments: the command that runs it."""
import hashlib
import http.server
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

COMMAND = sys.argv[1:]
del sys.argv[1:]
DATA = random.Random(1).randbytes(1234567)
CHECKSUM = hashlib.sha256(DATA).hexdigest()


def run(*args):
    return subprocess.run([*COMMAND, *args], text=True, capture_output=True, timeout=1500, check=False)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, format, *args):
        pass

    def do_HEAD(self):
        if self.server.stalls is not None:
            self.server.asked.set()
            self.server.stalls.wait()
        self.send_response(200)
        self.send_header('Content-Length', str(len(DATA)))
        self.end_headers()

    def do_GET(self):
        if self.server.broken:
            self.send_error(503)
            return
        begin, end = map(int, re.fullmatch(r'bytes=(\d+)-(\d+)', self.headers['Range']).groups())
        self.send_response(206)
        self.send_header('Content-Length', str(end + 1 - begin))
        self.send_header('Content-Range', f'bytes {begin}-{end}/{len(DATA)}')
        self.end_headers()
        self.wfile.write(DATA[begin:end + 1])


class Server(http.server.ThreadingHTTPServer):
    broken = False
    stalls = None

    def handle_error(self, request, client_address):
        """Those that are not wanted any more are hung up on."""


class Mirrors(unittest.TestCase):
    def serve(self, stalls=False, **kwargs):
        server = Server(('127.0.0.1', 0), Handler)
        server.asked = threading.Event()
        if stalls:
            server.stalls = threading.Event()
            self.addCleanup(server.stalls.set)
        server.__dict__.update(kwargs)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        if stalls:
            self.addCleanup(server.stalls.set)   # before the server is closed, which joins its threads
        server.url = f'http://127.0.0.1:{server.server_port}/file'
        return server

    def assert_fails(self, message, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 1, done)
        self.assertRegex(done.stderr, r'(?m)^mirrors\.\w+: .*' + message)

    def test_right(self):
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder, 'output')
            done = run('--parts=5', f'--sha256={CHECKSUM.upper()}', f'--output={output}',
                       *(self.serve().url for _ in range(3)))
            self.assertEqual((done.returncode, done.stderr), (0, ''), done)
            self.assertIn('5 of them, from 3 mirrors', done.stdout)
            self.assertIn(CHECKSUM, done.stdout)
            self.assertEqual(output.read_bytes(), DATA)

    def test_bad_mirrors(self):
        good, broken, stalled = self.serve(), self.serve(broken=True), self.serve(stalls=True)
        done = run('--timeout=5000', f'--sha256={CHECKSUM}',
                   'http://127.0.0.1:1/file', stalled.url, broken.url, good.url)
        self.assertEqual((done.returncode, done.stderr), (0, ''), done)
        self.assertIn(f'{stalled.url} is left out: ', done.stdout)
        self.assertIn('http://127.0.0.1:1/file is left out: Could not connect', done.stdout)
        self.assertRegex(done.stdout, r'part \d: ' + broken.url + ' failed, 503')

    def test_no_mirror_has_it(self):
        self.assert_fails('503', '--parts=1', self.serve(broken=True).url)

    def test_wrong_checksum(self):
        self.assert_fails('The checksum should be 0{64}', '--sha256=' + '0' * 64, self.serve().url)

    def test_bad_input(self):
        self.assert_fails('No mirrors')
        self.assert_fails('number of parts', '--parts=0', 'http://localhost/')
        self.assert_fails('timeout', '--timeout=-1', 'http://localhost/')
        self.assert_fails('64 hexadecimal digits', '--sha256=123', 'http://localhost/')
        self.assert_fails('--colour', '--colour=red')

    def test_help(self):
        done = run('--help')
        self.assertEqual((done.returncode, done.stderr), (0, ''))
        self.assertRegex(done.stdout, '--timeout[= ]MILLISECONDS')

    def test_interrupt(self):
        server = self.serve(stalls=True)
        process = subprocess.Popen([*COMMAND, server.url], text=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.assertTrue(server.asked.wait())
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=1500)
        self.assertEqual(process.returncode, 130, printed)


unittest.main()
