/* EPP sessions: greeting, login, then domains by info (`epp`), or the registrar's queue (`epp-poll`), logout. One frame at
 * a time, each kept before the next is sent. A message is only taken out of the queue (ack) when the configuration says
 * that the queue is ours, and after its frame is in the store: what is lost there is lost for ever. */
#include "collector/registrar/epp.h"
#include "collector/path.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "core/digest.h"

#define MAX_MESSAGES 100000u

struct tls_config { const char *name, *ca, *cert, *key; };
static const struct afd_field tls_fields[] = {
	{ "name", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tls_config, name), "name in the server's certificate, if it is not that of server" },
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tls_config, ca), "roots for the server, instead of the system's" },
	{ "cert", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tls_config, cert), "our certificate, PEM with its chain" },
	{ "key", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tls_config, key), "its key, PEM, readable by nobody else; default: in cert" },
	{ 0 }
};

struct config {
	const char *server, *client_id, *password, *poll;
	int64_t port, since;
	bool own_queue;
	struct afd_texts domains;
	const struct afd_node *tls;
};
static const struct config defaults = { .port = 700, .poll = "req" };
#define SESSION_FIELDS \
	{ "server", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, server), "name or address of the registry's server" }, \
	{ "port", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct config, port), "TCP port, 700" }, \
	{ "client_id", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct config, client_id), "clID: best one of its own, for audit alone" }, \
	{ "password", AFD_FIELD_SECRET, AFD_REQUIRED, offsetof(struct config, password), "reference to its password" }, \
	{ "tls", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct config, tls), "certificates of both sides", tls_fields }
static const struct afd_field info_fields[] = {
	SESSION_FIELDS,
	{ "domains", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct config, domains), "domains to ask for" },
	{ 0 }
};
static const struct afd_field poll_fields[] = {
	SESSION_FIELDS,
	{ "poll", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, poll), "req (default): look at the head of the queue; ack: take what was stored out of it" },
	{ "own_queue", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct config, own_queue), "true: nobody else reads this queue; needed for ack" },
	{ 0 }
};

enum phase { GREETING, LOGIN, INFO, POLL, ACK, LOGOUT, DONE };

struct state {
	const struct config *c;
	const struct afd_env *env;
	bool queue;                              /* epp-poll */
	struct tls_config tls;
	char *paths[3];                          /* of the files of tls */
	struct afd_dns_tls wire;
	struct afd_buf password, frame;
	enum phase phase;
	unsigned services, sequence, messages;
	char run[17], trid[40], ack[64], asked[1200];
	size_t at;                               /* domain */
	int64_t seen_ms;                         /* last run that read the queue to its end; NONE: never */
	int64_t *domain_ms;                      /* last answer for each domain */
	int64_t told;                            /* messages that the queue held at the begin, -1 not told */
};

/* --- configuration --- */

static int session_check(const struct config *c, struct afd_error *err)
{
	if (c->port < 1 || c->port > 65535)
		return afd_fail(err, AFD_E_CONFIG, "port: expected 1 to 65535, got %" PRId64, c->port);
	if (strchr(c->client_id, ' ') || strlen(c->client_id) > 200)
		return afd_fail(err, AFD_E_CONFIG, "client_id: expected one word (RFC 5730: clID)");
	return 0;
}

static int info_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (session_check(c, err) < 0)
		return -1;
	if (!c->domains.n)
		return afd_fail(err, AFD_E_CONFIG, "domains: expected at least one");
	for (size_t i = 0; i < c->domains.n; i++)
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->domains.at[i]) < 0)
			return afd_fail_memory(err);
	return 0;
}

static int poll_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;
	const bool ack = !strcmp(c->poll, "ack");

	if (session_check(c, err) < 0)
		return -1;
	if (!ack && strcmp(c->poll, "req") != 0)
		return afd_fail(err, AFD_E_CONFIG, "poll: expected req or ack, got \"%.40s\"", c->poll);
	if (ack && !c->own_queue)
		return afd_fail(err, AFD_E_CONFIG, "poll: ack takes messages out of the registrar's only queue: say own_queue: true if nobody "
				"else reads it; otherwise let its reader keep the frames and use epp-frames");
	return afd_buf_text(ret, c->client_id) < 0 ? afd_fail_memory(err) : 0;
}

