/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/group/task-list-private.h"

/* A GListStore would search for a removed item; here each item stores its position. */
struct _AiodriveTaskList
{
  GObject    parent_instance;

  GSequence *infos;   /* of AiodriveTaskInfo */
};

static GType
aiodrive_task_list_get_item_type (GListModel *model)
{
  return AIODRIVE_TYPE_TASK_INFO;
}

static guint
aiodrive_task_list_get_n_items (GListModel *model)
{
  return g_sequence_get_length (AIODRIVE_TASK_LIST (model)->infos);
}

static gpointer
aiodrive_task_list_get_item (GListModel *model,
                             guint       position)
{
  AiodriveTaskList *self = AIODRIVE_TASK_LIST (model);
  GSequenceIter *place = g_sequence_get_iter_at_pos (self->infos, MIN (position, G_MAXINT));

  return g_sequence_iter_is_end (place) ? NULL : g_object_ref (g_sequence_get (place));
}

static void
aiodrive_task_list_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = aiodrive_task_list_get_item_type;
  iface->get_n_items = aiodrive_task_list_get_n_items;
  iface->get_item = aiodrive_task_list_get_item;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (AiodriveTaskList, aiodrive_task_list, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, aiodrive_task_list_list_model_init))

static void
aiodrive_task_list_finalize (GObject *object)
{
  g_sequence_free (AIODRIVE_TASK_LIST (object)->infos);

  G_OBJECT_CLASS (aiodrive_task_list_parent_class)->finalize (object);
}

static void
aiodrive_task_list_class_init (AiodriveTaskListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = aiodrive_task_list_finalize;
}

static void
aiodrive_task_list_init (AiodriveTaskList *self)
{
  self->infos = g_sequence_new (g_object_unref);
}

AiodriveTaskList *
aiodrive_task_list_new (void)
{
  return g_object_new (AIODRIVE_TYPE_TASK_LIST, NULL);
}

/* Returns its place, for aiodrive_task_list_remove(). */
GSequenceIter *
aiodrive_task_list_append (AiodriveTaskList *self,
                           AiodriveTaskInfo *info)
{
  guint n_items = g_sequence_get_length (self->infos);
  GSequenceIter *place = g_sequence_append (self->infos, g_object_ref (info));

  g_list_model_items_changed (G_LIST_MODEL (self), n_items, 0, 1);
  return place;
}

void
aiodrive_task_list_remove (AiodriveTaskList *self,
                           GSequenceIter    *place)
{
  guint position = g_sequence_iter_get_position (place);

  g_sequence_remove (place);
  g_list_model_items_changed (G_LIST_MODEL (self), position, 1, 0);
}
