/* welcome-state.c: what the page shows.
 * SPDX-License-Identifier: Apache-2.0 */
#include "welcome-state.h"

#include <stdio.h>
#include <unistd.h>

void
welcome_json_string (GString *out, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *at;

  g_string_append_c (out, '"');
  for (at = valid; *at != '\0'; at++)
    if (*at == '"' || *at == '\\')
      g_string_append_printf (out, "\\%c", *at);
    else if ((guchar) *at < 0x20)
      g_string_append_printf (out, "\\u%04x", (guchar) *at);
    else
      g_string_append_c (out, *at);
  g_string_append_c (out, '"');
}

static void
append_member (GString *out, const char *name, const char *text)
{
  g_string_append_printf (out, "\"%s\":", name);
  if (text != NULL)
    welcome_json_string (out, text);
  else
    g_string_append (out, "null");
  g_string_append_c (out, ',');
}

static void
append_list (GString *out, const char *name, const char *const *items)
{
  gsize i;

  g_string_append_printf (out, "\"%s\":[", name);
  for (i = 0; items != NULL && items[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (out, ',');
      welcome_json_string (out, items[i]);
    }
  g_string_append (out, "],");
}

static void
append_plugin (const CsNodePlugin *plugin, gpointer data)
{
  GString *out = data;

  g_string_append (out, out->str[out->len - 1] == '[' ? "{" : ",{");
  append_member (out, "name", plugin->name);
  append_member (out, "version", plugin->version);
  append_member (out, "summary", plugin->summary != NULL ? plugin->summary : "");
  append_list (out, "provides", plugin->provides);
  append_list (out, "uses", plugin->uses);
  append_member (out, "reason", plugin->healthy ? NULL : plugin->reason);
  g_string_append_printf (out, "\"healthy\":%s}", plugin->healthy ? "true" : "false");
}

typedef struct
{
  GString *out;
  const char *name; /* whose series are being summed */
  gint64 sum;
} WelcomeSums;

static void
flush_sum (WelcomeSums *sums)
{
  if (sums->name == NULL)
    return;
  g_string_append (sums->out, sums->out->str[sums->out->len - 1] == '{' ? "" : ",");
  welcome_json_string (sums->out, sums->name);
  g_string_append_printf (sums->out, ":%" G_GINT64_FORMAT, sums->sum);
}

/* Series of one name come one after the other. */
static void
add_sample (const CsStatSample *sample, gpointer data)
{
  WelcomeSums *sums = data;

  if (sample->spec->type == CS_STAT_HISTOGRAM)
    return;
  if (sums->name == NULL || !g_str_equal (sums->name, sample->spec->name))
    {
      flush_sum (sums);
      sums->name = sample->spec->name;
      sums->sum = 0;
    }
  sums->sum += sample->value;
}

static gint64
resident_memory (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  long pages = 0;

  if (file == NULL)
    return 0;
  if (fscanf (file, "%*s %ld", &pages) != 1)
    pages = 0;
  fclose (file);
  return (gint64) pages * sysconf (_SC_PAGESIZE);
}

static void
append_node (GString *out)
{
  CsNodeInfo node = { .size = sizeof node };
  const char *reason = NULL;
  gboolean ready = cs_node_ready (&reason);

  cs_node_info (&node);
  append_member (out, "node", node.name);
  append_member (out, "role", node.role);
  append_member (out, "version", node.version);
  append_member (out, "reason", ready ? NULL : reason);
  g_string_append_printf (out, "\"ready\":%s,\"uptime\":%.3f,\"memory\":%" G_GINT64_FORMAT ",",
                          ready ? "true" : "false",
                          (double) (g_get_real_time () - node.started) / 1e6, resident_memory ());
}

GString *
welcome_state (void)
{
  GString *out = g_string_new ("{");
  WelcomeSums sums = { .out = out };

  append_node (out);
  g_string_append (out, "\"plugins\":[");
  cs_visit_plugins (append_plugin, out);
  g_string_append (out, "],\"counters\":{");
  cs_stats_visit (add_sample, &sums);
  flush_sum (&sums);
  g_string_append (out, "}}");
  return out;
}
