/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <aiodrive/aiodrive.h>
#include <libsoup/soup.h>

static GTask *
download (SoupSession *session,
          const char  *uri)
{
  g_autoptr(SoupMessage) message = soup_message_new (SOUP_METHOD_GET, uri);

  return AIODRIVE_START (NULL, soup_session_send_and_read_async, session, message, G_PRIORITY_DEFAULT);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(SoupSession) session = soup_session_new ();
  g_autoptr(GTask) near = download (session, argv[1]);
  g_autoptr(GTask) far = download (session, argv[2]);
  g_autoptr(GTask) race = aiodrive_race ((GTask *[]) { near, far }, 2, NULL);
  g_autoptr(GTask) limited = aiodrive_timeout (race, 2000, NULL);
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = NULL;

  aiodrive_run (limited);
  result = aiodrive_task_propagate_result (limited, &error);
  if (result != NULL)
    bytes = soup_session_send_and_read_finish (session, result, &error);
  if (bytes == NULL)
    {
      g_printerr ("%s\n", g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? "too late" : error->message);
      return 1;
    }

  g_print ("%" G_GSIZE_FORMAT " bytes from the %s\n", g_bytes_get_size (bytes),
           aiodrive_task_get_leaf (race, NULL) == near ? "near" : "far");
  return 0;
}
