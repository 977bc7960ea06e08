/* Zones as the tools of "DNS as code" hold them: octoDNS' YAML (one file a zone), DNSControl's JSON (dnscontrol print-ir). Each
 * value becomes a line of zone text, and the one reader of such lines says what it is. */
#include <inttypes.h>

#include "collector/zone/dns_rdata.h"
#include "collector/zone/zone_copy.h"

/* Keys of a value in the order of the rdata. "~": a string, to be quoted; "=": text of any length, cut into strings of 255; "*":
 * service parameters; "a|b": the older name of a key behind the newer. No key: the value itself, or "target". */
struct layout { const char *type, *octodns, *dnscontrol; };
static const struct layout layouts[] = {
	{ "A", "", "target" },      { "AAAA", "", "target" }, { "CNAME", "", "target" }, { "DNAME", "", "target" },
	{ "NS", "", "target" },     { "PTR", "", "target" },  { "OPENPGPKEY", "", "target" },
	{ "TXT", "=", "=target" },  { "SPF", "=", "=target" },
	{ "MX", "preference|priority exchange|value", "mxpreference target" },
	{ "SRV", "priority weight port target", "srvpriority srvweight srvport target" },
	{ "CAA", "flags tag ~value", "caaflag caatag ~target" },
	{ "DS", "key_tag algorithm digest_type digest", "dskeytag dsalgorithm dsdigesttype dsdigest" },
	{ "DNSKEY", NULL, "dnskeyflags dnskeyprotocol dnskeyalgorithm dnskeypublickey" },
	{ "SSHFP", "algorithm fingerprint_type fingerprint", "sshfpalgorithm sshfpfingerprint target" },
	{ "TLSA", "certificate_usage selector matching_type certificate_association_data", "tlsausage tlsaselector tlsamatchingtype target" },
	{ "SMIMEA", NULL, "smimeausage smimeaselector smimeamatchingtype target" },
	{ "NAPTR", "order preference ~flags ~service ~regexp replacement", "naptrorder naptrpreference ~naptrflags ~naptrservice ~naptrregexp target" },
	{ "URI", "priority weight ~target", NULL },
	{ "SVCB", "svcpriority targetname *svcparams", "svcpriority target *svcparams" },
	{ "HTTPS", "svcpriority targetname *svcparams", "svcpriority target *svcparams" },
	{ "LOC", "lat_degrees lat_minutes lat_seconds lat_direction long_degrees long_minutes long_seconds long_direction altitude size precision_horz precision_vert", NULL },
};
enum { OCTODNS_TTL = 3600, DNSCONTROL_TTL = 300 };        /* what the tools take where none is written */

struct tool {
	const struct afd_doc *doc;
	struct afd_zone_reader *reader;
	const struct afd_dns_name *zone;
	struct afd_buf line;
	bool octodns;
	uint64_t *skipped;
	afd_zone_rr_fn fn;
	void *ctx;
};

static const struct layout *layout_of(const char *type)
{
	for (size_t i = 0; i < AFD_COUNT(layouts); i++)
		if (strcmp(layouts[i].type, type) == 0)
			return &layouts[i];
	return NULL;
}

/* --- pieces of a line --- */

/* A word that is one: nothing in it can end it. */
static int add_word(struct tool *t, const char *s)
{
	for (const char *p = s; *p; p++)
		if ((uint8_t)*p <= 0x20 || *p == 0x7f || strchr("\"();", *p))
			return -1;
	return *s ? afd_buf_printf(&t->line, " %s", s) : -1;
}

static int add_char(struct tool *t, uint8_t c)
{
	if (c == '"' || c == '\\')
		return afd_buf_add(&t->line, (const char[]){ '\\', (char)c }, 2);
	return c < 0x20 || c >= 0x7f ? afd_buf_printf(&t->line, "\\%03u", c) : afd_buf_u8(&t->line, c);
}

