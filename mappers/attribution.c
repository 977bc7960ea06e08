/* Which claim explains which change (docs/design.md 5). Per zone, the two sequences are aligned like the lines of two
 * files (align.c), doubt is marked, and what is left over on both sides is tied weakly where it shares an owner at a
 * fitting time (doubt.c). */
#include "mappers/align.h"

/* --- reading --- */

/* How far a kind of claim can be believed: an account in a comment is anybody's word; a plan says what somebody meant to do; a
 * secondary only knows from where it took the change. */
const struct afd_claim_class_rule afd_claim_classes[AFD_CLASS_COUNT] = {
	[AFD_CLASS_DNSTAP] = { "dnstap", NULL, AFD_RANK_EXACT, true },
	[AFD_CLASS_LOG] = { "log", NULL, AFD_RANK_EXACT, true },
	[AFD_CLASS_AUDIT] = { "audit-event", NULL, AFD_RANK_EXACT, true },
	[AFD_CLASS_COMMIT] = { "commit", NULL, AFD_RANK_EXACT, false },
	[AFD_CLASS_COMMENT] = { "api-comment", NULL, AFD_RANK_WEAK, false },
	[AFD_CLASS_PLAN] = { "plan", "planned", AFD_RANK_SHOWN, false },
	[AFD_CLASS_TRANSFER] = { "transfer", "transfer", AFD_RANK_SHOWN, false },
};

/* A commit takes effect when somebody deploys it: where its source does not say how soon, not longer after than this. */
#define DEPLOYED_WITHIN AFD_DAY

static const char claim_sql[] =
	"SELECT c.id, c.source, c.t_from, c.t_to, r.owner, r.type, r.op, r.rdata, COALESCE(c.credential, c.actor),"
	" COALESCE(r.ttl, -1), CASE c.outcome WHEN 'planned' THEN 'plan' ELSE c.kind END, c.outcome,"
	" COALESCE(c.serial_from, -1), COALESCE(c.serial_to, -1) FROM claim c"
	" LEFT JOIN claim_record r ON r.claim_id = c.id"
	" WHERE c.zone = :zone AND c.outcome IN ('applied', 'planned', 'unanswered')"
	" ORDER BY c.t_to, c.t_from, c.source, c.leaf, c.part, c.id, r.id";
static const char change_sql[] =
	"SELECT c.id, c.t_from, c.t_to, CASE WHEN c.merged IS NULL THEN c.kind ELSE 'content' END, r.owner, r.type, r.op, r.rdata,"
	" COALESCE(r.ttl, -1), c.serial_from, c.serial_to FROM change c"
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

static int read_rr(struct afd_alignment *al, struct afd_query *q, int column, int ttl, struct afd_zone_rr **rr, size_t *n,
		   struct afd_error *err)
{
	const char *owner = afd_query_text(q, column), *type = afd_query_text(q, column + 1);
	struct afd_zone_rr v = { 0 }, *p;

	if (!owner || is_noise(type))
		return 0;
	v.key = afd_zone_key(al->z, owner, type);
	v.add = strcmp(afd_query_text(q, column + 2), "add") == 0;
	v.rdata = afd_zone_rdata(al->z, afd_query_text(q, column + 3));
	v.ttl = afd_query_int(q, ttl) < 0 ? AFD_TTL_UNKNOWN : (uint32_t)afd_query_int(q, ttl);
	p = AFD_PUSH(&al->a, *rr, *n);
	if (!p || !v.key || v.rdata == UINT32_MAX)
		return afd_fail_memory(err);
	*p = v;
	return 0;
}

static enum afd_claim_class class_of(const char *kind)
{
	for (int i = 0; i < AFD_CLASS_COUNT; i++)
		if (strcmp(afd_claim_classes[i].kind, kind) == 0)
			return (enum afd_claim_class)i;
	return AFD_CLASS_LOG;
}

static struct afd_claim *new_claim(struct afd_alignment *al, struct afd_query *q, enum afd_claim_class k, struct afd_error *err)
{
	struct afd_claim *c = AFD_PUSH(&al->a, al->kind[k].at, al->kind[k].n);
	uint32_t source = c ? afd_zone_rdata(al->z, afd_query_text(q, 1)) : 0;      /* any number that stands for the name */

	if (!c || source == UINT32_MAX) {
		afd_fail_memory(err);
		return NULL;
	}
	*c = (struct afd_claim){.id = afd_query_int(q, 0), .source = source, .who = afd_zone_rdata(al->z, afd_query_text(q, 8)),
				.at = {afd_query_int(q, 2), afd_query_int(q, 3)},
				.serial_from = afd_query_int(q, 12), .serial_to = afd_query_int(q, 13),
				.unanswered = strcmp(afd_query_text(q, 11), "unanswered") == 0};
	if (c->who == UINT32_MAX) {
		afd_fail_memory(err);
		return NULL;
	}
	if ((k == AFD_CLASS_COMMIT || k == AFD_CLASS_PLAN) && c->at.to <= c->at.from + 1)
		c->at.to = c->at.from + DEPLOYED_WITHIN;
	return c;
}

