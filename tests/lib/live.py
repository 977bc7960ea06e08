"""What the real servers on loopback have in common: keys, ports, a clock that starts elsewhere, start and stop by process id.

One file per server: livebind.py, liveknot.py, livensd.py, livepdns.py. Each has one class whose first parameters are (folder,
zones, keys, transfer_key). zones: {name: (zone file text, grants)}; a grant is (key, owners, types): the key may update these
owners (full names without final dot; None: the whole zone) in these types (None: all). What is said on a server:

    with Knot(folder, {'a.test': (ZONE, [('alice', None, None)])}, ['alice'], 'reader') as s:
        s.update('alice', ['zone a.test', 'update add www.a.test 60 A 192.0.2.1'])
        s.serial('a.test'); s.axfr('a.test')

A program that is not installed: `if not Knot.there(): skip`. Whoever starts a server stops it (with, or stop()). All of them run
as whoever runs the test, root or not, with everything in FOLDER, which must be short (unix sockets) and the server's alone."""
import atexit, base64, calendar, hashlib, os, shutil, socket, subprocess, tempfile, time


def free_port():
    """A port of 127.0.0.1 that is free by TCP and by UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(('127.0.0.1', 0))
            try:
                udp.bind(tcp.getsockname())
                return tcp.getsockname()[1]
            except OSError:
                pass


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


def program(name):
    """Its path, also where PATH has no sbin; or None."""
    return shutil.which(name) or shutil.which(name, path='/usr/sbin:/sbin:/usr/local/sbin')


def until(what, test, seconds=10):
    """Waits until test() is true and gives what it gave."""
    end = time.monotonic() + seconds
    while True:
        got = test()
        if got:
            return got
        if time.monotonic() > end:
            raise RuntimeError('%s: not within %d s' % (what, seconds))
        time.sleep(0.03)


def run(words, **more):
    """A helper program; its output. It must end with 0."""
    r = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if r.returncode != 0:
        raise RuntimeError('%s ended with %d: %s' % (' '.join(words), r.returncode, r.stdout.decode(errors='replace')))
    return r.stdout.decode(errors='replace')


class Server:
    """programs: those that must be there. A server gives command() (argv, in the foreground) and write_conf()."""
    programs = ()

    def __init__(self, folder, zones, keys, transfer_key):
        self.folder, self.zones, self.keys, self.transfer_key = folder, zones, keys, transfer_key
        self.port = free_port()
        self.process = self.at = self.shift = None
        os.makedirs(folder, exist_ok=True)

    @classmethod
    def there(cls):
        return all(program(p) for p in cls.programs)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), 'w') as f:
            f.write(text)
        os.chmod(self.path(name), 0o600)

    def read(self, name):
        with open(self.path(name), errors='replace') as f:
            return f.read()

    def write_zones(self):
        """Zone files, where they are not there yet: ZONE.zone."""
        for zone, (text, *_) in self.zones.items():
            if not os.path.exists(self.path(zone + '.zone')):
                self.write(zone + '.zone', text)

    # --- start and stop ---

    def clock(self, at):
        """Environment in which the clock starts at AT, UTC, and runs on."""
        if not at:
            return dict(os.environ)
        then = calendar.timegm(time.strptime(at, '%Y-%m-%d %H:%M:%S'))
        return dict(os.environ, TZ='UTC', LD_PRELOAD=shift_library(), SHIFT_SECONDS=str(then - int(time.time())))

    def its_clock(self):
        """The server's clock, which has run on since it was started."""
        env = self.clock(self.at)
        if self.shift:
            env['SHIFT_SECONDS'] = self.shift
        return env

    def ready(self):
        """Does it answer? A server may wait for more than its port."""
        try:
            socket.create_connection(('127.0.0.1', self.port), 0.2).close()
            return True
        except OSError:
            return False

    def start(self, at=None):
        """at: its clock's time ('2026-07-01 06:00:00'), or None for the real one."""
        env = self.clock(at)
        self.at, self.shift = at, env.get('SHIFT_SECONDS')
        with open(self.path('server.out'), 'ab') as out:
            self.process = subprocess.Popen(self.command(), env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                            start_new_session=True)
        try:
            until('start', lambda: self.ready() or self.process.poll() is not None)
            if self.process.poll() is None:
                return self
        except RuntimeError:
            pass
        self.stop()
        raise RuntimeError('%s did not start: %s' % (self.command()[0], self.read('server.out')[-2000:]))

    def stop(self):
        """Ends the process that start() began, and nothing else."""
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, 9)
                self.process.wait()
        self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *a):
        self.stop()

    # --- what is asked of it ---

    def update(self, key, lines, expect=0):
        """nsupdate with a signed update; expect: exit code (2: refused)."""
        self.nsupdate(key, lines, expect)

    def nsupdate(self, key, lines, expect=0, secret_of=None):
        """LINES as nsupdate reads them, before "send". key None: unsigned; secret_of: sign with another key's secret.
        expect: exit code (2: refused by the server)."""
        text = 'server 127.0.0.1 %d\n%s\nsend\n' % (self.port, '\n'.join(lines))
        cmd = ['nsupdate'] + (['-y', 'hmac-sha256:%s:%s' % (key, secret(secret_of or key))] if key else [])
        r = subprocess.run(cmd, input=text.encode(), env=self.its_clock(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode != expect:
            raise RuntimeError('nsupdate ended with %d: %s' % (r.returncode, r.stdout.decode()))

    def dig(self, *words, key=True):
        """Answer lines; key: signed with the transfer key."""
        sign = ['-y', 'hmac-sha256:%s:%s' % (self.transfer_key, secret(self.transfer_key))] if key else []
        out = run(['dig', '@127.0.0.1', '-p', str(self.port), '+tcp', '+noall', '+answer', '+time=5', '+tries=1'] + sign + list(words),
                  env=self.its_clock())
        return [l for l in out.splitlines() if l and not l.startswith(';')]

    def axfr(self, zone):
        """Records, the SOA once."""
        return self.dig('+onesoa', zone, 'axfr')

    def serial(self, zone):
        """None: it does not answer for the zone."""
        for line in self.dig(zone, 'soa', key=False):
            fields = line.split()
            if fields[3] == 'SOA':
                return int(fields[6])
        return None
