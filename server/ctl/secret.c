/* secret.c: reads lines without echo.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ctl/secret.h"

#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static gboolean
hide (struct termios *before)
{
  struct termios hidden;

  if (tcgetattr (STDIN_FILENO, before) != 0)
    return FALSE;
  hidden = *before;
  hidden.c_lflag &= ~(tcflag_t) ECHO;
  g_printerr ("Not shown: ");
  return tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

static char *
read_line (void)
{
  struct termios before;
  gboolean hidden = isatty (STDIN_FILENO) && hide (&before);
  char *line = NULL;
  gsize size = 0;
  ssize_t len = getline (&line, &size, stdin);
  char *text = NULL;

  if (hidden)
    {
      tcsetattr (STDIN_FILENO, TCSAFLUSH, &before);
      g_printerr ("\n");
    }
  if (len > 0)
    text = g_strndup (line, strcspn (line, "\r\n"));
  free (line);
  return text;
}

gboolean
ctl_read_secrets (char **arguments, GError **error)
{
  for (; *arguments != NULL; arguments++)
    if (strcmp (*arguments, "-") == 0)
      {
        char *line = read_line ();

        if (line == NULL)
          {
            g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT,
                         "- stands for a line of standard input, and there is none");
            return FALSE;
          }
        g_free (*arguments);
        *arguments = line;
      }
  return TRUE;
}
