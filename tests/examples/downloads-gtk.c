/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/downloads-gtk/window.h"

#include <aiodrive/aiodrive.h>
#include <glib/gstdio.h>
#include <libsoup/soup.h>

/* Clicks its way through the window of the example, on an X server. Argument: where to put a picture of it. */

#define HALF (100 * 1024)

static const char *picture_path;
static GtkApplication *application;

typedef struct
{
  SoupServer      *server;
  GHashTable      *held;        /* of SoupServerMessage, by name: half of the file is sent */
  char            *url;
  char            *directory;
  DownloadsWindow *window;
} Fixture;

static GBytes *
make_half (void)
{
  guint8 *data = g_malloc (HALF);

  for (gsize i = 0; i < HALF; i++)
    data[i] = i;
  return g_bytes_new_take (data, HALF);
}

static void
on_chunk_written (SoupServerMessage *message,
                  Fixture           *self)
{
  const char *name = g_uri_get_path (soup_server_message_get_uri (message)) + 1;

  if (g_hash_table_contains (self->held, name))
    return;
  g_hash_table_insert (self->held, g_strdup (name), g_object_ref (message));
  soup_server_message_pause (message);
}

static void
on_request (SoupServer        *server,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  g_autoptr(GBytes) half = make_half ();

  if (g_str_equal (path, "/missing.iso"))
    {
      soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
      return;
    }
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_message_headers_set_content_length (soup_server_message_get_response_headers (message), 2 * HALF);
  soup_message_body_append_bytes (body, half);
  soup_message_body_append_bytes (body, half);
  soup_message_body_complete (body);
  g_signal_connect (message, "wrote-chunk", G_CALLBACK (on_chunk_written), user_data);
}

static void
release (Fixture    *self,
         const char *name)
{
  soup_server_message_unpause (g_hash_table_lookup (self->held, name));
}

#define ITERATE_UNTIL(condition) \
  G_STMT_START \
    while (!(condition)) \
      g_main_context_iteration (NULL, TRUE); \
  G_STMT_END

static void
set_up (Fixture       *self,
        gconstpointer  data)
{
  g_autoptr(GFile) directory = NULL;
  g_autoptr(GError) error = NULL;
  GSList *uris;

  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_handler (self->server, NULL, on_request, self, NULL);
  g_assert_true (soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
  g_assert_no_error (error);
  uris = soup_server_get_uris (self->server);
  self->url = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);

  self->directory = g_dir_make_tmp (NULL, &error);
  g_assert_no_error (error);
  directory = g_file_new_for_path (self->directory);

  self->window = downloads_window_new (application, directory);
  g_object_add_weak_pointer (G_OBJECT (self->window), (gpointer *) &self->window);
  gtk_window_present (GTK_WINDOW (self->window));
  ITERATE_UNTIL (gtk_widget_get_mapped (GTK_WIDGET (self->window)));
}

static void
tear_down (Fixture       *self,
           gconstpointer  data)
{
  g_assert_null (self->window);
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_hash_table_unref (self->held);
  g_free (self->url);
  g_assert_no_errno (g_rmdir (self->directory));   /* nothing was left in it */
  g_free (self->directory);
}

/* The n-th widget of a type with such a label, or any, among those that are shown; counted down in n. */
static GtkWidget *
find (GtkWidget  *widget,
      GType       type,
      const char *label,
      guint      *n)
{
  if (!gtk_widget_get_mapped (widget))
    return NULL;
  if (G_TYPE_CHECK_INSTANCE_TYPE (widget, type) &&
      (label == NULL || g_strcmp0 (gtk_button_get_label (GTK_BUTTON (widget)), label) == 0) && (*n)-- == 0)
    return widget;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type, label, n);

      if (found != NULL)
        return found;
    }
  return NULL;
}

static GtkWidget *
get_button (Fixture    *self,
            const char *label,
            guint       n)
{
  return find (GTK_WIDGET (self->window), GTK_TYPE_BUTTON, label, &n);
}

static double
get_fraction (Fixture *self,
              guint    n)
{
  GtkWidget *bar = find (GTK_WIDGET (self->window), GTK_TYPE_PROGRESS_BAR, NULL, &n);

  return bar != NULL ? gtk_progress_bar_get_fraction (GTK_PROGRESS_BAR (bar)) : -1;
}

static void
on_exited (GObject      *source_object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  g_subprocess_wait_check_finish (G_SUBPROCESS (source_object), result, &error);
  g_assert_no_error (error);
  *(gboolean *) user_data = TRUE;
}

