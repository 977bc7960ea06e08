/* The assessment from beginning to end. Every text in it lives in one arena or in a document kept beside it. */
#include "mappers/judge.h"

struct whole {
	struct afd_assessment a;                      /* first: what callers hold */
	struct afd_arena arena;
	struct afd_doc **doc; size_t n_doc;
	struct afd_catalogue *cat; size_t n_cat;
	struct afd_rule_file *rule; size_t n_rule;    /* their files, and those of mappings */
	unsigned lost;                                /* newest versions of files that are not there to be read */
	struct afd_judge judge;
	bool compares;
	const struct afd_assess_how *how;
	const char **wrong_param;                     /* of each check: what the policy says to it that cannot be; NULL */
};

struct afd_assessment *afd_assessment_free(struct afd_assessment *a)
{
	struct whole *w = (struct whole *)(void *)a;

	if (!w)
		return NULL;
	for (size_t i = 0; i < w->n_doc; i++)
		afd_doc_release(&w->doc[i]);
	afd_arena_release(&w->arena);
	free(w);
	return NULL;
}

void afd_assessment_release(struct afd_assessment **a)
{
	*a = afd_assessment_free(*a);
}

/* --- items that say how to judge --- */

static int keep_doc(struct whole *w, struct afd_doc *d, struct afd_error *err)
{
	struct afd_doc **p = AFD_PUSH(&w->arena, w->doc, w->n_doc);

	if (!p) {
		afd_doc_free(d);
		return afd_fail_memory(err);
	}
	*p = d;
	return 0;
}

static int add_check(struct whole *w, const struct afd_check *c, struct afd_error *err)
{
	struct afd_check *p;

	for (size_t i = 0; i < w->a.n_check; i++)
		if (strcmp(w->a.check[i].id, c->id) == 0) {     /* the same file under two labels: the newest counts */
			if (w->a.check[i].leaf < c->leaf)
				w->a.check[i] = *c;
			return 0;
		}
	p = AFD_PUSH(&w->arena, w->a.check, w->a.n_check);
	if (!p)
		return afd_fail_memory(err);
	*p = *c;
	return 0;
}

/* What cannot be judged by takes its place with an error, under the name that it would have. */
static int add_unusable(struct whole *w, uint64_t leaf, const char *label, const char *why, const char *remedy,
			struct afd_digest sha256, struct afd_error *err)
{
	const char *slash = strrchr(label, '/');
	char *id = *label ? afd_arena_text(&w->arena, slash ? slash + 1 : label)
			  : afd_arena_printf(&w->arena, "item-%llu", (unsigned long long)leaf);
	struct afd_check c = { .id = id, .title = *label ? label : id, .severity = "high", .resource = "check",
		.why = afd_arena_text(&w->arena, why), .remedy = remedy, .leaf = leaf, .sha256 = sha256 };
	size_t n = id ? strlen(id) : 0;

	if (!c.id || !c.why)
		return afd_fail_memory(err);
	if (n > 4 && strcmp(id + n - 4, ".sql") == 0)
		id[n - 4] = '\0';
	return add_check(w, &c, err);
}

static int add_lost(struct whole *w, uint64_t leaf, const char *label, struct afd_error *err)
{
	const char *why = afd_arena_printf(&w->arena, "%s (item %llu), the newest version, cannot be read any more: "
					   "it cannot be judged by", *label ? label : "A file", (unsigned long long)leaf);

	w->lost++;
	return why ? add_unusable(w, leaf, label, why, "Collect with the file once more.", (struct afd_digest){ 0 }, err)
		   : afd_fail_memory(err);
}

/* The newest item of each label, by label; also one that is lost, for an older one does not stand in for it. */
static const char newest_sql[] = "SELECT asked, MAX(leaf), kind FROM item_note WHERE decoder = :decoder"
				 " AND kind IN ('file', 'erased', 'missing', 'damaged') GROUP BY asked ORDER BY asked";

