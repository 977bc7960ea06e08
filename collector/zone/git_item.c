/* Commits as items, and items as rows: what the file declares from then on, and who says that they changed what. */
#include "collector/zone/git.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/zone/zone_diff_rows.h"
#include "core/when.h"

bool afd_git_is_id(struct afd_slice s)
{
	if (s.len != 40 && s.len != 64)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!(s.data[i] >= '0' && s.data[i] <= '9') && !(s.data[i] >= 'a' && s.data[i] <= 'f'))
			return false;
	return true;
}

static bool take_line(struct afd_slice *rest, struct afd_slice *ret)
{
	const uint8_t *lf = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;

	if (!lf)
		return false;
	*ret = (struct afd_slice){ rest->data, (size_t)(lf - rest->data) };
	*rest = afd_slice_sub(*rest, ret->len + 1, rest->len);
	return true;
}

/* The fields of a commit in the order of AFD_GIT_FORMAT, and their names in an item. */
static const struct { const char *name; size_t offset; } fields[] = {
#define F(name, member) { name, offsetof(struct afd_git_commit, member) }
	F("commit", id), F("tree", tree), F("parents", parents), F("author", author), F("author-mail", author_mail),
	F("authored", authored), F("committer", committer), F("committer-mail", committer_mail), F("committed", committed),
	F("signature", signature), F("key", key), F("fingerprint", fingerprint), F("signer", signer), F("subject", subject),
#undef F
};

static struct afd_slice *field(struct afd_git_commit *c, size_t i)
{
	return (struct afd_slice *)(void *)((char *)c + fields[i].offset);
}

static int check_commit(const struct afd_git_commit *c, struct afd_error *err)
{
	if (!afd_git_is_id(c->id) || !afd_git_is_id(c->tree))
		return afd_fail(err, AFD_E_PARSE, "git: expected the id of a commit and of its tree, got \"%.*s\"",
		                (int)(c->id.len < 64 ? c->id.len : 64), c->id.data ? (const char *)c->id.data : "");
	if (c->signature.len != 1)
		return afd_fail(err, AFD_E_PARSE, "git: commit %.*s: expected one letter for its signature", (int)c->id.len, c->id.data);
	return 0;
}

int afd_git_next(struct afd_slice *log, struct afd_git_commit *ret, struct afd_error *err)
{
	const uint8_t *nul = log->len ? memchr(log->data, 0, log->len) : NULL;
	struct afd_slice one = nul ? (struct afd_slice){ log->data, (size_t)(nul - log->data) } : *log;

	if (log->len == 0)
		return 0;
	*log = nul ? afd_slice_sub(*log, one.len + 1, log->len) : (struct afd_slice){ NULL, 0 };
	for (size_t i = 0; i < AFD_COUNT(fields); i++) {
		struct afd_slice *to = field(ret, i);

		if (i + 1 < AFD_COUNT(fields) ? !take_line(&one, to) : (*to = one, memchr(one.data ? (const void *)one.data : "", '\n', one.len) != NULL))
			return afd_fail(err, AFD_E_PARSE, "git: a commit without its %s", fields[i].name);
	}
	return check_commit(ret, err) < 0 ? -1 : 1;
}

static bool begins(struct afd_slice s, const char *text)
{
	return s.len >= strlen(text) && memcmp(s.data, text, strlen(text)) == 0;
}

int afd_git_entry(struct afd_slice l, struct afd_git_entry *ret, struct afd_error *err)
{
	static const char *const files[] = { "100644 blob ", "100755 blob " };
	const uint8_t *tab = l.len ? memchr(l.data, '\t', l.len) : NULL;

	if (l.len == 0)
		return 0;
	for (size_t i = 0; i < AFD_COUNT(files) && tab; i++)
		if (begins(l, files[i])) {
			*ret = (struct afd_git_entry){ { l.data, 6 }, { l.data + 12, (size_t)(tab - l.data) - 12 } };
			if (afd_git_is_id(ret->id))
				return 1;
		}
	return afd_fail(err, AFD_E_PARSE, "git: the path is no plain file there (%.*s)", (int)(l.len < 6 ? l.len : 6), l.data);
}

/* --- the item --- */

