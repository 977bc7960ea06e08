#!/usr/bin/env python3
"""doctor: a credential that can do more than its source needs is named, with what to do; it is tried by reading alone, and its secret is never shown."""
import atexit, functools, http.server, json, os, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

SECRET = 'sEcReT-0f-ThE-cReDeNtIaL'
ACCESS = 'aCcEsS-tOkEn-Of-ThE-sErVeR'


class Server:
    """Answers by table: (method, what the address or the AWS target begins with) -> (status, JSON or text). First match."""
    def __init__(self):
        self.table, self.seen = [], []
        me = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                what = self.headers.get('X-Amz-Target') or self.path
                shown = ' '.join(self.headers.values()) + body.decode()
                me.seen.append((self.command, what, SECRET in shown or ACCESS in shown or 'AWS4-HMAC-SHA256' in shown or 'EG1-HMAC-SHA256' in shown or 'assertion=' in shown))
                status, text = next((a for (m, w), a in me.table if m == self.command and w in what), (404, {}))
                data = (text if isinstance(text, str) else json.dumps(text)).encode()
                self.send_response(status)
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

            def log_message(self, *a):
                pass
        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d' % self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


AWS = 'access_key_id: AKIAEXAMPLE, secret_access_key: "env:KEY"'
SOURCES = {
    'cloudflare-zone': 'token: "env:KEY", zones: [example.test]',
    'cloudflare-account': 'account: a1, token: "env:KEY"',
    'cloudflare-account user': 'account: a1, token: "env:KEY", user_tokens: true',
    'akamai-events': 'account: a1, client_token: c, access_token: a, client_secret: "env:KEY"',
    'aws-cloudtrail-files': 'account: a1, bucket: trail-bucket, ' + AWS,
    'cloudflare-audit': 'account: a1, since: 2026-01-01, token: "env:KEY"',
    'google-audit': 'project: p1, since: 2026-01-01, credentials: "env:PEM", token_url: "URL/token"',
    'google-dns': 'project: p1, zones: [example.test], credentials: "env:PEM", token_url: "URL/token"',
    'cloudflare-audit-v1': 'account: a1, token: "env:KEY"',
    'cloudflare-registrar': 'account: a1, token: "env:KEY"',
    'route53-zone': AWS + ', zones: [example.test]',
    'aws-cloudtrail': AWS + ', account: "123456789012"',
    'aws-iam': AWS + ', account: "123456789012"',
    'aws-route53domains': AWS + ', account: a1',
    'aws-route53domains-operations': AWS + ', account: a1',
    'dnsimple-zone': 'account: "1010", token: "env:KEY", zones: [example.test]',
    'ns1-zone': 'api_key: "env:KEY", zones: [example.test]',
    'ns1-account': 'account: a1, api_key: "env:KEY"',
    'azure-dns': 'tenant: t, client_id: c, client_secret: "env:KEY", login_url: "URL", subscription: s, resource_group: g, zones: [example.test]',
    'azure-activity': 'tenant: t, client_id: c, client_secret: "env:KEY", login_url: "URL", subscription: s',
    'ovh-registrar': 'account: a1, application_key: k, application_secret: "env:KEY", consumer_key: "env:KEY"',
    'powerdns-zone': 'api_key: "env:KEY", zones: [example.test]',
    'porkbun-registrar': 'account: a1, api_key: "env:KEY", secret_api_key: "env:KEY"',
}


def cf(*names):
    return 200, {'success': True, 'result': [{'id': 'i', 'name': n} for n in names], 'result_info': {'count': len(names), 'total_count': len(names)}}


def azure(*actions):
    return 200, {'value': [{'actions': list(actions), 'notActions': []}]}


def rights(*rules):
    return 200, {'rules': [{'method': m, 'path': p} for m, p in rules]}


