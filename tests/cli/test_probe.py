#!/usr/bin/env python3
"""Live probes against a DNS of our own: what servers answer, what is wrong with them, and what validators say of it."""
import json, os, re, socket, sys, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import tap
from dnstree import Tree, soa
from estate import Estate

CONFIG = '''organisation: X
inventory: inventory.yaml
contact: tests@example.test
sources:
  - name: live
    type: dns-probe
    roots: [127.0.1.1]
    port: %d
    pace: 0s
    timeout: 1s
    ipv6: false
    trust_anchor: anchor
%s'''
NS = '@ NS ns1\n@ NS ns2\nns1 A 127.0.1.3\nns2 A 127.0.1.4\n'
DELEGATION = 'NS ns1.%s\n%s NS ns2.%s\nns1.%s A 127.0.1.3\nns2.%s A 127.0.1.4\n'


def delegation(zone):
    label = zone.split('.')[0]
    return '%s %s' % (label, DELEGATION % (label, label, label, label, label))


class World(Estate):
    """ZONES: {name: options of Tree.sign, or None}; BREAK(tree, texts): changes before the servers start."""

    def __init__(self, zones, more='', inventory='', extra={}, delegations={}, prepare=None, tld_sign={}, at=0):
        super().__init__(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(time.time() + at)))
        self.tree = t = Tree(self.path('dns'))
        tld = soa('ns.test') + '@ NS ns.test.\nns A 127.0.1.2\n'
        for zone, sign in zones.items():
            t.add(zone, ['127.0.1.3', '127.0.1.4'], soa('ns1', NS + extra.get(zone, '')), sign)
            tld += delegations.get(zone, delegation(zone)) + (t.ds[zone] if sign is not None else '')
        if prepare:
            tld = prepare(t, tld) or tld
        t.add('test', ['127.0.1.2'], tld, tld_sign)
        t.add('', ['127.0.1.1'], soa('ns.root') + '@ NS ns.root.\nns.root. A 127.0.1.1\ntest. NS ns.test.\nns.test. A 127.0.1.2\n' + t.ds['test'], {})
        t.start()
        self.write('anchor', t.ds[''])
        self.write('inventory.yaml', 'domains:\n' + ''.join('  - {name: %s, owner: a}\n' % z for z in zones) + inventory)
        self.write('affidavit.yaml', CONFIG % (t.port, more))

    def __exit__(self, *a):
        self.tree.stop()
        super().__exit__(*a)

    def collect(self, code=0):
        got, out = self.run('collect')
        if got != code:
            raise AssertionError('collect: exit %d, expected %d\n%s' % (got, code, out))
        tap.equal(self.sql('SELECT * FROM decode_error'), [])
        return out

    def outcomes(self, purpose, zone='example.test'):
        return sorted(set(self.sql('SELECT server, outcome, aa FROM dns_answer WHERE purpose = ? AND zone = ?', purpose, zone)))

    def verdicts(self, zone='example.test', validator='affidavit'):
        return sorted(set(self.sql('SELECT name, type, state FROM dnssec_verdict WHERE zone = ? AND validator = ?', zone, validator)))


def case_every_server_is_asked():
    with World({'example.test': {}}) as w:
        w.collect()
        for p in 'soa', 'ns', 'dnskey', 'caa':
            tap.equal(w.outcomes(p), [('ns1.example.test', 'NOERROR', 1), ('ns2.example.test', 'NOERROR', 1)], p)
        tap.equal(w.outcomes('open-transfer'), [('ns1.example.test', 'NOTAUTH', 0), ('ns2.example.test', 'NOTAUTH', 0)])
        tap.equal(w.outcomes('delegation'), [('ns.test', 'NOERROR', 0)])
        tap.equal(w.outcomes('ds'), [('ns.test', 'NOERROR', 1)])
        tap.equal(w.sql("SELECT evidence, scope, grade FROM coverage"), [('dns-live', 'example.test', 1)])
        w.must('rebuild')



def states(w, zone='example.test', validator='affidavit', server=None):
    """{(first label or "", type): state} where every server says the same"""
    q = 'SELECT name, type, state FROM dnssec_verdict WHERE zone = ? AND validator = ?' + (' AND server = ?' if server else '')
    got = {}
    for name, type, state in w.sql(q, zone, validator, *([server] if server else [])):
        label = '' if name == zone else name.split('.')[0]
        got.setdefault(('nobody' if len(label) == 14 else label, type), set()).add(state)
    return {k: v.pop() if len(v) == 1 else sorted(v) for k, v in got.items()}


def all_are(w, state, zone='example.test', **kw):
    got = states(w, zone, **kw)
    assert got and all(v == state for v in got.values()), (got, reasons(w))


def reasons(w, validator='affidavit'):
    return sorted(set(r for r, in w.sql("SELECT reason FROM dnssec_verdict WHERE validator = ? AND reason <> ''", validator)))


def agree(w, state, zone='example.test'):
    got = states(w, zone, 'libunbound')
    tap.equal(got, {('', 'SOA'): state, ('nobody', 'A'): state}, w.sql("SELECT reason FROM dnssec_verdict WHERE validator='libunbound'"))


