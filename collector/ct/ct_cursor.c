/* What lives from run to run: which names are covered from when (claims), and the cursor, JSON with sorted keys, that
 * holds the claims, the tree at the position and the last head accepted. One that does not fit together is refused. */
#include "collector/ct/ct_run.h"

/* --- claims --- */

void afd_ct_claim_release(struct claim *c)
{
	afd_buf_release(&c->names);
	*c = (struct claim){ 0 };
}

/* NAMES (each with its LF) are the claim's from now on. */
static void claim_set(struct claim *c, struct afd_buf *names, size_t n, int64_t from)
{
	struct afd_digest d;

	*c = (struct claim){ .names = *names, .n = n, .from = from };
	*names = (struct afd_buf){ 0 };
	afd_sha256(afd_buf_slice(&c->names), &d);
	c->watch = afd_digest_hex(&d);
}

static int add_line(struct afd_buf *names, const char *name, size_t n)
{
	return afd_buf_add(names, name, n) < 0 || afd_buf_u8(names, '\n') < 0 ? -1 : 0;
}

static int claim_today(struct claim *c, const struct afd_watch *w, int64_t from)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };
	size_t bytes = 0;

	for (size_t i = 0; i < w->n; i++)
		bytes += strlen(w->name[i]) + 1;
	if (afd_buf_reserve(&names, bytes) < 0)
		return -1;
	for (size_t i = 0; i < w->n; i++)
		if (add_line(&names, w->name[i], strlen(w->name[i])) < 0)
			return -1;
	claim_set(c, &names, w->n, from);
	return 0;
}

/* Only the names that are still watched. */
static int claim_narrow(struct claim *c, const struct afd_ct_watch *today)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	size_t n = 0, len;

	for (char *p = (char *)c->names.data; p && *p; p += len + 1) {
		bool has;

		len = strcspn(p, "\n");
		p[len] = 0;
		has = afd_ct_watch_has(today, p);
		p[len] = '\n';
		n += has;
		if (has && add_line(&keep, p, len) < 0)
			return -1;
	}
	afd_buf_release(&c->names);
	claim_set(c, &keep, n, c->from);
	return 0;
}

static void claim_drop(struct run *r, size_t i)
{
	afd_ct_claim_release(&r->claim[i]);
	memmove(&r->claim[i], &r->claim[i + 1], (r->n_claims - i - 1) * sizeof(r->claim[0]));
	r->n_claims--;
}

void afd_ct_claims_tidy(struct run *r)
{
	for (size_t i = 0; i + 1 < r->n_claims;) {
		struct claim *c = &r->claim[i], *next = &r->claim[i + 1];

		if (c->n == next->n && c->from < next->from)
			next->from = c->from;
		if (c->n == 0 || c->n == next->n || c->from >= next->from)
			claim_drop(r, i);
		else
			i++;
	}
}

/* --- names that came later --- */

