/* AWS CloudTrail as it is delivered: files of a trail in a directory (a copy of the bucket), with the chain of their digests.
 *
 * The files are read by collector/stored.h. What is added: after them, each digest that was not seen before (X) is looked at
 * once more together with the one before it (P), whose hash and signature it brings:
 *
 *   P is there, has that hash, its signature fits a key of AWS, and each log file that it lists is there with its hash
 *                                                      -> the time of P is proven (in the region of the configuration)
 *   P lacks although an older one of the chain is there, or is another -> a gap between them
 *   a log file lacks, or is another                    -> a gap at the time of its events
 *   no keys were given                                 -> breaks are gaps all the same, but nothing is proven
 *
 * The last digest of a chain waits for its successor, or for a file NAME.sig with its signature. Digests that wait to be looked
 * at stand in the cursor, so a run that is cut off loses none. */
#include "collector/api/audit_claim.h"
#include "collector/api/s3_bucket.h"
#include "collector/path.h"
#include "collector/api/aws_digest.h"
#include "collector/api/aws_events.h"
#include "collector/stored.h"
#include "collector/table.h"

#include <jansson.h>
#include <stdio.h>

#include "core/limits.h"

#define WORD "cloudtrail"
#define MAX_KEYS 65536u
#define MAX_GAPS 200u

struct config { struct afd_stored_config stored; const char *public_keys, *region; struct afd_texts zones; struct afd_bucket_config bucket; };
static const struct config defaults = { .region = "us-east-1" };
static const struct afd_field fields[] = {
	{ "access_key_id", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, bucket.access_key_id), "for a bucket: AKIA..." },
	{ "account", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, stored.account), "account that the files are about" },
	{ "bucket", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, bucket.bucket), "the trail's bucket, in place of path" },
	{ "bucket_region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, bucket.region), "where the bucket is; default us-east-1" },
	{ "path", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, stored.path), "directory of the files; .gz is unpacked" },
	{ "prefix", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, bucket.prefix), "begin of the keys: AWSLogs/123456789012/CloudTrail/" },
	{ "public_keys", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, public_keys),
	  "file: keys that AWS signs digests with, from `aws cloudtrail list-public-keys`, or PEM" },
	{ "region", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, region), "whose digests prove; Route 53, IAM and STS log in us-east-1" },
	{ "secret_access_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, bucket.secret), "its secret" },
	{ "session_token", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, bucket.session), "of temporary credentials" },
	{ "url", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, bucket.url), "of another service that speaks S3; the bucket comes behind it" },
	{ "zones", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct config, zones), "\"example.com=Z0123\": the log knows hosted zones by id" },
	{ 0 }
};

enum phase { KEYS, FILES, JUDGE, DONE };
enum step { READ_X, READ_SIG, READ_P, READ_LOG };

struct listed { char *name; const char *base; bool hashed; struct afd_digest hash; };
struct gap { struct afd_span at; char *why; };

struct trail {
	const struct config *c;
	struct afd_stored_config files;
	struct afd_stored_form form;
	char *more, *keys_path, *root, *path, *cursor;
	void *stored;
	struct afd_bucket *bucket;                /* NULL: a directory */
	enum phase phase;
	struct afd_aws_public keys;
	struct listed *list; size_t n_list;       /* of the directory, by last name */
	struct listed *under;                     /* the file that was asked for */
	char **judge; size_t n_judge, at;         /* last names of digests */
	enum step step;
	int asking; struct afd_request pending;   /* what judge_next() wants */
	struct afd_aws_digest x, p;
	size_t log;                               /* of p */
	bool p_signed, p_whole;
	struct afd_span *proven; size_t n_proven;
	struct gap gap[MAX_GAPS]; size_t n_gap;
	struct afd_keeper *keep; struct afd_keeper own;   /* the engine's, while take() runs */
};

/* --- small things --- */

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int by_base(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->base, ((const struct listed *)b)->base);
}

static struct listed *find(const struct trail *s, const char *base)
{
	const struct listed key = { .base = base };

