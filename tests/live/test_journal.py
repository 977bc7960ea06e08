"""Journals of real servers through `affidavit collect`, beside a transfer of the same zone: each step that the server made is one change,
the transfer finds nothing more, and what a server merged away is said."""
import os, shutil, sqlite3, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from live import program, secret
from livebind import Bind
from liveknot import Knot
from livensd import Nsd

FOLDER = tempfile.mkdtemp(prefix='afd-j-')
AFFIDAVIT = os.environ['AFFIDAVIT']
ZONE = '''$TTL 3600
@ IN SOA ns1 hostmaster 2026110101 7200 900 1209600 300
@ NS ns1
@ NS ns2
ns1 A 192.0.2.1
ns2 A 192.0.2.2
www A 192.0.2.10
'''
GRANTS = [('alice', None, None)]
PATH = os.environ['PATH'] + ':/usr/sbin:/sbin'


class Store:
    def __init__(self, name, sources):
        self.path = os.path.join(FOLDER, name)
        os.makedirs(self.path)
        self.run('init', '--domain', 'a.test')
        with open(os.path.join(self.path, 'affidavit.yaml')) as f:
            base = f.read().split('sources:')[0]
        with open(os.path.join(self.path, 'affidavit.yaml'), 'w') as f:
            f.write(base + 'sources:\n' + sources)

    def run(self, *words):
        r = subprocess.run([AFFIDAVIT, '-C', self.path] + list(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, PATH=PATH, READER=secret('reader')))
        if r.returncode not in (0, 3):
            raise AssertionError('%s: %d\n%s' % (words, r.returncode, r.stdout.decode()))
        return r.stdout.decode()

    def rows(self, sql):
        d = sqlite3.connect(os.path.join(self.path, 'evidence.db'))
        try:
            return d.execute(sql).fetchall()
        finally:
            d.close()

    def changes(self):
        """source, step, records"""
        out = []
        for id, source, a, b in self.rows('SELECT id, source, serial_from, serial_to FROM change ORDER BY id'):
            out.append((source, a % 100, b % 100, ['%s %s %d %s %s' % r for r in self.rows(
                'SELECT op, owner, ttl, type, rdata FROM change_record WHERE change_id = %d ORDER BY id' % id)]))
        return out

    def coverage(self):
        return self.rows('SELECT source, grade, reason FROM coverage ORDER BY id')


def transfer(port, name='xfr', zone='a.test'):
    return '  - name: %s\n    type: dns-transfer\n    server: 127.0.0.1\n    port: %d\n    zones: [%s]\n    tsig: {name: reader, secret: "env:READER"}\n' % (name, port, zone)


def journal(path, more='', zone='a.test'):
    return '  - name: journal\n    type: zone-journal\n    path: "%s"\n    zones: [%s]\n%s' % (path, zone, more)


ADD = ['zone a.test', 'update add _acme-challenge.a.test 60 TXT "token"']
DEL = ['zone a.test', 'update delete _acme-challenge.a.test TXT']
CAME = 'add _acme-challenge.a.test 60 TXT "token"'
WENT = 'del _acme-challenge.a.test 60 TXT "token"'


def case_bind_each_transaction_and_the_transfer_finds_nothing_more():
    if not Bind.there():
        raise tap.Skip('no BIND here')
    with Bind(os.path.join(FOLDER, 'b'), {'a.test': (ZONE, GRANTS)}, ['alice'], 'reader') as s:
        st = Store('bind', transfer(s.port) + journal(s.path('{zone}.zone.jnl')))
        s.update('alice', ['zone a.test', 'update add early.a.test 60 A 192.0.2.5'])
        st.run('collect')
        # before the first look: known by the journal alone, at some time before
        tap.equal(st.changes(), [('journal', 1, 2, ['add early.a.test 60 A 192.0.2.5'])])
        tap.equal(st.rows('SELECT t_from FROM change'), [(0,)])
        s.update('alice', ADD)
        s.update('alice', DEL)
        s.update('alice', ['zone a.test', 'update add ns1.a.test 3600 A 192.0.2.1'])          # there already
        s.update('alice', ['zone a.test', 'update delete ghost.a.test TXT'])                   # not there
        s.update('alice', ['zone a.test', 'update add ns1.a.test 30 A 192.0.2.1'])             # time to live alone
        s.update('alice', ['zone a.test', 'update delete www.a.test A', 'update add www.a.test 60 A 192.0.2.77', 'update delete a.test NS ns2.a.test.'])
        st.run('collect')
        tap.equal(st.changes()[1:], [
            ('journal', 2, 3, [CAME]), ('journal', 3, 4, [WENT]),
            ('journal', 4, 5, ['del ns1.a.test 3600 A 192.0.2.1', 'add ns1.a.test 30 A 192.0.2.1']),
            ('journal', 5, 6, ['del www.a.test 3600 A 192.0.2.10', 'del a.test 3600 NS ns2.a.test.', 'add www.a.test 60 A 192.0.2.77'])])
        tap.equal([st.coverage()[i] for i in (-3, -1)], [('journal', 2, 'serial chain; content not compared'), ('xfr', 3, 'serial and content as expected')])
        tap.equal([c for c in st.coverage() if c[1] == 0], [('journal', 0, 'differences of a zone that was never seen whole')])
        before = st.rows('SELECT max(t_to) FROM coverage')[0][0]
        st.run('collect')                                                                     # nothing new: the header alone
        tap.equal(len(st.changes()), 5)
        tap.equal([st.coverage()[i] for i in (-3, -1)], [('journal', 2, 'serial unmoved; content not compared'), ('xfr', 3, 'serial and content as expected')])
        if st.rows('SELECT max(t_to) FROM coverage')[0][0] <= before:
            raise AssertionError('the third look covers no time')
        # as text, by named's own printer, the same steps
        text = Store('bind-text', journal('exec:named-journalprint ' + s.path('{zone}.zone.jnl')))
        text.run('collect')
        tap.equal([c[1:] for c in text.changes()], [c[1:] for c in st.changes()])


