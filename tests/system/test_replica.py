"""A read replica answers what only reads, and the primary is not asked.

A streaming standby of a cluster of its own; both log every statement. Odoo itself is content to
try again on the primary, with a warning in the log, when something that should only read writes.
"""

import functools
import re
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from clusters import LOGGED, OWN, Standby, bring, running
from database import Database, complaints
from ground.paths import log_file
from ground.postgres import PORT, Cluster
from web import WebSession

LEADS = 60
MOVES = 6
PATIENCE = 30
# Where the facts are. What the client asks the primary meanwhile is who they are.
FACTS = re.compile(r"\b(?:crm_|loyalty_|sale_order|utm_|product_|calendar_)\w*")
STATEMENT = re.compile(r"^\d+\|\w*\|LOG:  statement: (.*(?:\n\t.*)*)", re.MULTILINE)
PASSWORD = "ivanov-ivanov"

# All readonly methods, and how they are called here. What is new must come in.
CALLS = {
    "crm.client.concentration.get_concentration": {},
    "crm.contact.norm.get_progress": {},
    "crm.control.board.get_board": {"team_id": "team", "weeks": 13},
    "crm.control.board.get_entries_action": {"transition_id": "stage", "options": "of team"},
    "crm.control.board.get_freshness_action": {"team_id": "team"},
    "crm.control.board.get_plan_action": {"user_id": "user", "summary": "Talk about it"},
    "crm.control.board.get_refusals_action": {"options": "of team"},
    "crm.control.board.get_standing_action": {"stage_id": "stage", "team_id": "team"},
    "crm.day.glance.get_day": {"team_id": "team"},
    "crm.day.glance.get_figure_action": {"figure": "figure", "team_id": "team"},
    "crm.lead.refusal.get_pareto": {},
    "crm.sales.plan.get_plan": {"ids": "plan"},
    "crm.sales.planner.get_plan": {"team_id": "team", "target_kind": "number", "target": 5},
    "crm.stage.get_column_rates": {"stage_ids": "stages"},
    "crm.time.study.get_my_day": {},
    "crm.time.study.get_result": {"ids": "study"},
    "crm.timetable.get_week": {},
    "crm.weekly.review.get_restatement": {"ids": "review"},
    "crm.weekly.review.get_review": {"ids": "review"},
    "res.partner.search_fetch": {
        "domain": [],
        "specification": {"name": {}},
        "limit": 5,
        "context": {"decision_makers_first": True},
    },
}
# Those that nobody can call from outside, and what calls them.
CALLED_BY = {"res.partner.search_fetch": "web_search_read"}
ROUTES = {
    "/sales_funnel_control/workbook/board": "/sales_funnel_control/workbook/board?team={team}",
    "/sales_funnel_control/workbook/review/<int:review_id>": (
        "/sales_funnel_control/workbook/review/{review}"
    ),
}


class Log:
    """What a cluster is asked, from its log."""

    def __init__(self, cluster):
        self.path = log_file(cluster.log)

    def size(self):
        return self.path.stat().st_size

    def since(self, place):
        """The statements on facts since the log had this size."""
        text = self.path.read_bytes()[place:].decode(errors="replace")
        return [said for said in STATEMENT.findall(text) if FACTS.search(said)]


class Pair:
    """A primary with its standby, Odoo on both, and who asks."""

    def __init__(self, database, world, primary, standby):
        self.database = database
        self.world = world
        self.clusters = primary, standby
        self.logs = Log(primary), Log(standby)

    def asked(self, work):
        """What work asks for the facts: the answer, statements of the primary, of the standby."""
        places = [log.size() for log in self.logs]
        answer = work()
        return (answer, *(log.since(at) for log, at in zip(self.logs, places, strict=True)))

    def catch_up(self):
        """Wait until the standby has all that the primary has."""
        primary, standby = self.clusters
        until = time.monotonic() + PATIENCE
        here = primary.sql("SELECT pg_current_wal_lsn()")
        while standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{here}'") != "t":
            assert time.monotonic() < until, "the standby does not follow"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def pair(make):
    database = make.installed("replicated")
    world = database.inside("replica.prepare", leads=LEADS)
    with running(Cluster("primary", OWN + LOGGED)) as primary:
        copy = Database(bring(database, primary), database.name)
        with running(Standby("standby", primary, OWN + LOGGED)) as standby:
            yield Pair(copy, world, primary, standby)


