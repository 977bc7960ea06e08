/* Items of Certificate Transparency logs: made by the run (static_ct.c), read back by the decoder. */
#include <jansson.h>

#include "collector/ct/ct_item.h"
#include "collector/table.h"
#include "core/note.h"

static json_t *json_base64(struct afd_slice s)
{
	AFD_AUTO(buf) struct afd_buf b = { 0 };

	return afd_base64(s, &b) < 0 ? NULL : json_stringn((const char *)b.data, b.len);
}

json_t *afd_ct_json_digest(const struct afd_digest *d)
{
	return json_string(afd_digest_hex(d).s);
}

json_t *afd_ct_json_tree(const struct afd_merkle *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n; i++)
		json_array_append_new(list, afd_ct_json_digest(&m->at[i]));
	return list;
}

int afd_ct_dump(json_t *doc, struct afd_buf *ret, struct afd_error *err)
{
	char *text = doc ? json_dumps(doc, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	int rc;

	json_decref(doc);
	rc = text ? afd_buf_text(ret, text) : -1;
	free(text);
	return rc < 0 ? afd_fail_memory(err) : 0;
}

json_t *afd_ct_head_json(const struct afd_ct_head *h)
{
	return json_pack("{s:o,s:I,s:I}", "root", afd_ct_json_digest(&h->root), "size", (json_int_t)h->size, "timestamp", (json_int_t)h->timestamp);
}

/* {"checkpoint" or "sth": the signed head} */
static json_t *with_head(json_t *doc, struct afd_slice signed_head)
{
	if (doc && signed_head.len > 0 &&
	    json_object_set_new(doc, afd_ct_is_sth(signed_head) ? "sth" : "checkpoint",
	                        json_stringn((const char *)signed_head.data, signed_head.len)) == 0)
		return doc;
	json_decref(doc);
	return NULL;
}

int afd_ct_head_item(const struct afd_ct_log *log, struct afd_slice signed_head, struct afd_buf *ret, struct afd_error *err)
{
	json_t *doc = with_head(json_pack("{s:o,s:s}", "key", json_base64(log->key), "log", log->origin), signed_head);
	json_t *witnesses = json_array();

	for (size_t i = 0; i < log->witness.n; i++)
		json_array_append_new(witnesses, json_string(log->witness.at[i]));
	if (doc && log->witness.n)
		json_object_set(doc, "witnesses", witnesses);
	json_decref(witnesses);
	return afd_ct_dump(doc, ret, err);
}

int afd_ct_incident_item(const struct afd_ct_log *log, const struct afd_ct_incident_told *i, struct afd_buf *ret, struct afd_error *err)
{
	json_t *doc = json_pack("{s:s,s:o,s:b,s:s,s:I,s:s}", "incident", i->kind, "key", json_base64(log->key), "lasting", i->lasting,
	                        "log", log->origin, "seen", (json_int_t)i->seen_ms, "text", i->text);
	struct afd_digest d;

	if (doc && i->before.len)
		json_object_set_new(doc, "before", json_stringn((const char *)i->before.data, i->before.len));
	if (doc && i->head.len)
		json_object_set_new(doc, "head", json_stringn((const char *)i->head.data, i->head.len));
	if (doc && i->answer.len) {
		afd_sha256(i->answer, &d);
		json_object_set_new(doc, "answer_sha256", afd_ct_json_digest(&d));
		if (i->answer.len <= AFD_CT_MOST_TOLD)
			json_object_set_new(doc, "answer", json_base64(i->answer));
	}
	return afd_ct_dump(doc, ret, err);
}

int afd_ct_entry_item(const struct afd_ct_log *log, struct afd_slice signed_head, const struct afd_ct_path *path, struct afd_slice leaf_input,
                      struct afd_slice extra, struct afd_slice chain, struct afd_buf *ret, struct afd_error *err)
{
	json_t *proof = json_array(), *certificates = json_array();
	struct afd_reader r = afd_reader(chain);

	for (size_t i = 0; i < path->n; i++)
		json_array_append_new(proof, json_base64(afd_slice(path->at[i].b, sizeof(path->at[i].b))));
	while (afd_reader_left(&r) > 0 && !r.bad)
		json_array_append_new(certificates, json_base64(afd_read_bytes(&r, afd_read_u24(&r))));
	return afd_ct_dump(with_head(json_pack("{s:o,s:o,s:I,s:o,s:o,s:s,s:o}", "chain", certificates,
	                      "extra", json_base64(extra), "index", (json_int_t)path->index, "key", json_base64(log->key),
	                      "leaf_input", json_base64(leaf_input), "log", log->origin, "proof", proof), signed_head), ret, err);
}

int afd_ct_range_item(const struct afd_ct_log *log, const struct afd_ct_range *r, struct afd_buf *ret, struct afd_error *err)
{
	return afd_ct_dump(json_pack("{s:o,s:o,s:I,s:I,s:o,s:I,s:s,s:I,s:I,s:s}", "after", afd_ct_json_tree(&r->after), "before", afd_ct_json_tree(&r->before),
	                      "entries", (json_int_t)r->entries, "from", (json_int_t)r->from, "head", afd_ct_head_json(&r->head),
	                      "hits", (json_int_t)r->hits, "log", log->origin, "to", (json_int_t)r->to,
	                      "unparsable", (json_int_t)r->unparsable, "watch", r->watch), ret, err);
}

/* --- decode --- */

static int read_base64(const char *text, const char *what, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_unbase64(afd_slice_text(text), ret) < 0)
		return afd_fail(err, AFD_E_PARSE, "%s: not base64", what);
	return 0;
}

