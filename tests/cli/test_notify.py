#!/usr/bin/env python3
"""Telling of findings: each once, again where it failed or got worse, never lost; and what comes back closes the loop."""
import json, os, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import live, tap
from estate import Estate, PROGRAM

CONFIG = 'organisation: X\ninventory: inventory.yaml\npolicy: policy.yaml\nresponses: [responses.yaml]\nsources: []\n'
INVENTORY = '''domains: [{name: a.test, owner: x}]
services:
  - {name: www, host: www.a.test, owner: x}
  - {name: ftp, host: ftp.a.test, owner: unknown}
'''
ROUTING = '''routing:
  - {owner: Duty, channel: mail, acknowledge: 1d}
  - {severity: low, owner: Desk}
  - {check: inventory-owners, owner: CISO}
  - {check: inventory-owners, severity: high, owner: Board, channel: pager}
'''
WORSE = 'severities:\n  - {check: inventory-owners, severity: %s, reason: r, approver: CISO}\n'
KEYS = ['channel', 'check', 'evidence', 'finding', 'observed', 'owner', 'period', 'reasons', 'resource', 'severity', 'state', 'status']


class World(Estate):
    def __init__(self):
        super().__init__('2026-07-01T12:00:00Z')
        self.write('affidavit.yaml', CONFIG)
        self.write('inventory.yaml', INVENTORY)
        self.write('policy.yaml', ROUTING)
        self.write('responses.yaml', 'responses: []\n')
        self.write('tell.sh', 'cat >> told\n')

    def tell(self, script='tell.sh', code=2, program='sh'):
        """What one run told, and its output."""
        if os.path.exists(self.path('told')):
            os.unlink(self.path('told'))
        out = self.must('check', '--period', '2026-Q3', '--since-last', '--exec', program + ' ' + script, code=code)
        return self.told(), out

    def told(self):
        try:
            with open(self.path('told')) as f:
                return [json.loads(line) for line in f]
        except FileNotFoundError:
            return []

    def notices(self):
        return self.sql('SELECT id, finding, check_id, resource, severity, status, channel, outcome, t, leaf, part FROM notice ORDER BY id')


def owners(told):
    return [x for x in told if x['check'] == 'inventory-owners']


def case_each_finding_is_told_once_by_its_route():
    with World() as w:
        _, o = w.json('check', '--period', '2026-Q3')
        told, out = w.tell()
        tap.contains(out, 'told of %d findings' % len(told))
        tap.equal([x['finding'] for x in told], [f['id'] for f in o['findings']])
        with open(w.path('told')) as f:
            for line in f:
                tap.equal(list(json.loads(line)), KEYS)
        of = {f['id']: f for f in o['findings']}
        for x in told:
            f = of[x['finding']]
            tap.equal([x[k] for k in ('check', 'severity', 'resource', 'status', 'reasons')], [f[k] for k in ('check', 'severity', 'resource', 'status', 'reasons')])
            tap.equal([e['leaf'] for e in x['evidence']], f['leaves'])
            for e in x['evidence']:
                tap.contains(w.must('ledger', 'show', str(e['leaf'])), e['hash'])
            tap.equal((x['owner'], x['channel']), ('CISO', None) if x['check'] == 'inventory-owners' else ('Desk', None) if x['severity'] == 'low' else ('Duty', 'mail'))
        tap.equal([x['status'] for x in owners(told)], ['fail'])
        rows = w.notices()
        tap.equal([(r[1], r[2], r[6], r[7], r[8]) for r in rows], [(x['finding'], x['check'], 'exec:sh', 'delivered', 1782907200000) for x in told])
        size = w.sql('SELECT max(leaf) FROM item')
        tap.equal(size[0][0], rows[0][9], 'one item')
        w.at = '2026-07-01T13:00:00Z'
        again, out = w.tell()
        tap.equal(again, [])
        tap.contains(out, 'told of 0 findings')
        tap.equal(w.sql('SELECT max(leaf) FROM item'), size, 'nothing told, no item')
        w.must('rebuild')
        tap.equal(w.notices(), rows)
        w.must('ledger', 'verify')


