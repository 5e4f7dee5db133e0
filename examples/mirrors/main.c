/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <aiodrive/aiodrive.h>
#include <libsoup/soup.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "examples/mirrors/download.h"
#include "examples/mirrors/options.h"
#include "examples/mirrors/servers.h"
#include "examples/mirrors/timeline.h"

#define FILE_SIZE (6 * 1024 * 1024)
#define IDLE_TIMEOUT_S 30
#define STATUS_INTERRUPTED 130

/* Before the first moment in which there is something to cancel, and after the last. */
static void
exit_interrupted (int signum)
{
  _exit (STATUS_INTERRUPTED);
}

static GBytes *
make_up_file (void)
{
  guint32 *data = g_malloc (FILE_SIZE);

  data[0] = 1;
  for (guint i = 1; i < FILE_SIZE / sizeof (guint32); i++)
    data[i] = data[i - 1] * 1664525 + 1013904223;
  return g_bytes_new_take (data, FILE_SIZE);
}

/* Any asynchronous function of GIO is a task. */
static GBytes *
load_file (GFile         *file,
           GNode         *timeline,
           GCancellable  *scope,
           GError       **error)
{
  GTask *task = AIODRIVE_START (G_CANCELLABLE (scope), g_file_load_bytes_async, file);
  g_autoptr(GAsyncResult) loaded = NULL;
  g_autoptr(GBytes) bytes = NULL;

  timeline_watch (timeline_add (timeline, "load the file"), task);
  loaded = aiodrive_await_object (task, error);
  bytes = loaded != NULL ? g_file_load_bytes_finish (file, loaded, NULL, error) : NULL;
  if (bytes == NULL || g_bytes_get_size (bytes) > 0)
    return g_steal_pointer (&bytes);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The file is empty");
  return NULL;
}

static gboolean
save_file (GFile         *file,
           GBytes        *bytes,
           GNode         *timeline,
           GCancellable  *scope,
           GError       **error)
{
  GTask *task = AIODRIVE_START (G_CANCELLABLE (scope), g_file_replace_contents_bytes_async, file, bytes, NULL, FALSE,
                                G_FILE_CREATE_NONE);
  g_autoptr(GAsyncResult) saved = NULL;

  timeline_watch (timeline_add (timeline, "write the file"), task);
  saved = aiodrive_await_object (task, error);
  return saved != NULL && g_file_replace_contents_finish (file, saved, NULL, error);
}

static gboolean
verify (GBytes      *bytes,
        const char  *expected,
        GError     **error)
{
  g_autofree char *checksum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);

  g_print ("4. Checksum\n  SHA-256 %s: ", checksum);
  if (expected == NULL)
    g_print ("not known (give --sha256 to compare it)\n");
  else if (g_ascii_strcasecmp (checksum, expected) == 0)
    g_print ("right\n");
  else
    {
      g_print ("wrong\n");
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The checksum should be %s", expected);
      return FALSE;
    }
  return TRUE;
}

static gboolean
fetch_verify_save (const Options  *options,
                   GPtrArray      *mirrors,
                   const char     *sha256,
                   SoupSession    *session,
                   GNode          *timeline,
                   GCancellable   *scope,
                   GError        **error)
{
  g_autoptr(GBytes) bytes = download (mirrors, options->n_parts, options->timeout_ms, session, timeline, scope, error);

  return bytes != NULL && verify (bytes, sha256, error) &&
         (options->output == NULL || save_file (options->output, bytes, timeline, scope, error));
}

/* From mirrors that we are ourselves. */
static gboolean
run_here (const Options  *options,
          SoupSession    *session,
          GNode          *timeline,
          GCancellable   *scope,
          GError        **error)
{
  g_autoptr(GBytes) file = options->file != NULL ? load_file (options->file, timeline, scope, error) : make_up_file ();
  g_autofree char *checksum = NULL;
  Servers *servers;
  gboolean done;

  if (file == NULL)
    return FALSE;
  servers = servers_start (file, scope, error);
  if (servers == NULL)
    return FALSE;

  soup_session_set_proxy_resolver (session, NULL);
  checksum = options->sha256 != NULL ? g_strdup (options->sha256)
                                     : g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file);
  done = fetch_verify_save (options, servers_get_mirrors (servers), checksum, session, timeline, scope, error);
  servers_stop (servers);
  return done;
}

/* A request that waits for a free connection does not notice that it is cancelled: so none has to wait. */
static SoupSession *
new_session (const Options *options)
{
  int n_per_host = options->n_parts + 1;
  int n_in_all = n_per_host * MAX (options->mirrors->len, N_SERVERS);
  SoupSession *session = soup_session_new_with_options ("max-conns", n_in_all,
                                                        "max-conns-per-host", n_per_host,
                                                        "timeout", IDLE_TIMEOUT_S,
                                                        NULL);

  /* parts of a compressed file are of no use */
  soup_session_remove_feature_by_type (session, SOUP_TYPE_CONTENT_DECODER);
  return session;
}

typedef struct
{
  const Options *options;
  GNode         *timeline;
} Run;

/* The program is a fiber: it reads from top to bottom, and is suspended where it waits. */
static gboolean
run (GCancellable  *scope,
     gpointer       data,
     GValue        *result,
     GError       **error)
{
  const Options *options = ((Run *) data)->options;
  GNode *timeline = ((Run *) data)->timeline;
  g_autoptr(SoupSession) session = new_session (options);
  gboolean done;

  if (options->mirrors->len > 0)
    done = fetch_verify_save (options, options->mirrors, options->sha256, session, timeline, scope, error);
  else
    done = run_here (options, session, timeline, scope, error);
  soup_session_abort (session);
  return done;
}

static void
print_timeline (GNode *timeline)
{
  guint n_started, n_ended;
  gboolean over = timeline_is_over (timeline, &n_started, &n_ended);

  g_print ("\n");
  timeline_print (timeline);
  g_print ("\n%u tasks started, %u ended.\n", n_started, n_ended);
  g_assert (over);
}

static int
run_and_report (const Options       *options,
                AiodriveCancelScope *scope)
{
  Run data = { options, timeline_new () };
  g_autoptr(GTask) task = aiodrive_spawn_fiber (G_CANCELLABLE (scope), run, &data, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) left = NULL;

  aiodrive_run (task);
  print_timeline (data.timeline);
  timeline_free (data.timeline);

  /* "Operation was cancelled" becomes the reason why it was */
  aiodrive_task_propagate (task, &value, &error);
  if (!aiodrive_cancel_scope_leave (scope, error, &left))
    g_printerr ("mirrors: %s\n", left->message);
  return error == NULL ? 0 : 1;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveSignalHandler) interrupt = NULL;
  g_auto(GStrv) arguments = g_strdupv (argv);
  g_auto(Options) options = { NULL };
  g_autoptr(GError) error = NULL;
  int status = 1;

  setlocale (LC_ALL, "");
  setvbuf (stdout, NULL, _IOLBF, 0);

  /* whatever is started here is below this one scope */
  signal (SIGINT, exit_interrupted);
  interrupt = aiodrive_handle_signal (SIGINT, scope, &error);
  if (interrupt != NULL && options_parse (&options, &arguments, &error))
    status = run_and_report (&options, scope);
  else
    g_printerr ("mirrors: %s\n", error->message);

  /* from here on there is nothing to cancel: a signal that is to come finds exit_interrupted() again */
  g_clear_object (&interrupt);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  return g_cancellable_is_cancelled (G_CANCELLABLE (scope)) ? STATUS_INTERRUPTED : status;
}
