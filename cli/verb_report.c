/* Collect, check, map, report, sign, verify: the quarter in one command. */
#include <sys/utsname.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "cli/anchor.h"
#include "cli/report.h"
#include "cli/verbs.h"

struct report_options {
	struct assess_options assess;
	struct report_key key;
	struct stamp_options stamp;
	struct revocation_options revocation;
	const char *out, *fonts;
	bool collect, is_unsigned, no_stamp, dsse, visible;
};

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

/* --- making --- */

static void report_job_release(struct report_job *j)
{
	report_stamps_release(&j->stamps);
	revocation_release(&j->data);
	report_folder_release(&j->folder);
	j->model = afd_report_free(j->model);
	j->signer = afd_signer_free(j->signer);
}

static int add_copy(struct report_job *j, const char *name, struct afd_slice bytes, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf copy = { 0 };

	if (afd_buf_add_slice(&copy, bytes) < 0)
		return afd_fail_memory(err);
	return report_folder_add(&j->folder, name, &copy, err);
}

static int draw(struct report_job *j, const struct afd_assessment *a, const struct afd_fonts *fonts, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf json = { 0 }, pdf = { 0 }, signed_pdf = { 0 };
	struct afd_slice bytes;

	if (afd_report_json(a, &json, err) < 0 || report_folder_add(&j->folder, "report.json", &json, err) < 0)
		return -1;
	bytes = report_folder_get(&j->folder, "report.json");
	if (afd_report_read(bytes, &j->model, err) < 0 || afd_renderer_find("pdf")->render(bytes, fonts, &pdf, err) < 0)
		return -1;
	if (!j->signer)
		return report_folder_add(&j->folder, "report.pdf", &pdf, err);
	if (report_sign_json(j, bytes, err) < 0 || report_sign_pdf(j, afd_buf_slice(&pdf), &signed_pdf, err) < 0)
		return -1;
	return report_folder_add(&j->folder, "report.pdf", &signed_pdf, err);
}

/* The signed head by itself, with a time-stamp of its own: what others may keep of the report to check the next one. */
static int add_head(struct report_job *j, struct afd_error *err)
{
	const struct afd_stamper *stamper = report_stamps_stamper(&j->stamps);
	AFD_AUTO(buf) struct afd_buf token = { 0 };
	struct afd_slice note = afd_slice_text(j->model->head.note);
	struct afd_digest imprint;

	if (!note.len)
		return 0;
	if (add_copy(j, "head.note", note, err) < 0)
		return -1;
	if (!stamper)
		return 0;
	afd_sha256(note, &imprint);
	if (stamper->stamp(stamper->ctx, &imprint, &token, err) < 0)
		return afd_within(err, "head.note");
	return report_folder_add(&j->folder, "head.0.tst", &token, err);
}

static int make_files(struct report_job *j, const struct afd_assessment *a, const char *fonts_dir, struct report_chain *ch,
                      struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf run = { 0 };
	struct afd_fonts fonts;

	if (afd_fonts_find(fonts_dir, &fonts, err) < 0 || draw(j, a, &fonts, err) < 0 ||
	    run_json(j->s, j->signer, &fonts, &run, err) < 0 || report_folder_add(&j->folder, "run.json", &run, err) < 0)
		return -1;
	if (!j->signer)
		return 0;
	if (add_head(j, err) < 0)
		return -1;
	return report_state(j, ch, err);
}

/* --- what was made --- */

static void show_signature(const struct report_job *j, const struct report_chain *ch)
{
	const struct cli *c = j->c;

	cli_say(c, "\nsigned    %s\n", cli_safe(ch->own.signer, 68));
	cli_say(c, "          certificate %s, until %s\n", cli_hash(afd_digest_hex(&ch->own.certificate).s).s,
	        afd_when_people(ch->own.valid_to).s);
	if (j->stamps.n)
		cli_say(c, "stamped   %u signatures, by %s\n", j->stamps.n, cli_safe(j->stamps.authority, 50));
	else
		cli_say(c, "stamped   no: no authority was asked, so the times are the signer's word\n");
	if (j->data.asked)
		cli_say(c, "long term revocation data in report.pdf for %u of %u certificates\n", j->data.asked - j->data.missing, j->data.asked);
	revocation_say(c, &j->data);
	if (!ch->has_before)
		cli_say(c, "chained   the first signed report of this store\n\n");
	else
		cli_say(c, "chained   report %s of this store, after %s on %s items\n\n", cli_number(ch->own.number).s,
		        cli_safe(ch->before.report_id, 14), cli_number(ch->before.size).s);
}

/* --- the verb --- */

static int prepare(struct session *s, struct cli *c, const struct report_options *o, struct afd_error *err)
{
	struct afd_collected got = { 0 };

	if (session_open(s, c, o->assess.head ? AFD_STORE_READ : AFD_STORE_WRITE, err) < 0)
		return -1;
	if (o->assess.head)
		return 0;
	if (session_record(s, err) < 0 || session_seal(s, err) < 0)
		return -1;
	if (o->collect && (session_collect(s, NULL, &got, err) < 0 || session_seal(s, err) < 0 ||
	                   (!o->no_stamp && session_anchor_with(s, &o->stamp, err) < 0)))
		return -1;
	return 0;
}

