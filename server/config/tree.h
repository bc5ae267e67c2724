/* tree.h: whether this program runs from the tree it was built in.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_TREE_H
#define CS_TREE_H

#include <glib.h>

typedef struct
{
  char *source_root; /* has config.d/ */
  char *build_root;  /* has plugins/ and server/ */
} CsTree;

/* NULL when installed. The answer is the same for the life of the process, and not to be freed. Any
 * thread. */
const CsTree *cs_tree_find (void);

#endif
