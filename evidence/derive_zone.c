/* The state of zones, and the effects that move it: whole transfers, differences, and the serial alone.
 *
 * There is one state for a zone, whoever tells it. It is the content at `zone.serial`, last seen at `zone.seen_ms`; when
 * a chain of differences breaks, the serial is AFD_NO_SERIAL until a whole transfer says again what is there. Effects lie
 * between the last look and this one: nobody saw when.
 *
 * A serial is the server's word: who edits a zone without raising it is seen by neither differences nor SOA. So those two
 * assert only, and a whole transfer that finds the expected content proves the time since content was last compared
 * (`zone.content_ms`); one that finds other content takes back what was asserted since then.
 *
 * Differences whose beginning we do not know (the zone was never seen whole, or steps before them are lost) happened all the
 * same: they are told, with what they remove taken as having been there, and a gap says that nothing could be checked until
 * a whole content comes. */
#include <inttypes.h>
#include <stdio.h>

#include "core/when.h"
#include "evidence/tables.h"

#define PRESENT "9223372036854775807"   /* AFD_FOREVER, as the partial index on record writes it */

/* RFC 1982, 3.2: A came before B. Serials that are 2^31 apart came neither before nor after. */
static bool older(uint32_t a, uint32_t b)
{
	const uint32_t ahead = b - a;

	return ahead != 0 && ahead < UINT32_C(0x80000000);
}

/* What a signing server makes by itself from the rest; keys and their announcements are kept. TYPE65534: how far BIND's
 * signing of a zone has come (sig-signing-type). */