def case_what_failed_is_told_again_and_so_is_what_got_worse():
    with World() as w:
        tap.contains(w.tell('tell.sh', program='no-such-command-here', code=1)[1], 'no-such-command-here')
        tap.equal(w.sql('SELECT DISTINCT outcome, channel FROM notice'), [('failed', 'exec:no-such-command-here')])
        w.write('fail.sh', 'cat > one; grep -q \'"check":"inventory-owners"\' one && exit 3\n'
                           'grep -q \'"check":"policy-reviewed"\' one && head -c 70000 /dev/zero\ncat one >> told\n')
        first, out = w.tell('fail.sh', code=1)
        tap.contains(out, 'ended with status 3')
        tap.equal(owners(first), [])
        tap.equal(sorted(w.sql("SELECT check_id FROM notice WHERE outcome = 'failed' AND channel = 'exec:sh'")), [('inventory-owners',)])
        tap.equal('policy-reviewed' in [x['check'] for x in first], True, 'much output is no failure')
        again, _ = w.tell()
        tap.equal(sorted(x['check'] for x in again), ['inventory-owners'])
        tap.equal(w.sql("SELECT outcome FROM notice WHERE check_id = 'inventory-owners' ORDER BY id"), [('failed',), ('failed',), ('delivered',)])
        for severity, want in ('high', [('high', 'Board', 'pager')]), ('low', []), ('high', []), ('critical', [('critical', 'CISO', None)]):
            w.write('policy.yaml', ROUTING + WORSE % severity)
            told, _ = w.tell(code=3 if severity == 'low' else 2)
            tap.equal([(x['severity'], x['owner'], x['channel']) for x in owners(told)], want, severity)
        tap.equal(w.sql('SELECT count(*) FROM notice WHERE check_id <> ? AND outcome = ? GROUP BY finding HAVING count(*) > 1', 'inventory-owners', 'delivered'), [])


def case_what_a_command_says_or_leaves_behind_is_nobodys_matter():
    with World() as w:
        w.write('much.sh', 'cat >> told\nhead -c 3000000 /dev/zero\nsleep 25 2>/dev/null &\n')
        began = time.time()
        told, out = w.tell('much.sh')
        tap.equal([len(told) > 0, 'told of %d findings' % len(told) in out], [True, True])
        tap.equal(time.time() - began < 25, True, 'nobody waits for what is left behind')
        tap.equal(w.tell()[0], [])


def case_a_command_without_end_is_not_tried_for_ever():
    """Half a minute for each of hundreds of findings would be hours, with the store held."""
    with World() as w:
        w.env = {'LD_PRELOAD': live.shift_library(), 'SHIFT_TIMERS': '150', 'ASAN_OPTIONS': 'detect_leaks=0:verify_asan_link_order=0'}      # of 30 seconds a fifth of one
        w.write('hang.sh', 'echo >> tried; exec sleep 20\n')
        began = time.time()
        out = w.must('check', '--period', '2026-Q3', '--since-last', '--exec', 'sh hang.sh', code=1)
        tap.equal(time.time() - began < 60, True, 'the timers run faster here')
        tap.contains(out, 'no answer within 30 s')
        tap.contains(out, '3 findings could not be told of, ')
        tap.equal(len(open(w.path('tried')).read().splitlines()), 3)
        tap.equal(w.sql('SELECT outcome, count(*) FROM notice GROUP BY 1'), [('failed', 3)])
        # one that hangs now and then is tried on
        w.write('some.sh', 'echo >> tried; [ $(($(wc -l < tried) % 3)) = 0 ] || exec sleep 20\n')
        os.unlink(w.path('tried'))
        out = w.must('check', '--period', '2026-Q3', '--since-last', '--exec', 'sh some.sh', code=1)
        tap.contains(out, ' 0 not tried')
        w.env = {}
        told, out = w.tell()
        tap.contains(out, 'told of %d findings' % len(told))
        tap.equal(w.tell()[0], [])


def case_killed_before_the_receipt_it_tells_again():
    with World() as w:
        w.write('kill.sh', 'cat >> told; [ $(wc -l < told) -lt 3 ] || kill -9 $PPID\n')
        cut, _ = w.tell('kill.sh', code=-9)
        tap.equal(len(cut), 3)
        told, _ = w.tell()
        tap.equal(told[:3], cut, 'told again, not lost')
        tap.equal(len(w.notices()), len(told))
        tap.equal(w.tell()[0], [])
        w.must('ledger', 'verify')


