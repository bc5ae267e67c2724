/* manifest.h: what a plugin's file says of itself, read without running any of its code.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_MANIFEST_H
#define CS_MANIFEST_H

#include <glib.h>

typedef struct
{
  char *contract;
  guint version;
  gboolean exact; /* `=N` rather than `>=N` */
} CsNeed;

typedef struct
{
  char *path;
  char *text; /* the section as it is in the file */
  char *name, *version, *summary;
  guint abi_major, abi_minor;
  GPtrArray *requires, *wants, *provides; /* CsNeed * */
  char **kinds; /* of named sections; never NULL */
  char *build_id;                         /* hexadecimal; NULL when the linker wrote none */
} CsManifest;

/* From the bytes of an ELF file; every offset in them is checked. `path` is for messages. Pure. */
CsManifest *cs_manifest_parse (const guint8 *data, gsize len, const char *path, GError **error);

CsManifest *cs_manifest_read (const char *path, GError **error);
void cs_manifest_free (CsManifest *self);

/* The need for, or offer of, a contract in one of the three lists; NULL when there is none. */
const CsNeed *cs_manifest_find (const GPtrArray *needs, const char *contract);

/* Does an offer satisfy a need of the same contract? */
gboolean cs_need_met (const CsNeed *need, const CsNeed *offer);

/* "store>=1"; to be freed. */
char *cs_need_text (const CsNeed *need);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsManifest, cs_manifest_free)

#endif
