#!/usr/bin/env python3
"""kill -9 at random moments of a collection: the store opens and verifies, and the next run completes it."""
import os, random, signal, sys, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from test_walk import World

ROUNDS = 20


def case_20_kills_lose_nothing_and_double_nothing():
    seed = int(os.environ.get('AFFIDAVIT_SEED', random.randrange(1 << 30)))
    print('# seed %d (AFFIDAVIT_SEED)' % seed, flush=True)
    rnd = random.Random(seed)
    with World() as w:
        w.go('2026-07-01 06:00:00')
        w.bind.start('2026-07-01 07:00:00')
        w.estate.at = '2026-07-01T07:00:10Z'
        started = time.time()
        w.estate.must('collect')
        whole = time.time() - started               # what a collection takes here, now
        w.bind.stop()
        killed = 0
        for i in range(ROUNDS):
            at = '2026-07-%02d 06:00:00' % (2 + i)
            w.bind.start(at)
            try:
                w.bind.update('alice', ['update add r%d.example.test. 60 A 192.0.2.%d' % (i, i)])
                w.estate.at = w.iso(at[:-2] + '30')
                p = w.estate.popen('collect')
                time.sleep(rnd.random() * whole)
                p.send_signal(signal.SIGKILL)
                p.communicate()
                killed += p.returncode == -9
                w.estate.must('ledger', 'verify')
            finally:
                w.bind.stop()
        tap.equal(killed > 3, True, 'killed while running')
        print('# %d of %d were killed while they ran' % (killed, ROUNDS), flush=True)
        w.go('2026-07-30 06:00:00')
        w.estate.must('ledger', 'verify')
        tap.equal(w.estate.sql("SELECT owner FROM change_record WHERE op = 'add' ORDER BY owner"),
                  sorted(('r%d.example.test' % i,) for i in range(ROUNDS)))
        tap.equal(w.estate.sql('SELECT count(*), count(DISTINCT ref) FROM claim'), [(ROUNDS, ROUNDS)])
        one = w.estate.sql('SELECT zone, owner, type, op, rdata, t_from, t_to, leaf, part FROM change_record ORDER BY id')
        w.estate.must('rebuild')
        tap.equal(w.estate.sql('SELECT zone, owner, type, op, rdata, t_from, t_to, leaf, part FROM change_record ORDER BY id'), one)


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
