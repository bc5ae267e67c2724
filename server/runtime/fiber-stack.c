/* fiber-stack.c: the stacks of a worker's fibers: mapped when needed, kept on a free list, their
 * pages given back when the list is long, their depth measured.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include "runtime/log-ring.h"
#include "runtime/worker-private.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(start, end) 0
#endif

#define PAINT 0xa5
#define PAINT_GAP 256 /* for what was called after the registers were saved */
#define HOT 64                 /* free stacks that keep their pages */
#define TRIM_AFTER CS_MS (500) /* the list was long for about that time */
#define COLOURS 8              /* tops are spread over cache sets */
#define COLOUR_STEP 320

static gint painting;

static gsize
page_size (void)
{
  static gsize size;
  gsize known = __atomic_load_n (&size, __ATOMIC_RELAXED);

  if (known == 0)
    {
      known = (gsize) sysconf (_SC_PAGESIZE);
      __atomic_store_n (&size, known, __ATOMIC_RELAXED);
    }
  return known;
}

static gsize
round_to_pages (gsize size)
{
  return (size + page_size () - 1) / page_size () * page_size ();
}

static void
note_depth (CsFiberPool *pool, gsize depth)
{
  if (depth > pool->high_water)
    __atomic_store_n (&pool->high_water, depth, __ATOMIC_RELAXED);
}

/* The pages that were touched since the stack was made or trimmed. */
static gsize
depth_by_pages (CsFiber *fiber)
{
  gsize n = fiber->size / page_size ();
  unsigned char resident[CS_FIBER_STACK / 4096];

  if (mincore (fiber->low, fiber->size, resident) != 0)
    return 0;
  for (gsize i = 0; i < n; i++)
    if ((resident[i] & 1) != 0)
      return fiber->size - i * page_size ();
  return 0;
}

static gsize
depth_by_paint (CsFiber *fiber)
{
  gsize i = 0;

  while (i < fiber->size && (guint8) fiber->low[i] == PAINT)
    i++;
  return fiber->size - i;
}

/* The part that is free: below the registers saved there, or below the fiber itself when it is new. */
static void
paint (CsFiber *fiber)
{
  char *end = fiber->low + fiber->size, *sp = fiber->context.sp;

  if (sp == NULL)
    end = (char *) fiber - PAINT_GAP;
  else if (sp > fiber->low && sp < end)
    end = sp - PAINT_GAP;
  else
    end -= 4 * page_size ();
  memset (fiber->low, PAINT, (gsize) (end - fiber->low));
  fiber->painted = TRUE;
}

