/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

#include "aiodrive/core/cancel-scope-private.h"

/* Scopes that get their parent later. */

static gboolean
is_cancelled (AiodriveCancelScope *scope)
{
  return g_cancellable_is_cancelled (G_CANCELLABLE (scope));
}

static void
count_one (guint *n)
{
  (*n)++;
}

static void
test_attach (void)
{
  AiodriveCancelScope *parent = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *other = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *below = aiodrive_cancel_scope_new (G_CANCELLABLE (scope));
  guint n_notified = 0;

  g_test_summary ("A scope gets a parent once, which then cancels it and what is below it");

  g_signal_connect_swapped (scope, "notify::parent", G_CALLBACK (count_one), &n_notified);
  g_assert_true (aiodrive_cancel_scope_attach (scope, G_CANCELLABLE (parent)));
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_false (aiodrive_cancel_scope_attach (scope, G_CANCELLABLE (other)));
  g_assert_false (aiodrive_cancel_scope_attach (below, G_CANCELLABLE (other)));
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (aiodrive_cancel_scope_get_parent (scope) == G_CANCELLABLE (parent));
  g_assert_true (aiodrive_cancellable_is_within (G_CANCELLABLE (below), G_CANCELLABLE (parent)));
  g_assert_finalize_object (other);

  g_cancellable_cancel (G_CANCELLABLE (parent));
  g_assert_true (is_cancelled (scope));
  g_assert_true (is_cancelled (below));
  g_assert_finalize_object (below);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

static void
test_cancelled (void)
{
  g_autoptr(GCancellable) parent = g_cancellable_new ();
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *shielded = aiodrive_cancel_scope_new (NULL);

  g_test_summary ("A parent that is cancelled cancels the scope at once, or when the shield falls");

  g_cancellable_cancel (parent);
  aiodrive_cancel_scope_set_shielded (shielded, TRUE);
  g_assert_true (aiodrive_cancel_scope_attach (scope, parent));
  g_assert_true (aiodrive_cancel_scope_attach (shielded, parent));
  g_assert_true (is_cancelled (scope));
  g_assert_false (is_cancelled (shielded));
  aiodrive_cancel_scope_set_shielded (shielded, FALSE);
  g_assert_true (is_cancelled (shielded));
  g_assert_finalize_object (scope);
  g_assert_finalize_object (shielded);
}

static void
test_cycle (void)
{
  g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (G_CANCELLABLE (scope));

  g_test_summary ("A scope gets no parent that is below it, nor itself");

  g_assert_false (aiodrive_cancel_scope_attach (scope, G_CANCELLABLE (scope)));
  g_assert_false (aiodrive_cancel_scope_attach (scope, G_CANCELLABLE (below)));
  g_assert_null (aiodrive_cancel_scope_get_parent (scope));
}

static void
test_expected (void)
{
  AiodriveCancelScope *parent = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *scope = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *other = aiodrive_cancel_scope_new (NULL);
  guint n_attached = aiodrive_cancel_scope_count_attached ();

  g_test_summary ("A parent that comes after somebody has looked for it is counted");

  aiodrive_cancel_scope_attach (other, G_CANCELLABLE (parent));
  g_assert_cmpuint (aiodrive_cancel_scope_count_attached (), ==, n_attached);
  g_assert_null (aiodrive_cancel_scope_expect_parent (scope));
  g_assert_cmpuint (aiodrive_cancel_scope_count_attached (), ==, n_attached);
  aiodrive_cancel_scope_attach (scope, G_CANCELLABLE (parent));
  g_assert_cmpuint (aiodrive_cancel_scope_count_attached (), ==, n_attached + 1);
  g_assert_true (aiodrive_cancel_scope_expect_parent (scope) == G_CANCELLABLE (parent));

  g_assert_finalize_object (other);
  g_assert_finalize_object (scope);
  g_assert_finalize_object (parent);
}

/*
 * Moving up
 */

/* What a binding has for each task: the scope of the task, below that of the predecessor, and a shielded one below. */
static AiodriveCancelScope *
new_generation (AiodriveCancelScope  *above,
                AiodriveCancelScope **task)
{
  AiodriveCancelScope *place;

  *task = aiodrive_cancel_scope_new ((GCancellable *) above);
  place = aiodrive_cancel_scope_new (G_CANCELLABLE (*task));
  aiodrive_cancel_scope_set_shielded (place, TRUE);
  return place;
}

static void
test_move_up (void)
{
  AiodriveCancelScope *top = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *task, *place = new_generation (top, &task);
  AiodriveCancelScope *below = aiodrive_cancel_scope_new (G_CANCELLABLE (place));
  guint n_notified = 0;

  g_test_summary ("A scope leaves out its parent, which goes; what is below it goes along");

  g_signal_connect_swapped (place, "notify::parent", G_CALLBACK (count_one), &n_notified);
  aiodrive_cancel_scope_move_up (place);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (aiodrive_cancel_scope_get_parent (place) == G_CANCELLABLE (top));
  g_assert_true (aiodrive_cancellable_is_within (G_CANCELLABLE (below), G_CANCELLABLE (top)));
  g_assert_false (aiodrive_cancellable_is_within (G_CANCELLABLE (below), G_CANCELLABLE (task)));
  g_assert_finalize_object (task);

  aiodrive_cancel_scope_move_up (place);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_true (aiodrive_cancel_scope_get_parent (place) == G_CANCELLABLE (top));

  g_cancellable_cancel (G_CANCELLABLE (top));
  g_assert_false (is_cancelled (below));
  aiodrive_cancel_scope_set_shielded (place, FALSE);
  g_assert_true (is_cancelled (below));

  g_assert_finalize_object (below);
  g_assert_finalize_object (place);
  g_assert_finalize_object (top);
}

static void
test_move_up_links (void)
{
  AiodriveCancelScope *top = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *task, *place = new_generation (top, &task);

  g_test_summary ("The new parent cancels it once the shield has fallen, and the old one does not");

  aiodrive_cancel_scope_move_up (place);
  aiodrive_cancel_scope_set_shielded (place, FALSE);
  g_cancellable_cancel (G_CANCELLABLE (task));
  g_assert_false (is_cancelled (place));
  g_cancellable_cancel (G_CANCELLABLE (top));
  g_assert_true (is_cancelled (place));

  g_assert_finalize_object (task);
  g_assert_finalize_object (place);
  g_assert_finalize_object (top);
}

/* The scope that a scope has left may go, with its hub, before it. */
static void
test_move_up_to_the_top (void)
{
  AiodriveCancelScope *top = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *place = aiodrive_cancel_scope_new (G_CANCELLABLE (top));

  aiodrive_cancel_scope_set_shielded (place, TRUE);
  aiodrive_cancel_scope_move_up (place);
  g_assert_null (aiodrive_cancel_scope_get_parent (place));
  g_assert_null (place->link.hub);
  g_assert_finalize_object (top);
  g_assert_finalize_object (place);
}

static void
test_move_up_refused (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) task = aiodrive_cancel_scope_new (G_CANCELLABLE (top));
  g_autoptr(AiodriveCancelScope) open = aiodrive_cancel_scope_new (G_CANCELLABLE (task));
  g_autoptr(AiodriveCancelScope) cancelled = aiodrive_cancel_scope_new_shielded (G_CANCELLABLE (task));
  g_autoptr(AiodriveCancelScope) below_plain = aiodrive_cancel_scope_new_shielded (plain);

  g_test_summary ("A scope without a shield, one that is cancelled, and one below a plain GCancellable stay");

  g_cancellable_cancel (G_CANCELLABLE (cancelled));
  aiodrive_cancel_scope_move_up (open);
  aiodrive_cancel_scope_move_up (cancelled);
  aiodrive_cancel_scope_move_up (below_plain);
  aiodrive_cancel_scope_move_up (top);
  g_assert_true (aiodrive_cancel_scope_get_parent (open) == G_CANCELLABLE (task));
  g_assert_true (aiodrive_cancel_scope_get_parent (cancelled) == G_CANCELLABLE (task));
  g_assert_true (aiodrive_cancel_scope_get_parent (below_plain) == plain);
  g_assert_null (aiodrive_cancel_scope_get_parent (top));
}