static int add_string(struct tool *t, const char *s)
{
	if (afd_buf_text(&t->line, " \"") < 0)
		return -1;
	for (; *s; s++)
		if (add_char(t, (uint8_t)*s) < 0)
			return -1;
	return afd_buf_text(&t->line, "\"");
}

/* octoDNS writes ";" as "\;". A text that begins with a quote is in the strings that it is to be served in. */
static int add_text(struct tool *t, const char *s)
{
	size_t n = 0;

	if (*s == '"')
		return strpbrk(s, "\n();") && !strchr(s + 1, '"') ? -1 : afd_buf_printf(&t->line, " %s", s);
	if (afd_buf_text(&t->line, " \"") < 0)
		return -1;
	for (; *s; s++, n++) {
		if (t->octodns && s[0] == '\\' && s[1] == ';')
			s++;
		if ((n && n % 255 == 0 && afd_buf_text(&t->line, "\" \"") < 0) || add_char(t, (uint8_t)*s) < 0)
			return -1;
	}
	return afd_buf_text(&t->line, "\"");
}

static int add_params(struct tool *t, const struct afd_node *map)
{
	const char *text = afd_node_text(map);

	if (text)
		return strpbrk(text, "\n();") ? -1 : afd_buf_printf(&t->line, " %s", text);
	if (!map || map->type == AFD_NULL)
		return 0;
	if (map->type != AFD_MAP)
		return -1;
	for (const struct afd_node *p = map->u.list.first; p; p = p->next) {
		const struct afd_node *v = p->type == AFD_LIST ? p->u.list.first : p;
		if (add_word(t, p->key) < 0)
			return -1;
		if (p->type == AFD_NULL)
			continue;
		for (bool first = true; v; v = p->type == AFD_LIST ? v->next : NULL, first = false) {
			AFD_AUTO(mem) char *number = v->type == AFD_INT ? afd_sprintf("%" PRId64, v->u.i) : NULL;
			const char *s = number ? number : afd_node_text(v);
			if (!s || afd_buf_text(&t->line, first ? "=\"" : ",") < 0)
				return -1;
			for (; *s; s++)
				if (add_char(t, (uint8_t)*s) < 0)
					return -1;
		}
		if (afd_buf_text(&t->line, "\"") < 0)
			return -1;
	}
	return 0;
}

/* DNSControl leaves out what is 0 or "". */
static int add_value(struct tool *t, char kind, const struct afd_node *v)
{
	if (kind == '*')
		return add_params(t, v);
	if (v && v->type == AFD_INT)
		return afd_buf_printf(&t->line, " %" PRId64, v->u.i);
	if (v && v->type == AFD_REAL)
		return afd_buf_printf(&t->line, " %.3f", v->u.real);
	const char *s = afd_node_text(v);
	if (!s && (t->octodns || (v && v->type != AFD_NULL)))
		return -1;
	if (kind == '=')
		return add_text(t, s ? s : "");
	return kind == '~' ? add_string(t, s ? s : "") : add_word(t, s ? s : "0");
}

/* KEY of V: "a|b" either */
static const struct afd_node *value_of(const struct afd_node *v, const char *key, size_t n)
{
	char name[64];
	const char *bar = memchr(key, '|', n);
	const size_t first = bar ? (size_t)(bar - key) : n;

	if (v->type != AFD_MAP || first >= sizeof(name))
		return NULL;
	memcpy(name, key, first);
	name[first] = 0;
	const struct afd_node *found = afd_node_get(v, name);
	return found || !bar ? found : value_of(v, bar + 1, n - first - 1);
}

static int add_rdata(struct tool *t, const char *keys, const struct afd_node *v)
{
	if (*keys == 0 || strcmp(keys, "=") == 0)
		return add_value(t, *keys, v);
	while (*keys) {
		const size_t n = strcspn(keys, " ");
		const char kind = strchr("~=*", *keys) ? *keys : 0;
		if (add_value(t, kind, value_of(v, keys + (kind != 0), n - (kind != 0))) < 0)
			return -1;
		keys += n + (keys[n] == ' ');
	}
	return 0;
}

