/* Revocation lists and OCSP answers into rows. libcrypto reads and verifies; the clock is the item's. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "collector/revocation/revocation_item.h"

struct reading {
	const struct afd_revocation_item *i;
	struct afd_row_revocation row;
	struct afd_row_revoked *serial;
	X509 *issuer;
	int64_t now;
};

static int64_t time_of(const ASN1_TIME *t)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool good = t && epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

	ASN1_TIME_free(epoch);
	return good ? ((int64_t)days * 86400 + seconds) * 1000 : AFD_TIME_NONE;
}

/* CRLReason (RFC 5280, 5.3.1). */
static const char *reason_of(long code)
{
	static const char *const names[] = { "unspecified", "keyCompromise", "cACompromise", "affiliationChanged", "superseded",
		"cessationOfOperation", "certificateHold", NULL, "removeFromCRL", "privilegeWithdrawn", "aACompromise" };

	return code >= 0 && (size_t)code < AFD_COUNT(names) ? names[code] : NULL;
}

static ASN1_INTEGER *serial_of(const char *hex)
{
	BIGNUM *n = NULL;
	ASN1_INTEGER *ret = BN_hex2bn(&n, hex) ? BN_to_ASN1_INTEGER(n, NULL) : NULL;

	BN_free(n);
	return ret;
}

/* --- a list --- */

static void look_up(X509_CRL *crl, struct reading *r, size_t k, ASN1_INTEGER *serial)
{
	X509_REVOKED *entry = NULL;
	ASN1_ENUMERATED *code = NULL;
	/* the issuer is given: entries of others in an indirect list (5.3.3) are not taken for its own */
	int found = serial && r->issuer ? X509_CRL_get0_by_serial(crl, &entry, serial) : 0;
	struct afd_row_revoked *v = &r->serial[k];

	*v = (struct afd_row_revoked){ .serial = r->i->serial[k], .state = !r->issuer || !serial ? "unknown" : "good", .revoked_ms = AFD_TIME_NONE };
	if (found != 1 || !entry)
		return;
	v->state = "revoked";
	v->revoked_ms = time_of(X509_REVOKED_get0_revocationDate(entry));
	code = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
	v->reason = code ? reason_of(ASN1_ENUMERATED_get(code)) : NULL;
	ASN1_ENUMERATED_free(code);
}

/* One that speaks of a part of the certificates only (a delta, or reasons, or attributes): nothing follows from silence. */
static bool is_partial(X509_CRL *crl)
{
	ISSUING_DIST_POINT *p = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
	bool ret = X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0 ||
		(p && (p->onlysomereasons || p->onlyattr > 0 || p->onlyCA > 0 || p->indirectCRL > 0));

	ISSUING_DIST_POINT_free(p);
	return ret;
}

static int read_list(struct reading *r, struct afd_error *err)
{
	const uint8_t *p = r->i->answer.data;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)r->i->answer.len);
	EVP_PKEY *key = r->issuer ? X509_get0_pubkey(r->issuer) : NULL;
	bool partial;

	if (!crl || p != r->i->answer.data + r->i->answer.len) {
		X509_CRL_free(crl);
		return afd_fail(err, AFD_E_PARSE, "revocation: %.200s: not a revocation list", r->i->url);
	}
	if (!key || X509_CRL_verify(crl, key) != 1 || X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(r->issuer)) != 0) {
		X509_free(r->issuer);
		r->issuer = NULL;                 /* nobody vouches for it */
	}
	partial = is_partial(crl);
	r->row.this_update = time_of(X509_CRL_get0_lastUpdate(crl));
	r->row.next_update = time_of(X509_CRL_get0_nextUpdate(crl));
	r->row.entries = (uint64_t)(X509_CRL_get_REVOKED(crl) ? sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) : 0);
	for (size_t k = 0; k < r->i->n; k++) {
		ASN1_INTEGER *serial = serial_of(r->i->serial[k]);

		look_up(crl, r, k, serial);
		if (partial && strcmp(r->serial[k].state, "good") == 0)
			r->serial[k].state = "unknown";
		ASN1_INTEGER_free(serial);
	}
	X509_CRL_free(crl);
	return r->row.this_update == AFD_TIME_NONE ? afd_fail(err, AFD_E_PARSE, "revocation: %.200s: a list without its time", r->i->url) : 0;
}

/* --- an answer --- */

/* By the issuer, or by somebody whom the issuer named for it (RFC 6960, 4.2.2.2), at the time at which it was asked. */
static bool answer_is_signed(OCSP_BASICRESP *b, X509 *issuer, int64_t now)
{
	X509_STORE *trust = X509_STORE_new();
	STACK_OF(X509) *with = sk_X509_new_null();
	bool good = false;

	if (trust && with && issuer && X509_STORE_add_cert(trust, issuer) == 1 && sk_X509_push(with, issuer) > 0) {
		X509_VERIFY_PARAM *p = X509_STORE_get0_param(trust);

		X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_USE_CHECK_TIME);
		X509_VERIFY_PARAM_set_time(p, (time_t)(now / 1000));
		good = OCSP_basic_verify(b, with, trust, 0) == 1;
	}
	sk_X509_free(with);
	X509_STORE_free(trust);
	return good;
}

