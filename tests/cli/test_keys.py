#!/usr/bin/env python3
"""Report keys of every kind sign a report that openssl and our verifier accept; store keys change hands; secrets stay secret."""
import base64, datetime, glob, hashlib, os, pty, random, shutil, signal, sqlite3, stat, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import tap
from estate import Estate, PROGRAM

KMS = os.path.join(HERE, '..', '..', 'examples', 'kms')
AT = '2026-10-03T00:00:00Z'
PHRASE = 'correct horse 4711'
MODULES = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so', '/usr/lib64/libsofthsm2.so']


def openssl(*words, **kw):
    return subprocess.run(['openssl'] + list(words), check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw).stdout


def authority(folder):
    """A root, and what it makes of a request."""
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder + '/ca.key', '-out',
            folder + '/ca.pem', '-subj', '/CN=Keys CA', '-days', '3650', '-addext', 'keyUsage=critical,keyCertSign')


def issue(folder, csr, cert, days=3650):
    openssl('x509', '-req', '-in', csr, '-CA', folder + '/ca.pem', '-CAkey', folder + '/ca.key', '-copy_extensions', 'copy',
            '-days', str(days), '-out', cert)


def key_pair(folder, name, *newkey):
    """name.key, name.pem and name.all"""
    openssl('req', '-new', '-newkey', *newkey, '-nodes', '-keyout', '%s/%s.key' % (folder, name), '-out', '%s/%s.csr' % (folder, name),
            '-subj', '/CN=Signer ' + name, '-addext', 'keyUsage=critical,digitalSignature')
    issue(folder, '%s/%s.csr' % (folder, name), '%s/%s.pem' % (folder, name))
    with open('%s/%s.all' % (folder, name), 'w') as f:
        f.write(open('%s/%s.key' % (folder, name)).read() + open('%s/%s.pem' % (folder, name)).read())
    os.chmod('%s/%s.all' % (folder, name), 0o600)
    os.chmod('%s/%s.key' % (folder, name), 0o600)


