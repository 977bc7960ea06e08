/* A statement read back. The tables below say what is there; that nothing else is, and in no other form, follows from
 * writing it again and comparing. */
#include "reports/statement.h"

struct read_file { const char *name; struct { const char *sha256; } digest; };
struct read_head { const char *note, *origin, *root, *vkey; int64_t size; };
struct read_period { const char *label; int64_t from, to; };
struct read_rule { const char *hash; int64_t leaf; };
struct read_signer { const char *certificate_sha256, *subject; int64_t from, to; };
struct read_previous {
	const char *report_id, *report_sha256, *statement_sha256;
	int64_t as_of, number;
	const struct afd_node *head, *period;
	struct afd_texts proof;
};
struct read_rules { const char *checks_sha256; const struct afd_node *config, *inventory, *policy; };
struct read_tool { const char *binary_sha256, *build, *name, *version; };
struct read_predicate {
	const char *findings_root, *format, *organisation, *report_id;
	int64_t as_of, findings, number, test;
	const struct afd_node *head, *period, *previous, *rules, *signers, *tool;
};
struct read_statement { const char *type, *predicate_type; const struct afd_node *predicate, *subject; };

#define F(t, kind, need, member) { #member, AFD_FIELD_##kind, need, offsetof(struct t, member), NULL, NULL }
enum { opt = AFD_OPTIONAL, must = AFD_REQUIRED };

static const struct afd_field digest_fields[] = { { "sha256", AFD_FIELD_TEXT, must, offsetof(struct read_file, digest.sha256), NULL, NULL }, { 0 } };
static const struct afd_field file_fields[] = { { "digest", AFD_FIELD_IGNORE, must, 0, NULL, NULL }, F(read_file, TEXT, must, name), { 0 } };
static const struct afd_field head_fields[] = {
	F(read_head, TEXT, opt, note), F(read_head, TEXT, opt, origin), F(read_head, TEXT, must, root), F(read_head, INT, must, size),
	F(read_head, TEXT, opt, vkey), { 0 }
};
static const struct afd_field period_fields[] = {
	F(read_period, TIME, must, from), F(read_period, TEXT, opt, label), F(read_period, TIME, must, to), { 0 }
};
static const struct afd_field rule_fields[] = { F(read_rule, TEXT, must, hash), F(read_rule, INT, must, leaf), { 0 } };
static const struct afd_field signer_fields[] = {
	F(read_signer, TEXT, must, certificate_sha256), F(read_signer, TIME, must, from), F(read_signer, TEXT, opt, subject),
	F(read_signer, TIME, must, to), { 0 }
};
static const struct afd_field previous_fields[] = {
	F(read_previous, TIME, must, as_of), F(read_previous, NODE, must, head), F(read_previous, INT, must, number),
	F(read_previous, NODE, must, period), F(read_previous, TEXTS, must, proof), F(read_previous, TEXT, must, report_id),
	F(read_previous, TEXT, must, report_sha256), F(read_previous, TEXT, must, statement_sha256), { 0 }
};
static const struct afd_field rules_fields[] = {
	F(read_rules, TEXT, must, checks_sha256), F(read_rules, NODE, opt, config), F(read_rules, NODE, opt, inventory),
	F(read_rules, NODE, opt, policy), { 0 }
};
static const struct afd_field tool_fields[] = {
	F(read_tool, TEXT, opt, binary_sha256), F(read_tool, TEXT, opt, build), F(read_tool, TEXT, must, name),
	F(read_tool, TEXT, must, version), { 0 }
};
static const struct afd_field predicate_fields[] = {
	F(read_predicate, TIME, must, as_of), F(read_predicate, INT, must, findings), F(read_predicate, TEXT, must, findings_root),
	F(read_predicate, TEXT, must, format), F(read_predicate, NODE, must, head), F(read_predicate, INT, must, number),
	F(read_predicate, TEXT, opt, organisation), F(read_predicate, NODE, must, period), F(read_predicate, NODE, opt, previous),
	F(read_predicate, TEXT, must, report_id), F(read_predicate, NODE, must, rules), F(read_predicate, NODE, must, signers),
	F(read_predicate, INT, must, test), F(read_predicate, NODE, must, tool), { 0 }
};
static const struct afd_field statement_fields[] = {
	{ "_type", AFD_FIELD_TEXT, must, offsetof(struct read_statement, type), NULL, NULL },
	F(read_statement, NODE, must, predicate),
	{ "predicateType", AFD_FIELD_TEXT, must, offsetof(struct read_statement, predicate_type), NULL, NULL },
	F(read_statement, NODE, must, subject), { 0 }
};