static int each_file(struct afd_store *s, const char *decoder, struct whole *w,
		     int (*read)(struct whole *w, uint64_t leaf, const char *label, struct afd_slice bytes,
				 struct afd_error *err),
		     struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, newest_sql, &q, err) < 0 || afd_query_bind_text(q, "decoder", decoder, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		AFD_AUTO(item) struct afd_item item = { 0 };
		const char *label = afd_arena_text(&w->arena, afd_query_text(q, 0));
		uint64_t leaf = (uint64_t)afd_query_int(q, 1);

		if (!label)
			return afd_fail_memory(err);
		if (strcmp(afd_query_text(q, 2), "file") != 0) {
			if (add_lost(w, leaf, label, err) < 0)
				return -1;
			continue;
		}
		if (afd_store_item(s, leaf, &item, err) < 0)
			return -1;
		if (item.presence != AFD_PRESENT) {      /* since the tables were made */
			if (add_lost(w, leaf, label, err) < 0)
				return -1;
			continue;
		}
		if (read(w, leaf, label, afd_buf_slice(&item.bytes), err) < 0)
			return -1;
	}
	return r;
}

/* A check that cannot be read takes its place with an error; the others go on. */
static int read_check(struct whole *w, uint64_t leaf, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_doc *d = NULL;
	struct afd_check c;
	struct afd_error own = { 0 };

	if (afd_check_parse(bytes, label, &d, &c, &own) < 0) {
		struct afd_digest sha256;

		if (own.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		afd_sha256(bytes, &sha256);
		return add_unusable(w, leaf, label, own.text, "Correct the file of the check.", sha256, err);
	}
	if (keep_doc(w, d, err) < 0)
		return -1;
	c.leaf = leaf;
	c.label = label;
	return add_check(w, &c, err);
}

/* Kept until all are there: they are read in an order of their own. */
static int keep_rule(struct whole *w, const char *decoder, uint64_t leaf, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_rule_file *f = AFD_PUSH(&w->arena, w->rule, w->n_rule);
	uint8_t *copy = afd_arena_alloc(&w->arena, bytes.len + 1);

	if (!f || !copy)
		return afd_fail_memory(err);
	if (bytes.len)
		memcpy(copy, bytes.data, bytes.len);
	*f = (struct afd_rule_file){ decoder, label, afd_slice(copy, bytes.len), leaf };
	return 0;
}

static int read_framework(struct whole *w, uint64_t leaf, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	return keep_rule(w, "framework", leaf, label, bytes, err);
}

static int read_mapping(struct whole *w, uint64_t leaf, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	return keep_rule(w, "mapping", leaf, label, bytes, err);
}

static int read_official(struct whole *w, uint64_t leaf, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	return keep_rule(w, "official", leaf, label, bytes, err);
}

/* Of two files with one id (the same file under two labels) the newest counts. */
static int use_catalogue(struct whole *w, const struct afd_rule_file *f, struct afd_doc **d, struct afd_error *err)
{
	struct afd_catalogue c, *p = NULL;

	if (afd_catalogue_parse(f->bytes, f->label, &w->arena, d, &c, err) < 0)
		return -1;
	c.framework.leaf = f->leaf;
	for (size_t i = 0; i < w->n_cat; i++)
		if (strcmp(w->cat[i].framework.id, c.framework.id) == 0)
			p = &w->cat[i];
	if (p && p->framework.leaf > f->leaf)
		return 0;
	if (!p)
		p = AFD_PUSH(&w->arena, w->cat, w->n_cat);
	if (!p)
		return afd_fail_memory(err);
	*p = c;
	return 0;
}

static int use_rule(struct whole *w, const struct afd_rule_file *f, struct afd_doc **d, struct afd_error *err)
{
	if (strcmp(f->decoder, "framework") == 0)
		return use_catalogue(w, f, d, err);
	if (strcmp(f->decoder, "mapping") == 0)
		return afd_mapping_parse(f, &w->arena, d, w->cat, w->n_cat, w->a.check, w->a.n_check, err);
	return afd_official_parse(f, &w->arena, d, w->cat, w->n_cat, err);
}

/* Where a file was lost, what is left may name what it held: that is said, and the others go on. */
static int read_rule(struct whole *w, const struct afd_rule_file *f, struct afd_error *err)
{
	struct afd_doc *d = NULL;
	struct afd_error own = { 0 };
	struct afd_digest sha256;

	if (use_rule(w, f, &d, &own) == 0)
		return d ? keep_doc(w, d, err) : 0;
	if (own.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (!w->lost || strcmp(f->decoder, "framework") == 0) {
		if (err)
			*err = own;
		return -1;
	}
	afd_sha256(f->bytes, &sha256);
	return add_unusable(w, f->leaf, f->label, own.text, "Collect with all files once more.", sha256, err);
}

static int compare_check(const void *x, const void *y)
{
	return strcmp(((const struct afd_check *)x)->id, ((const struct afd_check *)y)->id);
}

static int read_frameworks(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	if (each_file(s, "framework", w, read_framework, err) < 0 || each_file(s, "mapping", w, read_mapping, err) < 0 ||
	    each_file(s, "official", w, read_official, err) < 0)
		return -1;
	afd_rule_files_sort(w->rule, w->n_rule);
	for (size_t i = 0; i < w->n_rule; i++)
		if (!afd_rule_withdrawn(w->rule[i].bytes) && read_rule(w, &w->rule[i], err) < 0)
			return -1;
	if (w->n_cat)
		qsort(w->cat, w->n_cat, sizeof *w->cat, afd_catalogue_compare);
	for (size_t i = 0; i < w->n_cat; i++) {
		struct afd_framework *p = AFD_PUSH(&w->arena, w->a.framework, w->a.n_framework);

		if (!p)
			return afd_fail_memory(err);
		*p = w->cat[i].framework;
	}
	return 0;
}

/* A framework that speaks of something not everybody has is in scope when the configuration says so, or when the inventory
 * shows it: what stands there outweighs what nobody said. */
static int read_in_scope(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	for (size_t i = 0; i < w->a.n_framework; i++) {
		struct afd_framework *f = &w->a.framework[i];

		if (f->in_scope)
			continue;
		q = afd_query_close(q);
		if (afd_query_open(s,
				   "SELECT 1 FROM setting WHERE name = 'framework.' || :id UNION ALL"
				   " SELECT 1 FROM credential WHERE kind = :kind LIMIT 1",
				   &q, err) < 0 ||
		    afd_query_bind_text(q, "id", f->id, err) < 0 ||
		    afd_query_bind_text(q, "kind", f->applies_credential ? f->applies_credential : "", err) < 0 ||
		    (r = afd_query_step(q, err)) < 0)
			return -1;
		f->in_scope = r > 0;
	}
	return 0;
}

/* --- what surrounds the judgement --- */

static int text_of(struct afd_store *s, struct whole *w, const char *setting, const char **ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT value FROM setting WHERE name = :name", &q, err) < 0 ||
	    afd_query_bind_text(q, "name", setting, err) < 0 || (r = afd_query_step(q, err)) < 0)
		return -1;
	*ret = afd_arena_text(&w->arena, r > 0 ? afd_query_text(q, 0) : "");
	return *ret ? 0 : afd_fail_memory(err);
}

static int number_of(struct afd_store *s, const char *sql, int64_t none, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	*ret = none;
	if (afd_query_open(s, sql, &q, err) < 0 || (r = afd_query_step(q, err)) < 0)
		return -1;
	if (r > 0 && !afd_query_is_null(q, 0))
		*ret = afd_query_int(q, 0);
	return 0;
}

static int newest_leaf(struct afd_store *s, const char *decoder, uint64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	*ret = UINT64_MAX;
	if (afd_query_open(s, "SELECT MAX(leaf) FROM item_note WHERE decoder = :decoder", &q, err) < 0 ||
	    afd_query_bind_text(q, "decoder", decoder, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	if (!afd_query_is_null(q, 0))
		*ret = (uint64_t)afd_query_int(q, 0);
	return 0;
}

static int read_head(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	AFD_AUTO(mem) char *origin = NULL, *test = NULL;
	AFD_AUTO(head) struct afd_head head = { 0 };
	struct afd_assessment *a = &w->a;
	int64_t derived;
	int found;

	if (afd_store_size(s, &a->head_size, err) < 0 || number_of(s, "SELECT size FROM derived", 0, &derived, err) < 0)
		return -1;
	if ((uint64_t)derived != a->head_size)
		return afd_fail(err, AFD_E_STORE, "the tables are derived from %lld items of %llu: derive first",
				(long long)derived, (unsigned long long)a->head_size);
	if (afd_store_root(s, a->head_size, &a->head_root, err) < 0 ||
	    (found = afd_store_head(s, a->head_size, &head, err)) < 0 ||
	    afd_store_meta(s, "origin", &origin, err) < 0 || afd_store_meta(s, "test", &test, err) < 0)
		return -1;
	a->origin = afd_arena_text(&w->arena, origin ? origin : "");
	a->note = found > 0 && head.size == a->head_size ? afd_arena_text(&w->arena, head.note) : NULL;
	a->test = test && strcmp(test, "1") == 0;
	a->engine = "affidavit " AFD_VERSION;
	if (!a->origin || (found > 0 && head.size == a->head_size && !a->note))
		return afd_fail_memory(err);
	return 0;
}

/* Since when all evidence is there: the latest of the times at which the expected sources begin. One that never
 * delivered is for evidence-coverage. */
static int read_history(struct afd_store *s, struct afd_assessment *a, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	a->history_begins_ms = AFD_TIME_NONE;
	if (afd_query_open(s,
			   "SELECT MAX(t) FROM (SELECT MIN(v.t_from) AS t FROM source_scope x LEFT JOIN source o ON"
			   " o.name = x.source JOIN coverage v ON v.evidence = x.evidence AND v.scope = x.scope AND"
			   " v.source = x.source AND v.grade > 0 WHERE " AFD_RETIRED_SQL " > :from"
			   " GROUP BY x.source, x.evidence, x.scope)",
			   &q, err) < 0 ||
	    afd_query_bind_int(q, "from", a->period.from, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	if (!afd_query_is_null(q, 0))
		a->history_begins_ms = afd_query_int(q, 0);
	return 0;
}

static int read_surroundings(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	struct afd_assessment *a = &w->a;
	int64_t lag;

	if (read_head(s, w, err) < 0 || text_of(s, w, "organisation", &a->organisation, err) < 0 ||
	    text_of(s, w, "classification", &a->classification, err) < 0 ||
	    newest_leaf(s, "policy", &a->policy_leaf, err) < 0 ||
	    newest_leaf(s, "inventory", &a->inventory_leaf, err) < 0 ||
	    newest_leaf(s, "config", &a->config_leaf, err) < 0 ||
	    read_history(s, a, err) < 0 ||
	    number_of(s, "SELECT MAX(lag_ms) FROM source_scope", 0, &lag, err) < 0)
		return -1;
	a->provisional = a->as_of_ms < a->period.to || a->as_of_ms - lag < a->period.to;
	return 0;
}

static int read_scope(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_arena *a = &w->arena;
	int r;

	if (afd_query_open(s,
			   "SELECT name, COALESCE(zone, ''), COALESCE(account, ''), COALESCE(owner, ''), "
			   "COALESCE(reason, ''), in_scope, leaf"
			   " FROM domain ORDER BY name",
			   &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_scope_row *p = AFD_PUSH(a, w->a.scope, w->a.n_scope);

		if (!p)
			return afd_fail_memory(err);
		*p = (struct afd_scope_row){afd_arena_text(a, afd_query_text(q, 0)),
					    afd_arena_text(a, afd_query_text(q, 1)),
					    afd_arena_text(a, afd_query_text(q, 2)),
					    afd_arena_text(a, afd_query_text(q, 3)),
					    afd_arena_text(a, afd_query_text(q, 4)),
					    afd_query_int(q, 5) == 1,
					    (uint64_t)afd_query_int(q, 6)};
		if (!p->name || !p->zone || !p->account || !p->owner || !p->reason)
			return afd_fail_memory(err);
	}
	return r;
}

/* To the end of the ledger, not to as-of alone: what the files say now is what everything is judged by. */
static int read_edits(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_arena *a = &w->arena;
	int r;

	if (afd_query_open(
		    s,
		    "SELECT table_name, key, what, COALESCE(before_value, ''), COALESCE(after_value, ''), t, leaf FROM "
		    "scope_edit"
		    " WHERE t >= :from ORDER BY leaf, table_name, key, what, before_value, after_value",
		    &q, err) < 0 ||
	    afd_query_bind_int(q, "from", w->a.period.from, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_edit *p = AFD_PUSH(a, w->a.edit, w->a.n_edit);

		if (!p)
			return afd_fail_memory(err);
		*p = (struct afd_edit){afd_arena_text(a, afd_query_text(q, 0)),
				       afd_arena_text(a, afd_query_text(q, 1)),
				       afd_arena_text(a, afd_query_text(q, 2)),
				       afd_arena_text(a, afd_query_text(q, 3)),
				       afd_arena_text(a, afd_query_text(q, 4)),
				       afd_query_int(q, 5),
				       (uint64_t)afd_query_int(q, 6)};
		if (!p->table || !p->key || !p->what || !p->before || !p->after)
			return afd_fail_memory(err);
	}
	return r;
}

static int read_faults(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s, "SELECT source, reason, leaf FROM decode_error ORDER BY leaf, reason", &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		struct afd_decode_fault *p = AFD_PUSH(&w->arena, w->a.fault, w->a.n_fault);

		if (!p)
			return afd_fail_memory(err);
		*p = (struct afd_decode_fault){ afd_arena_text(&w->arena, afd_query_text(q, 0)),
			afd_arena_text(&w->arena, afd_query_text(q, 1)), (uint64_t)afd_query_int(q, 2) };
		if (!p->source || !p->reason)
			return afd_fail_memory(err);
	}
	return r;
}

/* --- order --- */

static int compare_result(const void *x, const void *y)
{
	const struct afd_result *a = x, *b = y;
	int c = strcmp(a->check->id, b->check->id);

	return c ? c : strcmp(a->resource, b->resource);
}

static int compare_finding(const void *x, const void *y)
{
	const struct afd_finding *a = x, *b = y;
	int c = strcmp(a->check->id, b->check->id);

	if (c == 0)
		c = strcmp(a->resource, b->resource);
	return c ? c : strcmp(a->key, b->key);
}

static int compare_number(const void *x, const void *y)
{
	const struct afd_finding *a = x, *b = y;
	int ra = afd_severity_rank(a->check->severity), rb = afd_severity_rank(b->check->severity);

	return ra != rb ? rb - ra : compare_finding(x, y);
}

/* F1, F2, ... by severity, check, resource, key; waivers are found while the order is by check and resource. */
static int order(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	struct afd_assessment *a = &w->a;

	if (a->n_result)
		qsort(a->result, a->n_result, sizeof *a->result, compare_result);
	if (a->n_finding)
		qsort(a->finding, a->n_finding, sizeof *a->finding, compare_finding);
	if (afd_waivers_apply(s, &w->arena, a, err) < 0)
		return -1;
	if (a->n_finding)
		qsort(a->finding, a->n_finding, sizeof *a->finding, compare_number);
	for (size_t i = 0; i < a->n_finding; i++)
		a->finding[i].number = (unsigned)i + 1;
	return 0;
}

/* Why: docs/report-json.md, findings. */
static int salt_findings(struct afd_store *s, struct afd_assessment *a, struct afd_error *err)
{
	uint8_t salt[16];

	for (size_t i = 0; i < a->n_finding; i++) {
		const int r = afd_store_finding_salt(s, a->head_size, a->finding[i].id, salt, err);

		if (r < 0)
			return afd_within(err, "salt of finding %s", a->finding[i].id);
		if (r > 0)
			afd_hex(afd_slice(salt, sizeof salt), a->finding[i].salt);
	}
	return 0;
}

/* --- all together --- */

void afd_judge_step(struct afd_judge *j)
{
	const struct whole *w = (const struct whole *)(const void *)j->a;

	j->done++;
	if (j->how && j->how->step)
		j->how->step(j->how->ctx, j->done, w->a.n_check * (w->compares ? 2u : 1u));
}

/* Those that stand on others, or the others. */
static int judge_checks(struct whole *w, bool on_others, struct afd_error *err)
{
	struct afd_judge *j = &w->judge;
	struct afd_task *task = NULL;
	size_t n = 0;

	for (size_t i = 0; i < w->a.n_check; i++) {
		const struct afd_check *c = &w->a.check[i];
		struct afd_task *t;

		if ((c->after.n > 0) != on_others)
			continue;
		t = AFD_PUSH(&w->arena, task, n);
		if (!t)
			return afd_fail_memory(err);
		*t = (struct afd_task){ .check = c, .why = c->findings_sql ? w->wrong_param[i] : c->why };
		if (!t->why && afd_raised_fault(&w->a, c, &w->arena, &t->why, err) < 0)
			return afd_within(err, "check %s", c->id);
	}
	return afd_crew_run(j, task, n, j, err);
}

static int judge(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	struct afd_judge *j = &w->judge;

	*j = (struct afd_judge){ .s = s, .arena = &w->arena, .a = &w->a, .how = w->how };
	if (afd_crew_open(s, w->how ? w->how->workers : 0, &j->crew, err) < 0 || afd_cover_index_load(s, &w->arena, &j->cover, err) < 0)
		return -1;
	if (afd_period_fill(s, w->a.period, w->a.as_of_ms, err) < 0 || judge_checks(w, false, err) < 0 || afd_raised_fill(s, &w->a, &w->a, err) < 0 || judge_checks(w, true, err) < 0)
		return -1;
	return afd_assess_shares(j, err);
}

static int assess_all(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	if (w->a.period.from >= w->a.period.to)
		return afd_fail(err, AFD_E_USAGE, "period: it ends before it begins");
	if (afd_join(s, err) < 0 || read_surroundings(s, w, err) < 0)
		return -1;
	if (w->a.n_check)
		qsort(w->a.check, w->a.n_check, sizeof *w->a.check, compare_check);
	if (afd_policy_apply(s, &w->arena, &w->a, &w->wrong_param, err) < 0 || afd_gate_policy_read(s, &w->arena, &w->a, err) < 0 ||
	    afd_gate_policy_check(s, &w->arena, &w->a, err) < 0 || judge(s, w, err) < 0 || order(s, w, err) < 0 || salt_findings(s, &w->a, err) < 0 ||
	    afd_tiers_apply(s, &w->arena, &w->a, err) < 0)
		return -1;
	/* the tables are left as those of this period, for whoever runs the checks over them again */
	if (w->compares && (afd_compare(&w->judge, w->wrong_param, err) < 0 || afd_period_fill(s, w->a.period, w->a.as_of_ms, err) < 0 ||
			    afd_raised_fill(s, &w->a, &w->a, err) < 0))
		return -1;
	if (afd_assess_cover(s, &w->arena, &w->a, err) < 0 || afd_assess_anchoring(s, &w->arena, &w->a, err) < 0 || read_scope(s, w, err) < 0 || read_edits(s, w, err) < 0 ||
	    read_faults(s, w, err) < 0)
		return -1;
	return read_in_scope(s, w, err) < 0 ? -1 : afd_controls_count(&w->a, err);
}

static int assess(struct afd_store *s, struct whole *w, struct afd_error *err)
{
	const int r = assess_all(s, w, err);

	w->judge.crew = afd_crew_close(w->judge.crew);
	return r;
}

static struct whole *begin(struct afd_span period, const char *label, int64_t as_of_ms)
{
	struct whole *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->a.period = period;
	w->a.as_of_ms = as_of_ms;
	w->a.period_label = afd_arena_text(&w->arena, label ? label : "");
	if (!w->a.period_label) {
		afd_assessment_free(&w->a);
		return NULL;
	}
	return w;
}

static int assess_ledger(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, const struct afd_assess_how *how,
			 struct afd_assessment **ret, struct afd_error *err)
{
	struct whole *w = begin(period, label, as_of_ms);

	if (!w)
		return afd_fail_memory(err);
	w->compares = !how || !how->alone;
	w->how = how;
	afd_query_heed(s, how ? how->stop : NULL);

	int r = each_file(s, "check", w, read_check, err) < 0 || read_frameworks(s, w, err) < 0 || assess(s, w, err) < 0 ? -1 : 0;

	afd_query_heed(s, NULL);
	if (r < 0)
		afd_assessment_free(&w->a);
	else
		*ret = &w->a;
	return r;
}

int afd_assess(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms,
	       struct afd_assessment **ret, struct afd_error *err)
{
	return assess_ledger(s, period, label, as_of_ms, NULL, ret, err);
}

int afd_assess_so(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, const struct afd_assess_how *how,
		  struct afd_assessment **ret, struct afd_error *err)
{
	return assess_ledger(s, period, label, as_of_ms, how, ret, err);
}

int afd_assess_checks_so(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms, const struct afd_check *check, size_t n,
			 const struct afd_assess_how *how, struct afd_assessment **ret, struct afd_error *err)
{
	struct whole *w = begin(period, label, as_of_ms);
	int r = w ? 0 : afd_fail_memory(err);

	for (size_t i = 0; i < n && r == 0; i++) {
		struct afd_check *p = AFD_PUSH(&w->arena, w->a.check, w->a.n_check);

		if (p)
			*p = check[i];
		else
			r = afd_fail_memory(err);
	}
	if (w) {
		w->compares = !how->alone;
		w->how = how;
	}
	afd_query_heed(s, how->stop);
	if (r == 0)
		r = assess(s, w, err);
	afd_query_heed(s, NULL);
	if (r < 0) {
		if (w)
			afd_assessment_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}

int afd_assess_checks(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms,
                      const struct afd_check *check, size_t n, struct afd_assessment **ret, struct afd_error *err)
{
	return afd_assess_checks_so(s, period, label, as_of_ms, check, n, &(struct afd_assess_how){ .alone = true }, ret, err);
}

int afd_assess_checks_compared(struct afd_store *s, struct afd_span period, const char *label, int64_t as_of_ms,
			       const struct afd_check *check, size_t n, struct afd_assessment **ret, struct afd_error *err)
{
	return afd_assess_checks_so(s, period, label, as_of_ms, check, n, &(struct afd_assess_how){ 0 }, ret, err);
}
