# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tests of the anyio that is installed, on asyncio's loop and on ours: each has to come out alike.

anyio-tests.py [FOLDER]: they are in its source of the same version, which is in that folder, or else pip downloads
it."""

import importlib.metadata
import importlib.util
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree

PLUGIN = '''
import asyncio
import sys
import gi
gi.require_version('Aiodrive', '1')
from gi.repository import Aiodrive
from asyncio import unix_events

for policy in '_UnixDefaultEventLoopPolicy', '_DefaultEventLoopPolicy':
    if hasattr(unix_events, policy):
        getattr(unix_events, policy)._loop_factory = Aiodrive.EventLoop
asyncio.EventLoop = asyncio.SelectorEventLoop = Aiodrive.EventLoop
'''


def source_of(version, folder):
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1])
    subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps', '--no-binary=:all:',
                    '--no-build-isolation', '--dest', folder, f'anyio=={version}'], check=False)
    archives = list(folder.glob('anyio-*.tar.gz'))
    if not archives:
        print('The source of anyio cannot be downloaded')
        sys.exit(77)
    with tarfile.open(archives[0]) as file:
        file.extractall(folder)
    return folder / f'anyio-{version}'


def outcomes_on(loop, source, folder):
    report = folder / f'{loop}.xml'
    subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-W', 'ignore', '-k',
                    'asyncio and not uvloop', f'--junitxml={report}',
                    *(['-p', 'our_loop'] if loop == 'ours' else []), 'tests'],
                   cwd=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, 'PYTHONPATH': f'{folder}:{os.environ["PYTHONPATH"]}'})
    outcomes = {}
    for case in xml.etree.ElementTree.parse(report).iter('testcase'):
        kinds = [child.tag for child in case if child.tag in ('failure', 'error', 'skipped')]
        outcomes[f'{case.get("classname")}.{case.get("name")}'] = kinds[0] if kinds else 'passed'
    return outcomes


def different_in(theirs, ours):
    return [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]


def main():
    if importlib.util.find_spec('anyio') is None or importlib.util.find_spec('pytest') is None:
        print('anyio or pytest is not installed')
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = source_of(importlib.metadata.version('anyio'), folder)
        (folder / 'our_loop.py').write_text(PLUGIN)
        theirs, ours = (outcomes_on(loop, source, folder) for loop in ('asyncio', 'ours'))
        different = different_in(theirs, ours)
        if different:   # some come out now so, now so, on either loop
            theirs_again, ours_again = (outcomes_on(loop, source, folder) for loop in ('asyncio', 'ours'))
            different = [name for name in different if {theirs.get(name), theirs_again.get(name)}.isdisjoint(
                {ours.get(name), ours_again.get(name)})]
    for name in different:
        print(f'  {name}: {theirs.get(name)} on asyncio, {ours.get(name)} on ours')
    passed = sum(outcome == 'passed' for outcome in ours.values())
    print(f'anyio: {len(theirs)} tests, {passed} passed, {len(different)} different')
    sys.exit(1 if different or not passed else 0)


main()
