/* test-config-reader.c: what one file's text means, and what is refused with which line.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/error.h>
#include <string.h>

#include "config/config-reader.h"

static void
on_section (const char *name, guint line, gpointer data)
{
  g_string_append_printf (data, "%u[%s] ", line, name);
}

static void
on_entry (const char *key, const char *value, guint line, gpointer data)
{
  g_string_append_printf (data, "%u:%s=%s ", line, key, value);
}

static char *
read_all (const char *text, gsize len)
{
  static const CsConfigSink sink = { on_section, on_entry };
  g_autoptr (GError) error = NULL;
  GString *out = g_string_new (NULL);

  if (!cs_config_read (text, len, "f", &sink, out, &error))
    g_string_append (out, error->message);
  return g_string_free (out, FALSE);
}

static void
expect (const char *text, const char *wanted)
{
  g_autofree char *got = read_all (text, strlen (text));

  g_assert_cmpstr (got, ==, wanted);
}

static void
test_values (void)
{
  expect ("", "");
  expect ("\n# only a comment\n", "");
  expect ("[a]\nk = v\n", "1[a] 2:k=v ");
  expect ("[a]\nk=v", "1[a] 2:k=v ");
  expect ("[a]\r\nk = v\r\n", "1[a] 2:k=v ");
  expect ("\xef\xbb\xbf[a]\nk=v\n", "1[a] 2:k=v ");
  expect ("[a]\n  k = v\n", "1[a] f:2: an indented line continues the value above it, but there is none");
  expect ("[a]\nk = \n", "1[a] 2:k= ");
  expect ("[a]\nk =  # not a comment \n", "1[a] 2:k=# not a comment ");
  expect ("[a]\nk = \\d\\n\"q\" ${X} = 1\n", "1[a] 2:k=\\d\\n\"q\" ${X} = 1 ");
}

static void
test_continuation (void)
{
  expect ("[a]\nk = one,\n  two\n\tthree\nm = 1\n", "1[a] 2:k=one,\ntwo\nthree 5:m=1 ");
  expect ("[a]\nk =\n  one\n# comment\n  two\n", "1[a] 2:k=one\ntwo ");
  expect ("[a]\nk = one\n\n  two\n",
          "1[a] 2:k=one f:4: an indented line continues the value above it, but there is none");
}

static void
test_sections (void)
{
  expect ("[ listener   public one ]\n[b]\n", "1[listener public one] 2[b] ");
  expect ("[upstream api.example.com]\n", "1[upstream api.example.com] ");
  expect ("[]\n", "f:1: [] is no section name; allowed are letters, digits and - in [name], and any "
                  "printable text but brackets after the kind in [kind name]");
  expect ("[a\n", "f:1: a section is written [name] or [kind name], alone on its line");
  expect ("[a] x\n", "f:1: a section is written [name] or [kind name], alone on its line");
}

static void
test_mistakes (void)
{
  expect ("k = v\n", "f:1: k stands before any [section]");
  expect ("[a]\nnonsense\n", "1[a] f:2: expected `key = value`, `[section]` or `# comment`");
  expect ("[a]\n; k = v\n", "1[a] f:2: '; k' is no key; allowed are letters, digits, - and _");
  expect ("[a]\nk = 1\nx = 2\nk = 3\n",
          "1[a] 2:k=1 3:x=2 f:4: k was set in line 2 already; keep one of the two");
  expect ("[a]\n[b]\n[a]\n", "1[a] 2[b] f:3: [a] was begun in line 1 already; join the two");
  expect ("[a]\nk = \xff\n", "f:2: the text is not UTF-8");
}

static void
test_nul (void)
{
  g_autofree char *got = read_all ("[a]\nk = \0\n", 10);

  g_assert_cmpstr (got, ==, "f:2: the text is not UTF-8");
}

static void
test_large (void)
{
  gsize len = CS_CONFIG_MAX_FILE + 1;
  g_autofree char *text = g_malloc (len);
  g_autofree char *got = NULL;

  memset (text, '\n', len);
  got = read_all (text, len);
  g_assert_cmpstr (got, ==, "f:1: the file is larger than 1048576 bytes");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-reader/values", test_values);
  g_test_add_func ("/config-reader/continuation", test_continuation);
  g_test_add_func ("/config-reader/sections", test_sections);
  g_test_add_func ("/config-reader/mistakes", test_mistakes);
  g_test_add_func ("/config-reader/nul", test_nul);
  g_test_add_func ("/config-reader/large", test_large);
  return g_test_run ();
}
