import random
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Clients that reached each stage. The hunters are the reference figure: Ivanov 80 / 70 / 85 / 95 %,
# Sidorov 95 / 90 / 70 / 80 %.
_REACHED = {
    "ivanov": (250, 200, 140, 119, 113),
    "sidorov": (250, 238, 214, 150, 120),
    "petrova": (60, 56, 39, 32, 26),
    "orlova": (60, 51, 37, 27, 19),
}
_WEEKS = 10
_STAY_DAYS = (4, 5, 6, 7)
_FIRST_NAMES = (
    "Nord", "Ural", "Volga", "Baltic", "Altai", "Sigma", "Delta", "Orion", "Vega", "Polar",
    "Rubin", "Amber", "Granit", "Kvant", "Impuls", "Vector", "Meridian", "Zenit", "Start",
    "Orbit", "Atlant", "Prisma", "Globus", "Kristall", "Format",
)  # fmt: skip
_LAST_NAMES = (
    "Trade", "Stroy", "Mash", "Agro", "Logistic", "Pharm", "Tech", "Service", "Metall", "Foods",
    "Print", "Energo", "Textile", "Invest", "Systems", "Chem", "Auto", "Med", "Pack", "Glass",
    "Wood", "Paper", "Tools", "Light", "Motor",
)  # fmt: skip


