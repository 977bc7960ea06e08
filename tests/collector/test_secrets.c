/* What the redactor cuts out of a provider's answer, and what it leaves: '*' stands where something was cut. */
#include "rows.h"

#include "collector/engine.h"
#include "collector/registrar/json_walk.h"
#include "collector/registrar/secrets.h"

#define SAME NULL

static const struct { const char *in, *out; } rows[] = {
	/* by the name of the key, however it is written */
	{ "{\"password\":\"hunter2\"}", "{\"password\":\"*******\"}" },
	{ "{\"Pass-Word\":\"a\"}", "{\"Pass-Word\":\"*\"}" },
	{ "{\"pass\\u0077ord\":\"hunter2\"}", "{\"pass\\u0077ord\":\"*******\"}" },
	{ "{\"api_key\":\"k\",\"apiKey\":\"k\",\"API KEY\":\"k\"}", "{\"api_key\":\"*\",\"apiKey\":\"*\",\"API KEY\":\"*\"}" },
	{ "{\"auth_code\":\"x\",\"authInfo\":\"x\"}", "{\"auth_code\":\"*\",\"authInfo\":\"*\"}" },
	{ "{\"old_client_secret\":\"x\"}", "{\"old_client_secret\":\"*\"}" },
	{ "{\"cf_access_token\":\"x\"}", "{\"cf_access_token\":\"*\"}" },
	{ "{\"secret\":\"a\\\"b\\n\"}", "{\"secret\":\"******\"}" },
	{ "{\"secret\":\"\"}", SAME },
	{ "{\"secret\":null,\"token\":true}", SAME },
	/* everything below a secret */
	{ "{\"credentials\":{\"user\":\"u\",\"list\":[\"a\",\"b\"],\"n\":12345}}", "{\"credentials\":{\"user\":\"*\",\"list\":[\"*\",\"*\"],\"n\":12345}}" },
	{ "{\"credentials\":{\"user\":\"u\"},\"after\":\"plain\"}", "{\"credentials\":{\"user\":\"*\"},\"after\":\"plain\"}" },
	{ "{\"tokens\":[\"a\",\"b\"]}", "{\"tokens\":[\"*\",\"*\"]}" },
	/* the identity of a token is not its secret */
	{ "{\"token_id\":\"t1\",\"token_name\":\"n\"}", SAME },
	{ "{\"token\":{\"id\":\"t1\",\"name\":\"dns\",\"value\":\"AbCd1234efGH5678ijkl\"}}", "{\"token\":{\"id\":\"t1\",\"name\":\"dns\",\"value\":\"********************\"}}" },
	/* "value" and "key" name other things too */
	{ "{\"id\":\"tls_1_3\",\"value\":\"on\"}", SAME },
	{ "{\"value\":\"ns12.example-hosting.test\"}", SAME },
	{ "{\"value\":\"2001:db8:1234:5678:9abc::1\"}", SAME },
	{ "{\"value\":\"v=spf1 include:a1.test -all\"}", SAME },
	{ "{\"key\":\"AbCd1234efGH5678\"}", "{\"key\":\"****************\"}" },
	{ "{\"key\":\"AbCd1234efGH567\"}", SAME },
	{ "{\"value\":\"eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0\"}", "{\"value\":\"**********************************\"}" },
	{ "{\"content\":\"p4H3aZ0sFqYw2QmJm1bT7cXk9LrVtNdGe5uIoSjKxhA\"}", SAME },
	/* in running text */
	{ "{\"x\":\"Authorization: Bearer abc.def-123\"}", "{\"x\":\"Authorization: ******************\"}" },
	{ "{\"x\":\"sent BEARER abcdefgh, then\"}", "{\"x\":\"sent BEARER ********, then\"}" },
	{ "{\"x\":\"bearer of news\"}", SAME },
	{ "{\"x\":\"Basic dXNlcjpwYXNzd29yZDEyMw==\"}", "{\"x\":\"Basic ************************\"}" },
	{ "{\"x\":\"Basic subscription\"}", SAME },
	{ "{\"uri\":\"/a?zone=1&api_key=abc&x=2\"}", "{\"uri\":\"/a?zone=1&api_key=***&x=2\"}" },
	{ "{\"uri\":\"/a?password=\"}", SAME },
	{ "{\"x\":\"password: hunter2; ok\"}", "{\"x\":\"password: *******; ok\"}" },
	{ "{\"x\":\"https://user:hunter2@host/path\"}", "{\"x\":\"https://user:*******@host/path\"}" },
	{ "{\"x\":\"https://host:8443/path@1\"}", SAME },
	{ "{\"x\":\"-----BEGIN PRIVATE KEY-----\\nabc\"}", "{\"x\":\"********************************\"}" },
	{ "{\"x\":\"k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB\"}", SAME },
	/* JSON in a string */
	{ "{\"x\":\"{\\\"password\\\":\\\"hunter2\\\",\\\"a\\\":1}\"}", "{\"x\":\"{\\\"password\\\":\\\"*******\\\",\\\"a\\\":1}\"}" },
	{ "{\"x\":\"{\\\"password\\\":\\\"a\\\\nb\\\"}\"}", "{\"x\":\"{\\\"password\\\":\\\"*****\\\"}\"}" },
	{ "{\"x\":\"[{\\\"y\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"abc\\\\\\\"}\\\"}]\"}", "{\"x\":\"[{\\\"y\\\":\\\"{\\\\\\\"token\\\\\\\":\\\\\\\"***\\\\\\\"}\\\"}]\"}" },
	{ "{\"x\":\"{\\\"password\\\":123456}\"}", "{\"x\":\"{\\\"password\\\":******}\"}" },
	{ "{\"x\":\"{\\\"password\\\":\\\"hunter2\\\"\"}", "{\"x\":\"{\\\"password\\\":\\\"*******\\\"\"}" },
	/* nothing to cut */
	{ "[]", SAME }, { "{}", SAME }, { "\"x\"", SAME }, { "12", SAME },
	{ "{\"success\":true,\"result_info\":{\"count\":1,\"cursor\":\"AbCd1234efGH5678ijkl\"}}", SAME },
};

