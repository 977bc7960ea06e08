"""report.json and report.pdf as other people's tools see them."""
import hashlib, html, json, os, re, resource, subprocess, sys, tempfile, time, zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from tap import Skip, contains, equal

SAMPLE = os.environ['REPORT_SAMPLE']
KINDS = ['quarter', 'clean', 'empty', 'hostile', '1', '500']
WORK = tempfile.TemporaryDirectory(prefix='affidavit-reports-')
MARGIN, LIVE, HEIGHT = 51.64, 492, 841.89

def run(*args, env=None):
    try:
        p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    except FileNotFoundError:
        raise Skip('%s is not installed' % args[0])
    if p.returncode:
        said = (p.stdout + p.stderr).decode('utf-8', 'replace')[:4000]
        raise AssertionError('%s: exit %d\n%s' % (' '.join(args), p.returncode, said))
    return p.stdout.decode('utf-8', 'replace'), p.stderr.decode('utf-8', 'replace')

MADE = {}

def made(kind):
    if kind not in MADE:
        prefix = os.path.join(WORK.name, kind)
        run(SAMPLE, kind, prefix)
        MADE[kind] = prefix
    return MADE[kind]

def bytes_of(path):
    with open(path, 'rb') as f:
        return f.read()

def words(text):
    return ' '.join(text.split())

def case_json_is_what_another_canonicaliser_writes():
    def utf16(pairs):
        names = [k for k, _ in pairs]
        equal(len(set(names)), len(names), 'doubled names')
        return dict(sorted(pairs, key=lambda kv: kv[0].encode('utf-16-be')))

    def look(v):
        if isinstance(v, dict):
            for k, x in v.items():
                assert k.isascii(), k
                look(x)
        elif isinstance(v, list):
            for x in v:
                look(x)
        elif isinstance(v, bool) or not isinstance(v, (int, str)):
            raise AssertionError('%r is neither text nor integer' % (v,))
        elif isinstance(v, int):
            assert 0 <= v <= 2 ** 53, v

    for kind in KINDS:
        raw = bytes_of(made(kind) + '.json')
        v = json.loads(raw.decode('utf-8'), object_pairs_hook=utf16)
        look(v)
        equal(json.dumps(v, ensure_ascii=False, separators=(',', ':')).encode('utf-8'), raw, kind)

def case_json_says_what_docs_say_of_ids():
    v = json.loads(bytes_of(made('quarter') + '.json'))
    import base64
    lines = [v['format'], v['head']['root'], str(v['head']['size']), v['period']['from'], v['period']['to'], v['as_of'],
             v['engine']]
    b32 = base64.b32encode(hashlib.sha256(''.join(l + '\n' for l in lines).encode()).digest()).decode()
    equal(v['report_id'], '-'.join([b32[0:4], b32[4:8], b32[8:12]]))
    text = ''.join('%s %s\n' % (c['id'], c['sha256']) for c in v['checks'])
    equal(v['rules']['checks_sha256'], hashlib.sha256(text.encode()).hexdigest())

def case_json_members_are_documented():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '..', '..', 'docs', 'report-json.md'), encoding='utf-8') as f:
        page = f.read()
    for kind in ('quarter', 'hostile'):
        def names(v):
            if isinstance(v, dict):
                for k, x in v.items():
                    yield k
                    yield from names(x)
            elif isinstance(v, list):
                for x in v:
                    yield from names(x)
        for name in set(names(json.loads(bytes_of(made(kind) + '.json')))):
            assert re.search(r'`(?:\w+\.)?%s`' % re.escape(name), page), 'docs/report-json.md lacks %r' % name

def case_qpdf_finds_nothing():
    for kind in KINDS:
        out, err = run('qpdf', '--check', made(kind) + '.pdf')
        contains(out, 'No syntax or stream encoding errors found')
        assert 'WARNING' not in out + err, out + err

def case_fonts_are_embedded_subsets_with_unicode():
    for kind in KINDS:
        out, err = run('pdffonts', made(kind) + '.pdf')
        rows = [l for l in out.splitlines()[2:] if l.strip()]
        equal(len(rows), 3, kind)
        for l in rows:
            assert re.search(r'CID TrueType\s+Identity-H\s+yes yes yes', l), l
        equal(err, '', kind)