static int read_claims(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_claim *c = NULL;
	int r;

	if (afd_query_open(al->s, claim_sql, &q, err) < 0 || afd_query_bind_text(q, "zone", zone, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!c || c->id != afd_query_int(q, 0))
			c = new_claim(al, q, class_of(afd_query_text(q, 10)), err);
		if (!c || read_rr(al, q, 4, 9, &c->rr, &c->n, err) < 0)
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
						 .serial_from = afd_query_int(q, 9),
						 .serial_to = afd_query_int(q, 10),
						 .comparison = strcmp(afd_query_text(q, 3), "difference") != 0};
		}
		if (read_rr(al, q, 4, 8, &e->rr, &e->n, err) < 0)
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

/* --- links --- */

static bool wide(const struct afd_claim *c)
{
	return c->at.to - c->at.from > AFD_CLOCK_SKEW;
}

int afd_align_link(struct afd_alignment *al, size_t i, size_t j, int rank, bool ambiguous, struct afd_error *err)
{
	int most = afd_claim_classes[al->now].most;
	struct afd_tie *l = AFD_PUSH(&al->a, al->link, al->n_link);

	if (!l)
		return afd_fail_memory(err);
	if (most > AFD_RANK_WEAK && al->now <= AFD_CLASS_LOG && wide(&al->claim[j]))
		most = AFD_RANK_WEAK;                    /* a log without times */
	*l = (struct afd_tie){ i, al->claim[j].id, al->claim[j].who, al->now, rank < most ? rank : most, ambiguous };
	return 0;
}

/* The best rank counts; of the same, what all of them allow. */
void afd_align_narrow(struct afd_alignment *al, size_t i, struct afd_span hull, int rank)
{
	struct afd_span at = rank > al->when_rank[i] ? al->effect[i].at : al->when[i];
	struct afd_span narrow = { hull.from > at.from ? hull.from : at.from, hull.to < at.to ? hull.to : at.to };

	if (rank < al->when_rank[i] || narrow.from >= narrow.to)         /* the clocks disagree: keep what we saw ourselves */
		return;
	al->when[i] = narrow;
	al->when_rank[i] = rank;
}

static int link_match(struct afd_alignment *al, size_t i, struct afd_error *err)
{
	const struct afd_match *m = &al->match[i];
	int rank = m->exact ? AFD_RANK_EXACT : AFD_RANK_STRONG;

	for (size_t k = 0; k < m->n; k++)
		if (m->contributes[k] && afd_align_link(al, i, m->first + k, rank, m->ambiguous, err) < 0)
			return -1;
	if (m->n && !m->ambiguous && afd_claim_classes[al->now].most >= rank)
		afd_align_narrow(al, i, m->hull, rank);
	return 0;
}

static bool names_somebody(const struct afd_tie *l)
{
	return l->kind <= AFD_CLASS_LOG && l->rank >= AFD_RANK_SERIAL && !l->ambiguous && l->who;
}

/* Does one of the two name somebody for the change whom the other, which names people too, does not? NEXT leads from link to link. */
static bool contradict(const struct afd_alignment *al, const uint32_t *next, uint32_t first)
{
	bool has[AFD_CLASS_COUNT] = { false }, alone = false;

	for (uint32_t k = first; k; k = next[k - 1]) {
		const struct afd_tie *l = &al->link[k - 1];
		bool found = false;

		if (!names_somebody(l))
			continue;
		has[l->kind] = true;
		for (uint32_t m = first; m && !found; m = next[m - 1])
			found = names_somebody(&al->link[m - 1]) && al->link[m - 1].kind != l->kind && al->link[m - 1].who == l->who;
		alone = alone || !found;
	}
	return alone && has[AFD_CLASS_DNSTAP] && has[AFD_CLASS_LOG];
}

/* A log and a tap of one server name the same keys for one change, or neither can be believed alone. */
static int contradictions(struct afd_alignment *al, struct afd_error *err)
{
	uint32_t *first = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof(*first));
	uint32_t *next = afd_arena_alloc(&al->a, (al->n_link + 1) * sizeof(*next));

	if (!first || !next)
		return afd_fail_memory(err);
	for (size_t k = al->n_link; k-- > 0;) {
		next[k] = first[al->link[k].effect];
		first[al->link[k].effect] = (uint32_t)k + 1;
	}
	for (size_t i = 0; i < al->n_effect; i++) {
		if (!contradict(al, next, first[i]))
			continue;
		for (uint32_t k = first[i]; k; k = next[k - 1])
			if (names_somebody(&al->link[k - 1]))
				al->link[k - 1].ambiguous = true;
	}
	return 0;
}

