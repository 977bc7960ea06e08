#include "cli/proof.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"

/* --- the finding --- */

static int read_cite(const struct afd_node *n, struct proof_cite *ret)
{
	const struct afd_node *leaf = afd_node_get(n, "leaf"), *part = afd_node_get(n, "part");
	const char *hash = afd_node_text(afd_node_get(n, "hash"));

	if (!leaf || leaf->type != AFD_INT || leaf->u.i < 0 || !part || part->type != AFD_INT || part->u.i < 0 || !hash ||
	    afd_unhex(hash, strlen(hash), ret->hash.b, 32) < 0)
		return -1;
	ret->leaf = (uint64_t)leaf->u.i;
	ret->part = (uint64_t)part->u.i;
	return 0;
}

int proof_finding_read(struct afd_slice json, struct proof_finding *ret, struct afd_error *err)
{
	struct proof_finding f = { 0 };
	const struct afd_node *root, *list;

	if (afd_json_parse(json, "finding.json", &f.doc, err) < 0)
		return -1;
	root = afd_doc_root(f.doc);
	f.id = afd_node_text(afd_node_get(root, "id"));
	f.check = afd_node_text(afd_node_get(root, "check"));
	f.resource = afd_node_text(afd_node_get(root, "resource"));
	f.status = afd_node_text(afd_node_get(root, "status"));
	list = afd_node_get(root, "evidence");
	if (f.id && f.check && f.resource && f.status && list && list->type == AFD_LIST) {
		f.cite = calloc(list->u.list.n + 1, sizeof(*f.cite));
		if (!f.cite) {
			proof_finding_release(&f);
			return afd_fail_memory(err);
		}
		for (const struct afd_node *e = list->u.list.first; e && read_cite(e, &f.cite[f.n]) == 0; e = e->next)
			f.n++;
		if (f.n == list->u.list.n) {
			*ret = f;
			return 0;
		}
	}
	proof_finding_release(&f);
	return afd_fail(err, AFD_E_PARSE, "finding.json: id, check, resource, status or evidence is not what a finding has");
}

void proof_finding_release(struct proof_finding *f)
{
	f->doc = afd_doc_free(f->doc);
	free(f->cite);
	*f = (struct proof_finding){ 0 };
}

/* --- the statement --- */

static int unbase64url(const struct afd_doc *d, const char *name, struct afd_buf *ret)
{
	const char *text = afd_node_text(afd_node_get(afd_doc_root(d), name));

	return text ? afd_unbase64url(afd_slice_text(text), ret) : -1;
}

static int read_chain(const struct afd_doc *header, struct afd_buf *ret)
{
	const struct afd_node *x5c = afd_node_get(afd_doc_root(header), "x5c");

	if (!x5c || x5c->type != AFD_LIST || !x5c->u.list.n)
		return -1;
	for (const struct afd_node *c = x5c->u.list.first; c; c = c->next) {
		AFD_AUTO(buf) struct afd_buf der = { 0 };
		AFD_AUTO(buf) struct afd_buf text = { 0 };

		if (!afd_node_text(c) || afd_unbase64(afd_slice_text(afd_node_text(c)), &der) < 0 || afd_base64(afd_buf_slice(&der), &text) < 0 ||
		    afd_buf_text(ret, "-----BEGIN CERTIFICATE-----\n") < 0)
			return -1;
		for (size_t at = 0; at < text.len; at += 64)
			if (afd_buf_add_slice(ret, afd_slice_sub(afd_buf_slice(&text), at, 64)) < 0 || afd_buf_text(ret, "\n") < 0)
				return -1;
		if (afd_buf_text(ret, "-----END CERTIFICATE-----\n") < 0)
			return -1;
	}
	return 0;
}

