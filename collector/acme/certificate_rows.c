/* What a directory of certificates says: what is held, and who asked for it. */
#include "collector/acme/certificate_dir.h"
#include "collector/files/csv.h"
#include "collector/registrar/json_walk.h"
#include "core/name.h"

int afd_held_split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	return afd_json_tile(bytes, "files", parts, err);
}

/* --- the list --- */

enum { FILE_, SHA256, SERIAL, NAMES, OWNER, PURPOSE, REQUESTER, DATE, COLUMNS };
static const char *const columns[COLUMNS] = { "file", "sha256", "serial", "names", "owner", "purpose", "requester", "date" };

struct entry { char *text[COLUMNS]; bool used; };
struct entries { struct entry *at; size_t n, cap; };

static void entries_release(struct entries *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (int k = 0; k < COLUMNS; k++)
			free(l->at[i].text[k]);
	free(l->at);
}

static int read_head(struct afd_csv *c, int place[COLUMNS], struct afd_error *err)
{
	int r = afd_csv_next(c, err);

	if (r < 0)
		return -1;
	for (int k = 0; k < COLUMNS; k++)
		place[k] = -1;
	for (size_t i = 0; r > 0 && i < c->n; i++) {
		int k = 0;

		while (k < COLUMNS && strcmp(columns[k], afd_csv_field(c, i)) != 0)
			k++;
		if (k == COLUMNS || place[k] >= 0)
			return afd_fail(err, AFD_E_PARSE, "list:1: column \"%.60s\": expected file, sha256, serial, names, owner, purpose, requester or date, each once",
			                afd_csv_field(c, i));
		place[k] = (int)i;
	}
	return r;
}

static void lower_hex(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != ':' && *s != ' ')
			*to++ = *s >= 'A' && *s <= 'F' ? (char)(*s | 0x20) : *s;
	*to = 0;
}

static int add_entry(struct entries *l, const struct afd_csv *c, const int place[COLUMNS], struct afd_error *err)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct entry *at = reallocarray(l->at, cap, sizeof(*at));

		if (!at)
			return afd_fail_memory(err);
		l->at = at;
		l->cap = cap;
	}
	struct entry *e = &l->at[l->n++];
	*e = (struct entry){ .used = false };
	for (int k = 0; k < COLUMNS; k++) {
		e->text[k] = afd_strdup(place[k] < 0 ? "" : afd_csv_field(c, (size_t)place[k]));
		if (!e->text[k])
			return afd_fail_memory(err);
	}
	lower_hex(e->text[SHA256]);
	lower_hex(e->text[SERIAL]);
	while (e->text[SERIAL][0] == '0' && e->text[SERIAL][1])
		memmove(e->text[SERIAL], e->text[SERIAL] + 1, strlen(e->text[SERIAL]));
	return 0;
}

static int read_list(const char *text, struct entries *ret, struct afd_error *err)
{
	struct afd_csv c = { 0 };
	int place[COLUMNS], r;

	if (!text || !*text)
		return 0;
	r = afd_csv_begin(&c, "list", afd_slice_text(text), err);
	if (r == 0)
		r = read_head(&c, place, err);
	while (r > 0 && (r = afd_csv_next(&c, err)) > 0)
		if (add_entry(ret, &c, place, err) < 0)
			r = -1;
	afd_csv_release(&c);
	return r;
}

/* The row about this certificate: by what it says of it, the strongest first; a row that says something else of it is not. */
static struct entry *entry_of(struct entries *l, const char *file, const struct afd_certificate *c)
{
	const char *serial = (const char *)c->serial.data;
	size_t zeros = strspn(serial, "0");
	serial += zeros && !serial[zeros] ? zeros - 1 : zeros;

	for (int by = SHA256; by < NAMES; by++)
		for (size_t i = 0; i < l->n; i++)
			if (l->at[i].text[by][0] && strcmp(l->at[i].text[by], by == SHA256 ? c->sha256.s : serial) == 0)
				return &l->at[i];
	for (size_t i = 0; i < l->n; i++)
		if (!l->at[i].text[SHA256][0] && !l->at[i].text[SERIAL][0] && strcmp(l->at[i].text[FILE_], file) == 0)
			return &l->at[i];
	return NULL;
}

/* --- rows --- */

static const char *told(const char *s)
{
	return s && *s ? s : NULL;
}

