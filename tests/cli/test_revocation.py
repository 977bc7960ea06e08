#!/usr/bin/env python3
"""Revocation of the certificates that logs showed: lists made by `openssl ca`, answers of `openssl ocsp`, and servers that lie."""
import base64, http.server, importlib.machinery, importlib.util, json, os, socket, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import tap
from estate import Estate

loader = importlib.machinery.SourceFileLoader('make_ctlog', os.path.join(HERE, '..', 'make-ctlog'))
spec = importlib.util.spec_from_loader('make_ctlog', loader)
ctlog = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
loader.exec_module(ctlog)

ISSUER = 'CN=Test CA,O=Example'
AT = '2026-07-01T10:00:00Z'


def pem(label, der):
    text = base64.b64encode(der).decode()
    return '-----BEGIN %s-----\n%s\n-----END %s-----\n' % (label, '\n'.join(text[i:i + 64] for i in range(0, len(text), 64)), label)


def private_key(seed):
    key = ctlog.key_of(seed)
    return pem('EC PRIVATE KEY', ctlog.seq(ctlog.integer(1), ctlog.tlv(4, key.d.to_bytes(32, 'big')),
                                           ctlog.tlv(0xa0, ctlog.oid('1.2.840.10045.3.1.7'))))


class Authority:
    """The test CA of the log, as openssl keeps one: an index, lists."""

    def __init__(self, estate, seed=ISSUER, name='ca'):
        self.e, self.name = estate, name
        self.der, _ = ctlog.authority(ISSUER, seed)
        estate.write(name + '/cert.pem', pem('CERTIFICATE', self.der))
        estate.write(name + '/key.pem', private_key(seed))
        estate.write(name + '/index.txt', '')
        estate.write(name + '/index.txt.attr', 'unique_subject = no\n')
        estate.write(name + '/crlnumber', '01\n')
        estate.write(name + '/ca.cnf', '[ca]\ndefault_ca = d\n[d]\ndatabase = %s\ncrlnumber = %s\ndefault_md = sha256\ndefault_crl_days = 10\n'
                     'crl_extensions = x\n[x]\n' % (estate.path(name + '/index.txt'), estate.path(name + '/crlnumber')))

    def index(self, rows):
        """rows: serial -> None, or (time YYMMDDhhmmssZ, reason)"""
        with open(self.e.path(self.name + '/index.txt'), 'w') as f:
            for serial, gone in rows.items():
                f.write('%s\t270101000000Z\t%s\t%s\tunknown\t/CN=x\n' % ('R' if gone else 'V', '%s,%s' % gone if gone else '', '%02X' % serial))

    def crl(self, **kw):
        out = self.e.path('out.crl')
        subprocess.run(['openssl', 'ca', '-config', self.e.path(self.name + '/ca.cnf'), '-gencrl', '-cert', self.e.path(self.name + '/cert.pem'),
                        '-keyfile', self.e.path(self.name + '/key.pem'), '-out', out], check=True, capture_output=True)
        return subprocess.run(['openssl', 'crl', '-in', out, '-outform', 'DER'], check=True, capture_output=True).stdout


