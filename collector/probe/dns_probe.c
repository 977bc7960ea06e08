/* Live questions to the authoritative servers of our zones: what they answer now, kept packet by packet. */
#include "collector/probe/probe.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/probe/anchors.h"
#include "collector/probe/probe_rows.h"
#include "collector/table.h"
#include "collector/zone/dns_rdata.h"

#define EVIDENCE "dns-live"
enum { MOST_ZONES = 10000, OPINIONS = 2 };

struct probe_config {
	struct afd_texts zones, roots, servers;
	const char *trust_anchor;
	int64_t port, pace, timeout, stands, questions;
	bool ipv6, second_opinion;
};
static const struct probe_config defaults = {
	.port = 53, .pace = 50, .timeout = 5 * AFD_SECOND, .stands = 2 * AFD_DAY, .questions = 20000, .ipv6 = true, .second_opinion = true,
};
static const struct afd_field fields[] = {
	{ "ipv6", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct probe_config, ipv6), "ask IPv6 addresses as well; default true" },
	{ "pace", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct probe_config, pace), "between two questions; default 50ms" },
	{ "port", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct probe_config, port), "of the servers that are found; default 53" },
	{ "questions", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct probe_config, questions), "at most so many in one run; default 20000" },
	{ "roots", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct probe_config, roots), "ADDRESS or ADDRESS@PORT of root servers; default: those of the Internet" },
	{ "second_opinion", AFD_FIELD_BOOL, AFD_OPTIONAL, offsetof(struct probe_config, second_opinion), "ask libunbound, too; default true" },
	{ "servers", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct probe_config, servers), "\"ZONE NAME ADDRESS[@PORT]\": asked instead of those that its parent names" },
	{ "stands", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct probe_config, stands), "for how long back one look speaks at most; default 2d" },
	{ "timeout", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct probe_config, timeout), "for one answer; default 5s" },
	{ "trust_anchor", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct probe_config, trust_anchor), "file with DS or DNSKEY records; default: the root's KSK-2017 and KSK-2024" },
	{ "zones", AFD_FIELD_NAMES, AFD_OPTIONAL, offsetof(struct probe_config, zones), "which; default: the domains in scope" },
	{ 0 }
};

/* https://www.internic.net/domain/named.root; they change once in some years, and one that answers is enough. */
static const char *const iana_roots[] = {
	"198.41.0.4", "170.247.170.2", "192.33.4.12", "199.7.91.13", "192.203.230.10", "192.5.5.241", "192.112.36.4",
	"198.97.190.53", "192.36.148.17", "192.58.128.30", "193.0.14.129", "199.7.83.42", "202.12.27.33",
};

struct state {
	struct probe p;
	struct probe_config c;
	const struct afd_source_config *sc;
	char **zone; size_t n, at;
	struct probe_result *result;
	struct afd_buf anchors, asked, opinions;
	char **anchor, **stub; size_t n_anchor, n_stub;
	struct afd_validate validate;
	unsigned opinion;                         /* which one is asked for; OPINIONS: all were */
	bool planned;                             /* the zone's questions were all asked */
	json_t *marks;
	char name[PROBE_NAME];                    /* of the opinion */
};

static int scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct probe_config *c = config;
	struct server s;

	if (c->port < 1 || c->port > 65535)
		return afd_fail(err, AFD_E_CONFIG, "port: expected 1 to 65535");
	if (c->questions < 1 || c->questions > 1000000)
		return afd_fail(err, AFD_E_CONFIG, "questions: expected 1 to 1000000");
	if (c->timeout < 100 || c->timeout > 60 * AFD_SECOND)
		return afd_fail(err, AFD_E_CONFIG, "timeout: expected 100ms to 60s");
	if (c->zones.n > MOST_ZONES)
		return afd_fail(err, AFD_E_CONFIG, "zones: more than %d", MOST_ZONES);
	if (c->roots.n > PROBE_SERVERS)
		return afd_fail(err, AFD_E_CONFIG, "roots: more than %d", PROBE_SERVERS);
	for (size_t i = 0; i < c->roots.n; i++)
		if (afd_probe_server_parse(c->roots.at[i], 53, &s, err) < 0)
			return afd_within(err, "roots");
	for (size_t i = 0; i < c->zones.n; i++)
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	return 0;
}

