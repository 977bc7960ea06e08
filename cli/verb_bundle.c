/* The whole evidence of a report as one plain tar, which a stranger can check without us. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "cli/bundle.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "cli/verify_kinds.h"
#include "core/file.h"
#include "evidence/plain.h"

struct bundle_options { struct assess_options assess; const char *report, *out; };

struct bundling {
	struct cli *c;
	struct afd_tar_writer tar;
	struct afd_outfile *out;
	struct afd_store *s;                  /* the ledger */
	struct afd_store *judged;             /* whose tables were judged: S, or its first leaves */
	struct afd_assessment *a;
	const char *folder;                   /* of the report; NULL */
	uint64_t leaves, done, total;         /* done of total: steps of work, for the eye */
	struct afd_buf line;
	uint64_t sum;
};

static int put(void *ctx, struct afd_slice s, struct afd_error *err)
{
	struct bundling *b = ctx;

	if (b->c->stop && *b->c->stop)
		return afd_fail(err, AFD_E_IO, "stopped; nothing was written");
	return afd_outfile_write(b->out, s, err);
}

static void step(struct bundling *b, const char *what)
{
	show_work(b->c, what, b->done++, b->total);
}

/* --- derived files --- */

static int put_head_files(struct bundling *b, const char *vkey, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf scope = { 0 };
	AFD_AUTO(buf) struct afd_buf words = { 0 };
	const struct bundle_scope s = { (char *)b->a->engine, (char *)b->a->period_label, b->a->as_of_ms, b->a->head_size };

	if (bundle_scope_write(&s, &scope) < 0 || bundle_words(b->a, b->leaves, vkey, b->folder != NULL, &words) < 0)
		return afd_fail_memory(err);
	return afd_tar_add(&b->tar, "BUNDLE", afd_buf_slice(&scope), err) < 0 ? -1 :
	       afd_tar_add(&b->tar, "VERIFY.md", afd_buf_slice(&words), err);
}

static int put_checks(struct bundling *b, struct afd_error *err)
{
	for (size_t i = 0; i < b->a->n_check; i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		char name[AFD_TAR_NAME];
		bool there;

		if (bundle_name(name, "checks", b->a->check[i].id, ".sql", err) < 0 ||
		    bundle_check(b->s, &b->a->check[i], &text, &there, err) < 0 ||
		    (there && afd_tar_add(&b->tar, name, afd_buf_slice(&text), err) < 0))
			return -1;
	}
	return 0;
}

static int put_params(struct bundling *b, struct afd_error *err)
{
	for (size_t i = 0; i < b->a->n_check; i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		char name[AFD_TAR_NAME];

		if (bundle_name(name, "params", b->a->check[i].id, ".sql", err) < 0 || bundle_params(b->a, &b->a->check[i], &text, err) < 0 ||
		    afd_tar_add(&b->tar, name, afd_buf_slice(&text), err) < 0)
			return -1;
	}
	return 0;
}

static int put_file(struct bundling *b, const char *name, const char *path, struct afd_error *err)
{
	AFD_AUTO(infile) struct afd_infile *f = NULL;
	uint8_t piece[65536];
	struct stat st;
	size_t got;

	if (stat(path, &st) < 0)
		return afd_fail_errno(err, "look at", path);
	if (afd_infile_open(path, &f, err) < 0 || afd_tar_begin(&b->tar, name, (uint64_t)st.st_size, err) < 0)
		return -1;
	do {
		if (afd_infile_read(f, piece, sizeof(piece), &got, err) < 0 || afd_tar_put(&b->tar, afd_slice(piece, got), err) < 0)
			return afd_within(err, "%s", path);
	} while (got);
	return 0;
}

static int put_tables(struct bundling *b, const char *beside, struct afd_error *err)
{
	const char *slash = strrchr(beside, '/');
	AFD_AUTO(mem) char *dir = slash ? afd_text_dup(afd_slice(beside, (size_t)(slash - beside) + 1)) : afd_strdup(".");
	AFD_AUTO(scratch) struct afd_scratch tables = { 0 };

	if (!dir)
		return afd_fail_memory(err);
	if (afd_scratch_make(dir, &tables, err) < 0 || afd_tables_write(b->judged, tables.path, err) < 0)
		return -1;
	return put_file(b, "evidence.sqlite", tables.path, err);
}

/* --- the ledger --- */

static int put_blob(void *ctx, const struct afd_digest *sha256, struct afd_slice bytes, struct afd_error *err)
{
	struct bundling *b = ctx;
	char name[AFD_TAR_NAME];

	step(b, "items");
	return bundle_name(name, "items", afd_digest_hex(sha256).s, "", err) < 0 ? -1 : afd_tar_add(&b->tar, name, bytes, err);
}

