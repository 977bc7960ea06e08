#include "cli/doctor.h"

#include <strings.h>

struct exam { const struct afd_conf_node *root; const struct rule *rule; doctor_found *found; void *ctx; int stop; };
struct rule { const char *id; enum afd_conf_kind server; void (*test)(struct exam *x); const char *why, *line; };

static void tell(struct exam *x, const char *subject, unsigned line)
{
	const struct doctor_finding f = { x->rule->id, subject, x->rule->why, x->rule->line, line };

	if (!x->stop)
		x->stop = x->found(x->ctx, &f);
}

#define EACH(n, in, name) (const struct afd_conf_node *n = afd_conf_get(in, name, NULL); n; n = afd_conf_get(in, name, n))

static bool is(const char *a, const char *b)
{
	return a && strcasecmp(a, b) == 0;
}

static void weak_key(struct exam *x, const char *id)
{
	for EACH(k, x->root, "key") {
		const char *algorithm = afd_conf_value(k, "algorithm"), *name = id ? afd_conf_value(k, id) : afd_conf_word(k, 1);

		if (algorithm && (strncasecmp(algorithm, "hmac-md5", 8) == 0 || strncasecmp(algorithm, "hmac-sha1", 9) == 0))
			tell(x, name ? name : "", k->line);
	}
}

/* --- BIND --- */

static const char *const update_category[] = { "update", "update-security", "security" };

/* The channel of that name that keeps something: null and default_* are BIND's own. */
static const struct afd_conf_node *channel(const struct exam *x, const char *name)
{
	for EACH(l, x->root, "logging")
		for EACH(c, l, "channel")
			if (is(afd_conf_word(c, 1), name))
				return c;
	return NULL;
}

static bool kept(const struct exam *x, const char *category)
{
	for EACH(l, x->root, "logging")
		for EACH(c, l, "category")
			for (const struct afd_conf_node *to = is(afd_conf_word(c, 1), category) ? c->first : NULL; to; to = to->next)
				if (channel(x, afd_conf_word(to, 0)))
					return true;
	return false;
}

static void bind_category(struct exam *x)
{
	for (size_t i = 0; i < AFD_COUNT(update_category); i++)
		if (!kept(x, update_category[i]))
			tell(x, update_category[i], 0);
}

/* Calls F for each channel that one of our categories is written to. */
static void each_channel(struct exam *x, bool (*lacks)(const struct afd_conf_node *c))
{
	for EACH(l, x->root, "logging")
		for EACH(c, l, "channel") {
			bool ours = false;

			for EACH(k, l, "category")
				for (size_t i = 0; i < AFD_COUNT(update_category); i++)
					ours |= is(afd_conf_word(k, 1), update_category[i]) && afd_conf_get(k, afd_conf_word(c, 1), NULL);
			if (ours && lacks(c))
				tell(x, afd_conf_word(c, 1), c->line);
		}
}

static bool no_time(const struct afd_conf_node *c)
{
	const char *t = afd_conf_value(c, "print-time");

	return !afd_conf_get(c, "syslog", NULL) && (!t || is(t, "no") || is(t, "false"));
}
static bool local_time(const struct afd_conf_node *c)
{
	const char *t = afd_conf_value(c, "print-time");

	return t && (is(t, "yes") || is(t, "true") || is(t, "local") || is(t, "iso8601"));
}
static bool not_kept(const struct afd_conf_node *c)
{
	return afd_conf_get(c, "syslog", NULL) || afd_conf_get(c, "null", NULL) || afd_conf_get(c, "stderr", NULL);
}
static bool too_quiet(const struct afd_conf_node *c)
{
	const char *s = afd_conf_value(c, "severity");

	return is(s, "critical") || is(s, "error") || is(s, "warning") || is(s, "notice");
}
static void bind_no_time(struct exam *x) { each_channel(x, no_time); }
static void bind_local_time(struct exam *x) { each_channel(x, local_time); }
static void bind_channel_file(struct exam *x) { each_channel(x, not_kept); }
static void bind_severity(struct exam *x) { each_channel(x, too_quiet); }

/* Of the zone, its view, or the options. */
static const struct afd_conf_node *in_force(const struct exam *x, const struct afd_conf_node *zone, const char *name)
{
	const struct afd_conf_node *s = NULL, *options = afd_conf_get(x->root, "options", NULL);

	for (const struct afd_conf_node *n = zone; n && n != x->root && !s; n = n->parent)
		s = afd_conf_get(n, name, NULL);
	return s ? s : afd_conf_get(options, name, NULL);
}

