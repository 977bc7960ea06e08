"""Many sources of one zone, looked at again and again while it changes: `affidavit rebuild` gives the rows of the first reading, and another
order of the sources the same changes by the same people."""
import os, shutil, sqlite3, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap

FOLDER = tempfile.mkdtemp(prefix='afd-rebuild-')
AFFIDAVIT = os.environ['AFFIDAVIT']
ENV = {'PATH': os.environ['PATH'], 'HOME': FOLDER, 'LC_ALL': 'C'}
SOA = '%s IN SOA ns1.example.test. h.example.test. %d 7200 900 1209600 300'
# served content of each serial
SERVED = {
    1: ['example.test. 3600 IN NS ns1.example.test.', 'ns1.example.test. 3600 IN A 192.0.2.1', 'www.example.test. 3600 IN A 192.0.2.10'],
}
SERVED[2] = SERVED[1] + ['_acme-challenge.example.test. 60 IN TXT "one"']
SERVED[3] = SERVED[1]
SERVED[4] = SERVED[1][:2] + ['www.example.test. 3600 IN A 192.0.2.66']
SERVED[5] = SERVED[1]
SERVED[6] = SERVED[1] + ['mail.example.test. 3600 IN A 192.0.2.25']


def zone_text(serial):
    return '\n'.join([SOA % ('example.test. 3600', serial)] + SERVED[serial]) + '\n'


def step(a, b):
    old, new = SERVED[a], SERVED[b]
    soa = 'example.test. 3600 IN SOA ns1.example.test. h.example.test. %d 7200 900 1209600 300'
    return '\n'.join(['del ' + soa % a] + ['del ' + r for r in old if r not in new] + ['add ' + soa % b] + ['add ' + r for r in new if r not in old]) + '\n'


def log_line(i, key, what):
    t = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime()) + '.%03dZ' % (i % 1000)
    return "%s update: info: client @0x7fd3970ae%03x 192.0.2.7#%d/key %s: updating zone 'example.test/IN': %s\n" % (t, i, 50000 + i, key, what)


