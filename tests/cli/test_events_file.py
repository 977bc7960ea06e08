#!/usr/bin/env python3
"""Logs of a registrar that the program does not know: a directory of exports, a file that grows, a file given by hand."""
import os, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

MAP = '''
      format: json-lines
      time: at
      fields:
        action: {from: event, words: {domain.unlocked: transfer-lock.remove, "dns.*": record.update}}
        domain: domain
        actor: by
        actor_kind: {value: person}
        provider_ref: id
'''
CSV_MAP = '''
      format: csv
      header: [when, what, domain, who]
      time: {from: when, form: "%Y-%m-%d %H:%M:%S", zone: UTC}
      fields: {action: what, domain: domain, actor: who}
'''
CONFIG = '''organisation: X
inventory: inventory.yaml
sources:
  - name: reg
    type: events-file
    path: %s
    account: acme%s
    map:%s
'''
LINE = '{"id": %d, "at": "2026-07-%02dT10:00:00Z", "event": "%s", "domain": "example.test", "by": "eve@x.test", "password": "hunter2"}\n'


class World(Estate):
    def __init__(self, path='exports', more='', text=MAP):
        super().__init__('2026-07-01T12:00:00Z')
        self.write('affidavit.yaml', CONFIG % (path, more, text))
        os.makedirs(self.path('exports'), exist_ok=True)

    def on(self, day, *words):
        self.at = '2026-07-%02dT12:00:00Z' % day
        return self.run(*words)

    def events(self):
        return self.sql('SELECT provider_ref, action, domain, actor FROM event ORDER BY id')

    def coverage(self):
        return [(g, r) for g, r in self.sql("SELECT grade, reason FROM coverage WHERE evidence = 'account-events' AND source IN ('reg', 'import') ORDER BY id")]

    def holds(self, text):
        return any(text.encode() in open(self.path(n), 'rb').read() for n in os.listdir(self.folder) if n.startswith('evidence') and os.path.isfile(self.path(n)))


def touch(path, day):
    os.utime(path, (1782864000 + day * 86400,) * 2)


def case_exports_in_a_directory():
    with World() as w:
        touch(w.write('exports/a.jsonl', LINE % (1, 2, 'domain.unlocked') + LINE % (2, 2, 'dns.added')), 2)
        code, out = w.on(3, 'collect')
        tap.equal(code, 0, out)
        touch(w.write('exports/b.jsonl', LINE % (2, 2, 'dns.added') + LINE % (3, 4, 'mailbox.made')), 4)
        code, out = w.on(5, 'collect')
        tap.equal(code, 0, out)
        tap.equal(w.events(), [('1', 'transfer-lock.remove', 'example.test', 'eve@x.test'), ('2', 'record.update', 'example.test', 'eve@x.test'),
                               ('3', 'other.reg.mailbox.made', 'example.test', 'eve@x.test')], 'an event that two exports hold is one')
        tap.equal([g for g, r in w.coverage()], [2, 2], 'asserted, never more')
        tap.equal(w.holds('hunter2'), False, 'a password in the log')


def case_lines_that_cannot_be_read():
    with World() as w:
        touch(w.write('exports/a.jsonl', LINE % (1, 2, 'login') + '{"id": 2, "at": "2026-\n' + LINE % (3, 4, 'login')), 4)
        code, out = w.on(5, 'collect')
        tap.equal(code, 3, out)
        tap.equal([e[0] for e in w.events()], ['1', '3'], 'those around it are events')
        tap.equal(w.sql("SELECT grade, t_from / 86400000 - 20635, t_to / 86400000 - 20635 FROM coverage WHERE source = 'reg' ORDER BY id"),
                  [(2, 1, 3), (0, 1, 3)], 'the gap lies between its neighbours')
        tap.equal('line 2' in w.coverage()[1][1], True, w.coverage()[1][1])


def case_a_file_that_is_not_what_the_map_says():
    with World(text=CSV_MAP.replace('header: [when, what, domain, who]', 'delimiter: ","')) as w:
        touch(w.write('exports/a.csv', 'time,action\n2026-07-02 10:00:00,login\n'), 2)
        code, out = w.on(3, 'collect')
        tap.equal(code, 3, out)
        tap.equal('expected a column "what", which the map names' in w.coverage()[0][1], True, w.coverage())


