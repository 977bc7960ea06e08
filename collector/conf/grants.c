/* Configurations of DNS servers: which key may write and transfer what, as granted. The file is kept with its secrets cut. */
#include <stdio.h>
#include <strings.h>

#include "collector/conf/server_conf.h"
#include "collector/table.h"
#include "collector/whole_file.h"
#include "core/name.h"

enum { MOST_GRANTS = 4096 };

struct conf_config { struct afd_whole_config whole; const char *server; };
static const struct afd_field fields[] = {
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct conf_config, whole.path), "named.conf, knot.conf or nsd.conf, as the server reads it" },
	{ "server", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct conf_config, server), "bind, knot or nsd" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct conf_config, whole.scopes), "zones whose grants are wanted" },
	{ 0 }
};
static const struct afd_whole_form form = {
	.evidence = "credential-grants", .media_type = "text/plain; charset=utf-8", .what = "configuration", .max = AFD_MAX_USER_FILE,
};

/* --- rows --- */

struct grants { struct afd_grant at[MOST_GRANTS]; size_t n; struct afd_buf text; size_t off[MOST_GRANTS][6]; const char *zone; bool memory; };
enum { CREDENTIAL, OWNER, TYPE, ACTION, CONDITION, RAW };

static size_t keep(struct grants *g, const char *s)
{
	size_t off = g->text.len;

	g->memory |= afd_buf_text(&g->text, s) < 0 || afd_buf_u8(&g->text, 0) < 0;
	return off;
}

static void grant(struct grants *g, const char *credential, const char *owner, const char *type, const char *action, const char *condition, const char *raw)
{
	char key[AFD_NAME_MAX], name[AFD_NAME_MAX];
	bool any = strcmp(owner, "*") == 0;

	if (g->n == MOST_GRANTS)
		return;
	if (*credential && afd_name_canonical(afd_slice_text(credential), key, NULL) == 0)
		credential = key;
	if (!any && afd_name_canonical(afd_slice_text(owner), name, NULL) == 0)
		owner = name;
	const char *text[] = { credential, owner, type, action, condition, raw };
	for (int i = 0; i < 6; i++)
		g->off[g->n][i] = keep(g, text[i] ? text[i] : "");
	g->n++;
}

static int put(struct grants *g, const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	const char *text = (const char *)g->text.data;

	if (g->memory)
		return afd_fail_memory(err);
	for (size_t i = 0; i < g->n; i++)
		g->at[i] = (struct afd_grant){ text + g->off[i][CREDENTIAL], text + g->off[i][OWNER], text + g->off[i][TYPE], text + g->off[i][ACTION],
		                               text[g->off[i][CONDITION]] ? text + g->off[i][CONDITION] : NULL, text + g->off[i][RAW], 0 };
	return sink->grants(sink->ctx, &(struct afd_row_grants){ .scope = g->zone, .grant = g->at, .n = g->n, .at_ms = item->record->received_ms }, err);
}

static bool same_name(const char *a, const char *zone)
{
	char name[AFD_NAME_MAX];

	return a && afd_name_canonical(afd_slice_text(a), name, NULL) == 0 && strcmp(name, zone) == 0;
}

static void raw_of(const struct afd_conf_node *n, char *ret, size_t size)
{
	size_t at = 0;

	ret[0] = 0;
	for (size_t i = 0; n && i < n->n && at + 1 < size; i++) {
		size_t len = strlen(n->word[i]);
		if (at + len + 2 > size)
			break;
		if (at)
			ret[at++] = ' ';
		memcpy(ret + at, n->word[i], len + 1);
		at += len;
	}
}

/* "(none)" for nothing: A of type B. "below ZONE" as the tables write it. */
static char *below(const char *name)
{
	return afd_sprintf("*.%s", name);
}

/* --- BIND --- */

