#include "collector/zone/zone_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/zone/dns_layout.h"
#include "collector/zone/zone_generate.h"
#include "core/limits.h"

struct afd_zone_reader {
	struct afd_dns_name owner, origin;
	bool has_owner, has_origin;
	bool has_ttl, has_last;                   /* by $TTL or the caller; the last that a record stated (RFC 1035, 5.1) */
	uint32_t ttl, last;
	uint16_t rclass, type;                    /* rclass 0: no record has told; type: of the record under way, 0: not yet read */
	uint8_t rdata[AFD_MAX_DNS_MESSAGE];
};

struct afd_zone_reader *afd_zone_reader_new(void)
{
	return calloc(1, sizeof(struct afd_zone_reader));
}

struct afd_zone_reader *afd_zone_reader_free(struct afd_zone_reader *z)
{
	free(z);
	return NULL;
}

void afd_zone_reader_release(struct afd_zone_reader **z)
{
	*z = afd_zone_reader_free(*z);
}

/* --- one record --- */

static bool class_of(const struct afd_word *t, uint16_t *ret)
{
	static const struct { const char *name; uint16_t value; } classes[] = { { "CH", 3 }, { "HS", 4 } };
	const struct afd_slice s = afd_word_slice(t);
	uint64_t v;

	if (t->len == 2 && (t->p[0] | 0x20) == 'i' && (t->p[1] | 0x20) == 'n')
		return *ret = AFD_DNS_IN, true;
	for (size_t i = 0; i < AFD_COUNT(classes); i++)
		if (afd_rdata_word_is(s, classes[i].name))
			return *ret = classes[i].value, true;
	if (t->len < 6 || strncasecmp((const char *)t->p, "CLASS", 5) != 0 ||
	    afd_rdata_number(afd_slice_sub(s, 5, s.len), 65535, &v) < 0)
		return false;
	*ret = (uint16_t)v;
	return true;
}

/* What only stands in messages (RFC 6895, 3.1) */
static bool not_for_zones(uint16_t type)
{
	return type == 0 || type == AFD_DNS_OPT || (type >= 128 && type <= 255) || type == 65535;
}

/* [ttl] [class] type, or [class] [ttl] type. No type begins with a digit. */
static int read_head(struct afd_zone_reader *z, struct afd_words *w, struct afd_zone_rr *r)
{
	bool class_stated = false;
	struct afd_word t;
	uint64_t ttl;

	r->ttl_stated = false;
	r->rclass = z->rclass ? z->rclass : AFD_DNS_IN;
	for (;;) {
		if (afd_words_take(w, &t, "a record type") < 0)
			return -1;
		if (t.quoted)
			return afd_words_fail(w, "a record type");
		if (t.p[0] >= '0' && t.p[0] <= '9' && !r->ttl_stated) {
			if (afd_rdata_period(afd_word_slice(&t), UINT32_MAX, &ttl) < 0)
				return afd_words_fail(w, "a time to live");
			r->ttl = ttl > INT32_MAX ? 0 : (uint32_t)ttl;     /* RFC 2181, 8 */
			r->ttl_stated = true;
		} else if (!class_stated && class_of(&t, &r->rclass)) {
			class_stated = true;
		} else {
			break;
		}
	}
	if (afd_dns_type_parse(afd_word_slice(&t), &r->type) < 0)
		return afd_words_fail(w, r->ttl_stated && class_stated ? "a record type" : "a time to live, a class or a record type");
	if (not_for_zones(r->type))
		return afd_words_fail(w, "a record type that may stand in a zone");
	if (z->rclass && r->rclass != z->rclass)
		return afd_words_fail(w, "the class of the records before");
	return 0;
}

/* RFC 2308, 4: $TTL, and before any the last that was stated (RFC 1035, 5.1); an SOA alone may tell its own minimum. */
static int settle_ttl(struct afd_zone_reader *z, struct afd_words *w, struct afd_zone_rr *r)
{
	if (r->ttl_stated) {
		z->last = r->ttl;
		z->has_last = true;
	} else if (z->has_ttl || z->has_last) {
		r->ttl = z->has_ttl ? z->ttl : z->last;
	} else if (r->type == AFD_DNS_SOA && r->rdata.len >= 4) {
		const uint8_t *p = r->rdata.data + r->rdata.len - 4;
		r->ttl = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		z->ttl = r->ttl;
		z->has_ttl = true;
	} else {
		return afd_words_fail(w, "a time to live: none is stated, here or before");
	}
	return 0;
}

