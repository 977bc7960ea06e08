/* Two versions of a zone of N records (1,000,000) read, sorted and compared, beside ldns-read-zone, named-compilezone and
 * kzonecheck reading one of them, in the same run: processor time and memory of each as its own process.
 * Usage: bench_zone DIR [N [shuffled]]; the zone files are left in DIR.
 * Budget: 0.6 times kzonecheck's time for one version, 200 MB. */
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/zone/zone_set.h"
#include "core/file.h"

extern char **environ;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* --- the zones --- */

static uint32_t chance(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return (uint32_t)(*s >> 16);
}

/* Hosts (A, and AAAA for some), aliases, mail names with MX and TXT, tokens of ACME, delegations with glue. One record in
 * two hundred differs between the versions: another address, another time to live, gone, or new. */
static unsigned put_name(FILE *f, uint64_t i, unsigned version)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint64_t seed = (i + 1) * UINT64_C(0x9e3779b97f4a7c15), *const s = &seed;
	const bool differs = chance(s) % 200 == 0, other = differs && version == 2;
	const uint32_t a = chance(s), b = chance(s);
	const unsigned last = other ? 250 : a % 200;
	char token[44];

	if (other && i % 3 == 0)
		return 0;
	switch (i % 20) {
	case 8: case 9: case 10: case 11:
		fprintf(f, "host%07" PRIu64 "\t%u\tIN\tA\t10.%u.%u.%u\nhost%07" PRIu64 "\tIN\tAAAA\t2001:db8:%x:%x::%x\n", i, other ? 600 : 300, a >> 24,
			b >> 24, a % 200, i, (unsigned)i & 0xffff, a & 0xffff, b & 0xffff);
		return 2;
	case 12: case 13:
		fprintf(f, "alias%07" PRIu64 "\tIN\tCNAME\thost%07" PRIu64 "\n", i, i - 5);
		return 1;
	case 14: case 15:
		fprintf(f, "mail%07" PRIu64 "\tIN\tMX\t10 mx1.mail.example.\n\tIN\tMX\t20 mx2.mail.example.\n\tIN\tTXT\t\"v=spf1 include:_spf.mail.example %call\"\n",
			i, other ? '~' : '-');
		return 3;
	case 16: case 17:
		for (size_t k = 0; k < sizeof(token) - 1; k++)
			token[k] = digits[chance(s) % 64];
		token[sizeof(token) - 1] = 0;
		fprintf(f, "_acme-challenge.host%07" PRIu64 "\t60\tIN\tTXT\t\"%s\"\n", i, token);
		return 1;
	case 18: case 19:
		fprintf(f, "sub%07" PRIu64 "\tIN\tNS\tns1.sub%07" PRIu64 "\n\tIN\tNS\tns.other.example.\nns1.sub%07" PRIu64 "\tIN\tA\t10.%u.%u.%u\n", i, i, i,
			a >> 24, b >> 24, last);
		return 3;
	}
	fprintf(f, "host%07" PRIu64 "\tIN\tA\t10.%u.%u.%u\n", i, a >> 24, b >> 24, last);
	return 1;
}

static int make_zone(const char *path, uint64_t n, unsigned version, bool shuffled)
{
	FILE *f = fopen(path, "w");
	uint64_t put = 5;

	if (!f)
		return -1;
	fprintf(f, "$ORIGIN big.test.\n$TTL 3600\n@\tIN\tSOA\tns1 hostmaster %u 7200 900 1209600 300\n@\tIN\tNS\tns1\n@\tIN\tNS\tns2\n"
		"ns1\tIN\tA\t192.0.2.1\nns2\tIN\tA\t192.0.2.2\n", 2026110100 + version);
	for (uint64_t i = 20; put < n && i < 1 << 24; i++)
		/* 2^24 numbers in an order that looks like none: an odd factor is a permutation */
		put += put_name(f, shuffled ? i * 7654321 % (1 << 24) : i, version);
	return fclose(f);
}

/* --- ours --- */

static int count(void *ctx, enum afd_zone_op op, bool ttl_only, const struct afd_zone_rr *rr, struct afd_error *err)
{
	uint64_t *n = ctx;

	(void)rr;
	(void)err;
	n[op]++;
	n[2] += ttl_only;
	return 0;
}

