#!/usr/bin/env python3
"""The servers that other tests drive: each starts, takes updates, gives its zone and stops; as root and as a user."""
import os, shutil, subprocess, sys, tempfile

import tap
from livebind import Bind
from liveknot import Knot
from livensd import Nsd
from livepdns import Pdns

ZONE = '$TTL 300\n@ IN SOA ns1 host 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.1\n'
GRANTS = [('alice', None, None), ('acme', ['_acme-challenge.a.test'], ['TXT'])]
WEAK = os.environ.get('LIVE_AS_USER')        # what is run again as a user


def drive(server, limits=True):
    server.update('alice', ['zone a.test', 'update add new.a.test 60 A 192.0.2.9'])
    server.update('acme', ['zone a.test', 'update add _acme-challenge.a.test 60 TXT token'])
    server.nsupdate('alice', ['zone a.test', 'update add x.a.test 60 A 192.0.2.9'], expect=2, secret_of='mallory')
    server.nsupdate(None, ['zone a.test', 'update add x.a.test 60 A 192.0.2.9'], expect=2)
    if limits:
        server.update('acme', ['zone a.test', 'update add www.a.test 60 A 192.0.2.99'], expect=2)
    text = '\n'.join(server.axfr('a.test'))
    for part in ('new.a.test.', '_acme-challenge.a.test.', '"token"'):
        tap.contains(text, part)
    if '\nx.a.test.' in text or '192.0.2.99' in text:
        raise AssertionError(text)


def with_folder(cls, f):
    if not cls.there():
        raise tap.Skip('%s is not here' % cls.programs[0])
    folder = tempfile.mkdtemp(prefix='afd-live-')
    try:
        f(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bind(folder):
    with Bind(folder, {'a.test': (ZONE, GRANTS)}, ['alice', 'acme'], 'reader', dnstap=True, statistics=True) as s:
        drive(s)
        tap.equal(s.serial('a.test'), 3)
        tap.equal(len(s.rolled()), 1, 'files of dnstap')


def knot(folder):
    with Knot(folder, {'a.test': (ZONE, GRANTS), 's.test': (ZONE, [], {'dnssec-signing': 'on'})}, ['alice', 'acme'], 'reader', depth=30) as s:
        drive(s)
        tap.equal(s.serial('a.test'), 3)
        tap.contains(s.read('knot.log').replace("'", ''), 'key acme.')     # 3.4 writes names without quotes
        tap.contains(s.journal('a.test', '-d'), '2 -> 3')


def nsd(folder):
    if not Bind.there():
        raise tap.Skip('no BIND to be its primary')
    with Bind(folder + '/b', {'a.test': (ZONE, GRANTS)}, ['alice', 'acme'], 'reader') as b, \
         Nsd(folder + '/n', {'a.test': (None, b), 'l.test': (ZONE, None)}, 'reader') as s:
        drive(b)
        s.follow('a.test')
        tap.equal(s.serial('a.test'), 3)
        tap.equal(len(s.history('a.test')) >= 1, True, 'files of differences')
        s.edit('l.test', ZONE.replace('host 1', 'host 2').replace('192.0.2.1\n', '192.0.2.2\n'))
        tap.equal(len(s.history('l.test')), 1, 'files of differences')


def pdns(folder):
    with Pdns(folder, {'a.test': (ZONE, GRANTS)}, ['alice', 'acme'], 'reader') as s:
        drive(s, limits=False)
        before = s.serial('a.test')
        s.replace('a.test', 'www.a.test', 'A', 60, ['192.0.2.77'], ('bob', 'ticket 1'))
        tap.equal(s.serial('a.test'), before)
        tap.contains('\n'.join(s.axfr('a.test')), '192.0.2.77')


def case_bind():
    with_folder(Bind, bind)


def case_knot():
    with_folder(Knot, knot)


def case_nsd():
    with_folder(Nsd, nsd)


def case_powerdns():
    with_folder(Pdns, pdns)


def case_all_of_them_as_a_user():
    if os.getuid() != 0 or WEAK:
        raise tap.Skip('not root')
    if not os.path.exists('/usr/bin/python3'):
        raise tap.Skip('no Python that a user may run')
    r = subprocess.run(['/usr/bin/python3', os.path.abspath(__file__)], user='nobody', group='nogroup', extra_groups=[], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       env=dict(os.environ, LIVE_AS_USER='1', HOME='/'))
    if r.returncode != 0:
        raise AssertionError(r.stdout.decode())


tap.main(sys.modules[__name__])