static CsFiber *
stack_new (CsWorker *worker)
{
  gsize guard = round_to_pages (CS_FIBER_GUARD), size = round_to_pages (CS_FIBER_STACK);
  gsize colour = worker->fibers.n_stacks % COLOURS * COLOUR_STEP;
  char *map = mmap (NULL, guard + size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  CsFiber *fiber;

  if (map == MAP_FAILED)
    return NULL;
  if (mprotect (map, guard, PROT_NONE) != 0)
    {
      munmap (map, guard + size);
      return NULL;
    }
  fiber = (CsFiber *) (map + guard + size - colour - (sizeof *fiber + 63) / 64 * 64);
  fiber->worker = worker;
  fiber->low = map + guard;
  fiber->size = size;
  (void) VALGRIND_STACK_REGISTER (fiber->low, fiber->low + size);
#ifdef CS_ASAN
  fiber->context.bottom = fiber->low;
  fiber->context.size = (gsize) ((char *) fiber - fiber->low);
#endif
#ifdef CS_TSAN
  fiber->context.tsan = __tsan_create_fiber (0);
#endif
  fiber->all_next = worker->fibers.all;
  worker->fibers.all = fiber;
  __atomic_store_n (&worker->fibers.n_stacks, worker->fibers.n_stacks + 1, __ATOMIC_RELAXED);
  return fiber;
}

CsFiber *
cs_fiber_take (CsWorker *worker)
{
  CsFiberPool *pool = &worker->fibers;
  CsFiber *fiber = pool->free;

  if (G_LIKELY (fiber != NULL))
    {
      pool->free = fiber->next;
      pool->n_free--;
    }
  else if (pool->n_live >= pool->max || (fiber = stack_new (worker)) == NULL)
    {
      __atomic_store_n (&pool->refused, pool->refused + 1, __ATOMIC_RELAXED);
      return NULL;
    }
  if (G_UNLIKELY (__atomic_load_n (&painting, __ATOMIC_RELAXED)) && !fiber->painted)
    paint (fiber);
  fiber->clean = FALSE;
  __atomic_store_n (&pool->n_live, pool->n_live + 1, __ATOMIC_RELAXED);
  __atomic_store_n (&pool->started, pool->started + 1, __ATOMIC_RELAXED);
  return fiber;
}

/* Gives back the pages below the topmost, which holds the fiber itself. */
static void
clean (CsFiberPool *pool, CsFiber *fiber)
{
  char *end = fiber->low + fiber->size, *sp = fiber->context.sp;
  gsize keep = sp > fiber->low && sp < end ? (gsize) (end - sp) : 4 * page_size ();

  note_depth (pool, depth_by_pages (fiber));
  madvise (fiber->low, fiber->size - round_to_pages (keep), MADV_DONTNEED);
  fiber->clean = TRUE;
  fiber->painted = FALSE;
}

static void
trim (CsTimer *timer, gpointer data)
{
  CsFiberPool *pool = data;
  CsFiber *fiber = pool->free;

  for (guint i = 0; fiber != NULL; i++, fiber = fiber->next)
    if (i >= HOT && !fiber->clean)
      clean (pool, fiber);
}

void
cs_fiber_give (CsWorker *worker, CsFiber *fiber)
{
  CsFiberPool *pool = &worker->fibers;

  if (G_UNLIKELY (fiber->painted))
    {
      note_depth (pool, depth_by_paint (fiber));
      fiber->painted = FALSE;
    }
  fiber->state = CS_FIBER_FREE;
  fiber->next = pool->free;
  pool->free = fiber;
  __atomic_store_n (&pool->n_live, pool->n_live - 1, __ATOMIC_RELAXED);
  if (G_UNLIKELY (++pool->n_free > HOT) && ((CsTimerBody *) &pool->trim_timer)->wheel == NULL)
    cs_wheel_start (&worker->wheel, NULL, &pool->trim_timer, worker->now + TRIM_AFTER, trim, pool);
}

void
cs_fiber_pool_clear (CsWorker *worker)
{
  CsFiberPool *pool = &worker->fibers;
  CsFiber *fiber, *next;

  cs_wheel_stop (&pool->trim_timer);
  for (fiber = pool->all; fiber != NULL; fiber = next)
    {
      gsize guard = round_to_pages (CS_FIBER_GUARD);

      next = fiber->all_next;
      cs_fiber_forget_ (fiber->context.sp);
#ifdef CS_TSAN
      __tsan_destroy_fiber (fiber->context.tsan);
#endif
      munmap (fiber->low - guard, fiber->size + guard);
    }
  memset (pool, 0, sizeof *pool);
}

gboolean
cs_worker_stack_overflowed (const void *address)
{
  CsWorker *worker = cs_worker_self ();
  const char *at = address;

  return worker != NULL && worker->fiber != NULL && at < worker->fiber->low
         && at >= worker->fiber->low - CS_FIBER_GUARD;
}

void
cs_fiber_paint (gboolean paint_)
{
  __atomic_store_n (&painting, paint_, __ATOMIC_RELAXED);
}

gsize
cs_fiber_high_water (void)
{
  gsize most = 0;

  for (guint i = 0; i < cs_n_workers_; i++)
    {
      gsize *mark = &cs_workers_[i]->fibers.high_water;
      gsize depth = __atomic_load_n (&painting, __ATOMIC_RELAXED)
                      ? __atomic_exchange_n (mark, 0, __ATOMIC_RELAXED)
                      : __atomic_load_n (mark, __ATOMIC_RELAXED);

      most = MAX (most, depth);
    }
  return most;
}