	return s->n_list ? bsearch(&key, s->list, s->n_list, sizeof(key), by_base) : NULL;
}

static bool is_packed(const char *name)
{
	size_t n = strlen(name);

	return n > 3 && strcmp(name + n - 3, ".gz") == 0;
}

/* What cannot be listed any more is told in one. */
static int add_gap(struct trail *s, struct afd_span at, struct afd_error *err, const char *fmt, const char *name)
{
	struct gap *g = &s->gap[s->n_gap < MAX_GAPS ? s->n_gap : MAX_GAPS - 1];
	AFD_AUTO(mem) char *short_name = afd_sprintf("%.200s", name);
	char *why = s->n_gap < MAX_GAPS ? afd_sprintf("%s: %s", short_name ? short_name : "", fmt) : afd_strdup("more breaks than can be listed here");

	if (!why || !short_name) {
		free(why);
		return afd_fail_memory(err);
	}
	if (s->n_gap == MAX_GAPS) {
		at.from = at.from < g->at.from ? at.from : g->at.from;
		at.to = at.to > g->at.to ? at.to : g->at.to;
	}
	free(g->why);
	*g = (struct gap){ at, why };
	s->n_gap += s->n_gap < MAX_GAPS;
	return 0;
}

static int add_proven(struct trail *s, struct afd_span at, struct afd_error *err)
{
	struct afd_span *last = s->n_proven ? &s->proven[s->n_proven - 1] : NULL, *more;

	if (last && last->to == at.from) {
		last->to = at.to;
		return 0;
	}
	more = reallocarray(s->proven, s->n_proven + 1, sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	s->proven = more;
	s->proven[s->n_proven++] = at;
	return 0;
}

/* --- the cursor: {"judge":["name", ...],"stored":"..."} --- */

static int add_judge(struct trail *s, const char *base, struct afd_error *err)
{
	char **more;

	for (size_t i = 0; i < s->n_judge; i++)
		if (strcmp(s->judge[i], base) == 0)
			return 0;
	more = reallocarray(s->judge, s->n_judge + 1, sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	s->judge = more;
	s->judge[s->n_judge] = afd_strdup(base);
	return s->judge[s->n_judge++] ? 0 : afd_fail_memory(err);
}

static int checkpoint_with(struct trail *s, const char *stored, struct afd_error *err)
{
	json_t *list = json_array(), *j;
	AFD_AUTO(mem) char *text = NULL;

	for (size_t i = s->phase == DONE ? s->n_judge : 0; i < s->n_judge; i++)
		json_array_append_new(list, json_string(s->judge[i]));
	j = json_pack("{s:o,s:s}", "judge", list, "stored", stored);
	text = j ? json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(j);
	return text ? s->keep->checkpoint(s->keep->ctx, text, err) : afd_fail_memory(err);
}

static int keep_checkpoint(void *ctx, const char *stored, struct afd_error *err)
{
	struct trail *s = ctx;

	free(s->cursor);
	s->cursor = afd_strdup(stored);
	return s->cursor ? checkpoint_with(s, stored, err) : afd_fail_memory(err);
}

static int keep_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	struct trail *s = ctx;

	return s->keep->item(s->keep->ctx, d, err);
}

static int keep_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	struct trail *s = ctx;

	return s->keep->cover(s->keep->ctx, c, err);
}

static void keep_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	struct trail *s = ctx;

	s->keep->progress(s->keep->ctx, done, total, unit);
}

static void keep_refused(void *ctx, const char *why)
{
	struct trail *s = ctx;

	s->keep->refused(s->keep->ctx, why);
}

static int cursor_read(struct trail *s, const char *text, char **stored, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *list;
	const char *own;

	*stored = NULL;
	if (!text)
		return 0;
	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0)
		return -1;
	list = afd_node_get(afd_doc_root(d), "judge");
	for (const struct afd_node *n = list && list->type == AFD_LIST ? list->u.list.first : NULL; n; n = n->next)
		if (afd_node_text(n) && add_judge(s, afd_node_text(n), err) < 0)
			return -1;
	own = afd_node_text(afd_node_get(afd_doc_root(d), "stored"));
	*stored = own ? afd_strdup(own) : NULL;
	s->cursor = own ? afd_strdup(own) : NULL;
	return own && (!*stored || !s->cursor) ? afd_fail_memory(err) : 0;
}

