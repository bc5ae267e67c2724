/* make-elf.h: the smallest shared object that has a manifest section.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_MAKE_ELF_H
#define CS_MAKE_ELF_H

#include <cloudsync/plugin.h>
#include <elf.h>
#include <link.h>

static const char make_elf_names[] = "\0.shstrtab\0" CS_MANIFEST_SECTION;

static GByteArray *
make_elf (const char *manifest)
{
  GByteArray *file = g_byte_array_new ();
  ElfW (Ehdr) header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
                                      __ELF_NATIVE_CLASS == 64 ? ELFCLASS64 : ELFCLASS32,
                                      G_BYTE_ORDER == G_LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB },
                         .e_type = ET_DYN,
                         .e_shentsize = sizeof (ElfW (Shdr)),
                         .e_shnum = 3,
                         .e_shstrndx = 1 };
  ElfW (Shdr) sections[3] = { 0 };

  sections[1].sh_name = 1;
  sections[1].sh_type = SHT_STRTAB;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = sizeof make_elf_names;
  sections[2].sh_name = 1 + sizeof ".shstrtab";
  sections[2].sh_type = SHT_PROGBITS;
  sections[2].sh_offset = sizeof header + sizeof make_elf_names;
  sections[2].sh_size = strlen (manifest) + 1;
  header.e_shoff = sections[2].sh_offset + sections[2].sh_size;

  g_byte_array_append (file, (const guint8 *) &header, sizeof header);
  g_byte_array_append (file, (const guint8 *) make_elf_names, sizeof make_elf_names);
  g_byte_array_append (file, (const guint8 *) manifest, (guint) strlen (manifest) + 1);
  g_byte_array_append (file, (const guint8 *) sections, sizeof sections);
  return file;
}

#endif
