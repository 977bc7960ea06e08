/* Rows of what is declared, granted, observed and held. Declarations and grants are statements about a whole (all of a
 * zone, all of a scope): what the new one does not repeat ends with it. */
#include "core/name.h"
#include "evidence/tables.h"

#define OPEN_END "9223372036854775807"   /* AFD_FOREVER, as the partial indexes write it */
#define WHERE_FROM(t, part) afd_u((t)->leaf), afd_u(part)

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* A statement that is older than the one before it (a clock set back, files read in another order) must not make an
 * interval that ends before it begins. */
static int end_rest(struct afd_tables *t, const char *sql, const char *scope, int64_t at_ms, struct afd_error *err)
{
	return afd_sql_run(t->s, sql, AFD_ARGS(afd_t(t->record->source), afd_told(scope), afd_i(at_ms), afd_u(t->leaf)), NULL, err);
}

/* --- statements about a whole --- */

static int put_declared_rr(struct afd_tables *t, const struct afd_row_declared *r, const struct afd_rr *rr, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO declared_record (source, form, ref, zone, owner, type, ttl, rdata, valid_from, valid_to, seen_leaf, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, " OPEN_END ", ?10, ?10, ?11)"
		" ON CONFLICT (source, zone, owner, type, rdata, ttl) WHERE valid_to = " OPEN_END " DO UPDATE SET seen_leaf = excluded.seen_leaf",
		afd_t(t->record->source), afd_told(r->form), afd_told(or_empty(r->ref)), afd_told(r->zone), afd_told(rr->owner),
		afd_told(rr->type), afd_i(rr->ttl), afd_told(rr->rdata), afd_i(r->at_ms), WHERE_FROM(t, r->part));
}

int afd_put_declared(struct afd_tables *t, const struct afd_row_declared *r, struct afd_error *err)
{
	/* Of several statements in one item each must end what the one before said: the mark is taken off first. */
	if (AFD_RUN(t->s, err, "UPDATE declared_record SET seen_leaf = -1 WHERE source = ?1 AND zone = ?2 AND valid_to = " OPEN_END
		    " AND seen_leaf = ?3", afd_t(t->record->source), afd_told(r->zone), afd_u(t->leaf)) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (put_declared_rr(t, r, &r->rr[i], err) < 0)
			return afd_within(err, "declared zone %s: record %zu", or_empty(r->zone), i + 1);
	return end_rest(t, "UPDATE declared_record SET valid_to = max(valid_from, ?3) WHERE source = ?1 AND zone = ?2"
	                " AND valid_to = " OPEN_END " AND seen_leaf <> ?4", r->zone, r->at_ms, err);
}

static int put_grant(struct afd_tables *t, const struct afd_row_grants *r, const struct afd_grant *g, struct afd_error *err)
{
	bool wildcard = false;

	afd_name_base(or_empty(g->owner), &wildcard);
	return AFD_RUN(t->s, err,
		"INSERT INTO credential_grant (source, scope, credential, owner, suffix, type, action, condition, raw, valid_from, valid_to,"
		" seen_leaf, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, " OPEN_END ", ?11, ?11, ?12)"
		" ON CONFLICT (source, scope, credential, owner, type, action, condition, raw) WHERE valid_to = " OPEN_END
		" DO UPDATE SET seen_leaf = excluded.seen_leaf",
		afd_t(t->record->source), afd_told(r->scope), afd_told(or_empty(g->credential)), afd_told(g->owner),
		afd_told(wildcard ? g->owner + 1 : ""), afd_told(g->type), afd_told(g->action), afd_told(or_empty(g->condition)),
		afd_told(or_empty(g->raw)), afd_i(r->at_ms), WHERE_FROM(t, g->part));
}

int afd_put_grants(struct afd_tables *t, const struct afd_row_grants *r, struct afd_error *err)
{
	if (AFD_RUN(t->s, err, "UPDATE credential_grant SET seen_leaf = -1 WHERE source = ?1 AND scope = ?2 AND valid_to = " OPEN_END
		    " AND seen_leaf = ?3", afd_t(t->record->source), afd_told(r->scope), afd_u(t->leaf)) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (put_grant(t, r, &r->grant[i], err) < 0)
			return afd_within(err, "grants of %s: row %zu", or_empty(r->scope), i + 1);
	return end_rest(t, "UPDATE credential_grant SET valid_to = max(valid_from, ?3) WHERE source = ?1 AND scope = ?2"
	                " AND valid_to = " OPEN_END " AND seen_leaf <> ?4", r->scope, r->at_ms, err);
}

/* --- live --- */

int afd_put_answer(struct afd_tables *t, const struct afd_row_answer *r, struct afd_error *err)
{
	int64_t id;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO dns_answer (source, purpose, zone, server, address, qname, qtype, outcome, aa, tc, ra, ad, t, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
		    afd_t(t->record->source), afd_told(r->purpose), afd_told(r->zone), afd_told(or_empty(r->server)),
		    afd_told(or_empty(r->address)), afd_told(r->qname), afd_told(r->qtype), afd_told(r->outcome), afd_i(r->aa),
		    afd_i(r->tc), afd_i(r->ra), afd_i(r->ad), afd_i(r->at_ms), WHERE_FROM(t, r->part)) < 0)
		return -1;
	id = sqlite3_last_insert_rowid(t->s->db);
	for (size_t i = 0; i < r->n; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO dns_answer_record (answer_id, section, owner, type, ttl, rdata, leaf, part)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
			    afd_i(id), afd_told(r->rr[i].section), afd_told(r->rr[i].rr.owner), afd_told(r->rr[i].rr.type),
			    afd_i(r->rr[i].rr.ttl), afd_told(r->rr[i].rr.rdata), WHERE_FROM(t, r->part)) < 0)
			return afd_within(err, "answer about %s: record %zu", or_empty(r->qname), i + 1);
	return 0;
}

