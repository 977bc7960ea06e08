/* cert-manager: its controller's lines (klog, or JSON), of which those about challenges name a host; and its resources, which tell
 * the whole story: who asked (a Kubernetes user), for which names, what the authority gave. */
#include "collector/acme/acme_log.h"

#include <inttypes.h>
#include <stdio.h>

enum { MOST_RESOURCES = 200000 };

/* --- resources --- */

static const struct afd_node *at(const struct afd_node *n, const char *a, const char *b)
{
	n = afd_node_get(n, a);
	return b ? afd_node_get(n, b) : n;
}

static const char *text(const struct afd_node *n, const char *a, const char *b)
{
	return afd_node_text(at(n, a, b));
}

static int64_t time_in(const char *s)
{
	int64_t t;

	return s && afd_when_parse(s, &t, NULL) == 0 ? t : AFD_TIME_NONE;
}

static const struct afd_node *first_of(const struct afd_node *list)
{
	return list && list->type == AFD_LIST ? list->u.list.first : NULL;
}

static int take_names(struct afd_acme_order *o, const struct afd_node *list)
{
	for (const struct afd_node *n = first_of(list); n; n = n->next)
		if (afd_node_text(n) && afd_acme_order_name(o, afd_slice_text(afd_node_text(n))) < 0)
			return -1;
	return 0;
}

/* "Kind NAMESPACE/NAME UID": a resource that is made again under its name is another one. */
static int begin(struct afd_acme_order *o, const struct afd_node *r, const char *kind)
{
	const char *uid = text(r, "metadata", "uid"), *ns = text(r, "metadata", "namespace"), *name = text(r, "metadata", "name");
	AFD_AUTO(mem) char *ref = afd_sprintf("%s %.100s/%.260s %.60s", kind, ns ? ns : "", name ? name : "", uid ? uid : "");

	afd_acme_order_begin(o, time_in(text(r, "metadata", "creationTimestamp")), 0);
	return ref ? afd_acme_order_text(o, &o->url_at, afd_slice_text(ref)) : -1;
}

/* Base64 of PEM: the certificate and those above it. 1: *ret is filled. */
static int certificate_in(const char *base64, struct afd_certificate *ret)
{
	AFD_AUTO(buf) struct afd_buf pem = { 0 }, leaf = { 0 }, issuer = { 0 };
	struct afd_slice rest, block, label;

	if (!base64 || afd_unbase64(afd_slice_text(base64), &pem) < 0)
		return 0;
	rest = afd_buf_slice(&pem);
	for (int i = 0; i < 2 && afd_pem_next(&rest, &block, &label); i++)
		if (!afd_pem_is(label, "CERTIFICATE") || afd_pem_bytes(block, i ? &issuer : &leaf) < 0)
			return 0;
	return leaf.len && afd_certificate_read(afd_buf_slice(&leaf), afd_buf_slice(&issuer), ret, NULL) == 0;
}

static const struct afd_node *ready(const struct afd_node *r)
{
	for (const struct afd_node *n = first_of(at(r, "status", "conditions")); n; n = n->next) {
		const char *type = text(n, "type", NULL);

		if (type && strcmp(type, "Ready") == 0)
			return n;
	}
	return NULL;
}

static int put(const struct afd_acme_input *in, struct afd_acme_order *o, const struct afd_node *r, int64_t done, int64_t failed,
               const char *reason, struct afd_error *err)
{
	struct afd_certificate c;

	if (certificate_in(text(r, "status", "certificate"), &c)) {
		/* a request names its hosts in its CSR: what was given says the same */
		for (size_t i = 0; o->n == 0 && i < c.n; i++)
			if (strcmp(c.name[i].kind, "dns") == 0 && afd_acme_order_name(o, afd_slice_text(c.name[i].name)) < 0)
				break;
		int64_t t = done != AFD_TIME_NONE ? done : c.not_before > o->at ? c.not_before : o->at;
		int rc = afd_acme_put_certificate(in, &c, o, o->renewal ? "renewed" : "issued", t, 0, err);
		afd_certificate_release(&c);
		if (rc < 0)
			return -1;
	} else if (failed != AFD_TIME_NONE &&
	           afd_acme_put_failed(in, o, failed, 0, afd_slice_text(reason ? reason : "failed"), err) < 0) {
		return -1;
	}
	return afd_acme_put_requested(in, o, err);
}

