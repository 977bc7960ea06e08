"""A time-stamping authority on loopback: a small HTTP server around `openssl ts -reply`, with a CA of its own. Modes make it hostile."""
import http.server, os, subprocess, threading

CONF = '''
[tsa]
default_tsa = one
[one]
dir = {dir}
serial = {dir}/serial
crypto_device = builtin
signer_cert = {dir}/{who}.pem
certs = {dir}/{root}.pem
signer_key = {dir}/{who}.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
'''

EXTENSIONS = '''
[v3_tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
'''

def openssl(*args, **kw):
    return subprocess.run(['openssl', *args], check=True, capture_output=True, **kw).stdout

def make_authority(folder, who, unit=None):
    """who.key, who.pem, and who-root.pem over it"""
    at = lambda name: os.path.join(folder, name)
    with open(at('x.cnf'), 'w') as f:
        f.write('[req]\ndistinguished_name = dn\n[dn]\n' + EXTENSIONS)
    subject = '/O=Example%s/CN=' % ('/OU=' + unit if unit else '')
    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-config', at('x.cnf')]
    openssl('req', '-x509', *key, '-keyout', at(who + '-root.key'), '-out', at(who + '-root.pem'), '-days', '3650', '-subj', subject + who + ' root',
            '-extensions', 'v3_ca')
    openssl('req', '-new', *key, '-keyout', at(who + '.key'), '-out', at(who + '.csr'), '-subj', subject + who)
    openssl('x509', '-req', '-in', at(who + '.csr'), '-CA', at(who + '-root.pem'), '-CAkey', at(who + '-root.key'), '-CAcreateserial', '-days', '3000',
            '-extfile', at('x.cnf'), '-extensions', 'v3_tsa', '-out', at(who + '.pem'))
    return at(who + '-root.pem')

class Tsa:
    """Tsa(folder).url answers; .mode: honest, other (a stranger's certificate), replay (an old answer), huge, slow-down, down,
    broken, redirect. .asked counts requests."""
    def __init__(self, folder, host='127.0.0.1'):
        os.makedirs(folder, exist_ok=True)
        self.folder, self.mode, self.asked, self.last = folder, 'honest', 0, b''
        self.root = make_authority(folder, 'stamper')
        self.stranger_root = make_authority(folder, 'stranger')
        tsa = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_POST(self):
                request = self.rfile.read(int(self.headers['Content-Length']))
                tsa.asked += 1
                assert self.headers['Content-Type'] == 'application/timestamp-query', self.headers['Content-Type']
                status, headers, body = tsa.reply(request)
                self.send_response(status)
                for k, v in {'Content-Type': 'application/timestamp-reply', 'Content-Length': str(len(body)), **headers}.items():
                    self.send_header(k, v)
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self.url = 'http://%s:%d/tsr' % (host, self.server.server_address[1])
        self.host = self.url.split('/')[2]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def sign(self, request, who):
        query, conf = os.path.join(self.folder, 'q.tsq'), os.path.join(self.folder, 'ts.cnf')
        with open(query, 'wb') as f:
            f.write(request)
        with open(conf, 'w') as f:
            f.write(CONF.format(dir=self.folder, who=who, root=who + '-root'))
        out = os.path.join(self.folder, 'r.tsr')
        openssl('ts', '-reply', '-config', conf, '-queryfile', query, '-out', out)
        with open(out, 'rb') as f:
            return f.read()

    def reply(self, request):
        if self.mode == 'down':
            return 503, {'Retry-After': '1'}, b'busy'
        if self.mode == 'slow-down':
            return 429, {'Retry-After': '3600'}, b'later'
        if self.mode == 'redirect':
            return 307, {'Location': self.url}, b''
        if self.mode == 'huge':
            return 200, {}, b'0' * 70000
        if self.mode == 'broken':
            return 200, {}, b'<html>welcome</html>'
        if self.mode == 'replay' and self.last:
            return 200, {}, self.last
        self.last = self.sign(request, 'stranger' if self.mode == 'other' else 'stamper')
        return 200, {}, self.last

    def close(self):
        self.server.shutdown()
        self.server.server_close()
