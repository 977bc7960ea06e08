#!/usr/bin/env python3
"""What `affidavit verify` takes, what it says, and how it ends. Forgeries are in test_forge.py."""
import json, os, re, shutil, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import forge, forgeries, tap
from estate import PROGRAM
from forge import REPORT, demo

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
TRUST = ('--root', 'report-key.pem.root.pem', '--allow-test', '--at', forge.AT)


def verify(folder, *words, code=0):
    out = forge.run([PROGRAM, '--json', 'verify'] + list(words), folder, code)[1]
    o = json.loads(out)
    tap.equal(o['exit'], code)
    return o


def said(o, claim, of=None):
    return [c['verdict'] for c in o['claims'] if c['claim'] == claim and of in (None, c['of'])]


def why(o, claim):
    return ' '.join(c['why'] for c in o['claims'] if c['claim'] == claim)


def honest():
    return forge.once('honest', demo)


def case_a_folder():
    d = honest()
    o = verify(d, REPORT, *TRUST, '--vkey', forge.vkey(d), '--store', 'evidence.db', '--replay')
    tap.equal(o['verdict'], 'holds')
    for claim in ('signature', 'signer', 'files', 'statement', 'agreement', 'pages', 'period', 'head', 'ledger', 'prefix', 'references', 'replay'):
        tap.equal(set(said(o, claim)), {'holds'}, claim)
    tap.equal(set(said(o, 'time')), {'skipped'})
    tap.contains(why(o, 'time'), "claimed only: 2026-10-02T07:00:00.000Z, the signer's own word")


def case_each_file_alone():
    d = honest()
    for paths, of in (([REPORT + '/report.pdf'], 'report.pdf'), ([REPORT + '/report.json'], 'report.json'),
                      ([REPORT + '/report.json.p7s', REPORT + '/report.json'], 'report.json'), ([REPORT + '/statement.jws'], 'statement.jws')):
        o = verify(d, *paths, *TRUST, '--vkey', forge.vkey(d))
        tap.equal((said(o, 'signature', of), said(o, 'signer', of)), (['holds'], ['holds']), of)
        tap.equal(set(said(o, 'head')), {'holds'}, of)
    o = verify(d, REPORT + '/report.pdf', *TRUST)
    tap.equal((said(o, 'pages'), said(o, 'head')), (['holds'], ['skipped']))


def case_a_file_under_another_name():
    d = demo()
    for name in ('report.pdf', 'statement.jws', 'head.note'):
        shutil.copy(os.path.join(d, REPORT, name), os.path.join(d, 'renamed'))
        verify(d, 'renamed', *TRUST, '--vkey', forge.vkey(d), '--dir', REPORT)


def case_a_head_needs_no_root():
    d = honest()
    o = verify(d, REPORT + '/head.note', '--allow-test', '--vkey', forge.vkey(d))
    tap.equal((said(o, 'head'), said(o, 'time')), (['holds'], ['skipped']))


def case_a_head_by_nobodys_key_is_no_yes():
    o = verify(honest(), REPORT + '/head.note', '--allow-test', code=3)
    tap.equal((o['verdict'], said(o, 'head')), ('unclear', ['skipped']))


def case_without_a_root_nothing_signed_is_judged():
    code, out = forge.run([PROGRAM, 'verify', REPORT], honest(), None)
    tap.equal(code, 64)
    tap.contains(out, '--root FILE is needed')


def case_several_roots():
    d = honest()
    verify(d, REPORT, '--root', forgeries.authority().root, *TRUST)
    both = os.path.join(d, 'both.pem')
    forge.write(both, forge.read(forgeries.authority().root) + forge.read(os.path.join(d, 'report-key.pem.root.pem')))
    verify(d, REPORT, '--root', both, '--allow-test', '--at', forge.AT)


