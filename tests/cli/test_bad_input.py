#!/usr/bin/env python3
"""What people write wrong: each fault is named with its file and line, and nothing of it is taken in."""
import os, signal, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

AT = '2026-07-10T06:00:00Z'
QUARTER = ('check', '--period', '2026-07-01..2026-07-10')
HEAD = '''/*
id: %s
title: T
severity: high
resource: domain
why: W.
remedy: R.
*/
'''
ROWS = '''SELECT d.name AS resource, '' AS key, 'fail' AS status, 'presence' AS basis, 'Because.' AS reason,
       'domain' AS ref_table, d.rowid AS ref_id, 5 AS observed_at
FROM domain d%s
'''
POPULATION = '''-- population
SELECT d.name AS resource, NULL AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade
FROM domain d
'''


def check(name, rows=ROWS % '', population=POPULATION, head=None):
    return (head or HEAD % name) + rows + '\n' + population


def estate():
    e = Estate(AT)
    text = open(e.path('affidavit.yaml')).read()
    e.write('affidavit.yaml', text + '\nchecks: [mine]\n')
    os.makedirs(e.path('mine'), exist_ok=True)
    return e


def results(e, name):
    code, o = e.json(*QUARTER)
    return [(r['outcome'], r.get('reason', '')) for r in o['results'] if r['check'] == name]


def case_a_check_of_the_user_is_judged_like_ours():
    with estate() as e:
        e.write('mine/own-rule.sql', check('own-rule'))
        tap.equal([r[0] for r in results(e, 'own-rule')], ['fail'])
        tap.equal(e.sql("SELECT asked, decoder FROM item_note WHERE asked LIKE 'mine/%'"), [('mine/own-rule.sql', 'check')])
        # a new version is in force at once, and the old one stays in the ledger
        e.write('mine/own-rule.sql', check('own-rule', ROWS % ' WHERE 1 = 0'))
        tap.equal([r[0] for r in results(e, 'own-rule')], ['pass'])
        tap.equal(e.sql("SELECT count(*) FROM item_note WHERE asked = 'mine/own-rule.sql'"), [(2,)])
        e.write('policy.yaml', 'severities:\n  - {check: own-rule, severity: low, reason: "r", approver: a}\n')
        code, o = e.json(*QUARTER)
        tap.equal(code in (0, 3), True)


def case_broken_checks_are_refused_with_file_and_line():
    rows = [
        ('mine/a.sql', 'SELECT 1', 'mine/a.sql:1: expected a head between /* and */ at the beginning'),
        ('mine/a.sql', check('a', head=(HEAD % 'a').replace('severity: high', 'severity: grave')), 'mine/a.sql:4: severity: expected critical, high, medium, low or info'),
        ('mine/a.sql', check('b'), 'mine/a.sql:2: id: expected the name of the file'),
        ('mine/a.sql', check('a', head=(HEAD % 'a').replace('title', 'titel')), 'mine/a.sql:'),
        ('mine/a.sql', check('a', head=(HEAD % 'a').replace('*/', 'params:\n  p: {type: text, default: c, words: [a, b], meaning: m}\n*/')), 'mine/a.sql:9: params.p.default: expected a or b, got "c"'),
        ('mine/a.sql', check('a', head=(HEAD % 'a').replace('*/', 'params:\n  p: {type: int, default: 1, words: [a, b], meaning: m}\n*/')), 'mine/a.sql:9: params.p.words: expected a parameter of type text'),
        ('mine/a.sql', check('a', population=''), 'mine/a.sql:13: expected a line "-- population"'),
        ('mine/transfer-lock-removed.sql', check('transfer-lock-removed'),
         'mine/transfer-lock-removed.sql:1: the built-in check checks/transfer-lock-removed.sql has this id already'),
    ]
    for name, text, says in rows:
        with estate() as e:
            e.write(name, text)
            tap.contains(e.must(*QUARTER, code=1), says)
            tap.equal(e.sql("SELECT count(*) FROM item WHERE record LIKE '%%%s%%'" % name), [(0,)])
    with estate() as e:
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read().replace('[mine]', '[mine, more]'))
        tap.contains(e.must(*QUARTER, code=1), 'affidavit.yaml: checks: the folder more cannot be read')
        e.write('mine/a.sql', check('a'))
        e.write('more/a.sql', check('a'))
        tap.contains(e.must(*QUARTER, code=1), 'more/a.sql:1: mine/a.sql has this id already')


