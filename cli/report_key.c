/* Where a report key is, and how its secret comes to it. */
#include <unistd.h>

#include "cli/report_key.h"
#include "core/file.h"
#include "transport/transport.h"

#define MAX_KEY (1u << 20)

#define SIGN_SECONDS 60            /* a person may have to touch a token, a service may have to be asked twice */
#define MAX_SIGNATURE 1024u           /* RSA of 8192 bits */

static int ask(struct cli *c, const struct report_key *k, const char *source, const char *what, bool needed, struct afd_buf *ret,
               struct afd_error *err)
{
	const char *ref = k->passphrase ? k->passphrase : source;

	if (ref)
		return cli_secret(c, ref, what, ret, err) < 0 ? afd_within(err, k->passphrase ? "--passphrase" : "pin-source") : 0;
	return needed && isatty(STDIN_FILENO) ? cli_prompt_secret(c, what, ret, err) : 0;
}

/* --- a file --- */

static int open_file(struct cli *c, const struct report_key *k, struct afd_slice certs, struct afd_key **ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *what = afd_sprintf("passphrase of %s", cli_safe(k->key, 60));
	struct afd_buf text = { 0 }, pass = { 0 };
	int r = -1;

	(void)certs;
	if (!what)
		return afd_fail_memory(err);
	if (afd_private_file_read(k->key, MAX_KEY, &text, err) == 0 &&
	    ask(c, k, NULL, what, afd_key_encrypted(afd_buf_slice(&text)), &pass, err) == 0)
		r = afd_key_read(afd_buf_slice(&text), afd_buf_slice(&pass), ret, err) < 0 ? afd_within(err, "%s", k->key) : 0;
	afd_buf_wipe(&text);
	afd_buf_wipe(&pass);
	return r;
}

/* --- exec:COMMAND --- */

/* The digest on its standard input, the hash as its last word, the signature (DER, or RSA's bytes) on its standard output. */
static int exec_sign(void *ctx, const char *hash, struct afd_slice digest, struct afd_buf *ret, struct afd_error *err)
{
	const struct afd_command run = { .line = ctx, .last = hash, .in = digest, .max = MAX_SIGNATURE, .seconds = SIGN_SECONDS };

	return afd_command_run(&run, ret, err);
}

static int open_exec(struct cli *c, const struct report_key *k, struct afd_slice certs, struct afd_key **ret, struct afd_error *err)
{
	const char *line = k->key + strlen("exec:");
	const struct afd_command run = { .line = line, .last = "public-key", .max = MAX_KEY, .seconds = SIGN_SECONDS };
	struct afd_digest_signer how = { .sign = exec_sign, .free = free };
	AFD_AUTO(buf) struct afd_buf pub = { 0 };

	(void)c;
	if (!certs.len && afd_command_run(&run, &pub, err) < 0)
		return afd_within(err, "no --cert FILE was given, and the command could not say its public key");
	how.ctx = afd_strdup(line);
	if (!how.ctx)
		return afd_fail_memory(err);
	return afd_key_with(certs.len ? certs : afd_buf_slice(&pub), how, ret, err);
}

/* --- pkcs11:URI --- */

static int open_token(struct cli *c, const struct report_key *k, struct afd_slice certs, struct afd_key **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf keep = { 0 };
	struct afd_buf pin = { 0 };
	struct afd_pkcs11 where;
	const char *source = NULL;
	int r = -1;

	if (afd_pkcs11_uri(k->key, &keep, &where, &source, err) == 0 && ask(c, k, source, "PIN of the token", true, &pin, err) == 0)
		r = afd_key_pkcs11(&where, afd_buf_slice(&pin), certs, ret, err);
	afd_buf_wipe(&pin);
	return r;
}

typedef int open_key(struct cli *c, const struct report_key *k, struct afd_slice certs, struct afd_key **ret, struct afd_error *err);
static const struct { const char *prefix; open_key *open; } kinds[] = {
	{ "exec:", open_exec }, { "pkcs11:", open_token }, { "", open_file },
};

int report_key_find(struct cli *c, const struct report_key *k, struct afd_key **ret, struct afd_buf *ret_certs, struct afd_error *err)
{
	size_t i = 0;

	if (k->cert && afd_file_read(k->cert, MAX_KEY, ret_certs, err) < 0)
		return afd_within(err, "--cert");
	while (strncmp(k->key, kinds[i].prefix, strlen(kinds[i].prefix)) != 0)
		i++;
	return kinds[i].open(c, k, afd_buf_slice(ret_certs), ret, err) < 0 ? afd_within(err, "--key") : 0;
}

int report_key_open(struct cli *c, const struct report_key *k, struct afd_signer **ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf certs = { 0 };
	struct afd_key *key;

	if (report_key_find(c, k, &key, &certs, err) < 0)
		return -1;
	if (afd_signer_new(key, afd_buf_slice(&certs), ret, err) < 0)
		return afd_within(err, "--key");
	if (afd_signer_advice(*ret))
		fprintf(stderr, "affidavit: --key: %s\n", afd_signer_advice(*ret));
	return 0;
}

void report_key_warn(const struct cli *c, const struct afd_signer *s, struct afd_span period)
{
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	const int64_t next = period.to + (period.to - period.from);
	struct afd_digest sha;
	int64_t until;

	(void)c;
	if (afd_signer_describe(s, &subject, &sha, &until, NULL) < 0 || until >= next)
		return;
	fprintf(stderr, "affidavit: --key: the signer's certificate ends at %s UTC, before the next period does (%s): renew it before then\n",
	        afd_when_people(until).s, afd_when_people(next).s);
}
