/* A log made by tests/make-ctlog, read through the real transport by the provider, and what it keeps and says. The log's
 * story stands in story.json: entries 0 and 2 (precertificate and certificate), 254, 555 (certificate only) and 1258 are for
 * example.test, 1257 for other.test; 556 is no certificate at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <signal.h>

#include "collector/ct/ct_item.h"
#include "collector/table.h"
#include "made_log.h"
#include "samples.h"

#define DAY_1 "2026-07-01T"
static int64_t now_ms;

/* --- a run --- */

static void copy_file(const char *from, const char *to, const char *name)
{
	AFD_AUTO(mem) char *a = afd_sprintf("%s/%s/%s", work, from, name), *b = afd_sprintf("%s/%s/%s", work, to, name);
	AFD_AUTO(buf) struct afd_buf data = { 0 };

	assert_int_equal(afd_file_read(a, AFD_MAX_CT_TILE, &data, NULL), 0);
	assert_int_equal(afd_file_write(b, afd_buf_slice(&data), false, NULL), 0);
}

struct kept { enum afd_item_kind kind; struct afd_buf bytes; };
struct story {
	const char *names[8]; size_t n_names;     /* looked for */
	const char *more;                         /* further lines of configuration */
	const char *url;                          /* in place of file:WORK/NAME */
	char *cursor;
	struct kept *item; size_t n;
	struct afd_buf said;                      /* items, statements and cursors of the last run, one line each */
	unsigned requests, not_found;
};

static void story_end(struct story *s)
{
	for (size_t i = 0; i < s->n; i++)
		afd_buf_release(&s->item[i].bytes);
	free(s->item);
	free(s->cursor);
	afd_buf_release(&s->said);
	*s = (struct story){ 0 };
}

static int on_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	struct story *s = ctx;

	(void)err;
	s->item = realloc(s->item, (s->n + 1) * sizeof(*s->item));
	s->item[s->n] = (struct kept){ .kind = d->kind };
	afd_buf_add_slice(&s->item[s->n++].bytes, d->bytes);
	assert_non_null(d->asked);
	assert_non_null(d->media_type);
	afd_buf_printf(&s->said, "%s: %s\n", afd_item_kind_name(d->kind), d->asked);
	return 0;
}

static const char *short_time(int64_t t, char text[32])
{
	snprintf(text, 32, "%s", t == 0 ? "0" : afd_when_people(t).s);
	return text;
}

static int on_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	struct story *s = ctx;
	char a[32], b[32];

	(void)err;
	assert_string_equal(c->evidence, "ct-log");
	assert_string_equal(c->scope, "log.example/story");
	assert_true(c->at.from < c->at.to);
	assert_int_equal(c->lag_ms, 60000);
	if (c->grade == AFD_PROVEN)
		afd_buf_printf(&s->said, "proven %.4s %s to %s\n", c->watch, short_time(c->at.from, a), short_time(c->at.to, b));
	else
		afd_buf_printf(&s->said, "gap %.4s: %s\n", c->watch, c->reason);
	return 0;
}

static int on_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	struct story *s = ctx;

	(void)err;
	free(s->cursor);
	s->cursor = afd_strdup(cursor);
	return 0;
}

static int64_t clock_now(void *ctx)
{
	(void)ctx;
	return now_ms;
}

