/* test-wait-fd.c: fibers wait for descriptors that are not the core's: pipes, files, and the socket
 * of a real client library (hiredis, against a private redis-server).
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test-host.h"

#ifdef HAVE_HIREDIS
#include <hiredis/hiredis.h>
#endif

static void
with_runtime (gconstpointer test)
{
  test_start (1);
  ((void (*) (void)) test) ();
  test_stop ();
}

static void
wait_pipe (gpointer data)
{
  int *ends = data;
  guint ready = 0;
  char byte;

  g_assert_cmpint (cs_wait_fd (ends[0], CS_READABLE, cs_now () + CS_MS (5), &ready), ==,
                   CS_TIMED_OUT);
  g_assert_cmpint (cs_wait_fd (ends[1], CS_WRITABLE, CS_NEVER, &ready), ==, CS_OK);
  g_assert_cmpuint (ready, ==, CS_WRITABLE);
  g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
  g_assert_cmpint (cs_wait_fd (ends[0], CS_READABLE, CS_NEVER, &ready), ==, CS_OK);
  g_assert_cmpuint (ready, ==, CS_READABLE);
  g_assert_cmpint (read (ends[0], &byte, 1), ==, 1);
  close (ends[1]);
  g_assert_cmpint (cs_wait_fd (ends[0], CS_READABLE, CS_NEVER, &ready), ==, CS_OK);
  g_assert_cmpuint (ready & CS_READABLE, ==, CS_READABLE);
  close (ends[0]);
  g_assert_cmpint (cs_wait_fd (ends[0], CS_READABLE, CS_NEVER, &ready), ==, CS_INVALID);
}

static void
wait_file (gpointer data)
{
  int fd = open ("/proc/self/exe", O_RDONLY);
  guint ready = 0;

  g_assert_cmpint (cs_wait_fd (fd, CS_READABLE, CS_NEVER, &ready), ==, CS_OK);
  g_assert_cmpuint (ready, ==, CS_READABLE);
  close (fd);
}

static void
test_pipe (void)
{
  int ends[2];

  g_assert_cmpint (pipe2 (ends, O_NONBLOCK), ==, 0);
  test_on_fiber (0, wait_pipe, ends);
  test_on_fiber (0, wait_file, NULL);
}

typedef struct
{
  int fd;
  CsFiber *fiber;
  CsStatus status;
} Waiter;

static void
wait_for_ever (gpointer data)
{
  Waiter *waiter = data;

  waiter->fiber = cs_fiber_self ();
  waiter->status = cs_wait_fd (waiter->fd, CS_READABLE, CS_NEVER, NULL);
}

/* Readable and cancelled in one turn; and one descriptor has one waiter. */
static void
cancel_wait (gpointer data)
{
  int pair[2];
  Waiter waiter = { .status = CS_FAILED };

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), ==, 0);
  waiter.fd = pair[0];
  cs_fiber_start (NULL, wait_for_ever, &waiter, CS_NEVER);
  g_assert_cmpint (cs_wait_fd (pair[0], CS_READABLE, CS_NEVER, NULL), ==, CS_INVALID);
  g_assert_cmpint (write (pair[1], "x", 1), ==, 1);
  cs_fiber_cancel (waiter.fiber);
  cs_sleep (CS_MS (2));
  g_assert_cmpint (waiter.status, ==, CS_CANCELLED);
  g_assert_cmpint (cs_wait_fd (pair[0], CS_READABLE, CS_NEVER, NULL), ==, CS_OK);
  close (pair[0]);
  close (pair[1]);
}

static void
test_cancel (void)
{
  test_on_fiber (0, cancel_wait, NULL);
}

#ifdef HAVE_HIREDIS

