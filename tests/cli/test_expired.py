#!/usr/bin/env python3
"""Expired credentials: every source of tests/collector/api/sources.table that has one asks a server that refuses all. `collect` ends with exit 1, and
says of each source which setting the new credential goes to and what it must be allowed."""
import http.server, json, os, re, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'collector', 'api')
SECRETS = ('api_key', 'client_secret', 'consumer_key', 'credentials', 'secret_access_key', 'secret_api_key', 'secret_key', 'token')


class Refuses(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        self.send_response(401)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'{}')
    do_GET = do_POST = answer

    def date_time_string(self, timestamp=None):
        return 'Sat, 01 Aug 2026 12:00:00 GMT'            # the test's clock

    def log_message(self, *a):
        pass


def table():
    """(kind, conversation, permission) of each source with a credential"""
    rows = []
    for line in open(os.path.join(HERE, 'sources.table')):
        word, _, rest = line.rstrip('\n').partition(' ')
        if word == 'source':
            rows.append({'kind': rest, 'credential': True, 'permission': ''})
        elif word in ('conversation', 'permission'):
            rows[-1][word] = rest
        elif word == 'without' and rest.startswith('credential:'):
            rows[-1]['credential'] = False
    return [r for r in rows if r['credential']]


def source(row, port):
    """The source of its conversation, under a name of its own"""
    text = open(os.path.join(HERE, row['conversation'])).read().replace('{PORT}', str(port))
    line = re.search(r'^source\n +(- \{.*\})$', text, re.M).group(1)
    if row['kind'] == 'cloudflare-audit-v1':
        line = line.replace('account: f00d', 'account: beef')         # one log read in both forms is not taken
    return '  ' + re.sub(r'name: [a-z]+', 'name: ' + row['kind'], line, count=1)


def case_each_credential():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Refuses)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    rows = table()
    assert len(rows) > 25, len(rows)
    try:
        with Estate('2026-08-01T12:00:00Z') as w:
            for name in ('TOKEN', 'AWS_SECRET', 'AWS_SESSION', 'CLIENT'):
                w.env[name] = 'sEcReT-' + name
            w.env['PEM'] = open(os.path.join(HERE, 'service-account.json')).read()
            w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\n')
            w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n%s\n' % '\n'.join(source(r, server.server_port) for r in rows))
            code, out = w.run('collect')
            tap.equal(code, 1, out)
            assert 'sEcReT' not in out, out
            for r in rows:
                said = [l for l in out.splitlines() if re.search(r'\b%s\b(?!-)' % r['kind'], l) and 'the credential was refused' in l]
                assert said, '%s: nothing is said\n%s' % (r['kind'], out)
                assert r['permission'] in said[0], '%s: "%s" is not in what is said: %s' % (r['kind'], r['permission'], said[0])
                assert any(re.search(r'\b%s\b' % s, said[0]) for s in SECRETS), '%s: no setting: %s' % (r['kind'], said[0])
            for scope, reason in w.sql("SELECT scope, reason FROM coverage WHERE grade = 0"):
                assert 'the credential was refused' in reason, (scope, reason)
            tap.equal(w.sql('SELECT count(*) FROM coverage WHERE grade > 0 AND evidence IN (\'account-events\', \'account-state\', \'registry-state\')'), [(0,)])
    finally:
        server.shutdown()
        server.server_close()


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
