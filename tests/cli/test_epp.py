#!/usr/bin/env python3
"""EPP against a server with client certificates: states, the queue, and a registry that misbehaves."""
import os, struct, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from eppserver import LOGIN_SEC, CHANGE_POLL, EppServer, change, domain, queue, response
from estate import Estate

SECRET = 's3cret-transfer-code'
CONFIG = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: epp, type: %s, server: 127.0.0.1, port: %d, client_id: registrar-1, password: "env:EPP_PW",
     tls: {name: epp.test, ca_file: ca.pem, cert: %s, key: client.key}%s}
'''
DAY = '2026-07-%02dT12:00:00Z'


def openssl(folder, *words):
    subprocess.run(['openssl'] + list(words), cwd=folder, check=True, capture_output=True)


def make_pki():
    folder = tempfile.mkdtemp(prefix='afd-epp-')
    for ca in ('ca', 'other'):
        openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', ca + '.key', '-out', ca + '.pem', '-subj', '/CN=' + ca, '-days', '30')
    for name, ca, more in (('server', 'ca', 'subjectAltName=DNS:epp.test'), ('client', 'ca', 'extendedKeyUsage=clientAuth'), ('stranger', 'other', 'extendedKeyUsage=clientAuth')):
        openssl(folder, 'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name + '.key', '-out', name + '.csr', '-subj', '/CN=' + name)
        with open(os.path.join(folder, 'ext'), 'w') as f:
            f.write(more)
        openssl(folder, 'x509', '-req', '-in', name + '.csr', '-CA', ca + '.pem', '-CAkey', ca + '.key', '-out', name + '.pem', '-days', '30', '-extfile', 'ext')
    with open(os.path.join(folder, 'both.pem'), 'w') as f:
        for part in ('server.pem', 'server.key'):
            f.write(open(os.path.join(folder, part)).read())
    return folder


PKI = make_pki()


def server(**kw):
    return EppServer(os.path.join(PKI, 'both.pem'), os.path.join(PKI, 'ca.pem'), **kw)


class World(Estate):
    def __init__(self, s, kind='epp', more=', domains: [example.test]', cert='client.pem', password='secret', key='client.key'):
        super().__init__(DAY % 1)
        for name in ('ca.pem', 'client.pem', 'stranger.pem'):
            self.write(name, open(os.path.join(PKI, name)).read())
        self.write('client.key', open(os.path.join(PKI, key)).read())
        os.chmod(self.path('client.key'), 0o600)
        self.env['EPP_PW'] = password
        self.write('affidavit.yaml', CONFIG % (kind, s.port, cert, more))

    def collect(self, day):
        self.at = DAY % day
        return self.run('collect')

    def coverage(self):
        return self.sql('SELECT scope, grade, reason FROM coverage WHERE evidence IN (?, ?) ORDER BY id', 'registry-state', 'account-events')

    def events(self):
        return self.sql('SELECT action, domain, actor, record_kind FROM event ORDER BY id')

    def holds(self, text):
        for name in os.listdir(self.folder):
            if name.startswith('evidence') and os.path.isfile(self.path(name)) and text.encode() in open(self.path(name), 'rb').read():
                return True
        return False


QUEUE = ', poll: ack, own_queue: true'


def case_the_state_of_a_domain_without_its_transfer_code():
    with server() as s, World(s, more=', domains: [example.test, gone.test]') as w:
        s.domains['example.test'] = domain('example.test', ['clientTransferProhibited'])
        w.collect(1)
        tap.equal(w.sql('SELECT domain, view, registrar_id, statuses, name_servers, ds, auth_code FROM domain_state'),
                  [('example.test', 'registry', 'registrar-1', 'clientTransferProhibited', 'ns1.example.test', '', 1)])
        tap.equal(s.commands, ['login', 'info example.test', 'info gone.test', 'logout'])
        tap.equal(w.holds(SECRET), False, 'transfer code in the store')
        tap.equal([(d, g) for d, g, _ in w.coverage()], [('example.test', 1), ('gone.test', 0)])
        tap.contains(w.coverage()[1][2], 'EPP result 2303: the registry does not know the domain')
        s.domains['example.test'] = domain('example.test', ['ok'])
        w.collect(2)
        tap.equal([e[0] for e in w.events()], ['transfer-lock.remove', 'domain.status.change'])


def case_the_head_of_a_queue_that_is_not_ours_is_looked_at_and_left_there():
    with server() as s, World(s, 'epp-poll', '') as w:
        s.messages = [('m1', domain('example.test')), ('m2', '')]
        w.collect(1)
        tap.equal(s.commands, ['login', 'req', 'logout'])
        tap.contains(w.coverage()[0][2], 'only the head of the queue is seen without taking it out: 2 wait')
        s.messages.clear()
        w.collect(2)
        tap.equal([(g, r.split(';')[0]) for _, g, r in w.coverage()][1:], [(1, 'nothing waits')])


def case_ack_needs_a_queue_of_our_own():
    with server() as s, World(s, 'epp-poll', ', poll: ack') as w:
        code, out = w.collect(1)
        tap.equal(code, 1, out)
        tap.contains(out, 'own_queue')
        tap.equal(s.commands, [])


def halves(trid='reg-tr-1', **kw):
    before = domain('example.test', ['serverTransferProhibited'], ['ns1.example.test'])
    after = domain('example.test', ['ok'], ['evil.test'])
    return [('m1', '<resData>%s</resData><extension>%s</extension>' % (before, change('before', trid, **kw))),
            ('m2', '<resData>%s</resData><extension>%s</extension>' % (after, change('after', trid, **kw)))]


SPECIFIC = [('domain.update', 'example.test', 'Registry Admin', 'log'), ('transfer-lock.remove', 'example.test', 'Registry Admin', 'log'),
            ('domain.status.change', 'example.test', 'Registry Admin', 'log'), ('ns.change', 'example.test', 'Registry Admin', 'log')]


def case_before_and_after_meet_whichever_comes_first():
    for order in (1, -1):
        with server() as s, World(s, 'epp-poll', QUEUE) as w:
            s.messages = halves()[::order]
            w.collect(1)
            tap.equal(s.commands, ['login', 'req', 'ack ' + ('m1', 'm2')[::order][0], 'req', 'ack ' + ('m1', 'm2')[::order][1], 'req', 'logout'])
            tap.equal(sorted(w.events()), sorted(SPECIFIC))
            tap.equal(w.sql("SELECT before_value, after_value FROM event WHERE action = 'ns.change'"), [('ns1.example.test', 'evil.test')])
            tap.equal(w.sql("SELECT t_to - t_from FROM event"), [(1,)] * 4)
            tap.equal(w.sql("SELECT view, name_servers FROM domain_state WHERE change_ref IS NULL"), [('registry', 'evil.test')])
            tap.equal([(g, r) for _, g, r in w.coverage()], [(3, 'the queue is ours and was read to its end')])
            tap.equal(w.sql('SELECT provider_count, stored_count FROM coverage WHERE evidence = ?', 'account-events'), [(2, 2)])


def case_an_ack_that_was_lost_gives_the_message_twice_and_the_event_once():
    with server() as s, World(s, 'epp-poll', QUEUE) as w:
        s.messages, s.lose_ack = halves(), True
        w.collect(1)
        tap.contains(w.coverage()[0][2], 'the connection was closed')
        w.collect(2)
        tap.equal(s.acked, ['m1', 'm1', 'm2'])
        tap.equal(sorted(w.events()), sorted(SPECIFIC))


def case_what_was_not_announced_is_read_from_its_wrapping():
    with server() as s, World(s, 'epp-poll', QUEUE) as w:
        plain = s.answer

        def wrapped(frame):
            got, last = plain(frame)
            if got and 'code="1301"' in got:
                inner = got[got.index('</result>') + 9:]
                data, ext = inner[inner.index('<resData>') + 9:inner.index('</resData>')], inner[inner.index('<extension>') + 11:inner.index('</extension>')]
                value = ''.join('<extValue><value>%s</value><reason>x not in login services</reason></extValue>' % v for v in (data, ext))
                got = got.replace('</result>', value + '</result>').replace('<resData>%s</resData>' % data, '').replace('<extension>%s</extension>' % ext, '')
            return got, last
        s.answer, s.messages = wrapped, halves()
        w.collect(1)
        tap.equal(sorted(w.events()), sorted(SPECIFIC))


def case_messages_of_every_kind():
    transfer = ('<resData><domain:trnData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>example.test</domain:name><domain:trStatus>%s</domain:trStatus>'
                '<domain:reID>%s</domain:reID><domain:reDate>2026-07-01T00:00:00Z</domain:reDate><domain:acID>%s</domain:acID><domain:acDate>2026-07-06T00:00:00Z</domain:acDate></domain:trnData></resData>')
    with server() as s, World(s, 'epp-poll', QUEUE) as w:
        s.messages = [('1', transfer % ('pending', 'stranger', 'registrar-1')), ('2', transfer % ('serverApproved', 'registrar-1', 'other')),
                      ('3', transfer % ('clientRejected', 'stranger', 'registrar-1')),
                      ('4', '<resData><domain:panData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name paResult="0">example.test</domain:name></domain:panData></resData>'),
                      ('5', ''), ('6', '<resData><x:credit xmlns:x="http://vendor.test/">low</x:credit></resData>')]
        w.collect(1)
        tap.equal(w.sql('SELECT action, domain, actor, outcome, provider_ref FROM event ORDER BY id'),
                  [('domain.transfer-out', 'example.test', 'stranger', 'unknown', 'msgQ:1'), ('domain.transfer-in', 'example.test', 'registrar-1', 'success', 'msgQ:2'),
                   ('domain.transfer-cancel', 'example.test', 'stranger', 'success', 'msgQ:3'), ('domain.update', 'example.test', None, 'failure', 'msgQ:4'),
                   ('other.epp.message', None, None, 'success', 'msgQ:5'), ('other.epp.credit', None, None, 'success', 'msgQ:6')])


def case_login_security_where_it_is_offered():
    long = 'a password that is longer than sixteen & <odd>'
    with server(extensions=LOGIN_SEC + CHANGE_POLL) as s, World(s, password=long) as w:
        s.password = 'a password that is longer than sixteen &amp; &lt;odd&gt;'
        s.domains['example.test'] = domain('example.test')
        w.collect(1)
        tap.equal(w.sql('SELECT count(*) FROM domain_state'), [(1,)])
        tap.equal(s.passwords, [s.password])
        tap.equal(w.holds('longer than sixteen'), False)
    with server() as s, World(s, password=long) as w:
        w.collect(1)
        tap.contains(w.coverage()[0][2], 'longer than 16 characters, and the server does not offer loginSec')
        tap.equal(s.commands, [])


def case_a_login_that_is_refused_says_what_to_look_at():
    with server() as s, World(s, password='wrong') as w:
        code, out = w.collect(1)
        tap.equal(code, 1, out)
        tap.contains(out, 'EPP result 2200: client_id or password is not accepted; see client_id, password and tls.cert')
        tap.equal(w.coverage()[0][1], 0)


def case_certificates_are_held_against_each_other():
    with server() as s, World(s, cert='stranger.pem', key='stranger.key') as w:
        w.collect(1)
        tap.equal(w.coverage()[0][1], 0)
        tap.equal(s.commands, [])
    with EppServer(os.path.join(PKI, 'both.pem')) as s, World(s) as w:
        w.write('ca.pem', open(os.path.join(PKI, 'other.pem')).read())
        w.collect(1)
        tap.contains(w.coverage()[0][2], 'certificate')
        tap.equal(s.commands, [])
    with server() as s, World(s) as w:
        os.chmod(w.path('client.key'), 0o644)
        w.collect(1)
        tap.contains(w.coverage()[0][2], 'key of our certificate')


BOMB = '<?xml version="1.0"?><!DOCTYPE epp [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response>&b;</response></epp>'
TRICKS = [
    ('a frame over the ceiling', lambda c: c.sendall(struct.pack('>I', 1 << 30)), 'is announced; expected 5 to'),
    ('a frame shorter than its length', lambda c: c.sendall(struct.pack('>I', 3)), 'a frame of 3 bytes is announced'),
    ('cut in the middle', lambda c: c.sendall(struct.pack('>I', 500) + b'<epp'), 'closed before the frame was complete'),
    ('entities', lambda c: EppServer.send(c, BOMB), 'frame: '),
    ('not XML', lambda c: EppServer.send(c, 'hello'), 'frame: '),
    ('another document', lambda c: EppServer.send(c, '<html/>'), 'expected <epp><response>'),
    ('no answer', lambda c: None, 'closed before the frame was complete'),
    ('too many sessions', lambda c: EppServer.send(c, response(2502)), 'EPP result 2502: too many sessions'),
]


def case_a_registry_that_misbehaves_is_a_gap_with_the_reason():
    for name, trick, reason in TRICKS:
        with server() as s, World(s) as w:
            s.domains['example.test'] = domain('example.test')
            s.trick = lambda c, frame: '<info>' in frame and (trick(c), True)[1]
            w.collect(1)
            tap.equal({g for _, g, _ in w.coverage()}, {0}, name)
            tap.contains(' '.join(r for _, _, r in w.coverage()), reason)
            tap.equal(w.sql('SELECT count(*) FROM domain_state'), [(0,)], name)


FRAMES = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: frames, type: epp-frames, path: frames, account: registrar-1}
'''


