/* log-words.c: the names of levels and formats, and what GLib's own log becomes.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log-ring.h"

static const char *const level_names[] = { "error", "warning", "notice", "info", "debug" };
static const char *const format_names[] = { "auto", "text", "json", "journal" };

gboolean
cs_log_level_parse (const char *text, CsLogLevel *level)
{
  for (guint i = 0; i < G_N_ELEMENTS (level_names); i++)
    if (g_ascii_strcasecmp (text, level_names[i]) == 0)
      {
        *level = CS_LOG_ERROR + i;
        return TRUE;
      }
  return FALSE;
}

const char *
cs_log_level_name (CsLogLevel level)
{
  return level_names[CLAMP (level, CS_LOG_ERROR, CS_LOG_DEBUG) - CS_LOG_ERROR];
}

gboolean
cs_log_format_parse (const char *text, CsLogFormat *format)
{
  for (guint i = 0; i < G_N_ELEMENTS (format_names); i++)
    if (g_ascii_strcasecmp (text, format_names[i]) == 0)
      {
        *format = (CsLogFormat) i;
        return TRUE;
      }
  return FALSE;
}

static CsLogLevel
level_of (GLogLevelFlags flags)
{
  if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
    return CS_LOG_ERROR;
  if ((flags & G_LOG_LEVEL_WARNING) != 0)
    return CS_LOG_WARNING;
  if ((flags & G_LOG_LEVEL_MESSAGE) != 0)
    return CS_LOG_NOTICE;
  return (flags & G_LOG_LEVEL_INFO) != 0 ? CS_LOG_INFO : CS_LOG_DEBUG;
}

/* GLib aborts after a fatal message: what was said before must be out by then. */
static GLogWriterOutput
write_glib (GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer data)
{
  CsSlice message = cs_slice_str (""), domain = cs_slice_str ("");
  g_autofree char *text = NULL;

  for (gsize i = 0; i < n_fields; i++)
    {
      CsSlice value = fields[i].length >= 0 ? cs_slice (fields[i].value, (gsize) fields[i].length)
                                            : cs_slice_str (fields[i].value);

      if (g_str_equal (fields[i].key, "MESSAGE"))
        message = value;
      else if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
        domain = value;
    }
  text = g_strndup (message.data, message.len);
  cs_core_log (level_of (flags), text, CS_F_SLICE ("domain", domain));
  if ((flags & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR)) != 0)
    cs_log_flush (CS_SECONDS (1));
  return G_LOG_WRITER_HANDLED;
}

void
cs_log_take_glib (void)
{
  g_log_set_writer_func (write_glib, NULL, NULL);
}
