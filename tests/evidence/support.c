#include "support.h"

#include <dirent.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "core/note.h"
#include "core/when.h"
#include "evidence/db.h"

/* --- world --- */

static int64_t world_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

static int world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = w->next++;
	return 0;
}

struct afd_env world_env(struct world *w)
{
	return (struct afd_env){ world_now, world_random, w };
}

static char folder[64], path[128];

const char *scratch(void)
{
	if (!*folder) {
		snprintf(folder, sizeof(folder), "/tmp/affidavit-evidence-XXXXXX");
		if (!mkdtemp(folder))
			fail_msg("no temporary folder");
	}
	snprintf(path, sizeof(path), "%s/store.db", folder);
	return path;
}

void scratch_remove(void)
{
	DIR *d = *folder ? opendir(folder) : NULL;

	for (struct dirent *e; d && (e = readdir(d));) {
		char name[400];

		snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
		unlink(name);
	}
	if (d)
		closedir(d);
	if (*folder)
		rmdir(folder);
	*folder = '\0';
}

void ok_at(int r, const struct afd_error *err, const char *what, const char *file, int line)
{
	if (r < 0) {
		print_error("%s:%d: %s: %s\n", file, line, what, err->text);
		_fail(file, line);
	}
}

void refused_at(int r, struct afd_error *err, const char *part, const char *what, const char *file, int line)
{
	if (r >= 0 || !strstr(err->text, part)) {
		print_error("%s:%d: %s gave %d: \"%s\", expected a refusal with \"%s\"\n", file, line, what, r, err->text, part);
		_fail(file, line);
	}
	err->text[0] = '\0';
}

/* --- stores --- */

struct afd_store *memory_store(void)
{
	struct afd_error err = { 0 };
	struct afd_store *s = NULL;

	OK(afd_store_open(":memory:", AFD_STORE_CREATE, &s, &err));
	return s;
}

void put_kind(struct afd_store *s, struct world *w, enum afd_item_kind kind, const char *source, const char *decoder,
              const char *asked, int64_t received_ms, const char *text)
{
	struct afd_error err = { 0 };
	const struct afd_env env = world_env(w);
	const struct afd_draft d = {
		.kind = kind, .source = source, .decoder = decoder, .asked = asked, .asked_ms = received_ms - 1,
		.received_ms = received_ms, .server_ms = AFD_TIME_NONE, .bytes = afd_slice_text(text),
	};

	OK(afd_store_put(s, &d, &env, &err));
}

void put_text(struct afd_store *s, struct world *w, const char *source, const char *asked, int64_t received_ms, const char *text)
{
	put_kind(s, w, AFD_ITEM_ANSWER, source, "text", asked, received_ms, text);
}

void put_many(struct afd_store *s, struct world *w, unsigned n)
{
	struct afd_error err = { 0 };
	char text[32];

	OK(afd_store_begin(s, &err));
	for (unsigned i = 0; i < n; i++, w->count++) {
		snprintf(text, sizeof(text), "watch d name%u\n", w->count);
		put_text(s, w, "src", "page", 1000 + w->count, text);
	}
	OK(afd_store_commit(s, &err));
}

uint64_t sequence(struct afd_store *s)
{
	struct afd_error err = { 0 };
	uint64_t n = 0;

	OK(afd_store_sequence(s, &n, &err));
	return n;
}

void derive(struct afd_store *s)
{
	struct afd_error err = { 0 };

	OK(afd_derive(s, text_decode, NULL, &err));
}

/* --- the decoder of text --- */

#define MOST 32
struct words { char text[512]; char *at[MOST]; size_t n; };

static bool next_words(struct afd_slice *rest, struct words *w)
{
	const uint8_t *lf;
	size_t len;

	if (rest->len == 0)
		return false;
	lf = memchr(rest->data, '\n', rest->len);
	len = lf ? (size_t)(lf - rest->data) : rest->len;
	assert_true(len < sizeof(w->text));
	memcpy(w->text, rest->data, len);
	w->text[len] = '\0';
	*rest = afd_slice_sub(*rest, len + (lf ? 1 : 0), rest->len);
	w->n = 0;
	for (char *p = w->text; *p && w->n < MOST;) {
		while (*p == ' ')
			*p++ = '\0';
		if (*p)
			w->at[w->n++] = p;
		while (*p && *p != ' ') {
			if (*p == '~')
				*p = ' ';
			p++;
		}
	}
	return true;
}

