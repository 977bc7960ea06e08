/* Certificate revocation lists (RFC 5280, 5 and 6.3) and OCSP answers (RFC 6960), for a time that may lie in the past.
 *
 * libcrypto's own CRL check knows "now" alone: it takes no list that is younger than the time it asks about, and calls a
 * certificate revoked whatever the date of the entry. So it verifies signatures here, and we read the dates. */
#include "core/limits.h"
#include "core/when.h"
#include "sign/revocation.h"
#include "sign/signer.h"

#define MAX_CRL (16u << 20)
#define MAX_OCSP (1u << 20)

AFD_SSL_RELEASE(crl, X509_CRL, X509_CRL_free)
AFD_SSL_RELEASE(ocsp, OCSP_RESPONSE, OCSP_RESPONSE_free)
AFD_SSL_RELEASE(idp, ISSUING_DIST_POINT, ISSUING_DIST_POINT_free)
AFD_SSL_RELEASE(cdp, STACK_OF(DIST_POINT), CRL_DIST_POINTS_free)
AFD_SSL_RELEASE(cert_id, OCSP_CERTID, OCSP_CERTID_free)

static const char *const reasons[] = {
	"no reason given", "key compromise", "CA compromise", "affiliation changed", "superseded",
	"cessation of operation", "on hold", "", "removed", "privilege withdrawn", "attribute authority compromise",
};

const char *afd_revocation_reason(int reason)
{
	return reason >= 0 && (size_t)reason < AFD_COUNT(reasons) && *reasons[reason] ? reasons[reason] : reasons[0];
}

/* --- loading --- */

void afd_revocations_release(struct afd_revocations *r)
{
	sk_X509_CRL_pop_free(r->crl, X509_CRL_free);
	for (size_t i = 0; i < r->n_ocsp; i++)
		OCSP_BASICRESP_free(r->ocsp[i]);
	*r = (struct afd_revocations){ 0 };
}

static int keep_crl(struct afd_revocations *r, X509_CRL *crl, struct afd_error *err)
{
	if (sk_X509_CRL_num(r->crl) >= AFD_MAX_REVOCATIONS)
		return afd_fail(err, AFD_E_LIMIT, "more than %d revocation lists", AFD_MAX_REVOCATIONS);
	if (X509_CRL_up_ref(crl) != 1)
		return afd_fail_memory(err);
	if (sk_X509_CRL_push(r->crl, crl) > 0)
		return 0;
	X509_CRL_free(crl);
	return afd_fail_memory(err);
}

static int add_crl_der(struct afd_revocations *r, struct afd_slice der, enum afd_code code, struct afd_error *err)
{
	const unsigned char *p = der.data;
	AFD_AUTO(crl) X509_CRL *crl = NULL;

	if (der.len && der.len <= MAX_CRL)
		crl = d2i_X509_CRL(NULL, &p, (long)der.len);
	if (crl && (size_t)(p - der.data) == der.len)
		return keep_crl(r, crl, err);
	ERR_clear_error();
	return afd_fail(err, code, "something given as a revocation list is none (PEM or DER of at most %u MiB)",
			MAX_CRL >> 20);
}

static int add_crl_pem(struct afd_revocations *r, struct afd_slice pem, struct afd_error *err)
{
	AFD_AUTO(bio) BIO *bio = pem.len <= MAX_CRL ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
	int n = 0;

	for (; bio; n++) {
		AFD_AUTO(crl) X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, (void *)"");

		if (!crl)
			break;
		if (keep_crl(r, crl, err) < 0)
			return -1;
	}
	if (bio && n > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	ERR_clear_error();
	return afd_fail(err, AFD_E_CONFIG, "something given as a revocation list is none (PEM or DER of at most %u MiB)",
			MAX_CRL >> 20);
}

