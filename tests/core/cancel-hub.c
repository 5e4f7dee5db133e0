/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/cancel-hub-private.h"

#include "aiodrive/core/cancel-scope-private.h"
#include "tests/support/support.h"

#define N_ROUNDS test_rounds (3000)

typedef struct
{
  AiodriveCancelLink  link;
  AiodriveWorkItem    work;
  AiodriveDispatcher *dispatcher;
  gint                n_fired;       /* atomic */
  gint                may_return;    /* atomic: notify() waits for it, if it is to linger */
  gboolean            lingers;
  guint               n_run;
} Owner;

static void
run (AiodriveWorkItem *work)
{
  AIODRIVE_CONTAINER_OF (work, Owner, work)->n_run++;
}

static void
fire (AiodriveCancelLink *link)
{
  Owner *self = AIODRIVE_CONTAINER_OF (link, Owner, link);

  g_atomic_int_inc (&self->n_fired);
  test_spin_while (self->lingers && !g_atomic_int_get (&self->may_return));
  aiodrive_cancel_link_done (link, self->dispatcher, &self->work);
}

static void
owner_init (Owner *self)
{
  *self = (Owner) { .link.try_ref = aiodrive_cancel_link_begin, .link.notify = fire, .work.run = run };
  self->dispatcher = aiodrive_dispatcher_get_thread_default ();
}

static GCancellable *
new_plain (void)
{
  return g_cancellable_new ();
}

static GCancellable *
new_scope (void)
{
  return G_CANCELLABLE (aiodrive_cancel_scope_new (NULL));
}

typedef GCancellable *(*NewCancellable) (void);

static void
test_cancel (gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Owner owners[3];

  g_test_summary ("Each link is notified once; a late or removed one is not");

  for (guint i = 0; i < 3; i++)
    {
      owner_init (&owners[i]);
      g_assert_true (aiodrive_cancel_link_remove (&owners[i].link));
      g_assert_true (aiodrive_cancel_link_add (&owners[i].link, cancellable));
    }
  g_assert_true (aiodrive_cancel_link_remove (&owners[1].link));

  g_cancellable_cancel (cancellable);
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (owners[0].n_fired, ==, 1);
  g_assert_cmpint (owners[1].n_fired, ==, 0);
  g_assert_cmpint (owners[2].n_fired, ==, 1);
  g_assert_false (aiodrive_cancel_link_add (&owners[1].link, cancellable));

  for (guint i = 0; i < 3; i++)
    g_assert_true (aiodrive_cancel_link_remove (&owners[i].link));
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

static void
test_reset (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Owner owner;

  g_test_summary ("A plain GCancellable that is reset can be used again");

  for (guint i = 0; i < 3; i++)
    {
      owner_init (&owner);
      g_assert_true (aiodrive_cancel_link_add (&owner.link, cancellable));
      g_cancellable_cancel (cancellable);
      g_assert_cmpint (owner.n_fired, ==, 1);
      g_assert_true (aiodrive_cancel_link_remove (&owner.link));
      g_cancellable_reset (cancellable);
    }
}

/*
 * Races
 */

typedef struct
{
  GCancellable *cancellable;
  gint          n_ready;      /* atomic */
  guint         n_parties;
} Race;

static void
race_start (Race *self)
{
  g_atomic_int_inc (&self->n_ready);
  test_spin_while (g_atomic_int_get (&self->n_ready) < (gint) self->n_parties);
}

static gpointer
race_cancel (gpointer data)
{
  Race *self = data;

  race_start (self);
  g_cancellable_cancel (self->cancellable);
  return NULL;
}

static void
test_race (gconstpointer data)
{
  g_test_summary ("No missed cancellation: a link added during it learns of it from add(), or from the handler");

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Race race = { .cancellable = ((NewCancellable) data) (), .n_parties = 2 };
      GThread *thread = g_thread_new ("cancel", race_cancel, &race);
      gboolean added[8];
      Owner owners[8];

      for (guint i = 0; i < 8; i++)
        owner_init (&owners[i]);
      race_start (&race);
      for (guint i = 0; i < 8; i++)
        added[i] = aiodrive_cancel_link_add (&owners[i].link, race.cancellable);
      g_thread_join (thread);

      for (guint i = 0; i < 8; i++)
        g_assert_cmpint (owners[i].n_fired, ==, added[i] ? 1 : 0);
      g_assert_finalize_object (race.cancellable);
    }
}