static int read_digest(const char *text, const char *what, struct afd_digest *ret, struct afd_error *err)
{
	if (afd_unhex(text, strlen(text), ret->b, sizeof(ret->b)) < 0)
		return afd_fail(err, AFD_E_PARSE, "statement: %s: expected 64 hex digits", what);
	return 0;
}

static int read_map(struct afd_doc *d, const struct afd_node *n, const struct afd_field *fields, void *out, struct afd_error *err)
{
	if (!n || n->type != AFD_MAP)
		return afd_node_fail(d, n, err, "a map");
	return afd_fields_read(d, n, fields, out, err);
}

/* Rows of a list, each SIZE bytes; owned by D. */
static int begin_list(struct afd_doc *d, const struct afd_node *n, size_t size, void *ret, size_t *count, struct afd_error *err)
{
	void *rows;

	if (!n || n->type != AFD_LIST)
		return afd_node_fail(d, n, err, "a list");
	rows = afd_doc_alloc(d, (n->u.list.n + 1) * size);
	if (!rows)
		return afd_fail_memory(err);
	*(void **)ret = rows;
	*count = n->u.list.n;
	return 0;
}

static int read_files(struct afd_doc *d, const struct afd_node *subject, struct afd_statement *st, struct afd_error *err)
{
	size_t i = 0;

	if (begin_list(d, subject, sizeof(*st->file), &st->file, &st->n_file, err) < 0)
		return -1;
	for (const struct afd_node *n = subject->u.list.first; n; n = n->next, i++) {
		struct read_file f = { 0 };

		if (read_map(d, n, file_fields, &f, err) < 0 || read_map(d, afd_node_get(n, "digest"), digest_fields, &f, err) < 0 ||
		    read_digest(f.digest.sha256, "digest", &st->file[i].sha256, err) < 0)
			return -1;
		st->file[i].name = f.name;
	}
	return 0;
}

static int read_signers(struct afd_doc *d, const struct afd_node *signers, struct afd_statement *st, struct afd_error *err)
{
	size_t i = 0;

	if (begin_list(d, signers, sizeof(*st->signer), &st->signer, &st->n_signer, err) < 0)
		return -1;
	for (const struct afd_node *n = signers->u.list.first; n; n = n->next, i++) {
		struct read_signer s = { 0 };

		if (read_map(d, n, signer_fields, &s, err) < 0 ||
		    read_digest(s.certificate_sha256, "certificate_sha256", &st->signer[i].certificate, err) < 0)
			return -1;
		st->signer[i].subject = s.subject;
		st->signer[i].from = s.from;
		st->signer[i].to = s.to;
	}
	return 0;
}

static int read_period(struct afd_doc *d, const struct afd_node *n, struct afd_span *ret, const char **label, struct afd_error *err)
{
	struct read_period p = { 0 };

	if (read_map(d, n, period_fields, &p, err) < 0)
		return -1;
	*ret = (struct afd_span){ p.from, p.to };
	*label = p.label;
	return 0;
}

static int read_head(struct afd_doc *d, const struct afd_node *n, struct read_head *ret, struct afd_digest *root, struct afd_error *err)
{
	if (read_map(d, n, head_fields, ret, err) < 0)
		return -1;
	if (ret->size < 0)
		return afd_node_fail(d, afd_node_get(n, "size"), err, "a number of leaves");
	return read_digest(ret->root, "head.root", root, err);
}

static int read_rule(struct afd_doc *d, const struct afd_node *n, struct afd_st_rule *ret, struct afd_error *err)
{
	struct read_rule r = { 0 };

	ret->leaf = -1;
	if (!n)
		return 0;
	if (read_map(d, n, rule_fields, &r, err) < 0 || read_digest(r.hash, "rules", &ret->hash, err) < 0)
		return -1;
	if (r.leaf < 0)
		return afd_node_fail(d, n, err, "a leaf");
	ret->leaf = r.leaf;
	return 0;
}

static int read_previous(struct afd_doc *d, const struct afd_node *n, struct afd_st_previous *ret, struct afd_error *err)
{
	struct read_previous p = { 0 };
	struct read_head head = { 0 };

	if (read_map(d, n, previous_fields, &p, err) < 0 || read_head(d, p.head, &head, &ret->root, err) < 0 ||
	    read_period(d, p.period, &ret->period, &ret->label, err) < 0 ||
	    read_digest(p.report_sha256, "previous.report_sha256", &ret->report, err) < 0 ||
	    read_digest(p.statement_sha256, "previous.statement_sha256", &ret->statement, err) < 0)
		return -1;
	if (p.proof.n > AFD_MAX_PROOF_NODES || p.number < 1)
		return afd_fail(err, AFD_E_PARSE, "statement: previous: expected a number from 1 and at most %u hashes", AFD_MAX_PROOF_NODES);
	for (; ret->n_proof < p.proof.n; ret->n_proof++)
		if (read_digest(p.proof.at[ret->n_proof], "previous.proof", &ret->proof[ret->n_proof], err) < 0)
			return -1;
	ret->size = head.size;
	ret->number = p.number;
	ret->as_of = p.as_of;
	ret->report_id = p.report_id;
	return 0;
}

