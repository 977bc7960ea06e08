/* libs: collector evidence core. Files of logs in a directory. The first line names the source; a line "--- NAME" begins each file. The
 * source lists and reads them as a run does, digests of CloudTrail included, and what it keeps is redacted, split and decoded. */
#include <stdio.h>

#include "collector/collect.h"
#include "collector/engine.h"
#include "sink_nowhere.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_FILES = 16, MAX_REQUESTS = 100 };

static const char yaml[] =
	"organisation: X\ninventory: i.yaml\nsources:\n"
	"  - {name: cloudflare-logpush, type: cloudflare-logpush, account: a, path: /nowhere}\n"
	"  - {name: dnsimple-webhooks, type: dnsimple-webhooks, account: a, path: /nowhere}\n"
	"  - {name: epp-frames, type: epp-frames, account: a, path: /nowhere}\n"
	"  - {name: google-audit-files, type: google-audit-files, account: a, path: /nowhere}\n"
	"  - {name: aws-cloudtrail-files, type: aws-cloudtrail-files, account: '111122223333', zones: [example.test=Z1], path: /nowhere}\n";

struct file { char name[200]; struct afd_slice bytes; };
struct folder { const struct afd_source *s; struct file at[MAX_FILES]; size_t n; };

/* --- what is kept --- */

static void decode(const struct folder *f, const struct afd_draft *d, struct afd_slice bytes, const struct afd_ranges *parts)
{
	struct afd_record record = { .kind = d->kind, .source = (char *)f->s->name, .decoder = (char *)f->s->provider->kind, .asked = (char *)d->asked,
		.received_ms = INT64_C(1785585600000), .server_ms = AFD_TIME_NONE };
	struct afd_item_view view = { .record = &record, .bytes = bytes, .parts = *parts };
	struct seen seen = { .parts = parts->n };
	struct afd_sink sink = { .ctx = &seen, .claim = seen_claim, .observation = seen_observation, .event = seen_event, .coverage = seen_coverage,
		.domain_state = seen_domain_state, .domain_change = seen_domain_change };
	struct afd_error err = { 0 };

	if (afd_decode_item(NULL, &view, &sink, &err) < 0 && (!err.code || !err.text[0]))
		abort();                  /* a refusal says why */
}

static int keep_item(void *ctx, const struct afd_draft *d, struct afd_error *err)
{
	const struct folder *f = ctx;
	AFD_AUTO(buf) struct afd_buf clean = { 0 };
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };

	if (f->s->provider->redact && f->s->provider->redact(d->bytes, &cuts, NULL) < 0)
		return 0;
	if (afd_redact_apply(d->bytes, &cuts, &clean, &merged, err) < 0)
		abort();
	if (!f->s->provider->split || f->s->provider->split(afd_buf_slice(&clean), &parts, NULL) < 0) {
		parts.n = 0;
		afd_ranges_add(&parts, 0, clean.len);
	}
	must_tile(&parts, clean.len);
	decode(f, d, afd_buf_slice(&clean), &parts);
	return 0;
}

static int keep_cover(void *ctx, const struct afd_row_coverage *c, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!c->scope || c->at.from > c->at.to || !c->reason)
		abort();
	return 0;
}

static int keep_checkpoint(void *ctx, const char *cursor, struct afd_error *err)
{
	(void)ctx, (void)err;
	if (!cursor || !*cursor)
		abort();
	return 0;
}

static void keep_progress(void *ctx, uint64_t done, uint64_t total, const char *unit)
{
	(void)ctx, (void)done, (void)total, (void)unit;
}

static void keep_refused(void *ctx, const char *why)
{
	(void)ctx;
	if (!why || !*why)
		abort();
}

static int64_t noon(void *ctx)
{
	(void)ctx;
	return INT64_C(1785585600000);
}

static int no_chance(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	memset(out, 0, n);
	return 0;
}

/* --- what is asked --- */

