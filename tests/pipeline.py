"""Loads a published pipeline of sales opportunities into Odoo, through its public ways only.

    python tests/pipeline.py FOLDER --url http://127.0.0.1:8069 --database demo --key KEY

FOLDER holds ``sales_pipeline.csv``, ``sales_teams.csv``, ``accounts.csv`` and ``products.csv``:
8,800 opportunities of 30 agents. KEY is an API key of an administrator, who alone may import stays.

Each manager becomes a sales team with a funnel of its own: Prospecting, Engaging, Won. A lost
opportunity is refused on Engaging. The file dates two moves, from Prospecting to Engaging and out
of Engaging; an opportunity that is still prospected has no date at all and stays as it was made.
"""

import argparse
import csv
from collections import namedtuple
from datetime import datetime
from pathlib import Path

from system.json2 import Client

BATCH = 1000
STAGES = ("Prospecting", "Engaging", "Won")
LOST_REASON = "Lost (imported)"

Loaded = namedtuple("Loaded", "teams stages agents leads stays")


class LoadError(Exception):
    """Odoo does not take the rows; its messages say why."""


class Pipeline:
    """The files, with what is odd about them put right."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.opportunities = self._read("sales_pipeline.csv")
        self.agents = self._read("sales_teams.csv")
        self.accounts = [row["account"] for row in self._read("accounts.csv")]
        self.products = [row["product"] for row in self._read("products.csv")]
        for row in self.opportunities:
            row["product"] = self._product(row["product"])

    @property
    def managers(self):
        return sorted({row["manager"] for row in self.agents})

    def _read(self, name):
        with (self.folder / name).open(encoding="utf-8-sig", newline="") as handle:
            return list(csv.DictReader(handle))

    def _product(self, name):
        """The product's name as the price list has it: the pipeline writes “GTXPro”."""
        for product in self.products:
            if product.replace(" ", "") == name.replace(" ", ""):
                return product
        return name


class Loader:
    """Makes of a pipeline what Odoo has for it."""

    def __init__(self, client, pipeline, say=print):
        self.client = client
        self.pipeline = pipeline
        self.say = say

    def load(self):
        """Load everything.

        :return: ids by name: teams (of managers), stages, agents, leads (of opportunities); and
            how many stays were imported
        """
        people = sorted({row["sales_agent"] for row in self.pipeline.agents})
        people = dict(zip(people, self._load_people(people), strict=True))
        teams = self._create_teams(people)
        stages = self._create_stages(teams)
        accounts = self._load_accounts()
        leads = self._load_leads(people, teams, stages, accounts)
        stays = self._load_stays(people, stages, leads)
        return Loaded(teams, stages, people, leads, stays)

    def _load_people(self, names):
        return self._load(
            "res.users",
            ("name", "login", "group_ids/id"),
            [(name, _login(name), "sales_team.group_sale_salesman") for name in names],
        )

    def _create_teams(self, people):
        managers = self.pipeline.managers
        leaders = self._load_people(managers)
        teams = self._create(
            "crm.team",
            [
                {"name": f"Team {name}", "user_id": leader, "has_own_funnel": True}
                for name, leader in zip(managers, leaders, strict=True)
            ],
        )
        teams = dict(zip(managers, teams, strict=True))
        self._create(
            "crm.team.member",
            [
                {"crm_team_id": teams[row["manager"]], "user_id": people[row["sales_agent"]]}
                for row in self.pipeline.agents
            ],
        )
        return teams

    def _create_stages(self, teams):
        stages = self._create(
            "crm.stage",
            [
                {
                    "name": name,
                    "sequence": number,
                    "team_ids": list(teams.values()),
                    "is_won": name == "Won",
                }
                for number, name in enumerate(STAGES, 1)
            ],
        )
        return dict(zip(STAGES, stages, strict=True))

    def _load_accounts(self):
        names = self.pipeline.accounts
        ids = self._load("res.partner", ("name", "is_company"), [(name, "1") for name in names])
        return dict(zip(names, ids, strict=True))

    def _load_leads(self, people, teams, stages, accounts):
        (reason,) = self._create("crm.lost.reason", [{"name": LOST_REASON}])
        team_of = {row["sales_agent"]: teams[row["manager"]] for row in self.pipeline.agents}
        rows = [
            (
                f"{row['opportunity_id']} {row['product']}",
                "opportunity",
                team_of[row["sales_agent"]],
                people[row["sales_agent"]],
                stages["Engaging" if row["deal_stage"] == "Lost" else row["deal_stage"]],
                accounts.get(row["account"], ""),
                row["close_value"] or "0",
                "0" if row["deal_stage"] == "Lost" else "1",
                {"Won": "100", "Lost": "0"}.get(row["deal_stage"], "20"),
                reason if row["deal_stage"] == "Lost" else "",
            )
            for row in self.pipeline.opportunities
        ]
        ids = self._load(
            "crm.lead",
            (
                "name",
                "type",
                "team_id/.id",
                "user_id/.id",
                "stage_id/.id",
                "partner_id/.id",
                "expected_revenue",
                "active",
                "probability",
                "lost_reason_id/.id",
            ),
            rows,
            tracking_disable=True,
        )
        names = (row["opportunity_id"] for row in self.pipeline.opportunities)
        return dict(zip(names, ids, strict=True))

    def _load_stays(self, people, stages, leads):
        """The stay on Engaging, of all that came there; those before and after follow from it."""
        rows = [
            (
                leads[row["opportunity_id"]],
                stages["Engaging"],
                people[row["sales_agent"]],
                _moment(row["engage_date"]),
                _moment(row["close_date"]),
            )
            for row in self.pipeline.opportunities
            if row["engage_date"]
        ]
        columns = ("lead_id/.id", "stage_id/.id", "user_id/.id", "entered_at", "left_at")
        return len(self._load("crm.lead.stage.history", columns, rows, tz="UTC"))

    def _load(self, model, columns, rows, **context):
        """Import rows in batches and return the ids of the records."""
        ids = []
        for start in range(0, len(rows), BATCH):
            result = self.client.call(
                model,
                "load",
                fields=list(columns),
                data=[[str(value) for value in row] for row in rows[start : start + BATCH]],
                context=context,
            )
            if not result["ids"]:
                raise LoadError(f"{model}: {result['messages']}")
            ids += result["ids"]
            self.say(f"{model}: {len(ids)} of {len(rows)}")
        return ids

    def _create(self, model, vals_list):
        return self.client.call(model, "create", vals_list=vals_list)


def _login(name):
    return name.lower().replace(" ", ".")


def _moment(date):
    """A date of the file (m/d/yyyy), at noon: the same day in every time zone of the company."""
    return datetime.strptime(date, "%m/%d/%Y").strftime("%Y-%m-%d 12:00:00") if date else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", help="where the CSV files are")
    parser.add_argument("--url", default="http://127.0.0.1:8069", help="Odoo's address")
    parser.add_argument("--database", required=True)
    parser.add_argument("--key", required=True, help="API key of an administrator")
    options = parser.parse_args()
    client = Client(options.url, options.database, options.key)
    loaded = Loader(client, Pipeline(options.folder)).load()
    print(f"loaded {len(loaded.leads)} opportunities with {loaded.stays} dated stays")


if __name__ == "__main__":
    main()
