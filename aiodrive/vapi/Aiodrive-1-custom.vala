// SPDX-License-Identifier: LGPL-2.1-or-later
// For vapigen: functions that a program in Vala implements, and whose parameters are pointers to const in C. Without
// the type the C compiler refuses what valac makes of them (-Wincompatible-pointer-types).

namespace Aiodrive {
    [CCode (cheader_filename = "aiodrive/aiodrive.h", instance_pos = 3.9)]
    [Version (since = "1.0")]
    public delegate void MapFunc (GLib.Task task, GLib.Cancellable cancellable,
                                  [CCode (type = "const GValue*")] GLib.Value item);

    public interface Queue : GLib.Object {
        public abstract void close_with_error ([CCode (type = "const GError*")] GLib.Error error);
        public abstract bool put (int64 index, [CCode (type = "const GValue*")] GLib.Value value) throws GLib.Error;
    }
}
