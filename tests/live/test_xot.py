#!/usr/bin/env python3
"""Zone transfers in TLS (RFC 9103): against BIND, Knot and NSD, and against servers that do it wrong. Each row of HOSTILE is a server, what we
were told to expect of it, and the words that the gap must hold."""
import datetime, os, shutil, socket, ssl, struct, subprocess, sys, tempfile

import tap
from estate import Estate
from hostiletls import Certificates, TlsServer
from live import free_port
from livebind import Bind, secret
from liveknot import Knot
from livensd import Nsd

HOST = 'ns1.a.test'
ZONE = '$TTL 300\n@ IN SOA ns1 host 1 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.1\n'
FOLDER = tempfile.mkdtemp(prefix='afd-xot-')
pki = Certificates(os.path.join(FOLDER, 'pki'))
GOOD, OTHER = pki.make('good', HOST), pki.make('other', 'ns9.b.test')
OLD, SELF = pki.make('old', HOST, days=-1), pki.make('self', HOST, root=None)
CLIENT = pki.make('client', 'collector.a.test', use='clientAuth')
ROOT, PIN = pki.path('root.pem'), pki.pin('good')


def now(later=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=later)).strftime('%Y-%m-%dT%H:%M:%SZ')


def collect(sources, code=0, twice=False):
    """sources: [(port, tls, zone, tsig)], one collection for all of them: {zone: [(grade, reason)]}, {zone: channel}, output."""
    with Estate(now(), 'a.test') as e:
        e.env['AUDIT_KEY'] = secret('reader')
        e.write('affidavit.yaml', 'organisation: Example\ncontact: a@a.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n' + ''.join(
            '  - name: s%d\n    type: dns-transfer\n    server: 127.0.0.1\n    port: %d\n    zones: [%s]\n    tls: %s\n%s' %
            (i, port, zone, how, '    tsig: {name: reader, secret: "env:AUDIT_KEY"}\n' if tsig else '') for i, (port, how, zone, tsig) in enumerate(sources)))
        e.write('inventory.yaml', 'domains:\n  - name: a.test\n    owner: x\n')
        out = e.must('collect', code=code)
        if twice:                      # a second look says what the first is worth
            e.at = now(60)
            out += e.must('collect')
        coverage = {}
        for zone, grade, reason in e.sql("SELECT scope, grade, reason FROM coverage WHERE evidence = 'zone-changes' ORDER BY id"):
            coverage.setdefault(zone, []).append((grade, reason))
        return coverage, dict(e.sql("SELECT subject, value FROM observation WHERE kind = 'transfer' AND name = 'channel'")), out


def tls(**fields):
    return '{%s}' % ', '.join('%s: "%s"' % kv for kv in fields.items())


NAME = tls(name=HOST, ca_file=ROOT)


# --- real servers ---

def proven(rows):
    """rows: [(port, tls, zone, tsig, channel)]: each is taken and compared, over that channel."""
    coverage, channels, out = collect([r[:4] for r in rows], twice=True)
    for port, _, zone, tsig, how in rows:
        tap.equal(channels.get(zone), 'tls1.3 127.0.0.1:%d alpn dot %s %s' % (port, how, 'tsig hmac-sha256 reader' if tsig else 'no tsig'))
        grades = [g for g, _ in coverage.get(zone, [])]
        if 3 not in grades or 0 in grades:
            raise AssertionError('%s: %s\n%s' % (zone, coverage, out))


def refused_by(port, reason):
    coverage, _, _ = collect([(port, NAME, 'a.test', True)], code=3)
    tap.contains(coverage['a.test'][0][1], reason)


def case_bind():
    if not Bind.there():
        raise tap.Skip('no BIND here')
    class Open(Bind):
        def options(self):
            return super().options().replace('allow-transfer { key "reader"; };', 'allow-transfer { any; };')
    zones = {z: (ZONE, []) for z in ('a.test', 'b.test', 'c.test', 'd.test')}
    zones['e.test'] = (ZONE + ''.join('h%d TXT "%s"\n' % (i, 'x' * 200) for i in range(1500)), [])
    with Open(os.path.join(FOLDER, 'bind'), zones, [], 'reader', tls=GOOD) as s:
        proven([(s.tls_port, NAME, 'a.test', True, 'name ' + HOST), (s.tls_port, tls(pin=PIN), 'b.test', True, 'pin'),
                (s.tls_port, tls(name=HOST, ca_file=ROOT, pin=PIN), 'c.test', True, 'name %s pin' % HOST),
                (s.tls_port, NAME, 'e.test', True, 'name ' + HOST),        # many messages
                # without TSIG it is TLS that shows who answered
                (s.tls_port, NAME, 'd.test', False, 'name ' + HOST)])


