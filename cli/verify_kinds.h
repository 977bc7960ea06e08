/* Private to cli/verify*.c: what the kinds tell each other. */
#ifndef AFD_CLI_VERIFY_KINDS_H
#define AFD_CLI_VERIFY_KINDS_H

#include "cli/verify.h"
#include "core/doc.h"

/* What report.json says; texts live in doc. Zeroed to begin with, given back with verified_report_release(). */
struct verified_report {
	const char *of;                       /* where it was read: report.json, or report.pdf that carries it */
	struct afd_slice json;                /* its bytes, borrowed from a file of the set or from EMBEDDED */
	struct afd_buf embedded;              /* as it lay in the PDF */
	struct afd_doc *doc;
	const char *engine, *label, *report_id;
	struct verify_head head;              /* known: the report was read whole */
	struct afd_span period; int64_t as_of;
	bool test;
};
int verified_report_read(struct verified_report *r, struct afd_slice json, struct afd_error *err);
void verified_report_release(struct verified_report *r);
#define VERIFIED_REPORT __attribute__((cleanup(verified_report_release))) struct verified_report
bool is_test_report(const struct verified_report *r);

/* report.json, report.json.p7s and report.pdf as far as the set has them. */
int verify_report(struct verify *v, struct verify_set *s, struct verified_report *ret, struct afd_error *err);
void verify_json_signature(struct verify *v, struct verified_report *r, struct verify_file *p7s);
void verify_report_store(struct verify *v, const struct verified_report *r);
void verify_test_mark(struct verify *v, const char *of, bool test);
/* A head on its own; with a report known, it must be the report's. */
int verify_head_file(struct verify *v, struct verify_set *s, struct verify_file *f, const struct verified_report *report, struct afd_error *err);
/* R: the report of the same set; not known: the statement is judged alone. */
int verify_statement(struct verify *v, struct verify_set *s, struct verify_file *f, const struct verified_report *r, bool closed,
                     struct afd_error *err);
/* All files of a set have one signer. */
void verify_same_signer(struct verify *v, const char *of, int rc, const struct afd_signature_report *r);

#endif
