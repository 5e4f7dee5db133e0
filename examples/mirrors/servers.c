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
  AiodriveCancelScope *scope;       /* of the answers */
  guint                n_answers;   /* on their way */
};

/* An answer that is not due yet. */
typedef struct
{
  Servers           *servers;
  SoupServerMessage *message;
  gboolean           fails;
} Answer;

static void
on_due (GObject      *source_object,
        GAsyncResult *result,
        gpointer      user_data)
{
  Answer *self = user_data;

  if (aiodrive_sleep_finish (result, NULL))
    {
      gsize size;
      const char *data = g_bytes_get_data (self->servers->file, &size);

      if (self->fails)
        soup_server_message_set_status (self->message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
      else
        {
          /* libsoup sends what the Range header asks for, and for HEAD the length alone */
          soup_server_message_set_status (self->message, SOUP_STATUS_OK, NULL);
          soup_server_message_set_response (self->message, "application/octet-stream", SOUP_MEMORY_STATIC, data, size);
        }
      soup_server_message_unpause (self->message);
    }

  self->servers->n_answers--;
  g_object_unref (self->message);
  g_free (self);
}

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

static void
on_request (SoupServer        *server,
            SoupServerMessage *message,
            const char        *path,
            GHashTable        *query,
            gpointer           user_data)
{
  Servers *self = user_data;
  const Temper *temper = g_object_get_data (G_OBJECT (server), "temper");
  Answer *answer = g_new0 (Answer, 1);

  answer->servers = self;
  answer->message = g_object_ref (message);
  answer->fails = temper->fails && soup_server_message_get_method (message) != SOUP_METHOD_HEAD;
  self->n_answers++;

  soup_server_message_pause (message);
  aiodrive_sleep_async (get_duration (temper, message, g_bytes_get_size (self->file)),
                        G_CANCELLABLE (self->scope), on_due, answer);
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
  self->scope = aiodrive_cancel_scope_new (parent);

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

/* Waits for the answers that are on their way, after it has cancelled them. */
void
servers_stop (Servers *self)
{
  g_cancellable_cancel (G_CANCELLABLE (self->scope));
  while (self->n_answers > 0)
    g_main_context_iteration (NULL, TRUE);

  for (guint i = 0; i < N_SERVERS; i++)
    {
      if (self->servers[i] != NULL)
        soup_server_disconnect (self->servers[i]);
      g_clear_object (&self->servers[i]);
    }
  g_object_unref (self->scope);
  g_bytes_unref (self->file);
  g_ptr_array_unref (self->mirrors);
  g_free (self);
}
