/* What the policy says to checks: their parameters, and severities other than the usual ones. */
#include <stdlib.h>

#include "mappers/judge.h"

struct reading { struct afd_arena *arena; struct afd_store *s; struct afd_assessment *a; const char **wrong; };

/* The child of N that WORD leads to: a key; of a list, "2" its second, "check=ID" the one that says so. */
static const struct afd_node *child(const struct afd_node *n, const char *word)
{
	const char *equals = strchr(word, '=');
	const size_t len = equals ? (size_t)(equals - word) : 0;
	unsigned long left = strtoul(word, NULL, 10);

	if (n && n->type == AFD_MAP)
		return afd_node_get(n, word);
	for (const struct afd_node *e = n && n->type == AFD_LIST ? n->u.list.first : NULL; e; e = e->next) {
		if (!equals && --left == 0)
			return e;
		for (const struct afd_node *k = equals && e->type == AFD_MAP ? e->u.list.first : NULL; k; k = k->next)
			if (strlen(k->key) == len && memcmp(k->key, word, len) == 0 && afd_node_text(k) && strcmp(afd_node_text(k), equals + 1) == 0)
				return k;
	}
	return NULL;
}

const char *afd_policy_place(struct afd_store *s, struct afd_arena *arena, uint64_t leaf, const char *const *path)
{
	AFD_AUTO(item) struct afd_item item = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const char *ret = NULL;

	if (afd_store_item(s, leaf, &item, NULL) == 0 && item.presence == AFD_PRESENT && item.record.asked &&
	    afd_yaml_parse(afd_buf_slice(&item.bytes), item.record.asked, &d, NULL) == 0) {
		const struct afd_node *n = afd_doc_root(d);

		for (const struct afd_node *next; *path && (next = child(n, *path)); path++)
			n = next;
		ret = n ? afd_arena_printf(arena, "%s:%u", item.record.asked, n->line) : NULL;
	}
	return ret ? ret : "policy";
}

/* A policy that speaks of what is not there says so, and stops nothing else. */
static int fault(struct reading *r, uint64_t leaf, const char *what, const char *check, const char *why, struct afd_error *err)
{
	const char *place = afd_policy_place(r->s, r->arena, leaf, (const char *const[]){ what, check, NULL }), *name = strchr(check, '=');
	struct afd_decode_fault *p = AFD_PUSH(r->arena, r->a->fault, r->a->n_fault);

	if (!p)
		return afd_fail_memory(err);
	*p = (struct afd_decode_fault){ "policy", afd_arena_printf(r->arena, "%s: %s.%s: %s", place, what, name ? name + 1 : check, why), leaf };
	r->a->policy_faults++;
	return p->reason ? 0 : afd_fail_memory(err);
}

static int wrong_param(struct reading *r, uint64_t leaf, size_t check, const char *name, const char *why, struct afd_error *err)
{
	const char *id = r->a->check[check].id;

	r->wrong[check] = afd_arena_printf(r->arena, "%s: params.%s.%s: %s", afd_policy_place(r->s, r->arena, leaf, (const char *const[]){ "params", id, name, NULL }), id, name, why);
	return r->wrong[check] ? 0 : afd_fail_memory(err);
}

static size_t check_at(const struct reading *r, const char *id)
{
	size_t at = 0;

	while (at < r->a->n_check && strcmp(r->a->check[at].id, id) != 0)
		at++;
	return at;
}

static int set_param(struct reading *r, const char *check, const char *name, const char *value, uint64_t leaf,
		     struct afd_error *err)
{
	struct afd_param *p = NULL, wanted;
	struct afd_error own = { 0 };
	size_t at = check_at(r, check);
	int64_t v;

	if (at == r->a->n_check)
		return fault(r, leaf, "params", check, "there is no such check", err);
	if (!r->a->check[at].findings_sql)               /* it has an error already, and nobody knows its parameters */
		return 0;
	for (size_t i = 0; i < r->a->check[at].n_param; i++)
		if (strcmp(r->a->check[at].param[i].name, name) == 0)
			p = &r->a->check[at].param[i];
	if (!p)
		return wrong_param(r, leaf, at, name, "the check has no such parameter", err);
	wanted = *p;
	wanted.value = afd_arena_text(r->arena, value);
	if (!wanted.value)
		return afd_fail_memory(err);
	if (afd_param_int(&wanted, &v, &own) < 0)
		return wrong_param(r, leaf, at, name, own.text, err);
	if (strcmp(p->value, wanted.value) != 0)
		wanted.usual = p->value;
	*p = wanted;
	return 0;
}