def case_lines_on_standard_output():
    with World() as w:
        ask = ['check', '--period', '2026-Q3', '--since-last']
        with open('/dev/full', 'w') as full:
            p = subprocess.run([PROGRAM] + ask, cwd=w.folder, env=dict(os.environ, AFFIDAVIT_TEST_CLOCK=w.at), stdout=full, stderr=subprocess.PIPE)
        tap.equal(p.returncode, 1)
        tap.contains(p.stderr.decode(), 'standard output could not be written')
        tap.equal(w.sql('SELECT DISTINCT channel, outcome FROM notice'), [('stdout', 'failed')])
        w.write('policy.yaml', ROUTING + 'waivers: [{id: W-1, check: inventory-owners, resource: ftp, standing: true, owner: x, approver: y, reason: z, expires: 2026-12-01}]\n')
        lines = [json.loads(x) for x in w.must(*ask, '--json-lines', code=3).splitlines()]
        tap.equal({tuple(x) for x in lines}, {tuple(KEYS)})
        checks = [x['check'] for x in lines]
        tap.equal(('inventory-owners' in checks, 'policy-reviewed' in checks), (False, True), 'what is waived is not told')
        tap.equal(w.must(*ask, code=3), '')
        w.write('policy.yaml', ROUTING)
        tap.equal([json.loads(x)['check'] for x in w.must(*ask, code=2).splitlines()], ['inventory-owners'], 'waived no more')
        for words in [['--exec', 'cat', '--json-lines'], ['--head', '1'], ['--exec', ' '], ['--explain', '--check', 'inventory-owners']]:
            w.must(*ask, *words, code=64)
        for words in [['--exec', 'cat'], ['--json-lines']]:
            tap.contains(w.must('check', '--period', '2026-Q3', *words, code=64), 'since-last')


SEASONAL = """/*
id: seasonal
title: It comes and goes
severity: high
resource: thing
why: It is there in the first quarter and in the third.
remedy: Wait.
*/
SELECT 'thing' AS resource, '' AS key, 'fail' AS status, 'presence' AS basis, 'It is there.' AS reason, 'domain' AS ref_table, d.rowid AS ref_id, :period_start AS observed_at
FROM domain d WHERE (:period_start >= 1767225600000 AND :period_start < 1775001600000) OR :period_start >= 1782864000000;
-- population
SELECT 'thing' AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_start AS need_to, NULL AS grade;
"""


def case_what_came_back_is_told_again():
    with World() as w:
        w.write('affidavit.yaml', CONFIG + 'checks: [own]\n')
        w.write('own/seasonal.sql', SEASONAL)
        for at, period, want in (('2026-03-10', '2026-Q1', ['new']), ('2026-07-10', '2026-Q3', ['reopened']), ('2026-07-11', '2026-Q3', []), ('2026-10-02', '2026-Q4', [])):
            w.at = at + 'T12:00:00Z'
            told = [json.loads(x) for x in w.run('check', '--period', period, '--since-last')[1].splitlines()]
            tap.equal([x['state'] for x in told if x['check'] == 'seasonal'], want, period)


def case_a_store_that_cannot_be_written_tells_nothing():
    with World() as w:
        w.must('collect')
        os.rename(w.path('evidence.db'), w.path('real.db'))
        os.symlink('/proc/version', w.path('evidence.db'))
        tap.contains(w.run('check', '--period', '2026-Q3', '--since-last', '--exec', 'sh tell.sh')[1], 'evidence.db')
        tap.equal(w.told(), [])


def case_responses_close_the_loop():
    with World() as w:
        told, _ = w.tell()
        mine = owners(told)[0]['finding']
        other = next(x for x in told if x['check'] == 'policy-reviewed')['finding']
        w.write('policy.yaml', 'routing: [{owner: Duty, acknowledge: 1d}]\n')
        w.write('responses.yaml', 'responses:\n  - {finding: %s, ticket: INC-1, owner: CISO, acknowledged: "2026-07-01T13:00:00Z"}\n' % mine)
        w.at = '2026-07-01T14:00:00Z'
        w.must('collect')
        w.at = '2026-07-03T12:00:00Z'
        _, o = w.json('check', '--period', '2026-Q3')
        of = {r['resource']: r['outcome'] for r in o['results'] if r['check'] == 'notice-acknowledged'}
        tap.equal((of[mine], of[other]), ('pass', 'fail'))
        told, _ = w.tell()
        late = [x for x in told if x['check'] == 'notice-acknowledged']
        tap.equal((mine in [x['resource'] for x in late], other in [x['resource'] for x in late]), (False, True))
        w.at = '2026-07-06T12:00:00Z'
        told, _ = w.tell()
        about = {x['finding'] for x in late}
        tap.equal([x for x in told if x['resource'] in about], [], 'of notices that were told of nothing is told')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
