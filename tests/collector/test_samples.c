/* Every file of the samples of providers, EPP and RDAP, which are not ours to copy, stands in samples.txt: what it gives in numbers,
 * the conversation of api/ that it is an answer in, or why nothing is read from it. A file that is not there, or that gives something
 * else, fails. AFFIDAVIT_SHOW=1 prints the table anew. Skipped where the samples are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <ftw.h>

#include "collector/engine.h"
#include "collector/registrar/epp.h"
#include "collector/registrar/rdap.h"
#include "core/file.h"
#include "core/name.h"
#include "evidence/action.h"

/* The first row that fits says what reads a file. from: the key whose value is the answer. */
static const struct { const char *prefix, *kind, *asked, *from; } readers[] = {
	{ "epp/responses/", "epp", "epp ClientX poll - secDNS", NULL },
	{ "providers/aws/route53", "aws-cloudtrail-files", "cloudtrail 111122223333 NAME zones=example.com=Z1PA6795UKMFR9", NULL },
	{ "providers/azure/", "azure-activity", "events 089bd33f/x x 2015-01-21T20:00:00.000Z 2015-01-23T20:00:00.000Z page 1: GET /", "body" },
	{ "providers/cloudflare/audit-v2", "cloudflare-audit",
	  "GET /accounts/a/logs/audit?since=2024-04-26T00:00:00.000Z&before=2024-04-27T00:00:00.000Z&limit=1000&direction=asc page 1", NULL },
	{ "providers/cloudflare/", "cloudflare-logpush", "cloudflare-logpush acme f.log", NULL },
	{ "providers/dnsimple/webhooks/", "dnsimple-webhooks", "dnsimple 1 f.http", NULL },
	{ "providers/gcp/", "google-audit-files", "google test-project-123456 NAME entries", NULL },
	{ "rdap/domain/", "rdap", NULL, NULL },
	{ "rdap/other/", "rdap", NULL, NULL },
	{ "rdap/redacted/", "rdap", NULL, NULL },
};

/* Nothing is read from these, and this is why. */
static const struct { const char *prefix, *why; } refused[] = {
	{ "epp/responses/SOURCES.md", "where the samples come from" },
	{ "providers/SOURCES.md", "where the samples come from" },
	{ "rdap/SOURCES.md", "where the samples come from" },
	{ "providers/aws/sigv4-test-suite/", "vectors of signing, each compared in api/test_aws_sign.c" },
	{ "providers/dnsimple/api/authorizeDomainTransferOut", "the answer to an act (204, without a body): the program never asks a provider to do something" },
	{ "providers/dnsimple/api/listZones", "zones are named in the configuration; the registrar's list of domains tells what the account holds" },
	{ "rdap/iana/", "IANA's registry of words, no answer of a server" },
};

struct said { unsigned events, unmapped, claims, states, changes, observations; };

static int event(void *ctx, const struct afd_row_event *e, struct afd_error *err)
{
	struct said *s = ctx;

	(void)err;
	s->events++;
	s->unmapped += afd_action_unmapped(e->action);
	return 0;
}

static int claim(void *ctx, const struct afd_row_claim *c, struct afd_error *err)
{
	(void)c, (void)err;
	((struct said *)ctx)->claims++;
	return 0;
}

static int state(void *ctx, const struct afd_row_domain_state *r, struct afd_error *err)
{
	(void)r, (void)err;
	((struct said *)ctx)->states++;
	return 0;
}

static int change(void *ctx, const struct afd_row_domain_change *r, struct afd_error *err)
{
	(void)r, (void)err;
	((struct said *)ctx)->changes++;
	return 0;
}

static int observation(void *ctx, const struct afd_row_observation *r, struct afd_error *err)
{
	(void)r, (void)err;
	((struct said *)ctx)->observations++;
	return 0;
}

static const struct afd_node *inside(const struct afd_node *n, const char *key)
{
	const struct afd_node *found = afd_node_get(n, key);

	for (const struct afd_node *c = !found && n && n->type == AFD_MAP ? n->u.list.first : NULL; c && !found; c = c->next)
		found = inside(c, key);
	return found;
}

