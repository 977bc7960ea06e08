/* Zone transfers with TSIG, by TCP or TLS: each run asks for the differences since the serial last seen (RFC 1995) and then, to see
 * edits that left the serial alone, for the whole zone (RFC 5936). An item is one exchange, one part per message. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/table.h"
#include "collector/zone/dns_exchange.h"

#define MEDIA_TYPE "application/dns-message-sequence"

struct tsig_config { const char *name, *algorithm, *secret; };
static const struct afd_field tsig_fields[] = {
	{ "name", AFD_FIELD_NAME, AFD_REQUIRED, offsetof(struct tsig_config, name), "name of the key" },
	{ "algorithm", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct tsig_config, algorithm),
	  "hmac-sha256 (default), -sha384, -sha512, -sha224" },
	{ "secret", AFD_FIELD_SECRET, AFD_REQUIRED, offsetof(struct tsig_config, secret),
	  "reference to the base64 secret: env:NAME, file:PATH ..." },
	{ 0 }
};

static const struct afd_field tls_fields[] = {
	{ "name", AFD_FIELD_NAME, AFD_OPTIONAL, offsetof(struct afd_dns_tls, name),
	  "name that the server's certificate must show (strict profile, RFC 8310)" },
	{ "pin", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_dns_tls, pin),
	  "base64 SHA-256 of the server's public key (SubjectPublicKeyInfo); beside the name, or in its place" },
	{ "ca_file", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_dns_tls, ca_file),
	  "certificates to trust for the name; default the system's" },
	{ "cert", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_dns_tls, cert), "our certificate (PEM), where the server asks for one" },
	{ "key", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct afd_dns_tls, key), "its private key: a PEM file that nobody else can read" },
	{ 0 }
};

struct transfer_config {
	const char *server, *content_check;
	int64_t port;                             /* INT64_MIN: 53, or 853 by TLS */
	struct afd_texts zones;
	const struct afd_node *tsig, *tls;
};
static const struct transfer_config defaults = { .port = INT64_MIN, .content_check = "always" };
static const struct afd_field fields[] = {
	{ "server", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct transfer_config, server),
	  "address of the server, or file:DIR with recorded exchanges "
	  "(DIR/ZONE/0001.exchange, 0001.content.exchange ...)" },
	{ "port", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct transfer_config, port), "TCP port: 53, with tls 853" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct transfer_config, zones), "zones to ask for" },
	{ "tsig", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct transfer_config, tsig),
	  "{name, algorithm, secret}: with neither this nor tls nothing shows who answered: asserted at most", tsig_fields },
	{ "tls", AFD_FIELD_NODE, AFD_OPTIONAL, offsetof(struct transfer_config, tls),
	  "{name, pin, ca_file, cert, key}: by TLS 1.3 (RFC 9103); name or pin shows who the server is", tls_fields },
	{ "content_check", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct transfer_config, content_check),
	  "always (default): after differences the whole zone, too; never: trust the serial" },
	{ 0 }
};

struct zone_state { const char *name; bool known; uint32_t serial; int64_t received_ms; int64_t replay; };

struct transfer {
	struct afd_source_config c;
	const struct transfer_config *config;
	struct afd_tsig_key key;
	struct afd_dns_tls tls;
	char *tls_path[3];                        /* ca_file, cert and key as they are to be opened */
	uint16_t port;
	char unserved[160];                       /* what the server said to IXFR, when the whole zone is asked for in its place */
	bool has_key, replay, check, broken;      /* check: look at the content, too; broken: the answer was refused */
	bool whole, content, again;               /* next is an AXFR; it is a content check; IXFR was asked twice */
	struct zone_state *zone;
	size_t n, at;
	struct afd_exchange walk;                 /* of the request under way */
	struct afd_buf query;
	char *asked, *path;
};

