/* test-log.c: lines come out whole, in three forms, by level, without secrets; what does not fit is
 * counted.
 * SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/log-record.h"
#include "test-host.h"

static char *
read_all (int fd)
{
  GString *text = g_string_new (NULL);
  char bytes[4096];
  gssize n;

  lseek (fd, 0, SEEK_SET);
  while ((n = read (fd, bytes, sizeof bytes)) > 0)
    g_string_append_len (text, bytes, n);
  return g_string_free (text, FALSE);
}

static int
temp_file (void)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp ("cs-log-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  unlink (path);
  return fd;
}

static void
expect (const char *text, const char *pattern)
{
  if (!g_regex_match_simple (pattern, text, G_REGEX_MULTILINE, 0))
    g_error ("no match for %s in:\n%s", pattern, text);
}

static char *
log_some (CsLogFormat format)
{
  int fd = temp_file ();
  char *text;

  cs_log_start (format, fd);
  cs_info (NULL, "listening", CS_F_STR ("address", "127.0.0.1:80"), CS_F_INT ("workers", 2));
  cs_warning (NULL, "odd\nline", CS_F_STR ("value", "a \"b\"\n\xff"), CS_F_STR ("empty", ""));
  cs_error (NULL, "login", CS_F_STR ("api-token", "tok-12345"), CS_F_STR ("password", "hunter2"));
  cs_debug (NULL, "never seen");
  cs_log_stop ();
  text = read_all (fd);
  close (fd);
  return text;
}

#define TIME "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z "

static void
test_text (void)
{
  g_autofree char *text = log_some (CS_LOG_FORMAT_TEXT);

  expect (text, TIME "info    core: listening address=127\\.0\\.0\\.1:80 workers=2$");
  expect (text, TIME "warning core: odd line "
                     "value=\"a \\\\\"b\\\\\"\\\\n\xef\xbf\xbd\" empty=\"\"$");
  g_assert_null (strstr (text, "tok-12345"));
  g_assert_null (strstr (text, "hunter2"));
  g_assert_null (strstr (text, "never seen"));
}

static void
test_json (void)
{
  g_autofree char *text = log_some (CS_LOG_FORMAT_JSON);

  expect (text, "^\\{\"time\":\"[^\"]+Z\",\"level\":\"info\",\"plugin\":\"core\",\"message\":"
                "\"listening\",\"address\":\"127\\.0\\.0\\.1:80\",\"workers\":2\\}$");
  expect (text, "\"message\":\"odd\\\\nline\",\"value\":\"a \\\\\"b\\\\\"\\\\n\xef\xbf\xbd\"");
  g_assert_null (strstr (text, "tok-12345"));
  g_assert_null (strstr (text, "hunter2"));
}

static void
test_journal (void)
{
  g_autofree char *dir = g_dir_make_tmp ("cs-journal-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "socket", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_DGRAM, 0);
  static const char value[]
    = "CLOUDSYNC_FIELD_VALUE\n\x07\0\0\0\0\0\0\0a \"b\"\n\xff\n";
  char bytes[4096] = "";
  gssize n;

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  cs_log_journal_path = path;
  g_free (log_some (CS_LOG_FORMAT_JOURNAL));
  n = recv (fd, bytes, sizeof bytes - 1, 0);
  g_assert_cmpint (n, >, 0);
  expect (bytes, "^PRIORITY=6$");
  expect (bytes, "^SYSLOG_IDENTIFIER=cloudsyncd$");
  expect (bytes, "^MESSAGE=core: listening address=127\\.0\\.0\\.1:80 workers=2$");
  expect (bytes, "^CLOUDSYNC_FIELD_ADDRESS=127\\.0\\.0\\.1:80$");
  n = recv (fd, bytes, sizeof bytes - 1, 0);
  g_assert_nonnull (memmem (bytes, (gsize) n, value, sizeof value - 1));
  close (fd);
  unlink (path);
  rmdir (dir);
}

static void
test_levels (void)
{
  struct
  {
    CsOwner owner;
    int state;
  } instance = { .owner = { .name = "plug", .log_level = CS_LOG_WARNING } };
  gpointer self = &instance.owner + 1;
  int fd = temp_file ();
  g_autofree char *text = NULL;
  CsLogLevel level;

  cs_log_start (CS_LOG_FORMAT_TEXT, fd);
  cs_info (self, "first");
  cs_log_set_level (&instance.owner, CS_LOG_DEBUG);
  cs_debug (self, "second");
  cs_log_set_format (CS_LOG_FORMAT_JSON);
  cs_debug (self, "third");
  cs_log_stop ();
  text = read_all (fd);
  g_assert_null (strstr (text, "first"));
  g_assert_nonnull (strstr (text, "plug"));
  g_assert_nonnull (strstr (text, "second"));
  g_assert_nonnull (strstr (text, "\"message\":\"third\""));
  close (fd);
  g_assert_true (cs_log_level_parse ("Notice", &level));
  g_assert_cmpint (level, ==, CS_LOG_NOTICE);
  g_assert_false (cs_log_level_parse ("loud", &level));
}

static gpointer
speak (gpointer data)
{
  for (guint i = 0; i < 20000; i++)
    cs_info (NULL, "a line of some length", CS_F_INT ("n", i), CS_F_STR ("who", data));
  return NULL;
}

/* Every line is whole, in its thread's order; written plus dropped is what was said. */
static void
test_flood (void)
{
  int fd = temp_file ();
  GThread *threads[3];
  guint64 dropped = cs_log_dropped (), lines = 0;
  g_autofree char *text = NULL;
  g_auto (GStrv) rows = NULL;
  static const char *const names[] = { "a", "b", "c" };
  gint64 last[3] = { -1, -1, -1 };

  cs_log_start (CS_LOG_FORMAT_TEXT, fd);
  for (guint i = 0; i < 3; i++)
    threads[i] = g_thread_new ("speaker", speak, (gpointer) names[i]);
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  cs_log_stop ();
  text = read_all (fd);
  rows = g_strsplit (text, "\n", -1);
  for (guint i = 0; rows[i] != NULL && rows[i][0] != '\0'; i++)
    {
      const char *n = strstr (rows[i], " n="), *who = strstr (rows[i], " who=");

      if (strstr (rows[i], "dropped") != NULL)
        continue;
      g_assert_nonnull (n);
      g_assert_nonnull (who);
      g_assert_cmpint (atoll (n + 3), >, last[who[5] - 'a']);
      last[who[5] - 'a'] = atoll (n + 3);
      lines++;
    }
  g_test_message ("%" G_GUINT64_FORMAT " lines written", lines);
  g_assert_cmpuint (lines + cs_log_dropped () - dropped, ==, 60000);
  close (fd);
}

/* Text longer than a record is cut, not lost. */
static void
test_long (void)
{
  int fd = temp_file ();
  g_autofree char *big = g_strnfill (100000, 'x'), *text = NULL;

  cs_log_start (CS_LOG_FORMAT_JSON, fd);
  cs_info (NULL, big, CS_F_STR ("a", big), CS_F_STR ("b", big), CS_F_STR ("c", big));
  cs_info (NULL, "after");
  cs_log_flush (CS_SECONDS (5));
  text = read_all (fd);
  g_assert_cmpuint (strlen (text), >, 4000);
  g_assert_cmpuint (strlen (text), <, 2 * CS_LOG_RECORD_MAX);
  g_assert_nonnull (strstr (text, "\"message\":\"after\""));
  cs_log_stop ();
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/runtime/log/text", test_text);
  g_test_add_func ("/runtime/log/json", test_json);
  g_test_add_func ("/runtime/log/journal", test_journal);
  g_test_add_func ("/runtime/log/levels", test_levels);
  g_test_add_func ("/runtime/log/flood", test_flood);
  g_test_add_func ("/runtime/log/long", test_long);
  return g_test_run ();
}
