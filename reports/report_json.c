/* The assessment as report.json. docs/report-json.md says what each member means; keys stand in their final order. */
#include "reports/report.h"

#include "core/limits.h"
#include "reports/json.h"

#define FORMAT "affidavit-report/1"

static const char *const phrase_names[] = {
	[AFD_PHRASE_NOT_ADDRESSED] = "not-addressed",
	[AFD_PHRASE_NO_EXCEPTIONS] = "no-exceptions-noted",
	[AFD_PHRASE_NOT_TESTED]    = "could-not-be-tested",
	[AFD_PHRASE_EXCEPTIONS]    = "exceptions-noted",
};

static void put_texts(struct afd_json *j, const char *key, const char *const *at, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n && !any; i++)
		any = at[i] && *at[i];
	if (!any)
		return;
	afd_json_list(j, key);
	for (size_t i = 0; i < n; i++)
		if (at[i] && *at[i])
			afd_json_text(j, NULL, at[i]);
	afd_json_end(j);
}

static void put_digest(struct afd_json *j, const char *key, const struct afd_digest *d)
{
	afd_json_text(j, key, afd_digest_hex(d).s);
}

static void put_counts(struct afd_json *j, const struct afd_counts *c)
{
	afd_json_map(j, "counts");
	afd_json_int(j, "error", c->by[AFD_ERROR]);
	afd_json_int(j, "fail", c->by[AFD_FAIL]);
	afd_json_int(j, "not-applicable", c->by[AFD_NOT_APPLICABLE]);
	afd_json_int(j, "not-evaluable", c->by[AFD_NOT_EVALUABLE]);
	afd_json_int(j, "pass", c->by[AFD_PASS]);
	afd_json_int(j, "population", c->population);
	afd_json_int(j, "review", c->by[AFD_REVIEW]);
	afd_json_int(j, "waived", c->waived);
	afd_json_end(j);
}

/* The two results of nothing and of everything, and the two between: exceptions are said even where much is missing. */
static const char *result_of(const struct afd_counts *c)
{
	if (c->by[AFD_FAIL] > 0)
		return "exceptions-noted";
	if (c->by[AFD_PASS] + c->by[AFD_REVIEW] == 0)
		return "nothing-tested";
	if (c->by[AFD_NOT_EVALUABLE] + c->by[AFD_ERROR] > 0)
		return "no-exceptions-noted-incomplete";
	return "no-exceptions-noted";
}

/* The same, as if what is waived were none. */
static const char *result_with_waivers(const struct afd_counts *c)
{
	struct afd_counts n = *c;

	n.by[AFD_FAIL] -= c->waived;
	n.by[AFD_PASS] += c->waived;                     /* it was tested */
	return result_of(&n);
}

/* Content alone names a report: who made it again from the same head gets the same id. */
static int report_id(const struct afd_assessment *a, char ret[15], struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 }, b32 = { 0 };
	struct afd_digest d;

	if (afd_buf_printf(&text, "%s\n%s\n%llu\n%s\n", FORMAT, afd_digest_hex(&a->head_root).s,
			   (unsigned long long)a->head_size, afd_when_text(a->period.from).s) < 0 ||
	    afd_buf_printf(&text, "%s\n%s\n%s\n", afd_when_text(a->period.to).s, afd_when_text(a->as_of_ms).s,
			   a->engine) < 0)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), &d);
	if (afd_base32(afd_slice(d.b, sizeof(d.b)), &b32) < 0)
		return afd_fail_memory(err);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(ret + 5 * i, b32.data + 4 * i, 4);
		ret[5 * i + 4] = i < 2 ? '-' : '\0';
	}
	return 0;
}

/* All checks in one digest: a line "ID HEX" for each, in the order of the list. */
static int checks_digest(const struct afd_assessment *a, struct afd_digest *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	for (size_t i = 0; i < a->n_check; i++)
		if (afd_buf_printf(&text, "%s %s\n", a->check[i].id, afd_digest_hex(&a->check[i].sha256).s) < 0)
			return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), ret);
	return 0;
}

