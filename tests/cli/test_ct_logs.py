#!/usr/bin/env python3
"""Logs of both kinds by a public list: read, verified, expected; and every lie a log can tell, each with its end."""
import base64, json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from ctserver import CtServer, ctlog
from estate import Estate

ENTRIES = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'collector', 'ct', 'story.json')))['entries']
SHORT = [{'at': '2026-07-01T10:00:00Z', 'names': ['www.example.test']}, {'at': '2026-07-01T10:01:00Z', 'fill': 40}]
CONFIG = '''organisation: X
inventory: inventory.yaml
contact: tests@example.test
sources:
  - name: ct
    type: ct
    list: %s
%s'''
INVENTORY = 'domains:\n  - {name: example.test, owner: a}\n'


class World(Estate):
    def __init__(self, server, at='2026-07-01T15:00:10Z', more='', live=False):
        super().__init__(at)
        self.server = server
        self.write('inventory.yaml', INVENTORY)
        self.more, self.live = more, live
        self.configure()

    def configure(self, **kw):
        if not self.live:
            self.write('list.json', json.dumps(self.server.list(**kw)))
        self.write('affidavit.yaml', CONFIG % ('http://127.0.0.1:%d/list.json' % self.server.port if self.live else 'list.json', self.more))

    def collect(self, code=None):
        got, out = self.run('collect')
        if code is not None and got != code:
            raise AssertionError('collect: exit %d, expected %d\n%s' % (got, code, out))
        return out

    def covered(self):
        """{log: until} of what is proven, and {log: reason} of the newest gap"""
        proven = dict(self.sql("SELECT scope, max(t_to) FROM coverage WHERE grade = 3 GROUP BY scope"))
        gaps = dict(self.sql("SELECT scope, reason FROM coverage WHERE grade = 0 AND evidence = 'ct-log' ORDER BY id"))
        return proven, gaps

    def entries(self, log):
        return [tuple(r) for r in self.sql('SELECT entry_index, proven, precert FROM log_entry WHERE log = ? ORDER BY 1', log.origin)]


HITS = [(0, 1, 1), (2, 1, 0), (254, 1, 1), (555, 1, 0), (1258, 1, 1)]


def case_both_kinds_give_the_same():
    with CtServer() as s:
        a = s.add('tiles', 'static-ct', 'Alpha', ENTRIES)
        b = s.add('pages', 'rfc6962', 'Beta', ENTRIES)
        c = s.add('small', 'rfc6962', 'Beta', ENTRIES)
        c.page = 32
        with World(s) as w:
            w.collect(0)
            for log in a, b, c:
                tap.equal(w.entries(log), HITS, log.name)
                tap.equal(w.sql('SELECT count(*) FROM unparsed_entry WHERE log = ?', log.origin), [(1,)])
            certs = lambda log: w.sql('SELECT c.tbs_key, c.issuer_key_hash FROM log_entry e JOIN certificate c ON c.id = e.certificate_id '
                                      'WHERE e.log = ? ORDER BY e.entry_index', log.origin)
            tap.equal(certs(a), certs(b))
            # aligned pages, also where the log gives fewer than asked
            pages = [x for x in b.asked if 'get-entries' in x]
            tap.equal(pages, ['ct/v1/get-entries?start=0&end=1023', 'ct/v1/get-entries?start=1024&end=1258'])
            tap.equal(len([x for x in c.asked if 'get-entries' in x]), 40)
            assert any('tests@example.test' in x for x in s.agents), s.agents
            tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)])
            w.must('rebuild')
            tap.equal(w.entries(a), HITS)


def case_steps_and_growth_are_joined_by_proofs():
    for size in 1, 7, 64, 200, 256, 300:
        with CtServer() as s:
            log = s.add('pages', 'rfc6962', 'Beta', ENTRIES, end='2026-07-01T14:05:00Z')
            with World(s, at='2026-07-01T14:05:10Z', more='    max_entries: %d\n    page: 100\n' % (size if size > 40 else 40 + size)) as w:
                w.collect(3)
                log.now, w.at = '2026-07-01T15:00:00Z', '2026-07-01T15:00:10Z'
                for _ in range(40):
                    if 'to go' not in w.collect():
                        break
                tap.equal(w.entries(log), HITS, str(size))
                tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)])
                assert any('get-sth-consistency' in x for x in log.asked)
                assert not any('get-proof-by-hash' in x for x in log.asked)


