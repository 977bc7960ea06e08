/* The statement over a report's folder, and the chain from report to report. */
#include "cli/report.h"

#include "core/file.h"
#include "reports/statement.h"

void report_chain_release(struct report_chain *ch)
{
	afd_published_release(&ch->own);
	afd_published_release(&ch->before);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct afd_st_file *)a)->name, ((const struct afd_st_file *)b)->name);
}

static void put_files(const struct report_folder *f, struct afd_st_file *ret)
{
	for (size_t i = 0; i < f->n; i++) {
		ret[i] = (struct afd_st_file){ .name = f->at[i].name };
		afd_sha256(afd_buf_slice(&f->at[i].bytes), &ret[i].sha256);
	}
	qsort(ret, f->n, sizeof(*ret), by_name);
}

/* What of the statement report.json says already. */
static int put_report(const struct report_job *j, struct afd_statement *st, struct afd_error *err)
{
	const struct afd_report *r = j->model;
	uint64_t n;

	if (afd_report_findings_root(r->bytes, &st->findings_root, &n, err) < 0)
		return -1;
	st->findings = (int64_t)n;
	st->as_of = r->as_of;
	st->size = r->head.size;
	st->note = r->head.note;
	st->origin = r->head.origin;
	st->organisation = r->organisation;
	st->report_id = r->report_id;
	st->period = (struct afd_span){ r->period.from, r->period.to };
	st->label = r->period.label;
	st->test = r->test;
	if (afd_unhex(r->head.root, strlen(r->head.root), st->root.b, sizeof(st->root.b)) < 0 ||
	    afd_unhex(r->rules.checks_sha256, strlen(r->rules.checks_sha256), st->checks.b, sizeof(st->checks.b)) < 0)
		return afd_fail(err, AFD_E_ENGINE, "report.json: head or rules: expected 64 hex digits");
	return 0;
}

static int put_rule(struct afd_store *s, int64_t leaf, struct afd_st_rule *ret, struct afd_error *err)
{
	ret->leaf = leaf;
	return leaf < 0 ? 0 : afd_store_leaf_hash(s, (uint64_t)leaf, &ret->hash, err);
}

/* The program's own bytes, where the system shows them. */
static void put_tool(struct afd_statement *st)
{
	AFD_AUTO(buf) struct afd_buf own = { 0 };

	st->tool = "affidavit";
	st->version = AFD_VERSION;
	st->build = __VERSION__;
	st->has_binary = afd_file_read("/proc/self/exe", 256u << 20, &own, NULL) == 0;
	if (st->has_binary)
		afd_sha256(afd_buf_slice(&own), &st->binary);
}

static int put_previous(struct afd_store *s, const struct afd_statement *st, const struct afd_published *b, struct afd_st_previous *ret,
                        struct afd_error *err)
{
	const uint64_t now = (uint64_t)st->size;

	*ret = (struct afd_st_previous){ .number = (int64_t)b->number, .as_of = b->as_of_ms, .size = (int64_t)b->size,
		.period = { b->period_from, b->period_to }, .label = b->label, .report_id = b->report_id, .root = b->root,
		.report = b->report, .statement = b->statement };
	return afd_store_consistency(s, b->size < now ? b->size : now, b->size < now ? now : b->size, ret->proof, &ret->n_proof, err);
}

/* Each certificate once, in order of first use; that of this report last, wherever it was used before. */
struct history { struct afd_published *at; struct afd_st_signer *signer; size_t n; };

static void history_release(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		afd_published_release(&h->at[i]);
	free(h->at);
	free(h->signer);
}

static int known(const struct history *h, const struct afd_digest *certificate)
{
	for (size_t i = 0; i < h->n; i++)
		if (afd_digest_equal(&h->at[i].certificate, certificate))
			return 1;
	return 0;
}

static int put_history(struct afd_store *s, const struct afd_published *own, struct history *h, struct afd_error *err)
{
	h->at = calloc(own->number, sizeof(*h->at));
	h->signer = calloc(own->number, sizeof(*h->signer));
	if (!h->at || !h->signer)
		return afd_fail_memory(err);
	for (uint64_t i = 1; i < own->number; i++) {
		struct afd_published p = { 0 };

		if (afd_store_published(s, i, &p, err) < 0)
			return -1;
		if (!p.signer || afd_digest_equal(&p.certificate, &own->certificate) || known(h, &p.certificate)) {
			afd_published_release(&p);
			continue;
		}
		h->signer[h->n] = (struct afd_st_signer){ p.signer, p.certificate, p.valid_from, p.valid_to };
		h->at[h->n++] = p;
	}
	h->signer[h->n] = (struct afd_st_signer){ own->signer, own->certificate, own->valid_from, own->valid_to };
	return 0;
}

static int describe_signer(const struct afd_signer *signer, struct afd_published *own, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	int64_t last;

	if (afd_signer_describe(signer, &subject, &own->certificate, &last, err) < 0 ||
	    afd_signer_validity(signer, &own->valid_from, &own->valid_to, err) < 0)
		return -1;
	own->signer = afd_text_dup(afd_buf_slice(&subject));
	return own->signer ? 0 : afd_fail_memory(err);
}