static int put_note(void *ctx, uint64_t size, const char *note, struct afd_error *err)
{
	struct bundling *b = ctx;
	char name[AFD_TAR_NAME];

	snprintf(name, sizeof(name), "ledger/heads/%012" PRIu64 ".note", size);
	return afd_tar_add(&b->tar, name, afd_slice_text(note), err);
}

static int count_line(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice lengths, struct afd_error *err)
{
	struct bundling *b = ctx;

	(void)record, (void)lengths;
	step(b, "leaves");
	b->line.len = 0;
	if (afd_leaf_line_write(l, &b->line) < 0)
		return afd_fail_memory(err);
	b->sum += b->line.len;
	return 0;
}

static int put_line(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice lengths, struct afd_error *err)
{
	struct bundling *b = ctx;

	return count_line(b, l, record, lengths, err) < 0 ? -1 : afd_tar_put(&b->tar, afd_buf_slice(&b->line), err);
}

static int put_lengths(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice lengths, struct afd_error *err)
{
	struct bundling *b = ctx;
	struct afd_reader r = afd_reader(lengths);
	char name[AFD_TAR_NAME];

	(void)record;
	step(b, "parts");
	if (l->state != AFD_LEAF_PRESENT || l->parts < 2)
		return 0;
	b->line.len = 0;
	while (afd_reader_left(&r) >= 4)
		if (afd_buf_printf(&b->line, "%" PRIu32 "\n", afd_read_u32(&r)) < 0)
			return afd_fail_memory(err);
	snprintf(name, sizeof(name), "ledger/parts/%012" PRIu64, l->leaf);
	return afd_tar_add(&b->tar, name, afd_buf_slice(&b->line), err);
}

static int put_record(void *ctx, const struct afd_leaf_line *l, struct afd_slice record, struct afd_slice lengths, struct afd_error *err)
{
	struct bundling *b = ctx;
	char name[AFD_TAR_NAME];

	(void)lengths;
	step(b, "records");
	if (l->state == AFD_LEAF_ERASED)
		return 0;
	snprintf(name, sizeof(name), "ledger/records/%012" PRIu64, l->leaf);
	return afd_tar_add(&b->tar, name, record, err);
}

static int put_ledger(struct bundling *b, const char *vkey, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf store = { 0 };

	if (afd_plain_blobs(b->s, b->leaves, put_blob, b, err) < 0 || afd_plain_heads(b->s, b->leaves, put_note, b, err) < 0 ||
	    afd_plain_leaves(b->s, b->leaves, count_line, b, err) < 0 || afd_tar_begin(&b->tar, "ledger/leaves", b->sum, err) < 0 ||
	    afd_plain_leaves(b->s, b->leaves, put_line, b, err) < 0 || afd_plain_leaves(b->s, b->leaves, put_lengths, b, err) < 0 ||
	    afd_plain_leaves(b->s, b->leaves, put_record, b, err) < 0)
		return -1;
	if (afd_buf_printf(&store, "origin %s\nvkey %s\n", b->a->origin, vkey) < 0)
		return afd_fail_memory(err);
	return afd_tar_add(&b->tar, "ledger/store", afd_buf_slice(&store), err);
}

/* --- the report --- */

