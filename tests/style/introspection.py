# SPDX-License-Identifier: LGPL-2.1-or-later
"""What generators of bindings (gtk-rs' gir, vapigen, ts-for-gir, ...) need to find in the GIR. Arguments: the source
root, the GIR."""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

import checks

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'
CALLABLES = [CORE + kind for kind in ('function', 'method', 'constructor', 'virtual-method', 'callback')]
CALLBACKS = {'Gio.AsyncReadyCallback', 'GLib.SourceFunc', 'GLib.Func'}
CONTAINERS = {'GLib.PtrArray', 'GLib.Array', 'GLib.List', 'GLib.SList', 'GLib.HashTable'}

# What must not be null although it is a cancellable, and why.
NEVER_NULL = {
    'handle_signal': 'the signal cancels it',
}


class Callable:
    def __init__(self, node, owner):
        self.node, self.owner = node, owner
        self.parameters = node.findall(f'{CORE}parameters/{CORE}parameter')
        self.identifier = node.get(C + 'identifier') or f'{owner.get("name")}.{node.get("name")}'

    def __str__(self):
        return self.identifier


def introspectable(gir):
    """Every function, method, virtual method and type of callback that other languages see."""
    for owner in gir.iter():
        for node in owner:
            if node.tag in CALLABLES and node.get('introspectable') != '0' and 'moved-to' not in node.attrib:
                yield Callable(node, owner)


def functions(gir):
    """The same without the slots of interfaces, which the virtual methods stand for."""
    return (call for call in introspectable(gir) if call.owner.tag != CORE + 'field')


def type_of(node):
    found = node.find(CORE + 'type')
    return found.get('name') if found is not None else None


def callback_types(gir):
    own = {node.get('name') for node in gir.find(CORE + 'namespace').findall(CORE + 'callback')}
    return CALLBACKS | own


def doc_of(node):
    found = node.find(CORE + 'doc')
    return found.text if found is not None else ''


def every_async_function_has_its_finish_function(root, gir):
    every = {(call.owner, call.node.tag, call.node.get('name')): call for call in functions(gir)}
    for (owner, tag, name), call in every.items():
        if any(type_of(parameter) == 'Gio.AsyncReadyCallback' for parameter in call.parameters):
            if not name.endswith('_async'):
                yield f'{call}: has a callback, and its name does not end in _async'
            stem = name[:-len('_async')]
            finish = every.get((owner, tag, f'{stem}_finish'))
            named = call.node.get(GLIB + 'finish-func')
            if finish is None:
                yield f'{call}: no {stem}_finish beside it'
            elif 'Gio.AsyncResult' not in map(type_of, finish.parameters) or finish.node.get('throws') != '1':
                yield f'{finish}: takes no GAsyncResult, or does not throw'
            elif named not in (None, f'{stem}_finish', finish.identifier):
                yield f'{call}: its finish function is said to be {named}'
            if type_of(call.node.find(CORE + 'return-value')) != 'none':
                yield f'{call}: returns something'


def every_finish_function_has_its_async_function(root, gir):
    every = {(call.owner, call.node.get('name')) for call in functions(gir)}
    for owner, name in every:
        stem = name[:-len('_finish')]
        if name.endswith('_finish') and (owner, f'{stem}_async') not in every:
            yield f'{owner.get("name")}.{name}: no {stem}_async'


def every_callback_has_scope_closure_and_destroy(root, gir):
    types = callback_types(gir)
    for call in introspectable(gir):
        closures = [parameter for parameter in call.parameters if type_of(parameter) in types]
        if len(closures) > 1:
            yield f'{call}: has more than one callback'
        for parameter in closures:
            scope = parameter.get('scope')
            wanted = 'async' if type_of(parameter) == 'Gio.AsyncReadyCallback' else 'notified'
            name = parameter.get('name')
            if scope != wanted:
                yield f'{call}: the scope of {name} is {scope}, not {wanted}'
            if 'closure' not in parameter.attrib:
                yield f'{call}: {name} has no closure'
            elif type_of(call.parameters[int(parameter.get('closure'))]) != 'gpointer':
                yield f'{call}: the closure of {name} is no pointer'
            if scope == 'notified':
                destroy = parameter.get('destroy')
                if destroy is None or type_of(call.parameters[int(destroy)]) != 'GLib.DestroyNotify':
                    yield f'{call}: {name} has no destroy notify'
            if scope == 'async' and parameter.get('nullable') != '1':
                yield f'{call}: {name} is not nullable'


def every_type_of_callback_has_a_closure(root, gir):
    for call in introspectable(gir):
        if call.node.tag == CORE + 'callback' and call.owner.tag == CORE + 'namespace':
            last = call.parameters[-1]
            if type_of(last) != 'gpointer' or 'closure' not in last.attrib:
                yield f'{call}: its last parameter is no closure'


