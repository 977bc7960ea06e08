/* The join for caa-issuer-permitted. */
#include "check_joins.h"

#include <stdio.h>

#define REUSE (8 * INT64_C(3600000))

/* The table of the check. */
static const struct { const char *domain, *organisation; } authority[] = {
	{ "letsencrypt.org", "Let's Encrypt" }, { "letsencrypt.org", "Internet Security Research Group" }, { "pki.goog", "Google Trust Services" },
	{ "pki.goog", "Google Trust Services LLC" }, { "digicert.com", "DigiCert Inc" }, { "digicert.com", "DigiCert, Inc." },
	{ "www.digicert.com", "DigiCert Inc" }, { "www.digicert.com", "DigiCert, Inc." }, { "symantec.com", "DigiCert Inc" },
	{ "geotrust.com", "DigiCert Inc" }, { "thawte.com", "DigiCert Inc" }, { "rapidssl.com", "DigiCert Inc" }, { "sectigo.com", "Sectigo Limited" },
	{ "comodo.com", "Sectigo Limited" }, { "comodoca.com", "Sectigo Limited" }, { "usertrust.com", "Sectigo Limited" },
	{ "trust-provider.com", "Sectigo Limited" }, { "sectigo.com", "ZeroSSL" }, { "amazon.com", "Amazon" }, { "amazontrust.com", "Amazon" },
	{ "awstrust.com", "Amazon" }, { "amazonaws.com", "Amazon" }, { "aws.amazon.com", "Amazon" }, { "globalsign.com", "GlobalSign nv-sa" },
	{ "ssl.com", "SSL Corporation" }, { "ssl.com", "SSL Corp" }, { "ssl.com", "CLOUDFLARE, INC." }, { "entrust.net", "Entrust, Inc." },
	{ "entrust.net", "Entrust Limited" }, { "affirmtrust.com", "AffirmTrust" }, { "godaddy.com", "GoDaddy.com, Inc." },
	{ "starfieldtech.com", "GoDaddy.com, Inc." }, { "godaddy.com", "Starfield Technologies, Inc." },
	{ "starfieldtech.com", "Starfield Technologies, Inc." }, { "identrust.com", "IdenTrust" }, { "buypass.com", "Buypass AS-983163327" },
	{ "buypass.no", "Buypass AS-983163327" }, { "actalis.it", "Actalis S.p.A." }, { "certum.pl", "Asseco Data Systems S.A." },
	{ "certum.eu", "Asseco Data Systems S.A." }, { "harica.gr", "Hellenic Academic and Research Institutions CA" },
	{ "swisssign.com", "SwissSign AG" }, { "d-trust.net", "D-Trust GmbH" }, { "telesec.de", "Deutsche Telekom Security GmbH" },
	{ "quovadisglobal.com", "QuoVadis Limited" }, { "certigna.fr", "Dhimyotis" }, { "certigna.com", "Dhimyotis" }, { "apple.com", "Apple Inc." },
	{ "microsoft.com", "Microsoft Corporation" },
};

struct named { const char *domain, *tbs_key, *name, *base; int64_t logged; uint64_t by; bool wildcard; };
struct cert { const char *tbs_key; int64_t logged; uint64_t by; };       /* BY: the rows of the table that the issuer is */
struct property { const char *tag; uint64_t who; bool somebody, unheard; int64_t from, to; size_t next; };
struct changed { int64_t from, to, until; size_t next; };
struct stood { const char *type, *owner, *zone, *rdata; int64_t from, to; size_t next; };
struct lead { const char *target; int64_t from, to; size_t next; };
struct permits {
	struct afd_arena a;
	struct cert *cert; size_t n_cert;
	struct named *named; size_t n_named;
	struct property *property; size_t n_property;      /* the first of each stands for none, from here on */
	struct changed *changed; size_t n_changed;
	struct stood *stood; size_t n_stood;
	struct lead *lead; size_t n_lead;
	struct map zones, domains, issuers, certs, names, sites, changes, at, leads, held, found;
};

