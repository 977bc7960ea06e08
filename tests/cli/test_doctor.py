#!/usr/bin/env python3
"""doctor: settings that lose evidence are named with the line to write instead; sources are asked whether they answer."""
import json, os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import livebind, tap
from estate import Estate

BAD = '''// by hand
key "k1" { algorithm hmac-md5; secret "c2VjcmV0"; };
options { directory "/tmp"; listen-on { any; }; };
logging { channel up { file "u.log"; print-time yes; severity warning; }; channel bare { file "b.log"; };
  category update { up; }; category security { bare; }; };
statistics-channels { inet 127.0.0.1 port 8053 allow { any; }; };
zone "a.test" { type master; file "a"; allow-update { key k1; }; };
zone "b.test" { type master; file "b"; update-policy { grant k1 zonesub ANY; grant k1 name _acme-challenge.b.test. TXT; }; allow-transfer { none; }; };
zone "c.test" { type master; file "c"; allow-transfer { key k1; }; };
'''
GOOD = '''key "k1" { algorithm hmac-sha256; secret "c2VjcmV0"; };
options { directory "/tmp"; allow-transfer { key k1; }; max-ixfr-ratio unlimited; max-journal-size 100m;
  dnstap { update; }; dnstap-output file "update.dnstap"; dnstap-identity "a"; };
logging { channel up { file "u.log"; print-time iso8601-utc; print-category yes; print-severity yes; severity info; };
  category update { up; }; category update-security { up; }; category security { up; }; };
zone "b.test" { type primary; file "b"; update-policy { grant k1 name _acme-challenge.b.test. TXT; }; };
'''
KNOT = '''log:
  - target: syslog
    any: info
key:
  - id: k1
    algorithm: hmac-sha1
    secret: c2VjcmV0
acl:
  - id: open
    action: transfer
  - id: wide
    key: k1
    action: update
zone:
  - domain: a.test
    zonefile-sync: -1
    acl: [open, wide]
'''
NSD = '''server:
  zonesdir: "/tmp"
  zonefiles-write: 0
key:
  name: k1
  algorithm: hmac-sha256
  secret: "c2VjcmV0"
zone:
  name: a.test
  zonefile: a
  request-xfr: 127.0.0.1@5300 k1
  provide-xfr: 0.0.0.0/0 NOKEY
'''
PDNS = 'launch=gsqlite3\napi=yes\ndnsupdate=yes\nallow-dnsupdate-from=0.0.0.0/0\nallow-axfr-ips=0.0.0.0/0\n'


def found(w, name, text, code, *more):
    w.write(name, text)
    got, out = w.json('doctor', name, *more)
    tap.equal(got, code, name)
    assert all(f['line'] and f['why'] for f in out['found'])
    return sorted((f['id'], f['subject'].rstrip('.')) for f in out['found'])


def case_bind():
    with Estate(None) as w:
        tap.equal(found(w, 'named.conf', BAD, 3), sorted([
            ('bind-log-category', 'update-security'), ('bind-print-time', 'bare'), ('bind-local-time', 'up'), ('bind-log-severity', 'up'), ('bind-dnstap', ''),
            ('bind-max-ixfr-ratio', ''), ('bind-max-journal-size', ''), ('bind-ixfr-from-differences', 'c.test'), ('bind-allow-update', 'a.test'),
            ('bind-update-policy', 'k1'), ('bind-allow-transfer', 'a.test'), ('bind-tsig-algorithm', 'k1'), ('bind-statistics', '127.0.0.1')]))
        tap.equal(found(w, 'good.conf', GOOD, 0), [])


def case_knot_nsd_powerdns():
    with Estate(None) as w:
        tap.equal(found(w, 'knot.conf', KNOT, 3), sorted([
            ('knot-log-debug', ''), ('knot-journal-depth', 'a.test'), ('knot-zonefile-sync', 'a.test'), ('knot-acl-transfer', 'open'), ('knot-acl-update', 'wide'),
            ('knot-tsig-algorithm', 'k1')]))
        tap.equal(found(w, 'nsd.conf', NSD, 3), sorted([('nsd-store-ixfr', 'a.test'), ('nsd-ixfr-number', 'a.test'), ('nsd-zonefiles-write', ''), ('nsd-provide-xfr', 'a.test')]))
        tap.equal(found(w, 'pdns.conf', PDNS, 3), sorted([('powerdns-soa-edit-api', ''), ('powerdns-loglevel', ''), ('powerdns-allow-axfr', ''), ('powerdns-update-from', '')]))