def case_frames_that_another_reader_keeps():
    with server() as s, World(s) as w:
        w.write('affidavit.yaml', FRAMES)
        os.mkdir(w.path('frames'))
        w.collect(1)
        tap.equal(w.coverage(), [])
        for number, inner in halves():
            w.write('frames/%s.xml' % number, response(1301, inner, queue(number, 1)))
        w.write('frames/info.xml', response(1000, '<resData>%s</resData>' % domain('info.test')))
        w.write('frames/broken.xml', '<epp')
        w.write('frames/notes.txt', 'not looked at')
        w.collect(2)
        tap.equal(sorted(w.events()), sorted(SPECIFIC))
        tap.equal(w.sql("SELECT domain FROM domain_state WHERE domain = 'info.test'"), [('info.test',)])
        tap.equal(w.holds(SECRET), False, 'transfer code in the store')
        tap.equal(w.sql("SELECT count(*) FROM item_note WHERE kind IN ('segment', 'withheld')"), [(4,)])
        w.collect(3)
        tap.equal(w.sql("SELECT count(*) FROM item_note WHERE kind IN ('segment', 'withheld')"), [(4,)], 'each file is read once')
        os.rename(w.path('frames'), w.path('gone'))
        w.collect(4)
        tap.equal(w.coverage()[-1][1], 0)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