/* One run over WORK/NAME at the time AT; returns what it said. -1 from the source: "error: ...". */
static const char *run(struct story *s, const char *name, const char *at)
{
	const struct afd_provider *p = &afd_provider_static_ct;
	const struct afd_env env = { .now_ms = clock_now };
	struct afd_transport *t;
	AFD_AUTO(buf) struct afd_buf list = { 0 };
	AFD_AUTO(mem) char *yaml = NULL, *config = calloc(1, p->config_size);
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_watch watch = { .name = s->names, .n = s->n_names };
	struct afd_source_config sc = { .name = "ct", .base_dir = work, .watch = &watch, .env = &env };
	const struct afd_keeper keep = { .ctx = s, .item = on_item, .cover = on_cover, .checkpoint = on_checkpoint };
	struct afd_error err = { 0 }, why;
	struct afd_digest d;
	char key[256];
	void *state = NULL;
	int rc;

	assert_int_equal(afd_when_parse(at, &now_ms, &err), 0);
	yaml = afd_sprintf("url: \"%s%s\"\norigin: log.example/story\nkey: %s\n%s", s->url ? s->url : "file:", name, log_key(name, key),
	                   s->more ? s->more : "");
	if (afd_yaml_parse(afd_slice_text(yaml), "affidavit.yaml", &doc, &err) < 0)
		fail_msg("%s", err.text);
	memcpy(config, p->config_defaults, p->config_size);
	if (afd_fields_read(doc, afd_doc_root(doc), p->fields, config, &err) < 0)
		fail_msg("%s", err.text);
	sc.doc = doc;
	sc.node = afd_doc_root(doc);
	for (size_t i = 0; i < s->n_names; i++)
		afd_buf_printf(&list, "%s\n", s->names[i]);
	afd_sha256(afd_buf_slice(&list), &d);
	watch.digest = afd_digest_hex(&d);
	t = afd_transport_new(&env, "tests@example.test", &err);
	assert_non_null(t);

	s->said.len = s->requests = s->not_found = 0;
	afd_buf_text(&s->said, "");
	rc = p->begin(&sc, config, s->cursor, &state, &err);
	while (rc >= 0) {
		struct afd_response a;
		struct afd_request q;

		rc = p->next(state, &q, &err);
		if (rc <= 0)
			break;
		assert_true(++s->requests < 1000);
		why = (struct afd_error){ 0 };
		if (afd_transport_do(t, &q, &a, &why) < 0) {
			rc = p->take(state, NULL, &why, (struct afd_keeper *)&keep, &err);
		} else {
			s->not_found += a.status == 404;
			rc = p->take(state, &a, NULL, (struct afd_keeper *)&keep, &err);
		}
	}
	p->end(state);
	if (rc < 0)
		afd_buf_printf(&s->said, "error: %s\n", err.text);
	afd_transport_free(t);
	return (const char *)s->said.data;
}

static void start_story(struct story *s, const char *more)
{
	story_end(s);
	s->names[0] = "example.test";
	s->n_names = 1;
	s->more = more;
}

/* --- what the items mean --- */

struct rows { struct afd_buf text; char tbs[8][65]; unsigned n_certs; };

static int on_cert(void *ctx, const struct afd_row_cert *r, struct afd_error *err)
{
	struct rows *t = ctx;

	(void)err;
	afd_buf_printf(&t->text, "%llu %s%s issuer=%s key=%.8s from %s", (unsigned long long)r->index, r->precert ? "precert" : "final",
	               r->proven ? " proven" : " UNPROVEN", r->issuer, r->issuer_key_hash, afd_when_people(r->not_before).s);
	for (size_t i = 0; i < r->n; i++)
		afd_buf_printf(&t->text, " %s:%s", r->name[i].kind, r->name[i].name);
	afd_buf_text(&t->text, "\n");
	assert_string_equal(r->log, "log.example/story");
	assert_int_equal(strlen(r->spki_sha256), 64);
	if (t->n_certs < 8)
		memcpy(t->tbs[t->n_certs], r->tbs_key, 65);
	t->n_certs++;
	return 0;
}

static int on_unparsed(void *ctx, const struct afd_row_unparsed *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "%llu unparsed: %s\n", (unsigned long long)r->index, r->reason);
	return 0;
}

static int on_head(void *ctx, const struct afd_row_ct_head *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "head %llu %s\n", (unsigned long long)r->size, afd_when_people(r->timestamp).s);
	return 0;
}

static int on_signature(void *ctx, const struct afd_row_ct_signature *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "signature %llu %s %d %s\n", (unsigned long long)r->size, r->name, r->type, r->state);
	return 0;
}

static int on_range(void *ctx, const struct afd_row_ct_range *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "range %llu to %llu hits %llu\n", (unsigned long long)r->from, (unsigned long long)r->to,
	               (unsigned long long)r->hits);
	return 0;
}

static int on_incident(void *ctx, const struct afd_row_ct_incident *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "incident %s%s%s\n", r->kind, r->lasting ? " lasting" : "", r->proven ? " proven" : "");
	return 0;
}

static int on_watch(void *ctx, const struct afd_row_watch *r, struct afd_error *err)
{
	(void)err;
	afd_buf_printf(&((struct rows *)ctx)->text, "watch %.4s %s\n", r->digest, r->name);
	return 0;
}

static int decode_one(const struct kept *k, struct rows *ret, struct afd_error *err)
{
	struct afd_record record = { .kind = k->kind };
	const struct afd_item_view item = { .record = &record, .bytes = afd_buf_slice(&k->bytes) };
	struct afd_sink sink = { .ctx = ret, .cert = on_cert, .unparsed = on_unparsed, .ct_head = on_head, .watch = on_watch,
	                         .ct_signature = on_signature, .ct_range = on_range, .ct_incident = on_incident };

	return afd_provider_static_ct.decode(&item, &sink, err);
}

