/* suggest.c: "did you mean": the nearest known name to one that is not known.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/suggest.h"

#include <string.h>

enum { LONGEST = 64 };

/* Optimal string alignment, three rows at a time. */
guint
cs_edit_distance (const char *a, const char *b)
{
  guint rows[3][LONGEST + 1];
  gsize a_len = MIN (strlen (a), LONGEST), b_len = MIN (strlen (b), LONGEST);
  gsize i, j;

  for (j = 0; j <= b_len; j++)
    rows[0][j] = (guint) j;

  for (i = 1; i <= a_len; i++)
    {
      const guint *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
      guint *row = rows[i % 3];

      row[0] = (guint) i;
      for (j = 1; j <= b_len; j++)
        {
          guint replace = above[j - 1] + (a[i - 1] != b[j - 1]);

          row[j] = MIN (MIN (above[j], row[j - 1]) + 1, replace);
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = MIN (row[j], above2[j - 2] + 1);
        }
    }
  return rows[a_len % 3][b_len];
}

const char *
cs_suggest (const char *name, const char *const *names, gsize n)
{
  const char *best = NULL;
  guint best_distance = MAX (2, (guint) strlen (name) / 3) + 1;
  gsize i;

  for (i = 0; i < n; i++)
    {
      guint distance = cs_edit_distance (name, names[i]);

      if (distance < best_distance && distance < strlen (names[i]))
        {
          best = names[i];
          best_distance = distance;
        }
    }
  return best;
}