static void
test_move_up_chain (void)
{
  AiodriveCancelScope *top = aiodrive_cancel_scope_new (NULL);
  AiodriveCancelScope *tasks[100], *places[101] = { g_object_ref (top) };
  gboolean in_order = TRUE;

  g_test_summary ("Generations that overlap leave nothing between the first and the last, in whatever order they end");

  for (guint i = 0; i < 100; i++)
    {
      places[i + 1] = new_generation (places[i], &tasks[i]);
      if (i % 3 != 2)
        continue;
      for (guint j = 0; j < 3; j++)
        {
          guint ending = in_order ? i - 2 + j : i - j;

          aiodrive_cancel_scope_move_up (places[ending + 1]);
          g_object_unref (tasks[ending]);
        }
      in_order = !in_order;
    }
  aiodrive_cancel_scope_move_up (places[100]);
  g_object_unref (tasks[99]);
  g_assert_true (aiodrive_cancel_scope_get_parent (places[100]) == G_CANCELLABLE (top));
  for (guint i = 0; i < 100; i++)
    g_object_unref (places[i]);

  g_assert_finalize_object (places[100]);
  g_assert_finalize_object (top);
}

/*
 * Races: two threads, which begin each round together
 */

#define N_SCOPES 20

typedef struct
{
  AiodriveCancelScope *parent;
  AiodriveCancelScope *scopes[N_SCOPES];
  AiodriveCancelScope *rivals[N_SCOPES];   /* other parents, nullable */
  gint                 n_won;              /* atomic */
  gint                 n_waiting;          /* atomic */
  guint                n_attached;         /* when the one that looks for parents began */
  guint                n_expected;         /* parents that it did not find */
} Race;

