/* http-accept.c: content negotiation by weighted lists.
 * SPDX-License-Identifier: Apache-2.0 */
#include "http-accept.h"
#include "http-chars.h"

#include <string.h>

typedef struct
{
  const char *name; /* "type/subtype" or a coding, blanks trimmed */
  gsize length;
  guint quality;
} HttpChoice;

static void
trim (const char **at, const char **end)
{
  while (*at < *end && http_is_blank (**at))
    (*at)++;
  while (*end > *at && http_is_blank ((*end)[-1]))
    (*end)--;
}

/* "0" ["." 0*3DIGIT] or "1" ["." 0*3"0"]; anything else counts as 1000. */
static guint
quality_of (const char *at, const char *end)
{
  guint value = 0;
  guint scale = 1000;

  if (at == end || (*at != '0' && *at != '1'))
    return 1000;
  value = *at == '1' ? 1000 : 0;
  if (++at < end && *at == '.')
    for (at++; at < end && g_ascii_isdigit (*at) && scale > 1; at++)
      {
        scale /= 10;
        value += scale * (guint) (*at - '0');
      }
  return MIN (value, 1000);
}

/* Reads `name;param=x;q=0.5` up to the comma. */
static gboolean
next_choice (const char **at, const char *end, HttpChoice *choice)
{
  const char *comma;
  const char *last;
  const char *part;
  const char *name_end;

  if (*at >= end)
    return FALSE;
  comma = memchr (*at, ',', end - *at);
  last = comma != NULL ? comma : end;
  part = memchr (*at, ';', last - *at);
  name_end = part != NULL ? part : last;
  choice->name = *at;
  trim (&choice->name, &name_end);
  choice->length = name_end - choice->name;
  choice->quality = 1000;
  while (part != NULL)
    {
      const char *from = part + 1;
      const char *to;

      part = memchr (from, ';', last - from);
      to = part != NULL ? part : last;
      trim (&from, &to);
      if (to - from >= 2 && (from[0] | 0x20) == 'q' && from[1] == '=')
        choice->quality = quality_of (from + 2, to);
    }
  *at = last + 1;
  return TRUE;
}

/* 3 exact, 2 type/ *, 1 * / *, 0 no match. */
static int
specificity (const HttpChoice *choice, const char *type)
{
  gsize length = strlen (type);
  const char *slash = strchr (type, '/');

  if (choice->length == length && g_ascii_strncasecmp (choice->name, type, length) == 0)
    return 3;
  if (choice->length == 3 && memcmp (choice->name, "*/*", 3) == 0)
    return 1;
  if (slash != NULL && choice->length == (gsize) (slash - type) + 2
      && choice->name[choice->length - 1] == '*'
      && g_ascii_strncasecmp (choice->name, type, slash - type + 1) == 0)
    return 2;
  return 0;
}

guint
http_accept_quality (const char *accept, gsize length, const char *type)
{
  const char *at = accept;
  HttpChoice choice;
  int best = 0;
  guint quality = 0;

  if (accept == NULL || length == 0)
    return 1000;
  while (next_choice (&at, accept + length, &choice))
    {
      int match = specificity (&choice, type);

      if (match > best)
        {
          best = match;
          quality = choice.quality;
        }
    }
  return quality;
}

int
http_accept_choose (const char *accept, gsize length, const char *const *offered)
{
  int chosen = -1;
  guint best = 0;

  for (int i = 0; offered[i] != NULL; i++)
    {
      guint quality = http_accept_quality (accept, length, offered[i]);

      if (quality > best)
        {
          best = quality;
          chosen = i;
        }
    }
  return chosen;
}

guint
http_accept_coding (const char *accept_encoding, gsize length, const char *coding)
{
  const char *at = accept_encoding;
  gboolean identity = g_ascii_strcasecmp (coding, "identity") == 0;
  gsize coding_length = strlen (coding);
  guint any = identity ? 1000 : 0;
  HttpChoice choice;

  if (accept_encoding == NULL)
    return any;
  while (next_choice (&at, accept_encoding + length, &choice))
    {
      if (choice.length == coding_length
          && g_ascii_strncasecmp (choice.name, coding, coding_length) == 0)
        return choice.quality;
      if (choice.length == 1 && choice.name[0] == '*')
        any = choice.quality;
    }
  return any;
}
