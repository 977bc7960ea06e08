/* One check on one subject, from the rule to the bytes: what `check --explain` and `explain` print. Everything that came from outside
 * is made visible before it reaches the terminal. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/explain.h"
#include "core/name.h"
#include "evidence/store.h"

#define MOST_BYTES 4096
#define MOST_LINES 60

static struct afd_store *store_of(struct session *s)
{
	return s->prefix ? s->prefix : s->store;
}

static void show_head(const struct cli *c, const struct afd_check *k)
{
	cli_say(c, "%s%s%s\n  %s, %s", cli_bold(c), k->title, cli_plain(c), k->id, k->severity);
	if (k->severity_usual)
		cli_say(c, " by the policy, else %s (%s, approved by %s)", k->severity_usual, cli_safe(k->severity_reason, 0), cli_safe(k->severity_approver, 0));
	cli_say(c, "\n");
	cli_para(c, "  why       ", k->why);
	cli_para(c, "  remedy    ", k->remedy);
	if (k->false_positives)
		cli_para(c, "  innocent  ", k->false_positives);
}

/* For who wants to run it: the text as it stands in its file. */
static void show_rule(const struct cli *c, const struct afd_check *k)
{
	cli_say(c, "\nthe rule, %s, leaf %s\n", cli_safe(k->label ? k->label : k->id, 0), cli_number(k->leaf).s);
	for (size_t i = 0; i < k->n_param; i++)
		cli_say(c, "  :%-16s %s%s%s%s   %s\n", k->param[i].name, cli_safe(k->param[i].value, 0), k->param[i].usual ? " by the policy, else " : "",
		        k->param[i].usual ? k->param[i].usual : "", k->param[i].usual ? "," : "", k->param[i].meaning);
	cli_say(c, "\n-- findings\n%s\n\n-- population\n%s\n", k->findings_sql ? k->findings_sql : "(none)", k->population_sql ? k->population_sql : "(none)");
}

/* --- needs --- */

/* Statements of one source that follow each other and say the same are one line. */
struct told { char *source, *reason; int64_t from, to, leaf, last; int grade; unsigned n; };

static void told_release(struct told *t)
{
	free(t->source);
	free(t->reason);
	*t = (struct told){ 0 };
}

static void show_told(const struct cli *c, const struct told *t)
{
	if (!t->n)
		return;
	cli_say(c, "      %-10s %s until %s\n", afd_grade_name((enum afd_grade)t->grade), afd_when_people(t->from).s, afd_when_people(t->to).s);
	cli_say(c, "                 by %s, leaf %s", cli_safe(t->source, 30), cli_number((uint64_t)t->leaf).s);
	if (t->n > 1)
		cli_say(c, " to %s (%u runs)", cli_number((uint64_t)t->last).s, t->n);
	cli_say(c, "\n");
	if (*t->reason)
		cli_para(c, "                 ", t->reason);
}

static int tell(struct session *s, struct told *t, struct afd_query *q, struct afd_error *err)
{
	const char *source = afd_query_text(q, 0), *reason = afd_query_text(q, 5);
	const int64_t from = afd_query_int(q, 1), to = afd_query_int(q, 2), leaf = afd_query_int(q, 4);
	const int grade = (int)afd_query_int(q, 3);

	if (!source || !reason)
		return afd_fail_memory(err);
	if (t->n && t->grade == grade && t->to == from && strcmp(t->source, source) == 0 && strcmp(t->reason, reason) == 0) {
		t->to = to;
		t->last = leaf;
		t->n++;
		return 0;
	}
	show_told(s->cli, t);
	told_release(t);
	*t = (struct told){ afd_strdup(source), afd_strdup(reason), from, to, leaf, leaf, grade, 1 };
	return t->source && t->reason ? 0 : afd_fail_memory(err);
}

