/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "aiodrive/core/stack-overflow-private.h"

G_BEGIN_DECLS

/* How to switch stacks. The library chooses once; tests choose too. */
typedef enum
{
  AIODRIVE_STACK_JUMP,           /* entered by makecontext(), then siglongjmp() */
  AIODRIVE_STACK_JUMP_SIGNAL,    /* entered by a signal, then siglongjmp() */
  AIODRIVE_STACK_SWAP_CONTEXT,   /* swapcontext() */
} AiodriveStackMeans;

void     aiodrive_stack_set_means    (AiodriveStackMeans  means);

void     aiodrive_stack_start        (AiodriveStack      *self,
                                      AiodriveStackFunc   func,
                                      AiodriveStackFunc   on_ended,
                                      gpointer            data);
gboolean aiodrive_stack_resume       (AiodriveStack      *self);
gboolean aiodrive_stack_can_suspend  (void);
void     aiodrive_stack_suspend      (void);
void     aiodrive_stack_call_outside (AiodriveStackFunc   func,
                                      gpointer            data);

G_END_DECLS