@pytest.fixture(scope="module")
def served(pair):
    """The address of Odoo, and the head of the team."""
    options = (f"--db_replica_host={pair.clusters[1].socket}", f"--db_replica_port={PORT}")
    with pair.database.served(*options, "--max-cron-threads=0") as url:
        client = pair.database.client(url, pair.world["keys"][0])
        # The first call of all fills caches.
        client.call("crm.control.board", "get_board", team_id=pair.world["teams"][0])
        yield url, client
        warned = complaints(pair.database.server_log(), pair.database.name)
        assert [line for line in warned if "py.warnings" not in line] == []


@pytest.fixture(scope="module")
def offered(pair):
    return pair.database.inside("replica.offered")


def arguments(pair, wanted):
    """The arguments of a call, with what they stand for."""
    world = pair.world
    known = {
        "team": world["teams"][0],
        "of team": {"team_id": world["teams"][0]},
        "stage": world["stages"][1],
        "stages": world["stages"],
        "user": world["users"][0],
        "figure": "moves",
        **{name: [world[name]] for name in ("plan", "study", "review")},
    }
    return {
        name: known.get(value, value) if isinstance(value, str) else value
        for name, value in wanted.items()
    }


def assert_on_standby(pair, what, work):
    answer, primary, standby = pair.asked(work)
    assert primary == [], f"{what} asked the primary"
    return answer, standby


def test_methods(pair, served, offered):
    """Every method that says it only reads does so, on the standby."""
    _url, client = served
    assert offered["methods"] == sorted(CALLS)
    asked = 0
    for name, wanted in CALLS.items():
        model, _, method = name.rpartition(".")
        method = CALLED_BY.get(name, method)
        _answer, standby = assert_on_standby(
            pair, name, functools.partial(client.call, model, method, **arguments(pair, wanted))
        )
        asked += len(standby)
    assert asked > len(CALLS)


def test_reports(pair, served, offered):
    """Pivot and list of every report."""
    _url, client = served
    for name, pivot in pair.database.inside("replica.measures", models=offered["reports"]).items():
        for method, values in (
            ("formatted_read_group", pivot),
            ("web_search_read", {"specification": {"display_name": {}}, "limit": 5}),
        ):
            _answer, standby = assert_on_standby(
                pair, name, functools.partial(client.call, name, method, domain=[], **values)
            )
            assert standby, f"nobody was asked for {name}"


def test_workbooks(pair, served, offered):
    """Each download is made of what the standby says."""
    url, _client = served
    assert offered["routes"] == sorted(ROUTES)
    session = WebSession(url, "ivanov", PASSWORD)
    for route in ROUTES.values():
        path = route.format(team=pair.world["teams"][0], review=pair.world["review"])
        book, standby = assert_on_standby(pair, path, functools.partial(session.download, path))
        assert book.startswith(b"PK")
        assert standby


def test_while_the_primary_is_busy(pair, served):
    """The board comes from the standby while many leads are moved on the primary."""
    _url, client = served
    world = pair.world
    board = {"team_id": world["teams"][0], "weeks": 13}

    def read():
        return client.call("crm.control.board", "get_board", **board)

    def move(times=MOVES):
        for number in range(times):
            stage = world["stages"][number % 2 + 1]
            client.call("crm.lead", "write", ids=world["leads"], vals={"stage_id": stage})

    _answer, moving, _standby = pair.asked(lambda: move(2))
    _answer, own = assert_on_standby(pair, "the board", read)
    # A move asks for teams and stages, too.
    shapes = {shape(said) for said in own} - {shape(said) for said in moving}
    assert shapes

    places = [log.size() for log in pair.logs]
    with ThreadPoolExecutor() as pool:
        moves = pool.submit(move)
        boards = next(number for number in count(1) if read() and moves.done())
        moves.result()
    primary, standby = (log.since(at) for log, at in zip(pair.logs, places, strict=True))
    assert boards > 1
    assert any(said.lstrip().startswith("UPDATE") for said in primary), "nothing was moved"
    assert shapes.intersection(map(shape, primary)) == set()
    assert sum(shape(said) in shapes for said in standby) >= boards * len(shapes) / 2


def shape(statement):
    """A statement without its figures."""
    return re.sub(r"\W*\d[\d\W]*", " ", statement)


def test_the_standby_follows(pair, served):
    """What was moved is on the board once the standby has it."""
    _url, client = served
    world = pair.world
    into = world["stages"][2]
    client.call("crm.lead", "write", ids=world["leads"], vals={"stage_id": into})
    pair.catch_up()
    board = client.call("crm.control.board", "get_board", team_id=world["teams"][0])
    standing = {stage["id"]: stage["count"] for stage in board["now"]}
    assert standing[into] == len(world["leads"])
