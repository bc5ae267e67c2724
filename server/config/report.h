/* report.h: collects what is wrong with a configuration, one line each, so that one run names it all.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef CS_REPORT_H
#define CS_REPORT_H

#include <glib.h>

typedef struct
{
  GPtrArray *errors;   /* char *: "file:line: [section] key: what is wrong and what is allowed" */
  GPtrArray *warnings; /* char *, the same form */
} CsReport;

void cs_report_init (CsReport *report);
void cs_report_clear (CsReport *report);
void cs_report_error (CsReport *report, const char *format, ...) G_GNUC_PRINTF (2, 3);
void cs_report_warning (CsReport *report, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Takes the error's message as a line and frees the error. */
void cs_report_take (CsReport *report, GError *error);

/* All errors as one GError, a line each; FALSE when there is one. */
gboolean cs_report_finish (const CsReport *report, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CsReport, cs_report_clear)

#endif
