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


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
