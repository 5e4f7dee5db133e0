/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loader.h"

#include <aiodrive/aiodrive.h>

/* A class as a C library would have it: its asynchronous method is a fiber, of which a script sees nothing. */

struct _FiberTestLoader
{
  GObject parent_instance;
};

G_DEFINE_FINAL_TYPE (FiberTestLoader, fiber_test_loader, G_TYPE_OBJECT)

static void
fiber_test_loader_class_init (FiberTestLoaderClass *klass)
{
}

static void
fiber_test_loader_init (FiberTestLoader *self)
{
}

/**
 * fiber_test_loader_new:
 *
 * Returns: (transfer full): a loader
 */
FiberTestLoader *
fiber_test_loader_new (void)
{
  return g_object_new (FIBER_TEST_TYPE_LOADER, NULL);
}

static gboolean
load (GCancellable  *cancellable,
      gpointer       path,
      GValue        *result,
      GError       **error)
{
  g_autoptr(GFile) file = g_file_new_for_path (path);
  g_autoptr(GBytes) bytes = NULL;

  if (!aiodrive_sleep (1, cancellable, error))
    return FALSE;
  bytes = g_file_load_bytes_finish (file, AIODRIVE_AWAIT (g_file_load_bytes_async, file), NULL, error);
  return bytes != NULL && aiodrive_return_boxed (result, G_TYPE_BYTES, g_steal_pointer (&bytes));
}

/**
 * fiber_test_loader_load_async:
 * @self: a loader
 * @path: (type filename): a path
 * @cancellable: (nullable): cancels the call
 * @callback: (nullable) (scope async) (closure user_data): called when the file is loaded
 * @user_data: data for @callback
 *
 * Loads a file.
 */
void
fiber_test_loader_load_async (FiberTestLoader     *self,
                              const char          *path,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_task_data (task, g_strdup (path), g_free);
  aiodrive_task_run_in_fiber (task, load);
}

/**
 * fiber_test_loader_load_finish:
 * @self: a loader
 * @result: the result
 * @error: return location for an error
 *
 * Returns: (transfer full): the content
 */
GBytes *
fiber_test_loader_load_finish (FiberTestLoader  *self,
                               GAsyncResult     *result,
                               GError          **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
