# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the types of Aiodrive for Python: stubs.py GIR FOLDER-OF-THE-OVERRIDE OUTPUT

What the override has comes from its source, with the docstrings; the rest is what PyGObject makes of the GIR."""

import ast
import keyword
import pathlib
import re
import sys
import xml.etree.ElementTree

HEADER = '''# SPDX-License-Identifier: LGPL-2.1-or-later
# mypy: ignore-errors
"""{doc}"""

import asyncio
import types
import typing
from typing import (Any, AsyncContextManager, AsyncIterable, Awaitable, Callable, Generator, Iterable, Iterator,
                    Sequence, TypeVar, overload)

from gi.repository import Gio, GLib, GObject
from typing_extensions import Self

T = TypeVar('T')
R = TypeVar('R')

'''
NAMESPACES = {name: '{http://www.gtk.org/introspection/%s/1.0}' % name for name in ('core', 'c')}
CORE = NAMESPACES['core']
SIMPLE = {'none': 'None', 'gboolean': 'bool', 'gdouble': 'float', 'gfloat': 'float', 'utf8': 'str', 'filename': 'str',
          'gpointer': 'Any', 'gconstpointer': 'Any', 'GObject.Value': 'Any', 'GType': 'GObject.GType',
          'GLib.Quark': 'int'}


def indented(text, by='    '):
    return ''.join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def docstring(text, by='    '):
    text = text.strip().replace('\\', '\\\\').replace('"""', "'''")
    return f'{by}"""{text}"""\n'


class Introspected:
    """The namespace, as PyGObject shows it."""

    def __init__(self, path):
        root = xml.etree.ElementTree.parse(path).getroot()
        self.namespace = root.find(CORE + 'namespace')
        self.local = {node.get('name'): node for node in self.namespace if node.get('name')}

    def type_of(self, node, is_input=False):
        """That of a parameter, a return value or a property."""
        array, kind = node.find(CORE + 'array'), node.find(CORE + 'type')
        if array is not None:
            name = f'{"Sequence" if is_input else "list"}[{self.type_of(array, is_input)}]'
            if (element := array.find(CORE + 'type')) is not None and element.get('name') == 'guint8':
                name = 'bytes'
        elif kind is None:
            name = 'Any'
        else:
            name = self.name_of(kind.get('name', 'Any'))
            if kind.get('name') in ('GLib.List', 'GLib.SList', 'GLib.PtrArray', 'GLib.Array'):
                name = f'{"Sequence" if is_input else "list"}[{self.type_of(kind, is_input)}]'
        if name not in ('Any', 'None') and (node.get('nullable') == '1' or node.get('allow-none') == '1'):
            name += ' | None'
        return name

    def name_of(self, name):
        if name in SIMPLE:
            return SIMPLE[name]
        if name in self.local:
            return 'Callable[..., Any]' if self.local[name].tag == CORE + 'callback' else name
        if '.' in name:
            return 'Callable[..., Any]' if name.endswith(('Func', 'Callback', 'Notify')) else name
        return 'int' if name.lstrip('g').startswith(('int', 'uint', 'size', 'ssize', 'long', 'char', 'short')) or \
            name in ('gsize', 'gssize', 'gulong', 'guint', 'gint') else 'Any'

    def function(self, node, is_method):
        """One function, without its name: parameters, and what it gives."""
        parameters = node.find(CORE + 'parameters')
        given = [] if parameters is None else parameters.findall(CORE + 'parameter')
        hidden, data = set(), set()
        for holder in [*given, node.find(CORE + 'return-value')]:
            array = holder.find(CORE + 'array')
            if array is not None and array.get('length') is not None:
                hidden.add(int(array.get('length')))
            if holder.get('destroy') is not None:
                hidden.add(int(holder.get('destroy')))
            if holder.get('closure') is not None and holder.get('scope') is not None:
                data.add(int(holder.get('closure')))
        inputs, outputs = [], []
        for i, parameter in enumerate(given):
            direction = parameter.get('direction', 'in')
            if i in hidden:
                continue
            name = parameter.get('name')
            name += '_' if keyword.iskeyword(name) else ''
            if i in data:
                inputs.append(f'*{name}: Any')
            elif direction != 'out':
                nullable = parameter.get('nullable') == '1' or parameter.get('allow-none') == '1'
                inputs.append((f'{name}: {self.type_of(parameter, True)}', nullable))
            if direction != 'in':
                outputs.append(self.type_of(parameter))
        texts, may_default = [], True
        for entry in reversed(inputs):   # those at the end that may be None may be left out
            if isinstance(entry, str):
                texts.append(entry)
                continue
            text, nullable = entry
            may_default = may_default and nullable
            texts.append(text + (' = ...' if may_default else ''))
        returned = self.type_of(node.find(CORE + 'return-value'))
        results = ([] if returned == 'None' else [returned]) + outputs
        result = results[0] if len(results) == 1 else f'tuple[{", ".join(results)}]' if results else 'None'
        return ', '.join((['self'] if is_method else []) + texts[::-1]), result

    def members(self, node):
        """The text of each method and property of a class, by its name."""
        members = {}
        for child in node:
            name = (child.get('shadows') or child.get('name', '')).replace('-', '_')
            kind = child.tag.removeprefix(CORE)
            if child.get('introspectable') == '0' or child.get('shadowed-by'):
                continue
            name += '_' if keyword.iskeyword(name) else ''
            if kind == 'property':
                members[name] = f'@property\ndef {name}(self) -> {self.type_of(child)}: ...\n'
            elif kind in ('method', 'function', 'constructor'):
                parameters, result = self.function(child, kind == 'method')
                decorator = '' if kind == 'method' else '@staticmethod\n'
                members[name] = f'{decorator}def {name}({parameters}) -> {result}: ...\n'
        return members

    def bases(self, node):
        names = [self.name_of(node.get('parent'))] if node.get('parent') else []
        names += [self.name_of(child.get('name')) for child in node.findall(CORE + 'implements')]
        if node.tag == CORE + 'interface':
            names = ['GObject.GInterface']
        return names

    def enumeration(self, node):
        base = 'GObject.GFlags' if node.tag == CORE + 'bitfield' else 'GObject.GEnum'
        text = f'class {node.get("name")}({base}):\n'
        for member in node.findall(CORE + 'member'):
            text += f'    {member.get("name").upper()}: {node.get("name")}\n'
        if node.get('error-domain', node.get(NAMESPACES['c'] + 'domain')) or node.find(CORE + 'function') is not None:
            text += '    @staticmethod\n    def quark() -> int: ...\n'
        return text