struct head_fields { const char *checkpoint, *key, *log, *sth; struct afd_texts witnesses; };
static const struct afd_field head_fields[] = {
	{ "checkpoint", AFD_FIELD_TEXT,  AFD_OPTIONAL, offsetof(struct head_fields, checkpoint) },
	{ "key",        AFD_FIELD_TEXT,  AFD_REQUIRED, offsetof(struct head_fields, key) },
	{ "log",        AFD_FIELD_TEXT,  AFD_REQUIRED, offsetof(struct head_fields, log) },
	{ "sth",        AFD_FIELD_TEXT,  AFD_OPTIONAL, offsetof(struct head_fields, sth) },
	{ "witnesses",  AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct head_fields, witnesses) },
	{ 0 }
};

/* One of the two, and of its own kind. */
static int signed_head_of(const char *checkpoint, const char *sth, struct afd_slice *ret, struct afd_error *err)
{
	*ret = checkpoint ? afd_slice_text(checkpoint) : sth ? afd_slice_text(sth) : afd_slice(NULL, 0);
	if (!checkpoint == !sth || afd_ct_is_sth(*ret) != (sth != NULL))
		return afd_fail(err, AFD_E_PARSE, "expected a checkpoint or an sth");
	return 0;
}

static int decode_head(struct afd_doc *doc, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 };
	struct head_fields f = { 0 };
	struct afd_slice signed_head;
	struct afd_ct_head head;
	struct afd_ct_log log;
	struct afd_hex64 root;

	if (afd_fields_read(doc, afd_doc_root(doc), head_fields, &f, err) < 0 || read_base64(f.key, "key", &key, err) < 0 ||
	    signed_head_of(f.checkpoint, f.sth, &signed_head, err) < 0)
		return -1;
	log = (struct afd_ct_log){ f.log, afd_buf_slice(&key), f.witnesses };
	if (afd_ct_head_verify(signed_head, &log, &head, err) < 0)
		return -1;
	root = afd_digest_hex(&head.root);
	if (sink->ct_head(sink->ctx, &(struct afd_row_ct_head){ .log = f.log, .root = root.s, .size = head.size, .timestamp = head.timestamp }, err) < 0)
		return -1;
	return afd_ct_signatures(signed_head, &log, &head, sink, err);
}