static int put_request(const struct afd_item_view *item, struct entry *e, const struct afd_certificate *c, uint64_t part, struct afd_sink *sink,
                       struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf names = { 0 };
	const char *name[256];
	char canonical[AFD_NAME_MAX];
	size_t n = 0, at[256];
	int64_t t = AFD_TIME_NONE;

	for (const char *p = e->text[NAMES]; n < 256 && *(p += strspn(p, " ;,")); p += strcspn(p, " ;,")) {
		if (afd_name_canonical(afd_slice(p, strcspn(p, " ;,")), canonical, NULL) < 0)
			continue;
		at[n++] = names.len;
		if (afd_buf_text(&names, canonical) < 0 || afd_buf_u8(&names, 0) < 0)
			return afd_fail_memory(err);
	}
	for (size_t i = 0; i < n; i++)
		name[i] = (const char *)names.data + at[i];
	AFD_AUTO(mem) const char **own = c ? calloc(c->n + 1, sizeof(*own)) : NULL;
	if (c && !own)
		return afd_fail_memory(err);
	size_t n_own = own && n == 0 ? afd_certificate_hosts(c, own) : 0;
	if (!e->text[DATE][0] || afd_when_parse(e->text[DATE], &t, NULL) < 0)
		t = c ? c->not_before : item->record->received_ms;
	const char *serial = c ? (const char *)c->serial.data : told(e->text[SERIAL]), *sha = c ? c->sha256.s : told(e->text[SHA256]);
	AFD_AUTO(mem) char *ref = afd_sprintf("list %.80s %.200s %.400s", sha ? sha : serial ? serial : "-", e->text[FILE_], e->text[NAMES]);
	if (!ref)
		return afd_fail_memory(err);
	e->used = true;
	return sink->issuance(sink->ctx, &(struct afd_row_issuance){
		.client = "list", .ref = ref, .account = told(e->text[REQUESTER]), .outcome = "issued", .serial = serial, .cert_sha256 = sha,
		.tbs_key = c ? c->tbs_key.s : NULL, .name = n_own ? own : name, .n = n_own ? n_own : n, .at = afd_instant(t), .part = part,
	}, err);
}

static int put_held(const struct afd_item_view *item, const char *file, const struct afd_certificate *c, const struct entry *e, uint64_t part,
                    struct afd_sink *sink, struct afd_error *err)
{
	return sink->held(sink->ctx, &(struct afd_row_held){
		.place = file, .owner = e ? told(e->text[OWNER]) : NULL, .purpose = e ? told(e->text[PURPOSE]) : NULL, .cert_sha256 = c->sha256.s,
		.tbs_key = c->tbs_key.s, .serial = (const char *)c->serial.data, .issuer = (const char *)c->issuer.data,
		.issuer_key_hash = c->issuer_key_hash.s, .spki_sha256 = c->spki.s, .not_before = c->not_before, .not_after = c->not_after,
		.seen_ms = item->record->received_ms, .part = part, .name = c->name, .n = c->n,
	}, err);
}

static int take_certificate(const struct afd_item_view *item, const char *file, struct afd_slice der, struct afd_slice issuer, uint64_t part,
                            struct entries *l, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_certificate c;
	int rc = 0;

	/* those above the leaf are not what we run */
	if (afd_certificate_read(der, issuer, &c, NULL) < 0)
		return 0;
	if (!c.is_ca) {
		struct entry *e = entry_of(l, file, &c);

		rc = put_held(item, file, &c, e, part, sink, err);
		if (rc == 0 && e && !e->used)
			rc = put_request(item, e, &c, part, sink, err);
	}
	afd_certificate_release(&c);
	return rc;
}

struct file_fields { const char *name, *skipped; int64_t modified; struct afd_texts certificates; };
static const struct afd_field file_fields[] = {
	{ "certificates", AFD_FIELD_TEXTS, AFD_REQUIRED, offsetof(struct file_fields, certificates) },
	{ "modified", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct file_fields, modified) },
	{ "name", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct file_fields, name) },
	{ "skipped", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct file_fields, skipped) },
	{ 0 }
};
struct dir_fields { const char *directory, *list; const struct afd_node *files; };
static const struct afd_field dir_fields[] = {
	{ "directory", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct dir_fields, directory) },
	{ "files", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct dir_fields, files) },
	{ "list", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct dir_fields, list) },
	{ 0 }
};

static int take_file(const struct afd_item_view *item, struct afd_doc *d, const struct afd_node *n, uint64_t part, struct entries *l,
                     struct afd_sink *sink, struct afd_error *err)
{
	struct file_fields f = { 0 };
	AFD_AUTO(buf) struct afd_buf der = { 0 };
	int rc = 0;

	if (afd_fields_read_loose(d, n, file_fields, &f, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < f.certificates.n; i++) {
		AFD_AUTO(buf) struct afd_buf above = { 0 };

		der.len = 0;
		if (afd_unbase64(afd_slice_text(f.certificates.at[i]), &der) < 0 ||
		    (i + 1 < f.certificates.n && afd_unbase64(afd_slice_text(f.certificates.at[i + 1]), &above) < 0))
			return afd_fail(err, AFD_E_PARSE, "certificates of %.100s: not base64", f.name);
		rc = take_certificate(item, f.name, afd_buf_slice(&der), afd_buf_slice(&above), part, l, sink, err);
	}
	return rc;
}

int afd_held_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct dir_fields f = { 0 };
	struct entries l = { 0 };
	uint64_t i = 0, last = item->parts.n ? item->parts.n - 1 : 0;

	if (afd_json_parse(item->bytes, "directory", &d, err) < 0 || afd_fields_read_loose(d, afd_doc_root(d), dir_fields, &f, err) < 0)
		return -1;
	if (f.files->type != AFD_LIST)
		return afd_node_fail(d, f.files, err, "a list");
	int rc = read_list(f.list, &l, err);
	for (const struct afd_node *n = f.files->u.list.first; rc == 0 && n; n = n->next, i++)
		rc = take_file(item, d, n, 2 * i + 1 <= last ? 2 * i + 1 : 0, &l, sink, err);
	/* a private authority's list may name what nobody has as a file */
	for (size_t k = 0; rc == 0 && k < l.n; k++)
		if (!l.at[k].used)
			rc = put_request(item, &l.at[k], NULL, last, sink, err);
	entries_release(&l);
	return rc;
}