/* 1 a record, 0 none on this line, -1 ->why */
static int read_record(struct afd_zone_reader *z, struct afd_words *w, struct afd_zone_rr *r)
{
	const uint8_t *start = w->at;
	const bool blank = w->at < w->end && (*w->at == ' ' || *w->at == '\t');
	const struct afd_words before = *w;
	struct afd_word t;

	z->type = 0;
	if (!afd_word_next(w, &t))
		return w->why ? -1 : 0;
	r->line = w->line;
	if (blank) {
		if (!z->has_owner)
			return afd_words_fail(w, "an owner: the line begins with a blank, and no record stands before it");
		*w = before;
	} else {
		if (w->word != start && t.quoted)
			return afd_words_fail(w, "a name");
		w->origin = z->has_origin ? &z->origin : NULL;
		const int n = afd_words_name(w, &t, true, z->owner.wire);
		if (n < 0)
			return -1;
		z->owner.len = (uint8_t)n;
		z->has_owner = true;
	}
	w->origin = z->has_origin ? &z->origin : NULL;
	if (read_head(z, w, r) < 0)
		return -1;
	z->type = r->type;
	struct afd_wire wire = { z->rdata, 0, sizeof(z->rdata) };
	if (afd_rdata_read(r->type, w, &wire) < 0)
		return -1;
	r->owner = &z->owner;
	r->rdata = afd_slice(z->rdata, wire.len);
	return settle_ttl(z, w, r) < 0 ? -1 : 1;
}

