#include "collector/registrar/account_state.h"

#include <stdio.h>

#define MAX_ROWS 100000u

void afd_account_release(struct afd_account *a)
{
	for (size_t i = 0; i < a->n_text; i++)
		free(a->text[i]);
	free(a->text);
	free(a->credential);
	free(a->member);
	*a = (struct afd_account){ 0 };
}

const char *afd_account_text(struct afd_account *a, char *text)
{
	char **more = text ? realloc(a->text, (a->n_text + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		return NULL;
	}
	a->text = more;
	return more[a->n_text++] = text;
}

struct afd_credential_state *afd_account_credential(struct afd_account *a)
{
	struct afd_credential_state *more = a->n_credential < MAX_ROWS ? realloc(a->credential, (a->n_credential + 1) * sizeof(*more)) : NULL;

	if (!more)
		return NULL;
	a->credential = more;
	more[a->n_credential] = (struct afd_credential_state){ .created_ms = AFD_TIME_NONE, .expires_ms = AFD_TIME_NONE, .used_ms = AFD_TIME_NONE,
		.rotated_ms = AFD_TIME_NONE };
	return &more[a->n_credential++];
}

struct afd_member_state *afd_account_member(struct afd_account *a)
{
	struct afd_member_state *more = a->n_member < MAX_ROWS ? realloc(a->member, (a->n_member + 1) * sizeof(*more)) : NULL;

	if (!more)
		return NULL;
	a->member = more;
	more[a->n_member] = (struct afd_member_state){ .seen_login_ms = AFD_TIME_NONE };
	return &more[a->n_member++];
}

int64_t afd_account_time(const struct afd_node *map, const char *key)
{
	const struct afd_node *n = afd_node_get(map, key);
	int64_t ms;

	if (n && n->type == AFD_REAL)
		return n->u.real > 0 && n->u.real < 1e11 ? (int64_t)(n->u.real * 1000) : AFD_TIME_NONE;
	if (n && n->type == AFD_INT)
		return n->u.i > 0 && n->u.i < INT64_C(100000000000) ? n->u.i * AFD_SECOND : AFD_TIME_NONE;
	return afd_node_text(n) && afd_when_parse(afd_node_text(n), &ms, NULL) == 0 ? ms : AFD_TIME_NONE;
}

/* --- words --- */

void afd_words_release(struct afd_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->at[i]);
	free(w->at);
	*w = (struct afd_words){ 0 };
}

int afd_words_add(struct afd_words *w, char *text)
{
	char **more = text ? realloc(w->at, (w->n + 1) * sizeof(*more)) : NULL;

	if (!more) {
		free(text);
		return -1;
	}
	w->at = more;
	more[w->n++] = text;
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *afd_words_join(struct afd_words *w, const char *between)
{
	struct afd_buf all = { 0 };

	if (w->n)
		qsort(w->at, w->n, sizeof(*w->at), by_text);
	if (afd_buf_text(&all, "") < 0)
		return NULL;
	for (size_t i = 0; i < w->n; i++) {
		if (i && strcmp(w->at[i], w->at[i - 1]) == 0)
			continue;
		if ((i && afd_buf_text(&all, between) < 0) || afd_buf_text(&all, w->at[i]) < 0) {
			afd_buf_release(&all);
			return NULL;
		}
	}
	return (char *)all.data;
}

/* --- decoding --- */

static int tell(const struct afd_account_list *list, struct afd_account *a, const char *account, const struct afd_item_view *item,
		struct afd_sink *sink, struct afd_error *err)
{
	const int64_t seen = item->record->received_ms;
	const struct afd_row_credentials c = { account, a->credential, a->n_credential, seen, list->partial };
	const struct afd_row_members m = { account, a->member, a->n_member, seen, list->partial };

	if (list->credentials && sink->credentials(sink->ctx, &c, err) < 0)
		return -1;
	return list->members ? sink->members(sink->ctx, &m, err) : 0;
}

static int gather(const struct afd_account_list *list, const struct afd_list *l, struct afd_account *a, struct afd_error *err)
{
	for (size_t i = 0; i < l->n; i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;

		if (list->xml ? list->xml(a, l->page[i].body, err) < 0 :
		    afd_json_parse(l->page[i].body, "answer", &d, err) < 0 || list->page(a, afd_doc_root(d), err) < 0)
			return afd_within(err, "page %zu", i + 1);
	}
	return 0;
}

int afd_account_tell(const struct afd_account_list *list, size_t n, const struct afd_item_view *item, struct afd_sink *sink,
		     struct afd_error *err)
{
	AFD_AUTO(list) struct afd_list l = { 0 };
	AFD_AUTO(account) struct afd_account a = { 0 };

	if (afd_pages_unchanged(item))
		return 0;
	if (afd_list_read(item->bytes, &l, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].call, l.call) == 0)
			return gather(&list[i], &l, &a, err) < 0 ? -1 : tell(&list[i], &a, l.scope, item, sink, err);
	return 0;
}
