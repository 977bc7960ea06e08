/* One signature becomes three claims: what was signed, by whom, when. */
#include "cli/verify_kinds.h"

/* A stamp may be a little older than the clock of the signer says. */
#define CLOCKS_DIFFER (5 * AFD_MINUTE)

static void claim_time(struct verify *v, const char *of, const struct afd_signature_report *r, int64_t not_before)
{
	if (r->claimed_ms != AFD_TIME_NONE && not_before != AFD_TIME_NONE && r->claimed_ms + CLOCKS_DIFFER < not_before) {
		claims_add(&v->claims, CLAIM_FAILS, "time", of, "signed at %s by the signer's own word, before %s, of which it speaks",
		           afd_when_text(r->claimed_ms).s, afd_when_text(not_before).s);
	} else if (!r->authority || r->stamped_ms == AFD_TIME_NONE) {
		claims_add(&v->claims, CLAIM_SKIPPED, "time", of, "claimed only: %s, the signer's own word%s%s", afd_when_text(r->claimed_ms).s,
		           r->stamp_doubt ? "; a time-stamp is there, but " : "", r->stamp_doubt ? r->stamp_doubt : "");
	} else if (r->claimed_ms != AFD_TIME_NONE && r->stamped_ms + CLOCKS_DIFFER < r->claimed_ms) {
		claims_add(&v->claims, CLAIM_FAILS, "time", of, "stamped at %s, before %s, when it says it was signed", afd_when_text(r->stamped_ms).s,
		           afd_when_text(r->claimed_ms).s);
	} else if (not_before != AFD_TIME_NONE && r->stamped_ms + CLOCKS_DIFFER < not_before) {
		claims_add(&v->claims, CLAIM_FAILS, "time", of, "stamped at %s, before %s, of which it speaks", afd_when_text(r->stamped_ms).s,
		           afd_when_text(not_before).s);
	} else {
		claims_add(&v->claims, CLAIM_HOLDS, "time", of, "existed at %s: stamped by %s", afd_when_text(r->stamped_ms).s, r->authority);
	}
	if (r->extensions && r->extended_ms == AFD_TIME_NONE)
		claims_add(&v->claims, CLAIM_SKIPPED, "time", of, "%u archive time-stamp%s behind it, of an authority that you do not know", r->extensions,
		           r->extensions == 1 ? "" : "s");
	else if (r->extensions)
		claims_add(&v->claims, CLAIM_HOLDS, "time", of, "%u archive time-stamp%s behind it, the last of %s", r->extensions,
		           r->extensions == 1 ? "" : "s", afd_when_text(r->extended_ms).s);
}

/* The SHA-256 as this program or openssl writes it, or the whole subject. */
static bool is_named(const char *who, const struct afd_signature_report *r)
{
	const struct afd_hex64 own = afd_digest_hex(&r->certificate);
	size_t n = 0;

	if (strcmp(who, r->subject) == 0)
		return true;
	for (; *who; who++)
		if (*who != ':' && (n == 64 || own.s[n++] != (*who >= 'A' && *who <= 'F' ? *who | 0x20 : *who)))
			return false;
	return n == 64;
}

/* Everybody with a certificate under the root could have signed; the verifier may say whom he expects. */
static void claim_expected(struct verify *v, const char *of, const struct afd_signature_report *r)
{
	bool named = false;

	for (unsigned i = 0; i < v->o->signer.n; i++)
		named = named || is_named(v->o->signer.at[i], r);
	v->signer_seen = v->signer_seen || named;
	if (v->o->signer.n && !named)
		claims_add(&v->claims, CLAIM_FAILS, "signer", of, "%s, certificate %s, is nobody whom you named (--signer)", r->subject,
		           afd_digest_hex(&r->certificate).s);
	else if (named)
		claims_add(&v->claims, CLAIM_HOLDS, "signer", of, "whom you named (--signer)");
}

void verify_signature(struct verify *v, const char *of, int rc, const struct afd_signature_report *r, const struct afd_error *err, int64_t not_before)
{
	if (rc < 0) {
		claims_add(&v->claims, CLAIM_FAILS, err->code == AFD_E_SIGNER ? "signer" : err->code == AFD_E_STAMP ? "time" : "signature", of, "%s",
		           err->text);
		return;
	}
	claims_add(&v->claims, CLAIM_HOLDS, "signature", of, "over these bytes, by certificate %.16s...", afd_digest_hex(&r->certificate).s);
	claims_add(&v->claims, CLAIM_HOLDS, "signer", of, "%s, under a root that you gave%s%s", r->subject,
	           r->revoked_ms != AFD_TIME_NONE ? ", revoked later than the time-stamp" : r->revocation == AFD_REVOCATION_GOOD ? ", not revoked" : v->trust.n_crl ? "; the revocation lists that you gave do not speak of it, or not for that time" : "; nothing was given about revocation", r->test ? "; a TEST key" : "");
	claim_expected(v, of, r);
	claim_time(v, of, r, not_before);
}

void verify_same_signer(struct verify *v, const char *of, int rc, const struct afd_signature_report *r)
{
	if (rc < 0)
		return;
	if (!v->signer_of) {
		v->signer = r->certificate;
		v->signer_of = of;
	} else if (!afd_digest_equal(&v->signer, &r->certificate)) {
		claims_add(&v->claims, CLAIM_FAILS, "agreement", of, "signed with certificate %.16s..., %s with %.16s...",
		           afd_digest_hex(&r->certificate).s, v->signer_of, afd_digest_hex(&v->signer).s);
	} else {
		claims_add(&v->claims, CLAIM_HOLDS, "agreement", of, "signed with the same certificate as %s", v->signer_of);
	}
}
