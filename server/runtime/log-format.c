/* log-format.c: a log line as text for people, JSON for collectors, or a datagram for journald.
 * SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "runtime/log-record.h"

/* RFC 3339 §5.6, UTC, microseconds. */
static void
append_time (GString *out, gint64 time)
{
  time_t seconds = (time_t) (time / G_USEC_PER_SEC);
  struct tm tm;

  gmtime_r (&seconds, &tm);
  g_string_append_printf (out, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", tm.tm_year + 1900,
                          tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                          (int) (time % G_USEC_PER_SEC));
}

/* JSON's string (RFC 8259 §7); what is not UTF-8 becomes U+FFFD. */
static void
append_quoted (GString *out, CsSlice text)
{
  const char *at = text.data, *end = text.data + text.len;

  g_string_append_c (out, '"');
  while (at < end)
    {
      gunichar c = g_utf8_get_char_validated (at, end - at);
      const char *next = c < (gunichar) -2 ? g_utf8_next_char (at) : at + 1;

      if (c >= (gunichar) -2)
        g_string_append (out, "\357\277\275");
      else if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", (int) c);
      else if (c == '\n')
        g_string_append (out, "\\n");
      else if (c < 0x20 || c == 0x7f)
        g_string_append_printf (out, "\\u%04x", c);
      else
        g_string_append_len (out, at, next - at);
      at = next;
    }
  g_string_append_c (out, '"');
}

static gboolean
is_plain (CsSlice text)
{
  for (gsize i = 0; i < text.len; i++)
    if (text.data[i] <= ' ' || text.data[i] >= 0x7f || strchr ("\"\\=", text.data[i]) != NULL)
      return FALSE;
  return text.len > 0;
}

/* Control characters never reach a terminal or begin a line of their own. */
static void
append_message (GString *out, CsSlice text)
{
  for (gsize i = 0; i < text.len; i++)
    g_string_append_c (out, (guint8) text.data[i] < ' ' ? ' ' : text.data[i]);
}

static void
append_fields_text (GString *out, const CsLogLine *line)
{
  for (guint i = 0; i < line->n_fields; i++)
    {
      const CsLogPair *pair = &line->fields[i];

      g_string_append_c (out, ' ');
      g_string_append_len (out, pair->key.data, (gssize) pair->key.len);
      g_string_append_c (out, '=');
      if (is_plain (pair->value))
        g_string_append_len (out, pair->value.data, (gssize) pair->value.len);
      else
        append_quoted (out, pair->value);
    }
}

void
cs_log_format_text (GString *out, const CsLogLine *line)
{
  append_time (out, line->time);
  g_string_append_printf (out, " %-7s ", cs_log_level_name (line->level));
  g_string_append_len (out, line->owner.data, (gssize) line->owner.len);
  g_string_append (out, ": ");
  append_message (out, line->message);
  append_fields_text (out, line);
  g_string_append_c (out, '\n');
}

static void
append_member (GString *out, CsSlice key, CsSlice value, gboolean raw)
{
  g_string_append_c (out, ',');
  append_quoted (out, key);
  g_string_append_c (out, ':');
  if (raw)
    g_string_append_len (out, value.data, (gssize) value.len);
  else
    append_quoted (out, value);
}

/* A field never takes the place of what the core says. */
static CsSlice
member_name (CsSlice key)
{
  static const char *const taken[][2] = { { "time", "field-time" },
                                          { "level", "field-level" },
                                          { "plugin", "field-plugin" },
                                          { "worker", "field-worker" },
                                          { "message", "field-message" } };

  for (guint i = 0; i < G_N_ELEMENTS (taken); i++)
    if (cs_slice_is (key, taken[i][0]))
      return cs_slice_str (taken[i][1]);
  return key;
}

void
cs_log_format_json (GString *out, const CsLogLine *line)
{
  g_string_append (out, "{\"time\":\"");
  append_time (out, line->time);
  g_string_append_printf (out, "\",\"level\":\"%s\"", cs_log_level_name (line->level));
  append_member (out, cs_slice_str ("plugin"), line->owner, FALSE);
  if (line->worker >= 0)
    g_string_append_printf (out, ",\"worker\":%d", line->worker);
  append_member (out, cs_slice_str ("message"), line->message, FALSE);
  for (guint i = 0; i < line->n_fields; i++)
    append_member (out, member_name (line->fields[i].key), line->fields[i].value,
                   line->fields[i].number);
  g_string_append (out, "}\n");
}

/* KEY=value, or KEY, a 64-bit little-endian length and the value when it has a newline
 * (systemd, JOURNAL_NATIVE_PROTOCOL). */
static void
append_journal (GString *out, const char *prefix, CsSlice key, CsSlice value)
{
  guint64 len = GUINT64_TO_LE ((guint64) value.len);
  gboolean simple = memchr (value.data, '\n', value.len) == NULL;

  g_string_append (out, prefix);
  for (gsize i = 0; i < key.len; i++)
    g_string_append_c (out, g_ascii_isalnum (key.data[i]) ? g_ascii_toupper (key.data[i]) : '_');
  g_string_append_c (out, simple ? '=' : '\n');
  if (!simple)
    g_string_append_len (out, (const char *) &len, sizeof len);
  g_string_append_len (out, value.data, (gssize) value.len);
  g_string_append_c (out, '\n');
}

void
cs_log_format_journal (GString *out, const CsLogLine *line)
{
  g_autoptr (GString) message = g_string_sized_new (256);

  g_string_append_len (message, line->owner.data, (gssize) line->owner.len);
  g_string_append (message, ": ");
  append_message (message, line->message);
  append_fields_text (message, line);
  g_string_append_printf (out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=cloudsyncd\n", line->level);
  append_journal (out, "MESSAGE", cs_slice ("", 0), cs_slice (message->str, message->len));
  append_journal (out, "CLOUDSYNC_PLUGIN", cs_slice ("", 0), line->owner);
  if (line->worker >= 0)
    g_string_append_printf (out, "CLOUDSYNC_WORKER=%d\n", line->worker);
  for (guint i = 0; i < line->n_fields; i++)
    append_journal (out, "CLOUDSYNC_FIELD_", line->fields[i].key, line->fields[i].value);
}