static void
meet (Race *race)
{
  g_atomic_int_inc (&race->n_waiting);
  test_spin_while (g_atomic_int_get (&race->n_waiting) < 2);
}

static void
race_run (GThreadFunc other,
          void      (*here) (Race *race),
          void      (*check) (Race *race))
{
  for (guint n = test_rounds (3000); n > 0; n--)
    {
      Race race = { .parent = aiodrive_cancel_scope_new (NULL) };
      GThread *thread;

      for (guint i = 0; i < N_SCOPES; i++)
        {
          race.scopes[i] = aiodrive_cancel_scope_new (NULL);
          race.rivals[i] = aiodrive_cancel_scope_new (NULL);
        }
      thread = g_thread_new ("other", other, &race);
      meet (&race);
      here (&race);
      g_thread_join (thread);
      check (&race);
      for (guint i = 0; i < N_SCOPES; i++)
        {
          g_assert_finalize_object (race.scopes[i]);
          g_assert_finalize_object (race.rivals[i]);
        }
      g_assert_finalize_object (race.parent);
    }
}

static gpointer
attach_all (gpointer data)
{
  Race *race = data;

  meet (race);
  for (guint i = 0; i < N_SCOPES; i++)
    if (aiodrive_cancel_scope_attach (race->scopes[i], G_CANCELLABLE (race->parent)))
      g_atomic_int_inc (&race->n_won);
  return NULL;
}

static gpointer
attach_all_shielded (gpointer data)
{
  Race *race = data;

  for (guint i = 0; i < N_SCOPES; i++)
    aiodrive_cancel_scope_set_shielded (race->scopes[i], TRUE);
  g_cancellable_cancel (G_CANCELLABLE (race->parent));
  return attach_all (race);
}

static void
cancel_parent (Race *race)
{
  g_cancellable_cancel (G_CANCELLABLE (race->parent));
}

static void
unshield_all (Race *race)
{
  for (guint i = 0; i < N_SCOPES; i++)
    aiodrive_cancel_scope_set_shielded (race->scopes[i], FALSE);
}

static void
assert_all_cancelled (Race *race)
{
  g_assert_cmpint (race->n_won, ==, N_SCOPES);
  for (guint i = 0; i < N_SCOPES; i++)
    g_assert_true (is_cancelled (race->scopes[i]));
}

static void
test_race (void)
{
  g_test_summary ("No cancellation is missed that comes while the scope gets its parent, or while its shield falls");

  race_run (attach_all, cancel_parent, assert_all_cancelled);
  race_run (attach_all_shielded, unshield_all, assert_all_cancelled);
}

static void
attach_to_rivals (Race *race)
{
  for (guint i = 0; i < N_SCOPES; i++)
    if (aiodrive_cancel_scope_attach (race->scopes[i], G_CANCELLABLE (race->rivals[i])))
      g_atomic_int_inc (&race->n_won);
}

static void
assert_one_won (Race *race)
{
  g_assert_cmpint (race->n_won, ==, N_SCOPES);
  for (guint i = 0; i < N_SCOPES; i++)
    {
      GCancellable *parent = aiodrive_cancel_scope_get_parent (race->scopes[i]);

      g_assert_true (parent == G_CANCELLABLE (race->parent) || parent == G_CANCELLABLE (race->rivals[i]));
      g_cancellable_cancel (parent);
      g_assert_true (is_cancelled (race->scopes[i]));
    }
}

static void
test_rivals (void)
{
  g_test_summary ("Of two parents that are given at once one stays");

  race_run (attach_all, attach_to_rivals, assert_one_won);
}

static void
expect_parents (Race *race)
{
  race->n_attached = aiodrive_cancel_scope_count_attached ();
  for (guint i = 0; i < N_SCOPES; i++)
    race->n_expected += aiodrive_cancel_scope_expect_parent (race->scopes[i]) == NULL;
}

static void
assert_counted (Race *race)
{
  g_assert_cmpuint (aiodrive_cancel_scope_count_attached (), >=, race->n_attached + race->n_expected);
}

static void
test_expected_race (void)
{
  g_test_summary ("A scope that gets its parent while somebody looks for it has it, or is counted afterwards");

  race_run (attach_all, expect_parents, assert_counted);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/core/cancel-scope/attach", test_attach);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach/cancelled", test_cancelled);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach/cycle", test_cycle);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach/expected", test_expected);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach-race", test_race);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach-race/rivals", test_rivals);
  g_test_add_func ("/aiodrive/core/cancel-scope/attach-race/expected", test_expected_race);
  g_test_add_func ("/aiodrive/core/cancel-scope/move-up", test_move_up);
  g_test_add_func ("/aiodrive/core/cancel-scope/move-up/links", test_move_up_links);
  g_test_add_func ("/aiodrive/core/cancel-scope/move-up/to-the-top", test_move_up_to_the_top);
  g_test_add_func ("/aiodrive/core/cancel-scope/move-up/refused", test_move_up_refused);
  g_test_add_func ("/aiodrive/core/cancel-scope/move-up/chain", test_move_up_chain);

  return g_test_run ();
}
