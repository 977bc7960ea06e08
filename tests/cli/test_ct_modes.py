#!/usr/bin/env python3
"""Names that are added later, searched in what was read; and ranges that are read again."""
import hashlib, hmac, json, os, re, sqlite3, sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'lib')]
import tap
from ctserver import CtServer, ctlog
from test_ct_logs import ENTRIES, INVENTORY, World

LATER = INVENTORY + '  - {name: other.test, owner: a}\n'
OURS, THEIRS = [0, 2, 254, 555, 1258], [1257]


def indexes(w, log):
    return [i for i, in w.sql('SELECT DISTINCT entry_index FROM log_entry WHERE log = ? ORDER BY 1', log.origin)]


def proven_since(w, log, name):
    return w.sql("SELECT min(t_from) FROM coverage c JOIN watch n ON n.digest = c.watch WHERE c.scope = ? AND c.grade = 3 AND n.name = ?",
                 log.origin, name)[0][0]


def case_a_later_name_is_searched_in_what_was_read():
    for kind in 'static-ct', 'rfc6962':
        with CtServer() as s:
            log = s.add('one', kind, 'Alpha', ENTRIES)
            with World(s) as w:
                w.collect(0)
                w.write('inventory.yaml', LATER)
                w.collect(0)                                 # from the head on, as always
                tap.equal(indexes(w, log), OURS, kind)
                out = w.must('collect', '--backfill')
                tap.contains(out, 'backfill 1 sources read again')
                tap.equal(indexes(w, log), sorted(OURS + THEIRS), kind)
                tap.equal(proven_since(w, log, 'other.test'), 0)
                tap.equal(w.sql('SELECT count(*) FROM decode_error'), [(0,)])
                asked = len(log.asked)
                tap.contains(w.must('collect', '--backfill'), 'no name came later')
                assert len(log.asked) <= asked + 2, log.asked[asked:]


def case_in_one_run_with_the_change_of_the_inventory():
    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', ENTRIES, end='2026-07-01T14:05:00Z')
        with World(s, at='2026-07-01T14:05:10Z') as w:
            w.collect(0)
            w.write('inventory.yaml', LATER)
            w.at, log.now = '2026-07-01T15:00:10Z', '2026-07-01T15:00:00Z'       # and the log has grown
            w.must('collect', '--backfill', 'OTHER.test.')
            tap.equal(indexes(w, log), sorted(OURS + THEIRS))
            tap.equal(proven_since(w, log, 'other.test'), 0)


def case_only_for_the_names_that_were_said():
    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', ENTRIES)
        with World(s) as w:
            w.collect(0)
            w.write('inventory.yaml', LATER)
            tap.contains(w.must('collect', '--backfill', 'example.test'), 'no name came later')
            tap.equal(indexes(w, log), OURS)
            tap.contains(w.must('collect', '--backfill', 'nobody.test', code=64), 'the inventory has no such name')
            tap.contains(w.must('collect', '--backfill', 'a..b', code=64), '--backfill a..b')
            tap.contains(w.must('collect', 'other.test', code=64), 'too many words')


def case_in_steps_and_nothing_is_taken_back():
    """Stopped on the way: the old names stay covered, and plain runs go on to the end."""
    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', ENTRIES)
        with World(s) as w:
            w.collect(0)
            until = w.covered()[0][log.origin]
            w.write('inventory.yaml', LATER)
            w.more = '    max_entries: 300\n'
            w.configure()
            tap.contains(w.must('collect', '--backfill', code=3), '1 not to the end')
            for start, in w.sql("SELECT t_from FROM coverage WHERE evidence = 'ct-log' AND grade = 0"):
                assert start >= until, 'a gap over what was covered'
            tap.contains(w.must('collect', '--backfill', code=3), '1 not to the end')
            for _ in range(6):
                w.collect()
            tap.equal(indexes(w, log), sorted(OURS + THEIRS))
            tap.equal(proven_since(w, log, 'other.test'), 0)
            w.must('collect', '--backfill')


