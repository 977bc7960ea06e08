/* A processed range of a transparency log, read again: the entries that match are the ledger's, and as many as its item
 * says. The tables only say where to look; what is compared are items. */
#include <unistd.h>

#include "cli/verify_refetch.h"
#include "collector/refetch.h"

/* The source of that name: of the configuration, or brought by the list in its parent's cursor. 1 found, 0 none. */
static int find_source(struct session *s, const char *name, struct afd_more_sources *more, const struct afd_source **ret, struct afd_error *err)
{
	for (size_t i = 0; i < s->config->n_source; i++) {
		const struct afd_source *x = &s->config->source[i];
		AFD_AUTO(mem) char *cursor = NULL;
		size_t n = strlen(x->name);

		*ret = x;
		if (strcmp(x->name, name) == 0)
			return 1;
		if (!x->provider->more || strncmp(x->name, name, n) != 0 || name[n] != '.')
			continue;
		if (afd_collect_cursor(s->store, x, &cursor, err) < 0 ||
		    x->provider->more(x, cursor, afd_now(&s->cli->env), more, err) < 0)
			return -1;
		for (size_t k = 0; k < more->n; k++) {
			*ret = &more->at[k];
			if (strcmp(more->at[k].name, name) == 0)
				return 1;
		}
		if (more->release)
			more->release(more);
		*more = (struct afd_more_sources){ 0 };
	}
	return 0;
}

struct names { char **at; size_t n, cap; };

static void names_release(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
}

