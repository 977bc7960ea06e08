#!/usr/bin/env python3
"""A store whose tables another build of the program made: who may write makes them again, who only reads says what mends them."""
import os, sqlite3, sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import tap
from estate import Estate

MENDS = 'another version of this program made the tables; `affidavit rebuild` makes them again'
AGAIN = 'another version of this program made the tables; they are made again from the ledger'


class Older(Estate):
    """Lacks two tables and a column, and says who made them."""

    def __init__(self):
        super().__init__('2026-07-01T12:00:00Z')
        self.must('collect')
        self.before = self.sql('SELECT name FROM sqlite_schema ORDER BY name')
        self.age()

    def age(self):
        db = sqlite3.connect(self.path('evidence.db'))
        for sql in ('DROP TABLE caa_property', 'DROP TABLE item_note', 'ALTER TABLE domain RENAME COLUMN tier TO rank', "UPDATE derived SET engine = '0.1.0'"):
            db.execute(sql)
        db.commit()
        db.close()


def case_who_writes_makes_them_again():
    with Older() as e:
        for words in ('collect',), ('check', '--period', '2026-06'), ('rebuild',), ('ledger', 'erase', '0', '--rule', 'r', '--actor', 'a'):
            code, out = e.run(*words)
            tap.contains(out, AGAIN)
            tap.equal('no such' in out, False, out)
            tap.equal(e.sql('SELECT name FROM sqlite_schema ORDER BY name'), e.before)
            e.age()
        e.must('collect')
        tap.equal('another version' in e.must('collect'), False)


def case_who_reads_is_told_what_mends_them():
    with Older() as e:
        for words in ('init', '--from', 'evidence.db'), ('sources', 'ct'):
            tap.contains(e.must(*words, code=1), MENDS)
        tap.contains(e.must('ledger', 'verify'), 'ok  ledger')                     # the ledger is as it was
        e.must('rebuild')
        e.must('init', '--from', 'evidence.db')


def case_a_column_that_lacks_is_told_as_well():
    with Estate('2026-07-01T12:00:00Z') as e:
        e.must('collect')
        db = sqlite3.connect(e.path('evidence.db'))
        db.execute('ALTER TABLE domain RENAME COLUMN tier TO rank')
        db.execute("UPDATE derived SET engine = '0.1.0'")
        db.commit()
        db.close()
        tap.contains(e.must('init', '--from', 'evidence.db', code=1), MENDS)
        out = e.must('check', '--period', '2026-06', '--head', str(e.sql('SELECT max(size) FROM head')[0][0]), code=3)
        tap.equal('no such' in out, False)                                         # judged from the ledger alone


if __name__ == '__main__':
    tap.main(sys.modules[__name__])
