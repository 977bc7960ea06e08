/* Frames of EPP into rows. What a frame is about stands in resData, in its extension, or, when the session did not announce
 * it, in extValue (RFC 9038): all three are searched, by namespace and local name. */
#include <inttypes.h>
#include <stdio.h>

#include "collector/registrar/epp.h"
#include "core/name.h"

#define NS_DOMAIN  "urn:ietf:params:xml:ns:domain-1.0"
#define NS_HOST    "urn:ietf:params:xml:ns:host-1.0"
#define NS_CONTACT "urn:ietf:params:xml:ns:contact-1.0"
#define NS_SECDNS  "urn:ietf:params:xml:ns:secDNS-1.1"
#define NS_RGP     "urn:ietf:params:xml:ns:rgp-1.0"
#define NS_CHANGE  "urn:ietf:params:xml:ns:changePoll-1.0"
#define NS_LOGIN   "urn:ietf:params:xml:ns:epp:loginSec-1.0"
#define NS_MAINT   "urn:ietf:params:xml:ns:epp:maintenance-1.0"
#define NS_LOCK    "urn:se:iis:xml:epp:registryLock-1.0"
#define NS_RGPPOLL "http://www.verisign.com/epp/rgp-poll-1.0"

enum { MAX_LIST = 256, MAX_CONTACTS = 64 };

struct frame {
	const struct afd_item_view *item;
	struct afd_sink *sink;
	const struct afd_xml_node *response;
	char account[256];                       /* our client id */
	bool has_secdns;                         /* secDNS was agreed */
	int64_t seen_ms;                         /* of a recording: when its file was written */
	const char *queue_id, *message;
	int64_t queued_ms;
	char ref[128];
};

/* --- finding --- */

/* First element of that name in the frame's containers. */
static const struct afd_xml_node *find_in(const struct afd_xml_node *box, const char *ns, const char *name)
{
	for (const struct afd_xml_node *n = afd_xml_child(box, name); n; n = afd_xml_next(n, name))
		if (afd_xml_in(n, ns))
			return n;
	return NULL;
}

static const struct afd_xml_node *find(const struct frame *f, const char *ns, const char *name)
{
	const struct afd_xml_node *n = find_in(afd_xml_child(f->response, "resData"), ns, name);

	if (!n)
		n = find_in(afd_xml_child(f->response, "extension"), ns, name);
	for (const struct afd_xml_node *r = afd_xml_child(f->response, "result"); r && !n; r = afd_xml_next(r, "result"))
		for (const struct afd_xml_node *v = afd_xml_child(r, "extValue"); v && !n; v = afd_xml_next(v, "extValue"))
			n = find_in(afd_xml_child(v, "value"), ns, name);
	return n;
}

static int64_t time_of(const char *text)
{
	int64_t at;

	return text && afd_when_parse(text, &at, NULL) == 0 ? at : AFD_TIME_NONE;
}

static int name_of(const char *text, char ret[AFD_NAME_MAX], struct afd_error *err)
{
	if (!text)
		return afd_fail(err, AFD_E_PARSE, "frame: an object without its name");
	return afd_name_canonical(afd_slice_text(text), ret, err) < 0 ? afd_within(err, "frame") : 0;
}

/* --- the state of a domain --- */

struct lists {
	const char *status[MAX_LIST], *server[MAX_LIST], *ds[MAX_LIST];
	struct afd_contact contact[MAX_CONTACTS];
	char name[AFD_NAME_MAX], servers[MAX_LIST][256], ds_text[MAX_LIST][192];
};

static void put_statuses(const struct frame *f, const struct afd_xml_node *data, struct lists *l, struct afd_row_domain_state *r)
{
	const struct afd_xml_node *rgp = find(f, NS_RGP, "infData");

	r->status = (struct afd_told_list){ AFD_YES, l->status, 0 };
	for (const struct afd_xml_node *n = afd_xml_child(data, "status"); n && r->status.n < MAX_LIST; n = afd_xml_next(n, "status"))
		if (afd_xml_attribute(n, "s"))
			l->status[r->status.n++] = afd_xml_attribute(n, "s");
	for (const struct afd_xml_node *n = afd_xml_child(rgp, "rgpStatus"); n && r->status.n < MAX_LIST; n = afd_xml_next(n, "rgpStatus"))
		if (afd_xml_attribute(n, "s"))
			l->status[r->status.n++] = afd_xml_attribute(n, "s");
}

