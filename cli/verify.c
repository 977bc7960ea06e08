#include <stdarg.h>

#include <jansson.h>

#include "cli/session.h"
#include "cli/verify.h"
#include "core/doc.h"
#include "core/file.h"
#include "reports/report.h"

#define ENGINE "affidavit " AFD_VERSION

struct verifying {
	struct cli *c;
	const struct verify_options *o;
	struct verify_result *result;
	struct afd_buf json, p7s, pdf, root;
	struct afd_slice roots[1];
	struct afd_trust trust;
	struct afd_doc *doc;
	/* from report.json */
	const char *engine, *origin, *note, *label;
	uint64_t head_size; struct afd_digest head_root;
	struct afd_span period; int64_t as_of; bool test;
	uint64_t erased;                          /* leaves of the store erased under a rule */
};

static void verifying_release(struct verifying *v)
{
	afd_buf_release(&v->json);
	afd_buf_release(&v->p7s);
	afd_buf_release(&v->pdf);
	afd_buf_release(&v->root);
	v->doc = afd_doc_free(v->doc);
}

static void claim(struct verifying *v, enum claim how, const char *what, const char *fmt, ...) AFD_PRINTF(4, 5);
static void claim(struct verifying *v, enum claim how, const char *what, const char *fmt, ...)
{
	static const char *const mark[] = { "ok", "##", "[]", "--" }, *const word[] = { "holds", "fails", "unclear", "skipped" };
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->result->by[how]++;
	if (v->c->json) {
		json_t *o = json_pack("{s:s, s:s, s:s}", "claim", what, "verdict", word[how], "why", cli_safe(text, 0));

		if (o)
			json_dumpf(o, stdout, JSON_SORT_KEYS);
		putchar('\n');
		json_decref(o);
	}
	cli_say(v->c, "%s%s%s  %-12s %s\n", how == CLAIM_FAILS ? cli_red(v->c) : "", mark[how], cli_plain(v->c), what, cli_safe(text, 0));
}

static int read_part(const char *dir, const char *name, size_t max, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);

	if (!path)
		return afd_fail_memory(err);
	return afd_file_read(path, max, ret, err);
}

static int node_time(const struct verifying *v, const struct afd_node *map, const char *key, int64_t *ret, struct afd_error *err)
{
	const struct afd_node *n = afd_node_get(map, key);

	if (!afd_node_text(n) || afd_when_parse(afd_node_text(n), ret, NULL) < 0)
		return afd_node_fail(v->doc, n ? n : map, err, "a time");
	return 0;
}

/* The members that verification stands on. report.json was made by us or by a forger: everything is checked. */
static int read_members(struct verifying *v, struct afd_error *err)
{
	const struct afd_node *root, *period, *head, *test;
	const char *hex;

	if (afd_json_parse(afd_buf_slice(&v->json), "report.json", &v->doc, err) < 0)
		return -1;
	root = afd_doc_root(v->doc);
	period = afd_node_get(root, "period");
	head = afd_node_get(root, "head");
	test = afd_node_get(root, "test");
	v->engine = afd_node_text(afd_node_get(root, "engine"));
	v->label = afd_node_text(afd_node_get(period, "label"));
	v->origin = afd_node_text(afd_node_get(head, "origin"));
	v->note = afd_node_text(afd_node_get(head, "note"));
	hex = afd_node_text(afd_node_get(head, "root"));
	if (!v->engine || !v->label || !v->origin || !v->note || !hex || afd_unhex(hex, strlen(hex), v->head_root.b, 32) < 0 ||
	    !afd_node_get(head, "size") || afd_node_get(head, "size")->type != AFD_INT || !test || test->type != AFD_INT)
		return afd_fail(err, AFD_E_PARSE, "report.json: a member is missing: engine, period, head or test");
	v->head_size = (uint64_t)afd_node_get(head, "size")->u.i;
	v->test = test->u.i != 0;
	if (v->label[0] == '\0')
		return afd_fail(err, AFD_E_PARSE, "report.json: period.label is empty");
	return node_time(v, period, "from", &v->period.from, err) < 0 || node_time(v, period, "to", &v->period.to, err) < 0 ||
	       node_time(v, root, "as_of", &v->as_of, err) < 0 ? -1 : 0;
}

static void say_signer(struct verifying *v, const char *what, const struct afd_signature_report *r)
{
	claim(v, CLAIM_HOLDS, what, "signed by %s, certificate %.16s..., claimed time %s", r->subject, afd_digest_hex(&r->certificate).s,
	      afd_when_text(r->claimed_ms).s);
}