def case_bind_a_trimmed_journal_names_the_loss():
    if not Bind.there():
        raise tap.Skip('no BIND here')
    with Bind(os.path.join(FOLDER, 't'), {'a.test': (ZONE, GRANTS, 'max-journal-size 4k;')}, ['alice'], 'reader') as s:
        st = Store('trimmed', journal(s.path('{zone}.zone.jnl')) + transfer(s.port))
        s.update('alice', ['zone a.test', 'update add first.a.test 60 A 192.0.2.1'])
        st.run('collect')
        for i in range(60):
            s.update('alice', ['zone a.test', 'update add r%d.a.test 60 A 192.0.2.1' % i])
        s.rndc('sync', 'a.test')
        s.update('alice', ADD)
        s.update('alice', DEL)
        st.run('collect')
        reasons = [c[2] for c in st.coverage()]
        if not any('the steps between are lost, the history was trimmed' in r for r in reasons):
            raise AssertionError(reasons)
        tap.equal([c[3] for c in st.changes() if c[0] == 'journal'][-2:], [[CAME], [WENT]], 'what came and went behind the loss')
        total = st.rows("SELECT count(DISTINCT owner) FROM record WHERE owner LIKE 'r%.a.test' AND valid_to = 9223372036854775807")[0][0]
        tap.equal(total, 60, 'the transfer found the rest')


def case_knot_a_merged_history_is_sampled_and_said():
    if not Knot.there() or not program('kjournalprint'):
        raise tap.Skip('no Knot here')
    with Knot(os.path.join(FOLDER, 'k'), {'a.test': (ZONE, GRANTS)}, ['alice'], 'reader', depth=5) as s:
        st = Store('knot', journal('exec:kjournalprint -x -c %s {zone}' % s.path('knot.conf')))
        st.run('collect')
        first = s.serial('a.test')
        s.update('alice', ADD)
        s.update('alice', DEL)
        st.run('collect')
        tap.equal([c[3] for c in st.changes()], [[CAME], [WENT]])
        tap.equal(st.coverage()[-1], ('journal', 2, 'serial chain; content not compared'))
        for i in range(3):                                       # these are merged away before anybody looks
            s.update('alice', ADD)
            s.update('alice', DEL)
        for i in range(8):
            s.update('alice', ['zone a.test', 'update add r%d.a.test 60 A 192.0.2.1' % i])
        tap.equal(s.serial('a.test') - first, 16)
        st.run('collect')
        reasons = ' | '.join(c[2] for c in st.coverage())
        if 'merged' not in reasons and 'trimmed' not in reasons:
            raise AssertionError(reasons)
        owners = [r[0] for r in st.rows("SELECT owner FROM record WHERE owner LIKE 'r_.a.test' AND valid_to = 9223372036854775807 ORDER BY owner")]
        tap.equal(owners, ['r%d.a.test' % i for i in range(8)])
        told = [r for c in st.changes() for r in c[3] if r.startswith('add r')]
        tap.equal(sorted(told), ['add r%d.a.test 60 A 192.0.2.1' % i for i in range(8)], 'each once, whoever told it')


def case_nsd_the_files_of_a_secondary_say_when_and_by_which_key():
    if not Bind.there() or not Nsd.there():
        raise tap.Skip('no BIND or no NSD here')
    with Bind(os.path.join(FOLDER, 'p'), {'a.test': (ZONE, GRANTS)}, ['alice'], 'reader') as b, \
         Nsd(os.path.join(FOLDER, 'n'), {'a.test': (None, b)}, 'reader') as s:
        st = Store('nsd', journal(s.path('{zone}.zone.ixfr'), '    timezone: UTC\n') + transfer(s.port))
        s.follow('a.test')
        s.history('a.test')
        st.run('collect', '--source', 'xfr')
        for lines in (ADD, DEL, ['zone a.test', 'update add n.a.test 60 A 192.0.2.9']):
            b.update('alice', lines)
            s.follow('a.test')
        s.history('a.test')
        st.run('collect')
        tap.equal([(c[0], c[3]) for c in st.changes()], [('journal', [CAME]), ('journal', [WENT]), ('journal', ['add n.a.test 60 A 192.0.2.9'])])
        tap.equal(st.rows('SELECT count(*) FROM change WHERE t_to - t_from > 1000'), [(0,)], 'to the second')
        tap.equal(st.rows('SELECT credential, serial_to - serial_from, count(*) FROM claim GROUP BY 1, 2'), [('reader', 1, 3)])
        tap.equal(st.coverage()[-1][:2], ('xfr', 3))


try:
    tap.main(sys.modules[__name__])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
