/* libs: collector core crypto. A certificate, then the same bytes as a TBSCertificate: walk, names, texts, stripping. */
#include "collector/ct/ct_entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_name(void *p, enum afd_ct_name_kind kind, uint8_t tag, struct afd_slice raw)
{
	struct afd_ct_watch *w = p;
	struct afd_buf text = { 0 };

	if (kind != AFD_CT_IP)
		(void)afd_ct_watch_matches(w, raw);
	if (afd_ct_name_text(kind, tag, raw, &text) == 0)
		for (size_t i = 0; i < text.len; i++)
			if (text.data[i] < 0x20 || text.data[i] >= 0x7f)
				abort();          /* what reaches tables and reports is printable */
	afd_buf_release(&text);
	return 0;
}

static void one(struct afd_slice der, bool tbs_only)
{
	static const char *const names[] = { "example.test", "a.b" };
	struct afd_buf dn = { 0 }, tbs = { 0 }, twice = { 0 };
	struct afd_ct_cert c, again;
	struct afd_ct_watch *w = NULL;
	int64_t t;

	if (afd_ct_cert_walk(der, tbs_only, &c, NULL) < 0 || afd_ct_watch_new(names, 2, &w, NULL) < 0)
		return;
	afd_ct_names(&c, read_name, w, NULL);
	afd_ct_dn_text(c.issuer, &dn, NULL);
	(void)afd_der_time(&c.not_before, &t);
	(void)afd_der_time(&c.not_after, &t);
	/* what was stripped can be walked, and has nothing left to strip */
	if (afd_ct_tbs_stripped(&c, &tbs, NULL) == 0) {
		if (afd_ct_cert_walk(afd_buf_slice(&tbs), true, &again, NULL) < 0 || afd_ct_tbs_stripped(&again, &twice, NULL) < 0 ||
		    !afd_slice_equal(afd_buf_slice(&tbs), afd_buf_slice(&twice)))
			abort();
	}
	afd_ct_watch_free(w);
	afd_buf_release(&dn);
	afd_buf_release(&tbs);
	afd_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	one(afd_slice(data, size), false);
	one(afd_slice(data, size), true);
	return 0;
}
