"""``make demo`` in a clean checkout: the addon, served, with the reference figures."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from json2 import Client
from web import WebSession

CHECKOUT = Path(__file__).resolve().parents[2]
TEAM = "Hunters"
# Conversion into each stage, in per cent: the reference figure (DOMAIN.md, A4).
FIGURE = {
    "Ivanov": (80, 70, 85, 95),
    "Sidorov": (95, 90, 70, 80),
}
TARGETS = (100, 80, 80, 95)
# What `make test` sets for its own checkout.
OURS = ("MAKEFLAGS", "MAKELEVEL", "ODOO_RC", "PGHOST", "PGPORT", "PGUSER", "PYTHONPATH")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the checkout without anything that Git does not know or would ignore."""
    copy = tmp_path_factory.mktemp("checkout") / "clean"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, files.split("\0")):
        if (CHECKOUT / name).is_symlink() or (CHECKOUT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, copy / name, follow_symlinks=False)
    yield copy
    make(copy, "clean")


def make(checkout, target):
    """Run ``make`` as somebody does who knows nothing of our tests; returns what it prints."""
    env = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        ["make", target], cwd=checkout, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def welcome(printed):
    """Address, login and password, as the demo tells them."""
    return [
        re.search(rf"^\s*{label}\s+(\S+)$", printed, re.MULTILINE).group(1)
        for label in ("address", "login", "password")
    ]


def test_demo(checkout):
    """One command serves the demo, a second time it keeps the data, and ``make stop`` ends it."""
    url, login, password = welcome(make(checkout, "demo"))
    session = WebSession(url, login, password)
    assert session.is_open
    key = session.make_key(password)
    client = Client(url, "demo", key)

    check_figures(client)
    check_board(client)
    check_reviews(client)

    entered = {"name": "Entered by hand", "type": "opportunity"}
    (lead,) = client.call("crm.lead", "create", vals_list=[entered])
    assert welcome(make(checkout, "demo")) == [url, login, password]
    (kept,) = client.call("crm.lead", "read", ids=[lead], fields=["name"])
    assert kept["name"] == entered["name"]

    make(checkout, "stop")
    with pytest.raises(OSError):
        WebSession(url, login, password)


def check_figures(client):
    """The report has the reference figure within half a point; totals are sums over sums."""
    by_manager = read(client, "user_id", "next_stage_id")
    managers = {manager for manager, _stage in by_manager}
    for name, rates in FIGURE.items():
        (manager,) = (manager for manager in managers if name in manager)
        found = [group for (who, _stage), group in by_manager.items() if who == manager]
        assert [group["conversion_rate:avg"] for group in found] == pytest.approx(rates, abs=0.5)
        assert [group["target_rate:avg"] for group in found] == pytest.approx(TARGETS, abs=0.5)
        assert [group["gap:avg"] for group in found] == pytest.approx(
            [rate - target for rate, target in zip(rates, TARGETS, strict=True)], abs=0.5
        )
    for (stage,), total in read(client, "next_stage_id").items():
        parts = [group for (_who, into), group in by_manager.items() if into == stage]
        entered, advanced = (
            sum(group[f"{measure}:sum"] for group in parts) for measure in ("entered", "advanced")
        )
        assert (total["entered:sum"], total["advanced:sum"]) == (entered, advanced)
        assert total["conversion_rate:avg"] == pytest.approx(100 * advanced / entered)


def check_board(client):
    """The board over JSON-2 has the report's figures, and pairs who can teach whom."""
    (team,) = client.call("crm.team", "search", domain=[("name", "=", TEAM)])
    board = client.call("crm.control.board", "get_board", team_id=team, mature_only=False)
    names = {manager["key"]: manager["name"] for manager in board["managers"]}
    stages = {transition["id"]: transition["name"] for transition in board["transitions"]}
    found = {
        (names[cell["key"]], stages[cell["transition"]]): (cell["entered"], cell["rate"])
        for cell in board["cells"]
    }
    reported = {
        key: (group["entered:sum"], pytest.approx(group["conversion_rate:avg"]))
        for key, group in read(client, "user_id", "next_stage_id").items()
    }
    assert found == reported
    board = client.call("crm.control.board", "get_board", team_id=team)
    ivanov, sidorov = FIGURE
    assert {
        (names[pair["teacher_key"]], names[pair["learner_key"]], stages[pair["transition"]])
        for pair in board["teach"]
    } == {
        (sidorov, ivanov, "Acquaintance"),
        (sidorov, ivanov, "Presentation"),
        (ivanov, sidorov, "Contract"),
        (ivanov, sidorov, "Payment"),
    }


def check_reviews(client):
    """Six weeks are reviewed, the last one is open; decisions worked, did not, and may yet."""
    domain = [("team_id.name", "=", TEAM)]
    reviews = client.call(
        "crm.weekly.review", "search_read", domain=domain, fields=["state"], order="week_start"
    )
    assert [review["state"] for review in reviews] == ["closed"] * 5 + ["open"]
    decisions = client.call(
        "crm.weekly.review.decision", "search_read", domain=domain, fields=["effect"]
    )
    assert sorted(decision["effect"] or "" for decision in decisions) == [
        "",
        "did_not",
        "too_early",
        "worked",
        "worked",
    ]


def read(client, *groupby):
    """The team's report in the order of its funnel: ``{names: figures}``."""
    groups = client.call(
        "crm.funnel.report",
        "formatted_read_group",
        domain=[("team_id.name", "=", TEAM)],
        groupby=list(groupby),
        aggregates=[
            "entered:sum",
            "advanced:sum",
            "conversion_rate:avg",
            "target_rate:avg",
            "gap:avg",
        ],
    )
    return {tuple(group[name][1] for name in groupby): group for group in groups}
