/* What is verified, told apart by content; and whom the verifier trusts. */
#include <sys/stat.h>

#include "cli/verify_kinds.h"
#include "core/file.h"
#include "core/tar.h"

enum kind { KIND_UNKNOWN, KIND_PDF, KIND_REPORT_JSON, KIND_CMS, KIND_NOTE, KIND_STAMP, KIND_STATEMENT, KIND_COUNT };

/* The name by which a kind knows its file. */
static const char *const kind_names[KIND_COUNT] = {
	[KIND_PDF] = "report.pdf", [KIND_REPORT_JSON] = "report.json", [KIND_CMS] = "report.json.p7s", [KIND_NOTE] = "head.note",
	[KIND_STATEMENT] = "statement.jws",
};

static bool begins(struct afd_slice b, const char *with)
{
	return b.len >= strlen(with) && memcmp(b.data, with, strlen(with)) == 0;
}

static bool has(struct afd_slice b, const char *what)
{
	return b.data && memmem(b.data, b.len, what, strlen(what));
}

/* id-ct-TSTInfo: only time-stamps hold one. */
static bool is_stamp(struct afd_slice b)
{
	static const uint8_t oid[] = { 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04 };
	const uint8_t *at = b.data ? memmem(b.data, b.len, oid, sizeof(oid)) : NULL;

	/* near the front: a signature with a time-stamp in it has one further behind */
	return at && at - b.data < 256;
}

static enum kind sniff(struct afd_slice b)
{
	if (begins(b, "%PDF-"))
		return KIND_PDF;
	if (begins(b, "{") && has(b, "\"affidavit-report/"))
		return KIND_REPORT_JSON;
	if (begins(b, "{") && has(b, "\"payload\":\"") && has(b, "\"protected\":\""))
		return KIND_STATEMENT;
	if (b.len > 4 && b.data[0] == 0x30 && (b.data[1] & 0x80))
		return is_stamp(b) ? KIND_STAMP : KIND_CMS;
	if (has(b, "\n\n\xe2\x80\x94 "))
		return KIND_NOTE;
	return KIND_UNKNOWN;
}

static int load_one(struct verify *v, const char *path, struct afd_slice *ret, struct afd_error *err)
{
	struct afd_buf *b = &v->trust_bytes[v->n_trust];

	if (afd_file_read(path, 16u << 20, b, err) < 0)
		return -1;
	*ret = afd_buf_slice(b);
	v->n_trust++;
	return 0;
}

static int load_trust(struct verify *v, const struct cli_texts *paths, struct afd_slice **at, const struct afd_slice **ret, size_t *n,
                      struct afd_error *err)
{
	*ret = *at;
	for (unsigned i = 0; i < paths->n; i++)
		if (load_one(v, paths->at[i], (*at)++, err) < 0)
			return -1;
	*n = paths->n;
	return 0;
}

int verify_open(struct verify *v, struct cli *c, const struct verify_options *o, struct afd_error *err)
{
	size_t n = o->root.n + o->stamp_root.n + o->crl.n;
	struct afd_slice *at;

	*v = (struct verify){ .c = c, .o = o };
	v->trust_bytes = calloc(n + 1, sizeof(*v->trust_bytes));
	v->trust_at = at = calloc(n + 1, sizeof(*v->trust_at));
	if (!v->trust_bytes || !v->trust_at)
		return afd_fail_memory(err);
	v->trust.allow_test = o->allow_test;
	v->trust.at_ms = afd_now(&c->env);
	if (o->at && afd_when_parse(o->at, &v->trust.at_ms, err) < 0) {
		err->code = AFD_E_USAGE;
		return afd_within(err, "--at");
	}
	return load_trust(v, &o->root, &at, &v->trust.pem, &v->trust.n, err) < 0 ||
	       load_trust(v, &o->stamp_root, &at, &v->trust.stamp_pem, &v->trust.n_stamp, err) < 0 ||
	       load_trust(v, &o->crl, &at, &v->trust.crl, &v->trust.n_crl, err) < 0 ? -1 : 0;
}

