/* RFC 3161: what we ask of a time-stamping authority, whether it answered that, and what its token is worth. */
#include "core/der.h"
#include "core/when.h"
#include "sign/chain.h"
#include "sign/revocation.h"
#include "sign/signer.h"
#include "sign/token.h"

AFD_SSL_RELEASE(ts_req, TS_REQ, TS_REQ_free)
AFD_SSL_RELEASE(ts_status, TS_STATUS_INFO, TS_STATUS_INFO_free)
AFD_SSL_RELEASE(ts_imprint, TS_MSG_IMPRINT, TS_MSG_IMPRINT_free)
AFD_SSL_RELEASE(algor, X509_ALGOR, X509_ALGOR_free)
AFD_SSL_RELEASE(oid, ASN1_OBJECT, ASN1_OBJECT_free)
AFD_SSL_RELEASE(integer, ASN1_INTEGER, ASN1_INTEGER_free)
AFD_SSL_RELEASE(bignum, BIGNUM, BN_free)

void afd_stamp_release(struct afd_stamp *s)
{
	free(s->authority);
	free(s->policy);
	*s = (struct afd_stamp){ 0 };
}

/* --- asking --- */

static bool set_imprint(TS_REQ *q, const struct afd_digest *imprint)
{
	AFD_AUTO(ts_imprint) TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
	AFD_AUTO(algor) X509_ALGOR *alg = X509_ALGOR_new();

	return m && alg && X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
	       TS_MSG_IMPRINT_set_algo(m, alg) == 1 &&
	       TS_MSG_IMPRINT_set_msg(m, (unsigned char *)imprint->b, sizeof(imprint->b)) == 1 &&
	       TS_REQ_set_msg_imprint(q, m) == 1;
}

/* 63 bits, never 0: nobody can have prepared the answer. */
static bool set_nonce(TS_REQ *q, const struct afd_env *env)
{
	AFD_AUTO(bignum) BIGNUM *n = NULL;
	AFD_AUTO(integer) ASN1_INTEGER *i = NULL;
	uint8_t b[8];

	if (afd_random(env, b, sizeof(b)) < 0)
		return false;
	b[0] = (b[0] & 0x7f) | 0x40;
	n = BN_bin2bn(b, sizeof(b), NULL);
	i = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	return i && TS_REQ_set_nonce(q, i) == 1;
}

int afd_stamp_request(const struct afd_digest *imprint, const char *policy, const struct afd_env *env,
                      struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(ts_req) TS_REQ *q = TS_REQ_new();
	AFD_AUTO(oid) ASN1_OBJECT *oid = NULL;
	unsigned char *der = NULL;
	int n, r;

	ERR_clear_error();
	if (policy) {
		oid = OBJ_txt2obj(policy, 1);
		if (!oid) {
			ERR_clear_error();
			return afd_fail(err, AFD_E_CONFIG,
			                "policy \"%.80s\": expected an object identifier as 1.2.3.4", policy);
		}
	}
	if (!q || TS_REQ_set_version(q, 1) != 1 || !set_imprint(q, imprint) || !set_nonce(q, env) ||
	    TS_REQ_set_cert_req(q, 1) != 1 || (oid && TS_REQ_set_policy_id(q, oid) != 1))
		return afd_ssl_fail(err, AFD_E_MEMORY, "time-stamp request");
	n = i2d_TS_REQ(q, &der);
	if (n <= 0)
		return afd_ssl_fail(err, AFD_E_MEMORY, "time-stamp request");
	r = afd_buf_add(ret, der, (size_t)n);
	OPENSSL_free(der);
	return r < 0 ? afd_fail_memory(err) : 0;
}

/* --- answers --- */

static const char *const status_names[] = { "granted", "granted with changes", "rejected", "waiting", "revocation warning",
                                            "revocation notification" };
