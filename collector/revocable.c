#include "collector/revocable.h"

enum { MOST = 200000 };

static int add(struct afd_revocable_list *l, struct afd_query *q, struct afd_error *err)
{
	struct afd_revocable *p = l->at;

	if (l->n == MOST)
		return afd_fail(err, AFD_E_LIMIT, "more than %d addresses of revocation in the certificates", MOST);
	if ((l->n & (l->n - 1)) == 0) {           /* room doubles at each power of two */
		p = realloc(l->at, (l->n ? l->n * 2 : 1) * sizeof(*p));
		if (!p)
			return afd_fail_memory(err);
		l->at = p;
	}
	p = &l->at[l->n++];
	*p = (struct afd_revocable){ afd_strdup(afd_query_text(q, 0)), afd_strdup(afd_query_text(q, 1)), afd_strdup(afd_query_text(q, 2)),
				     afd_strdup(afd_query_text(q, 3)) };
	return p->issuer_key_hash && p->kind && p->url && p->serial ? 0 : afd_fail_memory(err);
}

int afd_revocable_load(struct afd_store *s, int64_t now, struct afd_revocable_list *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s,
			   "SELECT c.issuer_key_hash, u.kind, u.url, c.serial FROM certificate c JOIN certificate_url u ON u.certificate_id = c.id"
			   " WHERE c.not_after >= :now AND c.issuer_key_hash <> '' ORDER BY c.issuer_key_hash, u.kind, u.url, c.serial",
			   &q, err) < 0 ||
	    afd_query_bind_int(q, "now", now, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		if (add(ret, q, err) < 0)
			return -1;
	return r;
}

void afd_revocable_release(struct afd_revocable_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->at[i].issuer_key_hash);
		free(l->at[i].kind);
		free(l->at[i].url);
		free(l->at[i].serial);
	}
	free(l->at);
	*l = (struct afd_revocable_list){ 0 };
}
