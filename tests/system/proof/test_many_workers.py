"""Thirty people click for two minutes through several workers, beside a worker for cron.

``SFC_CLICK_SECONDS`` and ``SFC_CLICK_USERS`` say for how long, and how many people. The latencies
are set against those of stock Odoo under the same clicks, less what stock Odoo has not; the table
goes into ``LOAD.md``.
"""

import os
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import pytest
from clicking import OUR_CLICKS, STOCK_CLICKS, Person
from consistency import broken
from database import free_port
from ground.report import aligned

SECONDS = float(os.environ.get("SFC_CLICK_SECONDS", "120"))
USERS = int(os.environ.get("SFC_CLICK_USERS", "30"))
LEADS = 5
WORKERS = (2, 4)
# People click on stock Odoo and with the addon in turns, so many each.
TURNS = 4
# A click among many may be given up after Odoo's five tries.
GIVEN_UP = 0.02

TABLE = Path(__file__).with_name("LOAD.md")
INTRODUCTION = f"""# Under load

Written by `make proof ARGS="tests/system/proof/test_many_workers.py"`: {USERS} people who click for
{SECONDS:.0f} seconds each, with pauses, through Odoo with several workers and one for cron; with
the addon, its scheduled actions run meanwhile. The time of a click over that on stock Odoo, by the
clock, on {os.cpu_count()} processors; what stock Odoo has not, the addon's contacts and boards, is
clicked beside it, and set against stock Odoo's pipeline. All wait for the same processors: a move
takes longer here for the boards and contacts that others click meanwhile.

"""

WAYS = """
    SELECT lead_id, json_agg(stage_id ORDER BY entered_at, id) AS stages
      FROM crm_lead_stage_history WHERE NOT is_skipped
  GROUP BY lead_id
"""
REFUSALS = "SELECT lead_id, COUNT(*) AS times FROM crm_lead_refusal GROUP BY lead_id"
CONTACTS = "SELECT log.id FROM crm_contact_log log JOIN res_users u ON u.id = log.create_uid"


class Clicked(NamedTuple):
    """What came of two minutes: with so many workers, on stock Odoo and with the addon."""

    workers: int
    stock: list
    database: object
    people: list


class Side:
    """One of the two databases, and who works there."""

    def __init__(self, database, has_addon):
        self.database = database
        self.has_addon = has_addon
        self.world = database.inside("crowd.prepare_many", users=USERS, leads=LEADS)

    @contextmanager
    def served(self, workers):
        options = (f"--workers={workers}", f"--gevent-port={free_port()}", "--max-cron-threads=1")
        with self.database.served(*options) as url:
            self.people = [
                Person(self.database.client(url, person["key"]), self.world, place, self.has_addon)
                for place, person in enumerate(self.world["people"])
            ]
            yield self

    def click(self, seconds):
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(USERS) as pool:
            for done in [pool.submit(person.work, until) for person in self.people]:
                done.result()


def clicked(workers, stock, ours):
    """In turns, so that both have the machine in the same mood; a turn before counts for nobody."""
    with stock.served(workers), ours.served(workers):
        for side in (stock, ours):
            side.click(SECONDS / TURNS)
            for person in side.people:
                person.forget_times()
        for _turn in range(TURNS):
            for side in (stock, ours):
                side.click(SECONDS / TURNS)
    return Clicked(workers, stock.people, ours.database, ours.people)


@pytest.fixture(scope="module")
def runs():
    """All that was clicked so far, for the table."""
    return []


@pytest.fixture(scope="module", params=WORKERS)
def run(request, make, runs):
    workers = request.param
    stock = Side(make.stock(f"clicked_stock_{workers}"), has_addon=False)
    ours = Side(make.installed(f"clicked_{workers}"), has_addon=True)
    runs.append(clicked(workers, stock, ours))
    return runs[-1]


def test_nothing_fails(run):
    for people in (run.stock, run.people):
        assert [error for person in people for error in person.errors] == []
        done = Counter()
        for person in people:
            done.update({name: len(times) for name, times in person.seconds.items()})
        given_up = sum(person.given_up for person in people)
        print(f"{run.workers} workers: {dict(done)}, given up {given_up}")
        assert given_up <= GIVEN_UP * done.total()
    assert set(done) == {*STOCK_CLICKS, *OUR_CLICKS}


def test_every_move_is_in_the_ledger_once(run):
    """Of each client that one person alone works on, the way is exactly what was acknowledged."""
    told = {row["lead_id"]: row["stages"] for row in run.database.rows(WAYS)}
    ways = {lead: way for person in run.people for lead, way in person.way.items()}
    assert {lead: told.get(lead) for lead in ways} == ways
    assert sum(map(len, ways.values())) > len(ways)


def test_every_refusal_is_in_the_register_once(run):
    told = {row["lead_id"]: row["times"] for row in run.database.rows(REFUSALS)}
    ways = {lead for person in run.people for lead in person.way}
    refused = {lead for person in run.people for lead in person.refused}
    assert refused
    assert {lead: times for lead, times in told.items() if lead in ways} == dict.fromkeys(
        refused, 1
    )


def test_every_contact_is_in_the_log_once(run):
    known = f"{CONTACTS} WHERE u.login LIKE 'manager%'"
    told = Counter(row["id"] for row in run.database.rows(known))
    assert told == Counter(contact for person in run.people for contact in person.contacts)
    assert told


def test_the_ledger_is_consistent(run):
    assert broken(run.database) == {}


def test_latencies(run, runs):
    """What people wait for, set against stock Odoo; written down when all have clicked."""
    rows = list(latencies(run))
    header = ["workers", "click", "median", "95 of 100", "clicks"]
    print("\n" + aligned(header, *rows))
    assert len(rows) == len({*STOCK_CLICKS, *OUR_CLICKS})
    if len(runs) == len(WORKERS):
        everything = [row for each in runs for row in latencies(each)]
        TABLE.write_text(INTRODUCTION + aligned(header, *everything) + "\n")


def latencies(run):
    """By click: how many times as long as on stock Odoo, half of them and 95 of 100."""
    stock, ours = waited(run.stock), waited(run.people)
    for name in sorted(ours):
        before = stock[name if name in stock else "pipeline"]
        ratios = [measure(ours[name]) / measure(before) for measure in (median, late)]
        label = name.replace("_", " ") + ("" if name in stock else " (over the pipeline)")
        yield [run.workers, label, *(f"{ratio:.2f}" for ratio in ratios), len(ours[name])]


def waited(people):
    """The seconds of every click."""
    seconds = defaultdict(list)
    for person in people:
        for name, times in person.seconds.items():
            seconds[name] += times
    return seconds


def late(times):
    """The time that 95 of 100 clicks do not exceed."""
    return quantiles(times, n=20)[-1]
