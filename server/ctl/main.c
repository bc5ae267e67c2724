/* main.c: cloudsyncctl: shows and steers a running node.
 * SPDX-License-Identifier: Apache-2.0 */
#include "ctl/client.h"
#include "ctl/print.h"
#include "ctl/secret.h"
#include "ctl/stream.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum
{
  EXIT_FAILED = 1, /* the node said no, or a check failed */
  EXIT_USAGE = 2,
  EXIT_NO_NODE = 3
};

/* Microseconds between two lines of one stage where there is no terminal. */
#define PROGRESS_LINE_EVERY (5 * G_USEC_PER_SEC)

typedef struct
{
  char *socket;
  gboolean json;
  gboolean watch;
  gboolean replace;
  gboolean version;
  char *since;
  char **words;
  CtlStream stream;
} Options;

/* What this program knows of a command beyond its name; others are sent as they are and answered in JSON. */
typedef struct
{
  const char *name;
  void (*print) (JsonNode *result);
  gboolean paths;   /* its arguments are the caller's paths: the node has another directory */
  gboolean replace; /* --replace is for it */
  const char *const *password; /* first arguments with which it needs one, NULL-terminated */
  CtlStreamKind stream; /* its second argument is a file of the caller's */
  gboolean since;   /* --since is for it */
} Command;

static const char *const with_password[] = { "add", "passwd", NULL };

static const Command commands[] = {
  { "status", ctl_print_status },
  { "plugins", ctl_print_plugins },
  { "config", ctl_print_config },
  { "reload", ctl_print_reload },
  { "drain", ctl_print_drain },
  { "check", ctl_print_check },
  { "backup", ctl_print_backup, .paths = TRUE },
  { "restore", ctl_print_restore, .paths = TRUE, .replace = TRUE },
  { "user", ctl_print_user, .password = with_password },
  { "key", ctl_print_key },
  { "export", ctl_print_export, .stream = CTL_WRITES, .since = TRUE },
  { "import", ctl_print_import, .stream = CTL_READS },
};

static const Command *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return &commands[i];
  return NULL;
}

static const char summary[]
  = "Commands:\n"
    "  status            state, role, uptime, listeners, what holds a drain\n"
    "  plugins           the graph: versions, contracts, who uses whom\n"
    "  config            every setting in force and where it came from\n"
    "  reload            read the files again; a failure changes nothing\n"
    "  drain [SECONDS]   stop taking work and end when requests in progress have\n"
    "  stats             counters, gauges and histograms; --watch for rates\n"
    "  check             verify what the engines have stored\n"
    "  backup DIR [PREVIOUS]\n"
    "                    copy the embedded store into a new directory while it is used, and\n"
    "                    verify the copy; objects that the backup PREVIOUS has are linked\n"
    "  restore DIR       stage a backup, which the node's next start puts in the store's place;\n"
    "                    with --replace also when the node has documents\n"
    "  user add NAME [roles=A,B] [tenant=T]\n"
    "                    add a user to _users; asks for the password, or reads it from\n"
    "                    standard input\n"
    "  user passwd NAME  change a password; sessions of the user end\n"
    "  user roles NAME [A,B]\n"
    "                    set the roles, none without a list\n"
    "  user del NAME     remove a user\n"
    "  user list         names, roles and tenants\n"
    "  key               make an API key and the section that lets it in; it is shown once\n"
    "  export DB [FILE]  write a database as JSON lines, to standard output or a new file;\n"
    "                    with --since only what changed after that sequence\n"
    "  import DB [FILE]  store such lines, from standard input or a file; a run that failed\n"
    "                    is run again\n"
    "  commands          what the node's plugins add to this list\n"
    "\n"
    "An argument - is read from standard input, a line each, unseen on a terminal.\n"
    "Exit status: 0 done, 1 the node refused or a check failed, 2 usage, 3 no node answers.";