/* --- the cursor: {"domains":{"example.test":ms},"until":ms} --- */

static int cursor_read(struct state *s, const char *text, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	const struct afd_node *root, *n;

	if (!text)
		return 0;
	if (afd_json_parse(afd_slice_text(text), "cursor", &d, err) < 0)
		return -1;
	root = afd_doc_root(d);
	n = afd_node_get(root, "until");
	s->seen_ms = n && n->type == AFD_INT ? n->u.i : AFD_TIME_NONE;
	for (size_t i = 0; i < s->c->domains.n; i++) {
		n = afd_node_get(afd_node_get(root, "domains"), s->c->domains.at[i]);
		s->domain_ms[i] = n && n->type == AFD_INT ? n->u.i : AFD_TIME_NONE;
	}
	return 0;
}

static int checkpoint(const struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = NULL;
	json_t *j = json_object(), *domains = json_object();

	for (size_t i = 0; i < s->c->domains.n; i++)
		if (s->domain_ms[i] != AFD_TIME_NONE)
			json_object_set_new(domains, s->c->domains.at[i], json_integer(s->domain_ms[i]));
	json_object_set_new(j, "domains", domains);
	if (s->seen_ms != AFD_TIME_NONE)
		json_object_set_new(j, "until", json_integer(s->seen_ms));
	text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(j);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* --- begin and end --- */

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_buf_wipe(&s->password);
	afd_buf_wipe(&s->frame);
	for (size_t i = 0; i < AFD_COUNT(s->paths); i++)
		free(s->paths[i]);
	free(s->domain_ms);
	free(s);
}

static int read_tls(struct state *s, const struct afd_source_config *sc, struct afd_error *err)
{
	const char *file[3];

	if (s->c->tls && afd_fields_read(sc->doc, s->c->tls, tls_fields, &s->tls, err) < 0)
		return -1;
	file[0] = s->tls.ca;
	file[1] = s->tls.cert;
	file[2] = s->tls.key;
	for (size_t i = 0; i < AFD_COUNT(file); i++) {
		if (!file[i])
			continue;
		s->paths[i] = afd_path_of(sc, file[i]);
		if (!s->paths[i])
			return afd_fail_memory(err);
	}
	s->wire = (struct afd_dns_tls){ .name = s->tls.name, .ca_file = s->paths[0], .cert = s->paths[1], .key = s->paths[2] };
	return 0;
}

