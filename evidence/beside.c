/* Readers beside a writer, in the same process: for threads that look at what it committed. */
#include "evidence/db.h"

int afd_store_bytes(struct afd_store *s, uint64_t *ret, struct afd_error *err)
{
	int64_t pages = 0, size = 0;

	if (afd_sql_number(s, "PRAGMA page_count", NULL, 0, &pages, err) < 0 || afd_sql_number(s, "PRAGMA page_size", NULL, 0, &size, err) < 0)
		return -1;
	*ret = (uint64_t)pages * (uint64_t)size;
	return 0;
}

int afd_store_beside(struct afd_store *s, struct afd_store **ret, struct afd_error *err)
{
	*ret = NULL;
	/* while we hold its lock nobody else writes, so whoever opens it sees what we see; without one it is nobody's file, or may move on */
	if (!s->lock || !sqlite3_get_autocommit(s->db))
		return 0;
	if (afd_store_open(s->path, AFD_STORE_READ, ret, err) < 0)
		return -1;
	(*ret)->budget = s->budget;
	(*ret)->stop = s->stop;
	return 0;
}

int afd_store_look_again(struct afd_store *s, struct afd_error *err)
{
	return afd_sql_script(s, "COMMIT; BEGIN; SELECT count(*) FROM sqlite_schema", err);
}
