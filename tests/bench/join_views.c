/* The join for registration-views-disagree: states of one domain in two views that stood at the same time. */
#include "check_joins.h"

#define SETTLE AFD_DAY
#define DATES (3 * AFD_DAY)

struct state {
	int64_t id, first, seen, expires;
	const char *domain, *view, *servers, *ds, *registrar, *number;     /* VIEW: with its source */
	int locked;                                                        /* -1: not told */
	bool renewing, ends;
};
struct views { struct afd_arena a; struct state *at; size_t n; struct map domains, found; };

static int lock_of(const char *statuses, bool told, int64_t lock)
{
	if (told && lock == 1)
		return 1;
	if (!statuses)
		return told ? (int)lock : -1;
	return strstr(statuses, "clientTransferProhibited") || strstr(statuses, "serverTransferProhibited") || strstr(statuses, "transferProhibited");
}

static const char *kept(struct views *v, const char *s)
{
	return s ? afd_arena_text(&v->a, s) : NULL;
}

static void read_states(struct reader *r, struct views *v)
{
	while (rows(r, "SELECT name FROM domain WHERE in_scope = 1"))
		by_text(&v->domains, text_at(r, 0), true);
	while (rows(r, "SELECT id, domain, view, source, first_ms, seen_ms, statuses, transfer_lock, transfer_lock IS NOT NULL, name_servers, ds, registrar,"
		       " registrar_id, expires_ms, expires_ms IS NOT NULL FROM domain_state WHERE change_ref IS NULL")) {
		const struct slot *d = int_at(r, 4) < T0 && int_at(r, 5) >= FROM ? by_text(&v->domains, text_at(r, 1), false) : NULL;
		struct state *t = d ? AFD_PUSH(&v->a, v->at, v->n) : NULL;

		if (!t)
			continue;
		*t = (struct state){ .id = int_at(r, 0), .first = int_at(r, 4), .seen = int_at(r, 5), .expires = int_at(r, 13), .ends = int_at(r, 14),
			.domain = d->key, .view = afd_arena_printf(&v->a, "%s %s", text_at(r, 2), text_at(r, 3)), .servers = kept(v, text_at(r, 9)),
			.ds = text_at(r, 10) && !strcasestr(text_at(r, 10), "key") ? kept(v, text_at(r, 10)) : NULL, .registrar = kept(v, text_at(r, 11)),
			.number = kept(v, text_at(r, 12)), .locked = lock_of(text_at(r, 6), int_at(r, 8), int_at(r, 7)),
			.renewing = text_at(r, 6) && strstr(text_at(r, 6), "autoRenewPeriod") };
	}
}

static int by_view_and_time(const void *a, const void *b)
{
	const struct state *x = a, *y = b;
	int c = strcmp(x->domain, y->domain);

	c = c ? c : strcmp(x->view, y->view);
	if (c || x->seen != y->seen)
		return c ? c : x->seen < y->seen ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static bool differ(const char *x, const char *y)
{
	return x && y && strcasecmp(x, y) != 0;
}

static bool is_number(const char *s)
{
	return s && !s[strspn(s, "0123456789")];
}

static void say(struct views *v, const struct state *x, const struct state *y, size_t findings[2], const char *what, bool sure)
{
	const int64_t from = x->first > y->first ? x->first : y->first, to = x->seen < y->seen ? x->seen : y->seen;

	v->found.key.len = 0;
	piece(&v->found, x->domain);
	piece(&v->found, x->view);
	piece(&v->found, y->view);
	piece(&v->found, what);
	tell(&v->found, findings, sure && to - from > SETTLE);
}

static void compare(struct views *v, const struct state *x, const struct state *y, size_t findings[2])
{
	const int64_t apart = x->expires > y->expires ? x->expires - y->expires : y->expires - x->expires;

	if (x->locked >= 0 && y->locked >= 0 && x->locked != y->locked)
		say(v, x, y, findings, "lock", true);
	if (differ(x->servers, y->servers))
		say(v, x, y, findings, "servers", true);
	if (differ(x->ds, y->ds))
		say(v, x, y, findings, "ds", true);
	if (x->ends && y->ends && apart > DATES)
		say(v, x, y, findings, "end", !x->renewing && !y->renewing);
	if (is_number(x->number) && is_number(y->number) ? strcmp(x->number, y->number) != 0 : differ(x->registrar, y->registrar))
		say(v, x, y, findings, "registrar", is_number(x->number) && is_number(y->number));
}

/* [a, b) and [b, c) are two views of one domain, each in the order of time: both are walked once. */
static void merge(struct views *v, size_t a, size_t b, size_t c, size_t e, size_t findings[2])
{
	for (size_t i = a, k = c; i < b && k < e;) {
		const struct state *x = &v->at[i], *y = &v->at[k];

		if (x->first <= y->seen && y->first <= x->seen)
			compare(v, x, y, findings);
		if (x->seen < y->seen)
			i++;
		else
			k++;
	}
}

static size_t end_of(const struct views *v, size_t i, bool domain)
{
	size_t k = i;

	while (k < v->n && strcmp(v->at[k].domain, v->at[i].domain) == 0 && (domain || strcmp(v->at[k].view, v->at[i].view) == 0))
		k++;
	return k;
}

int join_views_disagree(struct afd_store *s, size_t findings[2], struct afd_error *err)
{
	struct views v = { 0 };
	struct reader r = { .s = s, .err = err };

	v.domains.a = v.found.a = &v.a;
	findings[0] = findings[1] = 0;
	read_states(&r, &v);
	if (v.n)
		qsort(v.at, v.n, sizeof *v.at, by_view_and_time);
	for (size_t i = 0, end; i < v.n; i = end) {
		end = end_of(&v, i, true);
		for (size_t a = i; a < end; a = end_of(&v, a, false))
			for (size_t c = end_of(&v, a, false); c < end; c = end_of(&v, c, false))
				merge(&v, a, end_of(&v, a, false), c, end_of(&v, c, false), findings);
	}
	map_release(&v.domains);
	map_release(&v.found);
	afd_arena_release(&v.a);
	return r.failed;
}
