/* JWS in flattened JSON (RFC 7515, 7.2.2) that is also JAdES B-B, or B-T with a time-stamp (TS 119 182-1, 6.3). Every
 * JOSE library reads it: nothing critical, the certificates inside. */
#include "sign/jws.h"

#include <ctype.h>

#include "core/when.h"

static int add_certificate(const X509 *cert, bool first, struct afd_buf *ret)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der), r;

	r = n > 0 && afd_buf_text(ret, first ? "\"" : ",\"") == 0 && afd_base64(afd_slice(der, (size_t)n), ret) == 0 &&
	    afd_buf_text(ret, "\"") == 0 ? 0 : -1;
	OPENSSL_free(der);
	return r;
}

static bool is_media_type(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/.+-", *s))
			return false;
	return true;
}

/* Members in the order of their names. x5c carries the chain that leads to a root (RFC 7515, 4.1.6); x5t#S256 is what JAdES wants
 * beside it; iat took the place of sigT (TS 119 182-1 V1.2.1, 5.1.11). */
static int protected_header(const struct afd_signer *s, const char *cty, int64_t now_ms, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_digest sha256;
	int r;

	if (!is_media_type(cty))
		return afd_fail(err, AFD_E_ENGINE, "JWS: \"%s\" is not a media type", cty);
	if (afd_cert_sha256(s->cert, &sha256, err) < 0)
		return -1;
	r = afd_buf_printf(&text, "{\"alg\":\"%s\",\"cty\":\"%s\",\"iat\":%lld,\"typ\":\"" AFD_JWS_TYP "\",\"x5c\":[",
			   afd_signer_algorithm(s)->jws, cty, (long long)(now_ms / AFD_SECOND));
	if (r == 0)
		r = add_certificate(s->cert, true, &text);
	for (int i = 0; i < s->n_chain && r == 0; i++)
		r = add_certificate(sk_X509_value(s->others, i), false, &text);
	if (r < 0 || afd_buf_text(&text, "],\"x5t#S256\":\"") < 0 || afd_base64url(afd_slice(sha256.b, sizeof(sha256.b)), &text) < 0 ||
	    afd_buf_text(&text, "\"}") < 0 || afd_base64url(afd_buf_slice(&text), ret) < 0)
		return afd_fail_memory(err);
	return 0;
}

static int sign_input(const struct afd_signer *s, struct afd_slice header, struct afd_slice payload, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_slice input[] = { header, afd_slice_text("."), payload };
	const size_t half = afd_signer_algorithm(s)->half;
	AFD_AUTO(buf) struct afd_buf sig = { 0 }, raw = { 0 };

	if (afd_signer_sign(s, input, AFD_COUNT(input), &sig, err) < 0)
		return -1;
	if (half && afd_ecdsa_to_raw(afd_buf_slice(&sig), half, &raw, err) < 0)      /* RFC 7518, 3.4 */
		return -1;
	return afd_base64url(afd_buf_slice(half ? &raw : &sig), ret) < 0 ? afd_fail_memory(err) : 0;
}

int afd_jws_sig_tst(struct afd_slice token, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_text(ret, "{\"sigTst\":{\"tstTokens\":[{\"val\":\"") < 0 || afd_base64(token, ret) < 0 ||
	    afd_buf_text(ret, "\"}]}}") < 0)
		return afd_fail_memory(err);
	return 0;
}

int afd_jws_write(struct afd_slice token, struct afd_slice payload, struct afd_slice header, struct afd_slice signature,
		  struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf tst = { 0 };
	const struct { const char *name; struct afd_slice value; } members[] = {
		{ "\"payload\":\"", payload }, { "\",\"protected\":\"", header }, { "\",\"signature\":\"", signature },
	};

	if (afd_buf_text(ret, "{") < 0)
		return afd_fail_memory(err);
	if (token.len) {      /* TS 119 182-1, 5.3.1: the members of etsiU in base64url, so that later ones can cover them */
		if (afd_jws_sig_tst(token, &tst, err) < 0)
			return -1;
		if (afd_buf_text(ret, "\"header\":{\"etsiU\":[\"") < 0 || afd_base64url(afd_buf_slice(&tst), ret) < 0 ||
		    afd_buf_text(ret, "\"]},") < 0)
			return afd_fail_memory(err);
	}
	for (size_t i = 0; i < AFD_COUNT(members); i++)
		if (afd_buf_text(ret, members[i].name) < 0 || afd_buf_add_slice(ret, members[i].value) < 0)
			return afd_fail_memory(err);
	return afd_buf_text(ret, "\"}") < 0 ? afd_fail_memory(err) : 0;
}

int afd_jws_sign(const struct afd_signer *s, struct afd_slice payload, const char *cty, int64_t now_ms,
                 const struct afd_stamper *stamper, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf header = { 0 }, body = { 0 }, sig = { 0 }, token = { 0 };
	struct afd_digest imprint;

	ERR_clear_error();
	if (payload.len > AFD_MAX_JWS / 2)
		return afd_fail(err, AFD_E_LIMIT, "JWS: a payload of %zu bytes; the limit is %u", payload.len, AFD_MAX_JWS / 2);
	if (afd_signer_valid_at(s, now_ms, err) < 0 || protected_header(s, cty, now_ms, &header, err) < 0)
		return -1;
	if (afd_base64url(payload, &body) < 0)
		return afd_fail_memory(err);
	if (sign_input(s, afd_buf_slice(&header), afd_buf_slice(&body), &sig, err) < 0)
		return -1;
	/* the value as it is written, in base64url (TS 119 182-1, 5.3.4) */
	afd_sha256(afd_buf_slice(&sig), &imprint);
	if (stamper && stamper->stamp(stamper->ctx, &imprint, &token, err) < 0)
		return -1;
	return afd_jws_write(afd_buf_slice(&token), afd_buf_slice(&body), afd_buf_slice(&header), afd_buf_slice(&sig), ret, err);
}
