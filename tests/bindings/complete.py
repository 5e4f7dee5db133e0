# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether the tests in Python and in JavaScript use all that there is: complete.py GIR DIRECTORY FOLDER..."""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml

CORE = '{http://www.gtk.org/introspection/core/1.0}'
GLIB = '{http://www.gtk.org/introspection/glib/1.0}'


def folder_of(element):
    return pathlib.PurePath(element.find(CORE + 'source-position').get('filename')).parent.name


def is_there(element):
    return element.get('introspectable') != '0' and not element.get('moved-to')


def public_names(namespace, folders):
    """What a test has to contain: Namespace.function, .method, Namespace.Class, a property by its name."""
    for element in namespace.findall(CORE + 'function'):
        if is_there(element) and folder_of(element) in folders:
            yield r'\bAiodrive\.' + element.get('name') + r'\b', element.get('name')
    for element in namespace.findall(CORE + 'class') + namespace.findall(CORE + 'interface'):
        if folder_of(element) not in folders:
            continue
        yield r'\bAiodrive\.' + element.get('name') + r'\b', element.get('name')
        for member in element:
            name = (member.get('name') or '').replace('-', '_')
            if member.tag in (CORE + 'constructor', CORE + 'method', CORE + 'function') and is_there(member):
                yield r'\.' + name + r'\b', f'{element.get("name")}.{name}'
            elif member.tag == CORE + 'property' and is_there(member):
                yield r'\.' + name + r'\b(?!\()', f'{element.get("name")}:{name}'


def source(directory):
    """All tests of one language; where they make names of functions from parts, these are put together."""
    text = '\n'.join(path.read_text() for path in sorted(directory.iterdir()) if path.is_file())
    combinators = re.findall(r"(?:both_forms|inBothForms)\('(\w+)'", text)
    methods = re.findall(r"(?:\b(?:begin|wait)\(\w+,|,) '(\w+)',", text)
    return (text + ''.join(f'\nAiodrive.{name} Aiodrive.{name}_async' for name in combinators) +
            ''.join(f'\n.{name}_async .{name}_finish' for name in methods))


def main(gir, directory, *folders):
    namespace = xml.parse(gir).getroot().find(CORE + 'namespace')
    names = list(public_names(namespace, folders))
    missing = [f'{language}: {name}' for language in ('python', 'js')
               for text in [source(pathlib.Path(directory, language))]
               for pattern, name in names if not re.search(pattern, text)]
    print(f'{len(names)} names', *missing, sep='\n')
    return 1 if missing or not names else 0


sys.exit(main(*sys.argv[1:]))
