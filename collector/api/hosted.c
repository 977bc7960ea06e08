#include "collector/api/hosted.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "collector/zone/dns_rdata.h"
#include "collector/zone/zone_text.h"

#define MAX_RECORDS 5000000u

/* --- nodes --- */

const char *afd_node_word(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(afd_node_get(map, key));

	return s && *s ? s : NULL;
}

int64_t afd_node_number(const struct afd_node *map, const char *key, int64_t other)
{
	const struct afd_node *n = afd_node_get(map, key);
	const char *s = afd_node_text(n);

	if (n && n->type == AFD_INT)
		return n->u.i;
	if (!s || !*s || strlen(s) > 18 || s[strspn(s, "0123456789")])
		return other;
	return strtoll(s, NULL, 10);
}

bool afd_node_true(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	return n && n->type == AFD_BOOL && n->u.i;
}

const struct afd_node *afd_node_items(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);

	return n && n->type == AFD_LIST ? n->u.list.first : NULL;
}

int afd_page_json(const struct afd_response *r, enum afd_node_type root, struct afd_doc **ret, struct afd_error *err)
{
	struct afd_doc *d = NULL;

	struct afd_error why = { 0 };

	/* the parser's words repeat a stranger's */
	if (afd_json_parse(r->body, "answer", &d, &why) < 0)
		return why.code == AFD_E_MEMORY ? afd_fail_memory(err) : afd_fail(err, AFD_E_PARSE, "the answer is not JSON");
	if (afd_doc_root(d)->type != root) {
		afd_node_fail(d, afd_doc_root(d), err, root == AFD_MAP ? "a map" : "a list");
		afd_doc_free(d);
		return -1;
	}
	*ret = d;
	return 0;
}

/* --- records --- */

void afd_hosted_release(struct afd_hosted *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free((char *)h->rr[i].owner);
		free((char *)h->rr[i].type);
		free((char *)h->rr[i].rdata);
	}
	free(h->rr);
	h->rr = NULL;
	h->n = h->cap = 0;
}

static int put(struct afd_hosted *h, const char *owner, const char *type, const char *rdata, int64_t ttl, struct afd_error *err)
{
	struct afd_rr *rr;

	if (h->n >= MAX_RECORDS)
		return afd_fail(err, AFD_E_LIMIT, "more than %u records", MAX_RECORDS);
	if (h->n == h->cap) {
		size_t cap = h->cap ? 2 * h->cap : 256;
		struct afd_rr *more = realloc(h->rr, cap * sizeof(*more));

		if (!more)
			return afd_fail_memory(err);
		h->rr = more;
		h->cap = cap;
	}
	rr = &h->rr[h->n++];
	*rr = (struct afd_rr){ afd_strdup(owner), afd_strdup(type), afd_strdup(rdata),
		ttl < 0 ? 0 : ttl > UINT32_MAX ? UINT32_MAX : (uint32_t)ttl };
	return rr->owner && rr->type && rr->rdata ? 0 : afd_fail_memory(err);
}

static int owner_of(const struct afd_hosted *h, const char *owner, bool relative, char ret[AFD_NAME_MAX], struct afd_error *err)
{
	AFD_AUTO(mem) char *whole = NULL;

	owner = owner ? owner : "";
	if (relative && (!*owner || strcmp(owner, "@") == 0))
		whole = afd_strdup(h->zone);
	else
		whole = relative ? afd_sprintf("%s.%s", owner, h->zone) : afd_strdup(owner);
	if (!whole)
		return afd_fail_memory(err);
	return afd_name_canonical(afd_slice_text(whole), ret, err);
}

static void note_odd(struct afd_hosted *h, const char *owner, const char *type, const char *why)
{
	if (!h->odd++)
		snprintf(h->odd_why, sizeof(h->odd_why), "%.100s %.16s: %.100s", owner, type, why);
}

