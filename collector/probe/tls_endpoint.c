/* Handshakes with the services of the inventory: which certificate stands there now, and where it leads. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/probe/tls_item.h"
#include "collector/table.h"
#include "core/name.h"

enum { MOST = 10000, NAME_LEN = 256 };

struct tls_config {
	struct afd_texts endpoints;
	const char *ca_file;
	int64_t pace, timeout, stands;
	bool services;
};
static const struct tls_config defaults = {
	.ca_file = "/etc/ssl/certs/ca-certificates.crt", .pace = 100, .timeout = 10 * AFD_SECOND, .stands = 2 * AFD_DAY, .services = true,
};
static const struct afd_field fields[] = {
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tls_config, ca_file), "roots, PEM; default /etc/ssl/certs/ca-certificates.crt" },
	{ "endpoints", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct tls_config, endpoints), "HOST, HOST:PORT or [ADDRESS]:PORT besides those of the inventory" },
	{ "pace", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct tls_config, pace), "between two handshakes; default 100ms" },
	{ "services", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct tls_config, services), "the inventory's services, port 443; default true" },
	{ "stands", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct tls_config, stands), "for how long back one look speaks at most; default 2d" },
	{ "timeout", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct tls_config, timeout), "for one handshake; default 10s" },
	{ 0 }
};

struct point { char host[NAME_LEN]; uint16_t port; };
struct state {
	struct tls_config c;
	const struct afd_source_config *sc;
	struct point *at; size_t n, next;
	struct afd_roots *roots;
	char root_name[300];
	struct afd_buf asked;
	json_t *marks;
};

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT" */
static int parse_point(const char *text, struct point *ret, struct afd_error *err)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL, *colon = strchr(close ? close : text, ':');
	size_t n = close ? (size_t)(close - text) - 1 : colon ? (size_t)(colon - text) : strlen(text);
	unsigned port = 0;

	if ((*text == '[' && !close) || n == 0 || n >= NAME_LEN || (close && close[1] && close[1] != ':'))
		return afd_fail(err, AFD_E_CONFIG, "%.100s: expected HOST or HOST:PORT", text);
	if (close) {
		memcpy(ret->host, text + 1, n);
		ret->host[n] = 0;
	} else {
		char name[AFD_NAME_MAX];

		if (afd_name_canonical(afd_slice(text, n), name, err) < 0)
			return -1;
		snprintf(ret->host, sizeof(ret->host), "%.255s", name);
	}
	for (const char *c = colon ? colon + 1 : "443"; *c; c++)
		if (*c < '0' || *c > '9' || (port = port * 10 + (unsigned)(*c - '0')) > 65535)
			return afd_fail(err, AFD_E_CONFIG, "%.100s: expected a port of 1 to 65535", text);
	if (port == 0)
		return afd_fail(err, AFD_E_CONFIG, "%.100s: expected a port of 1 to 65535", text);
	ret->port = (uint16_t)port;
	return 0;
}

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct tls_config *c = config;
	struct point p;

	if (c->timeout < 100 || c->timeout > 60 * AFD_SECOND)
		return afd_fail(err, AFD_E_CONFIG, "timeout: expected 100ms to 60s");
	if (c->endpoints.n > MOST)
		return afd_fail(err, AFD_E_CONFIG, "endpoints: more than %d", MOST);
	for (size_t i = 0; i < c->endpoints.n; i++) {
		if (parse_point(c->endpoints.at[i], &p, err) < 0)
			return afd_within(err, "endpoints");
		if (afd_buf_printf(ret, "%s%s:%u", i ? " " : "", p.host, (unsigned)p.port) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_roots_free(s->roots);
	afd_buf_release(&s->asked);
	json_decref(s->marks);
	free(s->at);
	free(s);
}

static void add_point(struct state *s, const struct point *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].port == p->port && strcmp(s->at[i].host, p->host) == 0)
			return;
	s->at[s->n++] = *p;
}

