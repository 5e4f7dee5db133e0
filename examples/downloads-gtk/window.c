/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/downloads-gtk/window.h"

#include "examples/downloads-gtk/download.h"

/* The window's downloads are tasks of one pool: its list of tasks is what the window shows, and when the window is
 * closed, it goes only when the pool has come to its end. */
struct _DownloadsWindow
{
  GtkApplicationWindow  parent_instance;

  AiodrivePool         *pool;
  SoupSession          *session;
  GFile                *directory;
  gboolean              closing;

  GtkEntry             *url;
  GtkLabel             *news;
  GtkNoSelection       *selection;
};

G_DEFINE_FINAL_TYPE (DownloadsWindow, downloads_window, GTK_TYPE_APPLICATION_WINDOW)

typedef struct
{
  DownloadsWindow *window;   /* which goes when its downloads have ended */
  Download        *download;
} Job;

static void
job_free (gpointer data)
{
  Job *self = data;

  download_free (self->download);
  g_free (self);
}

static gboolean
run_download (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  Job *self = data;

  if (!download_run (scope, self->download, result, error))
    return FALSE;   /* it was cancelled */

  gtk_label_set_label (self->window->news, g_value_get_string (result));
  return TRUE;
}

void
downloads_window_add (DownloadsWindow *self,
                      const char      *url)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GUri) uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, &error);
  Job *job;

  if (uri == NULL || (!g_str_equal (g_uri_get_scheme (uri), "http") && !g_str_equal (g_uri_get_scheme (uri), "https")))
    {
      g_autofree char *line = g_strdup_printf ("%s: not an address of the web", url);

      gtk_label_set_label (self->news, line);
      return;
    }

  job = g_new (Job, 1);
  *job = (Job) { self, download_new (self->session, uri, self->directory) };
  aiodrive_pool_spawn_full (self->pool, NULL, download_get_name (job->download), 0,
                            AIODRIVE_FIBER (run_download, job, job_free));
}

static void
on_url_activated (DownloadsWindow *self)
{
  downloads_window_add (self, gtk_editable_get_text (GTK_EDITABLE (self->url)));
  gtk_editable_set_text (GTK_EDITABLE (self->url), "");
}

static void
on_cancel_clicked (GtkListItem *row)
{
  aiodrive_task_info_cancel (gtk_list_item_get_item (row));
}

static void
on_cancel_all_clicked (DownloadsWindow *self)
{
  GListModel *tasks = aiodrive_task_group_get_tasks (AIODRIVE_TASK_GROUP (self->pool));

  for (guint i = 0; i < g_list_model_get_n_items (tasks); i++)
    {
      g_autoptr(AiodriveTaskInfo) info = g_list_model_get_item (tasks, i);

      aiodrive_task_info_cancel (info);
    }
}

static char *
describe_state (GObject           *row,
                AiodriveTaskState  state)
{
  g_autoptr(GEnumClass) states = g_type_class_ref (AIODRIVE_TYPE_TASK_STATE);

  return g_strdup (g_enum_get_value (states, state)->value_nick);
}

static void
on_pool_closed (GObject      *source_object,
                GAsyncResult *result,
                gpointer      user_data)
{
  g_autoptr(DownloadsWindow) self = user_data;

  aiodrive_task_group_close_finish (AIODRIVE_TASK_GROUP (self->pool), result, NULL);
  gtk_window_destroy (GTK_WINDOW (self));
}

/* Nothing of what was begun here outlives the window, nor leaves half a file. */
static gboolean
downloads_window_close_request (GtkWindow *window)
{
  DownloadsWindow *self = DOWNLOADS_WINDOW (window);

  if (!self->closing)
    {
      self->closing = TRUE;
      gtk_widget_set_sensitive (GTK_WIDGET (self), FALSE);
      aiodrive_task_group_cancel (AIODRIVE_TASK_GROUP (self->pool));
      aiodrive_task_group_close_async (AIODRIVE_TASK_GROUP (self->pool), NULL, on_pool_closed, g_object_ref (self));
    }
  return GDK_EVENT_STOP;
}

static void
downloads_window_finalize (GObject *object)
{
  DownloadsWindow *self = DOWNLOADS_WINDOW (object);

  g_object_unref (self->pool);
  g_object_unref (self->session);
  g_clear_object (&self->directory);

  G_OBJECT_CLASS (downloads_window_parent_class)->finalize (object);
}

static void
downloads_window_class_init (DownloadsWindowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = downloads_window_finalize;
  GTK_WINDOW_CLASS (klass)->close_request = downloads_window_close_request;

  g_type_ensure (AIODRIVE_TYPE_TASK_INFO);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/aiodrive/downloads/window.ui");
  gtk_widget_class_bind_template_child (widget_class, DownloadsWindow, url);
  gtk_widget_class_bind_template_child (widget_class, DownloadsWindow, news);
  gtk_widget_class_bind_template_child (widget_class, DownloadsWindow, selection);
  gtk_widget_class_bind_template_callback (widget_class, on_url_activated);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel_clicked);
  gtk_widget_class_bind_template_callback (widget_class, on_cancel_all_clicked);
  gtk_widget_class_bind_template_callback (widget_class, describe_state);
}

static void
downloads_window_init (DownloadsWindow *self)
{
  self->pool = aiodrive_pool_open ("downloads", NULL);
  /* a request that waits for a free connection would not notice that it is cancelled */
  self->session = soup_session_new_with_options ("max-conns", 1000, "max-conns-per-host", 1000, NULL);

  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_no_selection_set_model (self->selection, aiodrive_task_group_get_tasks (AIODRIVE_TASK_GROUP (self->pool)));
}

DownloadsWindow *
downloads_window_new (GtkApplication *application,
                      GFile          *directory)
{
  DownloadsWindow *self = g_object_new (DOWNLOADS_TYPE_WINDOW, "application", application, NULL);

  self->directory = g_object_ref (directory);
  return self;
}