static uint64_t issued_by(struct permits *v, const char *issuer)
{
	struct slot *x = by_text(&v->issuers, issuer, true);
	char *parts, *to;

	if (!is_new(x))
		return (uint64_t)x->w;
	to = parts = afd_arena_printf(&v->a, ",%s,", issuer);
	for (const char *p = parts; *p; p++)
		if (*p != '\\')
			*to++ = *p;
	*to = '\0';
	for (size_t i = 0; i < AFD_COUNT(authority); i++)
		if (strcmp(issuer, authority[i].organisation) == 0 || strstr(parts, afd_arena_printf(&v->a, ",O=%s,", authority[i].organisation)))
			x->w |= (int64_t)(UINT64_C(1) << i);
	return (uint64_t)x->w;
}

static void read_named(struct reader *r, struct permits *v)
{
	while (rows(r, "SELECT name, zone FROM domain WHERE in_scope = 1"))
		if (text_at(r, 1))
			by_text(&v->domains, text_at(r, 0), true);
	while (rows(r, "SELECT id, tbs_key, issuer, logged_ms FROM certificate"))
		if (int_at(r, 3) >= FROM && int_at(r, 3) < T0) {
			*AFD_PUSH(&v->a, v->cert, v->n_cert) = (struct cert){ afd_arena_text(&v->a, text_at(r, 1)), int_at(r, 3), issued_by(v, text_at(r, 2)) };
			by_number(&v->certs, int_at(r, 0), true)->first = v->n_cert - 1;
		}
	while (rows(r, "SELECT certificate_id, name_id, domain FROM certificate_domain")) {
		const struct slot *d = by_text(&v->domains, text_at(r, 2), false), *c = d ? by_number(&v->certs, int_at(r, 0), false) : NULL;
		const struct cert *k = c ? &v->cert[c->first] : NULL;

		if (!k)
			continue;
		*AFD_PUSH(&v->a, v->named, v->n_named) = (struct named){ .domain = d->key, .tbs_key = k->tbs_key, .logged = k->logged, .by = k->by };
		by_number(&v->names, int_at(r, 1), true)->first = v->n_named - 1;
	}
	while (rows(r, "SELECT id, kind, name, base, wildcard FROM certificate_name")) {
		const struct slot *x = strcmp(text_at(r, 1), "ip") != 0 ? by_number(&v->names, int_at(r, 0), false) : NULL;
		struct named *n = x ? &v->named[x->first] : NULL;

		if (!n)
			continue;
		n->name = afd_arena_text(&v->a, text_at(r, 2));
		n->base = afd_arena_text(&v->a, text_at(r, 3));
		n->wildcard = int_at(r, 4) == 1;
	}
}

static void read_sets(struct reader *r, struct permits *v)
{
	while (rows(r, "SELECT owner, flags, known, tag, issuer, valid_from, valid_to FROM caa_property WHERE evidence = 'zone-changes'")) {
		struct slot *x = by_text(&v->sites, text_at(r, 0), true);
		struct property *p = AFD_PUSH(&v->a, v->property, v->n_property);

		*p = (struct property){ .somebody = *text_at(r, 4), .unheard = int_at(r, 1) >= 128 && int_at(r, 2) == 0,
			.from = int_at(r, 5), .to = int_at(r, 6), .next = x->first };
		p->tag = afd_arena_text(&v->a, text_at(r, 3));
		for (size_t i = 0; i < AFD_COUNT(authority); i++)
			p->who |= strcmp(authority[i].domain, text_at(r, 4)) == 0 ? UINT64_C(1) << i : 0;
		x->first = v->n_property - 1;
	}
	while (rows(r, "SELECT owner, t_from, t_to, ttl FROM change_record WHERE type = 'CAA'")) {
		struct slot *x = by_text(&v->changes, text_at(r, 0), true);
		const int64_t kept = int_at(r, 3) * 1000 > REUSE ? int_at(r, 3) * 1000 : REUSE;

		*AFD_PUSH(&v->a, v->changed, v->n_changed) = (struct changed){ int_at(r, 1), int_at(r, 2), int_at(r, 2) + kept, x->first };
		x->first = v->n_changed - 1;
	}
	while (rows(r, "SELECT owner, zone, type, rdata, valid_from, valid_to FROM record")) {
		static const char *const types[] = { "CNAME", "NS", "DNAME", "CAA" };
		struct slot *x = by_text(&v->at, text_at(r, 0), true);
		struct stood s = { .type = "", .owner = x->key, .from = int_at(r, 4), .to = int_at(r, 5), .next = x->first };

		for (size_t i = 0; i < AFD_COUNT(types); i++)
			s.type = strcmp(types[i], text_at(r, 2)) == 0 ? types[i] : s.type;
		s.zone = by_text(&v->zones, text_at(r, 1), true)->key;
		if (strcmp(s.type, "CNAME") == 0) {
			char *target = afd_arena_text(&v->a, text_at(r, 3));

			if (*target && target[strlen(target) - 1] == '.')
				target[strlen(target) - 1] = '\0';
			s.rdata = target;
		}
		*AFD_PUSH(&v->a, v->stood, v->n_stood) = s;
		x->first = v->n_stood - 1;
	}
	while (rows(r, "SELECT name FROM zone"))
		by_text(&v->held, text_at(r, 0), true);
}

