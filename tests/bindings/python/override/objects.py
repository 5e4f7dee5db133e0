# SPDX-License-Identifier: LGPL-2.1-or-later
"""Coroutines that end with an object, its signals and properties, and the latest only."""

from support import *


def new_action():
    return Gio.SimpleAction.new('go', GLib.VariantType('s'))


def activate(action, text='now'):
    action.activate(GLib.Variant('s', text))


class ObjectTest(unittest.TestCase):
    async def test_connect(self):
        action, recorder, texts = new_action(), Recorder(), []

        async def on_activated(text):
            texts.append(text.unpack())
            await recorder()

        Aiodrive.connect(action, 'activate', on_activated)
        activate(action, 'here')
        await recorder.began.wait()
        self.assertEqual(texts, ['here'])
        self.assertFalse(recorder.ended)
        gone = action.weak_ref()
        del action
        await asyncio.sleep(1)
        self.assertIsNone(gone())
        self.assertEqual((recorder.n_cancelled, recorder.ended), (1, True))

    async def test_spawn_for_object(self):
        action, recorder = new_action(), Recorder()
        Aiodrive.spawn_for_object(action, recorder(), 'notify::enabled')
        await recorder.began.wait()
        action.set_enabled(False)
        await asyncio.sleep(1)
        self.assertTrue(recorder.ended)

    async def test_wrong(self):
        action = new_action()
        with self.assertRaisesRegex(TypeError, "no signal 'clicked'"):
            Aiodrive.connect(action, 'clicked', gives)
        with self.assertRaises(TypeError):
            Aiodrive.connect(action, 'activate', None)
        with self.assertRaises(TypeError):
            Aiodrive.spawn_for_object(action, gives(1), 'clicked')
        with self.assertRaises(TypeError):
            Aiodrive.spawn_for_object('action', gives(1))
        with self.assertRaises(ValueError):
            await Aiodrive.wait_for_emission(action, 'clicked')
        with self.assertRaises(ValueError):
            await Aiodrive.wait_for_property(action, 'colour')
        with self.assertRaises(ValueError):
            Aiodrive.iterate_property(action, 'colour')
        with self.assertRaises(ValueError):
            Aiodrive.iterate_emissions(action, 'activate', 0)
        with self.assertRaises(ValueError):
            await Aiodrive.wait_for_fd(-1, GLib.IOCondition.IN)

    async def test_waits(self):
        action = new_action()
        emitted = Aiodrive.prime(Aiodrive.wait_for_emission(action, 'activate'))
        changed = Aiodrive.prime(Aiodrive.wait_for_property(action, 'enabled'))
        disabled = Aiodrive.prime(Aiodrive.wait_for_property(action, 'enabled', False))
        activate(action, 'here')
        text, = await emitted
        self.assertEqual(text.unpack(), 'here')
        self.assertEqual(len(emitted.result()), 1)
        self.assertEqual(emitted.result()[0], text)
        with self.assertRaises(IndexError):
            emitted.result()[1]
        action.set_enabled(False)
        self.assertIs(await changed, False)
        self.assertIs(await disabled, False)
        self.assertIs(await Aiodrive.wait_for_property(action, 'enabled', False), False)

    async def test_iterators(self):
        action = new_action()
        emissions, values = Aiodrive.iterate_emissions(action, 'activate'), Aiodrive.iterate_property(action, 'enabled')
        activate(action, 'a')
        activate(action, 'b')
        action.set_enabled(False)
        del action
        self.assertEqual([text.unpack() async for text, in emissions], ['a', 'b'])
        self.assertEqual([value async for value in values], [False])

    async def test_latest(self):
        latest, recorders, started = Aiodrive.Latest(debounce=0.2), [Recorder() for _ in range(3)], []
        jobs = []
        for recorder in recorders:
            jobs.append(latest.spawn(recorder()))
            await asyncio.sleep(0.15)
        self.assertFalse(any(recorder.began.is_set() for recorder in recorders))
        self.assertTrue(latest.props.busy)
        await asyncio.sleep(1)
        self.assertEqual([recorder.began.is_set() for recorder in recorders], [False, False, True])
        last = latest.spawn(gives(7))
        self.assertEqual(await last, 7)
        self.assertTrue(recorders[2].ended)
        for job in jobs:
            with self.assertRaises(asyncio.CancelledError):
                await job
        await latest.close()
        self.assertFalse(latest.props.busy)


run_all(ObjectTest)
