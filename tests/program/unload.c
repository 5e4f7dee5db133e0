/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <gio/gio.h>

/* A plugin that was linked with the library is unloaded, and the library with it. */

static const char *library;

typedef void (*SleepAsync) (guint                duration_ms,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data);

static void
on_slept (GObject      *source_object,
          GAsyncResult *result,
          gpointer      slept)
{
  *(gboolean *) slept = TRUE;
}

static void
test_unload (void)
{
  gboolean slept = FALSE;
  SleepAsync sleep_async;
  void *handle;

  g_test_summary ("The library stays mapped, for a main context has a source of it");

  g_type_ensure (G_TYPE_TASK);
  handle = dlopen (library, RTLD_NOW | RTLD_LOCAL);
  g_assert_nonnull (handle);
  sleep_async = (SleepAsync) (gsize) dlsym (handle, "aiodrive_sleep_async");
  g_assert_nonnull (sleep_async);
  sleep_async (0, NULL, on_slept, &slept);
  while (!slept)
    g_main_context_iteration (NULL, TRUE);

  g_assert_cmpint (dlclose (handle), ==, 0);
  handle = dlopen (library, RTLD_NOW | RTLD_NOLOAD);
  g_assert_nonnull (handle);
  dlclose (handle);
  while (g_main_context_iteration (NULL, FALSE));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  library = argv[1];

  g_test_add_func ("/aiodrive/program/unload", test_unload);

  return g_test_run ();
}