def case_bind_that_wants_our_certificate():
    if not Bind.there():
        raise tap.Skip('no BIND here')
    with Bind(os.path.join(FOLDER, 'mutual'), {'a.test': (ZONE, [])}, [], 'reader', tls=GOOD, tls_ca=ROOT) as s:
        proven([(s.tls_port, tls(name=HOST, ca_file=ROOT, cert=CLIENT[0], key=CLIENT[1]), 'a.test', True, 'name ' + HOST)])
        refused_by(s.tls_port, 'the server wants a certificate of ours: tls.cert and tls.key')


def case_knot():
    version = subprocess.run(['knotd', '--version'], stdout=subprocess.PIPE).stdout.decode() if Knot.there() else ''
    if not version or tuple(int(n) for n in version.split()[-1].split('.')[:2]) < (3, 4):
        raise tap.Skip('needs Knot 3.4')
    port = free_port()
    s = Knot(os.path.join(FOLDER, 'knot'), {'a.test': (ZONE, [])}, [], 'reader')
    s.write('knot.conf', s.read('knot.conf').replace('    background-workers', '    listen-tls: 127.0.0.1@%d\n    cert-file: %s\n    key-file: %s\n    background-workers'
                                                     % (port, GOOD[0], GOOD[1]), 1))
    with s:
        proven([(port, NAME, 'a.test', True, 'name ' + HOST)])


def case_nsd():
    if not Nsd.there():
        raise tap.Skip('no NSD here')
    with Nsd(os.path.join(FOLDER, 'nsd'), {'a.test': (ZONE, None)}, 'reader', tls=GOOD) as s:
        context = ssl.create_default_context(cafile=ROOT)
        context.set_alpn_protocols(['dot'])
        with socket.create_connection(('127.0.0.1', s.tls_port)) as c, context.wrap_socket(c, server_hostname=HOST) as t:
            selects = t.selected_alpn_protocol()
        if selects == 'dot':
            proven([(s.tls_port, NAME, 'a.test', True, 'name ' + HOST)])
        else:                          # NSD 4.6 selects none: that is no transfer by XoT
            refused_by(s.tls_port, 'the server selected no application protocol, expected ALPN "dot" (RFC 9103, 7.1)')


# --- servers that do it wrong ---

def zone(query):
    """A small zone, unsigned, in two messages."""
    head = query[:2] + b'\x84\0'
    at = query.index(b'\0', 12) + 5
    soa = b'\xc0\x0c' + struct.pack('>HHIH', 6, 1, 60, 22) + b'\0\0' + struct.pack('>IIIII', 1, 1, 1, 1, 1)
    a = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + b'\xc0\0\2\1'
    return [head + struct.pack('>HHHH', 1, 2, 0, 0) + query[12:at] + soa + a, head + struct.pack('>HHHH', 1, 1, 0, 0) + query[12:at] + soa]


def refused(query):
    """REFUSED with an extended error 21, as RFC 9103, 7.8 has it."""
    at = query.index(b'\0', 12) + 5
    return [query[:2] + b'\x84\5' + struct.pack('>HHHH', 1, 0, 0, 1) + query[12:at] + b'\0\0\x29\4\xd0\0\0\0\0\0\x06\0\x0f\0\2\0\x15']


