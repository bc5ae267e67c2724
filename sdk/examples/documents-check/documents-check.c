/* documents-check.c: asks every promise of the contract documents=1 of a running node: GET /documents-check.
 * SPDX-License-Identifier: Apache-2.0 */
#include <cloudsync/sdk.h>

#define N_WRITERS 100

typedef struct
{
  gpointer self; /* the instance */
  CsDocuments *documents;
  CsDocumentsDb *db; /* "checked", opened by ann for writing */
  GString *report;
  guint failures;
} Check;

typedef struct
{
  CsDocuments *documents;
} Plugin;

static void
expect (Check *check, gboolean holds, const char *what, int line)
{
  if (holds)
    return;
  check->failures++;
  g_string_append_printf (check->report, "line %d: %s\n", line, what);
}

#define EXPECT(condition) expect (check, (condition), #condition, __LINE__)

/* ---- who asks ---- */

static void
keep_identity (gpointer identity)
{
}

static const char *const no_roles[] = { NULL };
static CsIdentity ann = { .size = sizeof ann, .ref_count = 1, .tenant = "", .user = "ann",
                          .roles = no_roles, .method = "basic", .expires = CS_NEVER,
                          .free_func = keep_identity };
static CsIdentity eve = { .size = sizeof eve, .ref_count = 1, .tenant = "", .user = "eve",
                          .roles = no_roles, .method = "basic", .expires = CS_NEVER,
                          .free_func = keep_identity };
static CsIdentity nobody = { .size = sizeof nobody, .ref_count = 1, .tenant = "",
                             .roles = no_roles, .method = "none", .expires = CS_NEVER,
                             .free_func = keep_identity };
static CsIdentity admin = { .size = sizeof admin, .ref_count = 1, .tenant = "", .user = "root",
                            .roles = no_roles, .method = "basic", .admin = TRUE,
                            .expires = CS_NEVER, .free_func = keep_identity };

/* ---- short hands ---- */

static CsStatus
put (Check *check, const char *id, const char *body, const CsDocumentCondition *condition,
     CsDocumentResult *result)
{
  result->size = sizeof *result;
  return cs_documents_put (check->db, cs_slice_str (id), cs_slice_str (body), condition, result);
}

static CsStatus
patch (Check *check, const char *id, const char *body, const CsDocumentCondition *condition,
       CsDocumentResult *result)
{
  result->size = sizeof *result;
  return cs_documents_patch (check->db, cs_slice_str (id), cs_slice_str (body), condition, result);
}

static CsStatus
delete_ (Check *check, const char *id, const CsDocumentCondition *condition,
         CsDocumentResult *result)
{
  result->size = sizeof *result;
  return cs_documents_remove (check->db, cs_slice_str (id), condition, result);
}

static gboolean
body_is (Check *check, const char *id, const char *expected)
{
  CsDocument *document = NULL;
  CsStatus status = cs_documents_get (check->db, cs_slice_str (id), &document);
  gboolean same = status == CS_OK && cs_slice_is (document->body, expected)
                  && document->body.data[document->body.len] == '\0';

  if (!same)
    g_string_append_printf (check->report, "%s is %s, not %s\n", id,
                            status == CS_OK ? document->body.data : cs_status_text (status),
                            expected);
  cs_document_free (check->documents, document);
  return same;
}

static CsDocumentCondition
when (CsDocumentWhen what, const CsSlice *versions, guint n)
{
  return (CsDocumentCondition){ .size = sizeof (CsDocumentCondition), .when = what,
                                .versions = versions, .n_versions = n };
}

/* ---- rights ---- */

static CsStatus
try_open (Check *check, CsIdentity *identity, const char *name, CsDocumentsAccess access)
{
  CsDocumentsDb *db = NULL;
  CsStatus status
    = cs_documents_open (check->documents, identity, cs_slice_str (name), access, &db);

  EXPECT ((status == CS_OK) == (db != NULL));
  cs_documents_close (db);
  return status;
}