/* --- begin and end --- */

static void end(void *state)
{
	struct trail *s = state;

	if (!s)
		return;
	afd_stored_end(s->stored);
	afd_bucket_free(s->bucket);
	afd_aws_public_release(&s->keys);
	afd_aws_digest_release(&s->x);
	afd_aws_digest_release(&s->p);
	for (size_t i = 0; i < s->n_list; i++)
		free(s->list[i].name);
	for (size_t i = 0; i < s->n_judge; i++)
		free(s->judge[i]);
	for (size_t i = 0; i < s->n_gap; i++)
		free(s->gap[i].why);
	free(s->list);
	free(s->judge);
	free(s->proven);
	free(s->more);
	free(s->keys_path);
	free(s->root);
	free(s->path);
	free(s->cursor);
	free(s);
}

/* What a file says of time; a digest says nothing of events. */
static int told(struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err)
{
	struct afd_aws_faults faults;
	struct afd_aws_digest d;

	ret->at = (struct afd_span){ AFD_FOREVER, INT64_MIN };
	ret->n = 0;
	if (afd_aws_digest_read(bytes, &d, NULL) == 0) {
		afd_aws_digest_release(&d);
		return 0;
	}
	if (afd_aws_faults(bytes, &faults, &ret->at, err) < 0)
		return -1;
	ret->n = faults.n;
	return faults.bad ? afd_fail(err, AFD_E_PARSE, "%s", faults.why) : 0;
}

