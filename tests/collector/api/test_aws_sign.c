/* AWS Signature Version 4: our own vectors, and the vendor's where they are at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>
#include <dirent.h>

#include "collector/api/aws_sign.h"
#include "collector/api/edgegrid.h"
#include "core/digest.h"
#include "core/doc.h"
#include "transport/transport.h"

#define AT INT64_C(1440938160000)              /* 2015-08-30T12:36:00Z */

static struct afd_aws_credential key(void)
{
	return (struct afd_aws_credential){ .access_key_id = "AKIDEXAMPLE", .region = "us-east-1", .service = "service",
		.secret = afd_slice_text("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") };
}

/* --- ours: what the canonical form of a path, a query and headers is --- */

static const struct { const char *path, *query, *canonical_path, *canonical_query; bool s3; } forms[] = {
	{ "", NULL, "/", "" },
	{ "/", "", "/", "" },
	{ "/a/b", NULL, "/a/b", "" },
	{ "/a//b/./c/../d", NULL, "/a/b/d", "" },
	{ "/../..", NULL, "/", "" },
	{ "/a/", NULL, "/a/", "" },
	{ "/a%2Fb", NULL, "/a%252Fb", "" },
	{ "/a b", NULL, "/a%20b", "" },
	{ "/a%20b", NULL, "/a%2520b", "" },
	{ "/a//b/./c", NULL, "/a//b/./c", "", true },
	{ "/a b%2Fc", NULL, "/a%20b%2Fc", "", true },
	{ "/", "b=2&a=1", "/", "a=1&b=2" },
	{ "/", "a=2&a=1&A=3", "/", "A=3&a=1&a=2" },
	{ "/", "a", "/", "a=" },
	{ "/", "a=&b", "/", "a=&b=" },
	{ "/", "a=1&&b=2&", "/", "a=1&b=2" },
	{ "/", "a=b=c", "/", "a=b%3Dc" },
	{ "/", "a=%7e~/+", "/", "a=~~%2F%2B" },
	{ "/", "x=\xe1\x88\xb4", "/", "x=%E1%88%B4" },
	{ "/", "name=www.example.test.&type=A&identifier=blue%2F1&maxitems=300", "/",
	  "identifier=blue%2F1&maxitems=300&name=www.example.test.&type=A" },
	{ "/", "a=%", "/", "a=%25" },
	{ "/", "a=%0", "/", "a=%250" },
};

static void paths_and_queries_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(forms); i++) {
		const struct afd_aws_request q = { .method = "GET", .host = "h", .path = forms[i].path, .query = forms[i].query,
			.now_ms = AT, .s3 = forms[i].s3 };
		const struct afd_aws_credential c = key();
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(mem) char *expected = afd_sprintf("GET\n%s\n%s\nhost:h\n", forms[i].canonical_path, forms[i].canonical_query);
		struct afd_error err = { 0 };

		if (afd_aws_canonical(&q, &c, &got, &err) < 0)
			fail_msg("%s", err.text);
		if (strncmp((char *)got.data, expected, strlen(expected)))
			fail_msg("%s?%s\n  expected: %s\n  got: %s", forms[i].path, forms[i].query ? forms[i].query : "", expected, (char *)got.data);
	}
}

