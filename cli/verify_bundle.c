/* A bundle: one pass over the archive, out of which a store is planted; then the same claims as on a store of one's own. What
 * is derived (tables, checks, parameters, VERIFY.md) is made again and compared, never used. */
#include <inttypes.h>

#include "cli/bundle.h"
#include "cli/session.h"
#include "cli/verify_kinds.h"
#include "cli/witness.h"
#include "core/file.h"
#include "evidence/plain.h"
#include "reports/report.h"

#define ENGINE "affidavit " AFD_VERSION
#define OWN_LEDGER "ledger"                    /* how claims call the store that was planted */

struct unpacked {
	struct afd_infile *in;
	struct afd_tar_reader tar;
	struct afd_planting *planting;
	struct afd_store *store, *prefix;      /* what was planted; its first leaves, if the bundle has more than were judged */
	struct bundle_scope scope;
	struct afd_buf words;                  /* VERIFY.md */
	struct verify_set report, derived;     /* report/...; checks/... and params/... */
	struct afd_scratch tables;             /* evidence.sqlite */
	struct afd_digest tables_sha256;
	uint64_t leaves;
};

static void unpacked_release(struct unpacked **p)
{
	struct unpacked *u = *p;

	if (!u)
		return;
	afd_infile_free(u->in);
	afd_planting_free(u->planting);
	afd_store_close(u->prefix);
	afd_store_close(u->store);
	bundle_scope_release(&u->scope);
	afd_buf_release(&u->words);
	verify_set_release(&u->report);
	verify_set_release(&u->derived);
	afd_scratch_release(&u->tables);
	free(u);
	*p = NULL;
}
#define UNPACKED __attribute__((cleanup(unpacked_release))) struct unpacked

static int read_in(void *ctx, uint8_t *p, size_t n, size_t *got, struct afd_error *err)
{
	return afd_infile_read(((struct unpacked *)ctx)->in, p, n, got, err);
}

/* --- one pass --- */

static int keep(struct unpacked *u, struct verify_set *set, const char *name, uint64_t max, struct afd_error *err)
{
	struct verify_file *f;

	if (verify_set_add(set, name, NULL, &f, err) < 0)
		return -1;
	f->loaded = true;
	return afd_tar_load(&u->tar, max, &f->bytes, err);
}

static int keep_tables(struct unpacked *u, struct afd_error *err)
{
	AFD_AUTO(outfile) struct afd_outfile *out = NULL;
	struct afd_sha256_ctx *c = afd_sha256_new();
	const char *dir = getenv("TMPDIR");
	int r = -1;

	if (!c)
		return afd_fail_memory(err);
	if (afd_scratch_make(dir && *dir ? dir : "/tmp", &u->tables, err) == 0 && afd_outfile_begin(u->tables.path, true, &out, err) == 0) {
		struct afd_slice s = { 0 };

		afd_sha256_begin(c);
		do {
			r = afd_tar_piece(&u->tar, &s, err);
			if (r == 0)
				r = afd_outfile_write(out, s, err);
			afd_sha256_add(c, s);
		} while (r == 0 && u->tar.left);
		afd_sha256_end(c, &u->tables_sha256);
		if (r == 0)
			r = afd_outfile_commit(out, err);
	}
	afd_sha256_free(c);
	return r;
}

static int take_scope(struct unpacked *u, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	return afd_tar_load(&u->tar, 4096, &text, err) < 0 ? -1 : bundle_scope_read(afd_buf_slice(&text), &u->scope, err);
}

