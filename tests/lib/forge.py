"""Honest reports, and what a forger makes of them: each forgery is a function over a fresh copy of the demo's folder.

The forger of a row has what the row says: nothing, the report key, or all keys and the store."""
import base64, glob, json, os, re, shutil, sqlite3, subprocess, tempfile

from estate import PROGRAM

CLOCK = '2026-10-02T07:30:00Z'
AT = '2026-10-03T00:00:00Z'
AT_SECONDS = '1790985600'
REPORT = 'reports/2026-Q3'
STATE = {}


def run(words, cwd, code=0, **env):
    r = subprocess.run(words, cwd=cwd, env=dict(os.environ, **env), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = r.stdout.decode(errors='replace')
    if code is not None and r.returncode != code:
        raise AssertionError('%s: exit %d, expected %d\n%s' % (' '.join(words), r.returncode, code, out))
    return r.returncode, out


def affidavit(folder, *words, code=0, at=CLOCK):
    return run([PROGRAM] + list(words), folder, code, AFFIDAVIT_TEST_CLOCK=at)[1]


def openssl(folder, *words):
    return subprocess.run(('openssl',) + words, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout


def demo():
    """The demo, run once; a fresh copy for each case, with store.vkey beside it."""
    if 'dir' not in STATE:
        STATE['base'] = tempfile.mkdtemp(prefix='afd-forge-')
        STATE['dir'] = os.path.join(STATE['base'], 'demo')
        run([PROGRAM, '--quiet', 'demo', '--out', STATE['dir']], STATE['base'])
    copy = tempfile.mkdtemp(prefix='copy-', dir=STATE['base'])
    shutil.rmtree(copy)
    shutil.copytree(STATE['dir'], copy)
    return copy


def tsa():
    import tsa as lib
    return once('tsa', lambda: lib.Tsa(os.path.join(STATE['base'], 'tsa')))


def clean_up():
    if 'tsa' in STATE:
        STATE['tsa'].close()
    shutil.rmtree(STATE.pop('base', '/nonexistent'), ignore_errors=True)
    STATE.clear()


def once(name, make):
    """What is dear to make and only read."""
    if name not in STATE:
        STATE[name] = make()
    return STATE[name]


def vkey(folder):
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    try:
        return db.execute("SELECT value FROM meta WHERE name = 'vkey'").fetchone()[0]
    finally:
        db.close()


def sql(folder, *statements):
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    for s in statements:
        db.execute(s)
    db.commit()
    db.close()


def path(folder, name):
    return os.path.join(folder, REPORT, name)


def read(name):
    with open(name, 'rb') as f:
        return f.read()


def write(name, data):
    with open(name, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def change(name, f):
    write(name, f(read(name)))


def flip(name, at):
    data = bytearray(read(name))
    data[at] ^= 1
    write(name, bytes(data))


def report(folder, period='2026-Q3', out=None, key='report-key.pem', at=CLOCK, more=()):
    affidavit(folder, 'report', '--period', period, '--key', key, '--out', out or 'reports/' + period, *more, at=at)


def note_of(report_json):
    return json.loads(read(report_json))['head']['note']


# --- with the report key ---

def unbase64url(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


def raw_signature(der):
    """ECDSA as JWS writes it: r and s, 32 bytes each."""
    r, at = der[4:4 + der[3]], 4 + der[3]
    s = der[at + 2:at + 2 + der[at + 1]]
    return b''.join(n.lstrip(b'\0').rjust(32, b'\0') for n in (r, s))


def sign_statement(folder, payload, key='report-key.pem', name=None):
    """statement.jws over PAYLOAD (bytes), by openssl and the protected header that is there."""
    name = name or path(folder, 'statement.jws')
    old = json.loads(read(name))
    text = old['protected'] + '.' + base64url(payload)
    write(os.path.join(folder, 'x.input'), text)
    sig = raw_signature(openssl(folder, 'dgst', '-sha256', '-sign', key, 'x.input'))
    write(name, json.dumps({'payload': base64url(payload), 'protected': old['protected'], 'signature': base64url(sig)}, separators=(',', ':')))


def payload(folder):
    return unbase64url(json.loads(read(path(folder, 'statement.jws')))['payload'])


def edit_statement(folder, f):
    """The statement as a forger with the report key would write it."""
    sign_statement(folder, f(payload(folder)))


def sign_json(folder):
    """report.json signed again by openssl."""
    openssl(folder, 'cms', '-sign', '-cades', '-binary', '-nosmimecap', '-md', 'sha256', '-signer', 'report-key.pem', '-inkey', 'report-key.pem',
            '-outform', 'DER', '-in', path(folder, 'report.json'), '-out', path(folder, 'report.json.p7s'))


def name_again(folder):
    """The statement with the digests of the files as they are now."""
    import hashlib

    def f(data):
        for name in os.listdir(os.path.join(folder, REPORT)):
            new = hashlib.sha256(read(path(folder, name))).hexdigest().encode()
            data = re.sub(rb'\{"digest":\{"sha256":"[0-9a-f]{64}"\},"name":"' + re.escape(name.encode()) + rb'"\}',
                          b'{"digest":{"sha256":"' + new + b'"},"name":"' + name.encode() + b'"}', data)
        return data
    edit_statement(folder, f)


# --- authorities of one's own ---

CA = '''
[ca]
default_ca = one
[one]
database = index
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = root.pem
private_key = root.key
default_md = sha256
default_crl_days = 3650
policy = any
unique_subject = no
x509_extensions = signer
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = any
[signer]
keyUsage = critical,digitalSignature
extendedKeyUsage = emailProtection
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
'''


class Authority:
    """A CA in FOLDER/NAME. The root is valid from 2020 until 2040 at least, whatever the clock of this machine says."""
    def __init__(self, folder, name, subject='/CN=Root of tests'):
        self.dir = os.path.join(folder, name)
        os.makedirs(self.dir)
        self.root = os.path.join(self.dir, 'root.pem')
        for n, text in (('ca.cnf', CA), ('index', ''), ('serial', '1000\n'), ('crlnumber', '1000\n')):
            write(os.path.join(self.dir, n), text)
        openssl(self.dir, 'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'root.key', '-out', 'root.csr',
                '-subj', subject, '-config', 'ca.cnf')
        write(os.path.join(self.dir, 'root.ext'), '[r]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n')
        openssl(self.dir, 'ca', '-batch', '-config', 'ca.cnf', '-selfsign', '-keyfile', 'root.key', '-in', 'root.csr', '-out', 'root.pem', '-notext',
                '-startdate', '20200101000000Z', '-enddate', '20400101000000Z', '-extfile', 'root.ext', '-extensions', 'r')

    def signer(self, name, first='20260101000000Z', last='20270101000000Z', key=None, subject=None):
        """NAME.pem: key, certificate and root, for `report --key`."""
        at = lambda ext: os.path.join(self.dir, name + ext)
        if key:
            shutil.copy(key, at('.key'))
        else:
            openssl(self.dir, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('.key'))
        openssl(self.dir, 'req', '-new', '-key', at('.key'), '-out', at('.csr'), '-subj', subject or '/CN=' + name, '-config', 'ca.cnf')
        openssl(self.dir, 'ca', '-batch', '-config', 'ca.cnf', '-in', at('.csr'), '-out', at('.crt'), '-notext', '-startdate', first, '-enddate', last)
        write(at('.pem'), read(at('.key')) + read(at('.crt')) + read(self.root))
        os.chmod(at('.pem'), 0o600)
        return at('.pem')

    def revoke(self, name, when=None):
        """revoked.crl.pem, in which NAME stands."""
        openssl(self.dir, 'ca', '-config', 'ca.cnf', '-revoke', name + '.crt')
        return self.crl('revoked.crl.pem', when)

    def crl(self, name, when=None):
        index = os.path.join(self.dir, 'index')
        if when:
            change(index, lambda d: re.sub(rb'(?m)^(R\t[0-9]+Z\t)[0-9]+Z', rb'\g<1>' + when.encode(), d))
        openssl(self.dir, 'ca', '-config', 'ca.cnf', '-gencrl', '-crl_lastupdate', '20260901000000Z', '-crl_nextupdate', '20400101000000Z', '-out', name)
        return os.path.join(self.dir, name)


def der_of(pem_file):
    return base64.b64decode(b''.join(re.search(rb'-----BEGIN CERTIFICATE-----(.*?)-----END', read(pem_file), re.S).group(1).split()))