static bool is_content(const struct afd_rr *r)
{
	static const char *const noise[] = { "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "SOA", "TYPE65534", "ZONEMD" };

	for (size_t i = 0; i < AFD_COUNT(noise); i++)
		if (strcmp(r->type, noise[i]) == 0)
			return false;
	return true;
}

static int check_rr(const struct afd_rr *rr, size_t n, struct afd_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (!rr[i].owner || !rr[i].type || !rr[i].rdata)
			return afd_fail(err, AFD_E_PARSE, "record %zu has no owner, type or content", i + 1);
	return 0;
}

/* --- what this item says of a zone --- */

static int load_state(struct afd_tables *t, struct afd_zone_run *z, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	if (AFD_OPEN(t->s, &st, err, "SELECT serial, seen_ms, content_ms, lost, partial FROM zone WHERE name = ?1", afd_told(z->zone)) < 0)
		return -1;
	r = afd_sql_step(t->s, st, err);
	if (r <= 0)
		return r;
	z->known = true;
	z->serial = sqlite3_column_int64(st, 0);
	z->base_ms = z->from = sqlite3_column_int64(st, 1);
	z->content_ms = sqlite3_column_int64(st, 2);
	z->lost = sqlite3_column_int(st, 3);
	z->partial = sqlite3_column_int(st, 4);
	z->undated = z->base_ms == 0;
	return 0;
}

static int find_run(struct afd_tables *t, const char *zone, int64_t seen_ms, uint64_t part, struct afd_zone_run **ret,
	struct afd_error *err)
{
	struct afd_zone_run *z;

	if (!zone || seen_ms == AFD_TIME_NONE || seen_ms == AFD_FOREVER)
		return afd_fail(err, AFD_E_PARSE, "a zone's answer without its name or time");
	for (size_t i = 0; i < t->n_zone; i++) {
		if (strcmp(t->zone[i].zone, zone) == 0) {
			*ret = &t->zone[i];
			(*ret)->part = part;
			return 0;
		}
	}
	z = realloc(t->zone, (t->n_zone + 1) * sizeof(*z));
	if (!z)
		return afd_fail_memory(err);
	t->zone = z;
	z += t->n_zone;
	*z = (struct afd_zone_run){ .zone = afd_strdup(zone),
		.serial = AFD_NO_SERIAL,
		.base_ms = seen_ms,
		.content_ms = seen_ms,
		.from = seen_ms,
		.seen_ms = seen_ms,
		.part = part,
		.grade = AFD_PROVEN };
	if (!z->zone)
		return afd_fail_memory(err);
	t->n_zone++;
	*ret = z;
	return load_state(t, z, err);
}

static int run_of(struct afd_tables *t, const char *zone, int64_t seen_ms, uint64_t part, bool authenticated,
	struct afd_zone_run **ret, struct afd_error *err)
{
	if (find_run(t, zone, seen_ms, part, ret, err) < 0)
		return -1;
	if (!authenticated)
		(*ret)->unauthenticated = true;
	return 0;
}

/* Grades only get worse within an item. */
static int say(struct afd_zone_run *z, enum afd_grade grade, const char *fmt, ...) AFD_PRINTF(3, 4);
static int say(struct afd_zone_run *z, enum afd_grade grade, const char *fmt, ...)
{
	va_list ap;

	if (grade > z->grade)
		return 0;
	z->grade = grade;
	va_start(ap, fmt);
	vsnprintf(z->reason, sizeof(z->reason), fmt, ap);
	va_end(ap);
	return 0;
}

/* A clock that was set back must not make an interval that ends before it begins. */
static struct afd_span looked(const struct afd_zone_run *z)
{
	const bool forward = z->seen_ms >= z->from;

	return (struct afd_span){ forward ? z->from : z->seen_ms, (forward ? z->seen_ms : z->from) + 1 };
}

/* As narrow as the source says, where that lies between our looks; else the clocks disagree, and we keep what we saw. */
static struct afd_span between(const struct afd_zone_run *z)
{
	const struct afd_span wide = looked(z);
	const struct afd_span at = { z->at.from > wide.from ? z->at.from : wide.from, z->at.to < wide.to ? z->at.to : wide.to };

	return z->at.from < z->at.to && at.from < at.to ? at : wide;
}

/* --- writing effects --- */

static int put_change(
	struct afd_tables *t, struct afd_zone_run *z, int64_t to, const char *kind, const char *merged, int64_t *id,
	struct afd_error *err)
{
	const struct afd_span at = between(z);

	if (AFD_RUN(t->s, err,
		    "INSERT INTO change (source, zone, serial_from, serial_to, kind, t_from, t_to, anomalies, seq, leaf, part, merged)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11)",
		    afd_t(t->record->source), afd_told(z->zone), afd_i(z->serial), afd_i(to), afd_t(kind),
		    afd_i(at.from), afd_i(at.to), afd_i(z->seq), afd_u(t->leaf), afd_u(z->part), afd_told(merged)) < 0)
		return -1;
	z->seq++;
	*id = sqlite3_last_insert_rowid(t->s->db);
	return 0;
}

static int put_change_record(struct afd_tables *t, const struct afd_zone_run *z, int64_t change, const char *op,
	int64_t record, struct afd_error *err)
{
	const struct afd_span at = between(z);

	return AFD_RUN(t->s, err,
		"INSERT INTO change_record (change_id, zone, owner, type, op, ttl, rdata, t_from, t_to, leaf, part)"
		" SELECT ?1, zone, owner, type, ?2, ttl, rdata, ?3, ?4, ?5, ?6 FROM record WHERE id = ?7",
		afd_i(change), afd_t(op), afd_i(at.from), afd_i(at.to), afd_u(t->leaf), afd_u(z->part), afd_i(record));
}

static int put_record(struct afd_tables *t, const struct afd_zone_run *z, const struct afd_rr *r, bool at_start,
	struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO record (zone, owner, type, ttl, rdata, valid_from, valid_to, at_start, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, " PRESENT ", ?7, ?8, ?9)",
		afd_told(z->zone), afd_told(r->owner), afd_told(r->type), afd_i(r->ttl), afd_told(r->rdata),
		afd_i(between(z).from), afd_i(at_start), afd_u(t->leaf), afd_u(z->part));
}

static int add(
	struct afd_tables *t, struct afd_zone_run *z, int64_t change, const struct afd_rr *r, struct afd_error *err)
{
	if (put_record(t, z, r, false, err) < 0)
		return -1;
	return put_change_record(t, z, change, "add", sqlite3_last_insert_rowid(t->s->db), err);
}

