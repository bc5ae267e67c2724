/* plugin.h: the descriptor: what a plugin is, as data the host reads before it runs any of its code.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_PLUGIN_H
#define CS_PLUGIN_H

#include <cloudsync/host.h>
#include <cloudsync/settings.h>
#include <cloudsync/types.h>

G_BEGIN_DECLS

#define CS_PLUGIN_MAGIC 0x31505343u /* "CSP1" in little-endian order */

/* An address that settings make a plugin listen on or connect to, whoever opens the socket. */
typedef struct
{
  gsize size;
  const char *key;     /* of the section, that names it */
  const char *address; /* as for CS_SETTING_ADDRESS, HOST:PORT with a name, or a URL */
  gboolean outbound;   /* it connects there */
  gboolean encrypted;  /* nothing goes over it in plaintext; outbound: and the peer is verified */
  const char *remedy;  /* how it becomes encrypted: "set certificate and key" */
} CsEndpoint;

typedef void (*CsEndpointFunc) (const CsEndpoint *endpoint, gpointer data);

/* Everything here is constant data. All functions run on the main thread unless their line says
 * otherwise, must not wait, and get `self`: the instance's zeroed state of state_size bytes, which
 * the host allocates before create () and frees after destroy (). State lives there, never in globals.
 *
 * Order: settings_check, create, start (in dependency order), worker_start on each worker, run,
 * reload_prepare / commit / abort, drain, worker_stop, stop, destroy (in reverse order). When a
 * start () fails, those that had started are stopped in reverse and the failing one is not called
 * again: it leaves nothing behind. */
typedef struct
{
  /* These 12 bytes never move, and are all that is read before the version's verdict. */
  guint32 magic;
  guint32 size; /* sizeof (CsPlugin) when built */
  guint16 abi_major;
  guint16 abi_minor; /* the target, CS_SDK_TARGET_MINOR */

  guint32 flags;
  const char *manifest; /* the text of the ELF section; also keeps the linker from dropping it */
  const char *build;    /* compiler and date of the SDK, for logs and crash reports only */
  const CsHost **host;  /* the plugin's cs_host_, to be set by the host */

  const CsSetting *settings; /* of the section named as the plugin; ends with CS_SETTINGS_END */
  gsize settings_row_size;
  gsize settings_size;
  const CsSectionKind *section_kinds; /* ends with a row whose kind is NULL */
  gsize section_kind_row_size;
  gsize state_size;

  /* Rules across keys. Pure: also called by `cloudsyncd --check`, when there is no instance yet. kind
   * is NULL for the plugin's own section, else that of the named section that `settings` is. */
  gboolean (*settings_check) (const char *kind, const void *settings, GError **error);

  /* Provide services and register stats here; no I/O, no calls into other plugins. */
  gboolean (*create) (gpointer self, GError **error);
  /* Require services, open files, bind listeners. May block the main thread for a short time; a
   * long start calls cs_start_pending () and later cs_started (). */
  gboolean (*start) (gpointer self, GError **error);
  /* On each worker thread before it accepts work: make per-worker state, cs_set_local () it. */
  gboolean (*worker_start) (gpointer self, guint worker, GError **error);
  void (*worker_stop) (gpointer self, guint worker); /* on the worker; may not wait */

  /* prepare may fail, then nothing has changed anywhere; commit cannot fail. `settings` is the new
   * struct, which cs_settings () returns after commit. Structs live until destroy (). */
  gboolean (*reload_prepare) (gpointer self, const void *settings, gpointer *token, GError **error);
  void (*reload_commit) (gpointer self, gpointer token);
  void (*reload_abort) (gpointer self, gpointer token);

  /* Stop taking new work; requests in progress go on until `deadline`. Idle connections and feeds
   * end now, with their protocol's goodbye. */
  void (*drain) (gpointer self, gint64 deadline);
  void (*stop) (gpointer self);
  void (*destroy) (gpointer self);

  /* FALSE degrades the node's readiness; *reason is a static string. */
  gboolean (*health) (gpointer self, const char **reason);

  /* Tells each address of these settings (kind as for settings_check, after which it is called). Pure. With
   * node.require-tls the core refuses those that are neither encrypted nor local, and any plugin that has
   * settings for addresses or URLs and does not have this. */
  void (*endpoints) (const char *kind, const void *settings, CsEndpointFunc func, gpointer data);
} CsPlugin;

/* The manifest is lines of key=value in an ELF section, read without dlopen. */
#define CS_MANIFEST_SECTION ".cloudsync.plugin"
#define CS_STRINGIFY_(x) #x
#define CS_STRINGIFY(x) CS_STRINGIFY_ (x)

/* Space-separated `name>=N` or `name=N`; each may be given once or left out. */
#define CS_REQUIRES(list) "requires=" list "\n"
#define CS_WANTS(list) "wants=" list "\n"
#define CS_PROVIDES(list) "provides=" list "\n"
#define CS_NEEDS_NOTHING ""
/* The kinds of its CS_SECTIONS, so that a node which does not run the plugin knows whose they are. */
#define CS_OWNS(kinds) "sections=" kinds "\n"

#define CS_SETTINGS(Struct, table)                                                                 \
  .settings = (table), .settings_row_size = sizeof (CsSetting), .settings_size = sizeof (Struct)
#define CS_SECTIONS(kinds) .section_kinds = (kinds), .section_kind_row_size = sizeof (CsSectionKind)
#define CS_STATE(Struct) .state_size = sizeof (Struct)

/* CS_PLUGIN_DEFINE ("name", "1.0.0", "Summary", CS_REQUIRES ("http>=1") CS_PROVIDES ("x=1"),
 *                   CS_SETTINGS (…), CS_STATE (…), .start = …)
 * The name is that of the file (name.so), of its folder and of its settings section. */
#define CS_PLUGIN_DEFINE(name_, version_, summary_, contracts_, ...)                               \
  const CsHost *cs_host_;                                                                          \
  static const char cs_plugin_manifest_[] __attribute__ ((section (CS_MANIFEST_SECTION), used))    \
  = "name=" name_ "\nversion=" version_ "\nsummary=" summary_ "\nabi=" CS_STRINGIFY (CS_ABI_MAJOR) \
    "." CS_STRINGIFY (CS_SDK_TARGET_MINOR) "\n" contracts_;                                        \
  extern __attribute__ ((visibility ("default"))) const CsPlugin cloudsync_plugin;                 \
  const CsPlugin cloudsync_plugin = {                                                              \
    .magic = CS_PLUGIN_MAGIC,                                                                      \
    .size = sizeof (CsPlugin),                                                                     \
    .abi_major = CS_ABI_MAJOR,                                                                     \
    .abi_minor = CS_SDK_TARGET_MINOR,                                                              \
    .manifest = cs_plugin_manifest_,                                                               \
    .build = "SDK " CS_STRINGIFY (CS_ABI_MAJOR) "." CS_STRINGIFY (CS_ABI_MINOR) ", " __VERSION__,  \
    .host = &cs_host_,                                                                             \
    __VA_ARGS__                                                                                    \
  }

G_END_DECLS

#endif
