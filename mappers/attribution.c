/* Which claim explains which change (docs/design.md 5). Per zone, the two sequences are aligned like the lines of two
 * files (align.c), doubt is marked, and what is left over on both sides is tied weakly where it shares an owner at a
 * fitting time (doubt.c). */
#include "mappers/align.h"

/* --- reading --- */

static const char claim_sql[] =
	"SELECT c.id, c.source, c.t_from, c.t_to, r.owner, r.type, r.op, r.rdata, c.credential FROM claim c"
	" LEFT JOIN claim_record r ON r.claim_id = c.id"
	" WHERE c.zone = :zone AND c.outcome = 'applied'"
	" ORDER BY c.t_from, c.t_to, c.source, c.leaf, c.part, c.id, r.id";
static const char change_sql[] =
	"SELECT c.id, c.t_from, c.t_to, CASE WHEN c.merged IS NULL THEN c.kind ELSE 'content' END, r.owner, r.type, r.op, r.rdata FROM change c"
	" LEFT JOIN change_record r ON r.change_id = c.id"
	" WHERE c.zone = :zone ORDER BY c.id, r.id";
/* Only what is ever touched needs to be known. */
static const char start_sql[] = "SELECT r.owner, r.type, r.rdata FROM record r WHERE r.zone = :zone AND r.at_start = 1"
				" AND r.owner IN (SELECT owner FROM claim_record WHERE zone = :zone UNION SELECT owner "
				"FROM change_record WHERE zone = :zone)"
				" ORDER BY r.id";

/* What a signer writes by itself never stands in an effect, so it must not be looked for in a claim either. */
static bool is_noise(const char *type)
{
	static const char *const noise[] = { "NSEC", "NSEC3", "NSEC3PARAM", "RRSIG", "SOA", "ZONEMD" };

	for (size_t i = 0; type && i < AFD_COUNT(noise); i++)
		if (strcmp(noise[i], type) == 0)
			return true;
	return false;
}

static int read_rr(struct afd_alignment *al, struct afd_query *q, int column, struct afd_zone_rr **rr, size_t *n,
		   struct afd_error *err)
{
	const char *owner = afd_query_text(q, column), *type = afd_query_text(q, column + 1);
	struct afd_zone_rr v = { 0 }, *p;

	if (!owner || is_noise(type))
		return 0;
	v.key = afd_zone_key(al->z, owner, type);
	v.add = strcmp(afd_query_text(q, column + 2), "add") == 0;
	v.rdata = afd_zone_rdata(al->z, afd_query_text(q, column + 3));
	p = AFD_PUSH(&al->a, *rr, *n);
	if (!p || !v.key || v.rdata == UINT32_MAX)
		return afd_fail_memory(err);
	*p = v;
	return 0;
}

static int read_claims(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(buf) struct afd_buf source = { 0 };
	struct afd_claim *c = NULL;
	uint32_t source_no = 0;
	int r;

	if (afd_query_open(al->s, claim_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!c || c->id != afd_query_int(q, 0)) {
			const char *name = afd_query_text(q, 1);

			c = AFD_PUSH(&al->a, al->claim, al->n_claim);
			if (!c)
				return afd_fail_memory(err);
			if (!source.data || strcmp((const char *)source.data, name) != 0) {
				source.len = 0;
				source_no =
					(uint32_t)afd_zone_rdata(al->z, name); /* any number that stands for the name */
				if (afd_buf_text(&source, name) < 0 || source_no == UINT32_MAX)
					return afd_fail_memory(err);
			}
			*c = (struct afd_claim){.id = afd_query_int(q, 0),
						.source = source_no,
						.who = afd_zone_rdata(al->z, afd_query_text(q, 8)),
						.at = {afd_query_int(q, 2), afd_query_int(q, 3)}};
			if (c->who == UINT32_MAX)
				return afd_fail_memory(err);
			if (c->at.to - c->at.from > al->longest)
				al->longest = c->at.to - c->at.from;
		}
		if (read_rr(al, q, 4, &c->rr, &c->n, err) < 0)
			return -1;
	}
	return r;
}