typedef struct
{
  Race  *race;
  Owner *owner;
} Adder;

static gpointer
adder_add (gpointer data)
{
  Adder *self = data;

  race_start (self->race);
  return GINT_TO_POINTER (aiodrive_cancel_link_add (&self->owner->link, self->race->cancellable));
}

static void
test_race_for_lock (void)
{
  g_test_summary ("The same where both have to wait for the lock of the hub: whoever gets it first, nobody is "
                  "forgotten");

  for (guint round = 0; round < N_ROUNDS / 2; round++)
    {
      g_autoptr(AiodriveCancelScope) scope = aiodrive_cancel_scope_new (NULL);
      AiodriveCancelHub *hub = &scope->hub;
      Race race = { .cancellable = G_CANCELLABLE (scope), .n_parties = 3 };
      Owner owner;
      Adder adder = { &race, &owner };
      GThread *adds, *cancels;
      gboolean added;

      owner_init (&owner);
      g_mutex_lock (&hub->lock);
      adds = g_thread_new ("add", adder_add, &adder);
      cancels = g_thread_new ("cancel", race_cancel, &race);
      race_start (&race);
      test_spin_while (!g_cancellable_is_cancelled (race.cancellable));
      g_mutex_unlock (&hub->lock);

      added = GPOINTER_TO_INT (g_thread_join (adds));
      g_thread_join (cancels);
      g_assert_cmpint (owner.n_fired, ==, added ? 1 : 0);
    }
}

static void
test_attach_race (void)
{
  g_test_summary ("Two threads that use a plain GCancellable for the first time at once share one hub");

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Race race = { .cancellable = g_cancellable_new (), .n_parties = 2 };
      Owner owners[2];
      Adder adder = { &race, &owners[1] };
      GThread *thread;

      owner_init (&owners[0]);
      owner_init (&owners[1]);
      thread = g_thread_new ("add", adder_add, &adder);
      race_start (&race);
      g_assert_true (aiodrive_cancel_link_add (&owners[0].link, race.cancellable));
      g_assert_true (GPOINTER_TO_INT (g_thread_join (thread)));
      g_assert_true (owners[0].link.hub == owners[1].link.hub);

      g_cancellable_cancel (race.cancellable);
      g_assert_cmpint (owners[0].n_fired, ==, 1);
      g_assert_cmpint (owners[1].n_fired, ==, 1);
      g_assert_finalize_object (race.cancellable);
    }
}

static void
test_attach_race_cancel (void)
{
  g_test_summary ("The same where a third thread cancels");

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Race race = { .cancellable = g_cancellable_new (), .n_parties = 3 };
      Owner owners[2];
      Adder adder = { &race, &owners[1] };
      GThread *adds, *cancels;
      gboolean added;

      owner_init (&owners[0]);
      owner_init (&owners[1]);
      adds = g_thread_new ("add", adder_add, &adder);
      cancels = g_thread_new ("cancel", race_cancel, &race);
      race_start (&race);
      added = aiodrive_cancel_link_add (&owners[0].link, race.cancellable);
      g_thread_join (cancels);

      g_assert_cmpint (owners[0].n_fired, ==, added ? 1 : 0);
      added = GPOINTER_TO_INT (g_thread_join (adds));
      g_assert_cmpint (owners[1].n_fired, ==, added ? 1 : 0);
      g_assert_finalize_object (race.cancellable);
    }
}

