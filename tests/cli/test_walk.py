#!/usr/bin/env python3
"""The whole walk against a real BIND: collect twice, nothing twice, nothing lost; verdicts and exit codes of the gate."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate
from livebind import Bind, secret

ZONE = '''$TTL 3600
@ SOA ns1 admin 2026060101 7200 3600 1209600 300
@ NS ns1
@ NS ns2
@ MX 10 mail
@ CAA 0 issue "ca.example"
ns1 A 127.0.0.1
ns2 A 127.0.0.1
ns9 A 127.0.0.1
mail2 A 192.0.2.26
mail A 192.0.2.25
www A 192.0.2.1
'''
KEYS = ['acme-web01', 'alice']
POLICY = ['grant acme-web01 name _acme-challenge.www.example.test. TXT;', 'grant alice zonesub ANY;']

INVENTORY = '''domains:
  - name: example.test
    owner: DNS team
    issuers: [{name: "CN=Test CA"}]
credentials:
  - id: acme-web01
    owner: Web team
    writes: [{owner: _acme-challenge.www.example.test, types: [TXT]}]
  - id: alice
    owner: DNS team
    writes: [{owner: example.test, types: ["*"]}, {owner: "*.example.test", types: ["*"]}]
'''


def config(bind, extra='', updates=True):
    return '''organisation: Example Trading Ltd
contact: security@example.test
store: evidence.db
inventory: inventory.yaml
policy: policy.yaml
approvals: [approvals.csv]
sources:
  - name: ns1
    type: dns-transfer
    server: 127.0.0.1
    port: %d
    zones: [example.test]
    tsig: {name: audit, algorithm: hmac-sha256, secret: "env:AUDIT_KEY"}
''' % bind.port + ('''  - name: ns1-log
    type: bind-update-log
    path: %s/update.log
    zones: [example.test]
''' % bind.folder if updates else '') + extra


class World:
    """One BIND and one working folder, moved along the same clock."""

    def __init__(self, at='2026-07-01 06:00:00', inventory=INVENTORY):
        self.estate = Estate(self.iso(at))
        self.estate.env['AUDIT_KEY'] = secret('audit')
        self.bind = Bind(self.estate.path('bind'), {'example.test': (ZONE, POLICY)}, KEYS, 'audit')
        self.estate.write('affidavit.yaml', config(self.bind))
        self.estate.write('inventory.yaml', inventory)
        self.estate.write('approvals.csv', 'ticket,subject,kind,valid_from,valid_to,approver\n')
        self.at = at

    @staticmethod
    def iso(at):
        return at.replace(' ', 'T') + 'Z'

    def go(self, at, updates=(), code=0):
        """At this time: updates [(key, [lines])], then a collection. Returns its output."""
        self.bind.start(at)
        try:
            for key, lines in updates:
                self.bind.update(key, lines)
            # The collection comes a minute later, so that the updates lie before it.
            self.estate.at = self.iso(at[:-2] + '30')
            return self.estate.must('collect', code=code)
        finally:
            self.bind.stop()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.bind.stop()
        self.estate.__exit__()


def outcomes(estate, *words):
    code, o = estate.json('check', *words)
    return code, {(r['check'], r['resource']): r['outcome'] for r in o['results']}, o


def case_collect_twice_stores_nothing_twice_and_loses_nothing():
    with World() as w:
        w.go('2026-07-01 06:00:00')
        w.go('2026-07-02 06:00:00', [('acme-web01', ['update add _acme-challenge.www.example.test. 60 TXT "token"']),
                                     ('alice', ['update add new.example.test. 60 A 192.0.2.9'])])
        changes = w.estate.sql('SELECT owner, type, op, rdata FROM change_record ORDER BY id')
        tap.equal(changes, [('_acme-challenge.www.example.test', 'TXT', 'add', '"token"'), ('new.example.test', 'A', 'add', '192.0.2.9')])
        claims = w.estate.sql('SELECT credential, outcome FROM claim ORDER BY t_from, id')
        tap.equal(claims, [('acme-web01', 'applied'), ('alice', 'applied')])
        w.go('2026-07-03 06:00:00')
        tap.equal(w.estate.sql('SELECT owner, type, op, rdata FROM change_record ORDER BY id'), changes)
        tap.equal(w.estate.sql('SELECT count(*) FROM claim'), [(2,)])
        w.go('2026-07-04 06:00:00', [('alice', ['update delete new.example.test. A'])])
        tap.equal(w.estate.sql("SELECT op, rdata FROM change_record WHERE owner = 'new.example.test' ORDER BY id"),
                  [('add', '192.0.2.9'), ('del', '192.0.2.9')])
        w.estate.run('check', '--period', '2026-07')
        tap.equal(w.estate.sql('SELECT DISTINCT grade FROM need_coverage WHERE evidence = ?', 'zone-changes'), [(3,)], 'whole content compared')
        w.estate.must('ledger', 'verify')


def case_an_edit_without_a_new_serial_is_seen():
    with World() as w:
        w.estate.write('approvals.csv', 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-1,example.test,mx.change,2026-07-01,2026-07-02,CISO\n')
        w.go('2026-07-01 06:00:00')
        w.go('2026-07-02 06:00:00')
        path = w.bind.folder + '/example.test.zone'
        for name in (path + '.jnl',):
            if os.path.exists(name):
                os.remove(name)
        text = open(path).read()
        with open(path, 'w') as f:
            f.write(text + '\nexample.test. 3600 NS ns9.example.test.\n')
        w.go('2026-07-03 06:00:00')
        w.go('2026-07-04 06:00:00')
        tap.equal(w.estate.sql("SELECT op, rdata FROM change_record WHERE type = 'NS'"), [('add', 'ns9.example.test.')])
        _, o, _ = outcomes(w.estate, '--period', '2026-07-02..2026-07-04')
        tap.equal(o[('delegation-change-unapproved', 'example.test')], 'fail')


def case_rebuild_gives_the_same_report():
    with World() as w:
        w.go('2026-07-01 06:00:00')
        w.go('2026-07-02 06:00:00', [('alice', ['update add @.example.test. 60 TXT "x"' .replace('@.', 'a.')])])
        words = ['report', '--period', '2026-07', '--unsigned', '--as-of', '2026-07-02T06:00:00Z']
        w.estate.must(*words, '--out', 'one')
        size = w.estate.sql('SELECT max(leaf) + 1 FROM item')[0][0]
        w.estate.must('rebuild')
        w.estate.must(*words, '--head', str(size), '--out', 'two')
        w.go('2026-07-03 06:00:00')
        w.estate.must(*words, '--head', str(size), '--out', 'three')
        for name in ('report.json', 'report.pdf'):
            one = open(w.estate.path('one/' + name), 'rb').read()
            tap.equal(open(w.estate.path('two/' + name), 'rb').read() == one, True, name)
            tap.equal(open(w.estate.path('three/' + name), 'rb').read() == one, True, name)


def case_an_approval_before_is_a_pass_and_one_after_is_a_review():
    with World() as w:
        e = w.estate
        w.go('2026-07-01 06:00:00')
        e.write('approvals.csv', 'ticket,subject,kind,valid_from,valid_to,approver\n'
                'CHG-1,example.test,mx.change,2026-07-02,2026-07-04,CISO\n')
        w.go('2026-07-02 06:00:00')
        w.go('2026-07-03 06:00:00', [('alice', ['update add example.test. 3600 MX 20 mail2.example.test.'])])
        w.go('2026-07-04 06:00:00')
        _, o, _ = outcomes(e, '--period', '2026-07-02..2026-07-04')
        tap.equal(o[('delegation-change-unapproved', 'example.test')], 'pass')
        w.go('2026-07-05 06:00:00', [('alice', ['update add example.test. 3600 CAA 0 issue "other.example"'])])
        w.go('2026-07-06 06:00:00')
        _, o, _ = outcomes(e, '--period', '2026-07-04..2026-07-06')
        tap.equal(o[('delegation-change-unapproved', 'example.test')], 'fail')
        e.write('late.csv', 'ticket,subject,kind,valid_from,valid_to,approver\nCHG-2,example.test,caa.change,2026-07-05,2026-07-06,CISO\n')
        e.must('import', 'approvals', 'late.csv')
        _, o, _ = outcomes(e, '--period', '2026-07-04..2026-07-06')
        tap.equal(o[('delegation-change-unapproved', 'example.test')], 'review')


def case_an_event_on_the_edge_is_reported_once():
    with World() as w:
        w.go('2026-06-30 06:00:00')
        w.go('2026-09-30 23:59:00', [('alice', ['update add example.test. 3600 MX 20 mail2.example.test.'])])
        w.go('2026-10-01 06:00:00')
        w.go('2026-10-02 06:00:00')
        ids = []
        for period in ('2026-Q3', '2026-Q4'):
            _, _, o = outcomes(w.estate, '--period', period)
            ids += [f['id'] for f in o['findings'] if f['check'] == 'delegation-change-unapproved']
        tap.equal(len(ids), 1, 'findings over two quarters')


def case_a_domain_added_late_is_not_evaluable():
    with World() as w:
        w.go('2026-07-01 06:00:00')
        w.go('2026-07-03 06:00:00')
        w.estate.write('inventory.yaml', INVENTORY.replace('credentials:', '  - name: late.test\n    owner: DNS team\ncredentials:'))
        w.go('2026-07-04 06:00:00')
        _, o, _ = outcomes(w.estate, '--period', '2026-07-01..2026-07-04')
        for check in ('delegation-change-unapproved', 'issuer-not-approved'):
            tap.equal(o[(check, 'late.test')], 'not-evaluable', check)


def case_a_local_time_without_zone_is_refused_until_named():
    with World() as w:
        e = w.estate
        os.makedirs(w.bind.folder, exist_ok=True)
        w.go('2026-07-01 06:00:00')
        with open(w.bind.folder + '/update.log', 'a') as f:
            f.write("02-Jul-2026 08:00:00.000 update: info: client @0x1 127.0.0.1#5/key alice: updating zone 'example.test/IN': "
                    "adding an RR at 'a.example.test' A 192.0.2.1\n")
        out = w.go('2026-07-02 06:00:00', code=3)
        tap.contains(out, 'timezone')
        e.write('affidavit.yaml', config(w.bind, updates=False) + '''  - name: ns1-log
    type: bind-update-log
    path: %s/update.log
    zones: [example.test]
    timezone: "+02:00"
''' % w.bind.folder)
        w.go('2026-07-03 06:00:00')
        tap.equal(e.sql("SELECT c.t_from FROM claim c JOIN claim_record r ON r.claim_id = c.id WHERE r.owner = 'a.example.test'"),
                  [(1782972000000,)])


def case_bad_tsig_is_a_gap_with_its_reason_and_the_rest_goes_on():
    with World() as w:
        w.go('2026-07-01 06:00:00')
        w.estate.env['AUDIT_KEY'] = secret('another')
        out = w.go('2026-07-02 06:00:00', [('alice', ['update add b.example.test. 60 A 192.0.2.3'])], code=3)
        tap.contains(out, 'gap')
        tap.equal(w.estate.sql("SELECT credential FROM claim WHERE outcome = 'applied'"), [('alice',)], 'the other source went on')
        tap.equal(w.estate.sql("SELECT DISTINCT credential, claimed FROM claim WHERE outcome = 'bad-signature'"), [(None, 'audit')], 'claimed, never the actor')
        tap.equal(w.estate.sql("SELECT count(*) FROM coverage WHERE evidence = 'zone-changes' AND grade = 0"), [(1,)])


def case_literal_secrets_are_refused():
    with World() as w:
        w.estate.write('affidavit.yaml', config(w.bind).replace('env:AUDIT_KEY', secret('audit')))
        code, out = w.estate.run('collect')
        tap.equal(code, 1)
        tap.contains(out, 'affidavit.yaml:')
        tap.contains(out, 'secret')


def case_a_zone_asked_for_by_two_sources_is_refused():
    with World() as w:
        w.estate.write('affidavit.yaml', config(w.bind, '  - {name: ns2, type: dns-transfer, server: 127.0.0.1, zones: [other.test, example.test]}\n'))
        out = w.estate.must('collect', code=1)
        tap.contains(out, 'zone example.test is asked for by two sources of type dns-transfer, ns1 and ns2')


CLOUDFLARE = '''organisation: X
inventory: inventory.yaml
sources:
%s'''
AUDIT = '  - {name: v2, type: cloudflare-audit, account: %s, url: "file:nowhere"}\n'
AUDIT_V1 = '  - {name: v1, type: cloudflare-audit-v1, account: %s, url: "file:nowhere"}\n'
LOGPUSH = '  - {name: %s, type: cloudflare-logpush, account: %s, path: nowhere}\n'


def case_two_forms_of_one_log_are_refused():
    table = [((AUDIT % 'a', AUDIT_V1 % 'a'), 'v2 and v1 (cloudflare-audit, cloudflare-audit-v1) read the audit log of a: each event would stand twice'),
             ((AUDIT_V1 % 'a', AUDIT % 'a'), 'v1 and v2'), ((AUDIT_V1 % 'a', LOGPUSH % ('f', 'a')), 'v1 and f'), ((LOGPUSH % ('f', 'a'), AUDIT % 'a'), 'f and v2'),
             ((AUDIT % 'a', (AUDIT % 'a').replace('v2', 'again')), 'v2 and again'),
             ((AUDIT % 'a', AUDIT_V1 % 'b'), None), ((LOGPUSH % ('f', 'a'), LOGPUSH % ('g', 'a')), None), ((AUDIT_V1 % 'a', AUDIT % 'ab'), None)]
    with World() as w:
        for sources, says in table:
            w.estate.write('affidavit.yaml', CLOUDFLARE % ''.join(sources))
            code, out = w.estate.run('check', '--period', '2026-Q3')
            tap.equal('would stand twice' in out, says is not None, repr(sources) + out)
            tap.contains(out, says or '')
        w.estate.write('affidavit.yaml', CLOUDFLARE % (AUDIT % 'a'))
        w.estate.write('f.log', '{}\n')
        tap.contains(w.estate.must('import', 'f.log', '--type', 'cloudflare-logpush', '--account', 'a', code=1), 'v2 and import')


def case_usage_errors_end_with_64():
    with World() as w:
        for words in (['no-such-verb'], ['check'], ['check', '--period', 'soon'], ['report', '--period', '2026-Q3'], ['gate', '--what'],
                      ['gate', '--window', '7x'], ['gate', '--as-of', 'yesterday'], ['verify'], ['checks', 'no-such-check'], ['sources', 'no-such-kind'], ['init']):
            code, out = w.estate.run(*words)
            tap.equal(code, 64, ' '.join(words) + out)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