static int take_file(struct unpacked *u, struct afd_error *err)
{
	const char *name = u->tar.name;
	int r = afd_plant_file(u->planting, &u->tar, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (strcmp(name, "BUNDLE") == 0)
		return take_scope(u, err);
	if (strcmp(name, "VERIFY.md") == 0)
		return afd_tar_load(&u->tar, 1 << 20, &u->words, err);
	if (strcmp(name, "evidence.sqlite") == 0)
		return keep_tables(u, err);
	if (strncmp(name, "report/", 7) == 0 && !strchr(name + 7, '/'))
		return keep(u, &u->report, name + 7, AFD_MAX_PDF, err);
	if (strncmp(name, "checks/", 7) == 0 || strncmp(name, "params/", 7) == 0)
		return keep(u, &u->derived, name, AFD_MAX_USER_FILE, err);
	return afd_fail(err, AFD_E_VERIFY, "%s: no bundle holds such a file", name);
}

static int unpack(struct unpacked *u, const char *path, struct afd_error *err)
{
	int more;

	if (afd_infile_open(path, &u->in, err) < 0 || afd_plant_begin(&u->planting, err) < 0)
		return -1;
	u->tar.read = read_in;
	u->tar.ctx = u;
	while ((more = afd_tar_next(&u->tar, err)) > 0)
		if (take_file(u, err) < 0)
			return -1;
	if (more < 0)
		return -1;
	if (!u->scope.period || !u->words.len || !u->tables.path)
		return afd_fail(err, AFD_E_VERIFY, "%s is missing", !u->scope.period ? "BUNDLE" : !u->words.len ? "VERIFY.md" : "evidence.sqlite");
	if (afd_plant_finish(u->planting, &u->store, err) < 0)
		return -1;
	return afd_store_size(u->store, &u->leaves, err);
}

/* --- the ledger --- */

static void claim_items(struct verify *v, const struct unpacked *u)
{
	const unsigned before = v->claims.by[CLAIM_FAILS];

	verify_ledger(v);
	if (v->claims.by[CLAIM_FAILS] == before)
		claims_add(&v->claims, CLAIM_HOLDS, "items", OWN_LEDGER, "%s present, each with the bytes that its leaf commits to; %s erased under a rule; "
		           "none missing", cli_number(u->leaves - v->erased).s, cli_number(v->erased).s);
}

/* A bundle without a report still says on which head it stands. */
static void claim_head(struct verify *v, const struct unpacked *u)
{
	AFD_AUTO(head) struct afd_head h = { 0 };
	struct verify_head said = { 0 };
	struct afd_error err = { 0 };

	if (afd_store_head(u->store, u->scope.head, &h, &err) <= 0 || h.size != u->scope.head || verify_note_read(h.note, &said, &err) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "head", "BUNDLE", "there is no head over %s leaves", cli_number(u->scope.head).s);
		return;
	}
	verify_test_mark(v, OWN_LEDGER, is_test_origin(said.origin));
	verify_note(v, OWN_LEDGER, &said);
	verify_prefix(v, OWN_LEDGER, &said);
	verify_earlier(v, &said, NULL);
}

/* What BUNDLE says is what the report says, and there are as many leaves as that needs. */
static void claim_scope(struct verify *v, const struct unpacked *u)
{
	const struct verify_file *json = verify_set_find(&u->report, "report.json");
	VERIFIED_REPORT r = { 0 };
	struct afd_error err = { 0 };
	uint64_t need = 0;

	if (json && (verified_report_read(&r, afd_buf_slice(&json->bytes), &err) < 0 || r.head.size != u->scope.head ||
	             strcmp(r.label, u->scope.period) != 0 || r.as_of != u->scope.as_of))
		claims_add(&v->claims, CLAIM_FAILS, "agreement", "BUNDLE", "%s", err.code ? err.text : "period, as-of or head are not those of the report");
	else if (json)
		claims_add(&v->claims, CLAIM_HOLDS, "agreement", "BUNDLE", "period, as-of and head are those of the report");
	if (u->scope.head > u->leaves || afd_plain_size(u->store, u->scope.head, &need, &err) < 0)
		claims_add(&v->claims, CLAIM_FAILS, "manifest", OWN_LEDGER, "%s", err.code ? err.text : "the ledger is shorter than the head that was judged");
	else if (need != u->leaves)
		claims_add(&v->claims, CLAIM_FAILS, "manifest", OWN_LEDGER, "it holds %s leaves, %s are needed", cli_number(u->leaves).s, cli_number(need).s);
}

/* --- what is derived --- */