static int del(struct afd_tables *t, struct afd_zone_run *z, int64_t change, int64_t record, struct afd_error *err)
{
	if (AFD_RUN(t->s, err, "UPDATE record SET valid_to = ?2 WHERE id = ?1", afd_i(record), afd_i(between(z).to)) <
		0)
		return -1;
	return put_change_record(t, z, change, "del", record, err);
}

/* --- whole transfers --- */

static int compare_rr(const void *pa, const void *pb)
{
	const struct afd_rr *a = *(const struct afd_rr *const *)pa, *b = *(const struct afd_rr *const *)pb;
	int r = strcmp(a->owner, b->owner);

	if (r == 0)
		r = strcmp(a->type, b->type);
	if (r == 0)
		r = strcmp(a->rdata, b->rdata);
	return r ? r : (a->ttl > b->ttl) - (a->ttl < b->ttl);
}

static bool same_rr(const struct afd_rr *a, const struct afd_rr *b)
{
	return strcmp(a->owner, b->owner) == 0 && strcmp(a->type, b->type) == 0 && strcmp(a->rdata, b->rdata) == 0;
}

struct content { const struct afd_rr **at; size_t n; };

/* The answer's content, sorted, each record once. */
static int content_of(const struct afd_row_zone *r, struct content *ret, struct afd_error *err)
{
	const struct afd_rr **at = calloc(r->n ? r->n : 1, sizeof(*at));
	size_t n = 0, kept = 0;

	if (!at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < r->n; i++)
		if (is_content(&r->rr[i]))
			at[n++] = &r->rr[i];
	qsort(at, n, sizeof(*at), compare_rr);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !same_rr(at[kept - 1], at[i]))
			at[kept++] = at[i];
	*ret = (struct content){ at, kept };
	return 0;
}

static int put_zone(struct afd_tables *t, const struct afd_zone_run *z, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO zone (name, source, serial, seen_ms, content_ms, first_ms, leaf, part, partial)"
		" VALUES (?1, ?2, ?3, ?4, ?4, ?4, ?5, ?6, ?7)",
		afd_told(z->zone), afd_t(t->record->source), afd_i(z->serial), afd_i(z->seen_ms), afd_u(t->leaf),
		afd_u(z->part), afd_i(z->partial));
}

static int first_look(
	struct afd_tables *t, struct afd_zone_run *z, const struct content *c, int64_t serial, struct afd_error *err)
{
	for (size_t i = 0; i < c->n; i++)
		if (put_record(t, z, c->at[i], true, err) < 0)
			return -1;
	z->serial = serial;
	z->known = true;
	return put_zone(t, z, err);
}

/* What must go and what must come to make the state the answer's content. */
struct delta { int64_t *gone; size_t n_gone, cap; const struct afd_rr **come; size_t n_come; };

static int add_gone(struct delta *d, int64_t id, struct afd_error *err)
{
	if (d->n_gone == d->cap) {
		const size_t cap = d->cap ? 2 * d->cap : 64;
		int64_t *p = realloc(d->gone, cap * sizeof(*p));

		if (!p)
			return afd_fail_memory(err);
		d->gone = p;
		d->cap = cap;
	}
	d->gone[d->n_gone++] = id;
	return 0;
}

/* Both sides in the same order, side by side. */
static int compare(struct afd_tables *t, const struct afd_zone_run *z, const struct content *c, struct delta *d,
	struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	size_t i = 0;
	int r;

	d->come = calloc(c->n ? c->n : 1, sizeof(*d->come));
	if (!d->come)
		return afd_fail_memory(err);
	if (AFD_OPEN(t->s, &st, err,
		    "SELECT id, owner, type, rdata, ttl FROM record WHERE zone = ?1 AND valid_to = " PRESENT
		    " ORDER BY owner, type, rdata",
		    afd_told(z->zone)) < 0)
		return -1;
	while ((r = afd_sql_step(t->s, st, err)) > 0) {
		const struct afd_rr have = {
			.owner = (const char *)sqlite3_column_text(st, 1),
			.type = (const char *)sqlite3_column_text(st, 2),
			.rdata = (const char *)sqlite3_column_text(st, 3),
			.ttl = (uint32_t)sqlite3_column_int64(st, 4),
		};
		const struct afd_rr *const h = &have;

		if (!have.owner || !have.type || !have.rdata)
			return afd_fail_memory(err);
		while (i < c->n && !same_rr(c->at[i], h) && compare_rr(&c->at[i], &h) < 0)
			d->come[d->n_come++] = c->at[i++];
		if (i < c->n && same_rr(c->at[i], h) && c->at[i]->ttl == h->ttl) {
			i++;
			continue;
		}
		if (add_gone(d, sqlite3_column_int64(st, 0), err) < 0)
			return -1;
		if (i < c->n && same_rr(c->at[i], h))   /* the time to live changed: the old one goes, a new one comes */
			d->come[d->n_come++] = c->at[i++];
	}
	while (r == 0 && i < c->n)
		d->come[d->n_come++] = c->at[i++];
	return r;
}