/* Text in quotes, 255 bytes in each (RFC 1035, 3.3). */
static int quoted(const char *text, struct afd_buf *ret)
{
	size_t n = 0;

	if (afd_buf_text(ret, "\"") < 0)
		return -1;
	for (; *text; text++, n++) {
		unsigned char c = (unsigned char)*text;

		if (n == 255) {
			n = 0;
			if (afd_buf_text(ret, "\" \"") < 0)
				return -1;
		}
		if (c == '"' || c == '\\' ? afd_buf_printf(ret, "\\%c", c) < 0
		    : c < 0x20 || c >= 0x7f ? afd_buf_printf(ret, "\\%03u", c) < 0 : afd_buf_u8(ret, c) < 0)
			return -1;
	}
	return afd_buf_text(ret, "\"");
}

/* With names that are relative to the zone: read as a line of its file. 0, or -1 and what is wrong. */
static int in_zone(const struct afd_hosted *h, const char *type, const char *rdata, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(zone_reader) struct afd_zone_reader *z = afd_zone_reader_new();
	AFD_AUTO(mem) char *line = afd_sprintf("@ 0 IN %s %s", type, rdata);
	struct afd_zone_rr_words *w = calloc(1, sizeof(*w));
	struct afd_zone_rr rr;
	struct afd_dns_name origin;
	struct afd_rr words;
	const struct afd_zone_line l = { .origin = &origin };
	int r = -1;

	if (!z || !line || !w)
		afd_fail_memory(err);
	else if (strpbrk(rdata, "\r\n"))
		afd_fail(err, AFD_E_PARSE, "more than one line");
	else if (afd_dns_name_parse(afd_slice_text(h->zone), &origin, err) == 0) {
		r = afd_zone_text_line(z, afd_slice_text(line), &l, &rr, err);
		if (r == 0)
			r = afd_fail(err, AFD_E_PARSE, "no data");
		else if (r > 0)
			r = afd_zone_rr_words(&rr, w, &words, err) < 0 || afd_buf_text(ret, words.rdata) < 0 ? -1 : 0;
	}
	if (w)
		afd_zone_rr_words_release(w);
	free(w);
	return r;
}

static bool is_text_type(const char *type)
{
	return strcmp(type, "TXT") == 0 || strcmp(type, "SPF") == 0;
}

static int canonical(const struct afd_hosted *h, const struct afd_hosted_record *r, const char *type_name, uint16_t type,
		     struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };

	if (r->raw_text && is_text_type(type_name) && r->rdata[0] != '"')
		return quoted(r->rdata, &text) < 0 ? afd_fail_memory(err) :
						     afd_dns_rdata_canonical(type, afd_buf_slice(&text), ret, err);
	if (r->origin)
		return in_zone(h, type_name, r->rdata, ret, err);
	return afd_dns_rdata_canonical(type, afd_slice_text(r->rdata), ret, err);
}

/* "ns1.x. hostmaster.x. SERIAL ...": the third word */
static void note_serial(struct afd_hosted *h, const char *soa)
{
	uint64_t serial = 0;

	for (int i = 0; i < 2 && soa; i++)
		soa = (soa = strchr(soa, ' ')) ? soa + 1 : NULL;
	if (!soa || *soa < '0' || *soa > '9')
		return;
	for (; *soa >= '0' && *soa <= '9' && serial <= UINT32_MAX; soa++)
		serial = serial * 10 + (uint64_t)(*soa - '0');
	if (h->has_serial || serial > UINT32_MAX)
		return;
	h->serial = (uint32_t)serial;
	h->has_serial = true;
}

