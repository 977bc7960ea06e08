#!/usr/bin/env python3
"""The inventory as people keep it: several files, documents beside them, exports of a ticket system, and a proposal out of evidence."""
import os, shutil, sqlite3, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'examples', 'inventory')
CONFIG = '''organisation: X
inventory: %s
approvals: %s
attestations: %s
responses: %s
sources: []
'''


class World(Estate):
    def __init__(self, inventory='inventory.yaml', approvals='[]', attestations='[]', responses='[]'):
        super().__init__('2026-07-01T12:00:00Z')
        self.config(inventory, approvals, attestations, responses)

    def config(self, inventory='inventory.yaml', approvals='[]', attestations='[]', responses='[]'):
        self.write('affidavit.yaml', CONFIG % (inventory, approvals, attestations, responses))

    def rows(self, sql):
        db = sqlite3.connect(self.path('evidence.db'))
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)


def case_the_example_is_read_whole():
    with World(approvals='[{file: tickets.csv, map: tickets-map.yaml}]') as w:
        for name in os.listdir(EXAMPLES):
            shutil.copy(os.path.join(EXAMPLES, name), w.path(name))
        w.must('collect')
        for table, n in (('domain', 2), ('owned_zone', 1), ('service', 2), ('owned_certificate', 1), ('person', 4), ('actor', 3), ('credential', 1),
                         ('supplier', 3), ('supplier_name', 4), ('environment', 2), ('environment_name', 3), ('change_window', 3), ('attestation', 2),
                         ('response', 1), ('approval', 1)):
            tap.equal(w.rows('SELECT count(*) FROM ' + table), [(n,)], table)
        tap.equal(w.rows("SELECT requester, approver, valid_from FROM approval"), [('Ann', 'CISO', 1787216400000)])
        tap.equal(w.rows("SELECT what FROM scope_edit"), [])


def case_a_row_that_moves_to_another_file_is_no_news():
    with World('[inventory.yaml, zones.csv]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\nzones: [{name: a.test, owner: x}]\n')
        w.write('zones.csv', 'name,owner\nb.test,x\n')
        w.must('collect')
        w.at = '2026-07-02T12:00:00Z'
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')
        w.write('zones.csv', 'name,owner\nb.test,y\na.test,x\n')
        w.must('collect')
        tap.equal(w.rows("SELECT key, what FROM scope_edit"), [('b.test', 'changed')])
        tap.equal(w.rows("SELECT name, recorded_at FROM owned_zone ORDER BY name"), [('a.test', 1782907200000), ('b.test', 1782993600000)])
        w.config('[inventory.yaml, more/zones.csv]')
        w.write('more/zones.csv', 'name,owner\nb.test,y\na.test,x\n')
        w.at = '2026-07-03T12:00:00Z'
        w.must('collect')
        tap.equal(w.rows("SELECT name, recorded_at FROM owned_zone ORDER BY name"), [('a.test', 1782907200000), ('b.test', 1782993600000)])
        tap.equal(w.rows("SELECT count(*) FROM scope_edit WHERE table_name = 'owned_zone'"), [(1,)])
        before = w.rows('SELECT * FROM owned_zone ORDER BY name')
        w.must('rebuild')
        tap.equal(w.rows('SELECT * FROM owned_zone ORDER BY name'), before)


def case_two_files_that_contradict_each_other_are_refused():
    with World('[inventory.yaml, zones.csv]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\nzones:\n  - {name: a.test, owner: x}\n')
        w.write('zones.csv', 'name,owner\nb.test,x\na.test,y\n')
        tap.contains(w.must('collect', code=1), 'zones.csv:3: zone "a.test" stands twice, first in inventory.yaml:3, and with another owner: "x" there, "y" here')
        tap.equal(w.rows("SELECT count(*) FROM item WHERE record LIKE '%decoder inventory%'"), [(0,)])


def case_a_document_that_changes_is_another_one():
    with World(attestations='[gov/a.yaml]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')
        w.write('gov/a.yaml', 'attestations:\n  - {ref: A, kind: policy-review, dated: 2026-06-01, author: ann, approver: bob, file: p.txt}\n')
        w.write('gov/p.txt', 'the qzx first')
        w.must('collect')
        w.must('collect')
        w.write('gov/p.txt', 'the qzx second')
        w.at = '2026-07-02T12:00:00Z'
        w.must('collect')
        tap.equal(w.rows("SELECT sha256, withdrawn_at < 9223372036854775807 FROM attestation ORDER BY id"),
                  [('877a05b8100973b264c16d022ab499d0d937bfe8aeb49d53db0499ffeaaf9ade', 1), ('e3bcbb6a628c7d6354bf1622226e38143271b92eb972e1281e26eb7d9687c70c', 0)])
        tap.equal(w.rows("SELECT count(*) FROM blob WHERE instr(CAST(data AS TEXT), 'the qzx') > 0"), [(0,)])
        os.remove(w.path('gov/p.txt'))
        tap.contains(w.must('collect', code=1), 'p.txt')