void verify_release(struct verify *v)
{
	for (size_t i = 0; i < v->n_trust; i++)
		afd_buf_release(&v->trust_bytes[i]);
	free(v->trust_bytes);
	free(v->trust_at);
	v->store = afd_store_close(v->store);
	claims_release(&v->claims);
}

int verify_set(struct verify *v, struct verify_set *s, bool closed, struct afd_error *err)
{
	VERIFIED_REPORT r = { 0 };
	struct verify_file *head = verify_set_find(s, "head.note"), *statement = verify_set_find(s, "statement.jws");

	v->signer_of = NULL;
	if ((verify_set_find(s, "report.json") || verify_set_find(s, "report.pdf")) && verify_report(v, s, &r, err) < 0)
		return -1;
	if (closed && !statement)
		claims_add(&v->claims, v->o->allow_unsigned ? CLAIM_SKIPPED : CLAIM_FAILS, "files", "statement.jws",
		           "it is not there: nobody says which files belong to the report");
	if (statement && verify_statement(v, s, statement, &r, closed, err) < 0)
		return -1;
	if (head && verify_head_file(v, s, head, &r, err) < 0)
		return -1;
	if (!statement && r.head.known)
		verify_earlier(v, &r.head, NULL);
	return 0;
}

static int verify_folder(struct verify *v, const char *dir, struct afd_error *err)
{
	static const char *const needed[] = { "report.json", "report.pdf" };
	struct verify_set s = { 0 };
	int r = verify_set_folder(&s, dir, err);

	for (size_t i = 0; r == 0 && i < AFD_COUNT(needed); i++)
		if (!verify_set_find(&s, needed[i]))
			claims_add(&v->claims, CLAIM_FAILS, "files", needed[i], "it is not in the folder");
	if (r == 0)
		r = verify_set(v, &s, true, err);
	verify_set_release(&s);
	return r;
}

static int add_file(struct verify_set *s, const char *path, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct verify_file *f;
	enum kind kind;
	char name[32] = "";

	if (afd_file_read(path, AFD_MAX_PDF, &bytes, err) < 0)
		return -1;
	kind = sniff(afd_buf_slice(&bytes));
	if (kind == KIND_UNKNOWN)
		return afd_fail(err, AFD_E_USAGE, "%s: neither a report folder nor a report.pdf, report.json, its signature, a statement.jws, a signed head or its time-stamp", path);
	if (kind == KIND_STAMP)
		snprintf(name, sizeof(name), "head.%zu.tst", s->n);
	if (verify_set_add(s, kind == KIND_STAMP ? name : kind_names[kind], path, &f, err) < 0)
		return afd_within(err, "%s", path);
	f->bytes = bytes;
	f->loaded = true;
	bytes = (struct afd_buf){ 0 };
	return 0;
}

/* report.json was named without its signature: that lies beside it. */
static int add_beside(struct verify_set *s, struct afd_error *err)
{
	const struct verify_file *json = verify_set_find(s, "report.json");
	AFD_AUTO(mem) char *path = json ? afd_sprintf("%s.p7s", json->path) : NULL;
	struct stat st;

	if (!json || verify_set_find(s, "report.json.p7s"))
		return 0;
	if (!path)
		return afd_fail_memory(err);
	return stat(path, &st) == 0 ? verify_set_add(s, "report.json.p7s", path, NULL, err) : 0;
}

/* The name of the first file of a tar says which kind it is. 1: a tar, 0: none. */
static int read_tar_name(const char *path, char ret[AFD_TAR_NAME], struct afd_error *err)
{
	AFD_AUTO(infile) struct afd_infile *f = NULL;
	uint8_t block[AFD_TAR_BLOCK];
	size_t have = 0, got = 1;

	if (afd_infile_open(path, &f, err) < 0)
		return -1;
	for (; got && have < sizeof(block); have += got)
		if (afd_infile_read(f, block + have, sizeof(block) - have, &got, err) < 0)
			return -1;
	if (have < sizeof(block) || memcmp(block + 257, "ustar", 5) != 0)
		return 0;
	memcpy(ret, block, AFD_TAR_NAME - 1);
	ret[AFD_TAR_NAME - 1] = '\0';
	return 1;
}