static void
check_rights (Check *check)
{
  CsDocumentResult result = { .size = sizeof result };
  CsDocumentsDb *reading = NULL;
  CsSlice id = cs_slice_str ("x");

  EXPECT (try_open (check, &ann, "checked", CS_DOCUMENTS_READ) == CS_OK);
  EXPECT (try_open (check, &eve, "checked", CS_DOCUMENTS_READ) == CS_DENIED);
  EXPECT (try_open (check, &nobody, "checked", CS_DOCUMENTS_READ) == CS_DENIED);
  EXPECT (try_open (check, &admin, "checked", CS_DOCUMENTS_WRITE) == CS_OK);
  EXPECT (try_open (check, &admin, "never-made", CS_DOCUMENTS_READ) == CS_NOT_FOUND);
  EXPECT (try_open (check, &admin, "_users", CS_DOCUMENTS_READ) == CS_NOT_FOUND);
  EXPECT (try_open (check, &admin, "", CS_DOCUMENTS_READ) == CS_NOT_FOUND);
  EXPECT (cs_documents_open (check->documents, &ann, cs_slice_str ("checked"), CS_DOCUMENTS_READ,
                             &reading) == CS_OK);
  EXPECT (cs_documents_put (reading, id, cs_slice_str ("{}"), NULL, &result) == CS_DENIED);
  EXPECT (cs_documents_patch (reading, id, cs_slice_str ("{}"), NULL, &result) == CS_DENIED);
  EXPECT (cs_documents_remove (reading, id, NULL, &result) == CS_DENIED);
  cs_documents_close (reading);
}

static void
check_creation (Check *check)
{
  CsDocuments *documents = check->documents;

  EXPECT (cs_documents_create (documents, &ann, cs_slice_str ("anns")) == CS_DENIED);
  EXPECT (cs_documents_create (documents, &admin, cs_slice_str ("Bad Name")) == CS_INVALID);
  EXPECT (cs_documents_create (documents, &admin, cs_slice_str ("_users")) == CS_INVALID);
  EXPECT (cs_documents_create (documents, &admin, cs_slice_str ("documents-check"))
          == CS_UNSUPPORTED);
  EXPECT (cs_documents_create (documents, &admin, cs_slice_str ("checked")) == CS_EXISTS);
  EXPECT (try_open (check, &admin, "made-here", CS_DOCUMENTS_WRITE) == CS_NOT_FOUND);
  EXPECT (cs_documents_create (documents, &admin, cs_slice_str ("made-here")) == CS_OK);
  EXPECT (try_open (check, &admin, "made-here", CS_DOCUMENTS_WRITE) == CS_OK);
  EXPECT (try_open (check, &ann, "made-here", CS_DOCUMENTS_WRITE) == CS_DENIED);
}

static CsStatus
try_check (Check *check, const char *id, const char *body, CsDocumentFault *fault)
{
  *fault = CS_DOCUMENT_FAULT_NONE;
  return cs_documents_check (check->documents, cs_slice_str (id), cs_slice_str (body), fault);
}

static void
check_checking (Check *check)
{
  CsDocumentFault fault;

  EXPECT (try_check (check, "x", "{\"a\":1}", &fault) == CS_OK);
  EXPECT (try_check (check, "", "{}", &fault) == CS_OK);
  EXPECT (try_check (check, "_x", "{}", &fault) == CS_INVALID && fault == CS_DOCUMENT_FAULT_ID);
  EXPECT (try_check (check, "x", "{", &fault) == CS_INVALID && fault == CS_DOCUMENT_FAULT_JSON);
  EXPECT (try_check (check, "x", "[]", &fault) == CS_INVALID && fault == CS_DOCUMENT_FAULT_OBJECT);
  EXPECT (try_check (check, "x", "{\"_a\":1}", &fault) == CS_INVALID
          && fault == CS_DOCUMENT_FAULT_RESERVED);
}

/* ---- one document ---- */

