/* The judgement: checks over the tables, findings, waivers, controls. All text is owned by the assessment. Sorted by
 * content only (never by row ids), so that the same ledger prefix, period and as-of give the same assessment. */
#ifndef AFD_MAPPERS_ASSESS_H
#define AFD_MAPPERS_ASSESS_H

#include "core/doc.h"
#include "core/when.h"
#include "evidence/sink.h"
#include "evidence/store.h"
#include "mappers/outcome.h"

/* type: int, duration, time, text; value in force; usual: the head's, where the policy gives another; words: those that a text may hold, none: any */
struct afd_param { const char *name, *type, *value, *meaning, *usual; struct afd_texts words; };

struct afd_check {
	const char *id, *title, *severity, *resource, *why, *remedy, *false_positives;
	struct afd_texts answers, after;                              /* after: checks whose findings it stands on */
	struct afd_param *param; size_t n_param;
	const char *findings_sql, *population_sql;
	const char *severity_usual, *severity_reason, *severity_approver;   /* where the policy changed it: the head's, why, who said so; else NULL */
	int64_t severity_since;                                       /* and when the ledger first had that */
	const char *label;                                            /* name of its file, NULL: none */
	const char *retired;                                          /* why it is run no more, NULL: it is run */
	unsigned findings_line, population_line, after_line;          /* where its statements begin there, and where after stands */
	unsigned common_line, common_lines;                           /* and what both begin with; 0: nothing */
	uint64_t leaf; struct afd_digest sha256;                      /* the check's own file as an item */
};

struct afd_evidence_ref { uint64_t leaf, part; const char *hash; const char *source, *what; int64_t received_ms; const char *table; int64_t row; };   /* table, row: what was cited; in no report */

struct afd_need { const char *evidence, *scope; struct afd_span span; enum afd_grade grade; bool covered; };

struct afd_waiver_mark { const char *id, *owner, *approver, *reason; int64_t expires; bool standing; int64_t granted; };     /* granted: AFD_TIME_NONE: not stated */

struct afd_finding {
	char id[17];                                                  /* base32(SHA-256(check,0,resource,0,key))[0:16] */
	unsigned number;                                              /* F1, F2, ... in order of severity, check, resource, key */
	char salt[33];                                                /* 32 hex digits; "" in a ledger without items */
	const struct afd_check *check;
	const char *resource, *key;
	const char *tier;                                             /* of the resource, as the inventory states it; NULL */
	enum afd_outcome status;                                      /* fail, review */
	bool presence;                                                /* basis */
	bool would_fail;                                              /* absence row set aside: its needs are uncovered */
	const char *const *reason; size_t n_reason;                   /* distinct sentences */
	int64_t observed_ms;                                          /* earliest observed_at */
	struct afd_evidence_ref *evidence; size_t n_evidence;         /* sorted by leaf, part */
	const struct afd_waiver_mark *waiver;                         /* in force at as-of, or NULL */
	const char *state;                                            /* new, open, reopened; NULL: not compared */
};

struct afd_result {                                                   /* one check on one resource */
	const struct afd_check *check;
	const char *resource;
	enum afd_outcome outcome;
	bool waived;                                                  /* every fail finding of it is waived */
	enum afd_grade grade;                                         /* weakest grade it stands on */
	const char *reason;                                           /* why not evaluable or applicable, or error; NULL */
	struct afd_need *need; size_t n_need;
};

struct afd_counts { unsigned population, by[AFD_OUTCOME_COUNT], waived; };   /* waived counts also stand in by[AFD_FAIL] */

enum afd_phrase { AFD_PHRASE_NOT_ADDRESSED, AFD_PHRASE_NO_EXCEPTIONS, AFD_PHRASE_NOT_TESTED, AFD_PHRASE_EXCEPTIONS };
const char *afd_phrase_text(enum afd_phrase p);                       /* "exceptions noted" ... */

/* cited: the id under which the author's own papers know the control, when it is another; NULL. mapping: which file of the
 * framework says so; replaces: it stands in the place of a row of ours. */