static const struct { int bit; const char *words; } failures[] = {
	{ 0, "it does not take SHA-256" },
	{ 2, "it says that the request is not permitted" },
	{ 5, "it says that the request has the wrong format" },
	{ 14, "its clock is not available" },
	{ 15, "it does not take the policy asked for" },
	{ 16, "it does not take an extension of the request" },
	{ 17, "it cannot give the additional information" },
	{ 25, "its system failed" },
};

/* Text of the other side goes into messages without what could move a cursor. */
static int add_text(struct afd_buf *ret, const ASN1_UTF8STRING *s)
{
	const uint8_t *p = ASN1_STRING_get0_data(s);
	int n = ASN1_STRING_length(s);

	if (afd_buf_text(ret, ": \"") < 0)
		return -1;
	for (int i = 0; i < n && i < 200; i++)
		if (afd_buf_u8(ret, p[i] >= 0x20 && p[i] < 0x7f ? p[i] : '?') < 0)
			return -1;
	return afd_buf_text(ret, "\"");
}

/* RFC 3161, 2.4.2: 0 and 1 carry a token, everything else a reason. */
static int check_status(struct afd_slice der, struct afd_error *err)
{
	const unsigned char *p = der.data;
	AFD_AUTO(ts_status) TS_STATUS_INFO *s = d2i_TS_STATUS_INFO(NULL, &p, (long)der.len);
	AFD_AUTO(buf) struct afd_buf why = { 0 };
	const STACK_OF(ASN1_UTF8STRING) *text;
	const ASN1_BIT_STRING *bits;
	int64_t status = -1;

	if (!s || ASN1_INTEGER_get_int64(&status, TS_STATUS_INFO_get0_status(s)) != 1) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_REMOTE, "the answer has no status: it is no TimeStampResp");
	}
	if (status == TS_STATUS_GRANTED || status == TS_STATUS_GRANTED_WITH_MODS)
		return 0;
	bits = TS_STATUS_INFO_get0_failure_info(s);
	for (size_t i = 0; bits && i < AFD_COUNT(failures); i++)
		if (ASN1_BIT_STRING_get_bit(bits, failures[i].bit) && afd_buf_printf(&why, ": %s", failures[i].words) < 0)
			return afd_fail_memory(err);
	text = TS_STATUS_INFO_get0_text(s);
	for (int i = 0; i < sk_ASN1_UTF8STRING_num(text) && i < 3; i++)
		if (add_text(&why, sk_ASN1_UTF8STRING_value(text, i)) < 0)
			return afd_fail_memory(err);
	return afd_fail(err, AFD_E_REMOTE, "the authority gave no time-stamp: %s%s",
	                status >= 0 && (size_t)status < AFD_COUNT(status_names) ? status_names[status] : "unknown status",
	                why.data ? (const char *)why.data : "");
}

static int wrong_answer(struct afd_error *err, const char *why)
{
	ERR_clear_error();
	return afd_fail(err, AFD_E_VERIFY, "%s", why);
}

static int check_asked(TS_REQ *q, const struct afd_token *t, struct afd_error *err)
{
	const ASN1_OCTET_STRING *m = TS_MSG_IMPRINT_get_msg(TS_REQ_get_msg_imprint(q));
	const ASN1_INTEGER *nonce = TS_TST_INFO_get_nonce(t->info);
	const ASN1_OBJECT *policy = TS_REQ_get_policy_id(q);
	struct afd_digest imprint;

	if (ASN1_STRING_length(m) != sizeof(imprint.b) || !TS_REQ_get_nonce(q))
		return afd_fail(err, AFD_E_USAGE, "the request is none of afd_stamp_request()");
	memcpy(imprint.b, ASN1_STRING_get0_data(m), sizeof(imprint.b));
	if (afd_token_imprint(t, &imprint, err) < 0)
		return -1;
	if (!nonce || ASN1_INTEGER_cmp(nonce, TS_REQ_get_nonce(q)) != 0)
		return wrong_answer(err, "the token answers another request: its nonce differs");
	if (policy && OBJ_cmp(policy, TS_TST_INFO_get_policy_id(t->info)) != 0)
		return wrong_answer(err, "the token was made under another policy than was asked for");
	return 0;
}

