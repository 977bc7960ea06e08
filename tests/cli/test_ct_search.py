#!/usr/bin/env python3
"""Search services: what they say is not proven until a log shows it; what they do not answer is a gap."""
import base64, datetime, http.server, json, os, sys, threading, urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from ctserver import CtServer
from estate import Estate

LOGGED = [{'at': '2026-07-01T10:00:00Z', 'names': ['www.example.test']}, {'at': '2026-07-01T10:01:00Z', 'fill': 40}]
CONFIG = '''organisation: X
inventory: inventory.yaml
contact: tests@example.test
sources:
  - {name: ct, type: ct, list: list.json}
  - {name: search, type: ct-search, provider: %s, url: "%s"%s}
'''


class Service:
    """Both services on loopback. .crtsh: {q: answer}; .issuances: {domain: [elements]}, two to a page."""
    def __init__(self):
        self.crtsh, self.issuances, self.asked, self.tokens, self.status = {}, {}, [], [], 200
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                q = dict(urllib.parse.parse_qsl(url.query))
                outer.asked.append(self.path)
                outer.tokens.append(self.headers.get('Authorization'))
                if url.path == '/issuances':
                    all_ = outer.issuances.get(q['domain'], [])
                    after = [i for i, e in enumerate(all_) if e['id'] == q.get('after')]
                    got = all_[after[0] + 1:][:2] if after else all_[:2]
                else:
                    got = outer.crtsh.get(q['q'], [])
                body = (got if isinstance(got, str) else json.dumps(got)).encode()
                self.send_response(outer.status)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *a):
                pass

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = 'http://127.0.0.1:%d' % self.http.server_address[1]

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.http.shutdown()
        self.http.server_close()


class World(Estate):
    def __init__(self, logs, provider, url, more=', pace: 1ms'):
        super().__init__('2026-07-05T12:00:10Z')
        self.log = logs.add('one', 'static-ct', 'Alpha', LOGGED, end='2026-07-05T12:00:00Z')
        self.write('inventory.yaml', 'domains:\n  - {name: example.test, owner: a}\n')
        self.write('list.json', json.dumps(logs.list()))
        self.write('affidavit.yaml', CONFIG % (provider, url, more))

    def certificate(self):
        return self.sql("SELECT tbs_key, serial, issuer, not_before, not_after FROM certificate")[0]

    def covered(self):
        return self.sql("SELECT t_from, t_to, grade, reason FROM coverage WHERE evidence = 'ct-search' ORDER BY id DESC")[0]


def stamp(ms, zone=''):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S') + zone


def theirs(issuer):
    return ', '.join(reversed(issuer.split(',')))


def crtsh(id_, cert, **kw):
    tbs, serial, issuer, nb, na = cert
    return dict({'id': id_, 'issuer_name': theirs(issuer), 'common_name': 'www.example.test', 'name_value': 'www.example.test', 'serial_number': '00' + serial,
                 'not_before': stamp(nb), 'not_after': stamp(na), 'entry_timestamp': None}, **kw)


def issuance(id_, cert, **kw):
    tbs, serial, issuer, nb, na = cert
    return dict({'id': str(id_), 'tbs_sha256': tbs, 'dns_names': ['www.example.test'], 'issuer': {'name': theirs(issuer)}, 'not_before': stamp(nb, 'Z'),
                 'not_after': stamp(na, 'Z')}, **kw)


def findings(w, period='2026-07-01..2026-07-04'):
    w.must('report', '--period', period, '--as-of', '2026-07-05T12:00:00Z', '--unsigned', '--out', 'out')
    report = json.load(open(w.path('out/report.json')))
    found = [(f['resource'], f['key'].split(' ')[0], f['status']) for f in report['findings'] if f['check'] == 'certificate-search-unproven']
    return found, [(r['resource'], r['outcome']) for r in report['results'] if r['check'] == 'certificate-search-unproven']


OTHER = ('bb' * 32, 'feed01')


def case_a_result_is_proven_by_a_log_or_not_at_all():
    for provider, make in ('crt.sh', crtsh), ('sslmate', issuance):
        with CtServer() as logs, Service() as s, World(logs, provider, s.url) as w:
            w.must('collect')
            cert = w.certificate()
            at = cert[3]
            s.crtsh['%.example.test'] = s.issuances['example.test'] = [make(11, cert), make(12, OTHER + cert[2:])]
            w.must('collect')
            tap.equal(w.sql('SELECT ref, provider FROM search_result ORDER BY ref'), [('11', provider), ('12', provider)])
            tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)])
            tap.equal(w.covered()[:3], (0, 1783252810000, 1))
            key = 'feed01' if provider == 'crt.sh' else 'bb' * 32
            period = '%s..%s' % (stamp(at + 86400000)[:10], stamp(at + 4 * 86400000)[:10])
            found, outcome = findings(w, period)
            tap.equal(found, [('example.test', key, 'review')])
            tap.equal(w.sql('SELECT r.ref, m.how FROM search_certificate m JOIN search_result r ON r.id = m.result_id'),
                      [('11', 'serial' if provider == 'crt.sh' else 'tbs')])


