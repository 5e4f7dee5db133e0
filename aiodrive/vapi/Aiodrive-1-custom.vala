// SPDX-License-Identifier: LGPL-2.1-or-later
// For vapigen: functions that a program in Vala implements, and whose parameters are pointers to const in C. Without
// the type the C compiler refuses what valac makes of them (-Wincompatible-pointer-types). And arrays of values, which
// valac takes for arrays of pointers to values.

namespace Aiodrive {
    [CCode (cheader_filename = "aiodrive/aiodrive.h", instance_pos = 3.9)]
    [Version (since = "1.0")]
    public delegate void MapFunc (GLib.Task task, GLib.Cancellable cancellable,
                                  [CCode (type = "const GValue*")] GLib.Value item);

    // `foreach (var item in queue.get_many (0).steal ())`
    [Compact]
    [CCode (cname = "GArray", ref_function = "g_array_ref", unref_function = "g_array_unref",
            cheader_filename = "glib-object.h")]
    [Version (since = "1.0")]
    public class Items {
        [CCode (cname = "len")]
        public uint length;
        [CCode (cname = "g_array_new")]
        public Items (bool zero_terminated = false, bool clear = false, uint element_size = (uint) sizeof (GLib.Value));
        [CCode (cname = "g_array_steal", array_length_type = "gsize")]
        public GLib.Value[] steal ();
    }

    public interface Queue : GLib.Object {
        public abstract Items get_many (uint max);
        public abstract void close_with_error ([CCode (type = "const GError*")] GLib.Error error);
        public abstract bool put (int64 index, [CCode (type = "const GValue*")] GLib.Value value) throws GLib.Error;
    }
}
