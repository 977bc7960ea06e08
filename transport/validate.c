/* A second opinion: libunbound resolves and validates by itself. Each request has a context of its own, so one zone's
 * answers are not those that another question left in a cache. */
#include "transport/transport_private.h"

#include <poll.h>
#include <stdio.h>
#include <unbound.h>

enum { DEFAULT_WAIT = 5000, CLASS_IN = 1 };

struct opinion { bool done; int code; struct ub_result *result; };

static void afd_ub_ctx_release(struct ub_ctx **c)
{
	if (*c)
		ub_ctx_delete(*c);
}

static void afd_opinion_release(struct opinion *o)
{
	if (o->result)
		ub_resolve_free(o->result);
}

static void on_answer(void *ctx, int code, struct ub_result *r)
{
	struct opinion *o = ctx;

	*o = (struct opinion){ true, code, r };
}

static int tell(int code, const char *what, struct afd_error *err)
{
	return code ? afd_fail(err, AFD_E_CONFIG, "validator: %s: %s", what, ub_strerror(code)) : 0;
}

static int set(struct ub_ctx *c, const char *name, const char *value, struct afd_error *err)
{
	return tell(ub_ctx_set_option(c, name, value), name, err);
}

/* Its clock is ours, so that a test of last year's zone gives last year's verdict. */
static int set_time(struct afd_transport *t, struct ub_ctx *c, struct afd_error *err)
{
	int y, mo, d, h, mi, s, ms;
	char text[32];

	afd_when_split(afd_now(t->env), &y, &mo, &d, &h, &mi, &s, &ms);
	snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02d", y, mo, d, h, mi, s);
	return set(c, "val-override-date:", text, err);
}

static int set_up(struct afd_transport *t, struct ub_ctx *c, const struct afd_validate *v, struct afd_error *err)
{
	if (set_time(t, c, err) < 0 || set(c, "do-not-query-localhost:", "no", err) < 0 || set(c, "module-config:", "validator iterator", err) < 0 ||
	    set(c, "val-nsec3-keysize-iterations:", "1024 150 2048 150 4096 150", err) < 0 || set(c, "cache-max-negative-ttl:", "0", err) < 0)
		return -1;
	for (size_t i = 0; i < v->n_anchor; i++)
		if (tell(ub_ctx_add_ta(c, v->anchor[i]), "trust anchor", err) < 0)
			return -1;
	for (size_t i = 0; i < v->n_stub; i++) {
		const char *blank = strchr(v->stub[i], ' ');
		AFD_AUTO(mem) char *zone = blank ? afd_text_dup(afd_slice(v->stub[i], (size_t)(blank - v->stub[i]))) : NULL;

		if (!zone)
			return afd_fail(err, AFD_E_USAGE, "stub: expected ZONE ADDRESS");
		if (tell(ub_ctx_set_stub(c, zone, blank + 1, 0), "stub", err) < 0)
			return -1;
	}
	/* It answers for names of RFC 6761 and 6303 out of itself; here the servers are asked. */
	return tell(ub_ctx_async(c, 1), "threads", err) < 0 ? -1 : tell(ub_ctx_zone_remove(c, "test."), "test.", err);
}

/* It decides by itself when it asks again; only how long we listen is ours. */
static int wait_for(struct ub_ctx *c, const struct opinion *o, long ms, struct afd_error *err)
{
	struct pollfd p = { .fd = ub_fd(c), .events = POLLIN };

	while (!o->done) {
		int r = poll(&p, 1, (int)ms);

		if (r == 0)
			return afd_fail(err, AFD_E_REMOTE, "timeout: the validator came to no end");
		if (r > 0 && tell(ub_process(c), "process", err) < 0)
			return -1;
	}
	return 0;
}

static int say(struct afd_transport *t, const struct ub_result *r, struct afd_error *err)
{
	static const char *const rcode[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED" };
	const char *state = r->secure ? "secure" : r->bogus ? "bogus" : "insecure";
	const char *code = r->rcode >= 0 && r->rcode < (int)AFD_COUNT(rcode) ? rcode[r->rcode] : "OTHER";

	/* A lookup that failed says nothing about signatures. */
	if (!r->secure && !r->bogus && r->rcode == 2)
		state = "indeterminate";
	return afd_buf_printf(&t->body, "%s %s%s%.600s\n", state, code, r->why_bogus && *r->why_bogus ? " " : "", r->why_bogus ? r->why_bogus : "") < 0
		       ? afd_fail_memory(err) : 0;
}

int afd_validate_do(struct afd_transport *t, const struct afd_request *q, struct afd_response *ret, struct afd_error *err)
{
	__attribute__((cleanup(afd_opinion_release))) struct opinion o = { 0 };
	__attribute__((cleanup(afd_ub_ctx_release))) struct ub_ctx *c = ub_ctx_create();
	const struct afd_validate *v = q->validate;

	if (!c)
		return afd_fail_memory(err);
	if (!v || !v->name || set_up(t, c, v, err) < 0)
		return v && v->name ? -1 : afd_fail(err, AFD_E_USAGE, "no name to validate");
	if (tell(ub_resolve_async(c, v->name, v->type, CLASS_IN, &o, on_answer, NULL), "resolve", err) < 0 ||
	    wait_for(c, &o, q->wait_ms > 0 ? (long)q->wait_ms : DEFAULT_WAIT, err) < 0)
		return -1;
	if (o.code || !o.result)
		return afd_fail(err, AFD_E_REMOTE, "unreachable: %s", ub_strerror(o.code));
	snprintf(ret->channel, sizeof(ret->channel), "libunbound %.100s", ub_version());
	return say(t, o.result, err);
}