static void
use_mouse (const char *arguments)
{
  g_autofree char *command = g_strconcat ("xdotool ", arguments, NULL);
  g_auto(GStrv) argv = g_strsplit (command, " ", -1);
  g_autoptr(GError) error = NULL;
  g_autoptr(GSubprocess) mouse = g_subprocess_newv ((const char **) argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error);
  gboolean exited = FALSE;

  g_assert_no_error (error);
  g_subprocess_wait_check_async (mouse, NULL, on_exited, &exited);
  ITERATE_UNTIL (exited);
}

static void
on_painted (GdkFrameClock *clock,
            gboolean      *painted)
{
  *painted = TRUE;
}

/* Everything that has changed until now is laid out, and drawn. */
static void
wait_for_frame (Fixture *self)
{
  GdkFrameClock *clock = gtk_widget_get_frame_clock (GTK_WIDGET (self->window));
  gboolean painted = FALSE;
  gulong handler = g_signal_connect (clock, "after-paint", G_CALLBACK (on_painted), &painted);

  gtk_widget_queue_draw (GTK_WIDGET (self->window));
  ITERATE_UNTIL (painted);
  g_signal_handler_disconnect (clock, handler);
}

static gboolean
get_middle (Fixture          *self,
            const char       *label,
            guint             n,
            graphene_point_t *middle)
{
  GtkWidget *button = get_button (self, label, n);
  graphene_rect_t bounds;
  double x, y;

  if (button == NULL || !gtk_widget_compute_bounds (button, GTK_WIDGET (self->window), &bounds) ||
      bounds.size.width <= 0)
    return FALSE;

  gtk_native_get_surface_transform (GTK_NATIVE (self->window), &x, &y);
  *middle = GRAPHENE_POINT_INIT (x + bounds.origin.x + bounds.size.width / 2,
                                 y + bounds.origin.y + bounds.size.height / 2);
  return TRUE;
}

static gboolean
is_hovered (Fixture    *self,
            const char *label,
            guint       n)
{
  GtkWidget *button = get_button (self, label, n);

  return button != NULL && gtk_widget_get_state_flags (button) & GTK_STATE_FLAG_PRELIGHT;
}

static gboolean
has_moved (Fixture                *self,
           const char             *label,
           guint                   n,
           const graphene_point_t *from)
{
  graphene_point_t now;

  return !get_middle (self, label, n, &now) || !graphene_point_equal (&now, from);
}

/* As a user would: by the mouse, which follows the button if that moves meanwhile. A pointer that is there already says
 * nothing, so it comes from beside it. */
static void
hover (Fixture    *self,
       const char *label,
       guint       n)
{
  g_autofree char *move = NULL;
  graphene_point_t to;

  wait_for_frame (self);
  if (!get_middle (self, label, n, &to))
    return;
  move = g_strdup_printf ("search --sync --onlyvisible --name ^Downloads$ mousemove --window %%1 %.0f %.0f "
                          "mousemove --window %%1 %.0f %.0f", to.x + 1, to.y, to.x, to.y);
  use_mouse (move);
  ITERATE_UNTIL (is_hovered (self, label, n) || has_moved (self, label, n, &to));
}

static void
click (Fixture    *self,
       const char *label,
       guint       n)
{
  while (!is_hovered (self, label, n))
    hover (self, label, n);
  use_mouse ("click 1");
}

static void
add (Fixture    *self,
     const char *name)
{
  g_autofree char *url = g_strconcat (self->url, name, NULL);

  downloads_window_add (self->window, url);
}

/* NULL while something is to be laid out. */
static GskRenderNode *
draw (GtkWidget *widget)
{
  g_autoptr(GdkPaintable) paintable = gtk_widget_paintable_new (widget);
  GtkSnapshot *snapshot = gtk_snapshot_new ();

  gdk_paintable_snapshot (paintable, snapshot, gdk_paintable_get_intrinsic_width (paintable),
                          gdk_paintable_get_intrinsic_height (paintable));
  return gtk_snapshot_free_to_node (snapshot);
}

static void
take_picture (Fixture *self)
{
  g_autoptr(GskRenderNode) node = NULL;
  g_autoptr(GdkTexture) texture = NULL;

  while ((node = draw (GTK_WIDGET (self->window))) == NULL)
    wait_for_frame (self);
  texture = gsk_renderer_render_texture (gtk_native_get_renderer (GTK_NATIVE (self->window)), node, NULL);
  g_assert_true (gdk_texture_save_to_png (texture, picture_path));
}

