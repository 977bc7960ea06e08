/* A preloaded library that moves the wall clock of a test server by SHIFT_SECONDS. The common tool for this loops with
 * BIND's allocator, and three functions are all that is needed. With SHIFT_TIMERS the timers of a program run so many times as fast. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long shift(void)
{
	static long seconds;
	static int known;

	if (!known) {
		const char *s = getenv("SHIFT_SECONDS");

		seconds = s ? strtol(s, NULL, 10) : 0;
		known = 1;
	}
	return seconds;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = (int)syscall(SYS_clock_gettime, id, ts);

	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += shift();
	return r;
}

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return -1;
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *t)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t)
		*t = ts.tv_sec;
	return ts.tv_sec;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *at, struct itimerspec *old)
{
	const char *s = getenv("SHIFT_TIMERS");
	const long times = s ? strtol(s, NULL, 10) : 1;
	struct itimerspec sooner = *at;

	if (times > 1) {
		sooner.it_value.tv_nsec = sooner.it_value.tv_sec * 1000 / times % 1000 * 1000000;
		sooner.it_value.tv_sec /= times;
	}
	return (int)syscall(SYS_timerfd_settime, fd, flags, &sooner, old);
}
