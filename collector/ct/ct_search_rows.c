/* What search services say about a certificate, in our words: names canonical, issuer and serial number as the decoder of
 * log entries writes them, so that the join can look for equal ones. */
#include "collector/ct/ct_search.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "collector/ct/ct_cert.h"
#include "core/name.h"

enum { MOST_NAMES = 10000, MOST_RDNS = 64, MOST_SCTS = 64 };

/* One element. Texts lie in .text (offsets) or in the document. */
struct found {
	struct afd_row_search row;
	struct afd_buf text, issuer, serial;
	struct afd_ranges at;                     /* names in .text; each has its NUL */
	char ref[101], tbs[65];
	struct afd_row_cert_sct sct[MOST_SCTS];
	struct afd_hex64 log_id[MOST_SCTS];
};

static inline void afd_found_release(struct found *f)
{
	afd_buf_release(&f->text);
	afd_buf_release(&f->issuer);
	afd_buf_release(&f->serial);
	afd_ranges_release(&f->at);
}

static const char *text_at(const struct afd_node *map, const char *key)
{
	const char *s = afd_node_text(afd_node_get(map, key));

	return s && *s ? s : NULL;
}

/* --- pieces --- */

/* Ids go into addresses and names of files: nothing but these. */
static int read_id(const struct afd_node *n, char ret[101])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *s = afd_node_text(n);

	if (n && n->type == AFD_INT && n->u.i >= 0) {
		snprintf(ret, 101, "%" PRId64, n->u.i);
		return 0;
	}
	if (!s || !*s || strlen(s) > 100 || s[strspn(s, plain)])
		return -1;
	snprintf(ret, 101, "%s", s);
	return 0;
}

static int read_hex64(const char *s, char ret[65])
{
	size_t n = s ? strlen(s) : 0;

	if (n != 64 || s[strspn(s, "0123456789abcdefABCDEF")])
		return -1;
	for (size_t i = 0; i <= n; i++)
		ret[i] = (char)tolower((unsigned char)s[i]);
	return 0;
}

/* Times of crt.sh have no zone and are UTC. */
static int read_time(const char *s, int64_t *ret)
{
	char text[64];
	size_t n = s ? strlen(s) : 0;

	if (n == 0 || n + 2 > sizeof(text))
		return -1;
	if (afd_when_parse(s, ret, NULL) == 0)
		return 0;
	memcpy(text, s, n);
	memcpy(text + n, "Z", 2);
	return afd_when_parse(text, ret, NULL);
}

