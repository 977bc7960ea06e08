#!/usr/bin/env python3
"""The folder of a signed report: what lies in it, what the statement says of it, and the chain from report to report."""
import base64, hashlib, hmac, json, os, random, re, shutil, sqlite3, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import PROGRAM
from tsa import Tsa

STATE = {}
CLOCK = '2026-10-02T08:00:00Z'
FILES = ['head.note', 'report.json', 'report.json.p7s', 'report.pdf', 'run.json', 'statement.jws']


class World:
    """The demo's folder, with a report over it already."""
    def __init__(self):
        if 'dir' not in STATE:
            STATE['base'] = tempfile.mkdtemp(prefix='afd-statement-')
            STATE['dir'] = os.path.join(STATE['base'], 'demo')
            r = subprocess.run([PROGRAM, 'demo', '--quiet', '--out', STATE['dir']], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if r.returncode:
                raise AssertionError(r.stdout.decode())
        self.folder = tempfile.mkdtemp(prefix='copy-', dir=STATE['base'])
        shutil.rmtree(self.folder)
        shutil.copytree(STATE['dir'], self.folder)

    def run(self, *words, code=0, **env):
        r = subprocess.run([PROGRAM, *words], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, AFFIDAVIT_TEST_CLOCK=CLOCK, **env))
        out = r.stdout.decode('utf-8', 'replace')
        if r.returncode != code:
            raise AssertionError('affidavit %s: exit %d, expected %d\n%s' % (' '.join(words), r.returncode, code, out))
        return out

    def report(self, *more, out='reports/2026-Q3', **kw):
        return self.run('report', '--period', '2026-Q3', '--key', 'report-key.pem', '--out', out, *more, **kw)

    def path(self, name, folder='reports/2026-Q3'):
        return os.path.join(self.folder, folder, name)

    def names(self, folder='reports/2026-Q3'):
        return sorted(os.listdir(os.path.join(self.folder, folder)))

    def statement(self, folder='reports/2026-Q3'):
        jws = json.load(open(self.path('statement.jws', folder)))
        return json.loads(unbase64url(jws['payload']))

    def verify(self, folder='reports/2026-Q3', code=0, *more):
        return self.run('verify', folder, '--root', 'report-key.pem.root.pem', '--store', 'evidence.db', '--allow-test', *more, code=code)


def unbase64url(s):
    return base64.urlsafe_b64decode(s + '=' * (-len(s) % 4))


def sha256(path):
    return hashlib.sha256(open(path, 'rb').read()).hexdigest()


def root(leaves):
    """RFC 6962, 2.1"""
    if not leaves:
        return hashlib.sha256(b'').digest()
    if len(leaves) == 1:
        return hashlib.sha256(b'\0' + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b'\1' + root(leaves[:k]) + root(leaves[k:])).digest()


