/* Files of audit logs that Cloudflare's Logpush delivers: JSON, one entry a line. Entries as the API of version 1 gives them are
 * taken, too: what somebody exported. */
#include <stdio.h>

#include "collector/log_text.h"
#include "collector/registrar/cloudflare.h"
#include "collector/registrar/cloudflare_v1.h"
#include "collector/registrar/secrets.h"
#include "collector/stored.h"
#include "collector/table.h"
#include "collector/tail.h"
#include "core/limits.h"

static const struct afd_field fields[] = { AFD_STORED_FIELDS, { 0 } };

static bool is_blank(struct afd_slice l)
{
	for (size_t i = 0; i < l.len; i++)
		if (!memchr(" \t\r\n", l.data[i], 4))
			return false;
	return true;
}

static int told(struct afd_slice bytes, struct afd_stored_told *ret, struct afd_error *err)
{
	struct afd_slice left = bytes, l;
	size_t line = 0;

	*ret = (struct afd_stored_told){ .at = { AFD_FOREVER, INT64_MIN } };
	while (afd_log_line(&left, &l)) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		const char *why;
		int64_t at;

		line++;
		if (is_blank(l))
			continue;
		if (afd_json_parse(l, "line", &d, NULL) < 0)
			return afd_fail(err, AFD_E_PARSE, "line %zu is not JSON", line);
		why = afd_cloudflare_v1_fault(afd_doc_root(d), &at);
		if (why)
			return afd_fail(err, AFD_E_PARSE, "line %zu: %s", line, why);
		ret->n++;
		ret->at.from = at < ret->at.from ? at : ret->at.from;
		ret->at.to = at >= ret->at.to ? at + 1 : ret->at.to;
	}
	if (!ret->n)
		ret->at = (struct afd_span){ 0, 0 };
	return 0;
}

static int redact(struct afd_slice bytes, struct afd_ranges *cuts, struct afd_error *err)
{
	struct afd_slice left = bytes, l;

	while (afd_log_line(&left, &l)) {
		const size_t from = cuts->n;

		if (is_blank(l))
			continue;
		if (afd_secrets_cut(l, cuts, err) < 0)
			return -1;
		for (size_t i = from; i < cuts->n; i++)
			cuts->at[i].off += (uint64_t)(l.data - bytes.data);
	}
	return 0;
}

/* Of a file with more lines than an item has parts, all are one. */
static int split(struct afd_slice bytes, struct afd_ranges *parts, struct afd_error *err)
{
	struct afd_error why = { 0 };

	if (afd_tail_split_lines(bytes, parts, &why) == 0)
		return 0;
	if (why.code != AFD_E_LIMIT)
		return afd_fail_memory(err);
	parts->n = 0;
	return afd_ranges_add(parts, 0, bytes.len) < 0 ? afd_fail_memory(err) : 0;
}

static int decode(const struct afd_item_view *item, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_slice left = item->bytes, l;
	AFD_AUTO(mem) char *account = NULL;
	AFD_AUTO(mem) char *name = NULL;
	uint64_t i = 0;

	if (afd_stored_asked_read(item->record->asked, &account, &name, err) < 0)
		return -1;
	for (; afd_log_line(&left, &l); i++) {
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		int64_t at;

		if (is_blank(l) || afd_json_parse(l, "line", &d, NULL) < 0 || afd_cloudflare_v1_fault(afd_doc_root(d), &at))
			continue;              /* told() has said so */
		if (afd_cloudflare_v1_tell(afd_doc_root(d), account, item->parts.n > 1 ? i : 0, sink, err) < 0)
			return -1;
	}
	return 0;
}

static const struct afd_stored_form form = {
	.word = "cloudflare-logpush", .evidence = AFD_CLOUDFLARE_EVIDENCE, .media_type = "application/x-ndjson",
	.lag_ms = AFD_HOUR, .max_file = AFD_MAX_HTTP_BODY, .suffix = ".log .log.gz .json .json.gz .ndjson .ndjson.gz", .told = told,
};

static int begin(const struct afd_source_config *c, const void *config, const char *cursor, void **ret, struct afd_error *err)
{
	return afd_stored_begin(&form, c, config, cursor, ret, err);
}

const struct afd_provider afd_provider_cloudflare_logpush = {
	.kind = "cloudflare-logpush",
	.leg = AFD_LEG_ACCOUNT,
	.imports = true,
	.title = "Cloudflare audit log: files of Logpush",
	.help = "Files of the data set audit_logs that Logpush writes (one JSON object a line, .gz or plain), copied into one directory; also entries of version 1 that "
		"were exported. Times may be RFC 3339, seconds or nanoseconds, as the job is set up. No credential is needed. That no file lacks is the word of "
		"whoever copies them. Which token was used is not told.",
	.basis = "tested on a real sample",
	.same_log = "the audit log",
	.evidence = AFD_CLOUDFLARE_EVIDENCE,
	.lag_ms = AFD_HOUR,
	.fields = fields, .config_size = sizeof(struct afd_stored_config),
	.scopes = afd_stored_scopes, .begin = begin, .next = afd_stored_next, .take = afd_stored_take, .end = afd_stored_end,
	.redact = redact, .split = split, .decode = decode,
};