static const char *word(const struct words *w, size_t i)
{
	return i >= w->n || strcmp(w->at[i], "_") == 0 ? NULL : w->at[i];
}

static int64_t number(const struct words *w, size_t i)
{
	return i < w->n ? strtoll(w->at[i], NULL, 10) : 0;
}

/* The "-" and "+" lines that follow. */
struct lists { struct words w[64]; struct afd_rr rr[2][64]; struct afd_claim_rr claim[64]; size_t n[2], lines; };

static void read_lists(struct afd_slice *rest, struct lists *l)
{
	memset(l->n, 0, sizeof(l->n));
	for (l->lines = 0; rest->len && (rest->data[0] == '-' || rest->data[0] == '+'); l->lines++) {
		struct words *w = &l->w[l->lines];
		bool add;

		assert_true(l->lines < AFD_COUNT(l->w));
		next_words(rest, w);
		add = w->at[0][0] == '+';
		l->rr[add][l->n[add]++] = (struct afd_rr){ word(w, 1), word(w, 3), word(w, 4), (uint32_t)number(w, 2) };
		l->claim[l->lines] = (struct afd_claim_rr){ word(w, 1), word(w, 3), word(w, 4), add, 0 };
	}
}

static int tell_user(const struct words *w, struct afd_sink *s, struct afd_error *err)
{
	struct afd_row_user_value v[MOST];
	struct afd_row_user r = { .table = word(w, 1), .key = word(w, 2), .v = v };

	for (size_t i = 3; i < w->n; i++) {
		char *eq = strchr(w->at[i], '=');
		const bool is_int = eq[-1] == ':';

		eq[is_int ? -1 : 0] = '\0';
		eq++;
		v[r.n++] = (struct afd_row_user_value){ w->at[i], is_int || strcmp(eq, "_") == 0 ? NULL : eq,
		                                         is_int ? strtoll(eq, NULL, 10) : 0, is_int };
	}
	return s->user(s->ctx, &r, err);
}

static int tell_cert(const struct words *w, struct afd_sink *s, struct afd_error *err)
{
	struct afd_row_cert_name name[MOST];
	struct afd_row_cert r = {
		.log = word(w, 1), .index = (uint64_t)number(w, 2), .logged_ms = number(w, 3), .precert = strncmp(w->at[4], "pre", 3) == 0,
		.issuer_key_hash = strchr(w->at[4], '=') ? strchr(w->at[4], '=') + 1 : NULL,
		.tbs_key = word(w, 5), .serial = "01", .issuer = "CN=Test CA", .spki_sha256 = "aa", .not_before = 1, .not_after = 2,
		.name = name, .proven = true,
	};

	for (size_t i = 6; i < w->n; i++)
		name[r.n++] = (struct afd_row_cert_name){ w->at[i], "dns" };
	return s->cert(s->ctx, &r, err);
}

static int tell_coverage(const struct words *w, struct afd_sink *s, struct afd_error *err)
{
	struct afd_row_coverage r = { .evidence = word(w, 1), .scope = word(w, 2), .at = { number(w, 3), number(w, 4) },
	                              .provider_count = -1, .stored_count = -1, .reason = word(w, 6) };

	assert_int_equal(afd_grade_parse(w->at[5], &r.grade), 0);
	return s->coverage(s->ctx, &r, err);
}

/* Behind the numbers: what follows "KEY=", "" for KEY alone, or NULL. */
static const char *option(const struct words *w, const char *key)
{
	const size_t n = strlen(key);

	for (size_t i = 1; i < w->n; i++)
		if (strncmp(w->at[i], key, n) == 0 && (w->at[i][n] == '=' || !w->at[i][n]))
			return w->at[i] + n + (w->at[i][n] == '=');
	return NULL;
}

static struct afd_span span_option(const struct words *w)
{
	const char *at = option(w, "at");

	return at ? (struct afd_span){ strtoll(at, NULL, 10), strtoll(strchr(at, ',') + 1, NULL, 10) } : (struct afd_span){ 0, 0 };
}