static unsigned counted_as(const struct afd_assessment *a, const struct afd_check *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < a->n_result; i++)
		n += a->result[i].check == c;
	return n;
}

static void put_params(struct afd_json *j, const struct afd_check *c)
{
	if (c->n_param == 0)
		return;
	afd_json_list(j, "params");
	for (size_t i = 0; i < c->n_param; i++) {
		afd_json_map(j, NULL);
		afd_json_text(j, "meaning", c->param[i].meaning);
		afd_json_text(j, "name", c->param[i].name);
		afd_json_text(j, "type", c->param[i].type);
		afd_json_text(j, "usual", c->param[i].usual);
		afd_json_text(j, "value", c->param[i].value);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_checks(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "checks");
	for (size_t i = 0; i < a->n_check; i++) {
		const struct afd_check *c = &a->check[i];

		afd_json_map(j, NULL);
		put_texts(j, "answers", c->answers.at, c->answers.n);
		afd_json_text(j, "false_positives", c->false_positives);
		afd_json_text(j, "id", c->id);
		afd_json_int(j, "leaf", c->leaf);
		put_params(j, c);
		afd_json_text(j, "remedy", c->remedy);
		afd_json_text(j, "resource", c->resource);
		afd_json_int(j, "results", counted_as(a, c));
		afd_json_text(j, "retired", c->retired);
		afd_json_text(j, "severity", c->severity);
		if (c->severity_usual) {
			afd_json_text(j, "severity_approver", c->severity_approver);
			afd_json_text(j, "severity_default", c->severity_usual);
			afd_json_text(j, "severity_reason", c->severity_reason);
			afd_json_time(j, "severity_since", c->severity_since);
		}
		put_digest(j, "sha256", &c->sha256);
		afd_json_text(j, "title", c->title);
		afd_json_text(j, "why", c->why);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static int by_leaf(const void *x, const void *y)
{
	const struct afd_evidence_ref *a = *(const struct afd_evidence_ref *const *)x,
				      *b = *(const struct afd_evidence_ref *const *)y;

	return a->leaf < b->leaf ? -1 : a->leaf > b->leaf;
}

/* Each leaf that a finding cites, once: a verifier reads this list alone to compare the report with the ledger. */
static int put_cited(struct afd_json *j, const struct afd_assessment *a, struct afd_error *err)
{
	AFD_AUTO(mem) const struct afd_evidence_ref **all = NULL;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < a->n_finding; i++)
		n += a->finding[i].n_evidence;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return afd_fail_memory(err);
	for (size_t i = 0; i < a->n_finding; i++)
		for (size_t e = 0; e < a->finding[i].n_evidence; e++) {
			if (!a->finding[i].evidence[e].hash)
				return afd_fail(err, AFD_E_ENGINE, "finding %s: evidence without a leaf hash",
						a->finding[i].id);
			all[k++] = &a->finding[i].evidence[e];
		}
	qsort(all, n, sizeof(*all), by_leaf);

	afd_json_list(j, "cited");
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && all[i]->leaf == all[i - 1]->leaf) {
			if (strcmp(all[i]->hash, all[i - 1]->hash) != 0)
				return afd_fail(err, AFD_E_ENGINE, "evidence: leaf %llu is cited with two hashes",
						(unsigned long long)all[i]->leaf);
			continue;
		}
		afd_json_map(j, NULL);
		afd_json_text(j, "hash", all[i]->hash);
		afd_json_int(j, "leaf", all[i]->leaf);
		afd_json_end(j);
	}
	afd_json_end(j);
	return 0;
}