static int open_stamps(struct report_job *j, const struct report_options *o, struct afd_error *err)
{
	struct stamping *stamping = NULL;

	if (j->signer && !o->no_stamp && stamping_open(j->c, &o->stamp, j->s->config, &stamping, err) < 0)
		return -1;
	report_stamps_open(&j->stamps, stamping);
	return 0;
}

static int write_report(struct report_job *j, const char *dir, const struct report_chain *ch, struct afd_error *err)
{
	__attribute__((cleanup(report_staged_release))) struct report_staged staged = { 0 };

	if (!j->signer)
		return report_folder_stage(&j->folder, dir, &staged, err) < 0 ? -1 : report_folder_place(j->c, &j->folder, dir, &staged, err);
	if (report_publish(j, dir, ch, err) < 0)
		return -1;
	show_signature(j, ch);
	return 0;
}

/* What no verifier would take, and what the reader of the report cannot see. */
static int look_at_assessment(struct session *s, const struct afd_assessment *a, struct afd_error *err)
{
	uint64_t size;

	if (!a->note || !*a->note)
		return afd_fail(err, AFD_E_USAGE, "--head %llu: no head was signed over so many leaves; `affidavit ledger` lists them",
		                (unsigned long long)a->head_size);
	if (a->as_of_ms > afd_now(&s->cli->env))
		return afd_fail(err, AFD_E_USAGE, "--as-of %s: that is still to come, and nobody has seen it", afd_when_text(a->as_of_ms).s);
	if (afd_store_size(s->store, &size, err) < 0)
		return -1;
	if (size > a->head_size)
		cli_warn(s->cli, "the ledger has %s items behind the head of this report, and it says nothing of them", cli_number(size - a->head_size).s);
	return 0;
}

static int report(struct cli *c, struct report_options *o, int *code, struct afd_error *err)
{
	SESSION s = { 0 };
	AFD_AUTO(assessment) struct afd_assessment *a = NULL;
	AFD_AUTO(mem) char *dir = NULL;
	__attribute__((cleanup(report_job_release))) struct report_job j = { .c = c, .s = &s, .dsse = o->dsse, .visible = o->visible,
		.revocation = o->revocation };
	__attribute__((cleanup(report_chain_release))) struct report_chain ch = { .has_before = false };
	struct afd_gate g;

	if ((o->key.key && !o->is_unsigned && report_key_open(c, &o->key, &j.signer, err) < 0) || prepare(&s, c, o, err) < 0 ||
	    open_stamps(&j, o, err) < 0 || session_assess(&s, &o->assess, &a, err) < 0 || look_at_assessment(&s, a, err) < 0)
		return -1;
	a->test = a->test || (j.signer && afd_signer_is_test(j.signer));
	if (j.signer)
		report_key_warn(c, j.signer, a->period);
	dir = o->out ? afd_strdup(o->out) : afd_sprintf("reports/%s", a->period_label);
	if (!dir)
		return afd_fail_memory(err);
	if (report_folder_prepare(dir, j.signer != NULL, err) < 0 || make_files(&j, a, o->fonts, &ch, err) < 0)
		return -1;
	show_assessment(c, a, false);
	if (write_report(&j, dir, &ch, err) < 0 || assessment_exit(&s, a, NULL, &g, err) < 0)
		return -1;
	if (c->json)
		show_assessment_json(c, a, "report", &g, NULL);
	*code = g.exit_code;
	return 0;
}

int verb_report(struct cli *c, int argc, char **argv)
{
	struct report_options o = { 0 };
	const struct cli_option options[] = {
		{ "period", "P", "2026-Q3, 2026-08, 2026, or 2026-07-01..2026-10-01", NULL, &o.assess.period },
		{ "as-of", "TIME", "judge as seen at this time (now, or the collection of the last hour)", NULL, &o.assess.as_of },
		{ "head", "SIZE", "report on an earlier head; records nothing in the ledger", NULL, &o.assess.head },
		REPORT_KEY_OPTIONS(&o.key),
		{ "unsigned", NULL, "leave the signatures out", &o.is_unsigned, NULL },
		STAMP_OPTIONS(&o.stamp),
		{ "no-timestamp", NULL, "sign without time-stamps, though authorities are configured", &o.no_stamp, NULL },
		REVOCATION_OPTIONS(&o.revocation),
		{ "visible", NULL, "a box with the signer's name on the cover", &o.visible, NULL },
		{ "dsse", NULL, "the statement also as DSSE, for supply-chain tools", &o.dsse, NULL },
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
	if (o.is_unsigned && (o.dsse || o.stamp.url.n || o.stamp.root.n || o.stamp.policy))
		return cli_usage(c, "report: --unsigned leaves nothing to stamp and no statement");
	if (o.no_stamp && (o.stamp.url.n || o.stamp.root.n || o.stamp.policy))
		return cli_usage(c, "report: --timestamp and --no-timestamp");
	if (!o.fonts)
		o.fonts = getenv("AFFIDAVIT_FONTS");
	if (report(c, &o, &code, &err) < 0)
		return cli_cannot(c, &err);
	return cli_finish(c, code == EXIT_VIOLATED || code == EXIT_INCOMPLETE ? EXIT_CLEAN : code,
	                  "exit 0: report made%s", code == EXIT_VIOLATED ? "; it notes exceptions" :
	                  code == EXIT_INCOMPLETE ? "; some tests could not be made" : "");
}