static int read_rules(struct afd_doc *d, const struct afd_node *n, struct afd_statement *st, struct afd_error *err)
{
	struct read_rules r = { 0 };

	if (read_map(d, n, rules_fields, &r, err) < 0 || read_digest(r.checks_sha256, "rules.checks_sha256", &st->checks, err) < 0 ||
	    read_rule(d, r.config, &st->config, err) < 0 || read_rule(d, r.inventory, &st->inventory, err) < 0)
		return -1;
	return read_rule(d, r.policy, &st->policy, err);
}

static int read_tool(struct afd_doc *d, const struct afd_node *n, struct afd_statement *st, struct afd_error *err)
{
	struct read_tool t = { 0 };

	if (read_map(d, n, tool_fields, &t, err) < 0)
		return -1;
	st->has_binary = t.binary_sha256 != NULL;
	if (st->has_binary && read_digest(t.binary_sha256, "tool.binary_sha256", &st->binary, err) < 0)
		return -1;
	st->tool = t.name;
	st->version = t.version;
	st->build = t.build;
	return 0;
}

static int read_predicate(struct afd_doc *d, const struct afd_node *n, struct afd_statement *st, struct afd_error *err)
{
	struct read_predicate p = { 0 };
	struct read_head head = { 0 };

	if (read_map(d, n, predicate_fields, &p, err) < 0 || read_head(d, p.head, &head, &st->root, err) < 0 ||
	    read_period(d, p.period, &st->period, &st->label, err) < 0 ||
	    read_digest(p.findings_root, "findings_root", &st->findings_root, err) < 0 ||
	    read_rules(d, p.rules, st, err) < 0 || read_signers(d, p.signers, st, err) < 0 || read_tool(d, p.tool, st, err) < 0)
		return -1;
	if (p.findings < 0 || p.number < 1 || p.test < 0 || p.test > 1)
		return afd_fail(err, AFD_E_PARSE, "statement: findings, number or test: a number out of its range");
	st->has_previous = p.previous != NULL;
	if (st->has_previous && read_previous(d, p.previous, &st->previous, err) < 0)
		return -1;
	st->as_of = p.as_of;
	st->findings = p.findings;
	st->number = p.number;
	st->test = p.test;
	st->organisation = p.organisation;
	st->report_id = p.report_id;
	st->size = head.size;
	st->note = head.note;
	st->origin = head.origin;
	st->vkey = head.vkey;
	return 0;
}

static int read_whole(struct afd_slice bytes, struct afd_statement *st, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct read_statement r = { 0 };

	if (afd_json_parse(bytes, "statement", &st->doc, err) < 0)
		return -1;
	if (read_map(st->doc, afd_doc_root(st->doc), statement_fields, &r, err) < 0)
		return -1;
	if (strcmp(r.predicate_type, AFD_STATEMENT_PREDICATE) != 0)
		return afd_fail(err, AFD_E_PARSE, "statement: predicateType: expected " AFD_STATEMENT_PREDICATE ", got %.200s", r.predicate_type);
	if (read_predicate(st->doc, r.predicate, st, err) < 0 || read_files(st->doc, r.subject, st, err) < 0 ||
	    afd_statement_write(st, &again, err) < 0)
		return -1;
	if (!afd_slice_equal(afd_buf_slice(&again), bytes))
		return afd_fail(err, AFD_E_PARSE, "statement: it is not laid out as this program writes it");
	return 0;
}

int afd_statement_read(struct afd_slice bytes, struct afd_statement *ret, struct afd_error *err)
{
	AFD_AUTO(statement) struct afd_statement st = { 0 };

	if (read_whole(bytes, &st, err) < 0) {
		if (err && err->code == AFD_E_CONFIG)
			err->code = AFD_E_PARSE;       /* nobody configured it */
		return -1;
	}
	*ret = st;
	st.doc = NULL;
	return 0;
}

void afd_statement_release(struct afd_statement *st)
{
	st->doc = afd_doc_free(st->doc);
}

const struct afd_st_file *afd_statement_file(const struct afd_statement *st, const char *name)
{
	for (size_t i = 0; i < st->n_file; i++)
		if (strcmp(st->file[i].name, name) == 0)
			return &st->file[i];
	return NULL;
}
