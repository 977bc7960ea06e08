#!/usr/bin/env python3
"""From a finding to the bytes behind it, and nothing of them steers the terminal."""
import os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate
from test_bad_input import ROWS, check

QUARTER = ('check', '--period', '2026-Q3')


def case_rule_parameters_needs_rows_and_bytes():
    with Estate('2026-07-10T06:00:00Z') as e:
        text = check('own-rule', ROWS % ' WHERE length(d.name) > :least',
                     population='''-- population
SELECT d.name AS resource, 'zone-changes' AS evidence, d.name AS scope, :period_start AS need_from, :as_of AS need_to, 'asserted' AS grade FROM domain d
''').replace('remedy: R.\n', 'remedy: R.\nparams: {least: {type: int, default: 3, meaning: how long}}\n')
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + '\nchecks: [mine]\n')
        e.write('mine/own-rule.sql', text)
        e.write('policy.yaml', 'params:\n  own-rule: {least: 2}\nseverities:\n  - {check: own-rule, severity: low, reason: "only ours", approver: CISO}\n')
        e.write('inventory.yaml', 'domains:\n  - {name: example.test, owner: "DNS \\e[31mteam", issuers: ["CN=CA"]}\n# \x1b[31mred\n'.replace('\x1b', '') )
        code, o = e.json(*QUARTER)
        ids = [f['id'] for f in o['findings'] if f['check'] == 'own-rule']
        tap.equal(len(ids), 1)
        for words in (QUARTER + ('--check', 'own-rule', '--subject', 'Example.Test.', '--explain'), ('explain', ids[0].lower()[:8], ids[0][8:])):
            out = e.run(*words)[1]
            for says in ('T\n  own-rule, low by the policy, else high (only ours, approved by CISO)', 'mine/own-rule.sql', 'why       W.', 'remedy    R.',
                         ':least            2 by the policy, else 3,   how long', 'WHERE length(d.name) > :least', '-- population\nSELECT d.name AS resource',
                         'needs zone-changes of example.test\n', 'NOT COVERED', 'no source speaks of this scope by itself',
                         'reason    Because.', 'of domain:\n      name=example.test', '| domains:', 'affidavit ledger show'):
                tap.contains(out, says)
            tap.equal('\x1b' in out, False)
        tap.contains(e.must(*QUARTER, '--check', 'no-such', '--explain', code=64), 'there is no such check')
        tap.contains(e.must(*QUARTER, '--check', 'own-rule', '--subject', 'other.test', '--explain', code=64), 'did not look at it')
        e.must(*QUARTER, '--explain', code=64)
        e.must(*QUARTER, '--check', 'own-rule', code=64)
        tap.contains(e.must('explain', 'AAAABBBBCCCCDDDD', '--period', '2026-Q3', code=64), 'there is no finding')
        e.must('explain', 'nonsense', code=64)


def case_the_entry_of_a_long_file_is_shown_with_its_line():
    with Estate('2026-07-10T06:00:00Z') as e:
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + '\nchecks: [mine]\n')
        e.write('mine/own-rule.sql', check('own-rule', ROWS % " WHERE d.name = 'n77.test'"))
        e.write('inventory.yaml', 'domains:\n' + ''.join('  - {name: a.n%d.test, owner: DNS team, issuers: ["CN=CA"]}\n  - {name: n%d.test, owner: DNS team, issuers: ["CN=CA"]}\n' % (i, i)
                                                       for i in range(200)))
        out = e.run(*QUARTER, '--check', 'own-rule', '--subject', 'n77.test', '--explain')[1]
        tap.contains(out, '    from line 157 on:\n    |   - {name: n77.test, owner: DNS team')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
