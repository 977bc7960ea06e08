"""A small certificate authority on loopback (pebble) that validates against a DNS server of ours, and the clients that ask it:
certbot with dns-rfc2136, and lego. What they write is what real ones write. Everything is stopped by its process id."""
import json, os, shutil, socket, ssl, subprocess, time, urllib.request

import livebind


def programs(*names):
    """Those that are not installed."""
    return [n for n in names if not shutil.which(n)]


class Pebble:
    """dns: port of the server on 127.0.0.1 that it asks for challenges."""

    def __init__(self, folder, dns):
        self.folder, self.dns = folder, dns
        self.port, self.management = livebind.free_port(), livebind.free_port()
        self.url = 'https://localhost:%d/dir' % self.port
        self.ca = os.path.join(folder, 'api.pem')
        os.makedirs(folder, exist_ok=True)
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout',
                        os.path.join(folder, 'api.key'), '-out', self.ca, '-days', '3650', '-subj', '/CN=localhost', '-addext',
                        'subjectAltName=DNS:localhost,IP:127.0.0.1'], check=True, stderr=subprocess.DEVNULL)
        with open(os.path.join(folder, 'pebble.json'), 'w') as f:
            json.dump({'pebble': {'listenAddress': '127.0.0.1:%d' % self.port, 'managementListenAddress': '127.0.0.1:%d' % self.management,
                                  'certificate': self.ca, 'privateKey': os.path.join(folder, 'api.key'), 'httpPort': livebind.free_port(),
                                  'tlsPort': livebind.free_port(), 'ocspResponderURL': '', 'externalAccountBindingRequired': False}}, f)

    def start(self, env=None):
        # every order is validated anew, at once, and no nonce is refused for sport
        env = dict(env or os.environ, PEBBLE_VA_NOSLEEP='1', PEBBLE_WFE_NONCEREJECT='0', PEBBLE_AUTHZREUSE='0')
        env.pop('PEBBLE_VA_ALWAYS_VALID', None)
        self.log = open(os.path.join(self.folder, 'pebble.out'), 'ab')
        self.process = subprocess.Popen(['pebble', '-config', os.path.join(self.folder, 'pebble.json'), '-dnsserver', '127.0.0.1:%d' % self.dns],
                                        env=env, stdout=self.log, stderr=self.log, start_new_session=True)
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.port), 0.2).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError('pebble did not start: ' + open(os.path.join(self.folder, 'pebble.out')).read()[-2000:])

    def managed(self, path):
        ctx = ssl.create_default_context(cafile=self.ca)
        with urllib.request.urlopen('https://localhost:%d/%s' % (self.management, path), context=ctx) as r:
            return r.read()

    def roots(self):
        """Root and intermediate, in PEM."""
        return self.managed('roots/0') + self.managed('intermediates/0')

    def stop(self):
        if getattr(self, 'process', None):
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
            self.log.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *a):
        self.stop()


class Certbot:
    """One configuration directory, hence one account."""

    def __init__(self, folder, pebble, bind, key):
        self.folder, self.pebble = folder, pebble
        os.makedirs(folder, exist_ok=True)
        self.config, self.logs = os.path.join(folder, 'etc'), os.path.join(folder, 'log')
        self.credentials = os.path.join(folder, 'rfc2136.ini')
        self.bind = bind
        self.use(key)

    def use(self, key):
        """The TSIG key that updates are signed with from now on."""
        with open(self.credentials, 'w') as f:
            f.write('dns_rfc2136_server = 127.0.0.1\ndns_rfc2136_port = %d\ndns_rfc2136_name = %s\ndns_rfc2136_secret = %s\n'
                    'dns_rfc2136_algorithm = HMAC-SHA256\n' % (self.bind.port, key, livebind.secret(key)))
        os.chmod(self.credentials, 0o600)

    def run(self, *words, expect=0):
        cmd = ['certbot', words[0], '--server', self.pebble.url, '--config-dir', self.config, '--work-dir', os.path.join(self.folder, 'work'),
               '--logs-dir', self.logs, '--non-interactive'] + list(words[1:])
        r = subprocess.run(cmd, env=dict(os.environ, REQUESTS_CA_BUNDLE=self.pebble.ca), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode != expect:
            raise RuntimeError('certbot ended with %d: %s' % (r.returncode, r.stdout.decode()[-3000:]))
        return r.stdout.decode()

    def order(self, *names, expect=0, extra=()):
        words = ['certonly', '--agree-tos', '-m', 'ops@example.test', '--dns-rfc2136', '--dns-rfc2136-credentials', self.credentials,
                 '--dns-rfc2136-propagation-seconds', '0'] + list(extra)
        return self.run(*words, *[w for n in names for w in ('-d', n)], expect=expect)

    def renew(self, *extra, expect=0):
        return self.run('renew', '--force-renewal', '--no-random-sleep-on-renew', *extra, expect=expect)


def lego(folder, pebble, bind, key, names, renew=False, expect=0):
    """lego with rfc2136; what it says (its log goes to standard error)."""
    env = dict(os.environ, LEGO_CA_CERTIFICATES=pebble.ca, RFC2136_NAMESERVER='127.0.0.1:%d' % bind.port, RFC2136_TSIG_KEY=key + '.',
               RFC2136_TSIG_SECRET=livebind.secret(key), RFC2136_TSIG_ALGORITHM='hmac-sha256.', RFC2136_PROPAGATION_TIMEOUT='20',
               RFC2136_POLLING_INTERVAL='1', TZ='UTC')
    cmd = ['lego', '--server', pebble.url, '--path', folder, '--accept-tos', '--email', 'ops@example.test', '--dns', 'rfc2136',
           '--dns.disable-cp', '--dns.resolvers', '127.0.0.1:%d' % bind.port] + [w for n in names for w in ('--domains', n)]
    cmd += ['renew', '--days', '9999', '--no-random-sleep'] if renew else ['run']
    r = subprocess.run(cmd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if r.returncode != expect:
        raise RuntimeError('lego ended with %d: %s' % (r.returncode, r.stdout.decode()[-3000:]))
    return r.stdout.decode()
