#!/usr/bin/env python3
"""BIND, Knot, NSD and PowerDNS as they are: what was done to their zones (tests/lib/truth.py) against what is said of it, record for record and
in order; and where a server lost its history, that this is said."""
import os, shutil, sys, tempfile, time

import tap
from livebind import Bind
from liveknot import Knot
from livensd import Nsd
from livepdns import Pdns
from truth import STEPS, ZONE, Step, Truth, full, grants, net

GAP, SAMPLED, ASSERTED, PROVEN = range(4)
FOLDER = tempfile.mkdtemp(prefix='afd-truth-')
KEYS = ['alice', 'acme']


def made(cls, name, zones, **more):
    if not cls.there():
        raise tap.Skip('no %s here' % cls.programs[0])
    return cls(os.path.join(FOLDER, name), zones, KEYS, 'reader', **more)


def adds(zone, first, last):
    return [Step('add %d' % i, 'alice', ['add h%d.{z} 60 A 192.0.2.%d' % (i, i)], ['+h%d 60 A 192.0.2.%d' % (i, i)], ('alice', 'applied', None)) for i in range(first, last)]


def step_by_step(truth, zone):
    tap.equal(truth.changes(zone), [(a, b, 'difference', None, r) for a, b, r in truth.steps[zone]])


def says(truth, zone, want):
    """want: [(grade, part of the reason)], all of them in order."""
    got = truth.coverage(zone)
    if [g for g, _ in got] != [g for g, _ in want] or any(part not in reason for (_, reason), (_, part) in zip(got, want)):
        raise AssertionError('%s: %s, expected %s' % (zone, got, want))


CHAIN, CONTENT = (ASSERTED, 'serial chain; content not compared'), (PROVEN, 'serial and content as expected')


def case_bind():
    with made(Bind, 'bind', {'a.test': (ZONE, grants('a.test')), 's.test': (ZONE, grants('s.test'), 'dnssec-policy default; inline-signing yes;'),
                             'j.test': (ZONE, grants('j.test'), 'max-journal-size 4k;')}) as s:
        log = '  - name: log\n    type: bind-update-log\n    path: %s\n    zones: [a.test]\n' % s.path('update.log')
        with Truth(s, ['a.test', 's.test', 'j.test'], log) as t:
            settled(s, 's.test')
            t.look()
            t.play('a.test')
            t.play('j.test', adds('j.test', 1, 61))
            s.rndc('sync', 'j.test')
            signed(t, s, 's.test')
            time.sleep(0.2)
            t.look()
            step_by_step(t, 'a.test')
            says(t, 'a.test', [CHAIN, CONTENT])
            tap.equal(t.claims('a.test', 'log'), t.expected_claims('a.test'))
            # signatures and denial are no changes of anybody
            tap.equal(sorted(r for c in t.changes('s.test') for r in c[4]), net(t.steps['s.test']))
            # the journal was trimmed: the whole zone comes, and it is said how much was lost
            tap.equal(t.changes('j.test'), [(1, 61, 'comparison', None, net(t.steps['j.test']))])
            says(t, 'j.test', [(SAMPLED, 'history not served: IXFR from 1 was answered with the whole zone: the server no longer tells 60 steps to 61')])


def settled(server, zone):
    """Signing is done when its serial stands still."""
    last, since = None, time.monotonic()
    while time.monotonic() - since < 1:
        now = server.serial(zone)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.1)


def signed(truth, server, zone):
    """Two steps on a zone that the server signs: its serials are its own affair."""
    for lines, effect in ((['add new.%s 60 A 192.0.2.9' % zone], ['+new 60 A 192.0.2.9']), (['delete mail.%s A' % zone], ['-mail 300 A 192.0.2.25'])):
        before = server.serial(zone)
        server.update('alice', ['zone ' + zone] + ['update ' + l for l in lines])
        settled(server, zone)
        truth.steps[zone].append((before, server.serial(zone), sorted(full(e, zone) for e in effect)))


# Knot 3.2 leaves a record alone that is added with another time to live, so here it is removed and added at once.
KNOT = [s._replace(lines=['delete mail.{z} A'] + s.lines) if s.title == 'only the time to live' else s for s in STEPS]