CF_NO = ('GET', '/user/tokens'), (403, {'success': False, 'errors': [{'code': 9109, 'message': 'Unauthorized'}]})
CF_TOKENS = ('GET', '/user/tokens'), (200, {'success': True, 'result': [{'id': 'x', 'name': SECRET}]})
FIND = ('GET', '/zones?name='), cf('example.test')
OK = (200, '<ok/>')
R53 = ('GET', 'hostedzonesbyname'), OK
EVENTS = ('POST', 'LookupEvents'), (200, {'Events': []})
DENIED = (400, {'__type': 'AccessDeniedException', 'Message': 'User is not authorized'})
IAM = ('GET', 'Action=ListUsers'), OK
DOMAINS = ('POST', 'ListDomains'), (200, {'Domains': []})
OPERATIONS = ('POST', 'ListOperations'), (200, {'Operations': []})
RECORDS = ('GET', '/records'), (200, {'data': []})
NS1 = ('GET', '/zones/'), (200, {'records': []})
KEYS = ('GET', '/account/apikeys'), (200, [])
MEMBERS = ('GET', '/accounts/'), cf()
TOKEN = ('POST', '/oauth2/'), (200, {'access_token': ACCESS, 'expires_in': 3600})
PERMISSIONS = ('GET', '/providers/Microsoft.Authorization/permissions')
CREDENTIAL = ('GET', '/auth/currentCredential')
LIST = ('GET', '/domain'), (200, [])
GOOGLE = ('POST', '/token'), (200, {'access_token': ACCESS, 'expires_in': 3600})
ENTRIES = ('POST', '/v2/entries:list'), (200, {})
ZONES = ('GET', '/managedZones'), (200, {'managedZones': []})
MAY = ('POST', '/v1/projects/p1:testIamPermissions')
VIEWER = ('GET', '/event-viewer-api/'), (200, {'events': []})
SELF = ('GET', '/identity-management/v3/api-clients/self')
BUCKET = ('GET', 'list-type=2'), (200, '<ListBucketResult></ListBucketResult>')


def client(*apis, all=False):
    return 200, {'apiAccess': {'allAccessibleApis': all, 'apis': [{'apiName': n, 'accessLevel': l} for n, l in apis]}}


