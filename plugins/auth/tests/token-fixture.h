/* token-fixture.h: keys that are made for a test, and tokens signed with them.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "auth-jwt-key.h"

/* A pair for a public-key algorithm; to be freed by token_pair_free (). */
typedef struct _TokenPair TokenPair;

TokenPair *token_pair_new (AuthJwtAlgorithm algorithm);
void token_pair_free (TokenPair *pair);
const char *token_pair_public (const TokenPair *pair); /* PEM */

/* "head.claims.signature" of these texts; `pair` NULL: HMAC by `secret`, as `algorithm` has it. g_free(). */
char *token_sign (AuthJwtAlgorithm algorithm, const TokenPair *pair, const char *secret,
                  const char *head, const char *claims);

/* "head.claims." without a signature. */
char *token_unsigned (const char *head, const char *claims);
