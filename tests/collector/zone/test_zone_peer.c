/* Verdicts on other people's test zones, beside those of named-checkzone -i none 9.18.49, kzonecheck 3.2.6 and ldns-read-zone
 * 1.8.3 (recorded: other versions say other things). Ours is about syntax alone, so most differences are zones that can be
 * read and make no sense. Every difference has its reason. The zones are no part of this repository. */
#include "check.h"

#include "collector/zone/zone_set.h"
#include "core/file.h"

/* verdict: ours, named-checkzone, kzonecheck, ldns-read-zone; + taken, - refused */
static const struct { const char *file, *verdict, *why; } row[] = {
	{ "bad-_dns-svcb1.db", "++-+", "knot 3.2: dohpath is not known" },
	{ "bad-_dns-svcb2.db", "++++", NULL },
	{ "bad-_dns-svcb3.db", "++++", NULL },
	{ "bad-_dns-svcb4.db", "++++", NULL },
	{ "bad-_dns-svcb5.db", "++++", NULL },
	{ "bad-_dns-svcb6.db", "++++", NULL },
	{ "bad-caa-rr.db", "----", NULL },
	{ "bad-cdnskey.db", "+-++", "keys that do not fit one another: BIND judges the zone" },
	{ "bad-cds.db", "+-++", "keys that do not fit one another: BIND judges the zone" },
	{ "bad-cname-and-a.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-aaaa.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-caa.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-cdnskey.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-cds.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-cert.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-csync.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-dlv.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-dname.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-dsync.db", "+---", "CNAME with other data: what the zone means, not its syntax; ldns 1.8 does not know DSYNC" },
	{ "bad-cname-and-https.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-ipseckey.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-mx.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-ns-soa.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-ptr.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-srv.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-svcb.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-tlsa.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-txt.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-cname-and-zonemd.db", "+--+", "CNAME with other data: what the zone means, not its syntax" },
	{ "bad-dhcid.db", "----", NULL },
	{ "bad-dns-sd-reverse.db", "++-+", "knot takes fewer characters in names (here !@#)" },
	{ "bad-ds-2.db", "++++", NULL },
	{ "bad-ds.db", "+-++", "DS at the apex: what the zone means" },
	{ "bad-eid.db", "----", NULL },
	{ "bad-eui48-no-leading-zero.db", "-+-+", "RFC 7043, 3.2: two digits each; BIND and ldns take one" },
	{ "bad-eui48-three-digits.db", "----", NULL },
	{ "bad-eui48-too-short.db", "----", NULL },
	{ "bad-eui48-trailing-garbage.db", "-+--", "text behind the address: BIND 9.18 does not see it" },
	{ "bad-eui64-no-leading-zero.db", "-+-+", "RFC 7043, 4.2: two digits each; BIND and ldns take one" },
	{ "bad-eui64-three-digits.db", "----", NULL },
	{ "bad-eui64-too-short.db", "----", NULL },
	{ "bad-eui64-trailing-garbage.db", "-+--", "text behind the address: BIND 9.18 does not see it" },
	{ "bad-generate-garbage.db", "----", NULL },
	{ "bad-generate-missing-brace.db", "----", NULL },
	{ "bad-generate-range.db", "----", NULL },
	{ "bad-generate-tkey.db", "----", NULL },
	{ "bad-include-directory.db", "----", NULL },
	{ "bad-nsap-empty.db", "---+", "an NSAP of no bytes: ldns takes it" },
	{ "bad-nsap-odd-nibble.db", "---+", "half a byte: ldns takes it" },
	{ "bad-nsec3-length.db", "+---", "a hash of 14 bytes: BIND holds it against the algorithm, knot and ldns want whole groups of base32" },
	{ "bad-nsec3-padded.db", "--++", "RFC 5155, 3.3: no padding; knot and ldns take it" },
	{ "bad-nsec3owner-padded.db", "+---", "an owner that is no hash: rules about names, not syntax; ldns stumbles over the hash behind it" },
	{ "bad-rpz-prefix.db", "++++", NULL },
	{ "bad-svcb-alpn1.db", "---+", "an empty protocol behind an escaped comma: ldns does not look" },
	{ "bad-svcb-alpn2.db", "---+", "an empty protocol behind an escaped comma: ldns does not look" },
	{ "bad-svcb-alpn3.db", "---+", "an empty protocol behind an escaped comma: ldns does not look" },
	{ "bad-svcb-alpn4.db", "----", NULL },
	{ "bad-svcb-alpn5.db", "----", NULL },
	{ "bad-svcb-alpn6.db", "----", NULL },
	{ "bad-svcb-mandatory.db", "+--+", "mandatory names itself: what the record means" },
	{ "bad-svcb-servername.db", "++++", NULL },
	{ "bad-svcb.db", "----", NULL },
	{ "bad-tkey.db", "----", NULL },
	{ "bad-unspec.db", "----", NULL },
	{ "bad1.db", "----", NULL },
	{ "bad2.db", "----", NULL },
	{ "bad3.db", "----", NULL },
	{ "bad4.db", "----", NULL },
	{ "badttl.db", "----", NULL },
	{ "crashzone.db", "+---", "the SOA is outside the zone: left out, and the others then miss it" },
	{ "delegating-ns-address-below-dname.db", "+--+", "checked under another zone name: all is outside, and the others miss an SOA" },
	{ "er-missing.db", "++++", NULL },
	{ "er.db", "++++", NULL },
	{ "generate-overflow.db", "++--", "knot and ldns do not know $GENERATE" },
	{ "good-cdnskey.db", "++++", NULL },
	{ "good-cds-unsigned.db", "++++", NULL },
	{ "good-cds.db", "++++", NULL },
	{ "good-dns-sd-reverse.db", "++-+", "knot takes fewer characters in names (here !@#)" },
	{ "good-gc-msdcs.db", "++++", NULL },
	{ "good-generate-modifier.db", "++--", "knot and ldns know no $GENERATE with a number below zero" },
	{ "good-nsap.db", "++-+", "knot 3.2 does not know NSAP" },
	{ "good-nsec3-nopadhash.db", "++--", "a hash of 3 bytes without padding (RFC 5155, 3.3): knot and ldns want whole groups of base32" },
	{ "good-occulted-ns-by-dname.db", "++-+", "records below a DNAME: what the zone means" },
	{ "good-occulted-ns-by-ns.db", "++++", NULL },
	{ "good-rpz-prefix.db", "++++", NULL },
	{ "good-spf-exception.db", "++++", NULL },
	{ "good-svcb.db", "++-+", "knot 3.2: a key that it does not know" },
	{ "good1.db", "++-+", "NS beside DNAME: what the zone means" },
	{ "inherit.db", "---+", "no owner was named before: ldns takes the origin" },
	{ "nowarn.inherited.owner.db", "----", NULL },
	{ "ns-address-below-dname.db", "+--+", "checked under another zone name: all is outside, and the others miss an SOA" },
	{ "spf.db", "++++", NULL },
	{ "test1.db", "++++", NULL },
	{ "test2.db", "++++", NULL },
	{ "warn.deprecated.cds-sha1.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.deprecated.digest-sha1.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.deprecated.ds-alg.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.deprecated.key-alg.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.deprecated.nsec3rsasha1.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.deprecated.rsasha1.db", "++-+", "signed zone, whose signatures knot verifies" },
	{ "warn.inherit.origin.db", "----", NULL },
	{ "warn.inherited.owner.db", "----", NULL },
	{ "warn.no-a.server.db", "++++", NULL },
	{ "warn.no-a.server.glue.db", "++++", NULL },
	{ "warn.no-aaaa.server.db", "++++", NULL },
	{ "warn.no-aaaa.server.glue.db", "++++", NULL },
	{ "zone1.db", "+--+", "checked under another zone name: all is outside, and the others miss an SOA" },
};