int afd_git_item_write(const struct afd_git_item *i, struct afd_buf *ret, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_git_commit c = i->commit;
	int r = 0;

	for (size_t k = 0; k < AFD_COUNT(fields) && r == 0; k++)
		r = afd_buf_text(ret, fields[k].name) < 0 || afd_buf_text(ret, " ") < 0 || afd_buf_add_slice(ret, *field(&c, k)) < 0 ||
		    afd_buf_text(ret, "\n") < 0 ? -1 : 0;
	if (r == 0)
		r = afd_buf_text(ret, "entry ") < 0 || afd_buf_add_slice(ret, i->gone ? afd_slice_text("-") : i->entry) < 0 ||
		    afd_buf_printf(ret, "\nbefore %zu\nafter %zu\n\n", i->before.len, i->after.len) < 0 ? -1 : 0;
	if (r == 0)
		r = afd_ranges_add(parts, 0, ret->len);
	if (r == 0 && i->before.len)
		r = afd_ranges_add(parts, ret->len, i->before.len);
	if (r == 0 && i->after.len)
		r = afd_ranges_add(parts, ret->len + i->before.len, i->after.len);
	if (r == 0)
		r = afd_buf_add_slice(ret, i->before) < 0 || afd_buf_add_slice(ret, i->after) < 0 ? -1 : 0;
	return r < 0 ? afd_fail_memory(err) : 0;
}

static bool take_field(struct afd_slice *rest, const char *name, struct afd_slice *ret)
{
	const size_t n = strlen(name);

	if (!take_line(rest, ret) || !begins(*ret, name) || ret->len <= n || ret->data[n] != ' ')
		return false;
	*ret = afd_slice_sub(*ret, n + 1, ret->len);
	return true;
}

static bool take_length(struct afd_slice *rest, const char *name, size_t *ret)
{
	struct afd_slice s;

	*ret = 0;
	if (!take_field(rest, name, &s) || s.len == 0 || s.len > 10)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
		*ret = *ret * 10 + (s.data[i] - '0');
	}
	return true;
}

int afd_git_item_read(struct afd_slice bytes, struct afd_git_item *ret, struct afd_error *err)
{
	struct afd_slice empty;
	size_t before, after;

	*ret = (struct afd_git_item){ 0 };
	for (size_t k = 0; k < AFD_COUNT(fields); k++)
		if (!take_field(&bytes, fields[k].name, field(&ret->commit, k)))
			return afd_fail(err, AFD_E_PARSE, "git: expected a line \"%s ...\"", fields[k].name);
	if (!take_field(&bytes, "entry", &ret->entry) || !take_length(&bytes, "before", &before) || !take_length(&bytes, "after", &after) ||
	    !take_line(&bytes, &empty) || empty.len != 0)
		return afd_fail(err, AFD_E_PARSE, "git: expected the entry and the lengths of the file before and after");
	if (bytes.len != before + after)
		return afd_fail(err, AFD_E_PARSE, "git: %zu bytes of files, the lines say %zu", bytes.len, before + after);
	ret->before = afd_slice_sub(bytes, 0, before);
	ret->after = afd_slice_sub(bytes, before, after);
	ret->gone = ret->entry.len == 1 && ret->entry.data[0] == '-';
	return check_commit(&ret->commit, err);
}

/* --- rows --- */

static int64_t number_after(const char *words, const char *at)
{
	int64_t v = 0;

	for (const char *p = at ? at + strlen(words) : ""; *p >= '0' && *p <= '9' && v < AFD_FOREVER / 100; p++)
		v = v * 10 + (*p - '0');
	return v;
}

static const char *last_of(const char *text, const char *words)
{
	const char *at = NULL;

	for (const char *p = text; p && (p = strstr(p, words)) != NULL; p++)
		at = p;
	return at;
}

/* "zone example.test in PATH, applies within MS ms[, not there at MS ms]" */
static int read_asked(const char *asked, char zone[AFD_DNS_TEXT_MAX], int64_t *within, int64_t *absent, struct afd_error *err)
{
	const char *end = asked && strncmp(asked, "zone ", 5) == 0 ? strchr(asked + 5, ' ') : NULL, *w = last_of(asked, ", applies within ");
	struct afd_dns_name n;

	*within = number_after(", applies within ", w);
	*absent = w ? number_after(", not there at ", strstr(w, ", not there at ")) : 0;
	if (!end || !w || end - asked - 5 >= AFD_DNS_TEXT_MAX || *within <= 0 || *within > 400 * AFD_DAY)
		return afd_fail(err, AFD_E_PARSE, "asked: expected the zone of a file in git, and how soon a commit applies");
	if (afd_dns_name_parse(afd_slice(asked + 5, (size_t)(end - asked - 5)), &n, err) < 0)
		return -1;
	afd_dns_name_text(&n, true, zone);
	return 0;
}

static int time_of(struct afd_slice text, int64_t *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *s = afd_text_dup(text);

	return s ? afd_when_parse(s, ret, err) : afd_fail_memory(err);
}

static int add_rr(void *ctx, const struct afd_zone_rr *rr, struct afd_error *err)
{
	return afd_zone_rows_add(ctx, rr, err);
}

static int read_file(struct afd_slice bytes, const char *zone, const char *label, struct afd_zone_rows *to, struct afd_error *err)
{
	struct afd_dns_name apex;
	const struct afd_zone_text_options o = { .zone = &apex, .label = label, .has_ttl = true, .ttl = 3600 };

	if (bytes.len == 0)
		return 0;
	return afd_dns_name_parse(afd_slice_text(zone), &apex, err) < 0 ? -1 : afd_zone_text_walk(bytes, &o, add_rr, to, err);
}

