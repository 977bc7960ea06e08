/* The history of zone files in git: who wrote what should be there. git itself reads the repository, which may be anybody's:
 * nothing of its configuration that could run a program is left in force, and what it prints is bounded. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "collector/path.h"
#include "collector/table.h"
#include "collector/zone/dns_message.h"
#include "collector/zone/git.h"

#define MEDIA_TYPE "text/plain; charset=utf-8"
#define MAX_BLOB   (64u * 1024 * 1024)
#define MAX_LOG    (64u * 1024 * 1024)

struct git_config { const char *repository, *path, *branch, *signers; struct afd_texts zones; int64_t within, max; };
static const struct git_config defaults = { .branch = "HEAD", .within = AFD_DAY, .max = 1000 };
static const struct afd_field fields[] = {
	{ "repository", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct git_config, repository), "folder of the repository, with or without a work tree" },
	{ "path", AFD_FIELD_TEXT, AFD_REQUIRED, offsetof(struct git_config, path), "the zone file in it; {zone} is the zone's name" },
	{ "zones", AFD_FIELD_NAMES, AFD_REQUIRED, offsetof(struct git_config, zones), "zones whose files are followed" },
	{ "branch", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct git_config, branch), "what is deployed; default HEAD" },
	{ "allowed_signers", AFD_FIELD_TEXT, AFD_OPTIONAL, offsetof(struct git_config, signers), "file of SSH keys that may sign (man ssh-keygen); OpenPGP: the user's own keyring" },
	{ "applies_within", AFD_FIELD_DURATION, AFD_OPTIONAL, offsetof(struct git_config, within), "how soon a commit is served; default 24h" },
	{ "max_commits", AFD_FIELD_INT, AFD_OPTIONAL, offsetof(struct git_config, max), "at most so many in one run, the newest; default 1000" },
	{ 0 }
};

enum step { ANCESTOR, LOG, ENTRY, AFTER, ENTRY_BEFORE, BEFORE };
enum { WORDS = 64, SECONDS = 60 };

struct zone_at { const char *name; char *commit; int64_t looked_ms, read_ms; };   /* read_ms: last read to its end; NONE: never */

struct git_run {
	struct afd_source_config c;
	const struct git_config *config;
	struct zone_at *zone;
	size_t n, at;
	enum step step;
	char *repository, *signers, *path, *asked, *word;   /* word: what is put together for one command */
	const char *argv[WORDS];

	struct afd_buf log, before, after, entry_after, entry_before;
	struct afd_slice left;                    /* of log */
	struct afd_git_commit commit;
	struct afd_git_entry entry;
	bool gone;
	uint64_t commits;
};

static bool plain_word(const char *s, const char *more)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-";

	if (*s == '\0' || *s == '-')
		return false;
	for (; *s; s++)
		if (!strchr(letters, *s) && !strchr(more, *s))
			return false;
	return true;
}

