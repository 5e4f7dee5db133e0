/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/aiodrive.h"

G_BEGIN_DECLS

/* Everything at once, at random, in many threads. main.c runs the threads and sums up; thread.c is one of them, with
 * its calls; shared.c is what they share. A family of primitives is a file with kinds and operations, and a line in the
 * table of main.c. */

typedef struct _StressThread StressThread;
typedef struct _StressCall StressCall;
typedef struct _StressKind StressKind;
typedef struct _StressShared StressShared;

/* An object that the threads share. */
struct _StressShared
{
  gint        ref_count;   /* atomic */
  StressKind *kind;
  gpointer    object;      /* owned */
};

#define STRESS_N_SLOTS 3
#define STRESS_PATIENCE_USEC (300 * G_USEC_PER_SEC)

struct _StressKind
{
  const char    *name;
  gsize          size;                                   /* of the structure that begins with StressShared */
  GObject     *(*make)     (StressShared     *shared,
                            GRand            *rand);
  void         (*kick)     (StressShared     *shared);   /* nullable; does what those who wait for it wait for */
  gboolean     (*may_wait) (const StressCall *call);     /* when nothing happens any more; NULL: nobody may */
  void         (*finish)   (StressShared     *shared);   /* nullable; checks it when nobody uses it any more */

  GMutex         lock;
  StressShared  *slots[STRESS_N_SLOTS];                  /* owned, guarded by lock */
};

typedef enum
{
  STRESS_AT_ONCE,   /* for every thread */
  STRESS_WAITS,     /* for threads that run a main context: it is called back */
  STRESS_BLOCKS,    /* for every thread; there is a deadline in those that run a main context */
} StressManner;

typedef struct
{
  const char   *name;
  StressManner  manner;
  guint         weight;
  void        (*run) (StressThread *thread,
                      GRand        *rand);
} StressOperation;

typedef struct
{
  StressKind            **kinds;        /* NULL-terminated */
  const StressOperation  *operations;   /* ended by one without a name */
  void                  (*settle)       (void);   /* nullable; lets go of what is held: 1 and more times at the end */
  void                  (*report)       (void);   /* nullable; after all: checks the totals and prints them */
} StressFamily;

extern const StressFamily stress_signals;
extern const StressFamily stress_smart_lock;
extern const StressFamily stress_locks;
extern const StressFamily stress_streams;
extern const StressFamily stress_tasks;
extern const StressFamily stress_groups;
extern const StressFamily stress_pools;
extern const StressFamily stress_iterators;
extern const StressFamily stress_races;
extern const StressFamily stress_executors;
extern const StressFamily stress_thread_groups;
extern const StressFamily stress_fibers;

/* shared.c */

typedef enum
{
  STRESS_PRIMITIVE,
  STRESS_CANCELLABLE,
  STRESS_TASK,
  STRESS_N_TRACKED,
} StressTracked;

void          stress_track             (gpointer        object,
                                        StressTracked   what);
gboolean      stress_is_all_gone       (void);
G_NORETURN
void          stress_fail              (const char     *format,
                                        ...) G_GNUC_PRINTF (1, 2);

gboolean      stress_chance            (GRand          *rand,
                                        guint           one_in);
guint         stress_below             (GRand          *rand,
                                        guint           n);

void          stress_kind_fill         (StressKind     *self,
                                        GRand          *rand);
void          stress_kind_clear        (StressKind     *self);
StressShared *stress_pick              (StressKind     *kind,
                                        GRand          *rand);
StressShared *stress_retire            (StressKind     *kind,
                                        GRand          *rand);
StressShared *stress_shared_ref        (StressShared   *self);
void          stress_shared_unref      (StressShared   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StressShared, stress_shared_unref)

GCancellable *stress_pick_cancellable  (GRand          *rand);
void          stress_cancel_one        (GRand          *rand);
void          stress_clear_cancellables (void);

/* thread.c */

typedef struct
{
  guint64 n_begun;
  guint64 n_done;        /* of the calls that it made */
  guint64 n_cancelled;
  guint64 n_failed;
  guint64 n_dropped;
} StressCount;

