/* The joins for checks of how certificates came to be. */
#include "check_joins.h"

#include <ctype.h>
#include <stdio.h>

/* --- issuance-without-challenge --- */

#define TOLERANCE INT64_C(600000)

struct cert { const char *tbs_key; int64_t logged; };
struct issued { int64_t id, logged, since; const char *domain, *tbs_key, *name, *base, *owner; bool wildcard; };
struct stood { const char *type, *zone, *owner, *rdata; int64_t from, to; size_t next; };
struct issuance {
	struct afd_arena a;
	struct cert *cert; size_t n_cert;
	struct issued *issued; size_t n_issued;
	struct stood *stood; size_t n_stood;         /* the first stands for none */
	const char **tree; size_t n_tree;
	struct map zones, domains, certs, names, at, labelled, services, held, proven, found;
};

/* How long issuers may re-use a validation. */
static int64_t reuse_at(int64_t t)
{
	return (t < INT64_C(1773532800000) ? 398 : t < INT64_C(1805068800000) ? 200 : t < INT64_C(1868227200000) ? 100 : 10) * AFD_DAY;
}

static void read_issued(struct reader *r, struct issuance *v)
{
	while (rows(r, "SELECT name FROM domain WHERE in_scope = 1"))
		by_text(&v->domains, text_at(r, 0), true);
	while (rows(r, "SELECT id, tbs_key, logged_ms FROM certificate"))
		if (int_at(r, 2) >= FROM && int_at(r, 2) < T0) {
			*AFD_PUSH(&v->a, v->cert, v->n_cert) = (struct cert){ afd_arena_text(&v->a, text_at(r, 1)), int_at(r, 2) };
			by_number(&v->certs, int_at(r, 0), true)->first = v->n_cert - 1;
		}
	while (rows(r, "SELECT certificate_id, name_id, domain FROM certificate_domain")) {
		const struct slot *d = by_text(&v->domains, text_at(r, 2), false), *c = d ? by_number(&v->certs, int_at(r, 0), false) : NULL;
		const int64_t logged = c ? v->cert[c->first].logged : 0;

		if (!c)
			continue;
		*AFD_PUSH(&v->a, v->issued, v->n_issued) = (struct issued){ .id = int_at(r, 0), .logged = logged, .since = logged - reuse_at(logged), .domain = d->key,
			.tbs_key = v->cert[c->first].tbs_key };
		by_number(&v->names, int_at(r, 1), true)->first = v->n_issued - 1;
	}
	while (rows(r, "SELECT id, kind, name, base, wildcard FROM certificate_name")) {
		const struct slot *x = strcmp(text_at(r, 1), "ip") != 0 ? by_number(&v->names, int_at(r, 0), false) : NULL;
		struct issued *i = x ? &v->issued[x->first] : NULL;

		if (!i)
			continue;
		i->name = afd_arena_text(&v->a, text_at(r, 2));
		i->base = afd_arena_text(&v->a, text_at(r, 3));
		i->owner = afd_arena_printf(&v->a, "_acme-challenge.%s", i->base);
		i->wildcard = int_at(r, 4) == 1;
	}
}

static void keep_stood(struct issuance *v, struct slot *x, struct stood s)
{
	s.next = x->first;
	*AFD_PUSH(&v->a, v->stood, v->n_stood) = s;
	x->first = v->n_stood - 1;
}

