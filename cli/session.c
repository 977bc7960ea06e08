#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/rule_files.h"
#include "cli/session.h"
#include "cli/user_checks.h"
#include "core/file.h"
#include "transport/transport.h"

bool is_test_origin(const char *origin)
{
	return origin && strncmp(origin, "TEST.", 5) == 0;
}

/* The test clock is for stores that were made as test stores. Their name, which every signed head repeats, begins with
 * TEST: that, and not a row that anybody can edit, decides. */
static int use_clock(struct session *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *origin = NULL;

	if (afd_store_meta(s->store, "origin", &origin, err) < 0)
		return -1;
	s->test = is_test_origin(origin);
	if (!s->test || !s->cli->test_clock)
		return 0;
	if (afd_when_parse(s->cli->test_clock, &s->cli->fixed_ms, err) < 0)
		return afd_within(err, "AFFIDAVIT_TEST_CLOCK");
	s->cli->clock_fixed = true;
	return 0;
}

static bool is_key(const struct afd_store_key *k, const char *vkey)
{
	AFD_AUTO(buf) struct afd_buf own = { 0 };

	return vkey && afd_store_key_vkey(k, &own, NULL) == 0 && strcmp(vkey, (const char *)own.data) == 0;
}

int session_key_read(struct session *s, const char *path, struct afd_store_key **ret, struct afd_error *err)
{
	struct afd_buf text = { 0 };
	int r;

	(void)s;
	if (afd_private_file_read(path, 65536, &text, err) < 0) {
		afd_buf_wipe(&text);
		return afd_within(err, "store key (made by `affidavit init`)");
	}
	r = afd_store_key_read(afd_buf_slice(&text), ret, err);
	afd_buf_wipe(&text);
	return r < 0 ? afd_within(err, "%s", path) : 0;
}

/* The key beside the store must be the one that the store names. */
static int open_key(struct session *s, struct afd_error *err)
{
	AFD_AUTO(mem) char *vkey = NULL;

	s->key_path = afd_sprintf("%s.key", s->store_path);
	if (!s->key_path)
		return afd_fail_memory(err);
	if (afd_store_meta(s->store, "vkey", &vkey, err) < 0 || session_key_read(s, s->key_path, &s->key, err) < 0)
		return -1;
	if (is_key(s->key, vkey) || (session_rotate_finish(s, vkey, err) == 0 && is_key(s->key, vkey)))
		return 0;
	return afd_fail(err, AFD_E_STORE, "%s is not the key that %s names as its own (%s)", s->key_path, s->store_path, vkey ? vkey : "none");
}

/* Whoever comes after an update of the program meets the tables of the old one, and what is asked of them before the next derive would
 * be asked of these. Readers cannot mend them and are told so where it matters. */
static int renew_tables(struct session *s, struct afd_error *err)
{
	if (!afd_derive_due(s->store))
		return 0;
	cli_warn(s->cli, "%s: another version of this program made the tables; they are made again from the ledger", s->store_path);
	s->renewed = true;
	return afd_derive(s->store, afd_decode_item, NULL, err);
}

int session_open(struct session *s, struct cli *c, int mode, struct afd_error *err)
{
	memset(s, 0, sizeof(*s));
	s->cli = c;
	if (access(c->config_path, F_OK) != 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: there is no such file; `affidavit init` makes one, --config names another, "
		                "-C changes the folder", c->config_path);
	if (afd_user_file_read(c->config_path, &s->config_bytes, NULL, err) < 0 ||
	    afd_config_parse(afd_buf_slice(&s->config_bytes), c->config_path, &s->config, err) < 0)
		return -1;
	s->store_path = afd_config_path(s->config, s->config->store);
	if (!s->store_path)
		return afd_fail_memory(err);
	if (access(s->store_path, F_OK) != 0)
		return afd_fail(err, AFD_E_STORE, "%s: there is no evidence store; `affidavit init` makes one", s->store_path);
	if (afd_store_open(s->store_path, mode, &s->store, err) < 0 || use_clock(s, err) < 0)
		return -1;
	return mode == AFD_STORE_READ ? 0 : open_key(s, err) < 0 ? -1 : renew_tables(s, err);
}

void session_close(struct session *s)
{
	s->prefix = afd_store_close(s->prefix);
	s->store = afd_store_close(s->store);
	s->key = afd_store_key_free(s->key);
	s->config = afd_config_free(s->config);
	afd_buf_release(&s->config_bytes);
	afd_mem_release(&s->store_path);
	afd_mem_release(&s->key_path);
}

void session_release(struct session *s)
{
	session_close(s);
}

