# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what gtk-doc wants to know of the reference: its sections, a comment for each of them, and their chapters.

Arguments: reference.md, the folder of the library, the version.h of the build, the folder of the examples, and the
files to write: the sections, the comments, the chapters."""
import pathlib
import re
import sys
from xml.sax.saxutils import escape

import docbook
import snippets

ENTRY = re.compile(r'## (?P<title>.+?) `(?P<header>\S+)`: (?P<summary>.+)')


class Section:
    def __init__(self, title, header, summary):
        self.title, self.header, self.summary = title, header, summary
        self.name = pathlib.PurePosixPath(header).stem
        self.text = []

    def is_class(self):
        return self.title.startswith('Aiodrive')


def parse(text):
    """The chapters: their titles, and their sections."""
    chapters = []
    for line in re.sub(r'<!--.*?-->\s*', '', text, flags=re.DOTALL).splitlines():
        if line.startswith('# '):
            chapters.append((line[2:], []))
        elif entry := ENTRY.match(line):
            chapters[-1][1].append(Section(**entry.groupdict()))
        elif line or (chapters[-1][1] and chapters[-1][1][-1].text):
            chapters[-1][1][-1].text.append(line)
    return chapters


def symbols(header):
    """The public symbols of a header, and those that only its macros use, in the order in which they stand there."""
    code = re.sub(r'/\*.*?\*/', '', header.read_text(encoding='utf-8'), flags=re.DOTALL)
    public, standard = [], []
    patterns = r'''^\#define\s+(?P<macro>[A-Za-z]\w*)
        | ^(?:_AIODRIVE_)?G_DECLARE_(?P<kind>\w+?)(?:_TYPE)?\s*\(
            \s*(?P<type>\w+),\s*(?P<prefix>\w+),\s*(?P<module>\w+),\s*(?P<object>\w+)
        | ^typedef\s+(?:enum|struct)\s*\w*\s*(?:\{[^}]*\})?\s*(?P<plain>\w+);
        | ^typedef\s[^;(]*\(\*(?P<callback>\w+)\)
        | ^AIODRIVE_PUBLIC\s+(?!(?:_AIODRIVE_)?G_DECLARE)[^;(]*?(?P<function>\w+)\s*\('''
    for match in re.finditer(patterns, code, re.MULTILINE | re.VERBOSE):
        found = match.groupdict()
        if found['kind']:
            kind, of_type, prefix = found['kind'], found['type'], found['module'] + '_'
            public += [of_type, of_type + 'Interface'] if kind == 'INTERFACE' else [of_type]
            standard += [prefix + found['object'], prefix + 'IS_' + found['object'], found['prefix'] + '_get_type']
            if kind not in ('FINAL', 'INTERNAL'):
                standard += [prefix + found['object'] + ('_GET_IFACE' if kind == 'INTERFACE' else '_GET_CLASS')]
            if kind == 'DERIVABLE':
                standard += [of_type + 'Class', prefix + found['object'] + '_CLASS',
                             prefix + 'IS_' + found['object'] + '_CLASS']
        else:
            name = found['macro'] or found['plain'] or found['callback'] or found['function']
            is_standard = name.startswith('AIODRIVE_TYPE_') or name.endswith(('_get_type', '_error_quark'))
            names = standard if is_standard else public
            if name not in names:   # a macro may hide a function of its name
                names.append(name)
    return public, standard


def sections_file(chapters, header_of):
    yield '<INCLUDE>aiodrive/aiodrive.h</INCLUDE>'
    for _, sections in chapters:
        for section in sections:
            public, standard = symbols(header_of(section))
            yield from ('<SECTION>', f'<FILE>{section.name}</FILE>', f'<TITLE>{section.title}</TITLE>', *public,
                        '<SUBSECTION Standard>', *standard, '</SECTION>', '')


def class_comment(library, name):
    """The description of a class, out of the comment before its implementation or in its header."""
    for path in sorted(library.rglob('*.[ch]')):
        match = re.search(rf'^/\*\*\n \* {name}:\n(?P<text>.*?)^ \*/', path.read_text(encoding='utf-8'),
                          re.MULTILINE | re.DOTALL)
        if match:
            text = re.sub(r'^ \* ?', '', match['text'], flags=re.MULTILINE)
            return re.sub(r'^Since:.*\n', '', text, flags=re.MULTILINE).strip('\n')
    sys.exit(f'{name} is not documented')


def example(folder, name):
    code = snippets.in_comment(snippets.region(folder / name))
    return f'|[<!-- language="C" -->\n{code}]|'


def comment(text):
    return ('', '/**', *(f' * {line}'.rstrip() for line in text.strip('\n').splitlines()), ' */')


def comments(chapters, library, folder):
    yield '/* SPDX-License-Identifier: LGPL-2.1-or-later */'
    for _, sections in chapters:
        for section in sections:
            text = '\n'.join(section.text).strip('\n')
            text = re.sub(r'\{example (\S+)\}', lambda match: example(folder, match[1]), text)
            if section.is_class():
                text = class_comment(library, section.title) + '\n\n' + text
            text = f'SECTION:{section.name}\n@title: {section.title}\n@short_description: {section.summary}\n\n{text}'
            yield from comment(text)
            if section.is_class():
                yield from comment(f'{section.title}:\n\nIt is described above.\n\nSince: 1.0')


def chapters_file(chapters):
    yield docbook.HEAD
    yield '<part id="reference" xmlns:xi="http://www.w3.org/2003/XInclude">'
    yield '<title>Reference</title>'
    for title, sections in chapters:
        identifier = re.sub(r'\W+', '-', title.lower())
        yield f'<chapter id="reference-{identifier}"><title>{escape(title)}</title>'
        yield from (f'<xi:include href="xml/{section.name}.xml"/>' for section in sections)
        yield '</chapter>'
    yield '</part>'


def write(path, lines):
    pathlib.Path(path).write_text('\n'.join(lines) + '\n', encoding='utf-8')


def main(outline, library, version, folder, *outputs):
    library = pathlib.Path(library)

    def header_of(section):
        return pathlib.Path(version) if section.header == 'version.h' else library / section.header

    chapters = parse(pathlib.Path(outline).read_text(encoding='utf-8'))
    write(outputs[0], sections_file(chapters, header_of))
    write(outputs[1], comments(chapters, library, pathlib.Path(folder)))
    write(outputs[2], chapters_file(chapters))


if __name__ == '__main__':
    main(*sys.argv[1:])
