/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aiodrive/core/stack-overflow-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The memory of stacks.
 *
 * Lazy commitment. A stack is mapped, not allocated: it costs only the pages that its functions have touched, 4 to 8
 * KiB for a suspended fiber, however large it may grow. Huge pages are declined, since each would commit 2 MiB.
 *
 * Guards. The lowest 64 KiB are not accessible: alloca() steps over a smaller guard. Linux 6.13 guards pages within a
 * mapping, and adjacent stacks share one mapping. Everywhere else mprotect() cuts each stack into two mappings, of
 * which a process may have 65,530.
 *
 * Refusal. A process without mappings left dies in malloc(), far from the cause. Hence a stack is refused while an
 * eighth of them is left. Only the kernel knows how many mappings a process has, and reading many takes milliseconds.
 * So the library counts them, and counts again only when the stacks could have used up the rest.
 * (/aiodrive/core/stack/too-many)
 *
 * Pools. A used stack is warm: its pages are committed, and entering it takes no system call. Each thread keeps 1024
 * free stacks, and more if more were in use at one moment, since bursts recur. Every ten seconds the pool unmaps half
 * of the surplus that was not used meanwhile, the coldest first, in steps that do not delay the main loop. Once there
 * is no surplus, the remaining stacks give back the memory that a deep call committed. (.../shrink, .../trim) */

#define GUARD_SIZE          (64 * 1024)
#define MINIMAL_SIZE        (64 * 1024)
#define TRIMMED_SIZE        (16 * 1024)   /* the frames of a stack that is entered and free lie there */
#define N_KEPT              1024
#define SHRINK_USEC         (10 * G_USEC_PER_SEC)
#define N_UNMAPPED_AT_ONCE  256
#define N_REFUSED_AT_ONCE   256

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL  102
#endif

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

#ifndef MAP_STACK
#define MAP_STACK 0
#endif

struct _AiodriveStackPool
{
  GQueue   free;         /* of AiodriveStack, warmest first */
  guint    n_used;       /* acquired and not released in this thread */
  guint    n_most_used;  /* since the last round of shrinking, as the next one */
  guint    n_least_free;
  guint    n_to_unmap;   /* still free in this round */
  GSource *timer;        /* owned, nullable; may be destroyed with its context */
};

static guint size_in_kib = GLIB_SIZEOF_VOID_P >= 8 ? 1024 : 256;   /* atomic, as the next */
static guint n_mapped;

static GMutex mapped_lock;
static GQueue mapped;      /* of AiodriveStack; guarded by mapped_lock */

static GMutex room_lock;
static gboolean is_limited = TRUE;   /* guarded by room_lock, as the next ones */
static gint64 room;                  /* how many mappings may be added before they are counted again */
static guint n_refused;

static gint64
read_limit (void)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents ("/proc/sys/vm/max_map_count", &text, NULL, NULL))
    return -1;
  return g_ascii_strtoll (text, NULL, 10);
}

/* Counts the mappings of this process, without allocating. */
static gint64
count_mappings (void)
{
  char buffer[4096];
  gint64 n = 0;
  gssize length;
  int fd = open ("/proc/self/maps", O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return -1;
  while ((length = read (fd, buffer, sizeof buffer)) > 0 || (length < 0 && errno == EINTR))
    {
      for (gssize i = 0; i < length; i++)
        n += buffer[i] == '\n';
    }
  close (fd);
  return n;
}

/* Called with the lock of room held. */
static void
measure_room (void)
{
  gint64 limit = read_limit ();
  gint64 n = count_mappings ();

  is_limited = limit >= 0 && n >= 0;
  room = limit - limit / 8 - n;
}

/* Takes room for @n mappings, or gives it back. FALSE if there is none. */
static gboolean
take_room (int n)
{
  gboolean taken;

  g_mutex_lock (&room_lock);
  if (is_limited && n > room && n_refused++ % N_REFUSED_AT_ONCE == 0)
    measure_room ();
  taken = !is_limited || n <= room;
  if (taken)
    {
      room -= n;
      n_refused = 0;
    }
  g_mutex_unlock (&room_lock);

  return taken;
}

static gboolean
install_guard (AiodriveStack *self,
               guint8        *memory)
{
#ifdef __linux__
  if (madvise (memory, self->guard_size, MADV_GUARD_INSTALL) == 0)
    return TRUE;
#endif

  self->guard_is_mapping = TRUE;
  return mprotect (memory, self->guard_size, PROT_NONE) == 0;
}

static gboolean
stack_refuse (const char  *why,
              GError     **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
               "No memory for the stack of another fiber; %u exist: %s",
               g_atomic_int_get (&n_mapped), why);
  return FALSE;
}

