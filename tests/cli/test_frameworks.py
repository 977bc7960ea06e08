#!/usr/bin/env python3
"""frameworks: what is listed, ids as people write them, the publisher's texts, and mappings that are laid over ours."""
import hashlib, json, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

HERE = os.path.dirname(os.path.abspath(__file__))
SEEDS = os.path.join(HERE, '..', 'fuzz', 'seeds')
NIST = os.path.join(os.environ.get('AFFIDAVIT_SHARED', os.path.join(HERE, '..', '..', '..', 'shared')), 'data', 'frameworks')
AT = '2026-10-05T06:00:00Z'
MINE = '''framework: nist-csf-2.0
version: "3"
author: ACME risk office
date: "2026-08-01"
links:
  - {check: evidence-coverage, control: PR.PS-04, relation: subset-of, rationale: our own words, limit: our own limit}
  - {check: evidence-coverage, control: PR.AA-05, relation: intersects-with, rationale: a row more, limit: none known, cited: PR.AC-4}
'''
CATALOGUE = '''{"id": "acme-1", "title": "ACME rules", "version": "1", "relations": ["subset-of"], "levels": ["rule"],
 "controls": [{"id": "A1", "level": "rule", "title": "Everything is watched"}, {"id": "A2", "level": "rule", "title": "Everything is kept"}]}'''


def frameworks(e, period='2026-Q3', out='r'):
    e.must('report', '--unsigned', '--period', period, '--out', out)
    return {f['id']: f for f in json.load(open(e.path(out + '/report.json')))['frameworks']}


def loud(e, *words):
    """A JSON object with a warning beside it."""
    code, out = e.run(*words, '--json')
    return code, json.loads(out[out.index('{'):out.rindex('}') + 1])


def control(f, wanted):
    return next(c for c in f['controls'] if c['id'] == wanted)


def case_all_are_listed_with_counts():
    with Estate(AT) as e:
        code, out = e.json('frameworks')
        tap.equal(code, 0)
        by = {f['id']: f for f in out['frameworks']}
        tap.equal(list(by), ['nist-csf-2.0', 'owasp-nhi-2025', 'nist-sp-800-53-r5', 'nist-sp-800-207', 'seal-dns-registrar-1.1', 'nist-ai-rmf-1.0'])
        tap.equal([by['nist-csf-2.0'][k] for k in ('live', 'withdrawn')], [134, 91])
        for f in by.values():
            tap.equal(f['rows'] > 0 and len(f['mappings']) == 1 and f['mappings'][0]['ours'], True, f['id'])
        one = e.json('frameworks', 'nist-csf-2.0', 'PR.AA-05')[1]['controls'][0]
        tap.equal(one['checks'], len(one['links']))
        for key in ('check', 'relation', 'rationale', 'limit', 'author', 'date'):
            tap.equal(all(l[key] for l in one['links']), True, key)
        text = e.must('frameworks', 'nist-csf-2.0', 'PR.AA-05')
        tap.contains(text, '%d checks: ' % one['checks'])
        tap.contains(text, 'limit: ')
        tap.equal(re.search(r'\bmet\b|complian', e.must('frameworks', 'nist-csf-2.0')), None)
        for words in (('no-such',), ('nist-csf-2.0', 'PR.XX-01'), ('resolve',), ('import',)):
            tap.equal(e.run('frameworks', *words)[0], 64, ' '.join(words))


def case_ids_as_people_write_them():
    with Estate(AT) as e:
        for word, is_, official, code in (('PR.AA-05', 'live', 'PR.AA-05', 0), ('pr.aa-5', 'live', 'PR.AA-05', 0), ('PR.AC-1', 'withdrawn', 'PR.AC-01', 0),
                                          ('NHI-03', 'ambiguous', None, 64), ('PR.PS-99', 'unknown', None, 64), ('GV.1', 'unknown', None, 64)):
            got_code, got = loud(e, 'frameworks', 'resolve', word)
            tap.equal(got_code, code, word)
            tap.equal(got['is'], is_, word)
            tap.equal(got.get('official', {}).get('id'), official, word)
            tap.equal(bool(got['like']), is_ in ('ambiguous', 'unknown'), word)
        tap.contains(e.must('frameworks', 'resolve', 'PR.AC-1'), 'now PR.AA-01')
        tap.contains(e.must('frameworks', 'resolve', 'PR.AC-1'), 'warning')
        tap.contains(e.run('frameworks', 'resolve', 'NHI-03')[1], 'NHI7:2025')
        tap.contains(e.run('frameworks', 'resolve', 'SC-7', '--framework', '800-207')[1], 'sp800-207-t6')
        tap.equal(e.run('frameworks', 'resolve', 'SC-7', '--framework', 'nist')[0], 64)