# source, what the server answers, exit, what it can do more than it needs (a word of each)
CASES = [
    ('cloudflare-zone', [FIND, CF_NO, (('GET', '/zones?per_page'), cf('example.test'))], 0, []),
    ('cloudflare-zone', [FIND, CF_TOKENS, (('GET', '/zones?per_page'), cf('Example.TEST'))], 3, ['API tokens']),
    ('cloudflare-zone', [FIND, CF_NO, (('GET', '/zones?per_page'), cf('example.test', 'other.test'))], 3, ['zones that are not']),
    ('cloudflare-zone', [FIND, CF_TOKENS, (('GET', '/zones?per_page'), cf('other.test'))], 3, ['API tokens', 'zones that are not']),
    ('cloudflare-zone', [FIND, CF_NO, (('GET', '/zones?per_page'), (200, 'no JSON'))], 0, []),
    ('cloudflare-zone', [(('GET', '/zones'), (403, {})), CF_TOKENS], 1, None),
    ('cloudflare-account', [MEMBERS, CF_TOKENS, (('GET', '/zones'), cf())], 3, ['API tokens']),
    ('cloudflare-account user', [MEMBERS, CF_TOKENS, (('GET', '/zones'), cf())], 0, []),
    ('cloudflare-account', [MEMBERS, CF_NO, (('GET', '/zones'), cf('example.test'))], 3, ['sees zones']),
    ('cloudflare-audit-v1', [MEMBERS, CF_NO, (('GET', '/zones'), cf())], 0, []),
    ('cloudflare-audit-v1', [MEMBERS, CF_NO, (('GET', '/zones'), cf('example.test'))], 3, ['sees zones']),
    ('cloudflare-registrar', [MEMBERS, CF_TOKENS, (('GET', '/zones'), cf())], 3, ['API tokens']),
    ('route53-zone', [R53, (('GET', 'healthcheck'), (403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>'))], 0, []),
    ('route53-zone', [R53, (('GET', 'healthcheck'), OK)], 3, ['ListHealthChecks']),
    ('aws-cloudtrail', [EVENTS, (('POST', 'ListTrails'), DENIED)], 0, []),
    ('aws-cloudtrail', [EVENTS, (('POST', 'ListTrails'), (200, {'Trails': []}))], 3, ['ListTrails']),
    ('aws-cloudtrail', [(('POST', 'LookupEvents'), DENIED), (('POST', 'ListTrails'), (200, {}))], 1, None),
    ('aws-iam', [IAM, (('GET', 'ListAccountAliases'), (403, '<AccessDenied/>'))], 0, []),
    ('aws-iam', [IAM, (('GET', 'ListAccountAliases'), OK)], 3, ['ListAccountAliases']),
    ('aws-route53domains', [DOMAINS, (('POST', 'ViewBilling'), DENIED)], 0, []),
    ('aws-route53domains', [DOMAINS, (('POST', 'ViewBilling'), (200, {}))], 3, ['ViewBilling']),
    ('aws-route53domains-operations', [OPERATIONS, (('POST', 'ViewBilling'), DENIED), DOMAINS], 3, ['ListDomains']),
    ('dnsimple-zone', [RECORDS, (('GET', '/v2/whoami'), (200, {'data': {'user': None, 'account': {'id': 1}}}))], 0, []),
    ('dnsimple-zone', [RECORDS, (('GET', '/v2/whoami'), (200, {'data': {'user': {'id': 1}, 'account': None}}))], 3, ["a person's"]),
    ('ns1-zone', [NS1], 0, []),
    ('ns1-zone', [NS1, KEYS, (('GET', '/account/users'), (200, []))], 3, ['users', 'API keys']),
    ('ns1-account', [KEYS, (('GET', '/account'), (200, [])), (('GET', '/zones'), (200, []))], 0, []),
    ('ns1-account', [KEYS, (('GET', '/account'), (200, [])), (('GET', '/zones'), (200, [{'zone': 'example.test'}]))], 3, ['sees zones']),
    ('azure-dns', [TOKEN, (PERMISSIONS, azure('*/read', 'Microsoft.Support/*'))], 0, []),
    ('azure-dns', [TOKEN, (PERMISSIONS, azure('Microsoft.Network/dnszones/read'))], 0, []),
    ('azure-dns', [TOKEN, (PERMISSIONS, azure('*'))], 3, ['may change the zone']),
    ('azure-dns', [TOKEN, (PERMISSIONS, azure('*/read', 'microsoft.network/dnsZones/*'))], 3, ['may change the zone']),
    ('azure-dns', [TOKEN, (PERMISSIONS, (403, {}))], 0, []),
    ('azure-dns', [(('POST', '/oauth2/'), (401, {'error': 'invalid_client', 'error_description': SECRET}))], 1, None),
    ('azure-dns', [(('POST', '/oauth2/'), (200, {'error': 'invalid_client'}))], 1, None),
    ('azure-activity', [TOKEN, (PERMISSIONS, azure('Microsoft.Authorization/roleAssignments/write'))], 3, ['may change DNS']),
    ('azure-activity', [TOKEN, (PERMISSIONS, azure('*/read', 'Microsoft.OperationalInsights/workspaces/search/action', 'Microsoft.Support/*'))], 0, []),
    ('ovh-registrar', [(CREDENTIAL, rights(('GET', '/domain'), ('GET', '/domain/*'), ('GET', '/auth/currentCredential'))), LIST], 0, []),
    ('ovh-registrar', [(CREDENTIAL, rights(('GET', '/domain/*'), ('PUT', '/domain/*'))), LIST], 3, ['rights']),
    ('ovh-registrar', [(CREDENTIAL, rights(('GET', '/*'))), LIST], 3, ['rights']),
    ('ovh-registrar', [(CREDENTIAL, (403, {})), LIST], 0, []),
    ('akamai-events', [VIEWER, (SELF, (403, {}))], 0, []),
    ('akamai-events', [VIEWER, (SELF, client(('Event Viewer', 'READ-ONLY')))], 0, []),
    ('akamai-events', [VIEWER, (SELF, client(('Event Viewer', 'READ-WRITE')))], 3, ['other APIs']),
    ('akamai-events', [VIEWER, (SELF, client(('Event Viewer', 'READ-ONLY'), ('Edge DNS', 'READ-ONLY')))], 3, ['other APIs']),
    ('akamai-events', [VIEWER, (SELF, client(all=True))], 3, ['other APIs']),
    ('aws-cloudtrail-files', [(('GET', 'versioning'), (403, '<Error/>')), BUCKET], 0, []),
    ('aws-cloudtrail-files', [(('GET', 'versioning'), (200, '<VersioningConfiguration/>')), BUCKET], 3, ['settings of the bucket']),
    ('cloudflare-audit', [(('GET', '/logs/audit'), cf()), CF_NO, (('GET', '/zones'), cf())], 0, []),
    ('cloudflare-audit', [(('GET', '/logs/audit'), cf()), CF_TOKENS, (('GET', '/zones'), cf('example.test'))], 3, ['API tokens', 'sees zones']),
    ('google-audit', [GOOGLE, ENTRIES, (MAY, (200, {}))], 0, []),
    ('google-audit', [GOOGLE, ENTRIES, (MAY, (403, {}))], 0, []),
    ('google-audit', [GOOGLE, ENTRIES, (MAY, (200, {'permissions': ['logging.logs.delete']}))], 3, ['may change the log']),
    ('google-dns', [GOOGLE, ZONES, (MAY, (200, {'permissions': []}))], 0, []),
    ('google-dns', [GOOGLE, ZONES, (MAY, (200, {'permissions': ['dns.changes.create']}))], 3, ['may change zones']),
]


@functools.lru_cache(None)
def world():
    """One server and one folder for all cases."""
    s, w = Server(), Estate(None)
    atexit.register(w.__exit__)
    w.env['KEY'] = SECRET
    w.env['PEM'] = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'collector', 'api', 'service-account.json')).read()
    w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\n')
    return s, w


def doctor(source, table, *words):
    """(exit, what is printed, what was asked); no secret in it"""
    s, w = world()
    s.table, s.seen = table, []
    w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: it, type: %s, url: "%s", %s}\n' % (
        source.split()[0], s.url, SOURCES[source].replace('URL', s.url)))
    code, out = w.run('doctor', *words)
    assert SECRET not in out and ACCESS not in out and 'AWS4' not in out, out
    return code, out, s.seen


