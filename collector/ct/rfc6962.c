/* Certificate Transparency logs of RFC 6962, section 4: get-sth, get-entries, get-sth-consistency, get-entry-and-proof.
 *
 * Pages: what is asked for ends at a multiple of the page size, and what came decides where the next one starts, because
 * logs answer with fewer entries than asked, some of them so that the next request is aligned to their own pages.
 *
 * A step that ends before the head asks for one consistency proof from the position to the head. Its nodes to the right
 * are what the paths of our hits still lack, and the ones to the left must be our own; so no entry is asked about by
 * itself, and nobody learns from get-proof-by-hash which certificates we care about. */
#include "collector/ct/ct_run.h"
#include "collector/table.h"

static const struct afd_field config_fields[] = {
	{ "url",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, url), "address of the log, before ct/v1/; http(s), or file:DIR with recorded answers" },
	{ "origin",      AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, origin), "name of the log; default: its address without scheme" },
	{ "key",         AFD_FIELD_TEXT,     AFD_REQUIRED, offsetof(struct config, key), "the log's public key (SPKI, base64) from a list you trust" },
	{ "operator",    AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, operator), "who runs it" },
	{ "mmd",         AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct config, mmd), "maximum merge delay; default 24h" },
	{ "start",       AFD_FIELD_NODE,     AFD_OPTIONAL, offsetof(struct config, start), "all: from index 0; head: from the first head seen; or the index to begin at" },
	{ "backfill",    AFD_FIELD_BOOL,     AFD_OPTIONAL, offsetof(struct config, backfill), "with start: all, read again from 0 when names are added; default false" },
	{ "max_entries", AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, max_entries), "at most so many in one run; default no limit" },
	{ "page",        AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, page), "entries per request; default 1024" },
	{ "rate",        AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, rate), "at most so many requests per second; default no limit" },
	{ "parallel",    AFD_FIELD_INT,      AFD_OPTIONAL, offsetof(struct config, parallel), "at most so many requests at a time, 1 to 8; default 4" },
	{ "ca_file",     AFD_FIELD_TEXT,     AFD_OPTIONAL, offsetof(struct config, ca_file), "certificates to trust for its server; default the system's" },
	{ 0 }
};
static const struct config config_defaults = { .mmd = AFD_DAY, .lag = 2 * AFD_DAY, .page = 1024, .parallel = 4 };

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_ct_begin(&afd_ct_rfc6962, c, config, cursor, ret, err);
}

/* --- requests --- */

static int ask_start(struct run *r, struct afd_request *q, struct afd_error *err)
{
	unsigned long long size = r->walk_to, last = size - 1;
	AFD_AUTO(buf) struct afd_buf hash = { 0 }, text = { 0 };

	switch (r->start_by) {
	case BY_ENTRY_AND_PROOF:
		return afd_ct_ask(r, q, AFD_MAX_CT_TILE, err, "ct/v1/get-entry-and-proof?leaf_index=%llu&tree_size=%llu", last, size);
	case LAST_ENTRY:
		return afd_ct_ask(r, q, AFD_MAX_CT_TILE, err, "ct/v1/get-entries?start=%llu&end=%llu", last, last);
	case BY_HASH:
		if (afd_base64(afd_slice(r->last_leaf.b, sizeof(r->last_leaf.b)), &hash) < 0)
			return afd_fail_memory(err);
		for (size_t i = 0; i < hash.len; i++)
			if (strchr("+/=", hash.data[i]) ? afd_buf_printf(&text, "%%%02X", hash.data[i]) < 0 : afd_buf_u8(&text, hash.data[i]) < 0)
				return afd_fail_memory(err);
		return afd_ct_ask(r, q, AFD_MAX_NOTE, err, "ct/v1/get-proof-by-hash?hash=%s&tree_size=%llu", (const char *)text.data, size);
	}
	return 0;
}

/* The last entry of the page at FROM. */
static uint64_t page_end(const struct run *r, uint64_t from)
{
	uint64_t page = r->own_page ? r->own_page : (uint64_t)r->c.page, to = (from / page + 1) * page - 1;

	if (to >= r->head.size)
		to = r->head.size - 1;
	return r->until && to >= r->until ? r->until - 1 : to;
}

static struct afd_unpack unpack_page(const struct run *r, uint64_t from, uint64_t to)
{
	return (struct afd_unpack){ afd_ct_batch_page, afd_ct_batch_free, r->watch, from, to - from + 1 };
}