static int put_server(const char *text, struct lists *l, struct afd_row_domain_state *r, struct afd_error *err)
{
	char name[AFD_NAME_MAX];

	if (r->name_server.n == MAX_LIST)
		return 0;
	if (name_of(text, name, err) < 0)
		return -1;
	if (strlen(name) >= sizeof(l->servers[0]))
		return afd_fail(err, AFD_E_PARSE, "frame: a name server's name is longer than a name may be");
	memcpy(l->servers[r->name_server.n], name, strlen(name) + 1);
	l->server[r->name_server.n] = l->servers[r->name_server.n];
	r->name_server.n++;
	return 0;
}

static int put_servers(const struct afd_xml_node *data, struct lists *l, struct afd_row_domain_state *r, struct afd_error *err)
{
	const struct afd_xml_node *ns = afd_xml_child(data, "ns");

	r->name_server = (struct afd_told_list){ AFD_YES, l->server, 0 };
	for (const struct afd_xml_node *n = afd_xml_child(ns, "hostObj"); n; n = afd_xml_next(n, "hostObj"))
		if (put_server(afd_xml_text(n), l, r, err) < 0)
			return -1;
	for (const struct afd_xml_node *n = afd_xml_child(ns, "hostAttr"); n; n = afd_xml_next(n, "hostAttr"))
		if (put_server(afd_xml_text_of(n, "hostName"), l, r, err) < 0)
			return -1;
	return 0;
}

/* RFC 5910: a domain without DS has no extension. Where the session did not agree on it, its lack says nothing. */
static void put_ds(const struct frame *f, struct lists *l, struct afd_row_domain_state *r)
{
	const struct afd_xml_node *data = find(f, NS_SECDNS, "infData");

	if (!data && !f->has_secdns)
		return;
	r->ds = (struct afd_told_list){ AFD_YES, l->ds, 0 };
	for (const struct afd_xml_node *n = afd_xml_child(data, "dsData"); n && r->ds.n < MAX_LIST; n = afd_xml_next(n, "dsData")) {
		const char *tag = afd_xml_text_of(n, "keyTag"), *alg = afd_xml_text_of(n, "alg"), *type = afd_xml_text_of(n, "digestType"),
			   *digest = afd_xml_text_of(n, "digest");
		char *text = l->ds_text[r->ds.n];

		snprintf(text, sizeof(l->ds_text[0]), "%.8s %.4s %.4s %.160s", tag ? tag : "-", alg ? alg : "-", type ? type : "-", digest ? digest : "-");
		for (char *p = text; *p; p++)
			if (*p >= 'A' && *p <= 'F')
				*p = (char)(*p + ('a' - 'A'));
		l->ds[r->ds.n++] = text;
	}
	for (const struct afd_xml_node *n = afd_xml_child(data, "keyData"); n && r->ds.n < MAX_LIST; n = afd_xml_next(n, "keyData")) {
		char *text = l->ds_text[r->ds.n];

		snprintf(text, sizeof(l->ds_text[0]), "key %.6s %.4s %.4s %.160s", afd_xml_text_of(n, "flags") ? afd_xml_text_of(n, "flags") : "-",
			afd_xml_text_of(n, "protocol") ? afd_xml_text_of(n, "protocol") : "-", afd_xml_text_of(n, "alg") ? afd_xml_text_of(n, "alg") : "-",
			afd_xml_text_of(n, "pubKey") ? afd_xml_text_of(n, "pubKey") : "-");
		l->ds[r->ds.n++] = text;
	}
}

static void put_contacts(const struct afd_xml_node *data, struct lists *l, struct afd_row_domain_state *r)
{
	const char *registrant = afd_xml_text_of(data, "registrant");

	r->contact = l->contact;
	if (registrant)
		l->contact[r->n_contact++] = (struct afd_contact){ .role = "registrant", .handle = registrant };
	for (const struct afd_xml_node *n = afd_xml_child(data, "contact"); n && r->n_contact < MAX_CONTACTS; n = afd_xml_next(n, "contact"))
		l->contact[r->n_contact++] = (struct afd_contact){ .role = afd_xml_attribute(n, "type") ? afd_xml_attribute(n, "type") : "contact",
			.handle = afd_xml_text(n) };
	r->contacts = r->n_contact ? AFD_YES : AFD_NOT_STATED;
}

