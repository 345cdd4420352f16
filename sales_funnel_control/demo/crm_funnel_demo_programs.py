import random
from datetime import timedelta

from odoo import api, models

_DAY = timedelta(days=1)
# Branches the seminar is for.
_BRANCHES = ("A", "D", "F", "K")
# Title, kind, days ago, cost, what the managers get, the clients (by category, branches and average
# purchase below), answers, buyers and their amount.
_PROGRAMS = (
    (
        "Seminar: Storage Without Losses",
        "seminar",
        75,
        6000,
        "activity",
        ("regular", _BRANCHES, None),
        {"came": 10, "answered": 4, "declined": 5},
        (7, (2500, 7000)),
    ),
    (
        "Autumn Offer by Mail",
        "offer",
        45,
        4500,
        "activity",
        ("regular", (), 3000),
        {"answered": 3, "declined": 9},
        (1, (800, 1500)),
    ),
    (
        "Visit Round to Key Clients",
        "visits",
        6,
        2000,
        "opportunity",
        ("key", (), None),
        {"came": 3},
        (0, (0, 0)),
    ),
)
# Days ago, face, words, cause, and what became of the complaint: days to close and face afterwards.
_OPINIONS = (
    (80, 1, "The delivery came a week late", "delivery", (2, 5)),
    (62, 1, "Half of the boxes were damaged", "quality", (5, 3)),
    (55, 5, "All as agreed, thank you", None, None),
    (48, 1, "Nobody called back for three days", "manager", (3, 5)),
    (41, 5, "", None, None),
    (33, 3, "The invoice was wrong at first", None, None),
    (26, 5, "Your driver helped to unload", None, None),
    (9, 1, "Again not what we ordered", "delivery", None),
    (1, 1, "The price differs from the offer", "price", None),
    (4, None, "", None, None),
)


class CrmFunnelDemo(models.AbstractModel):
    """Three special programs, and what clients say."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _load_programs(self, team, farmers):
        """Let programs have been held, and clients have been asked for their opinion.

        :param team: the farmers' team
        :param farmers: the users in charge
        """
        chance = random.Random("special programs")
        clients = self.env["crm.client"].search(
            [("user_id", "in", farmers.ids), ("purchases", ">", 2)], order="id"
        )
        for program in _PROGRAMS:
            self._hold(chance, team, program)
        self._hear(chance, clients)

    def _hold(self, chance, team, plan):
        title, kind, ago, cost, action, chosen, answers, sold = plan
        company = self.env.company
        day = company._funnel_today() - ago * _DAY
        program = self.env["utm.campaign"].create(
            {
                "title": title,
                "is_special_program": True,
                "program_kind": kind,
                "user_id": team.user_id.id,
                "program_team_id": team.id,
                "company_id": company.id,
                "date_from": day + 2 * _DAY,
                "date_to": day + 9 * _DAY,
                "cost": cost,
                "program_action": action,
                "client_domain": repr(self._chosen(*chosen)),
            }
        )
        program.action_launch()
        members = program.program_member_ids.filtered("invited_on").sorted("id")
        members.invited_on = day
        left = members
        for state, number in answers.items():
            theirs, left = left[:number], left[number:]
            for member in theirs:
                answered_on = day + chance.randint(1, min(ago, 9)) * _DAY
                member.write({"state": state, "answered_on": answered_on})
        if program.date_to < company._funnel_today():
            # What was to be done then is done.
            members.program_activity_id.unlink()
        buyers, worth = sold
        product = self.env.ref("sales_funnel_control.product_supplies")
        for member in members[:buyers]:
            amount = round(chance.uniform(*worth), -1)
            values = self._sale_values(
                member.partner_id, team, member.user_id, product, ago - 10, amount
            )
            orders = self.env["sale.order"].with_context(tracking_disable=True)
            orders.create({**values, "campaign_id": program.id})

    def _chosen(self, category, branches, average):
        """The condition of a program, as somebody reads it."""
        condition = [("category", "=", category)]
        if branches:
            industries = [
                self.env.ref(f"base.res_partner_industry_{branch}").id for branch in branches
            ]
            condition.append(("industry_id", "in", industries))
        if average:
            condition.append(("average_purchase", "<", average))
        return condition

    def _hear(self, chance, clients):
        """Opinions of the last months; the bad ones became complaints."""
        company = self.env.company
        today = company._funnel_today()
        asked = clients.browse(chance.sample(clients.ids, min(len(_OPINIONS), len(clients))))
        for client, (ago, face, words, cause, ending) in zip(asked, _OPINIONS, strict=False):
            opinion = self._opinion(client, today - ago * _DAY)
            if not face:
                continue
            opinion._learn(face, words)
            opinion.answered_on = opinion.asked_on
            for case in opinion.case_ids:
                case.write(
                    {
                        "opened_on": opinion.asked_on,
                        "date_due": opinion.asked_on + company.case_days * _DAY,
                        "cause_id": self.env.ref(f"sales_funnel_control.case_cause_{cause}").id,
                        "severity": str(chance.randint(0, 2)),
                    }
                )
                if ending:
                    self._work_off(case, *ending)

    def _opinion(self, client, day, **values):
        return self.env["crm.opinion"].create(
            {
                "partner_id": client.partner_id.id,
                "contact_id": (client.partner_id.child_ids[:1] or client.partner_id).id,
                "company_id": client.company_id.id,
                "user_id": client.user_id.id,
                "team_id": client.team_id.id,
                "asked_on": day,
                **values,
            }
        )

    def _work_off(self, case, days, face):
        case.write(
            {
                "done_text": self.env._("Talked to the client, and made up for it."),
                "state": "solved",
            }
        )
        case.closed_on = case.opened_on + days * _DAY
        again = self._opinion(
            case.client_id,
            case.closed_on + case.company_id.case_ask_again_days * _DAY,
            after_case_id=case.id,
        )
        again._learn(face, "")
        again.answered_on = again.asked_on
