"""N journal transactions of one zone (1000000) and the update log of their keys, ingested and joined through the program: seconds of
CPU and memory of each step. Usage: AFFIDAVIT=build-rel/cli/affidavit python3 tests/bench/zone/journal.py [N]"""
import os, resource, shutil, struct, subprocess, sys, tempfile, time

N = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
AFFIDAVIT = os.path.abspath(os.environ['AFFIDAVIT'])


def name(s):
    return b''.join(bytes([len(x)]) + x.encode() for x in s.split('.')) + b'\0'


def rr(owner, type, rdata):
    b = name(owner) + struct.pack('>HHIH', type, 1, 60, len(rdata)) + rdata
    return struct.pack('>I', len(b)) + b


def write(folder):
    """A challenge comes in one transaction and goes in the next, at a thousand names; the log has a line for each."""
    soa = name('ns.z.test') + name('h.z.test')
    start = int(time.time()) - N // 100 - 100
    with open(os.path.join(folder, 'z.jnl'), 'wb') as j, open(os.path.join(folder, 'update.log'), 'w') as log:
        j.write(bytes(64))
        for i in range(N):
            owner, token = '_acme-challenge.h%d.z.test' % (i // 2 % 1000), 'token-%037d' % (i // 2)
            come = i % 2 == 0
            record = rr(owner, 16, bytes([len(token)]) + token.encode())
            s = [rr('z.test', 6, soa + struct.pack('>5I', i + 1 + k, 1, 1, 1, 1)) for k in (0, 1)]
            body = s[0] + (b'' if come else record) + s[1] + (record if come else b'')
            j.write(struct.pack('>4I', len(body), 3, i + 1, i + 2) + body)
            at = start + i // 100
            log.write('%s.%03dZ update: info: client @0x7f %s/key acme-%d: updating zone \'z.test/IN\': %s\n' % (
                time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at)), i % 100 * 10, '127.0.0.1#%d' % (1024 + i % 50000), i // 2 % 10,
                "adding an RR at '%s' TXT \"%s\"" % (owner, token) if come else 'deleting an RR at %s TXT' % owner))
        end = j.tell()
        j.seek(0)
        j.write(b';BIND LOG V9.2\n\0' + struct.pack('>6I', 1, 64, N + 1, end, 0, 0) + bytes(24))
    return end


def step(what, *words):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    p = subprocess.Popen([AFFIDAVIT, '-C', folder, '--quiet'] + list(words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    err = p.stderr.read().decode()
    _, status, use = os.wait4(p.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 2, 3):
        raise SystemExit('%s: %s' % (what, err))
    print('%-28s %8.1f s CPU %8.1f s %6d MB' % (what, use.ru_utime + use.ru_stime, time.time() - start, use.ru_maxrss // 1024), flush=True)


folder = tempfile.mkdtemp(prefix='afd-bench-')
try:
    size = write(folder)
    print('%d transactions, %d MB of journal, %d MB of log' % (N, size >> 20, os.path.getsize(os.path.join(folder, 'update.log')) >> 20))
    step('init', 'init', '--domain', 'z.test')
    with open(os.path.join(folder, 'affidavit.yaml')) as f:
        base = f.read().split('sources:')[0]

    def sources(*which):
        with open(os.path.join(folder, 'affidavit.yaml'), 'w') as f:
            f.write(base + 'sources:\n' + ''.join(which))
    journal = '  - {name: j, type: zone-journal, path: z.jnl, zones: [z.test]}\n'
    log = '  - {name: l, type: bind-update-log, path: update.log, zones: [z.test]}\n'
    sources(journal)
    step('journal read and derived', 'collect')
    sources(journal, log)
    step('log read and derived', 'collect', '--source', 'l')
    step('joined and checked', 'check', '--period', time.strftime('%Y', time.gmtime()))
    import sqlite3
    d = sqlite3.connect(os.path.join(folder, 'evidence.db'))
    print('changes %d, claims %d, store %d MB' % (d.execute('SELECT count(*) FROM change').fetchone()[0], d.execute('SELECT count(*) FROM claim').fetchone()[0],
                                                os.path.getsize(os.path.join(folder, 'evidence.db')) >> 20))
finally:
    shutil.rmtree(folder, ignore_errors=True)
