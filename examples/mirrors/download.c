/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/download.h"

#include <aiodrive/aiodrive.h>

#include "examples/mirrors/fetch.h"
#include "examples/mirrors/mirror.h"
#include "examples/mirrors/progress.h"
#include "examples/mirrors/timeline.h"

typedef struct
{
  GPtrArray    *mirrors;      /* of Mirror */
  guint         n_parts;
  guint         timeout_ms;
  SoupSession  *session;
  GNode        *timeline;
  GCancellable *scope;

  gsize         length;       /* of the file; known after the first step */
  GPtrArray    *good;         /* of Mirror: those that have answered */
  gsize         n_received;
} Download;

static GPtrArray *
task_array_new (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static GTask *
ask_for_length (Download     *self,
                const Mirror *mirror,
                GNode        *parent_line)
{
  GTask *task = fetch_length (self->session, mirror->url, self->scope);

  timeline_watch (timeline_add (parent_line, "HEAD %s", mirror->name), task);
  return task;
}

/* Step 1: a race. Whoever succeeds first has won; the others are cancelled, and the race ends when they have ended. */
static gboolean
find_quickest (Download  *self,
               gint      *quickest,
               GError   **error)
{
  GNode *line = timeline_add (self->timeline, "1 race");
  g_autoptr(GPtrArray) tasks = task_array_new ();
  g_autoptr(GTask) race = NULL;
  g_autoptr(GTask) winner = NULL;

  g_print ("1. Race: who answers first?\n");
  for (guint i = 0; i < self->mirrors->len; i++)
    g_ptr_array_add (tasks, ask_for_length (self, self->mirrors->pdata[i], line));
  race = aiodrive_first_success ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, race);
  aiodrive_run (race);

  winner = aiodrive_first_success_finish (G_ASYNC_RESULT (race), quickest, error);
  if (winner == NULL)
    return FALSE;

  timeline_set_won (self->timeline, winner);
  self->length = g_task_propagate_int (winner, NULL);
  g_ptr_array_add (self->good, self->mirrors->pdata[*quickest]);
  g_print ("  %s: %" G_GSIZE_FORMAT " bytes\n", ((Mirror *) self->mirrors->pdata[*quickest])->name, self->length);
  return TRUE;
}

/* What a mirror said in the second step. */
static void
judge (Download *self,
       Mirror   *mirror,
       GTask    *answer)
{
  g_autoptr(GError) error = NULL;
  GTask *leaf = aiodrive_task_get_leaf (answer, &error);

  if (leaf == NULL)
    g_print ("  %s is left out: %s\n", mirror->name, error->message);
  else if ((gsize) g_task_propagate_int (leaf, NULL) != self->length)
    g_print ("  %s is left out: it has another file\n", mirror->name);
  else
    {
      g_print ("  %s answers\n", mirror->name);
      g_ptr_array_add (self->good, mirror);
    }
}

/* Step 2: a timeout for each. Here a failure stops nobody. */
static gboolean
ask_others (Download  *self,
            guint      quickest,
            GError   **error)
{
  GNode *line = timeline_add (self->timeline, "2 the others");
  g_autoptr(GPtrArray) others = g_ptr_array_new ();
  g_autoptr(GPtrArray) tasks = task_array_new ();
  g_autoptr(GTask) all = NULL;

  g_print ("2. Timeout: do the others answer within %u ms?\n", self->timeout_ms);
  for (guint i = 0; i < self->mirrors->len; i++)
    if (i != quickest)
      {
        Mirror *mirror = self->mirrors->pdata[i];
        GNode *timeout_line = timeline_add (line, "timeout for %s", mirror->name);
        g_autoptr(GTask) answer = ask_for_length (self, mirror, timeout_line);
        GTask *limited = aiodrive_timeout (answer, self->timeout_ms, self->scope);

        timeline_watch (timeout_line, limited);
        g_ptr_array_add (others, mirror);
        g_ptr_array_add (tasks, limited);
      }
  all = aiodrive_wait_all ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, all);
  aiodrive_run (all);

  if (g_cancellable_set_error_if_cancelled (self->scope, error))
    return FALSE;
  for (guint i = 0; i < others->len; i++)
    judge (self, others->pdata[i], tasks->pdata[i]);
  return TRUE;
}

/* A part of the file: a job that tries one mirror, and should that fail, all others at once. */
typedef struct
{
  Download *download;
  GNode    *line;
  guint     number;
  gsize     offset;
  gsize     length;
  Mirror   *mirror;    /* the one to try first */
} Part;

static GTask *
fetch_part (Part         *self,
            Mirror       *mirror,
            GCancellable *scope)
{
  GTask *task = fetch_range (self->download->session, mirror->url, self->offset, self->length, scope);

  timeline_watch (timeline_add (self->line, "GET %s", mirror->name), task);
  return task;
}

