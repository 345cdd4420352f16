"""One row of every model of ours for each of four owners, made straight in the tables.

Every reference of a row leads to its owner's things, and every text carries the owner's mark, so
that a row or a word of somebody else's is recognised wherever it turns up. Going past the ORM
keeps the rows independent of what the models let people write.
"""

from datetime import date, timedelta

from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tools import SQL

from ..tools import working_time

ADDON = "sales_funnel_control"
OWNERS = ("salesperson", "teammate", "other_team", "other_company")
MARK = "Zanzibar"  # in everything of the other company, and nowhere else
# One list for all companies, as Odoo's own lost reasons are.
SHARED = ("crm.client.case.cause", "crm.competitor", "crm.objection", "crm.time.kind")
# Runs over the whole database, which managers see the progress of, without names.
RUNS = ("crm.lead.class.run", "crm.ledger.rebuild")
# Where the first choice, or one figure for all, is no possible row.
SPECIAL = {
    "crm.contact.batch": {"line_id": None},
    "crm.contact.norm.week": {"week_start": date(2000, 1, 3)},
    "crm.head.task": {"partner_id": None, "done_at": None, "withdrawn_at": None},
    "crm.lead.stage.history": {"left_at": None, "is_cohort": True},
    "crm.scorecard.weight": {"cap": 100},
    "crm.time.block": {"hour_to": 2},
    "crm.weekly.review.stage": {"closing": -4},
}


def our_models(env):
    """``[name]`` of every model that the addon defines and that can hold rows."""
    return [
        name
        for name, model in sorted(env.registry.items())
        if model._original_module == ADDON and not model._abstract
    ]