struct _StressThread
{
  guint                  number;
  GThread               *thread;       /* owned */
  GMainContext          *context;      /* owned; NULL: it only blocks */
  GRand                 *rand;         /* owned */
  StressCount           *counts;       /* owned; for each operation */
  gint                   n_begun;      /* atomic, as are the next: operations */
  gint                   n_ended;      /* calls */
  gint                   n_calls;      /* the length of pending */
  gint                   is_over;

  GMutex                 lock;
  GQueue                 pending;      /* of StressCall, by their nodes; guarded by lock */

  GQueue                 ended;        /* calls that are kept for a while: a second callback would find them here */
  guint                  operation;    /* whose calls are made now */
  gboolean               in_operation;
};

#define STRESS_MAX_CHILDREN 3

/* Something that waits. */
struct _StressCall
{
  GList           node;
  gboolean        pending;
  StressThread   *thread;
  guint           operation;
  StressShared   *shared[STRESS_MAX_CHILDREN];   /* owned, nullable: what it waits for */
  gboolean        combined;                      /* it waits in tasks of its own */
  gboolean        unchecked;                     /* it may be cancelled by others than the next ones */
  gboolean        was_cancelled;                 /* before it began */
  GCancellable   *cancellable;                   /* owned, nullable */
  void          (*ended) (StressCall   *call,
                          GAsyncResult *result);
  gpointer        data;                          /* for ended(); a call without data may be dropped unseen */
};

StressCall   *stress_call_new          (StressThread   *thread,
                                        StressKind     *kind,
                                        void          (*ended) (StressCall   *call,
                                                                GAsyncResult *result));
StressCall   *stress_call_new_with     (StressThread   *thread,
                                        StressShared   *shared,
                                        GCancellable   *cancellable,
                                        void          (*ended) (StressCall   *call,
                                                                GAsyncResult *result),
                                        gpointer        data);
StressCall   *stress_call_prepare      (StressThread   *thread,
                                        GCancellable   *cancellable,
                                        void          (*ended) (StressCall   *call,
                                                                GAsyncResult *result),
                                        gpointer        data);
void          stress_call_publish      (StressCall     *self);
StressCall   *stress_call_new_blocking (StressThread   *thread,
                                        StressKind     *kind);
void          stress_call_end          (StressCall     *self,
                                        const GError   *error);
void          stress_call_count        (StressCall     *self,
                                        const GError   *error);
void          stress_on_ready          (GObject        *source_object,
                                        GAsyncResult   *result,
                                        gpointer        call);

void          stress_thread_kick       (StressThread   *self,
                                        gboolean        cancel);
void          stress_thread_check_quiet (StressThread  *self);
void          stress_thread_print      (StressThread   *self);
gpointer      stress_thread_run        (gpointer        thread);

/* rest.c */

typedef struct
{
  gsize n_bytes;     /* in use */
  guint n_threads;
  guint n_files;
} StressRest;

guint         stress_count_entries     (const char       *folder);
void          stress_rest_take         (StressRest       *self);
void          stress_rest_print        (const StressRest *self,
                                        const char       *when);
gboolean      stress_rest_is_same      (const StressRest *before);

/* For tasks.c: what it waits for, and what it does with what that brings. */

extern StressKind stress_buttons;
extern StressKind stress_events;
extern StressKind stress_smart_locks;
extern StressKind stress_channels;

void          stress_use_guard         (StressThread      *thread,
                                        StressShared      *smart_lock,
                                        AiodriveLockGuard *guard);
void          stress_take_guard        (StressThread   *thread,
                                        StressShared   *smart_lock,
                                        GAsyncResult   *result);
void          stress_take_item         (StressShared   *channel,
                                        GAsyncResult   *result);

/* main.c */

extern const StressFamily * const stress_families[];
extern const StressOperation    **stress_operations;
extern guint                      stress_n_operations;

gboolean      stress_is_running        (gboolean        for_blockers);
gboolean      stress_meet              (gboolean        did_something);
void          stress_settle            (void);

G_END_DECLS
