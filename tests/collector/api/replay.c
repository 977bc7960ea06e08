/* The words of a conversation, and the world that it runs in. */
#include "replay.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <sys/stat.h>

#include "core/file.h"
#include "evidence/derive.h"

static char pem[4096];                         /* a service account's file, made by the test of it */

static int64_t clock_now(void *ctx)
{
	return ((struct replay *)ctx)->now;
}

static int chance(void *ctx, uint8_t *out, size_t n)
{
	struct replay *w = ctx;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((w->random = w->random * 6364136223846793005u + 1442695040888963407u) >> 56);
	return 0;
}

/* Sleeping moves the clock, and nothing else. */
static void sleep_ms(void *ctx, int64_t ms)
{
	struct replay *w = ctx;

	w->now += ms;
}

static const struct { const char *ref, *value; } secrets[] = {
	{ "env:TOKEN", "tok-3f9a7c61d2e84b05" }, { "env:AWS_SECRET", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
	{ "env:AWS_SESSION", "session-77aa31d0c4" }, { "env:CLIENT", "client-secret-0c8e17" },
};

static int secret(void *ctx, const char *ref, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	for (size_t i = 0; i < AFD_COUNT(secrets); i++)
		if (!strcmp(secrets[i].ref, ref))
			return afd_buf_text(ret, secrets[i].value);
	if (!strcmp(ref, "env:PEM") && *pem)
		return afd_buf_text(ret, pem);
	return afd_fail(err, AFD_E_CONFIG, "%s: not set", ref);
}

static void progress(void *ctx, const struct afd_progress *p)
{
	struct replay *w = ctx;

	if (p->kind == AFD_P_RETRY)
		afd_buf_printf(&w->said, "waited %lld s\n", (long long)((p->wait_ms + 999) / 1000));
	if (p->kind == AFD_P_FAILED)
		afd_buf_printf(&w->said, "failed: %s\n", p->text);
	if (p->kind == AFD_P_DONE && p->text)
		afd_buf_printf(&w->said, "done: %s\n", p->text);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

void afd_replay_release(struct replay *w)
{
	w->store = afd_store_close(w->store);
	w->transport = afd_transport_free(w->transport);
	w->config = afd_config_free(w->config);
	if (w->server.port)
		server_stop(&w->server);
	for (size_t i = 0; i < w->n_step; i++) {
		struct step *s = &w->step[i];

		free(s->ask);
		free(s->body);
		free(s->headers);
		for (size_t k = 0; k < s->n_sent; k++)
			free(s->sent[k]);
		for (size_t k = 0; k < s->n_unsent; k++)
			free(s->unsent[k]);
	}
	afd_buf_release(&w->said);
	if (w->dir[0])
		nftw(w->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* {PORT} is the server's. */
static char *with_port(const struct replay *w, const char *text)
{
	struct afd_buf b = { 0 };
	const char *at;

	afd_buf_text(&b, "");
	for (; (at = strstr(text, "{PORT}")); text = at + 6) {
		afd_buf_add(&b, text, (size_t)(at - text));
		afd_buf_printf(&b, "%u", w->server.port);
	}
	afd_buf_text(&b, text);
	return (char *)b.data;
}

static void begin(struct replay *w, const char *yaml)
{
	struct afd_error err = { 0 };
	AFD_AUTO(mem) char *own = with_port(w, yaml);
	AFD_AUTO(mem) char *text = afd_sprintf("organisation: X\ninventory: i.yaml\nsources:\n%s", own);
	AFD_AUTO(mem) char *path = afd_sprintf("%s/affidavit.yaml", w->dir);

	if (afd_config_parse(afd_slice_text(text), path, &w->config, &err) < 0)
		broken(w, "%s\n%s", err.text, text);
	w->transport = afd_transport_new(&w->env, NULL, &err);
	assert_non_null(w->transport);
	if (afd_store_open(w->db, AFD_STORE_CREATE, &w->store, &err) < 0)
		broken(w, "%s", err.text);
}

static void check_requests(struct replay *w)
{
	size_t n = atomic_load(&w->server.n);

	for (size_t i = w->done; i < n && i < w->n_step; i++) {
		const char *asked = w->server.asked[i];

		if (strncmp(asked, w->step[i].ask, strlen(w->step[i].ask)) || strncmp(asked + strlen(w->step[i].ask), " HTTP/1.1\r\n", 11))
			broken(w, "request %zu:\n  expected: %s\n  got: %.*s", i + 1, w->step[i].ask, (int)strcspn(asked, "\r"), asked);
		for (size_t k = 0; k < w->step[i].n_sent; k++)
			if (!strstr(asked, w->step[i].sent[k]))
				broken(w, "request %zu has no \"%s\":\n%s", i + 1, w->step[i].sent[k], asked);
		for (size_t k = 0; k < w->step[i].n_unsent; k++)
			if (strstr(asked, w->step[i].unsent[k]))
				broken(w, "request %zu has \"%s\":\n%s", i + 1, w->step[i].unsent[k], asked);
	}
	if (n > w->n_step)
		broken(w, "request %zu was not expected: %.*s", n, (int)strcspn(w->server.asked[n - 1], "\r"), w->server.asked[n - 1]);
	if (n < w->n_step)
		broken(w, "request %zu was not made: %s (said: %s)", n + 1, w->step[n].ask, text_of(w->said));
	w->done = n;
}

void replay_collect(struct replay *w)
{
	struct afd_error err = { 0 };
	const struct afd_collect c = {
		.store = w->store, .transport = w->transport, .env = &w->env, .secret = secret, .progress = progress,
		.progress_ctx = w, .sleep_ms = w->no_sleep ? NULL : sleep_ms, .sleep_ctx = w,
	};
	uint64_t size;

	w->said.len = 0;
	if (afd_collect_run(&c, w->config->source, w->config->n_source, &w->got, &err) < 0 ||
	    afd_store_sequence(w->store, &size, &err) < 0 || afd_derive(w->store, afd_decode_item, NULL, &err) < 0)
		broken(w, "%s", err.text);
}

void replay_look(struct replay *w, const char *what, struct afd_buf *ret)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	struct afd_error err = { 0 };
	int r;

	if (!strcmp(what, "said")) {
		afd_buf_text(ret, text_of(w->said));
		return;
	}
	if (!strcmp(what, "figures")) {
		afd_buf_printf(ret, "failed %u refused %u gaps %d\n", w->got.failed, w->got.refused, (int)w->got.gaps);
		return;
	}
	if (!strcmp(what, "skew")) {
		afd_buf_printf(ret, "%lld s\n", (long long)(w->got.skew_ms / 1000));
		return;
	}
	if (afd_query_open(w->store, what, &q, &err) < 0)
		broken(w, "%s", err.text);
	while ((r = afd_query_step(q, &err)) > 0)
		for (int i = 0; i < afd_query_columns(q); i++)
			afd_buf_printf(ret, "%s%s", afd_query_is_null(q, i) ? "-" : afd_query_text(q, i),
				       i + 1 < afd_query_columns(q) ? " " : "\n");
	if (r < 0)
		broken(w, "%s", err.text);
}

void replay_check_secrets(struct replay *w)
{
	static const char *const files[] = { "evidence.db", "evidence.db-wal" };

	for (size_t i = 0; i < AFD_COUNT(files); i++) {
		AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", w->dir, files[i]);
		AFD_AUTO(buf) struct afd_buf b = { 0 };

		if (afd_user_file_read(path, &b, NULL, NULL) < 0)
			continue;
		for (size_t k = 0; k < AFD_COUNT(secrets); k++)
			if (memmem(b.data, b.len, secrets[k].value, strlen(secrets[k].value)))
				broken(w, "the store holds the secret %s", secrets[k].ref);
		if (memmem(b.data, b.len, "SECRET", 6))
			broken(w, "the store holds what the answer marks as SECRET");
	}
}

/* --- the file --- */

/* A line "{TIMES N TEXT}" of a body stands for TEXT N times, with commas between: pages are followed only when they are full. */
static char *with_times(const char *text)
{
	struct afd_buf b = { 0 };
	const char *at;

	afd_buf_text(&b, "");
	for (; (at = strstr(text, "{TIMES ")); text = at) {
		char *what;
		long n = strtol(at + 7, &what, 10);
		size_t len = strcspn(what + 1, "\n") - 1;

		afd_buf_add(&b, text, (size_t)(at - text));
		for (long i = 0; i < n; i++)
			afd_buf_printf(&b, "%s%.*s", i ? "," : "", (int)len, what + 1);
		at = what + 1 + len + 1;
	}
	afd_buf_text(&b, text);
	return (char *)b.data;
}

/* Lines that begin with two blanks, without them; AT moves behind them. */
static char *block(struct replay *w, char **at)
{
	struct afd_buf b = { 0 };

	afd_buf_text(&b, "");
	while (!strncmp(*at, "  ", 2) || **at == '\n') {
		size_t n = strcspn(*at, "\n");

		if (n >= 2)
			afd_buf_add(&b, *at + 2, n - 2);
		afd_buf_text(&b, "\n");
		*at += n + ((*at)[n] == '\n');
		w->line++;
	}
	return (char *)b.data;
}

/* "200 later=3": status, and how many bytes of the promised body never come, after so many seconds of our clock */
static void on_answer(struct replay *w, const char *words, char **at)
{
	struct step *s = &w->step[w->n_step - 1];
	AFD_AUTO(mem) char *body = block(w, at);
	AFD_AUTO(mem) char *whole = with_times(body);
	AFD_AUTO(mem) char *own = with_port(w, whole);
	size_t n = strlen(own);

	while (n && own[n - 1] == '\n')
		own[--n] = '\0';
	s->body = strdup(own);
	s->answer = (struct answer){ .status = (int)strtol(words, NULL, 10), .body = s->body, .headers = s->headers,
		.cut = strstr(words, "cut") ? 10 : 0 };
	w->script[w->n_step - 1] = s->answer;
}

/* {"data":[A, B]} as the answer about its element N alone: {"data":A}. */
static char *one_of(const char *body, size_t n)
{
	json_t *all = json_loads(body, 0, NULL), *one = json_pack("{s:O}", "data", json_array_get(json_object_get(all, "data"), n));
	char *text = json_dumps(one, JSON_COMPACT);

	assert_non_null(text);
	json_decref(one);
	json_decref(all);
	return text;
}

/* The body of a real answer that is not ours to copy: a file below the shared data, behind its head where it has one; "NAME #N": one
 * element of the list in it. */
static bool on_answer_file(struct replay *w, char *name)
{
	char *element = strstr(name, " #");
	struct step *s = &w->step[w->n_step - 1];
	const char *shared = getenv("AFFIDAVIT_SHARED");
	const int len = (int)(element ? element - name : (ptrdiff_t)strlen(name));
	AFD_AUTO(mem) char *path = shared ? afd_sprintf("%s/data/%.*s", shared, len, name) :
					    afd_sprintf("%s/../shared/data/%.*s", getenv("AFFIDAVIT_SOURCE"), len, name);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	char *body;

	if (afd_user_file_read(path, &text, NULL, NULL) < 0)
		return false;
	body = strstr((char *)text.data, "\r\n\r\n") ? strstr((char *)text.data, "\r\n\r\n") + 4 : strstr((char *)text.data, "\n\n");
	body = !strncmp((char *)text.data, "HTTP/", 5) && body ? body : (char *)text.data;
	s->body = element ? one_of(body, strtoul(element + 2, NULL, 10)) : strdup(body);
	s->answer = (struct answer){ .status = 200, .body = s->body };
	w->script[w->n_step - 1] = s->answer;
	return true;
}

static void on_look(struct replay *w, const char *what, char **at)
{
	AFD_AUTO(mem) char *expected = block(w, at);
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	size_t n = strlen(expected);

	/* blank lines behind it belong to the file */
	while (n > 1 && expected[n - 1] == '\n' && expected[n - 2] == '\n')
		expected[--n] = '\0';
	if (n == 1 && expected[0] == '\n')
		expected[0] = '\0';
	afd_buf_text(&got, "");
	replay_look(w, what, &got);
	if (strcmp(text_of(got), expected))
		broken(w, "%s\n-- expected:\n%s-- got:\n%s-- said:\n%s", what, expected, text_of(got), text_of(w->said));
}

static void on_header(struct replay *w, const char *text)
{
	struct step *s = &w->step[w->n_step - 1];
	char *more = afd_sprintf("%s%s\r\n", s->headers ? s->headers : "", text);

	free(s->headers);
	s->headers = more;
}

static void line(struct replay *w, const char *word, const char *rest, char **at)
{
	if (!strcmp(word, "source")) {
		AFD_AUTO(mem) char *yaml = block(w, at);

		begin(w, yaml);
	} else if (!strcmp(word, "ask")) {
		assert_true(w->n_step < STEPS);
		w->step[w->n_step++] = (struct step){ .ask = with_port(w, rest) };
	} else if (!strcmp(word, "sent")) {
		w->step[w->n_step - 1].sent[w->step[w->n_step - 1].n_sent++] = with_port(w, rest);
	} else if (!strcmp(word, "unsent")) {
		w->step[w->n_step - 1].unsent[w->step[w->n_step - 1].n_unsent++] = strdup(rest);
	} else if (!strcmp(word, "header")) {
		on_header(w, rest);
	} else if (!strcmp(word, "answer")) {
		on_answer(w, rest, at);
	} else if (!strcmp(word, "run")) {
		replay_collect(w);
		check_requests(w);
	} else if (!strcmp(word, "patience") && !strcmp(rest, "none")) {
		w->no_sleep = true;
	} else if (!strcmp(word, "later")) {
		int64_t ms;

		assert_int_equal(afd_duration_parse(rest, &ms, NULL), 0);
		w->now += ms;
	} else if (!strcmp(word, "look")) {
		on_look(w, rest, at);
	} else {
		broken(w, "unknown word %s", word);
	}
}

void replay_open(struct replay *w, const char *label)
{
	*w = (struct replay){ .label = label, .dir = "/tmp/afd-replay-XXXXXX", .now = T0, .random = 1 };
	w->env = (struct afd_env){ clock_now, chance, w };
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->db, sizeof(w->db), "%s/evidence.db", w->dir);
	assert_int_equal(server_start(&w->server, w->script, STEPS), 0);
}

void replay_play(struct replay *w, bool first_only)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/collector/api/%s", getenv("AFFIDAVIT_SOURCE"), w->label);
	struct afd_error err = { 0 };

	if (afd_user_file_read(path, &text, NULL, &err) < 0)
		fail_msg("%s", err.text);
	for (char *at = (char *)text.data; *at && !w->lacks_data;) {
		size_t n = strcspn(at, "\n");
		AFD_AUTO(mem) char *own = afd_text_dup(afd_slice(at, n));
		char *rest = own + strcspn(own, " ");

		w->line++;
		at += n + (at[n] == '\n');
		if (!*own || *own == '#')
			continue;
		if (*rest)
			*rest++ = '\0';
		if (first_only && !strcmp(own, "run"))
			return;
		if (!strcmp(own, "answer-file"))
			w->lacks_data = !on_answer_file(w, rest);
		else
			line(w, own, rest, &at);
	}
}

void replay_read_keys(void)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/collector/api/service-account.json", getenv("AFFIDAVIT_SOURCE"));
	AFD_AUTO(buf) struct afd_buf key = { 0 };

	if (afd_user_file_read(path, &key, NULL, NULL) == 0)
		snprintf(pem, sizeof(pem), "%s", (char *)key.data);
}
