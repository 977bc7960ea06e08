/* The words of a bundle. */
#include "cli/bundle.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "mappers/judge.h"

/* --- BUNDLE --- */

void bundle_scope_release(struct bundle_scope *s)
{
	free(s->engine);
	free(s->period);
	*s = (struct bundle_scope){ 0 };
}

int bundle_scope_write(const struct bundle_scope *s, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "affidavit-bundle 1\nengine %s\nperiod %s\nas-of %s\nhead %" PRIu64 "\n", s->engine, s->period,
		afd_when_text(s->as_of).s, s->head);
}

/* The value of the next line if it begins with NAME and a blank; owned. */
static char *line_of(struct afd_slice *rest, const char *name)
{
	const uint8_t *lf = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	const struct afd_slice line = afd_slice_sub(*rest, 0, lf ? (size_t)(lf - rest->data) : 0);
	const size_t n = strlen(name);

	*rest = afd_slice_sub(*rest, line.len + 1, rest->len);
	if (line.len <= n + 1 || memcmp(line.data, name, n) != 0 || line.data[n] != ' ' || memchr(line.data, 0, line.len))
		return NULL;
	return afd_text_dup(afd_slice_sub(line, n + 1, line.len));
}

static int read_lines(struct afd_slice text, struct bundle_scope *ret)
{
	AFD_AUTO(mem) char *format = line_of(&text, "affidavit-bundle");
	AFD_AUTO(mem) char *when = NULL;
	AFD_AUTO(mem) char *head = NULL;

	ret->engine = line_of(&text, "engine");
	ret->period = line_of(&text, "period");
	when = line_of(&text, "as-of");
	head = line_of(&text, "head");
	if (!format || strcmp(format, "1") != 0 || !ret->engine || !ret->period || !when || !head || afd_when_parse(when, &ret->as_of, NULL) < 0)
		return -1;
	ret->head = strtoull(head, NULL, 10);
	return 0;
}

int bundle_scope_read(struct afd_slice text, struct bundle_scope *ret, struct afd_error *err)
{
	AFD_AUTO(buf) struct afd_buf again = { 0 };
	struct bundle_scope s = { 0 };

	if (read_lines(text, &s) == 0 && bundle_scope_write(&s, &again) == 0 && afd_slice_equal(afd_buf_slice(&again), text)) {
		*ret = s;
		return 0;
	}
	bundle_scope_release(&s);
	return afd_fail(err, AFD_E_PARSE, "BUNDLE: expected the five lines of affidavit-bundle 1");
}

/* --- parameters --- */

static int put_param(struct afd_buf *b, const char *name, const char *text, int64_t number)
{
	if (afd_buf_printf(b, "INSERT INTO temp.sqlite_parameters (key, value) VALUES (':%s', ", name) < 0)
		return -1;
	if (!text)
		return afd_buf_printf(b, "%" PRId64 ");\n", number);
	if (afd_buf_text(b, "'") < 0)
		return -1;
	for (; *text; text++)
		if (afd_buf_add(b, text, 1) < 0 || (*text == '\'' && afd_buf_text(b, "'") < 0))
			return -1;
	return afd_buf_text(b, "');\n");
}

int bundle_params(const struct afd_assessment *a, const struct afd_check *c, struct afd_buf *ret, struct afd_error *err)
{
	if (afd_buf_text(ret, ".parameter init\n") < 0 || put_param(ret, "period_start", NULL, a->period.from) < 0 ||
	    put_param(ret, "period_end", NULL, a->period.to) < 0 || put_param(ret, "as_of", NULL, a->as_of_ms) < 0)
		return afd_fail_memory(err);
	for (size_t i = 0; i < c->n_param; i++) {
		const struct afd_param *p = &c->param[i];
		int64_t v = 0;

		/* a value that is none was told to the check as an error; its statements were not run */
		if (strcmp(p->type, "text") != 0 && afd_param_int(p, &v, NULL) < 0)
			continue;
		if (put_param(ret, p->name, strcmp(p->type, "text") == 0 ? p->value : NULL, v) < 0)
			return afd_fail_memory(err);
	}
	return 0;
}

