/* presence.c: who is in a channel, until when, and how many users they are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "suite.h"

static void
join_as (const char *client, const char *user, const char *info, gint64 ttl)
{
  CsMember member = { cs_slice_str (client), cs_slice_str (user), cs_slice_str (info),
                      cs_slice_str ("") };

  g_assert_cmpint (cs_broker_join (broker, cs_slice_str ("room"), &member, ttl), ==, CS_OK);
}

static gboolean
note_member (const CsMember *member, gpointer data)
{
  g_ptr_array_add (data, g_strdup_printf ("%.*s/%.*s/%.*s", (int) member->client.len,
                                          member->client.data, (int) member->user.len,
                                          member->user.data, (int) member->connection_info.len,
                                          member->connection_info.data));
  return TRUE;
}

static int
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static void
expect_members (const char *expected, guint64 n_clients, guint64 n_users)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new_with_free_func (g_free);
  CsPresenceStats stats = { .size = sizeof stats };
  g_autofree char *text = NULL;

  g_assert_cmpint (cs_broker_presence (broker, cs_slice_str ("room"), note_member, members), ==,
                   CS_OK);
  g_ptr_array_sort (members, compare_texts);
  g_ptr_array_add (members, NULL);
  text = g_strjoinv (" ", (char **) members->pdata);
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpint (cs_broker_presence_stats (broker, cs_slice_str ("room"), &stats), ==, CS_OK);
  g_assert_cmpuint (stats.n_clients, ==, n_clients);
  g_assert_cmpuint (stats.n_users, ==, n_users);
}

static CsStatus
leave (const char *client)
{
  return cs_broker_leave (broker, cs_slice_str ("room"), cs_slice_str (client));
}

static void
test_coming_and_going (void)
{
  suite_start ();
  expect_members ("", 0, 0);
  join_as ("c1", "ann", "1", TTL);
  join_as ("c2", "ann", "2", TTL);
  join_as ("c3", "bob", "3", TTL);
  join_as ("c4", "", "4", TTL);
  expect_members ("c1/ann/1 c2/ann/2 c3/bob/3 c4//4", 4, 3);
  g_assert_cmpint (leave ("c1"), ==, CS_OK);
  expect_members ("c2/ann/2 c3/bob/3 c4//4", 3, 3);
  g_assert_cmpint (leave ("c2"), ==, CS_OK);
  expect_members ("c3/bob/3 c4//4", 2, 2);
  g_assert_cmpint (leave ("c2"), ==, CS_NOT_FOUND);
  g_assert_cmpint (leave ("c3"), ==, CS_OK);
  g_assert_cmpint (leave ("c4"), ==, CS_OK);
  expect_members ("", 0, 0);
  g_assert_cmpint (leave ("c4"), ==, CS_NOT_FOUND);
  suite_stop ();
}

static void
test_said_again (void)
{
  suite_start ();
  join_as ("c1", "ann", "1", TTL);
  join_as ("c1", "ann", "1", TTL);
  expect_members ("c1/ann/1", 1, 1);
  join_as ("c1", "eve", "new", TTL);
  expect_members ("c1/eve/new", 1, 1);
  g_assert_cmpint (leave ("c1"), ==, CS_OK);
  suite_stop ();
}

static void
test_expiry (void)
{
  suite_start ();
  join_as ("c1", "ann", "", CS_SECONDS (60));
  join_as ("c2", "bob", "", CS_SECONDS (60));
  join_as ("c3", "eve", "", CS_SECONDS (200));
  provider_pass (CS_SECONDS (40));
  join_as ("c1", "ann", "", CS_SECONDS (60)); /* still there */
  provider_pass (CS_SECONDS (30));
  expect_members ("c1/ann/ c3/eve/", 2, 2);
  g_assert_cmpint (leave ("c2"), ==, CS_NOT_FOUND);
  join_as ("c3", "eve", "", CS_SECONDS (5)); /* for a shorter time than it was */
  provider_pass (CS_SECONDS (10));
  expect_members ("c1/ann/", 1, 1);
  provider_pass (CS_SECONDS (30));
  expect_members ("", 0, 0);
  suite_stop ();
}

static void
test_bad_arguments (void)
{
  CsMember nobody = { .user = cs_slice_str ("ann") };
  CsMember ann = { .client = cs_slice_str ("c1") };

  suite_start ();
  g_assert_cmpint (cs_broker_join (broker, cs_slice_str ("room"), &nobody, TTL), ==, CS_INVALID);
  g_assert_cmpint (cs_broker_join (broker, cs_slice_str ("room"), &ann, 0), ==, CS_INVALID);
  g_assert_cmpint (cs_broker_join (broker, cs_slice_str (""), &ann, TTL), ==, CS_INVALID);
  expect_members ("", 0, 0);
  suite_stop ();
}

static void
join_many (gpointer data)
{
  char client[32];
  char user[32];

  for (guint i = 0; i < 500; i++)
    {
      g_snprintf (client, sizeof client, "%d-%u", cs_worker (), i);
      g_snprintf (user, sizeof user, "u%u", i % 100);
      join_as (client, user, "{}", TTL);
      if (i % 5 == 0)
        g_assert_cmpint (leave (client), ==, CS_OK);
    }
}

/* From all workers at once. */
static void
test_many (void)
{
  HostCall calls[N_WORKERS];
  CsPresenceStats stats = { .size = sizeof stats };

  suite_start ();
  for (guint i = 0; i < N_WORKERS; i++)
    host_begin (&calls[i], i, join_many, NULL);
  for (guint i = 0; i < N_WORKERS; i++)
    host_await (&calls[i]);
  g_assert_cmpint (cs_broker_presence_stats (broker, cs_slice_str ("room"), &stats), ==, CS_OK);
  g_assert_cmpuint (stats.n_clients, ==, N_WORKERS * 400);
  g_assert_cmpuint (stats.n_users, ==, 80);
  provider_pass (TTL + 1);
  expect_members ("", 0, 0);
  suite_stop ();
}

void
add_presence_tests (void)
{
  g_test_add_func ("/broker/presence/coming-and-going", test_coming_and_going);
  g_test_add_func ("/broker/presence/said-again", test_said_again);
  g_test_add_func ("/broker/presence/expiry", test_expiry);
  g_test_add_func ("/broker/presence/bad-arguments", test_bad_arguments);
  g_test_add_func ("/broker/presence/many", test_many);
}
