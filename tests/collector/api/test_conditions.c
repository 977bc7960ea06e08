/* Every source that asks over HTTP, under every condition: sources.table beside this file names for each the conversation that
 * is its ordinary one, and what cannot happen to it and why. The first run of that conversation is played again with its
 * answers throttled, cut, refused, repeated ...; what comes of it is held against what comes of the ordinary one. A source
 * that the table does not name fails. */
#include "replay.h"

#include "collector/table.h"
#include "core/file.h"

/* --- the table --- */

struct ordinary { char *facts, *gaps; size_t n_step, n_gaps; bool covered; };

struct row {
	const struct afd_provider *p;
	struct ordinary o;                         /* what comes of its ordinary run; known after the first test */
	char *conversation;
	char *without[4]; size_t n_without;        /* "pages: why": what cannot happen */
	size_t loop;                               /* the answer that leads to a further page, from 1 */
	struct { size_t step; char *body; } empty[4]; size_t n_empty;
	bool empty_gap;
	size_t optional;                           /* the answer without which the others stand, from 1; 0: none */
	char *permission;                          /* what the credential must be allowed, in the words of help and of the error */
};
static struct row rows[64];
static size_t n_rows;
static char *elsewhere[64]; static size_t n_elsewhere;      /* "KIND why" */

static void read_word(struct row *r, const char *word, char *rest)
{
	char *more;
	size_t step;

	if (!strcmp(word, "conversation"))
		r->conversation = strdup(rest);
	else if (!strcmp(word, "permission"))
		r->permission = strdup(rest);
	else if (!strcmp(word, "without"))
		r->without[r->n_without++] = strdup(rest);
	else if (!strcmp(word, "optional"))
		r->optional = strtoul(rest, NULL, 10);
	else if (!strcmp(word, "loop"))
		r->loop = strtoul(rest, NULL, 10);
	else if (!strcmp(word, "empty") || !strcmp(word, "empty-gap")) {
		step = strtoul(rest, &more, 10);
		r->empty_gap |= !strcmp(word, "empty-gap");
		r->empty[r->n_empty].step = step;
		r->empty[r->n_empty++].body = strdup(*more ? more + 1 : "");
	} else
		fail_msg("sources.table: unknown word %s", word);
}

static void read_table(void)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/tests/collector/api/sources.table", getenv("AFFIDAVIT_SOURCE"));
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	struct afd_error err = { 0 };
	char *save = NULL;

	if (afd_user_file_read(path, &text, NULL, &err) < 0)
		fail_msg("%s", err.text);
	for (char *l = strtok_r((char *)text.data, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *rest = l + strcspn(l, " ");

		if (*l == '#')
			continue;
		if (*rest)
			*rest++ = '\0';
		if (!strcmp(l, "elsewhere"))
			elsewhere[n_elsewhere++] = strdup(rest);
		else if (!strcmp(l, "source"))
			rows[n_rows++].p = afd_provider_find(rest);
		else
			read_word(&rows[n_rows - 1], l, rest);
	}
}

static const char *without(const struct row *r, const char *what)
{
	for (size_t i = 0; i < r->n_without; i++)
		if (!strncmp(r->without[i], what, strlen(what)) && r->without[i][strlen(what)] == ':')
			return r->without[i];
	return NULL;
}

static bool has_secret(const struct afd_provider *p)
{
	for (const struct afd_field *f = p->fields; f->name; f++)
		if (f->kind == AFD_FIELD_SECRET)
			return true;
	return false;
}

/* Sources that have an address among their settings ask somebody. */
static bool may_ask(const struct afd_provider *p)
{
	for (const struct afd_field *f = p->fields; f && f->name; f++)
		if (!strcmp(f->name, "url") || !strcmp(f->name, "server") || !strcmp(f->name, "list"))
			return true;
	return p->next != NULL && has_secret(p);
}