def case_signed_zones_are_secure_to_both():
    zones = {'example.test': {}, 'three.test': {'nsec3': True}, 'rsa.test': {'alg': 'RSASHA256'}, 'ed.test': {'alg': 'ED25519', 'nsec3': True, 'salt': 'abcd'}}
    with World(zones) as w:
        w.collect()
        for zone in zones:
            all_are(w, 'secure', zone)
            agree(w, 'secure', zone)
        tap.equal(sorted(states(w)), sorted([('', t) for t in ('SOA', 'NS', 'DNSKEY', 'CAA', 'CDS', 'CDNSKEY', 'NSEC3PARAM', 'TYPE65399')] +
                                            [('_acme-challenge', 'TXT'), ('_validation-persist', 'TXT'), ('nobody', 'A')]))


def edit(path, f):
    text = open(path).read()
    new = f(text)
    assert new != text, path
    with open(path, 'w') as out:
        out.write(new)


def without_signature(text, covered):
    """A signed zone's text without the RRSIGs over COVERED (records of dnssec-signzone, over several lines)."""
    return re.sub(r'\n[^\n;]*RRSIG\s+%s \d+ [^)]*\)' % covered, '', text)


def break_some(t, tld):
    edit(t.path('stripped.test.db'), lambda x: without_signature(x, 'NS'))
    edit(t.path('noproof.test.db'), lambda x: re.sub(r'\n[^\n]*\tNSEC\t[^\n]*', '', without_signature(x, 'NSEC')))
    tld = re.sub(r'(wrongds.test. IN DS \d+ 13 2 )(....)', r'\1BEEF', tld)
    return re.sub(r'nods.test. IN DS[^\n]*\n', '', tld)


BROKEN = {'expired.test': {'start': -20 * 86400, 'end': -2 * 86400}, 'early.test': {'start': 5 * 86400}, 'wrongds.test': {}, 'stripped.test': {},
          'noproof.test': {}, 'nods.test': {}, 'unsigned.test': None}


def case_broken_chains_are_named():
    with World(BROKEN, prepare=break_some) as w:
        w.collect()
        for zone in 'expired.test', 'early.test', 'wrongds.test':
            all_are(w, 'bogus', zone)
            agree(w, 'bogus', zone)
        for zone in 'nods.test', 'unsigned.test':
            all_are(w, 'insecure', zone)
            agree(w, 'insecure', zone)
        got = states(w, 'stripped.test')
        tap.equal((got['', 'SOA'], got['', 'NS'], got['nobody', 'A']), ('secure', 'bogus', 'secure'))
        agree(w, 'secure', 'stripped.test')
        got = states(w, 'noproof.test')
        tap.equal((got['', 'SOA'], got['nobody', 'A']), ('secure', 'bogus'))
        tap.equal(states(w, 'noproof.test', 'libunbound'), {('', 'SOA'): 'secure', ('nobody', 'A'): 'bogus'})
        why = '; '.join(reasons(w))
        for part in ('signature ended', 'signature begins', 'no key of the zone is named by the DS above', 'the zone above proves that there is no DS',
                     'no signature'):
            tap.contains(why, part)


def case_opt_out_hides_unsigned_zones():
    with World({'plain.test': None, 'example.test': {'nsec3': True, 'optout': True}}, tld_sign={'nsec3': True, 'optout': True}) as w:
        w.collect()
        all_are(w, 'insecure', 'plain.test')
        agree(w, 'insecure', 'plain.test')
        got = states(w)
        tap.equal((got['', 'SOA'], got['', 'CAA'], got['nobody', 'A']), ('secure', 'secure', 'insecure'))
        tap.equal(states(w, validator='libunbound'), {('', 'SOA'): 'secure', ('nobody', 'A'): 'insecure'})


def case_rsasha1_is_insecure_and_the_difference_is_explained():
    with World({'old.test': {'alg': 'RSASHA1'}}) as w:
        w.collect()
        all_are(w, 'insecure', 'old.test')
        tap.contains(reasons(w)[0], 'RSASHA1 is not to be relied on')
        other = states(w, 'old.test', 'libunbound')['', 'SOA']
        code, out = w.run('check', '--all', '--period', time.strftime('%Y'))
        tap.contains(out, 'has a key of algorithm 5')
        if other == 'secure':
            tap.contains(re.sub(r'\s+', ' ', out), 'old.test SOA secure; we do not: insecure, below test: the DS above names no algorithm')


def case_wildcards_need_their_proof():
    wild = '* A 127.0.0.9\n'
    with World({'nsec.test': {}, 'three.test': {'nsec3': True}}, extra={'nsec.test': wild, 'three.test': wild}) as w:
        w.collect()
        for zone in 'nsec.test', 'three.test':
            all_are(w, 'secure', zone)
            agree(w, 'secure', zone)


def case_the_clock_of_the_observation_counts():
    with World({'example.test': {'end': 5 * 86400}}, at=6 * 86400) as w:
        w.collect()
        all_are(w, 'bogus')
        agree(w, 'bogus')
        w.must('rebuild')
        all_are(w, 'bogus')


