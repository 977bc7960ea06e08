"""A real BIND on loopback for tests: zones with update-policy, TSIG keys, update logs; stopped by its process id."""
import atexit, base64, calendar, hashlib, os, shutil, socket, subprocess, tempfile, time


def free_port():
    s = socket.socket()
    s.bind(('127.0.0.1', 0))
    port = s.getsockname()[1]
    s.close()
    return port


def secret(name):
    """A test key's secret, the same every time."""
    return base64.b64encode(hashlib.sha256(b'affidavit test key ' + name.encode()).digest()).decode()


def shift_library(made=[]):
    """tests/lib/shiftclock.c, compiled once."""
    if not made:
        folder = tempfile.mkdtemp(prefix='afd-clock-')
        atexit.register(shutil.rmtree, folder, True)
        made.append(os.path.join(folder, 'shiftclock.so'))
        src = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'shiftclock.c')
        subprocess.run(['cc', '-shared', '-fPIC', '-O2', '-o', made[0], src], check=True)
    return made[0]


class Bind:
    """zones: {name: (zone file text, [update-policy lines])}; keys: names. start(at): its clock's time ('2026-07-01 06:00:00'),
    or None for the real one."""

    def __init__(self, folder, zones, keys, transfer_key):
        self.folder, self.zones, self.keys, self.transfer_key = folder, zones, keys, transfer_key
        self.port, self.control = free_port(), free_port()
        self.process = None
        os.makedirs(folder, exist_ok=True)
        for zone, (text, _) in zones.items():
            path = os.path.join(folder, zone + '.zone')
            if not os.path.exists(path):
                with open(path, 'w') as f:
                    f.write(text)
        self.write_conf()

    def write_conf(self):
        key = 'key "%s" { algorithm hmac-sha256; secret "%s"; };\n'
        out = [key % (k, secret(k)) for k in self.keys + [self.transfer_key, 'control']]
        out.append('''controls { inet 127.0.0.1 port %d allow { 127.0.0.1; } keys { control; }; };
options { directory "%s"; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "named.pid";
  session-keyfile "session.key"; managed-keys-directory "."; recursion no; dnssec-validation no; notify no;
  allow-transfer { key "%s"; }; max-ixfr-ratio unlimited; ixfr-from-differences yes; };
logging { channel updates { file "update.log"; print-time iso8601-utc; print-category yes; print-severity yes; };
  category update { updates; }; category update-security { updates; }; category security { updates; }; };
''' % (self.control, self.folder, self.port, self.transfer_key))
        for zone, (_, policy) in self.zones.items():
            out.append('zone "%s" { type primary; file "%s.zone"; update-policy { %s }; };\n' % (zone, zone, ' '.join(policy)))
        with open(os.path.join(self.folder, 'named.conf'), 'w') as f:
            f.write(''.join(out))
        with open(os.path.join(self.folder, 'rndc.conf'), 'w') as f:
            f.write('key "control" { algorithm hmac-sha256; secret "%s"; };\noptions { default-key "control"; '
                    'default-server 127.0.0.1; default-port %d; };\n' % (secret('control'), self.control))

    def clock(self, at):
        """Environment in which the clock starts at AT, UTC, and runs on."""
        if not at:
            return dict(os.environ)
        then = calendar.timegm(time.strptime(at, '%Y-%m-%d %H:%M:%S'))
        return dict(os.environ, TZ='UTC', LD_PRELOAD=shift_library(), SHIFT_SECONDS=str(then - int(time.time())))

    def start(self, at=None):
        env = self.clock(at)
        self.at, self.shift = at, env.get('SHIFT_SECONDS')
        self.log = open(os.path.join(self.folder, 'named.out'), 'ab')
        self.process = subprocess.Popen(['named', '-f', '-n', '1', '-c', os.path.join(self.folder, 'named.conf')], env=env,
                                        stdout=self.log, stderr=self.log, start_new_session=True)
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', self.port), 0.2).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        raise RuntimeError('named did not start: ' + open(os.path.join(self.folder, 'named.out')).read()[-2000:])

    def stop(self):
        if not self.process:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        self.process = None
        self.log.close()

    def rndc(self, *words):
        env = self.clock(self.at)
        if self.shift:
            env['SHIFT_SECONDS'] = self.shift
        subprocess.run(['rndc', '-c', os.path.join(self.folder, 'rndc.conf')] + list(words), check=True, env=env, stdout=subprocess.DEVNULL)

    def update(self, key, lines, expect=0):
        """nsupdate with a signed update; expect: exit code (2 = refused)."""
        env = self.clock(self.at)
        if self.shift:
            env['SHIFT_SECONDS'] = self.shift      # the server's clock, which has run on since
        text = 'server 127.0.0.1 %d\n%s\nsend\n' % (self.port, '\n'.join(lines))
        cmd = ['nsupdate'] + (['-y', 'hmac-sha256:%s:%s' % (key, secret(key))] if key else [])
        r = subprocess.run(cmd, input=text.encode(), env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode != expect:
            raise RuntimeError('nsupdate ended with %d: %s' % (r.returncode, r.stdout.decode()))

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.stop()
