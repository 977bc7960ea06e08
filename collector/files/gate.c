/* `gate:` of policy.yaml: what violates it, in general and rule by rule. Settings become rows of the table policy under the
 * check id "gate"; those of a rule are called rules.001.severity and so on, lists are words with blanks between. */
#include "collector/files/gate.h"
#include "collector/files/inventory.h"
#include "core/severity.h"

struct gate { const char *fail_on, *incomplete; bool review_fails; int64_t window; const struct afd_node *rules; };
static const struct afd_field gate_fields[] = {
	{ "fail_on", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct gate, fail_on), "critical, high, medium, low or info" },
	{ "incomplete", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct gate, incomplete), "fail or warn" },
	{ "review_fails", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct gate, review_fails), NULL },
	{ "rules", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct gate, rules), NULL },
	{ "window", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct gate, window), NULL },
	{ 0 }
};

struct rule { const struct afd_node *severity, *tier, *framework, *control, *check, *resource, *fail, *review; };
static const struct afd_field rule_fields[] = {
	{ "severity", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, severity), NULL },
	{ "tier", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, tier), NULL },
	{ "framework", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, framework), NULL },
	{ "control", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, control), NULL },
	{ "check", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, check), NULL },
	{ "resource", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, resource), NULL },
	{ "fail", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, fail), NULL },
	{ "review", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct rule, review), NULL },
	{ 0 }
};

static const char *const answers[] = { "fail", "warn", NULL };

#define MAX_RULES 200
#define MAX_WINDOW (36500 * AFD_DAY)

static bool one_of(const char *const *of, const char *s)
{
	while (*of && strcmp(*of, s) != 0)
		of++;
	return *of != NULL;
}

static int row(struct afd_doc *d, struct afd_uf_rows *rows, const struct afd_node *n, const char *name, const char *value, struct afd_error *err)
{
	const char *key = afd_uf_keep(d, "gate|%s", name);
	const struct afd_row_user_value v[] = { AFD_V_TEXT("check_id", "gate"), AFD_V_TEXT("name", name), AFD_V_TEXT("value", value) };

	if (!key || !name || !value)
		return afd_fail_memory(err);
	return afd_uf_row(rows, "policy", key, n->line, v, AFD_COUNT(v), err);
}

/* One word, or a list of words; each one of OF, where that is not NULL. */
static const char *words(struct afd_doc *d, const struct afd_node *n, const char *const *of, const char *expected, struct afd_error *err)
{
	const struct afd_node *at = n->type == AFD_LIST ? n->u.list.first : n;
	const char *all = "";

	for (; at; at = n->type == AFD_LIST ? at->next : NULL) {
		const char *s = afd_node_text(at);

		if (!s || !*s || strchr(s, ' ') || (of && !one_of(of, s))) {
			afd_node_fail(d, at, err, expected);
			return NULL;
		}
		all = afd_uf_keep(d, "%s%s%s", all, *all ? " " : "", s);
		if (!all) {
			afd_fail_memory(err);
			return NULL;
		}
	}
	if (!*all)
		afd_node_fail(d, n, err, expected);
	return *all ? all : NULL;
}

static int rule_row(struct afd_doc *d, struct afd_uf_rows *rows, unsigned number, const struct afd_node *n, const char *const *of,
		    const char *expected, struct afd_error *err)
{
	const char *value;

	if (!n)
		return 0;
	if (!expected && n->type != AFD_BOOL)
		return afd_node_fail(d, n, err, "true or false");
	value = expected ? words(d, n, of, expected, err) : n->u.i ? "true" : "false";
	if (!value)
		return -1;
	return row(d, rows, n, afd_uf_keep(d, "rules.%03u.%s", number, n->key), value, err);
}

static int rule(struct afd_doc *d, struct afd_uf_rows *rows, unsigned number, const struct afd_node *n, struct afd_error *err)
{
	struct rule r = { 0 };

	if (afd_fields_read(d, n, rule_fields, &r, err) < 0)
		return -1;
	if (!r.fail && !r.review)
		return afd_uf_fail(d, n, err, "gate.rules: rule %u: expected \"fail\" or \"review\", each true or false", number);
	return rule_row(d, rows, number, r.severity, afd_severities, "critical, high, medium, low or info, or a list of them", err) < 0 ||
	       rule_row(d, rows, number, r.tier, afd_inv_tiers, "critical, high, normal or low, or a list of them", err) < 0 ||
	       rule_row(d, rows, number, r.framework, NULL, "the id of a framework, or a list", err) < 0 ||
	       rule_row(d, rows, number, r.control, NULL, "the id of a control, or a list", err) < 0 ||
	       rule_row(d, rows, number, r.check, NULL, "the id of a check, or a list", err) < 0 ||
	       rule_row(d, rows, number, r.resource, NULL, "a name without blanks, or a list", err) < 0 ||
	       rule_row(d, rows, number, r.fail, NULL, NULL, err) < 0 ||
	       rule_row(d, rows, number, r.review, NULL, NULL, err) < 0 ? -1 : 0;
}

static int one_word(struct afd_doc *d, struct afd_uf_rows *rows, const struct afd_node *map, const char *name, const char *const *of,
		    const char *expected, struct afd_error *err)
{
	const struct afd_node *n = afd_node_get(map, name);
	const char *s = n ? afd_node_text(n) : NULL;

	if (!n || n->type == AFD_NULL)
		return 0;
	if (!s || (of && !one_of(of, s)))
		return afd_node_fail(d, n, err, expected);
	return row(d, rows, n, name, s, err);
}

/* A window of no length would look at nothing and find nothing. */
static int window(const struct afd_doc *d, const struct afd_node *n, struct afd_error *err)
{
	int64_t ms;

	if (!afd_node_text(n) || afd_duration_parse(afd_node_text(n), &ms, NULL) < 0)
		return 0;                         /* said elsewhere */
	return ms <= 0 || ms > MAX_WINDOW ? afd_node_fail(d, n, err, "a duration of some length, at most 36500d") : 0;
}

int afd_policy_gate(struct afd_doc *d, const struct afd_node *map, struct afd_uf_rows *rows, struct afd_error *err)
{
	struct gate g = { 0 };
	const struct afd_node *n;
	unsigned number = 0;

	if (!map || map->type == AFD_NULL)
		return 0;
	if (afd_fields_read(d, map, gate_fields, &g, err) < 0 ||
	    one_word(d, rows, map, "fail_on", afd_severities, "critical, high, medium, low or info", err) < 0 ||
	    one_word(d, rows, map, "incomplete", answers, "fail or warn", err) < 0 ||
	    window(d, afd_node_get(map, "window"), err) < 0 || one_word(d, rows, map, "window", NULL, "a duration", err) < 0 || afd_uf_list(d, g.rules, &n, err) < 0)
		return -1;
	if ((map = afd_node_get(map, "review_fails")) && map->type == AFD_BOOL && row(d, rows, map, "review_fails", map->u.i ? "true" : "false", err) < 0)
		return -1;
	for (; n; n = n->next) {
		if (++number > MAX_RULES)
			return afd_uf_fail(d, n, err, "gate.rules: more than %u rules", MAX_RULES);
		if (rule(d, rows, number, n, err) < 0)
			return -1;
	}
	return 0;
}