static enum afd_known lock_of(const struct frame *f)
{
	const char *locked = afd_xml_text_of(find(f, NS_LOCK, "infData"), "locked");

	return !locked ? AFD_NOT_STATED : !strcmp(locked, "1") || !strcmp(locked, "true") ? AFD_YES : AFD_NO;
}

/* Who does not sponsor a domain may be told less of it: without the date of creation, what lacks is not stated. */
static int state_of(const struct frame *f, const struct afd_xml_node *data, struct lists *l, struct afd_row_domain_state *r, struct afd_error *err)
{
	const bool whole = afd_xml_text_of(data, "crDate") != NULL;
	const struct afd_xml_node *code = afd_xml_child(data, "authInfo");

	*r = (struct afd_row_domain_state){ .domain = l->name, .view = "registry", .account = f->account, .registrar_id = afd_xml_text_of(data, "clID"),
		.roid = afd_xml_text_of(data, "roid"), .registry_lock = lock_of(f), .created_ms = time_of(afd_xml_text_of(data, "crDate")),
		.updated_ms = time_of(afd_xml_text_of(data, "upDate")), .transferred_ms = time_of(afd_xml_text_of(data, "trDate")),
		.expires_ms = time_of(afd_xml_text_of(data, "exDate")), .registrar_expires_ms = AFD_TIME_NONE, .data_ms = AFD_TIME_NONE,
		.seen_ms = f->seen_ms };
	if (name_of(afd_xml_text_of(data, "name"), l->name, err) < 0)
		return -1;
	if (whole || afd_xml_child(data, "status"))
		put_statuses(f, data, l, r);
	if ((whole || afd_xml_child(data, "ns")) && put_servers(data, l, r, err) < 0)
		return -1;
	if (whole)
		put_ds(f, l, r);
	put_contacts(data, l, r);
	if (code)
		r->auth_code = afd_xml_text_of(code, "pw") && *afd_xml_text_of(code, "pw") ? AFD_YES : AFD_NO;
	return 0;
}

/* --- events --- */

static struct afd_row_event event_of(const struct frame *f)
{
	struct afd_row_event e = { .account = f->account, .actor_kind = "provider", .channel = "epp", .outcome = "success", .record_kind = "log",
		.provider_ref = f->ref, .object_kind = "domain" };

	e.at = f->queued_ms != AFD_TIME_NONE ? afd_instant(f->queued_ms) :
	       (struct afd_span){ f->item->record->asked_ms, f->item->record->received_ms + 1 };
	if (e.at.from >= e.at.to)
		e.at = afd_instant(f->item->record->received_ms);
	return e;
}

static const char *verb_of(const char *operation)
{
	static const struct { const char *operation, *verb; } verbs[] = {
		{ "create", "domain.create" }, { "delete", "domain.delete" }, { "autoDelete", "domain.delete" }, { "autoPurge", "domain.delete" },
		{ "renew", "domain.renew" }, { "autoRenew", "domain.renew" }, { "transfer", "domain.transfer-out" }, { "update", "domain.update" },
		{ "restore", "domain.restore" }, { "custom", "domain.update" },
	};

	for (size_t i = 0; operation && i < AFD_COUNT(verbs); i++)
		if (!strcmp(operation, verbs[i].operation))
			return verbs[i].verb;
	return "other.epp.change";
}

/* "update (URS Lock) urs urs123: reason": all that the frame says besides who and when. */
static void raw_of(const struct afd_xml_node *change, char *ret, size_t max)
{
	const struct afd_xml_node *operation = afd_xml_child(change, "operation"), *caze = afd_xml_child(change, "caseId");
	const char *op = afd_xml_attribute(operation, "op"), *reason = afd_xml_text_of(change, "reason"), *type = afd_xml_attribute(caze, "type");

	snprintf(ret, max, "%.64s%s%.64s%s%s%.32s%s%.64s%s%.160s", afd_xml_text(operation) ? afd_xml_text(operation) : "unknown", op ? " (" : "", op ? op : "",
		op ? ")" : "", caze ? " " : "", type ? type : "", caze ? " " : "", caze && afd_xml_text(caze) ? afd_xml_text(caze) : "", reason ? ": " : "",
		reason ? reason : "");
}