/* 1: it was an archive, 0: it is none. */
static int verify_archive(struct verify *v, const char *path, struct afd_error *err)
{
	static const struct { const char *first; int (*verify)(struct verify *v, const char *path, struct afd_error *err); } kinds[] = {
		{ "BUNDLE", verify_bundle }, { "PROOF", verify_proof },
	};
	char name[AFD_TAR_NAME];
	int r = read_tar_name(path, name, err);

	if (r <= 0)
		return r;
	for (size_t i = 0; i < AFD_COUNT(kinds); i++)
		if (strcmp(name, kinds[i].first) == 0)
			return kinds[i].verify(v, path, err) < 0 ? -1 : 1;
	return afd_fail(err, AFD_E_USAGE, "%s: a tar, but neither a bundle nor a proof: its first file is %s", path, cli_safe(name, 60));
}

/* A statement speaks of the files beside it, or in --dir; it may itself lie elsewhere. */
static int verify_statement_beside(struct verify *v, struct verify_set *given, struct afd_error *err)
{
	const char *path = verify_set_find(given, "statement.jws")->path, *slash = strrchr(path, '/');
	AFD_AUTO(mem) char *dir = v->o->dir ? afd_strdup(v->o->dir) : slash ? afd_sprintf("%.*s", (int)(slash - path + 1), path) : afd_strdup(".");
	struct verify_set s = { 0 };
	struct verify_file *f;
	int r = dir ? verify_set_folder(&s, dir, err) : afd_fail_memory(err);

	f = verify_set_find(&s, "statement.jws");
	if (r == 0 && !f)
		r = verify_set_add(&s, "statement.jws", NULL, &f, err);
	if (r == 0) {
		free(f->path);
		f->path = afd_strdup(path);
		r = f->path ? verify_set(v, &s, true, err) : afd_fail_memory(err);
	}
	verify_set_release(&s);
	return r;
}

static int verify_files(struct verify *v, struct verify_set *s, struct afd_error *err)
{
	if (s->n == 1 && verify_set_find(s, "statement.jws"))
		return verify_statement_beside(v, s, err);
	return add_beside(s, err) < 0 ? -1 : verify_set(v, s, false, err);
}

int verify_paths(struct verify *v, struct afd_error *err)
{
	struct verify_set s = { 0 };
	unsigned folders = 0;
	struct stat st;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < v->o->path.n; i++) {
		const char *path = v->o->path.at[i];

		if (stat(path, &st) < 0) {
			r = afd_fail_errno(err, "look at", path);
		} else if (S_ISDIR(st.st_mode)) {
			v->claims.within = v->o->path.n > 1 ? path : NULL;
			r = verify_folder(v, path, err);
			v->claims.within = NULL;
			folders++;
		} else if (!S_ISREG(st.st_mode)) {
			r = afd_fail(err, AFD_E_USAGE, "%s: neither a file nor a folder", path);     /* a pipe would be waited for */
		} else {
			v->claims.within = v->o->path.n > 1 ? path : NULL;
			r = verify_archive(v, path, err);
			v->claims.within = NULL;
			r = r == 0 ? add_file(&s, path, err) : r < 0 ? -1 : 0;
		}
	}
	if (r == 0 && s.n)
		r = verify_files(v, &s, err);
	if (r == 0 && v->o->signer.n && !v->signer_seen)
		claims_add(&v->claims, CLAIM_UNCLEAR, "signer", "--signer", "nothing here was signed by whom you named");
	verify_set_release(&s);
	return r;
}
