/* From the ledger to the tables, item by item in leaf order. What an item says, its decode error and the position are
 * in one transaction, so a kill at any moment leaves a prefix; a rebuild is the same walk from leaf 0. */
#include "evidence/derive.h"

#include <inttypes.h>
#include <stdio.h>

#include "evidence/record.h"
#include "evidence/tables.h"

#define BATCH_ITEMS 500
#define BATCH_BYTES (64u * 1024 * 1024)

/* now: ledger time of the last item. Ledger time never runs backwards, whatever clocks do: it is the latest time at
 * which anything so far was received. */
struct derive { struct afd_store *s; afd_decode *decode; void *ctx; int64_t now; };

#define BEHIND_MS (10 * 60 * 1000)   /* a clock that is set right may jump a little */

/* Whether an item is there to tell its rows; if not, whether at least whose it was is known. */
enum lost { TOLD, LOST, LOST_ANYBODYS };

static int put_note(
	const struct derive *d, const struct afd_item *i, const char *kind, enum lost lost, struct afd_error *err)
{
	const struct afd_record *r = i->record.source ? &i->record : NULL;
	const struct afd_hex64 hex = afd_digest_hex(&i->hash);
	/* a recording has the time of its making, a file that of its last change */
	const bool live = r && r->kind == AFD_ITEM_ANSWER && r->channel && strncmp(r->channel, "file", 4) != 0;
	const int64_t server_ms = r && live ? r->server_ms : AFD_TIME_NONE;

	return AFD_RUN(d->s, err,
		"INSERT INTO item_note (leaf, hash, kind, source, decoder, asked, received_ms, parts, ledger_ms, lost, server_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		afd_u(i->leaf), afd_t(hex.s), afd_t(kind), afd_told(r ? r->source : ""), afd_told(r ? r->decoder : ""),
		afd_told(r && r->asked ? r->asked : ""), afd_i(r ? r->received_ms : 0), afd_u(r ? r->n_parts : 0),
		afd_i(d->now), afd_i(lost), afd_opt(server_ms, AFD_TIME_NONE));
}

static int put_error(struct afd_store *s, const struct afd_item *i, const char *reason, struct afd_error *err)
{
	return AFD_RUN(s, err, "INSERT INTO decode_error (leaf, source, reason) VALUES (?1, ?2, ?3)", afd_u(i->leaf),
		afd_told(i->record.source ? i->record.source : ""),
		afd_told(*reason ? reason : "its decoder could not read it"));
}

/* An item that is not there, or not what the tree says, gives no rows but a reason; and what comes next from its source
 * does not cover the time behind it. KNOWN: its record or stub may be believed as to whose it was. */
static int put_lost(struct derive *d, const struct afd_item *i, const char *kind, bool known, const char *reason,
	struct afd_error *err)
{
	known = known && i->record.source;
	if (known && i->record.received_ms > d->now)
		d->now = i->record.received_ms;
	if (put_note(d, i, kind, known ? LOST : LOST_ANYBODYS, err) < 0 || put_error(d->s, i, reason, err) < 0)
		return -1;
	return afd_zone_lost(d->s, known ? i->record.source : "", err);
}

#define CLOCK_BEHIND "its clock is behind the ledger"      /* read all the same */

/* A run item says what its source covered, and that rests on the answers since its last one. */
#define SINCE_LAST_RUN \
	"WITH last AS (SELECT coalesce(max(leaf), -1) AS leaf FROM item_note WHERE source = ?1 AND kind = 'run' AND leaf < ?2)"

/* Answers that are gone. */
static int find_lost(const struct derive *d, const struct afd_item *i, const char **ret, struct afd_error *err)
{
	int64_t why = 0;
	const int found = AFD_NUMBER(d->s, &why, err,
		SINCE_LAST_RUN " SELECT CASE n.kind WHEN 'erased' THEN 1 ELSE 2 END FROM last l CROSS JOIN item_note n"
		" WHERE n.lost > 0 AND (n.lost = 2 OR n.source = ?1) AND n.leaf > l.leaf AND n.leaf < ?2 ORDER BY n.leaf LIMIT 1",
		afd_told(i->record.source), afd_u(i->leaf));

	if (found > 0)
		*ret = why == 1 ? "an answer behind this was erased under a rule" : "an answer behind this is missing or damaged";
	return found < 0 ? -1 : 0;
}

static int count_gap(void *ctx, const struct afd_row_coverage *r, struct afd_error *err)
{
	int64_t *gaps = ctx;

	(void)err;
	*gaps += r->grade == AFD_GAP;
	return 0;
}

static int pass_watch(void *ctx, const struct afd_row_watch *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	return 0;
}

/* Answers that are there and cannot be read. A source that saw this states a gap for each, and the rest of its run stands: one
 * bad answer does not stop the others. Where it states fewer, nobody knows what lacks. */
