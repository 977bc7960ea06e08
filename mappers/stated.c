/* What files of the user state, as many checks read it. */
#include "mappers/judge.h"

static const char begun_sql[] = "INSERT INTO inventory_begun (one, t) SELECT 1, MIN(n.ledger_ms) FROM item_note n WHERE n.decoder = 'inventory'";

int afd_join_stated(struct afd_store *s, struct afd_error *err)
{
	return afd_store_exec_joined(s, begun_sql, err);
}
