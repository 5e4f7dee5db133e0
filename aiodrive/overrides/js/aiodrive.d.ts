// SPDX-License-Identifier: LGPL-2.1-or-later
/* The types of Aiodrive for JavaScript, with the override: `import Aiodrive from 'gi://Aiodrive?version=1'`.
 *
 * They are for use with the types of GJS (@girs/gjs, @girs/gio-2.0). What C has and the override leaves as it is, is in
 * the types that a generator makes of the GIR. */

declare module 'gi://Aiodrive?version=1' {
    import Gio from 'gi://Gio?version=2.0';
    import GLib from 'gi://GLib?version=2.0';
    import GObject from 'gi://GObject?version=2.0';

    namespace Aiodrive {
        const Error: { quark(): number; MULTIPLE: number; SIGNAL: number; PREEMPTED: number };

        /** A function that gets a cancellable of its own: what it returns or awaits is the value. */
        type Job<T> = (cancellable: CancelScope) => T | PromiseLike<T>;

        /** A task that can be awaited, any number of times, and given to a combinator. */
        type Task<T = unknown> = Gio.Task & Promise<T>;

        /** What a combinator takes. */
        type Child<T = unknown> = Job<T> | PromiseLike<T> | Gio.Task;

        /** What awaiting a child gives; what is not known may be anything. */
        type Outcome<C> = 0 extends 1 & C ? any : C extends PromiseLike<infer T> ? T :
            C extends (...args: never[]) => infer R ? unknown extends R ? any : Awaited<R> : any;
        type Outcomes<C extends readonly Child[]> = { -readonly [K in keyof C]: Outcome<C[K]> };

        /** Runs the main loop until a job, a promise or a task has ended; gives its value, or throws what it threw. */
        function run<C extends Child>(main: C): Outcome<C>;
        /** Starts a job as a task. */
        function spawn<T>(job: Job<T>, parent?: Gio.Cancellable | null): Task<Awaited<T>>;
        /** Starts a job as a task, and runs it to its first wait. */
        function prime<T>(job: Job<T>, parent?: Gio.Cancellable | null): Task<Awaited<T>>;

        /** The first that ends: its index and its value. The others are cancelled and awaited. */
        function race<C extends readonly Child[]>(children: readonly [...C], cancellable?: Gio.Cancellable | null):
            Task<[number, Outcome<C[number]>]>;
        /** The first that succeeds: its index and its value. The others are cancelled and awaited. */
        function first_success<C extends readonly Child[]>(children: readonly [...C],
            cancellable?: Gio.Cancellable | null): Task<[number, Outcome<C[number]>]>;
        /** The values of all; when one fails the others are cancelled and awaited. */
        function try_all<C extends readonly Child[]>(children: readonly [...C], cancellable?: Gio.Cancellable | null):
            Task<Outcomes<C>>;
        /** The values of all, when all have ended. */
        function wait_all<C extends readonly Child[]>(children: readonly [...C], cancellable?: Gio.Cancellable | null):
            Task<Outcomes<C>>;
        /** Fails with Gio.IOErrorEnum.TIMED_OUT after so many milliseconds; the child is cancelled and awaited. */
        function timeout<C extends Child>(child: C, milliseconds: number, cancellable?: Gio.Cancellable | null):
            Task<Outcome<C>>;
        /** Waits for the child, which is not cancelled with the wait. */
        function shield<C extends Child>(child: C, cancellable?: Gio.Cancellable | null): Task<Outcome<C>>;
        /** Cancels a task and waits for its end. */
        function cancel_task(task: Gio.Task, cancellable?: Gio.Cancellable | null): Task<void>;
        /** Waits for a task, and neither takes its value nor throws its failure. */
        function wait_task(child: Child, cancellable?: Gio.Cancellable | null): Promise<void>;
        function sleep(milliseconds: number, cancellable?: Gio.Cancellable | null): Promise<void>;

        interface RetryOptions {
            /** How often the job runs at most: 5. */
            max_tries?: number;
            /** The bound of the first delay, in milliseconds: 100. It doubles. */
            delay?: number;
            /** The bound of all delays, in milliseconds: 10000. */
            max_delay?: number;
            /** Whether another try would not help. */
            is_final?: (thrown: any) => boolean;
            parent?: Gio.Cancellable | null;
        }

        /** Starts a job again when it has failed, after a random delay. */
        function retry<T>(job: Job<T>, options?: RetryOptions): Task<Awaited<T>>;

        interface MapOptions {
            /** How many jobs run at once: 10. */
            max_concurrent?: number;
            /** Whether the results come in the order of the items: true. */
            ordered?: boolean;
            parent?: Gio.Cancellable | null;
        }

