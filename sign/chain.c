/* Chains to the caller's roots, and the time at which they must hold. */
#include "core/limits.h"
#include "core/when.h"
#include "sign/chain.h"
#include "sign/revocation.h"
#include "sign/signer.h"

#define MAX_ROOTS 64
#define MAX_ROOT_FILE (1u << 20)
#define MAX_CHAIN 8
/* Clocks of a signer and of an authority differ; by more than this the two contradict each other. */
#define CLOCKS_APART AFD_HOUR

static int load_roots(const struct afd_slice *pem, size_t n_pem, X509_STORE **ret, size_t *ret_n, struct afd_error *err)
{
	AFD_AUTO(x509_store) X509_STORE *store = X509_STORE_new();
	size_t n = 0;

	if (!store)
		return afd_fail_memory(err);
	for (size_t i = 0; i < n_pem; i++) {
		AFD_AUTO(bio) BIO *bio = NULL;

		if (pem[i].len == 0 || pem[i].len > MAX_ROOT_FILE)
			return afd_fail(err, AFD_E_CONFIG, "trusted root: expected 1 to %u bytes, got %zu", MAX_ROOT_FILE,
			                pem[i].len);
		bio = BIO_new_mem_buf(pem[i].data, (int)pem[i].len);
		if (!bio)
			return afd_fail_memory(err);
		for (;;) {
			/* Never a password: a root certificate is public. */
			AFD_AUTO(x509) X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, (void *)"");

			if (!cert)
				break;
			if (++n > MAX_ROOTS)
				return afd_fail(err, AFD_E_LIMIT, "more than %d trusted roots", MAX_ROOTS);
			if (X509_STORE_add_cert(store, cert) != 1)
				return afd_ssl_fail(err, AFD_E_CONFIG, "trusted root");
		}
		if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
			return afd_ssl_fail(err, AFD_E_CONFIG, "a trusted root cannot be read");
		ERR_clear_error();
	}
	*ret = afd_steal(&store);
	*ret_n = n;
	return 0;
}

static int refuse_chain(X509_STORE_CTX *ctx, const char *who, int64_t at_ms, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf name = { 0 };
	X509 *at = X509_STORE_CTX_get_current_cert(ctx);
	int code = X509_STORE_CTX_get_error(ctx);
	const char *why = X509_verify_cert_error_string(code);
	bool about_time = code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;

	ERR_clear_error();
	if (!at || afd_cert_subject(at, &name, NULL) < 0)
		return afd_fail(err, AFD_E_VERIFY, "%s does not lead to a trusted root: %s", who, why);
	if (about_time)
		return afd_fail(err, AFD_E_VERIFY, "%s does not lead to a trusted root: %s at %s UTC (%.200s)", who, why,
		                afd_when_people(at_ms).s, (const char *)name.data);
	return afd_fail(err, AFD_E_VERIFY, "%s does not lead to a trusted root: %s (%.200s)", who, why,
			(const char *)name.data);
}

/* The chain is sound as far as it goes, and ends where none of the given roots stands. */
static bool is_rootless(int error)
{
	return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN || error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       error == X509_V_ERR_CERT_SIGNATURE_FAILURE;      /* a given root of the same name, with another key */
}

/* The chain ends in a self-signed root of the caller's; what the signature brought along only fills the middle. */
int afd_chain_build(X509 *cert, STACK_OF(X509) *given, const struct afd_slice *pem, size_t n_pem, int64_t at_ms,
                    const char *who, STACK_OF(X509) **ret, bool *ret_rootless, struct afd_error *err)
{
	AFD_AUTO(x509_store) X509_STORE *store = NULL;
	AFD_AUTO(x509_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	size_t n = 0;

	*ret = NULL;
	if (ret_rootless)
		*ret_rootless = false;
	if (load_roots(pem, n_pem, &store, &n, err) < 0)
		return -1;
	if (n == 0 && !ret_rootless)
		return afd_fail(err, AFD_E_CONFIG, "no trusted root: expected PEM with at least one certificate");
	if (!ctx || X509_STORE_CTX_init(ctx, store, cert, given) != 1)
		return afd_ssl_fail(err, AFD_E_MEMORY, "chain");
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / AFD_SECOND));
	X509_VERIFY_PARAM_set_depth(param, MAX_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, 2);      /* 112 bits, no SHA-1, in every link */
	if (X509_verify_cert(ctx) != 1) {
		if (ret_rootless && is_rootless(X509_STORE_CTX_get_error(ctx))) {
			ERR_clear_error();
			*ret_rootless = true;
			return 0;
		}
		return refuse_chain(ctx, who, at_ms, err);
	}
	*ret = X509_STORE_CTX_get1_chain(ctx);
	return *ret ? 0 : afd_fail_memory(err);
}