def case_from_the_head_on():
    for fault in None, 'no-entry-and-proof':
        with CtServer() as s:
            log = s.add('pages', 'rfc6962', 'Beta', ENTRIES, end='2026-07-01T13:05:00Z')
            log.fault = fault
            with World(s, at='2026-07-01T13:05:10Z', more='    start: head\n') as w:
                w.collect(0)
                log.now, w.at = '2026-07-01T15:00:00Z', '2026-07-01T15:00:10Z'
                w.collect(0)
                tap.equal(w.entries(log), [(1258, 1, 1)])
                tap.equal(w.sql("SELECT from_index, to_index FROM ct_range"), [(858, 1259)])


def case_from_an_index_on():
    mmd = {'static-ct': 60000, 'rfc6962': 86400000}
    for kind in mmd:
        for at, fault in (1, None), (255, None), (256, None), (300, 'no-entry-and-proof'), (858, None), (1259, None), (1300, None):
            with CtServer() as s:
                log = s.add('log', kind, 'Alpha', ENTRIES)
                log.fault = fault
                with World(s, more='    start: %d\n' % at) as w:
                    out = w.collect()
                    if at > 1259:
                        tap.contains(out, 'begins at index 1300, and the log has 1259 entries')
                        tap.equal(w.sql('SELECT count(*) FROM ct_range'), [(0,)])
                        continue
                    tap.equal(w.entries(log), [h for h in HITS if h[0] >= at], '%s %d' % (kind, at))
                    tap.equal(w.sql('SELECT min(from_index), max(to_index) FROM ct_range'), [(at, 1259) if at < 1259 else (None, None)])
                    # what came before the first entry read is not claimed, nor what the log might still have merged then
                    since = w.sql("SELECT min(t_from) FROM coverage WHERE grade = 3")[0][0]
                    first = log.e[at]['at'] + mmd[kind] + 1 if at < 1259 else ctlog.when(log.now) + 1
                    tap.equal(since, first if first < ctlog.when(log.now) - mmd[kind] else None, '%s %d' % (kind, at))
                    w.must('rebuild')


def case_a_start_that_is_not_of_the_log():
    for kind, fault, words in ('rfc6962', 'no-proof', 'cannot show'), ('static-ct', 'bad-hashes', 'do not lead to its signed root'):
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', ENTRIES)
            log.fault = fault
            with World(s, more='    start: 300\n') as w:
                tap.contains(w.collect(3), words)
                tap.equal(w.sql('SELECT count(*) FROM ct_range'), [(0,)])


# What a log does -> what stands in the ledger: (kind of incident or None, words of the gap). "tiles" and "pages" where they differ.
# after: an honest run comes first. lasting: the truth afterwards does not make it good.
LIES = {
    'wrong-root':    (('root', 'do not lead to the signed root'), None, {}),
    'other-key':     (('head', 'does not verify'), None, {}),
    'other-origin':  (('head', 'origin: expected'), False, {}),
    'redirect':      ((None, 'HTTP status 302'), None, {}),
    'gone':          ((None, 'HTTP 503'), None, {}),
    'storm':         ((None, 'HTTP 429 after 3 tries; 1259 to go'), None, {}),
    'oversize':      ((None, 'larger than'), None, {}),
    'gzip-bomb':     ((None, 'larger than'), None, {}),
    'half-tile':     (('entry', 'entry'), False, {}),
    'truncated':     (False, ('entry', 'get-entries'), {}),
    'bad-index':     (('entry', 'says that its index is'), ('root', 'do not lead to the signed root'), {}),
    'no-entries':    (False, (None, 'no entries in the answer; 1259 to go'), {}),
    'too-many':      (False, ('entry', 'get-entries'), {}),
    'rollback':      (('rollback', 'after one of 1258'), None, {'after': True, 'lasting': True}),
    'fork':          (('fork', 'two roots were signed'), None, {'after': True, 'lasting': True, 'stand': True}),
    'frozen':        (('rollback', "the head's time"), None, {'after': True}),
    'no-proof':      (False, ('consistency', 'cannot show that its head of'), {'after': True, 'part': True}),
}


