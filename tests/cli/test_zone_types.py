#!/usr/bin/env python3
"""Records of all types, made up from a seed: what named-compilezone reads of them is what we read of them."""
import os, random, shutil, sqlite3, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap

AFFIDAVIT = os.environ['AFFIDAVIT']
SEEDS = 3
PER_TYPE = 12


class Made:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def n(self, most):
        return str(self.r.choice([0, 1, most, self.r.randrange(most + 1)]))

    def hex(self, size):
        return bytes(self.r.randrange(256) for _ in range(size)).hex()

    def b64(self, size):
        import base64
        return base64.b64encode(bytes(self.r.randrange(256) for _ in range(size))).decode()

    def name(self):
        label = lambda: ''.join(self.r.choice('abcXYZ019-_') for _ in range(self.r.randrange(1, 12))).strip('-') or 'x'
        return '.'.join(label() for _ in range(self.r.randrange(1, 4))) + self.r.choice(['', '.', '.other.example.'])

    def text(self):
        return '"' + ''.join(self.r.choice(['a', 'B', ' ', ';', '\\"', '\\\\', '\\000', '\\255', '(', '@', '\\065']) for _ in range(self.r.randrange(40))) + '"'

    def v4(self):
        return '.'.join(self.n(255) for _ in range(4))

    def v6(self):
        return self.r.choice(['::', '::1', '2001:DB8::%x' % self.r.randrange(65536), ':'.join('%x' % self.r.randrange(65536) for _ in range(8)), '::ffff:' + self.v4()])

    def rdata(self):
        u8, u16, u32 = self.n(255), self.n(65535), self.n(4294967295)
        return {
            'A': self.v4(), 'AAAA': self.v6(), 'CNAME': self.name(), 'DNAME': self.name(), 'NS': self.name(), 'PTR': self.name(),
            'MX': '%s %s' % (u16, self.name()), 'TXT': ' '.join(self.text() for _ in range(self.r.randrange(1, 4))), 'SPF': self.text(),
            'HINFO': '%s %s' % (self.text(), self.text()), 'RP': '%s %s' % (self.name(), self.name()), 'AFSDB': '%s %s' % (u16, self.name()),
            'KX': '%s %s' % (u16, self.name()), 'RT': '%s %s' % (u16, self.name()), 'PX': '%s %s %s' % (u16, self.name(), self.name()),
            'SRV': '%s %s %s %s' % (u16, self.n(65535), self.n(65535), self.name()),
            'NAPTR': '%s %s "%s" "SIP+D2U" "%s" %s' % (u16, self.n(65535), self.r.choice(['', 'u', 'S']), self.r.choice(['', '!^.*$!sip:a@b!']), self.name()),
            'CAA': '%s %s %s' % (self.r.choice(['0', '128']), self.r.choice(['issue', 'IODEF', 'issuewild']), self.text()),
            'SSHFP': '%s 2 %s' % (self.r.choice('1234'), self.hex(32)), 'TLSA': '3 1 1 %s' % self.hex(32), 'SMIMEA': '3 0 2 %s' % self.hex(64),
            'DS': '%s 13 2 %s' % (u16, self.hex(32)), 'CDS': '%s 8 1 %s' % (u16, self.hex(20)), 'DLV': '%s 8 1 %s' % (u16, self.hex(20)),
            'DNSKEY': '257 3 13 %s' % self.b64(64), 'CDNSKEY': '256 3 15 %s' % self.b64(32),
            'CERT': '%s %s 8 %s' % (self.r.choice(['PKIX', '65280']), u16, self.b64(30)), 'DHCID': self.b64(35), 'OPENPGPKEY': self.b64(50),
            'URI': '%s %s "https://a.example/%s"' % (u16, self.n(65535), u8), 'EUI48': '-'.join(self.hex(1) for _ in range(6)), 'EUI64': '-'.join(self.hex(1) for _ in range(8)),
            'NID': '%s 14:4fff:ff20:ee64' % u16, 'L32': '%s %s' % (u16, self.v4()), 'L64': '%s 2001:db8:1140:1000' % u16, 'LP': '%s %s' % (u16, self.name()),
            'LOC': '%d %d %d.%03d %s %d %d 0.000 %s %d.00m 1m 10000m 10m' % (self.r.randrange(90), self.r.randrange(60), self.r.randrange(60), self.r.randrange(1000),
                    self.r.choice('NS'), self.r.randrange(180), self.r.randrange(60), self.r.choice('EW'), self.r.randrange(-1000, 9000)),
            'CSYNC': '%s 3 A NS AAAA' % u32, 'AVC': self.text(), 'X25': '"311061700956"', 'GPOS': '"-32.6882" "116.8652" "10.0"',
            'HTTPS': '%s . alpn="h2,h3" port=%s ipv4hint=192.0.2.1' % (self.r.choice(['1', '65535']), self.n(65535)), 'SVCB': '0 %s' % self.name(),
            'APL': '1:192.0.2.0/24 !2:2001:db8::/32', 'TYPE65280': '\\# %d %s' % (4, self.hex(4)),
        }

    def zone(self):
        lines = ['$TTL 300', '@ SOA ns host 1 1 1 1 1', '@ NS ns', 'ns A 192.0.2.1']
        types = sorted(self.rdata())
        for t in types:
            for i in range(PER_TYPE):
                lines.append('%s%d %d IN %s %s' % (t.lower(), i, self.r.choice([0, 60, 2147483647]), t, self.rdata()[t]))
        return '\n'.join(lines) + '\n', types


def read(text):
    """The records that affidavit declares of it."""
    folder = tempfile.mkdtemp(prefix='afd-types-')
    try:
        with open(os.path.join(folder, 'e.zone'), 'w') as f:
            f.write(text)
        run = lambda *w: subprocess.run([AFFIDAVIT, '-C', folder, '--quiet'] + list(w), capture_output=True, text=True)
        run('init', '--domain', 'e.test')
        path = os.path.join(folder, 'affidavit.yaml')
        base = open(path).read().split('sources:')[0]
        with open(path, 'w') as f:
            f.write(base + 'sources:\n  - {name: z, type: zone-declared, zone: e.test, path: e.zone}\n')
        out = run('collect')
        with sqlite3.connect(os.path.join(folder, 'evidence.db')) as d:
            rows = d.execute('SELECT owner, type, ttl, rdata FROM declared_record ORDER BY 1, 2, 3, 4').fetchall()
            gaps = d.execute("SELECT reason FROM coverage WHERE grade = 0").fetchall()
        return rows, gaps, out.stderr
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def case_what_bind_reads_is_what_we_read():
    tool = shutil.which('named-compilezone')
    if not tool:
        raise tap.Skip('named-compilezone is not there')
    for seed in range(SEEDS):
        text, types = Made(seed).zone()
        p = subprocess.run([tool, '-q', '-i', 'none', '-k', 'ignore', '-n', 'ignore', '-s', 'full', '-o', '-', 'e.test', '/dev/stdin'], input=text, capture_output=True, text=True)
        tap.equal((p.returncode, p.stdout[-200:] if p.returncode else ''), (0, ''), 'seed %d: %s' % (seed, p.stderr[:300]))
        ours, theirs = read(text), read(p.stdout)
        tap.equal((ours[1], theirs[1]), ([], []))
        tap.equal(sorted(set(ours[0]) ^ set(theirs[0])), [], 'seed %d' % seed)
        tap.equal(sorted(set(types) - {r[1] for r in ours[0]}), [], 'every type is there')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
