#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: doc/blocks.py [--update] [ROOT]

Looks whether every piece of code in the README, in the guides and in the comments of the library is what the tests
compile or run: the part of an example that it was copied from. With --update it is copied again.

In Markdown a comment before the code names the file, and the region if it has several:
<!-- doc/examples/guides/gio.c job -->. The code in the comments of
aiodrive/sync/latch.c is that of doc/examples/sync/latch.c."""
import pathlib
import re
import sys

import snippets

FENCED = re.compile(r'^(?:<!-- (?P<source>\S+?)(?: (?P<name>\S+))? -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$',
                    re.MULTILINE | re.DOTALL)
IN_COMMENT = re.compile(r'(?P<open>^(?P<indent> +)\* \|\[<!-- language="C" -->\n)(?P<code>.*?)(?P<close>^ +\* \]\|$)',
                        re.MULTILINE | re.DOTALL)
COMMANDS = ('sh', 'text')   # what is typed, and what is shown


def markdown_files(root):
    return [root / 'README.md', root / 'CONTRIBUTING.md', *sorted((root / 'doc/guides').glob('*.md'))]


def with_comments(root):
    return [path for path in sorted((root / 'aiodrive').rglob('*.[ch]')) if IN_COMMENT.search(path.read_text('utf-8'))]


def fresh_markdown(root, text):
    def fresh(match):
        if match['source'] is None:
            return match[0]
        code = snippets.region(root / match['source'], match['name'] or '')
        return match[0][:match.start('code') - match.start()] + code + '```'

    return FENCED.sub(fresh, text)


def fresh_comments(root, path, text):
    def fresh(match):
        example = (root / 'doc/examples' / path.relative_to(root / 'aiodrive')).with_suffix('.c')
        lines = snippets.in_comment(snippets.region(example)).splitlines()
        return match['open'] + ''.join(f'{match["indent"]}* {line}'.rstrip() + '\n' for line in lines) + match['close']

    return IN_COMMENT.sub(fresh, text)


def without_a_file(root):
    """The pieces of code for which no file is named: each file, and where they begin in it."""
    for path in markdown_files(root):
        for match in FENCED.finditer(path.read_text('utf-8')):
            if match['source'] is None and match['language'] not in COMMANDS:
                yield path, match['code'].splitlines()[0]


def stale(root):
    """The files whose code is not that of their examples, each with the text that it should have."""
    for path in markdown_files(root):
        text = path.read_text('utf-8')
        if (fresh := fresh_markdown(root, text)) != text:
            yield path, fresh
    for path in with_comments(root):
        text = path.read_text('utf-8')
        if (fresh := fresh_comments(root, path, text)) != text:
            yield path, fresh


def main(*args):
    root = pathlib.Path(args[-1] if args and args[-1] != '--update' else pathlib.Path(__file__).parent.parent)
    for path, fresh in stale(root):
        if '--update' in args:
            path.write_text(fresh, 'utf-8')
        print(path.relative_to(root))
    for path, line in without_a_file(root):
        print(f'{path.relative_to(root)}: no file is named for the code "{line}"')


if __name__ == '__main__':
    main(*sys.argv[1:])
