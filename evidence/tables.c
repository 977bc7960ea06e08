/* Rows as decoders say them, into the tables of schema.sql. Where two items tell the same (pages overlap, a precertificate
 * and its certificate), the first in leaf order stays. */
#include "evidence/tables.h"

#include <inttypes.h>

#include "core/name.h"

/* The caller of a sink may lose the error, or go on after it; derive must not. */
static int told(struct afd_tables *t, int r, struct afd_error *err)
{
	if (r == 0)
		return 0;
	t->failed = true;
	t->fatal = t->fatal || t->err.code == AFD_E_STORE || t->err.code == AFD_E_MEMORY || t->err.code == AFD_E_IO;
	if (err)
		*err = t->err;
	return -1;
}

#define WHERE_FROM(t, part) afd_u((t)->leaf), afd_u(part)

static int put_claim_record(
	struct afd_tables *t, int64_t id, const char *zone, const struct afd_claim_rr *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO claim_record (claim_id, zone, owner, type, op, rdata, leaf, part, ttl)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		afd_i(id), afd_told(zone), afd_told(r->owner), afd_told(r->type), afd_t(r->add ? "add" : "del"),
		afd_told(r->rdata), WHERE_FROM(t, r->part), afd_opt(r->has_ttl ? (int64_t)r->ttl : -1, -1));
}

/* *fresh: it was not there before. */
static int insert(
	struct afd_tables *t, const char *sql, const struct afd_arg *a, size_t n, bool *fresh, struct afd_error *err)
{
	int changed = 0;

	if (afd_sql_run(t->s, sql, a, n, &changed, err) < 0)
		return -1;
	*fresh = changed > 0;
	return 0;
}

static int put_claim(struct afd_tables *t, const struct afd_row_claim *r, struct afd_error *err)
{
	bool fresh;
	int64_t id;

	if (insert(t,
		    "INSERT INTO claim (source, zone, credential, claimed, client, outcome, ref, t_from, t_to, leaf, part, kind, actor, mac,"
		    " serial_from, serial_to) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
		    " ON CONFLICT (source, ref) DO NOTHING",
		    AFD_ARGS(afd_t(t->record->source), afd_told(r->zone), afd_told(r->credential), afd_told(r->claimed),
			    afd_told(r->client), afd_told(r->outcome), afd_told(r->ref), afd_i(r->at.from),
			    afd_i(r->at.to), WHERE_FROM(t, r->part), afd_told(r->kind ? r->kind : "log"), afd_told(r->actor),
			    afd_told(r->mac), afd_opt(r->has_serials ? (int64_t)r->serial_from : -1, -1),
			    afd_opt(r->has_serials ? (int64_t)r->serial_to : -1, -1)),
		    &fresh, err) < 0)
		return afd_within(err, "claim %s", r->ref ? r->ref : "without a reference");
	if (!fresh)
		return 0;
	id = sqlite3_last_insert_rowid(t->s->db);
	for (size_t i = 0; i < r->n; i++)
		if (put_claim_record(t, id, r->zone, &r->rr[i], err) < 0)
			return afd_within(err, "claim %s: record %zu", r->ref, i + 1);
	return 0;
}

/* Writes R under REF unless that is taken; 1 written, 0 taken. */
static int insert_event(struct afd_tables *t, const struct afd_row_event *r, const char *ref, struct afd_error *err)
{
	bool fresh = false;

	if (insert(t,
		    "INSERT INTO event (source, account, action, raw_action, domain, object_kind, object, actor_kind, actor, credential,"
		    " origin, channel, mfa, before_value, after_value, outcome, provider_ref, record_kind, t_from, t_to, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)"
		    " ON CONFLICT (source, provider_ref) DO NOTHING",
		    AFD_ARGS(afd_t(t->record->source), afd_told(r->account), afd_told(r->action),
			    afd_told(r->raw_action), afd_told(r->domain), afd_told(r->object_kind),
			    afd_told(r->object), afd_told(r->actor_kind), afd_told(r->actor), afd_told(r->credential),
			    afd_told(r->origin), afd_told(r->channel), afd_told(r->mfa), afd_told(r->before),
			    afd_told(r->after), afd_told(r->outcome), afd_told(ref), afd_told(r->record_kind),
			    afd_i(r->at.from), afd_i(r->at.to), WHERE_FROM(t, r->part)),
		    &fresh, err) < 0)
		return -1;
	return fresh;
}