/* What was read outlives the handle. */
static void
check_after_close (Check *check)
{
  CsDocumentsDb *db = NULL;
  CsDocument *document = NULL;

  EXPECT (cs_documents_open (check->documents, &ann, cs_slice_str ("checked"), CS_DOCUMENTS_READ,
                             &db) == CS_OK);
  EXPECT (cs_documents_get (db, cs_slice_str ("trip"), &document) == CS_OK);
  cs_documents_close (db);
  EXPECT (cs_slice_is (document->body, "{}"));
  cs_document_free (check->documents, document);
}

static void
check_round_trip (Check *check)
{
  CsDocumentResult first, second;
  CsDocument *document = NULL;

  EXPECT (put (check, "trip", " { \"a\" : 1 , \"b\":[] } ", NULL, &first) == CS_OK);
  EXPECT (first.made && first.version[0] != '\0' && first.id[0] == '\0');
  EXPECT (first.created == first.updated && first.created > 0);
  EXPECT (body_is (check, "trip", "{\"a\" : 1 , \"b\":[]}"));
  EXPECT (put (check, "trip", "{}", NULL, &second) == CS_OK);
  EXPECT (!second.made && strcmp (first.version, second.version) != 0);
  EXPECT (second.created == first.created && second.updated > first.updated);
  EXPECT (cs_documents_get (check->db, cs_slice_str ("trip"), &document) == CS_OK);
  EXPECT (cs_slice_is (document->id, "trip") && cs_slice_is (document->user, "ann"));
  EXPECT (strcmp (document->version, second.version) == 0 && !document->deleted);
  EXPECT (document->created == second.created && document->updated == second.updated);
  EXPECT (cs_slice_is (document->body, "{}"));
  cs_document_free (check->documents, document);
  check_after_close (check);
  EXPECT (cs_documents_get (check->db, cs_slice_str ("never"), &document) == CS_NOT_FOUND);
  EXPECT (document == NULL);
}

static void
check_made_ids (Check *check)
{
  CsDocumentResult one, two;
  g_autofree char *id = NULL;

  EXPECT (put (check, "", "{\"n\":1}", NULL, &one) == CS_OK);
  EXPECT (put (check, "", "{\"n\":2}", NULL, &two) == CS_OK);
  EXPECT (strlen (one.id) == 32 && strcmp (one.id, two.id) != 0);
  id = g_strdup (one.id);
  EXPECT (body_is (check, id, "{\"n\":1}"));
}

static void
check_removal (Check *check)
{
  CsDocumentResult result;
  CsDocument *document = NULL;

  EXPECT (delete_ (check, "gone", NULL, &result) == CS_NOT_FOUND);
  EXPECT (put (check, "gone", "{\"a\":1}", NULL, &result) == CS_OK);
  EXPECT (delete_ (check, "gone", NULL, &result) == CS_OK);
  EXPECT (result.version[0] != '\0');
  EXPECT (cs_documents_get (check->db, cs_slice_str ("gone"), &document) == CS_NOT_FOUND);
  EXPECT (delete_ (check, "gone", NULL, &result) == CS_NOT_FOUND);
  EXPECT (patch (check, "gone", "{}", NULL, &result) == CS_NOT_FOUND);
  EXPECT (put (check, "gone", "{\"a\":2}", NULL, &result) == CS_OK && result.made);
  EXPECT (body_is (check, "gone", "{\"a\":2}"));
}

static void
check_faults (Check *check)
{
  static const struct
  {
    const char *id;
    const char *body;
    CsDocumentFault fault;
  } rows[] = {
    { "f", "", CS_DOCUMENT_FAULT_JSON },
    { "f", "{", CS_DOCUMENT_FAULT_JSON },
    { "f", "{\"a\":\"\xff\"}", CS_DOCUMENT_FAULT_JSON },
    { "f", "[]", CS_DOCUMENT_FAULT_OBJECT },
    { "f", "1", CS_DOCUMENT_FAULT_OBJECT },
    { "f", "{\"_rev\":\"1-a\"}", CS_DOCUMENT_FAULT_RESERVED },
    { "f", "{\"a\":1,\"\\u005fid\":\"x\"}", CS_DOCUMENT_FAULT_RESERVED },
    { "_design/x", "{}", CS_DOCUMENT_FAULT_ID },
    { "_local/x", "{}", CS_DOCUMENT_FAULT_ID },
    { "\xff", "{}", CS_DOCUMENT_FAULT_ID },
  };
  CsDocumentResult result;
  CsDocument *document = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      EXPECT (put (check, rows[i].id, rows[i].body, NULL, &result) == CS_INVALID);
      EXPECT (result.fault == rows[i].fault);
      EXPECT (patch (check, rows[i].id, rows[i].body, NULL, &result) == CS_INVALID);
      EXPECT (result.fault == rows[i].fault);
    }
  EXPECT (put (check, "inner", "{\"a\":{\"_rev\":1}}", NULL, &result) == CS_OK);
  EXPECT (cs_documents_get (check->db, cs_slice_str ("f"), &document) == CS_NOT_FOUND);
}