int proof_statement_read(struct afd_slice jws, struct proof_statement *ret, struct afd_error *err)
{
	AFD_AUTO(doc) struct afd_doc *whole = NULL;
	AFD_AUTO(doc) struct afd_doc *header = NULL;
	AFD_AUTO(buf) struct afd_buf protected = { 0 };
	const char *alg;

	if (afd_json_parse(jws, "statement.jws", &whole, err) < 0)
		return -1;
	if (unbase64url(whole, "payload", &ret->payload) < 0 || unbase64url(whole, "protected", &protected) < 0 ||
	    afd_json_parse(afd_buf_slice(&protected), "statement.jws", &header, NULL) < 0 || read_chain(header, &ret->pem) < 0)
		return afd_fail(err, AFD_E_PARSE, "statement.jws: not a JWS with its certificates");
	alg = afd_node_text(afd_node_get(afd_doc_root(header), "alg"));
	if (!alg || strlen(alg) >= sizeof(ret->alg))
		return afd_fail(err, AFD_E_PARSE, "statement.jws: no algorithm");
	memcpy(ret->alg, alg, strlen(alg) + 1);
	return 0;
}

void proof_statement_release(struct proof_statement *s)
{
	afd_buf_release(&s->payload);
	afd_buf_release(&s->pem);
}

/* --- names --- */

void proof_leaf_name(char ret[AFD_TAR_NAME], const char *where, uint64_t leaf, const char *what)
{
	snprintf(ret, AFD_TAR_NAME, "%s/%012" PRIu64 "/%s", where, leaf, what);
}

void proof_part_name(char ret[AFD_TAR_NAME], const char *where, uint64_t leaf, uint64_t part, const char *end)
{
	snprintf(ret, AFD_TAR_NAME, "%s/%012" PRIu64 "/part-%08" PRIu64 "%s", where, leaf, part, end);
}

/* --- words --- */

int proof_mark(struct afd_buf *ret)
{
	return afd_buf_printf(ret, "affidavit-proof 1\nengine affidavit %s\n", AFD_VERSION);
}

static const char words_begin[] =
	"You need two things that came to you by another way than this file: the root certificate of the report key (`root.pem`), and the\n"
	"store key's public line (`NAME+ID+KEY`, saved as `vkey`). Without them a forger could have made all of this.\n\n"
	"With the program: `affidavit verify FILE.tar --root root.pem --vkey \"$(cat vkey)\"`. By hand, with openssl, sha256sum, od, awk and a shell: unpack\n"
	"into an empty folder, put the two files there, and run the steps in order, in one shell. Each prints what it must print, or it does not hold.\n\n"
	"## Tools\n\n"
	"```sh\n"
	"bin() { tr -d '\\n' | tr a-f A-F | basenc --base16 -d; }\n"
	"b64() { tr -- '-_' '+/' | awk '{ while (length($0) % 4) $0 = $0 \"=\"; print }' | base64 -d; }\n"
	"field() { sed 's/.*\"'\"$1\"'\":\"\\([^\"]*\\)\".*/\\1/' statement.jws; }\n"
	"climb() {\t# LEAF-HASH FILE: the root to which the proof leads (RFC 9162, 2.1.3.2)\n"
	"\th=$1\n"
	"\tset -- $(awk 'NR <= 2 { print $2; next } { print $1 }' \"$2\")\n"
	"\tcase $1$2 in *[!0-9]*) echo 'no proof'; return ;; esac\n"
	"\tfn=$1 sn=$(($2 - 1))\n"
	"\tshift 2\n"
	"\tfor p in \"$@\"; do\n"
	"\t\tif [ $((fn % 2)) = 1 ] || [ $fn = $sn ]; then\n"
	"\t\t\th=$({ printf '\\001'; printf %s \"$p$h\" | bin; } | sha256sum | cut -c1-64)\n"
	"\t\t\twhile [ $((fn % 2)) = 0 ] && [ $fn != 0 ]; do fn=$((fn / 2)) sn=$((sn / 2)); done\n"
	"\t\telse\n"
	"\t\t\th=$({ printf '\\001'; printf %s \"$h$p\" | bin; } | sha256sum | cut -c1-64)\n"
	"\t\tfi\n"
	"\t\tfn=$((fn / 2)) sn=$((sn / 2))\n"
	"\tdone\n"
	"\tif [ $sn = 0 ]; then echo \"$h\"; else echo \"the proof is too short\"; fi\n"
	"}\n"
	"```\n\n"
	"## Who made the report\n\n"
	"`Verified OK` shows that the statement is by the key in the first certificate, `certificates.pem: OK` that this certificate leads to your root.\n\n"
	"```sh\n"
	"field payload | b64 > statement.json\n"
	"printf %s.%s \"$(field protected)\" \"$(field payload)\" > signed.bin\n";

