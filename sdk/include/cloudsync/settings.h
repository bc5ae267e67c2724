/* settings.h: a plugin's settings as a table; the host parses, checks and fills the struct.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_SETTINGS_H
#define CS_SETTINGS_H

#include <stddef.h>

#include <cloudsync/types.h>

G_BEGIN_DECLS

typedef enum
{
  CS_SETTING_BOOL = 1, /* gboolean: true, false, yes, no, on, off, 1, 0 */
  CS_SETTING_INT,      /* gint64, within min and max */
  CS_SETTING_SIZE,     /* gint64 bytes: 512, 64K, 512M, 2G (powers of 1024) */
  CS_SETTING_DURATION, /* gint64 microseconds: 250us, 10ms, 30s, 5m, 12h, 7d; a unit is required */
  CS_SETTING_PERCENT,  /* double 0..100: 80% */
  CS_SETTING_STRING,   /* char * */
  CS_SETTING_SECRET,   /* char *: never logged; ${ENV}, file:/path and credential:NAME are read */
  CS_SETTING_ENUM,     /* gint: index into values, a NULL-terminated array of names */
  CS_SETTING_URL,      /* char *: absolute URI (RFC 3986) */
  CS_SETTING_LIST,     /* char **: NULL-terminated; separated by commas or continued lines */
  CS_SETTING_ADDRESS,  /* char *: 127.0.0.1:80, [::1]:80, *:80, unix:/path, systemd:NAME */
  CS_SETTING_ADDRESSES /* char **: a list of addresses */
} CsSettingType;

typedef enum
{
  CS_SETTING_REQUIRED = 1 << 0,
  CS_SETTING_RELOADABLE = 1 << 1 /* may change while running; others need a restart */
} CsSettingFlags;

typedef struct
{
  CsSettingType type;
  const char *key;
  const char *fallback;      /* the default, as it would be written in a file; NULL: unset */
  const char *doc;           /* one line */
  gsize offset;              /* into the settings struct */
  guint flags;               /* CsSettingFlags */
  gint64 min, max;           /* INT, SIZE, DURATION; both 0: no bound */
  const char *const *values; /* ENUM */
  const char *replaced_by;   /* deprecated: the key to use instead */
} CsSetting;

#define CS_SETTING_(TYPE, CTYPE, Struct, member, key_, fallback_, doc_, ...)                       \
  {                                                                                                \
    .type = TYPE, .key = key_, .fallback = fallback_, .doc = doc_,                                 \
    .offset = offsetof (Struct, member) + 0 * sizeof (&((Struct *) 0)->member - (CTYPE *) 0),      \
    __VA_ARGS__                                                                                    \
  }

/* CS_xxx (Struct, member, "key", "default", "One line of doc" [, .min = …, .flags = …]) */
#define CS_BOOL(S, m, ...) CS_SETTING_ (CS_SETTING_BOOL, gboolean, S, m, __VA_ARGS__)
#define CS_INT(S, m, ...) CS_SETTING_ (CS_SETTING_INT, gint64, S, m, __VA_ARGS__)
#define CS_SIZE(S, m, ...) CS_SETTING_ (CS_SETTING_SIZE, gint64, S, m, __VA_ARGS__)
#define CS_DURATION(S, m, ...) CS_SETTING_ (CS_SETTING_DURATION, gint64, S, m, __VA_ARGS__)
#define CS_PERCENT(S, m, ...) CS_SETTING_ (CS_SETTING_PERCENT, double, S, m, __VA_ARGS__)
#define CS_STRING(S, m, ...) CS_SETTING_ (CS_SETTING_STRING, char *, S, m, __VA_ARGS__)
#define CS_SECRET(S, m, ...) CS_SETTING_ (CS_SETTING_SECRET, char *, S, m, __VA_ARGS__)
#define CS_ENUM(S, m, ...) CS_SETTING_ (CS_SETTING_ENUM, gint, S, m, __VA_ARGS__)
#define CS_URL(S, m, ...) CS_SETTING_ (CS_SETTING_URL, char *, S, m, __VA_ARGS__)
#define CS_LIST(S, m, ...) CS_SETTING_ (CS_SETTING_LIST, char **, S, m, __VA_ARGS__)
#define CS_ADDRESS(S, m, ...) CS_SETTING_ (CS_SETTING_ADDRESS, char *, S, m, __VA_ARGS__)
#define CS_ADDRESSES(S, m, ...) CS_SETTING_ (CS_SETTING_ADDRESSES, char **, S, m, __VA_ARGS__)
#define CS_SETTINGS_END { .key = NULL }

/* A kind of named section that belongs to the plugin: `[listener public]` has kind "listener" and
 * the name "public". */
typedef struct
{
  const char *kind;
  const char *doc;
  const CsSetting *settings; /* ends with CS_SETTINGS_END */
  gsize settings_size;       /* of the struct that the table fills */
} CsSectionKind;

/* One named section as configured; order is that of the files. */
typedef struct
{
  const char *name;
  const void *settings;
} CsSection;

G_END_DECLS

#endif
