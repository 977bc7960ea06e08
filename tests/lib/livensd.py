"""A real NSD on loopback for tests: a secondary that keeps what it was sent (store-ixfr), or a primary of zone files."""
import os, re, subprocess, time

from live import Server, free_port, program, run, secret, until


class Nsd(Server):
    """zones: {name: (text, primary)}: primary None: text is the zone file (and edit() changes it); a server of live.py: NSD is its
    secondary, asking with the transfer key, and text is ignored; ('127.0.0.1@853', 'ns1.example'): XoT from there, the server shown by that name
    (tls_ca: roots). Recorded: nsd.log, ZONE.zone.ixfr, .ixfr.2 ... (written by history()). number, size: ixfr-number and ixfr-size.
    tls=(C, K): it serves on tls_port, too."""
    programs = ('nsd', 'nsd-control', 'dig')

    def __init__(self, folder, zones, transfer_key, number=5, size=1048576, tls=None, tls_ca=None, conf=''):
        super().__init__(folder, zones, [], transfer_key)
        self.number, self.size, self.tls, self.tls_ca, self.more_conf = number, size, tls, tls_ca, conf
        self.tls_port = free_port() if tls else None
        self.write_zones()
        self.write_conf()

    def write_zones(self):
        for zone, (text, primary) in self.zones.items():
            if not primary and not os.path.exists(self.path(zone + '.zone')):
                self.write(zone + '.zone', text)

    def write_conf(self):
        out = ['server:', '    ip-address: 127.0.0.1@%d' % self.port, '    username: ""', '    chroot: ""', '    zonesdir: "%s"' % self.folder,
               '    pidfile: "%s"' % self.path('nsd.pid'), '    xfrdfile: "%s"' % self.path('xfrd.state'), '    xfrdir: "%s"' % self.folder,
               '    zonelistfile: "%s"' % self.path('zone.list'), '    logfile: "%s"' % self.path('nsd.log'), '    verbosity: 3', '    server-count: 1',
               '    log-time-ascii: yes', '    log-only-syslog: no']
        if self.version() < (4, 8):      # later ones know no database; until then it is one for the whole machine
            out.append('    database: ""')
        if self.tls:
            out += ['    ip-address: 127.0.0.1@%d' % self.tls_port, '    tls-service-pem: "%s"' % self.tls[0], '    tls-service-key: "%s"' % self.tls[1],
                    '    tls-port: %d' % self.tls_port]
        if self.tls_ca:
            out.append('    tls-cert-bundle: "%s"' % self.tls_ca)
        out += ['remote-control:', '    control-enable: yes', '    control-interface: %s' % self.path('nsd.sock'),
                'key:', '    name: "%s"' % self.transfer_key, '    algorithm: hmac-sha256', '    secret: "%s"' % secret(self.transfer_key)]
        for i, (zone, (_, primary)) in enumerate(self.zones.items()):
            if isinstance(primary, tuple):
                out += ['tls-auth:', '    name: "auth%d"' % i, '    auth-domain-name: "%s"' % primary[1]]
            out += ['zone:', '    name: "%s"' % zone, '    zonefile: "%s.zone"' % zone, '    provide-xfr: 127.0.0.1 %s' % self.transfer_key,
                    '    store-ixfr: yes', '    ixfr-number: %d' % self.number, '    ixfr-size: %d' % self.size]
            if isinstance(primary, tuple):
                out.append('    request-xfr: AXFR %s %s auth%d' % (primary[0], self.transfer_key, i))
            elif primary:
                out += ['    request-xfr: 127.0.0.1@%d %s' % (primary.port, self.transfer_key), '    allow-notify: 127.0.0.1 NOKEY']
            else:
                out.append('    create-ixfr: yes')
        self.write('nsd.conf', '\n'.join(out) + '\n' + self.more_conf)

    @staticmethod
    def version():
        text = subprocess.run([program('nsd'), '-v'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()
        return tuple(int(n) for n in re.search(r'version (\d+)\.(\d+)', text).groups())

    def command(self):
        return [program('nsd'), '-d', '-c', self.path('nsd.conf')]

    def ready(self):
        return super().ready() and os.path.exists(self.path('nsd.sock')) and \
            all(self.serial(z) is not None for z, (_, primary) in self.zones.items() if not isinstance(primary, tuple))

    def control(self, *words):
        return run([program('nsd-control'), '-c', self.path('nsd.conf')] + list(words), env=self.its_clock())

    def follow(self, zone):
        """Asks its primary until it has what the primary has; one that is busy does not listen."""
        primary = self.zones[zone][1]
        for _ in range(20):
            self.control('transfer', zone)
            for _ in range(20):
                if self.serial_now(zone) == primary.serial(zone):
                    return
                time.sleep(0.03)
        raise RuntimeError('%s: the secondary does not follow' % zone)

    def serial_now(self, zone):
        """None also while its children change places after a transfer: what one of them had taken is reset."""
        try:
            return self.serial(zone)
        except RuntimeError:
            return None

    def edit(self, zone, text):
        """A zone file with a newer serial, loaded."""
        before = self.serial(zone)
        self.write(zone + '.zone', text)
        os.utime(self.path(zone + '.zone'), (time.time() + 2,) * 2)      # NSD looks at whole seconds
        self.control('reload', zone)
        until('%s loaded' % zone, lambda: self.serial(zone) != before)

    def history(self, zone):
        """Writes zone and .ixfr files; the .ixfr files, newest first."""
        self.control('write', zone)
        names = [zone + '.zone.ixfr'] + ['%s.zone.ixfr.%d' % (zone, i) for i in range(2, self.number + 1)]
        time.sleep(0.3)
        return [self.path(n) for n in names if os.path.exists(self.path(n))]
