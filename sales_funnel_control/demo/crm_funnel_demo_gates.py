import random
from datetime import timedelta

from odoo import api, fields, models

from ..models.crm_lead_gate_gaps import Gap

_CITIES = ("Saint Petersburg", "Yekaterinburg", "Samara", "Novosibirsk", "Kazan", "Perm")
_PEOPLE = ("Andrey Belov", "Olga Fomina", "Pavel Gusev", "Irina Zueva", "Maksim Lapin")
_POSITIONS = ("Purchasing Manager", "Director", "Head of Production", "Chief Engineer")
_PRODUCTS = ("Packaging film", "Cardboard boxes", "Pallets", "Labels", "Stretch wrap")
_VOLUMES = ("2 t a month", "500 pieces a week", "12 pallets a quarter", "40 rolls a month")
_SUPPLIERS = ("Severtorg", "Optimum Supply", "Baltika Trade", "Several, by price")
_DECIDERS = ("owner", "director", "buyer", "several")
# Gates that were passed: place of the stage, what was missing, how, and why.
_PASSED = (
    (
        3,
        "2 questions of the questionnaire",
        "override",
        "The director signs this week, the volumes come with the first order",
    ),
    (
        2,
        "position of the contact person",
        "override",
        "The owner asked for the presentation himself at the trade fair",
    ),
    (1, "address or phone", "team_change", ""),
)


class CrmFunnelDemo(models.AbstractModel):
    """Gates on the hunters' stages, and clients known as well as their stage asks for."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _open_gates(self, team):
        """Set the reference gates; fill in what the deals there must have had to come so far."""
        builder = self.env["crm.funnel.builder"].create(
            {"team_id": team.id, "funnel_kind": team.funnel_kind}
        )
        builder._set_gates()
        stages = self.env["crm.stage"].search([("team_ids", "in", team.ids)])
        leads = self.env["crm.lead"].with_context(active_test=False, tracking_disable=True)
        chance = random.Random("gates")
        for place, stage in enumerate(stages):
            for lead in leads.search(
                [("team_id", "=", team.id), ("stage_id", "=", stage.id)], order="id"
            ):
                self._know_client(chance, lead, place)
        self._pass_gates(team, stages)

    def _pass_gates(self, team, stages):
        """List deals that came to where they stand without what is asked for."""
        bypasses = self.env["crm.stage.bypass"].with_user(team.user_id).sudo()
        for place, missing, how, reason in _PASSED:
            stage = stages[place]
            lead = self.env["crm.lead"].search(
                [("team_id", "=", team.id), ("stage_id", "=", stage.id)],
                order="date_last_stage_update DESC, id",
                limit=1,
            )
            row = bypasses._note({lead: [Gap(stage.id, "lead", None, missing)]}, how, reason, {})
            row.write(
                {
                    "from_stage_id": stages[place - 1].id if how == "override" else False,
                    "passed_at": lead.date_last_stage_update,
                    "channel": "web",
                }
            )

    def _know_client(self, chance, lead, place):
        """Fill in what is known on the stage at ``place``; of some deals one thing more."""
        known = place + (chance.random() < 0.3)
        vals = {}
        if known >= 1:
            vals["phone"] = f"+7 812 {chance.randint(200, 799)}-{chance.randint(10, 99)}-00"
        if known >= 2:
            vals["city"] = chance.choice(_CITIES)
            vals["contact_name"] = chance.choice(_PEOPLE)
            vals["function"] = chance.choice(_POSITIONS)
        if known >= 2:
            answers = self._answers(chance)
            asked = len(answers) if known >= 3 else chance.randint(2, 5)
            vals["questionnaire"] = dict(list(answers.items())[:asked])
        if vals:
            lead.write(vals)

    @staticmethod
    def _answers(chance):
        today = fields.Date.today()
        return {
            "needs_product": chance.choice(_PRODUCTS),
            "needs_volume": chance.choice(_VOLUMES),
            "needs_delivery_date": str(today + timedelta(days=chance.randint(14, 90))),
            "needs_supplier": chance.choice(_SUPPLIERS),
            "needs_decision": chance.choice(_DECIDERS),
            "needs_budget": f"{chance.randint(2, 40) * 50_000:,} a year",
        }