static int put_object_change(const struct frame *f, struct afd_row_event *e, struct afd_error *err)
{
	const struct afd_xml_node *host = find(f, NS_HOST, "infData"), *contact = find(f, NS_CONTACT, "infData");
	char name[AFD_NAME_MAX];

	if (host) {
		if (name_of(afd_xml_text_of(host, "name"), name, err) < 0)
			return -1;
		e->action = "host.change";
		e->object_kind = "host";
		e->object = name;
	} else if (contact) {
		e->action = "contact.change";
		e->object_kind = "contact";
		e->object = afd_xml_text_of(contact, "id");
	} else {
		e->object_kind = NULL;
	}
	return f->sink->event(f->sink->ctx, e, err);
}

static int put_change(const struct frame *f, const struct afd_xml_node *change, struct afd_error *err)
{
	const struct afd_xml_node *data = find(f, NS_DOMAIN, "infData");
	const char *half = afd_xml_attribute(change, "state"), *trid = afd_xml_text_of(change, "svTRID"), *who = afd_xml_text_of(change, "who");
	const int64_t at = time_of(afd_xml_text_of(change, "date"));
	AFD_AUTO(mem) struct lists *l = calloc(1, sizeof(*l));
	struct afd_row_domain_state state;
	struct afd_row_event e = event_of(f);
	char raw[512], ref[160];

	if (!l)
		return afd_fail_memory(err);
	raw_of(change, raw, sizeof(raw));
	e.action = verb_of(afd_xml_text_of(change, "operation"));
	e.raw_action = raw;
	e.actor = who;
	if (who && !strcmp(who, f->account)) {
		e.actor_kind = "credential";
		e.credential = who;
	}
	if (at != AFD_TIME_NONE)
		e.at = afd_instant(at);
	if (!data)
		return put_object_change(f, &e, err);
	if (state_of(f, data, l, &state, err) < 0)
		return -1;
	snprintf(ref, sizeof(ref), "change:%.72s", trid ? trid : f->ref);
	e.provider_ref = ref;
	e.domain = e.object = l->name;
	if (!strcmp(e.action, "domain.transfer-out") && state.registrar_id && !strcmp(state.registrar_id, f->account) && !(half && !strcmp(half, "before")))
		e.action = "domain.transfer-in";
	return f->sink->domain_change(f->sink->ctx, &(struct afd_row_domain_change){ &state, &e, ref, half && !strcmp(half, "before") }, err);
}

/* RFC 5730, 2.9.3.4: who asks (reID) and who holds it (acID). ANSWER: to a command of our own client, which may ask more than once how it
 * stands: the transfer and its state name the event then, and its own dates say when. */
static int put_transfer(const struct frame *f, const struct afd_xml_node *data, bool answer, struct afd_error *err)
{
	const char *status = afd_xml_text_of(data, "trStatus"), *asks = afd_xml_text_of(data, "reID"), *holds = afd_xml_text_of(data, "acID");
	const bool pending = status && !strcmp(status, "pending"), ended = status && (strstr(status, "Cancelled") || strstr(status, "Rejected"));
	const char *asked = afd_xml_text_of(data, "reDate"), *acted = afd_xml_text_of(data, "acDate");
	const int64_t at = time_of(pending ? asked : acted);
	struct afd_row_event e = event_of(f);
	char name[AFD_NAME_MAX], raw[128], ref[AFD_NAME_MAX + 160];

	if (name_of(afd_xml_text_of(data, "name"), name, err) < 0)
		return -1;
	if (answer) {
		snprintf(ref, sizeof(ref), "transfer:%s:%.40s:%.64s", name, asked ? asked : "-", status ? status : "-");
		e.provider_ref = ref;
		if (at != AFD_TIME_NONE)
			e.at = afd_instant(at);
	}
	snprintf(raw, sizeof(raw), "transfer %.64s", status ? status : "without a status");
	e.action = ended ? "domain.transfer-cancel" : asks && !strcmp(asks, f->account) ? "domain.transfer-in" : "domain.transfer-out";
	e.raw_action = raw;
	e.domain = e.object = name;
	e.actor = asks;
	e.before = holds;
	e.after = asks;
	e.outcome = pending ? "unknown" : "success";
	return f->sink->event(f->sink->ctx, &e, err);
}

