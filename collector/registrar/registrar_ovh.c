/* Domains in an account at OVH: state, name servers and DS data one by one, and the jobs that OVH keeps of each (no actor). */
#include <openssl/evp.h>
#include <stdio.h>

#include "collector/registrar/registrar_state.h"
#include "collector/table.h"
#include "evidence/action.h"

struct config { struct afd_registrar_config r; const char *application_key, *application_secret, *consumer_key; };
static const struct config defaults = { .r = { .url = "https://eu.api.ovh.com/1.0" } };
static const struct afd_field fields[] = {
	AFD_REGISTRAR_FIELDS,
	{ "application_key", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, application_key), "AK of the application" },
	{ "application_secret", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, application_secret), "AS of the application" },
	{ "consumer_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, consumer_key), "CK that GET /domain and GET /domain/* were granted to" },
	{ 0 }
};

/* --- signature: "$1$" and SHA-1 of secret+consumer+method+address+body+time --- */

struct auth { struct afd_auth a; struct afd_buf secret, consumer; char *key; };

static int sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct auth *w = (const struct auth *)a;
	struct afd_buf text = { 0 };
	unsigned char sha1[20];
	char time[24], signature[44] = "$1$";
	size_t n = sizeof(sha1);
	int r;

	snprintf(time, sizeof(time), "%lld", (long long)(now / AFD_SECOND));
	r = afd_buf_printf(&text, "%s+%s+GET+%s++%s", (char *)w->secret.data, (char *)w->consumer.data, (char *)q->url.data, time);
	if (r >= 0 && !EVP_Q_digest(NULL, "SHA1", NULL, text.data, text.len, sha1, &n))
		r = -1;
	afd_buf_wipe(&text);
	if (r < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < sizeof(sha1); i++)
		snprintf(signature + 3 + 2 * i, 3, "%02x", sha1[i]);
	return afd_ask_header(q, "X-Ovh-Application", w->key, err) < 0 || afd_ask_header(q, "X-Ovh-Consumer", (char *)w->consumer.data, err) < 0 ||
	       afd_ask_header(q, "X-Ovh-Timestamp", time, err) < 0 || afd_ask_header(q, "X-Ovh-Signature", signature, err) < 0 ? -1 : 0;
}

static void auth_free(struct afd_auth *a)
{
	struct auth *w = (struct auth *)a;

	afd_buf_wipe(&w->secret);
	afd_buf_wipe(&w->consumer);
	free(w->key);
	free(w);
}

static int auth_new(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	struct auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = sign, .free = auth_free, .name = afd_strdup(c->application_key) };
	w->key = afd_strdup(c->application_key);
	if (!w->a.name || !w->key) {
		afd_auth_free(&w->a);
		return afd_fail_memory(err);
	}
	if (afd_auth_secret(sc, "application_secret", c->application_secret, &w->secret, err) < 0 ||
	    afd_auth_secret(sc, "consumer_key", c->consumer_key, &w->consumer, err) < 0) {
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}

/* --- the tables --- */