def case_responses_are_withdrawn_not_deleted():
    with World(responses='[r.csv]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')
        w.write('r.csv', 'finding,ticket,owner,acknowledged\nAKL6VHIADK7HCHLL,T-1,ann,2026-06-30\n')
        w.must('collect')
        w.at = '2026-07-02T12:00:00Z'
        w.write('r.csv', 'finding,ticket,owner,acknowledged\n')
        w.must('collect')
        tap.equal(w.rows("SELECT ticket, withdrawn_at FROM response"), [('T-1', 1782993600000)])


def case_ids_of_findings_stand_as_they_are_printed():
    with World(responses='[r.csv]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')
        w.write('r.csv', 'finding,ticket,owner\nAKL6 VHIA DK7H CHLL,T-1,ann\nbkl6vhiadk7hchll,T-2,ann\n')
        w.write('affidavit.yaml', open(w.path('affidavit.yaml')).read() + 'policy: policy.yaml\n')
        w.write('policy.yaml', 'waivers: [{id: W, finding: akl6 vhia dk7h chll, owner: a, approver: b, reason: c, expires: 2027-01-01}]\n')
        w.must('collect')
        tap.equal(w.rows('SELECT finding FROM response ORDER BY 1'), [('AKL6VHIADK7HCHLL',), ('BKL6VHIADK7HCHLL',)])
        tap.equal(w.rows('SELECT finding FROM waiver'), [('AKL6VHIADK7HCHLL',)])
        for word in 'AKL6 VHIA DK7H', 'AKL6 VHIA DK7H CHLL A', 'AKL6 VHIA DK7H CHL1', 'AKL6-VHIA-DK7H-CHLL':
            w.write('r.csv', 'finding,ticket,owner\n%s,T-1,ann\n' % word)
            tap.contains(w.must('collect', code=1), 'r.csv:2: responses[0].finding: expected a finding id of 16 of A-Z 2-7, got "%s"' % word)


def case_tickets_are_imported_with_their_map():
    with World() as w:
        w.write('inventory.yaml', 'domains: [{name: example.test, owner: x}]\n')
        for name in ('tickets.csv', 'tickets-map.yaml'):
            shutil.copy(os.path.join(EXAMPLES, name), w.path(name))
        tap.contains(w.must('import', 'approvals', 'tickets.csv', '--map', 'tickets-map.yaml'), 'recorded')
        tap.contains(w.must('import', 'approvals', 'tickets.csv', '--map', 'tickets-map.yaml'), 'was recorded before')
        tap.equal(w.rows("SELECT ticket, subject FROM approval"), [('CHG-7', 'example.test')])
        w.write('tickets.csv', open(w.path('tickets.csv')).read().replace(';CISO;Ann', ';;Ann'))
        tap.contains(w.must('import', 'approvals', 'tickets.csv', '--map', 'tickets-map.yaml', code=1), 'tickets.csv:2: approver: expected a text, got nothing')


def case_words_of_tickets_may_be_of_any_case():
    """A page says "Approved", its export APPROVED; no ticket is less approved for it, and none that was rejected more."""
    with World() as w:
        w.write('m.yaml', 'format: csv\nstatus: {from: Status, in: [Approved, done]}\nvalid_for: 8h\nfields:\n  ticket: Key\n  subject: Domain\n'
                '  kind: {from: Type, words: {Name servers: ns.change}}\n  valid_from: Start\n  approver: By\n')
        w.write('t.csv', 'Key,Type,Status,Domain,Start,By\n' + ''.join('C-%d,%s,%s,a.test,2026-07-01,CISO\n' % (i, kind, status) for i, (kind, status) in enumerate((
            ('Name servers', 'Approved'), ('name servers', 'approved'), ('NAME SERVERS', ' APPROVED '), ('Name servers', 'Done'),
            ('Name servers', 'Not approved'), ('Name servers', 'Approve'), ('Names servers', 'Approved')))))
        tap.contains(w.must('import', 'approvals', 't.csv', '--map', 'm.yaml'), 't.csv recorded, 4 approvals')
        tap.equal(w.rows('SELECT ticket FROM approval ORDER BY 1'), [('C-0',), ('C-1',), ('C-2',), ('C-3',)])
        # words of another language fit nothing, which is no error and is said
        w.write('m.yaml', open(w.path('m.yaml')).read().replace('[Approved, done]', '[Genehmigt]'))
        out = w.must('import', 'approvals', 't.csv', '--map', 'm.yaml')
        tap.contains(out, 'no row of it is an approval')
        tap.contains(out, 'recorded, 0 approvals')