struct incident_fields { const char *answer, *answer_sha256, *before, *head, *incident, *key, *log, *text; int64_t seen; bool lasting; };
static const struct afd_field incident_fields[] = {
	{ "answer",        AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct incident_fields, answer) },
	{ "answer_sha256", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct incident_fields, answer_sha256) },
	{ "before",        AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct incident_fields, before) },
	{ "head",          AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct incident_fields, head) },
	{ "incident",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct incident_fields, incident) },
	{ "key",           AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct incident_fields, key) },
	{ "lasting",       AFD_FIELD_BOOL, AFD_REQUIRED, offsetof(struct incident_fields, lasting) },
	{ "log",           AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct incident_fields, log) },
	{ "seen",          AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct incident_fields, seen) },
	{ "text",          AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct incident_fields, text) },
	{ 0 }
};

/* Do two heads that the log signed contradict each other by themselves, whoever tells it? */
static bool heads_contradict(const struct incident_fields *f, const struct afd_ct_log *log)
{
	struct afd_ct_head a, b;

	if (!f->before || !f->head || afd_ct_head_verify(afd_slice_text(f->before), log, &a, NULL) < 0 ||
	    afd_ct_head_verify(afd_slice_text(f->head), log, &b, NULL) < 0)
		return false;
	return (a.size == b.size && !afd_digest_equal(&a.root, &b.root)) || (b.size < a.size && b.timestamp >= a.timestamp);
}

static int decode_incident(struct afd_doc *doc, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 };
	struct incident_fields f = { 0 };
	struct afd_ct_log log;

	if (afd_fields_read(doc, afd_doc_root(doc), incident_fields, &f, err) < 0 || read_base64(f.key, "key", &key, err) < 0)
		return -1;
	log = (struct afd_ct_log){ .origin = f.log, .key = afd_buf_slice(&key) };
	return sink->ct_incident(sink->ctx, &(struct afd_row_ct_incident){
		.log = f.log, .kind = f.incident, .text = f.text, .seen_ms = f.seen, .lasting = f.lasting,
		.proven = heads_contradict(&f, &log) }, err);
}

struct entry_fields {
	const char *checkpoint, *extra, *key, *leaf_input, *log, *sth;
	int64_t index;
	const struct afd_node *chain, *proof;
};
static const struct afd_field entry_fields[] = {
	{ "chain",      AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct entry_fields, chain) },
	{ "checkpoint", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct entry_fields, checkpoint) },
	{ "extra",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct entry_fields, extra) },
	{ "index",      AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct entry_fields, index) },
	{ "key",        AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct entry_fields, key) },
	{ "leaf_input", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct entry_fields, leaf_input) },
	{ "log",        AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct entry_fields, log) },
	{ "proof",      AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct entry_fields, proof) },
	{ "sth",        AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct entry_fields, sth) },
	{ 0 }
};

/* Does the proof lead from the leaf to a head signed by the key? */
static bool is_proven(const struct entry_fields *f, struct afd_slice key, struct afd_slice leaf_input, const struct afd_ct_leaf *leaf)
{
	struct afd_digest proof[AFD_MAX_PROOF_NODES], hash;
	const struct afd_ct_log log = { .origin = f->log, .key = key };
	struct afd_slice signed_head;
	struct afd_ct_head head;
	size_t n = 0;

	if (f->proof->type != AFD_LIST || f->index < 0 || (leaf->has_index && leaf->index != (uint64_t)f->index))
		return false;
	for (const struct afd_node *p = f->proof->u.list.first; p; p = p->next) {
		AFD_AUTO(buf) struct afd_buf b = { 0 };
		const char *text = afd_node_text(p);

		if (!text || n == AFD_MAX_PROOF_NODES || afd_unbase64(afd_slice_text(text), &b) < 0 || b.len != sizeof(proof[0].b))
			return false;
		memcpy(proof[n++].b, b.data, b.len);
	}
	if (signed_head_of(f->checkpoint, f->sth, &signed_head, NULL) < 0 || afd_ct_head_verify(signed_head, &log, &head, NULL) < 0)
		return false;
	afd_merkle_leaf(leaf_input, &hash);
	return afd_merkle_check_inclusion(&hash, (uint64_t)f->index, head.size, proof, n, &head.root);
}