static void read_stood(struct reader *r, struct issuance *v)
{
	static const char *const types[] = { "TXT", "CNAME", "NS", "CAA" };

	while (rows(r, "SELECT owner, type, zone, rdata, valid_from, valid_to FROM record")) {
		const char *owner = text_at(r, 0), *type = NULL;
		struct stood s = { .from = int_at(r, 4), .to = int_at(r, 5) };
		struct slot *x;

		for (size_t i = 0; i < AFD_COUNT(types) && !type; i++)
			type = strcmp(types[i], text_at(r, 1)) == 0 ? types[i] : NULL;
		if (!type)
			continue;
		x = by_text(&v->at, owner, true);
		s.type = type;
		s.owner = x->key;
		s.zone = by_text(&v->zones, text_at(r, 2), true)->key;
		s.rdata = type[0] == 'N' ? NULL : afd_arena_text(&v->a, text_at(r, 3));
		keep_stood(v, x, s);
		if ((type[0] == 'T' || type[1] == 'N') && owner[0] == '_' && strlen(owner) > 17 && strncmp(owner + 17, "._acme-challenge.", 17) == 0)
			keep_stood(v, by_text(&v->labelled, owner + 18, true), s);
	}
	while (rows(r, "SELECT name FROM zone"))
		by_text(&v->held, text_at(r, 0), true);
	while (rows(r, "SELECT host, validation FROM service"))
		if (text_at(r, 1) && strcmp(text_at(r, 1), "dns-01") == 0) {
			by_text(&v->services, text_at(r, 0), true);
			if (strncmp(text_at(r, 0), "*.", 2) == 0)
				*AFD_PUSH(&v->a, v->tree, v->n_tree) = afd_arena_text(&v->a, text_at(r, 0) + 1);
		}
}

/* Names to which a challenge is led, the owner first; those that were there before are not led on. */
struct led { const char **name; size_t n; };

static void lead(struct issuance *v, struct led *l, const struct issued *i, const struct slot *x)
{
	for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
		const struct stood *s = &v->stood[k];
		bool known = false;
		char *target;

		if (strcmp(s->type, "CNAME") != 0 || s->from > i->logged + TOLERANCE || s->to <= i->since)
			continue;
		target = afd_arena_text(&v->a, s->rdata);
		if (*target && target[strlen(target) - 1] == '.')
			target[strlen(target) - 1] = '\0';
		for (size_t n = 1; n < l->n && !known; n++)
			known = strcmp(l->name[n], target) == 0;
		if (!known)
			*AFD_PUSH(&v->a, l->name, l->n) = target;
	}
}

static struct led lead_on(struct issuance *v, const struct issued *i)
{
	struct led l = { 0 };

	*AFD_PUSH(&v->a, l.name, l.n) = i->owner;
	lead(v, &l, i, by_text(&v->at, i->owner, false));
	lead(v, &l, i, by_text(&v->labelled, i->owner, false));
	for (size_t n = 1; n < l.n; n++)
		lead(v, &l, i, by_text(&v->at, l.name[n], false));
	return l;
}

static bool had(const struct issuance *v, const struct slot *x, int64_t placed, int64_t since, int64_t logged)
{
	for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
		const struct stood *s = &v->stood[k];

		if (strcmp(s->type, "TXT") == 0 && s->from <= logged + TOLERANCE && s->to > since && s->from > placed)
			return true;
	}
	return false;
}

static bool was_proven(struct issuance *v, const struct issued *i, const struct led *l)
{
	const int64_t placed = i->since - 30 * AFD_DAY;
	const char *standing[] = { i->base, i->domain };

	if (had(v, by_text(&v->labelled, i->owner, false), placed, i->since, i->logged))
		return true;
	for (size_t n = 0; n < l->n; n++)
		if (had(v, by_text(&v->at, l->name[n], false), placed, i->since, i->logged))
			return true;
	for (size_t n = 0; n < AFD_COUNT(standing); n++)
		if (had(v, by_text(&v->at, afd_arena_printf(&v->a, "_validation-persist.%s", standing[n]), false), INT64_MIN, i->logged - 10 * AFD_DAY, i->logged))
			return true;
	return false;
}

/* A place of it lies behind an alias, or below a delegation, into a zone that is not held. */
static bool is_elsewhere(struct issuance *v, const struct issued *i, const struct led *l)
{
	for (size_t n = 0; n < l->n; n++) {
		bool inside = n == 0;

		for (const char *name = l->name[n]; name; name = above(name)) {
			const struct slot *x = by_text(&v->at, name, false);

			inside = inside || by_text(&v->held, name, false);
			for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
				const struct stood *s = &v->stood[k];

				if (strcmp(s->type, "NS") == 0 && strcmp(s->owner, s->zone) != 0 && s->from <= i->logged + TOLERANCE && s->to > i->since &&
				    !by_text(&v->held, s->owner, false))
					return true;
			}
		}
		if (!inside)
			return true;
	}
	return false;
}

