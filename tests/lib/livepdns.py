"""A real PowerDNS on loopback for tests: SQLite backend, updates by RFC 2136 with TSIG, and its API."""
import glob, json, os, sqlite3, urllib.request

from live import Server, free_port, program, run, secret, until

SCHEMA = ['/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql', '/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql']


class Pdns(Server):
    """zones: {name: (zone file text, grants)} or (text, grants, meta): of a grant only the key counts (PowerDNS limits no key to owners or types);
    meta: {'SOA-EDIT-API': 'INCREASE'}. Recorded: server.out (its log). API: http://127.0.0.1:api_port/api/v1/ with header X-API-Key: api_key;
    api() does it. conf: more lines of pdns.conf."""
    programs = ('pdns_server', 'pdnsutil', 'nsupdate', 'dig')
    api_key = 'affidavit-test'

    def __init__(self, folder, zones, keys, transfer_key, conf=''):
        super().__init__(folder, zones, keys, transfer_key)
        self.api_port, self.more_conf = free_port(), conf
        self.write_zones()
        self.write_conf()
        if not os.path.exists(self.path('pdns.db')):
            self.make_database()

    @classmethod
    def there(cls):
        return super().there() and any(os.path.exists(p) for p in SCHEMA) and bool(glob.glob('/usr/lib/*/pdns/libgsqlite3backend.so'))

    def write_conf(self):
        self.write('pdns.conf', '\n'.join([
            'launch=gsqlite3', 'gsqlite3-database=%s' % self.path('pdns.db'), 'gsqlite3-dnssec=yes', 'local-address=127.0.0.1', 'local-port=%d' % self.port,
            'socket-dir=%s' % self.folder, 'setuid=', 'setgid=', 'dnsupdate=yes', 'allow-dnsupdate-from=127.0.0.0/8', 'allow-axfr-ips=', 'api=yes',
            'api-key=%s' % self.api_key, 'webserver=yes', 'webserver-address=127.0.0.1', 'webserver-port=%d' % self.api_port, 'webserver-allow-from=127.0.0.0/8',
            'loglevel=7', 'log-dns-details=yes', 'log-timestamp=yes', 'disable-syslog=yes', 'cache-ttl=0', 'query-cache-ttl=0', 'negquery-cache-ttl=0',
            'zone-cache-refresh-interval=0', 'consistent-backends=no', 'distributor-threads=1', 'receiver-threads=1', 'retrieval-threads=1',
            'security-poll-suffix=', 'version-string=anonymous', self.more_conf]) + '\n')

    def make_database(self):
        with open([p for p in SCHEMA if os.path.exists(p)][0]) as f:
            schema = f.read()
        base = sqlite3.connect(self.path('pdns.db'))
        base.executescript(schema)
        base.close()
        for k in self.keys + [self.transfer_key]:
            self.util('import-tsig-key', k, 'hmac-sha256', secret(k))
        for zone, (_, grants, *meta) in self.zones.items():
            self.util('load-zone', zone, self.path(zone + '.zone'))
            self.util('set-kind', zone, 'native')
            self.util('set-meta', zone, 'TSIG-ALLOW-AXFR', self.transfer_key)
            if grants:
                self.util('set-meta', zone, 'TSIG-ALLOW-DNSUPDATE', *sorted({g[0] for g in grants}))
            for name, value in [kv for m in meta for kv in m.items()]:
                self.util('set-meta', zone, name, value)

    def util(self, *words):
        return run([program('pdnsutil'), '--config-dir=%s' % self.folder] + list(words))

    def command(self):
        return [program('pdns_server'), '--config-dir=%s' % self.folder, '--daemon=no', '--guardian=no', '--write-pid=no']

    def ready(self):
        return super().ready() and all(self.serial(z) is not None for z in self.zones)

    def api(self, path, body=None, method=None):
        """GET, or PATCH with BODY; path below /api/v1/servers/localhost. The answer, read."""
        q = urllib.request.Request('http://127.0.0.1:%d/api/v1/servers/localhost%s' % (self.api_port, path), method=method or ('PATCH' if body else 'GET'),
                                   data=json.dumps(body).encode() if body else None, headers={'X-API-Key': self.api_key, 'Content-Type': 'application/json'})
        with urllib.request.urlopen(q, timeout=10) as r:
            text = r.read()
        return json.loads(text) if text else None

    def replace(self, zone, name, kind, ttl, values, comment=None):
        """One RRset through the API. comment: (account, content)."""
        rrset = {'name': name + '.', 'type': kind, 'ttl': ttl, 'changetype': 'REPLACE' if values else 'DELETE',
                 'records': [{'content': v, 'disabled': False} for v in values]}
        if comment:
            rrset['comments'] = [{'account': comment[0], 'content': comment[1]}]
        self.api('/zones/%s.' % zone, {'rrsets': [rrset]})
