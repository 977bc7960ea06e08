/* A folder to start from: configuration, inventory, policy, approvals, store and store key. Nothing is overwritten. */
#include <sys/stat.h>
#include <unistd.h>

#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/name.h"

static const char config_text[] =
	"# What is asked, and where. docs/configuration.md explains every line.\n"
	"organisation: %s\n"
	"contact: security@%s\n"
	"store: evidence.db\n"
	"inventory: inventory.yaml\n"
	"policy: policy.yaml\n"
	"approvals: [approvals.csv]\n"
	"sources: []\n"
	"# sources:\n"
	"#   - name: ns1-transfers\n"
	"#     type: dns-transfer            # affidavit sources dns-transfer\n"
	"#     server: 192.0.2.53\n"
	"#     zones: [%s]\n"
	"#     tsig: {name: audit-key, algorithm: hmac-sha256, secret: \"env:AUDIT_KEY\"}\n"
	"#   - name: ns1-updates\n"
	"#     type: bind-update-log\n"
	"#     path: /var/log/named/update.log\n"
	"#     zones: [%s]\n";
static const char inventory_text[] =
	"# What you own, and who answers for it. 'owner: unknown' is nobody: replace it.\n"
	"domains:\n"
	"  - name: %s\n"
	"    owner: unknown\n"
	"#    issuers:\n"
	"#      - {name: \"CN=Example CA,O=Example\"}\n"
	"# services:\n"
	"#   - {name: shop, host: shop.%s, owner: Shop team}\n"
	"# credentials:\n"
	"#   - id: acme-web01\n"
	"#     kind: tsig-key\n"
	"#     owner: Web team\n"
	"#     writes: [{owner: _acme-challenge.www.%s, types: [TXT]}]\n";
static const char policy_text[] =
	"# What fails a gate, and what is waived.\n"
	"gate: {fail_on: medium, review_fails: false, window: 7d}\n"
	"# waivers:\n"
	"#   - {id: W-1, finding: AAAABBBBCCCCDDDD, owner: DNS team, approver: CISO, reason: \"until the migration\", expires: 2027-01-01}\n";
static const char approvals_text[] = "ticket,subject,kind,valid_from,valid_to,approver\n";

static int write_new(const struct cli *c, const char *path, struct afd_slice text, bool is_private, struct afd_error *err)
{
	if (access(path, F_OK) == 0) {
		cli_say(c, "  %-16s is there already, kept\n", path);
		return 0;
	}
	if (afd_file_write(path, text, is_private, err) < 0)
		return -1;
	cli_say(c, "  %-16s made\n", path);
	return 0;
}

static int make_store(struct cli *c, const char *name, bool test, struct afd_error *err)
{
	AFD_AUTO(store) struct afd_store *s = NULL;
	AFD_AUTO(store_key) struct afd_store_key *k = NULL;
	AFD_AUTO(buf) struct afd_buf vkey = { 0 };
	struct afd_buf text = { 0 };
	int r = -1;

	umask(077);                               /* the store holds what the sources answered, and the secrets that blind it */
	if (afd_store_open("evidence.db", AFD_STORE_CREATE, &s, err) < 0 || afd_store_key_new(name, &c->env, &k, err) < 0)
		return -1;
	if (afd_store_key_vkey(k, &vkey, err) < 0 || afd_store_key_write(k, &text, err) < 0)
		goto out;
	if (afd_store_meta_set(s, "origin", name, err) < 0 || afd_store_meta_set(s, "vkey", (const char *)vkey.data, err) < 0 ||
	    afd_store_meta_set(s, "created", afd_when_text(afd_now(&c->env)).s, err) < 0 ||
	    (test && afd_store_meta_set(s, "test", "1", err) < 0) ||
	    write_new(c, "evidence.db.key", afd_buf_slice(&text), true, err) < 0)
		goto out;
	cli_say(c, "  %-16s made\n\nstore key  %s\nGive this line to your auditor now: it is what ledger heads are verified with.\n", "evidence.db",
	        (const char *)vkey.data);
	r = 0;
out:
	afd_buf_wipe(&text);
	return r;
}

static int make_all(struct cli *c, const char *domain, const char *origin, bool test, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf config = { 0 };
	AFD_AUTO(buf) struct afd_buf inventory = { 0 };

	if (access("evidence.db", F_OK) == 0)
		return afd_fail(err, AFD_E_USAGE, "evidence.db: there is a store in this folder already; a second one would begin a second history");
	if (access("evidence.db.key", F_OK) == 0)
		return afd_fail(err, AFD_E_USAGE, "evidence.db.key: there is a store key in this folder, but no store; move it away first");
	if (afd_buf_printf(&config, config_text, domain, domain, domain, domain) < 0 ||
	    afd_buf_printf(&inventory, inventory_text, domain, domain, domain) < 0)
		return afd_fail_memory(err);
	if (write_new(c, "affidavit.yaml", afd_buf_slice(&config), false, err) < 0 ||
	    write_new(c, "inventory.yaml", afd_buf_slice(&inventory), false, err) < 0 ||
	    write_new(c, "policy.yaml", afd_slice_text(policy_text), false, err) < 0 ||
	    write_new(c, "approvals.csv", afd_slice_text(approvals_text), false, err) < 0)
		return -1;
	return make_store(c, origin, test, err);
}

int verb_init(struct cli *c, int argc, char **argv)
{
	const char *domain = NULL, *origin = NULL, *from = NULL, *out = NULL;
	bool test = false;
	const struct cli_option options[] = {
		{ "domain", "NAME", "a domain that you own", NULL, &domain },
		{ "origin", "NAME", "name of the ledger and of its key (affidavit.DOMAIN/log)", NULL, &origin },
		{ "from", "PATH", "propose an inventory out of what this configuration or store collected", NULL, &from },
		{ "out", "FILE", "with --from: write it there, not to standard output", NULL, &out },
		{ "test", NULL, "a test store: obeys AFFIDAVIT_TEST_CLOCK, says TEST for ever", &test, NULL },
		{ 0 }
	};
	struct afd_error err = { 0 };
	char name[AFD_NAME_MAX];
	AFD_AUTO(mem) char *made = NULL;
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (from)
		return domain || origin || test ? cli_usage(c, "init --from PATH stands alone, or with --out FILE") : init_from(c, from, out);
	if (!domain)
		return cli_usage(c, "init --domain NAME: which domain do you own?");
	if (afd_name_canonical(afd_slice_text(domain), name, &err) < 0)
		return cli_cannot(c, &err);
	if (test && c->test_clock) {
		if (afd_when_parse(c->test_clock, &c->fixed_ms, &err) < 0)
			return cli_cannot(c, &err);
		c->clock_fixed = true;
	}
	made = afd_sprintf("%s%s%s", test ? "TEST." : "", origin ? origin : "affidavit.", origin ? "" : name);
	if (!made)
		return EXIT_CANNOT;
	if (make_all(c, name, made, test, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, "\nNext: name your sources in affidavit.yaml and owners in inventory.yaml, then `affidavit collect`.");
}
