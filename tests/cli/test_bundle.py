#!/usr/bin/env python3
"""A bundle: what it shows, and what a forger may try on it, each refused with its reason."""
import hashlib, json, os, re, resource, shutil, signal, sqlite3, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import plain_tar, tap
from estate import PROGRAM

BASE = tempfile.mkdtemp(prefix='afd-bundle-')
DEMO = os.path.join(BASE, 'demo')
REPORT = 'reports/2026-Q3'


def run(words, code=0, cwd=DEMO, **more):
    r = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    out = r.stdout.decode(errors='replace')
    if r.returncode != code:
        raise AssertionError('%s: exit %d, expected %d\n%s' % (' '.join(words), r.returncode, code, out))
    return out


def program(*words, code=0, cwd=DEMO, **more):
    return run([PROGRAM] + list(words), code, cwd, **more)


def verify(path, *more, code=0):
    return program('verify', path, '--root', 'report-key.pem.root.pem', '--vkey', VKEY, '--allow-test', '--at', '2026-10-03T00:00:00Z', *more, code=code)


def copy_of_demo():
    folder = tempfile.mkdtemp(prefix='copy-', dir=BASE)
    shutil.rmtree(folder)
    shutil.copytree(DEMO, folder)
    return folder


def bundle(folder=DEMO, *more):
    out = os.path.join(tempfile.mkdtemp(dir=BASE), 'bundle.tar')
    program('bundle', *(more or ('--report', REPORT)), '--out', out, cwd=folder)
    return out


run([PROGRAM, 'demo', '--out', DEMO], cwd=BASE)
VKEY = program('keys', 'store').strip()
WHOLE = bundle()
FILES = plain_tar.read(WHOLE)
SIZE = len(FILES['ledger/leaves'].splitlines())
BARE = plain_tar.read(bundle(DEMO, '--period', '2026-Q3', '--as-of', '2026-10-02T07:00:00Z'))   # without the report: quicker to verify


def forged(change, files=BARE):
    """The bundle with CHANGE made to a copy of its files; what verify says of it."""
    files = dict(files)
    change(files)
    path = os.path.join(tempfile.mkdtemp(dir=BASE), 'forged.tar')
    plain_tar.write(path, files)
    return verify(path, code=1)


def leaf_line(files, i, f):
    lines = files['ledger/leaves'].decode().splitlines()
    words = lines[i].split(' ')
    f(words)
    lines[i] = ' '.join(words)
    files['ledger/leaves'] = ('\n'.join(lines) + '\n').encode()


def words_of(i):
    return FILES['ledger/leaves'].decode().splitlines()[i].split(' ')


def index(i):
    return '%012d' % i


def an_answer():
    """A leaf with several parts, whose bytes no other leaf has."""
    hashes = [words_of(i)[3] for i in range(SIZE)]
    return next(i for i in range(20, SIZE) if int(words_of(i)[5]) > 1 and hashes.count(words_of(i)[3]) == 1)


LEAF = an_answer()
BYTES = 'items/' + words_of(LEAF)[3]


# --- what it shows ---

def case_the_real_bundle_is_accepted():
    out = verify(WHOLE)
    for claim in ('form', 'ledger', 'items', 'manifest', 'tables', 'signature', 'pages', 'prefix', 'references', 'replay'):
        tap.equal(bool(re.search(r'^ok  %s ' % claim, out, re.M)), True, claim)


def case_it_is_the_same_each_time():
    tap.equal(open(bundle(), 'rb').read() == open(WHOLE, 'rb').read(), True)


def without_devices(data):
    """The archive without the device numbers of plain files, which GNU tar 1.34 writes as zeros and 1.35 not at all, and without the
    sums over them."""
    data, at = bytearray(data), 0
    while at < len(data) and data[at]:
        data[at + 148:at + 156] = data[at + 329:at + 337] = data[at + 337:at + 345] = bytes(8)
        size = data[at + 124:at + 136]
        n = int.from_bytes(size[1:], 'big') if size[0] & 0x80 else int(size.rstrip(b'\0 '), 8)
        at += 512 + (n + 511) // 512 * 512
    return bytes(data)