static int put_delta(struct afd_tables *t, struct afd_zone_run *z, const struct delta *d, int64_t serial, const char *kind,
	struct afd_error *err)
{
	int64_t change;

	if (put_change(t, z, serial, kind, NULL, &change, err) < 0)
		return -1;
	for (size_t i = 0; i < d->n_gone; i++)
		if (del(t, z, change, d->gone[i], err) < 0)
			return -1;
	for (size_t i = 0; i < d->n_come; i++)
		if (add(t, z, change, d->come[i], err) < 0)
			return -1;
	return 0;
}

/* Did steps since the last comparison come merged? A content as expected says nothing of what came and went in them. */
static int was_merged(struct afd_tables *t, const struct afd_zone_run *z, int64_t *ret, struct afd_error *err)
{
	return AFD_NUMBER(t->s, ret, err, "SELECT count(*) FROM change WHERE zone = ?1 AND merged IS NOT NULL AND t_to > ?2",
		afd_told(z->zone), afd_i(z->content_ms)) < 0 ? -1 : 0;
}

/* What a whole transfer that was compared is worth. DIFFERS: its content is not that of the state. */
static void say_compared(struct afd_zone_run *z, uint32_t serial, bool differs, const char *unserved)
{
	if (z->lost) {
		say(z, AFD_GAP, "an answer behind this was erased, or is missing or damaged");
	} else if (z->serial == AFD_NO_SERIAL) {
		say(z, AFD_SAMPLED, "the chain was broken before: compared with the state last known");
	} else if (z->serial != serial && !z->merged) {   /* else it is said already what was lost */
		say(z, AFD_SAMPLED, "history not served: %s", unserved ? unserved : "whole transfer instead of differences");
	} else if (differs && z->serial == serial) {
		z->moved = true;
		say(z, AFD_SAMPLED, "content changed under an unmoved serial");
	} else if (z->serial == serial && z->grade >= AFD_ASSERTED) {   /* what the serial asserted in this item is proven now */
		z->grade = AFD_PROVEN;
		say(z, AFD_PROVEN, "serial and content as expected");
	}
}

/* The first whole content of a zone of which only differences were known. What they did not speak of was there before them.
 * What they say is there and is not was removed since, or under the same serial they told wrong. */
static int complete(struct afd_tables *t, struct afd_zone_run *z, const struct delta *d, int64_t serial, struct afd_error *err)
{
	const struct delta gone = { .gone = d->gone, .n_gone = d->n_gone };

	z->from = z->base_ms;
	if (d->n_gone && put_delta(t, z, &gone, serial, "comparison", err) < 0)
		return -1;
	for (size_t i = 0; i < d->n_come; i++)
		if (put_record(t, z, d->come[i], true, err) < 0)
			return -1;
	z->from = z->base_ms = z->seen_ms;   /* and so begins what is known of it */
	z->partial = false;
	return 0;
}

static int second_look(
	struct afd_tables *t, struct afd_zone_run *z, const struct content *c, int64_t serial, const char *unserved,
	struct afd_error *err)
{
	struct delta d = { 0 };
	const bool first = z->partial;
	int64_t merged = 0;
	bool differs;
	int r;

