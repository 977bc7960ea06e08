#!/usr/bin/env python3
"""What a forger may try on a report and its store, each refused with its reason; and what common tools say of the real one."""
import json, os, shutil, sqlite3, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import PROGRAM

STATE = {}


def demo():
    """The demo, run once; a fresh copy for each case."""
    if 'dir' not in STATE:
        STATE['base'] = tempfile.mkdtemp(prefix='afd-forge-')
        STATE['dir'] = os.path.join(STATE['base'], 'demo')
        r = subprocess.run([PROGRAM, 'demo', '--out', STATE['dir']], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        STATE['out'] = r.stdout.decode()
        if r.returncode:
            raise AssertionError(STATE['out'])
    copy = tempfile.mkdtemp(prefix='afd-forge-copy-', dir=STATE['base'])
    shutil.rmtree(copy)
    shutil.copytree(STATE['dir'], copy)
    return copy


def verify(folder, *more, code=1):
    words = [PROGRAM, 'verify', 'reports/2026-Q3', '--root', 'report-key.pem.root.pem', '--store', 'evidence.db', '--replay', '--allow-test',
             '--at', '2026-10-03T00:00:00Z']
    r = subprocess.run(words + list(more), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = r.stdout.decode()
    if r.returncode != code:
        raise AssertionError('exit %d, expected %d\n%s' % (r.returncode, code, out))
    return out


def report(folder, name):
    return os.path.join(folder, 'reports', '2026-Q3', name)


def change(path, f):
    data = open(path, 'rb').read()
    open(path, 'wb').write(f(data))


def sql(folder, *statements):
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    for s in statements:
        db.execute(s)
    db.commit()
    db.close()


def first_answer(folder):
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    try:
        return db.execute("SELECT leaf FROM item_note WHERE kind = 'answer' ORDER BY leaf LIMIT 1").fetchone()[0]
    finally:
        db.close()


def case_the_real_report_is_accepted():
    verify(demo(), code=0)


def case_without_allow_test_it_is_refused():
    folder = demo()
    r = subprocess.run([PROGRAM, 'verify', 'reports/2026-Q3', '--root', 'report-key.pem.root.pem', '--store', 'evidence.db',
                        '--at', '2026-10-03T00:00:00Z'], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 1, r.stdout.decode())


def case_openssl_accepts_the_json():
    folder = demo()
    r = subprocess.run(['openssl', 'cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', report(folder, 'report.json.p7s'), '-content',
                        report(folder, 'report.json'), '-CAfile', os.path.join(folder, 'report-key.pem.root.pem'), '-purpose', 'any', '-out', '/dev/null',
                        '-attime', '1790985600'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 0, r.stdout.decode())


def case_pdfsig_and_qpdf_accept_the_pdf():
    folder = demo()
    nss = os.path.join(folder, 'nss')
    os.makedirs(nss)
    for words in (['certutil', '-N', '-d', 'sql:' + nss, '--empty-password'],
                  ['certutil', '-A', '-d', 'sql:' + nss, '-n', 'root', '-t', 'CT,C,C', '-i', os.path.join(folder, 'report-key.pem.root.pem')]):
        subprocess.run(words, check=True)
    out = subprocess.run(['pdfsig', '-nssdir', 'sql:' + nss, report(folder, 'report.pdf')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
    tap.contains(out, 'Signature is Valid')
    tap.contains(out, 'Total document signed')
    r = subprocess.run(['qpdf', '--check', report(folder, 'report.pdf')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 0, r.stdout.decode())


def case_a_flipped_byte_in_each_file():
    for name, at in (('report.json', 200), ('report.json', -2), ('report.pdf', 1000), ('report.pdf', -2000), ('report.json.p7s', 300)):
        folder = demo()
        change(report(folder, name), lambda d: d[:at] + bytes([d[at] ^ 1]) + (d[at + 1:] if at != -1 else b''))
        verify(folder)


def case_an_appended_revision():
    folder = demo()
    change(report(folder, 'report.pdf'), lambda d: d + b'\n1 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n')
    tap.contains(verify(folder), 'report.pdf')


def case_the_signature_missing():
    folder = demo()
    os.remove(report(folder, 'report.json.p7s'))
    tap.contains(verify(folder), 'nobody signed it')


def case_findings_dropped_and_signed_again():
    """A forger who holds the report key: only the ledger and the replay can tell."""
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z')
    change(os.path.join(folder, 'policy.yaml'), lambda d: d + b'waivers:\n  - {id: W-9, check: delegation-change-unapproved, resource: example.test, '
           b'standing: true, owner: a, approver: b, reason: "c", expires: 2027-01-01}\n')
    subprocess.run([PROGRAM, 'report', '--period', '2026-Q3', '--key', 'report-key.pem', '--out', 'forged'], cwd=folder, env=env, check=True,
                   stdout=subprocess.DEVNULL)
    shutil.copy(os.path.join(STATE['dir'], 'evidence.db'), os.path.join(folder, 'evidence.db'))
    for name in ('evidence.db-wal', 'evidence.db-shm'):
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    for name in ('report.json', 'report.json.p7s', 'report.pdf'):
        shutil.copy(os.path.join(folder, 'forged', name), report(folder, name))
    verify(folder)


def case_an_item_dropped():
    folder = demo()
    sql(folder, 'DELETE FROM item WHERE leaf = 20')
    tap.contains(verify(folder), '20')


def case_an_item_replaced():
    folder = demo()
    sql(folder, "UPDATE blob SET data = CAST(replace(CAST(data AS TEXT), 'DNS team', 'No team!') AS BLOB) "
        "WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = 1)")
    tap.contains(verify(folder), 'leaf 1:')


def case_bytes_erased_without_a_rule():
    folder = demo()
    sql(folder, 'UPDATE item SET record = NULL, secret = NULL, sha256 = NULL, part_lengths = NULL, erased = 1 WHERE leaf = 20')
    tap.contains(verify(folder), 'leaf 20')


def case_a_head_rewritten():
    folder = demo()
    sql(folder, "UPDATE head SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM head)")
    verify(folder)


def case_derived_tables_changed_do_not_matter_to_replay():
    """Findings come from the ledger; rows in derived tables are nobody's evidence."""
    folder = demo()
    sql(folder, 'DELETE FROM change_record', 'DELETE FROM event', "UPDATE derived SET size = size")
    verify(folder, code=0)


def case_another_root():
    folder = demo()
    env = dict(os.environ)
    subprocess.run([PROGRAM, 'keys', 'test', 'other.pem'], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(os.path.join(folder, 'other.pem.root.pem'), os.path.join(folder, 'report-key.pem.root.pem'))
    verify(folder)


def case_another_store_key():
    folder = demo()
    tap.contains(verify(folder, '--vkey', 'example.com/foo+530d903a+AZuMT2QhLbtEQGtgvHdWB7Fl1GckF0zHUuUTzvrS3S5R'), 'head')


def case_report_and_pdf_of_two_quarters_mixed():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z')
    subprocess.run([PROGRAM, 'report', '--period', '2026-08', '--key', 'report-key.pem', '--out', 'august'], cwd=folder, env=env, check=True,
                   stdout=subprocess.DEVNULL)
    shutil.copy(os.path.join(folder, 'august', 'report.pdf'), report(folder, 'report.pdf'))
    tap.contains(verify(folder), 'not the one beside it')


def case_a_label_that_lies():
    folder = demo()
    change(report(folder, 'report.json'), lambda d: d.replace(b'"label":"2026-Q3"', b'"label":"2026-Q2"'))
    tap.contains(verify(folder), 'it calls itself 2026-Q2')


def case_the_test_mark_cannot_be_taken_off():
    folder = demo()
    sql(folder, "UPDATE meta SET value = '0' WHERE name = 'test'")
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z')
    subprocess.run([PROGRAM, 'report', '--period', '2026-Q3', '--unsigned', '--out', 'clean'], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    r = subprocess.run([PROGRAM, 'verify', 'clean', '--allow-unsigned', '--store', 'evidence.db', '--replay'], cwd=folder, stdout=subprocess.PIPE)
    tap.equal(r.returncode, 1, r.stdout.decode())
    tap.contains(r.stdout.decode(), 'says TEST')


def case_an_honest_report_after_a_lawful_erasure_is_unclear_not_forged():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T08:00:00Z')
    subprocess.run([PROGRAM, 'ledger', 'erase', str(first_answer(folder)), '--rule', 'retention 90 days', '--actor', 'DPO'], cwd=folder, env=env, check=True)
    tap.contains(verify(folder, code=3), 'erased under a rule')


def case_erasing_a_damaging_answer_does_not_make_a_pass():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T08:00:00Z')
    gate = [PROGRAM, 'gate', '--period', '2026-08-25..2026-08-25T12:00:00Z']
    r = subprocess.run(gate, cwd=folder, env=env, stdout=subprocess.PIPE)
    tap.equal(r.returncode, 2, r.stdout.decode())
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    leaf = db.execute("SELECT leaf FROM event WHERE action = 'transfer-lock.remove'").fetchone()[0]
    db.close()
    subprocess.run([PROGRAM, 'ledger', 'erase', str(leaf), '--rule', 'retention', '--actor', 'op'], cwd=folder, env=env, check=True)
    r = subprocess.run(gate, cwd=folder, env=env, stdout=subprocess.PIPE)
    tap.equal(r.returncode, 3, r.stdout.decode())


def case_an_approval_under_a_clock_turned_back_is_late():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-07-02T00:00:00Z')
    with open(os.path.join(folder, 'late.csv'), 'w') as f:
        f.write('ticket,subject,kind,valid_from,valid_to,approver\nCHG-9,example-shop.test,transfer-lock.remove,2026-08-01,2026-09-01,CISO\n')
    subprocess.run([PROGRAM, 'import', 'approvals', 'late.csv'], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    env['AFFIDAVIT_TEST_CLOCK'] = '2026-10-02T08:00:00Z'
    r = subprocess.run([PROGRAM, 'check', '--period', '2026-08-25..2026-08-25T12:00:00Z', '--json'], cwd=folder, env=env, stdout=subprocess.PIPE)
    found = [f['status'] for f in json.loads(r.stdout)['findings'] if f['check'] == 'transfer-lock-removed']
    tap.equal(found, ['review'])


def case_the_recordings_used_up_is_no_crash():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T09:00:00Z')
    r = subprocess.run([PROGRAM, 'collect'], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 3, r.stdout.decode())


def case_a_tombstone_is_not_a_fault():
    folder = demo()
    env = dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T08:00:00Z')
    subprocess.run([PROGRAM, 'ledger', 'erase', str(first_answer(folder)), '--rule', 'retention 90 days', '--actor', 'DPO'], cwd=folder, env=env, check=True)
    r = subprocess.run([PROGRAM, 'ledger', 'verify'], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 0, r.stdout.decode())
    tap.contains(r.stdout.decode(), '1 erased')


def case_clean_up():
    shutil.rmtree(STATE['base'], ignore_errors=True)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
