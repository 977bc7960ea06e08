#!/usr/bin/env python3
"""What a forger may try on a report and its store, each refused by the claim that it concerns (tests/lib/forgeries.py is the table) and by
the scripts of docs/verify-by-hand that can see it; and what the program says of the honest one."""
import json, os, shutil, sqlite3, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import byhand, forge, forgeries, tap
from estate import PROGRAM
from forge import demo, path as report, sql
from forgeries import Look, ROWS


def words(folder, look):
    w = [PROGRAM, '--json', 'verify'] + list(look.paths) + ['--root', look.root, '--allow-test', '--at', look.at, '--vkey', look.vkey or forge.vkey(folder)]
    if look.store:
        w += ['--store', 'evidence.db', '--replay']
    for option, value in (('--earlier', look.earlier), ('--crl', look.crl), ('--timestamp-root', look.tsa)):
        if value:
            w += [option, value]
    return w + list(look.more)


def claims(folder, look, code=1):
    _, out = forge.run(words(folder, look), folder, code)
    o = json.loads(out)
    tap.equal(o['exit'], code)
    return o['claims']


def refuse(folder, look, claim, why):
    said = [c for c in claims(folder, look) if c['verdict'] == 'fails']
    if not any(c['claim'] == claim and why in c['why'] for c in said):
        raise AssertionError('no claim %s with "%s" among %s' % (claim, why, json.dumps(said, indent=1)))
    return said


made = {}


def forged(forgery):
    """The folder and how to look at it, made once for all who judge it."""
    if forgery not in made:
        folder = demo()
        made[forgery] = folder, forgery(folder) or Look()
    return made[forgery]


def row(forgery, claim, why):
    def f():
        refuse(*forged(forgery), claim, why)
    return f


def row_by_hand(forgery, scripts):
    def f():
        byhand.needs_tools()
        folder, look = forged(forgery)
        # The statement sees every changed file by its SHA-256; one row shows it, the others ask the script that looks inside.
        for name in scripts if forgery is forgeries.pdf_annotation else scripts[:1]:
            byhand.refuse(folder, name, *byhand.words(folder, name, look), look=look)
        shutil.rmtree(made.pop(forgery)[0])
    return f


for name, forgery, claim, why, scripts in ROWS:
    globals()['case_' + name.replace(' ', '_')] = row(forgery, claim, why)
    if scripts:
        globals()['case_by_hand:_' + name.replace(' ', '_')] = row_by_hand(forgery, scripts)


def verify(folder, *more, code=1):
    return forge.run([PROGRAM, 'verify', forge.REPORT, '--root', 'report-key.pem.root.pem', '--store', 'evidence.db', '--replay', '--allow-test', '--at', forge.AT]
                     + list(more), folder, code)[1]


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


def case_derived_tables_changed_do_not_matter_to_replay():
    """Findings come from the ledger; rows in derived tables are nobody's evidence."""
    folder = demo()
    sql(folder, 'DELETE FROM change_record', 'DELETE FROM event', "UPDATE derived SET size = size")
    verify(folder, code=0)


def case_statistics_that_choose_how_a_store_is_read():
    folder = demo()
    sql(folder, 'ANALYZE')
    tap.contains(verify(folder, code=1), 'holds statistics')


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
    assert r.returncode in (2, 3), r.stdout.decode()      # other stories of those hours stay
    tap.contains(r.stdout.decode(), 'an answer behind this was erased under a rule')


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
    forge.clean_up()


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
