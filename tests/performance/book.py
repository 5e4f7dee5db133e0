#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: tests/performance/book.py [RESULTS]

Draws the plots of the guide on costs, and writes its tables, of the measurements that are kept in doc/plots. If a file
RESULTS is given, its measurements are kept there first."""
import json
import math
import pathlib
import re
import sys
from xml.sax.saxutils import escape

from results import Results

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEPT = ROOT / 'doc/plots/results.json'
GUIDE = ROOT / 'doc/guides/performance.md'
SHOWN_AT = 10000

# who is compared: of several ways to write it the fastest counts
FAMILIES = {
    'Aiodrive': ('aiodrive',),
    'GTask': ('gtask', 'gtask-idle'),
    'libdex': ('libdex-then', 'libdex-coroutine', 'libdex-fiber', 'libdex'),
    'asyncio': ('asyncio',),
}
IN_PYTHON = {'Aiodrive': ('aiodrive',), 'PyGObject': ('pygobject',), 'asyncio': ('asyncio',)}
TIMES = {
    'event-wake': 'wake one of many waiters',
    'event-wake-own': 'wake one of many, each with a cancellable',
    'cancel-own': 'cancel one of many waiters',
    'lock-handoff': 'pass a lock on to the next',
    'lock-alone': 'take a lock that is free, and release it',
    'queue-getters': 'put an item for a waiter',
    'queue-get': 'get an item that is there, asynchronously',
    'queue-try': 'put an item and take it at once',
    'spawn': 'spawn a task that waits once, and await it',
    'race': 'a race of two',
    'thread-item': 'get a single item from another thread',
    'thread-drained': 'get one of many items from another thread',
    'ping-pong': 'there and back between two threads',
    'executor': 'run a job in another thread',
}
BYTES = {
    'bytes': 'a waiter',
    'bytes-shared': 'the same, with a cancellable that all share',
    'bytes-own': 'the same, each with a cancellable',
}
PYTHON = {
    'python-switch': 'give control to the loop and get it back',
    'python-task': 'make a task and await it',
}
TABLES = {'times': (TIMES, FAMILIES), 'bytes': (BYTES, FAMILIES), 'python': (PYTHON, IN_PYTHON)}
PLOTTED = ('event-wake', 'event-wake-own', 'cancel-own', 'lock-handoff', 'queue-getters', 'queue-try', 'spawn', 'race')

COLOURS = {'Aiodrive': '#1c71d8', 'GTask': '#5e5c64', 'libdex': '#e66100', 'asyncio': '#26a269'}
WIDTH, HEIGHT = 340, 170             # of a plot, and around it
LEFT, TOP, RIGHT, BOTTOM = 70, 60, 20, 50
FACTORS = (1, 2, 5)


def fastest(results, workload, names, n):
    return min((value for name in names if (value := results.median(workload, name, n)) is not None), default=None)


def table(results, name):
    workloads, families = TABLES[name]
    yield '| | ' + ' | '.join(families) + ' |'
    yield '| --- ' * (len(families) + 1) + '|'
    for workload, title in workloads.items():
        sizes = [n for n in results.sizes(workload) if n <= SHOWN_AT]
        values = [fastest(results, workload, names, max(sizes, default=SHOWN_AT)) for names in families.values()]
        if any(values):
            yield f'| {title} | ' + ' | '.join('' if value is None else f'{value:,.0f}' for value in values) + ' |'


def rounded(value, factors):
    """The greatest product of a power of ten and a factor that is not above."""
    power = 10 ** (len(str(int(value))) - 1)
    return max(factor * power for factor in factors if factor * power <= value)


def from_to(low, high):
    """The marks of a logarithmic axis on which both are."""
    mark = rounded(max(low, 1), FACTORS)
    while mark < high:
        yield mark
        mark = next(factor * power for power in (rounded(mark, (1,)), 10 * rounded(mark, (1,))) for factor in FACTORS
                    if factor * power > mark)
    yield mark


def duration(ns):
    for unit, size in (('ms', 1000000), ('µs', 1000)):
        if ns >= size:
            return f'{ns // size} {unit}'
    return f'{ns} ns'


class Axes:
    """Where a value is between two others, on a logarithmic scale."""

    def __init__(self, low, high, begin, end):
        self.low, self.high, self.begin, self.end = low, high, begin, end

    def __call__(self, value):
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return round(self.begin + part * (self.end - self.begin), 1)


def text(x, y, line, anchor='middle', size=12, fill='#222', weight='normal'):
    return (f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}"'
            f' fill="{fill}">{escape(line)}</text>')


def panel(results, workload, left, top):
    points = {family: [(n, value) for n in results.sizes(workload)
                       if (value := fastest(results, workload, names, n)) is not None]
              for family, names in FAMILIES.items()}
    values = [value for found in points.values() for n, value in found]
    sizes = results.sizes(workload)
    marks = list(from_to(min(values), max(values)))
    right, bottom = left + WIDTH, top + HEIGHT
    x = Axes(sizes[0], sizes[-1], left + 12, right - 12)
    y = Axes(marks[0], marks[-1], bottom, top)

    yield text(left, top - 14, TIMES[workload], 'start', weight='bold')
    for mark in marks:
        labelled = len(marks) < 8 or str(mark)[0] == '1'
        yield (f'<line x1="{left}" y1="{y(mark)}" x2="{right}" y2="{y(mark)}"'
               f' stroke="{"#ccc" if labelled else "#eee"}"/>')
        if labelled:
            yield text(left - 6, y(mark) + 4, duration(mark), 'end', 11, '#555')
    for n in sizes:
        yield text(x(n), bottom + 18, f'{n:,}', size=11, fill='#555')
    for family, found in reversed(points.items()):
        line = ' '.join(f'{x(n)},{y(value)}' for n, value in found)
        yield (f'<polyline points="{line}" fill="none" stroke="{COLOURS[family]}"'
               f' stroke-width="{3 if family == "Aiodrive" else 1.5}"/>')
        for n, value in found:
            yield f'<circle cx="{x(n)}" cy="{y(value)}" r="3.5" fill="{COLOURS[family]}"/>'


def plots(results):
    """All plots as one picture, two in a row."""
    workloads = [workload for workload in PLOTTED if results.sizes(workload)]
    width = 2 * (LEFT + WIDTH + RIGHT)
    step = TOP + HEIGHT + BOTTOM - 20
    height = 30 + (len(workloads) + 1) // 2 * step
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
           ' font-family="sans-serif">')
    yield f'<rect width="{width}" height="{height}" fill="#fff"/>'
    for number, (family, colour) in enumerate(COLOURS.items()):
        yield f'<circle cx="{LEFT + 100 * number + 4}" cy="16" r="5" fill="{colour}"/>'
        yield text(LEFT + 100 * number + 14, 20, family, 'start')
    for number, workload in enumerate(workloads):
        yield from panel(results, workload, LEFT + number % 2 * (width // 2), 30 + TOP + number // 2 * step)
    yield '</svg>'


def system(results):
    versions = results.versions
    names = {'glib-2.0': 'GLib', 'libdex-1': 'libdex', 'python': 'Python'}
    found = ', '.join(f'{name} {versions[key]}' for key, name in names.items() if versions.get(key))
    yield f'Measured on {versions["system"]} with {found}.'


def guide(results, old):
    """The guide with the tables of these results."""
    def measured(match):
        name = match['name']
        return match['mark'] + '\n'.join(system(results) if name == 'system' else table(results, name)) + '\n'

    return re.sub(r'(?P<mark>^<!-- measured: (?P<name>\w+) -->\n)(?:.+\n)*', measured, old, flags=re.MULTILINE)


def compact(path):
    """The same measurements, one a line."""
    data = json.loads(path.read_text(encoding='utf-8'))
    lines = ',\n'.join(map(json.dumps, data['results']))
    return f'{{"versions": {json.dumps(data["versions"])},\n"results": [\n{lines}\n]}}\n'


def files():
    """What is made of the measurements that are kept, and how it is to be."""
    results = Results(KEPT)
    return {KEPT.with_name('costs.svg'): '\n'.join(plots(results)) + '\n',
            GUIDE: guide(results, GUIDE.read_text(encoding='utf-8'))}


def main(*args):
    if args:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(compact(pathlib.Path(args[0])), encoding='utf-8')
    for path, content in files().items():
        path.write_text(content, encoding='utf-8')


if __name__ == '__main__':
    main(*sys.argv[1:])
