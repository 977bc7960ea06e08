/* A processed range, read again: the run starts with the tree before the range and the head that it was verified against,
 * as a cursor would give it, takes the entries up to its end, and compares where they lead with the head of today. So the
 * entries are the log's own, whatever else the item says. */
#include "collector/ct/ct_refetch.h"
#include "collector/ct/ct_run.h"

static const struct afd_ct_kind *kind_of(const struct afd_source *s)
{
	if (strcmp(s->provider->kind, "static-ct") == 0)
		return &afd_ct_static;
	return strcmp(s->provider->kind, "rfc6962") == 0 ? &afd_ct_rfc6962 : NULL;
}

int afd_ct_refetch_begin(const struct afd_source *s, const struct afd_source_config *c, struct afd_slice range, const char *url,
                         struct afd_refetched *ret, void **state, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_ct_range item;
	struct config config;
	const char *log;
	struct run *r;

	if (!kind_of(s))
		return afd_fail(err, AFD_E_USAGE, "source %s: not a transparency log", s->name);
	if (afd_ct_range_read(range, &doc, &item, &log, err) < 0)
		return -1;
	ret->from = item.from;
	ret->to = item.to;
	ret->hits = item.hits;
	ret->unparsable = item.unparsable;
	snprintf(ret->log, sizeof(ret->log), "%s", log);
	config = *(const struct config *)s->config;
	config.url = url ? url : config.url;
	config.start = NULL;
	config.closed = false;
	config.max_entries = 0;
	if (afd_ct_begin(kind_of(s), c, &config, NULL, state, err) < 0)
		return -1;
	r = *state;
	if (strcmp(r->log.origin, log) != 0)
		return afd_fail(err, AFD_E_CONFIG, "source %s is the log %s now, and the range is one of %s", s->name, r->log.origin, log);
	r->tree = item.before;
	r->head = item.head;
	r->has_head = true;
	r->until = item.to;
	if (item.from == item.to)
		r->phase = DONE;
	return 0;
}

/* A head that goes back or is older than that of the range says nothing: a copy may be of before. */
static bool is_contradiction(const char *why)
{
	static const char *const words[] = { "fork", "do not lead to", "cannot show that its head" };

	for (size_t i = 0; i < AFD_COUNT(words); i++)
		if (strncmp(why, "incident: ", 10) == 0 && strstr(why, words[i]))
			return true;
	return false;
}

int afd_ct_refetch_result(void *state, struct afd_slice range, const char *why, struct afd_refetched *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct run *r = state;
	struct afd_ct_range item;
	const char *log;

	if (afd_ct_range_read(range, &doc, &item, &log, err) < 0)
		return -1;
	snprintf(ret->why, sizeof(ret->why), "%s", *why ? why : "nothing was read");
	ret->outcome = r->reread ? AFD_REFETCH_SEEN : is_contradiction(why) ? AFD_REFETCH_CONTRADICTED : AFD_REFETCH_UNSEEN;
	if (!r->reread)
		return 0;
	ret->same_tree = r->tree.size == item.after.size && r->tree.n == item.after.n;
	for (unsigned i = 0; i < r->tree.n && ret->same_tree; i++)
		ret->same_tree = afd_digest_equal(&r->tree.at[i], &item.after.at[i]);
	ret->hit = calloc(r->n_hits + 1, sizeof(*ret->hit));
	if (!ret->hit)
		return afd_fail_memory(err);
	for (; ret->n < r->n_hits; ret->n++) {
		const struct hit *h = r->hit[ret->n];

		ret->hit[ret->n].index = h->path.index;
		ret->hit[ret->n].unparsable = h->unparsable;
		afd_merkle_leaf(afd_buf_slice(&h->leaf_input), &ret->hit[ret->n].leaf);
	}
	return 0;
}
