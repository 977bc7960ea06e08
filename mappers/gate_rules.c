/* What the policy says to the gate, and which finding that means. */
#include <stdlib.h>

#include "mappers/judge.h"

struct reading { struct afd_arena *arena; struct afd_assessment *a; struct afd_store *s; };

static int fault_at(struct reading *r, const char *name, uint64_t leaf, const char *const *path, const char *why, struct afd_error *err)
{
	struct afd_decode_fault *p = AFD_PUSH(r->arena, r->a->fault, r->a->n_fault);

	if (!p)
		return afd_fail_memory(err);
	*p = (struct afd_decode_fault){ "policy", afd_arena_printf(r->arena, "%s: gate.%s: %s", afd_policy_place(r->s, r->arena, leaf, path), name, why), leaf };
	r->a->policy_faults++;
	return p->reason ? 0 : afd_fail_memory(err);
}

static int fault(struct reading *r, const char *name, uint64_t leaf, const char *why, struct afd_error *err)
{
	return fault_at(r, name, leaf, (const char *const[]){ "gate", name, NULL }, why, err);
}

/* 1 true, 0 false, -1 neither */
static int truth(const char *value)
{
	if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		return 1;
	return strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ? 0 : -1;
}

/* A word that nobody knows is taken for the strictest one, and is a fault. */
static int general(struct reading *r, const char *name, const char *value, uint64_t leaf, struct afd_error *err)
{
	struct afd_gate_policy *g = &r->a->gate;

	if (strcmp(name, "fail_on") == 0) {
		g->fail_on = afd_severity_rank(value) < 0 ? "info" : afd_arena_text(r->arena, value);
		if (!g->fail_on)
			return afd_fail_memory(err);
		return afd_severity_rank(value) < 0 ? fault(r, name, leaf, "expected critical, high, medium, low or info", err) : 0;
	}
	if (strcmp(name, "review_fails") == 0) {
		g->review_fails = truth(value) != 0;
		return truth(value) < 0 ? fault(r, name, leaf, "expected true or false", err) : 0;
	}
	if (strcmp(name, "incomplete") == 0) {
		g->incomplete_warns = strcmp(value, "warn") == 0;
		return !g->incomplete_warns && strcmp(value, "fail") != 0 ? fault(r, name, leaf, "expected fail or warn", err) : 0;
	}
	if (strcmp(name, "window") == 0) {
		g->window = afd_arena_text(r->arena, value);
		return g->window ? 0 : afd_fail_memory(err);
	}
	return fault(r, name, leaf, "there is no such setting (fail_on, incomplete, review_fails, rules, window)", err);
}

static int rule_setting(struct reading *r, const char *name, const char *value, uint64_t leaf, struct afd_error *err)
{
	struct afd_gate_policy *g = &r->a->gate;
	struct afd_gate_rule *k;
	const char **words;
	char *end;
	const unsigned long number = strtoul(name + 6, &end, 10);

	if (!g->n_rule || g->rule[g->n_rule - 1].number != number) {
		k = AFD_PUSH(r->arena, g->rule, g->n_rule);
		if (!k)
			return afd_fail_memory(err);
		*k = (struct afd_gate_rule){ .number = (unsigned)number, .fail = -1, .review = -1 };
	}
	k = &g->rule[g->n_rule - 1];
	if (*end != '.' || !number)
		return fault(r, name, leaf, "there is no such setting", err);
	end++;
	const struct { const char *name; const char **at; } texts[] = {
		{ "check", &k->check }, { "control", &k->control }, { "framework", &k->framework },
		{ "resource", &k->resource }, { "severity", &k->severity }, { "tier", &k->tier },
	};

	if (strcmp(end, "fail") == 0 || strcmp(end, "review") == 0) {
		*(*end == 'f' ? &k->fail : &k->review) = truth(value) != 0;
		return truth(value) < 0 ? fault(r, name, leaf, "expected true or false", err) : 0;
	}
	words = NULL;
	for (size_t i = 0; i < AFD_COUNT(texts); i++)
		if (strcmp(end, texts[i].name) == 0)
			words = texts[i].at;
	if (!words)
		return fault(r, name, leaf, "there is no such setting", err);
	*words = afd_arena_text(r->arena, value);
	return *words ? 0 : afd_fail_memory(err);
}