static int begin_chain(struct report_job *j, struct report_chain *ch, struct afd_error *err)
{
	const struct afd_report *r = j->model;
	struct afd_published *own = &ch->own;
	const int before = afd_store_published(j->s->store, 0, &ch->before, err);

	if (before < 0 || describe_signer(j->signer, own, err) < 0)
		return -1;
	ch->has_before = before > 0;
	own->number = ch->has_before ? ch->before.number + 1 : 1;
	own->made_ms = afd_now(&j->c->env);
	own->as_of_ms = r->as_of;
	own->period_from = r->period.from;
	own->period_to = r->period.to;
	own->size = (uint64_t)r->head.size;
	own->report = r->sha256;
	own->label = afd_strdup(r->period.label);
	own->report_id = afd_strdup(r->report_id);
	return own->label && own->report_id ? 0 : afd_fail_memory(err);
}

static int fill(struct report_job *j, struct report_chain *ch, struct history *h, struct afd_statement *st, struct afd_error *err)
{
	struct afd_store *s = j->s->store;
	const struct afd_report *r = j->model;

	if (put_report(j, st, err) < 0 || put_rule(s, r->rules.config_leaf, &st->config, err) < 0 ||
	    put_rule(s, r->rules.inventory_leaf, &st->inventory, err) < 0 ||
	    put_rule(s, r->rules.policy_leaf, &st->policy, err) < 0 || put_history(s, &ch->own, h, err) < 0)
		return -1;
	ch->own.root = st->root;
	st->number = (int64_t)ch->own.number;
	st->has_previous = ch->has_before;
	if (ch->has_before && put_previous(s, st, &ch->before, &st->previous, err) < 0)
		return afd_within(err, "the chain from report %llu", (unsigned long long)ch->before.number);
	st->signer = h->signer;
	st->n_signer = h->n + 1;
	put_tool(st);
	return 0;
}

static int sign(struct report_job *j, struct afd_slice statement, struct report_chain *ch, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf jws = { 0 }, dsse = { 0 };

	if (afd_jws_sign(j->signer, statement, AFD_STATEMENT_TYPE, afd_now(&j->c->env), report_stamps_stamper(&j->stamps), &jws, err) < 0)
		return afd_within(err, "statement.jws");
	if (j->dsse && afd_dsse_sign(j->signer, statement, AFD_STATEMENT_TYPE, &dsse, err) < 0)
		return afd_within(err, "statement.dsse.json");
	afd_sha256(afd_buf_slice(&jws), &ch->own.statement);
	if (j->dsse && report_folder_add(&j->folder, "statement.dsse.json", &dsse, err) < 0)
		return -1;
	return report_folder_add(&j->folder, "statement.jws", &jws, err);
}

int report_state(struct report_job *j, struct report_chain *ret, struct afd_error *err)
{
	__attribute__((cleanup(history_release))) struct history h = { 0 };
	__attribute__((cleanup(report_chain_release))) struct report_chain ch = { .has_before = false };
	AFD_AUTO(mem) char *vkey = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_st_file file[REPORT_MAX_FILES] = { 0 };
	struct afd_statement st = { .file = file, .n_file = j->folder.n };

	put_files(&j->folder, file);
	if (afd_store_meta(j->s->store, "vkey", &vkey, err) < 0 || begin_chain(j, &ch, err) < 0)
		return -1;
	st.vkey = vkey;
	if (fill(j, &ch, &h, &st, err) < 0 || afd_statement_write(&st, &text, err) < 0 || sign(j, afd_buf_slice(&text), &ch, err) < 0)
		return -1;
	*ret = ch;
	ch = (struct report_chain){ .has_before = false };
	return 0;
}

/* The statement comes to its name when the store has remembered it: one that the store does not know would get a second one
 * under its number. Whoever is killed in between finds a report without a statement, which nobody takes. */
static int publish_in(struct afd_store *s, struct report_job *j, const char *dir, const struct report_chain *ch, struct afd_error *err)
{
	__attribute__((cleanup(report_staged_release))) struct report_staged staged = { 0 };

	if (report_folder_stage(&j->folder, dir, &staged, err) < 0 || afd_store_begin(s, err) < 0)
		return -1;
	if (afd_store_publish(s, &ch->own, err) < 0 || report_folder_place(j->c, &j->folder, dir, &staged, err) < 0) {
		afd_store_rollback(s);
		return -1;
	}
	return afd_store_commit(s, err) < 0 ? -1 : report_folder_place_statements(j->c, &j->folder, dir, &staged, err);
}

int report_publish(struct report_job *j, const char *dir, const struct report_chain *ch, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *w = NULL;

	if (j->s->key)                                       /* the session writes */
		return publish_in(j->s->store, j, dir, ch, err);
	if (afd_store_open(j->s->store_path, AFD_STORE_WRITE, &w, err) < 0)
		return afd_within(err, "the store must remember which reports were signed");
	return publish_in(w, j, dir, ch, err);
}
