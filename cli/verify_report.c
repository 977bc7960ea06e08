/* report.json, its signature, and report.pdf that was drawn from it. */
#include "cli/session.h"
#include "cli/verify_kinds.h"
#include "reports/report.h"

#define ENGINE "affidavit " AFD_VERSION

static int node_time(const struct afd_doc *d, const struct afd_node *map, const char *key, int64_t *ret, struct afd_error *err)
{
	const struct afd_node *n = afd_node_get(map, key);

	if (!afd_node_text(n) || afd_when_parse(afd_node_text(n), ret, NULL) < 0)
		return afd_node_fail(d, n ? n : map, err, "a time");
	return 0;
}

/* The members that verification stands on. report.json was made by us or by a forger: everything is checked. */
static int read_members(struct verified_report *r, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(r->doc), *period = afd_node_get(root, "period"), *head = afd_node_get(root, "head");
	const struct afd_node *test = afd_node_get(root, "test"), *size = afd_node_get(head, "size");
	const char *origin = afd_node_text(afd_node_get(head, "origin")), *hex = afd_node_text(afd_node_get(head, "root"));
	const char *format = afd_node_text(afd_node_get(root, "format"));

	r->engine = afd_node_text(afd_node_get(root, "engine"));
	r->label = afd_node_text(afd_node_get(period, "label"));
	r->report_id = afd_node_text(afd_node_get(root, "report_id"));
	r->head.note = afd_node_text(afd_node_get(head, "note"));
	if (!format || strcmp(format, "affidavit-report/1") != 0)
		return afd_fail(err, AFD_E_PARSE, "report.json: format: expected affidavit-report/1, got %s", format ? format : "nothing");
	if (!r->engine || !r->label || !r->label[0] || !r->report_id || !origin || strlen(origin) >= sizeof(r->head.origin) || !r->head.note ||
	    !hex || afd_unhex(hex, strlen(hex), r->head.root.b, 32) < 0 || !size || size->type != AFD_INT || size->u.i < 0 ||
	    !test || test->type != AFD_INT)
		return afd_fail(err, AFD_E_PARSE, "report.json: a member is missing: engine, period, report_id, head or test");
	memcpy(r->head.origin, origin, strlen(origin) + 1);
	r->head.size = (uint64_t)size->u.i;
	r->test = test->u.i != 0;
	if (node_time(r->doc, period, "from", &r->period.from, err) < 0 || node_time(r->doc, period, "to", &r->period.to, err) < 0 ||
	    node_time(r->doc, root, "as_of", &r->as_of, err) < 0)
		return -1;
	r->head.known = true;
	return 0;
}

int verified_report_read(struct verified_report *r, struct afd_slice json, struct afd_error *err)
{
	r->json = json;
	r->as_of = AFD_TIME_NONE;
	return afd_json_parse(json, "report.json", &r->doc, err) < 0 ? -1 : read_members(r, err);
}

void verified_report_release(struct verified_report *r)
{
	r->doc = afd_doc_free(r->doc);
	afd_buf_release(&r->embedded);
}

