# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plants a bug in a copy of a source file: plant.py BUG SOURCE COPY. What it replaces must be there, once."""

import pathlib
import sys

BUGS = {
    # a cancellation that comes after the look and before the lock is missed
    'recheck': (
        '''  g_mutex_lock (&hub->lock);
  cancelled = g_cancellable_is_cancelled (cancellable);
''', '''  cancelled = g_cancellable_is_cancelled (cancellable);
  g_mutex_lock (&hub->lock);
'''),
    # between the choice of a waiter and the waking it may be cancelled
    'wake-outside': (
        '''      aiodrive_wait_queue_remove (self, waiter);   /* granted its request */
      waiter->granted = granted;
''', '''      aiodrive_monitor_unlock (monitor);
      aiodrive_monitor_lock (monitor);
      aiodrive_wait_queue_remove (self, waiter);
      waiter->granted = granted;
'''),
    # what the cancelled one held up does not go to those behind it
    'pass-on': (
        '''  if (queue->on_cancelled != NULL)
    queue->on_cancelled (queue, waiter->granted);
  return TRUE;
''', '''  return TRUE;
'''),
    # a context that begins to poll between the look and the lock is not woken
    'wake-up': (
        '''  g_mutex_lock (&self->lock);
  closed = self->closed;
  if (!closed)
    {
      aiodrive_work_list_append (&self->inbox, first, last);
      if (!self->has_inbox)
        g_atomic_int_set (&self->has_inbox, TRUE);
    }
  if (!closed && self->polling)
''', '''  gboolean polling = self->polling;

  g_mutex_lock (&self->lock);
  closed = self->closed;
  aiodrive_work_list_append (&self->inbox, first, last);
  if (!self->has_inbox)
    g_atomic_int_set (&self->has_inbox, TRUE);
  if (!closed && polling)
'''),
    # a child may end before the shield is raised
    'watch-early': (
        '''      if (self->klass->started != NULL)
        self->klass->started (self);
      watch_children (self);
''', '''      watch_children (self);
      if (self->klass->started != NULL)
        self->klass->started (self);
'''),
    # a fiber goes on, and leaves its stack, while the handler of the cancellation still works on it
    'resume-early': (
        '''  if (aiodrive_cancel_link_remove (&self->link))   /* else posted again when the handler has returned */
    aiodrive_stack_resume (self->stack);
''', '''  aiodrive_cancel_link_remove (&self->link);
  aiodrive_stack_resume (self->stack);
'''),
    # the condition acquires the lock again before it has been released
    'both-sides': (
        '''  if (g_atomic_int_dec_and_test (&self->n_to_come))
''', '''  if (g_atomic_int_add (&self->n_to_come, -1) == 2)
'''),
    # a guard may be freed when its count is read
    'count-late': (
        '''void
aiodrive_lock_guard_preempt (AiodriveLockGuard *self)
{
  gint count = g_atomic_int_get (&self->ref_count);
''', '''static void
preempt_late (gpointer data)
{
  if (g_atomic_int_get (&((AiodriveLockGuard *) data)->ref_count) > 0)
    preempt (aiodrive_lock_guard_ref (data));
}

void
aiodrive_lock_guard_preempt (AiodriveLockGuard *self)
{
  gint count = 0;

  aiodrive_monitor_defer (&self->core->monitor, preempt_late, self);
'''),
}


def main(bug, source, copy):
    correct, wrong = BUGS[bug]
    text = pathlib.Path(source).read_text(encoding='utf-8')
    if text.count(correct) != 1:
        sys.exit(f'{source} does not contain, once:\n{correct}')
    pathlib.Path(copy).write_text(text.replace(correct, wrong), encoding='utf-8')


main(*sys.argv[1:])