def every_cancellable_is_nullable(root, gir):
    for call in introspectable(gir):
        if call.node.tag == CORE + 'callback':
            continue
        for parameter in call.parameters:
            is_cancellable = type_of(parameter) in ('Gio.Cancellable', 'CancelScope')
            if is_cancellable and parameter.get('nullable') != '1' and call.node.get('name') not in NEVER_NULL:
                yield f'{call}: {parameter.get("name")} is not nullable'


def what_can_be_null_for_the_documentation_is_nullable(root, gir):
    for call in introspectable(gir):
        # what is null with an error is not nullable
        returned = [] if call.node.get('throws') == '1' else [call.node.find(CORE + 'return-value')]
        for node in (*call.parameters, *returned):
            if re.search(r'(^|, )(or )?%NULL\b|\bor %NULL\b', doc_of(node)):
                if node.get('nullable') != '1' and node.get('optional') != '1':
                    yield f'{call}: {node.get("name", "what it returns")} can be null'


def nothing_has_variable_arguments(root, gir):
    for call in introspectable(gir):
        if any(parameter.find(CORE + 'varargs') is not None for parameter in call.parameters):
            yield f'{call}: has variable arguments'


def no_pointer_is_without_a_type(root, gir):
    for call in introspectable(gir):
        closures = {parameter.get('closure') for parameter in call.parameters}
        for i, parameter in enumerate(call.parameters):
            if type_of(parameter) == 'gpointer' and str(i) not in closures:
                yield f'{call}: {parameter.get("name")} is a pointer to nothing known'
        if type_of(call.node.find(CORE + 'return-value')) == 'gpointer':
            yield f'{call}: returns a pointer to nothing known'


def every_container_has_a_type_of_elements(root, gir):
    for call in introspectable(gir):
        for node in (*call.parameters, call.node.find(CORE + 'return-value')):
            for kind in ('type', 'array'):
                container = node.find(CORE + kind)
                if container is None or (kind == 'type' and container.get('name') not in CONTAINERS):
                    continue
                element = type_of(container)
                if element in (None, 'gpointer'):
                    yield f'{call}: {node.get("name", "what it returns")} has elements of no known type'
                is_plain = kind == 'array' and 'name' not in container.attrib
                if is_plain and 'length' not in container.attrib and container.get('zero-terminated') != '1':
                    yield f'{call}: {node.get("name", "what it returns")} has no length'


def every_function_is_documented(root, gir):
    for call in functions(gir):
        is_quark = call.identifier.endswith('_quark')
        if not doc_of(call.node) and not is_quark and call.node.tag != CORE + 'virtual-method':
            yield f'{call}: is not documented'


def no_property_hides_a_method(root, gir):
    for kind in ('class', 'interface'):
        for owner in gir.iter(CORE + kind):
            methods = {node.get('name') for node in owner.findall(CORE + 'method')}
            for node in owner.findall(CORE + 'property'):
                if node.get('name').replace('-', '_') in methods:
                    yield f'{owner.get("name")}: {node.get("name")} is a property and a method'


def every_type_is_registered(root, gir):
    for kind in ('class', 'interface', 'enumeration', 'bitfield'):
        for node in gir.iter(CORE + kind):
            if GLIB + 'get-type' not in node.attrib:
                yield f'{node.get("name")}: has no GType'
    for node in gir.iter(CORE + 'record'):
        is_of_a_class = GLIB + 'is-gtype-struct-for' in node.attrib or node.get('name').endswith('Private')
        if not is_of_a_class and node.get('disguised') != '1' and GLIB + 'get-type' not in node.attrib:
            yield f'{node.get("name")}: has no GType'


def only_interfaces_have_virtual_functions(root, gir):
    """A class is derived by the library alone, so its hooks are not for bindings."""
    for node in gir.iter(CORE + 'class'):
        for function in node.findall(CORE + 'virtual-method'):
            yield f'{node.get("name")}: {function.get("name")}'


checks.run([
    every_async_function_has_its_finish_function,
    every_finish_function_has_its_async_function,
    every_callback_has_scope_closure_and_destroy,
    every_type_of_callback_has_a_closure,
    every_cancellable_is_nullable,
    what_can_be_null_for_the_documentation_is_nullable,
    nothing_has_variable_arguments,
    no_pointer_is_without_a_type,
    every_container_has_a_type_of_elements,
    every_function_is_documented,
    no_property_hides_a_method,
    every_type_is_registered,
    only_interfaces_have_virtual_functions,
], pathlib.Path(sys.argv[1]), ElementTree.parse(sys.argv[2]))
