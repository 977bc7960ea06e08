/* A million records of CloudTrail, in files of a thousand: decoded, and decoded into the store, beside jansson parsing the same
 * files in the same run; processor time and memory.
 * Usage: bench_events DIR [N] (DIR: for the store).
 * Budget: decoded at no less than 0.4 times the rate of jansson, 100 MB. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "collector/api/aws_events.h"
#include "evidence/derive.h"
#include "evidence/store.h"

enum { PER_FILE = 1000 };

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

static void make_file(struct afd_buf *to, uint64_t from, uint64_t n)
{
	to->len = 0;
	afd_buf_text(to, "{\"Records\":[");
	for (uint64_t i = 0; i < n; i++) {
		if (i)
			afd_buf_text(to, ",");
		put_record(to, from + i);
	}
	afd_buf_text(to, "]}");
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

static double store_file(struct afd_store *st, const struct afd_env *env, struct afd_slice bytes)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	struct afd_draft d = { .kind = AFD_ITEM_SEGMENT, .source = "trail", .decoder = "aws-cloudtrail-files", .asked = asked, .channel = "file",
		.media_type = "application/json", .asked_ms = noon(NULL), .received_ms = noon(NULL), .server_ms = AFD_TIME_NONE, .bytes = bytes };
	struct afd_error err = { 0 };
	uint64_t size;
	double at;

	if (afd_aws_split(bytes, &parts, &err) < 0)
		abort();
	d.parts = parts;
	if (afd_store_begin(st, &err) < 0 || afd_store_put(st, &d, env, &err) < 0 || afd_store_commit(st, &err) < 0 || afd_store_sequence(st, &size, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	at = now();
	if (afd_derive(st, afd_decode_item, NULL, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return now() - at;
}

static long peak_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000, bytes = 0;
	static const struct afd_env env = { .now_ms = noon, .random = chance };
	double jansson = 0, decoded = 0, stored = 0;
	AFD_AUTO(buf) struct afd_buf file = { 0 };
	struct afd_store *st = NULL;
	struct afd_error err = { 0 };
	char path[4096];
	long peak_decode;

	if (argc < 2)
		return 2;
	for (uint64_t i = 0; i < n; i += PER_FILE) {
		double at;
		json_t *j;

		make_file(&file, i, PER_FILE);
		bytes += file.len;
		at = now();
		j = json_loadb((char *)file.data, file.len, JSON_REJECT_DUPLICATES, NULL);
		json_decref(j);
		jansson += now() - at;
		decoded += decode_file(afd_buf_slice(&file));
	}
	peak_decode = peak_kb();
	printf("%" PRIu64 " records, %.0f MB: jansson %.1f s, decoded %.1f s (%" PRIu64 " events, %" PRIu64 " claims): %.2f times its rate, peak %.1f MB\n", n,
	       (double)bytes / 1e6, jansson, decoded, events, claims, jansson / decoded, (double)peak_decode / 1024);
	fflush(stdout);
	snprintf(path, sizeof(path), "%s/evidence.db", argv[1]);
	remove(path);
	if (afd_store_open(path, AFD_STORE_CREATE, &st, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	for (uint64_t i = 0; i < n; i += PER_FILE) {
		make_file(&file, i, PER_FILE);
		stored += store_file(st, &env, afd_buf_slice(&file));
	}
	afd_store_close(st);
	printf("into the store %.1f s: %.2f times its rate, peak %.1f MB\n", stored, jansson / stored, (double)peak_kb() / 1024);
	return 0;
}