/* Whether R stands there word by word, under its reference or one made from it; 1 or 0. Where a provider does not say
 * when, the times are those of our looks, and two looks at one event differ in them; so do two deliveries of a webhook, and
 * the windows in which an entry of a log that bears no time was asked for. */
static int same_event(struct afd_tables *t, const struct afd_row_event *r, struct afd_error *err)
{
	int64_t one = 0;

	return AFD_NUMBER(t->s, &one, err,
		"SELECT 1 FROM event WHERE source = ?1 AND (provider_ref = ?2 OR"
		" (provider_ref > ?2 || '#' AND provider_ref < ?2 || '$'))"
		" AND account IS ?3 AND action IS ?4 AND raw_action IS ?5 AND domain IS ?6 AND object_kind IS ?7 AND object IS ?8"
		" AND actor_kind IS ?9 AND actor IS ?10 AND credential IS ?11 AND origin IS ?12 AND channel IS ?13 AND mfa IS ?14"
		" AND before_value IS ?15 AND after_value IS ?16 AND outcome IS ?17 AND record_kind IS ?18"
		" AND (record_kind <> 'log' OR channel IS 'webhook' OR (t_from = ?19 AND t_to = ?20)"
		"      OR (t_to - t_from > 1 AND ?20 - ?19 > 1)) LIMIT 1",
		afd_t(t->record->source), afd_told(r->provider_ref), afd_told(r->account), afd_told(r->action),
		afd_told(r->raw_action), afd_told(r->domain), afd_told(r->object_kind), afd_told(r->object),
		afd_told(r->actor_kind), afd_told(r->actor), afd_told(r->credential), afd_told(r->origin),
		afd_told(r->channel), afd_told(r->mfa), afd_told(r->before), afd_told(r->after), afd_told(r->outcome),
		afd_told(r->record_kind), afd_i(r->at.from), afd_i(r->at.to));
}

/* One reference with two contents: the provider rewrote its log, or somebody forged an answer. Neither word may hide the
 * other, so the later one stands under a reference of its own. */
static int put_other_event(struct afd_tables *t, const struct afd_row_event *r, struct afd_error *err)
{
	AFD_AUTO(mem) char *ref = afd_sprintf("%s#%" PRIu64, r->provider_ref, t->leaf);
	AFD_AUTO(mem) char *more = NULL;
	int64_t next = 0;
	int done;

	if (!ref)
		return afd_fail_memory(err);
	done = insert_event(t, r, ref, err);
	if (done != 0)
		return done < 0 ? -1 : 0;
	if (afd_sql_number(t->s, "SELECT max(id) + 1 FROM event", NULL, 0, &next, err) < 0)
		return -1;
	more = afd_sprintf("%s.%" PRId64, ref, next);   /* a third one in the same item */
	if (!more)
		return afd_fail_memory(err);
	return insert_event(t, r, more, err) < 0 ? -1 : 0;
}

int afd_put_event(struct afd_tables *t, const struct afd_row_event *r, struct afd_error *err)
{
	int done = insert_event(t, r, r->provider_ref, err);

	if (done == 0) {
		done = same_event(t, r, err);
		if (done == 0)
			done = put_other_event(t, r, err);
	}
	if (done < 0)
		return afd_within(err, "event %s", r->provider_ref ? r->provider_ref : "without a reference");
	return 0;
}

/* --- certificates --- */

