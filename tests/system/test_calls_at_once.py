"""Several people who log the same call at the same moment, through two servers."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

REQUESTS = 50
CALL = {"kind": "outgoing_call", "date": "2026-03-10 09:00:00"}
COUNTED = "SELECT contact_id, day, place FROM crm_contact_log WHERE counts_as = 'effective_call'"


@pytest.fixture(scope="module")
def called(make):
    """Logs calls with persons, all at once; gives the ids of the contacts and the database."""
    database = make.installed("called")
    world = database.inside("contacts.prepare")
    with database.served() as first, database.served(number=2) as second:
        clients = [database.client(url, world["key"]) for url in (first, second)]

        def log_at_once(people, **values):
            together = Barrier(len(people))

            def log(number):
                together.wait()
                return clients[number % 2].call(
                    "crm.contact.log",
                    "create",
                    vals_list=[{**CALL, "contact_id": people[number], **values}],
                )

            with ThreadPoolExecutor(len(people)) as pool:
                return [log_id for ids in pool.map(log, range(len(people))) for log_id in ids]

        yield database, world["people"], log_at_once


def test_one_call_a_day(called):
    """Fifty requests are all logged, and exactly one of them counts."""
    database, people, log_at_once = called
    logged = log_at_once(people[:1] * REQUESTS)
    assert len(set(logged)) == REQUESTS
    assert len(database.rows(COUNTED)) == 1
    notes = database.rows(
        "SELECT count_note FROM crm_contact_log"
        f" WHERE contact_id = {people[0]} AND counts_as IS NULL"
    )
    assert notes == [{"count_note": "same_day"}] * (REQUESTS - 1)


def test_five_decision_makers(called):
    """Eight decision makers called at the same moment: five of them count."""
    database, people, log_at_once = called
    log_at_once(people * 3, date="2026-03-11 09:00:00")
    assert len(database.rows(f"SELECT DISTINCT contact_id FROM ({COUNTED}) counted")) == 5
    places = database.rows(f"SELECT place FROM ({COUNTED}) counted WHERE place IS NOT NULL")
    assert sorted(row["place"] for row in places) == [1, 2, 3, 4, 5]
