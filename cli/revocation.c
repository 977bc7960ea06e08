#include "cli/revocation.h"

#include "core/file.h"
#include "transport/transport.h"

#define MAX_ANSWER (16u * 1024 * 1024)
#define MAX_CERTS 24u                    /* that are asked about */

struct collecting {
	struct cli *c;
	struct revocation *r;
	struct afd_ders given, roots;        /* lists of the user; issuers that need not be kept */
	struct afd_transport *transport;     /* NULL: offline */
};

static void collecting_release(struct collecting *k)
{
	afd_ders_release(&k->given);
	afd_ders_release(&k->roots);
	k->transport = afd_transport_free(k->transport);
}

static int note(struct collecting *k, struct afd_slice cert, const char *what)
{
	AFD_AUTO(buf) struct afd_buf subject = { 0 };

	(void)afd_cert_describe(cert, &subject, NULL);
	return afd_buf_printf(&k->r->note, "%.200s: %.400s\n", subject.len ? (const char *)subject.data : "a certificate", what);
}

static void renew(struct revocation *r)
{
	r->validation = (struct afd_validation){
		.cert = r->certs.at, .n_cert = r->certs.n, .crl = r->crls.at, .n_crl = r->crls.n, .ocsp = r->ocsps.at, .n_ocsp = r->ocsps.n
	};
}

/* --- one answer --- */

/* Keeps ANSWER if it says something about CERT; *ret: whether it does. */
static int weigh(struct collecting *k, struct afd_slice answer, bool crl, struct afd_slice cert, struct afd_slice issuer, bool *ret,
                 struct afd_error *err)
{
	const struct afd_validation one = { .crl = &answer, .n_crl = crl, .ocsp = &answer, .n_ocsp = !crl };
	enum afd_worth worth = AFD_WORTH_NOTHING;
	struct afd_error why = { 0 };

	*ret = afd_validation_worth(&one, cert, issuer, afd_now(&k->c->env), &worth, &why) == 0 && worth != AFD_WORTH_NOTHING;
	k->r->revoked += *ret && worth == AFD_WORTH_REVOKED;
	return *ret ? afd_ders_add(crl ? &k->r->crls : &k->r->ocsps, answer, err) : 0;
}

static int fetch(struct collecting *k, const char *url, struct afd_slice post, struct afd_response *ret, struct afd_error *err)
{
	const struct afd_request q = { .protocol = AFD_HTTP, .asked = "revocation", .url = url, .post = post,
		.post_type = post.len ? "application/ocsp-request" : NULL, .max_body = MAX_ANSWER };

	if (afd_transport_do(k->transport, &q, ret, err) < 0)
		return -1;
	return ret->status == 200 ? 0 : afd_fail(err, AFD_E_REMOTE, "%s: HTTP %d", url, ret->status);
}

/* --- one certificate --- */

