"""Install, update and uninstall on a database in use: quiet, and without a trace in the end."""

import pytest
from ground.paths import ADDON
from ground.traces import LEFT, TRACES

LEADS = 3000
LAST_WRITES = "SELECT id, write_date, write_uid FROM crm_lead ORDER BY id"


@pytest.fixture(scope="module")
def used(make):
    """A database with stock addons and a few thousand leads."""
    database = make.stock("lifecycle")
    database.inside("crm.fill", leads=LEADS)
    return database


def test_life(used):
    """From the installation to the uninstallation, each step logs nothing bad.

    The steps follow from one another, hence one test.
    """
    before = traces(used)
    last_writes = used.rows(LAST_WRITES)

    assert used.install() == []
    assert used.rows(LAST_WRITES) == last_writes, "an installation is no change of anybody's lead"
    (count,) = used.rows("SELECT COUNT(DISTINCT lead_id) AS leads FROM crm_lead_stage_history")
    assert count["leads"] > LEADS / 2
    # What the backfill wrote the database knows at once, else it goes over it row by row.
    (ledger,) = used.rows(
        "SELECT last_analyze IS NOT NULL AS is_known FROM pg_stat_user_tables"
        " WHERE relname = 'crm_lead_stage_history'"
    )
    assert ledger["is_known"]
    assert used.inside("crm.use_addon") > LEADS / 2

    assert used.run("-u", ADDON) == []
    planned = used.inside("crm.calendar")
    assert planned["past"] > 0
    assert len(planned["to_come"]) > 10

    used.inside("crm.uninstall", addon=ADDON)
    assert used.complaints == []
    after = traces(used)
    assert {kind: after[kind] - before[kind] for kind in TRACES if after[kind] - before[kind]} == (
        LEFT
    )
    assert [kind for kind in TRACES if before[kind] - after[kind]] == []

    # What a timetable planned is gone; what was, and what a manager changed, are events as any.
    assert used.inside("crm.calendar") == {"past": planned["past"], "to_come": ["By Hand"]}

    # The registry of a later start knows nothing of us either, and CRM is as it was.
    assert used.run() == []
    assert used.inside("crm.work") == {
        "is_won": True,
        "views": ["calendar", "form", "graph", "kanban", "list", "pivot"],
        "has_columns": True,
    }


def traces(database):
    return {kind: {row["name"] for row in database.rows(query)} for kind, query in TRACES.items()}