        /** The results of a job for each item. */
        function map<I, R>(job: (item: I, cancellable: CancelScope) => R | PromiseLike<R>,
            items: Iterable<I> | AsyncIterable<I>, options?: MapOptions): AsyncIterator<Awaited<R>>;
        interface Completed<C extends Child> extends AsyncIterator<Task<Outcome<C>>> {
            /** Adds another one, until the loop has ended. */
            add(child: C): void;
        }

        /** Each task as it ends: await it for its value. */
        function as_completed<C extends Child>(children: readonly C[], parent?: Gio.Cancellable | null): Completed<C>;
        /** Counts, once in so many milliseconds. */
        function repeat_periodically(milliseconds: number, cancellable?: Gio.Cancellable | null): AsyncIterator<number>;

        /** Any asynchronous method of any object. The cancellable may be left out, and there is no callback. */
        function call(object: object, method: string, ...args: unknown[]): Promise<any>;

        /** A signal cancels the scope, until the handler is released. */
        function handle_signal(signum: number, scope: CancelScope): SignalHandler;
        /** A signal cancels the function that runs. */
        function handle_signal<T>(signum: number, body: Job<T>, cancellable?: Gio.Cancellable | null):
            Promise<Awaited<T> | undefined>;
        function wait_for_signal(signums: number | number[], cancellable?: Gio.Cancellable | null): Promise<number>;

        /** Starts a job that is cancelled when the object is disposed, or emits the signal. */
        function spawn_for_object<T>(object: GObject.Object, job: Job<T>, signal?: string | null): void;
        /** Starts a job at each emission; it gets the arguments of the signal, without the object. */
        function connect(object: GObject.Object, signal: string,
            job: (cancellable: Gio.Cancellable, ...args: any[]) => unknown): number;
        function wait_for_emission_async(object: GObject.Object, signal: string,
            cancellable?: Gio.Cancellable | null): Promise<Emission>;
        /** Waits for a value, or for any change. */
        function wait_for_property_async(object: GObject.Object, property: string, value?: any,
            cancellable?: Gio.Cancellable | null): Promise<any>;
        function wait_for_fd_async(fd: number, condition: number,
            cancellable?: Gio.Cancellable | null): Promise<number>;
        function iterate_emissions(object: GObject.Object, signal: string, max_items?: number,
            overflow?: Overflow): AsyncIterator<Emission>;
        function iterate_property(object: GObject.Object, property: string): AsyncIterator<any>;

        enum Overflow { DROP_OLDEST, FAIL }

        class Emission extends GObject.Object implements Iterable<any> {
            get_n_args(): number;
            get_arg(index: number): any;
            [Symbol.iterator](): Iterator<any>;
        }

        class Latest extends GObject.Object {
            static new(parent: Gio.Cancellable | null, debounce: number): Latest;
            readonly busy: boolean;
            spawn<T>(job: Job<T>): Task<T>;
            cancel(): void;
            close(cancellable?: Gio.Cancellable | null): Task<void>;
        }

        interface AsyncIterator<T> extends GObject.Object, AsyncIterable<T> {
            next_async(cancellable?: Gio.Cancellable | null): Promise<[true, T] | [false, undefined]>;
            close_async(cancellable?: Gio.Cancellable | null): Promise<void>;
            /** For a loop that a cancellable ends. */
            iterate(cancellable?: Gio.Cancellable | null): AsyncIterableIterator<T>;
        }

        class CancelScope extends Gio.Cancellable {
            static new(parent: Gio.Cancellable | null): CancelScope;
            cancel_with_reason(reason: GLib.Error): void;
            dup_reason(): GLib.Error | null;
            set_deadline(microseconds: number): void;
            get_deadline(): number;
            set_shielded(shielded: boolean): void;
            get_shielded(): boolean;
        }

        class SignalHandler extends GObject.Object {
            release(): void;
        }

        class TaskGroup extends GObject.Object {
            static new(parent: Gio.Cancellable | null): TaskGroup;
            /** A block: its tasks are awaited in the end; one that fails cancels the others. */
            static open<T>(body: (group: TaskGroup, cancellable: CancelScope) => T | PromiseLike<T>,
                parent?: Gio.Cancellable | null): Promise<Awaited<T>>;
            spawn<T>(job: Job<T>): Task<Awaited<T>>;
            add(child: Child): Gio.Task;
            cancel(): void;
            close(cancellable?: Gio.Cancellable | null): Task<void>;
            close_async(cancellable?: Gio.Cancellable | null): Promise<void>;
            get_scope(): CancelScope;
        }

        /** Its tasks are cancelled at the end of the block. */
        class AutoTerminatedTaskGroup extends TaskGroup {}

