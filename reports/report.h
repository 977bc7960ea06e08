/* Reports: the assessment becomes report.json, and every other format is drawn from the bytes of report.json alone, so
 * that a verifier can draw the pages again. docs/report-json.md describes the members. */
#ifndef AFD_REPORTS_REPORT_H
#define AFD_REPORTS_REPORT_H

#include "core/bytes.h"
#include "core/error.h"
#include "mappers/assess.h"

/* Sorted ASCII keys, integers and strings only, no blanks: also RFC 8785. Ends with LF-less '}'. */
int afd_report_json(const struct afd_assessment *a, struct afd_buf *ret, struct afd_error *err);

/* Where each element of "findings" stands in REPORT_JSON, in order; they are leaves as they are, never written again.
 * Refuses bytes that are not laid out as afd_report_json() writes; whether they are JSON that means something is for
 * afd_report_read(). */
int afd_report_findings(struct afd_slice report_json, struct afd_ranges *ret, struct afd_error *err);
/* RFC 6962 root over leaves = those bytes: "findings_root" of the statement. No findings: SHA-256 of nothing. */
int afd_report_findings_root(struct afd_slice report_json, struct afd_digest *ret, uint64_t *ret_n, struct afd_error *err);

/* digest: over the three files */
struct afd_fonts { char regular[1024], bold[1024], mono[1024]; struct afd_digest digest; };
/* AFFIDAVIT_FONTS is cli's business: DIR NULL looks in the places of the distribution. */
int afd_fonts_find(const char *dir, struct afd_fonts *ret, struct afd_error *err);

/* Stands in the metadata of report.pdf (XMP pdf:Keywords, not compressed), so that a verifier whose pages differ knows
 * whether they were drawn with the same library and fonts. printf: version of libharu, digest of the fonts in hex. */
#define AFD_DRAWN_WITH "drawn with libharu %s, fonts sha256 %s"
struct afd_renderer {
	const char *name, *file, *media_type, *help;         /* "pdf", "report.pdf" */
	int (*render)(struct afd_slice report_json, const struct afd_fonts *f, struct afd_buf *ret,
	              struct afd_error *err);
};
extern const struct afd_renderer *const afd_renderers[];     /* by name, NULL at the end */
const struct afd_renderer *afd_renderer_find(const char *name);

#endif
