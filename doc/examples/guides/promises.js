// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints:
// loaded a
// loaded b
// the lock is free again
// tick 0
// tick 1
// too late
import Gio from 'gi://Gio';
import Aiodrive from 'gi://Aiodrive';

// begin
const lock = Aiodrive.SmartLock.new();

async function load(name, cancellable) {
    await lock.exclusive(async c => {   // c is cancelled when cancellable is
        await Aiodrive.sleep(10, c);
        print('loaded', name);
    }, cancellable);
}

async function main(cancellable) {
    await Aiodrive.TaskGroup.open(async group => {   // if one fails the others are cancelled
        group.spawn(c => load('a', c));
        group.spawn(c => load('b', c));
    }, cancellable);
    print('the lock is free again');                 // and both tasks have ended

    for await (const tick of Aiodrive.repeat_periodically(10, cancellable)) {
        print('tick', tick);
        if (tick === 1)
            break;
    }

    try {
        await Aiodrive.timeout(c => Aiodrive.sleep(60000, c), 10);
    } catch (error) {
        if (!error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.TIMED_OUT))
            throw error;
        print('too late');
    }
}

Aiodrive.run(main);
// end
