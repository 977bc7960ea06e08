/* Words of AWS, Google Cloud and Azure: each row of the tables leads to a verb of ours; each sample entry against a table of what it says. */
#include "../rows.h"

#include <stdlib.h>

#include "collector/api/aws_events.h"
#include "collector/api/google_audit.h"
#include "core/file.h"
#include "evidence/action.h"

/* --- words --- */

static void each_word_of_aws_is_a_verb(void **state)
{
	(void)state;
	for (size_t i = 0; i < afd_n_aws_actions; i++)
		for (size_t k = 0; k < afd_aws_actions[i].n; k++)
			if (!afd_action_find(afd_aws_actions[i].row[k].verb))
				fail_msg("%s: %s", afd_aws_actions[i].row[k].raw, afd_aws_actions[i].row[k].verb);
}

/* The names that matter at a registrar, as the API and as the log write them. */
static const struct { const char *service, *name, *verb; } words[] = {
	{ "route53domains", "RetrieveDomainAuthCode", "domain.auth-code.read" },
	{ "route53domains", "retrieveDomainAuthCode", "domain.auth-code.read" },
	{ "route53domains", "DisableDomainTransferLock", "transfer-lock.remove" },
	{ "route53domains", "disableDomainTransferLock", "transfer-lock.remove" },
	{ "route53domains", "enableDomainTransferLock", "transfer-lock.add" },
	{ "route53domains", "TransferDomainToAnotherAwsAccount", "domain.transfer-out" },
	{ "route53domains", "PushDomain", "domain.transfer-out" },
	{ "route53domains", "DeleteDomain", "domain.delete" },
	{ "route53domains", "UpdateDomainNameservers", "ns.change" },
	{ "route53domains", "updateDomainContact", "contact.change" },
	{ "route53domains", "DisassociateDelegationSignerFromDomain", "ds.change" },
	{ "route53domains", "AssociateDelegationSignerToDomain", "ds.change" },
	{ "route53domains", "DisableDomainAutoRenew", "auto-renew.disable" },
	{ "route53domains", "getDomainDetail", "view" },
	{ "route53domains", "FrobnicateDomain", "other.aws.route53domains.frobnicatedomain" },
	{ "route53", "ChangeResourceRecordSets", "record.change" },
	{ "route53", "DisableHostedZoneDNSSEC", "dnssec.disable" },
	{ "route53resolver", "DeleteResolverQueryLogConfig", "log.disable" },
	{ "cloudtrail", "StopLogging", "log.disable" },
	{ "cloudtrail", "LookupEvents", "view" },
	{ "iam", "CreateAccessKey", "token.create" },
	{ "iam", "DeactivateMFADevice", "mfa.disable" },
	{ "iam", "AttachRolePolicy", "role.change" },
	{ "iam", "CreatePolicyVersion", "role.change" },
	{ "signin", "ConsoleLogin", "login" },
	{ "sts", "AssumeRoleWithSAML", "login" },
	{ "sts", "GetCallerIdentity", "view" },
	{ "ec2", "RunInstances", "other.aws.ec2.runinstances" },
	{ "dns.googleapis.com", "dns.changes.create", "record.change" },
	{ "dns.googleapis.com", "dns.managedZones.delete", "zone.delete" },
	{ "dns.googleapis.com", "dns.managedZones.get", "view" },
	{ "dns.googleapis.com", "dns.frobs.create", "other.google.dns.frobs.create" },
	{ "domains.googleapis.com", "google.cloud.domains.v1.Domains.DeleteRegistration", "domain.delete" },
	{ "domains.googleapis.com", "google.cloud.domains.v1beta1.Domains.ConfigureContactSettings", "contact.change" },
	{ "domains.googleapis.com", "google.cloud.domains.v1.Domains.ConfigureDnsSettings", "ns.change" },
	{ "domains.googleapis.com", "google.cloud.domains.v1.Domains.SetIamPolicy", "role.change" },
	{ "domains.googleapis.com", "google.cloud.domains.v1.Domains.RetrieveAuthorizationCode", "domain.auth-code.read" },
	{ "iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey", "token.create" },
	{ "logging.googleapis.com", "google.logging.v2.ConfigServiceV2.DeleteSink", "log.disable" },
	{ "compute.googleapis.com", "v1.compute.instances.insert", "other.google.compute.insert" },
};

static void words_that_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < AFD_COUNT(words); i++) {
		char other[96];

		assert_string_equal((strstr(words[i].service, "google") ? afd_google_action : afd_aws_action)(words[i].service, words[i].name, other), words[i].verb);
	}
}

/* --- samples --- */

static int said_event(void *ctx, const struct afd_row_event *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "%s %s %s by %s %s, %s, %s, mfa %s\n", r->action, r->domain ? r->domain : "-", r->outcome, r->actor_kind,
			      r->credential ? r->credential : "-", r->origin ? r->origin : "-", r->channel ? r->channel : "-", r->mfa ? r->mfa : "-");
}

static int said_claim(void *ctx, const struct afd_row_claim *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "  claim %s %s %zu\n", r->zone, r->outcome, r->n);
}

static int said_coverage(void *ctx, const struct afd_row_coverage *r, struct afd_error *err)
{
	(void)err;
	return afd_buf_printf(ctx, "%s %s\n", afd_grade_name(r->grade), r->reason);
}

