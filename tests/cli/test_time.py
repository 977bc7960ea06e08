#!/usr/bin/env python3
"""Time-stamps and witnesses around the ledger: anchors after a collection, authorities that fail, exports, a rewritten ledger."""
import base64, datetime, hashlib, json, os, shutil, sqlite3, struct, subprocess, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate, PROGRAM
from livebind import shift_library
from tsa import Tsa, openssl

# An authority has its own clock, so ours must agree with it.
TODAY = datetime.datetime.now(datetime.timezone.utc)
NOW, PERIOD = TODAY.strftime('%Y-%m-%dT%H:%M:%SZ'), str(TODAY.year - 1)


def estate(tsa=None, more=''):
    """A test store; with an authority in its configuration when TSA is given (folder tsa/)."""
    e = Estate(NOW)
    e.tsa = Tsa(e.path('tsa')) if tsa else None
    if tsa:
        configure(e, [e.tsa.url], more)
    return e


def configure(e, urls, more=''):
    text = open(e.path('affidavit.yaml')).read().split('timestamp:')[0]
    entries = ''.join('  - {url: "%s", root: tsa/stamper-root.pem}\n' % u for u in urls)
    e.write('affidavit.yaml', text + ('timestamp:\n' + entries if urls else '') + more)


def anchors(e):
    return e.sql('SELECT size, time_ms IS NOT NULL, authority, reason, leaf FROM anchor ORDER BY leaf')


def report(e, *words, code=0):
    if not os.path.exists(e.path('k.pem')):
        e.must('keys', 'test', 'k.pem')
    e.must('report', '--period', PERIOD, '--as-of', NOW, '--key', 'k.pem', '--out', 'out', *words, code=code)
    return json.load(open(e.path('out/report.json')))


def case_without_an_authority_everything_works():
    with estate() as e:
        out = e.must('collect')
        tap.equal(anchors(e), [])
        r = report(e)
        tap.equal(r['anchoring']['standing'], 'not-anchored')
        tap.equal(r['anchoring']['tokens'], 0)
        tap.contains(e.must('check', '--period', PERIOD, '--as-of', NOW, code=3), 'anchored  not')


def case_a_collection_is_anchored():
    with estate(tsa=True) as e:
        e.must('collect')
        (size, ok, who, reason, leaf), = anchors(e)
        tap.equal((ok, who, reason), (1, 'tsa:' + e.tsa.host, None))
        tap.equal(leaf, size, 'the token is the next item')
        tap.contains(e.must('ledger', 'show', str(leaf)), 'channel http ')
        tap.equal(e.sql('SELECT max(size) FROM head'), [(size + 1,)], 'a head covers the token')
        tap.contains(e.must('ledger'), 'stamped by tsa:' + e.tsa.host)
        r = report(e, '--head', str(size + 1))
        tap.equal(r['anchoring']['standing'], 'anchored')
        tap.equal(r['anchoring']['authorities'], ['tsa:' + e.tsa.host])
        tap.equal((r['anchoring']['covered'], r['anchoring']['open'], r['anchoring']['tokens']), (size, 0, 1))
        first = open(e.path('out/report.json'), 'rb').read()
        e.must('collect')
        report(e, '--head', str(size + 1))
        tap.equal(open(e.path('out/report.json'), 'rb').read(), first, 'the same prefix gives the same bytes')
        e.must('rebuild')
        tap.equal(len(anchors(e)), 2)
        e.tsa.close()


def case_the_report_is_stamped():
    with estate(tsa=True) as e:
        e.must('collect')
        report(e)
        out = e.must('verify', 'out', '--root', 'k.pem.root.pem', '--timestamp-root', 'tsa/stamper-root.pem', '--allow-test')
        tap.contains(out, 'stamped by O = Example, CN = stamper')
        out = e.must('verify', 'out', '--root', 'k.pem.root.pem', '--timestamp-root', 'tsa/stranger-root.pem', '--allow-test')
        tap.contains(out, 'none of the given roots')
        e.tsa.close()


