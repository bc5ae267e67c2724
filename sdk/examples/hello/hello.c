/* hello.c: a whole plugin: two routes, one setting, straight-line code that waits.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

typedef struct
{
  char *greeting;
  gint64 delay;
} HelloSettings;

static const CsSetting hello_settings[] = {
  CS_STRING (HelloSettings, greeting, "greeting", "hello, world\n", "Text of the answer"),
  CS_DURATION (HelloSettings, delay, "delay", "10ms", "How long /hello/slow thinks first",
               .flags = CS_SETTING_RELOADABLE),
  CS_SETTINGS_END
};

static void
hello_answer (CsHttpExchange *exchange, gpointer self)
{
  const HelloSettings *settings = cs_settings (self);

  cs_http_reply_text (exchange, 200, settings->greeting);
}

/* Runs on a pool thread, where blocking is allowed. */
static void
hello_shout (gpointer data)
{
  char **text = data;

  *text = g_ascii_strup (*text, -1);
}

static void
hello_slow (CsHttpExchange *exchange, gpointer self)
{
  const HelloSettings *settings = cs_settings (self);
  char *text = settings->greeting;

  if (cs_sleep (settings->delay) != CS_OK || cs_pool_run (self, hello_shout, &text) != CS_OK)
    return cs_http_reply_error (exchange, 503, "interrupted");
  cs_http_reply_text (exchange, 200, text);
  g_free (text);
}

static const CsHttpRoute hello_routes[] = {
  { "GET", "/hello", hello_answer, "Says hello", CS_ACCESS_PUBLIC },
  { "GET", "/hello/slow", hello_slow, "Says it after a timer and a pool call", CS_ACCESS_PUBLIC },
};

static gboolean
hello_start (gpointer self, GError **error)
{
  return cs_http_add_routes (cs_require (self, CS_HTTP), self, CS_ROWS (hello_routes), error);
}

CS_PLUGIN_DEFINE ("hello", "1.0.0", "Answers a greeting", CS_REQUIRES ("http>=1"),
                  CS_SETTINGS (HelloSettings, hello_settings), .start = hello_start);
