# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules for the source files. Arguments: the source root, and intro-installed.json of the build."""
import json
import os
import pathlib
import re
import sys

import checks

LICENSE = 'SPDX-License-Identifier: LGPL-2.1-or-later'
UMBRELLA = 'aiodrive/aiodrive.h'
FOR_BINDINGS = 'aiodrive/binding.h'
GENERATED = {'aiodrive/version.h'}


def layer(name):
    """How high a file of the library is: those in its root are below the layers, the umbrella is above them."""
    if name in (UMBRELLA, FOR_BINDINGS):
        return len(checks.LAYERS)
    folder = pathlib.PurePosixPath(name).parent.name
    return -1 if folder == 'aiodrive' else checks.LAYERS.index(folder)


def includes(root):
    """Every include of the library: the including file, the included one, and whether it stands in quotes."""
    for path in sorted((root / 'aiodrive').rglob('*.[ch]')):
        for opening, included in re.findall(r'^\s*#\s*include\s*([<"])([^>"]+)', checks.code(path), re.MULTILINE):
            yield path.relative_to(root).as_posix(), included, opening == '"'


def every_include_names_a_file_of_the_library_or_a_system_header(root, installed):
    known = set(checks.headers(root)) | GENERATED
    for name, included, quoted in includes(root):
        if quoted and included not in known:
            yield f'{name}: "{included}" is not the path of a header from the root of the project'
        if not quoted and included.startswith('aiodrive'):
            yield f'{name}: <{included}> belongs in quotes'


def no_include_goes_up_a_layer(root, installed):
    for name, included, quoted in includes(root):
        if quoted and layer(included) > layer(name):
            yield f'{name} includes {included}'


def no_public_header_includes_a_private_one(root, installed):
    public = checks.public_headers(root)
    for name, included, quoted in includes(root):
        if name in public and included.endswith('-private.h'):
            yield f'{name} includes {included}'


def every_public_header_is_in_the_umbrella(root, installed):
    expected = (set(checks.public_headers(root)) | GENERATED) - {UMBRELLA, FOR_BINDINGS}
    included = {included for name, included, quoted in includes(root)
                if name in (UMBRELLA, FOR_BINDINGS) and quoted} - {UMBRELLA}
    yield from (f'{name} is missing' for name in sorted(expected - included))
    yield from (f'{name} is not a public header' for name in sorted(included - expected))


def every_public_header_is_installed_with_its_path(root, installed):
    found = {path.partition('/aiodrive-1/')[2] for path in installed if path.endswith('.h')}
    expected = set(checks.public_headers(root)) | GENERATED
    yield from (f'{name} is not installed' for name in sorted(expected - found))
    yield from (f'{name} is installed' for name in sorted(found - expected))


def source_files(root):
    for folder, folders, names in os.walk(root):
        is_build = 'meson-info' in folders
        folders[:] = [] if is_build else [name for name in folders if name not in (
            '.git', '.cache', 'build-packages', 'subprojects')]
        yield from (pathlib.Path(folder, name) for name in names if not is_build)


def every_source_file_names_its_license(root, installed):
    for path in source_files(root):
        is_source = path.suffix in ('.c', '.h', '.py', '.js', '.sh', '.vala') or path.name.startswith('meson.build')
        if path.is_symlink() or not (is_source or path.name.endswith('.h.in') or path.read_bytes()[:2] == b'#!'):
            continue
        if not any(LICENSE in line for line in path.read_text(encoding='utf-8').splitlines()[:2]):
            yield f'{path.relative_to(root)}: no "{LICENSE}" in its first two lines'


def lines_of_code(root):
    for path in source_files(root):
        if path.suffix in ('.c', '.h', '.py', '.js', '.vala'):
            for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
                yield f'{path.relative_to(root)}:{number}', line


def no_line_has_tabs_or_ends_in_blanks(root, installed):
    for place, line in lines_of_code(root):
        if line != line.rstrip() or '\t' in line:
            yield f'{place}: {line!r}'


def no_line_is_longer_than_120_columns(root, installed):
    for place, line in lines_of_code(root):
        if len(line) > 120:
            yield f'{place}: {len(line)} columns'


root = pathlib.Path(sys.argv[1])
with open(sys.argv[2], encoding='utf-8') as file:
    installed = list(json.load(file).values())
checks.run([
    every_include_names_a_file_of_the_library_or_a_system_header,
    no_include_goes_up_a_layer,
    no_public_header_includes_a_private_one,
    every_public_header_is_in_the_umbrella,
    every_public_header_is_installed_with_its_path,
    every_source_file_names_its_license,
    no_line_has_tabs_or_ends_in_blanks,
    no_line_is_longer_than_120_columns,
], root, installed)