/* A precertificate has none: that says nothing of its certificate. */
static struct afd_arg scts_of(const struct afd_row_cert *r)
{
	return afd_opt(r->precert ? -1 : (int64_t)r->n_sct, -1);
}

/* The earliest entry tells when it was issued; its item is the evidence. */
static int seen_again(struct afd_tables *t, int64_t id, const struct afd_row_cert *r, struct afd_error *err)
{
	if (AFD_RUN(t->s, err,
		    "UPDATE certificate SET has_precert = max(has_precert, ?2), has_final = max(has_final, ?3),"
		    " scts = coalesce(scts, ?4) WHERE id = ?1",
		    afd_i(id), afd_i(r->precert), afd_i(!r->precert), scts_of(r)) < 0)
		return -1;
	/* an entry of a final certificate may not have brought its issuer's key */
	if (r->issuer_key_hash && AFD_RUN(t->s, err,
		    "UPDATE certificate SET issuer_key_hash = ?2 WHERE id = ?1 AND issuer_key_hash = ''", afd_i(id),
		    afd_told(r->issuer_key_hash)) < 0)
		return -1;
	return AFD_RUN(t->s, err,
		"UPDATE certificate SET logged_ms = ?2, leaf = ?3, part = ?4 WHERE id = ?1 AND logged_ms > ?2",
		afd_i(id), afd_i(r->logged_ms), WHERE_FROM(t, r->part));
}

static int certificate_of(struct afd_tables *t, const struct afd_row_cert *r, int64_t *id, struct afd_error *err)
{
	int found = AFD_NUMBER(t->s, id, err, "SELECT id FROM certificate WHERE tbs_key = ?1", afd_told(r->tbs_key));

	if (found < 0)
		return -1;
	if (found)
		return seen_again(t, *id, r, err);
	if (AFD_RUN(t->s, err,
		    "INSERT INTO certificate (tbs_key, serial, issuer, issuer_key_hash, spki_sha256, not_before, not_after,"
		    " logged_ms, has_precert, has_final, policies, scts, key_algorithm, key_bits, signature_algorithm, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
		    afd_told(r->tbs_key), afd_told(r->serial), afd_told(r->issuer),
		    afd_told(r->issuer_key_hash ? r->issuer_key_hash : ""), afd_told(r->spki_sha256),
		    afd_i(r->not_before), afd_i(r->not_after), afd_i(r->logged_ms), afd_i(r->precert),
		    afd_i(!r->precert), afd_told(r->policies ? r->policies : ""), scts_of(r),
		    afd_t(r->key_algorithm), afd_opt(r->key_bits, 0), afd_told(r->signature_algorithm), WHERE_FROM(t, r->part)) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(t->s->db);
	return 0;
}

static int put_certificate(struct afd_tables *t, const struct afd_row_cert *r, struct afd_error *err)
{
	int64_t id = 0;

	if (certificate_of(t, r, &id, err) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		const char *name = r->name[i].name ? r->name[i].name : "";
		bool wildcard = false;
		const char *base = afd_name_base(name, &wildcard);

		if (AFD_RUN(t->s, err,
			    "INSERT INTO certificate_name (certificate_id, name, base, wildcard, kind, leaf, part)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (certificate_id, kind, name) DO NOTHING",
			    afd_i(id), afd_told(name), afd_told(base), afd_i(wildcard), afd_told(r->name[i].kind),
			    WHERE_FROM(t, r->part)) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_url; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO certificate_url (certificate_id, kind, url, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5)"
			    " ON CONFLICT (certificate_id, kind, url) DO NOTHING",
			    afd_i(id), afd_t(r->url[i].kind), afd_told(r->url[i].url), WHERE_FROM(t, r->part)) < 0)
			return -1;
	for (size_t i = 0; i < r->n_sct; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO certificate_sct (certificate_id, log_id, timestamp, entry_index, leaf, part)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (certificate_id, log_id, timestamp) DO NOTHING",
			    afd_i(id), afd_told(r->sct[i].log_id), afd_i(r->sct[i].timestamp),
			    afd_opt(r->sct[i].index, -1), WHERE_FROM(t, r->part)) < 0)
			return -1;
	return AFD_RUN(t->s, err,
		"INSERT INTO log_entry (log, entry_index, certificate_id, precert, logged_ms, proven, chain, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (log, entry_index) DO NOTHING",
		afd_told(r->log), afd_u(r->index), afd_i(id), afd_i(r->precert), afd_i(r->logged_ms), afd_i(r->proven),
		afd_told(r->chain), WHERE_FROM(t, r->part));
}

