/* Keys and signatures as checks need them: read once for all, not word by word in SQL. */
#include <inttypes.h>

#include "core/dnssec.h"
#include "mappers/judge.h"

static const char keys_sql[] =
	"SELECT r.rdata FROM dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id"
	" WHERE a.purpose IN ('dnskey', 'cdnskey') AND r.section = 'answer' AND r.type IN ('DNSKEY', 'CDNSKEY')"
	" UNION SELECT r.rdata FROM domain d CROSS JOIN record r ON r.owner = d.zone AND r.type = 'DNSKEY' AND r.zone = d.zone WHERE d.in_scope = 1 ORDER BY 1";

static const char signatures_sql[] =
	"SELECT r.id, a.zone, a.server, a.t, r.rdata FROM dns_answer a JOIN dns_answer_record r ON r.answer_id = a.id AND r.type = 'RRSIG'"
	" WHERE a.purpose IN ('soa', 'ns', 'dnskey', 'caa', 'challenge', 'persist', 'nsec3param', 'cds', 'cdnskey', 'denial') ORDER BY r.id";

static int put_key(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 };
	struct afd_dnskey k;

	if (afd_dnskey_parse(afd_query_text(q, 0), &k) < 0)
		return 0;
	if (afd_sql_quote(&row, afd_query_text(q, 0)) < 0 || afd_buf_printf(&row, ",%u,%u,%u,%u", k.flags, k.algorithm, k.tag, k.bits) < 0)
		return afd_fail_memory(err);
	return afd_inserts_text(ins, afd_buf_slice(&row), err);
}

/* Of the zone itself; those of its parent are for others to make. */
static int put_signature(struct afd_inserts *ins, struct afd_query *q, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf row = { 0 };
	AFD_AUTO(mem) char *covered = NULL;
	struct afd_rrsig s;

	if (afd_rrsig_parse(afd_query_text(q, 4), &s) < 0 || !afd_slice_equal(s.signer, afd_slice_text(afd_query_text(q, 1))))
		return 0;
	covered = afd_text_dup(s.covered);
	if (!covered || afd_buf_printf(&row, "%" PRId64 ",", afd_query_int(q, 0)) < 0 || afd_sql_quote(&row, afd_query_text(q, 1)) < 0 ||
	    afd_buf_text(&row, ",") < 0 || afd_sql_quote(&row, afd_query_text(q, 2)) < 0 || afd_buf_text(&row, ",") < 0 ||
	    afd_sql_quote(&row, covered) < 0 ||
	    afd_buf_printf(&row, ",%u,%u,%u,%" PRId64 ",%" PRId64 ",%" PRId64, s.algorithm, s.tag, s.ttl, afd_query_int(q, 3), s.since, s.till) < 0)
		return afd_fail_memory(err);
	return afd_inserts_text(ins, afd_buf_slice(&row), err);
}

int afd_join_dnssec(struct afd_store *s, struct afd_error *err)
{
	AFD_AUTO(inserts) struct afd_inserts keys = { .s = s, .into = "dnskey(rdata,flags,algorithm,tag,bits)" };
	AFD_AUTO(inserts) struct afd_inserts signatures = { .s = s, .into = "signature(ref_id,zone,server,covered,algorithm,tag,ttl,t,since,till)" };

	if (afd_inserts_each(s, keys_sql, &keys, put_key, err) < 0 || afd_inserts_each(s, signatures_sql, &signatures, put_signature, err) < 0)
		return -1;
	return afd_inserts_flush(&keys, err) < 0 ? -1 : afd_inserts_flush(&signatures, err);
}
