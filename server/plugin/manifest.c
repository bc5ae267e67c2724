/* manifest.c: reads the manifest's ELF section and its key=value lines; no dlopen.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plugin/manifest.h"

#include <cloudsync/error.h>
#include <cloudsync/plugin.h>
#include <elf.h>
#include <link.h>
#include <string.h>

enum { LONGEST_MANIFEST = 64 * 1024, MOST_NEEDS = 64 };

#if __ELF_NATIVE_CLASS == 64
#define NATIVE_CLASS ELFCLASS64
#else
#define NATIVE_CLASS ELFCLASS32
#endif
#define NATIVE_DATA (G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

typedef struct
{
  const guint8 *data;
  gsize len;
  ElfW (Ehdr) header;
  ElfW (Shdr) names; /* the section that holds the sections' names */
} Elf;

static gboolean G_GNUC_PRINTF (3, 4)
fail (GError **error, const char *path, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, CS_ERROR, CS_INVALID, "%s: %s", path, what);
  return FALSE;
}

static gboolean
inside (const Elf *elf, guint64 offset, guint64 size)
{
  return offset <= elf->len && size <= elf->len - offset;
}

static gboolean
read_section_header (const Elf *elf, guint index, ElfW (Shdr) *section)
{
  guint64 offset = elf->header.e_shoff + (guint64) index * elf->header.e_shentsize;

  if (offset < elf->header.e_shoff || !inside (elf, offset, sizeof *section))
    return FALSE;
  memcpy (section, elf->data + offset, sizeof *section);
  return section->sh_type == SHT_NOBITS || inside (elf, section->sh_offset, section->sh_size);
}

static gboolean
open_elf (Elf *elf, const guint8 *data, gsize len)
{
  elf->data = data;
  elf->len = len;
  if (len < sizeof elf->header)
    return FALSE;
  memcpy (&elf->header, data, sizeof elf->header);
  return memcmp (elf->header.e_ident, ELFMAG, SELFMAG) == 0
         && elf->header.e_ident[EI_CLASS] == NATIVE_CLASS
         && elf->header.e_ident[EI_DATA] == NATIVE_DATA && elf->header.e_type == ET_DYN
         && elf->header.e_shentsize >= sizeof (ElfW (Shdr))
         && read_section_header (elf, elf->header.e_shstrndx, &elf->names)
         && elf->names.sh_type == SHT_STRTAB;
}

static gboolean
name_is (const Elf *elf, const ElfW (Shdr) *section, const char *name)
{
  gsize need = strlen (name) + 1;

  return section->sh_name < elf->names.sh_size && elf->names.sh_size - section->sh_name >= need
         && memcmp (elf->data + elf->names.sh_offset + section->sh_name, name, need) == 0;
}

static gboolean
find_section (const Elf *elf, const char *name, CsSlice *bytes)
{
  ElfW (Shdr) section;
  guint i;

  for (i = 0; i < elf->header.e_shnum; i++)
    if (read_section_header (elf, i, &section) && section.sh_type != SHT_NOBITS
        && name_is (elf, &section, name))
      {
        *bytes = cs_slice (elf->data + section.sh_offset, section.sh_size);
        return TRUE;
      }
  return FALSE;
}

static char *
read_build_id (const Elf *elf)
{
  GString *text;
  CsSlice note;
  ElfW (Nhdr) header;
  gsize at, i;

  if (!find_section (elf, ".note.gnu.build-id", &note) || note.len < sizeof header)
    return NULL;
  memcpy (&header, note.data, sizeof header);
  at = sizeof header + (((gsize) header.n_namesz + 3) & ~(gsize) 3);
  if (header.n_type != NT_GNU_BUILD_ID || header.n_descsz > 64 || at > note.len
      || note.len - at < header.n_descsz)
    return NULL;

  text = g_string_new (NULL);
  for (i = 0; i < header.n_descsz; i++)
    g_string_append_printf (text, "%02x", (guchar) note.data[at + i]);
  return g_string_free (text, FALSE);
}

static gboolean
word_valid (const char *word)
{
  gsize i;

  for (i = 0; word[i] != '\0'; i++)
    if (!g_ascii_islower (word[i]) && !g_ascii_isdigit (word[i]) && word[i] != '-')
      return FALSE;
  return i > 0 && i <= 64 && g_ascii_islower (word[0]);
}

static void
need_free (gpointer data)
{
  CsNeed *need = data;

  g_free (need->contract);
  g_free (need);
}

static CsNeed *
parse_need (const char *text)
{
  const char *equals = strchr (text, '=');
  gboolean exact = equals != NULL && (equals == text || equals[-1] != '>');
  gint64 version = 0;
  CsNeed *need;

  if (equals == NULL || !g_ascii_string_to_signed (equals + 1, 10, 1, 9999, &version, NULL))
    return NULL;
  need = g_new0 (CsNeed, 1);
  need->contract = g_strndup (text, (gsize) (equals - text) - (exact ? 0 : 1));
  need->version = (guint) version;
  need->exact = exact;
  if (!word_valid (need->contract))
    g_clear_pointer (&need, need_free);
  return need;
}