static void decode(const struct story *s, struct rows *ret)
{
	*ret = (struct rows){ 0 };
	afd_buf_text(&ret->text, "");
	for (size_t i = 0; i < s->n; i++) {
		struct afd_error err = { 0 };

		if (decode_one(&s->item[i], ret, &err) < 0)
			fail_msg("item %zu (%s): %s", i, afd_item_kind_name(s->item[i].kind), err.text);
	}
}

#define CERTS \
	"0 precert proven issuer=CN=Test CA,O=Example key=53a1cf0e from 2026-07-01 09:00:00 dns:www.example.test dns:example.test\n" \
	"2 final proven issuer=CN=Test CA,O=Example key=53a1cf0e from 2026-07-01 09:00:00 dns:www.example.test dns:example.test\n" \
	"254 precert proven issuer=CN=Test CA,O=Example key=53a1cf0e from 2026-07-01 10:00:00 dns:*.shop.example.test ip:192.0.2.7 ip:2001:db8::7\n" \
	"555 final proven issuer=CN=Other CA,O=Others key=554caad1 from 2026-07-01 11:00:00 dns:late.example.test\n" \
	"556 unparsed: certificate: no TBSCertificate\n" \
	"1258 precert proven issuer=CN=Test CA,O=Example key=53a1cf0e from 2026-07-01 13:10:00 dns:last.example.test dns:xn--bcher-kva.example.test\n"

static void same_certs(const struct story *s, const char *want)
{
	struct rows r;
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	decode(s, &r);
	afd_buf_text(&got, "");
	for (char *line = (char *)r.text.data, *lf; (lf = strchr(line, '\n')); line = lf + 1)
		if (line[0] >= '0' && line[0] <= '9')
			afd_buf_add(&got, line, (size_t)(lf + 1 - line));
	assert_string_equal((char *)got.data, want);
	if (r.n_certs > 1 && strcmp(want, CERTS) == 0) {
		assert_string_equal(r.tbs[0], r.tbs[1]);              /* one issuance */
		assert_string_not_equal(r.tbs[0], r.tbs[2]);
	}
	afd_buf_release(&r.text);
}

static void expect_start(const char *said, const char *want)
{
	if (strncmp(said, want, strlen(want)) != 0)
		fail_msg("expected\n%sgot\n%s", want, said);
}

#define ITEMS \
	"head: log.example/story checkpoint\n" \
	"watch: log.example/story names looked for\n" \
	"entry: log.example/story entry 0\n" \
	"entry: log.example/story entry 2\n" \
	"entry: log.example/story entry 254\n" \
	"entry: log.example/story entry 555\n" \
	"entry: log.example/story entry 556\n" \
	"entry: log.example/story entry 1258\n" \
	"range: log.example/story entries 0 to 1258\n"
#define W "b728"                                  /* SHA-256 of "example.test\n" */

/* --- the tests --- */

static void a_whole_log(void **state)
{
	struct story s = { 0 };
	struct rows r;

	(void)state;
	make_log("whole", "--until", DAY_1 "15:00:00Z", NULL);
	start_story(&s, NULL);
	assert_string_equal(run(&s, "whole", DAY_1 "15:00:10Z"), ITEMS "proven " W " 0 to 2026-07-01 14:59:00\n");
	assert_int_equal(s.requests, 1 + 5 + 2);              /* checkpoint, data tiles, issuers: hash tiles are not needed */
	same_certs(&s, CERTS);
	decode(&s, &r);
	assert_non_null(strstr((char *)r.text.data, "head 1259 2026-07-01 15:00:00\n"));
	assert_non_null(strstr((char *)r.text.data, "watch " W " example.test\n"));
	afd_buf_release(&r.text);

	/* again: nothing new, nothing twice */
	assert_string_equal(run(&s, "whole", DAY_1 "15:05:00Z"), "");
	assert_int_equal(s.requests, 1);
	story_end(&s);
}

