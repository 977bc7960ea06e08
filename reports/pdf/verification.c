#include "reports/pdf/pages.h"

struct step { const char *name; const char *command[4]; const char *expect[4]; const char *shows; };

static const char *fill(struct afd_layout *l, const char *text)
{
	return afd_is(text, "@verify")
		       ? afd_sheets_printf(l->s, "affidavit verify --root root.pem --store evidence.db --replay%s .",
					   l->r->test ? " --allow-test" : "")
		       : text;
}

static const struct step steps[] = {
	{ "This PDF",
	  { "mkdir nss && certutil -N -d sql:nss --empty-password", "certutil -A -d sql:nss -n root -t CT,C,C -i root.pem",
	    "pdfsig -nssdir sql:nss report.pdf" },
	  { "Signature Validation: Signature is Valid.", "Certificate Validation: Certificate is Trusted.",
	    "Total document signed" },
	  "The pages are those that the key signed. Read all three lines: the exit status is no proof." },
	{ "The data",
	  { "openssl cms -verify -cades -binary -inform DER -in report.json.p7s \\", "    -content report.json -CAfile "
										     "root.pem -purpose any -out "
										     "/dev/null" },
	  { "CAdES Verification successful" },
	  "report.json, which this PDF also carries, is the file that the key signed." },
	{ "One and the same",
	  { "pdfdetach -save 1 -o inside.json report.pdf", "sha256sum inside.json report.json" },
	  { "twice the digest of report.json below" },
	  "The pages and the data belong together: every word here is drawn from that file." },
	{ "The whole folder",
	  { "sh verify-by-hand/verify-statement statement.jws root.pem" },
	  { "ok at the head of each line, and no REFUSED" },
	  "Nothing was left out of the folder, exchanged or added, and the report before was not passed over. The script needs "
	  "openssl and coreutils alone; read it first." },
	{ "All at once",
	  { "@verify" },
	  { "exit 0" },
	  "All signatures; these pages drawn again from report.json; the evidence log whole and unaltered up to the "
	  "head; each cited leaf in it; the findings derived again from the "
	  "evidence. It needs the program and the evidence store." },
};

static afd_mpt lines_at(struct afd_layout *l, struct afd_style style, enum afd_face face, enum afd_ink ink,
			const char *text, afd_mpt x, afd_mpt y, afd_mpt w)
{
	struct afd_lines t = afd_wrap1(l->s, style, face, ink, text, w);

	afd_cell(l->s, l->f.page, x, y, w, afd_lines_height(&t));
	afd_put_lines(l->s, l->f.page, &t, 0, t.n, x, y, w, AFD_LEFT);
	return y + afd_lines_height(&t);
}

static void draw_step(struct afd_layout *l, size_t i)
{
	struct afd_sheets *s = l->s;
	const struct step *k = &steps[i];
	afd_mpt x = afd_col_x(s, 4), w = afd_col_w(9), y = l->f.y + PT(6), top = y;
	size_t commands = 0;
	struct afd_style mono = { PT(8.5), PT(7.5), PT(12) };

	while (commands < AFD_COUNT(k->command) && k->command[commands])
		commands++;
	lines_at(l, afd_style_cell, AFD_BOLD, AFD_INK, afd_sheets_printf(s, "%zu  %s", i + 1, k->name), s->margin,
		 y - PT(0.8), afd_col_w(3));
	afd_fill(s, l->f.page, AFD_WASH, x, top, w, (afd_mpt)commands * PT(11) + PT(6));
	y += PT(3);
	for (size_t c = 0; c < commands; c++)
		y = lines_at(l, afd_style_command, AFD_MONO, AFD_INK, fill(l, k->command[c]), x + PT(6), y, w - PT(12));
	y += PT(5);
	lines_at(l, (struct afd_style){ PT(7.5), PT(7.5), PT(12) }, AFD_REGULAR, AFD_GREY1, "Expect", x + PT(6), y,
		 PT(34));
	for (size_t e = 0; e < AFD_COUNT(k->expect) && k->expect[e]; e++)
		y = lines_at(l, mono, AFD_MONO, AFD_INK, k->expect[e], x + PT(42), y, w - PT(42));
	y += PT(1);
	lines_at(l, (struct afd_style){ PT(7.5), PT(7.5), PT(12) }, AFD_REGULAR, AFD_GREY1, "Shows", x + PT(6), y,
		 PT(34));
	y = lines_at(l, afd_style_cell, AFD_REGULAR, AFD_INK, k->shows, x + PT(42), y, w - PT(42));
	l->f.y = y + PT(6);
}