def canonical(o):
    return json.dumps(o, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()


def case_the_statement_names_every_file_but_itself():
    w = World()
    tap.equal(w.names(), FILES)
    s = w.statement()
    tap.equal([x['name'] for x in s['subject']], FILES[:-1])
    for x in s['subject']:
        tap.equal(x['digest'], {'sha256': sha256(w.path(x['name']))}, x['name'])
    tap.equal(unbase64url(json.load(open(w.path('statement.jws')))['payload']), canonical(s), 'canonical JSON')


def case_it_says_what_report_json_says():
    w = World()
    s, r = w.statement()['predicate'], json.load(open(w.path('report.json')))
    for name in ('as_of', 'report_id', 'period', 'organisation', 'test'):
        tap.equal(s[name], r[name], name)
    tap.equal((s['head']['size'], s['head']['root'], s['head']['note']), (r['head']['size'], r['head']['root'], r['head']['note']))
    tap.equal(open(w.path('head.note')).read(), r['head']['note'])
    tap.equal(s['rules']['checks_sha256'], r['rules']['checks_sha256'])
    tap.equal(s['rules']['policy']['leaf'], r['rules']['policy_leaf'])
    tap.equal(s['tool']['binary_sha256'], sha256(PROGRAM))


def case_findings_root_is_over_the_bytes_of_each_finding():
    w = World()
    r = json.load(open(w.path('report.json')))
    s = w.statement()['predicate']
    tap.equal(s['findings'], len(r['findings']))
    tap.equal(s['findings_root'], root([canonical(f) for f in r['findings']]).hex())


def case_salts_come_from_the_secret_of_the_first_leaf():
    w = World()
    r = json.load(open(w.path('report.json')))
    db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
    secret = db.execute('SELECT secret FROM item WHERE leaf = 0').fetchone()[0]
    db.close()
    for f in r['findings']:
        want = hmac.new(secret, b'finding' + r['head']['size'].to_bytes(8, 'big') + f['id'].encode(), hashlib.sha256).digest()[:16].hex()
        tap.equal(f['salt'], want, f['id'])
    tap.equal(len({f['salt'] for f in r['findings']}), len(r['findings']))


def case_each_report_names_the_one_before():
    w = World()
    first = w.statement()
    tap.equal(first['predicate']['number'], 1)
    tap.equal('previous' in first['predicate'], False)
    one = (sha256(w.path('report.json')), sha256(w.path('statement.jws')))
    out = w.report(out='reports/again')
    tap.contains(out, 'chained   report 2 of this store, after %s' % first['predicate']['report_id'])
    p = w.statement('reports/again')['predicate']
    tap.equal(p['number'], 2)
    tap.equal((p['previous']['report_sha256'], p['previous']['statement_sha256']), one)
    tap.equal(p['previous']['head'], {'root': first['predicate']['head']['root'], 'size': first['predicate']['head']['size']})
    tap.equal([x['certificate_sha256'] for x in p['signers']], [x['certificate_sha256'] for x in first['predicate']['signers']])
    w.run('ledger', 'verify')
    w.verify('reports/again', 0, '--earlier', 'reports/2026-Q3')


def sql(w, text):
    db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
    db.execute(text)
    db.commit()
    db.close()


def case_a_second_report_under_the_number_of_one_that_was_kept():
    """The store is made to forget a report, and signs another under its number."""
    w = World()
    w.report(out='reports/kept')
    sql(w, 'DELETE FROM published WHERE number = 2')
    w.report('--as-of', '2026-10-02T07:00:00Z', out='reports/second')
    tap.equal((w.statement('reports/kept')['predicate']['number'], w.statement('reports/second')['predicate']['number']), (2, 2))
    trust = ('--root', 'report-key.pem.root.pem', '--allow-test')
    for kept in ('reports/kept', 'reports/kept/statement.jws'):
        out = w.run('verify', 'reports/second', *trust, '--earlier', kept, code=1)
        tap.contains(out, 'two reports under one number')
    tap.contains(w.run('ledger', 'verify', '--earlier', 'reports/kept', code=1), 'the store remembers another report 2')
    tap.contains(w.verify('reports/kept', 1), 'the store remembers another report 2')
    tap.contains(w.verify('reports/second'), 'the store remembers it as its report 2')
    w.run('verify', 'reports/second', *trust, '--earlier', 'reports/second', '--earlier', 'reports/2026-Q3')
    w.report(out='reports/third')
    tap.contains(w.run('verify', 'reports/third', *trust, '--earlier', 'reports/kept', code=1), 'another file than the report')
    tap.contains(w.run('verify', 'reports/2026-Q3', *trust, '--earlier', 'reports/third', code=1), 'not earlier: it is report 3')


def case_a_report_that_the_store_does_not_remember():
    """A copy of the store from before, or one that was restored: nobody can tell which, so it is said and is no yes."""
    w = World()
    w.report(out='reports/last')
    sql(w, 'DELETE FROM published WHERE number = 2')
    tap.contains(w.verify('reports/last', 3), 'does not remember that its report 2 was signed')
    tap.contains(w.run('ledger', 'verify', '--earlier', 'reports/last', code=3), 'does not remember that its report 2 was signed')


def case_an_earlier_head_is_told():
    """The signer knows more than the report says; the reader sees it where the report before, or the store, had more."""
    w = World()
    db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
    sizes = [x for x, in db.execute('SELECT size FROM head ORDER BY size DESC LIMIT 2')]
    db.close()
    out = w.report('--head', str(sizes[1]), '--as-of', '2026-10-02T06:30:00Z', out='reports/smaller')
    tap.contains(out, 'the ledger has %d items behind the head of this report' % (sizes[0] - sizes[1]))
    out = w.verify('reports/smaller')
    tap.contains(out, 'it stood on more leaves: this report leaves the newest out')
    tap.contains(out, "store's first %d leaves of %d" % (sizes[1], sizes[0]))
    before = sorted(os.listdir(os.path.join(w.folder, 'reports')))
    tap.contains(w.report('--head', str(sizes[1] + 1), out='reports/unsigned-head', code=64), 'no head was signed over so many leaves')
    tap.contains(w.report('--as-of', '2027-01-01T00:00:00Z', out='reports/future', code=64), 'still to come')
    tap.equal(sorted(os.listdir(os.path.join(w.folder, 'reports'))), before)


def case_a_report_that_does_not_fit_on_the_disk():
    """The one that was there stays whole, and the store remembers no other. A limit on the size of files stands for the disk."""
    w = World()
    before = {n: sha256(w.path(n)) for n in w.names()}
    limit = max(os.path.getsize(w.path(n)) for n in ('report.json', 'report.pdf')) * 3 // 4
    r = subprocess.run(['sh', '-c', 'trap "" XFSZ; ulimit -f %d; exec "$@"' % (limit // 512), 'sh', PROGRAM, 'report', '--period', '2026-Q3', '--key',
                        'report-key.pem', '--out', 'reports/2026-Q3', '--head', str(w.statement()['predicate']['head']['size'])], cwd=w.folder,
                       env=dict(os.environ, AFFIDAVIT_TEST_CLOCK=CLOCK), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 1, r.stdout.decode())
    assert re.search('File too large|disk I/O error', r.stdout.decode()), r.stdout      # a file of ours, or SQLite's temporary one
    tap.equal({n: sha256(w.path(n)) for n in w.names()}, before)
    open(w.path('.report.pdf.123-0.part'), 'w').write('of a run that was killed')
    w.report()
    tap.equal(w.names(), FILES)
    tap.equal(w.statement()['predicate']['number'], 2)


def case_a_kill_leaves_no_statement_that_the_store_does_not_know():
    """Else the next report would be a second one under its number."""
    seed = int(os.environ.get('AFFIDAVIT_SEED', random.randrange(1 << 30)))
    print('# seed %d (AFFIDAVIT_SEED)' % seed, flush=True)
    rnd, w = random.Random(seed), World()
    started = time.time()
    w.report(out='reports/k')
    whole, killed = time.time() - started, 0
    for _ in range(12):
        p = subprocess.Popen([PROGRAM, 'report', '--period', '2026-Q3', '--key', 'report-key.pem', '--out', 'reports/k'], cwd=w.folder,
                             env=dict(os.environ, AFFIDAVIT_TEST_CLOCK=CLOCK), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * (0.5 + 0.5 * rnd.random()))
        p.kill()
        killed += p.wait() < 0
        if not os.path.exists(w.path('statement.jws', 'reports/k')):
            continue
        db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
        known = [x.hex() for x, in db.execute('SELECT statement FROM published')]
        db.close()
        tap.equal(sha256(w.path('statement.jws', 'reports/k')) in known, True)
    print('# %d of 12 were killed while they ran' % killed, flush=True)
    w.report(out='reports/k')
    tap.equal(w.names('reports/k'), FILES, 'nothing of the killed runs is left')
    w.verify('reports/k')
    w.run('ledger', 'verify')


def case_a_new_key_stands_behind_the_old_one():
    w = World()
    other = os.path.join(STATE['base'], 'other')      # whose key is valid at the test clock's time, too
    w.run('demo', '--quiet', '--out', other)
    w.run('report', '--period', '2026-Q3', '--key', os.path.join(other, 'report-key.pem'), '--out', 'reports/second')
    w.report(out='reports/third')
    old = w.statement()['predicate']['signers'][0]
    second, third = w.statement('reports/second')['predicate']['signers'], w.statement('reports/third')['predicate']['signers']
    tap.equal(len(second), 2)
    tap.equal(second[0], old)
    tap.equal(third, [second[1], old])


def case_an_earlier_head_chains_too():
    """The head before is larger than this one: the proof goes from the smaller to the larger."""
    w = World()
    size = w.statement()['predicate']['head']['size']
    db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
    smaller = db.execute('SELECT max(size) FROM head WHERE size < ?', (size,)).fetchone()[0]
    db.close()
    w.report('--head', str(smaller), '--as-of', '2026-10-02T06:30:00Z', out='reports/smaller')
    p = w.statement('reports/smaller')['predicate']
    tap.equal((p['number'], p['head']['size'], p['previous']['head']['size']), (2, smaller, size))
    tap.equal(len(p['previous']['proof']) > 0, True)
    w.verify('reports/smaller')


def case_a_folder_with_a_strangers_file_is_refused():
    w = World()
    open(w.path('notes.txt'), 'w').write('mine')
    before = {n: sha256(w.path(n)) for n in w.names()}
    tap.contains(w.report(code=64), 'notes.txt')
    tap.equal({n: sha256(w.path(n)) for n in w.names()}, before)
    tap.equal(w.run('report', '--period', '2026-Q3', '--unsigned', '--out', 'reports/2026-Q3') != '', True)
    tap.equal(open(w.path('notes.txt')).read(), 'mine')


def case_what_an_earlier_report_left_goes():
    w = World()
    w.report('--dsse')
    tap.equal(w.names(), sorted(FILES + ['report.json.dsse.json', 'statement.dsse.json']))
    w.verify()
    w.report()
    tap.equal(w.names(), FILES)
    w.verify()
    w.run('report', '--period', '2026-Q3', '--unsigned', '--out', 'reports/2026-Q3')
    tap.equal(w.names(), ['report.json', 'report.pdf', 'run.json'])


def case_dsse_carries_the_same_statement():
    w = World()
    w.report('--dsse')
    e = json.load(open(w.path('statement.dsse.json')))
    tap.equal(base64.b64decode(e['payload']), unbase64url(json.load(open(w.path('statement.jws')))['payload']))
    tap.equal(e['payloadType'], 'application/vnd.in-toto+json')
    names = [x['name'] for x in w.statement()['subject']]
    tap.equal('report.json.dsse.json' in names and 'statement.dsse.json' not in names, True)
    t = json.loads(base64.b64decode(json.load(open(w.path('report.json.dsse.json')))['payload']))
    tap.equal(t['subject'], [{'digest': {'sha256': sha256(w.path('report.json'))}, 'name': 'report.json'}])


def case_time_stamps_over_all_of_it():
    w = World()
    tsa = Tsa(os.path.join(w.folder, 'tsa'))
    try:
        out = w.report('--timestamp', tsa.url, '--timestamp-root', tsa.root)
        tap.contains(out, 'stamped   4 signatures, by %s' % tsa.host)
        tap.equal(tsa.asked, 4)
        tap.equal(w.names(), sorted(FILES + ['head.0.tst']))
        r = subprocess.run(['openssl', 'ts', '-verify', '-token_in', '-in', w.path('head.0.tst'), '-data', w.path('head.note'), '-CAfile', tsa.root],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.equal(r.returncode, 0, r.stdout.decode())
        jws = json.load(open(w.path('statement.jws')))
        token = base64.b64decode(json.loads(unbase64url(jws['header']['etsiU'][0]))['sigTst']['tstTokens'][0]['val'])
        open(w.path('../token'), 'wb').write(token)
        open(w.path('../value'), 'w').write(jws['signature'])
        r = subprocess.run(['openssl', 'ts', '-verify', '-token_in', '-in', w.path('../token'), '-data', w.path('../value'), '-CAfile', tsa.root],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.equal(r.returncode, 0, r.stdout.decode())
        before = w.names()
        tsa.mode = 'down'
        tap.contains(w.report('--timestamp', tsa.url, code=1), '--no-timestamp')
        tap.equal(w.names(), before, 'the report that was there stays')
    finally:
        tsa.close()
    tap.contains(w.run('report', '--period', '2026-Q3', '--key', 'report-key.pem', '--timestamp', tsa.url, '--no-timestamp', code=64), '--no-timestamp')


def case_a_statement_that_cannot_be_remembered_is_not_made():
    w = World()
    shutil.rmtree(os.path.join(w.folder, 'reports'))
    db = sqlite3.connect(os.path.join(w.folder, 'evidence.db'))
    db.execute('DROP TABLE published')
    db.execute('CREATE TABLE published (number INTEGER PRIMARY KEY)')
    db.commit()
    db.close()
    w.report(code=1)
    tap.equal(os.path.exists(w.path('statement.jws')), False)


def case_flipped_bytes_and_left_out_files():
    w = World()
    for name in FILES:
        data = open(w.path(name), 'rb').read()
        at = len(data) // 2
        open(w.path(name), 'wb').write(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        w.verify(code=1)
        os.remove(w.path(name))
        if name != 'statement.jws':
            w.verify(code=1)
        open(w.path(name), 'wb').write(data)
    w.verify()
    open(w.path('added'), 'w').write('x')
    w.verify(code=1)


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        if 'base' in STATE:
            shutil.rmtree(STATE['base'], ignore_errors=True)
