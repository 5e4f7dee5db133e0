/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE   /* dladdr(), RTLD_DEFAULT */

#include "aiodrive/thread/foreign-code-private.h"

#include <dlfcn.h>

/* GJS runs JavaScript in one thread: called in another one, a function is blocked before GJS 1.82, and ends the process
 * from then on. Who gives us such a function gives us a closure of libffi, which lies in no library that the linker
 * knows. */

static gboolean
has_javascript (void)
{
  gpointer (*get_current) (void);

  *(gpointer *) &get_current = dlsym (RTLD_DEFAULT, "gjs_context_get_current");
  return get_current != NULL && get_current () != NULL;
}

gboolean
aiodrive_is_javascript (AiodriveJobFunc func)
{
  Dl_info info;

  return dladdr ((gpointer) func, &info) == 0 && has_javascript ();
}