/* One CAA record as the check reads it: blanks out, lower case, semicolons for quotes. */
static void read_caa(const char *rdata, bool wild, unsigned *n, unsigned *bound)
{
	static const char *const ways[] = { "dns-01", "dns-account-01", "dns-persist-01" };
	const char *const tag = wild ? "issuewild;" : "issue;", *m;
	char text[1024], *p = text;
	bool has = false, other = false;

	for (const char *c = rdata; *c && p < text + sizeof text - 1; c++)
		if (*c != ' ')
			*p++ = *c == '"' ? ';' : (char)tolower((unsigned char)*c);
	*p = '\0';
	for (size_t at = 1; at < 4; at++)
		has = has || (strlen(text) > at && strncmp(text + at, tag, strlen(tag)) == 0);
	if (!has)
		return;
	++*n;
	m = strstr(text, ";validationmethods=");
	if (!m)
		return;
	m += strlen(";validationmethods=");
	has = false;
	while (*m && *m != ';') {
		const size_t len = strcspn(m, ",;");
		bool known = false;

		for (size_t w = 0; w < AFD_COUNT(ways); w++)
			known = known || (strlen(ways[w]) == len && strncmp(m, ways[w], len) == 0);
		other = other || !known;
		has = has || len;
		m += len + (m[len] == ',');
	}
	*bound += has && !other;
}

/* The set of CAA that is in force, at the nearest name that has one, binds every issuer to a challenge in the zone. */
static bool caa_binds(struct issuance *v, const struct issued *i)
{
	for (const char *name = i->base; name; name = above(name)) {
		const struct slot *x = by_text(&v->at, name, false);
		unsigned plain = 0, plain_bound = 0, wild = 0, wild_bound = 0;
		bool any = false;

		for (size_t k = x ? x->first : 0; k; k = v->stood[k].next) {
			const struct stood *s = &v->stood[k];

			if (strcmp(s->type, "CAA") != 0 || s->from > i->logged || s->to <= i->logged)
				continue;
			any = true;
			read_caa(s->rdata, false, &plain, &plain_bound);
			read_caa(s->rdata, true, &wild, &wild_bound);
		}
		if (any)
			return i->wildcard && wild ? wild == wild_bound : plain && plain == plain_bound;
	}
	return false;
}

static bool is_said(struct issuance *v, const struct issued *i)
{
	const size_t n = strlen(i->name);

	if (by_text(&v->services, i->name, false))
		return true;
	for (size_t k = 0; k < v->n_tree; k++) {
		const size_t t = strlen(v->tree[k]);

		if (n > t && strcmp(i->name + n - t, v->tree[k]) == 0)
			return true;
	}
	return caa_binds(v, i);
}

static struct slot *proof(struct issuance *v, const struct issued *i, bool make)
{
	v->proven.key.len = 0;
	number(&v->proven, i->id);
	piece(&v->proven, i->owner);
	return find(&v->proven, make);
}

int join_without_challenge(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct issuance v = { 0 };
	struct map *const all[] = { &v.zones, &v.domains, &v.certs, &v.names, &v.at, &v.labelled, &v.services, &v.held, &v.proven, &v.found };
	struct reader r = { .s = s, .err = err };
	struct led *led = NULL;
	size_t n_led = 0;

	for (size_t i = 0; i < AFD_COUNT(all); i++)
		all[i]->a = &v.a;
	findings[1] = 0;
	(void)AFD_PUSH(&v.a, v.stood, v.n_stood);
	read_issued(&r, &v);
	read_stood(&r, &v);
	for (size_t k = 0; k < v.n_issued; k++) {
		struct led *l = AFD_PUSH(&v.a, led, n_led);

		if (!v.issued[k].owner)
			continue;
		*l = lead_on(&v, &v.issued[k]);
		if (was_proven(&v, &v.issued[k], l))
			proof(&v, &v.issued[k], true);
	}
	for (size_t k = 0; k < v.n_issued; k++) {
		const struct issued *i = &v.issued[k];

		if (!i->owner || proof(&v, i, false))
			continue;
		v.found.key.len = 0;
		piece(&v.found, i->domain);
		piece(&v.found, i->tbs_key);
		tell(&v.found, findings, !is_elsewhere(&v, i, &led[k]) && is_said(&v, i));
	}
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		map_release(all[i]);
	afd_arena_release(&v.a);
	return r.failed;
}