int bundle_check(struct afd_store *s, const struct afd_check *c, struct afd_buf *ret, bool *there, struct afd_error *err)
{
	AFD_AUTO(item) struct afd_item i = { .leaf = c->leaf };
	const uint8_t *end;

	*there = false;
	if (afd_store_item(s, c->leaf, &i, err) < 0)
		return -1;
	if (i.presence != AFD_PRESENT)
		return 0;
	*there = true;
	end = memmem(i.bytes.data, i.bytes.len, "*/", 2);
	if (!end || !c->findings_sql)                    /* it cannot be run */
		return afd_buf_add_slice(ret, afd_buf_slice(&i.bytes)) < 0 ? afd_fail_memory(err) : 0;
	return afd_buf_add(ret, i.bytes.data, (size_t)(end + 2 - i.bytes.data)) < 0 ||
		       afd_buf_printf(ret, "\n%s;\n\n-- population\n%s;\n", c->findings_sql, c->population_sql) < 0 ? afd_fail_memory(err) : 0;
}

int bundle_name(char ret[AFD_TAR_NAME], const char *folder, const char *id, const char *end, struct afd_error *err)
{
	if (snprintf(ret, AFD_TAR_NAME, "%s/%s%s", folder, id, end) >= (int)AFD_TAR_NAME || !afd_tar_name_ok(ret))
		return afd_fail(err, AFD_E_USAGE, "%s: not a name that a file of a bundle may have", cli_safe(id, 0));
	return 0;
}

/* --- VERIFY.md --- */

static const char words_outside[] =
	"You need two things that came to you by another way than this file: the root certificate of the report key (`root.pem`), and the\n"
	"store key's public line (`NAME+ID+KEY`, saved as `vkey`). Without them a forger could have made all of this.\n\n"
	"With the program, everything at once: `affidavit verify FILE.tar --root root.pem --vkey \"$(cat vkey)\"`. What follows needs nothing of ours:\n"
	"`tar`, `openssl`, `sha256sum`, `awk`, `sqlite3`, and poppler's `pdfsig` for the PDF. Unpack into an empty folder and run it there.\n\n";

static const char words_report[] =
	"## The report\n\n"
	"`report/` is the folder as it was handed out. The signature of report.json shows who stands behind it. It must say\n"
	"`CAdES Verification successful`:\n\n"
	"```sh\n"
	"openssl cms -verify -cades -binary -inform DER -in report/report.json.p7s -content report/report.json \\\n"
	"\t-CAfile root.pem -no-CApath -no-CAstore -purpose any -out /dev/null\n"
	"```\n\n"
	"`pdfsig report/report.pdf` must print `Signature is Valid` and `Total document signed`. **Its exit code means nothing**: it is 0 for\n"
	"forged files as well. Read what it prints.\n\n";

static const char words_head[] =
	"## The head of the ledger\n\n"
	"A head says how many leaves there are and their root; it is signed by the store key. It shows that the ledger was not changed after\n"
	"somebody outside had the head. It must say `Signature Verified Successfully`:\n\n"
	"```sh\n"
	"{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- vkey | base64 -d | tail -c 32; } > store-key.der\n"
	"sed '/^$/,$d' %s > head.text\n"
	"sed '1,/^$/d' %s | cut -d' ' -f3 | base64 -d | tail -c 64 > head.sig\n"
	"openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey store-key.der -in head.text -sigfile head.sig\n"
	"```\n\n";