static const struct { const char *file, *kind, *asked, *from, *said; } samples[] = {
	{ "aws/route53-docs-cloudtrail-sample.json", "aws-cloudtrail-files", "cloudtrail 111122223333 NAME zones=example.com=Z1PA6795UKMFR9", NULL,
	  "view - success by credential AKIAIOSFODNN7EXAMPLE, 192.0.2.92, api, mfa -\n"
	  "zone.update - success by credential AKIAIOSFODNN7EXAMPLE, 192.0.2.92, api, mfa -\n"
	  "record.add example.com success by credential AKIAIOSFODNN7EXAMPLE, 192.0.2.92, api, mfa -\n"
	  "  claim example.com applied 8\n"
	  "zone.delete example.com success by credential AKIAIOSFODNN7EXAMPLE, 192.0.2.92, api, mfa -\n"
	  "contact.change example.com success by person AKIAIOSFODNN7EXAMPLE, 192.0.2.92, ui, mfa no\n"
	  "other.aws.route53resolver.createresolverendpoint - success by person AKIAIOSFODNN7EXAMPLE, 192.0.2.176, ui, mfa no\n" },
	{ "aws/route53resolver-panther.json", "aws-cloudtrail-files", "cloudtrail 111122223333 NAME zones=", NULL,
	  "log.disable - success by credential SAMPLE_ACCESS_KEY, 1.2.3.4, api, mfa no\n" },
	{ "gcp/cloud-dns-audit-panther.json", "google-audit-files", "google test-project-123456 NAME entries", NULL,
	  "zone.delete - success by person -, 12.12.12.12, api, mfa -\n"
	  "zone.update test.detectiontesting.com success by person -, 12.12.12.12, api, mfa -\n"
	  "record.change test.detectiontesting.com success by person -, 12.12.12.12, api, mfa -\n"
	  "  claim test.detectiontesting.com applied 2\n"
	  "view - success by person -, 12.12.12.12, api, mfa -\n" },
	/* no event of DNS: kept as what it is called */
	{ "azure/activity-log-list-example.json", "azure-activity", "events 089bd33f/x x 2015-01-21T20:00:00.000Z 2015-01-23T20:00:00.000Z page 1: GET /", "body",
	  "other.azure.microsoft.support-supporttickets-write - success by person -, 192.168.35.115, ui, mfa no\n" },
};

/* The value of the key FROM, wherever it stands. */
static const struct afd_node *inside(const struct afd_node *n, const char *key)
{
	const struct afd_node *found = afd_node_get(n, key);

	for (const struct afd_node *c = !found && n && n->type == AFD_MAP ? n->u.list.first : NULL; c && !found; c = c->next)
		found = inside(c, key);
	return found;
}

static void each_sample(void **state)
{
	const char *shared = getenv("AFFIDAVIT_SHARED"), *source = getenv("AFFIDAVIT_SOURCE");
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < AFD_COUNT(samples); i++) {
		AFD_AUTO(mem) char *path = shared ? afd_sprintf("%s/data/providers/%s", shared, samples[i].file) :
						    afd_sprintf("%s/../shared/data/providers/%s", source ? source : ".", samples[i].file);
		AFD_AUTO(buf) struct afd_buf bytes = { 0 };
		AFD_AUTO(buf) struct afd_buf clean = { 0 };
		AFD_AUTO(buf) struct afd_buf said = { 0 };
		AFD_AUTO(ranges) struct afd_ranges parts = { 0 };
		AFD_AUTO(ranges) struct afd_ranges cuts = { 0 };
		AFD_AUTO(doc) struct afd_doc *d = NULL;
		const struct afd_provider *p = afd_provider_find(samples[i].kind);
		struct afd_record record = { .kind = AFD_ITEM_ANSWER, .source = (char *)"s", .decoder = (char *)samples[i].kind, .asked = (char *)samples[i].asked,
			.received_ms = INT64_C(1785585600000), .server_ms = AFD_TIME_NONE };
		struct afd_sink sink = { .ctx = &said, .event = said_event, .claim = said_claim, .coverage = said_coverage };
		struct afd_item_view view = { .record = &record };
		struct afd_error err = { 0 };

		if (afd_file_read(path, 1 << 20, &bytes, NULL) < 0)
			continue;
		seen++;
		view.bytes = afd_buf_slice(&bytes);
		if (samples[i].from) {
			assert_int_equal(afd_json_parse(view.bytes, "sample", &d, &err), 0);
			view.bytes = inside(afd_doc_root(d), samples[i].from)->raw;
		}
		/* what the sample holds is no secret */
		assert_int_equal(p->redact(view.bytes, &cuts, &err), 0);
		assert_int_equal(p->split(view.bytes, &parts, &err), 0);
		view.parts = parts;
		if (p->decode(&view, &sink, &err) < 0)
			fail_msg("%s: %s", samples[i].file, err.text);
		assert_string_equal((char *)said.data, samples[i].said);
	}
	if (!seen)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_of_aws_is_a_verb),
		cmocka_unit_test(words_that_matter),
		cmocka_unit_test(each_sample),
	};

	return cmocka_run_group_tests_name("clouds", tests, NULL, NULL);
}
