#!/usr/bin/env python3
"""What comes, goes and comes back, by the log of an account: the states of the months, who is told of it, and whose clock runs."""
import datetime, json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

CONFIG = '''organisation: X
inventory: inventory.yaml
policy: policy.yaml
responses: [responses.csv]
sources:
  - name: reg
    type: events-file
    path: exports
    account: acme
    map:
      format: csv
      time: at
      fields: {action: {value: login}, actor: who, outcome: how, provider_ref: id}
'''
RESPONSES = 'finding,ticket,owner,acknowledged,closed,closed_by,outcome\n'
TRIED = 'account-login-failures'


class World(Estate):
    """An account of which an export is read on the 1st of each month, at 12:00."""

    def __init__(self):
        super().__init__('2026-06-01T12:00:00Z')
        self.write('affidavit.yaml', CONFIG)
        self.write('inventory.yaml', 'domains: [{name: example.test, owner: x, account: acme}]\n')
        self.write('policy.yaml', 'routing: [{owner: Duty, acknowledge: 1d, close: 2d}]\n')
        self.write('responses.csv', RESPONSES)
        self.export(5, False)
        self.must('collect')

    def export(self, month, bad):
        """Logins that went well, the last one in the next month (a file tells of no more than it holds), and six that failed where the month is bad."""
        rows = ['%d-%d,2026-%02d-%02dT08:00:00Z,ann,success\n' % (m, day, m, day) for m, day in ((month, 1), (month, 15), (month + 1, 1))]
        rows += ['%d-bad%d,2026-%02d-20T09:00:0%dZ,eve,failure\n' % (month, i, month, i) for i in range(6 if bad else 0)]
        path = self.write('exports/%d.csv' % month, 'id,at,who,how\n' + ''.join(rows))
        at = datetime.datetime.fromisoformat(self.at.replace('Z', '+00:00')).timestamp()
        os.utime(path, (at, at))

    def month(self, month, bad):
        """Its findings of the check as (state, id), those told, and what it says of the one before."""
        self.at = '2026-%02d-01T12:00:00Z' % (month + 1)
        self.export(month, bad)
        self.must('collect')
        out = self.run('check', '--period', '2026-%02d' % month, '--since-last', '--json-lines')[1]
        told = [json.loads(line) for line in out.splitlines() if line.startswith('{')]
        o = self.look(month)
        gone = [(x['state'], x['id']) for x in o['comparison']['gone'] if x['check'] == TRIED]
        return [(f['state'], f['id']) for f in o['findings'] if f['check'] == TRIED], [(x['state'], x['finding']) for x in told if x['check'] == TRIED], gone

    def look(self, month):
        return self.json('check', '--period', '2026-%02d' % month)[1]

    def answered(self, month, finding):
        """What response-in-time says of FINDING when MONTH is looked at now."""
        o = self.look(month)
        return ([r['outcome'] for r in o['results'] if r['check'] == 'response-in-time' and r['resource'] == finding],
                [reason for f in o['findings'] if f['check'] == 'response-in-time' and f['resource'] == finding for reason in f['reasons']])


def case_new_open_closed_reopened():
    with World() as w:
        ((state, one),), told, gone = w.month(6, True)
        tap.equal((state, told, gone), ('new', [('new', one)], []))
        tap.equal(w.month(7, True), ([('open', one)], [], []), 'told once')
        tap.equal(w.month(8, False), ([], [], [('closed', one)]))
        tap.equal(w.month(9, False), ([], [], []))
        tap.equal(w.month(10, True), ([('new', one)], [], []), 'three months later it is new, under its old id')
        tap.equal(w.month(11, False), ([], [], [('closed', one)]))


def case_reopened_is_told_again_and_has_a_clock_of_its_own():
    with World() as w:
        ((_, one),), _, _ = w.month(6, True)                         # told on the 1st of July at 12:00
        w.write('responses.csv', RESPONSES + '%s,T-1,ann,2026-07-01T13:00:00Z,2026-07-02T09:00:00Z,ann,fixed\n' % one)
        w.at = '2026-07-02T10:00:00Z'
        w.must('collect')
        tap.equal(w.month(7, False), ([], [], [('closed', one)]))
        tap.equal(w.answered(7, one), (['pass'], []))
        tap.equal(w.month(8, True), ([('reopened', one)], [('reopened', one)], []))
        report = w.must('report', '--unsigned', '--period', '2026-08', '--out', 'r')
        text = json.load(open(w.path('r/report.json')))
        tap.equal((text['comparison']['reopened'], [f['state'] for f in text['findings'] if f['id'] == one]), (1, ['reopened']))
        # told again on the 1st of September: what was said of the first time answers nothing now
        w.at = '2026-09-03T11:00:00Z'
        tap.equal(w.answered(9, one), (['pass'], []), 'the time is not over')
        w.at = '2026-09-04T12:00:00Z'
        tap.equal(w.answered(9, one), (['fail'], [TRIED + ' on acme was told of 72 hours before and is not closed; 48 hours are allowed.']))
        w.write('responses.csv', open(w.path('responses.csv')).read() + '%s,T-2,ann,2026-09-01T13:00:00Z,2026-09-02T09:00:00Z,ann,fixed\n' % one)
        w.at = '2026-09-04T13:00:00Z'
        w.must('collect')
        w.at = '2026-09-04T14:00:00Z'
        tap.equal(w.answered(9, one), (['review'], [TRIED + ' on acme was closed in time, as was recorded only 25 hours after that time; 48 hours are allowed.']))
        tap.equal(w.answered(7, one), (['pass'], []), 'the first time is as it was')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