static int put_unparsed(struct afd_tables *t, const struct afd_row_unparsed *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO unparsed_entry (log, entry_index, reason, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5)"
		" ON CONFLICT (log, entry_index) DO NOTHING",
		afd_told(r->log), afd_u(r->index), afd_told(r->reason), WHERE_FROM(t, r->part));
}

static int put_ct_head(struct afd_tables *t, const struct afd_row_ct_head *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO ct_head (log, size, root, timestamp, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
		afd_told(r->log), afd_u(r->size), afd_told(r->root), afd_i(r->timestamp), WHERE_FROM(t, r->part));
}

static int put_ct_signature(struct afd_tables *t, const struct afd_row_ct_signature *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO ct_signature (log, size, name, type, state, signed_ms, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		afd_told(r->log), afd_u(r->size), afd_told(r->name), afd_i(r->type), afd_told(r->state), afd_opt(r->signed_ms, AFD_TIME_NONE),
		WHERE_FROM(t, r->part));
}

static int put_ct_range(struct afd_tables *t, const struct afd_row_ct_range *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO ct_range (source, log, from_index, to_index, hits, unparsable, head_size, head_ms, watch, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
		afd_t(t->record->source), afd_told(r->log), afd_u(r->from), afd_u(r->to), afd_u(r->hits), afd_u(r->unparsable),
		afd_u(r->head_size), afd_i(r->head_ms), afd_told(r->watch), WHERE_FROM(t, r->part));
}

static int put_ct_incident(struct afd_tables *t, const struct afd_row_ct_incident *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO ct_incident (source, log, kind, reason, lasting, proven, seen_ms, leaf, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		afd_t(t->record->source), afd_told(r->log), afd_told(r->kind), afd_told(r->text), afd_i(r->lasting), afd_i(r->proven),
		afd_i(r->seen_ms), WHERE_FROM(t, r->part));
}

static int put_search(struct afd_tables *t, const struct afd_row_search *r, struct afd_error *err)
{
	int64_t id = 0;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO search_result (source, provider, ref, tbs_sha256, serial, issuer, not_before, not_after, logged_ms, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
		    afd_t(t->record->source), afd_told(r->provider), afd_told(r->ref), afd_told(r->tbs_sha256), afd_told(r->serial),
		    afd_told(r->issuer), afd_i(r->not_before), afd_i(r->not_after), afd_opt(r->logged_ms, AFD_TIME_NONE),
		    WHERE_FROM(t, r->part)) < 0 ||
	    AFD_NUMBER(t->s, &id, err,
		       "SELECT id FROM search_result WHERE source = ?1 AND ref = ?2 AND tbs_sha256 = ?3 AND serial = ?4 AND issuer = ?5"
		       " AND not_before = ?6 AND not_after = ?7",
		       afd_t(t->record->source), afd_told(r->ref), afd_told(r->tbs_sha256), afd_told(r->serial), afd_told(r->issuer),
		       afd_i(r->not_before), afd_i(r->not_after)) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		bool wildcard;
		const char *base = afd_name_base(r->name[i], &wildcard);

		if (AFD_RUN(t->s, err,
			    "INSERT INTO search_name (result_id, name, base, wildcard, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			    " ON CONFLICT (result_id, name) DO NOTHING",
			    afd_i(id), afd_told(r->name[i]), afd_told(base), afd_i(wildcard), WHERE_FROM(t, r->part)) < 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_sct; i++)
		if (AFD_RUN(t->s, err,
			    "INSERT INTO search_sct (result_id, log_id, timestamp, entry_index, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
			    " ON CONFLICT DO NOTHING",
			    afd_i(id), afd_told(r->sct[i].log_id), afd_i(r->sct[i].timestamp), afd_opt(r->sct[i].index, -1),
			    WHERE_FROM(t, r->part)) < 0)
			return -1;
	return 0;
}