def a_lie(kind, fault, incident, words, after=False, lasting=False, stand=False, part=False):
    """Two logs, one of them lying: it gets its incident or gap, and the other is read to the end."""
    where = '%s, %s' % (fault, kind)
    with CtServer() as s:
        liar = s.add('liar', kind, 'Alpha', ENTRIES, end='2026-07-01T14:05:00Z' if after else '2026-07-01T15:00:00Z')
        good = s.add('good', 'static-ct', 'Beta', SHORT)
        with World(s, at='2026-07-01T14:05:10Z' if after else '2026-07-01T15:00:10Z', more='    max_entries: 300\n' if part else '') as w:
            if after:
                w.collect()
            liar.fault = fault
            w.at = '2026-07-01T15:00:10Z'
            liar.now = '2026-07-01T14:05:00Z' if stand else '2026-07-01T15:00:00Z'
            before = w.covered()[0].get(liar.origin)
            out = w.collect(3)
            proven, gaps = w.covered()
            tap.equal(proven.get(liar.origin), before, where + ': covered')
            tap.contains(gaps[liar.origin], words)
            tap.equal(proven[good.origin], ctlog.when('2026-07-01T14:59:00Z'), where + ': the other log goes on')
            got = w.sql('SELECT kind, lasting, proven FROM ct_incident WHERE log = ?', liar.origin)
            tap.equal(got, [(incident, int(lasting), int(lasting))] if incident else [], where + ': incident')
            tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)], where)
            if not after:
                tap.equal(w.sql('SELECT count(*) FROM log_entry WHERE log = ?', liar.origin), [(0,)], where + ': nothing is built on a lie')
            # the truth, afterwards
            liar.fault = None
            liar.now = '2026-07-01T15:00:00Z'
            w.more = ''
            w.configure()
            w.collect(3 if lasting else 0)
            if lasting:
                tap.contains(w.covered()[1][liar.origin], 'incident, not resolved')
            else:
                tap.equal(w.covered()[0][liar.origin], ctlog.when(liar.now) - (60000 if liar.tiled else 86400000), where + ': healed')
                tap.equal(w.entries(liar), HITS, where)
            return out


def case_lies_of_static_logs():
    for fault, (tiles, pages, how) in LIES.items():
        if tiles:
            a_lie('static-ct', fault, *tiles, **how)


def case_lies_of_rfc6962_logs():
    for fault, (tiles, pages, how) in LIES.items():
        if pages is not False:
            a_lie('rfc6962', fault, *(pages or tiles), **how)


def case_short_pages_are_no_lie():
    with CtServer() as s:
        log = s.add('short', 'rfc6962', 'Alpha', SHORT)
        log.fault = 'short-page'
        with World(s) as w:
            w.collect(0)
            tap.equal(w.entries(log), [(0, 1, 1), (1, 1, 0)])


def case_a_forged_chain_proves_no_issuer():
    with CtServer() as s:
        for kind in 'static-ct', 'rfc6962':
            s.add(kind, kind, 'Alpha', [{'at': '2026-07-01T10:00:00Z', 'names': ['www.example.test'], 'log': ['final']}]).fault = 'forged-chain'
        with World(s) as w:
            w.collect(0)
            tap.equal(w.sql('SELECT proven FROM log_entry'), [(1,), (1,)])
            tap.equal(w.sql("SELECT DISTINCT issuer_key_hash FROM certificate"), [('',)])


def case_an_old_head_is_an_incident_once():
    with CtServer() as s:
        tiles, pages = s.add('tiles', 'static-ct', 'Alpha', SHORT), s.add('pages', 'rfc6962', 'Beta', SHORT)
        with World(s) as w:
            w.collect(0)
            w.at = '2026-07-01T15:07:00Z'
            w.collect(3)                                    # a tiled log promises a minute
            w.collect(3)
            tap.equal(w.sql('SELECT log, kind FROM ct_incident'), [(tiles.origin, 'frozen')])
            w.at = '2026-07-02T15:04:00Z'
            w.collect(3)
            tap.equal(len(w.sql('SELECT 1 FROM ct_incident')), 1)
            w.at = '2026-07-02T15:06:00Z'
            w.collect(3)
            tap.equal(w.sql('SELECT log, kind FROM ct_incident ORDER BY id DESC')[0], (pages.origin, 'frozen'))
            tiles.now = pages.now = '2026-07-02T15:05:00Z'
            w.collect(0)