def case_every_id_of_the_papers_is_known_as_it_is_cited():
    """Row by row: what a paper cites, under the name that it gives to the framework, leads to what its sentence means."""
    path = os.path.join(NIST, 'mapping-draft', 'cited_controls.tsv')
    if not os.path.exists(path):
        raise tap.Skip('the list of cited ids is not here')
    known = {'SP800-207': 'nist-sp-800-207', 'SP 800-53': 'nist-sp-800-53-r5'}
    with Estate(AT) as e:
        rows = [line.rstrip('\n').split('\t') for line in open(path, encoding='utf-8')][1:]
        tap.equal(len(rows) > 10, True)
        for _, framework, cited, _, resolves, _ in rows:
            word = framework[5:] if cited == '(none)' else cited
            _, got = loud(e, 'frameworks', 'resolve', word, '--framework', framework)
            under = got['as_cited'][0]['under']
            want, at = [], under
            for part in re.split(r'[;,] *| (?=[A-Z]{2}\.|NHI|GOVERN)', resolves):
                for name, there in known.items():
                    if part.startswith(name + ' '):
                        part, at = part[len(name) + 1:], there
                want.append('%s %s' % (at, part.replace('tenet ', 'sp800-207-t')))
            tap.equal(want in [c['official'] for c in got['as_cited']], True, '%s %s: %s' % (framework, cited, want))
            for official in want:
                name, _, id_ = official.partition(' ')
                tap.equal(loud(e, 'frameworks', 'resolve', id_, '--framework', name)[1]['is'], 'live', official)


def case_a_mapping_of_ones_own_is_laid_over_ours():
    with Estate(AT) as e:
        before = e.json('frameworks')[1]['frameworks'][0]['rows']
        e.write('rules/acme.mapping.yaml', MINE)
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + 'frameworks: [rules]\n')
        f = frameworks(e, out='r2')['nist-csf-2.0']
        ours, mine = f['mappings']
        tap.equal([ours['ours'], mine['ours'], mine['rows'], mine['replaces'], mine['label'], mine['author'], mine['date']],
                  [1, 0, 2, 1, 'rules/acme.mapping.yaml', 'ACME risk office', '2026-08-01'])
        tap.equal(mine['sha256'], hashlib.sha256(MINE.encode()).hexdigest())
        tap.equal(ours['rows'], before - 1)
        link = next(l for l in control(f, 'PR.PS-04')['links'] if l['check'] == 'evidence-coverage')
        tap.equal([link['rationale'], link['mapping'], link['replaces']], ['our own words', 1, 1])
        link = next(l for l in control(f, 'PR.AA-05')['links'] if l['check'] == 'evidence-coverage')
        tap.equal([link['cited'], link.get('replaces')], ['PR.AC-4', None])
        text = e.must('frameworks', 'nist-csf-2.0', 'PR.AA-05')
        tap.contains(text, 'by ACME risk office, 2026-08-01')
        tap.contains(text, 'cited there as PR.AC-4')
        # a second one that contradicts it: both lines
        e.write('rules/other.mapping.yaml', MINE.replace('ACME risk office', 'somebody'))
        for verb in (('frameworks',), ('report', '--unsigned', '--period', '2026-Q3', '--out', 'no')):
            code, out = e.run(*verb)
            tap.equal(code, 1, verb[0])
            tap.contains(out, 'rules/other.mapping.yaml:6: check evidence-coverage and control PR.PS-04 stand in rules/acme.mapping.yaml:6 already')
        os.unlink(e.path('rules/other.mapping.yaml'))
        # an old id, and one that never was
        for old, says in (('PR.AC-1', 'PR.AC-01 is withdrawn, see PR.AA-01, PR.AA-05'), ('PR.PS-99', 'rules/acme.mapping.yaml:6: ')):
            e.write('rules/acme.mapping.yaml', MINE.replace('PR.PS-04', old))
            code, out = e.run('frameworks')
            tap.equal(code, 1, old)
            tap.contains(out, says)
        # what is gone is no longer in force, and the report of the earlier head is what it was
        head = json.load(open(e.path('r2/report.json')))['head']['size']
        os.unlink(e.path('rules/acme.mapping.yaml'))
        f = frameworks(e, out='r3')['nist-csf-2.0']
        tap.equal(len(f['mappings']), 1)
        tap.equal(f['mappings'][0]['rows'], before)
        e.must('report', '--unsigned', '--period', '2026-Q3', '--out', 'r4', '--head', str(head))
        tap.equal(open(e.path('r4/report.json')).read(), open(e.path('r2/report.json')).read())


