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
#include "evidence/db.h"
#include "core/file.h"
#include "mappers/judge.h"

enum { SAMPLE = 100 };

/* What is turned round. WORD: stands alone. The longest that fits is taken. */
static const struct { const char *from, *to; bool word; } swaps[] = {
	{ "NOT EXISTS", "EXISTS", true }, { "NOT IN", "IN", true }, { "EXISTS", "NOT EXISTS", true },
	{ "AND", "OR", true }, { "OR", "AND", true }, { "MIN", "MAX", true }, { "MAX", "MIN", true },
	{ "'absence'", "'presence'", false }, { "'presence'", "'absence'", false },
	{ "'asserted'", "'sampled'", false }, { "'sampled'", "'asserted'", false }, { "'proven'", "'sampled'", false },
	{ "'fail'", "'review'", false }, { "'review'", "'fail'", false },
	{ "<=", "<", false }, { ">=", ">", false }, { "<>", "=", false }, { "<", "<=", false }, { ">", ">=", false }, { "=", "<>", false },
};

/* asked: it is one of those that are tried, and no case has noticed it yet */
struct mutant { size_t at, line; unsigned swap; bool asked; struct afd_check check; struct afd_doc *head; };
struct subject { char *id; struct afd_buf text, equivalent; struct mutant *mutant; size_t n; };
static const char *source;
static struct case_store *store;
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

/* A row that says not-applicable is weighed by its status alone: its basis says nothing. */
static bool says_nothing(const char *at, const char *begin)
{
	static const char status[] = "'not-applicable', ";
	const size_t n = sizeof status - 1;

	return (size_t)(at - begin) >= n && strncmp(at - n, status, n) == 0;
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
		if (i >= 0 && !says_nothing(p, text)) {
			struct mutant *more = realloc(c->mutant, (c->n + 1) * sizeof(*more));

			if (!more)
				abort();
			c->mutant = more;
			more[c->n++] = (struct mutant){ .at = (size_t)(p - text), .line = line, .swap = (unsigned)i };
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

/* The checks of the mutants that are asked; one that is no check any more was noticed, one that nobody could notice is not asked. */
static void prepare(struct subject *c)
{
	AFD_AUTO(mem) char *name = afd_sprintf("%s.sql", c->id);
	struct afd_error err = { 0 };

	for (size_t i = 0; i < c->n; i++) {
		struct mutant *m = &c->mutant[i];
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		if (!m->asked)
			continue;
		tried++;
		if (apply(c, m, &text) < 0)
			abort();
		m->asked = !is_equivalent(c, m) && afd_check_parse(afd_buf_slice(&text), name, &m->head, &m->check, &err) == 0;
	}
}

/* --- cases --- */

/* 0, or -1 when the case does not hold without any change: it would notice everything. */
static int ask(struct subject *c, const struct afd_check *unchanged, const char *path)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	struct afd_error err = { 0 };

	if (afd_file_read(path, 1 << 20, &text, &err) < 0 || afd_yaml_parse(afd_buf_slice(&text), path, &d, &err) < 0 ||
	    case_store_fill(store, afd_doc_root(d), &err) < 0 || case_holds(case_store_reader(store), unchanged, afd_doc_root(d), &err) < 0) {
		printf("# %s fails as it is: %s\n", path, err.text);
		return -1;
	}
	for (size_t i = 0; i < c->n; i++) {
		struct mutant *m = &c->mutant[i];

		m->asked = m->asked && case_holds(case_store_reader(store), &m->check, afd_doc_root(d), &err) == 0;
	}
	return 0;
}

static int ask_all(struct subject *c)
{
	AFD_AUTO(mem) char *folder = afd_sprintf("%s/tests/checks/%s", source, c->id), *name = afd_sprintf("%s.sql", c->id);
	AFD_AUTO(doc) struct afd_doc *head = NULL;
	struct afd_error err = { 0 };
	struct afd_check unchanged;
	struct dirent *entry;
	DIR *d = opendir(folder);
	int r = 0;

	if (!d || afd_check_parse(afd_slice(c->text.data, c->text.len - 1), name, &head, &unchanged, &err) < 0)
		r = -1;
	while (r == 0 && (entry = readdir(d))) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", folder, entry->d_name);
		const size_t n = strlen(entry->d_name);

		if (n > 5 && strcmp(entry->d_name + n - 5, ".yaml") == 0)
			r = ask(c, &unchanged, path);
	}
	if (d)
		closedir(d);
	return r;
}