void afd_ct_late_release(struct run *r)
{
	for (size_t i = 0; i < r->n_late; i++)
		free(r->late[i]);
	free(r->late);
	r->late = NULL;
	r->n_late = 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_among(const char *name, char *const *list, size_t n)
{
	return n && bsearch(&name, list, n, sizeof(*list), by_bytes);
}

/* Both lists are sorted, so one pass does: *P goes on to where NAME would stand. */
static bool reach_line(const uint8_t **p, const uint8_t *end, const char *name)
{
	const size_t n = strlen(name);

	for (const uint8_t *lf; *p < end && (lf = memchr(*p, '\n', (size_t)(end - *p))) != NULL; *p = lf + 1) {
		const size_t len = (size_t)(lf - *p);
		const int c = memcmp(*p, name, len < n ? len : n);

		if (c > 0 || (c == 0 && len >= n))
			return c == 0 && len == n;
	}
	return false;
}

/* Those of today that were late already, or that the newest claim does not have. */
static int late_update(struct run *r, const struct afd_watch *w)
{
	const struct claim *newest = afd_ct_newest_claim(r);
	const uint8_t *p = newest->names.data, *end = p ? p + newest->names.len : p;
	char **late = calloc(w->n + 1, sizeof(*late));
	size_t n = 0;

	for (size_t i = 0; late && i < w->n; i++) {
		if (reach_line(&p, end, w->name[i]) && !is_among(w->name[i], r->late, r->n_late))
			continue;
		late[n] = afd_strdup(w->name[i]);
		if (!late[n]) {
			while (n > 0)
				free(late[--n]);
			free(late);
			return -1;
		}
		n++;
	}
	if (!late)
		return -1;
	afd_ct_late_release(r);
	r->late = late;
	r->n_late = n;
	return 0;
}

/* Rules carry a mark before the name: people say the name. */
static bool is_asked_for(const struct afd_search_back *back, const char *rule)
{
	for (size_t i = 0; i < back->n; i++)
		if (strcmp(rule, back->name[i]) == 0 || ((*rule == '=' || *rule == '~') && strcmp(rule + 1, back->name[i]) == 0))
			return true;
	return back->n == 0;
}

/* Counted when it is begun or still under way from an earlier run. */
static bool goes_back(struct run *r)
{
	bool late = false;

	if (!r->back)
		return false;
	for (size_t i = 0; i < r->n_late && !late; i++)
		late = is_asked_for(r->back, r->late[i]);
	r->going_back = late || r->stated != 0;
	r->back->begun += r->going_back;
	return late;
}

/* To where reading began, for all names of today. What was stated stays said until it is said anew: a gap on the way
 * takes nothing back. */
static void go_back(struct run *r)
{
	int64_t stated = r->ended ? AFD_FOREVER : afd_ct_newest_claim(r)->from;

	if (r->stated == 0)
		for (size_t i = 0; i < r->n_claims && stated != AFD_FOREVER; i++)
			if (r->claim[i].from > 0 && r->claim[i].from < stated)
				stated = r->claim[i].from;
	if (r->stated == 0 || stated == AFD_FOREVER)
		r->stated = stated > 0 ? stated : 0;
	while (r->n_claims > 0)
		claim_drop(r, 0);
	r->tree = r->has_began ? r->began : (struct afd_merkle){ 0 };
	r->ended = false;
	afd_ct_late_release(r);
}

/* Today's names against those of the cursor. What was already read was not searched for new names, so their coverage
 * begins with the last head: every entry with a later time lies behind the position. Names that stay keep theirs. */
int afd_ct_claims_begin(struct run *r, const struct afd_watch *w, struct afd_error *err)
{
	bool all = r->start_at == 0;
	int64_t from = all ? 0 : AFD_TIME_NONE;

	bool known = r->n_claims > 0 && strcmp(afd_ct_newest_claim(r)->watch.s, w->digest.s) == 0;

	if (r->n_claims > 0 && late_update(r, w) < 0)
		return afd_fail_memory(err);
	if (goes_back(r) && (all || r->has_began)) {
		go_back(r);
		from = r->has_began ? r->began_ms : 0;
	} else if (known) {
		return 0;
	} else if (r->n_claims > 0 && r->c.backfill && all) {
		go_back(r);
		from = r->has_began ? r->began_ms : 0;
	} else if (r->n_claims > 0) {
		for (size_t i = 0; i < r->n_claims; i++)
			if (claim_narrow(&r->claim[i], r->watch) < 0)
				return afd_fail_memory(err);
		if (r->n_claims == MAX_CLAIMS)
			claim_drop(r, 0);
		from = r->has_head ? r->head.timestamp + 1 : from;
	}
	if (claim_today(&r->claim[r->n_claims], w, from) < 0)
		return afd_fail_memory(err);
	r->n_claims++;
	if (strcmp(afd_ct_newest_claim(r)->watch.s, w->digest.s) != 0)
		return afd_fail(err, AFD_E_ENGINE, "watch list: its digest is not that of its names");
	afd_ct_claims_tidy(r);
	return 0;
}

/* --- cursor --- */

int afd_ct_cursor_text(const struct run *r, struct afd_buf *ret, struct afd_error *err)
{
	json_t *claims = json_array(), *stored = json_array(), *doc;
	struct afd_digest key;

	for (size_t i = 0; i < r->n_claims; i++) {
		const struct claim *c = &r->claim[i];

		/* one text: a list of a hundred thousand texts costs ten times its bytes */
		json_array_append_new(claims, json_pack("{s:I,s:s%,s:s}", "from", (json_int_t)c->from, "names",
		                                        c->names.data ? (const char *)c->names.data : "", c->names.len, "watch", c->watch.s));
	}
	for (size_t i = 0; i < r->n_stored; i++)
		json_array_append_new(stored, json_string(r->stored[i].s));
	afd_sha256(r->log.key, &key);
	doc = json_pack("{s:o,s:o,s:o,s:s,s:I,s:o,s:o}", "claims", claims, "head", r->has_head ? afd_ct_head_json(&r->head) : json_null(),
	                "key", afd_ct_json_digest(&key), "log", r->log.origin, "position", (json_int_t)r->tree.size, "stored", stored,
	                "tree", afd_ct_json_tree(&r->tree));
	if (doc && r->incident)
		json_object_set_new(doc, "incident", json_string(r->incident));
	if (doc && r->ended)
		json_object_set_new(doc, "ended", json_true());
	if (doc && r->n_late) {
		json_t *late = json_array();

		for (size_t i = 0; i < r->n_late; i++)
			json_array_append_new(late, json_string(r->late[i]));
		json_object_set_new(doc, "late", late);
	}
	if (doc && r->has_began)
		json_object_set_new(doc, "began", json_pack("{s:I,s:I,s:o}", "from", (json_int_t)r->began_ms, "position", (json_int_t)r->began.size,
		                                            "tree", afd_ct_json_tree(&r->began)));
	if (doc && r->stated)
		json_object_set_new(doc, "stated", json_integer((json_int_t)r->stated));
	if (doc && r->frozen)
		json_object_set_new(doc, "frozen", json_integer((json_int_t)r->frozen));
	if (doc && r->signed_head.len)
		json_object_set_new(doc, "signed", json_stringn((const char *)r->signed_head.data, r->signed_head.len));
	return afd_ct_dump(doc, ret, err);
}

struct cursor_fields {
	const struct afd_node *began, *claims, *head, *late, *stored, *tree;
	const char *key, *log, *incident, *signed_head;
	int64_t position, frozen, stated;
	bool ended;
};
static const struct afd_field cursor_fields[] = {
	{ "began",    AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct cursor_fields, began) },
	{ "claims",   AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, claims) },
	{ "ended",    AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct cursor_fields, ended) },
	{ "frozen",   AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct cursor_fields, frozen) },
	{ "head",     AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct cursor_fields, head) },
	{ "incident", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct cursor_fields, incident) },
	{ "key",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct cursor_fields, key) },
	{ "late",     AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct cursor_fields, late) },
	{ "log",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct cursor_fields, log) },
	{ "position", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct cursor_fields, position) },
	{ "signed",   AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct cursor_fields, signed_head) },
	{ "stated",   AFD_FIELD_INT,  AFD_OPTIONAL, offsetof(struct cursor_fields, stated) },
	{ "stored",   AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, stored) },
	{ "tree",     AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct cursor_fields, tree) },
	{ 0 }
};
struct claim_fields { const struct afd_node *names; const char *watch; int64_t from; };
static const struct afd_field claim_fields[] = {
	{ "from",  AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct claim_fields, from) },
	{ "names", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct claim_fields, names) },
	{ "watch", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct claim_fields, watch) },
	{ 0 }
};