def case_a_map_that_does_not_fit_the_export_is_refused():
    head = 'Key,Type,Status,Domains,Domains,Start,Approver,Reporter\n'
    row = 'C-1,NS,Approved,a.test,b.test,2026-07-01,CISO,Ann\n'
    the_map = ('format: csv\nstatus: {from: Status, in: [Approved]}\nvalid_for: 8h\nfields:\n  ticket: Key\n  subject: Domains\n'
               '  kind: {from: Type, words: {NS: ns.change}}\n  valid_from: Start\n  approver: Approver\n  requester: Reporter\n')
    with World(approvals='[{file: t.csv, map: m.yaml}]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')

        def told(text, how, code=1):
            w.write('t.csv', text)
            w.write('m.yaml', how)
            return w.must('collect', code=code)

        told(head + row, the_map, 0)
        tap.equal(w.rows('SELECT subject FROM approval ORDER BY 1'), [('a.test',), ('b.test',)])
        tap.contains(told(head.replace('Status', 'State') + row, the_map), 't.csv:1: expected a column "Status", which m.yaml names as status; the first line has none')
        tap.contains(told(head.replace('Type', 'Art') + row, the_map), 't.csv:1: expected a column "Type", which m.yaml names as kind')
        tap.contains(told(head.replace('Reporter', 'Approver') + row, the_map.replace('  requester: Reporter\n', '')),
                     't.csv:1: column "Approver" stands here 2 times: which of them is the approver?')
        tap.contains(told(head + row, the_map.replace('ns.change', 'ns.chnge')),
                     'm.yaml:7: fields.kind.words.NS: expected a verb of docs/events.md, such as ns.change or transfer-lock.remove (perhaps ns.change), got "ns.chnge"')
        of_json = the_map.replace('format: csv', 'format: json\nlist: issues')
        tap.contains(told('{"issues": [{"Key": "C-1", "state": "Approved"}]}', of_json), 't.csv:1: no ticket has a status at "Status", which m.yaml names')
        tap.contains(told('{"issues": [{"Key"', of_json), 't.csv:1: not JSON')
        tap.contains(told('{"issue": []}', of_json), 't.csv:1: expected a list at issues, got nothing')


def case_the_demo_proposes_its_inventory():
    with World() as w:
        w.at = None                           # the demo has its own clock
        w.must('demo', '--out', 'd')
        w.at = '2026-10-03T12:00:00Z'
        out = w.must('init', '--from', 'd/evidence.db')
        for part in ('{id: "ci-deploy", kind: "tsig-key"', '{name: "login.example.test", host: "login.example.test", owner: "unknown"}',
                     'issuers: ["CN=Quick CA,O=Elsewhere"]', '{name: "example.test", owner: "DNS team", signed: false}',
                     '{id: "tok-deploy-07", owner: "unknown"}', '{id: "alice@example.test", logins: [{name: "alice@example.test", account: ',
                     '{name: "parked.test", zone: "parked.test", in_scope: false, reason: "no services'):
            tap.contains(out, part)
        tap.contains(w.must('init', '--from', 'd/affidavit.yaml', '--out', 'proposed.yaml'), 'proposed.yaml written')
        tap.equal(open(w.path('proposed.yaml')).read(), out)
        w.config('proposed.yaml')
        w.must('collect')
        tap.equal(w.rows("SELECT count(*) FROM credential"), [(4,)])
        w.must('init', '--from', 'nothing.db', code=1)
        w.must('init', '--from', 'd/evidence.db', '--test', code=64)


def case_what_the_inventory_states_stays_in_a_proposal():
    tables = {'domain': 'name', 'owned_zone': 'name', 'service': 'name', 'owned_certificate': 'id', 'person': 'id', 'credential': 'id', 'supplier': 'name',
              'supplier_name': 'supplier, kind, name', 'environment': 'name', 'environment_name': 'environment, name', 'domain_address': 'domain, prefix'}
    listed = ('actor', 'approved_issuer', 'credential_scope')

    def stated(w):
        ret = {}
        for table in list(tables) + list(listed):
            db = sqlite3.connect(w.path('evidence.db'))
            db.row_factory = sqlite3.Row
            alive = ' WHERE withdrawn_at = 9223372036854775807' if table in listed else ''
            drop = ('leaf', 'part', 'recorded_at') + (('id',) if table in listed else ())
            ret[table] = sorted(repr({k: r[k] for k in r.keys() if k not in drop}) for r in db.execute('SELECT * FROM %s%s' % (table, alive)))
            db.close()
        return ret

    with World() as w:
        for name in os.listdir(EXAMPLES):
            shutil.copy(os.path.join(EXAMPLES, name), w.path(name))
        text = open(w.path('inventory.yaml')).read().replace('issuers:                      #', 'addresses: [192.0.2.0/24]\n    lookalike: true\n    issuers: #')
        w.write('inventory.yaml', text.replace('{name: parked.test,', '{name: parked.test, exact: true, issuers: [{name: Old, valid_to: 2026-01-01}],'))
        w.must('collect')
        before = stated(w)
        w.must('init', '--from', 'evidence.db', '--out', 'proposed.yaml')
        w.config('proposed.yaml')
        w.must('collect')
        for table, rows in stated(w).items():
            tap.equal(rows, before[table], table)


def case_errors_of_forms_name_their_line_and_what_to_do():
    with World('[inventory.yaml, attestations.csv]') as w:
        w.write('inventory.yaml', 'domains: [{name: a.test, owner: x}]\n')
        w.write('attestations.csv', 'ref,kind,dated,author,file\n\nG,policy-review,2026-01-01,a,nix.txt\n')
        tap.contains(w.must('collect', code=1), 'attestations.csv:3: a document that it names: ./nix.txt: could not open')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
