/* Do the cases notice when a rule is changed? Each comparison, connective, verdict and basis in the SQL of a check is turned
 * round, one at a time, and the check's cases are asked; a change that none notices is printed and fails, unless
 * tests/checks/CHECK/equivalent.txt says that nobody could notice it, and why.
 *
 * AFFIDAVIT_ONLY=CHECK: all mutants of that one, read from the source folder. Without: a sample of all checks, drawn by the seed
 * that is printed (AFFIDAVIT_SEED), AFFIDAVIT_MUTANTS of them (0: all), of the checks in tests/checks/mutated.txt: whose
 * cases notice everything. A check that does not stand there is one whose cases still lack something.
 *
 * equivalent.txt, one line each: FROM -> TO | the line of the SQL, without blanks around it | why nobody could notice */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "core/file.h"
#include "mappers/judge.h"

enum { MOST_CASES = 200, SAMPLE = 40 };

/* What is turned round. WORD: stands alone. The longest that fits is taken. */
static const struct { const char *from, *to; bool word; } swaps[] = {
	{ "NOT EXISTS", "EXISTS", true }, { "NOT IN", "IN", true }, { "EXISTS", "NOT EXISTS", true },
	{ "AND", "OR", true }, { "OR", "AND", true }, { "MIN", "MAX", true }, { "MAX", "MIN", true },
	{ "'absence'", "'presence'", false }, { "'presence'", "'absence'", false },
	{ "'asserted'", "'sampled'", false }, { "'sampled'", "'asserted'", false }, { "'proven'", "'sampled'", false },
	{ "'fail'", "'review'", false }, { "'review'", "'fail'", false },
	{ "<=", "<", false }, { ">=", ">", false }, { "<>", "=", false }, { "<", "<=", false }, { ">", ">=", false }, { "=", "<>", false },
};

struct mutant { size_t at, line; unsigned swap; };
struct one_case { char *name, *store; struct afd_doc *doc; };
struct subject {
	const char *id;
	struct afd_buf text, equivalent;
	struct mutant *mutant; size_t n;
	struct one_case at[MOST_CASES]; size_t n_case;
};
static const char *source;
static char work[] = "/tmp/affidavit-mutants-XXXXXX";
static unsigned tried, unnoticed;

/* --- mutants --- */

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static int swap_at(const char *s, const char *begin)
{
	for (size_t i = 0; i < AFD_COUNT(swaps); i++) {
		size_t n = strlen(swaps[i].from);

		if (strncmp(s, swaps[i].from, n) == 0 && (!swaps[i].word || ((s == begin || !in_word(s[-1])) && !in_word(s[n]))))
			return (int)i;
	}
	return -1;
}

/* Behind the head, outside comments and texts. */
static void find_mutants(struct subject *c)
{
	const char *text = (const char *)c->text.data, *p = strstr(text, "*/");
	size_t line = 1;

	for (const char *q = text; p && q < p; q++)
		line += *q == '\n';
	for (p = p ? p + 2 : ""; *p; p++) {
		int i = swap_at(p, text);

		line += *p == '\n';
		if (strncmp(p, "--", 2) == 0 || strncmp(p, "||", 2) == 0) {
			p += *p == '|' ? 1 : strcspn(p, "\n") - 1;
			continue;
		}
		if (i >= 0) {
			struct mutant *more = realloc(c->mutant, (c->n + 1) * sizeof(*more));

			if (!more)
				abort();
			c->mutant = more;
			more[c->n++] = (struct mutant){ (size_t)(p - text), line, (unsigned)i };
			p += strlen(swaps[i].from) - 1;
		} else if (*p == '\'') {
			for (p++; *p && *p != '\''; p++)
				line += *p == '\n';
			if (!*p)
				break;
		}
	}
}

static int apply(const struct subject *c, const struct mutant *m, struct afd_buf *ret)
{
	size_t behind = m->at + strlen(swaps[m->swap].from);

	return afd_buf_add(ret, c->text.data, m->at) < 0 || afd_buf_text(ret, swaps[m->swap].to) < 0 ? -1 :
		afd_buf_add(ret, c->text.data + behind, c->text.len - behind - 1);
}

