/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/box-private.h"

struct _AiodriveBox
{
  gint   ref_count;   /* atomic */
  GValue value;
};

gboolean
aiodrive_box_check (const GValue  *value,
                    GError       **error)
{
  if (G_IS_VALUE (value))
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value has no type");
  return FALSE;
}

/* NULL with @error set if @value has no type. */
AiodriveBox *
aiodrive_box_new (const GValue  *value,
                  GError       **error)
{
  AiodriveBox *self;

  if (!aiodrive_box_check (value, error))
    return NULL;

  self = g_new0 (AiodriveBox, 1);
  self->ref_count = 1;
  g_value_init (&self->value, G_VALUE_TYPE (value));
  g_value_copy (value, &self->value);
  return self;
}

AiodriveBox *
aiodrive_box_ref (AiodriveBox *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
aiodrive_box_unref (AiodriveBox *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_value_unset (&self->value);
  g_free (self);
}

void
aiodrive_box_unwrap (AiodriveBox *self,
                     GValue      *value)
{
  memset (value, 0, sizeof (GValue));
  if (self == NULL)
    {
      g_value_init (value, G_TYPE_BOOLEAN);
      return;
    }

  if (g_atomic_int_get (&self->ref_count) == 1)
    {
      /* nobody else: it need not be copied */
      *value = self->value;
      g_free (self);
      return;
    }

  g_value_init (value, G_VALUE_TYPE (&self->value));
  g_value_copy (&self->value, value);
  aiodrive_box_unref (self);
}
