#!/usr/bin/env python3
"""A trail read from its bucket: the same as from a directory, page by page; and servers that lie, refuse or go round in circles.
tests/interop/moto reads one from somebody else's S3."""
import gzip, hashlib, hmac, http.server, os, sys, threading, urllib.parse
from xml.sax.saxutils import escape

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib')]
import tap
from test_cloudtrail import ACCOUNT, BUCKET, WHOLE, World

SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'


def signature(h):
    """Version 4 as its description has it, over what arrived: so the program is not asked to agree with itself."""
    path, _, query = h.path.partition('?')
    auth = dict(p.strip().split('=', 1) for p in h.headers['Authorization'].split(' ', 1)[1].split(','))
    names, scope = auth['SignedHeaders'].split(';'), auth['Credential'].split('/', 1)[1]
    canonical = '\n'.join(['GET', path, '&'.join(sorted(query.split('&'))) if query else '',
                           *['%s:%s' % (n, h.headers[n].strip()) for n in names], '', auth['SignedHeaders'], h.headers['x-amz-content-sha256']])
    text = '\n'.join(['AWS4-HMAC-SHA256', h.headers['x-amz-date'], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ('AWS4' + SECRET).encode()
    for part in scope.split('/'):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == auth['Signature']


class S3:
    """The folder as a bucket. page: keys on each page. fault(path, body) may bend an answer: (status, headers, body)."""

    def __init__(self, folder, page=3, fault=None):
        s3 = self
        s3.folder, s3.page, s3.fault, s3.asked, s3.unsigned = folder, page, fault, [], 0

        class H(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                s3.asked.append(self.path)
                s3.unsigned += not signature(self)
                status, headers, body = s3.answer(self.path)
                if s3.fault:
                    status, headers, body = s3.fault(self.path, status, headers, body)
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *a):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), H)
        self.base = 'http://127.0.0.1:%d' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def keys(self, prefix):
        found = [os.path.relpath(os.path.join(at, f), self.folder) for at, _, files in os.walk(self.folder) for f in files]
        return sorted(k for k in found if k.startswith(prefix))

    def answer(self, path):
        path, _, query = path.partition('?')
        q = dict(urllib.parse.parse_qsl(query))
        if path == '/' + BUCKET:
            keys, at = self.keys(q.get('prefix', '')), int(q.get('continuation-token', '0'))
            more = at + self.page < len(keys)
            body = '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>' % (
                str(more).lower(), ''.join('<Contents><Key>%s</Key><LastModified>2026-08-01T12:00:00.000Z</LastModified><Size>%d</Size></Contents>' % (
                    escape(k), os.path.getsize(os.path.join(self.folder, k))) for k in keys[at:at + self.page]),
                '<NextContinuationToken>%d</NextContinuationToken>' % (at + self.page) if more else '')
            return 200, {'Content-Type': 'application/xml'}, body.encode()
        try:
            with open(os.path.join(self.folder, urllib.parse.unquote(path[len(BUCKET) + 2:])), 'rb') as f:
                return 200, {'Content-Type': 'application/json'}, f.read()
        except OSError:
            return 404, {}, b'<Error><Code>NoSuchKey</Code></Error>'

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.server.shutdown()
        self.server.server_close()


def trail(w, s3, prefix='AWSLogs/%s/' % ACCOUNT, more=''):
    w.env['AWS_SECRET'] = SECRET
    w.write('affidavit.yaml', '''organisation: X
inventory: inventory.yaml
sources:
  - {name: trail, type: aws-cloudtrail-files, bucket: %s, prefix: "%s", url: "%s", access_key_id: AKIDEXAMPLE, secret_access_key: "env:AWS_SECRET",
     account: "%s", zones: [example.test=Z0123], public_keys: keys%s}
''' % (BUCKET, prefix, s3.base, ACCOUNT, more))


def case_pages_of_a_bucket_and_its_digests_are_proven():
    with World() as w:
        for h in (8, 9, 10, 11):
            w.hour(h, logs=2)
        with S3(w.path('logs')) as s3:
            trail(w, s3)
            w.collect()
            tap.equal(w.said(), ['proven 8-11 ' + WHOLE])
            tap.equal(w.events(), 16)
            tap.equal(s3.unsigned, 0, 'each request bears a signature that fits')
            tap.equal(len([p for p in s3.asked if 'list-type' in p]), 4, '12 keys, three a page')
            before = len(s3.asked)
            w.collect()
            tap.equal(w.events(), 16)
            assert all('list-type' in p or 'Digest' in p for p in s3.asked[before:]), s3.asked[before:]
            w.hour(12)
            w.collect()
            tap.equal(w.events(), 18)
            tap.equal(w.said()[-1], 'proven 11-12 ' + WHOLE)