/* --- begin and end --- */

static void free_list(char **list, size_t n)
{
	for (size_t i = 0; list && i < n; i++)
		free(list[i]);
	free(list);
}

static void end(void *state)
{
	struct state *s = state;

	if (!s)
		return;
	afd_probe_release(&s->p);
	free_list(s->zone, s->n);
	free_list(s->stub, s->n_stub);
	free(s->anchor);
	free(s->result);
	afd_buf_release(&s->anchors);
	afd_buf_release(&s->asked);
	afd_buf_release(&s->opinions);
	json_decref(s->marks);
	free(s);
}

static bool has_zone(const struct state *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->zone[i], name) == 0)
			return true;
	return false;
}

static int add_zone(struct state *s, const char *name, struct afd_error *err)
{
	char **more;

	if (has_zone(s, name) || strlen(name) >= PROBE_NAME - 40)
		return 0;
	if (s->n == MOST_ZONES)
		return afd_fail(err, AFD_E_CONFIG, "more than %d zones: say which to ask about in `zones`", MOST_ZONES);
	more = realloc(s->zone, (s->n + 1) * sizeof(*more));
	if (!more)
		return afd_fail_memory(err);
	s->zone = more;
	s->zone[s->n] = afd_strdup(name);
	return s->zone[s->n] ? (s->n++, 0) : afd_fail_memory(err);
}

/* The inventory's list has marks: "=name" alone, "~name" what looks like it, and ranges of addresses. */
static int add_zones(struct state *s, struct afd_error *err)
{
	const struct afd_watch *w = s->sc->watch;

	for (size_t i = 0; i < s->c.zones.n; i++)
		if (add_zone(s, s->c.zones.at[i], err) < 0)
			return -1;
	for (size_t i = 0; w && !s->c.zones.n && i < w->n; i++) {
		const char *name = w->name[i];

		if (*name != '~' && !strchr(name, '/') && !strchr(name, ':') && add_zone(s, name + (*name == '='), err) < 0)
			return -1;
	}
	return 0;
}

static int add_roots(struct state *s, struct afd_error *err)
{
	const char *const *list = s->c.roots.n ? s->c.roots.at : iana_roots;
	size_t n = s->c.roots.n ? s->c.roots.n : AFD_COUNT(iana_roots);

	for (size_t i = 0; i < n; i++)
		if (afd_probe_server_parse(list[i], s->c.roots.n ? (uint16_t)s->c.port : 53, &s->p.roots.at[s->p.roots.n++], err) < 0)
			return -1;
	return 0;
}

/* Lines of s->anchors become a list; LF become ends. */
static int list_anchors(struct state *s, struct afd_error *err)
{
	s->anchor = calloc(AFD_PROBE_ANCHORS, sizeof(*s->anchor));
	if (!s->anchor)
		return afd_fail_memory(err);
	for (char *line = (char *)s->anchors.data, *lf; (lf = strchr(line, '\n')); line = lf + 1) {
		*lf = 0;
		if (s->n_anchor == AFD_PROBE_ANCHORS)
			return afd_fail(err, AFD_E_CONFIG, "trust_anchor: more than %d", AFD_PROBE_ANCHORS);
		s->anchor[s->n_anchor++] = line;
	}
	return 0;
}

static int read_cursor(struct state *s, const char *cursor, struct afd_error *err)
{
	json_error_t je;

	s->marks = cursor ? json_loads(cursor, 0, &je) : json_object();
	if (!s->marks || !json_is_object(s->marks))
		return afd_fail(err, AFD_E_STORE, "cursor: cannot be read");
	return 0;
}

