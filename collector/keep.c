/* What a source wants kept: items, statements of coverage and its cursor, in one transaction each time. */
#include "collector/engine.h"

#include <inttypes.h>
#include <jansson.h>

#include "core/limits.h"

#define MOST_CARRIED 100u        /* statements in a cursor; more become a run item of their own */

void afd_run_state_release(struct run *r)
{
	if (r->open)
		afd_store_rollback(r->c->store);
	r->open = false;
	free(r->cursor_name);
	free(r->cursor);
	free(r->withheld);
	free(r->refused);
	afd_statements_release(&r->said);
}

/* A failing store ends everything, a failing source only itself. */
static int store_failed(struct run *r)
{
	r->store_failed = true;
	return -1;
}

static int open_transaction(struct run *r, struct afd_error *err)
{
	if (!r->open && afd_store_begin(r->c->store, err) < 0)
		return store_failed(r);
	r->open = true;
	return 0;
}

static int put(struct run *r, const struct afd_draft *d, struct afd_error *err)
{
	if (open_transaction(r, err) < 0)
		return -1;
	if (afd_store_put(r->c->store, d, r->c->env, err) < 0)
		return store_failed(r);
	r->open_items++;
	return 0;
}

/* --- the cursor ---
 * {"said":[...],"source":"the source's words","until":ms,"v":1}. said: statements that were committed but stand in no
 * run item yet, so that a kill between a checkpoint and the end of the run does not lose them. */

struct wrapper { const char *source; const struct afd_node *said; int64_t until, v; };
static const struct afd_field wrapper_fields[] = {
	{ "said", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct wrapper, said) },
	{ "source", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct wrapper, source) },
	{ "until", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct wrapper, until) },
	{ "v", AFD_FIELD_INT, AFD_REQUIRED, offsetof(struct wrapper, v) },
	{ 0 }
};

static int read_wrapper(struct run *r, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct wrapper w = { .until = AFD_TIME_NONE };

	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0 ||
	    afd_fields_read(d, afd_doc_root(d), wrapper_fields, &w, err) < 0)
		return -1;
	if (w.v != 1)
		return afd_fail(err, AFD_E_STORE, "cursor: version %" PRId64 " is from a newer program", w.v);
	if (!w.said || afd_statements_parse(w.said->raw, &r->said, err) < 0)
		return afd_within(err, "cursor");
	r->n_carried = r->n_committed = r->said.n;
	r->until_ms = w.until;
	r->cursor = afd_strdup(w.source);
	return w.source && !r->cursor ? afd_fail_memory(err) : 0;
}

int afd_run_open(struct run *r, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = NULL;

	if (afd_store_cursor(r->c->store, r->cursor_name ? r->cursor_name : r->s->name, &text, err) < 0)
		return store_failed(r);
	return text ? read_wrapper(r, text, err) : 0;
}

int afd_collect_cursor(struct afd_store *store, const struct afd_source *s, char **ret, struct afd_error *err)
{
	const struct afd_collect c = { .store = store };
	AFD_AUTO(run_state) struct run r = { .c = &c, .s = s };

	if (afd_run_open(&r, err) < 0)
		return -1;
	*ret = afd_steal(&r.cursor);
	return 0;
}