int afd_hosted_add(struct afd_hosted *h, const struct afd_hosted_record *r, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf rdata = { 0 };
	char owner[AFD_NAME_MAX], type_name[16];
	struct afd_error why = { 0 };
	uint16_t type;

	if (!r->type || !*r->type || !r->rdata)
		return afd_fail(err, AFD_E_PARSE, "a record without type or data");
	if (owner_of(h, r->owner, r->relative, owner, &why) < 0) {
		note_odd(h, r->owner ? r->owner : "", r->type, why.text);
		return put(h, r->owner && *r->owner ? r->owner : h->zone, r->type, r->rdata, r->ttl, err);
	}
	if (afd_dns_type_parse(afd_slice_text(r->type), &type) < 0)      /* the provider's own */
		return put(h, owner, r->type, r->rdata, r->ttl, err);
	afd_dns_type_text(type, type_name);
	if (canonical(h, r, type_name, type, &rdata, &why) < 0) {
		if (why.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		note_odd(h, owner, type_name, why.text);
		return put(h, owner, type_name, r->rdata, r->ttl, err);
	}
	if (strcmp(type_name, "SOA") == 0 && strcmp(owner, h->zone) == 0)
		note_serial(h, (char *)rdata.data);
	return put(h, owner, type_name, rdata.len ? (char *)rdata.data : "", r->ttl, err);
}

int afd_hosted_own(struct afd_hosted *h, const char *owner, bool relative, const char *type, int64_t ttl, struct afd_error *err,
		   const char *fmt, ...)
{
	AFD_AUTO(mem) char *text = NULL;
	char name[AFD_NAME_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		return afd_fail_memory(err);
	}
	if (owner_of(h, owner, relative, name, NULL) < 0)
		return put(h, owner && *owner ? owner : h->zone, type, text, ttl, err);
	return put(h, name, type, text, ttl, err);
}

int afd_hosted_note(struct afd_hosted *h, const char *kind, const char *subject, const char *name, const char *value, int64_t number,
		    struct afd_error *err)
{
	const struct afd_row_observation o = {
		.kind = kind, .subject = subject, .name = name, .value = value, .number = number,
		.at = afd_instant(h->item->record->received_ms),
	};

	return h->sink->observation(h->sink->ctx, &o, err);
}

/* --- decoding --- */

static int read_page(const struct afd_hosted_decoder *d, struct afd_hosted *h, struct afd_slice body, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;

	if (d->xml)
		return d->xml(h, body, err);
	return afd_json_parse(body, "answer", &doc, err) < 0 ? -1 : d->page(h, doc, err);
}

bool afd_hosted_authenticated(const struct afd_item_view *item)
{
	const char *channel = item->record->channel;

	return channel && strncmp(channel, "tls", 3) == 0;
}

static int tell_zone(const struct afd_hosted_decoder *d, struct afd_hosted *h, struct afd_error *err)
{
	const struct afd_row_zone row = {
		.zone = h->zone, .server = h->item->record->channel, .serial = h->serial, .seen_ms = h->item->record->received_ms,
		.rr = h->rr, .n = h->n, .no_serial = d->no_serial || !h->has_serial,
		.authenticated = afd_hosted_authenticated(h->item) && !h->loose,
	};

	if (h->odd && afd_hosted_note(h, "hosted-zone", h->zone, "unreadable-records", h->odd_why, (int64_t)h->odd, err) < 0)
		return -1;
	return h->sink->zone(h->sink->ctx, &row, err);
}

int afd_hosted_decode(const struct afd_hosted_decoder *d, const struct afd_item_view *item, struct afd_sink *sink,
		      struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	__attribute__((cleanup(afd_hosted_release))) struct afd_hosted h = { .item = item, .sink = sink };
	char zone[AFD_NAME_MAX];

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	if (strcmp(l.call, d->call) != 0)
		return d->other ? d->other(&l, item, sink, err) : 0;
	if (afd_name_canonical(afd_slice_text(l.scope), zone, err) < 0)
		return -1;
	h.zone = zone;
	for (size_t i = 0; i < l.n; i++)
		if (read_page(d, &h, l.page[i].body, err) < 0)
			return afd_within(err, "page %zu", i + 1);
	return tell_zone(d, &h, err);
}

/* --- configuration --- */

int afd_hosted_scopes(const struct afd_texts *zones, const char *url, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_pages_base_check(url, err) < 0)
		return -1;
	if (!zones->n)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one zone");
	for (size_t i = 0; i < zones->n; i++)
		if ((i && afd_buf_text(ret, " ") < 0) || afd_buf_text(ret, zones->at[i]) < 0)
			return afd_fail_memory(err);
	return 0;
}

int afd_hosted_start(struct afd_pages *p, size_t call, const struct afd_texts *zones, struct afd_error *err)
{
	for (size_t i = 0; i < zones->n; i++)
		if (afd_pages_add(p, call, zones->at[i], zones->at[i], (struct afd_span){ 0, 0 }, err) < 0)
			return -1;
	return 0;
}