int afd_put_dnssec(struct afd_tables *t, const struct afd_row_dnssec *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO dnssec_verdict (source, zone, name, type, server, validator, state, reason, algorithm, expires_ms, t, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		afd_t(t->record->source), afd_told(r->zone), afd_told(r->name), afd_told(r->type), afd_told(or_empty(r->server)),
		afd_told(r->validator), afd_told(r->state), afd_told(or_empty(r->reason)), afd_told(or_empty(r->algorithm)),
		afd_opt(r->expires_ms, AFD_TIME_NONE), afd_i(r->at_ms), WHERE_FROM(t, r->part));
}

int afd_put_endpoint(struct afd_tables *t, const struct afd_row_endpoint *r, struct afd_error *err)
{
	int64_t id;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO endpoint (source, host, address, port, protocol, outcome, reason, cert_sha256, tbs_key, serial, issuer,"
		    " issuer_key_hash, spki_sha256, not_before, not_after, name_match, chain_ok, chain_reason, t, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
		    afd_t(t->record->source), afd_told(r->host), afd_told(or_empty(r->address)), afd_i(r->port),
		    afd_told(or_empty(r->protocol)), afd_told(r->outcome), afd_told(or_empty(r->reason)), afd_told(r->cert_sha256),
		    afd_told(r->tbs_key), afd_told(r->serial), afd_told(r->issuer), afd_told(r->issuer_key_hash), afd_told(r->spki_sha256),
		    afd_opt(r->cert_sha256 ? r->not_before : AFD_TIME_NONE, AFD_TIME_NONE),
		    afd_opt(r->cert_sha256 ? r->not_after : AFD_TIME_NONE, AFD_TIME_NONE), afd_i(r->name_match), afd_i(r->chain_ok),
		    afd_told(or_empty(r->chain_reason)), afd_i(r->at_ms), WHERE_FROM(t, r->part)) < 0)
		return -1;
	id = sqlite3_last_insert_rowid(t->s->db);
	for (size_t i = 0; i < r->n; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO endpoint_name (endpoint_id, name, kind, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5)"
			    " ON CONFLICT DO NOTHING",
			    afd_i(id), afd_told(r->name[i].name), afd_told(r->name[i].kind), WHERE_FROM(t, r->part)) < 0)
			return -1;
	return 0;
}

int afd_put_observation(struct afd_tables *t, const struct afd_row_observation *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO observation (source, kind, subject, name, value, number, t_from, t_to, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
		afd_t(t->record->source), afd_told(r->kind), afd_told(r->subject), afd_told(r->name), afd_told(or_empty(r->value)),
		afd_opt(r->number, AFD_TIME_NONE), afd_i(r->at.from), afd_i(r->at.to), WHERE_FROM(t, r->part));
}

/* --- certificates asked for, and held --- */