def case_text_reads_as_it_looks():
    rows = [
        ('quarter', [
            'Exceptions noted', 'Example Trading Ltd', 'Third quarter of 2026', 'Statement of scope and period',
            'Summary', 'Coverage', 'Controls: NIST CSF 2.0', 'Controls: OWASP NHI Top 10 2025',
            'How to check this report', 'Results by check', 'Evidence cited', 'GV.OC-01 to 05', 'not addressed',
            'final; as of 2026-10-03 06:00:00 UTC', 'pdfsig -nssdir sql:nss report.pdf',
            'Exception to “Credentials write only what they exist for”',
            'To be reviewed: “Each zone change has an author”', 'Not decided: “Each issuance has its challenge”',
            '1 withdrawn id is not listed', 'registrar-b account-b',
            '5 d 19 h', '— affidavit.example.com/log', 'max_age = 24h by the policy, else 48h',
            "the check's own is medium. Approved by CISO, recorded 2026-07-02 08:00. Reason: These keys reach every zone.",
            'without the waivers; with them: exceptions noted',
            'Against 2026-04-01 00:00 until 2026-07-01 00:00 UTC, judged by the same rules: 3 new, 1 open since then, 1 reopened, 1 closed.',
            'Of 1 finding of then nobody can tell: 1 could not be tested now, 0 are in scope no more.', 'Then 2 tests could not be made.',
            'Comparison with the period before', 'Findings of then that are none now', 'Learned since about the period before', 'open; new']),
        ('clean', [
            'No exceptions noted in 48 tests', 'No findings in 48 tests.',
            'No source that is configured has a gap in the period.', 'The policy has no waivers.']),
        ('empty', [
            'Nothing could be tested', 'Nothing is in scope', 'Organisation not stated',
            'No source is configured, so nothing was seen.', 'No finding cites evidence.']),
        ('hostile', [
            'TEST', 'Provisional', 'TEST.', '[U+202E]evil[U+202C]', '[U+1F512]', 'A[U+0009]B C[U+001B][31mred',
            '[U+200B]',
            '%s%n%x (not a format) \\) Tj ET Q (', 'The period ends on 2026-10-01 00:00:00 UTC', 'xn--mnchen-3ya']),
        ('500', ['500 findings', 'F500', '500 of 503 shown, the rest is in report.json.']),
    ]
    for kind, expected in rows:
        out, err = run('pdftotext', '-layout', made(kind) + '.pdf', '-')
        raw, _ = run('pdftotext', '-raw', made(kind) + '.pdf', '-')
        text = words(out) + ' ' + words(raw)
        for e in expected:
            assert e in text, '%s: %r is not there' % (kind, e)
        assert '\u202e' not in out and '\x1b' not in out
        equal(err, '', kind)

def case_every_word_is_inside_the_margins():
    for kind in KINDS:
        out, _ = run('pdftotext', '-bbox', made(kind) + '.pdf', '-')
        n = 0
        number = r'"([-\d.]+)"'
        for m in re.finditer('<word xMin=%s yMin=%s xMax=%s yMax=%s>(.*?)</word>' % ((number,) * 4), out):
            x0, y0, x1, y1 = map(float, m.groups()[:4])
            inside = x0 >= MARGIN - 0.05 and x1 <= MARGIN + LIVE + 0.05 and y0 >= 40 and y1 <= HEIGHT - 45
            n += 1
            assert inside, '%s: %s at %s' % (kind, html.unescape(m.group(5)), m.groups()[:4])
        assert n > 300, n

def page_words(kind):
    out, _ = run('pdftotext', '-bbox', made(kind) + '.pdf', '-')
    number = r'"([-\d.]+)"'
    word = re.compile('<word xMin=%s yMin=%s xMax=%s yMax=%s>(.*?)</word>' % ((number,) * 4))
    for page in out.split('<page ')[1:]:
        yield [tuple(map(float, m.groups()[:4])) + (html.unescape(m.group(5)),) for m in word.finditer(page)]


def page_boxes(kind):
    pages = {}
    with open(made(kind) + '.boxes', encoding='utf-8', newline='\n') as f:
        for line in f:
            p, x, y, w, size, cx, cy, cw, ch, text = line[:-1].split(' ', 9)
            pages.setdefault(int(p), []).append([int(v) / 1000 for v in (x, y, w, size, cx, cy, cw, ch)] + [text])
    return pages


