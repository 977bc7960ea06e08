"""The history of a zone file in git, through `affidavit collect`: who declared what, and nothing of a hostile repository is run."""
import os, shutil, sqlite3, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap

FOLDER = tempfile.mkdtemp(prefix='afd-git-')
AFFIDAVIT = os.environ['AFFIDAVIT']
ENV = {'PATH': os.environ['PATH'], 'HOME': FOLDER, 'LC_ALL': 'C'}
ZONE = '$TTL 3600\n@ IN SOA ns1 h %d 7200 900 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n%s'


def repo(name):
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.join(path, 'zones'))
    git(path, 'init', '-q', '-b', 'main')
    return path


def git(path, *words, env=None):
    who = {'GIT_AUTHOR_NAME': 'Alice', 'GIT_AUTHOR_EMAIL': 'alice@example.test', 'GIT_COMMITTER_NAME': 'Deploy', 'GIT_COMMITTER_EMAIL': 'deploy@example.test',
           'GIT_AUTHOR_DATE': '2026-07-01T08:00:00+02:00', 'GIT_COMMITTER_DATE': '2026-07-01T09:00:00+02:00'}
    return subprocess.run(['git', '-C', path] + list(words), check=True, env=dict(ENV, **who, **(env or {})), stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode()


def commit(path, serial, records, *words, message='change', zone='example.test', env=None):
    with open(os.path.join(path, 'zones', zone + '.zone'), 'w') as f:
        f.write(ZONE % (serial, records))
    git(path, 'add', '-A')
    git(path, 'commit', '-q', '-m', message, *words, env=env)
    return git(path, 'rev-parse', 'HEAD').strip()


class Store:
    def __init__(self, name, repository, extra=''):
        self.path = os.path.join(FOLDER, name)
        os.makedirs(self.path)
        self.run('init', '--domain', 'example.test')
        with open(os.path.join(self.path, 'affidavit.yaml')) as f:
            base = f.read().split('sources:')[0]
        with open(os.path.join(self.path, 'affidavit.yaml'), 'w') as f:
            f.write(base + 'sources:\n  - name: git\n    type: zone-git\n    repository: %s\n    path: zones/{zone}.zone\n    zones: [example.test]\n%s' % (repository, extra))

    def run(self, *words):
        r = subprocess.run([AFFIDAVIT, '-C', self.path] + list(words), env=dict(ENV, GIT_DIR='/nonexistent'), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode not in (0, 3):
            raise AssertionError('%s: %d\n%s' % (words, r.returncode, r.stdout.decode()))
        return r.stdout.decode()

    def collect(self):
        return self.run('collect')

    def rows(self, sql):
        d = sqlite3.connect(os.path.join(self.path, 'evidence.db'))
        try:
            return d.execute(sql).fetchall()
        finally:
            d.close()

    def claims(self):
        return self.rows("SELECT c.ref, c.actor, c.credential, c.claimed, c.serial_from, c.serial_to, group_concat(r.op || ' ' || r.owner || ' ' || r.type || ' ' || r.rdata, '; ')"
                         " FROM claim c LEFT JOIN claim_record r ON r.claim_id = c.id GROUP BY c.id ORDER BY c.id")


def case_each_commit_is_a_claim_and_what_it_declares():
    r = repo('plain')
    a = commit(r, 1, '')
    b = commit(r, 2, 'www A 192.0.2.10\n')
    s = Store('plain-store', r)
    s.collect()
    tap.equal([(x[0], x[1], x[2], x[4], x[5], x[6]) for x in s.claims()], [
        (a, 'Alice <alice@example.test>', None, None, None, 'add example.test NS ns1.example.test.; add ns1.example.test A 192.0.2.1'),
        (b, 'Alice <alice@example.test>', None, 1, 2, 'add www.example.test A 192.0.2.10')])
    tap.equal(s.rows("SELECT t_from, t_to - t_from, kind, outcome FROM claim"), [(1782889200000, 86400000, 'commit', 'applied')] * 2)
    c = commit(r, 3, 'www A 192.0.2.11\n')
    s.collect()
    tap.equal([(x[0], x[4], x[5], x[6]) for x in s.claims()[2:]], [(c, 2, 3, 'del www.example.test A 192.0.2.10; add www.example.test A 192.0.2.11')])
    tap.equal(s.rows("SELECT rdata, form, ref FROM declared_record WHERE owner = 'www.example.test' AND valid_to = 9223372036854775807"), [('192.0.2.11', 'git', c)])
    tap.equal(s.rows("SELECT count(*) FROM record")[0][0], 0, 'declared is not served')
    tap.equal(s.rows("SELECT grade, reason FROM coverage ORDER BY id DESC LIMIT 1"), [(2, 'zones/example.test.zone: history of the file read (commits: 1)')])
    before = s.rows("SELECT count(*) FROM item_note")
    tap.contains(s.collect(), 'none')
    tap.equal(s.rows("SELECT count(*) FROM claim"), [(3,)])


def case_a_commit_that_is_dated_back_counts_from_the_look_that_did_not_show_it():
    r = repo('back')
    commit(r, 1, '')
    s = Store('back-store', r)
    s.collect()
    old = s.rows("SELECT MAX(received_ms) FROM item_note WHERE decoder = 'zone-git'")[0][0]
    late = commit(r, 2, 'evil A 198.51.100.7\n')                  # dated 2026-07-01, like all here
    s.collect()
    at = s.rows("SELECT t_from, t_to - t_from FROM claim WHERE ref = '%s'" % late)[0]
    if at[0] < old or at[1] != 86400000:
        raise AssertionError('the claim is dated back: %s, looked at %d' % (at, old))
    tap.equal(s.rows("SELECT valid_from FROM declared_record WHERE owner = 'evil.example.test'"), [(at[0],)], 'nor was it declared before')
    git(r, 'commit', '-q', '--amend', '--allow-empty', '-m', 'as if it had always been there')
    tap.contains(s.collect(), 'the history was rewritten')
    tap.equal(s.rows("SELECT count(*) FROM declared_record WHERE owner = 'evil.example.test' AND valid_from < %d" % old), [(0,)], 'nor by another history')
    tap.equal(s.rows("SELECT count(*) FROM claim WHERE ref NOT IN (SELECT ref FROM claim ORDER BY id LIMIT 1) AND t_from < %d" % old), [(0,)])


def case_a_signature_counts_when_its_key_is_trusted():
    r = repo('signed')
    for k in ('good', 'other'):
        subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', os.path.join(FOLDER, k)], check=True)
    with open(os.path.join(FOLDER, 'allowed'), 'w') as f:
        f.write('alice@example.test ' + open(os.path.join(FOLDER, 'good.pub')).read())
    # the repository itself says whom to trust: nobody asks it
    with open(os.path.join(FOLDER, 'evil-allowed'), 'w') as f:
        f.write('alice@example.test ' + open(os.path.join(FOLDER, 'other.pub')).read())
    git(r, 'config', 'gpg.format', 'ssh')
    git(r, 'config', 'gpg.ssh.allowedSignersFile', os.path.join(FOLDER, 'evil-allowed'))
    for i, k in enumerate(('good', 'other')):
        git(r, 'config', 'user.signingKey', os.path.join(FOLDER, k))
        commit(r, i + 1, 'a%d A 192.0.2.1\n' % i, '-S')
    print_of = lambda k: subprocess.run(['ssh-keygen', '-lf', os.path.join(FOLDER, k + '.pub')], check=True, stdout=subprocess.PIPE).stdout.decode().split()[1]
    s = Store('signed-store', r, '    allowed_signers: %s\n' % os.path.join(FOLDER, 'allowed'))
    s.collect()
    tap.equal([x[2] for x in s.claims()], [print_of('good'), None])
    tap.equal([x[0] for x in s.rows("SELECT value FROM observation WHERE kind = 'commit-signature' ORDER BY id")], ['good', 'good, of a key that is not trusted'])
    none = Store('signed-none', r)
    none.collect()
    tap.equal([x[2] for x in none.claims()], [None, None], 'nobody is trusted')


def case_a_history_that_was_rewritten_is_a_gap_and_read_anew():
    r = repo('rewritten')
    commit(r, 1, '')
    commit(r, 2, 'a A 192.0.2.1\n')
    s = Store('rewritten-store', r)
    s.collect()
    git(r, 'reset', '-q', '--hard', 'HEAD~1')
    commit(r, 3, 'b A 192.0.2.2\n')
    tap.contains(s.collect(), 'the history was rewritten')
    tap.equal(s.rows("SELECT rdata FROM declared_record WHERE owner LIKE '_.example.test' AND valid_to = 9223372036854775807"), [('192.0.2.2',)])


def case_a_file_that_goes_a_link_and_a_folder():
    r = repo('odd')
    commit(r, 1, 'a A 192.0.2.1\n')
    os.unlink(os.path.join(r, 'zones/example.test.zone'))
    os.symlink('/etc/passwd', os.path.join(r, 'zones/example.test.zone'))
    git(r, 'add', '-A')
    git(r, 'commit', '-q', '-m', 'link')
    git(r, 'rm', '-q', 'zones/example.test.zone')
    git(r, 'commit', '-q', '-m', 'gone')
    s = Store('odd-store', r)
    tap.contains(s.collect(), 'the path is no plain file there (120000)')
    tap.equal(s.rows("SELECT count(*) FROM item_note WHERE decoder = 'zone-git'"), [(2,)])
    tap.equal(s.rows("SELECT count(*) FROM declared_record WHERE valid_to = 9223372036854775807"), [(0,)])
    if b'root:x:0' in open(os.path.join(s.path, 'evidence.db'), 'rb').read():
        raise AssertionError('what the link points to was read')


def case_nothing_of_a_hostile_repository_is_run():
    r = repo('hostile')
    mark = os.path.join(FOLDER, 'it-ran')
    trap = os.path.join(FOLDER, 'trap.sh')
    with open(trap, 'w') as f:
        f.write('#!/bin/sh\ntouch %s\ncat\n' % mark)
    os.chmod(trap, 0o755)
    commit(r, 1, '')
    first = git(r, 'rev-parse', 'HEAD').strip()
    with open(os.path.join(r, '.gitattributes'), 'w') as f:
        f.write('*.zone filter=evil diff=evil\n')
    second = commit(r, 2, 'a A 192.0.2.1\n')
    evil = git(r, 'commit-tree', '-m', 'other', second + '^{tree}').strip()
    git(r, 'replace', second, evil)
    for key in ('core.fsmonitor', 'diff.external', 'diff.evil.textconv', 'diff.evil.command', 'filter.evil.smudge', 'filter.evil.clean', 'filter.evil.process', 'gpg.program',
                'gpg.openpgp.program', 'gpg.ssh.program', 'core.pager', 'core.sshCommand', 'core.alternateRefsCommand', 'core.editor', 'pager.log', 'alias.log'):
        git(r, 'config', key, trap)
    git(r, 'config', 'core.hooksPath', FOLDER)
    git(r, 'config', 'log.showSignature', 'true')
    with open(os.path.join(r, '.git/info/grafts'), 'w') as f:
        f.write(second + '\n')
    s = Store('hostile-store', r)
    s.collect()
    tap.equal([x[0] for x in s.claims()], [first, second], 'neither replaced nor grafted')
    tap.equal(s.claims()[1][6], 'add a.example.test A 192.0.2.1')
    if os.path.exists(mark):
        raise AssertionError('a program that the repository names was run')


def case_names_are_words_and_a_repository_may_be_missing():
    s = Store('missing-store', os.path.join(FOLDER, 'nothing-here'))
    tap.contains(s.collect(), 'no such repository or branch')
    for line, says in (('branch: --upload-pack=x', 'expected the name of a branch'), ('branch: a..b', 'expected the name of a branch'), ('applies_within: 900d', 'up to 400 days')):
        bad = Store('bad-' + str(abs(hash(line))), FOLDER)
        with open(os.path.join(bad.path, 'affidavit.yaml'), 'a') as f:
            f.write('    %s\n' % line)
        r = subprocess.run([AFFIDAVIT, '-C', bad.path, 'collect'], env=ENV, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        tap.contains(r.stdout.decode(), says)


if not shutil.which('git') or not shutil.which('ssh-keygen'):
    print('1..0 # SKIP no git here')
    sys.exit(77)
try:
    tap.main(sys.modules[__name__])
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