	z->from = z->content_ms;
	if (z->anomalies || z->broken)   /* differences that did not fit left a state that is known to be wrong */
		z->serial = AFD_NO_SERIAL;
	r = compare(t, z, c, &d, err);
	if (r == 0)
		r = was_merged(t, z, &merged, err);
	differs = d.n_gone || d.n_come;
	if (r == 0 && first) {
		r = complete(t, z, &d, serial, err);
	} else if (r == 0 && (differs || (z->serial != AFD_NO_SERIAL && z->serial != serial))) {
		r = put_delta(t, z, &d, serial, "comparison", err);
	}
	if (r == 0) {
		if (merged)
			say(z, AFD_SAMPLED, "content as expected; steps of its history were merged before");
		if (!first)
			say_compared(z, serial, differs, unserved);
		z->serial = serial;
		z->compared = true;
		z->broken = false;
		z->anomalies = 0;
	}
	free(d.gone);
	free(d.come);
	return r;
}

/* A list of records without a serial: its content alone moves the state, and what came and went between is not seen. */
static int list_look(struct afd_tables *t, struct afd_zone_run *z, const struct content *c, struct afd_error *err)
{
	struct delta d = { 0 };
	bool differs;
	int r;

	z->from = z->partial ? z->base_ms : z->content_ms;
	r = compare(t, z, c, &d, err);
	differs = d.n_gone || d.n_come;
	if (r == 0 && z->partial)
		r = complete(t, z, &d, z->serial, err);
	else if (r == 0 && differs)
		r = put_delta(t, z, &d, z->serial, "content", err);
	if (r == 0) {
		say(z, z->lost ? AFD_GAP : AFD_SAMPLED, "%s", z->lost ? "an answer behind this was erased, or is missing or damaged" :
		    differs ? "content changed; the source tells no serial" : "content as before; the source tells no serial");
		z->compared = true;
		z->broken = false;
		z->anomalies = 0;
	}
	free(d.gone);
	free(d.come);
	return r;
}

/* Another server that lags would make the zone seem to jump back and forth; the one that told us last may really go back. */
static int lags(struct afd_tables *t, const struct afd_zone_run *z, uint32_t serial, struct afd_error *err)
{
	int64_t same = 0;

	if (z->serial == AFD_NO_SERIAL || !older(serial, (uint32_t)z->serial))
		return 0;
	if (AFD_NUMBER(t->s, &same, err, "SELECT source = ?2 FROM zone WHERE name = ?1", afd_told(z->zone),
		    afd_t(t->record->source)) < 0)
		return -1;
	return same == 0;
}

static int whole(struct afd_tables *t, const struct afd_row_zone *r, const struct content *c, struct afd_error *err)
{
	struct afd_zone_run *z;
	int behind;

	if (run_of(t, r->zone, r->seen_ms, r->part, r->authenticated, &z, err) < 0)
		return -1;
	if (r->copy)
		say(z, AFD_SAMPLED, "a copy in a file: what was served between two of them is not known");
	/* one that is behind what is known says nothing; one that is ahead is where a merged history begins */
	if (r->past && z->known && !z->partial && z->serial != AFD_NO_SERIAL && !older((uint32_t)z->serial, r->serial))
		return 0;
	if (r->past && !z->known) {
		z->undated = true;
		z->from = 0;
	} else if (r->past && z->serial != AFD_NO_SERIAL) {
		z->merged = true;
		say(z, AFD_SAMPLED, "the server merged its history up to serial %" PRIu32 " into one: what came and went since %" PRId64
		    " is lost", r->serial, z->serial);
	}
	if (!z->known)
		return first_look(t, z, c, r->no_serial ? AFD_NO_SERIAL : (int64_t)r->serial, err);
	if (r->no_serial)
		return list_look(t, z, c, err);
	behind = lags(t, z, r->serial, err);
	if (behind < 0)
		return -1;
	if (behind)
		return say(z, AFD_GAP, "server is behind: serial %" PRIu32 ", and %" PRId64 " was seen before",
			r->serial, z->serial);
	return second_look(t, z, c, r->serial, r->unserved, err);
}