typedef void zone_test(struct exam *x, const struct afd_conf_node *zone, bool primary);
static void each_zone_in(struct exam *x, const struct afd_conf_node *in, zone_test *f)
{
	for EACH(z, in, "zone") {
		const char *type = afd_conf_value(z, "type");
		bool primary = is(type, "primary") || is(type, "master");

		if (primary || is(type, "secondary") || is(type, "slave"))
			f(x, z, primary);
	}
}
static void each_zone(struct exam *x, zone_test *f)
{
	each_zone_in(x, x->root, f);
	for EACH(v, x->root, "view")
		each_zone_in(x, v, f);
}

static bool anybody(const struct afd_conf_node *list)
{
	return afd_conf_get(list, "any", NULL) || afd_conf_get(list, "0.0.0.0/0", NULL);
}

static void allow_update(struct exam *x, const struct afd_conf_node *z, bool primary)
{
	const struct afd_conf_node *a = in_force(x, z, "allow-update");

	if (primary && a && a->first && !(afd_conf_get(a, "none", NULL) && !a->first->next) && !afd_conf_get(z, "update-policy", NULL))
		tell(x, afd_conf_word(z, 1), a->line);
}
static void open_transfer(struct exam *x, const struct afd_conf_node *z, bool primary)
{
	const struct afd_conf_node *a = in_force(x, z, "allow-transfer");

	(void)primary;
	if (!a || anybody(a))
		tell(x, afd_conf_word(z, 1), a ? a->line : z->line);
}
static void wide_policy(struct exam *x, const struct afd_conf_node *z, bool primary)
{
	const struct afd_conf_node *p = afd_conf_get(z, "update-policy", NULL);

	(void)primary;
	for (const struct afd_conf_node *g = p ? p->first : NULL; g; g = g->next)
		if (is(afd_conf_word(g, 0), "grant") &&
		    ((is(afd_conf_word(g, 2), "zonesub") && (g->n <= 3 || afd_conf_has(g, 3, "ANY"))) ||
		     ((is(afd_conf_word(g, 2), "subdomain") || is(afd_conf_word(g, 2), "wildcard") || is(afd_conf_word(g, 2), "name")) && g->n <= 4)))
			tell(x, afd_conf_word(g, 1), g->line);
}
static void differences(struct exam *x, const struct afd_conf_node *z, bool primary)
{
	const struct afd_conf_node *d = in_force(x, z, "ixfr-from-differences"), *u = in_force(x, z, "allow-update");
	bool on = d && (is(afd_conf_word(d, 1), "yes") || is(afd_conf_word(d, 1), "primary") || is(afd_conf_word(d, 1), "master"));
	bool dynamic = afd_conf_get(z, "update-policy", NULL) || (u && !afd_conf_get(u, "none", NULL)) || afd_conf_get(z, "dnssec-policy", NULL);

	if (primary && !dynamic && !on)
		tell(x, afd_conf_word(z, 1), z->line);
}
static void bind_allow_update(struct exam *x) { each_zone(x, allow_update); }
static void bind_open_transfer(struct exam *x) { each_zone(x, open_transfer); }
static void bind_wide_policy(struct exam *x) { each_zone(x, wide_policy); }
static void bind_differences(struct exam *x) { each_zone(x, differences); }

static const struct afd_conf_node *option(const struct exam *x, const char *name)
{
	return afd_conf_get(afd_conf_get(x->root, "options", NULL), name, NULL);
}

static void bind_dnstap(struct exam *x)
{
	const struct afd_conf_node *d = option(x, "dnstap");

	if (!d || !(afd_conf_get(d, "update", NULL) || afd_conf_get(d, "all", NULL)))
		tell(x, "", d ? d->line : 0);
}
static void bind_ratio(struct exam *x)
{
	const struct afd_conf_node *r = option(x, "max-ixfr-ratio");

	if (!r || !is(afd_conf_word(r, 1), "unlimited"))
		tell(x, "", r ? r->line : 0);
}