static int git_scopes(const void *config, struct afd_buf *ret, struct afd_error *err)
{
	const struct git_config *c = config;

	if (c->zones.n == 0)
		return afd_fail(err, AFD_E_CONFIG, "zones: expected at least one");
	if (c->zones.n > 1 && !strstr(c->path, "{zone}"))
		return afd_fail(err, AFD_E_CONFIG, "path: a file is of one zone: write {zone} where its name belongs");
	if (!plain_word(c->branch, "@+") || strstr(c->branch, "..") != NULL)
		return afd_fail(err, AFD_E_CONFIG, "branch: expected the name of a branch, tag or commit, got \"%.60s\"", c->branch);
	if (c->path[0] == '/' || c->path[0] == '-' || c->path[0] == '\0')
		return afd_fail(err, AFD_E_CONFIG, "path: expected a path inside the repository, got \"%.60s\"", c->path);
	if (c->within <= 0 || c->within > 400 * AFD_DAY)
		return afd_fail(err, AFD_E_CONFIG, "applies_within: expected up to 400 days");
	if (c->max < 1 || c->max > 100000)
		return afd_fail(err, AFD_E_CONFIG, "max_commits: expected 1 to 100000");
	for (size_t i = 0; i < c->zones.n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(c->zones.at[i], c->zones.at[k]) == 0)
				return afd_fail(err, AFD_E_CONFIG, "zones: %s stands there twice", c->zones.at[i]);
		if (afd_buf_printf(ret, "%s%s", i ? " " : "", c->zones.at[i]) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

static void forget_commit(struct git_run *g)
{
	g->before.len = g->after.len = g->entry_after.len = g->entry_before.len = 0;
	g->gone = false;
}

static void git_end(void *state)
{
	struct git_run *g = state;

	if (!g)
		return;
	for (size_t i = 0; g->zone && i < g->n; i++)
		free(g->zone[i].commit);
	free(g->zone);
	free(g->repository);
	free(g->signers);
	free(g->path);
	free(g->asked);
	free(g->word);
	afd_buf_release(&g->log);
	afd_buf_release(&g->before);
	afd_buf_release(&g->after);
	afd_buf_release(&g->entry_after);
	afd_buf_release(&g->entry_before);
	free(g);
}

/* {"example.test":{"commit":"0123...","looked":1795304512528,"read":1795304512528}} */
static int read_cursor(struct git_run *g, const char *cursor, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;

	if (!cursor)
		return 0;
	if (afd_json_parse(afd_slice_text(cursor), "cursor", &d, err) < 0)
		return -1;
	for (size_t i = 0; i < g->n; i++) {
		const struct afd_node *z = afd_node_get(afd_doc_root(d), g->zone[i].name), *looked = afd_node_get(z, "looked");
		const struct afd_node *read = afd_node_get(z, "read");
		const char *id = afd_node_text(afd_node_get(z, "commit"));

		if (!id || !afd_git_is_id(afd_slice_text(id)) || !looked || looked->type != AFD_INT)
			continue;
		g->zone[i].looked_ms = looked->u.i;
		if (read && read->type == AFD_INT)
			g->zone[i].read_ms = read->u.i;
		g->zone[i].commit = afd_strdup(id);
		if (!g->zone[i].commit)
			return afd_fail_memory(err);
	}
	return 0;
}

static int checkpoint(const struct git_run *g, struct afd_keeper *keep, struct afd_error *err)
{
	json_t *all = json_object();

	for (size_t i = 0; i < g->n; i++) {
		const struct zone_at *z = &g->zone[i];

		if (!z->commit)
			continue;
		json_object_set_new(all, z->name, json_pack("{s:s,s:I}", "commit", z->commit, "looked", (json_int_t)z->looked_ms));
		if (z->read_ms != AFD_TIME_NONE)
			json_object_set_new(json_object_get(all, z->name), "read", json_integer(z->read_ms));
	}
	AFD_AUTO(mem) char *text = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(all);
	return text ? keep->checkpoint(keep->ctx, text, err) : afd_fail_memory(err);
}

static void first_step(struct git_run *g)
{
	forget_commit(g);
	g->log.len = 0;
	g->left = (struct afd_slice){ NULL, 0 };
	g->commits = 0;
	g->step = g->at < g->n && g->zone[g->at].commit ? ANCESTOR : LOG;
}

static int git_begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	struct git_run *g = calloc(1, sizeof(*g));

	if (!g)
		return afd_fail_memory(err);
	g->c = *c;
	g->config = config;
	g->n = g->config->zones.n;
	g->zone = calloc(g->n ? g->n : 1, sizeof(*g->zone));
	for (size_t i = 0; g->zone && i < g->n; i++)
		g->zone[i] = (struct zone_at){ .name = g->config->zones.at[i], .read_ms = AFD_TIME_NONE };
	g->repository = afd_path_of(c, g->config->repository);
	g->signers = g->config->signers ? afd_path_of(c, g->config->signers) : afd_strdup("/dev/null");
	if (!g->zone || !g->repository || !g->signers || read_cursor(g, cursor, err) < 0) {
		if (!g->zone || !g->repository || !g->signers)
			afd_fail_memory(err);
		git_end(g);
		return -1;
	}
	first_step(g);
	*ret = g;
	return 0;
}

/* PATH of the zone under way, {zone} filled in. */
static char *path_of(const struct git_run *g)
{
	const char *hit = strstr(g->config->path, "{zone}");

	return !hit ? afd_strdup(g->config->path) :
	       afd_sprintf("%.*s%s%s", (int)(hit - g->config->path), g->config->path, g->zone[g->at].name, hit + strlen("{zone}"));
}

/* Words that hold for every command. What a repository's own configuration could make git run or fetch is overruled: file
 * monitors, hooks, signature programs, replaced and grafted commits, objects that are fetched when they are missing. */
static size_t common(struct git_run *g, const char *signers_setting)
{
	static const char *const words[] = {
		"env", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_GRAFT_FILE=/dev/null", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_ATTR_NOSYSTEM=1", "git", "--no-pager", "--no-replace-objects", "--literal-pathspecs", "--no-optional-locks",
		"-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.commitGraph=false",
		"-c", "core.attributesFile=/dev/null", "-c", "protocol.allow=never", "-c", "diff.external=", "-c", "log.showSignature=false", "-c", "gpg.program=gpg",
		"-c", "gpg.openpgp.program=gpg", "-c", "gpg.x509.program=gpgsm", "-c", "gpg.ssh.program=ssh-keygen", "-c", "gpg.minTrustLevel=undefined",
		"-c", "gpg.ssh.revocationFile=", "-c",
	};
	size_t n = 0;

	for (; n < AFD_COUNT(words); n++)
		g->argv[n] = words[n];
	g->argv[n++] = signers_setting;
	g->argv[n++] = "-C";
	g->argv[n++] = g->repository;
	return n;
}

static struct afd_slice first_parent(const struct afd_git_commit *c)
{
	const uint8_t *blank = c->parents.len ? memchr(c->parents.data, ' ', c->parents.len) : NULL;

	return blank ? (struct afd_slice){ c->parents.data, (size_t)(blank - c->parents.data) } : c->parents;
}

static int git_next(void *state, struct afd_request *q, struct afd_error *err)
{
	struct git_run *g = state;

	if (g->at == g->n)
		return 0;
	free(g->path);
	free(g->asked);
	free(g->word);
	g->path = path_of(g);
	g->asked = g->path ? afd_sprintf("history of %s", g->path) : NULL;
	/* the words of one command that are put together, one after the other */
	const struct zone_at *z = &g->zone[g->at];
	const struct afd_slice parent = first_parent(&g->commit);
	g->word = afd_sprintf("gpg.ssh.allowedSignersFile=%s%c-n%lld%c%s%s%s%c%.*s%c%.*s%c", g->signers, 0, (long long)g->config->max, 0,
	                      z->commit ? z->commit : "", z->commit ? ".." : "", g->config->branch, 0,
	                      (int)g->commit.id.len, g->commit.id.data ? (const char *)g->commit.id.data : "", 0,
	                      (int)parent.len, parent.data ? (const char *)parent.data : "", 0);
	if (!g->path || !g->asked || !g->word)
		return afd_fail_memory(err);
	const char *count = g->word + strlen(g->word) + 1, *range = count + strlen(count) + 1, *id = range + strlen(range) + 1;
	const char *parent_id = id + strlen(id) + 1;
	size_t n = common(g, g->word);
#define ADD(...) \
	do { \
		const char *const add[] = { __VA_ARGS__ }; \
		for (size_t i = 0; i < AFD_COUNT(add); i++) \
			g->argv[n++] = add[i]; \
	} while (0)
	size_t max = 65536;
	switch (g->step) {
	case ANCESTOR:
		ADD("merge-base", "--is-ancestor", z->commit, g->config->branch);
		break;
	case LOG:
		ADD("log", "-z", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-color", "--topo-order", "--reverse", count,
		    "--format=" AFD_GIT_FORMAT, "--end-of-options", range, "--", g->path);
		max = MAX_LOG;
		break;
	case ENTRY:
		ADD("ls-tree", "--full-tree", "-z", id, "--", g->path);
		break;
	case ENTRY_BEFORE:
		ADD("ls-tree", "--full-tree", "-z", parent_id, "--", g->path);
		break;
	case AFTER:
	case BEFORE: {
		const struct afd_buf *entry = g->step == AFTER ? &g->entry_after : &g->entry_before;
		ADD("cat-file", "blob", (const char *)entry->data);
		max = MAX_BLOB;
		break;
	}
	}
#undef ADD
	g->argv[n] = NULL;
	*q = (struct afd_request){ .protocol = AFD_COMMAND, .asked = g->asked, .argv = g->argv, .seconds = SECONDS, .max = max };
	return 1;
}

static int cover(const struct git_run *g, struct afd_span at, enum afd_grade grade, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	const struct afd_row_coverage c = { .evidence = "zone-declared", .scope = g->zone[g->at].name, .grade = grade, .reason = reason,
	                                    .at = { at.from, at.to > at.from ? at.to : at.from + 1 }, .provider_count = -1, .stored_count = -1 };

	return keep->cover(keep->ctx, &c, err);
}

static struct afd_span since(const struct git_run *g, int64_t now)
{
	const struct zone_at *z = &g->zone[g->at];

	return (struct afd_span){ z->commit ? z->looked_ms : now, now };
}

static int gap(struct git_run *g, int64_t now, const char *reason, struct afd_keeper *keep, struct afd_error *err)
{
	const int r = cover(g, since(g, now), AFD_GAP, reason, keep, err);

	g->at++;
	first_step(g);
	return r;
}

/* The end of a zone's history. */
static int finish_zone(struct git_run *g, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	struct zone_at *z = &g->zone[g->at];
	AFD_AUTO(mem) char *reason = afd_sprintf("%s: history of the file read (commits: %" PRIu64 ")", g->path, g->commits);
	const struct afd_span at = since(g, now);

	if (!reason)
		return afd_fail_memory(err);
	if (z->commit && cover(g, at, AFD_ASSERTED, reason, keep, err) < 0)
		return -1;
	z->looked_ms = z->read_ms = now;
	g->at++;
	first_step(g);
	return checkpoint(g, keep, err);
}

static int next_commit(struct git_run *g, int64_t now, struct afd_keeper *keep, struct afd_error *err)
{
	struct afd_error bad = { 0 };
	int got;

	forget_commit(g);
	got = afd_git_next(&g->left, &g->commit, &bad);
	if (got < 0)
		return gap(g, now, bad.text, keep, err);
	if (got == 0)
		return finish_zone(g, now, keep, err);
	g->step = ENTRY;
	return 0;
}

static int keep_commit(struct git_run *g, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct zone_at *z = &g->zone[g->at];
	const struct afd_git_item item = {
		.commit = g->commit, .gone = g->gone, .entry = afd_slice_text(g->gone ? "" : (char *)g->entry_after.data),
		.before = afd_buf_slice(&g->before), .after = afd_buf_slice(&g->after),
	};
	/* the commit's own times are whatever its author wrote; what a whole look did not show was not there then */
	AFD_AUTO(mem) char *since = z->read_ms == AFD_TIME_NONE ? afd_strdup("") : afd_sprintf(", not there at %lld ms", (long long)z->read_ms);
	AFD_AUTO(mem) char *asked = afd_sprintf("zone %s in %s of %s, applies within %lld ms%s", z->name, g->path, g->config->repository,
	                                        (long long)g->config->within, since ? since : "");
	AFD_AUTO(mem) char *id = afd_text_dup(g->commit.id);
	struct afd_draft d = { .kind = AFD_ITEM_ENTRY, .asked = asked, .channel = "command git", .media_type = MEDIA_TYPE, .server_ms = AFD_TIME_NONE };

	if (!since || !asked || !id)
		return afd_fail_memory(err);
	if (afd_git_item_write(&item, &text, &parts, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&text);
	d.parts = parts;
	if (keep->item(keep->ctx, &d, err) < 0)
		return -1;
	g->commits++;
	if (!z->commit)                                  /* what is covered begins with the first commit that we hold */
		z->looked_ms = r->received_ms;
	free(z->commit);
	z->commit = afd_steal(&id);
	if (checkpoint(g, keep, err) < 0)
		return -1;
	return next_commit(g, r->received_ms, keep, err);
}

/* The entry's id as a text of its own. 1: a file, 0: none, -1: something else. */
static int take_entry(const struct afd_response *r, struct afd_buf *to, struct afd_error *why)
{
	struct afd_git_entry e;
	const int got = afd_git_entry(r->body, &e, why);

	to->len = 0;
	if (got > 0 && afd_buf_add_slice(to, e.id) < 0)
		return afd_fail_memory(why);
	return got;
}

static int after_before(struct git_run *g, const struct afd_response *r, struct afd_keeper *keep, struct afd_error *err)
{
	if (g->commit.parents.len == 0)
		return keep_commit(g, r, keep, err);
	g->step = ENTRY_BEFORE;
	return 0;
}

/* A commit in which the path is no plain file, or one that cannot be read: the next one may be again. */
static int skip_commit(struct git_run *g, int64_t now, const char *why, struct afd_keeper *keep, struct afd_error *err)
{
	AFD_AUTO(mem) char *reason = afd_sprintf("commit %.*s: %s", (int)g->commit.id.len, g->commit.id.data, why);

	if (!reason)
		return afd_fail_memory(err);
	if (cover(g, since(g, now), AFD_GAP, reason, keep, err) < 0)
		return -1;
	return next_commit(g, now, keep, err);
}

static int git_take(void *state, const struct afd_response *r, const struct afd_error *why, struct afd_keeper *keep, struct afd_error *err)
{
	struct git_run *g = state;
	const int64_t now = r ? r->received_ms : afd_now(g->c.env);
	struct zone_at *z = &g->zone[g->at];
	struct afd_error bad = { 0 };
	char text[200];
	int got;

	if (!r)
		return g->step > LOG ? skip_commit(g, now, why ? why->text : "no answer", keep, err) : gap(g, now, why ? why->text : "no answer", keep, err);
	if (g->step == ANCESTOR) {
		if (r->status != 0) {                    /* begun anew: all of the history that is there now */
			snprintf(text, sizeof(text), "the history was rewritten: commit %.64s is not in it any more", z->commit);
			if (cover(g, since(g, now), AFD_GAP, text, keep, err) < 0)
				return -1;
			free(z->commit);
			z->commit = NULL;
		}
		g->step = LOG;
		return 0;
	}
	if (r->status != 0) {
		snprintf(text, sizeof(text), "git ended with status %d%s", r->status, r->status == 127 ? ": it is not installed" :
		         g->step == LOG ? ": no such repository or branch, or it is not readable" : "");
		return g->step == LOG ? gap(g, now, text, keep, err) : skip_commit(g, now, text, keep, err);
	}
	switch (g->step) {
	case LOG:
		if (afd_buf_add_slice(&g->log, r->body) < 0)
			return afd_fail_memory(err);
		g->left = afd_buf_slice(&g->log);
		return next_commit(g, now, keep, err);
	case ENTRY:
		got = take_entry(r, &g->entry_after, &bad);
		if (got < 0)
			return skip_commit(g, now, bad.text, keep, err);
		g->gone = got == 0;
		if (g->gone)
			return after_before(g, r, keep, err);
		g->step = AFTER;
		return 0;
	case AFTER:
		if (afd_buf_add_slice(&g->after, r->body) < 0)
			return afd_fail_memory(err);
		return after_before(g, r, keep, err);
	case ENTRY_BEFORE:
		if (take_entry(r, &g->entry_before, &bad) <= 0)
			return keep_commit(g, r, keep, err);
		g->step = BEFORE;
		return 0;
	case BEFORE:
		if (afd_buf_add_slice(&g->before, r->body) < 0)
			return afd_fail_memory(err);
		return keep_commit(g, r, keep, err);
	case ANCESTOR:
		break;
	}
	return 0;
}

const struct afd_provider afd_provider_zone_git = {
	.kind = "zone-git",
	.leg = AFD_LEG_ZONE,
	.title = "History of zone files in git: who wrote what should be there",
	.help = "Reads each commit of a zone file since the last run with git: author, committer, times, whether its signature is good, "
	        "and the file before and after. That is what is declared and who says so, never what is served: a commit whose records "
	        "fit a change within applies_within explains it, and what is served but not declared can be seen. Author and times are "
	        "the author's own words: a commit counts from the look before the one that showed it, so fetch before each collection, and only a good signature (allowed_signers for SSH keys, the keyring of the user who runs this "
	        "for OpenPGP) names a key. Needs leave to read the repository, a mirror is best (git clone --mirror, fetched before); "
	        "hooks, filters, replaced and grafted commits and fetching are left out. The path must be a plain file.",
	.basis = "tested with git 2.39",
	.evidence = "zone-declared",
	.fields = fields,
	.config_size = sizeof(struct git_config),
	.config_defaults = &defaults,
	.scopes = git_scopes,
	.begin = git_begin,
	.next = git_next,
	.take = git_take,
	.end = git_end,
	.decode = afd_git_decode,
};
