/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/dispatcher-private.h"

G_BEGIN_DECLS

/* Work items one after the other; a chain of them is appended at once. */
typedef struct
{
  AiodriveWorkItem *first;
  AiodriveWorkItem *last;
} AiodriveWorkList;

static inline void
aiodrive_work_list_append (AiodriveWorkList *self,
                           AiodriveWorkItem *first,
                           AiodriveWorkItem *last)
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

static inline AiodriveWorkItem *
aiodrive_work_list_pop (AiodriveWorkList *self)
{
  AiodriveWorkItem *work = self->first;

  if (work != NULL)
    {
      self->first = work->next;
      if (self->first == NULL)
        self->last = NULL;
      work->next = NULL;
    }
  return work;
}

/* Moves all work items of @from to the end of @self, or to its start. */
static inline void
aiodrive_work_list_take (AiodriveWorkList *self,
                         AiodriveWorkList *from,
                         gboolean          in_front)
{
  AiodriveWorkList taken = *from;

  *from = (AiodriveWorkList) { NULL, NULL };
  if (in_front)
    {
      aiodrive_work_list_append (&taken, self->first, self->last);
      *self = taken;
    }
  else
    aiodrive_work_list_append (self, taken.first, taken.last);
}

G_END_DECLS
