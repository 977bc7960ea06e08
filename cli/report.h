/* Private to cli/verb_report.c and cli/report_*.c: a report in the making. Everything is made in memory; only then is a
 * byte written, and the statement last, so that a folder with a statement is whole. */
#ifndef AFD_CLI_REPORT_H
#define AFD_CLI_REPORT_H

#include "cli/report_key.h"
#include "cli/revocation.h"
#include "cli/session.h"
#include "cli/stamp.h"
#include "reports/model.h"
#include "reports/report.h"

/* --- the folder --- */
#define REPORT_MAX_FILES 64
struct report_file { char name[40]; struct afd_buf bytes; };
struct report_folder { struct report_file at[REPORT_MAX_FILES]; size_t n; };
/* Takes BYTES over. */
int report_folder_add(struct report_folder *f, const char *name, struct afd_buf *bytes, struct afd_error *err);
struct afd_slice report_folder_get(const struct report_folder *f, const char *name);      /* empty: not there */
void report_folder_release(struct report_folder *f);
/* Makes DIR and looks at what lies there: files of an earlier report may go, anything else is refused when STRICT, because
 * no statement would name it. */
int report_folder_prepare(const char *dir, bool strict, struct afd_error *err);
/* Each file whole on the disk under a temporary name: where one does not fit, the report that was there stays. The rest is
 * removed with the release. */
struct report_staged { struct afd_outfile *at[REPORT_MAX_FILES]; };
int report_folder_stage(const struct report_folder *f, const char *dir, struct report_staged *ret, struct afd_error *err);
void report_staged_release(struct report_staged *s);
/* Removes what an earlier report left and gives all files but the statements their names; takes them back when something fails. */
int report_folder_place(const struct cli *c, const struct report_folder *f, const char *dir, struct report_staged *s, struct afd_error *err);
int report_folder_place_statements(const struct cli *c, const struct report_folder *f, const char *dir, struct report_staged *s, struct afd_error *err);

/* --- signatures --- */
/* An authority that remembers who answered. */
struct report_stamps {
	struct stamping *stamping;            /* NULL: no authority */
	struct afd_stamper stamper;
	char *authority;                      /* of the last token */
	unsigned n;
};
void report_stamps_open(struct report_stamps *s, struct stamping *stamping);
const struct afd_stamper *report_stamps_stamper(struct report_stamps *s);    /* NULL when there is no authority */
void report_stamps_release(struct report_stamps *s);

/* What a report is made of besides its assessment. */
struct report_job {
	struct cli *c;
	struct session *s;
	struct afd_signer *signer;            /* NULL: unsigned */
	struct report_stamps stamps;
	struct report_folder folder;
	struct afd_report *model;             /* of report.json in the folder */
	bool dsse, visible;
	struct revocation_options revocation;
	struct revocation data;               /* what report.pdf brings along about revocation */
};
int report_sign_json(struct report_job *j, struct afd_slice json, struct afd_error *err);
int report_sign_pdf(struct report_job *j, struct afd_slice pdf, struct afd_buf *ret, struct afd_error *err);

/* --- the statement, and the chain from report to report --- */
struct report_chain { struct afd_published own, before; bool has_before; };
void report_chain_release(struct report_chain *ch);
/* Adds statement.jws, and with dsse statement.dsse.json, over all files that are in the folder. */
int report_state(struct report_job *j, struct report_chain *ret, struct afd_error *err);
/* Writes the folder and, in the same step, into the store that this report was made. */
int report_publish(struct report_job *j, const char *dir, const struct report_chain *ch, struct afd_error *err);

#endif