static int tell(const struct words *w, struct lists *l, struct afd_slice *rest, struct afd_sink *s, struct afd_error *err)
{
	const char *what = w->at[0];

	if (strcmp(what, "whole") == 0) {
		read_lists(rest, l);
		return s->zone(s->ctx, &(struct afd_row_zone){ .zone = word(w, 1), .serial = (uint32_t)number(w, 2), .seen_ms = number(w, 3),
		               .rr = l->rr[1], .n = l->n[1], .authenticated = !option(w, "unsigned"), .no_serial = option(w, "list") != NULL,
		               .past = option(w, "past") != NULL }, err);
	}
	if (strcmp(what, "diff") == 0) {
		read_lists(rest, l);
		return s->diff(s->ctx, &(struct afd_row_diff){ .zone = word(w, 1), .from = (uint32_t)number(w, 2), .to = (uint32_t)number(w, 3),
		               .seen_ms = number(w, 4), .del = l->rr[0], .n_del = l->n[0], .add = l->rr[1], .n_add = l->n[1],
		               .authenticated = !option(w, "unsigned"), .at = span_option(w), .merged = option(w, "merged"),
		               .more = option(w, "more") != NULL }, err);
	}
	if (strcmp(what, "serial") == 0)
		return s->serial(s->ctx, &(struct afd_row_serial){ .zone = word(w, 1), .serial = (uint32_t)number(w, 2), .seen_ms = number(w, 3),
		                 .authenticated = !word(w, 4) }, err);
	if (strcmp(what, "claim") == 0) {
		read_lists(rest, l);
		return s->claim(s->ctx, &(struct afd_row_claim){ .zone = word(w, 1), .ref = word(w, 2), .outcome = "applied",
		                .at = { number(w, 3), number(w, 4) }, .rr = l->claim, .n = l->lines }, err);
	}
	if (strcmp(what, "event") == 0)
		return s->event(s->ctx, &(struct afd_row_event){ .account = word(w, 1), .provider_ref = word(w, 2), .action = word(w, 3),
		                .outcome = w->n > 5 ? word(w, 5) : "success", .record_kind = w->n > 6 ? word(w, 6) : "log", .at = { number(w, 4), number(w, 4) + 1 } }, err);
	if (strcmp(what, "unparsed") == 0)
		return s->unparsed(s->ctx, &(struct afd_row_unparsed){ .log = word(w, 1), .index = (uint64_t)number(w, 2), .reason = word(w, 3) }, err);
	if (strcmp(what, "cert") == 0)
		return tell_cert(w, s, err);
	if (strcmp(what, "coverage") == 0)
		return tell_coverage(w, s, err);
	if (strcmp(what, "watch") == 0)
		return s->watch(s->ctx, &(struct afd_row_watch){ .digest = word(w, 1), .name = word(w, 2) }, err);
	if (strcmp(what, "tables") == 0) {
		const char *names[MOST + 1] = { 0 };

		for (size_t i = 1; i < w->n; i++)
			names[i - 1] = w->at[i];
		return s->user_begin(s->ctx, names, err);
	}
	if (strcmp(what, "row") == 0)
		return tell_user(w, s, err);
	if (strcmp(what, "end") == 0)
		return s->user_end(s->ctx, err);
	if (strcmp(what, "fail") == 0)
		return afd_fail(err, AFD_E_PARSE, "%s", word(w, 1));
	fail_msg("no such row: %s", what);
	return -1;
}

int text_decode(void *ctx, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice rest = item->bytes;
	struct lists *l = calloc(1, sizeof(*l));
	struct words w;
	bool ignore = false;
	int r = 0;

	(void)ctx;
	while (r == 0 && next_words(&rest, &w)) {
		if (w.n == 0)
			continue;
		if (strcmp(w.at[0], "ignore") == 0)
			ignore = true;
		else if (tell(&w, l, &rest, sink, err) < 0 && !ignore)
			r = -1;
	}
	free(l);
	return r;
}

/* --- tables as text --- */

