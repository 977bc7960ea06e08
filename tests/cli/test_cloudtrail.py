#!/usr/bin/env python3
"""Files of a CloudTrail trail with their digests: what is whole is proven, what is broken is a gap, and which is said."""
import atexit, base64, gzip, hashlib, json, os, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

ACCOUNT, BUCKET = '111122223333', 'trail-bucket'
CONFIG = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: trail, type: aws-cloudtrail-files, path: logs/AWSLogs/%s, account: "%s", zones: [example.test=Z0123]%s}
''' % (ACCOUNT, ACCOUNT, '%s')
KEYS = tempfile.mkdtemp(prefix='afd-trail-')
atexit.register(shutil.rmtree, KEYS)


def run(*args, **k):
    return subprocess.run(args, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **k).stdout


for name in ('aws', 'other'):
    run('openssl', 'genrsa', '-out', '%s/%s.pem' % (KEYS, name), '2048')


def public_json(name):
    der = run('openssl', 'rsa', '-in', '%s/%s.pem' % (KEYS, name), '-RSAPublicKey_out', '-outform', 'DER')
    return json.dumps({'PublicKeyList': [{'Value': base64.b64encode(der).decode(), 'Fingerprint': '00'}]})


def record(hour, n, name='ChangeResourceRecordSets', **more):
    change = {'action': 'CREATE', 'resourceRecordSet': {'name': 'h%d-%d.example.test.' % (hour, n), 'type': 'A', 'tTL': 60,
                                                        'resourceRecords': [{'value': '192.0.2.%d' % n}]}}
    return dict({'eventVersion': '1.08', 'eventID': 'e-%d-%d' % (hour, n), 'eventTime': '2026-08-01T%02d:%02d:00Z' % (hour, n), 'eventName': name,
                 'eventSource': 'route53.amazonaws.com', 'awsRegion': 'us-east-1', 'eventType': 'AwsApiCall', 'recipientAccountId': ACCOUNT,
                 'sourceIPAddress': '192.0.2.9', 'userAgent': 'aws-cli/2',
                 'userIdentity': {'type': 'IAMUser', 'arn': 'arn:aws:iam::%s:user/robot' % ACCOUNT, 'accessKeyId': 'AKIAIOSFODNN7EXAMPLE'},
                 'requestParameters': {'hostedZoneId': 'Z0123', 'changeBatch': {'changes': [change]}}}, **more)


class World(Estate):
    def __init__(self, keys='json', key='aws', more=''):
        super().__init__('2026-08-02T12:00:00Z')
        self.key, self.last, self.signature = key, {}, {}
        if keys:
            self.write('keys', public_json('aws') if keys == 'json' else run('openssl', 'rsa', '-in', KEYS + '/aws.pem', '-pubout').decode())
        self.write('affidavit.yaml', CONFIG % ((', public_keys: keys' if keys else '') + more))

    def at_key(self, key):
        at = self.path('logs/' + key)
        os.makedirs(os.path.dirname(at), exist_ok=True)
        return at

    def put(self, key, content):
        with open(self.at_key(key), 'wb') as f:
            f.write(gzip.compress(content, mtime=0))

    def name(self, hour, region='us-east-1', end=''):
        return 'AWSLogs/%s/CloudTrail-Digest/%s/2026/08/01/%s_CloudTrail-Digest_%s_trail_us-east-1_20260801T%02d0000Z%s.json.gz' % (
            ACCOUNT, region, ACCOUNT, region, hour, end)

    def log(self, hour, n=2):
        return 'AWSLogs/%s/CloudTrail/us-east-1/2026/08/01/%s_CloudTrail_us-east-1_20260801T%02d05Z_x%d.json.gz' % (ACCOUNT, ACCOUNT, hour, n)

    def hour(self, hour, region='us-east-1', chain='', logs=1, **more):
        """Log files of [hour, hour + 1) and the digest at its end."""
        files = []
        for i in range(logs):
            content = json.dumps({'Records': [record(hour, 10 * i + k) for k in range(2)]}).encode()
            self.put(self.log(hour, i), content)
            files.append({'s3Bucket': BUCKET, 's3Object': self.log(hour, i), 'hashValue': hashlib.sha256(content).hexdigest(), 'hashAlgorithm': 'SHA-256',
                          'oldestEventTime': '2026-08-01T%02d:00:00Z' % hour, 'newestEventTime': '2026-08-01T%02d:30:00Z' % hour})
        self.digest(hour, files, region, chain, **more)

    def digest(self, hour, files, region='us-east-1', chain='', **more):
        which, name = (region, chain), self.name(hour + 1, region, chain)
        before = self.last.get(which, {})
        d = dict({'awsAccountId': ACCOUNT, 'digestStartTime': '2026-08-01T%02d:00:00Z' % hour, 'digestEndTime': '2026-08-01T%02d:00:00Z' % (hour + 1),
                  'digestS3Bucket': BUCKET, 'digestS3Object': name, 'digestPublicKeyFingerprint': '00', 'digestSignatureAlgorithm': 'SHA256withRSA',
                  'newestEventTime': None, 'oldestEventTime': None, 'previousDigestS3Bucket': before and BUCKET or None,
                  'previousDigestS3Object': before.get('name'), 'previousDigestHashValue': before.get('hash'), 'previousDigestHashAlgorithm': 'SHA-256',
                  'previousDigestSignature': before.get('signature'), 'logFiles': files}, **more)
        content = json.dumps(d).encode()
        self.put(name, content)
        text = '%s\n%s/%s\n%s\n%s' % (d['digestEndTime'], BUCKET, name, hashlib.sha256(content).hexdigest(), d['previousDigestSignature'] or 'null')
        signed = run('openssl', 'dgst', '-sha256', '-sign', '%s/%s.pem' % (KEYS, self.key), input=text.encode()).hex()
        self.last[which] = {'name': name, 'hash': hashlib.sha256(content).hexdigest(), 'signature': signed}

    def collect(self, code=0):
        return self.must('collect', code=code)

    def said(self):
        """Statements of the ledger: grade, hours, reason."""
        words = ('gap', 'sampled', 'asserted', 'proven')
        day = 1785542400000
        return ['%s %g-%g %s' % (words[g], (a - day) / 3600000, (b - day) / 3600000, why.split(': ')[-1])
                for g, a, b, why in self.sql('SELECT grade, t_from, t_to, reason FROM coverage WHERE grade <> 2 ORDER BY id')]

    def events(self):
        return self.sql('SELECT count(*) FROM event')[0][0]


WHOLE = 'digests signed by AWS, in an unbroken chain, and each log file that they list'


def case_whole_hours_are_proven_but_for_the_last():
    with World() as w:
        for h in (8, 9, 10, 11):
            w.hour(h, logs=2)
        w.collect()
        tap.equal(w.said(), ['proven 8-11 ' + WHOLE])
        tap.equal(w.events(), 16)
        tap.equal(w.sql("SELECT count(*) FROM claim WHERE zone = 'example.test' AND outcome = 'applied'")[0][0], 16)


def case_the_next_run_proves_the_last_hour_and_tells_nothing_twice():
    with World(keys='pem') as w:
        w.hour(8)
        w.hour(9)
        w.collect()
        tap.equal(w.said(), ['proven 8-9 ' + WHOLE])
        w.collect()
        w.hour(10)
        w.collect()
        tap.equal(w.said(), ['proven 8-9 ' + WHOLE, 'proven 9-10 ' + WHOLE])
        tap.equal(w.events(), 6)


def case_a_signature_beside_it_proves_the_last():
    with World() as w:
        w.hour(8)
        w.hour(9)
        with open(w.at_key(w.name(10) + '.sig'), 'w') as f:
            f.write(w.last['us-east-1', '']['signature'] + '\n')
        w.collect()
        tap.equal(w.said(), ['proven 9-10 ' + WHOLE, 'proven 8-9 ' + WHOLE])


def case_a_log_file_that_is_another_or_lacks_is_a_gap():
    with World() as w:
        for h in (8, 9, 10, 11):
            w.hour(h)
        w.put(w.log(9, 0), json.dumps({'Records': [record(9, 0)]}).encode())
        os.unlink(w.at_key(w.log(10, 0)))
        w.collect(3)
        tap.equal(w.said(), ['proven 8-9 ' + WHOLE, 'gap 9-9.5 the log file is not the one that its digest names',
                             'gap 10-10.5 the log file that a digest names is not there'])


def case_a_digest_that_lacks_is_a_gap_the_first_is_not():
    with World() as w:
        for h in (8, 9, 10, 11):
            w.hour(h)
        os.unlink(w.at_key(w.name(9)))
        os.unlink(w.at_key(w.name(11)))
        w.hour(12)
        w.collect(3)
        tap.equal(w.said(), ['proven 11-12 ' + WHOLE, 'gap 10-11 the digest before it is not there'])


def case_a_forged_digest_and_a_forged_log_prove_nothing():
    with World() as w:
        for h in (8, 9, 10):
            w.hour(h)
        content = json.dumps({'Records': []}).encode()
        w.put(w.log(8, 0), content)
        d = json.loads(gzip.open(w.at_key(w.name(9))).read())
        d['logFiles'][0]['hashValue'] = hashlib.sha256(content).hexdigest()
        w.put(w.name(9), json.dumps(d).encode())
        w.collect(3)
        tap.equal(w.said(), ['proven 9-10 ' + WHOLE, 'gap 8-9 the digest is not the one that the next one names'])


def case_a_chain_that_somebody_else_signed_is_no_proof():
    with World(key='other') as w:
        for h in (8, 9):
            w.hour(h)
        w.collect(3)
        tap.equal(w.said(), ['gap 8-9 the signature of the digest does not fit any of the keys'])


def case_without_keys_nothing_is_proven_and_breaks_are_gaps():
    with World(keys=None) as w:
        for h in (8, 9, 10):
            w.hour(h)
        os.unlink(w.at_key(w.log(9, 0)))
        w.collect(3)
        tap.equal(w.said(), ['gap 9-9.5 the log file that a digest names is not there'])


def case_a_chain_that_begins_anew_says_so():
    with World() as w:
        w.hour(8)
        w.last.clear()
        w.hour(10)
        w.hour(11)
        w.collect(3)
        tap.equal(w.said(), ['proven 10-11 ' + WHOLE, 'gap 9-10 the chain of digests begins anew'])


def case_other_regions_and_backfills_are_chains_of_their_own():
    with World() as w:
        for h in (8, 9, 10):
            w.hour(h)
            w.digest(h, [], region='eu-west-1')
        w.digest(8, [], chain='_backfill')
        os.unlink(w.at_key(w.name(10, 'eu-west-1')))
        w.collect(3)
        tap.equal(w.said(), ['proven 8-10 ' + WHOLE, 'gap 9-10 the digest before it is not there'])


def case_a_file_that_is_no_log_is_a_gap_and_the_rest_is_read():
    with World() as w:
        w.hour(8)
        w.put('AWSLogs/%s/CloudTrail/us-east-1/2026/08/01/broken.json.gz' % ACCOUNT, b'{"Records":[{"eventID":')
        w.put('AWSLogs/%s/CloudTrail/us-east-1/2026/08/01/odd.json.gz' % ACCOUNT, json.dumps({'Records': [record(9, 1), {'eventID': 'x'}]}).encode())
        w.collect(3)
        tap.equal([s.split(' ', 2)[2] for s in w.said()], [
            'its eventTime is no time', "expected a list of CloudTrail's records", 'its eventTime is no time', 'unexpected token near end of file'])
        tap.equal(w.events(), 3)


def case_keys_that_are_none_end_the_source():
    with World() as w:
        w.write('keys', 'no keys')
        w.hour(8)
        tap.contains(w.collect(3), 'public_keys: expected')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