static void
test_remove_while_firing (gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Race race = { .cancellable = cancellable, .n_parties = 1 };
  GThread *thread;
  Owner owner;

  g_test_summary ("A link removed while it is notified is refused, and its owner runs when the handler is done");

  owner_init (&owner);
  owner.lingers = TRUE;
  g_assert_true (aiodrive_cancel_link_add (&owner.link, cancellable));
  thread = g_thread_new ("cancel", race_cancel, &race);
  test_spin_while (g_atomic_int_get (&owner.n_fired) == 0);

  g_assert_false (aiodrive_cancel_link_remove (&owner.link));
  test_settle ();
  g_assert_cmpuint (owner.n_run, ==, 0);

  g_atomic_int_set (&owner.may_return, TRUE);
  test_iterate_until (owner.n_run > 0);
  g_assert_true (aiodrive_cancel_link_remove (&owner.link));
  g_thread_join (thread);
  test_settle ();
  g_assert_cmpuint (owner.n_run, ==, 1);
}

static void
test_remove_race (gconstpointer data)
{
  g_test_summary ("Who leaves while the cancellable is cancelled is freed at once or when he is run, never under the "
                  "handler");

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Race race = { .cancellable = ((NewCancellable) data) (), .n_parties = 2 };
      Owner *owner = g_new (Owner, 1);
      GThread *thread;

      owner_init (owner);
      g_assert_true (aiodrive_cancel_link_add (&owner->link, race.cancellable));
      thread = g_thread_new ("cancel", race_cancel, &race);
      race_start (&race);
      if (!aiodrive_cancel_link_remove (&owner->link))
        {
          test_iterate_until (owner->n_run > 0);
          g_assert_cmpuint (owner->n_run, ==, 1);
          g_assert_true (aiodrive_cancel_link_remove (&owner->link));
        }
      memset (owner, 0xaa, sizeof *owner);
      g_free (owner);
      g_thread_join (thread);
      g_assert_finalize_object (race.cancellable);
    }
}

/*
 * In a handler
 */

typedef struct
{
  GCancellable *cancellable;   /* owned */
  Owner         first;
  Owner         second;
} Scene;

static void
leave_both (GCancellable *cancellable,
            gpointer      data)
{
  Scene *scene = data;

  g_assert_true (aiodrive_cancel_link_remove (&scene->first.link));
  g_assert_true (aiodrive_cancel_link_remove (&scene->second.link));
  g_assert_false (aiodrive_cancel_link_add (&scene->first.link, cancellable));
  g_clear_object (&scene->cancellable);
}

static void
test_leave_in_handler (gconstpointer data)
{
  Scene scene = { .cancellable = ((NewCancellable) data) () };
  gpointer cancellable = scene.cancellable;

  g_test_summary ("A handler of the signal may remove links, add some in vain, and drop the last reference");

  g_object_add_weak_pointer (cancellable, &cancellable);
  owner_init (&scene.first);
  owner_init (&scene.second);
  g_signal_connect (scene.cancellable, "cancelled", G_CALLBACK (leave_both), &scene);
  g_assert_true (aiodrive_cancel_link_add (&scene.first.link, scene.cancellable));
  g_assert_true (aiodrive_cancel_link_add (&scene.second.link, scene.cancellable));

  g_cancellable_cancel (scene.cancellable);
  g_assert_null (cancellable);
  g_assert_cmpint (scene.first.n_fired, ==, 0);
  g_assert_cmpint (scene.second.n_fired, ==, 0);
}

static void
remove_second (AiodriveCancelLink *link)
{
  Owner *owner = AIODRIVE_CONTAINER_OF (link, Owner, link);
  Scene *scene = AIODRIVE_CONTAINER_OF (owner, Scene, first);

  g_atomic_int_inc (&owner->n_fired);
  g_assert_true (aiodrive_cancel_link_remove (&scene->second.link));
  aiodrive_cancel_link_done (link, owner->dispatcher, &owner->work);
}

static void
test_remove_other_while_firing (gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Scene scene = { NULL };

  g_test_summary ("The first notified link may remove the next one, which is then not notified");

  owner_init (&scene.first);
  owner_init (&scene.second);
  scene.first.link.notify = remove_second;
  g_assert_true (aiodrive_cancel_link_add (&scene.first.link, cancellable));
  g_assert_true (aiodrive_cancel_link_add (&scene.second.link, cancellable));

  g_cancellable_cancel (cancellable);
  g_assert_cmpint (scene.first.n_fired, ==, 1);
  g_assert_cmpint (scene.second.n_fired, ==, 0);
}

