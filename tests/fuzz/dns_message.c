/* Links: collector, core (crypto, jansson). A DNS message from a stranger: every name and every record that is accepted has one
 * text, and that text reads back as itself. */
#include "collector/zone/dns_rdata.h"
#include "collector/zone/tsig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool cond)
{
	if (!cond)
		abort();
}

static void look_at_name(const struct afd_dns_name *n)
{
	char text[AFD_DNS_TEXT_MAX];
	struct afd_dns_name back;
	size_t len = afd_dns_name_text(n, false, text);

	must(len > 0 && len < sizeof(text) && text[len] == 0);
	must(afd_dns_name_parse(afd_slice(text, len), &back, NULL) == 0);
	must(back.len == n->len && memcmp(back.wire, n->wire, n->len) == 0);
	must(afd_dns_name_below(n, n) && afd_dns_name_equal(n, &back));
}

static void look_at_record(const struct afd_dns_message *m, const struct afd_dns_rr *rr)
{
	AFD_AUTO(buf) struct afd_buf text = { 0 };
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct afd_error err = { 0 };
	char type[16];
	uint16_t t;

	must(rr->rdata + rr->rdlen <= m->whole.len);
	look_at_name(&rr->owner);
	afd_dns_type_text(rr->type, type);
	must(afd_dns_type_parse(afd_slice_text(type), &t) == 0 && t == rr->type);
	if (afd_dns_rdata_text(m, rr, &text, &err) < 0) {
		must(err.text[0] && text.len == 0);
		return;
	}
	for (size_t i = 0; i < text.len; i++)
		must(text.data[i] >= 0x20 && text.data[i] < 0x7f);
	must(afd_dns_rdata_canonical(rr->type, afd_buf_slice(&text), &again, NULL) == 0);
	must(again.len == text.len && (text.len == 0 || memcmp(again.data, text.data, text.len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct afd_dns_message m;
	struct afd_dns_question q;
	struct afd_dns_rr rr;
	struct afd_tsig tsig;
	struct afd_error err = { 0 };
	char ede[AFD_DNS_EDE_TEXT];

	if (afd_dns_parse(afd_slice(data, size), &m, &err) < 0) {
		must(err.text[0]);
		return 0;
	}
	afd_dns_extended_error(&m, ede);
	must(strlen(ede) < sizeof(ede));
	if (afd_dns_question(&m, &q, NULL) == 0)
		look_at_name(&q.name);
	for (unsigned s = AFD_DNS_ANSWER; s <= AFD_DNS_ADDITIONAL; s++)
		for (struct afd_dns_walk w = afd_dns_walk(&m, s); afd_dns_next(&w, &rr);)
			look_at_record(&m, &rr);
	if (afd_tsig_find(&m, &tsig, NULL) == 1)
		must(tsig.at >= AFD_DNS_HEADER && tsig.at < size && tsig.mac.len < size && tsig.other.len < size);
	return 0;
}