def case_authorities_on_the_command_line():
    with estate(tsa=True) as e:
        configure(e, [])
        e.must('collect')
        tap.equal(e.tsa.asked, 0)
        r = report(e, '--collect', '--timestamp', e.tsa.url, '--timestamp-root', 'tsa/stamper-root.pem')
        tap.equal(r['anchoring']['tokens'], 1)
        tap.equal(r['anchoring']['standing'], 'anchored')
        code, out = e.run('report', '--period', PERIOD, '--key', 'k.pem', '--timestamp', 'ftp://x')
        tap.equal(code, 64)
        tap.contains(out, 'begins with https:// or http://')
        code, out = e.run('report', '--period', PERIOD, '--key', 'k.pem', '--timestamp', e.tsa.url, '--timestamp-root', 'none.pem')
        tap.equal(code, 1)
        tap.contains(out, 'none.pem')
        e.tsa.close()


def case_an_authority_that_fails_stops_nothing():
    rows = [('down', 'HTTP 503', 3), ('slow-down', 'asks to wait 3600 s', 1), ('redirect', 'HTTP 307', 1), ('huge', 'larger than', 1),
            ('broken', 'no TimeStampResp', 1), ('other', 'none of the given roots', 1)]
    with estate(tsa=True) as e:
        for mode, why, tries in rows:
            e.tsa.mode, e.tsa.asked = mode, 0
            code, out = e.run('collect')
            tap.equal(code, 0, mode)
            tap.contains(out, 'warning: no time-stamp: ' + e.tsa.host)
            tap.contains(out, why)
            tap.equal(e.tsa.asked, tries, mode)
            size, ok, who, reason, leaf = anchors(e)[-1]
            tap.equal(ok, 0, mode)
            tap.contains(reason, why)
        tap.equal(report(e, '--unsigned')['anchoring']['standing'], 'not-anchored')
        e.tsa.mode = 'honest'
        e.must('collect')
        e.tsa.mode = 'replay'
        tap.contains(e.must('collect'), 'over other data')
        r = report(e, '--unsigned')
        tap.equal(r['anchoring']['failed'], len(rows) + 1)
        tap.equal(r['anchoring']['standing'], 'anchored')
        e.write('approvals.csv', open(e.path('approvals.csv')).read() + 'C-1,www.example.test,record.change,2026-01-01,2026-02-01,bob\n')
        tap.equal(report(e, '--unsigned')['anchoring']['standing'], 'partly-anchored')
        e.must('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem')
        # a report cannot be signed without the time that was asked for
        e.tsa.mode = 'broken'
        e.must('keys', 'test', 'k.pem')
        code, out = e.run('report', '--period', PERIOD, '--key', 'k.pem')
        tap.equal(code, 1)
        tap.contains(out, e.tsa.host)
        e.tsa.close()


def case_the_next_authority_is_asked():
    with estate(tsa=True) as e:
        second = Tsa(e.path('second'))
        shutil.copy(e.path('second/stamper-root.pem'), e.path('second-root.pem'))
        configure(e, [e.tsa.url])
        with open(e.path('affidavit.yaml'), 'a') as f:
            f.write('  - {url: "%s", root: second-root.pem, policy: 1.2.3.4.5}\n' % second.url)
        e.tsa.mode = 'broken'
        e.must('collect')
        tap.equal([a[2] for a in anchors(e)], ['tsa:' + second.host])
        e.tsa.close()
        second.close()


