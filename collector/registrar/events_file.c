/* Logs of registrars and providers that have no source of their own: JSON or CSV, read by a map of the configuration
 * (collector/files/events_map.h). Either files that somebody puts into a directory (collector/stored.h), or one file that grows
 * (collector/tail.h).
 *
 * An item is "affidavit-events/1 LENGTH\n", so many bytes {"account":...,"map":{...}} and "\n", and then what was read, after redaction: so the
 * evidence says by which map it was understood, and goes on to say so when the configuration has changed. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/api/audit_claim.h"
#include "collector/files/events_map.h"
#include "collector/files/user.h"
#include "collector/registrar/events_file.h"
#include "collector/stored.h"
#include "collector/table.h"
#include "collector/tail.h"
#include "core/digest.h"
#include "core/name.h"

#define HEAD "affidavit-events/1 "
#define MOST (64u * 1024 * 1024)
enum { MOST_HEAD = 1 << 20 };

struct config { struct afd_stored_config stored; bool grows; const struct afd_node *map; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, stored.path), "directory of exported files (.gz is unpacked); or, with grows, the file" },
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, stored.account), "account that they are about: one word" },
	{ "grows", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct config, grows), "true: path is one file that grows, followed through its rotations" },
	{ "map", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct config, map), "where our columns stand in it" },
	{ 0 }
};

static int check(struct afd_doc *d, const void *config, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_events_map m;

	if (afd_events_map_read(d, c->map, &m, err) < 0)
		return -1;
	if (c->grows && m.format == AFD_EV_JSON)
		return afd_node_fail(d, afd_node_get(c->map, "format"), err, "json-lines or csv for a file that grows");
	if (c->grows && m.format == AFD_EV_CSV && !m.header.n)
		return afd_uf_fail(d, c->map, err, "map.header: missing; a file that grows may be read from its middle on: name its columns, in order");
	return 0;
}

/* --- the head of an item --- */

static json_t *to_json(const struct afd_node *n)
{
	json_t *j = NULL;

	switch (n->type) {
	case AFD_NULL: return json_null();
	case AFD_BOOL: return json_boolean(n->u.i);
	case AFD_INT: return json_integer(n->u.i);
	case AFD_REAL: return json_real(n->u.real);
	case AFD_TEXT: return json_stringn(n->u.text.s, n->u.text.len);
	case AFD_LIST: j = json_array(); break;
	case AFD_MAP: j = json_object(); break;
	}
	for (const struct afd_node *c = n->u.list.first; j && c; c = c->next)
		if ((n->type == AFD_LIST ? json_array_append_new(j, to_json(c)) : json_object_set_new(j, c->key, to_json(c))) < 0) {
			json_decref(j);
			return NULL;
		}
	return j;
}

static int write_head(const struct config *c, struct afd_buf *ret, struct afd_error *err)
{
	json_t *map = to_json(c->map), *j = map ? json_pack("{s:s, s:o}", "account", c->stored.account, "map", map) : NULL;
	AFD_AUTO(mem) char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;     /* words in the order of the file: the first that fits counts */

	json_decref(j);
	if (!text || afd_buf_printf(ret, HEAD "%zu\n%s\n", strlen(text), text) < 0)
		return afd_fail_memory(err);
	return ret->len <= MOST_HEAD ? 0 : afd_fail(err, AFD_E_CONFIG, "map: larger than a mebibyte");
}

struct opened { struct afd_doc *doc; struct afd_events_map map; const char *account; struct afd_slice body; size_t head; };

static void afd_opened_release(struct opened *o)
{
	o->doc = afd_doc_free(o->doc);
}