def case_a_check_that_would_be_passed_over_is_refused():
    """A file that is meant to judge and is read by nobody would be a pass that nobody gave."""
    with estate() as e:
        e.write('mine/own-rule.SQL', check('own-rule'))
        tap.contains(e.must(*QUARTER, code=1), 'mine/own-rule.SQL:1: the name of a check ends in .sql, in small letters')
        os.rename(e.path('mine/own-rule.SQL'), e.path('mine/own-rule.sql'))
        e.write('mine/zones/more.sql', check('more'))
        for words in QUARTER, ('checks',), ('frameworks',):
            tap.contains(e.must(*words, code=1), 'affidavit.yaml: checks: mine/zones/more.sql is not read, because folders below others are not searched: name mine/zones in checks as well')
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read().replace('[mine]', '[mine, mine/zones]'))
        tap.equal(sorted(r[0] for r in results(e, 'own-rule') + results(e, 'more')), ['fail', 'fail'])
        e.write('mine/README.md', 'what these are')            # all else is the user's own matter
        e.write('mine/drafts/notes.txt', 'SELECT')
        tap.equal([r[0] for r in results(e, 'own-rule')], ['fail'])


def case_sql_that_may_not_run_is_an_error_of_its_check_alone():
    rows = [
        ('writes', 'DELETE FROM domain\n', 'mine/writes.sql:9: ', 'statements may only read'),
        ('broken', (ROWS % '').replace('FROM domain d', 'FROM\n domian d'), 'mine/broken.sql:9: ', 'no such table: domian'),
        ('syntax', (ROWS % '') .replace('FROM domain d', 'FROM domain d\nWHERE WHERE'), 'mine/syntax.sql:12: ', 'near "WHERE"'),
        ('secrets', (ROWS % '').replace('FROM domain d', 'FROM domain d JOIN blob b ON b.sha256 <> d.name'), 'mine/secrets.sql:', 'statements may only read'),
        ('columns', 'SELECT 1 AS resource FROM domain\n', 'mine/columns.sql:9: ', 'column "key" is missing'),
        ('unnamed', (ROWS % '').replace('FROM domain d', 'FROM domain d\nWHERE length(d.name) > :most'), 'mine/unnamed.sql:12: ', ':most: no such parameter'),
        ('behind', None, 'mine/behind.sql:8: ', 'after: nobody: no such check'),
        ('stray', (ROWS % '').replace('d.name AS resource', "'stray' AS resource"), 'mine/stray.sql:', '"stray" is not in the population'),
    ]
    with estate() as e:
        for name, text, _, _ in rows:
            e.write('mine/%s.sql' % name, check(name, text) if text else check(name, head=(HEAD % name).replace('*/', 'after: [nobody]\n*/')))
        e.write('mine/good.sql', '\ufeff' + check('good', ROWS % ' WHERE 1 = 0').replace('\n', '\r\n'))
        code, o = e.json(*QUARTER)
        tap.equal(code, 3)
        by = {r['check']: r for r in o['results']}
        tap.equal(by['good']['outcome'], 'pass')
        for name, _, place, says in rows:
            tap.equal(by[name]['outcome'], 'error', name)
            tap.contains(by[name]['reason'], place)
            tap.contains(by[name]['reason'], says)
        tap.equal(e.sql('SELECT count(*) FROM domain')[0][0] > 0, True)
        text = ' '.join(e.must(*QUARTER, code=3).split())            # a person reads the same, without asking for JSON
        for name, _, place, says in rows:
            tap.contains(text, '!! %s %s' % (name, place.strip()))
            tap.contains(text, says)


