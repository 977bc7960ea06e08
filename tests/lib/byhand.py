"""The scripts of docs/verify-by-hand, run as an outsider would: without our program."""
import os, shutil, subprocess

import forge, tap
from forgeries import Look

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'verify-by-hand')
TOOLS = ('openssl', 'pdfsig', 'pdfdetach', 'certutil', 'sha256sum', 'sqlite3', 'od', 'awk', 'tar', 'basenc')


def needs_tools():
    for tool in TOOLS:
        if not shutil.which(tool):
            raise tap.Skip(tool + ' is missing')


def script(folder, name, *words, look=None):
    look = look or Look()
    env = dict(os.environ, AT=look.at_seconds, CRL=look.crl or '', TSA=look.tsa or '')
    env.pop('AFFIDAVIT', None)
    r = subprocess.run(['sh', os.path.join(SCRIPTS, 'verify-' + name)] + list(words), cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout.decode(errors='replace')


def words(folder, name, look):
    key, base = look.vkey or forge.vkey(folder), look.paths[0]
    if name == 'report':
        return [base, look.root, key]
    if name == 'statement':
        return [base + '/statement.jws', look.root, key] + ([look.earlier + '/head.note'] if look.earlier else [])
    return [base + '/head.note', key]


def accept(folder, name, *args, look=None, contains=()):
    code, out = script(folder, name, *args, look=look)
    tap.equal(code, 0, out)
    tap.contains(out, 'everything above that says ok was seen to hold')
    for part in contains:
        tap.contains(out, part)
    if '##' in out:
        raise AssertionError(out)


def refuse(folder, name, *args, look=None, contains=''):
    code, out = script(folder, name, *args, look=look)
    if code == 0 or '##' not in out or 'REFUSED' not in out:
        raise AssertionError('verify-%s does not refuse it (exit %d)\n%s' % (name, code, out))
    if not any(contains in line for line in out.splitlines() if line.startswith('##')):
        raise AssertionError('no refusal says "%s"\n%s' % (contains, out))
    return out
