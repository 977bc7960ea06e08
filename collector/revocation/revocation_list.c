/* Revocation of the certificates that we know: lists, and OCSP where an issuer publishes no list, from the addresses that stand
 * in the certificates. An issuer's own certificate is fetched as well, for an answer that its key did not sign says nothing. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/acme/certificate.h"
#include "collector/revocable.h"
#include "collector/revocation/revocation_item.h"
#include "collector/table.h"

#define EVIDENCE "revocation"
#define SCOPE    "certificates"
enum { MOST_LIST = 16 * 1024 * 1024, MOST_ANSWER = 64 * 1024 };

struct revocation_config { bool ocsp; int64_t pace, stands; };
static const struct revocation_config defaults = { .ocsp = true, .pace = 200, .stands = 7 * AFD_DAY };
static const struct afd_field fields[] = {
	{ "ocsp", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct revocation_config, ocsp), "ask by OCSP where a certificate names no list; default true" },
	{ "pace", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct revocation_config, pace), "between two requests; default 200ms" },
	{ "stands", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct revocation_config, stands), "for how long back one look speaks at most; default 7d" },
	{ 0 }
};

/* What is asked at one address: rows FROM to TO of the list. */
struct question { size_t from, to; bool ocsp; const char *issuer_url; };
struct state {
	struct revocation_config c;
	const struct afd_source_config *sc;
	const struct afd_revocable_list *known;
	struct question *at; size_t n, next;
	bool has_issuer;                          /* of the question at hand */
	struct afd_buf issuer, request, asked;
	int64_t last_ms;
	unsigned failed;
	char why[300];                            /* the first thing that went wrong */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct revocation_config *c = config;

	if (c->stands < AFD_HOUR)
		return afd_fail(err, AFD_E_CONFIG, "stands: expected an hour or more");
	return afd_buf_text(ret, SCOPE) < 0 ? afd_fail_memory(err) : 0;
}

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_buf_release(&s->issuer);
	afd_buf_release(&s->request);
	afd_buf_release(&s->asked);
	free(s->at);
	free(s);
}

static const struct afd_revocable *row(const struct state *s, size_t i)
{
	return &s->known->at[i];
}

/* Certificates of one issuer have the same address for its certificate, as a rule: the first is taken. */
static const char *issuer_url(const struct state *s, const char *key)
{
	for (size_t i = 0; i < s->known->n; i++)
		if (strcmp(row(s, i)->kind, "issuer") == 0 && strcmp(row(s, i)->issuer_key_hash, key) == 0)
			return row(s, i)->url;
	return NULL;
}

static bool has_list(const struct state *s, const struct afd_revocable *of)
{
	for (size_t i = 0; i < s->known->n; i++)
		if (strcmp(row(s, i)->kind, "crl") == 0 && strcmp(row(s, i)->issuer_key_hash, of->issuer_key_hash) == 0 &&
		    strcmp(row(s, i)->serial, of->serial) == 0)
			return true;
	return false;
}

static void note(struct state *s, const char *text)
{
	if (s->failed++ == 0)
		snprintf(s->why, sizeof(s->why), "%.290s", text);
}

