#!/usr/bin/env python3
"""Checks of the user's own: listed, printed, mapped, explained and retired like any other."""
import json, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate
from test_bad_input import ROWS, check

MAPPING = '''framework: nist-csf-2.0
version: "1"
author: ACME
date: "2026-07-01"
links:
  - {check: %s, control: PR.PS-04, relation: intersects-with, rationale: ours, limit: none known}
'''


def estate(at='2026-07-01T06:00:00Z'):
    e = Estate(at)
    e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + '\nchecks: [mine]\n')
    os.makedirs(e.path('mine'), exist_ok=True)
    return e


def outcome(e, period, name='own-rule'):
    out = e.run('check', '--period', period, '--json')[1]
    o = json.loads(out[out.index('{'):])                       # behind what is warned of
    return [(r['outcome'], r.get('reason', '')) for r in o['results'] if r['check'] == name]


def case_they_are_listed_and_printed():
    with estate() as e:
        text = check('own-rule')
        e.write('mine/own-rule.sql', text)
        rows = [json.loads(line) for line in e.must('--json', 'checks').splitlines()]
        tap.equal([r for r in rows if r.get('own')], [{'id': 'own-rule', 'severity': 'high', 'own': True, 'retired': False}])
        tap.equal(len(rows) > 100, True)
        tap.contains(e.must('checks'), 'in mine/own-rule.sql')
        tap.equal(e.must('checks', 'own-rule'), text)
        e.must('checks', 'no-such', code=64)
        e.write('mine/broken.sql', check('other'))
        for words in (('checks',), ('frameworks',)):
            tap.contains(e.must(*words, code=1), 'mine/broken.sql:2: id: expected the name of the file')


def case_mappings_may_name_them():
    with estate() as e:
        e.write('mine/own-rule.sql', check('own-rule'))
        e.write('frameworks/acme.mapping.yaml', MAPPING % 'own-rule')
        tap.contains(e.must('frameworks', 'nist-csf-2.0', 'PR.PS-04'), 'own-rule intersects-with')
        code, o = e.json('check', '--period', '2026-07')
        f = [f for f in o['findings'] if f['check'] == 'own-rule']
        tap.equal(len(f), 1)
        e.must('report', '--unsigned', '--period', '2026-07', '--out', 'r')
        report = json.load(open(e.path('r/report.json')))
        links = [l for w in report['frameworks'] for c in w['controls'] for l in c['links'] if l['check'] == 'own-rule']
        tap.equal([l['rationale'] for l in links], ['ours'])
        e.write('frameworks/acme.mapping.yaml', MAPPING % 'own-rul')
        for words in (('frameworks',), ('check', '--period', '2026-07')):
            tap.contains(e.must(*words, code=1), 'frameworks/acme.mapping.yaml:6: ')
        # the file goes, the check stays: what names it still does
        e.write('frameworks/acme.mapping.yaml', MAPPING % 'own-rule')
        os.unlink(e.path('mine/own-rule.sql'))
        out = e.run('check', '--period', '2026-07')[1]
        tap.contains(out, 'mine/own-rule.sql is gone; its newest version stays in force')
        tap.equal([r[0] for r in outcome(e, '2026-07')], ['fail'])


def case_they_are_retired_by_a_line_in_their_head():
    with estate() as e:
        text = check('own-rule')
        e.write('mine/own-rule.sql', text)
        tap.equal([r[0] for r in outcome(e, '2026-07')], ['fail'])
        e.at = '2026-07-20T06:00:00Z'
        e.write('mine/own-rule.sql', text.replace('remedy: R.\n', 'remedy: R.\nretired: own-rule-2 took its place\n'))
        # in the period in which it was retired somebody looks at that; from the next one on it applies to nothing
        tap.equal(outcome(e, '2026-07'), [('review', 'The check was retired at 2026-07-20 06:00:00 UTC, after the period had begun: own-rule-2 took its place')])
        e.at = '2026-09-02T06:00:00Z'
        tap.equal(outcome(e, '2026-08'), [('not-applicable', 'The check was retired at 2026-07-20 06:00:00 UTC: own-rule-2 took its place')])
        tap.contains(e.must('checks'), 'retired: own-rule-2 took its place')
        e.must('report', '--unsigned', '--period', '2026-08', '--out', 'r')
        report = json.load(open(e.path('r/report.json')))
        tap.equal([c['retired'] for c in report['checks'] if 'retired' in c], ['own-rule-2 took its place'])
        tap.equal([l for w in report['frameworks'] for c in w['controls'] for l in c['links'] if l['check'] == 'own-rule'], [])


def case_text_that_is_no_utf_8_is_told():
    """A finding whose words are broken is a finding."""
    with estate() as e:
        e.write('mine/own-rule.sql', check('own-rule', (ROWS % '').replace("'Because.'", "CAST(X'41C3A9FF42' AS TEXT)")))
        code, o = e.json('check', '--period', '2026-07')
        f = [f for f in o['findings'] if f['check'] == 'own-rule']
        tap.equal([x['reasons'] for x in f], [['A\u00e9\\xffB']])
        lines = e.run('check', '--period', '2026-07', '--since-last', '--json-lines')[1]
        told = [json.loads(line) for line in lines.splitlines() if line.startswith('{') and 'own-rule' in line]
        tap.equal(len(told), 1)
        tap.contains(e.run('check', '--period', '2026-07')[1], 'A\\xc3\\xa9\\xffB')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