static int nobody(struct state *s, struct afd_error *err)
{
	uint8_t raw[7];

	if (afd_random(s->sc->env, raw, sizeof(raw)) < 0)
		return afd_fail(err, AFD_E_IO, "no random bytes for a name that nobody has");
	afd_hex(afd_slice(raw, sizeof(raw)), s->p.nobody);
	return 0;
}

static int begin(const struct afd_source_config *sc, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return afd_fail_memory(err);
	s->c = *(const struct probe_config *)config;
	s->sc = sc;
	s->p.env = sc->env;
	s->p.port = (uint16_t)s->c.port;
	s->p.ipv6 = s->c.ipv6;
	s->p.most_questions = (uint64_t)s->c.questions;
	s->p.fixed = s->c.servers.at;
	s->p.n_fixed = s->c.servers.n;
	s->p.host = sc->watch ? sc->watch->host : NULL;
	s->p.n_host = sc->watch ? sc->watch->n_host : 0;
	s->result = calloc(1, sizeof(*s->result));
	if (!s->result || read_cursor(s, cursor, err) < 0 || add_zones(s, err) < 0 || add_roots(s, err) < 0 || nobody(s, err) < 0 ||
	    (!s->c.trust_anchor && (afd_anchors_of_iana(&s->anchors, err) < 0 || list_anchors(s, err) < 0))) {
		if (!s->result)
			afd_fail_memory(err);
		end(s);
		return -1;
	}
	*ret = s;
	return 0;
}

/* --- asking --- */

static int put_stub(struct state *s, const char *zone, const struct server *x, struct afd_error *err)
{
	char **more = realloc(s->stub, (s->n_stub + 1) * sizeof(*more));

	if (!more)
		return afd_fail_memory(err);
	s->stub = more;
	s->stub[s->n_stub] = afd_sprintf("%s %s@%u", zone, x->address, (unsigned)x->port);
	return s->stub[s->n_stub] ? (s->n_stub++, 0) : afd_fail_memory(err);
}

/* In a tree of its own the other validator must be shown where each zone is. */
static int put_stubs(struct state *s, struct afd_error *err)
{
	const struct way *w = &s->result->way;

	free_list(s->stub, s->n_stub);
	s->stub = NULL;
	s->n_stub = 0;
	for (size_t i = 0; s->c.roots.n && i < w->n; i++) {
		const struct servers *list = i + 1 == w->n ? &s->result->servers : &w->at[i].servers;

		for (size_t k = 0; k < list->n; k++)
			if (put_stub(s, w->at[i].zone, &list->at[k], err) < 0)
				return -1;
	}
	return 0;
}

static int next_opinion(struct state *s, struct afd_request *q, struct afd_error *err)
{
	const char *zone = s->zone[s->at];

	if (put_stubs(s, err) < 0)
		return -1;
	if (s->opinion == 0)
		snprintf(s->name, sizeof(s->name), "%s", zone);
	else
		snprintf(s->name, sizeof(s->name), strcmp(zone, ".") ? "%s.%s" : "%s", s->p.nobody, zone);
	s->validate = (struct afd_validate){ .name = s->name, .type = s->opinion == 0 ? AFD_DNS_SOA : RR_A, .anchor = (const char *const *)s->anchor,
					     .n_anchor = s->n_anchor, .stub = (const char *const *)s->stub, .n_stub = s->n_stub };
	s->asked.len = 0;
	if (afd_buf_printf(&s->asked, "libunbound about %s", s->name) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_VALIDATE, .asked = (const char *)s->asked.data, .validate = &s->validate, .once = true,
				   .wait_ms = 3 * s->c.timeout };
	return 1;
}

static int next_question(struct state *s, struct afd_request *q, struct afd_error *err)
{
	char type[16];

	if (afd_probe_query(&s->p, err) < 0)
		return -1;
	afd_dns_type_text(s->p.want.type, type);
	s->asked.len = 0;
	if (afd_buf_printf(&s->asked, "%s %s at %s%s%s", type, s->p.want.name, s->p.want.server.name, *s->p.want.server.name ? " " : "",
			   s->p.want.server.address) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_DNS, .asked = (const char *)s->asked.data, .server = s->p.want.server.address,
				   .port = s->p.want.server.port, .query = afd_buf_slice(&s->p.query), .udp = !s->p.want.tcp, .once = true,
				   .wait_ms = s->c.timeout, .pace_ms = s->c.pace };
	return 1;
}

