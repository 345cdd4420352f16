"""The server is killed (-9), or PostgreSQL crashes, in the midst of work.

What was acknowledged is there, nothing is there twice or by halves, and the work is finished when
it is begun again.
"""

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from clicking import Person
from clusters import OWN, bring, running
from consistency import BROKEN, broken
from database import Database
from ground.paths import ADDON
from ground.postgres import Cluster
from ground.server import Server
from test_backfill_stock import LEDGER

LEADS = 60
PATIENCE = 600
SECONDS = float(os.environ.get("SFC_CRASH_SECONDS", "40"))
USERS = 8
WAITING = """
    SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
REFUSED = "SELECT lead_id FROM crm_lead_refusal ORDER BY lead_id"
WAYS = """
    SELECT lead_id, json_agg(stage_id ORDER BY entered_at, id) AS stages
      FROM crm_lead_stage_history WHERE NOT is_skipped
  GROUP BY lead_id
"""


@contextmanager
def locked(database, table):
    """Keep everybody away from a table for the block."""
    cluster = database.odoo.cluster
    command = cluster.client("psql", "-XAtq", "-d", database.name)
    with subprocess.Popen(
        command, env=cluster.env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as psql:
        psql.stdin.write(f"BEGIN; LOCK TABLE {table}; SELECT 'locked';\n")
        psql.stdin.flush()
        assert psql.stdout.readline().strip() == "locked"
        yield
        psql.stdin.close()


def wait_until(is_so, what):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.2)


def assert_no_longer_waiting(database):
    """A killed server's transactions end when PostgreSQL notices."""
    wait_until(lambda: not database.rows(WAITING), "PostgreSQL does not notice the end")


def test_killed_while_many_are_lost(make):
    """Of a group of deals that is lost at once, either all are or none."""
    database = make.installed("killed_losing")
    world = database.inside("crowd.prepare", leads=LEADS)
    lose = {"ids": world["leads"], "lost_reason_id": world["reason"]}
    with (
        ThreadPoolExecutor() as pool,
        database.served("--max-cron-threads=0") as url,
        locked(database, "crm_lead_refusal"),
    ):
        client = database.client(url, world["keys"][0])
        answer = pool.submit(client.call, "crm.lead", "action_set_lost", **lose)
        wait_until(lambda: database.rows(WAITING), "nobody loses anything")
        Server(database.odoo, database.name).kill()
        with pytest.raises(OSError):
            answer.result()
    assert_no_longer_waiting(database)
    assert refused_of(database, world) == []
    archived = {row["id"] for row in database.rows("SELECT id FROM crm_lead WHERE NOT active")}
    assert archived.isdisjoint(world["leads"])
    assert broken(database) == {}

    with database.served("--max-cron-threads=0") as url:
        database.client(url, world["keys"][0]).call("crm.lead", "action_set_lost", **lose)
    assert refused_of(database, world) == sorted(world["leads"])
    assert broken(database) == {}


def refused_of(database, world):
    """The deals at hand that are in the register of refusals, each as often as it is there."""
    ours = set(world["leads"])
    return [row["lead_id"] for row in database.rows(REFUSED) if row["lead_id"] in ours]


def test_killed_while_it_is_installed(make):
    """An installation that is killed while the past is rebuilt is finished by the next one."""
    database = make.stock("killed_installing")
    database.inside("moves.play", start="2026-03-02 08:00:00")
    twin = make.copy(database, "installed_at_once")
    twin.install()

    command = database.odoo.command(
        *("-i", ADDON, "--stop-after-init", "--no-http"), database=database.name
    )
    with locked(database, "mail_tracking_value"):
        process = subprocess.Popen(
            [str(part) for part in command], env=database.odoo.env, stderr=subprocess.DEVNULL
        )
        wait_until(lambda: database.rows(WAITING), "nobody asks for the past")
        process.kill()
        process.wait()
    assert_no_longer_waiting(database)
    assert database.install() == []
    assert database.rows(LEDGER) == twin.rows(LEDGER) != []
    assert broken(database) == {}


def test_postgresql_crashes_while_people_click(make):
    """What was acknowledged before is there, and after the restart people go on."""
    source = make.installed("crashed")
    world = source.inside("crowd.prepare_many", users=USERS, leads=5)
    with running(Cluster("crashed", OWN)) as cluster:
        database = Database(bring(source, cluster), source.name)
        with database.served("--max-cron-threads=0") as url:
            until = time.monotonic() + SECONDS
            people = [
                Person(database.client(url, person["key"]), world, place, has_addon=True)
                for place, person in enumerate(world["people"])
            ]
            with ThreadPoolExecutor(USERS) as pool:
                for person in people:
                    pool.submit(person.work, until)
                time.sleep(SECONDS / 2)
                before = clicks(people)
                cluster.crash()
                cluster.start()
                at_once = clicks(people)
        assert before
        assert clicks(people) > at_once, "nobody could go on"
        told = {row["lead_id"]: row["stages"] for row in database.rows(WAYS)}
        unsure = set().union(*(person.unsure for person in people))
        assert unsure, "nobody noticed"
        known = {
            lead: way for person in people for lead, way in person.way.items() if lead not in unsure
        }
        assert {lead: told.get(lead) for lead in known} == known
        acknowledged = [contact for person in people for contact in person.contacts]
        logged = {row["id"] for row in database.rows("SELECT id FROM crm_contact_log")}
        assert acknowledged
        assert set(acknowledged) <= logged
        refused = {lead for person in people for lead in person.refused}
        found = [row["lead_id"] for row in database.rows(REFUSED)]
        assert len(found) == len(set(found))
        assert refused <= set(found)
        assert {promise: database.rows(query) for promise, query in BROKEN.items()} == (
            dict.fromkeys(BROKEN, [])
        )


def clicks(people):
    """How many clicks were acknowledged so far."""
    return sum(len(times) for person in people for times in person.seconds.values())