static int same_file(struct verify *v, const struct unpacked *u, const char *name, const struct afd_buf *want)
{
	const struct verify_file *f = verify_set_find(&u->derived, name);

	if (f && afd_slice_equal(afd_buf_slice(&f->bytes), afd_buf_slice(want)))
		return 1;
	claims_add(&v->claims, CLAIM_FAILS, "manifest", name, f ? "it is not what the ledger says" : "it is missing");
	return 0;
}

static int same_checks(struct verify *v, const struct unpacked *u, struct afd_store *s, const struct afd_assessment *a, struct afd_error *err)
{
	size_t expected = 0, same = 0;

	for (size_t i = 0; i < a->n_check; i++) {
		AFD_AUTO(buf) struct afd_buf check = { 0 };
		AFD_AUTO(buf) struct afd_buf params = { 0 };
		char name[AFD_TAR_NAME];
		bool there;

		if (bundle_name(name, "checks", a->check[i].id, ".sql", err) < 0 || bundle_check(s, &a->check[i], &check, &there, err) < 0)
			return -1;
		expected += 1 + there;
		same += there ? (size_t)same_file(v, u, name, &check) : 0;
		if (bundle_name(name, "params", a->check[i].id, ".sql", err) < 0 || bundle_params(a, &a->check[i], &params, err) < 0)
			return -1;
		same += (size_t)same_file(v, u, name, &params);
	}
	if (same == expected && u->derived.n != expected)
		claims_add(&v->claims, CLAIM_FAILS, "manifest", "checks", "there are %zu files of checks and parameters, the ledger has %zu", u->derived.n, expected);
	else if (same == expected)
		claims_add(&v->claims, CLAIM_HOLDS, "manifest", "checks", "%zu checks and their parameters are those of the ledger", a->n_check);
	return 0;
}

static int same_words(struct verify *v, const struct unpacked *u, const struct afd_assessment *a, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf words = { 0 };
	AFD_AUTO(mem) char *vkey = NULL;

	if (afd_store_meta(u->store, "vkey", &vkey, err) < 0)
		return -1;
	if (!vkey || bundle_words(a, u->leaves, vkey, u->report.n > 0, &words) < 0)
		return afd_fail_memory(err);
	if (afd_slice_equal(afd_buf_slice(&words), afd_buf_slice(&u->words)))
		claims_add(&v->claims, CLAIM_HOLDS, "manifest", "VERIFY.md", "the words are ours");
	else
		claims_add(&v->claims, CLAIM_FAILS, "manifest", "VERIFY.md", "somebody changed the words: do not follow them");
	return 0;
}

static int file_digest(const char *path, struct afd_digest *ret, struct afd_error *err)
{
	struct verify_set s = { 0 };
	struct verify_file *f;
	int r = verify_set_add(&s, "tables", path, &f, err);

	if (r == 0)
		r = verify_file_digest(f, err);
	if (r == 0)
		*ret = f->sha256;
	verify_set_release(&s);
	return r;
}

static int same_tables(struct verify *v, const struct unpacked *u, struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(scratch) struct afd_scratch ours = { 0 };
	const char *dir = getenv("TMPDIR");
	struct afd_digest sha256;
	char why[256];
	int same;

	if (afd_scratch_make(dir && *dir ? dir : "/tmp", &ours, err) < 0 || afd_tables_write(s, ours.path, err) < 0 ||
	    file_digest(ours.path, &sha256, err) < 0)
		return -1;
	if (afd_digest_equal(&sha256, &u->tables_sha256)) {
		claims_add(&v->claims, CLAIM_HOLDS, "tables", "evidence.sqlite", "derived again from the ledger: the same bytes");
		return 0;
	}
	/* another version of SQLite may lay out the same rows in another way */
	same = afd_tables_compare(ours.path, u->tables.path, why, sizeof(why), err);
	if (same >= 0)
		claims_add(&v->claims, same ? CLAIM_HOLDS : CLAIM_FAILS, "tables", "evidence.sqlite", "%s", same ? "derived again from the ledger: the same rows" : why);
	return same < 0 ? -1 : 0;
}