struct afd_link { const char *check, *relation, *rationale, *limit, *cited; size_t mapping; bool replaces; unsigned line; };
/* A file that maps checks to controls. ours: built in; the rows of others are laid over its own. */
struct afd_mapping_file {
	const char *label, *version, *author, *date;
	uint64_t leaf; struct afd_digest sha256;
	bool ours;
	unsigned rows, replaces;                                      /* how many of its rows stand in the place of ours */
};
/* The publisher's own words, as the user imported them. label NULL: there are none. */
struct afd_official {
	const char *label, *title, *version, *file, *source_sha256;   /* of the publisher's file */
	uint64_t leaf; struct afd_digest sha256;                      /* of the file that holds them here */
	unsigned n;
};
struct afd_control {
	const char *id, *title, *level, *parent, *status;             /* status: live, withdrawn */
	const char *official_title, *official_text;                   /* NULL: not imported */
	struct afd_texts successors;
	struct afd_link *link; size_t n_link;
	struct afd_counts counts;
	enum afd_phrase phrase;
};
struct afd_framework {
	const char *id, *title, *version, *publisher, *source, *licence, *oscal;
	int64_t order;                                                /* place in a report; then by id */
	const char *applies_when, *applies_credential;                /* NULL: always; the words, and a kind of credential that settles it */
	bool in_scope;                                                /* not: nothing of it is counted */
	bool loose_ids_ask;                                           /* ids in other forms than the publisher's have meant several things */
	bool oscal_ids_same;                                          /* the publisher's OSCAL catalogue has the ids as they stand here */
	uint64_t leaf;
	struct afd_mapping_file *mapping; size_t n_mapping;           /* ours first, then by label */
	struct afd_official official;
	struct afd_control *control; size_t n_control;                /* in the framework's own order */
};

struct afd_cover_row {                                                /* for the coverage matrix: one source and scope */
	const char *source, *kind, *evidence, *scope, *basis;
	enum afd_grade worst; bool configured;                        /* worst grade over the clipped period */
	struct afd_span *span; enum afd_grade *grade; const char **reason; size_t n;   /* disjoint, sorted, fills the period */
	uint64_t records; int64_t lag_ms;
};

/* Changes of one zone of the inventory in the period, and whose they are. */
struct afd_zone_share {
	const char *zone;
	uint64_t changes;                                             /* with records; attributed + ambiguous + unattributed */
	uint64_t attributed, nameless, ambiguous, unattributed;       /* nameless: of the attributed, those that name an address alone, or who signed nothing */
	uint64_t without_effect, denied;                              /* claims: said to be done and not seen; refused */
	enum afd_grade changes_grade, claims_grade;                   /* weakest of the period */
};

struct afd_scope_row { const char *name, *zone, *account, *owner, *reason; bool in_scope; uint64_t leaf; };
struct afd_edit { const char *table, *key, *what, *before, *after; int64_t t; uint64_t leaf; };
struct afd_decode_fault { const char *source, *reason; uint64_t leaf; };

/* Time-stamps over heads of this ledger, as the tokens claim: when its items existed at the latest. */
struct afd_anchoring {
	uint64_t tokens, covered, open, failed;                       /* covered: leaves of the largest head stamped; open: items behind it, tokens left out; failed: attempts without a token */
	int64_t longest_delay_ms, newest_ms;                          /* from an item's receipt to the first token over it; the largest head's time, or NONE */
	const char **authority; size_t n_authority;                   /* sorted */
};

/* A finding of the period before: gone (state closed, not-tested, not-examined), or learned late (leaf, when it was recorded). */
struct afd_past {
	char id[17];
	const struct afd_check *check;
	const char *resource, *key, *reason, *state;
	enum afd_outcome status;
	int64_t observed_ms, recorded_ms;
	uint64_t leaf;
};
struct afd_comparison {
	bool made;
	struct afd_span previous, before;                             /* the period before, and the one before that */
	unsigned fresh, open, reopened, closed, not_tested, not_examined;
	unsigned by[AFD_OUTCOME_COUNT];                               /* results of the period before */
	struct afd_past *gone; size_t n_gone;                         /* by check, resource, key */
	struct afd_past *learned; size_t n_learned;                   /* findings of then that stand on what came after it and the largest lag */
};
struct afd_span afd_period_before(struct afd_span p);

