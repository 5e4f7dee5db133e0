/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FIBER_TEST_TYPE_LOADER (fiber_test_loader_get_type ())
G_DECLARE_FINAL_TYPE (FiberTestLoader, fiber_test_loader, FIBER_TEST, LOADER, GObject)

FiberTestLoader *fiber_test_loader_new         (void);
void             fiber_test_loader_load_async  (FiberTestLoader      *self,
                                                const char           *path,
                                                GCancellable         *cancellable,
                                                GAsyncReadyCallback   callback,
                                                gpointer              user_data);
GBytes          *fiber_test_loader_load_finish (FiberTestLoader      *self,
                                                GAsyncResult         *result,
                                                GError              **error);

G_END_DECLS
