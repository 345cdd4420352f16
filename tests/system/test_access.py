"""Who sees which stays, by every way out of Odoo: JSON-2, grouped figures, and export.

The rows that each reader should see are picked here from all rows, by Python, not by Odoo's rules.
"""

from collections import Counter

import pytest
from json2 import Refused
from web import WebSession

MODELS = ("crm.lead.stage.history", "crm.funnel.report")
READERS = (
    "salesperson",
    "colleague",
    "leader",
    "all_leads",
    "manager",
    "second_salesperson",
    "second_manager",
    "both_manager",
)
ROWS = """
    SELECT stay.id, lead.name AS lead, login.login AS manager, stay.reached_next::int AS advanced,
           team.name ->> 'en_US' AS team, company.name = 'Second Company' AS is_second,
           stay.is_cohort AND stay.next_stage_id IS NOT NULL AND stay.exit <> 'transferred'
           AND reason.is_spam_or_duplicate IS NOT TRUE AS is_reported
      FROM crm_lead_stage_history stay
      JOIN crm_lead lead ON lead.id = stay.lead_id
      JOIN res_company company ON company.id = stay.company_id
 LEFT JOIN crm_team team ON team.id = stay.team_id
 LEFT JOIN res_users login ON login.id = stay.user_id
 LEFT JOIN crm_lost_reason reason ON reason.id = stay.lost_reason_id
"""


def is_visible(row, reader):
    """The rules of DESIGN.md, "Who sees what", on a row of ``ROWS``."""
    if reader == "both_manager":
        return True
    if row["is_second"] != reader.startswith("second_"):
        return False
    if reader in ("all_leads", "manager", "second_manager"):
        return True
    return row["manager"] == reader or (reader == "leader" and row["team"] == "Led")


@pytest.fixture(scope="module")
def company(make):
    """A served database with the people of ``inside/access.py`` and all its stays."""
    database = make.installed("access")
    people = database.inside("access.prepare")
    with database.served() as url:
        yield Company(database, url, people)


class Company:
    def __init__(self, database, url, people):
        self.url = url
        self.people = people
        self.rows = database.rows(ROWS)
        self.database = database

    def client(self, name):
        return self.database.client(self.url, self.people[name]["key"])

    def session(self, name):
        login = self.people[name]["login"]
        return WebSession(self.url, login, f"{login}-{login}")

    def rows_of(self, reader, model):
        """The rows of ``model`` that ``reader`` should see."""
        return [
            row
            for row in self.rows
            if is_visible(row, reader) and (row["is_reported"] or model == MODELS[0])
        ]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("reader", READERS)
def test_rows(company, reader, model):
    """``search_read`` gives exactly the rows that are the reader's business."""
    expected = company.rows_of(reader, model)
    found = company.client(reader).call(model, "search_read", domain=[], fields=["lead_id"])
    assert len(expected) >= 2
    assert {row["id"]: row["lead_id"][1] for row in found} == {
        row["id"]: row["lead"] for row in expected
    }


@pytest.mark.parametrize("reader", READERS)
def test_grouped_figures(company, reader):
    """What the pivot reads: sums over the same rows, by manager."""
    expected = Counter()
    for row in company.rows_of(reader, "crm.funnel.report"):
        expected[row["manager"], "entered"] += 1
        expected[row["manager"], "advanced"] += row["advanced"]
    groups = company.client(reader).call(
        "crm.funnel.report",
        "formatted_read_group",
        domain=[],
        groupby=["user_id"],
        aggregates=["entered:sum", "advanced:sum"],
    )
    logins = {person["id"]: person["login"] for person in company.people.values()}
    found = Counter()
    for group in groups:
        login = group["user_id"] and logins.get(group["user_id"][0], group["user_id"][1])
        found[login, "entered"] = group["entered:sum"]
        found[login, "advanced"] = group["advanced:sum"]
    ours = [*logins.values()]
    assert {key: n for key, n in found.items() if key[0] in ours} == {
        key: n for key, n in expected.items() if key[0] in ours
    }
    assert found.total() == expected.total()


@pytest.mark.parametrize("reader", READERS)
def test_export(company, reader):
    """An export to CSV holds the same rows, with the names of the leads and managers."""
    session = company.session(reader)
    assert session.is_open
    for model in MODELS:
        exported = session.export(model, "lead_id", "user_id/.id", "stage_id", "exit")
        assert exported is not None, f"{reader} cannot export {model}"
        assert Counter(row["lead_id"] for row in exported) == Counter(
            row["lead"] for row in company.rows_of(reader, model)
        )


@pytest.mark.parametrize("reader", [*READERS, "administrator"])
def test_nobody_writes(company, reader):
    """Not even an administrator creates, changes or deletes rows."""
    client = company.client(reader)
    (lead,) = client.call("crm.lead.stage.history", "search_read", domain=[], limit=1)
    vals = {"lead_id": lead["lead_id"][0], "entered_at": "2026-01-05 08:00:00"}
    for model in MODELS:
        for method, arguments in (
            ("create", {"vals_list": [{**vals, "stage_id": lead["stage_id"][0]}]}),
            (
                "create",
                {
                    "vals_list": [{**vals, "stage_id": lead["stage_id"][0]}],
                    "context": {"importing_stays": True},
                },
            ),
            ("write", {"ids": [lead["id"]], "vals": {"exit": "advanced"}}),
            ("unlink", {"ids": [lead["id"]]}),
        ):
            with pytest.raises(Refused) as refused:
                client.call(model, method, **arguments)
            assert refused.value.name == "odoo.exceptions.AccessError"


@pytest.mark.parametrize("model", MODELS)
def test_portal_sees_nothing(company, model):
    """A portal user is told nothing, by any way; neither is one without a key."""
    portal = company.client("portal")
    for method, arguments in (
        ("search_read", {"domain": []}),
        ("search_count", {"domain": []}),
        ("formatted_read_group", {"domain": [], "groupby": [], "aggregates": ["__count"]}),
    ):
        with pytest.raises(Refused) as refused:
            portal.call(model, method, **arguments)
        assert refused.value.name == "odoo.exceptions.AccessError"
    session = company.session("portal")
    assert session.is_open
    assert session.export(model, "lead_id") is None
    with pytest.raises(Refused) as refused:
        company.database.client(company.url, "wrong").call(model, "search_count", domain=[])
    assert refused.value.status == 401
