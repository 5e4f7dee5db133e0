/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stream/items.h"

/* What it does as every queue does is tested in queue.c. */

static void
test_indexes (void)
{
  gpointer queue = aiodrive_unordered_queue_new ();
  gint64 order[] = { 3, -1, 3, G_MAXINT64, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    put (queue, order[i]);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    assert_try_got (queue, order[i]);
  g_assert_finalize_object (queue);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/stream/unordered-queue/indexes", test_indexes);

  return g_test_run ();
}