static void it_grows(void **state)
{
	static const struct { const char *until, *said; } step[] = {
		{ DAY_1 "10:01:05Z", "proven " W " 0 to 2026-07-01 10:00:05\n" },                             /* 10 entries */
		{ DAY_1 "10:01:05Z", "" },
		{ DAY_1 "10:02:05Z", "proven " W " 2026-07-01 10:00:05 to 2026-07-01 10:01:05\n" },           /* in the same tile */
		{ DAY_1 "11:01:00Z", "proven " W " 2026-07-01 10:01:05 to 2026-07-01 11:00:00\n" },           /* 256: the tile is full */
		{ DAY_1 "13:05:00Z", "proven " W " 2026-07-01 11:00:00 to 2026-07-01 13:04:00\n" },           /* over three tiles */
		{ DAY_1 "14:00:00Z", "proven " W " 2026-07-01 13:04:00 to 2026-07-01 13:59:00\n" },
		{ DAY_1 "15:00:00Z", "proven " W " 2026-07-01 13:59:00 to 2026-07-01 14:59:00\n" },
	};
	static const struct { const char *name, *a, *b; } way[] = {
		{ "grow-plain", NULL, NULL }, { "grow-gzip", "--gzip", NULL }, { "grow-gone", "--drop-partials", NULL }, { "grow-both", "--gzip", "--drop-partials" },
	};

	(void)state;
	for (size_t w = 0; w < AFD_COUNT(way); w++) {
		struct story s = { 0 };

		start_story(&s, NULL);
		for (size_t i = 0; i < AFD_COUNT(step); i++) {
			const char *said;

			make_log(way[w].name, "--until", step[i].until, way[w].a, way[w].b, NULL);
			said = run(&s, way[w].name, DAY_1 "15:01:00Z");
			assert_string_equal(strstr(said, "proven") ? strstr(said, "proven") : said, step[i].said);
		}
		same_certs(&s, CERTS);
		story_end(&s);
	}
}

/* The checkpoint is older than the tiles: partial tiles for its size are gone, the full ones are there. */
static void a_full_tile_stands_in_for_a_partial_one(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("older", "--until", DAY_1 "11:10:00Z", NULL);
	make_log("newer", "--until", DAY_1 "15:00:00Z", "--gzip", NULL);
	copy_file("older", "newer", "checkpoint");
	start_story(&s, NULL);
	assert_non_null(strstr(run(&s, "newer", DAY_1 "15:00:10Z"), "proven " W " 0 to 2026-07-01 11:09:00\n"));
	assert_int_equal(s.not_found, 1);
	make_log("newer", "--until", DAY_1 "15:00:00Z", "--gzip", NULL);
	assert_non_null(strstr(run(&s, "newer", DAY_1 "15:00:10Z"), "proven " W " 2026-07-01 11:09:00 to 2026-07-01 14:59:00\n"));
	same_certs(&s, CERTS);
	story_end(&s);
}

