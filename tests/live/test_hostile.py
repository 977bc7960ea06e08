#!/usr/bin/env python3
"""A server that transfers zones wrongly, in every way that we know: each row of ROWS is what it does and the words of the gap that must come of
it (None: it is allowed, and the zone is taken). All rows are zones of one source, so each also shows that the others go on. The signatures are made
here with Python's hmac alone."""
import base64, datetime, hashlib, hmac, os, socket, struct, sys, threading, time

import tap
from estate import Estate
from live import secret

KEY, SECRET = b'\x06reader\x00', base64.b64decode(secret('reader'))
SHA256 = b'\x0bhmac-sha256\x00'
A, SOA, OPT, TSIG = 1, 6, 41, 250


def name(text):
    return b''.join(bytes([len(l)]) + l.encode() for l in text.split('.') if l) + b'\0'


def rr(owner, kind, rdata, ttl=60, cls=1):
    return owner + struct.pack('>HHIH', kind, cls, ttl, len(rdata)) + rdata


def soa(zone, serial=1):
    return rr(name(zone), SOA, b'\0\0' + struct.pack('>IIIII', serial, 1, 1, 1, 1))


def a(zone, n=1, **more):
    return rr(name('h%d.%s' % (n, zone)), A, struct.pack('>I', 0xc0000200 + n % 256), **more)


class Message:
    """flags, question and records; what is wrong with its signature: sign (False: none), key, mac_key, cut, error, other, time, twice, after
    (a record behind the TSIG), tamper."""

    def __init__(self, answers=(), flags=0x8400, question=True, extra=(), authority=(), **wrong):
        self.answers, self.flags, self.question, self.extra, self.authority, self.wrong = list(answers), flags, question, list(extra), list(authority), wrong

    def plain(self, asked):
        q = asked.question if self.question is True else (self.question or b'')
        ident = self.wrong.get('id', asked.id)
        return struct.pack('>HHHHHH', ident, self.flags, 1 if q else 0, len(self.answers), len(self.authority), len(self.extra)) + q + \
            b''.join(self.answers + self.authority + self.extra)


class Asked:
    def __init__(self, data):
        self.data, self.id = data, struct.unpack('>H', data[:2])[0]
        at = 12
        labels = []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += 1 + data[at]
        self.zone = '.'.join(labels)
        self.question = data[12:at + 5]
        where = data.rindex(KEY + struct.pack('>HH', TSIG, 255))
        at = where + len(KEY) + 10 + len(SHA256)
        self.time = int.from_bytes(data[at:at + 6], 'big')
        n = struct.unpack('>H', data[at + 8:at + 10])[0]
        self.mac = data[at + 10:at + 10 + n]


def tsig(key, when, mac, ident, error, other, cls=255):
    rdata = SHA256 + when.to_bytes(6, 'big') + struct.pack('>HH', 300, len(mac)) + mac + struct.pack('>HHH', ident, error, len(other)) + other
    return rr(key, TSIG, rdata, 0, cls)


def answer(asked, messages):
    """The messages as they are sent, each signed over the one before (RFC 8945, 5.3.1)."""
    prior, hold, out, signed = asked.mac, b'', [], 0
    for m in messages:
        if isinstance(m, bytes):
            out.append(m)
            continue
        w, data = m.wrong, m.plain(asked)
        if w.get('sign') is False:
            hold += data
            out.append(data)
            continue
        when, error, other, key = asked.time + w.get('late', 0), w.get('error', 0), w.get('other', b''), w.get('key', KEY)
        timers = when.to_bytes(6, 'big') + struct.pack('>H', 300)
        tail = timers if signed else key + struct.pack('>HI', 255, 0) + SHA256 + timers + struct.pack('>HH', error, len(other)) + other
        original = struct.pack('>H', asked.id) + data[2:]
        mac = hmac.new(w.get('mac_key', SECRET), struct.pack('>H', len(prior)) + prior + hold + original + tail, hashlib.sha256).digest()
        prior, hold, signed = mac, b'', signed + 1
        mac = mac[:w.get('cut', 32)]
        records = tsig(key, when, mac, asked.id, error, other) * (2 if w.get('twice') else 1) + w.get('after', b'')
        n = struct.unpack('>H', data[10:12])[0] + (2 if w.get('twice') else 1) + (1 if w.get('after') else 0)
        data = data[:10] + struct.pack('>H', n) + data[12:] + records
        if 'tamper' in w:
            at = w['tamper'] % len(data)
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        out.append(data)
    return out


