/* Time and chance come in through the door: nothing below cli/ reads a clock or draws random bytes by itself. */
#ifndef AFD_CORE_ENV_H
#define AFD_CORE_ENV_H

#include "core/bytes.h"

struct afd_env {
	int64_t (*now_ms)(void *ctx);                           /* ms since 1970-01-01T00:00:00Z, UTC */
	int (*random)(void *ctx, uint8_t *out, size_t n);       /* 0, or -1 */
	void *ctx;
};

static inline int64_t afd_now(const struct afd_env *e) { return e->now_ms(e->ctx); }
static inline int afd_random(const struct afd_env *e, void *out, size_t n) { return e->random(e->ctx, out, n); }

#endif
