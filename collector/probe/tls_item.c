#include "collector/probe/tls_item.h"

#include <inttypes.h>
#include <stdio.h>

#include "collector/acme/certificate.h"
#include "collector/lines.h"

#define HEAD "affidavit-tls 1\n"

enum { MOST_BYTES = 1 << 24 };

int afd_tls_item_write(const struct afd_tls_item *i, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_printf(ret, HEAD "host %s\nport %u\noutcome %s\nreason %s\nprotocol %s\naddress %s\nms %" PRId64 "\nroots %s\nroot %zu\n", i->host,
			   (unsigned)i->port, i->outcome, *i->reason ? i->reason : "-", *i->protocol ? i->protocol : "-", *i->address ? i->address : "-",
			   i->at_ms, *i->roots ? i->roots : "-", i->root.len) < 0 ||
	    afd_buf_add_slice(ret, i->root) < 0 || afd_buf_printf(ret, "chain %zu\n", i->chain.len) < 0 || afd_buf_add_slice(ret, i->chain) < 0)
		return afd_fail_memory(err);
	return 0;
}

/* --- reading: exactly these lines --- */

int afd_tls_item_read(struct afd_slice b, struct afd_tls_item *i, struct afd_error *err)
{
	static const char *const outcomes[] = { "presented", "refused", "timeout", "handshake-failed" };
	struct afd_lines l = { .what = "tls" };
	uint64_t port, ms;

	*i = (struct afd_tls_item){ 0 };
	if (afd_lines_begin(&l, b, HEAD, err) < 0 || afd_lines_text(&l, "host", i->host, sizeof(i->host), err) < 0 ||
	    afd_lines_number(&l, "port", 65535, &port, err) < 0 || afd_lines_text(&l, "outcome", i->outcome, sizeof(i->outcome), err) < 0 ||
	    afd_lines_text_or_none(&l, "reason", i->reason, sizeof(i->reason), err) < 0 ||
	    afd_lines_text_or_none(&l, "protocol", i->protocol, sizeof(i->protocol), err) < 0 ||
	    afd_lines_text_or_none(&l, "address", i->address, sizeof(i->address), err) < 0 ||
	    afd_lines_number(&l, "ms", 999999999999999, &ms, err) < 0 || afd_lines_text_or_none(&l, "roots", i->roots, sizeof(i->roots), err) < 0 ||
	    afd_lines_bytes(&l, "root", MOST_BYTES, &i->root, err) < 0 || afd_lines_bytes(&l, "chain", MOST_BYTES, &i->chain, err) < 0 ||
	    afd_lines_end(&l, err) < 0)
		return -1;
	i->port = (uint16_t)port;
	i->at_ms = (int64_t)ms;
	for (size_t k = 0; k < AFD_COUNT(outcomes); k++)
		if (strcmp(outcomes[k], i->outcome) == 0)
			return (k == 0) == (i->chain.len > 0) ? 0 : afd_fail(err, AFD_E_PARSE, "tls: certificates and outcome %s", i->outcome);
	return afd_fail(err, AFD_E_PARSE, "tls: unknown outcome \"%s\"", i->outcome);
}

int afd_tls_chain_split(struct afd_slice chain, struct afd_slice ret[AFD_TLS_CHAIN], struct afd_error *err)
{
	struct afd_reader r = afd_reader(chain);
	int n = 0;

	while (afd_reader_left(&r) > 0) {
		if (n == AFD_TLS_CHAIN)
			return afd_fail(err, AFD_E_LIMIT, "tls: more than %d certificates", AFD_TLS_CHAIN);
		ret[n] = afd_read_bytes(&r, afd_read_u24(&r));
		if (r.bad || ret[n].len == 0)
			return afd_fail(err, AFD_E_PARSE, "tls: certificate %d is cut short", n + 1);
		n++;
	}
	return n;
}

/* --- the row --- */

static void afd_certificate_auto_release(struct afd_certificate *c)
{
	afd_certificate_release(c);
}

/* A certificate that cannot be walked was presented all the same. */
static int put_presented(const struct afd_tls_item *i, struct afd_row_endpoint *row, struct afd_sink *sink, struct afd_error *err)
{
	__attribute__((cleanup(afd_certificate_auto_release))) struct afd_certificate c = { 0 };
	struct afd_slice chain[AFD_TLS_CHAIN];
	struct afd_error broken = { 0 };
	char why[200] = "";
	int n = afd_tls_chain_split(i->chain, chain, err);

	if (n < 0)
		return -1;
	row->chain_ok = afd_tls_chain_leads(chain, (size_t)n, &i->root, i->root.len > 0, i->at_ms, why);
	row->chain_reason = why;
	if (afd_certificate_read(chain[0], n > 1 ? chain[1] : i->root, &c, &broken) < 0) {
		row->reason = broken.text;
		return broken.code == AFD_E_MEMORY ? afd_fail_memory(err) : sink->endpoint(sink->ctx, row, err);
	}
	row->cert_sha256 = c.sha256.s;
	row->tbs_key = c.tbs_key.s;
	row->serial = (const char *)c.serial.data;
	row->issuer = c.issuer.len ? (const char *)c.issuer.data : "";
	row->issuer_key_hash = c.issuer_key_hash.s;
	row->spki_sha256 = c.spki.s;
	row->not_before = c.not_before;
	row->not_after = c.not_after;
	row->name = c.name;
	row->n = c.n;
	row->name_match = afd_tls_name_matches(i->host, c.name, c.n);
	return sink->endpoint(sink->ctx, row, err);
}

int afd_tls_decode(const struct afd_item_view *view, struct afd_sink *sink, struct afd_error *err)
{
	struct afd_tls_item i;

	if (afd_tls_item_read(view->bytes, &i, err) < 0)
		return -1;
	struct afd_row_endpoint row = { .host = i.host, .address = i.address, .protocol = i.protocol, .outcome = i.outcome, .reason = i.reason, .port = i.port,
					.not_before = AFD_TIME_NONE, .not_after = AFD_TIME_NONE, .chain_reason = "", .at_ms = i.at_ms, .part = 0 };

	return i.chain.len ? put_presented(&i, &row, sink, err) : sink->endpoint(sink->ctx, &row, err);
}
