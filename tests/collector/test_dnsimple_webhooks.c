/* Webhooks of DNSimple: every sample of the vendor, and what is odd. */
#include "rows.h"

#include <glob.h>

#include "core/file.h"

#define T0 INT64_C(1785585600000)

static int said(void *ctx, const struct afd_row_event *e, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "%s %s %s %s%s", e->action, rows_or(e->domain), e->actor_kind, e->outcome, e->at.from == T0 ? "" : " at another time");
}

static int said_claim(void *ctx, const struct afd_row_claim *c, struct afd_error *err)
{
	(void)err;
	for (size_t i = 0; i < c->n; i++)
		afd_buf_printf(ctx, " %c%s/%s/%s", c->rr[i].add ? '+' : '-', c->rr[i].owner, rows_or(c->rr[i].type), rows_or(c->rr[i].rdata));
	return 0;
}

static void say(struct afd_slice file, struct afd_buf *to)
{
	struct afd_range whole = { 0, file.len };
	struct afd_record record = { .kind = AFD_ITEM_SEGMENT, .source = (char *)"d", .decoder = (char *)"dnsimple-webhooks", .asked = (char *)"dnsimple acme x.http",
		.received_ms = T0 + 5, .server_ms = T0 };
	struct afd_item_view view = { .record = &record, .bytes = file, .parts = { &whole, 1, 1 } };
	struct afd_sink sink = { .ctx = to, .event = said, .claim = said_claim };
	struct afd_error err = { 0 };

	afd_buf_text(to, "");
	if (afd_decode_item(NULL, &view, &sink, &err) < 0)
		afd_buf_printf(to, "refused");
}

/* verb, domain, kind of actor, outcome, claim; AFFIDAVIT_SHOW=1 prints the table anew */
static const struct { const char *file, *row; } samples[] = {
	{ "account.billing_settings_update__example", "billing.update - person success" },
	{ "account.sso_user_add__example", "member.add - provider success" },
	{ "account.update__example", "account.update - person success" },
	{ "account.user_invitation_accept__example", "member.add - person success" },
	{ "account.user_invitation_revoke__example", "member.remove - person success" },
	{ "account.user_invite__example", "member.add - person success" },
	{ "account.user_remove__example", "member.remove - person success" },
	{ "certificate.issue__example", "other.dnsimple.certificate.issue - provider success" },
	{ "certificate.remove_private_key__example", "other.dnsimple.certificate.remove_private_key - person success" },
	{ "contact.create__example", "contact.change - person success" },
	{ "contact.delete__example", "contact.change - person success" },
	{ "contact.update__example", "contact.change - person success" },
	{ "dnssec.create__example", "dnssec.enable example-20230920163010.com person success" },
	{ "dnssec.delete__example", "dnssec.disable example-20230920163010.com person success" },
	{ "dnssec.rotation_complete__example", "dnssec.update example-20230920163010.com provider success" },
	{ "dnssec.rotation_start__example", "dnssec.update example-20230920163010.com provider success" },
	{ "domain.auto_renewal_disable__example", "auto-renew.disable example-alpha.com person success" },
	{ "domain.auto_renewal_enable__example", "auto-renew.enable example-alpha.com person success" },
	{ "domain.create__example", "domain.create example-beta.com credential success" },
	{ "domain.delegation_change__example", "ns.change example-alpha.com person success" },
	{ "domain.delete__example", "domain.delete example-delta.com person success" },
	{ "domain.register__example", "domain.create example-alpha.com provider success" },
	{ "domain.register__status-cancelled", "domain.create example-alpha.com credential failure" },
	{ "domain.register__status-started", "domain.create example-alpha.com credential unknown" },
	{ "domain.registrant_change__example", "contact.change example-alpha.com person success" },
	{ "domain.registrant_change__status-cancelled", "contact.change example-alpha.com person failure" },
	{ "domain.registrant_change__status-started", "contact.change example-alpha.com person unknown" },
	{ "domain.registrant_change_started__example", "contact.change dnsimple-demo-terraform.bio credential unknown" },
	{ "domain.renew__example", "domain.renew example-alpha.com provider success" },
	{ "domain.renew__status-cancelled", "domain.renew example-alpha.com credential failure" },
	{ "domain.renew__status-started", "domain.renew example-alpha.com credential unknown" },
	{ "domain.resolution_disable__example", "zone.update example-alpha.com person success" },
	{ "domain.resolution_enable__example", "zone.update example-alpha.com person success" },
	{ "domain.restore__example", "domain.restore example-alpha.com provider success" },
	{ "domain.restore__status-cancelled", "domain.restore example-alpha.com credential failure" },
	{ "domain.restore__status-started", "domain.restore example-alpha.com credential unknown" },
	{ "domain.state_change__example", "domain.status.change example-alpha.com provider success" },
	{ "domain.transfer__example", "domain.transfer-in example-alpha.com credential success" },
	{ "domain.transfer__status-cancelled", "domain.transfer-cancel example-alpha.com provider success" },
	{ "domain.transfer__status-started", "domain.transfer-in example-alpha.com credential unknown" },
	{ "domain.transfer_lock_disable__example", "transfer-lock.remove example.com credential success" },
	{ "domain.transfer_lock_enable__example", "transfer-lock.add example.com credential success" },
	{ "email_forward.activate__example", "zone.update - person success" },
	{ "email_forward.create__example", "zone.update - person success" },
	{ "email_forward.deactivate__example", "zone.update - person success" },
	{ "email_forward.delete__example", "zone.update - person success" },
	{ "email_forward.update__example", "zone.update - person success" },
	{ "subscription.renew__example", "billing.update - provider success" },
	{ "subscription.renew__state-failed", "billing.update - provider failure" },
	{ "webhook.create__example", "webhook.change - person success" },
	{ "webhook.delete__example", "webhook.change - person success" },
	{ "whois_privacy.disable__example", "domain.update example-alpha.com person success" },
	{ "whois_privacy.enable__example", "domain.update example-alpha.com person success" },
	{ "whois_privacy.purchase__example", "domain.update example-alpha.com person success" },
	{ "whois_privacy.renew__example", "domain.update example-alpha.com provider success" },
	{ "zone.create__example", "zone.create example.zone person success" },
	{ "zone.delete__example", "zone.delete example.zone person success" },
	{ "zone_record.create__example", "record.add example.zone person success +example.zone/A/127.0.0.1" },
	{ "zone_record.delete__example", "record.delete example.zone person success -www.example.zone/A/127.0.0.1" },
	{ "zone_record.update__example", "record.update example.zone person success +www.example.zone/A/127.0.0.1 -www.example.zone/A/-" },
};