def case_gnu_tar_writes_the_same_archive():
    folder = tempfile.mkdtemp(dir=BASE)
    run(['tar', 'xf', WHOLE], cwd=folder)
    names = '\n'.join(sorted(FILES)) + '\n'
    open(os.path.join(folder, 'names'), 'w').write(names)
    run(['tar', '--format=ustar', '--owner=0', '--group=0', '--numeric-owner', '--mode=0644', '--mtime=@0', '-b1', '-cf', 'again.tar', '-T', 'names'],
        cwd=folder)
    again, whole = (open(p, 'rb').read() for p in (os.path.join(folder, 'again.tar'), WHOLE))
    tap.equal(without_devices(again) == without_devices(whole), True)
    tap.equal(len(again), len(whole))


def shell_blocks(text):
    return '\n'.join(re.findall(r'^```sh\n(.*?)^```$', text, re.M | re.S))


def by_hand(files):
    """Runs every command of the bundle's VERIFY.md on FILES."""
    folder = tempfile.mkdtemp(dir=BASE)
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'wb').write(data)
    shutil.copy(os.path.join(DEMO, 'report-key.pem.root.pem'), os.path.join(folder, 'root.pem'))
    open(os.path.join(folder, 'vkey'), 'w').write(VKEY + '\n')
    script = shell_blocks(files['VERIFY.md'].decode()).replace('openssl cms -verify', 'openssl cms -verify -attime 1790985600')
    r = subprocess.run(['sh', '-c', script], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.stdout.decode()


def case_every_command_of_its_words_runs():
    out = by_hand(FILES)
    tap.contains(out, 'CAdES Verification successful')
    tap.contains(out, 'Signature Verified Successfully')
    tap.equal(re.findall(r'^(leaf|missing) .*', out, re.M), [])
    content = re.search(r'^content ([0-9a-f]{64})$', out, re.M).group(1)
    tap.contains(out, content + '  -')


def case_by_hand_a_forgery_shows_too():
    files = dict(FILES)
    name = 'ledger/records/' + index(LEAF)
    files[name] = files[name].replace(b'received-at ', b'received-at 1', 1)
    tap.contains(by_hand(files), 'leaf %d' % LEAF)
    files = dict(FILES)
    del files[BYTES]
    tap.contains(by_hand(files), 'missing ' + BYTES[6:])


def case_sqlite3_finds_what_the_report_says():
    folder = tempfile.mkdtemp(dir=BASE)
    open(os.path.join(folder, 'evidence.sqlite'), 'wb').write(FILES['evidence.sqlite'])
    report = json.loads(FILES['report/report.json'])
    for check in report['checks']:
        text = FILES['checks/%s.sql' % check['id']].decode()
        findings, population = text.split('\n-- population\n')
        for sql, want in ((findings, {(f['resource'], f.get('key', ''), f['status']) for f in report['findings'] if f['check'] == check['id']}),
                          (population, {r['resource'] for r in report['results'] if r['check'] == check['id'] and 'resource' in r})):
            script = FILES['params/%s.sql' % check['id']].decode() + '.mode json\n' + sql
            out = run(['sqlite3', '-safe', '-readonly', 'evidence.sqlite'], cwd=folder, input=script.encode()).strip()
            rows = json.loads(out) if out else []
            got = {(r['resource'], r['key'], r['status']) for r in rows if r['status'] != 'not-applicable'} if sql is findings else {r['resource'] for r in rows} - {None}       # needs that many share
            tap.equal(got, want, check['id'])


def case_without_a_report():
    path = bundle(DEMO, '--period', '2026-Q3', '--as-of', '2026-10-02T07:00:00Z')
    out = program('verify', path, '--vkey', VKEY, '--allow-test')
    tap.contains(out, 'there is no report in this bundle')
    tap.contains(out, 'derived again from the ledger: the same bytes')


def case_of_an_earlier_head():
    """The store went on; the bundle holds what the report stands on."""
    folder = copy_of_demo()
    open(os.path.join(folder, 'inventory.yaml'), 'a').write('# a later line\n')
    program('check', '--period', '2026-Q3', cwd=folder, code=2, env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-05T07:00:00Z'))
    tap.equal(open(bundle(folder), 'rb').read() == open(WHOLE, 'rb').read(), True)


def case_a_full_disk_leaves_nothing_behind():
    folder = tempfile.mkdtemp(dir=BASE)

    def limits():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700000, 700000))
    program('bundle', '--report', REPORT, '--out', os.path.join(folder, 'b.tar'), code=1, preexec_fn=limits)
    tap.equal(os.listdir(folder), [])