static void each_source_is_in_the_table(void **state)
{
	size_t missing = 0;

	(void)state;
	for (size_t i = 0; afd_providers[i]; i++) {
		const struct afd_provider *p = afd_providers[i];
		const struct row *found = NULL;
		bool told = false;

		for (size_t k = 0; k < n_rows; k++)
			if (rows[k].p == p)
				found = &rows[k];
		for (size_t k = 0; k < n_elsewhere; k++)
			told |= !strncmp(elsewhere[k], p->kind, strlen(p->kind)) && elsewhere[k][strlen(p->kind)] == ' ';
		if (p->fields && may_ask(p) && !found && !told) {
			print_error("%s: asks somebody, and sources.table does not say what happens\n", p->kind);
			missing++;
		}
		if (!found)
			continue;
		if (!found->conversation || !found->n_empty || !found->loop == !without(found, "pages"))
			fail_msg("%s: sources.table names no conversation, no empty answer, or neither a loop nor why there is none", p->kind);
		if (!has_secret(p) == !without(found, "credential"))
			fail_msg("%s: a credential that is or is not there", p->kind);
	}
	for (size_t k = 0; k < n_rows; k++)
		if (!rows[k].p)
			fail_msg("sources.table: a source that there is not, after %s", k && rows[k - 1].p ? rows[k - 1].p->kind : "the begin");
	assert_int_equal(missing, 0);
}

/* --- a server that answers what it is asked, with a fault --- */

enum fault { NONE, THROTTLED_ONCE, THROTTLED, REFUSED, FORBIDDEN, HALF, PAGE_OF_WORDS, CUT, REPEATED, SKEWED };

struct faulty {
	struct replay *w;
	bool used[STEPS];
	enum fault fault; size_t at;               /* the step, from 0, and with some faults all that follow */
	bool struck, once[STEPS];
	char *half;                                /* text that the fault made */
	struct answer answer;
	size_t asked;
};

/* "GET /path?query" without what follows: as far as two requests must be the same, PATH: up to the query. */
static bool matches(const char *head, const char *ask, bool path)
{
	size_t n = path ? strcspn(ask, "?") : strlen(ask);

	return !strncmp(head, ask, n) && (path ? strchr(" ?", head[n]) != NULL : head[n] == ' ');
}

static size_t find_step(const struct faulty *f, const char *head)
{
	for (int how = 0; how < 4; how++)
		for (size_t i = 0; i < f->w->n_step; i++)
			if (f->used[i] == (how >= 2) && matches(head, f->w->step[i].ask, how % 2))
				return i;
	return STEPS;
}

static const struct answer throttle = { .status = 429, .headers = "Retry-After: 2\r\n", .body = "" };
static const struct answer refusal = { .status = 401, .body = "" };
static const struct answer forbidden = { .status = 403, .body = "" };
static const struct answer words = { .status = 200, .body = "<!DOCTYPE html><title>We are working on it</title>" };
static const struct answer unknown = { .status = 404, .body = "{}" };

static const struct answer *struck(struct faulty *f, size_t i)
{
	const struct answer *a = &f->w->step[i].answer;

	f->answer = *a;
	switch (f->fault) {
	case THROTTLED_ONCE:
		if (f->once[i])
			return a;
		f->once[i] = true;
		f->used[i] = false;
		return &throttle;
	case THROTTLED:
		f->used[i] = false;
		return &throttle;
	case REFUSED:
		return &refusal;
	case FORBIDDEN:
		return &forbidden;
	case PAGE_OF_WORDS:
		return &words;
	case HALF:
		free(f->half);
		f->half = strndup(a->body ? a->body : "", a->body ? strlen(a->body) / 2 : 0);
		f->answer.body = f->half;
		return &f->answer;
	case CUT:
		f->answer.cut = 10;
		f->used[i] = false;
		return &f->answer;
	default:
		return a;
	}
}

static const struct answer *pick(void *ctx, const char *head)
{
	struct faulty *f = ctx;
	size_t i = find_step(f, head);

	f->asked++;
	if (f->fault == REPEATED && f->struck)
		return &f->w->step[f->at].answer;
	if (i == STEPS)
		return f->fault == REFUSED && f->struck ? &refusal : &unknown;
	f->used[i] = true;
	if (f->fault == SKEWED) {
		f->answer = f->w->step[i].answer;
		free(f->half);
		f->half = afd_sprintf("%sDate: Sat, 01 Aug 2026 11:50:00 GMT\r\n", f->answer.headers ? f->answer.headers : "");
		f->answer.headers = f->half;
		return &f->answer;
	}
	if (f->fault == THROTTLED_ONCE || i == f->at || (f->struck && (f->fault == REFUSED || f->fault == THROTTLED))) {
		f->struck = true;
		return struck(f, i);
	}
	return &f->w->step[i].answer;
}