# --- the table ---

M = Message


def zone3(z, **middle):
    """Three messages, the middle one as told."""
    return [M([soa(z), a(z, 1)]), M([a(z, 2)], **middle), M([a(z, 3), soa(z)])]


def many(z, n):
    """n unsigned messages between the first and the last."""
    return [M([soa(z)])] + [M([a(z, i)], sign=False) for i in range(n)] + [M([soa(z)])]


def padded(z):
    """OPT with padding (RFC 7830), in every message, one of them empty (RFC 9103, 6.3)."""
    opt = rr(b'\0', OPT, struct.pack('>HH', 12, 60) + bytes(60), 0, 1232)
    return [M([soa(z)], extra=[opt]), M(extra=[opt]), M([a(z), soa(z)], extra=[opt])]


def large(z):
    """A message of almost 64 KiB."""
    text = rr(name('t.' + z), 16, (b'\xff' + b'x' * 255) * 250)
    return [M([soa(z), text]), M([soa(z)])]


def loop(z):
    at = 12 + len(name(z)) + 4 + len(soa(z))
    return [M([soa(z), rr(struct.pack('>H', 0xc000 | at), A, b'\1\2\3\4'), soa(z)])]


SERVERTIME = (1893456000).to_bytes(6, 'big')
ROWS = [
    # --- allowed ---
    ('honest', lambda z: zone3(z), None),
    ('99 unsigned messages', lambda z: many(z, 99), None),
    ('one record in each message', lambda z: [M([soa(z)]), M([a(z)]), M([soa(z)])], None),
    ('padding, OPT, a message without records', padded, None),
    ('an empty zone', lambda z: [M([soa(z), soa(z)])], None),
    ('64 KiB', large, None),
    ('later messages without a question', lambda z: [M([soa(z)]), M([a(z), soa(z)], question=False)], None),
    ('no AA, as Knot', lambda z: [M([soa(z), a(z), soa(z)], flags=0x8000)], None),
    # --- who answered ---
    ('an unsigned message that was signed', lambda z: [M([soa(z)]), answer_later(z), M([soa(z)])], 'BADSIG: the signature does not verify'),
    ('100 unsigned messages', lambda z: many(z, 100), 'message 101: more than 99 messages in a row are not signed (RFC 8945, 5.3.1)'),
    ('the first unsigned', lambda z: [M([soa(z)], sign=False), M([soa(z)])], 'the first message is not signed (RFC 8945, 5.3.1)'),
    ('the last unsigned', lambda z: [M([soa(z)]), M([soa(z)], sign=False)], 'the last message is not signed (RFC 8945, 5.3.1)'),
    ('all unsigned', lambda z: [M([soa(z), a(z), soa(z)], sign=False)], 'the first message is not signed (RFC 8945, 5.3.1)'),
    ('a wrong MAC', lambda z: zone3(z, tamper=-20), 'BADSIG: the signature does not verify'),
    ('changed content', lambda z: zone3(z, tamper=30), 'message 2: '),
    ('another secret', lambda z: zone3(z, mac_key=b'x' * 32), 'message 2: BADSIG: the signature does not verify'),
    ('another key', lambda z: [M([soa(z), soa(z)], key=b'\5other\0')], 'BADKEY: signed with key "other", expected "reader"'),
    ('a short MAC', lambda z: [M([soa(z), soa(z)], cut=16)], 'BADTRUNC: MAC of 16 bytes, expected all 32'),
    ('a MAC of nothing', lambda z: [M([soa(z), soa(z)], cut=0)], 'MAC'),
    ('an hour late', lambda z: [M([soa(z), soa(z)], late=3600)], 'BADTIME: signed 3600 seconds away from our clock'),
    ('time that goes back', lambda z: zone3(z, late=-5), 'BADTIME: signed 5 seconds before the message in front of it'),
    ('TSIG twice', lambda z: [M([soa(z), soa(z)], twice=True)], 'TSIG'),
    ('TSIG not last', lambda z: [M([soa(z), soa(z)], after=rr(b'\0', OPT, b'', 0, 1232))], 'TSIG'),
    # --- what it says of our signature ---
    ('BADSIG', lambda z: [M(flags=0x8409, cut=0, error=16)], 'the server answered NOTAUTH, TSIG error BADSIG'),
    ('BADKEY', lambda z: [M(flags=0x8409, cut=0, error=17)], 'the server answered NOTAUTH, TSIG error BADKEY'),
    ('BADTIME', lambda z: [M(flags=0x8409, error=18, other=SERVERTIME)], 'the server answered NOTAUTH, TSIG error BADTIME'),
    ('BADTRUNC', lambda z: [M(flags=0x8409, error=22)], 'the server answered NOTAUTH, TSIG error BADTRUNC'),
    # --- is it an answer, and to this ---
    ('another ID', lambda z: [M([soa(z), soa(z)], id=1)], 'not an answer to our query (ID 1, asked with '),
    ('another question', lambda z: [M([soa(z), soa(z)], question=name('other.test') + b'\0\xfc\0\1')], 'the answer is to another question'),
    ('another type asked', lambda z: [M([soa(z), soa(z)], question=name(z) + b'\0\1\0\1')], 'the answer is to another question'),
    ('no question', lambda z: [M([soa(z), soa(z)], question=False)], 'expected one question, got 0'),
    ('a query', lambda z: [M([soa(z), soa(z)], flags=0x0400)], 'not an answer to our query'),
    ('truncated', lambda z: [M([soa(z), soa(z)], flags=0x8600)], 'the answer is marked as truncated'),
    ('SERVFAIL in the middle', lambda z: zone3(z, flags=0x8402), 'the server answered SERVFAIL'),
    ('REFUSED in the middle', lambda z: zone3(z, flags=0x8405), 'message 2: the server answered REFUSED'),
    ('REFUSED', lambda z: [M(flags=0x8405)], 'the server answered REFUSED'),
    ('NOTAUTH', lambda z: [M(flags=0x8409)], 'the server answered NOTAUTH'),
    # --- is it whole, and only that ---
    ('no last SOA', lambda z: [M([soa(z), a(z)])], 'the connection was closed before the answer was complete, after 1 messages'),
    ('cut in a message', lambda z: [M([soa(z), a(z)]), b'CUT'], 'the connection was closed before the answer was complete, after 1 messages'),
    ('nothing at all', lambda z: [], 'the connection was closed before the answer was complete, after 0 messages'),
    ('no first SOA', lambda z: [M([a(z), soa(z)])], 'the first record is A, expected the SOA'),
    ('another serial at the end', lambda z: [M([soa(z), a(z), soa(z, 2)])], 'the last SOA differs from the first (serials 1 and 2)'),
    ('a record behind the end', lambda z: [M([soa(z), soa(z), a(z)])], 'a record stands behind the last SOA'),
    ('another zone inside', lambda z: [M([soa(z), a('elsewhere.test'), soa(z)])], 'record at "h1.elsewhere.test" is outside the zone'),
    ('the parent inside', lambda z: [M([soa(z), rr(name('test'), A, b'\1\2\3\4'), soa(z)])], 'record at "test" is outside the zone'),
    ('another class', lambda z: [M([soa(z), a(z, cls=3), soa(z)])], 'a A record of class 3 has no place in a zone'),
    ('OPT as an answer', lambda z: [M([soa(z), rr(b'\0', OPT, b'', 0, 1232), soa(z)])], 'outside the zone'),
    ('a SOA below the apex', lambda z: [M([soa(z), soa('sub.' + z), soa(z)])], 'SOA at "sub.'),
    ('records as authority', lambda z: [M([soa(z), soa(z)], authority=[a(z)])], 'records stand in the authority section (RFC 5936, 2.2.4)'),
    ('a compression loop', loop, 'compression pointer does not lead backwards'),
    ('rdata longer than the message', lambda z: [M([soa(z), name('h.' + z) + struct.pack('>HHIH', A, 1, 60, 999)])], 'RDLENGTH 999 runs past the message'),
    ('bytes behind the last record', lambda z: [M([soa(z)]), struct.pack('>HHHHHH', 0, 0x8400, 0, 0, 0, 0) + b'more'], 'bytes behind its last record'),
    ('a message of 11 bytes', lambda z: [M([soa(z)]), b'x' * 11], '11 bytes are no DNS message'),
    ('a message of no bytes', lambda z: [M([soa(z)]), b''], '0 bytes are no DNS message'),
]