/* The aliases at a name, each cut to the time of the one that led there, before those that are known. */
static size_t put_leads(struct permits *v, size_t first, const char *name, int64_t from, int64_t to)
{
	const struct slot *x = by_text(&v->at, name, false);

	for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
		const struct stood *s = &v->stood[k];
		const struct lead l = { s->rdata, s->from > from ? s->from : from, s->to < to ? s->to : to, first };
		bool known = strcmp(s->type, "CNAME") != 0;

		for (size_t i = first; i && !known; i = v->lead[i].next)
			known = v->lead[i].from == l.from && v->lead[i].to == l.to && strcmp(v->lead[i].target, l.target) == 0;
		if (known)
			continue;
		*AFD_PUSH(&v->a, v->lead, v->n_lead) = l;
		first = put_leads(v, v->n_lead - 1, l.target, l.from, l.to);
	}
	return first;
}

/* Where the sets stand that count for a name itself: there, and at the ends of its aliases. */
static size_t leads_of(struct permits *v, const char *name)
{
	struct slot *x = by_text(&v->leads, name, true);
	size_t first;

	if (!is_new(x))
		return x->first;
	first = put_leads(v, 0, name, INT64_MIN, AFD_FOREVER);
	if (by_text(&v->sites, name, false)) {
		*AFD_PUSH(&v->a, v->lead, v->n_lead) = (struct lead){ x->key, INT64_MIN, AFD_FOREVER, first };
		first = v->n_lead - 1;
	}
	x->first = first;
	return first;
}

enum { PERMITTED, UNKNOWN, FORBIDDEN };
struct set { bool any, critical, rules[2], his[2], unknown[2]; };        /* of issue, and of issuewild */

static void add_properties(struct permits *v, struct set *set, const struct named *n, const char *owner, int64_t t)
{
	const struct slot *x = by_text(&v->sites, owner, false);

	for (size_t k = x ? x->first : 0; k; k = v->property[k].next) {
		const struct property *p = &v->property[k];
		const int tag = strcmp(p->tag, "issue") == 0 ? 0 : strcmp(p->tag, "issuewild") == 0 ? 1 : -1;

		if (p->from > t || p->to <= t)
			continue;
		set->any = true;
		set->critical = set->critical || p->unheard;
		if (tag < 0)
			continue;
		set->rules[tag] = true;
		set->his[tag] = set->his[tag] || (p->who & n->by);
		set->unknown[tag] = set->unknown[tag] || (p->somebody && !p->who);
	}
}

/* By the set that is closest to the name at that moment. */
static int verdict(struct permits *v, const struct named *n, int64_t t)
{
	struct set set = { 0 };
	int tag;

	for (const char *name = n->base; name && !set.any; name = above(name))
		for (size_t k = leads_of(v, name); k; k = v->lead[k].next)
			if (v->lead[k].from <= t && v->lead[k].to > t)
				add_properties(v, &set, n, v->lead[k].target, t);
	tag = n->wildcard && set.rules[1];
	if (set.critical)
		return FORBIDDEN;
	if (!set.any || !set.rules[tag] || set.his[tag])
		return PERMITTED;
	return set.unknown[tag] && !n->by ? UNKNOWN : FORBIDDEN;
}

