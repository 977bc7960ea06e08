/* Questions and what is remembered of them. */
#include "collector/probe/probe.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { UDP_SIZE = 1232, DEAD_AFTER = 2 };

static uint32_t hash_of(const char *name, uint16_t type)
{
	uint32_t h = 2166136261u ^ type;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h;
}

/* What serves every zone: the way from the root. */
static bool is_shared(const char *purpose)
{
	return strcmp(purpose, "walk") == 0 || strcmp(purpose, "chain") == 0 || strcmp(purpose, "address") == 0;
}

static bool same_server(const struct server *a, const struct server *b)
{
	return a->port == b->port && strcmp(a->address, b->address) == 0;
}

static bool is_for(const struct known *k, const struct question *q)
{
	return k->type == q->type && k->recurse == q->recurse && k->tcp == q->tcp && same_server(&k->server, q->server) &&
	       strcmp(k->name, q->name) == 0 &&
	       (is_shared(q->purpose) || (strcmp(k->purpose, q->purpose) == 0 && strcmp(k->zone, q->zone) == 0));
}

/* Silent twice in a row, or nobody there: it is not asked again in this run. */
static bool is_dead(const struct probe *p, const struct server *s)
{
	unsigned silent = 0;

	for (size_t i = 0; i < p->n; i++) {
		const struct known *k = &p->known[i];

		if (k->tcp || !same_server(&k->server, s))
			continue;
		silent = strcmp(k->outcome, "answered") == 0 ? 0 : silent + 1;
	}
	return silent >= DEAD_AFTER;
}

static bool tried_tcp(const struct probe *p, const struct server *s)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->known[i].tcp && same_server(&p->known[i].server, s) && strcmp(p->known[i].outcome, "answered") != 0)
			return true;
	return false;
}

enum planned afd_probe_ask(struct probe *p, const struct question *q, const struct known **ret, struct afd_error *err)
{
	uint32_t h = hash_of(q->name, q->type);

	*ret = NULL;
	if (++p->steps > PROBE_STEPS)
		return afd_fail(err, AFD_E_LIMIT, "%s: its delegations lead in too many directions", q->zone);
	for (size_t i = 0; i < p->n; i++)
		if (p->known[i].hash == h && is_for(&p->known[i], q))
			return *ret = &p->known[i], KNOWN;
	/* The first question about a zone, and the last one on a way, are asked in any case: they are what says that it is dead. */
	if (strcmp(q->purpose, "soa") != 0 && strcmp(q->purpose, "target") != 0 &&
	    (q->tcp ? tried_tcp(p, q->server) : is_dead(p, q->server)))
		return KNOWN;
	if (strlen(q->name) >= sizeof(p->want.name))
		return KNOWN;
	if (p->questions >= p->most_questions)
		return afd_fail(err, AFD_E_LIMIT, "%s: more than %llu questions in one run", q->zone, (unsigned long long)p->most_questions);
	if (p->n - p->zone_from >= PROBE_ZONE_QUESTIONS)
		return afd_fail(err, AFD_E_LIMIT, "%s: more than %d questions about one zone", q->zone, PROBE_ZONE_QUESTIONS);
	p->want.set = true;
	snprintf(p->want.purpose, sizeof(p->want.purpose), "%s", q->purpose);
	snprintf(p->want.zone, sizeof(p->want.zone), "%s", q->zone);
	snprintf(p->want.name, sizeof(p->want.name), "%s", q->name);
	p->want.server = *q->server;
	p->want.type = q->type;
	p->want.recurse = q->recurse;
	p->want.tcp = q->tcp;
	return WANTS;
}

/* No recursion asked for, DNSSEC wanted (RFC 3225); 1232 bytes pass everywhere. A transfer carries no EDNS: nothing in
 * its answer is of interest but whether there is one. */
