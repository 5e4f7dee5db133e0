# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sends SIGINT to the example at random moments. Argument: the example.

AIODRIVE_TEST_SEED is the seed of the moments, AIODRIVE_TEST_RUNS how many runs have to be interrupted."""
import collections
import concurrent.futures
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = sys.argv[1]
SEED = int(os.environ.get('AIODRIVE_TEST_SEED', time.time_ns() % 1000000))
N_RUNS = int(os.environ.get('AIODRIVE_TEST_RUNS', 60))
N_BATCH = 20
N_AT_ONCE = 4
AT_THE_FIRST_LINE = -1


def start(args):
    return subprocess.Popen([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def is_over(output):
    return re.search(r'^(\d+) tasks started, \1 ended\.\n\Z', output, re.MULTILINE)


def interrupt(moment, args):
    """Runs it once. Gives what became of it, or raises AssertionError."""
    process = start(args)
    first = ''
    if moment == AT_THE_FIRST_LINE:
        first = process.stdout.readline()
    else:
        time.sleep(moment)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=1500)
    output = first + output
    story = f'{moment=} {process.returncode=}\n{output}\n{errors}'

    if process.returncode == -signal.SIGINT:
        # before main(): for a shell this is status 130 too
        assert (first, output, errors) == ('', '', ''), story
        return 'killed before main()'
    if process.returncode == 130 and output == '':
        # in main(), before there is a scope to cancel
        assert errors == '', story
        return 'ended before it began'
    assert is_over(output), story
    if process.returncode == 0:
        assert moment != AT_THE_FIRST_LINE and errors == '', story
        return 'ended before'
    assert process.returncode == 130, story
    assert errors in ('', 'mirrors: Cancelled by SIGINT\n'), story
    return 'interrupted'


def main():
    # a shell has it ignored for what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(f'AIODRIVE_TEST_SEED={SEED}', flush=True)
    chance = random.Random(SEED)

    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(N_AT_ONCE) as pool:
        file = os.path.join(folder, 'file')
        with open(file, 'wb') as stream:
            stream.write(chance.randbytes(6000000))
        args = [[file, f'--output={file}-{i}'] if i % 2 else [] for i in range(N_BATCH)]

        outcomes = collections.Counter()
        while outcomes['interrupted'] < N_RUNS:
            # how long a run takes changes with what else the machine does
            begin = time.monotonic()
            process = start([file, f'--output={file}-copy'])
            output, errors = process.communicate(timeout=1500)
            duration = time.monotonic() - begin
            assert process.returncode == 0 and is_over(output) and errors == '', (process.returncode, output, errors)

            moments = [AT_THE_FIRST_LINE, 0] + [chance.uniform(0, duration) for _ in range(N_BATCH - 2)]
            chance.shuffle(moments)
            outcomes.update(pool.map(interrupt, moments, args))

    print(f'a run takes {duration:.2f} s; {outcomes.total()} runs: {dict(outcomes)}')


main()