def strange_servers(t, tld):
    """ns1 hands out whole zones; ns3, which only the parent names, serves nothing; ns4 is nobody."""
    t.server('127.0.1.3', transfer=True)
    t.server('127.0.1.5')
    return tld + 'example NS ns3.example\nexample NS ns4.example\nns3.example A 127.0.1.5\nns4.example A 127.0.1.6\n'


def case_servers_that_do_not_serve_are_told():
    big = ''.join('@ TXT "%s"\n' % (chr(97 + i) * 200) for i in range(12)) + '_acme-challenge CNAME x.gone.\n@ MX 10 mail.nobody.\n'
    with World({'example.test': None}, prepare=strange_servers, extra={'example.test': big}) as w:
        w.collect()
        tap.equal([r[:2] for r in w.outcomes('soa')], [('ns1.example.test', 'NOERROR'), ('ns2.example.test', 'NOERROR'),
                                                       ('ns3.example.test', 'REFUSED'), ('ns4.example.test', 'unreachable')])
        tap.equal([r[:2] for r in w.outcomes('open-transfer')][:2], [('ns1.example.test', 'NOERROR'), ('ns2.example.test', 'NOTAUTH')])
        tap.equal(sorted(set(w.sql("SELECT qname, outcome FROM dns_answer WHERE purpose = 'target'"))), [('mail.nobody', 'NXDOMAIN'), ('x.gone', 'NXDOMAIN')])


class Liar:
    """Answers each question by UDP with guesses first (another ID, another name) that say NXDOMAIN, then cut short; by TCP truly."""

    def __init__(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(('127.0.0.1', 0))
        self.port, self.by_tcp = self.udp.getsockname()[1], 0
        self.tcp = socket.create_server(('127.0.0.1', self.port))
        for f in self.serve_udp, self.serve_tcp:
            threading.Thread(target=f, daemon=True).start()

    @staticmethod
    def answer(q, flags):
        end = q.index(b'\0', 12) + 5
        return q[:2] + flags + b'\0\1\0\0\0\0\0\0' + q[12:end]

    def serve_udp(self):
        while True:
            q, who = self.udp.recvfrom(2000)
            right = self.answer(q, b'\x86\0')
            wrong = self.answer(q, b'\x84\3')
            self.udp.sendto(bytes([wrong[0] ^ 1]) + wrong[1:], who)
            self.udp.sendto(wrong[:13] + b'Z' + wrong[14:] if len(wrong) > 20 else wrong[:-1], who)
            self.udp.sendto(b'short', who)
            self.udp.sendto(right, who)

    def serve_tcp(self):
        while True:
            c = self.tcp.accept()[0]
            try:
                q = c.recv(2000)[2:]
                if q:
                    self.by_tcp += 1
                    a = self.answer(q, b'\x84\0')
                    c.sendall(len(a).to_bytes(2, 'big') + a)
                c.close()
            except OSError:
                pass


def case_guesses_are_passed_over_and_what_is_cut_short_is_asked_again():
    liar = Liar()
    with World({'example.test': None}, more='    servers: ["example.test liar.test 127.0.0.1@%d"]\n    second_opinion: false\n' % liar.port) as w:
        w.collect()
        for p in 'soa', 'ns', 'caa', 'denial':
            tap.equal([r for r in w.outcomes(p) if r[0] == 'liar.test'], [('liar.test', 'NOERROR', 1)], p)
        assert liar.by_tcp >= 10, liar.by_tcp


def case_checks_judge_what_servers_answer():
    zones = {'good.test': {}, 'rsa.test': {'nsec3': True, 'alg': 'RSASHA256', 'salt': 'abcd', 'iterations': '5'}, 'plain.test': None}
    caa = {'good.test': '@ CAA 0 issue "ca.test; accounturi=x; validationmethods=dns-01"\n@ CAA 0 issuewild ";"\n@ CAA 0 iodef "mailto:a@good.test"\n',
           'rsa.test': '@ CAA 128 Foo "x"\n'}
    with World(zones, extra=caa, inventory='zones:\n  - {name: good.test, signed: true, owner: a}\n') as w:
        w.collect()
        day = lambda n: time.strftime('%Y-%m-%d', time.gmtime(time.time() + n * 86400))
        out = w.run('check', '--json', '--all', '--period', '%s..%s' % (day(-1), day(1)))[1]
        got = {(f['check'], f['resource'], f['status']) for f in json.loads(out)['findings']
               if re.match('caa-|dnssec-|soa-|name-server-', f['check'])}
        servers = {('name-server-diversity', z, 'fail') for z in zones}              # all of 127.0.1
        tap.equal(sorted(got - servers), sorted({
            ('caa-present', 'plain.test', 'review'), ('caa-unknown-critical', 'rsa.test', 'fail'),      # which nobody knows, so nobody may issue
            ('caa-report-address', 'rsa.test', 'review'),
            ('dnssec-nsec3-parameters', 'rsa.test', 'fail'), ('dnssec-signed', 'plain.test', 'review'),
            ('dnssec-key-age', 'good.test', 'review'), ('dnssec-key-age', 'rsa.test', 'review')}))
        assert servers <= got, got


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