static gboolean
parse_needs (GPtrArray *needs, const char *key, const char *list, const char *path, GError **error)
{
  g_auto (GStrv) words = g_strsplit (list, " ", -1);
  guint i;

  for (i = 0; words[i] != NULL; i++)
    {
      CsNeed *need;

      if (*words[i] == '\0')
        continue;
      need = parse_need (words[i]);
      if (need == NULL || needs->len >= MOST_NEEDS)
        {
          g_clear_pointer (&need, need_free);
          return fail (error, path, "manifest: %s: '%s' is no contract; allowed is name>=N or name=N",
                       key, words[i]);
        }
      if (cs_manifest_find (needs, need->contract) != NULL)
        {
          need_free (need);
          return fail (error, path, "manifest: %s: '%s' is named twice", key, words[i]);
        }
      g_ptr_array_add (needs, need);
    }
  return TRUE;
}

static gboolean
parse_abi (CsManifest *self, const char *value, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (value, ".", -1);
  guint64 major, minor;

  if (g_strv_length (parts) != 2
      || !g_ascii_string_to_unsigned (parts[0], 10, 0, G_MAXUINT16, &major, NULL)
      || !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT16, &minor, NULL))
    return fail (error, self->path, "manifest: abi: '%s' is not MAJOR.MINOR", value);
  self->abi_major = (guint) major;
  self->abi_minor = (guint) minor;
  return TRUE;
}

static gboolean
parse_line (CsManifest *self, const char *key, const char *value, gboolean *abi, GError **error)
{
  if (strcmp (key, "requires") == 0)
    return parse_needs (self->requires, key, value, self->path, error);
  if (strcmp (key, "wants") == 0)
    return parse_needs (self->wants, key, value, self->path, error);
  if (strcmp (key, "provides") == 0)
    return parse_needs (self->provides, key, value, self->path, error);
  if (strcmp (key, "sections") == 0)
    {
      g_strfreev (self->kinds);
      self->kinds = g_strsplit (value, " ", -1);
      return TRUE;
    }
  if (strcmp (key, "abi") == 0)
    {
      *abi = TRUE;
      return parse_abi (self, value, error);
    }
  if (strcmp (key, "name") == 0 && self->name == NULL)
    self->name = g_strdup (value);
  else if (strcmp (key, "version") == 0 && self->version == NULL)
    self->version = g_strdup (value);
  else if (strcmp (key, "summary") == 0 && self->summary == NULL)
    self->summary = g_strdup (value);
  return TRUE; /* a key that a newer SDK added */
}

static gboolean
parse_text (CsManifest *self, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (self->text, "\n", -1);
  gboolean abi = FALSE;
  guint i;

  for (i = 0; lines[i] != NULL; i++)
    {
      char *equals = strchr (lines[i], '=');

      if (*lines[i] == '\0')
        continue;
      if (equals == NULL)
        return fail (error, self->path, "manifest: '%s' is not key=value", lines[i]);
      *equals = '\0';
      if (!parse_line (self, lines[i], equals + 1, &abi, error))
        return FALSE;
    }
  if (self->name == NULL || !word_valid (self->name) || self->version == NULL || !abi)
    return fail (error, self->path, "manifest: name (lower-case letters, digits, -), version and "
                 "abi are required");
  return TRUE;
}

CsManifest *
cs_manifest_parse (const guint8 *data, gsize len, const char *path, GError **error)
{
  g_autoptr (CsManifest) self = NULL;
  CsSlice text;
  Elf elf;

  if (!open_elf (&elf, data, len))
    {
      fail (error, path, "no shared object for this machine");
      return NULL;
    }
  if (!find_section (&elf, CS_MANIFEST_SECTION, &text) || text.len > LONGEST_MANIFEST)
    {
      fail (error, path, "no CloudSync plugin: it has no section %s; was it made with "
            "CS_PLUGIN_DEFINE?", CS_MANIFEST_SECTION);
      return NULL;
    }

  self = g_new0 (CsManifest, 1);
  self->path = g_strdup (path);
  self->text = g_strndup (text.data, text.len);
  self->requires = g_ptr_array_new_with_free_func (need_free);
  self->wants = g_ptr_array_new_with_free_func (need_free);
  self->provides = g_ptr_array_new_with_free_func (need_free);
  self->kinds = g_new0 (char *, 1);
  self->build_id = read_build_id (&elf);
  if (!g_utf8_validate (self->text, -1, NULL))
    {
      fail (error, path, "manifest: the text is not UTF-8");
      return NULL;
    }
  return parse_text (self, error) ? g_steal_pointer (&self) : NULL;
}

CsManifest *
cs_manifest_read (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = g_mapped_file_new (path, FALSE, error);

  if (file == NULL)
    return NULL;
  return cs_manifest_parse ((const guint8 *) g_mapped_file_get_contents (file),
                            g_mapped_file_get_length (file), path, error);
}

void
cs_manifest_free (CsManifest *self)
{
  g_free (self->path);
  g_free (self->text);
  g_free (self->name);
  g_free (self->version);
  g_free (self->summary);
  g_ptr_array_unref (self->requires);
  g_ptr_array_unref (self->wants);
  g_ptr_array_unref (self->provides);
  g_strfreev (self->kinds);
  g_free (self->build_id);
  g_free (self);
}

const CsNeed *
cs_manifest_find (const GPtrArray *needs, const char *contract)
{
  guint i;

  for (i = 0; i < needs->len; i++)
    {
      const CsNeed *need = g_ptr_array_index (needs, i);

      if (strcmp (need->contract, contract) == 0)
        return need;
    }
  return NULL;
}

gboolean
cs_need_met (const CsNeed *need, const CsNeed *offer)
{
  return need->exact ? offer->version == need->version : offer->version >= need->version;
}

char *
cs_need_text (const CsNeed *need)
{
  return g_strdup_printf ("%s%s%u", need->contract, need->exact ? "=" : ">=", need->version);
}
