# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws the graph of the files of the library, and checks it: an arrow is an include, or a symbol that one object file
uses and another one defines. Arguments: the source root, the static library."""
import pathlib
import re
import subprocess
import sys

import checks

# The concepts of core/ from the lowest one up; every arrow goes down.
CORE = '''
    fairness release result shared-value timer-heap weak work-item
    lifetime
    error time-source
    dispatcher main-context monotonic-time
    wait-queue cancel-hub cancel-scope
    stack stack-switch
    wait blocking-wait
'''.split()

# The circles that there are, and why. A file whose name begins with that of another one belongs to its concept.
CIRCLES = {
    ('core/cancel-scope', 'core/cancel-scope-deadline', 'core/cancel-scope-object', 'core/cancel-scope-reason',
     'core/cancel-scope-tree'): 'one concept, five files',
    ('core/stack', 'core/stack-overflow'): 'one concept, two files',
    ('group/depths', 'group/group-core', 'group/member', 'group/registry'): 'a pool is a group with depths',
    ('program/signal-table', 'program/signals'): 'a header for both',
    ('stream/map', 'stream/map-core'): 'the core names the public function as the source tag of its tasks',
    ('sync/lock-core', 'sync/lock-guard'): 'a guard is what the lock core admits',
    ('task/fiber', 'task/fiber-value'): 'one concept, two files',
    ('task/job', 'task/record'): 'a record releases the data of its job',
    ('testing/virtual-clock', 'testing/virtual-clock-member'): 'one concept, two files',
    ('thread/executor', 'thread/executor-core', 'thread/executor-run'): 'an executor starts runs',
}


def arrows_of_symbols(library):
    """(user, file that defines it, symbol), each file as `folder/stem`."""
    lines = subprocess.run(['nm', '-A', '--format=posix', library], check=True, stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True).stdout.splitlines()
    symbols = []
    for line in lines:
        match = re.match(r'[^\[]*\[(?:[^\]]*/)?([a-z]+)_([^\]]+)\.c\.o\]: (aiodrive_\w+) ([TDBRU])', line)
        if match:
            folder, stem, symbol, kind = match.groups()
            symbols.append((f'{folder}/{stem}', symbol, kind))
    defined = {symbol: name for name, symbol, kind in symbols if kind != 'U'}
    if not defined:
        print('1..0 # SKIP no symbols in', library)
        sys.exit()
    for name, symbol, kind in symbols:
        if kind == 'U' and defined.get(symbol, name) != name:
            yield name, defined[symbol], symbol


def arrows_of_includes(root):
    for path in sorted((root / 'aiodrive').rglob('*.[ch]')):
        name = concept(path.relative_to(root / 'aiodrive').as_posix())
        for included in re.findall(r'^\s*#\s*include\s*"aiodrive/([^"]+)"', checks.code(path), re.MULTILINE):
            if '/' in name and '/' in included:
                yield name, concept(included), included


def concept(path):
    """A file and its headers are one node: `core/wait` for core/wait.c and core/wait-private.h."""
    return re.sub(r'(-parts)?(-private)?\.[ch]$', '', path)


def layer(name):
    return checks.LAYERS.index(name.partition('/')[0])


def level(name):
    """The level of a file of core/: that of the longest concept with which its name begins."""
    stem = name.partition('/')[2]
    found = [candidate for candidate in CORE if stem == candidate or stem.startswith(candidate + '-')]
    return CORE.index(max(found, key=len)) if found else None


def circles(arrows):
    """The strongly connected components of more than one file (Tarjan's algorithm)."""
    below = {}
    for user, used, _ in arrows:
        below.setdefault(user, set()).add(used)
        below.setdefault(used, set())
    number, lowest, stack, found = {}, {}, [], []

    def visit(name):
        number[name] = lowest[name] = len(number)
        stack.append(name)
        for used in sorted(below[name]):
            if used not in number:
                visit(used)
                lowest[name] = min(lowest[name], lowest[used])
            elif used in stack:
                lowest[name] = min(lowest[name], number[used])
        if lowest[name] == number[name]:
            component = []
            while name not in component:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(tuple(sorted(component)))

    for name in sorted(below):
        if name not in number:
            visit(name)
    return found


def no_symbol_is_used_from_below_its_folder(arrows):
    for user, used, symbol in arrows:
        if layer(used) > layer(user):
            yield f'{user} uses {symbol} of {used}'


def every_file_of_core_has_its_level(arrows):
    names = {name for user, used, _ in arrows for name in (user, used) if name.startswith('core/')}
    yield from (f'{name} is missing in CORE' for name in sorted(names) if level(name) is None)


def no_arrow_in_core_goes_up(arrows):
    for user, used, what in arrows:
        if user.startswith('core/') and used.startswith('core/') and (level(used) or 0) > (level(user) or 0):
            yield f'{user} uses {what} of {used}'


def no_circle_of_files_is_new(arrows):
    found = circles(arrows)
    for circle in found:
        if circle not in CIRCLES:
            yield ', '.join(circle)
            members = {(user, used, what) for user, used, what in arrows if user in circle and used in circle}
            yield from (f'  {user} uses {what} of {used}' for user, used, what in sorted(members))
    yield from (f'{", ".join(circle)}: is none any more' for circle in sorted(set(CIRCLES) - set(found)))


root = pathlib.Path(sys.argv[1])
arrows = [*arrows_of_symbols(sys.argv[2]), *arrows_of_includes(root)]
checks.run([
    no_symbol_is_used_from_below_its_folder,
    every_file_of_core_has_its_level,
    no_arrow_in_core_goes_up,
    no_circle_of_files_is_new,
], arrows)
