/* Time-stamps: which answers of an authority are taken, what a token is worth, and which time counts for a signer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>
#include "core/when.h"
#include "sign/chain.h"
#include "tsa.h"

static struct made root, leaf, stamp_root, other_stamp_root, stamper, other_stamper;

static int make_all(void **state)
{
	(void)state;
	root = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true, .key_usage = "critical,keyCertSign,cRLSign" }, NULL);
	leaf = make_cert(&(struct wanted_cert){ .cn = "Leaf", .to_ms = NOW + 30 * AFD_DAY }, &root);
	stamp_root = make_cert(&(struct wanted_cert){ .cn = "Stamp root", .ca = true, .from_ms = NOW - 900 * AFD_DAY,
	                                              .key_usage = "critical,keyCertSign,cRLSign" }, NULL);
	other_stamp_root = make_cert(&(struct wanted_cert){ .cn = "Stamp root", .ca = true, .from_ms = NOW - 900 * AFD_DAY }, NULL);
	stamper = tsa_cert("Stamper", &stamp_root);
	other_stamper = tsa_cert("Stamper", &other_stamp_root);
	return 0;
}

static int free_all(void **state)
{
	struct made *all[] = { &root, &leaf, &stamp_root, &other_stamp_root, &stamper, &other_stamper };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(all); i++)
		made_free(all[i]);
	return 0;
}

static const struct afd_digest imprint = { "what is stamped, 32 bytes of it" };

/* --- answers --- */

static void ask(const struct tsa *a, const char *policy, struct afd_buf *ret_request, struct afd_buf *ret_answer)
{
	struct afd_error err = { 0 };

	if (afd_stamp_request(&imprint, policy, &test_env, ret_request, &err) < 0)
		fail_msg("%s", err.text);
	tsa_answer(a, afd_buf_slice(ret_request), ret_answer);
}

/* why NULL: must be taken */
static void expect_answer(const char *what, const struct tsa *a, const char *policy, const char *why)
{
	AFD_AUTO(buf) struct afd_buf request = { 0 }, answer = { 0 }, token = { 0 };
	struct afd_error err = { 0 };
	int got;

	ask(a, policy, &request, &answer);
	got = afd_stamp_answer(afd_buf_slice(&request), afd_buf_slice(&answer), &token, &err);
	if ((got == 0) != (why == NULL) || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "taken", got == 0 ? "taken" : err.text);
	if (why && err.code != AFD_E_VERIFY && err.code != AFD_E_REMOTE)
		fail_msg("%s: code %d", what, (int)err.code);
	if (why && token.len)
		fail_msg("%s: refused, and a token was given out", what);
}