static void put_attribution(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "attribution");
	for (size_t i = 0; i < a->n_share; i++) {
		const struct afd_zone_share *s = &a->share[i];

		afd_json_map(j, NULL);
		afd_json_int(j, "ambiguous", s->ambiguous);
		afd_json_int(j, "attributed", s->attributed);
		afd_json_int(j, "changes", s->changes);
		afd_json_text(j, "changes_grade", afd_grade_name(s->changes_grade));
		afd_json_text(j, "claims_grade", afd_grade_name(s->claims_grade));
		afd_json_int(j, "denied", s->denied);
		afd_json_int(j, "nameless", s->nameless);
		afd_json_int(j, "unattributed", s->unattributed);
		afd_json_int(j, "without_effect", s->without_effect);
		afd_json_text(j, "zone", s->zone);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_coverage(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "coverage");
	for (size_t i = 0; i < a->n_cover; i++) {
		const struct afd_cover_row *c = &a->cover[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "basis", c->basis);
		afd_json_flag(j, "configured", c->configured);
		afd_json_text(j, "evidence", c->evidence);
		afd_json_text(j, "kind", c->kind);
		afd_json_int(j, "lag_ms", c->lag_ms > 0 ? (uint64_t)c->lag_ms : 0);
		afd_json_int(j, "records", c->records);
		afd_json_text(j, "scope", c->scope);
		afd_json_text(j, "source", c->source);
		afd_json_list(j, "spans");
		for (size_t s = 0; s < c->n; s++) {
			afd_json_map(j, NULL);
			afd_json_time(j, "from", c->span[s].from);
			afd_json_text(j, "grade", afd_grade_name(c->grade[s]));
			afd_json_text(j, "reason", c->reason[s]);
			afd_json_time(j, "to", c->span[s].to);
			afd_json_end(j);
		}
		afd_json_end(j);
		afd_json_text(j, "worst", afd_grade_name(c->worst));
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_edits(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "edits");
	for (size_t i = 0; i < a->n_edit; i++) {
		const struct afd_edit *e = &a->edit[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "after", e->after);
		afd_json_text(j, "before", e->before);
		afd_json_text(j, "key", e->key);
		afd_json_int(j, "leaf", e->leaf);
		afd_json_text(j, "table", e->table);
		afd_json_time(j, "time", e->t);
		afd_json_text(j, "what", e->what);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_faults(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "faults");
	for (size_t i = 0; i < a->n_fault; i++) {
		afd_json_map(j, NULL);
		afd_json_int(j, "leaf", a->fault[i].leaf);
		afd_json_text(j, "reason", a->fault[i].reason);
		afd_json_text(j, "source", a->fault[i].source);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_links_of(struct afd_json *j, const struct afd_assessment *a, const struct afd_check *check)
{
	afd_json_list(j, "controls");
	for (size_t f = 0; f < a->n_framework; f++) {
		const struct afd_framework *w = &a->framework[f];

		for (size_t c = 0; c < w->n_control; c++)
			for (size_t l = 0; l < w->control[c].n_link; l++) {
				const struct afd_link *k = &w->control[c].link[l];

				if (strcmp(k->check, check->id) != 0)
					continue;
				afd_json_map(j, NULL);
				afd_json_text(j, "control", w->control[c].id);
				afd_json_text(j, "framework", w->id);
				afd_json_text(j, "limit", k->limit);
				afd_json_text(j, "relation", k->relation);
				afd_json_end(j);
			}
	}
	afd_json_end(j);
}

static void put_evidence(struct afd_json *j, const struct afd_finding *f)
{
	afd_json_list(j, "evidence");
	for (size_t i = 0; i < f->n_evidence; i++) {
		const struct afd_evidence_ref *e = &f->evidence[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "hash", e->hash);
		afd_json_int(j, "leaf", e->leaf);
		afd_json_int(j, "part", e->part);
		afd_json_time(j, "received", e->received_ms);
		afd_json_text(j, "source", e->source);
		afd_json_text(j, "what", e->what);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_past(struct afd_json *j, const char *key, const struct afd_past *at, size_t n)
{
	afd_json_list(j, key);
	for (size_t i = 0; i < n; i++) {
		const struct afd_past *p = &at[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "check", p->check->id);
		afd_json_text(j, "id", p->id);
		afd_json_text(j, "key", p->key);
		if (!p->state)
			afd_json_int(j, "leaf", p->leaf);
		afd_json_time(j, "observed", p->observed_ms);
		afd_json_text(j, "reason", p->reason);
		if (!p->state)
			afd_json_time(j, "recorded", p->recorded_ms);
		afd_json_text(j, "resource", p->resource);
		afd_json_text(j, "state", p->state);
		afd_json_text(j, "status", afd_outcome_name(p->status));
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_comparison(struct afd_json *j, const struct afd_comparison *c)
{
	struct afd_counts then = { 0 };

	if (!c->made)
		return;
	for (size_t i = 0; i < AFD_OUTCOME_COUNT; i++) {
		then.by[i] = c->by[i];
		then.population += c->by[i];
	}
	afd_json_map(j, "comparison");
	afd_json_int(j, "closed", c->closed);
	put_counts(j, &then);
	afd_json_time(j, "from", c->previous.from);
	put_past(j, "gone", c->gone, c->n_gone);
	put_past(j, "learned", c->learned, c->n_learned);
	afd_json_int(j, "new", c->fresh);
	afd_json_int(j, "not_examined", c->not_examined);
	afd_json_int(j, "not_tested", c->not_tested);
	afd_json_int(j, "open", c->open);
	afd_json_int(j, "reopened", c->reopened);
	afd_json_time(j, "to", c->previous.to);
	afd_json_end(j);
}

static void put_findings(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "findings");
	for (size_t i = 0; i < a->n_finding; i++) {
		const struct afd_finding *f = &a->finding[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "basis", f->presence ? "presence" : "absence");
		afd_json_text(j, "check", f->check->id);
		put_links_of(j, a, f->check);
		put_evidence(j, f);
		afd_json_text(j, "id", f->id);
		afd_json_text(j, "key", f->key);
		afd_json_int(j, "number", f->number);
		afd_json_time(j, "observed", f->observed_ms);
		put_texts(j, "reasons", f->reason, f->n_reason);
		afd_json_text(j, "resource", f->resource);
		afd_json_text(j, "salt", f->salt);
		afd_json_text(j, "severity", f->check->severity);
		afd_json_text(j, "severity_default", f->check->severity_usual);
		afd_json_text(j, "state", f->state);
		afd_json_text(j, "status", afd_outcome_name(f->status));
		afd_json_text(j, "tier", f->tier);
		afd_json_text(j, "waiver", f->waiver ? f->waiver->id : NULL);
		afd_json_flag(j, "would_fail", f->would_fail);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_control(struct afd_json *j, const struct afd_control *c)
{
	afd_json_map(j, NULL);
	put_counts(j, &c->counts);
	afd_json_text(j, "id", c->id);
	afd_json_text(j, "level", c->level);
	afd_json_list(j, "links");
	for (size_t i = 0; i < c->n_link; i++) {
		afd_json_map(j, NULL);
		afd_json_text(j, "check", c->link[i].check);
		afd_json_text(j, "cited", c->link[i].cited);
		afd_json_text(j, "limit", c->link[i].limit);
		afd_json_int(j, "mapping", c->link[i].mapping);
		afd_json_text(j, "rationale", c->link[i].rationale);
		afd_json_text(j, "relation", c->link[i].relation);
		if (c->link[i].replaces)
			afd_json_flag(j, "replaces", true);
		afd_json_end(j);
	}
	afd_json_end(j);
	afd_json_text(j, "official_text", c->official_text);
	afd_json_text(j, "official_title", c->official_title);
	afd_json_text(j, "parent", c->parent);
	afd_json_text(j, "phrase", phrase_names[c->phrase]);
	afd_json_text(j, "status", c->status);
	put_texts(j, "successors", c->successors.at, c->successors.n);
	afd_json_text(j, "title", c->title);
	afd_json_end(j);
}

static void put_mappings(struct afd_json *j, const struct afd_framework *f)
{
	afd_json_list(j, "mappings");
	for (size_t i = 0; i < f->n_mapping; i++) {
		const struct afd_mapping_file *m = &f->mapping[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "author", m->author);
		afd_json_text(j, "date", m->date);
		afd_json_text(j, "label", m->label);
		afd_json_int(j, "leaf", m->leaf);
		afd_json_flag(j, "ours", m->ours);
		afd_json_int(j, "replaces", m->replaces);
		afd_json_int(j, "rows", m->rows);
		put_digest(j, "sha256", &m->sha256);
		afd_json_text(j, "version", m->version);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_official(struct afd_json *j, const struct afd_official *o)
{
	if (!o->label)
		return;
	afd_json_map(j, "official");
	afd_json_text(j, "file", o->file);
	afd_json_text(j, "label", o->label);
	afd_json_int(j, "leaf", o->leaf);
	put_digest(j, "sha256", &o->sha256);
	afd_json_text(j, "source_sha256", o->source_sha256);
	afd_json_int(j, "texts", o->n);
	afd_json_text(j, "title", o->title);
	afd_json_text(j, "version", o->version);
	afd_json_end(j);
}

static void put_frameworks(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "frameworks");
	for (size_t i = 0; i < a->n_framework; i++) {
		const struct afd_framework *f = &a->framework[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "applies_when", f->applies_when);
		afd_json_list(j, "controls");
		for (size_t c = 0; c < f->n_control; c++)
			put_control(j, &f->control[c]);
		afd_json_end(j);
		afd_json_text(j, "id", f->id);
		afd_json_flag(j, "in_scope", f->in_scope);
		afd_json_int(j, "leaf", f->leaf);
		put_mappings(j, f);
		put_official(j, &f->official);
		afd_json_text(j, "source", f->source);
		afd_json_text(j, "title", f->title);
		afd_json_text(j, "version", f->version);
		afd_json_end(j);
	}
	afd_json_end(j);
}

/* Nothing stamped, everything, or all but the newest items. */
static const char *standing_of(const struct afd_anchoring *a)
{
	return a->tokens == 0 ? "not-anchored" : a->open == 0 ? "anchored" : "partly-anchored";
}

static void put_anchoring(struct afd_json *j, const struct afd_anchoring *a)
{
	afd_json_map(j, "anchoring");
	afd_json_list(j, "authorities");
	for (size_t i = 0; i < a->n_authority; i++)
		afd_json_text(j, NULL, a->authority[i]);
	afd_json_end(j);
	afd_json_int(j, "covered", a->covered);
	afd_json_int(j, "failed", a->failed);
	if (a->tokens) {
		afd_json_int(j, "longest_delay_ms", (uint64_t)a->longest_delay_ms);
		afd_json_time(j, "newest", a->newest_ms);
	}
	afd_json_int(j, "open", a->open);
	afd_json_text(j, "standing", standing_of(a));
	afd_json_int(j, "tokens", a->tokens);
	afd_json_end(j);
}

/* What the policy says to the gate: the thresholds in force. */
static void put_gate(struct afd_json *j, const struct afd_gate_policy *g)
{
	if (!g->fail_on)
		return;
	afd_json_map(j, "gate");
	afd_json_text(j, "fail_on", g->fail_on);
	afd_json_text(j, "incomplete", g->incomplete_warns ? "warn" : "fail");
	afd_json_flag(j, "review_fails", g->review_fails);
	afd_json_list(j, "rules");
	for (size_t i = 0; i < g->n_rule; i++) {
		const struct afd_gate_rule *k = &g->rule[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "check", k->check);
		afd_json_text(j, "control", k->control);
		if (k->fail >= 0)
			afd_json_text(j, "fail", k->fail ? "violates" : "passes");
		afd_json_text(j, "framework", k->framework);
		afd_json_int(j, "number", k->number);
		afd_json_text(j, "resource", k->resource);
		if (k->review >= 0)
			afd_json_text(j, "review", k->review ? "violates" : "passes");
		afd_json_text(j, "severity", k->severity);
		afd_json_text(j, "tier", k->tier);
		afd_json_end(j);
	}
	afd_json_end(j);
	afd_json_text(j, "window", g->window);
	afd_json_end(j);
}

static void put_head(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_map(j, "head");
	afd_json_text(j, "note", a->note);
	afd_json_text(j, "origin", a->origin);
	put_digest(j, "root", &a->head_root);
	afd_json_int(j, "size", a->head_size);
	afd_json_end(j);
}

/* A period may end later than we looked, or its evidence may still be on its way. */
static void put_provisional_why(struct afd_json *j, const struct afd_assessment *a)
{
	const struct afd_cover_row *slow = NULL;
	AFD_AUTO(mem) char *text = NULL;

	if (!a->provisional)
		return;
	for (size_t i = 0; i < a->n_cover; i++)
		if (!slow || a->cover[i].lag_ms > slow->lag_ms)
			slow = &a->cover[i];
	if (a->as_of_ms < a->period.to)
		text = afd_sprintf("The period ends on %s UTC, after the as-of time of this report.",
				   afd_when_people(a->period.to).s);
	else if (slow && slow->lag_ms > 0)
		text = afd_sprintf("Evidence of %s may arrive up to %lld s after the fact, so the end of the period is "
				   "not settled yet.",
				   slow->source, (long long)(slow->lag_ms / AFD_SECOND));
	else
		text = afd_strdup("Evidence about the end of the period may still arrive.");
	if (!text)
		j->bad = AFD_E_MEMORY;
	afd_json_text(j, "provisional_why", text);
}

static void put_results(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "results");
	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];
		size_t lacks = 0;

		afd_json_map(j, NULL);
		afd_json_text(j, "check", r->check->id);
		afd_json_text(j, "grade", afd_grade_name(r->grade));
		afd_json_text(j, "outcome", afd_outcome_name(r->outcome));
		afd_json_text(j, "reason", r->reason);
		afd_json_text(j, "resource", r->resource);
		afd_json_list(j, "uncovered");
		for (size_t n = 0; n < r->n_need; n++) {
			const struct afd_need *d = &r->need[n];

			if (d->covered || lacks++ >= AFD_MAX_UNCOVERED)
				continue;
			afd_json_map(j, NULL);
			afd_json_text(j, "evidence", d->evidence);
			afd_json_time(j, "from", d->span.from);
			afd_json_text(j, "grade", afd_grade_name(d->grade));
			afd_json_text(j, "scope", d->scope);
			afd_json_time(j, "to", d->span.to);
			afd_json_end(j);
		}
		afd_json_end(j);
		if (lacks > AFD_MAX_UNCOVERED)
			afd_json_int(j, "uncovered_more", lacks - AFD_MAX_UNCOVERED);
		afd_json_flag(j, "waived", r->waived);
		afd_json_end(j);
	}
	afd_json_end(j);
}

/* The leaf alone: together with the head's root it fixes the item. */
static void put_rules(struct afd_json *j, const struct afd_assessment *a, const struct afd_digest *checks)
{
	afd_json_map(j, "rules");
	put_digest(j, "checks_sha256", checks);
	if (a->config_leaf != UINT64_MAX)
		afd_json_int(j, "config_leaf", a->config_leaf);
	if (a->inventory_leaf != UINT64_MAX)
		afd_json_int(j, "inventory_leaf", a->inventory_leaf);
	if (a->policy_leaf != UINT64_MAX)
		afd_json_int(j, "policy_leaf", a->policy_leaf);
	afd_json_end(j);
}

static void put_scope(struct afd_json *j, const char *key, const struct afd_assessment *a, bool in_scope)
{
	afd_json_list(j, key);
	for (size_t i = 0; i < a->n_scope; i++) {
		const struct afd_scope_row *s = &a->scope[i];

		if (s->in_scope != in_scope)
			continue;
		afd_json_map(j, NULL);
		afd_json_text(j, "account", s->account);
		afd_json_int(j, "leaf", s->leaf);
		afd_json_text(j, "name", s->name);
		afd_json_text(j, "owner", s->owner);
		afd_json_text(j, "reason", s->reason);
		afd_json_text(j, "zone", s->zone);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_waivers(struct afd_json *j, const struct afd_assessment *a)
{
	afd_json_list(j, "waivers");
	for (size_t i = 0; i < a->n_waiver; i++) {
		const struct afd_waiver_mark *w = &a->waiver[i];

		afd_json_map(j, NULL);
		afd_json_text(j, "approver", w->approver);
		afd_json_time(j, "expires", w->expires);
		if (w->granted != AFD_TIME_NONE)
			afd_json_time(j, "granted", w->granted);
		afd_json_text(j, "id", w->id);
		afd_json_text(j, "owner", w->owner);
		afd_json_text(j, "reason", w->reason);
		afd_json_flag(j, "standing", w->standing);
		afd_json_end(j);
	}
	afd_json_end(j);
}

/* Without a salt a finding could be guessed from a proof for another one. */
static int need_salts(const struct afd_assessment *a, struct afd_error *err)
{
	for (size_t i = 0; i < a->n_finding; i++)
		if (!a->finding[i].salt[0])
			return afd_fail(err, AFD_E_ENGINE, "report.json: finding %s: no item of the ledger gives it a salt",
					a->finding[i].id);
	return 0;
}

int afd_report_json(const struct afd_assessment *a, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf out = { .max = AFD_MAX_REPORT_JSON };
	struct afd_json j = { .out = &out };
	struct afd_digest checks;
	char id[15];

	if (report_id(a, id, err) < 0 || checks_digest(a, &checks, err) < 0 || need_salts(a, err) < 0)
		return -1;

	afd_json_map(&j, NULL);
	put_anchoring(&j, &a->anchoring);
	afd_json_time(&j, "as_of", a->as_of_ms);
	put_attribution(&j, a);
	put_checks(&j, a);
	if (put_cited(&j, a, err) < 0)
		return afd_within(err, "report.json");
	afd_json_text(&j, "classification", a->classification);
	put_comparison(&j, &a->comparison);
	put_counts(&j, &a->counts);
	put_coverage(&j, a);
	put_edits(&j, a);
	afd_json_text(&j, "engine", a->engine);
	put_faults(&j, a);
	put_findings(&j, a);
	afd_json_text(&j, "format", FORMAT);
	put_frameworks(&j, a);
	put_gate(&j, &a->gate);
	put_head(&j, a);
	afd_json_time(&j, "history_begins", a->history_begins_ms);
	put_scope(&j, "not_in_scope", a, false);
	afd_json_text(&j, "organisation", a->organisation);
	afd_json_map(&j, "period");
	afd_json_time(&j, "from", a->period.from);
	afd_json_text(&j, "label", a->period_label);
	afd_json_time(&j, "to", a->period.to);
	afd_json_end(&j);
	afd_json_flag(&j, "provisional", a->provisional);
	put_provisional_why(&j, a);
	afd_json_text(&j, "report_id", id);
	afd_json_text(&j, "result", result_of(&a->counts));
	if (a->counts.waived)
		afd_json_text(&j, "result_with_waivers", result_with_waivers(&a->counts));
	put_results(&j, a);
	put_rules(&j, a, &checks);
	put_scope(&j, "scope", a, true);
	afd_json_flag(&j, "test", a->test);
	put_waivers(&j, a);
	afd_json_end(&j);
	if (afd_json_finish(&j, err) < 0)
		return -1;

	*ret = out;
	memset(&out, 0, sizeof(out));
	return 0;
}
