// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints:
// near

// begin
#include <aiodrive/aiodrive.h>

#include <functional>
#include <iostream>
#include <memory>
#include <string>

struct Unref
{
  void operator() (gpointer object) const { g_object_unref (object); }
};
using Task = std::unique_ptr<GTask, Unref>;
using Body = std::function<std::string (GCancellable *scope, GError **error)>;

// runs in a fiber: what it awaits suspends the fiber, not the thread
static gboolean
call_body (GCancellable *scope, gpointer data, GValue *result, GError **error)
{
  GError *failure = nullptr;
  std::string text = (*static_cast<Body *> (data)) (scope, &failure);

  if (failure != nullptr)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }
  return aiodrive_return_string (result, g_strdup (text.c_str ()));
}

static Task
spawn (Body body)
{
  return Task (aiodrive_spawn_fiber (nullptr, call_body, new Body (std::move (body)),
                                     [] (gpointer data) { delete static_cast<Body *> (data); }));
}

static Task
load (std::string name, guint milliseconds)
{
  return spawn ([=] (GCancellable *scope, GError **error)
                { return aiodrive_sleep (milliseconds, scope, error) ? name : std::string (); });
}

int
main ()
{
  Task near = load ("near", 1), far = load ("far", 60000);
  GTask *children[] = { near.get (), far.get () };
  Task race (aiodrive_race (children, G_N_ELEMENTS (children), nullptr));
  g_auto(GValue) value = G_VALUE_INIT;

  aiodrive_run (race.get ());   // now the loser has ended, too
  aiodrive_task_propagate (race.get (), &value, nullptr);
  std::cout << g_value_get_string (&value) << std::endl;
  return 0;
}
// end
