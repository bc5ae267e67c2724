/* cpus.c: how many processors this process may use: its affinity and its cgroup's quota.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cpus.h"

#include <sched.h>
#include <string.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

static guint
affinity (void)
{
  cpu_set_t *set = NULL;
  guint n = 0;

  for (int cpus = 1024; n == 0 && cpus <= 1 << 16; cpus *= 2)
    {
      gsize size = CPU_ALLOC_SIZE (cpus);

      set = CPU_ALLOC (cpus);
      if (sched_getaffinity (0, size, set) == 0)
        n = (guint) CPU_COUNT_S (size, set);
      CPU_FREE (set);
    }
  return MAX (n, 1);
}

/* "max 100000" or "150000 100000" (cgroup v2, cpu.max). */
guint
cs_cpus_of_quota (const char *text)
{
  char *end;
  gint64 quota, period;

  if (g_str_has_prefix (text, "max"))
    return G_MAXUINT;
  quota = g_ascii_strtoll (text, &end, 10);
  period = g_ascii_strtoll (end, NULL, 10);
  if (quota <= 0 || period <= 0)
    return G_MAXUINT;
  return (guint) MIN ((quota + period - 1) / period, G_MAXINT);
}

static guint
quota_in (const char *directory)
{
  g_autofree char *path = g_build_filename (directory, "cpu.max", NULL);
  g_autofree char *text = NULL;

  return g_file_get_contents (path, &text, NULL, NULL) ? cs_cpus_of_quota (text) : G_MAXUINT;
}

/* The smallest on the way from the process's own group to the root. */
guint
cs_cpus_in_group (const char *root, const char *group)
{
  g_autofree char *path = g_build_filename (root, group, NULL);
  gsize stop = strlen (root);
  guint n = G_MAXUINT;

  while (strlen (path) >= stop)
    {
      char *slash;

      n = MIN (n, quota_in (path));
      slash = strrchr (path, '/');
      if (slash == NULL || slash == path)
        break;
      *slash = '\0';
    }
  return n;
}

static guint
quota_v1 (void)
{
  g_autofree char *quota = NULL, *period = NULL, *both = NULL;

  if (!g_file_get_contents (CGROUP_ROOT "/cpu/cpu.cfs_quota_us", &quota, NULL, NULL)
      || !g_file_get_contents (CGROUP_ROOT "/cpu/cpu.cfs_period_us", &period, NULL, NULL))
    return G_MAXUINT;
  both = g_strconcat (g_strstrip (quota), " ", period, NULL);
  return cs_cpus_of_quota (both);
}

static guint
quota (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/cgroup", &text, NULL, NULL))
    return G_MAXUINT;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "0::"))
      return MIN (cs_cpus_in_group (CGROUP_ROOT, lines[i] + 3), quota_v1 ());
  return quota_v1 ();
}

guint
cs_cpus_usable (void)
{
  return MAX (MIN (affinity (), quota ()), 1);
}
