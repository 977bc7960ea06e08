"""The tools of others, fetched into a folder of the build. What cannot be had is a skip that says why, never a pass."""
import os, shutil, subprocess, sys, time
import tap

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get('AFFIDAVIT_INTEROP', os.path.join(os.getcwd(), 'interop'))
STOP = time.time() + int(os.environ.get('AFFIDAVIT_INTEROP_SECONDS', '780'))

def left():
    """Seconds that are left for all of it together."""
    seconds = STOP - time.time()
    if seconds < 5:
        raise tap.Skip('the time for interop tests is over')
    return seconds

def run(words, limit=120, **kw):
    """(exit code, output); the program is stopped at the limit."""
    try:
        p = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=min(limit, left()), **kw)
    except subprocess.TimeoutExpired:
        return -1, '%s: no end after %d s' % (words[0], limit)
    return p.returncode, p.stdout.decode('utf-8', 'replace')

def must(words, **kw):
    code, out = run(words, **kw)
    if code:
        raise AssertionError('%s: exit %d\n%s' % (' '.join(map(str, words)), code, out))
    return out

def program(name):
    if not shutil.which(name):
        raise tap.Skip('%s is not installed' % name)
    return name

tried = {}

def once(name, make):
    """What make() gives, made in CACHE/name at most once; a failure is remembered, too."""
    if name not in tried:
        try:
            os.makedirs(os.path.join(CACHE, name), exist_ok=True)
            tried[name] = make(os.path.join(CACHE, name))
        except tap.Skip as e:
            tried[name] = e
    if isinstance(tried[name], tap.Skip):
        raise tried[name]
    return tried[name]

def fetch(what, words, **kw):
    code, out = run(words, limit=300, **kw)
    if code:
        raise tap.Skip('%s could not be fetched: %s' % (what, ' | '.join(out.strip().splitlines()[-2:])[:300]))

def python():
    """A Python that has requirements.txt."""
    def make(at):
        exe, mark = os.path.join(at, 'bin', 'python'), os.path.join(at, 'fetched')
        wanted = open(os.path.join(HERE, 'requirements.txt')).read()
        if not (os.path.exists(mark) and open(mark).read() == wanted):
            fetch('a Python environment', [sys.executable, '-m', 'venv', at])
            fetch('Python packages', [exe, '-m', 'pip', '-q', '--disable-pip-version-check', '--retries', '0', '--timeout', '20', 'install',
                                      '-r', os.path.join(HERE, 'requirements.txt')])
            with open(mark, 'w') as f:
                f.write(wanted)
        return exe
    return once('python', make)

def jose():
    """A folder with node_modules/jose."""
    def make(at):
        program('node')
        shutil.copy(os.path.join(HERE, 'package.json'), at)
        if not os.path.exists(os.path.join(at, 'node_modules', 'jose', 'package.json')):
            fetch('the package jose', [program('npm'), 'install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=0',
                                       '--fetch-timeout=20000'], cwd=at)
        return at
    return once('jose', make)

def java(name, source):
    """The words that run the class in SOURCE with what NAME/pom.xml asks for."""
    def make(at):
        program('java')
        program('javac')
        pom, path, mark = os.path.join(HERE, name, 'pom.xml'), os.path.join(at, 'classpath'), os.path.join(at, 'pom.xml')
        new = not (os.path.exists(path) and os.path.exists(mark) and open(mark).read() == open(pom).read())
        shutil.copy(pom, at)
        if new:
            fetch(name, [program('mvn'), '-q', '-B', '-Daether.connector.connectTimeout=15000', '-Daether.connector.requestTimeout=60000',
                         'dependency:build-classpath', '-Dmdep.outputFile=' + path], cwd=at)
        classpath = open(path).read().strip() + ':' + os.path.join(at, 'classes')
        must(['javac', '-cp', classpath, '-d', os.path.join(at, 'classes'), os.path.join(HERE, name, source)])
        return ['java', '-cp', classpath, os.path.basename(source)[:-5]]
    return once(name, make)

def dss():
    return java('dss', 'src/main/java/Judge.java')

def verapdf():
    return java('verapdf', 'Validate.java')

def chromium():
    for name in ('chromium', 'chromium-browser', 'google-chrome'):
        if shutil.which(name):
            return name
    raise tap.Skip('no Chromium is installed')
