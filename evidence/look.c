/* What the records themselves say, for a verifier who does not believe derived tables. A line of a record cannot stand in the
 * value of another: values have no line feed (docs/ledger-format.md, 2.2). */
#include "evidence/db.h"

int afd_store_next_of(struct afd_store *s, const char *kind, const char *decoder, uint64_t from, uint64_t *ret, struct afd_error *err)
{
	int64_t leaf = 0;
	int r = AFD_NUMBER(s, &leaf, err,
		"SELECT leaf FROM item WHERE leaf >= ?1 AND record IS NOT NULL AND instr(record, char(10) || 'kind ' || ?2 || char(10)) > 0"
		" AND instr(record, char(10) || 'decoder ' || ?3 || char(10)) > 0 ORDER BY leaf LIMIT 1",
		afd_u(from), afd_t(kind), afd_t(decoder));

	if (r > 0)
		*ret = (uint64_t)leaf;
	return r;
}

int afd_store_last_received(struct afd_store *s, uint64_t from, uint64_t to, int64_t *ret, struct afd_error *err)
{
	return AFD_NUMBER(s, ret, err,
		"SELECT max(CAST(substr(record, instr(record, char(10) || 'received-at ') + 13) AS INTEGER)) FROM item"
		" WHERE leaf >= ?1 AND leaf < ?2 AND record IS NOT NULL", afd_u(from), afd_u(to));
}