/* One text of lines. Earlier, a list of texts. */
static int read_names(const struct afd_node *names, struct afd_buf *ret, size_t *n, struct afd_error *err)
{
	if (names->type == AFD_TEXT) {
		if (afd_buf_reserve(ret, names->u.text.len) < 0 || afd_buf_add(ret, names->u.text.s, names->u.text.len) < 0)
			return afd_fail_memory(err);
		for (size_t i = 0; i < ret->len; i++)
			*n += ret->data[i] == '\n';
		return ret->len == 0 || ret->data[ret->len - 1] == '\n' ? 0 : afd_fail(err, AFD_E_PARSE, "claims: expected lines of names");
	}
	for (const struct afd_node *p = names->type == AFD_LIST ? names->u.list.first : NULL; p; p = p->next, ++*n) {
		if (!afd_node_text(p))
			return afd_fail(err, AFD_E_PARSE, "claims: expected names");
		if (add_line(ret, afd_node_text(p), p->u.text.len) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static int cursor_claim(struct run *r, struct afd_doc *doc, const struct afd_node *node, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };
	struct claim_fields f = { 0 };
	size_t n = 0;

	if (afd_fields_read(doc, node, claim_fields, &f, err) < 0)
		return -1;
	if (r->n_claims == MAX_CLAIMS)
		return afd_fail(err, AFD_E_PARSE, "claims: expected at most %d lists of names", MAX_CLAIMS);
	if (read_names(f.names, &names, &n, err) < 0)
		return -1;
	claim_set(&r->claim[r->n_claims++], &names, n, f.from);
	if (strcmp(afd_ct_newest_claim(r)->watch.s, f.watch) != 0)
		return afd_fail(err, AFD_E_PARSE, "claims: the names have another digest than they say");
	return 0;
}

struct began_fields { const struct afd_node *tree; int64_t from, position; };
static const struct afd_field began_fields[] = {
	{ "from",     AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct began_fields, from) },
	{ "position", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct began_fields, position) },
	{ "tree",     AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct began_fields, tree) },
	{ 0 }
};