static void run(struct subject *c)
{
	size_t asked = 0;

	prepare(c);
	for (size_t i = 0; i < c->n; i++)
		asked += c->mutant[i].asked;
	if (asked && ask_all(c) < 0) {
		unnoticed++;
		return;
	}
	for (size_t i = 0; i < c->n; i++) {
		const struct mutant *m = &c->mutant[i];

		if (!m->asked)
			continue;
		unnoticed++;
		printf("# %s.sql:%zu: %s -> %s | %.*s\n", c->id, m->line, swaps[m->swap].from, swaps[m->swap].to, (int)line_of(c, m->at).len,
		       (const char *)line_of(c, m->at).data);
	}
	afd_query_forget(case_store_reader(store));      /* statements of these mutants */
}

/* --- checks --- */

static void load(struct subject *c, bool from_source)
{
	AFD_AUTO(mem) char *file = afd_sprintf("%s/checks/%s.sql", source, c->id), *inside = afd_sprintf("checks/%s.sql", c->id),
			    *known = afd_sprintf("%s/tests/checks/%s/equivalent.txt", source, c->id);
	const struct afd_embedded *e = from_source ? NULL : afd_embedded_find(inside);
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
	find_mutants(c);
}

static void unload(struct subject *c)
{
	for (size_t i = 0; i < c->n; i++)
		afd_doc_release(&c->mutant[i].head);
	afd_buf_release(&c->text);
	afd_buf_release(&c->equivalent);
	free(c->mutant);
	free(c->id);
}

/* One of the lines of mutated.txt. */
static bool is_listed(const struct afd_buf *list, const char *id)
{
	AFD_AUTO(mem) char *line = afd_sprintf("\n%s\n", id);

	return strstr((const char *)list->data, line) != NULL;
}

static struct subject *subjects;
static size_t n_subjects;

static void add(const char *id, bool from_source)
{
	struct subject *more = realloc(subjects, (n_subjects + 1) * sizeof *more);

	if (!more)
		abort();
	subjects = more;
	subjects[n_subjects] = (struct subject){ .id = afd_strdup(id) };
	load(&subjects[n_subjects++], from_source);
}

static void add_listed(const struct afd_buf *list)
{
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		AFD_AUTO(mem) char *id = strncmp(e->path, "checks/", 7) == 0 ? afd_text_dup(afd_slice(e->path + 7, strlen(e->path) - 11)) : NULL;

		if (id && is_listed(list, id))
			add(id, false);
	}
}

/* WANTED of all mutants, each with the same chance; 0: all of them. */
static void draw(size_t wanted, unsigned *seed)
{
	size_t left = 0;

	for (size_t i = 0; i < n_subjects; i++)
		left += subjects[i].n;
	if (!wanted || wanted > left)
		wanted = left;
	for (size_t i = 0; i < n_subjects; i++)
		for (size_t k = 0; k < subjects[i].n; k++, left--)
			if ((size_t)rand_r(seed) % left < wanted) {
				subjects[i].mutant[k].asked = true;
				wanted--;
			}
}

static unsigned number(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(void)
{
	char work[] = "/tmp/affidavit-mutants-XXXXXX";
	const char *only = getenv("AFFIDAVIT_ONLY");
	unsigned first = number("AFFIDAVIT_SEED", (unsigned)time(NULL)), seed = first;
	AFD_AUTO(buf) struct afd_buf list = { 0 };
	AFD_AUTO(mem) char *file = NULL, *path = NULL;
	struct afd_error err = { 0 };

	source = getenv("AFFIDAVIT_SOURCE");
	if (!source || !mkdtemp(work)) {
		fprintf(stderr, "AFFIDAVIT_SOURCE: expected the source folder\n");
		return 1;
	}
	printf("TAP version 13\n1..1\n");
	file = afd_sprintf("%s/tests/checks/mutated.txt", source);
	path = afd_sprintf("%s/case.db", work);
	if (afd_buf_text(&list, "\n") < 0 || afd_file_read(file, 1 << 20, &list, &err) < 0 || afd_buf_u8(&list, 0) < 0 ||
	    !(store = case_store_open(path, &err))) {
		printf("# %s\n", err.text);
		return 1;
	}
	if (only)
		add(only, true);
	else
		add_listed(&list);
	draw(only ? 0 : number("AFFIDAVIT_MUTANTS", SAMPLE), &seed);
	for (size_t i = 0; i < n_subjects; i++) {
		run(&subjects[i]);
		unload(&subjects[i]);
	}
	free(subjects);
	case_store_close(store);
	case_clean(path, work);
	printf("# seed %u: %u changes of rules tried, %u not noticed\n", first, tried, unnoticed);
	printf("%s 1 - the cases notice a changed rule\n", unnoticed ? "not ok" : "ok");
	return unnoticed ? 1 : 0;
}