/* What a plugin's author would write: the library does the protocol, the fiber waits. */
static redisReply *
command (redisContext *redis, gint64 deadline, const char *format, ...)
{
  void *reply = NULL;
  int done = 0;
  va_list args;

  va_start (args, format);
  g_assert_cmpint (redisvAppendCommand (redis, format, args), ==, REDIS_OK);
  va_end (args);
  while (!done)
    {
      g_assert_cmpint (cs_wait_fd (redis->fd, CS_WRITABLE, deadline, NULL), ==, CS_OK);
      g_assert_cmpint (redisBufferWrite (redis, &done), ==, REDIS_OK);
    }
  while (redisGetReplyFromReader (redis, &reply) == REDIS_OK && reply == NULL)
    {
      if (cs_wait_fd (redis->fd, CS_READABLE, deadline, NULL) != CS_OK)
        return NULL;
      g_assert_cmpint (redisBufferRead (redis), ==, REDIS_OK);
    }
  return reply;
}

static redisContext *
open_redis (const char *path)
{
  redisContext *redis = redisConnectUnixNonBlock (path);

  g_assert_nonnull (redis);
  g_assert_cmpint (redis->err, ==, 0);
  return redis;
}

static void
push_later (gpointer data)
{
  redisContext *redis = open_redis (data);

  cs_sleep (CS_MS (30));
  freeReplyObject (command (redis, CS_NEVER, "LPUSH list item"));
  redisFree (redis);
}

static void
talk_to_redis (gpointer data)
{
  redisContext *redis = open_redis (data);
  g_autofree char *big = g_strnfill (3000000, 'v');
  redisReply *reply;

  freeReplyObject (command (redis, CS_NEVER, "SET key %s", big));
  reply = command (redis, CS_NEVER, "GET key");
  g_assert_cmpint (reply->type, ==, REDIS_REPLY_STRING);
  g_assert_cmpuint ((gsize) reply->len, ==, strlen (big));
  freeReplyObject (reply);

  /* While this one blocks in the server, the other fiber of the same worker goes on. */
  cs_fiber_start (NULL, push_later, data, CS_NEVER);
  reply = command (redis, CS_NEVER, "BLPOP list 5");
  g_assert_cmpint (reply->type, ==, REDIS_REPLY_ARRAY);
  g_assert_cmpstr (reply->element[1]->str, ==, "item");
  freeReplyObject (reply);
  g_assert_null (command (redis, cs_now () + CS_MS (20), "BLPOP nothing 5"));
  redisFree (redis);
}

/* The server ends with the test, however that ends. */
static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

/* The server's program is in Debian's redis-tools as redis-check-rdb, and is the server when it is called so; the
 * package redis-server adds a link to it and a daemon, which no test needs. */
static GPid
start_redis (const char *dir, const char *path)
{
  const char *const argv[] = { "redis-check-rdb", "redis-server", "--port", "0", "--unixsocket",
                               path, "--save", "", "--dir", dir, NULL };
  const GSpawnFlags flags = G_SPAWN_SEARCH_PATH | G_SPAWN_FILE_AND_ARGV_ZERO
                            | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL;
  g_autoptr (GError) error = NULL;
  GPid pid;

  if (!g_spawn_async (NULL, (char **) argv, NULL, flags, die_with_parent, NULL, &pid, &error))
    return 0;
  for (guint i = 0; i < 5000 && !g_file_test (path, G_FILE_TEST_EXISTS); i++)
    g_usleep (1000);
  return pid;
}

static void
test_hiredis (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cs-redis-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  GPid pid = start_redis (dir, path);

  if (pid == 0)
    {
      g_test_skip ("redis-check-rdb (package redis-tools) is not installed");
      rmdir (dir);
      return;
    }
  test_on_fiber (0, talk_to_redis, path);
  kill (pid, SIGKILL);
  waitpid (pid, NULL, 0);
  unlink (path);
  rmdir (dir);
}

#endif

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/runtime/wait-fd/pipe", test_pipe, with_runtime);
  g_test_add_data_func ("/runtime/wait-fd/cancel", test_cancel, with_runtime);
#ifdef HAVE_HIREDIS
  g_test_add_data_func ("/runtime/wait-fd/hiredis", test_hiredis, with_runtime);
#endif
  return g_test_run ();
}
