/* test-login.c: from a header to an identity, remembered and forgotten.
 * SPDX-License-Identifier: Apache-2.0 */
#include "login-fixture.h"

static void
test_identity (void)
{
  g_autofree char *header = login_header ("ann", LOGIN_FIRST);
  CsIdentity *identity;

  login_setup ();
  g_assert_cmpint (login_authorize (0, header, &identity), ==, CS_OK);
  g_assert_cmpstr (identity->user, ==, "ann");
  g_assert_cmpstr (identity->tenant, ==, "acme");
  g_assert_cmpstr (identity->method, ==, "basic");
  g_assert_true (cs_identity_has_role (identity, "writer"));
  g_assert_false (cs_identity_has_role (identity, "_admin"));
  g_assert_false (identity->admin);
  g_assert_true (cs_identity_has_scope (identity, "anything"));
  cs_identity_unref (identity);
  login_teardown ();
}

static void
test_refused (void)
{
  CsIdentity *identity;

  login_setup ();
  g_assert_cmpint (login_as (0, "ann", "wrong"), ==, CS_DENIED);
  g_assert_cmpint (login_as (0, "ann", ""), ==, CS_DENIED);
  g_assert_cmpint (login_as (0, "Ann", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_authorize (0, "Bearer abc", &identity), ==, CS_DENIED);
  g_assert_cmpint (login_authorize (0, "Bearer", &identity), ==, CS_INVALID);
  g_assert_cmpint (login_authorize (0, "Digest abc", &identity), ==, CS_OK); /* as none */
  g_assert_null (identity);
  g_assert_cmpint (login_authorize (0, "Basic !!", &identity), ==, CS_INVALID);
  g_assert_cmpint (login_authorize (0, "", &identity), ==, CS_INVALID);
  g_assert_cmpint (cs_harness_stat ("auth_logins_total"), ==, 4);
  login_teardown ();
}

/* The same work for a name that nobody has: one hash each, with nobody's parameters. */
static void
test_unknown_name_is_hashed_too (void)
{
  gint64 before;

  login_setup ();
  before = login_hashed ();
  g_assert_cmpint (login_as (0, "nobody", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_hashed (), ==, before + 1);
  g_assert_cmpint (login_as (0, "nobody", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_hashed (), ==, before + 2); /* a refusal is not remembered */
  login_teardown ();
}

static void
test_remembered (void)
{
  guint i;

  login_setup ();
  for (i = 0; i < 10; i++)
    g_assert_cmpint (login_as (i % 2, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 1); /* once for both workers */
  g_assert_cmpint (login_as (0, "ann", "correct horsf"), ==, CS_DENIED);
  g_assert_cmpint (cs_harness_stat ("auth_recalled_total"), ==, 9);
  login_teardown ();
}

static void
test_remembered_for_a_time (void)
{
  login_settings = (AuthSettings){ .remember = CS_MS (300), .max_waiting = 1,
                                   .max_wait = CS_SECONDS (9) };
  login_setup ();
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_usleep (400 * 1000);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 2);
  login_teardown ();

  login_settings = (AuthSettings){ .remember = 0, .max_waiting = 1, .max_wait = CS_SECONDS (9) };
  login_setup ();
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 2);
  login_teardown ();
}

static void
test_forgotten_on_every_worker (void)
{
  guint i;

  login_setup ();
  for (i = 0; i < 4; i++)
    g_assert_cmpint (login_as (i % 2, "ann", LOGIN_FIRST), ==, CS_OK);
  cs_auth_forget (&login_auth->service, "", "bob"); /* somebody else: remembered still */
  for (i = 0; i < 2; i++)
    g_assert_cmpint (login_as (i, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 1);
  cs_auth_forget (&login_auth->service, "acme", "ann");
  for (i = 0; i < 2; i++)
    g_assert_cmpint (login_as (i, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 2);
  cs_auth_forget (&login_auth->service, NULL, NULL);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_hashed (), ==, 3);
  login_teardown ();
}

/* A source whose user changes the password, also in the middle of a login. */
typedef struct
{
  const char *hash;
  gboolean change_meanwhile;
  GThreadFunc then; /* begun after the change, while the login goes on */
  GThread *thread;
  CsStatus failure;
} Source;

static CsStatus
source_lookup (gpointer self, const char *tenant, const char *name, CsCredential *credential)
{
  Source *source = self;

  if (source->failure != CS_OK)
    return source->failure;
  if (!g_str_equal (name, "eve"))
    return CS_NOT_FOUND;
  credential->hash = g_strdup (source->hash);
  if (source->change_meanwhile)
    {
      source->hash = login_second_hash;
      cs_auth_forget (&login_auth->service, "", "eve");
      source->change_meanwhile = FALSE;
      if (source->then != NULL)
        {
          source->thread = g_thread_new ("login", source->then, NULL);
          g_usleep (50000);
        }
    }
  return CS_OK;
}

static const CsCredentialsSource source_table
  = { sizeof (CsCredentialsSource), source_lookup };

static void
test_source (void)
{
  Source source = { .hash = login_first_hash };

  login_setup ();
  g_assert_true (cs_auth_add_source (&login_auth->service, &source, &source_table, NULL));
  g_assert_cmpint (login_as (0, "eve", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  source.hash = login_second_hash;
  cs_auth_forget (&login_auth->service, "", "eve");
  g_assert_cmpint (login_as (0, "eve", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_as (1, "eve", LOGIN_SECOND), ==, CS_OK);
  source.failure = CS_IO;
  g_assert_cmpint (login_as (0, "mallory", "x"), ==, CS_IO);
  login_teardown ();
}

static void
test_changed_during_login (void)
{
  Source source = { .hash = login_first_hash, .change_meanwhile = TRUE };

  login_setup ();
  g_assert_true (cs_auth_add_source (&login_auth->service, &source, &source_table, NULL));
  g_assert_cmpint (login_as (0, "eve", LOGIN_FIRST), ==, CS_OK); /* it began before the change */
  source.change_meanwhile = FALSE;
  g_assert_cmpint (login_as (0, "eve", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_as (1, "eve", LOGIN_FIRST), ==, CS_DENIED);
  login_teardown ();
}

static gpointer
log_in_as_eve (gpointer data)
{
  const CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1234" };
  CsAuthVerdict verdict = { .size = sizeof verdict };
  CsStatus status
    = cs_auth_login (&login_auth->service, &request, "", "eve", LOGIN_FIRST, &verdict);

  cs_identity_unref (verdict.identity);
  return GINT_TO_POINTER (status);
}

/* The old password does not get in with a login that began before the change. */
static void
test_changed_before_joining (void)
{
  Source source = { .hash = login_first_hash, .change_meanwhile = TRUE, .then = log_in_as_eve };

  login_setup ();
  g_assert_true (cs_auth_add_source (&login_auth->service, &source, &source_table, NULL));
  g_assert_cmpint (login_as (0, "eve", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (source.thread)), ==, CS_DENIED);
  login_teardown ();
}

static gpointer
log_in_as_admin (gpointer data)
{
  const CsAuthRequest request = { .size = sizeof request, .peer = "192.0.2.1:1234" };
  CsAuthVerdict verdict = { .size = sizeof verdict };

  g_assert_cmpint (cs_auth_login (&login_auth->service, &request, "", "root", "s3cret:pw", &verdict),
                   ==, CS_OK);
  g_assert_true (verdict.identity->admin);
  g_assert_true (cs_identity_has_role (verdict.identity, "_admin"));
  cs_identity_unref (verdict.identity);
  return NULL;
}

/* The administrator's password is hashed once, and so are logins that come together. */
static void
test_together (void)
{
  GThread *threads[16];
  guint i;

  login_settings.admin = (char *) "root:s3cret:pw";
  login_setup ();
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("login", log_in_as_admin, NULL);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (login_hashed (), ==, 1);
  login_teardown ();
}

static void
test_admin_as_hash (void)
{
  g_autofree char *admin = g_strconcat ("root:", login_first_hash, NULL);

  login_settings.admin = admin;
  login_setup ();
  g_assert_cmpint (login_as (0, "root", LOGIN_FIRST), ==, CS_OK);
  g_assert_cmpint (login_as (0, "root", login_first_hash), ==, CS_DENIED);
  login_teardown ();
}

static void
test_open (void)
{
  CsIdentity *identity;

  login_setup ();
  identity = cs_auth_anonymous (&login_auth->service);
  g_assert_false (identity->admin);
  g_assert_null (identity->user);
  g_assert_false (cs_auth_is_open (&login_auth->service));
  cs_identity_unref (identity);
  login_teardown ();

  login_settings.open = TRUE;
  login_setup ();
  identity = cs_auth_anonymous (&login_auth->service);
  g_assert_true (identity->admin);
  g_assert_null (identity->user);
  g_assert_cmpstr (identity->method, ==, "open");
  g_assert_true (cs_identity_has_role (identity, "_admin"));
  cs_identity_unref (identity);
  g_assert_cmpint (login_as (0, "ann", "wrong"), ==, CS_DENIED); /* what is given is checked */
  login_teardown ();
}

static void
test_reload (void)
{
  AuthUserSettings bob = { .password = (char *) login_second_hash };
  CsSection after[] = { { "bob", &bob } };
  CsSection twice[] = { { "bob", &bob }, { "bob", &bob } };
  g_autoptr (GError) error = NULL;
  gpointer token = NULL;

  login_setup ();
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  g_assert_true (auth_reload_prepare (login_auth, &login_settings, &token, NULL));
  auth_reload_abort (login_auth, token);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  cs_harness_set_sections (login_auth, AUTH_USER_KIND, twice, 2);
  g_assert_false (auth_reload_prepare (login_auth, &login_settings, &token, &error));
  g_assert_nonnull (strstr (error->message, "[user bob]"));
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  login_reload (after, 1);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_as (1, "ann", LOGIN_FIRST), ==, CS_DENIED);
  g_assert_cmpint (login_as (0, "bob", LOGIN_SECOND), ==, CS_OK);
  login_teardown ();
}

static void
test_overloaded (void)
{
  login_settings = (AuthSettings){ .remember = CS_SECONDS (9), .max_wait = CS_MS (10) };
  login_setup ();
  g_assert_cmpint (auth_gate_enter (&login_auth->gate, 0, 0), ==, CS_OK);
  g_assert_cmpint (auth_gate_enter (&login_auth->gate, 0, 0), ==, CS_OK);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OVERLOADED);
  auth_gate_leave (&login_auth->gate);
  auth_gate_leave (&login_auth->gate);
  g_assert_cmpint (login_as (0, "ann", LOGIN_FIRST), ==, CS_OK);
  login_teardown ();
}

static void
test_log_holds_no_secret (void)
{
  g_autofree char *log = NULL;

  login_settings.admin = (char *) "root:s3cret:pw";
  login_setup ();
  login_as (0, "root", "s3cret:pw");
  login_as (0, "root", "almost-s3cret");
  login_as (0, "ann", LOGIN_FIRST);
  log = cs_harness_log ();
  g_assert_nonnull (strstr (log, "login refused user=root"));
  g_assert_null (strstr (log, "s3cret"));
  g_assert_null (strstr (log, "scrypt"));
  g_assert_null (strstr (log, LOGIN_FIRST));
  login_teardown ();
}

static void
test_hash_command (void)
{
  g_autoptr (GString) output = g_string_new (NULL);
  const char *const args[] = { "swordfish", NULL };
  const char *const none[] = { NULL };
  g_autofree char *hash = NULL;

  login_setup ();
  g_assert_true (cs_harness_command ("hash", args, output, NULL));
  g_assert_true (g_str_has_prefix (output->str, "{\"hash\":\"scrypt:"));
  hash = g_strndup (output->str + 9, output->len - 11);
  login_teardown ();

  login_settings.admin = g_strconcat ("root:", hash, NULL);
  login_setup ();
  g_assert_cmpint (login_as (0, "root", "swordfish"), ==, CS_OK);
  g_assert_false (cs_harness_command ("hash", none, output, NULL));
  g_free (login_settings.admin);
  login_teardown ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/auth/login/identity", test_identity);
  g_test_add_func ("/auth/login/refused", test_refused);
  g_test_add_func ("/auth/login/unknown-name-is-hashed-too", test_unknown_name_is_hashed_too);
  g_test_add_func ("/auth/login/remembered", test_remembered);
  g_test_add_func ("/auth/login/remembered-for-a-time", test_remembered_for_a_time);
  g_test_add_func ("/auth/login/forgotten-on-every-worker", test_forgotten_on_every_worker);
  g_test_add_func ("/auth/login/source", test_source);
  g_test_add_func ("/auth/login/changed-during-login", test_changed_during_login);
  g_test_add_func ("/auth/login/changed-before-joining", test_changed_before_joining);
  g_test_add_func ("/auth/login/together", test_together);
  g_test_add_func ("/auth/login/admin-as-hash", test_admin_as_hash);
  g_test_add_func ("/auth/login/open", test_open);
  g_test_add_func ("/auth/login/reload", test_reload);
  g_test_add_func ("/auth/login/overloaded", test_overloaded);
  g_test_add_func ("/auth/login/log-holds-no-secret", test_log_holds_no_secret);
  g_test_add_func ("/auth/login/hash-command", test_hash_command);
  return g_test_run ();
}