static int find_unreadable(const struct derive *d, const struct afd_item *i, const char **ret, struct afd_error *err)
{
	const struct afd_item_view view = { i->leaf, &i->record, afd_buf_slice(&i->bytes), i->parts };
	int64_t bad = 0, gaps = 0;
	struct afd_sink sink = { .ctx = &gaps, .coverage = count_gap, .watch = pass_watch };

	if (AFD_NUMBER(d->s, &bad, err,
		    SINCE_LAST_RUN " SELECT count(*) FROM last l CROSS JOIN decode_error e WHERE e.leaf > l.leaf AND e.leaf < ?2 AND e.source = ?1"
		    " AND substr(e.reason, 1, length(?3)) <> ?3",
		    afd_told(i->record.source), afd_u(i->leaf), afd_t(CLOCK_BEHIND)) < 0)
		return -1;
	if (bad && d->decode(d->ctx, &view, &sink, NULL) >= 0 && gaps < bad)
		*ret = "an answer behind this could not be read";
	return 0;
}

static int find_doubt(const struct derive *d, const struct afd_item *i, const char **ret, struct afd_error *err)
{
	*ret = NULL;
	if (find_lost(d, i, ret, err) < 0)
		return -1;
	return *ret ? 0 : find_unreadable(d, i, ret, err);
}

static int put_behind(const struct derive *d, const struct afd_item *i, struct afd_error *err)
{
	char text[96];

	if (d->now - BEHIND_MS <= i->record.received_ms)
		return 0;
	snprintf(text, sizeof(text), CLOCK_BEHIND " by %" PRIu64 " s",
		((uint64_t)d->now - (uint64_t)i->record.received_ms) / 1000);
	return put_error(d->s, i, text, err);
}

#define NO_TOMBSTONE "erased; no tombstone says under which rule"

/* The tombstone comes later than what it names, and completes the reason that stands there. */
static int read_tombstone(struct afd_store *s, const struct afd_record *r, struct afd_error *err)
{
	AFD_AUTO(mem) char *reason = afd_sprintf("erased under rule %s by %s", r->rule, r->actor);

	if (!reason)
		return afd_fail_memory(err);
	return AFD_RUN(s, err, "UPDATE decode_error SET reason = ?3 WHERE leaf = ?1 AND reason = '" NO_TOMBSTONE "'"
	               " AND EXISTS (SELECT 1 FROM item WHERE leaf = ?1 AND erased = 1 AND hash = ?2)",
	               afd_u(r->erases_leaf), afd_d(&r->erases_hash), afd_told(reason));
}

/* Whether bytes and record are what the leaf commits to. Parts are left to afd_store_verify(): here it is only about
 * not letting changed bytes into a table. */
static bool genuine_record(const struct afd_item *i)
{
	struct afd_digest d;

	afd_record_leaf(afd_buf_slice(&i->record_text), &d);
	return afd_digest_equal(&d, &i->hash);
}

static bool genuine(const struct afd_item *i)
{
	struct afd_digest d;

	if (i->record.kind == AFD_ITEM_WITHHELD)
		return true;
	afd_item_content(i->secret, afd_buf_slice(&i->bytes), &d);
	return i->record.length == i->bytes.len && afd_digest_equal(&d, &i->record.content);
}

/* The rows of one item: all of them, or none and a reason. */
static int decode_item(const struct derive *d, const struct afd_item *i, struct afd_error *err)
{
	const struct afd_item_view view = { i->leaf, &i->record, afd_buf_slice(&i->bytes), i->parts };
	struct afd_tables t = { .s = d->s, .leaf = i->leaf, .record = &i->record, .ledger_ms = d->now };
	struct afd_sink sink = afd_tables_sink(&t);
	struct afd_error why = { 0 };
	int r, ret;

	if (i->record.kind == AFD_ITEM_RUN && find_doubt(d, i, &t.doubt, err) < 0)
		return -1;
	if (afd_sql_script(d->s, "SAVEPOINT item", err) < 0)
		return -1;
	r = d->decode(d->ctx, &view, &sink, &why);
	if (r >= 0 && t.failed) {   /* the decoder went on after the sink had said no */
		why = t.err;
		r = -1;
	}
	if (r >= 0)
		r = afd_tables_finish(&t, &why);
	if (r >= 0) {
		ret = afd_sql_script(d->s, "RELEASE item", err);
	} else if (t.fatal || why.code == AFD_E_MEMORY) {
		if (err)
			*err = t.fatal ? t.err : why;
		ret = -1;
	} else {
		ret = afd_sql_script(d->s, "ROLLBACK TO item; RELEASE item", err);
		if (ret == 0)
			ret = put_error(d->s, i, why.text, err);
	}
	afd_tables_release(&t);
	return ret;
}

