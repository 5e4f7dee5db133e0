/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Returns the structure that contains @pointer as its @member. */
#define AIODRIVE_CONTAINER_OF(pointer, Type, member) ((Type *) ((guint8 *) (pointer) - G_STRUCT_OFFSET (Type, member)))

typedef struct _AiodriveWorkItem AiodriveWorkItem;

/* A function to run once in a main context. It is embedded in its owner. */
struct _AiodriveWorkItem
{
  AiodriveWorkItem *next;
  void            (*run) (AiodriveWorkItem *work);   /* see "Contexts go away" in dispatcher.c */
  gint64            stamp;   /* runs in an iteration that started after this; see aiodrive_dispatcher_stamp() */
};

/* A FIFO list of work items, which appends a whole chain in O(1). */
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