int afd_zone_whole(struct afd_tables *t, const struct afd_row_zone *r, struct afd_error *err)
{
	struct content c = { 0 };
	int ret;

	if (check_rr(r->rr, r->n, err) < 0 || content_of(r, &c, err) < 0)
		return afd_within(err, "zone %s", r->zone ? r->zone : "without a name");
	ret = whole(t, r, &c, err);
	free(c.at);
	return ret;
}

/* --- differences --- */

/* Row of a record that is there now; 1 found, 0 none. */
static int present(
	struct afd_tables *t, const struct afd_zone_run *z, const struct afd_rr *r, int64_t *id, struct afd_error *err)
{
	return AFD_NUMBER(t->s, id, err,
		"SELECT id FROM record WHERE zone = ?1 AND owner = ?2 AND type = ?3 AND rdata = ?4"
		" AND valid_to = " PRESENT,
		afd_told(z->zone), afd_told(r->owner), afd_told(r->type), afd_told(r->rdata));
}

/* A record that goes. Where the content before is not known it was there: it is told that it went. */
static int remove_rr(struct afd_tables *t, struct afd_zone_run *z, int64_t change, const struct afd_rr *r, int64_t *anomalies,
	struct afd_error *err)
{
	int64_t id = 0;
	int found;

	if (!is_content(r))
		return 0;
	found = present(t, z, r, &id, err);
	if (found < 0)
		return -1;
	if (!found && !z->partial && !z->broken) {
		++*anomalies;
		return 0;
	}
	if (!found) {
		if (put_record(t, z, r, z->partial, err) < 0)
			return -1;
		id = sqlite3_last_insert_rowid(t->s->db);
	}
	return del(t, z, change, id, err);
}

/* Servers are known that tell records as added which nobody touched (NSD 4.6, create-ixfr): never a change. */
static int come_rr(struct afd_tables *t, struct afd_zone_run *z, int64_t change, const struct afd_rr *r, int64_t *anomalies,
	struct afd_error *err)
{
	int64_t id;
	int found;

	if (!is_content(r))
		return 0;
	found = present(t, z, r, &id, err);
	if (found < 0 || (found == 0 && add(t, z, change, r, err) < 0))
		return -1;
	*anomalies += found == 1;
	return 0;
}