static int give(struct tool *t, const struct afd_node *at, struct afd_error *err)
{
	const struct afd_zone_line l = { .origin = t->zone };
	struct afd_zone_rr rr;

	if (afd_zone_text_line(t->reader, afd_buf_slice(&t->line), &l, &rr, err) != 1)
		return afd_within(err, "%s:%u", afd_doc_name(t->doc), at->line);
	if (!afd_dns_name_below(rr.owner, t->zone))
		return afd_node_fail(t->doc, at, err, "a name of the zone");
	return t->fn(t->ctx, &rr, err);
}

/* One value of the record set at AT */
static int one(struct tool *t, const char *owner, int64_t ttl, const char *type, const struct afd_node *v, struct afd_error *err)
{
	const struct layout *l = layout_of(type);
	const char *keys = l ? t->octodns ? l->octodns : l->dnscontrol : NULL;
	uint16_t number;

	if (afd_dns_type_parse(afd_slice_text(type), &number) < 0) {
		++*t->skipped;
		return 0;
	}
	if (!keys)
		return afd_node_fail(t->doc, v, err, "a type that is read of this tool");
	t->line.len = 0;
	if (ttl < 0 || ttl > INT32_MAX)
		return afd_node_fail(t->doc, v, err, "a time to live");
	/* The blank that a word begins with would mean "the owner before". */
	if (add_word(t, *owner ? owner : "@") < 0)
		return afd_node_fail(t->doc, v, err, "a name");
	memmove(t->line.data, t->line.data + 1, t->line.len--);
	if (afd_buf_printf(&t->line, " %" PRId64 " IN %s", ttl, type) < 0)
		return afd_fail_memory(err);
	if (add_rdata(t, keys, v) < 0)
		return afd_node_fail(t->doc, v, err, "the values of its type");
	return give(t, v, err);
}

static int64_t ttl_of(const struct afd_node *map, int64_t other)
{
	const struct afd_node *n = afd_node_get(map, "ttl");
	return !n || n->type == AFD_NULL ? other : n->type == AFD_INT ? n->u.i : -1;
}

/* --- octoDNS: name -> {type, ttl, value or values}, or a list of those --- */

static int octodns_set(struct tool *t, const char *owner, const char *type, const struct afd_node *set, struct afd_error *err)
{
	const struct afd_node *values = afd_node_get(set, "values"), *value = afd_node_get(set, "value");
	const int64_t ttl = ttl_of(set, OCTODNS_TTL);

	if (set->type != AFD_MAP || !type)
		return afd_node_fail(t->doc, set, err, "a map with type and value");
	if (!values)
		values = value;
	if (!values)
		return afd_node_fail(t->doc, set, err, "value or values");
	if (values->type != AFD_LIST)
		return one(t, owner, ttl, type, values, err);
	for (const struct afd_node *v = values->u.list.first; v; v = v->next)
		if (one(t, owner, ttl, type, v, err) < 0)
			return -1;
	return 0;
}

static int octodns_zone(struct tool *t, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(t->doc);

	if (root->type != AFD_MAP)
		return afd_node_fail(t->doc, root, err, "a map of names");
	for (const struct afd_node *n = root->u.list.first; n; n = n->next) {
		const struct afd_node *set = n->type == AFD_LIST ? n->u.list.first : n;
		for (; set; set = n->type == AFD_LIST ? set->next : NULL)
			if (octodns_set(t, n->key, afd_node_text(afd_node_get(set, "type")), set, err) < 0)
				return -1;
	}
	return 0;
}

static int run(struct tool *t, int (*walk)(struct tool *t, struct afd_error *err), struct afd_error *err)
{
	t->reader = afd_zone_reader_new();
	const int r = t->reader ? walk(t, err) : afd_fail_memory(err);
	afd_zone_reader_free(t->reader);
	afd_buf_release(&t->line);
	return r;
}

