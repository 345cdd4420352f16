import random
from datetime import timedelta

from odoo import api, fields, models

_ADDON = "sales_funnel_control"
# Why clients refuse, how often, and what they say.
_REASONS = {
    "price": (
        28,
        (
            "Ten per cent more than what we pay today, for the same thing.",
            "Your first price was fine, with delivery it is not.",
            "For this money I get two years of service elsewhere.",
        ),
    ),
    "other_supplier": (
        24,
        (
            "We have been with the same supplier for six years and need nobody.",
            "Our contract runs until June, and I will not read another one.",
            "The owner's brother delivers this to us.",
        ),
    ),
    "delivery": (
        16,
        (
            "Three weeks. My warehouse is empty in one.",
            "You deliver on weekdays only, we unload on Saturday.",
            "You could not name a day for the second batch.",
        ),
    ),
    "no_budget": (
        14,
        (
            "The budget is spent, the next one is made in spring.",
            "All purchases over 500 thousand are frozen until the audit.",
        ),
    ),
    "product": (
        10,
        (
            "You don't carry the 40 mm size.",
            "We need it certified for food, yours is not.",
        ),
    ),
    "not_planned": (6, ("We bought in autumn, we are full until summer.",)),
    "not_interested": (4, ("Not our topic at all, take us off the list.",)),
}
_REAL_CAUSES = ("cheaper", "delivery", "delivery", "quality", "assortment")
_NOTES = (
    "We carry the 40 mm size since March: see page 12 of the catalogue.",
    "The express delivery takes four days. Offer it before you give the price.",
    "Ask who decides first: the storekeeper could not say yes.",
)
# Clients whose manager does not know the range hear "you don't carry it" more often.
_MORE = {"ivanov": {"product": 7}, "sidorov": {"price": 1.4}}
# So far the head of sales has come.
_REVIEWED_UNTIL = timedelta(days=9)


class CrmFunnelDemo(models.AbstractModel):
    """What the clients of the demo pipeline said, what the head of sales found, second tries."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _choose_reason(self, chance, login):
        """One of the ready reasons, as often as clients of the manager give it."""
        factors = _MORE.get(login, {})
        names = list(_REASONS)
        weights = [_REASONS[name][0] * factors.get(name, 1) for name in names]
        return self.env.ref(f"{_ADDON}.lost_reason_{chance.choices(names, weights)[0]}")

    def _tell_refusals(self, leads):
        """Write down what the clients said, and rule on the older refusals."""
        head = self.env.ref(f"{_ADDON}.user_smirnova")
        said = {
            self.env.ref(f"{_ADDON}.lost_reason_{name}"): words
            for name, (_weight, words) in _REASONS.items()
        }
        competitors = self.env["crm.competitor"].search([], limit=3)
        latest_reviewed = fields.Datetime.now() - _REVIEWED_UNTIL
        refusals = self.env["crm.lead.refusal"].search([("lead_id", "in", leads.ids)], order="id")
        for refusal in refusals:
            chance = random.Random(refusal.lead_id.id)
            reason = refusal.lost_reason_id
            if reason not in said:
                continue
            values = {"words": chance.choice(said[reason])}
            if reason.asks_real_cause:
                values["real_cause"] = chance.choice(_REAL_CAUSES)
                values["competitor_id"] = chance.choice(competitors).id
            if reason.open_door_offer and chance.random() < 0.3:
                values["offer"] = reason.open_door_offer
                values["offer_on"] = fields.Date.today() + timedelta(days=chance.randint(3, 40))
            if refusal.refused_at < latest_reviewed:
                values.update(self._ruling(chance, refusal, head))
            refusal.write(values)

    def _ruling(self, chance, refusal, head):
        """The head of sales finds the gap where the range was not known."""
        reason = refusal.lost_reason_id
        if reason == self.env.ref(f"{_ADDON}.lost_reason_product"):
            weights = (3, 7, 0)
        elif reason.asks_real_cause:
            weights = (5, 1, 4)
        else:
            weights = (8, 1, 1)
        ruling = chance.choices(("market", "work_gap", "excuse"), weights)[0]
        return {
            "ruling": ruling,
            "state": "reviewed",
            "coaching_note": chance.choice(_NOTES) if ruling == "work_gap" else False,
            "reviewed_by_id": head.id,
            "reviewed_at": refusal.refused_at + timedelta(days=4),
        }

    @api.model
    def _try_again(self, team, second_tries, wins, due):
        """Hand some refused clients to colleagues, and let some returns be due.

        :param int second_tries: how many of the team's refusals are handed on
        :param int wins: how many of them are won
        :param int due: how many returns are due these days
        """
        Refusal = self.env["crm.lead.refusal"]
        refusals = Refusal.search(
            [
                ("team_id", "=", team.id),
                ("is_spam_or_duplicate", "=", False),
                ("state", "=", "reviewed"),
            ],
            order="refused_at, id",
        )
        handed = refusals.filtered("lost_reason_id.is_exchangeable")[:second_tries]
        handed._hand_over(handed._rotation())
        handed[:wins].return_lead_id.action_set_won()
        today = fields.Date.today()
        returns = (refusals - handed)[:due]
        for number, refusal in enumerate(returns):
            refusal.return_on = today - timedelta(days=number % 5)
        Refusal._remind_of_return(returns)
