"""Addons of the Odoo Community Association beside ours, whichever was there first."""

from pathlib import Path

import pytest
from database import Database
from ground.paths import ADDON
from ground.strangers import OdooAmongStrangers

REQUIREMENTS = Path(__file__).with_name("strangers.txt")
INSTALLED = "SELECT name FROM ir_module_module WHERE state = 'installed'"


@pytest.fixture(scope="module")
def among_strangers(odoo):
    """Odoo with their addons on the path; the database server is up by then."""
    return OdooAmongStrangers(REQUIREMENTS)


@pytest.fixture(scope="module")
def alone(make):
    """What comes of the day where nobody is beside us."""
    return make.installed("beside_nobody").inside("strangers.work_beside")


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_leads_are_worked_beside_others(make, among_strangers, alone, first):
    made = make.installed if first == "ours" else make.stock
    database = Database(among_strangers, made(f"beside_{first}").name)
    complaints = database.run("-i", ",".join(among_strangers.addons))
    if first == "theirs":
        complaints += database.install()
    assert complaints == []
    assert {*among_strangers.addons, ADDON} <= {row["name"] for row in database.rows(INSTALLED)}

    assert database.inside("strangers.work_beside") == alone
    assert all(alone["views"].values())
    assert (alone["refusals"], alone["restored"], alone["is_won"]) == (1, True, True)
    # What the ledger holds is what it derives anew.
    assert database.inside("ledger.changed_by_derive") == []