static void verify_json_signature(struct verifying *v)
{
	struct afd_slice json = afd_buf_slice(&v->json);
	struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };

	if (!v->p7s.len) {
		claim(v, v->o->allow_unsigned ? CLAIM_SKIPPED : CLAIM_FAILS, "report.json", "there is no report.json.p7s: nobody signed it");
		return;
	}
	if (afd_cms_verify(afd_buf_slice(&v->p7s), &json, 1, &v->trust, false, &r, &err) < 0) {
		claim(v, CLAIM_FAILS, "report.json", "%s", err.text);
	} else {
		say_signer(v, "report.json", &r);
	}
	afd_signature_report_release(&r);
}

/* The pages are a function of report.json and the fonts: draw them again and compare with the unsigned revision. */
static void verify_pages(struct verifying *v, size_t unsigned_len)
{
	const struct afd_renderer *pdf = afd_renderer_find("pdf");
	AFD_AUTO(buf) struct afd_buf embedded = { 0 };
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_fonts fonts;
	struct afd_error err = { 0 };

	if (afd_pdf_attachment(afd_slice(v->pdf.data, unsigned_len), "report.json", &embedded, &err) < 0) {
		claim(v, CLAIM_FAILS, "pages", "%s", err.text);
		return;
	}
	if (!afd_slice_equal(afd_buf_slice(&embedded), afd_buf_slice(&v->json))) {
		claim(v, CLAIM_FAILS, "pages", "the report.json inside report.pdf is not the one beside it");
		return;
	}
	if (strcmp(v->engine, ENGINE) != 0) {
		claim(v, CLAIM_UNCLEAR, "pages", "not comparable: drawn by %s, this is %s", v->engine, ENGINE);
		return;
	}
	if (afd_fonts_find(v->o->fonts, &fonts, &err) < 0 || pdf->render(afd_buf_slice(&v->json), &fonts, &again, &err) < 0) {
		claim(v, CLAIM_UNCLEAR, "pages", "not comparable: %s", err.text);
		return;
	}
	if (afd_slice_equal(afd_buf_slice(&again), afd_slice(v->pdf.data, unsigned_len)))
		claim(v, CLAIM_HOLDS, "pages", "drawn again from report.json: the same %zu bytes", unsigned_len);
	else if (!memmem(v->pdf.data, unsigned_len, afd_digest_hex(&fonts.digest).s, 64))
		claim(v, CLAIM_UNCLEAR, "pages", "not comparable: drawn with other fonts than those here (digest %.16s...)",
		      afd_digest_hex(&fonts.digest).s);
	else
		claim(v, CLAIM_FAILS, "pages", "drawn again from report.json, the pages differ");
}

static void verify_pdf(struct verifying *v)
{
	struct afd_signature_report r = { 0 };
	struct afd_error err = { 0 };
	size_t unsigned_len = 0;

	if (!v->p7s.len && v->o->allow_unsigned) {
		claim(v, CLAIM_SKIPPED, "report.pdf", "not signed");
		verify_pages(v, v->pdf.len);
		return;
	}
	if (afd_pades_verify(afd_buf_slice(&v->pdf), &v->trust, &unsigned_len, &r, &err) < 0) {
		claim(v, CLAIM_FAILS, "report.pdf", "%s", err.text);
	} else {
		say_signer(v, "report.pdf", &r);
		verify_pages(v, unsigned_len);
	}
	afd_signature_report_release(&r);
}

/* The label stands on every page; it must say the interval that was judged. */
static void verify_period(struct verifying *v)
{
	struct afd_error err = { 0 };
	struct afd_span span;

	if (afd_period_parse(v->label, &span, &err) < 0)
		claim(v, CLAIM_FAILS, "period", "%s", err.text);
	else if (span.from != v->period.from || span.to != v->period.to)
		claim(v, CLAIM_FAILS, "period", "it calls itself %s, but judges %s until %s", v->label, afd_when_text(v->period.from).s,
		      afd_when_text(v->period.to).s);
	else
		claim(v, CLAIM_HOLDS, "period", "%s: %s until %s UTC", v->label, afd_when_people(span.from).s, afd_when_people(span.to).s);
}

static void verify_test_mark(struct verifying *v)
{
	bool test = v->test || is_test_origin(v->origin);

	if (test && !v->o->allow_test)
		claim(v, CLAIM_FAILS, "test", "this report says TEST: it proves nothing (--allow-test accepts it for trials)");
	else if (test)
		claim(v, CLAIM_SKIPPED, "test", "this report says TEST: it proves nothing to an auditor");
}