/* The label stands on every page; it must say the interval that was judged. */
static void claim_period(struct verify *v, const struct verified_report *r)
{
	struct afd_error err = { 0 };
	struct afd_span span;

	if (afd_period_parse(r->label, &span, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "period", r->of, "%s", err.text);
	else if (span.from != r->period.from || span.to != r->period.to)
		claims_add(&v->claims, CLAIM_FAILS, "period", r->of, "it calls itself %s, but judges %s until %s", r->label,
		           afd_when_text(r->period.from).s, afd_when_text(r->period.to).s);
	else
		claims_add(&v->claims, CLAIM_HOLDS, "period", r->of, "%s: %s until %s UTC", r->label, afd_when_people(span.from).s,
		           afd_when_people(span.to).s);
}

void verify_test_mark(struct verify *v, const char *of, bool test)
{
	if (test && !v->o->allow_test)
		claims_add(&v->claims, CLAIM_FAILS, "test", of, "it says TEST: it proves nothing (--allow-test accepts it for trials)");
	else if (test)
		claims_add(&v->claims, CLAIM_SKIPPED, "test", of, "it says TEST: it proves nothing to an auditor");
}

bool is_test_report(const struct verified_report *r)
{
	return r->test || is_test_origin(r->head.origin);
}

void verify_json_signature(struct verify *v, struct verified_report *r, struct verify_file *p7s)
{
	struct afd_signature_report sig = { 0 };
	struct afd_error err = { 0 };
	int rc;

	if (!p7s) {
		claims_add(&v->claims, v->o->allow_unsigned ? CLAIM_SKIPPED : CLAIM_FAILS, "signature", r->of,
		           "there is no report.json.p7s: nobody signed it");
		return;
	}
	rc = verify_file_load(p7s, AFD_MAX_CMS, &err);
	if (rc == 0)
		rc = afd_cms_verify(afd_buf_slice(&p7s->bytes), &r->json, 1, &v->trust, false, &sig, &err);
	verify_signature(v, r->of, rc, &sig, &err, r->as_of);
	verify_same_signer(v, r->of, rc, &sig);
	afd_signature_report_release(&sig);
}

/* What the pages say that they were drawn with; -1: nothing. */
static int drawn_with(struct afd_slice pdf, char *ret, size_t n)
{
	static const char open[] = "<pdf:Keywords>";
	const uint8_t *at = memmem(pdf.data, pdf.len, open, sizeof(open) - 1), *end;

	if (!at)
		return -1;
	at += sizeof(open) - 1;
	end = memchr(at, '<', (size_t)(pdf.data + pdf.len - at));
	if (!end || (size_t)(end - at) >= n)
		return -1;
	memcpy(ret, at, (size_t)(end - at));
	ret[end - at] = '\0';
	return 0;
}

static void claim_difference(struct verify *v, const char *of, struct afd_slice theirs, struct afd_slice ours, const char *where)
{
	char they[160] = "something unknown", we[160] = "something unknown";
	int r = drawn_with(theirs, they, sizeof(they)) < 0 || drawn_with(ours, we, sizeof(we)) < 0 ? -1 : 0;

	if (r == 0 && strcmp(they, we) == 0)
		claims_add(&v->claims, CLAIM_FAILS, "pages", of, "drawn again from report.json, the pages differ: %s", where);
	else
		claims_add(&v->claims, CLAIM_UNCLEAR, "pages", of, "not comparable: %s; here %s", they, we);
}

/* The pages are a function of report.json and the fonts: draw them again and compare with the unsigned revision. */
static void claim_pages(struct verify *v, const struct verified_report *r, const char *of, struct afd_slice is_unsigned)
{
	const struct afd_renderer *pdf = afd_renderer_find("pdf");
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_fonts fonts;
	struct afd_error err = { 0 };

	if (strcmp(r->engine, ENGINE) != 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, "pages", of, "not comparable: drawn by %s, this is %s", r->engine, ENGINE);
	else if (afd_fonts_find(v->o->fonts, &fonts, &err) < 0 || pdf->render(r->json, &fonts, &again, &err) < 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, "pages", of, "not comparable: %s", err.text);
	else if (afd_slice_equal(afd_buf_slice(&again), is_unsigned))
		claims_add(&v->claims, CLAIM_HOLDS, "pages", of, "drawn again from report.json: the same %zu bytes", is_unsigned.len);
	else if (afd_pdf_same(afd_buf_slice(&again), is_unsigned, &err) == 0)
		claims_add(&v->claims, CLAIM_HOLDS, "pages", of, "drawn again from report.json: the same content, compressed by another library");
	else
		claim_difference(v, of, is_unsigned, afd_buf_slice(&again), err.text);
}

/* The report.json inside, which is the one beside it if there is one. */
static int claim_attachment(struct verify *v, struct verified_report *r, const char *of, struct afd_slice pdf)
{
	struct afd_error err = { 0 };

	if (afd_pdf_attachment(pdf, "report.json", &r->embedded, &err) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "pages", of, "%s", err.text);
		return -1;
	}
	if (r->json.data && !afd_slice_equal(afd_buf_slice(&r->embedded), r->json)) {
		claims_add(&v->claims, CLAIM_FAILS, "agreement", of, "the report.json inside report.pdf is not the one beside it");
		return -1;
	}
	if (r->json.data) {
		claims_add(&v->claims, CLAIM_HOLDS, "agreement", of, "the report.json inside report.pdf is the one beside it");
		return 0;
	}
	r->of = "report.pdf";
	if (verified_report_read(r, afd_buf_slice(&r->embedded), &err) == 0)
		return 0;
	claims_add(&v->claims, CLAIM_FAILS, "form", of, "inside: %s", err.text);
	return -1;
}