static int ask_ocsp(struct collecting *k, const struct afd_sources *s, struct afd_slice cert, struct afd_slice issuer, bool *got,
                    struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf request = { 0 };

	if (afd_ocsp_request(cert, issuer, &request, err) < 0)
		return -1;
	for (unsigned i = 0; i < AFD_MAX_SOURCES && s->ocsp[i] && !*got; i++) {
		struct afd_response answer = { 0 };
		struct afd_error why = { 0 };

		if (fetch(k, s->ocsp[i], afd_buf_slice(&request), &answer, &why) == 0 &&
		    weigh(k, answer.body, false, cert, issuer, got, err) < 0)
			return -1;
		if (!*got && note(k, cert, why.text[0] ? why.text : "the OCSP answer does not speak for it") < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static int ask_crl(struct collecting *k, const struct afd_sources *s, struct afd_slice cert, struct afd_slice issuer, bool *got,
                   struct afd_error *err)
{
	for (unsigned i = 0; i < AFD_MAX_SOURCES && s->crl[i] && !*got; i++) {
		__attribute__((cleanup(afd_ders_release))) struct afd_ders lists = { 0 };
		struct afd_response answer = { 0 };
		struct afd_error why = { 0 };

		if (fetch(k, s->crl[i], afd_slice(NULL, 0), &answer, &why) == 0 && afd_der_read(answer.body, true, &lists, &why) == 0)
			for (size_t j = 0; j < lists.n && !*got; j++)
				if (weigh(k, lists.at[j], true, cert, issuer, got, err) < 0)
					return -1;
		if (!*got && note(k, cert, why.text[0] ? why.text : "the revocation list does not speak for it") < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

/* The certificate above, from the address that CERT names, if nobody brought it. */
static int fetch_issuer(struct collecting *k, const struct afd_sources *s, struct afd_slice cert, struct afd_error *err)
{
	for (unsigned i = 0; k->transport && i < AFD_MAX_SOURCES && s->issuer[i]; i++) {
		__attribute__((cleanup(afd_ders_release))) struct afd_ders got = { 0 };
		struct afd_response answer = { 0 };
		struct afd_error why = { 0 };

		if (fetch(k, s->issuer[i], afd_slice(NULL, 0), &answer, &why) == 0 && afd_der_read(answer.body, false, &got, &why) == 0 &&
		    afd_cert_issuer(cert, &got))
			return afd_ders_add(&k->r->certs, got.at[0], err);
		if (note(k, cert, why.text[0] ? why.text : "what its address gives did not issue it") < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static const struct afd_slice *issuer_of(const struct collecting *k, struct afd_slice cert)
{
	const struct afd_slice *issuer = afd_cert_issuer(cert, &k->r->certs);

	return issuer ? issuer : afd_cert_issuer(cert, &k->roots);
}

static int look_up(struct collecting *k, struct afd_slice cert, struct afd_error *err)
{
	__attribute__((cleanup(afd_sources_release))) struct afd_sources s = { 0 };
	const struct afd_slice *issuer;
	unsigned revoked = k->r->revoked;
	bool got = false;

	k->r->asked++;
	if (afd_cert_sources(cert, &s, err) < 0)
		return -1;
	issuer = issuer_of(k, cert);
	if (!issuer) {
		if (fetch_issuer(k, &s, cert, err) < 0)
			return -1;
		issuer = issuer_of(k, cert);
	}
	for (size_t i = 0; issuer && i < k->given.n && !got; i++)
		if (weigh(k, k->given.at[i], true, cert, *issuer, &got, err) < 0)
			return -1;
	if (issuer && k->transport && !got && ask_ocsp(k, &s, cert, *issuer, &got, err) < 0)
		return -1;
	if (issuer && k->transport && !got && ask_crl(k, &s, cert, *issuer, &got, err) < 0)
		return -1;
	if (got)
		return k->r->revoked > revoked && note(k, cert, "revoked") < 0 ? afd_fail_memory(err) : 0;
	k->r->missing++;
	return note(k, cert, !issuer ? "its issuer's certificate is not known: put it into the key file, or name it as root" : "nothing says whether it was revoked") < 0
		? afd_fail_memory(err) : 0;
}

/* --- all --- */

static int read_given(struct collecting *k, const struct revocation_options *o, struct afd_error *err)
{
	for (unsigned i = 0; i < o->crl.n; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };

		if (afd_file_read(o->crl.at[i], MAX_ANSWER, &bytes, err) < 0)
			return -1;
		if (afd_der_read(afd_buf_slice(&bytes), true, &k->given, err) < 0)
			return afd_within(err, "%s", o->crl.at[i]);
	}
	return 0;
}

int revocation_collect(struct cli *c, const struct revocation_options *o, const char *contact, struct afd_slice pdf,
                       const struct revocation_roots *roots, size_t n_roots, struct revocation *ret, struct afd_error *err)
{
	__attribute__((cleanup(collecting_release))) struct collecting k = { .c = c, .r = ret };

	for (size_t i = 0; i < n_roots; i++)
		for (size_t j = 0; j < roots[i].n; j++)
			if (afd_der_read(roots[i].pem[j], false, &k.roots, err) < 0)
				return afd_within(err, "root certificate");
	if (read_given(&k, o, err) < 0 || afd_pades_certificates(pdf, &ret->certs, err) < 0)
		return -1;
	if (!o->offline && !(k.transport = afd_transport_new(&c->env, contact, err)))
		return -1;
	for (size_t i = 0; i < ret->certs.n && i < MAX_CERTS; i++)
		if (!afd_cert_is_root(ret->certs.at[i]) && look_up(&k, ret->certs.at[i], err) < 0)
			return afd_within(err, "validation data");
	renew(ret);
	return 0;
}

void revocation_release(struct revocation *r)
{
	afd_ders_release(&r->certs);
	afd_ders_release(&r->crls);
	afd_ders_release(&r->ocsps);
	afd_buf_release(&r->note);
}

const struct afd_validation *revocation_validation(const struct revocation *r)
{
	return r->crls.n || r->ocsps.n ? &r->validation : NULL;
}

void revocation_say(const struct cli *c, const struct revocation *r)
{
	const char *p = (const char *)r->note.data;

	while (r->note.len && p && *p) {
		size_t n = strcspn(p, "\n");
		AFD_AUTO(mem) char *line = afd_text_dup(afd_slice(p, n));

		if (line)
			cli_say(c, "  %s\n", cli_safe(line, 0));
		p += n + (p[n] == '\n');
	}
}
