# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the contestants, each in a process of its own, in interleaved rounds, and writes the measurements as JSON."""
import argparse
import fnmatch
import json
import os
import pathlib
import platform
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
TIMEOUT = 60


def contestants(commands):
    """(workload, contestant, greatest N or 0, command) of all commands, as they list them."""
    for command in commands:
        listed = subprocess.run(command + ['--list'], check=True, capture_output=True, text=True).stdout
        for line in listed.splitlines():
            workload, contestant, limit = line.split()
            yield workload, contestant, int(limit), command


def run(command, workload, contestant, n):
    # before GLib 2.76 what is freed by the slice allocator would not be seen by those who count bytes
    env = dict(os.environ, G_SLICE='always-malloc') if workload.startswith('bytes') else None
    try:
        result = subprocess.run(command + [workload, contestant, str(n)], env=env, timeout=TIMEOUT,
                                capture_output=True, text=True)
        return float(result.stdout)
    except (subprocess.TimeoutExpired, ValueError) as problem:
        print(f'{workload} of {contestant} with {n}: {problem}', file=sys.stderr)
        return None


def versions():
    found = {'machine': platform.machine()}
    for package in ('glib-2.0', 'libdex-1'):
        asked = subprocess.run(['pkg-config', '--modversion', package], capture_output=True, text=True)
        found[package] = asked.stdout.strip() or None
    found['python'] = platform.python_version()
    lines = pathlib.Path('/etc/os-release').read_text().splitlines()
    found['system'] = next(line.partition('=')[2].strip('"') for line in lines if line.startswith('PRETTY_NAME'))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', required=True, type=pathlib.Path)
    parser.add_argument('--out', required=True, type=pathlib.Path)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--sizes', default='1000,10000,100000,1000000')
    parser.add_argument('workloads', nargs='*', default=['*'])
    options = parser.parse_args()

    commands = [[str(options.build / 'tests/performance/contestants')],
                [sys.executable, str(HERE / 'peers.py')]]
    patterns = [pattern if ':' in pattern else f'{pattern}:*' for pattern in options.workloads]
    cases = [case for case in contestants(commands)
             if any(fnmatch.fnmatch(f'{case[0]}:{case[1]}', pattern) for pattern in patterns)]
    samples = {}
    hung = set()   # not asked again
    for number in range(options.rounds):
        for size in map(int, options.sizes.split(',')):
            # in the greatest size twice is enough; whoever begins has no advantage
            if size >= 1000000 and number >= 2 and options.rounds > 2:
                continue
            for workload, contestant, limit, command in random.sample(cases, len(cases)):
                asked = workload, contestant, size
                if limit and size > limit or asked in hung:
                    continue
                value = run(command, workload, contestant, size)
                if value is not None:
                    samples.setdefault(asked, {})[number] = value
                else:
                    hung.add(asked)
        print(f'Round {number + 1} of {options.rounds}', file=sys.stderr, flush=True)

    options.out.mkdir(parents=True, exist_ok=True)
    results = [{'workload': workload, 'contestant': contestant, 'n': n, 'rounds': rounds}
               for (workload, contestant, n), rounds in sorted(samples.items())]
    (options.out / 'results.json').write_text(json.dumps({'versions': versions(), 'results': results}, indent=1) + '\n')


main()
