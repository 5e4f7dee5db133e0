/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "aiodrive/core/stack-tools-private.h"

G_BEGIN_DECLS

typedef struct _AiodriveStack AiodriveStack;
typedef struct _AiodriveStackPool AiodriveStackPool;

typedef void (*AiodriveStackFunc) (gpointer data);

typedef enum
{
  AIODRIVE_STACK_IDLE,        /* no function runs on it */
  AIODRIVE_STACK_SUSPENDED,
  AIODRIVE_STACK_ACTIVE,      /* its function runs, or a stack that its function resumed */
} AiodriveStackState;

/* The stack of a fiber, and where the fiber stands. It lies at the high end of the memory of the stack itself. */
struct _AiodriveStack
{
  GList               link;              /* in the pool; its data is this */
  GList               mapped_link;       /* among all; guarded by a lock, as the next three */
  gboolean            is_used;           /* acquired, not released */
  const char         *name;              /* set when it is acquired; outlives the use */
  GThread            *thread;            /* unowned: the thread that acquired it */
  guint8             *memory;            /* mapped; begins with the guard */
  gsize               size;              /* of the memory above the guard */
  gsize               guard_size;
  gboolean            guard_is_mapping;
  gboolean            trimmed;           /* trimmed since its last use */

  /* the fields below belong to stack-switch.c */
  AiodriveStackState  state;
  AiodriveStackFunc   func;
  AiodriveStackFunc   on_ended;          /* nullable: called by its resumer once func has returned */
  gpointer            data;              /* for both */
  gpointer            place;             /* where it continues; NULL: never entered */
  gpointer            resumer_place;     /* where its resumer continues */
  AiodriveStackFunc   outside_func;      /* nullable: its resumer calls this */
  gpointer            outside_data;
  gint64              busy_since;        /* the first checkpoint since it was resumed; 0: none */
  int                 depth;             /* g_main_depth() when it was resumed last */
  GMainContext       *context;           /* unowned, nullable: the thread-default one then */
  gpointer            frame;             /* for debuggers: the frame of the last suspension, and its return address */
  gpointer            return_address;
  AiodriveStackTools  tools;
  gint64              room[24];          /* for what belongs to func; zero when the stack is acquired */
};

AiodriveStack     *aiodrive_stack_acquire        (const char     *name,
                                                  GError        **error);
void               aiodrive_stack_release        (AiodriveStack  *self);
gpointer           aiodrive_stack_get_low        (AiodriveStack  *self);

gsize              aiodrive_stack_get_size       (void);
void               aiodrive_stack_set_size       (gsize           size);

char              *aiodrive_stack_list_names     (GThread        *thread);
guint              aiodrive_stack_count_mapped   (void);

AiodriveStackPool *aiodrive_stack_pool_get       (void);
guint              aiodrive_stack_pool_count     (AiodriveStackPool *self);

G_END_DECLS
