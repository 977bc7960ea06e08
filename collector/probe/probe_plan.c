/* What is asked about a zone: of its parent, of each of its servers, and of what its records lead to. */
#include "collector/probe/probe.h"

#include <stdio.h>

enum { PARENTS = 2, CHASE = 8 };

/* What each server of the zone is asked. NAME: a label in front of the zone, "" the zone itself, NULL the label that
 * nobody has. */
static const struct { const char *purpose, *label; uint16_t type; bool recurse, tcp; } rows[] = {
	{ "soa", "", AFD_DNS_SOA, false, false },
	{ "ns", "", RR_NS, false, false },
	{ "dnskey", "", RR_DNSKEY, false, false },
	{ "caa", "", RR_CAA, false, false },
	{ "challenge", "_acme-challenge", RR_TXT, false, false },
	{ "persist", "_validation-persist", RR_TXT, false, false },
	{ "nsec3param", "", RR_NSEC3PARAM, false, false },
	{ "cds", "", RR_CDS, false, false },
	{ "cdnskey", "", RR_CDNSKEY, false, false },
	{ "denial", NULL, RR_A, false, false },
	{ "denial", "", RR_NOBODYS, false, false },
	{ "recursion", ".", RR_NS, true, false },
	{ "open-transfer", "", AFD_DNS_AXFR, false, true },
};

static void put_name(char ret[PROBE_NAME], const char *label, const char *zone)
{
	if (!*label)
		snprintf(ret, PROBE_NAME, "%s", zone);
	else if (strcmp(label, ".") == 0 || strcmp(zone, ".") == 0)
		snprintf(ret, PROBE_NAME, "%s", label);
	else
		snprintf(ret, PROBE_NAME, "%s.%s", label, zone);
}

/* --- the parent --- */

static enum planned ask_parent(struct probe *p, const char *zone, const struct cut *parent, struct afd_error *err)
{
	const struct known *k;
	enum planned r = KNOWN;

	for (size_t i = 0; i < parent->servers.n && i < PARENTS && r == KNOWN; i++)
		r = afd_probe_ask(p, &(struct question){ .purpose = "delegation", .zone = zone, .server = &parent->servers.at[i], .name = zone, .type = RR_NS },
				  &k, err);
	return r != KNOWN ? r : afd_probe_any(p, &parent->servers, (struct question){ .purpose = "ds", .zone = zone, .name = zone, .type = RR_DS }, &k, err);
}

/* Keys and DS of the zones above, for the chain. */
static enum planned ask_chain(struct probe *p, const char *zone, const struct way *way, struct afd_error *err)
{
	for (size_t i = 0; i + 1 < way->n; i++) {
		struct question q = { .purpose = "chain", .zone = zone, .name = way->at[i].zone, .type = RR_DNSKEY };
		const struct known *k;
		enum planned r = afd_probe_any(p, &way->at[i].servers, q, &k, err);

		q.type = RR_DS;
		if (r == KNOWN && i > 0)
			r = afd_probe_any(p, &way->at[i - 1].servers, q, &k, err);
		if (r != KNOWN)
			return r;
	}
	return KNOWN;
}

/* --- its servers --- */

static int fixed_servers(const struct probe *p, const char *zone, struct servers *ret, struct afd_error *err)
{
	for (size_t i = 0; i < p->n_fixed; i++) {
		char own[PROBE_NAME], name[PROBE_NAME], address[80];
		int end = 0;

		if (sscanf(p->fixed[i], "%399s %399s %79s%n", own, name, address, &end) != 3 || p->fixed[i][end])
			return afd_fail(err, AFD_E_CONFIG, "servers: expected \"ZONE NAME ADDRESS[@PORT]\", got \"%.100s\"", p->fixed[i]);
		if (strcmp(own, zone) != 0 || ret->n == PROBE_SERVERS)
			continue;
		if (afd_probe_server_parse(address, p->port, &ret->at[ret->n], err) < 0)
			return -1;
		snprintf(ret->at[ret->n++].name, PROBE_NAME, "%s", name);
	}
	return 0;
}

static bool has_name(const struct servers *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->at[i].name, name) == 0)
			return true;
	return false;
}

static enum planned all_servers(struct probe *p, const char *zone, const struct cut *c, struct servers *ret, struct afd_error *err)
{
	enum planned r = KNOWN;

	ret->n = 0;
	if (fixed_servers(p, zone, ret, err) < 0)
		return FAILED;
	if (ret->n)
		return KNOWN;
	*ret = c->servers;
	for (size_t i = 0; i < c->hosts.n && r == KNOWN; i++)
		if (!has_name(&c->servers, c->hosts.at[i]))
			r = afd_probe_addresses(p, zone, c->hosts.at[i], 1, ret, err);
	return r;
}

static enum planned ask_server(struct probe *p, const char *zone, const struct server *s, struct hosts *aliases, struct afd_error *err)
{
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		char name[PROBE_NAME];
		struct question q = { .purpose = rows[i].purpose, .zone = zone, .server = s, .name = name, .type = rows[i].type,
				      .recurse = rows[i].recurse, .tcp = rows[i].tcp };
		struct afd_probe_view v;
		const struct known *k;
		enum planned r;

		put_name(name, rows[i].label ? rows[i].label : p->nobody, zone);
		r = afd_probe_ask(p, &q, &k, err);
		if (r != KNOWN)
			return r;
		if (k && !q.tcp && afd_probe_known_view(k, &v) && strcmp(q.purpose, "challenge") == 0)
			afd_probe_targets(&v, AFD_DNS_ANSWER, name, RR_CNAME, aliases);
	}
	return KNOWN;
}

/* --- what its records lead to --- */

/* NAME, and what its aliases lead to. */
static enum planned chase(struct probe *p, const char *zone, const char *name, uint16_t type, struct afd_error *err)
{
	char at[PROBE_NAME];

