"""The table of forgeries: what was done, which claim of `affidavit verify` refuses it and why, and which script of docs/verify-by-hand sees it
too (an empty list: only our program can, because the ledger has to be read, tables derived, or pages drawn).

A row makes its forgery in a fresh copy of the demo's folder and returns how it is to be looked at, if not as a report folder with its store."""
import json, os, re, shutil, subprocess

import forge
from forge import REPORT, affidavit, change, edit_statement, flip, path, payload, read, report, sql, write


class Look:
    """How a verifier looks at it. paths, root, earlier: below the folder. store, replay: whether he has the ledger."""
    def __init__(self, paths=(REPORT,), root='report-key.pem.root.pem', store=True, at=forge.AT, at_seconds=forge.AT_SECONDS, more=(), vkey=None,
                 earlier=None, crl=None, tsa=None):
        self.paths, self.root, self.store, self.at, self.at_seconds, self.more = paths, root, store, at, at_seconds, more
        self.vkey, self.earlier, self.crl, self.tsa = vkey, earlier, crl, tsa


# --- PDF: an incremental update that a viewer would show ---

def update_pdf(data, objects):
    start = int(re.findall(rb'startxref\s+(\d+)', data)[-1])
    root = re.findall(rb'/Root (\d+ 0 R)', data)[-1]
    size = int(re.findall(rb'/Size (\d+)', data)[-1])
    out, at = data + b'\n', {}
    for n, body in objects.items():
        at[n] = len(out)
        out += b'%d 0 obj\n%s\nendobj\n' % (n, body)
    xref = len(out)
    out += b'xref\n0 0\n' + b''.join(b'%d 1\n%010d 00000 n \n' % (n, p) for n, p in sorted(at.items()))
    return out + b'trailer\n<</Size %d/Root %s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n' % (max([size] + [n + 1 for n in at]), root, start, xref)


def pdf_object(data, n):
    return re.findall(rb'(?s)[\r\n]%d 0 obj\s(.*?)\sendobj' % n, data)[-1]


def first_page(data):
    """Number and dictionary of the first page in its newest form."""
    n = int(re.findall(rb'[\r\n](\d+) 0 obj\s*<<\s*/Type /Page[\s/]', data)[0])
    return n, pdf_object(data, n)


def stream(text):
    return b'<</Length %d>>\nstream\n%s\nendstream' % (len(text), text)


def pdf_page_replaced(d):
    def f(data):
        page = first_page(data)[1]
        return update_pdf(data, {int(re.search(rb'/Contents (\d+) 0 R', page).group(1)): stream(b'BT ET')})
    change(path(d, 'report.pdf'), f)


def pdf_annotation(d):
    def f(data):
        n, page = first_page(data)
        page = page.replace(b'/Type /Page', b'/Type /Page /Annots [9990 0 R]', 1)
        return update_pdf(data, {n: page, 9990: b'<</Type/Annot/Subtype/FreeText/Rect[50 50 500 500]/DA(/Helv 20 Tf)/Contents(no exceptions)>>'})
    change(path(d, 'report.pdf'), f)


def pdf_font_replaced(d):
    """Shadow, replace: what was signed stays, and looks different."""
    def f(data):
        return update_pdf(data, {int(re.search(rb'[\r\n](\d+) 0 obj\s*<<\s*/Type /Font[\s/]', data).group(1)): b'<</Type/Font/Subtype/Type1/BaseFont/Symbol>>'})
    change(path(d, 'report.pdf'), f)


def pdf_wrapped(d):
    """The signed tail moved behind foreign bytes, and /ByteRange made to point there."""
    def f(data):
        m = re.search(rb'/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)( *)\]', data)
        a, gap, back, rest = (int(x) for x in m.groups()[:4])
        evil = b'\n1 0 obj\n<</Type/Catalog>>\nendobj\n'
        new = re.sub(rb'\d+ \d+ \d+ \d+ *', b'%d %d %d %d' % (a, gap, back + len(evil), rest), m.group(0))
        new = new[:-1] + b' ' * (len(m.group(0)) - len(new)) + b']'
        return (data[:back] + evil + data[back:]).replace(m.group(0), new)
    change(path(d, 'report.pdf'), f)


def pdf_unsigned(d):
    change(path(d, 'report.pdf'), lambda x: x[:x.index(b'%%EOF') + 6])