static int show_coverage(struct session *s, const struct afd_need *n, struct afd_error *err)
{
	__attribute__((cleanup(told_release))) struct told t = { 0 };
	AFD_AUTO(query) struct afd_query *q = NULL;
	int got, rows = 0;

	if (afd_query_open(store_of(s), "SELECT source, t_from, t_to, grade, leaf, COALESCE(reason, '') FROM coverage WHERE evidence = :evidence"
			   " AND scope = :scope AND t_from < :to AND t_to > :from ORDER BY source, grade, id", &q, err) < 0 ||
	    afd_query_bind_text(q, "evidence", n->evidence, err) < 0 || afd_query_bind_text(q, "scope", n->scope, err) < 0 ||
	    afd_query_bind_int(q, "from", n->span.from, err) < 0 || afd_query_bind_int(q, "to", n->span.to, err) < 0)
		return -1;
	while ((got = afd_query_step(q, err)) > 0 && rows++ < 1000)
		if (tell(s, &t, q, err) < 0)
			return -1;
	show_told(s->cli, &t);
	if (got == 0 && rows == 0)
		cli_say(s->cli, "      no source speaks of this scope by itself\n");
	if (got > 0)
		cli_say(s->cli, "      and more\n");
	return got < 0 ? -1 : 0;
}

static void show_result(const struct session *s, const struct afd_assessment *a, const struct afd_result *r)
{
	cli_say(s->cli, "\n%s%s%s  %s%s, evidence %s\n", cli_bold(s->cli), *r->resource ? cli_safe(r->resource, 0) : "(the check)", cli_plain(s->cli),
	        afd_outcome_name(r->outcome), r->waived ? ", waived" : "", afd_grade_name(r->grade));
	if (r->reason)
		cli_para(s->cli, "  ", r->reason);
	cli_say(s->cli, "  from      %s :period_start\n  until     %s :period_end\n  as of     %s :as_of\n", afd_when_people(a->period.from).s,
	        afd_when_people(a->period.to).s, afd_when_people(a->as_of_ms).s);
}

static int show_needs(struct session *s, const struct afd_result *r, struct afd_error *err)
{
	if (r->n_need)
		cli_say(s->cli, "\n  what the test of %s needs, and who told of it\n", *r->resource ? cli_safe(r->resource, 50) : "the check");
	for (size_t i = 0; i < r->n_need; i++) {
		const struct afd_need *n = &r->need[i];

		cli_say(s->cli, "  needs %s of %s\n      %s until %s, %s or better: %s%s%s\n", n->evidence, cli_safe(n->scope, 0), afd_when_people(n->span.from).s,
		        afd_when_people(n->span.to).s, afd_grade_name(n->grade), n->covered ? "" : cli_red(s->cli), n->covered ? "covered" : "NOT COVERED",
			n->covered ? "" : cli_plain(s->cli));
		if (show_coverage(s, n, err) < 0)
			return -1;
	}
	return 0;
}

/* --- evidence --- */

/* What an entry of the user's files is called there: the whole file is cited, and people look for the entry. */
static const struct { const char *table, *column; } entries[] = {
	{ "actor", "name" },	     { "approval", "ticket" },	 { "approved_issuer", "domain" }, { "attestation", "ref" },	 { "credential", "id" },
	{ "credential_scope", "credential" }, { "domain", "name" }, { "environment", "name" },	  { "environment_name", "name" }, { "owned_certificate", "id" },
	{ "owned_zone", "name" },    { "person", "id" },	 { "response", "finding" },	  { "service", "name" },	 { "supplier", "name" },
	{ "supplier_name", "name" }, { "waiver", "id" },
};

static const char *entry_column(const char *table)
{
	for (size_t i = 0; i < AFD_COUNT(entries); i++)
		if (strcmp(entries[i].table, table) == 0)
			return entries[i].column;
	return "";
}

static bool in_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_' || c == '@' || c >= 0x80;
}