int afd_octodns_walk(struct afd_slice bytes, const struct afd_dns_name *zone, afd_zone_rr_fn fn, void *ctx, uint64_t *skipped,
                     struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_yaml_parse(bytes, "octodns", &d, err) < 0)
		return -1;
	struct tool t = { .doc = d, .zone = zone, .octodns = true, .skipped = skipped, .fn = fn, .ctx = ctx };
	return run(&t, octodns_zone, err);
}

int afd_octodns_set_walk(const struct afd_doc *d, const struct afd_node *set, const char *owner, const char *type, const struct afd_dns_name *zone,
                         afd_zone_rr_fn fn, void *ctx, uint64_t *skipped, struct afd_error *err)
{
	struct tool t = { .doc = d, .zone = zone, .octodns = true, .skipped = skipped, .fn = fn, .ctx = ctx, .reader = afd_zone_reader_new() };
	const int r = t.reader ? octodns_set(&t, owner, type, set, err) : afd_fail_memory(err);

	afd_zone_reader_free(t.reader);
	afd_buf_release(&t.line);
	return r;
}

/* --- DNSControl: {"domains": [{"name", "records": [{"type", "name", "ttl", "target", ...}]}]} --- */

static int dnscontrol_record(struct tool *t, const struct afd_node *r, struct afd_error *err)
{
	const char *type = afd_node_text(afd_node_get(r, "type")), *name = afd_node_text(afd_node_get(r, "name"));
	const struct afd_node *strings = afd_node_get(r, "txtstrings");
	const int64_t ttl = ttl_of(r, DNSCONTROL_TTL);

	if (!type || !name)
		return afd_node_fail(t->doc, r, err, "a record with type and name");
	/* Older versions keep all strings of a text here, and the first alone in target. */
	if (strings && strings->type == AFD_LIST && strcmp(type, "TXT") == 0) {
		t->line.len = 0;
		if (add_word(t, name) < 0)
			return afd_node_fail(t->doc, r, err, "a name");
		memmove(t->line.data, t->line.data + 1, t->line.len--);
		if (ttl < 0 || ttl > INT32_MAX || afd_buf_printf(&t->line, " %" PRId64 " IN TXT", ttl) < 0)
			return afd_node_fail(t->doc, r, err, "a time to live");
		for (const struct afd_node *s = strings->u.list.first; s; s = s->next)
			if (!afd_node_text(s) || add_string(t, afd_node_text(s)) < 0)
				return afd_node_fail(t->doc, s, err, "text");
		return give(t, r, err);
	}
	return one(t, name, ttl, type, r, err);
}

static int dnscontrol_zone(struct tool *t, struct afd_error *err)
{
	const struct afd_node *root = afd_doc_root(t->doc), *domains = afd_node_get(root, "domains");
	char zone[AFD_DNS_TEXT_MAX];

	afd_dns_name_text(t->zone, true, zone);
	if (!domains || domains->type != AFD_LIST)
		return afd_node_fail(t->doc, root, err, "domains, a list");
	for (const struct afd_node *d = domains->u.list.first; d; d = d->next) {
		const char *name = afd_node_text(afd_node_get(d, "name"));
		const struct afd_node *records = afd_node_get(d, "records");
		if (!name || strcmp(name, zone) != 0)
			continue;
		if (!records || records->type != AFD_LIST)
			return afd_node_fail(t->doc, d, err, "records, a list");
		for (const struct afd_node *r = records->u.list.first; r; r = r->next)
			if (dnscontrol_record(t, r, err) < 0)
				return -1;
		return 0;
	}
	return afd_fail(err, AFD_E_PARSE, "%s: no domain is named %s", afd_doc_name(t->doc), zone);
}

int afd_dnscontrol_walk(struct afd_slice bytes, const struct afd_dns_name *zone, afd_zone_rr_fn fn, void *ctx, uint64_t *skipped,
                        struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_json_parse(bytes, "dnscontrol", &d, err) < 0)
		return -1;
	struct tool t = { .doc = d, .zone = zone, .skipped = skipped, .fn = fn, .ctx = ctx };
	return run(&t, dnscontrol_zone, err);
}