static void headers_are_sorted_trimmed_and_joined(void **state)
{
	static const struct afd_aws_header header[] = { { "X-B", "  two   words\t here " }, { "x-a", "1" }, { "X-A", "2" }, { "Content-Type", "" } };
	const struct afd_aws_request q = { .method = "POST", .host = "h:8", .path = "/", .header = header, .n_header = 4,
		.payload = afd_slice_text("x"), .now_ms = AT };
	struct afd_aws_credential c = key();
	AFD_AUTO(buf) struct afd_buf got = { 0 };

	(void)state;
	c.token = afd_slice_text("tok");
	assert_int_equal(afd_aws_canonical(&q, &c, &got, NULL), 0);
	assert_string_equal((char *)got.data, "POST\n/\n\ncontent-type:\nhost:h:8\nx-a:1,2\nx-amz-date:20150830T123600Z\nx-amz-security-token:tok\n"
	                    "x-b:two words here\n\ncontent-type;host;x-a;x-amz-date;x-amz-security-token;x-b\n"
	                    "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
	c.token_after = true;
	got.len = 0;
	assert_int_equal(afd_aws_canonical(&q, &c, &got, NULL), 0);
	assert_null(strstr((char *)got.data, "token"));
}

static void s3_signs_the_digest_of_the_payload(void **state)
{
	struct afd_aws_request q = { .method = "GET", .host = "b.s3.amazonaws.com", .path = "/k", .now_ms = AT, .s3 = true };
	const struct afd_aws_credential c = key();
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_aws_signed s = { 0 };

	(void)state;
	assert_int_equal(afd_aws_canonical(&q, &c, &got, NULL), 0);
	assert_non_null(strstr((char *)got.data, "\nx-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"));
	q.unsigned_payload = true;
	got.len = 0;
	assert_int_equal(afd_aws_canonical(&q, &c, &got, NULL), 0);
	assert_non_null(strstr((char *)got.data, "\nx-amz-content-sha256:UNSIGNED-PAYLOAD\n"));
	assert_string_equal((char *)got.data + got.len - 16, "UNSIGNED-PAYLOAD");
	assert_int_equal(afd_aws_sign(&q, &c, &s, NULL), 0);
	assert_string_equal(s.payload, "UNSIGNED-PAYLOAD");
	assert_string_equal(s.date, "20150830T123600Z");
	afd_buf_release(&s.authorization);
}

/* --- the vendor's --- */

static char *file_at(const char *dir, const char *name)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);
	struct afd_buf b = { 0 };

	if (afd_user_file_read(path, &b, NULL, NULL) < 0)
		fail_msg("%s", path);
	afd_buf_text(&b, "");
	return b.data ? (char *)b.data : strdup("");
}

/* request.txt: the request line, headers to an empty line or the end, the body. */
static void read_request(char *text, struct afd_aws_request *q, struct afd_aws_header *header, char **path)
{
	char *end = strstr(text, "\n\n"), *line = strchr(text, '\n'), *version, *mark;

	q->payload = afd_slice_text(end ? end + 2 : "");
	if (end)
		*end = '\0';
	if (line)
		*line++ = '\0';
	*path = strchr(text, ' ');
	assert_non_null(*path);
	*(*path)++ = '\0';
	version = strrchr(*path, ' ');
	assert_non_null(version);
	*version = '\0';
	mark = strchr(*path, '?');
	if (mark)
		*mark++ = '\0';
	q->method = text;
	q->path = *path;
	q->query = mark;
	while (line && *line) {
		char *next = strchr(line, '\n'), *colon = strchr(line, ':');

		if (next)
			*next++ = '\0';
		assert_non_null(colon);
		*colon++ = '\0';
		if (!strcasecmp(line, "host"))
			q->host = colon;
		else
			header[q->n_header++] = (struct afd_aws_header){ line, colon };
		line = next;
	}
}

