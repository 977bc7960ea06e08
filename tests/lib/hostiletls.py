"""Certificates for tests of TLS, made by openssl, and a TLS server of Python's ssl that does what it is told, wrong things too."""
import base64, os, socket, ssl, struct, subprocess, threading


class Certificates:
    """In FOLDER: root.pem, and NAME.pem with NAME.key for each make()."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.ssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/CN=Test root',
                 '-days', '90', '-addext', 'keyUsage=critical,keyCertSign,cRLSign')

    def path(self, name):
        return os.path.join(self.folder, name)

    def ssl(self, *words):
        r = subprocess.run(['openssl'] + list(words), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode:
            raise RuntimeError('openssl %s: %s' % (' '.join(words), r.stdout.decode()))
        return r.stdout

    def make(self, name, host, days=30, root='root', use='serverAuth'):
        """(certificate, key) of HOST; days below 0: expired. root None: signed by itself."""
        with open(self.path(name + '.ext'), 'w') as f:
            f.write('subjectAltName=DNS:%s\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nbasicConstraints=CA:FALSE\n' % (host, use))
        self.ssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', name + '.key', '-out', name + '.csr', '-subj', '/CN=' + host)
        signer = ['-CA', root + '.pem', '-CAkey', root + '.key', '-CAcreateserial'] if root else ['-key', name + '.key']
        sign = ['x509', '-req', '-in', name + '.csr', '-out', name + '.pem', '-extfile', name + '.ext'] + signer
        try:
            self.ssl(*sign, '-days', str(days))
        except RuntimeError:             # newer openssl refuses to make what is over already by a number of days
            if days > 0:
                raise
            self.ssl(*sign, '-not_before', '20200101000000Z', '-not_after', '20200102000000Z')
        os.chmod(self.path(name + '.key'), 0o600)
        return self.path(name + '.pem'), self.path(name + '.key')

    def pin(self, name):
        """base64 SHA-256 of its SubjectPublicKeyInfo, as RFC 7858 writes it."""
        public = self.ssl('x509', '-in', name + '.pem', '-noout', '-pubkey')
        r = subprocess.run(['openssl', 'pkey', '-pubin', '-outform', 'DER'], input=public, stdout=subprocess.PIPE, check=True)
        return base64.b64encode(subprocess.run(['openssl', 'dgst', '-sha256', '-binary'], input=r.stdout, stdout=subprocess.PIPE, check=True).stdout).decode()


class TlsServer:
    """pair: certificate and key. answer(query): the messages that are sent; alpn: what it selects from ([]: none); cut: the connection is
    broken without close_notify after that many bytes; clear: it speaks no TLS at all; client_ca: it wants a certificate from there."""

    def __init__(self, pair, answer, alpn=('dot',), newest=ssl.TLSVersion.TLSv1_3, cut=None, clear=False, client_ca=None):
        self.answer, self.cut, self.clear, self.asked = answer, cut, clear, 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.maximum_version = newest
        self.context.load_cert_chain(*pair)
        if alpn:
            self.context.set_alpn_protocols(list(alpn))
        if client_ca:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_ca)
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
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
            except (OSError, ValueError):
                pass
            c.close()

    def one(self, c):
        if self.clear:
            c.recv(1000)
            c.sendall(b'\0\x10this is no TLS..')
            return
        t = self.context.wrap_socket(c, server_side=True, suppress_ragged_eofs=False)
        n = struct.unpack('>H', self.exactly(t, 2))[0]
        self.asked += 1
        data = b''.join(struct.pack('>H', len(m)) + m for m in self.answer(self.exactly(t, n)))
        if self.cut is not None:
            t.sendall(data[:self.cut])
            os.close(t.detach())           # no close_notify
            return
        t.sendall(data)
        t.unwrap()

    @staticmethod
    def exactly(t, n):
        data = b''
        while len(data) < n:
            more = t.recv(n - len(data))
            if not more:
                raise ValueError
            data += more
        return data

    def close(self):
        self.socket.close()
