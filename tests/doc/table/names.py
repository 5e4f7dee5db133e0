# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of the README that compares. What it says of the others is what the tests of this folder show. Where it has
a dash, nothing has such a name. rows.txt names the test of ours for each row. Arguments: the source root, the folder of
checks.py."""
import asyncio
import inspect
import pathlib
import re
import sys

sys.path.insert(0, sys.argv[2])
import checks

HERE = pathlib.Path(__file__).parent
GIRS = [*pathlib.Path('/usr/share/gir-1.0').glob('*.gir'), *pathlib.Path('/usr/lib').glob('*/gir-1.0/*.gir')]
ROW = re.compile(r'^\| (?P<title>[^|]+) \| (?P<gtask>[^|]+) \| (?P<libdex>[^|]+) \| (?P<asyncio>[^|]+) \|$',
                 re.MULTILINE)
TESTS = dict(line.split(' | /aiodrive/') for line in (HERE / 'rows.txt').read_text('utf-8').splitlines())
# how it would be called
NAMES = {
    'task/race/losers-awaited': r'(^|_)race(_|$)|first_success',
    'task/gather/first-failure': r'try_all|when_all|gather',
    'group/task-group/cancel-while-closing': r'task_group|nursery',
    'task/shield/call-cancelled': r'shield',
    'core/cancel-scope/effective-deadline': r'cancel_scope|cancellable_\w*(parent|child|deadline|shield)',
    'core/cancel-scope/reason/shielded': r'cancel\w*_(reason|message)',
    'stream/channel/cancel-after-wake': r'(queue|channel)_(get|receive|pop)_async',
    'task/wait/order': r'g_(event|latch|lock|queue)\w*_async',
    'task/wait/contexts': r'g_task_wait|g_task_add_callback',
    'sync/smart-lock/starvation': r'rw_?lock\w*(async|future)|RWLock|shared',
    'sync/smart-lock/weak/goes-when-asked': r'weak_?(exclusive|lock)|preempt',
    'group/pool/depths/order': r'depth',
    'testing/test-context/timeout': r'(virtual|mock|fake|test)_?(time|clock|context)',
}


def of_gir(name):
    paths = [path for path in GIRS if path.name == name]
    return set(re.findall(r'c:(?:identifier|type)="([\w]+)"', paths[0].read_text('utf-8'))) if paths else set()


def of_asyncio():
    classes = [value for name, value in vars(asyncio).items() if inspect.isclass(value) and name[0] != '_']
    return {name for holder in (asyncio, *classes) for name in dir(holder) if name[0] != '_'}


def rows():
    """The rows, each with the test of ours."""
    readme = (pathlib.Path(sys.argv[1]) / 'README.md').read_text('utf-8')
    table = re.search(r'^\| \| `GTask` by hand .*\n.*\n((?:\|.*\n)+)', readme, re.MULTILINE)[1]
    found = [match.groupdict() for match in ROW.finditer(table)]
    return [row | {'test': TESTS.get(row['title'])} for row in found]


def each_row_has_a_test():
    titles = [row['title'] for row in rows()]
    yield from set(titles) ^ set(TESTS)


def each_row_with_a_dash_is_known():
    yield from {row['test'] for row in rows() if '–' in row.values()} ^ set(NAMES)


def where_there_is_nothing_no_name_is_like_it():
    libraries = {'gtask': of_gir('Gio-2.0.gir'), 'libdex': of_gir('Dex-1.gir'), 'asyncio': of_asyncio()}
    for row in rows():
        for library, names in libraries.items():
            like = [name for name in names if row[library] == '–' and re.search(NAMES[row['test']], name)]
            if like:
                yield f'{row["title"]}: {library} has {", ".join(like)}'


def what_is_said_is_shown():
    for library in ('gtask', 'libdex', 'asyncio'):
        path, = HERE.glob(f'with-{library}.*')
        shown = path.read_text('utf-8')
        for row in rows():
            names = (f'"/aiodrive/{row["test"]}"', f'def test_{re.sub("[/-]", "_", row["test"])}(')
            if (row[library] != '–') != any(name in shown for name in names):
                yield f'{row["title"]}: {path.name}'


checks.run([each_row_has_a_test, each_row_with_a_dash_is_known, where_there_is_nothing_no_name_is_like_it,
            what_is_said_is_shown])
