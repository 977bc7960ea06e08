"""A DNS of our own on loopback: root, top level, zones, one Knot for each server's address (BIND listens on addresses of
interfaces alone, and 127.0.1.1 is none); signed as asked, by BIND's tools."""
import glob, os, re, subprocess, time
from livebind import free_port


def run(*words, **kw):
    r = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    if r.returncode:
        raise RuntimeError('%s: %s' % (' '.join(words), r.stdout.decode()))
    return r.stdout.decode()


def stamp(offset):
    return time.strftime('%Y%m%d%H%M%S', time.gmtime(time.time() + offset))


class Tree:
    """add(zone, address, text, sign=...) then start(). sign: None, or dict(alg, nsec3, optout, start, end, zsk) in seconds
    from now. A zone's DS stands in ds[zone] for its parent's text: add children first."""

    def __init__(self, folder):
        self.folder, self.port, self.views, self.ds, self.options, self.process = folder, free_port(), {}, {}, {}, None
        os.makedirs(folder, exist_ok=True)

    def path(self, *p):
        return os.path.join(self.folder, *p)

    def keys(self, zone, alg='ECDSAP256SHA256'):
        d = self.path('keys-' + (zone or 'root'))
        if not os.path.isdir(d):
            os.makedirs(d)
            for more in (['-f', 'KSK'], []):
                run('dnssec-keygen', '-q', '-K', d, '-a', alg, *(['-b', '2048'] if 'RSA' in alg else []), *more, zone or '.')
        return d

    def sign(self, zone, text, alg='ECDSAP256SHA256', nsec3=False, optout=False, start=-3600, end=20 * 86400, name=None, salt='-', iterations='0'):
        keys, name = self.keys(zone, alg), name or (zone or 'root')
        for f in sorted(glob.glob(keys + '/*.key')):
            text += open(f).read()
        with open(self.path(name + '.in'), 'w') as f:
            f.write(text)
        how = (['-3', salt, '-H', iterations] if nsec3 else []) + (['-A'] if optout else [])
        run('dnssec-signzone', '-q', '-P', '-K', keys, '-o', zone or '.', '-s', stamp(start), '-e', stamp(end), *how, '-f', self.path(name + '.db'),
            self.path(name + '.in'), cwd=self.folder)
        ksk = [f for f in glob.glob(keys + '/*.key') if ' 257 ' in open(f).read()][0]
        self.ds[zone] = run('dnssec-dsfromkey', '-2', ksk)
        return self.path(name + '.db')

    def add(self, zone, addresses, text, sign=None, name=None):
        """Serves ZONE ('' the root) at ADDRESSES."""
        if sign is not None:
            path = self.sign(zone, text, name=name, **sign)
        else:
            path = self.path((name or zone or 'root') + '.db')
            with open(path, 'w') as f:
                f.write(text)
        for a in addresses:
            self.views.setdefault(a, {})[zone] = path
        return path

    def server(self, address, **options):
        """An address without zones, or what its server says besides: transfer=True hands out whole zones."""
        self.views.setdefault(address, {})
        self.options[address] = options

    def conf(self, address, zones):
        o, folder = self.options.get(address, {}), self.path('at-' + address)
        os.makedirs(folder, exist_ok=True)
        text = 'server:\n  listen: %s@%d\n  rundir: %s\n  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n' % (address, self.port, folder)
        text += 'database:\n  storage: %s\nlog:\n  - target: stderr\n    any: info\n' % folder
        text += 'acl:\n  - id: all\n    address: 127.0.0.0/8\n    action: transfer\n' if o.get('transfer') else ''
        text += 'template:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\n%szone:\n' % ('    acl: all\n' if o.get('transfer') else '')
        for zone, path in zones.items():
            text += '  - domain: %s.\n    file: %s\n' % (zone, path)
        with open(os.path.join(folder, 'knot.conf'), 'w') as f:
            f.write(text)
        return os.path.join(folder, 'knot.conf')

    def start(self):
        self.process = []
        for a, zones in self.views.items():
            conf = self.conf(a, zones)
            log = open(os.path.join(os.path.dirname(conf), 'out'), 'wb')
            self.process.append((subprocess.Popen(['knotd', '-c', conf], stdout=log, stderr=log), log))
        for p, log in self.process:
            for _ in range(200):
                text = open(log.name, 'rb').read()
                if b'server started' in text:
                    break
                if p.poll() is not None:
                    raise RuntimeError('knotd did not start: ' + text.decode())
                time.sleep(0.05)
        return self

    def stop(self):
        for p, log in self.process or []:
            p.terminate()
        for p, log in self.process or []:
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
            log.close()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.stop()


def soa(ns='ns1', extra=''):
    return '$TTL 300\n@ IN SOA %s. hostmaster.example.test. 1 7200 3600 1209600 300\n%s' % (ns, extra)
