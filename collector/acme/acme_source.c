/* The log of an ACME client, followed as it grows (collector/tail.h). `asked` says whose it is: "certbot lines 1-20 of ...". */
#include <stdio.h>

#include "collector/acme/acme_log.h"
#include "collector/table.h"
#include "collector/tail.h"
#include "collector/whole_file.h"

struct log_config { struct afd_tail_config tail; const char *client; };
static const struct afd_field fields[] = {
	{ "client", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_config, client), "certbot, lego or cert-manager" },
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct log_config, tail.path), "the log file, or file:PATH" },
	{ "domains", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct log_config, tail.scopes),
	  "domains whose certificates this client asks for; what others ask for is in no log of it" },
	{ "timezone", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct log_config, tail.timezone),
	  "UTC or +hh:mm; certbot and lego write local times" },
	{ 0 }
};

static bool ends_with(struct afd_slice s, const char *end)
{
	size_t n = strlen(end);

	return s.len >= n && memcmp(s.data + s.len - n, end, n) == 0;
}

static bool has(struct afd_slice s, const char *what)
{
	return s.data && s.len && memmem(s.data, s.len, what, strlen(what));
}

/* An order begins where certbot tells people so, and ends with the file that it writes, or with an error. */
static void certbot_marks(struct afd_slice line, struct afd_tail_unit *ret)
{
	ret->opens = has(line, "Notifying user: Requesting a certificate") || has(line, "Notifying user: Renewing an existing certificate");
	ret->closes = has(line, ":certbot._internal.storage:Writing full chain to ") || has(line, ":ERROR:certbot._internal") ||
	              has(line, ":certbot._internal.main:certbot version:");
}

static void lego_marks(struct afd_slice line, struct afd_tail_unit *ret)
{
	ret->opens = has(line, "] acme: Obtaining");
	ret->closes = ends_with(line, "Server responded with a certificate.") || has(line, "Could not obtain certificates") || has(line, "Could not renew");
}

static void read_local(struct afd_slice line, int64_t ahead, struct afd_tail_unit *ret)
{
	size_t used;

	*ret = (struct afd_tail_unit){ .at = AFD_TIME_NONE, .local = true };
	ret->ours = afd_acme_time(line, &ret->at, &used);
	if (ret->ours)
		ret->at -= ahead;
	else
		ret->at = AFD_TIME_NONE;
}

static struct afd_slice chomp(struct afd_slice line)
{
	while (line.len && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
		line.len--;
	return line;
}

static void certbot_read(struct afd_slice line, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	(void)now;
	read_local(line, ahead, ret);
	if (ret->ours)
		certbot_marks(line, ret);
}

static void lego_read(struct afd_slice line, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	(void)now;
	read_local(line, ahead, ret);
	if (ret->ours)
		lego_marks(chomp(line), ret);
}

static void cert_manager_read(struct afd_slice line, int64_t ahead, int64_t now, struct afd_tail_unit *ret)
{
	*ret = (struct afd_tail_unit){ 0 };
	ret->ours = afd_cert_manager_time(chomp(line), now, &ret->at, &ret->local);
	if (!ret->ours)
		ret->at = AFD_TIME_NONE;
	else if (ret->local)
		ret->at -= ahead;
}

#define FORM(CLIENT, READ) { \
	.evidence = "issuance-requests", .media_type = "text/plain; charset=utf-8", .lag_ms = AFD_MINUTE, .units = CLIENT " lines", \
	.scopes = "domains", .unclear = "lines that were not understood", .unclear_short = "not understood", \
	.no_time = "set timezone", .local_time = "nothing: its log has no zones", .patience_ms = 10 * AFD_MINUTE, \
	.next = afd_tail_line, .read = READ }

static const struct client {
	const char *name;
	struct afd_tail_form form;
	int (*decode)(const struct afd_acme_input *in, struct afd_error *err);
	bool local;                               /* its times have no zone, ever */
} clients[] = {
	{ "certbot", FORM("certbot", certbot_read), afd_certbot_decode, true },
	{ "lego", FORM("lego", lego_read), afd_lego_decode, true },
	{ "cert-manager", FORM("cert-manager", cert_manager_read), afd_cert_manager_decode, false },
};

static const struct client *client_of(const char *name)
{
	for (size_t i = 0; i < AFD_COUNT(clients); i++)
		if (strcmp(clients[i].name, name) == 0)
			return &clients[i];
	return NULL;
}

static int log_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct log_config *c = config;
	const struct client *k = client_of(c->client);

	if (!k)
		return afd_fail(err, AFD_E_CONFIG, "client: expected certbot, lego or cert-manager, got \"%.40s\"", c->client);
	if (k->local && !c->tail.timezone)
		return afd_fail(err, AFD_E_CONFIG, "timezone: needed, because %s writes local times without a zone: UTC or +hh:mm", k->name);
	return afd_tail_scopes(&c->tail, k->form.scopes, ret, err);
}

