/* report.json read back, for those who draw it: the same members as in docs/report-json.md, typed. Everything is owned
 * by the report. Absent texts are NULL, absent times AFD_TIME_NONE. */
#ifndef AFD_REPORTS_MODEL_H
#define AFD_REPORTS_MODEL_H

#include "core/digest.h"
#include "core/doc.h"
#include "core/when.h"

struct afd_m_counts { int64_t error, fail, not_applicable, not_evaluable, pass, population, review, waived; };
struct afd_m_param { const char *meaning, *name, *type, *usual, *value; };
struct afd_m_check {
	struct afd_texts answers;
	const char *false_positives, *id, *remedy, *resource, *severity, *sha256, *title, *why;
	const char *retired, *severity_approver, *severity_default, *severity_reason;
	int64_t leaf, results, severity_since;
	struct afd_m_param *param; size_t n_param;
};
struct afd_m_cited { const char *hash; int64_t leaf; };
struct afd_m_share {
	const char *changes_grade, *claims_grade, *zone;
	int64_t ambiguous, attributed, changes, denied, nameless, unattributed, without_effect;
};
struct afd_m_span { int64_t from, to; const char *grade, *reason; };
struct afd_m_cover {
	const char *basis, *evidence, *kind, *scope, *source, *worst;
	int64_t configured, lag_ms, records;
	struct afd_m_span *span; size_t n_span;
};
struct afd_m_edit { const char *after, *before, *key, *table, *what; int64_t leaf, time; };
struct afd_m_fault { int64_t leaf; const char *reason, *source; };
struct afd_m_finding_link { const char *control, *framework, *limit, *relation; };
struct afd_m_evidence { const char *hash, *source, *what; int64_t leaf, part, received; };
struct afd_m_finding {
	const char *basis, *check_id, *id, *key, *resource, *salt, *severity, *severity_default, *state, *status, *tier, *waiver_id;
	int64_t number, observed, would_fail;
	struct afd_texts reasons;
	struct afd_m_finding_link *control; size_t n_control;
	struct afd_m_evidence *evidence; size_t n_evidence;
	const struct afd_m_check *check;                 /* never NULL */
	const struct afd_m_waiver *waiver;
};
struct afd_m_link { const char *check, *cited, *limit, *rationale, *relation; int64_t mapping, replaces; };   /* mapping: index */
struct afd_m_control {
	struct afd_m_counts counts;
	const char *id, *level, *official_text, *official_title, *parent, *phrase, *status, *title;
	struct afd_texts successors;
	struct afd_m_link *link; size_t n_link;
};
struct afd_m_mapping { const char *author, *date, *label, *sha256, *version; int64_t leaf, ours, replaces, rows; };
struct afd_m_framework {
	const char *applies_when, *id, *source, *title, *version;
	int64_t in_scope, leaf;
	struct { const char *file, *label, *sha256, *source_sha256, *title, *version; int64_t leaf, texts; } official;   /* label NULL: none */
	struct afd_m_mapping *mapping; size_t n_mapping;
	struct afd_m_control *control; size_t n_control;
};
struct afd_m_need { const char *evidence, *grade, *scope; int64_t from, to; };
struct afd_m_result {
	const char *check, *grade, *outcome, *reason, *resource;
	int64_t waived;
	struct afd_m_need *uncovered; size_t n_uncovered;
	int64_t uncovered_more;                          /* that are not listed */
};
struct afd_m_scope { const char *account, *name, *owner, *reason, *zone; int64_t leaf; };
struct afd_m_past { const char *check, *id, *key, *reason, *resource, *state, *status; int64_t leaf, observed, recorded; };
struct afd_m_gate_rule { const char *check, *control, *fail, *framework, *resource, *review, *severity, *tier; int64_t number; };
struct afd_m_waiver { const char *approver, *id, *owner, *reason; int64_t expires, granted, standing; };

struct afd_report {
	struct afd_doc *doc;
	struct afd_slice bytes;                          /* report.json itself, borrowed */
	struct afd_digest sha256;                        /* of the bytes */
	const char *classification, *engine, *format, *organisation, *provisional_why, *report_id, *result, *result_with_waivers;
	int64_t as_of, history_begins, provisional, test;
	struct { struct afd_texts authorities; const char *standing; int64_t covered, failed, longest_delay_ms, newest, open, tokens; } anchoring;   /* standing NULL: not stated */
	struct afd_m_counts counts;
	struct { const char *fail_on, *incomplete, *window; int64_t review_fails; } gate;   /* fail_on NULL: not stated */
	struct { struct afd_m_counts counts; int64_t closed, from, fresh, not_examined, not_tested, open, reopened, to; } comparison;   /* from AFD_TIME_NONE or 0: none was made */
	struct afd_m_past *gone; size_t n_gone;          /* of the comparison */
	struct afd_m_past *learned; size_t n_learned;
	struct afd_m_gate_rule *rule; size_t n_rule;     /* of the gate */
	struct { const char *note, *origin, *root; int64_t size; } head;
	struct { int64_t from, to; const char *label; } period;
	struct { const char *checks_sha256; int64_t config_leaf, inventory_leaf, policy_leaf; } rules;   /* -1: none */
	struct afd_m_check *check; size_t n_check;
	struct afd_m_cited *cited; size_t n_cited;
	struct afd_m_cover *cover; size_t n_cover;
	struct afd_m_edit *edit; size_t n_edit;
	struct afd_m_fault *fault; size_t n_fault;
	struct afd_m_finding *finding; size_t n_finding;
	struct afd_m_framework *framework; size_t n_framework;
	struct afd_m_scope *not_in_scope; size_t n_not_in_scope;
	struct afd_m_result *outcome; size_t n_outcome;
	struct afd_m_scope *scope; size_t n_scope;
	struct afd_m_share *share; size_t n_share;       /* by zone */
	struct afd_m_waiver *waiver; size_t n_waiver;
};

/* BYTES stay the caller's and must outlive the report. */
int afd_report_read(struct afd_slice bytes, struct afd_report **ret, struct afd_error *err);
struct afd_report *afd_report_free(struct afd_report *r);   /* NULL */
void afd_report_release(struct afd_report **r);

#endif
