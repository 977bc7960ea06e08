#!/usr/bin/env python3
"""The demo against docs/stories.md: every planted story is found by the check that the table names, and no other test fails."""
import json, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'lib'))
import tap

PROGRAM = os.environ.get('AFFIDAVIT', 'affidavit')
FOLDER = tempfile.mkdtemp(prefix='afd-stories-')


def run(*words, cwd=FOLDER):
    p = subprocess.run([PROGRAM, *words], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return p.returncode, p.stdout


def table():
    """(check, resource) of each row."""
    with open(os.path.join(HERE, '..', '..', 'docs', 'stories.md')) as f:
        return sorted(re.findall(r'^\| 2026-.*\| `([a-z-]+)` \| `([^`]+)` \|$', f.read(), re.M))


def failed(report):
    return sorted({(f['check'], f['resource']) for f in report['findings'] if f['status'] == 'fail' and not f['would_fail']})


def case_every_planted_story_is_found_and_nothing_else_fails():
    code, out = run('demo', '--out', 'demo')
    tap.equal(code, 0, out)
    with open(FOLDER + '/demo/reports/2026-Q3/report.json') as f:
        report = json.load(f)
    assert len(table()) >= 8
    tap.equal(failed(report), table())


def case_a_quarter_without_stories_has_no_failed_test():
    code, out = run('check', '--period', '2026-07', cwd=FOLDER + '/demo')
    assert code in (0, 3), out
    found = re.search(r'^  ##  exceptions noted +(\d+)', out, re.M)
    tap.equal(found and found.group(1), '0', out)


if __name__ == '__main__':
    try:
        tap.main(sys.modules['__main__'])
    finally:
        shutil.rmtree(FOLDER)