/* --- the middle of the chain --- */

static int add_given(STACK_OF(X509) *all, X509 *cert, struct afd_error *err)
{
	if (!cert || X509_up_ref(cert) != 1)
		return afd_fail_memory(err);
	if (sk_X509_push(all, cert) > 0)
		return 0;
	X509_free(cert);
	return afd_fail_memory(err);
}

int afd_chain_gather(STACK_OF(X509) *given, const struct afd_validation *v, STACK_OF(X509) **ret, struct afd_error *err)
{
	AFD_AUTO(x509s) STACK_OF(X509) *all = sk_X509_new_null();

	if (!all)
		return afd_fail_memory(err);
	for (int i = 0; i < sk_X509_num(given); i++)
		if (add_given(all, sk_X509_value(given, i), err) < 0)
			return -1;
	for (size_t i = 0; v && i < v->n_cert; i++) {
		const unsigned char *p = v->cert[i].data;
		AFD_AUTO(x509) X509 *cert = NULL;

		if (v->cert[i].len && v->cert[i].len <= AFD_MAX_CERTIFICATE)
			cert = d2i_X509(NULL, &p, (long)v->cert[i].len);
		if (!cert) {
			ERR_clear_error();
			return afd_fail(err, AFD_E_VERIFY, "the validation data hold something that is no certificate");
		}
		if (add_given(all, cert, err) < 0)
			return -1;
	}
	*ret = afd_steal(&all);
	return 0;
}

bool afd_chain_is_test(STACK_OF(X509) *certs)
{
	for (int i = 0; i < sk_X509_num(certs); i++)
		if (afd_cert_is_test(sk_X509_value(certs, i)))
			return true;
	return false;
}

/* --- the judgement --- */

struct judging {
	const struct afd_signed_by *by;
	const struct afd_trust *t;
	struct afd_signature_report *r;
	struct afd_error *err;
	int64_t at_ms;              /* when the signature existed for sure, or the caller's time */
	bool trusted_time;
	int64_t latest_ms;          /* at_ms and what the authority's clock may be off */
};

static int judge_time(struct judging *j)
{
	const struct afd_signed_by *by = j->by;
	struct afd_stamp stamp = { .time_ms = AFD_TIME_NONE };
	int r;

	j->at_ms = j->latest_ms = j->t->at_ms;
	if (by->existed) {
		j->trusted_time = true;
		j->at_ms = j->latest_ms = by->existed_ms;
	}
	if (by->token.len == 0)
		return 0;
	r = afd_stamp_check(by->token, &by->imprint, j->t, by->validation, &stamp, &j->r->stamp_doubt, j->err);
	if (r < 0)
		return afd_within(j->err, "the time-stamp of the signature");
	if (!j->r->stamp_doubt) {
		if (!by->existed || stamp.time_ms < by->existed_ms) {
			j->at_ms = stamp.time_ms;
			j->latest_ms = stamp.time_ms + stamp.accuracy_ms;
		}
		j->trusted_time = true;
		j->r->stamped_ms = stamp.time_ms;
		j->r->authority = afd_steal(&stamp.authority);
		j->r->test = stamp.test;
	}
	afd_stamp_release(&stamp);
	if (by->claimed_ms != AFD_TIME_NONE && j->r->stamped_ms != AFD_TIME_NONE &&
	    by->claimed_ms - CLOCKS_APART > j->latest_ms)
		return afd_fail(j->err, AFD_E_VERIFY,
		                "the time-stamp (%s UTC) is older than the signature says of itself (%s UTC)",
		                afd_when_people(j->r->stamped_ms).s, afd_when_people(by->claimed_ms).s);
	return 0;
}