/* The head in the report: its note must be by the store key that the caller trusts. */
static void verify_head(struct verifying *v, const char *vkey, bool given)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note note = { 0 };
	struct afd_note_key key;
	struct afd_checkpoint cp;
	struct afd_error err = { 0 };
	int64_t when;
	int r = afd_note_parse(afd_slice_text(v->note), &note, &err);

	if (r == 0)
		r = afd_checkpoint_parse(note.text, &cp, &err);
	if (r == 0 && (cp.size != v->head_size || !afd_digest_equal(&cp.root, &v->head_root) || strcmp(cp.origin, v->origin) != 0))
		r = afd_fail(&err, AFD_E_VERIFY, "the signed note speaks of another head than the report");
	if (r == 0 && vkey)
		r = afd_note_vkey_parse(vkey, &keep, &key, &err) < 0 || afd_note_verify(&note, &key, &when, &err) < 0 ? -1 : 0;
	if (r < 0)
		claim(v, CLAIM_FAILS, "head", "%s", err.text);
	else if (!vkey)
		claim(v, CLAIM_SKIPPED, "head", "size %s; no store key was given (--vkey), so its signature was not checked", cli_number(v->head_size).s);
	else
		claim(v, CLAIM_HOLDS, "head", "%s leaves, root %.16s..., signed by %s%s", cli_number(v->head_size).s, afd_digest_hex(&v->head_root).s,
		      v->origin, given ? "" : " (key as the store names it; give --vkey to be sure)");
	afd_note_release(&note);
}

static void ledger_fault(void *ctx, uint64_t leaf, const char *what)
{
	struct verifying *v = ctx;

	claim(v, CLAIM_FAILS, "ledger", "leaf %s: %s", leaf == UINT64_MAX ? "-" : cli_number(leaf).s, what);
}

static void verify_ledger(struct verifying *v, struct afd_store *s, const char *vkey)
{
	struct afd_ledger_report r = { 0 };
	struct afd_error err = { 0 };
	struct afd_digest root;

	if (afd_store_verify(s, vkey, ledger_fault, v, &r, &err) < 0)
		claim(v, CLAIM_FAILS, "ledger", "%s", err.text);
	else if (!r.faults)
		claim(v, CLAIM_HOLDS, "ledger", "%s leaves: %s present, %s erased under a rule; %s heads", cli_number(r.size).s,
		      cli_number(r.present).s, cli_number(r.erased).s, cli_number(r.heads).s);
	v->erased = r.erased;
	if (r.size < v->head_size)
		claim(v, CLAIM_FAILS, "prefix", "the store has %s leaves, the report stands on %s", cli_number(r.size).s, cli_number(v->head_size).s);
	else if (afd_store_root(s, v->head_size, &root, &err) < 0)
		claim(v, CLAIM_FAILS, "prefix", "%s", err.text);
	else if (!afd_digest_equal(&root, &v->head_root))
		claim(v, CLAIM_FAILS, "prefix", "the store's first %s leaves have another root than the report's head", cli_number(v->head_size).s);
	else
		claim(v, CLAIM_HOLDS, "prefix", "the report's head is the head of this store's first %s leaves", cli_number(v->head_size).s);
}

static void verify_references(struct verifying *v, struct afd_store *s)
{
	const struct afd_node *cited = afd_node_get(afd_doc_root(v->doc), "cited");
	uint64_t n = 0;

	if (!cited || cited->type != AFD_LIST) {
		claim(v, CLAIM_FAILS, "references", "report.json has no list of cited leaves");
		return;
	}
	for (const struct afd_node *e = cited->u.list.first; e; e = e->next, n++) {
		const struct afd_node *leaf = afd_node_get(e, "leaf");
		const char *hash = afd_node_text(afd_node_get(e, "hash"));
		struct afd_error err = { 0 };
		struct afd_digest want, have;

		if (!leaf || leaf->type != AFD_INT || leaf->u.i < 0 || !hash || afd_unhex(hash, strlen(hash), want.b, 32) < 0) {
			claim(v, CLAIM_FAILS, "references", "report.json line %u: not a reference", e->line);
			return;
		}
		if ((uint64_t)leaf->u.i >= v->head_size || afd_store_leaf_hash(s, (uint64_t)leaf->u.i, &have, &err) < 0 ||
		    !afd_digest_equal(&want, &have)) {
			claim(v, CLAIM_FAILS, "references", "leaf %s is cited as %.16s..., the ledger has another", cli_number((uint64_t)leaf->u.i).s, hash);
			return;
		}
	}
	claim(v, CLAIM_HOLDS, "references", "%s cited leaves are those of the ledger", cli_number(n).s);
}

