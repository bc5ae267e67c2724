/* settings-value.c: the text of one value, of each type that a setting may have.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/settings-value.h"

#include <errno.h>
#include <string.h>

#include "net/address.h"

typedef struct
{
  const char *name;
  gint64 factor;
} Unit;

static const Unit size_units[] = { { "K", 1ll << 10 }, { "M", 1ll << 20 }, { "G", 1ll << 30 },
                                   { "T", 1ll << 40 }, { "KiB", 1ll << 10 }, { "MiB", 1ll << 20 },
                                   { "GiB", 1ll << 30 }, { "TiB", 1ll << 40 }, { "", 1 } };

static const Unit duration_units[] = { { "us", 1 },
                                       { "ms", 1000 },
                                       { "s", G_USEC_PER_SEC },
                                       { "m", 60ll * G_USEC_PER_SEC },
                                       { "h", 3600ll * G_USEC_PER_SEC },
                                       { "d", 86400ll * G_USEC_PER_SEC } };

#define FIELD(row, target, Type) (*(Type *) (gpointer) ((char *) (target) + (row)->offset))
#define CONST_FIELD(row, target, Type)                                                             \
  (*(Type const *) (gconstpointer) ((const char *) (target) + (row)->offset))

static gboolean
parse_number (const char *text, gint64 *number, const char **rest)
{
  char *end;

  if (!g_ascii_isdigit (text[0]) && !(text[0] == '-' && g_ascii_isdigit (text[1])))
    return FALSE;
  errno = 0;
  *number = g_ascii_strtoll (text, &end, 10);
  *rest = end;
  return errno == 0;
}

static gboolean
apply_unit (const Unit *units, gsize n, const char *name, gint64 *number)
{
  gsize i;

  while (*name == ' ')
    name++;
  for (i = 0; i < n; i++)
    if (strcmp (units[i].name, name) == 0)
      return !__builtin_mul_overflow (*number, units[i].factor, number);
  return FALSE;
}

/* A number of the row's type as it would be written in a file. */
static char *
number_text (const CsSetting *row, gint64 number)
{
  const Unit *units = row->type == CS_SETTING_SIZE ? size_units : duration_units;
  gssize i = row->type == CS_SETTING_SIZE ? 3 : 5;

  if (row->type == CS_SETTING_INT || (row->type == CS_SETTING_SIZE && number % 1024 != 0))
    return g_strdup_printf ("%" G_GINT64_FORMAT, number);
  if (number == 0)
    return g_strdup (row->type == CS_SETTING_SIZE ? "0" : "0s");
  while (i > 0 && number % units[i].factor != 0)
    i--;
  return g_strdup_printf ("%" G_GINT64_FORMAT "%s", number / units[i].factor, units[i].name);
}

static char *
check_bounds (const CsSetting *row, gint64 number)
{
  g_autofree char *min = NULL;
  g_autofree char *max = NULL;
  g_autofree char *given = NULL;

  if ((row->min == 0 && row->max == 0) || (number >= row->min && number <= row->max))
    return NULL;
  min = number_text (row, row->min);
  max = number_text (row, row->max);
  given = number_text (row, number);
  if (row->max == G_MAXINT64)
    return g_strdup_printf ("%s is out of range; allowed is %s or more", given, min);
  return g_strdup_printf ("%s is out of range; allowed is %s to %s", given, min, max);
}

static char *
parse_bool (const CsSetting *row, const char *text, gpointer target)
{
  static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (text, words[i]) == 0)
      {
        FIELD (row, target, gboolean) = (gboolean) (i % 2);
        return NULL;
      }
  return g_strdup_printf ("'%s' is neither true nor false; allowed are true, false, yes, no, on, "
                          "off, 1, 0", text);
}

static char *
parse_int (const CsSetting *row, const char *text, gpointer target)
{
  const char *rest;
  gint64 number;
  char *problem;

  if (!parse_number (text, &number, &rest) || *rest != '\0')
    return g_strdup_printf ("'%s' is no whole number; allowed is one such as %s", text,
                            row->fallback != NULL ? row->fallback : "10");
  problem = check_bounds (row, number);
  if (problem == NULL)
    FIELD (row, target, gint64) = number;
  return problem;
}

