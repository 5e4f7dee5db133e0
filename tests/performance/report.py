# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the table of targets out of results.json, as Markdown. "By hand" is the ratio that code without this library
reaches against the same contestant: no library on GTask gets beyond. Arguments: the folder with results.json."""
import dataclasses
import pathlib
import statistics
import sys

from results import Results

JUDGED_AT = 10000


@dataclasses.dataclass
class Row:
    """A target: how many times as fast as the best of a family of contestants, or at most how many times as dear."""
    title: str
    workload: str
    against: str                     # the beginning of the names, or the end of one: 'libdex', '-coroutine'
    ratio: float
    at_most: bool = False            # ours / theirs must not exceed the ratio; else theirs / ours must reach it
    ours: str = 'aiodrive'
    other: str = None                # the workload of the others, if it is another one
    n: int = JUDGED_AT
    floor: str = None                # another workload of those who do it by hand


def faster(title, workload, ratio, against='libdex', **more):
    return Row(title, workload, against, ratio, **more)


def within(title, workload, ratio, against, **more):
    return Row(title, workload, against, ratio, at_most=True, **more)


# Who does it by hand, and so shows what GLib itself takes.
BY_HAND = ('gtask', 'gtask-idle', 'floor', 'eventfd', 'gasyncqueue')
ROWS = [
    faster('event wake', 'event-wake', 1.8, 'libdex-then'),
    within('event wake', 'event-wake', 0.65, 'gtask'),
    faster('event wake, own cancellable', 'event-wake-own', 4.5, floor='event-wake'),
    faster('event wake, own scope', 'event-wake-own', 4.5, ours='aiodrive-scope', floor='event-wake'),
    within('event wake, own cancellable', 'event-wake-own', 0.75, 'gtask'),
    within('event wake, own scope', 'event-wake-own', 0.75, 'gtask', ours='aiodrive-scope'),
    faster('cancelling, own scope', 'cancel-own', 7, ours='aiodrive-scope', n=1000),
    faster('cancelling, shared cancellable', 'cancel-shared', 7, n=1000),
    faster('lock hand-off', 'lock-handoff', 12, 'libdex-then'),
    faster('lock hand-off, nestable', 'lock-handoff', 12, 'libdex-then', ours='aiodrive-nestable'),
    within('lock hand-off', 'lock-handoff', 0.75, 'floor'),
    within('lock hand-off, nestable', 'lock-handoff', 0.75, 'floor', ours='aiodrive-nestable'),
    faster('lock, uncontended', 'lock-alone', 6, 'libdex-coroutine'),
    within('lock, uncontended', 'lock-alone', 1, 'asyncio'),
    within('lock, uncontended', 'lock-alone', 0.15, 'gtask'),
    faster('try_acquire', 'try-lock', 30),
    faster('queue, pending getters', 'queue-getters', 3, 'libdex-then'),
    within('queue, pending getters', 'queue-getters', 1, 'gtask'),
    faster('queue, get with items there', 'queue-get', 2.5, 'libdex-fiber'),
    within('queue, get with items there', 'queue-get', 0.2, 'gtask-idle'),
    faster('queue, put + try_get', 'queue-try', 12),
    faster('queue, put + get_many', 'queue-many', 12),
    within('queue, put + try_get', 'queue-try', 2, 'floor'),
    within('queue, put + get_many', 'queue-many', 2, 'floor'),
    faster('queue across threads, an item', 'thread-item', 1.3),
    faster('queue across threads, drained', 'thread-drained', 10),
    within('queue across threads, drained', 'thread-drained', 0.5, 'gasyncqueue'),
    faster('ping-pong on one CPU', 'ping-pong', 1.4),
    within('ping-pong on one CPU', 'ping-pong', 2.3, 'eventfd'),
    faster('spawn + one await, wait_all', 'spawn', 1, 'libdex-coroutine'),
    within('spawn + one await, wait_all', 'spawn', 1.25, 'floor'),
    faster('race of two', 'race', 0.7),
    faster('race of two, the loser awaited', 'race', 1.2, other='race-awaited'),
    within('race of two', 'race', 1.3, 'gtask'),
    faster('executor, one by one', 'executor', 1),
    faster('executor, all at once', 'executor-many', 1.2),
    faster('bytes of a waiter', 'bytes', 1.2),
    faster('bytes, shared cancellable', 'bytes-shared', 4.5),
    faster('bytes, own cancellable', 'bytes-own', 1.6),
    faster('bytes, own scope', 'bytes-own', 2, ours='aiodrive-scope'),
    faster('fiber: spawn + await, warm', 'spawn', 15, 'libdex-fiber', ours='aiodrive-await', n=1000),
    faster('fiber: spawn + await, cold', 'spawn-cold', 1, 'libdex-fiber', ours='aiodrive-fiber'),
    faster('fiber: lock hand-off', 'lock-handoff', 30, 'libdex-fiber', ours='aiodrive-fiber', n=1000),
    faster('fiber: channel round trip', 'channel-trip', 10, 'libdex-fiber', ours='aiodrive-fiber'),
    within('fiber: ready event', 'event-ready', 1, 'libdex-fiber', ours='aiodrive-fiber'),
    within('fiber: bare name', 'spawn', 1, 'aiodrive', ours='aiodrive-fiber', n=1000),
    within('fiber: AIODRIVE_AWAIT', 'spawn', 1.2, 'aiodrive', ours='aiodrive-await', n=1000),
    faster('Python: switch', 'python-switch', 2, 'pygobject'),
    faster('Python: create and await a task', 'python-task', 2, 'pygobject'),
    within('Python: switch', 'python-switch', 1.5, 'asyncio'),
    within('Python: create and await a task', 'python-task', 1.5, 'asyncio'),
    within('Python: gather, a task', 'python-gather', 1.5, 'asyncio'),
    within('Python: asyncio.TaskGroup, a task', 'python-group', 1.5, 'asyncio'),
    within('Python: timers', 'python-timers', 1.5, 'asyncio'),
    within('Python: timeout, not reached', 'python-timeout', 1.5, 'asyncio'),
    within('Python: streams, 64 bytes there and back', 'python-exchange-64', 1.3, 'asyncio', n=1000),
    within('Python: streams, 64 KiB there and back', 'python-exchange-64k', 1.3, 'asyncio', n=1000),
]

# What is judged by itself: a workload, a size and a limit.
LIMITS = [
    ('iterations of the main loop for an uncontended lock', 'lock-alone-iterations', JUDGED_AT, 0.05),
    ('iterations of the main loop for an item that is there', 'queue-get-iterations', JUDGED_AT, 0.05),
    ('longest gap of an idle source under a million wakes, ms', 'fairness', 1000000, 5.0),
]
# How many times as much an operation may take among a million as among a thousand: of those that look at one thing at a
# time; and of those that have a tree, or a million tasks at once, which no cache holds. A quadratic one has 1000.
GROWING = dict.fromkeys(['event-wake', 'event-wake-own', 'cancel-own', 'lock-handoff', 'queue-getters', 'queue-try',
                         'spawn', 'race'], 1.3)
GROWING |= dict.fromkeys(['try-all-failure', 'many-errors', 'lock-priorities', 'nested-contenders', 'items-returned',
                          'pool-depths', 'pool-nesting'], 5)


def by_hand(results, row, theirs):
    """The ratio that the best code reaches which uses GTask, or whatever is below, and nothing of ours."""
    times = [results.median(workload, name, row.n) for workload in (row.workload, row.floor) if workload
             for name in BY_HAND]
    times = [time for time in times if time is not None]
    return f'{results.median(*theirs) / min(times):.2f}x' if times and not row.at_most else ''


def judge(results, row):
    """The cells of a row, or None where a contestant is missing."""
    other = row.other or row.workload
    name = results.best(other, row.against, row.n)
    ours, theirs = (row.workload, row.ours, row.n), (other, name, row.n)
    ratios = results.ratios(ours, theirs) if row.at_most else results.ratios(theirs, ours)
    if not ratios:
        return None
    ratio = statistics.median(ratios)
    reached = ratio <= row.ratio if row.at_most else ratio >= row.ratio
    unit = 'bytes' if row.workload.startswith('bytes') else 'ns'
    return (row.title, f'{name}: {"at most " if row.at_most else ""}{row.ratio:g}x',
            f'{ratio:.2f}x ({min(ratios):.2f} to {max(ratios):.2f})',
            f'{results.median(*ours):.0f} / {results.median(*theirs):.0f} {unit}', by_hand(results, row, theirs),
            'yes' if reached else 'no')


def judge_limits(results):
    for title, workload, n, limit in LIMITS:
        value = results.median(workload, 'aiodrive', n)
        if value is not None:
            yield title, f'at most {limit:g}', f'{value:.2f}', '', '', 'yes' if value <= limit else 'no'
    for workload, limit in GROWING.items():
        ratios = results.ratios((workload, 'aiodrive', 1000000), (workload, 'aiodrive', 1000))
        if ratios:
            ratio = statistics.median(ratios)
            floors = [f'{name} {statistics.median(grown):.2f}x' for name in results.contestants(workload)
                      if name != 'aiodrive'
                      and (grown := results.ratios((workload, name, 1000000), (workload, name, 1000)))]
            yield (f'growth from 1e3 to 1e6: {workload}', f'at most {limit:g}x', f'{ratio:.2f}x', ', '.join(floors), '',
                   'yes' if ratio <= limit else 'no')


def table(header, rows):
    yield '| ' + ' | '.join(header) + ' |'
    yield '| ' + ' | '.join('---' for cell in header) + ' |'
    for row in rows:
        yield '| ' + ' | '.join(row) + ' |'


def report(results):
    yield ', '.join(f'{name} {version}' for name, version in results.versions.items() if version)
    yield ''
    rows = [cells for row in ROWS if (cells := judge(results, row))] + list(judge_limits(results))
    yield from table(('row', 'target', 'median (spread)', 'ours / theirs', 'by hand', 'reached'), rows)
    yield ''
    sizes = sorted({n for workload, contestant, n in results.rounds})
    everything = []
    for workload, contestant in sorted({(found[0], found[1]) for found in results.rounds}):
        values = [results.median(workload, contestant, n) for n in sizes]
        everything.append([workload, contestant] + ['' if value is None else f'{value:.1f}' for value in values])
    yield from table(['workload', 'contestant'] + [f'N = {n}' for n in sizes], everything)


def main():
    folder = pathlib.Path(sys.argv[1])
    text = '\n'.join(report(Results(folder / 'results.json'))) + '\n'
    (folder / 'table.md').write_text(text)
    print(text, end='')


main()