static int open_item(struct afd_slice bytes, struct opened *ret, struct afd_error *err)
{
	const size_t word = strlen(HEAD);
	const uint8_t *lf = bytes.len ? memchr(bytes.data, '\n', bytes.len < 40 ? bytes.len : 40) : NULL;
	const size_t at = lf ? (size_t)(lf - bytes.data) : 0;
	uint64_t n = 0;

	if (at <= word || memcmp(bytes.data, HEAD, word) != 0 || at - word > 8)
		return afd_fail(err, AFD_E_PARSE, "expected " HEAD "and a length");
	for (size_t i = word; i < at; i++) {
		if (bytes.data[i] < '0' || bytes.data[i] > '9')
			return afd_fail(err, AFD_E_PARSE, "expected " HEAD "and a length");
		n = n * 10 + (bytes.data[i] - '0');
	}
	if (n > MOST_HEAD || bytes.len - at < n + 2 || bytes.data[at + 1 + n] != '\n')
		return afd_fail(err, AFD_E_PARSE, "its map is cut off");
	if (afd_json_parse(afd_slice_sub(bytes, at + 1, (size_t)n), "map", &ret->doc, err) < 0 ||
	    afd_events_map_read(ret->doc, afd_node_get(afd_doc_root(ret->doc), "map"), &ret->map, err) < 0)
		return -1;
	ret->account = afd_node_text(afd_node_get(afd_doc_root(ret->doc), "account"));
	ret->head = at + (size_t)n + 2;
	ret->body = afd_slice_sub(bytes, ret->head, bytes.len);
	return ret->account ? 0 : afd_fail(err, AFD_E_PARSE, "expected an account");
}

/* --- what a file says of time --- */

struct teller { struct afd_stored_told *told; int64_t last; bool open; char why[160]; };

/* What could not be read lies between its neighbours in time. After too many the last one grows. */
static void close_bad(struct teller *t, int64_t until)
{
	struct afd_span at = { t->last == AFD_TIME_NONE || t->last >= until ? until - 1 : t->last, until };
	struct afd_stored_bad *b;

	if (!t->open)
		return;
	t->open = false;
	if (t->told->n_bad == AFD_COUNT(t->told->bad)) {
		b = &t->told->bad[--t->told->n_bad];
		at.from = b->at.from < at.from ? b->at.from : at.from;
		at.to = b->at.to > at.to ? b->at.to : at.to;
	}
	b = &t->told->bad[t->told->n_bad++];
	b->at = at;
	snprintf(b->why, sizeof(b->why), "%s", t->why);
}

static int see_time(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct teller *t = ctx;
	struct afd_stored_told *told = t->told;
	struct afd_span at;
	struct afd_error why = { 0 };

	if (!u->why && afd_events_time(u, &at, &why) == 0) {
		close_bad(t, at.to);
		told->at.from = told->n && told->at.from < at.from ? told->at.from : at.from;
		told->at.to = told->n && told->at.to > at.to ? told->at.to : at.to;
		told->n++;
		t->last = at.from;
		return 0;
	}
	if (why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (!t->open)
		snprintf(t->why, sizeof(t->why), "line %u and perhaps others: %.120s", u->line, u->why ? u->why : why.text);
	t->open = true;
	return 0;
}

static int told(const void *with, struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err)
{
	const int64_t written = ret->at.from;
	struct teller t = { .told = ret, .last = AFD_TIME_NONE };

	ret->n = 0;
	if (afd_events_each(with, bytes, see_time, &t, err) < 0)
		return -1;
	close_bad(&t, t.last == AFD_TIME_NONE || t.last < written ? written + 1 : t.last + 1);
	if (ret->n == 0)
		ret->at = afd_instant(written);
	return 0;
}

/* --- a run --- */

struct run {
	struct config c;
	struct afd_events_map map;
	struct afd_buf head;
	struct afd_stored_form stored; struct afd_tail_form tail;
	struct afd_tail_config tail_config; const char *scope[1];
	int64_t last; const uint8_t *seen;        /* of a file that grows: the last time that was read, and where */
	struct afd_keeper *keep;                  /* the engine's, while ours stands before it */
	void *inner;
};

static int put(const struct run *r, const struct afd_draft *d, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_draft whole = *d;

	if (afd_buf_reserve(&bytes, r->head.len + d->bytes.len) < 0 || afd_buf_add_slice(&bytes, afd_buf_slice(&r->head)) < 0 ||
	    afd_buf_add_slice(&bytes, d->bytes) < 0)
		return afd_fail_memory(err);
	whole.bytes = afd_buf_slice(&bytes);
	return r->keep->item(r->keep->ctx, &whole, err);
}

static int keep_item(void *ctx, const struct afd_draft *d, struct afd_error *err) { return put(ctx, d, err); }
static int keep_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	const struct run *r = ctx;
	return r->keep->cover(r->keep->ctx, c, err);
}
static int keep_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	const struct run *r = ctx;
	return r->keep->checkpoint(r->keep->ctx, cursor, err);
}
static void keep_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	const struct run *r = ctx;

	if (r->keep->progress)
		r->keep->progress(r->keep->ctx, done, total, unit);
}