/* --- a world --- */

struct world { struct replay w; struct faulty f; struct afd_buf facts; size_t gaps; };

static void afd_world_release(struct world *x)
{
	afd_replay_release(&x->w);
	afd_buf_release(&x->facts);
	free(x->f.half);
}

/* Answers that a condition of their own: what was throttled is asked again, and the answer behind it is the ordinary one. */
static void drop_faults(struct replay *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_step; i++) {
		struct step s = w->step[i];

		if (i + 1 < w->n_step && s.answer.status != 200 && !strcmp(s.ask, w->step[i + 1].ask)) {
			w->step[i] = (struct step){ 0 };
			free(s.ask), free(s.body), free(s.headers);
			for (size_t k = 0; k < s.n_sent; k++)
				free(s.sent[k]);
			continue;
		}
		w->step[i] = (struct step){ 0 };
		w->step[n++] = s;
	}
	w->n_step = n;
}

static void open_world(struct world *x, const struct row *r)
{
	*x = (struct world){ 0 };
	replay_open(&x->w, r->conversation);
	replay_play(&x->w, true);
	drop_faults(&x->w);
	x->f.w = &x->w;
	x->w.server.ctx = &x->f;
	x->w.server.pick = pick;
}

/* All that was learnt, a row on a line; not which item said it, nor when we looked. */
static const char *const facts[] = {
	"SELECT 'event', action, raw_action, domain, object_kind, object, actor_kind, actor, credential, outcome, provider_ref, record_kind FROM event ORDER BY provider_ref, action",
	"SELECT 'claim', ref, zone, credential, actor, outcome, kind FROM claim ORDER BY ref",
	"SELECT 'claim-record', c.ref, r.owner, r.type, r.op, r.rdata FROM claim_record r JOIN claim c ON c.id = r.claim_id ORDER BY c.ref, r.op, r.owner, r.rdata",
	"SELECT 'record', owner, type, ttl, rdata FROM record ORDER BY owner, type, rdata",
	"SELECT 'change', op, owner, type, rdata FROM change_record ORDER BY owner, type, rdata",
	"SELECT 'domain', domain, view, registrar, statuses, name_servers, ds, contacts, transfer_lock, auto_renew, privacy, auth_code, expires_ms FROM domain_state ORDER BY domain, view",
	"SELECT 'credential', account, credential, kind, name, owner, status, scopes, limits, created_ms, expires_ms, used_ms, gone_ms FROM credential_state ORDER BY credential",
	"SELECT 'member', account, member, name, email, roles, status, mfa, gone_ms FROM member_state ORDER BY member",
	"SELECT 'grant', scope, credential, owner, type, action, condition FROM credential_grant ORDER BY scope, credential, owner, type, action",
	"SELECT DISTINCT 'observation', kind, subject, name, value FROM observation ORDER BY kind, subject, name, value",
};

static void collect(struct world *x)
{
	size_t n = 0;

	memset(x->f.used, 0, sizeof(x->f.used));
	x->f.asked = 0;
	replay_collect(&x->w);
	x->facts.len = 0;
	afd_buf_text(&x->facts, "");
	for (; n < AFD_COUNT(facts); n++)
		replay_look(&x->w, facts[n], &x->facts);
	replay_check_secrets(&x->w);
}

static char *ask_sql(struct world *x, const char *sql)
{
	struct afd_buf b = { 0 };

	afd_buf_text(&b, "");
	replay_look(&x->w, sql, &b);
	return (char *)b.data;
}

#define COVERED "SELECT count(*) > 0 FROM coverage WHERE grade > 0"
#define GAPS "SELECT scope, reason FROM coverage WHERE grade = 0 ORDER BY id"