def case_which_logs_of_a_list():
    with CtServer() as s:
        for name, state in (('usable', 'usable'), ('qualified', 'qualified'), ('closed', 'readonly'), ('retired', 'retired'), ('rejected', 'rejected'),
                            ('pending', 'pending'), ('unstated', None), ('expired', 'usable'), ('wrong', 'usable')):
            s.add(name, 'rfc6962' if name == 'retired' else 'static-ct', 'Alpha' if name != 'qualified' else 'Beta', SHORT, state,
                  interval=('2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z') if name == 'expired' else None)
        with World(s) as w:
            listed = s.list()
            for o in listed['operators']:
                for l in o['tiled_logs']:
                    if 'wrong' in l['description']:
                        l['log_id'] = base64.b64encode(b'x' * 32).decode()
                    if 'usable' in l['description']:
                        l['url'] = l['submission_url']      # some lists give only this
                        del l['submission_url'], l['monitoring_url']
            w.write('list.json', json.dumps(listed))
            w.collect()
            got = dict(w.sql('SELECT log, left_out FROM ct_log'))
            got = {k.split('/')[1]: v for k, v in got.items()}
            tap.equal(got, {'usable': None, 'qualified': None, 'closed': None, 'retired': 'its state is retired', 'rejected': 'its state is rejected',
                            'pending': 'its state is pending', 'unstated': 'its state is unstated',
                            'expired': 'its last certificate expired before 2026-06-01 00:00:00', 'wrong': 'its log_id is not that of its key'})
            read = {x.split('/')[1] for x, in w.sql('SELECT DISTINCT scope FROM coverage WHERE grade = 3')}
            tap.equal(read, {'usable', 'qualified', 'closed'})
            # expected: what counts for browsers, until its certificates have expired; the one with a wrong id as well
            expected = {k.split('/')[1]: v for k, v in w.sql("SELECT scope, retired_ms FROM source_scope WHERE evidence = 'ct-log'")}
            tap.equal(set(expected), {'usable', 'qualified', 'closed', 'expired', 'wrong'})
            tap.equal(expected['expired'], ctlog.when('2026-06-01T00:00:00Z'))
            # a read-only log is covered for ever
            tap.equal(w.sql('SELECT max(t_to) FROM coverage WHERE scope = ?', s.logs['closed'].origin), [(9223372036854775807,)])
            # left out by its operator: still expected
            w.more = '    operators: [Beta]\n'
            w.configure(version='1.2', timestamp='2026-07-01T12:00:00Z')
            w.collect()
            tap.equal(w.sql("SELECT left_out FROM ct_log WHERE log = ?", s.logs['usable'].origin), [('its operator is left out by the configuration',)])
            tap.equal(w.sql("SELECT retired_ms FROM source_scope WHERE scope = ?", s.logs['usable'].origin), [(9223372036854775807,)])
            # retired by the list, and gone from it
            s.logs['qualified'].state = 'retired'
            w.configure(version='1.3', timestamp='2026-07-01T13:00:00Z', names=['qualified', 'closed'])
            w.collect()
            tap.equal(w.sql("SELECT retired_ms FROM source_scope WHERE scope = ?", s.logs['qualified'].origin), [(ctlog.when('2026-06-01T00:00:00Z'),)])
            tap.equal(w.sql("SELECT retired_ms FROM source_scope WHERE scope = ?", s.logs['usable'].origin), [(ctlog.when('2026-07-01T13:00:00Z'),)])
            tap.equal(w.sql('SELECT version, logs FROM ct_list ORDER BY id'), [('1.1', 9), ('1.2', 9), ('1.3', 2)])
            before = w.sql('SELECT * FROM source_scope ORDER BY source'), w.sql('SELECT * FROM ct_log ORDER BY id')
            w.must('rebuild')
            tap.equal((w.sql('SELECT * FROM source_scope ORDER BY source'), w.sql('SELECT * FROM ct_log ORDER BY id')), before)


