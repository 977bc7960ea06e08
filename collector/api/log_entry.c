#include "collector/api/log_entry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "core/when.h"

#define MAX_TEXT 16384u

int64_t afd_entry_time(const struct afd_node *n)
{
	const char *s = afd_node_text(n);
	int64_t v = 0;

	if (n && n->type == AFD_INT)
		v = n->u.i;
	else if (n && n->type == AFD_REAL)
		return n->u.real > 0 && n->u.real < 1e11 ? (int64_t)(n->u.real * 1000) : AFD_TIME_NONE;
	else if (s && *s && strlen(s) < 16 && !s[strspn(s, "0123456789")])
		v = strtoll(s, NULL, 10);
	else
		return s && afd_when_parse(s, &v, NULL) == 0 ? v : AFD_TIME_NONE;
	if (v <= 0 || v >= INT64_C(100000000000000))
		return AFD_TIME_NONE;
	return v < INT64_C(100000000000) ? v * AFD_SECOND : v;
}

const char *afd_entry_ref(const struct afd_node *entry, const char *id, char ret[80])
{
	struct afd_digest d;

	if (id)
		return id;
	afd_sha256(entry->raw, &d);
	snprintf(ret, 80, "sha256:%s", afd_digest_hex(&d).s);
	return ret;
}

int afd_entry_value(const struct afd_node *n, char **ret, struct afd_error *err)
{
	const size_t len = !n ? 0 : n->type == AFD_TEXT ? n->u.text.len : n->raw.len;

	*ret = NULL;
	if (!len)
		return 0;
	*ret = len > MAX_TEXT ? afd_sprintf("(%zu bytes, in the item)", len) : n->type == AFD_TEXT ? afd_strdup(n->u.text.s) : afd_text_dup(n->raw);
	return *ret ? 0 : afd_fail_memory(err);
}

/* Letters and digits alone. */
static void squeeze(const char *s, char ret[64])
{
	size_t n = 0;

	for (; s && *s && n < 63; s++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", *s))
			ret[n++] = *s;
	ret[n] = '\0';
}

const char *afd_entry_verb(const struct afd_action_row *row, size_t n, const struct afd_entry_words *w, char raw[160], char other[96])
{
	char action[64], kind[64], both[130];
	const char *verb;

	squeeze(w->action, action);
	squeeze(w->kind, kind);
	snprintf(both, sizeof(both), "%s %s", action, strncasecmp(kind, "dns", 3) == 0 && kind[3] ? kind + 3 : kind);
	snprintf(raw, 160, "%.79s%s%.79s", w->action ? w->action : "-", w->kind ? " " : "", w->kind ? w->kind : "");
	verb = afd_action_map(row, n, w->source, both, other);
	return verb == other ? afd_action_map(NULL, 0, w->source, raw, other) : verb;
}