def case_a_framework_of_ones_own():
    with Estate(AT) as e:
        e.write('frameworks/acme-1.json', CATALOGUE)
        tap.equal([f['live'] for f in e.json('frameworks')[1]['frameworks'] if f['id'] == 'acme-1'], [2])
        e.write('frameworks/acme-1.mapping.yaml', MINE.replace('nist-csf-2.0', 'acme-1').replace('PR.PS-04', 'A1').split('  - {check: evidence-coverage, control: PR.AA')[0])
        f = frameworks(e, out='r2')['acme-1']
        tap.equal([control(f, 'A1')['phrase'], control(f, 'A2')['phrase']], ['could-not-be-tested', 'not-addressed'])
        e.write('frameworks/nist-csf-2.0.mapping.yaml', MINE)
        code, out = e.run('check', '--period', '2026-Q3')
        tap.equal(code, 1)
        tap.contains(out, 'a built-in file has that name')


def case_a_file_of_rules_that_would_be_passed_over_is_refused():
    with Estate(AT) as e:
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + 'frameworks: [rules]\n')
        for name, end in (('acme.mapping.yml', '.mapping.yaml'), ('ACME.MAPPING.YAML', '.mapping.yaml'), ('acme.yaml', '.mapping.yaml'), ('acme-1.JSON', '.json'),
                          ('README.md', None), ('acme.mapping.yaml~', None)):
            e.write('rules/' + name, MINE)
            code, out = e.run('frameworks')
            tap.equal(code, 1 if end else 0, name + out)
            tap.contains(out, 'rules/%s:1: the name of this file must end in %s' % (name, end) if end else '')
            os.unlink(e.path('rules/' + name))
        e.write('rules/more/acme.mapping.yaml', MINE)
        tap.contains(e.must('frameworks', code=1), 'rules/more/acme.mapping.yaml is not read, because folders below others are not searched')
        e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read().replace('[rules]', '[rules, rules/more]'))
        tap.contains(e.must('frameworks', 'nist-csf-2.0'), 'rules/more/acme.mapping.yaml: 2 rows')


def case_a_mapping_names_the_line_of_each_fault():
    with Estate(AT) as e:
        for change, says in ((('"2026-08-01"', 'soon'), 'acme.mapping.yaml:4: date: expected a date, as 2026-07-01, got "soon"'),
                             (('framework: nist-csf-2.0', 'framework: nist-csf-3'), 'acme.mapping.yaml:1: framework: expected the id of a framework'),
                             (('author: ACME risk office\n', ''), 'acme.mapping.yaml:1: author: a required field is missing'),
                             (('PR.AA-05, relation: intersects-with, rationale: a row more, limit: none known, cited: PR.AC-4', 'PR.PS-04, relation: subset-of, rationale: again, limit: none'), 'acme.mapping.yaml:7: check evidence-coverage and control PR.PS-04 stand in frameworks/acme.mapping.yaml:6 already: keep one of the rows')):
            e.write('frameworks/acme.mapping.yaml', MINE.replace(*change))
            tap.contains(e.must('frameworks', code=1), says)