static void
check_conditions (Check *check)
{
  CsDocumentCondition absent = when (CS_DOCUMENT_ABSENT, NULL, 0);
  CsDocumentCondition present = when (CS_DOCUMENT_PRESENT, NULL, 0);
  CsDocumentResult result, first;
  CsSlice versions[2];
  CsDocumentCondition matches = when (CS_DOCUMENT_MATCHES, versions, 2);
  CsDocumentCondition differs = when (CS_DOCUMENT_DIFFERS, versions, 2);
  CsDocumentCondition unmodified = when (CS_DOCUMENT_UNMODIFIED, NULL, 0);

  versions[0] = cs_slice_str ("no version at all");
  versions[1] = cs_slice_str ("1-0123456789abcdef0123456789abcdef");
  EXPECT (put (check, "c", "{\"n\":0}", &present, &result) == CS_CONFLICT);
  EXPECT (put (check, "c", "{\"n\":0}", &matches, &result) == CS_CONFLICT);
  EXPECT (put (check, "c", "{\"n\":0}", &unmodified, &result) == CS_CONFLICT);
  EXPECT (delete_ (check, "c", &present, &result) == CS_CONFLICT);
  EXPECT (patch (check, "c", "{}", &matches, &result) == CS_CONFLICT);
  EXPECT (patch (check, "c", "{}", &absent, &result) == CS_NOT_FOUND);
  EXPECT (result.version[0] == '\0');
  EXPECT (put (check, "c", "{\"n\":1}", &absent, &first) == CS_OK && first.made);
  EXPECT (put (check, "c", "{\"n\":2}", &absent, &result) == CS_CONFLICT);
  EXPECT (strcmp (result.version, first.version) == 0);
  EXPECT (put (check, "c", "{\"n\":2}", &matches, &result) == CS_CONFLICT);
  EXPECT (body_is (check, "c", "{\"n\":1}"));
  versions[0] = cs_slice_str (first.version);
  EXPECT (put (check, "c", "{\"n\":2}", &differs, &result) == CS_CONFLICT);
  EXPECT (patch (check, "c", "{\"n\":2}", &differs, &result) == CS_CONFLICT);
  EXPECT (patch (check, "c", "{\"n\":2}", &matches, &result) == CS_OK);
  EXPECT (patch (check, "c", "{\"n\":3}", &matches, &result) == CS_CONFLICT);
  EXPECT (delete_ (check, "c", &matches, &result) == CS_CONFLICT);
  EXPECT (put (check, "c", "{\"n\":4}", &differs, &result) == CS_OK);
  EXPECT (put (check, "c", "{\"n\":5}", &present, &first) == CS_OK);
  unmodified.since = first.updated - 1;
  EXPECT (put (check, "c", "{\"n\":6}", &unmodified, &result) == CS_CONFLICT);
  unmodified.since = first.updated;
  EXPECT (put (check, "c", "{\"n\":6}", &unmodified, &result) == CS_OK);
  versions[1] = cs_slice_str (result.version);
  EXPECT (delete_ (check, "c", &differs, &first) == CS_CONFLICT);
  EXPECT (delete_ (check, "c", &matches, &first) == CS_OK);
  EXPECT (put (check, "c", "{\"n\":7}", &absent, &result) == CS_OK && result.made);
}