static void
return_part (Part  *self,
             GTask *task,
             GTask *fetched)
{
  g_autofree char *what = g_strdup_printf ("part %u", self->number);
  GBytes *bytes = g_task_propagate_pointer (fetched, NULL);

  self->download->n_received += g_bytes_get_size (bytes);
  progress_show (self->download->n_received, self->download->length, what);
  g_task_return_pointer (task, bytes, (GDestroyNotify) g_bytes_unref);
}

static void
on_others_tried (GObject      *source_object,
                 GAsyncResult *result,
                 gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  Part *self = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr(GTask) winner = aiodrive_first_success_finish (result, NULL, &error);

  if (winner == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  timeline_set_won (self->line, winner);
  return_part (self, task, winner);
}

static void
try_others (Part  *self,
            GTask *task)
{
  GPtrArray *mirrors = self->download->good;
  GCancellable *scope = g_task_get_cancellable (task);
  g_autoptr(GPtrArray) tasks = task_array_new ();

  for (guint i = 0; i < mirrors->len; i++)
    if (mirrors->pdata[i] != self->mirror)
      g_ptr_array_add (tasks, fetch_part (self, mirrors->pdata[i], scope));
  aiodrive_first_success_async ((GTask **) tasks->pdata, tasks->len, scope, on_others_tried, g_object_ref (task));
}

static void
on_first_tried (GObject      *source_object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(GTask) task = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) fetched = aiodrive_try_all_finish (result, &error);
  Part *self = g_task_get_task_data (task);

  if (fetched != NULL)
    return_part (self, task, fetched->pdata[0]);
  else if (self->download->good->len == 1)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (!g_task_return_error_if_cancelled (task))
    try_others (self, task);
}

static void
part_job (GTask        *task,
          GCancellable *cancellable,
          gpointer      user_data)
{
  Part *self = user_data;
  g_autoptr(GTask) first = fetch_part (self, self->mirror, cancellable);

  g_task_set_task_data (task, self, NULL);
  aiodrive_try_all_async (&first, 1, cancellable, on_first_tried, g_object_ref (task));
}

static GTask *
start_part (Download *self,
            guint     index,
            GNode    *parent_line)
{
  Part *part = g_new0 (Part, 1);
  GTask *task;

  part->download = self;
  part->line = timeline_add (parent_line, "part %u", index + 1);
  part->number = index + 1;
  part->offset = self->length / self->n_parts * index;
  part->length = index + 1 < self->n_parts ? self->length / self->n_parts : self->length - part->offset;
  part->mirror = self->good->pdata[index % self->good->len];

  task = aiodrive_spawn (self->scope, part_job, part, g_free);
  timeline_watch (part->line, task);
  return task;
}

/* Step 3: all parts at the same time. The first that is not to be had anywhere cancels the rest. */
static GPtrArray *
fetch_parts (Download  *self,
             GError   **error)
{
  GNode *line = timeline_add (self->timeline, "3 parts");
  g_autoptr(GPtrArray) tasks = task_array_new ();
  g_autoptr(GTask) all = NULL;

  self->n_parts = MIN (self->n_parts, self->length);
  g_print ("3. Parts: %u of them, from %u mirrors\n", self->n_parts, self->good->len);
  for (guint i = 0; i < self->n_parts; i++)
    g_ptr_array_add (tasks, start_part (self, i, line));
  all = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, all);
  aiodrive_run (all);

  progress_end ();
  return aiodrive_try_all_finish (G_ASYNC_RESULT (all), error);
}

static GBytes *
join (GPtrArray *parts,
      gsize      length)
{
  GByteArray *file = g_byte_array_sized_new (length);

  for (guint i = 0; i < parts->len; i++)
    {
      g_autoptr(GBytes) part = g_task_propagate_pointer (parts->pdata[i], NULL);

      g_byte_array_append (file, g_bytes_get_data (part, NULL), g_bytes_get_size (part));
    }
  return g_byte_array_free_to_bytes (file);
}

GBytes *
download (GPtrArray     *mirrors,
          guint          n_parts,
          guint          timeout_ms,
          SoupSession   *session,
          GNode         *timeline,
          GCancellable  *scope,
          GError       **error)
{
  g_autoptr(GPtrArray) good = g_ptr_array_new ();
  g_autoptr(GPtrArray) parts = NULL;
  Download self = { mirrors, n_parts, timeout_ms, session, timeline, scope, 0, good, 0 };
  gint quickest;

  if (!find_quickest (&self, &quickest, error) || !ask_others (&self, quickest, error))
    return NULL;

  parts = fetch_parts (&self, error);
  return parts != NULL ? join (parts, self.length) : NULL;
}