/* "512k", "100m" in bytes; "default", "unlimited" and nothing: 0 */
static uint64_t size_of(const char *s)
{
	char *end = NULL;
	uint64_t v = s && *s >= '0' && *s <= '9' ? strtoull(s, &end, 10) : 0;

	return !v ? 0 : (*end | 0x20) == 'k' ? v << 10 : (*end | 0x20) == 'm' ? v << 20 : (*end | 0x20) == 'g' ? v << 30 : v;
}
static void bind_journal(struct exam *x)
{
	const struct afd_conf_node *j = option(x, "max-journal-size");
	const char *v = afd_conf_word(j, 1);

	if (!j || is(v, "default") || (!is(v, "unlimited") && size_of(v) < (16u << 20)))
		tell(x, "", j ? j->line : 0);
}
static void bind_statistics(struct exam *x)
{
	for EACH(s, x->root, "statistics-channels")
		for EACH(i, s, "inet") {
			const char *at = afd_conf_word(i, 1);
			bool local = strncmp(at, "127.", 4) == 0 || is(at, "::1");

			if ((!local && !afd_conf_has(i, 2, "allow")) || anybody(i))
				tell(x, at, i->line);
		}
}
static void bind_weak_key(struct exam *x) { weak_key(x, NULL); }

/* --- Knot --- */

static void knot_debug(struct exam *x)
{
	for EACH(l, x->root, "log")
		if (is(afd_conf_value(l, "any"), "debug") || is(afd_conf_value(l, "zone"), "debug"))
			return;
	tell(x, "", 0);
}

/* The setting of a zone, of its template, of the template "default"; NULL: Knot's own default holds. */
static const char *knot_setting(const struct exam *x, const struct afd_conf_node *zone, const char *name)
{
	const char *v = afd_conf_value(zone, name), *of = afd_conf_value(zone, "template");

	for EACH(t, x->root, "template")
		if (!v && is(afd_conf_value(t, "id"), of ? of : "default"))
			v = afd_conf_value(t, name);
	return v;
}
static void knot_depth(struct exam *x)
{
	for EACH(z, x->root, "zone") {
		const char *v = knot_setting(x, z, "journal-max-depth");

		if (!v || strtoul(v, NULL, 10) < 100)
			tell(x, afd_conf_value(z, "domain"), z->line);
	}
}
static void knot_sync(struct exam *x)
{
	for EACH(z, x->root, "zone")
		if (is(knot_setting(x, z, "zonefile-sync"), "-1"))
			tell(x, afd_conf_value(z, "domain"), z->line);
}
static void knot_journal(struct exam *x)
{
	for EACH(z, x->root, "zone")
		if (is(knot_setting(x, z, "journal-content"), "none"))
			tell(x, afd_conf_value(z, "domain"), z->line);
}
static void knot_acl(struct exam *x)
{
	for EACH(a, x->root, "acl") {
		bool named = afd_conf_get(a, "key", NULL) || afd_conf_get(a, "remote", NULL);

		if (afd_conf_has(afd_conf_get(a, "action", NULL), 1, "transfer") && !named && !afd_conf_get(a, "address", NULL))
			tell(x, afd_conf_value(a, "id"), a->line);
	}
}
static void knot_update(struct exam *x)
{
	for EACH(a, x->root, "acl")
		if (afd_conf_has(afd_conf_get(a, "action", NULL), 1, "update") &&
		    !(afd_conf_get(a, "update-type", NULL) && afd_conf_get(a, "update-owner", NULL)))
			tell(x, afd_conf_value(a, "id"), a->line);
}
static void knot_weak_key(struct exam *x) { weak_key(x, "id"); }

/* --- NSD --- */

/* Of the zone, or of a pattern that it includes. */
static const char *nsd_setting(const struct exam *x, const struct afd_conf_node *zone, const char *name)
{
	const char *v = afd_conf_value(zone, name);

	for EACH(i, zone, "include-pattern")
		for EACH(p, x->root, "pattern")
			if (!v && is(afd_conf_value(p, "name"), afd_conf_word(i, 1)))
				v = afd_conf_value(p, name);
	return v;
}
static void nsd_store(struct exam *x)
{
	for EACH(z, x->root, "zone")
		if (nsd_setting(x, z, "request-xfr") && !is(nsd_setting(x, z, "store-ixfr"), "yes"))
			tell(x, afd_conf_value(z, "name"), z->line);
}
static void nsd_number(struct exam *x)
{
	for EACH(z, x->root, "zone") {
		const char *n = nsd_setting(x, z, "ixfr-number");

		if (nsd_setting(x, z, "request-xfr") && (!n || strtoul(n, NULL, 10) < 50))
			tell(x, afd_conf_value(z, "name"), z->line);
	}
}
static void nsd_write(struct exam *x)
{
	const char *w = afd_conf_value(afd_conf_get(x->root, "server", NULL), "zonefiles-write");

	if (is(w, "0"))
		tell(x, "", afd_conf_get(x->root, "server", NULL)->line);
}
static void nsd_open(struct exam *x)
{
	for EACH(z, x->root, "zone")
		for EACH(p, z, "provide-xfr")
			if (afd_conf_has(p, 2, "NOKEY") && (is(afd_conf_word(p, 1), "0.0.0.0/0") || is(afd_conf_word(p, 1), "::0/0") || is(afd_conf_word(p, 1), "::/0")))
				tell(x, afd_conf_value(z, "name"), p->line);
}
static void nsd_weak_key(struct exam *x) { weak_key(x, "name"); }