static const struct file *file_of(const struct folder *f, const char *path)
{
	const size_t n = strlen(path);

	for (size_t i = 0; i < f->n; i++) {
		const size_t m = strlen(f->at[i].name);

		if (n > m && path[n - m - 1] == '/' && strcmp(path + n - m, f->at[i].name) == 0)
			return &f->at[i];
	}
	return NULL;
}

static int answer(const struct folder *f, const struct afd_request *q, struct afd_buf *list, struct afd_response *r)
{
	const struct file *file = q->protocol == AFD_FILE ? file_of(f, q->path) : NULL;

	*r = (struct afd_response){ .server_ms = INT64_C(1785580000000), .asked_ms = noon(NULL), .received_ms = noon(NULL), .retry_after_ms = -1 };
	list->len = 0;
	if (q->protocol == AFD_FOLDER) {
		for (size_t i = 0; i < f->n; i++)
			afd_buf_printf(list, "%zu 1785580000000 %s\n", f->at[i].bytes.len, f->at[i].name);
		r->body = afd_buf_slice(list);
		return 0;
	}
	if (!file)
		return -1;
	r->body = file->bytes;
	r->file_size = file->bytes.len;
	r->file_id[1] = (uint64_t)(file - f->at) + 1;
	return 0;
}

static void run(struct folder *f)
{
	static const struct afd_env env = { .now_ms = noon, .random = no_chance };
	const struct afd_source_config config = { .name = f->s->name, .doc = f->s->doc, .node = f->s->node, .base_dir = f->s->base_dir, .env = &env };
	struct afd_keeper keep = { f, keep_item, keep_cover, keep_checkpoint, keep_progress, keep_refused };
	const struct afd_error gone = { .code = AFD_E_IO, .text = "there is no such file" };
	AFD_AUTO(buf) struct afd_buf list = { 0 };
	struct afd_error err = { 0 };
	void *state = NULL;

	if (f->s->provider->begin(&config, f->s->config, NULL, &state, &err) < 0)
		abort();
	for (int i = 0; i < MAX_REQUESTS; i++) {
		struct afd_request q = { 0 };
		struct afd_response r;

		if (f->s->provider->next(state, &q, &err) <= 0)
			break;
		if (f->s->provider->take(state, answer(f, &q, &list, &r) == 0 ? &r : NULL, &gone, &keep, &err) < 0)
			break;
	}
	f->s->provider->end(state);
}

/* Files behind lines "--- NAME". */
static void read_files(struct afd_slice s, struct folder *f)
{
	while (s.len && f->n < MAX_FILES) {
		const uint8_t *end = memchr(s.data, '\n', s.len), *next;
		size_t head = end ? (size_t)(end - s.data) : s.len, n = head > 4 ? head - 4 : 0;
		struct file *at = &f->at[f->n];

		if (head < 5 || memcmp(s.data, "--- ", 4) != 0 || n >= sizeof(at->name) || !end)
			return;
		snprintf(at->name, sizeof(at->name), "%.*s", (int)n, (const char *)s.data + 4);
		for (char *p = at->name; *p; p++)
			*p = *p < ' ' || *p == 127 ? '_' : *p;          /* the transport lists no others */
		s = afd_slice_sub(s, head + 1, s.len);
		next = s.len ? memmem(s.data, s.len, "\n--- ", 5) : NULL;
		at->bytes = afd_slice_sub(s, 0, next ? (size_t)(next - s.data) : s.len);
		s = afd_slice_sub(s, at->bytes.len + (next != NULL), s.len);
		f->n += at->name[0] != '\0';
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct afd_config *config;
	const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
	struct folder f = { 0 };
	struct afd_error err = { 0 };

	if (!config && afd_config_parse(afd_slice_text(yaml), "/fuzz/affidavit.yaml", &config, &err) < 0)
		abort();
	for (size_t i = 0; end && i < config->n_source; i++)
		if (afd_slice_equal(afd_slice(data, (size_t)(end - data)), afd_slice_text(config->source[i].name)))
			f.s = &config->source[i];
	if (!f.s)
		return 0;
	read_files(afd_slice(end + 1, size - (size_t)(end - data) - 1), &f);
	run(&f);
	return 0;
}