# Differences, asked from serial 1 that an honest zone set: what the server says then.
DIFFERENCES = [
    ('one step', lambda z: [M([soa(z, 2), soa(z, 1), soa(z, 2), a(z, 9), soa(z, 2)])], None),
    ('nothing newer', lambda z: [M([soa(z, 1)])], None),
    ('serials that do not chain', lambda z: [M([soa(z, 4), soa(z, 1), soa(z, 2), soa(z, 3), soa(z, 4), soa(z, 4)])], 'differences to serial 2 are followed by differences from 3'),
    ('from another serial', lambda z: [M([soa(z, 4), soa(z, 3), soa(z, 4), soa(z, 4)])], 'differences begin at serial 3, asked from 1'),
    ('to the same serial', lambda z: [M([soa(z, 4), soa(z, 1), soa(z, 1), soa(z, 4)])], 'differences from serial 1 lead to the same serial'),
    ('past the newest', lambda z: [M([soa(z, 2), soa(z, 1), soa(z, 3), soa(z, 3), soa(z, 2), soa(z, 2)])], 'differences lead from serial 3 back to 2'),
    ('newest first', lambda z: [M([soa(z, 3), soa(z, 2), soa(z, 3), soa(z, 1), soa(z, 2), soa(z, 3)])], 'differences begin at serial 2, asked from 1'),
    ('cut in the additions', lambda z: [M([soa(z, 2), soa(z, 1), soa(z, 2), a(z, 2)])], 'the connection was closed before the answer was complete'),
    ('unsigned in the middle', lambda z: [M([soa(z, 2), soa(z, 1)]), answer_later(z), M([soa(z, 2), soa(z, 2)])], 'BADSIG'),
    ('a record of another zone', lambda z: [M([soa(z, 2), soa(z, 1), a('x.test'), soa(z, 2), soa(z, 2)])], 'is outside the zone'),
    ('removal of what is not there', lambda z: [M([soa(z, 2), soa(z, 1), a(z, 77), soa(z, 2), soa(z, 2)])], 'records of the differences that do not fit the content known: 1'),
]


