/* A small quarter, replayed through the whole program: each step is a verb as you would type it, under a clock that
 * stands at the step's time. Everything it makes says TEST. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"

#define ESTATE "examples/estate/"

struct step { int64_t at; const char *overlay; struct afd_texts run; const char *say; };
struct story { const struct afd_node *steps; const char *title; };

static const struct afd_field story_fields[] = {
	{ "title", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct story, title), NULL },
	{ "steps", AFD_FIELD_NODE, AFD_REQUIRED, offsetof(struct story, steps), NULL },
	{ 0 }
};
static const struct afd_field step_fields[] = {
	{ "at", AFD_FIELD_TIME, AFD_REQUIRED, offsetof(struct step, at), NULL },
	{ "overlay", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct step, overlay), NULL },
	{ "run", AFD_FIELD_TEXTS, AFD_OPTIONAL, offsetof(struct step, run), NULL },
	{ "say", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct step, say), NULL },
	{ 0 }
};

static int make_parents(const char *path, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = afd_strdup(path);

	if (!copy)
		return afd_fail_memory(err);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return afd_fail_errno(err, "make the folder", copy);
		*p = '/';
	}
	return 0;
}

/* A file that begins with what stands there already grows in place, as a server's log does; another replaces it. */
static int lay_one(const char *path, struct afd_slice data, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf old = { 0 };
	size_t n = strlen(path);
	FILE *f;

	if (access(path, F_OK) != 0 || afd_file_read(path, data.len, &old, NULL) < 0 ||
	    (old.len && memcmp(old.data, data.data, old.len) != 0))
		return afd_file_write(path, data, n > 4 && strcmp(path + n - 4, ".key") == 0, err);
	f = fopen(path, "ab");
	if (!f)
		return afd_fail_errno(err, "open", path);
	if (fwrite(data.data + old.len, 1, data.len - old.len, f) != data.len - old.len) {
		fclose(f);
		return afd_fail_errno(err, "write", path);
	}
	return fclose(f) == 0 ? 0 : afd_fail_errno(err, "write", path);
}

/* Files of the estate below PREFIX come into the working folder, over what is there. */
static int lay(const char *prefix, struct afd_error *err)
{
	size_t n = strlen(prefix), found = 0;

	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		if (strncmp(e->path, prefix, n) != 0)
			continue;
		found++;
		if (make_parents(e->path + n, err) < 0 || lay_one(e->path + n, afd_slice(e->data, e->len), err) < 0)
			return -1;
	}
	return found ? 0 : afd_fail(err, AFD_E_ENGINE, "the demo estate lacks %s", prefix);
}

/* "report --period 2026-Q3" into words; the text is cut in place. */
static int split_words(char *text, char **word, int max)
{
	int n = 0;

	for (char *p = text; *p && n < max - 1;) {
		while (*p == ' ')
			*p++ = '\0';
		if (!*p)
			break;
		word[n++] = p;
		while (*p && *p != ' ')
			p++;
	}
	word[n] = NULL;
	return n;
}

static int run_line(struct cli *c, const char *line, int *code, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = afd_strdup(line);
	char *word[32];
	struct cli sub = *c;
	int n;

	if (!copy)
		return afd_fail_memory(err);
	cli_say(c, "%s$ affidavit %s%s\n", cli_bold(c), line, cli_plain(c));
	n = split_words(copy, word, (int)AFD_COUNT(word));
	sub.config_path = "affidavit.yaml";
	sub.env.ctx = &sub;
	sub.json = false;
	*code = n ? cli_run(&sub, n, word) : EXIT_USAGE;
	cli_say(c, "\n");
	if (*code == EXIT_CANNOT || *code == EXIT_USAGE)
		return afd_fail(err, AFD_E_ENGINE, "`affidavit %s` ended with %d", line, *code);
	return 0;
}

static int run_step(struct cli *c, const struct step *t, int *code, struct afd_error *err)
{
	AFD_AUTO(mem) char *prefix = NULL;

	c->fixed_ms = t->at;
	c->clock_fixed = true;
	if (t->overlay) {
		prefix = afd_sprintf(ESTATE "%s/", t->overlay);
		if (!prefix)
			return afd_fail_memory(err);
		if (lay(prefix, err) < 0)
			return -1;
	}
	cli_say(c, "%s-- %s UTC%s%s%s\n", cli_dim(c), afd_when_people(t->at).s, t->say ? ": " : "", t->say ? t->say : "", cli_plain(c));
	for (size_t i = 0; i < t->run.n; i++)
		if (run_line(c, t->run.at[i], code, err) < 0)
			return -1;
	return 0;
}

static int run_story(struct cli *c, int *code, struct afd_error *err)
{
	const struct afd_embedded *e = afd_embedded_find(ESTATE "story.yaml");
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct story story = { 0 };

	if (!e)
		return afd_fail(err, AFD_E_ENGINE, "the demo estate is not built in");
	if (afd_yaml_parse(afd_slice(e->data, e->len), e->path, &d, err) < 0 || afd_fields_read(d, afd_doc_root(d), story_fields, &story, err) < 0)
		return -1;
	cli_say(c, "%s\n\n", story.title);
	if (lay(ESTATE "start/", err) < 0)
		return -1;
	for (const struct afd_node *n = story.steps->u.list.first; n; n = n->next) {
		struct step t = { 0 };

		if (afd_fields_read(d, n, step_fields, &t, err) < 0 || run_step(c, &t, code, err) < 0)
			return -1;
	}
	return 0;
}

int verb_demo(struct cli *c, int argc, char **argv)
{
	const char *out = "affidavit-demo";
	const struct cli_option options[] = {
		{ "out", "DIR", "folder to make (affidavit-demo); must not exist", NULL, &out },
		{ 0 }
	};
	struct afd_error err = { 0 };
	struct cli sub = *c;
	int code, last = EXIT_CLEAN;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (mkdir(out, 0755) < 0)
		return cli_usage(c, "demo: %s: %s; --out DIR names another folder", out, strerror(errno));
	if (chdir(out) < 0)
		return cli_usage(c, "demo: %s: %s", out, strerror(errno));
	sub.quiet |= c->json;
	sub.env.ctx = &sub;
	if (run_story(&sub, &last, &err) < 0)
		return cli_cannot(c, &err);
	if (c->json)
		printf("{\"folder\": \"%s\", \"gate\": %d}\n", out, last);
	return cli_finish(c, EXIT_CLEAN, "The demo's files are in %s: reports/2026-Q3/report.pdf, report.json, evidence.db.\n"
	                  "The gate above would have ended a build with %d. Everything says TEST and proves nothing.", out, last);
}