struct texts { char *id, *actor, *key, *mac; };

static void texts_release(struct texts *t)
{
	free(t->id);
	free(t->actor);
	free(t->key);
}

/* A commit says whatever its author wrote; only a good signature of a key that the user trusts makes it that key's. */
static int claim(const struct afd_item_view *item, const struct afd_git_item *g, const char *zone, struct afd_span at, const struct afd_zone_rows *before,
                 const struct afd_zone_rows *after, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_git_commit *c = &g->commit;
	const bool good = c->signature.data[0] == 'G', bad = c->signature.data[0] == 'B';
	struct afd_slice key = c->fingerprint.len ? c->fingerprint : c->key;
	__attribute__((cleanup(texts_release))) struct texts t = {
		.id = afd_text_dup(c->id), .key = key.len ? afd_text_dup(key) : NULL,
		.actor = bad ? NULL : afd_sprintf("%.*s <%.*s>", (int)(c->author.len < 200 ? c->author.len : 200), c->author.data,
		                     (int)(c->author_mail.len < 200 ? c->author_mail.len : 200), c->author_mail.data),
	};
	AFD_AUTO(zone_difference) struct afd_zone_difference d = { 0 };
	struct afd_row_claim row = {
		.zone = zone, .credential = good ? t.key : NULL, .claimed = bad ? t.key : NULL, .outcome = "applied", .kind = "commit",
		.actor = t.actor, .ref = t.id, .at = at,
	};

	if (!t.id || (!bad && !t.actor) || (key.len && !t.key))
		return afd_fail_memory(err);
	if (afd_zone_difference(before, after, &d, err) < 0)
		return -1;
	row.rr = d.rr;
	row.n = d.n;
	row.has_serials = d.has_serials;
	row.serial_from = d.serial_from;
	row.serial_to = d.serial_to;
	for (size_t i = 0; i < d.n; i++)
		d.rr[i].part = item->parts.n ? (d.rr[i].add ? item->parts.n - 1 : 1) : 0;
	return d.n || d.has_serials ? sink->claim(sink->ctx, &row, err) : 0;
}

static int note_signature(const struct afd_git_item *g, const char *zone, int64_t at, struct afd_sink *sink, struct afd_error *err)
{
	static const struct { char letter; const char *text; } words[] = {
		{ 'G', "good" }, { 'B', "bad" }, { 'U', "good, of a key that is not trusted" }, { 'X', "good, expired" },
		{ 'Y', "good, of an expired key" }, { 'R', "good, of a revoked key" }, { 'E', "cannot be checked" }, { 'N', "none" },
	};
	AFD_AUTO(mem) char *id = afd_text_dup(g->commit.id);
	struct afd_row_observation row = { .kind = "commit-signature", .subject = zone, .name = id, .value = "unknown", .number = AFD_TIME_NONE,
	                                   .at = afd_instant(at) };

	for (size_t i = 0; i < AFD_COUNT(words); i++)
		if (g->commit.signature.data[0] == words[i].letter)
			row.value = words[i].text;
	if (!id)
		return afd_fail_memory(err);
	return sink->observation ? sink->observation(sink->ctx, &row, err) : 0;
}

int afd_git_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(zone_rows) struct afd_zone_rows before = { 0 }, after = { 0 };
	AFD_AUTO(mem) char *id = NULL;
	char zone[AFD_DNS_TEXT_MAX];
	struct afd_git_item g;
	struct afd_error odd = { 0 };
	int64_t within, absent, at;

	if (read_asked(item->record->asked, zone, &within, &absent, err) < 0 || afd_git_item_read(item->bytes, &g, err) < 0 ||
	    time_of(g.commit.committed, &at, err) < 0 || read_file(g.after, zone, "file", &after, err) < 0)
		return -1;
	/* what an older version could not say need not hide what this one says: then nobody knows what it changed */
	const bool known = read_file(g.before, zone, "file before", &before, &odd) == 0;
	/* the author's clock is the author's word; nothing is declared before it can be there */
	if (at < absent)
		at = absent;
	if (at > item->record->received_ms)
		at = item->record->received_ms;
	id = afd_text_dup(g.commit.id);
	if (!id)
		return afd_fail_memory(err);
	const struct afd_row_declared row = {
		.zone = zone, .form = "git", .ref = id, .rr = after.rr, .n = after.n, .at_ms = at, .part = item->parts.n ? item->parts.n - 1 : 0,
	};
	if (sink->declared(sink->ctx, &row, err) < 0 || note_signature(&g, zone, at, sink, err) < 0)
		return -1;
	return known ? claim(item, &g, zone, (struct afd_span){ at, at + within }, &before, &after, sink, err) : 0;
}
