# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whether each asynchronous function is cancelled at each step in a scenario: complete.py GIR FILE..."""

import pathlib
import re
import sys
import xml.etree.ElementTree as xml

IDENTIFIER = '{http://www.gtk.org/introspection/c/1.0}identifier'


def main(gir, *files):
    text = '\n'.join(pathlib.Path(name).read_text() for name in files)
    identifiers = [element.get(IDENTIFIER, '') for element in xml.parse(gir).iter()]
    functions = [identifier for identifier in identifiers if identifier.endswith('_async')]
    missing = [function for function in functions if not re.search(rf'\b{function} \(|\b{function},', text)]
    print(f'{len(functions)} functions', *missing, sep='\n')
    return 1 if missing or not functions else 0


sys.exit(main(*sys.argv[1:]))