def refusal(z, rcode, ede=None):
    opt = rr(b'\0', OPT, struct.pack('>HHH', 15, 2, ede), 0, 1232) if ede is not None else None
    return [M(flags=0x8400 | rcode, extra=[opt] if opt else [])]


# Servers that tell no differences from serial 1: then the whole zone is asked for, and the reason says what is lost.
FALLBACKS = [
    ('REFUSED, not supported', lambda z: refusal(z, 5, 21), 'history not served: IXFR from 1 was answered REFUSED, EDE 21 Not Supported'),
    ('REFUSED', lambda z: refusal(z, 5), 'history not served: IXFR from 1 was answered REFUSED'),
    ('NOTIMP', lambda z: refusal(z, 4), 'history not served: IXFR from 1 was answered NOTIMP'),
    ('FORMERR', lambda z: refusal(z, 1), 'history not served: IXFR from 1 was answered FORMERR'),
    ('the whole zone', lambda z: newer(z), 'history not served: IXFR from 1 was answered with the whole zone: the server no longer tells 4 steps to 5'),
    ('many serials in one step', lambda z: [M([soa(z, 5), soa(z, 1), soa(z, 5), a(z, 9), soa(z, 5)])], 'serial 1 to 5: 4 serials in one step'),
]


def newer(z):
    """What zone3() has become since."""
    return [M([soa(z, 5), a(z, 1), a(z, 2), a(z, 3), a(z, 9), soa(z, 5)])]


def answer_later(z):
    """A message whose signature somebody cut off: the next one is signed over it as if it had been there."""
    return M([a(z, 2)], strip=True)


class Server:
    """Answers each connection with its zone's row; the first time, or only then, honestly for DIFFERENCES."""

    def __init__(self):
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.faults, self.known = [], set()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            c.settimeout(10)
            try:
                self.one(c)
            except OSError:                # the collector hangs up where it refuses
                pass
            except Exception as e:
                self.faults.append(repr(e))
            c.close()

    def one(self, c):
        data = b''
        while len(data) < 2 or len(data) < 2 + struct.unpack('>H', data[:2])[0]:
            more = c.recv(65536)
            if not more:
                return
            data += more
        asked = Asked(data[2:])
        kind, n = asked.zone[0], int(asked.zone[1:3])
        row = {'r': ROWS, 'd': DIFFERENCES, 'f': FALLBACKS}[kind][n]
        if kind != 'r' and asked.question.endswith(b'\0\xfc\0\1'):
            messages = newer(asked.zone) if asked.zone in self.known else zone3(asked.zone)
            self.known.add(asked.zone)
        else:
            messages = row[1](asked.zone)
        sent = answer(asked, messages)
        for m, b in zip(messages, sent):
            if isinstance(m, Message) and m.wrong.get('strip'):
                b = m.plain(asked)
            c.sendall(b'\0\x50cut' if b == b'CUT' else struct.pack('>H', len(b)) + b)
        c.shutdown(socket.SHUT_WR)
        c.recv(1)


