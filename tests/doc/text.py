# SPDX-License-Identifier: LGPL-2.1-or-later
"""The README, the guides, and the comments that the reference is made of: their code, their links, their spelling.
Arguments: the source root."""
import pathlib
import re
import shutil
import subprocess
import sys

sys.path[:0] = [sys.argv[1] + '/doc', sys.argv[1] + '/tests/style', sys.argv[1] + '/tests/performance']
import blocks
import book
import checks
import docbook
import drawings

LINK = re.compile(r'\[[^\]]+\]\(([^)]+)\)')   # of a picture, too
COMMAND = re.compile(r'(?:\./)?([\w./-]+)')
# commands that are not files of the repository
ELSEWHERE = ('apt', 'cc', 'gdb', 'ldconfig', 'meson', 'valac', 'valgrind')
# What is no English: code, symbols, the names of parameters, links, and the languages of listings.
NO_ENGLISH = re.compile(r'''```.*?^```$ | \|\[.*?\]\| | `[^`]*` | \]\([^)]*\) | \{example[^}]*\} | <[^>]*>
                            | [@%\#]\w[\w:-]* | \w*[_/()]\w* | \b\w*[a-z][A-Z]\w* | \([^()]*\)(?=[:\s(]*$)
                            | https?:\S+''',
                        re.MULTILINE | re.DOTALL | re.VERBOSE)


def prose(root):
    """What is written for readers: each file, and its text."""
    for path in [*blocks.markdown_files(root), root / 'NEWS', root / 'doc/reference.md']:
        yield path, path.read_text('utf-8')
    for path in sorted((root / 'aiodrive').rglob('*.[ch]')):
        comments = re.findall(r'^ */\*\*\n(.*?)^ *\*/', path.read_text('utf-8'), re.MULTILINE | re.DOTALL)
        yield path, re.sub(r'^ *\* ?', '', '\n'.join(comments), flags=re.MULTILINE)


def the_code_is_that_of_the_examples(root):
    for path, line in blocks.without_a_file(root):
        yield f'{path.relative_to(root)}: no file is named for the code "{line}"'
    for path, _ in blocks.stale(root):
        yield f'{path.relative_to(root)}: its code is not that of its example; see doc/blocks.py --update'


def no_program_is_shown_without_what_it_includes(root):
    for path in blocks.markdown_files(root):
        for match in blocks.FENCED.finditer(path.read_text('utf-8')):
            source = (root / match['source']).read_text('utf-8') if match['source'] else ''
            if ' begin' not in source:   # it is shown as a whole
                for line in re.findall(r'^(?:#include|import|from) .*', source, re.MULTILINE):
                    if line not in match['code']:
                        yield f'{path.relative_to(root)}: {match["source"]} is shown without {line}'


def each_example_is_shown(root):
    shown = ''.join(text for _, text in prose(root))
    for path in sorted((root / 'doc/examples').rglob('*.*')):
        name = path.relative_to(root / 'doc/examples')
        in_a_comment = [root / 'aiodrive' / name.with_suffix(ending) for ending in ('.c', '.h')]
        if f'examples/{name}' not in shown and f'{{example {name}}}' not in shown and not any(
                file.is_file() and blocks.IN_COMMENT.search(file.read_text('utf-8')) for file in in_a_comment):
            yield str(name)


def classes(root):
    """The classes, each with its comment."""
    for path in sorted((root / 'aiodrive').rglob('*.c')):
        yield from re.findall(r'^/\*\*\n \* (Aiodrive\w+):\n(.*?)^ \*/', path.read_text('utf-8'),
                              re.MULTILINE | re.DOTALL)


def each_class_has_an_example(root):
    yield from (name for name, comment in classes(root) if '|[<!-- language="C" -->' not in comment)


def each_class_says_what_threads_and_cancelling_mean(root):
    for name, comment in classes(root):
        for word in ('thread', 'cancel'):
            if word not in re.sub(r'\|\[.*?\]\|', '', comment.lower(), flags=re.DOTALL):
                yield f'{name}: {word}'


def each_command_is_there(root):
    for path in blocks.markdown_files(root):
        for match in blocks.FENCED.finditer(path.read_text('utf-8')):
            for line in match['code'].splitlines() if match['language'] == 'sh' else ():
                command = COMMAND.match(line)[1]
                if command not in ELSEWHERE and not command.startswith('build/') and not (root / command).is_file():
                    yield f'{path.relative_to(root)}: {line}'


def headings(file):
    return map(docbook.identifier, re.findall(r'^#+ (.*)', file.read_text('utf-8'), re.MULTILINE))


def each_link_leads_somewhere(root):
    for path in blocks.markdown_files(root):
        for target in LINK.findall(path.read_text('utf-8')):
            name, _, heading = target.partition('#')
            file = path.parent / name if name else path
            if '://' in target:
                continue
            if not file.is_file():
                yield f'{path.relative_to(root)}: there is no {name}'
            elif heading and heading not in headings(file):
                yield f'{path.relative_to(root)}: there is no {heading} in {file.name}'