static int transfer_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct transfer_config *c = config;
	struct afd_tsig_key key = { 0 };

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (strcmp(c->content_check, "always") != 0 && strcmp(c->content_check, "never") != 0)
		return afd_fail(err, AFD_E_CONFIG, "content_check: expected always or never, got \"%.40s\"",
		                c->content_check);
	if (c->port != defaults.port && (c->port < 1 || c->port > 65535))
		return afd_fail(err, AFD_E_CONFIG, "port: expected 1 to 65535, got %lld", (long long)c->port);
	if (c->tls && !afd_node_get(c->tls, "name") && !afd_node_get(c->tls, "pin"))
		return afd_fail(err, AFD_E_CONFIG, "tls: expected name or pin; a server that does not show who it is could be anybody");
	if (c->tls && !afd_node_get(c->tls, "cert") != !afd_node_get(c->tls, "key"))
		return afd_fail(err, AFD_E_CONFIG, "tls: expected cert and key together");
	const char *algorithm = afd_node_text(afd_node_get(c->tsig, "algorithm"));
	if (algorithm && afd_tsig_key_set(&key, "k", algorithm, afd_slice_text("k"), err) < 0)
		return afd_within(err, "tsig");
	afd_tsig_key_release(&key);
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static int read_key(struct transfer *t, struct afd_error *err)
{
	struct tsig_config k = { .algorithm = "hmac-sha256" };
	struct afd_buf text = { 0 }, secret = { 0 };

	if (!t->config->tsig)
		return 0;
	if (afd_fields_read(t->c.doc, t->config->tsig, tsig_fields, &k, err) < 0)
		return -1;
	int r = t->c.secret(t->c.secret_ctx, k.secret, &text, err);
	if (r == 0 && (r = afd_unbase64(afd_buf_slice(&text), &secret)) < 0)
		afd_fail(err, AFD_E_CONFIG, "secret: what %s holds is not base64", k.secret);
	if (r == 0)
		r = afd_tsig_key_set(&t->key, k.name, k.algorithm, afd_buf_slice(&secret), err);
	afd_buf_wipe(&text);
	afd_buf_wipe(&secret);
	t->has_key = r == 0;
	return r < 0 ? afd_within(err, "tsig") : 0;
}

/* Paths of files start beside the configuration, as everywhere. */
static int read_tls(struct transfer *t, struct afd_error *err)
{
	const char **path[] = { &t->tls.ca_file, &t->tls.cert, &t->tls.key };

	if (!t->config->tls)
		return 0;
	if (afd_fields_read(t->c.doc, t->config->tls, tls_fields, &t->tls, err) < 0)
		return -1;
	for (size_t i = 0; i < AFD_COUNT(path); i++) {
		if (!*path[i] || **path[i] == '/' || !t->c.base_dir)
			continue;
		t->tls_path[i] = afd_sprintf("%s/%s", t->c.base_dir, *path[i]);
		if (!t->tls_path[i])
			return afd_fail_memory(err);
		*path[i] = t->tls_path[i];
	}
	return 0;
}

/* {"example.test":{"received":1795304512528,"replay":2,"serial":2026110101}} */
static int read_cursor(struct transfer *t, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		const struct afd_node *z = afd_node_get(afd_doc_root(d), t->zone[i].name);
		const struct afd_node *serial = afd_node_get(z, "serial"), *received = afd_node_get(z, "received");
		const struct afd_node *replay = afd_node_get(z, "replay");
		if (replay && replay->type == AFD_INT && replay->u.i >= 0)
			t->zone[i].replay = replay->u.i;
		if (!serial || serial->type != AFD_INT || serial->u.i < 0 || serial->u.i > UINT32_MAX || !received ||
		    received->type != AFD_INT)
			continue;
		t->zone[i].known = true;
		t->zone[i].serial = (uint32_t)serial->u.i;
		t->zone[i].received_ms = received->u.i;
	}
	return 0;
}

static char *write_cursor(const struct transfer *t)
{
	json_t *all = json_object();

	for (size_t i = 0; i < t->n; i++) {
		const struct zone_state *z = &t->zone[i];
		json_t *one = json_object();
		if (z->known) {
			json_object_set_new(one, "serial", json_integer(z->serial));
			json_object_set_new(one, "received", json_integer(z->received_ms));
		}
		json_object_set_new(one, "replay", json_integer(z->replay));
		json_object_set_new(all, z->name, one);
	}
	char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text;
}

static void transfer_end(void *state)
{
	struct transfer *t = state;

	if (!t)
		return;
	afd_exchange_release(&t->walk);
	afd_tsig_key_release(&t->key);
	afd_buf_release(&t->query);
	free(t->zone);
	for (size_t i = 0; i < AFD_COUNT(t->tls_path); i++)
		free(t->tls_path[i]);
	free(t->asked);
	free(t->path);
	free(t);
}

static int transfer_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret,
                          struct afd_error *err)
{
	struct transfer *t = calloc(1, sizeof(*t));