static gboolean
map_memory (AiodriveStack  *self,
            GError        **error)
{
  gsize size = self->guard_size + self->size;

  self->memory = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1,
                       0);
  if (self->memory == MAP_FAILED)
    return stack_refuse (g_strerror (errno), error);

#ifdef MADV_NOHUGEPAGE
  madvise (self->memory, size, MADV_NOHUGEPAGE);
#endif
  if (!install_guard (self, self->memory))
    {
      int code = errno;

      munmap (self->memory, size);
      return stack_refuse (g_strerror (code), error);
    }
  return TRUE;
}

static gsize
round_up (gsize size,
          gsize page_size)
{
  return (size + page_size - 1) / page_size * page_size;
}

static AiodriveStack *
stack_map (gsize    size,
           GError **error)
{
  gsize page_size = (gsize) sysconf (_SC_PAGESIZE);
  AiodriveStack stack = { .size = round_up (size, page_size), .guard_size = round_up (GUARD_SIZE, page_size) };
  AiodriveStack *self;

  /* one for the mapping, and one for the guard if it is known to need one */
  if (!take_room (2))
    {
      stack_refuse ("the process is about to exceed its number of mappings (vm.max_map_count)", error);
      return NULL;
    }
  if (!map_memory (&stack, error))
    {
      take_room (-2);
      return NULL;
    }
  if (!stack.guard_is_mapping)
    take_room (-1);

  self = (AiodriveStack *) (stack.memory + stack.guard_size + stack.size) - 1;
  self = (AiodriveStack *) ((guintptr) self / 64 * 64);
  *self = stack;
  self->link.data = self;
  self->mapped_link.data = self;
  aiodrive_stack_tools_map (&self->tools, aiodrive_stack_get_low (self), self);
  g_atomic_int_inc (&n_mapped);
  g_mutex_lock (&mapped_lock);
  g_queue_push_tail_link (&mapped, &self->mapped_link);
  g_mutex_unlock (&mapped_lock);
  return self;
}

/* Returns FALSE if the kernel has no room for the hole; then the stack remains. */
static gboolean
stack_unmap (AiodriveStack *self)
{
  AiodriveStack stack;
  /* a guard that is its own mapping is unmapped too; otherwise this may cut a mapping into two */
  int n = self->guard_is_mapping ? -2 : 1;

  if (!take_room (n))
    return FALSE;

  g_mutex_lock (&mapped_lock);
  g_queue_unlink (&mapped, &self->mapped_link);
  g_mutex_unlock (&mapped_lock);

  stack = *self;
  aiodrive_stack_tools_unmap (&stack.tools, aiodrive_stack_get_low (&stack), self);
  if (munmap (stack.memory, stack.guard_size + stack.size) != 0)
    g_error ("Cannot unmap a stack: %s", g_strerror (errno));
  g_atomic_int_dec_and_test (&n_mapped);
  return TRUE;
}

/* Gives back the memory of a free stack. Its content is lost, except for the frames of its loop, which is entered
 * again. */
static void
stack_trim (AiodriveStack *self)
{
  if (self->size > TRIMMED_SIZE)
    madvise (aiodrive_stack_get_low (self), self->size - TRIMMED_SIZE, MADV_DONTNEED);
  self->trimmed = TRUE;
}

static void
pool_unmap (AiodriveStackPool *self,
            AiodriveStack     *stack)
{
  g_queue_unlink (&self->free, &stack->link);
  self->n_least_free = MIN (self->n_least_free, self->free.length);
  if (!stack_unmap (stack))
    {
      stack_trim (stack);
      g_queue_push_tail_link (&self->free, &stack->link);
    }
}