class Store:
    def __init__(self, name, kinds):
        self.path = os.path.join(FOLDER, name)
        os.makedirs(self.path)
        self.run('init', '--domain', 'example.test')
        with open(os.path.join(self.path, 'affidavit.yaml')) as f:
            base = f.read().split('sources:')[0]
        text = {
            'journal': 'type: zone-journal\n    path: {d}/journal.txt\n    format: bind-journalprint\n    zones: [example.test]',
            'file': 'type: zone-file\n    path: {d}/served.zone\n    zone: example.test',
            'log': 'type: bind-update-log\n    path: {d}/update.log\n    zones: [example.test]',
            'declared': 'type: zone-declared\n    path: {d}/declared.zone\n    zone: example.test',
            'granted': 'type: dns-server-config\n    path: {d}/named.conf\n    server: bind\n    zones: [example.test]',
        }
        with open(os.path.join(self.path, 'affidavit.yaml'), 'w') as f:
            f.write(base + 'sources:\n' + ''.join('  - name: %s\n    %s\n' % (k, text[k].format(d=os.path.join(FOLDER, 'server'))) for k in kinds))

    def run(self, *words):
        r = subprocess.run([AFFIDAVIT, '-C', self.path] + list(words), env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode not in (0, 2, 3):
            raise AssertionError('%s: %d\n%s' % (words, r.returncode, r.stdout.decode()))
        return r.stdout.decode()

    def judge(self):
        self.run('report', '--period', time.strftime('%Y', time.gmtime()), '--unsigned', '--no-timestamp', '--out', os.path.join(FOLDER, 'out'))

    def rows(self, sql):
        d = sqlite3.connect(os.path.join(self.path, 'evidence.db'))
        try:
            return d.execute(sql).fetchall()
        finally:
            d.close()

    def tables(self):
        """All rows of all tables but what is no evidence: where a source goes on, who signed, which reports were made."""
        left_out = ('meta', 'cosignature', 'published', 'cursor', 'sqlite_sequence')
        names = [r[0] for r in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") if r[0] not in left_out]
        return {n: sorted(map(repr, self.rows('SELECT * FROM ' + n))) for n in names}


def write(name, text, mode='w'):
    with open(os.path.join(FOLDER, 'server', name), mode) as f:
        f.write(text)


def server(looks):
    """What happened on the server; LOOKS() is called between."""
    os.makedirs(os.path.join(FOLDER, 'server'), exist_ok=True)
    write('served.zone', zone_text(1))
    write('declared.zone', zone_text(1))
    write('journal.txt', '')
    write('update.log', log_line(0, 'alice', "adding an RR at 'old.example.test' A 192.0.2.9"))
    write('named.conf', 'zone "example.test" { type primary; file "x"; update-policy { grant alice zonesub ANY; grant acme name _acme-challenge.example.test. TXT; }; };\n')
    write('journal.txt', step(1, 2))
    looks()
    write('update.log', log_line(1, 'acme', "adding an RR at '_acme-challenge.example.test' TXT \"one\""), 'a')
    write('served.zone', zone_text(2))
    looks()
    # there and back between two looks, then something nobody logged
    write('journal.txt', step(2, 3) + step(3, 4) + step(4, 5), 'a')
    write('update.log', log_line(2, 'acme', 'deleting an RR at _acme-challenge.example.test TXT'), 'a')
    write('update.log', log_line(3, 'mallory', "deleting rrset at 'www.example.test' A") + log_line(3, 'mallory', "adding an RR at 'www.example.test' A 192.0.2.66"), 'a')
    write('served.zone', zone_text(5))
    looks()
    write('journal.txt', step(5, 6), 'a')
    write('served.zone', zone_text(6))
    write('declared.zone', zone_text(6))
    write('named.conf', 'zone "example.test" { type primary; file "x"; allow-update { key alice; }; };\n')
    looks()
    # the journal is cut, the file goes back and the log is begun anew
    write('journal.txt', step(5, 6))
    write('served.zone', zone_text(4))
    write('update.log', log_line(4, 'alice', "adding an RR at 'mail.example.test' A 192.0.2.25"))
    looks()


def same_tables(got, want, what):
    for n in sorted(set(got) | set(want)):
        if got.get(n) != want.get(n):
            a, b = set(got.get(n, [])), set(want.get(n, []))
            raise AssertionError('%s: table %s\nonly after: %s\nonly before: %s' % (what, n, sorted(a - b)[:5], sorted(b - a)[:5]))


def case_rebuild_gives_the_rows_of_the_first_reading():
    kinds = ['journal', 'file', 'log', 'declared', 'granted']
    stores = [Store('one', kinds), Store('two', kinds[::-1])]

    def looks():
        for s in stores:
            s.run('collect')
        time.sleep(0.01)
    server(looks)
    for s in stores:
        s.judge()
        before = s.tables()
        if not before['change'] or not before['change_claim'] or not before['declared_record'] or not before['credential_grant'] or not before['claim_fate']:
            raise AssertionError('nothing to compare: %s' % {n: len(r) for n, r in before.items()})
        s.run('rebuild')
        s.judge()
        same_tables(s.tables(), before, s.path)
    of_changes = ("SELECT c.source, serial_from, serial_to, c.kind, (SELECT group_concat(l.credential || ' ' || m.confidence || m.ambiguous) FROM change_claim m JOIN claim l"
                  " ON l.id = m.claim_id WHERE m.change_id = c.id) FROM change c ORDER BY c.id")
    tap.equal(stores[0].rows(of_changes), [('journal', 1, 2, 'difference', 'acme exact0'), ('journal', 2, 3, 'difference', 'acme strong0'),
                                           ('journal', 3, 4, 'difference', 'mallory strong0'), ('journal', 4, 5, 'difference', None), ('journal', 5, 6, 'difference', 'alice exact0')])
    tap.equal(stores[1].rows(of_changes), stores[0].rows(of_changes), 'nor do changes')
    of_claims = "SELECT ref, outcome, credential FROM claim ORDER BY ref"
    tap.equal(stores[0].rows(of_claims), stores[1].rows(of_claims), 'claims do not depend on the order')


try:
    tap.main(sys.modules[__name__])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
