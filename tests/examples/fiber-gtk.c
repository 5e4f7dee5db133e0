/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gtk/gtk.h>

#include <aiodrive/aiodrive.h>

/* What needs a deep stack in a GTK application runs on the stack of a fiber: the first window, which loads fonts and
 * themes, and the decoding of pictures. */

#define SVG \
  "<svg xmlns='http://www.w3.org/2000/svg' width='64' height='64'>" \
  "<filter id='f'><feGaussianBlur stdDeviation='4'/></filter><circle cx='32' cy='32' r='24' filter='url(#f)'/></svg>"

static gboolean
open_windows (GCancellable  *scope,
              gpointer       data,
              GValue        *result,
              GError       **error)
{
  g_assert_true (aiodrive_fiber_get_scope () == scope);

  for (guint i = 0; i < 3; i++)
    {
      GtkWidget *window = gtk_window_new ();

      gtk_window_set_title (GTK_WINDOW (window), "Opened in a fiber");
      gtk_window_set_child (GTK_WINDOW (window), gtk_calendar_new ());
      gtk_window_present (GTK_WINDOW (window));
      while (!gtk_widget_get_mapped (window))
        if (!aiodrive_sleep (1, scope, error))
          return FALSE;
      gtk_window_destroy (GTK_WINDOW (window));
    }
  return TRUE;
}

/* Where no loader knows SVG there is an error, which has to come as well. */
static gboolean
decode_pictures (GCancellable  *scope,
                 gpointer       data,
                 GValue        *result,
                 GError       **error)
{
  g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, TRUE, 8, 256, 256);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (SVG, sizeof SVG - 1, NULL);
  g_autoptr(GdkPixbuf) drawing = NULL;
  g_autoptr(GError) unknown = NULL;

  gdk_pixbuf_fill (pixbuf, 0x20406080);
  for (guint i = 0; i < 2; i++)
    {
      const char *type = i == 0 ? "png" : "jpeg";
      g_autofree char *buffer = NULL;
      gsize size;
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(GdkTexture) texture = NULL;

      if (!gdk_pixbuf_save_to_buffer (pixbuf, &buffer, &size, type, error, NULL))
        return FALSE;
      bytes = g_bytes_new_take (g_steal_pointer (&buffer), size);
      texture = gdk_texture_new_from_bytes (bytes, error);
      if (texture == NULL)
        return FALSE;
      g_assert_cmpint (gdk_texture_get_width (texture), ==, 256);
    }

  drawing = gdk_pixbuf_new_from_stream (stream, scope, &unknown);
  g_assert_true ((drawing != NULL) == (unknown == NULL));
  return TRUE;
}

static void
run_fiber (AiodriveFiberFunc func)
{
  g_autoptr(GTask) task = aiodrive_spawn_fiber (NULL, func, NULL, NULL);
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
}

static void
test_windows (void)
{
  g_test_summary ("Windows open in a fiber, and it suspends until they are shown");

  run_fiber (open_windows);
}

static void
test_pictures (void)
{
  g_test_summary ("Pictures are decoded in a fiber");

  run_fiber (decode_pictures);
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);

  g_test_add_func ("/examples/fiber-gtk/windows", test_windows);
  g_test_add_func ("/examples/fiber-gtk/pictures", test_pictures);

  return g_test_run ();
}