static int derive_item(struct derive *d, const struct afd_item *i, struct afd_error *err)
{
	const bool bound = genuine_record(i);

	if (i->presence == AFD_ERASED)
		return put_lost(d, i, "erased", true, NO_TOMBSTONE, err);
	if (i->presence == AFD_MISSING)
		return put_lost(d, i, "missing", bound, "its bytes are missing from the store", err);
	if (!bound || !genuine(i))
		return put_lost(d, i, "damaged", bound, "its bytes are not those that its record commits to", err);
	if (i->record.received_ms > d->now)
		d->now = i->record.received_ms;
	if (put_note(d, i, afd_item_kind_name(i->record.kind), TOLD, err) < 0 || put_behind(d, i, err) < 0)
		return -1;
	if (i->record.kind == AFD_ITEM_TOMBSTONE)
		return read_tombstone(d->s, &i->record, err);
	if (i->record.kind == AFD_ITEM_WITHHELD)
		return 0;
	return decode_item(d, i, err);
}

static int derive_leaf(struct derive *d, uint64_t leaf, size_t *bytes, struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item i = { .leaf = leaf };
	struct afd_error why = { 0 };

	if (afd_store_item(d->s, leaf, &i, &why) < 0) {
		if (why.code != AFD_E_PARSE && why.code != AFD_E_LIMIT) {
			if (err)
				*err = why;
			return -1;
		}
		if (afd_store_leaf_hash(d->s, leaf, &i.hash, err) < 0)
			return -1;
		return put_lost(d, &i, "damaged", false, why.text, err);
	}
	*bytes += i.bytes.len;
	return derive_item(d, &i, err);
}

/* One transaction: as many items as go into a batch, and the position after them. */
static int derive_batch(struct derive *d, uint64_t *at, uint64_t size, struct afd_error *err)
{
	const uint64_t first = *at;
	size_t bytes = 0;

	while (*at < size && *at - first < BATCH_ITEMS && bytes < BATCH_BYTES) {
		if (derive_leaf(d, *at, &bytes, err) < 0)
			return afd_within(err, "deriving leaf %" PRIu64, *at);
		++*at;
	}
	return AFD_RUN(d->s, err, "UPDATE derived SET size = ?1", afd_u(*at));
}

static int derive_from(struct derive *d, uint64_t at, struct afd_error *err)
{
	uint64_t size;

	if (afd_store_size(d->s, &size, err) < 0)
		return -1;
	if (at > 0 && AFD_NUMBER(d->s, &d->now, err, "SELECT ledger_ms FROM item_note WHERE leaf = ?1", afd_u(at - 1)) < 0)
		return -1;
	while (at < size) {
		if (afd_store_begin(d->s, err) < 0)
			return -1;
		if (derive_batch(d, &at, size, err) < 0) {
			afd_store_rollback(d->s);
			return -1;
		}
		if (afd_store_commit(d->s, err) < 0)
			return -1;
	}
	return 0;
}

static int reset(struct afd_store *s, struct afd_error *err)
{
	if (afd_schema_reset_derived(s, err) < 0)
		return -1;
	return AFD_RUN(s, err, "INSERT INTO derived (one, size, engine) VALUES (1, 0, ?1)", afd_t(s->engine));
}

/* Where the tables stand: 1 and *size, 0 when they must be made anew. An older program may have had no such table. */
static int position(struct afd_store *s, uint64_t *size, struct afd_error *err)
{
	int64_t there = 0, n = 0;
	int found;

	if (afd_sql_number(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'derived'", NULL, 0, &there, err) < 0)
		return -1;
	if (!there)
		return 0;
	found = AFD_NUMBER(s, &n, err, "SELECT size FROM derived WHERE engine = ?1", afd_t(s->engine));
	*size = (uint64_t)n;
	return found;
}

bool afd_derive_due(const struct afd_store *s)
{
	return s->foreign_tables;
}

int afd_rebuild(struct afd_store *s, afd_decode *decode, void *ctx, struct afd_error *err)
{
	struct derive d = { s, decode, ctx, 0 };

	if (afd_store_need_write(s, err) < 0)
		return -1;
	if (afd_store_begin(s, err) < 0)
		return -1;
	if (reset(s, err) < 0) {
		afd_store_rollback(s);
		return afd_within(err, "rebuilding");
	}
	if (afd_store_commit(s, err) < 0)
		return -1;
	s->foreign_tables = false;
	return derive_from(&d, 0, err);
}

int afd_derive(struct afd_store *s, afd_decode *decode, void *ctx, struct afd_error *err)
{
	struct derive d = { s, decode, ctx, 0 };
	uint64_t at = 0, size = 0;
	int r;

	if (afd_store_need_write(s, err) < 0)
		return -1;
	r = position(s, &at, err);
	if (r < 0 || afd_store_size(s, &size, err) < 0)
		return -1;
	if (r == 0 || at > size)
		return afd_rebuild(s, decode, ctx, err);
	return derive_from(&d, at, err);
}