class Web:
    def __init__(self):
        web = self
        web.answers, web.asked = {}, []

        class H(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append(self.path)
                body = web.answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header('Content-Length', str(len(body or b'')))
                self.end_headers()
                self.wfile.write(body or b'')

            def log_message(self, *a):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
        self.base = 'http://127.0.0.1:%d' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.server.shutdown()
        self.server.server_close()


def world(e, web, certs, more=''):
    e.write('ct.json', json.dumps({'origin': 'log.example/a', 'entries': [dict({'at': AT, 'names': ['www.example.test']}, **c) for c in certs]}))
    subprocess.run([os.path.join(HERE, '..', 'make-ctlog'), e.path('ct.json'), e.path('ct'), '--head', '2026-07-01T11:00:00Z'], check=True,
                   stdout=subprocess.DEVNULL)
    key = json.load(open(e.path('ct/log.json')))['key']
    e.write('inventory.yaml', 'domains:\n  - {name: example.test, owner: team, zone: none}\n')
    e.write('affidavit.yaml', 'organisation: x\ncontact: a@example.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n'
            '  - {name: log, type: static-ct, url: "file:ct", origin: log.example/a, key: %s, operator: A}\n'
            '  - {name: gone, type: revocation, pace: 0s%s}\n' % (key, more))
    e.must('collect')
    e.at = '2026-07-01T12:00:00Z'


def states(e):
    return e.sql('SELECT serial, state, reason FROM revocation ORDER BY id')


def coverage(e):
    return e.sql("SELECT grade, reason FROM coverage WHERE evidence = 'revocation' ORDER BY id")


def case_a_list_tells_good_and_revoked():
    with Estate('2026-07-01T11:30:00Z') as e, Web() as web:
        place = {'crl': web.base + '/1.crl', 'ca': web.base + '/ca.der'}
        ca = Authority(e)
        ca.index({0x21: ('260630120000Z', 'keyCompromise'), 0x99: ('260601000000Z', 'superseded')})
        web.answers = {'/1.crl': ca.crl(), '/ca.der': ca.der}
        world(e, web, [dict(place, serial=0x20), dict(place, serial=0x21)])
        tap.equal(states(e), [], 'nothing is known before the logs were read')
        e.must('collect')
        tap.equal(states(e), [('20', 'good', None), ('21', 'revoked', 'keyCompromise')])
        tap.equal(e.sql('SELECT revoked_ms FROM revocation WHERE state = ?', 'revoked'), [(1782820800000,)])
        tap.equal(e.sql('SELECT count(*), min(length(issuer_key_hash)), min(entries), min(method) FROM crl'), [(1, 64, 2, 'crl')])
        tap.equal(web.asked, ['/ca.der', '/1.crl'], 'one list for both, and the issuer once')
        tap.equal(coverage(e), [(1, 'looked up')])
        before = e.sql('SELECT * FROM revocation ORDER BY id')
        e.must('rebuild')
        tap.equal(e.sql('SELECT * FROM revocation ORDER BY id'), before, 'made again from the ledger')


def case_a_list_that_the_issuer_did_not_sign_says_nothing():
    with Estate('2026-07-01T11:30:00Z') as e, Web() as web:
        place = {'crl': web.base + '/1.crl', 'ca': web.base + '/ca.der'}
        ca, other = Authority(e), Authority(e, 'another key', 'other')
        other.index({})
        web.answers = {'/1.crl': other.crl(), '/ca.der': ca.der}
        world(e, web, [dict(place, serial=0x20)])
        e.must('collect')
        tap.equal(states(e), [('20', 'unknown', None)])
        tap.equal(e.sql('SELECT issuer_key_hash FROM crl'), [('',)])
        web.answers['/ca.der'] = other.der                   # and its certificate in the issuer's place
        e.at = '2026-07-02T12:00:00Z'
        e.must('collect', code=3)
        tap.equal(len(states(e)), 1)
        tap.contains(coverage(e)[-1][1], 'has another key')


def case_what_cannot_be_had_is_a_gap():
    for answers, why in (({}, 'HTTP 404'), ({'/ca.der': b'nonsense'}, 'is no certificate'), ({'/ca.der': b''}, 'is no certificate')):
        with Estate('2026-07-01T11:30:00Z') as e, Web() as web:
            web.answers = answers
            world(e, web, [{'crl': web.base + '/1.crl', 'ca': web.base + '/ca.der', 'serial': 0x20}])
            e.must('collect', code=3)
            tap.equal(coverage(e)[0][0], 0)
            tap.contains(coverage(e)[0][1], why)
            tap.equal(states(e), [])


def case_a_list_that_is_none_is_kept_and_is_a_gap():
    with Estate('2026-07-01T11:30:00Z') as e, Web() as web:
        ca = Authority(e)
        ca.index({})
        web.answers = {'/1.crl': ca.crl()[:-9], '/ca.der': ca.der}
        world(e, web, [{'crl': web.base + '/1.crl', 'ca': web.base + '/ca.der', 'serial': 0x20}])
        e.must('collect', code=3)
        tap.equal([r for r, in e.sql('SELECT reason FROM decode_error')], ['revocation: %s/1.crl: not a revocation list' % web.base])
        tap.equal(coverage(e), [(0, '%s/1.crl: not a revocation list' % web.base)])


def case_a_pem_issuer_and_a_certificate_without_its_address():
    with Estate('2026-07-01T11:30:00Z') as e, Web() as web:
        ca = Authority(e)
        ca.index({})
        web.answers = {'/1.crl': ca.crl(), '/ca.pem': open(e.path('ca/cert.pem'), 'rb').read()}
        world(e, web, [{'crl': web.base + '/1.crl', 'ca': web.base + '/ca.pem', 'serial': 0x20},
                       {'crl': web.base + '/2.crl', 'serial': 0x21, 'issuer_key': 'a second key', 'names': ['b.example.test']}])
        e.must('collect', code=3)
        tap.equal(states(e), [('20', 'good', None)])
        tap.contains(coverage(e)[0][1], 'does not say where its issuer')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def case_ocsp_where_there_is_no_list():
    with Estate(None) as e, Web() as web:                   # openssl's responder has the clock of now
        port = free_port()
        ca = Authority(e)
        ca.index({0x20: None, 0x21: ('260630120000Z', 'superseded')})
        web.answers = {'/ca.der': ca.der}
        now = time.strftime('%Y-%m-%dT%H:00:00Z', time.gmtime(time.time() - 86400))
        place = {'ocsp': 'http://127.0.0.1:%d/' % port, 'ca': web.base + '/ca.der', 'at': now}
        p = subprocess.Popen(['openssl', 'ocsp', '-index', e.path('ca/index.txt'), '-CA', e.path('ca/cert.pem'), '-rsigner', e.path('ca/cert.pem'),
                              '-rkey', e.path('ca/key.pem'), '-port', str(port), '-ndays', '1', '-ignore_err'], stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True)
        try:
            while 'waiting for' not in p.stderr.readline():      # it serves one connection at a time: none is made to look
                pass
            e.write('ct.json', json.dumps({'origin': 'log.example/a', 'entries': [
                dict(place, names=['www.example.test'], serial=s) for s in (0x20, 0x21, 0x22)]}))
            subprocess.run([os.path.join(HERE, '..', 'make-ctlog'), e.path('ct.json'), e.path('ct')], check=True, stdout=subprocess.DEVNULL)
            key = json.load(open(e.path('ct/log.json')))['key']
            e.write('inventory.yaml', 'domains:\n  - {name: example.test, owner: team, zone: none}\n')
            config = ('organisation: x\ncontact: a@example.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n'
                      '  - {name: log, type: static-ct, url: "file:ct", origin: log.example/a, key: %s, operator: A}\n'
                      '  - {name: gone, type: revocation, pace: 0s%s}\n')
            e.write('affidavit.yaml', config % (key, ', ocsp: false'))
            e.run('collect')
            e.run('collect')
            tap.equal(states(e), [], 'ocsp: false asks nobody')
            e.write('affidavit.yaml', config % (key, ''))
            e.run('collect')
            tap.equal(states(e), [('20', 'good', None), ('21', 'revoked', 'superseded'), ('22', 'unknown', None)])
            tap.equal(e.sql('SELECT DISTINCT method, length(issuer_key_hash) FROM crl'), [('ocsp', 64)])
        finally:
            p.kill()
            p.wait()
            p.stderr.close()


if __name__ == '__main__':
    tap.main(sys.modules['__main__'])
