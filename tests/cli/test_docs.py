#!/usr/bin/env python3
"""Every command of the README's session runs; the manual page and the verbs' help speak of the same verbs and options."""
import os, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import PROGRAM

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


def text(name):
    return open(os.path.join(ROOT, name), encoding='utf-8').read()


def help_of(verb):
    r = subprocess.run([PROGRAM, verb, '--help'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.equal(r.returncode, 0, verb)
    return r.stdout.decode()


def verbs():
    out = subprocess.run([PROGRAM, '--help'], stdout=subprocess.PIPE).stdout.decode()
    return re.findall(r'^  ([a-z]+) ', out, re.M)


def run_lines(lines, folder, expected):
    for line in lines.splitlines():
        words = line.split('#')[0].split()
        r = subprocess.run([PROGRAM] + words[1:], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if r.returncode not in expected.get(words[1], (0,)):
            raise AssertionError('%s: exit %d\n%s' % (line, r.returncode, r.stdout.decode()))


def case_the_session_of_the_readme():
    folder = tempfile.mkdtemp(prefix='afd-readme-')
    session, auditor = re.findall(r'```sh\n(.*?)```', text('README.md'), re.S)
    run_lines(session, folder, {'check': (0, 2, 3), 'gate': (0, 2, 3)})
    demo = os.path.join(folder, 'demo')
    said = subprocess.run([PROGRAM, 'demo', '--out', demo], check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()
    for line in re.search(r'```\n(\$ affidavit report.*?)```', text('README.md'), re.S).group(1).splitlines():
        tap.equal((line, line in said), (line, True))       # shortened, and else as it is
    run_lines(auditor, demo, {})
    shutil.rmtree(folder)


def case_files_that_the_readme_names_exist():
    for name in re.findall(r'`((?:docs/)?[A-Za-z-]+\.(?:md|1))`', text('README.md')) + re.findall(r'\]\(([^)h][^)]*)\)', text('README.md')):
        tap.equal(os.path.exists(os.path.join(ROOT, name)), True, name)


def case_every_verb_and_option_is_in_the_manual_page():
    manual = text('docs/affidavit.1').replace('\\-', '-')
    for verb in verbs():
        tap.contains(manual, '.B ' + verb)
        for option in re.findall(r'^  --([a-z-]+)', help_of(verb), re.M):
            if option not in ('config', 'json'):
                tap.contains(manual, '--' + option)


def case_the_manual_names_no_option_that_is_not_there():
    manual = text('docs/affidavit.1').replace('\\-', '-')
    known = set(o for v in verbs() for o in re.findall(r'--([a-z-]+)', help_of(v))) | {'quiet', 'config', 'json'}
    for option in re.findall(r'--([a-z-]+)', manual):
        tap.equal(option in known, True, '--' + option)


def case_every_help_has_an_example_of_its_verb():
    for verb in verbs():
        tap.contains(help_of(verb), 'affidavit ' + verb)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
