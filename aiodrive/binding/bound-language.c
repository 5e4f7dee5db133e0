/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/binding/bound-language-private.h"

#include <dlfcn.h>

/* Some interpreters run in one thread only, and calling one of their functions in another thread ends the process:
 * JavaScript from GJS 1.82 on (earlier versions block the call), Perl, and Ruby. Two facts identify such a function: it
 * is a libffi closure, outside every library that the linker knows, and the interpreter reports that it runs in this
 * thread. Python and Lua take a lock of their own before they run. */

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
