/* An archive time-stamp behind a signed report: what was shown by then stays shown when keys and hashes grow old. Or the
 * validation data alone. */
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
	bool allow_test, data_only;
};

struct extending {
	struct cli *c;
	const struct extend_options *o;
	struct afd_buf config_bytes, pdf, extended, roots[CLI_MANY], stamp_roots[CLI_MANY];
	struct afd_slice root[CLI_MANY], stamp_root[CLI_MANY];       /* stamp_root: where nobody is asked to stamp */
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
	for (unsigned i = 0; i < x->o->stamp.root.n; i++)
		afd_buf_release(&x->stamp_roots[i]);
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
	if (stamping_open(x->c, x->o->data_only ? NULL : &x->o->stamp, x->config, &x->stamping, err) < 0)
		return -1;
	if (x->o->data_only)
		return 0;
	return x->stamping ? 0 : afd_fail(err, AFD_E_USAGE, "extend: who stamps? --timestamp URL, or an authority in %s", x->c->config_path);
}

static int read_each(const struct cli_texts *path, struct afd_buf *bytes, struct afd_slice *ret, struct afd_error *err)
{
	for (unsigned i = 0; i < path->n; i++) {
		if (afd_file_read(path->at[i], 1u << 20, &bytes[i], err) < 0)
			return -1;
		ret[i] = afd_buf_slice(&bytes[i]);
	}
	return 0;
}

static int read_roots(struct extending *x, struct afd_error *err)
{
	if (read_each(&x->o->root, x->roots, x->root, err) < 0)
		return -1;
	return x->o->data_only ? read_each(&x->o->stamp.root, x->stamp_roots, x->stamp_root, err) : 0;
}

/* The authorities' roots: those of the command line, or of the configuration. */
static void stamp_roots(const struct extending *x, const struct afd_slice **ret, size_t *ret_n)
{
	stamping_roots(x->stamping, ret, ret_n);
	if (x->o->data_only && x->o->stamp.root.n) {
		*ret = x->stamp_root;
		*ret_n = x->o->stamp.root.n;
	}
}

/* With roots given: nothing false is extended, and nothing that does not verify is written. */
static int verify(const struct extending *x, const struct afd_buf *pdf, struct afd_error *err)
{
	AFD_AUTO(signature_report) struct afd_signature_report r = { 0 };
	struct afd_trust t = { .pem = x->root, .n = x->o->root.n, .allow_test = x->o->allow_test, .at_ms = afd_now(&x->c->env) };
	size_t unsigned_len;

	if (!t.n)
		return 0;
	stamp_roots(x, &t.stamp_pem, &t.n_stamp);
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
	stamp_roots(x, &roots[1].pem, &roots[1].n);
	if (verify(x, &x->pdf, err) < 0 ||
	    revocation_collect(x->c, &x->o->revocation, contact, afd_buf_slice(&x->pdf), roots, 2, &x->data, err) < 0 ||
	    afd_pades_extend(afd_buf_slice(&x->pdf), x->o->data_only ? NULL : &stamper, revocation_validation(&x->data), &x->extended, err) < 0 ||
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
	if (x->authority)
		cli_say(x->c, "  time-stamp by %s; ", cli_safe(x->authority, 0));
	else
		cli_say(x->c, "  no time-stamp; ");
	cli_say(x->c, "revocation lists %zu, OCSP answers %zu, for %u of %u certificates\n", d->crls.n, d->ocsps.n, d->asked - d->missing, d->asked);
	revocation_say(x->c, d);
	if (!x->c->json)
		return;
	o = json_pack("{s:s, s:s, s:s?, s:I, s:i, s:i, s:i, s:i}", "verb", "extend", "file", path, "authority", x->authority, "bytes",
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
		{ "data-only", NULL, "revocation data without a time-stamp (PAdES B-LT behind the signature)", .flag = &o.data_only },
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
	if (o.data_only && (o.stamp.url.n || o.stamp.policy))
		return cli_usage(c, "extend --data-only asks nobody for a time-stamp: not with --timestamp, --timestamp-policy");
	o.path = argv[0];
	if (extend(&x, &err) < 0)
		return cli_cannot(c, &err);
	say(&x);
	return cli_finish(c, EXIT_CLEAN, "exit 0: extended%s", x.data.missing ? "; for some certificates nobody says whether they were revoked" : "");
}