KINDS = {'p256': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-256'), 'p384': ('ec', '-pkeyopt', 'ec_paramgen_curve:P-384'), 'rsa': ('rsa:3072',)}
STATE = {}


def estate():
    """One for all cases, with an authority and a key of each kind."""
    if 'e' not in STATE:
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)      # certificates of now hold
        e = Estate(now.strftime('%Y-%m-%dT%H:%M:%SZ'))
        STATE['quarter'] = '%d-Q%d' % (now.year, (now.month + 2) // 3)
        authority(e.folder)
        for name, words in KINDS.items():
            key_pair(e.folder, name, *words)
        STATE['e'] = e
    return STATE['e']


def signs(key, *more, period='2026-Q3'):
    """A report signed by KEY is accepted by openssl and by us."""
    e = estate()
    out = tempfile.mkdtemp(prefix='report-', dir=e.folder)
    got, text = e.run('report', '--period', period, '--no-timestamp', '--key', key, '--out', out, *more)
    tap.equal(got, 0, text)
    openssl('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', out + '/report.json.p7s', '-content', out + '/report.json',
            '-CAfile', e.path('ca.pem'), '-purpose', 'any', '-out', '/dev/null')
    got, said = e.run('verify', out, '--root', 'ca.pem', '--allow-test', '--at', e.at)
    tap.equal(got in (0, 3), True, said)
    for part in ('report.json', 'report.pdf', 'statement.jws'):
        if not os.path.exists(os.path.join(out, part)):
            raise AssertionError('%s was not made' % part)
    tap.equal('##' in said, False, said)
    return text


def case_files_of_every_kind_sign():
    e = estate()
    for name in KINDS:
        signs(name + '.all')
    signs('p256.key', '--cert', 'p256.pem')
    openssl('pkcs8', '-topk8', '-scrypt', '-in', e.path('p256.key'), '-out', e.path('scrypt.key'), '-passout', 'pass:' + PHRASE)
    openssl('pkcs12', '-export', '-inkey', e.path('p384.key'), '-in', e.path('p384.pem'), '-out', e.path('p384.p12'), '-passout', 'pass:' + PHRASE)
    for name in ('scrypt.key', 'p384.p12'):
        os.chmod(e.path(name), 0o600)
    e.write('phrase', PHRASE + '\n')
    os.chmod(e.path('phrase'), 0o600)
    signs('scrypt.key', '--cert', 'p256.pem', '--passphrase', 'file:phrase')
    signs('p384.p12', '--passphrase', 'file:phrase')
    e.env['PHRASE'] = PHRASE
    signs('p384.p12', '--passphrase', 'env:PHRASE')
    signs('p384.p12', '--passphrase', 'exec:cat phrase')
    del e.env['PHRASE']


def case_commands_sign():
    e = estate()
    script = os.path.join(KMS, 'openssl-sign')
    for name in KINDS:
        signs('exec:%s %s.key' % (script, name), '--cert', name + '.pem')
    # an answer by another key, an answer that is none, no answer
    for command, why in (('exec:%s p384.key' % script, 'signing:'), ('exec:echo', 'not by the key'), ('exec:false', 'ended with status 1'),
                         ('exec:/no/such', 'could not start'), ('exec:yes', 'more than 1024 bytes')):
        got, out = e.run('report', '--period', '2026-Q3', '--no-timestamp', '--key', command, '--cert', 'p256.pem', '--out', 'refused')
        tap.equal(got, 1, out)
        if command != 'exec:%s p384.key' % script:
            tap.contains(out, why)
        tap.equal(glob.glob(e.path('refused/*')), [], command)


def softhsm():
    module = next((m for m in MODULES if os.path.exists(m)), None)
    if not module or not shutil.which('softhsm2-util'):
        raise tap.Skip('no SoftHSM')
    e = estate()
    if 'hsm' not in STATE:
        os.makedirs(e.path('tokens'))
        e.write('softhsm2.conf', 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' % e.path('tokens'))
        e.env['SOFTHSM2_CONF'] = os.environ['SOFTHSM2_CONF'] = e.path('softhsm2.conf')
        quiet = dict(check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        subprocess.run(['softhsm2-util', '--init-token', '--free', '--label', 'evidence', '--pin', '471147', '--so-pin', '0815'], **quiet)
        for i, name in enumerate(KINDS):
            openssl('pkcs8', '-topk8', '-nocrypt', '-in', e.path(name + '.key'), '-out', e.path('import.pem'))
            subprocess.run(['softhsm2-util', '--import', e.path('import.pem'), '--token', 'evidence', '--label', name, '--id', '0%d' % (i + 1),
                            '--pin', '471147'], **quiet)
        e.write('pin', '471147\n')
        os.chmod(e.path('pin'), 0o600)
        STATE['hsm'] = module
    return e, STATE['hsm']


def case_tokens_sign():
    e, module = softhsm()
    for name in KINDS:
        signs('pkcs11:token=evidence;object=%s?module-path=%s&pin-source=file:pin' % (name, module), '--cert', name + '.pem')
    signs('pkcs11:token=evidence;id=%%01;type=private?module-path=%s' % module, '--cert', 'p256.pem', '--passphrase', 'file:pin')


# Some readers want the second for signatures on documents (pyHanko does), others the first.
USAGE = 'Digital Signature, Non Repudiation\n'

def case_requests_by_every_kind():
    e, module = softhsm()
    for key in ('p256.key', 'exec:%s/openssl-sign rsa.key' % KMS, 'pkcs11:object=p384?module-path=%s&pin-source=file:pin' % module):
        out = e.must('keys', 'csr', '--key', key, '--subject', r'CN=Evidence\, signed,O=Exämple,C=DE')
        e.write('made.csr', out)
        text = openssl('req', '-in', e.path('made.csr'), '-noout', '-verify', '-subject', '-nameopt', 'RFC2253,utf8,-esc_msb').decode()
        tap.contains(text, r'CN=Evidence\, signed,O=Exämple,C=DE')
        tap.contains(openssl('req', '-in', e.path('made.csr'), '-noout', '-text').decode(), USAGE)
        issue(e.folder, e.path('made.csr'), e.path('made.pem'))
    signs('pkcs11:object=p384?module-path=%s&pin-source=file:pin' % module, '--cert', 'made.pem')
    for subject in ('', 'CN', 'CN=', 'XX=y', '=a', 'C=GERMANY', 'CN=a\\'):
        tap.equal(e.run('keys', 'csr', '--key', 'p256.key', '--subject', subject)[0], 64, subject)


def case_refusals_say_why():
    e, module = softhsm()
    e.write('wrong', '000000\n')
    os.chmod(e.path('wrong'), 0o600)
    for name, words in {'ed25519': ('genpkey', '-algorithm', 'ed25519'), 'pss': ('genpkey', '-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'),
                        'p521': ('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'), 'short': ('genrsa', '1024')}.items():
        e.write(name, openssl(*words).decode())
        os.chmod(e.path(name), 0o600)
    shutil.copy(e.path('p256.all'), e.path('open'))
    os.chmod(e.path('open'), 0o644)
    uri = 'pkcs11:token=evidence;object=p256?module-path=%s' % module
    for key, more, why in (
            ('ed25519', (), 'PDF readers do not know Ed25519'), ('pss', (), 'PDF readers do not take'), ('p521', (), 'use P-256 or P-384'),
            ('short', (), 'at least 2048 bits'), ('open', (), 'chmod 600'), ('none', (), 'No such file'), ('p256.key', (), 'no certificate beside the key'),
            ('p256.key', ('--cert', 'p384.pem'), 'do not match'), ('scrypt.key', ('--cert', 'p256.pem'), 'give its passphrase'),
            ('scrypt.key', ('--cert', 'p256.pem', '--passphrase', 'file:wrong'), 'does not open'),
            ('scrypt.key', ('--cert', 'p256.pem', '--passphrase', PHRASE), 'a literal secret is not allowed'),
            (uri + '&pin-value=471147', (), 'list of processes'), (uri + '&pin-source=file:wrong', ('--cert', 'p256.pem'), 'the PIN is wrong'),
            (uri.replace('p256', 'nothing') + '&pin-source=file:pin', ('--cert', 'p256.pem'), 'no such private key'),
            (uri.replace('evidence', 'other') + '&pin-source=file:pin', ('--cert', 'p256.pem'), 'none of the tokens fits'),
            ('pkcs11:token=evidence?module-path=%s&pin-source=file:pin' % module, ('--cert', 'p256.pem'), 'several private keys'),
            ('pkcs11:token=evidence', (), 'module-path'), ('pkcs11:token=a?module-path=/etc/passwd', (), 'cannot be loaded'),
            ('pkcs11:tokin=evidence?module-path=' + module, (), 'unknown attribute')):
        got, out = e.run('keys', 'show', key, *more)
        tap.equal(got, 1, key + out)
        tap.contains(out, why)
        for secret in (PHRASE, '471147', '000000'):
            tap.equal(secret in out, False, out)


def case_what_is_shown():
    e = estate()
    got, o = e.json('keys', 'show', 'rsa.all')
    tap.equal((got, o['algorithm'], o['issuer'], o['test'], o['days_left'] in (3648, 3649)), (0, 'RSA 3072 with SHA-256', 'CN = Keys CA', False, True))
    sha = openssl('x509', '-in', e.path('rsa.pem'), '-outform', 'DER')
    tap.equal(o['certificate_sha256'], hashlib.sha256(sha).hexdigest())
    issue(e.folder, e.path('p256.csr'), e.path('soon.pem'), days=30)
    warning = 'before the next period does'
    tap.contains(e.must('keys', 'show', 'p256.key', '--cert', 'soon.pem', '--period', STATE['quarter']), warning)
    tap.equal(warning in e.must('keys', 'show', 'p256.all', '--period', STATE['quarter']), False)
    tap.contains(signs('p256.key', '--cert', 'soon.pem', period=STATE['quarter']), warning)
    tap.equal(warning in signs('p256.all', period=STATE['quarter']), False)


def case_test_keys_say_so():
    e = estate()
    for kind in ('p256', 'p384', 'rsa3072'):
        e.must('keys', 'init', 'made-' + kind, '--type', kind)
        for name in ('signer', 'time-stamps'):
            tap.contains(openssl('x509', '-in', e.path('made-%s/%s.pem' % (kind, name)), '-noout', '-text').decode(), USAGE)
        for name in ('root.pem', 'signer.pem', 'time-stamps.pem'):
            subject = openssl('x509', '-in', e.path('made-%s/%s' % (kind, name)), '-noout', '-subject').decode()
            tap.contains(subject, 'TEST - not for evidence')
        tap.equal(stat.S_IMODE(os.stat(e.path('made-%s/signer.pem' % kind)).st_mode), 0o600)
        tap.equal(e.json('keys', 'show', 'made-%s/signer.pem' % kind)[1]['test'], True)
    tap.equal(e.run('keys', 'init', 'made-p256')[0], 1, 'nothing is overwritten')
    tap.equal(e.run('keys', 'test', 'x.pem', '--type', 'md5')[0], 64)


def case_secrets_are_in_no_list_of_processes():
    """The command that gives the passphrase looks at its parent, the program at work."""
    e = estate()
    e.write('spy', '#!/bin/sh\ncat /proc/$PPID/cmdline /proc/$PPID/environ > seen\ncat phrase\n')
    os.chmod(e.path('spy'), 0o700)
    signs('p384.p12', '--passphrase', 'exec:./spy')
    seen = open(e.path('seen'), 'rb').read()
    tap.equal(b'report' in seen, True)
    tap.equal(PHRASE.encode() in seen, False)
    for path in glob.glob(e.path('report-*/*')) + glob.glob(e.path('evidence.db*')):
        if not path.endswith('.key'):
            data = open(path, 'rb').read()
            for secret in [PHRASE] + [open(e.path(n + '.key')).read().split('\n')[2] for n in KINDS]:
                tap.equal(secret.encode() in data, False, path)


def case_the_passphrase_is_asked_for():
    """On the terminal, which does not show it."""
    e = estate()
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(e.folder)
        os.execv(PROGRAM, [PROGRAM, 'keys', 'show', 'p384.p12'])
    out = b''
    try:
        while True:
            out += os.read(fd, 4096)
            if out.endswith(b'p384.p12: '):
                os.write(fd, PHRASE.encode() + b'\n')
    except OSError:
        pass                                        # the other side is gone
    tap.equal(os.waitpid(pid, 0)[1], 0, out)
    tap.contains(out.decode(), 'CN = Signer p384')
    tap.equal(PHRASE in out.decode(), False, out)


# --- the store key ---

def case_rotation():
    with Estate(AT) as e:
        e.must('check', '--period', '2026-Q3', code=e.run('check', '--period', '2026-Q3')[0])
        first = e.must('keys', 'store').strip()
        old_key = open(e.path('evidence.db.key')).read()
        e.must('keys', 'rotate')
        second = e.must('keys', 'store').strip()
        e.must('keys', 'rotate')
        third = e.must('keys', 'store').strip()
        tap.equal(len({first, second, third}), 3)
        for vkey in (first, second, third):
            e.must('ledger', 'verify', '--vkey', vkey)
        tap.contains(e.must('ledger', 'verify', '--vkey', first[:-4] + ('AAA=' if first[-1] == '=' else 'AAAA'), code=1), 'no handover leads')
        tap.equal(old_key == open(e.path('evidence.db.key')).read(), False)
        tap.equal(stat.S_IMODE(os.stat(e.path('evidence.db.key')).st_mode), 0o600)
        leaf = e.sql("SELECT leaf FROM item_note WHERE decoder = 'store-key' ORDER BY leaf")[0][0]
        tap.contains(e.must('ledger', 'erase', str(leaf), '--rule', 'r', '--actor', 'a', code=64), 'where the store key changed')
        # bundles before and behind a rotation
        with Estate(AT) as b:
            b.must('report', '--period', '2026-Q3', '--unsigned', '--out', 'r1')
            given = b.must('keys', 'store').strip()
            b.must('keys', 'rotate')
            b.must('report', '--period', '2026-Q3', '--unsigned', '--out', 'r2')
            for r in ('r1', 'r2'):
                b.must('bundle', '--report', r, '--out', r + '.tar')
                b.must('verify', r + '.tar', '--vkey', given, '--allow-test', '--allow-unsigned', '--at', AT)
        # a report behind the rotations is proven by the first key
        e.must('report', '--period', '2026-Q3', '--unsigned', '--out', 'r')
        out = e.run('verify', 'r', '--store', 'evidence.db', '--vkey', first, '--allow-test', '--allow-unsigned', '--at', AT)[1]
        tap.contains(out, 'signed by TEST.affidavit.example.test')
        tap.equal('##' in out, False, out)


def forge(e, statement, *args):
    db = sqlite3.connect(e.path('evidence.db'))
    db.execute(statement, args)
    db.commit()
    db.close()


def case_rotations_that_are_none():
    with Estate(AT) as e:
        first = e.must('keys', 'store').strip()
        shutil.copy(e.path('evidence.db.key'), e.path('first.key'))
        e.must('keys', 'rotate')
        second = e.must('keys', 'store').strip()

        def restore():
            for path in glob.glob(e.path('evidence.db-*')):
                os.unlink(path)
            open(e.path('evidence.db'), 'wb').write(good)
        e.must('ledger', 'verify', '--vkey', first)
        for path in glob.glob(e.path('evidence.db-*')):
            os.unlink(path)
        good = open(e.path('evidence.db'), 'rb').read()
        # the store names the old key again: heads behind the handover would be by it
        forge(e, "UPDATE meta SET value = ? WHERE name = 'vkey'", first)
        tap.contains(e.must('ledger', 'verify', '--vkey', first, code=1), 'its ledger handed over to')
        # and the old key signs the head that covers the handover
        restore()
        note = e.sql('SELECT note FROM head ORDER BY size DESC LIMIT 1')[0][0]
        signed = sign_note(e.path('first.key'), first, note.split('\n\n')[0] + '\n')
        forge(e, 'UPDATE head SET note = ? WHERE note = ?', signed, note)
        tap.contains(e.must('ledger', 'verify', '--vkey', first, code=1), second + ', which held then')
        # the handover stands behind all heads: so could whoever has the old key alone put a copy of it behind leaves of his own
        restore()
        leaf = e.sql("SELECT leaf FROM item_note WHERE decoder = 'store-key'")[0][0]
        forge(e, 'DELETE FROM head WHERE size > ?', leaf)
        for vkey in (first, second):
            tap.contains(e.must('ledger', 'verify', '--vkey', vkey, code=1), 'the new key signed no head over it')
        # a third key that nobody introduced
        restore()
        with Estate(AT) as other:
            forge(e, "UPDATE meta SET value = ? WHERE name = 'vkey'", other.must('keys', 'store').strip())
        tap.contains(e.must('ledger', 'verify', '--vkey', first, code=1), 'its ledger handed over to')
        # the handover is changed
        restore()
        forge(e, "UPDATE blob SET data = CAST(replace(CAST(data AS TEXT), 'handover 1', 'handover 2') AS BLOB) WHERE CAST(data AS TEXT) LIKE 'affidavit-store-key-handover%'")
        tap.contains(e.must('ledger', 'verify', '--vkey', first, code=1), 'handover of the store key')
        restore()
        e.must('ledger', 'verify', '--vkey', first)


def sign_note(key_file, vkey, text):
    """A note by hand, with openssl and the old key."""
    name, key_id, _ = vkey.split('+', 2)
    with tempfile.TemporaryDirectory() as d:
        open(d + '/k', 'w').write(open(key_file).read().split('\n', 1)[1])
        open(d + '/t', 'wb').write(text.encode())
        sig = openssl('pkeyutl', '-sign', '-inkey', d + '/k', '-rawin', '-in', d + '/t')
    return '%s\n— %s %s\n' % (text, name, base64.b64encode(bytes.fromhex(key_id) + sig).decode())


def case_a_rotation_killed_between_its_steps():
    with Estate(AT) as e:
        read = lambda n: open(e.path(n), 'rb').read()
        first, old_key = e.must('keys', 'store').strip(), read('evidence.db.key')
        e.must('rebuild')
        # before the store knows: a key file that nobody names yet is left lying
        e.write('evidence.db.key.next', old_key.decode())
        os.chmod(e.path('evidence.db.key.next'), 0o600)
        e.must('rebuild')
        e.must('keys', 'rotate')
        tap.equal(os.path.exists(e.path('evidence.db.key.next')), False)
        second, new_key = e.must('keys', 'store').strip(), read('evidence.db.key')
        # the store knows, the key's file does not: the next run puts that right
        open(e.path('evidence.db.key'), 'wb').write(old_key)
        open(e.path('evidence.db.key.next'), 'wb').write(new_key)
        os.chmod(e.path('evidence.db.key.next'), 0o600)
        e.must('rebuild')
        tap.equal((read('evidence.db.key') == new_key, os.path.exists(e.path('evidence.db.key.next'))), (True, False))
        e.must('ledger', 'verify', '--vkey', first)
        # neither file is the key that the store names
        open(e.path('evidence.db.key'), 'wb').write(old_key)
        tap.contains(e.must('rebuild', code=1), 'is not the key that')
        open(e.path('evidence.db.key'), 'wb').write(new_key)
        tap.equal(second, e.must('keys', 'store').strip())


def case_kill_at_any_moment_of_a_rotation():
    rnd, killed = random.Random(7), 0
    with Estate(AT) as e:
        first = e.must('keys', 'store').strip()
        began = time.time()
        e.must('keys', 'rotate')
        whole = time.time() - began
        for _ in range(12):
            p = e.popen('keys', 'rotate')
            time.sleep(rnd.random() * whole)
            p.send_signal(signal.SIGKILL)
            p.communicate()
            killed += p.returncode == -9
            e.must('rebuild')                      # opens for writing: the key beside the store is the one that it names
            e.must('ledger', 'verify', '--vkey', first)
        print('# %d of 12 were killed while they ran' % killed, flush=True)


if __name__ == '__main__':
    try:
        tap.main(sys.modules[__name__])
    finally:
        if 'e' in STATE:
            STATE['e'].__exit__()
