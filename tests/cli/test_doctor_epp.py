#!/usr/bin/env python3
"""doctor --epp-schemas: frames against schemas, those of this file (EPP in small) and the registries' own where they are here."""
import os, socket, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

DAY = '2026-07-%02dT12:00:00Z'
EPP, LOCK, ODD = 'urn:ietf:params:xml:ns:epp-1.0', 'urn:test:lock-1.0', 'http://vendor.test/odd-2.0'
SHARED = os.environ.get('AFFIDAVIT_SHARED') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'shared')

# A response with a code, wrapped values and extensions: as much of RFC 5730 as the cases need.
EPP_XSD = '''<?xml version="1.0"?>
<schema targetNamespace="%s" xmlns:e="%s" xmlns="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">
<element name="epp"><complexType><sequence><element name="response" type="e:response"/></sequence></complexType></element>
<complexType name="response"><sequence>
 <element name="result" maxOccurs="unbounded"><complexType><sequence>
  <element name="msg" type="string"/>
  <element name="extValue" minOccurs="0" maxOccurs="unbounded"><complexType><sequence>
   <element name="value"><complexType mixed="true"><sequence><any namespace="##any" processContents="skip"/></sequence></complexType></element>
   <element name="reason" type="string"/></sequence></complexType></element>
  </sequence><attribute name="code" type="unsignedShort" use="required"/></complexType></element>
 <element name="extension" minOccurs="0"><complexType><sequence><any namespace="##other" maxOccurs="unbounded"/></sequence></complexType></element>
 <element name="pw" type="e:pw" minOccurs="0"/>
</sequence></complexType>
<simpleType name="pw"><restriction base="string"><pattern value="[a-z0-9]{0,4}"/></restriction></simpleType>
</schema>
''' % (EPP, EPP)
LOCK_XSD = '''<schema targetNamespace="%s" xmlns="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified">%s
<element name="lock"><complexType><sequence><element name="locked" type="boolean"/></sequence></complexType></element>
</schema>
'''


def frame(inner='', extension='', code='1000', end=''):
    return ('<?xml version="1.0"?>\n<epp xmlns="%s"><response>\n<result code="%s"><msg>text</msg>%s</result>\n%s%s</response></epp>\n'
            % (EPP, code, inner, '<extension>\n%s</extension>\n' % extension if extension else '', end))


def lock(value='true', ns=LOCK):
    return '<l:lock xmlns:l="%s">\n<l:locked>%s</l:locked></l:lock>\n' % (ns, value)


def unannounced(payload, ns):
    return '<extValue>\n<value>%s</value><reason>%s not in login services</reason></extValue>' % (payload, ns)


class World(Estate):
    def __init__(self, **schemas):
        super().__init__(DAY % 1)
        self.write('xsd/epp-1.0.xsd', EPP_XSD)
        self.write('xsd/vendor/lock-1.0.xsd', LOCK_XSD % (LOCK, ''))
        for name, text in schemas.items():
            self.write('xsd/%s.xsd' % name, text)

    def judge(self, text):
        """(exit code, verdict, [(kind, line, what stands for it)])"""
        self.write('frame.xml', text)
        code, out = self.json('doctor', '--epp-schemas', 'xsd', 'frame.xml')
        f, = out['frames']
        return code, f['verdict'], [(x['kind'], x['line'], x.get('schema') if x['kind'] == 'invalid' else x['namespace']) for x in f.get('flaws') or []]