/* Transaction ids are ours to find again at the registry: one random part for the run, and a number. */
static int draw_run(struct state *s, struct afd_error *err)
{
	uint64_t random;

	if (afd_random(s->env, &random, sizeof(random)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes for transaction ids");
	snprintf(s->run, sizeof(s->run), "%016" PRIx64, random);
	return 0;
}

static int begin_state(struct state *s, const struct afd_source_config *sc, const char *cursor, struct afd_error *err)
{
	s->domain_ms = calloc(s->c->domains.n + 1, sizeof(*s->domain_ms));
	if (!s->domain_ms)
		return afd_fail_memory(err);
	for (size_t i = 0; i < s->c->domains.n; i++)
		s->domain_ms[i] = AFD_TIME_NONE;
	if (cursor_read(s, cursor, err) < 0 || read_tls(s, sc, err) < 0 || draw_run(s, err) < 0)
		return -1;
	return sc->secret(sc->secret_ctx, s->c->password, &s->password, err) < 0 ? afd_within(err, "password") : 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, bool queue, void **ret, struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = config;
	s->env = sc->env;
	s->queue = queue;
	s->seen_ms = AFD_TIME_NONE;
	s->told = -1;
	if (begin_state(s, sc, cursor, err) < 0) {
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

static int begin_info(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return begin(sc, config, cursor, false, ret, err);
}

static int begin_poll(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return begin(sc, config, cursor, true, ret, err);
}

/* --- asking --- */

static int put_frame(struct state *s, struct afd_error *err)
{
	const struct afd_epp_login login = { s->c->client_id, afd_buf_slice(&s->password), s->services, "affidavit " AFD_VERSION };
	int r = 0;

	s->frame.len = 0;
	snprintf(s->trid, sizeof(s->trid), "AFD-%s-%u", s->run, ++s->sequence);
	switch (s->phase) {
	case GREETING:
	case DONE:
		break;
	case LOGIN:
		r = afd_epp_put_login(&s->frame, &login, s->trid);
		break;
	case INFO:
		r = afd_epp_put_info(&s->frame, s->c->domains.at[s->at], s->trid);
		break;
	case POLL:
		r = afd_epp_put_poll(&s->frame, NULL, s->trid);
		break;
	case ACK:
		r = afd_epp_put_poll(&s->frame, s->ack, s->trid);
		break;
	case LOGOUT:
		r = afd_epp_put_logout(&s->frame, s->trid);
		break;
	}
	return r < 0 ? afd_fail_memory(err) : 0;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	static const char *const word[] = { "greeting", "login", "info", "poll", "ack", "logout" };
	struct state *s = state;

	if (s->phase == DONE)
		return 0;
	if (put_frame(s, err) < 0)
		return -1;
	snprintf(s->asked, sizeof(s->asked), "epp %s %s %s%s", s->c->client_id, word[s->phase],
		s->phase == INFO ? s->c->domains.at[s->at] : s->phase == ACK ? s->ack : "-", s->services & AFD_EPP_SECDNS ? " secDNS" : "");
	*q = (struct afd_request){ .protocol = AFD_EPP, .server = s->c->server, .port = (uint16_t)s->c->port, .tls = &s->wire,
		.query = afd_buf_slice(&s->frame), .asked = s->asked, .once = true, .hang_up = s->phase == LOGOUT };
	return 1;
}

/* --- taking --- */

static int cover(struct state *s, struct afd_keeper *keep, const char *scope, int64_t from, int64_t to, enum afd_grade grade, const char *reason,
	struct afd_error *err)
{
	const struct afd_row_coverage c = {
		.evidence = s->queue ? AFD_EPP_EVENTS : AFD_EPP_STATE, .scope = scope, .grade = grade, .reason = reason,
		.provider_count = s->queue && grade == AFD_PROVEN ? s->told : -1, .stored_count = s->queue && grade == AFD_PROVEN ? (int64_t)s->messages : -1,
		.at = from == AFD_TIME_NONE || from >= to ? afd_instant(to) : (struct afd_span){ from, to },
	};

	return keep->cover(keep->ctx, &c, err);
}

/* The session ends: what was not asked for is a gap with the reason. */
static int give_up(struct state *s, struct afd_keeper *keep, const char *reason, struct afd_error *err)
{
	const int64_t now = afd_now(s->env);

	s->phase = DONE;
	if (s->queue)
		return cover(s, keep, s->c->client_id, s->seen_ms, now, AFD_GAP, reason, err);
	for (; s->at < s->c->domains.n; s->at++)
		if (cover(s, keep, s->c->domains.at[s->at], s->domain_ms[s->at], now, AFD_GAP, reason, err) < 0)
			return -1;
	return 0;
}

static int keep_frame(const struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .asked = s->asked, .bytes = r->body };

	return keep->item(keep->ctx, &d, err);
}

static const char *advice(int code)
{
	return code == 2200 ? ": client_id or password is not accepted" :
	       code == 2501 ? ": authentication failed, and the server closes" :
	       code == 2502 ? ": too many sessions are open with this client_id" :
	       code == 2201 ? ": this client may not do that" : code == 2303 ? ": the registry does not know the domain" : "";
}

static int take_greeting(struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_error bad = { 0 };

	if (keep_frame(s, r, keep, err) < 0)
		return -1;
	if (afd_epp_greeting(r->body, &s->services, &bad) < 0)
		return bad.code == AFD_E_MEMORY ? afd_fail_memory(err) : give_up(s, keep, bad.text, err);
	if (!(s->services & AFD_EPP_DOMAIN))
		return give_up(s, keep, "the server offers no domain objects (urn:ietf:params:xml:ns:domain-1.0)", err);
	if (!(s->services & AFD_EPP_LOGIN_SEC) && s->password.len > 16)
		return give_up(s, keep, "the password is longer than 16 characters, and the server does not offer loginSec (RFC 8807)", err);
	s->phase = LOGIN;
	return 0;
}

static int take_login(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	s->phase = s->queue ? POLL : INFO;
	return checkpoint(s, keep, err);
}

/* One domain that the registry does not show must not stop the others. */
static int take_info(struct state *s, const struct afd_epp_result *result, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	char reason[128];
	int done;

	snprintf(reason, sizeof(reason), "EPP result %d%s", result->code, advice(result->code));
	if (result->code == 1000)
		done = cover(s, keep, s->c->domains.at[s->at], s->domain_ms[s->at], r->received_ms, AFD_SAMPLED,
			"the state at two looks; what happened between is in the queue (epp-poll)", err);
	else
		done = cover(s, keep, s->c->domains.at[s->at], s->domain_ms[s->at], r->received_ms, AFD_GAP, reason, err);
	if (result->code == 1000)
		s->domain_ms[s->at] = r->received_ms;
	keep->progress(keep->ctx, ++s->at, s->c->domains.n, "domains");
	if (s->at == s->c->domains.n)
		s->phase = LOGOUT;
	return done < 0 ? -1 : checkpoint(s, keep, err);
}

/* The end of the queue, or its head where it is not ours. */
static int end_queue(struct state *s, const struct afd_response *r, int64_t waiting, struct afd_keeper *keep, struct afd_error *err)
{
	const int64_t from = s->seen_ms, now = r->received_ms;
	char reason[160];
	int done;

	if (waiting > 0) {
		snprintf(reason, sizeof(reason), "only the head of the queue is seen without taking it out: %" PRId64 " wait", waiting);
		done = cover(s, keep, s->c->client_id, from, now, AFD_GAP, reason, err);
	} else if (!s->c->own_queue) {
		done = cover(s, keep, s->c->client_id, from, now, AFD_SAMPLED, "nothing waits; others read this queue, and what they took is not seen", err);
	} else {
		done = cover(s, keep, s->c->client_id, from, now, AFD_PROVEN, "the queue is ours and was read to its end", err);
	}
	if (waiting <= 0)
		s->seen_ms = now;
	s->phase = LOGOUT;
	return done < 0 ? -1 : checkpoint(s, keep, err);
}

static int take_message(struct state *s, const struct afd_epp_result *result, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	const bool ack = !strcmp(s->c->poll, "ack");

	if (s->told < 0)
		s->told = result->queue;
	if (result->code == 1300)
		return end_queue(s, r, 0, keep, err);
	if (!result->id[0])
		return give_up(s, keep, "a message without an id cannot be told from others, nor taken out of the queue", err);
	if (ack && !strcmp(result->id, s->ack))
		return give_up(s, keep, "the message that was taken out of the queue is at its head again", err);
	s->messages++;
	keep->progress(keep->ctx, s->messages, s->told > 0 ? (uint64_t)s->told : 0, "messages");
	if (!ack)
		return end_queue(s, r, result->queue > 0 ? result->queue : 1, keep, err);
	if (s->messages > MAX_MESSAGES)
		return give_up(s, keep, "more messages than the ceiling of 100000 in one run", err);
	snprintf(s->ack, sizeof(s->ack), "%s", result->id);
	s->phase = ACK;
	return checkpoint(s, keep, err);     /* the frame is in the store before it leaves the queue */
}

/* Without a login there is nothing to collect, and somebody must do something: the source fails. */
static int refused(struct state *s, struct afd_keeper *keep, const char *reason, struct afd_error *err)
{
	AFD_AUTO(mem) char *text = afd_sprintf("login: %s; see client_id, password and tls.cert in the configuration", reason);

	if (!text)
		return afd_fail_memory(err);
	keep->refused(keep->ctx, text);
	return give_up(s, keep, text, err);
}

static int take_frame(struct state *s, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_epp_result result;
	struct afd_error bad = { 0 };
	char reason[160];

	if (afd_epp_result(r->body, &result, &bad) < 0) {
		if (bad.code == AFD_E_MEMORY)
			return afd_fail_memory(err);
		if (keep_frame(s, r, keep, err) < 0)
			return -1;
		return give_up(s, keep, bad.text, err);
	}
	if (keep_frame(s, r, keep, err) < 0)
		return -1;
	snprintf(reason, sizeof(reason), "EPP result %d%s", result.code, advice(result.code));
	if (s->phase == LOGIN && result.code != 1000)
		return refused(s, keep, reason, err);
	if (result.code >= 2500)                 /* RFC 5730, 3: the server closes the session */
		return give_up(s, keep, reason, err);
	switch (s->phase) {
	case LOGIN:
		return take_login(s, keep, err);
	case INFO:
		return take_info(s, &result, r, keep, err);
	case POLL:
		return result.code == 1300 || result.code == 1301 ? take_message(s, &result, r, keep, err) : give_up(s, keep, reason, err);
	case ACK:
		s->phase = POLL;
		return result.code < 2000 ? 0 : give_up(s, keep, reason, err);
	default:
		s->phase = DONE;
		return 0;
	}
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;

	if (s->phase == LOGOUT && !r) {          /* some servers close without a word */
		s->phase = DONE;
		return 0;
	}
	if (!r)
		return give_up(s, keep, why ? why->text : "no answer", err);
	return s->phase == GREETING ? take_greeting(s, r, keep, err) : take_frame(s, r, keep, err);
}

const struct afd_provider afd_provider_epp = {
	.kind = "epp",
	.leg = AFD_LEG_ACCOUNT,
	.title = "EPP: domains as the registry holds them",
	.help = "For registrars and whoever holds an EPP account: asks the registry for each domain (info): statuses, name servers, DS, contacts, dates, "
		"registry lock. Most registries know no read-only client: take a client_id of its own for audit, with its own certificate and the "
		"collector's address alone, and record that. Transfer codes are cut out before anything is stored. A state, not a history: that is "
		"in the queue (epp-poll).",
	.basis = "tested on a real sample",
	.evidence = AFD_EPP_STATE,
	.fields = info_fields,
	.config_size = sizeof(struct config),
	.config_defaults = &defaults,
	.scopes = info_scopes,
	.begin = begin_info,
	.next = next,
	.take = take,
	.end = end,
	.redact = afd_epp_redact,
	.decode = afd_epp_decode,
};

const struct afd_provider afd_provider_epp_poll = {
	.kind = "epp-poll",
	.leg = AFD_LEG_ACCOUNT,
	.title = "EPP: the registrar's queue",
	.help = "Transfers, changes by the registry with the object before and after (RFC 8590), ended actions, maintenance, warnings about logins. "
		"There is one queue for a client_id and reading it on means taking messages out. So by default only its head is looked at, and that is a "
		"gap as long as something waits. With poll: ack and own_queue: true, each message is taken out after it is stored; then "
		"coverage is proven. The better way where another program reads the queue: let it write each frame to a file, and use epp-frames.",
	.basis = "tested on a real sample",
	.evidence = AFD_EPP_EVENTS,
	.fields = poll_fields,
	.config_size = sizeof(struct config),
	.config_defaults = &defaults,
	.scopes = poll_scopes,
	.begin = begin_poll,
	.next = next,
	.take = take,
	.end = end,
	.redact = afd_epp_redact,
	.decode = afd_epp_decode,
};
