#!/usr/bin/env python3
"""The scripts of docs/verify-by-hand, run as an outsider would: on honest reports, heads, proofs and bundles, and on what a forger
makes of the last two. What he makes of a report: test_forge.py."""
import os, re, shutil, sqlite3, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import forge, forgeries, plain_tar, tap
from byhand import SCRIPTS, accept, needs_tools, refuse, script, words
from forge import REPORT, demo
from forgeries import Look

# --- reports, statements, heads ---

def case_an_honest_report():
    needs_tools()
    folder = demo()
    for name in ('report', 'statement', 'head'):
        accept(folder, name, *words(folder, name, Look()))


def case_an_honest_report_with_time_stamps():
    needs_tools()
    folder = demo()
    look = forgeries.stamped(folder)
    accept(folder, 'report', *words(folder, 'report', look), look=look, contains=('ok  time       report.json: stamped', 'ok  time       report.pdf: stamped'))
    accept(folder, 'statement', *words(folder, 'statement', look), look=look, contains=('ok  time       statement: stamped',))


def case_time_stamps_of_another_authority_do_not_count():
    needs_tools()
    folder = demo()
    look = forgeries.stamped(folder)
    look.tsa = forge.tsa().stranger_root
    refuse(folder, 'report', *words(folder, 'report', look), look=look, contains='report.json: stamped')
    refuse(folder, 'statement', *words(folder, 'statement', look), look=look, contains='statement: stamped')