/* Bytes in hex without leading zeros, as the decoder of log entries writes it. */
static int read_serial(const char *s, struct afd_buf *ret)
{
	size_t n = s ? strlen(s) : 0;

	if (n == 0 || n > 128 || s[strspn(s, "0123456789abcdefABCDEF")])
		return 1;
	if (n % 2 && afd_buf_u8(ret, '0') < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (afd_buf_u8(ret, (uint8_t)tolower((unsigned char)s[i])) < 0)
			return -1;
	while (ret->len > 2 && memcmp(ret->data, "00", 2) == 0) {
		memmove(ret->data, ret->data + 2, ret->len - 2);
		ret->len -= 2;
	}
	ret->data[ret->len] = 0;
	return 0;
}

/* --- names of issuers --- */

/* One value: in quotes with \ inside, or up to the next comma or plus. */
static const char *read_value(const char *p, struct afd_buf *ret)
{
	bool quoted = *p == '"';

	for (p += quoted; *p && (quoted ? *p != '"' : !(p[0] == ',' && p[1] == ' ') && !(p[0] == ' ' && p[1] == '+' && p[2] == ' ')); p++) {
		if (*p == '\\' && p[1])
			p++;
		if (afd_buf_u8(ret, (uint8_t)*p) < 0)
			return NULL;
	}
	return p + (quoted && *p == '"');
}

/* "C=US, O=\"Some, Inc.\", CN=X" (the first RDN first) as RFC 4514 has it. 1: not of that form. */
static int read_issuer(const char *text, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf all = { 0 }, value = { 0 };
	struct afd_range rdn[MOST_RDNS];
	bool goes_on = false;
	size_t n = 0;

	for (const char *p = text; *p;) {
		size_t key = strcspn(p, "=, "), before = all.len;

		if (p[key] != '=' || key == 0 || n == MOST_RDNS)
			return 1;
		value.len = 0;
		if ((goes_on && afd_buf_u8(&all, '+') < 0) || afd_buf_add(&all, p, key + 1) < 0 || !(p = read_value(p + key + 1, &value)) ||
		    afd_ct_dn_value_text(afd_buf_slice(&value), &all) < 0)
			return -1;
		if (goes_on)
			rdn[n - 1].len += all.len - before;
		else
			rdn[n++] = (struct afd_range){ before, all.len - before };
		goes_on = strncmp(p, " + ", 3) == 0;
		if (*p && !goes_on && strncmp(p, ", ", 2) != 0)
			return 1;
		p += *p ? goes_on ? 3 : 2 : 0;
	}
	while (n-- > 0)
		if (afd_buf_add(ret, all.data + rdn[n].off, rdn[n].len) < 0 || (n > 0 && afd_buf_u8(ret, ',') < 0))
			return -1;
	return 0;
}

static int put_issuer(const char *text, struct found *f)
{
	int rc = text ? read_issuer(text, &f->issuer) : 0;

	if (rc == 1) {                            /* as it is: it will be equal to none of ours */
		f->issuer.len = 0;
		rc = afd_buf_text(&f->issuer, text);
	}
	return rc < 0 || afd_buf_text(&f->issuer, "") < 0 ? -1 : 0;
}

/* --- names --- */

/* Host names and addresses; people's addresses are left out. Returns 0, or -1 when memory ends. */
static int put_name(struct found *f, struct afd_slice s)
{
	char canonical[AFD_NAME_MAX];
	size_t off = f->text.len;

	if (s.len == 0 || s.len >= AFD_NAME_MAX || f->at.n == MOST_NAMES || memchr(s.data, '@', s.len) || memchr(s.data, ' ', s.len) ||
	    memchr(s.data, 0, s.len) || afd_name_canonical(s, canonical, NULL) < 0)
		return 0;
	for (size_t i = 0; i < f->at.n; i++)
		if (f->at.n <= 1000 && strcmp((const char *)f->text.data + f->at.at[i].off, canonical) == 0)
			return 0;
	if (afd_buf_add(&f->text, canonical, strlen(canonical) + 1) < 0)
		return -1;
	return afd_ranges_add(&f->at, off, f->text.len - off);
}

static int put_names(struct found *f, const char *lines)
{
	for (size_t n; lines && *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		if (put_name(f, afd_slice(lines, n)) < 0)
			return -1;
	}
	return 0;
}

/* --- the certificate itself --- */

static int put_sct(void *p, const struct afd_ct_sct *sct)
{
	struct found *f = p;
	size_t i = f->row.n_sct;
	struct afd_digest d;

	if (i == MOST_SCTS)
		return 0;
	memcpy(d.b, sct->log_id.data, sizeof(d.b));
	f->log_id[i] = afd_digest_hex(&d);
	f->sct[i] = (struct afd_row_cert_sct){ f->log_id[i].s, (int64_t)sct->timestamp_ms, sct->has_index ? (int64_t)sct->index : -1 };
	f->row.n_sct++;
	return 0;
}

/* Its serial number and SCTs. A service that gives no certificate, or one that cannot be read, has said the rest all the same.
 * Nobody verifies the SCTs here: they are a pointer into logs, and what stands there is compared again. */
static int put_certificate(const struct afd_node *e, struct found *f)
{
	const char *text = text_at(e, "cert_der") ? text_at(e, "cert_der") : text_at(afd_node_get(e, "cert"), "data");
	AFD_AUTO(buf) struct afd_buf der = { 0 }, hex = { 0 };
	struct afd_ct_cert c;

	if (!text || afd_unbase64(afd_slice_text(text), &der) < 0 || afd_ct_cert_walk(afd_buf_slice(&der), false, &c, NULL) < 0)
		return 0;
	for (size_t i = 0; i < c.serial.len; i++)
		if (afd_buf_printf(&hex, "%02x", c.serial.data[i]) < 0)
			return -1;
	if (hex.len == 0 || read_serial((const char *)hex.data, &f->serial) != 0)
		return 0;
	if (afd_ct_scts(&c, put_sct, f, NULL) < 0)
		f->row.n_sct = 0;
	return 0;
}

/* --- elements --- */

static int read_crtsh(const struct afd_node *e, struct found *f, struct afd_error *why)
{
	int rc;

	f->row.provider = "crt.sh";
	if (read_id(afd_node_get(e, "id"), f->ref) < 0)
		return afd_fail(why, AFD_E_PARSE, "id: not a number");
	rc = read_serial(text_at(e, "serial_number"), &f->serial);
	if (rc != 0)
		return rc < 0 ? afd_fail_memory(why) : afd_fail(why, AFD_E_PARSE, "serial_number: not in hex");
	if (!text_at(e, "issuer_name") || !text_at(e, "name_value"))
		return afd_fail(why, AFD_E_PARSE, "issuer_name or name_value: nothing there");
	if (put_issuer(text_at(e, "issuer_name"), f) < 0 || put_names(f, text_at(e, "name_value")) < 0 ||
	    put_names(f, text_at(e, "common_name")) < 0)
		return afd_fail_memory(why);
	if (read_time(text_at(e, "entry_timestamp"), &f->row.logged_ms) < 0)
		f->row.logged_ms = AFD_TIME_NONE;
	return 0;
}

static int read_sslmate(const struct afd_node *e, struct found *f, struct afd_error *why)
{
	const struct afd_node *names = afd_node_get(e, "dns_names");

	f->row.provider = "sslmate";
	f->row.logged_ms = AFD_TIME_NONE;
	if (read_id(afd_node_get(e, "id"), f->ref) < 0)
		return afd_fail(why, AFD_E_PARSE, "id: not a plain one");
	if (read_hex64(text_at(e, "tbs_sha256"), f->tbs) < 0)
		return afd_fail(why, AFD_E_PARSE, "tbs_sha256: not 64 digits in hex");
	if (!names || names->type != AFD_LIST)
		return afd_fail(why, AFD_E_PARSE, "dns_names: not a list");
	for (const struct afd_node *n = names->u.list.first; n; n = n->next)
		if (n->type == AFD_TEXT && put_name(f, afd_slice(n->u.text.s, n->u.text.len)) < 0)
			return afd_fail_memory(why);
	return put_issuer(text_at(afd_node_get(e, "issuer"), "name"), f) < 0 || put_certificate(e, f) < 0 ? afd_fail_memory(why) : 0;
}

static int read_element(const struct afd_node *e, struct found *f, struct afd_error *why)
{
	if (e->type != AFD_MAP)
		return afd_fail(why, AFD_E_PARSE, "not a map");
	if ((afd_node_get(e, "tbs_sha256") ? read_sslmate(e, f, why) : read_crtsh(e, f, why)) < 0)
		return -1;
	if (read_time(text_at(e, "not_before"), &f->row.not_before) < 0 || read_time(text_at(e, "not_after"), &f->row.not_after) < 0)
		return afd_fail(why, AFD_E_PARSE, "not_before or not_after: not a time");
	return f->at.n > 0 ? 0 : afd_fail(why, AFD_E_PARSE, "no name of a host");
}

static int tell(struct found *f, uint64_t part, struct afd_sink *sink, struct afd_error *err)
{
	AFD_AUTO(mem) const char **name = calloc(f->at.n + 1, sizeof(*name));

	if (!name || afd_buf_text(&f->serial, "") < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < f->at.n; i++)
		name[i] = (const char *)f->text.data + f->at.at[i].off;
	f->row.ref = f->ref;
	f->row.tbs_sha256 = f->tbs;
	f->row.serial = f->serial.data ? (const char *)f->serial.data : "";
	f->row.issuer = f->issuer.data ? (const char *)f->issuer.data : "";
	f->row.name = name;
	f->row.n = f->at.n;
	f->row.sct = f->sct;
	f->row.part = part;
	return sink->search(sink->ctx, &f->row, err);
}

static void note(struct afd_ct_page_facts *facts, size_t at, const struct found *f, const struct afd_error *why)
{
	facts->n++;
	facts->names += f->at.n;
	if (*f->ref)
		snprintf(facts->last, sizeof(facts->last), "%s", f->ref);
	if (why->code && facts->bad++ == 0)
		snprintf(facts->why, sizeof(facts->why), "element %zu: %.150s", at, why->text);
}

int afd_ct_search_read(struct afd_slice bytes, size_t parts, struct afd_sink *sink, struct afd_ct_page_facts *facts, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *doc = NULL;
	struct afd_ct_page_facts unused = { 0 };
	size_t at = 0;

	facts = facts ? facts : &unused;
	*facts = (struct afd_ct_page_facts){ 0 };
	if (afd_json_parse(bytes, "answer", &doc, err) < 0)
		return -1;
	if (afd_doc_root(doc)->type != AFD_LIST)
		return afd_node_fail(doc, afd_doc_root(doc), err, "a list of certificates");
	for (const struct afd_node *e = afd_doc_root(doc)->u.list.first; e; e = e->next, at++) {
		AFD_AUTO(found) struct found f = { .row = { .logged_ms = AFD_TIME_NONE } };
		struct afd_error why = { 0 };

		if (read_element(e, &f, &why) < 0 && why.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		note(facts, at, &f, &why);
		/* element I of the list is part 2 * I + 1 of the item */
		if (sink && !why.code && tell(&f, 2 * at + 1 < parts ? 2 * at + 1 : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}