def case_a_revocation_list_that_knows_nothing_bad():
    d = demo()
    look = forgeries.by_own_authority(d)
    crl = forge.once('empty crl', lambda: forgeries.authority().crl('empty.crl.pem'))
    o = verify(d, REPORT, '--root', look.root, '--allow-test', '--at', forge.AT, '--crl', crl)
    tap.contains(why(o, 'signer'), ', not revoked')


def case_a_revocation_list_of_another_authority_is_no_word():
    d = demo()
    look = forgeries.by_own_authority(d)
    crl = forge.once('crl of another', lambda: forgeries.authority('other').crl('other.crl.pem'))
    o = verify(d, REPORT, '--root', look.root, '--allow-test', '--at', forge.AT, '--crl', crl)
    tap.contains(why(o, 'signer'), 'do not speak of it')


def case_time_by_an_authority():
    d = demo()
    look = forgeries.stamped(d)
    o = verify(d, REPORT, *TRUST, '--timestamp-root', look.tsa)
    for of in ('report.json', 'report.pdf', 'statement.jws'):
        tap.equal(said(o, 'time', of)[0], 'holds', of)
    tap.contains(why(o, 'form'), 'PAdES B-T')
    for roots in ((), ('--timestamp-root', forge.tsa().stranger_root)):
        o = verify(d, REPORT, *TRUST, *roots)
        tap.equal(said(o, 'time', 'report.json'), ['skipped'])
        tap.contains(why(o, 'time'), 'does not count')