/* In the terms of EN 319 142-1: what is in the file, whether or not its times count here. */
static void claim_level(struct verify *v, struct afd_slice update, const struct afd_signature_report *sig)
{
	bool stamp = sig->authority || sig->stamp_doubt, dss = update.len && memmem(update.data, update.len, "/DSS", 4);

	claims_add(&v->claims, CLAIM_HOLDS, "form", "report.pdf", "one signature, PAdES %s", sig->extensions ?
	           "B-LTA: with archive time-stamps" : stamp && dss ? "B-LT: with a time-stamp and data on revocation" : stamp ?
	           "B-T: with a time-stamp" : "B-B: without a time-stamp");
}

static int verify_pdf(struct verify *v, struct verified_report *r, struct verify_file *pdf, bool is_signed, struct afd_error *err)
{
	struct afd_signature_report sig = { 0 };
	struct afd_error why = { 0 };
	struct afd_slice bytes;
	size_t n = 0;
	bool same;
	int rc;

	if (verify_file_load(pdf, AFD_MAX_PDF, err) < 0)
		return -1;
	bytes = afd_buf_slice(&pdf->bytes);
	if (is_signed) {
		rc = afd_pades_verify(bytes, &v->trust, &n, &sig, &why);
		same = rc == 0 && claim_attachment(v, r, "report.pdf", afd_slice(bytes.data, n)) == 0;
		if (rc == 0)
			claim_level(v, afd_slice(bytes.data + n, bytes.len - n), &sig);
		verify_signature(v, "report.pdf", rc, &sig, &why, r->as_of);
		verify_same_signer(v, "report.pdf", rc, &sig);
		afd_signature_report_release(&sig);
		if (same)
			claim_pages(v, r, "report.pdf", afd_slice(bytes.data, n));
	} else {
		claims_add(&v->claims, CLAIM_SKIPPED, "signature", "report.pdf", "not signed");
		if (claim_attachment(v, r, "report.pdf", bytes) == 0)
			claim_pages(v, r, "report.pdf", bytes);
	}
	return 0;
}

static void claim_references(struct verify *v, const struct verified_report *r)
{
	const struct afd_node *cited = afd_node_get(afd_doc_root(r->doc), "cited");
	struct afd_store *s = verify_store(v);
	uint64_t n = 0;

	if (!cited || cited->type != AFD_LIST) {
		claims_add(&v->claims, CLAIM_FAILS, "references", r->of, "report.json has no list of cited leaves");
		return;
	}
	for (const struct afd_node *e = cited->u.list.first; e; e = e->next, n++) {
		const struct afd_node *leaf = afd_node_get(e, "leaf");
		const char *hash = afd_node_text(afd_node_get(e, "hash"));
		struct afd_error err = { 0 };
		struct afd_digest want, have;

		if (!leaf || leaf->type != AFD_INT || leaf->u.i < 0 || !hash || afd_unhex(hash, strlen(hash), want.b, 32) < 0) {
			claims_add(&v->claims, CLAIM_FAILS, "references", r->of, "report.json line %u: not a reference", e->line);
			return;
		}
		if ((uint64_t)leaf->u.i >= r->head.size || afd_store_leaf_hash(s, (uint64_t)leaf->u.i, &have, &err) < 0 ||
		    !afd_digest_equal(&want, &have)) {
			claims_add(&v->claims, CLAIM_FAILS, "references", r->of, "leaf %s is cited as %.16s..., the ledger has another",
			           cli_number((uint64_t)leaf->u.i).s, hash);
			return;
		}
	}
	claims_add(&v->claims, CLAIM_HOLDS, "references", r->of, "%s cited leaves are those of the ledger", cli_number(n).s);
}