enum { MOST_ISSUERS = 16 };
struct chain { struct afd_buf der[MOST_ISSUERS]; struct afd_slice at[MOST_ISSUERS]; size_t n; };

static void afd_chain_release(struct chain *c)
{
	for (size_t i = 0; i < c->n; i++)
		afd_buf_release(&c->der[i]);
}

static int read_chain(const struct afd_node *list, struct chain *ret, struct afd_error *err)
{
	if (list->type != AFD_LIST)
		return afd_fail(err, AFD_E_PARSE, "chain: expected a list");
	for (const struct afd_node *n = list->u.list.first; n && ret->n < MOST_ISSUERS; n = n->next) {
		const char *text = afd_node_text(n);

		if (!text)
			return afd_fail(err, AFD_E_PARSE, "chain: expected texts");
		ret->n++;
		if (read_base64(text, "chain", &ret->der[ret->n - 1], err) < 0)
			return -1;
		ret->at[ret->n - 1] = afd_buf_slice(&ret->der[ret->n - 1]);
	}
	return 0;
}

/* Of a precertificate it stands in the leaf; of a certificate it is known only from an issuer that really signed it. */
static void issuer_key_hash(const struct afd_ct_leaf *leaf, const struct chain *chain, bool believed, struct afd_hex64 *ret)
{
	struct afd_ct_cert issuer;
	struct afd_digest d;

	*ret = (struct afd_hex64){ "" };
	if (leaf->precert) {
		memcpy(d.b, leaf->issuer_key_hash.data, sizeof(d.b));
		*ret = afd_digest_hex(&d);
	} else if (believed && afd_ct_cert_walk(chain->at[0], false, &issuer, NULL) == 0) {
		afd_sha256(issuer.spki, &d);
		*ret = afd_digest_hex(&d);
	}
}

enum { MOST_SCTS = 64 };
struct scts { struct afd_row_cert_sct row[MOST_SCTS]; struct afd_hex64 log_id[MOST_SCTS]; size_t n; };

static int collect_sct(void *p, const struct afd_ct_sct *sct)
{
	struct scts *l = p;
	struct afd_digest d;

	if (l->n == MOST_SCTS)
		return 0;
	memcpy(d.b, sct->log_id.data, sizeof(d.b));
	l->log_id[l->n] = afd_digest_hex(&d);
	l->row[l->n] = (struct afd_row_cert_sct){ l->log_id[l->n].s, (int64_t)sct->timestamp_ms, sct->has_index ? (int64_t)sct->index : -1 };
	l->n++;
	return 0;
}

enum { MOST_URLS = 16 };
struct urls { struct afd_row_cert_url row[MOST_URLS]; char *text[MOST_URLS]; size_t n; };

static void afd_urls_release(struct urls *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->text[i]);
}

static int collect_url(void *p, const char *kind, struct afd_slice url)
{
	struct urls *l = p;

	if (l->n == MOST_URLS)
		return 0;
	l->text[l->n] = afd_sprintf("%.*s", (int)url.len, (const char *)url.data);
	if (!l->text[l->n])
		return -1;
	l->row[l->n] = (struct afd_row_cert_url){ kind, l->text[l->n] };
	l->n++;
	return 0;
}

enum { COMPARED_CNS = 16 };                       /* a subject with more is no certificate of anybody */
/* odd: off + 1 of a name that nobody can read for sure; 0: there is none */
struct names { struct afd_buf text; struct { size_t off; enum afd_ct_name_kind kind; } *at; size_t n, cap, n_cn, n_dns, odd; };

static bool has_name(const struct names *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->at[i].kind == AFD_CT_DNS && strcmp((const char *)l->text.data + l->at[i].off, text) == 0)
			return true;
	return false;
}