/* As a run does it: redacted, split, decoded. */
static int decode(const char *kind, const char *asked, struct afd_slice bytes, struct said *s, struct afd_error *err)
{
	const struct afd_provider *p = afd_provider_find(kind);
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)"s", .decoder = (char *)kind, .asked = (char *)asked,
		.asked_ms = INT64_C(1785585600000), .received_ms = INT64_C(1785585600000), .server_ms = AFD_TIME_NONE };
	struct afd_item_view view = { .record = &record };
	struct afd_sink sink = { .ctx = s, .event = event, .claim = claim, .domain_state = state, .domain_change = change, .observation = observation };

	if ((p->redact && p->redact(bytes, &cuts, err) < 0) || afd_redact_apply(bytes, &cuts, &clean, &merged, err) < 0)
		return -1;
	view.bytes = afd_buf_slice(&clean);
	if (!p->split || p->split(view.bytes, &parts, NULL) < 0) {
		parts.n = 0;
		afd_ranges_add(&parts, 0, clean.len);
	}
	view.parts = parts;
	return p->decode(&view, &sink, err);
}

static void put(struct afd_buf *to, const char *what, unsigned n)
{
	if (n)
		afd_buf_printf(to, " %s %u", what, n);
}

/* --- one file --- */

static void say_decoded(const char *name, size_t reader, struct afd_slice bytes, struct afd_buf *to)
{
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(mem) char *asked = NULL;
	struct said s = { 0 };
	struct afd_error err = { 0 };
	char name_of[AFD_NAME_MAX];
	const char *domain;

	if (strncmp(name, "epp/", 4) && strncmp(name, "providers/dnsimple", 18) && afd_json_parse(bytes, "sample", &d, NULL) == 0 && readers[reader].from)
		bytes = inside(afd_doc_root(d), readers[reader].from)->raw;
	domain = d ? afd_node_text(afd_node_get(afd_doc_root(d), "ldhName")) : NULL;
	if (domain && afd_name_canonical(afd_slice_text(domain), name_of, NULL) == 0)
		domain = name_of;
	asked = readers[reader].asked ? afd_strdup(readers[reader].asked) : afd_sprintf("rdap registry %s https://x/", domain ? domain : "x");
	afd_buf_printf(to, "%s:", readers[reader].kind);
	if (decode(readers[reader].kind, asked, bytes, &s, &err) < 0) {
		afd_buf_printf(to, " refused: %s", err.text);
		return;
	}
	put(to, "events", s.events);
	put(to, "unmapped", s.unmapped);
	put(to, "claims", s.claims);
	put(to, "states", s.states);
	put(to, "changes", s.changes);
	put(to, "observations", s.observations);
	if (!s.events && !s.states && !s.changes && !s.claims && !s.observations)
		afd_buf_text(to, " no rows");
}

static void say_greeting(struct afd_slice bytes, struct afd_buf *to)
{
	struct afd_epp_result result;
	unsigned services;

	if (afd_epp_greeting(bytes, &services, NULL) == 0)
		afd_buf_text(to, ", greeting");
	else if (afd_epp_result(bytes, &result, NULL) == 0)
		afd_buf_printf(to, ", result %d", result.code);
	else
		afd_buf_text(to, ", no answer");
}

/* The conversations that it is an answer in. */
static bool say_conversation(const char *name, const char *conversations, struct afd_buf *to)
{
	AFD_AUTO(mem) char *needle = afd_sprintf("answer-file %s", name);
	bool any = false;

	for (const char *p = strstr(conversations, needle), *at; p; p = strstr(p + 1, needle)) {
		for (at = p; at > conversations && *at != '\f'; at--)
			;
		if (any && memmem(to->data, to->len, at + 1, strcspn(at + 1, "\n")))
			continue;
		afd_buf_printf(to, "%s%.*s", any ? " " : "answer in ", (int)strcspn(at + 1, "\n"), at + 1);
		any = true;
	}
	return any;
}

