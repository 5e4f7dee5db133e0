/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/token.h"

enum
{
  GOT = 1 << 0,
  REFUSED = 1 << 1,
};

static guint n_put, n_got, n_left;   /* atomic */

Token *
token_new (SharedStream *stream,
           gint64        index)
{
  Token *self = g_new0 (Token, 1);

  self->ref_count = 1;
  self->index = index;
  self->ledger = g_atomic_rc_box_acquire (stream->ledger);
  return self;
}

static gpointer
token_ref (gpointer token)
{
  g_atomic_int_inc (&((Token *) token)->ref_count);
  return token;
}

static void
token_unref (gpointer token)
{
  Token *self = token;

  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  if (self->state == (GOT | REFUSED))
    stress_fail ("an item was refused, and got");
  if ((self->state & (GOT | REFUSED)) == 0)
    {
      if (!g_atomic_int_get (&self->ledger->drops))
        stress_fail ("an item is lost");
      g_atomic_int_inc (&n_left);
    }
  g_atomic_rc_box_release (self->ledger);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (Token, token, token_ref, token_unref)

void
token_wrap (Token  *self,
            GValue *value)
{
  g_value_init (value, token_get_type ());
  g_value_set_boxed (value, self);
}

/* Takes @self, which somebody else has too if it was @accepted. */
void
token_put (Token    *self,
           gboolean  accepted)
{
  if (accepted)
    g_atomic_int_inc (&n_put);
  else
    g_atomic_int_or (&self->state, REFUSED);
  token_unref (self);
}

/* Takes what is in @value. */
gint64
token_got (GValue *value)
{
  Token *self = g_value_get_boxed (value);
  gint64 index = self->index;

  if (g_atomic_int_or (&self->state, GOT) & GOT)
    stress_fail ("an item was got twice");
  g_atomic_int_inc (&n_got);
  g_value_unset (value);
  return index;
}

static void
stream_gone (gpointer  ledger,
             GObject  *object)
{
  g_atomic_int_set (&((Ledger *) ledger)->drops, TRUE);
  g_atomic_rc_box_release (ledger);
}

gpointer
stream_keep_ledger (StressShared *shared,
             gpointer      object)
{
  SharedStream *self = (SharedStream *) shared;

  self->ledger = g_atomic_rc_box_new0 (Ledger);
  g_object_weak_ref (object, stream_gone, g_atomic_rc_box_acquire (self->ledger));
  return object;
}

void
stream_finish (StressShared *shared)
{
  g_atomic_rc_box_release (((SharedStream *) shared)->ledger);
}

/* What was put is got or left. */
void
stream_report (void)
{
  g_print ("items: %u put, %u got, %u left\n", n_put, n_got, n_left);
  if (n_put != n_got + n_left)
    stress_fail ("items are lost");
}