/* --- PowerDNS --- */

static void pdns_soa_edit(struct exam *x)
{
	const struct afd_conf_node *a = afd_conf_get(x->root, "api", NULL);

	if (a && !is(afd_conf_word(a, 1), "no"))
		tell(x, "", a->line);
}
static void pdns_loglevel(struct exam *x)
{
	const struct afd_conf_node *u = afd_conf_get(x->root, "dnsupdate", NULL), *l = afd_conf_get(x->root, "loglevel", NULL);

	if (u && is(afd_conf_word(u, 1), "yes") && (!l || strtoul(afd_conf_word(l, 1), NULL, 10) < 5))
		tell(x, "", l ? l->line : u->line);
}
static void pdns_open(struct exam *x)
{
	const struct afd_conf_node *a = afd_conf_get(x->root, "allow-axfr-ips", NULL);

	if (afd_conf_has(a, 1, "0.0.0.0/0") || afd_conf_has(a, 1, "::/0"))
		tell(x, "", a->line);
}
static void pdns_update_from(struct exam *x)
{
	const struct afd_conf_node *a = afd_conf_get(x->root, "allow-dnsupdate-from", NULL), *u = afd_conf_get(x->root, "dnsupdate", NULL);

	if (u && is(afd_conf_word(u, 1), "yes") && (afd_conf_has(a, 1, "0.0.0.0/0") || afd_conf_has(a, 1, "::/0")))
		tell(x, "", a->line);
}

/* --- the rules --- */

#define KEY_WHY "MD5 and SHA-1 are no proof of who signed an update or a transfer"