int afd_put_issuance(struct afd_tables *t, const struct afd_row_issuance *r, struct afd_error *err)
{
	int64_t id = 0;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO issuance_request (source, client, ref, account, challenge, outcome, reason, serial, cert_sha256, tbs_key,"
		    " t_from, t_to, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
		    " ON CONFLICT (source, ref) DO NOTHING",
		    afd_t(t->record->source), afd_told(r->client), afd_told(r->ref), afd_told(r->account), afd_told(r->challenge),
		    afd_told(r->outcome), afd_told(or_empty(r->reason)), afd_told(r->serial), afd_told(r->cert_sha256), afd_told(r->tbs_key),
		    afd_i(r->at.from), afd_i(r->at.to), WHERE_FROM(t, r->part)) < 0 ||
	    AFD_NUMBER(t->s, &id, err, "SELECT id FROM issuance_request WHERE source = ?1 AND ref = ?2",
		       afd_t(t->record->source), afd_told(r->ref)) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		bool wildcard;
		const char *base = afd_name_base(r->name[i], &wildcard);

		if (AFD_RUN(t->s, err,
			    "INSERT INTO issuance_name (request_id, name, base, wildcard, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			    " ON CONFLICT (request_id, name) DO NOTHING",
			    afd_i(id), afd_told(r->name[i]), afd_told(base), afd_i(wildcard), WHERE_FROM(t, r->part)) < 0)
			return -1;
	}
	return 0;
}

int afd_put_held(struct afd_tables *t, const struct afd_row_held *r, struct afd_error *err)
{
	int64_t id = 0;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO held_certificate (source, place, owner, purpose, cert_sha256, tbs_key, serial, issuer, issuer_key_hash,"
		    " spki_sha256, not_before, not_after, first_ms, seen_ms, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15)"
		    " ON CONFLICT (source, place, cert_sha256) DO UPDATE SET seen_ms = max(seen_ms, excluded.seen_ms),"
		    " owner = excluded.owner, purpose = excluded.purpose",
		    afd_t(t->record->source), afd_told(r->place), afd_told(r->owner), afd_told(r->purpose), afd_told(r->cert_sha256),
		    afd_told(r->tbs_key), afd_told(r->serial), afd_told(r->issuer), afd_told(or_empty(r->issuer_key_hash)),
		    afd_told(r->spki_sha256), afd_i(r->not_before), afd_i(r->not_after), afd_i(r->seen_ms), WHERE_FROM(t, r->part)) < 0 ||
	    AFD_NUMBER(t->s, &id, err, "SELECT id FROM held_certificate WHERE source = ?1 AND place = ?2 AND cert_sha256 = ?3",
		       afd_t(t->record->source), afd_told(r->place), afd_told(r->cert_sha256)) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		bool wildcard;
		const char *base = afd_name_base(or_empty(r->name[i].name), &wildcard);

		if (AFD_RUN(t->s, err,
			    "INSERT INTO held_name (held_id, name, base, wildcard, kind, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
			    " ON CONFLICT DO NOTHING",
			    afd_i(id), afd_told(r->name[i].name), afd_told(base), afd_i(wildcard), afd_told(r->name[i].kind),
			    WHERE_FROM(t, r->part)) < 0)
			return -1;
	}
	return 0;
}

int afd_put_revocation(struct afd_tables *t, const struct afd_row_revocation *r, struct afd_error *err)
{
	int64_t id;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO crl (source, method, url, issuer_key_hash, this_update, next_update, entries, t, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		    afd_t(t->record->source), afd_t(r->method), afd_told(r->url), afd_told(r->issuer_key_hash), afd_i(r->this_update),
		    afd_opt(r->next_update, AFD_TIME_NONE), afd_u(r->entries), afd_i(r->at_ms), WHERE_FROM(t, r->part)) < 0)
		return -1;
	id = sqlite3_last_insert_rowid(t->s->db);
	for (size_t i = 0; i < r->n; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO revocation (crl_id, issuer_key_hash, serial, state, revoked_ms, reason, t, leaf, part)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
			    afd_i(id), afd_told(r->known_key_hash), afd_told(r->serial[i].serial), afd_t(r->serial[i].state),
			    afd_opt(r->serial[i].revoked_ms, AFD_TIME_NONE), afd_t(r->serial[i].reason), afd_i(r->at_ms),
			    WHERE_FROM(t, r->part)) < 0)
			return -1;
	return 0;
}

/* --- what was told --- */

int afd_put_notice(struct afd_tables *t, const struct afd_row_notice *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO notice (finding, check_id, resource, severity, status, channel, outcome, t, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		afd_told(r->finding), afd_told(r->check), afd_told(r->resource), afd_told(r->severity), afd_told(r->status),
		afd_told(r->channel), afd_told(r->outcome), afd_i(r->t), WHERE_FROM(t, r->part));
}
