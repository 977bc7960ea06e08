#!/usr/bin/env python3
"""Who changed a zone, as the logs of real servers tell it: what was done (tests/lib/truth.py) against the claims that are read and
against the change that each is tied to. One zone each; where a log cannot tell, that is said."""
import datetime, gzip, os, re, shutil, sys, tempfile, time

import tap
from live import program, run, secret
from livebind import Bind
from liveknot import Knot
from livensd import Nsd
from livepdns import Pdns
from truth import STEPS, ZONE, Truth, grants

FOLDER = tempfile.mkdtemp(prefix='afd-claims-')
KEYS = ['alice', 'acme']
# Knot 3.2 leaves a record alone that is added with another time to live, so here it is removed and added at once.
KNOT = [s._replace(lines=['delete mail.{z} A'] + s.lines) if s.title == 'only the time to live' else s for s in STEPS]


def made(cls, name, zones, **more):
    if not cls.there():
        raise tap.Skip('no %s here' % cls.programs[0])
    return cls(os.path.join(FOLDER, name), zones, KEYS, 'reader', **more)


def findings(truth, check):
    """What a check says over the day of the test: [(status, reason)]"""
    day = truth.now()[:10]
    _, got = truth.estate.json('check', '--period', day + '..' + next_day(day))
    return sorted((f['status'], f['reasons'][0]) for f in got['findings'] if f['check'] == check)


def next_day(day):
    return (datetime.date.fromisoformat(day) + datetime.timedelta(days=2)).isoformat()


def nothing_unexplained(truth):
    tap.equal(findings(truth, 'zone-change-unattributed'), [], 'changes without somebody')
    tap.equal(findings(truth, 'zone-claim-without-effect'), [], 'claims without effect')


def of_changes(truth, zone):
    """Serials of each step and the key that made it, as they were done."""
    return [(a, b, s.key) for (a, b, _), s in zip(truth.steps[zone], [s for s in truth.played[zone] if s.effect])]