static void verify_replay(struct verifying *v, struct afd_store *s)
{
	AFD_AUTO(store) struct afd_store *prefix = NULL;
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	struct afd_error err = { 0 };

	if (strcmp(v->engine, ENGINE) != 0) {
		claim(v, CLAIM_UNCLEAR, "replay", "not comparable: made by %s, this is %s", v->engine, ENGINE);
		return;
	}
	if (afd_store_prefix(s, v->head_size, afd_decode_item, NULL, &prefix, &err) < 0 ||
	    afd_assess(prefix, v->period, v->label, v->as_of, &a, &err) < 0) {
		claim(v, CLAIM_FAILS, "replay", "%s", err.text);
		return;
	}
	a->test |= v->test || is_test_origin(v->origin);
	if (afd_report_json(a, &json, &err) < 0)
		claim(v, CLAIM_FAILS, "replay", "%s", err.text);
	else if (!afd_slice_equal(afd_buf_slice(&json), afd_buf_slice(&v->json)) && v->erased)
		claim(v, CLAIM_UNCLEAR, "replay", "not comparable: %s leaves were erased under a rule, so what rests on them cannot be derived again",
		      cli_number(v->erased).s);
	else if (!afd_slice_equal(afd_buf_slice(&json), afd_buf_slice(&v->json)))
		claim(v, CLAIM_FAILS, "replay", "the same evidence, period and as-of give another report.json: findings were added, dropped or changed");
	else
		claim(v, CLAIM_HOLDS, "replay", "%zu findings derived again: the same report.json, byte for byte", a->n_finding);
}

static void verify_store(struct verifying *v)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	AFD_AUTO(mem) char *own = NULL;
	struct afd_error err = { 0 };
	const char *vkey = v->o->vkey;

	if (!v->o->store) {
		verify_head(v, vkey, true);
		claim(v, CLAIM_SKIPPED, "ledger", "no --store was given: references and findings were not checked");
		return;
	}
	if (afd_store_open(v->o->store, AFD_STORE_READ, &s, &err) < 0) {
		claim(v, CLAIM_FAILS, "ledger", "%s", err.text);
		return;
	}
	if (!vkey && afd_store_meta(s, "vkey", &own, &err) == 0)
		vkey = own;
	verify_head(v, vkey, v->o->vkey != NULL);
	verify_ledger(v, s, vkey);
	verify_references(v, s);
	if (v->o->replay)
		verify_replay(v, s);
	else
		claim(v, CLAIM_SKIPPED, "replay", "not asked for (--replay)");
}

static int read_files(struct verifying *v, struct afd_error *err)
{
	struct afd_error none = { 0 };

	if (read_part(v->o->dir, "report.json", AFD_MAX_REPORT_JSON, &v->json, err) < 0 ||
	    read_part(v->o->dir, "report.pdf", AFD_MAX_PDF, &v->pdf, err) < 0)
		return -1;
	if (read_part(v->o->dir, "report.json.p7s", AFD_MAX_CMS, &v->p7s, &none) < 0)
		afd_buf_release(&v->p7s);
	v->trust = (struct afd_trust){ .pem = v->roots, .n = 0, .allow_test = v->o->allow_test, .at_ms = afd_now(&v->c->env) };
	if (v->o->at && afd_when_parse(v->o->at, &v->trust.at_ms, err) < 0)
		return afd_within(err, "--at");
	if (!v->o->root)
		return 0;
	if (afd_file_read(v->o->root, 1 << 20, &v->root, err) < 0)
		return -1;
	v->roots[0] = afd_buf_slice(&v->root);
	v->trust.n = 1;
	return 0;
}

int verify_report(struct cli *c, const struct verify_options *o, struct verify_result *ret, struct afd_error *err)
{
	__attribute__((cleanup(verifying_release))) struct verifying v = { .c = c, .o = o, .result = ret };

	if (read_files(&v, err) < 0 || read_members(&v, err) < 0)
		return -1;
	verify_test_mark(&v);
	verify_period(&v);
	verify_json_signature(&v);
	verify_pdf(&v);
	verify_store(&v);
	return 0;
}
