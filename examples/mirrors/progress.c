/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/progress.h"

#include <unistd.h>

#define WIDTH 40

/* A bar that grows on a terminal; elsewhere plain lines. */
void
progress_show (gsize       received,
               gsize       total,
               const char *what)
{
  double fraction = (double) received / total;
  char bar[WIDTH + 1];

  if (!isatty (STDERR_FILENO))
    {
      g_print ("  %3.0f %%  %s\n", 100 * fraction, what);
      return;
    }

  for (guint i = 0; i < WIDTH; i++)
    bar[i] = i < fraction * WIDTH ? '#' : '.';
  bar[WIDTH] = '\0';
  g_printerr ("\r  [%s] %3.0f %%", bar, 100 * fraction);
}

void
progress_end (void)
{
  if (isatty (STDERR_FILENO))
    g_printerr ("\n");
}