static int put_ct_list(struct afd_tables *t, const struct afd_row_ct_list *r, struct afd_error *err)
{
	const char *source = t->record->source;

	if (AFD_RUN(t->s, err, "DELETE FROM ct_log WHERE list_source = ?1", afd_t(source)) < 0)
		return -1;
	/* Who is in no list any more is not expected from the list's time on. */
	if (AFD_RUN(t->s, err, "UPDATE source_scope SET retired_ms = min(retired_ms, ?2) WHERE source IN"
		    " (SELECT source FROM listed_source WHERE list_source = ?1)", afd_t(source), afd_i(r->timestamp)) < 0)
		return -1;
	return AFD_RUN(t->s, err,
		"INSERT INTO ct_list (source, list, version, timestamp, logs, sha256, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		afd_t(source), afd_told(r->list), afd_told(r->version), afd_i(r->timestamp), afd_u(r->logs), afd_told(r->sha256),
		WHERE_FROM(t, r->part));
}

/* (recorded_at: a shard that ended before we heard of it was not retired backwards.)
 * The rows that a log of its own in the configuration would have: it is expected like any other source. */
static int expect_log(struct afd_tables *t, const struct afd_row_ct_log *r, struct afd_error *err)
{
	if (AFD_RUN(t->s, err,
		    "INSERT INTO source (name, kind, evidence, scopes, basis, lag_ms, configured, recorded_at, leaf, part)"
		    " VALUES (?1, ?2, 'ct-log', ?3, 'from the list of logs', ?4, 1, ?5, ?6, ?7)"
		    " ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, lag_ms = excluded.lag_ms, configured = 1",
		    afd_told(r->source), afd_told(r->kind), afd_told(r->log), afd_i(r->lag_ms),
		    afd_i(r->expected_to < t->ledger_ms ? r->expected_to : t->ledger_ms), WHERE_FROM(t, r->part)) < 0 ||
	    AFD_RUN(t->s, err, "INSERT INTO listed_source (source, list_source, operator) VALUES (?1, ?2, ?3)"
		    " ON CONFLICT (source) DO UPDATE SET operator = excluded.operator",
		    afd_told(r->source), afd_t(t->record->source), afd_told(r->operator)) < 0)
		return -1;
	return AFD_RUN(t->s, err,
		"INSERT INTO source_scope (source, evidence, scope, retired_ms, lag_ms) VALUES (?1, 'ct-log', ?2, ?3, ?4)"
		" ON CONFLICT (source, evidence, scope) DO UPDATE SET retired_ms = excluded.retired_ms, lag_ms = excluded.lag_ms",
		afd_told(r->source), afd_told(r->log), afd_i(r->expected_to), afd_i(r->lag_ms));
}