static int next_file(struct state *s, struct afd_request *q, struct afd_error *err)
{
	bool relative = s->c.trust_anchor[0] != '/' && s->sc->base_dir;

	s->asked.len = 0;
	if (afd_buf_printf(&s->asked, "%s%s%s", relative ? s->sc->base_dir : "", relative ? "/" : "", s->c.trust_anchor) < 0)
		return afd_fail_memory(err);
	*q = (struct afd_request){ .protocol = AFD_FILE, .asked = "trust_anchor", .path = (const char *)s->asked.data, .max = AFD_MAX_NOTE };
	return 1;
}

static int next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct state *s = state;

	if (!s->anchor && s->n > 0)
		return next_file(s, q, err);
	/* Nothing is known yet, so the first plan comes to a question; from then on take() looks ahead. */
	if (s->p.n == 0 && s->n > 0 && !s->p.want.set && afd_probe_zone(&s->p, s->zone[0], s->result, err) != WANTS)
		return err->code ? -1 : afd_fail(err, AFD_E_ENGINE, "nothing to ask about %s", s->zone[0]);
	if (s->at >= s->n)
		return 0;
	return s->planned ? next_opinion(s, q, err) : next_question(s, q, err);
}

/* --- taking --- */

static int keep_exchange(struct state *s, const struct known *k, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf item = { 0 };
	const struct afd_probe_exchange x = afd_probe_known_exchange(k);
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .media_type = AFD_PROBE_MEDIA_TYPE };

	if (afd_probe_item_head(&item, s->zone[s->at]) < 0 || afd_probe_item_exchange(&item, &x) < 0)
		return afd_fail_memory(err);
	d.bytes = afd_buf_slice(&item);
	return keep->item(keep->ctx, &d, err);
}

/* Of the chain: keys and DS above it, and all that the zone itself said of itself. */
static bool in_chain(const struct state *s, const struct known *k)
{
	static const char *const own[] = { "ds", "soa", "ns", "dnskey", "caa", "challenge", "persist", "nsec3param", "cds", "cdnskey", "denial" };
	const struct way *w = &s->result->way;

	if (k->tcp || k->recurse)
		return false;
	for (size_t i = 0; strcmp(k->purpose, "chain") == 0 && i < w->n; i++)
		if (strcmp(k->name, w->at[i].zone) == 0)
			return true;
	for (size_t i = 0; strcmp(k->zone, s->zone[s->at]) == 0 && i < AFD_COUNT(own); i++)
		if (strcmp(k->purpose, own[i]) == 0)
			return true;
	return false;
}

static int keep_chain(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf item = { 0 };
	AFD_AUTO(mem) char *asked = afd_sprintf("chain of %s", s->zone[s->at]);
	struct afd_draft d = { .kind = AFD_ITEM_ANSWER, .media_type = AFD_PROBE_MEDIA_TYPE, .asked = asked, .channel = "-" };
	int bad = !asked || afd_probe_item_head(&item, s->zone[s->at]) < 0;

	for (size_t i = 0; i < s->result->way.n; i++)
		bad |= afd_buf_printf(&item, "cut %s\n", s->result->way.at[i].zone) < 0;
	for (size_t i = 0; i < s->n_anchor; i++)
		bad |= afd_buf_printf(&item, "anchor %s\n", s->anchor[i]) < 0;
	bad |= afd_buf_add_slice(&item, afd_buf_slice(&s->opinions)) < 0;
	for (size_t i = 0; i < s->p.n; i++) {
		const struct afd_probe_exchange x = afd_probe_known_exchange(&s->p.known[i]);

		if (in_chain(s, &s->p.known[i]))
			bad |= afd_probe_item_exchange(&item, &x) < 0;
	}
	if (bad)
		return afd_fail_memory(err);
	d.bytes = afd_buf_slice(&item);
	return keep->item(keep->ctx, &d, err);
}

