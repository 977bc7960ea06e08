"""A real BIND on loopback for tests: zones with update-policy, TSIG keys, update logs, and what else it can record."""
import os

from live import Server, free_port, program, run, secret, shift_library


class Bind(Server):
    """zones: {name: (zone file text, policy)} or (text, policy, more): policy as grants (live.py) or as lines of update-policy, more as
    statements of the zone ('dnssec-policy default; inline-signing yes;'). Recorded in its folder: update.log, and with
      dnstap=True   update.dnstap (category update; see rolled())
      tls=(C, K)    the same zones by XoT on tls_port with certificate and key of these PEM files; tls_ca: ask clients for theirs
      statistics=True  http://127.0.0.1:statistics_port/json/v1
      options='..'  statements inside of options; logging='..' inside of logging; conf='..' at the end of named.conf.
    start(at): its clock's time ('2026-07-01 06:00:00'), or None for the real one."""
    programs = ('named', 'nsupdate', 'rndc', 'dig')

    def __init__(self, folder, zones, keys, transfer_key, dnstap=False, tls=None, tls_ca=None, statistics=False, options='', logging='', conf=''):
        super().__init__(folder, zones, keys, transfer_key)
        self.dnstap, self.tls, self.tls_ca, self.more, self.more_logging, self.more_conf = dnstap, tls, tls_ca, options, logging, conf
        self.control = free_port()
        self.tls_port = free_port() if tls else None
        self.statistics_port = free_port() if statistics else None
        self.write_zones()
        self.write_conf()

    def options(self):
        out = ['directory "%s"; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "named.pid";' % (self.folder, self.port),
               'session-keyfile "session.key"; managed-keys-directory "."; recursion no; dnssec-validation no; notify no;',
               'allow-transfer { key "%s"; }; max-ixfr-ratio unlimited; ixfr-from-differences yes;' % self.transfer_key]
        if self.tls:
            out.append('listen-on port %d tls own { 127.0.0.1; };' % self.tls_port)
        if self.dnstap:
            out.append('dnstap { update; }; dnstap-output file "update.dnstap"; dnstap-identity "ns1";')
        return '\n  '.join(out + [self.more])

    def write_conf(self):
        key = 'key "%s" { algorithm hmac-sha256; secret "%s"; };\n'
        out = [key % (k, secret(k)) for k in self.keys + [self.transfer_key, 'control']]
        out.append('controls { inet 127.0.0.1 port %d allow { 127.0.0.1; } keys { control; }; };\n' % self.control)
        if self.tls:
            ca = ' ca-file "%s";' % self.tls_ca if self.tls_ca else ''
            out.append('tls own { cert-file "%s"; key-file "%s";%s protocols { TLSv1.3; }; };\n' % (self.tls + (ca,)))
        if self.statistics_port:
            out.append('statistics-channels { inet 127.0.0.1 port %d allow { 127.0.0.1; }; };\n' % self.statistics_port)
        out.append('options { %s };\n' % self.options())
        out.append('''logging { channel updates { file "update.log"; print-time iso8601-utc; print-category yes; print-severity yes; };
  category update { updates; }; category update-security { updates; }; category security { updates; }; %s };
''' % self.more_logging)
        for zone, (_, policy, *more) in self.zones.items():
            lines = ' '.join(p if isinstance(p, str) else self.policy(p) for p in policy)
            lines = 'update-policy { %s };' % lines if lines else ''
            out.append('zone "%s" { type primary; file "%s.zone"; %s %s };\n' % (zone, zone, lines, ' '.join(more)))
        self.write('named.conf', ''.join(out) + self.more_conf)
        self.write('rndc.conf', 'key "control" { algorithm hmac-sha256; secret "%s"; };\noptions { default-key "control"; '
                                'default-server 127.0.0.1; default-port %d; };\n' % (secret('control'), self.control))

    @staticmethod
    def policy(grant):
        key, owners, types = grant
        types = ' '.join(types or ['ANY'])
        return ' '.join('grant %s name %s. %s;' % (key, o, types) for o in owners) if owners else 'grant %s zonesub %s;' % (key, types)

    def command(self):
        return [program('named'), '-f', '-n', '1', '-c', self.path('named.conf')]

    def rndc(self, *words):
        return run([program('rndc'), '-c', self.path('rndc.conf')] + list(words), env=self.its_clock())

    def rolled(self):
        """The dnstap files, everything written out; BIND truncates on -reopen, so it is rolled. Newest first."""
        self.rndc('dnstap', '-roll', '8')
        return [f for f in [self.path('update.dnstap.%d' % i) for i in range(8)] if os.path.exists(f)]
