/* A conversation with a provider, as a file tells it (README.md): the source runs through the real engine, transport and store
 * against a server on the loopback. Used by test_replay.c, which plays each file, and by test_conditions.c, which plays the
 * first run of one under other conditions. */
#ifndef AFD_TESTS_API_REPLAY_H
#define AFD_TESTS_API_REPLAY_H

#include "../rows.h"

#include "../server.h"
#include "collector/collect.h"
#include "transport/transport.h"

#define T0     INT64_C(1785585600000)          /* 2026-08-01T12:00:00Z */
#define STEPS  SERVER_MAX

struct step { char *ask, *sent[8], *unsent[4]; size_t n_sent, n_unsent; struct answer answer; char *body, *headers; };

struct replay {
	const char *label;                     /* file, for messages */
	unsigned line;
	char dir[64], db[96];
	struct server server;
	struct step step[STEPS]; size_t n_step, done;
	struct answer script[STEPS];
	struct afd_config *config;
	struct afd_env env;
	int64_t now;
	uint64_t random;
	struct afd_transport *transport;
	struct afd_store *store;
	struct afd_collected got;
	struct afd_buf said;                   /* what the run told people */
	bool no_sleep, lacks_data;             /* nobody can wait; a sample is not there */
};

#define broken(w, ...) do { print_error("%s:%u: ", (w)->label, (w)->line); fail_msg(__VA_ARGS__); } while (0)

/* W is { 0 } or newly released; the server listens from here on. */
void replay_open(struct replay *w, const char *label);
void afd_replay_release(struct replay *w);
/* Plays the file; FIRST_ONLY: no more than its source and what is asked and answered up to its first "run", which is not run. */
void replay_play(struct replay *w, bool first_only);
/* One collection, and all that is derived from it; what was asked is not looked at. */
void replay_collect(struct replay *w);
/* Rows of SQL, blanks between columns; or "said", "figures", "skew". */
void replay_look(struct replay *w, const char *what, struct afd_buf *ret);
/* No byte of the store holds a secret. */
void replay_check_secrets(struct replay *w);
/* The service account's file, for env:PEM. */
void replay_read_keys(void);

#endif