/* "expected an IPv4 address, got "10.0.0"": what stands at the place of the error, of what may be shown */
static int expected(const struct afd_zone_reader *z, const struct afd_words *w, struct afd_error *err)
{
	char got[64], type[16] = "";
	size_t n = 0;

	for (const uint8_t *p = w->word; p && p < w->end && n < 48; p++) {
		if (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')
			break;
		got[n++] = *p < 0x20 || *p >= 0x7f ? '?' : (char)*p;
	}
	got[n] = 0;
	if (z->type)
		afd_dns_type_text(z->type, type);
	return afd_fail(err, AFD_E_PARSE, "%s%sexpected %s, got %s%s%s", type, z->type ? " record: " : "",
	                w->why ? w->why : "something else", n ? "\"" : "", n ? got : "the end", n ? "\"" : "");
}

static size_t column(const struct afd_words *w)
{
	return w->word && w->word >= w->line_start ? (size_t)(w->word - w->line_start) + 1 : 1;
}

int afd_zone_text_line(struct afd_zone_reader *z, struct afd_slice text, const struct afd_zone_line *l,
                       struct afd_zone_rr *ret, struct afd_error *err)
{
	struct afd_words w = {
		.at = text.data, .end = text.data + text.len, .file = true, .line_start = text.data, .line = 1
	};

	z->has_origin = l->origin != NULL;
	if (l->origin) {
		z->origin = *l->origin;
		afd_dns_name_lower(&z->origin);
	}
	z->has_owner = l->owner != NULL;
	if (l->owner && l->owner != &z->owner)
		z->owner = *l->owner;
	afd_dns_name_lower(&z->owner);
	z->has_ttl = l->has_ttl;
	z->ttl = l->ttl;
	z->has_last = false;
	z->rclass = 0;
	z->type = 0;
	w.word = text.data;
	int r = text.len && text.data[0] == '$' ? afd_words_fail(&w, "a record") : read_record(z, &w, ret);
	if (r >= 0 && w.at < w.end) {
		const struct afd_slice rest = afd_slice(w.at, (size_t)(w.end - w.at));
		for (size_t i = 0; i < rest.len; i++)
			if (!strchr("\r\n\t ", rest.data[i]) || rest.data[i] == 0) {
				w.word = w.at + i;
				r = afd_words_fail(&w, "one record alone");
				break;
			}
	}
	if (r >= 0)
		return r;
	expected(z, &w, err);
	return afd_within(err, "column %zu", column(&w));
}

/* --- a whole text --- */

struct walk {
	struct afd_zone_reader *z;
	const struct afd_zone_text_options *o;
	afd_zone_rr_fn fn;
	void *ctx;
	struct afd_dns_name zone;                 /* o->zone in lower case */
	uint64_t left;                            /* records that may still come */
	unsigned generated, depth;
	struct afd_error *err;
};

static int walk_file(struct walk *k, struct afd_slice text);

/* Both in lower case */
static bool inside(const struct afd_dns_name *n, const struct afd_dns_name *zone)
{
	size_t i = 0;

	if (n->len < zone->len)
		return false;
	while (n->len - i > zone->len)
		i += 1u + n->wire[i];
	return n->len - i == zone->len && memcmp(n->wire + i, zone->wire, zone->len) == 0;
}

static int give(struct walk *k, struct afd_words *w, const struct afd_zone_rr *r)
{
	if (k->o->zone && !inside(r->owner, &k->zone)) {
		if (k->o->outside) {
			++*k->o->outside;
			return 0;
		}
		char owner[AFD_DNS_TEXT_MAX];
		afd_dns_name_text(r->owner, true, owner);
		w->word = w->line_start;
		return afd_fail(k->err, AFD_E_PARSE, "\"%.200s\" is outside the zone", owner);
	}
	if (k->left-- == 0)
		return afd_fail(k->err, AFD_E_LIMIT, "more records than are read of one zone");
	k->z->rclass = r->rclass;
	return k->fn(k->ctx, r, k->err);
}

static int end_of_directive(struct afd_words *w)
{
	struct afd_word t;
	return !afd_word_next(w, &t) && !w->why ? 0 : afd_words_fail(w, "the end of the line");
}

static int set_origin(struct walk *k, struct afd_words *w)
{
	struct afd_zone_reader *z = k->z;
	struct afd_word t;
	struct afd_dns_name n;

	if (afd_words_take(w, &t, "a name") < 0)
		return -1;
	const int len = afd_words_name(w, &t, true, n.wire);
	if (len < 0 || end_of_directive(w) < 0)
		return -1;
	n.len = (uint8_t)len;
	z->origin = n;
	z->has_origin = true;
	return 0;
}

static int set_ttl(struct walk *k, struct afd_words *w)
{
	struct afd_word t;
	uint64_t ttl;

	if (afd_words_take(w, &t, "a time to live") < 0)
		return -1;
	if (t.quoted || afd_rdata_period(afd_word_slice(&t), UINT32_MAX, &ttl) < 0)
		return afd_words_fail(w, "a time to live");
	k->z->ttl = ttl > INT32_MAX ? 0 : (uint32_t)ttl;
	k->z->has_ttl = true;
	return end_of_directive(w);
}

/* RFC 1035, 5.1: the origin of the file that includes stays as it is, and so does its last owner. $TTL goes on, as in BIND. */
static int include(struct walk *k, struct afd_words *w)
{
	AFD_AUTO(buf) struct afd_buf bytes = { .max = AFD_MAX_ITEM };
	struct afd_zone_reader *z = k->z;
	const struct afd_dns_name owner = z->owner, origin = z->origin;
	const bool had_owner = z->has_owner, had_origin = z->has_origin;
	struct afd_word file, name;

	if (!k->o->include)
		return afd_words_fail(w, "no $INCLUDE: files are not included unless that is asked for");
	if (k->depth >= AFD_ZONE_INCLUDES)
		return afd_words_fail(w, "fewer files that include one another");
	if (afd_words_take(w, &file, "a file") < 0)
		return -1;
	if (afd_word_next(w, &name)) {
		struct afd_dns_name inner;                /* may be relative to the one that it replaces */
		const int n = afd_words_name(w, &name, true, inner.wire);
		if (n < 0 || end_of_directive(w) < 0)
			return -1;
		inner.len = (uint8_t)n;
		z->origin = inner;
		z->has_origin = true;
	}
	if (w->why)
		return -1;
	w->word = file.p;
	if (k->o->include(k->o->include_ctx, afd_word_slice(&file), &bytes, k->err) < 0)
		return -1;
	k->depth++;
	const int r = walk_file(k, afd_buf_slice(&bytes));
	k->depth--;
	z->owner = owner;
	z->has_owner = had_owner;
	z->origin = origin;
	z->has_origin = had_origin;
	return r < 0 ? afd_within(k->err, "%.*s", (int)(file.len < 200 ? file.len : 200), (const char *)file.p) : 0;
}

/* One record of a $GENERATE, its numbers filled in */
static int generated(struct walk *k, struct afd_words *w, struct afd_slice text)
{
	struct afd_words one = {
		.at = text.data, .end = text.data + text.len, .file = true, .line_start = text.data, .line = w->line
	};
	struct afd_zone_rr r;
	const int got = read_record(k->z, &one, &r);

	if (got > 0)
		return give(k, w, &r);
	if (got < 0) {
		expected(k->z, &one, k->err);
		return afd_within(k->err, "in \"%.*s\"", (int)(text.len < 100 ? text.len : 100), (const char *)text.data);
	}
	return afd_words_fail(w, "a record");
}

static int generate(struct walk *k, struct afd_words *w)
{
	AFD_AUTO(buf) struct afd_buf pattern = { .max = AFD_MAX_LOG_LINE }, text = { .max = AFD_MAX_LOG_LINE };
	struct afd_generate g;
	struct afd_word t;

	if (afd_words_take(w, &t, "a range: start-stop or start-stop/step") < 0)
		return -1;
	if (afd_generate_range(afd_word_slice(&t), &g) < 0)
		return afd_words_fail(w, "a range: start-stop or start-stop/step");
	while (afd_word_next(w, &t))
		if (afd_buf_text(&pattern, pattern.len ? " " : "") < 0 || (t.quoted && afd_buf_u8(&pattern, '"') < 0) ||
		    afd_buf_add(&pattern, t.p, t.len) < 0 || (t.quoted && afd_buf_u8(&pattern, '"') < 0))
			return afd_words_fail(w, "a shorter pattern");
	if (w->why || pattern.len == 0)
		return afd_words_fail(w, "an owner, a type and rdata");
	for (uint64_t i = g.first; i <= g.last; i += g.step) {
		text.len = 0;
		if (++k->generated > AFD_ZONE_GENERATED)
			return afd_fail(k->err, AFD_E_LIMIT, "$GENERATE: more than %d records", AFD_ZONE_GENERATED);
		if (afd_generate_text(afd_buf_slice(&pattern), i, &text) < 0)
			return afd_words_fail(w, "$ or ${offset,width,base} in the pattern");
		if (generated(k, w, afd_buf_slice(&text)) < 0)
			return -1;
	}
	return 0;
}

static int directive(struct walk *k, struct afd_words *w)
{
	static const struct { const char *name; int (*run)(struct walk *k, struct afd_words *w); } directives[] = {
		{ "$ORIGIN", set_origin }, { "$TTL", set_ttl }, { "$INCLUDE", include }, { "$GENERATE", generate },
	};
	struct afd_word t;

	k->z->type = 0;
	if (afd_words_take(w, &t, "$ORIGIN, $TTL, $INCLUDE or $GENERATE") < 0)
		return -1;
	w->origin = k->z->has_origin ? &k->z->origin : NULL;
	for (size_t i = 0; i < AFD_COUNT(directives); i++)
		if (afd_rdata_word_is(afd_word_slice(&t), directives[i].name))
			return directives[i].run(k, w);
	return afd_words_fail(w, "$ORIGIN, $TTL, $INCLUDE or $GENERATE");
}

static int walk_file(struct walk *k, struct afd_slice text)
{
	struct afd_words w = {
		.at = text.data, .end = text.data + text.len, .file = true, .line_start = text.data, .line = 1
	};
	struct afd_zone_rr rr;

	while (w.at < w.end) {
		int r = 0;
		if (*w.at == '$')
			r = directive(k, &w);
		else if (*w.at != '\n')
			r = read_record(k->z, &w, &rr);
		if (r > 0)
			r = give(k, &w, &rr);
		if (r < 0 && w.why)
			expected(k->z, &w, k->err);
		if (r < 0)
			return afd_within(k->err, "line %u, column %zu", w.line, column(&w));
		if (w.at < w.end) {                       /* the line's end: nothing else stops a record */
			w.line++;
			w.line_start = ++w.at;
		}
	}
	return 0;
}

int afd_zone_text_walk(struct afd_slice text, const struct afd_zone_text_options *o, afd_zone_rr_fn fn, void *ctx,
                       struct afd_error *err)
{
	AFD_AUTO(zone_reader) struct afd_zone_reader *z = afd_zone_reader_new();
	struct afd_error unused = { 0 };
	struct walk k = { z, o, fn, ctx, .left = o->max_records ? o->max_records : AFD_ZONE_RECORDS, .err = err ? err : &unused };

	if (!z)
		return afd_fail_memory(err);
	if (o->zone) {
		k.zone = *o->zone;
		afd_dns_name_lower(&k.zone);
		z->origin = k.zone;
		z->has_origin = true;
	}
	z->has_ttl = o->has_ttl;
	z->ttl = o->ttl;
	if (walk_file(&k, text) == 0)
		return 0;
	return o->label ? afd_within(k.err, "%s", o->label) : -1;
}
