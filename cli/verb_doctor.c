/* doctor: which settings lose evidence, with the line to write instead; whether each source answers at all, and whether its
 * credential can do more than it needs to. */
#include <jansson.h>

#include "cli/doctor.h"
#include "cli/doctor_epp.h"
#include "cli/verbs.h"
#include "collector/collect.h"
#include "collector/table.h"

struct consultation {
	const struct cli *cli;
	struct afd_transport *transport;
	const char *file; bool checked;           /* the file under examination; its server's own program has read it */
	json_t *list;
	unsigned lost, failed, examined;
	unsigned broad, untold;                   /* credentials that can do more than needed; of which that could not be told */
};

/* --- configurations --- */

/* The server's own program prints what is in force, files that are included too. */
static const char *const *printer(enum afd_conf_kind kind, const char *path, const char *words[8])
{
	static const char *const argv[AFD_CONF_KINDS][4] = {
		[AFD_CONF_BIND] = { "named-checkconf", "-p" }, [AFD_CONF_KNOT] = { "knotc", "-c" }, [AFD_CONF_NSD] = { "nsd-checkconf", "-v" },
	};
	size_t n = 0;

	if (!argv[kind][0])
		return NULL;
	for (; argv[kind][n]; n++)
		words[n] = argv[kind][n];
	words[n++] = path;
	if (kind == AFD_CONF_KNOT)
		words[n++] = "conf-export";
	words[n] = NULL;
	return words;
}

static int found(void *ctx, const struct doctor_finding *f)
{
	struct consultation *k = ctx;

	k->lost++;
	cli_say(k->cli, "%s%s%s%s%s: %s\n    write  %s\n", cli_bold(k->cli), f->id, *f->subject ? " " : "", cli_safe(f->subject, 80), cli_plain(k->cli), f->why,
	        f->line);
	json_array_append_new(k->list, json_pack("{s:s,s:s,s:s,s:s,s:s}", "file", k->file, "id", f->id, "line", f->line, "subject", f->subject, "why", f->why));
	return 0;
}

/* An answer of the server's program, else the file itself. */
static int read_conf(struct consultation *k, const char *path, enum afd_conf_kind *kind, struct afd_buf *ret, struct afd_error *err)
{
	struct afd_response a;
	const char *words[8];
	const char *const *argv;

	if (afd_user_file_read(path, ret, NULL, err) < 0)
		return -1;
	if (*kind == AFD_CONF_KINDS)
		*kind = afd_conf_guess(afd_buf_slice(ret));
	if (*kind == AFD_CONF_KINDS)
		return afd_fail(err, AFD_E_USAGE, "%s: neither named.conf, knot.conf, nsd.conf nor pdns.conf; say which with --server", path);
	argv = printer(*kind, path, words);
	k->checked = false;
	if (!argv)
		return 0;
	const struct afd_request q = { .protocol = AFD_COMMAND, .asked = argv[0], .argv = argv, .seconds = 20, .max = AFD_MAX_USER_FILE };
	if (afd_transport_do(k->transport, &q, &a, NULL) < 0 || a.status == 127) {
		cli_say(k->cli, "  %s is not here: the file is read as it stands, without what it includes\n", argv[0]);
		return 0;
	}
	if (a.status != 0)
		return afd_fail(err, AFD_E_CONFIG, "%s: %s refuses it (exit %d)", path, argv[0], a.status);
	k->checked = true;
	ret->len = 0;
	return afd_buf_add_slice(ret, a.body) < 0 ? afd_fail_memory(err) : 0;
}

static int examine_file(struct consultation *k, const char *path, enum afd_conf_kind kind, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(conf) struct afd_conf *c = NULL;
	unsigned before = k->lost;

	cli_say(k->cli, "%s\n", cli_safe(path, 0));
	if (read_conf(k, path, &kind, &text, err) < 0)
		return -1;
	if (afd_conf_parse(kind, afd_buf_slice(&text), &c, err) < 0)
		return afd_within(err, "%s", path);
	k->file = path;
	k->examined++;
	doctor_examine(kind, c, found, k);
	if (k->lost == before)
		cli_say(k->cli, "  %s: nothing in it loses evidence\n", afd_conf_kind_name[kind]);
	return 0;
}

/* --- sources --- */

static int first_message(void *ctx, struct afd_slice message, struct afd_error *err)
{
	unsigned *rcode = ctx;

	(void)err;
	*rcode = message.len > 3 ? message.data[3] & 15u : 2;
	return 1;
}

/* The source's own first request, cut short: one message, some bytes, one page. *ANSWER lives until the next request; its
 * status is -1 when nothing was asked. */