static int write_cursor(struct run *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf said = { 0 };
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(mem) char *source = NULL;
	json_t *j = r->cursor ? json_string(r->cursor) : json_null();

	source = j ? json_dumps(j, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
	json_decref(j);
	if (!source)
		return afd_fail(err, AFD_E_ENGINE, "source %s: its cursor is not UTF-8", r->s->name);
	if (afd_statements_write(&r->said, &said, err) < 0)
		return -1;
	if (afd_buf_printf(&text, "{\"said\":%s,\"source\":%s,", (char *)said.data, source) < 0 ||
	    (r->until_ms != AFD_TIME_NONE && afd_buf_printf(&text, "\"until\":%" PRId64 ",", r->until_ms) < 0) ||
	    afd_buf_text(&text, "\"v\":1}") < 0)
		return afd_fail_memory(err);
	afd_mem_release(&source);                       /* it may be long */
	if (open_transaction(r, err) < 0)
		return -1;
	if (afd_store_cursor_set(r->c->store, r->cursor_name ? r->cursor_name : r->s->name, (char *)text.data, afd_now(r->c->env), err) < 0)
		return store_failed(r);
	return 0;
}

static int commit(struct run *r, struct afd_error *err)
{
	if (afd_store_commit(r->c->store, err) < 0)
		return store_failed(r);
	r->open = false;
	r->items += r->open_items;
	r->open_items = 0;
	r->n_committed = r->said.n;
	return 0;
}

/* --- the run item --- */

static int put_run(struct run *r, const char *result, const char *reason, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(mem) char *asked = afd_sprintf("run of %s", r->s->name);
	const struct afd_run run = {
		.source = r->s->name,
		.kind = r->s->provider->kind,
		.result = result,
		.reason = reason,
		.started_ms = r->started_ms,
		.ended_ms = afd_now(r->c->env),
		.requests = r->requests,
		.items = r->items + r->open_items,
	};
	struct afd_draft d = {
		.kind = AFD_ITEM_RUN,
		.source = r->s->name,
		.decoder = AFD_RUN_DECODER,
		.asked = asked,
		.media_type = AFD_RUN_MEDIA_TYPE,
		.asked_ms = run.started_ms,
		.received_ms = run.ended_ms,
		.server_ms = AFD_TIME_NONE,
	};

	if (!asked)
		return afd_fail_memory(err);
	if (afd_run_write(&run, &r->said, &text, err) < 0 || afd_run_split(afd_buf_slice(&text), &parts, err) < 0)
		return -1;
	for (size_t i = 0; i < r->said.n; i++)
		r->gaps += r->said.at[i].grade == AFD_GAP;
	d.bytes = afd_buf_slice(&text);
	d.parts = parts;
	return put(r, &d, err);
}

/* --- keeping an item --- */

static int by_offset(const void *a, const void *b)
{
	const struct afd_range *x = a, *y = b;

	return (x->off > y->off) - (x->off < y->off);
}

int afd_redact_apply(struct afd_slice bytes, const struct afd_ranges *cuts, struct afd_buf *ret,
		     struct afd_ranges *ranges, struct afd_error *err)
{
	if (afd_buf_add_slice(ret, bytes) < 0)
		return afd_fail_memory(err);
	if (cuts->n)
		qsort(cuts->at, cuts->n, sizeof(*cuts->at), by_offset);
	for (size_t i = 0; i < cuts->n; i++) {
		const struct afd_range c = cuts->at[i];
		struct afd_range *last = ranges->n ? &ranges->at[ranges->n - 1] : NULL;

		if (c.off > bytes.len || c.len > bytes.len - c.off)
			return afd_fail(err, AFD_E_ENGINE, "the redactor cuts outside of the bytes");
		if (!c.len)
			continue;
		memset(ret->data + c.off, '*', c.len);
		if (last && c.off <= last->off + last->len) {
			if (c.off + c.len > last->off + last->len)
				last->len = c.off + c.len - last->off;
		} else if (afd_ranges_add(ranges, c.off, c.len) < 0) {
			return afd_fail_memory(err);
		}
	}
	return 0;
}

static bool tiles(const struct afd_ranges *parts, uint64_t len)
{
	uint64_t at = 0;

	for (size_t i = 0; i < parts->n; i++) {
		if (parts->at[i].off != at || parts->at[i].len > len - at)
			return false;
		at += parts->at[i].len;
	}
	return at == len;
}

static void fill_in(const struct run *r, struct afd_draft *d)
{
	const struct afd_response *a = r->answer;

	if (!d->source)
		d->source = r->s->name;
	if (!d->decoder)
		d->decoder = r->s->provider->kind;
	if (!d->asked)
		d->asked = r->asked;
	if (!d->channel && a && a->channel[0])
		d->channel = a->channel;
	if (!d->media_type && a && a->media_type[0])
		d->media_type = a->media_type;
	if (!d->received_ms)
		d->received_ms = a && a->received_ms ? a->received_ms : afd_now(r->c->env);
	if (!d->asked_ms)
		d->asked_ms = a && a->asked_ms ? a->asked_ms : d->received_ms;
	if (!d->server_ms)
		d->server_ms = a && a->server_ms ? a->server_ms : AFD_TIME_NONE;
}

/* Of what may hold secrets that nobody could cut the ledger keeps length, time and a digest under the item's own secret
 * key, no bytes: the owner of the answer can prove later what it was, and nobody can read it here. */
static int put_withheld(struct run *r, struct afd_draft *d, const struct afd_error *why, struct afd_error *err)
{
	free(r->withheld);
	r->withheld = afd_sprintf("%s: an answer was withheld, because its secrets could not be found and cut: %s",
				  d->asked, why->text);
	d->kind = AFD_ITEM_WITHHELD;
	d->redacted = d->parts = (struct afd_ranges){ 0 };
	return r->withheld ? put(r, d, err) : afd_fail_memory(err);
}

static int keep_item(void *ctx, const struct afd_draft *given, struct afd_error *err)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges ranges = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	struct run *r = ctx;
	struct afd_draft d = *given;
	struct afd_error why = { 0 };

	fill_in(r, &d);
	if (d.bytes.len > AFD_MAX_ITEM)
		return afd_fail(err, AFD_E_LIMIT, "an item of %zu bytes, more than %u", d.bytes.len, AFD_MAX_ITEM);
	if (r->s->provider->redact) {
		if (r->s->provider->redact(d.bytes, &cuts, &why) < 0)
			return put_withheld(r, &d, &why, err);
		if (afd_redact_apply(d.bytes, &cuts, &clean, &ranges, err) < 0)
			return -1;
		d.bytes = afd_buf_slice(&clean);
		d.redacted = ranges;
	}
	/* Bytes that cannot be split are one part: they are kept, and the decoder will say what is wrong with them. */
	if (!d.parts.n && r->s->provider->split && r->s->provider->split(d.bytes, &parts, &why) == 0)
		d.parts = parts;
	if (d.parts.n && !tiles(&d.parts, d.bytes.len))
		return afd_fail(err, AFD_E_ENGINE, "source %s: the parts do not tile the item", r->s->name);
	return put(r, &d, err);
}

