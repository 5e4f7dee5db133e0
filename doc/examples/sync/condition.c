/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints:
 * got 1 item
 */
#include <aiodrive/aiodrive.h>

typedef struct
{
  AiodriveCondition *not_empty;
  AiodriveLockGuard *guard;
  guint              n_items;
} Basket;

/* begin */
static void
on_not_empty (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Basket *self = user_data;
  g_autoptr(GError) error = NULL;

  if (aiodrive_condition_wait_finish (AIODRIVE_CONDITION (source), result, &error))
    {
      if (self->n_items == 0)
        return aiodrive_condition_wait_async (self->not_empty, self->guard, NULL, on_not_empty, self);
      g_print ("got %u item\n", self->n_items);
    }
  g_clear_pointer (&self->guard, aiodrive_lock_guard_unref);   /* it is held in any case */
}
/* end */

int
main (void)
{
  g_autoptr(AiodriveSmartLock) lock = aiodrive_smart_lock_new ();
  g_autoptr(AiodriveCondition) not_empty = aiodrive_condition_new ();
  g_autoptr(AiodriveLockGuard) guard = NULL;
  Basket basket = { .not_empty = not_empty }, *self = &basket;

  self->guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, NULL);
  /* begin */
  aiodrive_condition_wait_async (self->not_empty, self->guard, NULL, on_not_empty, self);   /* the lock is open now */
  /* end */
  guard = aiodrive_smart_lock_acquire (lock, AIODRIVE_LOCK_MODE_EXCLUSIVE, G_PRIORITY_DEFAULT, NULL, NULL);
  self->n_items++;
  aiodrive_condition_signal (not_empty);
  g_clear_pointer (&guard, aiodrive_lock_guard_unref);
  while (self->guard != NULL)
    g_main_context_iteration (NULL, TRUE);
  return 0;
}