static int ask(struct run *r, struct afd_request *q, struct afd_error *err)
{
	uint64_t first;

	switch (r->phase) {
	case WALK:
		if (r->walk == TO_START)
			return ask_start(r, q, err);
		first = r->walk == TO_HEAD ? r->tree.size : r->walk == START_TO_HEAD ? r->began.size : r->old.size;
		return afd_ct_ask(r, q, AFD_MAX_NOTE, err, "ct/v1/get-sth-consistency?first=%llu&second=%llu", (unsigned long long)first,
		                  (unsigned long long)r->head.size);
	case DATA:
		r->page_to = page_end(r, r->tree.size);
		if (afd_ct_ask(r, q, AFD_MAX_HTTP_BODY, err, "ct/v1/get-entries?start=%llu&end=%llu", (unsigned long long)r->tree.size,
		               (unsigned long long)r->page_to) < 0)
			return -1;
		q->unpack = r->unpack = unpack_page(r, r->tree.size, r->page_to);
		return 1;
	case HEAD:
	case ISSUERS:
	case DONE:
		break;
	}
	return afd_fail(err, AFD_E_ENGINE, "nothing to ask a log in phase %d", (int)r->phase);
}

/* Where the next page begins is foreseen only while the log gives as many entries as are asked for. */
static int ahead(struct run *r, unsigned i, struct afd_request *q)
{
	uint64_t from = r->tree.size;

	if (r->was_short)
		return 0;
	for (; i > 0 && from < r->head.size; i--)
		from = page_end(r, from) + 1;
	if (from >= r->head.size || !afd_ct_foreseen(r, from) ||
	    afd_ct_ask_ahead(r, q, AFD_MAX_HTTP_BODY, "ct/v1/get-entries?start=%llu&end=%llu", (unsigned long long)from,
	                     (unsigned long long)page_end(r, from)) == 0)
		return 0;
	q->unpack = unpack_page(r, from, page_end(r, from));
	return 1;
}

/* What the log gives at most, seen twice, is asked for from then on: else each answer would be short. */
static void note_length(struct run *r, uint64_t asked, uint64_t got)
{
	r->was_short = got < asked;
	if (r->was_short && got == r->short_page)
		r->own_page = got;
	if (r->was_short)
		r->short_page = got;
}

/* Not every log offers get-entry-and-proof; the last entry and the proof for its hash say the same. */
static bool refused(struct run *r)
{
	if (r->phase != WALK || r->walk != TO_START || r->start_by != BY_ENTRY_AND_PROOF)
		return false;
	r->start_by = LAST_ENTRY;
	return true;
}

/* --- proofs --- */

struct proof_fields { const struct afd_node *consistency, *audit_path; int64_t leaf_index; const char *leaf_input; };

static int read_nodes(const struct afd_node *list, struct afd_digest ret[AFD_MAX_PROOF_NODES], size_t *n, struct afd_error *err)
{
	*n = 0;
	if (!list || list->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "proof: expected a list of hashes");
	for (const struct afd_node *p = list->u.list.first; p; p = p->next) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		const char *text = afd_node_text(p);

		if (*n == AFD_MAX_PROOF_NODES || !text || afd_unbase64(afd_slice_text(text), &b) < 0 || b.len != sizeof(ret->b))
			return afd_fail(err, AFD_E_PARSE, "proof: expected at most %u hashes of 32 bytes in base64", AFD_MAX_PROOF_NODES);
		memcpy(ret[(*n)++].b, b.data, b.len);
	}
	return 0;
}

static int read_proof(struct afd_slice body, const char *list, struct afd_doc **doc, struct afd_digest ret[AFD_MAX_PROOF_NODES], size_t *n,
                      struct afd_error *err)
{
	if (afd_json_parse(body, "proof", doc, err) < 0)
		return -1;
	return read_nodes(afd_node_get(afd_doc_root(*doc), list), ret, n, err);
}

static void consistency_wrong(const struct run *r, uint64_t first, struct afd_error *why)
{
	afd_fail(why, AFD_E_VERIFY, "the log cannot show that its head of %llu entries holds the first %llu of them unchanged",
	         (unsigned long long)r->head.size, (unsigned long long)first);
}

