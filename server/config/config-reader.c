/* config-reader.c: reads the text of one configuration file, keeping order and line numbers.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/config-reader.h"

#include <cloudsync/error.h>
#include <string.h>

typedef struct
{
  const char *file;
  const CsConfigSink *sink;
  gpointer data;
  guint line;
  gboolean in_section;
  GHashTable *sections; /* name -> line it began */
  GHashTable *keys;     /* of the current section -> line */
  char *key;            /* whose value is being collected */
  GString *value;
  guint key_line;
} Reader;

static gboolean G_GNUC_PRINTF (3, 4)
fail (const Reader *self, GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CS_ERROR, CS_INVALID, "%s:%u: %s", self->file, self->line, what);
  return FALSE;
}

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t';
}

static char *
trimmed (const char *start, const char *end)
{
  while (start < end && is_space (*start))
    start++;
  while (end > start && is_space (end[-1]))
    end--;
  return g_strndup (start, (gsize) (end - start));
}

gboolean
cs_config_key_valid (const char *key)
{
  gsize i;

  for (i = 0; key[i] != '\0'; i++)
    if (!g_ascii_isalnum (key[i]) && key[i] != '-' && key[i] != '_')
      return FALSE;
  return i > 0 && i <= CS_CONFIG_MAX_NAME && key[0] != '-';
}

static gboolean
name_part_valid (const char *name)
{
  gsize i;

  for (i = 0; name[i] != '\0'; i++)
    if ((guchar) name[i] < 0x20 || name[i] == 0x7f || name[i] == '[' || name[i] == ']')
      return FALSE;
  return i > 0 && i <= CS_CONFIG_MAX_NAME;
}

char *
cs_config_section_name (const char *text)
{
  g_autofree char *whole = trimmed (text, text + strlen (text));
  gsize kind_len = strcspn (whole, " \t");
  g_autofree char *kind = g_strndup (whole, kind_len);
  g_autofree char *name = NULL;

  if (!cs_config_key_valid (kind))
    return NULL;
  if (whole[kind_len] == '\0')
    return g_steal_pointer (&kind);

  name = trimmed (whole + kind_len, whole + strlen (whole));
  return name_part_valid (name) ? g_strconcat (kind, " ", name, NULL) : NULL;
}

static void
end_value (Reader *self)
{
  if (self->key == NULL)
    return;
  self->sink->entry (self->key, self->value->str, self->key_line, self->data);
  g_clear_pointer (&self->key, g_free);
}

static gboolean
read_section (Reader *self, const char *start, const char *end, GError **error)
{
  g_autofree char *line = trimmed (start, end);
  gsize len = strlen (line);
  g_autofree char *inner = NULL;
  g_autofree char *name = NULL;
  guint earlier;

  if (len < 2 || line[len - 1] != ']')
    return fail (self, error, "a section is written [name] or [kind name], alone on its line");

  inner = g_strndup (line + 1, len - 2);
  name = cs_config_section_name (inner);
  if (name == NULL)
    return fail (self, error, "[%s] is no section name; allowed are letters, digits and - in "
                 "[name], and any printable text but brackets after the kind in [kind name]", inner);

  earlier = GPOINTER_TO_UINT (g_hash_table_lookup (self->sections, name));
  if (earlier != 0)
    return fail (self, error, "[%s] was begun in line %u already; join the two", name, earlier);

  self->in_section = TRUE;
  g_hash_table_remove_all (self->keys);
  self->sink->section (name, self->line, self->data);
  g_hash_table_insert (self->sections, g_steal_pointer (&name), GUINT_TO_POINTER (self->line));
  return TRUE;
}

static gboolean
read_entry (Reader *self, const char *start, const char *end, GError **error)
{
  const char *equals = memchr (start, '=', (gsize) (end - start));
  g_autofree char *key = NULL;
  g_autofree char *value = NULL;
  guint earlier;

  if (equals == NULL)
    return fail (self, error, "expected `key = value`, `[section]` or `# comment`");
  key = trimmed (start, equals);
  if (!cs_config_key_valid (key))
    return fail (self, error, "'%s' is no key; allowed are letters, digits, - and _", key);
  if (!self->in_section)
    return fail (self, error, "%s stands before any [section]", key);

  earlier = GPOINTER_TO_UINT (g_hash_table_lookup (self->keys, key));
  if (earlier != 0)
    return fail (self, error, "%s was set in line %u already; keep one of the two", key, earlier);

  g_hash_table_insert (self->keys, g_strdup (key), GUINT_TO_POINTER (self->line));
  value = trimmed (equals + 1, end);
  self->key = g_steal_pointer (&key);
  self->key_line = self->line;
  g_string_assign (self->value, value);
  return TRUE;
}

static gboolean
read_continuation (Reader *self, const char *start, const char *end, GError **error)
{
  g_autofree char *text = trimmed (start, end);

  if (self->key == NULL)
    return fail (self, error, "an indented line continues the value above it, but there is none");
  if (self->value->len > 0)
    g_string_append_c (self->value, '\n');
  g_string_append (self->value, text);
  return TRUE;
}

static gboolean
is_blank (const char *start, const char *end)
{
  while (start < end && is_space (*start))
    start++;
  return start == end;
}

static gboolean
read_line (Reader *self, const char *start, const char *end, GError **error)
{
  if (start < end && *start == '#')
    return TRUE;
  if (is_blank (start, end))
    {
      end_value (self);
      return TRUE;
    }
  if (is_space (*start))
    return read_continuation (self, start, end, error);

  end_value (self);
  return *start == '[' ? read_section (self, start, end, error)
                       : read_entry (self, start, end, error);
}

static gboolean
check_text (Reader *self, const char *text, gsize len, GError **error)
{
  const char *bad;

  self->line = 1;
  if (len > CS_CONFIG_MAX_FILE)
    return fail (self, error, "the file is larger than %u bytes", CS_CONFIG_MAX_FILE);
  if (g_utf8_validate_len (text, len, &bad))
    return TRUE;

  for (; text < bad; text++)
    self->line += *text == '\n';
  return fail (self, error, "the text is not UTF-8");
}

static gboolean
read_lines (Reader *self, const char *text, gsize len, GError **error)
{
  const char *end = text + len;

  for (self->line = 1; text < end; self->line++)
    {
      const char *newline = memchr (text, '\n', (gsize) (end - text));
      const char *line_end = newline != NULL ? newline : end;
      const char *next = newline != NULL ? newline + 1 : end;

      if (line_end > text && line_end[-1] == '\r')
        line_end--;
      if (!read_line (self, text, line_end, error))
        return FALSE;
      text = next;
    }
  end_value (self);
  return TRUE;
}

gboolean
cs_config_read (const char *text, gsize len, const char *file, const CsConfigSink *sink,
                gpointer data, GError **error)
{
  Reader self = { .file = file, .sink = sink, .data = data };
  gboolean ok;

  self.sections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self.value = g_string_new (NULL);

  ok = check_text (&self, text, len, error);
  if (ok && len >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    {
      text += 3;
      len -= 3;
    }
  ok = ok && read_lines (&self, text, len, error);

  g_hash_table_unref (self.sections);
  g_hash_table_unref (self.keys);
  g_string_free (self.value, TRUE);
  g_free (self.key);
  return ok;
}