static int take_request(const struct afd_acme_input *in, struct afd_acme_order *o, const struct afd_node *r, struct afd_error *err)
{
	const struct afd_node *cond = ready(r);
	const char *status = text(cond, "status", NULL), *user = text(r, "spec", "username"), *issuer = afd_node_text(afd_node_get(at(r, "spec", "issuerRef"), "name"));
	const char *revision = afd_node_text(afd_node_get(at(r, "metadata", "annotations"), "cert-manager.io/certificate-revision"));
	AFD_AUTO(mem) char *account = afd_sprintf("%.200s%s%.200s", user ? user : "", user && issuer ? " at " : "", issuer ? issuer : "");

	if (!account || begin(o, r, "CertificateRequest") < 0 || afd_acme_order_text(o, &o->account_at, afd_slice_text(account)) < 0)
		return afd_fail_memory(err);
	o->renewal = revision && strcmp(revision, "1") != 0;
	int64_t done = status && strcmp(status, "True") == 0 ? time_in(text(cond, "lastTransitionTime", NULL)) : AFD_TIME_NONE;
	return put(in, o, r, done, time_in(text(r, "status", "failureTime")), text(cond, "message", NULL), err);
}

static int take_order(const struct afd_acme_input *in, struct afd_acme_order *o, const struct afd_node *r, struct afd_error *err)
{
	const char *url = text(r, "status", "url"), *issuer = afd_node_text(afd_node_get(at(r, "spec", "issuerRef"), "name"));
	const char *common = text(r, "spec", "commonName"), *challenge = NULL;

	if (begin(o, r, "Order") < 0 || take_names(o, at(r, "spec", "dnsNames")) < 0 ||
	    (common && afd_acme_order_name(o, afd_slice_text(common)) < 0))
		return afd_fail_memory(err);
	if (url) {
		o->url_at = 0;
		if (afd_acme_order_text(o, &o->url_at, afd_slice_text(url)) < 0)
			return afd_fail_memory(err);
	}
	/* which of the offered challenges was taken is told only where one is left */
	for (const struct afd_node *a = first_of(at(r, "status", "authorizations")); a && !challenge; a = a->next) {
		const struct afd_node *c = first_of(afd_node_get(a, "challenges"));
		if (c && !c->next)
			challenge = text(c, "type", NULL);
	}
	if ((challenge && afd_acme_order_text(o, &o->challenge_at, afd_slice_text(challenge)) < 0) ||
	    (issuer && afd_acme_order_text(o, &o->account_at, afd_slice_text(issuer)) < 0))
		return afd_fail_memory(err);
	return put(in, o, r, AFD_TIME_NONE, time_in(text(r, "status", "failureTime")), text(r, "status", "reason"), err);
}

/* A Certificate is a standing wish: its spec names the hosts. */
static int take_wish(const struct afd_acme_input *in, struct afd_acme_order *o, const struct afd_node *r, struct afd_error *err)
{
	const char *issuer = afd_node_text(afd_node_get(at(r, "spec", "issuerRef"), "name")), *common = text(r, "spec", "commonName");

	if (begin(o, r, "Certificate") < 0 || take_names(o, at(r, "spec", "dnsNames")) < 0 ||
	    (common && afd_acme_order_name(o, afd_slice_text(common)) < 0) ||
	    (issuer && afd_acme_order_text(o, &o->account_at, afd_slice_text(issuer)) < 0))
		return afd_fail_memory(err);
	return afd_acme_put_requested(in, o, err);
}