/* ECDSA stands in a JWS as two numbers side by side (RFC 7518, 3.4); openssl takes them as DER. */
static const char words_ecdsa[] =
	"number() { v=$(printf %s \"$1\" | sed 's/^\\(00\\)*//'); case $v in [89a-f]*) v=00$v ;; esac; printf '02%02x%s' $((${#v} / 2)) \"$v\"; }\n"
	"s=$(field signature | b64 | od -An -v -tx1 | tr -d ' \\n')\n"
	"n=$((${#s} / 2))\n"
	"der=$(number \"$(printf %s \"$s\" | cut -c1-$n)\")$(number \"$(printf %s \"$s\" | cut -c$((n + 1))-)\")\n"
	"printf '30%02x%s' $((${#der} / 2)) \"$der\" | bin > statement.sig\n";
static const char words_rsa[] = "field signature | b64 > statement.sig\n";

static const char words_finding[] =
	"## The finding stood in that report\n\n"
	"Prints `finding: in the report`. Then read finding.json: it is byte for byte as in report.json.\n\n"
	"```sh\n"
	"leaf=$({ printf '\\000'; cat finding.json; } | sha256sum | cut -c1-64)\n"
	"grep -qF \"\\\"findings_root\\\":\\\"$(climb \"$leaf\" finding.proof)\\\"\" statement.json && echo 'finding: in the report'\n"
	"```\n\n"
	"## The head of the ledger\n\n"
	"Prints `head: of the report` and `Signature Verified Successfully`.\n\n"
	"```sh\n"
	"size=$(sed -n 2p head.note) root=$(sed -n 3p head.note | base64 -d | od -An -v -tx1 | tr -d ' \\n')\n"
	"grep -qF \"\\\"root\\\":\\\"$root\\\",\\\"size\\\":$size,\\\"vkey\\\"\" statement.json && echo 'head: of the report'\n"
	"{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cut -d+ -f3- vkey | base64 -d | tail -c 32; } > store-key.der\n"
	"sed '/^$/,$d' head.note > head.text\n"
	"sed '1,/^$/d' head.note | cut -d' ' -f3 | head -n 1 | base64 -d | tail -c 64 > head.sig\n"
	"openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey store-key.der -in head.text -sigfile head.sig\n"
	"```\n\n"
	"## The evidence\n\n"
	"For each cited item one line `in the head` (the record was in the ledger when the head was signed), `cited` (the finding names it), and for each part\n"
	"`what was received` (these bytes are that part of the item that the record speaks of). The number of a folder is the leaf.\n\n"
	"```sh\n"
	"number_of() { echo \"${1##*[/-]}\" | sed 's/^0*\\(.\\)/\\1/'; }\n"
	"for d in evidence/*; do\n"
	"\ttest -f \"$d/record\" || continue\n"
	"\tleaf=$({ printf '\\000'; cat \"$d/record\"; } | sha256sum | cut -c1-64)\n"
	"\ttest \"$(head -n 2 \"$d/leaf.proof\" | tr '\\n' ' ')\" = \"index $(number_of \"$d\") size $size \" &&\n"
	"\t\ttest \"$(climb \"$leaf\" \"$d/leaf.proof\")\" = \"$root\" && echo \"$d: in the head\"\n"
	"\tgrep -qF \"\\\"hash\\\":\\\"$leaf\\\",\\\"leaf\\\":$(number_of \"$d\"),\" finding.json && echo \"$d: cited\"\n"
	"\tfor p in \"$d\"/part-????????; do\n"
	"\t\ttest -f \"$p\" || continue\n"
	"\t\th=$({ printf '\\000'; bin < \"$p.salt\"; cat \"$p\"; } | sha256sum | cut -c1-64)\n"
	"\t\ttest \"$(head -n 2 \"$p.proof\" | tr '\\n' ' ')\" = \"index $(number_of \"$p\") size $(sed -n 's/^parts //p' \"$d/record\") \" &&\n"
	"\t\t\ttest \"$(climb \"$h\" \"$p.proof\")\" = \"$(sed -n 's/^parts-root //p' \"$d/record\")\" && echo \"$p: what was received\"\n"
	"\tdone\n"
	"done\n"
	"```\n\n"
	"The record says from which source the bytes came, what was asked, when they arrived, and what the other side's clock said. That nothing speaks\n"
	"against the finding is not shown here; for that, ask for the bundle.\n";