def case_ai_rmf_counts_only_when_stated():
    with Estate(AT) as e:
        tap.contains(e.run('check', '--period', '2026-Q3')[1], 'not in scope: nobody states that an AI system')
        config = open(e.path('affidavit.yaml')).read()
        e.write('affidavit.yaml', config + 'frameworks_in_scope: [nist-ai-rmf-1.0]\n')
        f = frameworks(e, out='r2')['nist-ai-rmf-1.0']
        tap.equal([f['in_scope'], 'could-not-be-tested' in set(c['phrase'] for c in f['controls'])], [1, True])
        e.write('affidavit.yaml', config + 'frameworks_in_scope: [no-such]\n')
        code, out = e.run('check', '--period', '2026-Q3')
        tap.equal(code, 1)
        tap.contains(out, 'there is no framework no-such')


def case_texts_are_imported():
    with Estate(AT) as e:
        small = os.path.join(SEEDS, 'oscal_xml', 'small.xml')
        tap.contains(e.run('frameworks', 'import', small)[1], 'is none of the frameworks here')
        xml = '''<catalog xmlns="http://csrc.nist.gov/ns/oscal/1.0"><metadata><title>Ours</title></metadata>
 <control id="A1"><title>Official A1</title><part name="statement"><p>Words of
   the publisher</p></part></control><control id="A2"><title>A2</title><prop name="status" value="withdrawn"/></control></catalog>'''
        e.write('frameworks/acme-1.json', CATALOGUE)
        source = e.write('ours.xml', xml)
        code, out = loud(e, 'frameworks', 'import', source)
        tap.equal([code, out['framework'], out['texts'], out['differ'], out['new']], [0, 'acme-1', 2, 1, True])
        tap.equal(loud(e, 'frameworks', 'import', source)[1]['new'], False)
        tap.contains(e.must('frameworks', 'acme-1', '--texts'), '| Words of the publisher')
        e.write('ours.xml', xml.replace('Words', 'Other words'))
        tap.equal(e.run('frameworks', 'import', source)[0], 64)
        e.must('frameworks', 'import', source, '--replace')
        f = frameworks(e)['acme-1']
        tap.equal(control(f, 'A1')['official_text'], 'Other words of the publisher')
        tap.equal(control(f, 'A1')['title'], 'Everything is watched')
        tap.equal(f['official']['source_sha256'], hashlib.sha256(xml.replace('Words', 'Other words').encode()).hexdigest())
        # ids of another spelling, in JSON: NIST's ac-6.9 is our AC-6(9)
        r5 = e.write('r5.json', json.dumps({'catalog': {'metadata': {'title': 'R5'}, 'groups': [{'id': 'ac', 'title': 'Access', 'controls': [
            {'id': 'ac-6', 'title': 'Least', 'controls': [{'id': 'ac-6.9', 'title': 'Log', 'parts': [{'name': 'statement', 'prose': 'Log it.'}]},
                                                          {'id': 'ac-6.4', 'props': [{'name': 'status', 'value': 'withdrawn'}]}]}]}]}}))
        out = loud(e, 'frameworks', 'import', r5, '--framework', '800-53', '--out', e.path('other'))[1]
        tap.equal([out['texts'], out['withdrawn'], out['framework']], [3, 1, 'nist-sp-800-53-r5'])
        texts = {t['id']: t.get('text') for t in json.load(open(e.path('other/nist-sp-800-53-r5.official.json')))['texts']}
        tap.equal(texts, {'AC': None, 'AC-6': None, 'AC-6(9)': 'Log it.'})
        e.write('ours.xml', '<!DOCTYPE x [<!ENTITY a "b">]>' + xml)
        tap.contains(e.run('frameworks', 'import', source)[1], 'document type')


def case_nist_s_own_texts_are_nist_s():
    xml, core = os.path.join(NIST, 'csf-2.0', 'NIST_CSF_v2.0_catalog.xml'), os.path.join(NIST, 'csf-2.0', 'csf2_core.tsv')
    if not os.path.exists(xml):
        raise tap.Skip('NIST\'s catalogue is not here')
    with Estate(AT) as e:
        code, out = e.json('frameworks', 'import', xml)
        tap.equal([code, out['framework'], out['texts'], out['withdrawn'], out['differ']], [0, 'nist-csf-2.0', 134, 91, 0])
        got = {c['id']: c for c in e.json('frameworks', 'nist-csf-2.0', '--texts')[1]['controls']}
        n = 0
        for line in open(core, encoding='utf-8').read().split('\n')[1:]:
            if line:
                id_, level, title, text = line.split('\t')
                tap.equal([got[id_]['level'], got[id_]['official_title'], got[id_]['official_text']], [level, title, text], id_)
                n += 1
        tap.equal(n, 134)


