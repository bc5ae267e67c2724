/* http-settings.h: what `[http]` and `[listener NAME]` may say.
 * SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <cloudsync/sdk.h>

G_BEGIN_DECLS

typedef enum
{
  HTTP_ACCESS_LOG_OFF,
  HTTP_ACCESS_LOG_ON,
  HTTP_ACCESS_LOG_SAMPLED
} HttpAccessLog;

/* Limits that a listener may have of its own; in `[listener NAME]` 0 stands for `[http]`'s. */
typedef struct
{
  gint64 max_head;
  gint64 max_target;
  gint64 max_body;
  gint64 max_connections;
  gint64 head_timeout;
  gint64 body_timeout;
  gint64 body_rate;
  gint64 idle_timeout;
  gint64 write_timeout;
} HttpLimits;

typedef struct
{
  char **listen;
  char **certificate;
  char **key;
  HttpLimits limits;
  gint64 request_timeout;
  gint64 output_high;
  gint64 max_concurrent_requests;
  gint64 max_waiting_requests;
  gint64 max_wait;
  gint64 max_feeds;
  gint64 max_upgraded;
  gboolean gzip;
  gint64 gzip_level;
  gint64 gzip_min;
  gint access_log;
  gint64 access_log_sample;
} HttpSettings;

typedef struct
{
  char *address;
  char **certificate;
  char **key;
  HttpLimits limits;
} HttpListenerSettings;

extern const CsSetting http_settings[];
extern const CsSectionKind http_section_kinds[];

gboolean http_settings_check (const char *kind, const void *settings, GError **error);
void http_settings_endpoints (const char *kind, const void *settings, CsEndpointFunc func,
                              gpointer data);

G_END_DECLS
