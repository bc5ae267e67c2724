/* login-fixture.h: an auth instance on two workers, with cheap hashes and a source of its own.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth.h"
#include "harness.h"

/* Hashes that cost next to nothing, of these passwords. */
#define LOGIN_FIRST "correct horse"
#define LOGIN_SECOND "new one"
extern const char *const login_first_hash;
extern const char *const login_second_hash;

extern AuthState *login_auth;
extern AuthSettings login_settings;
extern const CsSection *login_jwt_keys; /* [jwt-key NAME] */
extern guint login_n_jwt_keys;
extern const CsSection *login_api_keys; /* [api-key NAME] */
extern guint login_n_api_keys;

/* [user ann] with roles reader and writer of tenant acme, and the settings above. */
void login_setup (void);
void login_teardown (void);

/* Reads the sections of the settings anew, those of [user NAME] as given. */
void login_reload (const CsSection *changed, guint n);

/* "Basic …", to be g_free()d. */
char *login_header (const char *name, const char *password);

/* cs_auth_authenticate () on a worker, of any request, or of one with that Authorization. *identity is a
 * reference, NULL for none. */
CsStatus login_request (guint worker, const CsAuthRequest *request, CsAuthVerdict *verdict);
CsStatus login_authorize (guint worker, const char *header, CsIdentity **identity);
CsStatus login_as (guint worker, const char *name, const char *password);

/* Passwords hashed so far. */
gint64 login_hashed (void);
