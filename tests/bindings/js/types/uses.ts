// SPDX-License-Identifier: LGPL-2.1-or-later
// Is not run: what the compiler has to accept, and what it has to refuse.
import Aiodrive from 'gi://Aiodrive?version=1';
import Gio from 'gi://Gio?version=2.0';

const number = async (): Promise<number> => 1;
const length = async (text: string, cancellable: Gio.Cancellable): Promise<number> => text.length;

// one type is the other
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function check<T extends true>(): void {}

export async function uses(cancellable: Gio.Cancellable, file: object): Promise<void> {
    const [index, value] = await Aiodrive.race([number, c => Aiodrive.sleep(5, c).then(() => 'x')], cancellable);
    check<Same<typeof index, number>>();
    check<Same<typeof value, string | number>>();
    const [first, second] = await Aiodrive.try_all([number, async () => 'x']);
    check<Same<typeof first, number>>();
    check<Same<typeof second, string>>();
    const inTime = await Aiodrive.timeout(number, 1000);
    check<Same<typeof inTime, number>>();
    const nested = await Aiodrive.timeout(Aiodrive.first_success([number]), 1000);
    check<Same<typeof nested, [number, number]>>();
    await Aiodrive.cancel_task(Aiodrive.spawn(number));

    for await (const result of Aiodrive.map(length, ['a', 'b'], {max_concurrent: 3, ordered: false}))
        check<Same<typeof result, number>>();
    for await (const task of Aiodrive.as_completed([number, number])) {
        const one = await task;
        check<Same<typeof one, number>>();
    }
    for await (const n of Aiodrive.repeat_periodically(1000, cancellable))
        check<Same<typeof n, number>>();

    const all = await Aiodrive.TaskGroup.open(async (group, c) => {
        const task = group.spawn(c2 => length('x', c2));
        await Aiodrive.sleep(1, c);
        return task;
    });
    check<Same<typeof all, number>>();
    await Aiodrive.Pool.open(async pool => void pool.spawn_full('name', 1, number), {name: 'pool'});
    const lock = Aiodrive.SmartLock.new();
    const held = await lock.exclusive(async (c, guard) => guard.get_scope() === c);
    check<Same<typeof held, boolean>>();
    (await lock.shared_async(cancellable)).release();
    await Aiodrive.handle_signal(2, async c => Aiodrive.sleep(5, c));
    Aiodrive.handle_signal(2, Aiodrive.CancelScope.new(null)).release();

    const queue = Aiodrive.UnorderedQueue.new() as Aiodrive.UnorderedQueue<string>;
    queue.put('item');
    for await (const item of queue)
        check<Same<typeof item, string>>();
    const [found, item] = queue.try_get();
    check<Same<typeof found, boolean>>();
    check<Same<typeof item, string | undefined>>();
    const [contents] = await Aiodrive.call(file, 'load_contents', cancellable);
    print(contents);
}

check<Same<ReturnType<typeof runs>, number>>();
export function runs() {
    return Aiodrive.run(number);
}

export async function misuses(): Promise<void> {
    // @ts-expect-error: there is no such function
    Aiodrive.no_such_function();
    // @ts-expect-error: it takes an array
    await Aiodrive.race(number, number);
    // @ts-expect-error: the time is a number
    await Aiodrive.timeout(number, '5');
    // @ts-expect-error: the job comes first
    await Aiodrive.timeout(5, number);
    // @ts-expect-error: a string is no cancellable
    await Aiodrive.sleep(5, 'x');
    // @ts-expect-error: the function comes first
    Aiodrive.map(['a'], length);
    // @ts-expect-error: the items are no strings
    Aiodrive.map(length, [1, 2]);
    // @ts-expect-error: there is no such option
    Aiodrive.map(length, ['a'], {max: 3});
    // @ts-expect-error: a job is a function
    Aiodrive.spawn(5);
    // @ts-expect-error: an ordered queue needs an index
    Aiodrive.OrderedQueue.new().put('item');
    // @ts-expect-error: the body gets the group, and is a function
    await Aiodrive.TaskGroup.open(5);
    // @ts-expect-error: a promise has no such method
    Aiodrive.spawn(number).cancel();
    // @ts-expect-error: the options are those of a pool
    await Aiodrive.Pool.open(async () => {}, {title: 'x'});
}