def case_a_report_of_another_ledger_is_not_bundled():
    folder = copy_of_demo()
    other = os.path.join(BASE, 'other')
    run([PROGRAM, 'demo', '--out', other], cwd=BASE)
    out = program('bundle', '--report', os.path.join(other, REPORT), '--out', 'b.tar', cwd=folder, code=1)
    tap.contains(out, 'stands on another ledger')


# --- retention: present, erased under a rule, missing ---

def erase(folder, leaf):
    program('ledger', 'erase', str(leaf), '--rule', 'retention 1 year', '--actor', 'records office', cwd=folder,
            env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-11-01T07:00:00Z'))


def case_what_was_erased_after_the_report():
    folder = copy_of_demo()
    erase(folder, LEAF)
    path = bundle(folder)
    files = plain_tar.read(path)
    tap.equal(files['ledger/leaves'].decode().splitlines()[LEAF].split(' ')[2:], ['erased', '-', '-', '-'])
    tap.equal(BYTES in files, False)
    tap.equal(len(files['ledger/leaves'].splitlines()) > SIZE, True)
    out = verify(path, code=3)
    tap.contains(out, '1 erased under a rule; none missing')
    tap.contains(out, 'replay')
    del files['ledger/records/' + index(SIZE)]        # its tombstone
    plain_tar.write(path, files)
    tap.contains(verify(path, code=1), 'its record is missing, and no tombstone says why')


def case_what_was_erased_before_the_report():
    """The report was made without it, so everything can be derived again."""
    folder = copy_of_demo()
    erase(folder, LEAF)
    program('report', '--period', '2026-Q3', '--as-of', '2026-11-02T07:00:00Z', '--key', 'report-key.pem', '--out', 'later', cwd=folder,
            env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-11-02T07:00:00Z'))
    path = bundle(folder, '--report', 'later')
    out = program('verify', path, '--root', 'report-key.pem.root.pem', '--vkey', VKEY, '--allow-test', '--at', '2026-11-03T00:00:00Z', cwd=folder)
    tap.contains(out, '1 erased under a rule; none missing')
    tap.contains(out, 'the same report.json, byte for byte')


def case_what_is_missing_is_not_bundled():
    folder = copy_of_demo()
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    db.execute('DELETE FROM blob WHERE sha256 = (SELECT sha256 FROM item WHERE leaf = %d)' % LEAF)
    db.commit()
    db.close()
    out = program('bundle', '--report', REPORT, '--out', 'b.tar', cwd=folder, code=1)
    tap.contains(out, 'leaf %d: its bytes are missing, and no tombstone says why' % LEAF)


# --- forgeries of the ledger ---

def case_an_item_dropped():
    tap.contains(forged(lambda f: f.pop(BYTES)), 'leaf %d: its bytes are missing, and no tombstone says why' % LEAF)


def case_an_item_replaced():
    def change(f):
        f[BYTES] = f[BYTES][:-1] + bytes([f[BYTES][-1] ^ 1])
    tap.contains(forged(change), 'its bytes are not those that its name says')


def case_an_item_replaced_and_named_anew():
    def change(f):
        data = f.pop(BYTES)[:-1] + b'!'
        name = hashlib.sha256(data).hexdigest()
        f['items/' + name] = data
        leaf_line(f, LEAF, lambda w: w.__setitem__(3, name))
    tap.contains(forged(change), 'leaf %d: bytes, parts or secret are not those that its record commits to' % LEAF)


def case_an_item_too_many():
    tap.contains(forged(lambda f: f.__setitem__('items/' + hashlib.sha256(b'x').hexdigest(), b'x')), 'belong to no item')


def case_two_items_exchanged():
    def change(f):
        a, b = words_of(LEAF)[3], words_of(LEAF + 1)[3]
        leaf_line(f, LEAF, lambda w: w.__setitem__(3, b))
        leaf_line(f, LEAF + 1, lambda w: w.__setitem__(3, a))
    tap.contains(forged(change), 'bytes, parts or secret are not those')


def case_the_record_of_another_leaf():
    def change(f):
        a, b = 'ledger/records/' + index(LEAF), 'ledger/records/' + index(LEAF + 1)
        f[a], f[b] = f[b], f[a]
    tap.contains(forged(change), 'leaf %d: its leaf hash is not that of its record' % LEAF)


def case_leaves_in_another_order():
    """Everything of two leaves exchanged: each fits itself, the tree does not."""
    def change(f):
        lines = f['ledger/leaves'].decode().splitlines()
        a, b = lines[2].split(' ', 1)[1], lines[3].split(' ', 1)[1]
        lines[2], lines[3] = '2 ' + b, '3 ' + a
        f['ledger/leaves'] = ('\n'.join(lines) + '\n').encode()
        ra, rb = 'ledger/records/' + index(2), 'ledger/records/' + index(3)
        f[ra], f[rb] = f[rb], f[ra]
    tap.contains(forged(change), 'its root is not that of the leaves')


def case_lines_of_leaves_in_another_order():
    def change(f):
        lines = f['ledger/leaves'].splitlines(True)
        f['ledger/leaves'] = b''.join([lines[1], lines[0]] + lines[2:])
    tap.contains(forged(change), 'leaf 1 stands where leaf 0 belongs')


def case_the_last_leaf_dropped():
    def change(f):
        f['ledger/leaves'] = b''.join(f['ledger/leaves'].splitlines(True)[:-1])
        del f['ledger/records/' + index(SIZE - 1)]
        f.pop('ledger/parts/' + index(SIZE - 1), None)
    tap.contains(forged(change), 'head over %d leaves: there are %d' % (SIZE, SIZE - 1))


def case_a_record_missing():
    tap.contains(forged(lambda f: f.pop('ledger/records/' + index(LEAF))), 'leaf %d: its record is missing' % LEAF)


def case_a_record_too_many():
    tap.contains(forged(lambda f: f.__setitem__('ledger/records/' + index(SIZE), f['ledger/records/' + index(0)])), 'no leaf awaits this record')


def case_erased_without_a_tombstone():
    def change(f):
        leaf_line(f, LEAF, lambda w: w.__setitem__(slice(2, 6), ['erased', '-', '-', '-']))
        del f['ledger/records/' + index(LEAF)], f['ledger/parts/' + index(LEAF)], f[BYTES]
    tap.contains(forged(change), 'leaf %d: it is erased, and no tombstone in the tree says under which rule' % LEAF)


def case_another_secret():
    tap.contains(forged(lambda f: leaf_line(f, LEAF, lambda w: w.__setitem__(4, '00' * 32))), 'bytes, parts or secret are not those')


def case_parts_cut_elsewhere():
    def change(f):
        name = 'ledger/parts/' + index(LEAF)
        n = [int(x) for x in f[name].split()]
        n[0], n[1] = n[0] - 1, n[1] + 1
        f[name] = ''.join('%d\n' % x for x in n).encode()
    tap.contains(forged(change), 'bytes, parts or secret are not those')


def case_parts_missing():
    tap.contains(forged(lambda f: f.pop('ledger/parts/' + index(LEAF))), 'the lengths of its parts are missing')


def case_one_part_fewer():
    def change(f):
        name = 'ledger/parts/' + index(LEAF)
        n = [int(x) for x in f[name].split()]
        f[name] = ''.join('%d\n' % x for x in [n[0] + n[1]] + n[2:]).encode()
    tap.contains(forged(change), 'another number of parts')


def case_lines_of_leaves_that_say_it_otherwise():
    for old, new in (('present', 'Present'), (' present', '  present'), ('present', 'missing')):
        def change(f):
            lines = f['ledger/leaves'].decode().splitlines(True)
            lines[5] = lines[5].replace(old, new)
            f['ledger/leaves'] = ''.join(lines).encode()
        tap.contains(forged(change), 'expected "INDEX HASH STATE SHA256 SECRET PARTS"')


# --- forged heads and histories ---

def newest_head():
    return 'ledger/heads/%s.note' % index(SIZE)


def case_the_newest_head_missing():
    tap.contains(forged(lambda f: f.pop(newest_head())), 'no signed head covers')


def case_a_head_with_another_root():
    def change(f):
        lines = f[newest_head()].split(b'\n')
        lines[2] = b'A' * 43 + b'='
        f[newest_head()] = b'\n'.join(lines)
    tap.contains(forged(change), 'head over %d leaves' % SIZE)


def case_a_head_of_another_size():
    tap.contains(forged(lambda f: f.__setitem__('ledger/heads/%s.note' % index(3), f[newest_head()])), 'it speaks of %d leaves' % SIZE)


def case_another_store_key():
    def change(f):
        name, key = VKEY.split('+', 1)
        f['ledger/store'] = f['ledger/store'].replace(VKEY.encode(), (name + '+00000000+' + key.split('+', 1)[1]).encode())
    tap.contains(forged(change), 'the store says that its key is')


def rewritten():
    """A store in which one item never was, sequenced and signed anew with the same key."""
    folder = copy_of_demo()
    db = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    db.execute('DELETE FROM item WHERE leaf = %d' % LEAF)
    db.execute('DELETE FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM item WHERE sha256 IS NOT NULL)')
    db.execute('UPDATE item SET leaf = NULL')
    db.execute('DELETE FROM node')
    db.execute('DELETE FROM head')
    db.execute("UPDATE derived SET engine = 'anew'")
    db.commit()
    db.close()
    program('rebuild', cwd=folder)
    subprocess.run([PROGRAM, 'check', '--period', '2026-Q3'], cwd=folder, stdout=subprocess.DEVNULL,
                   env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z'))
    return folder


def case_rewritten_history():
    """Signed with the true key, so in itself it holds; whoever kept a head of the true one sees it."""
    folder = rewritten()
    path = bundle(folder, '--period', '2026-Q3', '--as-of', '2026-10-02T07:00:00Z')
    verify(path)
    out = verify(path, '--earlier', os.path.join(DEMO, REPORT), code=1)
    tap.equal(bool(re.search(r'^##  earlier ', out, re.M)), True, out)
    files = plain_tar.read(path)
    for name in FILES:
        if name.startswith('report/'):
            files[name] = FILES[name]
    plain_tar.write(path, files)
    tap.equal(bool(re.search(r'^##  prefix ', verify(path, code=1), re.M)), True)


def case_a_forked_ledger():
    """Two continuations of one head, both signed: each holds alone, they do not continue each other."""
    paths = []
    for line in ('# one\n', '# two\n'):
        folder = copy_of_demo()
        open(os.path.join(folder, 'inventory.yaml'), 'a').write(line)
        subprocess.run([PROGRAM, 'check', '--period', '2026-Q3'], cwd=folder, stdout=subprocess.DEVNULL,
                       env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-05T07:00:00Z'))
        paths.append(bundle(folder, '--period', '2026-Q3', '--as-of', '2026-10-02T07:00:00Z'))
        verify(paths[-1], '--earlier', os.path.join(DEMO, REPORT))
    files = plain_tar.read(paths[1])
    note = os.path.join(BASE, 'fork.note')
    open(note, 'wb').write(files[sorted(n for n in files if n.startswith('ledger/heads/'))[-1]])
    verify(paths[0], '--earlier', note, code=1)


# --- forgeries of what is derived, of the report, of the list of files ---

def case_a_check_made_harmless():
    def change(f):
        f['checks/transfer-lock-removed.sql'] += b'\n'
    tap.contains(forged(change), 'checks/transfer-lock-removed.sql')


def case_a_check_dropped():
    tap.contains(forged(lambda f: f.pop('checks/transfer-lock-removed.sql')), 'it is missing')


def case_a_parameter_changed():
    def change(f):
        f['params/transfer-lock-removed.sql'] = f['params/transfer-lock-removed.sql'].replace(b"':grace', 0", b"':grace', 1")
    tap.contains(forged(change), 'it is not what the ledger says')


def case_a_check_too_many():
    tap.contains(forged(lambda f: f.__setitem__('checks/zzz.sql', b'SELECT 1;')), 'files of checks and parameters')


def case_words_changed():
    tap.contains(forged(lambda f: f.__setitem__('VERIFY.md', f['VERIFY.md'].replace(b'Nothing may be printed', b'Anything may be printed'))),
                 'somebody changed the words')


def tables(change):
    def f(files):
        path = os.path.join(tempfile.mkdtemp(dir=BASE), 't')
        open(path, 'wb').write(files['evidence.sqlite'])
        db = sqlite3.connect(path)
        change(db)
        db.commit()
        db.close()
        files['evidence.sqlite'] = open(path, 'rb').read()
    return f


def case_a_row_of_a_table_changed():
    tap.contains(forged(tables(lambda db: db.execute("UPDATE event SET actor = 'nobody' WHERE id = 3"))), 'table event, row 3')


def case_a_row_of_a_table_dropped():
    tap.contains(forged(tables(lambda db: db.execute('DELETE FROM change_record WHERE id = 1'))), 'table change_record, row 1')


def case_an_index_that_leads_elsewhere():
    """The rows are the ledger's, read one by one; a query that goes by the index finds others."""
    def change(db):
        name, table, column = 'item_note_source', 'item_note', 'kind'
        old = db.execute('SELECT %s FROM %s WHERE leaf = 5' % (column, table)).fetchone()[0]
        row = db.execute('SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = ?', (name,)).fetchone()
        db.execute("UPDATE %s SET %s = 'nothing' WHERE leaf = 5" % (table, column))
        db.commit()
        db.execute('PRAGMA writable_schema = ON')
        db.execute('DELETE FROM sqlite_schema WHERE name = ?', (name,))
        db.commit()
        db.execute('PRAGMA writable_schema = RESET')
        db.execute('UPDATE %s SET %s = ? WHERE leaf = 5' % (table, column), (old,))
        db.commit()
        db.execute('PRAGMA writable_schema = ON')
        db.execute('INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)', row)
    tap.contains(forged(tables(change)), 'an index does not lead to the rows')


def case_a_table_that_is_a_view():
    def change(db):
        db.execute('DROP TABLE approval')
        db.execute("CREATE VIEW approval AS SELECT * FROM event")
    tap.contains(forged(tables(change)), 'its tables are others than those of the schema')


def case_a_trigger():
    tap.contains(forged(tables(lambda db: db.execute('CREATE TRIGGER t AFTER INSERT ON event BEGIN DELETE FROM event; END'))), 'its tables are others')


def case_tables_that_are_none():
    tap.contains(forged(lambda f: f.__setitem__('evidence.sqlite', b'not a database' * 100)), 'evidence.sqlite')


def case_the_same_rows_in_another_layout_are_the_same():
    files = dict(BARE)
    path = os.path.join(tempfile.mkdtemp(dir=BASE), 't')
    open(path, 'wb').write(files['evidence.sqlite'])
    run(['sqlite3', path, 'PRAGMA page_size=8192; VACUUM'])
    files['evidence.sqlite'] = open(path, 'rb').read()
    plain_tar.write(path, files)
    tap.contains(verify(path), 'derived again from the ledger: the same rows')


def case_a_finding_changed():
    tap.contains(forged(lambda f: f.__setitem__('report/report.json', f['report/report.json'].replace(b'"status":"fail"', b'"status":"pass"', 1)), FILES), 'report.json')


def case_a_file_of_the_report_dropped():
    for name in ('report/report.pdf', 'report/report.json', 'report/run.json', 'report/head.note'):
        tap.contains(forged(lambda f: f.pop(name), FILES), name[7:])


def case_a_file_added_to_the_report():
    tap.contains(forged(lambda f: f.__setitem__('report/annex.json', b'{}'), FILES), 'the statement does not name it')


def case_a_statement_of_another_report():
    folder = copy_of_demo()
    program('report', '--period', '2026-08', '--key', 'report-key.pem', '--out', 'other', cwd=folder,
            env=dict(os.environ, AFFIDAVIT_TEST_CLOCK='2026-10-02T07:00:00Z'))
    statement = open(os.path.join(folder, 'other', 'statement.jws'), 'rb').read()
    out = forged(lambda f: f.__setitem__('report/statement.jws', statement), FILES)
    tap.equal(bool(re.search(r'^##  (files|statement) ', out, re.M)), True, out)


def case_judged_as_of_another_time():
    tap.contains(forged(lambda f: f.__setitem__('BUNDLE', f['BUNDLE'].replace(b'2026-10-02T0', b'2026-10-03T0')), FILES), 'not those of the report')


def case_a_file_that_no_bundle_has():
    for name in ('README', 'ledger/x', 'report/a/b', 'items/zz', 'ledger/heads/1.note', 'ledger/records/1'):
        out = forged(lambda f: f.__setitem__(name, b'x\n'))
        tap.contains(out, name)


def case_a_needed_file_missing():
    for name in ('VERIFY.md', 'evidence.sqlite', 'ledger/leaves', 'ledger/store'):
        forged(lambda f: f.pop(name))


# --- forgeries of the archive itself ---

def case_archives_that_are_none():
    whole = plain_tar.pack(BARE)
    rows = [
        ('cut short', whole[:-512 * 40], 'cut short'),
        ('cut to one block at the end', whole[:-512], 'cut short'),
        ('bytes behind the end', whole + b'x', 'bytes stand behind the end'),
        ('another archive behind', whole + whole, 'bytes stand behind the end'),
        ('one name twice', whole[:-1024] + plain_tar.entry(sorted(BARE)[-1], b'x') + bytes(1024), 'stands there twice'),
        ('a path upwards', whole[:-1024] + plain_tar.entry('report/../../etc/passwd', b'x') + bytes(1024), 'a name that no file here may have'),
        ('an absolute path', whole[:-1024] + plain_tar.entry('/etc/passwd', b'x') + bytes(1024), 'a name that no file here may have'),
        ('out of order', whole[:-1024] + plain_tar.entry('params/a', b'x') + bytes(1024), 'names must be sorted'),
        ('a huge size', whole[:-1024] + plain_tar.header('report/zzz', 8 ** 11 - 1) + bytes(1024), 'zzz'),
        ('a link', whole[:-1024] + plain_tar.header('report/zzz', 0, b'2') + bytes(1024), 'not the header of a plain file'),
    ]
    for what, data, why in rows:
        path = os.path.join(BASE, 'archive.tar')
        open(path, 'wb').write(data)
        out = verify(path, code=1)
        if why not in out:
            raise AssertionError('%s: %r is not in:\n%s' % (what, why, out))


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        shutil.rmtree(BASE)
