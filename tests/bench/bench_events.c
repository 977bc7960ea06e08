/* A million records of CloudTrail, in files of a thousand: decoded, and decoded into the store, beside jansson parsing the same
 * files in the same run; processor time and memory. Exit 1: over the budget.
 * Usage: bench_events DIR [N [PER_FILE]] (DIR: for the files, one at a time, and the store; N: a million).
 * Budget: decoded, and decoded into the store, at no less than 0.4 times the rate of jansson, in 100 MB. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/api/aws_events.h"
#include "core/file.h"
#include "evidence/derive.h"
#include "evidence/store.h"

#define BUDGET_RATIO 0.4
#define BUDGET_MB    100.0

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Changes of records, reads, keys, logins: as a busy account has them. */
static void put_record(struct afd_buf *to, uint64_t i)
{
	static const struct { const char *service, *name, *asked; } kinds[] = {
		{ "route53", "ChangeResourceRecordSets", "{\"hostedZoneId\":\"Z1PA6795UKMFR9\",\"changeBatch\":{\"comment\":\"by the pipeline\",\"changes\":[{\"action\":\"CREATE\","
		  "\"resourceRecordSet\":{\"name\":\"_acme-challenge.www.example.com.\",\"type\":\"TXT\",\"tTL\":60,\"resourceRecords\":[{\"value\":\"\\\"u5xTgB2Kq0v9ZcW1nE8s\\\"\"}]}}]}}" },
		{ "route53", "ListResourceRecordSets", "{\"hostedZoneId\":\"Z1PA6795UKMFR9\",\"maxItems\":\"300\"}" },
		{ "route53domains", "getDomainDetail", "{\"domainName\":\"example.com\"}" },
		{ "iam", "ListAccessKeys", "{\"userName\":\"deploy\"}" },
		{ "sts", "AssumeRole", "{\"roleArn\":\"arn:aws:iam::111122223333:role/deploy\",\"roleSessionName\":\"pipeline\",\"durationSeconds\":3600}" },
	};
	unsigned k = (unsigned)(i * 7 % AFD_COUNT(kinds));

	afd_buf_printf(to, "{\"eventVersion\":\"1.09\",\"userIdentity\":{\"type\":\"AssumedRole\",\"principalId\":\"AROAEXAMPLE:pipeline\","
		"\"arn\":\"arn:aws:sts::111122223333:assumed-role/deploy/pipeline-%u\",\"accountId\":\"111122223333\",\"accessKeyId\":\"ASIAIOSFODNN7EXAMPLE\","
		"\"sessionContext\":{\"sessionIssuer\":{\"type\":\"Role\",\"principalId\":\"AROAEXAMPLE\",\"arn\":\"arn:aws:iam::111122223333:role/deploy\","
		"\"accountId\":\"111122223333\",\"userName\":\"deploy\"},\"attributes\":{\"creationDate\":\"2026-08-01T00:00:00Z\",\"mfaAuthenticated\":\"false\"}}},"
		"\"eventTime\":\"2026-08-%02uT%02u:%02u:%02uZ\",\"eventSource\":\"%s.amazonaws.com\",\"eventName\":\"%s\",\"awsRegion\":\"us-east-1\","
		"\"sourceIPAddress\":\"192.0.2.%u\",\"userAgent\":\"Boto3/1.34 md/Botocore#1.34 ua/2.0 os/linux\",\"requestParameters\":%s,\"responseElements\":null,"
		"\"requestID\":\"%08x-7d18-11e4-b752-f9c6311f3510\",\"eventID\":\"%016" PRIx64 "-8bc5-c7bf0cebc116\",\"readOnly\":%s,\"eventType\":\"AwsApiCall\","
		"\"managementEvent\":true,\"recipientAccountId\":\"111122223333\",\"eventCategory\":\"Management\",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\","
		"\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\"clientProvidedHostHeader\":\"%s.amazonaws.com\"}}",
		(unsigned)(i % 97), (unsigned)(i / 86400 % 28 + 1), (unsigned)(i / 3600 % 24), (unsigned)(i / 60 % 60), (unsigned)(i % 60), kinds[k].service,
		kinds[k].name, (unsigned)(i % 250), kinds[k].asked, (unsigned)i, i * UINT64_C(0x9e3779b97f4a7c15), k == 0 || k == 4 ? "false" : "true", kinds[k].service);
}

/* Written, and read back: TO is what stands in the file. */
static void make_file(const char *path, struct afd_buf *to, uint64_t from, uint64_t n)
{
	struct afd_error err = { 0 };

	to->len = 0;
	afd_buf_text(to, "{\"Records\":[");
	for (uint64_t i = 0; i < n; i++) {
		if (i)
			afd_buf_text(to, ",");
		put_record(to, from + i);
	}
	afd_buf_text(to, "]}");
	if (afd_file_write(path, afd_buf_slice(to), false, &err) < 0)
		abort();
	to->len = 0;
	if (afd_file_read(path, (size_t)1 << 30, to, &err) < 0)
		abort();
}

static uint64_t events, claims;

static int count_event(void *ctx, const struct afd_row_event *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	events++;
	return 0;
}

static int count_claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)ctx, (void)r, (void)err;
	claims++;
	return 0;
}

static const char asked[] = "cloudtrail 111122223333 f.json.gz zones=example.com=Z1PA6795UKMFR9";

