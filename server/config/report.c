/* report.c: collects what is wrong with a configuration, one line each.
 * SPDX-License-Identifier: Apache-2.0 */
#include "config/report.h"

#include <cloudsync/error.h>

void
cs_report_init (CsReport *report)
{
  report->errors = g_ptr_array_new_with_free_func (g_free);
  report->warnings = g_ptr_array_new_with_free_func (g_free);
}

void
cs_report_clear (CsReport *report)
{
  g_clear_pointer (&report->errors, g_ptr_array_unref);
  g_clear_pointer (&report->warnings, g_ptr_array_unref);
}

void
cs_report_error (CsReport *report, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (report->errors, g_strdup_vprintf (format, args));
  va_end (args);
}

void
cs_report_warning (CsReport *report, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_ptr_array_add (report->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

void
cs_report_take (CsReport *report, GError *error)
{
  g_ptr_array_add (report->errors, g_strdup (error->message));
  g_error_free (error);
}

gboolean
cs_report_finish (const CsReport *report, GError **error)
{
  g_autoptr (GString) text = NULL;
  guint i;

  if (report->errors->len == 0)
    return TRUE;

  text = g_string_new (g_ptr_array_index (report->errors, 0));
  for (i = 1; i < report->errors->len; i++)
    g_string_append_printf (text, "\n%s", (const char *) g_ptr_array_index (report->errors, i));
  g_set_error_literal (error, CS_ERROR, CS_INVALID, text->str);
  return FALSE;
}
