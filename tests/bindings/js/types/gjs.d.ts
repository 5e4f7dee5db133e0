// SPDX-License-Identifier: LGPL-2.1-or-later
// As much of the types of GJS as the check needs; in applications they are those of @girs/gjs.

declare module 'gi://GObject?version=2.0' {
    namespace GObject {
        class Object {
            constructor(properties?: any);
            connect(signal: string, handler: (...args: any[]) => any): number;
            disconnect(handler: number): void;
        }
        function registerClass<T>(type: T): T;
        function registerClass<T>(options: any, type: T): T;
    }
    export default GObject;
}

declare module 'gi://GLib?version=2.0' {
    namespace GLib {
        class Error {
            constructor(domain: any, code: number, message: string);
            message: string;
            code: number;
            matches(domain: any, code: number): boolean;
        }
        type MainContext = any;
        type Bytes = any;
        const Bytes: any, PRIORITY_DEFAULT: number, SOURCE_REMOVE: boolean, SOURCE_CONTINUE: boolean;
        const FileError: any, ChecksumType: any, Checksum: any, Source: any, MainLoop: any, Uri: any, UriFlags: any;
        function get_monotonic_time(): number;
        function path_get_basename(path: string): string;
        function get_home_dir(): string;
        function idle_add(...args: any[]): number;
        function timeout_add(...args: any[]): number;
    }
    export default GLib;
}

declare module 'gi://Gio?version=2.0' {
    import GObject from 'gi://GObject?version=2.0';

    namespace Gio {
        class Cancellable extends GObject.Object {
            cancel(): void;
            is_cancelled(): boolean;
        }
        class Task extends GObject.Object {
            get_cancellable(): Cancellable;
            get_completed(): boolean;
        }
        const IOErrorEnum: any, File: any, FileCreateFlags: any, FileQueryInfoFlags: any, FileType: any;
        const Application: any, ApplicationFlags: any, OutputStreamSpliceFlags: any;
        const FILE_ATTRIBUTE_STANDARD_NAME: string, FILE_ATTRIBUTE_STANDARD_TYPE: string;
    }
    export default Gio;
}

declare module 'gi://GObject' {
    export {default} from 'gi://GObject?version=2.0';
}
declare module 'gi://GLib' {
    export {default} from 'gi://GLib?version=2.0';
}
declare module 'gi://Gio' {
    export {default} from 'gi://Gio?version=2.0';
}
declare module 'gi://Soup?version=3.0' {
    const Soup: any;
    export default Soup;
}
declare module 'gi://Gtk?version=4.0' {
    const Gtk: any;
    export default Gtk;
}
declare module 'system' {
    const System: any;
    export default System;
}
declare const ARGV: string[];
declare function print(...args: any[]): void;
declare function printerr(...args: any[]): void;
declare const console: any;
declare class TextDecoder { decode(bytes?: any): string; }
declare class TextEncoder { encode(text?: string): Uint8Array; }
interface ImportMeta { url: string; }