/* grant KEY RULETYPE [NAME] [TYPES] (ARM, dynamic update policies). No types: all but NS, SOA and those of DNSSEC. */
static void bind_grant(struct grants *g, const struct afd_conf_node *n)
{
	const char *rule = afd_conf_word(n, 2), *name = afd_conf_word(n, 3);
	bool zonesub = strcasecmp(rule, "zonesub") == 0;
	size_t types = zonesub ? 3 : 4;
	bool exact = strcasecmp(rule, "name") == 0, sub = strcasecmp(rule, "subdomain") == 0, wild = strcasecmp(rule, "wildcard") == 0;
	const char *at = zonesub ? g->zone : exact || sub || wild ? name : "*";
	AFD_AUTO(mem) char *tree = zonesub || sub ? below(at) : NULL;
	char raw[400];

	raw_of(n, raw, sizeof(raw));
	if (strcasecmp(afd_conf_word(n, 0), "grant") != 0)
		return;
	for (size_t i = types; i < n->n || i == types; i++) {
		const char *type = i < n->n ? afd_conf_word(n, i) : "*", *condition = zonesub || exact || sub || wild ? NULL : rule;

		if (strcasecmp(type, "ANY") == 0)
			type = "*";
		grant(g, afd_conf_word(n, 1), at, type, "update", condition, raw);
		if (tree)
			grant(g, afd_conf_word(n, 1), tree, type, "update", condition, raw);
	}
}

/* allow-update and allow-transfer: { key K; ADDRESS; !X; any; none; } */
static void bind_list(struct grants *g, const struct afd_conf_node *list, const char *action)
{
	AFD_AUTO(mem) char *tree = below(g->zone);

	for (const struct afd_conf_node *n = list ? list->first : NULL; n && tree; n = n->next) {
		const char *w = afd_conf_word(n, 0);
		bool key = strcasecmp(w, "key") == 0;
		char raw[400];

		raw_of(n, raw, sizeof(raw));
		if (strcasecmp(w, "none") == 0 || w[0] == '!' || !*w)
			continue;
		const char *condition = key || strcasecmp(w, "any") == 0 ? NULL : raw;
		grant(g, key ? afd_conf_word(n, 1) : "", g->zone, "*", action, condition, raw);
		grant(g, key ? afd_conf_word(n, 1) : "", tree, "*", action, condition, raw);
	}
}

static const struct afd_conf_node *bind_zone(const struct afd_conf_node *in, const char *zone)
{
	for (const struct afd_conf_node *z = afd_conf_get(in, "zone", NULL); z; z = afd_conf_get(in, "zone", z))
		if (same_name(afd_conf_word(z, 1), zone))
			return z;
	for (const struct afd_conf_node *v = afd_conf_get(in, "view", NULL); v; v = afd_conf_get(in, "view", v)) {
		const struct afd_conf_node *z = bind_zone(v, zone);
		if (z)
			return z;
	}
	return NULL;
}

static const struct afd_conf_node *of_zone_or_above(const struct afd_conf_node *zone, const struct afd_conf_node *root, const char *name)
{
	const struct afd_conf_node *s = NULL;

	for (const struct afd_conf_node *n = zone; n && n != root && !s; n = n->parent)
		s = afd_conf_get(n, name, NULL);
	return s ? s : afd_conf_get(afd_conf_get(root, "options", NULL), name, NULL);
}

static bool bind_grants(struct grants *g, const struct afd_conf_node *root)
{
	const struct afd_conf_node *z = bind_zone(root, g->zone), *p = afd_conf_get(z, "update-policy", NULL);

	if (!z)
		return false;
	for (const struct afd_conf_node *n = p ? p->first : NULL; n; n = n->next)
		bind_grant(g, n);
	if (!p)
		bind_list(g, of_zone_or_above(z, root, "allow-update"), "update");
	bind_list(g, of_zone_or_above(z, root, "allow-transfer"), "transfer");
	return true;
}

/* --- Knot --- */

/* update-owner-name is below the zone unless it ends in a dot; equal, sub-or-equal (default), sub, pattern */
static void knot_owner(struct grants *g, const struct afd_conf_node *acl, const char *key, const char *type, const char *condition, const char *raw)
{
	const struct afd_conf_node *names = afd_conf_get(acl, "update-owner-name", NULL);
	const char *owner = afd_conf_value(acl, "update-owner"), *match = afd_conf_value(acl, "update-owner-match");
	bool named = owner && strcmp(owner, "name") == 0 && names;

	for (size_t i = 1; i < (named ? names->n : 2); i++) {
		const char *w = named ? names->word[i] : "";
		size_t len = strlen(w);
		AFD_AUTO(mem) char *at = len && w[len - 1] == '.' ? afd_strdup(w) : afd_sprintf("%s%s%s", w, len ? "." : "", g->zone);
		AFD_AUTO(mem) char *tree = at ? below(at) : NULL;

		if (!at || !tree) {
			g->memory = true;
			return;
		}
		bool only = named && match && strcmp(match, "equal") == 0, sub = named && match && strcmp(match, "sub") == 0;
		if (!sub)
			grant(g, key, at, type, "update", condition, raw);
		if (!only)
			grant(g, key, tree, type, "update", condition, raw);
	}
}