/* Who was asked, and whether anybody who could know of the zone answered. */
static bool was_seen(const struct state *s, unsigned *asked, unsigned *answered)
{
	bool seen = false;

	*asked = *answered = 0;
	for (size_t i = 0; i < s->p.n; i++) {
		const struct known *k = &s->p.known[i];
		bool told = strcmp(k->outcome, "answered") == 0;

		if (strcmp(k->zone, s->zone[s->at]) != 0)
			continue;
		*asked += 1;
		*answered += told;
		seen |= told && (strcmp(k->purpose, "delegation") == 0 || strcmp(k->purpose, "soa") == 0);
	}
	return seen;
}

static int state_cover(struct state *s, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	const json_t *mark = json_object_get(s->marks, s->zone[s->at]);
	int64_t now = afd_now(s->sc->env), last = json_is_integer(mark) ? (int64_t)json_integer_value(mark) : now;
	struct afd_row_coverage c = { .scope = s->zone[s->at], .grade = grade, .reason = reason, .provider_count = -1, .stored_count = -1 };
	AFD_AUTO(mem) char *text = NULL;

	if (last > now || now - last > s->c.stands)
		last = now;
	c.at = (struct afd_span){ last, now + 1 };
	if (grade != AFD_GAP && json_object_set_new(s->marks, s->zone[s->at], json_integer((json_int_t)now)) < 0)
		return afd_fail_memory(err);
	if (keep->cover(keep->ctx, &c, err) < 0)
		return -1;
	text = json_dumps(s->marks, JSON_SORT_KEYS | JSON_COMPACT);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

/* What serves the next zones as well stays: the way from the root, and who is dead. */
static void next_zone(struct state *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->p.n; i++) {
		struct known *k = &s->p.known[i];

		if (k->shared || strcmp(k->outcome, "answered") != 0) {
			s->p.known[n++] = *k;
			continue;
		}
		free(k->purpose);
		free(k->zone);
		free(k->name);
		afd_buf_release(&k->frames);
	}
	s->p.n = s->p.zone_from = n;
	s->p.want.set = s->planned = false;
	s->opinion = 0;
	s->opinions.len = 0;
	s->at++;
}

/* A name that has no zone of its own is held by the one above it; that one is asked about in its place. */
static int follow_up(struct state *s, struct afd_error *err)
{
	const struct way *w = &s->result->way;
	const char *holder = w->at[w->n - 1].zone;

	if (strcmp(holder, s->zone[s->at]) == 0 || w->nothing || !strchr(holder, '.') || strcmp(holder, ".") == 0 || s->c.zones.n)
		return 0;
	return add_zone(s, holder, err);
}

static int finish_zone(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	unsigned asked, answered;
	bool seen = was_seen(s, &asked, &answered);
	AFD_AUTO(mem) char *reason = afd_sprintf("%u of %u questions to %zu servers answered%s", answered, asked, s->result->servers.n,
						 seen ? "" : ", none by who knows of the zone");

	if (!reason)
		return afd_fail_memory(err);
	if (keep_chain(s, keep, err) < 0 || follow_up(s, err) < 0 || state_cover(s, seen ? AFD_SAMPLED : AFD_GAP, reason, keep, err) < 0)
		return -1;
	if (keep->progress)
		keep->progress(keep->ctx, s->at + 1, s->n, "zones");
	next_zone(s);
	return 0;
}

/* Goes on until there is something to ask, or no zone is left. One that cannot be planned is a gap and stops no other. */
static int advance(struct state *s, struct afd_keeper *keep, struct afd_error *err)
{
	while (s->at < s->n) {
		struct afd_error why = { 0 };
		enum planned r = s->planned ? KNOWN : afd_probe_zone(&s->p, s->zone[s->at], s->result, &why);
		const struct way *w = &s->result->way;

		if (r == WANTS)
			return 0;
		if (r == FAILED) {
			if (state_cover(s, AFD_GAP, why.text, keep, err) < 0)
				return -1;
			next_zone(s);
			continue;
		}
		s->planned = s->c.second_opinion && s->result->servers.n > 0 && strcmp(w->at[w->n - 1].zone, s->zone[s->at]) == 0;
		if (s->planned && s->opinion < OPINIONS)
			return 0;
		if (finish_zone(s, keep, err) < 0)
			return -1;
	}
	return 0;
}