static gboolean
parse_options (int *argc, char ***argv, Options *options, GError **error)
{
  const GOptionEntry entries[] = {
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &options->socket, "The node's control socket",
      "PATH" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "Print the answer as JSON", NULL },
    { "watch", 'w', 0, G_OPTION_ARG_NONE, &options->watch, "stats: again every second", NULL },
    { "replace", 0, 0, G_OPTION_ARG_NONE, &options->replace,
      "restore: also when the node has documents", NULL },
    { "since", 0, 0, G_OPTION_ARG_STRING, &options->since,
      "export: only what changed after this sequence", "SEQUENCE" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("COMMAND [ARGUMENT…]");

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->socket == NULL)
    options->socket = ctl_default_socket ();
  return TRUE;
}

/* On a terminal one line that changes; elsewhere a line now and then; with --json what the node sent. */
static void
show_progress (JsonObject *progress, gpointer data)
{
  static gint64 shown_at = 0;
  static char *shown = NULL;
  const Options *options = data;
  const char *what = json_object_get_string_member_with_default (progress, "what", "");
  gint64 done = json_object_get_int_member_with_default (progress, "done", 0);
  gint64 total = json_object_get_int_member_with_default (progress, "total", 0);
  gboolean terminal = isatty (STDERR_FILENO) && !options->json;
  gint64 now = g_get_monotonic_time ();

  if (options->json)
    {
      ctl_print_progress_json (progress);
      return;
    }
  if (!terminal && g_strcmp0 (shown, what) == 0 && now - shown_at < PROGRESS_LINE_EVERY)
    return;
  g_free (shown);
  shown = g_strdup (what);
  shown_at = now;
  g_printerr ("%s%s: ", terminal ? "\r" : "", what);
  if (total > 0)
    g_printerr ("%d %%%s", (int) (100.0 * done / total), terminal ? "\033[K" : "\n");
  else
    g_printerr ("%" G_GINT64_FORMAT "%s", done, terminal ? "\033[K" : "\n");
}

static JsonNode *
call (const Options *options, GError **error)
{
  const CtlRequest request = { .command = options->words[0],
                               .args = (const char *const *) options->words + 1,
                               .fd = options->stream.fd,
                               .progress = show_progress,
                               .data = (gpointer) options };
  JsonNode *result = ctl_call (options->socket, &request, error);

  if (isatty (STDERR_FILENO))
    g_printerr ("\r\033[K");
  return result;
}

/* Bounded by the node's life: ends when the node does, or by Ctrl-C. */
static gboolean
watch_stats (const Options *options, GError **error)
{
  g_autoptr (JsonNode) before = NULL;
  gint64 then = 0;

  for (;;)
    {
      g_autoptr (JsonNode) result = call (options, error);
      gint64 now = g_get_monotonic_time ();

      if (result == NULL)
        return FALSE;
      if (options->json)
        ctl_print_json (result);
      else
        {
          if (isatty (STDOUT_FILENO))
            g_print ("\033[H\033[2J");
          ctl_print_stats (result, before, (now - then) / (double) G_USEC_PER_SEC);
        }
      g_clear_pointer (&before, json_node_unref);
      before = g_steal_pointer (&result);
      then = now;
      g_usleep (G_USEC_PER_SEC);
    }
}

static void
show (const Options *options, JsonNode *result)
{
  const Command *command = find_command (options->words[0]);

  if (!options->json && strcmp (options->words[0], "stats") == 0)
    ctl_print_stats (result, NULL, 0);
  else if (!options->json && command != NULL)
    command->print (result);
  else if (command != NULL && command->stream == CTL_WRITES)
    ctl_print_json_aside (result);
  else
    ctl_print_json (result);
}

static gboolean
check_options (const Options *options, const Command *command, GError **error)
{
  const char *wrong = NULL;

  if (options->replace && (command == NULL || !command->replace))
    wrong = "--replace";
  if (options->since != NULL && (command == NULL || !command->since))
    wrong = "--since";
  if (wrong != NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is not for %s", wrong,
                 options->words[0]);
  return wrong == NULL;
}