static char *
parse_size (const CsSetting *row, const char *text, gpointer target)
{
  const char *rest;
  gint64 number;
  char *problem;

  if (!parse_number (text, &number, &rest) || number < 0
      || !apply_unit (size_units, G_N_ELEMENTS (size_units), rest, &number))
    return g_strdup_printf ("'%s' is no size; allowed is a number of bytes, or with a unit "
                            "K, M, G or T (powers of 1024), such as 512K", text);
  problem = check_bounds (row, number);
  if (problem == NULL)
    FIELD (row, target, gint64) = number;
  return problem;
}

static char *
parse_duration (const CsSetting *row, const char *text, gpointer target)
{
  const char *rest;
  gint64 number;
  char *problem;

  if (!parse_number (text, &number, &rest) || number < 0
      || !apply_unit (duration_units, G_N_ELEMENTS (duration_units), rest, &number))
    return g_strdup_printf ("'%s' is no duration; allowed is a whole number with a unit us, ms, s, "
                            "m, h or d, such as 30s", text);
  problem = check_bounds (row, number);
  if (problem == NULL)
    FIELD (row, target, gint64) = number;
  return problem;
}

static char *
parse_percent (const CsSetting *row, const char *text, gpointer target)
{
  char *end;
  double number = g_ascii_strtod (text, &end);

  if (!g_ascii_isdigit (text[0]) || strcmp (end, "%") != 0 || !(number >= 0 && number <= 100))
    return g_strdup_printf ("'%s' is no percentage; allowed is 0%% to 100%%, such as 80%%", text);
  FIELD (row, target, double) = number;
  return NULL;
}

static char *
parse_string (const CsSetting *row, const char *text, gpointer target)
{
  FIELD (row, target, char *) = g_strdup (text);
  return NULL;
}

static char *
secret_from_file (const char *path, const char *said, char **secret)
{
  g_autoptr (GError) error = NULL;
  gsize len;

  if (!g_file_get_contents (path, secret, &len, &error))
    return g_strdup_printf ("%s: %s", said, error->message);
  if (memchr (*secret, '\0', len) != NULL)
    {
      g_clear_pointer (secret, g_free);
      return g_strdup_printf ("%s holds a NUL byte; allowed is text", said);
    }
  if (len > 0 && (*secret)[len - 1] == '\n')
    (*secret)[len - 1] = '\0';
  return NULL;
}

static char *
secret_from_variable (const char *text, char **secret)
{
  g_autofree char *name = g_strndup (text + 2, strlen (text) - 3);
  const char *value = g_getenv (name);

  if (value == NULL)
    return g_strdup_printf ("the environment variable %s is not set", name);
  *secret = g_strdup (value);
  return NULL;
}

static char *
secret_from_credential (const char *name, char **secret)
{
  const char *dir = g_getenv ("CREDENTIALS_DIRECTORY");
  g_autofree char *said = g_strconcat ("credential:", name, NULL);
  g_autofree char *path = NULL;

  if (dir == NULL || strchr (name, '/') != NULL || *name == '\0')
    return g_strdup_printf ("%s: systemd passed no such credential; see LoadCredential= in "
                            "systemd.exec(5)", said);
  path = g_build_filename (dir, name, NULL);
  return secret_from_file (path, said, secret);
}

static char *
parse_secret (const CsSetting *row, const char *text, gpointer target)
{
  char **secret = &FIELD (row, target, char *);

  if (g_str_has_prefix (text, "${") && g_str_has_suffix (text, "}"))
    return secret_from_variable (text, secret);
  if (g_str_has_prefix (text, "file:"))
    return secret_from_file (text + strlen ("file:"), text, secret);
  if (g_str_has_prefix (text, "credential:"))
    return secret_from_credential (text + strlen ("credential:"), secret);
  return parse_string (row, text, target);
}

static char *
parse_enum (const CsSetting *row, const char *text, gpointer target)
{
  g_autofree char *allowed = NULL;
  gint i;

  for (i = 0; row->values[i] != NULL; i++)
    if (strcmp (row->values[i], text) == 0)
      {
        FIELD (row, target, gint) = i;
        return NULL;
      }
  allowed = g_strjoinv (", ", (char **) row->values);
  return g_strdup_printf ("'%s' is not known; allowed are %s", text, allowed);
}

static char *
parse_url (const CsSetting *row, const char *text, gpointer target)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0')
    return g_strdup_printf ("'%s' is no absolute URL; allowed is one such as "
                            "https://example.com/path", text);
  return parse_string (row, text, target);
}

