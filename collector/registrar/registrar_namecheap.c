/* Domains in an account at Namecheap: domains.getList finds them; getInfo, getRegistrarLock and once more getList (for renewal)
 * tell of each. Everything is a GET whose query holds the key: it never stands in a record. */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "collector/api/xml.h"
#include "collector/registrar/registrar_state.h"
#include "collector/table.h"

struct config { struct afd_registrar_config r; const char *api_user, *user_name, *client_ip, *api_key; };
static const struct config defaults = { .r = { .url = "https://api.namecheap.com" } };
static const struct afd_field fields[] = {
	AFD_REGISTRAR_FIELDS,
	{ "api_key", AFD_FIELD_SECRET, AFD_OPTIONAL, offsetof(struct config, api_key), "API key" },
	{ "api_user", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, api_user), "user that the key belongs to" },
	{ "client_ip", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, client_ip), "our address, as it is allowed at Namecheap" },
	{ "user_name", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct config, user_name), "user whose domains are read; default: api_user" },
	{ 0 }
};

/* --- who asks --- */

struct auth { struct afd_auth a; const struct config *c; struct afd_buf key; };

static int sign(struct afd_auth *a, int64_t now, struct afd_ask *q, struct afd_error *err)
{
	const struct auth *w = (const struct auth *)a;

	(void)now;
	return afd_ask_query(q, "ApiUser", w->c->api_user, err) < 0 || afd_ask_query(q, "ApiKey", (char *)w->key.data, err) < 0 ||
	       afd_ask_query(q, "UserName", w->c->user_name ? w->c->user_name : w->c->api_user, err) < 0 ||
	       afd_ask_query(q, "ClientIp", w->c->client_ip, err) < 0 ? -1 : 0;
}

static void auth_free(struct afd_auth *a)
{
	struct auth *w = (struct auth *)a;

	afd_buf_wipe(&w->key);
	free(w);
}

static int auth_new(const struct afd_source_config *sc, const struct config *c, struct afd_auth **ret, struct afd_error *err)
{
	struct auth *w = calloc(1, sizeof(*w));

	if (!w)
		return afd_fail_memory(err);
	w->a = (struct afd_auth){ .sign = sign, .free = auth_free, .name = afd_strdup(c->api_user) };
	w->c = c;
	if (!w->a.name || afd_auth_secret(sc, "api_key", c->api_key, &w->key, err) < 0) {
		if (!w->a.name)
			afd_fail_memory(err);
		afd_auth_free(&w->a);
		return -1;
	}
	*ret = &w->a;
	return 0;
}

/* The record says what was asked; the credential comes later. */
static int ask(const struct afd_registrar *r, const struct afd_turn *t, struct afd_ask *q, struct afd_error *err)
{
	(void)r, (void)t;
	return afd_buf_printf(&q->asked, "GET %s", (char *)q->url.data + q->base) < 0 ? afd_fail_memory(err) : 0;
}

/* --- answers --- */

static const struct { const char *code; enum afd_judged is; } codes[] = {
	{ "\"500000\"", AFD_JUDGED_THROTTLED }, { "Too many requests", AFD_JUDGED_THROTTLED },
	{ "\"1010101\"", AFD_JUDGED_REFUSED }, { "\"1010102\"", AFD_JUDGED_REFUSED }, { "\"1011101\"", AFD_JUDGED_REFUSED },
	{ "\"1011102\"", AFD_JUDGED_REFUSED }, { "\"1011150\"", AFD_JUDGED_REFUSED }, { "\"1017410\"", AFD_JUDGED_REFUSED },
	{ "\"1017411\"", AFD_JUDGED_REFUSED },
};

/* Errors are a 200 whose body says so. */
static enum afd_judged judge(const struct afd_response *r)
{
	if (afd_body_says(r, "Status=\"ERROR\""))
		for (size_t i = 0; i < AFD_COUNT(codes); i++)
			if (afd_body_says(r, codes[i].code))
				return codes[i].is;
	return afd_judge_status(r);
}

