/* harness.c: instances, services, log and node of the host for unit tests.
 * SPDX-License-Identifier: Apache-2.0 */
#include "harness-private.h"

#include <pthread.h>

typedef struct
{
  char *name;
  const void *settings;
  GHashTable *sections; /* kind -> HarnessSections */
  gpointer local[CS_HARNESS_MAX_WORKERS];
} HarnessInstance;

typedef struct
{
  const CsSection *sections;
  guint n;
} HarnessSections;

#define HEADER_SIZE ((sizeof (HarnessInstance) + 15) & ~(gsize) 15)

const CsHost *cs_host_;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static GString *log_lines;
static GPtrArray *instances;
static GHashTable *services;
static GPtrArray *commands; /* HarnessCommand */
static const char *unready;
static const CsNodePlugin *node_plugins;
static guint n_node_plugins;
static int command_fd = -1;

typedef struct
{
  gpointer self;
  const CsNodeCommand *command;
} HarnessCommand;

static HarnessInstance *
instance_of (gpointer self)
{
  return (HarnessInstance *) ((char *) self - HEADER_SIZE);
}

gpointer
cs_harness_instance (const char *name, const void *settings, gsize state_size)
{
  HarnessInstance *instance = g_malloc0 (HEADER_SIZE + state_size);

  instance->name = g_strdup (name);
  instance->settings = settings;
  instance->sections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_ptr_array_add (instances, instance);
  return (char *) instance + HEADER_SIZE;
}

static void
instance_free (gpointer data)
{
  HarnessInstance *instance = data;

  g_hash_table_unref (instance->sections);
  g_free (instance->name);
  g_free (instance);
}

void
cs_harness_set_settings (gpointer self, const void *settings)
{
  instance_of (self)->settings = settings;
}

void
cs_harness_set_sections (gpointer self, const char *kind, const CsSection *sections, guint n)
{
  HarnessSections *value = g_new (HarnessSections, 1);

  value->sections = sections;
  value->n = n;
  g_hash_table_replace (instance_of (self)->sections, g_strdup (kind), value);
}

static const void *
instance_settings (gpointer self)
{
  return instance_of (self)->settings;
}

static const CsSection *
instance_sections (gpointer self, const char *kind, guint *n)
{
  HarnessSections *value = g_hash_table_lookup (instance_of (self)->sections, kind);

  *n = value != NULL ? value->n : 0;
  return value != NULL ? value->sections : NULL;
}

static const char *
instance_name (gpointer self)
{
  return instance_of (self)->name;
}

static gboolean
instance_provide (gpointer self, const char *contract, guint version, gpointer service,
                  GError **error)
{
  g_hash_table_replace (services, g_strdup_printf ("%s=%u", contract, version), service);
  return TRUE;
}

static gpointer
instance_require (gpointer self, const char *contract, guint version)
{
  g_autofree char *key = g_strdup_printf ("%s=%u", contract, version);

  return g_hash_table_lookup (services, key);
}

static void
instance_set_local (gpointer self, gpointer state)
{
  g_assert_cmpint (cs_worker (), >=, 0);
  instance_of (self)->local[cs_worker ()] = state;
}

static gpointer
instance_local (gpointer self)
{
  gint worker = cs_worker ();

  return worker >= 0 ? instance_of (self)->local[worker] : NULL;
}

static gboolean
log_enabled (gpointer self, CsLogLevel level)
{
  return TRUE;
}

static void
log_write (gpointer self, CsLogLevel level, const char *message, const CsField *fields, guint n)
{
  guint i;

  pthread_mutex_lock (&log_lock);
  g_string_append_printf (log_lines, "%s", message);
  for (i = 0; i < n; i++)
    if (fields[i].text == NULL)
      g_string_append_printf (log_lines, " %s=%" G_GINT64_FORMAT, fields[i].key, fields[i].number);
    else
      g_string_append_printf (log_lines, " %s=%.*s", fields[i].key,
                              (int) MIN (fields[i].len, strlen (fields[i].text)), fields[i].text);
  g_string_append_c (log_lines, '\n');
  pthread_mutex_unlock (&log_lock);
}