static void
check_patch (Check *check)
{
  CsDocumentResult result;

  EXPECT (put (check, "p", "{\"a\":1,\"b\":{\"c\":[1],\"d\":2},\"e\":null}", NULL, &result) == CS_OK);
  EXPECT (patch (check, "p", "{\"a\":null,\"b\":{\"d\":null,\"f\":{\"g\":null,\"h\":3}},\"n\":[null]}",
                 NULL, &result) == CS_OK);
  EXPECT (!result.made && result.updated > result.created);
  EXPECT (body_is (check, "p", "{\"b\":{\"c\":[1],\"f\":{\"h\":3}},\"e\":null,\"n\":[null]}"));
  EXPECT (patch (check, "p", "{\"b\":1}", NULL, &result) == CS_OK);
  EXPECT (body_is (check, "p", "{\"b\":1,\"e\":null,\"n\":[null]}"));
}

/* ---- many writers of one document ---- */

typedef struct
{
  Check *check;
  CsWait wait;
  guint running;
  guint failures;
  gboolean patching;
} Crowd;

typedef struct
{
  Crowd *crowd;
  guint number;
} Writer;

static void
write_one (gpointer data)
{
  Writer *writer = data;
  Crowd *crowd = writer->crowd;
  g_autofree char *body = g_strdup_printf ("{\"w%u\":%u}", writer->number, writer->number);
  CsDocumentResult result;
  CsStatus status = crowd->patching ? patch (crowd->check, "crowd", body, NULL, &result)
                                    : put (crowd->check, "crowd", body, NULL, &result);

  crowd->failures += status != CS_OK;
  if (--crowd->running == 0)
    cs_wake (&crowd->wait);
}

static guint
run_crowd (Check *check, gboolean patching)
{
  Crowd crowd = { .check = check, .running = N_WRITERS, .patching = patching };
  Writer writers[N_WRITERS];

  cs_wait_init (&crowd.wait);
  for (guint i = 0; i < N_WRITERS; i++)
    {
      writers[i] = (Writer){ &crowd, i };
      EXPECT (cs_fiber_start (check->self, write_one, &writers[i], CS_NEVER) == CS_OK);
    }
  cs_wait_through (&crowd.wait);
  return crowd.failures;
}

/* No writer is refused, and no patch is lost. */
static void
check_crowds (Check *check)
{
  CsDocument *document = NULL;

  EXPECT (run_crowd (check, FALSE) == 0);
  EXPECT (run_crowd (check, TRUE) == 0);
  EXPECT (cs_documents_get (check->db, cs_slice_str ("crowd"), &document) == CS_OK);
  for (guint i = 0; i < N_WRITERS; i++)
    {
      g_autofree char *member = g_strdup_printf ("\"w%u\":%u", i, i);

      EXPECT (strstr (document->body.data, member) != NULL);
    }
  cs_document_free (check->documents, document);
}

/* ---- lists ---- */

static guint
count (Check *check, CsDocumentQuery query, guint *pages)
{
  g_autofree char *cursor = NULL;
  CsDocumentList *list = NULL;
  gboolean more = TRUE;
  guint n = 0;

  for (*pages = 0; more && *pages < 1000; ++*pages)
    {
      query.size = sizeof query;
      query.cursor = cursor;
      EXPECT (cs_documents_list (check->db, &query, &list) == CS_OK);
      n += list->n;
      more = list->more;
      g_free (cursor);
      cursor = g_strdup (list->cursor);
      cs_document_list_free (check->documents, list);
    }
  return n;
}