def case_what_it_cannot_look_at():
    with Estate(None) as w:
        w.write('text', 'hello')
        tap.equal(w.run('doctor', 'text')[0], 64)
        tap.equal(w.run('doctor', 'absent')[0], 1)
        tap.equal(w.run('doctor', '--server', 'x')[0], 64)
        w.write('broken', 'zone "a" { type primary; };};')
        tap.equal(w.run('doctor', 'broken', '--server', 'bind')[0], 1)


def case_sources_are_asked():
    if not livebind.Bind.there():
        raise tap.Skip('no BIND')
    zone = '$TTL 300\n@ SOA ns host 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n'
    config = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: ns1, type: dns-transfer, server: 127.0.0.1, port: %d, zones: [example.test], tsig: {name: audit, algorithm: hmac-sha256, secret: "env:AUDIT"}}
  - {name: updates, type: bind-update-log, path: %s, zones: [example.test]}
  - {name: granted, type: dns-server-config, server: bind, path: bind/named.conf, zones: [example.test]}
'''
    with Estate(None) as w, livebind.Bind(w.path('bind'), {'example.test': (zone, ['grant k name a.example.test. TXT;'])}, ['k'], 'audit') as b:
        w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\ncredentials: [{id: k, owner: a, writes: [{owner: a.example.test, types: [TXT]}]}]\n')
        w.env['AUDIT'] = livebind.secret('audit')
        w.write('affidavit.yaml', config % (b.port, 'bind/update.log'))
        code, out = w.json('doctor')
        tap.equal(code, 3)
        tap.equal([(f['source'], f['reachable']) for f in out['found'] if 'source' in f], [('ns1', True), ('updates', True), ('granted', True)])
        tap.equal(sorted(f['id'] for f in out['found'] if 'id' in f), ['bind-dnstap', 'bind-max-journal-size'])
        w.must('collect')
        tap.equal(w.sql("SELECT credential, owner, type FROM credential_grant WHERE action = 'update'"), [('k', 'a.example.test', 'TXT')])
        secret = livebind.secret('k').encode()
        assert not any(secret in r[0] for r in w.sql('SELECT data FROM blob')), 'a secret was kept'
        w.env['AUDIT'] = livebind.secret('other')
        w.write('affidavit.yaml', config % (b.port, 'bind/absent.log'))
        code, out = w.json('doctor')
        tap.equal(code, 1)
        tap.equal([f['reachable'] for f in out['found'] if 'source' in f], [False, False, True])


def case_counters_become_observations():
    if not livebind.Bind.there():
        raise tap.Skip('no BIND')
    zone = '$TTL 300\n@ SOA ns host 1 3600 900 604800 300\n@ NS ns\nns A 127.0.0.1\n'
    with Estate(None) as w, livebind.Bind(w.path('bind'), {'example.test': (zone, ['grant k name a.example.test. TXT;'])}, ['k', 'other'], 'audit',
                                          statistics=True) as b:
        w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\n')
        w.write('counters.csv', 'time,subject,name,value\n2026-07-01T00:00:00Z,ns2.example.test,failures,7\n')
        w.write('affidavit.yaml', '''organisation: X
inventory: inventory.yaml
sources:
  - {name: stats, type: bind-statistics, url: "http://127.0.0.1:%d", server: ns1.example.test}
  - {name: table, type: counter-csv, path: counters.csv, servers: [ns2.example.test]}
''' % b.statistics_port)
        b.update('other', ['zone example.test', 'update add b.example.test 60 A 192.0.2.1'], expect=2)
        w.must('collect')
        w.must('collect')
        got = {r[0]: r[1] for r in w.sql("SELECT name, max(number) FROM observation WHERE subject = 'ns1.example.test' GROUP BY name")}
        assert 'boot-time' in got and got.get('UpdateRej', 0) >= 1, got
        tap.equal(w.sql("SELECT name, number FROM observation WHERE subject = 'ns2.example.test'"), [('failures', 7)])
        tap.equal(w.sql("SELECT DISTINCT grade FROM coverage WHERE evidence = 'dns-counters'"), [(1,)])
        tap.equal(w.sql('SELECT reason FROM decode_error'), [])


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