/* Revoked before the signature existed, or not known to be later: a failure either way. */
static int judge_revocation(struct judging *j, STACK_OF(X509) *chain)
{
	struct afd_revocations known = { 0 };
	struct afd_revocation_state state = { 0 };
	AFD_AUTO(buf) struct afd_buf who = { 0 };
	const char *reason;
	int r = afd_revocations_load(j->t, j->by->validation, j->by->crls, &known, j->err);

	if (r == 0)
		r = afd_revocation_look(chain, &known, j->at_ms, &state, j->err);
	afd_revocations_release(&known);
	if (r < 0)
		return -1;
	j->r->revocation = state.known;
	if (!state.revoked)
		return 0;
	if (j->trusted_time && state.revoked_ms > j->latest_ms) {
		j->r->revoked_ms = state.revoked_ms;
		return 0;
	}
	if (afd_cert_subject(state.revoked, &who, j->err) < 0)
		return -1;
	reason = afd_revocation_reason(state.reason);
	if (j->trusted_time)
		return afd_fail(j->err, AFD_E_VERIFY,
		                "the certificate was revoked on %s UTC (%s), before the signature's time-stamp of %s UTC (%.200s)",
		                afd_when_people(state.revoked_ms).s, reason, afd_when_people(j->at_ms).s,
		                (const char *)who.data);
	return afd_fail(j->err, AFD_E_VERIFY,
	                "the certificate was revoked on %s UTC (%s), and no trusted time-stamp shows that the signature is older (%.200s)",
	                afd_when_people(state.revoked_ms).s, reason, (const char *)who.data);
}

static int judge_chain(struct judging *j)
{
	AFD_AUTO(x509s) STACK_OF(X509) *given = NULL;
	AFD_AUTO(x509s) STACK_OF(X509) *chain = NULL;

	if (afd_chain_gather(j->by->given, j->by->validation, &given, j->err) < 0)
		return -1;
	if (afd_chain_build(j->by->cert, given, j->t->pem, j->t->n, j->at_ms, "the signer's certificate", &chain, NULL,
	                    j->err) < 0)
		return j->r->stamp_doubt ? afd_within(j->err, "%s", j->r->stamp_doubt) : -1;
	/* not the root: that is the caller's choice, whatever it says of itself */
	for (int i = 1; i + 1 < sk_X509_num(chain); i++)
		if (afd_cert_issuer_check(sk_X509_value(chain, i), j->err) < 0)
			return -1;
	if (judge_revocation(j, chain) < 0)
		return -1;
	j->r->test = j->r->test || afd_chain_is_test(chain) || afd_chain_is_test(given);
	if (j->r->test && !j->t->allow_test)
		return afd_fail(j->err, AFD_E_VERIFY,
		                "signed with a test key: this is no evidence (--allow-test accepts it)");
	return 0;
}

/* A good signature by a stranger is another thing than a bad signature, and whoever reads the error can tell. */
static int refused(struct afd_error *err, enum afd_code code)
{
	if (err && err->code == AFD_E_VERIFY)
		err->code = code;
	return -1;
}

int afd_signer_judge(const struct afd_signed_by *by, const struct afd_trust *t, struct afd_signature_report *ret,
                     struct afd_error *err)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = {
		.claimed_ms = by->claimed_ms, .stamped_ms = AFD_TIME_NONE, .revoked_ms = AFD_TIME_NONE,
		.extended_ms = AFD_TIME_NONE,
	};
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	struct judging j = { .by = by, .t = t, .r = &r, .err = err };

	ERR_clear_error();
	if (afd_cert_usage_check(by->cert, err) < 0)
		return refused(err, AFD_E_SIGNER);
	if (judge_time(&j) < 0)
		return refused(err, AFD_E_STAMP);
	if (judge_chain(&j) < 0)
		return refused(err, AFD_E_SIGNER);
	if (afd_cert_sha256(by->cert, &r.certificate, err) < 0 || afd_cert_subject(by->cert, &subject, err) < 0)
		return -1;
	r.subject = afd_text_dup(afd_buf_slice(&subject));
	if (!r.subject)
		return afd_fail_memory(err);
	*ret = r;
	r = (struct afd_signature_report){ 0 };
	return 0;
}

void afd_signature_report_release(struct afd_signature_report *r)
{
	free(r->subject);
	free(r->authority);
	free(r->stamp_doubt);
	*r = (struct afd_signature_report){ 0 };
}
