"""Two servers, one database, and several people who move the same leads at once.

``SFC_SOAK_SECONDS`` says for how long (60 by default).
"""

import os
import random
import threading
import time
from collections import Counter

import pytest
from consistency import BROKEN
from json2 import Refused

SECONDS = float(os.environ.get("SFC_SOAK_SECONDS", "60"))
THREADS = 6
LEADS = 20

# Odoo gives up on a transaction after five tries; the caller then has to try again.
USUAL = (
    "psycopg2.errors.SerializationFailure",
    "psycopg2.errors.DeadlockDetected",
    "psycopg2.errors.LockNotAvailable",
)

# A rule of Odoo's own, which a manager meets who comes too late.
WON_ALREADY = "A lead in a Won stage cannot be lost."
# Two assignments at once both add a follower: stock Odoo answers the later one so.
FOLLOWS_ALREADY = "cannot follow twice the same object"


class Manager(threading.Thread):
    """Does one thing after another to leads that others work on as well."""

    def __init__(self, client, world, until, seed):
        super().__init__()
        self.client = client
        self.world = world
        self.until = until
        self.chance = random.Random(seed)
        self.done = Counter()
        self.given_up = 0
        self.errors = []

    def run(self):
        while time.monotonic() < self.until:
            name = self.chance.choice(("move", "move", "assign", "give", "lose", "restore"))
            leads = self.chance.sample(self.world["leads"], self.chance.choice((1, 1, 3)))
            try:
                getattr(self, name)(leads)
                self.done[name] += 1
            except Refused as refused:
                if refused.name in USUAL:
                    self.given_up += 1
                elif not (
                    refused.message.startswith(WON_ALREADY) or FOLLOWS_ALREADY in refused.message
                ):
                    self.errors.append(f"{name}: {refused}")
            except Exception as error:
                self.errors.append(f"{name}: {error!r}")

    def move(self, leads):
        self.write(leads, stage_id=self.any("stages"))

    def assign(self, leads):
        self.write(leads, user_id=self.any("users"))

    def give(self, leads):
        self.write(leads, team_id=self.any("teams"))

    def lose(self, leads):
        self.client.call(
            "crm.lead", "action_set_lost", ids=leads, lost_reason_id=self.world["reason"]
        )

    def restore(self, leads):
        self.client.call("crm.lead", "action_restore", ids=leads)

    def write(self, leads, **vals):
        self.client.call("crm.lead", "write", ids=leads, vals=vals)

    def any(self, kind):
        return self.chance.choice(self.world[kind])


@pytest.fixture(scope="module")
def soaked(make):
    """A database after the crowd worked on it through two servers; with the managers."""
    database = make.installed("soaked")
    world = database.inside("crowd.prepare", leads=LEADS)
    with database.served() as first, database.served(number=2) as second:
        assert first != second
        until = time.monotonic() + SECONDS
        managers = [
            Manager(
                database.client((first, second)[number % 2], world["keys"][number % 3]),
                world,
                until,
                seed=number,
            )
            for number in range(THREADS)
        ]
        for manager in managers:
            manager.start()
        for manager in managers:
            manager.join()
    return database, managers


def test_nothing_fails_but_serialization(soaked):
    """What Odoo refuses after its own retries is serialization, and rarely; all else is done."""
    database, managers = soaked
    assert [error for manager in managers for error in manager.errors] == []
    done = sum((manager.done for manager in managers), Counter())
    given_up = sum(manager.given_up for manager in managers)
    print(f"{dict(done)}, given up {given_up}")
    assert set(done) == {"move", "assign", "give", "lose", "restore"}
    assert given_up < done.total() / 10
    logs = database.server_log() + database.server_log(number=2)
    assert "try again in" in logs, "the managers were never in each other's way"


@pytest.mark.parametrize(
    "broken",
    [pytest.param(query, id=promise) for promise, query in BROKEN.items()],
)
def test_the_ledger_is_consistent(soaked, broken):
    database, _managers = soaked
    assert database.rows(broken) == []


def test_derived_columns(soaked):
    """Derived anew from the stays, they are what was written at the time of each move."""
    database, _managers = soaked
    assert database.inside("ledger.changed_by_derive") == []