def case_every_word_is_inside_its_cell():
    """What poppler measures is what was laid out: each word lies in its text boxes, and they in their cells."""
    for kind in ('quarter', 'hostile', 'empty', '500'):
        laid = page_boxes(kind)
        for p, found in enumerate(page_words(kind), 1):
            reach = {}
            for x0, y0, x1, y1, word in found:
                middle = (y0 + y1) / 2
                on = [i for i, b in enumerate(laid[p])
                      if b[1] - b[3] < middle < b[1] + 0.2 * b[3] and b[0] < x1 - 0.2 and b[0] + b[2] > x0 + 0.2]
                assert on, '%s, page %d: %r was not laid out there' % (kind, p, word)
                boxes = [laid[p][i] for i in on]
                for at, wide in ((0, 2), (4, 6)):                # of the text, of its cell
                    left, right = min(b[at] for b in boxes), max(b[at] + b[wide] for b in boxes)
                    assert left - 0.1 < x0 and x1 < right + 0.1, (kind, p, word)
                for i in on:
                    lo, hi = reach.get(i, (x0, x1))
                    reach[i] = (min(lo, x0), max(hi, x1))
            for i, (lo, hi) in reach.items():
                x, _, w = laid[p][i][:3]
                text = laid[p][i][8]
                assert lo < x + 0.1 or text[0] == ' ', (kind, p, text)
                assert hi > x + w - 0.1 or text[-1] == ' ', (kind, p, text)


def case_report_json_is_inside():
    for kind in KINDS:
        prefix = made(kind)
        inside = os.path.join(WORK.name, 'inside.json')
        out, _ = run('pdfdetach', '-list', prefix + '.pdf')
        contains(out, '1 embedded files')
        contains(out, 'report.json')
        run('pdfdetach', '-save', '1', '-o', inside, prefix + '.pdf')
        equal(bytes_of(inside), bytes_of(prefix + '.json'), kind)

def objects(kind):
    out, _ = run('qpdf', '--json=latest', '--json-stream-data=none', made(kind) + '.pdf')
    return json.loads(out)['qpdf'][1]

def case_structure_is_pdfa_3b():
    for kind in ('quarter', 'hostile', 'empty'):
        o = objects(kind)

        def get(v):
            if not isinstance(v, str) or not re.fullmatch(r'\d+ \d+ R', v):
                return v
            return o['obj:' + v]['value'] if 'value' in o['obj:' + v] else o['obj:' + v]['stream']['dict']

        trailer = o['trailer']['value']
        catalog = get(trailer['/Root'])
        sha = hashlib.sha256(bytes_of(made(kind) + '.json')).hexdigest()
        equal(trailer['/ID'], ['b:' + sha[:32]] * 2)
        equal(catalog['/Lang'], 'u:en')
        intent = get(get(catalog['/OutputIntents'])[0])
        equal(intent['/S'], '/GTS_PDFA1')
        equal(get(intent['/DestOutputProfile'])['/N'], 3)
        spec = get(get(catalog['/AF'])[0])
        equal(spec['/AFRelationship'], '/Data')
        equal(spec['/UF'], 'u:report.json')
        equal(get(spec['/EF']['/F'])['/Subtype'], '/application/json')
        equal(get(get(spec['/EF']['/F'])['/Params'])['/Size'], os.path.getsize(made(kind) + '.json'))
        meta = o['obj:' + catalog['/Metadata']]['stream']['dict']
        assert '/Filter' not in meta
        dicts = [v['value'] for v in o.values() if isinstance(v.get('value'), dict)]
        descriptors = [d for d in dicts if d.get('/Type') == '/FontDescriptor']
        equal(len(descriptors), 3)
        for d in descriptors:
            assert d['/CapHeight'] > 500 and '/FontFile2' in d
        for v in o.values():
            d = v.get('value')
            if isinstance(d, dict) and d.get('/Subtype') == '/Link':
                equal(d['/F'], 4)
            if isinstance(d, dict):
                for never in ('/AA', '/OpenAction', '/JS', '/SMask'):
                    assert never not in d, never

