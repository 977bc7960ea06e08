#!/usr/bin/env python3
"""Entries are asked for ahead of time: what is kept, and in which order, is what one request at a time gives; and whoever is
asked sees no more of us than was configured."""
import datetime, os, random, signal, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from ctserver import CtServer
from test_ct_logs import ENTRIES, HITS, World

KINDS = 'static-ct', 'rfc6962'


def before_now(**kw):
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(**kw)).strftime('%Y-%m-%dT%H:%M:%SZ')


class Today(World):
    """Under the clock of the machine, so that waits are waits"""

    def __init__(self, server, log, more):
        log.now = before_now(seconds=0)
        super().__init__(server, at=None, more=more)

    def configure(self):
        super().configure(timestamp=before_now(days=1))


def entries_of_today():
    return [{'at': before_now(minutes=50), 'names': ['www.example.test']}, {'at': before_now(minutes=40), 'fill': 1500}]


def kept(w):
    """Every item in the order of the ledger: what was asked for, when it came, and its bytes (the configuration, which says how
    many at a time, and the clock of each run left out)"""
    return w.sql("SELECT n.asked, n.received_ms, hex(i.sha256) FROM item_note n JOIN item i ON i.leaf = n.leaf "
                 "WHERE n.kind IN ('entry', 'range', 'head', 'watch') ORDER BY n.leaf")


def case_the_same_is_kept():
    got = {}
    with CtServer() as s:
        s.add('tiles', 'static-ct', 'Alpha', ENTRIES)
        s.add('pages', 'rfc6962', 'Beta', ENTRIES)
        short = s.add('short', 'rfc6962', 'Beta', ENTRIES)
        short.page = 50
        for n in 1, 2, 8:
            with World(s, more='    page: 60\n    parallel: %d\n' % n) as w:
                w.collect(0)
                got[n] = kept(w)
                assert len(got[n]) > 3 * len(HITS), got[n]
                tap.equal(w.entries(short), HITS)
    tap.equal(got[2], got[1], 'two at a time')
    tap.equal(got[8], got[1], 'eight at a time')


def case_no_more_at_a_time_than_configured():
    for kind in KINDS:
        for n in 1, 4:
            with CtServer() as s:
                log = s.add('log', kind, 'Alpha', ENTRIES)
                log.delay = 0.05
                with World(s, more='    page: 60\n    parallel: %d\n' % n) as w:
                    w.collect(0)
                    tap.equal(w.entries(log), HITS, '%s %d' % (kind, n))
                    # of five tiles the first goes alone; how many meet behind it is a matter of time
                    tap.equal((kind, n, log.most if n == 1 or kind == 'rfc6962' else 2 <= log.most <= n), (kind, n, n if n == 1 or kind == 'rfc6962' else True))
                    # and each is asked for once
                    bulk = [x for x in log.asked if 'data' in x or 'get-entries' in x]
                    tap.equal(len(bulk), len(set(bulk)))


def case_the_pace_is_kept():
    for kind in KINDS:
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', entries_of_today())
            log.delay = 0.12
            with Today(s, log, '    page: 100\n    rate: 20\n    parallel: 8\n') as w:
                w.collect()
                tap.equal(w.entries(log)[0], (0, 1, 1), kind)
                # every 50 ms, although each answer takes longer; on their way some fall behind
                took, n = log.times[-1] - log.times[0], len(log.times) - 1
                assert took > 0.05 * n - 0.04, (took, n)
                assert log.most > 1, log.most


def case_a_refusal_stops_all():
    for kind in KINDS:
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', entries_of_today())
            log.delay, log.refuse_at = 0.05, 3
            with Today(s, log, '    page: 100\n    parallel: 8\n') as w:
                out = w.collect()
                tap.equal(w.entries(log)[0], (0, 1, 1), kind)
                tap.equal(w.sql('SELECT max(to_index) FROM ct_range'), [(log.size,)])
                gaps = [b - a for a, b in zip(log.times, log.times[1:])]
                assert max(gaps) > 0.9, (gaps, out)           # Retry-After: 1
                at = gaps.index(max(gaps)) + 1
                assert log.times[at + 1] - log.times[at] > 0.04, gaps[at:]      # then one at a time again


