/* test-extension.c: offers of permessage-deflate and what is agreed upon, as a table (RFC 7692 §5, §7.1).
 * SPDX-License-Identifier: Apache-2.0 */
#include <websocket-extension.h>

/* `answer` NULL: the field is malformed; "": every offer is declined. */
typedef struct
{
  const char *field;
  const char *answer;
  gboolean takeover;
  guint8 most; /* 0: 15 */
  WsDeflate agreed;
} Row;

#define PMD "permessage-deflate"
#define NO_TAKEOVER "; server_no_context_takeover; client_no_context_takeover"

static const Row rows[] = {
  { "", "" },
  { PMD, PMD NO_TAKEOVER, .agreed = { 15, 15 } },
  { PMD, PMD, TRUE, .agreed = { 15, 15, 1, 1 } },
  { PMD, PMD "; server_max_window_bits=10", TRUE, 10, { 10, 15, 1, 1 } },
  { "x-other, " PMD, PMD, TRUE, .agreed = { 15, 15, 1, 1 } },
  { " , ," PMD " , ", PMD, TRUE, .agreed = { 15, 15, 1, 1 } },
  { "x-other; a=b; c=\"d\"", "" },
  { "Permessage-Deflate", "" },
  { PMD "; client_max_window_bits", PMD, TRUE, .agreed = { 15, 15, 1, 1 } },
  { PMD "; client_max_window_bits", PMD "; server_max_window_bits=11; client_max_window_bits=11", TRUE, 11,
    { 11, 11, 1, 1 } },
  { PMD "; client_max_window_bits=9", PMD "; client_max_window_bits=9", TRUE, .agreed = { 15, 9, 1, 1 } },
  { PMD "; client_max_window_bits=\"9\"", PMD "; client_max_window_bits=9", TRUE,
    .agreed = { 15, 9, 1, 1 } },
  { PMD "; client_max_window_bits=15; server_max_window_bits=15", PMD "; server_max_window_bits=15", TRUE,
    .agreed = { 15, 15, 1, 1 } },
  { PMD ";server_max_window_bits=8", PMD "; server_max_window_bits=8", TRUE, .agreed = { 8, 15, 1, 1 } },
  { PMD "; server_no_context_takeover", PMD "; server_no_context_takeover", TRUE,
    .agreed = { 15, 15, 0, 1 } },
  { PMD "; client_no_context_takeover", PMD "; client_no_context_takeover", TRUE,
    .agreed = { 15, 15, 1, 0 } },
  /* Declined: an unknown, a repeated, an invalid parameter. */
  { PMD "; unknown", "", TRUE },
  { PMD "; unknown=7", "", TRUE },
  { PMD "; server_no_context_takeover; server_no_context_takeover", "", TRUE },
  { PMD "; server_no_context_takeover=1", "", TRUE },
  { PMD "; client_no_context_takeover=true", "", TRUE },
  { PMD "; server_max_window_bits", "", TRUE },
  { PMD "; server_max_window_bits=7", "", TRUE },
  { PMD "; server_max_window_bits=16", "", TRUE },
  { PMD "; server_max_window_bits=08", "", TRUE },
  { PMD "; server_max_window_bits=1", "", TRUE },
  { PMD "; server_max_window_bits=10; server_max_window_bits=10", "", TRUE },
  { PMD "; client_max_window_bits=0", "", TRUE },
  { PMD "; client_max_window_bits=010", "", TRUE },
  { PMD "; client_max_window_bits; client_max_window_bits", "", TRUE },
  /* The first that can be met is taken, a declined one before it does not matter. */
  { PMD "; server_max_window_bits=7, " PMD "; client_max_window_bits=10, " PMD,
    PMD "; client_max_window_bits=10", TRUE, .agreed = { 15, 10, 1, 1 } },
  { PMD "; client_max_window_bits; server_max_window_bits=10, " PMD "; client_max_window_bits, " PMD,
    PMD "; server_max_window_bits=10", TRUE, .agreed = { 10, 15, 1, 1 } },
  { PMD "; server_no_context_takeover; client_max_window_bits=11, " PMD, 
    PMD "; server_no_context_takeover; client_max_window_bits=11", TRUE, .agreed = { 15, 11, 0, 1 } },
  /* Malformed (RFC 6455 §9.1). */
  { ",", NULL },
  { PMD ";", NULL },
  { PMD "; =1", NULL },
  { PMD "; a=", NULL },
  { PMD "; a=\"", NULL },
  { PMD "; a=\"\"", NULL },
  { PMD "; a=\"b c\"", NULL },
  { PMD "; a=\"b\\\"", NULL },
  { PMD " a", NULL },
  { PMD "; a b", NULL },
  { "(x)", NULL },
  { PMD ", \xff", NULL },
};

static void
test_rows (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Row *row = &rows[i];
      WsDeflatePolicy policy = { TRUE, row->takeover, row->most != 0 ? row->most : 15 };
      char answer[WS_ANSWER_MAX];
      WsDeflate agreed;
      gboolean well = ws_extension_negotiate (cs_slice_str (row->field), &policy, &agreed, answer);

      g_test_message ("%s", row->field);
      g_assert_cmpint (well, ==, row->answer != NULL);
      if (!well)
        continue;
      g_assert_cmpstr (answer, ==, row->answer);
      g_assert_cmpuint (agreed.server_bits, ==, row->agreed.server_bits);
      g_assert_cmpuint (agreed.client_bits, ==, row->agreed.client_bits);
      g_assert_cmpuint (agreed.server_takeover, ==, row->agreed.server_takeover);
      g_assert_cmpuint (agreed.client_takeover, ==, row->agreed.client_takeover);
    }
}

static void
test_disabled (void)
{
  WsDeflatePolicy policy = { .window_bits = 15 };
  char answer[WS_ANSWER_MAX];
  WsDeflate agreed;

  g_assert_true (ws_extension_negotiate (cs_slice_str (PMD), &policy, &agreed, answer));
  g_assert_cmpstr (answer, ==, "");
  g_assert_cmpuint (agreed.server_bits, ==, 0);
  g_assert_false (ws_extension_negotiate (cs_slice_str (PMD ";"), &policy, &agreed, answer));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/websocket/extension/rows", test_rows);
  g_test_add_func ("/websocket/extension/disabled", test_disabled);
  return g_test_run ();
}