/* Trims the stacks that were free for the whole round. */
static void
pool_trim (AiodriveStackPool *self)
{
  guint n_unused = self->n_least_free;

  for (GList *link = self->free.tail; n_unused > 0; link = link->prev, n_unused--)
    {
      AiodriveStack *stack = link->data;

      if (!stack->trimmed)
        stack_trim (stack);
    }
}

/* Starts a round. Returns FALSE if no stack was used in the last one and none is left to unmap: the pool stays as it
 * is. */
static gboolean
pool_begin_round (AiodriveStackPool *self)
{
  guint n_free = self->free.length;
  guint surplus = n_free > N_KEPT ? MIN (self->n_least_free, n_free - N_KEPT) : 0;
  gboolean was_used = self->n_least_free < n_free;

  self->n_to_unmap = (surplus + 1) / 2;
  if (surplus == 0)
    pool_trim (self);
  self->n_most_used = self->n_used;
  self->n_least_free = n_free;
  return surplus > 0 || was_used;
}

static gboolean
pool_shrink (AiodriveStackPool *self)
{
  if (self->n_to_unmap == 0 && !pool_begin_round (self))
    return FALSE;

  for (guint n = N_UNMAPPED_AT_ONCE; n > 0 && self->n_to_unmap > 0; n--)
    {
      self->n_to_unmap--;
      if (self->free.tail != NULL)
        pool_unmap (self, self->free.tail->data);
    }
  return TRUE;
}

/* A source of the context in which a stack was released. The context may outlive the thread, or be iterated by another
 * one, which must not touch the pool. */
typedef struct
{
  GSource  source;
  GThread *thread;
} PoolTimer;