/* One question for each list, one for each certificate that has OCSP alone. */
static int plan(struct state *s, struct afd_error *err)
{
	s->at = calloc(s->known->n + 1, sizeof(*s->at));
	if (!s->at)
		return afd_fail_memory(err);
	for (size_t i = 0, to; i < s->known->n; i = to) {
		const struct afd_revocable *p = row(s, i);
		bool list = strcmp(p->kind, "crl") == 0, ocsp = strcmp(p->kind, "ocsp") == 0;

		for (to = i + 1; list && to < s->known->n && strcmp(row(s, to)->url, p->url) == 0 && strcmp(row(s, to)->kind, p->kind) == 0 &&
		     strcmp(row(s, to)->issuer_key_hash, p->issuer_key_hash) == 0 && to - i < AFD_REVOCATION_MOST;)
			to++;
		if (!(list || (ocsp && s->c.ocsp && !has_list(s, p))) ||
		    (strncmp(p->url, "http://", 7) != 0 && strncmp(p->url, "https://", 8) != 0))
			continue;
		s->at[s->n] = (struct question){ i, to, ocsp, issuer_url(s, p->issuer_key_hash) };
		if (s->at[s->n].issuer_url)
			s->n++;
		else
			note(s, "a certificate does not say where its issuer's is, so that no answer can be verified");
	}
	return 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	static const struct afd_revocable_list none;
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = *(const struct revocation_config *)config;
	s->sc = sc;
	s->known = sc->revocable ? sc->revocable : &none;
	s->last_ms = AFD_TIME_NONE;
	if (cursor && afd_when_parse(cursor, &s->last_ms, NULL) < 0)
		s->last_ms = AFD_TIME_NONE;
	if (plan(s, err) < 0) {
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static const struct question *now_asked(const struct state *s)
{
	return s->next < s->n ? &s->at[s->next] : NULL;
}

/* The same issuer again: its certificate is at hand. */
static void go_on(struct state *s)
{
	const char *key = row(s, s->at[s->next].from)->issuer_key_hash;

	s->next++;
	if (!now_asked(s) || strcmp(row(s, now_asked(s)->from)->issuer_key_hash, key) != 0) {
		s->has_issuer = false;
		s->issuer.len = 0;
	}
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;
	const struct question *a = now_asked(s);

	if (!a)
		return 0;
	s->asked.len = 0;
	if (afd_buf_printf(&s->asked, "%s %s", !s->has_issuer ? "issuer" : a->ocsp ? "OCSP" : "revocation list",
			   s->has_issuer ? row(s, a->from)->url : a->issuer_url) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_HTTP, .asked = (const char *)s->asked.data, .pace_ms = s->c.pace,
				   .url = s->has_issuer ? row(s, a->from)->url : a->issuer_url,
				   .max_body = s->has_issuer && !a->ocsp ? MOST_LIST : MOST_ANSWER };
	if (s->has_issuer && a->ocsp) {
		s->request.len = 0;
		if (afd_revocation_ocsp_request(afd_buf_slice(&s->issuer), row(s, a->from)->serial, &s->request, err) < 0)
			return -1;
		q->post = afd_buf_slice(&s->request);
		q->post_type = "application/ocsp-request";
	}
	return 1;
}

/* DER, or PEM as some authorities publish it. */
static int take_issuer(struct state *s, struct afd_slice body, struct afd_error *err)
{
	struct afd_slice text = body, block, label;
	const char *key = row(s, now_asked(s)->from)->issuer_key_hash;

	s->issuer.len = 0;
	if (body.len && body.data[0] != 0x30) {
		if (afd_pem_next(&text, &block, &label) && afd_pem_is(label, "CERTIFICATE") && afd_pem_bytes(block, &s->issuer) < 0)
			s->issuer.len = 0;
	} else if (afd_buf_add_slice(&s->issuer, body) < 0) {
		return afd_fail_memory(err);
	}
	s->has_issuer = afd_revocation_issuer_is(afd_buf_slice(&s->issuer), key);
	if (!s->has_issuer) {
		note(s, "what stands where the issuer's certificate should be has another key, or is no certificate");
		go_on(s);
	}
	return 0;
}

static int keep_answer(struct state *s, struct afd_slice body, struct afd_keeper *keep, struct afd_error *err)
{
	const struct question *a = now_asked(s);
	struct afd_revocation_item i = { .ocsp = a->ocsp, .issuer = afd_buf_slice(&s->issuer), .answer = body, .n = a->to - a->from };
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .media_type = AFD_REVOCATION_MEDIA_TYPE };
	AFD_AUTO(mem) const char **serial = calloc(i.n + 1, sizeof(*serial));
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_error why = { 0 };

	if (!serial)
		return afd_fail_memory(err);
	for (size_t k = 0; k < i.n; k++)
		serial[k] = row(s, a->from + k)->serial;
	i.serial = serial;
	snprintf(i.url, sizeof(i.url), "%s", row(s, a->from)->url);
	snprintf(i.issuer_key, sizeof(i.issuer_key), "%s", row(s, a->from)->issuer_key_hash);
	if (afd_revocation_item_write(&i, &bytes, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&bytes);
	if (afd_revocation_check(&i, &why) < 0)
		note(s, why.text);
	return keep->item(keep->ctx, &d, err);
}

static int state_cover(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	int64_t now = afd_now(s->sc->env), from = s->last_ms == AFD_TIME_NONE || s->last_ms > now ? now : s->last_ms;
	struct afd_row_coverage c = { .evidence = EVIDENCE, .scope = SCOPE, .grade = s->failed ? AFD_GAP : AFD_SAMPLED,
				      .reason = s->failed ? s->why : s->n ? "looked up" : "no certificate that is known says where",
				      .provider_count = -1, .stored_count = -1 };

	if (now - from > s->c.stands)
		from = now - s->c.stands;
	c.at = (struct afd_span){ from, now + 1 };
	if (keep->cover(keep->ctx, &c, err) < 0)
		return -1;
	/* what could not be asked today is asked again, and speaks from the last time at which all was told */
	return keep->checkpoint(keep->ctx, s->failed ? (s->last_ms == AFD_TIME_NONE ? "-" : afd_when_text(s->last_ms).s) : afd_when_text(now).s, err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;

	if (!r || r->status != 200) {
		char text[300];

		snprintf(text, sizeof(text), "%.200s: HTTP %d", (const char *)s->asked.data, r ? r->status : 0);
		note(s, r ? text : why->text);
		go_on(s);
	} else if (!s->has_issuer) {
		if (take_issuer(s, r->body, err) < 0)
			return -1;
	} else {
		if (keep_answer(s, r->body, keep, err) < 0)
			return -1;
		go_on(s);
	}
	if (keep->progress)
		keep->progress(keep->ctx, s->next, s->n, "addresses");
	return now_asked(s) ? 0 : state_cover(s, keep, err);
}

const struct afd_provider afd_provider_revocation = {
	.kind = "revocation",
	.leg = AFD_LEG_CT,
	.title = "Revocation of the certificates that logs showed",
	.help = "Reads the revocation list that each certificate still valid names (RFC 5280), and asks by OCSP (RFC 6960) where it names none. "
		"The addresses stand in the certificates that the logs showed in earlier runs; the issuer's certificate is fetched from the address "
		"that stands beside them, must have the key that the log names, and an answer that this key did not sign says nothing. It needs no "
		"credential. Authorities see which lists you read, and by OCSP which certificates: set ocsp to false if they must not. "
		"One look speaks for the time since the look before it, for `stands` at most: run it daily.",
	.basis = "tested on lists and answers made by OpenSSL",
	.evidence = EVIDENCE,
	.lag_ms = AFD_DAY,
	.revocable = true,
	.fields = fields,
	.config_size = sizeof(struct revocation_config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.decode = afd_revocation_decode,
};
