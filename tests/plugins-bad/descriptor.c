/* descriptor.c: a plugin whose descriptor is wrong in the way that BAD_… says.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>
#include <stdlib.h>

#ifndef BAD_MAGIC
#define BAD_MAGIC CS_PLUGIN_MAGIC
#endif
#ifndef BAD_SIZE
#define BAD_SIZE sizeof (CsPlugin)
#endif
#ifndef BAD_MAJOR
#define BAD_MAJOR CS_ABI_MAJOR
#endif
#ifndef BAD_MINOR
#define BAD_MINOR CS_ABI_MINOR
#endif
#ifndef BAD_SYMBOL
#define BAD_SYMBOL cloudsync_plugin
#endif
#ifndef BAD_MANIFEST
#define BAD_MANIFEST manifest
#endif

const CsHost *cs_host_;

static const char manifest[] __attribute__ ((section (CS_MANIFEST_SECTION), used))
= "name=" BAD_NAME "\nversion=1.0.0\nsummary=Wrong in one way\nabi=" CS_STRINGIFY (
  BAD_MAJOR) "." CS_STRINGIFY (BAD_MINOR) "\n";

extern __attribute__ ((visibility ("default"))) const CsPlugin BAD_SYMBOL;
const CsPlugin BAD_SYMBOL = {
  .magic = BAD_MAGIC,
  .size = BAD_SIZE,
  .abi_major = BAD_MAJOR,
  .abi_minor = BAD_MINOR,
  .manifest = BAD_MANIFEST,
  .host = &cs_host_,
};

#ifdef BAD_CONSTRUCTOR
static void __attribute__ ((constructor))
abort_at_once (void)
{
  abort ();
}
#endif

#ifdef BAD_UNDEFINED
extern int nobody_has_this (void);
__attribute__ ((visibility ("default"))) int call_it (void);

int
call_it (void)
{
  return nobody_has_this ();
}
#endif