static int ask_once(struct consultation *k, const struct afd_source *s, void *state, const char **how, struct afd_response *answer, struct afd_error *err)
{
	struct afd_request q = { 0 };
	struct afd_response a;
	unsigned rcode = 0;

	*how = "nothing is asked of it";
	answer->status = -1;
	int more = s->provider->next(state, &q, err);
	if (more <= 0)
		return more;
	if (!q.asked)
		q.asked = s->name;
	if (q.protocol == AFD_DNS && !q.udp) {
		q.more = first_message;
		q.more_ctx = &rcode;
	}
	if (q.protocol == AFD_FILE)
		q.max = 64;
	q.once = true;
	if (afd_transport_do(k->transport, &q, &a, err) < 0)
		return -1;
	if (q.protocol == AFD_DNS && rcode)
		return afd_fail(err, AFD_E_REMOTE, "%s: the server refuses (RCODE %u%s)", q.asked, rcode, rcode == 9 ? ", NOTAUTH: key or clock" : "");
	if (q.protocol == AFD_HTTP && a.status >= 400)
		return afd_fail(err, AFD_E_REMOTE, "%s: HTTP %d%s", q.asked, a.status, a.status == 401 || a.status == 403 ? ": the token is refused" : "");
	if (q.protocol == AFD_COMMAND && a.status != 0)
		return afd_fail(err, AFD_E_REMOTE, "%s: %s ended with %d", q.asked, q.argv[0], a.status);
	*how = q.protocol == AFD_FILE || q.protocol == AFD_FOLDER ? "readable" : "answers";
	*answer = a;
	return 0;
}

#define MAX_EXCESS 16u

/* What the credential should not be able to do is tried, one thing after the other. *ret: what it can do; NULL when nothing
 * was tried. *WHY: what could not be told, or "". */
static int try_excess(struct consultation *k, const struct afd_source *s, void *state, const struct afd_response *first, json_t **ret, char why[200],
		      struct afd_error *err)
{
	const struct afd_response *last = first;
	struct afd_excess x = { 0 };
	struct afd_response a;
	int more = 0;

	*ret = NULL;
	for (unsigned i = 0; s->provider->excess && i < MAX_EXCESS && (more = s->provider->excess(state, last, &x, err)) > 0; i++) {
		struct afd_error silent = { 0 };
		enum afd_excess_told told = AFD_EXCESS_UNTOLD;

		last = NULL;
		if (!*ret && !(*ret = json_array()))
			return afd_fail_memory(err);
		x.q.once = true;
		if (afd_transport_do(k->transport, &x.q, &a, &silent) < 0)
			snprintf(why, 200, "%.190s", silent.text);
		else if ((told = x.told(state, &a)) == AFD_EXCESS_UNTOLD)
			snprintf(why, 200, "HTTP %d", a.status);
		if (told == AFD_EXCESS_YES)
			json_array_append_new(*ret, json_pack("{s:s,s:s}", "can", x.can, "instead", x.instead));
	}
	return more < 0 ? -1 : 0;
}

static void say_excess(struct consultation *k, const struct afd_source *s, const json_t *excess, const char *why)
{
	for (size_t i = 0; i < json_array_size(excess); i++) {
		const json_t *e = json_array_get(excess, i);

		cli_say(k->cli, "    %sbroader than needed%s: %s\n      %s\n", cli_bold(k->cli), cli_plain(k->cli), json_string_value(json_object_get(e, "can")),
		        json_string_value(json_object_get(e, "instead")));
	}
	if (*why)
		cli_say(k->cli, "    not told whether the credential is broader than needed: %s\n", cli_safe(why, 0));
	if (s->provider->whole)
		cli_say(k->cli, "    cannot be narrowed: %s\n", s->provider->whole);
	k->broad += json_array_size(excess) > 0;
	k->untold += *why != '\0';
}

static int secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	return afd_secret_resolve(ref, ret, err);
}

static void visit(struct consultation *k, const struct afd_config *config, const struct afd_source *s)
{
	static const struct afd_watch nothing;
	const struct afd_source_config c = {
		.name = s->name, .doc = s->doc, .node = s->node, .base_dir = s->base_dir, .secret = secret, .watch = &nothing, .env = &k->cli->env,
		.contact = config->contact,
	};
	struct afd_error err = { 0 };
	struct afd_response first = { .status = -1 };
	json_t *excess = NULL;
	const char *how = "";
	char why[200] = "";
	void *state = NULL;
	int rc = s->provider->begin(&c, s->config, NULL, &state, &err);

	if (rc == 0) {
		rc = ask_once(k, s, state, &how, &first, &err);
		if (rc == 0 && first.status >= 0)
			rc = try_excess(k, s, state, &first, &excess, why, &err);
		s->provider->end(state);
	}
	k->failed += rc < 0;
	cli_say(k->cli, "  %-20s %-22s %s%s%s\n", s->name, s->provider->kind, rc < 0 ? cli_red(k->cli) : "", rc < 0 ? cli_safe(err.text, 0) : how, cli_plain(k->cli));
	if (rc == 0)
		say_excess(k, s, excess, why);
	json_array_append_new(k->list, json_pack("{s:s,s:s,s:b,s:s,s:o?,s:s*,s:s*}", "source", s->name, "kind", s->provider->kind, "reachable", rc == 0, "why",
	                                         rc < 0 ? err.text : how, "excess", excess, "untold", *why ? why : NULL, "whole", s->provider->whole));
}