/* --- statements and checkpoints --- */

static int keep_cover(void *ctx, const struct afd_row_coverage *given, struct afd_error *err)
{
	struct run *r = ctx;
	struct afd_row_coverage c = *given;

	if (!c.evidence)
		c.evidence = r->s->provider->evidence;
	if (!c.lag_ms)
		c.lag_ms = r->s->provider->lag_ms;
	if (!c.evidence || !c.scope || !*c.scope || c.at.from >= c.at.to)
		return afd_fail(err, AFD_E_ENGINE, "source %s: a statement of coverage without evidence, scope or time",
				r->s->name);
	if (c.grade == AFD_PROVEN && !afd_provider_tested(r->s->provider))
		c.grade = AFD_ASSERTED;
	if (r->hull.from == r->hull.to)
		r->hull = c.at;
	if (c.at.from < r->hull.from)
		r->hull.from = c.at.from;
	if (c.at.to > r->hull.to)
		r->hull.to = c.at.to;
	return afd_statements_add(&r->said, &c) < 0 ? afd_fail_memory(err) : 0;
}

static int keep_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	struct run *r = ctx;
	AFD_AUTO(mem) char *own = afd_strdup(cursor);
	char *before = r->cursor;

	if (cursor && !own)
		return afd_fail_memory(err);
	if (r->said.n > MOST_CARRIED) {
		if (put_run(r, "continued", NULL, err) < 0)
			return -1;
		afd_statements_cut(&r->said, 0);
		r->n_carried = r->n_committed = 0;
	}
	r->cursor = own;
	if (write_cursor(r, err) < 0 || commit(r, err) < 0) {
		r->cursor = before;
		return -1;
	}
	own = before;
	return 0;
}

static void keep_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	const struct run *r = ctx;
	const struct afd_progress p = {
		.kind = AFD_P_STEP, .source = r->s, .done = done, .total = total, .unit = unit,
		.items = r->items + r->open_items,
	};

	if (r->c->progress)
		r->c->progress(r->c->progress_ctx, &p);
}