enum { INFO = 1, SERVICE, NAME_SERVERS, DS, TASKS, HISTORY };
static const struct afd_registrar_step steps[] = {
	{ .path = "/domain/{domain}" },
	{ .path = "/domain/{domain}/serviceInfos" },
	{ .path = "/domain/{domain}/nameServer", .each = "/domain/{domain}/nameServer/{id}" },
	{ .path = "/domain/{domain}/dsRecord", .each = "/domain/{domain}/dsRecord/{id}" },
	{ .path = "/domain/{domain}/task", .each = "/domain/{domain}/task/{id}", .last = 20 },
	{ .path = "/domain/zone/{domain}/history" },
};
static const struct afd_state_path paths[] = {
	{ INFO, "domain", AFD_STATE_NAME, NULL },
	{ INFO, "transferLockStatus", AFD_STATE_TRANSFER_LOCK, "locked/unlocked" },
	{ INFO, "state", AFD_STATE_STATUS, NULL },
	{ INFO, "lastUpdate", AFD_STATE_UPDATED, NULL },
	{ INFO, "expirationDate", AFD_STATE_EXPIRES, NULL },
	{ INFO, "whoisOwner", AFD_STATE_CONTACT, "registrant" },
	{ SERVICE, "creation", AFD_STATE_CREATED, NULL },
	{ SERVICE, "expiration", AFD_STATE_EXPIRES, NULL },
	{ SERVICE, "renew.automatic", AFD_STATE_AUTO_RENEW, NULL },
	{ SERVICE, "contactAdmin", AFD_STATE_CONTACT, "admin" },
	{ SERVICE, "contactTech", AFD_STATE_CONTACT, "tech" },
	{ SERVICE, "contactBilling", AFD_STATE_CONTACT, "billing" },
	{ NAME_SERVERS, "[]", AFD_STATE_NAME_SERVER, NULL },      /* ids: that the list was told */
	{ NAME_SERVERS, "host", AFD_STATE_NAME_SERVER, NULL },
	{ DS, "[]", AFD_STATE_DS, NULL },
	{ DS, "", AFD_STATE_DS, NULL },
};

/* Words of OVH's jobs. */
static const struct afd_action_row verbs[] = {
	{ "DomainDnsUpdate", "ns.change" }, { "DomainDsUpdate", "ds.change" }, { "DomainDnssec*", "ds.change" },
	{ "DnssecEnable", "dnssec.enable" }, { "DnssecDisable", "dnssec.disable" },
	{ "DomainContactUpdate", "contact.change" }, { "DomainContact*", "contact.change" }, { "DomainTrade", "contact.change" },
	{ "DomainLock", "transfer-lock.add" }, { "DomainUnlock", "transfer-lock.remove" }, { "DomainAuthInfo*", "domain.auth-code.set" },
	{ "DomainCreate", "domain.create" }, { "DomainDelete", "domain.delete" }, { "DomainRestore", "domain.restore" }, { "DomainRenew", "domain.renew" },
	{ "DomainIncomingTransfer", "domain.transfer-in" }, { "DomainTransfer", "domain.transfer-in" }, { "DomainOutgoingTransfer", "domain.transfer-out" },
	{ "DomainHold", "domain.hold.set" }, { "DomainUnhold", "domain.hold.clear" }, { "DomainHost*", "host.change" },
	{ "DomainUpdate", "domain.update" }, { "ZoneCreate", "zone.create" }, { "ZoneDelete", "zone.delete" },
};

static int tell_task(const struct afd_list *l, const struct afd_node *n, struct afd_sink *sink, struct afd_error *err)
{
	const char *word = afd_node_word(n, "function"), *status = afd_node_word(n, "status");
	const char *time = afd_node_word(n, "todoDate") ? afd_node_word(n, "todoDate") : afd_node_word(n, "creationDate");
	const int64_t at = time ? afd_state_time(time) : AFD_TIME_NONE, id = afd_node_number(n, "id", -1);
	AFD_AUTO(mem) char *ref = afd_sprintf("task:%lld", (long long)id);
	char other[96];
	const char *verb = afd_action_map(verbs, AFD_COUNT(verbs), "ovh", word, other);
	const struct afd_action *known = afd_action_find(verb);
	const struct afd_row_event e = {
		.account = l->subject, .action = verb, .raw_action = word, .domain = l->scope, .object_kind = known ? known->object_kind : "domain",
		.object = l->scope, .actor_kind = "unknown", .provider_ref = ref, .record_kind = "job", .at = afd_instant(at),
		.outcome = status && !strcmp(status, "done") ? "success" : status && (!strcmp(status, "error") || !strcmp(status, "cancelled")) ? "failure" : "unknown",
	};

	if (!ref)
		return afd_fail_memory(err);
	return !word || id < 0 || at == AFD_TIME_NONE ? 0 : sink->event(sink->ctx, &e, err);
}