/* What is configured: each source is visited, each configuration of a server examined. */
static int examine_configured(struct consultation *k, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(config) struct afd_config *config = NULL;

	if (afd_user_file_read(k->cli->config_path, &bytes, NULL, err) < 0 ||
	    afd_config_parse(afd_buf_slice(&bytes), k->cli->config_path, &config, err) < 0)
		return -1;
	cli_say(k->cli, "sources of %s\n", cli_safe(k->cli->config_path, 0));
	for (size_t i = 0; i < config->n_source; i++)
		visit(k, config, &config->source[i]);
	for (size_t i = 0; i < config->n_source; i++) {
		const struct afd_source *s = &config->source[i];
		const char *path = afd_node_text(afd_node_get(s->node, "path")), *server = afd_node_text(afd_node_get(s->node, "server"));

		if (strcmp(s->provider->kind, "dns-server-config") != 0 || !path)
			continue;
		AFD_AUTO(mem) char *own = afd_config_path(config, path);
		enum afd_conf_kind kind = AFD_CONF_KINDS;
		for (int n = 0; server && n < AFD_CONF_KINDS; n++)
			if (strcmp(server, afd_conf_kind_name[n]) == 0)
				kind = (enum afd_conf_kind)n;
		if (!own || examine_file(k, own, kind, err) < 0)
			return own ? -1 : afd_fail_memory(err);
	}
	return 0;
}

/* --- the verb --- */

static int list_rules(const struct cli *c)
{
	struct doctor_finding f;
	const char *server;

	for (size_t i = 0; doctor_rule(i, &f, &server); i++) {
		if (c->json)
			printf("{\"id\": \"%s\", \"server\": \"%s\"}\n", f.id, server);
		cli_say(c, "  %-28s %-9s %s\n", f.id, server, f.why);
	}
	return cli_finish(c, EXIT_CLEAN, NULL);
}

static int finish(struct consultation *k, int rc, const struct afd_error *err)
{
	int code = rc < 0 || k->failed ? EXIT_CANNOT : k->lost || k->broad || k->untold ? EXIT_INCOMPLETE : EXIT_CLEAN;

	if (k->cli->json) {
		json_t *o = json_pack("{s:s,s:i,s:O}", "verb", "doctor", "exit", code, "found", k->list);
		char *text = o ? json_dumps(o, JSON_SORT_KEYS) : NULL;
		printf("%s\n", text ? text : "{}");
		free(text);
		json_decref(o);
	}
	json_decref(k->list);
	k->transport = afd_transport_free(k->transport);
	if (rc < 0)
		return cli_cannot(k->cli, err);
	if (k->failed)
		return cli_finish(k->cli, code, "\nexit 1: sources that cannot be read: %u; settings that lose evidence: %u; credentials broader than needed: %u", k->failed,
		                  k->lost, k->broad);
	if (k->untold)
		return cli_finish(k->cli, code, "\nexit 3: settings that lose evidence: %u; credentials broader than needed: %u; of which it was not told: %u", k->lost,
		                  k->broad, k->untold);
	if (k->broad)
		return cli_finish(k->cli, code, "\nexit 3: settings that lose evidence: %u; credentials broader than needed: %u", k->lost, k->broad);
	return cli_finish(k->cli, code, k->lost ? "\nexit 3: settings that lose evidence: %u" : "\nexit 0: nothing loses evidence", k->lost);
}

int verb_doctor(struct cli *c, int argc, char **argv)
{
	bool rules = false;
	const char *server = NULL, *schemas = NULL;
	const struct cli_option options[] = {
		{ "epp-schemas", "DIR", "the files are frames of EPP (none: those in the store), held against the schemas DIR/*.xsd", .text = &schemas },
		{ "server", "NAME", "what the files are for: bind, knot, nsd, powerdns (else it is guessed)", .text = &server },
		{ "rules", NULL, "list what is looked for", .flag = &rules }, { 0 }
	};
	struct consultation k = { .cli = c };
	enum afd_conf_kind kind = AFD_CONF_KINDS;
	struct afd_error err = { 0 };
	int code, args, rc = 0;

	if (cli_begin(c, options, argc, argv, 1000, &args, &code) < 0)
		return code;
	if (rules)
		return list_rules(c);
	if (schemas && server)
		return cli_usage(c, "--epp-schemas: frames have no --server");
	if (schemas)
		return doctor_epp(c, schemas, argv, args);
	for (int n = 0; server && n < AFD_CONF_KINDS; n++)
		if (strcmp(server, afd_conf_kind_name[n]) == 0)
			kind = (enum afd_conf_kind)n;
	if (server && kind == AFD_CONF_KINDS)
		return cli_usage(c, "--server: expected bind, knot, nsd or powerdns, got %s", cli_safe(server, 40));
	k.list = json_array();
	k.transport = afd_transport_new(&c->env, NULL, &err);
	if (!k.list || !k.transport)
		return cli_cannot(c, &err);
	for (int i = 0; rc == 0 && i < args; i++)
		rc = examine_file(&k, argv[i], kind, &err);
	if (args == 0)
		rc = examine_configured(&k, &err);
	return finish(&k, rc, &err);
}