static void test_samples(void **state)
{
	const char *shared = getenv("AFFIDAVIT_SHARED");
	AFD_AUTO(mem) char *pattern = shared ? afd_sprintf("%s/data/providers/dnsimple/webhooks/*.http", shared) :
	                                       afd_sprintf("%s/../shared/data/providers/dnsimple/webhooks/*.http", getenv("AFFIDAVIT_SOURCE"));
	glob_t found = { 0 };

	(void)state;
	if (glob(pattern, 0, NULL, &found) != 0) {
		globfree(&found);
		afd_mem_release(&pattern);
		skip();
	}
	assert_int_equal(found.gl_pathc, AFD_COUNT(samples));
	for (size_t i = 0; i < found.gl_pathc; i++) {
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		AFD_AUTO(buf) struct afd_buf row = { 0 };
		const char *name = strrchr(found.gl_pathv[i], '/') + 1;

		assert_int_equal(afd_file_read(found.gl_pathv[i], 1 << 20, &bytes, NULL), 0);
		say(afd_buf_slice(&bytes), &row);
		if (getenv("AFFIDAVIT_SHOW")) {
			fprintf(stderr, "\t{ \"%.*s\", \"%s\" },\n", (int)strlen(name) - 5, name, (char *)row.data);
			continue;
		}
		assert_int_equal(strncmp(name, samples[i].file, strlen(samples[i].file)), 0);
		assert_string_equal((char *)row.data, samples[i].row);
	}
	globfree(&found);
}

#define HOOK(name, rest) "{\"name\":\"" name "\",\"request_identifier\":\"u1\",\"actor\":{\"id\":\"7\",\"entity\":\"user\"},\"data\":{" rest "}}"
static const struct { const char *file, *row; } odd[] = {
	{ HOOK("domain.teleport", "\"domain\":{\"name\":\"Example.TEST\"}"), "other.dnsimple.domain.teleport example.test person success" },
	{ "POST / HTTP/1.1\nhost: x\n\n" HOOK("zone_record.create", "\"zone_record\":{\"name\":\"\",\"type\":\"MX\",\"priority\":10,\"content\":\"m.example.test\",\"zone_id\":\"example.test\"}"),
	  "record.add example.test person success +example.test/MX/10 m.example.test." },
	{ HOOK("domain.transfer_lock_disable:started", ""), "transfer-lock.remove - person unknown" },
	{ "{\"name\":\"login\"}", "refused" },
	{ "POST / HTTP/1.1\r\nhost: x\r\n", "refused" },
	{ "", "refused" },
	{ "[]", "refused" },
	{ "{\"name\":5,\"request_identifier\":\"u\"}", "refused" },
};

static void test_odd(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(odd); i++) {
		AFD_AUTO(buf) struct afd_buf row = { 0 };

		say(afd_slice_text(odd[i].file), &row);
		assert_string_equal((char *)row.data, odd[i].row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_samples), cmocka_unit_test(test_odd) };

	return cmocka_run_group_tests_name("dnsimple webhooks", tests, NULL, NULL);
}
