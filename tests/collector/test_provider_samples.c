/* Real entries of providers' logs, in files that are not ours to copy: what comes of each, as verb and object, and whether it
 * is mapped. Skipped where the samples are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "collector/engine.h"
#include "collector/provider.h"
#include "collector/table.h"
#include "core/file.h"
#include "evidence/action.h"

static const struct { const char *kind, *asked, *file, *rows; } samples[] = {
	{ "cloudflare-logpush", "cloudflare-logpush acme f.log", "providers/cloudflare/audit-v1-elastic.ndjson",
	  "token.create b7261c49a793a82678d12285f0bc1401 2021-11-30T20:19:48.000Z\n"
	  "token.delete 70b6abc4efe977131126486cdd1c00c5 2021-11-30T20:19:27.000Z\n"
	  "token.view enl3j9du8rnx2swwd9l32qots7l54t9s 2021-11-30T20:18:43.000Z\n"
	  "token.roll enl3j9du8rnx2swwd9l32qots7l54t9s 2021-11-30T13:42:04.000Z\n"
	  "token.create c6b5d100d7ce492d24c5b13160fce1cc0092ce7e8d8430e9f5cf5468868be6f6 2021-11-30T13:42:04.000Z\n"
	  "login enl3j9du8rnx2swwd9l32qots7l54t9s 2021-11-30T13:34:03.000Z\n"
	  "zone.update u3fp685o1wjk5zq6hxa6a53oh49u3ek2 2021-10-10T10:13:46.214Z\n"
	  "zone.delete u3fp685o1wjk5zq6hxa6a53oh49u3ek2 2021-10-10T10:13:44.000Z\n"
	  "token.roll 57baa252c3f0a4b1082848000a969b2b 2021-08-09T10:36:30.000Z\n"
	  "record.delete 10715065321 2021-08-09T10:19:55.959Z\n"
	  "claim example.com del _acme-challenge.example.com TXT \"xClZppVPmuzSwaAIv-asdfasdfasdfa\"\n"
	  "record.add 10715065354 2021-08-09T10:14:17.883Z\n"
	  "claim example.com add asdf.example.com A 89.160.20.156\n" },
	{ "cloudflare-logpush", "cloudflare-logpush acme f.log", "providers/cloudflare/audit-logpush-v1-elastic.ndjson",
	  "token.create b7261c49a793a82678d12285f0bc1401 2021-11-30T20:19:48.000Z\n"
	  "token.create b7261c49a793a82678d12285f0bc1401 2021-11-30T20:19:48.000Z\n"
	  "token.create b7261c49a793a82678d12285f0bc1401 2021-11-30T20:19:48.000Z\n" },
};

static int event(void *ctx, const struct afd_row_event *e, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "%s%s %s %s\n", afd_action_unmapped(e->action) ? "unmapped " : "", e->action, e->object ? e->object : "-",
			      afd_when_text(e->at.from).s);
}

static int claim(void *ctx, const struct afd_row_claim *c, struct afd_error *err)
{
	(void)err;
	for (size_t i = 0; i < c->n; i++)
		if (afd_buf_printf(ctx, "claim %s %s %s %s %s\n", c->zone, c->rr[i].add ? "add" : "del", c->rr[i].owner, c->rr[i].type ? c->rr[i].type : "-",
				   c->rr[i].rdata ? c->rr[i].rdata : "-") < 0)
			return -1;
	return 0;
}

static bool sample(size_t i)
{
	const struct afd_provider *p = afd_provider_find(samples[i].kind);
	const char *shared = getenv("AFFIDAVIT_SHARED");
	AFD_AUTO(mem) char *path = shared ? afd_sprintf("%s/data/%s", shared, samples[i].file) :
					    afd_sprintf("%s/../shared/data/%s", getenv("AFFIDAVIT_SOURCE"), samples[i].file);
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	AFD_AUTO(buf) struct afd_buf rows = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)"s", .decoder = (char *)samples[i].kind, .asked = (char *)samples[i].asked };
	struct afd_item_view view = { .record = &record };
	struct afd_sink sink = { .ctx = &rows, .event = event, .claim = claim };
	struct afd_error err = { 0 };

	if (afd_user_file_read(path, &text, NULL, NULL) < 0)
		return false;
	afd_buf_text(&rows, "");
	assert_non_null(p);
	if (p->redact(afd_buf_slice(&text), &cuts, &err) < 0 || afd_redact_apply(afd_buf_slice(&text), &cuts, &clean, &merged, &err) < 0)
		fail_msg("%s: %s", samples[i].file, err.text);
	view.bytes = afd_buf_slice(&clean);
	if (p->split(view.bytes, &view.parts, &err) < 0 || p->decode(&view, &sink, &err) < 0)
		fail_msg("%s: %s", samples[i].file, err.text);
	afd_ranges_release(&view.parts);
	assert_string_equal((char *)rows.data, samples[i].rows);
	return true;
}

static void test_samples(void **state)
{
	size_t read = 0;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(samples); i++)
		read += sample(i);
	if (!read)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_samples) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