static int derive_again(struct verify *v, const struct verified_report *r, struct afd_buf *json, size_t *n, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *prefix = NULL;
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	uint64_t derived = UINT64_MAX;

	if (v->derived && afd_store_size(v->derived, &derived, err) < 0)
		return -1;
	if (derived != r->head.size && afd_store_prefix(verify_store(v), r->head.size, afd_decode_item, NULL, &prefix, err) < 0)
		return -1;
	if (afd_assess(prefix ? prefix : v->derived, r->period, r->label, r->as_of, &a, err) < 0)
		return -1;
	a->test |= is_test_report(r);
	*n = a->n_finding;
	return afd_report_json(a, json, err);
}

static void claim_replay(struct verify *v, const struct verified_report *r)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	struct afd_error err = { 0 };
	size_t n = 0;

	if (strcmp(r->engine, ENGINE) != 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, "replay", r->of, "not comparable: made by %s, this is %s", r->engine, ENGINE);
	else if (derive_again(v, r, &json, &n, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "replay", r->of, "%s", err.text);
	else if (afd_slice_equal(afd_buf_slice(&json), r->json))
		claims_add(&v->claims, CLAIM_HOLDS, "replay", r->of, "%zu findings derived again: the same report.json, byte for byte", n);
	else if (v->erased)
		claims_add(&v->claims, CLAIM_UNCLEAR, "replay", r->of,
		           "not comparable: %s leaves were erased under a rule, so what rests on them cannot be derived again", cli_number(v->erased).s);
	else
		claims_add(&v->claims, CLAIM_FAILS, "replay", r->of,
		           "the same evidence, period and as-of give another report.json: findings were added, dropped or changed");
}

void verify_report_store(struct verify *v, const struct verified_report *r)
{
	if (!v->o->store && !v->store) {
		claims_add(&v->claims, CLAIM_SKIPPED, "ledger", r->of, "no --store was given: references and findings were not checked");
		return;
	}
	verify_ledger(v);
	if (!verify_store(v))
		return;
	verify_prefix(v, r->of, &r->head);
	claim_references(v, r);
	if (v->o->replay)
		claim_replay(v, r);
	else
		claims_add(&v->claims, CLAIM_SKIPPED, "replay", r->of, "not asked for (--replay)");
}

int verify_report(struct verify *v, struct verify_set *s, struct verified_report *r, struct afd_error *err)
{
	struct verify_file *json = verify_set_find(s, "report.json"), *pdf = verify_set_find(s, "report.pdf"),
		*p7s = verify_set_find(s, "report.json.p7s");
	struct afd_error why = { 0 };
	bool readable = false;

	if (!v->o->root.n && !v->o->allow_unsigned)
		return afd_fail(err, AFD_E_USAGE, "--root FILE is needed: the root certificate that you got from a person you trust");
	if (v->o->replay && !v->o->store && !v->store)
		return afd_fail(err, AFD_E_USAGE, "--replay needs --store FILE, or a bundle, which brings its own");
	r->of = json ? "report.json" : "report.pdf";
	if (json) {
		if (verify_file_load(json, AFD_MAX_REPORT_JSON, err) < 0)
			return -1;
		readable = verified_report_read(r, afd_buf_slice(&json->bytes), &why) == 0;
		if (!readable)
			claims_add(&v->claims, CLAIM_FAILS, "form", r->of, "%s", why.text);
		verify_json_signature(v, r, p7s);
	}
	if (pdf && (readable || !json)) {
		if (verify_pdf(v, r, pdf, p7s || !v->o->allow_unsigned || (!json && v->o->root.n), err) < 0)
			return -1;
		readable = r->head.known;
	}
	if (!readable)
		return 0;
	if (!json && p7s) {
		r->of = "report.json.p7s";              /* it was given, so it is judged: over the report.json inside */
		verify_json_signature(v, r, p7s);
		r->of = "report.pdf";
	}
	verify_test_mark(v, r->of, is_test_report(r));
	claim_period(v, r);
	verify_note(v, r->of, &r->head);
	verify_report_store(v, r);
	return 0;
}