static int begin_state(struct trail *s, const struct afd_source_config *sc, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(mem) char *zones = afd_audit_zones_text(&s->c->zones), *stored = NULL;

	s->more = zones ? afd_sprintf("zones=%s", zones) : NULL;
	s->files = s->c->stored;
	s->files.path = s->c->stored.path ? s->c->stored.path : "bucket";
	s->root = afd_path_of(sc, s->files.path);
	s->keys_path = s->c->public_keys ? afd_path_of(sc, s->c->public_keys) : NULL;
	if (!s->more || !s->root || (s->c->public_keys && !s->keys_path))
		return afd_fail_memory(err);
	s->form = (struct afd_stored_form){ .word = WORD, .more = s->more, .evidence = AFD_AWS_EVENTS, .media_type = "application/json", .lag_ms = AFD_HOUR,
		.max_file = AFD_MAX_HTTP_BODY, .suffix = ".json .json.gz", .told = told };
	s->phase = s->keys_path ? KEYS : FILES;
	if (cursor_read(s, cursor, &stored, err) < 0 ||
	    (s->c->bucket.bucket && !sc->import_file && afd_bucket_new(sc, &s->c->bucket, s->root, &s->bucket, err) < 0))
		return -1;
	return afd_stored_begin(&s->form, sc, &s->files, stored, &s->stored, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct trail *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = config;
	s->own = (struct afd_keeper){ s, keep_item, keep_cover, keep_checkpoint, keep_progress, keep_refused };
	if (begin_state(s, sc, cursor, err) < 0) {
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* --- judging --- */

static bool here(const struct trail *s, const struct afd_aws_digest_name *n)
{
	return !s->c->region || strcmp(s->c->region, n->region) == 0;
}

/* The end of the newest digest of this chain before END that is there; NONE: there is none. */
static int64_t older_end(const struct trail *s, const struct afd_aws_digest_name *of)
{
	int64_t ret = AFD_TIME_NONE;

	for (size_t i = 0; i < s->n_list; i++) {
		struct afd_aws_digest_name n;

		if (afd_aws_digest_name(s->list[i].base, &n) && strcmp(n.chain, of->chain) == 0 && n.end_ms < of->end_ms && n.end_ms > ret)
			ret = n.end_ms;
	}
	return ret;
}

static void next_judged(struct trail *s)
{
	afd_aws_digest_release(&s->x);
	afd_aws_digest_release(&s->p);
	s->step = READ_X;
	s->at++;
}

static int ask_for(struct trail *s, struct listed *l, struct afd_request *q, struct afd_error *err)
{
	free(s->path);
	s->path = afd_sprintf("%s/%s", s->root, l->name);
	if (!s->path)
		return afd_fail_memory(err);
	s->under = l;
	*q = (struct afd_request){ .protocol = AFD_FILE, .path = s->path, .asked = "chain of digests", .max = s->form.max_file, .no_link = true,
		.gunzip = is_packed(l->name) };
	return 1;
}

/* The digest D is whole: what it says of its time holds, if it was signed. */
static int digest_done(struct trail *s, const struct afd_aws_digest *d, struct afd_error *err)
{
	struct afd_aws_digest_name n;

	return s->p_signed && s->p_whole && afd_aws_digest_name(last_name(d->object), &n) && here(s, &n) ? add_proven(s, d->at, err) : 0;
}

static struct listed *signature_file(const struct trail *s)
{
	AFD_AUTO(mem) char *name = afd_sprintf("%s.sig", last_name(s->x.object));

	return name ? find(s, name) : NULL;
}

/* Log files of the digest under judgement (P, or X with a signature of its own) that were not read in this run are read now. 1: one is to be
 * read; 0: all were looked at. */
static int next_log(struct trail *s, struct afd_aws_digest *d, struct afd_request *q, struct afd_error *err)
{
	for (; s->log < d->n; s->log++) {
		struct afd_aws_digest_log *g = &d->log[s->log];
		struct listed *l = find(s, last_name(g->object));

		if (l && !l->hashed)
			return ask_for(s, l, q, err);
		if (l && strcmp(afd_digest_hex(&l->hash).s, g->hash) == 0)
			continue;
		s->p_whole = false;
		if (add_gap(s, g->at, err, l ? "the log file is not the one that its digest names" : "the log file that a digest names is not there",
			    last_name(g->object)) < 0)
			return -1;
	}
	return 0;
}

/* X names what came before it. 1: it is to be read; 0: there is nothing to judge. */
static int previous(struct trail *s, struct afd_request *q, struct afd_error *err)
{
	struct afd_aws_digest_name n;
	struct listed *l = s->x.previous_object ? find(s, last_name(s->x.previous_object)) : NULL;
	int64_t before;

	if (l)
		return ask_for(s, l, q, err);
	if (!afd_aws_digest_name(s->judge[s->at], &n))
		return 0;
	before = older_end(s, &n);
	if (before == AFD_TIME_NONE || before >= s->x.at.from)
		return before == AFD_TIME_NONE ? 0 : add_gap(s, afd_instant(s->x.at.from), err, "the chain of digests does not go on from the one before", s->judge[s->at]);
	return add_gap(s, (struct afd_span){ before, s->x.at.from }, err, s->x.previous_object ? "the digest before it is not there" :
		"the chain of digests begins anew", s->judge[s->at]);
}

static int judge_next(struct trail *s, struct afd_request *q, struct afd_error *err)
{
	int r;

	while (s->at < s->n_judge) {
		struct listed *l;

		switch (s->step) {
		case READ_X:
			l = find(s, s->judge[s->at]);
			if (l)
				return ask_for(s, l, q, err);
			next_judged(s);
			continue;
		case READ_SIG:
			l = signature_file(s);
			if (l)
				return ask_for(s, l, q, err);
			s->step = READ_P;
			continue;
		case READ_P:
			r = previous(s, q, err);
			if (r)
				return r;
			next_judged(s);
			continue;
		case READ_LOG:
			r = next_log(s, s->p.doc ? &s->p : &s->x, q, err);
			if (r)
				return r;
			if (digest_done(s, s->p.doc ? &s->p : &s->x, err) < 0)
				return -1;
			if (s->p.doc)
				next_judged(s);
			else
				s->step = READ_P;
			continue;
		}
	}
	return 0;
}

static void begin_logs(struct trail *s, bool is_signed)
{
	s->p_signed = is_signed;
	s->p_whole = true;
	s->log = 0;
	s->step = READ_LOG;
}

static int took_x(struct trail *s, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_aws_digest_name n;
	struct afd_error bad = { 0 };

	if (afd_aws_digest_read(bytes, &s->x, &bad) == 0) {
		s->step = READ_SIG;
		return 0;
	}
	if (afd_aws_digest_name(s->judge[s->at], &n) && add_gap(s, (struct afd_span){ n.end_ms - AFD_HOUR, n.end_ms }, err, "the digest cannot be read", s->judge[s->at]) < 0)
		return -1;
	next_judged(s);
	return 0;
}

static int took_signature(struct trail *s, struct afd_slice bytes, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = strndup((const char *)bytes.data, bytes.len < 4096 ? bytes.len : 4096);

	if (!text)
		return afd_fail_memory(err);
	text[strcspn(text, " \r\n\t")] = '\0';
	if (!s->keys.n || afd_aws_digest_verify(&s->x, text, &s->keys)) {
		begin_logs(s, s->keys.n > 0);
		return 0;
	}
	s->step = READ_P;
	return add_gap(s, s->x.at, err, "the signature of the digest does not fit any of the keys", s->judge[s->at]);
}

static int took_p(struct trail *s, struct afd_slice bytes, struct afd_error *err)
{
	struct afd_aws_digest *p = &s->p;
	const char *why = NULL;

	if (afd_aws_digest_read(bytes, p, NULL) < 0)
		why = "the digest cannot be read";
	else if (!s->x.previous_hash || strcmp(afd_digest_hex(&p->hash).s, s->x.previous_hash) != 0)
		why = "the digest is not the one that the next one names";
	else if (s->keys.n && !afd_aws_digest_verify(p, s->x.previous_signature, &s->keys))
		why = "the signature of the digest does not fit any of the keys";
	if (why) {
		struct afd_span at = p->doc ? p->at : (struct afd_span){ s->x.at.from - AFD_HOUR, s->x.at.from };

		if (add_gap(s, at, err, why, s->under->base) < 0)
			return -1;
		next_judged(s);
		return 0;
	}
	if (p->at.to < s->x.at.from &&
	    add_gap(s, (struct afd_span){ p->at.to, s->x.at.from }, err, "between the digest before and this one lies time that neither tells of", s->judge[s->at]) < 0)
		return -1;
	begin_logs(s, s->keys.n > 0);
	return 0;
}

static int judge_take(struct trail *s, const struct afd_response *r, struct afd_error *err)
{
	struct afd_slice bytes = r && r->file_size <= s->form.max_file ? r->body : (struct afd_slice){ 0 };

	switch (s->step) {
	case READ_X:
		return took_x(s, bytes, err);
	case READ_SIG:
		return took_signature(s, bytes.len ? bytes : afd_slice_text(" "), err);
	case READ_P:
		return took_p(s, bytes, err);
	case READ_LOG:
		s->under->hashed = true;
		afd_sha256(bytes, &s->under->hash);
		return 0;
	}
	return 0;
}

/* What is stated last counts: what holds, then what is broken. */
static int conclude(struct trail *s, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_row_coverage c = { .evidence = AFD_AWS_EVENTS, .scope = s->c->stored.account, .provider_count = -1, .stored_count = -1, .lag_ms = AFD_HOUR };

	c.grade = AFD_PROVEN;
	c.reason = "digests signed by AWS, in an unbroken chain, and each log file that they list";
	for (size_t i = 0; i < s->n_proven; i++) {
		c.at = s->proven[i];
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	c.grade = AFD_GAP;
	for (size_t i = 0; i < s->n_gap; i++) {
		c.at = s->gap[i].at;
		c.reason = s->gap[i].why;
		if (keep->cover(keep->ctx, &c, err) < 0)
			return -1;
	}
	s->phase = DONE;
	return checkpoint_with(s, s->cursor ? s->cursor : "{}", err);
}

/* --- the run --- */

static int compare_names(const void *a, const void *b)
{
	struct afd_aws_digest_name x = { .end_ms = 0 }, y = { .end_ms = 0 };
	const char *s = *(const char *const *)a, *t = *(const char *const *)b;

	if (afd_aws_digest_name(s, &x) && afd_aws_digest_name(t, &y) && strcmp(x.chain, y.chain) == 0 && x.end_ms != y.end_ms)
		return x.end_ms < y.end_ms ? -1 : 1;
	return strcmp(s, t);
}

static int next_file(struct trail *s, struct afd_request *q, struct afd_error *err)
{
	int r;

	if (s->phase == KEYS) {
		*q = (struct afd_request){ .protocol = AFD_FILE, .path = s->keys_path, .asked = "public keys", .max = MAX_KEYS };
		return 1;
	}
	if (s->phase == FILES) {
		r = afd_stored_next(s->stored, q, err);
		if (r) {
			s->under = q->protocol == AFD_FILE ? find(s, last_name(q->path)) : NULL;
			return r;
		}
		s->phase = JUDGE;
		if (s->n_judge)
			qsort(s->judge, s->n_judge, sizeof(*s->judge), compare_names);
	}
	if (s->phase != JUDGE || !s->n_judge)
		return 0;
	if (!s->asking)
		s->asking = judge_next(s, q, err);
	else
		*q = s->pending;
	return s->asking;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct trail *s = state;
	int r = s->bucket && afd_bucket_busy(s->bucket) ? 1 : next_file(s, q, err);

	return r > 0 && s->bucket && s->phase != KEYS ? afd_bucket_next(s->bucket, q, err) : r;
}

static int excess(void *state, const struct afd_response *last, struct afd_excess *ret, struct afd_error *err)
{
	struct trail *s = state;

	return s->bucket && last ? afd_bucket_excess(s->bucket, ret, err) : 0;
}

/* Digests that waited and are gone since are not looked at any more. */
static void drop_gone(struct trail *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_judge; i++) {
		if (find(s, s->judge[i]))
			s->judge[kept++] = s->judge[i];
		else
			free(s->judge[i]);
	}
	s->n_judge = kept;
}

static int take_folder(struct trail *s, struct afd_slice list, struct afd_error *err)
{
	while (list.len) {
		const uint8_t *lf = memchr(list.data, '\n', list.len);
		const size_t n = lf ? (size_t)(lf - list.data) : list.len;
		AFD_AUTO(mem) char *line = strndup((const char *)list.data, n);
		struct listed *more;
		char *name = line ? strchr(line, ' ') : NULL;

		if (!line)
			return afd_fail_memory(err);
		list = afd_slice_sub(list, n + (lf != NULL), list.len);
		name = name ? strchr(name + 1, ' ') : NULL;
		if (!name)
			continue;
		more = s->n_list % 1024 ? s->list : reallocarray(s->list, s->n_list + 1024, sizeof(*more));
		if (!more)
			return afd_fail_memory(err);
		s->list = more;
		s->list[s->n_list] = (struct listed){ .name = afd_strdup(name + 1) };
		if (!s->list[s->n_list].name)
			return afd_fail_memory(err);
		s->list[s->n_list].base = last_name(s->list[s->n_list].name);
		s->n_list++;
	}
	if (s->n_list)
		qsort(s->list, s->n_list, sizeof(*s->list), by_base);
	drop_gone(s);
	return 0;
}

static int take_file(struct trail *s, const struct afd_response *r, const struct afd_error *why, struct afd_error *err)
{
	struct afd_aws_digest_name n;

	if (r && s->under && !s->under->hashed) {
		s->under->hashed = true;
		afd_sha256(r->body, &s->under->hash);
	}
	if (r && s->under && afd_aws_digest_name(s->under->base, &n) && add_judge(s, s->under->base, err) < 0)
		return -1;
	if (r && !s->n_list && take_folder(s, r->body, err) < 0)
		return -1;
	return afd_stored_take(s->stored, r, why, &s->own, err);
}

static int take_any(struct trail *s, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	if (s->phase == KEYS) {
		s->phase = FILES;
		return r ? afd_aws_public_read(r->body, &s->keys, err) : afd_fail(err, AFD_E_CONFIG, "public_keys: %s", why ? why->text : "no answer");
	}
	if (s->phase == FILES)
		return take_file(s, r, why, err);
	if (judge_take(s, r, err) < 0)
		return -1;
	/* What is stated needs the keeper, so it is looked here whether anything is still to be read. */
	s->asking = judge_next(s, &s->pending, err);
	return s->asking ? s->asking < 0 ? -1 : 0 : conclude(s, keep, err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct trail *s = state;
	struct afd_bucket_told told;
	int got;

	s->keep = keep;
	if (!s->bucket || s->phase == KEYS)
		return take_any(s, r, why, keep, err);
	got = afd_bucket_take(s->bucket, r, why, &told, err);
	if (got <= 0)
		return got;
	if (told.refused)
		keep->refused(keep->ctx, told.refused);
	return take_any(s, told.none ? NULL : &told.response, told.none ? &told.why : NULL, keep, err);
}

/* --- the source --- */

static int check_place(const struct config *c, struct afd_error *err)
{
	if (!c->stored.path == !c->bucket.bucket)
		return afd_fail(err, AFD_E_CONFIG, "expected either path (a directory) or bucket, got %s", c->stored.path ? "both" : "neither");
	return c->bucket.bucket ? afd_bucket_check(&c->bucket, err) : 0;
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	return check_place(c, err) < 0 || afd_audit_zones_check(&c->zones, err) < 0 ? -1 : afd_stored_scopes(&c->stored, ret, err);
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	struct afd_aws_digest d;

	if (afd_aws_digest_read(bytes, &d, NULL) < 0)
		return afd_aws_redact(bytes, cuts, err);
	afd_aws_digest_release(&d);
	return 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *scope = NULL;
	AFD_AUTO(mem) char *name = NULL;
	struct afd_aws_digest d;
	struct afd_aws_told t;
	const char *zones;

	if (afd_stored_asked_read(item->record->asked, &scope, &name, err) < 0)
		return -1;
	if (afd_aws_digest_read(item->bytes, &d, NULL) == 0) {
		const struct afd_row_observation o = { .kind = "log-digest", .subject = last_name(name), .name = "log-files", .number = (int64_t)d.n, .at = d.at };
		int r = sink->observation(sink->ctx, &o, err);

		afd_aws_digest_release(&d);
		return r;
	}
	zones = afd_audit_zones_asked(item->record->asked);
	t = (struct afd_aws_told){ .scope = scope, .zones = zones,
		.window = { item->record->server_ms != AFD_TIME_NONE ? item->record->server_ms : item->record->received_ms, 0 } };
	return afd_aws_decode(item, &t, sink, err);
}

const struct afd_provider afd_provider_aws_cloudtrail_files = {
	.kind = "aws-cloudtrail-files",
	.leg = AFD_LEG_ACCOUNT,
	.title = "AWS account: CloudTrail, files of a trail",
	.help = "The files that a trail delivers (.json.gz), from its bucket or from a directory that mirrors it (AWSLogs/ACCOUNT or below), digest files included. With "
		"public_keys, the answer of `aws cloudtrail list-public-keys --start-time ...`, the chain of digests is verified: hours whose digest is "
		"signed and whose log files are all there as they were delivered are proven, breaks are gaps with the reason, all else is asserted. The newest "
		"digest waits for the next; or put its signature (x-amz-meta-signature of its object) beside it as NAME.sig. A directory needs no "
		"credential. For a bucket, make an IAM user or role with s3:ListBucket on it (condition s3:prefix) and s3:GetObject below the prefix, "
		"nothing else; who mirrors it needs the same. zones says which hosted zone an id is. Turn on log file "
		"validation in the trail, or there are no digests.",
	.basis = "tested on the vendor's document",
	.evidence = AFD_AWS_EVENTS,
	.lag_ms = AFD_HOUR,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = next, .take = take, .end = end,
	.excess = excess,
	.redact = redact, .split = afd_aws_split, .decode = decode,
};
