/* Needs of checks against need_coverage. */
#include "mappers/judge.h"

int afd_cover_index_load(struct afd_store *s, struct afd_arena *a, struct afd_cover_index *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_cover_entry *e = NULL;
	int r;

	if (afd_query_open(s, "SELECT evidence, scope, t_from, t_to, grade, lag_ms FROM need_coverage"
	                      " ORDER BY evidence, scope, t_from", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		if (!e || strcmp(e->evidence, afd_query_text(q, 0)) != 0 ||
		    strcmp(e->scope, afd_query_text(q, 1)) != 0) {
			e = AFD_PUSH(a, ret->at, ret->n);
			if (!e || !(e->evidence = afd_arena_text(a, afd_query_text(q, 0))) ||
			    !(e->scope = afd_arena_text(a, afd_query_text(q, 1))))
				return afd_fail_memory(err);
			e->lag_ms = afd_query_int(q, 5);
		}
		if (afd_canvas_add(a, &e->canvas, (struct afd_stroke){ { afd_query_int(q, 2), afd_query_int(q, 3) },
		                                             (enum afd_grade)afd_query_int(q, 4), NULL, 0 }, err) < 0)
			return -1;
	}
	return r;
}

static const struct afd_cover_entry *find_entry(const struct afd_cover_index *x, const char *evidence,
						const char *scope)
{
	size_t lo = 0, hi = x->n;

	while (scope && lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(x->at[mid].evidence, evidence);

		if (c == 0)
			c = strcmp(x->at[mid].scope, scope);
		if (c == 0)
			return &x->at[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void afd_need_judge(const struct afd_cover_index *x, int64_t as_of_ms, struct afd_need *need, enum afd_grade *grade,
                    struct afd_span *hole)
{
	const struct afd_cover_entry *e = find_entry(x, need->evidence, need->scope);
	int64_t told = as_of_ms - (e ? e->lag_ms : 0), at = need->span.from;

	*grade = AFD_PROVEN;
	*hole = need->span;
	need->covered = need->span.from >= need->span.to;          /* asks for nothing */
	if (need->covered)
		return;
	*grade = AFD_GAP;
	if (!e || need->span.from >= told)
		return;
	if (told < need->span.to)
		need->span.to = told;
	*grade = AFD_PROVEN;
	for (size_t i = afd_canvas_after(&e->canvas, at); i < e->canvas.n && at < need->span.to; i++) {
		const struct afd_stroke *s = &e->canvas.at[i];

		if (s->span.from > at || s->grade < need->grade)
			break;
		if (s->grade < *grade)
			*grade = s->grade;
		at = s->span.to;
	}
	need->covered = at >= need->span.to;
	if (need->covered)
		return;
	*grade = AFD_GAP;
	*hole = (struct afd_span){ at, need->span.to };
	for (size_t i = afd_canvas_after(&e->canvas, at); i < e->canvas.n; i++)
		if (e->canvas.at[i].grade >= need->grade) {
			if (e->canvas.at[i].span.from < hole->to)
				hole->to = e->canvas.at[i].span.from;
			break;
		}
}

static const char *evidence_words(const char *evidence)
{
	static const struct { const char *evidence, *words; } table[] = {
		{ "account-events", "the events of account" },
		{ "ct", "the certificates logged for" },
		{ "ct-log", "the log" },
		{ "ct-lookalike", "the certificates logged for names like" },
		{ "credential-grants", "the grants of zone" },
		{ "issuance-requests", "the logs of the clients that ask for certificates of" },
		{ "zone-changes", "the changes of zone" },
		{ "zone-claims", "the update log of zone" },
		{ "zone-transfers", "the transfer log of zone" },
	};

	for (size_t i = 0; i < AFD_COUNT(table); i++)
		if (strcmp(table[i].evidence, evidence) == 0)
			return table[i].words;
	return evidence;
}

/* Whose gap it is: the parts of a need of evidence "source", or any source of what is needed. */
struct gap_of { char *source, *evidence, *scope; };

static int gap_of_need(struct afd_arena *a, const struct afd_need *need, struct gap_of *ret, struct afd_error *err)
{
	char *second, *third;

	*ret = (struct gap_of){ NULL, afd_arena_text(a, need->evidence), afd_arena_text(a, need->scope) };
	if (!ret->evidence || !ret->scope)
		return afd_fail_memory(err);
	if (strcmp(need->evidence, "source") != 0 || !(second = strchr(ret->scope, ' ')) ||
	    !(third = strchr(second + 1, ' ')))
		return 0;
	*second = *third = '\0';
	*ret = (struct gap_of){ ret->scope, second + 1, third + 1 };
	return 0;
}

#define GAPS " AND grade = 0 AND t_from < :to AND t_to > :from ORDER BY "

static int open_gaps(struct afd_store *s, const struct gap_of *g, struct afd_span hole, struct afd_query **ret, struct afd_error *err)
{
	static const char any[] = "SELECT COALESCE(reason, 'a gap') FROM coverage WHERE evidence = :evidence"
				  " AND scope = :scope" GAPS "id DESC";
	static const char one[] = "SELECT COALESCE(reason, 'a gap') FROM coverage WHERE evidence = :evidence"
				  " AND scope = :scope AND source = :source" GAPS "id DESC";
	static const char logs[] = "SELECT scope || ': ' || COALESCE(reason, 'a gap') FROM coverage"
				   " WHERE evidence = 'ct-log'" GAPS "scope, id DESC";
	const bool ct = strcmp(g->evidence, "ct") == 0;

	if (afd_query_open(s, ct ? logs : g->source ? one : any, ret, err) < 0 || afd_query_bind_int(*ret, "from", hole.from, err) < 0 ||
	    afd_query_bind_int(*ret, "to", hole.to, err) < 0)
		return -1;
	if (ct)
		return 0;
	if (afd_query_bind_text(*ret, "evidence", g->evidence, err) < 0 ||
	    afd_query_bind_text(*ret, "scope", g->scope, err) < 0)
		return -1;
	return g->source ? afd_query_bind_text(*ret, "source", g->source, err) : 0;
}

int afd_cover_reason(struct afd_store *s, struct afd_arena *a, const struct afd_need *need, struct afd_span hole, int64_t as_of_ms,
                     const char **ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	const char *why = "nothing was collected";
	struct gap_of g;
	int r;

	if (!need->scope || !*need->scope) {
		*ret = afd_arena_printf(a, "The inventory does not say which %s holds this: %s cannot be looked at.",
			strcmp(need->evidence, "account-events") == 0 ? "account" : "zone", need->evidence);
		return *ret ? 0 : afd_fail_memory(err);
	}
	if (gap_of_need(a, need, &g, err) < 0 || open_gaps(s, &g, hole, &q, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	if (r < 0)
		return -1;
	if (r > 0)
		why = afd_query_text(q, 0);
	else if (hole.from >= as_of_ms)
		why = "that had not happened yet when this was looked at";
	if (hole.from == 0)                       /* a change that was told before the first look: since when is not known */
		*ret = afd_arena_printf(a, "Not covered%s%s: %s %s until %s UTC, since when is not known (%s).", g.source ? " by " : "",
		                        g.source ? g.source : "", evidence_words(g.evidence), g.scope, afd_when_people(hole.to).s, why);
	else
		*ret = afd_arena_printf(a, "Not covered%s%s: %s %s from %s until %s UTC (%s).", g.source ? " by " : "",
				        g.source ? g.source : "", evidence_words(g.evidence), g.scope,
				        afd_when_people(hole.from).s, afd_when_people(hole.to).s, why);
	return *ret ? 0 : afd_fail_memory(err);
}