V12 = ssl.TLSVersion.TLSv1_2
HOSTILE = [
    ('an honest one', GOOD, {}, NAME, None),
    ('an honest one by its pin', SELF, {}, tls(pin=pki.pin('self')), None),
    ('expired, but by its pin', OLD, {}, tls(pin=pki.pin('old')), None),
    ('no ALPN', GOOD, {'alpn': ()}, NAME, 'the server selected no application protocol, expected ALPN "dot" (RFC 9103, 7.1)'),
    ('no ALPN, by its pin', GOOD, {'alpn': ()}, tls(pin=PIN), 'the server selected no application protocol, expected ALPN "dot" (RFC 9103, 7.1)'),
    ('another ALPN', GOOD, {'alpn': ('h2',)}, NAME, 'ALPN "dot" (RFC 9103, 7.1)'),
    ('TLS 1.2 only', GOOD, {'newest': V12}, NAME, 'the server speaks no TLS 1.3, which a transfer needs (RFC 9103, 7.2)'),
    ('another name', OTHER, {}, NAME, "the server's certificate is for ns9.b.test, expected ns1.a.test"),
    ('another pin', GOOD, {}, tls(pin=pki.pin('other')), "the server's key has the pin %s, expected %s" % (PIN, pki.pin('other'))),
    ('the name, but another pin', GOOD, {}, tls(name=HOST, ca_file=ROOT, pin=pki.pin('other')), "the server's key has the pin " + PIN),
    ('the pin, but another name', OTHER, {}, tls(name=HOST, ca_file=ROOT, pin=pki.pin('other')), "the server's certificate is for ns9.b.test"),
    ('expired', OLD, {}, NAME, "the server's certificate expired at 20"),
    ('signed by itself', SELF, {}, NAME, "the server's certificate does not lead to the roots of tls.ca_file: self-signed certificate"),
    ('of an authority that the system does not know', GOOD, {}, tls(name=HOST), "the server's certificate does not lead to a root of this system: "),
    ('no TLS', GOOD, {'clear': True}, NAME, 'what the server answered is no TLS: is this its port for plain TCP?'),
    ('cut before anything', GOOD, {'cut': 0}, NAME, 'the TLS connection was cut without close_notify before the answer was complete'),
    ('cut in a message', GOOD, {'cut': 20}, NAME, 'the TLS connection was cut without close_notify before the answer was complete'),
    ('cut between messages', GOOD, {'cut': 'half'}, NAME, 'the TLS connection was cut without close_notify before the answer was complete'),
    ('ended early', GOOD, {'answer': lambda q: zone(q)[:1]}, NAME, 'the connection was closed before the answer was complete, after 1 messages'),
    ('no transfers here', GOOD, {'answer': refused}, NAME, 'the server answered REFUSED, EDE 21 Not Supported'),
    ('wants our certificate', GOOD, {'client_ca': ROOT}, NAME, 'the server wants a certificate of ours: tls.cert and tls.key'),
    ('gets our certificate', GOOD, {'client_ca': ROOT}, tls(name=HOST, ca_file=ROOT, cert=CLIENT[0], key=CLIENT[1]), None),
    ('does not take our certificate', GOOD, {'client_ca': ROOT}, tls(name=HOST, ca_file=ROOT, cert=SELF[0], key=SELF[1]), 'our certificate (tls.cert)'),
    ('our key of another certificate', GOOD, {}, tls(name=HOST, ca_file=ROOT, cert=CLIENT[0], key=SELF[1]), 'this key does not belong to the certificate'),
    ('roots that are none', GOOD, {}, tls(name=HOST, ca_file=GOOD[1]), 'expected certificates in PEM, found none'),
    ('a pin that is none', GOOD, {}, tls(pin='abcd'), 'tls.pin: expected base64 of 32 bytes, got "abcd"'),
]


def case_what_is_done_wrong_is_refused_with_a_reason_and_the_others_go_on():
    servers, sources = [], []
    for i, (title, pair, how, ours, reason) in enumerate(HOSTILE):
        how = dict(how)
        if how.get('cut') == 'half':
            how['cut'] = 2 + len(zone(b'\0' * 12 + b'\3r00\4test\0\0\xfc\0\1')[0])
        servers.append(TlsServer(pair, how.pop('answer', zone), **how))
        sources.append((servers[-1].port, ours, 'r%02d.test' % i, False))
    coverage, channels, out = collect(sources, code=3)
    for s in servers:
        s.close()
    faults = []
    for (title, _, _, _, reason), (_, _, name, _) in zip(HOSTILE, sources):
        said = coverage.get(name, [])
        if reason is None and (name not in channels or said):
            faults.append('%s: %s' % (title, said))
        elif reason is not None and (name in channels or not any(g == 0 and reason in r for g, r in said)):
            faults.append('%s: expected %r, got %s' % (title, reason, said))
    if faults:
        raise AssertionError('\n'.join(faults))


try:
    tap.main(sys.modules[__name__])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