int afd_gate_policy_read(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct reading r = { arena, a, s };
	int got;

	a->gate = (struct afd_gate_policy){ .fail_on = "medium", .window = "7d" };
	if (afd_query_open(s, "SELECT name, value, leaf FROM policy WHERE check_id = 'gate' ORDER BY name", &q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0) {
		const char *name = afd_query_text(q, 0), *value = afd_query_text(q, 1);
		const uint64_t leaf = (uint64_t)afd_query_int(q, 2);

		if ((strncmp(name, "rules.", 6) == 0 ? rule_setting(&r, name, value, leaf, err) : general(&r, name, value, leaf, err)) < 0)
			return -1;
	}
	return got;
}

/* --- names in rules that nothing has --- */

/* Calls SEEN for each word of LIST; true when one is true. */
static bool any_word(const char *list, bool (*seen)(const void *ctx, const char *word, size_t n), const void *ctx)
{
	for (const char *p = list; *p;) {
		const size_t n = strcspn(p, " ");

		if (n && seen(ctx, p, n))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

static bool is_word(const char *name, const char *word, size_t n)
{
	return name && strlen(name) == n && memcmp(name, word, n) == 0;
}

static bool no_check(const void *ctx, const char *word, size_t n)
{
	const struct afd_assessment *a = ctx;

	for (size_t i = 0; i < a->n_check; i++)
		if (is_word(a->check[i].id, word, n))
			return false;
	return true;
}

static bool no_framework(const void *ctx, const char *word, size_t n)
{
	const struct afd_assessment *a = ctx;

	for (size_t i = 0; i < a->n_framework; i++)
		if (is_word(a->framework[i].id, word, n))
			return false;
	return true;
}

static bool no_control(const void *ctx, const char *word, size_t n)
{
	const struct afd_assessment *a = ctx;

	for (size_t i = 0; i < a->n_framework; i++)
		for (size_t c = 0; c < a->framework[i].n_control; c++)
			if (is_word(a->framework[i].control[c].id, word, n))
				return false;
	return true;
}

/* A mapping names live controls alone, so a rule about a withdrawn one would never speak. What stood above is asked by its id. */
static bool only_withdrawn(const void *ctx, const char *word, size_t n)
{
	const struct afd_assessment *a = ctx;
	bool withdrawn = false;

	for (size_t i = 0; i < a->n_framework; i++)
		for (size_t c = 0; c < a->framework[i].n_control; c++) {
			const struct afd_control *k = &a->framework[i].control[c];

			if (!is_word(k->id, word, n))
				continue;
			if (strcmp(k->status, "live") == 0)
				return false;
			withdrawn = true;
		}
	return withdrawn;
}

int afd_gate_policy_check(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, struct afd_error *err)
{
	struct reading r = { arena, a, s };

	for (size_t i = 0; i < a->gate.n_rule; i++) {
		const struct afd_gate_rule *k = &a->gate.rule[i];
		const struct { const char *name, *list; bool (*none)(const void *, const char *, size_t); } rows[] = {
			{ "check", k->check, no_check }, { "framework", k->framework, no_framework }, { "control", k->control, no_control },
		};

		for (size_t w = 0; w < AFD_COUNT(rows); w++) {
			const char *name = afd_arena_printf(arena, "rules: rule %u", k->number), *number = afd_arena_printf(arena, "%u", k->number);
			const char *why = !rows[w].list ? NULL : any_word(rows[w].list, rows[w].none, a) ? "there is no such" :
					  rows[w].list == k->control && any_word(k->control, only_withdrawn, a) ? "withdrawn" : NULL;

			if (!why)
				continue;
			if (!name || !number)
				return afd_fail_memory(err);
			if (fault_at(&r, name, a->policy_leaf == UINT64_MAX ? 0 : a->policy_leaf,
				     (const char *const[]){ "gate", "rules", number, rows[w].name, NULL },
				     afd_arena_printf(arena, "%s %s: %s", why, rows[w].name, rows[w].list), err) < 0)
				return -1;
		}
	}
	return 0;
}

/* --- which rule --- */

static bool same(const void *name, const char *word, size_t n)
{
	return is_word(name, word, n);
}

static bool names(const char *list, const char *name)
{
	return !list || (name && any_word(list, same, name));
}

/* A control of the rule is the control of one of the check's links, or stands above it. */
static bool maps_to(const struct afd_assessment *a, const struct afd_gate_rule *k, const char *check)
{
	for (size_t f = 0; f < a->n_framework; f++) {
		const struct afd_framework *w = &a->framework[f];

		if (!names(k->framework, w->id))
			continue;
		for (size_t c = 0; c < w->n_control; c++) {
			bool linked = false;
			unsigned depth = 0;

			for (size_t l = 0; l < w->control[c].n_link && !linked; l++)
				linked = strcmp(w->control[c].link[l].check, check) == 0;
			for (const char *id = linked ? w->control[c].id : NULL; id;) {
				const char *parent = NULL;

				if (names(k->control, id))
					return true;
				for (size_t p = 0; p < w->n_control; p++)
					if (strcmp(w->control[p].id, id) == 0)
						parent = w->control[p].parent;
				id = parent && *parent && ++depth < 16 ? parent : NULL;
			}
		}
	}
	return false;
}

static bool matches(const struct afd_assessment *a, const struct afd_gate_rule *k, const struct afd_finding *f)
{
	return names(k->check, f->check->id) && names(k->severity, f->check->severity) && names(k->resource, f->resource) &&
	       names(k->tier, f->tier) && ((!k->framework && !k->control) || maps_to(a, k, f->check->id));
}

const char *afd_gate_word_name(enum afd_gate_word w)
{
	static const char *const text[] = { [AFD_GATE_PASSES] = "passes", [AFD_GATE_KNOWN] = "known", [AFD_GATE_WAIVED] = "waived", [AFD_GATE_VIOLATES] = "violates" };

	return text[w];
}

static int by_id(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

enum afd_gate_word afd_gate_finding(const struct afd_assessment *a, const struct afd_finding *f, const struct afd_baseline *b, unsigned *rule)
{
	const bool fail = f->status == AFD_FAIL;
	bool counts = afd_severity_rank(f->check->severity) >= afd_severity_rank(a->gate.fail_on) && (fail || a->gate.review_fails);

	*rule = 0;
	if (f->would_fail)
		return AFD_GATE_PASSES;
	if (fail && f->waiver)
		return AFD_GATE_WAIVED;
	for (size_t i = 0; i < a->gate.n_rule; i++) {
		const struct afd_gate_rule *k = &a->gate.rule[i];
		const int says = fail ? k->fail : k->review;

		if (says < 0 || !matches(a, k, f))       /* it says nothing of such findings */
			continue;
		counts = says == 1;
		*rule = k->number;
		break;
	}
	if (!counts)
		return AFD_GATE_PASSES;
	return b && b->n && bsearch(f->id, b->id, b->n, sizeof *b->id, by_id) ? AFD_GATE_KNOWN : AFD_GATE_VIOLATES;
}