def case_from_where_reading_began():
    for kind in 'static-ct', 'rfc6962':
        with CtServer() as s:
            log = s.add('one', kind, 'Alpha', ENTRIES, end='2026-07-01T13:05:00Z')
            with World(s, at='2026-07-01T13:05:10Z', more='    start: head\n') as w:
                w.collect(0)
                log.now, w.at = '2026-07-01T15:00:00Z', '2026-07-01T15:00:10Z'
                w.collect(0)
                w.write('inventory.yaml', LATER)
                w.collect(0)
                w.must('collect', '--backfill')
                tap.equal(indexes(w, log), [1257, 1258], kind)
                tap.equal(w.sql('SELECT min(from_index) FROM ct_range'), [(858,)])
                if kind == 'static-ct':
                    tap.equal(proven_since(w, log, 'other.test'), ctlog.when('2026-07-01T13:05:00Z') + 1)


def case_a_closed_log_that_is_gone():
    with CtServer() as s:
        log = s.add('closed', 'rfc6962', 'Alpha', ENTRIES, 'readonly')
        with World(s) as w:
            w.collect(0)
            w.write('inventory.yaml', LATER)
            w.collect(0)
            log.fault = 'gone'
            tap.contains(w.must('collect', '--backfill', code=3), '1 not to the end')
            tap.equal(w.sql("SELECT count(*) FROM coverage WHERE evidence = 'ct-log' AND grade = 0"), [(0,)])
            tap.contains(w.must('collect', '--backfill', code=3), '1 not to the end')
            log.fault = None
            w.must('collect', '--backfill')
            tap.equal(indexes(w, log), sorted(OURS + THEIRS))
            tap.equal(proven_since(w, log, 'other.test'), 0)


def case_one_source():
    with CtServer() as s:
        a, b = s.add('one', 'static-ct', 'Alpha', ENTRIES), s.add('two', 'rfc6962', 'Beta', ENTRIES)
        with World(s) as w:
            w.collect(0)
            name = [n for n, in w.sql('SELECT source FROM ct_log WHERE log = ?', b.origin)][0]
            before = len(a.asked)
            w.write('inventory.yaml', LATER)
            w.must('collect', '--source', name, '--backfill')
            tap.equal(len(a.asked), before)
            tap.equal((indexes(w, a), indexes(w, b)), (OURS, sorted(OURS + THEIRS)))
            w.must('collect', '--source=ct', '--backfill')
            tap.equal(indexes(w, a), sorted(OURS + THEIRS))
            tap.contains(w.must('collect', '--source', 'ctx', code=64), 'no such source')


# --- ranges read again ---

def source_of(w, log):
    return w.sql('SELECT source FROM ct_log WHERE log = ?', log.origin)[0][0]


def refetch(w, *words):
    """(exit code, {verdict: [why]})"""
    code, out = w.run('verify', '--refetch', *words)
    claims = {}
    for line in out.splitlines():
        mark, _, rest = line.partition('  ')
        if rest.startswith('refetch'):
            claims.setdefault({'ok': 'holds', '##': 'fails', '[]': 'unclear'}[mark], []).append(rest)
    return code, claims, out


def case_what_was_read_is_read_again():
    for kind in 'static-ct', 'rfc6962':
        with CtServer() as s:
            log = s.add('one', kind, 'Alpha', ENTRIES, end='2026-07-01T14:05:00Z')
            with World(s, at='2026-07-01T14:05:10Z', more='    max_entries: 300\n    page: 100\n') as w:
                for _ in range(6):
                    w.collect()
                log.now, w.at = '2026-07-01T15:00:00Z', '2026-07-01T15:00:10Z'
                w.collect(0)
                ranges = w.sql('SELECT leaf, from_index, to_index FROM ct_range ORDER BY leaf')
                assert len(ranges) > 2, ranges
                before = w.sql('SELECT max(leaf) FROM item_note')
                code, claims, out = refetch(w, source_of(w, log))
                tap.equal((code, sorted(claims), len(claims.get('holds', []))), (0, ['holds'], len(ranges)), '%s\n%s' % (kind, out))
                tap.contains(out, 'opens connections')
                code, claims, out = refetch(w, str(ranges[1][0]))
                tap.equal((code, len(claims['holds'])), (0, 1))
                tap.contains(out, 'entries {:,} to {:,} read again'.format(ranges[1][1], ranges[1][2] - 1))
                tap.equal(w.sql('SELECT max(leaf) FROM item_note'), before, 'nothing is stored')


