#!/usr/bin/env python3
"""Certificates from order to report, with real programs: an authority (pebble) that validates against BIND, certbot with dns-rfc2136
and lego. A wildcard, a renewal, orders that fail, a challenge that nobody removes. Everything that the story holds is found by its
check, and nothing else is."""
import base64, datetime, os, subprocess, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import acme, livebind, tap
from ctserver import CtServer
from estate import Estate

ZONE = '''$TTL 300
@ SOA ns.example.test. host.example.test. 2026110101 3600 900 604800 300
@ NS ns
ns A 127.0.0.1
www A 192.0.2.1
'''
GRANTS = ['grant certbot-web name _acme-challenge.example.test. TXT;', 'grant certbot-web name _acme-challenge.www.example.test. TXT;',
          'grant lego-api name _acme-challenge.api.example.test. TXT;', 'grant by-hand name _acme-challenge.old.example.test. TXT;',
          'grant shop name _acme-challenge.shop.example.test. TXT;']
CONFIG = '''organisation: X
inventory: inventory.yaml
policy: policy.yaml
sources:
  - {name: ns1, type: dns-transfer, server: 127.0.0.1, port: %(port)d, zones: [example.test], tsig: {name: audit, algorithm: hmac-sha256, secret: "env:AUDIT"}}
  - {name: updates, type: bind-update-log, path: %(bind)s/update.log, zones: [example.test]}
  - {name: web, type: acme-log, client: certbot, path: %(certbot)s/letsencrypt.log, domains: [example.test], timezone: %(zone)s}
  - {name: api, type: acme-log, client: lego, path: lego.log, domains: [example.test], timezone: UTC}
  - {name: held, type: certificate-dir, path: %(etc)s}
  - {name: log, type: static-ct, url: "http://127.0.0.1:%(ct)d/made/", origin: "%(origin)s", key: "%(key)s", operator: Made, mmd: 60s}
'''
INVENTORY = '''domains: [{name: example.test, zone: example.test, owner: web}]
credentials:
  - {id: certbot-web, owner: web, writes: [{owner: _acme-challenge.example.test, types: [TXT]}, {owner: _acme-challenge.www.example.test, types: [TXT]}]}
  - {id: lego-api, owner: api, writes: [{owner: _acme-challenge.api.example.test, types: [TXT]}]}
  - {id: shop, owner: web, writes: [{owner: _acme-challenge.shop.example.test, types: [TXT]}]}
  - {id: by-hand, owner: web, writes: [{owner: _acme-challenge.old.example.test, types: [TXT]}]}
'''


