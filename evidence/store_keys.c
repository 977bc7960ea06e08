/* The chain of store keys: an old key given proves new heads, because it signed for the next one. */
#include "evidence/store_keys.h"

#include <inttypes.h>

#include "core/note.h"
#include "evidence/db.h"

#define MAX_HANDOVERS 1000
#define MAX_NOTE 4096u

void afd_key_chain_release(struct afd_key_chain *c)
{
	for (size_t i = 0; i < c->n; i++) {
		free(c->at[i].from);
		free(c->at[i].to);
	}
	free(c->at);
	*c = (struct afd_key_chain){ 0 };
}

bool afd_is_handover(const struct afd_record *r)
{
	return r->kind == AFD_ITEM_FILE && r->decoder && strcmp(r->decoder, AFD_HANDOVER_DECODER) == 0;
}

/* Exactly four lines: what it is, the ledger, the old key, the new one. */
static int read_lines(struct afd_slice text, char *line[4], struct afd_error *err)
{
	const char *p = (const char *)text.data, *end = p + text.len;

	for (int i = 0; i < 4; i++) {
		const char *lf = p < end ? memchr(p, '\n', (size_t)(end - p)) : NULL;

		if (!lf)
			return afd_fail(err, AFD_E_PARSE, "handover of the store key: expected four lines");
		line[i] = afd_text_dup(afd_slice(p, (size_t)(lf - p)));
		if (!line[i])
			return afd_fail_memory(err);
		p = lf + 1;
	}
	if (p != end || strcmp(line[0], AFD_HANDOVER_LINE) != 0)
		return afd_fail(err, AFD_E_PARSE, "handover of the store key: expected four lines, the first \"" AFD_HANDOVER_LINE "\"");
	return 0;
}

static int signed_by(const struct afd_note *n, const char *vkey, const char *origin, const char *which, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_note_key key;
	int64_t when;

	if (afd_note_vkey_parse(vkey, &keep, &key, err) < 0 ||
	    (key.alg != AFD_NOTE_ED25519 ? afd_fail(err, AFD_E_PARSE, "expected an Ed25519 key") : 0) < 0 ||
	    (strcmp(key.name, origin) != 0 ? afd_fail(err, AFD_E_VERIFY, "it is a key of %s, this ledger is %s", key.name, origin) : 0) < 0 ||
	    afd_note_verify(n, &key, &when, err) < 0)
		return afd_within(err, "handover of the store key: the %s key", which);
	return 0;
}

static int check_note(const struct afd_note *n, char *line[4], const char *origin, struct afd_error *err)
{
	if (read_lines(n->text, line, err) < 0)
		return -1;
	if (origin && strcmp(line[1], origin) != 0)
		return afd_fail(err, AFD_E_VERIFY, "handover of the store key: it speaks for %s, this ledger is %s", line[1], origin);
	if (strcmp(line[2], line[3]) == 0)
		return afd_fail(err, AFD_E_VERIFY, "handover of the store key: from a key to itself");
	if (signed_by(n, line[2], line[1], "old", err) < 0)
		return -1;
	return signed_by(n, line[3], line[1], "new", err);
}

static int append(struct afd_key_chain *c, uint64_t leaf, char *line[4], struct afd_error *err)
{
	if (c->n > 0 && strcmp(line[2], c->at[c->n - 1].to) != 0)
		return afd_fail(err, AFD_E_VERIFY, "handover of the store key: it is by %s, and %s held", line[2], c->at[c->n - 1].to);
	if (c->n == MAX_HANDOVERS)
		return afd_fail(err, AFD_E_LIMIT, "more than %d handovers of the store key", MAX_HANDOVERS);
	if (c->n == c->cap) {
		struct afd_handover *more = reallocarray(c->at, c->cap ? 2 * c->cap : 4, sizeof(*more));

		if (!more)
			return afd_fail_memory(err);
		c->at = more;
		c->cap = c->cap ? 2 * c->cap : 4;
	}
	c->at[c->n++] = (struct afd_handover){ leaf, afd_steal(&line[2]), afd_steal(&line[3]) };
	return 0;
}

int afd_key_chain_add(struct afd_key_chain *c, uint64_t leaf, struct afd_slice bytes, const char *origin, struct afd_error *err)
{
	struct afd_note n = { 0 };
	char *line[4] = { 0 };
	int r;

	if (bytes.len == 0 || bytes.len > MAX_NOTE)
		return afd_fail(err, AFD_E_PARSE, "handover of the store key: %zu bytes", bytes.len);
	r = afd_note_parse(bytes, &n, err);
	if (r == 0)
		r = check_note(&n, line, origin, err);
	if (r == 0)
		r = append(c, leaf, line, err);
	for (size_t i = 0; i < AFD_COUNT(line); i++)
		free(line[i]);
	afd_note_release(&n);
	return r;
}

int afd_key_chain_check(const struct afd_key_chain *c, const char *own, const char *given, struct afd_error *err)
{
	const char *last = c->n ? c->at[c->n - 1].to : own;
	bool known = !given || (last && strcmp(given, last) == 0);

	if (given && !own)
		return afd_fail(err, AFD_E_VERIFY, "the store does not say which key is its own");
	if (own && strcmp(own, last) != 0)
		return afd_fail(err, AFD_E_VERIFY, "the store says that its key is %s, its ledger handed over to %s", own, last);
	for (size_t i = 0; i < c->n; i++)
		known = known || strcmp(given, c->at[i].from) == 0;
	if (!known)
		return afd_fail(err, AFD_E_VERIFY, "the store says that its key is %s, expected %s%s", own, given,
		                c->n ? ", and no handover leads from one to the other" : "");
	return 0;
}

const char *afd_key_chain_for(const struct afd_key_chain *c, const char *own, uint64_t size)
{
	for (size_t i = 0; i < c->n; i++)
		if (size <= c->at[i].leaf)
			return c->at[i].from;
	return c->n ? c->at[c->n - 1].to : own;
}

static int load(struct afd_store *s, const char *origin, struct afd_key_chain *c, struct afd_error *err)
{
	AFD_AUTO(stmt) sqlite3_stmt *st = NULL;
	int r;

	/* these lines stand together in a record: docs/ledger-format.md, 2.1 */
	if (afd_sql_open(s, "SELECT i.leaf, b.data FROM item i JOIN blob b ON b.sha256 = i.sha256 WHERE i.leaf IS NOT NULL"
	                 " AND instr(i.record, '\nkind file\nsource engine\ndecoder " AFD_HANDOVER_DECODER "\n') > 0 ORDER BY i.leaf",
	                 NULL, 0, &st, err) < 0)
		return -1;
	while ((r = afd_sql_step(s, st, err)) > 0)
		if (afd_key_chain_add(c, (uint64_t)sqlite3_column_int64(st, 0), afd_column_bytes(st, 1), origin, err) < 0)
			return -1;
	return r;
}

int afd_store_key_for(struct afd_store *s, const char *vkey, uint64_t size, char **ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *own = NULL, *origin = NULL;
	struct afd_key_chain c = { 0 };
	const char *key = NULL;
	int r = -1;

	if (afd_store_meta(s, "vkey", &own, err) == 0 && afd_store_meta(s, "origin", &origin, err) == 0 && load(s, origin, &c, err) == 0 &&
	    afd_key_chain_check(&c, own, vkey, err) == 0) {
		key = afd_key_chain_for(&c, own, size);
		*ret = afd_strdup(key);
		r = key && !*ret ? afd_fail_memory(err) : 0;
	}
	afd_key_chain_release(&c);
	return r;
}