static void
check_lists (Check *check)
{
  CsDocumentResult result;
  CsDocumentQuery bad = { .size = sizeof bad, .cursor = "no cursor" };
  CsDocumentQuery now = { .size = sizeof now, .cursor = "now" };
  CsDocumentList *list = NULL;
  guint pages;
  guint live = count (check, (CsDocumentQuery){ .limit = 1000 }, &pages);
  guint all = count (check, (CsDocumentQuery){ .with_deleted = TRUE }, &pages);

  EXPECT (live > 0 && all >= live);
  EXPECT (count (check, (CsDocumentQuery){ .limit = 1 }, &pages) == live && pages >= live);
  EXPECT (count (check, (CsDocumentQuery){ .user = cs_slice_str ("ann") }, &pages) == live);
  EXPECT (count (check, (CsDocumentQuery){ .user = cs_slice_str ("eve") }, &pages) == 0);
  EXPECT (put (check, "listed", "{\"a\":1}", NULL, &result) == CS_OK);
  EXPECT (count (check, (CsDocumentQuery){ .created_after = result.created - 1 }, &pages) == 1);
  EXPECT (count (check, (CsDocumentQuery){ .created_after = result.created }, &pages) == 0);
  EXPECT (count (check, (CsDocumentQuery){ .updated_after = result.updated - 1 }, &pages) == 1);
  EXPECT (count (check, (CsDocumentQuery){ .updated_after = result.updated }, &pages) == 0);
  EXPECT (cs_documents_list (check->db, &bad, &list) == CS_INVALID && list == NULL);
  EXPECT (cs_documents_list (check->db, &now, &list) == CS_OK && list->n == 0 && !list->more);
  cs_document_list_free (check->documents, list);
  EXPECT (delete_ (check, "listed", NULL, &result) == CS_OK);
  EXPECT (count (check, (CsDocumentQuery){ .limit = 7 }, &pages) == live);
  EXPECT (count (check, (CsDocumentQuery){ .limit = 7, .with_deleted = TRUE }, &pages) == all + 1);
}

static void
check_list_entries (Check *check)
{
  CsDocumentQuery query = { .size = sizeof query, .cursor = "now" };
  CsDocumentResult kept, gone;
  CsDocumentList *list = NULL;
  g_autofree char *cursor = NULL;

  EXPECT (cs_documents_list (check->db, &query, &list) == CS_OK);
  cursor = g_strdup (list->cursor);
  cs_document_list_free (check->documents, list);
  EXPECT (put (check, "kept", "{\"k\":1}", NULL, &kept) == CS_OK);
  EXPECT (put (check, "lost", "{\"l\":1}", NULL, &gone) == CS_OK);
  EXPECT (delete_ (check, "lost", NULL, &gone) == CS_OK);
  query.cursor = cursor;
  query.with_deleted = TRUE;
  EXPECT (cs_documents_list (check->db, &query, &list) == CS_OK && list->n == 2);
  EXPECT (cs_slice_is (list->documents[0].body, "{\"k\":1}") && !list->documents[0].deleted);
  EXPECT (strcmp (list->documents[0].version, kept.version) == 0);
  EXPECT (list->documents[1].body.data == NULL && list->documents[1].deleted);
  EXPECT (strcmp (list->documents[1].version, gone.version) == 0);
  cs_document_list_free (check->documents, list);
  query.without_bodies = TRUE;
  EXPECT (cs_documents_list (check->db, &query, &list) == CS_OK && list->n == 2);
  EXPECT (list->documents[0].body.data == NULL);
  cs_document_list_free (check->documents, list);
}

/* ---- queries ---- */

static CsDocumentFind
by (const char *selector, const char *sort)
{
  return (CsDocumentFind){ .size = sizeof (CsDocumentFind),
                           .selector = cs_slice_str (selector),
                           .sort = cs_slice_str (sort) };
}

/* The ids that a query gives, in pages, each with a space behind. */
static char *
found (Check *check, CsDocumentFind find)
{
  GString *ids = g_string_new (NULL);
  g_autofree char *cursor = NULL;
  CsDocumentList *list = NULL;
  gboolean more = TRUE;

  for (guint pages = 0; more && pages < 100; pages++)
    {
      g_autofree char *reason = NULL;

      find.cursor = cursor;
      if (cs_documents_find (check->db, &find, &list, &reason) != CS_OK)
        {
          g_string_append_printf (ids, "! %s", reason);
          break;
        }
      for (guint i = 0; i < list->n; i++)
        g_string_append_printf (ids, "%.*s ", (int) list->documents[i].id.len,
                                list->documents[i].id.data);
      more = list->more;
      g_free (cursor);
      cursor = g_strdup (list->cursor);
      cs_document_list_free (check->documents, list);
    }
  return g_string_free (ids, FALSE);
}

