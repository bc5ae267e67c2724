/* log-ring.c: each thread puts its lines in a ring of its own, one thread takes them out. Neither
 * waits for the other: a line that does not fit is counted and dropped.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log-ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/log-record.h"
#include "runtime/log-writer.h"
#include "runtime/thread.h"

#define NAP CS_SECONDS (1)

typedef struct _Ring Ring;
struct _Ring
{
  guint64 head __attribute__ ((aligned (64))); /* bytes ever written; the speaker's */
  guint64 dropped;
  guint64 tail __attribute__ ((aligned (64))); /* bytes ever read; the writer's */
  guint64 dropped_told;
  gboolean orphan; /* its thread has ended */
  Ring *next;
  char bytes[CS_LOG_RING_SIZE] __attribute__ ((aligned (64)));
};

static struct
{
  GMutex lock; /* the list, and writing while there is no thread */
  Ring *rings;
  GThread *thread;
  gint running;
  gint sleeping; /* futex */
  gint busy;     /* the thread has taken lines that are not written yet */
  guint64 dropped_before; /* by threads that have ended */
  CsLogWriter writer;
} log_ = { .writer = CS_LOG_WRITER_INIT };

static __thread Ring *own_ring;

static void
thread_ended (gpointer data)
{
  own_ring = NULL;
  __atomic_store_n (&((Ring *) data)->orphan, TRUE, __ATOMIC_RELEASE);
}

static Ring *
ring_new (void)
{
  static GPrivate ended = G_PRIVATE_INIT (thread_ended);
  Ring *ring = g_aligned_alloc (1, sizeof *ring, 64);

  memset (ring, 0, G_STRUCT_OFFSET (Ring, bytes));
  g_mutex_lock (&log_.lock);
  ring->next = log_.rings;
  log_.rings = ring;
  g_mutex_unlock (&log_.lock);
  g_private_set (&ended, ring);
  own_ring = ring;
  return ring;
}

/* Room for `size` contiguous bytes, or NULL; *skip bytes before it stay unused. */
static CsLogRecord *
ring_room (Ring *ring, gsize size, gsize *skip)
{
  guint64 tail = __atomic_load_n (&ring->tail, __ATOMIC_ACQUIRE);
  gsize at = ring->head % CS_LOG_RING_SIZE, left = CS_LOG_RING_SIZE - at;

  *skip = size > left ? left : 0;
  if (ring->head + *skip + size - tail > CS_LOG_RING_SIZE)
    return NULL;
  if (*skip > 0)
    ((CsLogRecord *) (ring->bytes + at))->size = 0;
  return (CsLogRecord *) (ring->bytes + (*skip > 0 ? 0 : at));
}