/* Of a command with a stream the second argument is its file, and stays here. */
static gboolean
take_stream (Options *options, CtlStreamKind kind, GError **error)
{
  guint n = g_strv_length (options->words);
  char *path = n == 3 ? options->words[2] : NULL;

  if (kind == CTL_NO_STREAM)
    return ctl_stream_open (&options->stream, kind, NULL, error);
  if (n < 2 || n > 3)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "usage: %s DB [FILE]",
                   options->words[0]);
      return FALSE;
    }
  if (!ctl_stream_open (&options->stream, kind, path, error))
    return FALSE;
  options->words[2] = NULL;
  g_free (path);
  return TRUE;
}

/* As the node is to get them: paths made absolute, what options say at the end. */
static gboolean
prepare_words (Options *options, GError **error)
{
  const Command *command = find_command (options->words[0]);
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  if (!check_options (options, command, error)
      || !take_stream (options, command != NULL ? command->stream : CTL_NO_STREAM, error))
    return FALSE;
  for (guint i = 0; options->words[i] != NULL; i++)
    g_ptr_array_add (words, i > 0 && command != NULL && command->paths
                              ? g_canonicalize_filename (options->words[i], NULL)
                              : g_strdup (options->words[i]));
  if (options->replace)
    g_ptr_array_add (words, g_strdup ("--replace"));
  if (options->since != NULL)
    g_ptr_array_add (words, g_strconcat ("since=", options->since, NULL));
  g_ptr_array_add (words, NULL);
  g_strfreev (options->words);
  options->words = (char **) g_ptr_array_steal (words, NULL);
  if (command == NULL || command->password == NULL || options->words[1] == NULL
      || !g_strv_contains (command->password, options->words[1]))
    return TRUE;
  return ctl_append_password (&options->words, error);
}

static gboolean
run (Options *options, GError **error)
{
  g_autoptr (JsonNode) result = NULL;

  if (!prepare_words (options, error) || !ctl_read_secrets (options->words + 1, error))
    return FALSE;
  if (options->watch && strcmp (options->words[0], "stats") == 0)
    return watch_stats (options, error);
  result = call (options, error);
  if (!ctl_stream_close (&options->stream, result != NULL, result != NULL ? error : NULL)
      || result == NULL)
    return FALSE;
  show (options, result);
  return TRUE;
}

static int
exit_status (const GError *error)
{
  if (error->domain == G_OPTION_ERROR)
    return EXIT_USAGE;
  if (error->domain != G_IO_ERROR)
    return EXIT_FAILED;
  switch (error->code)
    {
    case G_IO_ERROR_NOT_FOUND:
    case G_IO_ERROR_CONNECTION_REFUSED:
    case G_IO_ERROR_PERMISSION_DENIED:
      return EXIT_NO_NODE;
    default:
      return EXIT_FAILED;
    }
}

int
main (int argc, char **argv)
{
  Options options = { 0 };
  g_autoptr (GError) error = NULL;

  setlocale (LC_ALL, "");
  if (!parse_options (&argc, &argv, &options, &error))
    {
      g_printerr ("cloudsyncctl: %s\nTry: cloudsyncctl --help\n", error->message);
      return EXIT_USAGE;
    }
  if (options.version)
    {
      g_print ("cloudsyncctl " CS_VERSION_TEXT "\n");
      return EXIT_SUCCESS;
    }
  if (options.words == NULL)
    {
      g_printerr ("cloudsyncctl: no command given\nTry: cloudsyncctl --help\n");
      return EXIT_USAGE;
    }
  if (!run (&options, &error))
    {
      g_printerr ("cloudsyncctl: %s\n", error->message);
      return exit_status (error);
    }
  g_strfreev (options.words);
  g_free (options.socket);
  return EXIT_SUCCESS;
}