def case_table():
    for source, table, code, can in CASES:
        got, out, seen = doctor(source, table, '--json')
        what = '%s %s\n%s' % (source, table, out)
        tap.equal(got, code, what)
        row, = json.loads(out)['found']
        tap.equal(row['reachable'], code != 1, what)
        if can is None:
            tap.equal(row['excess'], None, what)
            tap.equal(len(seen), 1, what)                     # refused: nothing more is tried
            continue
        tap.equal(len(row['excess']), len(can), what)
        assert all(word in e['can'] and e['instead'] for word, e in zip(can, row['excess'])), what
        assert len(seen) >= 2 and all(shown for _, _, shown in seen), (what, seen)
        reads = ('LookupEvents', 'List', 'ViewBilling', '/oauth2/', '/token', 'entries:list', ':testIamPermissions')
        assert all(m == 'GET' or m == 'POST' and any(r in asked for r in reads) for m, asked, _ in seen), seen


def case_what_is_not_told():
    for source, table in [('aws-cloudtrail', [EVENTS, (('POST', 'ListTrails'), (400, {'__type': 'ThrottlingException'}))]),
                          ('cloudflare-zone', [FIND, (('GET', '/user/tokens'), (503, {})), (('GET', '/zones'), cf('example.test'))])]:
        code, out, _ = doctor(source, table, '--json')
        tap.equal(code, 3, out)
        row, = json.loads(out)['found']
        tap.equal(row['excess'], [])
        assert row['untold'].startswith('HTTP '), row


def case_keys_that_cannot_be_narrowed():
    for source, table in [('powerdns-zone', [(('GET', '/servers/'), (200, {'rrsets': []}))]),
                          ('porkbun-registrar', [(('POST', '/api/'), (200, {'status': 'SUCCESS', 'domains': []}))])]:
        code, out, seen = doctor(source, table, '--json')
        tap.equal(code, 0, out)
        row, = json.loads(out)['found']
        tap.equal((row['excess'], len(seen)), (None, 1), out)
        assert 'no key that only reads' in row['whole'], row
        code, out, _ = doctor(source, table)
        assert code == 0 and 'cannot be narrowed: ' in out, out


def case_text():
    code, out, _ = doctor('cloudflare-zone', [FIND, CF_TOKENS, (('GET', '/zones?per_page'), cf('example.test'))])
    tap.equal(code, 3)
    assert 'broader than needed: it can list all API tokens' in out and 'make a token with Zone Read' in out, out
    assert out.rstrip().endswith('credentials broader than needed: 1'), out
    code, out, _ = doctor('cloudflare-zone', [FIND, CF_NO, (('GET', '/zones?per_page'), cf('example.test'))])
    assert code == 0 and 'broader' not in out, out


def case_recordings_are_asked_nothing():
    with Estate(None) as w:
        w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\n')
        w.write('rec/run-01/0001', '{"success":true,"result":[]}')
        w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: it, type: cloudflare-zone, url: "file:rec", zones: [example.test]}\n')
        code, out = w.json('doctor')
        tap.equal((code, out['found'][0]['excess']), (0, None))


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
