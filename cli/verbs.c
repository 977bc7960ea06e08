#include "cli/verbs.h"

const struct cli_verb cli_verbs[] = {
	{ "bundle", "--report DIR [--out FILE.tar]", "the whole evidence of a report as one tar, to be checked without us",
	  "Items, ledger, report, tables and checks, with VERIFY.md, which says how to check each. It shows everything that was stored; to show\n"
	  "one finding and nothing else, use prove.\n  affidavit bundle --report reports/2026-Q3 --out 2026-Q3.tar", verb_bundle },
	{ "check", "--period P [--as-of TIME] [--head SIZE] [--all] [--check ID --explain] [--since-last]", "run the checks and show what they found",
	  "Records your files in the ledger, then judges the period. Nothing is collected unless --collect is given.\n"
	  "--since-last tells of each finding that nobody was told of, once: to --exec CMD (its JSON on standard input, exit 0: delivered), or\n"
	  "as lines of JSON. What failed or got worse is told again. The ledger keeps what was told, to whom and when. Exit 1: some could not be told.\n"
	  "  affidavit check --period 2026-Q3\n  affidavit check --period 2026-Q3 --since-last --exec ./open-ticket", verb_check },
	{ "checks", "[ID]", "list the checks, ours and yours, or print one",
	  "A check is a query with its reason and its remedy. Yours stand in the folders that checks: names in affidavit.yaml.\n  affidavit checks challenge-residue", verb_checks },
	{ "collect", "[--source NAME] [--backfill [NAME...]]", "ask every source and store what it answers",
	  "Stores answers, then a signed head of the ledger. A source that fails becomes a gap with its reason; the others go on.\n"
	  "Ctrl-C is safe: the next run goes on. Exit 3: some evidence is missing.\n"
	  "Names that are added to the inventory are looked for in what transparency logs take from then on; --backfill searches what was\n"
	  "read before as well, in one more reading of each log from where it began.\n  affidavit collect", verb_collect },
	{ "demo", "[--out DIR]", "a small quarter from start to verified report, in seconds",
	  "Replays recorded answers of a real BIND, a transparency log and an account log through the whole program, with a test\n"
	  "key and a test clock (every page says TEST), and shows each command as you would type it.\n  affidavit demo --out /tmp/demo", verb_demo },
	{ "doctor", "[FILE...] [--server NAME] [--rules] | --epp-schemas DIR [FRAME...]", "which settings lose evidence, which credentials can do too much, and what to do",
	  "Reads named.conf, knot.conf, nsd.conf or pdns.conf, through the server's own checker where it is installed, and names each setting that\n"
	  "loses who, when or what, with the line to write instead. Without FILE: every source of the configuration is asked for one small\n"
	  "thing, and the files of its dns-server-config sources are read. Where a provider's API lets it, doctor also tries by reading what a\n"
	  "credential with the documented permission cannot do, and says when it is broader than needed; nothing is changed or stored.\n"
	  "Exit 3: something loses evidence, or a credential is broader than needed. Exit 1: it could not look.\n"
	  "With --epp-schemas, frames of EPP (files, or those in the store) are held against XML schemas and each error is named with its line and its\n"
	  "schema; evidence is never refused for it. Exit 3: a frame is not valid or has a part without a schema. Exit 1: one cannot be read.\n"
	  "  affidavit doctor /etc/bind/named.conf\n  affidavit doctor --epp-schemas xsd frames/*.xml", verb_doctor },
	{ "explain", "FINDING [--period P]", "the rule, the rows and the raw evidence behind a finding",
	  "FINDING: the id that check and gate print. Looks at this quarter and the one before, or at --period. The same as\n"
	  "check --check ID --subject NAME --explain.\n  affidavit explain Q4GMJSJ2EHSIH7ZA", verb_explain },
	{ "extend", "REPORT.pdf [--timestamp URL] [--crl FILE] [--out FILE]", "an archive time-stamp behind a signed report.pdf",
	  "Appends revocation data and a time-stamp over the whole file (PAdES B-LTA), so that it can be verified when its certificates\n"
	  "have expired. The signed bytes stay as they are; may be repeated. pdfsig then says that not the total document is signed.\n"
	  "--data-only appends the data alone, for readers that look for them behind the signature (PAdES B-LT there).\n"
	  "  affidavit extend reports/2026-Q3/report.pdf --timestamp https://tsa.example.com/", verb_extend },
	{ "frameworks", "[ID [CONTROL] | resolve CITED | import FILE | export --oscal [ID]]", "list frameworks and what checks say of their controls; look ids up; texts in, mappings out",
	  "ID lists its controls: which checks say something about each, by which relation, why, and where that ends.\n"
	  "resolve says what an id is, however it is written: withdrawn ones lead to what took their place, some forms have meant several things.\n"
	  "import takes the publisher's texts out of NIST's OSCAL catalogues, XML or JSON, and keeps them beside the configuration.\n"
	  "export writes mappings as a mapping collection in OSCAL 1.2 (JSON), for one framework or all; export --oscal checks writes the checks.\n"
	  "Mappings of your own (*.mapping.yaml) and catalogues (*.json) stand in the folders that frameworks: names in affidavit.yaml.\n"
	  "  affidavit frameworks nist-csf-2.0 PR.AA-05\n  affidavit frameworks resolve PR.AC-1\n  affidavit frameworks import NIST_CSF_v2.0_catalog.xml\n"
	  "  affidavit frameworks export --oscal nist-csf-2.0 --out mapping.json", verb_frameworks },
	{ "gate", "[--window TIME | --period P] [--collect] [--baseline FILE]", "fail a build when policy is broken or evidence is missing",
	  "Looks at the 7 days before now minus the slowest source's lag, unless told otherwise. policy.yaml says what fails.\n"
	  "--write-baseline FILE keeps what violates now; with --baseline FILE (or a report.json) new findings alone fail. Missing evidence never hides in it.\n"
	  "Exit 2: violated. Exit 3: evidence is missing. Exit 0: clean.\n  affidavit gate --collect", verb_gate },
	{ "import", "approvals FILE [--map FILE] | FILE... --source NAME | FILE... --type KIND --map FILE", "record a file by hand: approvals, or an exported log",
	  "An approval counts from the moment at which it is recorded. An exported log is read once, with its name and time, as the source of\n"
	  "that name would read it; or by --type and --map, without any source in the configuration.\n"
	  "  affidavit import approvals change-1042.csv\n  affidavit import approvals tickets.csv --map tickets-map.yaml\n  affidavit import audit-2026-07.csv --source registrar\n"
	  "  affidavit import audit.jsonl --type events-file --map registrar.yaml --account acme", verb_import },
	{ "init", "--domain NAME [--test] | --from PATH [--out FILE]", "make configuration, inventory, policy, store and store key here",
	  "Nothing is overwritten. --from proposes an inventory out of what a store holds, with owners to fill in. The store key signs heads of the ledger; its public line goes to your auditor.\n  affidavit init --domain example.com\n  affidavit init --from affidavit.yaml --out inventory.proposed.yaml", verb_init },
	{ "keys", "[store | rotate | show REF | csr --key REF --subject NAME | init DIR | test FILE]", "store key and report key: show, request, hand over, make test keys",
	  "store    the store key's public line. Give it to your auditor at the start: ledger heads are verified with it.\n"
	  "rotate   makes a new store key; the old one signs for it, in the ledger. Give the new line to your auditor, too; the old\n"
	  "         one keeps proving every head, with the store at hand.\n"
	  "show     what is known of a report key: a FILE (PEM, PKCS#12), pkcs11:URI of a token, or exec:COMMAND of a key service.\n"
	  "csr      a certificate request signed by that key, for your certificate authority.\n"
	  "init     a test root, signer and time-stamping authority in DIR; `test FILE` a test signer alone. Reports say TEST.\n"
	  "docs/keys.md tells how to keep keys.\n\n  affidavit keys csr --key signer-key.pem --subject \"CN=Evidence of Example,O=Example\" > signer.csr", verb_keys },
	{ "ledger", "[verify | show LEAF | show --head SIZE | cosign FILE | erase LEAF --rule TEXT --actor NAME]",
	  "heads of the ledger with their time-stamps, one leaf, its integrity, retention",
	  "show --head writes a signed head and its time-stamp as files for openssl. cosign takes a note that a witness of the configuration signed.\n"
	  "erase forgets the bytes of a leaf under a rule; its hash and a tombstone stay.\n  affidavit ledger show 12", verb_ledger },
	{ "prove", "FINDING --report DIR [--out FILE.tar]", "a small tar that proves one finding and shows nothing else",
	  "The finding, the signed statement, and of each item that it cites the record and the cited part, with proofs up to the signed head.\n"
	  "affidavit verify checks it, or a person with openssl and sha256sum, as VERIFY.md in it says.\n"
	  "  affidavit prove F3 --report reports/2026-Q3 --out F3.tar", verb_prove },
	{ "rebuild", "", "make all derived tables again from the ledger", "  affidavit rebuild", verb_rebuild },
	{ "report", "--period P --key FILE [--out DIR] [--collect]", "the signed report of a period",
	  "Writes report.json, report.json.p7s (CMS), report.pdf (PAdES), run.json, head.note and statement.jws (JWS), which names them all.\n"
	  "Time-stamps come from the authorities in the configuration, or from --timestamp. --collect asks the sources\n"
	  "first: the quarter in one command. --unsigned leaves signatures out.\n"
	  "  affidavit report --period 2026-Q3 --collect --key report-key.pem", verb_report },
	{ "sources", "[KIND]", "kinds of sources, their settings, and what is configured",
	  "`sources ct` lists the transparency logs that were read or are expected, with position, backlog and lag.\n\n  affidavit sources dns-transfer\n  affidavit sources ct", verb_sources },
	{ "verify", "PATH... --root FILE [--store FILE --vkey KEY] [--replay]", "check a report, bundle or proof without trusting who made it",
	  "PATH: a folder of a report, a bundle, a proof, or report.pdf, report.json, statement.jws, a signed head or its time-stamp alone; what it\n"
	  "is, is told by its content. Offline: signatures, signer, time, completeness of files, pages drawn again from the data, the ledger, every\n"
	  "reference, and with --replay the findings derived again. --earlier: a report or head that you kept must be a prefix of today's ledger.\n"
	  "Trust comes from you: root certificates and store key are given here. --refetch alone opens connections: it reads ranges of a\n"
	  "transparency log again, by the configuration, and compares them with the ledger.\n"
	  "  affidavit verify reports/2026-Q3 --root root.pem --store evidence.db --replay", verb_verify },
	{ 0 }
};
