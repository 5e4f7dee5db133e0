# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the guides a part of the book: turns the Markdown that they are written in into DocBook.

A guide is one page, with headings of two levels. Of Markdown it knows what the guides use: headings, paragraphs, lists,
tables, fenced code, a picture that stands alone, `code`, *emphasis*, **strong** and [links](text.md#heading). A symbol
of C in `code` becomes a link to the reference.

Arguments: the file to write, and the guides."""
import pathlib
import re
import sys
from xml.sax.saxutils import escape, quoteattr

# with the document type the identifiers are known as such
HEAD = '''<?xml version="1.0"?>
<!DOCTYPE part PUBLIC "-//OASIS//DTD DocBook XML V4.3//EN" "http://www.oasis-open.org/docbook/xml/4.3/docbookx.dtd">'''
LANGUAGES = {'c': 'C', 'py': 'Python', 'js': 'JavaScript', 'vala': 'Vala'}
SYMBOL = re.compile(r'(?:Aiodrive|G)[A-Z]\w+|(?:aiodrive|g)_\w+\(\)|(?:AIODRIVE|G)_[A-Z_]+(?:\(\))?')
SPAN = re.compile(r'`(?P<code>[^`]+)`|\[(?P<label>[^\]]+)\]\((?P<target>[^)]+)\)'
                  r'|\*\*(?P<strong>.+?)\*\*|\*(?P<em>[^*]+)\*')


def identifier(text):
    return re.sub(r'[^a-z0-9]+', '-', text.lower()).strip('-')


def symbol_id(symbol):
    """The anchor that gtk-doc gives to a symbol."""
    name = symbol.removesuffix('()').replace('_', '-')
    return name + ':CAPS' if name.isupper() else name


def code(text):
    if SYMBOL.fullmatch(text):
        return f'<link linkend="{symbol_id(text)}"><literal>{escape(text)}</literal></link>'
    return f'<literal>{escape(text)}</literal>'


def link(label, target):
    if '://' in target:
        return f'<ulink url={quoteattr(target)}>{spans(label)}</ulink>'
    path, _, heading = target.partition('#')
    name = pathlib.PurePosixPath(path).stem
    return f'<link linkend="{name}{"." if heading else ""}{heading}">{spans(label)}</link>'


def spans(text):
    result, end = '', 0
    for match in SPAN.finditer(text):
        result += escape(text[end:match.start()])
        end = match.end()
        if match['code']:
            result += code(match['code'])
        elif match['label']:
            result += link(match['label'], match['target'])
        elif match['strong']:
            result += f'<emphasis role="strong">{spans(match["strong"])}</emphasis>'
        else:
            result += f'<emphasis>{spans(match["em"])}</emphasis>'
    return result + escape(text[end:])


def table(lines):
    rows = [[cell.strip() for cell in re.split(r'(?<!\\)\|', line.strip().strip('|'))] for line in lines]
    head, body = rows[0], rows[2:]

    def row(cells):
        return '<row>' + ''.join(f'<entry>{spans(cell)}</entry>' for cell in cells) + '</row>'

    yield f'<informaltable><tgroup cols="{len(head)}">'
    if any(head):
        yield f'<thead>{row(head)}</thead>'
    yield '<tbody>' + '\n'.join(row(cells) for cells in body) + '</tbody></tgroup></informaltable>'


def listing(language, lines):
    text = escape('\n'.join(lines))
    if language in LANGUAGES:
        text = f'<programlisting language="{LANGUAGES[language]}">{text}</programlisting>'
        return f'<informalexample>{text}</informalexample>'
    return f'<screen>{text}</screen>'


def items(lines):
    tag = 'orderedlist' if lines[0][0].isdigit() else 'itemizedlist'
    texts = re.split(r'^(?:[*-]|\d+\.) +', '\n'.join(lines), flags=re.MULTILINE)[1:]
    listed = ''.join(f'<listitem><para>{spans(text.strip())}</para></listitem>' for text in texts)
    yield f'<{tag}>{listed}</{tag}>'


def picture(label, target):
    name = quoteattr(pathlib.PurePosixPath(target).name)
    yield (f'<mediaobject><imageobject><imagedata fileref={name}/></imageobject>'
           f'<textobject><phrase>{escape(label)}</phrase></textobject></mediaobject>')


def block(lines):
    if lines[0].startswith('|'):
        yield from table(lines)
    elif re.match(r'([*-]|\d+\.) ', lines[0]):
        yield from items(lines)
    elif alone := re.fullmatch(r'!\[([^\]]*)\]\(([^)]+)\)', ' '.join(lines)):
        yield from picture(*alone.groups())
    else:
        yield '<para>' + spans('\n'.join(lines)) + '</para>'


def blocks(lines):
    """The paragraphs and so on, each as the list of its lines; fenced code as its language and its lines."""
    lines, found = iter(lines), []
    for line in lines:
        if line.startswith('```'):
            yield found
            found = []
            yield line[3:], list(iter(lambda: next(lines), '```'))
        elif not line or line.startswith('#'):
            yield found
            found = []
            yield [line]
        else:
            found.append(line)
    yield found


def convert(name, text):
    text = re.sub(r'^<!--.*?-->\n', '', text, flags=re.DOTALL | re.MULTILINE)
    in_section = False
    for part in blocks(text.splitlines()):
        if isinstance(part, tuple):
            yield listing(*part)
        elif not part or not part[0]:
            continue
        elif part[0].startswith('#'):
            marks, _, title = part[0].partition(' ')
            if marks == '#':
                yield f'<chapter id="{name}"><title>{spans(title)}</title>'
            else:
                yield from ('</simplesect>',) if in_section else ()
                yield f'<simplesect id="{name}.{identifier(title)}"><title>{spans(title)}</title>'
                in_section = True
        else:
            yield from block(part)
    yield from ('</simplesect>',) if in_section else ()
    yield '</chapter>'


def main(output, *guides):
    parts = [HEAD, '<part id="guides"><title>Guides</title>']
    for path in map(pathlib.Path, guides):
        parts += convert(path.stem, path.read_text(encoding='utf-8'))
    pathlib.Path(output).write_text('\n'.join(parts + ['</part>']) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main(*sys.argv[1:])