def pdf_pages_changed(d):
    """Shadow, before signing: the pages never said what the data say."""
    affidavit(d, 'report', '--period', '2026-Q3', '--unsigned', '--out', 'unsigned')
    data = read(os.path.join(d, 'unsigned', 'report.pdf'))
    other = data.replace(b'/Rotate 0', b'/Rotate 9') if b'/Rotate 0' in data else re.sub(rb'(/MediaBox ?\[ ?0 0 )(\d)', lambda m: m.group(1) + b'4', data, 1)
    assert other != data
    write(os.path.join(d, 'unsigned', 'report.pdf'), other)
    return Look(paths=('unsigned',), store=False, more=('--allow-unsigned',))


def pdf_of_another_report(d):
    report(d, '2026-08')
    shutil.copy(os.path.join(d, 'reports/2026-08/report.pdf'), path(d, 'report.pdf'))


# --- byte flips ---

def flipped(name, at):
    return lambda d: flip(path(d, name), at)


def flipped_in_pdf(what):
    return lambda d: flip(path(d, 'report.pdf'), read(path(d, 'report.pdf')).rindex(what) + len(what) + 2)


# --- statement, by a forger with the report key unless it says otherwise ---

def statement_missing(d):
    os.remove(path(d, 'statement.jws'))


def file_added(d):
    write(path(d, 'annex.pdf'), 'all is well')


def file_missing(d):
    os.remove(path(d, 'run.json'))


def statement_omits_a_file(d):
    edit_statement(d, lambda p: re.sub(rb',\{"digest":\{"sha256":"[0-9a-f]*"\},"name":"report.pdf"\}', b'', p))


def statement_names_a_key_twice(d):
    edit_statement(d, lambda p: p.replace(b'"number":1,', b'"number":2,"number":1,'))


def statement_of_other_findings(d):
    edit_statement(d, lambda p: re.sub(rb'"findings":\d+', b'"findings":0', p))


def statement_of_another_head(d):
    edit_statement(d, lambda p: re.sub(rb'("root":")[0-9a-f]{64}(","size":)', rb'\g<1>' + b'0' * 64 + rb'\2', p, 1))


def statement_of_other_rules(d):
    edit_statement(d, lambda p: re.sub(rb'("policy":\{"hash":"[0-9a-f]{64}","leaf":)2', rb'\g<1>1', p))


def statement_of_a_policy_that_is_none(d):
    edit_statement(d, lambda p: re.sub(rb'("policy":\{"hash":")[0-9a-f]{8}', rb'\g<1>00000000', p))


def statement_for_another(d):
    edit_statement(d, lambda p: p.replace(b'"organisation":"Example Trading Ltd"', b'"organisation":"Example Holding Ltd"'))


def dsse_of_another(d):
    """Without any key: the file that no statement names."""
    write(path(d, 'statement.dsse.json'), '{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"","sig":"AAAA"}]}')


def dsse_signature_changed(d):
    report(d, more=('--dsse',))
    change(path(d, 'statement.dsse.json'), lambda x: x[:-20] + (b'A' if x[-20:-19] != b'A' else b'B') + x[-19:])


def statement_unsigned(d):
    """Without any key: the payload changed, the signature kept."""
    old = json.loads(read(path(d, 'statement.jws')))
    old['payload'] = forge.base64url(payload(d).replace(b'"number":1,', b'"number":7,'))
    write(path(d, 'statement.jws'), json.dumps(old, separators=(',', ':')))


def statement_without_algorithm(d):
    old = json.loads(read(path(d, 'statement.jws')))
    old['protected'] = forge.base64url(forge.unbase64url(old['protected']).replace(b'"ES256"', b'"none"'))
    old['signature'] = ''
    write(path(d, 'statement.jws'), json.dumps(old, separators=(',', ':')))


# --- report.json, by a forger with the report key ---

def key_named_twice(d):
    change(path(d, 'report.json'), lambda x: x[:-1] + b',"test":1}')
    forge.sign_json(d)
    forge.name_again(d)


def finding_dropped(d):
    """Findings changed, everything signed anew; the ledger is the honest one."""
    change(os.path.join(d, 'policy.yaml'), lambda x: x + b'waivers:\n  - {id: W-9, check: delegation-change-unapproved, resource: example.test, '
           b'standing: true, owner: a, approver: b, reason: "c", expires: 2027-01-01}\n')
    by_another_ledger(d)


def inventory_shrunk(d):
    change(os.path.join(d, 'inventory.yaml'), lambda x: x.replace(b'name: example-shop.test\n', b'name: example-shop.test\n    in_scope: false\n    reason: "sold, they say"\n'))
    by_another_ledger(d)