static void
wake_writer (void)
{
  if (__atomic_load_n (&log_.sleeping, __ATOMIC_SEQ_CST) != 0
      && __atomic_exchange_n (&log_.sleeping, 0, __ATOMIC_SEQ_CST) != 0)
    syscall (SYS_futex, &log_.sleeping, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void
ring_push (const char *owner, CsLogLevel level, const char *message, const CsField *fields, guint n)
{
  Ring *ring = own_ring != NULL ? own_ring : ring_new ();
  gsize skip, size = cs_log_record_size (owner, message, fields, n);
  CsLogRecord *record = ring_room (ring, size, &skip);

  if (record == NULL)
    {
      __atomic_store_n (&ring->dropped, ring->dropped + 1, __ATOMIC_RELAXED);
      return;
    }
  cs_log_record_fill (record, size, owner, level, message, fields, n);
  __atomic_store_n (&ring->head, ring->head + skip + size, __ATOMIC_SEQ_CST);
  wake_writer ();
}

/* Before the thread runs and after it ended. */
static void
write_directly (const char *owner, CsLogLevel level, const char *message, const CsField *fields,
                guint n)
{
  gsize size = cs_log_record_size (owner, message, fields, n);
  g_autofree CsLogRecord *record = g_malloc (size);
  CsLogLine line;

  cs_log_record_fill (record, size, owner, level, message, fields, n);
  cs_log_record_read (record, &line);
  g_mutex_lock (&log_.lock);
  cs_log_writer_add (&log_.writer, &line);
  cs_log_writer_flush (&log_.writer);
  g_mutex_unlock (&log_.lock);
}

gboolean
cs_log_ring_enabled (gpointer self, CsLogLevel level)
{
  return (gint) level <= __atomic_load_n (&cs_owner (self)->log_level, __ATOMIC_RELAXED);
}

void
cs_log_ring_write (gpointer self, CsLogLevel level, const char *message, const CsField *fields,
                   guint n)
{
  const char *owner = cs_owner (self)->name;

  if (__atomic_load_n (&log_.running, __ATOMIC_ACQUIRE))
    ring_push (owner, level, message, fields, n);
  else
    write_directly (owner, level, message, fields, n);
}

static CsLogRecord *
ring_peek (Ring *ring)
{
  while (ring->tail != __atomic_load_n (&ring->head, __ATOMIC_SEQ_CST))
    {
      gsize at = ring->tail % CS_LOG_RING_SIZE;
      CsLogRecord *record = (CsLogRecord *) (ring->bytes + at);

      if (record->size != 0)
        return record;
      __atomic_store_n (&ring->tail, ring->tail + CS_LOG_RING_SIZE - at, __ATOMIC_RELEASE);
    }
  return NULL;
}

/* The ring with the oldest line. */
static Ring *
oldest (void)
{
  Ring *found = NULL;
  gint64 time = G_MAXINT64;

  for (Ring *ring = log_.rings; ring != NULL; ring = ring->next)
    {
      CsLogRecord *record = ring_peek (ring);

      if (record != NULL && record->time < time)
        {
          time = record->time;
          found = ring;
        }
    }
  return found;
}

static void
tell_dropped (Ring *ring)
{
  guint64 dropped = __atomic_load_n (&ring->dropped, __ATOMIC_RELAXED);
  CsField field = CS_F_INT ("lines", (gint64) (dropped - ring->dropped_told));
  union
  {
    CsLogRecord record;
    char bytes[256];
  } room;
  CsLogLine line;

  if (dropped == ring->dropped_told)
    return;
  ring->dropped_told = dropped;
  cs_log_record_fill (&room.record, sizeof room, "core", CS_LOG_WARNING,
                      "log lines were dropped: they came faster than they could be written", &field,
                      1);
  cs_log_record_read (&room.record, &line);
  cs_log_writer_add (&log_.writer, &line);
}

static void
free_orphans (void)
{
  for (Ring **at = &log_.rings; *at != NULL;)
    {
      Ring *ring = *at;

      if (__atomic_load_n (&ring->orphan, __ATOMIC_ACQUIRE) && ring_peek (ring) == NULL)
        {
          *at = ring->next;
          log_.dropped_before += ring->dropped;
          g_aligned_free (ring);
        }
      else
        at = &ring->next;
    }
}

/* Under the lock, which speakers take only for their first line. */
static gboolean
write_some (void)
{
  gboolean any = FALSE;
  Ring *ring;

  while (!cs_log_writer_is_full (&log_.writer) && (ring = oldest ()) != NULL)
    {
      CsLogRecord *record = ring_peek (ring);
      CsLogLine line;

      cs_log_record_read (record, &line);
      cs_log_writer_add (&log_.writer, &line);
      __atomic_store_n (&ring->tail, ring->tail + record->size, __ATOMIC_RELEASE);
      any = TRUE;
    }
  for (ring = log_.rings; ring != NULL; ring = ring->next)
    tell_dropped (ring);
  free_orphans ();
  return any;
}

static gboolean
all_read (void)
{
  for (Ring *ring = log_.rings; ring != NULL; ring = ring->next)
    if (ring_peek (ring) != NULL)
      return FALSE;
  return TRUE;
}

static void
nap (void)
{
  struct timespec ts = { NAP / G_USEC_PER_SEC, 0 };
  gboolean empty;

  __atomic_store_n (&log_.sleeping, 1, __ATOMIC_SEQ_CST);
  g_mutex_lock (&log_.lock);
  empty = all_read ();
  g_mutex_unlock (&log_.lock);
  if (empty && __atomic_load_n (&log_.running, __ATOMIC_SEQ_CST))
    syscall (SYS_futex, &log_.sleeping, FUTEX_WAIT_PRIVATE, 1, &ts, NULL, 0);
  __atomic_store_n (&log_.sleeping, 0, __ATOMIC_SEQ_CST);
}

static gpointer
writer_main (gpointer data)
{
  cs_thread_block_signals ();
  for (;;)
    {
      gboolean any, last = !__atomic_load_n (&log_.running, __ATOMIC_SEQ_CST);

      __atomic_store_n (&log_.busy, 1, __ATOMIC_SEQ_CST);
      g_mutex_lock (&log_.lock);
      any = write_some ();
      g_mutex_unlock (&log_.lock);
      cs_log_writer_flush (&log_.writer);
      __atomic_store_n (&log_.busy, 0, __ATOMIC_SEQ_CST);
      if (!any && last)
        return NULL;
      if (!any)
        nap ();
    }
}

void
cs_log_start (CsLogFormat format, int fd)
{
  cs_log_writer_open (&log_.writer, format, fd);
  __atomic_store_n (&log_.running, 1, __ATOMIC_SEQ_CST);
  log_.thread = g_thread_new ("log", writer_main, NULL);
}

void
cs_log_set_format (CsLogFormat format)
{
  g_mutex_lock (&log_.lock);
  cs_log_writer_open (&log_.writer, format, log_.writer.fd);
  g_mutex_unlock (&log_.lock);
}

void
cs_log_stop (void)
{
  if (log_.thread == NULL)
    return;
  __atomic_store_n (&log_.running, 0, __ATOMIC_SEQ_CST);
  wake_writer ();
  g_thread_join (g_steal_pointer (&log_.thread));
}

void
cs_log_flush (gint64 length)
{
  gint64 until = g_get_monotonic_time () + length;

  while (log_.thread != NULL && g_get_monotonic_time () < until)
    {
      gboolean empty;

      g_mutex_lock (&log_.lock);
      empty = all_read () && !__atomic_load_n (&log_.busy, __ATOMIC_SEQ_CST);
      g_mutex_unlock (&log_.lock);
      if (empty)
        return;
      wake_writer ();
      g_usleep (500);
    }
}

guint64
cs_log_dropped (void)
{
  guint64 n;

  g_mutex_lock (&log_.lock);
  n = log_.dropped_before;
  for (Ring *ring = log_.rings; ring != NULL; ring = ring->next)
    n += __atomic_load_n (&ring->dropped, __ATOMIC_RELAXED);
  g_mutex_unlock (&log_.lock);
  return n;
}

void
cs_log_set_level (CsOwner *owner, CsLogLevel level)
{
  __atomic_store_n (&owner->log_level, (gint) level, __ATOMIC_RELAXED);
}

const CsLogTable cs_log_table_ = {
  .size = sizeof cs_log_table_,
  .enabled = cs_log_ring_enabled,
  .write = cs_log_ring_write,
};