def each_guide_is_in_the_readme_and_in_the_book(root):
    readme, book = (root / 'README.md').read_text('utf-8'), (root / 'doc/meson.build').read_text('utf-8')
    for path in sorted((root / 'doc/guides').iterdir()):
        if f'doc/guides/{path.name}' not in readme or f"'guides/{path.name}'" not in book:
            yield path.name


def each_test_that_is_named_is_there(root):
    rows = (root / 'tests/doc/table/rows.txt').read_text('utf-8')
    for name in re.findall(r'\| (/aiodrive/\S+)$', rows, re.MULTILINE):
        folder, file, rest = name.split('/', 4)[2:]
        files = (root / 'tests' / folder).glob(f'{file}*.c')
        quoted = re.compile(rf'"({name}|{rest}|{name.rpartition("/")[2]})"')
        if not any(quoted.search(path.read_text('utf-8')) for path in files):
            yield name


def each_cell_of_the_matrix_names_a_test(root):
    bindings = root / 'tests/bindings'
    files = {
        'Python': bindings.glob('python/override/*.py'),
        'JavaScript': bindings.glob('js/override/*.js'),
        'Vala': [bindings / 'vala/smoke.vala'],
        'C++': [bindings / 'cpp/library.cpp'],
        'Lua': [bindings / 'lua/library.lua'],
        'Perl': [bindings / 'perl/library.pl'],
        'Ruby': [bindings / 'ruby/library.rb'],
    }
    texts = {language: ''.join(path.read_text('utf-8') for path in paths) for language, paths in files.items()}
    guide = (root / 'doc/guides/languages.md').read_text('utf-8')
    head, _, *rows = (re.split(r' *\| *', line.strip('| ')) for line in guide.splitlines() if line.startswith('|'))
    for feature, *cells in rows:
        if len(cells) != len(files):
            yield f'languages.md: {feature} has {len(cells)} cells'
        for language, cell in zip(head[-len(files):], cells):
            named = re.search(r'`([^`]+)`$', cell)
            test = named and re.escape(named[1])
            definition = rf'(?:def|function|sub|async void|^)\s*{test}\b|test\([\'`].*?{test}[\'`]'
            if not named or not re.search(definition, texts[language], re.MULTILINE):
                yield f'languages.md: {feature} in {language}: {cell}'


def each_name_of_python_is_there(root):
    override = (root / 'aiodrive/overrides/python/gi/overrides/_aiodrive_1/__init__.py').read_text('utf-8')
    names = set(re.findall(r"'(\w+)'", override.partition('__all__')[2])) | {'js', 'py'}   # files, too
    for path in blocks.markdown_files(root):
        for name in re.findall(r'\bAiodrive\.(\w+)', blocks.FENCED.sub('', path.read_text('utf-8'))):
            if name not in names:
                yield f'{path.relative_to(root)}: Aiodrive.{name}'


def each_drawing_is_what_the_script_draws(root):
    for name, draw in drawings.DRAWINGS.items():
        if (root / 'doc/drawings' / f'{name}.svg').read_text('utf-8') != str(draw()):
            yield f'{name}: run doc/drawings.py'


def the_plots_and_tables_are_those_of_the_measurements(root):
    for path, content in book.files().items():
        if path.read_text('utf-8') != content:
            yield f'{path.relative_to(root)}: run tests/performance/book.py'


def each_word_is_in_the_dictionary(root):
    known = {word.lower() for word in (root / 'tests/doc/words.txt').read_text('utf-8').split()}
    for path, text in prose(root):
        text = re.sub(r'[^A-Za-z\u2019\' \n]', ' ', NO_ENGLISH.sub(' ', text))
        spelled = subprocess.run(['aspell', 'list', '--lang=en_GB-ise', '--ignore=2'], input=text, check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.split()
        for word in sorted(set(spelled)):
            if not {word.lower(), word.lower().removesuffix("'s")} & known:
                yield f'{path.relative_to(root)}: {word}'


tests = [
    the_code_is_that_of_the_examples,
    no_program_is_shown_without_what_it_includes,
    each_example_is_shown,
    each_class_has_an_example,
    each_class_says_what_threads_and_cancelling_mean,
    each_command_is_there,
    each_link_leads_somewhere,
    each_guide_is_in_the_readme_and_in_the_book,
    each_test_that_is_named_is_there,
    each_cell_of_the_matrix_names_a_test,
    each_name_of_python_is_there,
    each_drawing_is_what_the_script_draws,
    the_plots_and_tables_are_those_of_the_measurements,
]
if shutil.which('aspell'):
    tests.append(each_word_is_in_the_dictionary)
checks.run(tests, pathlib.Path(sys.argv[1]))
