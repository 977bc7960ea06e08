/* An archive time-stamp behind a signed report: what was shown by then stays shown when keys and hashes grow old. */
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/revocation.h"
#include "cli/stamp.h"
#include "cli/verbs.h"
#include "core/file.h"
#include "core/limits.h"

struct extend_options {
	struct stamp_options stamp;
	struct revocation_options revocation;
	struct cli_texts root;
	const char *path, *out;
	bool allow_test;
};

struct extending {
	struct cli *c;
	const struct extend_options *o;
	struct afd_buf config_bytes, pdf, extended, roots[CLI_MANY];
	struct afd_slice root[CLI_MANY];
	struct afd_config *config;
	struct stamping *stamping;
	struct revocation data;
	char *authority;
};

static void extending_release(struct extending *x)
{
	afd_buf_release(&x->config_bytes);
	afd_buf_release(&x->pdf);
	afd_buf_release(&x->extended);
	for (unsigned i = 0; i < x->o->root.n; i++)
		afd_buf_release(&x->roots[i]);
	x->config = afd_config_free(x->config);
	x->stamping = stamping_free(x->stamping);
	revocation_release(&x->data);
	free(x->authority);
}

/* A configuration is not needed here; where there is one, it names the authorities. */
static int open_stamping(struct extending *x, struct afd_error *err)
{
	if (!x->o->stamp.url.n && access(x->c->config_path, R_OK) == 0 &&
	    (afd_user_file_read(x->c->config_path, &x->config_bytes, NULL, err) < 0 ||
	     afd_config_parse(afd_buf_slice(&x->config_bytes), x->c->config_path, &x->config, err) < 0))
		return -1;
	if (stamping_open(x->c, &x->o->stamp, x->config, &x->stamping, err) < 0)
		return -1;
	return x->stamping ? 0 : afd_fail(err, AFD_E_USAGE, "extend: who stamps? --timestamp URL, or an authority in %s", x->c->config_path);
}

static int read_roots(struct extending *x, struct afd_error *err)
{
	for (unsigned i = 0; i < x->o->root.n; i++) {
		if (afd_file_read(x->o->root.at[i], 1u << 20, &x->roots[i], err) < 0)
			return -1;
		x->root[i] = afd_buf_slice(&x->roots[i]);
	}
	return 0;
}

/* With roots given: nothing false is extended, and nothing that does not verify is written. */
static int verify(const struct extending *x, const struct afd_buf *pdf, struct afd_error *err)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_trust t = { .pem = x->root, .n = x->o->root.n, .allow_test = x->o->allow_test, .at_ms = afd_now(&x->c->env) };
	size_t unsigned_len;

	if (!t.n)
		return 0;
	stamping_roots(x->stamping, &t.stamp_pem, &t.n_stamp);
	return afd_pades_verify(afd_buf_slice(pdf), &t, &unsigned_len, &r, err);
}

static int stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err)
{
	__attribute__((cleanup(stamped_release))) struct stamped got = { 0 };
	struct extending *x = ctx;

	if (stamping_ask(x->stamping, imprint, &got, err) < 0)
		return -1;
	free(x->authority);
	x->authority = afd_steal(&got.authority);
	return afd_buf_add_slice(ret_token, afd_buf_slice(&got.token)) < 0 ? afd_fail_memory(err) : 0;
}

static int extend(struct extending *x, struct afd_error *err)
{
	const struct afd_stamper stamper = { stamp, x };
	struct revocation_roots roots[2] = { { x->root, x->o->root.n } };
	const char *contact;

	if (afd_file_read(x->o->path, AFD_MAX_PDF, &x->pdf, err) < 0 || read_roots(x, err) < 0 || open_stamping(x, err) < 0)
		return -1;
	contact = x->config ? x->config->contact : NULL;
	stamping_roots(x->stamping, &roots[1].pem, &roots[1].n);
	if (verify(x, &x->pdf, err) < 0 ||
	    revocation_collect(x->c, &x->o->revocation, contact, afd_buf_slice(&x->pdf), roots, 2, &x->data, err) < 0 ||
	    afd_pades_extend(afd_buf_slice(&x->pdf), &stamper, revocation_validation(&x->data), &x->extended, err) < 0 ||
	    verify(x, &x->extended, err) < 0)
		return afd_within(err, "%s", x->o->path);
	return afd_file_write(x->o->out ? x->o->out : x->o->path, afd_buf_slice(&x->extended), false, err);
}

static void say(const struct extending *x)
{
	const char *path = x->o->out ? x->o->out : x->o->path;
	const struct revocation *d = &x->data;
	json_t *o;

	cli_say(x->c, "  %-44s %12s bytes\n", cli_safe(path, 0), cli_number(x->extended.len).s);
	cli_say(x->c, "  time-stamp by %s; revocation lists %zu, OCSP answers %zu, for %u of %u certificates\n", cli_safe(x->authority, 0),
	        d->crls.n, d->ocsps.n, d->asked - d->missing, d->asked);
	revocation_say(x->c, d);
	if (!x->c->json)
		return;
	o = json_pack("{s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:i}", "verb", "extend", "file", path, "authority", x->authority, "bytes",
	              (json_int_t)x->extended.len, "crls", (int)d->crls.n, "ocsps", (int)d->ocsps.n, "certificates", (int)d->asked, "unanswered",
	              (int)d->missing);
	if (o)
		json_dumpf(o, stdout, JSON_SORT_KEYS);
	putchar('\n');
	json_decref(o);
}

int verb_extend(struct cli *c, int argc, char **argv)
{
	struct extend_options o = { 0 };
	const struct cli_option options[] = {
		STAMP_OPTIONS(&o.stamp),
		REVOCATION_OPTIONS(&o.revocation),
		{ "root", "FILE", "verify the report under this root, before and after (may be repeated)", .many = &o.root },
		{ "allow-test", NULL, "accept test keys", .flag = &o.allow_test },
		{ "out", "FILE", "write here; without it REPORT.pdf is replaced", .text = &o.out },
		{ 0 }
	};
	__attribute__((cleanup(extending_release))) struct extending x = { .c = c, .o = &o };
	struct afd_error err = { 0 };
	int code, args;

	if (cli_begin(c, options, argc, argv, 1, &args, &code) < 0)
		return code;
	if (!args)
		return cli_usage(c, "extend REPORT.pdf: which file?");
	o.path = argv[0];
	if (extend(&x, &err) < 0)
		return cli_cannot(c, &err);
	say(&x);
	return cli_finish(c, EXIT_CLEAN, "exit 0: extended%s", x.data.missing ? "; for some certificates nobody says whether they were revoked" : "");
}