static int put_pending(const struct frame *f, const struct afd_xml_node *data, struct afd_error *err)
{
	const struct afd_xml_node *named = afd_xml_child(data, "name");
	const char *result = afd_xml_attribute(named, "paResult");
	struct afd_row_event e = event_of(f);
	char name[AFD_NAME_MAX];

	if (name_of(afd_xml_text(named), name, err) < 0)
		return -1;
	e.action = "domain.update";
	e.raw_action = "pending action ended";
	e.domain = e.object = name;
	e.after = f->message;
	e.outcome = !result ? "unknown" : !strcmp(result, "1") || !strcmp(result, "true") ? "success" : "failure";
	return f->sink->event(f->sink->ctx, &e, err);
}

static int put_pending_object(const struct frame *f, const char *verb, const char *kind, const struct afd_xml_node *named,
			      struct afd_error *err)
{
	const char *result = afd_xml_attribute(named, "paResult");
	struct afd_row_event e = event_of(f);

	e.action = verb;
	e.raw_action = "pending action ended";
	e.object_kind = kind;
	e.object = afd_xml_text(named);
	e.after = f->message;
	e.outcome = !result ? "unknown" : !strcmp(result, "1") || !strcmp(result, "true") ? "success" : "failure";
	return f->sink->event(f->sink->ctx, &e, err);
}

static int put_contact_transfer(const struct frame *f, const struct afd_xml_node *data, struct afd_error *err)
{
	const char *status = afd_xml_text_of(data, "trStatus");
	struct afd_row_event e = event_of(f);
	char raw[128];

	snprintf(raw, sizeof(raw), "transfer %.64s", status ? status : "without a status");
	e.action = "contact.change";
	e.raw_action = raw;
	e.object_kind = "contact";
	e.object = afd_xml_text_of(data, "id");
	e.actor = afd_xml_text_of(data, "reID");
	e.before = afd_xml_text_of(data, "acID");
	e.after = e.actor;
	e.outcome = status && !strcmp(status, "pending") ? "unknown" : "success";
	return f->sink->event(f->sink->ctx, &e, err);
}

static int put_named(const struct frame *f, const struct afd_xml_node *data, const char *verb, const char *raw, struct afd_error *err)
{
	struct afd_row_event e = event_of(f);
	char name[AFD_NAME_MAX];

	if (name_of(afd_xml_text_of(data, "name"), name, err) < 0)
		return -1;
	e.action = verb;
	e.raw_action = raw;
	e.domain = e.object = name;
	e.after = f->message;
	return f->sink->event(f->sink->ctx, &e, err);
}

static int put_maintenance(const struct frame *f, const struct afd_xml_node *data, struct afd_error *err)
{
	const struct afd_xml_node *item = afd_xml_child(data, "item");
	const char *from = afd_xml_text_of(item, "start"), *to = afd_xml_text_of(item, "end"), *reason = afd_xml_text_of(item, "reason");
	struct afd_row_event e = event_of(f);
	char after[256];

	snprintf(after, sizeof(after), "%.40s to %.40s, %.40s", from ? from : "?", to ? to : "?", reason ? reason : "no reason told");
	e.action = "maintenance";
	e.raw_action = afd_xml_text_of(item, "pollType");
	e.object_kind = "registry";
	e.object = afd_xml_text_of(item, "id");
	e.after = after;
	return f->sink->event(f->sink->ctx, &e, err);
}