TOKEN = re.compile(r'[A-Za-z_][A-Za-z0-9._-]*')
UUID5 = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}')


def values(x, key):
    """All values of KEY, wherever it stands."""
    if isinstance(x, dict):
        for k, v in x.items():
            if k == key:
                yield v
            yield from values(v, key)
    elif isinstance(x, list):
        for v in x:
            yield from values(v, key)


def texts(x):
    if isinstance(x, str):
        yield x
    elif isinstance(x, (dict, list)):
        if not x:
            raise AssertionError('something empty')      # OSCAL takes no empty list
        for v in x.values() if isinstance(x, dict) else x:
            yield from texts(v)


def export(e, *words):
    out = e.must('frameworks', 'export', '--oscal', *words)
    tap.equal(e.must('frameworks', 'export', '--oscal', *words), out, 'made twice')
    return json.loads(out)


def case_mappings_go_out_as_oscal():
    with Estate(AT) as e:
        listed = {f['id']: f for f in e.json('frameworks')[1]['frameworks']}
        checks = {c['id'] for c in export(e, 'checks')['catalog']['controls']}
        doc = export(e)['mapping-collection']
        tap.equal(doc['metadata']['oscal-version'], '1.2.1')
        tap.equal(len(doc['mappings']), 6)
        tap.equal(sum(len(m['maps']) for m in doc['mappings']), sum(f['rows'] for f in listed.values()))
        for t in texts(doc):
            tap.equal(t == t.strip() and '\n' not in t, True, repr(t))
        for u in list(values(doc, 'uuid')):
            tap.equal(bool(UUID5.fullmatch(u)), True, u)
        tap.equal(len(set(values(doc, 'uuid'))), len(list(values(doc, 'uuid'))))
        inside = set(values(doc['back-matter'], 'uuid'))
        for m in doc['mappings']:
            for end in ('source-resource', 'target-resource'):
                href = m[end]['href']
                tap.equal(href[1:] in inside if href[0] == '#' else href.startswith('https://'), True, href)
            for row in m['maps']:
                tap.equal(row['sources'][0]['id-ref'] in checks, True, row['sources'][0]['id-ref'])
                tap.equal(bool(TOKEN.fullmatch(row['targets'][0]['id-ref'])), True, row['targets'][0]['id-ref'])
                set_relation = row['relationship'] in ('subset-of', 'intersects-with')
                tap.equal(set_relation or row['relationship'] in ('indicates', 'context') and 'ns' in row, True, row['relationship'])
                tap.equal(set_relation and 'ns' in row, False, 'a word of NIST in a namespace of ours')
                tap.equal({p['name'] for p in row['props']} >= {'rationale', 'limit', 'author', 'date'}, True)
        ids = {t['id-ref'] for m in doc['mappings'] for row in m['maps'] for t in row['targets']}
        labels = {p['value'] for m in doc['mappings'] for row in m['maps'] for t in row['targets'] for p in t['props']}
        for token, label in (('nhi5-2025', 'NHI5:2025'), ('PR.AA-05', 'PR.AA-05'), ('ac-6', 'AC-6'), ('measure-2.4', 'MEASURE 2.4'), ('sp800-207-t7', 'sp800-207-t7'), ('dns-5.1.1', 'dns-5.1.1')):
            tap.equal([token in ids, label in labels], [True, True], token)
        csf = next(m for m in doc['mappings'] if 'CSF' in m['target-resource']['href'])
        gap = set(csf['target-gap-summary']['unmapped-controls'][0]['with-ids'])
        tap.equal(gap & {row['targets'][0]['id-ref'] for row in csf['maps']}, set())
        tap.equal([i in gap for i in ('PR.AC-01', 'PR.AA', 'PR.AA-06')], [False, False, True])
        # one alone, into a file; the document is another, its rows are the same
        e.must('frameworks', 'export', '--oscal', 'owasp-nhi-2025', '--out', 'nhi.json')
        one = json.load(open(e.path('nhi.json')))['mapping-collection']
        tap.equal([len(one['mappings']), one['uuid'] == doc['uuid']], [1, False])
        tap.equal(one['mappings'][0] in doc['mappings'], True)
        # an author of one's own, and the old id
        e.write('frameworks/acme.mapping.yaml', MINE)
        mine = export(e, 'nist-csf-2.0')['mapping-collection']
        tap.equal({p['name'] for p in mine['metadata']['parties']}, {'Affidavit project', 'ACME risk office'})
        tap.equal('PR.AC-4' in [p['value'] for m in mine['mappings'][0]['maps'] for p in m['props'] if p['name'] == 'cited'], True)
        for words in (('export',), ('export', '--oscal', 'no-such')):
            tap.equal(e.run('frameworks', *words)[0], 64, ' '.join(words))