static int take_resource(const struct afd_acme_input *in, struct afd_acme_order *o, const struct afd_node *r, struct afd_error *err)
{
	const char *kind = text(r, "kind", NULL), *api = text(r, "apiVersion", NULL);

	if (!kind || !api || !(strncmp(api, "cert-manager.io/", 16) == 0 || strncmp(api, "acme.cert-manager.io/", 21) == 0))
		return 0;
	if (strcmp(kind, "CertificateRequest") == 0)
		return take_request(in, o, r, err);
	if (strcmp(kind, "Order") == 0)
		return take_order(in, o, r, err);
	return strcmp(kind, "Certificate") == 0 ? take_wish(in, o, r, err) : 0;
}

static bool looks_like_json(struct afd_slice s)
{
	while (s.len && memchr(" \t\r\n", s.data[0], 4))
		s = afd_slice_sub(s, 1, s.len);
	return s.len && s.data[0] == '{';
}

int afd_cert_manager_resources(const struct afd_acme_input *in, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_slice bytes = in->item->bytes;
	struct afd_acme_order o = { 0 };
	int rc = looks_like_json(bytes) ? afd_json_parse(bytes, "resources", &d, err) : afd_yaml_parse(bytes, "resources", &d, err);

	if (rc < 0)
		return -1;
	const struct afd_node *root = afd_doc_root(d), *items = afd_node_get(root, "items");
	size_t n = 0;
	if (!items)
		rc = take_resource(in, &o, root, err);
	for (const struct afd_node *r = first_of(items); rc == 0 && r; r = r->next)
		rc = ++n > MOST_RESOURCES ? afd_fail(err, AFD_E_LIMIT, "more than %d resources", MOST_RESOURCES) : take_resource(in, &o, r, err);
	afd_acme_order_release(&o);
	return rc;
}

/* --- lines --- */

struct line { int64_t at; bool error; char type[32], kind[64], name[300], space[100], host[300], message[400]; };

/* key="value" of klog; a backslash escapes what follows it. */
static void value_of(struct afd_slice s, const char *key, char *ret, size_t size)
{
	AFD_AUTO(mem) char *with = afd_sprintf(" %s=\"", key);
	const uint8_t *p = with && s.data && s.len ? memmem(s.data, s.len, with, strlen(with)) : NULL;
	size_t n = 0;

	ret[0] = 0;
	if (!p)
		return;
	for (size_t i = (size_t)(p - s.data) + strlen(with); i < s.len && s.data[i] != '"' && n + 1 < size; i++) {
		if (s.data[i] == '\\' && i + 1 < s.len)
			i++;
		ret[n++] = (char)s.data[i];
	}
	ret[n] = 0;
}

/* "I1122 08:00:00.123456       1 sync.go:145] "message" key="value" ...": no year; the newest one that is not after we got it. */
static bool klog_time(struct afd_slice s, int64_t received, int64_t *ret)
{
	int v[5], at_[] = { 1, 3, 6, 9, 12 }, year, unused[6];

	for (int i = 0; i < 5; i++) {
		uint8_t a = s.data[at_[i]], b = s.data[at_[i] + 1];
		if (a < '0' || a > '9' || b < '0' || b > '9')
			return false;
		v[i] = (a - '0') * 10 + (b - '0');
	}
	afd_when_split(received, &year, &unused[0], &unused[1], &unused[2], &unused[3], &unused[4], &unused[5]);
	for (int i = 0; i < 5; i++, year--)
		if (afd_when_civil(year, v[0], v[1], v[2], v[3], v[4], 0, ret) == 0 && *ret <= received + AFD_DAY)
			return true;
	return false;
}

static bool read_klog(const struct afd_acme_input *in, struct afd_slice s, struct line *l)
{
	if (!in->has_zone || s.len < 22 || s.data[5] != ' ' || !klog_time(s, in->item->record->received_ms, &l->at))
		return false;
	l->at -= in->ahead;
	l->error = s.data[0] == 'E';
	value_of(s, "dnsName", l->host, sizeof(l->host));
	value_of(s, "type", l->type, sizeof(l->type));
	value_of(s, "resource_kind", l->kind, sizeof(l->kind));
	value_of(s, "resource_name", l->name, sizeof(l->name));
	value_of(s, "resource_namespace", l->space, sizeof(l->space));
	value_of(s, "err", l->message, sizeof(l->message));
	return true;
}