static int by_name(const struct dirent **x, const struct dirent **y)
{
	return strcmp((*x)->d_name, (*y)->d_name);
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int put_report_file(struct bundling *b, const char *name, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", b->folder, name);
	char entry[AFD_TAR_NAME];
	struct stat st;

	if (!path)
		return afd_fail_memory(err);
	if (lstat(path, &st) < 0)
		return afd_fail_errno(err, "look at", path);
	if (!S_ISREG(st.st_mode))
		return afd_fail(err, AFD_E_USAGE, "%s: not a plain file; a report's folder holds nothing else", path);
	return bundle_name(entry, "report", name, "", err) < 0 ? -1 : put_file(b, entry, path, err);
}

static int put_report(struct bundling *b, struct afd_error *err)
{
	struct dirent **names = NULL;
	int n = b->folder ? scandir(b->folder, &names, not_hidden, by_name) : 0, r = 0;

	if (n < 0)
		return afd_fail_errno(err, "open the folder", b->folder);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = put_report_file(b, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return r;
}

/* --- all of it --- */

static int write_bundle(struct bundling *b, const char *path, struct afd_error *err)
{
	AFD_AUTO(mem) char *vkey = NULL;

	/* of these leaves: the store may have handed over to another key since */
	if (afd_store_key_for(b->s, NULL, b->leaves, &vkey, err) < 0)
		return -1;
	if (!vkey)
		return afd_fail(err, AFD_E_STORE, "the store does not name its key");
	if (put_head_files(b, vkey, err) < 0 || put_checks(b, err) < 0 || put_tables(b, path, err) < 0 || put_ledger(b, vkey, err) < 0 ||
	    put_params(b, err) < 0 || put_report(b, err) < 0 || afd_tar_finish(&b->tar, err) < 0)
		return -1;
	return afd_outfile_commit(b->out, err);
}

/* The report's head must be one of this ledger: else the bundle would prove something about another report. */
static int check_head(struct bundling *b, const struct verified_report *r, struct afd_error *err)
{
	struct afd_digest root;

	if (afd_store_root(b->s, r->head.size, &root, err) < 0)
		return afd_within(err, "%s/report.json", b->folder);
	if (!afd_digest_equal(&root, &r->head.root))
		return afd_fail(err, AFD_E_VERIFY, "%s/report.json stands on another ledger: its head over %" PRIu64 " leaves has another root",
			b->folder, r->head.size);
	return 0;
}

static int judge_report(struct bundling *b, struct session *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/report.json", b->folder);
	AFD_AUTO(buf) struct afd_buf json = { 0 };
	VERIFIED_REPORT r = { 0 };
	char head[24];

	if (!path)
		return afd_fail_memory(err);
	if (afd_file_read(path, AFD_MAX_REPORT_JSON, &json, err) < 0 || verified_report_read(&r, afd_buf_slice(&json), err) < 0 ||
	    check_head(b, &r, err) < 0)
		return -1;
	snprintf(head, sizeof(head), "%" PRIu64, r.head.size);
	return session_assess_span(s, r.period, r.label, r.as_of, afd_tables_current(s->store, r.head.size, err) == 1 ? NULL : head, &b->a, err);
}

static int judge_period(struct bundling *b, struct session *s, const struct bundle_options *o, struct afd_error *err)
{
	AFD_AUTO(head) struct afd_head h = { 0 };
	struct assess_options assess = o->assess;
	char head[24];

	if (afd_store_head(s->store, AFD_ANY_SIZE, &h, err) <= 0)
		return afd_fail(err, AFD_E_STORE, "the ledger has no signed head yet");
	snprintf(head, sizeof(head), "%" PRIu64, h.size);
	assess.head = afd_tables_current(s->store, h.size, err) == 1 ? NULL : head;
	return session_assess(s, &assess, &b->a, err);
}

static int count_work(struct bundling *b, struct afd_error *err)
{
	if (afd_plain_size(b->s, b->a->head_size, &b->leaves, err) < 0)
		return -1;
	b->total = 5 * b->leaves + 1;         /* about one blob a leaf, and four walks */
	return 0;
}

static int bundle(struct cli *c, const struct bundle_options *o, const char *out, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	AFD_AUTO(outfile) struct afd_outfile *f = NULL;
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	struct bundling b = { .c = c, .folder = o->report };
	int r;

	b.tar.write = put;
	b.tar.ctx = &b;
	if (session_open(&s, c, AFD_STORE_READ, err) < 0)
		return -1;
	b.s = s.store;
	r = o->report ? judge_report(&b, &s, err) : judge_period(&b, &s, o, err);
	a = b.a;
	b.judged = s.prefix ? s.prefix : s.store;
	/* everything that was ever stored is in it: for its owner, until he hands it out */
	if (r < 0 || count_work(&b, err) < 0 || afd_outfile_begin(out, true, &f, err) < 0)
		return -1;
	b.out = f;
	r = write_bundle(&b, out, err);
	show_work(c, "", 1, 1);
	line = b.line;
	if (r < 0)
		return afd_within(err, "bundle %s", out);
	cli_say(c, "  %s: %s leaves, judged as of %s UTC over the first %s\n", out, cli_number(b.leaves).s, afd_when_people(a->as_of_ms).s,
	        cli_number(a->head_size).s);
	return 0;
}

int verb_bundle(struct cli *c, int argc, char **argv)
{
	struct bundle_options o = { 0 };
	const struct cli_option options[] = {
		{ "report", "DIR", "the folder of the report whose evidence it is", .text = &o.report },
		{ "period", "P", "instead of a report: the evidence for judging this period", .text = &o.assess.period },
		{ "as-of", "TIME", "with --period: as seen at this time (now)", .text = &o.assess.as_of },
		{ "out", "FILE", "where to (DIR.tar, or bundle-P.tar)", .text = &o.out },
		{ 0 }
	};
	AFD_AUTO(mem) char *out = NULL;
	struct afd_error err = { 0 };
	size_t n;
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (!o.report == !o.assess.period)
		return cli_usage(c, "bundle: either --report DIR or --period P");
	n = o.report ? strlen(o.report) : 0;
	while (n > 1 && o.report[n - 1] == '/')
		n--;
	out = o.out ? afd_strdup(o.out) : o.report ? afd_sprintf("%.*s.tar", (int)n, o.report) : afd_sprintf("bundle-%s.tar", o.assess.period);
	if (!out)
		afd_fail_memory(&err);
	if (!out || bundle(c, &o, out, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "exit 0: bundle made; it shows everything that was stored");
}
