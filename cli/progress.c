#include <sys/ioctl.h>
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

static const char *name_of(const struct afd_progress *p)
{
	return p->source->title ? p->source->title : p->source->name;
}

/* Where it began, to tell how fast it goes. */
static struct { const struct afd_source *source; uint64_t done; struct timespec at; } began;

static double seconds_since_began(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - began.at.tv_sec) + (double)(now.tv_nsec - began.at.tv_nsec) / 1e9;
}

/* "40 s", "12 min", "22 h", "9 d": how long a person waits */
static void wait_text(double s, char ret[40])
{
	static const struct { double least, unit; const char *name; } units[] = {
		{ 3 * 86400, 86400, "d" }, { 2 * 3600, 3600, "h" }, { 120, 60, "min" }, { 0, 1, "s" },
	};
	size_t i = 0;

	while (s < units[i].least)
		i++;
	snprintf(ret, 40, "%s %s", cli_number((uint64_t)(s / units[i].unit) + 1).s, units[i].name);
}

/* " at 48,213, 1,203 to go, 310/s, 5 s left" */
static void rate_text(const struct afd_progress *p, char ret[200])
{
	double s = seconds_since_began(), rate = began.source == p->source && s > 0.5 ? (double)(p->done - began.done) / s : 0;
	uint64_t left = p->total > p->done ? p->total - p->done : 0;
	char seconds[120] = "", wait[40];

	if (rate >= 1) {
		wait_text((double)left / rate, wait);
		snprintf(seconds, sizeof(seconds), ", %s/s, %s left", cli_number((uint64_t)rate).s, wait);
	}
	snprintf(ret, 200, " at %s, %s to go%s", cli_number(p->done).s, cli_number(left).s, seconds);
}

static int columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

static void draw_step(const struct afd_progress *p)
{
	char line[24], rate[200] = "", all[300];

	if (!time_to_draw())
		return;
	rate_text(p, rate);
	bar(p->done, p->total, line);
	if (p->total)
		snprintf(all, sizeof(all), "%s %3u %%%s", line, (unsigned)(p->done * 100 / p->total), rate);
	else
		snprintf(all, sizeof(all), "%s %s", cli_number(p->done).s, p->unit ? p->unit : "");
	/* what runs over the edge could not be erased */
	fprintf(stderr, "\r\033[K  %-20.20s %.*s", name_of(p), columns() > 30 ? columns() - 24 : 0, all);
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
		if (began.source != p->source) {
			began.source = p->source;
			began.done = p->done;
			clock_gettime(CLOCK_MONOTONIC, &began.at);
		}
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
