/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/downloads-gtk/window.h"

static char *directory_path;

static const GOptionEntry options[] = {
  { "directory", 'd', 0, G_OPTION_ARG_FILENAME, &directory_path, "Where to save (default: here)", "DIRECTORY" },
  { NULL }
};

static DownloadsWindow *
present_window (GtkApplication *application)
{
  g_autoptr(GFile) directory = g_file_new_for_path (directory_path != NULL ? directory_path : ".");
  DownloadsWindow *window = DOWNLOADS_WINDOW (gtk_application_get_active_window (application));

  if (window == NULL)
    window = downloads_window_new (application, directory);
  gtk_window_present (GTK_WINDOW (window));
  return window;
}

/* The addresses are "files" to GApplication. */
static void
on_open (GtkApplication  *application,
         GFile          **files,
         gint             n_files,
         const char      *hint)
{
  DownloadsWindow *window = present_window (application);

  for (gint i = 0; i < n_files; i++)
    {
      g_autofree char *url = g_file_get_uri (files[i]);

      downloads_window_add (window, url);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GtkApplication) application = gtk_application_new ("org.aiodrive.Downloads",
                                                               G_APPLICATION_HANDLES_OPEN | G_APPLICATION_NON_UNIQUE);
  int status;

  g_application_add_main_option_entries (G_APPLICATION (application), options);
  g_application_set_option_context_parameter_string (G_APPLICATION (application), "[URL…]");
  g_application_set_option_context_summary (G_APPLICATION (application),
                                            "Downloads files, and leaves nothing half done when its window is closed.");
  g_signal_connect (application, "activate", G_CALLBACK (present_window), NULL);
  g_signal_connect (application, "open", G_CALLBACK (on_open), NULL);
  status = g_application_run (G_APPLICATION (application), argc, argv);

  g_free (directory_path);
  return status;
}
