/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gtk/gtk.h>

#define DOWNLOADS_TYPE_WINDOW (downloads_window_get_type ())
G_DECLARE_FINAL_TYPE (DownloadsWindow, downloads_window, DOWNLOADS, WINDOW, GtkApplicationWindow)

DownloadsWindow *downloads_window_new (GtkApplication  *application,
                                       GFile           *directory);
void             downloads_window_add (DownloadsWindow *self,
                                       const char      *url);
