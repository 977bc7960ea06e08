/* The store's sink: rows of decoders become rows of tables, for one item at a time. Private to evidence/. */
#ifndef AFD_EVIDENCE_TABLES_H
#define AFD_EVIDENCE_TABLES_H

#include "evidence/db.h"
#include "evidence/sink.h"

/* What one item says about one zone: its answers are chained, and one statement of coverage ends them. */
struct afd_zone_run {
	char *zone;
	int64_t serial;             /* of the state now; AFD_NO_SERIAL: not known */
	int64_t base_ms, seen_ms;   /* last look before this item; look of this item */
	int64_t content_ms;         /* last comparison of the whole content before this item */
	int64_t from;               /* where what is written now begins: base_ms, or content_ms once content was compared */
	int64_t seq, anomalies;     /* changes written so far; records of differences that do not fit the content */
	uint64_t part;
	enum afd_grade grade;
	char reason[160];           /* of a gap or a comparison; "" for a proven stretch */
	bool known, behind;         /* known: the zone had a state before; behind: nothing newer than that was told */
	bool compared, moved;       /* the whole content was compared; it had moved under a serial that had not */
	bool lost;                  /* an answer since content_ms is gone */
	bool partial, undated;      /* never seen whole: only what differences said is known; and this item began that */
	bool merged;                /* the history up to a whole zone was merged, and that is said */
	bool broken, more;          /* steps are lost before what is applied now; the next item goes on with this one */
	struct afd_span at;         /* when the difference at hand took effect, as its source says; { 0, 0 }: it does not */
	bool unauthenticated;       /* nothing shows who gave one of the answers */
};
#define AFD_NO_SERIAL (-1)

/* Rows of one user file, kept until user_end: nothing of a file counts before all of it was read. */
struct afd_user_value { char *column, *text; int64_t i; bool is_int; };
struct afd_user_row { char *table, *key, *content; struct afd_user_value *v; size_t n; uint64_t part; };
struct afd_user_file { char **table; size_t n_table; struct afd_user_row *row; size_t n, cap; bool open; };

struct afd_tables {
	struct afd_store *s;
	uint64_t leaf;
	const struct afd_record *record;
	int64_t ledger_ms;          /* ledger time of the item */
	const char *doubt;          /* why what it says of coverage is not believed; NULL: it is */
	struct afd_zone_run *zone; size_t n_zone;
	struct afd_user_file user;
	struct afd_error err;       /* of the first call that failed */
	bool failed, fatal;         /* fatal: the store failed, not the decoder */
};

struct afd_sink afd_tables_sink(struct afd_tables *t);
/* After the decoder returned: statements about zones. */
int afd_tables_finish(struct afd_tables *t, struct afd_error *err);
void afd_tables_release(struct afd_tables *t);

/* Each returns 0 or -1 with err. */
int afd_put_coverage(struct afd_tables *t, const struct afd_row_coverage *r, struct afd_error *err);
int afd_zone_whole(struct afd_tables *t, const struct afd_row_zone *r, struct afd_error *err);
int afd_zone_diff(struct afd_tables *t, const struct afd_row_diff *r, struct afd_error *err);
int afd_zone_serial(struct afd_tables *t, const struct afd_row_serial *r, struct afd_error *err);
int afd_zone_finish(struct afd_tables *t, struct afd_error *err);
void afd_zone_release(struct afd_tables *t);
/* An answer of SOURCE ("": nobody knows whose) is gone: what its zones say next does not cover the time behind it. */
int afd_zone_lost(struct afd_store *s, const char *source, struct afd_error *err);
int afd_put_event(struct afd_tables *t, const struct afd_row_event *r, struct afd_error *err);
/* derive_domains.c, derive_accounts.c */
int afd_put_domain_state(struct afd_tables *t, const struct afd_row_domain_state *r, struct afd_error *err);
int afd_put_domain_change(struct afd_tables *t, const struct afd_row_domain_change *r, struct afd_error *err);
int afd_put_credentials(struct afd_tables *t, const struct afd_row_credentials *r, struct afd_error *err);
int afd_put_members(struct afd_tables *t, const struct afd_row_members *r, struct afd_error *err);
/* tables_live.c */
int afd_put_declared(struct afd_tables *t, const struct afd_row_declared *r, struct afd_error *err);
int afd_put_grants(struct afd_tables *t, const struct afd_row_grants *r, struct afd_error *err);
int afd_put_answer(struct afd_tables *t, const struct afd_row_answer *r, struct afd_error *err);
int afd_put_dnssec(struct afd_tables *t, const struct afd_row_dnssec *r, struct afd_error *err);
int afd_put_endpoint(struct afd_tables *t, const struct afd_row_endpoint *r, struct afd_error *err);
int afd_put_observation(struct afd_tables *t, const struct afd_row_observation *r, struct afd_error *err);
int afd_put_issuance(struct afd_tables *t, const struct afd_row_issuance *r, struct afd_error *err);
int afd_put_held(struct afd_tables *t, const struct afd_row_held *r, struct afd_error *err);
int afd_put_notice(struct afd_tables *t, const struct afd_row_notice *r, struct afd_error *err);
int afd_put_revocation(struct afd_tables *t, const struct afd_row_revocation *r, struct afd_error *err);
int afd_user_begin(struct afd_tables *t, const char *const *tables, struct afd_error *err);
int afd_user_row(struct afd_tables *t, const struct afd_row_user *r, struct afd_error *err);
int afd_user_end(struct afd_tables *t, struct afd_error *err);
void afd_user_release(struct afd_tables *t);

#endif