def now(later=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=later)).strftime('%Y-%m-%dT%H:%M:%SZ')


def estate(server, zones):
    e = Estate(now(), zones[0])
    e.env['AUDIT_KEY'] = secret('reader')
    e.write('affidavit.yaml', 'organisation: Example\ncontact: a@a.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n  - name: ns1\n    type: dns-transfer\n'
            '    server: 127.0.0.1\n    port: %d\n    zones: [%s]\n    content_check: never\n    tsig: {name: reader, secret: "env:AUDIT_KEY"}\n' % (server.port, ', '.join(zones)))
    e.write('inventory.yaml', 'domains:\n' + ''.join('  - name: %s\n    owner: x\n' % z for z in zones))
    return e


def judge(e, rows, zones, taken):
    """taken: zones of which something was kept in this look."""
    faults = []
    for (title, _, reason), zone in zip(rows, zones):
        gaps = [r for g, r in e.sql("SELECT grade, reason FROM coverage WHERE evidence = 'zone-changes' AND scope = ? ORDER BY id", zone) if g == 0]
        if reason is None and (gaps or zone not in taken):
            faults.append('%s: allowed, but %s' % (title, gaps))
        elif reason is not None and not any(reason in r for r in gaps):
            faults.append('%s: expected %r, got %s' % (title, reason, gaps))
        elif reason is not None and zone in taken and 'do not fit' not in reason:
            faults.append('%s: something was kept' % title)
    if faults:
        raise AssertionError('\n'.join(faults))


def case_each_wrong_is_refused_with_its_reason_and_the_other_zones_go_on():
    server, zones = Server(), ['r%02d.test' % i for i in range(len(ROWS))]
    with estate(server, zones) as e:
        e.must('collect', code=3)
        judge(e, ROWS, zones, {z for z, in e.sql('SELECT name FROM zone')})
        tap.equal(e.sql("SELECT subject, number, value FROM observation WHERE name = 'unsigned-messages'"),
                  [('r01.test', 99, '99 of 101 messages without TSIG, which must be on all (RFC 8945, 5.3.1)')])
        tap.equal(e.sql("SELECT subject FROM observation WHERE name = 'without-aa'"), [('r07.test',)])
    server.socket.close()
    tap.equal(server.faults, [], 'faults of the server made for the test')


def case_wrong_differences_are_refused_and_the_state_stays():
    server, zones = Server(), ['d%02d.test' % i for i in range(len(DIFFERENCES))]
    with estate(server, zones) as e:
        e.must('collect')
        before = {z: e.sql('SELECT owner, type, rdata FROM record WHERE zone = ? ORDER BY 1, 2, 3', z) for z in zones}
        e.at = now(60)
        e.must('collect', code=3)
        seen = {z for z, in e.sql("SELECT subject FROM observation WHERE name = 'channel' GROUP BY subject HAVING count(*) = 2")}
        judge(e, DIFFERENCES, zones, seen)
        for zone in zones[2:]:
            tap.equal(e.sql('SELECT owner, type, rdata FROM record WHERE zone = ? ORDER BY 1, 2, 3', zone), before[zone], zone)
    server.socket.close()


def case_what_is_lost_without_differences_is_said():
    server, zones = Server(), ['f%02d.test' % i for i in range(len(FALLBACKS))]
    with estate(server, zones) as e:
        e.must('collect')
        e.at = now(60)
        e.must('collect')
        for (title, _, reason), zone in zip(FALLBACKS, zones):
            got = e.sql("SELECT grade, reason FROM coverage WHERE evidence = 'zone-changes' AND scope = ? ORDER BY id", zone)
            if [g for g, _ in got] != [1] or not got[0][1].startswith(reason):
                raise AssertionError('%s: expected %r, got %s' % (title, reason, got))
            tap.equal(e.sql('SELECT op, owner FROM change_record WHERE zone = ?', zone), [('add', 'h9.' + zone)], title)
    server.socket.close()


tap.main(sys.modules[__name__])
