#!/usr/bin/env python3
"""RDAP on loopback: a list of servers, a registry and a registrar; what they do not answer is a gap, what changes an event."""
import http.server, json, os, sys, threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

CONFIG = '''organisation: X
inventory: inventory.yaml
sources:
  - {name: rdap, type: rdap, domains: [%s], list: "%s/dns.json", pace: 0s%s}
'''


class Servers:
    """answers: path -> (status, body, headers) or a list of them, one for each time it is asked."""
    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, self.headers.get('Accept'), self.headers.get('If-None-Match')))
                found = outer.answers.get(self.path, (404, {'errorCode': 404}, {}))
                if isinstance(found, list):
                    found = found.pop(0) if len(found) > 1 else found[0]
                if callable(found):
                    found = found(self)
                status, body, headers = found
                body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *a):
                pass

        self.http = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = 'http://127.0.0.1:%d' % self.http.server_address[1]
        self.serve({'test': self.url + '/registry/'})

    def serve(self, bases, **headers):
        self.answers['/dns.json'] = (200, {'version': '1.0', 'publication': '2026-07-01T00:00:00Z',
                                           'services': [[[k], [v]] for k, v in bases.items()]}, headers)

    def domain(self, name, where='registry', **more):
        links = [{'rel': 'related', 'type': 'application/rdap+json', 'href': '%s/registrar/domain/%s' % (self.url, name)}]
        body = dict({'objectClassName': 'domain', 'ldhName': name, 'links': links if where == 'registry' else []}, **more)
        self.answers['/%s/domain/%s' % (where, name)] = (200, body, {})

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.http.shutdown()
        self.http.server_close()


class World(Estate):
    def __init__(self, servers, domains='example.test', more=''):
        super().__init__('2026-07-01T12:00:00Z')
        self.write('affidavit.yaml', CONFIG % (domains, servers.url, more))

    def collect(self, at, code=0):
        self.at = at
        return self.must('collect', code=code)

    def coverage(self):
        return self.sql("SELECT scope, grade, reason FROM coverage WHERE evidence = 'registry-state' ORDER BY id")

    def states(self):
        return self.sql('SELECT domain, view, statuses FROM domain_state ORDER BY id')


DAY = '2026-07-%02dT12:00:00Z'
LOCKED, OPEN = ['client transfer prohibited'], ['active']


def case_both_views_are_kept_and_a_lock_that_goes_is_an_event():
    with Servers() as s, World(s) as w:
        s.domain('example.test', status=LOCKED)
        s.domain('example.test', 'registrar', status=LOCKED)
        w.collect(DAY % 1)
        w.collect(DAY % 2)
        tap.equal(w.states(), [('example.test', 'registry', 'clientTransferProhibited'), ('example.test', 'registrar', 'clientTransferProhibited')])
        s.domain('example.test', status=OPEN)
        w.collect(DAY % 3)
        tap.equal(w.sql("SELECT action, domain, record_kind FROM event WHERE action <> 'domain.status.change'"),
                  [('transfer-lock.remove', 'example.test', 'state-difference')])
        tap.equal(w.sql("SELECT (t_to - 1 - t_from) / 3600000 FROM event WHERE action = 'transfer-lock.remove'"), [(24,)])
        tap.equal(w.sql("SELECT view FROM domain_state ORDER BY id"), [('registry',), ('registrar',), ('registry',)])
        tap.equal([(g, r) for _, g, r in w.coverage()][1:], [(1, 'the state at two looks; what happened between is not seen')] * 2)


def case_the_list_is_read_once_a_week_and_asked_for_by_its_tag():
    with Servers() as s, World(s) as w:
        s.domain('example.test')
        s.answers['/registrar/domain/example.test'] = (404, {}, {})
        s.serve({'test': s.url + '/registry/'}, ETag='"one"')
        for day in (1, 2, 7):
            w.collect(DAY % day)
        tap.equal([p for p, _, _ in s.asked].count('/dns.json'), 1)
        s.answers['/dns.json'] = (304, '', {})
        w.collect(DAY % 9)
        tap.equal([t for p, _, t in s.asked if p == '/dns.json'], [None, '"one"'])
        w.collect(DAY % 10)
        tap.equal([p for p, _, _ in s.asked].count('/dns.json'), 2)
        w.write('affidavit.yaml', CONFIG % ('example.test, other.test', s.url, ''))
        s.serve({'test': s.url + '/registry/'})
        s.domain('other.test')
        w.collect(DAY % 11)
        tap.equal([t for p, _, t in s.asked if p == '/dns.json'], [None, '"one"', None])
        tap.equal(w.sql("SELECT count(*) FROM domain_state WHERE domain = 'other.test'"), [(1,)])