/* "*.example.test" is no name that can be asked for. */
static int add_points(struct state *s, struct afd_error *err)
{
	const struct afd_watch *w = s->sc->watch;
	size_t services = w && s->c.services ? w->n_host : 0;
	struct point p;

	if (services > MOST)
		return afd_fail(err, AFD_E_CONFIG, "more than %d services: set services to false and name them in `endpoints`", MOST);
	s->at = calloc(s->c.endpoints.n + services + 1, sizeof(*s->at));
	if (!s->at)
		return afd_fail_memory(err);
	for (size_t i = 0; i < s->c.endpoints.n; i++) {
		if (parse_point(s->c.endpoints.at[i], &p, err) < 0)
			return -1;
		add_point(s, &p);
	}
	for (size_t i = 0; i < services; i++)
		if (strncmp(w->host[i], "*.", 2) != 0 && parse_point(w->host[i], &p, NULL) == 0)
			add_point(s, &p);
	return 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));
	json_error_t je;

	if (!s)
		return afd_fail_memory(err);
	s->c = *(const struct tls_config *)config;
	s->sc = sc;
	s->marks = cursor ? json_loads(cursor, 0, &je) : json_object();
	if (!json_is_object(s->marks))
		afd_fail(err, AFD_E_STORE, "cursor: cannot be read");
	if (!json_is_object(s->marks) || add_points(s, err) < 0) {
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;
	bool relative = s->c.ca_file[0] != '/' && s->sc->base_dir;
	const struct point *p = &s->at[s->next];

	if (s->next >= s->n)
		return 0;
	s->asked.len = 0;
	if (!s->roots) {
		if (afd_buf_printf(&s->asked, "%s%s%s", relative ? s->sc->base_dir : "", relative ? "/" : "", s->c.ca_file) < 0)
			return afd_fail_memory(err);
		*q = (struct afd_request){ .protocol = AFD_FILE, .asked = "ca_file", .path = (const char *)s->asked.data, .max = AFD_MAX_USER_FILE };
		return 1;
	}
	if (afd_buf_printf(&s->asked, "TLS handshake with %s:%u", p->host, (unsigned)p->port) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_TLS, .asked = (const char *)s->asked.data, .server = p->host, .port = p->port, .sni = p->host,
				   .wait_ms = s->c.timeout, .pace_ms = s->c.pace, .once = true };
	return 1;
}

static int take_roots(struct state *s, const struct afd_response *r, const struct afd_error *why, struct afd_error *err)
{
	struct afd_digest d;

	if (!r)
		return *err = *why, afd_within(err, "ca_file");
	if (afd_roots_parse(r->body, &s->roots, err) < 0)
		return afd_within(err, "ca_file: %s", s->c.ca_file);
	afd_sha256(r->body, &d);
	snprintf(s->root_name, sizeof(s->root_name), "%s %.200s", afd_digest_hex(&d).s, s->c.ca_file);
	return 0;
}

static void plain(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
}

/* "tls1.3 192.0.2.1:443" */
static void take_channel(const char *channel, struct afd_tls_item *i)
{
	const char *blank = strchr(channel, ' '), *colon = blank ? strrchr(blank, ':') : NULL;
	size_t n = colon ? (size_t)(colon - blank) - 1 : 0;
	const char *from = blank ? blank + 1 : "";

	snprintf(i->protocol, sizeof(i->protocol), "TLSv%.3s", strncmp(channel, "tls", 3) == 0 ? channel + 3 : "?");
	if (n > 2 && *from == '[') {
		from++;
		n -= 2;
	}
	if (n < sizeof(i->address)) {
		memcpy(i->address, from, n);
		i->address[n] = 0;
	}
}