static void fingerprint(struct afd_table *t, const char *what, const char *digest)
{
	struct afd_row *r = afd_table_row(t);

	afd_row_text(t, r, 0, AFD_REGULAR, AFD_INK, what);
	afd_row_text(t, r, 1, AFD_MONO, AFD_INK, digest);
}

static void fingerprints(struct afd_layout *l)
{
	static const struct afd_col col[] = { { 0, PT(126), false, "SHA-256 of" },
					      { PT(126), PT(366), false, "Digits, in groups of eight" } };
	const struct afd_report *r = l->r;
	struct afd_table t;

	afd_table_begin(&t, &l->f, "Fingerprints", col, AFD_COUNT(col));
	fingerprint(&t, "report.json", afd_groups(l->s, afd_digest_hex(&r->sha256).s, 64, 8));
	fingerprint(&t, "evidence head, root hash", afd_groups(l->s, r->head.root, 64, 8));
	fingerprint(&t, "all checks, in their order", afd_groups(l->s, r->rules.checks_sha256, 64, 8));
	fingerprint(&t, "the three fonts, to draw again", afd_groups(l->s, afd_digest_hex(&l->fonts->digest).s, 64, 8));
	t.note = "The key that signed is not named here: the pages must not depend on who signs them. Its certificate "
		 "is in the signature; compare it with the root that you were given.";
	afd_table_end(&t);
}

/* The signed note as it stands in the ledger, so that it can be typed off. */
static void head_note(struct afd_layout *l)
{
	const char *at = l->r->head.note;
	struct afd_sheets *s = l->s;

	if (!at)
		return;
	afd_heading(l, "The evidence head, as the log’s key signed it", PT(60));
	while (*at) {
		size_t n = strcspn(at, "\n");
		char *line = afd_sheets_alloc(s, n + 1);
		struct afd_lines t;

		if (!line)
			return;
		memcpy(line, at, n);
		at += n + (at[n] == '\n');
		t = afd_wrap1(s, afd_style_command, AFD_MONO, AFD_INK, line, s->live - PT(12));
		for (size_t i = 0; i < (t.n ? t.n : 1); i++) {
			afd_flow_need(&l->f, PT(11));
			afd_fill(s, l->f.page, AFD_WASH, s->margin, l->f.y, s->live, PT(11));
			afd_cell(s, l->f.page, s->margin, l->f.y, s->live, PT(11));
			afd_put_lines(s, l->f.page, &t, i, i + 1, s->margin + PT(6), l->f.y, s->live - PT(12),
				      AFD_LEFT);
			l->f.y += PT(11);
		}
	}
	l->f.y += PT(4);
	afd_flow_text(&l->f, afd_style_note, AFD_REGULAR, AFD_GREY1,
		      "A checkpoint after C2SP tlog-checkpoint: name of the log, number of items, root hash in base64, "
		      "signature. Lines too long for the paper are broken.");
}

void afd_layout_verification(struct afd_layout *l)
{
	struct afd_lines t;

	afd_section(l, "How to check this report");
	l->check_at = l->section;
	l->f.w = PT(480);
	t = afd_wrap(l->s, afd_style_text,
		     (struct afd_run[]){ { .s = "You need no program of ours for the first four steps; " },
					 { .s = "affidavit\u00a0verify", .face = AFD_MONO },
					 { .s = " takes all of them at once. Get the root certificate from a person "
						"you trust, not from the folder of the report." } },
		     3, l->f.w);
	afd_flow_lines(&l->f, &t);
	l->f.w = l->s->live;
	l->f.y += PT(4);
	for (size_t i = 0; i < AFD_COUNT(steps); i++) {
		afd_flow_need(&l->f, PT(110));
		afd_rule(l->s, l->f.page, i ? AFD_GREY2 : AFD_INK, i ? PT(0.5) : PT(1), l->s->margin, l->f.y,
			 l->s->live);
		draw_step(l, i);
	}
	fingerprints(l);
	head_note(l);
}
