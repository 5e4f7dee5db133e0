# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the reference of a language out of its types: bindings.py Aiodrive.pyi|aiodrive.d.ts EXAMPLE OUTPUT

Every function and class that the override has: its signature, and its docstring. The example is one that the tests
run."""
import ast
import pathlib
import re
import sys

import snippets

PYTHON = '''# Reference for Python

`from gi.repository import Aiodrive` gives these functions and classes, and whatever else the library has in C under the
same name. Times are seconds. Whatever can be awaited may be given where a function takes awaitables: a coroutine, a
task or a future of asyncio, a `Gio.Task`. [Coming from asyncio](asyncio.md) says what is raised.
'''
JAVASCRIPT = '''# Reference for JavaScript

`import Aiodrive from 'gi://Aiodrive?version=1'` gives these functions and classes, and whatever else the library has in
C under the same name. Times are milliseconds. A job is a function that gets a cancellable of its own; a child is a job,
a promise or a task. What a job throws comes out as it is, and several failures as an `AggregateError`. A wrong argument
is a `TypeError` or a `RangeError`.
'''


def fenced(language, text):
    return f'```{language}\n{text.rstrip()}\n```\n'


def prose(doc):
    """The paragraphs of a docstring; what is indented is code."""
    for paragraph in re.split(r'\n[ \t]*\n', doc):
        yield fenced('py', paragraph) if paragraph.startswith('    ') else paragraph + '\n'


def signature(node):
    prefix = 'async def' if isinstance(node, ast.AsyncFunctionDef) else 'def'
    decorators = ''.join(f'@{ast.unparse(decorator)}\n' for decorator in node.decorator_list
                         if ast.unparse(decorator) != 'overload')
    result = f' -> {ast.unparse(node.returns)}' if node.returns is not None else ''
    return f'{decorators}{prefix} {node.name}({ast.unparse(node.args)}){result}'


def python_sections(types):
    """A section for each class and each function with a docstring: the rest is as in C."""
    found = {}
    for node in ast.parse(types).body:
        is_definition = isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        if is_definition and not node.name.startswith('_') and ast.get_docstring(node):
            found.setdefault(node.name, []).append(node)
    for name in sorted(found, key=str.lower):
        is_class = isinstance(found[name][0], ast.ClassDef)
        yield f'## Aiodrive.{name}{"" if is_class else "()"}\n'
        for node in found[name]:
            if is_class:
                yield from python_class(node)
            else:
                yield fenced('py', signature(node))
                yield from prose(ast.get_docstring(node))


def python_class(node):
    start = [member for member in node.body if getattr(member, 'name', '') == '__init__']
    arguments = ast.unparse(start[0].args).removeprefix('self').removeprefix(', ') if start else ''
    yield fenced('py', f'class {node.name}({arguments})')
    yield from prose(ast.get_docstring(node))
    for member in node.body:
        if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef)) and not member.name.startswith('_') and \
                ast.get_docstring(member):
            yield fenced('py', signature(member))
            yield from prose(ast.get_docstring(member))


def javascript_sections(types):
    """A section for each declaration of the namespace; a comment before it says what it does."""
    body = types[types.index('namespace Aiodrive {'):types.index('\n    }\n\n    export default')]
    declaration = re.compile(r'^        (?:/\*\* (?P<doc>.*?) \*/\n        )?(?://[^\n]*\n        )?'
                             r'(?P<code>(?:abstract )?(?P<kind>function|class|interface|type|const) (?P<name>\w+)'
                             r'(?:[^\n]*\{\}|[^\n]*;|[^\n]*\{\n(?: {12}[^\n]*\n|\n)*        \}|[^;]*?;))$',
                             re.MULTILINE | re.DOTALL)
    found = {}
    for match in declaration.finditer(body):
        found.setdefault(match['name'], []).append(match)
    for name in sorted(found, key=str.lower):
        yield f'## Aiodrive.{name}{"()" if found[name][0]["kind"] == "function" else ""}\n'
        for match in found[name]:
            code = re.sub(r'^ {8}', '', match['code'], flags=re.MULTILINE)
            yield fenced('js', re.sub(r'^ *//.*\n', '', code, flags=re.MULTILINE))
            if match['doc']:
                yield re.sub(r'\n *\* ?', '\n', match['doc']) + '\n'


types, example, output = map(pathlib.Path, sys.argv[1:])
text = types.read_text('utf-8')
is_python = types.suffix == '.pyi'
sections = list(python_sections(text) if is_python else javascript_sections(text))
if len(sections) < 60:
    sys.exit(f'{types} has {len(sections)} parts only')
output.write_text('\n'.join([PYTHON if is_python else JAVASCRIPT,
                             fenced('py' if is_python else 'js', snippets.region(example)), *sections]), 'utf-8')