static void
expect_found (Check *check, CsDocumentFind find, const char *expected, int line)
{
  g_autofree char *ids = found (check, find);

  if (strcmp (ids, expected) != 0)
    g_string_append_printf (check->report, "found %s, not %s\n", ids, expected);
  expect (check, strcmp (ids, expected) == 0, "found", line);
}

#define FOUND(find, expected) expect_found (check, find, expected, __LINE__)

static void
put_people (Check *check)
{
  CsDocumentResult result;

  for (guint i = 1; i <= 9; i++)
    {
      g_autofree char *id = g_strdup_printf ("p%u", i);
      g_autofree char *body = g_strdup_printf ("{\"age\":%u,\"even\":%s}", i * 10,
                                               i % 2 == 0 ? "true" : "false");

      EXPECT (put (check, id, body, NULL, &result) == CS_OK);
    }
}

static void
check_find (Check *check)
{
  CsDocumentFind paged = by ("{\"age\":{\"$gt\":0}}", "[{\"age\":\"desc\"}]");
  CsDocumentFind whole = by ("{\"even\":true}", "");
  CsDocumentList *list = NULL;

  put_people (check);
  FOUND (whole, "p2 p4 p6 p8 ");
  FOUND (by ("{\"age\":{\"$gte\":30,\"$lt\":60}}", "[\"age\"]"), "p3 p4 p5 ");
  FOUND (paged, "p9 p8 p7 p6 p5 p4 p3 p2 p1 ");
  paged.limit = 2;
  FOUND (paged, "p9 p8 p7 p6 p5 p4 p3 p2 p1 ");
  FOUND (by ("{\"age\":{\"$lt\":0}}", ""), "");
  EXPECT (cs_documents_find (check->db, &whole, &list, NULL) == CS_OK && list->n == 4);
  EXPECT (cs_slice_is (list->documents[0].body, "{\"age\":20,\"even\":true}"));
  EXPECT (cs_slice_is (list->documents[0].user, "ann") && list->documents[0].updated > 0);
  cs_document_list_free (check->documents, list);
}

static void
check_bad_finds (Check *check)
{
  CsDocumentFind bad = by ("{\"age\":{\"$nonsense\":0}}", "");
  CsDocumentList *list = NULL;
  g_autofree char *reason = NULL;

  EXPECT (cs_documents_find (check->db, &bad, &list, &reason) == CS_INVALID);
  EXPECT (list == NULL && reason != NULL && strstr (reason, "$nonsense") != NULL);
  bad = by ("{\"a\":1},\"limit\":9", "");
  EXPECT (cs_documents_find (check->db, &bad, &list, NULL) == CS_INVALID);
  bad = by ("{}", "[\"without-an-index\"]");
  EXPECT (cs_documents_find (check->db, &bad, &list, NULL) == CS_INVALID);
  bad = by ("{}", "");
  bad.cursor = "no bookmark";
  EXPECT (cs_documents_find (check->db, &bad, &list, NULL) == CS_INVALID);
  bad = by ("", "");
  EXPECT (cs_documents_find (check->db, &bad, &list, NULL) == CS_INVALID);
}

/* A list of large documents comes in parts. */
static void
check_large_lists (Check *check)
{
  g_autofree char *text = g_strnfill (1000000, 'x');
  g_autofree char *body = g_strdup_printf ("{\"text\":\"%s\"}", text);
  CsDocumentQuery query = { .size = sizeof query, .cursor = "now" };
  CsDocumentResult result;
  CsDocumentList *list = NULL;
  guint pages;
  guint n;

  EXPECT (put (check, "before", "{}", NULL, &result) == CS_OK);
  query = (CsDocumentQuery){ .updated_after = result.updated, .limit = 100 };
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *id = g_strdup_printf ("large%u", i);

      EXPECT (put (check, id, body, NULL, &result) == CS_OK);
    }
  query.size = sizeof query;
  EXPECT (cs_documents_list (check->db, &query, &list) == CS_OK);
  EXPECT (list->more && list->n < 12 && list->n > 0);
  cs_document_list_free (check->documents, list);
  n = count (check, query, &pages);
  EXPECT (n == 12 && pages > 1);
}

