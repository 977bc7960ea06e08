/* What the files of mappers/ share while an assessment is made. Private to mappers/. */
#ifndef AFD_MAPPERS_JUDGE_H
#define AFD_MAPPERS_JUDGE_H

#include "core/severity.h"
#include "mappers/arena.h"
#include "mappers/assess.h"
#include "mappers/frameworks.h"

/* --- canvas.c: grades over time --- */
bool afd_same_text(const char *a, const char *b);     /* NULL is like NULL alone */

/* One stretch of time with one grade. Lists are sorted, disjoint, without stretches of length 0. */
struct afd_stroke { struct afd_span span; enum afd_grade grade; const char *reason; int64_t lag_ms; };
struct afd_canvas { struct afd_stroke *at; size_t n, cap; };
/* Statements of one source in ledger order (docs/design.md 4): a gap wipes, anything better raises. */
int afd_canvas_paint(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err);
/* RET = the better (or, with WORST, the worse) of both at each time; where one is silent its grade counts as gap. */
int afd_canvas_merge(struct afd_arena *a, const struct afd_canvas *x, const struct afd_canvas *y, bool worst,
                     struct afd_canvas *ret, struct afd_error *err);

/* S at the end of C; joined with the last stroke where grade and reason go on. */
int afd_canvas_add(struct afd_arena *a, struct afd_canvas *c, struct afd_stroke s, struct afd_error *err);
/* Index of the first stroke that ends after T. */
size_t afd_canvas_after(const struct afd_canvas *c, int64_t t);
/* S from FROM to TO, perhaps of no length. */
struct afd_stroke afd_stroke_part(struct afd_stroke s, int64_t from, int64_t to);

/* --- need.c: need_coverage, read once for all checks --- */
struct afd_cover_entry { const char *evidence, *scope; struct afd_canvas canvas; int64_t lag_ms; };
struct afd_cover_index { struct afd_cover_entry *at; size_t n; };
int afd_cover_index_load(struct afd_store *s, struct afd_arena *a, struct afd_cover_index *ret, struct afd_error *err);
/* Clips NEED to AS_OF minus lag and fills .covered; *grade: the weakest grade found; *hole: the first stretch that is
 * not covered. */
void afd_need_judge(const struct afd_cover_index *x, int64_t as_of_ms, struct afd_need *need, enum afd_grade *grade,
                    struct afd_span *hole);
/* Why HOLE is one, as a source said; "nothing was collected" when none did. */
int afd_cover_reason(struct afd_store *s, struct afd_arena *a, const struct afd_need *need, struct afd_span hole, int64_t as_of_ms,
                     const char **ret, struct afd_error *err);
/* From when on source_scope x is not expected, with its source o: one that ever delivered is expected until its retirement
 * was recorded, for nobody takes back what was asked for; one that never did was a mistake. */
#define AFD_RETIRED_SQL \
	"CASE WHEN x.retired_ms < o.recorded_at AND EXISTS (SELECT 1 FROM coverage c WHERE c.evidence = x.evidence" \
	" AND c.scope = x.scope AND c.source = x.source AND c.grade > 0) THEN o.recorded_at ELSE x.retired_ms END"

/* --- words.c --- */
/* "1 minutes" is "1 minute" in TEXT, in place. */
void afd_count_words(char *text);

/* --- check.c --- */
/* The line of C's file that line AT of SQL, one of its statements, stands on; 0: unknown, the statement's first. */
unsigned afd_check_line(const struct afd_check *c, const char *sql, unsigned at);

/* --- coverage.c --- */
/* Fills need_coverage. */
int afd_join_coverage(struct afd_store *s, struct afd_error *err);
/* Rows of the coverage matrix. */
int afd_assess_anchoring(struct afd_store *s, struct afd_arena *a, struct afd_assessment *as, struct afd_error *err);
int afd_assess_cover(struct afd_store *s, struct afd_arena *a, struct afd_assessment *as, struct afd_error *err);

/* --- attribution.c --- */
int afd_join_claims(struct afd_store *s, struct afd_error *err);

/* --- caa.c --- */
/* Fills caa_zone, caa_look, caa_property and caa_change. */
int afd_join_caa(struct afd_store *s, struct afd_error *err);