static int add_ocsp(struct afd_revocations *r, struct afd_slice der, struct afd_error *err)
{
	const unsigned char *p = der.data;
	AFD_AUTO(ocsp) OCSP_RESPONSE *answer = NULL;

	if (r->n_ocsp >= AFD_MAX_REVOCATIONS)
		return afd_fail(err, AFD_E_LIMIT, "more than %d OCSP answers", AFD_MAX_REVOCATIONS);
	if (der.len && der.len <= MAX_OCSP)
		answer = d2i_OCSP_RESPONSE(NULL, &p, (long)der.len);
	if (!answer || (size_t)(p - der.data) != der.len ||
	    OCSP_response_status(answer) != OCSP_RESPONSE_STATUS_SUCCESSFUL ||
	    !(r->ocsp[r->n_ocsp] = OCSP_response_get1_basic(answer))) {
		ERR_clear_error();
		return afd_fail(err, AFD_E_VERIFY, "the validation data hold something that is no OCSP answer");
	}
	r->n_ocsp++;
	return 0;
}

int afd_revocations_load(const struct afd_trust *t, const struct afd_validation *v, STACK_OF(X509_CRL) *from_cms,
                         struct afd_revocations *ret, struct afd_error *err)
{
	static const char pem[] = "-----BEGIN";

	ret->crl = sk_X509_CRL_new_null();
	if (!ret->crl)
		return afd_fail_memory(err);
	for (size_t i = 0; i < t->n_crl; i++) {
		struct afd_slice s = t->crl[i];
		bool text = s.len && memmem(s.data, s.len < 65536 ? s.len : 65536, pem, strlen(pem));

		if ((text ? add_crl_pem(ret, s, err) : add_crl_der(ret, s, AFD_E_CONFIG, err)) < 0)
			return -1;
	}
	for (int i = 0; i < sk_X509_CRL_num(from_cms); i++)
		if (keep_crl(ret, sk_X509_CRL_value(from_cms, i), err) < 0)
			return -1;
	for (size_t i = 0; v && i < v->n_crl; i++)
		if (add_crl_der(ret, v->crl[i], AFD_E_VERIFY, err) < 0)
			return -1;
	for (size_t i = 0; v && i < v->n_ocsp; i++)
		if (add_ocsp(ret, v->ocsp[i], err) < 0)
			return -1;
	return 0;
}

/* --- one certificate --- */

struct looking {
	X509 *cert, *issuer;
	STACK_OF(X509) *chain;
	int64_t at_ms, not_after_ms;
	bool good, revoked;
	int64_t revoked_ms;
	int reason;
};

/* The earliest word counts: a later list may move a date, never make a signature older. */
static void take_revoked(struct looking *l, int64_t ms, int reason)
{
	if (l->revoked && l->revoked_ms <= ms)
		return;
	l->revoked = true;
	l->revoked_ms = ms;
	l->reason = reason;
}

/* Does an answer made at THIS, good until NEXT, speak for the time? One that was made later does, but for a certificate
 * that had expired by then: it may have been dropped from the list (RFC 5280, 3.3). */
static bool is_fresh(const struct looking *l, int64_t this_ms, int64_t next_ms)
{
	if (this_ms > l->not_after_ms)
		return false;
	return this_ms >= l->at_ms || (next_ms != AFD_TIME_NONE && l->at_ms <= next_ms);
}

/* --- CRLs --- */

/* A list may hold just a part of what its issuer revoked: that of one distribution point, of users, of CAs. */
static bool names_point_of(const ISSUING_DIST_POINT *idp, X509 *cert)
{
	AFD_AUTO(cdp) STACK_OF(DIST_POINT) *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);

	if (!idp->distpoint || idp->distpoint->type != 0)
		return !idp->distpoint;
	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);

		if (!p->distpoint || p->distpoint->type != 0)
			continue;
		for (int a = 0; a < sk_GENERAL_NAME_num(p->distpoint->name.fullname); a++)
			for (int b = 0; b < sk_GENERAL_NAME_num(idp->distpoint->name.fullname); b++)
				if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(p->distpoint->name.fullname, a),
				                     sk_GENERAL_NAME_value(idp->distpoint->name.fullname, b)) == 0)
					return true;
	}
	return false;
}