static void answers(void **state)
{
	struct made web = make_cert(&(struct wanted_cert){ .cn = "Web", .eku = "critical,serverAuth" }, &stamp_root);
	struct made both = make_cert(&(struct wanted_cert){ .cn = "Both", .eku = "critical,timeStamping,serverAuth" }, &stamp_root);
	struct made soft = make_cert(&(struct wanted_cert){ .cn = "Soft", .eku = "timeStamping" }, &stamp_root);
	struct made plain = make_cert(&(struct wanted_cert){ .cn = "Plain" }, &stamp_root);
	struct made ca = make_cert(&(struct wanted_cert){ .cn = "CA", .eku = "critical,timeStamping",
	                                                  .key_usage = "critical,keyCertSign,digitalSignature" }, &stamp_root);
	struct made real = make_cert(&(struct wanted_cert){ .cn = "A", .serial = 9, .eku = "critical,timeStamping" }, &stamp_root);
	struct made twin = make_cert(&(struct wanted_cert){ .cn = "B", .serial = 9, .eku = "critical,timeStamping",
	                                                    .use_key = real.key }, &stamp_root);
	const struct { const char *what; struct tsa tsa; const char *policy, *why; } rows[] = {
		{ "granted", { .who = &stamper }, NULL, NULL },
		{ "granted with changes", { .who = &stamper, .status = 1 }, NULL, NULL },
		{ "the policy asked for", { .who = &stamper }, "1.2.3.4.5", NULL },
		{ "another policy", { .who = &stamper, .policy = "1.2.3.9" }, "1.2.3.4.5", "another policy" },
		{ "rejected", { .status = 2 }, NULL, "gave no time-stamp: rejected" },
		{ "rejected, and why", { .status = 2, .failure_bit = 15 + 1 }, NULL, "does not take the policy" },
		{ "rejected, clock", { .status = 2, .failure_bit = 14 + 1 }, NULL, "clock is not available" },
		{ "rejected, algorithm", { .status = 2, .failure_bit = 0 + 1 }, NULL, "does not take SHA-256" },
		{ "rejected, in words", { .status = 2, .text = "come \x1b[2Jback" }, NULL, "rejected: \"come ?[2Jback\"" },
		{ "waiting", { .status = 3 }, NULL, "waiting" },
		{ "unknown status", { .status = 77 }, NULL, "unknown status" },
		{ "granted without a token", { .who = &stamper, .no_token = true }, NULL, "sent none" },
		{ "wrong nonce", { .who = &stamper, .wrong_nonce = true }, NULL, "its nonce differs" },
		{ "no nonce", { .who = &stamper, .no_nonce = true }, NULL, "its nonce differs" },
		{ "other data", { .who = &stamper, .other_data = true }, NULL, "over other data" },
		{ "two signers", { .who = &stamper, .second = &other_stamper }, NULL, "exactly one signer of the token, got 2" },
		{ "no certificate", { .who = &stamper, .no_cert = true }, NULL, "certificate is not in the token" },
		{ "swapped certificate", { .who = &real, .instead = twin.cert }, NULL, "not the one that the token names" },
		{ "its own certificate", { .who = &real, .instead = real.cert }, NULL, NULL },
		{ "no ESSCertID", { .who = &stamper, .no_ess = true }, NULL, "does not name its certificate" },
		{ "SHA-1", { .who = &stamper, .sha1 = true }, NULL, "weaker than SHA-256" },
		{ "a certificate for the web", { .who = &web }, NULL, "not for time-stamping alone" },
		{ "for the web as well", { .who = &both }, NULL, "not for time-stamping alone" },
		{ "no purpose", { .who = &plain }, NULL, "not for time-stamping alone" },
		{ "the purpose is not critical", { .who = &soft }, NULL, "critical" },
		{ "it may issue certificates", { .who = &ca }, NULL, "for more than signatures" },
		{ "another content", { .who = &stamper, .data_type = true }, NULL, "does not hold a TSTInfo" },
		{ "critical extension", { .who = &stamper, .critical_extension = true }, NULL, "critical extension" },
		{ "local time", { .who = &stamper, .time = "20260921141320+0200" }, NULL, "not one in UTC" },
		{ "no time", { .who = &stamper, .time = "yesterday" }, NULL, "" },   /* libcrypto 3.5 does not read such a token, older ones do */
		{ "a year as accuracy", { .who = &stamper, .accuracy_s = 31536000 }, NULL, "accuracy is out of bounds" },
		{ "too long", { .status = 2, .pad = 65536 }, NULL, "expected an answer of 1 to 65536 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect_answer(rows[i].what, &rows[i].tsa, rows[i].policy, rows[i].why);
	made_free(&web);
	made_free(&both);
	made_free(&soft);
	made_free(&plain);
	made_free(&ca);
	made_free(&real);
	made_free(&twin);
}

static void bytes_that_are_no_answer(void **state)
{
	const struct tsa honest = { .who = &stamper };
	AFD_AUTO(buf) struct afd_buf request = { 0 }, answer = { 0 };

	(void)state;
	ask(&honest, NULL, &request, &answer);
	for (size_t n = 0; n < answer.len; n += 3) {
		AFD_AUTO(buf) struct afd_buf token = { 0 };

		if (afd_stamp_answer(afd_buf_slice(&request), afd_slice(answer.data, n), &token, NULL) == 0)
			fail_msg("cut at %zu, and taken", n);
	}
	assert_int_equal(afd_buf_u8(&answer, 0), 0);
	assert_int_equal(afd_stamp_answer(afd_buf_slice(&request), afd_buf_slice(&answer), &request, NULL), -1);
}

static void no_signed_byte_of_a_token_can_change(void **state)
{
	struct tsa honest = { .who = &stamper };
	AFD_AUTO(buf) struct afd_buf token = { 0 }, pem = { 0 };
	struct afd_slice roots;
	struct afd_trust t = { .stamp_pem = &roots, .n_stamp = 1, .at_ms = NOW };

	(void)state;
	made_pem(NULL, NULL, &stamp_root.cert, 1, &pem);
	roots = afd_buf_slice(&pem);
	assert_int_equal(tsa_stamp(&honest, &imprint, &token, NULL), 0);
	for (size_t i = 0; i < token.len; i++) {
		AFD_AUTO(stamp) struct afd_stamp s = { 0 };

		token.data[i] ^= 0x20;
		if (afd_stamp_verify(afd_buf_slice(&token), &imprint, &t, &s, NULL) == 0 &&
		    (s.time_ms != NOW || strcmp(s.authority, "CN = Stamper") != 0 || strcmp(s.policy, "1.2.3.4") != 0))
			fail_msg("byte %zu changed, and the token says %s by %s", i, afd_when_text(s.time_ms).s, s.authority);
		token.data[i] ^= 0x20;
	}
}

static void a_policy_that_is_none(void **state)
{
	AFD_AUTO(buf) struct afd_buf request = { 0 };
	struct afd_error err = { 0 };

	(void)state;
	assert_int_equal(afd_stamp_request(&imprint, "gold", &test_env, &request, &err), -1);
	assert_int_equal(err.code, AFD_E_CONFIG);
	assert_non_null(strstr(err.text, "object identifier"));
}

/* --- tokens --- */

struct look { const struct made *stamp_root; bool allow_test; const struct afd_slice *crl; size_t n_crl; };

static int look_at(struct afd_slice token, const struct look *l, struct afd_stamp *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	struct afd_slice roots;
	struct afd_trust t = { .stamp_pem = &roots, .n_stamp = 1, .crl = l->crl, .n_crl = l->n_crl,
	                       .allow_test = l->allow_test, .at_ms = NOW + 5000 * AFD_DAY };

	made_pem(NULL, NULL, &(l->stamp_root ? l->stamp_root : &stamp_root)->cert, 1, &pem);
	roots = afd_buf_slice(&pem);
	return afd_stamp_verify(token, &imprint, &t, ret, err);
}

static void what_a_token_says(void **state)
{
	struct tsa tsa = { .who = &stamper, .accuracy_s = 2, .time = "20260921141320.125Z" };
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	AFD_AUTO(stamp) struct afd_stamp s = { 0 };

	(void)state;
	assert_int_equal(tsa_stamp(&tsa, &imprint, &token, NULL), 0);
	assert_int_equal(look_at(afd_buf_slice(&token), &(struct look){ 0 }, &s, NULL), 0);
	assert_int_equal(s.time_ms, NOW + 125);
	assert_int_equal(s.accuracy_ms, 2000);
	assert_string_equal(s.authority, "CN = Stamper");
	assert_string_equal(s.policy, "1.2.3.4");
	assert_false(s.test);
}

static void tokens(void **state)
{
	struct made demo_root = make_cert(&(struct wanted_cert){ .cn = "Demo", .ca = true, .test_unit = true }, NULL);
	struct made demo = tsa_cert("Demo stamper", &demo_root);
	AFD_AUTO(buf) struct afd_buf closed = { 0 }, closed_before = { 0 }, lost = { 0 }, unsaid = { 0 };
	const struct revoked r[] = { { stamper.cert, NOW + AFD_DAY, 5 }, { stamper.cert, NOW - AFD_HOUR, 5 },
	                             { stamper.cert, NOW + AFD_DAY, 1 }, { stamper.cert, NOW + AFD_DAY, -1 } };
	struct afd_slice crl[4];
	const struct { const char *what; struct tsa tsa; struct look look; const char *why; } rows[] = {
		{ "long after its authority is gone", { .who = &stamper }, { 0 }, NULL },
		{ "another root", { .who = &stamper }, { .stamp_root = &other_stamp_root }, "none of the given roots" },
		{ "another authority of the same name", { .who = &other_stamper }, { 0 }, "none of the given roots" },
		{ "before its certificate", { .who = &stamper, .at_ms = NOW - 10 * AFD_DAY }, { 0 }, "not yet valid" },
		{ "after its certificate", { .who = &stamper, .at_ms = NOW + 400 * AFD_DAY }, { 0 }, "has expired" },
		{ "a test authority", { .who = &demo }, { .stamp_root = &demo_root }, "test authority" },
		{ "a test authority, allowed", { .who = &demo }, { .stamp_root = &demo_root, .allow_test = true }, NULL },
		{ "closed a day later", { .who = &stamper }, { .crl = &crl[0], .n_crl = 1 }, NULL },
		{ "closed before", { .who = &stamper }, { .crl = &crl[1], .n_crl = 1 }, "revoked on 2026-09-21" },
		{ "its key was lost later", { .who = &stamper }, { .crl = &crl[2], .n_crl = 1 }, "key compromise" },
		{ "revoked, nobody says why", { .who = &stamper }, { .crl = &crl[3], .n_crl = 1 }, "no reason given" },
	};

	(void)state;
	make_crl(&stamp_root, NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, &r[0], 1, true, &closed);
	make_crl(&stamp_root, NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, &r[1], 1, true, &closed_before);
	make_crl(&stamp_root, NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, &r[2], 1, false, &lost);
	make_crl(&stamp_root, NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, &r[3], 1, false, &unsaid);
	crl[0] = afd_buf_slice(&closed);
	crl[1] = afd_buf_slice(&closed_before);
	crl[2] = afd_buf_slice(&lost);
	crl[3] = afd_buf_slice(&unsaid);
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		struct tsa tsa = rows[i].tsa;
		AFD_AUTO(buf) struct afd_buf token = { 0 };
		AFD_AUTO(stamp) struct afd_stamp s = { 0 };
		struct afd_error err = { 0 };
		int got;

		assert_int_equal(tsa_stamp(&tsa, &imprint, &token, NULL), 0);
		got = look_at(afd_buf_slice(&token), &rows[i].look, &s, &err);
		if ((got == 0) != !rows[i].why || (rows[i].why && !strstr(err.text, rows[i].why)))
			fail_msg("%s: expected \"%s\", got \"%s\"", rows[i].what, rows[i].why ? rows[i].why : "accepted",
			         got == 0 ? "accepted" : err.text);
	}
	made_free(&demo_root);
	made_free(&demo);
}

/* --- which time counts for a signer --- */

#define TEXT "the evidence"

struct scene {
	const struct made *signer;        /* default: leaf, which expires 30 days after NOW */
	struct tsa tsa;                   /* who NULL: no time-stamp */
	bool no_stamp_root;
	int64_t at_ms, signed_ms;
	const struct afd_slice *crl; size_t n_crl;
	const struct afd_validation *validation;
	bool other_token;                 /* over another signature */
};
enum { STAMPED = 1, DOUBT = 2, GOOD = 4, LATER = 8 };

static void sign(const struct scene *s, struct afd_buf *ret)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 };
	AFD_AUTO(signer) struct afd_signer *k = NULL;
	const struct made *who = s->signer ? s->signer : &leaf;
	struct afd_slice content = afd_slice_text(TEXT);
	struct tsa tsa = s->tsa;
	const struct afd_stamper stamp = { tsa_stamp, &tsa };
	struct afd_error err = { 0 };

	made_pem(who->key, NULL, &who->cert, 1, &pem);
	if (afd_signer_read(afd_buf_slice(&pem), afd_slice(NULL, 0), &k, &err) < 0 ||
	    afd_cms_sign(k, &content, 1, false, s->signed_ms ? s->signed_ms : NOW, tsa.who ? &stamp : NULL, ret, &err) < 0)
		fail_msg("%s", err.text);
}