/* The list of names with this digest, as the ledger has it. 1 found, 0 none. */
static int find_names(struct afd_store *store, const char *digest, struct names *ret, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest d;
	int r;

	if (afd_query_open(store, "SELECT name FROM watch WHERE digest = :digest ORDER BY name", &q, err) < 0 ||
	    afd_query_bind_text(q, "digest", digest, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0) {
		const char *name = afd_query_text(q, 0);

		if (ret->n == ret->cap) {
			size_t cap = ret->cap ? 2 * ret->cap : 64;
			char **at = reallocarray(ret->at, cap, sizeof(*at));

			if (!at)
				return afd_fail_memory(err);
			ret->at = at;
			ret->cap = cap;
		}
		ret->at[ret->n] = afd_strdup(name ? name : "");
		if (!ret->at[ret->n++] || afd_buf_printf(&text, "%s\n", name ? name : "") < 0)
			return afd_fail_memory(err);
	}
	afd_sha256(afd_buf_slice(&text), &d);
	return r < 0 ? -1 : strcmp(afd_digest_hex(&d).s, digest) == 0;
}

/* 1: the entry stands in the ledger, with these very bytes. */
static int has_entry(struct afd_store *store, const struct afd_refetched *f, const struct afd_refetched_hit *h, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	bool found = false;
	int r;

	if (afd_query_open(store, "SELECT leaf FROM log_entry WHERE log = :log AND entry_index = :at UNION "
	                          "SELECT leaf FROM unparsed_entry WHERE log = :log AND entry_index = :at", &q, err) < 0 ||
	    afd_query_bind_text(q, "log", f->log, err) < 0 || afd_query_bind_int(q, "at", (int64_t)h->index, err) < 0)
		return -1;
	while (!found && (r = afd_query_step(q, err)) > 0) {
		struct afd_item item = { 0 };

		if (afd_store_item(store, (uint64_t)afd_query_int(q, 0), &item, err) < 0)
			return -1;
		/* forgotten under a rule: it was there */
		found = item.presence == AFD_ERASED || (item.presence == AFD_PRESENT && item.record.kind == AFD_ITEM_ENTRY &&
		        afd_refetch_is_entry(afd_buf_slice(&item.bytes), f->log, h->index, &h->leaf));
		afd_item_release(&item);
	}
	return found ? 1 : r < 0 ? -1 : 0;
}

static int compare(struct verify *v, struct afd_store *store, const char *of, const struct afd_refetched *f, struct afd_error *err)
{
	uint64_t unparsable = 0, missing = 0, first = 0;

	if (f->outcome != AFD_REFETCH_SEEN) {
		claims_add(&v->claims, f->outcome == AFD_REFETCH_UNSEEN ? CLAIM_UNCLEAR : CLAIM_FAILS, "refetch", of, "%s", f->why);
		return 0;
	}
	for (size_t i = 0; i < f->n; i++) {
		int has = has_entry(store, f, &f->hit[i], err);

		if (has < 0)
			return -1;
		unparsable += f->hit[i].unparsable;
		if (!has && missing++ == 0)
			first = f->hit[i].index;
	}
	if (!f->same_tree)
		claims_add(&v->claims, CLAIM_FAILS, "refetch", of, "the log's entries lead to another tree than that behind the range");
	if (f->n - unparsable != f->hits || unparsable != f->unparsable)
		claims_add(&v->claims, CLAIM_FAILS, "refetch", of, "the item says %s hits and %s unparsable, the log has %s and %s", cli_number(f->hits).s,
		           cli_number(f->unparsable).s, cli_number(f->n - unparsable).s, cli_number(unparsable).s);
	if (missing)
		claims_add(&v->claims, CLAIM_FAILS, "refetch", of, "%s entries that match are in the log and not in the ledger, first %s", cli_number(missing).s,
		           cli_number(first).s);
	if (f->same_tree && !missing && f->n - unparsable == f->hits && unparsable == f->unparsable)
		claims_add(&v->claims, CLAIM_HOLDS, "refetch", of, "%s, entries %s to %s read again: the same tree, and all %s that match are in the ledger", f->log,
		           cli_number(f->from).s, cli_number(f->to - 1).s, cli_number(f->n).s);
	return 0;
}

static void pause_ms(void *ctx, int64_t ms)
{
	(void)ctx;
	usleep((useconds_t)(ms > 60000 ? 60000 : ms) * 1000);
}

static int refetch_range(struct verify *v, struct session *s, struct afd_transport *t, const char *name, struct afd_slice range, const char *of,
                         const char *from, struct afd_error *err)
{
	__attribute__((cleanup(names_release))) struct names names = { 0 };
	struct afd_watch watch = { 0 };
	struct afd_collect c = { .store = s->store, .transport = t, .env = &s->cli->env, .watch = &watch, .contact = s->config->contact,
		.sleep_ms = pause_ms, .stop = s->cli->stop };
	struct afd_more_sources more = { 0 };
	const struct afd_source *source;
	struct afd_refetched f = { 0 };
	struct afd_hex64 digest;
	struct afd_error why = { 0 };
	int r;

	if (afd_refetch_watch(range, &digest, &why) < 0) {
		claims_add(&v->claims, CLAIM_FAILS, "refetch", of, "%s", why.text);
		return 0;
	}
	r = find_names(s->store, digest.s, &names, err);
	if (r < 0)
		return -1;
	if (r == 0) {
		claims_add(&v->claims, CLAIM_UNCLEAR, "refetch", of, "the list of names that it was searched for (%.16s...) is not in the ledger", digest.s);
		return 0;
	}
	watch = (struct afd_watch){ (const char *const *)names.at, names.n, digest };
	r = find_source(s, name, &more, &source, err);
	if (r == 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, "refetch", of, "the configuration has no source %s any more: nobody knows where and with which key to ask", name);
	else if (r > 0 && afd_refetch(&c, source, range, from, &f, &why) < 0)
		claims_add(&v->claims, CLAIM_UNCLEAR, "refetch", of, "%s", why.text);
	else if (r > 0)
		r = compare(v, s->store, of, &f, err);
	afd_refetched_release(&f);
	if (more.release)
		more.release(&more);
	return r < 0 ? -1 : 0;
}

static int refetch_leaf(struct verify *v, struct session *s, struct afd_transport *t, uint64_t leaf, const char *from, struct afd_error *err)
{
	struct afd_item item = { 0 };
	char of[40];
	int r = 0;

	snprintf(of, sizeof(of), "leaf %llu", (unsigned long long)leaf);
	if (afd_store_item(s->store, leaf, &item, err) < 0)
		return -1;
	if (item.presence != AFD_PRESENT)
		claims_add(&v->claims, CLAIM_UNCLEAR, "refetch", of, "it was erased, or is missing: nobody knows what it said");
	else if (item.record.kind != AFD_ITEM_RANGE)
		r = afd_fail(err, AFD_E_USAGE, "--refetch: %s is no range of a transparency log", of);
	else
		r = refetch_range(v, s, t, item.record.source, afd_buf_slice(&item.bytes), of, from, err);
	afd_item_release(&item);
	return r;
}

static int refetch_source(struct verify *v, struct session *s, struct afd_transport *t, const char *source, const char *from, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	unsigned n = 0;
	int r;

	if (afd_query_open(s->store, "SELECT leaf FROM ct_range WHERE source = :source ORDER BY leaf", &q, err) < 0 ||
	    afd_query_bind_text(q, "source", source, err) < 0)
		return -1;
	for (; (r = afd_query_step(q, err)) > 0; n++)
		if (refetch_leaf(v, s, t, (uint64_t)afd_query_int(q, 0), from, err) < 0)
			return -1;
	if (r == 0 && !n)
		return afd_fail(err, AFD_E_USAGE, "--refetch %s: neither a leaf nor a source with ranges; `affidavit sources ct` lists the logs", source);
	return r;
}

int verify_refetch(struct verify *v, struct session *s, const char *what, const char *from, struct afd_error *err)
{
	struct afd_transport *t = afd_transport_new(&s->cli->env, s->config->contact, err);
	char *end;
	uint64_t leaf = strtoull(what, &end, 10);
	int r;

	if (!t)
		return -1;
	cli_warn(v->c, "--refetch opens connections: %s is read again from its log", cli_safe(what, 60));
	r = *end || end == what || *what == '-' ? refetch_source(v, s, t, what, from, err) : refetch_leaf(v, s, t, leaf, from, err);
	afd_transport_free(t);
	return r;
}