static void knot_acl(struct grants *g, const struct afd_conf_node *acl)
{
	const struct afd_conf_node *keys = afd_conf_get(acl, "key", NULL), *types = afd_conf_get(acl, "update-type", NULL);
	const struct afd_conf_node *action = afd_conf_get(acl, "action", NULL), *address = afd_conf_get(acl, "address", NULL);
	AFD_AUTO(mem) char *tree = below(g->zone);
	const char *deny = afd_conf_value(acl, "deny"), *owner = afd_conf_value(acl, "update-owner");
	char raw[400], where[300];

	snprintf(raw, sizeof(raw), "acl %.300s", afd_conf_value(acl, "id") ? afd_conf_value(acl, "id") : "");
	raw_of(address, where, sizeof(where));
	if ((deny && (strcasecmp(deny, "on") == 0 || strcasecmp(deny, "true") == 0)) || !tree)
		return;
	const char *condition = address ? where : owner && strcmp(owner, "key") == 0 ? "update-owner key" : NULL;
	for (size_t k = 1; k < (keys ? keys->n : 2); k++) {
		const char *key = keys ? keys->word[k] : "";

		for (size_t t = 1; afd_conf_has(action, 1, "update") && t < (types ? types->n : 2); t++)
			knot_owner(g, acl, key, types ? types->word[t] : "*", condition, raw);
		if (afd_conf_has(action, 1, "transfer")) {
			grant(g, key, g->zone, "*", "transfer", condition, raw);
			grant(g, key, tree, "*", "transfer", condition, raw);
		}
	}
}

static const char *knot_of(const struct afd_conf_node *n)
{
	return afd_conf_value(n, "id");
}

static bool knot_grants(struct grants *g, const struct afd_conf_node *root)
{
	const struct afd_conf_node *acls = NULL, *zone = NULL;

	for (const struct afd_conf_node *z = afd_conf_get(root, "zone", NULL); z && !zone; z = afd_conf_get(root, "zone", z))
		if (same_name(afd_conf_value(z, "domain"), g->zone))
			zone = z;
	if (!zone)
		return false;
	acls = afd_conf_get(zone, "acl", NULL);
	const char *of = afd_conf_value(zone, "template");
	for (const struct afd_conf_node *t = afd_conf_get(root, "template", NULL); t && !acls; t = afd_conf_get(root, "template", t))
		if (knot_of(t) && strcmp(knot_of(t), of ? of : "default") == 0)
			acls = afd_conf_get(t, "acl", NULL);
	for (size_t i = 1; acls && i < acls->n; i++)
		for (const struct afd_conf_node *a = afd_conf_get(root, "acl", NULL); a; a = afd_conf_get(root, "acl", a))
			if (knot_of(a) && strcmp(knot_of(a), acls->word[i]) == 0)
				knot_acl(g, a);
	return true;
}

/* --- NSD --- */

static bool nsd_grants(struct grants *g, const struct afd_conf_node *root)
{
	AFD_AUTO(mem) char *tree = below(g->zone);
	const struct afd_conf_node *zone = NULL;

	for (const struct afd_conf_node *z = afd_conf_get(root, "zone", NULL); z && !zone; z = afd_conf_get(root, "zone", z))
		if (same_name(afd_conf_value(z, "name"), g->zone))
			zone = z;
	for (const struct afd_conf_node *p = zone ? afd_conf_get(zone, "provide-xfr", NULL) : NULL; p && tree; p = afd_conf_get(zone, "provide-xfr", p)) {
		const char *key = afd_conf_word(p, 2);
		char raw[400];

		raw_of(p, raw, sizeof(raw));
		if (strcasecmp(key, "BLOCKED") == 0)
			continue;
		grant(g, strcasecmp(key, "NOKEY") == 0 ? "" : key, g->zone, "*", "transfer", afd_conf_word(p, 1), raw);
		grant(g, strcasecmp(key, "NOKEY") == 0 ? "" : key, tree, "*", "transfer", afd_conf_word(p, 1), raw);
	}
	return zone != NULL;
}

