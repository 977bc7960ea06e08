#!/usr/bin/env python3
"""Checks say on PostgreSQL what they say on SQLite: every statement of every case, over the same rows (docs/design.md 6, postgres.c).
AFFIDAVIT_TWIST=SEED: over rows that are changed by chance first, which nobody wrote down."""
import glob, os, pwd, re, shutil, signal, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap

SOURCE = os.environ.get('AFFIDAVIT_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
PROGRAM = os.environ.get('TEST_POSTGRES')
OLDEST = 15


def programs():
    """The folder of initdb and postgres, the newest that is not too old; or None."""
    found = glob.glob('/usr/lib/postgresql/*/bin') + [os.path.dirname(os.path.realpath(shutil.which('initdb') or '/'))]
    there = [f for f in found if os.access(os.path.join(f, 'initdb'), os.X_OK) and os.access(os.path.join(f, 'postgres'), os.X_OK)]
    number = lambda f: int(re.search(r'(\d+)', subprocess.run([os.path.join(f, 'postgres'), '-V'], capture_output=True, text=True).stdout).group(1))
    return max((f for f in there if number(f) >= OLDEST), key=number, default=None)


class Server:
    """A server of its own on a unix socket in a folder of its own. It refuses to run as root: then it is nobody's, or its package's user's."""
    def __init__(self):
        if not PROGRAM:
            raise tap.Skip('libpq was not there when this was built (libpq-dev)')
        self.bin = programs()
        if not self.bin:
            raise tap.Skip('no PostgreSQL %d or later (postgresql)' % OLDEST)
        self.folder = tempfile.mkdtemp(prefix='affidavit-pg-', dir='/tmp')
        self.who = {}
        if os.geteuid() == 0:
            user = next(u for u in pwd.getpwall() if u.pw_name == 'postgres' or u.pw_name == 'nobody' and not any(x.pw_name == 'postgres' for x in pwd.getpwall()))
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.who = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}

    def __enter__(self):
        data, env = os.path.join(self.folder, 'data'), dict(os.environ, LC_ALL='C')
        run = lambda words, **more: subprocess.Popen(words, cwd=self.folder, env=env, stderr=subprocess.STDOUT, **more, **self.who)
        made = run([os.path.join(self.bin, 'initdb'), '-D', data, '-A', 'trust', '-U', 'cases', '-E', 'UTF8', '--locale=C', '--no-sync'], stdout=subprocess.PIPE)
        said = made.communicate()[0]
        if made.returncode != 0:
            raise RuntimeError(said.decode(errors='replace'))
        quick = sum((['-c', word] for word in ('listen_addresses=', 'fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'autovacuum=off')), [])
        self.log = open(os.path.join(self.folder, 'log'), 'wb')
        self.process = run([os.path.join(self.bin, 'postgres'), '-D', data, '-k', self.folder] + quick, stdout=self.log)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(open(self.log.name).read())
            if b'ready to accept connections' in open(self.log.name, 'rb').read():
                return self
            time.sleep(0.05)
        raise RuntimeError('PostgreSQL did not start')

    def __exit__(self, *a):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def compare(self, **env):
        """Lines of TAP of the cases."""
        r = subprocess.run([PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP', PGHOST=self.folder,
                           PGUSER='cases', PGDATABASE='postgres', **env))
        return r.returncode, r.stdout.decode(errors='replace').splitlines()


def case_every_case_of_every_check_says_the_same():
    with Server() as s:
        code, lines = s.compare(AFFIDAVIT_SOURCE=SOURCE)
    ran = [line for line in lines if line.startswith('ok ')]
    print('# %d cases' % len(ran))
    tap.equal([line for line in lines if line.startswith(('ERROR', 'not ok', 'postgres:'))][:20], [])
    tap.equal((code, len(ran) > 4000), (0, True), '\n'.join(lines[-5:]))


CHECK = """/*
id: twist
title: A statement that means two things
severity: low
resource: domain
answers: []
why: To be told.
remedy: None.
false-positives: None.
*/
SELECT d.name AS resource, %s AS key, 'fail' AS status, 'presence' AS basis, 'It is so.' AS reason, 'domain' AS ref_table, d.rowid AS ref_id, :as_of AS observed_at
FROM domain d %s;

-- population
SELECT d.name AS resource, NULL AS evidence, NULL AS scope, :period_start AS need_from, :period_end AS need_to, NULL AS grade FROM domain d;
"""
ROWS = """domain: [{name: a.test, zone: a.test}, {name: b.test, zone: null}]
expect: {a.test: fail, b.test: fail}
"""
TWISTS = [
    ("'' || instr(d.name, 'test') || ' ' || ((:period_end - :period_start) / 86400000)", '', None),
    ("'1' || 2 * 3", '', 'SQLite says a.test|36|'),
    ("'' || (d.name = 'a.test')", '', 'PostgreSQL says a.test|true|'),
    ("'' || ((SELECT SUM(x.in_scope) FROM domain x) / 4)", '', 'PostgreSQL says a.test|0.5'),
    ("'' || (9223372036854775807 + d.in_scope)", '', 'bigint out of range'),
    ("'' || CAST('4294967295' AS INTEGER)", '', 'out of range for type integer'),
    ("d.name", 'ORDER BY d.zone LIMIT 1', 'SQLite says b.test|'),
    ("''", 'CROSS JOIN domain x ON x.name = d.name', 'syntax error at or near "ON"'),
    ("''", 'GROUP BY d.name', 'must appear in the GROUP BY clause'),
    ("''", "WHERE instr(d.name, 'test')", 'argument of WHERE must be type boolean'),
]


def case_rows_that_nobody_wrote_down():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        cases = os.path.join(folder, 'tests', 'checks', 'twist')
        os.makedirs(cases)
        open(os.path.join(folder, 'twist.sql'), 'w').write(CHECK % ('d.name', 'ORDER BY d.zone, d.rowid LIMIT 1'))
        open(os.path.join(cases, 'case.yaml'), 'w').write(ROWS.replace('null', 'b.test'))
        told = [any('twist/case.yaml: on PostgreSQL' in line for line in s.compare(AFFIDAVIT_SOURCE=folder, AFFIDAVIT_CHECKS=folder, AFFIDAVIT_ONLY='twist', **env)[1])
                for env in ({}, {'AFFIDAVIT_TWIST': '19'})]            # by which b.test has no zone
    tap.equal(told, [False, True])


def case_what_does_not_is_told():
    with Server() as s, tempfile.TemporaryDirectory() as folder:
        cases = os.path.join(folder, 'tests', 'checks', 'twist')
        os.makedirs(cases)
        open(os.path.join(cases, 'case.yaml'), 'w').write(ROWS)
        for key, rest, says in TWISTS:
            open(os.path.join(folder, 'twist.sql'), 'w').write(CHECK % (key, rest))
            code, lines = s.compare(AFFIDAVIT_SOURCE=folder, AFFIDAVIT_CHECKS=folder, AFFIDAVIT_ONLY='twist')
            told = '\n'.join(line for line in lines if line.startswith('ERROR') and 'twist/case.yaml' in line)
            if says:
                tap.contains(told, says)
            else:
                tap.equal(told, '')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