static int put_ct_log(struct afd_tables *t, const struct afd_row_ct_log *r, struct afd_error *err)
{
	int64_t one;
	int known;

	if (AFD_RUN(t->s, err,
		    "INSERT INTO ct_log (list_source, source, log_id, log, description, operator, kind, url, state, state_ms, mmd_ms,"
		    " from_ms, to_ms, expected_to, left_out, leaf, part)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
		    afd_t(t->record->source), afd_told(r->source), afd_told(r->log_id), afd_told(r->log), afd_told(r->description),
		    afd_told(r->operator), afd_told(r->kind), afd_told(r->url), afd_told(r->state), afd_opt(r->state_ms, AFD_TIME_NONE),
		    afd_i(r->mmd_ms), afd_opt(r->from_ms, AFD_TIME_NONE), afd_opt(r->to_ms, AFD_TIME_NONE),
		    afd_opt(r->expected_to, AFD_TIME_NONE), afd_told(r->left_out), WHERE_FROM(t, r->part)) < 0)
		return -1;
	if (r->expected_to != AFD_TIME_NONE)
		return expect_log(t, r, err);
	/* Never trusted, or retired: what was once expected keeps its row and gets its end. */
	known = AFD_NUMBER(t->s, &one, err, "SELECT 1 FROM source WHERE name = ?1", afd_told(r->source));
	if (known <= 0 || r->state_ms == AFD_TIME_NONE)
		return known < 0 ? -1 : 0;
	if (AFD_RUN(t->s, err, "UPDATE source SET recorded_at = min(recorded_at, ?2) WHERE name = ?1", afd_told(r->source), afd_i(r->state_ms)) < 0)
		return -1;
	return AFD_RUN(t->s, err, "UPDATE source_scope SET retired_ms = ?2 WHERE source = ?1", afd_told(r->source), afd_i(r->state_ms));
}

static int put_anchor(struct afd_tables *t, const struct afd_row_anchor *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO anchor (leaf, size, root, note_sha256, time_ms, authority, reason, part)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		afd_u(t->leaf), afd_u(r->size), afd_told(r->root), afd_told(r->note_sha256), afd_opt(r->time_ms, AFD_TIME_NONE),
		afd_told(r->authority), afd_told(r->reason), afd_u(r->part));
}

static int put_watch(struct afd_tables *t, const struct afd_row_watch *r, struct afd_error *err)
{
	return AFD_RUN(t->s, err,
		"INSERT INTO watch (digest, name, leaf) VALUES (?1, ?2, ?3) ON CONFLICT (digest, name) DO NOTHING",
		afd_told(r->digest), afd_told(r->name), afd_u(t->leaf));
}

int afd_put_coverage(struct afd_tables *t, const struct afd_row_coverage *r, struct afd_error *err)
{
	const bool doubted = t->doubt && r->grade != AFD_GAP;   /* a gap has its own reason */
	struct afd_span at = r->at;

	/* nothing lies in an empty interval; but a gap that was told must show, if only for an instant */
	if (at.from >= at.to && r->grade != AFD_GAP)
		return 0;
	if (at.from == AFD_FOREVER)
		return afd_fail(err, AFD_E_PARSE, "coverage that begins at the end of time");
	if (at.from >= at.to)
		at = afd_instant(at.from);
	return AFD_RUN(t->s, err,
		"INSERT INTO coverage (source, evidence, scope, watch, t_from, t_to, grade, reason, provider_count,"
		" stored_count, lag_ms, leaf, part) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		afd_t(t->record->source), afd_told(r->evidence), afd_told(r->scope), afd_told(r->watch), afd_i(at.from),
		afd_i(at.to), afd_i(doubted ? AFD_GAP : r->grade), afd_told(doubted ? t->doubt : r->reason),
		afd_opt(r->provider_count, -1), afd_opt(r->stored_count, -1), afd_i(r->lag_ms), WHERE_FROM(t, r->part));
}

/* --- the sink's doors --- */

#define DOOR(name, type, put)                                                                      \
	static int name(void *ctx, const struct type *r, struct afd_error *err)                    \
	{                                                                                          \
		struct afd_tables *t = ctx;                                                        \
                                                                                                   \
		return told(t, put(t, r, &t->err), err);                                           \
	}