	if (!t)
		return afd_fail_memory(err);
	t->c = *c;
	t->config = config;
	t->replay = strncmp(t->config->server, "file:", 5) == 0;
	t->check = strcmp(t->config->content_check, "never") != 0;
	t->port = (uint16_t)(t->config->port != defaults.port ? t->config->port : t->config->tls ? 853 : 53);
	t->n = t->config->zones.n;
	t->zone = calloc(t->n ? t->n : 1, sizeof(*t->zone));
	for (size_t i = 0; t->zone && i < t->n; i++)
		t->zone[i].name = t->config->zones.at[i];
	if (!t->zone || read_key(t, err) < 0 || read_tls(t, err) < 0 || read_cursor(t, cursor, err) < 0) {
		if (!t->zone)
			afd_fail_memory(err);
		transfer_end(t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* The engine may ask again after a connection broke, and nobody says so here: then what does not go on from the message
 * before is the first message of a new answer, or it is wrong. The exchange is checked as a whole at the end. */
static int live_more(void *ctx, struct afd_slice message, struct afd_error *err)
{
	struct transfer *t = ctx;
	const struct afd_tsig_key *key = t->has_key ? &t->key : NULL;
	uint64_t now = (uint64_t)(afd_now(t->c.env) / AFD_SECOND), n = t->broken ? 0 : t->walk.messages;
	struct afd_exchange again = { 0 };
	struct afd_error why = { 0 };
	int r = t->broken ? -1 : afd_exchange_take(&t->walk, message, now, &why);

	if (t->broken || (r < 0 && n > 0)) {
		int fresh = afd_exchange_begin(&again, afd_buf_slice(&t->query), key, &why);
		if (fresh == 0)
			fresh = afd_exchange_take(&again, message, now, t->broken ? &why : NULL);
		if (fresh >= 0 || t->broken) {
			afd_exchange_release(&t->walk);
			t->walk = again;
			r = fresh;
		} else {
			afd_exchange_release(&again);
		}
	}
	t->broken = r < 0;
	if (r < 0 && err) {
		*err = why;
		return afd_within(err, "message %" PRIu64, n + 1);
	}
	return r;
}

/* A recording is checked as a whole when it is there, by its own query; here only its end is looked for. */
static int replay_more(void *ctx, struct afd_slice message, struct afd_error *err)
{
	struct transfer *t = ctx;
	return afd_exchange_take(&t->walk, message, 0, err);
}

static int next_live(struct transfer *t, struct zone_state *z, struct afd_request *q, struct afd_error *err)
{
	struct afd_dns_name name;
	uint8_t mac[AFD_TSIG_MAC_MAX];
	size_t mac_len;
	uint16_t id;
	bool ixfr = z->known && !t->whole;

	if (afd_dns_name_parse(afd_slice_text(z->name), &name, err) < 0)
		return -1;
	if (afd_random(t->c.env, &id, sizeof(id)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes for the query's ID");
	t->query.len = 0;
	if (afd_dns_transfer_query(&t->query, id, &name, ixfr ? &z->serial : NULL, err) < 0)
		return -1;
	/* Over TLS a server says by an extended error why it refuses (RFC 9103, 7.8), if the question had an OPT. */
	if (t->config->tls && afd_dns_query_edns(&t->query, err) < 0)
		return -1;
	if (t->has_key &&
	    afd_tsig_sign(&t->key, (uint64_t)(afd_now(t->c.env) / AFD_SECOND), &t->query, mac, &mac_len, err) < 0)
		return -1;
	if (afd_exchange_begin(&t->walk, afd_buf_slice(&t->query), t->has_key ? &t->key : NULL, err) < 0)
		return -1;
	t->asked = ixfr ? afd_sprintf("IXFR %s from %u at %s:%u", z->name, z->serial, t->config->server, t->port)
	                : afd_sprintf("AXFR %s at %s:%u%s%s", z->name, t->config->server, t->port,
	                              t->content ? ", content check" : "", t->unserved);
	q->server = t->config->server;
	q->port = t->port;
	q->tls = t->config->tls ? &t->tls : NULL;
	q->query = afd_buf_slice(&t->query);
	q->more = live_more;
	return t->asked ? 1 : afd_fail_memory(err);
}

static int next_replay(struct transfer *t, struct zone_state *z, struct afd_request *q, struct afd_error *err)
{
	const char *dir = t->config->server + 5;
	bool relative = dir[0] != '/' && t->c.base_dir;

	t->walk = (struct afd_exchange){ .asked_known = z->known, .asked = z->serial };
	if (afd_dns_name_parse(afd_slice_text(z->name), &t->walk.zone, err) < 0)
		return -1;
	long long n = z->replay + !t->content;
	t->path = afd_sprintf("file:%s%s%s/%s/%04lld%s.exchange", relative ? t->c.base_dir : "", relative ? "/" : "",
	                      dir, z->name, n, t->content ? ".content" : "");
	t->asked = afd_sprintf("recorded exchange %lld of %s%s", n, z->name, t->content ? ", content check" : "");
	if (!t->path || !t->asked)
		return afd_fail_memory(err);
	q->server = t->path;
	q->more = replay_more;
	/* That it was not recorded is an answer, too: a file that is not there is not asked for again. */
	if (t->content) {
		q->protocol = AFD_FILE;
		q->path = t->path + strlen("file:");
		q->max = AFD_MAX_DNS_TRANSFER;
	}
	return 1;
}

static int transfer_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct transfer *t = state;

	if (t->at == t->n)
		return 0;
	struct zone_state *z = &t->zone[t->at];
	afd_exchange_release(&t->walk);
	t->broken = false;
	free(t->asked);
	free(t->path);
	t->asked = t->path = NULL;
	*q = (struct afd_request){ .protocol = AFD_DNS, .more_ctx = t };
	int r = t->replay ? next_replay(t, z, q, err) : next_live(t, z, q, err);
	q->asked = t->asked;
	return r;
}

static void next_zone(struct transfer *t)
{
	t->whole = t->content = t->again = false;
	t->unserved[0] = 0;
	t->at++;
}

/* The zone goes on with the next run; the others are not touched by it. */
static int state_gap(struct transfer *t, int64_t now, const char *reason, struct afd_keeper *keeper,
                     struct afd_error *err)
{
	struct zone_state *z = &t->zone[t->at];
	struct afd_row_coverage c = { .evidence = "zone-changes", .scope = z->name, .grade = AFD_GAP, .reason = reason,
	                              .provider_count = -1, .stored_count = -1 };

	c.at.from = z->known ? z->received_ms : now;
	c.at.to = now > c.at.from ? now : c.at.from + 1;
	next_zone(t);
	return keeper->cover(keeper->ctx, &c, err);
}

/* Some servers know no IXFR; REFUSED may mean the same (RFC 9103, 7.8). The whole zone is worth one more question. */
static bool try_whole(const struct transfer *t)
{
	const struct afd_exchange *w = &t->walk;
	return !t->replay && !t->whole && t->zone[t->at].known &&
	       (w->rcode == AFD_DNS_NOTIMP || w->rcode == AFD_DNS_FORMERR || w->rcode == AFD_DNS_REFUSED);
}

static char *channel_of(const struct transfer *t, const char *transport)
{
	char key[AFD_DNS_TEXT_MAX];

	if (!t->has_key)
		return afd_sprintf("%s no tsig", transport);
	afd_dns_name_text(&t->key.name, true, key);
	return afd_sprintf("%s tsig %s %s", transport, t->key.alg->name, key);
}

static int keep_exchange(struct transfer *t, const struct afd_response *r, struct afd_keeper *keeper,
                         struct afd_error *err)
{
	struct zone_state *z = &t->zone[t->at];
	AFD_AUTO(mem) char *channel = channel_of(t, r->channel);
	const struct afd_draft d = {
		.kind = AFD_ITEM_ANSWER, .asked = t->asked, .channel = channel, .media_type = MEDIA_TYPE,
		.bytes = r->body,
		.server_ms = t->has_key ? (int64_t)t->walk.tsig.time * AFD_SECOND : AFD_TIME_NONE,
	};

	if (!channel)
		return afd_fail_memory(err);
	if (keeper->item(keeper->ctx, &d, err) < 0)
		return -1;
	bool behind = !t->replay && t->walk.single && t->walk.asked_known && t->walk.newest != t->walk.asked;
	z->known = true;
	z->serial = t->walk.newest;
	z->received_ms = r->received_ms;
	z->replay += t->replay && !t->content;
	AFD_AUTO(mem) char *cursor = write_cursor(t);
	if (!cursor)
		return afd_fail_memory(err);
	if (keeper->checkpoint(keeper->ctx, cursor, err) < 0)
		return -1;
	/* A server that stands behind us lags or went back: only its whole zone tells what it serves now. And a serial
	 * only tells what its server says of it: whoever edits a zone and leaves the serial is seen by the content. */
	t->content = t->check && !t->content && !behind && !t->walk.full;
	t->unserved[0] = 0;
	t->whole = behind || t->content;
	if (!t->whole)
		next_zone(t);
	return 0;
}

/* The whole zone after its differences. Without it the zone is known as far as its serial is to be believed: that is no
 * gap. A zone that changed in between is asked for once more, or that change would be known by its content alone. */
static int take_content(struct transfer *t, const struct afd_response *r, struct afd_keeper *keeper,
                        struct afd_error *err)
{
	const struct afd_dns_name zone = t->walk.zone;
	struct afd_error bad = { 0 };

	if (r) {
		afd_exchange_release(&t->walk);
		if (afd_exchange_whole(&t->walk, r->body, t->has_key ? &t->key : NULL, NULL, &bad) < 0)
			r = NULL;
	}
	if (!r || !t->walk.full || !afd_dns_name_equal(&zone, &t->walk.zone)) {
		next_zone(t);
		return 0;
	}
	if (!t->replay && !t->again && t->walk.newest != t->zone[t->at].serial) {
		t->again = true;
		t->whole = t->content = false;
		return 0;
	}
	return keep_exchange(t, r, keeper, err);
}

static int transfer_take(void *state, const struct afd_response *r, const struct afd_error *why,
                         struct afd_keeper *keeper, struct afd_error *err)
{
	struct transfer *t = state;
	struct afd_error bad = { 0 };

	if (t->content)
		return take_content(t, r, keeper, err);
	if (!r && try_whole(t)) {
		char rcode[16];

		afd_dns_rcode_text(t->walk.rcode, rcode);
		snprintf(t->unserved, sizeof(t->unserved), AFD_EXCHANGE_UNSERVED "%u was answered %s%s%s", t->zone[t->at].serial, rcode,
		         *t->walk.why ? ", " : "", t->walk.why);
		t->whole = true;
		return 0;
	}
	if (!r)
		return state_gap(t, afd_now(t->c.env), why ? why->text : "no answer", keeper, err);
	/* What is kept is checked as a whole: signatures, completeness, and that it is about this zone. */
	const struct afd_dns_name zone = t->walk.zone;
	afd_exchange_release(&t->walk);
	if (afd_exchange_whole(&t->walk, r->body, t->has_key ? &t->key : NULL, NULL, &bad) < 0)
		return state_gap(t, r->received_ms, bad.text, keeper, err);
	if (!afd_dns_name_equal(&zone, &t->walk.zone))
		return state_gap(t, r->received_ms, "the recorded exchange is of another zone", keeper, err);
	if (keeper->progress)
		keeper->progress(keeper->ctx, t->at + 1, t->n, "zones");
	return keep_exchange(t, r, keeper, err);
}

const struct afd_provider afd_provider_dns_transfer = {
	.kind = "dns-transfer",
	.leg = AFD_LEG_ZONE,
	.title = "Zone transfers (IXFR, AXFR) with TSIG, by TCP or TLS",
	.help = "Asks an authoritative server for what changed in each zone since the last run, and then for the whole "
	        "zone, so that an edit without a new serial is seen (content_check: never leaves that out). Give it a "
	        "TSIG key of its own with nothing but the right to transfer: BIND allow-transfer { key NAME; }, Knot acl "
	        "{ key: NAME, action: transfer }, NSD provide-xfr: ADDRESS NAME, PowerDNS TSIG-ALLOW-AXFR.\n"
	        "A server keeps few steps of history: run more often than they are used up. BIND: max-ixfr-ratio unlimited, or "
	        "small zones come whole and single changes cannot be told apart; max-journal-size. Knot: journal-max-depth (20: the "
	        "oldest are merged into one step, and what came and went is lost). NSD: store-ixfr yes, ixfr-number (5). PowerDNS "
	        "keeps none: whole zones are compared, and its API may change content under an unmoved serial.\n"
	        "With tls the transfer is one by XoT: TLS 1.3, ALPN dot, the server shown by name or pin (strict). One encrypted line "
	        "says nothing of the others: a zone is protected only when all its primaries and secondaries transfer so (RFC 9103, "
	        "11). TSIG and TLS each show who answered here, not who made the data; the channel of each answer records both.",
	.basis = "tested on real servers (BIND 9.18, Knot 3.2, NSD 4.6, PowerDNS 4.7)",
	.evidence = "zone-changes",
	.fields = fields,
	.config_size = sizeof(struct transfer_config),
	.config_defaults = &defaults,
	.scopes = transfer_scopes,
	.begin = transfer_begin,
	.next = transfer_next,
	.take = transfer_take,
	.end = transfer_end,
	.split = afd_exchange_split,
	.decode = afd_exchange_decode,
};