/* The text from OFF on is one name more. */
static int add_name(struct names *l, enum afd_ct_name_kind kind, size_t off)
{
	if (l->text.len == off)
		return 0;
	if (afd_buf_u8(&l->text, 0) < 0)
		return -2;
	/* A common name only says something where no alternative name says the same (RFC 6125, 6.4.4). */
	if (kind == AFD_CT_CN && l->n_cn++ < COMPARED_CNS && has_name(l, (const char *)l->text.data + off)) {
		l->text.len = off;
		return 0;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		void *at = reallocarray(l->at, cap, sizeof(*l->at));

		if (!at)
			return -2;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n].off = off;
	l->at[l->n++].kind = kind;
	return 0;
}

/* A pattern, a redaction, an escape, or bytes of which nobody knows what a reader makes. */
static bool could_be_any(struct afd_slice raw)
{
	for (size_t i = 0; i < raw.len; i++)
		if (raw.data[i] <= 0x20 || raw.data[i] >= 0x7f || memchr("*?%\\", raw.data[i], 4))
			return true;
	return false;
}

/* As it stands there, and as lenient readers take it: a host behind "https://", before a NUL, an address in letters. */
static int collect_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	struct names *l = p;
	size_t off = l->text.len;
	enum afd_ct_name_kind meant = kind;
	int rc;

	if (raw.len == 0 || (kind == AFD_CT_CN && afd_ct_is_title(raw)))
		return 0;
	if (afd_ct_name_text(kind, tag, raw, &l->text) < 0 || add_name(l, kind, off) < 0)
		return -2;
	if (kind == AFD_CT_IP)
		return 0;
	off = l->text.len;
	rc = afd_ct_name_meant(tag, raw, &meant, &l->text);
	if (rc < 0 || add_name(l, meant, off) < 0)
		return -2;
	if (rc == 0 && !l->odd && l->n > 0 && could_be_any(raw) && (kind == AFD_CT_DNS || !l->n_dns))
		l->odd = l->at[l->n - 1].off + 1;
	l->n_dns += kind == AFD_CT_DNS;
	return 0;
}

static int serial_text(struct afd_slice s, struct afd_buf *ret)
{
	while (s.len > 1 && s.data[0] == 0)
		s = afd_slice_sub(s, 1, s.len - 1);
	for (size_t i = 0; i < s.len; i++)
		if (afd_buf_printf(ret, "%02x", s.data[i]) < 0)
			return -1;
	return 0;
}

