/* Whom the words of people mean, once for all checks: two that read one name in two ways find that somebody has left and that he is there. */
#include "mappers/judge.h"

/* Of several who bear a name one may have left: what is asked of whoever is meant is asked of the one who is there longest. */
#define PUT_SQL(login) \
	"INSERT INTO person_word (word, person, people, stays, login)" \
	" SELECT x.word, x.person, COUNT(*) OVER (PARTITION BY x.word)," \
	" CASE ROW_NUMBER() OVER (PARTITION BY x.word ORDER BY x.until DESC, x.person) WHEN 1 THEN 1 ELSE 0 END, " #login

static const char names_sql[] =
	PUT_SQL(0) " FROM ("
	"SELECT lower(trim(p.id)) AS word, p.id AS person, COALESCE(p.left_ms, 9223372036854775807) AS until FROM person p"
	" UNION SELECT lower(trim(p.name)), p.id, COALESCE(p.left_ms, 9223372036854775807) FROM person p WHERE p.name IS NOT NULL"
	" UNION SELECT lower(trim(p.email)), p.id, COALESCE(p.left_ms, 9223372036854775807) FROM person p WHERE p.email IS NOT NULL"
	") x WHERE x.word <> ''";

/* A login of any account, and of any time: approvals name people as they were called then. */
static const char logins_sql[] =
	PUT_SQL(1) " FROM ("
	"SELECT DISTINCT lower(trim(a.name)) AS word, COALESCE(p.id, lower(trim(a.person))) AS person, COALESCE(p.left_ms, 9223372036854775807) AS until"
	" FROM actor a LEFT JOIN person p ON p.id = a.person WHERE a.person IS NOT NULL"
	") x WHERE x.word <> '' AND x.word NOT IN (SELECT w.word FROM person_word w)";

int afd_join_people(struct afd_store *s, struct afd_error *err)
{
	return afd_store_exec_joined(s, names_sql, err) < 0 ? -1 : afd_store_exec_joined(s, logins_sql, err);
}