TABLE = [
    ('a plain answer', frame(), (0, 'valid', [])),
    ('an extension whose schema is here', frame(extension=lock()), (0, 'valid', [])),
    ('a code that is no number', frame(code='x'), (3, 'invalid', [('invalid', 3, 'epp-1.0.xsd')])),
    ('a prefix that sounds like a secret is none', frame(extension=lock().replace('l:lock', 'token:lock').replace('xmlns:l=', 'xmlns:token=')), (0, 'valid', [])),
    ('an extension with a wrong value', frame(extension=lock('maybe')), (3, 'invalid', [('invalid', 6, 'vendor/lock-1.0.xsd')])),
    ('an extension nobody knows', frame(extension=lock(ns=ODD)), (3, 'not judged to its end', [('no-schema', 5, ODD)])),
    ('an extension nobody knows hides no error behind it', frame(extension=lock(ns=ODD) + lock('maybe')),
     (3, 'invalid', [('no-schema', 5, ODD), ('invalid', 8, 'vendor/lock-1.0.xsd')])),
    ('an element that its namespace does not have', frame(extension='<l:other xmlns:l="%s"/>' % LOCK), (3, 'invalid', [('invalid', 5, 'vendor/lock-1.0.xsd')])),
    ('what was not announced is judged by itself', frame(unannounced(lock(), LOCK)), (0, 'valid', [('unannounced', 4, LOCK)])),
    ('what was not announced, and wrong', frame(unannounced(lock('maybe'), LOCK)), (3, 'invalid', [('unannounced', 4, LOCK), ('invalid', 5, 'vendor/lock-1.0.xsd')])),
    ('what was not announced, and unknown', frame(unannounced(lock(ns=ODD), ODD)), (0, 'valid', [('unannounced', 4, ODD)])),
    ('a value quoted for another reason', frame('<extValue><value>%s</value><reason>wrong</reason></extValue>' % lock('maybe')), (0, 'valid', [])),
    ('another document', '<html xmlns="http://www.w3.org/1999/xhtml"/>', (3, 'invalid', [('invalid', 1, None)])),
    ('not XML', '<epp', (1, 'unreadable', [])),
    ('entities that grow', '<!DOCTYPE epp [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + frame('&b;')[22:], (1, 'unreadable', [])),
    ('larger than a frame may be', frame(' ' * (1 << 20)), (1, 'unreadable', [])),
]


def case_frames():
    with World() as w:
        for name, text, expected in TABLE:
            tap.equal(w.judge(text), expected, name)


def case_a_secret_is_in_no_message():
    with World() as w:
        w.write('frame.xml', frame(end='<pw>s3cret-code</pw>'))
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'frame.xml')
        tap.equal(code, 3, out)
        tap.contains(out, "'***********'")
        assert 's3cret' not in out, out


def case_several_files_and_one_that_is_not_there():
    with World() as w:
        w.write('a.xml', frame())
        w.write('b.xml', frame(code='x'))
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'a.xml', 'b.xml')
        tap.equal(code, 3, out)
        tap.contains(out, 'a.xml: valid')
        tap.contains(out, "line 3  epp-1.0.xsd: Element '{%s}result', attribute 'code'" % EPP)
        tap.contains(out, 'exit 3: frames: 2; not valid: 1; not judged to their end: 0; that cannot be read: 0')
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'absent.xml', 'b.xml')
        tap.equal(code, 1, out)
        tap.contains(out, 'b.xml: invalid')


def case_schemas_that_cannot_be_used_are_named():
    doctype = '<!DOCTYPE schema PUBLIC "-//X//EN" "http://127.0.0.1:9/x.dtd" [ <!-- don\'t --> <!ENTITY x "y"> ]>\n'
    other = LOCK_XSD.replace('name="lock"', 'name="%s"')
    with World(broken='<schema', text='<html/>', again=LOCK_XSD % (LOCK, ''), doctype=doctype + other % ('urn:test:d', '', 'lock'),
               entity=doctype + (other % ('urn:test:e', '', '&x;')), needs=other % ('urn:test:n', '<import namespace="urn:test:absent"/>', 'lock" type="a:b" xmlns:a="urn:test:absent')) as w:
        w.write('frame.xml', frame(extension=lock(ns='urn:test:d')))
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'frame.xml')
        tap.equal(code, 0, out)
        for name, why in (('broken.xsd', 'schema: not well-formed'), ('text.xsd', 'not an XML schema'), ('vendor/lock-1.0.xsd', 'again.xsd has the same namespace'),
                          ('entity.xsd', 'schema: not well-formed'),
                          ('needs.xsd', 'needs urn:test:absent')):
            tap.contains(out, 'left out: %s: %s' % (name, why))
        assert 'left out: doctype.xsd' not in out, out
        os.remove(w.path('xsd/epp-1.0.xsd'))
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'frame.xml')
        tap.equal(code, 1, out)
        tap.contains(out, 'no usable schema of ' + EPP)
        tap.equal(w.run('doctor', '--epp-schemas', 'absent', 'frame.xml')[0], 1)
        tap.equal(w.run('doctor', '--epp-schemas', 'xsd', '--server', 'bind')[0], 64)


