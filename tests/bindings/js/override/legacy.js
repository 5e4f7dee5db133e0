// SPDX-License-Identifier: LGPL-2.1-or-later
// A script, not a module.
imports.gi.versions.Aiodrive = '1';
const {Aiodrive, GLib} = imports.gi;
const System = imports.system;

const error = new Error('passed on');

async function main(cancellable) {
    const [index, value] = await Aiodrive.race([c => Aiodrive.sleep(60000, c), async () => ['fast']], cancellable);
    const ticks = [];
    for await (const n of Aiodrive.repeat_periodically(1, cancellable)) {
        ticks.push(n);
        if (n === 1)
            break;
    }
    const caught = await Aiodrive.spawn(async () => {
        throw error;
    }).catch(e => e);
    return [index, value[0], ticks.join(), caught === error];
}

print('1..1');
const same = JSON.stringify(Aiodrive.run(main)) === JSON.stringify([1, 'fast', '0,1', true]);
print(`${same ? 'ok' : 'not ok'} 1 a script`);
System.exit(same ? 0 : 1);