class OwnedRows:
    """The people, and one row of each model for each of ``OWNERS``.

    :param env: of a superuser
    """

    def __init__(self, env):
        self.env = env(context={"tracking_disable": True, "no_reset_password": True})
        self.rows = {}
        self._make_companies()
        self._make_people()
        self._make_things()

    def _make_companies(self):
        company_class = self.env["res.company"]
        self.home = company_class.create({"name": "Home Company (test)"})
        self.away = company_class.create({"name": f"{MARK} Company (test)"})
        team_class = self.env["crm.team"]
        self.teams = {}
        for owner in ("salesperson", "other_team", "other_company"):
            company = self.company_of(owner)
            self.teams[owner] = team_class.create(
                {"name": f"{self.mark(owner)} team", "company_id": company.id}
            )
        self.teams["teammate"] = self.teams["salesperson"]

    def company_of(self, owner):
        return self.away if owner == "other_company" else self.home

    def mark(self, owner):
        """The word in the owner's texts."""
        return MARK if owner == "other_company" else f"Of {owner}"

    def _user(self, login, group, company):
        return new_test_user(
            self.env,
            f"owned_{login}",
            groups=group,
            name=f"{self.mark('other_company' if company == self.away else login)} {login}",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    def _make_people(self):
        salesman = "sales_team.group_sale_salesman"
        self.people = {
            owner: self._user(owner, salesman, self.company_of(owner)) for owner in OWNERS
        }
        self.members = {
            owner: self.env["crm.team.member"].create(
                {"crm_team_id": self.teams[owner].id, "user_id": user.id, "sales_role": "hunter"}
            )
            for owner, user in self.people.items()
        }
        self.people |= {
            "leader": self._user("leader", salesman, self.home),
            "all_documents": self._user(
                "all", "sales_team.group_sale_salesman_all_leads", self.home
            ),
            "manager": self._user("manager", "sales_team.group_sale_manager", self.home),
            "administrator": self._user("administrator", "base.group_system", self.home),
            "employee": self._user("employee", "base.group_user", self.home),
            "portal": self._user("portal", "base.group_portal", self.home),
            "public": self.env.ref("base.public_user"),
            "other_manager": self._user(
                "other_manager", "sales_team.group_sale_manager", self.away
            ),
        }
        self.teams["salesperson"].user_id = self.people["leader"]

    def _make_things(self):
        """What stock models hold of each owner, by model."""
        stage = self.env["crm.stage"].create({"name": "Stage (test)"})
        product = self.env["product.product"].create({"name": "Product (test)"})
        self.things = {}
        for owner in OWNERS:
            user, company, team = self.people[owner], self.company_of(owner), self.teams[owner]
            common = {"company_id": company.id, "user_id": user.id}
            name = f"{self.mark(owner)} thing"
            partner = self.env["res.partner"].create(
                {"name": f"{self.mark(owner)} client", "is_company": True, **common}
            )
            lead = self.env["crm.lead"].create(
                {
                    "name": name,
                    "type": "opportunity",
                    "team_id": team.id,
                    "stage_id": stage.id,
                    "partner_id": partner.id,
                    **common,
                }
            )
            self.things[owner] = {
                "res.users": user,
                "res.company": company,
                "res.currency": company.currency_id,
                "res.partner": partner,
                "crm.team": team,
                "crm.team.member": self.members[owner],
                "crm.lead": lead,
                "crm.stage": stage,
                "product.product": product,
                "product.template": product.product_tmpl_id,
                "product.category": self.env["product.category"].search([], limit=1),
                "crm.lost.reason": self.env["crm.lost.reason"].create({"name": "Reason (test)"}),
                "utm.campaign": self.env["utm.campaign"].create(
                    {
                        "name": name,
                        "title": name,
                        "is_special_program": True,
                        "program_kind": "seminar",
                        **common,
                    }
                ),
                "loyalty.program": self.env["loyalty.program"].create(
                    {"name": name, "program_type": "loyalty", "company_id": company.id}
                ),
                "ir.model": self.env["ir.model"]._get("crm.lead"),
            }
        self.env.flush_all()

    def fill(self):
        """Make the rows; reports then stand over them.

        :return: self
        """
        for owner in OWNERS:
            for name in our_models(self.env):
                if self.env[name]._auto:
                    self.row(name, owner)
        self.env.invalidate_all()
        for owner in OWNERS:
            for name in our_models(self.env):
                if not self.env[name]._auto:
                    self.rows[name, owner] = self._report_rows(name, owner)
        return self

    def row(self, name, owner):
        """The owner's row of our model ``name``, made on first sight; empty while in the making."""
        model = self.env[name]
        if (name, owner) not in self.rows:
            self.rows[name, owner] = model.browse()
            values = {
                field.name: value
                for field in model._fields.values()
                if field.store and field.column_type and field.name != "id"
                if (value := self._value(model, field, owner)) is not None
            }
            query = SQL(
                "INSERT INTO %s (%s) VALUES (%s) ON CONFLICT DO NOTHING RETURNING id",
                SQL.identifier(model._table),
                SQL(", ").join(SQL.identifier(column) for column in values),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
            made = self.env.execute_query(query)
            # What is one for the team or the company is the colleague's, too.
            self.rows[name, owner] = (
                model.browse(made[0]) if made else self.rows[name, "salesperson"]
            )
        return self.rows[name, owner]

    def _value(self, model, field, owner):
        special = SPECIAL.get(model._name, {})
        if field.name in special:
            return special[field.name]
        if field.name in ("create_uid", "write_uid"):
            return self.people[owner].id
        if field.type == "many2one":
            return self._reference(model, field, owner)
        monday = working_time.monday(self.company_of(owner)._funnel_today())
        day = monday - timedelta(weeks=OWNERS.index(owner))
        makers = {
            "boolean": lambda: field.name == "active",
            "integer": lambda: 1,
            "float": lambda: 1,
            "monetary": lambda: 1,
            "date": lambda: day,
            "datetime": lambda: day,
            "selection": lambda: next(iter(field.get_values(self.env)), None),
            "many2one_reference": lambda: self.things[owner]["crm.lead"].id,
            "json": lambda: None,
            "reference": lambda: f"crm.lead,{self.things[owner]['crm.lead'].id}",
        }
        if field.type in makers:
            return makers[field.type]()
        if field.type in ("char", "text", "html"):
            text = "crm.lead" if field.name in ("res_model", "model_name") else self.mark(owner)
            if model._name in SHARED:
                text = "Of everybody"
            if "domain" in field.name:
                text = "[]"
            return field.convert_to_column_insert(text, model, validate=False)
        return None

    def _reference(self, model, field, owner):
        comodel = field.comodel_name
        if comodel in self.things[owner]:
            return self.things[owner][comodel].id
        other = self.env[comodel]
        if other._original_module == ADDON and comodel != model._name and other._auto:
            return self.row(comodel, owner).id or None
        if field.required:
            return other.sudo().with_context(active_test=False).search([], limit=1).id
        return None

    def _report_rows(self, name, owner):
        """The rows of the report ``name`` that speak of the owner and of nobody else."""
        model = self.env[name]
        mine = self.things[owner]
        for field in ("user_id", "lead_id", "partner_id", "client_id", "team_id", "company_id"):
            column = model._fields.get(field)
            if column is None or column.type != "many2one":
                continue
            thing = mine.get(column.comodel_name) or self.rows.get((column.comodel_name, owner))
            if thing:
                return model.search([(field, "=", thing.id)], limit=1)
        return model.browse()

    def owned(self):
        """``(model name, owner, row)`` of all, empty rows too."""
        for (name, owner), row in sorted(self.rows.items(), key=lambda item: item[0]):
            yield name, owner, row