def case_a_file_that_grows():
    with World('reg.csv', '\n    grows: true', CSV_MAP) as w:
        w.write('reg.csv', 'when,what,domain,who\n2026-07-02 10:00:00,login,example.test,eve\n2026-07-02 10:00:01,"log')
        code, out = w.on(3, 'collect')
        tap.equal(code, 0, out)
        tap.equal(len(w.events()), 1, 'the record that is not whole waits')
        with open(w.path('reg.csv'), 'a') as f:
            f.write('out",example.test,eve\n2026-07-03 18:00:00,broken\n2026-07-03 19:00:00,login,example.test,bob\n')
        code, out = w.on(4, 'collect')
        tap.equal(code, 3, out)
        os.rename(w.path('reg.csv'), w.path('reg.csv.1'))
        w.write('reg.csv', 'when,what,domain,who\n2026-07-04 18:00:00,logout,example.test,bob\n')
        code, out = w.on(5, 'collect')
        tap.equal(code, 0, out)
        tap.equal([(a, b) for r, a, d, b in w.events()], [('login', 'eve'), ('logout', 'eve'), ('login', 'bob'), ('logout', 'bob')], 'through a rotation')
        tap.equal([g for g, r in w.coverage()], [2, 2, 0, 2], w.coverage())


def case_webhooks_of_dnsimple_that_come_twice():
    with World() as w:
        w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: reg, type: dnsimple-webhooks, path: exports, account: acme}\n')
        hook = '{"name": "domain.transfer_lock_disable", "request_identifier": "u1", "actor": {"entity": "user", "pretty": "eve@x.test"}, "data": {"domain": {"id": 1, "name": "example.test"}}}'
        touch(w.write('exports/1.http', 'POST / HTTP/1.1\r\nauthorization: Bearer abcdefgh12345678\r\n\r\n' + hook), 2)
        touch(w.write('exports/2.json', hook), 3)
        touch(w.write('exports/3.json', '{"name": '), 3)
        code, out = w.on(5, 'collect')
        tap.equal(code, 3, out)
        tap.equal(w.events(), [('u1 domain.transfer_lock_disable', 'transfer-lock.remove', 'example.test', 'eve@x.test')], 'one event')
        tap.equal([g for g, r in w.coverage()], [2, 0, 0], 'what cannot be read is a gap')
        tap.equal(w.holds('abcdefgh12345678'), False, 'what the receiver asked for')


def case_import_by_the_name_of_a_source():
    with World() as w:
        path = w.write('old/audit-june.jsonl', LINE % (1, 1, 'domain.unlocked'))
        touch(path, 1)
        for want, said in ((0, 'exit 0: recorded'), (0, '0 of 1 files recorded')):
            code, out = w.on(3, 'import', path, '--source', 'reg')
            tap.equal((code, said in out), (want, True), out)
        tap.equal(w.events(), [('1', 'transfer-lock.remove', 'example.test', 'eve@x.test')], 'read once')
        touch(w.write('exports/a.jsonl', LINE % (2, 4, 'login')), 4)
        code, out = w.on(5, 'collect')
        tap.equal((code, len(w.events())), (0, 2), out)
        tap.equal(w.sql("SELECT asked FROM item_note WHERE decoder = 'events-file' ORDER BY leaf"), [('events acme audit-june.jsonl',), ('events acme a.jsonl',)],
                  'with its file name')


def case_import_by_a_map():
    with World() as w:
        w.write('map.yaml', MAP.replace('\n      ', '\n'))
        w.write('log', LINE % (1, 1, 'login'))
        code, out = w.on(3, 'import', 'log', '--type', 'events-file', '--map', 'map.yaml', '--account', 'old')
        tap.equal(code, 0, out)
        tap.equal(w.sql('SELECT source, account, action FROM event'), [('import', 'old', 'login')], 'an event of a source that no configuration has')
        w.write('map.yaml', 'format: json-lines\ntime: at\nfields:\n  action: {from: event, words: {a: b}}\n')
        code, out = w.on(3, 'import', 'log', '--type', 'events-file', '--map', 'map.yaml')
        tap.equal((code, 'map.yaml:4: fields.action.words.a: expected a verb' in out), (1, True), out)


def case_import_refuses():
    with World() as w:
        w.write('log', 'x')
        for words, want, said in ((['log'], 64, 'import approvals FILE'), (['log', '--source', 'x'], 64, 'no such source'), (['log', '--type', 'rdap'], 64, '--type rdap'),
                                  (['--source', 'reg'], 64, 'which file'), (['none', '--source', 'reg'], 64, 'none'),
                                  (['log', '--source', 'reg', '--type', 'events-file'], 64, '--source, or --type'),
                                  (['log', '--type', 'events-file'], 1, 'map'), (['log', '--type', 'events-file', '--name', 'user', '--map', 'x'], 64, '--name')):
            code, out = w.on(3, 'import', *words)
            tap.equal((code, said in out), (want, True), '%s: %s' % (words, out))


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
