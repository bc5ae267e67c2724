/* http-settings.c: the tables of `[http]` and `[listener NAME]`, and the rules across their keys.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-settings.h"

#include <gio/gio.h>

#define RELOADABLE .flags = CS_SETTING_RELOADABLE

static const char *const access_log_values[] = { "off", "on", "sampled", NULL };

const CsSetting http_settings[] = {
  CS_ADDRESSES (HttpSettings, listen, "listen", "127.0.0.1:8080",
                "Addresses to listen on; more, with limits of their own, in [listener NAME]"),
  CS_LIST (HttpSettings, certificate, "certificate", NULL,
           "PEM files of TLS certificates with their chains; the first is the default, others are "
           "chosen by SNI. None: plaintext",
           RELOADABLE),
  CS_LIST (HttpSettings, key, "key", NULL, "PEM files of the certificates' keys, in their order",
           RELOADABLE),
  CS_SIZE (HttpSettings, limits.max_head, "max-head", "16K",
           "Longest request line and header fields together; beyond it 431", .min = 1024,
           .max = 1 << 20, RELOADABLE),
  CS_SIZE (HttpSettings, limits.max_target, "max-target", "8K",
           "Longest request target; beyond it 414", .min = 256, .max = 1 << 20, RELOADABLE),
  CS_SIZE (HttpSettings, limits.max_body, "max-body", "64M",
           "Largest request body where the route sets no limit; beyond it 413", .min = 0,
           .max = G_MAXINT64, RELOADABLE),
  CS_INT (HttpSettings, limits.max_connections, "max-connections", "0",
          "Most connections of one listener, 0 for no limit; beyond it they are answered 503",
          .min = 0, .max = G_MAXINT32, RELOADABLE),
  CS_DURATION (HttpSettings, limits.head_timeout, "head-timeout", "10s",
               "Longest time for a request's head to arrive; beyond it 408", .min = CS_MS (10),
               .max = G_MAXINT64, RELOADABLE),
  CS_DURATION (HttpSettings, limits.body_timeout, "body-timeout", "30s",
               "Longest pause within a request body, and the head start before body-rate counts",
               .min = CS_MS (10), .max = G_MAXINT64, RELOADABLE),
  CS_SIZE (HttpSettings, limits.body_rate, "body-rate", "240",
           "Slowest request body in bytes a second; a slower one is answered 408", .min = 1,
           .max = G_MAXINT32, RELOADABLE),
  CS_DURATION (HttpSettings, limits.idle_timeout, "idle-timeout", "75s",
               "How long a connection may rest between requests", .min = CS_MS (10),
               .max = G_MAXINT64, RELOADABLE),
  CS_DURATION (HttpSettings, limits.write_timeout, "write-timeout", "30s",
               "How long a client may take no byte of an answer", .min = CS_MS (10),
               .max = G_MAXINT64, RELOADABLE),
  CS_DURATION (HttpSettings, request_timeout, "request-timeout", "60s",
               "Deadline of a handler where the route sets none", .min = CS_MS (1),
               .max = G_MAXINT64, RELOADABLE),
  CS_SIZE (HttpSettings, output_high, "output-high", "256K",
           "Bytes that may wait for a client before its handler waits", .min = 4096,
           .max = 1 << 30, RELOADABLE),
  CS_INT (HttpSettings, max_concurrent_requests, "max-concurrent-requests", "0",
          "Requests of the node whose handler runs at once, 0 for no limit", .min = 0,
          .max = G_MAXINT32, RELOADABLE),
  CS_INT (HttpSettings, max_waiting_requests, "max-waiting-requests", "1000",
          "Requests that may wait for a place; beyond it 503", .min = 0, .max = G_MAXINT32,
          RELOADABLE),
  CS_DURATION (HttpSettings, max_wait, "max-wait", "1s",
               "How long a request waits for a place; beyond it 503", .min = 0, .max = G_MAXINT64,
               RELOADABLE),
  CS_INT (HttpSettings, max_feeds, "max-feeds", "20000",
          "Feeds (long polls, event streams) that may be open at once; beyond it 503", .min = 0,
          .max = G_MAXINT32, RELOADABLE),
  CS_INT (HttpSettings, max_upgraded, "max-upgraded", "100000",
          "Upgraded connections (WebSockets) that may be open at once; beyond it 503", .min = 0,
          .max = G_MAXINT32, RELOADABLE),
  CS_BOOL (HttpSettings, gzip, "gzip", "true", "Compress answers for clients that ask for gzip",
           RELOADABLE),
  CS_INT (HttpSettings, gzip_level, "gzip-level", "3", "Effort of the compression", .min = 1,
          .max = 9, RELOADABLE),
  CS_SIZE (HttpSettings, gzip_min, "gzip-min", "1K", "Smallest answer that is compressed",
           .min = 0, .max = G_MAXINT32, RELOADABLE),
  CS_ENUM (HttpSettings, access_log, "access-log", "off", "One log line for each request",
           .values = access_log_values, RELOADABLE),
  CS_INT (HttpSettings, access_log_sample, "access-log-sample", "100",
          "With access-log = sampled: one line in this many requests, and all 5xx", .min = 1,
          .max = G_MAXINT32, RELOADABLE),
  CS_SETTINGS_END
};

static const CsSetting listener_settings[] = {
  CS_ADDRESS (HttpListenerSettings, address, "address", NULL, "Address to listen on",
              .flags = CS_SETTING_REQUIRED),
  CS_LIST (HttpListenerSettings, certificate, "certificate", NULL,
           "PEM files of TLS certificates, as in [http]", RELOADABLE),
  CS_LIST (HttpListenerSettings, key, "key", NULL, "PEM files of their keys", RELOADABLE),
  CS_SIZE (HttpListenerSettings, limits.max_head, "max-head", NULL, "As in [http]", RELOADABLE),
  CS_SIZE (HttpListenerSettings, limits.max_target, "max-target", NULL, "As in [http]",
           RELOADABLE),
  CS_SIZE (HttpListenerSettings, limits.max_body, "max-body", NULL, "As in [http]", RELOADABLE),
  CS_INT (HttpListenerSettings, limits.max_connections, "max-connections", NULL, "As in [http]",
          RELOADABLE),
  CS_DURATION (HttpListenerSettings, limits.head_timeout, "head-timeout", NULL, "As in [http]",
               RELOADABLE),
  CS_DURATION (HttpListenerSettings, limits.body_timeout, "body-timeout", NULL, "As in [http]",
               RELOADABLE),
  CS_SIZE (HttpListenerSettings, limits.body_rate, "body-rate", NULL, "As in [http]", RELOADABLE),
  CS_DURATION (HttpListenerSettings, limits.idle_timeout, "idle-timeout", NULL, "As in [http]",
               RELOADABLE),
  CS_DURATION (HttpListenerSettings, limits.write_timeout, "write-timeout", NULL, "As in [http]",
               RELOADABLE),
  CS_SETTINGS_END
};

const CsSectionKind http_section_kinds[] = {
  { "listener", "One more address, with certificates and limits of its own", listener_settings,
    sizeof (HttpListenerSettings) },
  { NULL, NULL, NULL, 0 },
};

static guint
count (char *const *list)
{
  return list != NULL ? g_strv_length ((char **) list) : 0;
}

gboolean
http_settings_check (const char *kind, const void *settings, GError **error)
{
  const HttpSettings *http = settings;
  const HttpListenerSettings *listener = settings;
  guint certificates = count (kind == NULL ? http->certificate : listener->certificate);
  guint keys = count (kind == NULL ? http->key : listener->key);

  if (certificates == keys)
    return TRUE;
  g_set_error (error, CS_ERROR, CS_INVALID, "%u certificates but %u keys: each needs one",
               certificates, keys);
  return FALSE;
}

static void
tell (const char *key, const char *address, gboolean encrypted, CsEndpointFunc func, gpointer data)
{
  const CsEndpoint endpoint = { .size = sizeof endpoint,
                                .key = key,
                                .address = address,
                                .encrypted = encrypted,
                                .remedy = "set certificate and key" };

  func (&endpoint, data);
}

void
http_settings_endpoints (const char *kind, const void *settings, CsEndpointFunc func, gpointer data)
{
  const HttpSettings *http = settings;
  const HttpListenerSettings *listener = settings;
  guint i;

  if (kind != NULL)
    tell ("address", listener->address, count (listener->certificate) > 0, func, data);
  for (i = 0; kind == NULL && i < count (http->listen); i++)
    tell ("listen", http->listen[i], count (http->certificate) > 0, func, data);
}
