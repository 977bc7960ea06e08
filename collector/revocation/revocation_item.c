#include "collector/revocation/revocation_item.h"

#include <stdio.h>

#include "collector/ct/ct_entry.h"

#define HEAD "affidavit-revocation 1\n"

int afd_revocation_item_write(const struct afd_revocation_item *i, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_printf(ret, HEAD "method %s\nurl %s\nissuer-key %s\nserials %zu\n", i->ocsp ? "ocsp" : "crl", i->url, i->issuer_key,
			   i->n) < 0)
		return afd_fail_memory(err);
	for (size_t k = 0; k < i->n; k++)
		if (afd_buf_printf(ret, "%s\n", i->serial[k]) < 0)
			return afd_fail_memory(err);
	if (afd_buf_printf(ret, "issuer %zu\n", i->issuer.len) < 0 || afd_buf_add_slice(ret, i->issuer) < 0 ||
	    afd_buf_printf(ret, "answer %zu\n", i->answer.len) < 0 || afd_buf_add_slice(ret, i->answer) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- reading: exactly these lines --- */

/* The line that begins with NAME and a blank (NAME "": any), without them; plain text of 1 to N - 1 characters. */
static int line(struct afd_reader *r, const char *name, char *ret, size_t n, struct afd_error *err)
{
	const size_t left = afd_reader_left(r), key = *name ? strlen(name) + 1 : 0;
	const uint8_t *end = left ? memchr(r->at, '\n', left) : NULL;
	size_t len;

	if (!end || (size_t)(end - r->at) < key || (key && (memcmp(r->at, name, key - 1) != 0 || r->at[key - 1] != ' ')))
		return afd_fail(err, AFD_E_PARSE, "revocation: expected a line \"%s\"", name);
	len = (size_t)(end - r->at) - key;
	if (len == 0 || len >= n)
		return afd_fail(err, AFD_E_PARSE, "revocation: %s: expected 1 to %zu characters", name, n - 1);
	for (size_t i = 0; i < len; i++)
		if (r->at[key + i] <= 0x20 || r->at[key + i] >= 0x7f)
			return afd_fail(err, AFD_E_PARSE, "revocation: %s: expected plain text", name);
	memcpy(ret, r->at + key, len);
	ret[len] = 0;
	r->at = end + 1;
	return 0;
}

static int number(struct afd_reader *r, const char *name, size_t max, size_t *ret, struct afd_error *err)
{
	char text[12];

	if (line(r, name, text, sizeof(text), err) < 0)
		return -1;
	*ret = 0;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' || (text[0] == '0' && text[1]))
			return afd_fail(err, AFD_E_PARSE, "revocation: %s: expected a number", name);
		*ret = *ret * 10 + (size_t)(*c - '0');
	}
	return *ret > max ? afd_fail(err, AFD_E_LIMIT, "revocation: %s: more than %zu", name, max) : 0;
}

static int bytes(struct afd_reader *r, const char *name, struct afd_slice *ret, struct afd_error *err)
{
	size_t n;

	if (number(r, name, AFD_MAX_HTTP_BODY, &n, err) < 0)
		return -1;
	*ret = afd_read_bytes(r, n);
	return r->bad ? afd_fail(err, AFD_E_PARSE, "revocation: %s: cut short", name) : 0;
}

static bool is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdef")] == 0;
}

static int serials(struct afd_reader *r, struct afd_revocation_item *i, struct afd_error *err)
{
	enum { ROOM = AFD_REVOCATION_SERIAL + 1 };
	size_t n;
	char *text;
	const char **list;

	if (number(r, "serials", AFD_REVOCATION_MOST, &n, err) < 0)
		return -1;
	/* a line each: what is not there needs no memory */
	if (n > afd_reader_left(r) / 2)
		return afd_fail(err, AFD_E_PARSE, "revocation: serials: cut short");
	list = calloc(1, (n + 1) * sizeof(*list) + n * ROOM);
	if (!list)
		return afd_fail_memory(err);
	i->serial = list;
	text = (char *)(list + n + 1);
	for (i->n = 0; i->n < n; i->n++, text += ROOM) {
		if (line(r, "", text, ROOM, err) < 0)
			return -1;
		if (!is_hex(text))
			return afd_fail(err, AFD_E_PARSE, "revocation: expected a serial number in hex");
		list[i->n] = text;
	}
	return 0;
}

int afd_revocation_item_read(struct afd_slice b, struct afd_revocation_item *i, struct afd_error *err)
{
	struct afd_reader r = afd_reader(b);
	char method[8];

	*i = (struct afd_revocation_item){ 0 };
	if (b.len < strlen(HEAD) || memcmp(b.data, HEAD, strlen(HEAD)) != 0)
		return afd_fail(err, AFD_E_PARSE, "revocation: expected \"affidavit-revocation 1\"");
	r.at += strlen(HEAD);
	if (line(&r, "method", method, sizeof(method), err) < 0 || line(&r, "url", i->url, sizeof(i->url), err) < 0 ||
	    line(&r, "issuer-key", i->issuer_key, sizeof(i->issuer_key), err) < 0)
		return -1;
	i->ocsp = strcmp(method, "ocsp") == 0;
	if ((!i->ocsp && strcmp(method, "crl") != 0) || strlen(i->issuer_key) != 64 || !is_hex(i->issuer_key))
		return afd_fail(err, AFD_E_PARSE, "revocation: expected method crl or ocsp, and the issuer's key as 64 hex digits");
	if (serials(&r, i, err) < 0 || bytes(&r, "issuer", &i->issuer, err) < 0 || bytes(&r, "answer", &i->answer, err) < 0 ||
	    (afd_reader_left(&r) > 0 && afd_fail(err, AFD_E_PARSE, "revocation: something behind its end") < 0)) {
		afd_revocation_item_release(i);
		return -1;
	}
	return 0;
}

void afd_revocation_item_release(struct afd_revocation_item *i)
{
	free((void *)(uintptr_t)i->serial);
	*i = (struct afd_revocation_item){ 0 };
}

bool afd_revocation_issuer_is(struct afd_slice certificate, const char *key)
{
	struct afd_ct_cert c;
	struct afd_digest d;

	if (afd_ct_cert_walk(certificate, false, &c, NULL) < 0)
		return false;
	afd_sha256(c.spki, &d);
	return strcmp(afd_digest_hex(&d).s, key) == 0;
}