/* --- dnssec.c --- */
/* Fills dnskey and signature. */
int afd_join_dnssec(struct afd_store *s, struct afd_error *err);

/* --- issuance.c --- */
/* Fills issuance_scope, certificate_request and issuance_order. */
int afd_join_issuance(struct afd_store *s, struct afd_error *err);

/* --- people.c --- */
/* Fills person_word. */
int afd_join_people(struct afd_store *s, struct afd_error *err);

/* --- stated.c --- */
/* Fills inventory_begun and account_place. */
int afd_join_stated(struct afd_store *s, struct afd_error *err);
/* Fills registration and attested, for PERIOD as AS_OF_MS knows it. */
int afd_period_stated(struct afd_store *s, struct afd_span period, int64_t as_of_ms, struct afd_error *err);

/* --- period.c: joined tables that speak of one period --- */
/* Behind fill stands the period: "WITH p (t_from, t_to, as_of) AS (...)". */
struct afd_period_table { const char *empty, *fill; };
int afd_period_tables(struct afd_store *s, const struct afd_period_table *table, size_t n, struct afd_span period, int64_t as_of_ms, struct afd_error *err);
/* Makes probed_zone, signed_zone, caa_need, caa_stood, registration and attested anew, for PERIOD as AS_OF_MS knows it. After afd_join(). */
int afd_period_fill(struct afd_store *s, struct afd_span period, int64_t as_of_ms, struct afd_error *err);

/* --- sql text for the joined tables: rows collected into INSERT statements of a bounded size --- */
struct afd_inserts { struct afd_store *s; const char *into; struct afd_buf sql; unsigned rows; };
int afd_inserts_row(struct afd_inserts *i, struct afd_error *err, const char *fmt, ...) AFD_PRINTF(3, 4);
/* The same for a row of any length. */
int afd_inserts_text(struct afd_inserts *i, struct afd_slice row, struct afd_error *err);
int afd_inserts_flush(struct afd_inserts *i, struct afd_error *err);
/* PUT for each row of the question SQL. */
int afd_inserts_each(struct afd_store *s, const char *sql, struct afd_inserts *ins,
		     int (*put)(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err), struct afd_error *err);
void afd_inserts_release(struct afd_inserts *i);
/* 'text' with quotes doubled, appended. */
int afd_sql_quote(struct afd_buf *b, const char *s);

/* --- run_check.c --- */
struct afd_crew;
struct afd_judge {
	struct afd_store *s;
	struct afd_arena *arena;
	struct afd_arena *lists;                              /* for the lists of findings and results alone; NULL: arena */
	struct afd_crew *crew;                                /* who helps; NULL: nobody */
	struct afd_cover_index cover;
	const struct afd_assess_how *how; uint64_t done;      /* how: NULL, or who hears of each check */
	struct afd_assessment *a;
};
/* Appends results and findings of C; what the check does wrong is an outcome, -1 is for memory alone. */
int afd_check_run(struct afd_judge *j, const struct afd_check *c, struct afd_error *err);
/* One more check was run. */
void afd_judge_step(struct afd_judge *j);
/* A check that could not even be read or run: one result, outcome error. */
int afd_check_failed(struct afd_judge *j, const struct afd_check *c, const char *reason, struct afd_error *err);
/* --- crew.c: checks side by side --- */
struct afd_task { const struct afd_check *check; const char *why; };     /* why: it cannot be run; NULL: it can */
/* Helpers for S. WORKERS with the caller (at most AFD_MAX_CHECK_WORKERS); 0: one for each processor if S is large. *ret NULL: the caller alone. */
int afd_crew_open(struct afd_store *s, unsigned workers, struct afd_crew **ret, struct afd_error *err);
struct afd_crew *afd_crew_close(struct afd_crew *c);         /* NULL */
/* Results and findings of all tasks behind those of J, in the order of the tasks. TOLD (may be NULL) counts them, in the caller's thread. */
int afd_crew_run(struct afd_judge *j, const struct afd_task *t, size_t n, struct afd_judge *told, struct afd_error *err);
/* shares.c: whose the changes of each zone are. */
int afd_assess_shares(struct afd_judge *j, struct afd_error *err);
void afd_finding_id(const char *check, const char *resource, const char *key, char ret[17]);