/* A line that cannot be read lies where the last one did. */
static void read_line(void *ctx, struct afd_slice unit, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	struct run *r = ctx;
	struct afd_events_kept keep = { 0 };
	struct afd_events_unit u = { 0 };
	struct afd_span at;
	(void)ahead;
	if (!r->seen || unit.data <= r->seen)
		r->last = AFD_TIME_NONE;
	r->seen = unit.data;
	*ret = (struct afd_tail_unit){ .at = AFD_TIME_NONE };
	if (afd_events_unit_read(&r->map, unit, &keep, &u, NULL) == 0 && !u.why && afd_events_time(&u, &at, NULL) == 0) {
		ret->ours = true;
		ret->at = r->last = at.from;
	} else if (!afd_events_empty(&u)) {
		ret->unclear = true;
		ret->at = r->last == AFD_TIME_NONE ? now : r->last;
	}
	afd_events_kept_release(&keep);
}

static void end(void *state)
{
	struct run *r = state;

	if (!r)
		return;
	if (r->inner && r->c.grows)
		afd_tail_end(r->inner);
	else if (r->inner)
		afd_stored_end(r->inner);
	afd_buf_release(&r->head);
	free(r);
}

static bool csv_next_is_whole(struct afd_slice *left, struct afd_slice *ret)
{
	static const struct afd_events_map csv = { .format = AFD_EV_CSV };

	return afd_events_cut(&csv, left, false, ret);
}

static int csv_next(struct afd_slice *left, struct afd_slice *ret, struct afd_error *err)
{
	(void)err;
	return csv_next_is_whole(left, ret);
}

static void make_forms(struct run *r)
{
	const bool csv = r->map.format == AFD_EV_CSV;
	const char *type = csv ? "text/csv" : "application/json";

	r->stored = (struct afd_stored_form){ .word = "events", .evidence = AFD_EVENTS_EVIDENCE, .media_type = type, .max_file = MOST, .told_with = told, .with = &r->map };
	r->tail = (struct afd_tail_form){
		.evidence = AFD_EVENTS_EVIDENCE, .media_type = type, .units = "lines", .scopes = "accounts", .unclear = "lines that could not be read",
		.unclear_short = "could not be read", .no_time = "see the map's time", .patience_ms = AFD_MINUTE,
		.next = csv ? csv_next : afd_tail_line, .read_with = read_line,
	};
	r->scope[0] = r->c.stored.account;
	r->tail_config = (struct afd_tail_config){ .path = r->c.stored.path, .scopes = { r->scope, 1 } };
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct run *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return afd_fail_memory(err);
	r->c = *(const struct config *)config;
	r->c.grows &= !sc->import_file;
	rc = afd_events_map_read(sc->doc, r->c.map, &r->map, err);
	if (rc == 0)
		rc = write_head(&r->c, &r->head, err);
	make_forms(r);
	if (rc == 0)
		rc = r->c.grows ? afd_tail_begin(&r->tail, r, sc, &r->tail_config, cursor, &r->inner, err) :
		                  afd_stored_begin(&r->stored, sc, &r->c.stored, cursor, &r->inner, err);
	if (rc < 0) {
		end(r);
		return -1;
	}
	*ret = r;
	return 0;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct run *r = state;

	return r->c.grows ? afd_tail_next(r->inner, q, err) : afd_stored_next(r->inner, q, err);
}

