#!/usr/bin/env python3
"""Built-in checks keep to the SQL that means the same on SQLite and PostgreSQL (docs/design.md 6)."""
import glob, os, re, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap

SOURCE = os.environ.get('AFFIDAVIT_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
FUNCTIONS = set('''abs cast coalesce count first_value instr lag last_value lead length lower ltrim max min ntile nullif rank dense_rank
    replace row_number rtrim substr sum trim upper'''.split())
# words that stand before a bracket and are no functions
WORDS = set('''and as by case distinct else exists filter from having in join materialized not on or over over partition select then union using
    values when where with all except intersect end between is limit offset'''.split())
REFUSED = [
    (r'\b(LIKE|GLOB|REGEXP|MATCH|ISNULL|NOTNULL|ILIKE|SIMILAR)\b', 'compares text by a pattern or form of one of the two alone'),
    (r'\bIS\s+(?!NOT\s+NULL\b|NULL\b)', 'IS is for NULL alone'),
    (r'==', '= compares'),
    (r'\bCROSS\s+JOIN\s+\w+(\s+(AS\s+)?\w+)?\s+ON\b', 'a join in a fixed order has its conditions in WHERE'),
    (r'\bcolumn\d+\b', 'VALUES names its columns otherwise elsewhere'),
    (r'\b(NATURAL|INDEXED\s+BY|NOT\s+INDEXED|COLLATE|CURRENT_TIMESTAMP|CURRENT_DATE|CURRENT_TIME|PRAGMA|RETURNING)\b', 'is of one of the two alone, or a clock'),
    (r'->', 'JSON'),
    (r'\bLIMIT\s+[^\s()]+\s*,', 'LIMIT a, b'),
    (r'"[^"]*"', 'a name in double quotes is text in one of the two'),
    (r'`|\[', 'names in other quotes'),
]


def statements(text):
    """The SQL with its strings emptied and its comments gone; lines stay where they are."""
    keep = lambda m: '\n' * m.group().count('\n')
    text = re.sub(r'^/\*.*?\*/', keep, text, count=1, flags=re.S)
    return re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", lambda m: "''" if m.group().startswith("'") else keep(m), text, flags=re.S)


def arguments(sql, at):
    """The number of arguments of the call whose bracket opens at AT."""
    depth, n = 0, 1
    for c in sql[at:]:
        depth += c == '('
        depth -= c == ')'
        n += c == ',' and depth == 1
        if depth == 0:
            return n
    return n


def faults(text):
    sql = statements(text)
    line = lambda at: sql.count('\n', 0, at) + 1
    ret = [(line(m.start()), m.group().strip() + ': ' + why) for pattern, why in REFUSED for m in re.finditer(pattern, sql, re.I)]
    named = set(m.group(1).lower() for m in re.finditer(r'([A-Za-z_][A-Za-z_0-9]*)\s*\([^()]*\)\s+AS\b', sql))       # WITH name(column, ...) AS
    for m in re.finditer(r'\b([A-Za-z_][A-Za-z_0-9]*)\s*\(', sql):
        name = m.group(1).lower()
        if name in WORDS or name in named and name not in FUNCTIONS:
            continue
        if name not in FUNCTIONS:
            ret.append((line(m.start()), name + '(): not a function of both'))
        elif name in ('min', 'max') and arguments(sql, m.end() - 1) > 1:
            ret.append((line(m.start()), name + '() of several values: CASE says it in both'))
    return sorted(ret)


def named_parts(sql):
    """Name and text of each `name AS (...)`."""
    ret = set()
    for m in re.finditer(r'([A-Za-z_]\w*)(?:\s*\([^()]*\))?\s+AS\s+(?:(?:NOT\s+)?MATERIALIZED\s+)?\(', sql):
        depth, end = 1, m.end()
        while depth:
            depth += {'(': 1, ')': -1}.get(sql[end], 0)
            end += 1
        ret.add((m.group(1), ' '.join(sql[m.end():end].split())))
    return ret


def said_twice(text):
    """Parts that findings and population both make, and alike: they belong before the line "-- findings"."""
    quiet = lambda s: re.sub(r"'(?:[^']|'')*'|--[^\n]*", lambda m: re.sub(r'[()]', '', m.group()) if m.group().startswith("'") else '', s)
    own, _, population = re.sub(r'^/\*.*?\*/', '', text, count=1, flags=re.S).partition('\n-- population\n')
    return sorted(name for name, _ in named_parts(quiet(own.partition('\n-- findings\n')[2] or own)) & named_parts(quiet(population)))


def case_what_both_statements_stand_on_is_said_once():
    a = 'WITH z AS (\n  SELECT 1\n)'
    tap.equal(said_twice('/* */\n' + a + '\nSELECT 1\n-- population\n' + a + ' SELECT 2'), ['z'])
    tap.equal(said_twice('/* */\n' + a + '\n-- findings\nSELECT 1\n-- population\nSELECT 2'), [])
    tap.equal(said_twice('/* */\n' + a + '\nSELECT 1\n-- population\nWITH z AS (SELECT 2) SELECT 2'), [])
    tap.equal([f for f in glob.glob(os.path.join(SOURCE, 'checks', '*.sql')) if said_twice(open(f).read())], [])


def case_an_excuse_of_a_mutant_speaks_of_a_line_that_is_there():
    for f in sorted(glob.glob(os.path.join(SOURCE, 'tests', 'checks', '*', 'equivalent.txt'))):
        check = f.split(os.sep)[-2]
        lines = set(line.strip() for line in open(os.path.join(SOURCE, 'checks', check + '.sql')))
        for excuse in filter(str.strip, open(f)):
            part = excuse.strip().split(' | ')
            tap.equal((check, excuse, any(' | '.join(part[1:n]) in lines for n in range(2, len(part) + 1))), (check, excuse, True))


def case_what_a_check_wants_attested_can_be_attested():
    asked = set(m[1] for f in glob.glob(os.path.join(SOURCE, 'checks', '*.sql'))
                for m in re.findall(r"\b(?:attested|attestation)\s+(\w+)\b[^;]*?\b\1\.kind\s*=\s*'([^']+)'", open(f).read()))
    kinds = re.search(r'attestation_kinds\[\] = \{(.*?)\}', open(os.path.join(SOURCE, 'collector', 'files', 'inventory_dated.c')).read(), re.S).group(1)
    tap.equal(len(asked) > 10, True)
    tap.equal(sorted(asked - set(re.findall(r'"([^"]+)"', kinds))), [])


def case_every_check_keeps_to_it():
    files = sorted(glob.glob(os.path.join(SOURCE, 'checks', '*.sql')))
    tap.equal(len(files) > 100, True)
    tap.equal(['%s:%d: %s' % (os.path.basename(f), n, why) for f in files for n, why in faults(open(f).read())], [])


def case_what_does_not_is_named_with_its_line():
    rows = [
        ("SELECT MAX(a, b) FROM t", 'max()'),
        ("SELECT MIN(substr(a, 1, 2)) FROM t", None),
        ("SELECT MIN(substr(a, 1, 2), b) FROM t", 'min()'),
        ("SELECT IFNULL(a, 0) FROM t", 'ifnull()'),
        ("SELECT a FROM t WHERE a LIKE 'x%'", 'LIKE'),
        ("SELECT a FROM t WHERE a GLOB 'x*'", 'GLOB'),
        ("SELECT json_extract(a, '$.b') FROM t", 'json_extract()'),
        ("SELECT strftime('%s', a) FROM t", 'strftime()'),
        ("SELECT printf('%d', a) FROM t", 'printf()'),
        ("SELECT typeof(a) FROM t", 'typeof()'),
        ("SELECT e.column1 FROM (VALUES ('a')) e", 'column1'),
        ("SELECT a FROM t WHERE a IS b", 'IS'),
        ("SELECT t.a FROM t CROSS JOIN u x ON x.a = t.a", 'CROSS JOIN'),
        ("SELECT t.a FROM t CROSS JOIN u x JOIN v y ON y.a = x.a", None),
        ("SELECT a FROM t WHERE a IS NOT NULL AND b IS NULL", None),
        ("SELECT 'MAX(a, b) LIKE' FROM t -- GLOB", None),
        ("SELECT group_concat(a) FROM t", 'group_concat()'),
        ("WITH RECURSIVE x(a, b) AS (SELECT 1, 2) SELECT a FROM x", None),
        ("SELECT \"a\" FROM t", '"'),
    ]
    for sql, says in rows:
        found = faults('/*\nid: a\n*/\n' + sql)
        tap.equal(len(found), 0 if says is None else 1, sql)
        if says:
            tap.equal(found[0][0], 4, sql)
            tap.contains(found[0][1], says)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