def approval_added(d):
    write(os.path.join(d, 'late.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-9,example-shop.test,transfer-lock.remove,2026-08-01,2026-09-01,CISO\n')
    affidavit(d, 'import', 'approvals', 'late.csv')
    by_another_ledger(d)


def by_another_ledger(d):
    """A report over the forger's ledger, put beside the ledger that everybody knows."""
    honest = forge.STATE['dir']
    report(d, out='forged')
    shutil.rmtree(os.path.join(d, REPORT))
    shutil.copytree(os.path.join(d, 'forged'), os.path.join(d, REPORT))
    for end in ('', '-wal', '-shm'):
        if os.path.exists(os.path.join(d, 'evidence.db' + end)):
            os.remove(os.path.join(d, 'evidence.db' + end))
    shutil.copy(os.path.join(honest, 'evidence.db'), d)


def finding_taken_out(d):
    """The same head, and one finding less; everything signed again but the pages."""
    def f(x):
        o = json.loads(x)
        del o['findings'][0]
        return json.dumps(o, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
    change(path(d, 'report.json'), f)
    forge.sign_json(d)
    forge.name_again(d)


def label_lies(d):
    change(path(d, 'report.json'), lambda x: x.replace(b'"label":"2026-Q3"', b'"label":"2026-Q2"'))
    forge.sign_json(d)
    forge.name_again(d)


def test_mark_off(d):
    change(path(d, 'report.json'), lambda x: x.replace(b'"test":1', b'"test":0'))
    forge.sign_json(d)
    forge.name_again(d)


# --- certificates ---

def authority(name='ca', **kw):
    return forge.once('authority ' + name, lambda: forge.Authority(forge.STATE['base'], name, **kw))


def by_own_authority(d, **kw):
    """The report signed with a certificate of an authority that has no TEST in it."""
    ca = authority()
    key = forge.once('signer', lambda: ca.signer('Signer', subject='/CN=Signer A'))
    report(d, key=key)
    shutil.copy(ca.root, os.path.join(d, 'root.pem'))
    return Look(root='root.pem', store=False, **kw)


def signer_expired(d):
    return by_own_authority(d, at='2028-01-01T00:00:00Z', at_seconds='1830297600')


def signer_not_yet(d):
    return by_own_authority(d, at='2025-01-01T00:00:00Z', at_seconds='1735689600')


def signer_revoked(d):
    look = by_own_authority(d)
    look.crl = forge.once('crl', lambda: authority().revoke('Signer', '261001000000Z'))
    return look


def certificate_swapped(d):
    """Same key, same issuer and serial number, another name: only the signature's own word for its certificate tells."""
    look = by_own_authority(d)
    ca, old = authority(), forge.der_of(os.path.join(authority().dir, 'Signer.crt'))
    index = read(os.path.join(ca.dir, 'index'))
    serial = subprocess.run(['openssl', 'x509', '-in', os.path.join(ca.dir, 'Signer.crt'), '-noout', '-serial'], stdout=subprocess.PIPE, check=True)
    for _ in range(60):
        write(os.path.join(ca.dir, 'index'), '')
        write(os.path.join(ca.dir, 'serial'), serial.stdout.decode().strip().split('=')[1] + '\n')
        ca.signer('Signer2', key=os.path.join(ca.dir, 'Signer.key'), subject='/CN=Signer B')
        new = forge.der_of(os.path.join(ca.dir, 'Signer2.crt'))
        if len(new) == len(old):
            break
    assert len(new) == len(old)
    write(os.path.join(ca.dir, 'index'), index)
    change(path(d, 'report.json.p7s'), lambda x: x.replace(old, new))
    return look


def chain_swapped(d):
    """Same key, same names, under an authority of the forger's own."""
    look = by_own_authority(d)
    other = authority('other')
    shutil.copy(other.root, os.path.join(d, 'root.pem'))
    return look


# --- time ---

def stamped(d, at=None):
    """The report with time-stamps of an authority on loopback."""
    tsa = forge.tsa()
    report(d, at=at or forge.CLOCK, more=('--timestamp', tsa.url, '--timestamp-root', tsa.root))
    return Look(tsa=tsa.root, store=False)


def token_of_another(d):
    look = stamped(d)
    theirs = json.loads(read(path(d, 'statement.jws')))['header']
    stamped(d)
    ours = json.loads(read(path(d, 'statement.jws')))
    assert ours['header'] != theirs
    ours['header'] = theirs
    write(path(d, 'statement.jws'), json.dumps(ours, separators=(',', ':')))
    return look


# --- ledger ---

def item_dropped(d):
    sql(d, 'DELETE FROM item WHERE leaf = 20')


def items_reordered(d):
    sql(d, 'UPDATE item SET leaf = -1 WHERE leaf = 20', 'UPDATE item SET leaf = 20 WHERE leaf = 21', 'UPDATE item SET leaf = 21 WHERE leaf = -1')


def item_replaced(d):
    sql(d, "UPDATE blob SET data = CAST(replace(CAST(data AS TEXT), 'DNS team', 'No team!') AS BLOB) WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 1)")


def record_replaced(d):
    sql(d, "UPDATE item SET record = replace(record, 'received-at 1', 'received-at 2') WHERE leaf = 20")


def erased_without_rule(d):
    sql(d, 'UPDATE item SET record = NULL, secret = NULL, sha256 = NULL, part_lengths = NULL, erased = 1 WHERE leaf = 20')


def head_rewritten(d):
    sql(d, 'UPDATE head SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM head)')


def two_futures(d):
    """From one ledger two: the auditor kept a report of the one, and is shown the other. With all keys, and nothing inconsistent in it."""
    other = forge.demo()
    write(os.path.join(other, 'a.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-7,example.test,transfer-lock.remove,2026-08-01,2026-09-01,A\n')
    affidavit(other, 'import', 'approvals', 'a.csv')
    report(other, out='kept')
    shutil.copytree(os.path.join(other, 'kept'), os.path.join(d, 'kept'))
    write(os.path.join(d, 'b.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-8,example.test,transfer-lock.remove,2026-08-01,2026-09-01,B\n')
    affidavit(d, 'import', 'approvals', 'b.csv')


def ledger_forked(d):
    two_futures(d)
    report(d)
    return Look(earlier='kept')


def ledger_rewritten(d):
    """The same, and longer by now."""
    ledger_forked(d)
    write(os.path.join(d, 'c.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-6,example.test,transfer-lock.remove,2026-08-01,2026-09-01,C\n')
    affidavit(d, 'import', 'approvals', 'c.csv')
    report(d)
    return Look(earlier='kept')


def ledger_rewritten_no_store(d):
    look = ledger_rewritten(d)
    look.store = False
    return look


def ledger_cut(d):
    two_futures(d)
    report(d, out='later')
    by_another_ledger(d)
    honest = forge.demo()
    shutil.rmtree(os.path.join(d, REPORT))
    shutil.copytree(os.path.join(honest, REPORT), os.path.join(d, REPORT))
    return Look(earlier='kept')


def head_of_another_key(d):
    return Look(vkey='example.com/foo+530d903a+AZuMT2QhLbtEQGtgvHdWB7Fl1GckF0zHUuUTzvrS3S5R', store=False)


# name, forge, claim, words of the reason, scripts that see it
ROWS = [
    ('a byte of report.json', flipped('report.json', 200), 'signature', 'digest differs', ['report', 'statement']),
    ('the last byte but one of report.json', flipped('report.json', -2), 'signature', 'digest differs', ['report', 'statement']),
    ('a byte of a page', flipped('report.pdf', 5000), 'signature', '', ['report', 'statement']),
    ('a byte of the attached data', flipped_in_pdf(b'/Type /EmbeddedFile'), 'signature', '', ['report', 'statement']),
    ('a byte of the signature in the PDF', flipped_in_pdf(b'/Contents <'), 'signature', '', ['report', 'statement']),
    ('a byte of the time in the PDF', flipped_in_pdf(b'/M (D:'), 'signature', '', ['report', 'statement']),
    ('a byte of report.json.p7s', flipped('report.json.p7s', 300), 'signature', '', ['report', 'statement']),
    ('the last byte of report.json.p7s', flipped('report.json.p7s', -1), 'signature', '', ['report', 'statement']),
    ('a byte of run.json', flipped('run.json', 20), 'files', 'the statement says SHA-256', ['statement']),
    ('a byte of head.note', flipped('head.note', -3), 'files', '', ['statement', 'head']),
    ('a byte of the statement', flipped('statement.jws', 300), 'signature', '', ['statement']),
    ('the last byte of the statement', flipped('statement.jws', -4), 'signature', '', ['statement']),
    ('the signature of report.json taken away', lambda d: os.remove(path(d, 'report.json.p7s')), 'signature', 'nobody signed it', ['report', 'statement']),
    ('the signature of report.pdf cut off', pdf_unsigned, 'signature', 'not signed', ['report', 'statement']),
    ('the statement taken away', statement_missing, 'files', 'nobody says which files', ['statement']),
    ('signature wrapping', pdf_wrapped, 'signature', '', ['report', 'statement']),
    ('incremental saving: another page', pdf_page_replaced, 'signature', '', ['report', 'statement']),
    ('evil annotation', pdf_annotation, 'signature', '', ['report', 'statement']),
    ('shadow: a font replaced', pdf_font_replaced, 'signature', '', ['report', 'statement']),
    ('shadow before signing: pages that say something else', pdf_pages_changed, 'pages', 'the pages differ', []),
    ('report.pdf of another report', pdf_of_another_report, 'agreement', 'not the one beside it', ['report', 'statement']),
    ('a file that no statement names', file_added, 'files', 'does not name it', ['statement']),
    ('a named file taken away', file_missing, 'files', 'it is not there', ['statement']),
    ('a statement that omits a file', statement_omits_a_file, 'files', 'does not name it', ['statement']),
    ('a statement with a key twice', statement_names_a_key_twice, 'form', '', []),
    ('a statement of other findings', statement_of_other_findings, 'statement', 'other findings', []),
    ('a statement of another head', statement_of_another_head, 'statement', 'another head', ['statement']),
    ('a statement of other rules', statement_of_other_rules, 'statement', 'other rules', []),
    ('a statement of a policy that the ledger does not have', statement_of_a_policy_that_is_none, 'references', 'the policy', []),
    ('a statement for another organisation', statement_for_another, 'statement', 'another organisation', []),
    ('a DSSE that is not the statement', dsse_of_another, 'signature', 'not the same statement', ['statement']),
    ('a DSSE with another signature', dsse_signature_changed, 'signature', 'the signature is wrong', ['statement']),
    ('a statement changed and not signed again', statement_unsigned, 'signature', '', ['statement']),
    ('a statement without an algorithm', statement_without_algorithm, 'signature', '', ['statement']),
    ('report.json with a key twice, signed', key_named_twice, 'form', 'duplicate', ['report']),
    ('a label that lies, signed', label_lies, 'period', 'it calls itself 2026-Q2', ['report']),
    ('the TEST mark taken off, signed', test_mark_off, 'replay', '', ['report']),
    ('findings waived in another ledger', finding_dropped, 'prefix', '', []),
    ('a finding taken out, signed', finding_taken_out, 'replay', 'findings were added, dropped or changed', ['report']),
    ('inventory shrunk after the quarter', inventory_shrunk, 'prefix', '', []),
    ('an approval added after the quarter', approval_added, 'prefix', '', []),
    ('a signer that has expired', signer_expired, 'signer', 'expired', ['report', 'statement']),
    ('a signer that is not yet valid', signer_not_yet, 'signer', 'not yet valid', ['report', 'statement']),
    ('a signer that was revoked', signer_revoked, 'signer', 'revoked', ['report', 'statement']),
    ('another certificate of the same key', certificate_swapped, 'signature', 'signing-certificate', ['report', 'statement']),
    ('another chain', chain_swapped, 'signer', 'does not lead to a trusted root', ['report', 'statement']),
    ('a time-stamp over other data', token_of_another, 'time', 'over other data', ['statement']),
    ('an item dropped', item_dropped, 'ledger', '20', []),
    ('two items reordered', items_reordered, 'ledger', '20', []),
    ('an item replaced', item_replaced, 'ledger', 'leaf 1:', []),
    ('a record replaced', record_replaced, 'ledger', '20', []),
    ('bytes erased without a rule', erased_without_rule, 'ledger', 'leaf 20', []),
    ('a head rewritten', head_rewritten, 'ledger', '', []),
    ('a ledger forked since the kept head', ledger_forked, 'earlier', 'rewritten or forked', ['statement']),
    ('a ledger rewritten since the kept head', ledger_rewritten, 'earlier', 'rewritten or forked', ['statement']),
    ('a ledger rewritten, and nobody shows the store', ledger_rewritten_no_store, 'earlier', 'rewritten or forked', ['statement']),
    ('a ledger cut since the kept head', ledger_cut, 'earlier', 'cut: the earlier head has', ['statement']),
    ('a head of another store key', head_of_another_key, 'head', '', ['report', 'statement', 'head']),
]
