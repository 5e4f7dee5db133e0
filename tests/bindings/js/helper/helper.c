/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#ifdef HAVE_MALLINFO2
#include <malloc.h>
#endif

/* What a script cannot do: to let another thread drop the last reference on something, and to tell what it has. */

static GPtrArray *kept;

/**
 * aiodrive_test_keep:
 * @object: an object
 *
 * Keeps a reference on @object.
 */
void
aiodrive_test_keep (GObject *object)
{
  if (kept == NULL)
    kept = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (kept, g_object_ref (object));
}

static gpointer
drop (gpointer objects)
{
  g_ptr_array_unref (objects);
  return NULL;
}

/**
 * aiodrive_test_drop_in_thread:
 *
 * Drops the references of aiodrive_test_keep() in a thread of its own, and waits for that.
 */
void
aiodrive_test_drop_in_thread (void)
{
  g_thread_join (g_thread_new ("dropper", drop, g_steal_pointer (&kept)));
}

static gint n_tokens;

static void
token_gone (gpointer data,
            GObject *token)
{
  g_atomic_int_add (&n_tokens, -1);
}

/**
 * aiodrive_test_token_new:
 *
 * Makes an object that aiodrive_test_count_tokens() counts as long as it lives.
 *
 * Returns: (transfer full): the object
 */
GObject *
aiodrive_test_token_new (void)
{
  GObject *token = g_object_new (G_TYPE_OBJECT, NULL);

  g_atomic_int_inc (&n_tokens);
  g_object_weak_ref (token, token_gone, NULL);
  return token;
}

/**
 * aiodrive_test_count_tokens:
 *
 * Returns: how many tokens live
 */
guint
aiodrive_test_count_tokens (void)
{
  return (guint) g_atomic_int_get (&n_tokens);
}

/**
 * aiodrive_test_get_bytes_in_use:
 *
 * What malloc() has given and not got back. Unlike the size of the process, it does not change with the room that a
 * garbage collector takes for itself, which depends on how fast things go.
 *
 * Returns: the number of bytes, or -1 where it cannot be told
 */
gint64
aiodrive_test_get_bytes_in_use (void)
{
#ifdef HAVE_MALLINFO2
  struct mallinfo2 info = mallinfo2 ();

  return (gint64) (info.uordblks + info.hblkhd);
#else
  return -1;
#endif
}
