/* The joins for checks of certificates. */
#include "check_joins.h"

/* --- certificate-inventory-unseen; no entry of the store is a wildcard --- */

struct entry { const char *host, *serial, *issuer, *digest; size_t next; bool seen; };
struct pair { size_t entry, next; };
struct inventory {
	struct afd_arena a;
	struct entry *entry; size_t n;         /* the first stands for none */
	struct pair *pair; size_t n_pair;
	struct map hosts;
};

static void read_inventory(struct reader *r, struct inventory *v)
{
	v->hosts.a = &v->a;
	(void)AFD_PUSH(&v->a, v->entry, v->n);
	(void)AFD_PUSH(&v->a, v->pair, v->n_pair);
	while (rows(r, "SELECT host, serial, issuer, cert_sha256, recorded_at FROM owned_certificate")) {
		struct slot *x;
		struct entry *e;

		if (int_at(r, 4) >= T0)
			continue;
		x = by_text(&v->hosts, text_at(r, 0), true);
		e = AFD_PUSH(&v->a, v->entry, v->n);
		*e = (struct entry){ .host = x->key, .serial = afd_arena_text(&v->a, text_at(r, 1)), .issuer = afd_arena_text(&v->a, text_at(r, 2)),
			.digest = afd_arena_text(&v->a, text_at(r, 3)), .next = x->first };
		x->first = v->n - 1;
	}
}

/* The entries of a host behind a row of the table whose names are read now. */
static void keep_pair(struct inventory *v, struct map *of, int64_t id, const char *host)
{
	const struct slot *h = by_text(&v->hosts, host, false);

	for (size_t e = h ? h->first : 0; e; e = v->entry[e].next) {
		struct slot *x = by_number(of, id, true);
		struct pair *p = AFD_PUSH(&v->a, v->pair, v->n_pair);

		*p = (struct pair){ e, x->first };
		x->first = v->n_pair - 1;
	}
}

static void mark(struct entry *e, const char *serial, const char *issuer, const char *digest)
{
	e->seen = e->seen || ((!e->serial || (serial && strcmp(e->serial, serial) == 0)) && (!e->issuer || (issuer && strcmp(e->issuer, issuer) == 0)) &&
			      (!e->digest || (digest && strcmp(e->digest, digest) == 0)));
}

int join_inventory_unseen(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct inventory v = { 0 };
	struct map certificates = { .a = &v.a }, held = { .a = &v.a };
	struct reader r = { .s = s, .err = err };

	read_inventory(&r, &v);
	while (rows(&r, "SELECT certificate_id, name FROM certificate_name"))
		keep_pair(&v, &certificates, int_at(&r, 0), text_at(&r, 1));
	while (rows(&r, "SELECT id, serial, issuer, not_after, logged_ms FROM certificate")) {
		const struct slot *x = int_at(&r, 3) >= FROM && int_at(&r, 4) < T0 ? by_number(&certificates, int_at(&r, 0), false) : NULL;

		for (size_t p = x ? x->first : 0; p; p = v.pair[p].next) {
			struct entry *e = &v.entry[v.pair[p].entry];

			if (!e->digest || e->serial)
				mark(e, text_at(&r, 1), text_at(&r, 2), e->digest);
		}
	}
	while (rows(&r, "SELECT held_id, name FROM held_name"))
		keep_pair(&v, &held, int_at(&r, 0), text_at(&r, 1));
	while (rows(&r, "SELECT id, serial, issuer, cert_sha256, first_ms, seen_ms FROM held_certificate")) {
		const struct slot *x = int_at(&r, 5) >= FROM && int_at(&r, 4) < T0 ? by_number(&held, int_at(&r, 0), false) : NULL;

		for (size_t p = x ? x->first : 0; p; p = v.pair[p].next)
			mark(&v.entry[v.pair[p].entry], text_at(&r, 1), text_at(&r, 2), text_at(&r, 3));
	}
	while (rows(&r, "SELECT host, serial, issuer, cert_sha256, outcome, t FROM endpoint")) {
		const struct slot *x = int_at(&r, 5) >= FROM && int_at(&r, 5) < T0 && strcmp(text_at(&r, 4), "presented") == 0
					       ? by_text(&v.hosts, text_at(&r, 0), false) : NULL;

		for (size_t e = x ? x->first : 0; e; e = v.entry[e].next)
			mark(&v.entry[e], text_at(&r, 1), text_at(&r, 2), text_at(&r, 3));
	}
	for (size_t i = 1; i < v.n; i++)
		*findings += !v.entry[i].seen;
	map_release(&certificates);
	map_release(&held);
	map_release(&v.hosts);
	afd_arena_release(&v.a);
	return r.failed;
}