/* --- the source --- */

static int kind_of(const char *name, enum afd_conf_kind *ret, struct afd_error *err)
{
	for (int i = 0; i < AFD_CONF_POWERDNS; i++)
		if (strcmp(name, afd_conf_kind_name[i]) == 0) {
			*ret = (enum afd_conf_kind)i;
			return 0;
		}
	return afd_fail(err, AFD_E_CONFIG, "server: expected bind, knot or nsd, got \"%.40s\"", name);
}

static int conf_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct conf_config *c = config;
	enum afd_conf_kind kind;

	return kind_of(c->server, &kind, err) < 0 ? -1 : afd_whole_scopes(&c->whole, ret, err);
}

static int conf_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	const struct conf_config *own = config;
	AFD_AUTO(buf) struct afd_buf zones = { 0 };
	AFD_AUTO(mem) char *extra = NULL;

	if (conf_scopes(config, &zones, err) < 0)
		return -1;
	extra = afd_sprintf("server=%s zones=%s", own->server, (const char *)zones.data);
	return extra ? afd_whole_begin(&form, c, &own->whole, extra, cursor, ret, err) : afd_fail_memory(err);
}

static int conf_redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	return afd_conf_cut(AFD_CONF_BIND, bytes, cuts, err);
}

/* "configuration PATH server=bind zones=a.test b.test" */
static int conf_decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	static bool (*const decode[])(struct grants *g, const struct afd_conf_node *root) = {
		[AFD_CONF_BIND] = bind_grants, [AFD_CONF_KNOT] = knot_grants, [AFD_CONF_NSD] = nsd_grants,
	};
	AFD_AUTO(conf) struct afd_conf *c = NULL;
	AFD_AUTO(mem) struct grants *g = calloc(1, sizeof(*g));
	const char *server = NULL, *zones;
	enum afd_conf_kind kind = AFD_CONF_BIND;
	char name[20];
	int rc = 0;

	for (const char *p = item->record->asked; p && (p = strstr(p, " server=")) != NULL; p++)
		server = p + 8;
	if (!server || !(zones = strstr(server, " zones=")))
		return afd_fail(err, AFD_E_PARSE, "asked: expected server= and zones=");
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(server, " "), server);
	if (!g)
		return afd_fail_memory(err);
	if (kind_of(name, &kind, err) < 0 || afd_conf_parse(kind, item->bytes, &c, err) < 0)
		return -1;
	for (const char *z = zones + 7; rc == 0 && *(z += strspn(z, " ")); z += strcspn(z, " ")) {
		AFD_AUTO(mem) char *zone = afd_text_dup(afd_slice(z, strcspn(z, " ")));

		g->n = g->text.len = 0;
		g->zone = zone;
		if (!zone)
			rc = afd_fail_memory(err);
		/* a zone that it does not have is not granted to anybody there */
		else if (decode[kind](g, afd_conf_root(c)))
			rc = put(g, item, sink, err);
	}
	afd_buf_release(&g->text);
	return rc;
}

const struct afd_provider afd_provider_dns_server_config = {
	.kind = "dns-server-config",
	.leg = AFD_LEG_ZONE,
	.title = "configurations of DNS servers: what each key may write, as granted",
	.help = "Keeps the file, with every secret cut, and reads from it who may update and transfer the zones: update-policy, allow-update and\n"
	        "allow-transfer of BIND, acl of Knot, provide-xfr of NSD. Files that it includes are not followed: give what the server prints,\n"
	        "  named-checkconf -p > granted.conf      knotc conf-export > granted.conf      nsd-checkconf -v nsd.conf > granted.conf\n"
	        "made again before each collection. The check credential-grant-exceeds-scope compares it with the inventory and with what was used.\n"
	        "`affidavit doctor` says which of its settings lose evidence.\n"
	        "Least privilege: a user that may read this copy, nothing of the server; let the server's own user write it.",
	.basis = "tested on a real server (BIND 9.18); Knot and NSD on files of ours",
	.evidence = "credential-grants",
	.fields = fields,
	.config_size = sizeof(struct conf_config),
	.scopes = conf_scopes,
	.begin = conf_begin,
	.next = afd_whole_next,
	.take = afd_whole_take,
	.end = afd_whole_end,
	.redact = conf_redact,
	.decode = conf_decode,
};