def case_from_a_copy():
    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', ENTRIES)
        with World(s) as w:
            w.collect(0)
            recipe = w.write('recipe.json', json.dumps({'origin': log.origin, 'key': 'ctserver one', 'entries': ENTRIES}))
            os.system('%s %s %s %s --until 2026-07-01T15:00:00Z --drop-partials >/dev/null' % (
                sys.executable, os.path.join(HERE, '..', 'make-ctlog'), recipe, w.path('copy')))
            log.fault, asked = 'gone', len(log.asked)
            code, claims, out = refetch(w, source_of(w, log), '--refetch-from', 'file:copy')
            tap.equal((code, sorted(claims)), (0, ['holds']), out)
            tap.equal(len(log.asked), asked)


def case_a_copy_of_answers():
    """RFC 6962 from a directory: each answer under its request's path, as an archive has them"""
    with CtServer() as s:
        log = s.add('one', 'rfc6962', 'Alpha', ENTRIES)
        with World(s, more='    page: 200\n') as w, World(s) as copy:
            w.collect(0)
            for path in list(log.asked):
                status, _, body = log.answer(*(path.split('?') + [''])[:2], {})
                tap.equal(status, 200)
                os.makedirs(os.path.dirname(copy.path('archive/' + path)), exist_ok=True)
                with open(copy.path('archive/' + path), 'wb') as f:
                    f.write(body)
            log.fault, asked = 'gone', len(log.asked)
            copy.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: log, type: rfc6962, page: 200, '
                       'url: "file:archive", origin: "%s", key: "%s"}\n' % (log.origin, log.entry()['key']))
            copy.must('collect')
            tap.equal(indexes(copy, log), OURS)
            tap.equal(copy.sql('SELECT entry_index, proven FROM log_entry'), w.sql('SELECT entry_index, proven FROM log_entry'))
            code, claims, out = refetch(copy, 'log')
            tap.equal((code, sorted(claims)), (0, ['holds']), out)
            code, claims, out = refetch(w, source_of(w, log), '--refetch-from', 'file:' + copy.path('archive'))
            tap.equal((code, sorted(claims)), (0, ['holds']), out)
            # a page that was lost is a gap, with what is left to be read
            os.remove(copy.path('archive/ct/v1/get-entries?start=400&end=599'))
            copy.write('affidavit.yaml', open(copy.path('affidavit.yaml')).read().replace('name: log', 'name: again'))
            tap.contains(copy.must('collect', code=3), 'HTTP status 404; 859 to go')
            tap.equal(len(log.asked), asked)


def one_hit_less(db, row, data):
    """The item of a range as the program would have written it with one hit less (docs/ledger-format.md, 3)"""
    record, secret = db.execute('SELECT record, secret FROM item WHERE id = ?', (row,)).fetchone()
    hits = json.loads(data)['hits']
    data = data.replace(b'"hits":%d' % hits, b'"hits":%d' % (hits - 1))
    keyed = lambda text: hmac.new(secret, text, 'sha256').digest()[:16]
    record = re.sub('\ncontent .*', '\ncontent ' + hashlib.sha256(keyed(b'content') + data).hexdigest(), record)
    record = re.sub('\nparts-root .*', '\nparts-root ' + hashlib.sha256(b'\0' + keyed(b'part' + bytes(8)) + data).hexdigest(), record)
    db.execute('INSERT INTO blob VALUES (?, ?)', (hashlib.sha256(data).digest(), data))
    db.execute('UPDATE item SET record = ?, hash = ?, sha256 = ? WHERE id = ?',
               (record, hashlib.sha256(b'\0' + record.encode()).digest(), hashlib.sha256(data).digest(), row))