static void take_failure(const struct state *s, const struct afd_error *why, struct afd_tls_item *i)
{
	const char *text = why->text;

	if (strncmp(text, (const char *)s->asked.data, s->asked.len) == 0 && text[s->asked.len] == ':')
		text += s->asked.len + 2;
	snprintf(i->outcome, sizeof(i->outcome), "%s", strncmp(text, "timeout", 7) == 0 ? "timeout" : strncmp(text, "handshake", 9) == 0 ? "handshake-failed" : "refused");
	snprintf(i->reason, sizeof(i->reason), "%.290s", text);
	plain(i->reason);
}

static int state_cover(struct state *s, const struct point *p, const struct afd_tls_item *i, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *scope = afd_sprintf("%s:%u", p->host, (unsigned)p->port), *text = NULL;
	const json_t *mark = scope ? json_object_get(s->marks, scope) : NULL;
	int64_t last = json_is_integer(mark) ? (int64_t)json_integer_value(mark) : i->at_ms;
	struct afd_row_coverage c = { .scope = scope, .grade = AFD_SAMPLED, .reason = i->outcome, .provider_count = -1, .stored_count = -1 };

	if (last > i->at_ms || i->at_ms - last > s->c.stands)
		last = i->at_ms;
	c.at = (struct afd_span){ last, i->at_ms + 1 };
	if (!scope || json_object_set_new(s->marks, scope, json_integer((json_int_t)i->at_ms)) < 0)
		return afd_fail_memory(err);
	if (keep->cover(keep->ctx, &c, err) < 0)
		return -1;
	text = json_dumps(s->marks, JSON_SORT_KEYS | JSON_COMPACT);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;
	const struct point *p = &s->at[s->next];
	AFD_AUTO(buf) struct afd_buf root = { 0 };
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	struct afd_tls_item i = { .outcome = "presented", .port = p->port, .at_ms = r && r->received_ms ? r->received_ms : afd_now(s->sc->env) };
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .media_type = AFD_TLS_MEDIA_TYPE };
	struct afd_slice chain[AFD_TLS_CHAIN];
	int n = 0;

	if (!s->roots)
		return take_roots(s, r, why, err);
	snprintf(i.host, sizeof(i.host), "%s", p->host);
	if (r && (n = afd_tls_chain_split(r->body, chain, NULL)) < 0)
		r = NULL;
	if (r) {
		i.chain = r->body;
		take_channel(r->channel, &i);
		snprintf(i.roots, sizeof(i.roots), "%s", s->root_name);
		if (afd_roots_find(s->roots, chain, (size_t)n, &root, err) < 0)
			return -1;
		i.root = afd_buf_slice(&root);
	} else if (n < 0) {
		snprintf(i.outcome, sizeof(i.outcome), "handshake-failed");
		snprintf(i.reason, sizeof(i.reason), "certificates that cannot be read, or too many");
	} else {
		take_failure(s, why, &i);
	}
	if (afd_tls_item_write(&i, &bytes, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&bytes);
	if (keep->item(keep->ctx, &d, err) < 0 || state_cover(s, p, &i, keep, err) < 0)
		return -1;
	s->next++;
	if (keep->progress)
		keep->progress(keep->ctx, s->next, s->n, "end points");
	return 0;
}

const struct afd_provider afd_provider_tls_endpoint = {
	.kind = "tls-endpoint",
	.leg = AFD_LEG_ZONE,
	.title = "Certificates that services present",
	.help = "Makes a TLS handshake (1.2 or newer, with server name) with every service of the inventory and with each of `endpoints`, and "
	        "keeps the certificates that are presented, trusted or not, as they came over the wire. The one root of `ca_file` that they "
	        "lead to is kept with them, so that anybody can judge the chain from the record. Nothing is sent after the handshake. It needs "
	        "no credential; run it from where your users are. One look speaks for the time since the look before it, for `stands` at "
	        "most: run it daily.",
	.basis = "tested on a real server (OpenSSL s_server)",
	.evidence = "tls-live",
	.lag_ms = AFD_DAY,
	.fields = fields,
	.config_size = sizeof(struct tls_config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.decode = afd_tls_decode,
};