static void add_column(struct afd_buf *b, sqlite3_stmt *st, int i)
{
	char *hex;

	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		assert_int_equal(afd_buf_text(b, "_"), 0);
		return;
	case SQLITE_BLOB:
		hex = calloc(1, 2 * (size_t)sqlite3_column_bytes(st, i) + 1);
		afd_hex(afd_column_bytes(st, i), hex);
		assert_int_equal(afd_buf_text(b, hex), 0);
		free(hex);
		return;
	default:
		if (sqlite3_column_int64(st, i) == AFD_FOREVER)
			assert_int_equal(afd_buf_text(b, "open"), 0);
		else
			assert_int_equal(afd_buf_text(b, (const char *)sqlite3_column_text(st, i)), 0);
	}
}

char *rows(struct afd_store *s, const char *sql)
{
	struct afd_buf b = { 0 };
	sqlite3_stmt *st = NULL;
	int r;

	assert_int_equal(afd_buf_text(&b, ""), 0);
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(s->db));
	while ((r = sqlite3_step(st)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			if (i)
				afd_buf_text(&b, "|");
			add_column(&b, st, i);
		}
		afd_buf_text(&b, "\n");
	}
	assert_int_equal(r, SQLITE_DONE);
	sqlite3_finalize(st);
	return (char *)b.data;
}

void assert_rows(struct afd_store *s, const char *sql, const char *expected)
{
	char *got = rows(s, sql);

	assert_string_equal(got, expected);
	free(got);
}

char *dump_derived(struct afd_store *s)
{
	char *tables = rows(s, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN"
	                       " ('meta', 'blob', 'item', 'node', 'head', 'cursor') ORDER BY name");
	struct afd_buf b = { 0 };

	for (char *save = NULL, *t = strtok_r(tables, "\n", &save); t; t = strtok_r(NULL, "\n", &save)) {
		char sql[200], *got;

		snprintf(sql, sizeof(sql), "SELECT rowid, * FROM \"%s\" ORDER BY rowid", t);
		got = rows(s, sql);
		assert_int_equal(afd_buf_printf(&b, "%s\n%s", t, got), 0);
		free(got);
	}
	free(tables);
	return (char *)b.data;
}

void tamper(struct afd_store *s, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(s->db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
}

/* --- notes --- */

void signer_make(struct signer *k, const char *name)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };
	struct afd_note_key note = { .alg = AFD_NOTE_ED25519 };
	EVP_PKEY *key;
	size_t n = sizeof(k->key);

	memset(k->seed, 7, sizeof(k->seed));
	k->seed[0] = (uint8_t)name[0];
	k->name = name;
	key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, sizeof(k->seed));
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, k->key, &n), 1);
	EVP_PKEY_free(key);
	snprintf(note.name, sizeof(note.name), "%s", name);
	note.key = afd_slice(k->key, sizeof(k->key));
	assert_int_equal(afd_note_vkey_text(&note, &b), 0);
	snprintf(k->vkey, sizeof(k->vkey), "%s", (char *)b.data);
}

char *signed_note(const struct signer *k, uint64_t size, const struct afd_digest *root)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf base64 = { 0 };
	struct afd_checkpoint c = { .size = size, .root = *root };
	struct afd_note_key note = { .alg = AFD_NOTE_ED25519, .key = afd_slice(k->key, sizeof(k->key)) };
	uint8_t sig[4 + 64];
	size_t n = 64;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, sizeof(k->seed));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	snprintf(c.origin, sizeof(c.origin), "%s", k->name);
	snprintf(note.name, sizeof(note.name), "%s", k->name);
	assert_int_equal(afd_checkpoint_text(&c, &text), 0);
	afd_note_key_id(&note, sig);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig + 4, &n, text.data, text.len), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	assert_int_equal(afd_base64(afd_slice(sig, sizeof(sig)), &base64), 0);
	return afd_sprintf("%s\n\xe2\x80\x94 %s %s\n", (char *)text.data, k->name, (char *)base64.data);
}

void sign_head(struct afd_store *s, const struct signer *k, uint64_t size)
{
	AFD_AUTO(mem) char *note = NULL;
	struct afd_error err = { 0 };
	struct afd_digest root;

	OK(afd_store_root(s, size, &root, &err));
	note = signed_note(k, size, &root);
	OK(afd_store_put_head(s, afd_slice_text(note), 5000 + (int64_t)size, &err));
}
