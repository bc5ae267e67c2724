/* log-record.c: packs a log line into bytes and takes it apart again.
 * SPDX-License-Identifier: Apache-2.0 */
#include "runtime/log-record.h"

#include "runtime/worker-private.h"

#define NUMBER_TEXT 24
#define VALUE_MAX 4000
#define NUMBER_FLAG 0x8000

static gsize
value_len (const CsField *field)
{
  if (field->text == NULL)
    return NUMBER_TEXT;
  return field->len == G_MAXSIZE ? strnlen (field->text, VALUE_MAX) : MIN (field->len, VALUE_MAX);
}

gsize
cs_log_record_size (const char *owner, const char *message, const CsField *fields, guint n)
{
  gsize size = sizeof (CsLogRecord) + 4 + strlen (owner) + strnlen (message, VALUE_MAX);

  for (guint i = 0; i < MIN (n, CS_LOG_FIELDS_MAX); i++)
    size += 4 + strlen (fields[i].key) + value_len (&fields[i]);
  return MIN ((size + 7) / 8 * 8, CS_LOG_RECORD_MAX);
}

/* FALSE, and nothing written, when it does not fit; text is cut to fit instead. */
static gboolean
put (char **at, const char *end, const char *text, gsize len, gboolean number)
{
  guint16 word;

  if (*at + 2 > end)
    return FALSE;
  len = MIN (len, (gsize) (end - *at - 2));
  word = (guint16) (len | (number ? NUMBER_FLAG : 0));
  memcpy (*at, &word, 2);
  memcpy (*at + 2, text, len);
  *at += 2 + len;
  return TRUE;
}

static gboolean
put_value (char **at, const char *end, const CsField *field)
{
  char text[NUMBER_TEXT];

  if (field->text != NULL)
    return put (at, end, field->text, value_len (field), FALSE);
  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, field->number);
  return put (at, end, text, strlen (text), TRUE);
}

void
cs_log_record_fill (CsLogRecord *record, gsize size, const char *owner, CsLogLevel level,
                    const char *message, const CsField *fields, guint n)
{
  CsWorker *worker = cs_worker_self ();
  char *at = (char *) (record + 1), *end = (char *) record + size;

  record->size = (guint32) size;
  record->level = (guint8) level;
  record->worker = worker != NULL ? (gint16) worker->index : -1;
  record->time = g_get_real_time ();
  record->n_fields = 0;
  put (&at, end, owner, strlen (owner), FALSE);
  put (&at, end, message, strnlen (message, VALUE_MAX), FALSE);
  for (guint i = 0; i < MIN (n, CS_LOG_FIELDS_MAX); i++)
    if (put (&at, end, fields[i].key, strlen (fields[i].key), FALSE)
        && put_value (&at, end, &fields[i]))
      record->n_fields++;
    else
      break;
}

static CsSlice
take (const char **at, gboolean *number)
{
  guint16 word;
  CsSlice slice;

  memcpy (&word, *at, 2);
  slice = cs_slice (*at + 2, word & ~NUMBER_FLAG);
  *at += 2 + slice.len;
  *number = (word & NUMBER_FLAG) != 0;
  return slice;
}

/* Keys of what must never be written, whoever passes it. */
static gboolean
is_secret (CsSlice key)
{
  static const char *const words[] = { "password", "secret", "token", "cookie", "authorization",
                                       "credential", "private-key" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (memmem (key.data, key.len, words[i], strlen (words[i])) != NULL)
      return TRUE;
  return FALSE;
}

void
cs_log_record_read (const CsLogRecord *record, CsLogLine *line)
{
  const char *at = (const char *) (record + 1);
  gboolean number;

  line->level = record->level;
  line->worker = record->worker;
  line->time = record->time;
  line->owner = take (&at, &number);
  line->message = take (&at, &number);
  line->n_fields = record->n_fields;
  for (guint i = 0; i < line->n_fields; i++)
    {
      CsLogPair *pair = &line->fields[i];

      pair->key = take (&at, &number);
      pair->value = take (&at, &pair->number);
      if (!pair->number && is_secret (pair->key))
        pair->value = cs_slice_str ("[redacted]");
    }
}
