"""A certificate authority, a time-stamping authority and their answers over HTTP, all by the openssl program: nothing of
ours judges itself."""
import http.server, os, subprocess, tempfile, threading

CONFIG = '''
[ca]
default_ca = it
[it]
database = index.txt
new_certs_dir = .
certificate = root.pem
private_key = root.key
default_md = sha256
default_days = 30
default_crl_days = 7
rand_serial = yes
policy = any
unique_subject = no
[any]
commonName = supplied
[tsa]
default_tsa = one
[one]
serial = tsaserial
signer_cert = tsa.pem
certs = root.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
ess_cert_id_chain = no
'''


class Pki:
    """root.pem, signer (key and chain in one file), tsa.pem in .folder; POST /tsa, POST /ocsp, GET /crl at .url."""

    def __init__(self, ocsp=True, crl=True):
        self.folder = tempfile.mkdtemp(prefix='afd-pki-')
        self.asked = []
        self.down = set()
        pki = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def log_message(self, *a):
                pass

            def do_GET(self):
                self.answer(b'')

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers['Content-Length'])))

            def answer(self, body):
                what = self.path[1:]
                pki.asked.append(what)
                data = None if what in pki.down else getattr(pki, 'answer_' + what)(body)
                self.send_response(200 if data else 503)
                if data:
                    self.send_header('Content-Type', {'tsa': 'application/timestamp-reply', 'ocsp': 'application/ocsp-response'}.get(what, 'application/pkix-crl'))
                self.send_header('Content-Length', str(len(data or b'')))
                self.end_headers()
                self.wfile.write(data or b'')

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
        self.lock = threading.Lock()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = 'http://127.0.0.1:%d/' % self.server.server_port
        self.write('ca.cnf', CONFIG)
        self.write('index.txt', '')
        self.write('tsaserial', '01\n')
        self.ssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'root.key', '-out', 'root.pem',
                 '-subj', '/CN=Root', '-days', '90', '-addext', 'keyUsage=critical,keyCertSign,cRLSign,digitalSignature')
        sources = ('crlDistributionPoints=URI:%scrl\n' % self.url if crl else '') + ('authorityInfoAccess=OCSP;URI:%socsp\n' % self.url if ocsp else '')
        self.issue('tsa', 'extendedKeyUsage=critical,timeStamping\n' + sources)
        self.issue('signer', 'extendedKeyUsage=emailProtection\n' + sources)
        self.write('signer', self.read('signer.key') + self.read('signer.pem') + self.read('root.pem'))

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name, mode=''):
        with open(self.path(name), 'r' + mode) as f:
            return f.read()

    def write(self, name, data):
        with open(self.path(name), 'wb' if isinstance(data, bytes) else 'w') as f:
            f.write(data)
        os.chmod(self.path(name), 0o600)

    def ssl(self, *words):
        r = subprocess.run(['openssl'] + list(words), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode:
            raise RuntimeError('openssl %s: %s' % (' '.join(words), r.stdout.decode()))
        return r.stdout

    def issue(self, name, extensions):
        self.write('ext', 'keyUsage=critical,digitalSignature,nonRepudiation\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' + extensions)
        self.ssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name + '.key', '-out', name + '.csr',
                 '-subj', '/CN=' + name)
        self.ssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-extfile', 'ext', '-in', name + '.csr', '-out', name + '.pem')

    def revoke(self, name):
        self.ssl('ca', '-config', 'ca.cnf', '-revoke', name + '.pem', '-crl_reason', 'keyCompromise')

    def crl(self, form='DER'):
        self.ssl('ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem')
        self.ssl('crl', '-in', 'crl.pem', '-outform', form, '-out', 'crl.out')
        return self.read('crl.out', 'b')

    def answer_crl(self, body):
        with self.lock:
            return self.crl()

    def answer_tsa(self, body):
        with self.lock:
            self.write('q.tsq', body)
            self.ssl('ts', '-reply', '-config', 'ca.cnf', '-queryfile', 'q.tsq', '-out', 'r.tsr')
            return self.read('r.tsr', 'b')

    def answer_ocsp(self, body):
        with self.lock:
            self.write('q.ocsp', body)
            self.ssl('ocsp', '-index', 'index.txt', '-CA', 'root.pem', '-rsigner', 'root.pem', '-rkey', 'root.key', '-reqin', 'q.ocsp',
                     '-respout', 'r.ocsp', '-ndays', '2')
            return self.read('r.ocsp', 'b')

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        subprocess.run(['rm', '-rf', self.folder])

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.close()
