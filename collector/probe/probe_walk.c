/* The walk from the root to the zone that holds a name, one label after the other, so that no cut is missed: each question
 * tells its servers no more than they need (RFC 9156). */
#include "collector/probe/probe.h"

#include <arpa/inet.h>
#include <stdio.h>

enum { TRIES = 4 };

/* --- records of an answer --- */

static bool owner_is(const struct afd_dns_rr *rr, const char *owner)
{
	char text[AFD_DNS_TEXT_MAX];

	if (!owner)
		return true;
	afd_dns_name_text(&rr->owner, true, text);
	return strcmp(text, owner) == 0;
}

static void add_host(struct hosts *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->at[i], name) == 0)
			return;
	if (h->n < PROBE_HOSTS && strlen(name) < PROBE_NAME)
		snprintf(h->at[h->n++], PROBE_NAME, "%s", name);
}

void afd_probe_targets(const struct afd_probe_view *v, unsigned section, const char *owner, uint16_t type, struct hosts *ret)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, section);
	struct afd_dns_rr rr;

	while (afd_dns_next(&w, &rr)) {
		size_t at = rr.rdata + (type == RR_MX ? 2 : 0);
		struct afd_dns_name n;
		char text[AFD_DNS_TEXT_MAX];

		if (rr.type != type || rr.rclass != AFD_DNS_IN || !owner_is(&rr, owner) || (type == RR_MX && rr.rdlen < 3))
			continue;
		if (afd_dns_name_read(v->m.whole, &at, true, &n, NULL) < 0 || at != rr.rdata + rr.rdlen)
			continue;
		afd_dns_name_text(&n, true, text);
		add_host(ret, text);
	}
}

static void add_server(struct servers *s, const char *name, const char *address, uint16_t port)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].port == port && strcmp(s->at[i].address, address) == 0)
			return;
	if (s->n == PROBE_SERVERS)
		return;
	s->at[s->n].port = port;
	snprintf(s->at[s->n].name, sizeof(s->at[s->n].name), "%s", name);
	snprintf(s->at[s->n].address, sizeof(s->at[s->n].address), "%s", address);
	s->n++;
}

/* Addresses of HOST in a section: glue, or an answer. */
static size_t take_addresses(const struct probe *p, const struct afd_probe_view *v, unsigned section, const char *host, struct servers *ret)
{
	struct afd_dns_walk w = afd_dns_walk(&v->m, section);
	struct afd_dns_rr rr;
	size_t found = 0;

	while (afd_dns_next(&w, &rr)) {
		char text[64];
		bool v4 = rr.type == RR_A && rr.rdlen == 4, v6 = rr.type == RR_AAAA && rr.rdlen == 16;

		if (rr.rclass != AFD_DNS_IN || (!v4 && !v6) || !owner_is(&rr, host))
			continue;
		found++;
		if (v6 && !p->ipv6)
			continue;
		inet_ntop(v4 ? AF_INET : AF_INET6, v->m.whole.data + rr.rdata, text, sizeof(text));
		add_server(ret, host, text, p->port);
	}
	return found;
}

/* --- asking --- */

enum planned afd_probe_any(struct probe *p, const struct servers *s, struct question q, const struct known **ret, struct afd_error *err)
{
	struct afd_probe_view v;

	for (size_t i = 0, tried = 0; i < s->n && tried < TRIES; i++) {
		const struct known *k;
		enum planned r;

		q.server = &s->at[i];
		r = afd_probe_ask(p, &q, &k, err);
		if (r != KNOWN)
			return r;
		tried += k != NULL;
		if (k && afd_probe_known_view(k, &v)) {
			*ret = k;
			return KNOWN;
		}
	}
	*ret = NULL;
	return KNOWN;
}

enum planned afd_probe_addresses(struct probe *p, const char *zone, const char *host, unsigned depth, struct servers *ret, struct afd_error *err)
{
	static const uint16_t types[] = { RR_A, RR_AAAA };
	struct afd_probe_view v;

	for (size_t i = 0; i < AFD_COUNT(types); i++) {
		const struct known *k;
		enum planned r;

		if (types[i] == RR_AAAA && !p->ipv6)
			continue;
		r = afd_probe_find(p, "address", zone, host, types[i], depth, &k, err);
		if (r != KNOWN)
			return r;
		if (k && afd_probe_known_view(k, &v))
			take_addresses(p, &v, AFD_DNS_ANSWER, host, ret);
	}
	return KNOWN;
}

/* --- one step down --- */

