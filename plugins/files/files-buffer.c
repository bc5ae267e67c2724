/* files-buffer.c: memory for pieces, a few kept so that a long transfer does not ask the kernel for each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "files.h"

#define SPARE_MAX 8

guint8 *
files_buffer_take (Files *files)
{
  guint8 *buffer = NULL;

  pthread_mutex_lock (&files->buffers_lock);
  if (files->buffers->len > 0)
    buffer = g_ptr_array_steal_index_fast (files->buffers, files->buffers->len - 1);
  pthread_mutex_unlock (&files->buffers_lock);
  return buffer != NULL ? buffer : g_malloc (CS_BLOB_PIECE);
}

void
files_buffer_give (Files *files, guint8 *buffer)
{
  if (buffer == NULL)
    return;
  pthread_mutex_lock (&files->buffers_lock);
  if (files->buffers->len < SPARE_MAX)
    g_ptr_array_add (files->buffers, g_steal_pointer (&buffer));
  pthread_mutex_unlock (&files->buffers_lock);
  g_free (buffer);
}