static int parse(struct afd_slice body, struct afd_xml **ret, const struct afd_xml_node **response, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const char *status;

	if (afd_xml_parse(body, "answer", &x, err) < 0)
		return -1;
	status = afd_xml_attribute(afd_xml_root(x), "Status");
	if (!status || strcasecmp(status, "OK") != 0) {
		const char *number = afd_xml_attribute(afd_xml_child(afd_xml_child(afd_xml_root(x), "Errors"), "Error"), "Number");

		if (number && (!strcmp(number, "2019166") || !strcmp(number, "2016166")))
			return afd_fail(err, AFD_E_REMOTE, "the account holds no such domain");
		return afd_fail(err, AFD_E_REMOTE, "answer: Status is not OK%s%.10s", number && strspn(number, "0123456789") == strlen(number) ? ", error " : "",
				number && strspn(number, "0123456789") == strlen(number) ? number : "");
	}
	*response = afd_xml_child(afd_xml_root(x), "CommandResponse");
	if (!*response)
		return afd_fail(err, AFD_E_PARSE, "answer: no CommandResponse");
	*ret = x;
	x = NULL;
	return 0;
}

static int64_t number_of(const struct afd_xml_node *n, const char *child)
{
	const char *s = afd_xml_text_of(n, child);

	return s && *s && strlen(s) < 16 && !s[strspn(s, "0123456789")] ? strtoll(s, NULL, 10) : -1;
}

static int names(struct afd_slice body, struct afd_page *ret, const struct afd_turn *t,
		 int (*found)(void *ctx, const char *name, struct afd_error *err), void *ctx, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const struct afd_xml_node *r, *list, *paging;
	int64_t at, size;

	(void)t;
	if (parse(body, &x, &r, err) < 0)
		return -1;
	list = afd_xml_child(r, "DomainGetListResult");
	paging = afd_xml_child(r, "Paging");
	if (!list)
		return afd_fail(err, AFD_E_PARSE, "answer: no DomainGetListResult");
	ret->total = number_of(paging, "TotalItems");
	at = number_of(paging, "CurrentPage");
	size = number_of(paging, "PageSize");
	for (const struct afd_xml_node *d = afd_xml_child(list, "Domain"); d; d = afd_xml_next(d, "Domain"))
		ret->n++;
	if (ret->n && at > 0 && size > 0 && at < 1000000 && ret->total / size >= at && ret->total > at * size &&
	    afd_buf_printf(&ret->next, "%" PRId64, at + 1) < 0)
		return afd_fail_memory(err);
	for (const struct afd_xml_node *d = afd_xml_child(list, "Domain"); d; d = afd_xml_next(d, "Domain"))
		if (afd_xml_attribute(d, "Name") && found(ctx, afd_xml_attribute(d, "Name"), err) < 0)
			return -1;
	return 0;
}

static int put(struct afd_state *s, enum afd_state_field field, const char *text, struct afd_error *err)
{
	const struct afd_state_path p = { .field = field };

	return text ? afd_state_put_text(s, &p, text, err) : 0;
}

/* DnsDetails lists servers of whoever serves; with Namecheap's own it may name none, then nothing is stated. */
static int put_info(struct afd_state *s, const struct afd_xml_node *i, struct afd_error *err)
{
	const struct afd_xml_node *details = afd_xml_child(i, "DomainDetails"), *dns = afd_xml_child(i, "DnsDetails");
	const struct afd_xml_node *guard = afd_xml_child(i, "Whoisguard");

	if (!i)
		return afd_fail(err, AFD_E_PARSE, "answer: no DomainGetInfoResult");
	for (const struct afd_xml_node *n = afd_xml_child(dns, "Nameserver"); n; n = afd_xml_next(n, "Nameserver"))
		if (put(s, AFD_STATE_NAME_SERVER, afd_xml_text(n), err) < 0)
			return -1;
	return put(s, AFD_STATE_NAME, afd_xml_attribute(i, "DomainName"), err) < 0 || put(s, AFD_STATE_STATUS, afd_xml_attribute(i, "Status"), err) < 0 ||
	       put(s, AFD_STATE_CREATED, afd_xml_text_of(details, "CreatedDate"), err) < 0 ||
	       put(s, AFD_STATE_EXPIRES, afd_xml_text_of(details, "ExpiredDate"), err) < 0 ||
	       put(s, AFD_STATE_PRIVACY, afd_xml_attribute(guard, "Enabled"), err) < 0 ? -1 : 0;
}

