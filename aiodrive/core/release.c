/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/release-private.h"

/* No recursion as deep as the data. A scope owns its parent, a combinator its children, so each finalizer would run the
 * next one from within. Instead a release during another release of the same thread is queued until that one has freed
 * its object (a trampoline). The outermost release returns when the queue is empty.
 * (/aiodrive/task/depth/scope/dropped, .../timeout, .../error) */

typedef struct
{
  gpointer       data;
  GDestroyNotify destroy;
} Reference;

typedef struct
{
  Reference  next;     /* data is NULL: there is none */
  GArray    *others;   /* owned, nullable: of Reference */
} Releasing;

static __thread Releasing *releasing;

static void
put_off (Releasing *self,
         Reference  reference)
{
  if (self->next.data == NULL)
    {
      self->next = reference;
      return;
    }
  if (self->others == NULL)
    self->others = g_array_new (FALSE, FALSE, sizeof (Reference));
  g_array_append_val (self->others, reference);
}

static Reference
take_next (Releasing *self)
{
  Reference reference = self->next;

  self->next.data = NULL;
  if (self->others != NULL && self->others->len > 0)
    {
      self->next = g_array_index (self->others, Reference, self->others->len - 1);
      g_array_set_size (self->others, self->others->len - 1);
    }
  return reference;
}

void
aiodrive_release (gpointer       data,
                  GDestroyNotify destroy)
{
  Reference reference = { data, destroy };
  Releasing here = { { NULL } };

  if (data == NULL)
    return;
  if (releasing != NULL)
    {
      put_off (releasing, reference);
      return;
    }

  releasing = &here;
  for (; reference.data != NULL; reference = take_next (&here))
    reference.destroy (reference.data);
  releasing = NULL;
  g_clear_pointer (&here.others, g_array_unref);
}

void
aiodrive_release_object (gpointer object)
{
  /* most have other references, so this release frees nothing; two threads that both see them recurse one step */
  if (object == NULL)
    return;
  if (g_atomic_int_get (&((GObject *) object)->ref_count) > 1)
    g_object_unref (object);
  else
    aiodrive_release (object, g_object_unref);
}
