/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Threads of which only one runs at a time. Wherever one locks, unlocks, yields, would block, does something atomic or
 * drops a reference, another may go on: which one, is a decision. The decisions of a run make it happen again,
 * exactly. */

#define MAX_BODIES  3
#define MAX_THREADS (MAX_BODIES + 2)   /* with those that the library starts */

typedef struct
{
  const char *name;
  void      (*set_up)  (void);               /* nothing is scheduled in this one and in check() */
  void      (*bodies[MAX_BODIES]) (void);    /* each in a thread with a main context of its own; nullable */
  void      (*check)   (void);               /* when all have ended, those too that the library has started */
  gboolean    without_context;               /* the bodies have none of their own: theirs is the default one */
} Scenario;

/* Decides which of the @enabled threads goes on. The first is the one that ran until now, where @free is not set:
 * then any other one is a preemption. */
typedef guint (*Decide) (const guint *enabled,
                         guint        n_enabled,
                         gboolean     free);

void  scheduler_start       (void);

/* Gives how many decisions there were. Reports what is wrong with scheduler_fail(). */
guint scheduler_run         (const Scenario *scenario,
                             Decide          decide);

/* The decisions of the run so far, as a string to be replayed. */
const char *scheduler_describe (void);

/* Says what is wrong, and how to see it again; does not return. */
void  scheduler_fail        (const char *format,
                             ...) G_GNUC_PRINTF (1, 2) G_GNUC_NORETURN;

/* Called with what was wrong, perhaps when there is no heap any more; ends the process. */
extern void (*scheduler_on_failure) (const char *message);

/* For a body: others may go on here. */
void  scheduler_yield       (void);

/* For a body: it waits for others to do something. */
void  scheduler_spin        (void);

void  scheduler_iterate_until_idle (GMainContext *context);

/* For check(): how many warnings there were. Those that it does not take are failures. */
guint scheduler_take_warnings (void);

#define scheduler_assert(condition) \
  G_STMT_START { if (!(condition)) scheduler_fail ("%s: %s", G_STRFUNC, #condition); } G_STMT_END

G_END_DECLS