/* One file, checked before it is kept: a broken inventory must not become what the ledger says. What was kept was checked. */
static int record(const struct afd_collect *c, const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	bool is_new;
	int known = afd_collect_user_file_known(c, decoder, label, bytes, err);

	if (known != 0)
		return known < 0 ? -1 : 0;
	if (afd_user_file_check(decoder, label, bytes, err) < 0)
		return -1;
	return afd_collect_user_file(c, decoder, label, bytes, &is_new, err);
}

static int read_of_config(void *ctx, const char *path, struct afd_buf *ret, struct afd_error *err)
{
	const struct session *s = ctx;
	AFD_AUTO(mem) char *full = afd_config_path(s->config, path);

	return full ? afd_user_file_read(full, ret, NULL, err) : afd_fail_memory(err);
}

/* Files that say one thing together, as one item under the name LABEL. */
static int record_parts(struct session *s, const struct afd_collect *c, const char *decoder, const char *label, const struct afd_user_part *part,
			size_t n, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };

	if (afd_user_item(decoder, label, part, n, read_of_config, s, &bytes, err) < 0)
		return afd_within(err, "%s, named in %s", decoder, s->cli->config_path);
	return record(c, decoder, label, afd_buf_slice(&bytes), err);
}

static int record_path(struct session *s, const struct afd_collect *c, const char *decoder, const char *path, struct afd_error *err)
{
	return record_parts(s, c, decoder, path, &(struct afd_user_part){ .path = path }, 1, err);
}

/* An export of a ticket system, behind the map that explains it. */
static int record_approvals(struct session *s, const struct afd_collect *c, size_t i, struct afd_error *err)
{
	const char *path = s->config->approvals.at[i], *map = s->config->approval_map[i];
	const struct afd_user_part part[] = { { map, "map" }, { path, NULL } };

	return map ? record_parts(s, c, "approvals", path, part, 2, err) : record_path(s, c, "approvals", path, err);
}

static bool is_check(const char *path)
{
	size_t n = strlen(path);

	return strncmp(path, "checks/", 7) == 0 && n > 4 && strcmp(path + n - 4, ".sql") == 0;
}

static int record_new(void *ctx, const char *decoder, const char *label, struct afd_slice bytes, struct afd_error *err)
{
	const struct afd_collect *c = ctx;
	const int known = afd_collect_user_file_known(c, decoder, label, bytes, err);

	if (known != 0)
		return known < 0 ? -1 : 0;
	return record(c, decoder, label, bytes, err) < 0 ? -1 : 1;
}

int session_record(struct session *s, struct afd_error *err)
{
	const struct afd_collect c = { .store = s->store, .env = &s->cli->env };

	if (record(&c, "config", "affidavit.yaml", afd_buf_slice(&s->config_bytes), err) < 0 ||
	    record_parts(s, &c, "inventory", s->config->inventory_name, s->config->inventory_file, s->config->n_inventory, err) < 0)
		return -1;
	if (s->config->policy && record_path(s, &c, "policy", s->config->policy, err) < 0)
		return -1;
	for (size_t i = 0; i < s->config->approvals.n; i++)
		if (record_approvals(s, &c, i, err) < 0)
			return -1;
	for (size_t i = 0; i < s->config->attestations.n; i++)
		if (record_path(s, &c, "attestations", s->config->attestations.at[i], err) < 0)
			return -1;
	for (size_t i = 0; i < s->config->responses.n; i++)
		if (record_path(s, &c, "responses", s->config->responses.at[i], err) < 0)
			return -1;
	if (user_checks_record(s, record_new, (void *)(uintptr_t)&c, err) < 0)
		return -1;
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++)
		if (is_check(e->path) && record(&c, "check", e->path, afd_slice(e->data, e->len), err) < 0)
			return -1;
	return rule_files_record(&c, s->config, err);
}

int session_seal(struct session *s, struct afd_error *err)
{
	struct afd_head head = { 0 };
	struct afd_digest root;
	AFD_AUTO(buf) struct afd_buf note = { 0 };
	uint64_t size;
	int have;

	if (afd_store_sequence(s->store, &size, err) < 0)
		return -1;
	have = afd_store_head(s->store, AFD_ANY_SIZE, &head, err);
	if (have < 0)
		return -1;
	if (!have || head.size != size) {
		if (afd_store_root(s->store, size, &root, err) < 0 ||
		    afd_note_sign(s->key, size, &root, &note, err) < 0 ||
		    afd_store_put_head(s->store, afd_buf_slice(&note), afd_now(&s->cli->env), err) < 0) {
			afd_head_release(&head);
			return -1;
		}
	}
	afd_head_release(&head);
	return afd_derive(s->store, afd_decode_item, NULL, err);
}

static int resolve_secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	return afd_secret_resolve(ref, ret, err);
}

