#!/usr/bin/env python3
"""The proof of one finding: what it proves, what it does not show, and what a forger may try on it."""
import base64, datetime, hashlib, hmac, json, os, re, shutil, sqlite3, struct, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import plain_tar, tap
from estate import PROGRAM
from tsa import Tsa

BASE = tempfile.mkdtemp(prefix='afd-prove-')
DEMO = os.path.join(BASE, 'demo')
REPORT = 'reports/2026-Q3'


def run(words, code=0, cwd=DEMO, **more):
    r = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    out = r.stdout.decode(errors='replace')
    if r.returncode != code:
        raise AssertionError('%s: exit %d, expected %d\n%s' % (' '.join(words), r.returncode, code, out))
    return out


def program(*words, code=0, cwd=DEMO, **more):
    return run([PROGRAM] + list(words), code, cwd, **more)


def verify(path, *more, code=0):
    return program('verify', path, '--root', 'report-key.pem.root.pem', '--vkey', VKEY, '--allow-test', '--at', '2026-10-03T00:00:00Z', *more, code=code)


def prove(finding, folder=DEMO, report=REPORT):
    out = os.path.join(tempfile.mkdtemp(dir=BASE), 'proof.tar')
    program('prove', finding, '--report', report, '--out', out, cwd=folder)
    return out


def copy_of_demo():
    folder = tempfile.mkdtemp(prefix='copy-', dir=BASE)
    shutil.rmtree(folder)
    shutil.copytree(DEMO, folder)
    return folder


run([PROGRAM, 'demo', '--out', DEMO], cwd=BASE)
VKEY = program('keys', 'store').strip()
JSON = json.load(open(os.path.join(DEMO, REPORT, 'report.json')))
FINDINGS = JSON['findings']


def shown(f):
    return [(e['leaf'], e['part']) for e in f['evidence']]


# a finding that shows one part of several, and another one
db = sqlite3.connect(os.path.join(DEMO, 'evidence.db'))
ITEMS = {leaf: dict(record=record, secret=secret, lengths=[n for n, in struct.iter_unpack('>I', lengths or b'')], data=data, sha256=sha)
         for leaf, record, secret, lengths, data, sha in
         db.execute('SELECT leaf, record, secret, part_lengths, data, i.sha256 FROM item i LEFT JOIN blob b ON b.sha256 = i.sha256')}
SIZE, EARLIER = [n for n, in db.execute('SELECT size FROM head ORDER BY size DESC LIMIT 2')]
db.close()
ONE = next(f for f in FINDINGS if len(f['evidence']) == 1 and len(ITEMS[f['evidence'][0]['leaf']]['lengths']) > 1)
TWO = next(f for f in FINDINGS if f['id'] != ONE['id'] and not set(shown(f)) & set(shown(ONE)))
LEAF, PART = shown(ONE)[0]
PROOF = plain_tar.read(prove(ONE['id']))
OTHER = plain_tar.read(prove(TWO['id']))
AT = 'evidence/%012d/' % LEAF
CUT = AT + 'part-%08d' % PART


def parts(leaf):
    """(index, bytes, salt) of each part of an item"""
    i, at, ret = ITEMS[leaf], 0, []
    for k, n in enumerate(i['lengths']):
        salt = hmac.new(i['secret'], b'part' + struct.pack('>Q', k), hashlib.sha256).digest()[:16]
        ret.append((k, i['data'][at:at + n], salt))
        at += n
    return ret


# --- what it proves ---

def case_each_finding_is_proven():
    for f in FINDINGS:
        out = verify(prove('F%d' % f['number']))
        tap.contains(out, '%s: %s, %s, number %d of %d' % (f['check'], f['resource'], f['status'], f['number'], len(FINDINGS)))
        tap.equal(out.count('ok  parts '), len(set(shown(f))))


def case_by_number_or_by_id_it_is_the_same():
    tap.equal(plain_tar.read(prove('F%d' % ONE['number'])), PROOF)


def case_the_finding_is_byte_for_byte_that_of_the_report():
    whole = open(os.path.join(DEMO, REPORT, 'report.json'), 'rb').read()
    tap.equal(whole.count(PROOF['finding.json']), 1)
    tap.equal(json.loads(PROOF['finding.json']), ONE)


