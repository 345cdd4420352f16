"""Work in the background that is killed again and again ends as if nothing had happened.

The same weeks, in two databases. In one, each work comes through at once; in the other its process
is killed (-9) at one statement after the other, and the work taken up again.
"""

import pytest
from consistency import BROKEN


@pytest.fixture(scope="module")
def world(make):
    """Two databases that are the same, and what is in them."""
    first = make.installed("unharmed")
    prepared = first.inside("faults.prepare")
    return first, make.copy(first, "killed"), prepared


@pytest.fixture(scope="module")
def unharmed(world):
    return world[0].inside("faults.do_all", world=world[2])


@pytest.fixture(scope="module")
def killed(world):
    return world[1].inside("faults.do_all", world=world[2], killed=True)


def test_work_is_killed(killed):
    """Each work was killed, and not only once."""
    assert sorted(killed["deaths"]) == ["launch", "nightly", "rebuild", "weekly"]
    print(killed["deaths"])
    assert min(killed["deaths"].values()) > 1


def test_it_ends_as_if_nothing_had_happened(unharmed, killed):
    """Every table has the same rows."""
    differs = [table for table, rows in unharmed["facts"].items() if killed["facts"][table] != rows]
    assert {table: (unharmed["facts"][table], killed["facts"][table]) for table in differs} == {}
    filled = {table for table, (rows, _digest) in unharmed["facts"].items() if rows}
    assert filled >= {
        "crm_lead_stage_history",
        "crm_weekly_review_line",
        "crm_client",
        "crm_client_signal",
        "crm_client_category_history",
        "crm_loyalty_membership",
        "crm_program_member",
        "loyalty_card",
    }


def test_nothing_is_done_twice(unharmed, killed):
    """Another run changes nothing, whatever happened before."""
    assert unharmed["again"] == []
    assert killed["again"] == []


def test_the_ledger_is_consistent(killed, world):
    assert {promise: world[1].rows(query) for promise, query in BROKEN.items()} == dict.fromkeys(
        BROKEN, []
    )
