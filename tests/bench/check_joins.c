/* Tables in memory and reads of the store, for the joins; and the list of those. */
#include "check_joins.h"

#include <stdio.h>

/* --- a table by text: keys are the pieces, each with a 0 behind it --- */

void map_release(struct map *m)
{
	free(m->at);
	afd_buf_release(&m->key);
}

static void grow(struct map *m)
{
	const size_t cap = m->cap ? 2 * m->cap : 1024;
	struct slot *at = calloc(cap, sizeof *at);

	if (!at)
		abort();
	for (size_t i = 0; i < m->cap; i++) {
		size_t k = m->at[i].hash & (cap - 1);

		if (!m->at[i].key)
			continue;
		while (at[k].key)
			k = (k + 1) & (cap - 1);
		at[k] = m->at[i];
	}
	free(m->at);
	m->at = at;
	m->cap = cap;
}

/* The slot of the key that stands in m->key; with MAKE a new one where there is none (its v, w and first are 0). */
struct slot *find(struct map *m, bool make)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t k;
	char *copy;

	for (size_t i = 0; i < m->key.len; i++)
		h = (h ^ m->key.data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	if (make && 2 * (m->n + 1) > m->cap)
		grow(m);
	if (!m->cap)
		return NULL;
	for (k = h & (m->cap - 1); m->at[k].key; k = (k + 1) & (m->cap - 1))
		if (m->at[k].hash == h && m->at[k].len == m->key.len && memcmp(m->at[k].key, m->key.data, m->key.len) == 0)
			return &m->at[k];
	if (!make)
		return NULL;
	copy = afd_arena_alloc(m->a, m->key.len + 1);
	if (!copy)
		abort();
	memcpy(copy, m->key.data, m->key.len);
	m->at[k] = (struct slot){ .hash = h, .key = copy, .len = m->key.len };
	m->n++;
	return &m->at[k];
}

void piece(struct map *m, const char *s)
{
	if (afd_buf_add(&m->key, s ? s : "\1", (s ? strlen(s) : 1) + 1) < 0)
		abort();
}

void number(struct map *m, int64_t v)
{
	if (afd_buf_add(&m->key, &v, sizeof v) < 0)
		abort();
}

struct slot *by_text(struct map *m, const char *s, bool make)
{
	m->key.len = 0;
	piece(m, s);
	return find(m, make);
}

struct slot *by_number(struct map *m, int64_t v, bool make)
{
	m->key.len = 0;
	number(m, v);
	return find(m, make);
}

/* The slot was not there before: counts it in V. */
bool is_new(struct slot *s)
{
	return s->v++ == 0;
}

void tell(struct map *found, size_t findings[2], bool fails)
{
	struct slot *x = find(found, true);

	findings[0] += is_new(x);
	findings[1] += fails && !x->w;
	x->w |= fails;
}

const char *above(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : NULL;
}

/* --- reading --- */

bool rows(struct reader *r, const char *sql)
{
	int got;

	if (r->failed || (!r->q && afd_query_open(r->s, sql, &r->q, r->err) < 0) || (got = afd_query_step(r->q, r->err)) < 0) {
		r->failed = -1;
		got = 0;
	}
	if (got == 0 && r->q)
		r->q = afd_query_close(r->q);
	return got > 0;
}

const char *text_at(struct reader *r, int i)
{
	return afd_query_text(r->q, i);
}

int64_t int_at(struct reader *r, int i)
{
	return afd_query_int(r->q, i);
}

void our_places(struct reader *r, struct map *zones, struct map *accounts)
{
	while (rows(r, "SELECT zone, account FROM domain WHERE in_scope = 1")) {
		if (text_at(r, 0))
			by_text(zones, text_at(r, 0), true);
		if (text_at(r, 1)) {
			char user[300];

			by_text(accounts, text_at(r, 1), true);
			snprintf(user, sizeof user, "%s/user", text_at(r, 1));
			by_text(accounts, user, true);
		}
	}
}

const struct check_join check_joins[] = {
	{ "account-address-limits", join_address_limits },
	{ "caa-issuer-permitted", join_issuer_permitted },
	{ "certificate-inventory-unseen", join_inventory_unseen },
	{ "change-verified-live", join_verified_live },
	{ "credential-not-in-inventory", join_not_in_inventory },
	{ "credential-unused", join_credential_unused },
	{ "delegation-change-unapproved", join_delegation_unapproved },
	{ "issuance-without-challenge", join_without_challenge },
	{ "registration-views-disagree", join_views_disagree },
	{ "registrar-zone-mismatch", join_zone_mismatch },
	{ "service-binding", join_service_binding },
	{ "zone-change-unattributed", join_unattributed },
	{ "zone-history-whole", join_history_whole },
	{ "zone-record-churn", join_record_churn },
	{ "zone-served-as-declared", join_served_as_declared },
	{ "zone-signed-change-unexplained", join_signed_unexplained },
	{ NULL, NULL },
};