static int read_effects(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_effect *e = NULL;
	int r;

	al->effect = NULL;
	al->n_effect = 0;
	if (afd_query_open(al->s, change_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!e || e->id != afd_query_int(q, 0)) {
			e = AFD_PUSH(&al->a, al->effect, al->n_effect);
			if (!e)
				return afd_fail_memory(err);
			*e = (struct afd_effect){.id = afd_query_int(q, 0),
						 .at = {afd_query_int(q, 1), afd_query_int(q, 2)},
						 .comparison = strcmp(afd_query_text(q, 3), "difference") != 0};
		}
		if (read_rr(al, q, 4, &e->rr, &e->n, err) < 0)
			return -1;
	}
	return r;
}

static int read_start(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(al->s, start_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		uint32_t key = afd_zone_key(al->z, afd_query_text(q, 0), afd_query_text(q, 1));
		uint32_t rdata = afd_zone_rdata(al->z, afd_query_text(q, 2));

		if (!key || rdata == UINT32_MAX)
			return afd_fail_memory(err);
		if (afd_zone_has(al->z, key, rdata, err) < 0)
			return -1;
	}
	return r;
}

/* --- writing --- */

int afd_align_link(struct afd_alignment *al, size_t i, size_t j, const char *confidence, int rank, bool ambiguous,
		   struct afd_error *err)
{
	return afd_inserts_row(&al->links, err, "%lld,%lld,'%s',%d,%d", (long long)al->effect[i].id,
			       (long long)al->claim[j].id, confidence, rank, ambiguous ? 1 : 0);
}

static int write_match(struct afd_alignment *al, size_t i, struct afd_error *err)
{
	const struct afd_match *m = &al->match[i];
	struct afd_span at = al->effect[i].at;

	for (size_t k = 0; k < m->n; k++)
		if (m->contributes[k] &&
		    afd_align_link(al, i, m->first + k, m->exact ? "exact" : "strong",
				   m->exact ? AFD_RANK_EXACT : AFD_RANK_STRONG, m->ambiguous, err) < 0)
			return -1;
	if (m->n && !m->ambiguous) {
		struct afd_span narrow = {m->hull.from > at.from ? m->hull.from : at.from,
					  m->hull.to < at.to ? m->hull.to : at.to};

		if (narrow.from < narrow.to)             /* else the clocks disagree: keep what we saw ourselves */
			at = narrow;
	}
	return afd_inserts_row(&al->times, err, "%lld,%lld,%lld", (long long)al->effect[i].id, (long long)at.from,
			       (long long)at.to);
}

/* --- a zone --- */

static int read_zone(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	al->claim = NULL;
	al->n_claim = 0;
	al->longest = 0;
	al->z = afd_zone_text_new(zone);
	if (!al->z)
		return afd_fail_memory(err);
	if (read_claims(al, zone, err) < 0 || read_start(al, zone, err) < 0 || read_effects(al, zone, err) < 0)
		return -1;
	al->match = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->match);
	al->ref = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *al->ref);
	al->used = afd_arena_alloc(&al->a, al->n_claim + 1);
	al->scratch = afd_arena_alloc(&al->a, al->n_claim + 1);
	if (!al->match || !al->ref || !al->used || !al->scratch)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_claim; i++)
		al->ref[i] = &al->claim[i];
	for (size_t i = 0; i < al->n_effect; i++)
		if (afd_zone_moves(al->z, i, &al->effect[i], err) < 0)
			return -1;
	return 0;
}

static int join_zone(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	if (read_zone(al, zone, err) < 0 || afd_align(al, err) < 0 || afd_align_doubts(al, err) < 0)
		return -1;
	for (size_t i = 0; i < al->n_effect; i++)
		if (write_match(al, i, err) < 0)
			return -1;
	return afd_align_leftovers(al, err);
}

int afd_join_claims(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_alignment al = {
		.s = s,
		.links = { .s = s, .into = "change_claim(change_id,claim_id,confidence,rank,ambiguous)" },
		.times = { .s = s, .into = "change_time(change_id,t_from,t_to)" },
	};
	int r;

	if (afd_query_open(s, "SELECT DISTINCT zone FROM change ORDER BY zone", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		int done = join_zone(&al, afd_query_text(q, 0), err);

		al.z = afd_zone_text_free(al.z);
		afd_arena_release(&al.a);
		if (done < 0) {
			afd_within(err, "zone %s", afd_query_text(q, 0));
			r = -1;
			break;
		}
	}
	if (r == 0 && (afd_inserts_flush(&al.links, err) < 0 || afd_inserts_flush(&al.times, err) < 0))
		r = -1;
	afd_inserts_release(&al.links);
	afd_inserts_release(&al.times);
	return r < 0 ? -1 : 0;
}
