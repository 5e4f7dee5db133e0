/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/monotonic-time.h"
#include "aiodrive/group/depths-private.h"
#include "aiodrive/group/member-private.h"
#include "aiodrive/task/record-private.h"

/* The tree of groups and tasks as text. A group has a list of its tasks, but no structure lists the groups inside a
 * task; a scope has a pointer only to its parent. So each group is first assigned to the nearest task, or group, above
 * its scope; then the tree can be walked down. Groups of other contexts show only what any thread may read. */

/* Each level lengthens all lines below it, and is two calls deep. */
#define MAX_LEVELS 40

typedef struct
{
  AiodriveGroupCore *top;      /* unowned */
  GPtrArray         *cores;    /* owned: all groups */
  GHashTable        *below;    /* owned: GCancellable -> GPtrArray of the cores directly below it, or NULL */
  GString           *text;
  GString           *indent;   /* of the current line */
  guint              n_levels;   /* groups above it */
  gint64             now;
} Tree;

static gboolean
is_here (AiodriveGroupCore *core,
         AiodriveGroupCore *top)
{
  return core->dispatcher == top->dispatcher;
}

static void
find_places (Tree *tree)
{
  for (guint i = 0; i < tree->cores->len; i++)
    {
      AiodriveGroupCore *core = g_ptr_array_index (tree->cores, i);

      g_hash_table_insert (tree->below, core->scope, NULL);
      for (GList *node = is_here (core, tree->top) ? core->members.head : NULL; node != NULL; node = node->next)
        {
          GCancellable *cancellable = g_task_get_cancellable (((AiodriveMember *) node->data)->task);

          if (cancellable != NULL)
            g_hash_table_insert (tree->below, cancellable, NULL);
        }
    }
}

static void
put_in_place (Tree              *tree,
              AiodriveGroupCore *core)
{
  GCancellable *above = aiodrive_cancel_scope_peek_parent (core->scope);
  GPtrArray *siblings;

  aiodrive_scope_walk_begin ();
  while (above != NULL && !g_hash_table_contains (tree->below, above))
    above = AIODRIVE_IS_CANCEL_SCOPE (above) ? aiodrive_cancel_scope_peek_parent (AIODRIVE_CANCEL_SCOPE (above)) : NULL;
  aiodrive_scope_walk_end ();
  if (above == NULL)
    return;

  siblings = g_hash_table_lookup (tree->below, above);
  if (siblings == NULL)
    {
      siblings = g_ptr_array_new ();
      g_hash_table_insert (tree->below, above, siblings);
    }
  g_ptr_array_add (siblings, core);
}

/*
 * Lines
 */

static void
print_elapsed (Tree   *tree,
               gint64  since,
               gint64  until)
{
  if (since != 0)
    g_string_append_printf (tree->text, ", %.1f s",
                            ((until != 0 ? until : tree->now) - since) / (double) G_USEC_PER_SEC);
}

static const char *
describe_group (AiodriveGroupCore *core)
{
  if (g_atomic_int_get (&core->closed))
    return "done";
  if (g_cancellable_is_cancelled (G_CANCELLABLE (core->scope)))
    return "cancelling";
  return core->depths != NULL && core->started == 0 ? "idle" : "running";
}

static void
print_group (Tree              *tree,
             AiodriveGroupCore *core)
{
  g_string_append (tree->text, core->depths != NULL ? "pool" : "group");
  if (core->name != NULL)
    g_string_append_printf (tree->text, " %s", core->name);

  if (is_here (core, tree->top))
    {
      g_string_append_printf (tree->text, ": %s", describe_group (core));
      print_elapsed (tree, core->started, core->ended);
    }
  else
    g_string_append_printf (tree->text, ": %d tasks in another context", g_atomic_int_get (&core->n_tasks));
  g_string_append_c (tree->text, '\n');
}

static const char *
describe_task (AiodriveMember *member)
{
  GCancellable *cancellable = g_task_get_cancellable (member->task);

  if (aiodrive_task_has_ended (member->task))
    return "ended";
  if (cancellable != NULL && g_cancellable_is_cancelled (cancellable))
    return "cancelling";
  return member->plan != NULL ? "planned" : "running";
}

static void
print_task (Tree           *tree,
            AiodriveMember *member)
{
  g_string_append_printf (tree->text, "task %s", aiodrive_task_describe (member->task));
  if (member->depth != NULL)
    g_string_append_printf (tree->text, ", depth %d", aiodrive_depth_get_number (member->depth));
  g_string_append_printf (tree->text, ": %s", describe_task (member));
  print_elapsed (tree, member->since, 0);
  g_string_append_c (tree->text, '\n');
}

static void print_below_group (Tree              *tree,
                               AiodriveGroupCore *core);

/* A line in the tree. The lines below it come before end_line(). */
static void
begin_line (Tree     *tree,
            gboolean  is_last)
{
  g_string_append (tree->text, tree->indent->str);
  g_string_append (tree->text, is_last ? "└─ " : "├─ ");
  g_string_append (tree->indent, is_last ? "   " : "│  ");
}

static void
end_line (Tree  *tree,
          gsize  indent)
{
  g_string_truncate (tree->indent, indent);
}

static void
print_groups (Tree      *tree,
              GPtrArray *cores)
{
  gsize indent = tree->indent->len;

  if (cores != NULL && tree->n_levels == MAX_LEVELS)
    {
      g_string_append_printf (tree->text, "%s└─ ...\n", tree->indent->str);
      return;
    }

  tree->n_levels++;
  for (guint i = 0; cores != NULL && i < cores->len; i++)
    {
      AiodriveGroupCore *core = g_ptr_array_index (cores, i);

      begin_line (tree, i + 1 == cores->len);
      print_group (tree, core);
      print_below_group (tree, core);
      end_line (tree, indent);
    }
  tree->n_levels--;
}

/* Adds its tasks, each with the groups in it, then the groups that belong to no task. */
static void
print_below_group (Tree              *tree,
                   AiodriveGroupCore *core)
{
  GPtrArray *groups = g_hash_table_lookup (tree->below, core->scope);
  gsize indent = tree->indent->len;

  for (GList *node = is_here (core, tree->top) ? core->members.head : NULL; node != NULL; node = node->next)
    {
      AiodriveMember *member = node->data;

      begin_line (tree, node->next == NULL && groups == NULL);
      print_task (tree, member);
      print_groups (tree, g_hash_table_lookup (tree->below, g_task_get_cancellable (member->task)));
      end_line (tree, indent);
    }
  print_groups (tree, groups);
}

static void
free_siblings (gpointer siblings)
{
  if (siblings != NULL)
    g_ptr_array_unref (siblings);
}

/* Called in the context. */
char *
aiodrive_group_core_format (AiodriveGroupCore *self)
{
  g_autoptr(GPtrArray) cores = aiodrive_group_registry_list ();
  g_autoptr(GHashTable) below = g_hash_table_new_full (NULL, NULL, NULL, free_siblings);
  g_autoptr(GString) indent = g_string_new (NULL);
  Tree tree = { self, cores, below, g_string_new (NULL), indent, 0, aiodrive_get_monotonic_time () };

  find_places (&tree);
  for (guint i = 0; i < cores->len; i++)
    put_in_place (&tree, g_ptr_array_index (cores, i));
  print_group (&tree, self);
  print_below_group (&tree, self);
  return g_string_free (tree.text, FALSE);
}
