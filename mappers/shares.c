/* How much of what changed in each zone is somebody's: counts of the same changes and claims that the checks look at. */
#include "mappers/judge.h"

/* A zone of the inventory stands here also when nothing happened in it. */
static const char share_sql[] =
	"WITH scoped AS (SELECT DISTINCT zone FROM domain WHERE in_scope = 1 AND zone IS NOT NULL),"
	/* best: 2 claimed, 1 can be explained in more than one way, 0 not claimed */
	" told AS (SELECT c.zone, COALESCE((SELECT MAX(2 - m.ambiguous) FROM change_claim m WHERE m.change_id = c.id AND m.rank >= 2), 0) AS best,"
	"   EXISTS (SELECT 1 FROM change_claim m JOIN claim l ON l.id = m.claim_id WHERE m.change_id = c.id AND m.rank >= 2 AND m.ambiguous = 0"
	"           AND CASE WHEN l.kind = 'commit' THEN l.credential ELSE COALESCE(l.credential, l.actor) END IS NOT NULL) AS named"
	"   FROM change c JOIN change_time t ON t.change_id = c.id"
	"   WHERE c.zone IN (SELECT zone FROM scoped) AND t.t_from < :period_end AND t.t_to > :period_start"
	"     AND EXISTS (SELECT 1 FROM change_record r WHERE r.change_id = c.id)),"
	" changes AS (SELECT zone, COUNT(*) AS n, SUM(best = 2) AS attributed, SUM(best = 2 AND named = 0) AS nameless,"
	"   SUM(best = 1) AS ambiguous FROM told GROUP BY zone),"
	" lost AS (SELECT l.zone, COUNT(*) AS n FROM claim_fate f JOIN claim l ON l.id = f.claim_id"
	"   WHERE f.fate = 'without-effect' AND l.t_from < :period_end AND l.t_to > :period_start GROUP BY l.zone),"
	/* a bad signature names no zone where a log speaks for several: it is put to the first of them, as in zone-update-denied */
	" denied AS (SELECT CASE WHEN l.zone <> '.' THEN l.zone ELSE (SELECT MIN(s.scope) FROM source_scope s JOIN scoped d ON d.zone = s.scope"
	"     WHERE s.source = l.source AND s.evidence = 'zone-claims') END AS zone, COUNT(*) AS n"
	"   FROM claim l WHERE l.outcome IN ('denied', 'refused', 'bad-signature') AND l.t_from < :period_end AND l.t_to > :period_start GROUP BY 1)"
	" SELECT s.zone, COALESCE(c.n, 0), COALESCE(c.attributed, 0), COALESCE(c.nameless, 0), COALESCE(c.ambiguous, 0),"
	"   COALESCE(l.n, 0), COALESCE(d.n, 0)"
	" FROM scoped s LEFT JOIN changes c ON c.zone = s.zone LEFT JOIN lost l ON l.zone = s.zone LEFT JOIN denied d ON d.zone = s.zone"
	" ORDER BY s.zone";

/* The weakest grade of the period: a count of nothing is worth as much as the evidence behind it. */
static enum afd_grade grade_of(const struct afd_judge *j, const char *evidence, const char *zone)
{
	struct afd_need need = { .evidence = evidence, .scope = zone, .span = j->a->period, .grade = AFD_SAMPLED };
	struct afd_span hole;
	enum afd_grade g;

	afd_need_judge(&j->cover, j->a->as_of_ms, &need, &g, &hole);
	return g;
}

int afd_assess_shares(struct afd_judge *j, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(j->s, share_sql, &q, err) < 0 || afd_query_bind_int(q, "period_start", j->a->period.from, err) < 0 ||
	    afd_query_bind_int(q, "period_end", j->a->period.to, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_zone_share *p = AFD_PUSH(j->arena, j->a->share, j->a->n_share);

		if (!p || !(p->zone = afd_arena_text(j->arena, afd_query_text(q, 0))))
			return afd_fail_memory(err);
		p->changes = (uint64_t)afd_query_int(q, 1);
		p->attributed = (uint64_t)afd_query_int(q, 2);
		p->nameless = (uint64_t)afd_query_int(q, 3);
		p->ambiguous = (uint64_t)afd_query_int(q, 4);
		p->unattributed = p->changes - p->attributed - p->ambiguous;
		p->without_effect = (uint64_t)afd_query_int(q, 5);
		p->denied = (uint64_t)afd_query_int(q, 6);
		p->changes_grade = grade_of(j, "zone-changes", p->zone);
		p->claims_grade = grade_of(j, "zone-claims", p->zone);
	}
	return r;
}
