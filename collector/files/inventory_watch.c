/* The names to look for: what an inventory says of its domains, services and addresses. */
#include "collector/collect.h"
#include "collector/table.h"

static bool has_value(const struct afd_row_user *row, const char *column, int64_t value)
{
	for (size_t i = 0; i < row->n; i++)
		if (!strcmp(row->v[i].column, column) && row->v[i].i == value)
			return true;
	return false;
}

static int add_rule(struct afd_watch_list *w, const char *mark, const char *text, struct afd_error *err)
{
	char **name = realloc(w->name, (w->watch.n + 1) * sizeof(*name));

	if (!name)
		return afd_fail_memory(err);
	w->name = name;
	name[w->watch.n] = afd_sprintf("%s%s", mark, text);
	return name[w->watch.n] ? (w->watch.n++, 0) : afd_fail_memory(err);
}

static int add_host(struct afd_watch_list *w, const struct afd_row_user *row, struct afd_error *err)
{
	char **host = realloc(w->host, (w->watch.n_host + 1) * sizeof(*host));

	if (!host)
		return afd_fail_memory(err);
	w->host = host;
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(row->v[i].column, "host") == 0 && row->v[i].text) {
			host[w->watch.n_host] = afd_strdup(row->v[i].text);
			return host[w->watch.n_host] ? (w->watch.n_host++, 0) : afd_fail_memory(err);
		}
	return 0;
}

/* Rules as the lists of the ledger have them (collector/ct/ct_entry.h). */
static int watch_row(void *ctx, const struct afd_row_user *row, struct afd_error *err)
{
	struct afd_watch_list *w = ctx;

	if (!strcmp(row->table, "domain_address"))
		return add_rule(w, "", row->v[1].text, err);
	if (!strcmp(row->table, "service"))
		return add_host(w, row, err);
	if (strcmp(row->table, "domain") || has_value(row, "in_scope", 0))
		return 0;
	if (add_rule(w, has_value(row, "exact", 1) ? "=" : "", row->key, err) < 0)
		return -1;
	return has_value(row, "lookalike", 1) ? add_rule(w, "~", row->key, err) : 0;
}

static int watch_tables(void *ctx, const char *const *t, struct afd_error *err)
{
	(void)ctx, (void)t, (void)err;
	return 0;
}

static int watch_end(void *ctx, struct afd_error *err)
{
	(void)ctx, (void)err;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two domains may name one range. */
static void watch_unique(struct afd_watch_list *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->watch.n; i++) {
		if (n > 0 && !strcmp(w->name[n - 1], w->name[i]))
			free(w->name[i]);
		else
			w->name[n++] = w->name[i];
	}
	w->watch.n = n;
}

static int watch_digest(struct afd_watch_list *w, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest digest;

	for (size_t i = 0; i < w->watch.n; i++)
		if (afd_buf_printf(&text, "%s\n", w->name[i]) < 0)
			return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&text), &digest);
	w->watch.digest = afd_digest_hex(&digest);
	return 0;
}

int afd_watch_from_inventory(struct afd_slice bytes, const char *path, struct afd_watch_list **ret,
			     struct afd_error *err)
{
	AFD_AUTO(watch_list) struct afd_watch_list *w = calloc(1, sizeof(*w));
	struct afd_sink sink = { .ctx = w, .user_begin = watch_tables, .user = watch_row, .user_end = watch_end };
	struct afd_record record = { .kind = AFD_ITEM_FILE, .asked = (char *)path };
	struct afd_item_view view = { .record = &record, .bytes = bytes };

	if (!w)
		return afd_fail_memory(err);
	if (afd_provider_inventory.decode(&view, &sink, err) < 0)
		return -1;
	if (w->watch.n)
		qsort(w->name, w->watch.n, sizeof(*w->name), by_bytes);
	if (w->watch.n_host)
		qsort(w->host, w->watch.n_host, sizeof(*w->host), by_bytes);
	watch_unique(w);
	if (watch_digest(w, err) < 0)
		return -1;
	w->watch.name = (const char *const *)w->name;
	w->watch.host = (const char *const *)w->host;
	*ret = afd_steal(&w);
	return 0;
}

struct afd_watch_list *afd_watch_list_free(struct afd_watch_list *w)
{
	for (size_t i = 0; w && i < w->watch.n; i++)
		free(w->name[i]);
	for (size_t i = 0; w && i < w->watch.n_host; i++)
		free(w->host[i]);
	if (w) {
		free(w->name);
		free(w->host);
	}
	free(w);
	return NULL;
}

void afd_watch_list_release(struct afd_watch_list **w)
{
	*w = afd_watch_list_free(*w);
}
