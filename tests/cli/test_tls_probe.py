#!/usr/bin/env python3
"""TLS end points as they present themselves: openssl s_server with every kind of certificate, and servers that are none."""
import os, socket, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import tap
from estate import Estate
from livebind import free_port

CONFIG = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: tls, type: tls-endpoint, services: %s, ca_file: ca.pem, pace: 0s, timeout: 2s, endpoints: [%s]}
'''
CA = 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n'


def ssl(*words, **kw):
    r = subprocess.run(('openssl',) + words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if r.returncode:
        raise RuntimeError('openssl %s: %s' % (' '.join(words), r.stdout.decode()))
    return r.stdout.decode()


class World(Estate):
    def __init__(self, at=60):
        super().__init__(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + at)))
        self.running, self.points = [], []
        self.certificate('ca', None, CA)
        self.certificate('middle', 'ca', CA)
        self.write('inventory.yaml', 'domains:\n  - {name: localhost, owner: a}\nservices:\n  - {name: s, host: "*.localhost", owner: a}\n')

    def certificate(self, name, issuer, extensions, days=30):
        p = self.path
        self.write(name + '.ext', extensions)
        ssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', p(name + '.key'), '-out', p(name + '.csr'), '-subj', '/CN=' + name)
        sign = ['-signkey', p(name + '.key')] if issuer is None else ['-CA', p(issuer + '.pem'), '-CAkey', p(issuer + '.key'), '-CAcreateserial']
        ssl('x509', '-req', '-in', p(name + '.csr'), *sign, '-days', str(days), '-extfile', p(name + '.ext'), '-out', p(name + '.pem'))

    def serve(self, name, issuer='middle', extensions='subjectAltName=DNS:localhost\n', host='localhost', days=30, chain='middle', more=()):
        self.certificate(name, issuer, extensions, days)
        port = free_port()
        words = ['openssl', 's_server', '-accept', '127.0.0.1:%d' % port, '-cert', self.path(name + '.pem'), '-key', self.path(name + '.key'), '-quiet']
        words += ['-cert_chain', self.path(chain + '.pem')] if chain else []
        self.running.append(subprocess.Popen(words + list(more), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.wait(port)
        self.points.append('"%s:%d"' % (host, port))
        return port

    def wait(self, port):
        for _ in range(100):
            try:
                return socket.create_connection(('127.0.0.1', port), 1).close()
            except OSError:
                time.sleep(0.05)
        raise RuntimeError('no server')

    def stall(self, text):
        """A server that says TEXT and then nothing."""
        s = socket.create_server(('127.0.0.1', 0))
        held = []

        def run():
            while True:
                try:
                    c = s.accept()[0]
                except OSError:
                    return
                c.sendall(text)
                held.append(c)
        threading.Thread(target=run, daemon=True).start()
        self.points.append('"127.0.0.1:%d"' % s.getsockname()[1])
        return s.getsockname()[1]

    def collect(self, services='true'):
        self.write('affidavit.yaml', CONFIG % (services, ', '.join(self.points)))
        self.must('collect')
        tap.equal(self.sql('SELECT * FROM decode_error'), [])

    def row(self, port):
        (r,) = self.sql('SELECT outcome, protocol, name_match, chain_ok, chain_reason FROM endpoint WHERE port = ?', port)
        return r

    def __exit__(self, *a):
        for p in self.running:
            p.kill()
            p.wait()
            p.stdin.close()
        super().__exit__(*a)


def case_what_is_presented_is_judged_from_the_record():
    with World() as w:
        good = w.serve('good')
        old = w.serve('old', more=['-tls1_2'])
        wild = w.serve('wild', extensions='subjectAltName=DNS:*.localhost\n')
        address = w.serve('address', extensions='subjectAltName=IP:127.0.0.1\n', host='127.0.0.1')
        wrong = w.serve('wrong', host='127.0.0.1')
        alone = w.serve('alone', issuer=None, chain=None)
        lacking = w.serve('lacking', chain=None)
        w.collect()
        tap.equal(w.row(good), ('presented', 'TLSv1.3', 1, 1, ''))
        tap.equal(w.row(old), ('presented', 'TLSv1.2', 1, 1, ''))
        tap.equal(w.row(wild)[2:4], (0, 1))
        tap.equal(w.row(address)[2:4], (1, 1))
        tap.equal(w.row(wrong)[2:4], (0, 1))
        tap.equal(w.row(alone), ('presented', 'TLSv1.3', 1, 0, 'self-signed certificate'))
        tap.equal(w.row(lacking), ('presented', 'TLSv1.3', 1, 0, 'unable to get local issuer certificate'))
        der = ssl('x509', '-in', w.path('good.pem'), '-noout', '-fingerprint', '-sha256').split('=')[1].strip().replace(':', '').lower()
        tap.equal(w.sql('SELECT cert_sha256 FROM endpoint WHERE port = ?', good), [(der,)])
        tap.equal(w.sql("SELECT count(*) FROM endpoint WHERE port = ? AND length(issuer_key_hash) = 64 AND issuer = 'CN=middle'", good), [(1,)])
        tap.equal(w.sql('SELECT name, kind FROM endpoint_name n JOIN endpoint e ON e.id = n.endpoint_id WHERE e.port = ? ORDER BY 1', address),
                  [('127.0.0.1', 'ip'), ('address', 'cn')])
        tap.equal(sorted(set(w.sql('SELECT evidence, grade FROM coverage'))), [('tls-live', 1)])
        os.unlink(w.path('ca.pem'))                              # the root is in the ledger
        w.must('rebuild')
        tap.equal(w.row(good), ('presented', 'TLSv1.3', 1, 1, ''))


def case_the_time_of_the_look_counts():
    with World(at=10 * 86400) as w:
        port = w.serve('short', days=5)
        w.collect()
        tap.equal(w.row(port), ('presented', 'TLSv1.3', 1, 0, 'certificate has expired'))


def case_servers_that_are_none():
    with World() as w:
        silent, talks = w.stall(b''), w.stall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
        nobody = free_port()
        w.points.append('"127.0.0.1:%d"' % nobody)
        w.collect()
        tap.equal(w.row(silent)[0], 'timeout')
        tap.equal(w.row(talks)[0], 'handshake-failed')
        tap.equal(w.row(nobody)[0], 'refused')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