/* A message that no row knows is kept by the name of what it brings. */
static int put_unknown(const struct frame *f, struct afd_error *err)
{
	const struct afd_xml_node *data = afd_xml_child(afd_xml_child(f->response, "resData"), NULL);
	struct afd_row_event e = event_of(f);
	char action[96];

	if (!data)
		data = afd_xml_child(afd_xml_child(afd_xml_child(afd_xml_child(f->response, "result"), "extValue"), "value"), NULL);
	snprintf(action, sizeof(action), "other.epp.%.64s", data && afd_xml_name(data) ? afd_xml_name(data) : "message");
	e.action = action;
	e.raw_action = data ? afd_xml_name(data) : "message";
	e.object_kind = NULL;
	e.after = f->message;
	return f->sink->event(f->sink->ctx, &e, err);
}

/* What waits in the queue. */
static int put_message(const struct frame *f, struct afd_error *err)
{
	const struct afd_xml_node *n;

	if ((n = find(f, NS_CHANGE, "changeData")))
		return put_change(f, n, err);
	if ((n = find(f, NS_DOMAIN, "trnData")))
		return put_transfer(f, n, false, err);
	if ((n = find(f, NS_DOMAIN, "panData")))
		return put_pending(f, n, err);
	if ((n = find(f, NS_HOST, "panData")))
		return put_pending_object(f, "host.change", "host", afd_xml_child(n, "name"), err);
	if ((n = find(f, NS_CONTACT, "panData")))
		return put_pending_object(f, "contact.change", "contact", afd_xml_child(n, "id"), err);
	if ((n = find(f, NS_CONTACT, "trnData")))
		return put_contact_transfer(f, n, err);
	if ((n = find(f, NS_RGPPOLL, "pollData")))
		return put_named(f, n, "domain.restore", "restore is pending", err);
	if ((n = find(f, NS_MAINT, "infData")))
		return put_maintenance(f, n, err);
	if ((n = find(f, NS_DOMAIN, "renData")))
		return put_named(f, n, "domain.renew", "renData", err);
	if ((n = find(f, NS_DOMAIN, "creData")))
		return put_named(f, n, "domain.create", "creData", err);
	if ((n = find(f, NS_DOMAIN, "infData")))
		return put_named(f, n, "domain.update", "infData without its change", err);
	if (find(f, NS_HOST, "infData") || find(f, NS_CONTACT, "infData")) {
		struct afd_row_event e = event_of(f);

		e.raw_action = "infData without its change";
		e.after = f->message;
		return put_object_change(f, &e, err);
	}
	return put_unknown(f, err);
}

/* The answer to a command of our own client, in frames that it keeps. What names no object (update, delete) tells nothing alone. */
static int put_answer(const struct frame *f, const char *code, struct afd_error *err)
{
	const struct afd_xml_node *trn = find(f, NS_DOMAIN, "trnData"), *cre = find(f, NS_DOMAIN, "creData"), *ren = find(f, NS_DOMAIN, "renData"), *n = cre ? cre : ren;
	const int64_t at = time_of(afd_xml_text_of(cre, "crDate"));
	const char *trid = afd_xml_text_of(afd_xml_child(f->response, "trID"), "svTRID");
	struct afd_row_event e = event_of(f);
	char name[AFD_NAME_MAX], ref[96];

	if (!code || *code != '1')                     /* refused: RFC 5730, 3 */
		return 0;
	if (trn)
		return put_transfer(f, trn, true, err);
	if (!n)
		return 0;
	if (name_of(afd_xml_text_of(n, "name"), name, err) < 0)
		return -1;
	snprintf(ref, sizeof(ref), "svTRID:%.72s", trid ? trid : "-");
	e.provider_ref = ref;
	e.action = cre ? "domain.create" : "domain.renew";
	e.raw_action = afd_xml_name(n);
	e.domain = e.object = name;
	e.actor_kind = "credential";
	e.actor = e.credential = f->account;
	e.after = afd_xml_text_of(n, "exDate");
	e.outcome = strcmp(code, "1001") == 0 ? "unknown" : "success";
	e.at = at != AFD_TIME_NONE ? afd_instant(at) : afd_instant(f->seen_ms);
	return f->sink->event(f->sink->ctx, &e, err);
}