static void copy(char *ret, size_t size, const char *s)
{
	snprintf(ret, size, "%s", s ? s : "");
}

/* {"ts": ms, "logger": "cert-manager.controller", "msg": ..., "dnsName": ...} */
static bool read_json(struct afd_slice s, struct line *l)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (afd_json_parse(s, "line", &d, NULL) < 0)
		return false;
	const struct afd_node *r = afd_doc_root(d), *ts = afd_node_get(r, "ts");
	if (!ts || (ts->type != AFD_INT && ts->type != AFD_REAL) || (ts->type == AFD_REAL && !(ts->u.real > 0 && ts->u.real < 1e15)))
		return false;
	l->at = ts->type == AFD_INT ? ts->u.i : (int64_t)ts->u.real;
	if (l->at < 0 || l->at > INT64_C(253402300799999))
		return false;
	copy(l->host, sizeof(l->host), text(r, "dnsName", NULL));
	copy(l->type, sizeof(l->type), text(r, "type", NULL));
	copy(l->kind, sizeof(l->kind), text(r, "resource_kind", NULL));
	copy(l->name, sizeof(l->name), text(r, "resource_name", NULL));
	copy(l->space, sizeof(l->space), text(r, "resource_namespace", NULL));
	copy(l->message, sizeof(l->message), text(r, "err", NULL));
	l->error = l->message[0] != 0;
	return true;
}

bool afd_cert_manager_time(struct afd_slice line, int64_t now, int64_t *ret, bool *local)
{
	struct line l = { .at = AFD_TIME_NONE };

	*local = !(line.len && line.data[0] == '{');
	if (!*local) {
		if (!read_json(line, &l))
			return false;
		*ret = l.at;
		return true;
	}
	return line.len >= 22 && memchr("IWEF", line.data[0], 4) && line.data[5] == ' ' && klog_time(line, now, ret);
}

static int put_line(const struct afd_acme_input *in, struct afd_acme_order *o, const struct line *l, uint64_t part, struct afd_error *err)
{
	AFD_AUTO(mem) char *ref = afd_sprintf("%s %s/%s", l->kind, l->space, l->name);
	char type[sizeof(l->type)];

	/* "DNS-01" here, "dns-01" in RFC 8555 */
	for (size_t i = 0; i < sizeof(type); i++)
		type[i] = (char)(l->type[i] >= 'A' && l->type[i] <= 'Z' ? l->type[i] | 0x20 : l->type[i]);
	afd_acme_order_begin(o, l->at, part);
	if (!ref || afd_acme_order_text(o, &o->url_at, afd_slice_text(ref)) < 0 || afd_acme_order_name(o, afd_slice_text(l->host)) < 0 ||
	    afd_acme_order_text(o, &o->challenge_at, afd_slice_text(type)) < 0)
		return afd_fail_memory(err);
	if (o->n == 0)
		return 0;
	if (l->error && afd_acme_put_failed(in, o, l->at, part, afd_slice_text(l->message), err) < 0)
		return -1;
	return afd_acme_put_requested(in, o, err);
}

int afd_cert_manager_decode(const struct afd_acme_input *in, struct afd_error *err)
{
	const struct afd_item_view *item = in->item;
	struct afd_acme_order o = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < item->parts.n; i++) {
		struct afd_slice part = afd_slice_sub(item->bytes, item->parts.at[i].off, item->parts.at[i].len), line;
		struct line l = { .at = AFD_TIME_NONE };

		if (!afd_acme_line(&part, &line) || !(line.data && line.len && (line.data[0] == '{' ? read_json(line, &l) : read_klog(in, line, &l))))
			continue;
		if (strcmp(l.kind, "Challenge") == 0 && l.host[0])
			rc = put_line(in, &o, &l, i, err);
	}
	afd_acme_order_release(&o);
	return rc;
}