def case_a_policy_that_is_wrong_about_a_check_names_its_line():
    with estate() as e:
        e.write('policy.yaml', 'params:\n  challenge-residue: {max_age: 24h,\n    max_ago: 1h}\n  zone-ttl-bounds:\n    least: soon\n  nothing: {a: 1}\n'
                               'severities:\n  - {check: zone-serial-unmoved, severity: low, reason: r, approver: a}\n'
                               '  - {check: no-such,\n     severity: low, reason: r, approver: a}\n')
        text = ' '.join(e.must(*QUARTER, code=3).split())
        for says in ('policy.yaml:3: params.challenge-residue.max_ago: the check has no such parameter', 'policy.yaml:5: params.zone-ttl-bounds.',
                     'policy.yaml:6: params.nothing: there is no such check', 'policy.yaml:9: severities.no-such: there is no such check'):
            tap.contains(text, says)


WAIVER = 'waivers:\n  - id: W\n    check: %s\n    resource: %s\n    standing: true\n    owner: o\n    approver: a\n    reason: r\n    expires: 2027-01-01\n'


def case_a_policy_about_what_is_not_there_is_named_by_check_and_gate():
    rows = [
        ('gate:\n  rules:\n    - {severity: low, fail: true}\n    - {check: nope,\n       fail: true}\n', 'policy.yaml:4: gate.rules: rule 2: there is no such check: nope'),
        ('gate:\n  rules:\n    - {framework: csf, fail: true}\n', 'policy.yaml:3: gate.rules: rule 1: there is no such framework: csf'),
        ('gate:\n  rules:\n    - {control: PR.AC-01, fail: true}\n', 'policy.yaml:3: gate.rules: rule 1: withdrawn control: PR.AC-01'),
        (WAIVER % ('nope', 'a.test'), 'policy.yaml:3: waivers.nope: there is no such check'),
        ('routing:\n  - {owner: o,\n     check: nope}\n', 'policy.yaml:3: routing.nope: there is no such check'),
        ('params:\n  incident-declared: {threshold: High}\n', 'policy.yaml:2: params.incident-declared.threshold: expected critical or high, got "High"'),
        ('params:\n  caa-present: {required: "critical medium"}\n', 'policy.yaml:2: params.caa-present.required: expected critical, high, normal, low or all, got "medium"'),
        ('params: {zone-transaction-size: {most: -1}}\n', 'policy.yaml:1: params.zone-transaction-size.most: expected a whole number of at least 0'),
    ]
    with estate() as e:
        for text, says in rows:
            e.write('policy.yaml', text)
            for words in (QUARTER, ('gate',)):
                tap.contains(' '.join(e.must(*words, code=3).split()), says)
        for text, says in ((WAIVER % ('challenge-residue', '"*"'), 'policy.yaml:4: waiver W: a waiver is about one check and one resource'),
                           (WAIVER % ('"*"', 'a.test'), 'policy.yaml:3: waiver W: a waiver is about one check'),
                           (WAIVER % ('challenge-residue', 'a.test') + '    granted: 2027-01-01\n', 'policy.yaml:9: waivers[0].expires: expected a time after granted'),
                           ('gate: {window: 0d}\n', 'policy.yaml:1: gate.window: expected a duration of some length')):
            e.write('policy.yaml', text)
            tap.contains(e.must('gate', code=1), says)


def case_a_waiver_counts_from_when_it_was_granted():
    with estate() as e:
        e.write('mine/own-rule.sql', check('own-rule'))
        for granted, code in (('2026-07-11', 2), ('2026-07-10T06:00:00Z', 3)):
            e.write('policy.yaml', WAIVER % ('own-rule', 'example.test') + '    granted: %s\n' % granted)
            tap.equal(e.run('gate')[0], code, granted)
        e.must('report', '--unsigned', '--period', '2026-Q2', '--out', 'r')
        import json
        tap.equal(json.load(open(e.path('r/report.json')))['waivers'][0]['granted'], '2026-07-10T06:00:00.000Z')