static int write_links(struct afd_alignment *al, struct afd_error *err)
{
	static const char *const names[] = { NULL, "weak", "serial", "strong", "exact" };

	if (contradictions(al, err) < 0)
		return -1;
	for (size_t k = 0; k < al->n_link; k++) {
		const struct afd_tie *l = &al->link[k];
		const char *confidence = l->rank == AFD_RANK_SHOWN ? afd_claim_classes[l->kind].shown : names[l->rank];

		if (afd_inserts_row(&al->links, err, "%lld,%lld,'%s',%d,%d", (long long)al->effect[l->effect].id, (long long)l->claim,
				    confidence, l->rank, l->ambiguous ? 1 : 0) < 0)
			return -1;
	}
	for (size_t i = 0; i < al->n_effect; i++)
		if (afd_inserts_row(&al->times, err, "%lld,%lld,%lld", (long long)al->effect[i].id, (long long)al->when[i].from,
				    (long long)al->when[i].to) < 0)
			return -1;
	return 0;
}

/* --- a zone --- */

static int read_zone(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	memset(al->kind, 0, sizeof al->kind);
	al->link = NULL;
	al->n_link = 0;
	al->z = afd_zone_text_new(zone);
	if (!al->z)
		return afd_fail_memory(err);
	if (read_claims(al, zone, err) < 0 || read_start(al, zone, err) < 0 || read_effects(al, zone, err) < 0)
		return -1;
	al->when = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->when);
	al->when_rank = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->when_rank);
	if (!al->when || !al->when_rank)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_effect; i++) {
		al->when[i] = al->effect[i].at;
		if (afd_zone_moves(al->z, i, &al->effect[i], err) < 0)
			return -1;
	}
	return 0;
}

static int begin_kind(struct afd_alignment *al, enum afd_claim_class k, struct afd_error *err)
{
	al->now = k;
	al->claim = al->kind[k].at;
	al->n_claim = al->kind[k].n;
	al->match = afd_arena_alloc(&al->a, (al->n_effect + 1) * sizeof *al->match);
	al->open = afd_arena_alloc(&al->a, al->n_effect + 1);
	al->ref = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *al->ref);
	al->min_from = afd_arena_alloc(&al->a, (al->n_claim + 1) * sizeof *al->min_from);
	al->used = afd_arena_alloc(&al->a, al->n_claim + 1);
	al->scratch = afd_arena_alloc(&al->a, al->n_claim + 1);
	if (!al->match || !al->open || !al->ref || !al->min_from || !al->used || !al->scratch)
		return afd_fail_memory(err);
	for (size_t i = 0; i < al->n_effect; i++)
		al->open[i] = al->effect[i].n > 0;
	return 0;
}

static void claims_in_order(struct afd_alignment *al)
{
	int64_t least = AFD_FOREVER;

	al->many_logs = false;
	for (size_t j = al->n_claim; j-- > 0;) {
		al->many_logs = al->many_logs || al->claim[j].source != al->claim[0].source;
		al->ref[j] = &al->claim[j];
		if (al->claim[j].at.from < least)
			least = al->claim[j].at.from;
		al->min_from[j] = least;
	}
}

static int join_kind(struct afd_alignment *al, enum afd_claim_class k, struct afd_error *err)
{
	if (begin_kind(al, k, err) < 0 || afd_align_serials(al, err) < 0)
		return -1;
	if (k == AFD_CLASS_TRANSFER)
		return 0;
	claims_in_order(al);
	if (afd_align(al, err) < 0 || afd_align_doubts(al, err) < 0)
		return -1;
	for (size_t i = 0; i < al->n_effect; i++)
		if (link_match(al, i, err) < 0)
			return -1;
	if (k != AFD_CLASS_PLAN && afd_align_leftovers(al, err) < 0)
		return -1;
	return afd_claim_classes[k].done ? afd_align_fates(al, err) : 0;
}

static int join_zone(struct afd_alignment *al, const char *zone, struct afd_error *err)
{
	if (read_zone(al, zone, err) < 0)
		return -1;
	for (int k = 0; k < AFD_CLASS_COUNT; k++)
		if (al->kind[k].n && join_kind(al, (enum afd_claim_class)k, err) < 0)
			return -1;
	return write_links(al, err);
}

int afd_join_claims(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_alignment al = {
		.s = s,
		.links = { .s = s, .into = "change_claim(change_id,claim_id,confidence,rank,ambiguous)" },
		.times = { .s = s, .into = "change_time(change_id,t_from,t_to)" },
		.fates = { .s = s, .into = "claim_fate(claim_id,fate,reason)" },
	};
	int r;

	/* of zones that were looked at, changed or not: what a log says of them and nobody saw is worth saying */
	if (afd_query_open(s, "SELECT zone FROM change UNION SELECT name FROM zone ORDER BY 1", &q, err) < 0)
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
	if (r == 0 && (afd_inserts_flush(&al.links, err) < 0 || afd_inserts_flush(&al.times, err) < 0 || afd_inserts_flush(&al.fates, err) < 0))
		r = -1;
	afd_inserts_release(&al.links);
	afd_inserts_release(&al.times);
	afd_inserts_release(&al.fates);
	return r < 0 ? -1 : 0;
}