static int derive(struct unpacked *u, struct afd_store **ret, struct afd_error *err)
{
	if (u->leaves == u->scope.head) {
		*ret = u->store;
		return afd_derive(u->store, afd_decode_item, NULL, err);
	}
	if (afd_store_prefix(u->store, u->scope.head, afd_decode_item, NULL, &u->prefix, err) < 0)
		return -1;
	*ret = u->prefix;
	return 0;
}

static int compare_derived(struct verify *v, struct unpacked *u, struct afd_error *err)
{
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	struct afd_span span;
	struct afd_store *s;

	if (strcmp(u->scope.engine, ENGINE) != 0) {
		claims_add(&v->claims, CLAIM_UNCLEAR, "tables", "evidence.sqlite", "not comparable: made by %s, this is %s", u->scope.engine, ENGINE);
		return 0;
	}
	if (afd_period_parse(u->scope.period, &span, err) < 0 || derive(u, &s, err) < 0)
		return -1;
	v->derived = s;
	if (afd_assess(s, span, u->scope.period, u->scope.as_of, &a, err) < 0)
		return -1;
	return same_words(v, u, a, err) < 0 || same_checks(v, u, u->store, a, err) < 0 ? -1 : same_tables(v, u, s, err);
}

/* --- all of it --- */

/* What the bundle says wrongly is a verdict; that a disk is full or memory ends is not. */
static int as_claim(struct verify *v, const char *name, const char *of, const struct afd_error *why, struct afd_error *err)
{
	if (why->code == AFD_E_MEMORY || why->code == AFD_E_IO || why->code == AFD_E_STORE) {
		*err = *why;
		return -1;
	}
	claims_add(&v->claims, CLAIM_FAILS, name, of, "%s", why->text);
	return 0;
}

static int verify_report_files(struct verify *v, struct unpacked *u, struct afd_error *err)
{
	static const char *const needed[] = { "report.json", "report.pdf" };

	for (size_t i = 0; i < AFD_COUNT(needed); i++)
		if (!verify_set_find(&u->report, needed[i]))
			claims_add(&v->claims, CLAIM_FAILS, "files", needed[i], "it is not in the bundle");
	return verify_set(v, &u->report, true, err);
}

static int verify_unpacked(struct verify *v, struct unpacked *u, struct afd_error *err)
{
	struct afd_error why = { 0 };

	claim_items(v, u);
	claim_scope(v, u);
	if (u->scope.head <= u->leaves && compare_derived(v, u, &why) < 0 && as_claim(v, "tables", "evidence.sqlite", &why, err) < 0)
		return -1;
	if (u->report.n)
		return verify_report_files(v, u, err);
	claims_add(&v->claims, CLAIM_SKIPPED, "signature", "report", "there is no report in this bundle: nobody signed what was judged");
	claim_head(v, u);
	return 0;
}

int verify_bundle(struct verify *v, const char *path, struct afd_error *err)
{
	const struct verify_options *given = v->o;
	struct verify_options own = *given;
	UNPACKED *u = calloc(1, sizeof(*u));
	struct afd_error why = { 0 };
	int r;

	if (!u)
		return afd_fail_memory(err);
	if (given->store)
		return afd_fail(err, AFD_E_USAGE, "%s: a bundle brings its own ledger; --store is for reports", path);
	if (unpack(u, path, &why) < 0)
		return as_claim(v, why.code == AFD_E_VERIFY ? "items" : "form", u->tar.name[0] ? u->tar.name : "archive", &why, err);
	claims_add(&v->claims, CLAIM_HOLDS, "form", "archive", "%s plain files, sorted, and nothing else", cli_number(u->tar.files).s);
	own.replay = true;
	v->o = &own;
	v->store = u->store;
	v->store_name = OWN_LEDGER;
	v->store_tried = true;
	r = verify_unpacked(v, u, err);
	v->o = given;
	v->store = v->derived = NULL;
	v->store_name = NULL;
	v->store_tried = v->store_judged = false;
	v->erased = 0;
	return r;
}