def case_an_object_that_is_opened_on_the_way():
    def fault(path, status, headers, body):
        return status, dict(headers, **({'Content-Encoding': 'gzip'} if body[:2] == b'\x1f\x8b' else {})), body
    with World() as w:
        w.hour(8), w.hour(9)
        with S3(w.path('logs'), fault=fault) as s3:
            trail(w, s3)
            w.collect()
            tap.equal((w.events(), w.said()), (4, ['proven 8-9 ' + WHOLE]))


def case_a_refused_credential_says_what_to_do():
    for status in 401, 403:
        with World() as w:
            w.hour(8)
            with S3(w.path('logs'), fault=lambda path, s, h, b: (status, {}, b'<Error><Code>AccessDenied</Code></Error>')) as s3:
                trail(w, s3)
                out = w.collect(code=1)
                tap.contains(out, 's3:ListBucket')
                assert SECRET not in out
                tap.equal(len(w.said()), 1)
                tap.contains(w.said()[0], 'gap')


def case_lists_that_lie_are_gaps():
    circle = (b'<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>0</NextContinuationToken></ListBucketResult>', 'circle')
    rows = [circle, (b'<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>', 'circle'), (b'<html>', 'XML'), (b'', 'XML'),
            (b'<!DOCTYPE x [<!ENTITY a "b">]><ListBucketResult/>', 'document type'), (b'<Other/>', 'ListBucketResult'),
            (b'<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>', 'without key'),
            (b'<ListBucketResult><Contents><Key>a</Key><Size>-1</Size><LastModified>2026-08-01T12:00:00Z</LastModified></Contents></ListBucketResult>', 'without key')]
    for body, why in rows:
        with World() as w:
            w.hour(8)
            with S3(w.path('logs'), fault=lambda path, s, h, b: (200, {}, body)) as s3:
                trail(w, s3)
                w.collect(code=3)
                tap.contains(' '.join(r for r, in w.sql('SELECT reason FROM coverage WHERE grade = 0')), why)


def case_keys_that_are_no_names_are_left_out():
    bad = ['AWSLogs/%s/' % ACCOUNT, 'elsewhere/x.json', 'AWSLogs/%s/a&#10;b.json' % ACCOUNT]

    def fault(path, status, headers, body):
        if 'list-type' not in path:
            return status, headers, body
        more = ''.join('<Contents><Key>%s</Key><Size>1</Size><LastModified>2026-08-01T12:00:00Z</LastModified></Contents>' % k for k in bad)
        return 200, {}, body.replace(b'</ListBucketResult>', more.encode() + b'</ListBucketResult>')
    with World() as w:
        w.hour(8)
        with S3(w.path('logs'), page=100, fault=fault) as s3:
            trail(w, s3)
            w.collect()
            tap.equal(w.events(), 2)
            assert not any('elsewhere' in p for p in s3.asked), s3.asked


def case_an_object_that_is_gone_or_broken_is_a_gap():
    rows = [((404, {}, b''), 'no such bucket or object'), ((200, {}, gzip.compress(b'x' * 1000)[:-9]), 'gzip'), ((200, {}, b'{}'), "CloudTrail's records")]
    for answer, why in rows:
        with World() as w:
            w.hour(8), w.hour(9)
            with S3(w.path('logs'), fault=lambda path, *a: answer if '/CloudTrail/' in path and 'T08' in path else a) as s3:
                trail(w, s3)
                w.collect(code=3)
                said = ' '.join(r for r, in w.sql('SELECT reason FROM coverage WHERE grade = 0'))
                tap.contains(said, why)
                tap.equal(w.events(), 2, 'the other hour stands')


def case_a_configuration_that_cannot_be():
    for line, why in (('path: logs, bucket: trail-bucket', 'either path'), ('zones: []', 'either path'), ('bucket: A_B', "a bucket's name"),
                      ('bucket: trail-bucket', 'access_key_id'), ('bucket: trail-bucket, access_key_id: A, secret_access_key: "env:X", bucket_region: "x/y"', 'bucket_region'),
                      ('bucket: trail-bucket, access_key_id: A, secret_access_key: "env:X", prefix: "/a"', 'prefix'),
                      ('bucket: trail-bucket, access_key_id: A, secret_access_key: "env:X", url: "http://example.test"', 'https')):
        with World() as w:
            w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: trail, type: aws-cloudtrail-files, account: "1", %s}\n' % line)
            code, out = w.run('collect')
            tap.equal(code, 1, out)
            tap.contains(out, 'affidavit.yaml:')
            tap.contains(out, why)


if __name__ == '__main__':
    tap.main(sys.modules['__main__'])