static void secrets_are_cut_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(rows); i++) {
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		AFD_AUTO(ranges) struct afd_ranges merged = { 0 };
		AFD_AUTO(buf) struct afd_buf got = { 0 };
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		struct afd_slice in = afd_slice_text(rows[i].in);
		const char *out = rows[i].out ? rows[i].out : rows[i].in;
		struct afd_error err = { 0 };

		if (afd_secrets_cut(in, &cuts, &err) < 0)
			fail_msg("%s: %s", rows[i].in, err.text);
		assert_int_equal(afd_redact_apply(in, &cuts, &got, &merged, &err), 0);
		if (strcmp(text_of(got), out))
			fail_msg("%s\n  expected %s\n  got      %s", rows[i].in, out, text_of(got));
		assert_int_equal(got.len, in.len);
		/* what is left is still JSON, and the ranges name every star that was put there */
		assert_int_equal(afd_json_parse(afd_buf_slice(&got), "x", &d, &err), 0);
		for (size_t k = 0, at = 0; k <= merged.n; k++) {
			size_t to = k < merged.n ? merged.at[k].off : in.len;

			assert_true(at <= to);
			assert_memory_equal(in.data + at, got.data + at, to - at);
			if (k < merged.n)
				at = to + merged.at[k].len;
		}
	}
}

static void what_cannot_be_cut_is_refused(void **state)
{
	static const struct { const char *in, *error; } bad[] = {
		{ "", "" },
		{ "{\"a\":1", "" },
		{ "{\"a\":1,\"a\":2}", "" },
		{ "{\"password\":123456}", "a number under the key \"password\" may be a secret" },
		{ "{\"token\":-12.5e9}", "a number under the key \"token\" may be a secret" },
	};

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(bad); i++) {
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		struct afd_error err = { 0 };

		assert_int_equal(afd_secrets_cut(afd_slice_text(bad[i].in), &cuts, &err), -1);
		if (*bad[i].error)
			assert_string_equal(err.text, bad[i].error);
	}
}

/* A text made of beginnings of secrets costs one walk, not one per beginning. */
static void a_hostile_text_is_searched_once(void **state)
{
	static const char *const words[] = { "token:", "value=", "bearer ", "a://", "password=\\\\" };

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(words); i++) {
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		struct afd_error err = { 0 };

		assert_int_equal(afd_buf_text(&text, "{\"x\":\""), 0);
		while (text.len < 1024u * 1024)
			assert_int_equal(afd_buf_text(&text, words[i]), 0);
		assert_int_equal(afd_buf_text(&text, "\"}"), 0);
		assert_int_equal(afd_secrets_cut(afd_buf_slice(&text), &cuts, &err), 0);
	}
}

/* --- places of values --- */

static void expect_tiles(const char *json, const char *expected)
{
	AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
	AFD_AUTO(buf) struct afd_buf got = { 0 };
	struct afd_error err = { 0 };

	if (afd_json_tile(afd_slice_text(json), "result", &parts, &err) < 0)
		afd_buf_text(&got, err.text);
	else
		for (size_t i = 0; i < parts.n; i++)
			afd_buf_printf(&got, "%.*s~", (int)parts.at[i].len, json + parts.at[i].off);
	assert_string_equal(text_of(got), expected);
}

static void elements_are_parts(void **state)
{
	(void)state;
	expect_tiles("{\"result\":[{\"a\":1},[2],\"t]\",4, null ],\"x\":[5]}", "{\"result\":[~{\"a\":1}~,~[2]~,~\"t]\"~,~4~, ~null~ ],\"x\":[5]}~");
	expect_tiles("{\"x\":{\"result\":[1,2]},\"result\":[3]}", "{\"x\":{\"result\":[1,2]},\"result\":[~3~]}~");
	expect_tiles("{\"result\":[]}", "{\"result\":[]}~");
	expect_tiles("{\"result\":null}", "{\"result\":null}~");
	expect_tiles("[1]", "[1]~");
	expect_tiles("{\"result\":[1,", "JSON broken at byte 13");
	expect_tiles("{\"result\":[1}", "JSON broken at byte 12");
	expect_tiles("{\"a\"", "JSON broken at byte 4");
	expect_tiles("\"abc\\", "JSON broken at byte 6");
	expect_tiles("1 2", "JSON broken at byte 2");
	expect_tiles("", "JSON broken at byte 0");
}

static void depth_has_a_ceiling(void **state)
{
	char deep[200];

	(void)state;
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	deep[130] = '\0';
	expect_tiles(deep, "JSON nested deeper than 64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_cut_and_nothing_else),
		cmocka_unit_test(what_cannot_be_cut_is_refused),
		cmocka_unit_test(a_hostile_text_is_searched_once),
		cmocka_unit_test(elements_are_parts),
		cmocka_unit_test(depth_has_a_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