/* ---- waiting ---- */

static void
write_later (gpointer data)
{
  Check *check = data;
  CsDocumentResult result;

  EXPECT (cs_sleep (CS_MS (20)) == CS_OK);
  EXPECT (put (check, "later", "{}", NULL, &result) == CS_OK);
}

static void
check_wait (Check *check)
{
  EXPECT (cs_documents_wait (check->db, "now", cs_now () + CS_MS (20)) == CS_TIMED_OUT);
  EXPECT (cs_documents_wait (check->db, "0", CS_NEVER) == CS_OK);
  EXPECT (cs_documents_wait (check->db, "?", CS_NEVER) == CS_INVALID);
  EXPECT (cs_fiber_start (check->self, write_later, check, CS_NEVER) == CS_OK);
  EXPECT (cs_documents_wait (check->db, "now", cs_now () + CS_SECONDS (5)) == CS_OK);
}

typedef struct
{
  CsDocumentsWatch watch; /* first */
  guint calls;
} Watcher;

static void
note_change (CsDocumentsWatch *watch, gboolean dropped)
{
  ((Watcher *) watch)->calls += !dropped;
}

static void
check_watch (Check *check)
{
  Watcher watcher = { .watch = { .changed = note_change } };
  CsDocumentResult result;

  EXPECT (cs_documents_watch (check->db, &watcher.watch) == CS_OK);
  EXPECT (put (check, "watched", "{}", NULL, &result) == CS_OK);
  for (guint i = 0; i < 500 && watcher.calls == 0; i++)
    EXPECT (cs_sleep (CS_MS (2)) == CS_OK);
  EXPECT (watcher.calls == 1);
  cs_documents_unwatch (check->documents, &watcher.watch);
  EXPECT (put (check, "watched", "{}", NULL, &result) == CS_OK);
  EXPECT (cs_sleep (CS_MS (20)) == CS_OK);
  EXPECT (watcher.calls == 1);
}

/* ---- the route ---- */

static void
answer (CsHttpExchange *exchange, gpointer self)
{
  static void (*const checks[]) (Check *check)
    = { check_rights,  check_creation, check_checking, check_round_trip, check_made_ids, check_removal,
        check_faults,  check_conditions, check_patch,      check_crowds,      check_lists,
        check_list_entries, check_find, check_bad_finds, check_large_lists, check_wait, check_watch };
  Plugin *plugin = self;
  Check check
    = { .self = self, .documents = plugin->documents, .report = g_string_new (NULL) };
  CsStatus status = cs_documents_open (check.documents, &ann, cs_slice_str ("checked"),
                                       CS_DOCUMENTS_WRITE, &check.db);

  if (status != CS_OK)
    g_string_append_printf (check.report, "the database \"checked\": %s\n", cs_status_text (status));
  for (gsize i = 0; status == CS_OK && i < G_N_ELEMENTS (checks); i++)
    checks[i](&check);
  g_string_append_printf (check.report, "%u failures\n", check.failures);
  cs_documents_close (check.db);
  cs_http_reply_text (exchange, status == CS_OK && check.failures == 0 ? 200 : 500,
                      check.report->str);
  g_string_free (check.report, TRUE);
}

static const CsHttpRoute routes[] = {
  { "GET", "/documents-check", answer, "Checks the contract documents=1", CS_ACCESS_ADMIN },
};

static gboolean
start (gpointer self, GError **error)
{
  ((Plugin *) self)->documents = cs_require (self, CS_DOCUMENTS);
  return cs_http_add_routes (cs_require (self, CS_HTTP), self, CS_ROWS (routes), error);
}

CS_PLUGIN_DEFINE ("documents-check", "1.0.0", "Checks the contract documents=1",
                  CS_REQUIRES ("http>=1 documents>=1"), CS_STATE (Plugin), .start = start);