static gboolean
news_are (Fixture    *self,
          const char *text)
{
  for (guint i = 0;; i++)
    {
      guint n = i;
      GtkWidget *label = find (GTK_WIDGET (self->window), GTK_TYPE_LABEL, NULL, &n);

      if (label == NULL)
        return FALSE;
      if (g_strcmp0 (gtk_label_get_label (GTK_LABEL (label)), text) == 0)
        return TRUE;
    }
}

static void
remove_saved (Fixture    *self,
              const char *name)
{
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr(GBytes) half = make_half ();
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  g_assert_cmpuint (length, ==, 2 * HALF);
  g_assert_cmpmem (contents, HALF, g_bytes_get_data (half, NULL), HALF);
  g_assert_cmpmem (contents + HALF, HALF, g_bytes_get_data (half, NULL), HALF);
  g_assert_no_errno (g_unlink (path));
}

static void
close_window (Fixture *self)
{
  gtk_window_close (GTK_WINDOW (self->window));
  ITERATE_UNTIL (self->window == NULL);
}

static void
test_clicks (Fixture       *self,
             gconstpointer  data)
{
  GtkWidget *entry;
  guint first = 0;
  g_autofree char *url = g_strconcat (self->url, "cherries.iso", NULL);

  add (self, "apples.iso");
  add (self, "berries.iso");
  entry = find (GTK_WIDGET (self->window), GTK_TYPE_ENTRY, NULL, &first);
  gtk_editable_set_text (GTK_EDITABLE (entry), url);
  click (self, "Download", 0);
  ITERATE_UNTIL (get_fraction (self, 0) == 0.5 && get_fraction (self, 1) == 0.5 && get_fraction (self, 2) == 0.5);
  g_assert_cmpstr (gtk_editable_get_text (GTK_EDITABLE (entry)), ==, "");
  take_picture (self);

  click (self, "Cancel", 1);
  ITERATE_UNTIL (get_button (self, "Cancel", 2) == NULL);

  release (self, "apples.iso");
  ITERATE_UNTIL (news_are (self, "apples.iso: saved") && get_button (self, "Cancel", 1) == NULL);
  remove_saved (self, "apples.iso");

  add (self, "dates.iso");
  ITERATE_UNTIL (get_fraction (self, 1) == 0.5);
  click (self, "Cancel all", 0);
  ITERATE_UNTIL (get_button (self, "Cancel", 0) == NULL);
  close_window (self);
}

static void
test_failure (Fixture       *self,
              gconstpointer  data)
{
  add (self, "apples.iso");
  ITERATE_UNTIL (get_fraction (self, 0) == 0.5);

  add (self, "missing.iso");
  ITERATE_UNTIL (news_are (self, "missing.iso: The server says: 404 Not Found"));
  downloads_window_add (self->window, "apples");
  ITERATE_UNTIL (news_are (self, "apples: not an address of the web"));

  release (self, "apples.iso");
  ITERATE_UNTIL (news_are (self, "apples.iso: saved"));
  remove_saved (self, "apples.iso");
  close_window (self);
}

static void
test_close (Fixture       *self,
            gconstpointer  data)
{
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u.iso", i);

      add (self, name);
    }
  ITERATE_UNTIL (get_fraction (self, 1) == 0.5);

  gtk_window_close (GTK_WINDOW (self->window));
  gtk_window_close (GTK_WINDOW (self->window));   /* who is impatient */
  ITERATE_UNTIL (self->window == NULL);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  picture_path = argv[1];
  application = gtk_application_new ("org.aiodrive.Downloads", G_APPLICATION_NON_UNIQUE);
  g_assert_true (g_application_register (G_APPLICATION (application), NULL, NULL));
  /* GTK warns if a cursor blinks in a window that has just lost the focus; without a window manager that happens */
  g_object_set (gtk_settings_get_default (), "gtk-cursor-blink", FALSE, NULL);

  g_test_add ("/examples/downloads-gtk/clicks", Fixture, NULL, set_up, test_clicks, tear_down);
  g_test_add ("/examples/downloads-gtk/failure", Fixture, NULL, set_up, test_failure, tear_down);
  g_test_add ("/examples/downloads-gtk/close", Fixture, NULL, set_up, test_close, tear_down);
  return g_test_run ();
}