static const char words_items[] =
	"## Records and bytes\n\n"
	"Each record gives its leaf, SHA-256 over a zero byte and the record; each item has its SHA-256 as name. This shows that nothing was\n"
	"replaced. Nothing may be printed:\n\n"
	"```sh\n"
	"for f in ledger/records/*; do { printf '\\000'; cat \"$f\"; } | sha256sum | cut -c1-64 | sed \"s,^,$(echo \"${f##*/}\" | sed 's/^0*\\(.\\)/\\1/') ,\"; done |\n"
	"\tawk 'NR == FNR { if ($3 != \"erased\") leaf[$1] = $2; next } leaf[$1] != $2 { print \"leaf \" $1 } { delete leaf[$1] } END { for (i in leaf) print \"missing \" i }' ledger/leaves -\n"
	"(cd items && sha256sum -- *) | awk '$1 != $2'\n"
	"awk '$3 == \"present\" { print $4 }' ledger/leaves | sort -u | while read -r h; do test -f \"items/$h\" || echo \"missing $h\"; done\n"
	"```\n\n"
	"A record commits to its bytes through its `content` line, with the secret in the fifth field of `ledger/leaves`:\n"
	"SHA-256(HMAC-SHA256(secret, \"content\")[0..16] || bytes). For the first leaf that has bytes:\n\n"
	"```sh\n"
	"set -- $(grep -m1 ' present ' ledger/leaves)\n"
	"blind=$(printf content | openssl dgst -sha256 -mac HMAC -macopt \"hexkey:$5\" -r | cut -c1-32)\n"
	"{ echo \"$blind\" | tr a-f A-F | basenc --base16 -d; cat \"items/$4\"; } | sha256sum\n"
	"grep '^content' \"ledger/records/$(printf %012d \"$1\")\"\n"
	"```\n\n"
	"The root of the head follows from the leaf hashes as in RFC 6962, 2.1. A leaf in the state `erased` was forgotten under a rule: another\n"
	"record, of kind `tombstone`, says `erases` with its index and hash, the rule and who applied it. What is neither there nor\n"
	"erased under a rule is missing, and then the bundle proves nothing.\n\n";

static const char words_tables[] =
	"## The checks\n\n"
	"`evidence.sqlite` holds tables that our program derived from the items. **They prove nothing by themselves**: `affidavit verify` derives them\n"
	"again from the items and compares. With them anybody can read what was seen and run each check as it was run. The first result of each are the\n"
	"findings, the second is what was examined:\n\n"
	"```sh\n";

static const char words_end[] =
	"```\n\n"
	"Whether a finding counts also depends on whether the evidence that a check needs was there for the whole period (table `need_coverage`): where it\n"
	"was not, the report says *not evaluable* and never *pass*.\n";

int bundle_words(const struct afd_assessment *a, uint64_t leaves, const char *vkey, bool report, struct afd_buf *ret)
{
	AFD_AUTO(mem) char *note = afd_sprintf("ledger/heads/%012" PRIu64 ".note", a->head_size);

	if (!note || afd_buf_printf(ret, "# Evidence of %s, %s\n\n", a->origin, a->period_label) < 0 ||
	    afd_buf_printf(ret, "Judged as of %s UTC over the first %" PRIu64 " leaves of the ledger, root `%s`.\nThis bundle holds %" PRIu64
			   " leaves. The store names its key `%s`; compare it with yours.\n\n", afd_when_people(a->as_of_ms).s, a->head_size,
			   afd_digest_hex(&a->head_root).s, leaves, vkey) < 0 ||
	    afd_buf_text(ret, words_outside) < 0 || (report && afd_buf_text(ret, words_report) < 0) ||
	    afd_buf_printf(ret, words_head, note, note) < 0 || afd_buf_text(ret, words_items) < 0 || afd_buf_text(ret, words_tables) < 0)
		return -1;
	for (size_t i = 0; i < a->n_check; i++)
		if (afd_buf_printf(ret, "cat params/%s.sql checks/%s.sql | sqlite3 -safe -readonly evidence.sqlite\n", a->check[i].id, a->check[i].id) < 0)
			return -1;
	return afd_buf_text(ret, words_end);
}
