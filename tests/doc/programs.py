# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs of the README and of the guides, in each language: what they print when one answers, and when none does.
Arguments: the folder of checks.py, "first" or "download", and the command that runs the program."""
import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, sys.argv[1])
import checks

CONTENT = b'a page\n'


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/stalls':
            self.rfile.read(1)   # until the other side hangs up
            self.server.hung_up.release()
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *args):
        pass


def run(*args):
    done = subprocess.run([*sys.argv[3:], *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return done.returncode, done.stdout, done.stderr


def expect(result, expected):
    if result[:len(expected)] != expected:
        yield f'{result}, and not {expected}'


def one_file_is_there():
    with tempfile.TemporaryDirectory() as folder:
        there = pathlib.Path(folder, 'there')
        there.write_bytes(CONTENT)
        for files in ((there, '/nowhere'), ('/nowhere', there)):
            yield from expect(run(*files), (0, f'{len(CONTENT)} bytes\n', ''))


def no_file_is_there():
    result = run('/nowhere', '/nor here')
    yield from expect(result, (1, ''))
    if not result[2]:
        yield 'it does not say what is wrong'


def one_server_answers():
    yield from expect(run(uri + '/page', uri + '/stalls'), (0, f'{len(CONTENT)} bytes from the near\n', ''))


def no_server_answers():
    yield from expect(run(uri + '/stalls', uri + '/stalls'), (1, '', 'too late\n'))
    for _ in range(2):
        if not server.hung_up.acquire(timeout=1500):
            yield 'a download goes on'


if sys.argv[2] == 'first':
    checks.run([one_file_is_there, no_file_is_there])
else:
    os.environ['no_proxy'] = '*'
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        server.hung_up = threading.Semaphore(0)
        uri = f'http://127.0.0.1:{server.server_port}'
        threading.Thread(target=server.serve_forever, daemon=True).start()
        checks.run([one_server_answers, no_server_answers])
        server.shutdown()