def iso(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def tell(c):
    """--manual: a hook that adds the challenge, and none that takes it away."""
    hook = os.path.join(c.folder, 'hook.sh')
    with open(hook, 'w') as f:
        f.write('#!/bin/sh\nnsupdate -y hmac-sha256:by-hand:%s <<END\nserver 127.0.0.1 %d\nupdate add _acme-challenge.$CERTBOT_DOMAIN. 60 TXT '
                '"$CERTBOT_VALIDATION"\nsend\nEND\n' % (livebind.secret('by-hand'), c.bind.port))
    os.chmod(hook, 0o755)
    c.run('certonly', '--agree-tos', '-m', 'ops@example.test', '--manual', '--preferred-challenges', 'dns', '--manual-auth-hook', hook, '-d',
          'old.example.test')


class Story:
    """Played once for all cases."""
    made = None

    @classmethod
    def play(cls):
        if cls.made:
            return cls.made
        if acme.programs('pebble', 'certbot', 'lego', 'named', 'nsupdate'):
            raise tap.Skip('not installed: ' + ' '.join(acme.programs('pebble', 'certbot', 'lego', 'named', 'nsupdate')))
        w = cls.made = Estate(None)
        w.env['AUDIT'] = livebind.secret('audit')
        w.out = ''
        with livebind.Bind(w.path('bind'), {'example.test': (ZONE, GRANTS)}, ['certbot-web', 'lego-api', 'by-hand', 'shop', 'other'], 'audit') as b, \
                acme.Pebble(w.path('pebble'), b.port) as p, CtServer() as s:
            log = s.add('made', 'static-ct', 'Made', [], end=iso(time.time()))
            c = acme.Certbot(w.path('certbot'), p, b, 'certbot-web')
            os.makedirs(c.logs)
            w.write('lego.log', '')
            w.write('certbot/log/letsencrypt.log', '')
            w.write('inventory.yaml', INVENTORY)
            w.write('policy.yaml', 'params: {challenge-residue: {max_age: 8s}}\n')
            w.write('affidavit.yaml', CONFIG % {'port': b.port, 'bind': b.folder, 'certbot': c.logs, 'etc': c.config, 'ct': s.port, 'origin': log.origin,
                                                'key': base64.b64encode(log.log.key.spki).decode(), 'zone': time.strftime('%z')[:3] + ':' + time.strftime('%z')[3:]})
            os.makedirs(c.config, exist_ok=True)
            w.first = w.must('collect')
            tell(c)                                                      # forgotten
            c.order('www.example.test', '*.example.test')                # a wildcard
            c.renew('--cert-name', 'www.example.test')                   # renewed before its time
            c.use('other')
            c.order('mail.example.test', expect=1)                       # a key without a grant
            c.use('certbot-web')
            c.order('www.elsewhere.test', expect=1)                      # no such zone
            said = acme.lego(w.path('lego'), p, b, 'lego-api', ['api.example.test'])
            w.write('lego.log', said)
            acme.Certbot(w.path('stranger'), p, b, 'shop').order('shop.example.test')   # a client whose log nobody reads
            w.issued = cls.certificates(w)
            log.log.entries[:] = []
            for i, der in enumerate(w.issued):
                log.log.put(int(time.time() * 1000) + i, 'der', {'der': base64.b64encode(der).decode()}, {})
            time.sleep(1)
            log.now = iso(time.time() + 1)
            w.second = w.must('collect')
        return w

    @staticmethod
    def certificates(w):
        """DER of every leaf that was given, oldest file first."""
        out = []
        paths = [os.path.join(d, f) for of in ('certbot', 'stranger') for d, _, files in os.walk(w.path(of + '/etc/archive')) for f in files if f.startswith('cert')]
        for path in sorted(paths, key=os.path.getmtime) + [w.path('lego/certificates/api.example.test.crt')]:
            pem = open(path).read().split('-----BEGIN CERTIFICATE-----')[1].split('-----END')[0]
            out.append(base64.b64decode(pem))
        return out


def judged(w):
    day = datetime.datetime.now(datetime.timezone.utc).date()
    code, got = w.json('check', '--period', '%s..%s' % (day - datetime.timedelta(days=1), day + datetime.timedelta(days=1)), '--all')
    return got


def case_every_order_is_known_and_what_came_of_it():
    w = Story.play()
    got = w.sql("SELECT r.client, r.outcome, (SELECT group_concat(name, ' ') FROM (SELECT name FROM issuance_name WHERE request_id = r.id ORDER BY name)) "
                "FROM issuance_request r ORDER BY r.client, r.t_from, r.outcome DESC")
    tap.equal(sorted(got), sorted([
        ('certbot', 'requested', 'old.example.test'), ('certbot', 'issued', 'old.example.test'),
        ('certbot', 'requested', '*.example.test www.example.test'), ('certbot', 'issued', '*.example.test www.example.test'),
        ('certbot', 'requested', '*.example.test www.example.test'), ('certbot', 'renewed', '*.example.test www.example.test'),
        ('certbot', 'requested', 'mail.example.test'), ('certbot', 'failed', 'mail.example.test'),
        ('certbot', 'requested', 'www.elsewhere.test'), ('certbot', 'failed', 'www.elsewhere.test'),
        ('lego', 'requested', 'api.example.test'), ('lego', 'issued', 'api.example.test')]))
    tap.equal(w.sql("SELECT count(DISTINCT account) FROM issuance_request WHERE client = 'certbot'"), [(1,)])
    tap.equal(w.sql("SELECT DISTINCT challenge FROM issuance_request WHERE outcome IN ('issued', 'renewed')"), [('dns-01',)])
    tap.equal(w.sql('SELECT reason FROM decode_error'), [])


def case_what_the_clients_hold_is_what_was_logged():
    w = Story.play()
    logged = {r[0] for r in w.sql('SELECT tbs_key FROM certificate')}
    tap.equal(len(logged), 5, 'certificates in the log')
    by_client = {r[0] for r in w.sql("SELECT tbs_key FROM issuance_request WHERE client = 'certbot' AND tbs_key IS NOT NULL")}
    held = {r[0] for r in w.sql('SELECT tbs_key FROM held_certificate')}
    tap.equal(by_client, held, 'certbot gave, and its directory holds')
    assert held < logged, 'the directory of certbot holds three of them'
    text = b''.join(r[0] for r in w.sql('SELECT data FROM blob'))
    assert b'PRIVATE KEY-----\\nM' not in text and b'PRIVATE KEY-----\nM' not in text, 'a private key was kept'


def case_each_planted_story_is_found_and_nothing_else():
    w = Story.play()
    got = judged(w)
    # what this small world lacks by its making: one server, an authority that issues for years
    lacks = ('name-server-count', 'certificate-lifetime')
    bad = sorted({(f['check'], f['resource']) for f in got['findings'] if f['status'] == 'fail' and f['check'] not in lacks})
    tap.equal(bad, [('challenge-residue', 'example.test')])
    owner = [f for f in got['findings'] if f['check'] == 'challenge-residue']
    assert '_acme-challenge.old.example.test' in str(owner), owner
    review = sorted({(f['check'], f['resource']) for f in got['findings'] if f['status'] == 'review'})
    told = ('issuance-requested', 'issuance-without-challenge', 'zone-change-unattributed', 'zone-claim-without-effect', 'credential-out-of-scope')
    tap.equal([r for r in review if r[0] in told], [('issuance-requested', 'example.test')])
    reason = str([f for f in got['findings'] if f['check'] == 'issuance-requested'])
    assert 'shop.example.test' in reason and 'api.example.test' not in reason, reason


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        if Story.made:
            Story.made.__exit__()
