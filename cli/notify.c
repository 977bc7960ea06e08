#include "cli/notify.h"

#include <jansson.h>

#include "collector/notice.h"
#include "core/severity.h"
#include "transport/transport.h"

#define SECONDS       30
#define CITED_MAX     1000u            /* references and reasons in one notice */
#define WARNINGS_MAX  10u
#define HUNG_MAX      3u               /* times in a row that the command had no end: the next one will have none either */

/* --- what is to be told --- */

static const struct afd_check *check_of(const struct afd_assessment *a, const char *id)
{
	for (size_t i = 0; i < a->n_check; i++)
		if (strcmp(a->check[i].id, id) == 0)
			return &a->check[i];
	return NULL;
}

static bool is_about_findings(const struct afd_check *c)
{
	return c && strcmp(c->resource, "finding") == 0;
}

static int delivered(struct afd_store *s, const char *finding, struct afd_query **ret, struct afd_error *err)
{
	return afd_query_open(s, "SELECT severity, status, check_id, t FROM notice WHERE finding = :finding AND outcome = 'delivered'", ret, err) < 0 ||
	       afd_query_bind_text(*ret, "finding", finding, err) < 0 ? -1 : 0;
}

/* That a finding was told of and nobody took it up is worth telling. That nobody could be told is not: once somebody can, it is no more
 * true; and what is said of such a finding in its turn would never end. */
static int may_be_told(struct session *s, const struct afd_assessment *a, const struct afd_finding *f, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (!is_about_findings(f->check))
		return 1;
	if (delivered(s->store, f->resource, &q, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	return r <= 0 ? r : !is_about_findings(check_of(a, afd_query_text(q, 2)));
}

/* 1: somebody was told of it, and it was no less then. What was gone and came back in this period is news. */
static int was_told(struct session *s, const struct afd_assessment *a, const struct afd_finding *f, struct afd_error *err)
{
	const int64_t since = f->state && strcmp(f->state, "reopened") == 0 ? a->period.from : INT64_MIN;
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (delivered(s->store, f->id, &q, err) < 0)
		return -1;
	while ((r = afd_query_step(q, err)) > 0)
		if (afd_query_int(q, 3) >= since && afd_severity_rank(afd_query_text(q, 0)) >= afd_severity_rank(f->check->severity) &&
		    (f->status == AFD_REVIEW || strcmp(afd_query_text(q, 1), "fail") == 0))
			return 1;
	return r;
}

static int is_due(struct session *s, const struct afd_assessment *a, const struct afd_finding *f, struct afd_error *err)
{
	int r;

	if (f->would_fail || f->waiver || (f->status != AFD_FAIL && f->status != AFD_REVIEW))
		return 0;
	r = may_be_told(s, a, f, err);
	if (r <= 0)
		return r;
	r = was_told(s, a, f, err);
	return r < 0 ? -1 : !r;
}

/* --- how it is told --- */

static json_t *words(const char *text)
{
	return text ? cli_json_text(text) : json_null();
}

static json_t *evidence(const struct afd_finding *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_evidence && i < CITED_MAX; i++)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "hash", words(f->evidence[i].hash), "leaf", (json_int_t)f->evidence[i].leaf,
		                                      "part", (json_int_t)f->evidence[i].part));
	return list;
}

static json_t *reasons(const struct afd_finding *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n_reason && i < CITED_MAX; i++)
		json_array_append_new(list, words(f->reason[i]));
	return list;
}

/* The narrowest row of the policy's routing counts, as for the checks: check and severity, check, severity, any. */
static int route(struct session *s, const struct afd_finding *f, json_t *to, struct afd_error *err)
{
	AFD_AUTO(query) struct afd_query *q = NULL;
	int r;

	if (afd_query_open(s->store, "SELECT owner, channel FROM routing WHERE check_id IN (:check, '') AND severity IN (:severity, '')"
	                             " ORDER BY CASE WHEN check_id = '' THEN 1 ELSE 0 END, CASE WHEN severity = '' THEN 1 ELSE 0 END LIMIT 1", &q, err) < 0 ||
	    afd_query_bind_text(q, "check", f->check->id, err) < 0 || afd_query_bind_text(q, "severity", f->check->severity, err) < 0)
		return -1;
	r = afd_query_step(q, err);
	if (r < 0)
		return -1;
	json_object_set_new(to, "owner", words(r ? afd_query_text(q, 0) : NULL));
	json_object_set_new(to, "channel", words(r ? afd_query_text(q, 1) : NULL));
	return 0;
}

/* One line with its end. */
static int write_line(struct session *s, const struct afd_assessment *a, const struct afd_finding *f, struct afd_buf *ret, struct afd_error *err)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:{s:s, s:o, s:s}}", "finding", words(f->id), "check", words(f->check->id),
		"severity", words(f->check->severity), "resource", words(f->resource), "status", afd_outcome_name(f->status), "state", words(f->state),
		"reasons", reasons(f), "evidence", evidence(f),
		"observed", words(f->observed_ms == AFD_TIME_NONE ? NULL : afd_when_text(f->observed_ms).s),
		"period", "from", afd_when_text(a->period.from).s, "label", words(a->period_label), "to", afd_when_text(a->period.to).s);
	char *text = NULL;
	int r = o ? route(s, f, o, err) : afd_fail_memory(err);

	if (r == 0 && (f->n_evidence > CITED_MAX || f->n_reason > CITED_MAX))     /* the whole is with `affidavit explain` */
		json_object_set_new(o, "cut", json_true());
	if (r == 0)
		text = json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);
	if (r == 0 && (!text || afd_buf_printf(ret, "%s\n", text) < 0))
		r = afd_fail_memory(err);
	free(text);
	json_decref(o);
	return r;
}