        // @ts-ignore: its static methods are not those of its base class
        class Pool extends TaskGroup {
            static new(name?: string | null): Pool;
            static open<T>(body: (pool: Pool, cancellable: CancelScope) => T | PromiseLike<T>,
                options?: {name?: string | null, parent?: Gio.Cancellable | null}): Promise<Awaited<T>>;
            spawn_full<T>(name: string | null, depth: number, job: Job<T>): Task<Awaited<T>>;
            run(forever?: boolean, cancellable?: Gio.Cancellable | null): Task<void>;
            run_async(forever?: boolean, cancellable?: Gio.Cancellable | null): Promise<void>;
        }

        /** It is held until it is released. */
        interface LockGuard {
            get_scope(): CancelScope;
            release(): void;
        }

        /** Holds a lock while a function runs, or gives it to be released. */
        type Hold = <T>(body: (cancellable: CancelScope, guard: LockGuard) => T | PromiseLike<T>,
            cancellable?: Gio.Cancellable | null) => Promise<Awaited<T>>;
        type Acquire = (cancellable?: Gio.Cancellable | null) => Promise<LockGuard>;

        class SmartLock extends GObject.Object {
            static new(): SmartLock;
            exclusive: Hold;
            shared: Hold;
            thread_shared: Hold;
            weak_exclusive: Hold;
            exclusive_async: Acquire;
            shared_async: Acquire;
            thread_shared_async: Acquire;
            weak_exclusive_async: Acquire;
        }

        class NestableLock extends GObject.Object {
            static new(): NestableLock;
            acquire: Hold;
            acquire_async: Acquire;
        }

        class Limiter extends GObject.Object {
            static new(capacity: number): Limiter;
            acquire: Hold;
            acquire_async: Acquire;
        }

        class Button extends GObject.Object {
            static new(): Button;
            press(): void;
            wait_async(cancellable?: Gio.Cancellable | null): Promise<void>;
        }

        class Cargo<T = any> extends GObject.Object {
            static new(): Cargo;
            send(value: T): void;
            wait_async(cancellable?: Gio.Cancellable | null): Promise<T>;
        }

        class Latch extends GObject.Object {
            static new(): Latch;
            set(): void;
            unset(): void;
            /** Waits for the next change; gives the state. */
            wait_async(cancellable?: Gio.Cancellable | null): Promise<boolean>;
            wait_set_async(cancellable?: Gio.Cancellable | null): Promise<void>;
            wait_unset_async(cancellable?: Gio.Cancellable | null): Promise<void>;
        }

        class ThreadSafeEvent extends GObject.Object {
            static new(): ThreadSafeEvent;
            set(): void;
            wait_async(cancellable?: Gio.Cancellable | null): Promise<void>;
        }

        class ThreadSafeFuture<T = any> extends GObject.Object implements PromiseLike<T> {
            static new(): ThreadSafeFuture;
            set_value(value: T): void;
            set_error(error: unknown): void;
            then<A = T, B = never>(onValue?: ((value: T) => A | PromiseLike<A>) | null,
                onError?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<A | B>;
        }

        abstract class Queue<T = any> extends GObject.Object {
            get_async(cancellable?: Gio.Cancellable | null): Promise<T>;
            try_get(): [true, T] | [false, undefined];
            get_many(max?: number): T[];
            close(): void;
            close_with_error(error: unknown): void;
            is_empty(): boolean;
        }

        interface Queue<T = any> extends AsyncIterator<T> {}

        class UnorderedQueue<T = any> extends Queue<T> {
            static new(): UnorderedQueue;
            put(item: T): void;
            put(index: number, item: T): void;
        }

        class OrderedQueue<T = any> extends Queue<T> {
            static new(): OrderedQueue;
            put(index: number, item: T): void;
        }

        class Channel<T = any> extends GObject.Object {
            static new(capacity: number): Channel;
            send_async(item: T, cancellable?: Gio.Cancellable | null): Promise<void>;
            receive_async(cancellable?: Gio.Cancellable | null): Promise<T>;
            try_send(item: T): boolean;
            try_receive(): [true, T] | [false, undefined];
            close_send(): void;
            close_receive(): void;
            close_with_error(error: unknown): void;
        }

        interface Channel<T = any> extends AsyncIterator<T> {}

        class TestContext extends GObject.Object {
            static new(context: GLib.MainContext | null): TestContext;
            close(): void;
            get_elapsed(): number;
            cancel_at_step<T>(step: number, job: Job<T>): boolean;
            cancel_at_each_step<T>(job: Job<T>, check?: () => void): number;
        }
    }

    export default Aiodrive;
}

declare module 'gi://Aiodrive' {
    export {default} from 'gi://Aiodrive?version=1';
}