/* What policy.yaml says to the gate. A rule's texts are words with blanks between, NULL: any; fail, review: 1, 0, -1 not said. */
struct afd_gate_rule { unsigned number; const char *severity, *tier, *framework, *control, *check, *resource; int fail, review; };
struct afd_gate_policy { const char *fail_on, *window; bool review_fails, incomplete_warns; struct afd_gate_rule *rule; size_t n_rule; };

struct afd_assessment {
	const char *organisation, *classification, *engine, *origin, *note;
	struct afd_span period; const char *period_label;
	int64_t as_of_ms, history_begins_ms; bool provisional, test;
	uint64_t head_size; struct afd_digest head_root;
	struct afd_check *check; size_t n_check;
	struct afd_result *result; size_t n_result;                   /* by check id, resource */
	struct afd_finding *finding; size_t n_finding;
	struct afd_framework *framework; size_t n_framework;
	struct afd_cover_row *cover; size_t n_cover;
	struct afd_zone_share *share; size_t n_share;                 /* by zone */
	struct afd_scope_row *scope; size_t n_scope;
	struct afd_edit *edit; size_t n_edit;
	struct afd_waiver_mark *waiver; size_t n_waiver;              /* all in the policy, also expired */
	struct afd_decode_fault *fault; size_t n_fault;
	unsigned policy_faults;                                       /* of them: what the policy says to no check */
	struct afd_gate_policy gate;
	struct afd_comparison comparison;
	struct afd_counts counts;
	struct afd_anchoring anchoring;
	uint64_t policy_leaf, inventory_leaf, config_leaf;            /* UINT64_MAX: none */
};

/* Looks at what the tables of S say, which must be derived up to its size; checks, frameworks and mappings are read
 * from the ledger's own items (decoders check, framework, mapping). Joins are made anew first. */
int afd_assess(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, struct afd_assessment **ret, struct afd_error *err);
/* The same, told as it goes: STEP (may be NULL) hears how many checks were run of how many; alone: without looking at the periods before;
 * stop (may be NULL): not 0 ends it with AFD_E_IO "stopped"; workers: threads that run checks, 0: one for each processor where S is large and
 * a writer's. STEP is called by the caller's thread alone. */
struct afd_assess_how { void (*step)(void *ctx, uint64_t done, uint64_t total); void *ctx; bool alone; const volatile int *stop; unsigned workers; };
int afd_assess_so(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, const struct afd_assess_how *how,
		  struct afd_assessment **ret, struct afd_error *err);
struct afd_assessment *afd_assessment_free(struct afd_assessment *a);
void afd_assessment_release(struct afd_assessment **a);

/* For cases and for `affidavit checks`: one check's text, its head read and its two statements cut. */
int afd_check_parse(struct afd_slice text, const char *name, struct afd_doc **keep, struct afd_check *ret, struct afd_error *err);

/* mappers/attribution.c: fills the joined tables (change_claim, change_time, certificate_domain, need_coverage). */
int afd_join(struct afd_store *s, struct afd_error *err);

/* The gate's decision. Exit codes of docs/design.md 9: 2 policy violated, 3 evidence incomplete, 0 clean. errors: of checks and of
 * the policy, and answers that could not be read (unread). warned: evidence is missing, and the policy only warns of it. */
struct afd_gate { int exit_code; unsigned violations, not_evaluable, review, waived, errors, unread, known; bool warned; };
/* Findings that were there before, sorted: they violate nothing. What is missing or wrong they never hide. NULL: none. */
struct afd_baseline { const char *const *id; size_t n; };
int afd_gate_decide(struct afd_store *s, const struct afd_assessment *a, const struct afd_baseline *b, struct afd_gate *ret, struct afd_error *err);
/* What the gate makes of one finding; *rule: number of the policy's rule that says so, or 0. */
enum afd_gate_word { AFD_GATE_PASSES, AFD_GATE_KNOWN, AFD_GATE_WAIVED, AFD_GATE_VIOLATES };
enum afd_gate_word afd_gate_finding(const struct afd_assessment *a, const struct afd_finding *f, const struct afd_baseline *b, unsigned *rule);
const char *afd_gate_word_name(enum afd_gate_word w);          /* passes, known, waived, violates */

#endif