/* A log that lies at the first look: its head, or the bytes that are no head, are kept; nothing else; no coverage. */
static void lies_at_the_first_look(void **state)
{
	static const struct { const char *fault, *said; } row[] = {
		{ "wrong-root", "head: log.example/story checkpoint\nhead: log.example/story incident: root\ngap " W ": incident: the entries from 0 on do not lead to the signed root at size 1259: none was kept\n" },
		{ "wrong-signature", "head: log.example/story incident: head\ngap " W ": incident: checkpoint: " },
		{ "wrong-origin", "head: log.example/story incident: head\ngap " W ": incident: checkpoint: origin: expected log.example/story, got other.example/log\n" },
		{ "extension-line", "head: log.example/story incident: head\ngap " W ": incident: checkpoint: " },
		{ "bad-index", "head: log.example/story checkpoint\nhead: log.example/story incident: entry\ngap " W ": incident: log.example/story tile/data/004.p/235: entry 1258 says that its index is 1259\n" },
		{ "late-entry", "head: log.example/story checkpoint\nhead: log.example/story incident: entry\ngap " W ": incident: log.example/story tile/data/004.p/235: entry 1258 carries a later time than the head over it\n" },
		{ "flipped-entry", "head: log.example/story checkpoint\nhead: log.example/story incident: root\ngap " W ": incident: the entries from 0 on do not lead" },
		{ "truncated-tile", "head: log.example/story checkpoint\nhead: log.example/story incident: entry\ngap " W ": incident: log.example/story tile/data/004.p/235: entry 234 of the tile: " },
		{ "long-tile", "head: log.example/story checkpoint\nhead: log.example/story incident: entry\ngap " W ": incident: log.example/story tile/data/004.p/235: 1 bytes after the 235 entries of the tile\n" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct story s = { 0 };
		AFD_AUTO(mem) char *name = afd_sprintf("lie-%s", row[i].fault);

		make_log(name, "--until", DAY_1 "15:00:00Z", "--bend", row[i].fault, NULL);
		start_story(&s, NULL);
		expect_start(run(&s, name, DAY_1 "15:00:10Z"), row[i].said);
		assert_null(strstr((char *)s.said.data, "proven"));
		assert_null(strstr((char *)s.said.data, "range:"));
		assert_null(strstr((char *)s.said.data, "entry:"));

		/* the truth afterwards is the truth: nothing had been built on the lie */
		make_log(name, "--until", DAY_1 "15:00:00Z", NULL);
		assert_string_equal(run(&s, name, DAY_1 "15:00:10Z"), ITEMS "proven " W " 0 to 2026-07-01 14:59:00\n");
		same_certs(&s, CERTS);
		story_end(&s);
	}
}

/* Heads that contradict an earlier one. LASTING: the two signatures cannot both stand, so no later head heals it. */
static void lies_after_a_good_look(void **state)
{
	static const struct { const char *fault, *until, *head, *kind, *said; bool lasting; } row[] = {
		{ "fork", DAY_1 "14:05:00Z", NULL, "fork", "incident: fork: two roots were signed for the size 1258\n", true },
		{ "fork", DAY_1 "15:00:00Z", NULL, "root", "incident: the entries from 1258 on do not lead to the signed root at size 1259: none was kept\n", false },
		{ "rollback", DAY_1 "14:30:00Z", NULL, "rollback", "incident: rollback: a head of 629 entries (2026-07-01 14:30:00) after one of 1258\n", true },
		{ NULL, DAY_1 "13:05:00Z", NULL, "rollback", "incident: rollback: a head of 858 entries (2026-07-01 13:05:00) after one of 1258\n", false },
		{ NULL, DAY_1 "14:05:00Z", DAY_1 "14:04:00Z", "rollback", "incident: rollback: the head's time 2026-07-01 14:04:00 lies before that of the last one\n", false },
		{ NULL, DAY_1 "15:00:00Z", DAY_1 "15:30:00Z", "future", "incident: the head's time 2026-07-01 15:30:00 lies in the future\n", false },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		struct story s = { 0 };
		AFD_AUTO(mem) char *name = afd_sprintf("later-%zu", i), *want = afd_sprintf("head: log.example/story checkpoint\nhead: log.example/story incident: %s\ngap " W ": %s", row[i].kind, row[i].said);
		const char *said;

		make_log(name, "--until", DAY_1 "14:05:00Z", NULL);
		start_story(&s, NULL);
		assert_non_null(strstr(run(&s, name, DAY_1 "14:05:10Z"), "proven " W " 0 to 2026-07-01 14:04:00\n"));
		make_log(name, "--until", row[i].until, row[i].head ? "--head" : row[i].fault ? "--bend" : NULL, row[i].head ? row[i].head : row[i].fault, NULL);
		assert_string_equal(run(&s, name, DAY_1 "15:00:10Z"), want);

		make_log(name, "--until", DAY_1 "15:00:00Z", NULL);
		said = run(&s, name, DAY_1 "15:00:10Z");
		if (row[i].lasting)
			expect_start(said, "head: log.example/story checkpoint\ngap " W ": incident, not resolved: ");
		else
			assert_non_null(strstr(said, "proven " W " 2026-07-01 14:04:00 to 2026-07-01 14:59:00\n"));
		story_end(&s);
	}
}

static void steps_lead_to_the_same(void **state)
{
	struct story s = { 0 };
	unsigned runs = 0;

	(void)state;
	make_log("steps", "--until", DAY_1 "14:05:00Z", NULL);
	start_story(&s, "max_entries: 256\n");
	assert_string_equal(run(&s, "steps", DAY_1 "14:05:10Z"),
		"head: log.example/story checkpoint\n"
		"watch: log.example/story names looked for\n"
		"entry: log.example/story entry 0\n"
		"entry: log.example/story entry 2\n"
		"entry: log.example/story entry 254\n"
		"range: log.example/story entries 0 to 255\n"
		"gap " W ": stopped after 256 entries as configured; 1002 to go\n");
	/* a new head while the old one is not reached: it must extend it, though only hash tiles can tell */
	make_log("steps", "--until", DAY_1 "15:00:00Z", NULL);
	while (runs++ < 10 && !strstr(run(&s, "steps", DAY_1 "15:00:10Z"), "proven " W " 0 to 2026-07-01 14:59:00\n"))
		;
	assert_int_equal(runs, 4);
	same_certs(&s, CERTS);
	story_end(&s);

	make_log("steps-fork", "--until", DAY_1 "14:05:00Z", NULL);
	start_story(&s, "max_entries: 256\n");
	run(&s, "steps-fork", DAY_1 "14:05:10Z");
	make_log("steps-fork", "--until", DAY_1 "15:00:00Z", "--bend", "fork", NULL);
	assert_string_equal(run(&s, "steps-fork", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\nhead: log.example/story incident: consistency\n"
		"gap " W ": incident: the log's hash tiles do not lead to its signed root\n");
	make_log("steps-fork", "--until", DAY_1 "15:00:00Z", "--bend", "bad-hashes", NULL);
	assert_string_equal(run(&s, "steps-fork", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\nhead: log.example/story incident: consistency\n"
		"gap " W ": incident: the log's hash tiles do not lead to its earlier head of 1258 entries\n");
	make_log("steps-fork", "--until", DAY_1 "15:00:00Z", NULL);
	while (runs++ < 20 && !strstr(run(&s, "steps-fork", DAY_1 "15:00:10Z"), "proven " W " 0 to 2026-07-01 14:59:00\n"))
		;
	same_certs(&s, CERTS);
	story_end(&s);

	make_log("steps-bad", "--until", DAY_1 "15:00:00Z", "--bend", "bad-hashes", NULL);
	start_story(&s, "max_entries: 256\n");
	assert_string_equal(run(&s, "steps-bad", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\nhead: log.example/story incident: root\n"
		"gap " W ": incident: the entries from 0 on do not lead to the signed root at size 1259: none was kept\n");
	story_end(&s);
}

static void from_the_head_on(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("head", "--until", DAY_1 "13:05:00Z", NULL);
	start_story(&s, "start: head\n");
	assert_string_equal(run(&s, "head", DAY_1 "13:05:10Z"), "head: log.example/story checkpoint\n");
	make_log("head", "--until", DAY_1 "15:00:00Z", NULL);
	assert_string_equal(run(&s, "head", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\n"
		"watch: log.example/story names looked for\n"
		"entry: log.example/story entry 1258\n"
		"range: log.example/story entries 858 to 1258\n"
		"proven " W " 2026-07-01 13:05:00 to 2026-07-01 14:59:00\n");
	story_end(&s);

	make_log("head-bad", "--until", DAY_1 "13:05:00Z", "--bend", "bad-hashes", NULL);
	start_story(&s, "start: head\n");
	assert_string_equal(run(&s, "head-bad", DAY_1 "13:05:10Z"), "head: log.example/story checkpoint\nhead: log.example/story incident: consistency\n"
		"gap " W ": incident: the log's hash tiles do not lead to its signed root\n");
	story_end(&s);
}

/* Names that were looked for before stay covered; new ones only from the last head on. */
static void a_name_is_added(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("names", "--until", DAY_1 "13:05:00Z", NULL);
	start_story(&s, NULL);
	run(&s, "names", DAY_1 "13:05:10Z");
	s.names[1] = "wrong.test";
	s.n_names = 2;
	assert_string_equal(run(&s, "names", DAY_1 "13:06:00Z"), "");
	s.names[1] = "other.test";
	assert_string_equal(run(&s, "names", DAY_1 "13:07:00Z"), "");
	make_log("names", "--until", DAY_1 "14:05:00Z", NULL);
	assert_string_equal(run(&s, "names", DAY_1 "14:05:10Z"), "head: log.example/story checkpoint\n"
		"watch: log.example/story names looked for\n"
		"entry: log.example/story entry 1257\n"
		"range: log.example/story entries 858 to 1257\n"
		"proven " W " 2026-07-01 13:04:00 to 2026-07-01 14:04:00\n"
		"proven cb6a 2026-07-01 13:05:00 to 2026-07-01 14:04:00\n");
	make_log("names", "--until", DAY_1 "15:00:00Z", NULL);
	assert_string_equal(run(&s, "names", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\n"
		"entry: log.example/story entry 1258\n"
		"range: log.example/story entries 1258 to 1258\n"
		"proven cb6a 2026-07-01 14:04:00 to 2026-07-01 14:59:00\n");
	story_end(&s);
}

static void a_name_is_taken_away(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("fewer", "--until", DAY_1 "13:05:00Z", NULL);
	start_story(&s, NULL);
	s.names[1] = "other.test";
	s.n_names = 2;
	run(&s, "fewer", DAY_1 "13:05:10Z");
	s.n_names = 1;
	make_log("fewer", "--until", DAY_1 "14:05:00Z", NULL);
	assert_string_equal(run(&s, "fewer", DAY_1 "14:05:10Z"), "head: log.example/story checkpoint\n"
		"watch: log.example/story names looked for\n"
		"range: log.example/story entries 858 to 1257\n"
		"proven " W " 2026-07-01 13:04:00 to 2026-07-01 14:04:00\n");
	story_end(&s);
}

static void a_backfill_reads_again(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("again", "--until", DAY_1 "14:05:00Z", NULL);
	start_story(&s, "backfill: true\n");
	run(&s, "again", DAY_1 "14:05:10Z");
	s.names[0] = "other.test";
	make_log("again", "--until", DAY_1 "15:00:00Z", NULL);
	assert_string_equal(run(&s, "again", DAY_1 "15:00:10Z"), "head: log.example/story checkpoint\n"
		"watch: log.example/story names looked for\n"
		"entry: log.example/story entry 556\n"
		"entry: log.example/story entry 1257\n"
		"range: log.example/story entries 0 to 1258\n"
		"proven 55d7 0 to 2026-07-01 14:59:00\n");
	story_end(&s);
}

static void what_is_missing_is_a_gap(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("holes", "--until", DAY_1 "15:00:00Z", NULL);
	{
		AFD_AUTO(mem) char *path = afd_sprintf("%s/holes/tile/data/002", work);

		assert_int_equal(unlink(path), 0);
	}
	start_story(&s, NULL);
	assert_string_equal(run(&s, "holes", DAY_1 "15:00:10Z"), "gap " W ": log.example/story tile/data/002: HTTP status 404; 747 to go\n");
	assert_int_equal(s.n, 0);
	make_log("holes", "--until", DAY_1 "15:00:00Z", NULL);
	assert_string_equal(run(&s, "holes", DAY_1 "15:00:10Z"), ITEMS "proven " W " 0 to 2026-07-01 14:59:00\n");
	story_end(&s);
}

static void a_frozen_log_is_a_gap(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("frozen", "--until", DAY_1 "15:00:00Z", NULL);
	start_story(&s, NULL);
	run(&s, "frozen", DAY_1 "15:00:10Z");
	assert_string_equal(run(&s, "frozen", "2026-07-02T15:00:30Z"), "");
	assert_string_equal(run(&s, "frozen", "2026-07-02T15:02:00Z"), "head: log.example/story incident: frozen\ngap " W ": incident: log frozen: its newest head is of 2026-07-01 15:00:00\n");
	assert_string_equal(run(&s, "frozen", "2026-07-02T16:02:00Z"), "gap " W ": incident: log frozen: its newest head is of 2026-07-01 15:00:00\n");
	story_end(&s);
}

/* The issuer of a final certificate is not under the leaf hash: without it, or with a false one, its key is not stated. */
static void an_issuer_is_believed_only_if_it_signed(void **state)
{
	static const char *const fault[] = { "no-issuer", "false-issuer" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(fault); i++) {
		struct story s = { 0 };

		make_log(fault[i], "--until", DAY_1 "10:00:35Z", "--bend", fault[i], NULL);
		start_story(&s, NULL);
		assert_non_null(strstr(run(&s, fault[i], DAY_1 "10:01:00Z"), "range: log.example/story entries 0 to 2\n"));
		same_certs(&s,
			"0 precert proven issuer=CN=Test CA,O=Example key=53a1cf0e from 2026-07-01 09:00:00 dns:www.example.test dns:example.test\n"
			"2 final proven issuer=CN=Test CA,O=Example key= from 2026-07-01 09:00:00 dns:www.example.test dns:example.test\n");
		story_end(&s);
	}
}

static void another_log_needs_another_source(void **state)
{
	struct story s = { 0 };

	(void)state;
	make_log("name", "--until", DAY_1 "10:00:35Z", NULL);
	start_story(&s, NULL);
	run(&s, "name", DAY_1 "10:01:00Z");
	{
		char *at = strstr(s.cursor, "log.example/story");

		memcpy(at, "old", 3);
	}
	expect_start(run(&s, "name", DAY_1 "10:01:00Z"), "error: origin or key: not those of the log that was read under this source name (old.example/story)");
	story_end(&s);
}

/* One item, alone, in a stranger's hands: every byte of it counts. */
static void an_entry_proves_itself(void **state)
{
	static const char *const fields[] = { "checkpoint", "key", "leaf_input", "proof", "index", "log" };
	struct story s = { 0 };

	(void)state;
	make_log("alone", "--until", DAY_1 "15:00:00Z", NULL);
	start_story(&s, NULL);
	run(&s, "alone", DAY_1 "15:00:10Z");
	for (size_t i = 0; i < AFD_COUNT(fields); i++) {
		json_t *j = json_loadb((char *)s.item[2].bytes.data, s.item[2].bytes.len, 0, NULL), *v = json_object_get(j, fields[i]);
		struct kept bent = { .kind = AFD_ITEM_ENTRY };
		struct rows r = { 0 };
		char *text;

		assert_int_equal(s.item[2].kind, AFD_ITEM_ENTRY);
		if (json_is_array(v))
			v = json_array_get(v, 0);
		if (json_is_integer(v)) {
			json_integer_set(v, json_integer_value(v) + 1);
		} else {
			AFD_AUTO(mem) char *copy = afd_strdup(json_string_value(v));
			size_t at = strcmp(fields[i], "leaf_input") == 0 ? 11 : strlen(copy) / 2;

			copy[at] = copy[at] == 'A' ? 'B' : 'A';
			json_string_set(v, copy);
		}
		text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
		afd_buf_text(&bent.bytes, text);
		free(text);
		json_decref(j);
		if (strcmp(fields[i], "log") != 0) {
			struct afd_error err = { 0 };

			if (decode_one(&bent, &r, &err) == 0)
				assert_non_null(strstr((char *)r.text.data, "UNPROVEN"));
		}
		afd_buf_release(&r.text);
		afd_buf_release(&bent.bytes);
	}
	story_end(&s);
}

/* The same through HTTP, from a server on loopback. */
static void over_http(void **state)
{
	const char *argv[] = { "python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", work, "0", NULL };
	AFD_AUTO(mem) char *url = NULL;
	struct story s = { 0 };
	char line[256] = "";
	unsigned port = 0;
	int out[2];
	pid_t pid;
	FILE *f;

	(void)state;
	make_log("http", "--until", DAY_1 "15:00:00Z", NULL);
	assert_int_equal(pipe(out), 0);
	pid = start(argv, out[1]);
	close(out[1]);
	f = fdopen(out[0], "r");
	if (!fgets(line, sizeof(line), f) || sscanf(line, "Serving HTTP on 127.0.0.1 port %u", &port) != 1)
		fail_msg("no server: %s", line);
	url = afd_sprintf("http://127.0.0.1:%u/", port);
	start_story(&s, NULL);
	s.url = url;
	run(&s, "http", DAY_1 "15:00:10Z");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	fclose(f);
	assert_string_equal((char *)s.said.data, ITEMS "proven " W " 0 to 2026-07-01 14:59:00\n");
	same_certs(&s, CERTS);
	expect_start(run(&s, "http", DAY_1 "15:01:10Z"), "gap " W ": log.example/story checkpoint: ");      /* nobody there any more */
	story_end(&s);
}

static void a_real_checkpoint_verifies(void **state)
{
	AFD_AUTO(buf) struct afd_buf checkpoint = { 0 }, keys = { 0 }, key = { 0 };
	struct afd_ct_log log = { .origin = "parcelyard2026h2.prod.certificate.transparency.goog" };
	struct afd_error err = { 0 };
	struct afd_ct_head head;
	json_t *j;

	(void)state;
	if (!sample("static-parcelyard2026h2/checkpoint", &checkpoint) || !sample("static-parcelyard2026h2/keys.json", &keys))
		skip();
	j = json_loadb((char *)keys.data, keys.len, 0, NULL);
	assert_int_equal(afd_unbase64(afd_slice_text(json_string_value(json_object_get(json_object_get(j, "log"), "key"))), &key), 0);
	json_decref(j);
	log.key = afd_buf_slice(&key);
	if (afd_ct_head_verify(afd_buf_slice(&checkpoint), &log, &head, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(head.size, 1587930800);
	assert_int_equal(head.timestamp, 1791346973252);
	log.origin = "parcelyard2026h1.prod.certificate.transparency.goog";
	assert_int_equal(afd_ct_head_verify(afd_buf_slice(&checkpoint), &log, &head, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_log),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(a_full_tile_stands_in_for_a_partial_one),
		cmocka_unit_test(lies_at_the_first_look),
		cmocka_unit_test(lies_after_a_good_look),
		cmocka_unit_test(steps_lead_to_the_same),
		cmocka_unit_test(from_the_head_on),
		cmocka_unit_test(a_name_is_added),
		cmocka_unit_test(a_name_is_taken_away),
		cmocka_unit_test(a_backfill_reads_again),
		cmocka_unit_test(what_is_missing_is_a_gap),
		cmocka_unit_test(a_frozen_log_is_a_gap),
		cmocka_unit_test(an_issuer_is_believed_only_if_it_signed),
		cmocka_unit_test(another_log_needs_another_source),
		cmocka_unit_test(an_entry_proves_itself),
		cmocka_unit_test(over_http),
		cmocka_unit_test(a_real_checkpoint_verifies),
	};

	return cmocka_run_group_tests(tests, make_work, remove_work);
}