/* Where the line begins in which NAME stands as a word of its own, and its number; SIZE_MAX: nowhere. */
static size_t line_of(struct afd_slice b, const char *name, size_t *number)
{
	const size_t len = strlen(name);

	*number = 1;
	for (size_t i = 0, line = 0; len && i + len <= b.len; i++) {
		if (memcmp(b.data + i, name, len) == 0 && (i == 0 || !in_word(b.data[i - 1])) && (i + len == b.len || !in_word(b.data[i + len])))
			return line;
		if (b.data[i] == '\n') {
			line = i + 1;
			++*number;
		}
	}
	return SIZE_MAX;
}

/* *ENTRY: the word by which it is found in its file, or NULL. */
static int show_row(struct session *s, const struct afd_evidence_ref *e, char **entry, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(mem) char *sql = afd_sprintf("SELECT * FROM %s WHERE rowid = :id", e->table);      /* a name of the runner's own list */

	if (!sql)
		return afd_fail_memory(err);
	if (afd_query_open(store_of(s), sql, &q, err) < 0 || afd_query_bind_int(q, "id", e->row, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	cli_say(s->cli, "    row %" PRId64 " of %s:\n", e->row, e->table);
	for (int i = 0; i < afd_query_columns(q); i++) {
		const int64_t v = afd_query_is_null(q, i) ? 0 : afd_query_int(q, i);
		const bool time = v > INT64_C(1000000000000) && v < INT64_C(4000000000000);
		AFD_AUTO(mem) char *text = NULL;

		if (afd_query_is_null(q, i))
			continue;
		if (!*entry && strcmp(afd_query_column_name(q, i), entry_column(e->table)) == 0 && !(*entry = afd_strdup(afd_query_text(q, i))))
			return afd_fail_memory(err);
		text = afd_sprintf("%s=%s%s%s%s", afd_query_column_name(q, i), afd_query_text(q, i), time ? " (" : "", time ? afd_when_people(v).s : "", time ? ")" : "");
		if (!text)
			return afd_fail_memory(err);
		cli_para(s->cli, "      ", text);
	}
	return 0;
}

static bool is_text(struct afd_slice b)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] == 0 || (b.data[i] < 0x20 && b.data[i] != '\n' && b.data[i] != '\r' && b.data[i] != '\t'))
			return false;
	return true;
}

static void show_hex(const struct cli *c, struct afd_slice b)
{
	for (size_t i = 0; i < b.len; i += 32) {
		cli_say(c, "    | ");
		for (size_t k = i; k < i + 32 && k < b.len; k++)
			cli_say(c, "%02x%s", b.data[k], k % 4 == 3 ? " " : "");
		cli_say(c, "\n");
	}
}

static void show_lines(const struct cli *c, struct afd_slice b)
{
	char line[512];
	size_t n = 0, lines = 0;

	for (size_t i = 0; i <= b.len && lines < MOST_LINES; i++) {
		const bool end = i == b.len || b.data[i] == '\n';

		if (!end && n < sizeof(line) - 1)
			line[n++] = (char)b.data[i];
		if ((end || n == sizeof(line) - 1) && (n || i < b.len)) {
			line[n] = '\0';
			cli_say(c, "    | %s\n", cli_safe(line, 0));
			n = 0;
			lines++;
		}
	}
}

