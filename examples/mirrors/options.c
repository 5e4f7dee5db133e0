/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/options.h"

#include <string.h>

#include "examples/mirrors/mirror.h"

#define MAX_PARTS 32
#define TIMEOUT_HERE_MS 300
#define TIMEOUT_ELSEWHERE_MS 5000

static const char summary[] =
  "Fetches a file over HTTP from several mirrors at once, and shows what ran when.\n\n"
  "Give the URLs of the mirrors, all of the same file. Or give one local file, or nothing: then four servers are\n"
  "started on this machine that serve it (or a file made up for it), a fast one, a slow one, one that stalls and one\n"
  "that fails.\n\n"
  "Exit status: 0 if the checksum is right, 1 if something failed, 130 if interrupted (Ctrl-C).";

static gboolean
fail (GError     **error,
      const char  *message)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, message);
  return FALSE;
}

static gboolean
is_sha256 (const char *text)
{
  return strlen (text) == 64 && strspn (text, "0123456789abcdefABCDEF") == 64;
}

static gboolean
add_url (Options     *self,
         const char  *text,
         GError     **error)
{
  g_autoptr(GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, error);
  g_autofree char *name = NULL;

  if (uri == NULL)
    return FALSE;
  if (g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return fail (error, "A URL names no host");

  name = g_strdup_printf ("%u %s", self->mirrors->len + 1, g_uri_get_host (uri));
  g_ptr_array_add (self->mirrors, mirror_new (name, text));
  return TRUE;
}

static gboolean
sort_out (Options     *self,
          char       **places,
          GError     **error)
{
  for (guint i = 0; places != NULL && places[i] != NULL; i++)
    {
      g_autofree char *scheme = g_uri_parse_scheme (places[i]);

      if (g_strcmp0 (scheme, "http") == 0 || g_strcmp0 (scheme, "https") == 0)
        {
          if (!add_url (self, places[i], error))
            return FALSE;
        }
      else if (self->file == NULL)
        self->file = g_file_new_for_commandline_arg (places[i]);
      else
        return fail (error, "More than one local file");
    }
  if (self->file != NULL && self->mirrors->len > 0)
    return fail (error, "Either URLs or a local file, not both");

  if (self->timeout_ms == 0)
    self->timeout_ms = self->mirrors->len > 0 ? TIMEOUT_ELSEWHERE_MS : TIMEOUT_HERE_MS;
  if (self->timeout_ms < 0)
    return fail (error, "The timeout is negative");
  if (self->n_parts < 1 || self->n_parts > MAX_PARTS)
    return fail (error, "The number of parts is not between 1 and 32");
  if (self->sha256 != NULL && !is_sha256 (self->sha256))
    return fail (error, "A SHA-256 checksum has 64 hexadecimal digits");
  return TRUE;
}

gboolean
options_parse (Options   *self,
               char    ***arguments,
               GError   **error)
{
  g_autoptr(GOptionContext) context = g_option_context_new ("[FILE | URL...]");
  g_auto(GStrv) places = NULL;
  g_autofree char *output = NULL;
  const GOptionEntry entries[] =
  {
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the file here", "FILE" },
    { "parts", 'p', 0, G_OPTION_ARG_INT, &self->n_parts, "In how many parts to fetch it (6)", "NUMBER" },
    { "sha256", 's', 0, G_OPTION_ARG_STRING, &self->sha256, "The checksum that it must have", "HEX" },
    { "timeout", 't', 0, G_OPTION_ARG_INT, &self->timeout_ms,
      "How long a mirror may take to answer (300; for URLs 5000)", "MILLISECONDS" },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &places, NULL, NULL },
    { NULL }
  };

  *self = (Options) { .mirrors = g_ptr_array_new_with_free_func ((GDestroyNotify) mirror_free), .n_parts = 6 };
  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse_strv (context, arguments, error) || !sort_out (self, places, error))
    return FALSE;

  if (output != NULL)
    self->output = g_file_new_for_commandline_arg (output);
  return TRUE;
}

void
options_clear (Options *self)
{
  g_clear_pointer (&self->mirrors, g_ptr_array_unref);
  g_clear_object (&self->file);
  g_clear_object (&self->output);
  g_clear_pointer (&self->sha256, g_free);
}
