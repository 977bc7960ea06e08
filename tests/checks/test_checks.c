/* Every case of every check: tests/checks/CHECK/CASE.yaml. The folder reads like the rule's truth table. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "case.h"
#include "core/file.h"
#include "mappers/judge.h"

static char dir[4096];
static struct case_store *store;

/* The built-in text, or with AFFIDAVIT_CHECKS=DIR the one there: see mutate. */
static int load_check(const char *id, struct afd_doc **keep, struct afd_check *ret, struct afd_error *err)
{
	const char *other = getenv("AFFIDAVIT_CHECKS");
	AFD_AUTO(mem) char *name = afd_sprintf("%s/%s.sql", other ? other : "checks", id);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	const struct afd_embedded *e;

	if (other)
		return afd_file_read(name, 1 << 20, &text, err) < 0
			       ? -1
			       : afd_check_parse(afd_buf_slice(&text), name, keep, ret, err);
	e = name ? afd_embedded_find(name) : NULL;
	if (!e)
		return afd_fail(err, AFD_E_USAGE, "%s: no such check", id);
	return afd_check_parse(afd_slice(e->data, e->len), name, keep, ret, err);
}

static void run_case(void **state)
{
	const char *path = *state, *slash = strrchr(path, '/');
	AFD_AUTO(mem) char *check = afd_text_dup(afd_slice(path, (size_t)(slash - path)));
	AFD_AUTO(mem) char *full = afd_sprintf("%s/%s", dir, path);
	AFD_AUTO(doc) struct afd_doc *d = NULL, *head = NULL;
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_error err = { 0 };
	struct afd_check c;
	const struct afd_node *root;

	if (load_check(check, &head, &c, &err) < 0 || afd_file_read(full, 1 << 20, &text, &err) < 0 ||
	    afd_yaml_parse(afd_buf_slice(&text), path, &d, &err) < 0)
		fail_msg("%s", err.text);
	root = afd_doc_root(d);
	if (case_store_fill(store, root, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	if (case_holds(case_store_reader(store), &c, root, &err) < 0)
		fail_msg("%s: %s", path, err.text);
}

/* The test of the test: what would be compared with nothing, or fill nothing, is refused. */
static void a_word_that_says_nothing_is_refused(void **state)
{
	static const struct { const char *text, *why; } cases[] = {
		{ "domain: [{name: a.test}]\nexpect: {ledger: review}\n", NULL },
		{ "domain: []\nexpect: {ledger: review}\nfindings: [{status: review, key: '', presence: 1}]\n", NULL },
		{ "periods: [{from: -9d, as_of: 0, expect: {ledger: review}}]\n", NULL },
		{ "domain:\nexpect: {ledger: review}\n", "line 1: domain: expected a list of rows, got null" },
		{ "domains: []\nexpect: {ledger: review}\n", "line 1: \"domains\": no such table" },
		{ "domain: [a.test]\nexpect: {ledger: review}\n", "line 1: domain: expected a row, got a string" },
		{ "domain: [{nam: a.test}]\nexpect: {ledger: review}\n", "domain.nam: no such column" },
		{ "expect: {ledger: review}\nfindings: [{raisons: 1}]\n", "line 2: findings: \"raisons\" is not known" },
		{ "expect: {ledger: review}\nfindings: [{reasons: x}]\n", "line 2: findings: reasons may not be a string" },
		{ "expect: {ledger: review}\nfindings: [{reason: 1}]\n", "line 2: findings: reason may not be a whole number" },
		{ "expect: {ledger: review}\nfindings: {status: review}\n", "findings: expected a list, got a map" },
		{ "expect: {ledger: 1}\n", "\"ledger\": expected nothing, got review" },
		{ "periods: [{til: 0, expect: {ledger: review}}]\n", "line 1: periods: \"til\" is not known" },
	};
	AFD_AUTO(doc) struct afd_doc *head = NULL;
	struct afd_error err = { 0 };
	struct afd_check c;

	(void)state;
	assert_int_equal(load_check("evidence-anchored", &head, &c, &err), 0);
	for (size_t i = 0; i < AFD_COUNT(cases); i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_error why = { 0 };

		assert_int_equal(afd_yaml_parse(afd_slice_text(cases[i].text), "case", &d, &err), 0);
		if ((case_store_fill(store, afd_doc_root(d), &why) < 0 || case_holds(case_store_reader(store), &c, afd_doc_root(d), &why) < 0) != (cases[i].why != NULL) ||
		    (cases[i].why && !strstr(why.text, cases[i].why)))
			fail_msg("%s: got \"%s\"", cases[i].text, why.text);
	}
}

/* --- the list --- */

static struct CMUnitTest *tests;
static size_t n_tests;

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name, ((const struct CMUnitTest *)b)->name);
}

