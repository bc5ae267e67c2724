/* metrics-text.c: the two text formats differ in a counter's name, in numbers and in the end.
 * SPDX-License-Identifier: Apache-2.0 */
#include "metrics-text.h"

static const char *const type_names[] = { "counter", "gauge", "histogram", "info" };

static void
append_escaped (GString *out, const char *text, gboolean quote)
{
  for (; *text != '\0'; text++)
    if (*text == '\\')
      g_string_append (out, "\\\\");
    else if (*text == '\n')
      g_string_append (out, "\\n");
    else if (*text == '"' && quote)
      g_string_append (out, "\\\"");
    else
      g_string_append_c (out, *text);
}

void
metrics_text_label (GString *labels, const char *name, const char *value)
{
  g_string_append_printf (labels, "%s%s=\"", labels->len > 0 ? "," : "", name);
  append_escaped (labels, value, TRUE);
  g_string_append_c (labels, '"');
}

void
metrics_text_init (MetricsText *text, gboolean open)
{
  text->out = g_string_sized_new (32 * 1024);
  text->family = g_string_new (NULL);
  text->open = open;
}

GString *
metrics_text_end (MetricsText *text)
{
  if (text->open)
    g_string_append (text->out, "# EOF\n");
  g_string_free (text->family, TRUE);
  return text->out;
}

/* OpenMetrics names a family without the suffix of its samples; in the classic format an info is a
 * gauge. */
static void
describe (MetricsText *text, MetricsType type, const char *name, const char *help)
{
  gsize len = strlen (name);

  if (text->open && type == METRICS_COUNTER && g_str_has_suffix (name, "_total"))
    len -= strlen ("_total");
  else if (text->open && type == METRICS_INFO && g_str_has_suffix (name, "_info"))
    len -= strlen ("_info");
  if (!text->open && type == METRICS_INFO)
    type = METRICS_GAUGE;
  if (text->family->len == len && memcmp (text->family->str, name, len) == 0)
    return;
  g_string_truncate (text->family, 0);
  g_string_append_len (text->family, name, (gssize) len);
  g_string_append_printf (text->out, "# HELP %s ", text->family->str);
  append_escaped (text->out, help, text->open);
  g_string_append_printf (text->out, "\n# TYPE %s %s\n", text->family->str, type_names[type]);
}

/* The shortest form that a person would write: a scale such as 1e-6 leaves noise in the 16th digit. */
static void
append_number (GString *out, double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_formatd (buffer, sizeof buffer, "%.15g", value));
}

static void
append_name (MetricsText *text, const char *name, const char *suffix, const char *labels)
{
  g_string_append (text->out, name);
  g_string_append (text->out, suffix);
  if (labels != NULL && *labels != '\0')
    g_string_append_printf (text->out, "{%s}", labels);
  g_string_append_c (text->out, ' ');
}

void
metrics_text_value (MetricsText *text, MetricsType type, const char *name, const char *help,
                    const char *labels, double value)
{
  describe (text, type, name, help);
  append_name (text, name, "", labels);
  append_number (text->out, value);
  g_string_append_c (text->out, '\n');
}

/* Without a scale the integer as it is: a double would round beyond 2^53. */
static void
append_scaled (GString *out, gint64 value, double scale)
{
  if (scale == 0 || scale == 1)
    g_string_append_printf (out, "%" G_GINT64_FORMAT, value);
  else
    append_number (out, (double) value * scale);
}

static void
append_bucket (MetricsText *text, const CsStatSample *sample, const char *name, guint index,
               guint64 count)
{
  const CsStatSpec *spec = sample->spec;
  gboolean has_labels = spec->labels != NULL && *spec->labels != '\0';
  gsize start;

  g_string_append_printf (text->out, "%s_bucket{%s%sle=\"", name, has_labels ? spec->labels : "",
                          has_labels ? "," : "");
  start = text->out->len;
  if (index == spec->n_bounds)
    g_string_append (text->out, "+Inf");
  else
    append_scaled (text->out, spec->bounds[index], spec->scale);
  if (text->open && strpbrk (text->out->str + start, ".eI") == NULL)
    g_string_append (text->out, ".0"); /* OpenMetrics §Considerations: canonical numbers */
  g_string_append_printf (text->out, "\"} %" G_GUINT64_FORMAT "\n", count);
}

static void
append_histogram (MetricsText *text, const CsStatSample *sample, const char *name)
{
  const CsStatSpec *spec = sample->spec;
  guint64 count = 0;
  guint i;

  for (i = 0; i <= spec->n_bounds; i++)
    {
      count += sample->buckets[i];
      append_bucket (text, sample, name, i, count);
    }
  append_name (text, name, "_sum", spec->labels);
  append_scaled (text->out, sample->value, spec->scale);
  g_string_append_c (text->out, '\n');
  append_name (text, name, "_count", spec->labels);
  g_string_append_printf (text->out, "%" G_GUINT64_FORMAT "\n", count);
}

void
metrics_text_sample (const CsStatSample *sample, gpointer data)
{
  MetricsText *text = data;
  const CsStatSpec *spec = sample->spec;
  g_autofree char *name = g_strconcat (METRICS_PREFIX, spec->name, NULL);
  MetricsType type = spec->type == CS_STAT_COUNTER ? METRICS_COUNTER
                     : spec->type == CS_STAT_GAUGE ? METRICS_GAUGE
                                                   : METRICS_HISTOGRAM;

  describe (text, type, name, spec->help != NULL ? spec->help : "");
  if (type == METRICS_HISTOGRAM)
    {
      append_histogram (text, sample, name);
      return;
    }
  append_name (text, name, "", spec->labels);
  append_scaled (text->out, sample->value, spec->scale);
  g_string_append_c (text->out, '\n');
}
