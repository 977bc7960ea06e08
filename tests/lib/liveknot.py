"""A real Knot DNS on loopback for tests: acl, journal depth, DNSSEC signing, its log at debug."""
import os

from live import Server, program, run, secret


class Knot(Server):
    """zones: {name: (zone file text, grants)} or (text, grants, more): more as a map of settings of the zone
    ({'dnssec-signing': 'on', 'journal-max-depth': 5}). Recorded: knot.log (debug, local time with its offset), the journal in
    db/journal (journal()). depth: journal-max-depth of all zones; modules: text of mod-* sections, and zone 'module' settings may name
    them; conf: more sections. Zone files are never written back: the journal is the history (zonefile-sync -1)."""
    programs = ('knotd', 'knotc', 'nsupdate', 'dig')

    def __init__(self, folder, zones, keys, transfer_key, depth=20, modules='', conf='', log='debug'):
        super().__init__(folder, zones, keys, transfer_key)
        self.depth, self.modules, self.more_conf, self.level = depth, modules, conf, log
        self.write_zones()
        self.write_conf()

    def acl(self, zone, i, grant):
        key, owners, types = grant
        out = ['  - id: %s-%d' % (zone, i), '    key: %s' % key, '    action: update']
        if types:
            out.append('    update-type: [%s]' % ', '.join(types))
        if owners:
            out += ['    update-owner: name', '    update-owner-match: equal', '    update-owner-name: [%s]' % ', '.join(o + '.' for o in owners)]
        return out

    def write_conf(self):
        out = ['server:', '    rundir: %s' % self.path('run'), '    listen: 127.0.0.1@%d' % self.port, '    background-workers: 1', '    udp-workers: 1',
               '    tcp-workers: 1', '    version: ""', 'control:', '    listen: %s' % self.path('knot.sock'),
               'log:', '  - target: %s' % self.path('knot.log'), '    any: %s' % self.level, 'database:', '    storage: %s' % self.path('db'), 'key:']
        for k in self.keys + [self.transfer_key]:
            out += ['  - id: %s' % k, '    algorithm: hmac-sha256', '    secret: %s' % secret(k)]
        out += ['acl:', '  - id: transfer', '    key: %s' % self.transfer_key, '    action: transfer']
        for zone, (_, grants, *_) in self.zones.items():
            for i, g in enumerate(grants):
                out += self.acl(zone, i, g)
        if self.modules:
            out.append(self.modules)
        out += ['template:', '  - id: default', '    storage: %s' % self.folder, '    file: "%s.zone"', '    zonefile-sync: -1', '    zonefile-load: difference',
                '    journal-content: all', '    journal-max-depth: %d' % self.depth, '    serial-policy: increment', 'zone:']
        for zone, (_, grants, *more) in self.zones.items():
            acls = ['transfer'] + ['%s-%d' % (zone, i) for i in range(len(grants))]
            out += ['  - domain: %s' % zone, '    acl: [%s]' % ', '.join(acls)]
            out += ['    %s: %s' % kv for m in more for kv in m.items()]
        self.write('knot.conf', '\n'.join(out) + '\n' + self.more_conf)
        os.makedirs(self.path('run'), exist_ok=True)
        os.makedirs(self.path('db'), exist_ok=True)

    def command(self):
        return [program('knotd'), '-c', self.path('knot.conf')]

    def ready(self):
        return super().ready() and all(self.serial(z) is not None for z in self.zones)

    def knotc(self, *words):
        return run([program('knotc'), '-c', self.path('knot.conf')] + list(words), env=self.its_clock())

    def journal(self, zone, *flags):
        """kjournalprint without colours."""
        return run([program('kjournalprint'), '-x', '-c', self.path('knot.conf')] + list(flags) + [zone])