def case_a_kill_in_between_loses_nothing():
    for kind in KINDS:
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', ENTRIES)
            with World(s) as w:
                w.collect(0)
                want = w.entries(log)
            log.delay = 0.03
            with World(s, more='    page: 30\n    parallel: 4\n') as w:
                for wait in 0.15, 0.25, 0.35:
                    p = w.popen('collect')
                    time.sleep(wait)
                    p.kill()
                    p.communicate()
                log.delay = 0
                w.collect(0)
                tap.equal(w.entries(log), want, kind)
                tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)])


def case_answers_out_of_order():
    """Late and early answers mixed: what is kept is as if they had come one by one."""
    got = []
    with CtServer() as s:
        logs = [s.add('tiles', 'static-ct', 'Alpha', ENTRIES), s.add('pages', 'rfc6962', 'Beta', ENTRIES)]
        chance = random.Random(3)
        for n in 1, 8:
            for log in logs:
                log.page, log.delay = 50, (lambda path, query: chance.choice([0, 0, 0.01, 0.1])) if n > 1 else 0
            with World(s, more='    page: 50\n    parallel: %d\n' % n) as w:
                w.collect(0)
                got.append(kept(w))
    assert len(got[0]) > 3 * len(HITS), got[0]
    tap.equal(got[1], got[0])


def case_a_redirect_in_the_middle_is_not_followed():
    for kind in KINDS:
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', ENTRIES)
            log.page, log.delay, n, honest = 40, 0.02, [0], log.answer_one

            def answer(path, query, headers):
                n[0] += 'data' in path or 'get-entries' in path
                return (302, {'Location': 'http://127.0.0.1:%d/elsewhere' % s.port}, b'') if n[0] == 3 else honest(path, query, headers)
            log.answer_one = answer
            with World(s, more='    page: 40\n    parallel: 8\n') as w:
                w.collect(3)
                tap.contains(w.covered()[1][log.origin], 'HTTP status 302')
                assert not any('elsewhere' in x for x in log.asked)
                log.answer_one = honest
                w.collect(0)
                tap.equal(w.entries(log), HITS, kind)


def case_an_interrupt_ends_it_soon_and_loses_nothing():
    for kind, sign in ('static-ct', signal.SIGINT), ('rfc6962', signal.SIGTERM):
        with CtServer() as s:
            log = s.add('log', kind, 'Alpha', ENTRIES)
            log.page, log.delay = 40, 0.05
            with World(s, more='    page: 40\n    parallel: 8\n') as w:
                for wait in 0.25, 0.35:
                    p = w.popen('collect')
                    time.sleep(wait)
                    p.send_signal(sign)
                    p.communicate(timeout=10)
                    assert p.returncode != 0, p.returncode
                w.must('ledger', 'verify')
                log.delay = 0
                w.collect(0)
                tap.equal(w.entries(log), HITS, kind)
                w.must('ledger', 'verify')


def case_other_logs_go_on_beside_a_liar():
    for fault in 'half-tile', 'truncated', 'gzip-bomb', 'storm':
        with CtServer() as s:
            liar = s.add('liar', 'static-ct' if fault != 'truncated' else 'rfc6962', 'Alpha', ENTRIES)
            good = s.add('pages', 'rfc6962', 'Beta', ENTRIES)
            liar.fault = fault
            with World(s, more='    page: 100\n    parallel: 8\n') as w:
                w.collect(3)
                tap.equal((fault, w.entries(liar)), (fault, []))
                tap.equal((fault, w.entries(good)), (fault, HITS))


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