def case_the_chain_from_an_honest_earlier_report():
    needs_tools()
    folder = demo()
    shutil.copytree(os.path.join(folder, REPORT), os.path.join(folder, 'kept'))
    forge.write(os.path.join(folder, 'a.csv'), 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-7,example.test,transfer-lock.remove,2026-08-01,2026-09-01,A\n')
    forge.affidavit(folder, 'import', 'approvals', 'a.csv')
    forge.report(folder, '2026-09')
    look = Look(paths=('reports/2026-09',), earlier='kept')
    accept(folder, 'statement', *words(folder, 'statement', look), contains=('the consistency proof holds',))


def case_a_signer_of_an_authority_of_ones_own():
    needs_tools()
    folder = demo()
    look = forgeries.by_own_authority(folder)
    look.crl = forge.once('empty crl', lambda: forgeries.authority().crl('empty.crl.pem'))
    for name in ('report', 'statement'):
        accept(folder, name, *words(folder, name, look), look=look)


def case_what_only_the_ledger_can_tell_passes_here():
    """So nobody takes the scripts for more than they are: docs/verify-by-hand.md says the same."""
    needs_tools()
    for forgery in (forgeries.statement_of_other_findings, forgeries.inventory_shrunk):
        folder = demo()
        forgery(folder)
        for name in ('report', 'statement'):
            accept(folder, name, *words(folder, name, Look()))


# --- proofs ---

def proof():
    """A folder with proof.tar: of a finding that cites one part of an item."""
    def make():
        folder = demo()
        forge.affidavit(folder, 'prove', 'F1', '--report', REPORT, '--out', 'proof.tar')
        return folder
    return forge.once('proof', make)


def proof_words(folder):
    return ['x.tar', 'report-key.pem.root.pem', forge.vkey(folder)]


def repacked(folder, tar, f):
    files = plain_tar.read(os.path.join(folder, tar))
    f(files)
    plain_tar.write(os.path.join(folder, 'x.tar'), files)


def one(files, end):
    return next(n for n in sorted(files) if n.endswith(end))


def replaced(end, old, new):
    def f(files):
        n = one(files, end)
        assert old in files[n], n
        files[n] = files[n].replace(old, new, 1)
    return f


def byte_flipped(end, at):
    def f(files):
        n = one(files, end)
        data = bytearray(files[n])
        data[at] ^= 1
        files[n] = bytes(data)
    return f


def letter_changed(end, at):
    """Of base64: what comes of it is base64 again, whatever stood there."""
    def f(files):
        n = one(files, end)
        data = bytearray(files[n])
        data[at] = ord('B') if data[at] == ord('A') else ord('A')
        files[n] = bytes(data)
    return f


def another_head(files):
    files['head.note'] = [h for h in STATE_HEADS()][0]


def STATE_HEADS():
    db = sqlite3.connect(os.path.join(proof(), 'evidence.db'))
    try:
        return [n.encode() for (n,) in db.execute('SELECT note FROM head ORDER BY size')]
    finally:
        db.close()


def cited_left_out(files):
    for n in [n for n in files if n.startswith('evidence/')]:
        del files[n]


def place_changed(files):
    n = one(files, 'leaf.proof')
    files[n] = re.sub(rb'index (\d+)', lambda m: b'index %d' % (int(m[1]) - 1), files[n], count=1)      # whatever its number is


PROOF_ROWS = [
    ('another finding', replaced('finding.json', b'"status":"fail"', b'"status":"pass"'), 'not one of the signed report'),
    ('a finding without its salt', replaced('finding.json', b'"salt":"', b'"salt":"00'), 'not one of the signed report'),
    ('a proof for another head', another_head, 'it is not the head of the statement'),
    ('a byte of the part', byte_flipped('part-00000001', 3), 'is not of that item'),
    ('another salt', byte_flipped('.salt', 0), 'is not of that item'),
    ('the record of another time', replaced('record', b'received-at 1', b'received-at 2'), 'does not stand in the head'),
    ('another place in the ledger', place_changed, 'does not stand in the head'),
    ('a hash of the way up', letter_changed('leaf.proof', -4), 'does not stand in the head'),
    ('cited evidence left out', cited_left_out, 'cited and not shown'),
    ('a byte of the signature', letter_changed('statement.jws', -5), 'over the whole statement'),
    ('a byte of the head', letter_changed('head.note', -5), 'signed by the store key'),
]


def case_an_honest_proof():
    needs_tools()
    folder = proof()
    accept(folder, 'proof', 'proof.tar', *proof_words(folder)[1:], contains=('stands in the head', 'is of that item'))


def proof_row(f, why):
    def case():
        needs_tools()
        folder = proof()
        repacked(folder, 'proof.tar', f)
        refuse(folder, 'proof', *proof_words(folder), contains=why)
    return case


for _name, _f, _why in PROOF_ROWS:
    globals()['case_proof:_' + _name.replace(' ', '_')] = proof_row(_f, _why)


# --- bundles: a small one, because each leaf is hashed by itself ---

def bundle():
    def make():
        folder = demo()
        forge.affidavit(folder, 'bundle', '--report', REPORT, '--out', 'bundle.tar')
        return folder
    return forge.once('bundle', make)


def leaf_line_dropped(files):
    lines = files['ledger/leaves'].splitlines(True)
    files['ledger/leaves'] = b''.join(lines[:-1])


def leaves_reordered(files):
    """Lines 5 and 6, with their records."""
    lines = files['ledger/leaves'].split(b'\n')
    a, b = (lines[i].split(b' ', 1)[1] for i in (5, 6))
    lines[5], lines[6] = b'5 ' + b, b'6 ' + a
    files['ledger/leaves'] = b'\n'.join(lines)
    r = 'ledger/records/%012d'
    files[r % 5], files[r % 6] = files[r % 6], files[r % 5]


def erased_without_tombstone(files):
    lines = files['ledger/leaves'].split(b'\n')
    i, h = lines[5].split(b' ')[:2]
    lines[5] = b' '.join((i, h, b'erased - - -'))
    files['ledger/leaves'] = b'\n'.join(lines)
    del files['ledger/records/%012d' % 5]


def other_bytes(files):
    byte_flipped(next(n for n in sorted(files) if n.startswith('items/') and len(files[n]) > 9), 3)(files)


def another_secret(files):
    lines = files['ledger/leaves'].split(b'\n')
    words = lines[9].split(b' ')
    words[4] = b'0' * 64
    lines[9] = b' '.join(words)
    files['ledger/leaves'] = b'\n'.join(lines)


def another_record(files):
    replaced('records/000000000007', b'received-at 1', b'received-at 2')(files)


def another_signature(files):
    letter_changed('.note', -5)(files)


# By the archive in which it stands, for each run takes its time; those of one archive leave the tree as it is, and each is told by itself.
BUNDLE_ROWS = [
    ('the bytes of an item', 'leaves', other_bytes, r'##  items +changed: \S+$'),
    ('a record replaced', 'leaves', another_record, r'##  items +leaf 7: its record gives another hash$'),
    ('erased, and no tombstone', 'leaves', erased_without_tombstone, r'##  items +leaf 5: erased, and no tombstone'),
    ('a secret replaced', 'leaves', another_secret, r'##  items +leaf 9: its bytes are not those of its record$'),
    ('a head of somebody else', 'leaves', another_signature, r'##  ledger +head of \d+ leaves: not signed'),
    ('an item dropped', 'dropped', leaf_line_dropped, r'##  ledger +no signed head covers all leaves$'),
    ('two items reordered', 'reordered', leaves_reordered, r'##  ledger +head of \d+ leaves: not signed, or another root'),
    ('a file of the report', 'report', byte_flipped('report/run.json', 30), r'##  .*files that it names'),
]


def said_of(archive):
    """What verify-bundle says of an archive in which all its rows were done: it refuses it."""
    def say():
        folder, root = (bundle(), ['report-key.pem.root.pem']) if archive == 'report' else (small_bundle(), [])
        repacked(folder, 'bundle.tar', lambda files: [f(files) for _, a, f, _ in BUNDLE_ROWS if a == archive])
        return refuse(folder, 'bundle', 'x.tar', forge.vkey(folder), *root)
    return forge.once('said of ' + archive, say)


def case_an_honest_bundle():
    needs_tools()
    folder = bundle()
    accept(folder, 'bundle', 'bundle.tar', forge.vkey(folder), 'report-key.pem.root.pem', contains=('all leaves give the root', 'cited leaves are those', ' runs, '))


def small_bundle():
    """Of a store in which nothing was collected yet: files of the user, checks, frameworks."""
    def make():
        folder = os.path.join(forge.STATE['base'], 'small')
        os.mkdir(folder)
        forge.affidavit(folder, 'init', '--domain', 'example.test', '--test')
        forge.affidavit(folder, 'check', '--period', '2026-Q3', code=None)
        forge.affidavit(folder, 'bundle', '--period', '2026-Q3', '--out', 'bundle.tar')
        return folder
    return forge.once('small', make)


def case_what_a_strangers_files_say_is_not_run():
    """Neither by sqlite3, which knows .shell, nor by a shell that calculates with work[$(command)]."""
    needs_tools()
    folder = small_bundle()
    mark = os.path.join(folder, 'ran')
    run_it = b'.shell touch %s\n' % mark.encode()
    repacked(folder, 'bundle.tar', lambda f: [f.__setitem__(n, run_it + f[n]) for n in sorted(f) if n.startswith(('checks/', 'params/'))])
    refuse(folder, 'bundle', 'x.tar', forge.vkey(folder), contains='in safe mode')
    tap.equal(os.path.exists(mark), False)
    number = 'work[$(touch %s)]' % mark
    open(os.path.join(folder, 'proof'), 'w').write('index 0\nsize %s\n' % number)
    for words in ('root_from 00 proof', "consistent 1 00 '%s' 00 proof" % number, "consistent '%s' 00 2 00 proof" % number):
        for shell in ('sh', 'bash'):
            subprocess.run([shell, '-c', '. %s/common.sh; %s' % (SCRIPTS, words)], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            tap.equal(os.path.exists(mark), False, words)


def bundle_row(archive, why):
    def case():
        needs_tools()
        out = said_of(archive)
        if not re.search('^' + why, out, re.M):
            raise AssertionError('no refusal says "%s"\n%s' % (why, out))
        if archive == 'leaves':                    # the ones and no other; the leaf of the changed item is told, too
            tap.equal(out.count('\n##'), len([r for r in BUNDLE_ROWS if r[1] == archive]) + 1, out)
    return case


for _name, _archive, _f, _why in BUNDLE_ROWS:
    globals()['case_bundle:_' + _name.replace(' ', '_')] = bundle_row(_archive, _why)


def case_clean_up():
    forge.clean_up()


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