static void answer_of(OCSP_BASICRESP *b, struct reading *r, size_t k, bool signed_by_it)
{
	static const struct { int code; const char *state; } states[] = {
		{ V_OCSP_CERTSTATUS_GOOD, "good" }, { V_OCSP_CERTSTATUS_REVOKED, "revoked" } };
	struct afd_row_revoked *v = &r->serial[k];
	ASN1_INTEGER *serial = serial_of(r->i->serial[k]);
	OCSP_CERTID *id = serial && r->issuer ? OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(r->issuer),
								   X509_get0_pubkey_bitstr(r->issuer), serial) : NULL;
	ASN1_GENERALIZEDTIME *when = NULL, *from = NULL, *to = NULL;
	int status = -1, why = -1;

	*v = (struct afd_row_revoked){ .serial = r->i->serial[k], .state = "unknown", .revoked_ms = AFD_TIME_NONE };
	if (id && OCSP_resp_find_status(b, id, &status, &why, &when, &from, &to) == 1) {
		for (size_t i = 0; signed_by_it && i < AFD_COUNT(states); i++)
			if (states[i].code == status)
				v->state = states[i].state;
		if (status == V_OCSP_CERTSTATUS_REVOKED && signed_by_it) {
			v->revoked_ms = time_of(when);
			v->reason = reason_of(why);
		}
		if (r->row.this_update == AFD_TIME_NONE || time_of(from) < r->row.this_update) {
			r->row.this_update = time_of(from);
			r->row.next_update = time_of(to);
		}
		r->row.entries++;
	}
	OCSP_CERTID_free(id);
	ASN1_INTEGER_free(serial);
}

static int read_answer(struct reading *r, struct afd_error *err)
{
	const uint8_t *p = r->i->answer.data;
	OCSP_RESPONSE *o = d2i_OCSP_RESPONSE(NULL, &p, (long)r->i->answer.len);
	OCSP_BASICRESP *b = o && OCSP_response_status(o) == OCSP_RESPONSE_STATUS_SUCCESSFUL ? OCSP_response_get1_basic(o) : NULL;
	bool good;

	r->row.this_update = AFD_TIME_NONE;
	if (!b) {
		OCSP_RESPONSE_free(o);
		return afd_fail(err, AFD_E_PARSE, "revocation: %.200s: not an OCSP answer, or one that is an error", r->i->url);
	}
	good = answer_is_signed(b, r->issuer, r->now);
	for (size_t k = 0; k < r->i->n; k++)
		answer_of(b, r, k, good);
	if (!good) {
		X509_free(r->issuer);
		r->issuer = NULL;
	}
	OCSP_BASICRESP_free(b);
	OCSP_RESPONSE_free(o);
	return r->row.this_update == AFD_TIME_NONE ?
		afd_fail(err, AFD_E_PARSE, "revocation: %.200s: the answer is of another certificate", r->i->url) : 0;
}

int afd_revocation_ocsp_request(struct afd_slice issuer, const char *serial, struct afd_buf *ret, struct afd_error *err)
{
	const uint8_t *p = issuer.data;
	X509 *x = d2i_X509(NULL, &p, (long)issuer.len);
	ASN1_INTEGER *number = serial_of(serial);
	OCSP_REQUEST *q = OCSP_REQUEST_new();
	OCSP_CERTID *id = x && number ? OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(x), X509_get0_pubkey_bitstr(x), number) : NULL;
	unsigned char *der = NULL;
	int len = -1, r = -1;

	if (q && id && OCSP_request_add0_id(q, id))
		id = NULL, len = i2d_OCSP_REQUEST(q, &der);
	if (len > 0)
		r = afd_buf_add(ret, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(q);
	ASN1_INTEGER_free(number);
	X509_free(x);
	ERR_clear_error();
	return r < 0 ? afd_fail(err, AFD_E_VERIFY, "no OCSP request can be made for serial %s", serial) : 0;
}

int afd_revocation_check(const struct afd_revocation_item *i, struct afd_error *err)
{
	const uint8_t *p = i->answer.data;
	X509_CRL *crl = i->ocsp ? NULL : d2i_X509_CRL(NULL, &p, (long)i->answer.len);
	OCSP_RESPONSE *o = i->ocsp ? d2i_OCSP_RESPONSE(NULL, &p, (long)i->answer.len) : NULL;
	bool good = crl ? p == i->answer.data + i->answer.len : o && OCSP_response_status(o) == OCSP_RESPONSE_STATUS_SUCCESSFUL;

	X509_CRL_free(crl);
	OCSP_RESPONSE_free(o);
	ERR_clear_error();
	return good ? 0 : afd_fail(err, AFD_E_PARSE, "%.200s: not %s", i->url, i->ocsp ? "an OCSP answer, or one that is an error" : "a revocation list");
}

int afd_revocation_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_revocation_item i;
	struct reading r = { .i = &i, .now = item->record->received_ms };
	const uint8_t *p;
	int done = -1;

	if (afd_revocation_item_read(item->bytes, &i, err) < 0)
		return -1;
	p = i.issuer.data;
	if (afd_revocation_issuer_is(i.issuer, i.issuer_key))
		r.issuer = d2i_X509(NULL, &p, (long)i.issuer.len);
	r.serial = calloc(i.n + 1, sizeof(*r.serial));
	r.row = (struct afd_row_revocation){ .method = i.ocsp ? "ocsp" : "crl", .url = i.url, .next_update = AFD_TIME_NONE,
					     .at_ms = item->record->received_ms, .part = 0 };
	if (!r.serial)
		afd_fail_memory(err);
	else if ((i.ocsp ? read_answer(&r, err) : read_list(&r, err)) == 0) {
		r.row.issuer_key_hash = r.issuer ? i.issuer_key : "";
		r.row.known_key_hash = i.issuer_key;
		r.row.serial = r.serial;
		r.row.n = i.n;
		done = sink->revocation(sink->ctx, &r.row, err);
	}
	X509_free(r.issuer);
	free(r.serial);
	afd_revocation_item_release(&i);
	ERR_clear_error();
	return done;
}