/* --- raised.c: findings of checks that others stand on --- */
bool afd_raised_names(const struct afd_check *c, const struct afd_check *other);       /* C stands on OTHER */
/* *ret: why C cannot stand on what its head names; NULL: it can. */
int afd_raised_fault(const struct afd_assessment *a, const struct afd_check *c, struct afd_arena *arena, const char **ret, struct afd_error *err);
/* Fills raised with what A found and could not test; RULES has the checks. */
int afd_raised_fill(struct afd_store *s, const struct afd_assessment *rules, const struct afd_assessment *a, struct afd_error *err);

/* --- check.c --- */
/* The value of P as a number (int, duration and time in ms; 0 for text); -1 when it is none. */
int afd_param_int(const struct afd_param *p, int64_t *ret, struct afd_error *err);

/* --- policy.c --- */
/* Parameters and severities of the policy over the checks of AS, which are sorted. *WRONG: for each check what the policy says to
 * it that cannot be, or NULL. What speaks of no check is a fault of AS. */
/* "policy.yaml:12": where the file of LEAF says what PATH (NULL at its end) leads to, as far as it leads: keys; in a list "2" or "check=ID".
 * "policy" when the file is gone. */
const char *afd_policy_place(struct afd_store *s, struct afd_arena *arena, uint64_t leaf, const char *const *path);
int afd_policy_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, const char ***wrong, struct afd_error *err);

/* --- compare.c --- */
/* Fills J's comparison and the state of each finding; its results are sorted. WRONG as afd_policy_apply() gives it. */
int afd_compare(struct afd_judge *j, const char *const *wrong, struct afd_error *err);

/* --- gate_rules.c --- */
int afd_gate_policy_read(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err);
/* Rules that name what is not there are faults of A. After the frameworks were read. */
int afd_gate_policy_check(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err);

/* --- tier.c: tiers of findings --- */
int afd_tiers_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err);

/* --- waiver.c --- */
struct afd_waiver_rule {
	struct afd_waiver_mark mark;
	const char *finding, *check, *resource;
	int64_t observed_before;              /* AFD_TIME_NONE: not stated */
};
int afd_waivers_load(struct afd_store *s, struct afd_arena *a, struct afd_waiver_rule **ret, size_t *n,
		     struct afd_error *err);
bool afd_waiver_in_force(const struct afd_waiver_rule *w, int64_t as_of_ms);
bool afd_waiver_covers(const struct afd_waiver_rule *w, const struct afd_finding *f);
/* Marks findings and results of A; fills A's list. */
int afd_waivers_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err);

/* --- controls.c; framework.c, mapping.c and official.c: mappers/frameworks.h --- */
/* Its texts live in *keep, its controls in A. */
int afd_catalogue_parse(struct afd_slice json, const char *name, struct afd_arena *a, struct afd_doc **keep,
                        struct afd_catalogue *ret, struct afd_error *err);
/* Adds the links of a mapping to the catalogue that it names, one of N. Refuses unknown checks, unknown and withdrawn
 * controls, relations that the catalogue does not allow, and a check and control that stand above or in another file: a row of
 * another author takes the place of ours alone. */
int afd_mapping_parse(const struct afd_rule_file *f, struct afd_arena *a, struct afd_doc **keep, struct afd_catalogue *cat, size_t n,
		      const struct afd_check *check, size_t n_check, struct afd_error *err);
/* Puts the publisher's words beside our titles. Refuses a text of a control that is unknown or withdrawn. */
int afd_official_parse(const struct afd_rule_file *f, struct afd_arena *a, struct afd_doc **keep, struct afd_catalogue *cat, size_t n,
		       struct afd_error *err);

int afd_controls_count(struct afd_assessment *a, struct afd_error *err);
enum afd_phrase afd_phrase_of(const struct afd_counts *c);

/* --- assess.c --- */
/* As afd_assess() with the checks given instead of read from the ledger, no frameworks and no comparison: for cases. */
int afd_assess_checks(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms,
                      const struct afd_check *check, size_t n, struct afd_assessment **ret, struct afd_error *err);
int afd_assess_checks_so(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, const struct afd_check *check, size_t n,
			 const struct afd_assess_how *how, struct afd_assessment **ret, struct afd_error *err);
int afd_assess_checks_compared(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms,
			       const struct afd_check *check, size_t n, struct afd_assessment **ret, struct afd_error *err);

#endif