def seconds_of(process):
    """Processor time that it has taken so far (proc(5): utime and stime)."""
    with open('/proc/%d/stat' % process.pid) as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def case_a_check_without_end_can_be_stopped():
    with estate() as e:
        e.write('mine/endless.sql', check('endless', 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\n'
                                          + (ROWS % " WHERE (SELECT count(*) FROM n) < 0")))
        p = e.popen(*QUARTER, '--json')
        while p.poll() is None and seconds_of(p) < 5:     # its own: on a busy machine the checks before it take their time
            time.sleep(0.1)
        tap.equal(p.poll(), None, 'it runs')
        p.send_signal(signal.SIGTERM)
        out = p.communicate(timeout=60)[0].decode()
        tap.equal((p.returncode, out), (1, 'affidavit: check endless: stopped\n'))


def case_a_plan_that_scans_is_a_warning():
    with estate() as e:
        e.write('mine/slow.sql', check('slow', ROWS % " WHERE EXISTS (SELECT 1 FROM event x WHERE x.origin = d.name)"))
        tap.contains(e.run(*QUARTER)[1], 'mine/slow.sql:9: SCAN x for each row of an outer query')
        tap.equal('SCAN' in e.run(*QUARTER)[1], False)          # once for each version
        tap.equal([r[0] for r in results(e, 'slow')], ['pass'])


def case_user_files_name_their_line():
    inventory = 'domains:\n  - {name: example.test, owner: a, issuers: ["CN=CA"]}\n%s'
    rows = [
        ('inventory.yaml', inventory % '  - {name: example.test, owner: b}\n', 'inventory.yaml:3: ', 'twice'),
        ('inventory.yaml', inventory % '  - {name: other.test, ownr: b}\n', 'inventory.yaml:3: ', 'ownr'),
        ('inventory.yaml', inventory % '\t- {name: other.test}\n', 'inventory.yaml:3: ', 'indent with blanks, not with tabs'),
        ('inventory.yaml', inventory % '  - {name: 192.0.2.1}\n', 'inventory.yaml:3: ', 'expected a domain name, and no address'),
        ('inventory.yaml', inventory % '  - {name: other.test, issuers: [a, a]}\n', 'inventory.yaml:3: ', 'issuer "other.test||a|0" stands here twice'),
        ('inventory.yaml', inventory % 'credentials:\n  - {id: k, issued: 01.02.2026}\n', 'inventory.yaml:4: ', 'expected a date, or a time with its zone, as 2026-07-01 or'),
        ('inventory.yaml', inventory % 'credentials:\n  - {id: k.1, kind: tsig-key, writes: [{owner: a.test, types: [aname, TYPE65, URL, DS, NXT, A]}]}\n  - {id: l, writes: [{owner: a.test, types: [TXT2]}]}\n',
         'inventory.yaml:5: ', '"TXT2" is no type of records, perhaps TXT'),
        ('policy.yaml', '# all is commented out\n', 'policy.yaml:1: ', 'the file says nothing; where that is meant, write {}'),
        ('policy.yaml', 'params:\n  transfer-lock-removed: 7\n', 'policy.yaml:2: ', 'a map of parameters'),
        ('policy.yaml', 'waivers:\n  - {id: W, check: a, resource: b, standing: true, owner: o, reason: r, expires: 2027-01-01}\n', 'policy.yaml:2: ', 'approver'),
        ('approvals.yaml', 'approvals:\n  - {ticket: T-1, subject: example.test, kind: ns.change, valid_from: 2026-07-01, valid_to: 2026-07-02}\n',
         'approvals.yaml:2: ', 'approver'),
    ]
    for name, text, place, says in rows:
        with Estate(AT) as e:
            if name == 'approvals.yaml' and 'approvals:' not in open(e.path('affidavit.yaml')).read():
                e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + '\napprovals: [approvals.yaml]\n')
            elif name == 'approvals.yaml':
                import re
                e.write('affidavit.yaml', re.sub(r'(?m)^approvals:.*$', 'approvals: [approvals.yaml]', open(e.path('affidavit.yaml')).read()))
            e.write(name, text)
            out = e.must(*QUARTER, code=1)
            tap.contains(out, place)
            tap.contains(out, says)
            if 'write {}' in out:
                e.write(name, '{}\n')
                e.must(*QUARTER, code=3)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