def case_with_the_store_the_head_is_its_own():
    tap.contains(verify(prove('F1'), '--store', 'evidence.db'), "it is the head of this store's first")


def by_hand(files, code=0):
    folder = tempfile.mkdtemp(dir=BASE)
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'wb').write(data)
    shutil.copy(os.path.join(DEMO, 'report-key.pem.root.pem'), os.path.join(folder, 'root.pem'))
    open(os.path.join(folder, 'vkey'), 'w').write(VKEY + '\n')
    script = '\n'.join(re.findall(r'^```sh\n(.*?)^```$', files['VERIFY.md'].decode(), re.M | re.S))
    r = subprocess.run(['sh', '-c', script.replace('openssl verify', 'openssl verify -attime 1790985600')], cwd=folder, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    return r.stdout.decode().splitlines()


HOLDS = ['Verified OK', 'certificates.pem: OK', 'finding: in the report', 'head: of the report', 'Signature Verified Successfully',
         AT[:-1] + ': in the head', AT[:-1] + ': cited', CUT + ': what was received']


def case_by_hand():
    tap.equal(by_hand(PROOF), HOLDS)


def case_by_hand_forgeries_show_too():
    rows = [('finding.json', b'"status":"fail"', b'"status":"pass"', 'finding: in the report'), (CUT, None, None, CUT + ': what was received'),
            (AT + 'record', b'received-at ', b'received-at 1', AT[:-1] + ': in the head'),
            ('head.note', b'\n%d\n' % SIZE, b'\n%d\n' % (SIZE - 1), 'head: of the report'), (CUT + '.salt', None, None, CUT + ': what was received')]
    for name, old, new, line in rows:
        files = dict(PROOF)
        files[name] = files[name].replace(old, new, 1) if old else bytes([files[name][0] ^ 1]) + files[name][1:]
        if files[name] == PROOF[name]:
            files[name] = b'x' + files[name]
        tap.equal(line in by_hand(files), False, name)


def case_no_such_finding():
    tap.contains(program('prove', 'F999', '--report', REPORT, code=64), 'no finding of this report')


def case_a_report_that_nobody_signed():
    folder = copy_of_demo()
    program('report', '--period', '2026-Q3', '--unsigned', '--out', 'plain', cwd=folder, env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z'))
    tap.contains(program('prove', 'F1', '--report', 'plain', cwd=folder, code=1), 'statement.jws')


# --- what it does not show ---

def forms(data):
    """Raw, hex, and base64 wherever it begins in a group of three."""
    ret = [data, data.hex().encode(), data.hex().upper().encode()]
    for skip in range(3):
        text = base64.b64encode(bytes(skip) + data)
        ret.append(text[(0, 2, 3)[skip]:len(text) // 4 * 4 - 4])
    return [r for r in ret if len(r) >= 6]


def everything(files):
    """All bytes of a proof, also those inside of the statement."""
    jws = json.loads(files['statement.jws'])
    text = b'\n'.join(files.values())
    for name in ('payload', 'protected'):
        text += b'\n' + base64.urlsafe_b64decode(jws[name] + '=' * (-len(jws[name]) % 4))
    return text + b'\n' + b'\n'.join(n.encode() for n in files)


def hidden_from(text, what, data):
    for form in forms(data):
        if form in text:
            raise AssertionError('%s is shown: %r' % (what, form[:80]))


def case_no_other_part_and_no_secret_is_shown():
    for f in (ONE, TWO):
        files = plain_tar.read(prove(f['id']))
        text = everything(files)
        mine = b'\n'.join(parts(leaf)[part][1] for leaf, part in shown(f)) + files['finding.json']
        for leaf, item in ITEMS.items():
            hidden_from(text, 'the secret of leaf %d' % leaf, item['secret'])
            if item['sha256']:
                hidden_from(text, 'the plain digest of leaf %d' % leaf, item['sha256'])
            for part, data, salt in parts(leaf):
                if (leaf, part) in shown(f):
                    continue
                hidden_from(text, 'the salt of leaf %d part %d' % (leaf, part), salt)
                if len(data) >= 12 and data not in mine:
                    hidden_from(text, 'leaf %d part %d' % (leaf, part), data)


def case_no_other_finding_is_shown():
    for f in (ONE, TWO):
        files = plain_tar.read(prove(f['id']))
        text = everything(files)
        mine = text if f is None else b'\n'.join(files[n] for n in files if n == 'finding.json' or n.startswith('evidence/')) + files['head.note']
        for other in FINDINGS:
            if other['id'] == f['id']:
                continue
            for word in (other['id'], other['salt'], other.get('key', ''), other['resource']) + tuple(other.get('reasons', ())):
                if len(word) >= 4 and not re.fullmatch('[a-z ]+', word) and word.encode() not in mine:      # "ledger" stands everywhere
                    hidden_from(text, 'of finding %s: %s' % (other['id'], word), word.encode())


def case_lines_beside_the_shown_one_stay_hidden():
    """A log: its neighbours are not there in any form, nor the names in them."""
    f = next(f for f in FINDINGS if any(ITEMS[leaf]['record'].find('\nkind segment\n') >= 0 for leaf, _ in shown(f)))
    text = everything(plain_tar.read(prove(f['id'])))
    leaf, part = next((l, p) for l, p in shown(f) if '\nkind segment\n' in ITEMS[l]['record'])
    beside = [d for k, d, _ in parts(leaf) if (leaf, k) not in shown(f)]
    tap.equal(len(beside) > 0, True)
    for data in beside:
        hidden_from(text, 'a line beside', data)


# --- forgeries ---

def forged(change, code=1):
    files = dict(PROOF)
    change(files)
    path = os.path.join(tempfile.mkdtemp(dir=BASE), 'forged.tar')
    plain_tar.write(path, files)
    return verify(path, code=code)


def refused(claim, of, why, change):
    out = forged(change)
    if not re.search(r'^##  %s +%s +.*%s' % (claim, re.escape(of), re.escape(why)), out, re.M):
        raise AssertionError('no line "## %s %s ... %s" in:\n%s' % (claim, of, why, out))


def put(name, data):
    return lambda f: f.__setitem__(name, data)


def flip(name, at):
    def change(f):
        b = bytearray(f[name])
        b[at] ^= 1
        f[name] = bytes(b)
    return change


def swap(name, old, new):
    def change(f):
        tap.equal(old in f[name], True, name)
        f[name] = f[name].replace(old, new, 1)
    return change


def case_a_finding_changed_by_one_byte():
    refused('finding', 'finding.json', 'not one of the findings', swap('finding.json', b'"severity":"', b'"severity":"x'))


def case_the_salt_of_a_finding_changed():
    refused('finding', 'finding.json', 'not one of the findings', swap('finding.json', ONE['salt'].encode(), b'0' * 32))


def case_a_proof_of_another_finding():
    refused('finding', 'finding.json', 'not one of the findings', put('finding.proof', OTHER['finding.proof']))


def case_another_finding_with_the_evidence_of_this_one():
    def change(f):
        f['finding.json'], f['finding.proof'] = OTHER['finding.json'], OTHER['finding.proof']
    out = forged(change)
    tap.equal(bool(re.search(r'^##  manifest +evidence/.* it is missing', out, re.M)), True, out)
    tap.equal(bool(re.search(r'^##  manifest +' + CUT, out, re.M)), True, out)


def case_a_part_changed():
    refused('parts', CUT, 'not that part of the item', flip(CUT, 0))


def case_another_part_of_the_same_item():
    def change(f):
        f[CUT] = next(d for k, d, _ in parts(LEAF) if k != PART)
    refused('parts', CUT, 'not that part of the item', change)


def case_another_part_with_its_own_salt():
    def change(f):
        _, f[CUT], salt = next(p for p in parts(LEAF) if p[0] != PART)
        f[CUT + '.salt'] = salt.hex().encode() + b'\n'
    refused('parts', CUT, 'not that part of the item', change)


def case_a_part_of_another_page():
    other = shown(TWO)[0]
    def change(f):
        name = 'evidence/%012d/part-%08d' % other
        for end in ('', '.salt', '.proof'):
            f[CUT + end] = OTHER[name + end]
    out = forged(change)
    tap.equal(bool(re.search(r'^##  parts +' + CUT, out, re.M)), True, out)


def case_the_salt_of_another_part():
    salt = next(s for k, _, s in parts(LEAF) if k != PART)
    refused('parts', CUT, 'not that part of the item', put(CUT + '.salt', salt.hex().encode() + b'\n'))


def case_salts_that_are_none():
    for text in (b'', b'00\n', PROOF[CUT + '.salt'].upper() if PROOF[CUT + '.salt'] != PROOF[CUT + '.salt'].upper() else b'x', PROOF[CUT + '.salt'][:-1]):
        refused('form', CUT + '.salt', 'not 32 hex digits', put(CUT + '.salt', text))


def case_a_record_changed():
    refused('references', 'leaf %d' % LEAF, 'another item', swap(AT + 'record', b'\nreceived-at ', b'\nreceived-at 1'))


def case_a_record_that_is_none():
    refused('form', 'leaf %d' % LEAF, '', put(AT + 'record', b'affidavit-item 1\n'))


def case_the_record_of_another_leaf():
    other = 'evidence/%012d/' % shown(TWO)[0][0]
    def change(f):
        f[AT + 'record'], f[AT + 'leaf.proof'] = OTHER[other + 'record'], OTHER[other + 'leaf.proof']
    out = forged(change)
    tap.equal(bool(re.search(r'^##  references +leaf %d' % LEAF, out, re.M)), True, out)
    tap.equal(bool(re.search(r'^##  inclusion +leaf %d' % LEAF, out, re.M)), True, out)


def case_inclusion_proofs_that_do_not_hold():
    proof = PROOF[AT + 'leaf.proof']
    lines = proof.splitlines(True)
    hashes = lines[2:]
    for text in (b''.join(lines[:-1]), proof + hashes[0], b''.join(lines[:2] + hashes[::-1]), proof.replace(b'index %d' % LEAF, b'index %d' % (LEAF + 1)),
                 proof.replace(lines[1], b'size %d\n' % (int(lines[1].split()[1]) - 1)), lines[0] + lines[1]):
        refused('inclusion', 'leaf %d' % LEAF, 'not in the head', put(AT + 'leaf.proof', text))


def case_proofs_written_otherwise():
    for text in (b'', b'index 1\n', PROOF[AT + 'leaf.proof'][:-1], PROOF[AT + 'leaf.proof'].replace(b'index ', b'index 0'),
                 PROOF[AT + 'leaf.proof'] + b'\n', PROOF[AT + 'leaf.proof'] + b'zz\n', PROOF[AT + 'leaf.proof'].upper()):
        refused('form', AT + 'leaf.proof', '', put(AT + 'leaf.proof', text))


def case_a_proof_for_another_head():
    """True in its own tree: the same leaf under an earlier head of the same ledger."""
    folder = copy_of_demo()
    program('report', '--period', '2026-08', '--head', str(EARLIER), '--key', 'report-key.pem', '--out', 'earlier', cwd=folder,
            env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z'))
    report = json.load(open(os.path.join(folder, 'earlier', 'report.json')))
    f = next(f for f in report['findings'] if (LEAF, PART) in shown(f))
    earlier = plain_tar.read(prove(f['id'], folder, 'earlier'))
    refused('inclusion', 'leaf %d' % LEAF, 'not in the head', put(AT + 'leaf.proof', earlier[AT + 'leaf.proof']))
    refused('agreement', 'head.note', 'stands on another head', put('head.note', earlier['head.note']))
    refused('finding', 'finding.json', 'not one of the findings', put('statement.jws', earlier['statement.jws']))


def case_a_head_of_another_key():
    other = os.path.join(BASE, 'other')
    run([PROGRAM, 'demo', '--out', other], cwd=BASE)
    note = open(os.path.join(other, REPORT, 'head.note'), 'rb').read()
    refused('agreement', 'head.note', 'stands on another head', put('head.note', note))


def case_the_right_head_by_a_key_that_was_not_given():
    name = VKEY.split('+')[0]
    wrong = base64.b64encode(b'\x01' + bytes(32)).decode()
    key_id = hashlib.sha256(name.encode() + b'\n\x01' + bytes(32)).hexdigest()[:8]
    path = os.path.join(tempfile.mkdtemp(dir=BASE), 'proof.tar')
    plain_tar.write(path, PROOF)
    out = program('verify', path, '--root', 'report-key.pem.root.pem', '--vkey', '%s+%s+%s' % (name, key_id, wrong), '--allow-test',
                  '--at', '2026-10-03T00:00:00Z', code=1)
    tap.equal(bool(re.search(r'^##  head +head.note', out, re.M)), True, out)


def case_a_statement_changed():
    jws = json.loads(PROOF['statement.jws'])
    payload = base64.urlsafe_b64decode(jws['payload'] + '==').replace(b'"findings":', b'"findings":1', 1)
    jws['payload'] = base64.urlsafe_b64encode(payload).rstrip(b'=').decode()
    refused('signature', 'statement.jws', '', put('statement.jws', json.dumps(jws, sort_keys=True, separators=(',', ':')).encode()))


def case_a_statement_without_its_signature():
    jws = json.loads(PROOF['statement.jws'])
    jws['signature'] = ''
    refused('signature', 'statement.jws', '', put('statement.jws', json.dumps(jws, sort_keys=True, separators=(',', ':')).encode()))


def case_duplicate_keys():
    refused('form', 'finding.json', '', swap('finding.json', b'"status":', b'"status":"pass","status":'))
    refused('signature', 'statement.jws', '', swap('statement.jws', b'"payload":', b'"payload":"e30","payload":'))


def case_another_certificate():
    folder = copy_of_demo()
    program('keys', 'test', 'forger.pem', cwd=folder)
    refused('agreement', 'certificates.pem', 'not the certificates of the statement',
            put('certificates.pem', open(os.path.join(folder, 'forger.pem.root.pem'), 'rb').read()))


def case_signed_by_a_forger():
    """He has the store and its key, and a certificate of his own."""
    folder, other = copy_of_demo(), os.path.join(BASE, 'forger')
    run([PROGRAM, 'demo', '--out', other], cwd=BASE)
    program('report', '--period', '2026-Q3', '--key', os.path.join(other, 'report-key.pem'), '--out', 'forged', cwd=folder,
            env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z'))
    out = verify(prove('F1', folder, 'forged'), code=1)
    tap.equal(bool(re.search(r'^##  signer +statement.jws', out, re.M)), True, out)


def case_each_file_is_needed():
    for name in PROOF:
        if name != 'PROOF':
            out = forged(lambda f: f.pop(name))
            tap.equal(bool(re.search(r'^##  manifest +%s +it is missing' % re.escape(name), out, re.M)), True, '%s\n%s' % (name, out))


def case_nothing_else_may_be_there():
    for name in ('evidence/000000000000/record', CUT[:-1] + '9', 'later.proof', 'notes.txt', AT + 'erasedx', 'tombstone/000000000001/record'):
        refused('manifest', name, 'nothing in this proof needs it', put(name, b'x'))


def case_words_changed():
    refused('manifest', 'VERIFY.md', 'somebody changed the words', swap('VERIFY.md', b'root.pem', b'certificates.pem'))


def case_of_another_version():
    tap.contains(forged(swap('PROOF', b'engine affidavit', b'engine affidavit 9.'), code=3), 'not comparable: made by another version')


# --- time ---

def stamped_estate():
    """Collected once more, and the head stamped by an authority whose clock is the real one."""
    folder, now = copy_of_demo(), datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK=now)
    authority = Tsa(os.path.join(folder, 'tsa'))
    try:
        with open(os.path.join(folder, 'affidavit.yaml'), 'a') as f:
            f.write('timestamp:\n  - {url: "%s", root: tsa/stamper-root.pem}\n' % authority.url)
        program('collect', cwd=folder, env=env, code=3)   # there is no recording of a thirteenth transfer
        program('report', '--period', '2026-Q3', '--as-of', '2026-10-02T07:00:00Z', '--key', 'report-key.pem', '--out', 'new', '--no-timestamp', cwd=folder, env=env)
    finally:
        authority.close()
    return folder


def case_a_head_that_was_stamped():
    """Behind the report's head or before it: what the finding cites was there at that time."""
    folder = stamped_estate()
    roots = ['--timestamp-root', os.path.join(folder, 'tsa', 'stamper-root.pem')]
    for report in (REPORT, 'new'):
        findings = json.load(open(os.path.join(folder, report, 'report.json')))['findings']
        f = next(f for f in findings if shown(f) == shown(ONE))
        path = prove(f['id'], folder, report)
        tap.contains(verify(path, *roots), 'what the finding cites was in the ledger at')
        tap.contains(verify(path), 'no root for time-stamps was given')
        out = verify(path, '--timestamp-root', os.path.join(folder, 'tsa', 'stranger-root.pem'))
        tap.equal(bool(re.search(r'^--  time +stamped.note', out, re.M)), True, out)
        files = plain_tar.read(path)
        for name in ('stamped.note', 'stamped.proof', 'stamped.tsr'):
            for change in (lambda f: f.pop(name), flip(name, 40)):
                changed = dict(files)
                change(changed)
                plain_tar.write(path, changed)
                verify(path, *roots, code=1)
        plain_tar.write(path, files)
        run(['tar', 'xf', path], cwd=os.path.join(folder, 'tsa'))
        out = run(['openssl', 'ts', '-verify', '-data', 'stamped.note', '-in', 'stamped.tsr', '-CAfile', 'stamper-root.pem'], cwd=os.path.join(folder, 'tsa'))
        tap.contains(out, 'Verification: OK')


# --- retention ---

def erased_estate():
    if not os.path.exists(os.path.join(BASE, 'erased')):
        folder = copy_of_demo()
        program('ledger', 'erase', str(LEAF), '--rule', 'retention 1 year', '--actor', 'records office', cwd=folder,
                env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-11-01T07:00:00Z'))
        shutil.move(folder, os.path.join(BASE, 'erased'))
    return os.path.join(BASE, 'erased')


def erased_forged(change, code=1):
    path = prove(ONE['id'], erased_estate())
    files = plain_tar.read(path)
    change(files)
    plain_tar.write(path, files)
    return verify(path, code=code)


def case_what_was_erased_is_said():
    path = prove(ONE['id'], erased_estate())
    out = verify(path, code=3)
    tap.contains(out, 'erased under rule "retention 1 year", by records office, at 2026-11-01 07:00:00 UTC')
    tap.contains(out, 'it continues the head of the report')
    tap.equal(bool(re.search(r'^ok  finding ', out, re.M)), True)
    files = plain_tar.read(path)
    tap.equal([n for n in files if n.startswith(AT)], [AT + 'erased', AT + 'leaf.proof'])
    lines = by_hand(files)
    tap.equal(AT[:-1] + ': was in the head' in lines, True, '\n'.join(lines))
    tap.equal('rule retention 1 year' in lines, True, '\n'.join(lines))


def case_erased_by_another_tombstone():
    def change(f):
        text = f[AT + 'erased'].decode()
        f[AT + 'erased'] = re.sub('leaf %d' % LEAF, 'leaf %d' % (LEAF + 1), text).encode()
    tap.contains(erased_forged(change), 'it speaks of another item than the finding cites')


def case_erased_by_an_item_that_is_no_tombstone():
    folder = erased_estate()
    def change(f):
        other = 'evidence/%012d/' % shown(TWO)[0][0]
        t = next(n for n in f if n.startswith('tombstone/') and n.endswith('/record'))[:-6]
        f[t + 'record'] = OTHER[other + 'record']
    out = erased_forged(change)
    tap.equal(bool(re.search(r'^##  (inclusion|items|parts) ', out, re.M)), True, out)


def case_a_present_item_called_erased():
    """No tombstone says so: then it is missing, whatever the file says."""
    def change(f):
        for name in [n for n in f if n.startswith(AT) and not n.endswith('leaf.proof')]:
            del f[name]
        f[AT + 'erased'] = b'leaf %d\nhash %s\ntombstone 3\n' % (LEAF, ONE['evidence'][0]['hash'].encode())
    out = forged(change)
    tap.contains(out, 'tombstone/000000000003/record')


def case_a_tombstone_without_the_later_head():
    out = erased_forged(lambda f: (f.pop('later.note'), f.pop('later.proof')))
    tap.equal(bool(re.search(r'^##  inclusion ', out, re.M)), True, out)


def case_a_later_head_that_is_no_continuation():
    out = erased_forged(lambda f: f.__setitem__('later.proof', f['later.proof'].rsplit(b'\n', 2)[0] + b'\n'))
    tap.equal(bool(re.search(r'^##  prefix +later.note', out, re.M)), True, out)


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        shutil.rmtree(BASE)