/* Restore points: the zone was changed then. */
static int tell_history(const struct afd_list *l, const struct afd_node *n, struct afd_sink *sink, struct afd_error *err)
{
	const char *time = afd_node_text(n);
	const int64_t at = time ? afd_state_time(time) : AFD_TIME_NONE;
	AFD_AUTO(mem) char *ref = afd_sprintf("history:%s:%s", l->scope, afd_when_text(at).s);
	const struct afd_row_event e = {
		.account = l->subject, .action = "record.change", .raw_action = "history", .domain = l->scope, .object_kind = "zone", .object = l->scope,
		.actor_kind = "unknown", .provider_ref = ref, .record_kind = "job", .at = afd_instant(at), .outcome = "success",
	};

	if (!ref)
		return afd_fail_memory(err);
	return at == AFD_TIME_NONE ? 0 : sink->event(sink->ctx, &e, err);
}

static int event(const struct afd_list *l, unsigned step, const struct afd_node *answer, const struct afd_item_view *item, struct afd_sink *sink,
		 struct afd_error *err)
{
	(void)item;
	if (step == TASKS && answer->type == AFD_MAP)
		return tell_task(l, answer, sink, err);
	for (const struct afd_node *n = step == HISTORY && answer->type == AFD_LIST ? answer->u.list.first : NULL; n; n = n->next)
		if (tell_history(l, n, sink, err) < 0)
			return -1;
	return 0;
}

/* {"rules":[{"method":"GET","path":"..."}]}. That it may ask this is no excess. */
static bool other_rights(void *own, const struct afd_response *r)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	(void)own;
	if (afd_page_json(r, AFD_MAP, &d, NULL) < 0)
		return false;
	for (const struct afd_node *n = afd_node_items(afd_doc_root(d), "rules"); n; n = n->next) {
		const char *method = afd_node_word(n, "method"), *path = afd_node_word(n, "path");

		if (method && path && (strcmp(method, "GET") != 0 || (strcmp(path, "/domain") != 0 && strncmp(path, "/domain/", 8) != 0 &&
								     strcmp(path, "/auth/currentCredential") != 0)))
			return true;
	}
	return false;
}

static const struct afd_pages_excess excess[] = {
	{ .path = "/auth/currentCredential", .shown = other_rights, .can = "its rights are more than GET /domain and GET /domain/*",
	  .instead = "make a consumer key with these two rights alone (api.ovh.com/createToken)" },
};

static const struct afd_registrar registrar = {
	.excess = excess, .n_excess = AFD_COUNT(excess),
	.list = "/domain", .names = "[]", .step = steps, .n_step = AFD_COUNT(steps), .path = paths, .n_path = AFD_COUNT(paths), .event = event,
	.refused = "make a consumer key with the rights GET /domain and GET /domain/* alone (api.ovh.com/createToken; it has an end), look whether our clock is right "
		   "(the time is signed), and put it where the configuration's consumer_key points",
	.pace_ms = 200, .burst = 20,
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->r.url, "file:", 5) != 0 && (!c->application_key || !c->application_secret || !c->consumer_key))
		return afd_fail(err, AFD_E_CONFIG, "application_key, application_secret, consumer_key: a required field is missing");
	return afd_registrar_scopes(&c->r, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_auth *auth = NULL;

	if (c->application_key && auth_new(sc, c, &auth, err) < 0)
		return -1;
	return afd_registrar_begin(&registrar, sc, &c->r, auth, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_ovh_registrar = {
	.kind = "ovh-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at OVH",
	.help = "Lock, state, name servers, DS keys, renewal, contacts of the account's domains, compared from run to run; and as events of the kind job the last 20 jobs of "
		"each domain and the restore points of its zone. Needs an application (AK, AS) and a consumer key with GET /domain and GET /domain/* alone; it "
		"has an end. OVH names nobody in its jobs, and tells keys where others tell DS: the digest stands for them.",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
