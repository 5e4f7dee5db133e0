#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Usage: doc/drawings.py

Draws the pictures of the guide on the inside, which are in doc/drawings."""
import pathlib
from xml.sax.saxutils import escape

HEAD = '''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"
  font-family="sans-serif" text-anchor="middle">
<rect width="{width}" height="{height}" fill="#fff"/>
<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">
<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>'''


class Drawing:
    def __init__(self, width, height):
        self.parts = [HEAD.format(width=width, height=height)]

    def box(self, x, y, width, height, *lines, accent=False):
        fill = '#dbeafe' if accent else '#fff'
        self.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}"'
                          ' stroke="#555"/>')
        top = y + height / 2 - 8 * (len(lines) - 1) + 5
        for number, line in enumerate(lines):
            self.text(x + width / 2, top + 16 * number, line)

    def text(self, x, y, line, note=False):
        size, fill = (11, '#555') if note else (13, '#222')
        self.parts.append(f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}">{escape(line)}</text>')

    def arrow(self, x1, y1, x2, y2, label=''):
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#555" marker-end="url(#head)"/>')
        if label:
            self.text((x1 + x2) / 2, (y1 + y2) / 2 - 6, label, note=True)

    def __str__(self):
        return '\n'.join(self.parts + ['</svg>']) + '\n'


def dispatcher():
    drawing = Drawing(720, 260)
    for number, thread in enumerate(('thread A', 'thread B', 'the owner')):
        drawing.box(20, 40 + 70 * number, 110, 40, thread)
        drawing.arrow(130, 60 + 70 * number, 238, 115 + 15 * number, 'push' if number != 1 else '')
    drawing.box(240, 90, 120, 80, 'inbox', 'under a lock', accent=True)
    drawing.arrow(360, 130, 448, 130, 'check()')
    drawing.box(450, 90, 110, 80, 'running', 'the owner alone')
    drawing.arrow(560, 130, 628, 130, 'dispatch')
    drawing.box(630, 100, 70, 60, 'callback')
    drawing.box(450, 200, 110, 40, 'later')
    drawing.arrow(485, 170, 485, 198)
    drawing.arrow(525, 200, 525, 172)
    drawing.text(640, 215, 'what was made in this', note=True)
    drawing.text(640, 230, 'iteration is for the next', note=True)
    drawing.arrow(300, 90, 300, 38)
    drawing.text(300, 28, 'wake the context, if it is polling', note=True)
    return drawing


def wait_queue():
    drawing = Drawing(720, 300)
    drawing.box(20, 110, 110, 50, 'wait_async()')
    drawing.arrow(130, 135, 238, 135, 'park')
    drawing.box(240, 30, 200, 200, accent=True)
    drawing.text(340, 52, 'the monitor')
    drawing.box(265, 65, 150, 36, 'state of the primitive')
    drawing.box(265, 117, 46, 36, '1st')
    drawing.box(317, 117, 46, 36, '2nd')
    drawing.box(369, 117, 46, 36, '3rd')
    drawing.text(340, 180, 'decided once:', note=True)
    drawing.text(340, 196, 'woken or cancelled', note=True)
    drawing.box(20, 30, 110, 50, 'set(), release()')
    drawing.arrow(130, 55, 238, 75, 'wake')
    drawing.box(20, 195, 110, 50, 'cancel hub')
    drawing.arrow(130, 215, 238, 195, 'cancel')
    drawing.arrow(440, 100, 538, 70, 'push')
    drawing.arrow(440, 150, 538, 185, 'push')
    drawing.box(540, 45, 150, 50, 'dispatcher of', 'context 1')
    drawing.box(540, 160, 150, 50, 'dispatcher of', 'context 2')
    drawing.text(615, 118, 'called back, each in his own', note=True)
    drawing.text(360, 270, 'no lock is held while code of the user runs', note=True)
    return drawing


DRAWINGS = {'dispatcher': dispatcher, 'wait-queue': wait_queue}

if __name__ == '__main__':
    for name, draw in DRAWINGS.items():
        pathlib.Path(__file__).with_name('drawings').joinpath(name + '.svg').write_text(str(draw()), encoding='utf-8')
