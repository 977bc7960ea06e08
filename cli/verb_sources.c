#include "cli/session.h"
#include "cli/sources_ct.h"
#include "cli/verbs.h"

static const char *const leg_name[] = {
	[AFD_LEG_ACCOUNT] = "accounts", [AFD_LEG_ZONE] = "zones", [AFD_LEG_CT] = "certificates", [AFD_LEG_USER] = "your files",
};

static void show_fields(const struct cli *c, const struct afd_field *f, const char *in)
{
	for (; f && f->name; f++) {
		cli_say(c, "  %s%s%-*s %s%s\n", in, *in ? "." : "", *in ? 12 : 17, f->name, f->need == AFD_REQUIRED ? "(needed) " : "", f->help ? f->help : "");
		if (f->sub)
			show_fields(c, f->sub, f->name);
	}
}

/* TEXT in lines of at most WIDTH; a longer word has a line of its own. */
static void show_wrapped(const struct cli *c, const char *text, size_t width)
{
	while (*text) {
		size_t n = strlen(text), cut = n > width ? width : n;

		for (size_t i = cut; n > width && i > 0; i--)
			if (text[i] == ' ') {
				cut = i;
				break;
			}
		if (n > width && text[cut] != ' ')
			cut = strcspn(text, " ");
		cli_say(c, "%.*s\n", (int)cut, text);
		for (text += cut; *text == ' '; text++)
			continue;
	}
}

static void show_lag(const struct cli *c, int64_t ms)
{
	static const struct { int64_t of; const char *word; } unit[] = { { AFD_DAY, "day" }, { AFD_HOUR, "hour" }, { AFD_MINUTE, "minute" }, { AFD_SECOND, "second" } };

	for (size_t i = 0; i < AFD_COUNT(unit); i++)
		if (ms && ms % unit[i].of == 0) {
			cli_say(c, ", tells within %lld %s%s", (long long)(ms / unit[i].of), unit[i].word, ms == unit[i].of ? "" : "s");
			return;
		}
}

/* What stands in affidavit.yaml at least; the rest is below. */
static void show_example(const struct cli *c, const struct afd_provider *p)
{
	cli_say(c, "\nin affidavit.yaml, at least\n  - name: NAME                # yours; never used again for something else\n    type: %s\n", p->kind);
	for (const struct afd_field *f = p->fields; f && f->name; f++)
		if (f->need == AFD_REQUIRED)
			cli_say(c, "    %s: ...\n", f->name);
	cli_say(c, "\nsettings\n");
}

static void show_provider(const struct cli *c, const struct afd_provider *p)
{
	cli_say(c, "%s: %s\n\n", p->kind, p->title);
	show_wrapped(c, p->help, 110);
	cli_say(c, "\nbasis     %s\nevidence  %s", p->basis, p->evidence ? p->evidence : "-");
	show_lag(c, p->lag_ms);
	cli_say(c, "\n");
	show_example(c, p);
	show_fields(c, p->fields, "");
}

static void show_configured(const struct cli *c, const struct session *s)
{
	cli_say(c, "configured in %s%s\n", c->config_path, s->config->n_source ? "" : ": none yet");
	for (size_t i = 0; i < s->config->n_source; i++) {
		const struct afd_source *src = &s->config->source[i];
		struct afd_error err = { 0 };
		AFD_AUTO(buf) struct afd_buf scopes = { 0 };

		if (src->provider->scopes && src->provider->scopes(src->config, &scopes, &err) == 0)
			cli_say(c, "  %-20s %-22s %-15s %s\n", src->name, src->provider->kind, src->provider->evidence,
			        scopes.len ? cli_safe((const char *)scopes.data, 0) : "");
	}
}

int verb_sources(struct cli *c, int argc, char **argv)
{
	bool settings = false;
	const struct cli_option options[] = { { "settings", NULL, "the settings of a kind, also where `sources ct` would list logs", .flag = &settings }, { 0 } };
	struct afd_error err = { 0 };
	SESSION s = { 0 };
	unsigned logs = 0;
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	if (args == 1) {
		const struct afd_provider *p = afd_provider_find(argv[0]);

		if (!p)
			return cli_usage(c, "there is no kind of source %s; `affidavit sources` lists them", cli_safe(argv[0], 40));
		/* The logs themselves, once there are some; how to configure them is asked for with --settings. */
		if (strcmp(p->kind, "ct") == 0 && !settings && session_open(&s, c, AFD_STORE_READ, &err) == 0) {
			if (show_ct_logs(c, s.store, &logs, &err) < 0)
				return cli_cannot(c, &err);
			if (logs > 0 || c->json)
				return cli_finish(c, EXIT_CLEAN, NULL);
		}
		show_provider(c, p);
		return cli_finish(c, EXIT_CLEAN, NULL);
	}
	if (c->json)
		printf("[");
	for (size_t i = 0, n = 0; afd_providers[i]; i++) {
		const struct afd_provider *p = afd_providers[i];

		if (p->leg == AFD_LEG_USER)
			continue;
		if (c->json)
			printf("%s{\"basis\": \"%s\", \"evidence\": \"%s\", \"kind\": \"%s\"}", n++ ? ", " : "", p->basis, p->evidence, p->kind);
		cli_say(c, "  %-22s %-13s %s\n  %-22s %s\n", p->kind, leg_name[p->leg], p->title, "", p->basis);
	}
	if (c->json)
		printf("]\n");
	cli_say(c, "\n`affidavit sources KIND` lists the settings of one.\n\n");
	if (session_open(&s, c, AFD_STORE_READ, &err) == 0)
		show_configured(c, &s);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