static int put_cert(const struct entry_fields *f, const struct afd_ct_leaf *leaf, const struct afd_ct_cert *c, const struct names *l,
                    bool proven, struct afd_sink *sink, struct afd_error *err)
{
	static const char *const kinds[] = { [AFD_CT_DNS] = "dns", [AFD_CT_IP] = "ip", [AFD_CT_CN] = "cn" };
	AFD_AUTO(buf) struct afd_buf tbs = { 0 }, serial = { 0 }, issuer = { 0 };
	AFD_AUTO(mem) struct afd_row_cert_name *name = calloc(l->n + 1, sizeof(*name));
	AFD_AUTO(buf) struct afd_buf policies = { 0 }, signature = { 0 };
	AFD_AUTO(urls) struct urls urls = { .n = 0 };
	AFD_AUTO(chain) struct chain chain = { .n = 0 };
	struct afd_hex64 tbs_key, spki, issuer_key;
	struct afd_error why = { 0 };
	struct scts scts = { .n = 0 };
	const struct afd_ct_key key = afd_ct_key(c);
	enum afd_ct_chain told;
	struct afd_digest d;
	struct afd_row_cert row = {
		.log = f->log, .index = (uint64_t)f->index, .logged_ms = (int64_t)leaf->timestamp_ms, .precert = leaf->precert,
		.name = name, .n = l->n, .proven = proven,
	};

	if (!name || serial_text(c->serial, &serial) < 0 || afd_buf_text(&issuer, "") < 0)
		return afd_fail_memory(err);
	if (afd_ct_tbs_stripped(c, &tbs, err) < 0 || read_chain(f->chain, &chain, err) < 0)
		return -1;
	told = afd_ct_chain_check(leaf, chain.at, chain.n, &why);
	issuer_key_hash(leaf, &chain, told == AFD_CT_CHAIN_BELIEVED, &issuer_key);
	/* what of these cannot be read is not said; the names and the key above could */
	if (!leaf->precert && afd_ct_scts(c, collect_sct, &scts, NULL) < 0)
		scts.n = 0;
	if (afd_ct_policies(c, &policies, NULL) < 0)
		policies.len = 0;
	if (afd_ct_signature_text(c, &signature, NULL) < 0)
		signature.len = 0;
	if (afd_buf_u8(&policies, 0) < 0 || afd_buf_u8(&signature, 0) < 0 || afd_ct_urls(c, collect_url, &urls) < 0)
		return afd_fail_memory(err);
	afd_sha256(afd_buf_slice(&tbs), &d);
	tbs_key = afd_digest_hex(&d);
	afd_sha256(c->spki, &d);
	spki = afd_digest_hex(&d);
	for (size_t i = 0; i < l->n; i++)
		name[i] = (struct afd_row_cert_name){ (const char *)l->text.data + l->at[i].off, kinds[l->at[i].kind] };
	if (afd_ct_dn_text(c->issuer, &issuer, err) < 0)
		return -1;
	row.tbs_key = tbs_key.s;
	row.serial = (const char *)serial.data;
	row.issuer = issuer.data ? (const char *)issuer.data : "";
	row.issuer_key_hash = issuer_key.s;
	row.spki_sha256 = spki.s;
	afd_der_time(&c->not_before, &row.not_before);
	afd_der_time(&c->not_after, &row.not_after);
	row.policies = (const char *)policies.data;
	row.sct = scts.row;
	row.n_sct = scts.n;
	row.key_algorithm = key.algorithm;
	row.key_bits = key.bits;
	row.signature_algorithm = *signature.data ? (const char *)signature.data : NULL;
	row.url = urls.row;
	row.n_url = urls.n;
	row.chain = told == AFD_CT_CHAIN_NONE ? NULL : told == AFD_CT_CHAIN_BELIEVED ? "" : why.text;
	return sink->cert(sink->ctx, &row, err);
}

/* A name that could be read as one of ours, though nobody can say so: people have to look at the bytes. */
static int put_odd(const struct entry_fields *f, const struct names *l, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) char *reason = l->odd ? afd_sprintf("a name that no host has, and that could mean one that is watched: %.200s",
	                                                  (const char *)l->text.data + l->odd - 1) : NULL;

	if (!l->odd)
		return 0;
	if (!reason)
		return afd_fail_memory(err);
	return sink->unparsed(sink->ctx, &(struct afd_row_unparsed){ .log = f->log, .index = (uint64_t)f->index, .reason = reason }, err);
}