static void list_cases(const char *check)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, check);
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);
		char *name;

		if (n < 6 || strcmp(e->d_name + n - 5, ".yaml") != 0)
			continue;
		name = afd_sprintf("%s/%s", check, e->d_name);
		if (n_tests % 1024 == 0)
			tests = realloc(tests, (n_tests + 1024) * sizeof *tests);
		if (!tests || !name)
			abort();
		tests[n_tests++] = (struct CMUnitTest){ name, run_case, NULL, NULL, name };
	}
	if (d)
		closedir(d);
}

/* No check without its fail, its pass, its gap: the folder of a check says at least these. */
static void every_check_has_cases(void **state)
{
	(void)state;
	for (const struct afd_embedded *e = afd_embedded_files; e->path; e++) {
		AFD_AUTO(mem) char *id = NULL;
		unsigned n = 0;

		if (strncmp(e->path, "checks/", 7) != 0)
			continue;
		id = afd_text_dup(afd_slice(e->path + 7, strlen(e->path) - 11));
		for (size_t i = 0; i < n_tests; i++)
			n += strncmp(tests[i].name, id, strlen(id)) == 0 && tests[i].name[strlen(id)] == '/';
		if (n < 4)
			fail_msg("%s: only %u cases", id, n);
	}
}

int main(void)
{
	const char *source = getenv("AFFIDAVIT_SOURCE"), *only = getenv("AFFIDAVIT_ONLY");
	char work[] = "/tmp/affidavit-cases-XXXXXX", store_path[64];
	struct afd_error err = { 0 };
	int r;

	if (!source || !mkdtemp(work)) {
		fprintf(stderr, "AFFIDAVIT_SOURCE: expected the source folder\n");
		return 1;
	}
	snprintf(dir, sizeof dir, "%s/tests/checks", source);
	snprintf(store_path, sizeof store_path, "%s/case.db", work);
	if (only)                                /* one that was written since this was built, too */
		list_cases(only);
	for (const struct afd_embedded *e = afd_embedded_files; e->path && !only; e++)
		if (strncmp(e->path, "checks/", 7) == 0) {
			AFD_AUTO(mem) char *id = afd_text_dup(afd_slice(e->path + 7, strlen(e->path) - 11));

			list_cases(id);
		}
	if (only && !n_tests) {
		fprintf(stderr, "%s: no cases\n", only);
		return 1;
	}
	if (tests)
		qsort(tests, n_tests, sizeof *tests, compare_names);
	tests = realloc(tests, (n_tests + 2) * sizeof *tests);
	if (!tests)
		return 1;
	tests[n_tests] = (struct CMUnitTest){ "a word that says nothing is refused", a_word_that_says_nothing_is_refused, NULL, NULL, NULL };
	tests[n_tests + 1] = (struct CMUnitTest){ "every check has cases", every_check_has_cases, NULL, NULL, NULL };
	store = case_store_open(store_path, &err);
	if (!store) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	r = _cmocka_run_group_tests("checks", tests, n_tests + 1 + (only == NULL), NULL, NULL);
	for (size_t i = 0; i < n_tests; i++)
		free((char *)tests[i].initial_state);
	free(tests);
	case_store_close(store);
	case_clean(store_path, work);
	return r;
}