def case_a_head_and_its_time_with_openssl_alone():
    with estate(tsa=True) as e:
        e.must('collect')
        size = anchors(e)[0][0]
        e.must('ledger', 'show', '--head', str(size), '--out', 'head')
        at = e.path('head')
        shutil.copy(e.path('tsa/stamper-root.pem'), e.path('tsa-root.pem'))
        page = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'docs', 'verify-by-hand.md')).read()
        commands = page.split('\n## 7. ')[1].split('```sh\n')[1].split('```')[0]

        def by_hand():
            p = subprocess.run(['sh', '-e', '-c', commands], cwd=e.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return p.returncode, p.stdout.decode()

        code, out = by_hand()
        tap.equal(code, 0, out)
        tap.contains(out, 'Verification: OK')
        tap.contains(out, TODAY.strftime('%b'))
        text = open(at + '.note').read()
        with open(at + '.note', 'w') as f:
            f.write(text.replace('\n%d\n' % size, '\n%d\n' % (size + 1)))
        tap.equal(by_hand()[0], 1)
        code, out = e.run('ledger', 'show', '--head', '3')
        tap.equal(code, 64)
        e.tsa.close()


def case_the_ledger_is_verified_with_its_tokens():
    with estate(tsa=True) as e:
        e.must('collect')
        tap.contains(e.must('ledger', 'verify'), 'no root for time-stamps was given')
        tap.contains(e.must('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem'), 'stamped by O = Example, CN = stamper')
        e.must('collect')
        tap.contains(e.must('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem'), '2 heads were stamped')
        report(e, '--timestamp', e.tsa.url)
        out = e.must('verify', 'out', '--root', 'k.pem.root.pem', '--timestamp-root', 'tsa/stamper-root.pem', '--allow-test', '--store', 'evidence.db', '--replay')
        tap.contains(out, '2 heads were stamped')
        tap.contains(e.must('ledger', 'verify', '--timestamp-root', 'tsa/stranger-root.pem'), 'none of the given roots')
        e.tsa.close()


def case_a_ledger_rewritten_after_its_stamp_is_found_out():
    """Whoever holds the store key can sign a new history. He cannot have it stamped yesterday."""
    with estate(tsa=True) as e:
        e.must('collect')
        (size, _, _, _, leaf), = anchors(e)
        db = sqlite3.connect(e.path('evidence.db'))
        token = db.execute('SELECT record, secret, sha256, part_lengths, hash FROM item WHERE leaf = ?', (leaf,)).fetchone()
        # the new history: everything collected again under the same key, without the approvals, and the old token put behind it
        last = db.execute("SELECT max(id) FROM item WHERE record LIKE '%decoder approvals%'").fetchone()[0]
        db.execute('DELETE FROM item WHERE id IN (?, (SELECT id FROM item WHERE leaf = ?))', (last, leaf))
        db.execute('UPDATE item SET leaf = NULL')
        db.execute('DELETE FROM node')
        db.execute('DELETE FROM head')
        db.execute('INSERT INTO item (leaf, hash, record, secret, sha256, part_lengths) VALUES (NULL, ?, ?, ?, ?, ?)',
                   (token[4], token[0], token[1], token[2], token[3]))
        db.commit()
        db.close()
        configure(e, [])
        e.must('rebuild')
        e.must('collect')
        code, out = e.run('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem')
        tap.equal(code, 1, out)
        tap.contains(out, 'the ledger was rewritten')
        # the table of anchors is derived: taking the row out does not take the item out
        db = sqlite3.connect(e.path('evidence.db'))
        db.execute('DELETE FROM anchor')
        db.commit()
        db.close()
        tap.contains(e.must('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem', code=1), 'the ledger was rewritten')
        e.must('rebuild')
        tap.equal(report(e, '--unsigned')['anchoring']['standing'], 'not-anchored')
        e.tsa.close()


def case_looks_that_were_still_to_come_when_they_were_stamped():
    """A clock turned ahead writes down a quarter that has not been; the authority's clock gives it away."""
    with estate() as e:
        e.tsa = Tsa(e.path('tsa'))
        for name in os.listdir(e.folder):
            if name != 'tsa':
                os.unlink(e.path(name))

        def program(*words, ahead=0, code=0):
            env = dict(os.environ, **({'LD_PRELOAD': shift_library(), 'SHIFT_SECONDS': str(ahead), 'ASAN_OPTIONS': 'verify_asan_link_order=0:' + os.environ.get('ASAN_OPTIONS', '')} if ahead else {}))
            p = subprocess.run([PROGRAM, *words], cwd=e.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            tap.equal(p.returncode, code, p.stdout.decode())
            return p.stdout.decode()

        program('init', '--domain', 'example.test')
        configure(e, [e.tsa.url])
        program('collect')
        tap.contains(program('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem'), 'existed at')
        configure(e, [])
        program('collect', ahead=30 * 86400)
        configure(e, [e.tsa.url])
        program('collect')
        tap.contains(program('ledger', 'verify', '--timestamp-root', 'tsa/stamper-root.pem', code=1), 'one of them says that it was received later')
        e.tsa.close()


class Witness:
    """Cosigns heads as C2SP tlog-cosignature says, with openssl."""
    def __init__(self, folder, name):
        self.name, self.key = name, os.path.join(folder, name + '.key')
        openssl('genpkey', '-algorithm', 'ed25519', '-out', self.key)
        self.public = openssl('pkey', '-in', self.key, '-pubout', '-outform', 'DER')[-32:]
        self.id = hashlib.sha256(name.encode() + b'\n\x04' + self.public).digest()[:4]
        self.vkey = '%s+%s+%s' % (name, self.id.hex(), base64.b64encode(b'\x04' + self.public).decode())

    def cosign(self, note, when=1795327200):
        text = note.split('\n\n')[0] + '\n'
        path = self.key + '.msg'
        with open(path, 'w') as f:
            f.write('cosignature/v1\ntime %d\n%s' % (when, text))
        sig = openssl('pkeyutl', '-sign', '-rawin', '-inkey', self.key, '-in', path)
        return '\u2014 %s %s\n' % (self.name, base64.b64encode(self.id + struct.pack('>Q', when) + sig).decode())


def case_cosignatures_of_witnesses():
    with estate() as e:
        known, stranger = Witness(e.folder, 'witness.example'), Witness(e.folder, 'stranger.example')
        e.must('collect')
        head = e.sql('SELECT max(size) FROM head')[0][0]
        note = e.sql('SELECT note FROM head WHERE size = ?', head)[0][0]
        e.write('seen', note + known.cosign(note) + stranger.cosign(note))
        code, out = e.run('ledger', 'cosign', 'seen')
        tap.equal(code, 1)
        tap.contains(out, 'no witness is configured')
        with open(e.path('affidavit.yaml'), 'a') as f:
            f.write('witnesses: ["%s"]\n' % known.vkey)
        tap.contains(e.must('ledger', 'cosign', 'seen'), 'witness.example saw the head of')
        tap.contains(e.must('ledger'), 'seen by witness.example')
        out = e.must('ledger', 'verify')
        tap.contains(out, 'witness.example saw this head')
        assert 'stranger' not in out, out
        tap.contains(e.must('ledger', 'show', '--head', str(head), '--out', 'h'), 'h.cosigned')
        tap.equal(open(e.path('h.cosigned')).read(), note + known.cosign(note))
        rows = [('only strangers', note + stranger.cosign(note), 'no signature in it is by a witness'),
                ('another head', note.replace('\n%d\n' % head, '\n%d\n' % (head - 1)) + known.cosign(note), 'no head of'),
                ('another text', 'TEST.other/log\n' + note.split('\n', 1)[1] + known.cosign(note), 'another head'),
                ('a signature over another head', note + known.cosign(note.replace('\n%d\n' % head, '\n7\n')), 'witness witness.example'),
                ('no note', 'hello\n', 'seen')]
        for what, text, why in rows:
            e.write('seen', text)
            code, out = e.run('ledger', 'cosign', 'seen')
            tap.equal(code, 1, what)
            tap.contains(out, why)
        # a line that was put into the store by hand
        db = sqlite3.connect(e.path('evidence.db'))
        line = known.cosign(note, 1795327300).rstrip('\n')
        db.execute('UPDATE cosignature SET line = ?', (line[:-8] + 'AAAAAA' + line[-2:],))
        db.commit()
        db.close()
        code, out = e.run('ledger', 'verify')
        tap.equal(code, 1)
        tap.contains(out, 'witness.example')


def case_configuration_mistakes():
    rows = [('timestamp: [{url: "ldap://x"}]\n', 'begins with https:// or http://'), ('timestamp: [{root: x.pem}]\n', 'url'),
            ('timestamp: [{url: "http://x", colour: red}]\n', 'colour'), ('witnesses: ["nobody"]\n', 'witnesses[0]')]
    with estate() as e:
        text = open(e.path('affidavit.yaml')).read()
        for more, why in rows:
            e.write('affidavit.yaml', text + more)
            code, out = e.run('collect')
            assert code in (1, 64), (code, out)
            tap.contains(out, why)
        e.write('affidavit.yaml', text + 'timestamp: [{url: "http://127.0.0.1:1/", policy: gold}]\n')
        tap.contains(e.must('collect'), 'object identifier')


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
