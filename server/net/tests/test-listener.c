/* test-listener.c: who may bind, what is passed in, and what happens when descriptors run out.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test-net.h"

static void
with_runtime (gconstpointer test)
{
  test_start (2);
  ((void (*) (void)) test) ();
  test_stop ();
  g_assert_cmpint (cs_net_n_streams (), ==, 0);
}

static void
hello_accept (CsStream *stream, gpointer data)
{
  cs_stream_write (stream, "hi", 2);
  cs_stream_close (stream);
}

static void
expect_hello (CsListener *listener)
{
  int fd = test_connect (listener);
  g_autofree char *text = test_receive_all (fd);

  g_assert_cmpstr (text, ==, "hi");
  close (fd);
}

/* A second listener on a port fails loudly, with the address and a remedy. */
static void
test_taken (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, hello_accept, NULL);
  CsListenOptions options = { .size = sizeof options, .accept = hello_accept,
                              .address = cs_listener_address (listener) };
  g_autoptr (GError) error = NULL;

  g_assert_null (cs_listen (NULL, &options, &error));
  g_assert_error (error, CS_ERROR, CS_FAILED);
  g_assert_nonnull (strstr (error->message, cs_listener_address (listener)));
  g_assert_nonnull (strstr (error->message, "another address"));
  for (guint i = 0; i < 20; i++)
    expect_hello (listener);
}

/* Before the node opens its listeners, and while they are paused, the kernel keeps connections. */
static void
test_pause (void)
{
  CsListener *listener = test_listen ("127.0.0.1:0", NULL, hello_accept, NULL);
  char byte;
  int fd;

  cs_listener_pause (listener, TRUE);
  fd = test_connect (listener);
  g_assert_cmpint (recv (fd, &byte, 1, MSG_DONTWAIT), ==, -1);
  g_usleep (30000);
  g_assert_cmpint (recv (fd, &byte, 1, MSG_DONTWAIT), ==, -1);
  g_assert_cmpint (errno, ==, EAGAIN);
  cs_listener_pause (listener, FALSE);
  test_receive (fd, "hi");
  close (fd);
}

static void
test_unix (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cs-unix-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "s", NULL);
  g_autofree char *address = g_strconcat ("unix:", path, NULL);
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  int left = socket (AF_UNIX, SOCK_STREAM, 0);
  CsListenOptions again = { .size = sizeof again, .address = address, .accept = hello_accept };
  g_autoptr (GError) error = NULL;
  CsListener *listener;

  /* What a crash left behind is replaced. */
  g_strlcpy (un.sun_path, path, sizeof un.sun_path);
  g_assert_cmpint (bind (left, (struct sockaddr *) &un, sizeof un), ==, 0);
  close (left);
  listener = test_listen (address, NULL, hello_accept, NULL);
  g_assert_cmpstr (cs_listener_address (listener), ==, address);
  for (guint i = 0; i < 50; i++)
    expect_hello (listener);
  /* What is alive is not. */
  g_assert_null (cs_listen (NULL, &again, &error));
  g_assert_error (error, CS_ERROR, CS_FAILED);
  cs_listeners_close (NULL);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_rmdir (dir);
}

/* Descriptor 3 and up, named, for this very process. */
static void
test_systemd_child (void)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  CsListenOptions wrong = { .size = sizeof wrong, .address = "systemd:other",
                            .accept = hello_accept };
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_INET, SOCK_STREAM, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &in, sizeof in), ==, 0);
  g_assert_cmpint (listen (fd, 10), ==, 0);
  dup2 (fd, 4);
  dup2 (open ("/dev/null", O_RDONLY), 3);
  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDS", "2", TRUE);
  g_setenv ("LISTEN_FDNAMES", "null:public", TRUE);
  test_start (2);
  for (guint i = 0; i < 1; i++)
    expect_hello (test_listen ("systemd:public", NULL, hello_accept, NULL));
  g_assert_null (cs_listen (NULL, &wrong, &error));
  g_assert_error (error, CS_ERROR, CS_NOT_FOUND);
  g_clear_error (&error);
  wrong.address = "systemd:null";
  g_assert_null (cs_listen (NULL, &wrong, &error));
  g_assert_error (error, CS_ERROR, CS_INVALID);
  test_stop ();
}

/* In a process of its own: the test's environment and descriptors stay as they are. */
static void
test_systemd (void)
{
  if (g_test_subprocess ())
    {
      test_systemd_child ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
hold_accept (CsStream *stream, gpointer data)
{
  cs_stream_watch (stream, NULL, NULL);
}

/* Without descriptors the workers rest instead of spinning, and go on when there are some. */
static void
run_out_of_descriptors (void)
{
  CsListener *listener;
  struct rlimit limit = { 64, 64 };
  int fds[200], n = 0;
  guint64 before, after;
  struct rusage usage;

  test_start (1);
  listener = test_listen ("127.0.0.1:0", NULL, hold_accept, NULL);
  setrlimit (RLIMIT_NOFILE, &limit);
  for (; n < 200; n++)
    {
      struct sockaddr_in in = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };

      in.sin_port = htons ((guint16) atoi (strrchr (cs_listener_address (listener), ':') + 1));
      fds[n] = socket (AF_INET, SOCK_STREAM, 0);
      if (fds[n] < 0 || connect (fds[n], (struct sockaddr *) &in, sizeof in) != 0)
        break;
    }
  g_usleep (50000);
  getrusage (RUSAGE_SELF, &usage);
  before = (guint64) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC
           + (guint64) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  g_usleep (500000);
  getrusage (RUSAGE_SELF, &usage);
  after = (guint64) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC
          + (guint64) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  g_assert_cmpuint (after - before, <, 100000);
  g_assert_cmpint (test_stat ("accept_failures_total"), >, 0);
  for (int i = 0; i < n - 1; i++)
    close (fds[i]);
  test_stop ();
}

static void
test_no_descriptors (void)
{
  if (g_test_subprocess ())
    {
      run_out_of_descriptors ();
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

static void
count_listener (const char *address, const char *owner, gpointer data)
{
  g_assert_cmpstr (owner, ==, "core");
  ++*(guint *) data;
}

static void
test_visit (void)
{
  guint n = 0;

  test_listen ("127.0.0.1:0", NULL, hello_accept, NULL);
  test_listen ("*:0", NULL, hello_accept, NULL);
  cs_listeners_visit (count_listener, &n);
  g_assert_cmpuint (n, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/net/listener/taken", test_taken, with_runtime);
  g_test_add_data_func ("/net/listener/pause", test_pause, with_runtime);
  g_test_add_data_func ("/net/listener/unix", test_unix, with_runtime);
  g_test_add_func ("/net/listener/systemd", test_systemd);
  g_test_add_func ("/net/listener/no-descriptors", test_no_descriptors);
  g_test_add_data_func ("/net/listener/visit", test_visit, with_runtime);
  return g_test_run ();
}