static int apply(struct afd_tables *t, struct afd_zone_run *z, const struct afd_row_diff *r, struct afd_error *err)
{
	int64_t change, anomalies = 0;   /* anomalies: of this difference; z->anomalies: of the item */

	z->at = r->at;
	if (put_change(t, z, r->to, "difference", r->merged, &change, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n_del; i++)
		if (remove_rr(t, z, change, &r->del[i], &anomalies, err) < 0)
			return -1;
	for (size_t i = 0; i < r->n_add; i++)
		if (come_rr(t, z, change, &r->add[i], &anomalies, err) < 0)
			return -1;
	z->at = (struct afd_span){ 0, 0 };
	z->serial = r->to;
	if (r->merged)
		say(z, AFD_SAMPLED, "serial %" PRIu32 " to %" PRIu32 ": %s", r->from, r->to, r->merged);
	if (!anomalies)
		return 0;
	if (!z->broken)
		z->anomalies += anomalies;
	return AFD_RUN(t->s, err, "UPDATE change SET anomalies = ?2 WHERE id = ?1", afd_i(change), afd_i(anomalies));
}

/* A zone of which nothing was known: what its differences tell happened at some time before. */
static int begin_partial(struct afd_tables *t, struct afd_zone_run *z, const struct afd_row_diff *r, struct afd_error *err)
{
	z->known = z->partial = z->undated = true;
	z->serial = r->from;
	z->from = 0;
	say(z, AFD_GAP, "differences of a zone that was never seen whole");
	return put_zone(t, z, err);
}

/* Steps between the state and R are lost, or nobody knows: told in words, and R is told as what happened later. */
static void break_chain(struct afd_zone_run *z, const struct afd_row_diff *r)
{
	if (z->serial == AFD_NO_SERIAL)
		say(z, AFD_GAP, "differences after a break: a whole transfer is needed");
	else if (!older((uint32_t)z->serial, r->from))
		say(z, AFD_GAP, "serial %" PRIu32 " to %" PRIu32 " is told as one step, the state is at %" PRId64 " between them: "
		    "the history was merged", r->from, r->to, z->serial);
	else
		say(z, AFD_GAP, "differences begin at serial %" PRIu32 ", the state is at %" PRId64 ": the steps between are lost, "
		    "the history was trimmed", r->from, z->serial);
	z->broken = true;
	z->from = z->content_ms;
	if (z->serial == AFD_NO_SERIAL || older((uint32_t)z->serial, r->from))
		z->serial = r->from;
}

static void say_chain(struct afd_zone_run *z)
{
	if (z->partial && !z->undated)
		say(z, AFD_SAMPLED, "serial chain of a zone that was never seen whole");
	else
		say(z, AFD_ASSERTED, "serial chain; content not compared");
}

static int chain(struct afd_tables *t, struct afd_zone_run *z, const struct afd_row_diff *r, struct afd_error *err)
{
	if (!z->known && begin_partial(t, z, r, err) < 0)
		return -1;
	if (z->serial != AFD_NO_SERIAL && r->from != (uint32_t)z->serial &&
	    (r->to == (uint32_t)z->serial || older(r->to, (uint32_t)z->serial))) {   /* in the state already: another source told it */
		if (z->seq == 0) {
			z->behind = r->to != (uint32_t)z->serial;
			say_chain(z);
		}
		return 0;
	}
	z->behind = false;
	if (z->serial == AFD_NO_SERIAL || r->from != (uint32_t)z->serial)
		break_chain(z, r);
	else
		say_chain(z);
	return apply(t, z, r, err);
}

int afd_zone_diff(struct afd_tables *t, const struct afd_row_diff *r, struct afd_error *err)
{
	struct afd_zone_run *z;

	if (check_rr(r->del, r->n_del, err) < 0 || check_rr(r->add, r->n_add, err) < 0)
		return afd_within(err, "differences of %s", r->zone ? r->zone : "a zone without a name");
	if (run_of(t, r->zone, r->seen_ms, r->part, r->authenticated, &z, err) < 0)
		return -1;
	z->more = r->more;
	return chain(t, z, r, err);
}

/* --- the serial alone --- */

int afd_zone_serial(struct afd_tables *t, const struct afd_row_serial *r, struct afd_error *err)
{
	struct afd_zone_run *z;

	if (run_of(t, r->zone, r->seen_ms, r->part, r->authenticated, &z, err) < 0)
		return -1;
	if (z->serial == AFD_NO_SERIAL)
		return say(z, AFD_GAP, z->known ? "a serial after a break: a whole transfer is needed" :
		           "a serial of a zone that was never seen whole");
	if (r->serial == (uint32_t)z->serial && z->partial)
		return say(z, AFD_SAMPLED, "serial unmoved, of a zone that was never seen whole");
	if (r->serial == (uint32_t)z->serial)
		return say(z, AFD_ASSERTED, "serial unmoved; content not compared");
	if (older(r->serial, (uint32_t)z->serial))
		return say(z, AFD_GAP, "server is behind: serial %" PRIu32 ", and %" PRId64 " was seen before",
			r->serial, z->serial);
	return say(z, AFD_GAP, "server is at serial %" PRIu32 " and told no differences from %" PRId64, r->serial,
		z->serial);
}

/* --- the end of the item --- */

/* After a gap the state stays as last seen; only that its serial is lost may be new. */
static int move_state(struct afd_tables *t, const struct afd_zone_run *z, struct afd_error *err)
{
	if (z->more || (z->grade == AFD_GAP && !z->compared && !z->partial))
		return AFD_RUN(t->s, err, "UPDATE zone SET serial = ?2, seen_ms = CASE WHEN ?3 THEN 0 ELSE seen_ms END WHERE name = ?1",
			afd_told(z->zone), afd_i(z->serial), afd_i(z->undated));
	return AFD_RUN(t->s, err,
		"UPDATE zone SET serial = ?2, seen_ms = max(seen_ms, ?3), source = ?4, leaf = ?5, part = ?6,"
		" content_ms = CASE WHEN ?7 THEN max(content_ms, ?3) ELSE content_ms END, lost = lost AND NOT ?7, partial = ?8 WHERE name = ?1",
		afd_told(z->zone), afd_i(z->serial), afd_i(z->seen_ms), afd_t(t->record->source), afd_u(t->leaf),
		afd_u(z->part), afd_i(z->compared || (z->undated && !z->partial)), afd_i(z->partial));
}

/* A grade does not overrule a better one; a gap does. So whatever any source asserted of the time in question is taken
 * back with one, before a smaller grade is stated. */
static int take_back(struct afd_tables *t, const struct afd_row_coverage *c, struct afd_error *err)
{
	if (c->at.from >= c->at.to)
		return 0;
	return AFD_RUN(t->s, err,
		"INSERT INTO coverage (source, evidence, scope, t_from, t_to, grade, reason, lag_ms, leaf, part)"
		" SELECT source, ?2, ?3, ?4, ?5, 0, ?6, 0, ?7, ?8 FROM (SELECT ?1 AS source UNION SELECT source FROM coverage"
		" WHERE evidence = ?2 AND scope = ?3 AND grade = ?9 AND t_to > ?4) ORDER BY source",
		afd_t(t->record->source), afd_told(c->evidence), afd_told(c->scope), afd_i(c->at.from), afd_i(c->at.to),
		afd_told(c->reason), afd_u(t->leaf), afd_u(c->part), afd_i(AFD_ASSERTED));
}

/* The first look covers no time: it only says what is there. A gap is at least the instant of the look. */
static int put_statement(struct afd_tables *t, const struct afd_zone_run *z, struct afd_error *err)
{
	const struct afd_row_coverage c = {
		.evidence = "zone-changes", .scope = z->zone, .grade = z->grade, .reason = z->reason,
		.at = z->undated ? (struct afd_span){ z->seen_ms, z->seen_ms + 1 } :
		      z->grade == AFD_GAP ? looked(z) : (struct afd_span){ z->from, z->seen_ms },
		.provider_count = -1, .stored_count = -1, .part = z->part,
	};

	if (z->more && z->grade >= AFD_ASSERTED)   /* the end of what was read says it for all */
		return 0;
	if (z->undated && z->grade != AFD_GAP)     /* the first look covers no time, even one that knows what was before it */
		return 0;
	if (z->moved && z->grade != AFD_GAP && take_back(t, &c, err) < 0)
		return -1;
	return afd_put_coverage(t, &c, err);
}

/* Differences that did not fit: what was seen since the last comparison is not known, nor what is there now. */
static void doubt_content(struct afd_zone_run *z)
{
	z->from = z->content_ms;
	say(z, AFD_GAP, "records of the differences that do not fit the content known: %" PRId64, z->anomalies);
	z->serial = AFD_NO_SERIAL;
}

int afd_zone_finish(struct afd_tables *t, struct afd_error *err)
{
	for (size_t i = 0; i < t->n_zone; i++) {
		struct afd_zone_run *z = &t->zone[i];

		if (z->behind)
			say(z, AFD_GAP, "server is behind: its differences end before serial %" PRId64, z->serial);
		if (z->broken)
			z->serial = AFD_NO_SERIAL;
		if (z->anomalies)
			doubt_content(z);
		if (z->unauthenticated && z->grade > AFD_ASSERTED)
			say(z, AFD_ASSERTED, "content as expected; neither TSIG nor TLS shows who answered");
		if (move_state(t, z, err) < 0 || put_statement(t, z, err) < 0)
			return afd_within(err, "zone %s", z->zone);
	}
	return 0;
}

int afd_zone_lost(struct afd_store *s, const char *source, struct afd_error *err)
{
	return AFD_RUN(s, err, "UPDATE zone SET serial = -1, lost = 1 WHERE ?1 = '' OR source = ?1 OR name IN"
	               " (SELECT scope FROM coverage WHERE evidence = 'zone-changes' AND source = ?1)", afd_told(source));
}

void afd_zone_release(struct afd_tables *t)
{
	for (size_t i = 0; i < t->n_zone; i++)
		free(t->zone[i].zone);
	free(t->zone);
	t->zone = NULL;
	t->n_zone = 0;
}
