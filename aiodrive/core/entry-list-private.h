/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/dispatcher-private.h"

G_BEGIN_DECLS

/* Entries one after the other; a chain of them is appended at once. */
typedef struct
{
  AiodriveEntry *first;
  AiodriveEntry *last;
} AiodriveEntryList;

static inline void
aiodrive_entry_list_append (AiodriveEntryList *self,
                            AiodriveEntry     *first,
                            AiodriveEntry     *last)
{
  if (first == NULL)
    return;

  last->next = NULL;
  if (self->last != NULL)
    self->last->next = first;
  else
    self->first = first;
  self->last = last;
}

static inline AiodriveEntry *
aiodrive_entry_list_pop (AiodriveEntryList *self)
{
  AiodriveEntry *entry = self->first;

  if (entry != NULL)
    {
      self->first = entry->next;
      if (self->first == NULL)
        self->last = NULL;
      entry->next = NULL;
    }
  return entry;
}

/* Moves all entries of @from to the end of @self, or to its start. */
static inline void
aiodrive_entry_list_take (AiodriveEntryList *self,
                          AiodriveEntryList *from,
                          gboolean           in_front)
{
  AiodriveEntryList taken = *from;

  *from = (AiodriveEntryList) { NULL, NULL };
  if (in_front)
    {
      aiodrive_entry_list_append (&taken, self->first, self->last);
      *self = taken;
    }
  else
    aiodrive_entry_list_append (self, taken.first, taken.last);
}

G_END_DECLS