static int take(void *state, const struct afd_response *a, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct run *r = state;
	struct afd_keeper ours = { .ctx = r, .item = keep_item, .cover = keep_cover, .checkpoint = keep_checkpoint, .progress = keep_progress };

	r->keep = keep;
	return r->c.grows ? afd_tail_take(r->inner, a, why, &ours, err) : afd_stored_take(r->inner, a, why, &ours, err);
}

/* --- redaction and parts --- */

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	AFD_AUTO(opened) struct opened o = { 0 };
	const size_t before = cuts->n;

	if (open_item(bytes, &o, err) < 0 || afd_events_cut_secrets(&o.map, o.body, cuts, err) < 0)
		return -1;
	for (size_t i = before; i < cuts->n; i++)
		cuts->at[i].off += o.head;
	return 0;
}

struct splitter { struct afd_ranges *parts; uint64_t at, head; };

/* Each part goes on until the next event begins: event I is part I + 1. */
static int see_part(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct splitter *s = ctx;
	const uint64_t off = s->head + u->at.off;

	if (s->parts->n + 2 > AFD_MAX_PARTS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u lines", AFD_MAX_PARTS);
	if (afd_ranges_add(s->parts, s->at, off - s->at) < 0)
		return afd_fail_memory(err);
	s->at = off;
	return 0;
}

static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	AFD_AUTO(opened) struct opened o = { 0 };
	struct splitter s = { .parts = parts };
	struct afd_error why = { 0 };

	if (open_item(bytes, &o, err) < 0)
		return -1;
	s.head = o.head;
	if (afd_events_each(&o.map, o.body, see_part, &s, &why) < 0) {
		if (why.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		parts->n = 0;                     /* it is not what the map says: one part */
		s.at = 0;
	}
	return afd_ranges_add(parts, s.at, bytes.len - s.at) < 0 ? afd_fail_memory(err) : 0;
}

/* --- rows --- */

struct decoder { const struct afd_events_map *map; const char *account, *source; struct afd_sink *sink; uint64_t part, step, n_part; };

struct picked { struct afd_buf raw[AFD_EV_COLUMNS]; char other[96], name[AFD_NAME_MAX], ref[80]; };

static void afd_picked_release(struct picked *t)
{
	for (size_t i = 0; i < AFD_EV_COLUMNS; i++)
		afd_buf_release(&t->raw[i]);
}

static const char *joiner(enum afd_events_column c)
{
	return c == AFD_EV_ACTION ? "." : c == AFD_EV_REF ? "/" : " ";
}

static const char *plain(const struct picked *t, enum afd_events_column c)
{
	return t->raw[c].len ? (const char *)t->raw[c].data : NULL;
}

/* By the map's words; without one that fits, as it is if that is a word of ours. */
static const char *by_words(const struct decoder *d, const struct picked *t, enum afd_events_column c)
{
	const struct afd_events_pick *p = &d->map->column[c];
	const char *raw = plain(t, c);
	char other[96];

	if (!raw || !p->n_word)
		return raw;
	const char *ours = afd_action_map(p->word, p->n_word, "x", raw, other);
	return ours == other ? raw : ours;
}

static const char *one_of(const char *text, const char *const *words, const char *otherwise)
{
	for (; text && *words; words++)
		if (strcasecmp(text, *words) == 0)
			return *words;
	return otherwise;
}

static const char *outcome_of(const char *text)
{
	static const struct { const char *theirs, *ours; } known[] = {
		{ "success", "success" }, { "succeeded", "success" }, { "successful", "success" }, { "ok", "success" }, { "true", "success" },
		{ "failure", "failure" }, { "failed", "failure" }, { "fail", "failure" }, { "error", "failure" }, { "denied", "failure" }, { "false", "failure" },
	};

	for (size_t i = 0; text && i < AFD_COUNT(known); i++)
		if (strcasecmp(known[i].theirs, text) == 0)
			return known[i].ours;
	return "unknown";
}

static const char *mfa_of(const char *text)
{
	static const char *const yes[] = { "yes", "true", NULL }, *const no[] = { "no", "false", NULL };

	return one_of(text, yes, NULL) ? "yes" : one_of(text, no, NULL) ? "no" : NULL;
}

/* The provider's own id, or a digest of the line: the same line twice is the same event. */
static const char *ref_of(struct picked *t, const struct afd_events_unit *u)
{
	struct afd_digest digest;
	struct afd_slice s = u->bytes;

	if (plain(t, AFD_EV_REF))
		return plain(t, AFD_EV_REF);
	while (s.len && memchr("\r\n \t", s.data[s.len - 1], 4))
		s.len--;
	afd_sha256(s, &digest);
	snprintf(t->ref, sizeof(t->ref), "sha256:%.64s", afd_digest_hex(&digest).s);
	return t->ref;
}

static int tell_claim(const struct afd_row_event *e, struct picked *t, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_audit_record rr = { .owner = plain(t, AFD_EV_RECORD_NAME), .type = plain(t, AFD_EV_RECORD_TYPE), .rdata = plain(t, AFD_EV_RECORD_DATA),
		.add = strcmp(e->action, "record.delete") != 0, .raw_text = true };
	const struct afd_audit_claim c = { .zone = plain(t, AFD_EV_ZONE) ? plain(t, AFD_EV_ZONE) : e->domain, .actor = e->actor, .credential = e->credential,
		.origin = e->origin, .ref = e->provider_ref, .applied = strcmp(e->outcome, "failure") != 0, .at_ms = e->at.from, .part = e->part,
		.record = &rr, .n = rr.owner != NULL };

	return strncmp(e->action, "record.", 7) == 0 && c.zone && sink->claim ? afd_audit_claim(&c, sink, err) : 0;
}

static int tell(const struct decoder *d, const struct afd_events_unit *u, struct picked *t, struct afd_span at, struct afd_error *err)
{
	static const char *const kinds[] = { "person", "credential", "system", "provider", NULL };
	const struct afd_events_pick *action = &d->map->column[AFD_EV_ACTION];
	const char *raw = plain(t, AFD_EV_ACTION), *domain = by_words(d, t, AFD_EV_DOMAIN), *object = by_words(d, t, AFD_EV_OBJECT);
	const struct afd_action *known;
	struct afd_row_event e = {
		.account = plain(t, AFD_EV_ACCOUNT) ? plain(t, AFD_EV_ACCOUNT) : d->account,
		.raw_action = raw, .actor = by_words(d, t, AFD_EV_ACTOR), .credential = by_words(d, t, AFD_EV_CREDENTIAL),
		.origin = by_words(d, t, AFD_EV_ORIGIN), .channel = by_words(d, t, AFD_EV_CHANNEL), .before = plain(t, AFD_EV_BEFORE), .after = plain(t, AFD_EV_AFTER),
		.record_kind = "log", .at = at, .part = d->part < d->n_part ? d->part : d->n_part - 1,   /* bytes that could not be split are one part */
	};

	/* A word of ours needs no row; a constant is one. */
	known = afd_action_find(raw);
	e.action = afd_action_map(action->word, action->n_word, d->source, raw, t->other);
	if (e.action == t->other && known)
		e.action = known->verb;
	known = afd_action_find(e.action);
	if (domain && afd_name_canonical(afd_slice_text(domain), t->name, NULL) == 0)
		e.domain = t->name;
	e.object = object ? object : e.domain ? NULL : domain;
	e.object_kind = by_words(d, t, AFD_EV_OBJECT_KIND);
	if (!e.object_kind)
		e.object_kind = known ? known->object_kind : NULL;
	e.actor_kind = one_of(by_words(d, t, AFD_EV_ACTOR_KIND), kinds, "unknown");
	e.outcome = outcome_of(by_words(d, t, AFD_EV_OUTCOME));
	e.mfa = mfa_of(by_words(d, t, AFD_EV_MFA));
	e.provider_ref = ref_of(t, u);
	return d->sink->event(d->sink->ctx, &e, err) < 0 ? -1 : tell_claim(&e, t, d->sink, err);
}

static int see_event(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct decoder *d = ctx;
	AFD_AUTO(picked) struct picked t = { 0 };
	struct afd_error why = { 0 };
	struct afd_span at;

	d->part += d->step;
	if (u->why)
		return 0;                                 /* its gap was stated when it was read */
	if (afd_events_time(u, &at, &why) < 0)
		return why.code == AFD_E_MEMORY ? afd_fail_memory(err) : 0;
	for (size_t c = 0; c < AFD_EV_COLUMNS; c++)
		if (afd_events_value(u, &d->map->column[c], joiner((enum afd_events_column)c), &t.raw[c], err) < 0)
			return -1;
	return tell(d, u, &t, at, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(opened) struct opened o = { 0 };
	struct decoder d = { .map = &o.map, .source = item->record->source, .sink = sink, .step = 1, .n_part = item->parts.n };

	if (open_item(item->bytes, &o, err) < 0)
		return -1;
	d.account = o.account;
	return afd_events_each(&o.map, o.body, see_event, &d, err);
}

int afd_events_decode_page(const char *map, const char *account, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_events_map m;
	/* element I of a page is part 2 * I + 1 (json_walk.h) */
	struct decoder d = { .map = &m, .account = account, .source = item->record->source, .sink = sink, .part = UINT64_MAX, .step = 2, .n_part = item->parts.n };

	if (afd_json_parse(afd_slice_text(map), "map", &doc, err) < 0 || afd_events_map_read(doc, afd_doc_root(doc), &m, err) < 0)
		return -1;
	return afd_events_each(&m, item->bytes, see_event, &d, err);
}

static int see_count(void *ctx, const struct afd_events_unit *u, struct afd_error *err)
{
	struct afd_events_page *p = ctx;
	struct afd_error why = { 0 };
	struct afd_span at;

	p->n++;
	if (!u->why && afd_events_time(u, &at, &why) == 0)
		return 0;
	if (why.code == AFD_E_MEMORY)
		return afd_fail_memory(err);
	if (!p->bad++)
		snprintf(p->why, sizeof(p->why), "entry %llu: %.120s", (unsigned long long)p->n, u->why ? u->why : why.text);
	return 0;
}

int afd_events_page_look(const char *map, struct afd_slice body, struct afd_events_page *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_events_map m;

	*ret = (struct afd_events_page){ 0 };
	if (afd_json_parse(afd_slice_text(map), "map", &doc, err) < 0 || afd_events_map_read(doc, afd_doc_root(doc), &m, err) < 0)
		return -1;
	return afd_events_each(&m, body, see_count, ret, err);
}

const struct afd_provider afd_provider_events_file = {
	.kind = "events-file",
	.leg = AFD_LEG_ACCOUNT,
	.title = "account events of any provider: JSON or CSV, by a map of yours",
	.help = "For a registrar or provider that has no source of its own here: the log that it exports or pushes, as JSON lines, a JSON document with a\n"
		"list, or CSV. path is a directory into which each export goes once and whole (by a rename), or with grows: true one file that is written on.\n"
		"map says where time, action, actor and the rest stand, and which of its words mean which verb (docs/events.md); a word that the map does not know\n"
		"is kept as other.NAME.WORD and listed by the check account-event-unmapped. Lines that cannot be read are a gap at their time.\n"
		"docs/configuration.md has every field and three examples. Values under names that mean secrets are cut before anything is stored; name more in\n"
		"map.secrets. No credential is needed here: let the export run as a user that may do nothing but read the audit log.\n"
		"That the files are complete and true is the word of who exports them: coverage is asserted at most.",
	.basis = "not tested on any provider: it is your map",
	.evidence = AFD_EVENTS_EVIDENCE,
	.imports = true,
	.fields = fields,
	.config_size = sizeof(struct config),
	.check = check,
	.scopes = afd_stored_scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.redact = redact,
	.split = split,
	.decode = decode,
};
