/* Keys: shown, requested, handed over; and throw-away ones for tests. */
#include <jansson.h>
#include <sys/stat.h>

#include "cli/report_key.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "transport/transport.h"

struct keys_options { struct report_key key; const char *subject, *period, *type; };

/* --- for tests --- */

static int write_test_keys(struct cli *c, const char *type, const char *signer, const char *root, const char *stamper, struct afd_error *err)
{
	const int64_t now = afd_now(&c->env);
	struct afd_buf root_pem = { 0 }, signer_pem = { 0 }, stamper_pem = { 0 };
	int r = -1;

	if (afd_test_keys(type ? type : "p256", now - AFD_DAY, now + 3650 * AFD_DAY, &root_pem, &signer_pem, stamper ? &stamper_pem : NULL, err) == 0 &&
	    afd_file_write(signer, afd_buf_slice(&signer_pem), true, err) == 0 &&
	    (!stamper || afd_file_write(stamper, afd_buf_slice(&stamper_pem), true, err) == 0) &&
	    afd_file_write(root, afd_buf_slice(&root_pem), false, err) == 0)
		r = 0;
	afd_buf_release(&root_pem);
	afd_buf_wipe(&signer_pem);
	afd_buf_wipe(&stamper_pem);
	if (r < 0)
		return -1;
	cli_say(c, "  %s   key and certificate, for tests only\n  %s   root to verify with, and --allow-test\n", signer, root);
	if (stamper)
		cli_say(c, "  %s   time-stamping authority under the same root, for tests only\n", stamper);
	return 0;
}

static int keys_test(struct cli *c, const struct keys_options *o, const char *path, struct afd_error *err)
{
	AFD_AUTO(mem) char *root = afd_sprintf("%s.root.pem", path);

	return root ? write_test_keys(c, o->type, path, root, NULL, err) : afd_fail_memory(err);
}

static int keys_init(struct cli *c, const struct keys_options *o, const char *dir, struct afd_error *err)
{
	AFD_AUTO(mem) char *root = afd_sprintf("%s/root.pem", dir);
	AFD_AUTO(mem) char *signer = afd_sprintf("%s/signer.pem", dir);
	AFD_AUTO(mem) char *stamper = afd_sprintf("%s/time-stamps.pem", dir);

	if (!root || !signer || !stamper)
		return afd_fail_memory(err);
	if (mkdir(dir, 0700) < 0)
		return afd_fail_errno(err, "make the folder", dir);      /* keys that are there already are not overwritten */
	return write_test_keys(c, o->type, signer, root, stamper, err);
}

/* --- a report key --- */

static int days_until(const struct cli *c, int64_t ms)
{
	const int64_t left = ms - afd_now(&c->env);

	return (int)(left < 0 ? (left - AFD_DAY + 1) / AFD_DAY : left / AFD_DAY);
}

static void show_text(const struct cli *c, const struct afd_signer_facts *f, const char *advice)
{
	const int days = days_until(c, f->not_after);

	cli_say(c, "subject      %s\nissuer       %s\n", cli_safe(f->subject, 0), cli_safe(f->issuer, 0));
	for (size_t i = 0; i < f->n_chain; i++)
		cli_say(c, "chain        %s\n", cli_safe(f->chain[i], 0));
	cli_say(c, "algorithm    %s\ncertificate  %s\nvalid from   %s UTC\n", f->algorithm, afd_digest_hex(&f->certificate).s, afd_when_people(f->not_before).s);
	cli_say(c, "valid until  %s UTC (%s%d days)\n", afd_when_people(f->not_after).s, days < 0 ? "" : "in ", days);
	if (f->test)
		cli_say(c, "for tests only\n");
	if (advice)
		cli_say(c, "note         %s\n", advice);
}

static int show_json_key(const struct cli *c, const struct afd_signer_facts *f, const char *advice, struct afd_error *err)
{
	json_t *chain = json_array(), *o;

	for (size_t i = 0; chain && i < f->n_chain; i++)
		json_array_append_new(chain, json_string(f->chain[i]));
	o = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:i, s:b}", "subject", f->subject, "issuer", f->issuer, "chain", chain,
		"algorithm", f->algorithm, "certificate_sha256", afd_digest_hex(&f->certificate).s, "not_before", afd_when_text(f->not_before).s,
		"not_after", afd_when_text(f->not_after).s, "days_left", days_until(c, f->not_after), "test", f->test);
	if (!o)
		return afd_fail_memory(err);
	if (advice)
		json_object_set_new(o, "note", json_string(advice));
	json_dumpf(o, stdout, JSON_SORT_KEYS);
	putchar('\n');
	json_decref(o);
	return 0;
}

