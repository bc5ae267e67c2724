/* sync-icu.c: loads ICU's collation, of the version that this was built with: its functions' names carry it.
 * SPDX-License-Identifier: Apache-2.0 */
#include "sync-icu.h"

#include <dlfcn.h>

#define LIBRARY "libicui18n.so." G_STRINGIFY (U_ICU_VERSION_MAJOR_NUM)

static SyncIcu functions;
static const char *fault;
static gsize loaded;

/* The macro of a name gives the name with its version. */
#define FIND(library, member, name) find (library, G_STRINGIFY (name), (gpointer) &functions.member)

static gboolean
find (void *library, const char *name, gpointer to)
{
  void *function = dlsym (library, name);

  memcpy (to, &function, sizeof function);
  return function != NULL;
}

static gboolean
find_all (void *library)
{
  return FIND (library, open, ucol_open) && FIND (library, close, ucol_close)
         && FIND (library, version, ucol_getVersion) && FIND (library, compare, ucol_strcollUTF8)
         && FIND (library, sort_key, ucol_getSortKey) && FIND (library, from_utf8, u_strFromUTF8);
}

static gboolean
opens (void)
{
  UErrorCode status = U_ZERO_ERROR;
  UCollator *collator = functions.open ("", &status);

  if (U_FAILURE (status))
    return FALSE;
  functions.close (collator);
  return TRUE;
}

static const char *
load (void)
{
  void *library = dlopen (LIBRARY, RTLD_LAZY | RTLD_LOCAL);

  if (library == NULL)
    return LIBRARY " cannot be loaded: queries need it (Debian: libicu" G_STRINGIFY (
      U_ICU_VERSION_MAJOR_NUM) ")";
  if (!find_all (library))
    return LIBRARY " lacks a function: it is not the library that this was built with";
  if (!opens ())
    return LIBRARY " has no collation: its data is not whole, install it anew";
  return NULL;
}

gboolean
sync_icu_is_loaded (void)
{
  return __atomic_load_n (&loaded, __ATOMIC_ACQUIRE) != 0 && fault == NULL;
}

const char *
sync_icu_load (void)
{
  if (g_once_init_enter (&loaded))
    {
      fault = load ();
      g_once_init_leave (&loaded, 1);
    }
  return fault;
}

const SyncIcu *
sync_icu (void)
{
  const char *reason = sync_icu_load ();

  if (reason != NULL)
    g_error ("%s", reason);
  return &functions;
}