/* TimeStampResp: the status, and the token as it stands there, byte for byte. */
static int cut_token(struct afd_slice answer, struct afd_slice *ret_status, struct afd_slice *ret_token)
{
	struct afd_reader r = afd_reader(answer);
	struct afd_der d;

	if (!afd_der_expect(&r, 0x30, &d) || afd_reader_left(&r) != 0)
		return -1;
	r = afd_reader(d.body);
	if (!afd_der_expect(&r, 0x30, &d))
		return -1;
	*ret_status = d.whole;
	*ret_token = afd_slice(NULL, 0);
	if (afd_reader_left(&r) == 0)
		return 0;
	if (!afd_der_expect(&r, 0x30, &d) || afd_reader_left(&r) != 0)
		return -1;
	*ret_token = d.whole;
	return 0;
}

int afd_stamp_answer(struct afd_slice request, struct afd_slice answer, struct afd_buf *ret_token, struct afd_error *err)
{
	const unsigned char *p = request.data;
	AFD_AUTO(ts_req) TS_REQ *q = d2i_TS_REQ(NULL, &p, (long)request.len);
	struct afd_token token = { 0 };
	struct afd_slice status, bytes;
	int r;

	ERR_clear_error();
	if (!q)
		return afd_fail(err, AFD_E_USAGE, "the request is none of afd_stamp_request()");
	if (answer.len == 0 || answer.len > AFD_MAX_STAMP)
		return afd_fail(err, AFD_E_REMOTE, "expected an answer of 1 to %u bytes, got %zu", AFD_MAX_STAMP,
		                answer.len);
	if (cut_token(answer, &status, &bytes) < 0)
		return afd_fail(err, AFD_E_REMOTE, "the answer is no TimeStampResp (RFC 3161, 2.4.2)");
	if (check_status(status, err) < 0)
		return -1;
	if (bytes.len == 0)
		return afd_fail(err, AFD_E_REMOTE, "the authority says that it granted a time-stamp, and sent none");
	if (afd_token_open(bytes, NULL, &token, err) < 0)
		return -1;
	r = check_asked(q, &token, err);
	afd_token_release(&token);
	if (r < 0)
		return -1;
	return afd_buf_add_slice(ret_token, bytes) < 0 ? afd_fail_memory(err) : 0;
}

/* --- what a token is worth --- */

/* RFC 3161, 4: a certificate that was replaced or closed takes nothing from what it stamped before; one that was lost,
 * or of which nobody says why, takes everything. */
static bool still_counts(const struct afd_revocation_state *s, const struct afd_token *t)
{
	bool harmless = s->reason == 0 || (s->reason >= 3 && s->reason <= 5);

	return harmless && s->revoked_ms > t->time_ms + t->accuracy_ms;
}

static int check_revoked(STACK_OF(X509) *chain, const struct afd_token *token, const struct afd_trust *t,
                         const struct afd_validation *v, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf who = { 0 };
	struct afd_revocations known = { 0 };
	struct afd_revocation_state state = { 0 };
	STACK_OF(X509_CRL) *crls = CMS_get1_crls(token->cms);
	int r = afd_revocations_load(t, v, crls, &known, err);

	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	if (r == 0)
		r = afd_revocation_look(chain, &known, token->time_ms, &state, err);
	afd_revocations_release(&known);
	if (r < 0 || !state.revoked || still_counts(&state, token))
		return r;
	if (afd_cert_subject(state.revoked, &who, err) < 0)
		return -1;
	return afd_fail(err, AFD_E_VERIFY, "the authority's certificate was revoked on %s UTC (%s; %.200s)",
	                afd_when_people(state.revoked_ms).s, afd_revocation_reason(state.reason), (const char *)who.data);
}