static gboolean
pool_timer_dispatch (GSource     *source,
                     GSourceFunc  callback,
                     gpointer     pool)
{
  AiodriveStackPool *self = pool;
  gboolean soon = FALSE;

  if (((PoolTimer *) source)->thread == g_thread_self ())
    {
      if (!pool_shrink (self))
        return G_SOURCE_REMOVE;
      soon = self->n_to_unmap > 0;
    }
  g_source_set_ready_time (source, soon ? 0 : g_get_monotonic_time () + SHRINK_USEC);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs pool_timer_funcs = { NULL, NULL, pool_timer_dispatch, NULL, NULL, NULL };

static void
pool_clear_timer (AiodriveStackPool *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

static void
pool_start_timer (AiodriveStackPool *self)
{
  pool_clear_timer (self);
  self->timer = g_source_new (&pool_timer_funcs, sizeof (PoolTimer));
  ((PoolTimer *) self->timer)->thread = g_thread_self ();
  g_source_set_static_name (self->timer, "[aiodrive] unused stacks");
  g_source_set_priority (self->timer, G_PRIORITY_LOW);
  g_source_set_callback (self->timer, NULL, self, NULL);
  g_source_set_ready_time (self->timer, g_get_monotonic_time () + SHRINK_USEC);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

static __thread AiodriveStackPool *pool_here;

static void
pool_free (gpointer pool)
{
  AiodriveStackPool *self = pool;
  g_autofree char *names = aiodrive_stack_list_names (g_thread_self ());

  if (names != NULL)
    g_warning ("A thread ends, and its fibers stay suspended: %s", names);

  pool_clear_timer (self);
  while (self->free.tail != NULL)
    {
      AiodriveStack *stack = self->free.tail->data;

      g_queue_unlink (&self->free, &stack->link);
      stack_unmap (stack);
    }
  g_free (self);
  pool_here = NULL;
}

static GPrivate pool_of_thread = G_PRIVATE_INIT (pool_free);

/* The pool of this thread. */
AiodriveStackPool *
aiodrive_stack_pool_get (void)
{
  if (G_UNLIKELY (pool_here == NULL))
    {
      pool_here = g_new0 (AiodriveStackPool, 1);
      g_queue_init (&pool_here->free);
      g_private_set (&pool_of_thread, pool_here);   /* frees it when the thread ends */
      aiodrive_stack_watch_overflow ();
    }
  return pool_here;
}

guint
aiodrive_stack_pool_count (AiodriveStackPool *self)
{
  return self->free.length;
}

/* Pushes a released stack, unless the pool is full. */
static void
pool_take_back (AiodriveStackPool *self,
                AiodriveStack     *stack)
{
  gboolean is_kept = self->free.length < MAX (N_KEPT, self->n_most_used) && stack->size == aiodrive_stack_get_size ();

  if (self->n_used > 0)   /* otherwise it was acquired in another thread */
    self->n_used--;
  if (is_kept || !stack_unmap (stack))
    g_queue_push_head_link (&self->free, &stack->link);
  if (self->timer == NULL || g_source_is_destroyed (self->timer))
    pool_start_timer (self);
}

/* Pops the warmest stack of the current size. */
static AiodriveStack *
pool_pop (AiodriveStackPool *self,
          gsize              size)
{
  AiodriveStack *stack = NULL;

  while (stack == NULL && self->free.head != NULL)
    {
      stack = self->free.head->data;
      g_queue_unlink (&self->free, &stack->link);
      if (stack->size != size && stack_unmap (stack))
        stack = NULL;
    }
  self->n_least_free = MIN (self->n_least_free, self->free.length);
  return stack;
}

/* Returns a free stack, or NULL with G_IO_ERROR_NO_SPACE. @name is for messages, and is not copied. */
AiodriveStack *
aiodrive_stack_acquire (const char  *name,
                        GError     **error)
{
  AiodriveStackPool *pool = aiodrive_stack_pool_get ();
  gsize size = aiodrive_stack_get_size ();
  AiodriveStack *self = pool_pop (pool, size);

  if (self == NULL)
    self = stack_map (size, error);
  if (self == NULL)
    return NULL;

  self->trimmed = FALSE;
  memset (self->room, 0, sizeof self->room);
  pool->n_used++;
  pool->n_most_used = MAX (pool->n_most_used, pool->n_used);

  aiodrive_stack_tools_add_root (aiodrive_stack_get_low (self), self);
  g_mutex_lock (&mapped_lock);
  self->is_used = TRUE;
  self->name = name;
  self->thread = g_thread_self ();
  g_mutex_unlock (&mapped_lock);
  return self;
}

/* Releases a stack whose function has returned to the pool of this thread. */
void
aiodrive_stack_release (AiodriveStack *self)
{
  g_return_if_fail (self->state == AIODRIVE_STACK_IDLE);

  g_mutex_lock (&mapped_lock);
  self->is_used = FALSE;
  g_mutex_unlock (&mapped_lock);
  aiodrive_stack_tools_remove_root (aiodrive_stack_get_low (self), self);

  pool_take_back (aiodrive_stack_pool_get (), self);
}

/* Returns the lowest usable address. */
gpointer
aiodrive_stack_get_low (AiodriveStack *self)
{
  return self->memory + self->guard_size;
}

gsize
aiodrive_stack_get_size (void)
{
  return (gsize) g_atomic_int_get (&size_in_kib) * 1024;
}

/* Sets the size of the stacks that are acquired from now on. */
void
aiodrive_stack_set_size (gsize size)
{
  g_return_if_fail (size >= MINIMAL_SIZE && size <= G_MAXINT);

  /* a multiple of every page size, so that it equals the size of the mapping */
  g_atomic_int_set (&size_in_kib, (guint) (round_up (size, MINIMAL_SIZE) / 1024));
}

/* Returns the names of the fibers that were started in @thread, or in any if it is NULL, and have not completed. NULL
 * if there are none. */
char *
aiodrive_stack_list_names (GThread *thread)
{
  GString *names = NULL;

  g_mutex_lock (&mapped_lock);
  for (GList *link = mapped.head; link != NULL; link = link->next)
    {
      AiodriveStack *stack = link->data;

      if (!stack->is_used || (thread != NULL && stack->thread != thread))
        continue;
      if (names == NULL)
        names = g_string_new (stack->name);
      else
        g_string_append_printf (names, ", %s", stack->name);
    }
  g_mutex_unlock (&mapped_lock);

  return names != NULL ? g_string_free (names, FALSE) : NULL;
}

/* Returns how many stacks are mapped, used or free, in all threads. */
guint
aiodrive_stack_count_mapped (void)
{
  return (guint) g_atomic_int_get (&n_mapped);
}

__attribute__ ((destructor)) static void
list_at_exit (void)
{
  g_autofree char *names = aiodrive_stack_list_names (NULL);

  if (names != NULL)
    g_info ("The process ends, and its fibers stay suspended: %s", names);
}
