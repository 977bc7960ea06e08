#!/usr/bin/env python3
"""The gate's exit codes with everything real: BIND, a CT log over HTTP, an account log; each way to end."""
import functools, hashlib, http.server, json, os, subprocess, sys, threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from test_walk import World, config, INVENTORY

MAKE_CTLOG = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'make-ctlog')
ACCOUNT = '4bb334f7c94c4a29a045f03944f072e5'


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *a):
        pass


class Whole(World):
    """World with a CT log served over HTTP and an account log in a folder; collected on 07-01, 07-09 (with UPDATES) and 07-10."""

    def __init__(self, certs=(), events=(), inventory=INVENTORY):
        super().__init__(inventory=inventory.replace('    owner: DNS team\n    issuers', '    account: %s\n    owner: DNS team\n    issuers' % ACCOUNT, 1))
        e = self.estate
        self.certs = list(certs)
        e.write('ct.json', json.dumps({'origin': 'log.example/alpha', 'entries': sorted(self.certs + [
            {'at': '2026-06-20T00:00:00Z', 'fill': 40, 'every': 12 * 3600 * 1000}], key=lambda x: x['at'])}))
        os.makedirs(e.path('ct'))
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=e.path('ct')))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.runs, self.events, self.last = 0, list(events), '2026-06-20T00:00:00Z'
        self.head('2026-07-01 06:00:00')
        key = json.load(open(e.path('ct/log.json')))['key']
        self.extra = '''  - name: alpha
    type: static-ct
    url: http://127.0.0.1:%d/
    origin: log.example/alpha
    key: %s
    operator: Alpha
  - name: account
    type: cloudflare-audit
    account: %s
    url: file:account
    since: 2026-06-20
''' % (self.server.server_address[1], key, ACCOUNT)
        e.write('affidavit.yaml', config(self.bind, self.extra))

    def head(self, at):
        e, now = self.estate, self.iso(at)
        subprocess.run([MAKE_CTLOG, e.path('ct.json'), e.path('ct'), '--until', now, '--head', now], check=True, stdout=subprocess.DEVNULL)
        self.runs += 1
        entries = [x for x in self.events if self.last <= x['action']['time'] < now]
        e.write('account/p%d.json' % self.runs, json.dumps({'success': True, 'errors': [], 'result': entries, 'result_info': {'count': str(len(entries)), 'cursor': ''}}))
        e.write('account/run-%02d.json' % self.runs, json.dumps({'since': self.last, 'before': now, 'pages': ['p%d.json' % self.runs]}))
        self.last = now

    def go(self, at, updates=(), code=0):
        if self.runs > 1 or at > '2026-07-02':
            self.head(at)
        return super().go(at, updates, code)

    def quarter(self, updates=()):
        self.estate.write('approvals.csv', 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-1,example.test,mx.change,2026-07-01,2026-07-02,CISO\n')
        self.go('2026-07-01 06:00:00')
        self.go('2026-07-09 06:00:00', updates)
        self.go('2026-07-10 06:00:00')
        self.estate.at = '2026-07-10T06:58:00Z'

    def gate(self, code):
        return self.estate.must('gate', '--window', '5d', code=code)

    def __exit__(self, *a):
        self.server.shutdown()
        self.server.server_close()
        super().__exit__()


BAD = [('alice', ['update add example.test. 3600 NS ns9.example.test.'])]


def case_clean_is_0():
    with Whole() as w:
        w.quarter()
        w.gate(0)


def case_what_was_asked_an_hour_ago_is_now():
    """No source can tell of the moments between its answer and the question; of longer ones it should have been asked again."""
    with World() as w:
        for at in '2026-07-01 06:00:00', '2026-07-10 06:00:00':
            w.go(at)
        missing = 'Not covered: the changes of zone example.test'
        for at, found in ('06:00:01', False), ('06:45:00', False), ('07:30:00', True):
            w.estate.at = '2026-07-10T%sZ' % at
            tap.equal(missing in w.estate.must('gate', '--window', '5d', code=3), found, at)


def case_a_violation_is_2_and_waived_0():
    with Whole() as w:
        w.quarter(BAD)
        out = w.gate(2)
        tap.contains(out, 'delegation-change-unapproved')
        code, o = w.estate.json('gate', '--window', '5d')
        ids = [f['id'] for f in o['findings'] if f['status'] == 'fail']
        tap.equal(len(ids), 1)
        waiver = 'waivers:\n  - {id: W-1, finding: %s, owner: DNS team, approver: CISO, reason: "known", expires: %s}\n'
        w.estate.write('policy.yaml', waiver % (ids[0], '2026-12-01'))
        w.gate(0)
        w.estate.write('policy.yaml', waiver % (ids[0], '2026-07-01'))
        w.gate(2)
        w.estate.write('policy.yaml', waiver % (ids[0], 'soon'))
        w.gate(2)
        w.estate.write('policy.yaml', waiver.replace('approver: CISO, ', '') % (ids[0], '2026-12-01'))
        tap.contains(w.estate.must('gate', code=1), 'approver')


def case_a_clock_that_is_wrong_is_told():
    with Whole() as w:
        w.go('2026-07-01 06:00:00')
        # the HTTP server has today's clock, the collector that of the test
        tap.contains(w.estate.run('collect')[1], 'behind that of alpha: times of this collection are in doubt')
        w.estate.at = '2026-06-30T06:00:00Z'
        tap.contains(w.estate.run('collect')[1], 'but the ledger was signed at')


def case_an_earlier_head_is_judged_by_its_own_policy():
    with Whole() as w:
        w.quarter(BAD)
        w.gate(2)
        size = w.estate.sql('SELECT max(size) FROM head')[0][0]
        _, o = w.estate.json('gate', '--window', '5d')
        waiver = 'waivers:\n  - {id: W-1, finding: %s, owner: a, approver: b, reason: "c", expires: 2026-12-01}\n'
        w.estate.write('policy.yaml', waiver % [f['id'] for f in o['findings'] if f['status'] == 'fail'][0])
        w.gate(0)
        w.estate.must('check', '--period', '2026-07-05..2026-07-10', '--head', str(size), '--as-of', '2026-07-10T06:58:00Z', code=2)


def case_a_source_taken_away_is_3():
    with Whole() as w:
        w.go('2026-07-01 06:00:00')
        w.estate.write('affidavit.yaml', config(w.bind, w.extra, updates=False))
        w.go('2026-07-09 06:00:00', [('alice', ['update add a.example.test. 60 A 192.0.2.1'])])
        w.go('2026-07-10 06:00:00')
        w.estate.at = '2026-07-10T06:58:00Z'
        tap.contains(w.gate(3), 'the update log of zone example.test')


def case_a_log_taken_away_is_3_even_if_another_stays():
    with Whole() as w:
        w.quarter()
        w.gate(0)
        second = w.extra.replace('name: alpha', 'name: beta').replace('origin: log.example/alpha', 'origin: log.example/beta').split('  - name: account')[0]
        w.estate.write('affidavit.yaml', config(w.bind, w.extra + second))
        w.gate(3)
        w.estate.write('affidavit.yaml', config(w.bind, w.extra))
        w.gate(3)
        w.estate.write('affidavit.yaml', config(w.bind, w.extra) + 'retired:\n  - {name: beta, since: 2026-07-01, reason: "was a mistake"}\n')
        w.gate(0)


def case_an_empty_inventory_is_3():
    with Whole() as w:
        w.quarter()
        w.estate.write('inventory.yaml', 'domains: []\n')
        tap.contains(w.gate(3), 'nothing in scope')


def case_a_broken_store_is_1():
    with Whole() as w:
        w.quarter()
        path = w.estate.path('evidence.db')
        data = bytearray(open(path, 'rb').read())
        for name in ('evidence.db-wal', 'evidence.db-shm'):
            if os.path.exists(w.estate.path(name)):
                os.remove(w.estate.path(name))
        open(path, 'wb').write(b'not a database at all, certainly' * 100)
        w.gate(1)
        open(path, 'wb').write(data[:4096 + 100])
        w.gate(1)
        os.remove(path)
        w.gate(1)


def case_issuance_with_and_without_its_challenge():
    cert = {'at': '2026-07-09T06:00:20Z', 'names': ['www.example.test'], 'issuer': 'CN=Test CA', 'serial': 5}
    token = 'A' * 43
    with Whole([cert]) as w:
        w.estate.write('policy.yaml', 'params: {issuance-without-challenge: {window: 3d}, challenge-residue: {max_age: 30d}}\n')
        w.quarter([('acme-web01', ['update add _acme-challenge.www.example.test. 60 TXT "%s"' % token])])
        w.gate(0)
    with Whole([cert], inventory=INVENTORY + 'services: [{name: web, host: www.example.test, owner: Web team, validation: dns-01}]\n') as w:
        w.estate.write('policy.yaml', 'params: {issuance-without-challenge: {window: 3d}}\n')
        w.quarter()
        tap.contains(w.gate(2), 'issuance-without-challenge')
    with Whole([dict(cert, issuer='CN=Another CA')]) as w:
        w.estate.write('policy.yaml', 'params: {issuance-without-challenge: {window: 3d}, challenge-residue: {max_age: 30d}}\n')
        w.quarter([('acme-web01', ['update add _acme-challenge.www.example.test. 60 TXT "%s"' % token])])
        tap.contains(w.gate(2), 'issuer-not-approved')


def case_a_lock_removed_is_2():
    event = {'id': 'e1', 'action': {'description': 'Update domain', 'result': 'success', 'time': '2026-07-08T03:12:44Z', 'type': 'update'},
             'actor': {'type': 'user', 'email': 'eve@example.test', 'context': 'dash'}, 'account': {'id': ACCOUNT},
             'raw': {'method': 'PUT', 'uri': '/client/v4/accounts/%s/registrar/domains/example.test' % ACCOUNT},
             'resource': {'id': 'example.test', 'product': 'registrar', 'type': 'domain', 'request': {'locked': False}}, 'zone': {'id': 'z', 'name': 'example.test'}}
    with Whole(events=[event]) as w:
        w.quarter()
        tap.contains(w.gate(2), 'transfer-lock-removed')


def case_a_write_outside_the_declared_scope_is_2():
    with Whole(inventory=INVENTORY.replace('{owner: "*.example.test", types: ["*"]}', '{owner: "*.other.test", types: ["*"]}')) as w:
        w.quarter([('alice', ['update add stray.example.test. 60 A 192.0.2.66'])])
        tap.contains(w.gate(2), 'credential-out-of-scope')


def case_rules_and_a_baseline_decide():
    with Whole() as w:
        w.quarter(BAD)
        e = w.estate
        w.gate(2)
        e.write('policy.yaml', 'gate:\n  rules:\n    - {check: delegation-change-unapproved, fail: false}\n')
        w.gate(0)
        e.write('policy.yaml', 'gate:\n  fail_on: critical\n  rules:\n    - {framework: nist-csf-2.0, control: PR, fail: true}\n')
        tap.contains(w.gate(2), 'rule      1 of the policy')
        e.write('policy.yaml', 'gate:\n  rules:\n    - {check: delegation-change-approved, fail: true}\n')
        code, o = e.json('gate', '--window', '5d')
        tap.equal((code, o['gate']['errors'] > 0), (2, True))
        tap.contains(' '.join(e.run('check', '--period', '2026-07-05..2026-07-10')[1].split()), 'policy.yaml:3: gate.rules: rule 1: there is no such check: delegation-change-approved')
        e.write('policy.yaml', 'waivers: []\n')
        tap.contains(e.must('gate', '--window', '5d', '--write-baseline', 'known.json', code=2), 'known.json: 1 finding, SHA-256 ')
        data = open(e.path('known.json'), 'rb').read()
        out = e.must('gate', '--window', '5d', '--baseline', 'known.json')
        tap.contains(' '.join(out.split()), 'baseline 1 finding, SHA-256 ' + hashlib.sha256(data).hexdigest())
        tap.contains(out, '1 known from the baseline')
        code, o = e.json('gate', '--window', '5d', '--baseline', 'known.json')
        tap.equal((code, o['gate']['known'], o['gate']['violations'], o['gate']['baseline']['findings']), (0, 1, 0, 1))
        tap.equal([f['gate'] for f in o['findings'] if f['status'] == 'fail'], ['known'])
        # an empty one hides nothing; a report is one, too, but what was waived in it counts again
        v = json.loads(data)
        e.write('none.json', json.dumps(dict(v, findings=[])))
        e.must('gate', '--window', '5d', '--baseline', 'none.json', code=2)
        e.must('report', '--period', '2026-07-05..2026-07-10', '--unsigned', '--out', 'one')
        e.must('gate', '--window', '5d', '--baseline', 'one/report.json')
        e.write('policy.yaml', 'waivers:\n  - {id: W-1, finding: %s, owner: a, approver: b, reason: "c", expires: 2026-12-01}\n' % v['findings'][0]['id'])
        e.run('report', '--period', '2026-07-05..2026-07-10', '--unsigned', '--out', 'two')
        e.write('policy.yaml', 'waivers: []\n')
        e.must('gate', '--window', '5d', '--baseline', 'two/report.json', code=2)
        # missing evidence does not hide
        e.at = '2026-07-10T12:00:00Z'
        e.must('gate', '--window', '5d', '--baseline', 'known.json', code=3)
        e.write('policy.yaml', 'gate: {incomplete: warn}\n')
        tap.contains(e.must('gate', '--window', '5d', '--baseline', 'known.json'), 'of which the policy only warns')


def case_a_gate_that_cannot_be_read_names_its_line():
    rows = [('gate: {colour: red}\n', 'policy.yaml:1: ', 'colour'),
            ('gate:\n  incomplete: perhaps\n', 'policy.yaml:2: gate.incomplete: expected fail or warn', ''),
            ('gate:\n  rules:\n    - {tier: gold, fail: true}\n', 'policy.yaml:3: gate.rules[0].tier: expected critical, high, normal or low', ''),
            ('gate:\n  rules:\n    - {check: a}\n', 'policy.yaml:3: gate.rules: rule 1: expected "fail" or "review"', ''),
            ('gate:\n  rules:\n    - {check: a, fail: maybe}\n', 'policy.yaml:3: gate.rules[0].fail: expected true or false', ''),
            ('gate:\n  rules:\n    - {chek: a, fail: true}\n', 'policy.yaml:3: ', 'chek'),
            ('gate:\n  fail_on: severe\n', 'policy.yaml:2: gate.fail_on: expected critical', '')]
    with World() as w:
        for text, says, also in rows:
            w.estate.write('policy.yaml', text)
            out = w.estate.must('gate', code=1)
            tap.contains(out, says)
            tap.contains(out, also)
        for text, says in [('[]', 'format'), ('{"format": "affidavit-baseline/1", "findings": [{"id": "x"}]}', 'a finding id of 16'), ('{', 'base.json')]:
            w.estate.write('policy.yaml', 'waivers: []\n')
            w.estate.write('base.json', text)
            tap.contains(w.estate.must('gate', '--baseline', 'base.json', code=1), says)
        w.estate.must('gate', '--baseline', 'absent.json', code=1)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
