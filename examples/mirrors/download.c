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

static GTask *
ask_for_length (Download     *self,
                const Mirror *mirror,
                GNode        *parent_line)
{
  GTask *task = fetch_length (self->session, mirror->url, self->scope);

  timeline_watch (timeline_add (parent_line, "HEAD %s", mirror->name), task);
  return task;
}

/* Step 1: a race. The first success wins; the others are cancelled, and the race ends when they have ended. */
static gboolean
find_quickest (Download  *self,
               gint      *quickest,
               GError   **error)
{
  GNode *line = timeline_add (self->timeline, "1 race");
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) race = NULL;
  GTask *winner;

  g_print ("1. Race: who answers first?\n");
  for (guint i = 0; i < self->mirrors->len; i++)
    g_ptr_array_add (tasks, ask_for_length (self, self->mirrors->pdata[i], line));
  race = aiodrive_first_success ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, race);
  if (!aiodrive_await (race, error))
    return FALSE;

  winner = aiodrive_first_success_finish (G_ASYNC_RESULT (race), quickest, NULL);
  timeline_set_won (self->timeline, winner);
  self->length = aiodrive_await_int (winner, NULL);
  g_ptr_array_add (self->good, self->mirrors->pdata[*quickest]);
  g_print ("  %s: %" G_GSIZE_FORMAT " bytes\n", ((Mirror *) self->mirrors->pdata[*quickest])->name, self->length);
  return TRUE;
}

/* Step 2: a timeout for each. Here a failure stops nobody. */
static gboolean
ask_others (Download  *self,
            guint      quickest,
            GError   **error)
{
  GNode *line = timeline_add (self->timeline, "2 the others");
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) all = NULL;

  g_print ("2. Timeout: do the others answer within %u ms?\n", self->timeout_ms);
  for (guint i = 0; i < self->mirrors->len; i++)
    if (i != quickest)
      {
        Mirror *mirror = self->mirrors->pdata[i];
        GNode *timeout_line = timeline_add (line, "timeout for %s", mirror->name);
        g_autoptr(GTask) answer = ask_for_length (self, mirror, timeout_line);

        g_ptr_array_add (tasks, aiodrive_timeout (answer, self->timeout_ms, self->scope));
        timeline_watch (timeout_line, tasks->pdata[tasks->len - 1]);
      }
  all = aiodrive_wait_all ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, all);
  aiodrive_await (all, NULL);
  if (g_cancellable_set_error_if_cancelled (self->scope, error))
    return FALSE;

  for (guint i = 0; i < tasks->len; i++)
    {
      Mirror *mirror = self->mirrors->pdata[i < quickest ? i : i + 1];
      g_autoptr(GError) failure = NULL;
      gint64 length = aiodrive_await_int (g_object_ref (tasks->pdata[i]), &failure);

      if (failure != NULL)
        g_print ("  %s is left out: %s\n", mirror->name, failure->message);
      else if ((gsize) length != self->length)
        g_print ("  %s is left out: it has another file\n", mirror->name);
      else
        {
          g_print ("  %s answers\n", mirror->name);
          g_ptr_array_add (self->good, mirror);
        }
    }
  return TRUE;
}

/* A part of the file. It tries one mirror, and should that fail, all others at once. */
typedef struct
{
  Download *download;
  GNode    *line;
  guint     number;
  gsize     offset;
  gsize     length;
} Part;

static GTask *
fetch_from (Part         *self,
            Mirror       *mirror,
            GCancellable *scope)
{
  GTask *task = fetch_range (self->download->session, mirror->url, self->offset, self->length, scope);

  timeline_watch (timeline_add (self->line, "GET %s", mirror->name), task);
  return task;
}

static GBytes *
fetch_from_others (Part          *self,
                   Mirror        *failed,
                   GCancellable  *scope,
                   GError       **error)
{
  GPtrArray *mirrors = self->download->good;
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) race = NULL;

  for (guint i = 0; i < mirrors->len; i++)
    if (mirrors->pdata[i] != failed)
      g_ptr_array_add (tasks, fetch_from (self, mirrors->pdata[i], scope));
  race = aiodrive_first_success ((GTask **) tasks->pdata, tasks->len, scope);
  if (!aiodrive_await (race, error))
    return NULL;

  timeline_set_won (self->line, aiodrive_task_get_leaf (race, NULL));
  return aiodrive_await_boxed (g_steal_pointer (&race), error);
}

static gboolean
fetch_part (GCancellable  *scope,
            gpointer       data,
            GValue        *result,
            GError       **error)
{
  Part *self = data;
  GPtrArray *mirrors = self->download->good;
  Mirror *first = mirrors->pdata[(self->number - 1) % mirrors->len];
  g_autofree char *what = g_strdup_printf ("part %u", self->number);
  g_autoptr(GError) failure = NULL;
  GBytes *bytes = aiodrive_await_boxed (fetch_from (self, first, scope), &failure);

  if (bytes == NULL && (mirrors->len == 1 || g_cancellable_is_cancelled (scope)))
    g_propagate_error (error, g_steal_pointer (&failure));
  else if (bytes == NULL)
    bytes = fetch_from_others (self, first, scope, error);
  if (bytes == NULL)
    return FALSE;

  self->download->n_received += g_bytes_get_size (bytes);
  progress_show (self->download->n_received, self->download->length, what);
  return aiodrive_return_boxed (result, G_TYPE_BYTES, bytes);
}

/* Step 3: all parts at the same time. The first one that no mirror has cancels the rest. */
static GBytes *
fetch_parts (Download  *self,
             GError   **error)
{
  GNode *line = timeline_add (self->timeline, "3 parts");
  guint n_parts = MIN (self->n_parts, self->length);
  gsize length = self->length / n_parts;
  g_autofree Part *parts = g_new (Part, n_parts);
  g_autoptr(GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(GTask) all = NULL;
  g_autoptr(GByteArray) file = g_byte_array_new ();

  g_print ("3. Parts: %u of them, from %u mirrors\n", n_parts, self->good->len);
  for (guint i = 0; i < n_parts; i++)
    {
      parts[i] = (Part) { self, timeline_add (line, "part %u", i + 1), i + 1, i * length, length };
      if (i == n_parts - 1)
        parts[i].length = self->length - i * length;
      g_ptr_array_add (tasks, aiodrive_spawn_fiber (self->scope, fetch_part, &parts[i], NULL));
      timeline_watch (parts[i].line, tasks->pdata[i]);
    }
  all = aiodrive_try_all ((GTask **) tasks->pdata, tasks->len, self->scope);
  timeline_watch (line, all);
  if (!aiodrive_await (all, error))
    return NULL;

  progress_end ();
  for (guint i = 0; i < n_parts; i++)
    {
      g_autoptr(GBytes) part = aiodrive_await_boxed (g_object_ref (tasks->pdata[i]), NULL);

      g_byte_array_append (file, g_bytes_get_data (part, NULL), g_bytes_get_size (part));
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&file));
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
  Download self = { mirrors, n_parts, timeout_ms, session, timeline, scope, 0, good, 0 };
  gint quickest;

  if (!find_quickest (&self, &quickest, error) || !ask_others (&self, quickest, error))
    return NULL;
  return fetch_parts (&self, error);
}