static int not_there(void *ctx, struct afd_slice file, struct afd_buf *ret, struct afd_error *err)
{
	(void)ctx;
	(void)ret;
	return afd_fail(err, AFD_E_IO, "%.*s: not there", (int)file.len, (const char *)file.data);
}

static void verdicts_are_as_in_the_table(void **state)
{
	struct afd_dns_name zone;
	size_t apart = 0;

	(void)state;
	if (!has_sample("zone/peer/bind9-checkzone"))
		skip();
	assert_int_equal(afd_dns_name_parse(afd_slice_text("example"), &zone, NULL), 0);
	for (size_t i = 0; i < AFD_COUNT(row); i++) {
		AFD_AUTO(mem) char *part = afd_sprintf("zone/peer/bind9-checkzone/%s", row[i].file);
		AFD_AUTO(mem) char *path = sample_path(part);
		AFD_AUTO(buf) struct afd_buf text = { 0 };
		AFD_AUTO(zone_set) struct afd_zone_set *set = afd_zone_set_new(&zone);
		struct afd_error err = { 0 };
		uint64_t outside = 0;
		const struct afd_zone_text_options o = { .zone = &zone, .include = not_there, .outside = &outside };
		assert_int_equal(afd_file_read(path, 1 << 20, &text, NULL), 0);
		const bool taken = afd_zone_text_walk(afd_buf_slice(&text), &o, afd_zone_set_take, set, &err) == 0;
		if (taken != (row[i].verdict[0] == '+'))
			fail_msg("%s: %s", row[i].file, taken ? "taken" : err.text);
		/* a refusal says where */
		row_true(taken || strncmp(err.text, "line ", 5) == 0, row[i].file);
		const bool differs = strspn(row[i].verdict, "+") % 4 != 0 || (row[i].verdict[0] == '-' && strchr(row[i].verdict, '+'));
		row_true(differs == (row[i].why != NULL), row[i].file);
		apart += differs;
	}
	assert_true(apart > 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts_are_as_in_the_table) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
