/* login-fixture.c: see login-fixture.h.
 * SPDX-License-Identifier: Apache-2.0 */
#include "login-fixture.h"

#define N_WORKERS 2

const char *const login_first_hash
  = "scrypt:2:1:1$salt1$26860557c3d379e76850c91a9c3ca14cf4e530ddcd454de7f63d1fb7c232f438a4902daa39c6"
    "aa33a1557a4043f3ee64d73c3cf0c9ab5334840eaa11e16b5837";
const char *const login_second_hash
  = "scrypt:2:1:1$salt2$c9ba04e5a34e18f4213877e47f5913429079c75c00141d4ce1a9c702135eb1754b9c87565911"
    "5e3226156a8641491e0a20f82019d0f3a3502e63e07fb857c420";

AuthState *login_auth;
AuthSettings login_settings;
const CsSection *login_jwt_keys;
guint login_n_jwt_keys;
const CsSection *login_api_keys;
guint login_n_api_keys;

static char *ann_roles[] = { (char *) "reader", (char *) "writer", NULL };
static AuthUserSettings ann;
static const CsSection users[] = { { "ann", &ann } };

static void
start_worker (gpointer data)
{
  g_assert_true (auth_worker_start (login_auth, (guint) cs_worker (), NULL));
}

static void
stop_worker (gpointer data)
{
  auth_worker_stop (login_auth, (guint) cs_worker ());
}

void
login_setup (void)
{
  guint i;

  cs_harness_start (N_WORKERS);
  ann = (AuthUserSettings){ .password = (char *) login_first_hash,
                            .roles = ann_roles,
                            .tenant = (char *) "acme" };
  if (login_settings.max_wait == 0)
    login_settings = (AuthSettings){ .open = login_settings.open,
                                     .admin = login_settings.admin,
                                     .session_timeout = login_settings.session_timeout,
                                     .remember = CS_SECONDS (60),
                                     .max_waiting = 100,
                                     .max_wait = CS_SECONDS (30) };
  login_settings.secret = (char *) "a secret for tests, of enough characters";
  if (login_settings.session_timeout == 0)
    login_settings.session_timeout = CS_SECONDS (600);
  login_auth = cs_harness_instance ("auth", &login_settings, sizeof (AuthState));
  cs_harness_set_sections (login_auth, AUTH_USER_KIND, users, G_N_ELEMENTS (users));
  cs_harness_set_sections (login_auth, AUTH_JWT_KIND, login_jwt_keys, login_n_jwt_keys);
  cs_harness_set_sections (login_auth, AUTH_API_KIND, login_api_keys, login_n_api_keys);
  g_assert_true (auth_create (login_auth, NULL));
  g_assert_true (auth_start (login_auth, NULL));
  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, start_worker, NULL);
}

void
login_teardown (void)
{
  guint i;

  cs_harness_settle ();
  for (i = 0; i < N_WORKERS; i++)
    cs_harness_run (i, stop_worker, NULL);
  auth_destroy (login_auth);
  cs_harness_stop ();
  memset (&login_settings, 0, sizeof login_settings);
}

void
login_reload (const CsSection *changed, guint n)
{
  gpointer token = NULL;

  cs_harness_set_sections (login_auth, AUTH_USER_KIND, changed, n);
  g_assert_true (auth_reload_prepare (login_auth, &login_settings, &token, NULL));
  auth_reload_commit (login_auth, token);
}

char *
login_header (const char *name, const char *password)
{
  g_autofree char *text = g_strconcat (name, ":", password, NULL);
  g_autofree char *token = g_base64_encode ((const guchar *) text, strlen (text));

  return g_strconcat ("Basic ", token, NULL);
}

typedef struct
{
  const CsAuthRequest *request;
  CsAuthVerdict *verdict;
  CsStatus status;
} Authenticate;

static void
authenticate (gpointer data)
{
  Authenticate *call = data;

  call->status = cs_auth_authenticate (&login_auth->service, call->request, call->verdict);
}

CsStatus
login_request (guint worker, const CsAuthRequest *request, CsAuthVerdict *verdict)
{
  Authenticate call = { .request = request, .verdict = verdict };

  *verdict = (CsAuthVerdict){ .size = sizeof *verdict };
  cs_harness_run (worker, authenticate, &call);
  g_assert_true (call.status == CS_OK || (verdict->identity == NULL && verdict->cookie == NULL));
  return call.status;
}

CsStatus
login_authorize (guint worker, const char *header, CsIdentity **identity)
{
  CsAuthRequest request = { .size = sizeof request,
                            .authorization = cs_slice_str (header),
                            .peer = "192.0.2.1:1234" };
  CsAuthVerdict verdict;
  CsStatus status = login_request (worker, &request, &verdict);

  *identity = verdict.identity;
  return status;
}

CsStatus
login_as (guint worker, const char *name, const char *password)
{
  g_autofree char *header = login_header (name, password);
  CsIdentity *identity;
  CsStatus status = login_authorize (worker, header, &identity);

  if (identity != NULL)
    g_assert_cmpstr (identity->user, ==, name);
  cs_identity_unref (identity);
  return status;
}

gint64
login_hashed (void)
{
  return cs_harness_stat ("auth_hash_seconds");
}
