/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding/bound-language-private.h"

#include <dlfcn.h>

/* Some interpreters run in one thread, and a function of theirs ends the process in another one: JavaScript from GJS
 * 1.82 on (before that it is blocked), Perl, and Ruby. Such a function is a closure of libffi, which lies in no library
 * that the linker knows; and the interpreter says that it runs in this thread. Python and Lua take a lock of their own
 * before they run. */

typedef gpointer (*GetContext) (void);
typedef int      (*IsThread)   (void);

static gboolean
has_context (gpointer symbol)
{
  GetContext get_context;

  *(gpointer *) &get_context = symbol;
  return get_context () != NULL;
}

static gboolean
is_thread (gpointer symbol)
{
  IsThread is_one;

  *(gpointer *) &is_one = symbol;
  return is_one ();
}

static const struct
{
  const char *name;
  const char *symbol;
  gboolean  (*runs_here) (gpointer symbol);
} languages[] =
{
  { "JavaScript", "gjs_context_get_current", has_context },
  { "Perl", "Perl_get_context", has_context },
  { "Ruby", "ruby_native_thread_p", is_thread },
};

const char *
aiodrive_get_bound_language (GCallback func)
{
  Dl_info info;

  if (dladdr ((gpointer) func, &info) != 0)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (languages); i++)
    {
      gpointer symbol = dlsym (RTLD_DEFAULT, languages[i].symbol);

      if (symbol != NULL && languages[i].runs_here (symbol))
        return languages[i].name;
    }
  return NULL;
}