/* 1: WHY it does not hold */
static int take_consistency(struct run *r, struct afd_slice body, struct afd_error *why)
{
	const struct afd_ct_paths paths = { r->path, r->n_hits };
	uint64_t first = r->walk == TO_HEAD ? r->tree.size : r->walk == START_TO_HEAD ? r->began.size : r->old.size;
	struct afd_digest node[AFD_MAX_PROOF_NODES];
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	size_t n = 0;
	bool holds;

	if (read_proof(body, "consistency", &doc, node, &n, why) < 0)
		return 1;
	r->walk_root = r->head.root;
	if (r->walk == TO_HEAD)
		holds = afd_ct_extend(&r->tree, r->head.size, node, n, &paths, &r->walk_root) == 0;
	else if (r->walk == START_TO_HEAD)
		holds = afd_ct_extend(&r->began, r->head.size, node, n, NULL, &r->walk_root) == 0;
	else
		holds = afd_merkle_check_consistency(first, &r->old.root, r->head.size, &r->head.root, node, n);
	if (!holds) {
		consistency_wrong(r, first, why);
		return 1;
	}
	if (r->walk == TO_OLD_HEAD)
		r->walk = OLD_TO_NEW;
	r->walked = true;
	return 0;
}

/* The tree up to the head from the proof of its last leaf: all nodes of it lie to the left, so they are the compact range
 * before it (RFC 9162, 2.1.3.1). 1: WHY it does not hold. */
static int tree_before(struct run *r, const struct afd_digest *node, size_t n, struct afd_error *why)
{
	uint64_t last = r->walk_to - 1;
	struct afd_merkle tree = { .size = last };

	if (n != (size_t)__builtin_popcountll(last)) {
		afd_fail(why, AFD_E_VERIFY, "proof: expected %d hashes, got %zu", __builtin_popcountll(last), n);
		return 1;
	}
	while (n > 0)
		tree.at[tree.n++] = node[--n];
	if (afd_merkle_append(&tree, &r->last_leaf) < 0) {
		afd_fail(why, AFD_E_VERIFY, "proof: the tree cannot grow");
		return 1;
	}
	r->ahead = tree;
	afd_merkle_root(&tree, &r->walk_root);
	r->walked = true;
	return 0;
}

static int take_start(struct run *r, struct afd_slice body, struct afd_error *why)
{
	struct afd_digest node[AFD_MAX_PROOF_NODES];
	AFD_AUTO(ct_page) struct afd_ct_page page = { 0 };
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	AFD_AUTO(buf) struct afd_buf input = { 0 };
	const struct afd_node *index;
	const char *leaf;
	size_t n = 0;

	if (r->start_by == LAST_ENTRY) {
		if (afd_ct_scan_entries(body, 1, &page, why) < 0)
			return 1;
		if (page.n == 0) {
			afd_fail(why, AFD_E_PARSE, "expected one entry, got none");
			return 1;
		}
		afd_merkle_leaf(afd_ct_page_leaf(&page, 0), &r->last_leaf);
		r->start_by = BY_HASH;
		return 0;
	}
	if (read_proof(body, "audit_path", &doc, node, &n, why) < 0)
		return 1;
	if (r->start_by == BY_HASH) {
		/* A leaf that stands in the log twice may be told at its other place; then there is nothing to start from. */
		index = afd_node_get(afd_doc_root(doc), "leaf_index");
		if (!index || index->type != AFD_INT || index->u.i < 0 || (uint64_t)index->u.i != r->walk_to - 1) {
			afd_fail(why, AFD_E_VERIFY, "leaf_index: expected %llu", (unsigned long long)r->walk_to - 1);
			return 1;
		}
		return tree_before(r, node, n, why);
	}
	leaf = afd_node_text(afd_node_get(afd_doc_root(doc), "leaf_input"));
	if (!leaf || afd_unbase64(afd_slice_text(leaf), &input) < 0) {
		afd_fail(why, AFD_E_PARSE, "leaf_input: expected base64");
		return 1;
	}
	afd_merkle_leaf(afd_buf_slice(&input), &r->last_leaf);
	return tree_before(r, node, n, why);
}

/* --- entries --- */

/* extra_data in the form of a data tile: the precertificate, then the fingerprints of the chain. It is not under the leaf
 * hash; what of it cannot be read is left out, and the entry is as true as before. */
static int extra_as_tile(struct afd_slice extra, bool precert, struct afd_buf *tile, struct afd_slice *chain)
{
	struct afd_reader r = afd_reader(extra), c;
	struct afd_slice submitted = { 0 };
	struct afd_digest d;
	size_t at;

	if (precert)
		submitted = afd_read_bytes(&r, afd_read_u24(&r));
	*chain = afd_read_bytes(&r, afd_read_u24(&r));
	if (r.bad || afd_reader_left(&r) > 0)
		*chain = submitted = afd_slice(NULL, 0);
	for (c = afd_reader(*chain); afd_reader_left(&c) > 0 && !c.bad;)
		afd_read_bytes(&c, afd_read_u24(&c));
	if (c.bad)
		*chain = afd_slice(NULL, 0);
	if (precert && (afd_buf_u8(tile, (uint8_t)(submitted.len >> 16)) < 0 || afd_buf_u16(tile, (uint16_t)submitted.len) < 0 ||
	                afd_buf_add_slice(tile, submitted) < 0))
		return -1;
	at = tile->len;
	if (afd_buf_u16(tile, 0) < 0)
		return -1;
	for (c = afd_reader(*chain); afd_reader_left(&c) > 0 && tile->len - at + 32 <= 0xffff;) {
		afd_sha256(afd_read_bytes(&c, afd_read_u24(&c)), &d);
		if (afd_buf_add(tile, d.b, sizeof(d.b)) < 0)
			return -1;
	}
	tile->data[at] = (uint8_t)((tile->len - at - 2) >> 8);
	tile->data[at + 1] = (uint8_t)(tile->len - at - 2);
	return 0;
}