static void pause_ms(void *ctx, int64_t ms)
{
	const struct session *s = ctx;

	if (s->cli->clock_fixed)
		return;
	for (; ms > 0 && !(s->cli->stop && *s->cli->stop); ms -= 100)
		usleep((useconds_t)((ms < 100 ? ms : 100) * 1000));
}

#define SKEW_WORTH_TELLING (5 * AFD_MINUTE)

/* Ledger time never runs backwards, so one collection under a wrong clock dates everything after it. */
static int warn_of_ledger_clock(struct session *s, struct afd_error *err)
{
	struct afd_head head = { 0 };
	int64_t now = afd_now(&s->cli->env);
	int have = afd_store_head(s->store, AFD_ANY_SIZE, &head, err);

	if (have < 0)
		return -1;
	if (have && head.signed_ms > now + SKEW_WORTH_TELLING)
		fprintf(stderr, "warning: the clock here says %s, but the ledger was signed at %s UTC: what is recorded now counts as recorded then. Set the clock right.\n",
		        afd_when_people(now).s, afd_when_people(head.signed_ms).s);
	afd_head_release(&head);
	return 0;
}

static void warn_of_skew(const struct afd_collected *got)
{
	if (*got->skew_source && llabs(got->skew_ms) > SKEW_WORTH_TELLING)
		fprintf(stderr, "warning: the clock here is %" PRId64 " minutes %s that of %s: times of this collection are in doubt. Set the clock right before the next one.\n",
		        (int64_t)llabs(got->skew_ms) / AFD_MINUTE, got->skew_ms > 0 ? "ahead of" : "behind", cli_safe(got->skew_source, 0));
}

/* A source of the configuration, or one that a list there may bring. */
static int check_source(const struct session *s, const char *name, struct afd_error *err)
{
	for (size_t i = 0; i < s->config->n_source; i++) {
		const struct afd_source *x = &s->config->source[i];
		size_t n = strlen(x->name);

		if (strcmp(x->name, name) == 0 || (x->provider->more && strncmp(x->name, name, n) == 0 && name[n] == '.'))
			return 0;
	}
	return afd_fail(err, AFD_E_USAGE, "--source %s: the configuration has no such source", name);
}

/* Names to search back for, as they stand in the inventory. */
static int check_back(const struct afd_search_back *back, const struct afd_watch *w, struct afd_error *err)
{
	for (size_t i = 0; back && i < back->n; i++) {
		bool found = false;

		for (size_t k = 0; k < w->n && !found; k++)
			found = strcmp(w->name[k], back->name[i]) == 0 || (strchr("=~", *w->name[k]) && strcmp(w->name[k] + 1, back->name[i]) == 0);
		if (!found)
			return afd_fail(err, AFD_E_USAGE, "--backfill %s: the inventory has no such name to look for", back->name[i]);
	}
	return 0;
}

int session_collect(struct session *s, const struct collect_options *o, struct afd_collected *ret, struct afd_error *err)
{
	struct afd_transport *t = afd_transport_new(&s->cli->env, s->config->contact, err);
	struct afd_watch_list *w = NULL;
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_collect c = { .store = s->store, .transport = t, .env = &s->cli->env, .secret = resolve_secret,
		.progress = show_progress, .progress_ctx = s->cli, .sleep_ms = pause_ms, .sleep_ctx = s, .stop = s->cli->stop };
	int r = -1;

	c.secret_ctx = s;
	c.contact = s->config->contact;
	if (o) {
		c.back = o->back;
		c.only = o->source.at;
		c.n_only = o->source.n;
	}
	for (size_t i = 0; i < c.n_only && t; i++)
		if (check_source(s, c.only[i], err) < 0)
			t = afd_transport_free(t);
	if (t && warn_of_ledger_clock(s, err) == 0 &&
	    afd_user_item("inventory", s->config->inventory_name, s->config->inventory_file, s->config->n_inventory, read_of_config, s, &bytes, err) == 0 &&
	    afd_watch_from_inventory(afd_buf_slice(&bytes), s->config->inventory_name, &w, err) == 0 && check_back(c.back, &w->watch, err) == 0) {
		c.watch = &w->watch;
		afd_buf_release(&bytes);
		r = afd_collect_run(&c, s->config->source, s->config->n_source, ret, err);
		warn_of_skew(ret);
	}
	afd_watch_list_free(w);
	afd_transport_free(t);
	return r;
}

/* Between a collection and the question some seconds pass, of which no source can tell: "now" is the newest time of which every
 * source that told in the last hour has told. One that did not is a gap, as ever. */