static int keys_show(struct cli *c, const struct keys_options *o, struct afd_error *err)
{
	AFD_AUTO(signer) struct afd_signer *s = NULL;
	AFD_AUTO(signer_facts) struct afd_signer_facts f = { 0 };
	struct afd_span period;

	if (o->period && afd_period_parse(o->period, &period, err) < 0)
		return afd_within(err, "--period");
	if (report_key_open(c, &o->key, &s, err) < 0 || afd_signer_facts(s, &f, err) < 0)
		return -1;
	if (c->json && show_json_key(c, &f, afd_signer_advice(s), err) < 0)
		return -1;
	if (!c->json)
		show_text(c, &f, afd_signer_advice(s));
	if (o->period)
		report_key_warn(c, s, period);
	return 0;
}

static int keys_csr(struct cli *c, const struct keys_options *o, struct afd_error *err)
{
	AFD_AUTO(key) struct afd_key *key = NULL;
	AFD_AUTO(buf) struct afd_buf certs = { 0 }, pem = { 0 };

	if (report_key_find(c, &o->key, &key, &certs, err) < 0 || afd_key_request(key, o->subject, &pem, err) < 0)
		return -1;
	fwrite(pem.data, 1, pem.len, stdout);
	return 0;
}

/* --- the store key --- */

static int keys_store(struct cli *c, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(mem) char *vkey = NULL;

	if (session_open(&s, c, AFD_STORE_READ, err) < 0 || afd_store_meta(s.store, "vkey", &vkey, err) < 0)
		return -1;
	printf("%s\n", vkey ? vkey : "-");
	return 0;
}

static int keys_rotate(struct cli *c, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(mem) char *old = NULL, *now = NULL;

	if (session_open(&s, c, AFD_STORE_WRITE, err) < 0 || session_rotate(&s, &old, err) < 0 || afd_store_meta(s.store, "vkey", &now, err) < 0)
		return -1;
	cli_say(c, "old store key  %s\nnew store key  %s\n\n", old ? old : "-", now ? now : "-");
	cli_say(c, "Give the new line to your auditor, by the same way as the old one. With the store the old line keeps proving every head,\n"
	           "because the ledger shows that the old key signed for the new one. The old private key is gone.\n");
	return 0;
}

static int run(struct cli *c, struct keys_options *o, int args, char **argv, struct afd_error *err)
{
	const char *what = args ? argv[0] : "store", *word = args > 1 ? argv[1] : NULL;

	if (strcmp(what, "store") == 0 && !word)
		return keys_store(c, err);
	if (strcmp(what, "rotate") == 0 && !word)
		return keys_rotate(c, err);
	if (strcmp(what, "test") == 0 && word)
		return keys_test(c, o, word, err);
	if (strcmp(what, "init") == 0 && word)
		return keys_init(c, o, word, err);
	if (word)
		o->key.key = word;
	if (strcmp(what, "show") == 0 && o->key.key)
		return keys_show(c, o, err);
	if (strcmp(what, "csr") == 0 && o->key.key && o->subject)
		return keys_csr(c, o, err);
	return afd_fail(err, AFD_E_USAGE, "keys [store | rotate | show REF | csr --key REF --subject NAME | init DIR | test FILE]");
}

int verb_keys(struct cli *c, int argc, char **argv)
{
	struct keys_options o = { 0 };
	const struct cli_option options[] = {
		REPORT_KEY_OPTIONS(&o.key),
		{ "subject", "NAME", "csr: \"CN=Evidence of Example,O=Example,C=DE\"", .text = &o.subject },
		{ "period", "P", "show: says when the certificate ends before the next such period", .text = &o.period },
		{ "type", "TYPE", "init, test: p256, p384 or rsa3072 (p256)", .text = &o.type },
		{ 0 }
	};
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 2, &args, &code) < 0)
		return code;
	if (run(c, &o, args, argv, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, EXIT_CLEAN, NULL);
}