def case_a_schema_that_includes_another_is_one_with_it():
    part = LOCK_XSD % (LOCK, '')
    with World(all='<schema targetNamespace="%s" xmlns="http://www.w3.org/2001/XMLSchema"><include schemaLocation="lock-1.0.xsd"/></schema>' % LOCK) as w:
        tap.equal(w.judge(frame(extension=lock('maybe')))[:2], (3, 'invalid'))
        tap.equal(w.judge(frame(extension=lock()))[:2], (0, 'valid'))


def case_nothing_is_fetched():
    with socket.socket() as s, World() as w:
        s.bind(('127.0.0.1', 0))
        s.listen(4)
        s.settimeout(0.2)
        url = 'http://127.0.0.1:%d/x.xsd' % s.getsockname()[1]
        w.write('xsd/far.xsd', LOCK_XSD % ('urn:test:far', '<import namespace="urn:test:x" schemaLocation="%s"/>' % url))
        w.write('outside.xsd', LOCK_XSD % ('urn:test:outside', ''))
        w.write('xsd/up.xsd', LOCK_XSD.replace('"lock"', '"lock" type="o:lock" xmlns:o="urn:test:outside"') % ('urn:test:up', '<import namespace="urn:test:outside" schemaLocation="../outside.xsd"/>'))
        hint = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="%s %s"' % (ODD, url)
        w.write('frame.xml', frame(extension=lock(ns=ODD)).replace('<epp', '<epp' + hint, 1))
        code, out = w.run('doctor', '--epp-schemas', 'xsd', 'frame.xml')
        tap.equal(code, 3, out)
        tap.contains(out, 'left out: up.xsd: needs urn:test:outside, of which no usable schema is here')
        try:
            s.accept()
            raise AssertionError('something was fetched')
        except socket.timeout:
            pass


def case_frames_in_the_store():
    with World() as w:
        w.write('affidavit.yaml', 'organisation: X\ninventory: inventory.yaml\nsources:\n  - {name: frames, type: epp-frames, path: frames, account: r1}\n')
        w.write('inventory.yaml', 'domains: [{name: example.test, owner: a}]\n')
        os.mkdir(w.path('frames'))
        w.must('collect')
        tap.equal(w.json('doctor', '--epp-schemas', 'xsd')[1]['frames'], [])
        w.write('frames/a.xml', frame(extension=lock()))
        w.write('frames/b.xml', frame(extension=lock('maybe'), end='<pw>s3cr</pw>'))
        w.at = DAY % 2
        w.run('collect')
        before = open(w.path('evidence.db'), 'rb').read()
        code, out = w.json('doctor', '--epp-schemas', 'xsd')
        tap.equal(code, 3)
        tap.equal([f['verdict'] for f in out['frames']], ['valid', 'invalid'])
        assert all(f['frame'].startswith('leaf ') for f in out['frames']), out
        tap.equal(open(w.path('evidence.db'), 'rb').read() == before, True, 'the store is as it was')


def case_what_registries_send_against_their_own_schemas():
    folder = os.path.join(SHARED, 'data', 'epp')
    if not os.path.isdir(os.path.join(folder, 'xsd')):
        raise tap.Skip('no samples')
    frames = sorted(os.path.join(at, n) for at, _, names in os.walk(os.path.join(folder, 'responses')) for n in names if n.endswith('.xml'))
    with World() as w:
        code, out = w.json('doctor', '--epp-schemas', os.path.join(folder, 'xsd'), *frames)
        tap.equal((code, out['schemas_left_out'], len(out['frames'])), (3, 1, 155))
        tap.equal(sum(f['verdict'] == 'valid' for f in out['frames']), 118)
        good = [f for f in out['frames'] if '/change-poll-rfc8590/' in f['frame']]
        tap.equal({f['verdict'] for f in good}, {'valid'})
        for f in out['frames']:
            if f['verdict'] == 'valid':
                tap.equal({x['kind'] for x in f['flaws']} <= {'unannounced'}, True, f['frame'])


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
