/* libs: collector core. The canonical form of requests for AWS: lines of input are method, host, path, query, headers. */
#include "collector/api/aws_sign.h"
#include "collector/api/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* XML goes the same way as JSON: what is left after redaction is well-formed, and has nothing left to cut. */
static void xml(struct afd_slice in)
{
	AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
	AFD_AUTO(ranges) struct afd_ranges again = { 0 };
	AFD_AUTO(xml) struct afd_xml *x = NULL;
	AFD_AUTO(buf) struct afd_buf copy = { 0 };

	if (afd_xml_secrets_cut(in, &cuts, NULL) < 0 || afd_buf_add_slice(&copy, in) < 0)
		return;
	for (size_t i = 0; i < cuts.n; i++) {
		if (cuts.at[i].off > copy.len || cuts.at[i].len > copy.len - cuts.at[i].off)
			abort();
		memset(copy.data + cuts.at[i].off, '*', (size_t)cuts.at[i].len);
	}
	if (afd_xml_parse(afd_buf_slice(&copy), "x", &x, NULL) < 0 || afd_xml_secrets_cut(afd_buf_slice(&copy), &again, NULL) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AFD_AUTO(mem) char *text = afd_text_dup(afd_slice(data, size));
	struct afd_aws_header header[40];
	struct afd_aws_request q = { .header = header, .now_ms = INT64_C(1440938160000) };
	const struct afd_aws_credential c = { .access_key_id = "A", .region = "r", .service = "s", .secret = afd_slice_text("k") };
	struct afd_aws_signed s = { 0 };
	AFD_AUTO(buf) struct afd_buf first = { 0 };
	AFD_AUTO(buf) struct afd_buf second = { 0 };
	char *line[44], *at = text;
	size_t n = 0;

	if (size && data[0] == '<')
		xml(afd_slice(data, size));
	if (!text || strlen(text) != size)
		return 0;
	while (at && n < AFD_COUNT(line)) {
		line[n++] = at;
		at = strchr(at, '\n');
		if (at)
			*at++ = '\0';
	}
	if (n < 4)
		return 0;
	q.method = line[0];
	q.host = line[1];
	q.path = line[2];
	q.query = line[3];
	for (size_t i = 4; i < n && q.n_header < AFD_COUNT(header); i++) {
		char *colon = strchr(line[i], ':');

		if (colon) {
			*colon = '\0';
			header[q.n_header++] = (struct afd_aws_header){ line[i], colon + 1 };
		}
	}
	for (int k = 0; k < 4; k++) {
		q.s3 = k & 1;
		q.path_as_is = k & 2;
		first.len = second.len = 0;
		if (afd_aws_canonical(&q, &c, &first, NULL) < 0)
			continue;
		if (afd_aws_canonical(&q, &c, &second, NULL) < 0 || !afd_slice_equal(afd_buf_slice(&first), afd_buf_slice(&second)) ||
		    afd_aws_sign(&q, &c, &s, NULL) < 0)
			abort();
		afd_buf_release(&s.authorization);
		s.authorization = (struct afd_buf){ 0 };
	}
	return 0;
}