static void say(const char *name, struct afd_slice bytes, const char *conversations, struct afd_buf *to)
{
	struct afd_error err = { 0 };

	for (size_t i = 0; i < AFD_COUNT(refused); i++)
		if (!strncmp(name, refused[i].prefix, strlen(refused[i].prefix))) {
			afd_buf_printf(to, "refused: %s", refused[i].why);
			return;
		}
	if (say_conversation(name, conversations, to))
		return;
	if (!strncmp(name, "rdap/bootstrap/", 15)) {
		char url[AFD_RDAP_URL_MAX];

		if (afd_rdap_list_check(bytes, &err) < 0 || afd_rdap_server(bytes, "example.br", url, &err) < 0)
			afd_buf_printf(to, "list of servers: refused: %s", err.text);
		else
			afd_buf_printf(to, "list of servers, example.br at %s", url);
		return;
	}
	for (size_t i = 0; i < AFD_COUNT(readers); i++)
		if (!strncmp(name, readers[i].prefix, strlen(readers[i].prefix))) {
			say_decoded(name, i, bytes, to);
			if (!strncmp(name, "epp/", 4))
				say_greeting(bytes, to);
			return;
		}
	afd_buf_text(to, "nothing reads it");
}

/* --- all of them --- */

static struct { char **at; size_t n; } found;

static int note(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)ftw;
	if (kind != FTW_F)
		return 0;
	found.at = realloc(found.at, (found.n + 1) * sizeof(*found.at));
	found.at[found.n++] = strdup(path);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk(const char *folder, const char *word)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s%s", folder, word);

	nftw(path, note, 16, FTW_PHYS);
}

static void forget(void)
{
	for (size_t i = 0; i < found.n; i++)
		free(found.at[i]);
	free(found.at);
	found.at = NULL;
	found.n = 0;
}

/* All conversations, each behind "\fNAME\n". */
static void read_conversations(struct afd_buf *to)
{
	AFD_AUTO(mem) char *dir = afd_sprintf("%s/tests/collector/api", getenv("AFFIDAVIT_SOURCE"));

	walk(dir, "");
	qsort(found.at, found.n, sizeof(*found.at), by_name);
	for (size_t i = 0; i < found.n; i++) {
		const size_t n = strlen(found.at[i]);
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		if (n < 4 || strcmp(found.at[i] + n - 4, ".txt") != 0)
			continue;
		assert_int_equal(afd_file_read(found.at[i], 1 << 20, &text, NULL), 0);
		afd_buf_printf(to, "\f%s\n%s", strrchr(found.at[i], '/') + 1, (char *)text.data);
	}
	forget();
}

static void test_each_file_has_its_row(void **unused)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	AFD_AUTO(mem) char *folder = shared ? afd_sprintf("%s/data/", shared) : afd_sprintf("%s/../shared/data/", source);
	AFD_AUTO(mem) char *table = afd_sprintf("%s/tests/collector/samples.txt", source);
	AFD_AUTO(buf) struct afd_buf conversations = { 0 };
	AFD_AUTO(buf) struct afd_buf expected = { 0 };
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)unused;
	read_conversations(&conversations);
	walk(folder, "epp/responses");
	walk(folder, "providers");
	walk(folder, "rdap");
	if (!found.n) {
		afd_mem_release(&folder);          /* skip() leaves by longjmp */
		afd_mem_release(&table);
		afd_buf_release(&conversations);
		skip();
	}
	qsort(found.at, found.n, sizeof(*found.at), by_name);
	for (size_t i = 0; i < found.n; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		const char *name = found.at[i] + strlen(folder);

		assert_int_equal(afd_file_read(found.at[i], 1 << 20, &bytes, NULL), 0);
		afd_buf_printf(&got, "%s; ", name);
		say(name, afd_buf_slice(&bytes), (char *)conversations.data, &got);
		afd_buf_text(&got, "\n");
	}
	forget();
	if (getenv("AFFIDAVIT_SHOW"))
		fputs((char *)got.data, stderr);
	assert_int_equal(afd_file_read(table, 1 << 20, &expected, NULL), 0);
	assert_null(strstr((char *)got.data, "nothing reads it"));
	assert_string_equal((char *)got.data, (char *)expected.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_file_has_its_row) };

	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}