def case_metadata_is_xml_and_says_what_info_says():
    for kind in ('quarter', 'hostile', 'empty'):
        xml, _ = run('pdfinfo', '-meta', made(kind) + '.pdf')
        path = os.path.join(WORK.name, 'meta.xml')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(xml)
        run('xmllint', '--noout', path)
        said = run('pdfinfo', '-isodates', made(kind) + '.pdf')[0]
        info = dict(l.split(':', 1) for l in said.splitlines() if ':' in l)
        within = r'<%s>(?:<rdf:\w+>)?(?:<rdf:li[^>]*>)?([^<]*)<'
        pick = lambda name: html.unescape(re.search(within % name, xml).group(1))
        equal(pick('dc:title'), info['Title'].strip())
        equal(pick('dc:creator'), info['Author'].strip())
        equal(pick('dc:description'), info['Subject'].strip())
        equal(pick('pdf:Producer'), info['Producer'].strip())
        equal(pick('xmp:CreatorTool'), info['Creator'].strip())
        for a, b in (('xmp:CreateDate', 'CreationDate'), ('xmp:ModifyDate', 'ModDate')):
            equal(pick(a), info[b].strip().replace('+00:00', 'Z').replace('+00', 'Z'))
        contains(xml, '<pdfaid:part>3</pdfaid:part>')
        contains(xml, '<pdfaid:conformance>B</pdfaid:conformance>')

def case_colour_profile_is_srgb():
    o = objects('quarter')
    ref = [k for k, v in o.items() if v.get('stream', {}).get('dict', {}).get('/N') == 3][0]
    show = ['qpdf', '--show-object=' + ref[4:].split()[0], '--filtered-stream-data', made('quarter') + '.pdf']
    p = subprocess.run(show, stdout=subprocess.PIPE, check=True).stdout
    u32 = lambda at: int.from_bytes(p[at:at + 4], 'big')
    equal(u32(0), len(p), 'size')
    equal(p[12:24], b'mntrRGB XYZ ')
    equal(p[36:40], b'acsp')
    tags = {p[132 + 12 * i:136 + 12 * i]: (u32(136 + 12 * i), u32(140 + 12 * i)) for i in range(u32(128))}
    equal(sorted(tags), sorted([b'desc', b'cprt', b'wtpt', b'rXYZ', b'gXYZ', b'bXYZ', b'rTRC', b'gTRC', b'bTRC']))
    for off, n in tags.values():
        assert off % 4 == 0 and off + n <= len(p)
    xyz = lambda t: [u32(tags[t][0] + 8 + 4 * i) / 65536 for i in range(3)]
    for i in range(3):                       # the three primaries together are the white of the profile's own space
        assert abs(sum(xyz(t)[i] for t in (b'rXYZ', b'gXYZ', b'bXYZ')) - xyz(b'wtpt')[i]) < 0.001
    at = tags[b'rTRC'][0]
    n = u32(at + 8)
    for i in range(n):
        x = i / (n - 1)
        want = x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
        assert abs(int.from_bytes(p[at + 12 + 2 * i:at + 14 + 2 * i], 'big') / 65535 - want) < 0.00002, i

def case_the_same_bytes_each_time():
    for kind in ('quarter', 'hostile', '500'):
        again = os.path.join(WORK.name, 'again')
        env = dict(os.environ, TZ='Asia/Kathmandu', LC_ALL='de_DE.UTF-8', LANG='tr_TR.UTF-8')
        run(SAMPLE, kind, again, env=env)
        equal(bytes_of(again + '.json'), bytes_of(made(kind) + '.json'), kind)
        assert bytes_of(again + '.pdf') == bytes_of(made(kind) + '.pdf'), kind

def case_one_revision_with_a_classic_table():
    for kind in KINDS:
        pdf = bytes_of(made(kind) + '.pdf')
        equal(pdf[:8], b'%PDF-1.7')
        equal(pdf.count(b'%%EOF'), 1)
        start = int(re.search(rb'startxref\s+(\d+)\s+%%EOF\s*\Z', pdf).group(1))
        assert pdf[start:start + 4] == b'xref'
        root = re.search(rb'/Root (\d+) 0 R', pdf[start:]).group(1)
        catalog = re.search(rb'\n%s 0 obj\s*<<(.*?)\nendobj' % root, pdf, re.S).group(1)
        assert re.search(rb'/Pages \d+ 0 R', catalog)
        for never in (b'/ObjStm', b'/XRef', b'/AcroForm', b'/Encrypt'):
            assert never not in pdf, never

def case_cost_of_many_findings():
    began = time.monotonic()
    made('2000')
    seconds = time.monotonic() - began
    pages = int(re.search(r'Pages:\s+(\d+)', run('pdfinfo', made('2000') + '.pdf')[0]).group(1))
    rss = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print('# 2,000 findings: %d pages, %.1f s, at most %d MB (with sanitizers, if built so)' % (pages, seconds, rss))
    assert pages > 900

tap.main(sys.modules[__name__])