def case_a_promise_leads_to_the_entry():
    with CtServer() as logs, Service() as s, World(logs, 'sslmate', s.url) as w:
        w.must('collect')
        cert, final = w.certificate(), next(e for e in w.log.log.entries if not e['precert'])['certificate']
        other = ('cc' * 32,) + cert[1:]
        der = lambda b: base64.b64encode(b).decode()
        s.issuances['example.test'] = [issuance(1, other, cert_der=der(final)), issuance(2, other, cert_der=der(final[:100])),
                                       dict(issuance(3, other), cert={'type': 'cert', 'data': der(final)}), issuance(4, OTHER + cert[2:])]
        w.must('collect')
        assert all('expand=cert_der' in a for a in s.asked)
        findings(w)                      # makes the joins
        tap.equal(w.sql('SELECT r.ref, m.how FROM search_certificate m JOIN search_result r ON r.id = m.result_id ORDER BY r.ref'), [('1', 'sct'), ('3', 'sct')])
        tap.equal(w.sql('SELECT r.ref, s.log_id, s.timestamp = e.logged_ms FROM search_sct s JOIN search_result r ON r.id = s.result_id'
                        ' JOIN log_entry e ON e.precert = 1 ORDER BY r.ref'), [(ref, w.log.log.id.hex(), 1) for ref in '13'])
        tables = w.sql('SELECT result_id, log_id, timestamp FROM search_sct ORDER BY id')
        w.must('rebuild')
        tap.equal(w.sql('SELECT result_id, log_id, timestamp FROM search_sct ORDER BY id'), tables)


def case_pages_follow_each_other_and_later_runs_go_on():
    with CtServer() as logs, Service() as s, World(logs, 'sslmate', s.url, ', token: "env:KEY", pace: 1ms') as w:
        w.env['KEY'] = 'k-123'
        cert = OTHER + ('CN=X', 1782900000000, 1790000000000)
        s.issuances['example.test'] = [issuance(i, cert) for i in range(1, 6)]
        w.must('collect')
        tap.equal([a.partition('after=')[2] for a in s.asked], ['', '2', '4', '5'])
        assert all('include_subdomains=true' in a for a in s.asked)
        tap.equal(set(s.tokens), {'Bearer k-123'})
        assert b'k-123' not in open(w.path('evidence.db'), 'rb').read()
        s.asked.clear()
        w.must('collect')
        tap.equal([a.partition('after=')[2] for a in s.asked], ['5'])
        tap.equal(w.sql('SELECT count(*) FROM search_result'), [(5,)])
        w.must('rebuild')
        tap.equal(w.sql('SELECT count(*) FROM search_result'), [(5,)])


def case_the_same_answer_is_kept_once():
    with CtServer() as logs, Service() as s, World(logs, 'crt.sh', s.url) as w:
        s.crtsh['example.test'] = [crtsh(1, OTHER + ('CN=X', 1782900000000, 1790000000000))]
        for _ in range(3):
            w.must('collect')
        tap.equal(w.sql("SELECT asked, count(*) FROM item_note WHERE source = 'search' AND kind = 'answer' GROUP BY asked ORDER BY asked"),
                  [('%.example.test', 1), ('example.test', 1)])
        tap.equal([a for a in s.asked][:2], ['/?q=example.test&output=json', '/?q=%25.example.test&output=json'])


# What goes wrong -> words of the gap
TROUBLE = [
    ('refused', lambda s: setattr(s, 'status', 404), 'HTTP 404'),
    ('no page', lambda s: s.crtsh.update({'example.test': '<html>busy</html>'}), 'answer'),
    ('an error as JSON', lambda s: s.crtsh.update({'example.test': {'error': 'x'}}), 'expected a list'),
    ('an element that is none', lambda s: s.crtsh.update({'example.test': [{'id': 1}]}), 'element 0: '),
    ('as long as may be', lambda s: s.crtsh.update({'example.test': [crtsh(i, OTHER + ('CN=X', 1782900000000, 1790000000000), name_value='\n'.join(
        'n%d-%d.example.test' % (i, k) for k in range(100))) for i in range(90)]}), 'cut there'),
]


def case_what_is_not_answered_is_a_gap():
    for name, cause, words in TROUBLE:
        with CtServer() as logs, Service() as s, World(logs, 'crt.sh', s.url) as w:
            w.must('collect')
            w.at = '2026-07-05T13:00:10Z'
            cause(s)
            w.must('collect', code=3)
            start, end, grade, reason = w.covered()
            tap.equal((start, end, grade), (1783252810000, 1783256410000, 0), name)
            tap.contains(reason, words)


def case_recordings():
    with CtServer() as logs, World(logs, 'sslmate', 'file:saved') as w:
        cert = OTHER + ('CN=X', 1782900000000, 1790000000000)
        w.write('saved/example.test.json', json.dumps([issuance(1, cert), issuance(2, cert)]))
        tap.contains(w.must('collect', code=3), 'no recording')
        w.write('saved/example.test.after-2.json', '[]')
        w.must('collect')
        tap.equal(w.sql('SELECT count(*) FROM search_result'), [(2,)])
        tap.equal(w.covered()[2], 1)


def case_settings():
    with CtServer() as logs, Service() as s:
        for provider, url, more, words in [('google', s.url, '', 'crt.sh or sslmate'), ('crt.sh', 'http://crt.example', '', 'https://'),
                                           ('crt.sh', s.url, ', domains: ["not a name"]', 'domains'), ('crt.sh', s.url, ', nonsense: 1', 'nonsense')]:
            with World(logs, provider, url, more) as w:
                tap.contains(w.must('collect', code=1), words)
        with World(logs, 'crt.sh', s.url, ', pace: 1ms, domains: [a.test]') as w:
            s.asked.clear()
            w.must('collect')
            tap.equal(s.asked, ['/?q=a.test&output=json', '/?q=%25.a.test&output=json'])


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