static bool covers(X509_CRL *crl, X509 *cert)
{
	AFD_AUTO(idp) ISSUING_DIST_POINT *idp = NULL;
	int critical = -1;

	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (nid == NID_delta_crl)
			return false;
		if (X509_EXTENSION_get_critical(e) && nid != NID_issuing_distribution_point && nid != NID_crl_number &&
		    nid != NID_authority_key_identifier)
			return false;
	}
	idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	if (!idp)
		return critical == -1;
	return !(idp->onlysomereasons || idp->indirectCRL > 0 || idp->onlyattr > 0) &&
	       !(idp->onlyuser > 0 && X509_check_ca(cert) > 0) && !(idp->onlyCA > 0 && X509_check_ca(cert) <= 0) &&
	       names_point_of(idp, cert);
}

static bool strong_hash(X509_CRL *crl)
{
	int md = NID_undef;

	if (OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &md, NULL) != 1)
		return false;
	return md != NID_md5 && md != NID_sha1 && md != NID_md5_sha1;
}

static bool issued(X509_CRL *crl, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0 || !key)
		return false;
	if ((X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) && !(X509_get_key_usage(issuer) & KU_CRL_SIGN))
		return false;
	return X509_CRL_verify(crl, key) == 1;
}

static int look_in_crl(struct looking *l, X509_CRL *crl, struct afd_error *err)
{
	int64_t this_ms, next_ms = AFD_TIME_NONE, ms;
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *why;
	ASN1_GENERALIZEDTIME *invalid;
	int found, reason = -1;

	if (!issued(crl, l->issuer)) {
		ERR_clear_error();
		return 0;
	}
	if (afd_asn1_time_ms(X509_CRL_get0_lastUpdate(crl), &this_ms, err) < 0 ||
	    (next && afd_asn1_time_ms(next, &next_ms, err) < 0))
		return -1;
	found = X509_CRL_get0_by_cert(crl, &entry, l->cert);
	if (found != 1) {
		l->good = l->good || (found == 0 && strong_hash(crl) && covers(crl, l->cert) &&
		                      is_fresh(l, this_ms, next_ms));
		return 0;
	}
	if (afd_asn1_time_ms(X509_REVOKED_get0_revocationDate(entry), &ms, err) < 0)
		return -1;
	why = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	if (why)
		reason = (int)ASN1_ENUMERATED_get(why);
	ASN1_ENUMERATED_free(why);
	/* When the key is thought to have been lost, often before the entry was made (RFC 5280, 5.3.2) */
	invalid = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
	if (invalid) {
		int64_t lost = AFD_TIME_NONE;
		int r = afd_asn1_time_ms(invalid, &lost, err);

		ASN1_GENERALIZEDTIME_free(invalid);
		if (r < 0)
			return -1;
		ms = lost < ms ? lost : ms;
	}
	take_revoked(l, ms, reason);
	return 0;
}

/* --- OCSP --- */

/* By the issuer, or by somebody whom the issuer named for it (RFC 6960, 4.2.2.2), at the time of the answer. */
static bool answered_by_issuer(OCSP_BASICRESP *b, STACK_OF(X509) *chain, int64_t produced_ms)
{
	AFD_AUTO(x509_store) X509_STORE *store = X509_STORE_new();
	X509 *root = sk_X509_value(chain, sk_X509_num(chain) - 1);
	bool ok;

	if (!store || X509_STORE_add_cert(store, root) != 1)
		return false;
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(produced_ms / AFD_SECOND));
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_get0_param(store), 2);
	ok = OCSP_basic_verify(b, chain, store, 0) == 1;
	ERR_clear_error();
	return ok;
}

