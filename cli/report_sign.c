/* report.json and report.pdf signed, with time-stamps where there is an authority. */
#include "cli/report.h"
#include "reports/statement.h"

static int stamp(void *ctx, const struct afd_digest *imprint, struct afd_buf *ret_token, struct afd_error *err)
{
	struct report_stamps *s = ctx;
	struct stamped got = { 0 };
	int r;

	if (stamping_ask(s->stamping, imprint, &got, err) < 0)
		return afd_within(err, "time-stamp (--no-timestamp signs without)");
	r = afd_buf_add_slice(ret_token, afd_buf_slice(&got.token)) < 0 ? afd_fail_memory(err) : 0;
	free(s->authority);
	s->authority = afd_steal(&got.authority);
	s->n++;
	stamped_release(&got);
	return r;
}

void report_stamps_open(struct report_stamps *s, struct stamping *stamping)
{
	*s = (struct report_stamps){ .stamping = stamping, .stamper = { .stamp = stamp, .ctx = s } };
}

const struct afd_stamper *report_stamps_stamper(struct report_stamps *s)
{
	return s->stamping ? &s->stamper : NULL;
}

void report_stamps_release(struct report_stamps *s)
{
	s->stamping = stamping_free(s->stamping);
	afd_mem_release(&s->authority);
}

static int add_trestle(struct report_job *j, struct afd_slice json, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf statement = { 0 }, envelope = { 0 };
	struct afd_digest sha256;

	afd_sha256(json, &sha256);
	if (afd_statement_canonical_json("report.json", &sha256, &statement, err) < 0 ||
	    afd_dsse_sign(j->signer, afd_buf_slice(&statement), AFD_STATEMENT_TYPE, &envelope, err) < 0)
		return afd_within(err, "report.json.dsse.json");
	return report_folder_add(&j->folder, "report.json.dsse.json", &envelope, err);
}

int report_sign_json(struct report_job *j, struct afd_slice json, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf p7s = { 0 };

	if (afd_cms_sign(j->signer, &json, 1, false, afd_now(&j->c->env), report_stamps_stamper(&j->stamps), &p7s, err) < 0)
		return afd_within(err, "report.json.p7s");
	if (report_folder_add(&j->folder, "report.json.p7s", &p7s, err) < 0)
		return -1;
	return j->dsse ? add_trestle(j, json, err) : 0;
}

/* Signed once, the file shows whose certificates count, those of the authority among them; what is found about them goes
 * into the signed revision of the second try (B-LT). */
static int sign_with_data(struct report_job *j, struct afd_slice pdf, struct afd_pades_options *o, struct afd_buf *ret,
                          struct afd_error *err)
{
	struct revocation_roots roots = { 0 };

	stamping_roots(j->stamps.stamping, &roots.pem, &roots.n);
	if (revocation_collect(j->c, &j->revocation, j->s->config->contact, afd_buf_slice(ret), &roots, 1, &j->data, err) < 0)
		return -1;
	if (j->data.revoked)
		return afd_fail(err, AFD_E_CONFIG, "a certificate is revoked: %.400s", (const char *)j->data.note.data);
	o->validation = revocation_validation(&j->data);
	if (!o->validation)
		return 0;
	ret->len = 0;
	j->stamps.n -= o->stamper != NULL;
	return afd_pades_sign(j->signer, pdf, o, ret, err);
}

int report_sign_pdf(struct report_job *j, struct afd_slice pdf, struct afd_buf *ret, struct afd_error *err)
{
	AFD_AUTO(mem) char *reason = afd_sprintf("Evidence report %s", j->model->period.label);
	struct afd_pades_options o = { .now_ms = afd_now(&j->c->env), .reason = reason, .visible = j->visible,
		.stamper = report_stamps_stamper(&j->stamps) };
	int r;

	if (!reason)
		return afd_fail_memory(err);
	r = afd_pades_sign(j->signer, pdf, &o, ret, err);
	if (r == 0 && (o.stamper || j->revocation.crl.n))
		r = sign_with_data(j, pdf, &o, ret, err);
	return r < 0 ? afd_within(err, "report.pdf") : 0;
}
