"""Cases of a Python test as TAP, so that each counts: functions named case_* in order of definition."""
import sys, traceback


class Skip(Exception):
    pass


def main(module):
    cases = [(n, f) for n, f in vars(module).items() if n.startswith('case_') and callable(f)]
    wanted = sys.argv[1:]
    print('TAP version 13\n1..%d' % len(cases), flush=True)
    bad = 0
    for i, (name, f) in enumerate(cases, 1):
        title = name[5:].replace('_', ' ')
        try:
            if wanted and name not in wanted:
                raise Skip('not asked for')
            f()
            print('ok %d - %s' % (i, title), flush=True)
        except Skip as e:
            print('ok %d - %s # SKIP %s' % (i, title, e), flush=True)
        except Exception:
            bad += 1
            print('not ok %d - %s' % (i, title), flush=True)
            for line in traceback.format_exc().splitlines():
                print('# ' + line, flush=True)
    sys.exit(1 if bad else 0)


def equal(got, want, what=''):
    if got != want:
        raise AssertionError('%s: got %r, expected %r' % (what, got, want))


def contains(text, part):
    if part not in text:
        raise AssertionError('%r is not in:\n%s' % (part, text))