static struct afd_slice line_of(const struct subject *c, size_t at)
{
	const char *text = (const char *)c->text.data, *from = text + at, *to = text + at;

	while (from > text && from[-1] != '\n')
		from--;
	while (*to && *to != '\n')
		to++;
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	return afd_slice(from, (size_t)(to - from));
}

static bool is_equivalent(const struct subject *c, const struct mutant *m)
{
	struct afd_slice line = line_of(c, m->at);
	AFD_AUTO(mem) char *row = afd_sprintf("%s -> %s | %.*s | ", swaps[m->swap].from, swaps[m->swap].to, (int)line.len, (const char *)line.data);
	const char *found = c->equivalent.len ? strstr((const char *)c->equivalent.data, row) : NULL;

	return found && (found == (const char *)c->equivalent.data || found[-1] == '\n');
}

/* --- cases --- */

static void add_case(struct subject *c, const char *folder, const char *name)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", folder, name);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct one_case *o = &c->at[c->n_case];
	struct afd_error err = { 0 };

	*o = (struct one_case){ .name = afd_strdup(name), .store = afd_sprintf("%s/%zu.db", work, c->n_case) };
	if (afd_file_read(path, 1 << 20, &text, &err) < 0 || afd_yaml_parse(afd_buf_slice(&text), path, &o->doc, &err) < 0 ||
	    case_fill(o->store, afd_doc_root(o->doc), &err) < 0) {
		printf("# %s: %s\n", path, err.text);
		exit(1);
	}
	c->n_case++;
}

static void load(struct subject *c, bool from_source)
{
	AFD_AUTO(mem) char *folder = afd_sprintf("%s/tests/checks/%s", source, c->id), *file = afd_sprintf("%s/checks/%s.sql", source, c->id),
			    *known = afd_sprintf("%s/equivalent.txt", folder);
	AFD_AUTO(mem) char *inside = afd_sprintf("checks/%s.sql", c->id);
	const struct afd_embedded *e = from_source ? NULL : afd_embedded_find(inside);
	DIR *d = opendir(folder);
	struct dirent *entry;
	struct afd_error err = { 0 };

	if (e)
		afd_buf_add(&c->text, e->data, e->len);
	else if (afd_file_read(file, 1 << 20, &c->text, &err) < 0) {
		printf("# %s\n", err.text);
		exit(1);
	}
	if (access(known, R_OK) == 0 && (afd_file_read(known, 1 << 20, &c->equivalent, &err) < 0 || afd_buf_u8(&c->equivalent, 0) < 0))
		exit(1);
	afd_buf_u8(&c->text, 0);
	while (d && (entry = readdir(d)))
		if (strlen(entry->d_name) > 5 && strcmp(entry->d_name + strlen(entry->d_name) - 5, ".yaml") == 0 && c->n_case < MOST_CASES)
			add_case(c, folder, entry->d_name);
	if (d)
		closedir(d);
	find_mutants(c);
}

static void unload(struct subject *c)
{
	for (size_t i = 0; i < c->n_case; i++) {
		AFD_AUTO(mem) char *lock = afd_sprintf("%s.lock", c->at[i].store);

		unlink(c->at[i].store);
		unlink(lock);
		free(c->at[i].name);
		free(c->at[i].store);
		afd_doc_release(&c->at[i].doc);
	}
	afd_buf_release(&c->text);
	afd_buf_release(&c->equivalent);
	free(c->mutant);
}

/* The case that noticed the last mutant is asked first: it stands near. */
static bool noticed(struct subject *c, const struct mutant *m)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *name = afd_sprintf("%s.sql", c->id);
	struct afd_error err = { 0 };
	struct afd_check check;

	if (apply(c, m, &text) < 0)
		abort();
	if (afd_check_parse(afd_buf_slice(&text), name, &d, &check, &err) < 0)
		return true;
	for (size_t i = 0; i < c->n_case; i++)
		if (case_holds(c->at[i].store, &check, afd_doc_root(c->at[i].doc), &err) < 0) {
			struct one_case first = c->at[i];

			memmove(&c->at[1], &c->at[0], i * sizeof(first));
			c->at[0] = first;
			return true;
		}
	return false;
}

