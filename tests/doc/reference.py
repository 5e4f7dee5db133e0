# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the book, and looks whether anything is missing in it. Arguments: the folder of checks.py, the folder in which
ninja builds, the folder of the book in it, and the name of its target."""
import functools
import pathlib
import re
import subprocess
import sys
import urllib.parse

sys.path.insert(0, sys.argv[1])
import checks

GLIB = pathlib.Path('/usr/share/gtk-doc/html/glib')
# What gtk-doc says of each property without a blurb in the code. They are described in comments, as everything is.
NO_BLURB = re.compile(r'warning: Property \S+ has no documentation\.$')
NO_LINK = re.compile(r'no link for: "(?P<identifier>[^"]+)"')
PAGES = ('index.html', 'object-tree.html', 'api-index-full.html', 'api-index-1.0.html', 'annotation-glossary.html')


def make(build, target):
    """Runs the command that makes the book, which ninja would run again each time, and gives what it says."""
    commands = subprocess.run(['ninja', '-C', build, '-t', 'commands', target], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.splitlines()
    made = subprocess.run(commands[-1], shell=True, cwd=build, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode != 0:
        sys.exit(made.stdout)
    return made.stdout.splitlines()


def is_elsewhere(line):
    """Whether that is a link to GLib where its book is not installed in the format of gtk-doc."""
    match = NO_LINK.search(line)
    return match and not match['identifier'].lower().startswith('aiodrive') and not GLIB.is_dir()


def every_symbol_is_documented(book, said):
    lines = (book / 'aiodrive-undocumented.txt').read_text(encoding='utf-8').strip().splitlines()
    for expected in ('100% symbol docs coverage.', '0 symbols incomplete.', '0 not documented.'):
        if expected not in lines:
            yield from lines
            return


def every_symbol_has_its_place(book, said):
    for name in ('undeclared', 'unused'):
        for line in (book / f'aiodrive-{name}.txt').read_text(encoding='utf-8').split():
            yield f'{name}: {line}'


def every_section_is_in_a_chapter(book, said):
    chapters = (book / 'reference.xml').read_text(encoding='utf-8')
    for line in (book / 'aiodrive-sections.txt').read_text(encoding='utf-8').splitlines():
        match = re.fullmatch(r'<FILE>(.*)</FILE>', line)
        if match and f'"xml/{match[1]}.xml"' not in chapters:
            yield match[1]


def gtk_doc_has_nothing_to_say(book, said):
    for line in said:
        if re.search(r'warning|error', line, re.IGNORECASE) and not NO_BLURB.search(line) and not is_elsewhere(line):
            yield line


def there_are_an_index_and_so_on(book, said):
    yield from (name for name in PAGES if not (book / 'html' / name).is_file())


def devhelp_finds_every_function(book, said):
    devhelp = (book / 'html/aiodrive.devhelp2').read_text(encoding='utf-8')
    sections = (book / 'aiodrive-sections.txt').read_text(encoding='utf-8')
    for name in re.findall(r'^aiodrive_\w+$', sections, re.MULTILINE):
        if not name.endswith(('_get_type', '_error_quark')) and f'"{name} ()"' not in devhelp.replace('\u00a0', ' '):
            yield name


@functools.lru_cache(maxsize=None)
def anchors(page):
    return set(re.findall(r'(?:name|id)="([^"]*)"', page.read_text(encoding='utf-8')))


def every_link_leads_somewhere(book, said):
    html = book / 'html'
    for page in sorted(html.glob('*.html')):
        for target in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding='utf-8')):
            path, _, anchor = urllib.parse.unquote(target).partition('#')
            if '://' in target or path.startswith('../') or path.startswith('/') and not GLIB.is_dir():
                continue   # gtk-doc has found it in the books of GLib, or would have
            file = html / path if path else page
            if not file.is_file():
                yield f'{page.name}: there is no {path}'
            elif anchor and anchor not in anchors(file):
                yield f'{page.name}: there is no {anchor} in {file.name}'


build, book, target = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
checks.run([
    every_symbol_is_documented,
    every_symbol_has_its_place,
    every_section_is_in_a_chapter,
    gtk_doc_has_nothing_to_say,
    there_are_an_index_and_so_on,
    devhelp_finds_every_function,
    every_link_leads_somewhere,
], book, make(build, target))