DOOR(door_zone, afd_row_zone, afd_zone_whole)
DOOR(door_diff, afd_row_diff, afd_zone_diff)
DOOR(door_serial, afd_row_serial, afd_zone_serial)
DOOR(door_claim, afd_row_claim, put_claim)
DOOR(door_declared, afd_row_declared, afd_put_declared)
DOOR(door_grants, afd_row_grants, afd_put_grants)
DOOR(door_answer, afd_row_answer, afd_put_answer)
DOOR(door_dnssec, afd_row_dnssec, afd_put_dnssec)
DOOR(door_endpoint, afd_row_endpoint, afd_put_endpoint)
DOOR(door_observation, afd_row_observation, afd_put_observation)
DOOR(door_issuance, afd_row_issuance, afd_put_issuance)
DOOR(door_held, afd_row_held, afd_put_held)
DOOR(door_revocation, afd_row_revocation, afd_put_revocation)
DOOR(door_event, afd_row_event, afd_put_event)
DOOR(door_domain_state, afd_row_domain_state, afd_put_domain_state)
DOOR(door_domain_change, afd_row_domain_change, afd_put_domain_change)
DOOR(door_credentials, afd_row_credentials, afd_put_credentials)
DOOR(door_members, afd_row_members, afd_put_members)
DOOR(door_cert, afd_row_cert, put_certificate)
DOOR(door_unparsed, afd_row_unparsed, put_unparsed)
DOOR(door_ct_head, afd_row_ct_head, put_ct_head)
DOOR(door_ct_signature, afd_row_ct_signature, put_ct_signature)
DOOR(door_ct_range, afd_row_ct_range, put_ct_range)
DOOR(door_ct_incident, afd_row_ct_incident, put_ct_incident)
DOOR(door_ct_list, afd_row_ct_list, put_ct_list)
DOOR(door_ct_log, afd_row_ct_log, put_ct_log)
DOOR(door_search, afd_row_search, put_search)
DOOR(door_coverage, afd_row_coverage, afd_put_coverage)
DOOR(door_watch, afd_row_watch, put_watch)
DOOR(door_anchor, afd_row_anchor, put_anchor)
DOOR(door_notice, afd_row_notice, afd_put_notice)
DOOR(door_user, afd_row_user, afd_user_row)

static int door_user_begin(void *ctx, const char *const *tables, struct afd_error *err)
{
	struct afd_tables *t = ctx;

	return told(t, afd_user_begin(t, tables, &t->err), err);
}

static int door_user_end(void *ctx, struct afd_error *err)
{
	struct afd_tables *t = ctx;

	return told(t, afd_user_end(t, &t->err), err);
}

struct afd_sink afd_tables_sink(struct afd_tables *t)
{
	return (struct afd_sink){
		.ctx = t,
		.zone = door_zone,
		.diff = door_diff,
		.serial = door_serial,
		.claim = door_claim,
		.declared = door_declared,
		.grants = door_grants,
		.answer = door_answer,
		.dnssec = door_dnssec,
		.endpoint = door_endpoint,
		.observation = door_observation,
		.issuance = door_issuance,
		.held = door_held,
		.revocation = door_revocation,
		.event = door_event,
		.domain_state = door_domain_state,
		.domain_change = door_domain_change,
		.credentials = door_credentials,
		.members = door_members,
		.cert = door_cert,
		.unparsed = door_unparsed,
		.ct_head = door_ct_head,
		.ct_signature = door_ct_signature,
		.ct_range = door_ct_range,
		.ct_incident = door_ct_incident,
		.ct_list = door_ct_list,
		.ct_log = door_ct_log,
		.search = door_search,
		.coverage = door_coverage,
		.watch = door_watch,
		.anchor = door_anchor,
		.notice = door_notice,
		.user_begin = door_user_begin,
		.user = door_user,
		.user_end = door_user_end,
	};
}

int afd_tables_finish(struct afd_tables *t, struct afd_error *err)
{
	if (t->user.open) {
		afd_fail(&t->err, AFD_E_ENGINE, "the decoder left a file of the user open");
		return told(t, -1, err);
	}
	return told(t, afd_zone_finish(t, &t->err), err);
}

void afd_tables_release(struct afd_tables *t)
{
	afd_zone_release(t);
	afd_user_release(t);
}