char *
cs_harness_log (void)
{
  char *text;

  pthread_mutex_lock (&log_lock);
  text = g_strdup (log_lines->str);
  pthread_mutex_unlock (&log_lock);
  return text;
}

static void
node_info (CsNodeInfo *info)
{
  info->version = "0.0.0";
  info->role = "test";
  info->data_dir = g_get_tmp_dir ();
  info->name = "node1";
  info->started = G_USEC_PER_SEC;
  info->state = CS_NODE_RUNNING;
}

static void
node_hold (gpointer self, gint delta)
{
}

static void
node_visit_plugins (CsNodePluginFunc func, gpointer data)
{
  guint i;

  for (i = 0; i < n_node_plugins; i++)
    func (&node_plugins[i], data);
}

static gboolean
node_ready (const char **reason)
{
  if (reason != NULL)
    *reason = unready;
  return unready == NULL;
}

static void
node_add_command (gpointer self, const CsNodeCommand *command)
{
  HarnessCommand *added = g_new (HarnessCommand, 1);

  added->self = self;
  added->command = command;
  g_ptr_array_add (commands, added);
}

static void
node_command_progress (const char *what, guint64 done, guint64 total)
{
}

static gboolean
node_command_cancelled (void)
{
  return FALSE;
}

static int
node_command_fd (void)
{
  return command_fd;
}

void
cs_harness_set_command_fd (int fd)
{
  command_fd = fd;
}

gboolean
cs_harness_command (const char *name, const char *const *args, GString *output, GError **error)
{
  guint i;

  for (i = 0; i < commands->len; i++)
    {
      HarnessCommand *added = commands->pdata[i];

      if (g_str_equal (added->command->name, name))
        return added->command->run (added->self, args, output, error);
    }
  return FALSE;
}

void
cs_harness_set_unready (const char *reason)
{
  unready = reason;
}

void
cs_harness_set_plugins (const CsNodePlugin *plugins, guint n)
{
  node_plugins = plugins;
  n_node_plugins = n;
}

static const CsInstanceTable instance_table = {
  .size = sizeof (CsInstanceTable),
  .settings = instance_settings,
  .sections = instance_sections,
  .name = instance_name,
  .provide = instance_provide,
  .require = instance_require,
  .set_local = instance_set_local,
  .local = instance_local,
};

static const CsLogTable log_table
  = { .size = sizeof (CsLogTable), .enabled = log_enabled, .write = log_write };

static const CsNodeTable node_table = {
  .size = sizeof (CsNodeTable),
  .info = node_info,
  .hold = node_hold,
  .visit_plugins = node_visit_plugins,
  .ready = node_ready,
  .add_command = node_add_command,
  .command_progress = node_command_progress,
  .command_cancelled = node_command_cancelled,
  .command_fd = node_command_fd,
};

static CsHost harness_host = {
  .size = sizeof (CsHost),
  .abi_major = CS_ABI_MAJOR,
  .abi_minor = CS_ABI_MINOR,
  .instance = &instance_table,
  .log = &log_table,
  .stats = &harness_stats_table,
  .node = &node_table,
};

void
cs_harness_start_on (const CsLoopTable *loop)
{
  harness_host.loop = loop;
  cs_host_ = &harness_host;
  log_lines = g_string_new (NULL);
  instances = g_ptr_array_new_with_free_func (instance_free);
  services = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  commands = g_ptr_array_new_with_free_func (g_free);
}

void
cs_harness_start (guint n_workers)
{
  cs_harness_start_on (&harness_loop_table);
  harness_loop_start (n_workers);
}

void
cs_harness_stop (void)
{
  harness_loop_stop ();
  harness_stats_clear ();
  g_clear_pointer (&commands, g_ptr_array_unref);
  g_clear_pointer (&services, g_hash_table_unref);
  g_clear_pointer (&instances, g_ptr_array_unref);
  g_string_free (g_steal_pointer (&log_lines), TRUE);
  unready = NULL;
  n_node_plugins = 0;
  command_fd = -1;
}
