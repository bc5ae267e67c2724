/* websocket-extension.c: parses the list of offers (RFC 6455 §9.1) and negotiates permessage-deflate.
 * SPDX-License-Identifier: Apache-2.0 */
#include "websocket-extension.h"

#include <string.h>

typedef struct
{
  const char *at;
  const char *end;
} Scanner;

/* One offer of permessage-deflate. */
typedef struct
{
  gboolean valid;
  gboolean server_no_takeover;
  gboolean client_no_takeover;
  guint server_bits; /* 0: not given */
  guint client_bits; /* 0: not given; given without a value it is 15 */
} Offer;

static gboolean
is_token_byte (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

static void
skip_blanks (Scanner *self)
{
  while (self->at < self->end && (*self->at == ' ' || *self->at == '\t'))
    self->at++;
}

static gboolean
take (Scanner *self, char c)
{
  skip_blanks (self);
  if (self->at == self->end || *self->at != c)
    return FALSE;
  self->at++;
  skip_blanks (self);
  return TRUE;
}

static gboolean
take_token (Scanner *self, CsSlice *token)
{
  const char *begin = self->at;

  while (self->at < self->end && is_token_byte (*self->at))
    self->at++;
  *token = cs_slice (begin, self->at - begin);
  return token->len > 0;
}

/* A quoted value must be a token once the quotes are off; none that we know of has a backslash, so one that does
 * is given back as it is and matches nothing. */
static gboolean
take_quoted (Scanner *self, CsSlice *value)
{
  const char *begin = ++self->at;

  for (; self->at < self->end && *self->at != '"'; self->at++)
    {
      if (*self->at == '\\' && ++self->at == self->end)
        return FALSE;
      if (!is_token_byte (*self->at))
        return FALSE;
    }
  if (self->at == self->end)
    return FALSE;
  *value = cs_slice (begin, self->at - begin);
  self->at++;
  return value->len > 0;
}

static gboolean
take_value (Scanner *self, CsSlice *value)
{
  if (self->at < self->end && *self->at == '"')
    return take_quoted (self, value);
  return take_token (self, value);
}

/* 8 to 15, without a leading zero. 0: anything else. */
static guint
window_bits (CsSlice value)
{
  if (value.len == 1 && (value.data[0] == '8' || value.data[0] == '9'))
    return value.data[0] - '0';
  if (value.len == 2 && value.data[0] == '1' && value.data[1] >= '0' && value.data[1] <= '5')
    return 10 + value.data[1] - '0';
  return 0;
}

static gboolean
set_once (gboolean *flag)
{
  gboolean fresh = !*flag;

  *flag = TRUE;
  return fresh;
}

/* FALSE: the offer is to be declined. */
static gboolean
add_parameter (Offer *offer, CsSlice name, CsSlice value)
{
  gboolean bare = value.data == NULL;

  if (cs_slice_is (name, "server_no_context_takeover"))
    return bare && set_once (&offer->server_no_takeover);
  if (cs_slice_is (name, "client_no_context_takeover"))
    return bare && set_once (&offer->client_no_takeover);
  if (cs_slice_is (name, "server_max_window_bits") && offer->server_bits == 0 && !bare)
    return (offer->server_bits = window_bits (value)) != 0;
  if (cs_slice_is (name, "client_max_window_bits") && offer->client_bits == 0)
    return (offer->client_bits = bare ? 15 : window_bits (value)) != 0;
  return FALSE;
}

/* One element of the list. FALSE: malformed. */
static gboolean
take_offer (Scanner *self, Offer *offer)
{
  CsSlice name, parameter, value;

  *offer = (Offer){ 0 };
  if (!take_token (self, &name))
    return FALSE;
  offer->valid = cs_slice_is (name, "permessage-deflate");
  while (take (self, ';'))
    {
      value = cs_slice (NULL, 0);
      if (!take_token (self, &parameter) || (take (self, '=') && !take_value (self, &value)))
        return FALSE;
      offer->valid = offer->valid && add_parameter (offer, parameter, value);
    }
  return TRUE;
}

static void
agree (const Offer *offer, const WsDeflatePolicy *policy, WsDeflate *agreed)
{
  guint8 most = policy->window_bits;

  agreed->server_bits = offer->server_bits != 0 ? MIN (offer->server_bits, most) : most;
  /* Only a client that says it can is asked for a smaller window (§7.1.2.2). */
  agreed->client_bits = offer->client_bits != 0 ? MIN (offer->client_bits, most) : 15;
  agreed->server_takeover = policy->takeover && !offer->server_no_takeover;
  agreed->client_takeover = policy->takeover && !offer->client_no_takeover;
}

static void
write_answer (const Offer *offer, const WsDeflate *agreed, char *answer)
{
  char server[40] = "", client[40] = "";

  if (offer->server_bits != 0 || agreed->server_bits < 15)
    g_snprintf (server, sizeof server, "; server_max_window_bits=%u", agreed->server_bits);
  if (offer->client_bits != 0 && agreed->client_bits < 15)
    g_snprintf (client, sizeof client, "; client_max_window_bits=%u", agreed->client_bits);
  g_snprintf (answer, WS_ANSWER_MAX, "permessage-deflate%s%s%s%s",
              agreed->server_takeover ? "" : "; server_no_context_takeover",
              agreed->client_takeover ? "" : "; client_no_context_takeover", server, client);
}

gboolean
ws_extension_negotiate (CsSlice field, const WsDeflatePolicy *policy, WsDeflate *agreed,
                        char answer[WS_ANSWER_MAX])
{
  Scanner scanner = { field.data, field.data + field.len };
  gboolean taken = FALSE;
  Offer offer;

  *agreed = (WsDeflate){ 0 };
  answer[0] = '\0';
  skip_blanks (&scanner);
  while (take (&scanner, ','))
    ;
  if (scanner.at == scanner.end)
    return field.len == 0;
  while (scanner.at < scanner.end)
    {
      if (!take_offer (&scanner, &offer))
        return FALSE;
      if (offer.valid && policy->enabled && !taken)
        {
          taken = TRUE;
          agree (&offer, policy, agreed);
          write_answer (&offer, agreed, answer);
        }
      if (scanner.at < scanner.end && *scanner.at != ',')
        return FALSE;
      while (take (&scanner, ','))
        ;
    }
  return TRUE;
}

gboolean
ws_token_next (CsSlice list, gsize *at, CsSlice *token)
{
  Scanner scanner = { list.data + *at, list.data + list.len };

  *token = cs_slice (NULL, 0);
  while (take (&scanner, ','))
    ;
  skip_blanks (&scanner);
  if (scanner.at < scanner.end)
    {
      if (!take_token (&scanner, token))
        return FALSE;
      skip_blanks (&scanner);
      if (scanner.at < scanner.end && *scanner.at != ',')
        return FALSE;
    }
  *at = scanner.at - list.data;
  return TRUE;
}