static int decode_entry(struct afd_doc *doc, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf key = { 0 }, input = { 0 }, extra = { 0 }, dn = { 0 };
	struct entry_fields f = { 0 };
	struct afd_error why = { 0 };
	struct afd_ct_leaf leaf;
	struct afd_ct_cert cert;
	struct names l = { 0 };
	int64_t t;
	int rc;

	if (afd_fields_read(doc, afd_doc_root(doc), entry_fields, &f, err) < 0 || read_base64(f.key, "key", &key, err) < 0 ||
	    read_base64(f.leaf_input, "leaf_input", &input, err) < 0 || read_base64(f.extra, "extra", &extra, err) < 0)
		return -1;
	if (f.index < 0)
		return afd_fail(err, AFD_E_PARSE, "index: expected 0 or more");
	if (afd_ct_merkle_leaf(afd_buf_slice(&input), &leaf, err) < 0 || afd_ct_leaf_extra(afd_buf_slice(&extra), &leaf, err) < 0)
		return -1;
	rc = afd_ct_leaf_cert(&leaf, &cert, &why);
	if (rc == 0)
		rc = afd_ct_names(&cert, collect_name, &l, &why);
	if (rc == 0 && (!afd_der_time(&cert.not_before, &t) || !afd_der_time(&cert.not_after, &t)))
		rc = afd_fail(&why, AFD_E_PARSE, "certificate: validity: not a time");
	if (rc == 0)
		rc = afd_ct_dn_text(cert.issuer, &dn, &why);
	if (rc == 0)
		rc = put_cert(&f, &leaf, &cert, &l, is_proven(&f, afd_buf_slice(&key), afd_buf_slice(&input), &leaf), sink, err) < 0 ?
		     -1 : put_odd(&f, &l, sink, err);
	else if (rc == -2)
		rc = afd_fail_memory(err);
	else
		rc = sink->unparsed(sink->ctx, &(struct afd_row_unparsed){ .log = f.log, .index = (uint64_t)f.index, .reason = why.text }, err);
	free(l.at);
	afd_buf_release(&l.text);
	return rc;
}

int afd_ct_read_tree(const struct afd_node *list, uint64_t size, struct afd_merkle *ret, struct afd_error *err)
{
	*ret = (struct afd_merkle){ .size = size };
	if (!list || list->type != AFD_LIST || list->u.list.n != (size_t)__builtin_popcountll(size))
		return afd_fail(err, AFD_E_PARSE, "tree of %llu: expected %d hashes", (unsigned long long)size, __builtin_popcountll(size));
	for (const struct afd_node *p = list->u.list.first; p; p = p->next) {
		const char *text = afd_node_text(p);

		if (!text || afd_unhex(text, strlen(text), ret->at[ret->n].b, 32) < 0)
			return afd_fail(err, AFD_E_PARSE, "tree: expected 64 hex digits");
		ret->n++;
	}
	return 0;
}

struct head_json_fields { const char *root; int64_t size, timestamp; };
static const struct afd_field head_json_fields[] = {
	{ "root",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct head_json_fields, root) },
	{ "size",      AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct head_json_fields, size) },
	{ "timestamp", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct head_json_fields, timestamp) },
	{ 0 }
};

int afd_ct_read_head(struct afd_doc *doc, const struct afd_node *n, struct afd_ct_head *ret, struct afd_error *err)
{
	struct head_json_fields f = { 0 };

	if (afd_fields_read(doc, n, head_json_fields, &f, err) < 0)
		return -1;
	if (f.size < 0 || afd_unhex(f.root, strlen(f.root), ret->root.b, 32) < 0)
		return afd_fail(err, AFD_E_PARSE, "head: expected a size and a root of 64 hex digits");
	ret->size = (uint64_t)f.size;
	ret->timestamp = f.timestamp;
	return 0;
}

struct range_fields {
	const struct afd_node *after, *before, *head;
	int64_t entries, from, hits, to, unparsable;
	const char *log, *watch;
};
static const struct afd_field range_fields[] = {
	{ "after",      AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct range_fields, after) },
	{ "before",     AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct range_fields, before) },
	{ "entries",    AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct range_fields, entries) },
	{ "from",       AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct range_fields, from) },
	{ "head",       AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct range_fields, head) },
	{ "hits",       AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct range_fields, hits) },
	{ "log",        AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct range_fields, log) },
	{ "to",         AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct range_fields, to) },
	{ "unparsable", AFD_FIELD_INT,  AFD_REQUIRED, offsetof(struct range_fields, unparsable) },
	{ "watch",      AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct range_fields, watch) },
	{ 0 }
};

