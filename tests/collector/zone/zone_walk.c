/* zone_walk KIND SOURCE.yaml CURSOR [ITEM]: one run of a zone source against real servers and files, for live_bind.py. Rows and
 * coverage to standard output; the cursor is read from and written to the file CURSOR, the last item to the file ITEM. A
 * request without an answer is tried ZONE_TRIES times, as the engine does. */
#include <time.h>

#include "collector/table.h"
#include "core/file.h"
#include "run.h"

static int64_t real_now(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * AFD_SECOND + t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
	struct run r = { .rows = true, .chance = (uint64_t)real_now(NULL) };
	const struct afd_env env = { real_now, run_random, &r };
	AFD_AUTO(buf) struct afd_buf yaml = { 0 }, cursor = { 0 };
	struct afd_error err = { 0 };
	int got = -1;

	if (argc < 4)
		return 64;
	r.env = &env;
	r.tries = getenv("ZONE_TRIES") ? (int)strtol(getenv("ZONE_TRIES"), NULL, 10) : 1;
	r.provider = strcmp(argv[1], "dns-transfer") == 0 ? &afd_provider_dns_transfer : &afd_provider_bind_update_log;
	if (afd_file_read(argv[3], 1 << 20, &cursor, NULL) == 0)
		r.cursor = afd_strdup((char *)cursor.data);
	if (afd_file_read(argv[2], 1 << 20, &yaml, &err) == 0)
		got = run_source(&r, (char *)yaml.data, &err);
	if (r.out.len)
		fwrite(r.out.data, 1, r.out.len, stdout);
	if (got < 0)
		printf("failed: %s\n", err.text);
	if (r.cursor && afd_file_write(argv[3], afd_slice_text(r.cursor), false, &err) < 0)
		got = -1;
	if (argc > 4 && r.last_item.len && afd_file_write(argv[4], afd_buf_slice(&r.last_item), false, &err) < 0)
		got = -1;
	run_release(&r);
	return got < 0;
}
