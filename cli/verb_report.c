/* Collect, check, map, report, sign, verify: the quarter in one command. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "cli/anchor.h"
#include "cli/report_key.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "cli/verify.h"
#include "core/file.h"
#include "reports/report.h"

struct report_options {
	struct assess_options assess;
	struct report_key key;
	struct stamp_options stamp;
	const char *out, *fonts;
	bool collect, is_unsigned;
};

struct report_files { struct afd_buf json, pdf, signed_pdf, p7s; };

static void report_files_release(struct report_files *f)
{
	afd_buf_release(&f->json);
	afd_buf_release(&f->pdf);
	afd_buf_release(&f->signed_pdf);
	afd_buf_release(&f->p7s);
}

static int make_folder(const char *path, struct afd_error *err)
{
	AFD_AUTO(mem) char *copy = afd_strdup(path);

	if (!copy)
		return afd_fail_memory(err);
	for (char *p = copy + 1; ; p++) {
		char keep = *p;

		if (keep != '/' && keep != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return afd_fail_errno(err, "make the folder", copy);
		*p = keep;
		if (!keep)
			return 0;
	}
}

static int draw(const struct report_options *o, const struct afd_assessment *a, struct report_files *f, struct afd_fonts *fonts,
                struct afd_error *err)
{
	const struct afd_renderer *pdf = afd_renderer_find("pdf");

	if (afd_fonts_find(o->fonts, fonts, err) < 0 || afd_report_json(a, &f->json, err) < 0)
		return -1;
	return pdf->render(afd_buf_slice(&f->json), fonts, &f->pdf, err);
}

static int sign_files(const struct afd_signer *signer, const struct afd_stamper *stamper, int64_t now, const char *label,
                      struct report_files *f, struct afd_error *err)
{
	struct afd_slice json = afd_buf_slice(&f->json);
	AFD_AUTO(mem) char *reason = afd_sprintf("Evidence report %s", label);

	if (!reason)
		return afd_fail_memory(err);
	if (afd_cms_sign(signer, &json, 1, false, now, stamper, &f->p7s, err) < 0)
		return afd_within(err, "report.json.p7s");
	return afd_pades_sign(signer, afd_buf_slice(&f->pdf), &(struct afd_pades_options){ .now_ms = now, .reason = reason, .stamper = stamper },
	                      &f->signed_pdf, err) < 0 ? afd_within(err, "report.pdf") : 0;
}

/* What must not stand in report.json, because it differs from run to run. */
static int run_json(struct session *s, const struct afd_signer *signer, const struct afd_fonts *fonts, struct afd_buf *ret, struct afd_error *err)
{
	struct utsname u = { 0 };
	AFD_AUTO(buf) struct afd_buf subject = { 0 };
	struct afd_digest cert = { 0 };
	int64_t until;
	const char *user = getenv("USER");
	json_t *o;
	char *text;

	uname(&u);
	if (signer && afd_signer_describe(signer, &subject, &cert, &until, err) < 0)
		return -1;
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "engine", AFD_VERSION, "made_at", afd_when_text(afd_now(&s->cli->env)).s,
		"host", u.nodename, "system", u.release, "user", user ? user : "-", "openssl", OpenSSL_version(OPENSSL_VERSION),
		"fonts_sha256", afd_digest_hex(&fonts->digest).s, "build", __VERSION__);
	if (o && signer) {
		json_object_set_new(o, "signer", json_string((const char *)subject.data));
		json_object_set_new(o, "signer_certificate_sha256", json_string(afd_digest_hex(&cert).s));
	}
	text = o ? json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1)) : NULL;
	json_decref(o);
	if (!text || afd_buf_text(ret, text) < 0 || afd_buf_text(ret, "\n") < 0) {
		free(text);
		return afd_fail_memory(err);
	}
	free(text);
	return 0;
}

static int write_one(const struct cli *c, const char *dir, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	AFD_AUTO(mem) char *path = afd_sprintf("%s/%s", dir, name);

	if (!path)
		return afd_fail_memory(err);
	if (afd_file_write(path, bytes, false, err) < 0)
		return -1;
	cli_say(c, "  %-44s %12s bytes\n", path, cli_number(bytes.len).s);
	return 0;
}