static int show_evidence(struct session *s, const struct afd_evidence_ref *e, struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item item = { 0 };
	AFD_AUTO(mem) char *entry = NULL;
	struct afd_slice part, from;
	size_t shown, at = SIZE_MAX, line = 0;

	cli_say(s->cli, "\n  leaf %s, part %s, %s, of %s\n", cli_number(e->leaf).s, cli_number(e->part).s, cli_hash(e->hash).s, cli_safe(e->source, 40));
	cli_para(s->cli, "    ", e->what);
	if (e->table && show_row(s, e, &entry, err) < 0)
		return -1;
	if (afd_store_item(s->store, e->leaf, &item, err) < 0)
		return -1;
	if (item.presence != AFD_PRESENT || e->part >= item.parts.n) {
		cli_say(s->cli, "    (its bytes are not there: %s)\n", item.presence == AFD_PRESENT ? "there is no such part" : "erased, missing or damaged");
		return 0;
	}
	part = afd_slice_sub(afd_buf_slice(&item.bytes), item.parts.at[e->part].off, item.parts.at[e->part].len);
	if (entry)
		at = line_of(part, entry, &line);
	if (at <= MOST_BYTES / 2 && line <= MOST_LINES / 2)        /* it is seen from the top */
		at = SIZE_MAX;
	from = at == SIZE_MAX ? part : afd_slice_sub(part, at, part.len - at);
	shown = from.len < MOST_BYTES ? from.len : MOST_BYTES;
	cli_para(s->cli, "    asked: ", item.record.asked ? item.record.asked : "");
	if (at != SIZE_MAX)
		cli_say(s->cli, "    from line %s on:\n", cli_number(line).s);
	if (is_text(afd_slice(from.data, shown)))
		show_lines(s->cli, afd_slice(from.data, shown));
	else
		show_hex(s->cli, afd_slice(from.data, shown < 512 ? shown : 512));
	cli_say(s->cli, "    %s bytes; whole: affidavit ledger show %" PRIu64 " --raw\n", cli_number(part.len).s, e->leaf);
	return 0;
}

static int show_finding(struct session *s, const struct afd_finding *f, struct afd_error *err)
{
	cli_say(s->cli, "\nF%u %.4s %.4s %.4s %.4s  %s by %s%s%s%s\n", f->number, f->id, f->id + 4, f->id + 8, f->id + 12, afd_outcome_name(f->status),
	        f->presence ? "presence" : "absence", f->would_fail ? ", set aside: its evidence is not whole" : "", f->waiver ? ", waived by " : "",
	        f->waiver ? cli_safe(f->waiver->id, 40) : "");
	if (*f->key)
		cli_para(s->cli, "  key       ", f->key);
	for (size_t i = 0; i < f->n_reason; i++)
		cli_para(s->cli, "  reason    ", f->reason[i]);
	for (size_t i = 0; i < f->n_evidence; i++)
		if (show_evidence(s, &f->evidence[i], err) < 0)
			return -1;
	return 0;
}

/* People write Example.Test. and mean example.test. */
static bool is_subject(const char *resource, const char *subject)
{
	char name[AFD_NAME_MAX];

	return !subject || !*resource || strcmp(resource, subject) == 0 ||
	       (afd_name_canonical(afd_slice_text(subject), name, NULL) == 0 && strcmp(resource, name) == 0);
}

int explain(struct session *s, const struct afd_assessment *a, const char *check, const char *subject, const char *finding, struct afd_error *err)
{
	const struct afd_check *k = NULL;
	size_t results = 0;

	for (size_t i = 0; i < a->n_check; i++)
		if (strcmp(a->check[i].id, check) == 0)
			k = &a->check[i];
	if (!k)
		return afd_fail(err, AFD_E_USAGE, "--check %s: there is no such check; `affidavit checks` lists them", check);
	show_head(s->cli, k);
	for (size_t i = 0; i < a->n_result; i++) {
		const struct afd_result *r = &a->result[i];

		if (r->check != k || !is_subject(r->resource, subject))
			continue;
		results++;
		show_result(s, a, r);
		for (size_t f = 0; f < a->n_finding; f++)
			if (a->finding[f].check == k && strcmp(a->finding[f].resource, r->resource) == 0 &&
			    (!finding || strcmp(a->finding[f].id, finding) == 0) && show_finding(s, &a->finding[f], err) < 0)
				return -1;
		if (show_needs(s, r, err) < 0)
			return -1;
	}
	if (!results)
		return afd_fail(err, AFD_E_USAGE, "--subject %s: %s did not look at it in this period", subject ? subject : "", check);
	show_rule(s->cli, k);
	cli_say(s->cli, "\n");
	return 0;
}