def case_one_domain_that_fails_does_not_stop_the_others():
    with Servers() as s, World(s, 'a.test, b.test, c.nowhere, d.test, e.test, f.plain') as w:
        s.serve({'test': s.url + '/registry/', 'plain': 'http://192.0.2.1/'})
        s.domain('a.test')
        s.answers['/registry/domain/d.test'] = (200, '{"ldhName": "d.te', {})
        s.answers['/registry/domain/e.test'] = (200, {'ldhName': 'evil.test'}, {})
        out = w.run('collect')[1]
        gaps = {scope: reason for scope, grade, reason in w.coverage() if grade == 0}
        tap.equal(sorted(gaps), ['b.test', 'c.nowhere', 'd.test', 'e.test', 'f.plain'], out)
        tap.contains(gaps['e.test'], 'it is about evil.test, not e.test')
        tap.equal([g for d, g, _ in w.coverage() if d == 'a.test'], [1])
        tap.contains(gaps['b.test'], 'registry: HTTP 404: the server does not know the domain')
        tap.contains(gaps['c.nowhere'], 'no RDAP service is registered for its top-level domain')
        tap.contains(gaps['f.plain'], 'plain HTTP only')
        tap.contains(gaps['d.test'], 'registry: answer')
        tap.equal(w.states(), [('a.test', 'registry', None)])
        tap.contains(str(w.sql('SELECT reason FROM decode_error')), 'it is about evil.test, not e.test')


def case_a_server_that_wants_another_media_type():
    with Servers() as s, World(s) as w:
        s.domain('example.test')
        good = s.answers['/registry/domain/example.test']
        s.answers['/registry/domain/example.test'] = lambda h: good if h.headers.get('Accept') == 'application/json' else (406, {}, {})
        w.collect(DAY % 1)
        tap.equal(len(w.states()), 1)


def case_too_many_requests_is_a_gap_after_the_server_was_given_its_time():
    with Servers() as s, World(s) as w:
        s.answers['/registry/domain/example.test'] = (429, {}, {'Retry-After': '3600'})
        w.run('collect')
        tap.contains(w.coverage()[0][2], 'the server asks to wait 3600 s')
        tap.equal([p for p, _, _ in s.asked].count('/registry/domain/example.test'), 1)


def case_a_list_that_cannot_be_had_is_a_gap_for_each_domain():
    with Servers() as s, World(s, 'a.test, b.test') as w:
        s.answers['/dns.json'] = (200, {'services': 7}, {})
        w.run('collect')
        tap.equal([(d, g) for d, g, _ in w.coverage()], [('a.test', 0), ('b.test', 0)])
        tap.contains(w.coverage()[0][2], 'the list of servers')


def case_a_registrar_that_leads_back_or_to_plain_http_is_not_asked():
    with Servers() as s, World(s) as w:
        for href in (s.url + '/registry/domain/example.test', 'http://192.0.2.1/domain/example.test', 'file:/etc/passwd'):
            s.domain('example.test', links=[{'rel': 'related', 'type': 'application/rdap+json', 'href': href}])
            s.asked.clear()
            w.collect(DAY % 1)
            tap.equal([p for p, _, _ in s.asked if p != '/dns.json'], ['/registry/domain/example.test'], href)


def case_recordings_are_read_through_the_same_door():
    with Servers() as s, World(s, more=', server: "file:rec"') as w:
        w.write('rec/domain/example.test', json.dumps({'ldhName': 'example.test', 'status': LOCKED}))
        w.collect(DAY % 1)
        tap.equal(w.states(), [('example.test', 'registry', 'clientTransferProhibited')])
        tap.equal(s.asked, [])


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
