// SPDX-License-Identifier: LGPL-2.1-or-later
// The headers for a compiler of C++, with the macros: jobs and fibers that are lambdas.
#include <aiodrive/aiodrive.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

namespace
{

constexpr guint FOR_EVER = 3600000;
int n_checks = 0;

void
check (bool condition, const char *name)
{
  std::cout << (condition ? "ok " : "not ok ") << ++n_checks << ' ' << name << std::endl;
  if (!condition)
    std::exit (1);
}

struct Unref
{
  void operator() (gpointer object) const { g_object_unref (object); }
};
template <typename T> using Ref = std::unique_ptr<T, Unref>;
using Task = Ref<GTask>;
using Body = std::function<std::string (GCancellable *scope, GError **error)>;

void
check_error (GTask *task, GIOErrorEnum code, const char *name)
{
  g_autoptr(GError) error = nullptr;

  aiodrive_run (task);
  error = aiodrive_task_dup_error (task);
  check (g_error_matches (error, G_IO_ERROR, code), name);
}

std::string
value_of (GTask *task)
{
  g_auto(GValue) value = G_VALUE_INIT;
  g_autoptr(GError) error = nullptr;

  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  return g_value_get_string (&value);
}

gboolean
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

void
free_body (gpointer data)
{
  delete static_cast<Body *> (data);
}

Task
spawn (Body body, GCancellable *parent = nullptr)
{
  return Task (aiodrive_spawn_fiber (parent, call_body, new Body (std::move (body)), free_body));
}

Body
gives (std::string text, guint milliseconds)
{
  return [=] (GCancellable *scope, GError **error)
  { return aiodrive_sleep (milliseconds, scope, error) ? text : std::string (); };
}

std::string
fails (GCancellable *, GError **error)
{
  Ref<GFile> file (g_file_new_for_path ("/no/such/file"));
  Ref<GFileInfo> info (g_file_query_info_finish (
    file.get (),
    AIODRIVE_AWAIT (g_file_query_info_async, file.get (), "*", G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT), error));

  return info != nullptr ? "found" : "";
}

void
test_race ()
{
  Task fast = spawn (gives ("fast", 1)), slow = spawn (gives ("slow", FOR_EVER));
  GTask *children[] = { fast.get (), slow.get () };
  Task race (aiodrive_race (children, G_N_ELEMENTS (children), nullptr));

  check (value_of (race.get ()) == "fast", "the value of the winner");
  check_error (slow.get (), G_IO_ERROR_CANCELLED, "the loser was cancelled");
}

void
test_timeout ()
{
  Task late = spawn (gives ("late", FOR_EVER));
  Task timeout (aiodrive_timeout (late.get (), 1, nullptr));

  check_error (timeout.get (), G_IO_ERROR_TIMED_OUT, "a timeout");
}

void
test_latch ()
{
  Ref<AiodriveLatch> latch (aiodrive_latch_new ());
  Task wait (AIODRIVE_START (nullptr, aiodrive_latch_wait_set_async, latch.get ()));
  g_autoptr(GError) error = nullptr;

  aiodrive_latch_set (latch.get ());
  aiodrive_run (wait.get ());
  Ref<GAsyncResult> result (aiodrive_task_propagate_result (wait.get (), &error));
  check (aiodrive_latch_wait_set_finish (latch.get (), result.get (), &error), "a latch");
}

void
test_group ()
{
  Ref<AiodriveTaskGroup> group (aiodrive_task_group_new (nullptr));
  GTask *sibling = nullptr;

  aiodrive_task_group_spawn (group.get (), &sibling,
                             AIODRIVE_FIBER (call_body, new Body (gives ("sibling", FOR_EVER)), free_body));
  aiodrive_task_group_spawn (group.get (), nullptr, AIODRIVE_FIBER (call_body, new Body (fails), free_body));
  Task close (AIODRIVE_START (nullptr, aiodrive_task_group_close_async, group.get ()));
  check_error (close.get (), G_IO_ERROR_NOT_FOUND, "a group fails with its child");
  check_error (Task (sibling).get (), G_IO_ERROR_CANCELLED, "its sibling was cancelled");
}

void
test_queue ()
{
  Ref<AiodriveQueue> queue (AIODRIVE_QUEUE (aiodrive_unordered_queue_new ()));
  g_auto(GValue) item = G_VALUE_INIT;
  g_autoptr(GError) error = nullptr;
  Task get = spawn (
    [&] (GCancellable *, GError **failure) -> std::string
    {
      g_auto(GValue) got = G_VALUE_INIT;

      aiodrive_queue_get_finish (queue.get (), AIODRIVE_AWAIT (aiodrive_queue_get_async, queue.get ()), &got, failure);
      return g_value_get_string (&got);
    });

  g_value_init (&item, G_TYPE_STRING);
  g_value_set_string (&item, "first");
  aiodrive_queue_put (queue.get (), 0, &item, &error);
  check (value_of (get.get ()) == "first", "an item that was waited for");
  aiodrive_queue_close (queue.get ());
  aiodrive_queue_put (queue.get (), 0, &item, &error);
  check (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED), "a closed queue");
}

void
test_cancellation ()
{
  Ref<GCancellable> parent (g_cancellable_new ());
  Task task = spawn (gives ("never", FOR_EVER), parent.get ());

  g_cancellable_cancel (parent.get ());
  check_error (task.get (), G_IO_ERROR_CANCELLED, "a cancelled job");
}

void
test_threads ()
{
  Ref<AiodriveBackgroundExecutor> executor (aiodrive_background_executor_new ("in C++"));
  GThread *thread = nullptr;
  GTask *task = nullptr;
  auto body = new Body (
    [&] (GCancellable *, GError **)
    {
      thread = g_thread_self ();
      return "from there";
    });

  aiodrive_background_executor_spawn (executor.get (), &task, nullptr, AIODRIVE_FIBER (call_body, body, free_body));
  check (value_of (Task (task).get ()) == "from there", "a value of another thread");
  check (thread != nullptr && thread != g_thread_self (), "it was another thread");
  check (aiodrive_background_executor_stop (executor.get (), nullptr, nullptr), "its end");
}

gboolean
refuse (bool condition, GError **error)
{
  AIODRIVE_RETURN_ERROR_IF_FAIL (condition, error);
  return TRUE;
}

// what is refused: an await outside of a fiber, and a condition of the caller's
void
test_refused ()
{
  Ref<GFile> file (g_file_new_for_path ("/"));
  g_autoptr(GError) error = nullptr;

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*");
  check (AIODRIVE_AWAIT (g_file_load_bytes_async, file.get ()) == nullptr, "no await outside of a fiber");
  g_test_assert_expected_messages ();

  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*condition*");
  check (!refuse (false, &error), "a condition that does not hold");
  g_test_assert_expected_messages ();
  check (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT), "its error");
}

}

int
main ()
{
  test_race ();
  test_timeout ();
  test_latch ();
  test_group ();
  test_queue ();
  test_cancellation ();
  test_threads ();
  test_refused ();
  std::cout << "1.." << n_checks << std::endl;
  return 0;
}