static int take_opinion(struct state *s, const struct afd_response *r, const struct afd_error *why, struct afd_error *err)
{
	AFD_AUTO(mem) char *none = r ? NULL : afd_sprintf("indeterminate SERVFAIL %.300s\n", why->text);
	struct afd_slice body = r ? r->body : afd_slice_text(none);
	char type[16];
	int bad;

	if (!body.data)
		return afd_fail_memory(err);
	afd_dns_type_text(s->validate.type, type);
	bad = afd_buf_printf(&s->opinions, "opinion libunbound %s %s ", s->name, type);
	for (size_t i = 0; i < body.len && bad == 0; i++) {
		uint8_t c = body.data[i];

		bad = afd_buf_u8(&s->opinions, c == '\n' && i + 1 == body.len ? c : c < 0x20 || c >= 0x7f ? '?' : c);
	}
	s->opinion++;
	return bad < 0 ? afd_fail_memory(err) : 0;
}

/* The transport's own first word, behind what the engine put in front of it. */
static const char *outcome_of(const struct state *s, const struct afd_error *why)
{
	const char *text = why->text;

	if (strncmp(text, (const char *)s->asked.data, s->asked.len) == 0)
		text += s->asked.len + 2 * (text[s->asked.len] == ':');
	if (strncmp(text, "no route", 8) == 0)
		return "no-route";
	return strncmp(text, "timeout", 7) == 0 ? "timeout" : "unreachable";
}

static int take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct state *s = state;
	int64_t now = r && r->received_ms ? r->received_ms : afd_now(s->sc->env);

	if (!s->anchor && !r)
		return *err = *why, -1;
	if (!s->anchor)
		return afd_anchors_parse(r->body, s->c.trust_anchor, &s->anchors, err) < 0 ? -1 : list_anchors(s, err);
	if (s->planned)
		return take_opinion(s, r, why, err) < 0 ? -1 : advance(s, keep, err);
	if (afd_probe_remember(&s->p, r ? r->body : afd_slice("", 0), r ? "answered" : outcome_of(s, why), now, err) < 0 ||
	    keep_exchange(s, &s->p.known[s->p.n - 1], keep, err) < 0)
		return -1;
	return advance(s, keep, err);
}

const struct afd_provider afd_provider_dns_probe = {
	.kind = "dns-probe",
	.leg = AFD_LEG_ZONE,
	.title = "Live questions to the authoritative servers of zones",
	.help = "Walks from the root to each zone, as a resolver does, and asks every server that the parent names: SOA, NS, DNSKEY, CAA, "
	        "challenge and persistent validation records, names and types that nobody has (for the proof that they are not there), "
	        "whether it offers recursion and whether it hands the whole zone to anybody (only the first message of a transfer is read). "
	        "The parent is asked for NS, glue and DS; targets of NS, MX, CNAME and of delegated challenges are looked up, too. Each "
	        "question and its answer is kept packet by packet; signatures are verified from the record, at the time of the question, up "
	        "to the trust anchor, and libunbound gives a second opinion. It needs no credential; run it from outside of your network, "
	        "or it will see what your network sees. One look speaks for the time since the look before it, for `stands` at most: "
	        "run it daily. A server that is silent twice is asked no more in that run.",
	.basis = "tested on real servers (Knot 3.2)",
	.evidence = EVIDENCE,
	.lag_ms = AFD_DAY,
	.fields = fields,
	.config_size = sizeof(struct probe_config),
	.config_defaults = &defaults,
	.scopes = scopes,
	.begin = begin,
	.next = next,
	.take = take,
	.end = end,
	.split = afd_probe_item_split,
	.decode = afd_probe_decode,
};
