# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the library exports, what its headers declare and what other languages see are the same.
Arguments: the source root, the shared library, the GIR."""
import keyword
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import checks

CORE = '{http://www.gtk.org/introspection/core/1.0}'
C = '{http://www.gtk.org/introspection/c/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'

# Public functions that are marked (skip), and why.
FIBERS = 'other languages have coroutines, which await'
SKIPPED = {
    'aiodrive_await': FIBERS,
    'aiodrive_await_begin': FIBERS,
    'aiodrive_await_boolean': FIBERS,
    'aiodrive_await_boxed': FIBERS,
    'aiodrive_await_end': FIBERS,
    'aiodrive_await_get_fiber': FIBERS,
    'aiodrive_await_int': FIBERS,
    'aiodrive_await_object': FIBERS,
    'aiodrive_await_pointer': FIBERS,
    'aiodrive_await_ready': FIBERS,
    'aiodrive_await_string': FIBERS,
    'aiodrive_data_clear': FIBERS,
    'aiodrive_data_copy': FIBERS,
    'aiodrive_data_set_weak': FIBERS,
    'aiodrive_fiber_call_outside': FIBERS,
    'aiodrive_fiber_data_free': FIBERS,
    'aiodrive_fiber_data_new': FIBERS,
    'aiodrive_fiber_get_scope': FIBERS,
    'aiodrive_fiber_get_task': FIBERS,
    'aiodrive_fiber_job': FIBERS,
    'aiodrive_fiber_map_data_new': FIBERS,
    'aiodrive_fiber_map_job': FIBERS,
    'aiodrive_fiber_set_stack_size': FIBERS,
    'aiodrive_return_boolean': FIBERS,
    'aiodrive_return_boxed': FIBERS,
    'aiodrive_return_failed': FIBERS,
    'aiodrive_return_int': FIBERS,
    'aiodrive_return_object': FIBERS,
    'aiodrive_return_string': FIBERS,
    'aiodrive_spawn_fiber': FIBERS,
    'aiodrive_task_run_in_fiber': FIBERS,
    'aiodrive_yield_after': FIBERS,
}

# Functions that begin with the prefix of a class without being its methods or constructors, and why.
STATIC = {
    'aiodrive_pool_ref_current': 'that of the caller',
}

# Methods that are named with a word that Vala reserves, and why. Vala takes such a word after a dot.
RESERVED_ANYWAY = {
    'aiodrive_await': 'for C alone',
    'aiodrive_condition_signal': 'as g_cond_signal()',
    'aiodrive_lock_guard_ref': 'as every function that takes a reference',
}

# Getters that transfer what they return, and why.
TRANSFERRING_ANYWAY = {
    'aiodrive_queue_get_many': 'takes the items out of the queue, as the get() of every queue does',
}

# Functions that can fail and return nothing: GJS would give a return value beside the value that they fill.
FAILING_SILENTLY = {
    'aiodrive_cargo_wait_finish',
    'aiodrive_channel_receive',
    'aiodrive_channel_receive_finish',
    'aiodrive_queue_get_finish',
    'aiodrive_task_propagate',
    'aiodrive_thread_safe_future_wait',
    'aiodrive_thread_safe_future_wait_finish',
    'aiodrive_wait_for_property',
    'aiodrive_wait_for_property_finish',
}

# The words of valac's scanner, without get and set, which are special only where a property is declared.
RESERVED_IN_VALA = set('''
    abstract as async base break case catch class const construct continue default delegate delete do dynamic else
    ensures enum errordomain extern false finally for foreach global if in inline interface internal is lock namespace
    new null out override owned params partial private protected public ref requires return sealed signal sizeof static
    struct switch this throw throws true try typeof unlock unowned using var virtual void volatile weak while with yield
'''.split())


def declared(root):
    """The functions that the public headers mark as exported."""
    pattern = re.compile(r'AIODRIVE_PUBLIC\s+(?:(?:_AIODRIVE_)?G_DECLARE_\w+\s*\(\s*\w+\s*,\s*(\w+)|'
                         r'[^;(]*?\b(aiodrive_\w+)\s*\()')
    for path in checks.public_headers(root).values():
        for prefix, function in pattern.findall(checks.code(path)):
            yield function or prefix + '_get_type'


def exported(library):
    """The exported symbols, and the version of each."""
    lines = subprocess.run(['nm', '-D', '--defined-only', '--format=posix', library],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    symbols = (line.split()[0] for line in lines)
    # a version of symbols is a symbol itself
    return dict(symbol.split('@@') for symbol in symbols if not symbol.startswith('AIODRIVE_'))


def functions(gir):
    """The functions in the GIR; one that was moved into a class is there twice, and counts where it was moved to."""
    for kind in ('function', 'method', 'constructor'):
        yield from (node for node in gir.iter(CORE + kind) if 'moved-to' not in node.attrib)


def introspected(gir):
    for node in functions(gir):
        yield node.get(C + 'identifier')
    for node in gir.iter():
        yield from (node.get(GLIB + 'get-type'),) if GLIB + 'get-type' in node.attrib else ()


def compare(left_name, left, right_name, right):
    yield from (f'{name}: in {left_name}, not in {right_name}' for name in sorted(left - right))
    yield from (f'{name}: in {right_name}, not in {left_name}' for name in sorted(right - left))


def the_library_exports_what_the_headers_declare(root, library, gir):
    yield from compare('the library', set(exported(library)), 'the public headers', set(declared(root)))


def the_headers_declare_nothing_that_is_not_exported(root, library, gir):
    for name, path in checks.public_headers(root).items():
        calls = set(re.findall(r'\b(aiodrive_[a-z0-9_]+)\s*\(', checks.code(path)))
        yield from (f'{function} in {name}' for function in sorted(calls - set(declared(root))))


def symbols_have_the_version_in_which_they_are_new(root, library, gir):
    versions = exported(library)
    for parent in gir.iter():
        for node in parent:
            symbol = node.get(C + 'identifier') if node.tag.startswith(CORE) else None
            if symbol in versions and 'moved-to' not in node.attrib:
                since = node.get('version', parent.get('version'))
                if versions[symbol] != f'AIODRIVE_{since}':
                    yield f'{symbol}: since {since}, in the library of {versions[symbol]}'


def the_gir_has_what_the_headers_declare(root, library, gir):
    yield from compare('the GIR', set(introspected(gir)), 'the public headers', set(declared(root)))


def all_functions_are_introspectable(root, library, gir):
    skipped = {node.get(C + 'identifier') for node in functions(gir) if node.get('introspectable') == '0'}
    yield from compare('the functions that are not introspectable', skipped, 'SKIPPED', set(SKIPPED))


def no_function_has_the_prefix_of_a_class_by_accident(root, library, gir):
    static = set()
    for kind in ('class', 'interface', 'record'):
        for node in gir.iter(CORE + kind):
            static |= {child.get(C + 'identifier') for child in node.findall(CORE + 'function')}
    yield from compare('the static functions of a class', static, 'STATIC', set(STATIC))


def no_function_is_named_with_a_reserved_word(root, library, gir):
    reserved = set(keyword.kwlist) | RESERVED_IN_VALA
    named_so = set()
    for node in functions(gir):
        name = re.sub(r'_(async|finish)$', '', node.get('name'))
        in_vala = name in RESERVED_IN_VALA and (node.tag, name) != (CORE + 'constructor', 'new')
        if keyword.iskeyword(name) or in_vala:
            named_so.add(node.get(C + 'identifier'))
    yield from compare('the functions that are named so', named_so, 'RESERVED_ANYWAY', set(RESERVED_ANYWAY))


def return_value(node):
    """The type that a function returns, without its namespace, and whether the caller owns the value."""
    value = node.find(CORE + 'return-value')
    kind = value.find(CORE + 'type')
    return '' if kind is None else kind.get('name').split('.')[-1], value.get('transfer-ownership') != 'none'


def a_getter_transfers_nothing(root, library, gir):
    """What transfers is dup_ (a copy), ref_ (a reference) or steal_; and these transfer."""
    transferring = set()
    for node in functions(gir):
        name = node.get('name')
        if re.search(r'(^|_)get_', name) and not name.endswith('_finish') and return_value(node)[1]:
            transferring.add(node.get(C + 'identifier'))
        if re.search(r'(^|_)(dup|ref|steal)_', name) and not return_value(node)[1]:
            yield f'{node.get(C + "identifier")} transfers nothing'
    yield from compare('the getters that transfer', transferring, 'TRANSFERRING_ANYWAY', set(TRANSFERRING_ANYWAY))


def what_nobody_may_ignore_is_marked(root, library, gir):
    """A task that nobody takes leaks, and a guard as well: the compiler warns."""
    marked = set()
    for path in checks.public_headers(root).values():
        marked.update(re.findall(r'\b(aiodrive_\w+)\s*\([^;{}]*\)\s*G_GNUC_WARN_UNUSED_RESULT;', checks.code(path)))
    owned = set()
    for node in functions(gir):
        kind, transfers = return_value(node)
        if transfers and kind in ('Task', 'LockGuard') and not re.search(r'_finish$|(^|_)ref(_|$)', node.get('name')):
            owned.add(node.get(C + 'identifier'))
    yield from compare('the functions that return a task or a guard', owned, 'those with G_GNUC_WARN_UNUSED_RESULT',
                       marked)


def what_can_fail_returns_whether_it_did(root, library, gir):
    failing = {node.get(C + 'identifier') for node in functions(gir)
               if node.get('throws') == '1' and return_value(node)[0] == 'none'}
    yield from compare('the functions that fail and return nothing', failing, 'FAILING_SILENTLY', FAILING_SILENTLY)


root = pathlib.Path(sys.argv[1])
checks.run([
    the_library_exports_what_the_headers_declare,
    the_headers_declare_nothing_that_is_not_exported,
    symbols_have_the_version_in_which_they_are_new,
    the_gir_has_what_the_headers_declare,
    all_functions_are_introspectable,
    no_function_has_the_prefix_of_a_class_by_accident,
    no_function_is_named_with_a_reserved_word,
    a_getter_transfers_nothing,
    what_nobody_may_ignore_is_marked,
    what_can_fail_returns_whether_it_did,
], root, sys.argv[2], ElementTree.parse(sys.argv[3]))