/* Takes the token of one signature and puts it under another. */
static void move_token(struct afd_buf *cms)
{
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct tsa honest = { .who = &stamper };
	const unsigned char *p = cms->data;
	CMS_ContentInfo *c = d2i_CMS_ContentInfo(NULL, &p, (long)cms->len);
	CMS_SignerInfo *si = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(c), 0);
	unsigned char *der = NULL;
	int n;

	assert_int_equal(tsa_stamp(&honest, &imprint, &token, NULL), 0);
	assert_int_equal(CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, token.data,
	                                               (int)token.len), 1);
	n = i2d_CMS_ContentInfo(c, &der);
	cms->len = 0;
	assert_int_equal(afd_buf_add(cms, der, (size_t)n), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(c);
}

static void expect_scene(const char *what, const struct scene *s, int flags, const char *why)
{
	AFD_AUTO(buf) struct afd_buf cms = { 0 }, pem = { 0 }, stamp_pem = { 0 };
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_slice roots, stamp_roots, content = afd_slice_text(TEXT);
	struct afd_trust t = { .pem = &roots, .n = 1, .stamp_pem = &stamp_roots, .n_stamp = s->no_stamp_root ? 0 : 1,
	                       .crl = s->crl, .n_crl = s->n_crl, .at_ms = s->at_ms ? s->at_ms : NOW };
	struct afd_error err = { 0 };
	int got, have;

	made_pem(NULL, NULL, &root.cert, 1, &pem);
	made_pem(NULL, NULL, &stamp_root.cert, 1, &stamp_pem);
	roots = afd_buf_slice(&pem);
	stamp_roots = afd_buf_slice(&stamp_pem);
	sign(s, &cms);
	if (s->other_token)
		move_token(&cms);
	got = afd_cms_verify_with(afd_buf_slice(&cms), &content, 1, &t, false, s->validation, AFD_TIME_NONE, AFD_TIME_NONE,
	                          &r, &err);
	if ((got == 0) != !why || (why && !strstr(err.text, why)))
		fail_msg("%s: expected \"%s\", got \"%s\"", what, why ? why : "accepted", got == 0 ? "accepted" : err.text);
	have = (r.stamped_ms != AFD_TIME_NONE ? STAMPED : 0) | (r.stamp_doubt ? DOUBT : 0) |
	       (r.revocation == AFD_REVOCATION_GOOD ? GOOD : 0) | (r.revoked_ms != AFD_TIME_NONE ? LATER : 0);
	if (got == 0 && have != flags)
		fail_msg("%s: expected %x, got %x", what, (unsigned)flags, (unsigned)have);
	if (got == 0 && (flags & STAMPED) && strcmp(r.authority, "CN = Stamper") != 0)
		fail_msg("%s: stamped by %s", what, r.authority);
}