static int log_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct log_config *l = config;
	const struct client *k = client_of(l->client);

	if (!k)
		return afd_fail(err, AFD_E_CONFIG, "client: expected certbot, lego or cert-manager, got \"%.40s\"", l->client);
	return afd_tail_begin(&k->form, NULL, c, &l->tail, cursor, ret, err);
}

static int log_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	const char *asked = item->record->asked ? item->record->asked : "";
	char name[20] = "";

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(asked, " "), asked);
	const struct client *k = client_of(name);
	struct afd_tail_asked a;
	if (!k)
		return afd_fail(err, AFD_E_PARSE, "asked: expected the lines of certbot, lego or cert-manager");
	if (afd_tail_asked_read(asked, k->form.scopes, &a, err) < 0)
		return -1;
	const struct afd_acme_input in = { .item = item, .sink = sink, .client = k->name, .has_zone = a.has_zone, .ahead = a.ahead };
	int rc = k->decode(&in, err);
	afd_tail_asked_release(&a);
	return rc;
}

const struct afd_provider afd_provider_acme_log = {
	.kind = "acme-log",
	.leg = AFD_LEG_CT,
	.title = "logs of ACME clients: who asked for a certificate",
	.help = "Reads the log of certbot (letsencrypt.log), lego (what it prints, kept in a file) or cert-manager (its controller, klog or\n"
	        "JSON lines) from where the last run stopped and through its rotations. Each order becomes a request, and what came of it: "
	        "issued,\nrenewed, failed (with the authority's reason), revoked. Certbot logs what went over the wire, so account, challenge and "
	        "the\ncertificate itself are known; its Date: headers correct timezone through the year. lego tells names and outcome alone: read its\n"
	        "directory with certificate-dir, too. cert-manager's lines tell little: read its resources with cert-manager-resources.\n"
	        "Certbot: let it keep its debug log (the default); Debian's max-log-backups = 0 is good, logrotate does the rest. lego: print into a\n"
	        "file with 2>>lego.log, TZ=UTC. HMAC keys of external accounts and private keys are cut before anything is stored.\n"
	        "Least privilege: a user of its own in the group that may read the log (chgrp, chmod 640), nothing below live/ or keys/.",
	.basis = "tested on a real client (certbot 2.1, lego 4.9); cert-manager: not tested on a real one",
	.evidence = "issuance-requests",
	.lag_ms = AFD_MINUTE,
	.fields = fields,
	.config_size = sizeof(struct log_config),
	.scopes = log_scopes,
	.begin = log_begin,
	.next = afd_tail_next,
	.take = afd_tail_take,
	.end = afd_tail_end,
	.redact = afd_acme_redact,
	.split = afd_acme_split,
	.decode = log_decode,
};

/* --- resources of cert-manager --- */

static const struct afd_field resource_fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct afd_whole_config, path), "what kubectl printed, JSON or YAML" },
	{ "domains", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct afd_whole_config, scopes), "domains whose certificates this cluster asks for" },
	{ 0 }
};
static const struct afd_whole_form resource_form = {
	.evidence = "issuance-requests", .media_type = "text/plain; charset=utf-8", .what = "resources in", .max = AFD_MAX_USER_FILE,
};

static int resource_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	return afd_whole_scopes(config, ret, err);
}

static int resource_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_whole_begin(&resource_form, c, config, NULL, cursor, ret, err);
}

static int resource_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	const struct afd_acme_input in = { .item = item, .sink = sink, .client = "cert-manager" };

	return afd_cert_manager_resources(&in, err);
}

const struct afd_provider afd_provider_cert_manager_resources = {
	.kind = "cert-manager-resources",
	.leg = AFD_LEG_CT,
	.title = "cert-manager's resources: certificates, requests and orders of a cluster",
	.help = "Reads a file that holds what this prints, made again before each collection:\n"
	        "  kubectl get -A -o json certificates,certificaterequests,orders.acme.cert-manager.io > cert-manager.json\n"
	        "CertificateRequests name the Kubernetes user that asked, and hold what was given; Orders the names and the authority's answer.\n"
	        "What was deleted between two looks is not seen (sampled): keep revisionHistoryLimit at 3 or more, or collect often. Secrets are not\n"
	        "wanted there; if they are, tls.key is cut.\n"
	        "Least privilege: a ClusterRole with get and list on these three kinds, nothing on secrets.",
	.basis = "not tested on a real cluster",
	.evidence = "issuance-requests",
	.fields = resource_fields,
	.config_size = sizeof(struct afd_whole_config),
	.scopes = resource_scopes,
	.begin = resource_begin,
	.next = afd_whole_next,
	.take = afd_whole_take,
	.end = afd_whole_end,
	.redact = afd_acme_redact,
	.decode = resource_decode,
};