static const struct rule rules[] = {
	{ "bind-log-category", AFD_CONF_BIND, bind_category,
	  "this category goes to no channel of ours: who changed a zone, or tried to, is written nowhere",
	  "logging { channel updates { file \"/var/log/named/update.log\" versions 20 size 50m; severity info; print-time iso8601-utc; print-category yes;"
	  " print-severity yes; }; category update { updates; }; category update-security { updates; }; category security { updates; }; };" },
	{ "bind-print-time", AFD_CONF_BIND, bind_no_time, "its lines have no time, no category and no severity: nothing in it can be placed",
	  "print-time iso8601-utc; print-category yes; print-severity yes;" },
	{ "bind-local-time", AFD_CONF_BIND, bind_local_time, "its times are local and have no zone: one hour a year comes twice", "print-time iso8601-utc;" },
	{ "bind-log-file", AFD_CONF_BIND, bind_channel_file, "it goes to no file: syslog cuts long lines and drops what comes too fast",
	  "file \"/var/log/named/update.log\" versions 20 size 50m;" },
	{ "bind-log-severity", AFD_CONF_BIND, bind_severity, "updates are logged with severity info, which this channel leaves out", "severity info;" },
	{ "bind-dnstap", AFD_CONF_BIND, bind_dnstap,
	  "the log has no deleted data, no TTLs and no signatures; dnstap keeps the whole UPDATE, which can be verified later",
	  "options { dnstap { update; }; dnstap-output file \"/var/lib/named/update.dnstap\" versions 20 size 50m; };" },
	{ "bind-max-ixfr-ratio", AFD_CONF_BIND, bind_ratio,
	  "where the differences are larger than the zone, BIND answers with the whole zone: the single steps are lost", "options { max-ixfr-ratio unlimited; };" },
	{ "bind-max-journal-size", AFD_CONF_BIND, bind_journal, "the journal is cut to about twice the zone's size: older steps are lost",
	  "options { max-journal-size 100m; };" },
	{ "bind-ixfr-from-differences", AFD_CONF_BIND, bind_differences, "an edited zone file that is loaded again leaves no history",
	  "zone \"...\" { ixfr-from-differences yes; };" },
	{ "bind-allow-update", AFD_CONF_BIND, bind_allow_update, "allow-update lets each key write every name and type of the zone",
	  "update-policy { grant KEY name _acme-challenge.www.example.com. TXT; };" },
	{ "bind-update-policy", AFD_CONF_BIND, bind_wide_policy, "this grant names no types, or the whole zone: the key may write more than its task",
	  "grant KEY name _acme-challenge.www.example.com. TXT;" },
	{ "bind-allow-transfer", AFD_CONF_BIND, bind_open_transfer, "anybody may transfer the zone (without allow-transfer that is so until BIND 9.18)",
	  "allow-transfer { key \"audit\"; };" },
	{ "bind-tsig-algorithm", AFD_CONF_BIND, bind_weak_key, KEY_WHY, "algorithm hmac-sha256;" },
	{ "bind-statistics", AFD_CONF_BIND, bind_statistics, "the statistics channel is open to strangers",
	  "statistics-channels { inet 127.0.0.1 port 8053 allow { 127.0.0.1; }; };" },
	{ "knot-log-debug", AFD_CONF_KNOT, knot_debug, "the key of an update, and each denial, is logged at debug only", "log:\n  - target: /var/log/knot/knot.log\n    zone: debug" },
	{ "knot-journal-depth", AFD_CONF_KNOT, knot_depth, "after 20 changes (the default) the oldest are merged: what was added and taken away disappears",
	  "journal-max-depth: 10000" },
	{ "knot-zonefile-sync", AFD_CONF_KNOT, knot_sync, "the zone file is never written, so a full journal merges its history", "zonefile-sync: 0" },
	{ "knot-journal-content", AFD_CONF_KNOT, knot_journal, "there is no journal: no history at all", "journal-content: changes" },
	{ "knot-acl-transfer", AFD_CONF_KNOT, knot_acl, "anybody may transfer the zones of this acl", "key: audit" },
	{ "knot-acl-update", AFD_CONF_KNOT, knot_update, "this acl limits neither types nor owners: the key may write every record of the zone",
	  "update-type: [TXT]\n    update-owner: name\n    update-owner-match: equal\n    update-owner-name: [_acme-challenge.www]" },
	{ "knot-tsig-algorithm", AFD_CONF_KNOT, knot_weak_key, KEY_WHY, "algorithm: hmac-sha256" },
	{ "nsd-store-ixfr", AFD_CONF_NSD, nsd_store, "differences that were received are not kept: an IXFR is answered with the whole zone", "store-ixfr: yes" },
	{ "nsd-ixfr-number", AFD_CONF_NSD, nsd_number, "only the newest 5 differences are kept (the default)", "ixfr-number: 1000\n    ixfr-size: 104857600" },
	{ "nsd-zonefiles-write", AFD_CONF_NSD, nsd_write, "zone files are never written, and differences are stored with them", "zonefiles-write: 600" },
	{ "nsd-provide-xfr", AFD_CONF_NSD, nsd_open, "anybody may transfer the zone", "provide-xfr: 192.0.2.10 audit" },
	{ "nsd-tsig-algorithm", AFD_CONF_NSD, nsd_weak_key, KEY_WHY, "algorithm: hmac-sha256" },
	{ "powerdns-soa-edit-api", AFD_CONF_POWERDNS, pdns_soa_edit,
	  "changes by the API leave the serial as it is unless SOA-EDIT-API is set; that stands in the database, so look with `pdnsutil get-meta ZONE`",
	  "pdnsutil set-meta ZONE SOA-EDIT-API INCREASE" },
	{ "powerdns-loglevel", AFD_CONF_POWERDNS, pdns_loglevel, "updates are logged at level 5 (notice) and up", "loglevel=5" },
	{ "powerdns-allow-axfr", AFD_CONF_POWERDNS, pdns_open, "anybody may transfer all zones", "allow-axfr-ips=127.0.0.0/8" },
	{ "powerdns-update-from", AFD_CONF_POWERDNS, pdns_update_from, "updates are taken from every address; no key name is ever logged", "allow-dnsupdate-from=192.0.2.10" },
};

int doctor_examine(enum afd_conf_kind kind, const struct afd_conf *c, doctor_found *found, void *ctx)
{
	struct exam x = { .root = afd_conf_root(c), .found = found, .ctx = ctx };

	for (size_t i = 0; i < AFD_COUNT(rules) && !x.stop; i++)
		if (rules[i].server == kind) {
			x.rule = &rules[i];
			rules[i].test(&x);
		}
	return x.stop;
}

bool doctor_rule(size_t i, struct doctor_finding *ret, const char **server)
{
	if (i >= AFD_COUNT(rules))
		return false;
	*ret = (struct doctor_finding){ rules[i].id, "", rules[i].why, rules[i].line, 0 };
	*server = afd_conf_kind_name[rules[i].server];
	return true;
}
