# SPDX-License-Identifier: LGPL-2.1-or-later
"""The part of an example that the documentation shows: what stands between two comments, begin and end, or all."""
import pathlib
import re
import textwrap

BLOCK = r'^[ \t]*(?:/\*|#|//|--) begin{name}(?: \*/)?\n(?P<text>.*?)^[ \t]*(?:/\*|#|//|--) end(?: \*/)?$'
HEAD = r'\A(?:#!.*\n)?(?:(?:/\*|# |//).*\n(?: \*.*\n)*)*'


def region(path, name=''):
    """What stands in the regions of that name, with an empty line between them; they have no name where a file has one
    thing to show. Without a name and without a region it is the file without its head: the license, what it prints."""
    text = pathlib.Path(path).read_text(encoding='utf-8')
    block = re.compile(BLOCK.format(name=f' {name}' if name else ''), re.MULTILINE | re.DOTALL)
    found = [textwrap.dedent(match['text']).strip('\n') for match in block.finditer(text)]
    if name and not found:
        raise LookupError(f'{path} has no region {name}')
    return '\n\n'.join(found or [re.sub(HEAD, '', text).strip('\n')]) + '\n'


def printed(path):
    """What the example prints, by the comment at its head."""
    text = pathlib.Path(path).read_text(encoding='utf-8')
    match = re.search(r'^(?:/\*|#|//|--) Prints:\n(?P<lines>(?:(?: \*|#|//|--) .*\n)*)', text, re.MULTILINE)
    return re.sub(r'^(?: \*|#|//|--) (?!/$)', '', match['lines'], flags=re.MULTILINE).removesuffix(' */\n')


def in_comment(code):
    """The code of C as it can stand in a comment."""
    return re.sub(r'/\* (.*?) \*/', r'// \1', code)