/* The cut that an answer tells: a referral in the authority section, or the name servers of a zone that the same server
 * holds as well. "" in RET: none. */
static void told_cut(const struct afd_probe_view *v, const char *above, const char *child, char ret[PROBE_NAME])
{
	bool aa = v->m.flags & AFD_DNS_AA;
	struct afd_dns_walk w = afd_dns_walk(&v->m, aa ? AFD_DNS_ANSWER : AFD_DNS_AUTHORITY);
	struct afd_dns_rr rr;

	*ret = 0;
	while (afd_dns_next(&w, &rr)) {
		char owner[AFD_DNS_TEXT_MAX];

		if (rr.type != RR_NS || rr.rclass != AFD_DNS_IN)
			continue;
		afd_dns_name_text(&rr.owner, true, owner);
		if (strcmp(owner, above) != 0 && afd_name_within(owner, above) && afd_name_within(child, owner) && strcmp(owner, ".") != 0 &&
		    strlen(owner) < PROBE_NAME) {
			memcpy(ret, owner, strlen(owner) + 1);
			return;
		}
	}
}

/* Servers of the cut: from glue; where there is none, looked for, until there is one that can be asked. */
static enum planned find_servers(struct probe *p, const char *zone, const struct afd_probe_view *v, unsigned depth, struct cut *c, struct afd_error *err)
{
	bool aa = v->m.flags & AFD_DNS_AA;

	afd_probe_targets(v, aa ? AFD_DNS_ANSWER : AFD_DNS_AUTHORITY, c->zone, RR_NS, &c->hosts);
	for (size_t i = 0; i < c->hosts.n; i++)
		take_addresses(p, v, AFD_DNS_ADDITIONAL, c->hosts.at[i], &c->servers);
	for (size_t i = 0; i < c->hosts.n && i < TRIES && c->servers.n == 0 && depth < PROBE_DEPTH; i++) {
		enum planned r = afd_probe_addresses(p, zone, c->hosts.at[i], depth + 1, &c->servers, err);

		if (r != KNOWN)
			return r;
	}
	return KNOWN;
}

/* The last N labels of NAME (canonical text, dots inside labels escaped). */
static const char *last_labels(const char *name, unsigned n)
{
	const char *start[128];
	unsigned k = 0;

	start[k++] = name;
	for (const char *s = name; *s && k < 128; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '.' && s[1])
			start[k++] = s + 1;
	}
	return n <= k ? start[k - n] : NULL;
}

enum planned afd_probe_walk(struct probe *p, const char *zone, const char *name, unsigned depth, struct way *ret, struct afd_error *err)
{
	struct afd_probe_view v;

	memset(&ret->at[0], 0, sizeof(ret->at[0]));
	ret->nothing = false;
	snprintf(ret->at[0].zone, sizeof(ret->at[0].zone), ".");
	ret->at[0].servers = p->roots;
	ret->n = 1;
	for (unsigned n = 1; strcmp(name, ".") != 0 && last_labels(name, n) && ret->n < PROBE_CUTS; n++) {
		const char *child = last_labels(name, n);
		struct cut *c = &ret->at[ret->n - 1], *next = &ret->at[ret->n];
		const struct known *k;
		enum planned r = afd_probe_any(p, &c->servers, (struct question){ .purpose = "walk", .zone = zone, .name = child, .type = RR_NS }, &k, err);

		if (r != KNOWN)
			return r;
		if (!k || !afd_probe_known_view(k, &v))
			break;
		memset(next, 0, sizeof(*next));
		told_cut(&v, c->zone, child, next->zone);
		if (next->zone[0]) {
			r = find_servers(p, zone, &v, depth, next, err);
			if (r != KNOWN)
				return r;
			ret->n++;
		} else if (afd_probe_rcode(&v) == 3) {
			ret->nothing = true;
			break;
		}
	}
	return KNOWN;
}

enum planned afd_probe_find(struct probe *p, const char *purpose, const char *zone, const char *name, uint16_t type, unsigned depth,
			    const struct known **ret, struct afd_error *err)
{
	AFD_AUTO(mem) struct way *way = malloc(sizeof(*way));
	enum planned r;

	*ret = NULL;
	if (!way)
		return afd_fail_memory(err);
	if (depth > PROBE_DEPTH)
		return KNOWN;
	r = afd_probe_walk(p, zone, name, depth, way, err);
	if (r != KNOWN)
		return r;
	return afd_probe_any(p, &way->at[way->n - 1].servers, (struct question){ .purpose = purpose, .zone = zone, .name = name, .type = type }, ret, err);
}
