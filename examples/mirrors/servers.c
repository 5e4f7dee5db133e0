/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "examples/mirrors/servers.h"

#include <aiodrive/aiodrive.h>
#include <libsoup/soup.h>

#include "examples/mirrors/mirror.h"

typedef struct
{
  const char *name;
  guint       latency_ms;
  guint       bytes_per_ms;
  gboolean    fails;           /* whenever it is asked for the file itself */
} Temper;

static const Temper tempers[N_SERVERS] =
{
  { "fast", 20, 4000, FALSE },
  { "slow", 90, 1600, FALSE },
  { "broken", 50, 6000, TRUE },
  { "stalled", 60 * 60 * 1000, 1, FALSE },
};

struct _Servers
{
  SoupServer          *servers[N_SERVERS];
  GPtrArray           *mirrors;
  GBytes              *file;
  AiodriveTaskGroup   *answers;     /* in flight */
};

static guint
get_duration (const Temper      *temper,
              SoupServerMessage *message,
              gsize              file_size)
{
  SoupRange *ranges;
  gsize size = file_size;
  int n;

  if (soup_server_message_get_method (message) == SOUP_METHOD_HEAD || temper->fails)
    return temper->latency_ms;

  if (soup_message_headers_get_ranges (soup_server_message_get_request_headers (message), file_size, &ranges, &n))
    {
      size = ranges[0].end - ranges[0].start + 1;
      soup_message_headers_free_ranges (soup_server_message_get_request_headers (message), ranges);
    }
  return temper->latency_ms + size / temper->bytes_per_ms;
}

#define ANSWER_FIELDS(FIELD, WEAK)                              \
  FIELD (SoupServerMessage *, message, SOUP_TYPE_SERVER_MESSAGE) \
  FIELD (GBytes *, file, G_TYPE_BYTES)                          \
  FIELD (guint, duration_ms, G_TYPE_UINT)                       \
  FIELD (gboolean, fails, G_TYPE_BOOLEAN)

AIODRIVE_DEFINE_DATA (Answer, answer, ANSWER_FIELDS)

static gboolean
answer (GCancellable  *scope,
        gpointer       data,
        GValue        *result,
        GError       **error)
{
  Answer *self = data;
  gsize size;
  const char *bytes = g_bytes_get_data (self->file, &size);

  if (!aiodrive_sleep (self->duration_ms, scope, error))
    return FALSE;

  if (self->fails)
    soup_server_message_set_status (self->message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
  else
    {
      /* libsoup sends what the Range header asks for, and for HEAD the length alone */
      soup_server_message_set_status (self->message, SOUP_STATUS_OK, NULL);
      soup_server_message_set_response (self->message, "application/octet-stream", SOUP_MEMORY_STATIC, bytes, size);
    }
  soup_server_message_unpause (self->message);
  return TRUE;
}

static void
on_request (SoupServer        *server,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  Servers *self = user_data;
  const Temper *temper = g_object_get_data (G_OBJECT (server), "temper");
  Answer data = {
    .message = message,
    .file = self->file,
    .duration_ms = get_duration (temper, message, g_bytes_get_size (self->file)),
    .fails = temper->fails && soup_server_message_get_method (message) != SOUP_METHOD_HEAD,
  };

  soup_server_message_pause (message);
  aiodrive_task_group_spawn (self->answers, NULL, AIODRIVE_FIBER (answer, answer_new (data), answer_free));
}

static SoupServer *
start_one (Servers       *self,
           const Temper  *temper,
           GError       **error)
{
  g_autoptr(SoupServer) server = soup_server_new (NULL, NULL);
  g_autofree char *url = NULL;
  GSList *uris;

  g_object_set_data (G_OBJECT (server), "temper", (gpointer) temper);
  soup_server_add_handler (server, NULL, on_request, self, NULL);
  if (!soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, error))
    return NULL;

  uris = soup_server_get_uris (server);
  url = g_uri_to_string (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_ptr_array_add (self->mirrors, mirror_new (temper->name, url));
  return g_steal_pointer (&server);
}

Servers *
servers_start (GBytes        *file,
               GCancellable  *parent,
               GError       **error)
{
  Servers *self = g_new0 (Servers, 1);

  self->mirrors = g_ptr_array_new_with_free_func ((GDestroyNotify) mirror_free);
  self->file = g_bytes_ref (file);
  self->answers = aiodrive_task_group_new (parent);

  for (guint i = 0; i < N_SERVERS; i++)
    {
      self->servers[i] = start_one (self, &tempers[i], error);
      if (self->servers[i] == NULL)
        {
          servers_stop (self);
          return NULL;
        }
    }
  return self;
}

GPtrArray *
servers_get_mirrors (Servers *self)
{
  return self->mirrors;
}

/* Cancels the answers in flight, and awaits them. */
void
servers_stop (Servers *self)
{
  aiodrive_task_group_cancel (self->answers);
  aiodrive_task_group_close_finish (self->answers, AIODRIVE_AWAIT_IN (NULL, aiodrive_task_group_close_async,
                                                                      self->answers), NULL);

  for (guint i = 0; i < N_SERVERS; i++)
    {
      if (self->servers[i] != NULL)
        soup_server_disconnect (self->servers[i]);
      g_clear_object (&self->servers[i]);
    }
  g_object_unref (self->answers);
  g_bytes_unref (self->file);
  g_ptr_array_unref (self->mirrors);
  g_free (self);
}
