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
hide (const char *prompt, struct termios *before)
{
  struct termios hidden;

  if (tcgetattr (STDIN_FILENO, before) != 0)
    return FALSE;
  hidden = *before;
  hidden.c_lflag &= ~(tcflag_t) ECHO;
  g_printerr ("%s: ", prompt);
  return tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
}

static char *
read_line (const char *prompt)
{
  struct termios before;
  gboolean hidden = isatty (STDIN_FILENO) && hide (prompt, &before);
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
        char *line = read_line ("Not shown");

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

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, what);
  return FALSE;
}

/* A typing error in what nobody sees would lock the user out. */
static gboolean
confirm (const char *password, GError **error)
{
  g_autofree char *again = isatty (STDIN_FILENO) ? read_line ("Again") : g_strdup (password);

  return g_strcmp0 (password, again) == 0 || fail (error, "the passwords differ; nothing was changed");
}

gboolean
ctl_append_password (char ***words, GError **error)
{
  guint n = g_strv_length (*words);
  g_autofree char *password = NULL;

  for (guint i = 0; i < n; i++)
    if (g_str_has_prefix ((*words)[i], "password="))
      return fail (error, "a password does not belong in a command line, where others see it: leave it "
                          "out, and it is asked for or read from standard input");
  password = read_line ("Password");
  if (password == NULL || *password == '\0')
    return fail (error, "no password was given on standard input");
  if (!confirm (password, error))
    return FALSE;
  *words = g_renew (char *, *words, n + 2);
  (*words)[n] = g_strconcat ("password=", password, NULL);
  (*words)[n + 1] = NULL;
  return TRUE;
}
