/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/support.h"

/* clang-format off */
#define LOAD_FIELDS(FIELD, WEAK)              \
  FIELD (GFile *, file, G_TYPE_FILE)          \
  FIELD (GObject *, object, G_TYPE_OBJECT)    \
  FIELD (char *, text, G_TYPE_STRING)         \
  FIELD (GBytes *, bytes, G_TYPE_BYTES)       \
  FIELD (GVariant *, variant, G_TYPE_VARIANT) \
  FIELD (guint8, small, G_TYPE_UCHAR)         \
  FIELD (double, number, G_TYPE_DOUBLE)       \
  WEAK (GObject *, widget)
/* clang-format on */

AIODRIVE_DEFINE_DATA (Load, load, LOAD_FIELDS)

static void
test_fields (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/");
  g_autoptr (GObject) object = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GObject) widget = g_object_new (G_TYPE_OBJECT, NULL);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  char text[] = "text";
  Load *load;

  g_test_summary ("Each field is a copy or a reference of its own, but a weak one, which becomes NULL");

  load = load_new ((Load) {
      .file = file,
      .object = object,
      .text = text,
      .bytes = bytes,
      .variant = g_variant_new_int32 (7),
      .small = 200,
      .number = 1.5,
      .widget = widget,
  });
  text[0] = 'n';
  g_assert_cmpuint (G_OBJECT (file)->ref_count, ==, 2);
  g_assert_cmpuint (object->ref_count, ==, 2);
  g_assert_cmpuint (widget->ref_count, ==, 1);
  g_assert_cmpstr (load->text, ==, "text");
  g_assert_true (load->bytes == bytes);
  g_assert_cmpint (g_variant_get_int32 (load->variant), ==, 7);
  g_assert_cmpuint (load->small, ==, 200);
  g_assert_cmpfloat (load->number, ==, 1.5);
  g_assert_true (load->widget == widget);

  g_clear_object (&widget);
  g_assert_null (load->widget);
  load_free (load);
  g_assert_cmpuint (G_OBJECT (file)->ref_count, ==, 1);
  g_assert_cmpuint (object->ref_count, ==, 1);
}

static void
test_empty (void)
{
  g_autoptr (GObject) widget = g_object_new (G_TYPE_OBJECT, NULL);
  Load *load = load_new ((Load) { .small = 1 });

  g_test_summary ("What is not given is NULL, and a structure that is freed forgets its weak pointers");

  g_assert_null (load->file);
  g_assert_null (load->text);
  g_assert_null (load->widget);
  load_free (load);

  load_free (load_new ((Load) { .widget = widget }));
  g_clear_object (&widget);
}

static gboolean
count_bytes (GCancellable *scope,
             gpointer data,
             GValue *result,
             GError **error)
{
  Load *load = data;

  if (!aiodrive_sleep (1, scope, error))
    return FALSE;
  return aiodrive_return_int (result, (gint64) g_bytes_get_size (load->bytes) + load->small);
}

static void
test_fiber (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("xyz", 3);
  g_autoptr (GTask) task = NULL;
  g_auto (GValue) value = G_VALUE_INIT;
  g_autoptr (GError) error = NULL;

  g_test_summary ("A fiber gets several values");

  task = aiodrive_spawn_fiber (NULL, count_bytes, load_new ((Load) { .bytes = bytes, .small = 4 }), load_free);
  aiodrive_run (task);
  aiodrive_task_propagate (task, &value, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_value_get_int64 (&value), ==, 7);
}

#define WRONG_FIELDS(FIELD, WEAK) \
  FIELD (guint8, text, G_TYPE_STRING)

AIODRIVE_DEFINE_DATA (Wrong, wrong, WRONG_FIELDS)

static void
test_wrong_type (void)
{
  Wrong *wrong;

  g_test_summary ("A field whose GType is not that of its C type is a critical warning");

  g_test_expect_message ("Aiodrive", G_LOG_LEVEL_CRITICAL, "*size == sizeof (gpointer)*");
  wrong = wrong_new ((Wrong) { 1 });
  g_test_assert_expected_messages ();
  g_free (wrong);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/aiodrive/task/data/fields", test_fields);
  g_test_add_func ("/aiodrive/task/data/empty", test_empty);
  g_test_add_func ("/aiodrive/task/data/fiber", test_fiber);
  g_test_add_func ("/aiodrive/task/data/wrong-type", test_wrong_type);

  return g_test_run ();
}
