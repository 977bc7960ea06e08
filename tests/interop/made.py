"""A signed report to judge: the demo's ledger, a certificate authority and a time-stamping authority of our own."""
import os, shutil, subprocess, tempfile, time
import tap
import tools
from tsa import Tsa, openssl

CNF = '''
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = one
[one]
database = %(dir)s/index.txt
default_md = sha256
default_crl_days = 30
crlnumber = %(dir)s/crlnumber
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[v3_signer]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature,nonRepudiation
extendedKeyUsage = 1.3.6.1.5.5.7.3.36
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
crlDistributionPoints = URI:http://127.0.0.1:9/own.crl
[v3_stamper]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
crlDistributionPoints = URI:http://127.0.0.1:9/stamp.crl
'''
# Nobody listens there: the lists are given as files.

class Made:
    """folder/report is the report; root, stamp_root: PEM; roots, crls: folders of DER files; signer: PEM."""
    def __init__(self, group='P-256'):
        self.folder = tempfile.mkdtemp(prefix='afd-interop-')
        self.program = os.environ.get('AFFIDAVIT', 'affidavit')
        os.mkdir(self.at('tsa'))
        self.tsa = Tsa(self.at('tsa'))
        self.stamp_root = self.tsa.root
        self.make_signer(group)
        self.name_list_of_stamper()
        self.make_lists()
        tools.must([self.program, 'demo', '--quiet', '--out', self.at('demo')], limit=300)
        self.report = self.make('interop', '--dsse')

    def make(self, name, *more):
        """One more report; its folder."""
        folder = self.at('demo/reports/' + name)
        tools.must([self.program, 'report', '--period', '2026-Q3', '--key', self.at('key.pem'), '--timestamp', self.tsa.url,
                    '--timestamp-root', self.stamp_root, '--offline', '--out', folder, *more], limit=300, cwd=self.at('demo'))
        return folder

    def long_term(self):
        """A report.pdf that brings its revocation data along."""
        folder = self.at('demo/reports/long')
        if not os.path.exists(folder):
            self.make('long', '--visible', '--crl', self.at('own.crl'), '--crl', self.at('stamp.crl'))
        return os.path.join(folder, 'report.pdf')

    def extended(self, name='report.pdf', of=None, *words):
        """A copy of a report.pdf, the first where OF names no other, with validation data and an archive time-stamp behind the signature."""
        path = self.at('demo/reports/extended-' + name)
        if not os.path.exists(path):
            tools.must([self.program, 'extend', of or self.file('report.pdf'), '--out', path, '--root', self.root, '--timestamp-root', self.stamp_root,
                        '--offline', '--crl', self.at('own.crl'), '--crl', self.at('stamp.crl'), *(words or ['--timestamp', self.tsa.url])],
                       limit=300, cwd=self.at('demo'))
        return path

    def levels(self):
        """Every way to a level, with what others make of it: name, path, level for DSS, coverage and later changes for pyHanko."""
        alone, behind = ('ENTIRE_FILE', 'NONE'), ('ENTIRE_REVISION', 'LTA_UPDATES')
        t, long = self.file('report.pdf'), self.long_term()
        data = self.extended('t-data.pdf', t, '--data-only')
        return [
            ('B-LT in the one signed revision', long, 'T', *alone),
            ('B-T, then data', data, 'LT', *behind),
            ('B-LT, then data', self.extended('lt-data.pdf', long, '--data-only'), 'LT', *behind),
            ('B-T, extended', self.extended(), 'LTA', *behind),
            ('B-LT, extended', self.extended('lt.pdf', long), 'LTA', *behind),
            ('B-T, then data, extended', self.extended('data.pdf', data), 'LTA', *behind),
        ]

    def at(self, name):
        return os.path.join(self.folder, name)

    def file(self, name):
        return os.path.join(self.report, name)

    def make_signer(self, group):
        with open(self.at('ca.cnf'), 'w') as f:
            f.write(CNF % {'dir': self.folder})
        new = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:' + group, '-nodes', '-config', self.at('ca.cnf')]
        openssl('req', '-x509', *new, '-keyout', self.at('root.key'), '-out', self.at('root.pem'), '-days', '3650', '-subj', '/O=Example/CN=Interop root',
                '-extensions', 'v3_ca')
        openssl('req', '-new', *new, '-keyout', self.at('signer.key'), '-out', self.at('signer.csr'), '-subj', '/O=Example/CN=Interop signer')
        openssl('x509', '-req', '-in', self.at('signer.csr'), '-CA', self.at('root.pem'), '-CAkey', self.at('root.key'), '-CAcreateserial', '-days', '800',
                '-extfile', self.at('ca.cnf'), '-extensions', 'v3_signer', '-out', self.at('signer.pem'))
        self.root, self.signer = self.at('root.pem'), self.at('signer.pem')
        with open(os.open(self.at('key.pem'), os.O_WRONLY | os.O_CREAT, 0o600), 'w') as out:
            for name in ('signer.key', 'signer.pem', 'root.pem'):
                out.write(open(self.at(name)).read())

    def name_list_of_stamper(self):
        tsa = lambda name: os.path.join(self.tsa.folder, name)
        openssl('x509', '-req', '-in', tsa('stamper.csr'), '-CA', tsa('stamper-root.pem'), '-CAkey', tsa('stamper-root.key'), '-CAcreateserial', '-days', '3000',
                '-extfile', self.at('ca.cnf'), '-extensions', 'v3_stamper', '-out', tsa('stamper.pem'))

    def make_lists(self):
        """Empty revocation lists of both roots."""
        self.roots, self.crls = self.at('roots'), self.at('crls')
        os.mkdir(self.roots)
        os.mkdir(self.crls)
        for name, pem in (('own', self.root), ('stamp', self.stamp_root)):
            open(self.at('index.txt'), 'w').close()
            with open(self.at('crlnumber'), 'w') as f:
                f.write('01\n')
            openssl('ca', '-config', self.at('ca.cnf'), '-gencrl', '-keyfile', pem[:-4] + '.key', '-cert', pem, '-out', self.at(name + '.crl'))
            openssl('crl', '-in', self.at(name + '.crl'), '-outform', 'DER', '-out', os.path.join(self.crls, name + '.crl'))
            openssl('x509', '-in', pem, '-outform', 'DER', '-out', os.path.join(self.roots, name + '.der'))

    def close(self):
        self.tsa.close()
        if not os.environ.get('AFFIDAVIT_KEEP'):
            shutil.rmtree(self.folder, ignore_errors=True)