static char **
split_list (const char *text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, ",\n", -1);
  GPtrArray *list = g_ptr_array_new ();
  guint i;

  for (i = 0; parts[i] != NULL; i++)
    if (*g_strstrip (parts[i]) != '\0')
      g_ptr_array_add (list, g_strdup (parts[i]));
  g_ptr_array_add (list, NULL);
  return (char **) g_ptr_array_free (list, FALSE);
}

static char *
parse_list (const CsSetting *row, const char *text, gpointer target)
{
  FIELD (row, target, char **) = split_list (text);
  return NULL;
}

static char *
check_address (const char *text)
{
  g_autoptr (GError) error = NULL;
  CsAddress address;

  return cs_address_parse (text, &address, &error) ? NULL : g_strdup (error->message);
}

static char *
parse_address (const CsSetting *row, const char *text, gpointer target)
{
  char *problem = check_address (text);

  return problem != NULL ? problem : parse_string (row, text, target);
}

static char *
parse_addresses (const CsSetting *row, const char *text, gpointer target)
{
  g_auto (GStrv) list = split_list (text);
  char *problem = NULL;
  guint i;

  for (i = 0; problem == NULL && list[i] != NULL; i++)
    problem = check_address (list[i]);
  if (problem == NULL)
    FIELD (row, target, char **) = g_steal_pointer (&list);
  return problem;
}

typedef char *(*ParseFunc) (const CsSetting *row, const char *text, gpointer target);

static const struct
{
  const char *name;
  ParseFunc parse;
} types[] = {
  [CS_SETTING_BOOL] = { "true or false", parse_bool },
  [CS_SETTING_INT] = { "number", parse_int },
  [CS_SETTING_SIZE] = { "size", parse_size },
  [CS_SETTING_DURATION] = { "duration", parse_duration },
  [CS_SETTING_PERCENT] = { "percentage", parse_percent },
  [CS_SETTING_STRING] = { "text", parse_string },
  [CS_SETTING_SECRET] = { "secret", parse_secret },
  [CS_SETTING_ENUM] = { "word", parse_enum },
  [CS_SETTING_URL] = { "URL", parse_url },
  [CS_SETTING_LIST] = { "list", parse_list },
  [CS_SETTING_ADDRESS] = { "address", parse_address },
  [CS_SETTING_ADDRESSES] = { "addresses", parse_addresses },
};

char *
cs_setting_parse (const CsSetting *row, const char *text, gpointer target)
{
  if ((guint) row->type >= G_N_ELEMENTS (types) || types[row->type].parse == NULL)
    return g_strdup_printf ("the plugin gives it type %d, which this server does not know",
                            (int) row->type);
  cs_setting_clear (row, target);
  return types[row->type].parse (row, text, target);
}

void
cs_setting_clear (const CsSetting *row, gpointer target)
{
  switch (row->type)
    {
    case CS_SETTING_STRING:
    case CS_SETTING_SECRET:
    case CS_SETTING_URL:
    case CS_SETTING_ADDRESS:
      g_clear_pointer (&FIELD (row, target, char *), g_free);
      break;
    case CS_SETTING_LIST:
    case CS_SETTING_ADDRESSES:
      g_clear_pointer (&FIELD (row, target, char **), g_strfreev);
      break;
    default:
      break;
    }
}

static gboolean
lists_equal (char *const *a, char *const *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal ((const char *const *) a, (const char *const *) b);
}

gboolean
cs_setting_equal (const CsSetting *row, gconstpointer a, gconstpointer b)
{
  switch (row->type)
    {
    case CS_SETTING_BOOL:
    case CS_SETTING_ENUM:
      return CONST_FIELD (row, a, gint) == CONST_FIELD (row, b, gint);
    case CS_SETTING_INT:
    case CS_SETTING_SIZE:
    case CS_SETTING_DURATION:
      return CONST_FIELD (row, a, gint64) == CONST_FIELD (row, b, gint64);
    case CS_SETTING_PERCENT:
      return memcmp (&CONST_FIELD (row, a, double), &CONST_FIELD (row, b, double),
                     sizeof (double)) == 0;
    case CS_SETTING_LIST:
    case CS_SETTING_ADDRESSES:
      return lists_equal (CONST_FIELD (row, a, char **), CONST_FIELD (row, b, char **));
    default:
      return g_strcmp0 (CONST_FIELD (row, a, char *), CONST_FIELD (row, b, char *)) == 0;
    }
}

const char *
cs_setting_type_name (CsSettingType type)
{
  return (guint) type < G_N_ELEMENTS (types) && types[type].name != NULL ? types[type].name : "?";
}