/* The first reason stands: what comes after it follows from it. */
static void keep_refused(void *ctx, const char *why)
{
	struct run *r = ctx;

	if (!r->refused)
		r->refused = afd_strdup(why ? why : "the credential was refused");
}

struct afd_keeper afd_run_keeper(struct run *r)
{
	return (struct afd_keeper){ r, keep_item, keep_cover, keep_checkpoint, keep_progress, keep_refused };
}

/* --- the end --- */

static int gap_per_scope(const struct run *r, struct afd_statements *to, struct afd_span at, const char *reason,
			 struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf scopes = { 0 };

	if (r->s->provider->scopes(r->s->config, &scopes, err) < 0)
		return -1;
	for (char *s = scopes.len ? (char *)scopes.data : NULL; s && *(s += strspn(s, " "));) {
		size_t n = strcspn(s, " ");
		AFD_AUTO(mem) char *scope = afd_text_dup(afd_slice(s, n));
		const struct afd_row_coverage c = {
			.evidence = r->s->provider->evidence,
			.scope = scope,
			.at = at,
			.grade = AFD_GAP,
			.reason = reason,
			.provider_count = -1,
			.stored_count = -1,
			.lag_ms = r->s->provider->lag_ms,
		};

		if (!scope || afd_statements_add(to, &c) < 0)
			return afd_fail_memory(err);
		s += n;
	}
	return 0;
}

/* What the run item says, in the order in which it counts: what a run that was cut off had said; the gap of a source
 * that failed; what the source said (so that what it did cover before it failed stands); the gap of what was
 * withheld. */
static int order_statements(struct run *r, int got, const char *why, struct afd_error *err)
{
	AFD_AUTO(statements) struct afd_statements all = { 0 };
	int64_t now = afd_now(r->c->env);
	struct afd_span missed = { r->until_ms, now };
	struct afd_statements swap;

	if (missed.from == AFD_TIME_NONE || missed.from >= now)
		missed = afd_instant(now);
	for (size_t i = 0; i < r->n_carried; i++)
		if (afd_statements_add(&all, &r->said.at[i]) < 0)
			return afd_fail_memory(err);
	if (got < 0 && gap_per_scope(r, &all, missed, why, err) < 0)
		return -1;
	for (size_t i = r->n_carried; i < r->said.n; i++)
		/* Items behind the last checkpoint were rolled back, so they prove nothing; gaps stay gaps. */
		if ((got == 0 || i < r->n_committed || r->said.at[i].grade == AFD_GAP) &&
		    afd_statements_add(&all, &r->said.at[i]) < 0)
			return afd_fail_memory(err);
	if (r->withheld) {
		if (r->hull.from < r->hull.to && r->hull.from < missed.from)
			missed.from = r->hull.from;
		if (r->hull.from < r->hull.to && r->hull.to > missed.to)
			missed.to = r->hull.to;
		if (gap_per_scope(r, &all, missed, r->withheld, err) < 0)
			return -1;
	}
	swap = r->said;
	r->said = all;
	all = swap;
	return 0;
}

int afd_run_finish(struct run *r, int got, struct afd_error *why)
{
	static const char *const results[] = { "failed", "ok", "stopped" };
	struct afd_error err = { 0 };
	struct afd_statements none = { 0 }, said;
	int put_ok;

	if (got != 0 && r->open) {
		afd_store_rollback(r->c->store);
		r->open = false;
		r->open_items = 0;
	}
	if (order_statements(r, got, why->text, &err) < 0 ||
	    put_run(r, r->refused ? "failed" : results[got + 1], got < 0 ? why->text : r->refused, &err) < 0) {
		*why = err;
		return -1;
	}
	/* They stand in the run item now. */
	said = r->said;
	r->said = none;
	r->until_ms = afd_now(r->c->env);
	r->n_carried = 0;
	put_ok = write_cursor(r, &err) < 0 || commit(r, &err) < 0 ? -1 : 0;
	r->said = said;
	if (put_ok < 0)
		*why = err;
	return put_ok;
}