static void
test_run_dispose (gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = ((NewCancellable) data) ();
  Owner owner;

  g_test_summary ("A cancellable that is disposed of by force while it is watched can be left");

  owner_init (&owner);
  g_assert_true (aiodrive_cancel_link_add (&owner.link, cancellable));
  g_object_run_dispose (G_OBJECT (cancellable));
  g_assert_true (aiodrive_cancel_link_remove (&owner.link));

  g_assert_true (aiodrive_cancel_link_add (&owner.link, cancellable));
  g_assert_true (aiodrive_cancel_link_remove (&owner.link));
  g_cancellable_cancel (cancellable);
  g_assert_cmpint (owner.n_fired, ==, 0);
  g_assert_false (aiodrive_cancel_link_add (&owner.link, cancellable));
  g_assert_finalize_object (g_steal_pointer (&cancellable));
}

/*
 * The way down
 */

/* The names of those that were cancelled, in order. */
static GString *order;

static void
append_name (GCancellable *cancellable,
             const char   *name)
{
  g_string_append (order, name);
}

static AiodriveCancelScope *
new_named (AiodriveCancelScope *parent,
           const char          *name)
{
  AiodriveCancelScope *self = aiodrive_cancel_scope_new (G_CANCELLABLE (parent));

  g_signal_connect (self, "cancelled", G_CALLBACK (append_name), (gpointer) name);
  return self;
}

static void
test_order (void)
{
  g_autoptr(AiodriveCancelScope) top = new_named (NULL, "t");
  g_autoptr(AiodriveCancelScope) a = new_named (top, "a");
  g_autoptr(AiodriveCancelScope) b = new_named (top, "b");
  g_autoptr(AiodriveCancelScope) a1 = new_named (a, "1");
  g_autoptr(AiodriveCancelScope) a2 = new_named (a, "2");
  g_autoptr(AiodriveCancelScope) b3 = new_named (b, "3");

  g_test_summary ("A scope is told before those below it, and those before the next one beside it");

  order = g_string_new (NULL);
  g_cancellable_cancel (G_CANCELLABLE (top));
  g_assert_cmpstr (order->str, ==, "ta12b3");
  g_string_free (order, TRUE);
}

static void
cancel_other (GCancellable *cancellable,
              gpointer      data)
{
  AiodriveCancelScope **others = data;

  g_cancellable_cancel (G_CANCELLABLE (others[0]));
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (others[1])));
}

static void
test_nested (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) child = aiodrive_cancel_scope_new (G_CANCELLABLE (top));
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (G_CANCELLABLE (child));
  g_autoptr(AiodriveCancelScope) other = aiodrive_cancel_scope_new (NULL);
  g_autoptr(AiodriveCancelScope) below_other = aiodrive_cancel_scope_new (G_CANCELLABLE (other));
  AiodriveCancelScope *others[] = { other, below_other };

  g_test_summary ("A handler that cancels something else finds all of that cancelled afterwards");

  g_signal_connect (child, "cancelled", G_CALLBACK (cancel_other), others);
  g_cancellable_cancel (G_CANCELLABLE (top));
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (below)));
}

/* One that cancels another cancellable, as a combinator does. */
typedef struct
{
  AiodriveCancelLink  link;
  GPtrArray          *targets;
} Relay;

static void
relay_fire (AiodriveCancelLink *link)
{
  aiodrive_cancel_hub_cancel_all (AIODRIVE_CONTAINER_OF (link, Relay, link)->targets);
  aiodrive_cancel_link_done (link, NULL, NULL);
}

static void
on_last_cancelled (GCancellable *cancellable,
                   gpointer      first)
{
  g_cancellable_reset (first);   /* its emission is over */
}