static int cursor_began(struct run *r, struct afd_doc *doc, const struct afd_node *node, struct afd_error *err)
{
	struct began_fields f = { 0 };

	if (!node)
		return 0;
	if (afd_fields_read(doc, node, began_fields, &f, err) < 0)
		return -1;
	if (f.position < 0 || (uint64_t)f.position > r->tree.size)
		return afd_fail(err, AFD_E_PARSE, "began: expected a position that was read");
	r->began_ms = f.from;
	r->has_began = true;
	return afd_ct_read_tree(f.tree, (uint64_t)f.position, &r->began, err);
}

static int cursor_late(struct run *r, const struct afd_node *list, struct afd_error *err)
{
	if (!list)
		return 0;
	if (list->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "late: expected names");
	r->late = calloc(list->u.list.n + 1, sizeof(*r->late));
	if (!r->late)
		return afd_fail_memory(err);
	for (const struct afd_node *p = list->u.list.first; p; p = p->next) {
		const char *text = afd_node_text(p);

		if (!text || (r->n_late > 0 && strcmp(r->late[r->n_late - 1], text) >= 0))
			return afd_fail(err, AFD_E_PARSE, "late: expected names in order");
		r->late[r->n_late] = afd_strdup(text);
		if (!r->late[r->n_late++])
			return afd_fail_memory(err);
	}
	return 0;
}

int afd_ct_cursor_read(struct run *r, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct cursor_fields f = { 0 };
	struct afd_digest key, root;

	if (afd_json_parse(afd_slice_text(text), "cursor", &doc, err) < 0 ||
	    afd_fields_read(doc, afd_doc_root(doc), cursor_fields, &f, err) < 0)
		return -1;
	afd_sha256(r->log.key, &key);
	if (strcmp(f.log, r->log.origin) != 0 || strcmp(f.key, afd_digest_hex(&key).s) != 0)
		return afd_fail(err, AFD_E_CONFIG, "origin or key: not those of the log that was read under this source name (%s): "
		                "give the new log a name of its own", f.log);
	if (f.position < 0 || afd_ct_read_tree(f.tree, (uint64_t)f.position, &r->tree, err) < 0)
		return -1;
	if (f.head && f.head->type == AFD_MAP) {
		if (afd_ct_read_head(doc, f.head, &r->head, err) < 0)
			return -1;
		r->has_head = true;
	}
	afd_merkle_root(&r->tree, &root);
	if (r->tree.size > (r->has_head ? r->head.size : 0) ||
	    (r->has_head && r->tree.size == r->head.size && !afd_digest_equal(&root, &r->head.root)))
		return afd_fail(err, AFD_E_PARSE, "cursor: the tree does not fit the head");
	r->frozen = f.frozen;
	r->stated = f.stated;
	if (cursor_began(r, doc, f.began, err) < 0 || cursor_late(r, f.late, err) < 0)
		return -1;
	r->ended = f.ended;
	if (f.signed_head && afd_buf_text(&r->signed_head, f.signed_head) < 0)
		return afd_fail_memory(err);
	if (f.incident && !(r->incident = afd_strdup(f.incident)))
		return afd_fail_memory(err);
	for (const struct afd_node *p = f.claims->type == AFD_LIST ? f.claims->u.list.first : NULL; p; p = p->next)
		if (cursor_claim(r, doc, p, err) < 0)
			return -1;
	for (const struct afd_node *p = f.stored->type == AFD_LIST ? f.stored->u.list.first : NULL; p && r->n_stored < MAX_STORED; p = p->next) {
		const char *hex = afd_node_text(p);

		if (!hex || strlen(hex) != 64)
			return afd_fail(err, AFD_E_PARSE, "stored: expected digests");
		memcpy(r->stored[r->n_stored++].s, hex, 65);
	}
	return 0;
}