def case_knot():
    with made(Knot, 'knot', {'a.test': (ZONE, grants('a.test')), 's.test': (ZONE, grants('s.test'), {'dnssec-signing': 'on'}),
                             'f.test': (ZONE, grants('f.test'), {'journal-max-depth': 5}),
                             'm.test': (ZONE, grants('m.test'), {'journal-max-depth': 5, 'journal-content': 'changes', 'zonefile-load': 'whole'})}) as s:
        with Truth(s, ['a.test', 's.test', 'f.test', 'm.test']) as t:
            settled(s, 's.test')
            t.look()
            t.play('a.test', KNOT)
            signed(t, s, 's.test')
            t.play('f.test', adds('f.test', 1, 9))
            t.play('m.test', adds('m.test', 1, 13) + STEPS[1:3] * 3 + adds('m.test', 20, 28))
            t.look()
            step_by_step(t, 'a.test')
            says(t, 'a.test', [CHAIN, CONTENT])
            tap.equal(sorted(r for c in t.changes('s.test') for r in c[4]), net(t.steps['s.test']))
            merged_away(t, 'm.test')
            # with the zone in the journal the oldest steps are merged into that
            tap.equal(t.changes('f.test'), [(1, 9, 'comparison', None, net(t.steps['f.test']))])
            says(t, 'f.test', [(SAMPLED, 'the server no longer tells 8 steps to 9')])


def merged_away(truth, zone):
    """The first change leads over many serials, and challenges that came and went in it are nowhere; that is said."""
    got, did = truth.changes(zone), truth.steps[zone]
    first, rest = got[0], got[1:]
    n = first[1] - first[0]
    if n < 15 or not first[3] or 'what came and went between them is not told' not in first[3]:
        raise AssertionError(first)
    tap.equal((first[0], first[4]), (did[0][0], net(did[:n])))
    tap.equal(rest, [(a, b, 'difference', None, r) for a, b, r in did[n:]])
    says(truth, zone, [(SAMPLED, 'serial 1 to %d: %d serials in one step' % (first[1], n)), (SAMPLED, 'steps of its history were merged before')])


def case_nsd():
    with made(Bind, 'primary', {'a.test': (ZONE, grants('a.test')), 'f.test': (ZONE, grants('f.test'))}) as b:
        if not Nsd.there():
            raise tap.Skip('no NSD here')
        with Nsd(os.path.join(FOLDER, 'nsd'), {'a.test': (None, b), 'f.test': (None, b), 'l.test': (ZONE, None)}, 'reader', number=5) as s:
            with Truth(s, ['a.test', 'f.test', 'l.test']) as t:
                t.primary = b
                s.follow('a.test')
                s.follow('f.test')
                t.look()
                t.play('a.test', follow=s.follow)               # five steps with an effect: as many as it keeps
                t.play('f.test', adds('f.test', 1, 9), follow=s.follow)
                t.look()
                step_by_step(t, 'a.test')
                says(t, 'a.test', [CHAIN, CONTENT])
                tap.equal(t.changes('f.test'), [(1, 9, 'comparison', None, net(t.steps['f.test']))])
                says(t, 'f.test', [(SAMPLED, 'the server no longer tells 8 steps to 9')])


def case_powerdns():
    with made(Pdns, 'pdns', {'a.test': (ZONE, grants('a.test'), {'SOA-EDIT-DNSUPDATE': 'INCREASE'})}) as s:
        with Truth(s, ['a.test']) as t:
            t.look()
            t.play('a.test', limits=False)
            t.look()
            steps = t.steps['a.test']
            tap.equal(t.changes('a.test'), [(1, steps[-1][1], 'comparison', None, net(steps))])
            says(t, 'a.test', [(SAMPLED, 'IXFR from 1 was answered with the whole zone')])
            # its API changes content and leaves the serial
            serial = s.serial('a.test')
            s.replace('a.test', 'new.a.test', 'A', 60, ['203.0.113.99'], ('bob', 'ticket 7'))
            tap.equal(s.serial('a.test'), serial)
            t.look()
            tap.equal(t.changes('a.test')[1:], [(serial, serial, 'comparison', None, sorted([('del', 'new.a.test', 60, 'A', '192.0.2.9'), ('add', 'new.a.test', 60, 'A', '203.0.113.99')]))])
            tap.contains(t.coverage('a.test')[-1][1], 'content changed under an unmoved serial')


try:
    tap.main(sys.modules[__name__])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