static int write_files(struct session *s, const char *dir, const struct report_files *f, const struct afd_signer *signer,
                       const struct afd_fonts *fonts, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf run = { 0 };

	if (make_folder(dir, err) < 0 || run_json(s, signer, fonts, &run, err) < 0 ||
	    write_one(s->cli, dir, "report.json", afd_buf_slice(&f->json), err) < 0)
		return -1;
	if (signer && write_one(s->cli, dir, "report.json.p7s", afd_buf_slice(&f->p7s), err) < 0)
		return -1;
	if (write_one(s->cli, dir, "report.pdf", afd_buf_slice(signer ? &f->signed_pdf : &f->pdf), err) < 0)
		return -1;
	return write_one(s->cli, dir, "run.json", afd_buf_slice(&run), err);
}

static int prepare(struct session *s, struct cli *c, const struct report_options *o, struct afd_error *err)
{
	struct afd_collected got = { 0 };

	if (session_open(s, c, o->assess.head ? AFD_STORE_READ : AFD_STORE_WRITE, err) < 0)
		return -1;
	if (o->assess.head)
		return 0;
	if (session_record(s, err) < 0 || session_seal(s, err) < 0)
		return -1;
	if (o->collect && (session_collect(s, &got, err) < 0 || session_seal(s, err) < 0 || session_anchor_with(s, &o->stamp, err) < 0))
		return -1;
	return 0;
}

static int report(struct cli *c, struct report_options *o, int *code, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	AFD_AUTO(signer) struct afd_signer *signer = NULL;
	__attribute__((cleanup(report_files_release))) struct report_files f = { 0 };
	__attribute__((cleanup(stamping_release))) struct stamping *w = NULL;
	AFD_AUTO(mem) char *dir = NULL;
	struct afd_fonts fonts;
	struct afd_gate g;

	if ((o->key.key && report_key_open(c, &o->key, &signer, err) < 0) || prepare(&s, c, o, err) < 0 || session_assess(&s, &o->assess, &a, err) < 0)
		return -1;
	if (signer && afd_signer_is_test(signer))
		a->test = true;
	dir = o->out ? afd_strdup(o->out) : afd_sprintf("reports/%s", a->period_label);
	if (!dir)
		return afd_fail_memory(err);
	if (signer && stamping_open(c, &o->stamp, s.config, &w, err) < 0)
		return -1;
	if (draw(o, a, &f, &fonts, err) < 0 ||
	    (signer && sign_files(signer, stamping_stamper(w), afd_now(&c->env), a->period_label, &f, err) < 0))
		return -1;
	show_assessment(c, a, false);
	if (write_files(&s, dir, &f, signer, &fonts, err) < 0 || assessment_exit(&s, a, &g, err) < 0)
		return -1;
	if (c->json)
		show_assessment_json(c, a, "report", g.exit_code);
	*code = g.exit_code;
	return 0;
}

int verb_report(struct cli *c, int argc, char **argv)
{
	struct report_options o = { 0 };
	const struct cli_option options[] = {
		{ "period", "P", "2026-Q3, 2026-08, 2026, or 2026-07-01..2026-10-01", NULL, &o.assess.period },
		{ "as-of", "TIME", "judge as seen at this time (now)", NULL, &o.assess.as_of },
		{ "head", "SIZE", "report on an earlier head; records nothing", NULL, &o.assess.head },
		REPORT_KEY_OPTIONS(&o.key),
		STAMP_OPTIONS(&o.stamp),
		{ "unsigned", NULL, "leave the signatures out", &o.is_unsigned, NULL },
		{ "out", "DIR", "where to (reports/PERIOD)", NULL, &o.out },
		{ "fonts", "DIR", "folder with NotoSans-Regular.ttf, -Bold, NotoSansMono", NULL, &o.fonts },
		{ "collect", NULL, "collect first", &o.collect, NULL },
		{ 0 }
	};
	struct afd_error err = { 0 };
	int code;

	if (cli_begin(c, options, argc, argv, 0, NULL, &code) < 0)
		return code;
	if (!o.key.key && !o.is_unsigned)
		return cli_usage(c, "report: --key REF is needed (or --unsigned); `affidavit keys test FILE` makes one for trials");
	if (!o.fonts)
		o.fonts = getenv("AFFIDAVIT_FONTS");
	if (report(c, &o, &code, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, code == EXIT_VIOLATED || code == EXIT_INCOMPLETE ? EXIT_CLEAN : code,
	                  "exit 0: report made%s", code == EXIT_VIOLATED ? "; it notes exceptions" :
	                  code == EXIT_INCOMPLETE ? "; some tests could not be made" : "");
}