	snprintf(at, sizeof(at), "%s", name);
	for (unsigned i = 0; i < CHASE; i++) {
		struct hosts next = { .n = 0 };
		struct afd_probe_view v;
		const struct known *k;
		enum planned r = afd_probe_find(p, "target", zone, at, type, 0, &k, err);

		if (r != KNOWN)
			return r;
		if (!k || !afd_probe_known_view(k, &v))
			break;
		afd_probe_targets(&v, AFD_DNS_ANSWER, at, RR_CNAME, &next);
		if (next.n == 0)
			break;
		snprintf(at, sizeof(at), "%s", next.at[0]);
	}
	return KNOWN;
}

/* One question to any server of the zone; what its answer leads to is collected. */
static enum planned ask_for_targets(struct probe *p, const struct servers *s, struct question q, uint16_t leads, struct hosts *ret, struct afd_error *err)
{
	struct afd_probe_view v;
	const struct known *k;
	enum planned r = afd_probe_any(p, s, q, &k, err);

	if (r == KNOWN && k && afd_probe_known_view(k, &v))
		afd_probe_targets(&v, AFD_DNS_ANSWER, q.name, leads, ret);
	return r;
}

static enum planned ask_service(struct probe *p, const char *zone, const struct servers *s, const char *host, struct hosts *targets,
				struct hosts *aliases, struct afd_error *err)
{
	const char *plain = strncmp(host, "*.", 2) == 0 ? host + 2 : host;
	char challenge[PROBE_NAME];
	enum planned r = ask_for_targets(p, s, (struct question){ .purpose = "service", .zone = zone, .name = host, .type = RR_A }, RR_CNAME, targets, err);

	if (r != KNOWN || strlen(plain) + 20 > sizeof(challenge) || strcmp(plain, zone) == 0)
		return r;
	put_name(challenge, "_acme-challenge", plain);
	return ask_for_targets(p, s, (struct question){ .purpose = "challenge", .zone = zone, .name = challenge, .type = RR_TXT }, RR_CNAME, aliases, err);
}

static enum planned ask_glue(struct probe *p, const char *zone, const struct servers *s, const struct hosts *h, struct afd_error *err)
{
	static const uint16_t types[] = { RR_A, RR_AAAA };
	enum planned r = KNOWN;

	for (size_t i = 0; i < h->n && r == KNOWN; i++)
		for (size_t t = 0; t < AFD_COUNT(types) && r == KNOWN && afd_name_within(h->at[i], zone); t++) {
			const struct known *k;

			r = afd_probe_any(p, s, (struct question){ .purpose = "glue", .zone = zone, .name = h->at[i], .type = types[t] }, &k, err);
		}
	return r;
}

static enum planned chase_all(struct probe *p, const char *zone, const struct hosts *h, uint16_t type, bool outside, struct afd_error *err)
{
	enum planned r = KNOWN;

	for (size_t i = 0; i < h->n && r == KNOWN; i++)
		if (strcmp(h->at[i], ".") != 0 && !(outside && afd_name_within(h->at[i], zone)))
			r = chase(p, zone, h->at[i], type, err);
	return r;
}

static enum planned ask_targets(struct probe *p, const char *zone, const struct probe_result *z, struct hosts *aliases, struct afd_error *err)
{
	const struct cut *c = &z->way.at[z->way.n - 1];
	struct hosts mx = { .n = 0 }, hosts = { .n = 0 }, ns = c->hosts;
	enum planned r = ask_for_targets(p, &z->servers, (struct question){ .purpose = "mx", .zone = zone, .name = zone, .type = RR_MX }, RR_MX, &mx, err);

	if (r == KNOWN)
		r = ask_for_targets(p, &z->servers, (struct question){ .purpose = "ns", .zone = zone, .name = zone, .type = RR_NS }, RR_NS, &ns, err);
	for (size_t i = 0; i < p->n_host && r == KNOWN; i++)
		if (afd_name_within(p->host[i], zone) && strlen(p->host[i]) < PROBE_NAME - 20)
			r = ask_service(p, zone, &z->servers, p->host[i], &hosts, aliases, err);
	if (r == KNOWN)
		r = ask_glue(p, zone, &z->servers, &ns, err);
	if (r == KNOWN)
		r = chase_all(p, zone, &ns, RR_A, true, err);
	if (r == KNOWN)
		r = chase_all(p, zone, &mx, RR_A, false, err);
	if (r == KNOWN)
		r = chase_all(p, zone, &hosts, RR_A, false, err);
	return r == KNOWN ? chase_all(p, zone, aliases, RR_TXT, false, err) : r;
}

enum planned afd_probe_zone(struct probe *p, const char *zone, struct probe_result *ret, struct afd_error *err)
{
	struct hosts aliases = { .n = 0 };
	const struct cut *last;
	enum planned r;

	p->steps = 0;
	p->want.set = false;
	ret->servers.n = 0;
	r = afd_probe_walk(p, zone, zone, 0, &ret->way, err);
	if (r != KNOWN)
		return r;
	last = &ret->way.at[ret->way.n - 1];
	if (strcmp(last->zone, zone) != 0)
		return ask_parent(p, zone, last, err);
	if (ret->way.n > 1)
		r = ask_parent(p, zone, last - 1, err);
	if (r == KNOWN)
		r = ask_chain(p, zone, &ret->way, err);
	if (r == KNOWN)
		r = all_servers(p, zone, last, &ret->servers, err);
	for (size_t i = 0; i < ret->servers.n && r == KNOWN; i++)
		r = ask_server(p, zone, &ret->servers.at[i], &aliases, err);
	return r == KNOWN ? ask_targets(p, zone, ret, &aliases, err) : r;
}
