# SPDX-License-Identifier: LGPL-2.1-or-later
"""The English of comments, documentation and test summaries: the actor is a noun, and no sentence has a banned form.
Arguments: the source root. With --list, and then the beginnings of paths: prints each banned form in those files."""
import pathlib
import re
import sys

sys.path[:0] = [sys.argv[1] + '/doc', sys.argv[1] + '/tests/style']
import blocks
import checks

VERBS = '''adds asks came calls? can cancels? closes comes do does drops? else ends gets? gives? goes had has have
           holds? is are joins? knows? looks? makes? may must needs? pushes runs? sees sends? shows? unlocks? uses
           waits? wakes? wants? was wins'''
BANNED = {
    'an actor without a noun': rf'\b[Ww]ho(ever)? ({"|".join(VERBS.split())})\b',
    'whoever': r'\b[Ww]ho(ever|m)\b',
    'a person for a thing': r'\b([Hh]e|[Hh]is|[Hh]im)\b',
    'be it': r'\bbe it\b',
    'to be had': r'\bto be had\b',
    'is to be': r'\b(is|are|was|were) to be\b',
    'takes along': r'\btakes? (\w+ ){0,2}along\b',
    'comes to': r'\bcomes to\b',
    'what there is': r'\b[Ww]hat there is\b',
    'so many': r'\b[Ss]o (many|much)\b',
}
# What is read in a file: the comments, and what a test says of itself.
PROSE = {
    '.c': re.compile(r'/\*.*?\*/|g_test_summary \([^;]*;', re.DOTALL),
    '.h': re.compile(r'/\*.*?\*/', re.DOTALL),
    '.js': re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL),
    '.py': re.compile(r'"""(?:.*?)"""|#[^\n]*', re.DOTALL),
    '.vala': re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL),
}
CODE = re.compile(r'```.*?```|\|\[.*?\]\||`[^`]*`', re.DOTALL)
FOLDERS = ('aiodrive', 'examples', 'doc/examples', 'tests')


def blank(match):
    return re.sub(r'[^\n]', ' ', match[0])


def prose(path):
    """The text of a file with everything else blank, so that the numbers of lines hold."""
    text = path.read_text('utf-8')
    pattern = PROSE.get(path.suffix)
    if pattern:
        kept, end = [], 0
        for match in pattern.finditer(text):
            kept += [re.sub(r'[^\n]', ' ', text[end:match.start()]), match[0]]
            end = match.end()
        text = ''.join(kept)
    return CODE.sub(blank, text)


def files(root):
    yield from [*blocks.markdown_files(root), root / 'NEWS', root / 'doc/reference.md']
    for folder in FOLDERS:
        yield from (path for path in sorted((root / folder).rglob('*'))
                    if path.suffix in PROSE and path != pathlib.Path(__file__).resolve())


def banned(path):
    text = prose(path)
    for name, pattern in BANNED.items():
        for match in re.finditer(pattern.replace(' ', r'[\s*#/]+'), text):
            yield text.count('\n', 0, match.start()) + 1, name, ' '.join(match[0].split())


def known(root):
    """How many banned forms are left in each file of tests; it can only become less."""
    lines = (root / 'tests/doc/prose-left.txt').read_text('utf-8').splitlines()
    return {name: int(count) for name, count in (line.rsplit(' ', 1) for line in lines)}


def no_file_has_a_banned_form(root):
    left = known(root)
    for path in files(root):
        name, found = str(path.relative_to(root)), list(banned(path))
        if len(found) > left.get(name, 0):
            yield from (f'{name}:{line}: {kind}: "{text}"' for line, kind, text in found)


def what_is_left_is_counted(root):
    for name, count in known(root).items():
        path = root / name
        found = len(list(banned(path))) if path.is_file() else 0
        if found < count or not name.startswith('tests/'):
            yield f'tests/doc/prose-left.txt: {name} has {found}, not {count}'


def the_forms_are_found(root):
    for text in ('Who waits is woken.', 'It wakes whoever holds it.', 'He has the lock.', 'There is none to be had.',
                 'be it cancelled', 'it is to be run', 'so many at once', 'takes its item along'):
        if not any(re.search(pattern, text) for pattern in BANNED.values()):
            yield text


root = pathlib.Path(sys.argv[1]).resolve()
if sys.argv[2:3] == ['--list']:
    for file in files(root):
        shown = str(file.relative_to(root))
        if shown.startswith(tuple(sys.argv[3:]) or ''):
            for found in banned(file):
                print(shown, *found, sep=': ')
    sys.exit()
checks.run([no_file_has_a_banned_form, what_is_left_is_counted, the_forms_are_found], root)