/* A case that fails without any change would notice everything. */
static bool sound(struct subject *c)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *name = afd_sprintf("%s.sql", c->id);
	struct afd_error err = { 0 };
	struct afd_check check;

	if (afd_check_parse(afd_slice(c->text.data, c->text.len - 1), name, &d, &check, &err) < 0)
		return false;
	for (size_t i = 0; i < c->n_case; i++)
		if (case_holds(c->at[i].store, &check, afd_doc_root(c->at[i].doc), &err) < 0) {
			printf("# %s/%s fails as it is: %s\n", c->id, c->at[i].name, err.text);
			return false;
		}
	return true;
}

/* One mutant in EVERY. */
static void run(struct subject *c, unsigned every, unsigned *seed)
{
	if (!sound(c)) {
		unnoticed++;
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct mutant *m = &c->mutant[i];

		if (every > 1 && (unsigned)rand_r(seed) % every != 0)
			continue;
		tried++;
		if (noticed(c, m) || is_equivalent(c, m))
			continue;
		unnoticed++;
		printf("# %s.sql:%zu: %s -> %s | %.*s\n", c->id, m->line, swaps[m->swap].from, swaps[m->swap].to, (int)line_of(c, m->at).len,
		       (const char *)line_of(c, m->at).data);
	}
}

/* One of the lines of mutated.txt. */
static bool is_listed(const struct afd_buf *list, const char *id)
{
	AFD_AUTO(mem) char *line = afd_sprintf("\n%s\n", id);

	return strstr((const char *)list->data, line) != NULL;
}

static void each(const char *id, bool from_source, unsigned every, unsigned *seed)
{
	struct subject *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->id = id;
	load(c, from_source);
	run(c, every, seed);
	unload(c);
	free(c);
}

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
	const char *only = getenv("AFFIDAVIT_ONLY");
	unsigned seed = number("AFFIDAVIT_SEED", (unsigned)time(NULL)), wanted = number("AFFIDAVIT_MUTANTS", SAMPLE), every = 1, first = seed;
	AFD_AUTO(buf) struct afd_buf list = { 0 };
	AFD_AUTO(mem) char *file = NULL;
	struct afd_error err = { 0 };
	size_t all = 0;

	source = getenv("AFFIDAVIT_SOURCE");
	if (!source || !mkdtemp(work)) {
		fprintf(stderr, "AFFIDAVIT_SOURCE: expected the source folder\n");
		return 1;
	}
	printf("TAP version 13\n1..1\n");
	file = afd_sprintf("%s/tests/checks/mutated.txt", source);
	if (afd_buf_text(&list, "\n") < 0 || afd_file_read(file, 1 << 20, &list, &err) < 0 || afd_buf_u8(&list, 0) < 0) {
		printf("# %s\n", err.text);
		return 1;
	}
	for (const struct afd_embedded *e = afd_embedded_files; e->path && !only; e++) {
		AFD_AUTO(mem) char *id = strncmp(e->path, "checks/", 7) == 0 ? afd_text_dup(afd_slice(e->path + 7, strlen(e->path) - 11)) : NULL;

		if (id && is_listed(&list, id))
			all += e->len / 120;          /* as many as there are, about */
	}
	every = only || !wanted || all <= wanted ? 1 : (unsigned)(all / wanted);
	if (only)
		each(only, true, 1, &seed);
	for (const struct afd_embedded *e = afd_embedded_files; e->path && !only; e++)
		if (strncmp(e->path, "checks/", 7) == 0) {
			AFD_AUTO(mem) char *id = afd_text_dup(afd_slice(e->path + 7, strlen(e->path) - 11));

			if (is_listed(&list, id))
				each(id, false, every, &seed);
		}
	rmdir(work);
	printf("# seed %u: %u changes of rules tried, %u not noticed\n", first, tried, unnoticed);
	printf("%s 1 - the cases notice a changed rule\n", unnoticed ? "not ok" : "ok");
	return unnoticed ? 1 : 0;
}
