#include "reports/statement.h"

#include "reports/json.h"

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define FORMAT "affidavit-statement/1"

static void put_digest(struct afd_json *j, const char *key, const struct afd_digest *d)
{
	afd_json_text(j, key, afd_digest_hex(d).s);
}

static void put_head(struct afd_json *j, const struct afd_statement *st)
{
	afd_json_map(j, "head");
	afd_json_text(j, "note", st->note);
	afd_json_text(j, "origin", st->origin);
	put_digest(j, "root", &st->root);
	afd_json_int(j, "size", (uint64_t)st->size);
	afd_json_text(j, "vkey", st->vkey);
	afd_json_end(j);
}

static void put_period(struct afd_json *j, struct afd_span period, const char *label)
{
	afd_json_map(j, "period");
	afd_json_time(j, "from", period.from);
	afd_json_text(j, "label", label);
	afd_json_time(j, "to", period.to);
	afd_json_end(j);
}

static void put_previous(struct afd_json *j, const struct afd_st_previous *p)
{
	afd_json_map(j, "previous");
	afd_json_time(j, "as_of", p->as_of);
	afd_json_map(j, "head");
	put_digest(j, "root", &p->root);
	afd_json_int(j, "size", (uint64_t)p->size);
	afd_json_end(j);
	afd_json_int(j, "number", (uint64_t)p->number);
	put_period(j, p->period, p->label);
	afd_json_list(j, "proof");
	for (size_t i = 0; i < p->n_proof; i++)
		put_digest(j, NULL, &p->proof[i]);
	afd_json_end(j);
	afd_json_text(j, "report_id", p->report_id);
	put_digest(j, "report_sha256", &p->report);
	put_digest(j, "statement_sha256", &p->statement);
	afd_json_end(j);
}

static void put_rule(struct afd_json *j, const char *key, const struct afd_st_rule *r)
{
	if (r->leaf < 0)
		return;
	afd_json_map(j, key);
	put_digest(j, "hash", &r->hash);
	afd_json_int(j, "leaf", (uint64_t)r->leaf);
	afd_json_end(j);
}

static void put_signers(struct afd_json *j, const struct afd_statement *st)
{
	afd_json_list(j, "signers");
	for (size_t i = 0; i < st->n_signer; i++) {
		afd_json_map(j, NULL);
		put_digest(j, "certificate_sha256", &st->signer[i].certificate);
		afd_json_time(j, "from", st->signer[i].from);
		afd_json_text(j, "subject", st->signer[i].subject);
		afd_json_time(j, "to", st->signer[i].to);
		afd_json_end(j);
	}
	afd_json_end(j);
}

static void put_predicate(struct afd_json *j, const struct afd_statement *st)
{
	afd_json_map(j, "predicate");
	afd_json_time(j, "as_of", st->as_of);
	afd_json_int(j, "findings", (uint64_t)st->findings);
	put_digest(j, "findings_root", &st->findings_root);
	afd_json_text(j, "format", FORMAT);
	put_head(j, st);
	afd_json_int(j, "number", (uint64_t)st->number);
	afd_json_text(j, "organisation", st->organisation);
	put_period(j, st->period, st->label);
	if (st->has_previous)
		put_previous(j, &st->previous);
	afd_json_text(j, "report_id", st->report_id);
	afd_json_map(j, "rules");
	put_digest(j, "checks_sha256", &st->checks);
	put_rule(j, "config", &st->config);
	put_rule(j, "inventory", &st->inventory);
	put_rule(j, "policy", &st->policy);
	afd_json_end(j);
	put_signers(j, st);
	afd_json_flag(j, "test", st->test);
	afd_json_map(j, "tool");
	if (st->has_binary)
		put_digest(j, "binary_sha256", &st->binary);
	afd_json_text(j, "build", st->build);
	afd_json_text(j, "name", st->tool);
	afd_json_text(j, "version", st->version);
	afd_json_end(j);
	afd_json_end(j);
}

static void put_subject(struct afd_json *j, const char *name, const struct afd_digest *sha256)
{
	afd_json_map(j, NULL);
	afd_json_map(j, "digest");
	put_digest(j, "sha256", sha256);
	afd_json_end(j);
	afd_json_text(j, "name", name);
	afd_json_end(j);
}

/* Names are of files beside the statement: a reader must not be led elsewhere by one. */
static int check_files(const struct afd_statement *st, struct afd_error *err)
{
	for (size_t i = 0; i < st->n_file; i++) {
		const char *name = st->file[i].name;

		if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			return afd_fail(err, AFD_E_PARSE, "statement: \"%.100s\" is not the name of a file in its folder", name);
		if (i > 0 && strcmp(st->file[i - 1].name, name) >= 0)
			return afd_fail(err, AFD_E_PARSE, "statement: subject %s: names must be sorted, each once", name);
	}
	return 0;
}

int afd_statement_write(const struct afd_statement *st, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf out = { 0 };
	struct afd_json j = { .out = &out };

	if (check_files(st, err) < 0)
		return -1;
	afd_json_map(&j, NULL);
	afd_json_text(&j, "_type", STATEMENT_TYPE);
	put_predicate(&j, st);
	afd_json_text(&j, "predicateType", AFD_STATEMENT_PREDICATE);
	afd_json_list(&j, "subject");
	for (size_t i = 0; i < st->n_file; i++)
		put_subject(&j, st->file[i].name, &st->file[i].sha256);
	afd_json_end(&j);
	afd_json_end(&j);
	if (afd_json_finish(&j, err) < 0)
		return afd_within(err, "statement");
	return afd_buf_add_slice(ret, afd_buf_slice(&out)) < 0 ? afd_fail_memory(err) : 0;
}

int afd_statement_canonical_json(const char *name, const struct afd_digest *sha256, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_json j = { .out = ret };

	afd_json_map(&j, NULL);
	afd_json_text(&j, "_type", STATEMENT_TYPE);
	afd_json_map(&j, "predicate");
	afd_json_text(&j, "canonicalization", "RFC8785");
	afd_json_text(&j, "digestAlgorithm", "sha256");
	afd_json_text(&j, "digestSource", "canonical-json");
	afd_json_text(&j, "tool", "affidavit");
	afd_json_end(&j);
	afd_json_text(&j, "predicateType", "https://oscal-compass.github.io/compliance-trestle/predicates/oscal-signing/v1");
	afd_json_list(&j, "subject");
	put_subject(&j, name, sha256);
	afd_json_end(&j);
	afd_json_end(&j);
	return afd_json_finish(&j, err);
}
