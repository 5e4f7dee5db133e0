# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the examples say to --help can be read, also as a manual page. Arguments: the folder of checks.py, and the
command that runs the example."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, sys.argv[1])
import checks

OPTION = re.compile(r'^\s+(?:-\w, )?(?P<name>--[\w-]+)', re.MULTILINE)
ENVIRONMENT = {**os.environ, 'LC_ALL': 'C.UTF-8'}


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def it_begins_with_the_usage(helped):
    if helped.returncode != 0 or helped.stderr:
        yield f'exit status {helped.returncode}: {helped.stderr}'
    if not re.match(r'[Uu]sage:\s+\S', helped.stdout):
        yield helped.stdout.partition('\n')[0]


def it_says_what_the_program_is_for(helped):
    paragraphs = re.split(r'\n\s*\n', helped.stdout)
    if not any(re.match(r'(?![Uu]sage:|\w* ?[Oo]ptions:)[A-Z].+\.', text.strip(), re.DOTALL) for text in paragraphs):
        yield 'there is no sentence about it'


def each_option_is_described(helped):
    for option in OPTION.finditer(helped.stdout):
        if not re.match(r'[^\n]*?\s{2,}\w', helped.stdout[option.end():]):
            yield option['name']


def no_line_is_too_long(helped):
    yield from (line for line in helped.stdout.splitlines() if len(line) > 120)


def it_makes_a_manual_page(helped):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, 'example')
        with open(program, 'w', encoding='utf-8') as file:
            file.write('#!/bin/sh\ncat <<"END"\n' + helped.stdout + 'END\n')
        os.chmod(program, 0o755)
        page = os.path.join(folder, 'example.1')
        made = run('help2man', '--no-info', '--version-string=1', '--output=' + page, program)
        if made.returncode != 0:
            yield made.stderr
            return
        shown = run('man', '--warnings=w', '-l', page)
        yield from shown.stderr.splitlines()
        for option in OPTION.finditer(helped.stdout):
            if option['name'] not in shown.stdout.replace('\u2010', '-'):
                yield f'{option["name"]} is not in the page'


tests = [it_begins_with_the_usage, it_says_what_the_program_is_for, each_option_is_described, no_line_is_too_long]
if shutil.which('help2man') and shutil.which('man'):
    tests.append(it_makes_a_manual_page)
checks.run(tests, run(*sys.argv[2:], '--help'))