static void
test_reset_on_the_way (void)
{
  g_autoptr(AiodriveCancelScope) top = aiodrive_cancel_scope_new (NULL);
  g_autoptr(GCancellable) first = g_cancellable_new ();
  g_autoptr(GCancellable) last = g_cancellable_new ();
  g_autoptr(GPtrArray) targets = g_ptr_array_new ();
  Relay relay = { { .try_ref = aiodrive_cancel_link_begin, .notify = relay_fire }, targets };
  Owner early;
  Owner late;

  g_test_summary ("One that is reset on the way down tells those that came before, once each");

  owner_init (&early);
  owner_init (&late);
  g_ptr_array_add (targets, first);
  g_ptr_array_add (targets, last);
  g_assert_true (aiodrive_cancel_link_add (&relay.link, G_CANCELLABLE (top)));
  g_assert_true (aiodrive_cancel_link_add (&early.link, first));
  g_signal_connect (last, "cancelled", G_CALLBACK (on_last_cancelled), first);

  g_cancellable_cancel (G_CANCELLABLE (top));
  g_assert_cmpint (early.n_fired, ==, 1);
  g_assert_false (g_cancellable_is_cancelled (first));
  g_assert_true (aiodrive_cancel_link_add (&late.link, first));
  g_cancellable_cancel (first);
  g_assert_cmpint (early.n_fired, ==, 1);
  g_assert_cmpint (late.n_fired, ==, 1);
}

static void
test_reset_with_shield (void)
{
  g_autoptr(GCancellable) plain = g_cancellable_new ();
  g_autoptr(AiodriveCancelScope) child = aiodrive_cancel_scope_new (plain);
  g_autoptr(AiodriveCancelScope) below = aiodrive_cancel_scope_new (G_CANCELLABLE (child));

  g_test_summary ("A child whose shield has fallen after a reset is reached by the next cancellation");

  aiodrive_cancel_scope_set_shielded (child, TRUE);
  for (guint i = 0; i < 2; i++)
    {
      g_cancellable_cancel (plain);
      g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (child)));
      g_cancellable_reset (plain);
    }
  aiodrive_cancel_scope_set_shielded (child, FALSE);
  g_assert_false (g_cancellable_is_cancelled (G_CANCELLABLE (child)));

  g_cancellable_cancel (plain);
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (child)));
  g_assert_true (g_cancellable_is_cancelled (G_CANCELLABLE (below)));
}

static void
add_for_both (const char    *name,
              GTestDataFunc  func)
{
  g_autofree char *plain = g_strconcat ("/aiodrive/core/cancel-hub/", name, "/plain", NULL);
  g_autofree char *scope = g_strconcat ("/aiodrive/core/cancel-hub/", name, NULL);

  g_test_add_data_func (plain, new_plain, func);
  g_test_add_data_func (scope, new_scope, func);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add_for_both ("cancel", test_cancel);
  g_test_add_func ("/aiodrive/core/cancel-hub/reset", test_reset);
  g_test_add_func ("/aiodrive/core/cancel-hub/reset/on-the-way", test_reset_on_the_way);
  g_test_add_func ("/aiodrive/core/cancel-hub/reset/with-shield", test_reset_with_shield);
  g_test_add_func ("/aiodrive/core/cancel-hub/order", test_order);
  g_test_add_func ("/aiodrive/core/cancel-hub/nested", test_nested);
  add_for_both ("race", test_race);
  g_test_add_func ("/aiodrive/core/cancel-hub/race/for-lock", test_race_for_lock);
  g_test_add_func ("/aiodrive/core/cancel-hub/race/attach", test_attach_race);
  g_test_add_func ("/aiodrive/core/cancel-hub/race/attach-and-cancel", test_attach_race_cancel);
  add_for_both ("remove-while-notifying", test_remove_while_firing);
  add_for_both ("remove-while-notifying/race", test_remove_race);
  add_for_both ("leave-in-handler", test_leave_in_handler);
  add_for_both ("remove-other-while-firing", test_remove_other_while_firing);
  add_for_both ("run-dispose", test_run_dispose);

  return g_test_run ();
}
