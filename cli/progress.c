#include <time.h>
#include <unistd.h>

#include "cli/session.h"

static const char *const leg_title[] = {
	[AFD_LEG_ACCOUNT] = "accounts and registry", [AFD_LEG_ZONE] = "zones", [AFD_LEG_CT] = "certificates",
};

static void bar(uint64_t done, uint64_t total, char ret[24])
{
	unsigned fill = total ? (unsigned)(done >= total ? 20 : done * 20 / total) : 0;

	ret[0] = '[';
	for (unsigned i = 0; i < 20; i++)
		ret[1 + i] = i < fill ? '#' : '.';
	ret[21] = ']';
	ret[22] = '\0';
}

/* At most ten times a second, on standard error, only when a person looks. */
static bool time_to_draw(void)
{
	static struct timespec last;
	struct timespec now;

	if (!isatty(STDERR_FILENO))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000 < 100)
		return false;
	last = now;
	return true;
}

static void draw_step(const struct afd_progress *p)
{
	char line[24];

	if (!time_to_draw())
		return;
	bar(p->done, p->total, line);
	if (p->total)
		fprintf(stderr, "\r\033[K  %-20.20s %s %3u %%", p->source->name, line, (unsigned)(p->done * 100 / p->total));
	else
		fprintf(stderr, "\r\033[K  %-20.20s %s %s", p->source->name, cli_number(p->done).s, p->unit ? p->unit : "");
	fflush(stderr);
}

static void erase_step(void)
{
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

void show_work(const struct cli *c, const char *what, uint64_t done, uint64_t total)
{
	char line[24];

	if (c->quiet || c->json)
		return;
	if (done >= total) {
		erase_step();
	} else if (time_to_draw()) {
		bar(done, total, line);
		fprintf(stderr, "\r\033[K  %-20.20s %s %3u %%", what, line, (unsigned)(100 * done / total));
		fflush(stderr);
	}
}

void show_progress(void *ctx, const struct afd_progress *p)
{
	struct cli *c = ctx;
	static int leg = -1;

	if (c->quiet || c->json)
		return;
	switch (p->kind) {
	case AFD_P_BEGIN:
		if ((int)p->source->provider->leg != leg) {
			leg = (int)p->source->provider->leg;
			cli_say(c, "%s\n", leg_title[leg]);
		}
		break;
	case AFD_P_STEP:
		draw_step(p);
		break;
	case AFD_P_RETRY:
		erase_step();
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "  %-20.20s %s, next try in %lld s", p->source->name, cli_safe(p->text, 40),
			        (long long)(p->wait_ms / 1000));
		break;
	case AFD_P_DONE:
		erase_step();
		/* A source whose coverage follows from the tables (transfers) states none itself. */
		cli_say(c, "  %-20s %-18s %6s new  %-8s  %s\n", cli_safe(p->source->name, 20), p->source->provider->kind, cli_number(p->items).s,
		        p->until_ms == AFD_TIME_NONE && !p->text ? "stored" : afd_grade_name(p->grade), p->text ? cli_safe(p->text, 0) :
		        p->until_ms == AFD_TIME_NONE ? "" : afd_when_people(p->until_ms).s);
		break;
	case AFD_P_FAILED:
		erase_step();
		cli_say(c, "  %-20s %-16s %sX%s gap        %s\n", cli_safe(p->source->name, 20), p->source->provider->kind,
		        cli_red(c), cli_plain(c), cli_safe(p->text, 0));
		break;
	}
}