static int read_set(const char *path, struct afd_zone_set **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_dns_name zone;
	const double start = now();

	if (afd_file_read(path, (size_t)1 << 30, &text, err) < 0 || afd_dns_name_parse(afd_slice_text("big.test"), &zone, err) < 0)
		return -1;
	const double have = now();
	const struct afd_zone_text_options o = { .zone = &zone, .label = path };
	*ret = afd_zone_set_new(&zone);
	if (!*ret || afd_zone_text_walk(afd_buf_slice(&text), &o, afd_zone_set_take, *ret, err) < 0)
		return -1;
	const double parsed = now();
	if (afd_zone_set_sort(*ret, err) < 0)
		return -1;
	printf("  %s: read %.3f s, parse %.3f s (%.2f M records/s), sort %.3f s\n", path, have - start, parsed - have,
	       (double)afd_zone_set_count(*ret) / (parsed - have) / 1e6, now() - parsed);
	return 0;
}

static int ours(const char *a, const char *b)
{
	AFD_AUTO(zone_set) struct afd_zone_set *old = NULL, *new = NULL;
	struct afd_digest d;
	struct afd_error err = { 0 };
	uint64_t n[3] = { 0 };

	if (read_set(a, &old, &err) < 0 || read_set(b, &new, &err) < 0)
		return fprintf(stderr, "%s\n", err.text), 1;
	const double start = now();
	if (afd_zone_set_diff(old, new, count, n, &err) < 0)
		return fprintf(stderr, "%s\n", err.text), 1;
	const double end = now();
	printf("  compare %.3f s: %" PRIu64 " went, %" PRIu64 " came, of them %" PRIu64 " in their time to live alone\n", end - start, n[0], n[1], n[2]);
	if (getenv("BENCH_DIGEST") && afd_zone_set_digest(new, &d, &err) == 0)
		printf("  content digest %.3f s: %s\n", now() - end, afd_digest_hex(&d).s);
	return 0;
}

/* --- processes --- */

struct cost { bool ran; double seconds; long mb; };

static struct cost run(const char *const *argv, bool quiet)
{
	struct cost c = { 0 };
	posix_spawn_file_actions_t actions;
	struct rusage u;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&actions);
	if (quiet) {
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	}
	if (posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ) == 0 && wait4(pid, &status, 0, &u) == pid &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		c.ran = true;
		c.seconds = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
		c.mb = u.ru_maxrss / 1024;
	}
	posix_spawn_file_actions_destroy(&actions);
	return c;
}

static struct cost show(const char *what, struct cost c)
{
	if (c.ran)
		printf("%-42s %7.2f s %6ld MB\n", what, c.seconds, c.mb);
	else
		printf("%-42s not installed, or it failed\n", what);
	return c;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--ours") == 0)
		return ours(argv[2], argv[3]);
	if (argc < 2 || argc > 4)
		return fprintf(stderr, "usage: bench_zone DIR [N [shuffled]]\n"), 2;
	const uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	AFD_AUTO(mem) char *a = afd_sprintf("%s/a.zone", argv[1]);
	AFD_AUTO(mem) char *b = afd_sprintf("%s/b.zone", argv[1]);
	if (make_zone(a, n, 1, argc > 3) != 0 || make_zone(b, n, 2, argc > 3) != 0)
		return perror(argv[1]), 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	const struct cost us = show("ours: two versions, sorted, compared", run((const char *[]){ argv[0], "--ours", a, b, NULL }, false));
	const struct cost knot = show("kzonecheck, one version", run((const char *[]){ "kzonecheck", "-o", "big.test", a, NULL }, true));
	show("named-compilezone -i none, one version",
	     run((const char *[]){ "named-compilezone", "-i", "none", "-F", "raw", "-o", "/dev/null", "big.test", a, NULL }, true));
	show("ldns-read-zone, one version", run((const char *[]){ "ldns-read-zone", a, NULL }, true));
	if (us.ran && knot.ran)
		printf("%.2f times kzonecheck's time for one (budget 0.60), %ld MB (budget 200)\n", us.seconds / knot.seconds, us.mb);
	return us.ran ? 0 : 1;
}