static const char words_erased[] =
	"\n## What was erased\n\n"
	"An item that the finding cites was forgotten under a rule after the report was made: `evidence/LEAF/erased` names its leaf hash, which the finding\n"
	"cites, and its tombstone. What it said cannot be shown any more; the finding rests on the signature alone. Prints `was in the head`, and the\n"
	"lines of the tombstone's record that say which leaf, which rule and who.\n\n"
	"```sh\n"
	"for d in evidence/*; do\n"
	"\ttest -f \"$d/erased\" || continue\n"
	"\tleaf=$(sed -n 's/^hash //p' \"$d/erased\")\n"
	"\ttest \"$(climb \"$leaf\" \"$d/leaf.proof\")\" = \"$root\" && echo \"$d: was in the head\"\n"
	"\tt=tombstone/$(printf %012d \"$(sed -n 's/^tombstone //p' \"$d/erased\")\")\n"
	"\tclimb \"$({ printf '\\000'; cat \"$t/record\"; } | sha256sum | cut -c1-64)\" \"$t/leaf.proof\"\n"
	"\tsed -n '/^erases /p;/^rule /p;/^actor /p' \"$t/record\"\n"
	"done\n"
	"```\n";
static const char words_later[] =
	"\nThe tombstone stands behind the report's head: its proof leads to the root in `later.note` (third line, in base64), signed by the store key as head.note\n"
	"is, and `later.proof` shows that this head continues the report's (RFC 9162, 2.1.4).\n";

static const char words_stamped[] =
	"\n## When\n\n"
	"An authority that stamps digests had the head in `stamped.note`, and what it stamped was there at the time that it says. `stamped.proof` shows\n"
	"(RFC 9162, 2.1.4) that this head and the report's are of one ledger. With the authority's root as `tsa.pem`:\n\n"
	"    openssl ts -verify -data stamped.note -in stamped.tsr -CAfile tsa.pem\n"
	"    openssl ts -reply -in stamped.tsr -text\n";

static const char *digest_of(const char *alg)
{
	return strcmp(alg, "ES384") == 0 ? "-sha384" : "-sha256";
}

int proof_words(const struct proof_finding *f, const char *alg, const struct proof_shape *shape, struct afd_buf *ret)
{
	return afd_buf_printf(ret, "# Finding %s: %s, %s\n\nCheck `%s`. ", cli_safe(f->id, 0), cli_safe(f->resource, 0),
			      cli_safe(f->status, 0), cli_safe(f->check, 0)) < 0 ||
	       afd_buf_text(ret, words_begin) < 0 || afd_buf_text(ret, alg[0] == 'R' ? words_rsa : words_ecdsa) < 0 ||
	       afd_buf_printf(ret, "openssl x509 -in certificates.pem -noout -pubkey > signer.pub\n"
			      "openssl dgst %s -verify signer.pub -signature statement.sig signed.bin\n"
			      "openssl verify -CAfile root.pem -no-CApath -no-CAstore -untrusted certificates.pem -purpose any certificates.pem\n```\n\n",
			      digest_of(alg)) < 0 ||
	       afd_buf_text(ret, words_finding) < 0 || (shape->erased && afd_buf_text(ret, words_erased) < 0) ||
	       (shape->later && afd_buf_text(ret, words_later) < 0) || (shape->stamped && afd_buf_text(ret, words_stamped) < 0) ? -1 : 0;
}
