/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _AiodriveLifetime AiodriveLifetime;
typedef struct _AiodriveTie AiodriveTie;
typedef struct _AiodriveTieKind AiodriveTieKind;

/* What is called of a tie when its object emits the signal, or is disposed; in the thread that does so. */
struct _AiodriveTieKind
{
  void     (*claim) (AiodriveTie  *self);   /* with the lock of the lifetime held */
  gboolean (*take)  (AiodriveTie  *self);   /* with nothing locked, once for each claim; FALSE: it has gone meanwhile */
  void     (*fire)  (AiodriveTie  *self,    /* with nothing locked, once for each take, whose reference it drops */
                     const GValue *params,  /* nullable: the object was disposed; else that, and the arguments */
                     guint         n_params);
  gboolean   stays;                         /* it may fire more than once */
};

/* What is tied to an object, and to a signal of it. Neither keeps the other. */
struct _AiodriveTie
{
  const AiodriveTieKind *kind;       /* set once, as are the next three */
  AiodriveLifetime      *lifetime;   /* owned */
  guint                  id;         /* of the signal; 0: none */
  GQuark                 detail;
  GList                  node;       /* in the ties of the lifetime; data is NULL: it has left */
};

gboolean aiodrive_tie_parse      (gpointer               object,
                                  const char            *signal,
                                  guint                 *id,
                                  GQuark                *detail,
                                  GError               **error);
void     aiodrive_tie_init       (AiodriveTie           *self,
                                  const AiodriveTieKind *kind,
                                  gpointer               object,
                                  guint                  id,
                                  GQuark                 detail);
void     aiodrive_tie_leave      (AiodriveTie           *self);
void     aiodrive_tie_clear      (AiodriveTie           *self);
gpointer aiodrive_lifetime_ref   (AiodriveLifetime      *self);
gpointer aiodrive_lifetime_end   (AiodriveLifetime      *self);

G_END_DECLS
