"""What was really done to a zone, step by step, and what the program says of it.

STEPS is the table: each row is one update, with what it really did (its effect) and what a source that tells WHO has to say of it (its
claim). A server's test plays the rows, writes down the serials before and after, collects, and compares with changes(), coverage() and
claims(). To test another source (a log, dnstap, a journal) with the same truth: add its YAML to Truth(sources=...), play, collect,
and compare claims() with expected_claims(), or changes() with truth.steps."""
import collections, datetime

from estate import Estate
from live import secret

ZONE = '''$TTL 300
@ IN SOA ns1 host 1 7200 900 1209600 300
@ NS ns1
@ NS ns2
ns1 A 192.0.2.53
ns2 A 192.0.2.54
www A 192.0.2.1
mail A 192.0.2.25
'''

# effect: '+owner ttl type rdata' and '-...' below ZONE's origin; code: what nsupdate ends with. signer: whose secret signs, when it is not the
# key's own. claim: (credential, outcome, claimed) as a log that knows keys tells it; limits: only where the server limits keys to owners and types.
Step = collections.namedtuple('Step', 'title key lines effect claim code signer limits', defaults=(0, None, False))
STEPS = [
    Step('a new record', 'alice', ['add new.{z} 60 A 192.0.2.9'], ['+new 60 A 192.0.2.9'], ('alice', 'applied', None)),
    Step('a challenge', 'acme', ['add _acme-challenge.{z} 60 TXT token'], ['+_acme-challenge 60 TXT "token"'], ('acme', 'applied', None)),
    Step('and its removal', 'acme', ['delete _acme-challenge.{z} TXT token'], ['-_acme-challenge 60 TXT "token"'], ('acme', 'applied', None)),
    Step('a key outside of its grant', 'acme', ['add www.{z} 60 A 203.0.113.66'], [], ('acme', 'refused', None), 2, None, True),
    Step('no signature', None, ['add www.{z} 60 A 203.0.113.66'], [], (None, 'denied', None), 2),
    Step('a bad signature', 'alice', ['add www.{z} 60 A 203.0.113.66'], [], (None, 'bad-signature', 'alice'), 2, 'mallory'),
    Step('what is there already', 'alice', ['add mail.{z} 300 A 192.0.2.25'], [], ('alice', 'applied', None)),
    Step('removal of what is not there', 'alice', ['delete ghost.{z} TXT'], [], ('alice', 'applied', None)),
    Step('only the time to live', 'alice', ['add mail.{z} 30 A 192.0.2.25'], ['-mail 300 A 192.0.2.25', '+mail 30 A 192.0.2.25'], ('alice', 'applied', None)),
    Step('a condition that does not hold', 'alice', ['!prereq yxrrset nope.{z} A', 'add x.{z} 60 A 192.0.2.1'], [], ('alice', 'prerequisite', None), 2),
    Step('several at once', 'alice', ['delete www.{z} A', 'add www.{z} 60 A 203.0.113.77', 'delete {z} NS ns2.{z}.', 'add {z} 300 NS ns9.evil.test.'],
         ['-www 300 A 192.0.2.1', '+www 60 A 203.0.113.77', '-@ 300 NS ns2.{z}.', '+@ 300 NS ns9.evil.test.'], ('alice', 'applied', None)),
]


def grants(zone):
    return [('alice', None, None), ('acme', ['_acme-challenge.' + zone], ['TXT'])]


def full(effect, zone):
    """'+www 60 A 192.0.2.1' as ('add', 'www.zone', 60, 'A', '192.0.2.1')."""
    owner, ttl, kind, rdata = effect[1:].format(z=zone).split(' ', 3)
    return ('add' if effect[0] == '+' else 'del', zone if owner == '@' else '%s.%s' % (owner, zone), int(ttl), kind, rdata)


def net(steps):
    """What is left of several steps when nobody looks in between: what came and went is gone."""
    there = collections.Counter()
    for _, _, records in steps:
        for op, *record in records:
            there[tuple(record)] += 1 if op == 'add' else -1
    return sorted(('add' if n > 0 else 'del',) + r for r, n in there.items() if n)


class Truth:
    """SERVER and what was done to its ZONES; .estate collects from it. sources: more of affidavit.yaml, as text."""

    def __init__(self, server, zones, sources=''):
        self.server, self.steps, self.played = server, {z: [] for z in zones}, {z: [] for z in zones}
        self.looks = 0
        self.estate = Estate(self.now(), zones[0])
        self.estate.env['AUDIT_KEY'] = secret(server.transfer_key)
        self.estate.write('affidavit.yaml', 'organisation: Example\ncontact: a@example.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n'
                          '  - name: ns1\n    type: dns-transfer\n    server: 127.0.0.1\n    port: %d\n    zones: [%s]\n'
                          '    tsig: {name: %s, secret: "env:AUDIT_KEY"}\n%s' % (server.port, ', '.join(zones), server.transfer_key, sources))
        self.estate.write('inventory.yaml', 'domains:\n' + ''.join('  - name: %s\n    owner: x\n' % z for z in zones))

    def now(self):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=20 * self.looks)).strftime('%Y-%m-%dT%H:%M:%SZ')

    def look(self, code=0):
        """One collection, each 20 s behind the last, so that no two fall into one instant."""
        self.looks += 1
        self.estate.at = self.now()
        return self.estate.must('collect', code=code)

    def play(self, zone, steps=None, limits=True, follow=None):
        """Does them, and writes down what each did. follow: called after each (a secondary)."""
        for s in STEPS if steps is None else steps:
            if s.limits and not limits:
                continue
            lines = [l[1:] if l[0] == '!' else 'update ' + l for l in (l.format(z=zone) for l in s.lines)]
            before = self.server_of_updates().serial(zone)
            self.server_of_updates().nsupdate(s.key, ['zone ' + zone] + lines, s.code, s.signer)
            after = self.server_of_updates().serial(zone)
            if (before != after) != bool(s.effect):
                raise AssertionError('%s: serial %s to %s' % (s.title, before, after))
            self.played[zone].append(s)
            if s.effect:
                self.steps[zone].append((before, after, sorted(full(e, zone) for e in s.effect)))
            if follow:
                follow(zone)

    def server_of_updates(self):
        return getattr(self, 'primary', self.server)

    # --- what the program says ---

    def changes(self, zone):
        """[(serial from, serial to, kind, merged, records)], in order."""
        out = collections.OrderedDict()
        for c, a, b, kind, merged in self.estate.sql('SELECT id, serial_from, serial_to, kind, merged FROM change WHERE zone = ? ORDER BY id', zone):
            out[c] = (a, b, kind, merged, sorted(self.estate.sql('SELECT op, owner, ttl, type, rdata FROM change_record WHERE change_id = ?', c)))
        return list(out.values())

    def coverage(self, zone):
        """[(grade, reason)] of its changes, in order of the statements."""
        return self.estate.sql("SELECT grade, reason FROM coverage WHERE evidence = 'zone-changes' AND scope = ? ORDER BY id", zone)

    def claims(self, zone, source):
        return self.estate.sql('SELECT credential, outcome, claimed FROM claim WHERE zone = ? AND source = ? ORDER BY t_from, id', zone, source)

    def expected_claims(self, zone):
        return [s.claim for s in self.played[zone]]

    def __enter__(self):
        return self

    def __exit__(self, *a):
        self.estate.__exit__()