/* RFC 8807: what the registry thinks of how we log in. */
static int put_login_security(const struct frame *f, struct afd_error *err)
{
	const struct afd_xml_node *data = find(f, NS_LOGIN, "loginSecData");

	for (const struct afd_xml_node *n = afd_xml_child(data, "event"); n; n = afd_xml_next(n, "event")) {
		const char *type = afd_xml_attribute(n, "type"), *name = afd_xml_attribute(n, "name"), *value = afd_xml_attribute(n, "value"),
			   *level = afd_xml_attribute(n, "level"), *ends = afd_xml_attribute(n, "exDate");
		char what[160], text[256];
		struct afd_row_observation o = { .kind = "login-security", .subject = f->account, .name = what, .value = text,
			.number = time_of(ends), .at = afd_instant(f->seen_ms) };

		snprintf(what, sizeof(what), "%.64s%s%.64s", type ? type : "unknown", name ? "/" : "", name ? name : "");
		snprintf(text, sizeof(text), "%.16s%s%.64s%s%.40s%s%.40s", level ? level : "", value ? ": " : "", value ? value : "", ends ? ", until " : "",
			ends ? ends : "", afd_xml_attribute(n, "duration") ? " in " : "", afd_xml_attribute(n, "duration") ? afd_xml_attribute(n, "duration") : "");
		if (f->sink->observation(f->sink->ctx, &o, err) < 0)
			return -1;
	}
	return 0;
}

/* --- a frame --- */

static int read_asked(struct frame *f, struct afd_error *err)
{
	const char *asked = f->item->record->asked ? f->item->record->asked : "", *command;
	size_t n;

	if (strncmp(asked, "epp ", 4) != 0 || !(command = strchr(asked + 4, ' ')))
		return afd_fail(err, AFD_E_PARSE, "the record does not say what was asked");
	n = (size_t)(command - asked) - 4;
	if (!n || n >= sizeof(f->account))
		return afd_fail(err, AFD_E_PARSE, "the record does not say for which client");
	memcpy(f->account, asked + 4, n);
	f->seen_ms = f->item->record->kind == AFD_ITEM_SEGMENT && f->item->record->server_ms != AFD_TIME_NONE ? f->item->record->server_ms : f->item->record->received_ms;
	f->has_secdns = strlen(command) > 7 && !strcmp(command + strlen(command) - 7, " secDNS");
	return 0;
}

int afd_epp_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_xml_release))) struct afd_xml *x = NULL;
	struct frame f = { .item = item, .sink = sink };
	const struct afd_xml_node *root, *queue, *data;
	const char *code;

	if (read_asked(&f, err) < 0 || afd_xml_parse(item->bytes, "frame", &x, err) < 0)
		return -1;
	root = afd_xml_root(x);
	if (!afd_xml_name(root) || strcmp(afd_xml_name(root), "epp") != 0)
		return afd_fail(err, AFD_E_PARSE, "frame: expected <epp>");
	f.response = afd_xml_child(root, "response");
	if (!f.response)                              /* a greeting, or a command that was recorded: nothing happened by it */
		return 0;
	queue = afd_xml_child(f.response, "msgQ");
	f.queue_id = afd_xml_attribute(queue, "id");
	f.message = afd_xml_text_of(queue, "msg");
	f.queued_ms = time_of(afd_xml_text_of(queue, "qDate"));
	snprintf(f.ref, sizeof(f.ref), "msgQ:%.100s", f.queue_id ? f.queue_id : "-");
	if (put_login_security(&f, err) < 0)
		return -1;
	/* Other answers carry msgQ too, to say that messages wait; only 1301 brings one (RFC 5730, 2.9.2.3). */
	code = afd_xml_attribute(afd_xml_child(f.response, "result"), "code");
	if (queue && f.queue_id && code && !strcmp(code, "1301"))
		return put_message(&f, err);
	data = find(&f, NS_DOMAIN, "infData");         /* outside of the queue only info answers so */
	if (data) {
		AFD_AUTO(mem) struct lists *l = calloc(1, sizeof(*l));
		struct afd_row_domain_state state;

		if (!l)
			return afd_fail_memory(err);
		return state_of(&f, data, l, &state, err) < 0 ? -1 : sink->domain_state(sink->ctx, &state, err);
	}
	return put_answer(&f, code, err);
}
