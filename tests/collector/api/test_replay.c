/* Each file NAME.txt beside this one is a conversation with a provider and what must come of it; README.md tells the words of
 * such a file. */
#include "replay.h"

#include <dirent.h>

/* skip() jumps: everything is given back by then. */
static void conversation(void **state)
{
	bool lacks_data;
	{
		AFD_AUTO(replay) struct replay w;

		replay_open(&w, *state);
		replay_play(&w, false);
		lacks_data = w.lacks_data;
		if (!lacks_data)
			replay_check_secrets(&w);
	}
	if (lacks_data)
		skip();
}

static int is_file(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && !strcmp(d->d_name + n - 4, ".txt");
}

int main(int argc, char **argv)
{
	AFD_AUTO(mem) char *dir = afd_sprintf("%s/tests/collector/api", getenv("AFFIDAVIT_SOURCE"));
	struct dirent **all;
	struct CMUnitTest *tests;
	int n = scandir(dir, &all, is_file, alphasort), kept = 0, failed;

	if (n <= 0)
		return 1;
	replay_read_keys();
	tests = calloc((size_t)n, sizeof(*tests));
	for (int i = 0; i < n; i++)
		if (argc < 2 || strstr(all[i]->d_name, argv[1]))
			tests[kept++] = (struct CMUnitTest){ .name = all[i]->d_name, .test_func = conversation, .initial_state = all[i]->d_name };
	failed = _cmocka_run_group_tests("replay", tests, (size_t)kept, NULL, NULL);
	for (int i = 0; i < n; i++)
		free(all[i]);
	free(all);
	free(tests);
	return failed;
}
