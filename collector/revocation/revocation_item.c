#include "collector/revocation/revocation_item.h"

#include <stdio.h>

#include "collector/ct/ct_entry.h"
#include "collector/lines.h"

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

static bool is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdef")] == 0;
}

static int serials(struct afd_lines *l, struct afd_revocation_item *i, struct afd_error *err)
{
	enum { ROOM = AFD_REVOCATION_SERIAL + 1 };
	uint64_t n;
	char *text;
	const char **list;

	if (afd_lines_number(l, "serials", AFD_REVOCATION_MOST, &n, err) < 0)
		return -1;
	/* a line each: what is not there needs no memory */
	if (n > afd_reader_left(&l->r) / 2)
		return afd_fail(err, AFD_E_PARSE, "revocation: serials: cut short");
	list = calloc(1, (n + 1) * sizeof(*list) + n * ROOM);
	if (!list)
		return afd_fail_memory(err);
	i->serial = list;
	text = (char *)(list + n + 1);
	for (i->n = 0; i->n < n; i->n++, text += ROOM) {
		if (afd_lines_text(l, "", text, ROOM, err) < 0)
			return -1;
		if (!is_hex(text))
			return afd_fail(err, AFD_E_PARSE, "revocation: expected a serial number in hex");
		list[i->n] = text;
	}
	return 0;
}

int afd_revocation_item_read(struct afd_slice b, struct afd_revocation_item *i, struct afd_error *err)
{
	struct afd_lines l = { .what = "revocation" };
	char method[8];

	*i = (struct afd_revocation_item){ 0 };
	if (afd_lines_begin(&l, b, HEAD, err) < 0 || afd_lines_text(&l, "method", method, sizeof(method), err) < 0 ||
	    afd_lines_text(&l, "url", i->url, sizeof(i->url), err) < 0 || afd_lines_text(&l, "issuer-key", i->issuer_key, sizeof(i->issuer_key), err) < 0)
		return -1;
	i->ocsp = strcmp(method, "ocsp") == 0;
	if ((!i->ocsp && strcmp(method, "crl") != 0) || strlen(i->issuer_key) != 64 || !is_hex(i->issuer_key))
		return afd_fail(err, AFD_E_PARSE, "revocation: expected method crl or ocsp, and the issuer's key as 64 hex digits");
	if (serials(&l, i, err) < 0 || afd_lines_bytes(&l, "issuer", AFD_MAX_HTTP_BODY, &i->issuer, err) < 0 ||
	    afd_lines_bytes(&l, "answer", AFD_MAX_HTTP_BODY, &i->answer, err) < 0 || afd_lines_end(&l, err) < 0) {
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