class Override:
    """The source of the override."""

    def __init__(self, folder):
        self.nodes = {}
        for path in sorted(folder.glob('*.py')):
            tree = ast.parse(path.read_text('utf-8'))
            if path.name == '__init__.py':
                self.doc = ast.get_docstring(tree)
                self.names = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
                continue
            for node in tree.body:
                if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                    self.nodes.setdefault(node.name, []).append(node)
                elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    self.nodes.setdefault(node.targets[0].id, []).append(node)

    def text(self, node):
        """An annotation or a base class; a class that is not public has an underscore here."""
        tree = ast.parse(ast.unparse(node), mode='eval')
        for part in ast.walk(tree):
            if isinstance(part, ast.Name) and part.id in self.nodes and part.id not in self.names and \
                    isinstance(self.nodes[part.id][0], ast.ClassDef):
                part.id = '_' + part.id.lstrip('_')
        # the interface of that name is ours
        return re.sub(r'\bAsyncIterator\b', 'typing.AsyncIterator', ast.unparse(tree)).replace('Raw.', '')

    def function(self, node):
        arguments = node.args
        for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg,
                         arguments.kwarg]:
            if argument is not None and argument.annotation is not None:
                argument.annotation = ast.parse(self.text(argument.annotation), mode='eval').body
        arguments.defaults = [ast.Constant(...) for default in arguments.defaults]
        arguments.kw_defaults = [None if default is None else ast.Constant(...) for default in arguments.kw_defaults]
        decorators = [name for decorator in node.decorator_list
                      if (name := ast.unparse(decorator)) in ('staticmethod', 'classmethod', 'property', 'overload')]
        result = f' -> {self.text(node.returns)}' if node.returns is not None else ''
        prefix = 'async def' if isinstance(node, ast.AsyncFunctionDef) else 'def'
        text = ''.join(f'@{name}\n' for name in decorators)
        text += f'{prefix} {node.name}({ast.unparse(arguments)}){result}:'
        doc = ast.get_docstring(node)
        return text + ('\n' + docstring(indented(doc)) if doc else ' ...\n')

    def definitions(self, nodes):
        """Overloads stand for the function that has them."""
        overloads = [node for node in nodes if 'overload' in map(ast.unparse, getattr(node, 'decorator_list', []))]
        return ''.join(map(self.function, overloads or nodes[-1:]))

    def members(self, node):
        found = {}
        for child in node.body:
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if not child.name.startswith('_') or child.name.startswith('__') and child.name != '__del__':
                    found.setdefault(child.name, []).append(child)
            elif isinstance(child, ast.Assign) and isinstance(child.value, ast.Name):
                found[child.targets[0].id] = ast.unparse(child) + '\n'
            elif isinstance(child, ast.AnnAssign) and not child.target.id.startswith('_'):
                found[child.target.id] = f'{child.target.id}: {self.text(child.annotation)}\n'
        if '__init__' in found:
            found.pop('__new__', None)
        return {name: part if isinstance(part, str) else self.definitions(part) for name, part in found.items()}