/* A header that goes on in the next line (obsolete folding) is one value for the vendor; requests of ours have none. */
static void vendor_vector(const char *dir, bool *folded)
{
	AFD_AUTO(mem) char *request = file_at(dir, "request.txt"), *canonical = file_at(dir, "header-canonical-request.txt");
	AFD_AUTO(mem) char *to_sign = file_at(dir, "header-string-to-sign.txt"), *signature = file_at(dir, "header-signature.txt");
	AFD_AUTO(mem) char *context = file_at(dir, "context.json");
	AFD_AUTO(doc) struct afd_doc *d = NULL;
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	AFD_AUTO(buf) struct afd_buf string = { 0 };
	struct afd_aws_signed s = { 0 };
	struct afd_aws_header header[32];
	struct afd_aws_request q = { .header = header, .now_ms = AT };
	struct afd_aws_credential c = key();
	const struct afd_node *root, *node;
	char *path;

	*folded = strstr(request, "\n ") != NULL;
	if (*folded)
		return;
	assert_int_equal(afd_json_parse(afd_slice_text(context), "context", &d, NULL), 0);
	root = afd_doc_root(d);
	if (afd_node_text(afd_node_get(afd_node_get(root, "credentials"), "token")))
		c.token = afd_slice_text(afd_node_text(afd_node_get(afd_node_get(root, "credentials"), "token")));
	node = afd_node_get(root, "omit_session_token");
	c.token_after = node && node->type == AFD_BOOL && node->u.i;
	node = afd_node_get(root, "normalize");
	q.hash_header = afd_node_get(root, "sign_body") && afd_node_get(root, "sign_body")->u.i;
	q.path_as_is = node && node->type == AFD_BOOL && !node->u.i;
	read_request(request, &q, header, &path);
	if (afd_aws_canonical(&q, &c, &got, NULL) < 0 || afd_aws_string_to_sign(&q, &c, afd_buf_slice(&got), &string, NULL) < 0 ||
	    afd_aws_sign(&q, &c, &s, NULL) < 0)
		fail_msg("%s", dir);
	if (strcmp((char *)got.data, canonical))
		fail_msg("%s\n  expected: %s\n  got: %s", dir, canonical, (char *)got.data);
	if (strcmp((char *)string.data, to_sign))
		fail_msg("%s\n  expected: %s\n  got: %s", dir, to_sign, (char *)string.data);
	assert_string_equal(strstr((char *)s.authorization.data, "Signature=") + 10, signature);
	afd_buf_release(&s.authorization);
}

static void vectors_of_the_vendor(void **state)
{
	const char *shared = getenv("AFFIDAVIT_SHARED");
	AFD_AUTO(mem) char *dir = shared ? afd_sprintf("%s/data/providers/aws/sigv4-test-suite", shared) :
		afd_sprintf("%s/../shared/data/providers/aws/sigv4-test-suite", getenv("AFFIDAVIT_SOURCE"));
	struct dirent **all;
	int n = scandir(dir, &all, NULL, alphasort), seen = 0, left = 0;

	(void)state;
	if (n < 0) {
		free(afd_steal(&dir));
		skip();
	}
	for (int i = 0; i < n; i++) {
		if (all[i]->d_name[0] != '.') {
			AFD_AUTO(mem) char *one = afd_sprintf("%s/%s", dir, all[i]->d_name);
			bool folded;

			vendor_vector(one, &folded);
			seen++;
			left += folded;
		}
		free(all[i]);
	}
	free(all);
	assert_true(seen >= 17);
	assert_int_equal(left, 0);
}

/* Signatures of EdgeGrid as the vendor's own client makes them. */
static const struct { const char *url, *signature; } edgegrid[] = {
	{ "/", "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=" },
	{ "", "tL+y4hxyHxgWVD30X3pWnGKHcPzmrIF+LThiAOhMxYU=" },
	{ "/testapi/v1/t1?p1=1&p2=2", "hKDH1UlnQySSHjvIcZpDMbQHihTQ0XyVAKZaApabdeA=" },
};

static void test_edgegrid(void **state)
{
	const struct afd_edgegrid k = { "akab-client-token-xxx-xxxxxxxxxxxxxxxx", "akab-access-token-xxx-xxxxxxxxxxxxxxxx",
		afd_slice_text("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=") };
	int64_t at;

	(void)state;
	assert_int_equal(afd_when_parse("2014-03-21T19:34:21Z", &at, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(edgegrid); i++) {
		AFD_AUTO(mem) char *url = afd_sprintf("https://akaa-baseurl-xxxxxxxxxxx-xxxxxxxxxxxxx.luna.akamaiapis.net%s", edgegrid[i].url);
		AFD_AUTO(buf) struct afd_buf got = { 0 };

		assert_int_equal(afd_edgegrid_sign(&k, "GET", url, afd_slice("", 0), "nonce-xx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", at, &got, NULL), 0);
		assert_string_equal(strstr((char *)got.data, "signature=") + 10, edgegrid[i].signature);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_queries_have_one_form),
		cmocka_unit_test(headers_are_sorted_trimmed_and_joined),
		cmocka_unit_test(s3_signs_the_digest_of_the_payload),
		cmocka_unit_test(vectors_of_the_vendor), cmocka_unit_test(test_edgegrid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