OWN = '''/*
id: own-rule
title: >
  A title
  of two lines
severity: high
resource: domain
why: W.
remedy: |
  One.
  Two.
*/
SELECT d.name AS resource, '' AS key, 'fail' AS status, 'presence' AS basis, 'Because.' AS reason, 'domain' AS ref_table, d.rowid AS ref_id, 5 AS observed_at
FROM domain d

-- population
SELECT d.name AS resource, NULL AS evidence, NULL AS scope, 0 AS need_from, 0 AS need_to, NULL AS grade FROM domain d
'''


def with_a_check_of_ones_own(e):
    e.write('affidavit.yaml', open(e.path('affidavit.yaml')).read() + 'checks: [mine]\n')
    e.write('mine/own-rule.sql', OWN)
    e.write('frameworks/own.mapping.yaml', MINE.split('  - ')[0] + '  - {check: own-rule, control: PR.PS-04, relation: subset-of, rationale: r, limit: l}\n')


def case_checks_of_ones_own_go_out_too():
    with Estate(AT) as e:
        before = [c['id'] for c in export(e, 'checks')['catalog']['controls']]
        with_a_check_of_ones_own(e)
        doc = export(e, 'checks')['catalog']
        ids = [c['id'] for c in doc['controls']]
        tap.equal([ids, ids == sorted(ids)], [sorted(before + ['own-rule']), True])
        own = next(c for c in doc['controls'] if c['id'] == 'own-rule')
        tap.equal([p['value'] for p in own['props'] if p['name'] == 'sha256'], [hashlib.sha256(OWN.encode()).hexdigest()])
        for m in export(e)['mapping-collection']['mappings']:
            for row in m['maps']:
                tap.equal(row['sources'][0]['id-ref'] in ids, True, row['sources'][0]['id-ref'])
        e.write('mine/broken.sql', 'SELECT 1')
        tap.contains(e.must('frameworks', 'export', '--oscal', 'checks', code=1), 'mine/broken.sql:1: ')


def case_oscal_fits_nist_s_schemas():
    folder = os.path.join(NIST, 'oscal')
    try:
        import jsonschema
    except ImportError:
        raise tap.Skip('python3-jsonschema is not here')
    if not os.path.isdir(folder):
        raise tap.Skip('the schemas are not here')

    def faults(name, doc):
        text = open(os.path.join(folder, name), encoding='utf-8').read()
        for unicode, plain in (('\\\\p{L}', '[A-Za-z]'), ('\\\\p{N}', '[0-9]')):      # Python's expressions do not know them
            text = text.replace(unicode, plain)
        return [e.message[:200] for e in jsonschema.Draft7Validator(json.loads(text)).iter_errors(doc)]

    with Estate(AT) as e:
        e.write('frameworks/acme.mapping.yaml', MINE)
        tap.equal(faults('oscal_mapping_schema.json', export(e, 'owasp-nhi-2025')), [])
        doc = export(e, 'nist-csf-2.0')
        tap.equal(faults('oscal_mapping_schema.json', doc), [])
        with_a_check_of_ones_own(e)
        tap.equal(faults('oscal_catalog_schema.json', export(e, 'checks')), [])
        doc['mapping-collection']['mappings'][0]['maps'][0]['targets'][0]['id-ref'] = ''
        tap.equal(faults('oscal_mapping_schema.json', doc) == [], False)      # the schema does look


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