def case_bind_log_and_dnstap():
    with made(Bind, 'bind', {'a.test': (ZONE, grants('a.test'))}, dnstap=True) as s:
        keys = os.path.join(FOLDER, 'tsig.keys')
        with open(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
            f.write(''.join('key "%s" { algorithm hmac-sha256; secret "%s"; };\n' % (k, secret(k)) for k in KEYS))
        sources = ('  - {name: log, type: bind-update-log, path: %s, zones: [a.test]}\n  - {name: tap, type: dnstap, path: %s, zones: [a.test], keys: "file:%s"}\n'
                   % (s.path('update.log'), s.path('update.dnstap'), keys))
        with Truth(s, ['a.test'], sources) as t:
            t.look()
            t.play('a.test', STEPS[:5])
            s.rolled()
            t.look()
            t.play('a.test', STEPS[5:])
            s.rolled()
            time.sleep(0.2)
            t.look()
            tap.equal(t.claims('a.test', 'log'), t.expected_claims('a.test'), 'log')
            tap.equal(t.claims('a.test', 'tap'), t.expected_claims('a.test'), 'dnstap')
            # every signed one verifies but the one whose signature is bad, of which BIND taps the answer alone
            macs = t.estate.sql("SELECT outcome, mac FROM claim WHERE source = 'tap' ORDER BY t_from, id")
            tap.equal(macs, [(st.claim[1], 'not-checked' if st.signer else 'verified' if st.key else None) for st in STEPS])
            ttl = t.estate.sql("SELECT r.ttl FROM claim_record r JOIN claim c ON c.id = r.claim_id WHERE c.source = 'tap' AND r.owner = 'mail.a.test' ORDER BY r.id")
            tap.equal(ttl, [(300,), (30,)])
            nothing_unexplained(t)
            tap.contains(str(findings(t, 'zone-update-denied')), 'signed in the name of alice')
            if program('dnstap-read'):               # BIND's own reader: the same clients, in the same order
                told = ''.join(run([program('dnstap-read'), f]) for f in reversed(s.rolled()))
                answered = [c.replace(':', '#') for c in re.findall(r' UR (\S+) <- ', told)]
                tap.equal([c for c, in t.estate.sql("SELECT client FROM claim WHERE source = 'tap' ORDER BY t_to, id")], answered)


def case_a_log_that_was_rotated_and_packed():
    with made(Bind, 'packed', {'a.test': (ZONE, grants('a.test'))}) as s:
        log = os.path.join(FOLDER, 'packed.log')

        def written():
            time.sleep(0.2)
            return s.read('update.log')
        with Truth(s, ['a.test'], '  - {name: log, type: bind-update-log, path: %s, zones: [a.test]}\n' % log) as t:
            t.play('a.test', STEPS[:1])
            first = written()
            with open(log, 'w') as f:
                f.write(first)
            t.look()
            t.play('a.test', STEPS[1:2])
            second = written()
            t.play('a.test', STEPS[2:3])
            third = written()
            t.play('a.test', STEPS[6:7])
            with gzip.open(log + '.2.gz', 'wb') as f:
                f.write(second.encode())
            for name, text in (('.1', third[len(second):]), ('', written()[len(third):])):
                with open(log + name, 'w') as f:
                    f.write(text)
            t.look()
            tap.equal(t.claims('a.test', 'log'), t.expected_claims('a.test'))
            reasons = t.estate.sql("SELECT grade, reason FROM coverage WHERE evidence = 'zone-claims' ORDER BY id DESC LIMIT 1")
            tap.contains(str(reasons), 'read without a break, through a rotation (new lines: 3')


def case_bind_log_without_times():
    with made(Bind, 'notime', {'a.test': (ZONE, grants('a.test'))}) as s:
        s.write('named.conf', s.read('named.conf').replace('print-time iso8601-utc', 'print-time no'))
        s.stop()
        s.start()
        log = '  - {name: log, type: bind-update-log, path: %s, zones: [a.test]}\n' % s.path('update.log')
        with Truth(s, ['a.test'], log) as t:
            t.look()
            t.play('a.test', STEPS[:1])
            time.sleep(0.2)
            t.look(code=3)
            tap.equal(t.claims('a.test', 'log'), [('alice', 'applied', None)])
            # weak at best: the change stays without somebody
            tap.contains(str(findings(t, 'zone-change-unattributed')), 'only the time of an entry fits')


def case_knot():
    with made(Knot, 'knot', {'a.test': (ZONE, grants('a.test'))}) as s:
        with Truth(s, ['a.test'], '  - {name: log, type: knot-log, path: %s, zones: [a.test]}\n' % s.path('knot.log')) as t:
            t.look()
            t.play('a.test', KNOT)
            time.sleep(0.2)
            t.look()
            # a denied key was never verified: it is claimed
            want = [(None, 'denied', st.key) if st.claim[1] == 'refused' else ('alice', 'no-change', None) if st.claim[1] == 'applied' and not st.effect
                    else st.claim for st in KNOT]
            tap.equal(t.claims('a.test', 'log'), want)
            tap.equal(t.estate.sql("SELECT serial_from, serial_to, credential FROM claim WHERE outcome = 'applied' ORDER BY serial_from"), of_changes(t, 'a.test'))
            nothing_unexplained(t)


def case_powerdns():
    with made(Pdns, 'pdns', {'a.test': (ZONE, grants('a.test'))}) as s:
        log = '  - {name: log, type: pdns-log, path: %s, zones: [a.test], timezone: UTC}\n' % s.path('server.out')
        with Truth(s, ['a.test'], log) as t:
            t.look()
            t.play('a.test', limits=False)
            time.sleep(0.2)
            t.look()
            want = [(None, 'no-change' if st.claim[1] == 'applied' and not st.effect else st.claim[1], st.claim[2]) for st in t.played['a.test']]
            tap.equal(t.claims('a.test', 'log'), want)
            tap.equal(t.estate.sql("SELECT serial_from, serial_to FROM claim WHERE outcome = 'applied' ORDER BY serial_from"), [(a, b) for a, b, _ in t.steps['a.test']])
            # it has no history to transfer: the whole is one change, all five updates lead through it, and no key is named
            tap.equal(findings(t, 'zone-change-unattributed'),
                      [('review', 'The change from serial %d to %d can be explained in more than one way.' % (t.steps['a.test'][0][0], t.steps['a.test'][-1][1]))])
            tap.equal(findings(t, 'zone-claim-without-effect'), [])


def case_nsd_knows_only_from_where():
    with made(Bind, 'primary', {'a.test': (ZONE, grants('a.test'))}) as b:
        if not Nsd.there():
            raise tap.Skip('no NSD here')
        with Nsd(os.path.join(FOLDER, 'nsd'), {'a.test': (None, b)}, 'reader') as s:
            log = [p for p in ('nsd.log', 'server.out') if os.path.exists(s.path(p)) and 'received update' in s.read(p)]
            if not log:
                raise tap.Skip('this NSD logs no transfers')
            with Truth(s, ['a.test'], '  - {name: log, type: nsd-log, path: %s, zones: [a.test], timezone: UTC}\n' % s.path(log[0])) as t:
                t.primary = b
                s.follow('a.test')
                t.look()
                t.play('a.test', STEPS[:3], follow=s.follow)
                time.sleep(0.3)
                t.look()
                got = t.estate.sql("SELECT serial_from, serial_to, kind, credential FROM claim WHERE source = 'log' ORDER BY serial_from")
                tap.equal(got, [(a, b_, 'transfer', 'reader') for a, b_, _ in t.steps['a.test']])
                if len(findings(t, 'zone-change-unattributed')) != 3:
                    raise AssertionError('a transfer attributes nothing')


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
