/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * a value of the script
 */
#include <aiodrive/binding.h>

/* begin */
static GError *
error_of_exception (const GValue *exception)
{
  gint code = aiodrive_exception_hold (exception);
  GError *error = g_error_new_literal (aiodrive_exception_quark (), code, "an exception");

  aiodrive_exception_release (code);
  return error;
}
/* end */

int
main (void)
{
  g_auto(GValue) exception = G_VALUE_INIT;
  g_auto(GValue) caught = G_VALUE_INIT;
  g_autoptr(GError) error = NULL;

  g_value_init (&exception, G_TYPE_STRING);
  g_value_set_string (&exception, "a value of the script");
  error = error_of_exception (&exception);

  /* begin */
  if (error->domain == aiodrive_exception_quark ())
    aiodrive_exception_get (error->code, &caught);
  /* end */
  g_print ("%s\n", g_value_get_string (&caught));
  return 0;
}
