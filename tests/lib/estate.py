"""A working folder of the program under test: files, a test store, and its verbs under a clock that the test sets."""
import json, os, shutil, sqlite3, subprocess, tempfile

PROGRAM = os.environ.get('AFFIDAVIT', 'affidavit')


class Estate:
    def __init__(self, at, domain='example.test'):
        self.folder = tempfile.mkdtemp(prefix='afd-test-')
        self.at = at
        self.env = {}
        code, out = self.run('init', '--domain', domain, '--test')
        if code:
            raise RuntimeError(out)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as f:
            f.write(text)
        return path

    def popen(self, *words, **kw):
        clock = {'AFFIDAVIT_TEST_CLOCK': self.at} if self.at else {}      # none: the real one
        env = dict(os.environ, **clock, **self.env)
        return subprocess.Popen([PROGRAM] + list(words), cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)

    def run(self, *words):
        """(exit code, output)"""
        p = self.popen(*words)
        out = p.communicate(timeout=300)[0].decode('utf-8', 'replace')
        return p.returncode, out

    def must(self, *words, code=0):
        got, out = self.run(*words)
        if got != code:
            raise AssertionError('affidavit %s: exit %d, expected %d\n%s' % (' '.join(words), got, code, out))
        return out

    def json(self, *words):
        """(exit code, the JSON object printed)"""
        code, out = self.run(*words, '--json')
        try:
            return code, json.loads(out)
        except ValueError:
            raise AssertionError('affidavit %s: exit %d, not JSON:\n%s' % (' '.join(words), code, out))

    def sql(self, query, *args):
        db = sqlite3.connect('file:%s?mode=ro' % self.path('evidence.db'), uri=True)
        try:
            return db.execute(query, args).fetchall()
        finally:
            db.close()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        if not os.environ.get("AFFIDAVIT_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