/* The certificate's id as the answer writes it: the same hash. */
static bool is_about(const OCSP_SINGLERESP *one, X509 *cert, X509 *issuer)
{
	const OCSP_CERTID *id = OCSP_SINGLERESP_get0_id(one);
	AFD_AUTO(cert_id) OCSP_CERTID *want = NULL;
	ASN1_OBJECT *alg = NULL;
	const EVP_MD *md;

	if (OCSP_id_get0_info(NULL, &alg, NULL, NULL, (OCSP_CERTID *)id) != 1)
		return false;
	md = EVP_get_digestbyobj(alg);
	want = md ? OCSP_cert_to_id(md, cert, issuer) : NULL;
	return want && OCSP_id_cmp(want, id) == 0;
}

static int look_in_single(struct looking *l, OCSP_SINGLERESP *one, struct afd_error *err)
{
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	int64_t this_ms, next_ms = AFD_TIME_NONE, ms;
	int reason = -1, status = OCSP_single_get0_status(one, &reason, &revoked, &this, &next);

	if (!this || afd_asn1_time_ms(this, &this_ms, err) < 0 || (next && afd_asn1_time_ms(next, &next_ms, err) < 0))
		return this ? -1 : 0;
	if (status == V_OCSP_CERTSTATUS_GOOD)
		l->good = l->good || is_fresh(l, this_ms, next_ms);
	if (status != V_OCSP_CERTSTATUS_REVOKED)
		return 0;
	if (afd_asn1_time_ms(revoked, &ms, err) < 0)
		return -1;
	take_revoked(l, ms, reason);
	return 0;
}

static int look_in_ocsp(struct looking *l, OCSP_BASICRESP *b, struct afd_error *err)
{
	int64_t produced_ms;
	bool about = false;

	for (int i = 0; i < OCSP_resp_count(b); i++)
		about = about || is_about(OCSP_resp_get0(b, i), l->cert, l->issuer);
	ERR_clear_error();
	if (!about)
		return 0;
	if (afd_asn1_time_ms(OCSP_resp_get0_produced_at(b), &produced_ms, err) < 0)
		return -1;
	if (!answered_by_issuer(b, l->chain, produced_ms))
		return 0;
	for (int i = 0; i < OCSP_resp_count(b); i++)
		if (is_about(OCSP_resp_get0(b, i), l->cert, l->issuer) &&
		    look_in_single(l, OCSP_resp_get0(b, i), err) < 0)
			return -1;
	ERR_clear_error();
	return 0;
}

/* --- the chain --- */

int afd_revocation_look(STACK_OF(X509) *chain, const struct afd_revocations *r, int64_t at_ms,
                        struct afd_revocation_state *ret, struct afd_error *err)
{
	bool all_good = true;

	*ret = (struct afd_revocation_state){ .revoked_ms = AFD_TIME_NONE, .reason = -1 };
	/* The root is trusted because the caller gave it; nobody above could take it back. */
	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		struct looking l = { sk_X509_value(chain, i), sk_X509_value(chain, i + 1), chain, .at_ms = at_ms };

		if (afd_asn1_time_ms(X509_get0_notAfter(l.cert), &l.not_after_ms, err) < 0)
			return -1;
		for (int k = 0; k < sk_X509_CRL_num(r->crl); k++)
			if (look_in_crl(&l, sk_X509_CRL_value(r->crl, k), err) < 0)
				return -1;
		for (size_t k = 0; k < r->n_ocsp; k++)
			if (look_in_ocsp(&l, r->ocsp[k], err) < 0)
				return -1;
		all_good = all_good && l.good;
		if (l.revoked && (!ret->revoked || l.revoked_ms < ret->revoked_ms)) {
			ret->revoked = l.cert;
			ret->revoked_ms = l.revoked_ms;
			ret->reason = l.reason;
		}
	}
	/* A chain of the root alone has nobody to ask. */
	ret->known = all_good && sk_X509_num(chain) > 1 ? AFD_REVOCATION_GOOD : AFD_REVOCATION_UNKNOWN;
	return 0;
}