def case_a_closed_log_may_go():
    with CtServer() as s:
        log = s.add('closed', 'rfc6962', 'Alpha', ENTRIES, 'readonly')
        with World(s) as w:
            w.collect(0)
            log.fault, w.at = 'gone', '2026-12-01T00:00:00Z'
            asked = len(log.asked)
            w.write('list.json', json.dumps(dict(json.load(open(w.path('list.json'))), log_list_timestamp='2026-11-30T00:00:00Z')))
            w.collect(0)
            tap.equal(len(log.asked), asked)
            tap.equal(w.sql("SELECT count(*) FROM coverage WHERE evidence = 'ct-log' AND grade = 0"), [(0,)])
            w.write('inventory.yaml', INVENTORY + '  - {name: other.test, owner: a}\n')      # a new name, and nobody to ask
            w.collect()
            tap.equal(w.sql("SELECT count(*) FROM coverage WHERE evidence = 'ct-log' AND grade = 0"), [(0,)])
    with CtServer() as s:                                   # it said it was closed, and grew
        log = s.add('closed', 'static-ct', 'Alpha', ENTRIES, 'readonly', end='2026-07-01T14:05:00Z')
        with World(s, at='2026-07-01T15:00:10Z') as w:
            log.now = '2026-07-01T15:00:00Z'
            w.collect(3)
            tap.equal(w.sql('SELECT kind FROM ct_incident'), [('final',)])


def case_a_list_is_renewed():
    with CtServer() as s:
        s.add('one', 'static-ct', 'Alpha', SHORT)
        s.listed = s.list()
        with World(s, live=True) as w:
            w.collect(0)
            w.collect(0)
            tap.equal([bool(x) for x in s.list_asked], [False, True])        # If-None-Match
            tap.equal(w.sql('SELECT count(*) FROM ct_list'), [(1,)])
            s.listed = None                                                  # the server is down: the pinned one stays
            tap.contains(w.collect(), '')
            tap.equal(w.sql("SELECT count(*) FROM coverage WHERE evidence = 'ct-list' AND grade = 0"), [(0,)])
            s.listed = {'version': 'x'}                                      # nonsense: the same
            w.collect(0)
            s.listed = s.list(timestamp='2026-06-01T00:00:00Z')              # older than before: the same
            w.collect(0)
            tap.contains(w.sql("SELECT reason FROM coverage WHERE evidence = 'ct-list' ORDER BY id DESC")[0][0], 'an older list')
            s.add('two', 'rfc6962', 'Beta', SHORT)
            s.listed = s.list(version='2', timestamp='2026-07-01T14:00:00Z')
            w.collect(0)
            tap.equal(w.sql('SELECT version, logs FROM ct_list ORDER BY id'), [('1.1', 1), ('2', 2)])
            # 70 days later
            w.at = '2026-09-10T00:00:00Z'
            for log in s.logs.values():
                log.now = w.at
            w.collect(3)
            tap.contains(w.sql("SELECT reason FROM coverage WHERE evidence = 'ct-list' AND grade = 0")[0][0], 'older than 70 days')
    with CtServer() as s:
        with World(s, live=True) as w:
            tap.contains(w.collect(3), 'no list of logs')


def case_who_reads_live_logs_says_who():
    with CtServer() as s:
        with World(s) as w:
            w.write('affidavit.yaml', (CONFIG % ('https://192.0.2.1/list.json', '')).replace('contact: tests@example.test\n', ''))
            tap.contains(w.collect(3), 'set `contact` in the configuration')
            s.add('one', 'static-ct', 'Alpha', SHORT)
            w.configure()
            w.write('affidavit.yaml', (CONFIG % ('list.json', '')).replace('contact: tests@example.test\n', ''))
            w.collect(0)                                    # on this machine nobody minds
            listed = json.loads(json.dumps(s.list()).replace('127.0.0.1:%d' % s.port, 'log.invalid'))
            w.write('list.json', json.dumps(listed))
            tap.contains(w.collect(3), 'set `contact` in the configuration')