static void the_time_of_a_signer(void **state)
{
	const struct tsa honest = { .who = &stamper }, stranger = { .who = &other_stamper };
	const struct tsa late = { .who = &stamper, .at_ms = NOW + 40 * AFD_DAY };
	const struct tsa early = { .who = &stamper, .at_ms = NOW - 20 * AFD_HOUR };
	const struct tsa before = { .who = &other_stamper, .at_ms = NOW - 20 * AFD_DAY };
	const int64_t year = NOW + 300 * AFD_DAY;
	const struct { const char *what; struct scene s; int flags; const char *why; } rows[] = {
		{ "no time-stamp, in time", { 0 }, 0, NULL },
		{ "no time-stamp, a year later", { .at_ms = year }, 0, "certificate has expired" },
		{ "stamped in time", { .tsa = honest }, STAMPED, NULL },
		{ "stamped in time, a year later", { .tsa = honest, .at_ms = year }, STAMPED, NULL },
		{ "stamped after the certificate", { .tsa = late, .at_ms = year }, 0, "certificate has expired at 2026-10-31" },
		{ "verified before the certificate", { .at_ms = NOW - 2 * AFD_DAY }, 0, "not yet valid" },
		{ "stamped, no root for it", { .tsa = honest, .no_stamp_root = true }, DOUBT, NULL },
		{ "stamped, no root for it, a year later", { .tsa = honest, .no_stamp_root = true, .at_ms = year }, 0,
		  "no root for time-stamps was given" },
		{ "stamped by a stranger", { .tsa = stranger }, DOUBT, NULL },
		{ "stamped by a stranger, a year later", { .tsa = stranger, .at_ms = year }, 0, "none of the given roots" },
		{ "backdated by a stranger", { .tsa = before, .at_ms = year }, 0, "none of the given roots" },
		{ "stamped before it says it was made", { .tsa = early }, 0, "older than the signature says of itself" },
		{ "stamped a little before, by the clock", { .tsa = early, .signed_ms = early.at_ms + AFD_HOUR }, STAMPED, NULL },
		{ "a token over another signature", { .other_token = true }, 0, "over other data" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect_scene(rows[i].what, &rows[i].s, rows[i].flags, rows[i].why);
}

/* A list inside the CMS (RFC 5652, 5.1), as long-term formats put it. */
static void a_list_inside_the_signature(void **state)
{
	const struct revoked before = { leaf.cert, NOW - AFD_HOUR, 1 };

	(void)state;
	for (int revoked = 0; revoked < 2; revoked++) {
		AFD_AUTO(buf) struct afd_buf cms = { 0 }, pem = { 0 }, der = { 0 };
		AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
		struct afd_slice roots, content = afd_slice_text(TEXT);
		struct afd_trust t = { .pem = &roots, .n = 1, .at_ms = NOW };
		struct afd_error err = { 0 };
		const unsigned char *p;
		CMS_ContentInfo *c;
		X509_CRL *crl;
		unsigned char *out = NULL;
		int n, got;

		made_pem(NULL, NULL, &root.cert, 1, &pem);
		roots = afd_buf_slice(&pem);
		sign(&(struct scene){ 0 }, &cms);
		make_crl(&root, NOW - 2 * AFD_HOUR, NOW + AFD_DAY, &before, (size_t)revoked, false, &der);
		p = cms.data;
		c = d2i_CMS_ContentInfo(NULL, &p, (long)cms.len);
		p = der.data;
		crl = d2i_X509_CRL(NULL, &p, (long)der.len);
		assert_int_equal(CMS_add1_crl(c, crl), 1);
		n = i2d_CMS_ContentInfo(c, &out);
		got = afd_cms_verify(afd_slice(out, (size_t)n), &content, 1, &t, false, &r, &err);
		OPENSSL_free(out);
		X509_CRL_free(crl);
		CMS_ContentInfo_free(c);
		if (got != -revoked || (revoked ? !strstr(err.text, "was revoked") : r.revocation != AFD_REVOCATION_GOOD))
			fail_msg("revoked %d: %s", revoked, got ? err.text : "accepted");
	}
}

static void revoked_signers(void **state)
{
	struct made foreign = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	const struct revoked before = { leaf.cert, NOW - AFD_HOUR, 1 }, after = { leaf.cert, NOW + AFD_DAY, 4 };
	const struct { int64_t from, to; const struct revoked *r; const struct made *by; } lists[] = {
		{ NOW - 2 * AFD_HOUR, NOW + AFD_DAY, NULL, &root },               /* 0: nobody, now */
		{ NOW - 9 * AFD_DAY, NOW - 2 * AFD_DAY, NULL, &root },            /* 1: nobody, long ago */
		{ NOW + AFD_HOUR, NOW + 9 * AFD_DAY, &before, &root },            /* 2: before it signed */
		{ NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, &after, &root },          /* 3: after it signed */
		{ NOW - 2 * AFD_HOUR, NOW + AFD_DAY, &before, &foreign },         /* 4: somebody else says so */
		{ NOW + 2 * AFD_DAY, NOW + 9 * AFD_DAY, NULL, &root },            /* 5: nobody, later */
		{ NOW + 40 * AFD_DAY, NOW + 50 * AFD_DAY, NULL, &root },          /* 6: nobody, when it had expired */
	};
	struct afd_buf der[AFD_COUNT(lists)] = { 0 };
	struct afd_slice crl[AFD_COUNT(lists)], good[2], junk = afd_slice_text("no list");
	const struct tsa honest = { .who = &stamper };
	const struct afd_validation v = { .crl = &crl[0], .n_crl = 1 };
	const struct { const char *what; struct scene s; int flags; const char *why; } rows[] = {
		{ "a fresh list without it", { .crl = &crl[0], .n_crl = 1 }, GOOD, NULL },
		{ "in the file's validation data", { .validation = &v }, GOOD, NULL },
		{ "a stale list without it", { .crl = &crl[1], .n_crl = 1 }, 0, NULL },
		{ "a list of later", { .crl = &crl[5], .n_crl = 1 }, GOOD, NULL },
		{ "a list of after it had expired", { .crl = &crl[6], .n_crl = 1 }, 0, NULL },
		{ "revoked before", { .crl = &crl[2], .n_crl = 1 }, 0, "no trusted time-stamp shows that the signature is older" },
		{ "revoked before, stamped later", { .tsa = honest, .crl = &crl[2], .n_crl = 1 }, 0,
		  "revoked on 2026-09-21 13:13:20 UTC (key compromise), before the signature's time-stamp" },
		{ "revoked later", { .crl = &crl[3], .n_crl = 1 }, 0, "no trusted time-stamp shows" },
		{ "revoked later, stamped before", { .tsa = honest, .crl = &crl[3], .n_crl = 1 }, STAMPED | LATER, NULL },
		{ "revoked later, stamped by nobody known", { .tsa = honest, .no_stamp_root = true, .crl = &crl[3], .n_crl = 1 },
		  0, "no trusted time-stamp shows" },
		{ "a stranger says revoked", { .crl = &crl[4], .n_crl = 1 }, 0, NULL },
		{ "one list good, one revoked", { .crl = good, .n_crl = 2 }, 0, "was revoked" },
		{ "no list", { .crl = &junk, .n_crl = 1 }, 0, "is none" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(lists); i++) {
		make_crl(lists[i].by, lists[i].from, lists[i].to, lists[i].r, lists[i].r ? 1 : 0, i % 2, &der[i]);
		crl[i] = afd_buf_slice(&der[i]);
	}
	good[0] = crl[0];
	good[1] = crl[2];
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect_scene(rows[i].what, &rows[i].s, rows[i].flags, rows[i].why);
	for (size_t i = 0; i < AFD_COUNT(lists); i++)
		afd_buf_release(&der[i]);
	made_free(&foreign);
}

static void ocsp_answers(void **state)
{
	struct made responder = make_cert(&(struct wanted_cert){ .cn = "Responder", .eku = "OCSPSigning" }, &root);
	struct made nobody = make_cert(&(struct wanted_cert){ .cn = "Nobody" }, &root);
	struct made foreign = make_cert(&(struct wanted_cert){ .cn = "Root", .ca = true }, NULL);
	const struct { const struct made *by; int64_t from, revoked; } answers[] = {
		{ &root, NOW - AFD_HOUR, 0 },             { &responder, NOW - AFD_HOUR, 0 },
		{ &nobody, NOW - AFD_HOUR, 0 },           { &foreign, NOW - AFD_HOUR, NOW - 2 * AFD_HOUR },
		{ &root, NOW + AFD_DAY, NOW - AFD_HOUR }, { &responder, NOW + 2 * AFD_DAY, NOW + AFD_DAY },
	};
	struct afd_buf der[AFD_COUNT(answers)] = { 0 };
	struct afd_slice ocsp[AFD_COUNT(answers)], junk = afd_slice_text("no answer");
	struct afd_validation v[AFD_COUNT(answers) + 1];
	const struct tsa honest = { .who = &stamper };
	const struct { const char *what; struct scene s; int flags; const char *why; } rows[] = {
		{ "good, by the issuer", { .validation = &v[0] }, GOOD, NULL },
		{ "good, by its responder", { .validation = &v[1] }, GOOD, NULL },
		{ "good, by somebody else under the root", { .validation = &v[2] }, 0, NULL },
		{ "revoked, by a stranger", { .validation = &v[3] }, 0, NULL },
		{ "revoked before", { .tsa = honest, .validation = &v[4] }, 0, "before the signature's time-stamp" },
		{ "revoked later, stamped before", { .tsa = honest, .validation = &v[5] }, STAMPED | LATER, NULL },
		{ "no answer", { .validation = &v[6] }, 0, "no OCSP answer" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(answers); i++) {
		make_ocsp(answers[i].by, leaf.cert, root.cert, answers[i].from, answers[i].from + 4 * AFD_DAY, answers[i].revoked,
		          &der[i]);
		ocsp[i] = afd_buf_slice(&der[i]);
		v[i] = (struct afd_validation){ .ocsp = &ocsp[i], .n_ocsp = 1 };
	}
	v[AFD_COUNT(answers)] = (struct afd_validation){ .ocsp = &junk, .n_ocsp = 1 };
	for (size_t i = 0; i < AFD_COUNT(rows); i++)
		expect_scene(rows[i].what, &rows[i].s, rows[i].flags, rows[i].why);
	for (size_t i = 0; i < AFD_COUNT(answers); i++)
		afd_buf_release(&der[i]);
	made_free(&responder);
	made_free(&nobody);
	made_free(&foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(bytes_that_are_no_answer),
		cmocka_unit_test(no_signed_byte_of_a_token_can_change),
		cmocka_unit_test(a_policy_that_is_none),
		cmocka_unit_test(what_a_token_says),
		cmocka_unit_test(tokens),
		cmocka_unit_test(the_time_of_a_signer),
		cmocka_unit_test(revoked_signers),
		cmocka_unit_test(a_list_inside_the_signature),
		cmocka_unit_test(ocsp_answers),
	};

	return cmocka_run_group_tests_name("sign: time", tests, make_all, free_all);
}
