#!/usr/bin/env python3
"""A stranger with openssl and sha256sum checks a certificate that Affidavit found in a log: docs/verify-by-hand/ct-entry."""
import json, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import tap

ROOT = os.path.join(HERE, '..', '..')
SCRIPT = os.path.join(ROOT, 'docs', 'verify-by-hand', 'ct-entry')
AFFIDAVIT = os.environ['AFFIDAVIT']


def log_of_the_example():
    with open(os.path.join(ROOT, 'examples/estate/start/affidavit.yaml')) as f:
        text = f.read()
    return re.search(r'ct-alpha.*?origin:\s*([^\s,}]+)', text, re.S).group(1), re.search(r'ct-alpha.*?key:\s*"?([A-Za-z0-9+/=]+)', text, re.S).group(1)


def by_hand(item, key):
    with tempfile.NamedTemporaryFile('w', suffix='.json') as f:
        f.write(item)
        f.flush()
        p = subprocess.run([SCRIPT, f.name, key], capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


class State:
    pass


S = State()


def text(doc):
    return json.dumps(doc, sort_keys=True, separators=(',', ':'), ensure_ascii=False)


def case_entries_are_collected():
    S.origin, S.key = log_of_the_example()
    work = tempfile.mkdtemp()
    run = lambda *a: subprocess.run([AFFIDAVIT, *a], cwd=work, capture_output=True, text=True)
    try:
        shutil.copytree(os.path.join(ROOT, 'examples/estate/02/ct-alpha'), work + '/log')
        run('init', '--domain', 'example.test')
        with open(work + '/affidavit.yaml', 'w') as f:
            f.write('organisation: X\ncontact: x@example.test\nstore: evidence.db\ninventory: inventory.yaml\nsources:\n'
                    '  - {name: log, type: static-ct, url: "file:log", origin: "%s", key: "%s"}\n' % (S.origin, S.key))
        with open(work + '/inventory.yaml', 'w') as f:
            f.write('domains:\n  - {name: example.test, zone: none}\n')
        run('collect')
        S.items = []
        for leaf in range(400):
            shown = run('ledger', 'show', str(leaf))
            if shown.returncode != 0:
                break
            if 'entry' in re.findall(r'^kind\s+(\S+)', shown.stdout, re.M):
                S.items.append(run('ledger', 'show', str(leaf), '--raw').stdout)
    finally:
        shutil.rmtree(work)
    tap.equal(len(S.items) >= 2, True, '%d entries' % len(S.items))
    S.doc = json.loads(S.items[-1])
    tap.equal(text(S.doc), S.items[-1].strip())


def case_entries_hold_and_their_names_are_shown():
    for item in S.items[:4]:
        code, said = by_hand(item, S.key)
        tap.equal(code, 0, said)
        tap.contains(said, 'example.test')
        for claim in ('key', 'head', 'entry', 'content'):
            tap.contains(said, 'ok  ' + claim)


def refused(**change):
    code, said = by_hand(text(dict(S.doc, **change)), S.key)
    tap.equal(code, 1, said)
    tap.contains(said, 'REFUSED')


def case_another_index_is_refused():
    refused(index=S.doc['index'] + 1)


def case_another_leaf_is_refused():
    refused(leaf_input=S.doc['leaf_input'][:-8] + 'AAAAAAA=')


def case_another_proof_is_refused():
    refused(proof=S.doc['proof'][1:] + S.doc['proof'][:1])
    refused(proof=S.doc['proof'][:-1])


def case_another_head_is_refused():
    refused(checkpoint=re.sub(r'\n(\d+)\n', lambda m: '\n%d\n' % (int(m.group(1)) + 1), S.doc['checkpoint'], 1))
    refused(checkpoint=S.doc['checkpoint'].replace(S.origin, 'log.example/other'))
    refused(log='log.example/other')


def case_a_key_that_we_do_not_trust_is_refused():
    code, said = by_hand(S.items[-1], 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE')
    tap.equal(code, 1, said)


def case_an_entry_of_a_real_log_of_rfc_6962():
    data = os.path.join(os.environ.get('AFFIDAVIT_SHARED', os.path.join(ROOT, '..', 'shared')), 'data', 'ct')
    folder = os.path.join(data, 'rfc6962-argon2020')
    if not os.path.isdir(folder):
        raise tap.Skip('no recorded data')
    answers = {n.split('-')[1]: open(os.path.join(folder, n)).read() for n in sorted(os.listdir(folder)) if 'consistency' not in n}
    with open(os.path.join(data, 'loglist', 'all_logs_list_v53.34.json')) as f:
        logs = [l for o in json.load(f)['operators'] for l in o['logs'] if 'argon2020' in l.get('url', '')]
    entry, proof = json.loads(answers['entries'])['entries'][0], json.loads(answers['proof'])
    item = {'chain': [], 'extra': '', 'index': proof['leaf_index'], 'key': logs[0]['key'], 'leaf_input': entry['leaf_input'],
            'log': 'ct.googleapis.com/logs/argon2020', 'proof': proof['audit_path'], 'sth': answers['sth.json']}
    code, said = by_hand(text(item), logs[0]['key'])
    tap.equal(code, 0, said)
    tap.contains(said, 'entry 10000')
    code, said = by_hand(text(dict(item, sth=answers['sth.json'].replace('961984011', '961984012'))), logs[0]['key'])
    tap.equal(code, 1, said)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
