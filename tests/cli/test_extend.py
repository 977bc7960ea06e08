#!/usr/bin/env python3
"""Archive time-stamps behind a signed report, with an authority that openssl plays; other programs judge what comes out."""
import os, re, shutil, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate
from pki import Pki


class Signed(Estate):
    """An estate with a report.pdf signed under PKI's root, now."""

    def __init__(self, pki, *words):
        super().__init__(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        self.pki = pki
        self.said = self.must('report', '--period', time.strftime('%Y-%m', time.gmtime()), '--key', pki.path('signer'), '--out', 'r', *words)
        self.pdf = self.path('r/report.pdf')

    def bytes(self, name='r/report.pdf'):
        with open(self.path(name), 'rb') as f:
            return f.read()

    def extend(self, *words, code=0):
        return self.must('extend', 'r/report.pdf', '--timestamp', self.pki.url + 'tsa', *words, code=code)

    def roots(self):
        return ['--root', self.pki.path('root.pem'), '--timestamp-root', self.pki.path('root.pem')]


def case_an_extension_holds_and_changes_no_signed_byte():
    with Pki() as pki, Signed(pki) as e:
        before = e.bytes()
        out = e.extend(*e.roots())
        tap.contains(out, 'time-stamp by 127.0.0.1')
        tap.contains(out, 'for 1 of 1 certificates')
        after = e.bytes()
        tap.equal(after[:len(before)], before)
        tap.contains(e.must('verify', 'r', *e.roots(), '--allow-test'), '1 archive time-stamp')
        e.extend()
        tap.equal(e.bytes()[:len(after)], after)
        tap.contains(e.must('verify', 'r', *e.roots(), '--allow-test'), '2 archive time-stamps')
        r = subprocess.run(['qpdf', '--check', e.pdf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.equal(r.returncode, 0, r.stdout.decode())


def case_the_token_is_over_the_file_before_its_own_string():
    with Pki() as pki, Signed(pki) as e:
        e.extend('--offline')
        pdf = e.bytes()
        ranges = [int(n) for n in re.findall(rb'/ByteRange \[(\d+) (\d+) (\d+) (\d+)', pdf)[-1]]
        tap.equal(ranges[0], 0)
        tap.equal(ranges[2] + ranges[3], len(pdf))
        pki.write('covered', pdf[:ranges[1]] + pdf[ranges[2]:])
        token = bytes.fromhex(pdf[ranges[1] + 1:ranges[2] - 1].decode())
        pki.write('token', token[:4 + int.from_bytes(token[2:4], 'big')])
        tap.contains(pki.ssl('ts', '-verify', '-token_in', '-in', 'token', '-data', 'covered', '-CAfile', 'root.pem').decode(), 'Verification: OK')


def by_hand(section, folder):
    page = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'verify-by-hand.md'), encoding='utf-8').read()
    script = re.search(r'^## %d\..*?```sh\n(.*?)```' % section, page, re.S | re.M).group(1)
    r = subprocess.run(['sh', '-e', '-c', script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout.decode('utf-8', 'replace')


def case_by_hand_as_the_page_says():
    with Pki() as pki, Signed(pki) as e:
        before = e.bytes()
        e.extend('--offline')
        shutil.copy(pki.path('root.pem'), e.path('r/tsa-root.pem'))
        code, out = by_hand(8, e.path('r'))
        tap.equal(code, 0, out)
        tap.contains(out, 'Verification: OK')
        tap.equal(e.bytes('r/before.pdf'), before)
        honest = e.bytes()
        for what, forged in (('a byte of a page', honest[:5000] + b'x' + honest[5001:]), ('a line behind', honest + b'\n'),
                             ('a byte of the last revision', honest.replace(b'/T (Time-stamp 1)', b'/T (Time-stamp 7)'))):
            with open(e.pdf, 'wb') as f:
                f.write(forged)
            code, out = by_hand(8, e.path('r'))
            if code == 0:
                raise AssertionError('%s: accepted' % what)


def der(data, at):
    """(tag, start of the content, end) of the element at AT"""
    n, head = data[at + 1], 2
    if n & 0x80:
        head += n & 0x7f
        n = int.from_bytes(data[at + 2:at + head], 'big')
    return data[at], at + head, at + head + n


def signature_of(pdf):
    """(CMS without its padding, what it covers)"""
    r = [int(n) for n in re.search(rb'/ByteRange \[(\d+) (\d+) (\d+) (\d+)', pdf).groups()]
    cms = bytes.fromhex(pdf[r[1] + 1:r[2] - 1].decode())
    return cms[:der(cms, 0)[2]], pdf[:r[1]] + pdf[r[2]:]


def case_other_programs_judge_every_level():
    with Pki(False, False) as pki:
        pki.write('list', pki.crl('PEM'))
        subprocess.run(['certutil', '-N', '-d', 'sql:' + pki.folder, '--empty-password'], check=True)
        subprocess.run(['certutil', '-A', '-d', 'sql:' + pki.folder, '-n', 'root', '-t', 'C,C,C', '-i', pki.path('root.pem')], check=True)
        for words, level in (((), (0, 0, 2)), (('--timestamp', 'TSA'), (0, 0, 2)), (('--timestamp', 'TSA', '--crl', 'CRL'), (1, 0, 2)),
                             (('--timestamp', 'TSA', '--crl', 'CRL', '--visible'), (1, 0, 2))):
            with Signed(pki, *[{'TSA': pki.url + 'tsa', 'CRL': pki.path('list')}.get(w, w) for w in words]) as e:
                pdf = e.bytes()
                tap.equal(levels(pdf), level)
                out = subprocess.run(['pdfsig', '-nssdir', 'sql:' + pki.folder, e.pdf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
                for line in ('Signature is Valid', 'Certificate is Trusted', 'Total document signed'):
                    tap.contains(out, line)
                tap.equal(out.count('Signature #'), 1)
                r = subprocess.run(['qpdf', '--check', e.pdf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                tap.equal((r.returncode, b'WARNING' in r.stdout), (0, False), r.stdout.decode())
                cms, covered = signature_of(pdf)
                pki.write('cms', cms)
                pki.write('covered', covered)
                tap.contains(pki.ssl('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'cms', '-content', 'covered', '-CAfile', 'root.pem',
                                     '-purpose', 'any', '-out', 'out').decode(), 'CAdES Verification successful')
                if '--timestamp' in words:
                    oid = cms.index(bytes.fromhex('060b2a864886f70d010910020e'))
                    token = der(cms, oid + 13)[1]
                    pki.write('token', cms[token:der(cms, token)[2]])
                    unsigned = cms.rindex(b'\x04', 0, oid - 6)
                    while der(cms, unsigned)[2] > oid or cms[der(cms, unsigned)[2]] != 0xa1:
                        unsigned = cms.rindex(b'\x04', 0, unsigned)
                    pki.write('value', cms[der(cms, unsigned)[1]:der(cms, unsigned)[2]])
                    tap.contains(pki.ssl('ts', '-verify', '-token_in', '-in', 'token', '-data', 'value', '-CAfile', 'root.pem').decode(), 'Verification: OK')
                if '--visible' in words:
                    text = subprocess.run(['pdftotext', '-f', '1', '-l', '1', '-layout', e.pdf, '-'], stdout=subprocess.PIPE).stdout.decode()
                    tap.contains(text, 'CN = signer')
                    tap.equal('valid' in text.lower(), False)


def case_where_revocation_data_come_from():
    rows = [
        # OCSP, CRL, down, words, lists, answers, spoken for
        (True, True, (), (), 0, 1, '1 of 1'),
        (False, True, (), (), 1, 0, '1 of 1'),
        (True, True, ('ocsp',), (), 1, 0, '1 of 1'),
        (True, True, ('ocsp', 'crl'), (), 0, 0, '0 of 1'),
        (True, True, (), ('--offline',), 0, 0, '0 of 1'),
        (False, False, (), (), 0, 0, '0 of 1'),
        (False, False, (), ('--crl', 'CRL'), 1, 0, '1 of 1'),
        (True, True, (), ('--offline', '--crl', 'CRL'), 1, 0, '1 of 1'),
    ]
    for ocsp, crl, down, words, lists, answers, spoken in rows:
        with Pki(ocsp, crl) as pki, Signed(pki) as e:
            pki.write('list', pki.crl('PEM'))
            pki.asked.clear()
            pki.down = set(down)
            out = e.extend(*[pki.path('list') if w == 'CRL' else w for w in words])
            tap.contains(out, 'revocation lists %d, OCSP answers %d, for %s certificates' % (lists, answers, spoken))
            if '--offline' in words:
                tap.equal(pki.asked, ['tsa'])
            tap.contains(e.must('verify', 'r', *e.roots(), '--allow-test'),
                         'not revoked' if spoken[0] == '1' else 'nothing was given about revocation')


def case_what_goes_wrong_leaves_the_file_as_it_was():
    with Pki() as pki, Pki() as stranger, Signed(pki) as e:
        before = e.bytes()
        shutil.copy(e.pdf, e.path('forged.pdf'))
        with open(e.path('forged.pdf'), 'r+b') as f:
            f.seek(len(before) // 2)
            f.write(b'\0')
        rows = [
            (['r/report.pdf', '--timestamp', pki.url + 'nobody'], 1, 'HTTP 503'),
            (['r/report.pdf', '--timestamp', 'ftp://x/'], 64, 'expected an address'),
            (['r/report.pdf'], 64, 'who stamps'),
            (['r/report.json', '--timestamp', pki.url + 'tsa'], 1, 'not a PDF'),
            (['nothing.pdf', '--timestamp', pki.url + 'tsa'], 1, 'nothing.pdf'),
            (['r/report.pdf', '--timestamp', pki.url + 'tsa', '--crl', pki.path('root.pem')], 1, 'no revocation list'),
            (['r/report.pdf', '--timestamp', pki.url + 'tsa', '--root', stranger.path('root.pem')], 1, 'does not lead to a trusted root'),
            (['r/report.pdf', '--timestamp', stranger.url + 'tsa', '--timestamp-root', pki.path('root.pem')], 1, 'lead'),
            (['forged.pdf', '--timestamp', pki.url + 'tsa', '--root', pki.path('root.pem')], 1, 'forged.pdf'),
            (['r/report.pdf', '--timestamp', pki.url + 'tsa', '--out', 'no/such/folder.pdf'], 1, 'folder.pdf'),
        ]
        pki.answer_nobody = lambda body: None
        for words, code, why in rows:
            tap.contains(e.must('extend', *words, code=code), why)
            tap.equal(e.bytes(), before, ' '.join(words))
        e.extend('--out', 'new.pdf')
        tap.equal(e.bytes(), before)
        tap.equal(e.bytes('new.pdf')[:len(before)], before)


def levels(pdf):
    return pdf.count(b'/Type /DSS\n'), pdf.count(b'/Type /DocTimeStamp'), pdf.count(b'%%EOF\n')


def case_a_report_brings_its_data_along_in_the_signed_revision():
    rows = [
        # OCSP, down, words, DSS, said
        (True, (), (), 1, 'for 2 of 2 certificates'),
        (False, (), (), 1, 'for 2 of 2 certificates'),
        (True, ('ocsp', 'crl'), (), 0, 'for 0 of 2 certificates'),
        (True, (), ('--offline',), 0, 'for 0 of 2 certificates'),
    ]
    for ocsp, down, words, dss, said in rows:
        with Pki(ocsp) as pki:
            pki.down = set(down)
            with Signed(pki, '--timestamp', pki.url + 'tsa', '--timestamp-root', pki.path('root.pem'), *words) as e:
                tap.contains(e.said, said)
                tap.equal(levels(e.bytes()), (dss, 0, 2))
                out = e.must('verify', 'r', *e.roots(), '--allow-test')
                tap.equal('not revoked' in re.search('signer +report.pdf.*', out).group(0), dss == 1)
                e.extend(*e.roots())
                tap.equal(levels(e.bytes())[1:], (1, 3))
                e.must('verify', 'r', *e.roots(), '--allow-test')


def case_data_without_a_time_stamp():
    with Pki() as pki:
        stamp = ['--timestamp', pki.url + 'tsa', '--timestamp-root', pki.path('root.pem')]
        for first, what in ((['--offline'], 'B-T'), ([], 'B-LT')):
            with Signed(pki, *stamp, *first) as e:
                before = e.bytes()
                tap.contains(e.must('verify', 'r', *e.roots(), '--allow-test'), 'PAdES ' + what)
                pki.asked.clear()
                out = e.must('extend', 'r/report.pdf', '--data-only', *e.roots())
                tap.contains(out, 'no time-stamp; ')
                tap.contains(out, 'for 2 of 2 certificates')
                tap.equal('tsa' in pki.asked, False)
                tap.equal(e.bytes()[:len(before)], before)
                tap.equal(levels(e.bytes()), (1 + (what == 'B-LT'), 0, 3))
                out = e.must('verify', 'r', *e.roots(), '--allow-test')
                tap.contains(out, 'PAdES B-LT')
                tap.contains(out, 'not revoked')
                r = subprocess.run(['qpdf', '--check', e.pdf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                tap.equal(r.returncode, 0, r.stdout.decode())
                e.extend(*e.roots())
                tap.contains(e.must('verify', 'r', *e.roots(), '--allow-test'), 'PAdES B-LTA')


def case_data_only_refuses():
    with Pki() as pki, Signed(pki, '--timestamp', pki.url + 'tsa', '--timestamp-root', pki.path('root.pem'), '--offline') as e:
        before = e.bytes()
        for words, code, why in (
            (['--offline'], 64, 'no validation data that the file does not have'),
            (['--timestamp', pki.url + 'tsa'], 64, 'asks nobody for a time-stamp'),
            (['--timestamp-root', 'none.pem'], 1, 'none.pem'),
        ):
            tap.contains(e.must('extend', 'r/report.pdf', '--data-only', *words, code=code), why)
            tap.equal(e.bytes(), before)


def case_a_revoked_key_signs_no_report():
    with Pki() as pki:
        pki.revoke('signer')
        time.sleep(1.1)
        e = Estate(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()))
        with e:
            tap.contains(e.must('report', '--period', '2026-10', '--key', pki.path('signer'), '--timestamp', pki.url + 'tsa', '--out', 'r', code=1),
                         'revoked')
            tap.equal(os.path.exists(e.path('r/report.pdf')), False)


def case_a_revoked_signer():
    with Pki() as pki, Signed(pki) as e:
        time.sleep(1.1)
        pki.revoke('signer')
        e.extend()
        # There is no time-stamp from before the revocation.
        out = e.must('verify', 'r', *e.roots(), '--allow-test', code=1)
        tap.contains(out, 'revoked')
        tap.contains(out, 'key compromise')


if __name__ == '__main__':
    for tool in ('openssl', 'qpdf', 'pdfsig', 'certutil', 'pdftotext', 'basenc'):
        if not shutil.which(tool):
            print('1..0 # SKIP %s is missing' % tool)
            sys.exit(0)
    tap.main(sys.modules[__name__])