static int fill(const struct afd_token *token, bool test, struct afd_stamp *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	AFD_AUTO(stamp) struct afd_stamp s = { .time_ms = token->time_ms, .accuracy_ms = token->accuracy_ms, .test = test };
	char policy[128];

	if (afd_cert_sha256(token->cert, &s.certificate, err) < 0 || afd_cert_subject(token->cert, &subject, err) < 0)
		return -1;
	if (OBJ_obj2txt(policy, sizeof(policy), TS_TST_INFO_get_policy_id(token->info), 1) <= 0)
		return afd_ssl_fail(err, AFD_E_VERIFY, "the token's policy");
	s.authority = afd_text_dup(afd_buf_slice(&subject));
	s.policy = afd_strdup(policy);
	if (!s.authority || !s.policy)
		return afd_fail_memory(err);
	*ret = s;
	s = (struct afd_stamp){ 0 };
	return 0;
}

static int doubt(const struct afd_token *token, const struct afd_trust *t, char **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf who = { 0 };

	if (afd_cert_subject(token->cert, &who, err) < 0)
		return -1;
	*ret = t->n_stamp ? afd_sprintf("its time-stamp by \"%.200s\" does not count: it leads to none of the given roots for "
	                                "time-stamps", (const char *)who.data)
	                  : afd_sprintf("its time-stamp by \"%.200s\" does not count: no root for time-stamps was given",
	                                (const char *)who.data);
	return *ret ? 0 : afd_fail_memory(err);
}

static int judge(const struct afd_token *token, const struct afd_trust *t, const struct afd_validation *v,
                 struct afd_stamp *ret, char **ret_doubt, struct afd_error *err)
{
	AFD_AUTO(x509s) STACK_OF(X509) *own = CMS_get1_certs(token->cms);
	AFD_AUTO(x509s) STACK_OF(X509) *given = NULL;
	AFD_AUTO(x509s) STACK_OF(X509) *chain = NULL;
	bool rootless = false, test;

	if (afd_chain_gather(own, v, &given, err) < 0 ||
	    afd_chain_build(token->cert, given, t->stamp_pem, t->n_stamp, token->time_ms, "the authority's certificate",
	                    &chain, &rootless, err) < 0)
		return -1;
	if (rootless)
		return doubt(token, t, ret_doubt, err);
	test = afd_chain_is_test(chain);
	if (test && !t->allow_test)
		return afd_fail(err, AFD_E_VERIFY,
		                "stamped by a test authority: this is no evidence (--allow-test accepts it)");
	if (check_revoked(chain, token, t, v, err) < 0)
		return -1;
	return fill(token, test, ret, err);
}

int afd_stamp_check(struct afd_slice bytes, const struct afd_digest *imprint, const struct afd_trust *t,
                    const struct afd_validation *validation, struct afd_stamp *ret, char **ret_doubt,
                    struct afd_error *err)
{
	AFD_AUTO(x509s) STACK_OF(X509) *more = NULL;
	struct afd_token token = { 0 };
	int r;

	*ret_doubt = NULL;
	if (afd_chain_gather(NULL, validation, &more, err) < 0 || afd_token_open(bytes, more, &token, err) < 0)
		return -1;
	r = afd_token_imprint(&token, imprint, err);
	if (r == 0)
		r = judge(&token, t, validation, ret, ret_doubt, err);
	afd_token_release(&token);
	return r;
}

int afd_stamp_verify(struct afd_slice token, const struct afd_digest *imprint, const struct afd_trust *t,
                     struct afd_stamp *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *why = NULL;

	if (afd_stamp_check(token, imprint, t, NULL, ret, &why, err) < 0)
		return -1;
	return why ? afd_fail(err, AFD_E_SIGNER, "%s", why) : 0;
}
