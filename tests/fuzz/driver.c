/* Runs a fuzz target without a fuzzing engine: every seed as it is, then mutations of them for a while. The mutations
 * follow from the round's number alone, so a failure names what brings it back: TARGET SEEDS --round N.
 * With -Dfuzz=true the same targets are linked to libFuzzer instead. */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_CEILING = 512, INPUT_CEILING = 1 << 20 };

static struct seed { uint8_t *data; size_t len; } seeds[SEED_CEILING];
static size_t n_seeds;
static uint64_t state;

static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? (uint32_t)(state >> 11) % below : 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load(const char *folder)
{
	struct dirent **names = NULL;
	int n = scandir(folder, &names, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char path[4096];
		struct seed s = { malloc(INPUT_CEILING), 0 };
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		f = names[i]->d_name[0] != '.' && n_seeds < SEED_CEILING ? fopen(path, "rb") : NULL;
		if (f && s.data) {
			s.len = fread(s.data, 1, INPUT_CEILING, f);
			seeds[n_seeds++] = s;
		} else {
			free(s.data);
		}
		if (f)
			fclose(f);
		free(names[i]);
	}
	free(names);
}

/* One to eight small damages; sometimes the tail of another seed. */
static size_t mutate(uint8_t *buf, size_t len)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, '"', '\n', '{', '%', '-', '0' };

	for (uint32_t k = draw(8) + 1; k; k--) {
		size_t at = len ? draw((uint32_t)len) : 0, n = draw(16) + 1;

		switch (draw(7)) {
		case 0:
			if (len)
				buf[at] ^= (uint8_t)(1u << draw(8));
			break;
		case 1:
			if (len)
				buf[at] = edges[draw(sizeof(edges))];
			break;
		case 2:
			if (len)
				buf[at] = (uint8_t)draw(256);
			break;
		case 3:
			len = at;
			break;
		case 4:
			n = n > len - at ? len - at : n;
			memmove(buf + at, buf + at + n, len - at - n);
			len -= n;
			break;
		case 5:
			if (len + n <= INPUT_CEILING) {
				memmove(buf + at + n, buf + at, len - at);
				len += n;
			}
			break;
		default: {
			const struct seed *o = &seeds[draw((uint32_t)n_seeds)];
			size_t from = o->len ? draw((uint32_t)o->len) : 0;

			if (o->len && at + o->len - from <= INPUT_CEILING) {
				memcpy(buf + at, o->data + from, o->len - from);
				len = at + o->len - from;
			}
		}
		}
	}
	return len;
}

static void run_round(uint64_t round, uint8_t *buf)
{
	const struct seed *s;
	size_t len;
	uint8_t *exact;

	state = round * 0x9E3779B97F4A7C15u + 1;
	s = &seeds[draw((uint32_t)n_seeds)];
	memcpy(buf, s->data, s->len);
	len = mutate(buf, s->len);
	exact = malloc(len ? len : 1);          /* exactly as long, so that a read behind the end is seen */
	if (!exact)
		abort();
	memcpy(exact, buf, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

int main(int argc, char **argv)
{
	uint8_t *buf = malloc(INPUT_CEILING + 64);
	const char *seconds = getenv("FUZZ_SECONDS");
	time_t end = time(NULL) + (seconds ? strtol(seconds, NULL, 10) : 2);
	uint64_t round = 0;

	if (argc < 2 || !buf)
		return 64;
	load(argv[1]);
	if (!n_seeds) {
		fprintf(stderr, "%s: no seeds\n", argv[1]);
		return 1;
	}
	if (argc == 4 && strcmp(argv[2], "--round") == 0) {
		run_round(strtoull(argv[3], NULL, 10), buf);
		return 0;
	}
	for (size_t i = 0; i < n_seeds; i++)
		LLVMFuzzerTestOneInput(seeds[i].data, seeds[i].len);
	while (time(NULL) < end) {
		fprintf(stderr, "\r%" PRIu64, round);   /* the last number printed is the one that failed */
		run_round(round++, buf);
	}
	fprintf(stderr, "\r%zu seeds, %" PRIu64 " mutations\n", n_seeds, round);
	for (size_t i = 0; i < n_seeds; i++)
		free(seeds[i].data);
	free(buf);
	return 0;
}