class CrmFunnelDemo(models.AbstractModel):
    """Makes the demo pipeline: clients through the ORM, their past through the public import."""

    _name = "crm.funnel.demo"
    _description = "Sales Funnel Demo Data"

    @api.model
    def _load(self, team, managers):
        """Fill a team's pipeline.

        :param team: the sales team, its funnel built
        :param dict managers: user by key of the table of clients that reached each stage
        """
        spam = self.env.ref("sales_funnel_control.lost_reason_spam")
        stages = self.env["crm.stage"].search([("team_ids", "in", team.ids)])
        plans = []
        for key, manager in managers.items():
            chance = random.Random(key)
            plans += self._plan(chance, stages, manager, _REACHED[key])
            plans += [
                self._plan_spam(chance, stages, manager, spam)
                for _each in range(_REACHED[key][0] // 50)
            ]
        leads = self._create_leads(team, plans)
        self._import_stays(leads, plans)
        self._plan_next_steps(leads, plans)
        self._tell_refusals(leads)

    def _plan(self, chance, stages, manager, reached):
        """Decide how far each client of a manager came, when, and how it ended."""
        now = fields.Datetime.now().replace(minute=0, second=0)
        plans = []
        for number in range(reached[0]):
            last = max(place for place, count in enumerate(reached) if number < count)
            ending = self._ending(chance, last, len(stages))
            path = self._path(chance, last, ending)
            moment = now - timedelta(
                days=chance.uniform(7 * 4, 7 * _WEEKS), hours=chance.randint(0, 8)
            )
            stays = []
            for place in path:
                left = moment + timedelta(hours=chance.randint(12, 24 * _STAY_DAYS[place % 4]))
                stays.append((place, moment, min(left, now - timedelta(hours=len(path)))))
                moment = stays[-1][2]
            if ending == "refused" and chance.random() < 0.25:
                # Some hesitate for weeks before they refuse.
                place, entered_at, _left_at = stays[-1]
                stays[-1] = (place, entered_at, now - timedelta(days=chance.uniform(1, 14)))
            plans.append(
                {
                    "manager": manager,
                    "stage": stages[last],
                    "stages": stages,
                    "ending": ending,
                    "stays": stays,
                    "reason": self._choose_reason(chance, manager.login),
                    "lead_class": chance.choices("abc", (1, 3, 4))[0],
                    "revenue": chance.choice((3, 5, 8, 12, 20, 35)) * 1000,
                }
            )
        chance.shuffle(plans)
        return plans

    @staticmethod
    def _ending(chance, last, stage_count):
        if last == stage_count - 1:
            return "won"
        return chance.choices(("refused", "open", "withdrawn"), (70, 25, 5))[0]

    @staticmethod
    def _path(chance, last, ending):
        """Places of the stages a client stood on; now and then one is skipped, or tried twice."""
        path = list(range(last + 1))
        if last >= 2 and chance.random() < 0.06:
            del path[1]
        elif last >= 2 and chance.random() < 0.06:
            path[2:2] = [0, 1]
        return path[:-1] if ending == "won" else path

    def _plan_spam(self, chance, stages, manager, spam):
        plan = self._plan(chance, stages, manager, (1,))[0]
        return {**plan, "ending": "refused", "reason": spam}

    def _create_leads(self, team, plans):
        industries = self.env["res.partner.industry"].search([], limit=8)
        sources = self.env["utm.source"].search([], limit=5)
        country = self.env.ref("base.ru")
        chance = random.Random(team.id)
        Partner = self.env["res.partner"].with_context(tracking_disable=True)
        names = [f"{first}{last}" for first in _FIRST_NAMES for last in _LAST_NAMES]
        chance.shuffle(names)
        partners = Partner.create(
            [
                {
                    "name": names[number % len(names)],
                    "is_company": True,
                    "country_id": country.id,
                    "industry_id": chance.choice(industries).id,
                }
                for number in range(len(plans))
            ]
        )
        Lead = self.env["crm.lead"].with_context(tracking_disable=True, mail_create_nolog=True)
        return Lead.create(
            [
                {
                    "name": self.env._("Supplies for %s", partner.name),
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "team_id": team.id,
                    "user_id": plan["manager"].id,
                    "stage_id": plan["stage"].id,
                    "lead_class": plan["lead_class"],
                    "source_id": chance.choice(sources).id,
                    "expected_revenue": plan["revenue"],
                    "date_open": plan["stays"][0][1],
                    "date_last_stage_update": plan["stays"][-1][1],
                    **self._ending_values(plan),
                }
                for partner, plan in zip(partners, plans, strict=True)
            ]
        )

    @staticmethod
    def _ending_values(plan):
        if plan["ending"] == "won":
            return {"probability": 100, "date_closed": plan["stays"][-1][2]}
        if plan["ending"] == "refused":
            return {
                "active": False,
                "probability": 0,
                "lost_reason_id": plan["reason"].id,
                "date_closed": plan["stays"][-1][2],
            }
        return {}

    def _import_stays(self, leads, plans):
        """Import the past of the leads the way an administrator does from a file."""
        rows = [
            [
                str(lead.id),
                str(plan["stages"][place].id),
                str(plan["manager"].id),
                fields.Datetime.to_string(entered_at),
                fields.Datetime.to_string(left_at) if not self._is_open(plan, number) else "",
            ]
            for lead, plan in zip(leads, plans, strict=True)
            for number, (place, entered_at, left_at) in enumerate(plan["stays"])
        ]
        result = self.env["crm.lead.stage.history"].load(
            ["lead_id/.id", "stage_id/.id", "user_id/.id", "entered_at", "left_at"], rows
        )
        if result["messages"]:
            raise ValidationError(result["messages"][0]["message"])
        leads.filtered(
            lambda lead: plans[leads.ids.index(lead.id)]["ending"] == "withdrawn"
        ).action_archive()

    def _plan_next_steps(self, leads, plans):
        """Two of three clients in work have a next step; some of these are overdue."""
        chance = random.Random(len(plans))
        today = fields.Date.context_today(self)
        call = self.env.ref("mail.mail_activity_data_call")
        self.env["mail.activity"].with_context(
            mail_activity_quick_update=True, mail_notify_force_send=False
        ).create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
                    "res_id": lead.id,
                    "activity_type_id": call.id,
                    "user_id": plan["manager"].id,
                    "date_deadline": today + timedelta(days=chance.randint(-6, 12)),
                }
                for lead, plan in zip(leads, plans, strict=True)
                if plan["ending"] == "open" and chance.random() < 2 / 3
            ]
        )

    @staticmethod
    def _is_open(plan, number):
        return plan["ending"] in ("open", "withdrawn") and number == len(plan["stays"]) - 1