/* At the moments whose set may have counted: the least and the most. */
static void judge(struct permits *v, const struct named *n, int *least, int *most)
{
	bool moved = false;

	*least = FORBIDDEN;
	*most = PERMITTED;
	for (const char *name = n->base; name; name = above(name))
		for (size_t k = leads_of(v, name); k; k = v->lead[k].next) {
			const struct slot *x = by_text(&v->changes, v->lead[k].target, false);

			for (size_t c = x ? x->first : 0; c; c = v->changed[c].next) {
				const struct changed *d = &v->changed[c];

				if (d->from > n->logged || d->until <= n->logged)
					continue;
				moved = true;
				for (int end = 0; end < 2; end++) {
					const int got = verdict(v, n, end ? d->to : d->from - 1);

					*least = got < *least ? got : *least;
					*most = got > *most ? got : *most;
				}
			}
		}
	if (!moved)
		*least = *most = verdict(v, n, n->logged);
}

static bool stands(struct permits *v, const char *owner, const char *const types[], size_t n, int64_t t)
{
	const struct slot *x = by_text(&v->at, owner, false);

	for (size_t k = x ? x->first : 0; k; k = v->stood[k].next)
		for (size_t i = 0; i < n; i++)
			if ((!types[i] || strcmp(v->stood[k].type, types[i]) == 0) && v->stood[k].from <= t && v->stood[k].to > t)
				return true;
	return false;
}

static bool is_held(struct permits *v, const char *name)
{
	for (; name; name = above(name))
		if (by_text(&v->held, name, false))
			return true;
	return false;
}

/* Below a cut or behind an alias into what is not held, or where a wildcard answers. */
static bool is_elsewhere(struct permits *v, const struct named *n)
{
	const bool itself = stands(v, n->base, (const char *const[]){ NULL }, 1, n->logged);

	for (const char *name = n->base; name; name = above(name)) {
		const struct slot *x = by_text(&v->at, name, false);

		for (size_t k = leads_of(v, name); k; k = v->lead[k].next)
			if (strcmp(v->lead[k].target, name) != 0 && v->lead[k].from <= n->logged && v->lead[k].to > n->logged && !is_held(v, v->lead[k].target))
				return true;
		for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
			const struct stood *s = &v->stood[k];

			if (s->from <= n->logged && s->to > n->logged &&
			    ((strcmp(s->type, "DNAME") == 0 && name != n->base) ||
			     (strcmp(s->type, "NS") == 0 && strcmp(s->owner, s->zone) != 0 && !by_text(&v->held, s->owner, false))))
				return true;
		}
		if (name != n->base && !itself &&
		    stands(v, afd_arena_printf(&v->a, "*.%s", name), (const char *const[]){ "CNAME", "CAA" }, 2, n->logged))
			return true;
	}
	return false;
}

int join_issuer_permitted(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct permits v = { 0 };
	struct map *const all[] = { &v.zones, &v.domains, &v.issuers, &v.certs, &v.names, &v.sites, &v.changes, &v.at, &v.leads, &v.held, &v.found };
	struct reader r = { .s = s, .err = err };

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	(void)AFD_PUSH(&v.a, v.property, v.n_property);
	(void)AFD_PUSH(&v.a, v.changed, v.n_changed);
	(void)AFD_PUSH(&v.a, v.stood, v.n_stood);
	(void)AFD_PUSH(&v.a, v.lead, v.n_lead);
	read_named(&r, &v);
	read_sets(&r, &v);
	for (size_t i = 0; i < v.n_named; i++) {
		const struct named *n = &v.named[i];
		int least, most;

		if (!n->base)
			continue;
		judge(&v, n, &least, &most);
		if (most == PERMITTED)
			continue;
		v.found.key.len = 0;
		piece(&v.found, n->domain);
		piece(&v.found, n->tbs_key);
		piece(&v.found, n->name);
		tell(&v.found, findings, least == FORBIDDEN && !is_elsewhere(&v, n));
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