def case_a_range_that_says_fewer_hits():
    """Who runs the program leaves an entry out and lowers the number of hits: the ledger is in order, and only the log knows."""
    with CtServer() as s:
        log, other = s.add('one', 'static-ct', 'Alpha', ENTRIES), s.add('two', 'static-ct', 'Beta', ENTRIES)
        with World(s) as w:
            answer, done = other.answer, []

            def with_a_hand_in_it(*words):           # the first log was read, and nothing is in the tree yet
                if done:
                    return answer(*words)
                db = sqlite3.connect(w.path('evidence.db'))
                for row, sha256, data in db.execute('SELECT i.id, i.sha256, b.data FROM item i JOIN blob b ON b.sha256 = i.sha256 '
                                                    "WHERE i.leaf IS NULL AND i.record LIKE ?", ('%%%s entries 0 to%%' % log.origin,)).fetchall():
                    done.append(one_hit_less(db, row, bytes(data)))
                    db.execute('DELETE FROM item WHERE leaf IS NULL AND record LIKE ?', ('%%%s entry 254%%' % log.origin,))
                db.execute('DELETE FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM item)')
                db.commit()
                db.close()
                return answer(*words)

            other.answer = with_a_hand_in_it
            w.collect(0)
            tap.equal(len(done), 1)
            tap.equal(w.sql('SELECT hits FROM ct_range WHERE log = ?', log.origin), [(len(OURS) - 1,)])
            tap.contains(w.must('ledger', 'verify'), 'exit 0')
            code, claims, out = refetch(w, source_of(w, log))
            tap.equal((code, sorted(claims)), (1, ['fails']), out)
            tap.contains(out, 'the item says 4 hits and 1 unparsable, the log has 5 and 1')
            tap.contains(out, '1 entries that match are in the log and not in the ledger, first 254')


def case_an_entry_that_an_insider_left_out():
    """Who runs the program can see to it that an entry is never stored; the ledger is in order, and only the log knows."""
    for kind in 'static-ct', 'rfc6962':
        with CtServer() as s:
            log, other = s.add('one', kind, 'Alpha', ENTRIES), s.add('two', kind, 'Beta', ENTRIES)
            with World(s) as w:
                answer, gone = other.answer, []

                def with_a_hand_in_it(*words):           # the first log was read, and nothing is in the tree yet
                    if gone:
                        return answer(*words)
                    db = sqlite3.connect(w.path('evidence.db'))
                    for row, sha256 in db.execute('SELECT rowid, sha256 FROM item WHERE leaf IS NULL AND record LIKE ?',
                                                  ('%%%s entry 254%%' % log.origin,)).fetchall():
                        db.execute('DELETE FROM item WHERE rowid = ?', (row,))
                        db.execute('DELETE FROM blob WHERE sha256 = ?', (sha256,))
                        gone.append(row)
                    db.commit()
                    db.close()
                    return answer(*words)

                other.answer = with_a_hand_in_it
                w.collect(0)
                tap.equal(len(gone), 1)
                tap.equal(indexes(w, log), [0, 2, 555, 1258])
                tap.contains(w.must('ledger', 'verify'), 'exit 0')
                code, claims, out = refetch(w, source_of(w, log))
                tap.equal((code, sorted(claims)), (1, ['fails']), out)
                tap.contains(out, '1 entries that match are in the log and not in the ledger, first 254')


def case_another_log_under_its_name():
    """Key and name are the log's, and what it has is not what was read."""
    with CtServer() as s:
        log = s.add('one', 'static-ct', 'Alpha', ENTRIES)
        with World(s) as w:
            w.collect(0)
            log.fault = 'fork'
            code, claims, out = refetch(w, source_of(w, log))
            tap.equal((code, sorted(claims)), (1, ['fails']), out)
            tap.contains(out, 'two roots were signed')


def case_what_cannot_be_read_again_is_unclear():
    with CtServer() as s:
        for kind in 'static-ct', 'rfc6962':
            s.add(kind, kind, 'Alpha', ENTRIES)
        with World(s) as w:
            w.collect(0)
            for kind, log in s.logs.items():
                for fault in 'gone', 'other-key', 'truncated' if kind == 'rfc6962' else 'half-tile', 'rollback':
                    log.fault = fault
                    code, claims, out = refetch(w, source_of(w, log))
                    tap.equal((code, sorted(claims)), (3, ['unclear']), fault + out)
                log.fault = None
            name = source_of(w, s.logs['rfc6962'])
            w.write('list.json', json.dumps(s.list(version='2', timestamp='2026-07-01T12:00:00Z', names=['static-ct'])))
            w.collect()
            tap.contains(refetch(w, name)[2], 'the configuration has no source')
            tap.contains(w.must('verify', '--refetch', '0', code=64), 'no range of a transparency log')
            tap.contains(w.must('verify', '--refetch', 'nobody', code=64), 'neither a leaf nor a source')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