# what the override sets in interfaces
ITERATOR = {'__aiter__': 'def __aiter__(self) -> Self: ...\n',
            '__anext__': 'async def __anext__(self) -> Any: ...\n',
            'aclose': 'async def aclose(self) -> None: ...\n'}


def class_text(name, introspected, override, shown=None):
    node = introspected.local.get(name)
    sources = override.nodes[name] if name in override.names else []
    source = sources[0] if sources and isinstance(sources[0], ast.ClassDef) else None
    members, bases, doc = {}, [], None
    if node is not None:
        members = introspected.members(node)
        bases = introspected.bases(node)
    if source is not None:
        own = override.members(source)
        if '__init__' in own:
            members.pop('new', None)
        if name == 'EventLoop':   # the rest is as in asyncio
            own = {key: own[key] for key in ('__init__', 'prime')}
        members.update(own)
        bases = [override.text(base) for base in source.bases if not ast.unparse(base).startswith('Raw.')] + bases
        bases = [base for base in bases if base != '_Clock']
        doc = ast.get_docstring(source)
    if name == 'AsyncIterator':
        members.update(ITERATOR)
    text = f'class {shown or name}{f"({chr(44).join(dict.fromkeys(bases))})".replace(",", ", ") if bases else ""}:\n'
    if doc:
        text += docstring(indented(doc))
    return text + (indented('\n'.join(members.values())) if members else '    ...\n')


def main():
    gir, folder, output = sys.argv[1:]
    introspected, override = Introspected(gir), Override(pathlib.Path(folder))
    parts = []
    kinds = {CORE + 'class', CORE + 'interface', CORE + 'record'}
    private = [name for name, nodes in override.nodes.items() if isinstance(nodes[0], ast.ClassDef) and
               name not in override.names and name in
               ('Acquisition', 'AsCompleted', 'Block', 'GroupBlock', 'Job', 'LockOfTask', 'PoolBlock', 'Queue',
                'Shield', '_Timeout')]
    for name in private:
        parts.append(class_text_private(name, override))
    for name, node in introspected.local.items():
        if node.tag in (CORE + 'enumeration', CORE + 'bitfield'):
            parts.append(introspected.enumeration(node))
        elif node.tag in kinds and not name.endswith(('Class', 'Interface', 'Iface')) and \
                node.get('introspectable') != '0':
            parts.append(class_text(name, introspected, override))
        elif node.tag == CORE + 'function' and node.get('introspectable') != '0' and name not in override.names and \
                not node.get('shadowed-by') and not node.get('moved-to'):
            parameters, result = introspected.function(node, False)
            parts.append(f'def {node.get("shadows") or name}({parameters}) -> {result}: ...\n')
        elif node.tag == CORE + 'constant':
            parts.append(f'{name}: {introspected.type_of(node)}\n')
    parts.append('_Scenario = Callable[[], Awaitable[Any]]\nScenario = _Scenario\n')
    for name in override.names:
        if name in introspected.local and introspected.local[name].tag in kinds:
            continue
        nodes = override.nodes[name]
        parts.append(class_text(name, introspected, override) if isinstance(nodes[0], ast.ClassDef) else
                     override.definitions(nodes))
    text = HEADER.format(doc=override.doc) + '\n'.join(parts)
    ast.parse(text)
    pathlib.Path(output).write_text(text, 'utf-8')


def class_text_private(name, override):
    source = override.nodes[name][0]
    bases = [override.text(base) for base in source.bases]
    members = override.members(source)
    text = f'class _{name.lstrip("_")}{"(" + ", ".join(bases) + ")" if bases else ""}:\n'
    doc = ast.get_docstring(source)
    return text + (docstring(indented(doc)) if doc else '') + (indented('\n'.join(members.values())) or '    ...\n')


main()