int afd_probe_query(struct probe *p, struct afd_error *err)
{
	struct afd_dns_name name;
	bool edns = p->want.type != AFD_DNS_AXFR;
	struct afd_buf *b = &p->query;
	uint16_t id;

	b->len = 0;
	if (afd_dns_name_parse(afd_slice_text(p->want.name), &name, err) < 0)
		return -1;
	if (afd_random(p->env, &id, sizeof(id)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes for the query's ID");
	if (afd_buf_u16(b, id) < 0 || afd_buf_u16(b, p->want.recurse ? 0x0100 : 0) < 0 || afd_buf_u16(b, 1) < 0 || afd_buf_u32(b, 0) < 0 ||
	    afd_buf_u16(b, edns) < 0 || afd_buf_add(b, name.wire, name.len) < 0 || afd_buf_u16(b, p->want.type) < 0 ||
	    afd_buf_u16(b, AFD_DNS_IN) < 0)
		return afd_fail_memory(err);
	if (edns && (afd_buf_u8(b, 0) < 0 || afd_buf_u16(b, AFD_DNS_OPT) < 0 || afd_buf_u16(b, UDP_SIZE) < 0 || afd_buf_u32(b, 0x8000) < 0 ||
		     afd_buf_u16(b, 0) < 0))
		return afd_fail_memory(err);
	return 0;
}

int afd_probe_remember(struct probe *p, struct afd_slice body, const char *outcome, int64_t at_ms, struct afd_error *err)
{
	struct known k = { .hash = hash_of(p->want.name, p->want.type), .server = p->want.server, .type = p->want.type,
			   .recurse = p->want.recurse, .tcp = p->want.tcp, .shared = is_shared(p->want.purpose), .outcome = outcome, .at_ms = at_ms };
	size_t cap = p->cap ? 2 * p->cap : 256;

	if (p->n == p->cap) {
		struct known *more = realloc(p->known, cap * sizeof(*more));

		if (!more)
			return afd_fail_memory(err);
		p->known = more;
		p->cap = cap;
	}
	k.purpose = afd_strdup(p->want.purpose);
	k.zone = afd_strdup(p->want.zone);
	k.name = afd_strdup(p->want.name);
	if (!body.len && (afd_buf_u16(&k.frames, (uint16_t)p->query.len) < 0 || afd_buf_add_slice(&k.frames, afd_buf_slice(&p->query)) < 0))
		return afd_fail_memory(err);
	if (!k.purpose || !k.zone || !k.name || afd_buf_add_slice(&k.frames, body) < 0)
		return afd_fail_memory(err);
	p->known[p->n++] = k;
	p->questions++;
	p->want.set = false;
	return 0;
}

void afd_probe_release(struct probe *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->known[i].purpose);
		free(p->known[i].zone);
		free(p->known[i].name);
		afd_buf_release(&p->known[i].frames);
	}
	free(p->known);
	p->known = NULL;
	p->n = p->cap = 0;
	afd_buf_release(&p->query);
}

struct afd_probe_exchange afd_probe_known_exchange(const struct known *k)
{
	return (struct afd_probe_exchange){ .purpose = k->purpose, .server = k->server.name, .address = k->server.address, .port = k->server.port,
					    .outcome = k->outcome, .at_ms = k->at_ms, .frames = afd_buf_slice(&k->frames) };
}

bool afd_probe_known_view(const struct known *k, struct afd_probe_view *ret)
{
	struct afd_probe_exchange x = afd_probe_known_exchange(k);

	if (afd_probe_view(&x, ret, NULL) < 0 || !ret->answered)
		return false;
	ret->x = NULL;
	return afd_probe_rcode(ret) == 0 || afd_probe_rcode(ret) == 3;
}

int afd_probe_server_parse(const char *text, uint16_t port, struct server *ret, struct afd_error *err)
{
	const char *at = strchr(text, '@');
	size_t n = at ? (size_t)(at - text) : strlen(text);
	uint8_t raw[16];
	unsigned v = 0;

	*ret = (struct server){ .port = port };
	if (n >= sizeof(ret->address))
		return afd_fail(err, AFD_E_CONFIG, "%.60s: expected an address", text);
	memcpy(ret->address, text, n);
	if (inet_pton(AF_INET, ret->address, raw) != 1 && inet_pton(AF_INET6, ret->address, raw) != 1)
		return afd_fail(err, AFD_E_CONFIG, "%.60s: expected an address, or ADDRESS@PORT", text);
	for (const char *c = at ? at + 1 : ""; *c; c++) {
		if (*c < '0' || *c > '9' || (v = v * 10 + (unsigned)(*c - '0')) > 65535)
			return afd_fail(err, AFD_E_CONFIG, "%.60s: expected a port of 1 to 65535", text);
	}
	if (at && v == 0)
		return afd_fail(err, AFD_E_CONFIG, "%.60s: expected a port of 1 to 65535", text);
	ret->port = at ? (uint16_t)v : port;
	return 0;
}