static int print_line(struct afd_slice line, struct afd_error *why)
{
	if (fwrite(line.data, 1, line.len, stdout) == line.len && fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	return afd_fail(why, AFD_E_IO, "standard output could not be written");
}

static int tell(const char *exec, struct afd_slice line, bool *hung, struct afd_error *why)
{
	const struct afd_command c = { .line = exec, .in = line, .seconds = SECONDS, .hung = hung };
	AFD_AUTO(buf) struct afd_buf answer = { 0 };

	return exec ? afd_command_run(&c, &answer, why) : print_line(line, why);
}

/* --- the run --- */

struct receipts { struct afd_row_notice *at; char **why; size_t n, cap; char *channel; unsigned hung; };

static void receipts_release(struct receipts *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->why[i]);
	free(r->why);
	free(r->at);
	free(r->channel);
}

/* A command's words may be sensitive: the program alone is kept. */
static char *channel_of(const char *exec)
{
	if (!exec)
		return afd_strdup("stdout");
	exec += strspn(exec, " \t");
	return afd_sprintf("exec:%.*s", (int)strcspn(exec, " \t"), exec);
}

static int receipts_begin(const struct afd_assessment *a, const char *exec, struct receipts *ret, struct afd_error *err)
{
	ret->cap = a->n_finding < AFD_NOTICE_MAX_ROWS ? a->n_finding : AFD_NOTICE_MAX_ROWS;
	ret->at = calloc(ret->cap + 1, sizeof(*ret->at));
	ret->why = calloc(ret->cap + 1, sizeof(*ret->why));
	ret->channel = channel_of(exec);
	return ret->at && ret->why && ret->channel ? 0 : afd_fail_memory(err);
}

static int tell_one(struct session *s, const struct afd_assessment *a, const struct afd_finding *f, const char *exec, struct receipts *r,
                    struct notify *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf line = { 0 };
	struct afd_error why = { 0 };
	bool told, hung = false;

	if (write_line(s, a, f, &line, err) < 0)
		return -1;
	told = tell(exec, afd_buf_slice(&line), &hung, &why) == 0;
	r->hung = hung ? r->hung + 1 : 0;
	if (!told && ret->failed++ < WARNINGS_MAX)
		cli_warn(s->cli, "finding %s was not delivered: %s", f->id, why.text);
	ret->delivered += told;
	r->why[r->n] = told ? NULL : afd_strdup(why.text);
	r->at[r->n] = (struct afd_row_notice){ .finding = f->id, .check = f->check->id, .resource = f->resource, .severity = f->check->severity,
		.status = afd_outcome_name(f->status), .channel = r->channel, .outcome = told ? "delivered" : "failed", .reason = r->why[r->n],
		.t = afd_now(&s->cli->env) };
	r->n++;
	return 0;
}

static int keep(struct session *s, const struct receipts *r, int64_t begun_ms, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf bytes = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_draft d = { .kind = AFD_ITEM_RUN, .source = "engine", .decoder = AFD_NOTICE_DECODER, .asked = "notices of findings",
		.channel = r->channel, .media_type = AFD_NOTICE_MEDIA_TYPE, .asked_ms = begun_ms, .received_ms = afd_now(&s->cli->env),
		.server_ms = AFD_TIME_NONE };

	if (r->n == 0)
		return 0;
	if (afd_notice_write(r->at, r->n, &bytes, &parts, err) < 0)
		return -1;
	d.bytes = afd_buf_slice(&bytes);
	d.parts = parts;
	if (afd_store_begin(s->store, err) < 0)
		return -1;
	if (afd_store_put(s->store, &d, &s->cli->env, err) < 0 || afd_store_commit(s->store, err) < 0) {
		afd_store_rollback(s->store);
		return -1;
	}
	return session_seal(s, err);
}

/* Whatever ends it early, what was told until then is kept. */
int notify_findings(struct session *s, const struct afd_assessment *a, const char *exec, struct notify *ret, struct afd_error *err)
{
	__attribute__((cleanup(receipts_release))) struct receipts r = { 0 };
	const int64_t begun_ms = afd_now(&s->cli->env);
	struct afd_error why = { 0 };
	int bad = 0;

	if (receipts_begin(a, exec, &r, err) < 0)
		return -1;
	for (size_t i = 0; i < a->n_finding && bad == 0; i++) {
		int due = is_due(s, a, &a->finding[i], &why);

		if (due > 0 && (r.n == r.cap || r.hung == HUNG_MAX || (s->cli->stop && *s->cli->stop)))
			ret->left++;
		else if (due > 0)
			due = tell_one(s, a, &a->finding[i], exec, &r, ret, &why);
		bad = due < 0;
	}
	if (keep(s, &r, begun_ms, err) < 0)
		return -1;
	if (bad && err)
		*err = why;
	return bad ? -1 : 0;
}
