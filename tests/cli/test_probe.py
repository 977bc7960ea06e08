#!/usr/bin/env python3
"""Live probes against a DNS of our own: what servers answer, what is wrong with them, and what validators say of it."""
import os, sys, tempfile, time

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


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