static double decode_file(struct afd_slice bytes)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_record record = { .asked = (char *)asked };
	struct afd_item_view view = { .record = &record, .bytes = bytes };
	const struct afd_aws_told t = { .scope = "111122223333", .zones = "example.com=Z1PA6795UKMFR9" };
	struct afd_sink sink = { .event = count_event, .claim = count_claim };
	struct afd_error err = { 0 };
	double at;

	if (afd_aws_split(bytes, &parts, &err) < 0)
		abort();
	view.parts = parts;
	at = now();
	if (afd_aws_decode(&view, &t, &sink, &err) < 0)
		abort();
	return now() - at;
}

static int64_t noon(void *ctx)
{
	(void)ctx;
	return INT64_C(1785585600000);
}

static int chance(void *ctx, uint8_t *out, size_t n)
{
	static uint64_t s = 1;

	(void)ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)((s = s * 6364136223846793005u + 1442695040888963407u) >> 56);
	return 0;
}

static void must(int r, const struct afd_error *err)
{
	if (r < 0) {
		fprintf(stderr, "%s\n", err->text);
		abort();
	}
}

static void store_file(struct afd_store *st, const struct afd_env *env, struct afd_slice bytes)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_draft d = { .kind = AFD_ITEM_SEGMENT, .source = "trail", .decoder = "aws-cloudtrail-files", .asked = asked, .channel = "file",
		.media_type = "application/json", .asked_ms = noon(NULL), .received_ms = noon(NULL), .server_ms = AFD_TIME_NONE, .bytes = bytes };
	struct afd_error err = { 0 };
	uint64_t size;

	must(afd_aws_split(bytes, &parts, &err), &err);
	d.parts = parts;
	must(afd_store_begin(st, &err), &err);
	must(afd_store_put(st, &d, env, &err), &err);
	must(afd_store_commit(st, &err), &err);
	must(afd_store_sequence(st, &size, &err), &err);
}

static long peak_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* One line of the table; what it is over the budget by. */
static int tell(const char *what, double seconds, double jansson)
{
	const double ratio = jansson / seconds, mb = (double)peak_kb() / 1024;
	const bool good = ratio >= BUDGET_RATIO && mb < BUDGET_MB;

	printf("%-16s %7.1f s  ratio %.2f (at least %.1f)  peak %.1f MB (below %.0f)  %s\n", what, seconds, ratio, BUDGET_RATIO, mb, BUDGET_MB,
	       good ? "holds" : "MISSED");
	fflush(stdout);
	return good ? 0 : 1;
}

static double parse_all(const char *path, uint64_t n, uint64_t per_file, double *decoded, uint64_t *bytes)
{
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	double jansson = 0;

	for (uint64_t i = 0; i < n; i += per_file) {
		json_t *j;
		double at;

		make_file(path, &file, i, n - i < per_file ? n - i : per_file);
		*bytes += file.len;
		at = now();
		j = json_loadb((char *)file.data, file.len, JSON_REJECT_DUPLICATES, NULL);
		json_decref(j);
		jansson += now() - at;
		*decoded += decode_file(afd_buf_slice(&file));
	}
	return jansson;
}

/* As a collection does it: all is in the ledger before tables are derived. */
static double store_all(struct afd_store *st, const char *path, uint64_t n, uint64_t per_file, double *kept)
{
	static const struct afd_env env = { .now_ms = noon, .random = chance };
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	struct afd_error err = { 0 };
	double at;

	for (uint64_t i = 0; i < n; i += per_file) {
		make_file(path, &file, i, n - i < per_file ? n - i : per_file);
		at = now();
		store_file(st, &env, afd_buf_slice(&file));
		*kept += now() - at;
	}
	at = now();
	must(afd_derive(st, afd_decode_item, NULL, &err), &err);
	return now() - at;
}

int main(int argc, char **argv)
{
	const uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000, per_file = argc > 3 ? strtoull(argv[3], NULL, 10) : 1000;
	double jansson, decoded = 0, derived, kept = 0;
	uint64_t bytes = 0;
	struct afd_store *st = NULL;
	struct afd_error err = { 0 };
	char db[4096], path[4096];
	int missed;

	if (argc < 2 || !per_file) {
		fprintf(stderr, "bench_events DIR [N [PER_FILE]]\n");
		return 2;
	}
	snprintf(db, sizeof(db), "%s/evidence.db", argv[1]);
	snprintf(path, sizeof(path), "%s/records.json", argv[1]);
	remove(db);
	jansson = parse_all(path, n, per_file, &decoded, &bytes);
	printf("%" PRIu64 " records of CloudTrail, %.0f MB in files of %" PRIu64 ": %" PRIu64 " events, %" PRIu64 " claims\n%-16s %7.1f s\n", n, (double)bytes / 1e6,
	       per_file, events, claims, "jansson", jansson);
	missed = tell("decoded", decoded, jansson);
	if (afd_store_open(db, AFD_STORE_CREATE, &st, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	derived = store_all(st, path, n, per_file, &kept);
	afd_store_close(st);
	missed |= tell("into the store", derived, jansson);
	printf("%-16s %7.1f s  (split, sealed and sequenced; no budget)\n", "into the ledger", kept);
	remove(path);
	return missed;
}