/* The first line of TEXT that OTHER does not have, or has less often; NULL: none. */
static char *line_only_in(const char *text, const char *other)
{
	AFD_AUTO(mem) char *own = afd_strdup(text), *left = afd_sprintf("\n%s", other);
	char *save = NULL;

	for (char *l = strtok_r(own, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		AFD_AUTO(mem) char *line = afd_sprintf("\n%s\n", l);
		char *at = strstr(left, line);

		if (!at)
			return afd_strdup(l);
		memmove(at, at + strlen(line) - 1, strlen(at + strlen(line) - 1) + 1);
	}
	return NULL;
}

static void same_facts(struct world *x, const char *ordinary, const char *when)
{
	AFD_AUTO(mem) char *lost = line_only_in(ordinary, text_of(x->facts)), *more = line_only_in(text_of(x->facts), ordinary);

	if (lost || more)
		fail_msg("%s\n-- lost: %s\n-- twice or other: %s\n-- said: %s", when, lost ? lost : "-", more ? more : "-", text_of(x->w.said));
}

/* Whatever went wrong, nothing is told that the ordinary run does not tell. */
static void no_other_facts(struct world *x, const char *ordinary, const char *when)
{
	AFD_AUTO(mem) char *more = line_only_in(text_of(x->facts), ordinary);

	if (more)
		fail_msg("%s: an ordinary run does not tell: %s\n-- said: %s", when, more, text_of(x->w.said));
}

/* An hour later everything is in order again: what comes is what comes ordinarily, once. */
static void recovers(struct world *x, const char *ordinary, const char *when)
{
	AFD_AUTO(mem) char *label = afd_sprintf("%s, then in order", when);

	x->f.fault = NONE;
	x->f.struck = false;
	x->w.now += AFD_HOUR;
	collect(x);
	if (x->w.got.failed)
		fail_msg("%s: failed: %s", label, text_of(x->w.said));
	same_facts(x, ordinary, label);
}

static const struct ordinary *ordinary(struct row *r)
{
	struct ordinary *ret = &r->o;
	AFD_AUTO(world) struct world x = { 0 };
	AFD_AUTO(mem) char *covered = NULL;

	if (ret->facts)
		return ret;
	open_world(&x, r);
	collect(&x);
	ret->facts = afd_strdup(text_of(x.facts));
	ret->gaps = ask_sql(&x, GAPS);
	covered = ask_sql(&x, COVERED);
	ret->covered = *covered == '1';
	ret->n_step = x.w.n_step;
	ret->n_gaps = x.w.got.gaps;
	assert_int_equal(x.w.got.failed, 0);
	for (size_t i = 0; i < x.w.n_step; i++)
		if (!x.f.used[i])
			fail_msg("%s: %s is not asked for", r->conversation, x.w.step[i].ask);
	if (!*ret->facts)
		fail_msg("%s: tells nothing", r->conversation);
	return ret;
}

/* The condition at the first answer, at the second page where there is one, and at the last; and in order again after it. */
static void at_steps(struct row *r, enum fault fault, const char *name,
		     void (*look)(struct row *r, struct world *x, const struct ordinary *o, const char *when))
{
	const struct ordinary *o = ordinary(r);

	const size_t steps[] = { 0, r->loop, o->n_step - 1 };

	for (size_t k = 0; k < AFD_COUNT(steps); k++) {
		const size_t i = steps[k];
		AFD_AUTO(world) struct world x = { 0 };
		AFD_AUTO(mem) char *when = NULL;

		if ((k && (i == steps[k - 1] || !i)) || i + 1 == r->optional)
			continue;
		open_world(&x, r);
		when = afd_sprintf("%s: answer %zu (%s) %s", r->conversation, i + 1, x.w.step[i].ask, name);
		x.f.fault = fault;
		x.f.at = i;
		collect(&x);
		if (!x.f.struck)
			fail_msg("%s: never came", when);
		no_other_facts(&x, o->facts, when);
		look(r, &x, o, when);
		recovers(&x, o->facts, when);
	}
}

/* --- the conditions --- */

static void two_runs(struct row *r)
{
	const struct ordinary *o = ordinary(r);
	AFD_AUTO(world) struct world x = { 0 };

	open_world(&x, r);
	collect(&x);
	for (int i = 0; i < 2; i++)
		recovers(&x, o->facts, "asked again");
}

static void skewed(struct row *r)
{
	const struct ordinary *o = ordinary(r);
	AFD_AUTO(world) struct world x = { 0 };
	AFD_AUTO(mem) char *noted = NULL;

	open_world(&x, r);
	x.f.fault = SKEWED;
	collect(&x);
	if (llabs(x.w.got.skew_ms - 600 * AFD_SECOND) > 120 * AFD_SECOND)
		fail_msg("%s: the clock's error is told as %lld ms", r->conversation, (long long)x.w.got.skew_ms);
	assert_string_equal(x.w.got.skew_source, x.w.config->source[0].name);
	same_facts(&x, o->facts, "a clock that is off");
}

static void is_a_gap(struct row *r, struct world *x, const struct ordinary *o, const char *when)
{
	AFD_AUTO(mem) char *gaps = ask_sql(x, GAPS);

	(void)r;
	if (x->w.got.gaps <= o->n_gaps && !x->w.got.failed)
		fail_msg("%s: no gap, and no failure; said: %s", when, text_of(x->w.said));
	if (!strcmp(gaps, o->gaps))
		fail_msg("%s: no gap says why; said: %s", when, text_of(x->w.said));
	if (strstr(gaps, "We are working on it"))
		fail_msg("%s: a stranger's words: %s", when, gaps);
}

static void is_throttled(struct row *r, struct world *x, const struct ordinary *o, const char *when)
{
	AFD_AUTO(mem) char *gaps = ask_sql(x, GAPS);

	is_a_gap(r, x, o, when);
	if (!strstr(gaps, "HTTP 429"))
		fail_msg("%s: no gap says that we were throttled: %s", when, gaps);
	if (x->w.now - T0 > 30 * AFD_MINUTE)
		fail_msg("%s: waited for %lld s", when, (long long)(x->w.now - T0) / 1000);
}

/* Exit 1, and what to do: which setting the new credential goes to, and what it must be allowed. */
static void is_refused(struct row *r, struct world *x, const struct ordinary *o, const char *when)
{
	const char *said = text_of(x->w.said);
	bool setting = false;

	is_a_gap(r, x, o, when);
	if (!x->w.got.failed || !x->w.got.refused || !strstr(said, "failed: the credential was refused"))
		fail_msg("%s: failed %u, refused %u, said: %s", when, x->w.got.failed, x->w.got.refused, said);
	for (const struct afd_field *f = r->p->fields; f->name; f++)
		setting |= f->kind == AFD_FIELD_SECRET && strstr(said, f->name);
	if (!setting)
		fail_msg("%s: does not say which setting: %s", when, said);
	if (r->permission && (!strstr(said, r->permission) || !strstr(r->p->help, r->permission)))
		fail_msg("%s: \"%s\" is not in what is said or not in the help: %s\n%s", when, r->permission, said, r->p->help);
}

static void throttled_once(struct row *r)
{
	const struct ordinary *o = ordinary(r);
	AFD_AUTO(world) struct world x = { 0 };

	open_world(&x, r);
	x.f.fault = THROTTLED_ONCE;
	collect(&x);
	assert_int_equal(x.w.got.gaps, o->n_gaps);
	assert_int_equal(x.w.got.failed, 0);
	if (x.w.now - T0 < (int64_t)o->n_step * 2 * AFD_SECOND)
		fail_msg("%s: Retry-After is not waited for", r->conversation);
	same_facts(&x, o->facts, "each answer throttled once");
	recovers(&x, o->facts, "each answer throttled once");
}

static void throttled(struct row *r) { at_steps(r, THROTTLED, "throttled for good", is_throttled); }
static void half(struct row *r) { at_steps(r, HALF, "in half", is_a_gap); }
static void page_of_words(struct row *r) { at_steps(r, PAGE_OF_WORDS, "is a page of words", is_a_gap); }
static void cut(struct row *r) { at_steps(r, CUT, "cut off", is_a_gap); }
static void refused(struct row *r) { at_steps(r, REFUSED, "and what follows refused", is_refused); }
static void not_allowed(struct row *r) { at_steps(r, FORBIDDEN, "not allowed", is_refused); }

/* The provider gives the same page for ever. */
static void repeated(struct row *r)
{
	const struct ordinary *o = ordinary(r);
	AFD_AUTO(world) struct world x = { 0 };
	AFD_AUTO(mem) char *gaps = NULL, *cursor = NULL;

	open_world(&x, r);
	x.f.fault = REPEATED;
	x.f.at = r->loop - 1;
	collect(&x);
	gaps = ask_sql(&x, GAPS);
	no_other_facts(&x, o->facts, "a circle");
	if (x.f.asked > 5 * o->n_step + 5)
		fail_msg("%s: asked %zu times", r->conversation, x.f.asked);
	if (!strstr(gaps, "circle"))
		fail_msg("%s: no gap says that the pages run in a circle: %s", r->conversation, gaps);
	/* nor does the next run go on inside of it */
	assert_int_equal(afd_store_cursor(x.w.store, x.w.config->source[0].name, &cursor, NULL), 0);
	if (cursor && (strstr(cursor, "\"turn\":") || strstr(cursor, "\"page\":")))
		fail_msg("%s: the next run would go on in the circle: %s", r->conversation, cursor);
	recovers(&x, o->facts, "a circle");
}

/* An account that holds nothing. */
static void empty(struct row *r)
{
	const struct ordinary *o = ordinary(r);
	AFD_AUTO(world) struct world x = { 0 };
	AFD_AUTO(mem) char *covered = NULL;

	open_world(&x, r);
	for (size_t i = 0; i < r->n_empty; i++) {
		struct step *s = &x.w.step[r->empty[i].step - 1];

		s->answer.body = r->empty[i].body;
		s->answer.headers = NULL;
	}
	collect(&x);
	covered = ask_sql(&x, COVERED);
	assert_int_equal(x.w.got.failed, 0);
	no_other_facts(&x, o->facts, "nothing");
	if (strstr(text_of(x.facts), "event ") || strstr(text_of(x.facts), "domain ") || strstr(text_of(x.facts), "credential "))
		fail_msg("%s: out of nothing: %s", r->conversation, text_of(x.facts));
	if (!r->empty_gap && (x.w.got.gaps || (o->covered && *covered != '1')))
		fail_msg("%s: nothing there is no gap: %s", r->conversation, text_of(x.w.said));
	if (r->empty_gap && !x.w.got.gaps)
		fail_msg("%s: it cannot be that there is nothing", r->conversation);
}

static const struct condition { const char *name, *needs; void (*run)(struct row *r); } conditions[] = {
	{ "two runs", NULL, two_runs },
	{ "empty", NULL, empty },
	{ "throttled once", NULL, throttled_once },
	{ "throttled for good", NULL, throttled },
	{ "malformed: half of it", "malformed", half },
	{ "malformed: a page of words", "malformed", page_of_words },
	{ "malformed: cut off", NULL, cut },
	{ "circle", "pages", repeated },
	{ "clock", NULL, skewed },
	{ "expired", "credential", refused },
	{ "not allowed", "credential", not_allowed },
};

struct one { struct row *r; const struct condition *c; };

static void condition(void **state)
{
	const struct one *o = *state;

	o->c->run(o->r);
}

/* Arguments: "I/N": each Nth source, from the Ith; or a part of a test's name. */
static bool is_wanted(const char *name, size_t source, const char *arg)
{
	unsigned i, n;

	if (!arg)
		return true;
	if (sscanf(arg, "%u/%u", &i, &n) == 2 && n)
		return source % n == i % n;
	return strstr(name, arg) != NULL;
}

int main(int argc, char **argv)
{
	static struct one all[AFD_COUNT(rows) * AFD_COUNT(conditions)];
	static struct CMUnitTest tests[AFD_COUNT(all) + 1];
	size_t n = 0;

	read_table();
	replay_read_keys();
	tests[n++] = (struct CMUnitTest){ .name = "each source is in the table", .test_func = each_source_is_in_the_table };
	for (size_t i = 0; i < n_rows; i++)
		for (size_t k = 0; k < AFD_COUNT(conditions); k++) {
			char *name;

			if (!rows[i].p || (conditions[k].needs && without(&rows[i], conditions[k].needs)))
				continue;
			name = afd_sprintf("%s: %s", rows[i].p->kind, conditions[k].name);
			if (!is_wanted(name, i, argc > 1 ? argv[1] : NULL)) {
				free(name);
				continue;
			}
			all[n] = (struct one){ &rows[i], &conditions[k] };
			tests[n] = (struct CMUnitTest){ .name = name, .test_func = condition, .initial_state = &all[n] };
			n++;
		}
	return _cmocka_run_group_tests("conditions", tests, n, NULL, NULL);
}