def two_reports():
    """kept: a report; then the ledger grew, and reports/2026-09 was made."""
    def make():
        d = demo()
        shutil.copytree(os.path.join(d, REPORT), os.path.join(d, 'kept'))
        forge.write(os.path.join(d, 'a.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-7,example.test,transfer-lock.remove,2026-08-01,2026-09-01,A\n')
        forge.affidavit(d, 'import', 'approvals', 'a.csv')
        forge.report(d, '2026-09')
        return d
    return forge.once('two', make)


def case_earlier_reports_by_the_proof_of_the_statement():
    d = two_reports()
    for kept in ('kept', 'kept/statement.jws', 'kept/report.json', 'kept/head.note'):
        o = verify(d, 'reports/2026-09', *TRUST, '--earlier', kept)
        tap.equal((said(o, 'earlier'), said(o, 'chain')), (['holds'], ['holds']), kept)
        tap.contains(why(o, 'earlier'), 'the consistency proof holds')


def case_earlier_reports_by_the_store():
    d = two_reports()
    o = verify(d, 'reports/2026-09', *TRUST, '--earlier', 'kept', '--earlier', 'kept/head.note', '--store', 'evidence.db')
    tap.equal(said(o, 'earlier'), ['holds', 'holds', 'holds'], 'the folder, that the store remembers its report, the head')
    forge.affidavit(d, 'ledger', 'verify', '--earlier', 'kept', '--vkey', forge.vkey(d))


def case_without_proof_or_store_an_earlier_head_is_not_comparable():
    d = two_reports()
    o = verify(d, 'reports/2026-09/report.json', *TRUST, '--earlier', 'kept', code=3)
    tap.equal(said(o, 'earlier'), ['unclear'])


def case_a_second_report_in_place_of_the_kept_one():
    d = two_reports()
    changed = os.path.join(d, 'kept-changed')
    shutil.copytree(os.path.join(d, 'kept'), changed, dirs_exist_ok=True)
    forge.change(os.path.join(changed, 'report.json'), lambda x: x.replace(b'Example Trading', b'Example Traders'))
    o = verify(d, 'reports/2026-09', *TRUST, '--earlier', 'kept-changed/report.json', code=1)
    tap.contains(why(o, 'earlier'), 'another file than the report')


def case_an_authority_for_web_servers_makes_no_signers():
    """The usages of the authorities in between nest; those of the root are the verifier's own choice."""
    d = demo()
    leaf = 'keyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n'
    middle = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nextendedKeyUsage='

    def issue(name, by, ext):
        forge.write(os.path.join(d, 'ext'), ext)
        forge.openssl(d, 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name + '.key', '-subj', '/CN=' + name, '-out', 'csr')
        signer = ('-CA', by + '.pem', '-CAkey', by + '.key', '-CAcreateserial') if by else ('-signkey', name + '.key')
        forge.openssl(d, 'x509', '-req', '-in', 'csr', *signer, '-days', '3000', '-extfile', 'ext', '-out', name + '.pem')

    issue('root', None, middle + 'serverAuth\n')
    for usage, code in (('serverAuth', 1), ('serverAuth,emailProtection', 0)):
        issue('middle', 'root', middle + usage + '\n')
        issue('signer', 'middle', leaf)
        forge.openssl(d, 'cms', '-sign', '-binary', '-in', forge.path(d, 'report.json'), '-signer', 'signer.pem', '-inkey', 'signer.key', '-certfile', 'middle.pem',
                      '-outform', 'DER', '-out', 'r.p7s', '-cades', '-md', 'sha256', '-nosmimecap')
        o = verify(d, 'r.p7s', REPORT + '/report.json', '--root', 'root.pem', '--allow-test', code=code)
        tap.equal(said(o, 'signer'), ['holds'] if code == 0 else ['fails'], usage)
    tap.contains(why(o, 'signer'), 'CN = signer')


def case_the_signer_whom_the_verifier_names():
    """Under the root of an organisation many have certificates; who must have signed is the verifier's to say."""
    d = honest()
    o = verify(d, REPORT, *TRUST)
    subject = next(c['why'] for c in o['claims'] if c['claim'] == 'signer').split(', under')[0]
    statement = json.loads(forge.read(forge.path(d, 'statement.jws')))
    import base64, hashlib
    sha256 = hashlib.sha256(base64.b64decode(json.loads(forge.unbase64url(statement['protected']))['x5c'][0])).hexdigest()
    colons = ':'.join(re.findall('..', sha256.upper()))
    for who in (subject, sha256, colons):
        o = verify(d, REPORT, *TRUST, '--signer', 'somebody', '--signer', who)
        tap.equal(set(said(o, 'signer')), {'holds'}, who)
    for who in (subject[:-1], sha256[:63], sha256 + 'a', '', 'TEST'):
        o = verify(d, REPORT, *TRUST, '--signer', who, code=1)
        tap.equal(said(o, 'signer', 'statement.jws'), ['holds', 'fails'], who)
    o = verify(d, REPORT + '/head.note', '--allow-test', '--vkey', forge.vkey(d), '--signer', subject, code=3)
    tap.equal(said(o, 'signer'), ['unclear'])


def case_two_reports_of_one_number():
    """The ledger is one and the heads agree: only the kept statement knows that its report was made anew."""
    d, kept = demo(), demo()
    shutil.rmtree(kept)
    shutil.copytree(d, kept)
    forge.report(kept, '2026-08')
    forge.report(d, '2026-09')
    o = verify(d, 'reports/2026-09', *TRUST, '--earlier', os.path.join(kept, 'reports/2026-08'), code=1)
    tap.contains(why(o, 'earlier'), 'two reports under one number')
    forge.report(d, '2026-07')
    o = verify(d, 'reports/2026-07', *TRUST, '--earlier', os.path.join(kept, 'reports/2026-08'), code=1)
    tap.contains(why(o, 'earlier'), 'another file than the report')
    o = verify(d, 'reports/2026-07', *TRUST, '--earlier', REPORT, '--store', 'evidence.db')
    tap.contains(why(o, 'chain'), 'the numbers between it, 1, and this one, 3, were not shown')


def case_a_signature_beside_the_pdf_alone_is_judged():
    d = demo()
    forge.flip(forge.path(d, 'report.json.p7s'), 500)
    o = verify(d, REPORT + '/report.pdf', REPORT + '/report.json.p7s', *TRUST, code=1)
    tap.equal(said(o, 'signature', 'report.json.p7s'), ['fails'])
    d = honest()
    o = verify(d, REPORT + '/report.pdf', REPORT + '/report.json.p7s', *TRUST)
    tap.equal(said(o, 'signature', 'report.json.p7s'), ['holds'])


def case_a_pipe_is_not_waited_for():
    d = demo()
    os.mkfifo(os.path.join(d, 'pipe'))
    for words, code in ((['pipe', *TRUST], 64), ([REPORT, *TRUST, '--earlier', 'pipe'], 1)):
        tap.contains(forge.run(['timeout', '10', PROGRAM, 'verify'] + words, d, code)[1], 'not a file' if code == 1 else 'neither a file nor a folder')
    os.rename(forge.path(d, 'report.pdf'), os.path.join(d, 'real.pdf'))
    os.symlink('../../real.pdf', forge.path(d, 'report.pdf'))
    tap.contains(forge.run([PROGRAM, 'verify', REPORT, *TRUST], d, 1)[1], 'report.pdf: not a plain file')


def case_ledger_verify_names_both_roots_of_a_fork():
    d = demo()
    forgeries.two_futures(d)
    out = forge.affidavit(d, 'ledger', 'verify', '--earlier', 'kept', code=1)
    tap.equal(len(set(re.findall(r'\b[0-9a-f]{64}\b', out))), 2, out)
    tap.contains(out, 'rewritten or forked')


def case_ledger_verify_says_whose_word_it_took():
    d = honest()
    tap.contains(forge.affidavit(d, 'ledger', 'verify'), 'signed by the key that the store itself names')
    if 'itself names' in forge.affidavit(d, 'ledger', 'verify', '--vkey', forge.vkey(d)):
        raise AssertionError('a key was given')


def case_a_witness_that_did_not_sign():
    d = honest()
    o = verify(d, REPORT + '/head.note', '--allow-test', '--vkey', forge.vkey(d), '--witness', forge.vkey(d).replace('TEST', 'W'), code=1)
    tap.equal(said(o, 'witness'), ['fails'])


def case_other_fonts_are_not_comparable_and_both_are_named():
    d = demo()
    fonts = os.path.join(d, 'fonts')
    os.mkdir(fonts)
    for name in ('NotoSans-Regular.ttf', 'NotoSans-Bold.ttf', 'NotoSansMono-Regular.ttf'):
        found = [os.path.join(w, name) for w, _, files in os.walk('/usr/share/fonts') if name in files]
        if not found:
            raise tap.Skip('no Noto fonts')
        forge.write(os.path.join(fonts, name), forge.read(found[0]) + b'\0')
    o = verify(d, REPORT, *TRUST, '--fonts', 'fonts', code=3)
    tap.equal(said(o, 'pages'), ['unclear'])
    tap.equal(len(set(re.findall(r'[0-9a-f]{64}', why(o, 'pages')))), 2, why(o, 'pages'))


def case_what_it_is_not_is_wrong_usage():
    d = demo()
    forge.write(os.path.join(d, 'x'), 'hello')
    for words in (['x'], [], [REPORT, '--nonsense'], [REPORT, '--replay']):
        tap.equal(forge.run([PROGRAM, 'verify'] + words + list(TRUST), d, None)[0], 64, str(words))


def case_every_claim_is_in_help_and_documentation():
    text = open(os.path.join(ROOT, 'docs', 'verify.md'), encoding='utf-8').read()
    out = forge.run([PROGRAM, 'verify', '--help'], ROOT)[1]
    listed = re.findall(r'(?m)^  ([a-z]+) +\S', out[out.index('\nclaims:'):])
    tap.equal(listed, re.findall(r'(?m)^\| `([a-z]+)` \| (?!\|)', text[text.index('## Claims'):]))


def case_clean_up():
    forge.clean_up()


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