/* IsLocked here is a lock of Namecheap's own on the account, not the registrar's: it is not taken. */
static int put_listed(struct afd_state *s, const struct afd_xml_node *list, struct afd_error *err)
{
	for (const struct afd_xml_node *d = afd_xml_child(list, "Domain"); d; d = afd_xml_next(d, "Domain")) {
		const char *name = afd_xml_attribute(d, "Name");

		if (name && s->name && strcasecmp(name, s->name) == 0)
			return put(s, AFD_STATE_AUTO_RENEW, afd_xml_attribute(d, "AutoRenew"), err);
	}
	return 0;
}

static int page(struct afd_state *s, unsigned step, struct afd_slice body, struct afd_error *err)
{
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	const struct afd_xml_node *r;

	if (parse(body, &x, &r, err) < 0)
		return -1;
	if (step == 1)
		return put_info(s, afd_xml_child(r, "DomainGetInfoResult"), err);
	if (step == 2)
		return put(s, AFD_STATE_TRANSFER_LOCK, afd_xml_attribute(afd_xml_child(r, "DomainGetRegistrarLockResult"), "RegistrarLockStatus"), err);
	return put_listed(s, afd_xml_child(r, "DomainGetListResult"), err);
}

static const struct afd_registrar_step steps[] = {
	{ .path = "/xml.response?Command=namecheap.domains.getInfo&DomainName={domain}" },
	{ .path = "/xml.response?Command=namecheap.domains.getRegistrarLock&DomainName={domain}" },
	{ .path = "/xml.response?Command=namecheap.domains.getList&SearchTerm={domain}&PageSize=100" },
};
static const struct afd_registrar registrar = {
	.list = "/xml.response?Command=namecheap.domains.getList&PageSize=100&Page={page}",
	.step = steps, .n_step = AFD_COUNT(steps), .ask = ask, .xml_names = names, .xml_page = page, .judge = judge, .accept = "application/xml",
	.refused = "turn the API on under Profile > Tools > API Access, allow our address there (client_ip), and put the key where the configuration's api_key "
		   "points",
	.pace_ms = 3000, .burst = 10,                  /* 20 a minute, 700 an hour */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct config *c = config;

	if (strncmp(c->r.url, "file:", 5) != 0 && (!c->api_key || !c->api_user || !c->client_ip))
		return afd_fail(err, AFD_E_CONFIG, "api_user, api_key, client_ip: a required field is missing");
	return afd_registrar_scopes(&c->r, ret, err);
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct config *c = config;
	struct afd_auth *auth = NULL;

	if (c->api_key && c->api_user && auth_new(sc, c, &auth, err) < 0)
		return -1;
	return afd_registrar_begin(&registrar, sc, &c->r, auth, cursor, ret, err);
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	return afd_registrar_decode(&registrar, item, sink, err);
}

const struct afd_provider afd_provider_namecheap_registrar = {
	.kind = "namecheap-registrar",
	.leg = AFD_LEG_ACCOUNT,
	.title = "Domains in an account at Namecheap",
	.help = "The registrar's lock (getRegistrarLock; IsLocked in the list is another one), privacy, renewal, name servers, dates of the account's domains, compared from run "
		"to run. Needs an API key and our address on the list of allowed ones; keys cannot be narrowed. The key travels in the address of each request, "
		"so a proxy between would log it: none should be there; it never stands in a record. Times are days. Namecheap tells neither who "
		"changed something nor DS data.",
	.whole = "Namecheap has no key that only reads: whoever has it and an allowed address can change everything; keep the list of addresses short",
	.basis = "written after public descriptions, not tested on a real answer",
	.evidence = AFD_REGISTRAR_EVIDENCE,
	.fields = fields, .config_size = sizeof(struct config), .config_defaults = &defaults,
	.scopes = scopes, .begin = begin, .next = afd_pages_next, .take = afd_pages_take, .end = afd_pages_end,
	.excess = afd_pages_excess,
	.redact = afd_pages_redact, .decode = decode,
};