/* 1: WHY it cannot be true */
static int take_entry(struct run *r, const struct afd_ct_batch *b, size_t i, struct afd_error *why, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf extra = { 0 }, tile = { 0 };
	struct afd_slice chain = { 0 };
	struct afd_ct_leaf leaf;

	/* Only of what is kept anybody wants the chain. */
	if (b->at[i].match == 0)
		return afd_ct_take_leaf(r, &b->at[i], NULL, chain, why, err);
	if (afd_ct_merkle_leaf(afd_ct_page_leaf(&b->page, i), &leaf, why) < 0)
		return 1;
	if (afd_ct_page_extra(&b->page, i, &extra, NULL) < 0)
		extra.len = 0;
	if (extra_as_tile(afd_buf_slice(&extra), leaf.precert, &tile, &chain) < 0)
		return afd_fail_memory(err);
	if (afd_ct_leaf_extra(afd_buf_slice(&tile), &leaf, why) < 0)
		return 1;
	return afd_ct_take_leaf(r, &b->at[i], &leaf, chain, why, err);
}

static int take_entries(struct run *r, const struct afd_response *a, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_ct_batch *b = afd_ct_batch_of(r, a, err);
	struct afd_error why = { 0 };
	int rc = 0;

	if (!b)
		return -1;
	for (size_t i = 0; i < b->n && rc == 0; i++)
		rc = take_entry(r, b, i, &why, err);
	if (rc < 0)
		return -1;
	if (rc == 1 || b->bad)
		return afd_ct_leaves_wrong(r, now, a->body, rc == 1 ? &why : &b->why, keep, err);
	note_length(r, r->unpack.n, b->n);
	/* Taken for progress, an empty page would be asked for until the end of days. */
	if (b->n == 0)
		return afd_ct_gap(r, keep, now, err, "%s: no entries in the answer; %llu to go", (const char *)r->asked.data,
		                  (unsigned long long)(r->head.size - r->tree.size));
	return afd_ct_leaves_done(r, keep, err);
}

static int take(struct run *r, const struct afd_response *a, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_error why = { 0 };
	int wrong;

	if (r->phase == ISSUERS)
		return 0;
	if (r->phase == DATA)
		return take_entries(r, a, now, keep, err);
	wrong = r->walk == TO_START ? take_start(r, a->body, &why) : take_consistency(r, a->body, &why);
	if (!wrong)
		return 0;
	r->tree = r->walk == TO_HEAD ? r->step_start : r->tree;
	return afd_ct_incident(r, keep, now, (struct incident){ "consistency", false, a->body }, err, "%s: %s", (const char *)r->asked.data, why.text);
}

const struct afd_ct_kind afd_ct_rfc6962 = { .head = "ct/v1/get-sth", .ask = ask, .ahead = ahead, .refused = refused, .take = take };

const struct afd_provider afd_provider_rfc6962 = {
	.kind = "rfc6962",
	.leg = AFD_LEG_CT,
	.title = "Certificate Transparency log (RFC 6962)",
	.help = "Reads a Certificate Transparency log through get-entries: every entry's hash is computed, and the root over all of them must "
	        "be the one that the log signed. Certificates for names of the inventory and below are kept with their proof. Names that are "
	        "added later are covered from the last head on; backfill: true reads the log again.",
	.basis = "tested on recorded data of real logs and on a log made for the test",
	.evidence = "ct-log",
	.lag_ms = 2 * AFD_DAY,             /* a head may be as old as the merge delay, and tells about the time that much before it */
	.fields = config_fields,
	.config_size = sizeof(struct config),
	.config_defaults = &config_defaults,
	.scopes = afd_ct_scopes,
	.begin = begin,
	.next = afd_ct_next,
	.ahead = afd_ct_ahead,
	.take = afd_ct_take,
	.end = afd_ct_end,
	.decode = afd_ct_decode,
};
