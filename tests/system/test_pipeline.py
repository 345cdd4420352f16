"""A real-shaped pipeline of 8,800 opportunities, loaded by ``tests/pipeline.py``.

``SFC_PIPELINE_DATA`` names the folder of its files; without it there is nothing to load.
"""

import csv
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

FOLDER = os.environ.get("SFC_PIPELINE_DATA")
SCRIPT = Path(__file__).resolve().parents[1] / "pipeline.py"

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="SFC_PIPELINE_DATA names no folder with the pipeline's files"
)


@pytest.fixture(scope="module")
def loaded(make):
    """A caller of the database that the script filled over HTTP."""
    database = make.installed("pipeline")
    key = database.inside("people.admin_key")
    with database.served() as url:
        subprocess.run(
            [sys.executable, SCRIPT, FOLDER, "--url", url, "--database", database.name]
            + ["--key", key],
            check=True,
        )
        yield database.client(url, key)


@pytest.fixture(scope="module")
def rows():
    with Path(FOLDER, "sales_pipeline.csv").open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def test_won_of_closed_per_agent(loaded, rows):
    """Won ÷ closed of every agent is what the file says, counted with the csv module alone."""
    closed = Counter(row["sales_agent"] for row in rows if row["deal_stage"] in ("Won", "Lost"))
    won = Counter(row["sales_agent"] for row in rows if row["deal_stage"] == "Won")
    assert len(closed) == 30
    groups = loaded.call(
        "crm.funnel.report",
        "formatted_read_group",
        domain=[
            ("next_stage_id.name", "=", "Won"),
            ("team_id.has_own_funnel", "=", True),
            ("exit", "in", ("advanced", "refused")),
        ],
        groupby=["user_id"],
        aggregates=["entered:sum", "advanced:sum", "conversion_rate:avg"],
    )
    assert {
        group["user_id"][1]: (group["entered:sum"], group["advanced:sum"]) for group in groups
    } == {agent: (closed[agent], won[agent]) for agent in closed}
    assert {group["user_id"][1]: group["conversion_rate:avg"] for group in groups} == pytest.approx(
        {agent: 100 * won[agent] / closed[agent] for agent in closed}
    )


def test_open_opportunities_count_as_entries(loaded, rows):
    """All that was engaged in entered the transition, those still open too."""
    (group,) = loaded.call(
        "crm.funnel.report",
        "formatted_read_group",
        domain=[("next_stage_id.name", "=", "Won"), ("team_id.has_own_funnel", "=", True)],
        groupby=[],
        aggregates=["entered:sum", "advanced:sum"],
    )
    stages = Counter(row["deal_stage"] for row in rows)
    assert group["entered:sum"] == stages["Won"] + stages["Lost"] + stages["Engaging"]
    assert group["advanced:sum"] == stages["Won"]


def test_days_are_those_of_the_file(loaded, rows):
    """A stay lasts from the day of engagement to the day of closing."""
    month = [row for row in rows if row["close_date"] and row["engage_date"].startswith("3/")]
    assert len(month) > 100
    (group,) = loaded.call(
        "crm.lead.stage.history",
        "formatted_read_group",
        domain=[
            ("stage_id.name", "=", "Engaging"),
            ("entered_at", ">=", "2017-03-01"),
            ("entered_at", "<", "2017-04-01"),
            ("left_at", "!=", False),
        ],
        groupby=[],
        aggregates=["__count", "days:sum"],
    )
    assert group["__count"] == len(month)
    assert group["days:sum"] == sum(_days(row) for row in month)


def _days(row):
    engaged, closed = (
        datetime.strptime(row[name], "%m/%d/%Y") for name in ("engage_date", "close_date")
    )
    return (closed - engaged).days