/* Checks given by a caller keep their own defaults. */
static int own_params(struct reading *r, struct afd_error *err)
{
	for (size_t i = 0; i < r->a->n_check; i++) {
		struct afd_check *c = &r->a->check[i];
		struct afd_param *p = afd_arena_alloc(r->arena, (c->n_param + 1) * sizeof *p);

		if (!p)
			return afd_fail_memory(err);
		if (c->n_param)
			memcpy(p, c->param, c->n_param * sizeof *p);
		c->param = p;
	}
	return 0;
}

static int read_params(struct afd_store *s, struct reading *r, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	if (afd_query_open(s,
			   "SELECT check_id, name, value, leaf FROM policy WHERE check_id <> 'gate' ORDER BY check_id, name",
			   &q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0)
		if (set_param(r, afd_query_text(q, 0), afd_query_text(q, 1), afd_query_text(q, 2),
			      (uint64_t)afd_query_int(q, 3), err) < 0)
			return -1;
	return got;
}

/* A severity that nobody approved, or that is none, changes nothing: the check's own stays in force. */
static int set_severity(struct reading *r, struct afd_query *q, struct afd_error *err)
{
	const char *check = afd_query_text(q, 0), *severity = afd_query_text(q, 1);
	const size_t at = check_at(r, check);
	const uint64_t leaf = (uint64_t)afd_query_int(q, 5);
	struct afd_check *c = &r->a->check[at];
	const char *in_force, *reason, *approver, *at_check = afd_arena_printf(r->arena, "check=%s", check);

	if (!at_check)
		return afd_fail_memory(err);

	if (at == r->a->n_check)
		return fault(r, leaf, "severities", at_check, "there is no such check", err);
	if (afd_severity_rank(severity) < 0)
		return fault(r, leaf, "severities", at_check, "expected critical, high, medium, low or info", err);
	if (!*afd_query_text(q, 2) || !*afd_query_text(q, 3))
		return fault(r, leaf, "severities", at_check, "expected a reason and an approver", err);
	in_force = afd_arena_text(r->arena, severity);
	reason = afd_arena_text(r->arena, afd_query_text(q, 2));
	approver = afd_arena_text(r->arena, afd_query_text(q, 3));
	if (!in_force || !reason || !approver)
		return afd_fail_memory(err);
	c->severity_usual = c->severity;
	c->severity = in_force;
	c->severity_reason = reason;
	c->severity_approver = approver;
	c->severity_since = afd_query_int(q, 4);
	return 0;
}

static int read_severities(struct afd_store *s, struct reading *r, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	if (afd_query_open(s, "SELECT check_id, severity, reason, approver, recorded_at, leaf FROM severity_change ORDER BY check_id", &q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0)
		if (set_severity(r, q, err) < 0)
			return -1;
	return got;
}

/* Waivers and routes of a check that nobody has would wait for ever. */
static int read_targets(struct afd_store *s, struct reading *r, const char *what, const char *sql, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got;

	if (afd_query_open(s, sql, &q, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0) {
		const char *check = afd_query_text(q, 0), *place = afd_arena_printf(r->arena, "check=%s", check);

		if (!place)
			return afd_fail_memory(err);
		if (check_at(r, check) == r->a->n_check && fault(r, (uint64_t)afd_query_int(q, 1), what, place, "there is no such check", err) < 0)
			return -1;
	}
	return got;
}

int afd_policy_apply(struct afd_store *s, struct afd_arena *arena, struct afd_assessment *a, const char ***wrong, struct afd_error *err)
{
	struct reading r = { .arena = arena, .s = s, .a = a };

	r.wrong = *wrong = afd_arena_alloc(arena, (a->n_check + 1) * sizeof **wrong);
	if (!r.wrong)
		return afd_fail_memory(err);
	if (own_params(&r, err) < 0 || read_params(s, &r, err) < 0)
		return -1;
	if (read_severities(s, &r, err) < 0 || read_targets(s, &r, "waivers", "SELECT check_id, leaf FROM waiver WHERE check_id IS NOT NULL ORDER BY id", err) < 0)
		return -1;
	return read_targets(s, &r, "routing", "SELECT check_id, MIN(leaf) FROM routing WHERE check_id <> '' GROUP BY check_id ORDER BY check_id", err);
}
