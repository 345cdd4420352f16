import json
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, TransactionCase, new_test_user

BLACKLISTED = {"is_sales_blacklisted": True, "sales_blacklist_reason": "Never paid"}


class Json2Case(HttpCase):
    """Calls methods the way other programs do."""

    def json2(self, user, method, **arguments):
        """Call ``model/method`` with named arguments, as ``user``.

        :return: Odoo's answer
        """
        key = (
            self.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
        )
        return self.url_open(
            f"/json/2/{method}",
            data=json.dumps(arguments),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )


class OwnCompanyCase(TransactionCase):
    """A company of the test's own, whatever else the database holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company = cls.env["res.company"].create({"name": "Own Company (test)"})
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})

    @classmethod
    def new_user(cls, login, group="sales_team.group_sale_salesman"):
        """Somebody who works in the company and in no other."""
        return new_test_user(
            cls.env,
            login,
            groups=group,
            company_id=cls.company.id,
            company_ids=[fields.Command.set(cls.company.ids)],
        )


class FunnelCase(TransactionCase):
    """A team with the reference funnel, two hunters and a clock."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.History = cls.env["crm.lead.stage.history"]
        cls.ivanov = new_test_user(
            cls.env, "test_ivanov", groups="sales_team.group_sale_salesman", name="Ivanenko"
        )
        cls.sidorov = new_test_user(
            cls.env, "test_sidorov", groups="sales_team.group_sale_salesman", name="Sidorenko"
        )
        cls.team = cls._make_team("Test Hunters")
        cls.env["crm.team.member"].create(
            [{"crm_team_id": cls.team.id, "user_id": user.id} for user in (cls.ivanov, cls.sidorov)]
        )
        cls.stages = cls._build_funnel(cls.team)
        cls.list, cls.acquaintance, cls.presentation, cls.contract, cls.payment = cls.stages
        cls.reason = cls.env["crm.lost.reason"].create({"name": "No budget (test)"})
        cls.spam = cls.env["crm.lost.reason"].create(
            {"name": "Spam (test)", "is_spam_or_duplicate": True}
        )
        cls.set_grace(0)
        cls.set_enforcement("off")
        cls.set_distribution(by_role=False, handover=False)

    @classmethod
    def _make_team(cls, name, **values):
        return cls.env["crm.team"].create(
            {"name": name, "use_opportunities": True, "company_id": False, **values}
        )

    @classmethod
    def _build_funnel(cls, team, kind="active"):
        cls.env["crm.funnel.builder"].create(
            {"team_id": team.id, "funnel_kind": kind}
        ).action_build()
        return cls.env["crm.stage"].search([("team_ids", "in", team.ids)])

    @classmethod
    def set_grace(cls, minutes):
        cls.env["ir.config_parameter"].set_param(
            "sales_funnel_control.undo_grace_minutes", str(minutes)
        )

    @classmethod
    def set_enforcement(cls, value):
        """``off``, or anything else for on."""
        cls.env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", value)

    @classmethod
    def set_distribution(cls, by_role, handover):
        """Switch the rules of distribution and of handing over, without the demo's class rules."""
        cls.env["crm.lead.class.rule"].search([]).active = False
        cls.env["res.company"].search([]).write(
            {"distribution_by_role": by_role, "handover_to_farmer": handover}
        )

    def new_lead(self, stage=None, user=None, **values):
        """A new opportunity, in a transaction of its own as far as the ledger is concerned."""
        lead = self.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "team_id": self.team.id,
                "user_id": (user or self.ivanov).id,
                "stage_id": (stage or self.list).id,
                **values,
            }
        )
        self.env.cr.flush()
        return lead

    def stays(self, leads):
        return self.History.search([("lead_id", "in", leads.ids)])

    def path(self, leads):
        """``(stage, manager, origin, exit)`` of every stay, in order."""
        return [
            (stay.stage_id.name, stay.user_id.name, stay.origin, stay.exit)
            for stay in self.stays(leads)
        ]

    def rates(self, domain=(), group="next_stage_id"):
        """``{group: (entered, advanced, conversion)}`` as the report gives it."""
        return {
            key.display_name if hasattr(key, "display_name") else key: (entered, advanced, rate)
            for key, entered, advanced, rate in self.env["crm.funnel.report"]._read_group(
                [("team_id", "=", self.team.id), *domain],
                [group],
                ["entered:sum", "advanced:sum", "conversion_rate:avg"],
            )
        }
