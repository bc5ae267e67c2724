/* test-net.c: a client's end of a connection for tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "test-net.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/address.h"

CsListener *
test_listen (const char *address, CsTls *tls, CsAcceptFunc accept, gpointer data)
{
  CsListenOptions options
    = { .size = sizeof options, .address = address, .tls = tls, .accept = accept, .data = data };
  g_autoptr (GError) error = NULL;
  CsListener *listener = cs_listen (NULL, &options, &error);

  g_assert_no_error (error);
  cs_listeners_open ();
  return listener;
}

int
test_connect (CsListener *listener)
{
  CsAddress address;
  struct timeval limit = { .tv_sec = 10 };
  int fd;

  g_assert_true (cs_address_parse (cs_listener_address (listener), &address, NULL));
  fd = socket (address.sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address.sockaddr, address.len), ==, 0);
  return fd;
}

void
test_send (int fd, const char *text)
{
  g_assert_cmpint (send (fd, text, strlen (text), MSG_NOSIGNAL), ==, strlen (text));
}

char *
test_receive_all (int fd)
{
  GString *text = g_string_new (NULL);
  char bytes[65536];
  gssize n;

  while ((n = recv (fd, bytes, sizeof bytes, 0)) > 0)
    g_string_append_len (text, bytes, n);
  g_assert_cmpint (n, ==, 0);
  return g_string_free (text, FALSE);
}

void
test_receive (int fd, const char *expected)
{
  gsize len = strlen (expected), done = 0;
  g_autofree char *bytes = g_malloc0 (len + 1);

  while (done < len)
    {
      gssize n = recv (fd, bytes + done, len - done, 0);

      g_assert_cmpint (n, >, 0);
      done += (gsize) n;
    }
  g_assert_cmpstr (bytes, ==, expected);
}

void
test_wait_streams (gint64 n)
{
  for (guint i = 0; i < 5000 && cs_net_n_streams () != n; i++)
    g_usleep (1000);
  g_assert_cmpint (cs_net_n_streams (), ==, n);
}

typedef struct
{
  const char *name;
  gint64 value;
} Query;

static void
compare (const CsStatSample *sample, gpointer data)
{
  Query *query = data;

  if (g_str_equal (sample->spec->name, query->name))
    query->value = sample->value;
}

gint64
test_stat (const char *name)
{
  Query query = { name, -1 };

  cs_stats_visit (compare, &query);
  return query.value;
}
