/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/shared-value-private.h"

struct _AiodriveSharedValue
{
  gint   ref_count;   /* atomic */
  GValue value;
};

gboolean
aiodrive_shared_value_check (const GValue  *value,
                             GError       **error)
{
  if (G_IS_VALUE (value))
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "The value has no type");
  return FALSE;
}

/* NULL with @error set if @value has no type. */
AiodriveSharedValue *
aiodrive_shared_value_new (const GValue  *value,
                           GError       **error)
{
  AiodriveSharedValue *self;

  if (!aiodrive_shared_value_check (value, error))
    return NULL;

  self = g_new0 (AiodriveSharedValue, 1);
  self->ref_count = 1;
  g_value_init (&self->value, G_VALUE_TYPE (value));
  g_value_copy (value, &self->value);
  return self;
}

AiodriveSharedValue *
aiodrive_shared_value_ref (AiodriveSharedValue *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
aiodrive_shared_value_unref (AiodriveSharedValue *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;

  g_value_unset (&self->value);
  g_free (self);
}

void
aiodrive_shared_value_unwrap (AiodriveSharedValue *self,
                              GValue              *value)
{
  memset (value, 0, sizeof (GValue));
  if (self == NULL)
    {
      g_value_init (value, G_TYPE_BOOLEAN);
      return;
    }

  if (g_atomic_int_get (&self->ref_count) == 1)
    {
      /* the only reference: move it, without a copy */
      *value = self->value;
      g_free (self);
      return;
    }

  g_value_init (value, G_VALUE_TYPE (&self->value));
  g_value_copy (&self->value, value);
  aiodrive_shared_value_unref (self);
}