static int last_told(struct session *s, int64_t now, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;

	*ret = now;
	if (afd_query_open(s->store, "SELECT MIN(t) FROM (SELECT MAX(c.t_to + MAX(c.lag_ms, x.lag_ms)) AS t FROM coverage c JOIN source_scope x"
			   " ON x.source = c.source AND x.evidence = c.evidence AND x.scope = c.scope"
			   " WHERE c.grade > 0 AND x.retired_ms > :now GROUP BY c.source, c.evidence, c.scope) WHERE t > :now - 3600000", &q, err) < 0 ||
	    afd_query_bind_int(q, "now", now, err) < 0 || afd_query_step(q, err) < 0)
		return -1;
	if (!afd_query_is_null(q, 0) && afd_query_int(q, 0) < now)
		*ret = afd_query_int(q, 0);
	return 0;
}

int session_import(struct session *s, const struct afd_source *source, const char *dir, const char *file, struct afd_collected *ret,
                   struct afd_error *err)
{
	struct afd_transport *t = afd_transport_new(&s->cli->env, s->config->contact, err);
	const struct afd_collect c = { .store = s->store, .transport = t, .env = &s->cli->env, .secret = resolve_secret, .secret_ctx = s,
		.progress = show_progress, .progress_ctx = s->cli, .stop = s->cli->stop, .import_dir = dir, .import_file = file };
	const int r = t && warn_of_ledger_clock(s, err) == 0 ? afd_collect_run(&c, source, 1, ret, err) : -1;

	afd_transport_free(t);
	return r;
}

int session_as_of(struct session *s, const char *text, int64_t *ret, struct afd_error *err)
{
	if (!text)
		return last_told(s, afd_now(&s->cli->env), ret, err);
	if (afd_when_parse(text, ret, err) == 0)
		return 0;
	err->code = AFD_E_USAGE;
	return afd_within(err, "--as-of");
}

static int parse_head(const char *text, uint64_t *ret, struct afd_error *err)
{
	char *end;

	*ret = strtoull(text, &end, 10);
	if (*end || end == text || text[0] == '-')
		return afd_fail(err, AFD_E_USAGE, "--head %s: expected a number of leaves; `affidavit ledger` lists the heads", text);
	return 0;
}

static void show_checks(void *ctx, uint64_t done, uint64_t total)
{
	show_work(ctx, "checks", done, total);
}

int session_assess_alone(struct session *s, struct afd_span span, const char *label, int64_t as_of_ms, struct afd_assessment **ret,
			 struct afd_error *err)
{
	const struct afd_assess_how how = { show_checks, s->cli, true, s->cli->stop };

	if (afd_assess_so(s->store, span, label, as_of_ms, &how, ret, err) < 0)
		return -1;
	(*ret)->test |= is_test_origin((*ret)->origin);
	return 0;
}

static int assess(const struct session *x, struct afd_store *s, struct afd_span span, const char *label, int64_t as_of_ms, struct afd_assessment **ret,
                  struct afd_error *err)
{
	const struct afd_assess_how how = { show_checks, x->cli, false, x->cli->stop };

	if (afd_assess_so(s, span, label, as_of_ms, &how, ret, err) < 0)
		return -1;
	(*ret)->test |= is_test_origin((*ret)->origin);
	return 0;
}

int session_assess_span(struct session *s, struct afd_span span, const char *label, int64_t as_of_ms, const char *head,
                        struct afd_assessment **ret, struct afd_error *err)
{
	uint64_t size, now;

	if (afd_store_size(s->store, &now, err) < 0)
		return -1;
	if (!head)
		return assess(s, s->store, span, label, as_of_ms, ret, err);
	if (parse_head(head, &size, err) < 0)
		return -1;
	if (size > now)
		return afd_fail(err, AFD_E_USAGE, "--head %s: the ledger has %llu leaves", head, (unsigned long long)now);
	if (afd_store_prefix(s->store, size, afd_decode_item, NULL, &s->prefix, err) < 0)
		return afd_within(err, "--head %s", head);
	return assess(s, s->prefix, span, label, as_of_ms, ret, err);
}

int session_assess(struct session *s, const struct assess_options *o, struct afd_assessment **ret, struct afd_error *err)
{
	struct afd_span span;
	int64_t as_of;

	if (!o->period)
		return afd_fail(err, AFD_E_USAGE, "--period is needed: 2026-Q3, 2026-08, 2026, or 2026-07-01..2026-10-01");
	if (afd_period_parse(o->period, &span, err) < 0) {
		err->code = AFD_E_USAGE;
		return afd_within(err, "--period");
	}
	if (session_as_of(s, o->as_of, &as_of, err) < 0)
		return -1;
	return session_assess_span(s, span, o->period, as_of, o->head, ret, err);
}

int assessment_exit(struct session *s, const struct afd_assessment *a, const struct afd_baseline *b, struct afd_gate *g, struct afd_error *err)
{
	return afd_gate_decide(s->prefix ? s->prefix : s->store, a, b, g, err);
}