static int range_of(struct afd_doc *doc, struct afd_ct_range *ret, const char **log, struct afd_error *err)
{
	struct range_fields f = { 0 };
	struct afd_digest root;

	if (afd_fields_read(doc, afd_doc_root(doc), range_fields, &f, err) < 0 || afd_ct_read_head(doc, f.head, &ret->head, err) < 0)
		return -1;
	if (f.from < 0 || f.to < f.from || (uint64_t)f.to > ret->head.size || f.entries != f.to - f.from || f.hits < 0 || f.unparsable < 0 ||
	    f.hits > f.entries - f.unparsable)
		return afd_fail(err, AFD_E_PARSE, "range: its numbers do not fit together");
	if (afd_ct_read_tree(f.before, (uint64_t)f.from, &ret->before, err) < 0 || afd_ct_read_tree(f.after, (uint64_t)f.to, &ret->after, err) < 0)
		return -1;
	afd_merkle_root(&ret->after, &root);
	if ((uint64_t)f.to == ret->head.size && !afd_digest_equal(&root, &ret->head.root))
		return afd_fail(err, AFD_E_VERIFY, "range: the tree behind it has another root than the head");
	ret->from = (uint64_t)f.from;
	ret->to = (uint64_t)f.to;
	ret->entries = (uint64_t)f.entries;
	ret->hits = (uint64_t)f.hits;
	ret->unparsable = (uint64_t)f.unparsable;
	ret->watch = f.watch;
	*log = f.log;
	return 0;
}

int afd_ct_range_read(struct afd_slice bytes, struct afd_doc **doc, struct afd_ct_range *ret, const char **log, struct afd_error *err)
{
	return afd_json_parse(bytes, "range", doc, err) < 0 ? -1 : range_of(*doc, ret, log, err);
}

static int decode_range(struct afd_doc *doc, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_ct_range r;
	const char *log;

	if (range_of(doc, &r, &log, err) < 0)
		return -1;
	return sink->ct_range(sink->ctx, &(struct afd_row_ct_range){
		.log = log, .from = r.from, .to = r.to, .hits = r.hits, .unparsable = r.unparsable,
		.head_size = r.head.size, .head_ms = r.head.timestamp, .watch = r.watch }, err);
}

static int decode_watch(struct afd_slice bytes, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_hex64 digest;
	struct afd_digest d;

	afd_sha256(bytes, &d);
	digest = afd_digest_hex(&d);
	while (bytes.len > 0) {
		const uint8_t *lf = memchr(bytes.data, '\n', bytes.len);
		struct afd_slice line = afd_slice(bytes.data, lf ? (size_t)(lf - bytes.data) : bytes.len);
		AFD_AUTO(buf) struct afd_buf rule = { 0 };

		if (!lf || afd_ct_rule_canonical(line, &rule, NULL) < 0 || !afd_slice_equal(line, afd_buf_slice(&rule)))
			return afd_fail(err, AFD_E_PARSE, "watch list: expected one canonical rule per line");
		if (sink->watch(sink->ctx, &(struct afd_row_watch){ .digest = digest.s, .name = (const char *)rule.data }, err) < 0)
			return -1;
		bytes = afd_slice_sub(bytes, (size_t)(lf + 1 - bytes.data), bytes.len);
	}
	return 0;
}

int afd_ct_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	enum afd_item_kind kind = item->record->kind;
	AFD_AUTO(doc) struct afd_doc *doc = NULL;

	if (kind == AFD_ITEM_ANSWER)      /* a checkpoint that did not verify: kept as it came, says nothing */
		return 0;
	if (kind == AFD_ITEM_WATCH)
		return decode_watch(item->bytes, sink, err);
	if (afd_json_parse(item->bytes, afd_item_kind_name(kind), &doc, err) < 0)
		return -1;
	switch (kind) {
	case AFD_ITEM_HEAD:
		return afd_node_get(afd_doc_root(doc), "incident") ? decode_incident(doc, sink, err) : decode_head(doc, sink, err);
	case AFD_ITEM_ENTRY:
		return decode_entry(doc, sink, err);
	case AFD_ITEM_RANGE:
		return decode_range(doc, sink, err);
	default:
		return afd_fail(err, AFD_E_PARSE, "certificate log: no items of kind %s", afd_item_kind_name(kind));
	}
}