def case_overrides():
    with CtServer() as s:
        a, b = s.add('one', 'rfc6962', 'Alpha', ENTRIES), s.add('two', 'rfc6962', 'Beta', ENTRIES)
        with World(s, more='    overrides:\n      - {log: "%s", max_entries: 100, page: 50}\n' % a.origin) as w:
            tap.contains(w.collect(3), 'stopped after 100 entries as configured; 1159 to go')
            tap.equal([x for x in a.asked if 'get-entries' in x], ['ct/v1/get-entries?start=0&end=49', 'ct/v1/get-entries?start=50&end=99'])
            tap.equal(w.entries(b), HITS)


def case_witnesses_are_named():
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    except ImportError:
        raise tap.Skip('no module to sign with Ed25519')
    import hashlib, struct

    def witness(name, lie=False):
        key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        public = b'\4' + key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        ident = hashlib.sha256(name.encode() + b'\n' + public).digest()[:4]

        def line(text, at):
            body = ('cosignature/v1\ntime %d\n' % at + text).encode()
            blob = ident + struct.pack('>Q', at) + key.sign(body + (b'x' if lie else b''))
            return '\u2014 %s %s\n' % (name, base64.b64encode(blob).decode())
        return '%s+%s+%s' % (name, ident.hex(), base64.b64encode(public).decode()), line

    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', SHORT)
        (ka, la), (kb, lb), (kc, lc) = witness('w.example/a'), witness('w.example/b', lie=True), witness('w.example/c')
        grease = '\u2014 grease.invalid %s\n' % base64.b64encode(b'abcdefgh').decode()
        log.witnesses = [la, lb, lc, grease]
        with World(s, more='    witnesses: ["%s", "%s"]\n' % (ka, kb)) as w:
            w.collect(0)
            tap.equal(w.sql('SELECT name, type, state FROM ct_signature ORDER BY id'),
                      [('w.example/a', 4, 'verified'), ('w.example/b', 4, 'false'), ('w.example/c', 4, 'unknown'), ('grease.invalid', -1, 'unknown')])
            tap.equal(w.sql("SELECT signed_ms FROM ct_signature WHERE state = 'verified'"), [(ctlog.when('2026-07-01T15:00:00Z'),)])
            w.more = '    witnesses: ["nonsense"]\n'
            w.configure()
            tap.contains(w.collect(3), 'witnesses: nonsense')


def case_the_logs_are_listed():
    with CtServer() as s:
        a, b = s.add('one', 'static-ct', 'Alpha', SHORT), s.add('two', 'rfc6962', 'Beta', ENTRIES, end='2026-07-01T14:05:00Z')
        s.add('old', 'rfc6962', 'Beta', SHORT, 'retired')
        with World(s) as w:
            tap.contains(w.must('sources', 'ct'), 'list of logs, schema v3')       # nothing was read: how to configure it
            w.collect(0)
            b.fault = 'gone'
            b.now = '2026-07-01T15:00:00Z'
            w.collect(3)
            code, o = w.json('sources', 'ct')
            tap.equal(code, 0)
            logs = {x['log'].split('/')[1]: x for x in o['logs']}
            tap.equal({k: (v['state'], v['operator'], v['kind'], v['position'], v['head_size'], v['backlog']) for k, v in logs.items()},
                      {'one': ('usable', 'Alpha', 'static-ct', 42, 42, 0), 'two': ('usable', 'Beta', 'rfc6962', 1258, 1258, 0),
                       'old': ('retired', 'Beta', 'rfc6962', None, None, None)})
            tap.equal(logs['one']['lag_ms'], 70000)
            tap.contains(logs['two']['gap'], 'HTTP 503')
            tap.equal(logs['old']['not_read'], 'its state is retired')
            b.fault = 'fork'
            w.collect(3)
            out = w.must('sources', 'ct')
            for part in 'ct: list 1.1 of 2026-07-01 00:00:00 UTC, 3 logs', "Alpha 'one' log", 'incident:', '2026-07-01 15:00:10', 'not read: its state is retired':
                tap.contains(out, part)
            tap.contains(w.must('sources', 'ct', '--settings'), 'not_after')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
