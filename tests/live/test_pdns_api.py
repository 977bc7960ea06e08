#!/usr/bin/env python3
"""powerdns-zone against a real PowerDNS: what its API tells, comments, and content that moves while the serial stands."""
import os, shutil, sqlite3, subprocess, sys, tempfile

import tap
from livepdns import Pdns

PROGRAM = os.environ['AFFIDAVIT']
ZONE = '''$TTL 300
@ IN SOA ns1 host 1 7200 900 1209600 300
@ NS ns1
@ MX 10 Mail
@ CAA 0 issue "ca.test"
ns1 A 192.0.2.53
www A 192.0.2.1
txt TXT "one \\" two" "three"
_sip._tcp SRV 1 2 5060 sip
*.w AAAA 2001:DB8::1
'''


def affidavit(folder, *words, expect=0):
    env = dict(os.environ, PDNS_KEY=Pdns.api_key, TOKEN='wrong')
    r = subprocess.run([PROGRAM, *words], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode != expect:
        raise AssertionError('%s ended with %d, not %d:\n%s' % (' '.join(words), r.returncode, expect, r.stdout))
    return r.stdout


def rows(folder, sql):
    base = sqlite3.connect('file:%s?mode=ro' % os.path.join(folder, 'evidence.db'), uri=True)
    try:
        return base.execute(sql).fetchall()
    finally:
        base.close()


def configure(folder, server, key='env:PDNS_KEY'):
    with open(os.path.join(folder, 'affidavit.yaml'), 'w') as f:
        f.write('organisation: Test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n'
                '  - {name: pdns, type: powerdns-zone, url: "http://127.0.0.1:%d/api/v1", zones: [a.test], api_key: "%s"}\n' % (server.api_port, key))


def drive(folder, server):
    affidavit(folder, 'init', '--domain', 'a.test', '--test')
    with open(os.path.join(folder, 'inventory.yaml'), 'w') as f:
        f.write('domains:\n  - {name: a.test, zone: a.test, owner: ops}\n')
    configure(folder, server)
    affidavit(folder, 'collect')
    tap.equal(rows(folder, 'SELECT owner, type, ttl, rdata FROM record ORDER BY owner, type'), [
        ('*.w.a.test', 'AAAA', 300, '2001:db8::1'), ('_sip._tcp.a.test', 'SRV', 300, '1 2 5060 sip.a.test.'), ('a.test', 'CAA', 300, '0 issue "ca.test"'),
        ('a.test', 'MX', 300, '10 mail.a.test.'), ('a.test', 'NS', 300, 'ns1.a.test.'), ('ns1.a.test', 'A', 300, '192.0.2.53'),
        ('txt.a.test', 'TXT', 300, '"one \\" two" "three"'), ('www.a.test', 'A', 300, '192.0.2.1')])

    # by the API, with a comment; SOA-EDIT-API is empty by request of the test, so the serial stands
    serial = server.serial('a.test')
    server.replace('a.test', 'www.a.test', 'A', 60, ['192.0.2.1', '203.0.113.66'], comment=('ann', 'moved by hand'))
    tap.equal(server.serial('a.test'), serial, 'serial')
    affidavit(folder, 'collect')
    tap.equal(rows(folder, 'SELECT kind, serial_from = serial_to FROM change'), [('comparison', 1)])
    tap.equal(rows(folder, 'SELECT op, owner, type, ttl, rdata FROM change_record ORDER BY op, rdata'), [
        ('add', 'www.a.test', 'A', 60, '192.0.2.1'), ('add', 'www.a.test', 'A', 60, '203.0.113.66'), ('del', 'www.a.test', 'A', 300, '192.0.2.1')])
    tap.equal(rows(folder, "SELECT reason FROM coverage WHERE evidence = 'zone-changes' ORDER BY id DESC LIMIT 1"), [('content changed under an unmoved serial',)])
    said = rows(folder, "SELECT actor FROM claim WHERE kind = 'api-comment' AND actor IS NOT NULL UNION SELECT name FROM observation WHERE name LIKE 'comment of %'")
    tap.equal(len(said), 1, 'the comment')
    tap.contains(said[0][0], 'ann')

    # an update by DNS raises the serial; nothing else came between
    server.update('alice', ['zone a.test', 'update add new.a.test 60 TXT "x"'])
    affidavit(folder, 'collect')
    tap.equal(rows(folder, 'SELECT owner, rdata FROM change_record WHERE change_id = (SELECT max(id) FROM change)'), [('new.a.test', '"x"')])
    affidavit(folder, 'collect')
    tap.equal(rows(folder, 'SELECT count(*) FROM change'), [(2,)])
    tap.equal(rows(folder, 'SELECT count(*) FROM decode_error'), [(0,)])

    # the wrong key: exit 1, and what to do
    configure(folder, server, key='env:TOKEN')
    tap.contains(affidavit(folder, 'collect', expect=1), 'put the api-key of pdns.conf where')


def case_content_comments_and_refused_keys():
    if not Pdns.there():
        raise tap.Skip('pdns_server is not here')
    folder = tempfile.mkdtemp(prefix='afd-live-')
    try:
        with Pdns(folder + '/p', {'a.test': (ZONE, [('alice', None, None)], {'SOA-EDIT-API': ''})}, ['alice'], 'reader') as s:
            os.mkdir(folder + '/e')
            drive(folder + '/e', s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


tap.main(sys.modules[__name__])
